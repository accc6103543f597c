/*
 * Risk factors for venous thromboembolism on day 1. Source: mappings/RULES.md 13; Korean expert recommendations for
 * lenalidomide, Table 3.
 */
#include "study/vte_risk.h"

#include <string.h>

#include "study/age.h"
#include "study/bound.h"
#include "study/diagnoses.h"
#include "study/exposure.h"

static void find(struct engine *e, struct vte_risk *out, const char *factor)
{
    out->found = out->found ? gw_arena_print(e->arena, "%s;%s", out->found, factor) : factor;
    e->failed |= !out->found;
}

static void miss(struct vte_risk *out, const char *reason)
{
    if (!out->reason)
        out->reason = reason;
}

/* ---- diagnoses ---- */

enum ago { /* how long before day 1 a diagnosis began */
           NOT_BEFORE,
           RECENTLY,
           LONG_AGO,
};

/* By its last possible day. *open: its date leaves the answer open. */
static enum ago began(const struct engine *e, const struct diagnosis *d, bool *open)
{
    const gw_day d1 = e->anchors.d1, recent = d1 - e->in->study->vte.recent_days;

    if (!d->dated) {
        *open = true;
        return NOT_BEFORE;
    }
    *open = (d->start.first < d1) != (d->start.last < d1) ||
            (d->start.last < d1 && (d->start.first < recent) != (d->start.last < recent));
    return d->start.last >= d1 ? NOT_BEFORE : d->start.last >= recent ? RECENTLY : LONG_AGO;
}

static bool is_of(const struct gw_condition_row *row, const char *category)
{
    return row && row->verified && strcmp(row->category, category) == 0;
}

static bool is_weighed(const struct diagnosis *d)
{
    return d->confirmed && d->row && d->row->evidence != GW_EVIDENCE_SUPPORTING;
}

/* A disease itself: neither its history nor a risk. */
static bool is_present(const struct gw_condition_row *row, const char *category)
{
    return is_of(row, category) && (row->evidence == GW_EVIDENCE_CERTAIN || row->evidence == GW_EVIDENCE_SUPPORTING);
}

/* A clot in a vein, its subcategory VTE_... */
static bool is_acute_vte(const struct diagnosis *d)
{
    return is_present(d->row, "THROMBOEMBOLISM") && d->row->subcategory && strncmp(d->row->subcategory, "VTE_", 4) == 0;
}

static bool is_vte_history(const struct diagnosis *d)
{
    return is_of(d->row, "THROMBOEMBOLISM") && gw_same(d->row->subcategory, "VTE_HISTORY");
}

static bool is_arterial(const struct diagnosis *d)
{
    return is_present(d->row, "THROMBOEMBOLISM") && gw_same(d->row->subcategory, "ARTERIAL");
}

static bool is_infection(const struct diagnosis *d)
{
    return is_present(d->row, "INFECTION");
}

/* True: it counts. One that a person has yet to weigh counts for nothing where it is not confirmed at all. */
static bool take(struct engine *e, struct vte_risk *out, const struct diagnosis *d, bool weighed, bool open)
{
    out->unconfirmed |= !weighed || open;
    if (d->confirmed)
        inputs_add_part(e, &out->inputs, d->fact, 0);
    return d->confirmed;
}

/* Any diagnosis of the kind that began so long ago. */
static bool any_began(struct engine *e, struct vte_risk *out, bool (*is_kind)(const struct diagnosis *), bool recently,
                      bool long_ago)
{
    bool found = false;

    for (size_t i = 0; i < e->diagnosis_count; i++) {
        const struct diagnosis *d = &e->diagnoses[i];
        bool open = false;
        enum ago ago;

        if (!is_kind(d))
            continue;
        ago = began(e, d, &open);
        if ((ago == RECENTLY && recently) || (ago == LONG_AGO && long_ago))
            found |= take(e, out, d, is_weighed(d), open);
        else
            out->unconfirmed |= open;
    }
    return found;
}

/* Told by day 1: such a code says that the clot came before it. */
static bool any_history(struct engine *e, struct vte_risk *out)
{
    bool found = false;

    for (size_t i = 0; i < e->diagnosis_count; i++) {
        const struct diagnosis *d = &e->diagnoses[i];

        if (is_vte_history(d) && d->dated && d->start.last <= e->anchors.d1)
            found |= take(e, out, d, d->confirmed, false);
        else if (is_vte_history(d))
            out->unconfirmed |= !d->dated || d->start.first <= e->anchors.d1;
    }
    return found;
}

