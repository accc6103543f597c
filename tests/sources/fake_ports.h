/*
 * An endpoint and a ledger that do what a test says, on a real loop: every operation ends later, from the loop, and
 * any one of them can be made to fail at the door, to fail later, or to be the moment of a cancellation.
 */
#ifndef SOURCES_TEST_FAKE_PORTS_H
#define SOURCES_TEST_FAKE_PORTS_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/sources/pull.h"

/* A reply of a table names what it is about and leaves out the rest. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define BASE         "https://fhir.example.org/r4"

struct fake_reply {
    const char *url; /* below BASE, or whole; NULL ends a list */
    int status;      /* 0: the failure below */
    const char *body;
    const char *type;       /* NULL: application/fhir+json */
    enum gw_status failure; /* with status 0 */
    int64_t date;
    int32_t retry_after_s;
    bool incomplete;
};

enum fault { NO_FAULT, AT_THE_DOOR, LATER, CANCEL };

struct fake_ports {
    uv_loop_t loop;
    struct gw_web web; /* first two: the ports find their way back from them */
    struct gw_store store;
    struct gw_gate *gate;
    struct gw_pull_settings settings;
    const struct fake_reply *replies;
    bool used[256];

    struct gw_text asked; /* URLs as asked, without BASE, one a line; " {form}" behind that of a POST */
    struct gw_text kept;  /* "F 17 Observation/o-1", "S 0 Medication/m-1", "D 0 Goal/g TYPE_NOT_READ", "cursor ..." */
    uint64_t calls;
    unsigned cancels;
    struct fake_operation *flying;
    unsigned largest; /* requests under way at once */
    unsigned now;

    unsigned operations;
    enum fault fault;
    unsigned fault_at; /* operation, from 1 */
    void (*cancel)(void *ctx);
    void *cancel_ctx;
};

struct fake_operation {
    uv_timer_t timer;
    struct fake_ports *ports;
    struct fake_operation *next;
    uint64_t call;
    unsigned number;
    bool cancelled;
    bool told;                         /* the cancellation was called for */
    struct gw_http_response *response; /* of a get */
    char *url;
    const struct gw_keep_page *page; /* of a keep */
    struct gw_keep_answer *answer;
    void (*done)(void *ctx, const struct gw_error *failure);
    void *ctx;
};

static inline void operation_gone(uv_handle_t *handle)
{
    struct fake_operation *op = handle->data;

    free(op->url);
    free(op);
}

static inline const struct fake_reply *find_reply(struct fake_ports *ports, const char *url)
{
    const struct fake_reply *last = NULL;

    for (size_t i = 0; ports->replies[i].url; i++) {
        const struct fake_reply *reply = &ports->replies[i];

        if (strcmp(reply->url, url) != 0)
            continue;
        last = reply;
        if (!ports->used[i]) {
            ports->used[i] = true;
            return reply;
        }
    }
    return last;
}

static inline void answer_get(struct fake_operation *op, struct gw_error *failure)
{
    const struct fake_reply *reply = find_reply(op->ports, op->url);
    struct gw_http_response *response = op->response;

    cr_assert(reply, "nobody answers %s", op->url);
    if (reply->status == 0) {
        response->incomplete = reply->incomplete;
        gw_fail(failure, reply->failure, "test.web", "as the test says");
        return;
    }
    response->status = reply->status;
    response->date = reply->date;
    response->retry_after_s = reply->retry_after_s;
    snprintf(response->content_type, sizeof(response->content_type), "%s",
             reply->type ? reply->type : "application/fhir+json; charset=utf-8");
    gw_text_add(&response->body, reply->body);
}

/* Read at the end of the operation, as the ledger's thread would: what went too early is the sanitizer's to find. */
static inline void keep_entries(struct fake_operation *op)
{
    struct gw_text *kept = &op->ports->kept;

    for (size_t i = 0; i < op->page->count; i++) {
        const struct gw_keep_entry *e = &op->page->entries[i];
        uint8_t hash[GW_SHA256_BYTES];

        gw_text_print(kept, "%c %d %s/%s%s%s\n", "FSD"[e->mode], (int)e -> subject, e -> type ? e -> type : "",
                      e->id ? e->id : "", e->reason ? " " : "", e->reason ? e->reason : "");
        op->answer->fresh += e->mode != GW_KEEP_DOOR;
        op->answer->door += e->mode == GW_KEEP_DOOR;
        if (e->mode == GW_KEEP_DOOR)
            continue;
        gw_sha256(e->raw.at, e->raw.length, hash);
        cr_expect(memcmp(hash, e->sha256, sizeof(hash)) == 0);
        cr_expect(strncmp(e->source, "http", 4) == 0 && e->source[strlen(e->source) - 1] == '/');
    }
    if (op->page->cursor)
        gw_text_print(kept, "cursor %s %s\n", op->page->cursor->query, op->page->watermark);
}

