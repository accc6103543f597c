/*
 * The days of a substance, looked up. Source: mappings/RULES.md 14.
 */
#include "study/exposure.h"

#include <string.h>

size_t exposures_of(const struct engine *e, const char *substance, const struct exposure **list)
{
    size_t first = 0, count = 0;

    while (first < e->exposure_count && strcmp(e->exposures[first].substance, substance) != 0)
        first++;
    while (first + count < e->exposure_count && strcmp(e->exposures[first + count].substance, substance) == 0)
        count++;
    *list = e->exposures ? &e->exposures[first] : NULL;
    return count;
}

const struct exposure *exposure_on(const struct engine *e, const char *substance, gw_day day)
{
    const struct exposure *list;
    const size_t count = exposures_of(e, substance, &list);

    for (size_t i = 0; i < count; i++)
        if (list[i].first <= day && day <= list[i].last)
            return &list[i];
    return NULL;
}

/* The last day, at or before a day, on which an exposure's rhythm takes a dose. */
static gw_day last_dose_in(const struct exposure *exposure, gw_day day)
{
    const gw_day until = day < exposure->last ? day : exposure->last;
    const int every = exposure->every > 0 ? exposure->every : 1;

    return exposure->every == 0 ? exposure->first : exposure->first + (until - exposure->first) / every * every;
}

gw_day last_dose_day(const struct engine *e, const char *substance, gw_day day)
{
    const struct exposure *list;
    const size_t count = exposures_of(e, substance, &list);
    gw_day last = GW_NO_DAY;

    for (size_t i = 0; i < count; i++)
        if (list[i].first <= day)
            last = last_dose_in(&list[i], day);
    return last;
}

int doses_until(const struct engine *e, const char *substance, gw_day day)
{
    const struct exposure *list;
    const size_t count = exposures_of(e, substance, &list);
    int doses = 0;

    for (size_t i = 0; i < count; i++)
        if (list[i].first <= day)
            doses += list[i].every == 0 ? 1 : (last_dose_in(&list[i], day) - list[i].first) / list[i].every + 1;
    return doses;
}

const struct cycle *cycle_on(const struct engine *e, gw_day day)
{
    for (size_t i = 0; i < e->cycle_count; i++)
        if (e->cycles[i].start <= day && day < e->cycles[i].next)
            return &e->cycles[i];
    return NULL;
}

/* Nothing is derived from drug records yet but the anchors. */
void stage_exposure(struct engine *e)
{
    (void)e;
}
