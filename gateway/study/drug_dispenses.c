/*
 * How long what was handed over lasts: its quantity by the dose of a day, else its days of supply, else what the plan
 * says. Source: mappings/RULES.md 14.
 */
#include "study/use_parts.h"

/* A whole number of times that a part goes into a whole; -1: not known. */
static int times_in(struct engine *e, const struct gw_ratio *whole, const struct gw_ratio *part)
{
    int low = 0, high = 4000;

    while (low < high) { /* the largest k with k * part <= whole */
        const int middle = (low + high + 1) / 2;
        struct gw_ratio product = gw_ratio_of(gw_decimal_from_int(middle));

        if (!gw_ratio_multiply(e->arena, &product, part, &product)) {
            e->failed = true;
            return -1;
        }
        if (gw_ratio_compare(e->arena, &product, whole) <= 0)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

/* Without an instruction: so many units of the product over so many days. */
static bool infer_dosage(struct engine *e, struct use *use, int units, int supply)
{
    const struct gw_fact *fact = &e->in->facts[use->fact];
    struct intake unit;

    if (units <= 0 || !dose_of_unit(e, fact, use->drug, &unit))
        return false;
    if (supply > 0 && (2 * units == supply || 2 * units == supply + 1) && units < supply)
        use->rhythm = (struct rhythm){.known = true, .every = 2, .days = 1, .times = 1};
    else if (supply <= 0 || units < supply || units == supply)
        use->rhythm = rhythm_daily;
    else if (units % supply == 0)
        use->rhythm = (struct rhythm){.known = true, .every = 1, .days = 1, .times = units / supply};
    else
        return false;
    use->dose = unit;
    use->dose.how = "strength of one unit";
    use->last = rhythm_end(&use->rhythm, use->first, use->rhythm.times > 1 ? supply : units);
    return true;
}

static int whole_units(struct engine *e, const struct intake *quantity)
{
    const struct gw_ratio one = gw_ratio_of(gw_decimal_from_int(1));

    return quantity->known && quantity->kind == GW_DOSE_COUNT ? times_in(e, &quantity->amount, &one) : 0;
}

/* The number of units handed over, whether or not their strength is known. */
static int units_handed(struct engine *e, const struct gw_fact *fact)
{
    const struct gw_dosing *dosing = gw_tables_dosing(e->in->tables);
    const struct gw_dose_unit *unit = gw_dose_unit_find(dosing, fact->use.quantity.code);
    struct gw_fact bare = *fact;
    struct intake quantity;

    unit = unit ? unit : gw_dose_unit_find(dosing, fact->use.quantity.unit);
    if (!unit || unit->kind != GW_DOSE_COUNT)
        return 0;
    bare.use = (struct gw_medication_use){.quantity = fact->use.quantity};
    dose_read(e, &bare, NULL, &bare.use.quantity, &quantity);
    return whole_units(e, &quantity);
}

void use_read_supply(struct engine *e, struct use *use)
{
    const struct gw_fact *fact = &e->in->facts[use->fact];
    const int supply = dose_days(&fact->use.days_supply), units = units_handed(e, fact);
    const int assumed = e->in->study->exposure.dispense_days;
    struct gw_ratio of_day = gw_ratio_of(gw_decimal_from_int(use->rhythm.times));
    struct intake quantity;
    int doses = 0;

    dose_read(e, fact, use->drug, &fact->use.quantity, &quantity);
    if (quantity.known && use->dose.known && use->rhythm.known && quantity.kind == use->dose.kind &&
        gw_decimal_sign(&use->dose.amount.numerator) > 0) {
        e->failed |= !gw_ratio_multiply(e->arena, &of_day, &use->dose.amount, &of_day);
        doses = e->failed ? 0 : times_in(e, &quantity.amount, &of_day);
    }
    if (doses > 0)
        use->last = rhythm_end(&use->rhythm, use->first, doses);
    else if (use->dose.known || use->rhythm.as_needed || !(supply > 0 || use_is_daily_by_plan(e, use)) ||
             !infer_dosage(e, use, units, supply))
        use->last = use->first + (supply > 0 ? supply : assumed > 0 ? assumed : 1) - 1;
}
