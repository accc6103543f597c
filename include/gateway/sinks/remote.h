/*
 * A study database that is reached over a network: the same batches and receipts as sinks/sink.h, carried on the loop.
 *
 *      open ──> stand (where every subject stands) ──> deliver [batch, batch, ...] ──> receipts, refusals ──> deliver
 * ...
 *
 * A batch has an effect once: it is applied, with its receipt, in one transaction, when the database stands at
 * from_revision, and may be sent again whenever the answer was lost. One call at a time; done is called once, later.
 *
 * What a person changed there is not overwritten, and what the database refuses does not keep the other rows of a batch
 * back: such rows are refusals. A refusal stays with its batch: sending the batch again names it again.
 */
#ifndef GATEWAY_SINKS_REMOTE_H
#define GATEWAY_SINKS_REMOTE_H

#include <uv.h>

#include "gateway/net/clock.h"
#include "gateway/sinks/sink.h"

struct gw_stand {
    const char *subject_key;
    int64_t revision;
    const char *applied_at; /* of the batch; NULL: it does not say */
};

struct gw_stands {
    struct gw_stand *list;
    size_t count;
    size_t capacity;
};

/* failure: GW_ERETRY passes by itself; anything else wants a person, and the database is left alone meanwhile. */
typedef void (*gw_remote_done)(void *ctx, const struct gw_error *failure);

struct gw_shipment {
    const struct gw_batch *batches; /* one for each subject; the caller's until done */
    size_t count;
    struct gw_receipt *receipts; /* of each batch; filled in */
    struct gw_arena *arena;      /* of what is answered */
    struct gw_refusals refusals; /* filled in */
};

struct gw_recalled {             /* what the database has of a subject */
    int64_t revision;            /* 0: it knows nobody of this name */
    struct gw_rows rows;         /* those that are as we wrote them, sorted; no tombstones */
    struct gw_refusals refusals; /* of the batch that ended at the revision: what its answer said, or should have */
};

struct gw_expected { /* a row that should be there */
    enum gw_table_id table;
    const char *subject_key;
    const char *row_id;
};

struct gw_remote {
    /* Every subject the database knows. Connects, and sees to it that it is the study's own, when need be. */
    void (*stand)(struct gw_remote *remote, struct gw_arena *arena, struct gw_stands *out, gw_remote_done done,
                  void *ctx);
    void (*deliver)(struct gw_remote *remote, struct gw_shipment *shipment, gw_remote_done done, void *ctx);
    /* Rows that are not as we wrote them. */
    void (*inspect)(struct gw_remote *remote, struct gw_arena *arena, struct gw_refusals *out, gw_remote_done done,
                    void *ctx);
    /*
     * Whether it is reached, is the study's own, and could take rows of these windows, which live until done. Nothing
     * is written. GW_ECONFIG: it could not, and the text says what is missing.
     */
    void (*examine)(struct gw_remote *remote, const char *const *windows, size_t count, gw_remote_done done, void *ctx);
    /* Of these rows, which are not there: refusals of what was touched, reason "missing". NULL: it cannot tell. */
    void (*missing)(struct gw_remote *remote, const struct gw_expected *rows, size_t count, struct gw_arena *arena,
                    struct gw_refusals *out, gw_remote_done done, void *ctx);
    /* NULL: it cannot tell. */
    void (*recall)(struct gw_remote *remote, const char *subject_key, struct gw_arena *arena, struct gw_recalled *out,
                   gw_remote_done done, void *ctx);
    /* A done that is owed is called first (GW_ECANCELED); closed when the loop holds nothing of it. */
    void (*close)(struct gw_remote *remote, void (*closed)(void *ctx), void *ctx);
};

#endif
