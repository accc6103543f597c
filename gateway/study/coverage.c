/*
 * Days with a drug, counted over a period. Source: mappings/RULES.md 13.
 */
#include "study/coverage.h"

struct period first_cycles(struct engine *e, int cycles)
{
    const bool begun = e->cycle_count > (size_t)cycles;
    const gw_day planned = begun ? e->cycles[cycles].start : e->anchors.d1 + cycles * cycle_days(e);
    struct period period = {.first = e->anchors.d1, .last = treated_until(e, planned - 1)};

    period.reason = doses_unseen(e, period.last);
    return period;
}

/* Taken as needed, on days that nobody knows, it covers none. */
static bool covers(const struct engine *e, const struct exposure *x, coverage_fn *counts, void *context)
{
    return !x->rhythm.as_needed && counts(e, x, context);
}

/* Any day of the period. */
static bool meets(const struct period *period, const struct exposure *exposure)
{
    return exposure->first <= period->last && exposure->last >= period->first;
}

static void count_day(const struct engine *e, gw_day day, coverage_fn *counts, void *context, struct coverage *out)
{
    bool taken = false, told = false;

    for (size_t i = 0; i < e->exposure_count; i++) {
        const struct exposure *x = &e->exposures[i];

        if (x->first > day || x->last < day || !covers(e, x, counts, context))
            continue;
        taken = true;
        told |= x->rank != GW_RANK_REQUEST;
    }
    out->days += taken;
    out->intended |= taken && !told;
}

void coverage_of(struct engine *e, const struct period *period, coverage_fn *counts, void *context,
                 struct coverage *out)
{
    out->days = 0;
    out->intended = false;
    for (size_t i = 0; out->inputs && i < e->exposure_count; i++)
        if (meets(period, &e->exposures[i]) && covers(e, &e->exposures[i], counts, context))
            inputs_add_exposure(e, out->inputs, &e->exposures[i]);
    for (gw_day day = period->first; day <= period->last; day++)
        count_day(e, day, counts, context, out);
}

bool coverage_reaches(const struct period *period, int days, int percent)
{
    return days * 100 >= percent * (period->last - period->first + 1);
}
