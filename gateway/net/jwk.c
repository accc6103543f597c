/*
 * JWKs and JWTs over OpenSSL's EVP. Numbers travel as base64url of big-endian bytes; P-384 coordinates and signature
 * halves always have 48 of them (RFC 7518, 3.4 and 6.2).
 */
#include "gateway/net/jwk.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/core/arena.h"
#include "gateway/core/digest.h"
#include "gateway/core/json.h"

static const char where[] = "net.jwk";

enum {
    P384 = 48,         /* bytes of a coordinate */
    NUMBER_MAX = 2048, /* bytes of an RSA number: 16384 bits */
    FILE_MAX = 64 * 1024,
    RSA_LEAST_BITS = 2048,
    KID_MAX = 256,
};

/* A member of a JWK and the EVP parameter it is. */
struct member {
    const char *name;
    const char *param;
};

static const struct member rsa_members[] = {
    {"n", OSSL_PKEY_PARAM_RSA_N},          {"e", OSSL_PKEY_PARAM_RSA_E},
    {"d", OSSL_PKEY_PARAM_RSA_D},          {"p", OSSL_PKEY_PARAM_RSA_FACTOR1},
    {"q", OSSL_PKEY_PARAM_RSA_FACTOR2},    {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1},
    {"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2}, {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1},
};
enum { RSA_MEMBERS = sizeof(rsa_members) / sizeof(rsa_members[0]), RSA_PUBLIC_MEMBERS = 2 };

struct gw_jwk {
    EVP_PKEY *pkey;
    enum gw_jwk_alg alg;
    char kid[KID_MAX];
};

static enum gw_status no_memory(struct gw_error *err)
{
    return gw_fail(err, GW_ENOMEM, where, "OpenSSL failed, probably for want of memory");
}

const char *gw_jwk_kid(const struct gw_jwk *key)
{
    return key->kid;
}

const char *gw_jwk_alg_name(const struct gw_jwk *key)
{
    return key->alg == GW_JWK_ES384 ? "ES384" : "RS384";
}

int gw_jwk_alg_parse(const char *name, enum gw_jwk_alg *out)
{
    if (!gw_same(name, "ES384") && !gw_same(name, "RS384"))
        return -1;
    *out = gw_same(name, "ES384") ? GW_JWK_ES384 : GW_JWK_RS384;
    return 0;
}

void gw_jwk_free(struct gw_jwk *key)
{
    if (!key)
        return;
    EVP_PKEY_free(key->pkey);
    free(key);
}

/* ---- a key as JSON --------------------------------------------------------------------------------------------- */

static void add_bytes(struct gw_text *out, const char *name, const unsigned char *bytes, size_t length)
{
    gw_text_print(out, ",\"%s\":\"", name);
    gw_base64url_encode(out, bytes, length);
    gw_text_add(out, "\"");
}

/* width 0: as many bytes as the number needs. */
static void add_number(struct gw_text *out, const EVP_PKEY *pkey, const struct member *member, int width)
{
    unsigned char bytes[NUMBER_MAX];
    BIGNUM *number = NULL;
    int length = -1;

    if (EVP_PKEY_get_bn_param(pkey, member->param, &number))
        length = BN_bn2binpad(number, bytes, width ? width : BN_num_bytes(number));
    if (length < 0)
        out->failed = true;
    else
        add_bytes(out, member->name, bytes, (size_t)length);
    BN_clear_free(number);
    OPENSSL_cleanse(bytes, sizeof(bytes));
}

static void add_ec(struct gw_text *out, const EVP_PKEY *pkey, bool private)
{
    static const struct member d = {"d", OSSL_PKEY_PARAM_PRIV_KEY};
    unsigned char point[1 + 2 * P384];
    size_t length = 0;

    if (!EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &length) ||
        length != sizeof(point)) {
        out->failed = true;
        return;
    }
    add_bytes(out, "x", point + 1, P384);
    add_bytes(out, "y", point + 1 + P384, P384);
    if (private)
        add_number(out, pkey, &d, P384);
}