/* Rows VTE_RISK that held on day 1, of one subcategory, or of all but the ones told apart. */
static bool any_risk(struct engine *e, struct vte_risk *out, const char *subcategory)
{
    static const char *const apart[] = {"IMMOBILISATION", "OBESITY", "THROMBOPHILIA"};
    bool found = false;

    for (size_t i = 0; i < e->diagnosis_count; i++) {
        const struct diagnosis *d = &e->diagnoses[i];
        bool wanted = is_of(d->risk, "VTE_RISK");

        if (wanted && subcategory)
            wanted = gw_same(d->risk->subcategory, subcategory);
        for (size_t k = 0; wanted && !subcategory && k < sizeof apart / sizeof *apart; k++)
            wanted = !gw_same(d->risk->subcategory, apart[k]);
        if (wanted && diagnosis_holds(e, d, e->anchors.d1, e->anchors.d1))
            found |= take(e, out, d, d->confirmed, false);
        else if (wanted)
            out->unconfirmed |= !d->dated;
    }
    return found;
}

static bool has_infection(struct engine *e, struct vte_risk *out)
{
    bool found = false;

    for (size_t i = 0; i < e->diagnosis_count; i++) {
        const struct diagnosis *d = &e->diagnoses[i];

        if (is_infection(d) && diagnosis_holds(e, d, e->anchors.d1, e->anchors.d1))
            found |= take(e, out, d, is_weighed(d), false);
    }
    return found;
}

/* ---- level 1 ---- */

static void note_exposures(struct engine *e, struct vte_risk *out, const char *substance, gw_day first, gw_day last)
{
    const struct exposure *list;
    const size_t count = exposures_of(e, substance, &list);

    for (size_t i = 0; i < count; i++)
        if (list[i].first <= last && list[i].last >= first)
            inputs_add_exposure(e, &out->inputs, &list[i]);
}

/* The last day of a cycle from day 1, as far as the subject was treated. */
static gw_day last_of_dexamethasone(const struct engine *e)
{
    const struct gw_dexamethasone_rules *rules = &e->in->study->dexamethasone;

    return treated_until(e, e->anchors.d1 + (rules->on ? rules->cycle_days : UNPLANNED_CYCLE_DAYS) - 1);
}

/* Much of it is much, however few of the days an assessment told of; that it was little shows when all are told. */
static void weigh_dexamethasone(struct engine *e, struct vte_risk *out)
{
    const struct gw_dexamethasone_rules *rules = &e->in->study->dexamethasone;
    const struct gw_ratio high = gw_ratio_of(e->in->study->vte.high_dex_mg);
    const char *const drug = rules->on ? rules->drug : "dexamethasone";
    const gw_day last = last_of_dexamethasone(e), seen = doses_seen_until(e), told = last < seen ? last : seen;
    struct gw_ratio total;
    bool any = false;
    const bool known = amount_taken(e, drug, e->anchors.d1, told, &total, &any);

    if (known && gw_ratio_compare(e->arena, &total, &high) >= 0) {
        find(e, out, "HIGH_DEXAMETHASONE");
        note_exposures(e, out, drug, e->anchors.d1, told);
        return;
    }
    if (out->reason)
        return;
    if (known || !any)
        out->reason = doses_unseen(e, last);
    if (!known && !out->reason)
        out->reason = "NO_DEXAMETHASONE_DOSE";
}

void vte_high_risk(struct engine *e, struct vte_risk *out)
{
    *out = (struct vte_risk){.found = NULL};
    if (e->diagnosis_count == 0)
        miss(out, "NO_PROBLEM_LIST");
    if (any_began(e, out, is_acute_vte, true, false))
        find(e, out, "RECENT_VTE");
    if (any_risk(e, out, "IMMOBILISATION"))
        find(e, out, "IMMOBILISATION");
    weigh_dexamethasone(e, out);
}

/* ---- level 2 ---- */

static void weigh_age(struct engine *e, struct vte_risk *out)
{
    const int limit = e->in->study->vte.age;
    struct age age;

    if (!age_on(e, e->anchors.d1, &age)) {
        miss(out, "NO_BIRTH_DATE");
        return;
    }
    out->decision = age.decision;
    inputs_add_part(e, &out->inputs, e->person_index, 0);
    if (age.low >= limit)
        find(e, out, "AGE");
    else if (age.high >= limit)
        miss(out, "AGE_AMBIGUOUS");
}

