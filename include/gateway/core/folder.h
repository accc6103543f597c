/*
 * An output folder that appears by one rename.
 *
 *      begin ──> OUT.part, ours alone while it is built ──> publish: OUT
 *                                                  └──────> discard: nothing
 */
#ifndef GATEWAY_CORE_FOLDER_H
#define GATEWAY_CORE_FOLDER_H

#include <stdbool.h>

#include "gateway/core/arena.h"
#include "gateway/core/error.h"

/* What a command makes, so that it replaces its own folders and nobody else's. */
struct gw_folder_kind {
    const char *maker;        /* "casement map" */
    const char *mark;         /* a file that every finished one has: "hospital/summary.json" */
    const char *const *holds; /* the names in it, "*.csv" for many; up to NULL */
    const char *const *inner; /* folders made in it at once; up to NULL */
};

struct gw_folder {
    const struct gw_folder_kind *kind;
    const char *out;  /* where it will stand; what a link leads to */
    const char *part; /* where it is built; NULL: not begun */
    bool again;       /* out is there and will be replaced */
    int lock;         /* an open file, held until the end */
};

/*
 * Make OUT.part with its inner folders, empty. What a run that was killed left there is removed; anything else is not.
 * GW_ECREATE: cannot be made, or OUT or OUT.part is there and of another maker, or holds a file of somebody else's.
 * GW_EBUSY: another one builds it.
 */
enum gw_status gw_folder_begin(struct gw_folder *folder, const struct gw_folder_kind *kind, struct gw_arena *arena,
                               const char *out, struct gw_error *err);

/* Put it in its place; the former OUT goes. Where the rename fails the results stay in OUT.part. */
enum gw_status gw_folder_publish(struct gw_folder *folder, struct gw_error *err);

/* Give it up, whether begun or not. */
void gw_folder_discard(struct gw_folder *folder);

#endif
