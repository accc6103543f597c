/*
 * How much of a drug one record tells: its own unit, the strength of the product, a rate over its time.
 *
 * A strength comes from the Medication's ingredient, from the product's code, or from the drug's row where that knows
 * one only. Texts such as "25 mg capsules" are never read. Source: mappings/RULES.md 14.
 */
#include "study/dose.h"

#include <stdio.h>
#include <string.h>

#include "study/uses.h"

/* ---- units ---- */

static const struct gw_dosing *dosing_of(const struct engine *e)
{
    return gw_tables_dosing(e->in->tables);
}

static const struct gw_dose_unit *unit_of(const struct engine *e, const struct gw_quantity *quantity)
{
    const struct gw_dose_unit *unit = gw_dose_unit_find(dosing_of(e), quantity->code);

    return unit ? unit : gw_dose_unit_find(dosing_of(e), quantity->unit);
}

static bool number_of(struct engine *e, const struct gw_quantity *quantity, struct gw_decimal *out)
{
    return quantity->value && !quantity->comparator &&
           gw_decimal_parse(e->arena, quantity->value, strlen(quantity->value), out, NULL) == GW_OK &&
           gw_decimal_sign(out) >= 0;
}

/* value in `unit`, as an amount of its kind. */
static void amount_of(struct engine *e, const struct gw_decimal *value, const struct gw_dose_unit *unit,
                      struct intake *out)
{
    const struct gw_ratio whole = gw_ratio_of(*value);

    *out = (struct intake){
        .known = true, .kind = unit->kind, .text = gw_ratio_print_product(e->arena, value, &unit->factor)};
    e->failed |= !out->text || !gw_ratio_multiply(e->arena, &whole, &unit->factor, &out->amount);
}

const char *dose_print(struct engine *e, const struct gw_ratio *amount)
{
    const char *text = e->failed ? NULL : gw_ratio_print(e->arena, amount);

    e->failed |= !text;
    return text;
}

/* ---- strength ---- */

struct strength { /* `amount` of the drug in one base unit of `per` */
    bool known;
    enum gw_dose_kind kind;
    enum gw_dose_kind per;
    struct gw_ratio amount;
};

static struct gw_ratio inverse(const struct gw_ratio *ratio)
{
    return (struct gw_ratio){ratio->denominator, ratio->numerator};
}

static bool per_what(struct engine *e, const struct gw_quantity *denominator, struct strength *out)
{
    const struct gw_dose_unit *unit = unit_of(e, denominator);
    struct gw_decimal value = gw_decimal_from_int(1);
    struct gw_ratio divisor;
    struct intake per;

    out->per = GW_DOSE_COUNT;
    if (!denominator->value && !denominator->code && !denominator->unit)
        return true; /* of one unit of the product */
    if (denominator->value && !number_of(e, denominator, &value))
        return false;
    if (!unit) /* "1 {Kapsel weich}": a single one of whatever it is */
        return gw_decimal_compare(&value, &(struct gw_decimal){.coefficient = 1}) == 0 && !denominator->system;
    amount_of(e, &value, unit, &per);
    if (e->failed || gw_decimal_sign(&per.amount.numerator) <= 0)
        return false;
    out->per = unit->kind;
    divisor = inverse(&per.amount);
    return gw_ratio_multiply(e->arena, &out->amount, &divisor, &out->amount);
}

static struct strength strength_read(struct engine *e, const struct gw_quantity_ratio *ratio)
{
    const struct gw_dose_unit *unit = unit_of(e, &ratio->numerator);
    struct strength strength = {.known = false};
    struct gw_decimal value;
    struct intake dose;

    if (!unit || unit->kind > GW_DOSE_ACTIVITY || !number_of(e, &ratio->numerator, &value))
        return strength;
    amount_of(e, &value, unit, &dose);
    strength.kind = dose.kind;
    strength.amount = dose.amount;
    strength.known = per_what(e, &ratio->denominator, &strength) && !e->failed;
    return strength;
}

/* The ingredient that is the drug, or the only one. */
static struct strength of_ingredients(struct engine *e, const struct gw_drug_row *row, const struct gw_concept *items,
                                      const struct gw_quantity_ratio *strengths, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (count == 1 || (row && gw_tables_drug(e->in->tables, &items[i]) == row))
            return strength_read(e, &strengths[i]);
    return (struct strength){.known = false};
}

static struct strength of_product(struct engine *e, const struct gw_concept *medication)
{
    for (size_t i = 0; i < medication->count; i++) {
        const struct gw_drug_product *product = gw_drug_product_find(dosing_of(e), &medication->codings[i]);
        struct intake dose;

        if (!product)
            continue;
        amount_of(e, &product->strength, gw_dose_unit_find(dosing_of(e), product->unit), &dose);
        return (struct strength){!e->failed, dose.kind, GW_DOSE_COUNT, dose.amount};
    }
    return (struct strength){.known = false};
}

static struct strength of_row(struct engine *e, const struct gw_drug_row *row)
{
    const struct gw_dose_unit *unit =
        row && row->has_strength ? gw_dose_unit_find(dosing_of(e), row->strength_unit) : NULL;
    struct intake dose;

    if (!unit || unit->kind > GW_DOSE_ACTIVITY)
        return (struct strength){.known = false};
    amount_of(e, &row->strength, unit, &dose);
    return (struct strength){!e->failed, dose.kind, GW_DOSE_COUNT, dose.amount};
}