static inline void unlink_operation(struct fake_operation *op)
{
    struct fake_operation **at = &op->ports->flying;

    while (*at != op)
        at = &(*at)->next;
    *at = op->next;
    if (op->response)
        op->ports->now--;
}

static inline void end_operation(uv_timer_t *timer)
{
    struct fake_operation *op = timer->data;
    struct fake_ports *ports = op->ports;
    struct gw_error failure = {.status = GW_OK};

    if (ports->fault == CANCEL && ports->fault_at == op->number && !op->told) {
        op->told = true;
        uv_timer_start(&op->timer, end_operation, 0, 0);
        ports->cancel(ports->cancel_ctx);
        return;
    }
    if (op->cancelled)
        gw_fail(&failure, GW_ECANCELED, "test", "cancelled");
    else if (ports->fault == LATER && ports->fault_at == op->number)
        gw_fail(&failure, op->page ? GW_EIO : GW_EDENIED, "test", "as the test says");
    else if (op->page)
        keep_entries(op);
    else
        answer_get(op, &failure);
    unlink_operation(op);
    uv_close((uv_handle_t *)&op->timer, operation_gone);
    op->done(op->ctx, failure.status == GW_OK ? NULL : &failure);
}

static inline struct fake_operation *start_operation(struct fake_ports *ports,
                                                     void (*done)(void *, const struct gw_error *), void *ctx,
                                                     struct gw_error *err)
{
    struct fake_operation *op = calloc(1, sizeof(*op));

    if (++ports->operations == ports->fault_at && ports->fault == AT_THE_DOOR) {
        free(op);
        gw_fail(err, GW_EPROTO, "test", "refused at the door");
        return NULL;
    }
    op->ports = ports;
    op->number = ports->operations;
    op->done = done;
    op->ctx = ctx;
    op->next = ports->flying;
    ports->flying = op;
    uv_timer_init(&ports->loop, &op->timer);
    op->timer.data = op;
    uv_timer_start(&op->timer, end_operation, 0, 0);
    return op;
}

static inline enum gw_status fake_web_ask(struct gw_web *web, const struct gw_session_request *request,
                                          struct gw_http_response *response, gw_http_done done, void *ctx,
                                          uint64_t *call, struct gw_error *err)
{
    const char *url = request->url;
    struct fake_ports *ports = (struct fake_ports *)((char *)web - offsetof(struct fake_ports, web));
    struct fake_operation *op = start_operation(ports, done, ctx, err);

    if (!op)
        return GW_EPROTO;
    cr_expect(request->max_bytes == GW_PULL_PAGE_BYTES);
    op->response = response;
    op->call = *call = ++ports->calls;
    op->url = strdup(strncmp(url, BASE, strlen(BASE)) == 0 ? url + strlen(BASE) : url);
    gw_text_print(&ports->asked, request->body.length ? "%s {%.*s}\n" : "%s\n", op->url, (int)request->body.length,
                  request->body.at);
    cr_expect_str_eq(request->method ? request->method : "GET", request->body.length ? "POST" : "GET");
    cr_expect(!request->body.length || (request->header_count == 1 &&
                                        strcmp(request->headers[0].value, "application/x-www-form-urlencoded") == 0));
    if (++ports->now > ports->largest)
        ports->largest = ports->now;
    return GW_OK;
}

static inline void fake_web_cancel(struct gw_web *web, uint64_t call)
{
    struct fake_ports *ports = (struct fake_ports *)((char *)web - offsetof(struct fake_ports, web));

    ports->cancels++;
    for (struct fake_operation *op = ports->flying; op; op = op->next)
        op->cancelled = op->cancelled || (op->response && op->call == call);
}

