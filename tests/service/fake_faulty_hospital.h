/*
 * A hospital in memory that answers a sync without any socket, and badly where a seed says so: broken off, throttled,
 * dressed up, told twice, paged out of order. The same seed gives the same faults.
 */
#ifndef SERVICE_FAKE_FAULTY_HOSPITAL_H
#define SERVICE_FAKE_FAULTY_HOSPITAL_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/service/world.h"
#include "support/chance.h"

enum { FAULTY_RECORDS = 1024, FAULTY_BASE = 64 };

enum mishap {
    NO_MISHAP,
    RESET,      /* nothing comes */
    CUT,        /* the body ends early, and that shows */
    THROTTLED,  /* 429 with Retry-After */
    OVERLOADED, /* 500 */
    AWAY,       /* 503 */
    LOGIN,      /* 200 and HTML */
    HALF,       /* 200, JSON and only half of it, which nothing in the transfer shows */
    EMPTY,      /* 200 and nothing */
    REFUSED,    /* 401: a token that was good a moment ago */
    EXPIRED,    /* 410 for a next link, as when a paging session ended */
    EXCUSED,    /* an OperationOutcome of severity error inside the page */
    TWICE,      /* each entry twice */
    SHIFTED,    /* an entry of the page before again */
    MISSED,     /* an entry left out, as when it moved between two pages; only where all is asked for each time */
    MISHAPS,
};

struct faulty_record {
    const char *type; /* "Observation" */
    const char *id;
    const char *updated; /* in UTC, as written */
    const char *text;
};

struct faulty_hospital {
    struct gw_world world; /* first: what a sync is given */
    struct gw_clock clock; /* waits end at once, and time has passed then */
    uint64_t now_ms;
    uv_loop_t loop;
    struct gw_web web;
    struct gw_gate *gate;
    char base[FAULTY_BASE];
    struct faulty_record records[FAULTY_RECORDS];
    size_t count;
    uint64_t seed;
    unsigned per_mille; /* of requests that go wrong */
    bool since;         /* _lastUpdated is honoured */
    size_t changes;     /* searches by it */
    size_t requests;    /* so far */
    size_t mishaps[MISHAPS];
};

struct faulty_call {
    uv_timer_t timer;
    struct faulty_hospital *hospital;
    char *url;
    struct gw_http_response *response;
    gw_http_done done;
    void *ctx;
    struct gw_error failure;
};

/* ---- what it has ----------------------------------------------------------------------------------------------- */

/* A parameter of a query as it was written, escapes undone. */
static inline bool faulty_parameter(const char *url, const char *name, char *out, size_t size)
{
    const size_t length = strlen(name);
    const char *at = strchr(url, '?');
    size_t used = 0;

    while (at && (strncmp(at + 1, name, length) != 0 || at[1 + length] != '='))
        at = strchr(at + 1, '&');
    if (!at)
        return false;
    for (at += length + 2; *at && *at != '&' && used + 1 < size; at++) {
        unsigned code;

        if (*at == '%' && sscanf(at + 1, "%2x", &code) == 1) {
            out[used++] = (char)code;
            at += 2;
        } else {
            out[used++] = *at;
        }
    }
    out[used] = '\0';
    return true;
}

/* Any of "system|code,system|code" stands in the record. */
static inline bool faulty_has_code(const struct faulty_record *record, char *list)
{
    char wanted[256];

    for (char *code = strtok(list, ","); code; code = strtok(NULL, ",")) {
        const char *bar = strchr(code, '|');

        snprintf(wanted, sizeof wanted, "\"code\":\"%s\"", bar ? bar + 1 : code);
        if (strstr(record->text, wanted))
            return true;
    }
    return false;
}

/* Dates are no bound here: a server may show more than it was asked for, as long as it is the same patient's. */
static inline bool faulty_shows(const struct faulty_record *record, const char *type, const char *url)
{
    char value[8192], wanted[256];

    if (strcmp(record->type, type) != 0)
        return false;
    if (faulty_parameter(url, "patient", value, sizeof value)) {
        snprintf(wanted, sizeof wanted, "\"Patient/%.200s\"", value);
        if (!strstr(record->text, wanted))
            return false;
    }
    if (faulty_parameter(url, "_lastUpdated", value, sizeof value) && strncmp(record->updated, value + 2, 19) < 0)
        return false; /* "ge2026-01-31T10:00:00.000Z" */
    if (faulty_parameter(url, "category", value, sizeof value) && !faulty_has_code(record, value))
        return false;
    return !faulty_parameter(url, "code", value, sizeof value) || faulty_has_code(record, value);
}

static inline void faulty_metadata(struct gw_text *body)
{
    static const char *const types[] = {"Patient",           "Encounter",          "Observation",
                                        "Condition",         "Procedure",          "MedicationAdministration",
                                        "AdverseEvent",      "DiagnosticReport",   "MedicationDispense",
                                        "MedicationRequest", "Specimen",           "QuestionnaireResponse",
                                        "Medication",        "MedicationStatement"};

    gw_text_add(body, "{\"resourceType\":\"CapabilityStatement\",\"status\":\"active\",\"fhirVersion\":\"4.0.1\","
                      "\"rest\":[{\"mode\":\"server\",\"resource\":[");
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        gw_text_print(body, "%s{\"type\":\"%s\",\"interaction\":[{\"code\":\"read\"},{\"code\":\"search-type\"}]}",
                      i ? "," : "", types[i]);
    gw_text_add(body, "]}]}");
}

