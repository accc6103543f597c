/*
 * Many endpoints on one virtual clock, each answering as a function of the test says, and a ledger that keeps at once.
 *
 * Every endpoint counts what it was asked, how many requests it had at once, and those that came while it had told us
 * to wait.
 */
#ifndef SOURCES_FAKE_ENDPOINTS_H
#define SOURCES_FAKE_ENDPOINTS_H

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/sources/dispatcher.h"
#include "support/fake_time.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define BASE         "https://fhir.example.org/r4"
#define EMPTY_PAGE   "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"entry\":[]}"
#define PAGE_TO(next)                                                                                                  \
    "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"link\":[{\"relation\":\"next\",\"url\":\"" next             \
    "\"}],\"entry\":[]}"

#define EXPECT_TEXT(got, wanted) cr_expect(strcmp(got, wanted) == 0, "%s", got)

struct world_answer {
    uint64_t after_ms;
    int status; /* 0: a failure of the kind below */
    enum gw_trouble trouble;
    int32_t retry_after_s;
    bool retry_longer;
    const char *body; /* NULL: an empty page */
    const char *type; /* NULL: FHIR */
};

struct world_endpoint;
typedef struct world_answer (*world_script)(struct world_endpoint *endpoint, const char *path, unsigned number);

struct world {
    uv_loop_t loop;
    struct fake_time time;
    struct gw_gate *gate;
    struct gw_hmac *key;
    struct gw_dispatch_pool *pool;
    uint32_t dice;   /* what every roll shows */
    uint32_t patience_ms;
    uint64_t chance; /* other than 0: the state of dice that roll */
    unsigned flying, most_flying;
    unsigned held, most_held; /* pages on the wire or on their way into the ledger */
    unsigned commit_ms;       /* how long a commit takes */
    unsigned bad_keep;        /* the commit that fails, from 1 */
    unsigned keeps, operations;
    void (*at_end)(unsigned number, void *ctx); /* as the nth operation, from 1, is about to end; may be NULL */
    void *at_end_ctx;
    unsigned open_dispatchers;
};

struct world_endpoint {
    struct gw_web web; /* first two: the ports find their way back from them */
    struct gw_store store;
    struct world *world;
    world_script script;
    struct gw_pull_settings settings;
    struct gw_dispatcher *dispatcher;
    const struct gw_circuit *circuit;
    char trace[4096]; /* "0:/Condition?patient=p1 1500:..." milliseconds since the start */
    unsigned asked, flying, most_flying, early, cancels, kept;
    uint64_t not_before_ms;
    uint64_t first_ms, last_ms; /* of the requests */
    struct world_operation *operations;

    char changes[4096]; /* "BACKOFF RUNNING Condition:STOPPED" */
    unsigned alerts;
    char note[1024]; /* the last circuit, as it would be persisted */
};

struct world_operation {
    uv_timer_t timer;
    struct world_operation *next;
    struct world_endpoint *endpoint;
    bool is_keep, cancelled, told;
    unsigned number;
    uint64_t call;
    struct world_answer answer;
    struct gw_http_response *response;
    void (*done)(void *ctx, const struct gw_error *failure);
    void *ctx;
};

static inline void world_operation_gone(uv_handle_t *handle)
{
    free(handle->data);
}

static inline void world_answer_get(struct world_operation *op, struct gw_error *failure)
{
    static const enum gw_status statuses[GW_TROUBLE_COUNT] = {
        [GW_TROUBLE_AWAY] = GW_ERETRY,      [GW_TROUBLE_CUT] = GW_EPROTO,       [GW_TROUBLE_DAMAGED] = GW_EPROTO,
        [GW_TROUBLE_DENIED] = GW_EDENIED,   [GW_TROUBLE_TLS] = GW_EPROTO,       [GW_TROUBLE_UNAUTHORIZED] = GW_EDENIED,
        [GW_TROUBLE_TOO_LARGE] = GW_ENOMEM, [GW_TROUBLE_UNGRANTED] = GW_EDENIED};
    const struct world_answer *answer = &op->answer;
    struct gw_http_response *response = op->response;

    response->retry_after_s = answer->retry_after_s;
    response->retry_longer = answer->retry_longer;
    if (answer->retry_after_s)
        op->endpoint->not_before_ms = op->endpoint->world->time.now_ms + 1000ull * (uint64_t)answer->retry_after_s;
    gw_text_add(&response->body, answer->body ? answer->body : EMPTY_PAGE);
    if (answer->status == 0) {
        response->trouble = answer->trouble;
        gw_fail(failure, statuses[answer->trouble], "test.web", "%s", gw_trouble_name(answer->trouble));
        return;
    }
    response->status = answer->status;
    snprintf(response->content_type, sizeof(response->content_type), "%s",
             answer->type ? answer->type : "application/fhir+json");
}

