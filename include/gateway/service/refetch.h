/*
 * What is asked for once more: `casement replay --refetch`.
 *
 * A slice of the plan, as if nothing had been asked yet: chosen subjects, days, types of resources, and no
 * _lastUpdated. So a change is found that the hospital's own stamps hide: a result re-issued under its old lastUpdated,
 * a record that was not shown before. What comes passes the same turnstiles and the same door as ever: exact repeats
 * are met there, other versions are kept. The subjects are derived up to the day that they were derived for, and the
 * difference is delivered. No cursor, horizon, note of the schedule or certificate changes, however it ends.
 *
 * Searches with days end at the last day that was read before: what is newer comes with the next sync, and is no result
 * of the future meanwhile. Nobody is asked about whose consent was withdrawn or whose study has closed.
 *
 * What a hospital does not show again stays: absence takes nothing back and raises nothing (a slice proves even less
 * than a whole reading, and a record may be hidden for a moment or moved to other days).
 */
#ifndef GATEWAY_SERVICE_REFETCH_H
#define GATEWAY_SERVICE_REFETCH_H

#include "gateway/core/date.h"

struct gw_refetch {
    const char *study;    /* NULL: all */
    const char *subjects; /* joined by commas; NULL: all */
    gw_day from, to;   /* days of the records; GW_NO_DAY: no bound but the plan's. What has no search by date is asked
                          for whole */
    const char *types; /* joined by commas: "Observation,Encounter"; NULL: all */
    const char *by;
    const char *reason; /* kept with who and when in the audit trail */
};

#endif
