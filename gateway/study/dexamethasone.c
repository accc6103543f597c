/*
 * Dexamethasone: which schedule the first cycle belongs to, and whether each cycle has what the subject's age is
 * expected to get. Source: mappings/RULES.md 14.
 */
#include <string.h>

#include "study/age.h"
#include "study/exposure.h"
#include "study/parameters.h"

/* ---- the class of the first cycle ---- */

static const char *unknown_reason(const struct cycle *cycle)
{
    return cycle->told_dex ? "DOSE_UNKNOWN" : "NO_DEXAMETHASONE";
}

static void derive_class(struct engine *e)
{
    const struct cycle *first = e->cycle_count ? &e->cycles[0] : NULL;
    struct parameter p = {.name = "DEXCLASS", .rule = "DEXCLASS", .date = first ? first->start : GW_NO_DAY};

    if (!first)
        p.reason = "NO_EXPOSURE";
    else if (!first->over)
        p.reason = "FIRST_CYCLE_NOT_OVER";
    else if (!first->has_dex)
        p.reason = unknown_reason(first);
    if (first && first->row_id)
        inputs_add_row(e, &p.inputs, first->row_id);
    if (!p.reason) {
        p.value = gw_ratio_print(e->arena, &first->dex_mg);
        p.text = first->dex_class ? first->dex_class : "OTHER";
        e->failed |= !p.value;
    }
    if (!e->failed)
        parameter_add(e, &p);
}

/* ---- against what the age is expected to get ---- */

/* What the plan has for an age in the cycle of a number; NULL: no row of it holds the age. */
static const struct gw_decimal *expected_at(const struct engine *e, int age, int number)
{
    const struct gw_dexamethasone_rules *rules = &e->in->study->dexamethasone;

    for (size_t i = 0; i < rules->expected.count; i++) {
        const struct gw_dexamethasone_plan *plan = &rules->expected.items[i];

        if (plan->age_low <= age && age <= plan->age_high)
            return number <= plan->first_cycles ? &plan->first_mg : &plan->mg;
    }
    return NULL;
}

/* A partial birth date decides where both ages are expected to get the same. */
static const struct gw_decimal *expected_in(struct engine *e, int number, struct parameter *p)
{
    const struct gw_decimal *low, *high;
    struct age age;

    if (!age_on(e, e->anchors.d1, &age)) {
        p->reason = "NO_BIRTH_DATE";
        return NULL;
    }
    inputs_add_part(e, &p->inputs, e->person_index, 0);
    p->decision = age.decision;
    low = expected_at(e, age.low, number);
    high = expected_at(e, age.high, number);
    if (!low || !high) {
        p->reason = "NO_ROW";
    } else if (gw_decimal_compare(low, high) != 0) {
        p->reason = "AGE_AMBIGUOUS";
        age_ask(e);
    }
    return p->reason ? NULL : low;
}

static void compare(struct engine *e, const struct cycle *cycle, struct parameter *p)
{
    const struct gw_decimal *mg = expected_in(e, cycle->number, p);
    const struct gw_ratio expected = mg ? gw_ratio_of(*mg) : gw_ratio_of(gw_decimal_from_int(0));
    struct gw_ratio given;
    int order;

    if (!p->reason && !cycle_dexamethasone(e, cycle, &given))
        p->reason = unknown_reason(cycle);
    if (p->reason)
        return;
    order = gw_ratio_compare(e->arena, &given, &expected);
    p->value = gw_ratio_print(e->arena, &expected);
    p->text = order == 0 ? "CONCORDANT" : order > 0 ? "HIGHER" : "LOWER";
    e->failed |= !p->value;
}

static void derive_by_age(struct engine *e, const struct cycle *cycle)
{
    struct parameter p = {.name = "DEXCLASS", .rule = "dexamethasone-age", .date = cycle->start};

    p.of = gw_arena_print(e->arena, "cycle-%d", cycle->number);
    e->failed |= !p.of;
    if (cycle->row_id)
        inputs_add_row(e, &p.inputs, cycle->row_id);
    compare(e, cycle, &p);
    if (!e->failed)
        parameter_add(e, &p);
}

/* ---- the family ---- */

void derive_dexamethasone(struct engine *e)
{
    if (!e->in->study->dexamethasone.on)
        return;
    derive_class(e);
    for (size_t i = 0; i < e->cycle_count && !e->failed; i++)
        if (e->cycles[i].over)
            derive_by_age(e, &e->cycles[i]);
}
