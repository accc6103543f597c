/*
 * A token in parts. Private to the token*.c files.
 *
 *      token.c          who asks for it, what is known of it, its life
 *      token_flight.c   the request under way: discovery, assertion, answer
 */
#ifndef NET_TOKEN_PARTS_H
#define NET_TOKEN_PARTS_H

#include <stdbool.h>

#include "gateway/net/token.h"
#include "net/grant.h"
#include "net/waiters.h"

enum { TOKEN_QUIET_MS = 60000 };

struct gw_token {
    struct gw_http *http;
    const struct gw_jwk *keys[2]; /* the present one, the previous one or NULL */
    unsigned signer;              /* which of them signs */
    unsigned refusals;            /* in this flight, by which a key may be meant */
    uint64_t anew_ms;             /* when the present one is tried again */
    const struct gw_clock *clock;
    char *base;
    char *client_id;
    char **scopes;
    size_t scope_count;
    struct gw_text url; /* of the token endpoint; empty: to be discovered */

    struct waiters waiters;
    bool closing;

    bool flying;
    uint64_t call;
    uint64_t flight_ms; /* when it began */
    struct gw_http_response response;

    struct grant grant; /* an empty value: no token */
    uint64_t renew_ms;
    int64_t clock_offset;

    uint64_t quiet_until_ms; /* 0: no quiet minute */
    struct gw_error remembered;
    struct gw_token_trouble trouble; /* of the failure remembered, or about to be */
    bool refused_before;
    uint64_t refused_ms; /* when the server last refused a token */
};

static inline uint64_t token_now_ms(const struct gw_token *token)
{
    return token->clock->monotonic_ms(token->clock->ctx);
}

void token_take_off(struct gw_token *token); /* none is under way; it lands later, from the loop or at once */
void token_close_when_quiet(struct gw_token *token);

#endif
