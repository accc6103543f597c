/*
 * libcurl's engine and the connections it keeps, for as long as they are of use.
 *
 * An engine has descriptors of its own even where it carries nothing, and so have kept connections: a thousand
 * endpoints that are asked once an hour would hold thousands of them. So a client has a carrier only while it has
 * requests, and for a while after them unless the process is short of descriptors.
 */
#ifndef NET_CARRIER_H
#define NET_CARRIER_H

#include <stdbool.h>

#include "net/pump.h"

#define CARRIER_LINGER_MS 15000u

struct carrier {
    struct pump pump; /* first */
    void (*closed)(void *ctx);
    void *ctx;
};

/* turned as in pump.h, with the carrier's pump. NULL: out of memory. closed comes once, from the loop, after close. */
struct carrier *carrier_open(uv_loop_t *loop, void (*turned)(struct pump *pump, bool healthy),
                             void (*closed)(void *ctx), void *ctx);
void carrier_close(struct carrier *carrier); /* with no request in it; NULL is nothing */

/* May the carriers of this process hold the descriptors that others need? */
bool carrier_crowded(void);

#endif
