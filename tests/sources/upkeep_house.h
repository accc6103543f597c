/*
 * For the suites of subscriptions: a house with a real listener and a real ledger, a hospital that answers by a list,
 * and a clock that a test moves.
 */
#ifndef SOURCES_UPKEEP_HOUSE_H
#define SOURCES_UPKEEP_HOUSE_H

#include "gateway/sources/doorbell.h"
#include "net/visitor.h"
#include "support/fake_time.h"
#include "support/scratch.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define BASE         "https://fhir.example.org/r4"
#define SECRET       "0123456789abcdef"
#define TOPIC        "http://example.org/topics/results"
#define MADE(id)     "{\"resourceType\":\"Subscription\",\"id\":\"" id "\",\"status\":\"requested\"}"
#define STATUS(count)                                                                                                  \
    "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"entry\":[{\"resource\":{\"resourceType\":"                  \
    "\"SubscriptionStatus\",\"status\":\"active\",\"type\":\"query-status\",\"subscription\":{\"reference\":"          \
    "\"Subscription/s-1\"},\"eventsSinceSubscriptionStart\":\"" count "\"}}]}"
#define NOTICE(type, count, events)                                                                                    \
    "{\"resourceType\":\"Bundle\",\"type\":\"history\",\"entry\":[{\"resource\":{\"resourceType\":"                    \
    "\"SubscriptionStatus\",\"status\":\"active\",\"type\":\"" type "\",\"subscription\":{\"reference\":"              \
    "\"Subscription/s-1\"},\"eventsSinceSubscriptionStart\":\"" count "\",\"notificationEvent\":[" events "]}}]}"
#define EVENT(number, focus) "{\"eventNumber\":\"" number "\",\"focus\":{\"reference\":\"" focus "\"}}"

/* ---- the hospital ----------------------------------------------------------------------------------------------- */

struct answer {
    const char *request; /* "POST Subscription"; the end of the list: NULL */
    int status;          /* 0: it is away */
    const char *body;
    const char *location;
};

struct operation {
    uv_timer_t timer;
    const struct answer *answer;
    struct gw_http_response *response;
    gw_http_done done;
    void *ctx;
    uint64_t call;
    bool cancelled;
    struct operation *next;
};

static uv_loop_t loop;
static struct fake_time fake;
static struct scratch scratch;
static struct gw_ledger *ledger;
static struct gw_writer *writer;
static struct gw_gate *gate;
static struct gw_listener *listener;
static struct gw_doorbell *doorbell;
static struct gw_upkeep *upkeep;
static const struct answer *answers;
static struct operation *flying;
static struct gw_text asked = GW_TEXT_INIT(1 << 20), alerts = GW_TEXT_INIT(1 << 16);
static struct gw_arena arena = GW_ARENA_INIT(16 << 20);
static int hinted;
static struct gw_text removed = GW_TEXT_INIT(1 << 16); /* "hm-ehr Observation" */
static const char *last_body;
static char body_kept[8192];

static char condition[600]; /* the last If-None-Exist */
static bool shows_searches; /* else a search for what was made before finds nothing, and is not noted in `asked` */
static const struct answer none_there = {NULL, 200, "{\"resourceType\":\"Bundle\",\"type\":\"searchset\"}", NULL};

static inline void on_gone(uv_handle_t *handle)
{
    free(handle->data);
}

static inline void on_answer_time(uv_timer_t *timer)
{
    struct operation *const op = timer->data, **at = &flying;
    struct gw_error failure = {.status = GW_OK};

    while (*at != op)
        at = &(*at)->next;
    *at = op->next;
    if (op->cancelled)
        gw_fail(&failure, GW_ECANCELED, "test", "cancelled");
    else if (!op->answer || op->answer->status == 0)
        gw_fail(&failure, GW_ERETRY, "test", "away");
    else
        op->response->status = op->answer->status;
    if (failure.status == GW_OK && op->answer->body)
        gw_text_add(&op->response->body, op->answer->body);
    if (failure.status == GW_OK && op->answer->location)
        gw_text_add(&op->response->location, op->answer->location);
    uv_close((uv_handle_t *)timer, on_gone);
    op->done(op->ctx, failure.status == GW_OK ? NULL : &failure);
}

