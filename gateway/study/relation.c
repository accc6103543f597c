/*
 * Exposure at the onset of an event, and the action taken with the study drug within action_days of its highest grade.
 *
 * Withdrawn goes before interrupted, that before a delayed cycle, that before a reduction. That nothing was done is
 * said only when the days are over. Source: mappings/RULES.md 12 and 14.
 */
#include "study/relation.h"

#include <string.h>

#include "study/exposure.h"

/* An event that is told by its dose has hours: on the day of the next one it may have begun before it. */
static void fill_dose(struct engine *e, const char *drug, const struct episode *episode, struct gw_row_ae_episodes *row)
{
    const gw_day onset = episode->onset;
    const bool told = episode->dose_number > 0;
    const gw_day last = told ? onset - episode->days_since_dose : last_dose_day(e, drug, onset);
    const struct exposure *taken = last == GW_NO_DAY ? NULL : exposure_on(e, drug, last);
    const struct cycle *cycle = cycle_on(e, onset);

    if (last != GW_NO_DAY)
        row->days_since_last_dose = onset - last;
    if (taken && taken->fact_count > 0)
        engine_provenance(e, "ae_episodes", row->row_id, taken->facts[0], "exposure", "relation", NULL);
    if (!e->in->study->exposure.on && last != GW_NO_DAY) /* where no cycle counts them, doses do */
        row->dose_number = told ? episode->dose_number : doses_until(e, drug, onset);
    if (taken && taken->level > 0)
        row->dose_level_at_onset = taken->level;
    if (cycle)
        row->cycle_no = cycle->number;
}

/* ---- action taken ---- */

struct span {
    gw_day first, last; /* of the days that tell */
};

static bool lies_in(const struct span *span, gw_day day)
{
    return day != GW_NO_DAY && day >= span->first && day <= span->last;
}

static bool is_withdrawn(const struct engine *e, const struct span *span)
{
    return lies_in(span, e->anchors.eot);
}

static bool is_interrupted(const struct engine *e, const struct span *span)
{
    for (size_t i = 0; i < e->interruption_count; i++)
        if (lies_in(span, e->interruptions[i].first))
            return true;
    return false;
}

static bool is_delayed(const struct engine *e, const struct span *span)
{
    for (size_t i = 1; i < e->cycle_count; i++) {
        const struct cycle *cycle = &e->cycles[i];

        if (cycle->delay_days >= e->in->study->exposure.delay_days && lies_in(span, cycle->start - cycle->delay_days))
            return true;
    }
    return false;
}

/* A lower dose than the one before it begins. */
static bool is_reduced(struct engine *e, const char *drug, const struct span *span)
{
    const struct exposure *list;
    const size_t count = exposures_of(e, drug, &list);

    for (size_t i = 1; i < count; i++)
        if (lies_in(span, list[i].first) && list[i].has_dose && list[i - 1].has_dose &&
            gw_same(list[i].unit, list[i - 1].unit) && gw_ratio_compare(e->arena, &list[i].dose, &list[i - 1].dose) < 0)
            return true;
    return false;
}

/* Doses given as planned stop with one of those days, which may yet be given; GW_NO_DAY: they do not. */
static gw_day first_without(struct engine *e, const struct span *span)
{
    struct dose_plan plan;
    bool before = true;

    if (!e->in->study->schedule.on)
        return GW_NO_DAY;
    dose_plan_make(e, &plan);
    for (size_t i = 0; i < plan.count && !e->failed; i++) {
        const bool given = dose_given_near(e, plan.days[i]);

        if (!given && before && lies_in(span, plan.days[i]))
            return plan.days[i];
        before = given;
    }
    return GW_NO_DAY;
}

static const char *action_taken(struct engine *e, const struct episode *episode, const char *drug)
{
    const gw_day from = episode->max_grade >= 0 ? episode->max_day : episode->onset;
    const struct span span = {from, from + e->in->study->events.action_days};
    const gw_day last = last_dose_day(e, drug, from);
    const gw_day without = first_without(e, &span);
    const gw_day missed_on = without == GW_NO_DAY ? GW_NO_DAY : without + e->in->study->schedule.window_days;

    if (last == GW_NO_DAY || (e->anchors.eot != GW_NO_DAY && e->anchors.eot < from))
        return NULL; /* it was not taken then */
    if (is_withdrawn(e, &span))
        return "withdrawn";
    if (is_interrupted(e, &span) || (without != GW_NO_DAY && missed_on <= e->in->horizon))
        return "interrupted";
    if (is_delayed(e, &span))
        return "delayed cycle";
    if (is_reduced(e, drug, &span))
        return "reduced";
    if (without == GW_NO_DAY && e->in->horizon >= span.last)
        return "none";
    engine_next_day(e, without == GW_NO_DAY ? span.last : missed_on);
    return NULL;
}

void relation_fill(struct engine *e, const struct episode *episode, struct gw_row_ae_episodes *row)
{
    const char *drug = exposure_drug(e);

    if (!drug)
        return;
    fill_dose(e, drug, episode, row);
    row->action_taken = action_taken(e, episode, drug);
}
