/*
 * Which of several values in a window is meant: anl01 closest to the target, anl02 worst, anl03 last.
 *
 * Preliminary values and partial dates are kept but never flagged. Ties follow mappings/RULES.md 9: later date,
 * later time, later lastUpdated, smaller resource id.
 */
#include <stdlib.h>
#include <string.h>

#include "study/engine.h"
#include "study/order.h"

static bool flaggable(const struct datum *datum)
{
    return datum->measured && !datum->provisional && datum->when.first == datum->when.last;
}

static int distance(const struct placed *placed, const struct datum *datum)
{
    return abs(datum->when.first - placed->window->target);
}

static int64_t update_time(const struct datum *datum)
{
    int64_t time;

    return datum->source->last_updated && gw_instant_read(datum->source->last_updated, &time) ? time : INT64_MIN;
}

/*
 * Later in time, a stated time before none, then later on its server, then the smaller id: above 0 when a comes first.
 * Each mark orders all values alike, so that no three of them go round in a circle.
 */
int engine_later(const struct engine *e, const struct datum *a, const struct datum *b)
{
    int64_t x, y;
    int order;

    if (a->when.first != b->when.first)
        return a->when.first > b->when.first ? 1 : -1;
    if ((a->when.second_of_day >= 0) != (b->when.second_of_day >= 0))
        return a->when.second_of_day >= 0 ? 1 : -1;
    if (a->when.second_of_day >= 0 && (order = gw_when_compare(&a->when, &b->when)) != 0)
        return order;
    x = update_time(a);
    y = update_time(b);
    if (x != y)
        return x > y ? 1 : -1;
    order = strcmp(e->versions[b->fact].key, e->versions[a->fact].key);
    return order_then(order, b->part - a->part);
}

static bool closer(const struct engine *e, const struct placed *a, const struct placed *b)
{
    const struct datum *x = &e->data[a->datum_index], *y = &e->data[b->datum_index];
    const int was = distance(b, y), is = distance(a, x);

    if (is != was)
        return is < was;
    if (x->when.first != y->when.first)
        return (x->when.first > y->when.first) == e->in->study->tie_later;
    return engine_later(e, x, y) > 0;
}

static bool last(const struct engine *e, const struct placed *a, const struct placed *b)
{
    return engine_later(e, &e->data[a->datum_index], &e->data[b->datum_index]) > 0;
}

static int worst_grade(const struct datum *datum)
{
    return datum->graded && datum->value->grade.graded ? datum->value->grade.grade : -1;
}

/* Within a grade the more extreme value: lower for LOW, higher for HIGH; too low and too high are not compared. */
static bool worse(const struct engine *e, const struct placed *a, const struct placed *b)
{
    const struct datum *x = &e->data[a->datum_index], *y = &e->data[b->datum_index];
    int order;

    if (worst_grade(x) != worst_grade(y))
        return worst_grade(x) > worst_grade(y);
    if (worst_grade(x) >= 0 && x->value->grade.direction == y->value->grade.direction && x->value->measure.value_num &&
        y->value->measure.value_num) {
        order = gw_ratio_compare(e->arena, &x->value->measure.canonical, &y->value->measure.canonical);
        if (x->value->grade.direction == GW_LOW)
            order = -order;
        if (order != 0)
            return order > 0;
    }
    return closer(e, a, b);
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

typedef bool better_fn(const struct engine *, const struct placed *, const struct placed *);

static struct placed *pick(const struct engine *e, struct placed *group, size_t count, better_fn *better)
{
    struct placed *best = NULL;

    for (size_t i = 0; i < count; i++)
        if (flaggable(&e->data[group[i].datum_index]) && (!best || better(e, &group[i], best)))
            best = &group[i];
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
        if ((best = pick(e, &e->placed[start], end - start, closer)))
            best->anl01 = true;
        if ((best = pick(e, &e->placed[start], end - start, last)))
            best->anl03 = true;
    }
}

void flag_worst(struct engine *e)
{
    struct placed *best;

    for (size_t start = 0, end; start < e->placed_count; start = end) {
        end = group_end(e, start);
        if ((best = pick(e, &e->placed[start], end - start, worse)))
            best->anl02 = true;
    }
}
