/*
 * Ed25519 on libcrypto.
 */
#include "gateway/core/signature.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/core/digest.h"

enum { KEY_MAX_BYTES = 16 * 1024, PUBLIC_BYTES = 32, PATH_MAX_BYTES = 4096 };

static const char where[] = "core.signature";

struct gw_signature_key {
    EVP_PKEY *pkey;
    char name[GW_KEY_NAME_DIGITS + 1];
};

static enum gw_status no_key(struct gw_error *err)
{
    return gw_fail(err, GW_ENOMEM, where, "libcrypto makes no Ed25519 key; repair the OpenSSL installation");
}

/* Takes the key over. */
static enum gw_status adopt(EVP_PKEY *pkey, const char *path, struct gw_signature_key **out, struct gw_error *err)
{
    struct gw_signature_key *key = calloc(1, sizeof *key);
    uint8_t raw[PUBLIC_BYTES], digest[GW_SHA256_BYTES];
    size_t length = sizeof raw;

    if (key && pkey && EVP_PKEY_is_a(pkey, "ED25519") && EVP_PKEY_get_raw_public_key(pkey, raw, &length) == 1) {
        key->pkey = pkey;
        gw_sha256(raw, length, digest);
        gw_hex(digest, GW_KEY_NAME_DIGITS / 2, key->name);
        *out = key;
        return GW_OK;
    }
    free(key);
    EVP_PKEY_free(pkey);
    return gw_fail(err, GW_ECONFIG, where, "%s: is no Ed25519 key in PEM; put the right one back", path);
}

static EVP_PKEY *parse(const struct gw_text *pem)
{
    BIO *bio = BIO_new_mem_buf(pem->at, (int)pem->length);
    EVP_PKEY *pkey = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)"") : NULL;

    BIO_free(bio);
    if (pkey)
        return pkey;
    bio = BIO_new_mem_buf(pem->at, (int)pem->length);
    pkey = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    return pkey;
}

static enum gw_status print(const struct gw_signature_key *key, bool private, struct gw_text *out, struct gw_error *err)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *at;
    long length;
    const int fine = bio && (private ? PEM_write_bio_PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL, NULL)
                                     : PEM_write_bio_PUBKEY(bio, key->pkey));

    if (fine && (length = BIO_get_mem_data(bio, &at)) > 0)
        gw_text_append(out, at, (size_t)length);
    BIO_free(bio);
    return fine && !out->failed ? GW_OK : no_key(err);
}

/* Whole or not at all, and never over one that another process made meanwhile. */
static enum gw_status make(const char *path, struct gw_error *err)
{
    struct gw_signature_key *key = NULL;
    struct gw_text pem = GW_TEXT_INIT(KEY_MAX_BYTES), aside = GW_TEXT_INIT(PATH_MAX_BYTES);
    enum gw_status rc = adopt(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), path, &key, err);

    gw_text_print(&aside, "%s.%ld", path, (long)getpid());
    if (rc == GW_OK)
        rc = aside.failed ? no_key(err) : print(key, true, &pem, err);
    if (rc == GW_OK)
        rc = gw_text_write_file(aside.at, 0600, pem.at, pem.length, err);
    if (rc == GW_OK && link(aside.at, path) != 0 && errno != EEXIST)
        rc = gw_fail(err, GW_ECREATE, where, "%s: the key cannot be made: %s", path, strerror(errno));
    if (!aside.failed)
        unlink(aside.at);
    if (pem.length > 0)
        explicit_bzero(pem.at, pem.length);
    gw_text_release(&pem);
    gw_text_release(&aside);
    gw_signature_key_free(key);
    return rc;
}

enum gw_status gw_signature_key_keep(const char *path, struct gw_signature_key **out, struct gw_error *err)
{
    const enum gw_status rc = access(path, F_OK) == 0 ? GW_OK : make(path, err);

    return rc == GW_OK ? gw_signature_key_secret(path, out, err) : rc;
}

enum gw_status gw_signature_key_secret(const char *path, struct gw_signature_key **out, struct gw_error *err)
{
    struct gw_text pem = GW_TEXT_INIT(KEY_MAX_BYTES);
    enum gw_status rc = gw_text_read_secret(&pem, path, err);

