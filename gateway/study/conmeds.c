/*
 * Concomitant medication: a row for each run of days on one dose of a drug that is none of the study's, with its role,
 * its class and whether it prevents or treats.
 *
 * What ended before the first window is of no concern. A start before day 1 crosses as such alone, but for drugs
 * against the disease and against clots. Source: mappings/RULES.md 14.
 */
#include <string.h>

#include "study/border.h"
#include "study/bound.h"
#include "study/decided.h"
#include "study/diagnoses.h"
#include "study/exposure.h"

/* ---- to prevent or to treat ---- */

static bool dose_fits(struct engine *e, const struct gw_drug_pattern *p, const struct stretch *first)
{
    const struct gw_ratio low = gw_ratio_of(p->low), high = gw_ratio_of(p->high);

    if (!p->unit)
        return true;
    if (!first->dose.known || !gw_same(gw_dose_base_unit(first->dose.kind), p->unit))
        return false;
    return (!p->has_low || gw_ratio_compare(e->arena, &first->dose.amount, &low) >= 0) &&
           (!p->has_high || gw_ratio_compare(e->arena, &first->dose.amount, &high) <= 0);
}

static int days_per_week(const struct rhythm *rhythm)
{
    return !rhythm->known       ? 0
           : rhythm->every == 1 ? 7
           : rhythm->every == 7 ? __builtin_popcount(rhythm->days)
           : rhythm->every == 0 ? 0
                                : -1;
}

static bool pattern_fits(struct engine *e, const struct gw_drug_pattern *p, const struct exposure *x)
{
    const struct stretch *first = &x->stretches[0];
    const struct cycle *cycle = cycle_on(e, x->first);
    const int week = days_per_week(&x->rhythm);

    if (strcmp(p->substance, x->substance) != 0 || !dose_fits(e, p, first) ||
        (p->route && !gw_same(p->route, x->route)))
        return false;
    if ((p->times_per_day && (!x->rhythm.known || p->times_per_day != x->rhythm.times)) ||
        (p->days_per_week && p->days_per_week != week))
        return false;
    return !p->until_cycle || x->first <= e->anchors.d1 || (cycle && cycle->number <= p->until_cycle);
}

static enum gw_purpose purpose_by_dose(struct engine *e, const struct exposure *x)
{
    const struct gw_dosing *dosing = gw_tables_dosing(e->in->tables);

    for (size_t i = 0; i < dosing->pattern_count; i++)
        if (pattern_fits(e, &dosing->patterns[i], x))
            return dosing->patterns[i].purpose;
    return GW_PURPOSE_UNKNOWN;
}

/* An infection diagnosed about when the drug began. */
static bool near_infection(const struct engine *e, gw_day day)
{
    const int days = e->in->study->events.infection.no_diagnosis_days;

    for (size_t i = 0; i < e->diagnosis_count; i++) {
        const struct diagnosis *d = &e->diagnoses[i];

        if (d->confirmed && d->dated && d->row && strcmp(d->row->category, "INFECTION") == 0 &&
            d->start.first <= day + days && d->start.last >= day - days)
            return true;
    }
    return false;
}

static enum gw_purpose purpose_of_antiinfective(struct engine *e, const struct exposure *x)
{
    const enum gw_purpose purpose = purpose_by_dose(e, x);
    const bool infected = near_infection(e, x->first);

    if (purpose == GW_PURPOSE_PROPHYLAXIS)
        return infected ? GW_PURPOSE_UNKNOWN : purpose;
    if (purpose == GW_PURPOSE_UNKNOWN && (infected || x->first <= e->anchors.d1))
        return infected ? GW_PURPOSE_TREATMENT : GW_PURPOSE_PROPHYLAXIS;
    return purpose;
}

/* A growth factor answers a low count of the days before; without one it prevents. A count left open says neither. */
static enum gw_purpose purpose_of_growth_factor(struct engine *e, const struct exposure *x)
{
    const struct gw_event_criteria *rules = &e->in->study->events;
    const struct values counts = engine_values(e, "ANC");
    bool open = false;

    if (!rules->gcsf_anc)
        return GW_PURPOSE_UNKNOWN;
    for (size_t i = 0; i < counts.count; i++) {
        const struct datum *d = counts.list[i];

        if (!d->measured || !d->dated || d->when.first > x->first || d->when.first < x->first - rules->gcsf_anc_days)
            continue;
        if (bound_side(e, d, rules->gcsf_anc) == SIDE_BELOW)
            return GW_PURPOSE_TREATMENT;
        open |= bound_side(e, d, rules->gcsf_anc) == SIDE_UNKNOWN;
    }
    return open ? GW_PURPOSE_UNKNOWN : GW_PURPOSE_PROPHYLAXIS;
}

static struct item_about about_role(const struct exposure *x)
{
    const struct use *use = x->stretches[0].use;

    return (struct item_about){.has_fact = true,
                               .fact = use->fact,
                               .day = x->first,
                               .coding = use->coding,
                               .rule = x->dose_text,
                               .note = "dose and dates do not tell whether it prevents or treats"};
}

