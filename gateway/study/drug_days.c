/*
 * The days of one drug: of all that its records say, for each day the best evidence there is.
 *
 *      uses ──cut──> spans ──sweep──> stretches          (exposures of them: drug_runs.c)
 *
 * Administered comes before stated, stated before dispensed. Orders stand for a study drug only where nothing better
 * tells of it: an order covers the days of rest too. The sweep goes from one day on which a span begins or ends to the
 * next, never day by day. Source: mappings/RULES.md 14.
 */
#include <stdlib.h>
#include <string.h>

#include "study/exposure.h"
#include "study/marks.h"
#include "study/order.h"
#include "study/supply.h"

struct span {
    const struct use *use;
    gw_day first;
    gw_day last;
    gw_day from; /* the rounds of its rhythm count from here */
    bool shadow; /* an order beside better evidence: it decides nothing */
};

struct sweep {
    struct engine *e;
    const struct bounds *bounds;
    struct span *spans; /* by first day, then as the uses */
    size_t count;
    const struct span **active;
    size_t active_count;
    gw_day *days; /* on which the answer may change */
    size_t day_count;
};

/* ---- cutting ---- */

/* The first capsule of a pack handed over shortly before day 1 is that of day 1: all its cycles move. */
static void cut_supply(const struct engine *e, struct span *span)
{
    const int early = supply_shift(e, span->use);

    span->first += early;
    if (!span->use->rhythm.weekdays)
        span->from += early;
    span->last = supply_last(e, span->use);
}

static bool is_better_than_order(const struct use *use)
{
    return use->rank < GW_RANK_REQUEST && !use->negative;
}

static int by_first(const void *x, const void *y)
{
    const struct span *a = x, *b = y;

    return order_then(ORDER(a->first, b->first), ORDER(a->use, b->use));
}

/* What of a use lies within the bounds; false: nothing. */
static bool span_of(const struct sweep *s, const struct use *use, struct span *out)
{
    *out = (struct span){use, use->first, use->last, use->first, false};
    if (use->problem || use->first == GW_NO_DAY || use->first > s->e->in->horizon || exposure_is_stale(s->e, use))
        return false;
    if (use->negative && out->last == GW_DAY_MAX)
        out->last = out->first; /* that it was not taken says nothing of the days to come */
    if (use->rank == GW_RANK_DISPENSE && !use->negative)
        cut_supply(s->e, out);
    return out->last >= s->bounds->low && out->first <= s->bounds->high;
}

static void clip(const struct sweep *s, struct span *span)
{
    if (span->first < s->bounds->low)
        span->first = s->bounds->low;
    if (span->last > s->bounds->high)
        span->last = s->bounds->high;
    if (span->last > s->e->in->horizon + 1) /* tomorrow's visit may have been told already */
        span->last = GW_DAY_MAX;
}

static void collect(struct sweep *s, const struct use *uses, size_t count)
{
    bool better = false;
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        if (span_of(s, &uses[i], &s->spans[s->count])) {
            better |= is_better_than_order(&uses[i]);
            s->count++;
        }
    qsort(s->spans, s->count, sizeof *s->spans, by_first);
    for (size_t i = 0; i < s->count; i++) {
        s->spans[kept] = s->spans[i];
        s->spans[kept].shadow = s->bounds->study_drug && better && s->spans[i].use->rank == GW_RANK_REQUEST;
        clip(s, &s->spans[kept]);
        if (s->spans[kept].first <= s->spans[kept].last)
            kept++;
    }
    s->count = kept;
    qsort(s->spans, s->count, sizeof *s->spans, by_first);
}

/* ---- which of several ---- */

static void side_with(struct engine *e, struct stretch *stretch, const struct use *use)
{
    if (use->rank == GW_RANK_ADMINISTRATION && use->until > stretch->until)
        stretch->until = use->until;
    marks_note(e, &stretch->facts, &stretch->fact_count, &stretch->fact_capacity, use->fact);
}

static bool same_told(struct engine *e, const struct use *a, const struct use *b)
{
    return dose_equal(e, &a->dose, &b->dose) && rhythm_equal(&a->rhythm, &b->rhythm);
}

/* Other doses, or other rhythms: what one does not tell contradicts nothing. */
static bool contradicts(struct engine *e, const struct use *a, const struct use *b)
{
    if (!a->dose.known || !b->dose.known)
        return false;
    return !dose_equal(e, &a->dose, &b->dose) ||
           (a->rhythm.known && b->rhythm.known && !rhythm_equal(&a->rhythm, &b->rhythm));
}

/* Of one rank: the one whose dose a person told, then that tells most, and by that began last; for equal ones the first
 * by key. */
