/*
 * Keys of study.json that adverse events go by: the object `ae`.
 *
 * Source: mappings/RULES.md 12.
 */
#include "study/package_parts.h"

#define MAX_HOURS   (24 * FIELD_MAX_DAYS)
#define MAX_MINUTES (24 * 60)

#define FEBRILE(member)       FIELD(FIELD_DECIMAL, struct gw_febrile_rules, member)
#define FEBRILE_HOURS(member) FIELD_NUMBER(struct gw_febrile_rules, member, 0, MAX_HOURS)
#define CRS(member)           FIELD(FIELD_DECIMAL, struct gw_crs_rules, member)

static const struct package_field febrile_fields[] = {
    FEBRILE(anc),
    FEBRILE(single),
    FEBRILE(sustained),
    FIELD_NUMBER(struct gw_febrile_rules, sustained_minutes, 0, MAX_MINUTES),
    FEBRILE_HOURS(anc_before_hours),
    FEBRILE_HOURS(anc_after_hours),
    FEBRILE_HOURS(anc_candidate_hours),
    FEBRILE_HOURS(antipyretic_hours),
    FEBRILE_HOURS(end_hours),
    FIELD_NUMBER(struct gw_febrile_rules, grade, 1, 5),
    {NULL},
};

static const struct package_field crs_fields[] = {
    FIELD(FIELD_TEXT, struct gw_crs_rules, scale),
    CRS(temperature),
    FIELD_NUMBER(struct gw_crs_rules, after_dose_days, 0, FIELD_MAX_DAYS),
    FIELD_NUMBER(struct gw_crs_rules, doses, 1, 1000),
    CRS(systolic),
    CRS(systolic_fall_percent),
    CRS(spo2),
    CRS(low_flow),
    FIELD_NUMBER(struct gw_crs_rules, end_hours, 0, MAX_HOURS),
    FIELD(FIELD_TEXTS, struct gw_crs_rules, reliefs),
    FIELD(FIELD_TEXTS, struct gw_crs_rules, treatments),
    FIELD(FIELD_TEXTS, struct gw_crs_rules, uncounted),
    {NULL},
};

static const struct package_field ice_fields[] = {
    FIELD_NUMBER(struct gw_ice_step, low, 0, 10),
    FIELD_NUMBER(struct gw_ice_step, high, 0, 10),
    FIELD_NUMBER(struct gw_ice_step, grade, 1, 5),
    {NULL},
};

static const struct package_field icans_fields[] = {
    FIELD(FIELD_TEXT, struct gw_icans_rules, scale),
    FIELD(FIELD_DECIMAL, struct gw_icans_rules, gcs),
    FIELD(FIELD_TEXTS, struct gw_icans_rules, treatments),
    FIELD_LIST(struct gw_icans_rules, steps, ice_fields, sizeof(struct gw_ice_step)),
    {NULL},
};

static const struct package_field stay_fields[] = {
    FIELD_NUMBER(struct gw_planned_stay, dose, 1, 1000),
    FIELD_NUMBER(struct gw_planned_stay, hours, 1, MAX_HOURS),
    {NULL},
};

static const struct package_field seriousness_fields[] = {
    FIELD(FIELD_TEXTS, struct gw_seriousness_rules, classes),
    FIELD_NUMBER(struct gw_seriousness_rules, before_days, 0, FIELD_MAX_DAYS),
    FIELD_NUMBER(struct gw_seriousness_rules, after_days, 0, FIELD_MAX_DAYS),
    FIELD_LIST(struct gw_seriousness_rules, planned_stays, stay_fields, sizeof(struct gw_planned_stay)),
    {NULL},
};

static const struct package_field infection_fields[] = {
    FIELD_NUMBER(struct gw_infection_rules, no_diagnosis_days, 0, FIELD_MAX_DAYS),
    FIELD_NUMBER(struct gw_infection_rules, oral_grade, 1, 5),
    FIELD_NUMBER(struct gw_infection_rules, iv_grade, 1, 5),
    FIELD_NUMBER(struct gw_infection_rules, intensive_grade, 1, 5),
    {NULL},
};

#define DAYS(name, member, default_days, least)                                                                        \
    {                                                                                                                  \
        .key = (name), .kind = FIELD_INT, .offset = offsetof(struct gw_study, member), .fallback = (default_days),     \
        .low = (least), .high = FIELD_MAX_DAYS                                                                         \
    }
#define TEXTS(name, member)                                                                                            \
    {                                                                                                                  \
        .key = (name), .kind = FIELD_TEXTS, .offset = offsetof(struct gw_study, member), .optional = true              \
    }
#define GROUP(name)                                                                                                    \
    {                                                                                                                  \
        .key = #name, .kind = FIELD_GROUP, .offset = offsetof(struct gw_study, events.name), .fields = name##_fields,  \
        .optional = true                                                                                               \
    }

const struct package_field ae_fields[] = {
    {.key = "tables_study", .kind = FIELD_BY_HAND},
    {.key = "categories", .kind = FIELD_BY_HAND},
    TEXTS("special_interest", special_interest),
    DAYS("merge_days", lab_merge_days, 7, 0),
    DAYS("condition_merge_days", condition_merge_days, 14, 0),
    DAYS("combine_days", combine_days, 7, 0),
    DAYS("no_value_days", no_value_days, 56, 1),
    DAYS("treatment_emergent_days", treatment_emergent_days, 30, 0),
    DAYS("action_days", events.action_days, 14, 0),
    DAYS("gcsf_anc_days", events.gcsf_anc_days, 7, 0),
    {.key = "gcsf_anc", .kind = FIELD_DECIMAL_OR_NULL, .offset = offsetof(struct gw_study, events.gcsf_anc)},
    TEXTS("other_exclude", events.other_exclude),
    {.key = "relatedness", .kind = FIELD_BOOL, .offset = offsetof(struct gw_study, events.relatedness)},
    GROUP(febrile),
    GROUP(crs),
    GROUP(icans),
    GROUP(seriousness),
    GROUP(infection),
    {NULL},
};

/* What is of special interest is collected too. */
static void check_special_interest(struct gw_settings *s, const cJSON *ae, const struct gw_study *study)
{
    const cJSON *item = gw_json_array(ae, "special_interest");

    for (item = item ? item->child : NULL; item; item = item->next) {
        size_t i = 0;

        while (i < study->category_count && !gw_same(study->categories[i], item->valuestring))
            i++;
        if (i == study->category_count && cJSON_IsString(item))
            gw_settings_finding(s, item, "\"%s\" is of special interest and not collected; add it to \"categories\"",
                                item->valuestring);
    }
}

void package_read_categories(struct gw_settings *s, const cJSON *root, struct gw_study *study)
{
    const cJSON *const ae = gw_json_object(root, "ae");

    study->condition_tables_study = study->tables_study;
    if (!ae)
        return;
    study->categories = gw_settings_texts(s, ae, "categories", true, &study->category_count);
    if (gw_json_get(ae, "tables_study"))
        study->condition_tables_study = package_read_tables_study(s, ae);
    check_special_interest(s, ae, study);
}
