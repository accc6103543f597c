/*
 * The system's time, and waiting by whichever clock is at hand.
 */
#include "gateway/net/clock.h"

#include <stddef.h>
#include <time.h>

static int64_t system_utc(void *ctx)
{
    (void)ctx;
    return (int64_t)time(NULL);
}

static uint64_t system_monotonic_ms(void *ctx)
{
    (void)ctx;
    return uv_hrtime() / 1000000;
}

const struct gw_clock gw_system_clock = {.utc = system_utc, .monotonic_ms = system_monotonic_ms};

void gw_clock_start(const struct gw_clock *clock, uv_timer_t *timer, uv_timer_cb fire, uint64_t wait_ms)
{
    if (clock->start)
        clock->start(clock->ctx, timer, fire, wait_ms);
    else
        uv_timer_start(timer, fire, wait_ms, 0);
}

void gw_clock_stop(const struct gw_clock *clock, uv_timer_t *timer)
{
    if (clock->stop)
        clock->stop(clock->ctx, timer);
    uv_timer_stop(timer);
}
