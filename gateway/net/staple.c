/*
 * A stapled answer is verified as OpenSSL does it, and then asked about the very certificate of the server.
 */
#include "net/staple.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <stdbool.h>

enum {
    CLOCKS_S = 300,             /* by which two clocks may differ */
    UNDATED_MOST_S = 7 * 86400, /* of an answer that names no end */
};

static bool in_time(ASN1_GENERALIZEDTIME *from, ASN1_GENERALIZEDTIME *until)
{
    return OCSP_check_validity(from, until, CLOCKS_S, until ? -1 : UNDATED_MOST_S) == 1;
}

/* Names are hashes of the issuer's name and key, by the hash that the answer likes. */
static bool is_about(OCSP_SINGLERESP *single, const X509 *certificate, const X509 *issuer)
{
    OCSP_CERTID *named = (OCSP_CERTID *)(uintptr_t)OCSP_SINGLERESP_get0_id(single), *own = NULL;
    const EVP_MD *hash = NULL;
    ASN1_OBJECT *algorithm = NULL;
    bool same;

    if (OCSP_id_get0_info(NULL, &algorithm, NULL, NULL, named) == 1)
        hash = EVP_get_digestbyobj(algorithm);
    if (hash)
        own = OCSP_cert_to_id(hash, certificate, issuer);
    same = own && OCSP_id_cmp(own, named) == 0;
    OCSP_CERTID_free(own);
    return same;
}

/* X509_V_OK: not revoked. Of several words on it each counts. */
static int status_of(OCSP_BASICRESP *basic, const X509 *certificate, const X509 *issuer)
{
    int verdict = X509_V_ERR_OCSP_CERT_UNKNOWN;

    for (int i = 0; i < OCSP_resp_count(basic); i++) {
        OCSP_SINGLERESP *single = OCSP_resp_get0(basic, i);
        ASN1_GENERALIZEDTIME *from = NULL, *until = NULL;
        int status;

        if (!is_about(single, certificate, issuer))
            continue;
        status = OCSP_single_get0_status(single, NULL, NULL, &from, &until);
        if (status == V_OCSP_CERTSTATUS_REVOKED)
            return X509_V_ERR_CERT_REVOKED;
        if (status != V_OCSP_CERTSTATUS_GOOD)
            return X509_V_ERR_OCSP_CERT_UNKNOWN;
        if (!in_time(from, until))
            return X509_V_ERR_OCSP_VERIFY_FAILED;
        verdict = X509_V_OK;
    }
    return verdict;
}

/* Its chain was verified before: the second certificate is the first one's issuer. */
static int judge(SSL *ssl, OCSP_RESPONSE *response)
{
    STACK_OF(X509) *chain = SSL_get0_verified_chain(ssl);
    X509_STORE *store = SSL_CTX_get_cert_store(SSL_get_SSL_CTX(ssl));
    OCSP_BASICRESP *basic = response ? OCSP_response_get1_basic(response) : NULL;
    int verdict = X509_V_ERR_OCSP_VERIFY_FAILED;

    if (basic && sk_X509_num(chain) > 1 && OCSP_basic_verify(basic, chain, store, 0) == 1)
        verdict = status_of(basic, sk_X509_value(chain, 0), sk_X509_value(chain, 1));
    OCSP_BASICRESP_free(basic);
    return verdict;
}

/* The verdict is told as one on the certificate is: libcurl takes the words of the first error there is. */
static int on_staple(SSL *ssl, void *nobody)
{
    const unsigned char *bytes = NULL;
    const long length = SSL_get_tlsext_status_ocsp_resp(ssl, &bytes);
    OCSP_RESPONSE *response;
    int verdict;

    (void)nobody;
    if (!bytes || length <= 0)
        return 1;
    response = d2i_OCSP_RESPONSE(NULL, &bytes, length);
    verdict = judge(ssl, response);
    OCSP_RESPONSE_free(response);
    if (verdict == X509_V_OK)
        return 1;
    SSL_set_verify_result(ssl, verdict);
    ERR_clear_error();
    ERR_raise(ERR_LIB_SSL, SSL_R_CERTIFICATE_VERIFY_FAILED);
    return 0;
}

void staple_heed(SSL_CTX *context)
{
    SSL_CTX_set_tlsext_status_type(context, TLSEXT_STATUSTYPE_ocsp);
    SSL_CTX_set_tlsext_status_cb(context, on_staple);
}
