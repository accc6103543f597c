/*
 * What asking for pages costs beside the server's own time, and the memory of many transfers at once. For
 * scripts/bench.
 *
 *      chain PAGES RESOURCES
 *
 * Prints microseconds a page (medians): of the server alone, of a chain of requests through session and turnstile, of a
 * whole pull (parsed, and given to a ledger that keeps nothing); then the bytes of a page.
 *
 *      chain memory ENDPOINTS PAGES RESOURCES
 *
 * So many endpoints at once, four walks each, and a server slow enough that transfers pile up. Prints pages, the most
 * transfers at once, and the peak resident MiB.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "gateway/core/digest.h"
#include "gateway/sources/dispatcher.h"
#include "pages.h"

enum { WALKS = 4, SLOW_MS = 20 };

struct walk {
    struct gw_request request;
    bool ended;
};

struct endpoint {
    struct gw_store store; /* first: the port finds its way back from it */
    uv_loop_t *loop;
    struct gw_session *session;
    struct gw_web_session web;
    struct gw_hmac *key;
    struct gw_pull_settings settings;
    struct gw_dispatcher *dispatcher;
    struct walk walks[WALKS];
    size_t pages;
    struct stamps stamps; /* of the pull that is measured */
    bool closed;
};

static void need(enum gw_status status, const struct gw_error *err)
{
    if (status == GW_OK)
        return;
    fprintf(stderr, "chain: %s\n", err->text);
    exit(70);
}

/* ---- a ledger that keeps nothing ---- */

struct keeping {
    uv_timer_t timer;
    gw_writer_done done;
    void *ctx;
};

static void keeping_gone(uv_handle_t *handle)
{
    free(handle->data);
}

static void on_kept(uv_timer_t *timer)
{
    struct keeping *keeping = timer->data;

    uv_close((uv_handle_t *)timer, keeping_gone);
    keeping->done(keeping->ctx, NULL);
}

static enum gw_status keep(struct gw_store *store, const struct gw_keep_page *page, struct gw_keep_answer *answer,
                           gw_writer_done done, void *ctx, struct gw_error *err)
{
    struct endpoint *endpoint = (struct endpoint *)store;
    struct keeping *keeping = malloc(sizeof(*keeping));

    if (!keeping)
        return gw_fail(err, GW_ENOMEM, "bench", "out of memory");
    answer->fresh = page->count;
    endpoint->pages++;
    if (endpoint->stamps.at_us)
        stamps_add(&endpoint->stamps);
    keeping->done = done;
    keeping->ctx = ctx;
    uv_timer_init(endpoint->loop, &keeping->timer);
    keeping->timer.data = keeping;
    uv_timer_start(&keeping->timer, on_kept, 0, 0);
    return GW_OK;
}

/* ---- an endpoint ---- */

static void open_endpoint(struct endpoint *endpoint, uv_loop_t *loop, struct gw_dispatch_pool *pool, int port)
{
    struct gw_dispatcher_options options = {.settings = &endpoint->settings};
    struct gw_endpoint settings = {.id = "hm-ehr"};
    struct gw_error err = {0};
    char base[64];

    snprintf(base, sizeof(base), "http://127.0.0.1:%d/fhir", port);
    settings.base = base;
    *endpoint = (struct endpoint){.store = {keep}, .loop = loop, .key = gw_hmac_new("key", 3)};
    need(gw_session_new(loop, &settings, NULL, NULL, &endpoint->session, &err), &err);
    gw_web_session_init(&endpoint->web, endpoint->session);
    endpoint->settings = (struct gw_pull_settings){.web = &endpoint->web.web,
                                                   .store = &endpoint->store,
                                                   .endpoint = "hm-ehr",
                                                   .site = "hm",
                                                   .invalid_blocks = "R",
                                                   .key = endpoint->key,
                                                   .delivery = 1};
    need(gw_dispatcher_new(pool, &options, &endpoint->dispatcher, &err), &err);
}

static void on_closed(void *ctx)
{
    ((struct endpoint *)ctx)->closed = true;
}

static void close_endpoint(struct endpoint *endpoint)
{
    gw_dispatcher_stop(endpoint->dispatcher, on_closed, endpoint);
    while (!endpoint->closed)
        uv_run(endpoint->loop, UV_RUN_ONCE);
    gw_session_free(endpoint->session);
    gw_hmac_free(endpoint->key);
}

static void on_walked(void *ctx, const struct gw_pull_result *result, const struct gw_error *failure)
{
    (void)result;
    if (failure)
        need(failure->status, failure);
    ((struct walk *)ctx)->ended = true;
}

static void submit(struct endpoint *endpoint, struct walk *walk)
{
    struct gw_error err = {0};

    *walk = (struct walk){
        .request = {
            .stage = GW_STAGE_SPAN,
            .search = {.type = GW_OBSERVATION, .patient = "p1", .low = GW_NO_DAY, .high = GW_NO_DAY, .fhir_version = 4},
            .cursor = {"hm-ehr", 1, "Observation", "", ""}}};
    need(gw_dispatcher_submit(endpoint->dispatcher, &walk->request, GW_ROUTINE, on_walked, walk, NULL, &err), &err);
}

/* ---- a chain of requests, and a pull ---- */

