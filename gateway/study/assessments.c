/*
 * Values of the disease gathered by day, and each day judged against baseline and the lowest confirmed values before.
 *
 * An assessment is a day on which the disease's leading measure was read: serum M where it is measurable, else urine M,
 * else the involved light chain; one sample never confirms itself. What else was not measured on that day is taken from
 * the nearest day of the same window, of two as near the later: urine is collected a day or two beside the blood. What
 * comes after another line of treatment began says nothing of this one. Source: mappings/RULES.md 13.
 */
#include "study/assessments.h"
#include "study/order.h"

#include <stdlib.h>
#include <string.h>

enum part_of { SERUM, URINE, KAPPA, LAMBDA, MARROW, SERUM_FIXATION, URINE_FIXATION, PARTS };
static const char *const concepts[PARTS] = {"MPROT_S", "MPROT_U", "FLC_K", "FLC_L", "BMPC", "IFE_S", "IFE_U"};

static int part_of(const struct datum *datum)
{
    for (int i = 0; i < PARTS; i++)
        if (strcmp(datum->code.lab->concept, concepts[i]) == 0)
            return i;
    return -1;
}

static struct disease_value value_of(const struct datum *datum)
{
    const char *comparator = datum->value->measure.comparator;

    return (struct disease_value){.known = true,
                                  .at_most = comparator && *comparator == '<',
                                  .less = gw_same(comparator, "<"),
                                  .at_least = comparator && *comparator == '>',
                                  .value = datum->value->measure.canonical};
}

static enum immunofixation fixation_of(const struct engine *e, const struct datum *datum)
{
    return gw_rules_answer(e->in->rules, &datum->observed->concept) == GW_ANSWER_NEGATIVE ? FIXATION_NEGATIVE
                                                                                          : FIXATION_POSITIVE;
}

static void note(struct engine *e, struct disease *disease, const struct datum *datum)
{
    switch (part_of(datum)) {
    case SERUM:
        disease->serum = value_of(datum);
        break;
    case URINE:
        disease->urine = value_of(datum);
        break;
    case KAPPA:
        disease->kappa = value_of(datum);
        break;
    case LAMBDA:
        disease->lambda = value_of(datum);
        break;
    case MARROW:
        disease->marrow = value_of(datum);
        break;
    case SERUM_FIXATION:
        disease->serum_fixation = fixation_of(e, datum);
        break;
    case URINE_FIXATION:
        disease->urine_fixation = fixation_of(e, datum);
        break;
    }
}

/* ---- baseline ---- */

static void find_baseline(struct engine *e, struct assessments *out)
{
    for (int i = 0; i < PARTS && !e->failed; i++) {
        const struct datum *datum = engine_baseline(e, concepts[i]);

        if (!datum)
            continue;
        note(e, &out->baseline, datum);
        inputs_add_datum(e, &out->baseline_inputs, datum, NULL);
        out->has_baseline = true;
    }
    e->failed |= !response_measurable(e->arena, &e->in->study->response, &out->baseline, &out->measurable);
}

/* ---- days ---- */

struct reading { /* one value in one window */
    const struct datum *datum;
    const struct gw_window *window;
};

struct readings {
    struct reading *list; /* by day, then window, then obs_id */
    size_t count;
};

static bool tells(const struct engine *e, const struct placed *placed, const struct datum *datum)
{
    return datum->measured && !datum->provisional && datum->when.first == datum->when.last &&
           datum->when.first > e->anchors.d1 && !gw_window_is_baseline(placed->window) && part_of(datum) >= 0 &&
           (e->next_line == GW_NO_DAY || datum->when.first < e->next_line);
}

static int by_day(const void *x, const void *y)
{
    const struct reading *a = x, *b = y;

    const int order = order_then(ORDER(a->datum->when.first, b->datum->when.first), ORDER(a->window, b->window));

    return order ? order : strcmp(a->datum->obs_id, b->datum->obs_id);
}

static struct readings read_all(struct engine *e)
{
    struct readings readings = {.list = gw_arena_alloc(e->arena, (e->placed_count + 1) * sizeof *readings.list)};

    e->failed |= !readings.list;
    for (size_t i = 0; i < e->placed_count && !e->failed; i++) {
        const struct datum *datum = &e->data[e->placed[i].datum_index];

        if (tells(e, &e->placed[i], datum))
            readings.list[readings.count++] = (struct reading){datum, e->placed[i].window};
    }
    if (readings.count > 1)
        qsort(readings.list, readings.count, sizeof *readings.list, by_day);
    return readings;
}

/* The reading of a part nearest to a day among those of its window, first .. last; of two as near the later. */
static const struct reading *nearest(const struct readings *readings, size_t first, size_t last, int part, gw_day day)
{
    const struct reading *best = NULL;

    for (size_t i = first; i < last; i++) {
        const struct reading *reading = &readings->list[i];

        if (part_of(reading->datum) == part &&
            (!best || gw_days_apart(reading->datum->when.first, day) <= gw_days_apart(best->datum->when.first, day)))
            best = reading;
    }
    return best;
}