static void print_key(const struct gw_jwk *key, bool private, struct gw_text *out)
{
    const bool ec = key->alg == GW_JWK_ES384;

    gw_text_print(out,
                  "{\"kty\":\"%s\"%s,\"use\":\"sig\",\"alg\":\"%s\",\"key_ops\":[\"%s\"],\"kid\":", ec ? "EC" : "RSA",
                  ec ? ",\"crv\":\"P-384\"" : "", gw_jwk_alg_name(key), private ? "sign" : "verify");
    gw_json_quote(out, key->kid);
    if (ec)
        add_ec(out, key->pkey, private);
    for (size_t i = 0; !ec && i < (private ? RSA_MEMBERS : RSA_PUBLIC_MEMBERS); i++)
        add_number(out, key->pkey, &rsa_members[i], 0);
    gw_text_add(out, "}");
}

void gw_jwk_public_set(const struct gw_jwk *const *keys, size_t count, struct gw_text *out)
{
    gw_text_add(out, "{\"keys\":[");
    for (size_t i = 0; i < count; i++) {
        gw_text_add(out, i ? "," : "");
        print_key(keys[i], false, out);
    }
    gw_text_add(out, "]}\n");
}

/* The thumbprint of RFC 7638: the digest of the required members in the order of their names. */
static enum gw_status set_thumbprint(struct gw_jwk *key, struct gw_error *err)
{
    struct gw_text text = GW_TEXT_INIT(FILE_MAX), kid = GW_TEXT_INIT(KID_MAX - 1);
    uint8_t digest[GW_SHA256_BYTES];
    enum gw_status rc = GW_OK;

    if (key->alg == GW_JWK_ES384) {
        gw_text_add(&text, "{\"crv\":\"P-384\",\"kty\":\"EC\"");
        add_ec(&text, key->pkey, false);
    } else {
        struct gw_text e = GW_TEXT_INIT(FILE_MAX);

        add_number(&e, key->pkey, &rsa_members[1], 0);
        if (e.failed)
            text.failed = true;
        else
            gw_text_print(&text, "{%s,\"kty\":\"RSA\"", e.at + 1); /* without its comma */
        gw_text_release(&e);
        add_number(&text, key->pkey, &rsa_members[0], 0);
    }
    gw_text_add(&text, "}");
    gw_sha256(text.at, text.length, digest);
    gw_base64url_encode(&kid, digest, sizeof(digest));
    if (text.failed || kid.failed)
        rc = no_memory(err);
    else
        memcpy(key->kid, kid.at, kid.length + 1);
    gw_text_release(&text);
    gw_text_release(&kid);
    return rc;
}

/* ---- made, written, read --------------------------------------------------------------------------------------- */

enum gw_status gw_jwk_generate(enum gw_jwk_alg alg, unsigned rsa_bits, struct gw_jwk **out, struct gw_error *err)
{
    const unsigned bits = rsa_bits ? rsa_bits : 3072;
    struct gw_jwk *key;
    enum gw_status rc;

    if (alg == GW_JWK_RS384 && bits != 3072 && bits != 4096)
        return gw_fail(err, GW_EUSAGE, where, "an RSA key has 3072 or 4096 bits, not %u", bits);
    key = calloc(1, sizeof(*key));
    if (!key)
        return no_memory(err);
    key->alg = alg;
    key->pkey = alg == GW_JWK_ES384 ? EVP_EC_gen("P-384") : EVP_RSA_gen(bits);
    rc = key->pkey ? set_thumbprint(key, err) : no_memory(err);
    if (rc == GW_OK)
        *out = key;
    else
        gw_jwk_free(key);
    return rc;
}

static enum gw_status write_new(const char *path, const struct gw_text *text, struct gw_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool fine;

    if (fd < 0 && errno == EEXIST)
        return gw_fail(err, GW_ECREATE, where, "%s: is there already; a key is never overwritten: choose another name",
                       path);
    if (fd < 0)
        return gw_fail(err, GW_ECREATE, where, "%s: cannot be created: %s", path, strerror(errno));
    fine = fchmod(fd, 0600) == 0 && write(fd, text->at, text->length) == (ssize_t)text->length && fsync(fd) == 0;
    fine = close(fd) == 0 && fine;
    if (fine)
        return GW_OK;
    unlink(path);
    return gw_fail(err, GW_EIO, where, "%s: cannot be written: %s", path, strerror(errno));
}

enum gw_status gw_jwk_save(const struct gw_jwk *key, const char *path, struct gw_error *err)
{
    struct gw_text text = GW_TEXT_INIT(FILE_MAX);
    enum gw_status rc;

    print_key(key, true, &text);
    gw_text_add(&text, "\n");
    rc = text.failed ? no_memory(err) : write_new(path, &text, err);
    OPENSSL_cleanse(text.at, text.length);
    gw_text_release(&text);
    return rc;
}