static struct strength strength_of(struct engine *e, const struct gw_fact *fact, const struct gw_drug_row *row)
{
    const struct gw_medication_use *use = &fact->use;
    const struct gw_fact *medication = use_referred(e, fact);
    struct strength strength = of_ingredients(e, row, use->ingredients, use->strengths, use->ingredient_count);

    if (!strength.known && medication)
        strength = of_ingredients(e, row, medication->medication.ingredients, medication->medication.strengths,
                                  medication->medication.ingredient_count);
    if (!strength.known)
        strength = of_product(e, use_medication(e, fact));
    return strength.known ? strength : of_row(e, row);
}

bool dose_of_unit(struct engine *e, const struct gw_fact *fact, const struct gw_drug_row *row, struct intake *out)
{
    const struct strength strength = strength_of(e, fact, row);

    *out = (struct intake){.known = strength.known && strength.per == GW_DOSE_COUNT, .kind = strength.kind};
    if (!out->known)
        return false;
    out->amount = strength.amount;
    out->text = dose_print(e, &strength.amount);
    return !e->failed;
}

/* ---- doses ---- */

/* So many units of the product, or mL of it, as an amount of the drug. */
static void apply_strength(struct engine *e, const struct gw_fact *fact, const struct gw_drug_row *row,
                           struct intake *dose)
{
    const struct strength strength = strength_of(e, fact, row);
    const char *each;

    if (!strength.known || strength.per != dose->kind)
        return;
    each = gw_ratio_print(e->arena, &strength.amount);
    dose->how = gw_arena_print(e->arena, "x %s %s a %s", each ? each : "", gw_dose_base_unit(strength.kind),
                               strength.per == GW_DOSE_COUNT ? "unit" : gw_dose_base_unit(strength.per));
    dose->kind = strength.kind;
    e->failed |= !each || !dose->how || !gw_ratio_multiply(e->arena, &dose->amount, &strength.amount, &dose->amount);
    dose->text = dose_print(e, &dose->amount);
}

void dose_read(struct engine *e, const struct gw_fact *fact, const struct gw_drug_row *row,
               const struct gw_quantity *quantity, struct intake *out)
{
    const struct gw_dose_unit *unit = unit_of(e, quantity);
    struct gw_decimal value;

    *out = (struct intake){.known = false};
    if (!unit || !number_of(e, quantity, &value))
        return;
    amount_of(e, &value, unit, out);
    if (!e->failed && unit->kind >= GW_DOSE_VOLUME)
        apply_strength(e, fact, row, out);
    out->known = !e->failed;
}

/* "mg/h" is mg and 3600; "mL/(8.h)" is mL and 28800. False: no rate. */
static bool split_rate(struct engine *e, const char *text, const struct gw_dose_unit **unit, int64_t *seconds)
{
    static const struct {
        const char *unit;
        int64_t seconds;
    } times[] = {{"s", 1}, {"min", 60}, {"h", 3600}, {"d", 86400}};
    const char *const slash = text ? strchr(text, '/') : NULL;
    char above[32], below[32];
    int many = 1;

    if (!slash || slash == text || (size_t)(slash - text) >= sizeof above || strlen(slash + 1) >= sizeof below)
        return false;
    memcpy(above, text, (size_t)(slash - text));
    above[slash - text] = '\0';
    if (sscanf(slash + 1, "(%3d.%31[a-z])", &many, below) != 2)
        strcpy(below, slash + 1);
    *unit = gw_dose_unit_find(dosing_of(e), above);
    for (size_t i = 0; *unit && many > 0 && i < sizeof times / sizeof *times; i++) {
        *seconds = times[i].seconds * many;
        if (strcmp(times[i].unit, below) == 0)
            return true;
    }
    return false;
}

void dose_of_rate(struct engine *e, const struct gw_fact *fact, const struct gw_drug_row *row, int64_t seconds,
                  struct intake *out)
{
    const struct gw_quantity *rate = &fact->use.rate;
    const struct gw_dose_unit *unit = NULL;
    struct gw_decimal value;
    struct gw_ratio time;
    int64_t each;

    *out = (struct intake){.known = false};
    if (seconds <= 0 || !number_of(e, rate, &value) ||
        (!split_rate(e, rate->code, &unit, &each) && !split_rate(e, rate->unit, &unit, &each)))
        return;
    amount_of(e, &value, unit, out);
    time = (struct gw_ratio){gw_decimal_from_int(seconds), gw_decimal_from_int(each)};
    e->failed |= !gw_ratio_multiply(e->arena, &out->amount, &time, &out->amount);
    if (!e->failed && unit->kind >= GW_DOSE_VOLUME)
        apply_strength(e, fact, row, out);
    out->text = dose_print(e, &out->amount);
    out->known = !e->failed;
    out->how = "rate x time";
}

void dose_add(struct engine *e, struct intake *dose, int times, const struct intake *other, int other_times)
{
    struct gw_ratio own = gw_ratio_of(gw_decimal_from_int(times)),
                    added = gw_ratio_of(gw_decimal_from_int(other_times));

    e->failed |= !gw_ratio_multiply(e->arena, &own, &dose->amount, &own) ||
                 !gw_ratio_multiply(e->arena, &added, &other->amount, &added) ||
                 !gw_ratio_add(e->arena, &own, &added, &dose->amount);
    dose->text = dose_print(e, &dose->amount);
}

bool dose_equal(struct engine *e, const struct intake *a, const struct intake *b)
{
    if (!a->known || !b->known)
        return a->known == b->known;
    return a->kind == b->kind && gw_ratio_compare(e->arena, &a->amount, &b->amount) == 0;
}