static inline void faulty_page(struct faulty_hospital *hospital, const char *type, const char *url, enum mishap mishap,
                               struct gw_text *body)
{
    char value[64];
    const size_t size = faulty_parameter(url, "_count", value, sizeof value) ? strtoul(value, NULL, 10) : 10;
    const size_t asked = faulty_parameter(url, "_offset", value, sizeof value) ? strtoul(value, NULL, 10) : 0;
    const size_t first = mishap == SHIFTED && asked > 0 ? asked - 1 : asked;
    const char *comma = "";
    size_t found = 0;

    gw_text_add(body, "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"entry\":[");
    for (size_t i = 0; i < hospital->count; i++) {
        if (!faulty_shows(&hospital->records[i], type, url))
            continue;
        for (int times = found >= first && found < asked + size ? 1 + (mishap == TWICE) : 0; times > 0; times--) {
            if (mishap == MISSED && found == asked + size / 2)
                continue;
            gw_text_print(body, "%s{\"resource\":%s,\"search\":{\"mode\":\"match\"}}", comma,
                          hospital->records[i].text);
            comma = ",";
        }
        found++;
    }
    if (mishap == EXCUSED)
        gw_text_print(body,
                      "%s{\"resource\":{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"severity\":\"error\","
                      "\"code\":\"timeout\"}]},\"search\":{\"mode\":\"outcome\"}}",
                      comma);
    gw_text_add(body, "]");
    if (found > asked + size) {
        const char *offset = strstr(url, "&_offset=");

        gw_text_print(body, ",\"link\":[{\"relation\":\"next\",\"url\":\"%.*s&_offset=%zu\"}]",
                      (int)(offset ? offset - url : (ptrdiff_t)strlen(url)), url, asked + size);
    }
    gw_text_add(body, "}");
}

static inline void faulty_read(const struct faulty_hospital *hospital, const char *type, const char *id,
                               struct gw_http_response *response)
{
    for (size_t i = 0; i < hospital->count; i++)
        if (strcmp(hospital->records[i].type, type) == 0 && strcmp(hospital->records[i].id, id) == 0) {
            gw_text_add(&response->body, hospital->records[i].text);
            return;
        }
    response->status = 404;
    gw_text_add(&response->body, "{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"severity\":\"error\","
                                 "\"code\":\"not-found\"}]}");
}

/* ---- how it answers -------------------------------------------------------------------------------------------- */

/* Seven of eight are such that the sync goes on; the rest would end it before the others had their turn. */
static inline enum mishap faulty_kind(uint64_t *seed)
{
    static const enum mishap often[] = {RESET, CUT, THROTTLED, OVERLOADED, AWAY, EXPIRED, TWICE, SHIFTED, MISSED};

    if (chance_next(seed) % 8 == 0)
        return 1 + (enum mishap)(chance_next(seed) % (MISHAPS - 1));
    return often[chance_next(seed) % (sizeof often / sizeof *often)];
}

static inline enum mishap faulty_draw(struct faulty_hospital *hospital, const char *url)
{
    enum mishap mishap = NO_MISHAP;

    if (chance_next(&hospital->seed) % 1000 < hospital->per_mille)
        mishap = faulty_kind(&hospital->seed);
    if (mishap == EXPIRED && !strstr(url, "&_offset="))
        mishap = RESET;
    if (mishap == MISSED && hospital->since)
        mishap = SHIFTED;
    hospital->mishaps[mishap]++;
    return mishap;
}

static inline void faulty_whole(struct faulty_hospital *hospital, const char *url, enum mishap mishap,
                                struct gw_http_response *response)
{
    const char *rest = url + strlen(hospital->base) + 1;
    char type[64] = "", id[128] = "";

    sscanf(rest, "%63[A-Za-z]/%127[^?]", type, id);
    response->status = 200;
    response->date = hospital->clock.utc(hospital->clock.ctx);
    snprintf(response->content_type, sizeof response->content_type, "application/fhir+json");
    if (strcmp(type, "metadata") == 0)
        faulty_metadata(&response->body);
    else if (strchr(rest, '?'))
        faulty_page(hospital, type, url, mishap, &response->body);
    else
        faulty_read(hospital, type, id, response);
}

static inline void faulty_status(struct gw_http_response *response, int status, const char *type, const char *body)
{
    gw_http_response_clear(response);
    response->status = status;
    snprintf(response->content_type, sizeof response->content_type, "%s", type);
    gw_text_add(&response->body, body);
}

