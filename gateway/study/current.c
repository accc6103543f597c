/*
 * Which version of each resource counts, and the parts that end there.
 *
 * Order of versions: lastUpdated, then versionId when they are integers, then delivery number, then content hash. The
 * order of arrival within a delivery never counts. A mark that one version of a resource lacks orders none of them:
 * pairs compared by different marks could go round in a circle, and the newest would depend on who came first.
 */
#include <stdlib.h>
#include <string.h>

#include "study/fact_decisions.h"
#include "study/order.h"

static bool version_number(const char *text, int64_t *out)
{
    char *end;

    if (!text || *text < '0' || *text > '9' || strlen(text) > 18)
        return false;
    *out = strtoll(text, &end, 10);
    return *end == '\0';
}

static bool update_time(const struct gw_fact *fact, int64_t *out)
{
    return fact->last_updated && gw_instant_read(fact->last_updated, out);
}

struct marks { /* what all versions of one resource carry */
    const struct gw_fact *facts;
    bool times;
    bool numbers;
};

static int by_version(const void *x, const void *y, void *context)
{
    const struct marks *marks = context;
    const struct gw_fact *a = &marks->facts[*(const size_t *)x], *b = &marks->facts[*(const size_t *)y];
    int64_t p = 0, q = 0;
    int order = 0;

    if (marks->times && update_time(a, &p) && update_time(b, &q))
        order = ORDER(p, q);
    if (order == 0 && marks->numbers && version_number(a->version_id, &p) && version_number(b->version_id, &q))
        order = ORDER(p, q);
    if (order == 0)
        order = ORDER(a->delivery, b->delivery);
    return order ? order : memcmp(a->sha256, b->sha256, sizeof a->sha256);
}

static void sort_versions(const struct gw_fact *facts, size_t *order, size_t count)
{
    struct marks marks = {facts, true, true};
    int64_t ignored;

    for (size_t i = 0; i < count; i++) {
        marks.times = marks.times && update_time(&facts[order[i]], &ignored);
        marks.numbers = marks.numbers && version_number(facts[order[i]].version_id, &ignored);
    }
    qsort_r(order, count, sizeof *order, by_version, &marks);
}

static int same_resource(const struct gw_fact *a, const struct gw_fact *b)
{
    int order = ORDER(a->type, b->type);

    if (order == 0 && a->endpoint != b->endpoint)
        order = order_texts(a->endpoint, b->endpoint);
    if (order == 0)
        order = order_texts(a->id, b->id);
    return order;
}

static int by_resource(const void *x, const void *y, void *context)
{
    const struct gw_fact *facts = context;

    return same_resource(&facts[*(const size_t *)x], &facts[*(const size_t *)y]);
}

/* The key of one resource, shared by its versions. */
static void name_versions(struct engine *e, const size_t *order, size_t count)
{
    const struct gw_fact *fact = &e->in->facts[order[0]];
    const char *const parts[] = {fact->endpoint, fact->type_name, fact->id};
    const char *key = gw_arena_join(e->arena, '|', parts, 3);

    e->failed |= !key;
    for (size_t i = 0; i < count; i++)
        e->versions[order[i]] = (struct version){.current = i + 1 == count, .key = key};
}

const char *engine_hash(struct engine *e, size_t index)
{
    struct version *version = &e->versions[index];

    if (!version->hash && version->key)
        version->hash = gw_hmac_id(e->in->key, e->arena, 'h', &version->key, 1);
    e->failed |= !version->hash;
    return version->hash;
}

/* The version that counts among all of a resource names somebody else: an earlier one of the subject's is out of date
 * whoever it names. */
static bool is_later(const struct gw_move *move, const struct gw_fact *own)
{
    struct gw_fact both[] = {
        *own, {.version_id = move->version_id, .last_updated = move->last_updated, .delivery = move->delivery}};
    size_t order[] = {0, 1};

    memcpy(both[1].sha256, move->sha256, sizeof both[1].sha256);
    sort_versions(both, order, 2);
    return order[1] == 1;
}

