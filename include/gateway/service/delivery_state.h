/*
 * How the delivery to a study database stands, as `casement status` tells it: what its courier said last, and what the
 * ledger has of it now.
 */
#ifndef GATEWAY_SERVICE_DELIVERY_STATE_H
#define GATEWAY_SERVICE_DELIVERY_STATE_H

#include "gateway/ledger/settle.h"

struct gw_delivery_state {
    const char *state;  /* "running"; "away": it is tried again; "stopped": it wants a person. NULL: never tried */
    const char *since;  /* UTC, of this state; NULL as state */
    const char *reason; /* "" while it runs */
    const char *next;   /* UTC, when it is tried again, if a service runs; "" while it runs */
    struct gw_delivery_counts counts;
};

/* Texts are in the arena. */
enum gw_status gw_delivery_state(struct gw_ledger *ledger, struct gw_arena *arena, const char *study,
                                 struct gw_delivery_state *out, struct gw_error *err);

#endif
