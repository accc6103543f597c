/*
 * Patient, Encounter, Condition, Procedure, Specimen.
 *
 * R5 spells an Encounter's period actualPeriod, its class as concepts, its reasons as use and value; a Procedure's
 * performed[x] is occurrence[x] there.
 */
#include <string.h>

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

struct class_concepts { /* R5 */
    const struct gw_concept *concepts;
    size_t count;
};

static void read_class(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    const struct element list = LIST("class", struct class_concepts, concepts, count, &concept_shape);
    struct class_concepts found = {0};
    struct gw_coding *coding = field_of(element, base);

    if (json_is(item, cJSON_Object)) {
        shape_read(reader, &coding_shape, item, coding);
        return;
    }
    as_list(reader, &list, item, &found);
    if (found.count > 0 && found.concepts[0].count > 0)
        *coding = found.concepts[0].codings[0];
}

struct reason { /* R5 */
    const struct codeable_reference *values;
    size_t count;
};

static const struct element reason_elements[] = {
    LIST("value", struct reason, values, count, &codeable_reference_shape),
};
static const struct shape reason_shape = SHAPE(reason_elements, struct reason);

struct reasons {
    const struct reason *reasons;
    size_t count;
};

/* R5 groups an Encounter's reasons by what they were for: here they are one list. */
static void read_reasons(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    const struct element list = LIST("reason", struct reasons, reasons, count, &reason_shape);
    struct reasons found = {0};
    struct codeable_reference *all;
    size_t count = 0;

    as_list(reader, &list, item, &found);
    for (size_t i = 0; i < found.count; i++)
        count += found.reasons[i].count;
    all = count > 0 && reader->status == GW_OK ? reader_alloc(reader, count * sizeof(*all)) : NULL;
    if (!all)
        return;
    for (size_t i = 0, at = 0; i < found.count; at += found.reasons[i++].count) {
        if (found.reasons[i].count > 0)
            memcpy(&all[at], found.reasons[i].values, found.reasons[i].count * sizeof(*all));
    }
    reasons_split(reader, all, count, field_of(element, base));
}

static const struct element encounter_elements[] = {
    IDENTITY_ELEMENTS,
    FACT("class", encounter.class_code, read_class),
    SUBJECT_ELEMENTS,
    OBJECT("period", struct draft, fact.encounter.period, &period_shape),
    OBJECT("actualPeriod", struct draft, fact.encounter.period, &period_shape), /* R5 */
    REASON_ELEMENTS(encounter),
    FACT("reason", encounter.reasons, read_reasons), /* R5 */
};
const struct shape encounter_shape = SHAPE(encounter_elements, struct draft);

static const struct element condition_elements[] = {
    IDENTITY_ELEMENTS,
    OBJECT("clinicalStatus", struct draft, fact.condition.clinical_status, &concept_shape),
    OBJECT("verificationStatus", struct draft, verification, &concept_shape),
    LIST("category", struct draft, fact.condition.categories, fact.condition.category_count, &concept_shape),
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
    OBJECT("code", struct draft, fact.procedure.code, &concept_shape),
    SUBJECT_ELEMENTS,
    FACT("performed[x]", procedure.performed, as_effective),
    FACT("occurrence[x]", procedure.performed, as_effective), /* R5 */
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
