/*
 * casement study show: a study package in plain words, for the people who have to confirm it.
 */
#include <limits.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "gateway/core/digest.h"
#include "gateway/study/package.h"

#define ARENA_BYTES ((size_t)64 << 20)

static const char *const ranks[GW_RANK_COUNT] = {"roster", "administration", "statement", "dispense", "request"};
static const char *const between[] = {"give its date and grade", "give its date", "are not used"};
static const char *const pointers[] = {"as pointers", "with their values", "not at all"};

static const char *joined(struct gw_arena *arena, const char *const *list, size_t count, const char *between_them)
{
    const char *text = "";

    for (size_t i = 0; i < count; i++)
        text = gw_arena_print(arena, "%s%s%s", text, i ? between_them : "", list[i]);
    return text;
}

static const char *evidence_of(struct gw_arena *arena, const struct gw_study *study)
{
    const char *used[GW_RANK_COUNT];
    size_t count = 0;

    for (int rank = 0; rank < GW_RANK_COUNT; rank++)
        if (study->d1_evidence[rank])
            used[count++] = ranks[rank];
    return joined(arena, used, count, ", then ");
}

/* The first eight digits of the package's digest, as the rule set of every row says. */
static void digest_of(const struct gw_study *study, char out[9])
{
    gw_hex(study->sha256, 4, out);
}

static void print_anchors(struct gw_arena *arena, const struct gw_study *study)
{
    printf("Anchors\n");
    printf("  D1   first dose of %s, as told by %s; drugs of one start lie at most %d days apart\n",
           joined(arena, study->d1_drugs, study->d1_drug_count, " or "), evidence_of(arena, study),
           study->first_dose_spread_days);
    if (study->recruit_low == INT_MIN)
        printf("       recruited on any day\n");
    else
        printf("       recruited %d to %d days after D1\n", study->recruit_low, study->recruit_high);
    if (study->eot_drug)
        printf("  EOT  last dose of %s, when none follows for %d days\n", study->eot_drug, study->eot_gap_days);
    if (study->cap_months)
        printf("  cap  %d months after D1%s\n", study->cap_months,
               study->cap_applies_to_follow_up ? ", for the follow-up too" : "; not for the follow-up");
}

/* ---- windows --------------------------------------------------------------------------------------------------- */

static const char *grid_id(struct gw_arena *arena, const struct gw_window_rule *rule, int number)
{
    const char *percent = strchr(rule->id, '%');

    if (!percent)
        return rule->id;
    return gw_arena_print(arena, "%.*s%02d", (int)(percent - rule->id), rule->id, number);
}

static const char *rule_name(struct gw_arena *arena, const struct gw_window_rule *rule)
{
    if (!rule->grid)
        return rule->id;
    return gw_arena_print(arena, "%s to %s", grid_id(arena, rule, 1), grid_id(arena, rule, rule->count));
}

static const char *rule_groups(struct gw_arena *arena, const struct gw_study *study, gw_groups groups)
{
    const char *names[GW_MAX_GROUPS];
    size_t count = 0;

    for (size_t i = 0; i < study->group_count; i++)
        if (groups >> i & 1)
            names[count++] = study->groups[i];
    return joined(arena, names, count, "+");
}

static const char *rule_target(struct gw_arena *arena, const struct gw_window_rule *rule)
{
    const char *from = rule->from == GW_ANCHOR_D1 ? "D1" : "EOT";

    if (rule->grid)
        return gw_arena_print(arena, "every %d days from %s", rule->every, from);
    return rule->target ? gw_arena_print(arena, "%s%+d", from, rule->target) : from;
}

static void print_rules(struct gw_arena *arena, const struct output *output, const struct gw_study *study)
{
    static const struct column columns[] = {{"WINDOW", false}, {"TARGET", false}, {"LOW", true},
                                            {"HIGH", true},    {"GROUP", false},  {"NEEDS VISIT", false},
                                            {"ENDS AT", false}};
    static const char *const ends[] = {"", "EOT", "cap", "EOT, cap"};
    struct table *table = table_new(output, columns, sizeof columns / sizeof columns[0]);

    for (size_t i = 0; i < study->window_count; i++) {
        const struct gw_window_rule *rule = &study->windows[i];

        table_text(table, rule_name(arena, rule));
        table_text(table, rule_target(arena, rule));
        table_text(table, gw_arena_print(arena, rule->low ? "%+d" : "%d", rule->low));
        table_text(table, gw_arena_print(arena, rule->high ? "%+d" : "%d", rule->high));
        table_text(table, rule_groups(arena, study, rule->groups));
        table_text(table, rule->contact && study->require_contact ? "yes" : "no");
        table_text(table, ends[(rule->until_eot ? 1 : 0) + (rule->until_cap ? 2 : 0)]);
    }
    table_print(table);
}

/* ---- the rest -------------------------------------------------------------------------------------------------- */

static void print_choices(struct gw_arena *arena, const struct gw_study *study)
{
    printf("\nChoices\n");
    printf("  a target of 30 days is study day %d\n", study->day_basis_study_day ? 30 : 31);
    if (study->require_contact)
        printf("  a visit is an encounter of class %s\n",
               joined(arena, study->contact_classes, study->contact_class_count, ", "));
    if (gw_study_baseline_days(study) > 0)
        printf("  the baseline is the latest value of the %d days before the first dose; it stands in no row\n",
               gw_study_baseline_days(study));
    if (!study->continuous)
        printf("  laboratory values %s collected in the shorter grid too\n", study->labs_at_g30 ? "are" : "are not");
    printf("  of two values as far from the target the %s one is taken\n", study->tie_later ? "later" : "earlier");
    printf("  events are asked for since the last %s\n",
           study->event_lookback_last_collected ? "collected window" : "target day");
    printf("  of an adverse event, values between windows %s; they reach the study %s\n",
           between[study->between_windows], pointers[study->evidence_values]);
}

