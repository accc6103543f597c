/*
 * For the suites of this room: time that stands still until a test moves it.
 */
#ifndef NET_TEST_FAKE_CLOCK_H
#define NET_TEST_FAKE_CLOCK_H

#include "gateway/net/token.h"

struct fake_clock {
    int64_t utc;
    uint64_t ms;
};

static inline int64_t fake_clock_utc(void *ctx)
{
    return ((struct fake_clock *)ctx)->utc;
}

static inline uint64_t fake_clock_ms(void *ctx)
{
    return ((struct fake_clock *)ctx)->ms;
}

static inline void fake_clock_pass(struct fake_clock *clock, unsigned seconds)
{
    clock->utc += seconds;
    clock->ms += seconds * 1000ull;
}

#define FAKE_CLOCK(clock)                                                                                              \
    {                                                                                                                  \
        .utc = fake_clock_utc, .monotonic_ms = fake_clock_ms, .ctx = (clock)                                           \
    }
#define FAKE_CLOCK_INIT                                                                                                \
    {                                                                                                                  \
        1795168800, 1000000                                                                                            \
    } /* 2026-11-20T10:00:00Z */

#endif