static inline void world_operation_ends(uv_timer_t *timer)
{
    struct world_operation *op = timer->data;
    struct world_endpoint *endpoint = op->endpoint;
    struct gw_error failure = {.status = GW_OK};

    if (endpoint->world->at_end && !op->told) {
        op->told = true;
        gw_clock_stop(&endpoint->world->time.clock, &op->timer);
        uv_timer_start(&op->timer, world_operation_ends, 0, 0);
        endpoint->world->at_end(op->number, endpoint->world->at_end_ctx);
        return;
    }
    for (struct world_operation **at = &endpoint->operations; *at; at = &(*at)->next)
        if (*at == op) {
            *at = op->next;
            break;
        }
    endpoint->world->held--;
    if (!op->is_keep) {
        endpoint->flying--;
        endpoint->world->flying--;
    }
    if (op->cancelled)
        gw_fail(&failure, GW_ECANCELED, "test.web", "cancelled");
    else if (!op->is_keep)
        world_answer_get(op, &failure);
    else if (++endpoint->world->keeps == endpoint->world->bad_keep)
        gw_fail(&failure, GW_EIO, "test.store", "the disk");
    else
        endpoint->kept++;
    gw_clock_stop(&endpoint->world->time.clock, &op->timer);
    uv_close((uv_handle_t *)&op->timer, world_operation_gone);
    op->done(op->ctx, failure.status == GW_OK ? NULL : &failure);
}

static inline struct world_operation *world_start(struct world_endpoint *endpoint, uint64_t after_ms,
                                                  void (*done)(void *, const struct gw_error *), void *ctx)
{
    struct world_operation *op = calloc(1, sizeof(*op));

    if (++endpoint->world->held > endpoint->world->most_held)
        endpoint->world->most_held = endpoint->world->held;
    op->number = ++endpoint->world->operations;
    op->endpoint = endpoint;
    op->done = done;
    op->ctx = ctx;
    op->next = endpoint->operations;
    endpoint->operations = op;
    uv_timer_init(&endpoint->world->loop, &op->timer);
    op->timer.data = op;
    if (after_ms)
        gw_clock_start(&endpoint->world->time.clock, &op->timer, world_operation_ends, after_ms);
    else
        uv_timer_start(&op->timer, world_operation_ends, 0, 0);
    return op;
}

static inline enum gw_status world_ask(struct gw_web *web, const struct gw_session_request *request,
                                       struct gw_http_response *response, gw_http_done done, void *ctx, uint64_t *call,
                                       struct gw_error *err)
{
    struct world_endpoint *endpoint = (struct world_endpoint *)web;
    const uint64_t now = endpoint->world->time.now_ms;
    const char *path = request->url + strlen(BASE);
    const size_t written = strlen(endpoint->trace);
    struct world_operation *op;
    struct world_answer answer;

    (void)err;
    snprintf(endpoint->trace + written, sizeof(endpoint->trace) - written, "%s%d:%s", written ? " " : "", (int)now,
             path);
    endpoint->early += now < endpoint->not_before_ms;
    if (endpoint->asked == 0)
        endpoint->first_ms = now;
    endpoint->last_ms = now;
    answer = endpoint->script(endpoint, path, endpoint->asked++);
    op = world_start(endpoint, answer.after_ms, done, ctx);
    op->answer = answer;
    op->response = response;
    op->call = *call = endpoint->asked;
    if (++endpoint->flying > endpoint->most_flying)
        endpoint->most_flying = endpoint->flying;
    if (++endpoint->world->flying > endpoint->world->most_flying)
        endpoint->world->most_flying = endpoint->world->flying;
    return GW_OK;
}

static inline void world_cancel(struct gw_web *web, uint64_t call)
{
    struct world_endpoint *endpoint = (struct world_endpoint *)web;

    endpoint->cancels++;
    for (struct world_operation *op = endpoint->operations; op; op = op->next)
        if (!op->is_keep && op->call == call && !op->cancelled) {
            op->cancelled = true;
            gw_clock_stop(&endpoint->world->time.clock, &op->timer);
            uv_timer_start(&op->timer, world_operation_ends, 0, 0);
        }
}

static inline enum gw_status world_keep(struct gw_store *store, const struct gw_keep_page *page,
                                        struct gw_keep_answer *answer, gw_writer_done done, void *ctx,
                                        struct gw_error *err)
{
    struct world_endpoint *endpoint = (struct world_endpoint *)((char *)store - offsetof(struct world_endpoint, store));

    (void)page;
    (void)answer;
    (void)err;
    world_start(endpoint, endpoint->world->commit_ms, done, ctx)->is_keep = true;
    return GW_OK;
}

static inline uint32_t world_dice(void *ctx)
{
    struct world *world = ((struct world_endpoint *)ctx)->world;

    if (!world->chance)
        return world->dice;
    world->chance = world->chance * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(world->chance >> 32);
}

