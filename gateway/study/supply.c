/*
 * How long a pack lasts: for what was handed over, up to the next pack of the drug or to the day it was stopped, with
 * all its cycles. Source: mappings/RULES.md 14.
 */
#include "study/supply.h"

int supply_shift(const struct engine *e, const struct use *use)
{
    return use_is_study_drug(use) ? use_handed_early(e, use->start.first) : 0;
}

/* The first day of the pack, of which the use may be a later cycle. */
static gw_day begun(const struct engine *e, const struct use *use)
{
    return use->start.first + supply_shift(e, use);
}

static bool is_told(const struct engine *e, const struct use *use)
{
    return !use->problem && !use->negative && use->first != GW_NO_DAY && use->first <= e->in->horizon;
}

static gw_day left_by_pack(const struct engine *e, const struct use *use, const struct use *other)
{
    const bool next = other->rank == GW_RANK_DISPENSE && is_told(e, other) && begun(e, other) > begun(e, use);

    return next ? begun(e, other) - 1 : GW_DAY_MAX;
}

static gw_day left_by_stop(const struct engine *e, const struct use *use, const struct use *other)
{
    const bool stop =
        other->rank != GW_RANK_DISPENSE && other->stopped && is_told(e, other) && other->last >= begun(e, use);

    return stop ? other->last : GW_DAY_MAX;
}

typedef gw_day leaves_fn(const struct engine *e, const struct use *use, const struct use *other);

/* What the records of the drug leave of it. */
static gw_day least(const struct engine *e, const struct use *use, leaves_fn *left_by, gw_day last)
{
    const struct use *other = use;

    while (other > e->uses && gw_same(other[-1].substance, use->substance))
        other--;
    for (; other < e->uses + e->use_count && gw_same(other->substance, use->substance); other++) {
        const gw_day left = left_by(e, use, other);

        last = left < last ? left : last;
    }
    return last;
}

gw_day supply_handed(const struct engine *e, const struct use *use)
{
    const gw_day last = use->last < GW_DAY_MAX ? use->last + supply_shift(e, use) : GW_DAY_MAX;

    return least(e, use, left_by_pack, last);
}

gw_day supply_last(const struct engine *e, const struct use *use)
{
    return least(e, use, left_by_stop, supply_handed(e, use));
}
