/*
 * The dosages of a record of a drug: how often and how much, on which of its days. Several of one record follow each
 * other, have days of their own, or add up. Source: mappings/RULES.md 14.
 */
#include <stdlib.h>
#include <string.h>

#include "study/use_parts.h"

/* ---- one dosage ---- */

void use_add(struct engine *e, const struct use *use)
{
    struct use *slot = GW_ARENA_PUSH(e->arena, e->uses, e->use_count, e->use_capacity);

    if (!slot) {
        e->failed = true;
        return;
    }
    *slot = *use;
    if (slot->until == GW_NO_DAY)
        slot->until = use->last;
}

bool use_is_daily_by_plan(const struct engine *e, const struct use *use)
{
    const struct gw_exposure_rules *rules = &e->in->study->exposure;

    return rules->on && use->drug && strcmp(use->drug->substance, rules->drug) == 0;
}

static void read_dosage(struct engine *e, struct use *use, const struct gw_dosage *dosage)
{
    const struct gw_fact *fact = &e->in->facts[use->fact];
    const gw_day last = use->last;

    use_begin_later(e, use, dosage->schedule.bounds.start);
    use->last = last;
    use->rhythm = rhythm_read(&dosage->schedule, use->first);
    if (!use->rhythm.known && dosage->schedule.event_count == 0 && !dosage->schedule.as_needed &&
        !dosage->schedule.period_unit && use_is_daily_by_plan(e, use))
        use->rhythm = rhythm_daily;
    dose_read(e, fact, use->drug, &dosage->dose, &use->dose);
    use_read_route(e, use, &dosage->route);
}

/* A pack that was fetched when its instruction was over is there all the same. */
static void end_earlier(struct use *use, gw_day end)
{
    if (end == GW_NO_DAY || end >= use->last || (use->rank == GW_RANK_DISPENSE && end < use->first))
        return;
    use->last = end;
    use->stopped = false;
}

/* The days of doses in which the doses counted are taken; 0: they are not counted, or their days not known. */
static int days_of_doses(const struct gw_schedule *schedule, const struct rhythm *rhythm)
{
    const int times = rhythm->times > 1 ? rhythm->times : 1;

    return rhythm->known ? (dose_count(schedule) + times - 1) / times : 0;
}

void use_apply_bounds(const struct engine *e, struct use *use, const struct gw_schedule *schedule)
{
    const int days = bound_days(&schedule->duration), doses = days_of_doses(schedule, &use->rhythm);

    end_earlier(use, use_end_of(e, schedule->bounds.end));
    if (days > 0)
        end_earlier(use, use->first + days - 1);
    if (doses > 0)
        end_earlier(use, rhythm_end(&use->rhythm, use->first, doses));
}

/* Single doses on named days. */
static void add_events(struct engine *e, struct use use, const struct gw_schedule *schedule)
{
    struct gw_when when;

    use.rhythm = rhythm_once;
    for (size_t i = 0; i < schedule->event_count; i++) {
        if (use_read_when(e, schedule->events[i], &when) != GW_DATE_OK || when.first != when.last)
            continue;
        use.first = use.last = when.first;
        use_add(e, &use);
        use.number++;
    }
}

/* So many days in a row of each round: a stretch for each, none longer than anybody has looked. */
static void add_blocks(struct engine *e, struct use use)
{
    const gw_day end = use.last < e->in->horizon ? use.last : e->in->horizon;
    const int every = use.rhythm.every, block = use.rhythm.block;
    const gw_day first = use.first, last = use.last;

    use.rhythm = rhythm_daily;
    use.until = last;
    for (gw_day start = first; start <= end || start == first; start += every) {
        use.first = start;
        use.last = start + block - 1 < last ? start + block - 1 : last;
        use_add(e, &use);
        use.number++;
    }
}

void use_add_course(struct engine *e, const struct use *use)
{
    if (use->rhythm.block && use->first != GW_NO_DAY)
        add_blocks(e, *use);
    else
        use_add(e, use);
}

/* ---- several dosages of one record ---- */

static bool has_bounds(const struct gw_schedule *schedule)
{
    return schedule->bounds.start || schedule->bounds.end;
}

