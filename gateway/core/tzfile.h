/*
 * The system's compiled time zones (TZif, RFC 8536): /usr/share/zoneinfo/<name> as a table of offsets.
 *
 * Read here and not through libical, whose 3.0 rewrites the file's transitions as calendar recurrences and loses some
 * on the way: of the 312 zones of zone1970.tab, 22 are wrong somewhere between 1990 and 2040 (America/Sao_Paulo,
 * Asia/Jerusalem, America/Santiago, Asia/Tehran among them), by up to several months.
 */
#ifndef CORE_TZFILE_H
#define CORE_TZFILE_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/core/error.h"
#include "gateway/core/text.h"

struct tz_change {
    int64_t at;     /* UTC seconds from the epoch */
    int32_t offset; /* seconds east of UTC from then on */
};

/*
 * All changes in order; the first stands at INT64_MIN. A zone with a rule for its future is written out for 400 years
 * past the file's last change: after them the calendar repeats (repeats is true).
 */
struct tz_table {
    struct tz_change *changes;
    size_t count;
    bool repeats;
};

#define TZ_PERIOD ((int64_t)146097 * 86400) /* seconds of 400 Gregorian years */

/* From the file's bytes. GW_ECONFIG: damaged or of another kind (the reason, without the zone's name); GW_ENOMEM. */
enum gw_status tz_table_read(struct gw_slice file, struct tz_table *out, struct gw_error *err);
void tz_table_release(struct tz_table *table);

#endif
