/*
 * Every diagnosis of the subject, read once: which rows its codes stand in and which days it can mean. Events, risks,
 * comorbidity and history all start from this table. Source: mappings/RULES.md 5 and 6.
 */
#include "study/diagnoses.h"
#include "study/order.h"

#include <stdlib.h>
#include <string.h>

/* ---- which rows ---- */

struct rows { /* what the tables know of one coding */
    const struct gw_condition_row *own;
    const struct gw_condition_row *risk;
    bool listed;
};

/* A code of a national translation, or a local code that the site maps. */
static struct rows rows_of_coding(const struct gw_subject_input *in, const struct gw_coding *coding)
{
    const struct gw_tables *tables = in->tables;
    const struct gw_coding meant = {gw_site_system(in->site, coding->system), coding->code, coding->display};
    const struct gw_coding *target = gw_site_target(in->site, coding);
    struct rows rows = {gw_tables_condition(tables, &meant), gw_tables_condition_risk(tables, &meant), false};

    if (!rows.own && target)
        rows.own = gw_tables_condition(tables, target);
    if (!rows.risk && target)
        rows.risk = gw_tables_condition_risk(tables, target);
    rows.listed = rows.own || rows.risk || gw_tables_condition_elsewhere(tables, &meant);
    return rows;
}

const struct gw_condition_row *diagnosis_row(const struct gw_subject_input *in, const struct gw_coding *coding)
{
    return rows_of_coding(in, coding).own;
}

/* The first coding that means an event of this study; failing that the first that stands in a row of it. */
static void read_codes(const struct engine *e, struct diagnosis *d)
{
    const struct gw_concept *code = &e->in->facts[d->fact].condition.code;
    bool in_use = false;

    d->coding = code->count > 0 ? &code->codings[0] : NULL;
    for (size_t i = 0; i < code->count; i++) {
        const struct rows rows = rows_of_coding(e->in, &code->codings[i]);
        const bool wanted = rows.own && engine_category_on(e, rows.own->category);

        d->listed |= rows.listed;
        if (!d->risk)
            d->risk = rows.risk;
        if (!rows.own || in_use || (d->row && !wanted))
            continue;
        d->row = rows.own;
        d->coding = &code->codings[i];
        in_use = wanted;
    }
}

bool diagnosis_is_of(const struct gw_subject_input *in, const struct gw_concept *code, const char *category)
{
    bool listed = false;

    for (size_t i = 0; i < code->count; i++) {
        const struct rows rows = rows_of_coding(in, &code->codings[i]);

        if (rows.own && strcmp(rows.own->category, category) == 0)
            return true;
        listed |= rows.listed;
    }
    return !listed && strcmp(category, GW_CATEGORY_OTHER) == 0;
}

/* ---- which days ---- */

const char *diagnosis_start_text(const struct gw_condition *condition)
{
    if (condition->onset.kind == GW_EFFECTIVE_DATE)
        return condition->onset.date;
    if (condition->onset.kind == GW_EFFECTIVE_PERIOD)
        return condition->onset.period.start;
    return condition->onset.other ? NULL : condition->recorded_date;
}

const char *diagnosis_end_text(const struct gw_condition *condition)
{
    if (condition->abatement.kind == GW_EFFECTIVE_DATE)
        return condition->abatement.date;
    if (condition->abatement.kind == GW_EFFECTIVE_PERIOD)
        return condition->abatement.period.end;
    return condition->onset.kind == GW_EFFECTIVE_PERIOD ? condition->onset.period.end : NULL;
}

enum gw_date_verdict diagnosis_read_day(const struct engine *e, const char *text, struct gw_when *when)
{
    if (!text)
        return GW_DATE_MALFORMED;
    return gw_when_read(text, gw_site_zone(e->in->site), gw_site_assumes_zone(e->in->site), when);
}

static void read_days(const struct engine *e, struct diagnosis *d)
{
    const struct gw_condition *condition = &e->in->facts[d->fact].condition;
    struct gw_when end;

    d->dated = diagnosis_read_day(e, diagnosis_start_text(condition), &d->start) == GW_DATE_OK;
    d->end = diagnosis_read_day(e, diagnosis_end_text(condition), &end) == GW_DATE_OK ? end.last : GW_NO_DAY;
}

/* ---- asked later ---- */

bool diagnosis_is_over(const struct gw_condition *condition)
{
    static const char *const over[] = {"inactive", "remission", "resolved"};

    for (size_t i = 0; i < condition->clinical_status.count; i++)
        if (gw_is_among(over, sizeof over / sizeof *over, condition->clinical_status.codings[i].code))
            return true;
    return false;
}

bool diagnosis_holds(const struct engine *e, const struct diagnosis *diagnosis, gw_day first, gw_day last)
{
    gw_day end = diagnosis->end;

    if (!diagnosis->dated || diagnosis->start.last > last)
        return false;
    if (end == GW_NO_DAY && diagnosis_is_over(&e->in->facts[diagnosis->fact].condition))
        end = diagnosis->start.last;
    return end == GW_NO_DAY || end >= first;
}

/* ---- the stage ---- */

static int by_start(const void *x, const void *y, void *context)
{
    const struct engine *e = context;
    const struct diagnosis *a = x, *b = y;

    if (a->dated != b->dated)
        return a->dated ? -1 : 1;
    if (a->dated && a->start.first != b->start.first)
        return ORDER(a->start.first, b->start.first);
    return strcmp(e->versions[a->fact].key, e->versions[b->fact].key);
}

void stage_diagnoses(struct engine *e)
{
    const size_t count = e->in->fact_count;

    e->diagnoses = gw_arena_alloc(e->arena, (count + 1) * sizeof *e->diagnoses);
    e->failed |= !e->diagnoses;
    for (size_t i = 0; i < count && !e->failed; i++) {
        const struct gw_fact *fact = &e->in->facts[i];
        struct diagnosis *d = &e->diagnoses[e->diagnosis_count];

        if (fact->type != GW_CONDITION || engine_part(e, i, 0)->final)
            continue;
        *d = (struct diagnosis){.fact = i, .confirmed = fact->standing == GW_ACCEPTED && !fact->modifier_extension};
        read_codes(e, d);
        read_days(e, d);
        e->diagnosis_count++;
    }
    if (e->diagnosis_count > 1)
        qsort_r(e->diagnoses, e->diagnosis_count, sizeof *e->diagnoses, by_start, e);
}
