/*
 * Windows of the subject, and whether routine care brought the subject in.
 *
 * A window is collected only if a routine contact lies in it: an accepted Encounter of an accepted class whose period
 * meets the window, or, where a hospital offers no Encounters, any final Observation or completed administration. The
 * assessment date is the contact day closest to the target; of two as close the later. Source: mappings/RULES.md 4.
 */
#include <stdlib.h>
#include <string.h>

#include "study/decided.h"
#include "study/stays.h"
#include "study/timeline.h"

/* The day of first..last, within the window, that is closest to its target. */
static gw_day closest(const struct gw_window *window, gw_day first, gw_day last)
{
    const gw_day low = first > window->low ? first : window->low;
    const gw_day high = last < window->high ? last : window->high;

    if (low > high)
        return GW_NO_DAY;
    return window->target < low ? low : window->target > high ? high : window->target;
}

/* A contact that a record tells: days up to the horizon, and which record. */
struct contact {
    gw_day first, last;
    const char *kind;
    size_t fact;
};

/* Of two on one day an Encounter speaks, then the smaller key: the order of arrival never counts. */
static bool speaks_before(const struct engine *e, const struct contact *contact, const struct window_state *state)
{
    const bool encounter = strcmp(contact->kind, "encounter") == 0;

    if (encounter != (strcmp(state->contact_kind, "encounter") == 0))
        return encounter;
    return strcmp(e->versions[contact->fact].key, e->versions[state->contact_fact].key) < 0;
}

static void offer(const struct engine *e, struct window_state *state, const struct gw_window *window, gw_day day,
                  const struct contact *contact)
{
    const gw_day known = state->contact;

    if (known != GW_NO_DAY) {
        const int was = gw_days_apart(known, window->target), is = gw_days_apart(day, window->target);

        if (is > was || (is == was && day < known) || (day == known && !speaks_before(e, contact, state)))
            return;
    }
    state->contact = day;
    state->contact_kind = contact->kind;
    state->contact_fact = contact->fact;
}

/* Every window that the days meet saw the subject; those that ask for a contact have one. */
static void offer_all(struct engine *e, const struct contact *contact)
{
    for (size_t i = 0; i < e->windows.count; i++) {
        const struct gw_window *window = &e->windows.list[i];
        struct window_state *state = &e->window_states[i];
        const gw_day day = closest(window, contact->first, contact->last);

        if (day == GW_NO_DAY)
            continue;
        if (window->rule->contact)
            offer(e, state, window, day, contact);
        if (state->last_contact == GW_NO_DAY || contact->last > state->last_contact) /* of a stay, the last day in it */
            state->last_contact = contact->last < window->high ? contact->last : window->high;
    }
}

static bool meets_a_window(const struct engine *e, gw_day first, gw_day last)
{
    for (size_t i = 0; i < e->windows.count; i++)
        if (closest(&e->windows.list[i], first, last) != GW_NO_DAY)
            return true;
    return false;
}

/* ---- Encounters ---- */

struct stay {
    gw_day first;
    gw_day last; /* as stated; GW_DAY_MAX: no end */
    gw_day seen; /* the last day up to the horizon: what a stay shall bring is not known yet */
};

static enum gw_date_verdict period_days(const struct engine *e, const struct gw_period *period, bool assume,
                                        struct stay *stay)
{
    const enum gw_date_verdict verdict = stay_days(e, period, assume, &stay->first, &stay->last);

    if (verdict != GW_DATE_OK)
        return verdict;
    stay->seen = stay->last < e->in->horizon ? stay->last : e->in->horizon;
    if (stay->seen < stay->first)
        stay->seen = stay->first;
    return GW_DATE_OK;
}

/* A stay that goes on tells more each day of a window: its contact, and the last day on which it saw the subject. */
static void follow(struct engine *e, const struct stay *stay)
{
    const gw_day tomorrow = e->in->horizon + 1;

    for (size_t i = 0; stay->last > stay->seen && i < e->windows.count; i++) {
        const struct gw_window *window = &e->windows.list[i];

        if (window->low <= tomorrow && tomorrow <= window->high)
            engine_next_day(e, tomorrow);
    }
}

static void raise_encounter(struct engine *e, size_t index, const char *code, gw_day day)
{
    const struct gw_encounter *encounter = &e->in->facts[index].encounter;

    engine_raise(e, code,
                 &(struct item_about){.has_fact = true, .fact = index, .day = day, .coding = &encounter->class_code});
}

/* Why a stay that meets no window is outside: by its first day, as for any datum. */
static const char *outside_reason(struct engine *e, gw_day first)
{
    if (e->anchors.d1 == GW_NO_DAY)
        return gw_place_reason(&e->windows, GW_PLACE_BETWEEN_WINDOWS);
    return gw_place_reason(&e->windows, gw_window_place(&e->windows, 0, first, first).place);
}

