/*
 * Creatinine clearance by Cockcroft and Gault, exactly; filtration by the four-variable MDRD equation.
 *
 *      clearance [mL/min]             = (140 - age) x weight [kg] / (72 x creatinine [mg/dL]), x 0.85 if female
 *      filtration [mL/min per 1.73 m2] = 175 x creatinine [mg/dL]^-1.154 x age^-0.203, x 0.742 if female
 *
 * Actual body weight, creatinine by a method traceable to IDMS, no factor for race. Source: mappings/RULES.md 13.
 */
#include "study/clearance.h"

#include <string.h>

#include "gateway/core/power.h"
#include "study/bound.h"

#define DECIMAL(units, places) ((struct gw_decimal){.coefficient = (units), .exponent = -(places)})

/* ---- weight ---- */

struct weight {
    const struct datum *datum; /* NULL: none */
    struct gw_ratio kilograms;
};

enum source {
    COLLECTED, /* a window took it, or it lies before the first one: history */
    BETWEEN,   /* looked at only where nothing collected tells */
};

static bool is_of(struct engine *e, const struct datum *datum, enum source source)
{
    const struct part *part = engine_part(e, datum->fact, datum->part);

    if (datum->placed_count > 0 || datum->when.first < e->windows.span_low)
        return source == COLLECTED;
    if (source == COLLECTED || !part->final || part->state != GW_STATE_OUTSIDE_WINDOW ||
        datum->when.first > e->windows.span_high || !engine_lives_and_consents(e, datum->when.first))
        return false;
    engine_next_day(e, datum->when.first);
    return datum->when.first <= e->in->horizon;
}

static bool is_weight(const struct datum *datum)
{
    return datum->dated && datum->when.first == datum->when.last && datum->code.verdict == GW_CODE_MAPPED &&
           datum->source->standing == GW_ACCEPTED && !datum->source->modifier_extension;
}

/* What no window took was not measured yet. */
static bool read_weight(struct engine *e, const struct datum *datum, struct gw_ratio *out)
{
    struct gw_measure measure = datum->value->measure;

    if (!datum->measured && gw_measure_read(e->arena, e->in->tables, e->in->site, datum->code.lab, datum->code.source,
                                            datum->observed, &measure, e->err) != GW_OK)
        e->failed = true;
    if (measure.verdict != GW_VALUE_OK || !measure.value_num || measure.comparator)
        return false;
    *out = measure.canonical;
    return !e->failed;
}

/* The latest up to the day, else the nearest after; of two of one time that of the smaller key. */
static bool is_better(const struct engine *e, const struct datum *a, const struct datum *b, gw_day day)
{
    const int order = gw_when_compare(&a->when, &b->when);

    if ((a->when.first <= day) != (b->when.first <= day))
        return a->when.first <= day;
    if (order == 0)
        return strcmp(e->versions[a->fact].key, e->versions[b->fact].key) < 0;
    return a->when.first <= day ? order > 0 : order < 0;
}

static struct weight find_weight(struct engine *e, gw_day day, enum source source)
{
    const gw_day low = day - e->in->study->renal.weight_before_days;
    const gw_day high = day + e->in->study->renal.weight_after_days;
    const struct values weights = engine_values(e, "WEIGHT");
    struct weight best = {.datum = NULL};

    for (size_t i = 0; i < weights.count && !e->failed; i++) {
        const struct datum *datum = weights.list[i];
        struct gw_ratio kilograms;

        if (!is_weight(datum) || datum->when.first < low || datum->when.first > high || !is_of(e, datum, source) ||
            (best.datum && !is_better(e, datum, best.datum, day)) || !read_weight(e, datum, &kilograms))
            continue;
        best = (struct weight){datum, kilograms};
    }
    return best;
}

/* ---- the subject ---- */

static bool is_female(const struct engine *e)
{
    return gw_same(e->person->patient.gender, "female");
}

/* What both equations need. False: a reason is set. */
static bool begin(struct engine *e, const struct datum *creatinine, const struct gw_window *window,
                  struct clearance *out)
{
    const char *gender = e->person ? e->person->patient.gender : NULL;

