/*
 * Where hospitals ring: POST /notify/<endpoint>, and what a rest-hook server makes of it (POST and PUT to
 * /notify/<endpoint>/<Type>/<id>, DELETE too).
 *
 *      head: Authorization: Bearer <secret>, compared in constant time ── 401, no byte of the body is looked at
 *      too many ── 429 with Retry-After; a catch-up is owed, so that nothing is lost by it
 *      body up to 1 MiB ──> gw_upkeep_hear ──> 200 when the hint is committed, 503 when it cannot be
 *
 * An endpoint that is not known is answered as a wrong secret is.
 */
#ifndef GATEWAY_SOURCES_DOORBELL_H
#define GATEWAY_SOURCES_DOORBELL_H

#include "gateway/net/listener.h"
#include "gateway/sources/upkeep.h"

#define GW_DOORBELL_BURST      200u /* at once, for each endpoint */
#define GW_DOORBELL_PER_SECOND 20u

struct gw_doorbell;

/* clock: NULL gw_system_clock; borrowed. */
enum gw_status gw_doorbell_new(const struct gw_clock *clock, struct gw_doorbell **out, struct gw_error *err);
void gw_doorbell_free(struct gw_doorbell *doorbell); /* after its listener; NULL is nothing */

/* From here on these ring; the list is copied, the upkeeps are borrowed until the next call. GW_ENOMEM changes nothing.
 */
enum gw_status gw_doorbell_set(struct gw_doorbell *doorbell, struct gw_upkeep *const *upkeeps, size_t count,
                               struct gw_error *err);

#define GW_DOORBELL_ROUTES 3
void gw_doorbell_routes(struct gw_doorbell *doorbell, struct gw_route routes[GW_DOORBELL_ROUTES]);

#endif