static void mark_moved(struct engine *e, const size_t *order, size_t count)
{
    const struct gw_fact *newest = &e->in->facts[order[count - 1]];

    for (size_t m = 0; m < e->in->move_count; m++) {
        const struct gw_move *move = &e->in->moves[m];

        if (move->type != newest->type || !gw_same(move->endpoint, newest->endpoint) ||
            !gw_same(move->id, newest->id) || !is_later(move, newest))
            continue;
        for (size_t i = 0; i < count; i++)
            e->versions[order[i]].moved = true;
        e->versions[order[count - 1]].current = false;
        return;
    }
}

static void order_versions(struct engine *e)
{
    const struct gw_fact *facts = e->in->facts;
    const size_t count = e->in->fact_count;
    size_t *order = e->order = gw_arena_alloc(e->arena, (count + 1) * sizeof *order);
    size_t end;

    if (!order) {
        e->failed = true;
        return;
    }
    for (size_t i = 0; i < count; i++)
        order[i] = i;
    qsort_r(order, count, sizeof *order, by_resource, (void *)facts);
    for (size_t start = 0; start < count && !e->failed; start = end) {
        for (end = start + 1; end < count && same_resource(&facts[order[start]], &facts[order[end]]) == 0; end++)
            continue;
        if (end - start > 1)
            sort_versions(facts, order + start, end - start);
        name_versions(e, order + start, end - start);
        mark_moved(e, order + start, end - start);
    }
}