    *out = (struct clearance){.reason = NULL};
    if (creatinine)
        inputs_add_datum(e, &out->inputs, creatinine, window);
    if (!creatinine)
        out->reason = "NO_CREATININE";
    else if (!bound_exact(creatinine) || gw_decimal_sign(&creatinine->value->measure.canonical.numerator) <= 0)
        out->reason = "CREATININE_NOT_EXACT";
    else if (!gw_same(gender, "male") && !gw_same(gender, "female"))
        out->reason = "NO_SEX";
    else if (!age_on(e, creatinine->when.first, &out->age))
        out->reason = "NO_BIRTH_DATE";
    if (!out->reason)
        inputs_add_part(e, &out->inputs, e->person_index, 0);
    return !out->reason;
}

/* mg/dL: 88.4 umol/L, the canonical unit, are one. */
static struct gw_ratio mg_per_dl(struct engine *e, const struct datum *creatinine)
{
    const struct gw_ratio factor = {gw_decimal_from_int(1), DECIMAL(884, 1)};
    struct gw_ratio value = creatinine->value->measure.canonical;

    e->failed |= !gw_ratio_multiply(e->arena, &value, &factor, &value);
    return value;
}

/* ---- Cockcroft and Gault ---- */

static struct gw_ratio cg_at(struct engine *e, int age, const struct gw_ratio *kilograms, const struct gw_ratio *mg)
{
    const struct gw_ratio factors[] = {
        *kilograms,
        {mg->denominator, mg->numerator},
        {is_female(e) ? DECIMAL(85, 2) : gw_decimal_from_int(1), gw_decimal_from_int(72)},
    };
    struct gw_ratio value = gw_ratio_of(gw_decimal_from_int(140 - age));

    for (size_t i = 0; i < sizeof factors / sizeof *factors; i++)
        e->failed |= !gw_ratio_multiply(e->arena, &value, &factors[i], &value);
    return value;
}

void clearance_by_cg(struct engine *e, const struct datum *creatinine, const struct gw_window *window,
                     struct clearance *out)
{
    struct weight weight;
    struct gw_ratio mg;

    if (!begin(e, creatinine, window, out))
        return;
    weight = find_weight(e, creatinine->when.first, COLLECTED);
    if (!weight.datum)
        weight = find_weight(e, creatinine->when.first, BETWEEN);
    if (!weight.datum) {
        out->reason = "NO_WEIGHT";
        return;
    }
    inputs_add_datum(e, &out->inputs, weight.datum, NULL);
    mg = mg_per_dl(e, creatinine);
    out->low = cg_at(e, out->age.high, &weight.kilograms, &mg);
    out->high = cg_at(e, out->age.low, &weight.kilograms, &mg);
}

/* ---- MDRD ---- */

static bool mdrd_at(struct engine *e, int age, const struct gw_ratio *mg, struct gw_ratio *out)
{
    const struct gw_power powers[] = {
        {gw_ratio_of(gw_decimal_from_int(175)), 1000},
        {*mg, -1154},
        {gw_ratio_of(gw_decimal_from_int(age)), -203},
        {gw_ratio_of(is_female(e) ? DECIMAL(742, 3) : gw_decimal_from_int(1)), 1000},
    };
    struct gw_decimal value;

    if (!gw_powers(powers, sizeof powers / sizeof *powers, &value))
        return false;
    *out = gw_ratio_of(value);
    return true;
}

void clearance_by_mdrd(struct engine *e, const struct datum *creatinine, const struct gw_window *window,
                       struct clearance *out)
{
    struct gw_ratio mg;

    if (!begin(e, creatinine, window, out))
        return;
    mg = mg_per_dl(e, creatinine);
    if (!mdrd_at(e, out->age.high, &mg, &out->low) || !mdrd_at(e, out->age.low, &mg, &out->high))
        out->reason = "NO_BIRTH_DATE"; /* of a newborn, whom the equation is not for */
}

void clearance_of_study(struct engine *e, const struct datum *creatinine, const struct gw_window *window,
                        struct clearance *out)
{
    if (e->in->study->renal.formula == GW_CLEARANCE_MDRD)
        clearance_by_mdrd(e, creatinine, window, out);
    else
        clearance_by_cg(e, creatinine, window, out);
}
