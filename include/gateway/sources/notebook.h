/*
 * Notes of the ledger, for chains on the loop: what a chain must know again after a restart.
 */
#ifndef GATEWAY_SOURCES_NOTEBOOK_H
#define GATEWAY_SOURCES_NOTEBOOK_H

#include "gateway/ledger/notes.h"
#include "gateway/ledger/writer.h"

struct gw_note_change {
    const char *space;
    const char *name;
    const char *text; /* NULL: forget it */
};

/* The ledger's writer, or a test's fake. done once, later, from the loop; what is given must live until then. */
struct gw_notebook {
    /* All notes of each space, into lists of the same order. The arena is the notebook's until done. */
    enum gw_status (*load)(struct gw_notebook *notebook, struct gw_arena *arena, const char *const *spaces,
                           size_t count, struct gw_ledger_notes *lists, gw_writer_done done, void *ctx,
                           struct gw_error *err);
    /* All of them or none. */
    enum gw_status (*save)(struct gw_notebook *notebook, const struct gw_note_change *changes, size_t count,
                           gw_writer_done done, void *ctx, struct gw_error *err);
};

struct gw_notebook_writer {
    struct gw_notebook notebook; /* first */
    struct gw_writer *writer;
};
void gw_notebook_writer_init(struct gw_notebook_writer *notebook, struct gw_writer *writer);

#endif
