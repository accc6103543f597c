/*
 * Counts and concentrations worked out of others of the same sample, where the laboratory wrote none itself:
 * neutrophils out of leukocytes and percentages, calcium corrected for albumin.
 *
 * A sample is what one Specimen gave; values without a Specimen are of one sample when they have the same time, and
 * join that of the only Specimen with a value of that time. Samples and sources are never mixed. A value that two
 * results of equal standing dispute is none. Source: mappings/RULES.md 7.
 */
#include "study/compose.h"
#include "study/order.h"

#include <stdlib.h>
#include <string.h>

struct draw { /* a value of a sample that may give another */
    size_t datum;
    const char *endpoint;
    const char *specimen; /* what its reference names; NULL: nothing that another could name too */
};

struct sample {
    const struct draw *draws;
    size_t count;
};

/* ---- which values ---- */

static bool takes_part(const struct engine *e, const char *concept)
{
    for (size_t i = 0; i < e->in->rules->composition_count; i++) {
        const struct gw_composition *rule = &e->in->rules->compositions[i];

        if (strcmp(rule->concept, concept) == 0 || strcmp(rule->base, concept) == 0 || gw_same(rule->first, concept) ||
            gw_same(rule->second, concept))
            return true;
    }
    return false;
}

/* A contained Specimen has no name outside its own resource. */
static const char *specimen_name(struct engine *e, const struct datum *datum)
{
    const struct gw_reference *ref = &datum->source->observation.specimen;
    const char *const parts[] = {ref->identifier.system, ref->identifier.value};
    const char *name;

    if (ref->kind == GW_REFERENCE_LITERAL)
        return ref->id;
    if (ref->kind != GW_REFERENCE_LOGICAL)
        return NULL;
    name = gw_arena_join(e->arena, '|', parts, 2);
    e->failed |= !name;
    return name;
}

static size_t find_draws(struct engine *e, struct draw *draws)
{
    size_t count = 0;

    for (size_t i = 0; i < e->data_count; i++) {
        const struct datum *datum = &e->data[i];

        if (datum->code.lab && datum->dated && datum->when.first == datum->when.last &&
            takes_part(e, datum->code.lab->concept))
            draws[count++] = (struct draw){i, datum->source->endpoint, specimen_name(e, datum)};
    }
    return count;
}

/* ---- which sample ---- */

static int compare_text(const char *a, const char *b)
{
    if (!a || !b)
        return !a && !b ? 0 : a ? 1 : -1;
    return strcmp(a, b);
}

static int compare_time(const struct engine *e, const struct draw *a, const struct draw *b)
{
    const int order = compare_text(a->endpoint, b->endpoint);

    return order ? order : gw_when_compare(&e->data[a->datum].when, &e->data[b->datum].when);
}

/* What no order of arrival changes. */
static int compare_source(const struct engine *e, const struct draw *a, const struct draw *b)
{
    const struct datum *x = &e->data[a->datum], *y = &e->data[b->datum];
    const int order = strcmp(e->versions[x->fact].key, e->versions[y->fact].key);

    return order_then(order, x->part - y->part);
}

static int by_time(const void *x, const void *y, void *context)
{
    const struct draw *a = x, *b = y;
    int order = compare_time(context, a, b);

    if (order == 0)
        order = compare_text(a->specimen, b->specimen);
    return order ? order : compare_source(context, a, b);
}

static int compare_sample(const struct engine *e, const struct draw *a, const struct draw *b)
{
    int order = compare_text(a->endpoint, b->endpoint);

    if (order == 0)
        order = compare_text(a->specimen, b->specimen);
    return order || a->specimen ? order : compare_time(e, a, b);
}

static int by_sample(const void *x, const void *y, void *context)
{
    const int order = compare_sample(context, x, y);

    return order ? order : compare_source(context, x, y);
}

