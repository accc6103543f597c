/*
 * How long a chain of an export waits before it tries a step again.
 */
#ifndef SOURCES_BULK_WAIT_H
#define SOURCES_BULK_WAIT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Never before Retry-After; without one 30 s doubling to 900 s where the server throttles (429, 503), else 1 s doubling
 * to 300 s. tries: that failed so far, from 1.
 */
static inline uint64_t bulk_wait_ms(unsigned tries, bool throttled, int32_t retry_after_s)
{
    const uint64_t first_s = throttled ? 30 : 1, most_s = throttled ? 900 : 300;
    const uint64_t plain_s = first_s << (tries < 12 ? tries - 1 : 11);

    if (retry_after_s > 0)
        return (uint64_t)retry_after_s * 1000;
    return (plain_s < most_s ? plain_s : most_s) * 1000;
}

#endif
