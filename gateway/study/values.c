/*
 * From a placed datum to a usable value: what stands in the way becomes an item, in the order in which a person would
 * meet it: the resource as such, its status, its code, its unit and value.
 */
#include <string.h>

#include "study/datum_decisions.h"

/* What keeps a placed datum from being read: the resource or its code. NULL: nothing. */
static const char *held_item(const struct datum *datum, const char **note)
{
    if (datum->source->modifier_extension) {
        *note = "carries a modifier that is not understood";
        return "MODIFIER_EXTENSION";
    }
    if (datum->source->standing == GW_UNDECIDED) {
        *note = "the status does not say whether the result holds";
        return "STATUS_UNKNOWN";
    }
    switch (datum->code.verdict) {
    case GW_CODE_UNKNOWN:
        *note = "no LOINC code and no mapping of the site";
        return "CODE_UNKNOWN";
    case GW_CODE_CONFLICT:
        *note = "its codes name different concepts";
        return "CODE_CONFLICT";
    case GW_CODE_UNVERIFIED:
        *note = "the row of this code is not verified";
        return "CODE_UNVERIFIED";
    default:
        return NULL;
    }
}

const char *value_item(enum gw_value_verdict verdict, const char **note)
{
    switch (verdict) {
    case GW_VALUE_UNIT_MISSING:
        *note = "a number without a unit";
        return "UNIT_MISSING";
    case GW_VALUE_UNIT_UNKNOWN:
        *note = "the unit does not convert for this test";
        return "UNIT_UNKNOWN";
    case GW_VALUE_UNIT_CONFLICT:
        *note = "unit text and unit code name different units";
        return "UNIT_CONFLICT";
    case GW_VALUE_IMPLAUSIBLE:
        *note = "outside the plausible range of this test";
        return "VALUE_IMPLAUSIBLE";
    case GW_VALUE_TYPE:
        *note = "a kind of value this test does not have";
        return "VALUE_TYPE";
    default:
        return NULL;
    }
}

const struct appraisal engine_not_appraised;

struct appraisal *engine_appraise(struct engine *e, struct datum *datum)
{
    struct appraisal *own;

    if (datum->value != &engine_not_appraised)
        return (struct appraisal *)datum->value;
    own = gw_arena_alloc(e->arena, sizeof *own);
    e->failed |= !own;
    own = own ? own : &e->spare;
    datum->value = own;
    return own;
}

static void measure(struct engine *e, struct datum *datum)
{
    if (gw_measure_read(e->arena, e->in->tables, e->in->site, datum->code.lab, datum->code.source, datum->observed,
                        &engine_appraise(e, datum)->measure, e->err) != GW_OK) {
        e->failed = true;
        return;
    }
    decide_value(e, datum);
    datum->measured = datum->value->measure.verdict == GW_VALUE_OK;
}

/* The value cannot be used: said once all others are read, so that they can suggest what is missing. */
static void set_aside(struct engine *e, struct datum *datum)
{
    const char *note = NULL;
    const char *code = value_item(datum->value->measure.verdict, &note);

    if (code && datum->placed_count > 0)
        engine_raise_datum(e, datum, code, note);
    else if (!code && datum->placed_count > 0)
        engine_end_part(e, engine_part(e, datum->fact, datum->part), GW_STATE_NOT_IN_SCOPE, "NO_VALUE");
    datum->placed_count = 0;
    datum->evidence = datum->before = false;
}

static void hold(struct engine *e, struct datum *datum)
{
    const char *note = NULL;
    const char *code = held_item(datum, &note);

    engine_raise_datum(e, datum, code, note);
    datum->placed_count = 0;
}

void stage_measure(struct engine *e)
{
    const char *note;

    for (size_t i = 0; i < e->data_count && !e->failed; i++) {
        struct datum *datum = &e->data[i];

        datum->waits = datum->placed_count > 0 && held_item(datum, &note);
        if (!datum->waits && datum_is_used(datum))
            measure(e, datum);
    }
    if (!e->failed)
        engine_suggest_codes(e);
    for (size_t i = 0; i < e->data_count && !e->failed; i++) {
        if (e->data[i].waits)
            hold(e, &e->data[i]);
        else if (e->data[i].value->measure.verdict != GW_VALUE_OK)
            set_aside(e, &e->data[i]);
    }
}
