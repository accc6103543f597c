/*
 * One sync in parts. Private to the sync*.c files.
 *
 *      open ──> learn ──> identify ──> anchors ──> spans ──> rest ──> close the day ──> pass
 *                         └────────── pulls ─────────┘                └ horizons, marks
 *
 * The ledger has one owner at a time: the writer while pulls run, the caller's thread between them and from then on, so
 * that derivation and delivery never keep the loop from its sockets: nothing runs on it then.
 */
#ifndef SERVICE_SYNC_PARTS_H
#define SERVICE_SYNC_PARTS_H

#include <uv.h>

#include "gateway/service/sync.h"
#include "gateway/sources/scheduler.h"
#include "service/setup.h"

#define SYNC_MEMORY (1u << 30) /* of the requests of one stage */

struct sync {
    const struct gw_sync_options *options;
    struct gw_sync_result *result;
    struct gw_arena *results; /* the caller's */
    struct gw_arena requests; /* of one stage */
    struct setup setup;
    struct gw_sync_endpoint **endpoints; /* results of the setup's; NULL: not asked */
    struct gw_store_writer store;        /* while the writer holds the ledger */
    struct gw_ledger *ledger;
    int64_t delivery;
    char now[GW_INSTANT_BYTES];
    struct gw_world own; /* when the options bring none */
    uv_loop_t loop;      /* of it */
    bool loop_open;
};

enum sync_stage {
    SYNC_IDENTIFY, /* Patients by record number */
    SYNC_ANCHORS,  /* what D1 is found from */
    SYNC_SPAN,     /* the rest */
};

/* Ask all endpoints what the stage wants of their subjects. An endpoint's failure is its result's, not ours. */
enum gw_status sync_pull(struct sync *sync, enum sync_stage stage, struct gw_error *err);

#endif