    if (rc == GW_OK)
        rc = adopt(parse(&pem), path, out, err);
    if (pem.length > 0)
        explicit_bzero(pem.at, pem.length);
    gw_text_release(&pem);
    return rc;
}

enum gw_status gw_signature_key_read(const char *path, struct gw_signature_key **out, struct gw_error *err)
{
    struct gw_text pem = GW_TEXT_INIT(KEY_MAX_BYTES);
    enum gw_status rc = gw_text_read_file(&pem, path, err);

    if (rc == GW_OK)
        rc = adopt(parse(&pem), path, out, err);
    if (pem.length > 0)
        explicit_bzero(pem.at, pem.length);
    gw_text_release(&pem);
    return rc;
}

void gw_signature_key_free(struct gw_signature_key *key)
{
    if (!key)
        return;
    EVP_PKEY_free(key->pkey);
    free(key);
}

const char *gw_signature_key_name(const struct gw_signature_key *key)
{
    return key->name;
}

enum gw_status gw_signature_key_public(const struct gw_signature_key *key, struct gw_text *pem, struct gw_error *err)
{
    return print(key, false, pem, err);
}

enum gw_status gw_signature_make(const struct gw_signature_key *key, const void *bytes, size_t length,
                                 uint8_t out[GW_SIGNATURE_BYTES], struct gw_error *err)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t room = GW_SIGNATURE_BYTES;
    const bool fine = ctx && EVP_DigestSignInit_ex(ctx, NULL, NULL, NULL, NULL, key->pkey, NULL) == 1 &&
                      EVP_DigestSign(ctx, out, &room, bytes, length) == 1 && room == GW_SIGNATURE_BYTES;

    EVP_MD_CTX_free(ctx);
    return fine ? GW_OK : gw_fail(err, GW_ECONFIG, where, "this key cannot sign: it is the public half alone");
}

bool gw_signature_holds(const struct gw_signature_key *key, const void *bytes, size_t length,
                        const uint8_t signature[GW_SIGNATURE_BYTES])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const bool holds = ctx && EVP_DigestVerifyInit_ex(ctx, NULL, NULL, NULL, NULL, key->pkey, NULL) == 1 &&
                       EVP_DigestVerify(ctx, signature, GW_SIGNATURE_BYTES, bytes, length) == 1;

    EVP_MD_CTX_free(ctx);
    return holds;
}

/* ---- lines ---- */

static const char signature_member[] = ",\"signature\":\"", line_end[] = "\"}";

enum gw_status gw_signature_end_line(const struct gw_signature_key *key, struct gw_text *line, size_t start,
                                     struct gw_error *err)
{
    uint8_t signature[GW_SIGNATURE_BYTES];
    enum gw_status rc;

    if (line->failed)
        return gw_fail(err, GW_ENOMEM, where, "no memory for a signed line");
    rc = gw_signature_make(key, line->at + start, line->length - start, signature, err);
    if (rc != GW_OK)
        return rc;
    gw_text_add(line, signature_member);
    gw_base64url_encode(line, signature, sizeof signature);
    gw_text_add(line, line_end);
    return line->failed ? gw_fail(err, GW_ENOMEM, where, "no memory for a signed line") : GW_OK;
}

/* Bytes are compared and not members: what was signed is what was written. */
size_t gw_signature_of_line(const struct gw_signature_key *key, const char *line, size_t length)
{
    const char *at = memmem(line, length, signature_member, sizeof signature_member - 1);
    const size_t tail = sizeof line_end - 1;
    uint8_t signature[GW_SIGNATURE_BYTES];
    size_t room = sizeof signature;

    if (!at)
        return 0;
    const char *digits = at + sizeof signature_member - 1, *end = line + length;
    if ((size_t)(end - digits) < tail || memcmp(end - tail, line_end, tail) != 0 ||
        !gw_base64url_decode(digits, (size_t)(end - digits) - tail, signature, &room) || room != sizeof signature ||
        !gw_signature_holds(key, line, (size_t)(at - line), signature))
        return 0;
    return (size_t)(at - line);
}
