/*
 * The table of waits.
 */
#include "gateway/net/backoff.h"

#include <stddef.h>

enum { TENTH = 10 };

static const struct {
    const char *name;
    uint64_t first_ms, last_ms;
    uint64_t floor_ms; /* never sooner */
} classes[GW_BACKOFF_COUNT] = {
    [GW_BACKOFF_NONE] = {"", 0, 0, 0},
    [GW_BACKOFF_TRANSIENT] = {"B1", 1000, 300000, 0},
    [GW_BACKOFF_THROTTLED] = {"B2", 30000, 900000, 30000},
    [GW_BACKOFF_AUTH] = {"B3", 60000, 1800000, 60000},
    [GW_BACKOFF_CONFIGURATION] = {"B4", 900000, 900000, 900000},
    [GW_BACKOFF_DATABASE] = {"B5", 100, 30000, 0},
};

enum gw_backoff gw_backoff_of(enum gw_trouble trouble)
{
    switch (trouble) {
    case GW_TROUBLE_AWAY:
    case GW_TROUBLE_CUT:
    case GW_TROUBLE_NOT_FHIR:
    case GW_TROUBLE_DAMAGED:
        return GW_BACKOFF_TRANSIENT;
    case GW_TROUBLE_BUSY:
        return GW_BACKOFF_THROTTLED;
    case GW_TROUBLE_UNAUTHORIZED:
        return GW_BACKOFF_AUTH;
    case GW_TROUBLE_REFUSED:
    case GW_TROUBLE_UNGRANTED:
    case GW_TROUBLE_TOO_LARGE:
    case GW_TROUBLE_DENIED:
    case GW_TROUBLE_TLS:
    case GW_TROUBLE_LEAK:
        return GW_BACKOFF_CONFIGURATION;
    default:
        return GW_BACKOFF_NONE;
    }
}

const char *gw_backoff_name(enum gw_backoff class)
{
    return classes[class].name;
}

/* 0 .. span, as the dice fell. */
static uint64_t share(uint64_t span, uint32_t dice)
{
    return span * dice / UINT32_MAX;
}

/* first x 2^(attempt-1), at most last. */
static uint64_t bound_of(enum gw_backoff class, unsigned attempt)
{
    uint64_t bound = classes[class].first_ms;

    for (unsigned i = 1; i < attempt && bound < classes[class].last_ms; i++)
        bound *= 2;
    return bound < classes[class].last_ms ? bound : classes[class].last_ms;
}

uint64_t gw_backoff_wait_ms(enum gw_backoff class, unsigned attempt, int32_t asked_s, uint32_t dice)
{
    const uint64_t floor = classes[class].floor_ms;
    uint64_t bound = bound_of(class, attempt);

    if (class == GW_BACKOFF_THROTTLED && asked_s > 0) {
        bound = 1000ull * (asked_s < GW_RETRY_AFTER_MAX_S ? (uint64_t)asked_s : GW_RETRY_AFTER_MAX_S);
        return bound + share(bound / TENTH, dice);
    }
    if (bound < floor + floor / TENTH) /* the first one too is spread a little: many were turned away together */
        bound = floor + floor / TENTH;
    return floor + share(bound - floor, dice);
}