static void weigh_ecog(struct engine *e, struct vte_risk *out)
{
    const struct gw_decimal limit = gw_decimal_from_int(e->in->study->vte.ecog);
    const struct datum *ecog = engine_baseline(e, "ECOG");
    const enum side side = ecog ? bound_side(e, ecog, &limit) : SIDE_UNKNOWN;

    if (side == SIDE_UNKNOWN) {
        miss(out, "NO_ECOG");
        return;
    }
    inputs_add_datum(e, &out->inputs, ecog, NULL);
    if (side != SIDE_BELOW)
        find(e, out, "ECOG");
}

/* kg/m2 from weight and height, both exact. */
static bool own_bmi(struct engine *e, struct gw_ratio *out, struct inputs *inputs)
{
    const struct datum *weight = engine_baseline(e, "WEIGHT"), *height = engine_baseline(e, "HEIGHT");
    struct gw_ratio per_square;

    if (!weight || !height || !bound_exact(weight) || !bound_exact(height) ||
        gw_decimal_sign(&height->value->measure.canonical.numerator) <= 0)
        return false;
    inputs_add_datum(e, inputs, weight, NULL);
    inputs_add_datum(e, inputs, height, NULL);
    per_square =
        (struct gw_ratio){height->value->measure.canonical.denominator, height->value->measure.canonical.numerator};
    *out = (struct gw_ratio){gw_decimal_from_int(10000), gw_decimal_from_int(1)}; /* cm2 in m2 */
    e->failed |= !gw_ratio_multiply(e->arena, out, &per_square, out) ||
                 !gw_ratio_multiply(e->arena, out, &per_square, out) ||
                 !gw_ratio_multiply(e->arena, out, &weight->value->measure.canonical, out);
    return !e->failed;
}

/* A measured index wins over a code: weight and height, else a reported index, else a diagnosis. */
static void weigh_bmi(struct engine *e, struct vte_risk *out)
{
    const struct gw_ratio limit = gw_ratio_of(e->in->study->vte.bmi);
    const struct datum *reported = engine_baseline(e, "BMI");
    const enum side side = reported ? bound_side(e, reported, &e->in->study->vte.bmi) : SIDE_UNKNOWN;
    struct gw_ratio own;

    if (own_bmi(e, &own, &out->inputs)) {
        if (gw_ratio_compare(e->arena, &own, &limit) >= 0)
            find(e, out, "BMI");
    } else if (side != SIDE_UNKNOWN) {
        inputs_add_datum(e, &out->inputs, reported, NULL);
        if (side != SIDE_BELOW)
            find(e, out, "BMI");
    } else if (any_risk(e, out, "OBESITY")) {
        find(e, out, "BMI");
    } else {
        miss(out, "NO_BMI");
    }
}

/* Given in the baseline window or on day 1. One that was ordered alone, which is true, was not seen given. */
static bool weigh_erythropoietin(struct engine *e, struct vte_risk *out)
{
    bool ordered = false;

    for (size_t i = 0; i < e->exposure_count; i++) {
        const struct exposure *x = &e->exposures[i];

        if (!x->drug || strcmp(x->drug->role, "ESA") != 0 || x->first > e->anchors.d1 || x->last < e->windows.span_low)
            continue;
        ordered = true;
        if (x->rank == GW_RANK_REQUEST)
            continue;
        note_exposures(e, out, x->substance, e->windows.span_low, e->anchors.d1);
        find(e, out, "ERYTHROPOIETIN");
        return false;
    }
    return ordered;
}

void vte_other_risk(struct engine *e, struct vte_risk *out)
{
    bool older, comorbidity, ordered;

    *out = (struct vte_risk){.found = NULL};
    weigh_age(e, out);
    older = any_began(e, out, is_acute_vte, false, true);
    older |= any_history(e, out);
    if (older)
        find(e, out, "VTE_HISTORY");
    weigh_ecog(e, out);
    comorbidity = any_risk(e, out, NULL);
    comorbidity |= any_began(e, out, is_arterial, true, true);
    comorbidity |= has_infection(e, out);
    if (comorbidity)
        find(e, out, "COMORBIDITY");
    if (any_risk(e, out, "THROMBOPHILIA"))
        find(e, out, "THROMBOPHILIA");
    ordered = weigh_erythropoietin(e, out);
    weigh_bmi(e, out);
    out->unconfirmed |= ordered && !out->found;
}
