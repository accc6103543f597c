/*
 * The request that starts an export, and what a refusal of it says. Pure.
 */
#ifndef SOURCES_BULK_ASK_H
#define SOURCES_BULK_ASK_H

#include "gateway/core/text.h"
#include "sources/bulk_job.h"

/*
 * By GET with _type and _since, or, where people are named, by POST with Parameters: *body is empty then or not. Both
 * are cleared first; give url GW_URL_MAX. GW_ENOMEM.
 */
enum gw_status bulk_request(const struct gw_bulk_settings *settings, const struct bulk_job *job, struct gw_text *url,
                            struct gw_text *body, struct gw_error *err);

void bulk_print_types(const struct bulk_types *types, struct gw_text *out); /* "Patient,Observation" */

/*
 * The type that an answer of 400 complains about: of those asked for the one that it names first, as a word of its own.
 * GW_RESOURCE_OTHER: none.
 */
enum gw_resource bulk_refused_type(const struct bulk_types *asked, struct gw_slice answer);

/* The types of `wanted` that a text names as words. */
struct bulk_types bulk_named_types(const struct bulk_types *wanted, struct gw_slice text);

#endif
