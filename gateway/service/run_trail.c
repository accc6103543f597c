/*
 * The audit trail of the service: sealed now and then, and at the end.
 */
#include <stdlib.h>

#include "gateway/ledger/audit.h"
#include "service/audited.h"
#include "service/run_parts.h"

static void log_point(const struct gw_run *run, const struct gw_audit_point *point)
{
    gw_log(run->log, GW_LOG_INFO, "audit.checkpoint", GW_LOG_NUMBER("rows", point->count),
           GW_LOG_TEXT("head", point->head));
}

/* A ledger that failed has its say in the failure of the service. */
void trail_end(const struct gw_run *run)
{
    const char *reason = run->failure.status == GW_OK ? NULL : run->failure.text;
    struct gw_audit_point point;

    if (run->ledger)
        gw_ledger_set_patience(run->ledger, RUN_PATIENCE_MS); /* an end of which no word can be left is one too */
    if (run->ledger && audited_work(run->ledger, GW_AUDIT_END, "casement run", reason, NULL) == GW_OK &&
        gw_audit_checkpoint(run->ledger, &point, NULL) == GW_OK)
        log_point(run, &point);
}

/* ---- now and then ---- */

struct sealing {
    struct gw_run *run;
    struct gw_audit_point point;
};

static enum gw_status seal(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    return gw_audit_checkpoint(ledger, &((struct sealing *)ctx)->point, err);
}

static void on_sealed(void *ctx, const struct gw_error *failure)
{
    struct sealing *sealing = ctx;
    struct gw_run *run = sealing->run;

    run_fail(run, failure);
    if (failure)
        gw_log(run->log, GW_LOG_ERROR, "audit.checkpoint.failed", GW_LOG_TEXT("reason", failure->text));
    else if (sealing->point.count > run->sealed)
        log_point(run, &sealing->point);
    run->sealed = failure ? run->sealed : sealing->point.count;
    free(sealing);
}

void trail_seal(struct gw_run *run)
{
    struct sealing *sealing = run->writer && !run->writer_stopping ? calloc(1, sizeof *sealing) : NULL;
    struct gw_error failure;

    if (!sealing)
        return;
    sealing->run = run;
    if (gw_writer_submit_alone(run->writer, seal, on_sealed, sealing, &failure) != GW_OK)
        free(sealing);
}
