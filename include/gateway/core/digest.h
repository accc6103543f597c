/*
 * Digests and keyed ids, on libcrypto.
 */
#ifndef GATEWAY_CORE_DIGEST_H
#define GATEWAY_CORE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/core/arena.h"
#include "gateway/core/error.h"
#include "gateway/core/text.h"

#define GW_SHA256_BYTES 32

void gw_sha256(const void *bytes, size_t length, uint8_t out[GW_SHA256_BYTES]);

/* The same of what comes piece by piece. */
struct gw_sha256_sum;
struct gw_sha256_sum *gw_sha256_begin(void); /* NULL: out of memory */
void gw_sha256_add(struct gw_sha256_sum *sum, const void *bytes, size_t length);
void gw_sha256_end(struct gw_sha256_sum *sum, uint8_t out[GW_SHA256_BYTES]); /* frees it; NULL does nothing */
/* Of a file, as sha256sum prints it. GW_ENOINPUT, GW_EIO. */
enum gw_status gw_sha256_file(const char *path, uint8_t out[GW_SHA256_BYTES], struct gw_error *err);

void gw_hex(const uint8_t *bytes, size_t length, char *out); /* 2 * length + 1 characters */

/* A prepared HMAC-SHA-256 key: cheap to use a million times. Not shared between threads. */
struct gw_hmac;
struct gw_hmac *gw_hmac_new(const void *key, size_t length); /* NULL: out of memory */
void gw_hmac_free(struct gw_hmac *hmac);
void gw_hmac_digest(struct gw_hmac *hmac, const void *bytes, size_t length, uint8_t out[GW_SHA256_BYTES]);

/* A prefix letter and 20 hex digits of the digest of the joined parts ("a|b|c"), in the arena; NULL at its limit. */
const char *gw_hmac_id(struct gw_hmac *hmac, struct gw_arena *arena, char prefix, const char *const *parts,
                       size_t count);

/* Random bytes from libcrypto; GW_EIO when it has none. */
enum gw_status gw_random(void *out, size_t length, struct gw_error *err);

void gw_base64url_encode(struct gw_text *out, const void *bytes, size_t length); /* no padding */
/*
 * Decode into out; false on a character outside the alphabet, a bad length or bits left over (one value has one
 * spelling). *length in: room, out: bytes written.
 */
bool gw_base64url_decode(const char *text, size_t text_length, uint8_t *out, size_t *length);

#endif
