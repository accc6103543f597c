/*
 * Dates as clinical records have them: partial, with or without a time, in the zone of one hospital.
 *
 * A date means every instant it can mean: "2024-02" is all of February. Study days are calendar days in the site's own
 * zone, counted from 1970-01-01. Zones are the system's compiled ones (/usr/share/zoneinfo), read by us: glibc's TZ is
 * process-global, and libical 3.0 gets 22 of 312 zones wrong between 1990 and 2040. An unknown zone is refused.
 */
#ifndef GATEWAY_CORE_DATE_H
#define GATEWAY_CORE_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/core/arena.h"
#include "gateway/core/error.h"

enum gw_precision {
    GW_PRECISION_NONE, /* no date */
    GW_PRECISION_YEAR,
    GW_PRECISION_MONTH,
    GW_PRECISION_DAY,
    GW_PRECISION_SECOND, /* minutes, seconds and fractions of a second */
};

/* A day in a site's zone, days from 1970-01-01. */
typedef int32_t gw_day;
#define GW_NO_DAY  INT32_MIN
#define GW_DAY_MIN (-719162) /* 0001-01-01 */
#define GW_DAY_MAX 2932896   /* 9999-12-31 */

gw_day gw_day_of(int year, int month, int day); /* GW_NO_DAY for an impossible date */
void gw_day_split(gw_day day, int *year, int *month, int *dayofmonth);
gw_day gw_day_add_months(gw_day day, int months); /* same day of month, clipped to the month's end */
int gw_days_apart(gw_day a, gw_day b);            /* whole days between them, never negative */
gw_day gw_day_earlier(gw_day a, gw_day b);        /* GW_NO_DAY is none: the other */
void gw_day_print(gw_day day, char out[11]);      /* YYYY-MM-DD */
bool gw_day_parse(const char *text, gw_day *out); /* exactly YYYY-MM-DD */

struct gw_zone;
/* An IANA name ("Europe/Madrid"). GW_ECONFIG: unknown. Transitions are read once; the zone is then read-only and may be
 * shared between threads. */
enum gw_status gw_zone_open(const char *name, struct gw_zone **out, struct gw_error *err);
void gw_zone_close(struct gw_zone *zone);
const char *gw_zone_name(const struct gw_zone *zone);
int32_t gw_zone_offset_at(const struct gw_zone *zone, int64_t utc_seconds); /* seconds east of UTC */
gw_day gw_zone_day_at(const struct gw_zone *zone, int64_t utc_seconds);     /* the calendar day it is there */

/* Local wall-clock seconds from 1970-01-01T00:00 to UTC. In a fold the earlier instant; in a gap the offset before it.
 */
int64_t gw_zone_to_utc(const struct gw_zone *zone, int64_t local_seconds);

enum gw_date_verdict {
    GW_DATE_OK,
    GW_DATE_MALFORMED,      /* not a FHIR date, dateTime or instant, or an impossible day or time */
    GW_DATE_WITHOUT_OFFSET, /* a time of day without an offset: not valid FHIR, curable by a rule of the site */
};

/* What a date text can mean in one site's zone. */
struct gw_when {
    const char *text; /* as written, borrowed */
    enum gw_precision precision;
    gw_day first; /* first and last possible day; equal from day precision on */
    gw_day last;
    int32_t second_of_day; /* local, with precision second; else -1 */
    int32_t nanosecond;
    int64_t utc; /* seconds from the epoch, with precision second; else of the first instant of `first` */
};

/*
 * Read a FHIR date, dateTime or instant. assume_zone: a time without offset means the site's wall clock instead of
 * being refused. 24:00 and an impossible day are malformed; second 60 is read as 59. Years 0001 to 9999. Beyond FHIR, a
 * time without seconds (hh:mm) is read, as servers send it. With another verdict than GW_DATE_OK, out has the text,
 * precision none and no days.
 */
enum gw_date_verdict gw_when_read(const char *text, const struct gw_zone *zone, bool assume_zone, struct gw_when *out);
/* Order by first possible instant, then precision (coarser first). */
int gw_when_compare(const struct gw_when *a, const struct gw_when *b);

/* An instant such as meta.lastUpdated in nanoseconds from the epoch; false when it is none. */
bool gw_instant_read(const char *text, int64_t *nanoseconds);

/* Seconds from the epoch as an instant in UTC, 2026-11-20T20:00:00Z; years 0001 to 9999. */
#define GW_INSTANT_BYTES 21
void gw_instant_print(int64_t utc_seconds, char out[GW_INSTANT_BYTES]);

#endif
