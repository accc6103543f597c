/*
 * What the readers of single resource types share: the draft they fill and the shapes they offer to fact.c.
 *
 * A draft holds the fact and whatever must be seen before the fact can be completed. Every resource's shape writes into
 * a draft, so that one walk fills identity and contents; its finish function then settles what depends on several
 * elements.
 */
#ifndef FHIR_RESOURCES_H
#define FHIR_RESOURCES_H

#include "fhir/datatypes.h"

struct draft {
    struct gw_fact fact;
    const cJSON *contained;

    struct gw_observed own;         /* an Observation's own value */
    struct gw_observed *components; /* behind a free place for the own value */
    size_t component_count;
    struct gw_concept verification; /* of a Condition */
    struct gw_concept adherence;    /* of a MedicationStatement, R5 */
    struct gw_response_item *items; /* of a QuestionnaireResponse, as they are met */
    size_t item_count;
    size_t item_capacity;
};

/* Elements of every resource that is read. */
extern const struct shape meta_shape;
element_reader as_id;

#define FACT(name, field, reader) ELEMENT(name, struct draft, fact.field, reader)
#define IDENTITY_WITH(HOW_MANY)                                                                                        \
    FACT("id", id, as_id), INLINE("meta", &meta_shape), ELEMENT("contained", struct draft, contained, as_item),        \
        HOW_MANY("identifier", struct draft, fact.identifiers, fact.identifier_count, &identifier_shape),              \
        FACT("status", status, as_string)
#define IDENTITY_ELEMENTS       IDENTITY_WITH(LIST)
#define REASON_ELEMENTS(member) /* R5's reason differs from type to type */                                            \
    LIST("reasonCode", struct draft, fact.member.reasons.concepts, fact.member.reasons.concept_count, &concept_shape), \
        REFERENCES("reasonReference", struct draft, fact.member.reasons.references,                                    \
                   fact.member.reasons.reference_count)
#define SUBJECT_ELEMENTS FACT("subject", subject, as_reference), FACT("patient", subject, as_reference)

extern const struct shape observation_shape;
extern const struct shape administration_shape;
extern const struct shape request_shape;
extern const struct shape dispense_shape;
extern const struct shape statement_shape;
extern const struct shape medication_shape;
extern const struct shape patient_shape;
extern const struct shape encounter_shape;
extern const struct shape condition_shape;
extern const struct shape procedure_shape;
extern const struct shape specimen_shape;
extern const struct shape adverse_event_shape;
extern const struct shape questionnaire_response_shape;
extern const struct shape diagnostic_report_shape;

void observation_finish(struct reader *reader, struct draft *draft);
void use_finish(struct reader *reader, struct draft *draft);
void patient_finish(struct reader *reader, struct draft *draft);
void condition_finish(struct reader *reader, struct draft *draft);
void questionnaire_response_finish(struct reader *reader, struct draft *draft);

/* True when any part has a value. */
bool observation_has_value(const struct gw_observation *observation);

#endif
