/*
 * HTTP in: the one door through which others speak to us (notifications, health, metrics).
 *
 *      head ──> judged ──> route ──> look ──> body ──> handle ──> answer
 *        └────────┴─────────┴─────────┴─ refused: no byte of the body is looked at
 *
 * libmicrohttpd reads and writes on our loop, without a thread of its own; it is met nowhere but in listener.c,
 * visitor.c and exchange.c. Plain HTTP on loopback or a Unix socket, behind the proxy of the house, which holds
 * certificate and name.
 *
 * Refused here, before any route hears of it: a head over 16 KiB or 100 fields, two Content-Lengths, Content-Length
 * beside Transfer-Encoding, codings other than chunked, a Host that is missing, doubled, malformed or not ours, names
 * and targets with characters that proxies read differently, a body over the route's cap. Time is absolute, not since
 * the last byte: head, body, handler and answer have so long each, then the connection ends.
 *
 * Every answer says nosniff, no-store, a policy that loads nothing, no-referrer. It says nothing of us or of patients.
 */
#ifndef GATEWAY_NET_LISTENER_H
#define GATEWAY_NET_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/core/error.h"
#include "gateway/core/text.h"
#include "gateway/net/clock.h"
#include "gateway/net/http.h"

#define GW_LISTENER_HEAD_BYTES  16384u
#define GW_LISTENER_HEAD_FIELDS 100u
#define GW_LISTENER_STEP_MS     30000u
#define GW_LISTENER_DRAIN_MS    5000u
#define GW_LISTENER_CONNECTIONS 256u
#define GW_LISTENER_PER_ADDRESS 100u

/* One request under way. It lives until it was answered, also when who asked went away meanwhile. */
struct gw_exchange;

const char *gw_exchange_rest(const struct gw_exchange *exchange);  /* of the path as sent, behind the route's */
const char *gw_exchange_query(const struct gw_exchange *exchange); /* behind the '?', "" none */
const char *gw_exchange_peer(const struct gw_exchange *exchange);  /* "127.0.0.1", "::1", "unix" */
/* Without regard to case; NULL: not there. Only inside look and handle. */
const char *gw_exchange_header(const struct gw_exchange *exchange, const char *name);
struct gw_slice gw_exchange_body(const struct gw_exchange *exchange); /* whole, inside handle and after */

/* Borrowed during the call. */
struct gw_reply {
    int status;
    const char *type; /* NULL: text/plain; charset=utf-8 */
    struct gw_slice body;
    const struct gw_http_header *headers; /* further ones; one of the fixed ones is replaced by its name */
    size_t header_count;
};

/* Exactly once for each exchange that look or handle was given and did not pass on: inside the call, or later from the
 * loop. The exchange is void after it. */
void gw_exchange_answer(struct gw_exchange *exchange, const struct gw_reply *reply);
/* The same with a short text and a line feed. */
void gw_exchange_say(struct gw_exchange *exchange, int status, const char *text);

struct gw_route {
    const char *method; /* "GET" serves HEAD too */
    const char *path;   /* whole, or, when it ends with a slash, all that begins with it and goes on */
    size_t max_body;    /* bytes; 0: none is taken */
    /* The head alone is there. true: read the body, then handle. false: it has answered. NULL: always true. */
    bool (*look)(void *ctx, struct gw_exchange *exchange);
    void (*handle)(void *ctx, struct gw_exchange *exchange);
    void *ctx;
};

/* Zero is the default. Everything is copied, except the contexts and the clock. */
struct gw_listener_options {
    const char *address;      /* "127.0.0.1:8490", "[::1]:8490", "unix:/run/casement.sock"; port 0: any that is free */
    bool anywhere;            /* an address that is not loopback was asked for in so many words */
    const char *const *hosts; /* names a Host may have besides loopback's; NULL: any well-formed one */
    size_t host_count;
    const struct gw_route *routes; /* the first that fits */
    size_t route_count;
    const struct gw_clock *clock; /* NULL: gw_system_clock */
    unsigned head_ms, body_ms, handle_ms, answer_ms;
    unsigned connections, per_address;
};

struct gw_listener;

/*
 * GW_ECONFIG: the address is none, or not loopback; GW_EBUSY: it is taken; GW_ECREATE: it cannot be had (permission, no
 * such folder); GW_ENOMEM.
 */
enum gw_status gw_listener_start(struct uv_loop_s *loop, const struct gw_listener_options *options,
                                 struct gw_listener **out, struct gw_error *err);

int gw_listener_port(const struct gw_listener *listener); /* 0 with a Unix socket */
size_t gw_listener_connections(const struct gw_listener *listener);

/*
 * No new connection; what is under way has drain_ms (0: GW_LISTENER_DRAIN_MS) to end, then it is cut off with 503.
 * closed is called once, from the loop; the listener is gone then. closed may be NULL.
 */
void gw_listener_stop(struct gw_listener *listener, unsigned drain_ms, void (*closed)(void *ctx), void *ctx);

/* Is the address one that start would take? For whoever reads the settings. GW_OK or GW_ECONFIG. */
enum gw_status gw_listener_check_address(const char *address, bool anywhere, struct gw_error *err);

#endif
