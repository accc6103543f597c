/*
 * Which drug an administration, statement, dispense or order is about: by its own codes, by a contained Medication, or
 * by the Medication it refers to.
 */
#include "study/uses.h"

#include <string.h>

/* The Medication a use refers to, by id or, where the reference is a logical one, by identifier. */
static const struct gw_fact *referred(const struct engine *e, const struct gw_fact *fact)
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
    const struct gw_fact *medication = fact->use.medication.count > 0 ? NULL : referred(e, fact);

    return medication ? &medication->medication.code : &fact->use.medication;
}

static const struct gw_drug_row *drug_among(const struct engine *e, const struct gw_concept *code,
                                            const struct gw_concept *ingredients, size_t count)
{
    const struct gw_drug_row *row = gw_tables_drug(e->in->tables, code);

    for (size_t i = 0; !row && i < count; i++)
        row = gw_tables_drug(e->in->tables, &ingredients[i]);
    return row;
}

const struct gw_drug_row *engine_drug(const struct engine *e, const struct gw_fact *fact)
{
    const struct gw_drug_row *row =
        drug_among(e, &fact->use.medication, fact->use.ingredients, fact->use.ingredient_count);
    const struct gw_fact *medication = row ? NULL : referred(e, fact);

    if (medication)
        row = drug_among(e, &medication->medication.code, medication->medication.ingredients,
                         medication->medication.ingredient_count);
    return row;
}

/* A reference that leads nowhere, on a use without a code of its own. */
bool use_unresolved(const struct engine *e, const struct gw_fact *fact)
{
    return fact->use.reference.kind != GW_REFERENCE_NONE && fact->use.medication.count == 0 &&
           fact->use.ingredient_count == 0 && !referred(e, fact);
}
