/*
 * Many pulls at once, each endpoint by itself.
 *
 * A chain takes the endpoint's next request, pulls it, tries again after a wait where that may help, and takes another.
 * An endpoint ends when its chains have nothing left to take; all have ended: done.
 */
#include "gateway/sources/scheduler.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/core/digest.h"
#include "sources/totals.h"

enum { DEFAULT_CONCURRENT = 4, JITTER_PERCENT = 25 };

struct chain {
    uv_timer_t timer; /* of the wait before another try; closed when there is nothing left to take */
    struct endpoint *endpoint;
    const struct gw_request *request; /* at hand; NULL: none */
    struct gw_pull *pull;             /* NULL: waiting */
    struct gw_pull_result total;      /* of the request's tries */
    struct gw_error failure;          /* why it waits */
    unsigned tries;
    uint64_t first_failure_ms;
};

struct endpoint {
    struct gw_scheduler *scheduler;
    const struct gw_source *source;
    struct gw_pull_settings settings; /* the source's, with the Medications had in this sync */
    struct gw_source_result *result;
    size_t next; /* request to take */
    struct chain *chains;
    unsigned chain_count;
};

struct gw_scheduler {
    uv_loop_t *loop;
    uv_timer_t timer; /* carries start and end out to the loop */
    struct gw_scheduler_options options;
    struct endpoint *endpoints;
    struct gw_source_result *results;
    size_t count;
    size_t open_chains;
    bool cancelled;
    struct gw_error disk; /* GW_EIO met anywhere */
    gw_scheduler_done done;
    void *ctx;
};

static uint64_t now_ms(const struct gw_scheduler *s)
{
    const struct gw_clock *clock = s->options.clock;

    return clock->monotonic_ms(clock->ctx);
}

/* ---- one chain ---- */

static void take_next(struct chain *chain);
static void on_wait_over(uv_timer_t *timer);
static void on_pulled(void *ctx, const struct gw_pull_result *result, const struct gw_error *failure);
static void on_scheduler_closed(uv_handle_t *handle);

static bool is_ended(const struct endpoint *endpoint)
{
    const struct gw_scheduler *s = endpoint->scheduler;

    return s->cancelled || s->disk.status != GW_OK || endpoint->result->failure.status != GW_OK;
}

static void on_chain_closed(uv_handle_t *handle)
{
    const struct chain *chain = handle->data;
    struct gw_scheduler *s = chain->endpoint->scheduler;

    if (--s->open_chains == 0)
        uv_close((uv_handle_t *)&s->timer, on_scheduler_closed);
}

/* Nobody waits for another try at an endpoint that has ended. */
static void cut_waits(struct gw_scheduler *s)
{
    for (size_t i = 0; i < s->count; i++) {
        for (unsigned k = 0; is_ended(&s->endpoints[i]) && k < s->endpoints[i].chain_count; k++) {
            struct chain *chain = &s->endpoints[i].chains[k];

            if (chain->request && !chain->pull)
                gw_clock_start(s->options.clock, &chain->timer, on_wait_over, 0);
        }
    }
}

static void end_request(struct chain *chain, const struct gw_error *failure)
{
    struct endpoint *endpoint = chain->endpoint;
    struct gw_scheduler *s = endpoint->scheduler;
    const struct gw_request *request = chain->request;

    chain->request = NULL;
    totals_add(&endpoint->result->total, &chain->total);
    if (!failure)
        endpoint->result->done++;
    else if (endpoint->result->failure.status == GW_OK)
        endpoint->result->failure = *failure;
    if (failure && failure->status == GW_EIO)
        s->disk = *failure;
    if (failure)
        cut_waits(s);
    if (s->options.ended)
        s->options.ended(s->options.ctx, (size_t)(endpoint - s->endpoints), request, &chain->total, failure);
    take_next(chain);
}

