/*
 * The service from its start to its end.
 *
 *      load ──> ledger ──> open ──> writer ──> at work ──┬── a file changed: load anew, close, open
 *                                                        └── told to stop: close, end
 *
 * The ledger is the caller's thread's while a generation opens, and the writer's while one works: between two
 * generations the writer is stopped.
 */
#include "gateway/service/run.h"

#include <signal.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>

#include "gateway/ledger/notes.h"
#include "service/audited.h"
#include "service/roster_fetch.h"
#include "service/run_parts.h"

static const char where[] = "service.run";

int64_t run_now(const struct gw_run *run)
{
    return run->world->clock->utc(run->world->clock->ctx);
}

/* ---- the service manager ---- */

static void notify(const struct gw_run *run, const char *state)
{
    if (run->options.notify)
        sd_notify(0, state);
}

static void notify_work(const struct gw_run *run)
{
    if (run->options.notify)
        sd_notifyf(0, "READY=1\nWATCHDOG=1\nSTATUS=%zu watched, %zu under way, %llu requests", run->counts.subjects,
                   run->counts.under_way, (unsigned long long)run->counts.sent);
}

/* ---- the end ---- */

static void release(struct gw_run *run)
{
    if (run->next)
        generation_free(run->next);
    gw_ledger_close(run->ledger);
    run_door_release(run);
    gw_arena_release(&run->ground.arena);
    free(run);
}

static void on_handle_closed(uv_handle_t *handle);

/* The last of the parts: it bounds the end of all others. */
static void close_drain(struct gw_run *run)
{
    gw_clock_stop(run->world->clock, &run->drain);
    uv_close((uv_handle_t *)&run->drain, on_handle_closed);
}

static void part_closed(struct gw_run *run)
{
    gw_run_done done = run->done;
    void *ctx = run->ctx;
    const struct gw_error failure = run->failure;

    if (--run->open == 1)
        close_drain(run);
    if (run->open > 0)
        return;
    trail_end(run);
    gw_log(run->log, failure.status == GW_OK ? GW_LOG_INFO : GW_LOG_ERROR, "stopped",
           GW_LOG_NUMBER("requests", (int64_t)run->counts.sent),
           GW_LOG_TEXT("reason", failure.status == GW_OK ? NULL : failure.text));
    release(run);
    done(ctx, failure.status == GW_OK ? NULL : &failure);
}

static void on_handle_closed(uv_handle_t *handle)
{
    part_closed(handle->data);
}

static void on_door_closed(void *ctx)
{
    part_closed(ctx);
}

static void close_handles(struct gw_run *run)
{
    if (run->door.listener) {
        run->open++;
        run_door_close(run, on_door_closed, run);
    }
    gw_clock_stop(run->world->clock, &run->timer);
    gw_dispatch_pool_free(run->pool);
    uv_close((uv_handle_t *)&run->timer, on_handle_closed);
    for (size_t i = 0; run->options.signals && i < sizeof run->signals / sizeof run->signals[0]; i++)
        uv_close((uv_handle_t *)&run->signals[i], on_handle_closed);
}

/* ---- from one generation to the next ---- */

static void work(struct gw_run *run);
static void on_generation_closed(struct gw_run *run);

/* The ledger is ours again: the writer has stopped. */
static void on_writer_stopped(void *ctx)
{
    struct gw_run *run = ctx;
    struct generation *old = run->generation;

    run->writer = NULL;
    run->writer_stopping = false;
    run->generation = run->next;
    run->next = NULL;
    generation_free(old);
    if (run->generation && !run->stopping) {
        work(run);
        return;
    }
    if (run->generation)
        generation_free(run->generation);
    run->generation = NULL;
    close_handles(run);
}

static void on_generation_closed(struct gw_run *run)
{
    run->writer_stopping = true;
    gw_writer_stop(run->writer, on_writer_stopped, run);
}

static enum gw_status begin_work(struct gw_run *run, struct gw_error *err)
{
    struct generation *generation = run->generation;
    struct gw_error refused;
    enum gw_status rc = generation_open(generation, err);

    if (rc == GW_OK)
        rc = run_door_name(run, err);
    gw_ledger_set_patience(run->ledger, GW_LEDGER_PATIENCE_MS);
    if (rc == GW_OK)
        rc = gw_writer_start(run->world->loop, run->ledger, &run->writer, err);
    if (rc != GW_OK)
        return rc;
    run->resume = run->relinked = false;
    gw_store_writer_init(&run->store, run->writer);
    gw_notebook_writer_init(&run->notebook, run->writer);
    gw_deliveries_writer_init(&run->deliveries, run->writer);
    run->counts.subjects = generation->watch_count;
    gw_log(run->log, GW_LOG_INFO, "at_work", GW_LOG_NUMBER("endpoints", (int64_t)generation->hospital_count),
           GW_LOG_NUMBER("subjects", (int64_t)generation->setup.subject_count));
    generation_start(generation);
    couriers_start(generation);
    if (upkeep_ring(run, &refused) != GW_OK)
        gw_log(run->log, GW_LOG_ERROR, "doorbell.failed", GW_LOG_TEXT("reason", refused.text));
    hints_look(run);
    rosters_look(run);
    run_door_count(run);
    notify_work(run);
    return GW_OK;
}

