/*
 * Which of several values in a window is meant: anl01 closest to the target, anl02 worst, anl03 last.
 *
 * Preliminary values and partial dates are kept but never flagged. Ties follow mappings/RULES.md 9: later date,
 * later time, later lastUpdated, smaller resource id.
 */
#include <stdlib.h>
#include <string.h>

#include "study/flags.h"
#include "study/order.h"

static bool flaggable(const struct datum *datum)
{
    return datum->measured && !datum->provisional && datum->when.first == datum->when.last;
}

static int64_t update_time(const struct contender *c)
{
    int64_t time;

    return c->last_updated && gw_instant_read(c->last_updated, &time) ? time : INT64_MIN;
}

/*
 * Later in time, a stated time before none, then later on its server, then the smaller id: above 0 when a comes first.
 * Each mark orders all values alike, so that no three of them go round in a circle.
 */
static int later(const struct contender *a, const struct contender *b)
{
    int64_t x, y;
    int order;

    if (a->when->first != b->when->first)
        return a->when->first > b->when->first ? 1 : -1;
    if ((a->when->second_of_day >= 0) != (b->when->second_of_day >= 0))
        return a->when->second_of_day >= 0 ? 1 : -1;
    if (a->when->second_of_day >= 0 && (order = gw_when_compare(a->when, b->when)) != 0)
        return order;
    x = update_time(a);
    y = update_time(b);
    if (x != y)
        return x > y ? 1 : -1;
    order = strcmp(b->key, a->key);
    return order_then(order, b->part - a->part);
}

bool flag_last(const struct engine *e, const struct contender *a, const struct contender *b)
{
    (void)e;
    return later(a, b) > 0;
}

bool flag_closer(const struct engine *e, const struct contender *a, const struct contender *b)
{
    if (a->distance != b->distance)
        return a->distance < b->distance;
    if (a->when->first != b->when->first)
        return (a->when->first > b->when->first) == e->in->study->tie_later;
    return later(a, b) > 0;
}

/* Within a grade the more extreme value: lower for LOW, higher for HIGH; too low and too high are not compared. */
bool flag_worse(const struct engine *e, const struct contender *a, const struct contender *b)
{
    int order;

    if (a->grade != b->grade)
        return a->grade > b->grade;
    if (a->grade >= 0 && a->direction == b->direction && a->value && b->value) {
        order = gw_ratio_compare(e->arena, a->value, b->value);
        if (a->direction == GW_LOW)
            order = -order;
        if (order != 0)
            return order > 0;
    }
    return flag_closer(e, a, b);
}

/* ---- data ---- */

static struct contender contender_of(const struct engine *e, const struct datum *datum, gw_day target)
{
    const struct appraisal *value = datum->value;

    return (struct contender){.when = &datum->when,
                              .distance = abs(datum->when.first - target),
                              .grade = datum->graded && value->grade.graded ? value->grade.grade : -1,
                              .direction = value->grade.direction,
                              .value = value->measure.value_num ? &value->measure.canonical : NULL,
                              .last_updated = datum->source->last_updated,
                              .key = e->versions[datum->fact].key,
                              .part = datum->part};
}

int engine_later(const struct engine *e, const struct datum *a, const struct datum *b)
{
    const struct contender x = contender_of(e, a, a->when.first), y = contender_of(e, b, b->when.first);

    return later(&x, &y);
}

/* ---- groups of (window, concept) ---- */

static const char *concept_of(const struct engine *e, const struct placed *placed)
{
    return e->data[placed->datum_index].code.lab->concept;
}

static int by_window_and_concept(const void *x, const void *y, void *context)
{
    const struct engine *e = context;
    const struct placed *a = x, *b = y;

    if (a->window_index != b->window_index)
        return ORDER(a->window_index, b->window_index);
    return strcmp(concept_of(e, a), concept_of(e, b));
}

static bool usable(const struct engine *e, const struct placed *placed)
{
    const struct datum *datum = &e->data[placed->datum_index];

    return datum->placed_count > 0 && datum->measured;
}

/* Leave only what became a value, sorted by window and concept. */
static void sort_placed(struct engine *e)
{
    size_t kept = 0;

    for (size_t i = 0; i < e->placed_count; i++)
        if (usable(e, &e->placed[i]))
            e->placed[kept++] = e->placed[i];
    e->placed_count = kept;
    if (kept > 1)
        qsort_r(e->placed, kept, sizeof *e->placed, by_window_and_concept, e);
}

static struct placed *pick(const struct engine *e, struct placed *group, size_t count, flag_order *before)
{
    struct placed *best = NULL;
    struct contender first;

    for (size_t i = 0; i < count; i++) {
        const struct datum *datum = &e->data[group[i].datum_index];
        const struct contender one = contender_of(e, datum, group[i].window->target);

        if (!flaggable(datum) || (best && !before(e, &one, &first)))
            continue;
        best = &group[i];
        first = one;
    }
    return best;
}

static size_t group_end(const struct engine *e, size_t start)
{
    size_t end = start + 1;

    while (end < e->placed_count && by_window_and_concept(&e->placed[start], &e->placed[end], (void *)e) == 0)
        end++;
    return end;
}

void stage_flag(struct engine *e)
{
    struct placed *best;

    sort_placed(e);
    for (size_t start = 0, end; start < e->placed_count; start = end) {
        end = group_end(e, start);
        if ((best = pick(e, &e->placed[start], end - start, flag_closer)))
            best->anl01 = true;
        if ((best = pick(e, &e->placed[start], end - start, flag_last)))
            best->anl03 = true;
    }
}

void flag_worst(struct engine *e)
{
    struct placed *best;

    for (size_t start = 0, end; start < e->placed_count; start = end) {
        end = group_end(e, start);
        if ((best = pick(e, &e->placed[start], end - start, flag_worse)))
            best->anl02 = true;
    }
}
