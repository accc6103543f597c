/*
 * The door as casement.json has it: where it listens, who may ring, what may be asked.
 *
 * How to wire it: one gw_doorbell and one gw_listener for the service (gw_door_open), one gw_upkeep for each endpoint
 * with "notifications" (gw_door_upkeep, gw_doorbell_set, gw_upkeep_start). On reload: new upkeeps, gw_doorbell_set,
 * then free the old ones. At the end: gw_listener_stop, gw_upkeep_free, and with the loop run out gw_doorbell_free.
 */
#ifndef GATEWAY_SERVICE_DOOR_H
#define GATEWAY_SERVICE_DOOR_H

#include "gateway/service/config.h"
#include "gateway/service/health.h"
#include "gateway/sources/doorbell.h"
#include "gateway/sources/profile.h"

/*
 * Health, numbers and the doorbell at the configured address; *out NULL when there is none. A Host must name loopback
 * or the host of an endpoint's callback: a page in a browser that calls itself something else gets no answer.
 */
enum gw_status gw_door_open(uv_loop_t *loop, const struct gw_config *config, struct gw_health *health,
                            struct gw_doorbell *doorbell, struct gw_listener **out, struct gw_error *err);

/* The hosts of the endpoints' callbacks, in the arena. NULL: out of memory. */
const char *const *gw_door_hosts(struct gw_arena *arena, const struct gw_config *config, size_t *count);

/*
 * The subscriptions of an endpoint; *out NULL when none are wanted. ports: web, writer, clock, hinted, alert, removed
 * and ctx; the rest comes from the configuration, the types of rest-hooks from the profile. GW_ECONFIG: the secret's
 * file is not there, open to others, or holds no secret; of its text a line feed at the end is left out.
 */
enum gw_status gw_door_upkeep(uv_loop_t *loop, const struct gw_config_endpoint *endpoint,
                              const struct gw_profile *profile, const struct gw_upkeep_settings *ports,
                              struct gw_upkeep **out, struct gw_error *err);

/* What rang, into the endpoint's numbers. */
void gw_door_count(struct gw_upkeep *upkeep, struct gw_metrics_endpoint *endpoint);

#endif
