/*
 * Oxygen and ventilation in order of time: procedures and the devices they used by procedures.csv, flows and shares of
 * inhaled oxygen. A measured value names its device by its method, or by a coded component beside it.
 *
 * Source: mappings/RULES.md 12.
 */
#include "study/oxygen.h"
#include "study/bound.h"
#include "study/order.h"

#include <stdlib.h>
#include <string.h>

#include "study/episode.h"

static const struct gw_decimal room_air = {.coefficient = 21}; /* % oxygen of the air */

static void add(struct engine *e, struct supports *supports, const struct support *support)
{
    struct support *slot = GW_ARENA_PUSH(e->arena, supports->list, supports->count, supports->capacity);

    e->failed |= !slot;
    if (slot)
        *slot = *support;
}

/* ---- codes ---- */

static bool is_breathing(const struct gw_procedure_row *row)
{
    return row && (row->kind == GW_VENTILATION || row->kind == GW_NONINVASIVE_VENTILATION || row->kind == GW_OXYGEN);
}

/* False: the concept says nothing of oxygen or ventilation, or its row is not verified. */
static bool take_code(const struct engine *e, const struct gw_concept *concept, struct support *support)
{
    const struct gw_procedure_row *row = gw_tables_procedure_of(e->in->tables, concept);

    if (!is_breathing(row) || !row->verified)
        return false;
    support->ventilated |= row->kind != GW_OXYGEN;
    if (support->device == GW_DEVICE_UNKNOWN)
        support->device = row->device;
    return true;
}

/* ---- procedures ---- */

/* Without an end it lasted to the end of its day; what goes on, to the last day that is known. */
static bool read_span(const struct engine *e, const struct gw_fact *fact, struct support *support)
{
    const struct gw_effective *performed = &fact->procedure.performed;
    const bool period = performed->kind == GW_EFFECTIVE_PERIOD;
    const int64_t known = moment_known_until(e);
    struct gw_when start, end;

    if (!moment_read_day(e, period ? performed->period.start : performed->date, &start) ||
        start.first > episode_known_until(e))
        return false;
    support->day = start.first;
    if (period && moment_read_day(e, performed->period.end, &end))
        support->span = moment_of(e, &start, &end);
    else
        support->span =
            (struct moment){start.utc, gw_same(fact->status, "in-progress") ? known : moment_day_end(e, start.first)};
    support->span.last = support->span.last > known ? known : support->span.last;
    return support->span.last >= moment_day_end(e, e->anchors.d1 - 1);
}

static void raise_unverified(struct engine *e, const struct support *support)
{
    engine_raise(e, "CODE_UNVERIFIED",
                 &(struct item_about){.has_fact = true,
                                      .fact = support->fact,
                                      .coding = support->coding,
                                      .day = support->day,
                                      .note = "the row of this code is not verified"});
}

static void add_procedure(struct engine *e, struct supports *supports, size_t index)
{
    const struct gw_procedure *procedure = &e->in->facts[index].procedure;
    const struct gw_procedure_row *row = gw_tables_procedure_of(e->in->tables, &procedure->code);
    struct support support = {.fact = index, .kind = "procedure"};
    bool known;

    if (!read_span(e, &e->in->facts[index], &support))
        return;
    support.coding = procedure->code.count > 0 ? &procedure->code.codings[0] : NULL;
    support.concept = support.coding ? support.coding->code : NULL;
    known = take_code(e, &procedure->code, &support);
    for (size_t i = 0; i < procedure->used.concept_count; i++) {
        if (!take_code(e, &procedure->used.concepts[i], &support) || known)
            continue;
        known = true;
        support.kind = "device";
        support.concept = procedure->used.concepts[i].codings[0].code;
    }
    if (known)
        add(e, supports, &support);
    else if (is_breathing(row))
        raise_unverified(e, &support);
}

static bool procedure_counts(const struct engine *e, size_t index)
{
    const struct gw_fact *fact = &e->in->facts[index];

    return fact->type == GW_PROCEDURE && e->versions[index].current && !fact->modifier_extension &&
           (fact->standing == GW_ACCEPTED || fact->standing == GW_PROVISIONAL);
}

/* ---- values ---- */

static void add_value(struct engine *e, struct supports *supports, const struct reading *reading)
{
    const struct datum *datum = reading->datum;
    const struct gw_observation *observation = &datum->source->observation;
    struct support support = {.span = reading->moment,
                              .day = datum->when.first,
                              .fact = datum->fact,
                              .part = datum->part,
                              .datum = datum,
                              .kind = "vital",
                              .concept = datum->code.lab->concept,
                              .coding = datum->code.source};

    take_code(e, &observation->method, &support);
    for (size_t i = 0; i < observation->part_count; i++)
        if (observation->parts[i].kind == GW_VALUE_CONCEPT)
            take_code(e, &observation->parts[i].concept, &support);
    support.has_flow = strcmp(support.concept, "O2FLOW") == 0;
    if (support.has_flow)
        support.flow = datum->value->measure.canonical;
    add(e, supports, &support);
}

static void add_values(struct engine *e, struct supports *supports, const char *concept, const struct gw_decimal *above)
{
    const struct readings readings = readings_of(e, concept, e->anchors.d1);

    for (size_t i = 0; i < readings.count; i++)
        if (bound_above(e, readings.list[i].datum, above))
            add_value(e, supports, &readings.list[i]);
}

/* ---- together ---- */

static int by_time(const void *x, const void *y, void *context)
{
    const struct engine *e = context;
    const struct support *a = x, *b = y;
    int order;

    if (a->span.first != b->span.first)
        return ORDER(a->span.first, b->span.first);
    order = strcmp(e->versions[a->fact].key, e->versions[b->fact].key);
    return order_then(order, a->part - b->part);
}

static void complete(struct supports *supports)
{
    for (size_t i = 0; i < supports->count; i++) {
        struct support *value = &supports->list[i];

        for (size_t j = 0; value->datum && support_is_vague(value) && j < supports->count; j++) {
            const struct support *procedure = &supports->list[j];

            if (procedure->span.first > value->span.last)
                break;
            if (procedure->datum || support_is_vague(procedure) || !moments_meet(procedure->span, value->span))
                continue;
            value->device = procedure->device;
            value->ventilated = procedure->ventilated;
        }
    }
}

struct supports supports_read(struct engine *e)
{
    static const struct gw_decimal none = {.coefficient = 0};
    struct supports supports = {.count = 0};

    for (size_t i = 0; i < e->in->fact_count && !e->failed; i++)
        if (procedure_counts(e, i))
            add_procedure(e, &supports, i);
    add_values(e, &supports, "O2FLOW", &none);
    add_values(e, &supports, "FIO2", &room_air);
    if (supports.count > 1)
        qsort_r(supports.list, supports.count, sizeof *supports.list, by_time, e);
    complete(&supports);
    return supports;
}

void support_tell(struct support *support, const char *device)
{
    static const struct {
        const char *name;
        enum gw_oxygen_device device;
        bool ventilated;
    } names[] = {{"NASAL", GW_DEVICE_NASAL, false},
                 {"HIGH_FLOW", GW_DEVICE_HIGH_FLOW, false},
                 {"MASK", GW_DEVICE_MASK, false},
                 {"VENTURI", GW_DEVICE_VENTURI, false},
                 {"NONINVASIVE_VENTILATION", GW_DEVICE_UNKNOWN, true},
                 {"VENTILATION", GW_DEVICE_UNKNOWN, true}};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i].name, device) == 0) {
            support->device = names[i].device;
            support->ventilated = names[i].ventilated;
        }
}
