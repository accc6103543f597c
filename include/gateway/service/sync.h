/*
 * `casement sync`: one pass over all endpoints of a configuration: pull, derive, deliver; then done.
 *
 * What the service (service/run.h) does for years is done once: requests pass the same turnstiles, circuits go on from
 * where either left them, certificates and savings are written, and a service that starts afterwards does not read all
 * anew. It has patience for two minutes where the service waits (sources/dispatcher.h).
 *
 * `casement replay --refetch` is a sync of a slice (refetch.h).
 */
#ifndef GATEWAY_SERVICE_SYNC_H
#define GATEWAY_SERVICE_SYNC_H

#include "gateway/ledger/ledger.h"
#include "gateway/service/config.h"
#include "gateway/service/pass.h"
#include "gateway/service/refetch.h"
#include "gateway/service/world.h"

struct gw_sync_options {
    const struct gw_config *config;
    const char *endpoint; /* only this one; NULL: all */
    gw_day as_of;         /* GW_NO_DAY, or later than it: today in each site's zone */
    void (*progress)(void *ctx, const char *what, size_t done, size_t of); /* may be NULL */
    void *ctx;
    const struct gw_refetch *again; /* ask again for this slice; NULL: go on from where the last sync ended, with all */
    const struct gw_world *world;   /* NULL: a loop of its own, and sessions over the network */
};

struct gw_sync_endpoint {
    const char *id;
    size_t requests, pages, entries, fresh, repeats, notes;
    struct gw_error failure; /* status GW_OK: all of it was pulled */
};

struct gw_sync_delivery { /* to a study database that is elsewhere */
    const char *study;    /* the configuration's */
    uint64_t batches, rows;
    uint64_t refused; /* of the rows */
    int64_t waiting;  /* batches that could not be delivered */
    size_t recalled;  /* subjects of whom the database had what the ledger does not: was it restored from a copy? */
    size_t held;      /* of them, who were not read again and wait */
    struct gw_error failure;
};

struct gw_sync_again {    /* what came of a slice, beside what comes of any sync */
    size_t chosen;        /* subjects of the rosters */
    size_t not_asked;     /* of them, about whom nobody is asked: consent was withdrawn, the study has closed, all was
                             purged, or the hospital has no endpoint that is asked */
    size_t held_back;     /* of those asked about, who could not be derived: the next sync does it */
    const char **folders; /* of their hospitals: what was put there cannot be asked for again */
    size_t folder_count;
};

struct gw_sync_result {
    struct gw_sync_endpoint *endpoints; /* in config order, in the arena */
    size_t endpoint_count;
    struct gw_pass_result pass;
    struct gw_sync_delivery *deliveries; /* in config order, in the arena */
    size_t delivery_count;
    struct gw_sync_again again;
    struct gw_equation equation;
};

/*
 * GW_OK also when endpoints failed (see their failure, and that of study databases; the command exits with the first
 * one's code in config order, endpoints first). GW_EBUSY: another instance holds the state folder. GW_EUSAGE: the slice
 * names no such study, subject or type. GW_ECONFIG, GW_EIO.
 */
enum gw_status gw_sync_run(struct gw_arena *arena, const struct gw_sync_options *options, struct gw_sync_result *out,
                           struct gw_error *err);

#endif
