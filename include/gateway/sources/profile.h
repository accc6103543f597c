/*
 * What an endpoint can do, as `casement check` found it: state/endpoints/<id>.json, written by the tool, never by hand.
 *
 * A server's quirk is a field here, read by gw_plan_requests() alone; the chain that fetches never asks which server it
 * talks to.
 *
 *      {"endpoint": "hm-ehr", "checked": "2026-11-20T20:00:00Z", "software": "...", "software_version": "...",
 *       "fhir_version": "4.0.1", "reads": ["Patient", ...], "page_size": 100, "observations": "category",
 *       "last_updated": true, "includes": true, "token_url": "https://..."}
 */
#ifndef GATEWAY_SOURCES_PROFILE_H
#define GATEWAY_SOURCES_PROFILE_H

#include <stdbool.h>

#include "gateway/core/error.h"
#include "gateway/fhir/fact.h"
#include "gateway/fhir/search.h"

enum gw_observations {                           /* how laboratory results, vital signs and scores are asked for */
                       GW_OBSERVATIONS_CATEGORY, /* category=laboratory, vital-signs, survey: the default, some servers
                                                    demand it */
                       GW_OBSERVATIONS_CODE,     /* Observation.category is not filled here: by lists of codes */
};

struct gw_profile {
    char checked[32];   /* instant of the check, as the caller's clock had it; "" with the defaults */
    char software[128]; /* "" where unknown, as the texts below */
    char software_version[64];
    char fhir_version[16]; /* "4.0.1" */
    char token_url[1024];  /* learnt at discovery */
    bool reads[GW_RESOURCE_COUNT];
    unsigned page_size; /* _count; 0: the endpoint's setting */
    enum gw_observations observations;
    bool last_updated; /* _lastUpdated is honoured: what is known is asked for changes only */
    bool includes;     /* _include=<Type>:medication brings the Medications along */
};

/*
 * What holds before anything was checked, and works with any server: R4, all types but those that few servers have
 * (AdverseEvent, QuestionnaireResponse, DiagnosticReport: asked once a CapabilityStatement lists them; a sync reads it
 * before its first search where no check did), by category, nothing trusted (each search is a full one, Medications are
 * read one by one).
 */
extern const struct gw_profile gw_profile_default;

int gw_profile_release(const struct gw_profile *profile); /* 4 (R4, R4B) or 5; 4 when unknown */

/* Take over what a CapabilityStatement claims: versions, software, types. What it claims of _lastUpdated and _include
 * must be tried before it is believed. */
void gw_profile_learn(struct gw_profile *profile, const struct gw_capability *capability);

/* folder: state/endpoints. A file that is not there gives the defaults; GW_ECONFIG for one that is damaged. */
enum gw_status gw_profile_load(const char *folder, const char *endpoint, struct gw_profile *out, struct gw_error *err);

/* In one step, mode 0600; the folder (not its parents) is made when it is missing. GW_ECREATE, GW_EIO. */
enum gw_status gw_profile_save(const struct gw_profile *profile, const char *folder, const char *endpoint,
                               struct gw_error *err);

#endif
