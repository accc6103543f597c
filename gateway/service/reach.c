/*
 * The horizon of what was read, for the span that is needed now.
 */
#include "service/reach.h"

#include "service/agenda.h"

enum gw_status reach_at(const struct reach *reach, const char *key, gw_day *out, struct gw_error *err)
{
    const struct gw_schedule_subject needed = {.zone = reach->zone, .low = reach->low, .high = reach->high};
    struct gw_schedule_done done;
    gw_day days;
    enum gw_status rc = remembered_horizon(reach->ledger, reach->scratch, key, reach->subject, out, err);

    if (rc == GW_OK)
        rc = agenda_done(reach->ledger, reach->scratch, reach->subject, key, &done, err);
    if (rc != GW_OK || *out == GW_NO_DAY)
        return rc;
    days = gw_schedule_horizon(&needed, &done);
    if (days == GW_NO_DAY || days < *out)
        *out = days;
    return GW_OK;
}
