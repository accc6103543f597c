/*
 * Three questions to the service: is it alive, does work get done, what are the numbers.
 *
 *      GET /healthz    200 while the loop turns
 *      GET /readyz     200 or 503, one line: {"ready":false,"reasons":["no work was done for 31 s, 12 pieces are due"]}
 *      GET /metrics    Prometheus text
 *
 * How to wire it: fill struct gw_health, call gw_readiness_due whenever the number of pieces that could be worked on
 * now changes (not those that wait for their time, for a back-off, a rate or an operator), gw_readiness_progress with
 * every page kept, file read, subject derived, batch delivered and every answer of a server, whatever its status; put
 * the routes into the listener's.
 */
#ifndef GATEWAY_SERVICE_HEALTH_H
#define GATEWAY_SERVICE_HEALTH_H

#include "gateway/net/listener.h"
#include "gateway/service/metrics.h"

#define GW_READINESS_PATIENCE_MS 30000u

struct gw_readiness {
    bool started;        /* the ledger is open, the first schedule made */
    bool stopping;       /* SIGTERM came */
    const char *stopped; /* why nothing is worked on: "the disk is nearly full"; static; NULL */
    size_t due;
    uint64_t since_ms; /* work was due and none was done since */
};

void gw_readiness_due(struct gw_readiness *readiness, size_t due, uint64_t now_ms);
void gw_readiness_progress(struct gw_readiness *readiness, uint64_t now_ms);

struct gw_health {
    struct gw_readiness readiness;
    struct gw_metrics *metrics;
    const struct gw_clock *clock;
    void (*refresh)(void *ctx); /* before numbers are printed: set the gauges; NULL */
    void *ctx;
};

/* The routes, with the health as their context: it outlives the listener. */
#define GW_HEALTH_ROUTES 3
void gw_health_routes(struct gw_health *health, struct gw_route routes[GW_HEALTH_ROUTES]);

#endif
