/*
 * The dispatcher in parts: what its files share.
 *
 *      dispatcher.c         one endpoint: what is submitted, its turns, its life
 *      dispatch_queue.c     lists of what waits, and the ends of requests
 *      dispatch_chain.c     a pull under way: what it holds, when it is started again
 *      dispatch_circuit.c   what is stopped and why, the endpoint or a query
 *      dispatch_patience.c  when a command that ends gives the endpoint up
 *      turnstile.c          asks: one HTTP request each, held until circuit, rate and pool let it pass
 *      pool.c               turns: whose ask goes next, over all endpoints
 *
 * Nothing is sent, and nobody is told of an end, inside a call from outside: all that comes from the pool's turn, a
 * zero timer, or from the end of an operation.
 */
#ifndef SOURCES_DISPATCHING_H
#define SOURCES_DISPATCHING_H

#include "gateway/net/rate.h"
#include "gateway/sources/dispatcher.h"

struct chain;

enum { ASK_HEADERS_MAX = 16 };

enum ask_state { ASK_PARKED, ASK_FLYING, ASK_ENDED };

struct ask {
    struct ask *next; /* of its dispatcher, oldest first */
    struct ask *flying_next, *flying_before;
    struct gw_dispatcher *dispatcher;
    struct chain *chain; /* NULL: a guest's */
    uint64_t id;
    struct gw_arena arena;
    struct gw_session_request request; /* copied: it may go out more than once */
    struct gw_http_header headers[ASK_HEADERS_MAX];
    struct gw_http_response *response;
    gw_http_done done;
    void *ctx;

    enum ask_state state;
    uint64_t call; /* flying */
    uint64_t sent_ms;
    uint32_t epoch;         /* of the circuit, when it was sent */
    uint64_t not_before_ms; /* parked */
    unsigned tries;         /* that failed */
    bool cancelled;
    struct gw_error failure; /* ended */
};

struct face { /* what asks through the turnstile */
    struct gw_web web;
    struct gw_dispatcher *dispatcher;
    struct chain *chain;
};

struct query {
    struct query *next;
    char *name;
    struct gw_circuit circuit;
    unsigned refusals; /* since its last success */
};

struct item { /* a request submitted */
    struct item *next;
    struct query *query;
    const struct gw_request *request;
    enum gw_urgency urgency;
    gw_dispatch_done done;
    void *ctx;
    uint64_t ticket;
    struct gw_pull_result total;
    unsigned tries, damaged;
    uint64_t cut_at; /* bytes of the body that was cut last, and how often in a row at the same place */
    unsigned equal;
    uint64_t not_before_ms; /* in `later` */
    bool cancelled;
    struct gw_error failure; /* ended; GW_OK: none */
};

struct chain { /* a pull under way */
    struct chain *next;
    struct face face;
    struct gw_store store;
    struct gw_pull_settings settings;
    struct item *item;
    struct gw_pull *pull;
    bool asked;
    size_t requests; /* that left, repeats of the turnstile too */
    unsigned held;   /* pages in hand: answered, not yet committed or dropped */
    bool keeping;
    gw_writer_done kept; /* the pull's */
    void *kept_ctx;
};

struct items {
    struct item *first, *last;
    size_t count;
};

struct gw_dispatcher {
    struct gw_dispatch_pool *pool;
    struct gw_dispatcher *turn_next, *settle_next;
    bool in_turn, in_settle;
    const struct gw_clock *clock;
    const struct gw_pull_settings *settings;
    unsigned concurrent;
    uint32_t (*dice)(void *ctx);
    void (*changed)(void *ctx, const char *query, const struct gw_circuit *circuit, unsigned alerts);
    void *ctx;

    uv_timer_t timer;
    struct face guest;
    struct gw_circuit circuit;
    struct gw_rate rate;
    struct query *queries;
    unsigned refusals; /* in a row, without any success */

    uint32_t patience_ms;      /* 0: without end */
    uint64_t first_failure_ms; /* of those in a row that it met itself */
    unsigned failures;
    struct gw_error last_failure;

    struct items queued[GW_URGENCY_COUNT];
    struct items later; /* by not_before_ms */
    struct items ended;
    struct chain *chains;
    unsigned chain_count;
    unsigned starting; /* chains that have not asked yet */
    struct ask *asks;
    unsigned flying;
    uint64_t last_id;
    uint64_t sent, repeated;

    bool stopping;
    void (*closed)(void *ctx);
    void *closed_ctx;
};

