/*
 * Ed25519 signatures with a key of this machine, kept as an OpenSSL key in PEM.
 *
 *      openssl pkey -in audit.key -pubout      the public half, as casement audit key prints it
 */
#ifndef GATEWAY_CORE_SIGNATURE_H
#define GATEWAY_CORE_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/core/error.h"
#include "gateway/core/text.h"

#define GW_SIGNATURE_BYTES 64
#define GW_KEY_NAME_DIGITS 16 /* of the SHA-256 of the public half */

struct gw_signature_key;

/* The private key of a file, made once (mode 0600) where there is none. GW_ECONFIG: readable by others, or no key. */
enum gw_status gw_signature_key_keep(const char *path, struct gw_signature_key **out, struct gw_error *err);
/* The same of one that is there. GW_ECONFIG: readable by others, not readable at all, or no key. */
enum gw_status gw_signature_key_secret(const char *path, struct gw_signature_key **out, struct gw_error *err);
/* A key that is there, the private or the public half: to verify with. GW_ENOINPUT, GW_ECONFIG. */
enum gw_status gw_signature_key_read(const char *path, struct gw_signature_key **out, struct gw_error *err);
void gw_signature_key_free(struct gw_signature_key *key); /* NULL does nothing */

const char *gw_signature_key_name(const struct gw_signature_key *key);
enum gw_status gw_signature_key_public(const struct gw_signature_key *key, struct gw_text *pem, struct gw_error *err);

enum gw_status gw_signature_make(const struct gw_signature_key *key, const void *bytes, size_t length,
                                 uint8_t out[GW_SIGNATURE_BYTES], struct gw_error *err);
bool gw_signature_holds(const struct gw_signature_key *key, const void *bytes, size_t length,
                        const uint8_t signature[GW_SIGNATURE_BYTES]);

/*
 * A line of JSON that ends with the signature of what stands before it: {"a":1,"signature":"..."}.
 *
 * end_line: what was printed from start on is an object that lacks its end. GW_ECONFIG: it is the public half.
 */
enum gw_status gw_signature_end_line(const struct gw_signature_key *key, struct gw_text *line, size_t start,
                                     struct gw_error *err);
/* So many bytes of the line are signed with this key; 0: it is not. Without its line end. */
size_t gw_signature_of_line(const struct gw_signature_key *key, const char *line, size_t length);

#endif
