/*
 * What an endpoint can do, as `casement check` found it: state/endpoints/<id>.json, written by the tool, never by hand.
 *
 * A server's quirk is a field here, read by gw_plan_requests() alone; the chain that fetches never asks which server it
 * talks to.
 *
 *      {"version": 2, "endpoint": "hm-ehr", "checked": "2026-11-20T20:00:00Z", "software": "...",
 *       "software_version": "...", "fhir_version": "4.0.1", "reads": ["Patient", ...], "undated": ["Encounter"],
 *       "page_size": 100, "codes_max": 30, "query_max": 2000, "observations": "category", "post": "needed",
 *       "last_updated": true, "last_updated_by_day": false, "one_range": false, "sorts": true, "includes": true,
 *       "mixes_patients": false, "token_life_s": 300, "token_url": "https://...", "issuer": "https://..."}
 *
 * What a file does not name is as in gw_profile_default, so that a file of version 1 means what it meant; members that
 * are not known are passed over.
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

enum gw_post {                 /* searches by POST to _search */
               GW_POST_NEVER,  /* not tried, or it did not answer as GET does */
               GW_POST_NEEDED, /* it works: for what is too long for a URL, and for record numbers, which proxies and
                                  servers write into their logs with the URL */
               GW_POST_ALWAYS, /* GET is refused here */
};

struct gw_profile {
    char checked[32];   /* instant of the check, as the caller's clock had it; "" with the defaults */
    char software[128]; /* "" where unknown, as the texts below */
    char software_version[64];
    char fhir_version[16]; /* "4.0.1" */
    char token_url[1024];  /* learnt at discovery */
    char issuer[1024];     /* of the smart-configuration; "" where it names none */
    bool reads[GW_RESOURCE_COUNT];
    bool undated[GW_RESOURCE_COUNT]; /* the type's date parameter is refused or ignored: asked for without bounds */
    unsigned page_size;              /* _count; 0: the endpoint's setting */
    unsigned codes_max;              /* codes in one search; 0: GW_PLAN_CODES_MAX */
    unsigned query_max;              /* bytes behind the '?' of a URL; 0: GW_PLAN_QUERY_MAX */
    enum gw_observations observations;
    enum gw_post post;
    bool last_updated;        /* _lastUpdated is honoured: what is known is asked for changes only */
    bool last_updated_by_day; /* by days only, or by more than a second: asked from the day before */
    bool one_range;           /* a date and _lastUpdated cannot stand in one search */
    bool sorts;               /* _sort=_lastUpdated puts the oldest change first */
    bool includes;            /* _include=<Type>:medication brings the Medications along */
    bool mixes_patients;      /* it showed data of another patient than the one asked for: nothing is asked of it */
    unsigned token_life_s;    /* of the last token; 0: none was given, or nothing said of it */
};

/*
 * What holds before anything was checked, and works with any server: R4, all types but those that few servers have
 * (AdverseEvent, QuestionnaireResponse, DiagnosticReport: asked once a CapabilityStatement lists them; a sync reads it
 * before its first search where no check did), by category, nothing trusted (each search is a full one, Medications are
 * read one by one).
 */
extern const struct gw_profile gw_profile_default;

int gw_profile_release(const struct gw_profile *profile); /* 4 (R4, R4B) or 5; 4 when unknown */

/* May it be asked at all? GW_EPROTO: its release of FHIR is neither R4 nor R5, or it does not keep patients apart. */
enum gw_status gw_profile_usable(const struct gw_profile *profile, struct gw_error *err);

/* Take over what a CapabilityStatement claims: versions, software, types. What it claims of _lastUpdated and _include
 * must be tried before it is believed. */
void gw_profile_learn(struct gw_profile *profile, const struct gw_capability *capability);

/* folder: state/endpoints. A file that is not there gives the defaults; GW_ECONFIG for one that is damaged, or of a
 * later release. */
enum gw_status gw_profile_load(const char *folder, const char *endpoint, struct gw_profile *out, struct gw_error *err);

/* In one step, mode 0600; the folder (not its parents) is made when it is missing. GW_ECREATE, GW_EIO. */
enum gw_status gw_profile_save(const struct gw_profile *profile, const char *folder, const char *endpoint,
                               struct gw_error *err);

#endif