static void set_purpose(struct engine *e, struct exposure *x)
{
    const struct item_about about = about_role(x);
    const struct gw_decision *decision;

    if (!x->drug)
        return;
    if (strcmp(x->drug->role, "ANTIINFECTIVE") == 0)
        x->purpose = purpose_of_antiinfective(e, x);
    else if (strcmp(x->drug->role, "ANTITHROMBOTIC") == 0)
        x->purpose = purpose_by_dose(e, x);
    else if (strcmp(x->drug->role, "GCSF") == 0)
        x->purpose = purpose_of_growth_factor(e, x);
    else
        return;
    if (x->purpose != GW_PURPOSE_UNKNOWN)
        return;
    decision = decided_item(e, GW_DECIDE_ROLE, "DRUG_ROLE_AMBIGUOUS", &about);
    if (!decision)
        return;
    x->decision = decision;
    x->purpose = gw_same(decision->set[GW_SET_ROLE], "PROPHYLAXIS") ? GW_PURPOSE_PROPHYLAXIS : GW_PURPOSE_TREATMENT;
}

static bool is_ambiguous(const struct exposure *x)
{
    return x->purpose == GW_PURPOSE_UNKNOWN && x->drug &&
           (strcmp(x->drug->role, "ANTIINFECTIVE") == 0 || strcmp(x->drug->role, "ANTITHROMBOTIC") == 0);
}

/* ---- rows ---- */

/* The chemical group, ATC's fourth level: what drugs of one kind share. */
static const char *class_of(struct engine *e, const struct exposure *x)
{
    const char *atc = x->stretches[0].use->atc;
    const char *class;

    if (!atc || strlen(atc) < 5)
        return NULL;
    class = gw_arena_copy(e->arena, atc, 5);
    e->failed |= !class;
    return class;
}

static const char *indication_of(const struct engine *e, const struct exposure *x)
{
    const char *code = NULL;

    for (size_t i = 0; !code && i < x->fact_count; i++) {
        const struct gw_medication_use *use = &e->in->facts[x->facts[i]].use;

        code = border_first_code(use->reasons.concepts, use->reasons.concept_count);
    }
    return code;
}

static bool keeps_start(const struct exposure *x)
{
    static const char *const roles[] = {"PRIOR_OR_NEXT_MM", "ANTITHROMBOTIC"};

    for (size_t i = 0; x->drug && i < sizeof roles / sizeof *roles; i++)
        if (strcmp(x->drug->role, roles[i]) == 0)
            return true;
    return false;
}

static void set_days(struct engine *e, struct gw_row_conmeds *row, const struct exposure *x, gw_day seen)
{
    const bool before = x->first < e->anchors.d1;
    const struct gw_when *start = &x->stretches[0].use->start;

    if (before)
        row->start_rel = "BEFORE";
    if (!before || !e->in->study->minimise_starts || keeps_start(x))
        row->start =
            start->precision < GW_PRECISION_DAY && start->first == x->first ? start->text : engine_date(e, x->first);
    row->ongoing = x->last > seen;
    row->end = row->ongoing ? NULL : engine_date(e, x->last);
    seen_on(e, x->last);
}

static void cite(struct engine *e, const struct exposure *x)
{
    for (size_t i = 0; i < x->fact_count && !e->failed; i++) {
        engine_provenance(e, "conmeds", x->row_id, x->facts[i], "value", decided_rule(e, "conmeds", x->decision), NULL);
        engine_value_source(e, x->facts[i], 0, x->row_id);
    }
    for (size_t i = 0; i < x->other_count && !e->failed; i++) {
        engine_provenance(e, "conmeds", x->row_id, x->others[i], "supporting", "conmeds", NULL);
        engine_part(e, x->others[i], 0)->cited = true;
    }
}

static void emit(struct engine *e, struct exposure *x, const struct gw_window *window, gw_day seen)
{
    const struct item_about about = about_role(x);
    const char *id = row_name(e, 'c', x->substance, x, x->nth);
    struct gw_row_conmeds *row =
        (struct gw_row_conmeds *)engine_row(e, GW_TABLE_conmeds, id, x->provisional ? "provisional" : "active");

    if (!row)
        return;
    x->row_id = row->cm_id = id;
    row->substance = x->substance;
    row->class = class_of(e, x);
    row->role = x->drug ? x->drug->role : NULL;
    row->indication = indication_of(e, x);
    row->dose = x->dose_text;
    row->unit = x->has_dose ? x->unit : NULL;
    row->frequency = rhythm_name(&x->rhythm);
    row->route = x->route;
    set_days(e, row, x, seen);
    row->evidence_rank = evidence_name(x->rank);
    row->reported_window = window->id;
    row->prophylaxis_flag = x->purpose == GW_PURPOSE_PROPHYLAXIS;
    cite(e, x);
    if (is_ambiguous(x))
        engine_raise(e, "DRUG_ROLE_AMBIGUOUS", &about);
}

/* Flushes of a line are no use of a drug. */
static bool is_flush(struct engine *e, const struct exposure *x)
{
    if (x->purpose != GW_PURPOSE_FLUSH)
        return false;
    for (size_t i = 0; i < x->fact_count; i++)
        engine_end_fact(e, x->facts[i], GW_STATE_NOT_IN_SCOPE, "LINE_FLUSH");
    return true;
}

void conmeds_emit(struct engine *e, gw_day seen)
{
    for (size_t i = 0; i < e->exposure_count && !e->failed; i++) {
        struct exposure *x = &e->exposures[i];
        const struct gw_window *window = reported_in(e, x->first);

        if (x->study_drug)
            continue;
        set_purpose(e, x);
        if (!is_flush(e, x) && window && x->last >= e->windows.span_low)
            emit(e, x, window, seen);
    }
}
