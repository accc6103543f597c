/*
 * Many pulls: several endpoints at once, at most `concurrent` chains for each.
 *
 * A failure ends the remaining requests of its endpoint, no others; requests of it that are under way end as they end.
 * GW_EIO (our disk) ends all. What a request meets in passing (GW_ERETRY, a body cut short) is tried again up to three
 * times within two minutes of its first failure, after a wait that doubles, with jitter, and never before the server's
 * Retry-After has passed.
 */
#ifndef GATEWAY_SOURCES_SCHEDULER_H
#define GATEWAY_SOURCES_SCHEDULER_H

#include "gateway/sources/pull.h"

#define GW_RETRIES_MAX       3u
#define GW_RETRIES_WITHIN_MS 120000u
#define GW_RETRY_FIRST_MS    2000u

struct gw_source { /* one endpoint and what to ask it, in order; borrowed until done */
    const struct gw_pull_settings *settings;
    unsigned concurrent; /* 0: 4 */
    const struct gw_request *requests;
    size_t count;
};

struct gw_source_result {
    struct gw_pull_result total; /* all sums; patients, patient and retry_after_s are not filled */
    size_t done;                 /* requests that succeeded */
    size_t skipped;              /* never started, or given up after another's failure */
    struct gw_error failure;     /* the first; status GW_OK: none */
};

struct gw_scheduler_options {
    const struct gw_clock *clock; /* monotonic time; NULL: gw_system_clock */

    /* NULL: wait as long as it says. A test hears each wait here and answers how long to wait in earnest. */
    uint64_t (*pause)(void *ctx, uint64_t wait_ms);

    /* How one request ended, each exactly once if it was started; retries are not ends. May be NULL. */
    void (*ended)(void *ctx, size_t source, const struct gw_request *request, const struct gw_pull_result *result,
                  const struct gw_error *failure);
    void *ctx; /* of both */
};

struct gw_scheduler;

/* Once, later, from the loop; the scheduler is gone when it returns. results[i] belongs to sources[i], during the call.
 */
typedef void (*gw_scheduler_done)(void *ctx, const struct gw_source_result *results, size_t count);

/* sources and options (may be NULL) are borrowed until done. GW_ENOMEM. With nothing to do, done comes all the same. */
enum gw_status gw_scheduler_start(uv_loop_t *loop, const struct gw_source *sources, size_t count,
                                  const struct gw_scheduler_options *options, gw_scheduler_done done, void *ctx,
                                  struct gw_scheduler **out, struct gw_error *err);

/* Every endpoint's remaining requests end; failures of what is under way are GW_ECANCELED. */
void gw_scheduler_cancel(struct gw_scheduler *scheduler);

#endif
