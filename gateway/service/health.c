/*
 * Alive, ready, counted.
 */
#include "gateway/service/health.h"

#include <inttypes.h>

#include "gateway/core/json.h"

enum { METRICS_MAX = 8 << 20, LINE_MAX_BYTES = 4096 };

/* ---- readiness -------------------------------------------------------------------------------------------------- */

void gw_readiness_due(struct gw_readiness *readiness, size_t due, uint64_t now_ms)
{
    if (readiness->due == 0)
        readiness->since_ms = now_ms;
    readiness->due = due;
}

void gw_readiness_progress(struct gw_readiness *readiness, uint64_t now_ms)
{
    readiness->since_ms = now_ms;
}

static void add_reason(struct gw_text *out, size_t *reasons, const char *text)
{
    gw_text_add(out, (*reasons)++ ? "," : "");
    gw_json_quote(out, text);
}

/* Is it? Appends the line with its reasons; no patient data can be in it. */
static bool print_readiness(const struct gw_readiness *readiness, uint64_t now_ms, struct gw_text *out)
{
    const uint64_t idle_ms = readiness->due ? now_ms - readiness->since_ms : 0;
    const bool stuck = idle_ms >= GW_READINESS_PATIENCE_MS;
    const bool ready = readiness->started && !readiness->stopping && !readiness->stopped && !stuck;
    char text[128];
    size_t reasons = 0;

    gw_text_print(out, "{\"ready\":%s,\"reasons\":[", ready ? "true" : "false");
    if (!readiness->started)
        add_reason(out, &reasons, "starting");
    if (readiness->stopping)
        add_reason(out, &reasons, "stopping");
    if (readiness->stopped)
        add_reason(out, &reasons, readiness->stopped);
    snprintf(text, sizeof text, "no work was done for %" PRIu64 " s, %zu pieces are due", idle_ms / 1000,
             readiness->due);
    if (stuck)
        add_reason(out, &reasons, text);
    gw_text_add(out, "]}\n");
    return ready;
}

/* ---- the routes ------------------------------------------------------------------------------------------------- */

static void answer(struct gw_exchange *exchange, int status, const char *type, const struct gw_text *body)
{
    if (body->failed)
        gw_exchange_say(exchange, 500, "out of memory");
    else
        gw_exchange_answer(exchange, &(struct gw_reply){status, type, {body->at, body->length}, NULL, 0});
}

static void tell_alive(void *ctx, struct gw_exchange *exchange)
{
    static const char line[] = "{\"alive\":true}\n";

    (void)ctx;
    gw_exchange_answer(exchange, &(struct gw_reply){200, "application/json", {line, sizeof line - 1}, NULL, 0});
}

static void tell_ready(void *ctx, struct gw_exchange *exchange)
{
    const struct gw_health *const health = ctx;
    struct gw_text line = GW_TEXT_INIT(LINE_MAX_BYTES);
    const bool ready = print_readiness(&health->readiness, health->clock->monotonic_ms(health->clock->ctx), &line);

    answer(exchange, ready ? 200 : 503, "application/json", &line);
    gw_text_release(&line);
}

static void tell_numbers(void *ctx, struct gw_exchange *exchange)
{
    struct gw_health *const health = ctx;
    struct gw_text text = GW_TEXT_INIT(METRICS_MAX), line = GW_TEXT_INIT(LINE_MAX_BYTES);

    if (health->refresh)
        health->refresh(health->ctx);
    gw_metrics_look_at_process(health->metrics);
    health->metrics->ready =
        print_readiness(&health->readiness, health->clock->monotonic_ms(health->clock->ctx), &line);
    gw_metrics_print(health->metrics, &text);
    answer(exchange, 200, "text/plain; version=0.0.4; charset=utf-8", &text);
    gw_text_release(&text);
    gw_text_release(&line);
}

void gw_health_routes(struct gw_health *health, struct gw_route routes[GW_HEALTH_ROUTES])
{
    routes[0] = (struct gw_route){.method = "GET", .path = "/healthz", .handle = tell_alive, .ctx = health};
    routes[1] = (struct gw_route){.method = "GET", .path = "/readyz", .handle = tell_ready, .ctx = health};
    routes[2] = (struct gw_route){.method = "GET", .path = "/metrics", .handle = tell_numbers, .ctx = health};
}