static inline void world_changed(void *ctx, const char *query, const struct gw_circuit *circuit, unsigned alerts)
{
    struct world_endpoint *endpoint = ctx;
    struct gw_text note = GW_TEXT_INIT(4096);
    size_t length = strlen(endpoint->changes);

    endpoint->alerts |= alerts;
    snprintf(endpoint->changes + length, sizeof(endpoint->changes) - length, "%s%s%s%s", length ? " " : "",
             query ? query : "", query ? ":" : "", gw_circuit_state_name(circuit->state));
    gw_circuit_print(circuit, &note);
    snprintf(endpoint->note, sizeof(endpoint->note), "%s", note.at);
    gw_text_release(&note);
}

static inline void world_init(struct world *world, const struct gw_dispatch_limits *limits)
{
    struct gw_error err = {0};

    *world = (struct world){.dice = 0};
    uv_loop_init(&world->loop);
    fake_time_init(&world->time, &world->loop);
    world->key = gw_hmac_new("key", 3);
    cr_assert(gw_gate_new(BASE, NULL, 0, &world->gate, &err) == GW_OK);
    cr_assert(gw_dispatch_pool_new(&world->loop, &world->time.clock, limits, &world->pool, &err) == GW_OK);
}

/* circuit may be NULL. */
static inline void world_open(struct world *world, struct world_endpoint *endpoint, world_script script,
                              unsigned concurrent, unsigned per_minute)
{
    struct gw_dispatcher_options options = {.settings = &endpoint->settings,
                                            .concurrent = concurrent,
                                            .requests_per_minute = per_minute,
                                            .patience_ms = world->patience_ms,
                                            .circuit = endpoint->circuit,
                                            .dice = world_dice,
                                            .changed = world_changed,
                                            .ctx = endpoint};
    struct gw_error err = {0};

    *endpoint = (struct world_endpoint){.web = {world_ask, world_cancel, world->gate},
                                        .store = {world_keep},
                                        .world = world,
                                        .script = script,
                                        .circuit = endpoint->circuit};
    endpoint->settings = (struct gw_pull_settings){.web = &endpoint->web,
                                                   .store = &endpoint->store,
                                                   .endpoint = "hm-ehr",
                                                   .site = "hm",
                                                   .invalid_blocks = "R",
                                                   .key = world->key,
                                                   .delivery = 5,
                                                   .clock = &world->time.clock};
    cr_assert(gw_dispatcher_new(world->pool, &options, &endpoint->dispatcher, &err) == GW_OK);
    world->open_dispatchers++;
}

static inline void world_dispatcher_closed(void *ctx)
{
    struct world_endpoint *endpoint = ctx;

    endpoint->dispatcher = NULL;
    endpoint->world->open_dispatchers--;
}

static inline void world_run(struct world *world, uint64_t until_ms)
{
    fake_time_run(&world->time, until_ms, NULL, NULL);
}

static inline void world_close(struct world_endpoint *endpoint)
{
    if (endpoint->dispatcher)
        gw_dispatcher_stop(endpoint->dispatcher, world_dispatcher_closed, endpoint);
}

/* Every endpoint was closed. */
static inline void world_release(struct world *world)
{
    world_run(world, world->time.now_ms);
    cr_expect(world->open_dispatchers == 0, "%u dispatchers were left", world->open_dispatchers);
    gw_dispatch_pool_free(world->pool);
    uv_run(&world->loop, UV_RUN_DEFAULT);
    cr_expect(uv_loop_close(&world->loop) == 0, "a handle was left in the loop");
    fake_time_release(&world->time);
    gw_gate_free(world->gate);
    gw_hmac_free(world->key);
}

/* ---- requests ---- */

struct world_ask { /* one submitted, and how it ended */
    struct gw_request request;
    uint64_t ticket;
    unsigned ended;
    uint64_t at_ms;
    struct gw_pull_result result;
    struct gw_error failure;
    struct world *world;
};

static inline void world_ended(void *ctx, const struct gw_pull_result *result, const struct gw_error *failure)
{
    struct world_ask *ask = ctx;

    ask->ended++;
    ask->at_ms = ask->world->time.now_ms;
    ask->result = *result;
    if (failure)
        ask->failure = *failure;
}

static inline void world_submit(struct world_endpoint *endpoint, struct world_ask *ask, enum gw_resource type,
                                const char *patient, enum gw_urgency urgency)
{
    struct gw_error err = {0};

    *ask = (struct world_ask){.world = endpoint->world};
    ask->request = (struct gw_request){
        .stage = GW_STAGE_ANCHOR,
        .search = {.type = type, .patient = patient, .low = GW_NO_DAY, .high = GW_NO_DAY, .fhir_version = 4},
        .cursor = {"hm-ehr", 17, gw_resource_name(type), "", ""}};
    cr_assert(gw_dispatcher_submit(endpoint->dispatcher, &ask->request, urgency, world_ended, ask, &ask->ticket,
                                   &err) == GW_OK);
    cr_expect(ask->ended == 0, "ended inside the call that submitted it");
}

#endif
