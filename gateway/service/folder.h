/*
 * An output folder that appears by one rename. Private to the service room.
 */
#ifndef SERVICE_FOLDER_H
#define SERVICE_FOLDER_H

#include <stdbool.h>

#include "gateway/core/arena.h"
#include "gateway/core/error.h"

/* Make OUT.part with study/ and hospital/, empty; a former one, left by a run that was killed, is removed. GW_ECREATE:
 * cannot be made, or OUT is there and is not a folder of map. *again: OUT is there and will be replaced. */
enum gw_status folder_begin(struct gw_arena *arena, const char *out, const char **part, bool *again,
                            struct gw_error *err);

/* Put it in its place; the former OUT goes. */
enum gw_status folder_publish(const char *part, const char *out, bool again, struct gw_error *err);

void folder_discard(const char *part);

#endif