static inline enum gw_status fake_store_keep(struct gw_store *store, const struct gw_keep_page *page,
                                             struct gw_keep_answer *answer, gw_writer_done done, void *ctx,
                                             struct gw_error *err)
{
    struct fake_ports *ports = (struct fake_ports *)((char *)store - offsetof(struct fake_ports, store));
    struct fake_operation *op = start_operation(ports, done, ctx, err);

    if (!op)
        return GW_EPROTO;
    cr_expect(page->delivery == 5 && page->fetched_at > 0);
    op->page = page;
    op->answer = answer;
    return GW_OK;
}

static inline void fake_ports_init(struct fake_ports *ports, const struct fake_reply *replies)
{
    struct gw_error err = {0};

    *ports = (struct fake_ports){.asked = GW_TEXT_INIT(1 << 20), .kept = GW_TEXT_INIT(1 << 20), .replies = replies};
    uv_loop_init(&ports->loop);
    cr_assert(gw_gate_new(BASE, NULL, 0, &ports->gate, &err) == GW_OK, "%s", err.text);
    ports->web = (struct gw_web){fake_web_ask, fake_web_cancel, ports->gate};
    ports->store = (struct gw_store){fake_store_keep};
    ports->settings = (struct gw_pull_settings){.web = &ports->web,
                                                .store = &ports->store,
                                                .endpoint = "hm-ehr",
                                                .site = "hm",
                                                .invalid_blocks = "R",
                                                .incomplete_blocks = "-",
                                                .key = gw_hmac_new("key", 3),
                                                .delivery = 5};
}

static inline void fake_ports_release(struct fake_ports *ports)
{
    uv_run(&ports->loop, UV_RUN_DEFAULT);
    cr_expect(!ports->flying, "an operation was left");
    cr_expect(uv_loop_close(&ports->loop) == 0, "a handle was left in the loop");
    gw_gate_free(ports->gate);
    gw_hmac_free(ports->settings.key);
    gw_text_release(&ports->asked);
    gw_text_release(&ports->kept);
}

/* ---- what the tests ask for ---- */

static inline struct gw_request request_for(enum gw_resource type, const char *query)
{
    return (struct gw_request){
        .stage = GW_STAGE_ANCHOR,
        .resolve = type == GW_MEDICATION_REQUEST,
        .search = {.type = type, .patient = "p1", .low = GW_NO_DAY, .high = GW_NO_DAY, .count = 2, .fhir_version = 4},
        .cursor = {"hm-ehr", 17, query, "", ""}};
}

/* ---- what servers send ---- */

#define PAGE(list) "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"entry\":[" list "]}"
#define PAGE_NEXT(next, list)                                                                                          \
    "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"link\":[{\"relation\":\"self\",\"url\":\"x\"},"             \
    "{\"relation\":\"next\",\"url\":\"" next "\"}],\"entry\":[" list "]}"
#define ENTRY(text)    "{\"resource\":" text ",\"search\":{\"mode\":\"match\"}}"
#define INCLUDED(text) "{\"resource\":" text ",\"search\":{\"mode\":\"include\"}}"
#define META(stamp)    "\"meta\":{\"versionId\":\"1\",\"lastUpdated\":\"" stamp "\"},"
#define OF(who)        "\"subject\":{\"reference\":\"Patient/" who "\"}}"
#define CONDITION_OF(id, who, more)                                                                                    \
    "{\"resourceType\":\"Condition\",\"id\":\"" id "\"," more "\"code\":{\"text\":\"x\"}," OF(who)
#define C(id)           ENTRY(CONDITION_OF(id, "p1", ""))
#define C_AT(id, stamp) ENTRY(CONDITION_OF(id, "p1", META(stamp)))
#define REQUEST(id, drug)                                                                                              \
    ENTRY("{\"resourceType\":\"MedicationRequest\",\"id\":\"" id "\",\"status\":\"active\",\"intent\":\"order\","      \
          "\"medicationReference\":{\"reference\":\"Medication/" drug "\"}," OF("p1"))
#define MEDICATION(id) "{\"resourceType\":\"Medication\",\"id\":\"" id "\"}"
#define OUTCOME(severity, code)                                                                                        \
    "{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"severity\":\"" severity "\",\"code\":\"" code                \
    "\",\"diagnostics\":\"Jane Doe\"}]}"

#endif