static bool all_bounded(const struct gw_medication_use *use)
{
    for (size_t i = 0; i < use->dosage_count; i++)
        if (!has_bounds(&use->dosages[i].schedule))
            return false;
    return true;
}

static bool says_how_long(const struct gw_schedule *schedule)
{
    return bound_days(&schedule->duration) > 0 || (dose_count(schedule) > 0 && rhythm_read(schedule, 0).known);
}

/* One after the other: each but the last says how long. */
static bool is_sequence(const struct gw_medication_use *use)
{
    for (size_t i = 0; i < use->dosage_count; i++) {
        const struct gw_dosage *dosage = &use->dosages[i];

        if (!dosage->sequence || (i > 0 && atoi(dosage->sequence) <= atoi(use->dosages[i - 1].sequence)))
            return false;
        if (i + 1 < use->dosage_count && !says_how_long(&dosage->schedule))
            return false;
    }
    return true;
}

/* The first day after a dosage: after so many doses that on which the next one would be due. */
static gw_day day_after(const struct use *use, const struct gw_schedule *schedule)
{
    const int doses = days_of_doses(schedule, &use->rhythm);

    if (use->last == GW_DAY_MAX)
        return GW_DAY_MAX;
    return doses == 0 || bound_days(&schedule->duration) > 0 ? use->last + 1
                                                             : rhythm_end(&use->rhythm, use->first, doses + 1);
}

static void add_each(struct engine *e, const struct use *use, bool in_sequence)
{
    const struct gw_medication_use *told = &e->in->facts[use->fact].use;
    gw_day next = use->first;

    for (size_t i = 0; i < told->dosage_count; i++) {
        struct use one = *use;

        one.number = (int)i * 1000;
        one.first = in_sequence ? next : use->first;
        read_dosage(e, &one, &told->dosages[i]);
        use_apply_bounds(e, &one, &told->dosages[i].schedule);
        next = day_after(&one, &told->dosages[i].schedule);
        if (one.first <= one.last)
            use_add_course(e, &one);
    }
}

/* Taken on the same days: their doses add up to one a day. Where one of them is not known, neither is the sum. */
static void add_up(struct engine *e, struct use *use, const struct use *other)
{
    if (!use->rhythm.known || !other->rhythm.known || use->rhythm.every != other->rhythm.every ||
        use->rhythm.days != other->rhythm.days || use->rhythm.block != other->rhythm.block) {
        use->rhythm = (struct rhythm){.known = false};
        use->dose.known = false;
        return;
    }
    if (!use->dose.known || !other->dose.known || use->dose.kind != other->dose.kind) {
        use->dose.known = false;
        return;
    }
    if (dose_equal(e, &use->dose, &other->dose)) {
        use->rhythm.times += other->rhythm.times;
        return;
    }
    dose_add(e, &use->dose, use->rhythm.times, &other->dose, other->rhythm.times);
    use->rhythm.times = 1;
}

void use_read_together(struct engine *e, struct use *use)
{
    const struct gw_medication_use *told = &e->in->facts[use->fact].use;

    use->rhythm = use_is_daily_by_plan(e, use) ? rhythm_daily : (struct rhythm){.known = false};
    for (size_t i = 0; i < told->dosage_count; i++) {
        struct use one = *use;

        read_dosage(e, i == 0 ? use : &one, &told->dosages[i]);
        if (i == 0)
            use_apply_bounds(e, use, &told->dosages[0].schedule);
        else
            add_up(e, use, &one);
    }
}

void use_add_dosages(struct engine *e, struct use *use)
{
    const struct gw_medication_use *told = &e->in->facts[use->fact].use;

    if (told->dosage_count == 1 && told->dosages[0].schedule.event_count > 0 && use->first != GW_NO_DAY) {
        read_dosage(e, use, &told->dosages[0]);
        add_events(e, *use, &told->dosages[0].schedule);
    } else if (told->dosage_count > 1 && use->first != GW_NO_DAY && (all_bounded(told) || is_sequence(told))) {
        add_each(e, use, !all_bounded(told));
    } else {
        use_read_together(e, use);
        if (use->first == GW_NO_DAY || use->first <= use->last)
            use_add_course(e, use);
    }
}
