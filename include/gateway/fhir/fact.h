/*
 * What one resource says: the elements the study engine reads, out of the strict JSON tree.
 *
 * Everything points into the tree and the arena it lives in; nothing is copied, nothing is decided. Numbers are texts
 * as written, dates are texts as written. A missing element is NULL or a count of 0. R5 spellings are read where they
 * differ (occurence[x], encounter, reason, CodeableReference), so that one struct serves R4, R4B and R5.
 *
 * Source of the element lists: HL7 FHIR R4 (4.0.1).
 */
#ifndef GATEWAY_FHIR_FACT_H
#define GATEWAY_FHIR_FACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "gateway/core/arena.h"
#include "gateway/core/error.h"

enum gw_resource {
    GW_RESOURCE_OTHER, /* a type Casement does not read */
    GW_PATIENT,
    GW_ENCOUNTER,
    GW_OBSERVATION,
    GW_MEDICATION_ADMINISTRATION,
    GW_MEDICATION_REQUEST,
    GW_MEDICATION_DISPENSE,
    GW_MEDICATION_STATEMENT,
    GW_MEDICATION,
    GW_CONDITION,
    GW_PROCEDURE,
    GW_SPECIMEN,
    GW_ADVERSE_EVENT,
    GW_QUESTIONNAIRE_RESPONSE,
    GW_DIAGNOSTIC_REPORT,
    GW_OPERATION_OUTCOME,
    GW_RESOURCE_COUNT,
};

enum gw_resource gw_resource_of(const char *name); /* "Observation" -> GW_OBSERVATION; NULL or unknown -> OTHER */
const char *gw_resource_name(enum gw_resource type);

/* System URLs as FHIR uses them; urn:oid: forms of them are normalised to the URL when read. */
#define GW_SYSTEM_LOINC       "http://loinc.org"
#define GW_SYSTEM_UCUM        "http://unitsofmeasure.org"
#define GW_SYSTEM_RXNORM      "http://www.nlm.nih.gov/research/umls/rxnorm"
#define GW_SYSTEM_ATC         "http://www.whocc.no/atc"
#define GW_SYSTEM_SNOMED      "http://snomed.info/sct"
#define GW_SYSTEM_ICD10       "http://hl7.org/fhir/sid/icd-10"
#define GW_SYSTEM_ICD10_CM    "http://hl7.org/fhir/sid/icd-10-cm"
#define GW_SYSTEM_ICD10_GM    "http://fhir.de/CodeSystem/bfarm/icd-10-gm"
#define GW_SYSTEM_V3_ACT_CODE "http://terminology.hl7.org/CodeSystem/v3-ActCode"

struct gw_coding {
    const char *system; /* normalised; NULL when absent */
    const char *code;
    const char *display;
};

struct gw_concept { /* CodeableConcept */
    const struct gw_coding *codings;
    size_t count;
    const char *text;
};

struct gw_identifier {
    const char *system;
    const char *value;
};

struct gw_quantity {
    const char *value; /* number text as written; NULL when absent */
    const char *comparator;
    const char *unit;   /* human text */
    const char *system; /* normalised */
    const char *code;
};

struct gw_quantity_ratio { /* 2.5 mg in 1 {tbl}; of one unit of the product when the denominator is empty */
    struct gw_quantity numerator;
    struct gw_quantity denominator;
};

struct gw_period {
    const char *start;
    const char *end;
};

enum gw_reference_kind {
    GW_REFERENCE_NONE,
    GW_REFERENCE_CONTAINED, /* "#id" */
    GW_REFERENCE_LITERAL, /* relative, absolute or urn:uuid: type and id from the last two segments, if they are such */
    GW_REFERENCE_LOGICAL, /* identifier only */
};

struct gw_reference {
    enum gw_reference_kind kind;
    const char *text;    /* reference as written */
    const char *type;    /* "Patient", or NULL */
    const char *id;      /* logical id without a version, or the whole urn:uuid:, or the contained id without '#' */
    const char *version; /* of a versioned reference */
    const char *base;    /* of an absolute reference: what stands before Type/id, without the slash; else NULL */
    struct gw_identifier identifier;
};

/* The text of a reference taken apart, in the arena. GW_ENOMEM at its limit. */
enum gw_status gw_reference_read(struct gw_arena *arena, const char *text, struct gw_reference *out,
                                 struct gw_error *err);

