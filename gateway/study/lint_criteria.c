/*
 * The doses and bounds of a package among themselves and against the tables: what falls must fall, what joins must
 * join, what is named must be there, and what looks back must find what is read.
 *
 * Source: mappings/RULES.md 12 to 14.
 */
#include <string.h>

#include "study/lint_parts.h"

static bool names_drug(const struct lint *l, const char *substance)
{
    for (size_t i = 0; i < l->tables->drugs.count; i++)
        if (strcmp(l->tables->drugs.rows[i].substance, substance) == 0)
            return true;
    return false;
}

static void check_drug(struct lint *l, const char *path, const char *substance)
{
    const struct drug_rows *const drugs = &l->tables->drugs;
    const char **names;

    if (!substance || drugs->count == 0 || names_drug(l, substance))
        return;
    names = gw_arena_alloc(l->arena, drugs->count * sizeof *names);
    for (size_t i = 0; names && i < drugs->count; i++)
        names[i] = drugs->rows[i].substance;
    gw_settings_finding(&l->package.settings, lint_item(l, path), "medications.csv has no \"%s\" for study %s; %s",
                        substance, l->study->tables_study,
                        lint_advice(l, substance, names, names ? drugs->count : 0, "add a row or name another drug"));
}

static void check_drugs(struct lint *l)
{
    const struct gw_study *const study = l->study;

    for (size_t i = 0; i < study->d1_drug_count; i++)
        check_drug(l, "anchors.D1.drugs", study->d1_drugs[i]);
    check_drug(l, "anchors.EOT.drug", study->eot_drug);
    check_drug(l, "exposure.drug", study->exposure.drug);
    check_drug(l, "schedule.drug", study->schedule.drug);
    check_drug(l, "dexamethasone.drug", study->dexamethasone.drug);
    check_drug(l, "start_dose.drug", study->start_dose.drug);
    for (size_t i = 0; i < study->vte.doses.count; i++)
        check_drug(l, "vte.doses", study->vte.doses.items[i].substance);
    for (size_t i = 0; i < study->antibiotic_prophylaxis.substances.count; i++)
        check_drug(l, "antibiotic_prophylaxis.substances", study->antibiotic_prophylaxis.substances.items[i]);
    for (size_t i = 0; i < study->events.crs.uncounted.count; i++)
        check_drug(l, "ae.crs.uncounted", study->events.crs.uncounted.items[i]);
}

static void check_concepts(struct lint *l, const char *path, const struct gw_texts *concepts)
{
    const struct lab_rows *const labs = &l->tables->labs;

    for (size_t i = 0; i < concepts->count; i++) {
        const char *const name = concepts->items[i];
        size_t row = 0;

        while (row < labs->count && strcmp(labs->rows[row].concept, name) != 0)
            row++;
        if (row == labs->count && labs->count > 0)
            gw_settings_finding(&l->package.settings, lint_item(l, path),
                                "loinc-labs.csv has no concept \"%s\"; name one of its concept column", name);
    }
}

/* ---- numbers ---- */

static void complain(struct lint *l, bool wrong, const char *path, const char *what)
{
    if (wrong)
        gw_settings_finding(&l->package.settings, lint_item(l, path), "%s", what);
}

static bool falls(const struct gw_decimals *list)
{
    for (size_t i = 1; i < list->count; i++)
        if (gw_decimal_compare(&list->items[i - 1], &list->items[i]) <= 0)
            return false;
    return true;
}

