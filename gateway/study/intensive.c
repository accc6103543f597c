/*
 * Intensive care, as places of a stay, procedures and drugs tell it. Source: mappings/RULES.md 12.
 */
#include "study/intensive.h"

#include <stdlib.h>
#include <string.h>

#include "study/exposure.h"
#include "study/order.h"
#include "study/stays.h"

static void add(struct engine *e, struct intensives *out, struct intensive intensive)
{
    struct intensive *slot = GW_ARENA_PUSH(e->arena, out->list, out->count, out->capacity);

    e->failed |= !slot;
    if (slot)
        *slot = intensive;
}

static bool is_of(const struct engine *e, const struct gw_concept *concept, bool ventilation)
{
    const struct gw_procedure_row *row = gw_tables_procedure_of(e->in->tables, concept);

    return row && row->verified &&
           (ventilation ? row->kind == GW_VENTILATION || row->kind == GW_NONINVASIVE_VENTILATION : row->kind == GW_ICU);
}

static void add_period(struct engine *e, struct intensives *out, size_t fact, const struct gw_period *period,
                       const char *kind, const char *concept)
{
    struct intensive found = {.fact = fact, .kind = kind, .concept = concept};

    if (stay_days(e, period, gw_site_assumes_zone(e->in->site), &found.first, &found.last) == GW_DATE_OK)
        add(e, out, found);
}

/* A place in it has its own period, or that of the stay. */
static void find_places(struct engine *e, size_t index, struct intensives *out)
{
    const struct gw_encounter *encounter = &e->in->facts[index].encounter;

    for (size_t i = 0; i < encounter->location_count; i++) {
        const struct gw_encounter_location *place = &encounter->locations[i];

        if (is_of(e, &place->form, false) && !gw_same(place->status, "planned"))
            add_period(e, out, index, place->period.start ? &place->period : &encounter->period, "encounter", "ICU");
    }
    for (size_t i = 0; i < encounter->type_count; i++)
        if (is_of(e, &encounter->types[i], false)) {
            add_period(e, out, index, &encounter->period, "encounter", "ICU");
            return;
        }
}

static void find_ventilation(struct engine *e, size_t index, struct intensives *out)
{
    const struct gw_procedure *procedure = &e->in->facts[index].procedure;
    const struct gw_effective *performed = &procedure->performed;
    const struct gw_period day = {performed->date, performed->date};

    if (is_of(e, &procedure->code, true) || is_of(e, &procedure->code, false))
        add_period(e, out, index, performed->kind == GW_EFFECTIVE_PERIOD ? &performed->period : &day, "procedure",
                   is_of(e, &procedure->code, true) ? "VENTILATION" : "ICU");
}

static void find_vasopressors(struct engine *e, struct intensives *out)
{
    for (size_t i = 0; i < e->exposure_count && !e->failed; i++) {
        const struct exposure *x = &e->exposures[i];

        if (x->drug && strcmp(x->drug->role, "VASOPRESSOR") == 0 && x->fact_count > 0)
            add(e, out, (struct intensive){x->first, x->last, x->facts[0], "drug", x->substance});
    }
}

static int by_start(const void *x, const void *y, void *context)
{
    const struct engine *e = context;
    const struct intensive *a = x, *b = y;

    if (a->first != b->first)
        return ORDER(a->first, b->first);
    return strcmp(e->versions[a->fact].key, e->versions[b->fact].key);
}

struct intensives intensive_find(struct engine *e)
{
    struct intensives out = {.count = 0};

    for (size_t i = 0; i < e->in->fact_count && !e->failed; i++) {
        const struct gw_fact *fact = &e->in->facts[i];

        if (!e->versions[i].current || fact->standing != GW_ACCEPTED || fact->modifier_extension)
            continue;
        if (fact->type == GW_ENCOUNTER)
            find_places(e, i, &out);
        else if (fact->type == GW_PROCEDURE)
            find_ventilation(e, i, &out);
    }
    find_vasopressors(e, &out);
    if (out.count > 1)
        qsort_r(out.list, out.count, sizeof *out.list, by_start, e);
    return out;
}
