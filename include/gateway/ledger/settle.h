/*
 * Settling a subject after derivation: where each part ended, which items are open, and, when rows changed, a new
 * revision with its place in the outbox. And the reverse: rows of a revision, what waits for delivery.
 *
 *      gw_ledger_facts ──> read ──> gw_derive ──> gw_identify ──> gw_history ──> gw_difference ──> gw_ledger_settle
 *      gw_ledger_rows (latest) ─────────────────────────^──────────────^───────────────^
 */
#ifndef GATEWAY_LEDGER_SETTLE_H
#define GATEWAY_LEDGER_SETTLE_H

#include "gateway/ledger/keep.h"

/*
 * Put on every row that changed; rows that did not change keep the stamps they have. row_version is the new revision.
 * Beside these a line of provenance gets the day on which its source was first read (fetched_at), and late_flag where
 * the window of its row was known to be over before that.
 */
struct gw_stamp {
    const char *prov_id; /* NULL: as the row has it */
    const char *rule_set_version;
    int32_t anchor_version;
    const char *mapped_at; /* 2026-11-20T20:00:00Z */
};

struct gw_settlement {
    const struct gw_kept_facts *facts; /* facts[i] of the derivation is list[i] */
    const struct gw_derived *derived;  /* its parts, items, blocked and next_day are read */
    const struct gw_rows *previous;    /* of the latest revision, from gw_ledger_rows */
    struct gw_rows *next;              /* after gw_identify; stamped here */
    struct gw_difference *difference;  /* of the two; its rows are stamped here too */
    struct gw_stamp stamp;
    const char *reason; /* of the change, for the audit trail; NULL: what is another than at the revision before */
    gw_day horizon;     /* of the derivation: windows that end before it are over */
    const struct gw_zone *zone; /* the site's, for the day on which a source was read */
    struct gw_arena *arena;     /* for the texts of stamps; NULL: nothing is told of when sources were read */
};

struct gw_settled {
    int64_t from_revision;
    int64_t to_revision; /* equal to from_revision: no rows changed, or the subject is blocked */
    size_t parts_changed;
    size_t items_opened; /* anew or again */
    size_t items_closed; /* no longer raised */
};

/*
 * One transaction. What did not change is not written; when nothing at all changed, nothing is. A blocked subject gets
 * its states and items, but no revision: what was delivered stays until the block is gone. GW_ENOMEM: nothing was
 * settled.
 */
enum gw_status gw_ledger_settle(struct gw_ledger *ledger, struct gw_settlement *settlement, struct gw_settled *out,
                                struct gw_error *err);

/*
 * Items of no subject that tell how things stand, such as what an endpoint lacks: of all whose fingerprint begins so,
 * these are raised, and those that are open and not among them are closed. at: seconds UTC.
 */
enum gw_status gw_ledger_raise(struct gw_ledger *ledger, const char *beginning, const struct gw_item *items,
                               size_t count, int64_t at, struct gw_error *err);

/* The rows of a subject at a revision, sorted; GW_LATEST for the newest; revision 0 has none. *number: which it is. */
#define GW_LATEST (-1)
enum gw_status gw_ledger_rows(struct gw_ledger *ledger, struct gw_arena *arena, int64_t subject, int64_t revision,
                              struct gw_rows *out, int64_t *number, struct gw_error *err);

struct gw_outbox_line {
    int64_t number; /* rises in order of settlement; 0 for none */
    int64_t subject;
    const char *study; /* borrowed from the arena */
    const char *subject_key;
    int64_t from_revision;
    int64_t to_revision;
    const char *receipt; /* NULL: pending */
};

/* The first pending line above `after`; its number is 0 when there is none. */
enum gw_status gw_outbox_next(struct gw_ledger *ledger, struct gw_arena *arena, int64_t after,
                              struct gw_outbox_line *out, struct gw_error *err);

/* A sink stands at this revision of the subject: every pending line up to it is delivered, under this receipt. */
enum gw_status gw_outbox_delivered(struct gw_ledger *ledger, int64_t subject, int64_t revision, const char *receipt,
                                   struct gw_error *err);

/* The other way round: the sink stands at this revision, and lines behind it that it had given a receipt for (an older
 * copy of it was restored) wait again. */
enum gw_status gw_outbox_stands(struct gw_ledger *ledger, int64_t subject, int64_t revision, const char *receipt,
                                struct gw_error *err);

/* The same where a sink was asked where it stands: what it has without a receipt is found, what it lacks waits again.
 */
enum gw_status gw_outbox_reconcile(struct gw_ledger *ledger, int64_t subject, int64_t revision, struct gw_error *err);

struct gw_outbox_size { /* of what waits */
    int64_t lines;
    int64_t bytes; /* of the rows of its revisions, as text */
};
enum gw_status gw_outbox_size(struct gw_ledger *ledger, const char *study, struct gw_outbox_size *out,
                              struct gw_error *err);

struct gw_delivery_counts { /* of a study */
    int64_t waiting;        /* batches without a receipt */
    int64_t bytes;          /* of their rows, as text */
    const char *oldest;     /* when the first of them was made, UTC; "": none waits */
    int64_t delivered;      /* batches with one */
    int64_t refused;        /* rows that the study database does not have as they are */
};
enum gw_status gw_delivery_counts(struct gw_ledger *ledger, struct gw_arena *arena, const char *study,
                                  struct gw_delivery_counts *out, struct gw_error *err);

struct gw_outbox {
    struct gw_outbox_line *lines;
    size_t count;
};
enum gw_status gw_outbox_list(struct gw_ledger *ledger, struct gw_arena *arena, bool pending_only,
                              struct gw_outbox *out, struct gw_error *err);
/* All lines of a subject. */
enum gw_status gw_outbox_of(struct gw_ledger *ledger, struct gw_arena *arena, int64_t subject, struct gw_outbox *out,
                            struct gw_error *err);

#endif
