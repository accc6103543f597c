/*
 * Subjects to be derived again because a person decided something beside us: the ledger has marked them.
 */
#include <stdlib.h>

#include "service/run_parts.h"

enum { MARKED_MAX = 256 }; /* the rest at the next look */

struct marked {
    struct gw_run *run;
    int64_t numbers[MARKED_MAX];
    size_t count;
    int64_t after; /* GW_NOBODY: from the first */
};

static enum gw_status find_marked(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    struct marked *marked = ctx;
    int64_t number = GW_NOBODY;
    enum gw_status rc = gw_ledger_next_dirty(ledger, marked->after, &number, err);

    while (rc == GW_OK && number != GW_NOBODY && marked->count < MARKED_MAX) {
        marked->numbers[marked->count++] = number;
        rc = gw_ledger_next_dirty(ledger, number, &number, err);
    }
    return rc;
}

static void derive_marked(const struct marked *marked)
{
    struct generation *generation = marked->run->generation;

    for (size_t i = 0; i < generation->watch_count; i++)
        for (size_t k = 0; generation->watches[i].link == 0 && k < marked->count; k++)
            if (generation->watches[i].subject->number == marked->numbers[k])
                watch_derive(&generation->watches[i]);
}

static void on_marked(void *ctx, const struct gw_error *failure)
{
    struct marked *marked = ctx;
    struct gw_run *run = marked->run;

    run_fail(run, failure);
    if (!failure && run->generation && !run->generation->closing)
        derive_marked(marked);
    if (!failure)
        run->marked = marked->count < MARKED_MAX ? GW_NOBODY : marked->numbers[MARKED_MAX - 1];
    free(marked);
}

void marked_look(struct gw_run *run)
{
    struct marked *marked = run->writer && !run->writer_stopping ? calloc(1, sizeof *marked) : NULL;
    struct gw_error failure;

    if (!marked)
        return;
    marked->run = run;
    marked->after = run->marked;
    if (gw_writer_submit(run->writer, 1, find_marked, on_marked, marked, &failure) != GW_OK)
        free(marked);
}
