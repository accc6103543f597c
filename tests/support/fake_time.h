/*
 * A clock whose time stands still until nothing is left to do, and then moves to the next timer: a day passes in
 * milliseconds, in the order in which it would have passed.
 *
 * Production code that waits through gw_clock_start waits here; what happens on real sockets or threads is waited for
 * in earnest (`busy`) before time moves.
 */
#ifndef SUPPORT_FAKE_TIME_H
#define SUPPORT_FAKE_TIME_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/net/clock.h"

struct fake_wait {
    uv_timer_t *timer;
    uv_timer_cb fire;
    uint64_t due_ms;
    uint64_t number; /* of those due at the same time the first to be started is the first to fire */
};

struct fake_time {
    struct gw_clock clock; /* hand this one on */
    uv_loop_t *loop;
    int64_t start_utc;
    uint64_t now_ms;         /* since the start */
    struct fake_wait *waits; /* a binary heap, the next one first */
    size_t count, capacity;
    uint64_t started;
};

void fake_time_init(struct fake_time *time, uv_loop_t *loop); /* 2026-11-20T10:00:00Z */
void fake_time_release(struct fake_time *time);

/*
 * Run the loop until no timer is due at or before until_ms (counted from the start) and nothing is ready; time stands
 * at until_ms then, or earlier when `busy` cannot end. busy: something is under way off the loop that will come back to
 * it (a job of the ledger's thread); NULL: never.
 */
void fake_time_run(struct fake_time *time, uint64_t until_ms, bool (*busy)(void *ctx), void *ctx);

#endif
