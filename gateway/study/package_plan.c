/*
 * Keys of study.json that say what is planned to be given.
 *
 * Source: mappings/RULES.md 14.
 */
#include "study/package_parts.h"

#define MAX_DOSES 1000
#define MAX_AGE   150

#define EXPOSURE(kind, member, ...) FIELD(kind, struct gw_exposure_rules, member, __VA_ARGS__)
#define EXPOSURE_DAYS(member)       FIELD_NUMBER(struct gw_exposure_rules, member, 1, FIELD_MAX_DAYS)

static const char *const plans[] = {"standard", "figure1", NULL};
static const char *const frequencies[] = {"daily", "every_other_day", NULL};

const struct package_field exposure_fields[] = {
    EXPOSURE(FIELD_TEXT, drug),
    FIELD_NUMBER(struct gw_exposure_rules, drug_gap_days, 0, FIELD_MAX_DAYS),
    EXPOSURE_DAYS(dispense_days),
    EXPOSURE_DAYS(treatment_days),
    EXPOSURE_DAYS(cycle_days),
    EXPOSURE_DAYS(restart_gap_days),
    EXPOSURE_DAYS(delay_days),
    EXPOSURE_DAYS(interruption_days),
    EXPOSURE_DAYS(alternate_day_tolerance_days),
    EXPOSURE(FIELD_DECIMALS, ladder),
    EXPOSURE(FIELD_DECIMAL, planned_mg_per_cycle),
    EXPOSURE(FIELD_CHOICE, plan, .fallback = -1, .choices = plans),
    {NULL},
};

static const struct package_field dose_fields[] = {
    FIELD_NUMBER(struct gw_planned_dose, elapsed, 0, FIELD_MAX_DAYS),
    FIELD(FIELD_DECIMAL, struct gw_planned_dose, mg),
    {NULL},
};

static const struct package_field phase_fields[] = {
    FIELD_NUMBER(struct gw_dose_phase, first_week, 1, MAX_DOSES),
    FIELD(FIELD_INT, struct gw_dose_phase, last_week, .fallback = 0, .low = 0, .high = MAX_DOSES),
    FIELD_NUMBER(struct gw_dose_phase, every_days, 1, FIELD_MAX_DAYS),
    FIELD(FIELD_DECIMAL, struct gw_dose_phase, mg),
    FIELD(FIELD_BOOL, struct gw_dose_phase, responders, .fallback = 0),
    {NULL},
};

const struct package_field schedule_fields[] = {
    FIELD(FIELD_TEXT, struct gw_dose_schedule, drug),
    FIELD_LIST(struct gw_dose_schedule, doses, dose_fields, sizeof(struct gw_planned_dose)),
    FIELD_LIST(struct gw_dose_schedule, phases, phase_fields, sizeof(struct gw_dose_phase)),
    FIELD(FIELD_INTS, struct gw_dose_schedule, minimum_gaps, .low = 0, .high = FIELD_MAX_DAYS),
    FIELD_NUMBER(struct gw_dose_schedule, window_days, 0, FIELD_MAX_DAYS),
    {NULL},
};

static const struct package_field class_fields[] = {
    {.key = "class", .kind = FIELD_TEXT, .offset = offsetof(struct gw_dexamethasone_class, class_name)},
    FIELD(FIELD_DECIMAL, struct gw_dexamethasone_class, mg),
    {NULL},
};

static const struct package_field expected_fields[] = {
    FIELD_NUMBER(struct gw_dexamethasone_plan, age_low, 0, MAX_AGE),
    FIELD_NUMBER(struct gw_dexamethasone_plan, age_high, 0, MAX_AGE),
    FIELD_NUMBER(struct gw_dexamethasone_plan, first_cycles, 0, MAX_DOSES),
    FIELD(FIELD_DECIMAL, struct gw_dexamethasone_plan, first_mg),
    FIELD(FIELD_DECIMAL, struct gw_dexamethasone_plan, mg),
    {NULL},
};

const struct package_field dexamethasone_fields[] = {
    FIELD(FIELD_TEXT, struct gw_dexamethasone_rules, drug),
    FIELD_NUMBER(struct gw_dexamethasone_rules, cycle_days, 1, FIELD_MAX_DAYS),
    FIELD_LIST(struct gw_dexamethasone_rules, classes, class_fields, sizeof(struct gw_dexamethasone_class)),
    FIELD_LIST(struct gw_dexamethasone_rules, expected, expected_fields, sizeof(struct gw_dexamethasone_plan)),
    {NULL},
};

static const struct package_field start_fields[] = {
    FIELD(FIELD_DECIMAL_OR_NULL, struct gw_start_dose, crcl_low),
    FIELD(FIELD_DECIMAL_OR_NULL, struct gw_start_dose, crcl_high),
    FIELD(FIELD_BOOL, struct gw_start_dose, dialysis, .fallback = 2),
    FIELD(FIELD_BOOL, struct gw_start_dose, cytopenic, .fallback = 2),
    FIELD(FIELD_DECIMAL, struct gw_start_dose, dose),
    FIELD(FIELD_CHOICE, struct gw_start_dose, frequency, .fallback = -1, .choices = frequencies),
    FIELD(FIELD_DECIMAL, struct gw_start_dose, mg_per_cycle),
    {NULL},
};

const struct package_field start_dose_fields[] = {
    FIELD(FIELD_TEXT, struct gw_start_dose_rules, drug),
    FIELD(FIELD_DECIMAL, struct gw_start_dose_rules, anc),
    FIELD(FIELD_DECIMAL, struct gw_start_dose_rules, platelets),
    FIELD(FIELD_BOOL, struct gw_start_dose_rules, equal_is_cytopenic, .fallback = 2),
    FIELD_LIST(struct gw_start_dose_rules, rows, start_fields, sizeof(struct gw_start_dose)),
    {NULL},
};