/*
 * A generation that cannot be opened although it was loaded (a file system that is away, a ledger that somebody writes
 * to): it is tried again with the next look, and between two looks the service can be told to end. Only our disk ends
 * it.
 */
static void work(struct gw_run *run)
{
    struct gw_error failure;

    gw_ledger_set_patience(run->ledger, RUN_PATIENCE_MS);
    if (begin_work(run, &failure) == GW_OK)
        return;
    gw_log(run->log, GW_LOG_ERROR, "work.refused", GW_LOG_TEXT("reason", failure.text));
    gw_ledger_rollback(run->ledger);
    generation_free(run->generation);
    run->generation = NULL;
    run->counts.subjects = 0;
    run->door.health.readiness.started = false;
    if (failure.status != GW_EIO)
        return;
    run->failure = failure;
    run->stopping = true;
    close_handles(run);
}

/* Nobody rings for subscriptions that are going. */
static void close_generation(struct gw_run *run)
{
    if (!run->writer || !run->generation || run->generation->closing)
        return;
    gw_doorbell_set(run->door.bell, NULL, 0, NULL);
    generation_close(run->generation, on_generation_closed);
}

void run_fail(struct gw_run *run, const struct gw_error *failure)
{
    if (!failure || failure->status != GW_EIO)
        return;
    if (run->failure.status == GW_OK)
        run->failure = *failure;
    gw_run_stop(run);
}

static void on_overdue(uv_timer_t *timer)
{
    struct gw_run *run = timer->data;

    gw_log(run->log, GW_LOG_WARNING, "overdue", GW_LOG_NUMBER("jobs", (int64_t)gw_run_counts(run).jobs));
    if (run->options.overdue)
        run->options.overdue(run->ctx, run->failure.status == GW_OK ? NULL : &run->failure);
}

void gw_run_stop(struct gw_run *run)
{
    if (run->stopping)
        return;
    run->stopping = true;
    notify(run, "STOPPING=1");
    gw_log(run->log, GW_LOG_INFO, "stopping", GW_LOG_NUMBER("under_way", (int64_t)run->counts.under_way));
    gw_clock_start(run->world->clock, &run->drain, on_overdue, GW_RUN_DRAIN_MS);
    if (run->generation)
        close_generation(run);
    else
        close_handles(run);
}

static enum gw_status load_next(struct gw_run *run, struct gw_error *err)
{
    struct generation *next = NULL;
    enum gw_status rc = generation_load(run, &next, err);

    if (rc == GW_OK)
        rc = setup_keys(&next->setup, err);
    if (rc == GW_OK)
        rc = ground_stays(&run->ground, &next->config, err);
    if (rc == GW_OK)
        run->next = next;
    else if (next)
        generation_free(next);
    return rc;
}

static void take_up_next(struct gw_run *run)
{
    run->counts.reloads++;
    gw_log(run->log, GW_LOG_INFO, "reload", GW_LOG_NUMBER("reloads", (int64_t)run->counts.reloads));
    if (run->generation) {
        rosters_tell(run, &run->generation->setup, &run->next->setup);
        close_generation(run);
        return;
    }
    run->generation = run->next;
    run->next = NULL;
    work(run);
}

/*
 * Loaded before the old one is given up: what is wrong with it costs nothing. resume: once it is taken up, what is
 * stopped is tried again; with the one that is on its way already, where there is one.
 */
static void reload(struct gw_run *run, bool resume)
{
    const bool on_its_way = run->next;
    struct gw_error failure;

    if (run->stopping)
        return;
    if (!on_its_way && load_next(run, &failure) != GW_OK) {
        gw_log(run->log, GW_LOG_ERROR, "reload.refused", GW_LOG_TEXT("reason", failure.text));
        notify_work(run);
        return;
    }
    run->resume |= resume;
    if (!on_its_way)
        take_up_next(run);
}

void gw_run_reload(struct gw_run *run)
{
    reload(run, false);
}

/* ---- now and then ---- */

enum {
    LOOKS_TO_A_COUNT = 40, /* ten minutes */
    LOOKS_TO_A_ROSTER = ROSTER_FETCH_S * 1000 / GW_RUN_LOOK_MS,
};

static void on_look(uv_timer_t *timer);

static uint64_t loop_now(const struct gw_run *run)
{
    return run->world->clock->monotonic_ms(run->world->clock->ctx);
}

static void look_later(struct gw_run *run)
{
    run->look_at = loop_now(run) + GW_RUN_LOOK_MS;
    gw_clock_start(run->world->clock, &run->timer, on_look, GW_RUN_LOOK_MS);
}