static void start_pull(struct chain *chain)
{
    struct endpoint *endpoint = chain->endpoint;
    struct gw_error err;

    if (gw_pull_start(endpoint->scheduler->loop, &endpoint->settings, chain->request, on_pulled, chain, &chain->pull,
                      &err) != GW_OK)
        end_request(chain, &err);
}

static void on_wait_over(uv_timer_t *timer)
{
    struct chain *chain = timer->data;

    if (is_ended(chain->endpoint))
        end_request(chain, &chain->failure);
    else
        start_pull(chain);
}

/* Doubling, a quarter more or less so that chains do not come back in step, and never before Retry-After. */
static uint64_t wait_of(const struct chain *chain, int32_t retry_after_s)
{
    const uint64_t plain = (uint64_t)GW_RETRY_FIRST_MS << (chain->tries - 1);
    const uint64_t asked = (uint64_t)retry_after_s * 1000;
    uint8_t dice = 0;
    uint64_t spread;

    gw_random(&dice, sizeof(dice), NULL);
    spread = plain * JITTER_PERCENT * dice / (100 * UINT8_MAX);
    return asked > plain ? asked + spread : plain + spread;
}

/* May another try help, and in time? *wait_ms: after how long. */
static bool may_retry(struct chain *chain, const struct gw_pull_result *result, const struct gw_error *failure,
                      uint64_t *wait_ms)
{
    const bool passing = failure->status == GW_ERETRY || result->cut_short;
    const uint64_t now = now_ms(chain->endpoint->scheduler);

    if (!passing || is_ended(chain->endpoint) || chain->tries >= GW_RETRIES_MAX)
        return false;
    if (chain->tries++ == 0)
        chain->first_failure_ms = now;
    *wait_ms = wait_of(chain, result->retry_after_s);
    return now + *wait_ms <= chain->first_failure_ms + GW_RETRIES_WITHIN_MS;
}

static void on_pulled(void *ctx, const struct gw_pull_result *result, const struct gw_error *failure)
{
    struct chain *chain = ctx;
    const struct gw_scheduler_options *options = &chain->endpoint->scheduler->options;
    uint64_t wait_ms;

    chain->pull = NULL;
    totals_add_try(&chain->total, result);
    if (!failure || !may_retry(chain, result, failure, &wait_ms)) {
        end_request(chain, failure);
        return;
    }
    chain->failure = *failure;
    if (options->pause)
        wait_ms = options->pause(options->ctx, wait_ms);
    gw_clock_start(options->clock, &chain->timer, on_wait_over, wait_ms);
}

static void take_next(struct chain *chain)
{
    struct endpoint *endpoint = chain->endpoint;

    if (is_ended(endpoint) || endpoint->next == endpoint->source->count) {
        uv_close((uv_handle_t *)&chain->timer, on_chain_closed);
        return;
    }
    chain->request = &endpoint->source->requests[endpoint->next++];
    chain->total = (struct gw_pull_result){0};
    chain->tries = 0;
    start_pull(chain);
}

/* ---- all of them ---- */

static void drop(struct gw_scheduler *s)
{
    for (size_t i = 0; s->endpoints && i < s->count; i++) {
        if (s->endpoints[i].settings.seen != s->endpoints[i].source->settings->seen)
            gw_id_set_free(s->endpoints[i].settings.seen);
        free(s->endpoints[i].chains);
    }
    free(s->endpoints);
    free(s->results);
    free(s);
}

static void close_books(struct gw_scheduler *s)
{
    for (size_t i = 0; i < s->count; i++) {
        struct gw_source_result *result = &s->results[i];
        const size_t left = s->endpoints[i].source->count - s->endpoints[i].next;

        result->skipped = left;
        if (left > 0 && result->failure.status == GW_OK && s->disk.status != GW_OK)
            result->failure = s->disk;
        else if (left > 0 && result->failure.status == GW_OK)
            gw_fail(&result->failure, GW_ECANCELED, "sources.scheduler", "cancelled with requests left to ask");
    }
}

