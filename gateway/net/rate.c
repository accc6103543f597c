/*
 * A token bucket in whole numbers.
 */
#include "gateway/net/rate.h"

enum { REQUEST = 60000, SECONDS = 60 };

void gw_rate_init(struct gw_rate *rate, unsigned per_minute, unsigned burst, uint64_t now_ms)
{
    if (burst == 0)
        burst = per_minute < SECONDS ? 1 : per_minute / SECONDS;
    *rate = (struct gw_rate){per_minute, burst, (uint64_t)burst * REQUEST, now_ms};
}

static uint64_t level_at(const struct gw_rate *rate, uint64_t now_ms)
{
    const uint64_t full = (uint64_t)rate->burst * REQUEST;
    const uint64_t passed = now_ms > rate->at_ms ? now_ms - rate->at_ms : 0;

    if (passed >= full) /* a thousandth of a minute's worth each at least: full, and no overflow below */
        return full;
    return rate->level + passed * rate->per_minute < full ? rate->level + passed * rate->per_minute : full;
}

uint64_t gw_rate_wait_ms(const struct gw_rate *rate, uint64_t now_ms)
{
    uint64_t level;

    if (rate->per_minute == 0)
        return 0;
    level = level_at(rate, now_ms);
    return level >= REQUEST ? 0 : (REQUEST - level + rate->per_minute - 1) / rate->per_minute;
}

bool gw_rate_take(struct gw_rate *rate, uint64_t now_ms)
{
    if (gw_rate_wait_ms(rate, now_ms) > 0)
        return false;
    if (rate->per_minute > 0) {
        rate->level = level_at(rate, now_ms) - REQUEST;
        rate->at_ms = now_ms;
    }
    return true;
}
