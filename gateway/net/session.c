/*
 * One request through an endpoint.
 *
 *      start ──> [token] ──> send ──> answer ──> done
 *                   └── renew <── 401, once ┘
 *
 * A request is copied when it starts, because it may go out twice. While it waits, it waits for exactly one thing, the
 * token or the transfer; cancelling cancels that.
 */
#include "gateway/net/session.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char where[] = "net.session";

enum { COPIES_MAX = 256 * 1024, HEADERS_MAX = 16 };

enum waiting { FOR_TOKEN, FOR_ANSWER };

struct exchange {
    struct exchange *next;
    struct gw_session *session;
    uint64_t id;
    struct gw_arena arena; /* of the copies in request */
    struct gw_http_request request;
    const char *types;
    struct gw_http_header headers[2 + HEADERS_MAX]; /* Accept, the caller's, Authorization */
    size_t header_count;                            /* without Authorization */
    struct gw_text bearer;                          /* "Bearer ..." as last sent */
    struct gw_http_response *response;
    gw_http_done done;
    void *ctx;
    bool with_token;
    bool replayed;
    bool cancelled;
    enum waiting waiting;
    uint64_t call; /* of what it waits for */
};

struct keys {
    struct gw_jwk *present, *previous; /* NULL: none */
};

struct gw_session {
    struct gw_gate *gate;
    struct gw_http *http;
    bool own_http;
    struct keys keys;
    struct gw_token *token; /* NULL: no authentication */
    struct exchange *exchanges;
    uint64_t last_id;
    unsigned telling; /* inside so many dones */
    bool closing;
};

/* ---- the end --------------------------------------------------------------------------------------------------- */

static void keys_release(struct keys *keys)
{
    gw_jwk_free(keys->present);
    gw_jwk_free(keys->previous);
}

static void session_release(struct gw_session *session)
{
    gw_token_free(session->token); /* before the client, which ends what the token has under way */
    if (session->own_http)
        gw_http_free(session->http);
    keys_release(&session->keys);
    gw_gate_free(session->gate);
    free(session);
}

static void release_when_quiet(struct gw_session *session)
{
    if (session->closing && !session->exchanges && !session->telling)
        session_release(session);
}

static void exchange_free(struct exchange *exchange)
{
    OPENSSL_cleanse(exchange->bearer.at, exchange->bearer.length);
    gw_text_release(&exchange->bearer);
    gw_arena_release(&exchange->arena);
    free(exchange);
}

static void finish(struct exchange *exchange, const struct gw_error *failure)
{
    struct gw_session *session = exchange->session;
    struct exchange **at = &session->exchanges;
    const gw_http_done done = exchange->done;
    void *const ctx = exchange->ctx;

    while (*at != exchange)
        at = &(*at)->next;
    *at = exchange->next;
    exchange_free(exchange);
    session->telling++;
    done(ctx, failure);
    session->telling--;
    release_when_quiet(session);
}

static void finish_cancelled(struct exchange *exchange)
{
    struct gw_error err;

    gw_fail(&err, GW_ECANCELED, where, "a request to %s was cancelled", gw_gate_origin(exchange->session->gate));
    finish(exchange, &err);
}

/* ---- the steps ------------------------------------------------------------------------------------------------- */

static void on_token(void *ctx, const struct gw_error *failure);
static void on_answer(void *ctx, const struct gw_error *failure);

/* The server would refuse it, or worse, answer as if there were nothing. */
static enum gw_status check_granted(struct exchange *exchange, struct gw_error *err)
{
    for (const char *at = exchange->types; at && *at;) {
        const size_t length = strcspn(at, ",");
        const char *type = gw_arena_copy(&exchange->arena, at, length);

        if (!type)
            return gw_fail(err, GW_ENOMEM, where, "no memory for a request");
        if (gw_token_lacking(exchange->session->token, type, err) != GW_OK) {
            gw_http_response_clear(exchange->response);
            exchange->response->trouble = GW_TROUBLE_UNGRANTED;
            return err->status;
        }
        at += length + (at[length] == ',');
    }
    return GW_OK;
}