/* A member's bytes; false when it is absent or no base64url. */
static bool member_bytes(const cJSON *jwk, const char *name, uint8_t *out, size_t *length)
{
    const char *text = gw_json_string(jwk, name);

    return text && *text && gw_base64url_decode(text, strlen(text), out, length);
}

static bool push_number(OSSL_PARAM_BLD *build, const cJSON *jwk, const struct member *member, BIGNUM **keep)
{
    uint8_t bytes[NUMBER_MAX];
    size_t length = sizeof(bytes);

    if (!member_bytes(jwk, member->name, bytes, &length))
        return false;
    *keep = BN_secure_new();
    if (*keep && !BN_bin2bn(bytes, (int)length, *keep))
        return false;
    OPENSSL_cleanse(bytes, sizeof(bytes));
    return *keep && OSSL_PARAM_BLD_push_BN(build, member->param, *keep);
}

static EVP_PKEY *from_params(const char *type, OSSL_PARAM_BLD *build)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY *pkey = NULL;

    if (ctx && params && EVP_PKEY_fromdata_init(ctx) == 1)
        EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params);
    OSSL_PARAM_free(params);
    EVP_PKEY_CTX_free(ctx);
    return pkey;
}

static EVP_PKEY *read_rsa(const cJSON *jwk)
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    BIGNUM *numbers[RSA_MEMBERS] = {NULL};
    EVP_PKEY *pkey = NULL;
    bool fine = build != NULL;

    for (size_t i = 0; fine && i < RSA_MEMBERS; i++)
        fine = push_number(build, jwk, &rsa_members[i], &numbers[i]);
    if (fine)
        pkey = from_params("RSA", build);
    for (size_t i = 0; i < RSA_MEMBERS; i++)
        BN_clear_free(numbers[i]);
    OSSL_PARAM_BLD_free(build);
    return pkey;
}

static EVP_PKEY *read_ec(const cJSON *jwk)
{
    static const struct member d = {"d", OSSL_PKEY_PARAM_PRIV_KEY};
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    uint8_t point[1 + 2 * P384] = {4}; /* uncompressed */
    size_t x = P384, y = P384;
    BIGNUM *number = NULL;
    EVP_PKEY *pkey = NULL;

    if (build && gw_same(gw_json_string(jwk, "crv"), "P-384") && member_bytes(jwk, "x", point + 1, &x) && x == P384 &&
        member_bytes(jwk, "y", point + 1 + P384, &y) && y == P384 &&
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "P-384", 0) &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)) &&
        push_number(build, jwk, &d, &number))
        pkey = from_params("EC", build);
    BN_clear_free(number);
    OSSL_PARAM_BLD_free(build);
    return pkey;
}

/* Do the private and the public half belong together? */
static bool is_consistent(EVP_PKEY *pkey)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    bool fine = ctx && EVP_PKEY_public_check(ctx) == 1 && EVP_PKEY_pairwise_check(ctx) == 1;

    EVP_PKEY_CTX_free(ctx);
    return fine;
}

static enum gw_status read_key(struct gw_jwk *key, const cJSON *jwk, const char *path, struct gw_error *err)
{
    const char *kty = gw_json_string(jwk, "kty"), *alg = gw_json_string(jwk, "alg"), *kid = gw_json_string(jwk, "kid");

    if (!gw_same(kty, "EC") && !gw_same(kty, "RSA"))
        return gw_fail(err, GW_ECONFIG, where, "%s: not an EC or RSA key as JWK; make one with: casement keys new",
                       path);
    key->alg = gw_same(kty, "EC") ? GW_JWK_ES384 : GW_JWK_RS384;
    if (alg && !gw_same(alg, gw_jwk_alg_name(key)))
        return gw_fail(err, GW_ECONFIG, where, "%s: a key for another algorithm than %s", path, gw_jwk_alg_name(key));
    if (!gw_json_string(jwk, "d"))
        return gw_fail(err, GW_ECONFIG, where, "%s: only the public half of a key: name the private one", path);
    key->pkey = key->alg == GW_JWK_ES384 ? read_ec(jwk) : read_rsa(jwk);
    if (!key->pkey || !is_consistent(key->pkey))
        return gw_fail(err, GW_ECONFIG, where, "%s: not a whole %s key: parts are missing or do not belong together",
                       path, key->alg == GW_JWK_ES384 ? "P-384" : "RSA");
    if (key->alg == GW_JWK_RS384 && EVP_PKEY_get_bits(key->pkey) < RSA_LEAST_BITS)
        return gw_fail(err, GW_ECONFIG, where, "%s: an RSA key of fewer than 2048 bits is not safe", path);
    if (!kid || !*kid)
        return set_thumbprint(key, err);
    if (strlen(kid) >= sizeof(key->kid))
        return gw_fail(err, GW_ECONFIG, where, "%s: its kid is too long", path);
    memcpy(key->kid, kid, strlen(kid) + 1);
    return GW_OK;
}

