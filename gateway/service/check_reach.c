/*
 * Can the endpoint be reached, and by what certificate: name, connection and TLS tried one after the other, so that the
 * line says which of them it is. The HTTP client meets the same, but can only say that it failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "gateway/core/digest.h"
#include "service/check_parts.h"

static const char where[] = "service.check";

enum { PATIENCE_S = 10, SOON_DAYS = 30, HOST_MAX = 256, AUTHORITIES_MAX = 3 };

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

/* Loopback, private or link-local: an address that means another machine elsewhere. */
static bool is_local(const struct sockaddr *address)
{
    const uint8_t *at;

    if (address->sa_family == AF_INET) {
        at = (const uint8_t *)&((const struct sockaddr_in *)(const void *)address)->sin_addr;
        return at[0] == 10 || at[0] == 127 || at[0] == 0 || (at[0] == 172 && at[1] >= 16 && at[1] < 32) ||
               (at[0] == 192 && at[1] == 168) || (at[0] == 169 && at[1] == 254);
    }
    at = (const uint8_t *)&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    return (at[0] & 0xFE) == 0xFC || (at[0] == 0xFE && (at[1] & 0xC0) == 0x80) ||
           memcmp(at, &in6addr_loopback, sizeof in6addr_loopback) == 0;
}

static void print_addresses(const struct addrinfo *found, struct gw_text *out, size_t *local, size_t *count)
{
    char text[INET6_ADDRSTRLEN];

    for (const struct addrinfo *one = found; one; one = one->ai_next) {
        if (getnameinfo(one->ai_addr, one->ai_addrlen, text, sizeof text, NULL, 0, NI_NUMERICHOST) != 0)
            continue;
        gw_text_print(out, "%s%s", *count ? ", " : "", text);
        *local += is_local(one->ai_addr);
        (*count)++;
    }
}

/* A name with inner and outer addresses leads now here, now there: a split DNS that is seen from both sides. */
static void say_addresses(struct check *c, const struct origin *origin, const struct addrinfo *found)
{
    const struct advice advice = {.means = "requests may go to another machine than the one that was checked",
                                  .ask = "one kind of address for this name as this machine sees it"};
    struct gw_text list = GW_TEXT_INIT(700);
    size_t local = 0, count = 0;

    print_addresses(found, &list, &local, &count);
    if (local > 0 && local < count)
        check_say(c, "address", GW_CHECK_NOTE, &advice, "%s is at %s: some of them inner addresses, some not",
                  origin->host, list.at);
    else
        check_say(c, "address", GW_CHECK_OK, NULL, "%s is at %s%s", origin->host, list.at,
                  local ? ", inside this network" : "");
    gw_text_release(&list);
}

static int connect_any(struct check *c, const struct origin *origin, const struct addrinfo *found)
{
    const struct advice advice = {.means = "nothing can be read",
                                  .ask = check_print(c, "a way through the firewall to %s port %s from this machine",
                                                     origin->host, origin->port)};
    struct gw_error failure;
    int fd = -1;

    for (const struct addrinfo *one = found; one && fd < 0; one = one->ai_next)
        fd = connect_one(one);
    if (fd >= 0) {
        say_addresses(c, origin, found);
        check_say(c, "address", GW_CHECK_OK, NULL, "%s port %s takes connections", origin->host, origin->port);
        return fd;
    }
    gw_fail(&failure, GW_ERETRY, where,
            "%s port %s takes no connection (%s): is the server up, and does the firewall let this machine out to it?",
            origin->host, origin->port, strerror(errno));
    check_fail(c, "address", &advice, &failure);
    return -1;
}

static int reach(struct check *c, const struct origin *origin)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    const struct advice advice = {
        .means = "nothing can be read",
        .ask = check_print(c, "the name %s to be entered in the DNS that this machine uses", origin->host)};
    struct addrinfo *found = NULL;
    struct gw_error failure;
    const int unknown = getaddrinfo(origin->host, origin->port, &hints, &found);
    int fd;

    if (unknown) {
        gw_fail(&failure, GW_ERETRY, where,
                "the name %s is not known (%s): correct \"base\", or ask for the name to be entered in DNS",
                origin->host, gai_strerror(unknown));
        check_fail(c, "address", &advice, &failure);
        return -1;
    }
    fd = connect_any(c, origin, found);
    freeaddrinfo(found);
    return fd;
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
    gw_fail(err, GW_ECONFIG, where, "endpoint %s: \"tls\" names a file that cannot be read as PEM", e->id);
    return NULL;
}

/* Which of the chain ends first: a chain is as good as the shortest lived of its certificates. */
static const X509 *first_to_end(SSL *ssl, const X509 *leaf, int *days)
{
    const STACK_OF(X509) *chain = SSL_get0_verified_chain(ssl);
    const X509 *first = leaf;
    char end[CHECK_DAY_BYTES];

    check_end_of(leaf, end, days);
    for (int i = 0; chain && i < sk_X509_num(chain); i++) {
        int its = 0;

        check_end_of(sk_X509_value(chain, i), end, &its);
        if (its < *days) {
            *days = its;
            first = sk_X509_value(chain, i);
        }
    }
    return first;
}

