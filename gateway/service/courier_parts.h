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

struct astray { /* a subject whose revision there is not the ledger's; see courier_recall.c */
    int64_t subject;
    const char *subject_key;
    int64_t revision;
};

struct courier {
    struct courier_settings settings;
    struct courier_news news;
    uv_timer_t timer;
    bool busy;          /* a job or a call is under way */
    bool again;         /* woken meanwhile */
    bool stands;        /* it is known where every subject stands */
    int64_t inspected;  /* monotonic ms; 0: not yet */
    int64_t began;      /* UTC */
    unsigned fruitless; /* shipments in a row of which nothing was applied */
    struct gw_arena arena;
    struct gw_arena standing; /* of where the subjects stand, until that is asked again */
    struct gw_stands found;
    struct astray *astray;
    size_t astray_count, astray_capacity, astray_at;
    int64_t *held; /* news.held subjects, sorted */
    size_t held_capacity;
    struct gw_arena recalling; /* of one of them */
    struct gw_recalled recalled;
    struct gw_batch *batches;
    int64_t *subjects; /* of each batch */
    struct gw_shipment shipment;
    struct gw_receipt *receipts;
    struct gw_refusals touched; /* of an inspection */
    struct gw_expected *expected;
    size_t expected_count, expected_capacity;
    int64_t looked; /* the last subject whose rows were looked for; 0: none yet */
    struct gw_refusals missing;
    bool noted, failing; /* what the ledger says of it */
    int64_t since, next; /* UTC: of that; when it is tried again, 0: it runs */
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

void courier_on_timer(uv_timer_t *timer); /* goes on */

void courier_ask_stands(struct courier *c); /* and how much waits, even if the database stays away */
/* One that the ledger knows (*known), or one that is put aside to be recalled, or to be held. */
enum gw_status courier_part_astray(struct courier *c, struct gw_ledger *ledger, const struct gw_ledger_subject *subject,
                                   const struct gw_stand *stand, bool *known, struct gw_error *err);
void courier_recall(struct courier *c); /* those that were put aside; then the database is known */
bool courier_is_held(const struct courier *c, int64_t subject);
void courier_look_again(struct courier *c); /* later: some are held */

bool courier_inspection_is_due(const struct courier *c);
void courier_await_inspection(struct courier *c); /* where nothing waits any more people change rows too */
void courier_inspect(struct courier *c);          /* what was changed there by hand */
void courier_find_missing(struct courier *c);
void courier_end_inspection(struct courier *c);
/* What the database said, or should have said, to a batch that it has: a person hears of it. */
enum gw_status courier_settle(struct courier *c, struct gw_ledger *ledger, int64_t subject,
                              const struct gw_batch *batch, const struct gw_refusals *refusals, struct gw_error *err);
void courier_collect(struct courier *c); /* ──> deliver ──> receipts; idle where nothing waits */

#endif
