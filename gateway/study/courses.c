/*
 * What the records of the study's drugs, and of other lines of treatment, say of days. Orders show nothing but when
 * they were written and stopped; what begins after the horizon says nothing yet, and after death or withdrawal nothing
 * at all. Source: mappings/RULES.md 2.
 */
#include "study/courses.h"

#include <stdlib.h>
#include <string.h>

#include "study/order.h"
#include "study/supply.h"

static gw_day day_of(const struct engine *e, const char *text)
{
    struct gw_when when;

    if (!text || gw_when_read(text, gw_site_zone(e->in->site), true, &when) != GW_DATE_OK || when.first != when.last)
        return GW_NO_DAY;
    return when.first;
}

/* A statement goes on unless it names its end, or was stopped, completed or put on hold without naming one. */
static bool goes_on(const struct gw_fact *fact)
{
    return !fact->use.effective.period.end && (gw_same(fact->status, "active") || gw_same(fact->status, "recorded"));
}

static gw_day effective_start(const struct engine *e, const struct gw_effective *effective)
{
    return day_of(e, effective->kind == GW_EFFECTIVE_PERIOD ? effective->period.start : effective->date);
}

static gw_day statement_end(const struct engine *e, const struct gw_fact *fact)
{
    const struct gw_effective *effective = &fact->use.effective;

    if (goes_on(fact))
        return GW_DAY_MAX;
    if (effective->kind == GW_EFFECTIVE_PERIOD && effective->period.end)
        return day_of(e, effective->period.end);
    return effective_start(e, effective);
}

static gw_day use_end(const struct engine *e, const struct use *use)
{
    return use->rank == GW_RANK_DISPENSE ? supply_last(e, use) : use->until;
}

static gw_day use_handed(const struct engine *e, const struct use *use)
{
    return use->rank == GW_RANK_DISPENSE ? supply_handed(e, use) : use->until;
}

/* The last day of a record by the days that its uses have; GW_NO_DAY: none is known. */
static gw_day latest_of(const struct engine *e, size_t fact,
                        gw_day (*end_of)(const struct engine *, const struct use *))
{
    gw_day end = GW_NO_DAY;

    for (size_t i = 0; i < e->use_count; i++) {
        const struct use *use = &e->uses[i];
        const gw_day last = use->fact == fact && use->first != GW_NO_DAY ? end_of(e, use) : GW_NO_DAY;

        if (last != GW_NO_DAY && (end == GW_NO_DAY || last > end))
            end = last;
    }
    return end;
}

/* Not beyond what its schedule asks for. */
static gw_day earlier_end(gw_day end, gw_day scheduled)
{
    return end == GW_NO_DAY || scheduled == GW_NO_DAY || end <= scheduled ? end : scheduled;
}

/* The first and last day, by the kind of record. */
static void read_days(const struct engine *e, const struct gw_fact *fact, struct course *course)
{
    const struct gw_medication_use *use = &fact->use;
    const gw_day end = latest_of(e, course->fact, use_end);

    course->until = GW_NO_DAY;
    course->handed = latest_of(e, course->fact, use_handed);
    switch (fact->type) {
    case GW_MEDICATION_ADMINISTRATION:
        course->begun = course->until = effective_start(e, &use->effective);
        course->until = end != GW_NO_DAY && end > course->until ? end : course->until;
        break;
    case GW_MEDICATION_DISPENSE:
        course->begun = day_of(e, use->when_handed_over);
        course->until = end;
        break;
    case GW_MEDICATION_STATEMENT:
        course->begun = effective_start(e, &use->effective);
        course->until = earlier_end(statement_end(e, fact), end);
        break;
    default:
        course->begun = day_of(e, use->authored_on);
        break;
    }
    if (course->begun == GW_NO_DAY)
        course->begun = GW_DAY_MIN;
}

/* A statement or order that was stopped or completed, on a day and for a reason that it names. */
static gw_day stopped_on(struct engine *e, const struct gw_fact *fact)
{
    const char *end = NULL;
    gw_day day;

    if (!fact->use.has_status_reason || (!gw_same(fact->status, "stopped") && !gw_same(fact->status, "completed")))
        return GW_NO_DAY;
    if (fact->type == GW_MEDICATION_STATEMENT)
        end = fact->use.effective.period.end;
    else if (fact->type == GW_MEDICATION_REQUEST)
        end = fact->use.validity.end;
    day = day_of(e, end);
    if (day == GW_NO_DAY || !engine_lives_and_consents(e, day))
        return GW_NO_DAY;
    engine_next_day(e, day);
    return day <= e->in->horizon ? day : GW_NO_DAY;
}

static bool is_one(const char *substance, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i], substance) == 0)
            return true;
    return false;
}

/* False: a drug that tells nothing of the treatment. */
static bool classify(const struct gw_study *study, const struct gw_drug_row *row, enum course_of *of)
{
    if (gw_same(row->substance, study->eot_drug))
        *of = COURSE_TREATMENT;
    else if (is_one(row->substance, study->d1_drugs, study->d1_drug_count))
        *of = COURSE_COMPANION;
    else if (strcmp(row->role, "PRIOR_OR_NEXT_MM") == 0)
        *of = COURSE_LINE;
    else
        return false;
    return true;
}

static void add(struct engine *e, struct courses *out, const struct course *course)
{
    struct course *slot = GW_ARENA_PUSH(e->arena, out->list, out->count, out->capacity);

    if (slot)
        *slot = *course;
    else
        e->failed = true;
}

static void consider(struct engine *e, struct courses *out, size_t index)
{
    const struct gw_fact *fact = &e->in->facts[index];
    struct course course = {.fact = index, .rank = use_rank(fact->type)};
    const struct gw_drug_row *row;

    if (course.rank == GW_RANK_COUNT || !use_counts(e, index))
        return;
    row = engine_drug(e, fact);
    if (!row || !classify(e->in->study, row, &course.of))
        return;
    read_days(e, fact, &course);
    if (!engine_lives_and_consents(e, course.begun))
        return;
    engine_next_day(e, course.begun);
    if (course.begun > e->in->horizon)
        return;
    course.stopped = stopped_on(e, fact);
    add(e, out, &course);
}

static int by_begin(const void *x, const void *y, void *context)
{
    const struct engine *e = context;
    const struct course *a = x, *b = y;

    if (a->begun != b->begun)
        return ORDER(a->begun, b->begun);
    return strcmp(e->versions[a->fact].key, e->versions[b->fact].key);
}

void courses_gather(struct engine *e, struct courses *out)
{
    *out = (struct courses){0};
    for (size_t i = 0; i < e->in->fact_count && !e->failed; i++)
        consider(e, out, i);
    if (out->count > 1)
        qsort_r(out->list, out->count, sizeof *out->list, by_begin, e);
}