static inline enum gw_status web_ask(struct gw_web *web, const struct gw_session_request *request,
                                     struct gw_http_response *response, gw_http_done done, void *ctx, uint64_t *call,
                                     struct gw_error *err)
{
    static uint64_t calls;
    struct operation *const op = calloc(1, sizeof *op);
    char line[512];

    (void)web;
    (void)err;
    cr_assert(strncmp(request->url, BASE "/", strlen(BASE) + 1) == 0, "%s", request->url);
    snprintf(line, sizeof line, "%s %s", request->method ? request->method : "GET", request->url + strlen(BASE) + 1);
    for (size_t i = 0; i < request->header_count; i++)
        if (strcmp(request->headers[i].name, "If-None-Exist") == 0)
            snprintf(condition, sizeof condition, "%s", request->headers[i].value);
    gw_http_response_clear(response);
    *op = (struct operation){.response = response, .done = done, .ctx = ctx, .call = *call = ++calls, .next = flying};
    if (!shows_searches && strncmp(line, "GET Subscription?url=", 21) == 0)
        op->answer = &none_there;
    else
        gw_text_print(&asked, "%s\n", line);
    if (request->body.length)
        snprintf(body_kept, sizeof body_kept, "%.*s", (int)request->body.length, request->body.at);
    last_body = body_kept;
    if (!op->answer && answers && answers->request && strcmp(answers->request, line) == 0)
        op->answer = answers++;
    flying = op;
    uv_timer_init(&loop, &op->timer);
    op->timer.data = op;
    uv_timer_start(&op->timer, on_answer_time, 1, 0);
    return GW_OK;
}

static inline void web_cancel(struct gw_web *web, uint64_t call)
{
    (void)web;
    for (struct operation *op = flying; op; op = op->next)
        op->cancelled |= op->call == call;
}

static struct gw_web web = {.ask = web_ask, .cancel = web_cancel};

/* ---- the house -------------------------------------------------------------------------------------------------- */

static inline void on_hinted(void *ctx, const char *endpoint)
{
    (void)ctx;
    hinted += strcmp(endpoint, "hm-ehr") == 0;
}

static inline void on_alert(void *ctx, const char *endpoint, const char *why)
{
    (void)ctx;
    gw_text_print(&alerts, "%s: %s\n", endpoint, why);
}

static inline void on_removed(void *ctx, const char *endpoint, const char *type)
{
    (void)ctx;
    gw_text_print(&removed, "%s %s\n", endpoint, type ? type : "topic");
}

static inline bool busy(void *ctx)
{
    (void)ctx;
    return gw_writer_pending(writer) > 0 || flying;
}

static inline void pass(unsigned seconds)
{
    fake_time_run(&fake, fake.now_ms + seconds * 1000ull, busy, NULL);
}

static inline void open_upkeep(struct gw_upkeep_settings settings)
{
    struct gw_error err = {0};

    const bool wanted = settings.topic || settings.type_count;

    settings.endpoint = "hm-ehr";
    settings.callback = wanted ? "https://casement.example/in" : NULL;
    settings.secret = wanted ? SECRET : NULL;
    settings.heartbeat_s = 60;
    settings.web = &web;
    settings.writer = writer;
    settings.clock = &fake.clock;
    settings.hinted = on_hinted;
    settings.alert = on_alert;
    settings.removed = on_removed;
    cr_assert(gw_upkeep_new(&loop, &settings, &upkeep, &err) == GW_OK, "%s", err.text);
    cr_assert(gw_doorbell_set(doorbell, &upkeep, wanted, &err) == GW_OK);
}

static inline void open_house(void)
{
    struct gw_route routes[GW_DOORBELL_ROUTES];
    struct gw_error err = {0};

    scratch_init(&scratch);
    cr_assert(uv_loop_init(&loop) == 0);
    fake_time_init(&fake, &loop);
    cr_assert(gw_ledger_open(scratch_path(&scratch, "ledger.db"), &ledger, &err) == GW_OK, "%s", err.text);
    cr_assert(gw_writer_start(&loop, ledger, &writer, &err) == GW_OK);
    cr_assert(gw_gate_new(BASE, NULL, 0, &gate, &err) == GW_OK);
    web.gate = gate;
    cr_assert(gw_doorbell_new(&fake.clock, &doorbell, &err) == GW_OK);
    gw_doorbell_routes(doorbell, routes);
    cr_assert(gw_listener_start(&loop,
                                &(struct gw_listener_options){.address = "127.0.0.1:0",
                                                              .routes = routes,
                                                              .route_count = GW_DOORBELL_ROUTES,
                                                              .clock = &fake.clock},
                                &listener, &err) == GW_OK);
}

