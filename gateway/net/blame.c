/*
 * libcurl's codes as sentences for an operator. Its own words are repeated only where they cannot hold a query.
 */
#include "net/blame.h"

#include <openssl/x509.h>
#include <stdbool.h>
#include <string.h>

static const char where[] = "net.http";

enum { PROXY_DENIED = 407 };

static const char *certificate_advice(long verdict)
{
    switch (verdict) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return "the server's administrator must renew it";
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return "check this machine's clock, or ask the server's administrator";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return "if the hospital has its own authority, name its certificate in \"tls\": {\"ca\": ...}";
    case X509_V_ERR_CERT_REVOKED:
        return "its authority took it back: somebody may have its key; the server's administrator must replace it";
    case X509_V_ERR_OCSP_VERIFY_FAILED:
    case X509_V_ERR_OCSP_CERT_UNKNOWN:
        return "the answer of its authority that the server staples to it is out of date, of another certificate or "
               "not "
               "the authority's: ask the server's administrator";
    default:
        return "ask the server's administrator";
    }
}

static bool contains(const char *detail, const char *word)
{
    return strcasestr(detail, word) != NULL;
}

static enum gw_status blame_certificate(CURL *easy, const char *host, const char *detail, struct gw_error *err)
{
    long verdict = X509_V_OK;

    curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verdict);
    if (contains(detail, "subject name") || verdict == X509_V_ERR_HOSTNAME_MISMATCH ||
        verdict == X509_V_ERR_IP_ADDRESS_MISMATCH)
        return gw_fail(
            err, GW_EPROTO, where,
            "the certificate of %s is for another name: use the name it was made for in \"base\", or ask the "
            "server's administrator",
            host);
    return gw_fail(err, GW_EPROTO, where, "the certificate of %s cannot be accepted (%s): %s", host,
                   verdict == X509_V_ERR_UNSPECIFIED ? detail : X509_verify_cert_error_string(verdict),
                   certificate_advice(verdict));
}

/* What the far side says in a TLS alert comes at the handshake (1.2) or with the first read (1.3). */
static enum gw_status blame_tls(const char *host, const char *detail, struct gw_error *err)
{
    if (contains(detail, "alert") && (contains(detail, "certificate") || contains(detail, "unknown ca") ||
                                      contains(detail, "access denied") || contains(detail, "handshake failure")))
        return gw_fail(err, GW_EDENIED, where,
                       "%s refused the TLS connection: it wants a client certificate it knows; check \"tls\": "
                       "{\"cert\": ..., \"key\": ...}",
                       host);
    if (contains(detail, "version"))
        return gw_fail(err, GW_EPROTO, where, "%s does not speak TLS 1.2 or newer on this port: check the address",
                       host);
    if (contains(detail, "SYSCALL") || contains(detail, "eof") || contains(detail, "reset"))
        return gw_fail(err, GW_ERETRY, where, "%s ended the connection during the TLS handshake", host);
    return gw_fail(err, GW_EPROTO, where, "no TLS connection to %s: %s", host, detail);
}

static enum gw_status blame_timeout(CURL *easy, const char *described, const char *host, const char *detail,
                                    struct gw_error *err)
{
    curl_off_t ready = 0;

    curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &ready);
    if (ready == 0)
        return gw_fail(err, GW_ERETRY, where, "%s could not be reached in time: is it up, and reachable from here?",
                       host);
    if (contains(detail, "too slow"))
        return gw_fail(err, GW_ERETRY, where, "%s: the answer stalled (less than 1 KiB/s for too long)", described);
    return gw_fail(err, GW_ERETRY, where, "%s: the answer did not come in time", described);
}

static enum gw_status blame_connect(CURL *easy, const char *host, struct gw_error *err)
{
    long reason = 0;

    curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &reason);
    return gw_fail(err, GW_ERETRY, where, "%s does not take connections%s%s: is it up, and the port right?", host,
                   reason ? ": " : "", reason ? strerror((int)reason) : "");
}

static enum gw_status blame_lost(CURL *easy, const char *described, const char *host, const char *detail,
                                 struct gw_error *err)
{
    long proxied = 0;

    curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &proxied);
    if (proxied == PROXY_DENIED)
        return gw_fail(err, GW_EDENIED, where, "the proxy wants credentials for %s (407): ask its administrator", host);
    if (proxied >= 300)
        return gw_fail(err, GW_ERETRY, where, "the proxy did not let us through to %s (%ld)", host, proxied);
    if (contains(detail, "alert"))
        return blame_tls(host, detail, err);
    return gw_fail(err, GW_ERETRY, where, "%s: the connection was lost before the whole answer came", described);
}

enum gw_status blame(CURL *easy, CURLcode code, const char *described, const char *host, const char *detail,
                     struct gw_error *err)
{
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return gw_fail(err, GW_ERETRY, where,
                       "host name %s cannot be resolved: check the address, and this machine's DNS", host);
    case CURLE_COULDNT_RESOLVE_PROXY:
        return gw_fail(err, GW_ERETRY, where, "the name of the proxy cannot be resolved: check \"proxy\"");
    case CURLE_COULDNT_CONNECT:
    case CURLE_PROXY:
        return blame_connect(easy, host, err);
    case CURLE_OPERATION_TIMEDOUT:
        return blame_timeout(easy, described, host, detail, err);
    case CURLE_PEER_FAILED_VERIFICATION:
        return blame_certificate(easy, host, detail, err);
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
        return gw_fail(
            err, GW_EPROTO, where,
            "the key of %s is none of the \"pins\" in \"tls\", nothing was asked: if its administrator changed "
            "it, take its pin in; if not, somebody stands in between",
            host);
    case CURLE_SSL_CONNECT_ERROR:
        return blame_tls(host, detail, err);
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CIPHER:
        return gw_fail(err, GW_ECONFIG, where, "a certificate or key in \"tls\" cannot be used: %s", detail);
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        return blame_lost(easy, described, host, detail, err);
    case CURLE_OUT_OF_MEMORY:
        return gw_fail(err, GW_ENOMEM, where, "%s: no memory for the request", described);
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return gw_fail(err, GW_EPROTO, where, "%s: not an HTTP address, or no HTTP answer", described);
    default:
        return gw_fail(err, GW_EPROTO, where, "%s: the answer breaks HTTP (%s)", described, curl_easy_strerror(code));
    }
}

enum gw_trouble blame_trouble(CURLcode code, enum gw_status status, long proxied)
{
    const bool handshake = code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CONNECT_ERROR ||
                           code == CURLE_SSL_PINNEDPUBKEYNOTMATCH;
    const bool alert = status == GW_EDENIED && proxied != PROXY_DENIED;

    return (handshake && status != GW_ERETRY) || alert ? GW_TROUBLE_TLS : gw_trouble_of_failure(status);
}
