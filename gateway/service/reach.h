/*
 * How far a subject was read at an endpoint: the horizon that a derivation may be given. Private to the service room.
 *
 * A window is called missed, an end of treatment final, up to the horizon only. So it counts for the span that is
 * needed now: a decision, a dose or the roster may lengthen it over days that nobody was asked for, and up to the next
 * whole reading these days prove nothing (gw_schedule_horizon).
 */
#ifndef SERVICE_REACH_H
#define SERVICE_REACH_H

#include "service/remembered.h"

struct reach { /* of one subject; on the ledger's thread */
    struct gw_ledger *ledger;
    struct gw_arena *scratch;
    int64_t subject;
    const struct gw_zone *zone;
    gw_day low, high; /* the span needed now; GW_NO_DAY: its first dose is not known */
};

/* key: as what is remembered of the subject there is named. GW_NO_DAY: to no day at all. */
enum gw_status reach_at(const struct reach *reach, const char *key, gw_day *out, struct gw_error *err);

#endif