/* Where a resource stands by the status policy (mappings/RULES.md 11). */
enum gw_standing {
    GW_ACCEPTED,
    GW_PROVISIONAL, /* kept, never flagged, never the only ground of a verdict */
    GW_WAITING,     /* registered without a value: nothing yet */
    GW_WITHDRAWN,   /* entered-in-error; Observation cancelled too */
    GW_NEGATIVE,    /* not-done, not-taken: evidence that something did not happen */
    GW_REFUSED,     /* draft, planned, proposal, refuted ...: never used */
    GW_UNDECIDED,   /* status unknown, absent or not in the value set: STATUS_UNKNOWN */
};

enum gw_value_kind {
    GW_VALUE_NONE,
    GW_VALUE_QUANTITY,
    GW_VALUE_CONCEPT,
    GW_VALUE_STRING,
    GW_VALUE_BOOLEAN,
    GW_VALUE_INTEGER,
    GW_VALUE_OTHER, /* Range, Ratio, SampledData, time, dateTime, Period: kept as its element name */
};

struct gw_reference_range {
    struct gw_quantity low;
    struct gw_quantity high;
    struct gw_concept type;
    const struct gw_concept *applies_to;
    size_t applies_to_count;
    struct gw_quantity age_low;
    struct gw_quantity age_high;
    const char *text;
};

/* One thing observed: an Observation's own value (component -1) or one component. */
struct gw_observed {
    int component;
    struct gw_concept code; /* of the component, or of the Observation */
    enum gw_value_kind kind;
    const char *value_name; /* "valueQuantity", ... */
    struct gw_quantity quantity;
    struct gw_concept concept;
    const char *string; /* valueString; valueInteger's text; "true" or "false" */
    struct gw_concept absent_reason;
    bool has_absent_reason;
    const struct gw_concept *interpretations;
    size_t interpretation_count;
    const struct gw_reference_range *ranges;
    size_t range_count;
};

struct gw_effective { /* effective[x], occurence[x], performed[x], onset[x], abatement[x] */
    enum { GW_EFFECTIVE_NONE, GW_EFFECTIVE_DATE, GW_EFFECTIVE_PERIOD, GW_EFFECTIVE_OTHER } kind;
    const char *date; /* dateTime, instant, or the single event of a Timing */
    struct gw_period period;
    const char *other; /* name of an element that is no date: onsetAge, onsetString, effectiveTiming ... */
};

struct gw_observation { /* its note is not read */
    const struct gw_concept *categories;
    size_t category_count;
    struct gw_concept code;
    struct gw_effective effective;
    const char *issued;
    struct gw_concept method;
    struct gw_concept body_site;
    struct gw_reference specimen;
    struct gw_reference device;
    struct gw_reference encounter;
    const struct gw_observed *parts; /* own value first when it has one (or an absent reason), then components */
    size_t part_count;               /* at least 1: an Observation with neither has one part without a value */
    const struct gw_reference *members;
    size_t member_count;
    const struct gw_reference *derived_from;
    size_t derived_from_count;
};

struct gw_patient {
    const char *birth_date;
    const char *gender;
    const char *deceased_date;
    bool deceased; /* deceasedBoolean true, or a date */
    bool inactive;
    const char *replaced_by; /* id of Patient.link type replaced-by */
};

struct gw_reasons { /* what R5 says as a list of CodeableReferences, R4 by two elements: reasonCode, reasonReference */
    const struct gw_concept *concepts;
    size_t concept_count;
    const struct gw_reference *references; /* Condition, Observation ... */
    size_t reference_count;
};

struct gw_diagnosis {              /* of an Encounter */
    struct gw_reasons conditions;  /* R4: one reference, to a Condition or Procedure */
    const struct gw_concept *uses; /* AD, DD, CC, pre-op ... */
    size_t use_count;
};

struct gw_encounter_location {
    struct gw_reference location;
    const char *status;     /* planned, active, reserved, completed */
    struct gw_concept form; /* physicalType; R5 form */
    struct gw_period period;
};

struct gw_encounter {
    struct gw_coding class_code;
    const struct gw_concept *types;
    size_t type_count;
    struct gw_period period;
    const char *planned_start; /* R5 */
    const char *planned_end;
    struct gw_reasons reasons;
    const struct gw_diagnosis *diagnoses;
    size_t diagnosis_count;
    struct gw_concept discharge_disposition;
    const struct gw_encounter_location *locations;
    size_t location_count;
};