/* The token goes into the headers at the last moment, so that a replay carries the new one. */
static enum gw_status send_now(struct exchange *exchange, struct gw_error *err)
{
    struct gw_session *session = exchange->session;
    const char *token = exchange->with_token ? gw_token_current(session->token) : NULL;

    exchange->request.header_count = exchange->header_count;
    if (exchange->with_token) {
        if (!token)
            return gw_fail(err, GW_ERETRY, where, "the token of %s ended before it could be used",
                           gw_gate_origin(session->gate));
        if (check_granted(exchange, err) != GW_OK)
            return err->status;
        gw_text_clear(&exchange->bearer);
        gw_text_print(&exchange->bearer, "Bearer %s", token);
        if (exchange->bearer.failed)
            return gw_fail(err, GW_ENOMEM, where, "no memory for a request");
        exchange->headers[exchange->request.header_count++] =
            (struct gw_http_header){"Authorization", exchange->bearer.at};
    }
    exchange->waiting = FOR_ANSWER;
    return gw_http_start(session->http, &exchange->request, exchange->response, on_answer, exchange, &exchange->call,
                         err);
}

static enum gw_status want_token(struct exchange *exchange, struct gw_error *err)
{
    exchange->waiting = FOR_TOKEN;
    return gw_token_fetch(exchange->session->token, on_token, exchange, &exchange->call, err);
}

/* No request went out: the trouble is the token endpoint's. */
static void blame_token(struct exchange *exchange)
{
    const struct gw_token_trouble trouble = gw_token_trouble(exchange->session->token);

    gw_http_response_clear(exchange->response);
    exchange->response->trouble = trouble.kind;
    exchange->response->retry_after_s = trouble.retry_after_s;
    exchange->response->retry_longer = trouble.retry_longer;
}

static void on_token(void *ctx, const struct gw_error *failure)
{
    struct exchange *exchange = ctx;
    struct gw_error err;

    if (exchange->cancelled) {
        finish_cancelled(exchange);
        return;
    }
    if (failure)
        blame_token(exchange);
    if (failure)
        finish(exchange, failure);
    else if (send_now(exchange, &err) != GW_OK)
        finish(exchange, &err);
}

static void on_answer(void *ctx, const struct gw_error *failure)
{
    struct exchange *exchange = ctx;
    struct gw_error err;

    if (failure || exchange->response->status != 401 || !exchange->with_token || exchange->replayed) {
        finish(exchange, failure);
        return;
    }
    if (exchange->cancelled) {
        finish_cancelled(exchange);
        return;
    }
    exchange->replayed = true;
    gw_token_invalidate(exchange->session->token, exchange->bearer.at + strlen("Bearer "));
    if (want_token(exchange, &err) != GW_OK)
        finish(exchange, &err);
}

/* ---- the beginning --------------------------------------------------------------------------------------------- */

static const char *copy(struct gw_arena *arena, const char *text, bool *fine)
{
    const char *copied = text ? gw_arena_copy(arena, text, strlen(text)) : NULL;

    *fine = *fine && (copied || !text);
    return copied;
}

bool gw_session_request_copy(struct gw_arena *arena, const struct gw_session_request *from,
                             struct gw_http_header *headers, struct gw_session_request *out)
{
    bool fine = true;

    *out = *from;
    out->method = copy(arena, from->method, &fine);
    out->url = copy(arena, from->url, &fine);
    out->accept = copy(arena, from->accept, &fine);
    out->types = copy(arena, from->types, &fine);
    out->headers = headers;
    for (size_t i = 0; fine && i < from->header_count; i++) {
        headers[i].name = copy(arena, from->headers[i].name, &fine);
        headers[i].value = copy(arena, from->headers[i].value, &fine);
    }
    if (from->body.length > 0)
        out->body.at = gw_arena_copy(arena, from->body.at, from->body.length);
    return fine && (out->body.at || from->body.length == 0);
}

