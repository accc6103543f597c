/*
 * Patient, Condition, Procedure, Specimen.
 *
 * R5 spells a Procedure's performed[x] occurrence[x], and what it used and why it was done as CodeableReferences.
 */
#include "fhir/resources.h"
#include "gateway/core/json.h"
#include "gateway/core/text.h"

static void read_active(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    bool *inactive = field_of(element, base);

    as_bool(reader, element, item, base);
    *inactive = !*inactive;
}

static void read_deceased(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    struct gw_patient *patient = field_of(element, base);
    const bool is_date = gw_same(choice_suffix(element, item), "DateTime");

    if (is_date && json_is(item, cJSON_String) && *item->valuestring) {
        patient->deceased_date = item->valuestring;
        patient->deceased = true;
    } else if (!is_date && json_is(item, cJSON_True)) {
        patient->deceased = true;
    } else if (is_date || !json_is(item, cJSON_False)) {
        reader_refuse(reader, item, is_date ? "a string is wanted" : "true or false is wanted");
    }
}

struct patient_link {
    const char *type;
    struct gw_reference other;
};

static const struct element link_elements[] = {
    ELEMENT("other", struct patient_link, other, as_reference),
    ELEMENT("type", struct patient_link, type, as_string),
};
static const struct shape link_shape = SHAPE(link_elements, struct patient_link);

struct patient_links {
    struct patient_link *links;
    size_t count;
};

static void read_links(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    const struct element list = LIST("link", struct patient_links, links, count, &link_shape);
    struct patient_links found = {0};
    const char **replaced_by = field_of(element, base);

    as_list(reader, &list, item, &found);
    for (size_t i = 0; i < found.count; i++) {
        if (gw_same(found.links[i].type, "replaced-by"))
            *replaced_by = found.links[i].other.id;
    }
}

static const struct element patient_elements[] = {
    IDENTITY_ELEMENTS,
    FACT("active", patient.inactive, read_active),
    FACT("gender", patient.gender, as_string),
    FACT("birthDate", patient.birth_date, as_string),
    FACT("deceased[x]", patient, read_deceased),
    FACT("link", patient.replaced_by, read_links),
};
const struct shape patient_shape = SHAPE(patient_elements, struct draft);

void patient_finish(struct reader *reader, struct draft *draft)
{
    struct gw_fact *fact = &draft->fact;

    (void)reader;
    if (!fact->id)
        return;
    fact->subject = (struct gw_reference){.kind = GW_REFERENCE_LITERAL, .type = "Patient", .id = fact->id};
}

static const struct element condition_elements[] = {
    IDENTITY_ELEMENTS,
    OBJECT("clinicalStatus", struct draft, fact.condition.clinical_status, &concept_shape),
    OBJECT("verificationStatus", struct draft, verification, &concept_shape),
    LIST("category", struct draft, fact.condition.categories, fact.condition.category_count, &concept_shape),
    OBJECT("severity", struct draft, fact.condition.severity, &concept_shape),
    OBJECT("code", struct draft, fact.condition.code, &concept_shape),
    SUBJECT_ELEMENTS,
    FACT("encounter", condition.encounter, as_reference),
    FACT("onset[x]", condition.onset, as_effective),
    FACT("abatement[x]", condition.abatement, as_effective),
    FACT("recordedDate", condition.recorded_date, as_string),
};
const struct shape condition_shape = SHAPE(condition_elements, struct draft);

/* A Condition has no status: its verification says how far it can be relied on. Where the element is there but says
 * nothing in FHIR's own codes, the text is handed on, so that it is not taken for absent. */
void condition_finish(struct reader *reader, struct draft *draft)
{
    const struct gw_concept *verification = &draft->verification;
    const struct gw_coding *coding =
        gw_concept_in(verification, "http://terminology.hl7.org/CodeSystem/condition-ver-status");
    struct gw_fact *fact = &draft->fact;

    (void)reader;
    if (!coding && verification->count > 0)
        coding = &verification->codings[0];
    fact->condition.verification = coding && coding->code ? coding->code : verification->text;
    fact->status = fact->condition.verification;
}

static const struct element procedure_elements[] = {
    IDENTITY_ELEMENTS,
    ONE_OR_LIST("category", struct draft, fact.procedure.categories, fact.procedure.category_count, &concept_shape),
    OBJECT("code", struct draft, fact.procedure.code, &concept_shape),
    SUBJECT_ELEMENTS,
    FACT("encounter", procedure.encounter, as_reference),
    FACT("performed[x]", procedure.performed, as_effective),
    FACT("occurrence[x]", procedure.performed, as_effective), /* R5 */
    REASON_ELEMENTS(procedure),
    FACT("reason", procedure.reasons, as_reasons), /* R5 */
    REFERENCES("usedReference", struct draft, fact.procedure.used.references, fact.procedure.used.reference_count),
    LIST("usedCode", struct draft, fact.procedure.used.concepts, fact.procedure.used.concept_count, &concept_shape),
    FACT("used", procedure.used, as_reasons), /* R5 */
};
const struct shape procedure_shape = SHAPE(procedure_elements, struct draft);

static const struct element collection_elements[] = {
    FACT("collected[x]", specimen.collected, as_effective),
};
static const struct shape collection_shape = SHAPE(collection_elements, struct draft);

static const struct element specimen_elements[] = {
    IDENTITY_ELEMENTS,
    OBJECT("type", struct draft, fact.specimen.type, &concept_shape),
    SUBJECT_ELEMENTS,
    INLINE("collection", &collection_shape),
};
const struct shape specimen_shape = SHAPE(specimen_elements, struct draft);
