/*
 * A token bucket: so many requests a minute, and so many at once after a pause. Pure: time is an argument.
 *
 * Over any stretch of time t no more than burst + t x per_minute / 60 s requests pass.
 */
#ifndef GATEWAY_NET_RATE_H
#define GATEWAY_NET_RATE_H

#include <stdbool.h>
#include <stdint.h>

struct gw_rate {
    unsigned per_minute; /* 0: no cap */
    unsigned burst;
    uint64_t level; /* in units of a sixty-thousandth of a request, so that each millisecond adds per_minute of them */
    uint64_t at_ms;
};

/* Full at the start. burst 0: a second's worth, at least 1. */
void gw_rate_init(struct gw_rate *rate, unsigned per_minute, unsigned burst, uint64_t now_ms);

uint64_t gw_rate_wait_ms(const struct gw_rate *rate, uint64_t now_ms); /* 0: one may pass now */

/* One passes; false, and none does, while there is a wait. */
bool gw_rate_take(struct gw_rate *rate, uint64_t now_ms);

#endif
