/*
 * Reference limits of one value: the resource's own, else the hospital's.
 *
 * A range counts when its type is normal or absent, when every appliesTo names the subject's sex (what else it may name
 * cannot be checked here, so such a range does not fit) and when the age lies in its bounds. Limits without a unit are
 * in the unit of the value they stand beside.
 *
 * Source: mappings/RULES.md 8.
 */
#include <assert.h>
#include <string.h>

#include "gateway/study/measure.h"
#include "study/tables_parts.h"
#include "study/units.h"

struct reading {
    struct gw_arena *arena;
    const struct gw_tables *tables;
    const struct gw_site *site;
    const struct gw_lab *lab;
    const struct gw_unit_factor *factor; /* of the value */
    bool no_memory;
};

static bool is_normal(const struct gw_concept *type)
{
    if (type->count == 0)
        return !type->text;
    for (size_t i = 0; i < type->count; i++)
        if (gw_same(type->codings[i].code, "normal"))
            return true;
    return false;
}

static bool names_sex(const struct gw_concept *concept, const char *sex)
{
    static const struct {
        const char *system;
        const char *code;
        const char *sex;
    } names[] = {
        {"http://terminology.hl7.org/CodeSystem/v3-AdministrativeGender", "M", "male"},
        {"http://terminology.hl7.org/CodeSystem/v3-AdministrativeGender", "F", "female"},
        {"http://hl7.org/fhir/administrative-gender", "male", "male"},
        {"http://hl7.org/fhir/administrative-gender", "female", "female"},
    };

    for (size_t i = 0; i < concept->count; i++)
        for (size_t j = 0; j < sizeof names / sizeof names[0]; j++)
            if (gw_same(concept->codings[i].system, names[j].system) &&
                gw_same(concept->codings[i].code, names[j].code) && gw_same(sex, names[j].sex))
                return true;
    return false;
}

/* False: no number that a limit can be, or memory ended, which no_memory keeps. */
static bool read_number(struct reading *r, const struct gw_quantity *quantity, struct gw_decimal *out)
{
    const enum gw_status rc = unit_number(r->arena, quantity->value, out);

    r->no_memory |= rc == GW_ENOMEM;
    return rc == GW_OK;
}

/* An age bound in years; months, weeks and days are fractions of one. False: not read. */
static bool read_age(struct reading *r, const struct gw_quantity *bound, struct gw_ratio *out)
{
    static const struct {
        const char *unit;
        struct gw_ratio years;
    } units[] = {
        {"a", {{.coefficient = 1}, {.coefficient = 1}}},
        {"mo", {{.coefficient = 1}, {.coefficient = 12}}},
        {"wk", {{.coefficient = 28}, {.coefficient = 1461}}}, /* 7 / 365.25 */
        {"d", {{.coefficient = 4}, {.coefficient = 1461}}},
    };
    const char *const unit = bound->code ? bound->code : bound->unit;
    struct gw_decimal value;

    for (size_t i = 0; unit && i < sizeof units / sizeof units[0]; i++) {
        struct gw_ratio number;

        if (strcmp(unit, units[i].unit) != 0)
            continue;
        if (!read_number(r, bound, &value))
            return false;
        number = gw_ratio_of(value);
        r->no_memory |= !gw_ratio_multiply(r->arena, &number, &units[i].years, out);
        return !r->no_memory;
    }
    return false;
}

static bool fits_age(struct reading *r, const struct gw_reference_range *range, int age)
{
    const struct gw_ratio years = gw_ratio_of(gw_decimal_from_int(age));
    struct gw_ratio bound;

    if (!range->age_low.value && !range->age_high.value)
        return true;
    if (age < 0)
        return false;
    if (range->age_low.value &&
        (!read_age(r, &range->age_low, &bound) || gw_ratio_compare(r->arena, &years, &bound) < 0))
        return false;
    return !range->age_high.value ||
           (read_age(r, &range->age_high, &bound) && gw_ratio_compare(r->arena, &years, &bound) <= 0);
}

static bool fits(struct reading *r, const struct gw_reference_range *range, const char *sex, int age)
{
    if (!is_normal(&range->type) || !fits_age(r, range, age))
        return false;
    for (size_t i = 0; i < range->applies_to_count; i++)
        if (!names_sex(&range->applies_to[i], sex))
            return false;
    return true;
}

/* One limit in both units and in print; false: it cannot be used. */
static bool read_limit(struct reading *r, const struct gw_quantity *quantity, struct gw_ratio *canonical,
                       struct gw_ratio *source, const char **print)
{
    const struct gw_unit_factor *factor = r->factor;
    struct gw_decimal value;

    if (unit_written(quantity) && unit_of(r->tables, r->site, r->lab, quantity, &factor) != UNIT_OK)
        return false;
    if (!read_number(r, quantity, &value))
        return false;
    *source = gw_ratio_of(value);
    r->no_memory |= !unit_convert(r->arena, factor, source, canonical) ||
                    (factor != r->factor && !unit_revert(r->arena, r->factor, canonical, source)) ||
                    !(*print = unit_print(r->arena, factor, &value, canonical));
    return !r->no_memory;
}

