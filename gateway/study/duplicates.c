/*
 * The same result told twice by two resources.
 *
 * Same code and time: with a business identifier in common, or the same specimen and value, they are one, and the later
 * version stands for both. The same value with neither is a suspicion for a person; the first of them stands meanwhile.
 * Source: mappings/RULES.md 10.
 */
#include <stdlib.h>
#include <string.h>

#include "study/engine.h"

static const char *code_of(const struct datum *datum)
{
    if (datum->code.lab)
    return datum->code.lab->concept;
    return datum->code.source && datum->code.source->code ? datum->code.source->code : "";
}

static int compare_key(const struct datum *a, const struct datum *b)
{
    int order = strcmp(code_of(a), code_of(b));

    if (order == 0)
        order = gw_when_compare(&a->when, &b->when);
    return order;
}

static int by_key(const void *x, const void *y, void *context)
{
    const struct engine *e = context;
    const struct datum *a = &e->data[*(const size_t *)x], *b = &e->data[*(const size_t *)y];
    int order = compare_key(a, b);

    if (order == 0)
        order = strcmp(e->versions[a->fact].key, e->versions[b->fact].key);
    return order ? order : a->part - b->part;
}

static bool share_identifier(const struct gw_fact *a, const struct gw_fact *b)
{
    for (size_t i = 0; i < a->identifier_count; i++)
        for (size_t j = 0; j < b->identifier_count; j++)
            if (a->identifiers[i].value && gw_same(a->identifiers[i].value, b->identifiers[j].value) &&
                gw_same(a->identifiers[i].system, b->identifiers[j].system))
                return true;
    return false;
}

static bool same_specimen(const struct gw_fact *a, const struct gw_fact *b)
{
    const struct gw_reference *x = &a->observation.specimen, *y = &b->observation.specimen;

    return x->kind == GW_REFERENCE_LITERAL && y->kind == GW_REFERENCE_LITERAL && gw_same(x->id, y->id);
}

static bool same_value(const struct datum *a, const struct datum *b)
{
    const struct gw_observed *x = a->observed, *y = b->observed;

    if (x->kind != y->kind)
        return false;
    if (x->kind == GW_VALUE_QUANTITY)
        return gw_same(x->quantity.value, y->quantity.value) && gw_same(x->quantity.unit, y->quantity.unit) &&
               gw_same(x->quantity.comparator, y->quantity.comparator);
    if (x->kind == GW_VALUE_CONCEPT)
    return x->concept.count && y->concept.count && gw_same(x->concept.codings[0].code, y->concept.codings[0].code);
    return gw_same(x->string, y->string);
}

/* Later lastUpdated stands; without one, or equal, the smaller key. */
static bool stands(const struct engine *e, const struct datum *a, const struct datum *b)
{
    int64_t x = 0, y = 0;

    if (a->source->last_updated && b->source->last_updated && gw_instant_read(a->source->last_updated, &x) &&
        gw_instant_read(b->source->last_updated, &y) && x != y)
        return x > y;
    return strcmp(e->versions[a->fact].key, e->versions[b->fact].key) < 0;
}

static void drop(struct engine *e, struct datum *loser)
{
    loser->placed_count = 0;
    loser->evidence = false;
    engine_end_part(e, engine_part(e, loser->fact, loser->part), GW_STATE_UNCHANGED, "DUPLICATE");
}

static void compare_pair(struct engine *e, struct datum *a, struct datum *b)
{
    if (a->fact == b->fact || a->source->standing != b->source->standing)
        return;
    if (share_identifier(a->source, b->source) || (same_specimen(a->source, b->source) && same_value(a, b))) {
        drop(e, stands(e, a, b) ? b : a);
    } else if (same_value(a, b) && b->placed_count > 0) {
        engine_raise_datum(e, b, "DUPLICATE_SUSPECT", "another resource of the subject says the same at the same time");
        b->placed_count = 0;
    }
}

static bool alive(const struct datum *datum)
{
    return datum->placed_count > 0 || datum->evidence;
}

void stage_duplicates(struct engine *e)
{
    size_t *order = gw_arena_alloc(e->arena, (e->data_count + 1) * sizeof *order);
    size_t count = 0;

    if (!order) {
        e->failed = true;
        return;
    }
    for (size_t i = 0; i < e->data_count; i++)
        if (alive(&e->data[i]))
            order[count++] = i;
    qsort_r(order, count, sizeof *order, by_key, e);
    for (size_t i = 0; i < count; i++)
        for (size_t j = i + 1; j < count && compare_key(&e->data[order[i]], &e->data[order[j]]) == 0; j++)
            if (alive(&e->data[order[i]]) && alive(&e->data[order[j]]))
                compare_pair(e, &e->data[order[i]], &e->data[order[j]]);
}