/* When a dose is due: Dosage.timing (FHIR Timing) and asNeeded[x]. Numbers are texts as written. */
struct gw_schedule {
    const char *frequency; /* times a period */
    const char *frequency_max;
    const char *period;
    const char *period_max;
    const char *period_unit;         /* s, min, h, d, wk, mo, a */
    const char *const *days_of_week; /* mon .. sun */
    size_t day_count;
    const char *const *times_of_day; /* 08:00:00 */
    size_t time_count;
    const char *const *when; /* EventTiming codes: MORN, HS, PC ... */
    size_t when_count;
    const char *const *events; /* the very moments, as dateTimes */
    size_t event_count;
    struct gw_period bounds;
    struct gw_quantity duration; /* boundsDuration, or the high end of a boundsRange: nothing is due after it */
    const char *count;           /* doses in all */
    const char *count_max;
    struct gw_concept code; /* BID, QD, QOD ...; where no coding has one, what its text says */
    bool as_needed;         /* asNeededBoolean true, or asNeeded for some reason */
};

struct gw_dosage { /* one dosageInstruction, or one dosage of a Statement */
    const char *sequence;
    struct gw_schedule schedule;
    struct gw_concept route;
    struct gw_quantity dose; /* empty where its doseAndRate differ */
    struct gw_quantity rate;
};

/* The four Medication* resources have one shape here. */
struct gw_medication_use {
    struct gw_concept medication;  /* medicationCodeableConcept, R5 medication.concept, or of a contained Medication */
    struct gw_reference reference; /* medicationReference, R5 medication.reference */
    const struct gw_concept *ingredients;      /* of a contained Medication */
    const struct gw_quantity_ratio *strengths; /* of each ingredient; empty where none is given */
    size_t ingredient_count;
    struct gw_effective effective; /* Administration effective/occurence, Statement effective */
    const char *when_handed_over;  /* Dispense */
    const char *authored_on;       /* Request */
    const char *date_asserted;     /* Statement */
    const char *intent;            /* Request */
    bool do_not_perform;
    struct gw_quantity dose; /* of an Administration; else that of all dosages, empty where they differ */
    struct gw_quantity rate;
    struct gw_concept route;         /* the first that is given */
    const struct gw_dosage *dosages; /* as written; none of an Administration */
    size_t dosage_count;
    struct gw_quantity quantity;             /* Dispense; Request dispenseRequest.quantity: of one dispense */
    struct gw_quantity days_supply;          /* Dispense */
    struct gw_quantity supply_duration;      /* Request dispenseRequest.expectedSupplyDuration: of one dispense */
    struct gw_period validity;               /* Request dispenseRequest.validityPeriod */
    bool has_status_reason;                  /* a reference is one too */
    const struct gw_concept *status_reasons; /* statusReason[x], R5 notPerformedReason */
    size_t status_reason_count;
    const struct gw_concept *categories;
    size_t category_count;
    struct gw_reasons reasons;           /* why it was ordered, given or taken; a Dispense has none */
    struct gw_reference encounter;       /* Request; the others' context: an Encounter or EpisodeOfCare */
    const struct gw_reference *requests; /* Administration request, Dispense authorizingPrescription */
    size_t request_count;
    const struct gw_reference *part_of; /* the others but Request: an Administration, Dispense, Procedure ... */
    size_t part_of_count;
};

struct gw_medication {
    struct gw_concept code;
    struct gw_concept form;
    const struct gw_concept *ingredients;      /* one named only by reference is an empty concept */
    const struct gw_quantity_ratio *strengths; /* of each ingredient, as above */
    size_t ingredient_count;
};

struct gw_condition {
    struct gw_concept clinical_status;
    const struct gw_concept *categories;
    size_t category_count;
    struct gw_concept severity;
    struct gw_concept code;
    struct gw_effective onset;
    struct gw_effective abatement;
    const char *recorded_date;
    const char *verification; /* code of verificationStatus, NULL when absent */
    struct gw_reference encounter;
};

struct gw_procedure {
    const struct gw_concept *categories;
    size_t category_count;
    struct gw_concept code;
    struct gw_effective performed;
    struct gw_reference encounter;
    struct gw_reasons reasons;
    struct gw_reasons used; /* usedCode and usedReference, R5 used: devices, drugs, substances */
};

struct gw_specimen {
    struct gw_effective collected;
    struct gw_concept type;
};

