/*
 * HTTP requests on the loop.
 *
 * struct gw_http is a face: gw_http_client_new gives the one over libcurl, tests hand in their own. An operation is
 * refused at the door (a status, no callback) or calls done exactly once, later, from the loop. done's failure is NULL
 * when a whole answer came, whatever its status: gw_http_verdict says what a status means. Redirects are not followed.
 *
 * A body counts as whole when its Content-Length or last chunk was reached (or, over HTTP/2, the end of its stream),
 * and, with gzip, the end mark and checksum too. A body ended by closing the connection is taken only where its own
 * form shows a cut: JSON (not NDJSON), gzip, or the text of an error status.
 *
 * Failures: GW_ERETRY unknown host, refused, reset, timed out; GW_EPROTO certificate refused, body cut or damaged,
 * framing broken; GW_ENOMEM larger than max_bytes; GW_EDENIED the proxy wants other credentials; GW_ECANCELED. Texts
 * name the host and, of the path, no more than the resource type; never a query, a token or a body.
 */
#ifndef GATEWAY_NET_HTTP_H
#define GATEWAY_NET_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/core/error.h"
#include "gateway/core/text.h"
#include "gateway/net/trouble.h"
#include "gateway/net/url.h"

struct uv_loop_s;

typedef void (*gw_http_done)(void *ctx, const struct gw_error *failure);

/*
 * Takes a piece of a body; a status other than GW_OK ends the transfer with *err. It runs inside libcurl: it may not
 * start, cancel or free requests.
 */
typedef enum gw_status (*gw_http_sink)(void *ctx, const char *bytes, size_t length, struct gw_error *err);

struct gw_http_header {
    const char *name;
    const char *value; /* a line break in it is refused at the door */
};

#define GW_HTTP_MAX_BYTES  (64ull << 20)
#define GW_HTTP_CONNECT_MS 10000u
#define GW_HTTP_STALL_S    30u     /* under 1 KiB/s for so long */
#define GW_HTTP_TOTAL_MS   900000u /* 15 min */

/* Borrowed during the start call only, except sink_ctx. Zero means the default. */
struct gw_http_request {
    const char *method; /* NULL: GET */
    const char *url;    /* goes out as it stands; it has passed a gate */
    const struct gw_http_header *headers;
    size_t header_count;
    struct gw_slice body;
    uint64_t max_bytes; /* of the answer's body, inflated */
    unsigned connect_ms;
    unsigned stall_s;
    unsigned total_ms;
    gw_http_sink sink; /* when set, the body of a 2xx goes here in pieces and response->body stays empty */
    void *sink_ctx;
};

/* Owned by the caller; it must live until done was called. gw_http_start clears it first. */
struct gw_http_response {
    int status;
    char content_type[128]; /* as sent; "" when absent, so are the others */
    char etag[128];
    char retry_after[64];    /* as sent */
    int32_t retry_after_s;   /* 1 .. 86400; 0: not given or not readable */
    int64_t date;            /* the server's clock, UTC seconds; 0: not given */
    char x_progress[128];    /* Bulk Data: for the operator's eye only */
    int export_status;       /* X-Export-Status: of the job, where the status is that of the asking; 0: none */
    struct gw_text location; /* not yet gated */
    struct gw_text content_location;
    struct gw_text body;
    bool incomplete;         /* the failure is a body that ended early: another try may do */
    bool retry_longer;       /* the server said to wait longer than retry_after_s can be */
    enum gw_trouble trouble; /* of a failure, where more is known than its status says; see gw_http_trouble */
};

#define GW_HTTP_RESPONSE_INIT                                                                                          \
    {                                                                                                                  \
        .location = GW_TEXT_INIT(GW_URL_MAX), .content_location = GW_TEXT_INIT(GW_URL_MAX),                            \
        .body = GW_TEXT_INIT(GW_HTTP_MAX_BYTES)                                                                        \
    }

void gw_http_response_clear(struct gw_http_response *response);
void gw_http_response_release(struct gw_http_response *response);

/* Is the media type one of FHIR's JSON forms: application/fhir+json, application/json, .../json+fhir? */
bool gw_http_is_json(const struct gw_http_response *response);

/* nginx takes a TLS connection without our certificate, or with one it does not know, and says so by 400 and a page. */
bool gw_http_wants_certificate(const struct gw_http_response *response);

