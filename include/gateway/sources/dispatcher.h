/*
 * All requests of one endpoint: what is asked next, how many at once, how fast, and not at all while it must be left
 * alone.
 *
 *      submit ──> queue ──> pull ──> ask ══> turnstile ──> the endpoint
 *                   └──<── later, after a failure that passes ──┘
 *
 * The turnstile stands before every single request of the endpoint, each page of a walk included: circuit
 * (net/circuit.h), requests a minute (net/rate.h), transfers at once. What fails in passing is asked again from there,
 * the same page, so that a walk of a hundred pages survives a server that throttles every ten; after eight tries of one
 * page the walk ends and its request returns to the queue, to be started again later. Such a request is never given up;
 * its submitter may cancel it.
 *
 * What does not pass fails its request alone (done): 400, 403, 404 and the like, a resource over our limits, an answer
 * damaged three times. Three refusals of one query (a type, in effect) without a success of it between stop that query:
 * whatever is queued of it, or submitted later, fails with its reason unasked. A query of a type that the token lacks
 * the scope for is stopped at once, without a request; other types go on. Ten refusals in a row without any
 * success, a refused client, or data of another patient stop the endpoint. What is stopped needs gw_dispatcher_resume.
 *
 * A command that ends has patience instead. Then a page is asked for again three times, and an endpoint that fails
 * three more times in a row, or may not be asked within so long of the first of these failures, is given up, and at
 * once where time alone mends nothing (a login page, a refused token, a certificate): all that waits fails as the
 * endpoint did. Its circuit stays what it is, for whoever asks next.
 *
 * One pool is shared by all endpoints: so many pages in hand at once, from the sending of a request to the commit of
 * what it brought, given out in turn. A transfer that has brought next to nothing after two seconds is not counted, so
 * that hospitals that hang do not use up what the others need.
 */
#ifndef GATEWAY_SOURCES_DISPATCHER_H
#define GATEWAY_SOURCES_DISPATCHER_H

#include "gateway/net/circuit.h"
#include "gateway/net/clock.h"
#include "gateway/sources/pull.h"

#define GW_DISPATCH_CONCURRENT 4u
#define GW_DISPATCH_TRANSFERS  32u
#define GW_DISPATCH_OPEN       256u

#define GW_DISPATCH_PAGE_TRIES     8u
#define GW_DISPATCH_PATIENT_TRIES  4u
#define GW_DISPATCH_DAMAGED_TRIES  3u
#define GW_DISPATCH_QUERY_REFUSALS 3u
#define GW_DISPATCH_REFUSALS       10u

/* ---- the pool ---- */

struct gw_dispatch_pool;

struct gw_dispatch_limits {
    unsigned transfers; /* pages in hand; 0: GW_DISPATCH_TRANSFERS */
    unsigned open;      /* transfers under way, those that hang included; 0: GW_DISPATCH_OPEN */
};

/* clock: borrowed, outlives the pool; NULL: gw_system_clock. limits may be NULL. GW_ENOMEM. */
enum gw_status gw_dispatch_pool_new(uv_loop_t *loop, const struct gw_clock *clock,
                                    const struct gw_dispatch_limits *limits, struct gw_dispatch_pool **out,
                                    struct gw_error *err);
/* After the last dispatcher has closed; memory goes from the loop. NULL is nothing. */
void gw_dispatch_pool_free(struct gw_dispatch_pool *pool);

/* ---- one endpoint ---- */

enum gw_urgency {
    GW_URGENT,  /* hints, withdrawals: before all else */
    GW_ROUTINE, /* what a schedule asks for */
    GW_SWEEP,   /* reconciliation: when nothing else is left */
};
#define GW_URGENCY_COUNT (GW_SWEEP + 1)

struct gw_dispatcher_options {
    const struct gw_pull_settings *settings; /* borrowed; read when a pull starts, so that `delivery` may change */
    unsigned concurrent;                     /* pulls at once, and transfers; 0: GW_DISPATCH_CONCURRENT */
    unsigned requests_per_minute;            /* 0: no cap */
    uint32_t patience_ms;                    /* 0: without end */
    const struct gw_circuit *circuit;        /* as it was before a restart; NULL: RUNNING */
    uint32_t (*dice)(void *ctx);             /* NULL: from libcrypto */

    /*
     * The circuit of the endpoint (query NULL) or of one query changed: persist it. alerts: bits of enum gw_alert, to
     * be given now, once. From the loop; it may submit, cancel, resume and stop. May be NULL.
     */
    void (*changed)(void *ctx, const char *query, const struct gw_circuit *circuit, unsigned alerts);
    void *ctx; /* of both */
};

struct gw_dispatcher;

/* options is borrowed during the call, what it points to as it says. GW_ENOMEM. */
enum gw_status gw_dispatcher_new(struct gw_dispatch_pool *pool, const struct gw_dispatcher_options *options,
                                 struct gw_dispatcher **out, struct gw_error *err);

/* A query's circuit as it was before a restart. GW_ENOMEM. */
enum gw_status gw_dispatcher_restore(struct gw_dispatcher *dispatcher, const char *query,
                                     const struct gw_circuit *circuit, struct gw_error *err);

/*
 * The end of a request, once, from the loop, never inside another call. result: sums of all tries, every request that
 * left among them, and of the last one what it found. failure NULL: walked to the end, cursor moved; GW_ECANCELED:
 * cancelled, or the dispatcher stopped; else it will not succeed by waiting, or not soon enough.
 */
typedef void (*gw_dispatch_done)(void *ctx, const struct gw_pull_result *result, const struct gw_error *failure);

/*
 * The request and what it points to are borrowed until done. *ticket (may be NULL) is a number never used again.
 * Refused: GW_ENOMEM; GW_ECANCELED when it is stopping.
 */
enum gw_status gw_dispatcher_submit(struct gw_dispatcher *dispatcher, const struct gw_request *request,
                                    enum gw_urgency urgency, gw_dispatch_done done, void *ctx, uint64_t *ticket,
                                    struct gw_error *err);

/* done comes soon; pages kept stay. Nothing for a ticket that ended. */
void gw_dispatcher_cancel(struct gw_dispatcher *dispatcher, uint64_t ticket);

/*
 * The turnstile for whoever asks the endpoint something else (bulk exports, subscriptions, metadata): waits its turn,
 * counts, and what it meets moves the circuit. Failures come back as they are, nothing is asked again. While the
 * endpoint is STOPPED an ask ends with GW_EDENIED and the reason.
 */
struct gw_web *gw_dispatcher_web(struct gw_dispatcher *dispatcher);

/* RUNNING again, the queries too. What `casement check` found well, or an operator reloaded. */
void gw_dispatcher_resume(struct gw_dispatcher *dispatcher);

const struct gw_circuit *gw_dispatcher_circuit(const struct gw_dispatcher *dispatcher);

struct gw_dispatcher_counts {
    size_t queued[GW_URGENCY_COUNT]; /* not started, or returned to the queue */
    size_t later;                    /* of these: failed in passing, and waiting for their time */
    size_t running;                  /* pulls under way */
    size_t flying;                   /* requests on the wire */
    uint64_t sent;                   /* requests so far */
    uint64_t repeated;               /* of these: asked again after a failure */
};
struct gw_dispatcher_counts gw_dispatcher_counts(const struct gw_dispatcher *dispatcher);

/*
 * What waits and what is on the wire ends with GW_ECANCELED, a page that is being committed is committed; then
 * closed(ctx), once, from the loop, and the dispatcher is gone.
 */
void gw_dispatcher_stop(struct gw_dispatcher *dispatcher, void (*closed)(void *ctx), void *ctx);

#endif
