/*
 * The starting dose that renal function and counts at baseline ask for, and whether treatment began with it.
 * Source: mappings/RULES.md 13; Korean expert recommendations for lenalidomide, Figure 1.
 */
#include "study/start_dose.h"

#include "study/bound.h"
#include "study/exposure.h"
#include "study/renal.h"

struct expected_dose {               /* what the table says of the subject */
    const struct gw_start_dose *row; /* NULL: the parameter says why */
    struct parameter parameter;
};

/* ---- inputs ---- */

/* A count below its bound. False: a reason is set. */
static bool is_low(struct engine *e, struct expected_dose *out, const char *concept, const struct gw_decimal *bound,
                   const char *missing, const char *open, bool *low)
{
    const struct datum *datum = engine_baseline(e, concept);
    const enum side side = datum ? bound_side(e, datum, bound) : SIDE_UNKNOWN;

    if (datum)
        inputs_add_datum(e, &out->parameter.inputs, datum, NULL);
    if (!datum)
        out->parameter.reason = missing;
    else if (side == SIDE_UNKNOWN)
        out->parameter.reason = open;
    *low |= side == SIDE_BELOW || (side == SIDE_AT && e->in->study->start_dose.equal_is_cytopenic);
    return !out->parameter.reason;
}

static bool read_counts(struct engine *e, struct expected_dose *out, bool *cytopenic)
{
    const struct gw_start_dose_rules *rules = &e->in->study->start_dose;

    *cytopenic = false;
    return is_low(e, out, "ANC", &rules->anc, "NO_BASELINE_ANC", "ANC_NOT_EXACT", cytopenic) &&
           is_low(e, out, "PLT", &rules->platelets, "NO_BASELINE_PLATELETS", "PLATELETS_NOT_EXACT", cytopenic);
}

static bool read_renal(struct engine *e, struct expected_dose *out, struct renal *renal)
{
    renal_on(e, engine_baseline(e, "CREAT"), NULL, renal);
    out->parameter.inputs = renal->inputs;
    out->parameter.decision = renal->decision ? renal->decision : renal->clearance.age.decision;
    out->parameter.reason = renal_reason(renal);
    return !out->parameter.reason;
}

/* ---- the table ---- */

/* Whoever is on dialysis has rows of their own, whatever the clearance. *open: the age decides. */
static bool fits(const struct engine *e, const struct renal *renal, const struct gw_start_dose *row, bool *open)
{
    const int low = row->crcl_low ? renal_side(e, renal, row->crcl_low) : 1;
    const int high = row->crcl_high ? renal_side(e, renal, row->crcl_high) : -1;

    if (renal->dialysis || row->dialysis)
        return renal->dialysis && row->dialysis;
    *open |= low == 0 || high == 0;
    return low > 0 && high < 0;
}

static void look_up(struct engine *e, const struct renal *renal, bool cytopenic, struct expected_dose *out)
{
    const struct gw_start_dose_rules *rules = &e->in->study->start_dose;
    bool open = false;

    for (size_t i = 0; i < rules->rows.count && !out->row; i++)
        if (rules->rows.items[i].cytopenic == cytopenic && fits(e, renal, &rules->rows.items[i], &open))
            out->row = &rules->rows.items[i];
    if (out->row)
        return;
    out->parameter.reason = open ? "AGE_AMBIGUOUS" : "NO_ROW";
    if (open)
        age_ask(e);
}

static const char *dose_text(struct engine *e, const struct gw_start_dose *row)
{
    const char *dose = gw_decimal_print(e->arena, &row->dose);
    const char *text =
        dose ? gw_arena_print(e->arena, "%s mg %s", dose, row->frequency == GW_DAILY ? "daily" : "every other day")
             : NULL;

    e->failed |= !text;
    return text;
}

/* ---- what treatment began with ---- */

enum schedule {
    SCHEDULE_UNKNOWN,
    SCHEDULE_DAILY,
    SCHEDULE_ALTERNATE,
    SCHEDULE_OTHER,
};

static enum schedule schedule_of(const struct exposure *exposure)
{
    const struct rhythm *rhythm = &exposure->rhythm;

    if (!rhythm->known || rhythm->every == 0)
        return SCHEDULE_UNKNOWN;
    if (rhythm->every == 1) /* days in a row, then rest, are daily too: exposures hold the days in a row */
        return SCHEDULE_DAILY;
    return rhythm->every == 2 ? SCHEDULE_ALTERNATE : SCHEDULE_OTHER;
}

/* A single dose tells no rhythm: then what follows it in the first cycle does, once an assessment told of it. */
static enum schedule first_schedule(const struct engine *e, const struct exposure *list, size_t count)
{
    const gw_day seen = doses_seen_until(e);
    enum schedule schedule = SCHEDULE_UNKNOWN;

    for (size_t i = 0; i < count && schedule == SCHEDULE_UNKNOWN; i++)
        if (list[i].first - list[0].first < cycle_days(e) && list[i].first <= seen)
            schedule = schedule_of(&list[i]);
    return schedule;
}