static void say_chain(struct check *c, SSL *ssl, const X509 *leaf)
{
    const struct advice advice = {.means = "from that day on nothing is read until it is renewed",
                                  .ask = "the certificate to be renewed now"};
    char issuer[CHECK_NAME_BYTES], name[CHECK_NAME_BYTES], end[CHECK_DAY_BYTES];
    int days = 0;
    const X509 *first = first_to_end(ssl, leaf, &days);

    check_end_of(first, end, &days);
    check_name_of(X509_get_issuer_name(leaf), issuer);
    if (days >= SOON_DAYS)
        check_say(c, "TLS", GW_CHECK_OK, NULL, "%s, issued by %s, valid until %s (%d days)", SSL_get_version(ssl),
                  issuer, end, days);
    else
        check_say(c, "TLS", GW_CHECK_NOTE, &advice, "%s, issued by %s; the certificate of %s ends on %s, in %d days",
                  SSL_get_version(ssl), issuer, check_name_of(X509_get_subject_name(first), name), end, days);
}

static void refuse_certificate(struct check *c, const X509 *certificate, long verdict, const struct origin *origin)
{
    struct advice advice = {.means = "nothing is read: certificates are never taken on trust",
                            .ask = "the certificate of the authority that signed theirs, as PEM"};
    struct gw_error failure;
    char end[CHECK_DAY_BYTES] = "";
    int days = 0;

    if (certificate)
        check_end_of(certificate, end, &days);
    if (certificate && verdict == X509_V_ERR_CERT_HAS_EXPIRED) {
        advice.ask = "the certificate to be renewed, with its intermediates";
        gw_fail(&failure, GW_EPROTO, where, "the certificate of %s expired on %s: it must be renewed on the server",
                origin->host, end);
    } else if (certificate) {
        gw_fail(&failure, GW_EPROTO, where,
                "the certificate of %s is refused (%s): set \"tls\": {\"ca\": FILE} to the authority that signed it",
                origin->host, X509_verify_cert_error_string(verdict));
    } else {
        advice.ask = "the address of its FHIR interface over https";
        gw_fail(&failure, GW_EPROTO, where, "%s port %s does not speak TLS: is \"base\" the right address?",
                origin->host, origin->port);
    }
    check_fail(c, "TLS", &advice, &failure);
}

/* As net/http.h has them. "" where the key cannot be read. */
static const char *pin_of(const X509 *certificate, char out[64])
{
    uint8_t *key = NULL, digest[GW_SHA256_BYTES];
    const int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &key);

    *out = '\0';
    if (length > 0) {
        gw_sha256(key, (size_t)length, digest);
        strcpy(out, "sha256//");
        EVP_EncodeBlock((unsigned char *)out + strlen(out), digest, sizeof digest);
    }
    OPENSSL_free(key);
    return out;
}

static bool judge_pin(struct check *c, const X509 *certificate, const struct origin *origin)
{
    const struct advice advice = {.means = "nothing is read until the key is one that is expected",
                                  .ask = "whether the key of its certificate was changed, and what its pin is now"};
    const struct gw_config_endpoint *e = c->endpoint;
    struct gw_error failure;
    char pin[64];

    if (e->tls_pin_count == 0)
        return true;
    if (gw_is_among(e->tls_pins, e->tls_pin_count, pin_of(certificate, pin))) {
        check_say(c, "pin", GW_CHECK_OK, NULL, "the key of %s is one of \"pins\"", origin->host);
        return true;
    }
    gw_fail(&failure, GW_EPROTO, where,
            "the key of %s is none of \"pins\", its pin is %s: take it in if the key was changed", origin->host, pin);
    check_fail(c, "pin", &advice, &failure);
    return false;
}

static bool judge_certificate(struct check *c, SSL *ssl, const struct origin *origin)
{
    const X509 *certificate = SSL_get0_peer_certificate(ssl);
    const long verdict = SSL_get_verify_result(ssl);

    if (!certificate || verdict != X509_V_OK) {
        refuse_certificate(c, certificate, verdict, origin);
        return false;
    }
    say_chain(c, ssl, certificate);
    return judge_pin(c, certificate, origin);
}

/* A server that wants a client certificate may say whose. */
static void hear_authorities(struct check *c, const SSL *ssl)
{
    const STACK_OF(X509_NAME) *names = SSL_get0_peer_CA_list(ssl);
    const int count = names ? sk_X509_NAME_num(names) : 0;
    struct gw_text list = GW_TEXT_INIT(700);
    char name[CHECK_NAME_BYTES];

    for (int i = 0; i < count && i < AUTHORITIES_MAX; i++)
        gw_text_print(&list, "%s%s", i ? " or " : "", check_name_of(sk_X509_NAME_value(names, i), name));
    if (count > 0)
        c->authorities = check_print(c, "%s%s", list.at, count > AUTHORITIES_MAX ? " or others" : "");
    gw_text_release(&list);
}

static bool check_tls(struct check *c, int fd, const struct origin *origin)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    struct gw_error failure;
    SSL_CTX *context = make_context(c, &failure);
    SSL *ssl = context ? SSL_new(context) : NULL;
    bool fine = false;

    if (!ssl) {
        check_fail(c, "TLS", NULL, &failure);
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
    hear_authorities(c, ssl);
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
        check_say(c, "proxy", GW_CHECK_OK, NULL, "asked through the proxy, which looks up the name");
        check_say(c, "TLS", GW_CHECK_SKIPPED, NULL,
                  "dates of certificates: not tried, because the proxy is between; they are verified all the same");
        return true;
    }
    if (!split(text, &origin))
        return true; /* the gate has read it: nothing to try */
    fd = reach(c, &origin);
    if (fd < 0)
        return false;
    flags = fcntl(fd, F_GETFL);
    fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
    if (origin.tls)
        fine = check_tls(c, fd, &origin);
    else
        check_say(c, "TLS", GW_CHECK_NOTE, NULL, "plain HTTP, which is taken on this machine only");
    close(fd);
    return fine;
}