/* Sorted by time, those without a Specimen come first in their run: they join the only one named there. */
static void join_specimens(const struct engine *e, struct draw *draws, size_t count)
{
    for (size_t start = 0, end; start < count; start = end) {
        size_t unnamed = start;

        for (end = start + 1; end < count && compare_time(e, &draws[start], &draws[end]) == 0; end++)
            continue;
        while (unnamed < end && !draws[unnamed].specimen)
            unnamed++;
        if (unnamed == end || strcmp(draws[unnamed].specimen, draws[end - 1].specimen) != 0)
            continue;
        for (size_t i = start; i < unnamed; i++)
            draws[i].specimen = draws[end - 1].specimen;
    }
}

/* ---- what goes in ---- */

static bool is_of(const struct engine *e, const struct draw *draw, const char *concept)
{
    return strcmp(e->data[draw->datum].code.lab->concept, concept) == 0;
}

static bool usable(const struct datum *datum)
{
    return datum->measured && datum->value->measure.value_num && datum_is_used(datum);
}

/* A final one before a preliminary one, then the better code; 0: neither. */
static int better(const struct datum *a, const struct datum *b)
{
    if (a->provisional != b->provisional)
        return a->provisional ? -1 : 1;
    return b->code.lab->preference - a->code.lab->preference;
}

/* The value of a concept in the sample; NULL: none, or two that say different things. */
static const struct datum *value_of(const struct engine *e, const struct sample *sample, const char *concept)
{
    const struct datum *best = NULL;
    bool disputed = false;

    for (size_t i = 0; i < sample->count; i++) {
        const struct datum *datum = &e->data[sample->draws[i].datum];
        int order;

        if (!is_of(e, &sample->draws[i], concept) || !usable(datum))
            continue;
        order = best ? better(datum, best) : 1;
        if (order == 0)
            disputed |=
                gw_ratio_compare(e->arena, &datum->value->measure.canonical, &best->value->measure.canonical) != 0 ||
                !gw_same(datum->value->measure.comparator, best->value->measure.comparator);
        if (order <= 0)
            continue;
        best = datum;
        disputed = false;
    }
    return disputed ? NULL : best;
}

struct inputs_of { /* a rule and the values it needs, all there */
    const struct gw_composition *rule;
    const struct datum *values[COMPOSE_MOST_INPUTS];
    size_t count;
};

/* Only the base of a share may lie beyond its value: what is multiplied stays on that side. */
static bool fits(const struct inputs_of *in)
{
    if (in->rule->unit && !gw_same(in->values[0]->value->measure.unit_code, in->rule->unit))
        return false;
    for (size_t i = 0; i < in->count; i++)
        if (in->values[i]->value->measure.comparator && (i > 0 || in->rule->kind != GW_COMPOSE_SHARE))
            return false;
    return true;
}

static bool find_inputs(const struct engine *e, const struct sample *sample, const struct gw_composition *rule,
                        struct inputs_of *in)
{
    const char *const concepts[COMPOSE_MOST_INPUTS] = {rule->base, rule->first, rule->second};

    *in = (struct inputs_of){.rule = rule};
    for (size_t i = 0; i < COMPOSE_MOST_INPUTS; i++) {
        if (!concepts[i])
            continue;
        in->values[in->count] = value_of(e, sample, concepts[i]);
        if (!in->values[in->count])
            return false;
        in->count++;
    }
    return fits(in);
}

/* ---- arithmetic ---- */

static bool share(struct gw_arena *arena, const struct inputs_of *in, struct gw_ratio *out)
{
    static const struct gw_ratio percent = {{1, NULL, 0, false, 0}, {100, NULL, 0, false, 0}};

    *out = in->values[1]->value->measure.canonical;
    return (in->count < 3 || gw_ratio_add(arena, out, &in->values[2]->value->measure.canonical, out)) &&
           gw_ratio_multiply(arena, out, &percent, out) &&
           gw_ratio_multiply(arena, out, &in->values[0]->value->measure.canonical, out);
}

static bool sum(struct gw_arena *arena, const struct inputs_of *in, struct gw_ratio *out)
{
    *out = in->values[0]->value->measure.canonical;
    return in->count < 2 || gw_ratio_add(arena, out, &in->values[1]->value->measure.canonical, out);
}

