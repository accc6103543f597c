/*
 * One endpoint's TLS: whom it believes, what it shows of itself, and how strict it is.
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include <curl/curl.h>

#include "gateway/core/text.h"
#include "gateway/net/http.h"

struct tls {
    char *ca_file; /* NULL: the system's */
    char *cert_file;
    struct gw_text key;
    struct gw_text pins; /* as libcurl wants them: one after the other, ';' between; "" any key */
};

/* GW_ECONFIG names the setting and the file. Release it in either case. */
enum gw_status tls_init(struct tls *tls, const struct gw_http_options *options, struct gw_error *err);
void tls_release(struct tls *tls);

/*
 * TLS 1.2 or newer, the certificate verified, at OpenSSL's security level 2 or higher (RSA and DH of 2048 bits, no
 * SHA-1), no server that cannot renegotiate safely (RFC 5746), and of a stapled answer of its authority what staple.h
 * says. host: as in the URL; it must stand in the certificate's subjectAltName, what its subject is called counts for
 * nothing (RFC 6125, 6.4.4; RFC 9525). It lives as long as the handle. NULL leaves the name to libcurl, which falls
 * back on the subject: where a proxy is spoken to by TLS too.
 */
void tls_apply(const struct tls *tls, CURL *easy, const char *host);

#endif
