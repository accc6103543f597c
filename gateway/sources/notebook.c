/*
 * The notebook in earnest: jobs of the ledger's writer.
 */
#include "gateway/sources/notebook.h"

#include <stdlib.h>

static const char where[] = "sources.notebook";

struct work {
    struct gw_arena *arena;
    const char *const *spaces;
    struct gw_ledger_notes *lists;
    const struct gw_note_change *changes;
    size_t count;
    gw_writer_done done;
    void *ctx;
};

/* ---- on the ledger's thread ---- */

static enum gw_status run_load(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    const struct work *work = ctx;
    enum gw_status rc = GW_OK;

    for (size_t i = 0; rc == GW_OK && i < work->count; i++)
        rc = gw_ledger_notes(ledger, work->arena, work->spaces[i], &work->lists[i], err);
    return rc;
}

static enum gw_status run_save(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    const struct work *work = ctx;
    enum gw_status rc = GW_OK;

    for (size_t i = 0; rc == GW_OK && i < work->count; i++)
        rc = gw_ledger_note_put(ledger, work->changes[i].space, work->changes[i].name, work->changes[i].text, err);
    return rc;
}

/* ---- on the loop ---- */

static void on_done(void *ctx, const struct gw_error *failure)
{
    const struct work work = *(struct work *)ctx;

    free(ctx);
    work.done(work.ctx, failure);
}

static enum gw_status submit(struct gw_notebook *notebook, const struct work *from, gw_writer_run run,
                             struct gw_error *err)
{
    struct gw_writer *writer = ((struct gw_notebook_writer *)notebook)->writer;
    struct work *work = malloc(sizeof(*work));
    enum gw_status rc;

    if (!work)
        return gw_fail(err, GW_ENOMEM, where, "no memory for notes");
    *work = *from;
    rc = gw_writer_submit(writer, work->count, run, on_done, work, err);
    if (rc != GW_OK)
        free(work);
    return rc;
}

static enum gw_status load(struct gw_notebook *notebook, struct gw_arena *arena, const char *const *spaces,
                           size_t count, struct gw_ledger_notes *lists, gw_writer_done done, void *ctx,
                           struct gw_error *err)
{
    const struct work work = {
        .arena = arena, .spaces = spaces, .lists = lists, .count = count, .done = done, .ctx = ctx};

    return submit(notebook, &work, run_load, err);
}

static enum gw_status save(struct gw_notebook *notebook, const struct gw_note_change *changes, size_t count,
                           gw_writer_done done, void *ctx, struct gw_error *err)
{
    const struct work work = {.changes = changes, .count = count, .done = done, .ctx = ctx};

    return submit(notebook, &work, run_save, err);
}

void gw_notebook_writer_init(struct gw_notebook_writer *notebook, struct gw_writer *writer)
{
    notebook->notebook = (struct gw_notebook){load, save};
    notebook->writer = writer;
}