/* ---- pool.c ---- */

void pool_want_turn(struct gw_dispatcher *dispatcher);   /* something may be sent */
void pool_want_settle(struct gw_dispatcher *dispatcher); /* someone is to be told */
void pool_forget(struct gw_dispatcher *dispatcher);      /* no turn any more */
void pool_fly(struct ask *ask);
void pool_land(struct ask *ask);
void pool_hold(struct gw_dispatch_pool *pool, int pages); /* more, or fewer, in hand */
uv_loop_t *pool_loop(const struct gw_dispatch_pool *pool);
const struct gw_clock *pool_clock(const struct gw_dispatch_pool *pool);

/* ---- turnstile.c ---- */

void turnstile_open(struct face *face, struct gw_dispatcher *dispatcher, struct chain *chain);
struct ask *turnstile_ready(struct gw_dispatcher *dispatcher, uint64_t now_ms, uint64_t *next_ms);
uint64_t turnstile_wait_ms(const struct gw_dispatcher *dispatcher, uint64_t now_ms);
bool turnstile_is_probing(const struct gw_dispatcher *dispatcher); /* one is on its way that will tell */
void turnstile_send(struct ask *ask);
void turnstile_cancel_all(struct gw_dispatcher *dispatcher);
void turnstile_fail_parked(struct gw_dispatcher *dispatcher, enum gw_trouble trouble, const struct gw_error *failure);
bool turnstile_settle(struct gw_dispatcher *dispatcher); /* tell one ask that ended; false: none */

/* ---- dispatcher.c ---- */

bool dispatcher_turn(struct gw_dispatcher *dispatcher); /* one request was sent, and another may follow */
void dispatcher_settle(struct gw_dispatcher *dispatcher);
uint64_t dispatcher_now_ms(const struct gw_dispatcher *dispatcher);

/* ---- dispatch_queue.c ---- */

typedef bool (*item_matches)(const struct item *item, const void *ctx);

void items_append(struct items *items, struct item *item);
void items_insert(struct items *items, struct item *item); /* by its time */
struct item *items_take_first(struct items *items);        /* NULL: none */
struct item *items_take(struct items *items, item_matches matches, const void *ctx);
bool item_is_any(const struct item *item, const void *ctx);
void item_end(struct gw_dispatcher *dispatcher, struct item *item, const struct gw_error *failure);
void item_end_cancelled(struct gw_dispatcher *dispatcher, struct item *item);
void item_end_stopped(struct gw_dispatcher *dispatcher, struct item *item);
void dispatcher_end_waiting(struct gw_dispatcher *dispatcher, item_matches matches,
                            void (*end)(struct gw_dispatcher *dispatcher, struct item *item));

/* ---- dispatch_chain.c ---- */

void chain_start(struct gw_dispatcher *dispatcher, struct item *item);
void chain_asks(struct chain *chain);     /* it asked for another page */
void chain_answered(struct chain *chain); /* a page is in hand */

/* ---- dispatch_circuit.c ---- */

bool circuit_is_stopped(const struct gw_circuit *circuit);
bool dispatcher_is_stopped(const struct gw_dispatcher *dispatcher);
struct query *dispatcher_query(struct gw_dispatcher *dispatcher, const char *name); /* NULL: no memory */
void dispatcher_note(struct gw_dispatcher *dispatcher, const struct gw_setback *setback, enum gw_status status);
void dispatcher_succeeded(struct gw_dispatcher *dispatcher, uint32_t epoch);
void dispatcher_refused(struct gw_dispatcher *dispatcher, struct query *query, const struct gw_error *failure);
/* Not asked: the token lacks a scope. No use to try again. */
void dispatcher_ungranted(struct gw_dispatcher *dispatcher, struct query *query, const struct gw_error *failure);
void dispatcher_review(struct gw_dispatcher *dispatcher);
void dispatcher_stop_all(struct gw_dispatcher *dispatcher); /* all that waits learns that the endpoint is stopped */
uint64_t dispatcher_backoff_ms(const struct gw_dispatcher *dispatcher, enum gw_backoff class, unsigned attempt);

/* ---- dispatch_patience.c ---- */

bool patience_ends(const struct gw_dispatcher *dispatcher);
void patience_note(struct gw_dispatcher *dispatcher, enum gw_status status, uint64_t now_ms); /* a further failure */
void dispatcher_give_up(struct gw_dispatcher *dispatcher); /* all that waits fails as the endpoint did */

#endif