static void check_exposure(struct lint *l)
{
    const struct gw_exposure_rules *const rules = &l->study->exposure;
    const int rest = rules->cycle_days - rules->treatment_days;

    if (!rules->on)
        return;
    complain(l, !falls(&rules->ladder), "exposure.ladder", "the dose levels do not fall; write the highest first");
    complain(l, rest < 0, "exposure.treatment_days", "a cycle has fewer days than its treatment; correct one of them");
    complain(
        l, rest > 0 && rules->restart_gap_days > rest, "exposure.restart_gap_days",
        "the rest of a cycle is shorter than the gap that starts one, so that no gap does; lower \"restart_gap_days\"");
    complain(l, rules->interruption_days > rules->treatment_days, "exposure.interruption_days",
             "an interruption is longer than the treatment it is a hole in; lower \"interruption_days\"");
    complain(l, rules->plan == GW_PLAN_FIGURE1 && !l->study->start_dose.on, "exposure.plan",
             "the plan is that of a table the file does not have; add \"start_dose\", or write \"standard\"");
}

static void check_schedule(struct lint *l)
{
    const struct gw_dose_schedule *const schedule = &l->study->schedule;

    for (size_t i = 1; i < schedule->doses.count; i++)
        complain(l, schedule->doses.items[i].elapsed <= schedule->doses.items[i - 1].elapsed, "schedule.doses",
                 "the first doses are not in the order of their days; sort them");
    for (size_t i = 0; i < schedule->phases.count; i++) {
        const struct gw_dose_phase *const phase = &schedule->phases.items[i];
        const struct gw_dose_phase *const next = i + 1 < schedule->phases.count ? phase + 1 : NULL;

        complain(l, phase->last_week && phase->last_week < phase->first_week, "schedule.phases",
                 "a phase ends before it begins; swap its weeks");
        complain(l, next && (!phase->last_week || next->first_week != phase->last_week + 1), "schedule.phases",
                 "a phase does not begin in the week after the former; let the weeks join");
    }
}

static void check_dexamethasone(struct lint *l)
{
    const struct gw_dexamethasone_rules *const rules = &l->study->dexamethasone;

    for (size_t i = 1; i < rules->classes.count; i++)
        complain(l, gw_decimal_compare(&rules->classes.items[i - 1].mg, &rules->classes.items[i].mg) <= 0,
                 "dexamethasone.classes", "the classes do not fall; write the highest dose first");
    for (size_t i = 1; i < rules->expected.count; i++)
        complain(l, rules->expected.items[i].age_low != rules->expected.items[i - 1].age_high + 1,
                 "dexamethasone.expected",
                 "the ages leave a gap or overlap; let each begin a year after the former ends");
}

static void check_start_dose(struct lint *l)
{
    for (size_t i = 0; i < l->study->start_dose.rows.count; i++) {
        const struct gw_start_dose *const row = &l->study->start_dose.rows.items[i];

        complain(l, row->crcl_low && row->crcl_high && gw_decimal_compare(row->crcl_low, row->crcl_high) >= 0,
                 "start_dose.rows", "a row's crcl_low is not below its crcl_high; swap them");
    }
}

static const struct gw_score_step *next_step(const struct gw_score *score, const struct gw_score_step *step)
{
    const struct gw_score_step *next = NULL;

    for (size_t i = 0; i < score->steps.count; i++) {
        const struct gw_score_step *const other = &score->steps.items[i];

        if (gw_same(other->part, step->part) && other->from > step->to && (!next || other->from < next->from))
            next = other;
    }
    return next;
}

/* Points may begin anywhere; once they have begun, no value between them is without. */
static void check_steps_join(struct lint *l, const struct gw_score *score, const char *path)
{
    for (size_t i = 0; i < score->steps.count; i++) {
        const struct gw_score_step *const step = &score->steps.items[i], *const next = next_step(score, step);

        if (next && step->from <= step->to && next->from != step->to + 1)
            gw_settings_finding(&l->package.settings, lint_item(l, path),
                                "the steps of %s leave a gap at %d; let each begin one after the former ends",
                                step->part, step->to + 1);
    }
}