static inline void faulty_spoil(enum mishap mishap, struct gw_http_response *response, struct gw_error *failure)
{
    if (mishap == RESET)
        gw_fail(failure, GW_ERETRY, "test", "the connection was lost");
    else if (mishap == THROTTLED)
        faulty_status(response, 429, "text/html", "<html>slow down</html>");
    else if (mishap == OVERLOADED)
        faulty_status(response, 500, "text/html", "<html>oops</html>");
    else if (mishap == AWAY)
        faulty_status(response, 503, "text/plain", "later");
    else if (mishap == LOGIN)
        faulty_status(response, 200, "text/html", "<html>log in</html>");
    else if (mishap == EMPTY)
        faulty_status(response, 200, "application/fhir+json", "");
    else if (mishap == REFUSED)
        faulty_status(response, 401, "text/plain", "jwt expired");
    else if (mishap == EXPIRED)
        faulty_status(response, 410, "text/plain", "gone");
    if (mishap == THROTTLED)
        response->retry_after_s = 3;
    if (mishap == HALF || mishap == CUT)
        response->body.length /= 2, response->body.at[response->body.length] = '\0';
    if (mishap == CUT) {
        response->incomplete = true;
        gw_fail(failure, GW_EPROTO, "test", "the connection ended before the whole answer came");
    }
}

static inline void faulty_gone(uv_handle_t *handle)
{
    struct faulty_call *call = handle->data;

    free(call->url);
    free(call);
}

static inline void faulty_answer(uv_timer_t *timer)
{
    struct faulty_call *call = timer->data;
    struct faulty_hospital *hospital = call->hospital;
    const enum mishap mishap = faulty_draw(hospital, call->url);

    hospital->requests++;
    hospital->changes += strstr(call->url, "_lastUpdated=") != NULL;
    hospital->now_ms += 50;
    faulty_whole(hospital, call->url, mishap, call->response);
    faulty_spoil(mishap, call->response, &call->failure);
    uv_close((uv_handle_t *)timer, faulty_gone);
    call->done(call->ctx, call->failure.status == GW_OK ? NULL : &call->failure);
}

static inline enum gw_status faulty_ask(struct gw_web *web, const struct gw_session_request *request,
                                        struct gw_http_response *response, gw_http_done done, void *ctx, uint64_t *id,
                                        struct gw_error *err)
{
    struct faulty_hospital *hospital = (struct faulty_hospital *)((char *)web - offsetof(struct faulty_hospital, web));
    struct faulty_call *call = calloc(1, sizeof *call);

    (void)err;
    gw_http_response_clear(response);
    *call = (struct faulty_call){.hospital = hospital, .response = response, .done = done, .ctx = ctx};
    call->url = strdup(request->url);
    uv_timer_init(&hospital->loop, &call->timer);
    call->timer.data = call;
    uv_timer_start(&call->timer, faulty_answer, 0, 0);
    if (id)
        *id = 1;
    return GW_OK;
}

/* Its answers come at once: there is nothing to cancel that would not have ended by itself. */
static inline void faulty_cancel(struct gw_web *web, uint64_t call)
{
    (void)web;
    (void)call;
}

/* ---- the world it is in ---------------------------------------------------------------------------------------- */

static inline int64_t faulty_utc(void *ctx)
{
    return 1795168800 + (int64_t)(((struct faulty_hospital *)ctx)->now_ms / 1000); /* 2026-11-20T10:00:00Z */
}

static inline uint64_t faulty_monotonic(void *ctx)
{
    return 1000000 + ((struct faulty_hospital *)ctx)->now_ms;
}

static inline void faulty_start(void *ctx, uv_timer_t *timer, uv_timer_cb fire, uint64_t wait_ms)
{
    ((struct faulty_hospital *)ctx)->now_ms += wait_ms;
    uv_timer_start(timer, fire, 0, 0);
}

static inline void faulty_stop(void *ctx, uv_timer_t *timer)
{
    (void)ctx;
    uv_timer_stop(timer);
}

static inline enum gw_status faulty_open_web(const struct gw_world *world, const struct gw_endpoint *endpoint,
                                             struct gw_web **out, struct gw_error *err)
{
    struct faulty_hospital *hospital = world->ctx;

    (void)endpoint;
    (void)err;
    *out = &hospital->web;
    return GW_OK;
}

static inline void faulty_close_web(const struct gw_world *world, struct gw_web *web)
{
    (void)world;
    (void)web;
}

static inline void faulty_open(struct faulty_hospital *hospital, const char *base)
{
    memset(hospital, 0, sizeof *hospital);
    snprintf(hospital->base, sizeof hospital->base, "%s", base);
    cr_assert(uv_loop_init(&hospital->loop) == 0);
    cr_assert(gw_gate_new(base, NULL, 0, &hospital->gate, NULL) == GW_OK);
    hospital->clock = (struct gw_clock){faulty_utc, faulty_monotonic, hospital, faulty_start, faulty_stop};
    hospital->web = (struct gw_web){faulty_ask, faulty_cancel, hospital->gate};
    hospital->world = (struct gw_world){&hospital->loop, &hospital->clock, faulty_open_web, faulty_close_web, hospital};
}

static inline void faulty_close(struct faulty_hospital *hospital)
{
    uv_run(&hospital->loop, UV_RUN_DEFAULT);
    cr_expect(uv_loop_close(&hospital->loop) == 0, "a handle was left in the loop");
    gw_gate_free(hospital->gate);
}

#endif
