/*
 * Antibiotic prophylaxis in the first cycles: on how many of their days one of the study's substances was there.
 *
 * A course of treatment covers a part of the days: it is told as that, not as prophylaxis. Source: mappings/RULES.md
 * 13; Korean expert recommendations for lenalidomide.
 */
#include "study/coverage.h"

static bool counts(const struct engine *e, const struct exposure *exposure, void *context)
{
    const struct gw_texts *substances = &e->in->study->antibiotic_prophylaxis.substances;

    (void)context;
    return exposure->purpose != GW_PURPOSE_TREATMENT &&
           gw_is_among(substances->items, substances->count, exposure->substance);
}

void derive_antibiotic_prophylaxis(struct engine *e)
{
    const struct gw_prophylaxis_rules *rules = &e->in->study->antibiotic_prophylaxis;
    struct parameter parameter = {.name = "ABXPROPH", .rule = "antibiotic-prophylaxis"};
    struct coverage coverage = {.inputs = &parameter.inputs};
    struct period period;

    if (!rules->on)
        return;
    period = first_cycles(e, rules->cycles);
    parameter.date = period.last;
    parameter.reason = period.reason;
    if (!period.reason)
        coverage_of(e, &period, counts, NULL, &coverage);
    parameter.unconfirmed = coverage.intended;
    parameter.text = coverage_reaches(&period, coverage.days, rules->coverage_percent) ? "GIVEN"
                     : coverage.days > 0                                               ? "PARTIAL"
                                                                                       : "NONE";
    parameter.value = gw_arena_print(e->arena, "%d", coverage.days);
    e->failed |= !parameter.value;
    if (!e->failed)
        parameter_add(e, &parameter);
}