static void consider_encounter(struct engine *e, size_t index)
{
    const struct gw_fact *fact = &e->in->facts[index];
    const struct gw_study *study = e->in->study;
    enum gw_date_verdict verdict;
    struct stay stay;

    if (engine_part(e, index, 0)->final)
        return;
    verdict = period_days(e, &fact->encounter.period, gw_site_assumes_zone(e->in->site), &stay);
    if (verdict == GW_DATE_WITHOUT_OFFSET && period_days(e, &fact->encounter.period, true, &stay) != GW_DATE_OK)
        verdict = GW_DATE_MALFORMED;
    if (verdict == GW_DATE_MALFORMED) {
        engine_end_fact(e, index, GW_STATE_NOT_IN_SCOPE, "NO_PERIOD");
    } else if (!meets_a_window(e, stay.first, stay.seen)) {
        engine_end_fact(e, index, GW_STATE_OUTSIDE_WINDOW, outside_reason(e, stay.first));
    } else if (stay.first > e->in->horizon + 1) {
        raise_encounter(e, index, "FUTURE_DATE", stay.first);
        engine_next_day(e, stay.first - 1);
    } else if (!gw_is_among(study->contact_classes, study->contact_class_count, fact->encounter.class_code.code)) {
        engine_end_fact(e, index, GW_STATE_NOT_IN_SCOPE, "CLASS_NOT_READ");
    } else if (fact->standing == GW_UNDECIDED || fact->modifier_extension) {
        raise_encounter(e, index, fact->modifier_extension ? "MODIFIER_EXTENSION" : "STATUS_UNKNOWN", stay.first);
    } else if (verdict == GW_DATE_WITHOUT_OFFSET) {
        raise_encounter(e, index, "TIME_WITHOUT_OFFSET", stay.first);
    } else {
        offer_all(e, &(struct contact){stay.first, stay.seen, "encounter", index});
        follow(e, &stay);
        engine_part(e, index, 0)->cited = true;
    }
}

/* ---- inferred contacts ---- */

static const char *inferred_date(const struct engine *e, size_t index)
{
    const struct gw_fact *fact = &e->in->facts[index];
    const struct gw_effective *effective = NULL;

    if (!e->versions[index].current || fact->standing != GW_ACCEPTED)
        return NULL;
    if (fact->type == GW_OBSERVATION)
        effective = &fact->observation.effective;
    else if (fact->type == GW_MEDICATION_ADMINISTRATION && gw_same(fact->status, "completed"))
        effective = &fact->use.effective;
    if (!effective)
        return NULL;
    return effective->kind == GW_EFFECTIVE_PERIOD ? effective->period.start : effective->date;
}

static void infer(struct engine *e, size_t index)
{
    const char *date = inferred_date(e, index);
    struct gw_when when;

    if (!moment_read_day(e, date, &when))
        return;
    if (when.first > e->in->horizon && meets_a_window(e, when.first, when.first))
        engine_next_day(e, when.first);
    if (when.first > e->in->horizon)
        return;
    offer_all(e, &(struct contact){when.first, when.first, "inferred", index});
}

/* A person said that a record shows a contact, or all of a hospital's do. */
static bool decided_contact(struct engine *e, size_t index)
{
    bool found = false;

    for (size_t p = 0; !found && p < e->in->facts[index].part_count; p++) {
        const struct item_about about = {.has_fact = true, .fact = index, .part = (int)p, .day = GW_NO_DAY};

        found = decided_says(decided_find(e, GW_DECIDE_CONTACT, "NO_CONTACT", &about), GW_SET_INFERRED);
    }
    return found;
}

/* ---- states ---- */

static const char *state_of(const struct engine *e, const struct gw_window *window, const struct window_state *state,
                            bool wants_contact)
{
    if (window->low > e->in->horizon)
        return "future";
    if (state->contact != GW_NO_DAY || !wants_contact)
        return "collected";
    if (window->high >= e->in->horizon)
        return "open";
    return window->truncation ? "truncated" : "missed";
}

bool engine_wants_contact(const struct engine *e, const struct gw_window *window)
{
    return window->rule->contact && e->in->study->require_contact && gw_site_contacts(e->in->site) != GW_CONTACTS_NONE;
}

static void settle_windows(struct engine *e)
{
    for (size_t i = 0; i < e->windows.count; i++) {
        const struct gw_window *window = &e->windows.list[i];

        if (window->low > window->high)
            continue; /* death or withdrawal left nothing of it: there is no such window */
        e->window_states[i].state = state_of(e, window, &e->window_states[i], engine_wants_contact(e, window));
        engine_next_day(e, window->low);
        if (strcmp(e->window_states[i].state, "open") == 0)
            engine_next_day(e, window->high + 1);
    }
}

gw_day engine_last_contact(const struct engine *e)
{
    gw_day last = e->anchors.d1;

    for (size_t i = 0; i < e->windows.count; i++)
        if (gw_same(e->window_states[i].state, "collected") && e->window_states[i].last_contact > last)
            last = e->window_states[i].last_contact;
    return last;
}

void stage_windows(struct engine *e)
{
    const enum gw_contacts contacts = gw_site_contacts(e->in->site);

    if (gw_windows_build(e->arena, e->in->study, &e->anchors, &e->windows, e->err) != GW_OK) {
        e->failed = true;
        return;
    }
    e->window_states = gw_arena_alloc(e->arena, (e->windows.count + 1) * sizeof *e->window_states);
    if (!e->window_states) {
        e->failed = true;
        return;
    }
    for (size_t i = 0; i < e->windows.count; i++)
        e->window_states[i].contact = e->window_states[i].last_contact = GW_NO_DAY;
    for (size_t i = 0; i < e->in->fact_count; i++) {
        if (e->in->facts[i].type == GW_ENCOUNTER)
            consider_encounter(e, i);
        else if (contacts == GW_CONTACTS_INFERRED || decided_contact(e, i))
            infer(e, i);
    }
    settle_windows(e);
}