/* In the unit the base was reported in, where the rule names one. */
static bool linear(struct gw_arena *arena, const struct inputs_of *in, struct gw_ratio *out)
{
    const struct gw_ratio minus = gw_ratio_of(gw_decimal_from_int(-1));
    const struct gw_measure *base = &in->values[0]->value->measure;
    const struct gw_ratio from = in->rule->unit ? gw_ratio_of(base->source) : base->canonical;

    return gw_ratio_multiply(arena, &in->values[1]->value->measure.canonical, &minus, out) &&
           gw_ratio_add(arena, out, &in->rule->reference, out) &&
           gw_ratio_multiply(arena, out, &in->rule->slope, out) && gw_ratio_add(arena, out, &from, out);
}

static bool work_out(struct gw_arena *arena, const struct inputs_of *in, struct gw_ratio *out)
{
    switch (in->rule->kind) {
    case GW_COMPOSE_SHARE:
        return share(arena, in, out);
    case GW_COMPOSE_SUM:
        return sum(arena, in, out);
    default:
        return linear(arena, in, out);
    }
}

/* ---- the new datum ---- */

/* The row whose code stands for the concept: of the best preference, the first. */
static const struct gw_lab *row_of(const struct engine *e, const char *concept)
{
    const struct gw_lab *rows, *best = NULL;
    const size_t count = gw_tables_labs(e->in->tables, &rows);

    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].concept, concept) == 0 && (!best || rows[i].preference < best->preference))
            best = &rows[i];
    return best;
}

/* As if a laboratory had reported the number in that unit. */
static struct gw_observed *observe(struct engine *e, const struct gw_lab *lab, const char *number, const char *unit,
                                   const char *comparator)
{
    struct gw_observed *observed = gw_arena_alloc(e->arena, sizeof *observed);
    struct gw_coding *coding = gw_arena_alloc(e->arena, sizeof *coding);

    if (!observed || !coding || !number) {
        e->failed = true;
        return NULL;
    }
    *coding = (struct gw_coding){GW_SYSTEM_LOINC, lab->loinc, lab->name};
    *observed = (struct gw_observed){
        .component = -1,
        .code = {.codings = coding, .count = 1},
        .kind = GW_VALUE_QUANTITY,
        .value_name = "valueQuantity",
        .quantity = {.value = number, .comparator = comparator, .unit = unit, .system = GW_SYSTEM_UCUM, .code = unit}};
    return observed;
}

static void place_like(struct engine *e, struct datum *datum, const struct datum *base)
{
    const gw_groups groups = gw_study_lab_groups(e->in->study, datum->code.lab);

    datum->first_placed = e->placed_count;
    datum->placed_count = 0;
    for (size_t i = 0; i < base->placed_count; i++) {
        const struct placed like = e->placed[base->first_placed + i];
        struct placed *placed;

        if (!(like.window->groups & groups))
            continue;
        placed = GW_ARENA_PUSH(e->arena, e->placed, e->placed_count, e->placed_capacity);
        if (!placed) {
            e->failed = true;
            return;
        }
        *placed =
            (struct placed){.datum_index = datum->index, .window = like.window, .window_index = like.window_index};
        datum->placed_count++;
    }
}

static void add_datum(struct engine *e, const struct inputs_of *in, const struct datum *like)
{
    const struct datum *base = in->values[0];
    struct composed *made = gw_arena_alloc(e->arena, sizeof *made);
    struct datum *datum;

    if (!made) {
        e->failed = true;
        return;
    }
    made->rule = in->rule;
    for (size_t i = 0; i < in->count; i++)
        made->inputs[made->count++] = in->values[i]->index;
    datum = GW_ARENA_PUSH(e->arena, e->data, e->data_count, e->data_capacity);
    if (!datum) {
        e->failed = true;
        return;
    }
    *datum = *like;
    datum->index = e->data_count - 1;
    datum->made = made;
    datum->obs_id = NULL;
    for (size_t i = 0; i < in->count; i++)
        datum->provisional |= in->values[i]->provisional;
    place_like(e, datum, base);
    datum->evidence = base->evidence && engine_dates_events(e, in->rule->concept);
    datum->before = base->before;
    if (datum->value->measure.verdict == GW_VALUE_OK)
        return;
    if (datum->placed_count > 0)
        engine_raise_datum(e, datum, "VALUE_IMPLAUSIBLE", "what the other values of the sample give is not plausible");
    datum->placed_count = 0;
    datum->evidence = datum->before = datum->measured = false;
}

