/*
 * What a token endpoint's answers say: pure reading of two small JSON documents, and of scopes.
 */
#ifndef NET_GRANT_H
#define NET_GRANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/core/error.h"
#include "gateway/core/text.h"
#include "gateway/net/trouble.h"

/* A token as granted; the texts keep their maximum, 16 KiB. */
struct grant {
    struct gw_text value;
    struct gw_text scope;
    int64_t life_s; /* 5 .. 86400 */
};

#define GRANT_INIT                                                                                                     \
    {                                                                                                                  \
        GW_TEXT_INIT(16384), GW_TEXT_INIT(16384), 0                                                                    \
    }

void grant_release(struct grant *grant); /* wipes the token */

/* token_endpoint of a smart-configuration; base: whose it is, for messages and for the rule on plain http. */
enum gw_status smart_read(const struct gw_text *body, const char *base, struct gw_text *token_url,
                          struct gw_error *err);

/* A token answer of status 200. GW_EPROTO: not a token; GW_EDENIED: nothing of the scopes wanted was granted. */
enum gw_status grant_read(const struct gw_text *body, const char *const *wanted, size_t count, struct grant *out,
                          struct gw_error *err);

/* A token answer of status 400, 401, 403: GW_EDENIED with the server's error code and what to do about it. */
enum gw_status grant_refused(const struct gw_text *body, int status, const char *client_id, struct gw_error *err);

/*
 * What such an answer means for the endpoint: GW_TROUBLE_DENIED, or, of a 401 without an error code,
 * GW_TROUBLE_UNAUTHORIZED: some gateways say so where they mean "slow down".
 */
enum gw_trouble grant_trouble(const struct gw_text *body, int status);

/*
 * May such an answer mean that the key is not known, or no longer? Servers say invalid_client, invalid_grant (an
 * unknown kid, a signature that does not fit), or nothing; a 403 without a code is of somebody in between.
 */
bool grant_doubts_key(const struct gw_text *body, int status);

/* Does a granted scope give what a wanted one asks: "system" "/" ("Observation" | "*") "." ("rs" | "read" | "*")? */
bool scope_covers(const char *granted, size_t granted_length, const char *wanted);
bool scopes_cover(const char *scopes, const char *wanted); /* one of several, separated by blanks */

/* The first of the wanted scopes that asks something of this type which is not granted; NULL: none. */
const char *scopes_lacking(const char *granted, const char *const *wanted, size_t count, const char *type);

/* GW_EDENIED, in words; type: asked for, may be NULL. */
enum gw_status scope_missing(const char *type, const char *scope, struct gw_error *err);

#endif
