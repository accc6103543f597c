/*
 * Retention of a running service: a piece a job, so that a closed study of any size delays nobody; then the file anew.
 */
#include <stdlib.h>

#include "gateway/ledger/purge.h"
#include "service/retention.h"
#include "service/run_parts.h"

struct keeping {
    struct gw_run *run;
    struct generation *generation;
    int64_t now;
    bool more;
};

static void next_piece(struct gw_run *run);

static enum gw_status piece(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    struct keeping *keeping = ctx;
    const enum gw_status rc = retention_piece(ledger, &keeping->generation->config, keeping->now, &keeping->more, err);

    return rc == GW_OK && !keeping->more ? gw_ledger_sweep(ledger, err) : rc;
}

static void on_piece(void *ctx, const struct gw_error *failure)
{
    struct keeping *keeping = ctx;
    struct gw_run *run = keeping->run;
    const bool more = keeping->more && !failure;

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
