/*
 * Counted over the process: descriptors are what all clients of it share.
 */
#include "net/carrier.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { DESCRIPTORS_EACH = 8 }; /* an engine's two, four connections, a resolver's */

static atomic_uint open_carriers;

struct carrier *carrier_open(uv_loop_t *loop, void (*turned)(struct pump *pump, bool healthy),
                             void (*closed)(void *ctx), void *ctx)
{
    struct carrier *carrier = calloc(1, sizeof(*carrier));

    if (!carrier || !pump_init(&carrier->pump, loop, turned)) {
        free(carrier);
        return NULL;
    }
    carrier->closed = closed;
    carrier->ctx = ctx;
    atomic_fetch_add(&open_carriers, 1);
    return carrier;
}

static void on_closed(struct pump *pump)
{
    struct carrier *carrier = (struct carrier *)pump;
    void (*const closed)(void *ctx) = carrier->closed;
    void *const ctx = carrier->ctx;

    atomic_fetch_sub(&open_carriers, 1);
    free(carrier);
    closed(ctx);
}

void carrier_close(struct carrier *carrier)
{
    if (carrier)
        pump_close(&carrier->pump, on_closed);
}

bool carrier_crowded(void)
{
    struct rlimit limit;

    return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur / DESCRIPTORS_EACH < atomic_load(&open_carriers);
}
