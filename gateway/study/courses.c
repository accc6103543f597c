/*
 * What the records of the study's drugs, and of other lines of treatment, say of days. Orders show nothing but when
 * they were written and stopped; what begins after the horizon says nothing yet, and after death or withdrawal nothing
 * at all. Source: mappings/RULES.md 2.
 */
#include "study/courses.h"

#include <stdlib.h>
#include <string.h>

#include "study/order.h"
#include "study/uses.h"

#define DISPENSE_DAYS 28 /* of a dispense that does not say: one cycle, as pregnancy-prevention programmes hand out */

static gw_day day_of(const struct engine *e, const char *text)
{
    struct gw_when when;

    if (!text || gw_when_read(text, gw_site_zone(e->in->site), true, &when) != GW_DATE_OK || when.first != when.last)
        return GW_NO_DAY;
    return when.first;
}

static int days_supplied(const struct gw_medication_use *use)
{
    const int days = dose_days(&use->days_supply);

    return days > 0 ? days : DISPENSE_DAYS;
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

/* A pack of the study's that was handed over shortly before day 1 lasts from day 1 on. */
static gw_day supply_end(const struct engine *e, const struct course *course, int days)
{
    const int early = course->of == COURSE_LINE ? 0 : use_handed_early(e, course->begun);

    return course->begun + early + days - 1;
}

/* The first and last day, by the kind of record. */
static void read_days(const struct engine *e, const struct gw_fact *fact, struct course *course)
{
    const struct gw_medication_use *use = &fact->use;

    course->until = GW_NO_DAY;
    switch (fact->type) {
    case GW_MEDICATION_ADMINISTRATION:
        course->begun = course->until = effective_start(e, &use->effective);
        break;
    case GW_MEDICATION_DISPENSE:
        course->begun = day_of(e, use->when_handed_over);
        if (course->begun != GW_NO_DAY)
            course->until = supply_end(e, course, days_supplied(use));
        break;
    case GW_MEDICATION_STATEMENT:
        course->begun = effective_start(e, &use->effective);
        course->until = statement_end(e, fact);
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