static bool copy_request(struct exchange *exchange, const struct gw_session_request *from)
{
    struct gw_session_request copied;

    for (size_t i = 0; i < from->header_count; i++)
        assert(strcasecmp(from->headers[i].name, "Authorization") != 0);
    if (!gw_session_request_copy(&exchange->arena, from, exchange->headers + 1, &copied))
        return false;
    exchange->headers[0] = (struct gw_http_header){"Accept", copied.accept ? copied.accept : "application/fhir+json"};
    exchange->header_count = 1 + copied.header_count;
    exchange->types = copied.types;
    exchange->request = (struct gw_http_request){.method = copied.method,
                                                 .url = copied.url,
                                                 .headers = exchange->headers,
                                                 .body = copied.body,
                                                 .max_bytes = copied.max_bytes,
                                                 .stall_s = copied.stall_s,
                                                 .total_ms = copied.total_ms,
                                                 .sink = copied.sink,
                                                 .sink_ctx = copied.sink_ctx};
    return true;
}

static struct exchange *exchange_new(struct gw_session *session, const struct gw_session_request *request)
{
    struct exchange *exchange = calloc(1, sizeof(*exchange));

    if (!exchange)
        return NULL;
    assert(request->header_count <= HEADERS_MAX);
    exchange->session = session;
    exchange->bearer = (struct gw_text)GW_TEXT_INIT(32 * 1024);
    exchange->arena = (struct gw_arena)GW_ARENA_INIT(COPIES_MAX + request->body.length);
    if (!copy_request(exchange, request)) {
        exchange_free(exchange);
        return NULL;
    }
    return exchange;
}

enum gw_status gw_session_start(struct gw_session *session, const struct gw_session_request *request,
                                struct gw_http_response *response, gw_http_done done, void *ctx, uint64_t *call,
                                struct gw_error *err)
{
    struct exchange *exchange;
    bool own = false;
    enum gw_status rc;

    if (session->closing)
        return gw_fail(err, GW_ECANCELED, where, "no more requests: shutting down");
    rc = gw_gate_check(session->gate, request->url, &own, err);
    if (rc != GW_OK)
        return rc;
    exchange = exchange_new(session, request);
    if (!exchange)
        return gw_fail(err, GW_ENOMEM, where, "no memory for a request");
    exchange->response = response;
    exchange->done = done;
    exchange->ctx = ctx;
    exchange->with_token = session->token && own && !request->without_token;
    gw_http_response_clear(response);
    if (exchange->with_token && !gw_token_current(session->token))
        rc = want_token(exchange, err);
    else
        rc = send_now(exchange, err);
    if (rc != GW_OK) {
        exchange_free(exchange);
        return rc;
    }
    exchange->id = ++session->last_id;
    exchange->next = session->exchanges;
    session->exchanges = exchange;
    if (call)
        *call = exchange->id;
    return GW_OK;
}

static void exchange_cancel(struct exchange *exchange)
{
    exchange->cancelled = true;
    if (exchange->waiting == FOR_TOKEN)
        gw_token_cancel(exchange->session->token, exchange->call);
    else
        gw_http_cancel(exchange->session->http, exchange->call);
}

void gw_session_cancel(struct gw_session *session, uint64_t call)
{
    for (struct exchange *exchange = session->exchanges; exchange; exchange = exchange->next)
        if (exchange->id == call)
            exchange_cancel(exchange);
}

/* ---- the session ----------------------------------------------------------------------------------------------- */

const struct gw_gate *gw_session_gate(const struct gw_session *session)
{
    return session->gate;
}

struct gw_token *gw_session_token(const struct gw_session *session)
{
    return session->token;
}

void gw_session_free(struct gw_session *session)
{
    if (!session)
        return;
    session->closing = true;
    for (struct exchange *exchange = session->exchanges; exchange; exchange = exchange->next)
        exchange_cancel(exchange);
    release_when_quiet(session);
}