static void assess_day(struct engine *e, const struct readings *readings, size_t first, size_t last, gw_day day,
                       struct assessments *out)
{
    struct assessment *assessment = &out->list[out->count++];

    *assessment = (struct assessment){.day = day, .window = readings->list[first].window};
    for (int part = 0; part < PARTS && !e->failed; part++) {
        const struct reading *reading = nearest(readings, first, last, part, day);

        if (!reading)
            continue;
        note(e, &assessment->disease, reading->datum);
        inputs_add_datum(e, &assessment->inputs, reading->datum, reading->window);
    }
}

static int leading(const struct measurable *measurable)
{
    if (measurable->serum)
        return SERUM;
    if (measurable->urine)
        return URINE;
    return measurable->chain == CHAIN_KAPPA ? KAPPA : measurable->chain == CHAIN_LAMBDA ? LAMBDA : PARTS;
}

/* Each day of the leading measure; in a window without one, the first day of anything: it may show progression. */
static void assess_window(struct engine *e, const struct readings *readings, size_t first, size_t last,
                          struct assessments *out)
{
    const int part = leading(&out->measurable);
    gw_day day = GW_NO_DAY;

    for (size_t i = first; i < last && !e->failed; i++) {
        if (part_of(readings->list[i].datum) != part || readings->list[i].datum->when.first == day)
            continue;
        day = readings->list[i].datum->when.first;
        assess_day(e, readings, first, last, day, out);
    }
    if (day == GW_NO_DAY)
        assess_day(e, readings, first, last, readings->list[first].datum->when.first, out);
}

static void gather_days(struct engine *e, const struct readings *readings, struct assessments *out)
{
    out->list = gw_arena_alloc(e->arena, (readings->count + 1) * sizeof *out->list);
    e->failed |= !out->list;
    for (size_t first = 0, last; first < readings->count && !e->failed; first = last) {
        for (last = first; last < readings->count && readings->list[last].window == readings->list[first].window;)
            last++;
        assess_window(e, readings, first, last, out);
    }
}

/* ---- judged ---- */

static bool less(struct engine *e, const struct disease_value *a, const struct disease_value *b)
{
    return gw_ratio_compare(e->arena, &a->value, &b->value) < 0;
}

/* Two consecutive values confirm the higher of them as reached. */
static void lower(struct engine *e, struct disease_value *lowest, const struct disease_value *a,
                  const struct disease_value *b)
{
    const struct disease_value *reached;

    if (!a->known || !b->known || a->at_least || b->at_least)
        return;
    reached = less(e, a, b) ? b : a;
    if (!lowest->known || less(e, reached, lowest))
        *lowest = *reached;
    lowest->at_most = false;
}

static struct disease lowest_of(struct engine *e, const struct assessments *all)
{
    struct disease lowest = all->baseline;

    lowest.kappa = disease_chain_difference(e->arena, &all->baseline, all->measurable.chain);
    return lowest;
}

static void confirm_lowest(struct engine *e, const struct assessments *all, size_t i, struct disease *lowest)
{
    const struct disease *a = &all->list[i - 1].disease, *b = &all->list[i].disease;
    const struct disease_value chains_a = disease_chain_difference(e->arena, a, all->measurable.chain);
    const struct disease_value chains_b = disease_chain_difference(e->arena, b, all->measurable.chain);

    lower(e, &lowest->serum, &a->serum, &b->serum);
    lower(e, &lowest->urine, &a->urine, &b->urine);
    lower(e, &lowest->marrow, &a->marrow, &b->marrow);
    lower(e, &lowest->kappa, &chains_a, &chains_b);
}

/* Coded plasmacytoma, not abated before the day. */
static bool has_plasmacytoma(const struct engine *e, gw_day day)
{
    for (size_t i = 0; i < e->diagnosis_count; i++) {
        const struct diagnosis *d = &e->diagnoses[i];

        if (d->confirmed && d->dated && d->row && d->row->evidence == GW_EVIDENCE_INDEX && d->row->subcategory &&
            (strstr(d->row->subcategory, "plasmacytoma") || strstr(d->row->subcategory, "extramedullary")) &&
            d->start.first <= day && (d->end == GW_NO_DAY || d->end >= day))
            return true;
    }
    return false;
}

static void judge(struct engine *e, struct assessments *all)
{
    struct disease lowest = lowest_of(e, all);
    struct response_context context = {
        .rules = &e->in->study->response, .measurable = all->measurable, .baseline = &all->baseline, .lowest = &lowest};

    for (size_t i = 0; i < all->count; i++) {
        context.plasmacytoma = has_plasmacytoma(e, all->list[i].day);
        e->failed |= !response_assess(e->arena, &context, &all->list[i].disease, &all->list[i].response);
        if (i > 0)
            confirm_lowest(e, all, i, &lowest);
    }
}

void assessments_gather(struct engine *e, struct assessments *out)
{
    struct readings readings;

    *out = (struct assessments){0};
    find_baseline(e, out);
    readings = read_all(e);
    if (!e->failed)
        gather_days(e, &readings, out);
    if (!e->failed)
        judge(e, out);
}
