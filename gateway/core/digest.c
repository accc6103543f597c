/*
 * SHA-256, HMAC ids, random bytes and base64url, on libcrypto.
 */
#include "gateway/core/digest.h"

#include <errno.h>
#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ID_BYTES = 10, GROUP_BYTES = 3, GROUP_DIGITS = 4, NO_DIGIT = 64, FILE_BLOCK = 64 * 1024 };

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

struct gw_hmac {
    EVP_MAC_CTX *ctx;
};

/* A digest that fails means a libcrypto without SHA-256 or without memory; ids made without it would be wrong for ever.
 */
static void must(int ok)
{
    if (!ok) {
        fputs("casement: libcrypto cannot compute SHA-256; repair the OpenSSL installation\n", stderr);
        abort();
    }
}

static EVP_MD *sha256; /* fetched once: looking it up costs as much as a kilobyte of digest */
static pthread_once_t sha256_once = PTHREAD_ONCE_INIT;

static void fetch_sha256(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

void gw_sha256(const void *bytes, size_t length, uint8_t out[GW_SHA256_BYTES])
{
    pthread_once(&sha256_once, fetch_sha256);
    must(sha256 && EVP_Digest(bytes, length, out, NULL, sha256, NULL));
}

struct gw_sha256_sum {
    EVP_MD_CTX *ctx;
};

struct gw_sha256_sum *gw_sha256_begin(void)
{
    struct gw_sha256_sum *sum = malloc(sizeof *sum);

    if (!sum)
        return NULL;
    pthread_once(&sha256_once, fetch_sha256);
    sum->ctx = EVP_MD_CTX_new();
    must(sha256 && sum->ctx && EVP_DigestInit_ex2(sum->ctx, sha256, NULL));
    return sum;
}

void gw_sha256_add(struct gw_sha256_sum *sum, const void *bytes, size_t length)
{
    must(EVP_DigestUpdate(sum->ctx, bytes, length));
}

void gw_sha256_end(struct gw_sha256_sum *sum, uint8_t out[GW_SHA256_BYTES])
{
    if (!sum)
        return;
    must(EVP_DigestFinal_ex(sum->ctx, out, NULL));
    EVP_MD_CTX_free(sum->ctx);
    free(sum);
}

enum gw_status gw_sha256_file(const char *path, uint8_t out[GW_SHA256_BYTES], struct gw_error *err)
{
    FILE *file = fopen(path, "rbe");
    struct gw_sha256_sum *sum = gw_sha256_begin();
    enum gw_status rc = GW_OK;
    char block[FILE_BLOCK];
    size_t length;

    if (!file || !sum)
        rc = gw_fail(err, file ? GW_ENOMEM : GW_ENOINPUT, "core.digest", "%s: cannot be read: %s", path,
                     strerror(file ? ENOMEM : errno));
    while (rc == GW_OK && (length = fread(block, 1, sizeof block, file)) > 0)
        gw_sha256_add(sum, block, length);
    if (rc == GW_OK && ferror(file))
        rc = gw_fail(err, GW_EIO, "core.digest", "%s: cannot be read to its end", path);
    gw_sha256_end(sum, out);
    if (file)
        fclose(file);
    return rc;
}

void gw_hex(const uint8_t *bytes, size_t length, char *out)
{
    static const char hex[] = "0123456789abcdef";

    for (size_t i = 0; i < length; i++) {
        *out++ = hex[bytes[i] >> 4];
        *out++ = hex[bytes[i] & 15];
    }
    *out = '\0';
}

struct gw_hmac *gw_hmac_new(const void *key, size_t length)
{
    struct gw_hmac *hmac = calloc(1, sizeof *hmac);
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    char name[] = "SHA256";
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                                 OSSL_PARAM_construct_end()};

    if (hmac && mac)
        hmac->ctx = EVP_MAC_CTX_new(mac);
    EVP_MAC_free(mac); /* the context holds its own reference */
    if (!hmac || !hmac->ctx || !EVP_MAC_init(hmac->ctx, length ? key : "", length, params)) {
        gw_hmac_free(hmac);
        return NULL;
    }
    return hmac;
}

