/*
 * Were counts, kidneys, liver and thyroid looked at as often as recommended? The gaps of each, by the worst of its
 * concepts.
 *
 * That a test was done is told by any result of it, usable or not; of results between windows the day alone is used.
 * Source: mappings/RULES.md 13; Korean expert recommendations for lenalidomide.
 */
#include <stdlib.h>
#include <string.h>

#include "study/exposure.h"
#include "study/order.h"
#include "study/parameters.h"

struct series { /* the days on which one concept was measured, each once, in order */
    const char *concept;
    const struct datum **data;
    size_t count;
    size_t gaps;
    gw_day first_gap; /* the last day before the first of them */
};

struct watch {
    const struct gw_monitoring_set *set;
    gw_day start; /* day 1 */
    gw_day early; /* the first day of the later rhythm */
    gw_day end;   /* the last day on which a test could be due */
    bool ended;   /* by treatment, death, withdrawal or the cap, not by the horizon alone */
};

/* ---- the time watched ---- */

static gw_day early_until(const struct engine *e, const struct gw_monitoring_set *set)
{
    const size_t cycles = (size_t)set->early_cycles;

    if (e->cycle_count > cycles)
        return e->cycles[cycles].start;
    return e->anchors.d1 + set->early_cycles * cycle_days(e);
}

static struct watch watch_of(const struct engine *e, const struct gw_monitoring_set *set)
{
    const gw_day ends[] = {e->anchors.eot, e->anchors.death, e->anchors.withdrawn, e->anchors.cap};
    struct watch watch = {.set = set, .start = e->anchors.d1, .end = e->in->horizon};

    watch.early = early_until(e, set);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (ends[i] != GW_NO_DAY && ends[i] <= watch.end) {
            watch.end = ends[i];
            watch.ended = true;
        }
    return watch;
}

/* ---- the days ---- */

static bool shows_a_test(struct engine *e, const struct datum *datum, const struct watch *watch)
{
    const struct part *part = engine_part(e, datum->fact, datum->part);
    const bool between = part->final && part->state == GW_STATE_OUTSIDE_WINDOW;

    if (!datum->dated || datum->when.first != datum->when.last || datum->when.first < e->windows.span_low ||
        (part->final && !(between && e->in->study->between_windows != GW_BETWEEN_NONE)))
        return false;
    engine_next_day(e, datum->when.first);
    return datum->when.first <= watch->end;
}

static int by_day(const void *x, const void *y, void *context)
{
    const struct engine *e = context;
    const struct datum *a = *(const struct datum *const *)x, *b = *(const struct datum *const *)y;
    const int order = a->when.first - b->when.first;

    return order_then(order, strcmp(e->versions[a->fact].key, e->versions[b->fact].key));
}

static void gather(struct engine *e, const struct watch *watch, struct series *series)
{
    const struct values values = engine_values(e, series->concept);
    size_t kept = 0;

    series->data = gw_arena_raw(e->arena, (values.count + 1) * sizeof *series->data);
    e->failed |= !series->data;
    for (size_t i = 0; i < values.count && !e->failed; i++)
        if (shows_a_test(e, values.list[i], watch))
            series->data[series->count++] = values.list[i];
    if (series->count > 1)
        qsort_r(series->data, series->count, sizeof *series->data, by_day, e);
    for (size_t i = 0; i < series->count; i++)
        if (kept == 0 || series->data[kept - 1]->when.first != series->data[i]->when.first)
            series->data[kept++] = series->data[i];
    series->count = kept;
}

/* ---- gaps ---- */

/* The last day on which the test that follows one on `day` is in time. */
static gw_day due_by(const struct watch *watch, gw_day day)
{
    const struct gw_monitoring_set *set = watch->set;
    const int every = day < watch->early && set->early_cycles > 0 ? set->early_every_days : set->every_days;

    return day + every + set->slack_days;
}

/* A result between windows is not named, and one that waits for a person goes on waiting. */
static void cite(struct engine *e, struct inputs *inputs, const struct datum *datum)
{
    if (inputs && datum && datum->placed_count > 0)
        inputs_add_datum(e, inputs, datum, NULL);
}

static void note_gap(struct engine *e, struct inputs *inputs, struct series *series, const struct datum *before,
                     gw_day day)
{
    if (series->gaps++ == 0)
        series->first_gap = day;
    cite(e, inputs, before);
}

/*
 * From day 1 on: each test, and in the end the last day, must follow the former in time. inputs NULL: only count; else
 * the results on both sides of a gap, and the last.
 */
static void count_gaps(struct engine *e, const struct watch *watch, struct series *series, struct inputs *inputs)
{
    const struct datum *before = NULL;
    gw_day last = watch->start;

    series->gaps = 0;
    for (size_t i = 0; i < series->count; i++) {
        const struct datum *datum = series->data[i];

        if (datum->when.first > due_by(watch, last)) {
            note_gap(e, inputs, series, before, last);
            cite(e, inputs, datum);
        }
        before = datum;
        last = datum->when.first > last ? datum->when.first : last;
    }
    if (watch->end > due_by(watch, last))
        note_gap(e, inputs, series, before, last);
    else if (!watch->ended)
        engine_next_day(e, due_by(watch, last) + 1);
    cite(e, inputs, before);
}

/* ---- the family ---- */

static void derive_set(struct engine *e, const struct gw_monitoring_set *set)
{
    const struct watch watch = watch_of(e, set);
    struct parameter parameter = {.rule = "monitoring", .date = GW_NO_DAY, .reason = "NO_RESULTS"};
    struct series worst = {.count = 0};

    for (size_t i = 0; i < set->concepts.count && !e->failed; i++) {
        struct series series = {.concept = set->concepts.items[i]};

        gather(e, &watch, &series);
        if (e->failed || series.count == 0)
            continue;
        count_gaps(e, &watch, &series, NULL);
        if (worst.count == 0 || series.gaps > worst.gaps)
            worst = series;
    }
    parameter.name = gw_arena_print(e->arena, "MONGAP_%c", set->id[0]);
    e->failed |= !parameter.name;
    if (worst.count > 0 && !e->failed) {
        count_gaps(e, &watch, &worst, &parameter.inputs);
        parameter.reason = NULL;
        parameter.value = gw_arena_print(e->arena, "%zu", worst.gaps);
        parameter.text = worst.concept;
        parameter.date = worst.gaps > 0 ? worst.first_gap : GW_NO_DAY;
        e->failed |= !parameter.value;
    }
    if (!e->failed)
        parameter_add(e, &parameter);
}

void derive_monitoring(struct engine *e)
{
    const struct gw_monitoring *monitoring = &e->in->study->monitoring;

    for (size_t i = 0; i < monitoring->count && !e->failed; i++)
        derive_set(e, &monitoring->items[i]);
}
