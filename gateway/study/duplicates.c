/*
 * The same result told twice by two resources.
 *
 * Same code and time: with a business identifier in common, or the same specimen and value, they are one, and the later
 * version stands for both. The same value with neither is a suspicion for a person; the first of them stands meanwhile.
 * Results of one code and time are sorted by what they may share, so that a thousand of them cost no million looks.
 * Source: mappings/RULES.md 10.
 */
#include <stdlib.h>
#include <string.h>

#include "study/decided.h"
#include "study/order.h"

/* What a result may have in common with others of its code and time: one of its identifiers, or nothing but itself. */
struct claim {
    struct datum *datum;
    const char *key; /* of its resource */
    const struct gw_identifier *identifier;
};

static const char *code_of(const struct datum *datum)
{
    if (datum->code.lab)
    return datum->code.lab->concept;
    return datum->code.source && datum->code.source->code ? datum->code.source->code : "";
}

static int compare_result(const struct datum *a, const struct datum *b)
{
    const int order = strcmp(code_of(a), code_of(b));

    return order ? order : gw_when_compare(&a->when, &b->when);
}

static int compare_owner(const struct claim *a, const struct claim *b)
{
    const int order = strcmp(a->key, b->key);

    return order_then(order, a->datum->part - b->datum->part);
}

/* ---- what they may share ---- */

static int compare_identifier(const struct claim *a, const struct claim *b)
{
    const int order = order_texts(a->identifier->value, b->identifier->value);

    return order_then(order, order_texts(a->identifier->system, b->identifier->system));
}

static int compare_value(const struct claim *a, const struct claim *b)
{
    const struct gw_observed *x = a->datum->observed, *y = b->datum->observed;
    int order = ORDER(x->kind, y->kind);

    if (order == 0 && x->kind == GW_VALUE_QUANTITY) {
        order = order_texts(x->quantity.value, y->quantity.value);
        order = order_then(order, order_texts(x->quantity.unit, y->quantity.unit));
        order = order_then(order, order_texts(x->quantity.code, y->quantity.code));
        return order_then(order, order_texts(x->quantity.comparator, y->quantity.comparator));
    }
    if (order == 0 && x->kind == GW_VALUE_CONCEPT)
        return order_texts(x->concept.codings[0].code, y->concept.codings[0].code);
    return order_then(order, order_texts(x->string, y->string));
}

static int compare_specimen(const struct claim *a, const struct claim *b)
{
    int order = order_texts(a->datum->source->endpoint, b->datum->source->endpoint);

    if (order == 0)
        order = order_texts(a->datum->source->observation.specimen.id, b->datum->source->observation.specimen.id);
    return order ? order : compare_value(a, b);
}

static int compare_told(const struct claim *a, const struct claim *b)
{
    const int order = compare_value(a, b);

    return order ? order : (int)a->datum->source->standing - (int)b->datum->source->standing;
}

/* ---- what follows ---- */

/* A final result stands for a preliminary one, the later lastUpdated for an earlier; else the smaller key. */
static bool stands(const struct claim *a, const struct claim *b)
{
    const struct gw_fact *f = a->datum->source, *g = b->datum->source;
    int64_t x = 0, y = 0;

    if (f->standing != g->standing)
        return f->standing < g->standing;
    if (f->last_updated && g->last_updated && gw_instant_read(f->last_updated, &x) &&
        gw_instant_read(g->last_updated, &y) && x != y)
        return x > y;
    return compare_owner(a, b) < 0;
}

static void drop(struct engine *e, struct datum *loser)
{
    loser->placed_count = 0;
    loser->evidence = loser->before = false;
    engine_end_part(e, engine_part(e, loser->fact, loser->part), GW_STATE_UNCHANGED, "DUPLICATE");
}

static bool readable(const struct datum *datum)
{
    return datum_is_used(datum) &&
           (datum->source->standing == GW_ACCEPTED || datum->source->standing == GW_PROVISIONAL);
}

/* They are one: the best of them stands for all. */
static void unite(struct engine *e, const struct claim *run, size_t count)
{
    const struct claim *best = NULL;

    for (size_t i = 0; i < count; i++)
        if (readable(run[i].datum) && (!best || stands(&run[i], best)))
            best = &run[i];
    for (size_t i = 0; best && i < count; i++)
        if (readable(run[i].datum) && run[i].datum->fact != best->datum->fact)
            drop(e, run[i].datum);
}

