/*
 * study.json: a protocol as data.
 *
 * Values that the protocol states have no default here and must be written; values it leaves open have the default of
 * their schema and are listed under `unconfirmed` until the study team has confirmed them.
 *
 * Source: mappings/RULES.md, which names the key of each choice.
 */
#include "gateway/study/package.h"

#include <string.h>

#include "gateway/core/digest.h"
#include "gateway/study/parameters.h"
#include "gateway/study/tables.h"
#include "study/package_parts.h"

#define BY_HAND(name)                                                                                                  \
    {                                                                                                                  \
        .key = (name), .kind = FIELD_BY_HAND                                                                           \
    }
#define GROUP(name)                                                                                                    \
    {                                                                                                                  \
        .key = #name, .kind = FIELD_GROUP, .offset = offsetof(struct gw_study, name), .fields = name##_fields,         \
        .optional = true                                                                                               \
    }
#define FLAG(name, member, default_flag)                                                                               \
    {                                                                                                                  \
        .key = (name), .kind = FIELD_BOOL, .offset = offsetof(struct gw_study, member), .fallback = (default_flag)     \
    }

static const struct package_field evidence_fields[] = {BY_HAND("between_windows"), BY_HAND("values"), {NULL}};
static const struct package_field reasons_fields[] = {BY_HAND("inside"), BY_HAND("before"), BY_HAND("after"), {NULL}};

const struct package_field study_fields[] = {
    BY_HAND("id"),
    BY_HAND("version"),
    BY_HAND("title"),
    BY_HAND("tables_study"),
    BY_HAND("grade_scale"),
    BY_HAND("unconfirmed"),
    {.key = "anchors", .kind = FIELD_PART, .fields = anchors_fields},
    {.key = "windows", .kind = FIELD_BY_HAND, .fields = window_fields},
    {.key = "collects",
     .kind = FIELD_ROWS,
     .offset = offsetof(struct gw_study, collects),
     .fields = collects_fields,
     .size = sizeof(struct gw_collected),
     .optional = true},
    BY_HAND("dayBasis"),
    FLAG("requireContact", require_contact, true),
    BY_HAND("contactClasses"),
    FLAG("labsAtG30", labs_at_g30, true),
    BY_HAND("eventLookback"),
    BY_HAND("tie"),
    {.key = "evidence", .kind = FIELD_PART, .fields = evidence_fields, .optional = true},
    FLAG("minimiseStarts", minimise_starts, true),
    GROUP(history),
    GROUP(exposure),
    GROUP(schedule),
    GROUP(dexamethasone),
    GROUP(start_dose),
    GROUP(renal),
    GROUP(frailty),
    GROUP(charlson),
    GROUP(prior_lines),
    GROUP(vte),
    GROUP(antibiotic_prophylaxis),
    GROUP(cytopenia),
    {.key = "monitoring",
     .kind = FIELD_ROWS,
     .offset = offsetof(struct gw_study, monitoring),
     .fields = monitoring_fields,
     .size = sizeof(struct gw_monitoring_set),
     .optional = true},
    GROUP(response),
    GROUP(spm),
    GROUP(completeness),
    GROUP(questionnaires),
    {.key = "ae", .kind = FIELD_PART, .fields = ae_fields},
    BY_HAND("derived"),
    {.key = "reasons", .kind = FIELD_PART, .fields = reasons_fields, .optional = true},
    {NULL},
};