static bool read_range(struct reading *r, const struct gw_reference_range *range, struct gw_limits *out)
{
    *out = (struct gw_limits){.verdict = GW_RANGE_FOUND};
    out->has_low = range->low.value != NULL;
    out->has_high = range->high.value != NULL;
    if (!out->has_low && !out->has_high)
        return false;
    if (out->has_low && !read_limit(r, &range->low, &out->low, &out->source_low, &out->low_num))
        return false;
    if (out->has_high && !read_limit(r, &range->high, &out->high, &out->source_high, &out->high_num))
        return false;
    return !out->has_low || !out->has_high || gw_ratio_compare(r->arena, &out->low, &out->high) <= 0;
}

static bool same(struct reading *r, const struct gw_limits *a, const struct gw_limits *b)
{
    return a->has_low == b->has_low && a->has_high == b->has_high &&
           (!a->has_low || gw_ratio_compare(r->arena, &a->low, &b->low) == 0) &&
           (!a->has_high || gw_ratio_compare(r->arena, &a->high, &b->high) == 0);
}

static void read_resource(struct reading *r, const struct gw_observed *observed, const char *sex, int age,
                          struct gw_limits *out)
{
    for (size_t i = 0; i < observed->range_count && !r->no_memory; i++) {
        const struct gw_reference_range *range = &observed->ranges[i];
        struct gw_limits limits;

        if (!fits(r, range, sex, age))
            continue;
        if (read_range(r, range, &limits)) {
            if (out->verdict == GW_RANGE_FOUND && !same(r, out, &limits)) {
                *out = (struct gw_limits){.verdict = GW_RANGE_AMBIGUOUS};
                return;
            }
            *out = limits;
        } else if (out->verdict == GW_RANGE_MISSING && range->text && !range->low.value && !range->high.value) {
            out->verdict = GW_RANGE_TEXT_ONLY;
        }
    }
}

static bool take(struct reading *r, const struct gw_ratio *limit, struct gw_ratio *canonical, struct gw_ratio *source,
                 const char **print)
{
    *canonical = *limit;
    *print = gw_ratio_print(r->arena, limit);
    return *print && unit_revert(r->arena, r->factor, limit, source);
}

static void read_site(struct reading *r, const char *sex, int age, struct gw_limits *out)
{
    const struct gw_site_range *range = gw_site_range_of(r->site, r->lab->concept, sex, age);

    if (!range)
        return;
    *out = (struct gw_limits){
        .verdict = GW_RANGE_FOUND, .from_site = true, .has_low = range->has_low, .has_high = range->has_high};
    if ((range->has_low && !take(r, &range->low, &out->low, &out->source_low, &out->low_num)) ||
        (range->has_high && !take(r, &range->high, &out->high, &out->source_high, &out->high_num)))
        r->no_memory = true;
}

enum gw_status gw_limits_read(struct gw_arena *arena, const struct gw_tables *tables, const struct gw_site *site,
                              const struct gw_lab *lab, const struct gw_observed *observed,
                              const struct gw_measure *measure, const char *sex, int age, struct gw_limits *out,
                              struct gw_error *err)
{
    struct reading r = {arena, tables, site, lab, NULL, false};

    *out = (struct gw_limits){.verdict = GW_RANGE_MISSING};
    if (!lab->unit)
        return GW_OK;
    r.factor = factor_of(lab, measure->unit_code);
    assert(r.factor); /* it converted the value */
    read_resource(&r, observed, sex, age, out);
    if (out->verdict == GW_RANGE_MISSING || out->verdict == GW_RANGE_TEXT_ONLY)
        read_site(&r, sex, age, out);
    if (r.no_memory)
        return gw_fail(err, GW_ENOMEM, "study.limits", "a range does not fit the memory set for its subject");
    return GW_OK;
}

enum side { BELOW, WITHIN, ABOVE, ANYWHERE };

/* Where an interpretation says that the value lies. */
static enum side said(const struct gw_concept *interpretation)
{
    static const struct {
        const char *code;
        enum side side;
    } codes[] = {{"L", BELOW}, {"LL", BELOW}, {"LU", BELOW}, {"N", WITHIN}, {"H", ABOVE}, {"HH", ABOVE}, {"HU", ABOVE}};

    for (size_t i = 0; i < interpretation->count; i++)
        for (size_t j = 0; j < sizeof codes / sizeof codes[0]; j++)
            if (gw_same(interpretation->codings[i].code, codes[j].code))
                return codes[j].side;
    return ANYWHERE;
}

bool gw_limits_contradict(struct gw_arena *arena, const struct gw_observed *observed, const struct gw_measure *measure,
                          const struct gw_limits *limits)
{
    bool below, above;

    if (limits->verdict != GW_RANGE_FOUND || measure->comparator)
        return false;
    below = limits->has_low && gw_ratio_compare(arena, &measure->canonical, &limits->low) < 0;
    above = limits->has_high && gw_ratio_compare(arena, &measure->canonical, &limits->high) > 0;
    for (size_t i = 0; i < observed->interpretation_count; i++) {
        const enum side side = said(&observed->interpretations[i]);

        if ((side == BELOW && (above || (limits->has_low && !below))) ||
            (side == ABOVE && (below || (limits->has_high && !above))) || (side == WITHIN && (below || above)))
            return true;
    }
    return false;
}