const size_t *engine_versions(const struct engine *e, size_t fact, size_t *count)
{
    const struct gw_fact *wanted = &e->in->facts[fact];
    size_t low = 0, high = e->in->fact_count, end;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (same_resource(&e->in->facts[e->order[middle]], wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (end = low; end < e->in->fact_count && same_resource(&e->in->facts[e->order[end]], wanted) == 0;)
        end++;
    *count = end - low;
    return e->order + low;
}

const struct gw_fact *engine_find(const struct engine *e, enum gw_resource type, const char *endpoint, const char *id,
                                  size_t *index)
{
    const struct gw_fact wanted = {.type = type, .endpoint = endpoint, .id = id};
    size_t low = 0, high = e->in->fact_count;

    while (low < high) { /* the last of its versions is the current one: find the first fact beyond */
        const size_t middle = low + (high - low) / 2;

        if (same_resource(&e->in->facts[e->order[middle]], &wanted) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || !id || same_resource(&e->in->facts[e->order[low - 1]], &wanted) != 0)
        return NULL;
    if (e->versions[e->order[low - 1]].moved)
        return NULL;
    *index = e->order[low - 1];
    return &e->in->facts[*index];
}

static void lay_out_parts(struct engine *e)
{
    size_t count = 0;

    for (size_t i = 0; i < e->in->fact_count; i++) {
        e->first_part[i] = count;
        count += e->in->facts[i].part_count;
    }
    e->part_count = count;
    e->parts = gw_arena_alloc(e->arena, (count + 1) * sizeof *e->parts);
    if (!e->parts) {
        e->failed = true;
        return;
    }
    for (size_t i = 0; i < e->in->fact_count; i++)
        for (size_t p = 0; p < e->in->facts[i].part_count; p++)
            e->parts[e->first_part[i] + p] = (struct part){.fact = i, .index = (int)p};
}

/* A part of an Observation that a person said to leave alone. */
static void end_dropped(struct engine *e, size_t index)
{
    const struct gw_fact *fact = &e->in->facts[index];

    for (size_t p = 0; fact->type == GW_OBSERVATION && e->versions[index].current && p < fact->part_count; p++) {
        const struct gw_decision *decision = decided_fact(e, GW_DECIDE_PLACE, index, (int)p);

        if (!decided_says(decision, GW_SET_DROP))
            continue;
        e->fact_decisions[index].decision = decision->n;
        engine_end_part(e, engine_part(e, index, (int)p), GW_STATE_NOT_IN_SCOPE, "DROPPED");
    }
}

/* What the status policy alone decides. */
static void end_by_standing(struct engine *e, size_t index)
{
    const struct gw_fact *fact = &e->in->facts[index];

    if (!e->versions[index].current)
        engine_end_fact(e, index, GW_STATE_SUPERSEDED, e->versions[index].moved ? "OTHER_PATIENT" : "");
    else if (fact->standing == GW_WITHDRAWN)
        engine_end_fact(e, index, GW_STATE_RETRACTED, "");
    else if (e->fact_decisions && e->fact_decisions[index].reason)
        engine_end_fact(e, index, GW_STATE_NOT_IN_SCOPE, e->fact_decisions[index].reason);
    else if (fact->standing == GW_REFUSED || fact->standing == GW_NEGATIVE)
        engine_end_fact(e, index, GW_STATE_NOT_IN_SCOPE, "STATUS_REFUSED");
    else if (fact->standing == GW_WAITING)
        engine_end_fact(e, index, GW_STATE_NOT_IN_SCOPE, "NO_VALUE");
    else if (fact->type == GW_RESOURCE_OTHER)
        engine_end_fact(e, index, GW_STATE_NOT_IN_SCOPE, "TYPE_NOT_READ");
}

/* A merged Patient gives way to any other; of several endpoints', the one of the smallest key stands. */
static bool stands_before(const struct engine *e, size_t a, size_t b)
{
    const bool a_merged = e->in->facts[a].patient.replaced_by, b_merged = e->in->facts[b].patient.replaced_by;

    return a_merged != b_merged ? b_merged : strcmp(e->versions[a].key, e->versions[b].key) < 0;
}

static void consider_person(struct engine *e, size_t index)
{
    const struct gw_fact *fact = &e->in->facts[index];

    if (!e->versions[index].current || fact->type != GW_PATIENT || fact->standing != GW_ACCEPTED)
        return;
    if (e->person && stands_before(e, e->person_index, index))
        return;
    e->person = fact;
    e->person_index = index;
}

static void consider_medication(struct engine *e, size_t index)
{
    const struct gw_fact *fact = &e->in->facts[index];
    struct medication_name *slot;

    if (!e->versions[index].current || fact->type != GW_MEDICATION)
        return;
    for (size_t i = 0; i < fact->identifier_count; i++) {
        if (!fact->identifiers[i].value)
            continue;
        slot = GW_ARENA_PUSH(e->arena, e->medications, e->medication_count, e->medication_capacity);
        if (slot)
            *slot = (struct medication_name){&fact->identifiers[i], index};
        else
            e->failed = true;
    }
}

static int compare_names(const struct engine *e, const struct medication_name *name, const char *endpoint,
                         const struct gw_identifier *identifier)
{
    int order = order_texts(name->identifier->value, identifier->value);

    if (order == 0)
        order = order_texts(name->identifier->system, identifier->system);
    return order ? order : order_texts(e->in->facts[name->fact].endpoint, endpoint);
}

static int by_name(const void *x, const void *y, void *context)
{
    const struct engine *e = context;
    const struct medication_name *a = x, *b = y;
    const int order = compare_names(e, a, e->in->facts[b->fact].endpoint, b->identifier);

    return order ? order : strcmp(e->versions[a->fact].key, e->versions[b->fact].key);
}

const struct gw_fact *engine_find_medication(const struct engine *e, const char *endpoint,
                                             const struct gw_identifier *identifier)
{
    size_t low = 0, high = e->medication_count;

    while (low < high) { /* the first that is not before it */
        const size_t middle = low + (high - low) / 2;

        if (compare_names(e, &e->medications[middle], endpoint, identifier) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == e->medication_count || compare_names(e, &e->medications[low], endpoint, identifier) != 0)
        return NULL;
    return &e->in->facts[e->medications[low].fact];
}

void stage_current(struct engine *e)
{
    const size_t count = e->in->fact_count;

    e->versions = gw_arena_alloc(e->arena, (count + 1) * sizeof *e->versions);
    e->first_part = gw_arena_alloc(e->arena, (count + 1) * sizeof *e->first_part);
    if (!e->versions || !e->first_part) {
        e->failed = true;
        return;
    }
    lay_out_parts(e);
    order_versions(e);
    for (size_t i = 0; i < count && !e->failed; i++) {
        end_by_standing(e, i);
        end_dropped(e, i);
        consider_person(e, i);
        consider_medication(e, i);
    }
    if (e->medication_count > 1)
        qsort_r(e->medications, e->medication_count, sizeof *e->medications, by_name, e);
}