/* A share of more than the whole is a mistake in the percentages. */
static bool exceeds_base(struct engine *e, const struct inputs_of *in, const struct gw_ratio *value)
{
    return in->rule->kind == GW_COMPOSE_SHARE &&
           gw_ratio_compare(e->arena, value, &in->values[0]->value->measure.canonical) > 0;
}

static void make(struct engine *e, const struct inputs_of *in)
{
    const struct gw_lab *lab = row_of(e, in->rule->concept);
    struct datum made = *in->values[0];
    const char *comparator = made.value->measure.comparator;
    struct gw_measure *measure;
    struct gw_ratio value;
    const struct gw_ratio zero = gw_ratio_of(gw_decimal_from_int(0));

    if (!lab)
        return;
    const char *const unit = in->rule->unit ? in->rule->unit : lab->unit;
    if (!work_out(e->arena, in, &value)) {
        e->failed = true;
        return;
    }
    if (gw_ratio_compare(e->arena, &value, &zero) == 0)
        comparator = NULL; /* none of any number is none */
    made.code = (struct gw_code_result){GW_CODE_MAPPED, lab, NULL, "composed"};
    made.observed = observe(e, lab, gw_ratio_print(e->arena, &value), unit, comparator);
    if (e->failed)
        return;
    made.value = &engine_not_appraised; /* not the base's */
    measure = &engine_appraise(e, &made)->measure;
    if (gw_measure_read(e->arena, e->in->tables, e->in->site, lab, &made.observed->code.codings[0], made.observed,
                        measure, e->err) != GW_OK) {
        e->failed = true;
        return;
    }
    if (exceeds_base(e, in, &measure->canonical))
        measure->verdict = GW_VALUE_IMPLAUSIBLE;
    add_datum(e, in, &made);
}

/* ---- the walk ---- */

/* Whatever became of it, the laboratory wrote one itself. */
static bool has(const struct engine *e, const struct sample *sample, const char *concept)
{
    for (size_t i = 0; i < sample->count; i++)
        if (is_of(e, &sample->draws[i], concept))
            return true;
    return false;
}

static void compose_sample(struct engine *e, const struct sample *sample)
{
    const struct gw_rules *rules = e->in->rules;

    for (size_t i = 0, next; i < rules->composition_count && !e->failed; i = next) {
        const char *concept = rules->compositions[i].concept;
        bool done = has(e, sample, concept);
        struct inputs_of in;

        for (next = i; next < rules->composition_count && strcmp(rules->compositions[next].concept, concept) == 0;
             next++) {
            if (done || !find_inputs(e, sample, &rules->compositions[next], &in))
                continue;
            make(e, &in);
            done = true;
        }
    }
}

void composed_cite(struct engine *e, const struct datum *datum)
{
    for (size_t i = 0; datum->made && i < datum->made->count; i++) {
        const struct datum *input = &e->data[datum->made->inputs[i]];

        engine_part(e, input->fact, input->part)->cited = true;
    }
}

void stage_compose(struct engine *e)
{
    struct draw *draws = gw_arena_alloc(e->arena, (e->data_count + 1) * sizeof *draws);
    size_t count;

    if (!draws) {
        e->failed = true;
        return;
    }
    count = find_draws(e, draws);
    if (count > 1)
        qsort_r(draws, count, sizeof *draws, by_time, e);
    join_specimens(e, draws, count);
    if (count > 1)
        qsort_r(draws, count, sizeof *draws, by_sample, e);
    for (size_t start = 0, end; start < count && !e->failed; start = end) {
        for (end = start + 1; end < count && compare_sample(e, &draws[start], &draws[end]) == 0; end++)
            continue;
        compose_sample(e, &(struct sample){&draws[start], end - start});
    }
}
