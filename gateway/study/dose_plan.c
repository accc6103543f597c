/*
 * The days on which an injected drug is planned: those of its first doses, then every so many days of each phase, to
 * the last day of the schedule, death or withdrawal. Source: mappings/RULES.md 14.
 */
#include "study/exposure.h"
#include "study/parameters.h"

static void add_day(struct engine *e, struct dose_plan *plan, gw_day day)
{
    gw_day *slot = day <= plan->high ? GW_ARENA_PUSH(e->arena, plan->days, plan->count, plan->capacity) : NULL;

    if (slot)
        *slot = day;
    e->failed |= day <= plan->high && !slot;
}

/* Who did not respond goes on as in the last phase that is for all. */
static int days_without_response(const struct gw_dose_phase *phases, size_t index)
{
    while (index > 0 && phases[index].responders)
        index--;
    return phases[index].every_days;
}

/* Every so many days of a phase. One for responders is open until the response is known. */
static bool add_phase(struct engine *e, struct dose_plan *plan, size_t index)
{
    const struct gw_dose_phase *phases = e->in->study->schedule.phases.items, *phase = &phases[index];
    const struct parameter *response = parameter_find(e, "ORR");
    const gw_day last = phase->last_week ? e->anchors.d1 + 7 * phase->last_week - 1 : plan->high;
    int every = phase->every_days;

    if (phase->responders && (!response || response->reason))
        return false;
    if (phase->responders && gw_same(response->text, "N"))
        every = days_without_response(phases, index);
    for (gw_day day = e->anchors.d1 + 7 * (phase->first_week - 1); day <= last && day <= plan->high && !e->failed;
         day += every)
        add_day(e, plan, day);
    return true;
}

static gw_day last_planned(const struct engine *e)
{
    return gw_day_earlier(e->windows.span_high, gw_day_earlier(e->anchors.death, e->anchors.withdrawn));
}

void dose_plan_make(struct engine *e, struct dose_plan *out)
{
    const struct gw_dose_schedule *schedule = &e->in->study->schedule;

    *out = (struct dose_plan){.high = last_planned(e)};
    for (size_t i = 0; i < schedule->doses.count && !e->failed; i++)
        add_day(e, out, e->anchors.d1 + schedule->doses.items[i].elapsed);
    for (size_t i = 0; i < schedule->phases.count && !e->failed; i++)
        if (!add_phase(e, out, i))
            return;
}

bool dose_given_near(const struct engine *e, gw_day day)
{
    const int days = e->in->study->schedule.window_days;

    return doses_until(e, e->in->study->schedule.drug, day + days) >
           doses_until(e, e->in->study->schedule.drug, day - days - 1);
}
