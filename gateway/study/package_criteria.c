/*
 * Keys of study.json that derived parameters go by.
 *
 * Source: mappings/RULES.md 13.
 */
#include "study/package_parts.h"

#define MAX_AGE    150
#define MAX_CYCLES 1000

#define RENAL(kind, member, ...) FIELD(kind, struct gw_renal_rules, member, __VA_ARGS__)
#define RENAL_DAYS(member)       FIELD_NUMBER(struct gw_renal_rules, member, 0, FIELD_MAX_DAYS)
#define VTE(kind, member, ...)   FIELD(kind, struct gw_vte_rules, member, __VA_ARGS__)
#define RESPONSE(member)         FIELD(FIELD_DECIMAL, struct gw_response_rules, member)

static const char *const formulas[] = {"CG", "MDRD", NULL};

const struct package_field history_fields[] = {
    FIELD_NUMBER(struct gw_history_rules, order_days, 0, FIELD_MAX_DAYS),
    FIELD(FIELD_INT, struct gw_history_rules, weight_days, .low = 0, .high = FIELD_MAX_DAYS),
    FIELD(FIELD_INT, struct gw_history_rules, baseline_days, .low = 0, .high = FIELD_MAX_DAYS),
    {NULL},
};

const struct package_field renal_fields[] = {
    RENAL(FIELD_CHOICE, formula, .fallback = -1, .choices = formulas),
    RENAL_DAYS(weight_before_days),
    RENAL_DAYS(weight_after_days),
    RENAL_DAYS(dialysis_days),
    RENAL(FIELD_TEXTS, dialysis_codes),
    RENAL(FIELD_DECIMALS, dosing_cut),
    RENAL(FIELD_DECIMAL, analysis_cut),
    RENAL(FIELD_BOOL, analysis_cut_inclusive, .fallback = 2),
    RENAL(FIELD_DECIMAL, severe_cut),
    RENAL(FIELD_DECIMAL, failure_umol),
    {NULL},
};

static const struct package_field step_fields[] = {
    FIELD(FIELD_TEXT, struct gw_score_step, part),
    FIELD_NUMBER(struct gw_score_step, from, 0, MAX_AGE),
    FIELD_NUMBER(struct gw_score_step, to, 0, MAX_AGE),
    FIELD_NUMBER(struct gw_score_step, score, 0, MAX_AGE),
    {NULL},
};

static const struct package_field group_fields[] = {
    FIELD(FIELD_TEXT, struct gw_score_group, group),
    FIELD_NUMBER(struct gw_score_group, from, 0, MAX_AGE),
    FIELD_NUMBER(struct gw_score_group, to, 0, MAX_AGE),
    {NULL},
};

static const struct package_field score_fields[] = {
    FIELD_LIST(struct gw_score, steps, step_fields, sizeof(struct gw_score_step)),
    FIELD_LIST(struct gw_score, groups, group_fields, sizeof(struct gw_score_group)),
    {NULL},
};

const struct package_field frailty_fields[] = {
    FIELD(FIELD_GROUP, struct gw_frailty_rules, imwg, .fields = score_fields),
    FIELD(FIELD_GROUP, struct gw_frailty_rules, simplified, .fields = score_fields),
    {NULL},
};

const struct package_field charlson_fields[] = {
    FIELD(FIELD_TEXTS, struct gw_charlson_rules, exclude),
    {NULL},
};

const struct package_field prior_lines_fields[] = {
    FIELD_NUMBER(struct gw_prior_lines_rules, gap_days, 1, FIELD_MAX_DAYS),
    FIELD_NUMBER(struct gw_prior_lines_rules, together_days, 0, FIELD_MAX_DAYS),
    {NULL},
};

static const struct package_field vte_class_fields[] = {
    {.key = "class", .kind = FIELD_TEXT, .offset = offsetof(struct gw_vte_class, class_name)},
    FIELD(FIELD_TEXT, struct gw_vte_class, atc),
    {NULL},
};

static const struct package_field vte_dose_fields[] = {
    FIELD(FIELD_TEXT, struct gw_vte_dose, substance),
    FIELD(FIELD_DECIMAL, struct gw_vte_dose, daily),
    FIELD(FIELD_TEXT, struct gw_vte_dose, unit),
    {NULL},
};

