/*
 * For the suites of this room: programs run by the shell, and signatures checked by OpenSSL.
 */
#ifndef NET_TEST_KEY_H
#define NET_TEST_KEY_H

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/core/arena.h"
#include "gateway/core/digest.h"
#include "gateway/core/json.h"
#include "gateway/net/jwk.h"

/* Quietly; the exit status. */
__attribute__((format(printf, 1, 2), unused)) static int run(const char *format, ...)
{
    char command[8192], quiet[8300];
    va_list args;

    va_start(args, format);
    vsnprintf(command, sizeof(command), format, args);
    va_end(args);
    snprintf(quiet, sizeof(quiet), "( %s ) >/dev/null 2>&1", command);
    return system(quiet);
}

static inline BIGNUM *number_of(const cJSON *jwk, const char *name)
{
    uint8_t bytes[1024];
    size_t length = sizeof(bytes);
    const char *text = gw_json_string(jwk, name);

    return gw_base64url_decode(text, strlen(text), bytes, &length) ? BN_bin2bn(bytes, (int)length, NULL) : NULL;
}

/* The public key that the key's JWKS shows, built anew. */
static inline EVP_PKEY *public_of(const struct gw_jwk *key)
{
    struct gw_text set = GW_TEXT_INIT(1 << 16);
    struct gw_arena arena = GW_ARENA_INIT(1 << 20);
    const bool ec = strcmp(gw_jwk_alg_name(key), "ES384") == 0;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, ec ? "EC" : "RSA", NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    BIGNUM *a, *b;
    unsigned char point[97] = {4};
    EVP_PKEY *pkey = NULL;
    OSSL_PARAM *params;
    const cJSON *json, *jwk;

    gw_jwk_public_set(&key, 1, &set);
    gw_json_parse(&arena, set.at, set.length, NULL, &json, NULL, NULL);
    jwk = gw_json_array(json, "keys")->child;
    a = number_of(jwk, ec ? "x" : "n");
    b = number_of(jwk, ec ? "y" : "e");
    if (ec) {
        BN_bn2binpad(a, point + 1, 48);
        BN_bn2binpad(b, point + 49, 48);
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "P-384", 0);
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point));
    } else {
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, a);
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, b);
    }
    params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_fromdata_init(ctx);
    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(ctx);
    BN_free(a);
    BN_free(b);
    gw_arena_release(&arena);
    gw_text_release(&set);
    return pkey;
}

/* Is the JWT signed by this key, as SHA-384 and, with ES384, with raw r || s? */
static inline bool token_verifies(const struct gw_jwk *key, const char *token)
{
    const char *end = strrchr(token, '.');
    unsigned char raw[1024], der[1024], *at = der;
    size_t length = sizeof(raw);
    EVP_PKEY *pkey = public_of(key);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const unsigned char *signature = raw;
    bool fine = gw_base64url_decode(end + 1, strlen(end + 1), raw, &length);

    if (fine && strcmp(gw_jwk_alg_name(key), "ES384") == 0) {
        ECDSA_SIG *pair = ECDSA_SIG_new();

        fine = length == 96;
        ECDSA_SIG_set0(pair, BN_bin2bn(raw, 48, NULL), BN_bin2bn(raw + 48, 48, NULL));
        length = (size_t)i2d_ECDSA_SIG(pair, &at);
        signature = der;
        ECDSA_SIG_free(pair);
    }
    fine = fine && EVP_DigestVerifyInit_ex(ctx, NULL, "SHA384", NULL, NULL, pkey, NULL) == 1 &&
           EVP_DigestVerify(ctx, signature, length, (const unsigned char *)token, (size_t)(end - token)) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    return fine;
}

#endif
