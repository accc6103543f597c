/*
 * A listener in parts, private to the three files that meet libmicrohttpd.
 *
 *      listener.c   the door: its loop, its time, its beginning and its end
 *      visitor.c    a connection:   HEAD ──> BODY ──> HANDLING ──> ANSWERING ──┐
 *                                    └──────────────── kept alive <────────────┘
 *      exchange.c   a request and its answer
 *
 * An exchange belongs to its visitor and to whoever owes the answer, and goes with the later of the two.
 */
#ifndef NET_LISTENING_H
#define NET_LISTENING_H

#include <arpa/inet.h>
#include <microhttpd.h>
#include <uv.h>

#include "gateway/net/listener.h"
#include "net/address.h"
#include "net/head.h"

enum phase { HEAD, BODY, HANDLING, ANSWERING, PHASES };

/* A connection. */
struct visitor {
    struct visitor *next;
    struct gw_listener *listener;
    struct MHD_Connection *connection;
    int fd;
    enum phase phase;
    uint64_t deadline_ms;
    struct gw_exchange *exchange; /* NULL between requests */
    char peer[INET6_ADDRSTRLEN];
};

struct gw_exchange {
    struct visitor *visitor; /* NULL: gone */
    const struct gw_route *route;
    char *method;
    char *target; /* cut at its '?' */
    const char *query;
    struct head head; /* its texts are libmicrohttpd's */
    struct head_field *fields;
    struct gw_text body;
    bool begun;
    bool owed;      /* look or handle has it and has not answered */
    bool suspended; /* so that nothing of the connection is read */
    bool failed;    /* no memory for an answer: the connection ends */
    struct MHD_Response *response;
    int status;
};

struct gw_listener {
    struct uv_loop_s *loop;
    const struct gw_clock *clock;
    struct MHD_Daemon *daemon;
    struct address address;
    int port;
    struct gw_route *routes;
    size_t route_count;
    char **hosts; /* NULL: any */
    size_t host_count;
    unsigned phase_ms[PHASES];
    struct visitor *visitors;
    size_t visitor_count;
    uv_poll_t poll;
    uv_timer_t later;    /* another turn, soon */
    uv_timer_t deadline; /* the first of the visitors' */
    bool stopping, ended;
    uint64_t drained_ms;
    unsigned open; /* handles */
    void (*closed)(void *ctx);
    void *closed_ctx;
};

/* ---- listener.c ---- */
uint64_t listener_now_ms(const struct gw_listener *listener);
void listener_turn_soon(struct gw_listener *listener); /* libmicrohttpd has something to do */

/* ---- visitor.c ---- */
struct visitor *visitor_of(struct MHD_Connection *connection); /* NULL: there was no memory for one */
void visitor_enter(struct visitor *visitor, enum phase phase);
void visitor_expire(struct visitor *visitor); /* its phase took too long */
/* A few words past libmicrohttpd, which has sent nothing of an answer yet, and the end. status 0: no words. */
void visitor_hang_up(struct visitor *visitor, int status, const char *text);
/* MHD_OPTION_NOTIFY_CONNECTION; ctx: the listener */
void visitor_on_connection(void *ctx, struct MHD_Connection *connection, void **context,
                           enum MHD_ConnectionNotificationCode code);

/* ---- exchange.c ---- */
void exchange_give_up(struct gw_exchange *exchange); /* 503 in place of a handler that takes too long */
/* MHD_OPTION_URI_LOG_CALLBACK: the request's line is there, the first that is heard of a request. */
void *exchange_on_target(void *ctx, const char *target, struct MHD_Connection *connection);
/* MHD_start_daemon's handler: for the head, for pieces of the body, at its end, and when a connection is resumed. */
enum MHD_Result exchange_on_request(void *ctx, struct MHD_Connection *connection, const char *url, const char *method,
                                    const char *version, const char *bytes, size_t *length, void **request);
/* MHD_OPTION_NOTIFY_COMPLETED */
void exchange_on_completed(void *ctx, struct MHD_Connection *connection, void **request,
                           enum MHD_RequestTerminationCode code);

#endif
