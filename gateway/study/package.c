/*
 * study.json: a protocol as data.
 *
 * Values that the protocol states have no default here and must be written; values it leaves open have the default of
 * their schema and are listed under `unconfirmed` until the study team has confirmed them.
 *
 * Source: mappings/RULES.md, which names the key of each choice.
 */
#include "gateway/study/package.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/core/digest.h"
#include "gateway/study/parameters.h"
#include "gateway/study/tables.h"
#include "study/package_parts.h"

#define MAX_DAYS 3660
#define MISSING  (-1000000)

static const char *const file_keys[] = {"id",
                                        "version",
                                        "title",
                                        "tables_study",
                                        "grade_scale",
                                        "unconfirmed",
                                        "anchors",
                                        "windows",
                                        "dayBasis",
                                        "requireContact",
                                        "contactClasses",
                                        "labsAtG30",
                                        "eventLookback",
                                        "tie",
                                        "evidence",
                                        "minimiseStarts",
                                        "ae",
                                        "derived",
                                        "reasons",
                                        NULL};
static const char *const anchors_keys[] = {"D1", "EOT", "cap", NULL};
static const char *const d1_keys[] = {"drugs",     "evidence", "spread_days", "dispense_spread_days",
                                      "move_days", "recruit",  NULL};
static const char *const eot_keys[] = {"drug", "gap_days", "spread_days", NULL};
static const char *const cap_keys[] = {"months", "follow_up", NULL};
static const char *const evidence_keys[] = {"between_windows", "values", NULL};
static const char *const ae_keys[] = {
    "categories", "merge_days", "condition_merge_days", "combine_days", "no_value_days", "treatment_emergent_days",
    NULL};

static const char *const reasons_keys[] = {"inside", "before", "after", NULL};

const struct gw_settings_keys study_keys[] = {
    {"", file_keys},
    {"anchors", anchors_keys},
    {"anchors.D1", d1_keys},
    {"anchors.EOT", eot_keys},
    {"anchors.cap", cap_keys},
    {"windows", window_keys},
    {"evidence", evidence_keys},
    {"ae", ae_keys},
    {"reasons", reasons_keys},
    {NULL, NULL},
};

const char *const *keys_of(const struct gw_settings_keys *objects, const char *name)
{
    while (strcmp(objects->name, name) != 0)
        objects++;
    return objects->keys;
}

static void read_evidence_ranks(struct gw_settings *s, const cJSON *d1, struct gw_study *study)
{
    static const char *const ranks[GW_RANK_COUNT] = {"roster", "administration", "statement", "dispense", "request"};
    size_t count;
    const char *const *names = gw_settings_texts(s, d1, "evidence", true, &count);

    for (size_t i = 0; i < count; i++) {
        size_t rank = 0;

        while (rank < GW_RANK_COUNT && strcmp(ranks[rank], names[i]) != 0)
            rank++;
        if (rank < GW_RANK_COUNT)
            study->d1_evidence[rank] = true;
        else
            gw_settings_finding(
                s, gw_json_get(d1, "evidence"),
                "\"%s\" is no evidence of day 1; use roster, administration, statement, dispense, request", names[i]);
    }
}

static bool read_day(const cJSON *item, int *out)
{
    char *past;
    long day;

    if (!cJSON_IsNumber(item))
        return false;
    day = strtol(item->valuestring, &past, 10);
    *out = (int)day;
    return !*past && day >= -MAX_DAYS && day <= MAX_DAYS;
}

/* "recruit": [0, 14], elapsed days. */
static void read_recruitment(struct gw_settings *s, const cJSON *d1, struct gw_study *study)
{
    const cJSON *array = gw_settings_array(s, d1, "recruit", true);
    const cJSON *low = array ? array->child : NULL;
    const cJSON *high = low ? low->next : NULL;

    if (!array || (high && !high->next && read_day(low, &study->recruit_low) && read_day(high, &study->recruit_high) &&
                   study->recruit_low <= study->recruit_high))
        return;
    gw_settings_finding(s, array, "\"recruit\" is no first and last day; write two whole numbers such as [0, 14]");
}

static void read_d1(struct gw_settings *s, const cJSON *anchors, struct gw_study *study)
{
    const cJSON *d1 = gw_settings_object(s, anchors, "D1", true);

    if (!d1)
        return;
    gw_settings_check_keys(s, d1, d1_keys);
    study->d1_drugs = gw_settings_texts(s, d1, "drugs", true, &study->d1_drug_count);
    if (study->d1_drug_count == 0)
        gw_settings_finding(s, d1, "no drug starts day 1; name at least one in \"drugs\"");
    read_evidence_ranks(s, d1, study);
    study->first_dose_spread_days = gw_settings_int(s, d1, "spread_days", 7, 0, MAX_DAYS);
    study->dispense_spread_days = gw_settings_int(s, d1, "dispense_spread_days", 7, 0, MAX_DAYS);
    study->anchor_move_days = gw_settings_int(s, d1, "move_days", 14, 0, MAX_DAYS);
    read_recruitment(s, d1, study);
}