struct gw_causality {                /* what somebody thought of one suspect; who it was is not read */
    struct gw_concept assessment;    /* R5 entityRelatedness */
    const char *product_relatedness; /* free text; R4 only */
};

struct gw_suspect {
    struct gw_reference instance;
    struct gw_concept concept; /* R5 instanceCodeableConcept */
    const struct gw_causality *causalities;
    size_t causality_count;
};

struct gw_adverse_event {
    const char *actuality; /* actual, potential */
    const struct gw_concept *categories;
    size_t category_count;
    struct gw_concept code;        /* R4 event, R5 code */
    struct gw_effective effective; /* R4 date, R5 occurrence[x] */
    const char *detected;
    const char *recorded_date;
    struct gw_concept seriousness;
    struct gw_concept severity;        /* R4 */
    const struct gw_concept *outcomes; /* R4 one */
    size_t outcome_count;
    const struct gw_reference *results; /* resultingCondition; R5 resultingEffect: Observations too */
    size_t result_count;
    const struct gw_suspect *suspects;
    size_t suspect_count;
    struct gw_reference encounter;
};

enum gw_response_kind {
    GW_RESPONSE_OTHER, /* no value; a date, Quantity, Attachment, Reference ...: not read */
    GW_RESPONSE_INTEGER,
    GW_RESPONSE_DECIMAL,
    GW_RESPONSE_BOOLEAN,
    GW_RESPONSE_STRING,
    GW_RESPONSE_CODING,
};

struct gw_response_answer {
    enum gw_response_kind kind;
    const char *text; /* a number as written, "true" or "false", a string; NULL for the others */
    struct gw_coding coding;
};

struct gw_response_item { /* one item that was shown; the question's text is not read */
    const char *link_id;
    const struct gw_response_answer *answers;
    size_t answer_count; /* 0: a group, or left out */
};

struct gw_questionnaire_response {
    const char *questionnaire; /* canonical, as written: url|version */
    const char *authored;
    struct gw_reference encounter;
    const struct gw_response_item *items; /* each before those below it, those below its answers first */
    size_t item_count;
};

struct gw_diagnostic_report { /* its conclusion is not read, nor what it presents */
    const struct gw_concept *categories;
    size_t category_count;
    struct gw_concept code;
    struct gw_effective effective;
    const char *issued;
    struct gw_reference encounter;
    const struct gw_reference *results;
    size_t result_count;
    const struct gw_concept *conclusions; /* conclusionCode */
    size_t conclusion_count;
};

struct gw_fact {
    enum gw_resource type;
    const char *type_name; /* as written */
    const char *id;        /* NULL when absent */
    const char *version_id;
    const char *last_updated;
    struct gw_reference subject; /* subject or patient; a Patient's own id */
    const char *status;
    enum gw_standing standing;
    bool modifier_extension; /* modifierExtension or implicitRules present anywhere it would change the meaning */
    const struct gw_identifier *identifiers;
    size_t identifier_count;
    size_t part_count; /* 1, or that of the Observation */

    /* Where it came from; filled by whoever keeps it. */
    const char *endpoint;
    const char *source; /* "obs.ndjson:12" or the resource's URL without query */
    int64_t delivery;   /* one per sync, one per input of map */
    int64_t fetched_at; /* seconds UTC: a stamp, never an input of a decision */
    uint8_t sha256[32]; /* of the raw bytes */

    union {
        struct gw_patient patient;
        struct gw_encounter encounter;
        struct gw_observation observation;
        struct gw_medication_use use;
        struct gw_medication medication;
        struct gw_condition condition;
        struct gw_procedure procedure;
        struct gw_specimen specimen;
        struct gw_adverse_event adverse_event;
        struct gw_questionnaire_response questionnaire_response;
        struct gw_diagnostic_report diagnostic_report;
    };
};

/*
 * Read one resource. GW_EINPUT: not an object, no resourceType, an id outside [A-Za-z0-9.-]{1,64}, an element of a type
 * FHIR does not allow where the meaning depends on it ("Observation.component: an array is wanted"), no subject on a
 * type that needs one. An unknown resource type is no failure: type OTHER, only id and meta read. GW_ENOMEM: the
 * arena's limit.
 */
enum gw_status gw_fact_read(struct gw_arena *arena, const cJSON *resource, struct gw_fact *out, struct gw_error *err);

/* First coding of a system, or NULL. */
const struct gw_coding *gw_concept_in(const struct gw_concept *concept, const char *system);

#endif