static void on_scheduler_closed(uv_handle_t *handle)
{
    struct gw_scheduler *s = handle->data;

    close_books(s);
    s->done(s->ctx, s->results, s->count);
    drop(s);
}

static void on_start(uv_timer_t *timer)
{
    struct gw_scheduler *s = timer->data;

    for (size_t i = 0; i < s->count; i++) {
        struct endpoint *endpoint = &s->endpoints[i];

        for (unsigned k = 0; k < endpoint->chain_count; k++)
            take_next(&endpoint->chains[k]);
    }
    if (s->open_chains == 0)
        uv_close((uv_handle_t *)&s->timer, on_scheduler_closed);
}

static bool open_endpoint(struct gw_scheduler *s, size_t i, const struct gw_source *source)
{
    struct endpoint *endpoint = &s->endpoints[i];
    const unsigned concurrent = source->concurrent ? source->concurrent : DEFAULT_CONCURRENT;

    endpoint->scheduler = s;
    endpoint->source = source;
    endpoint->settings = *source->settings;
    endpoint->result = &s->results[i];
    if (!endpoint->settings.seen)
        endpoint->settings.seen = gw_id_set_new();
    endpoint->chain_count = source->count < concurrent ? (unsigned)source->count : concurrent;
    endpoint->chains = calloc(endpoint->chain_count + 1, sizeof(*endpoint->chains));
    return endpoint->settings.seen && endpoint->chains;
}

static void open_chains(struct gw_scheduler *s)
{
    for (size_t i = 0; i < s->count; i++) {
        for (unsigned k = 0; k < s->endpoints[i].chain_count; k++) {
            struct chain *chain = &s->endpoints[i].chains[k];

            chain->endpoint = &s->endpoints[i];
            uv_timer_init(s->loop, &chain->timer);
            chain->timer.data = chain;
            s->open_chains++;
        }
    }
}

static bool allocate(struct gw_scheduler *s, const struct gw_source *sources, size_t count)
{
    bool ok;

    s->endpoints = calloc(count + 1, sizeof(*s->endpoints));
    s->results = calloc(count + 1, sizeof(*s->results));
    ok = s->endpoints && s->results;
    for (size_t i = 0; ok && i < count; i++) {
        s->count = i + 1;
        ok = open_endpoint(s, i, &sources[i]);
    }
    return ok;
}

enum gw_status gw_scheduler_start(uv_loop_t *loop, const struct gw_source *sources, size_t count,
                                  const struct gw_scheduler_options *options, gw_scheduler_done done, void *ctx,
                                  struct gw_scheduler **out, struct gw_error *err)
{
    struct gw_scheduler *s = calloc(1, sizeof(*s));

    if (!s || !allocate(s, sources, count)) {
        if (s)
            drop(s);
        return gw_fail(err, GW_ENOMEM, "sources.scheduler", "no memory for the endpoints");
    }
    s->loop = loop;
    s->done = done;
    s->ctx = ctx;
    if (options)
        s->options = *options;
    if (!s->options.clock)
        s->options.clock = &gw_system_clock;
    open_chains(s);
    uv_timer_init(loop, &s->timer);
    s->timer.data = s;
    uv_timer_start(&s->timer, on_start, 0, 0);
    *out = s;
    return GW_OK;
}

static void cancel_chain(struct chain *chain)
{
    if (chain->pull) {
        gw_pull_cancel(chain->pull);
    } else if (chain->request) { /* waiting: the wait ends now */
        gw_fail(&chain->failure, GW_ECANCELED, "sources.scheduler", "cancelled while waiting for another try");
        gw_clock_start(chain->endpoint->scheduler->options.clock, &chain->timer, on_wait_over, 0);
    }
}

void gw_scheduler_cancel(struct gw_scheduler *scheduler)
{
    scheduler->cancelled = true;
    for (size_t i = 0; i < scheduler->count; i++) {
        for (unsigned k = 0; k < scheduler->endpoints[i].chain_count; k++)
            cancel_chain(&scheduler->endpoints[i].chains[k]);
    }
}