const struct package_field vte_fields[] = {
    FIELD_NUMBER(struct gw_vte_rules, recent_days, 0, FIELD_MAX_DAYS),
    VTE(FIELD_DECIMAL, high_dex_mg),
    VTE(FIELD_DECIMAL, platelets),
    FIELD_NUMBER(struct gw_vte_rules, age, 0, MAX_AGE),
    VTE(FIELD_DECIMAL, bmi),
    FIELD_NUMBER(struct gw_vte_rules, ecog, 0, 5),
    VTE(FIELD_DECIMAL, warfarin_crcl),
    VTE(FIELD_DECIMAL, warfarin_platelets),
    FIELD_NUMBER(struct gw_vte_rules, cycles, 1, MAX_CYCLES),
    FIELD_NUMBER(struct gw_vte_rules, coverage_percent, 0, 100),
    FIELD_LIST(struct gw_vte_rules, classes, vte_class_fields, sizeof(struct gw_vte_class)),
    FIELD_LIST(struct gw_vte_rules, doses, vte_dose_fields, sizeof(struct gw_vte_dose)),
    {NULL},
};

const struct package_field antibiotic_prophylaxis_fields[] = {
    FIELD_NUMBER(struct gw_prophylaxis_rules, cycles, 1, MAX_CYCLES),
    FIELD_NUMBER(struct gw_prophylaxis_rules, coverage_percent, 0, 100),
    FIELD(FIELD_TEXTS, struct gw_prophylaxis_rules, substances),
    {NULL},
};

const struct package_field cytopenia_fields[] = {
    FIELD_NUMBER(struct gw_cytopenia_rules, anc_age_days, 0, FIELD_MAX_DAYS),
    FIELD(FIELD_DECIMAL, struct gw_cytopenia_rules, anc_start),
    FIELD(FIELD_DECIMAL, struct gw_cytopenia_rules, anc_stop),
    FIELD(FIELD_DECIMAL, struct gw_cytopenia_rules, platelets_stop),
    FIELD_NUMBER(struct gw_cytopenia_rules, within_days, 0, FIELD_MAX_DAYS),
    {NULL},
};

const struct package_field monitoring_fields[] = {
    FIELD(FIELD_TEXT, struct gw_monitoring_set, id),
    FIELD(FIELD_TEXTS, struct gw_monitoring_set, concepts),
    FIELD_NUMBER(struct gw_monitoring_set, early_every_days, 0, FIELD_MAX_DAYS),
    FIELD_NUMBER(struct gw_monitoring_set, early_cycles, 0, MAX_CYCLES),
    FIELD_NUMBER(struct gw_monitoring_set, every_days, 1, FIELD_MAX_DAYS),
    FIELD_NUMBER(struct gw_monitoring_set, slack_days, 0, FIELD_MAX_DAYS),
    {NULL},
};

const struct package_field response_fields[] = {
    RESPONSE(measurable_serum),
    RESPONSE(measurable_urine),
    RESPONSE(measurable_flc),
    RESPONSE(ratio_low),
    RESPONSE(ratio_high),
    RESPONSE(cr_marrow_percent),
    RESPONSE(vgpr_serum_percent),
    RESPONSE(vgpr_urine),
    RESPONSE(vgpr_dflc_percent),
    RESPONSE(pr_serum_percent),
    RESPONSE(pr_urine_percent),
    RESPONSE(pr_urine),
    RESPONSE(pr_dflc_percent),
    RESPONSE(mr_serum_percent),
    RESPONSE(mr_urine_percent),
    RESPONSE(pd_percent),
    RESPONSE(pd_serum),
    RESPONSE(pd_serum_high),
    RESPONSE(pd_serum_high_from),
    RESPONSE(pd_urine),
    RESPONSE(pd_dflc),
    RESPONSE(pd_marrow_points),
    FIELD(FIELD_BOOL, struct gw_response_rules, censor_at_next_line, .fallback = 2),
    {NULL},
};

const struct package_field spm_fields[] = {
    FIELD(FIELD_TEXT, struct gw_spm_rules, category),
    FIELD(FIELD_TEXTS, struct gw_spm_rules, apart),
    {NULL},
};

const struct package_field completeness_fields[] = {
    FIELD_NUMBER(struct gw_completeness_rules, within_days, 0, FIELD_MAX_DAYS),
    {NULL},
};

const struct package_field questionnaires_fields[] = {
    FIELD(FIELD_DECIMAL, struct gw_questionnaire_rules, change_points),
    {NULL},
};