static void check_score(struct lint *l, const struct gw_score *score, const char *path)
{
    for (size_t i = 0; i < score->steps.count; i++) {
        const struct gw_score_step *const step = &score->steps.items[i];

        complain(l, step->from > step->to, path, "a step ends before it begins; swap \"from\" and \"to\"");
        for (size_t j = 0; j < i; j++)
            complain(l,
                     gw_same(score->steps.items[j].part, step->part) && score->steps.items[j].to >= step->from &&
                         step->to >= score->steps.items[j].from,
                     path, "two steps of one part hold the same value; narrow one");
    }
    for (size_t i = 1; i < score->groups.count; i++)
        complain(l, score->groups.items[i].from != score->groups.items[i - 1].to + 1, path,
                 "the groups leave a gap or overlap; let each begin one point after the former ends");
}

static void check_icans(struct lint *l)
{
    const struct gw_icans_rules *const icans = &l->study->events.icans;

    for (size_t i = 0; i < icans->steps.count; i++)
        complain(l,
                 icans->steps.items[i].low > icans->steps.items[i].high ||
                     (i > 0 && icans->steps.items[i].high != icans->steps.items[i - 1].low - 1),
                 "ae.icans.steps",
                 "the points leave a gap or overlap; let each grade begin one point below the former");
}

/* ---- what looks back ---- */

static void check_history(struct lint *l)
{
    const struct gw_history_rules *const history = &l->study->history;
    const struct gw_renal_rules *const renal = &l->study->renal;
    const struct gw_febrile_rules *const febrile = &l->study->events.febrile;

    complain(l, renal->on && !falls(&renal->dosing_cut), "renal.dosing_cut",
             "the cuts do not fall; write the highest first");
    complain(l, renal->on && gw_decimal_compare(&renal->severe_cut, &renal->analysis_cut) >= 0, "renal.severe_cut",
             "severe begins above mild; lower \"severe_cut\"");
    complain(l, renal->on && renal->weight_before_days > 0 && !history->on, "renal.weight_before_days",
             "a weight is looked for before the study span, but nothing before it is read; add \"history\"");
    complain(l, history->on && history->baseline_days > 0 && gw_study_baseline_days(l->study) == 0,
             "history.baseline_days",
             "the study has a window before day 1, whose values are the baseline; leave it out");
    complain(l, renal->on && history->on && history->weight_days < renal->weight_before_days, "history.weight_days",
             "weights are read for fewer days than renal.weight_before_days looks back; raise it");
    complain(l, febrile->on && febrile->anc_candidate_hours < febrile->anc_before_hours,
             "ae.febrile.anc_candidate_hours",
             "a count is too old for a candidate before it is too old to count; raise it to anc_before_hours or more");
    complain(l, febrile->on && gw_decimal_compare(&febrile->single, &febrile->sustained) < 0, "ae.febrile.single",
             "one reading needs less fever than two; swap \"single\" and \"sustained\"");
    complain(l,
             l->study->response.on &&
                 gw_decimal_compare(&l->study->response.ratio_low, &l->study->response.ratio_high) >= 0,
             "response.ratio_low", "the normal ratio is empty; swap ratio_low and ratio_high");
    complain(l, l->study->between_windows == GW_BETWEEN_NONE && l->study->evidence_values == GW_VALUES_VALUE,
             "evidence", "values are to be kept as evidence, but none between windows are read; write \"pointer\"");
}

void lint_criteria(struct lint *l)
{
    check_drugs(l);
    for (size_t i = 0; i < l->study->monitoring.count; i++)
        check_concepts(l, "monitoring", &l->study->monitoring.items[i].concepts);
    for (size_t i = 0; i < l->study->collects.count; i++)
        check_concepts(l, "collects", &l->study->collects.items[i].concepts);
    check_exposure(l);
    check_schedule(l);
    check_dexamethasone(l);
    check_start_dose(l);
    check_score(l, &l->study->frailty.imwg, "frailty.imwg");
    check_score(l, &l->study->frailty.simplified, "frailty.simplified");
    check_steps_join(l, &l->study->frailty.imwg, "frailty.imwg");
    check_steps_join(l, &l->study->frailty.simplified, "frailty.simplified");
    check_icans(l);
    check_history(l);
}
