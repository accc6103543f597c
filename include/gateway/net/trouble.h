/*
 * What kind of trouble a request met, for whoever decides when to ask again.
 *
 * A status (core/error.h) says what the caller does; this says what the endpoint suffers from, and so how long to leave
 * it alone and what must stop: nothing, one query, or the endpoint. Classes of waiting are in net/backoff.h.
 */
#ifndef GATEWAY_NET_TROUBLE_H
#define GATEWAY_NET_TROUBLE_H

#include <stdbool.h>

#include "gateway/core/error.h"

enum gw_trouble {
    GW_TROUBLE_NONE,
    GW_TROUBLE_AWAY,         /* name, connection, time-out, reset, 408, 425, 5xx: it passes */
    GW_TROUBLE_CUT,          /* a body that ended early; five cut at the same byte are a box in between */
    GW_TROUBLE_NOT_FHIR,     /* a page of HTML with status 200: something answers in the server's place */
    GW_TROUBLE_DAMAGED,      /* framing, gzip, JSON or paging broken: tried a few times, then the query stops */
    GW_TROUBLE_BUSY,         /* 429, 503 */
    GW_TROUBLE_UNAUTHORIZED, /* 401 in spite of a new token */
    GW_TROUBLE_REFUSED,      /* 400, 403, 404 and the like, a link that leads elsewhere: this query, here */
    GW_TROUBLE_UNGRANTED,    /* its token lacks the scope for a type: not asked, every query of that type stops */
    GW_TROUBLE_TOO_LARGE,    /* over our limits: this query of this subject */
    GW_TROUBLE_DENIED,       /* client, scopes, proxy or our own settings: the endpoint stops */
    GW_TROUBLE_TLS,          /* its certificate, or ours: the endpoint stops but for a probe */
    GW_TROUBLE_LEAK,         /* data of another patient than asked for: the endpoint stops */
    GW_TROUBLE_OURS,         /* cancelled, our disk, our memory: nothing of the endpoint's */
};
#define GW_TROUBLE_COUNT (GW_TROUBLE_OURS + 1)

const char *gw_trouble_name(enum gw_trouble trouble); /* "away", "not-fhir" */

/* What an HTTP status alone means; GW_TROUBLE_NONE for 1xx and 2xx. */
enum gw_trouble gw_trouble_of_status(int status);

/* What a failure without anything more precise means. */
enum gw_trouble gw_trouble_of_failure(enum gw_status status);

/* May the same request, sent again later, succeed without anyone's help? */
bool gw_trouble_passes(enum gw_trouble trouble);

#endif