static void on_look(uv_timer_t *timer)
{
    struct gw_run *run = timer->data;
    const uint64_t now = loop_now(run);

    run->door.metrics.loop_delay_ms = now > run->look_at ? now - run->look_at : 0;

    if (!run->generation || (!run->generation->closing && (look_changed(run->generation->look) || run->relinked)))
        gw_run_reload(run);
    marked_look(run);
    orders_look(run);
    if (++run->looks % LOOKS_TO_A_COUNT == 0) {
        run_door_count(run);
        trail_seal(run);
        retention_look(run);
        hints_look(run); /* those that could not be taken up when they came */
    }
    if (run->looks % LOOKS_TO_A_ROSTER == 0)
        rosters_look(run);
    notify_work(run);
    look_later(run);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct gw_run *run = handle->data;

    if (number == SIGHUP) {
        notify(run, "RELOADING=1");
        reload(run, true);
    } else {
        gw_run_stop(run);
    }
}

/* Not from within: whoever calls is part of the generation. */
void run_relink(struct gw_run *run)
{
    run->relinked = true;
    if (!run->stopping)
        gw_clock_start(run->world->clock, &run->timer, on_look, 0);
}

static void watch_signals(struct gw_run *run)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};

    for (size_t i = 0; run->options.signals && i < sizeof numbers / sizeof numbers[0]; i++) {
        uv_signal_init(run->world->loop, &run->signals[i]);
        run->signals[i].data = run;
        uv_signal_start(&run->signals[i], on_signal, numbers[i]);
        run->open++;
    }
}

static void start_handles(struct gw_run *run)
{
    uv_timer_init(run->world->loop, &run->timer);
    uv_timer_init(run->world->loop, &run->drain);
    run->timer.data = run->drain.data = run;
    run->open += 2;
    look_later(run);
    watch_signals(run);
}

/* ---- the start ---- */

/* The first start with a state folder is no restart. */
static enum gw_status count_start(struct gw_run *run, struct gw_error *err)
{
    struct gw_arena scratch = GW_ARENA_INIT(4096);
    const char *text = NULL;
    char number[24];
    enum gw_status rc = gw_ledger_note(run->ledger, &scratch, "service", "starts", &text, err);

    if (rc == GW_OK) {
        run->door.metrics.restarts = text ? strtoull(text, NULL, 10) : 0;
        snprintf(number, sizeof number, "%llu", (unsigned long long)run->door.metrics.restarts + 1);
        rc = gw_ledger_note_put(run->ledger, "service", "starts", number, err);
    }
    gw_arena_release(&scratch);
    return rc;
}

static enum gw_status open_run(struct gw_run *run, struct gw_error *err)
{
    enum gw_status rc = generation_load(run, &run->generation, err);

    if (rc == GW_OK)
        rc = setup_ledger(&run->generation->config, &run->ledger, err);
    if (rc == GW_OK)
        rc = setup_keys(&run->generation->setup, err);
    if (rc == GW_OK)
        rc = ground_keep(&run->ground, &run->generation->config, err);
    if (rc == GW_OK)
        rc = audited_work(run->ledger, GW_AUDIT_START, "casement run", NULL, err);
    if (rc == GW_OK)
        rc = gw_dispatch_pool_new(run->world->loop, run->world->clock, NULL, &run->pool, err);
    if (rc == GW_OK)
        rc = run_door_open(run, err);
    if (rc == GW_OK)
        rc = count_start(run, err);
    return rc == GW_OK ? begin_work(run, err) : rc;
}

enum gw_status gw_run_start(const struct gw_run_options *options, gw_run_done done, void *ctx, struct gw_run **out,
                            struct gw_error *err)
{
    struct gw_run *run = calloc(1, sizeof *run);
    enum gw_status rc;

    if (!run)
        return gw_fail(err, GW_ENOMEM, where, "no memory for the service");
    run->options = *options;
    run->world = options->world;
    run->log = options->log;
    run->done = done;
    run->ctx = ctx;
    rc = open_run(run, err);
    if (rc != GW_OK) {
        if (run->door.listener)
            run_door_close(run, NULL, NULL);
        if (run->generation)
            generation_free(run->generation);
        gw_dispatch_pool_free(run->pool);
        release(run);
        return rc;
    }
    start_handles(run);
    *out = run;
    return GW_OK;
}

struct gw_run_counts gw_run_counts(const struct gw_run *run)
{
    struct gw_run_counts counts = run->counts;
    size_t threads = 0;

    for (size_t i = 0; run->generation && i < run->generation->hospital_count; i++)
        threads +=
            export_at_work(run->generation->hospitals[i].export) + intray_at_work(run->generation->hospitals[i].intray);
    counts.jobs = run->writer ? gw_writer_jobs(run->writer) + run->writer_stopping + threads : 0;
    return counts;
}