struct chain {
    struct endpoint *endpoint;
    unsigned next, last;
    int port;
    struct gw_http_response response;
    struct stamps stamps;
    size_t bytes;
};

static void ask(struct chain *chain);

static void on_page(void *ctx, const struct gw_error *failure)
{
    struct chain *chain = ctx;

    if (failure)
        need(failure->status, failure);
    chain->bytes = chain->response.body.length;
    stamps_add(&chain->stamps);
    if (++chain->next <= chain->last)
        ask(chain);
}

static void ask(struct chain *chain)
{
    struct gw_web *web = gw_dispatcher_web(chain->endpoint->dispatcher);
    char url[128];
    const struct gw_session_request request = {.url = url};
    struct gw_error err = {0};

    snprintf(url, sizeof(url), "http://127.0.0.1:%d/fhir/Observation?patient=p1&page=%08u", chain->port, chain->next);
    need(web->ask(web, &request, &chain->response, on_page, chain, NULL, &err), &err);
}

static double chain_us(struct endpoint *endpoint, const struct pages *pages, size_t *bytes)
{
    struct chain chain = {
        .endpoint = endpoint, .next = 1, .last = pages->pages, .port = pages->port, .response = GW_HTTP_RESPONSE_INIT};

    stamps_init(&chain.stamps, pages->pages);
    ask(&chain);
    while (chain.next <= chain.last)
        uv_run(endpoint->loop, UV_RUN_ONCE);
    *bytes = chain.bytes;
    gw_http_response_release(&chain.response);
    return stamps_median_us(&chain.stamps);
}

static double pull_us(struct endpoint *endpoint, const struct pages *pages)
{
    stamps_init(&endpoint->stamps, pages->pages);
    submit(endpoint, &endpoint->walks[0]);
    while (!endpoint->walks[0].ended)
        uv_run(endpoint->loop, UV_RUN_ONCE);
    return stamps_median_us(&endpoint->stamps);
}

static void measure_chain(struct pages *pages)
{
    struct gw_dispatch_pool *pool;
    struct endpoint endpoint;
    struct gw_error err = {0};
    uv_loop_t loop;
    size_t bytes;
    double chain;

    pages_open(pages);
    uv_loop_init(&loop);
    need(gw_dispatch_pool_new(&loop, NULL, NULL, &pool, &err), &err);
    open_endpoint(&endpoint, &loop, pool, pages->port);
    pages_floor_us(pages); /* warm */
    chain_us(&endpoint, pages, &bytes);
    chain = chain_us(&endpoint, pages, &bytes);
    printf("%.1f %.1f %.1f %zu\n", pages_floor_us(pages), chain, pull_us(&endpoint, pages), bytes);
    close_endpoint(&endpoint);
    gw_dispatch_pool_free(pool);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    pages_close(pages);
}

/* ---- many at once ---- */

static bool all_ended(const struct endpoint *endpoints, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < WALKS; k++)
            if (!endpoints[i].walks[k].ended)
                return false;
    return true;
}

static size_t flying(const struct endpoint *endpoints, size_t count)
{
    size_t sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += gw_dispatcher_counts(endpoints[i].dispatcher).flying;
    return sum;
}

static void measure_memory(struct pages *pages, size_t count)
{
    struct endpoint *endpoints = calloc(count, sizeof(*endpoints));
    struct gw_dispatch_pool *pool;
    struct gw_error err = {0};
    struct rusage usage;
    size_t most = 0, done = 0;
    uv_loop_t loop;

    pages->delay_ms = SLOW_MS;
    pages_open(pages);
    uv_loop_init(&loop);
    need(gw_dispatch_pool_new(&loop, NULL, NULL, &pool, &err), &err);
    for (size_t i = 0; i < count; i++) {
        open_endpoint(&endpoints[i], &loop, pool, pages->port);
        for (size_t k = 0; k < WALKS; k++)
            submit(&endpoints[i], &endpoints[i].walks[k]);
    }
    while (!all_ended(endpoints, count)) {
        const size_t now = flying(endpoints, count);

        most = now > most ? now : most;
        uv_run(&loop, UV_RUN_ONCE);
    }
    getrusage(RUSAGE_SELF, &usage);
    for (size_t i = 0; i < count; i++) {
        done += endpoints[i].pages;
        close_endpoint(&endpoints[i]);
    }
    printf("%zu %zu %.1f\n", done, most, (double)usage.ru_maxrss / 1024);
    gw_dispatch_pool_free(pool);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    pages_close(pages);
    free(endpoints);
}

int main(int argc, char **argv)
{
    struct pages pages = {0};

    if (argc == 5 && strcmp(argv[1], "memory") == 0) {
        pages.pages = (unsigned)atoi(argv[3]);
        pages.resources = (unsigned)atoi(argv[4]);
        measure_memory(&pages, (size_t)atoi(argv[2]));
        return 0;
    }
    if (argc != 3) {
        fprintf(stderr, "usage: chain PAGES RESOURCES | chain memory ENDPOINTS PAGES RESOURCES\n");
        return 64;
    }
    pages.pages = (unsigned)atoi(argv[1]);
    pages.resources = (unsigned)atoi(argv[2]);
    measure_chain(&pages);
    return 0;
}
