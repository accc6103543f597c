/*
 * The assessments that collect what happened between them: events, changes of medication, changes of dose. What
 * happened is collected at the next one that saw the subject, with its true dates; after missed ones that one reaches
 * back to the last collected, or, if the study says so, to the target of the one missed. Source: mappings/RULES.md 12.
 */
#include "study/engine.h"

/* The last day on which the window saw the subject: what comes after it is for the next one. */
static gw_day seen_until(const struct engine *e, size_t window)
{
    const struct gw_window *w = &e->windows.list[window];

    if (engine_wants_contact(e, w))
        return e->window_states[window].last_contact;
    return w->high;
}

/* Events and intervals belong to the study's first group. A window that truncation left nothing of is none. */
static bool is_assessment(const struct engine *e, size_t window)
{
    const struct gw_window *w = &e->windows.list[window];

    return (w->groups & 1) && (w->rule->contact || e->in->study->continuous) && e->window_states[window].state;
}

static bool collected(const struct engine *e, size_t window)
{
    return gw_same(e->window_states[window].state, "collected");
}

/* No assessment collected since then: false only where the study looks back to the last target, which lies later. */
static bool reaches_back(const struct engine *e, size_t window, gw_day day)
{
    if (e->in->study->event_lookback_last_collected)
        return true;
    while (window-- > 0)
        if (is_assessment(e, window))
            return collected(e, window) || day > e->windows.list[window].target;
    return true;
}

/* The first collected one that saw the day, however far it reaches back; windows.count: none yet. */
static size_t first_after(const struct engine *e, gw_day day)
{
    size_t i = 0;

    while (i < e->windows.count && !(is_assessment(e, i) && collected(e, i) && seen_until(e, i) >= day))
        i++;
    return i;
}

const struct gw_window *engine_assessment(const struct engine *e, gw_day day)
{
    const size_t i = first_after(e, day);

    return i < e->windows.count && reaches_back(e, i, day) ? &e->windows.list[i] : NULL;
}

const char *engine_unassessed(const struct engine *e, gw_day day)
{
    return first_after(e, day) < e->windows.count ? "NO_CONTACT" : "AWAITS_ASSESSMENT";
}

gw_day engine_assessed_until(const struct engine *e)
{
    gw_day last = GW_NO_DAY;

    for (size_t i = 0; i < e->windows.count; i++) {
        const gw_day seen = is_assessment(e, i) && collected(e, i) ? seen_until(e, i) : GW_NO_DAY;
        const bool to_come = seen > e->in->horizon && !engine_wants_contact(e, &e->windows.list[i]);

        if (seen > last)
            last = to_come ? e->in->horizon : seen;
    }
    return last;
}

bool engine_will_see(const struct engine *e, gw_day day)
{
    for (size_t i = 0; i < e->windows.count; i++)
        if (is_assessment(e, i) && collected(e, i) && !engine_wants_contact(e, &e->windows.list[i]) &&
            e->windows.list[i].low <= day && day <= e->windows.list[i].high)
            return true;
    return false;
}