static void read_choices(struct gw_settings *s, const cJSON *root, struct gw_study *study)
{
    static const char *const bases[] = {"elapsed", "studyDay"};
    static const char *const lookbacks[] = {"sinceLastTarget", "sinceLastCollected"};
    static const char *const ties[] = {"earlier", "later"};
    static const char *const between[] = {"grade", "dates", "none"};
    static const char *const values[] = {"pointer", "value", "none"};
    const cJSON *const evidence = gw_json_object(root, "evidence");

    study->day_basis_study_day = gw_settings_choice(s, root, "dayBasis", bases, 2, 0) == 1;
    study->event_lookback_last_collected = gw_settings_choice(s, root, "eventLookback", lookbacks, 2, 1) == 1;
    study->tie_later = gw_settings_choice(s, root, "tie", ties, 2, 1) == 1;
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

/* How the study words its reasons of placing, where it is not the usual way. */
static void read_reasons(struct gw_settings *s, const cJSON *root, struct gw_study *study)
{
    const cJSON *const reasons = gw_json_object(root, "reasons");
    const char *inside = reasons ? gw_settings_text(s, reasons, "inside", false) : NULL;
    const char *before = reasons ? gw_settings_text(s, reasons, "before", false) : NULL;
    const char *after = reasons ? gw_settings_text(s, reasons, "after", false) : NULL;

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
const char *package_read_tables_study(struct gw_settings *s, const cJSON *root)
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

/* A set makes the parameter of its first letter: no two of one. */
static void check_sets(struct gw_settings *s, const cJSON *root, const struct gw_monitoring *sets)
{
    const cJSON *item = gw_json_first(gw_json_array(root, "monitoring"));

    for (size_t i = 0; i < sets->count && item; i++, item = item->next)
        for (size_t k = 0; sets->items[i].id && k < i; k++)
            if (sets->items[k].id && *sets->items[k].id == *sets->items[i].id)
                gw_settings_finding(s, item, "%s and %s begin with one letter and would make one parameter; rename one",
                                    sets->items[k].id, sets->items[i].id);
}

struct gw_study *package_read(struct gw_arena *arena, const char *dir, struct package *package,
                              struct gw_findings *findings)
{
    const char *path = gw_arena_print(arena, "%s/study.json", dir);
    struct gw_study *study = gw_arena_alloc(arena, sizeof *study);
    struct gw_settings *const s = &package->settings;
    const cJSON *root;

    if (!path || !study) {
        gw_findings_no_memory(findings, dir);
        return NULL;
    }
    package->root = root = gw_settings_open(s, arena, path, findings);
    if (!root)
        return NULL;
    package_read_fields(s, root, study_fields, study);
    study->id = gw_settings_text(s, root, "id", true);
    study->version = gw_settings_text(s, root, "version", true);
    gw_settings_text(s, root, "title", false);
    study->tables_study = package_read_tables_study(s, root);
    study->grade_scale = gw_settings_text(s, root, "grade_scale", true);
    package_read_anchors(s, root, study);
    package_read_windows(s, root, study);
    read_choices(s, root, study);
    read_contact_classes(s, root, study);
    package_read_categories(s, root, study);
    read_reasons(s, root, study);
    study->derived = gw_settings_texts(s, root, "derived", false, &study->derived_count);
    study->unconfirmed = gw_settings_texts(s, root, "unconfirmed", true, &study->unconfirmed_count);
    check_texts(s, root, study);
    check_sets(s, root, &study->monitoring);
    gw_sha256(s->text.at, s->text.length, study->sha256);
    return study;
}

enum gw_status gw_study_load(struct gw_arena *arena, const char *dir, const struct gw_study **out, struct gw_error *err)
{
    struct gw_findings findings = {.out = NULL};
    struct package package;
    const struct gw_study *const study = package_read(arena, dir, &package, &findings);
    const enum gw_status rc = gw_findings_close(&findings, arena, dir, err);

    if (rc == GW_OK)
        *out = study;
    return rc;
}

int gw_study_group_bit(const struct gw_study *study, const char *name)
{
    return gw_place_in(study->groups, study->group_count, name);
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

static bool names(const struct gw_texts *texts, const char *text)
{
    for (size_t i = 0; i < texts->count; i++)
        if (strcmp(texts->items[i], text) == 0)
            return true;
    return false;
}

static gw_groups groups_listing(const struct gw_study *study, const char *concept)
{
    gw_groups groups = 0;

    for (size_t i = 0; i < study->collects.count; i++)
        if (names(&study->collects.items[i].concepts, concept))
            groups |= bit_of(study, study->collects.items[i].group, strlen(study->collects.items[i].group));
    return groups;
}

gw_groups gw_study_lab_groups(const struct gw_study *study, const struct gw_lab *lab)
{
    const char *const plus = strchr(lab->data_group, '+');
    gw_groups groups = 0;

    if (study->collects.count > 0)
        return groups_listing(study, lab->concept);
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
