/*
 * The key pair an endpoint knows us by, as a JWK (RFC 7517), and JWTs signed with it (RFC 7515, 7518).
 *
 * ES384 on P-384 or RS384 with 2048 bits and more: the two algorithms SMART Backend Services asks for. A key
 * made here has the thumbprint of RFC 7638 as its kid; a kid that a file brings is kept. A private key file is mode
 * 0600 (0400 is fine); any other is refused.
 */
#ifndef GATEWAY_NET_JWK_H
#define GATEWAY_NET_JWK_H

#include <stddef.h>

#include "gateway/core/error.h"
#include "gateway/core/text.h"

enum gw_jwk_alg {
    GW_JWK_ES384,
    GW_JWK_RS384,
};

struct gw_jwk;

/* rsa_bits: 3072 or 4096, 0 means 3072; not looked at for ES384. */
enum gw_status gw_jwk_generate(enum gw_jwk_alg alg, unsigned rsa_bits, struct gw_jwk **out, struct gw_error *err);
/* GW_ECONFIG: not there, open to others, not a private JWK of these kinds, or its parts do not belong together. */
enum gw_status gw_jwk_load(const char *path, struct gw_jwk **out, struct gw_error *err);
/* Mode 0600. GW_ECREATE when a file of that name is there already: a key is never overwritten. */
enum gw_status gw_jwk_save(const struct gw_jwk *key, const char *path, struct gw_error *err);
void gw_jwk_free(struct gw_jwk *key); /* NULL is nothing */

const char *gw_jwk_kid(const struct gw_jwk *key);
const char *gw_jwk_alg_name(const struct gw_jwk *key);        /* "ES384" */
int gw_jwk_alg_parse(const char *name, enum gw_jwk_alg *out); /* 0, or -1 for another name */

/* {"keys":[...]}: the public halves only, for the server's registration form. A failed allocation shows in out->failed.
 */
void gw_jwk_public_set(const struct gw_jwk *const *keys, size_t count, struct gw_text *out);

/* header.claims.signature with alg, typ JWT and kid in the header; claims is a JSON object as text. Appends to out. */
enum gw_status gw_jwt_sign(const struct gw_jwk *key, const char *claims, struct gw_text *out, struct gw_error *err);

#endif
