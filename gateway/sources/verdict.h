/*
 * What a whole HTTP answer is worth: something to parse, or a failure that says what to do.
 */
#ifndef SOURCES_VERDICT_H
#define SOURCES_VERDICT_H

#include "gateway/core/arena.h"
#include "gateway/net/http.h"

/* FHIR JSON by its media type, or at least its first byte: some servers say text/plain, or nothing. */
bool verdict_is_fhir(const struct gw_http_response *response);

/*
 * GW_OK: a 2xx with FHIR JSON, by its media type or at least its first byte. Else the status's meaning
 * (gw_http_verdict) with the issue codes of an OperationOutcome behind it, or GW_EPROTO for what is no FHIR.
 */
enum gw_status verdict_on(struct gw_arena *arena, const struct gw_http_response *response, const char *url,
                          struct gw_error *err);

#endif
