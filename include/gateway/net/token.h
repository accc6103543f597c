/*
 * Access tokens by SMART Backend Services: client_credentials with a signed assertion.
 *
 *      discover ──> ask ──> keep          a token in hand is used up to 80 % of its life, and not in its last 30 s
 *      (once)        └────> remember the failure for a minute
 *
 * One request at a time for an endpoint, however many wait for its answer. A request that follows a failure, or a token
 * the server refused (gw_token_invalidate), goes out at most once a minute: some gateways say 401 where they mean "slow
 * down", and a storm of token requests locks clients out. Until then waiters get the remembered failure. Renewal at the
 * end of a life is not held back, so that tokens of 10 seconds work; a life under 5 seconds is refused, as that
 * endpoint cannot be used in earnest (GW_EPROTO).
 *
 * While a key is being changed two are live. The present one signs; where the server may mean the key by its refusal
 * (invalid_client, invalid_grant), it is asked at once a second time with the previous one, and that one signs then,
 * and the present one is tried again after an hour. Where both are refused, nothing is asked for two minutes. A 401
 * without an error code may mean "slow down": the other key signs the next request, a minute later.
 *
 * A token with fewer scopes than asked for is used for what it gives (gw_token_lacking).
 *
 * Failures: GW_EDENIED the server's answer was 400, 401 or 403 (its error code is named, nothing else of the body), or
 * it granted nothing of the scopes asked for (a server answers 200 with no scope and a useless token);
 * GW_EPROTO the answer is no token, or the clock of the token endpoint differs by more than 300 s from ours; GW_ERETRY
 * it is away.
 *
 * Source: HL7 SMART App Launch 2, Backend Services and Asymmetric Client Authentication.
 */
#ifndef GATEWAY_NET_TOKEN_H
#define GATEWAY_NET_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/core/error.h"
#include "gateway/net/clock.h"
#include "gateway/net/http.h"
#include "gateway/net/jwk.h"

struct gw_token_options {
    const char *base;      /* discovery at {base}/.well-known/smart-configuration */
    const char *token_url; /* as learnt earlier; NULL: discover */
    const char *client_id;
    const char *const *scopes; /* wanted, each of them */
    size_t scope_count;
    const struct gw_jwk *key;          /* borrowed, outlives the token */
    const struct gw_jwk *previous_key; /* so too; NULL: there is none */
    const struct gw_clock *clock;      /* borrowed; NULL: gw_system_clock */
};

struct gw_token;

/* Texts are copied; http is borrowed and outlives the token. GW_ECONFIG for an empty client_id or no scope. */
enum gw_status gw_token_new(struct uv_loop_s *loop, struct gw_http *http, const struct gw_token_options *options,
                            struct gw_token **out, struct gw_error *err);
/* Waiters get GW_ECANCELED; memory goes from the loop. NULL is nothing. */
void gw_token_free(struct gw_token *token);

/* The token to send now, or NULL when one must be fetched. Valid until the loop runs again. Never print it. */
const char *gw_token_current(struct gw_token *token);

/* See to it that there is a token: done (once, later, from the loop), then gw_token_current. *call as in http.h. */
enum gw_status gw_token_fetch(struct gw_token *token, gw_http_done done, void *ctx, uint64_t *call,
                              struct gw_error *err);
void gw_token_cancel(struct gw_token *token, uint64_t call);

/* The server refused this token (the text that was sent): drop it, unless a newer one is in hand already. */
void gw_token_invalidate(struct gw_token *token, const char *refused);

/* Why the last fetch that failed did: for whoever decides when to ask again. */
struct gw_token_trouble {
    enum gw_trouble kind;
    int32_t retry_after_s; /* as in http.h, and so the next */
    bool retry_longer;
};
struct gw_token_trouble gw_token_trouble(const struct gw_token *token);

/* The token endpoint in use, NULL before discovery: worth keeping in the endpoint's profile. */
const char *gw_token_url(const struct gw_token *token);
/* Seconds the server's clock is ahead of ours, 0 within a minute; assertions are dated by it. */
int64_t gw_token_clock_offset(const struct gw_token *token);
/* The token in hand was granted for the previous key: the server does not take the present one. */
bool gw_token_signed_by_previous_key(const struct gw_token *token);
/* The scopes granted last, as the server wrote them; "" before the first. They stay when the token was refused here,
 * because they give nothing that is wanted or its life is too short. */
const char *gw_token_granted(const struct gw_token *token);
bool gw_token_covers(const struct gw_token *token, const char *wanted); /* do they give this scope? */

/*
 * GW_EDENIED, with the scope in words: one is wanted for this type that was not granted. GW_OK: what is wanted for it
 * was granted, or nothing was wanted for it, or no token was given yet.
 */
enum gw_status gw_token_lacking(const struct gw_token *token, const char *type, struct gw_error *err);

/* The same for the first of the wanted scopes that was not granted as it is. */
enum gw_status gw_token_missing(const struct gw_token *token, struct gw_error *err);
/* Seconds a token lives, as granted last; 60 where the server did not say; 0 before the first. */
int64_t gw_token_life_s(const struct gw_token *token);

#endif
