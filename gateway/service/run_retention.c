/*
 * Retention of a running service: a piece a job, so that a closed study of any size delays nobody; then the file anew.
 * Orders that were noted beside it begin here; whom they are about is in no generation after that.
 */
#include <stdlib.h>

#include "gateway/ledger/purge.h"
#include "gateway/service/order.h"
#include "service/retention.h"
#include "service/run_parts.h"
#include "service/standing.h"

struct keeping {
    struct gw_run *run;
    struct generation *generation;
    int64_t now;
    bool more;
    size_t ordered; /* orders begun */
    size_t waiting; /* orders noted, and purges that are not at their end */
};

static void next_piece(struct gw_run *run);

/* What orders withdrew waits in the outbox like all else: a pass over nobody delivers it. At the end of a purge too:
 * its order may have been begun before there was a generation. */
static enum gw_status deliver(const struct keeping *keeping, struct gw_error *err)
{
    const struct setup *setup = &keeping->generation->setup;
    struct gw_arena scratch = GW_ARENA_INIT(SETUP_MEMORY);
    char now[GW_INSTANT_BYTES];
    struct standing standing = {setup, &scratch, now};
    enum gw_status rc = GW_OK;

    gw_instant_print(keeping->now, now);
    for (size_t i = 0; rc == GW_OK && i < setup->study_count; i++) {
        struct gw_pass pass = standing_pass(&standing, &setup->studies[i], NULL, 0);
        struct gw_pass_result result;

        rc = gw_pass_run(&pass, &result, err);
    }
    gw_arena_release(&scratch);
    return rc;
}

static enum gw_status piece(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    struct keeping *keeping = ctx;
    enum gw_status rc =
        retention_piece(ledger, &keeping->generation->config, keeping->now, &keeping->more, &keeping->ordered, err);

    if (rc == GW_OK && (keeping->ordered > 0 || !keeping->more))
        rc = deliver(keeping, err);
    return rc == GW_OK && !keeping->more ? gw_ledger_sweep(ledger, err) : rc;
}

static void on_piece(void *ctx, const struct gw_error *failure)
{
    struct keeping *keeping = ctx;
    struct gw_run *run = keeping->run;
    const bool more = keeping->more && !failure;

    if (keeping->ordered > 0)
        run_relink(run);
    free(keeping);
    run->purging = false;
    run_fail(run, failure);
    if (failure)
        gw_log(run->log, GW_LOG_ERROR, "purge.failed", GW_LOG_TEXT("reason", failure->text));
    if (more)
        next_piece(run);
}

/* A generation is freed when the writer has stopped, behind the last of its jobs. */
static void next_piece(struct gw_run *run)
{
    struct keeping *keeping;
    struct gw_error failure;

    if (run->purging || run->stopping || !run->writer || run->writer_stopping || !run->generation ||
        !(keeping = calloc(1, sizeof *keeping)))
        return;
    *keeping = (struct keeping){.run = run, .generation = run->generation, .now = run_now(run)};
    run->purging = true;
    if (gw_writer_submit_alone(run->writer, piece, on_piece, keeping, &failure) != GW_OK) {
        run->purging = false;
        free(keeping);
    }
}

void retention_look(struct gw_run *run)
{
    next_piece(run);
}

/* ---- orders ---- */

/* Purges that were begun when the generation was opened, or broken off, go on as soon. */
static enum gw_status count_begun(struct gw_ledger *ledger, size_t *count, struct gw_error *err)
{
    struct gw_arena arena = GW_ARENA_INIT(SETUP_MEMORY);
    struct gw_tombstones stones = {NULL, 0};
    const enum gw_status rc = gw_ledger_tombstones(ledger, &arena, &stones, err);

    for (size_t i = 0; i < stones.count; i++)
        *count += !stones.list[i].ended;
    gw_arena_release(&arena);
    return rc;
}

static enum gw_status count_orders(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    struct keeping *keeping = ctx;
    const enum gw_status rc = gw_orders_waiting(ledger, &keeping->waiting, err);

    return rc == GW_OK ? count_begun(ledger, &keeping->waiting, err) : rc;
}

static void on_orders(void *ctx, const struct gw_error *failure)
{
    struct keeping *keeping = ctx;
    struct gw_run *run = keeping->run;
    const bool any = !failure && keeping->waiting > 0;

    free(keeping);
    run_fail(run, failure);
    if (any)
        retention_look(run);
}

void orders_look(struct gw_run *run)
{
    struct keeping *keeping = run->writer && !run->writer_stopping ? calloc(1, sizeof *keeping) : NULL;
    struct gw_error failure;

    if (!keeping)
        return;
    keeping->run = run;
    if (gw_writer_submit(run->writer, 1, count_orders, on_orders, keeping, &failure) != GW_OK)
        free(keeping);
}
