/*
 * Whether a subject was observed as long as planned: to the last day of the schedule, to death or to withdrawal, or how
 * far. Source: mappings/RULES.md 13.
 */
#include "study/parameters.h"

/* The one that comes first, and within the schedule; GW_NO_DAY: neither. */
static gw_day end_of_observation(const struct engine *e, const char **why)
{
    const gw_day death = e->anchors.death, withdrawn = e->anchors.withdrawn;
    const bool died = death != GW_NO_DAY && (withdrawn == GW_NO_DAY || death <= withdrawn);
    const gw_day end = died ? death : withdrawn;

    if (end == GW_NO_DAY || end > e->windows.span_high)
        return GW_NO_DAY;
    *why = died ? "DIED" : "WITHDRAWN";
    return end;
}

static bool was_seen(const struct engine *e)
{
    for (size_t i = 0; i < e->windows.count; i++)
        if (e->window_states[i].last_contact != GW_NO_DAY)
            return true;
    return false;
}

/* No end came before the last planned day: how far was the subject seen? */
static void judge(struct engine *e, struct parameter *p)
{
    const gw_day last = e->windows.span_high, seen = engine_last_contact(e);

    p->date = seen;
    if (!was_seen(e)) {
        p->reason = "NO_CONTACT";
    } else if (e->in->horizon < last) {
        p->text = "ONGOING";
        engine_next_day(e, last);
    } else if (seen >= last - e->in->study->completeness.within_days) {
        p->text = "COMPLETE";
        p->date = last;
    } else {
        p->text = "INCOMPLETE";
    }
}

void derive_completeness(struct engine *e)
{
    struct parameter p = {.name = "COMPLETE", .rule = "completeness"};

    if (!e->in->study->completeness.on)
        return;
    p.date = end_of_observation(e, &p.text);
    if (p.date == GW_NO_DAY)
        judge(e, &p);
    inputs_add_row(e, &p.inputs, e->subject_row->row_id);
    p.value = gw_arena_print(e->arena, "%d", p.date - e->anchors.d1 + 1);
    e->failed |= !p.value;
    if (!e->failed)
        parameter_add(e, &p);
}
