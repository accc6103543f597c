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
    const char *last_updated; /* instant for _lastUpdated=ge..., or NULL */
    const char *category;     /* laboratory ... or NULL */
    const char *const *codes; /* "system|code", at most 30 a search */
    size_t code_count;
    bool include_medication; /* _include=<Type>:medication */
    unsigned count;          /* _count; 0: left to the server */
    int fhir_version;        /* 4 or 5: R5 renames MedicationAdministration's effective-time to date */
};

/* Append "<base>/Observation?patient=...&date=ge...". base has no trailing slash. */
void gw_search_url(const struct gw_search *search, const char *base, struct gw_text *out);

/* Append "<base>/Type/id", the id percent-encoded. */
void gw_read_url(const char *base, const char *type, const char *id, struct gw_text *out);

/* The date parameter of a type ("date", "effective-time", "whenhandedover", "authoredon", "effective", "authored", NULL:
 * none). */
const char *gw_search_date_parameter(enum gw_resource type, int fhir_version);

struct gw_capability {
    const char *software;         /* its name, or NULL */
    const char *software_version; /* or NULL */
    const char *fhir_version;     /* "4.0.1" */
    bool reads[GW_RESOURCE_COUNT];
    bool includes_medication[GW_RESOURCE_COUNT];
    bool last_updated[GW_RESOURCE_COUNT]; /* _lastUpdated listed for the type or for all */
};

/* Read a CapabilityStatement. GW_EINPUT: another resource. Texts stay in the tree. */
enum gw_status gw_capability_read(const cJSON *resource, struct gw_capability *out, struct gw_error *err);

#endif