/*
 * What a status means for whoever asked: 2xx GW_OK; 401, 403, 407 GW_EDENIED; 408, 425, 429, 5xx GW_ERETRY (except 501,
 * 505: GW_EPROTO); all others, redirects too, GW_EPROTO. A certificate that is wanted is GW_EDENIED.
 */
enum gw_status gw_http_verdict(const struct gw_http_response *response, const char *url, struct gw_error *err);

/*
 * What kind of trouble an answer is, or (failure not NULL) what kind kept it from coming; GW_TROUBLE_NONE for a whole
 * 2xx, whatever is in it.
 */
enum gw_trouble gw_http_trouble(const struct gw_http_response *response, const struct gw_error *failure);

/*
 * Seconds to wait by a Retry-After: seconds (a fraction rounded up), an HTTP-date, or, as one bulk server sends it, the
 * instant in epoch seconds or milliseconds. now: UTC seconds, the server's if known. Clamped to 1 .. 86400; 0:
 * unreadable.
 */
int32_t gw_http_retry_after(const char *value, int64_t now);
bool gw_http_retry_is_longer(const char *value, int64_t now); /* than 86400 s */

struct gw_http {
    /* *call is a number never used again; call may be NULL. */
    enum gw_status (*start)(struct gw_http *http, const struct gw_http_request *request,
                            struct gw_http_response *response, gw_http_done done, void *ctx, uint64_t *call,
                            struct gw_error *err);
    void (*cancel)(struct gw_http *http,
                   uint64_t call);      /* done comes soon, GW_ECANCELED; nothing for a call that ended */
    void (*free)(struct gw_http *http); /* cancels what is under way; memory goes from the loop */
};

enum gw_status gw_http_start(struct gw_http *http, const struct gw_http_request *request,
                             struct gw_http_response *response, gw_http_done done, void *ctx, uint64_t *call,
                             struct gw_error *err);
void gw_http_cancel(struct gw_http *http, uint64_t call);
void gw_http_free(struct gw_http *http); /* NULL is nothing */

/* At start: the libcurl that was loaded is the OpenSSL flavour, whose rules for TLS are ours. GW_ECONFIG otherwise. */
enum gw_status gw_http_check_library(struct gw_error *err);
const char *gw_http_library(void); /* "libcurl/7.88.1 OpenSSL/3.0.17 zlib/1.2.13 ..." */

/*
 * May hosts of an endpoint have addresses that only this network knows (RFC 1918, loopback and the like)? As the base:
 * once its host had a public address, no host of the endpoint may have a private one, which is what a name that was
 * turned against us (DNS rebinding), or a link into the hospital's own network, looks like: GW_EPROTO. Through a proxy
 * it is the proxy that resolves names and decides.
 */
enum gw_private_addresses {
    GW_PRIVATE_AS_BASE, /* the default */
    GW_PRIVATE_ALLOWED, /* "allow_private": true; link-local addresses too */
    GW_PRIVATE_REFUSED, /* "allow_private": false */
};

/* One endpoint's way out. Paths and texts are copied. Verification of certificates cannot be switched off. */
struct gw_http_options {
    const char *ca_file;   /* PEM; the only authorities trusted then; NULL: the system's */
    const char *cert_file; /* PEM client certificate, with key_file (mode 0400 or 0600) */
    const char *key_file;
    /* "sha256//" and the base64 of the SHA-256 of a public key (SubjectPublicKeyInfo, DER): the server's certificate
     * must be valid and of one of these keys. Of every server that is asked; none: any key. GW_TROUBLE_TLS otherwise.
     */
    const char *const *pins;
    size_t pin_count;
    const char *proxy;   /* "http://proxy.example.org:3128", no user in it; NULL: none, whatever the environment says */
    unsigned concurrent; /* requests under way at once, the rest wait in order; 0: 4 */
    const char *base;    /* the endpoint's; NULL: any address of any host may be asked */
    enum gw_private_addresses private_addresses;
};

bool gw_http_is_pin(const char *text); /* of the form above */

/* options may be NULL. GW_ECONFIG names the setting and the file. */
enum gw_status gw_http_client_new(struct uv_loop_s *loop, const struct gw_http_options *options, struct gw_http **out,
                                  struct gw_error *err);

#endif
