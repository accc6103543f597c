/*
 * Search URLs: what to ask an endpoint, as text. Pure.
 *
 * plan_requests() in sources decides what is wanted; this writes it as FHIR wants it written: parameters
 * percent-encoded (an unescaped + in a timestamp reaches a server as a blank), dates asked one day wider on both sides
 * (a date without a zone is read in the server's zone) and filtered again in memory.
 */
#ifndef GATEWAY_FHIR_SEARCH_H
#define GATEWAY_FHIR_SEARCH_H

#include "gateway/core/date.h"
#include "gateway/core/text.h"
#include "gateway/fhir/fact.h"

struct gw_search {
    enum gw_resource type;
    const char *patient;             /* logical id; NULL for a Patient search */
    struct gw_identifier identifier; /* Patient?identifier=system|value, when value is set */
    gw_day low;                      /* GW_NO_DAY: unbounded */
    gw_day high;
    const char *last_updated; /* instant or day for _lastUpdated=ge..., or NULL */
    const char *category;     /* laboratory ... or NULL */
    const char *const *codes; /* "system|code" */
    size_t code_count;
    bool include_medication; /* _include=<Type>:medication */
    bool sort;               /* _sort=_lastUpdated: what changes meanwhile moves to the end, where it is still met */
    bool post;               /* by POST to _search, the query in the body: long lists, record numbers */
    unsigned count;          /* _count; 0: left to the server */
    int fhir_version;        /* 4 or 5: R5 renames MedicationAdministration's effective-time to date */
};

/* Append "<base>/Observation?patient=...&date=ge...", with post "<base>/Observation/_search". base has no trailing
 * slash. */
void gw_search_url(const struct gw_search *search, const char *base, struct gw_text *out);

/* Append the query alone, "patient=...&date=ge...": what stands behind the '?', or the body of the POST, whose
 * Content-Type is GW_SEARCH_FORM. */
void gw_search_query(const struct gw_search *search, struct gw_text *out);
#define GW_SEARCH_FORM "application/x-www-form-urlencoded"

/* Append a parameter's value, escaped and percent-encoded. */
void gw_search_value(const char *value, struct gw_text *out);

/* Append "<base>/Type/id", the id percent-encoded. */
void gw_read_url(const char *base, const char *type, const char *id, struct gw_text *out);

/* The date parameter of a type ("date", "effective-time", "whenhandedover", "authoredon", "effective", "authored",
 * NULL: none). */
const char *gw_search_date_parameter(enum gw_resource type, int fhir_version);

/* Search parameters of a type that a statement lists, those of all types with them. */
enum gw_claim {
    GW_CLAIM_PATIENT = 1, /* "patient", or "subject" for a type that has no other */
    GW_CLAIM_DATE = 2,    /* as gw_search_date_parameter has it */
    GW_CLAIM_CATEGORY = 4,
    GW_CLAIM_CODE = 8,
    GW_CLAIM_LAST_UPDATED = 16,
};

struct gw_capability {
    const char *software;         /* its name, or NULL */
    const char *software_version; /* or NULL */
    const char *fhir_version;     /* "4.0.1" */
    bool reads[GW_RESOURCE_COUNT];
    bool includes_medication[GW_RESOURCE_COUNT];
    bool history[GW_RESOURCE_COUNT];    /* history-instance: former versions of one resource */
    unsigned claims[GW_RESOURCE_COUNT]; /* of enum gw_claim; 0: it lists none, which says nothing */
    bool bulk_export;                   /* the operation export, of the system, of Patient or of Group */
    bool subscriptions;                 /* the resource Subscription */
};

/* Read a CapabilityStatement. GW_EINPUT: another resource. Texts stay in the tree. */
enum gw_status gw_capability_read(const cJSON *resource, struct gw_capability *out, struct gw_error *err);

#endif