enum gw_status gw_jwk_load(const char *path, struct gw_jwk **out, struct gw_error *err)
{
    struct gw_text text = GW_TEXT_INIT(FILE_MAX);
    struct gw_arena arena = GW_ARENA_INIT(16 * FILE_MAX);
    struct gw_jwk *key = calloc(1, sizeof(*key));
    const cJSON *jwk = NULL;
    struct gw_error reason;
    enum gw_status rc;

    if (!key)
        return no_memory(err);
    rc = gw_text_read_secret(&text, path, err);
    if (rc != GW_OK)
        goto done;
    if (gw_json_parse(&arena, text.at, text.length, NULL, &jwk, NULL, &reason) != GW_OK) {
        rc = gw_fail(err, GW_ECONFIG, where, "%s: not JSON: %s", path, reason.text);
        goto done;
    }
    rc = read_key(key, jwk, path, err);
    if (rc == GW_OK) {
        *out = key;
        key = NULL;
    }
done:
    gw_jwk_free(key);
    OPENSSL_cleanse(text.at, text.length);
    gw_text_release(&text);
    gw_arena_release(&arena);
    return rc;
}

/* ---- JWTs ------------------------------------------------------------------------------------------------------ */

/* r || s, 48 bytes each, in place of OpenSSL's DER. */
static bool raw_signature(const unsigned char *der, size_t der_length, unsigned char out[2 * P384])
{
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &der, (long)der_length);
    bool fine = signature && BN_bn2binpad(ECDSA_SIG_get0_r(signature), out, P384) == P384 &&
                BN_bn2binpad(ECDSA_SIG_get0_s(signature), out + P384, P384) == P384;

    ECDSA_SIG_free(signature);
    return fine;
}

static bool sign_bytes(const struct gw_jwk *key, const char *bytes, size_t length, struct gw_text *out)
{
    unsigned char signature[NUMBER_MAX], raw[2 * P384];
    size_t signature_length = sizeof(signature);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool fine = ctx && EVP_DigestSignInit_ex(ctx, NULL, "SHA384", NULL, NULL, key->pkey, NULL) == 1 &&
                EVP_DigestSign(ctx, signature, &signature_length, (const unsigned char *)bytes, length) == 1;

    EVP_MD_CTX_free(ctx);
    if (!fine)
        return false;
    if (key->alg == GW_JWK_RS384)
        gw_base64url_encode(out, signature, signature_length);
    else if (raw_signature(signature, signature_length, raw))
        gw_base64url_encode(out, raw, sizeof(raw));
    else
        return false;
    return !out->failed;
}

enum gw_status gw_jwt_sign(const struct gw_jwk *key, const char *claims, struct gw_text *out, struct gw_error *err)
{
    struct gw_text header = GW_TEXT_INIT(1024), token = GW_TEXT_INIT(FILE_MAX);
    enum gw_status rc = GW_OK;
    struct gw_text signature = GW_TEXT_INIT(FILE_MAX);

    gw_text_print(&header, "{\"alg\":\"%s\",\"typ\":\"JWT\",\"kid\":", gw_jwk_alg_name(key));
    gw_json_quote(&header, key->kid);
    gw_text_add(&header, "}");
    gw_base64url_encode(&token, header.at, header.length);
    gw_text_add(&token, ".");
    gw_base64url_encode(&token, claims, strlen(claims));
    if (header.failed || token.failed || !sign_bytes(key, token.at, token.length, &signature))
        rc = no_memory(err);
    gw_text_print(out, "%s.%s", token.at, signature.at);
    if (rc == GW_OK && out->failed)
        rc = gw_fail(err, GW_ENOMEM, where, "the signed token does not fit");
    gw_text_release(&header);
    gw_text_release(&token);
    gw_text_release(&signature);
    return rc;
}
