/*
 * An output folder that appears by one rename. Private to the service room.
 *
 *      begin ──> OUT.part, ours alone while it is built ──> publish: OUT
 *                                                  └──────> discard: nothing
 */
#ifndef SERVICE_FOLDER_H
#define SERVICE_FOLDER_H

#include <stdbool.h>

#include "gateway/core/arena.h"
#include "gateway/core/error.h"

struct folder {
    const char *out;  /* where it will stand; what a link leads to */
    const char *part; /* where it is built; NULL: not begun */
    bool again;       /* out is there and will be replaced */
    int lock;         /* an open file, held until the end */
};

/*
 * Make OUT.part with study/ and hospital/, empty. What a run that was killed left there is removed; anything else is
 * not. GW_ECREATE: cannot be made, or OUT or OUT.part is there and not map's. GW_EBUSY: another map builds it.
 */
enum gw_status folder_begin(struct folder *folder, struct gw_arena *arena, const char *out, struct gw_error *err);

/* Put it in its place; the former OUT goes. After a failure the results stay in OUT.part. */
enum gw_status folder_publish(struct folder *folder, struct gw_error *err);

/* Give it up, whether begun or not. */
void folder_discard(struct folder *folder);

#endif
