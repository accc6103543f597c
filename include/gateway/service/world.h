/*
 * The world outside as the service meets it: time, the loop, and how an endpoint is reached. In earnest these are the
 * system's clock, libuv's loop and a session over libcurl; a test hands in a clock that stands still and hospitals that
 * answer from memory.
 */
#ifndef GATEWAY_SERVICE_WORLD_H
#define GATEWAY_SERVICE_WORLD_H

#include "gateway/net/clock.h"
#include "gateway/sources/pull.h"

struct gw_world {
    uv_loop_t *loop;
    const struct gw_clock *clock;

    /* The way to an endpoint. GW_ECONFIG: its settings are wrong. */
    enum gw_status (*open)(const struct gw_world *world, const struct gw_endpoint *endpoint, struct gw_web **out,
                           struct gw_error *err);
    void (*close)(const struct gw_world *world, struct gw_web *web); /* memory may go from the loop */
    void *ctx;
};

/* Sessions on this loop, with the system's clock. */
void gw_world_init(struct gw_world *world, uv_loop_t *loop);

#endif