static inline void on_writer_closed(void *ctx)
{
    *(bool *)ctx = true;
}

static inline void close_upkeep(void)
{
    gw_upkeep_free(upkeep);
    upkeep = NULL;
}

static inline void close_house(void)
{
    bool closed = false;

    close_upkeep();
    gw_listener_stop(listener, 0, NULL, NULL);
    pass(10);
    gw_writer_stop(writer, on_writer_closed, &closed);
    while (uv_run(&loop, UV_RUN_DEFAULT) != 0)
        continue;
    cr_expect(closed && !flying && uv_loop_close(&loop) == 0, "a handle was left");
    gw_doorbell_free(doorbell);
    gw_gate_free(gate);
    gw_ledger_close(ledger);
    fake_time_release(&fake);
    gw_text_release(&asked);
    gw_text_release(&alerts);
    gw_text_release(&removed);
    gw_arena_release(&arena);
    scratch_release(&scratch);
}

/* One job that reads, on the ledger's thread. */
struct reading {
    const char *name; /* of a subscription's note; NULL: the hints */
    const char *note;
    struct gw_waiting_hints hints;
    bool done;
};

static inline enum gw_status run_reading(struct gw_ledger *of, void *ctx, struct gw_error *err)
{
    struct reading *const reading = ctx;

    if (reading->name)
        return gw_ledger_note(of, &arena, GW_SUBSCRIPTION_SPACE, reading->name, &reading->note, err);
    return gw_hints(of, &arena, &reading->hints, err);
}

static inline void on_read(void *ctx, const struct gw_error *failure)
{
    cr_expect(!failure);
    ((struct reading *)ctx)->done = true;
}

static inline struct reading read_ledger(const char *name)
{
    struct reading reading = {.name = name};

    cr_assert(gw_writer_submit(writer, 1, run_reading, on_read, &reading, NULL) == GW_OK);
    while (!reading.done)
        visitor_waits(&loop);
    return reading;
}

/* "type/id patient, type/id patient": what waits. */
static inline const char *waiting(void)
{
    const struct gw_waiting_hints hints = read_ledger(NULL).hints;
    static char out[1024];

    out[0] = '\0';
    for (size_t i = 0; i < hints.count; i++)
        snprintf(out + strlen(out), sizeof out - strlen(out), "%s%s/%s%s%s", i ? ", " : "",
                 hints.list[i].type ? hints.list[i].type : "?", hints.list[i].id ? hints.list[i].id : "?",
                 hints.list[i].patient ? " " : "", hints.list[i].patient ? hints.list[i].patient : "");
    return out;
}

static inline int ring_as(const char *method, const char *path, const char *authorization, const char *body)
{
    static char text[1 << 16];

    snprintf(text, sizeof text, "%s /notify/%s HTTP/1.1\r\nHost: localhost\r\n%s%s%sContent-Length: %zu\r\n\r\n%s",
             method, path, authorization ? "Authorization: " : "", authorization ? authorization : "",
             authorization ? "\r\n" : "", strlen(body), body);
    return visitor_asks(&loop, gw_listener_port(listener), text, strlen(text));
}

static inline int ring(const char *body)
{
    return ring_as("POST", "hm-ehr", "Bearer " SECRET, body);
}

/* A topic that is made, shaken and caught up with, nothing waiting. */
static inline void open_active(const struct answer *later)
{
    static const struct answer make[] = {{"POST Subscription", 201, MADE("s-1"), NULL}, {NULL, 0, NULL, NULL}};

    answers = make;
    open_upkeep((struct gw_upkeep_settings){.topic = TOPIC});
    cr_assert(gw_upkeep_start(upkeep, NULL) == GW_OK);
    pass(1);
    cr_assert(ring(NOTICE("handshake", "0", "")) == 200);
    gw_upkeep_looking(upkeep, NULL);
    gw_upkeep_looked(upkeep, NULL, true);
    pass(1);
    answers = later;
    gw_text_clear(&asked);
}

#endif
