/*
 * `casement run`: the service. Retrieval at routine visits from many hospitals at once, for years.
 *
 *      roster, profiles, settings ──> generation ──> a watch for each subject at each endpoint
 *                                                       │ due (service/schedule)
 *                                                       v
 *                  plan ──> ask ──> span ──> ask ──> close: horizon, derive, deliver      an errand
 *                            └ dispatcher: turnstile of the endpoint ┘
 *
 * Everything it must know again after a restart is in the ledger: cursors, horizons, what the schedule did, circuits.
 * A changed roster, site profile or configuration makes a new generation, and so does a patient whom a person linked to
 * a subject: it is loaded whole before the old one is given up, and a mistake in it leaves the old one at work. What
 * was under way is cancelled then and asked for anew; pages that were committed stay.
 *
 * It ends by itself only when our disk failed (GW_EIO).
 */
#ifndef GATEWAY_SERVICE_RUN_H
#define GATEWAY_SERVICE_RUN_H

#include "gateway/core/log.h"
#include "gateway/service/config.h"
#include "gateway/service/schedule.h"
#include "gateway/service/world.h"

#define GW_RUN_LOOK_MS  15000u /* between looks at the files it came from: a withdrawal acts within a minute */
#define GW_RUN_DRAIN_MS 8000u  /* of the ten seconds that an end may take */

/* The end, once, from the loop; the service is gone when it returns. failure NULL: it was asked to stop. */
typedef void (*gw_run_done)(void *ctx, const struct gw_error *failure);

struct gw_run_options {
    const char *config;           /* file name */
    const struct gw_world *world; /* borrowed; NULL: nothing works without one */
    struct gw_log *log;           /* borrowed */
    bool signals;                 /* SIGTERM and SIGINT stop it, SIGHUP reloads */
    bool notify;                  /* the service manager, where there is one */

    /*
     * GW_RUN_DRAIN_MS after it was told to stop a thread is still at work. The caller ends the process, in the middle
     * of whatever that is: a commit is whole or was none, as with a power cut. Where the caller waits on (or NULL),
     * done comes when the work is done.
     */
    gw_run_done overdue;
};

struct gw_run;

/* Refused with a status and no callback: configuration, ledger held by another instance, keys. */
enum gw_status gw_run_start(const struct gw_run_options *options, gw_run_done done, void *ctx, struct gw_run **out,
                            struct gw_error *err);

/* Let pages be committed, cancel the rest, end. A subject that is being derived is derived first, unless it takes
 * longer than GW_RUN_DRAIN_MS: overdue. */
void gw_run_stop(struct gw_run *run);

/* Read all files again. A mistake in them is logged, and what was goes on. */
void gw_run_reload(struct gw_run *run);

struct gw_run_counts {
    size_t subjects;                       /* watched, each at each of its endpoints */
    size_t under_way;                      /* errands */
    uint64_t errands[GW_ERRAND_LEARN + 1]; /* done, by kind */
    uint64_t failed;                       /* errands that did not get all they asked for */
    uint64_t sent;                         /* requests since the start */
    uint64_t plain;                        /* what a poller without a schedule would have sent meanwhile */
    uint64_t reloads;
    size_t jobs; /* of the ledger's thread, owed: time may not pass in a test meanwhile */
};
struct gw_run_counts gw_run_counts(const struct gw_run *run);

#endif
