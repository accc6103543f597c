/*
 * The rule at the end of a compiled time zone: POSIX TZ text with the extensions of RFC 8536, such as
 * "CET-1CEST,M3.5.0,M10.5.0/3" or "<+0330>-3:30".
 */
#ifndef CORE_TZRULE_H
#define CORE_TZRULE_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/core/text.h"

#define TZ_OFFSET_MAX 93600 /* 26 hours: RFC 8536 has offsets from -25 to +26 */

/* A day of each year and a local time on it. */
struct tz_day {
    enum { TZ_JULIAN, TZ_ZERO_BASED, TZ_WEEKDAY } kind;
    int day;      /* 1 .. 365 without 29 February; 0 .. 365 with it; weekday 0 (Sunday) .. 6 */
    int month;    /* with a weekday */
    int week;     /* with a weekday: 1 .. 4, or 5 for the last */
    int32_t time; /* seconds after local midnight, possibly negative or beyond a day */
};

struct tz_rule {
    int32_t standard; /* offsets, seconds east of UTC */
    int32_t summer;
    bool has_summer;
    struct tz_day to_summer, to_standard;
};

bool tz_rule_read(struct gw_slice text, struct tz_rule *out);

/* The local seconds from 1970-01-01T00:00 at which the day and time fall in a year. */
int64_t tz_rule_at(const struct tz_day *day, int year);

#endif