static void read_anchors(struct gw_settings *s, const cJSON *root, struct gw_study *study)
{
    const cJSON *anchors = gw_settings_object(s, root, "anchors", true);
    const cJSON *eot = gw_settings_object(s, anchors, "EOT", false);
    const cJSON *cap = gw_settings_object(s, anchors, "cap", false);

    if (!anchors)
        return;
    gw_settings_check_keys(s, anchors, anchors_keys);
    read_d1(s, anchors, study);
    if (eot) {
        gw_settings_check_keys(s, eot, eot_keys);
        study->eot_drug = gw_settings_text(s, eot, "drug", true);
        study->eot_gap_days = gw_settings_int(s, eot, "gap_days", 56, 1, MAX_DAYS);
        study->eot_spread_days = gw_settings_int(s, eot, "spread_days", 7, 0, MAX_DAYS);
    }
    if (cap) {
        gw_settings_check_keys(s, cap, cap_keys);
        study->cap_months = gw_settings_int(s, cap, "months", MISSING, 1, 600);
        study->cap_applies_to_follow_up = gw_settings_bool(s, cap, "follow_up", false);
    }
}

static void read_choices(struct gw_settings *s, const cJSON *root, struct gw_study *study)
{
    static const char *const bases[] = {"elapsed", "studyDay"};
    static const char *const lookbacks[] = {"sinceLastTarget", "sinceLastCollected"};
    static const char *const ties[] = {"earlier", "later"};
    static const char *const between[] = {"grade", "dates", "none"};
    static const char *const values[] = {"pointer", "value", "none"};
    const cJSON *evidence = gw_settings_object(s, root, "evidence", false);

    study->day_basis_study_day = gw_settings_choice(s, root, "dayBasis", bases, 2, 0) == 1;
    study->event_lookback_last_collected = gw_settings_choice(s, root, "eventLookback", lookbacks, 2, 1) == 1;
    study->tie_later = gw_settings_choice(s, root, "tie", ties, 2, 1) == 1;
    study->require_contact = gw_settings_bool(s, root, "requireContact", true);
    study->labs_at_g30 = gw_settings_bool(s, root, "labsAtG30", true);
    study->minimise_starts = gw_settings_bool(s, root, "minimiseStarts", true);
    if (evidence)
        gw_settings_check_keys(s, evidence, evidence_keys);
    study->between_windows = (unsigned)gw_settings_choice(s, evidence, "between_windows", between, 3, 0);
    study->evidence_values = (unsigned)gw_settings_choice(s, evidence, "values", values, 3, 0);
}

static void read_contact_classes(struct gw_settings *s, const cJSON *root, struct gw_study *study)
{
    static const char *const usual[] = {"AMB", "SS", "IMP", "ACUTE", "NONAC", "OBSENC", "EMER"};

    study->contact_classes = gw_settings_texts(s, root, "contactClasses", false, &study->contact_class_count);
    if (gw_json_get(root, "contactClasses"))
        return;
    study->contact_classes = usual;
    study->contact_class_count = sizeof usual / sizeof usual[0];
}

static void read_ae(struct gw_settings *s, const cJSON *root, struct gw_study *study)
{
    const cJSON *ae = gw_settings_object(s, root, "ae", true);

    if (!ae)
        return;
    gw_settings_check_keys(s, ae, ae_keys);
    study->categories = gw_settings_texts(s, ae, "categories", true, &study->category_count);
    study->lab_merge_days = gw_settings_int(s, ae, "merge_days", 7, 0, MAX_DAYS);
    study->condition_merge_days = gw_settings_int(s, ae, "condition_merge_days", 14, 0, MAX_DAYS);
    study->combine_days = gw_settings_int(s, ae, "combine_days", 7, 0, MAX_DAYS);
    study->no_value_days = gw_settings_int(s, ae, "no_value_days", 56, 1, MAX_DAYS);
    study->treatment_emergent_days = gw_settings_int(s, ae, "treatment_emergent_days", 30, 0, MAX_DAYS);
}

/* How the study words its reasons of placing, where it is not the usual way. */
static void read_reasons(struct gw_settings *s, const cJSON *root, struct gw_study *study)
{
    const cJSON *reasons = gw_settings_object(s, root, "reasons", false);
    const char *inside = reasons ? gw_settings_text(s, reasons, "inside", false) : NULL;
    const char *before = reasons ? gw_settings_text(s, reasons, "before", false) : NULL;
    const char *after = reasons ? gw_settings_text(s, reasons, "after", false) : NULL;

    if (reasons)
        gw_settings_check_keys(s, reasons, reasons_keys);
    study->reason_inside = inside ? inside : "IN_WINDOW";
    study->reason_before = before ? before : "BEFORE_BASELINE";
    study->reason_after = after ? after : "AFTER_36_MONTHS";
}

/* "000" or "000;001;003". */
static bool names_studies(const char *text)
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    size_t length;

    while ((length = strspn(text, alphabet)) > 0 && text[length] == ';')
        text += length + 1;
    return length > 0 && !text[length];
}

