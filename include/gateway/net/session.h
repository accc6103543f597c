/*
 * One endpoint, ready to be asked: base URL, gate, TLS, token and requests in one place.
 *
 *      gate ──> token ──> send ──> answer
 *                 └─ 401, once ─┘
 *
 * A request for a type that the token lacks the scope for is not sent: it ends with GW_EDENIED and
 * GW_TROUBLE_UNGRANTED.
 *
 * The bearer goes only to the endpoint's own origin. On a 401 the token is renewed once and the request sent once more;
 * whatever comes then is the answer. Statuses are not judged here: see gw_http_verdict.
 */
#ifndef GATEWAY_NET_SESSION_H
#define GATEWAY_NET_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/core/arena.h"
#include "gateway/core/error.h"
#include "gateway/net/http.h"
#include "gateway/net/token.h"
#include "gateway/net/url.h"

enum gw_auth_kind {
    GW_AUTH_NONE,          /* "none" */
    GW_AUTH_SMART_BACKEND, /* "smart-backend" */
};

/* The object in "endpoints" of casement.json; file names as open(2) takes them. */
struct gw_endpoint {
    const char *id;
    const char *site;
    const char *base;
    const char *site_profile;
    struct {
        enum gw_auth_kind kind;
        const char *client_id;
        const char *key;          /* file name of a private JWK */
        const char *previous_key; /* of the one before it, where the server may not know the key yet; NULL: none */
        const char *alg;          /* of the key: "ES384", "RS384"; NULL: what it is */
        const char *const *scopes;
        size_t scope_count;
        const char *token_url; /* learnt by an earlier session (state), NULL: discover */
    } auth;
    struct {
        const char *ca;
        const char *cert;
        const char *key;
        const char *const *pins; /* as in http.h */
        size_t pin_count;
    } tls;
    const char *proxy;
    const char *const *allow_origins;
    size_t allow_origin_count;
    enum gw_private_addresses private_addresses;
    unsigned page_size;  /* for the searches; 0: 100 */
    unsigned concurrent; /* 0: 4 */
};

/*
 * Can its keys be used? GW_ECONFIG: one is not there, open to others, no key, or not of the algorithm.
 */
enum gw_status gw_endpoint_check_keys(const struct gw_endpoint *endpoint, struct gw_error *err);

struct gw_session;

/*
 * The endpoint's settings are copied where needed. http: a client of the caller's (a test's fake), borrowed and
 * outliving the session; NULL: one is made from the settings and freed with the session. clock may be NULL. GW_ECONFIG.
 */
enum gw_status gw_session_new(struct uv_loop_s *loop, const struct gw_endpoint *endpoint, struct gw_http *http,
                              const struct gw_clock *clock, struct gw_session **out, struct gw_error *err);
/* What is under way ends with GW_ECANCELED from the loop; memory goes after that. NULL is nothing. */
void gw_session_free(struct gw_session *session);

const struct gw_gate *gw_session_gate(const struct gw_session *session); /* to join and resolve URLs */
struct gw_token *gw_session_token(const struct gw_session *session);     /* NULL with GW_AUTH_NONE */

/* Borrowed during the start call only, except sink_ctx. */
struct gw_session_request {
    const char *method;                   /* NULL: GET */
    const char *url;                      /* absolute */
    const char *accept;                   /* NULL: application/fhir+json */
    const struct gw_http_header *headers; /* further ones: Prefer, Content-Type; never Authorization */
    size_t header_count;
    struct gw_slice body;
    uint64_t max_bytes; /* 0: the default of http.h, and so for the two below */
    unsigned stall_s;
    unsigned total_ms;
    gw_http_sink sink;
    void *sink_ctx;
    const char *types;  /* resource types that it reads, separated by commas; NULL: nothing is known of them */
    bool without_token; /* Bulk Data with requiresAccessToken false: a token shall not be sent */
};

/*
 * A copy for whoever sends it later: texts, headers and body in the arena, but for the list of the headers, which has
 * room for header_count of them. false: out of memory.
 */
bool gw_session_request_copy(struct gw_arena *arena, const struct gw_session_request *from,
                             struct gw_http_header *headers, struct gw_session_request *out);

/* GW_EPROTO at the door when the gate refuses the URL. */
enum gw_status gw_session_start(struct gw_session *session, const struct gw_session_request *request,
                                struct gw_http_response *response, gw_http_done done, void *ctx, uint64_t *call,
                                struct gw_error *err);
void gw_session_cancel(struct gw_session *session, uint64_t call);

#endif
