/*
 * The schedule of a study package: single windows, and grids of windows that repeat every so many days.
 *
 * Windows of one group never overlap, so that a day belongs to one window of a group at most. Two windows from the same
 * anchor are compared here; those from day 1 end where treatment ends ("until": ["EOT"]), which keeps them apart from
 * those that count from there.
 *
 * Source: mappings/RULES.md 3.
 */
#include <ctype.h>
#include <string.h>

#include "study/package_parts.h"

#define MAX_DAYS  FIELD_MAX_DAYS
#define MAX_COUNT 1000
#define REQUIRED  (-MAX_DAYS - 1)

#define BY_HAND(name)                                                                                                  \
    {                                                                                                                  \
        .key = (name), .kind = FIELD_BY_HAND                                                                           \
    }

const struct package_field window_fields[] = {
    BY_HAND("id"),  BY_HAND("from"), BY_HAND("every"),  BY_HAND("first"),   BY_HAND("count"), BY_HAND("target"),
    BY_HAND("low"), BY_HAND("high"), BY_HAND("groups"), BY_HAND("contact"), BY_HAND("until"), {NULL},
};

const struct package_field collects_fields[] = {
    FIELD(FIELD_TEXT, struct gw_collected, group),
    FIELD(FIELD_TEXTS, struct gw_collected, concepts),
    {NULL},
};

/* The id of a grid has one %02d for the number, a single one has no % at all. */
static void check_id(struct gw_settings *s, const cJSON *object, const struct gw_window_rule *rule)
{
    static const char hole[] = "%02d";
    const char *const at = rule->id ? strstr(rule->id, hole) : NULL;
    const cJSON *item = gw_json_get(object, "id");

    if (!rule->id)
        return;
    if (rule->grid && (!at || strchr(at + 1, '%') || strchr(rule->id, '%') != at))
        gw_settings_finding(s, item, "the grid \"%s\" needs one %%02d for its number, as T30-%%02d", rule->id);
    if (!rule->grid && strchr(rule->id, '%'))
        gw_settings_finding(s, item, "\"%s\" has a %% but repeats never; add \"every\" and \"count\", or drop the %%",
                            rule->id);
    for (const char *c = rule->id; *c; c++)
        if (!isupper((unsigned char)*c) && !isdigit((unsigned char)*c) && !strchr("-_%d", *c)) {
            gw_settings_finding(
                s, item, "the window id \"%s\" holds more than A-Z, 0-9, - and _; it becomes part of keys", rule->id);
            return;
        }
}

static void read_groups(struct gw_settings *s, const cJSON *object, struct gw_study *study, struct gw_window_rule *rule)
{
    size_t count, capacity = GW_MAX_GROUPS;
    const char *const *names = gw_settings_texts(s, object, "groups", true, &count);

    for (size_t i = 0; i < count; i++) {
        int bit = gw_study_group_bit(study, names[i]);

        if (bit < 0 && study->group_count == capacity) {
            gw_settings_finding(s, gw_json_get(object, "groups"), "more than %d groups; a study has fewer",
                                GW_MAX_GROUPS);
            return;
        }
        if (bit < 0) {
            bit = (int)study->group_count++;
            ((const char **)study->groups)[bit] = names[i];
        }
        rule->groups |= (gw_groups)(1u << bit);
    }
    if (count == 0)
        gw_settings_finding(s, object, "the window \"%s\" is of no group; name one in \"groups\"",
                            rule->id ? rule->id : "");
}

static void read_until(struct gw_settings *s, const cJSON *object, struct gw_window_rule *rule)
{
    size_t count;
    const char *const *ends = gw_settings_texts(s, object, "until", false, &count);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(ends[i], "EOT") == 0)
            rule->until_eot = true;
        else if (strcmp(ends[i], "cap") == 0)
            rule->until_cap = true;
        else
            gw_settings_finding(s, gw_json_get(object, "until"), "\"%s\" ends no window; use \"EOT\" and \"cap\"",
                                ends[i]);
    }
}

static void read_days(struct gw_settings *s, const cJSON *object, struct gw_window_rule *rule)
{
    const cJSON *item = gw_json_get(object, rule->grid ? "target" : "count");

    if (rule->grid) {
        rule->every = gw_settings_int(s, object, "every", REQUIRED, 1, MAX_DAYS);
        rule->first = gw_settings_int(s, object, "first", 1, 0, MAX_COUNT);
        rule->count = gw_settings_int(s, object, "count", REQUIRED, 1, MAX_COUNT);
    } else {
        rule->target = gw_settings_int(s, object, "target", 0, -MAX_DAYS, MAX_DAYS);
        rule->count = 1;
    }
    if (item)
        gw_settings_finding(s, item,
                            rule->grid ? "a grid's target is \"every\" times its number; leave \"target\" out"
                                       : "a single window has no \"count\"; add \"every\" or leave it out");
    rule->low = gw_settings_int(s, object, "low", REQUIRED, -MAX_DAYS, MAX_DAYS);
    rule->high = gw_settings_int(s, object, "high", REQUIRED, -MAX_DAYS, MAX_DAYS);
    if (rule->low > rule->high)
        gw_settings_finding(s, object, "the window \"%s\" ends before it begins; swap \"low\" and \"high\"",
                            rule->id ? rule->id : "");
}

