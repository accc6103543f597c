/*
 * Evidence of dialysis. Source: mappings/RULES.md 13.
 */
#include "study/dialysis.h"

#include "study/diagnoses.h"
#include "study/icd.h"
#include "study/performed.h"

/* A code of any modification of ICD-10 that the study calls evidence. */
static bool is_of_dialysis(const struct engine *e, const struct gw_coding *coding)
{
    const struct gw_texts *prefixes = &e->in->study->renal.dialysis_codes;
    const char *system = gw_site_system(e->in->site, coding->system);
    char normal[ICD_MAX_CODE];

    return icd_is_system(system) && coding->code && icd_normalise(coding->code, true, normal) &&
           gw_begins_as_any(prefixes->items, prefixes->count, normal);
}

static bool means_dialysis(const struct engine *e, const struct gw_concept *code)
{
    for (size_t i = 0; i < code->count; i++) {
        const struct gw_coding *target = gw_site_target(e->in->site, &code->codings[i]);

        if (is_of_dialysis(e, &code->codings[i]) || (target && is_of_dialysis(e, target)))
            return true;
    }
    return false;
}

struct dialysis dialysis_around(struct engine *e, gw_day day, int days, struct inputs *inputs)
{
    struct dialysis found = {.evidence = false};

    found.evidence = performed_in(e, GW_DIALYSIS, day - days, day + days, inputs, &found.fact);
    for (size_t i = 0; i < e->diagnosis_count; i++) {
        const struct diagnosis *d = &e->diagnoses[i];

        if (!d->confirmed || !diagnosis_holds(e, d, day - days, day + days) ||
            !means_dialysis(e, &e->in->facts[d->fact].condition.code))
            continue;
        if (!found.evidence)
            found = (struct dialysis){.evidence = true, .fact = d->fact};
        inputs_add_part(e, inputs, d->fact, 0);
    }
    return found;
}
