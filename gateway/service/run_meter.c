/*
 * Counting what is asked of an endpoint, between its dispatcher and the way out: each request by how it ended, the time
 * it took, the bytes it brought.
 */
#include <stdlib.h>

#include "service/run_parts.h"

struct metering { /* one request */
    struct hospital *hospital;
    struct gw_http_response *response;
    gw_http_done done;
    void *ctx;
    uint64_t began_ms;
};

/* The classes of back-off, and what never was FHIR. */
static enum gw_metrics_outcome outcome_of(enum gw_trouble trouble)
{
    static const enum gw_metrics_outcome outcomes[GW_BACKOFF_COUNT] = {[GW_BACKOFF_NONE] = GW_OUTCOME_CANCELED,
                                                                       [GW_BACKOFF_TRANSIENT] = GW_OUTCOME_TRANSIENT,
                                                                       [GW_BACKOFF_THROTTLED] = GW_OUTCOME_THROTTLED,
                                                                       [GW_BACKOFF_AUTH] = GW_OUTCOME_AUTH,
                                                                       [GW_BACKOFF_CONFIGURATION] =
                                                                           GW_OUTCOME_CONFIGURATION,
                                                                       [GW_BACKOFF_DATABASE] = GW_OUTCOME_TRANSIENT};

    if (trouble == GW_TROUBLE_NONE)
        return GW_OUTCOME_OK;
    if (trouble == GW_TROUBLE_NOT_FHIR || trouble == GW_TROUBLE_DAMAGED)
        return GW_OUTCOME_PROTOCOL;
    return outcomes[gw_backoff_of(trouble)];
}

static uint64_t now_ms(const struct hospital *hospital)
{
    const struct gw_clock *clock = hospital->run->world->clock;

    return clock->monotonic_ms(clock->ctx);
}

static void count(const struct metering *m, const struct gw_error *failure)
{
    struct gw_run *run = m->hospital->run;
    struct gw_metrics_endpoint *numbers = gw_metrics_endpoint(&run->door.metrics, m->hospital->endpoint->config->id);

    if (!failure || failure->status != GW_ECANCELED)
        gw_readiness_progress(&run->door.health.readiness, now_ms(m->hospital));
    if (!numbers)
        return;
    numbers->requests[outcome_of(gw_http_trouble(m->response, failure))]++;
    numbers->received_bytes += m->response->body.length;
    gw_histogram_note(&numbers->request_time, now_ms(m->hospital) - m->began_ms);
}

static void on_answer(void *ctx, const struct gw_error *failure)
{
    const struct metering m = *(struct metering *)ctx;

    free(ctx);
    count(&m, failure);
    m.done(m.ctx, failure);
}

static enum gw_status meter_ask(struct gw_web *web, const struct gw_session_request *request,
                                struct gw_http_response *response, gw_http_done done, void *ctx, uint64_t *call,
                                struct gw_error *err)
{
    struct hospital *hospital = ((struct meter *)web)->hospital;
    struct gw_web *inner = hospital->endpoint->web;
    struct metering *metering = malloc(sizeof *metering);
    enum gw_status rc;

    if (!metering)
        return gw_fail(err, GW_ENOMEM, "service.run", "no memory for a request");
    *metering = (struct metering){hospital, response, done, ctx, now_ms(hospital)};
    rc = inner->ask(inner, request, response, on_answer, metering, call, err);
    if (rc != GW_OK)
        free(metering);
    return rc;
}

static void meter_cancel(struct gw_web *web, uint64_t call)
{
    struct gw_web *inner = ((struct meter *)web)->hospital->endpoint->web;

    inner->cancel(inner, call);
}

void meter_init(struct meter *meter, struct hospital *hospital)
{
    meter->hospital = hospital;
    meter->web = (struct gw_web){.ask = meter_ask,
                                 .cancel = meter_cancel,
                                 .gate = hospital->endpoint->web ? hospital->endpoint->web->gate : NULL};
}
