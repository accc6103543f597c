/*
 * The courier in parts. Private to the courier*.c files.
 *
 *      courier.c (steps and states) ──> courier_look.c (what is there) ──> courier_shipment.c (what is sent, and its
 *      receipts)
 *
 * Each part begins a step and ends it with courier_step_done; the loop's thread owns all of it but while a job of the
 * ledger's thread is under way (busy).
 */
#ifndef SERVICE_COURIER_PARTS_H
#define SERVICE_COURIER_PARTS_H

#include "service/courier.h"

struct courier {
    struct courier_settings settings;
    struct courier_news news;
    uv_timer_t timer;
    bool busy;         /* a job or a call is under way */
    bool again;        /* woken meanwhile */
    bool stands;       /* it is known where every subject stands */
    int64_t inspected; /* monotonic ms; 0: not yet */
    struct gw_arena arena;
    struct gw_stands found;
    struct gw_batch *batches;
    int64_t *subjects; /* of each batch */
    struct gw_shipment shipment;
    struct gw_receipt *receipts;
    struct gw_refusals touched; /* of an inspection */
    bool stopping, timer_closed, remote_closed;
    void (*closed)(void *ctx);
    void *closed_ctx;
};

/* The end of every step: true when there is to be another. */
bool courier_step_done(struct courier *c, const struct gw_error *failure);
void courier_next_step(struct courier *c);
void courier_submit(struct courier *c, gw_writer_run job, gw_writer_done done);
void courier_tell(struct courier *c, enum courier_state state);
void courier_fail(struct courier *c, const struct gw_error *failure);

void courier_ask_stands(struct courier *c); /* and how much waits, even if the database stays away */
bool courier_inspection_is_due(const struct courier *c);
void courier_inspect(struct courier *c); /* what was changed there by hand */
void courier_collect(struct courier *c); /* ──> deliver ──> receipts; idle where nothing waits */

#endif