static bool tells_more(const struct use *a, const struct use *b)
{
    if (!a->decision != !b->decision)
        return a->decision;
    if (a->dose.known != b->dose.known)
        return a->dose.known;
    if (a->rhythm.known != b->rhythm.known)
        return a->rhythm.known;
    return a->first > b->first;
}

static const struct use *choose(const struct sweep *s, enum gw_evidence_rank rank)
{
    const struct use *best = NULL;

    for (size_t i = 0; i < s->active_count; i++) {
        const struct use *use = s->active[i]->use;

        if (use->rank == rank && !use->negative && (!best || tells_more(use, best)))
            best = use;
    }
    return best;
}

static enum gw_evidence_rank best_rank(const struct sweep *s)
{
    enum gw_evidence_rank best = GW_RANK_COUNT;

    for (size_t i = 0; i < s->active_count; i++)
        if (s->active[i]->use->rank < best && !s->active[i]->shadow)
            best = s->active[i]->use->rank;
    return best;
}

static const struct use *negative_of(const struct sweep *s, enum gw_evidence_rank rank)
{
    for (size_t i = 0; i < s->active_count; i++)
        if (s->active[i]->use->rank == rank && s->active[i]->use->negative)
            return s->active[i]->use;
    return NULL;
}

/* The doses of a study drug by one rank on one day must agree; where they do not, none is known. */
static void settle_doses(struct sweep *s, struct stretch *stretch)
{
    for (size_t i = 0; i < s->active_count; i++) {
        const struct use *use = s->active[i]->use;

        if (use->rank != stretch->rank || use->negative)
            continue;
        if (same_told(s->e, use, stretch->use)) {
            side_with(s->e, stretch, use);
        } else if (s->bounds->study_drug && !stretch->use->decision && contradicts(s->e, use, stretch->use)) {
            side_with(s->e, stretch, use);
            stretch->conflict = true;
        }
    }
    if (!stretch->conflict)
        return;
    stretch->dose = (struct intake){.known = false};
    stretch->rhythm = (struct rhythm){.known = false, .every = 1, .days = 1, .times = 1};
}

/* ---- several administrations on one day ---- */

static bool is_told_twice(const struct sweep *s, size_t index)
{
    const struct use *use = s->active[index]->use;

    for (size_t i = 0; i < index; i++) {
        const struct use *other = s->active[i]->use;

        if (other->rank == use->rank && !other->negative && other->utc == use->utc &&
            dose_equal(s->e, &other->dose, &use->dose))
            return true;
    }
    return false;
}

static void add_intake(struct engine *e, struct stretch *stretch, const struct use *use)
{
    struct intake *dose = &stretch->dose;

    if (!use->dose.known || !dose->known || use->dose.kind != dose->kind) {
        dose->known = false;
        return;
    }
    if (dose_equal(e, dose, &use->dose)) {
        stretch->rhythm.times++;
        return;
    }
    dose_add(e, dose, stretch->rhythm.times, &use->dose, 1);
    stretch->rhythm.times = 1;
}

/* Given at different times they add up; of those without a time equal ones are one, and others contradict it. */
static void add_up_day(struct sweep *s, struct stretch *stretch)
{
    bool timed = true;
    size_t first = s->active_count;

    for (size_t i = 0; i < s->active_count; i++) {
        const struct use *use = s->active[i]->use;

        if (use->rank != GW_RANK_ADMINISTRATION || use->negative || is_told_twice(s, i))
            continue;
        timed &= use->utc >= 0;
        first = i < first ? i : first;
    }
    if (!timed) {
        settle_doses(s, stretch);
        return;
    }
    stretch->use = s->active[first]->use;
    stretch->dose = stretch->use->dose;
    stretch->rhythm = stretch->use->rhythm;
    for (size_t i = first; i < s->active_count; i++) {
        const struct use *use = s->active[i]->use;

        if (use->rank != GW_RANK_ADMINISTRATION || use->negative)
            continue;
        side_with(s->e, stretch, use);
        if (i > first && !is_told_twice(s, i))
            add_intake(s->e, stretch, use);
    }
}

/* ---- the sweep ---- */

static void set_daily(struct engine *e, struct stretch *stretch)
{
    const struct gw_ratio times =
        gw_ratio_of(gw_decimal_from_int(stretch->rhythm.times > 0 ? stretch->rhythm.times : 1));

    if (stretch->dose.known && !e->failed)
        e->failed |= !gw_ratio_multiply(e->arena, &stretch->dose.amount, &times, &stretch->daily);
}

