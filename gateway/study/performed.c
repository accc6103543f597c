/*
 * Procedures and stays by what their codes mean, and when. A partial date counts where all of its days do; what has no
 * end ended the day it began.
 */
#include "study/performed.h"

static bool is_of(const struct engine *e, const struct gw_concept *code, enum gw_procedure_kind kind)
{
    const struct gw_procedure_row *row = gw_tables_procedure_of(e->in->tables, code);

    return row && row->verified && row->kind == kind;
}

static bool is_performed(const struct engine *e, const struct gw_fact *fact, enum gw_procedure_kind kind)
{
    if (fact->type == GW_PROCEDURE)
        return is_of(e, &fact->procedure.code, kind);
    for (size_t i = 0; fact->type == GW_ENCOUNTER && i < fact->encounter.type_count; i++)
        if (is_of(e, &fact->encounter.types[i], kind))
            return true;
    return false;
}

static bool read_day(const struct engine *e, const char *text, struct gw_when *when)
{
    return text && gw_when_read(text, gw_site_zone(e->in->site), gw_site_assumes_zone(e->in->site), when) == GW_DATE_OK;
}

static bool touches(const struct engine *e, const struct gw_fact *fact, gw_day first, gw_day last)
{
    const struct gw_effective *when = &fact->procedure.performed;
    const bool single = fact->type == GW_PROCEDURE && when->kind == GW_EFFECTIVE_DATE;
    const struct gw_period *period = fact->type == GW_ENCOUNTER ? &fact->encounter.period : &when->period;
    struct gw_when start, end;

    if (!single && fact->type == GW_PROCEDURE && when->kind != GW_EFFECTIVE_PERIOD)
        return false;
    if (!read_day(e, single ? when->date : period->start, &start))
        return false;
    if (single || !read_day(e, period->end, &end))
        end = start;
    return start.last <= last && end.first >= first;
}

bool performed_in(struct engine *e, enum gw_procedure_kind kind, gw_day first, gw_day last, struct inputs *inputs,
                  size_t *fact)
{
    bool found = false;

    for (size_t i = 0; i < e->in->fact_count; i++) {
        const struct gw_fact *f = &e->in->facts[i];

        if (f->standing != GW_ACCEPTED || f->modifier_extension || !e->versions[i].current ||
            !is_performed(e, f, kind) || !touches(e, f, first, last))
            continue;
        if (!found)
            *fact = i;
        found = true;
        inputs_add_part(e, inputs, i, 0);
    }
    return found;
}
