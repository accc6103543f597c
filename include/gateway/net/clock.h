/*
 * Time from outside, so that a day can pass in a test.
 *
 * Whoever waits on the loop waits through gw_clock_start: on the system's clock that is uv_timer_start, on a test's
 * virtual clock the timer fires when the test's time has come. What the clock says and what its timers do agree.
 */
#ifndef GATEWAY_NET_CLOCK_H
#define GATEWAY_NET_CLOCK_H

#include <stdint.h>
#include <uv.h>

struct gw_clock {
    int64_t (*utc)(void *ctx);           /* seconds from 1970 */
    uint64_t (*monotonic_ms)(void *ctx); /* never goes back */
    void *ctx;

    /* Both or neither; NULL: the loop's own timers. A timer is known by its address from start to stop or firing. */
    void (*start)(void *ctx, uv_timer_t *timer, uv_timer_cb fire, uint64_t wait_ms);
    void (*stop)(void *ctx, uv_timer_t *timer);
};

extern const struct gw_clock gw_system_clock;

/* Once, after wait_ms; a timer that was waiting waits anew. The timer is initialised and the caller's. */
void gw_clock_start(const struct gw_clock *clock, uv_timer_t *timer, uv_timer_cb fire, uint64_t wait_ms);

/* Also before uv_close. Nothing for a timer that does not wait. */
void gw_clock_stop(const struct gw_clock *clock, uv_timer_t *timer);

#endif