/* One name of the study column, several joined by ; or a list of them: kept as the second. */
static const char *read_tables_study(struct gw_settings *s, const cJSON *root)
{
    const cJSON *const item = gw_json_get(root, "tables_study");
    const char *const *names;
    const char *text = "";
    size_t count;

    if (cJSON_IsArray(item)) {
        names = gw_settings_texts(s, root, "tables_study", true, &count);
        for (size_t i = 0; i < count && text; i++)
            text = gw_arena_print(s->arena, "%s%s%s", text, i ? ";" : "", names[i]);
        if (!text)
            gw_settings_finding(s, item, "the file does not fit the memory set for it");
    } else {
        text = gw_settings_text(s, root, "tables_study", true);
    }
    if (!text || names_studies(text))
        return text;
    gw_settings_finding(s, item, "\"tables_study\" names no study; write \"000\", \"000;003\" or a list of such");
    return NULL;
}

/* Rules on texts that the types alone do not show. */
static void check_texts(struct gw_settings *s, const cJSON *root, const struct gw_study *study)
{
    static const char id_alphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

    if (study->id && study->id[strspn(study->id, id_alphabet)])
        gw_settings_finding(s, gw_json_get(root, "id"),
                            "\"id\" holds more than a-z, 0-9 and -; it names files and keys");
    for (size_t i = 0; i < study->derived_count; i++)
        if (!gw_parameter_find(study->derived[i]))
            gw_settings_finding(s, gw_json_get(root, "derived"),
                                "\"%s\" is no parameter; name one of mappings/RULES.md 13", study->derived[i]);
    for (size_t i = 0; i < study->unconfirmed_count; i++)
        if (!package_has_key(root, study->unconfirmed[i]))
            gw_settings_finding(s, gw_json_get(root, "unconfirmed"),
                                "\"%s\" is no key of this file; name one as \"dayBasis\" or \"anchors.EOT.gap_days\"",
                                study->unconfirmed[i]);
}

struct gw_study *package_read(struct gw_arena *arena, const char *dir, struct package *package,
                              struct gw_findings *findings)
{
    const char *path = gw_arena_print(arena, "%s/study.json", dir);
    struct gw_study *study = gw_arena_alloc(arena, sizeof *study);
    struct gw_settings *const s = &package->settings;
    const cJSON *root = path && study ? gw_settings_open(s, arena, path, findings) : NULL;

    package->root = root;
    if (!root)
        return NULL;
    gw_settings_check_keys(s, root, file_keys);
    study->id = gw_settings_text(s, root, "id", true);
    study->version = gw_settings_text(s, root, "version", true);
    gw_settings_text(s, root, "title", false);
    study->tables_study = read_tables_study(s, root);
    study->grade_scale = gw_settings_text(s, root, "grade_scale", true);
    read_anchors(s, root, study);
    package_read_windows(s, root, study);
    read_choices(s, root, study);
    read_contact_classes(s, root, study);
    read_ae(s, root, study);
    read_reasons(s, root, study);
    study->derived = gw_settings_texts(s, root, "derived", false, &study->derived_count);
    study->unconfirmed = gw_settings_texts(s, root, "unconfirmed", true, &study->unconfirmed_count);
    check_texts(s, root, study);
    gw_sha256(s->text.at, s->text.length, study->sha256);
    return study;
}

enum gw_status gw_study_load(struct gw_arena *arena, const char *dir, const struct gw_study **out, struct gw_error *err)
{
    struct gw_findings findings = {.out = NULL};
    struct package package;
    const struct gw_study *const study = package_read(arena, dir, &package, &findings);
    const enum gw_status rc = gw_findings_close(&findings, arena, dir, err);

    if (rc != GW_OK)
        return rc;
    if (!study)
        return gw_fail(err, GW_ENOMEM, "study.package", "%s: the package does not fit the memory set for it", dir);
    *out = study;
    return GW_OK;
}

int gw_study_group_bit(const struct gw_study *study, const char *name)
{
    for (size_t i = 0; i < study->group_count; i++)
        if (strcmp(study->groups[i], name) == 0)
            return (int)i;
    return -1;
}

static gw_groups bit_of(const struct gw_study *study, const char *name, size_t length)
{
    for (size_t i = 0; i < study->group_count; i++)
        if (strlen(study->groups[i]) == length && memcmp(study->groups[i], name, length) == 0)
            return (gw_groups)(1u << i);
    return 0;
}

gw_groups gw_study_all_groups(const struct gw_study *study)
{
    return (gw_groups)((1u << study->group_count) - 1);
}

gw_groups gw_study_lab_groups(const struct gw_study *study, const struct gw_lab *lab)
{
    const char *const plus = strchr(lab->data_group, '+');
    gw_groups groups = 0;

    if (lab->group == GW_LAB_OPTIONAL)
        return 0;
    if (study->continuous || lab->group == GW_LAB_BASELINE)
        return gw_study_all_groups(study);
    if (lab->group == GW_LAB_EVIDENCE)
        return 0;
    if (plus && study->labs_at_g30)
        groups = bit_of(study, lab->data_group, (size_t)(plus - lab->data_group));
    return groups | bit_of(study, plus ? plus + 1 : lab->data_group, strlen(plus ? plus + 1 : lab->data_group));
}
