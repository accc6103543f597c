/*
 * What a token is asked for with: client_credentials, and in place of a password an assertion that we sign.
 *
 * Source: HL7 SMART App Launch 2, Asymmetric Client Authentication; RFC 7523.
 */
#ifndef NET_ASSERTION_H
#define NET_ASSERTION_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/core/error.h"
#include "gateway/core/text.h"
#include "gateway/net/jwk.h"

enum { ASSERTION_FORM_MAX = 64 * 1024 };

struct assertion {
    const struct gw_jwk *key;
    const char *client_id;
    const char *token_url;
    const char *const *scopes;
    size_t scope_count;
    int64_t utc; /* by the server's clock */
};

/* The form's body, appended; each time with an identifier of its own. It is to be wiped. */
enum gw_status assertion_form(const struct assertion *assertion, struct gw_text *form, struct gw_error *err);

#endif
