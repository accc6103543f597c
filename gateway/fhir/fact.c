/*
 * One resource, whatever its type: who it is, where it stands, and the reader of its contents.
 */
#include "gateway/fhir/fact.h"

#include <string.h>

#include "fhir/resources.h"
#include "fhir/status.h"
#include "gateway/core/json.h"
#include "gateway/core/text.h"

static const struct kind {
    const char *name;
    const struct shape *shape; /* NULL: nothing but identity is read */
    void (*finish)(struct reader *reader, struct draft *draft);
    bool needs_subject;
} kinds[GW_RESOURCE_COUNT] = {
    [GW_RESOURCE_OTHER] = {"", NULL, NULL, false},
    [GW_PATIENT] = {"Patient", &patient_shape, patient_finish, true},
    [GW_ENCOUNTER] = {"Encounter", &encounter_shape, NULL, true},
    [GW_OBSERVATION] = {"Observation", &observation_shape, observation_finish, true},
    [GW_MEDICATION_ADMINISTRATION] = {"MedicationAdministration", &administration_shape, use_finish, true},
    [GW_MEDICATION_REQUEST] = {"MedicationRequest", &request_shape, use_finish, true},
    [GW_MEDICATION_DISPENSE] = {"MedicationDispense", &dispense_shape, use_finish, true},
    [GW_MEDICATION_STATEMENT] = {"MedicationStatement", &statement_shape, use_finish, true},
    [GW_MEDICATION] = {"Medication", &medication_shape, NULL, false},
    [GW_CONDITION] = {"Condition", &condition_shape, condition_finish, true},
    [GW_PROCEDURE] = {"Procedure", &procedure_shape, NULL, true},
    [GW_SPECIMEN] = {"Specimen", &specimen_shape, NULL, false},
    [GW_ADVERSE_EVENT] = {"AdverseEvent", &adverse_event_shape, NULL, true},
    [GW_QUESTIONNAIRE_RESPONSE] = {"QuestionnaireResponse", &questionnaire_response_shape,
                                   questionnaire_response_finish, true},
    [GW_DIAGNOSTIC_REPORT] = {"DiagnosticReport", &diagnostic_report_shape, NULL, true},
    [GW_OPERATION_OUTCOME] = {"OperationOutcome", NULL, NULL, false},
};

enum gw_resource gw_resource_of(const char *name)
{
    for (size_t i = GW_RESOURCE_OTHER + 1; name && i < GW_RESOURCE_COUNT; i++) {
        if (strcmp(kinds[i].name, name) == 0)
            return (enum gw_resource)i;
    }
    return GW_RESOURCE_OTHER;
}

const char *gw_resource_name(enum gw_resource type)
{
    return kinds[type].name;
}

const struct gw_coding *gw_concept_in(const struct gw_concept *concept, const char *system)
{
    for (size_t i = 0; i < concept->count; i++) {
        if (gw_same(concept->codings[i].system, system))
        return &concept->codings[i];
    }
    return NULL;
}

static const struct element meta_elements[] = {
    FACT("versionId", version_id, as_string),
    FACT("lastUpdated", last_updated, as_string),
};
const struct shape meta_shape = SHAPE(meta_elements, struct draft);

void as_id(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    if (!json_is(item, cJSON_String) || !id_is_valid(item->valuestring))
        reader_refuse(reader, item, "an id of 1 to 64 letters, digits, - and . is wanted");
    else
        *(const char **)field_of(element, base) = item->valuestring;
}

/* What is not read is still named where it can be, so that it can be counted. */
static void identify_other(const cJSON *resource, struct gw_fact *fact)
{
    const char *id = gw_json_string(resource, "id");
    const cJSON *meta = gw_json_object(resource, "meta");

    fact->id = id && id_is_valid(id) ? id : NULL;
    fact->version_id = gw_json_string(meta, "versionId");
    fact->last_updated = gw_json_string(meta, "lastUpdated");
}

static enum gw_standing standing_of(const struct draft *draft)
{
    const struct gw_fact *fact = &draft->fact;
    enum gw_standing standing = status_standing(fact->type, fact->status);

    if (fact->type == GW_OBSERVATION && gw_same(fact->status, "registered") &&
        !observation_has_value(&fact->observation))
        standing = GW_WAITING;
    if (fact->type == GW_MEDICATION_REQUEST)
        standing = status_with_intent(standing, fact->use.intent, fact->use.do_not_perform);
    if (fact->type == GW_MEDICATION_STATEMENT)
        standing = status_with_adherence(standing, &draft->adherence);
    if (fact->type == GW_ADVERSE_EVENT)
        standing = status_with_actuality(standing, fact->adverse_event.actuality);
    return standing;
}

static void check_subject(struct reader *reader, const struct gw_fact *fact)
{
    const struct gw_reference *subject = &fact->subject;

    if (fact->type == GW_PATIENT && !fact->id)
        reader_refuse_element(reader, "id", "a Patient without an id cannot be found again");
    else if (subject->kind == GW_REFERENCE_NONE)
        reader_refuse_element(reader, "subject", "a reference to a patient is wanted");
    else if (!subject->id && !subject->identifier.value)
        reader_refuse_element(reader, "subject", "a reference of the form Patient/id, or an identifier, is wanted");
}

static void read_known(struct reader *reader, const struct kind *kind, const cJSON *resource, struct draft *draft)
{
    draft->fact.part_count = 1;
    shape_read(reader, kind->shape, resource, draft);
    if (reader->status == GW_OK && kind->finish)
        kind->finish(reader, draft);
    if (reader->status == GW_OK && kind->needs_subject)
        check_subject(reader, &draft->fact);
    if (reader->status != GW_OK)
        return;
    draft->fact.standing = standing_of(draft);
    draft->fact.modifier_extension = reader->modified;
}

enum gw_status gw_fact_read(struct gw_arena *arena, const cJSON *resource, struct gw_fact *out, struct gw_error *err)
{
    const char *type_name = gw_json_string(resource, "resourceType");
    const enum gw_resource type = gw_resource_of(type_name);
    struct reader reader = {arena, resource, kinds[type].name, "fhir.fact", GW_OK, false, err};
    struct draft draft;

    if (!resource || !json_is(resource, cJSON_Object))
        return gw_fail(err, GW_EINPUT, "fhir.fact", "a resource is wanted: a JSON object");
    if (!type_name)
        return gw_fail(err, GW_EINPUT, "fhir.fact", "resourceType: missing; is this FHIR?");
    memset(&draft, 0, sizeof(draft));
    draft.fact.type = type;
    draft.fact.type_name = type_name;
    if (kinds[type].shape) {
        read_known(&reader, &kinds[type], resource, &draft);
    } else {
        identify_other(resource, &draft.fact);
        draft.fact.part_count = 1;
    }
    if (reader.status == GW_OK)
        *out = draft.fact;
    return reader.status;
}