/* Of the facts that stand here those that do not side with it. */
static void name_others(struct sweep *s, struct stretch *stretch)
{
    for (size_t i = 0; i < s->active_count; i++)
        marks_note(s->e, &stretch->others, &stretch->other_count, &stretch->other_capacity, s->active[i]->use->fact);
}

static gw_day rounds_from(const struct sweep *s, const struct use *use)
{
    for (size_t i = 0; i < s->active_count; i++)
        if (s->active[i]->use == use)
            return s->active[i]->from;
    return use->first;
}

static void decide(struct sweep *s, gw_day first, gw_day last, struct stretch *out)
{
    const enum gw_evidence_rank rank = best_rank(s);
    const struct use *use = choose(s, rank), *negative = negative_of(s, rank);

    *out = (struct stretch){
        .first = first, .last = last, .until = last, .rank = rank, .negative = !use, .use = use ? use : negative};
    out->from = rounds_from(s, out->use);
    marks_begin(s->e);
    if (!use) {
        side_with(s->e, out, negative);
    } else {
        out->dose = use->dose;
        out->rhythm = use->rhythm;
        if (rank == GW_RANK_ADMINISTRATION)
            add_up_day(s, out);
        else
            settle_doses(s, out);
        set_daily(s->e, out);
    }
    if (out->until > s->bounds->high && out->last <= s->bounds->high)
        out->until = s->bounds->high;
    name_others(s, out);
}

static bool same_records(const struct stretch *a, const struct stretch *b)
{
    if (a->use != b->use || a->negative != b->negative || a->conflict != b->conflict ||
        a->fact_count != b->fact_count || a->other_count != b->other_count)
        return false;
    return memcmp(a->facts, b->facts, a->fact_count * sizeof *a->facts) == 0 &&
           (a->other_count == 0 || memcmp(a->others, b->others, a->other_count * sizeof *a->others) == 0);
}

static void keep(struct engine *e, struct stretches *out, const struct stretch *stretch)
{
    struct stretch *last = out->count ? &out->list[out->count - 1] : NULL;
    struct stretch *slot;

    if (last && last->last + 1 == stretch->first && same_records(last, stretch)) {
        last->last = stretch->last;
        last->until = stretch->until;
        return;
    }
    slot = GW_ARENA_PUSH(e->arena, out->list, out->count, out->capacity);
    if (slot)
        *slot = *stretch;
    else
        e->failed = true;
}

static int by_day(const void *x, const void *y)
{
    const gw_day a = *(const gw_day *)x, b = *(const gw_day *)y;

    return ORDER(a, b);
}

static void find_days(struct sweep *s)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->count; i++) {
        s->days[s->day_count++] = s->spans[i].first;
        s->days[s->day_count++] = s->spans[i].last < GW_DAY_MAX ? s->spans[i].last + 1 : GW_DAY_MAX;
    }
    qsort(s->days, s->day_count, sizeof *s->days, by_day);
    for (size_t i = 0; i < s->day_count; i++)
        if (kept == 0 || s->days[kept - 1] != s->days[i])
            s->days[kept++] = s->days[i];
    s->day_count = kept;
}

static void drop_ended(struct sweep *s, gw_day day)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->active_count; i++)
        if (s->active[i]->last >= day)
            s->active[kept++] = s->active[i];
    s->active_count = kept;
}

static void run(struct sweep *s, struct stretches *out)
{
    size_t next = 0;

    for (size_t d = 0; d + 1 < s->day_count && !s->e->failed; d++) {
        const gw_day last = s->days[d + 1] == GW_DAY_MAX ? GW_DAY_MAX : s->days[d + 1] - 1;
        struct stretch stretch;

        drop_ended(s, s->days[d]);
        while (next < s->count && s->spans[next].first == s->days[d])
            s->active[s->active_count++] = &s->spans[next++];
        if (best_rank(s) == GW_RANK_COUNT)
            continue;
        decide(s, s->days[d], last, &stretch);
        if (!s->e->failed)
            keep(s->e, out, &stretch);
    }
}

void days_find(struct engine *e, const struct use *uses, size_t count, const struct bounds *bounds,
               struct stretches *out)
{
    struct sweep s = {.e = e, .bounds = bounds};

    *out = (struct stretches){0};
    s.spans = gw_arena_alloc(e->arena, (count + 1) * sizeof *s.spans);
    s.active = gw_arena_alloc(e->arena, (count + 1) * sizeof *s.active);
    s.days = gw_arena_alloc(e->arena, (2 * count + 1) * sizeof *s.days);
    if (!s.spans || !s.active || !s.days) {
        e->failed = true;
        return;
    }
    collect(&s, uses, count);
    find_days(&s);
    run(&s, out);
}
