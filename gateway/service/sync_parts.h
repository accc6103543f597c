/*
 * One sync in parts. Private to the sync*.c files.
 *
 *      open ──> learn ──> identify ──> anchors ──> spans ──> rest ──> close the day ──> pass
 *                         └────────── pulls ─────────┘                └ horizons, marks
 *
 * What the service does subject by subject is done for all of them together: the requests of a stage go to the
 * dispatchers of their endpoints, which have patience here, and all that was read is derived in one pass.
 *
 * The ledger has one owner at a time: the writer while pulls run, the caller's thread between them and from then on, so
 * that derivation and delivery never keep the loop from its sockets: nothing runs on it then.
 */
#ifndef SERVICE_SYNC_PARTS_H
#define SERVICE_SYNC_PARTS_H

#include <uv.h>

#include "gateway/service/sync.h"
#include "gateway/sources/dispatcher.h"
#include "service/learn.h"
#include "service/refetch.h"
#include "service/setup.h"

#define SYNC_MEMORY      (1u << 30) /* of the requests of one stage */
#define SYNC_PATIENCE_MS 120000u

struct standing;

struct sync_endpoint {
    struct sync *sync;
    struct setup_endpoint *endpoint;
    struct gw_sync_endpoint *told;    /* in the result; NULL: it is not asked */
    struct gw_pull_settings settings; /* of its dispatcher */
    struct gw_dispatcher *dispatcher; /* NULL: not asked, or not any more */
    struct learning learning;
};

struct sync {
    const struct gw_sync_options *options;
    struct gw_sync_result *result;
    struct gw_arena *results;   /* the caller's */
    struct gw_arena requests;   /* of one stage */
    struct gw_arena scratch;    /* of one subject */
    struct gw_plan_slice slice; /* where the options ask again for one */
    struct setup setup;
    struct sync_endpoint *endpoints; /* of the setup's */
    struct gw_dispatch_pool *pool;
    size_t open;                  /* dispatchers */
    size_t waiting;               /* for so many answers */
    struct gw_writer *writer;     /* while it holds the ledger */
    struct gw_store_writer store; /* of it */
    struct gw_ledger *ledger;
    struct gw_error disk; /* ours failed; status GW_OK: it did not */
    int64_t delivery;
    int64_t began; /* UTC */
    char now[GW_INSTANT_BYTES];
    struct gw_world own; /* when the options bring none */
    uv_loop_t loop;      /* of it */
    bool loop_open;
};

/* ---- sync.c ---- */

/* Its scratch memory is that of the requests. */
struct standing sync_standing(struct sync *sync);

/* ---- sync_endpoints.c ---- */

/* Circuits go on from where the last sync, or the service, left them. An endpoint's failure is its result's. */
enum gw_status sync_open_endpoints(struct sync *sync, struct gw_error *err);
void sync_close_endpoints(struct sync *sync);
/* The first is told; NULL is none. trouble: of a search, as its result says; of anything else GW_TROUBLE_NONE. */
void sync_failed(struct sync_endpoint *endpoint, enum gw_trouble trouble, const struct gw_error *failure);

/* What is asked between the two is answered when the second returns, with GW_EIO if our disk failed. */
enum gw_status sync_begin_asking(struct sync *sync, struct gw_error *err);
enum gw_status sync_end_asking(struct sync *sync, struct gw_error *err);

/* What endpoints that were never checked say they offer. One that does not say it is asked nothing else. */
enum gw_status sync_learn(struct sync *sync, struct gw_error *err);

/* Rosters that hospitals keep: where one cannot be had, the former one stays in use. */
enum gw_status sync_fetch_rosters(struct sync *sync, bool *changed, struct gw_error *err);

/* ---- sync_pull.c ---- */

enum sync_stage {
    SYNC_IDENTIFY, /* Patients by record number */
    SYNC_ANCHORS,  /* what D1 is found from */
    SYNC_SPAN,     /* the rest */
};

/* Ask all endpoints what the stage wants of their subjects. */
enum gw_status sync_pull(struct sync *sync, enum sync_stage stage, struct gw_error *err);

/* ---- sync_again.c: of a slice alone ---- */

/* The slice and whom it is about, as the rosters were loaded; endpoints that it does not concern are not asked.
 * GW_EUSAGE.
 */
enum gw_status sync_again_load(struct sync *sync, struct gw_error *err);
/* The ledger is held by another. GW_EBUSY. */
enum gw_status sync_again_refused(const struct sync *sync, struct gw_error *err);
/* Everybody else is left out, and the trail tells of it. */
enum gw_status sync_again_begin(struct sync *sync, struct gw_error *err);
/* No later day is asked for than was read before. */
enum gw_status sync_again_bound(struct sync *sync, const struct setup_subject *subject, const struct setup_link *link,
                                struct gw_span *span, struct gw_error *err);
/* Sets ready, and up to which day; no horizon moves. */
enum gw_status sync_again_close(struct sync *sync, struct gw_error *err);

/* ---- sync_deliver.c ---- */

/* What waits for study databases that are elsewhere. *marked: something was refused there, subjects are to be derived
 * once more. A database's failure is its result's. */
enum gw_status sync_deliver(struct sync *sync, bool *marked, struct gw_error *err);

#endif
