/*
 * Which Encounters were stays in a hospital, and when. Source: mappings/RULES.md 12.
 */
#include "study/stays.h"
#include "study/order.h"

#include <stdlib.h>
#include <string.h>

enum gw_date_verdict stay_days(const struct engine *e, const struct gw_period *period, bool assume, gw_day *first,
                               gw_day *last)
{
    const struct gw_zone *zone = gw_site_zone(e->in->site);
    enum gw_date_verdict verdict;
    struct gw_when start, end;

    if (!period->start)
        return GW_DATE_MALFORMED;
    verdict = gw_when_read(period->start, zone, assume, &start);
    if (verdict != GW_DATE_OK)
        return verdict;
    if (start.precision < GW_PRECISION_DAY)
        return GW_DATE_MALFORMED;
    *first = start.first;
    *last = GW_DAY_MAX;
    if (period->end) {
        verdict = gw_when_read(period->end, zone, assume, &end);
        if (verdict != GW_DATE_OK)
            return verdict;
        *last = end.last > *first ? end.last : *first;
    }
    return GW_DATE_OK;
}

static bool is_admission(const struct engine *e, const struct gw_fact *fact)
{
    const struct gw_texts *classes = &e->in->study->events.seriousness.classes;

    return gw_is_among(classes->items, classes->count, fact->encounter.class_code.code) &&
           (fact->standing == GW_ACCEPTED || fact->standing == GW_PROVISIONAL) && !fact->modifier_extension;
}

static int by_start(const void *x, const void *y, void *context)
{
    const struct engine *e = context;
    const struct hospital_stay *a = x, *b = y;

    if (a->first != b->first)
        return ORDER(a->first, b->first);
    return strcmp(e->versions[a->fact].key, e->versions[b->fact].key);
}

struct stays stays_read(struct engine *e)
{
    const size_t room = e->in->fact_count + 1;
    struct stays stays = {.list = gw_arena_alloc(e->arena, room * sizeof *stays.list),
                          .reach = gw_arena_alloc(e->arena, room * sizeof *stays.reach)};

    e->failed |= !stays.list || !stays.reach;
    for (size_t i = 0; i < e->in->fact_count && !e->failed; i++) {
        const struct gw_fact *fact = &e->in->facts[i];
        struct hospital_stay *stay = &stays.list[stays.count];

        if (fact->type != GW_ENCOUNTER || !e->versions[i].current || !is_admission(e, fact))
            continue;
        stay->fact = i;
        if (stay_days(e, &fact->encounter.period, gw_site_assumes_zone(e->in->site), &stay->first, &stay->last) !=
            GW_DATE_OK)
            continue;
        engine_next_day(e, stay->first);
        stays.count += stay->first <= e->in->horizon;
    }
    if (stays.count > 1)
        qsort_r(stays.list, stays.count, sizeof *stays.list, by_start, e);
    for (size_t i = 0; i < stays.count; i++)
        stays.reach[i] = i > 0 && stays.reach[i - 1] > stays.list[i].last ? stays.reach[i - 1] : stays.list[i].last;
    return stays;
}

size_t stays_from(const struct stays *stays, gw_day day)
{
    size_t low = 0, high = stays->count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (stays->reach[middle] < day)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