void gw_hmac_free(struct gw_hmac *hmac)
{
    if (!hmac)
        return;
    EVP_MAC_CTX_free(hmac->ctx);
    free(hmac);
}

static void begin(struct gw_hmac *hmac)
{
    must(EVP_MAC_init(hmac->ctx, NULL, 0, NULL)); /* the same key again */
}

static void end(struct gw_hmac *hmac, uint8_t out[GW_SHA256_BYTES])
{
    must(EVP_MAC_final(hmac->ctx, out, NULL, GW_SHA256_BYTES));
}

void gw_hmac_digest(struct gw_hmac *hmac, const void *bytes, size_t length, uint8_t out[GW_SHA256_BYTES])
{
    begin(hmac);
    must(EVP_MAC_update(hmac->ctx, bytes, length));
    end(hmac, out);
}

const char *gw_hmac_id(struct gw_hmac *hmac, struct gw_arena *arena, char prefix, const char *const *parts,
                       size_t count)
{
    uint8_t digest[GW_SHA256_BYTES];
    char *id = gw_arena_raw(arena, 1 + 2 * ID_BYTES + 1);

    if (!id)
        return NULL;
    begin(hmac);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            must(EVP_MAC_update(hmac->ctx, (const unsigned char *)"|", 1));
        if (parts[i])
            must(EVP_MAC_update(hmac->ctx, (const unsigned char *)parts[i], strlen(parts[i])));
    }
    end(hmac, digest);
    id[0] = prefix;
    gw_hex(digest, ID_BYTES, id + 1);
    return id;
}

enum gw_status gw_random(void *out, size_t length, struct gw_error *err)
{
    unsigned char *at = out;

    while (length > 0) {
        const int piece = length < INT_MAX ? (int)length : INT_MAX;
        if (RAND_bytes(at, piece) != 1)
            return gw_fail(err, GW_EIO, "core.digest",
                           "libcrypto has no random bytes; check that the system's random device can be read");
        at += piece;
        length -= (size_t)piece;
    }
    return GW_OK;
}

void gw_base64url_encode(struct gw_text *out, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;

    for (; length > 0; at += GROUP_BYTES) {
        const size_t taken = length < GROUP_BYTES ? length : GROUP_BYTES;
        const unsigned group = (unsigned)at[0] << 16 | (taken > 1 ? (unsigned)at[1] << 8 : 0) | (taken > 2 ? at[2] : 0);
        const char quad[GROUP_DIGITS] = {digits[group >> 18], digits[group >> 12 & 63], digits[group >> 6 & 63],
                                         digits[group & 63]};
        gw_text_append(out, quad, taken + 1);
        length -= taken;
    }
}

static unsigned digit_value(char c)
{
    const char *at = strchr(digits, c); /* which for a NUL finds the end: NO_DIGIT as well */

    return at ? (unsigned)(at - digits) : NO_DIGIT;
}

bool gw_base64url_decode(const char *text, size_t text_length, uint8_t *out, size_t *length)
{
    const size_t rest = text_length % GROUP_DIGITS;
    const size_t needed = text_length / GROUP_DIGITS * GROUP_BYTES + (rest ? rest - 1 : 0);
    unsigned held = 0; /* the bits read and not yet written, newest lowest */
    unsigned bits = 0;
    size_t written = 0;

    if (rest == 1 || needed > *length)
        return false;
    for (size_t i = 0; i < text_length; i++) {
        const unsigned value = digit_value(text[i]);
        if (value == NO_DIGIT)
            return false;
        held = (held << 6 | value) & 0xFFFF;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[written++] = (uint8_t)(held >> bits);
        }
    }
    if (held & ((1U << bits) - 1)) /* one value has one spelling */
        return false;
    *length = written;
    return true;
}
