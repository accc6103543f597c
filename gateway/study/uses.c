/*
 * Administrations, statements, dispenses and orders: which count, and which drug they are about: by their own codes, by
 * a contained Medication, or by the Medication they refer to.
 */
#include "study/uses.h"

#include <string.h>

enum gw_evidence_rank use_rank(enum gw_resource type)
{
    switch (type) {
    case GW_MEDICATION_ADMINISTRATION:
        return GW_RANK_ADMINISTRATION;
    case GW_MEDICATION_STATEMENT:
        return GW_RANK_STATEMENT;
    case GW_MEDICATION_DISPENSE:
        return GW_RANK_DISPENSE;
    case GW_MEDICATION_REQUEST:
        return GW_RANK_REQUEST;
    default:
        return GW_RANK_COUNT;
    }
}

/* Told as a fact: accepted, or an administration that was stopped after some of the dose was given. */
bool use_counts(const struct engine *e, size_t index)
{
    const struct gw_fact *fact = &e->in->facts[index];
    const bool given = fact->type == GW_MEDICATION_ADMINISTRATION && gw_same(fact->status, "stopped") &&
                       (fact->use.dose.value || fact->use.rate.value);

    return e->versions[index].current && (fact->standing == GW_ACCEPTED || given) && !fact->modifier_extension;
}

bool use_is_study_drug(const struct use *use)
{
    return use->drug && strcmp(use->drug->role, "STUDY_DRUG") == 0;
}

int use_handed_early(const struct engine *e, gw_day handed_over)
{
    const int early = e->anchors.d1 == GW_NO_DAY ? 0 : e->anchors.d1 - handed_over;

    return early > 0 && early <= e->in->study->dispense_spread_days ? early : 0;
}

const struct gw_fact *use_referred(const struct engine *e, const struct gw_fact *fact)
{
    const struct gw_reference *ref = &fact->use.reference;
    size_t index;

    if (ref->kind == GW_REFERENCE_LITERAL)
        return engine_find(e, GW_MEDICATION, fact->endpoint, ref->id, &index);
    if (ref->kind == GW_REFERENCE_LOGICAL)
        return engine_find_medication(e, fact->endpoint, &ref->identifier);
    return NULL;
}

const struct gw_concept *use_medication(const struct engine *e, const struct gw_fact *fact)
{
    const struct gw_fact *medication = fact->use.medication.count > 0 ? NULL : use_referred(e, fact);

    return medication ? &medication->medication.code : &fact->use.medication;
}

static const struct gw_drug_row *drug_among(const struct engine *e, const struct gw_concept *code,
                                            const struct gw_concept *ingredients, size_t count)
{
    const struct gw_drug_row *row = gw_tables_drug(e->in->tables, code);

    for (size_t i = 0; !row && i < code->count; i++) {
        const struct gw_coding *target = gw_site_target(e->in->site, &code->codings[i]);

        row = target ? gw_tables_drug(e->in->tables, &(struct gw_concept){target, 1, NULL}) : NULL;
    }
    for (size_t i = 0; !row && i < count; i++)
        row = gw_tables_drug(e->in->tables, &ingredients[i]);
    return row;
}

/* For the eye, the ear, the skin ...: by its route, or by the ATC group of one of its codes. */
static bool is_local(const struct engine *e, const struct gw_fact *fact)
{
    const struct gw_dosing *dosing = gw_tables_dosing(e->in->tables);
    const struct gw_drug_route *route = gw_drug_route_find(dosing, &fact->use.route);
    const struct gw_concept *medication = use_medication(e, fact);

    for (size_t i = 0; i < medication->count; i++)
        if (gw_drug_route_implied(dosing, &medication->codings[i]))
            return true;
    return route && !route->systemic;
}

/* Drops, ointments and the like are no study drug, but another drug beside it. */
const struct gw_drug_row *engine_drug(const struct engine *e, const struct gw_fact *fact)
{
    const struct gw_drug_row *row =
        drug_among(e, &fact->use.medication, fact->use.ingredients, fact->use.ingredient_count);
    const struct gw_fact *medication = row ? NULL : use_referred(e, fact);

    if (medication)
        row = drug_among(e, &medication->medication.code, medication->medication.ingredients,
                         medication->medication.ingredient_count);
    return row && strcmp(row->role, "STUDY_DRUG") == 0 && is_local(e, fact) ? NULL : row;
}

/* A reference that leads nowhere, on a use without a code of its own. */
bool use_unresolved(const struct engine *e, const struct gw_fact *fact)
{
    return fact->use.reference.kind != GW_REFERENCE_NONE && fact->use.medication.count == 0 &&
           fact->use.ingredient_count == 0 && !use_referred(e, fact);
}