static void print_events(struct gw_arena *arena, const struct gw_study *study)
{
    if (study->category_count == 0) {
        printf("\nAdverse events: none\n");
        return;
    }
    printf("\nAdverse events\n  %s\n", joined(arena, study->categories, study->category_count, ", "));
    if (study->special_interest.count > 0)
        printf("  of special interest: %s\n",
               joined(arena, study->special_interest.items, study->special_interest.count, ", "));
    printf("  one episode while values lie at most %d days apart, diagnoses %d; a value and a diagnosis %d\n",
           study->lab_merge_days, study->condition_merge_days, study->combine_days);
    printf("  outcome unknown after %d days without a value; treatment-emergent up to %d days after the last dose\n",
           study->no_value_days, study->treatment_emergent_days);
}

static void print_unconfirmed(const struct gw_study *study)
{
    if (study->unconfirmed_count == 0) {
        printf("\nThe study team has confirmed every choice.\n");
        return;
    }
    printf("\nNot confirmed by the study team yet (%zu)\n", study->unconfirmed_count);
    for (size_t i = 0; i < study->unconfirmed_count; i++)
        printf("  %s\n", study->unconfirmed[i]);
}

static void print_study(struct gw_arena *arena, const struct output *output, const struct gw_study *study)
{
    char digest[9];

    digest_of(study, digest);
    printf("%s %s, rule set %s\n", study->id, study->version, digest);
    printf("Tables of study %s, grades by %s\n\n", study->tables_study, study->grade_scale);
    print_anchors(arena, study);
    printf("\nWindows (days from the target, both ends included)\n");
    print_rules(arena, output, study);
    print_choices(arena, study);
    print_events(arena, study);
    if (study->derived_count > 0)
        printf("\nDerived: %s\n", joined(arena, study->derived, study->derived_count, ", "));
    print_unconfirmed(study);
}

/* ---- JSON ------------------------------------------------------------------------------------------------------ */

static cJSON *rule_json(const struct gw_study *study, const struct gw_window_rule *rule)
{
    cJSON *object = cJSON_CreateObject(), *groups;

    cJSON_AddStringToObject(object, "id", rule->id);
    cJSON_AddStringToObject(object, "from", rule->from == GW_ANCHOR_D1 ? "D1" : "EOT");
    if (rule->grid) {
        cJSON_AddNumberToObject(object, "every", rule->every);
        cJSON_AddNumberToObject(object, "first", rule->first);
        cJSON_AddNumberToObject(object, "count", rule->count);
    } else {
        cJSON_AddNumberToObject(object, "target", rule->target);
    }
    cJSON_AddNumberToObject(object, "low", rule->low);
    cJSON_AddNumberToObject(object, "high", rule->high);
    groups = cJSON_AddArrayToObject(object, "groups");
    for (size_t i = 0; i < study->group_count; i++)
        if (rule->groups >> i & 1)
            cJSON_AddItemToArray(groups, cJSON_CreateString(study->groups[i]));
    cJSON_AddBoolToObject(object, "contact", rule->contact);
    return object;
}

static cJSON *texts_json(const char *const *list, size_t count)
{
    cJSON *array = cJSON_CreateArray();

    for (size_t i = 0; i < count; i++)
        cJSON_AddItemToArray(array, cJSON_CreateString(list[i]));
    return array;
}

static void print_study_json(const struct output *output, const struct gw_study *study)
{
    cJSON *root = cJSON_CreateObject(), *windows;
    char digest[9];

    digest_of(study, digest);
    cJSON_AddStringToObject(root, "id", study->id);
    cJSON_AddStringToObject(root, "version", study->version);
    cJSON_AddStringToObject(root, "digest", digest);
    cJSON_AddStringToObject(root, "tables_study", study->tables_study);
    cJSON_AddStringToObject(root, "grade_scale", study->grade_scale);
    cJSON_AddItemToObject(root, "groups", texts_json(study->groups, study->group_count));
    windows = cJSON_AddArrayToObject(root, "windows");
    for (size_t i = 0; i < study->window_count; i++)
        cJSON_AddItemToArray(windows, rule_json(study, &study->windows[i]));
    cJSON_AddItemToObject(root, "categories", texts_json(study->categories, study->category_count));
    cJSON_AddItemToObject(root, "special_interest",
                          texts_json(study->special_interest.items, study->special_interest.count));
    cJSON_AddItemToObject(root, "unconfirmed", texts_json(study->unconfirmed, study->unconfirmed_count));
    output_json(output, root);
}

int study_show_command(const struct arguments *arguments)
{
    struct gw_arena arena = GW_ARENA_INIT(ARENA_BYTES);
    const struct gw_study *study;
    struct gw_error failure;
    struct output output;
    enum gw_status rc = gw_study_load(&arena, arguments->inputs[0], &study, &failure);

    output_init(&output, stdout);
    if (rc == GW_OK && arguments_has(arguments, OPTION_JSON))
        print_study_json(&output, study);
    else if (rc == GW_OK)
        print_study(&arena, &output, study);
    gw_arena_release(&arena);
    return rc == GW_OK ? 0 : output_failed(&failure);
}