static void read_window(struct gw_settings *s, const cJSON *object, struct gw_study *study, struct gw_window_rule *rule)
{
    static const char *const anchors[] = {"D1", "EOT"};

    if (!cJSON_IsObject(object)) {
        gw_settings_finding(s, object, "a window is no object; write {\"id\": ..., \"from\": ...}");
        return;
    }
    package_check_fields(s, object, window_fields);
    rule->id = gw_settings_text(s, object, "id", true);
    rule->grid = gw_json_get(object, "every") != NULL;
    if (!gw_json_get(object, "from"))
        gw_settings_finding(s, object, "\"from\" is missing; count from \"D1\" or \"EOT\"");
    rule->from = gw_settings_choice(s, object, "from", anchors, 2, 0) == 1 ? GW_ANCHOR_EOT : GW_ANCHOR_D1;
    read_days(s, object, rule);
    check_id(s, object, rule);
    rule->contact = gw_settings_bool(s, object, "contact", false);
    read_groups(s, object, study, rule);
    read_until(s, object, rule);
}

static int target(const struct gw_window_rule *rule, int i)
{
    return rule->grid ? rule->every * (rule->first + i) : rule->target;
}

/* Whether some window of a and some window of b share a day; of one grid with itself, two different ones. */
static bool meet(const struct gw_window_rule *a, const struct gw_window_rule *b)
{
    if (a == b)
        return a->grid && a->count > 1 && a->high - a->low >= a->every;
    for (int i = 0; i < a->count; i++)
        for (int j = 0; j < b->count; j++)
            if (target(a, i) + a->low <= target(b, j) + b->high && target(b, j) + b->low <= target(a, i) + a->high)
                return true;
    return false;
}

static void check_overlaps(struct gw_settings *s, const cJSON *array, const struct gw_study *study)
{
    for (size_t i = 0; i < study->window_count; i++) {
        for (size_t j = i; j < study->window_count; j++) {
            const struct gw_window_rule *a = &study->windows[i], *b = &study->windows[j];

            if (a->from == b->from && (a->groups & b->groups) && meet(a, b))
                gw_settings_finding(s, cJSON_GetArrayItem(array, (int)j),
                                    "the windows \"%s\" and \"%s\" share days and a group; narrow one of them", a->id,
                                    b->id);
            if (i != j && gw_same(a->id, b->id))
                gw_settings_finding(s, cJSON_GetArrayItem(array, (int)j),
                                    "the window id \"%s\" is taken; choose another", b->id);
        }
    }
}

static void check_collects(struct gw_settings *s, const cJSON *root, const struct gw_study *study)
{
    const cJSON *item = gw_json_array(root, "collects");

    item = item ? item->child : NULL;
    for (size_t i = 0; i < study->collects.count && item; i++, item = item->next) {
        const char *const group = study->collects.items[i].group;

        if (group && gw_study_group_bit(study, group) < 0)
            gw_settings_finding(s, item, "no window is of the group \"%s\"; name one of \"groups\"", group);
    }
}

/* One group whose grids leave no day out collects continuously. */
static bool is_continuous(const struct gw_study *study)
{
    for (size_t i = 0; i < study->window_count; i++)
        if (!study->windows[i].grid || study->windows[i].high - study->windows[i].low + 1 != study->windows[i].every)
            return false;
    return study->window_count > 0 && study->group_count == 1;
}

void package_read_windows(struct gw_settings *s, const cJSON *root, struct gw_study *study)
{
    const cJSON *array = gw_settings_array(s, root, "windows", true);
    const size_t count = array ? (size_t)cJSON_GetArraySize(array) : 0;
    struct gw_window_rule *rules = gw_arena_alloc(s->arena, (count + 1) * sizeof *rules);
    const size_t before = s->findings->count;

    study->groups = gw_arena_alloc(s->arena, GW_MAX_GROUPS * sizeof *study->groups);
    if (!array || !rules || !study->groups) {
        if (array)
            gw_settings_finding(s, array, "the file does not fit the memory set for it");
        return;
    }
    if (count == 0)
        gw_settings_finding(s, array, "the study has no window; add one");
    study->windows = rules;
    GW_JSON_EACH (object, array) {
        read_window(s, object, study, &rules[study->window_count++]);
    }
    if (s->findings->count == before)
        check_overlaps(s, array, study);
    check_collects(s, root, study);
    study->continuous = is_continuous(study);
}

/* "windows.BASELINE.low": the window must be there. */
static bool window_has_key(const cJSON *root, const char *path)
{
    const char *const dot = strrchr(path, '.');

    if (!dot || !package_field_at(window_fields, dot + 1))
        return false;
    GW_JSON_EACH (window, gw_json_array(root, "windows")) {
        const char *id = gw_json_string(window, "id");

        if (id && strlen(id) == (size_t)(dot - path) && memcmp(id, path, (size_t)(dot - path)) == 0)
            return true;
    }
    return false;
}

bool package_has_key(const cJSON *root, const char *path)
{
    static const char windows[] = "windows.";

    if (strncmp(path, windows, sizeof windows - 1) == 0)
        return window_has_key(root, path + sizeof windows - 1);
    return package_field_at(study_fields, path) != NULL;
}
