/*
 * The signs of CRS in order of time: fever, low blood pressure, low saturation, vasopressors, oxygen.
 *
 * Source: ASTCT 2019; mappings/RULES.md 12.
 */
#include "study/bound.h"
#include "study/crs_parts.h"
#include "study/order.h"

#include <stdlib.h>
#include <string.h>

static void add_sign(struct engine *e, struct crs_history *h, struct crs_sign sign)
{
    struct crs_sign *slot = GW_ARENA_PUSH(e->arena, h->signs, h->count, h->capacity);

    if (slot)
        *slot = sign;
    else
        e->failed = true;
}

static void add_value(struct engine *e, struct crs_history *h, enum crs_kind kind, const struct reading *reading)
{
    add_sign(e, h,
             (struct crs_sign){.kind = kind,
                               .moment = reading->moment,
                               .day = reading->datum->when.first,
                               .fact = reading->datum->fact,
                               .part = reading->datum->part,
                               .datum = reading->datum});
}

static int by_value(const void *x, const void *y, void *context)
{
    const struct reading *const a = x, *const b = y;

    return gw_ratio_compare(context, &a->datum->value->measure.canonical, &b->datum->value->measure.canonical);
}

/* So much under it, or more; the mean of the middle two is compared as their sum. */
struct fall {
    struct gw_ratio bound; /* twice the value, at it or below */
    bool known;
};

static struct fall read_fall(struct engine *e, const struct readings *pressures)
{
    struct reading *list = gw_arena_alloc(e->arena, (pressures->count + 1) * sizeof *list);
    struct gw_decimal share = e->in->study->events.crs.systolic_fall_percent;
    struct gw_ratio left, sum;
    struct fall fall = {.known = false};
    size_t count = 0;

    e->failed |= !list;
    for (size_t i = 0; i < pressures->count && !e->failed; i++)
        if (!pressures->list[i].datum->value->measure.comparator)
            list[count++] = pressures->list[i];
    if (count == 0 || e->failed)
        return fall;
    qsort_r(list, count, sizeof *list, by_value, e->arena);
    share.coefficient = -share.coefficient;
    share.negative = !share.negative;
    left = (struct gw_ratio){gw_decimal_from_int(100), gw_decimal_from_int(100)};
    fall.known = gw_decimal_add(e->arena, &left.numerator, &share, &left.numerator) &&
                 gw_ratio_add(e->arena, &list[(count - 1) / 2].datum->value->measure.canonical,
                              &list[count / 2].datum->value->measure.canonical, &sum) &&
                 gw_ratio_multiply(e->arena, &sum, &left, &fall.bound);
    e->failed |= !fall.known;
    return fall;
}

static bool has_fallen(struct engine *e, const struct fall *fall, const struct datum *datum)
{
    const struct gw_ratio *value = &datum->value->measure.canonical;
    struct gw_ratio twice;

    if (!fall->known || datum->value->measure.comparator)
        return false;
    if (!gw_ratio_add(e->arena, value, value, &twice)) {
        e->failed = true;
        return false;
    }
    return gw_ratio_compare(e->arena, &twice, &fall->bound) <= 0;
}

static void add_values(struct engine *e, struct crs_history *h)
{
    const struct readings pressures = readings_of(e, "SBP", e->anchors.d1),
                          saturations = readings_of(e, "SPO2", e->anchors.d1);
    const struct fall fall = read_fall(e, &pressures);

    for (size_t i = 0; i < h->temperatures.count && !e->failed; i++)
        if (bound_reaches(e, h->temperatures.list[i].datum, &h->rules->temperature))
            add_value(e, h, FEVER, &h->temperatures.list[i]);
    for (size_t i = 0; i < pressures.count && !e->failed; i++)
        if (bound_below(e, pressures.list[i].datum, &h->rules->systolic) ||
            has_fallen(e, &fall, pressures.list[i].datum))
            add_value(e, h, HYPOTENSION, &pressures.list[i]);
    for (size_t i = 0; i < saturations.count && !e->failed; i++)
        if (bound_below(e, saturations.list[i].datum, &h->rules->spo2))
            add_value(e, h, HYPOXIA, &saturations.list[i]);
}

/* One without an end ran to the end of its day. */
static void add_vasopressors(struct engine *e, struct crs_history *h)
{
    for (size_t i = 0; i < h->givens.count && !e->failed; i++) {
        const struct given *given = &h->givens.list[i];
        struct crs_sign sign = {
            .kind = VASOPRESSOR, .moment = given->span, .day = given->day, .fact = given->fact, .given = given};

        if (strcmp(given->drug->role, "VASOPRESSOR") != 0 || !given->by_rate)
            continue;
        if (!given->end_told)
            sign.moment.last = moment_day_end(e, given->day);
        add_sign(e, h, sign);
    }
}

static void add_oxygen(struct engine *e, struct crs_history *h)
{
    const struct supports supports = supports_read(e);

    for (size_t i = 0; i < supports.count && !e->failed; i++)
        add_sign(e, h,
                 (struct crs_sign){.kind = OXYGEN,
                                   .moment = supports.list[i].span,
                                   .day = supports.list[i].day,
                                   .fact = supports.list[i].fact,
                                   .part = supports.list[i].part,
                                   .datum = supports.list[i].datum,
                                   .support = &supports.list[i]});
}

static int by_time(const void *x, const void *y, void *context)
{
    const struct engine *e = context;
    const struct crs_sign *a = x, *b = y;
    int order;

    if (a->moment.first != b->moment.first)
        return ORDER(a->moment.first, b->moment.first);
    if (a->kind != b->kind)
        return (int)a->kind - (int)b->kind;
    order = strcmp(e->versions[a->fact].key, e->versions[b->fact].key);
    return order_then(order, a->part - b->part);
}

struct crs_history crs_read(struct engine *e, const struct episodes *episodes)
{
    struct crs_history h = {.rules = &e->in->study->events.crs,
                            .temperatures = readings_of(e, "TEMP", e->anchors.d1),
                            .flows = readings_of(e, "O2FLOW", e->anchors.d1),
                            .givens = *episodes->givens,
                            .doses = *episodes->doses};

    if (e->failed)
        return h;
    add_values(e, &h);
    add_vasopressors(e, &h);
    add_oxygen(e, &h);
    if (h.count > 1)
        qsort_r(h.signs, h.count, sizeof *h.signs, by_time, e);
    return h;
}

const char *crs_concept(const struct crs_sign *sign)
{
    if (sign->given)
        return sign->given->drug->substance;
    return sign->support ? sign->support->concept : sign->datum->code.lab->concept;
}
