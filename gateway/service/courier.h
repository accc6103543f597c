/*
 * Carries the outbox of one study to a study database that is elsewhere.
 *
 *      stand ──> reconcile ──> collect ──> deliver ──> receipts ──> collect ... ──> nothing waits: idle
 *        ^                                    │ the database is away
 *        └────────────── B5 ──────────────────┘
 *
 * What is done with the ledger is a job of its thread; what is done with the database is the remote's, on the loop. The
 * outbox is the only queue: a courier that is killed at any point begins again by asking where every subject stands.
 * A failure that no waiting mends stops the courier alone (its state says why); it tries again now and then.
 * Private to the service room.
 */
#ifndef SERVICE_COURIER_H
#define SERVICE_COURIER_H

#include "gateway/ledger/settle.h"
#include "gateway/ledger/writer.h"
#include "gateway/net/clock.h"
#include "gateway/sinks/remote.h"

enum courier_state {
    COURIER_WORKING, /* or about to */
    COURIER_IDLE,    /* nothing waits */
    COURIER_AWAY,    /* the database is; it is asked again */
    COURIER_STOPPED, /* it wants a person; it is asked again now and then */
};

struct courier_news {
    enum courier_state state;
    struct gw_error reason;      /* of the last two states */
    unsigned failures;           /* in a row */
    struct gw_outbox_size waits; /* as of the last look at the ledger */
    uint64_t batches, rows;      /* delivered since the start */
    uint64_t refused;            /* rows */
    size_t recalled; /* subjects since the start of whom the database had what the ledger has not, or has otherwise */
    size_t held;     /* of them, who wait until they were asked about again */
    bool marked;     /* subjects are to be derived again: what was refused is to be told */
};

struct courier_settings {
    uv_loop_t *loop;
    const struct gw_clock *clock;
    struct gw_writer *writer;
    const char *study;        /* borrowed while the courier lives */
    struct gw_remote *remote; /* the courier's from a successful start on */
    int64_t inspect_s;        /* between looks for rows that were changed by hand; 0: none */
    void (*tell)(void *ctx, const struct courier_news *news); /* on every change of state, and after each shipment */
    void *ctx;
};

struct courier;

enum gw_status courier_start(const struct courier_settings *settings, struct courier **out, struct gw_error *err);
void courier_wake(struct courier *courier); /* something may wait */
const struct courier_news *courier_news(const struct courier *courier);

/* Let a job of the ledger's thread end, give up the rest. closed is called once, later; the courier is gone then. */
void courier_stop(struct courier *courier, void (*closed)(void *ctx), void *ctx);

#endif