static enum gw_status make_http(struct gw_session *session, struct uv_loop_s *loop, const struct gw_endpoint *endpoint,
                                struct gw_error *err)
{
    const struct gw_http_options options = {.ca_file = endpoint->tls.ca,
                                            .cert_file = endpoint->tls.cert,
                                            .key_file = endpoint->tls.key,
                                            .pins = endpoint->tls.pins,
                                            .pin_count = endpoint->tls.pin_count,
                                            .proxy = endpoint->proxy,
                                            .concurrent = endpoint->concurrent,
                                            .base = endpoint->base,
                                            .private_addresses = endpoint->private_addresses};

    session->own_http = true;
    return gw_http_client_new(loop, &options, &session->http, err);
}

/* The previous key may be of another algorithm: that may be why it was changed. */
static enum gw_status load_keys(const struct gw_endpoint *endpoint, struct keys *keys, struct gw_error *err)
{
    enum gw_status rc;

    if (!endpoint->auth.key)
        return gw_fail(err, GW_ECONFIG, where, "endpoint %s: \"auth\" names no \"key\"", endpoint->id);
    rc = gw_jwk_load(endpoint->auth.key, &keys->present, err);
    if (rc != GW_OK)
        return rc;
    if (endpoint->auth.alg && !gw_same(endpoint->auth.alg, gw_jwk_alg_name(keys->present)))
        return gw_fail(err, GW_ECONFIG, where, "endpoint %s: %s is a key for %s, but \"alg\" says %s", endpoint->id,
                       endpoint->auth.key, gw_jwk_alg_name(keys->present), endpoint->auth.alg);
    return endpoint->auth.previous_key ? gw_jwk_load(endpoint->auth.previous_key, &keys->previous, err) : GW_OK;
}

enum gw_status gw_endpoint_check_keys(const struct gw_endpoint *endpoint, struct gw_error *err)
{
    struct keys keys = {NULL, NULL};
    const enum gw_status rc = endpoint->auth.kind == GW_AUTH_SMART_BACKEND ? load_keys(endpoint, &keys, err) : GW_OK;

    keys_release(&keys);
    return rc;
}

static enum gw_status make_token(struct gw_session *session, struct uv_loop_s *loop, const struct gw_endpoint *endpoint,
                                 const struct gw_clock *clock, struct gw_error *err)
{
    const enum gw_status rc = load_keys(endpoint, &session->keys, err);
    const struct gw_token_options options = {.base = gw_gate_base(session->gate),
                                             .token_url = endpoint->auth.token_url,
                                             .client_id = endpoint->auth.client_id,
                                             .scopes = endpoint->auth.scopes,
                                             .scope_count = endpoint->auth.scope_count,
                                             .key = session->keys.present,
                                             .previous_key = session->keys.previous,
                                             .clock = clock};

    return rc == GW_OK ? gw_token_new(loop, session->http, &options, &session->token, err) : rc;
}

enum gw_status gw_session_new(struct uv_loop_s *loop, const struct gw_endpoint *endpoint, struct gw_http *http,
                              const struct gw_clock *clock, struct gw_session **out, struct gw_error *err)
{
    struct gw_session *session = calloc(1, sizeof(*session));
    enum gw_status rc;

    if (!session)
        return gw_fail(err, GW_ENOMEM, where, "out of memory");
    session->http = http;
    rc = gw_gate_new(endpoint->base, endpoint->allow_origins, endpoint->allow_origin_count, &session->gate, err);
    if (rc == GW_OK && !http)
        rc = make_http(session, loop, endpoint, err);
    if (rc == GW_OK && endpoint->auth.kind == GW_AUTH_SMART_BACKEND)
        rc = make_token(session, loop, endpoint, clock, err);
    if (rc == GW_OK)
        *out = session;
    else
        session_release(session); /* a client made meanwhile goes from the loop */
    return rc;
}
