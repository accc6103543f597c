/*
 * What to ask of a server that wants to know who we are before it says anything: by the certificate we have, or have
 * not.
 */
#include <openssl/pem.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "gateway/core/digest.h"
#include "service/check_parts.h"

const char *check_name_of(const X509_NAME *name, char out[CHECK_NAME_BYTES])
{
    X509_NAME *asked = (X509_NAME *)(uintptr_t)name;

    out[0] = '\0';
    if (X509_NAME_get_text_by_NID(asked, NID_commonName, out, CHECK_NAME_BYTES) <= 0 &&
        X509_NAME_get_text_by_NID(asked, NID_organizationName, out, CHECK_NAME_BYTES) <= 0)
        snprintf(out, CHECK_NAME_BYTES, "(no name)");
    return out;
}

const char *check_end_of(const X509 *certificate, char out[CHECK_DAY_BYTES], int *days)
{
    struct tm end = {0};
    int seconds = 0;

    ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end);
    strftime(out, CHECK_DAY_BYTES, "%Y-%m-%d", &end);
    ASN1_TIME_diff(days, &seconds, NULL, X509_get0_notAfter(certificate));
    return out;
}

static X509 *read_own(const char *path)
{
    FILE *file = path ? fopen(path, "re") : NULL;
    X509 *certificate = file ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;

    if (file)
        fclose(file);
    return certificate;
}

static const char *ask_to_know(struct check *c, const X509 *own)
{
    char name[CHECK_NAME_BYTES], issuer[CHECK_NAME_BYTES], end[CHECK_DAY_BYTES];
    char digits[2 * GW_SHA256_BYTES + 1];
    uint8_t hash[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    int days = 0;

    X509_digest(own, EVP_sha256(), hash, &length);
    gw_hex(hash, GW_SHA256_BYTES, digits);
    check_name_of(X509_get_subject_name(own), name);
    check_name_of(X509_get_issuer_name(own), issuer);
    check_end_of(own, end, &days);
    if (X509_cmp_current_time(X509_get0_notAfter(own)) < 0)
        return check_print(c, "a new client certificate: that of %s, issued by %s, ended on %s", name, issuer, end);
    return check_print(c, "that it takes the client certificate of %s, issued by %s, valid until %s (SHA-256 %s)%s%s",
                       name, issuer, end, digits, c->authorities ? "; it says that it takes those of " : "",
                       c->authorities ? c->authorities : "");
}

static const char *ask_for_one(struct check *c)
{
    const char *client = c->endpoint->client_id ? c->endpoint->client_id : "this gateway";

    if (c->authorities)
        return check_print(c, "a client certificate for %s, issued by %s", client, c->authorities);
    return check_print(c, "a client certificate for %s, from an authority that the server takes", client);
}

struct advice check_client_advice(struct check *c)
{
    X509 *own = read_own(c->endpoint->tls_cert);
    const struct advice advice = {.means =
                                      "nothing is read: the server answers only clients whose certificate it knows",
                                  .ask = own ? ask_to_know(c, own) : ask_for_one(c)};

    X509_free(own);
    return advice;
}
