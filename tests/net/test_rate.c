/*
 * So many requests a minute, never more.
 */
#include <criterion/criterion.h>

#include "gateway/net/rate.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

Test(rate, lets_everything_pass_without_a_cap)
{
    struct gw_rate rate;

    gw_rate_init(&rate, 0, 0, 0);
    for (int i = 0; i < 1000; i++)
        cr_assert(gw_rate_take(&rate, 0));
}

Test(rate, lets_one_pass_a_second_at_sixty_a_minute)
{
    struct gw_rate rate;

    gw_rate_init(&rate, 60, 1, 5000);
    cr_expect(gw_rate_take(&rate, 5000));
    cr_expect(!gw_rate_take(&rate, 5000));
    cr_expect(gw_rate_wait_ms(&rate, 5000) == 1000);
    cr_expect(gw_rate_wait_ms(&rate, 5400) == 600);
    cr_expect(!gw_rate_take(&rate, 5999));
    cr_expect(gw_rate_take(&rate, 6000));
    cr_expect(gw_rate_wait_ms(&rate, 6000) == 1000);
}

Test(rate, lets_a_burst_pass_after_a_pause_and_no_larger_one)
{
    struct gw_rate rate;
    int passed = 0;

    gw_rate_init(&rate, 60, 3, 0);
    for (uint64_t hour = 3600000, i = 0; i < 10; i++)
        passed += gw_rate_take(&rate, hour);
    cr_expect(passed == 3);
}

/* Asked every millisecond for ten minutes, whatever the cap: burst + 10 x cap, and the waits it says are exact. */
static const unsigned caps[] = {1, 7, 59, 60, 61, 600, 3333};

Test(rate, P13_passes_what_the_cap_allows_over_ten_minutes)
{
    for (size_t i = 0; i < COUNT(caps); i++) {
        struct gw_rate rate;
        unsigned passed = 0;

        gw_rate_init(&rate, caps[i], 0, 0);
        for (uint64_t ms = 0; ms < 600000; ms++) {
            const uint64_t wait = gw_rate_wait_ms(&rate, ms);

            cr_assert(wait == 0 || gw_rate_wait_ms(&rate, ms + wait) == 0, "%u at %d", caps[i], (int)ms);
            cr_assert(wait == 0 || gw_rate_wait_ms(&rate, ms + wait - 1) > 0, "%u at %d", caps[i], (int)ms);
            passed += gw_rate_take(&rate, ms);
        }
        cr_expect(passed <= 10 * caps[i] + rate.burst && passed >= 10 * caps[i], "%u: %u", caps[i], passed);
    }
}

Test(rate, is_not_confused_by_a_clock_that_stands_or_leaps)
{
    struct gw_rate rate;

    gw_rate_init(&rate, 60, 1, 1000);
    cr_expect(gw_rate_take(&rate, 1000));
    cr_expect(gw_rate_wait_ms(&rate, 500) == 1000, "time went back: no gain");
    cr_expect(gw_rate_take(&rate, UINT64_MAX));
}
