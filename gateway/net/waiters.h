/*
 * Those who wait for one thing. Whatever ends one, its done comes once, from a zero timer: so never inside the call
 * that began or ended the waiting.
 */
#ifndef NET_WAITERS_H
#define NET_WAITERS_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "gateway/core/error.h"
#include "gateway/net/http.h"

struct waiter;

struct waiters {
    uv_timer_t later;     /* its data is the owner's */
    struct waiter *first; /* oldest first */
    uint64_t last_id;
    void (*told)(uv_timer_t *later); /* everyone who had ended was told: the owner may close the timer */
};

/* told: called from the loop, also when waiters_tell was called and nobody waited. */
void waiters_init(struct waiters *waiters, uv_loop_t *loop, void (*told)(uv_timer_t *later));

/* The number it is known by, never used again; 0: no memory. */
uint64_t waiters_add(struct waiters *waiters, gw_http_done done, void *ctx);

/* failure NULL: what it waited for came. Nothing for one that ended, or is not known. */
void waiters_end(struct waiters *waiters, uint64_t id, const struct gw_error *failure);
void waiters_end_all(struct waiters *waiters, const struct gw_error *failure);

bool waiters_any(const struct waiters *waiters); /* does anyone wait still? */
void waiters_tell(struct waiters *waiters);      /* soon */

#endif
