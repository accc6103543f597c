/*
 * One request of the HTTP client: what it is made of, and what its end means. Private to client.c and call.c.
 */
#ifndef NET_CALL_H
#define NET_CALL_H

#include <curl/curl.h>
#include <uv.h>

#include "gateway/net/http.h"
#include "net/answer.h"
#include "net/carrier.h"
#include "net/egress.h"
#include "net/tls.h"

enum { HOST_MAX = 256 };

enum call_state { WAITING, RUNNING, ENDED };

struct call {
    struct client *client;
    struct call *next;
    uint64_t id;
    enum call_state state;
    CURL *easy;
    struct curl_slist *headers;
    char *body;
    struct answer answer;
    struct egress_door door;
    gw_http_done done;
    void *ctx;
    struct gw_error failure; /* GW_OK: none */
    char described[HOST_MAX];
    char host[HOST_MAX];
    char detail[CURL_ERROR_SIZE];
};

struct client {
    struct gw_http face; /* first: the face is the client */
    uv_loop_t *loop;
    struct carrier *carrier; /* NULL: nothing is carried */
    uv_timer_t later;
    uv_timer_t idle; /* until the carrier goes */
    unsigned open;   /* carriers, also such as are being closed, and timers */
    bool closing;
    struct call *calls; /* oldest first */
    unsigned running;
    unsigned concurrent;
    uint64_t last_id;
    struct tls tls;
    char *proxy;
    struct egress egress; /* met so far */
};

/* GW_EPROTO: a header with a line break; GW_ENOMEM. *out changes only on success. */
enum gw_status call_new(struct client *client, const struct gw_http_request *request, struct gw_http_response *response,
                        struct call **out, struct gw_error *err);
void call_free(struct call *call);

/* libcurl is done with it: the failure, if it is one, is set. */
void call_judge(struct call *call, CURLcode code);

/* The host of a URL as it stands there, or "the server". */
void call_read_host(const char *url, char host[HOST_MAX]);

#endif
