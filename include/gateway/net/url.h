/*
 * The URL gate: which addresses one endpoint may make us ask, and what a link of its answers means.
 *
 * A server chooses the URLs of its next pages, files and jobs. Each is resolved by RFC 3986 against the URL of the
 * request that brought it and passes only when
 *   - it is https (plain http only where the endpoint's own base is http on loopback, and the URL is on loopback too),
 *   - it has no user, password or fragment, no blank or control character, and at most 16 KiB,
 *   - its origin (scheme, host without regard to case, effective port) is the endpoint's own or in its allow list.
 * Tokens go to the endpoint's own origin only. An absolute link keeps its bytes: servers re-encode queries in their own
 * way (Medplum, Microsoft ct=) and a link written anew may mean something else.
 *
 * A link without a scheme whose first part is the authority of the request ("fhir.example.org/r4/Observation?page=2",
 * as Zus wrote until 2024) is read as if the scheme of the request stood before it. With any other host it is what RFC
 * 3986 says, a path relative to the request.
 */
#ifndef GATEWAY_NET_URL_H
#define GATEWAY_NET_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/core/error.h"
#include "gateway/core/text.h"

#define GW_URL_MAX 16384u /* bytes */

struct gw_gate;

/*
 * base: the endpoint's FHIR base, with or without a last slash, without query. allow_origins:
 * "https://files.example.org" or with a port. GW_ECONFIG names the setting that is wrong.
 */
enum gw_status gw_gate_new(const char *base, const char *const *allow_origins, size_t count, struct gw_gate **out,
                           struct gw_error *err);
void gw_gate_free(struct gw_gate *gate);
const char *gw_gate_base(const struct gw_gate *gate);   /* without last slash */
const char *gw_gate_origin(const struct gw_gate *gate); /* "https://fhir.example.org:8443", for messages */

/* May this absolute URL be asked? *own (may be NULL): it is the endpoint's own origin. GW_EPROTO says why not. */
enum gw_status gw_gate_check(const struct gw_gate *gate, const char *url, bool *own, struct gw_error *err);

/*
 * The meaning of a link that came with the answer to request_url, checked as above and written to out (cleared first;
 * give it GW_URL_MAX). GW_EPROTO: refused, the text says why without repeating the link.
 */
enum gw_status gw_gate_resolve(const struct gw_gate *gate, const char *request_url, const char *link,
                               struct gw_text *out, struct gw_error *err);

/* base + "/" + rest, such as "Observation?patient=..." or "metadata"; cleared first. GW_ENOMEM over GW_URL_MAX. */
enum gw_status gw_gate_join(const struct gw_gate *gate, const char *rest, struct gw_text *out, struct gw_error *err);

/* An address where a secret may go: https, or http on loopback; nothing odd in it (rules above, any origin). */
enum gw_status gw_url_trusted(const char *url, struct gw_error *err);

/*
 * What an operator may read of a URL: origin and path up to the first segment that is a resource type, "/..." for the
 * rest ("https://fhir.example.org/r4/Patient/..."). Never an id, a query, a token. Always NUL-terminated.
 */
void gw_url_describe(const char *url, char *out, size_t size);

#endif