/* On the treatment days of a cycle; alternate days begin with the first. */
static struct gw_ratio mg_per_cycle(struct engine *e, const struct gw_ratio *dose, enum schedule schedule)
{
    const int days = e->in->study->exposure.treatment_days;
    const int doses = schedule == SCHEDULE_ALTERNATE ? (days + 1) / 2 : days;
    const struct gw_ratio factor = gw_ratio_of(gw_decimal_from_int(doses));
    struct gw_ratio amount = *dose;

    e->failed |= !gw_ratio_multiply(e->arena, dose, &factor, &amount);
    return amount;
}

static const char *compare(struct engine *e, const struct gw_start_dose *row, const struct gw_ratio *dose,
                           enum schedule schedule)
{
    const enum schedule wanted = row->frequency == GW_DAILY ? SCHEDULE_DAILY : SCHEDULE_ALTERNATE;
    const struct gw_ratio own = gw_ratio_of(row->dose), expected = gw_ratio_of(row->mg_per_cycle);
    struct gw_ratio actual;
    int order;

    if (schedule == SCHEDULE_OTHER)
        return "OTHER_SCHEDULE";
    if (schedule == wanted && gw_ratio_compare(e->arena, dose, &own) == 0)
        return "CONCORDANT";
    actual = mg_per_cycle(e, dose, schedule);
    order = gw_ratio_compare(e->arena, &actual, &expected);
    return order > 0 ? "HIGHER" : order < 0 ? "LOWER" : "OTHER_SCHEDULE";
}

/* Whether what follows tells the rhythm is known once the first cycle is, as far as treatment went. */
static const char *no_schedule(struct engine *e, const struct exposure *first)
{
    const char *const unseen = doses_unseen(e, treated_until(e, first->first + cycle_days(e) - 1));

    return unseen ? unseen : "SCHEDULE_NOT_KNOWN";
}

static void judge_exposure(struct engine *e, const struct gw_start_dose *row, const struct exposure *list, size_t count,
                           struct parameter *out)
{
    const enum schedule schedule = first_schedule(e, list, count);

    out->reason = doses_unseen(e, list[0].first);
    if (out->reason)
        return;
    inputs_add_exposure(e, &out->inputs, &list[0]);
    out->date = list[0].first;
    out->unconfirmed |= list[0].rank == GW_RANK_REQUEST; /* ordered, and nothing says that it was taken */
    if (!list[0].has_dose || !gw_same(list[0].unit, "mg"))
        out->reason = "DOSE_NOT_KNOWN";
    else if (schedule == SCHEDULE_UNKNOWN)
        out->reason = no_schedule(e, &list[0]);
    else
        out->text = compare(e, row, &list[0].dose, schedule);
}

static void judge(struct engine *e, const struct expected_dose *expected, struct parameter *out)
{
    const struct exposure *list;
    const size_t count = exposures_of(e, e->in->study->start_dose.drug, &list);

    out->reason = expected->parameter.reason;
    out->decision = expected->parameter.decision;
    out->unconfirmed = expected->parameter.unconfirmed;
    inputs_add_all(e, &out->inputs, &expected->parameter.inputs);
    if (!out->reason && count == 0)
        out->reason = "NO_EXPOSURE";
    if (!out->reason)
        judge_exposure(e, expected->row, list, count, out);
}

/* ---- the family ---- */

static void find_expected(struct engine *e, struct expected_dose *out)
{
    struct renal renal;
    bool cytopenic;

    *out = (struct expected_dose){.parameter = {.name = "EXPDOSE", .rule = "start-dose", .date = e->anchors.d1}};
    if (read_renal(e, out, &renal) && read_counts(e, out, &cytopenic))
        look_up(e, &renal, cytopenic, out);
    if (!out->row)
        return;
    out->parameter.value = gw_decimal_print(e->arena, &out->row->dose);
    out->parameter.text = dose_text(e, out->row);
    out->parameter.unconfirmed = e->in->study->renal.formula == GW_CLEARANCE_MDRD; /* indexed to 1.73 m2 */
    e->failed |= !out->parameter.value;
}

/* Found when first asked for: cycles are planned by it before its parameter is there. NULL: out of memory, noted. */
static const struct expected_dose *expected_of(struct engine *e)
{
    if (e->expected_dose)
        return e->expected_dose;
    e->expected_dose = gw_arena_alloc(e->arena, sizeof *e->expected_dose);
    e->failed |= !e->expected_dose;
    if (e->expected_dose)
        find_expected(e, e->expected_dose);
    return e->expected_dose;
}

const struct gw_start_dose *start_dose_expected(struct engine *e)
{
    const bool on = e->in->study->start_dose.on && e->in->study->renal.on;
    const struct expected_dose *expected = on ? expected_of(e) : NULL;

    return expected ? expected->row : NULL;
}

void derive_start_dose(struct engine *e)
{
    struct parameter concordance = {.name = "CONCORD", .rule = "start-dose-concordance", .date = GW_NO_DAY};
    const struct expected_dose *expected;

    if (!e->in->study->start_dose.on || !e->in->study->renal.on)
        return;
    expected = expected_of(e);
    if (e->failed)
        return;
    parameter_add(e, &expected->parameter);
    judge(e, expected, &concordance);
    if (e->failed)
        return;
    parameter_add(e, &concordance);
    e->subject_row->expected_start_dose = parameter_summary(&expected->parameter);
    e->subject_row->concordance = parameter_summary(&concordance);
}
