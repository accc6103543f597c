/*
 * Deliveries in earnest: jobs of the ledger's writer.
 */
#include <stdlib.h>

#include "gateway/sources/folder.h"

struct opening {
    const char *source;
    const char *as_of;
    int64_t *delivery;
    gw_writer_done done;
    void *ctx;
};

/* On the ledger's thread. */
static enum gw_status run_open(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    const struct opening *opening = ctx;

    return gw_ledger_deliver(ledger, opening->source, opening->as_of, opening->delivery, err);
}

static void on_opened(void *ctx, const struct gw_error *failure)
{
    const struct opening opening = *(struct opening *)ctx;

    free(ctx);
    opening.done(opening.ctx, failure);
}

static enum gw_status open_delivery(struct gw_deliveries *deliveries, const char *source, const char *as_of,
                                    int64_t *delivery, gw_writer_done done, void *ctx, struct gw_error *err)
{
    struct gw_writer *writer = ((struct gw_deliveries_writer *)deliveries)->writer;
    struct opening *opening = malloc(sizeof *opening);
    enum gw_status rc;

    if (!opening)
        return gw_fail(err, GW_ENOMEM, "sources.folder", "no memory for a delivery");
    *opening = (struct opening){source, as_of, delivery, done, ctx};
    rc = gw_writer_submit(writer, 1, run_open, on_opened, opening, err);
    if (rc != GW_OK)
        free(opening);
    return rc;
}

void gw_deliveries_writer_init(struct gw_deliveries_writer *deliveries, struct gw_writer *writer)
{
    deliveries->deliveries = (struct gw_deliveries){open_delivery};
    deliveries->writer = writer;
}
