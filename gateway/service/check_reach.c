/*
 * Can the endpoint be reached, and by what certificate: name, connection and TLS tried one after the other, so that the
 * line says which of them it is. The HTTP client meets the same, but can only say that it failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "service/check_parts.h"

enum { PATIENCE_S = 10, SOON_DAYS = 14, HOST_MAX = 256 };

struct origin {
    bool tls;
    char host[HOST_MAX];
    char port[6];
};

static bool split(const char *origin, struct origin *out)
{
    const char *at = strstr(origin, "://");
    const char *end;

    if (!at)
        return false;
    out->tls = strncmp(origin, "https:", 6) == 0;
    at += 3;
    end = *at == '[' ? strchr(at, ']') : at + strcspn(at, ":/");
    if (!end)
        return false;
    snprintf(out->host, sizeof out->host, "%.*s", (int)(end - at - (*at == '[')), at + (*at == '['));
    end += *end == ']';
    snprintf(out->port, sizeof out->port, "%.5s", *end == ':' ? end + 1 : (out->tls ? "443" : "80"));
    out->port[strcspn(out->port, "/")] = '\0';
    return true;
}

/* ---- the connection ---- */

static int connect_one(const struct addrinfo *address)
{
    struct pollfd waiting = {.events = POLLOUT};
    int failed = 0;
    socklen_t size = sizeof failed;

    waiting.fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (waiting.fd < 0)
        return -1;
    if (connect(waiting.fd, address->ai_addr, address->ai_addrlen) != 0) {
        failed = errno;
        if (failed == EINPROGRESS)
            failed = poll(&waiting, 1, PATIENCE_S * 1000) == 1 ? 0 : ETIMEDOUT;
        if (!failed)
            getsockopt(waiting.fd, SOL_SOCKET, SO_ERROR, &failed, &size);
    }
    if (failed) {
        close(waiting.fd);
        errno = failed;
        return -1;
    }
    return waiting.fd;
}

static int reach(struct check *c, const struct origin *origin)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    struct gw_error failure;
    int fd = -1;
    const int unknown = getaddrinfo(origin->host, origin->port, &hints, &found);

    if (unknown) {
        gw_fail(&failure, GW_ERETRY, "service.check",
                "the name %s is not known (%s): correct \"base\", or ask for the name to be entered in DNS",
                origin->host, gai_strerror(unknown));
        check_fail(c, "address", &failure);
        return -1;
    }
    for (const struct addrinfo *one = found; one && fd < 0; one = one->ai_next)
        fd = connect_one(one);
    freeaddrinfo(found);
    if (fd >= 0)
        return fd;
    gw_fail(&failure, GW_ERETRY, "service.check",
            "%s port %s takes no connection (%s): is the server up, and does the firewall let this machine out to it?",
            origin->host, origin->port, strerror(errno));
    check_fail(c, "address", &failure);
    return -1;
}

/* ---- the certificate ---- */

static SSL_CTX *make_context(struct check *c, struct gw_error *err)
{
    const struct gw_config_endpoint *e = c->endpoint;
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    int fine = context && SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);

    if (fine)
        fine = e->tls_ca ? SSL_CTX_load_verify_file(context, e->tls_ca) : SSL_CTX_set_default_verify_paths(context);
    if (fine && e->tls_cert && e->tls_key)
        fine = SSL_CTX_use_certificate_chain_file(context, e->tls_cert) == 1 &&
               SSL_CTX_use_PrivateKey_file(context, e->tls_key, SSL_FILETYPE_PEM) == 1;
    if (fine)
        return context;
    SSL_CTX_free(context);
    gw_fail(err, GW_ECONFIG, "service.check", "endpoint %s: \"tls\" names a file that cannot be read as PEM", e->id);
    return NULL;
}

static void print_end(const X509 *certificate, char out[16], int *days)
{
    struct tm end = {0};
    int seconds = 0;

    ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end);
    strftime(out, 16, "%Y-%m-%d", &end);
    ASN1_TIME_diff(days, &seconds, NULL, X509_get0_notAfter(certificate));
}

static bool judge_certificate(struct check *c, SSL *ssl, const struct origin *origin)
{
    X509 *certificate = SSL_get0_peer_certificate(ssl);
    const long verdict = SSL_get_verify_result(ssl);
    char end[16] = "";
    int days = 0;
    struct gw_error failure;

    if (certificate)
        print_end(certificate, end, &days);
    if (certificate && verdict == X509_V_ERR_CERT_HAS_EXPIRED) {
        gw_fail(&failure, GW_EPROTO, "service.check",
                "the certificate of %s expired on %s: it must be renewed on the server", origin->host, end);
    } else if (certificate && verdict != X509_V_OK) {
        gw_fail(&failure, GW_EPROTO, "service.check",
                "the certificate of %s is refused (%s): set \"tls\": {\"ca\": FILE} to the authority that signed it",
                origin->host, X509_verify_cert_error_string(verdict));
    } else if (!certificate) {
        gw_fail(&failure, GW_EPROTO, "service.check", "%s port %s does not speak TLS: is \"base\" the right address?",
                origin->host, origin->port);
    } else {
        check_say(c, "TLS", days < SOON_DAYS ? GW_CHECK_NOTE : GW_CHECK_OK, "%s, certificate valid until %s%s",
                  SSL_get_version(ssl), end, days < SOON_DAYS ? ": ask for it to be renewed soon" : "");
        return true;
    }
    check_fail(c, "TLS", &failure);
    return false;
}

static bool check_tls(struct check *c, int fd, const struct origin *origin)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    struct gw_error failure;
    SSL_CTX *context = make_context(c, &failure);
    SSL *ssl = context ? SSL_new(context) : NULL;
    bool fine = false;

    if (!ssl) {
        check_fail(c, "TLS", &failure);
        SSL_CTX_free(context);
        return false;
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    SSL_set_fd(ssl, fd);
    SSL_set_verify(ssl, SSL_VERIFY_NONE, NULL); /* judged below, so that the line can say what it is */
    if (!X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), origin->host)) {
        SSL_set_tlsext_host_name(ssl, origin->host);
        SSL_set1_host(ssl, origin->host);
    }
    SSL_connect(ssl);
    fine = judge_certificate(c, ssl, origin);
    SSL_free(ssl);
    SSL_CTX_free(context);
    return fine;
}

bool check_reach(struct check *c, const char *text)
{
    struct origin origin = {0};
    bool fine = true;
    int fd, flags;

    if (c->endpoint->proxy) {
        check_say(c, "address", GW_CHECK_NOTE, "asked through the proxy, so name and certificate are not tried alone");
        return true;
    }
    if (!split(text, &origin))
        return true; /* the gate has read it: nothing to try */
    fd = reach(c, &origin);
    if (fd < 0)
        return false;
    check_say(c, "address", GW_CHECK_OK, "%s port %s takes connections", origin.host, origin.port);
    flags = fcntl(fd, F_GETFL);
    fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
    if (origin.tls)
        fine = check_tls(c, fd, &origin);
    else
        check_say(c, "TLS", GW_CHECK_NOTE, "plain HTTP, which is taken on this machine only");
    close(fd);
    return fine;
}