/* A person said whether they are one. */
static bool decide_duplicate(struct engine *e, struct datum *datum)
{
    const struct item_about about = engine_about_datum(datum, "DUPLICATE_SUSPECT");
    const struct gw_decision *decision = decided_item(e, GW_DECIDE_DUPLICATE, "DUPLICATE_SUSPECT", &about);

    if (decided_says(decision, GW_SET_MERGE))
        drop(e, datum);
    else if (decision)
        datum->decisions = decided_rule(e, datum->decisions, decision);
    return decision != NULL;
}

/* They may be one: the first stands, about the others a person is asked. */
static void suspect(struct engine *e, const struct claim *run, size_t count)
{
    const struct datum *first = NULL;

    for (size_t i = 0; i < count; i++) {
        struct datum *datum = run[i].datum;

        if (!datum_is_used(datum))
            continue;
        first = first ? first : datum;
        if (datum->fact == first->fact || datum->placed_count == 0)
            continue;
        if (decide_duplicate(e, datum))
            continue;
        engine_raise_datum(e, datum, "DUPLICATE_SUSPECT",
                           "another resource of the subject says the same at the same time");
        datum->placed_count = 0;
    }
}

/* ---- the walk ---- */

typedef int compare_fn(const struct claim *, const struct claim *);
typedef void settle_fn(struct engine *, const struct claim *, size_t);

static int in_order(const void *x, const void *y, void *compare)
{
    const int order = (*(compare_fn **)compare)(x, y);

    return order ? order : compare_owner(x, y);
}

static void settle_runs(struct engine *e, struct claim *claims, size_t count, compare_fn *compare, settle_fn *settle)
{
    if (count > 1)
        qsort_r(claims, count, sizeof *claims, in_order, &compare);
    for (size_t start = 0, end; start < count; start = end) {
        for (end = start + 1; end < count && compare(&claims[start], &claims[end]) == 0; end++)
            continue;
        if (end - start > 1)
            settle(e, &claims[start], end - start);
    }
}

static bool has_value(const struct gw_observed *observed)
{
    return observed->kind != GW_VALUE_OTHER && (observed->kind != GW_VALUE_CONCEPT || observed->concept.count > 0);
}

/* The results of one code and time. */
static void settle_results(struct engine *e, const struct claim *list, size_t count)
{
    struct claim *claims;
    size_t room = count, kept = 0;

    for (size_t i = 0; i < count; i++)
        room += list[i].datum->source->identifier_count;
    if (!(claims = gw_arena_alloc(e->arena, room * sizeof *claims))) {
        e->failed = true;
        return;
    }
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < list[i].datum->source->identifier_count; j++)
            if (list[i].datum->source->identifiers[j].value)
                claims[kept++] = (struct claim){list[i].datum, list[i].key, &list[i].datum->source->identifiers[j]};
    settle_runs(e, claims, kept, compare_identifier, unite);
    kept = 0;
    for (size_t i = 0; i < count; i++)
        if (list[i].datum->source->observation.specimen.kind == GW_REFERENCE_LITERAL &&
            has_value(list[i].datum->observed))
            claims[kept++] = list[i];
    settle_runs(e, claims, kept, compare_specimen, unite);
    kept = 0;
    for (size_t i = 0; i < count; i++)
        if (has_value(list[i].datum->observed))
            claims[kept++] = list[i];
    settle_runs(e, claims, kept, compare_told, suspect);
}

static int by_result(const void *x, const void *y)
{
    const struct claim *a = x, *b = y;
    const int order = compare_result(a->datum, b->datum);

    return order ? order : compare_owner(a, b);
}

void stage_duplicates(struct engine *e)
{
    struct claim *list = gw_arena_alloc(e->arena, (e->data_count + 1) * sizeof *list);
    size_t count = 0;

    if (!list) {
        e->failed = true;
        return;
    }
    for (size_t i = 0; i < e->data_count; i++)
        if (datum_is_used(&e->data[i]))
            list[count++] = (struct claim){&e->data[i], e->versions[e->data[i].fact].key, NULL};
    if (count > 1)
        qsort(list, count, sizeof *list, by_result);
    for (size_t start = 0, end; start < count && !e->failed; start = end) {
        for (end = start + 1; end < count && compare_result(list[start].datum, list[end].datum) == 0; end++)
            continue;
        if (end - start > 1)
            settle_results(e, &list[start], end - start);
    }
}
