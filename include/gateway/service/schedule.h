/*
 * What to ask an endpoint about a subject next, and when. A pure function of windows, of what was done, and of now.
 *
 * A study without imposed visits has data only where a routine contact falls into a window. So around open windows an
 * endpoint is asked for contacts and nothing else; when one appears the plan is pulled; late results and corrections
 * are swept up until the window is settled; between windows the patient is left alone but for a slow look at the drugs.
 *
 *      learn       never read, or the span grew over days never asked for: all of the span
 *      probe       an open window without a contact: is there one?
 *      pull        a contact (or any other sign) appeared; or the derivation named a day (gw_derived.next_day)
 *      sweep       1, 2, 4, 8 ... days after a contact, until its window is settled
 *      reconcile   all of the span again without watermarks, so that what no increment showed is found: when a window
 *                  opens, every reconcile_days while one is not settled, when it closes, when it settles, and once
 *                  more final_days after the last one. The end: nothing is asked after that
 *      drugs       what D1 and the end of treatment are found from, every drug_days
 *
 * Each covers those it stands above: a reconciliation is a sweep, a pull a look at the drugs. A window is settled by a
 * reconciliation that began settle_days after its last day was over. What is no window's (adverse events, diagnoses,
 * what lies between windows) comes with the same errands: a pull asks from the day after the last settled window on.
 *
 * Instants are seconds from the epoch, UTC; days are the site's. Nothing here fails. One subject at one endpoint: with
 * several endpoints each has its own gw_schedule_done, and a window's contact is known to all.
 *
 * Source: the protocols' "no visit is imposed" (mappings/RULES.md 3, 4); P4 of the promises: what an increment missed
 * is found within seven days or when the window closes.
 */
#ifndef GATEWAY_SERVICE_SCHEDULE_H
#define GATEWAY_SERVICE_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/core/date.h"

#define GW_NEVER INT64_MIN

struct gw_schedule_policy { /* "schedule" of casement.json */
    int probe_hours;        /* within 2 days of an open window's target */
    int probe_far_hours;    /* so long at most further away */
    int settle_days;        /* after a window's last day */
    int reconcile_days;
    int drug_days;
    int unanchored_hours; /* between looks at the drugs while there is no first dose */
    int final_days;       /* after the last window's last day; settle_days where that is more */
    int spread_minutes;   /* over so long is drawn out what would fall to one moment: a start, midnight */
};

extern const struct gw_schedule_policy gw_schedule_default; /* 6, 24, 14, 7, 7, 24, 30, 60 */

struct gw_schedule_window {
    gw_day low, high; /* after truncation; low > high: nothing is left of it */
    gw_day target;
    bool contact_needed; /* false: taken without one (a baseline) */
    gw_day contact;      /* GW_NO_DAY: none found yet */
    const char *id;      /* T30-01; not used here */
};

struct gw_schedule_subject {
    const struct gw_zone *zone;
    const struct gw_schedule_window *windows; /* any order */
    size_t window_count;
    gw_day low, high; /* the span; GW_NO_DAY: no first dose yet, and no windows */
    gw_day withdrawn; /* of the roster; GW_NO_DAY. From this day on nothing is asked */
    gw_day next_day;  /* of the last derivation; GW_NO_DAY */
    int64_t enrolled; /* since when it is on the roster (as far as this service knows) */
    uint32_t spread;  /* any number that stays the same: the subject's */
};

/* When what was asked began that succeeded to its last request. GW_NEVER, and GW_NO_DAY, where it was not. */
struct gw_schedule_done {
    int64_t whole;      /* learn, reconcile */
    int64_t full;       /* these, pull, sweep */
    int64_t drugs;      /* these, drugs */
    int64_t probe;      /* any but drugs */
    int64_t hint;       /* a sign that something is there: a probe found what was not known, a notification came */
    gw_day hinted_from; /* the first day it is about; GW_NO_DAY: it does not say */
    gw_day low, high;   /* of what was asked for as a whole; high also by later pulls */
};

#define GW_SCHEDULE_NOTHING_DONE                                                                                       \
    {                                                                                                                  \
        GW_NEVER, GW_NEVER, GW_NEVER, GW_NEVER, GW_NEVER, GW_NO_DAY, GW_NO_DAY, GW_NO_DAY                              \
    }

enum gw_errand_kind {                 /* a later one covers the earlier ones and is preferred when both are due */
                      GW_ERRAND_NONE, /* nothing any more: withdrawn, or the last window is settled */
                      GW_ERRAND_PROBE,
                      GW_ERRAND_DRUGS,
                      GW_ERRAND_SWEEP,
                      GW_ERRAND_PULL,
                      GW_ERRAND_RECONCILE,
                      GW_ERRAND_LEARN,
};

const char *gw_errand_name(enum gw_errand_kind kind); /* "probe" ... */

struct gw_errand {
    enum gw_errand_kind kind;
    int64_t due;      /* may lie in the past */
    gw_day low, high; /* the days to be asked for; GW_NO_DAY: the span is not known, or the errand has no days */
};

void gw_schedule_next(const struct gw_schedule_policy *policy, const struct gw_schedule_subject *subject,
                      const struct gw_schedule_done *done, int64_t now, struct gw_errand *out);

/* It began then and all its requests succeeded. What failed is not told: it stays due. */
void gw_schedule_did(struct gw_schedule_done *done, const struct gw_errand *errand, int64_t began);

/*
 * The last day up to which every needed search of the subject at this endpoint succeeded; GW_NO_DAY: none. Of several
 * endpoints of a site the earliest holds. Probes and looks at the drugs do not move it.
 */
gw_day gw_schedule_horizon(const struct gw_schedule_subject *subject, const struct gw_schedule_done *done);

/*
 * What polling without a schedule would have sent between two instants: the full plan of `requests` searches every
 * probe_hours. Parts of a time add up to the whole of it.
 */
int64_t gw_schedule_plain(const struct gw_schedule_policy *policy, int64_t since, int64_t until, int64_t requests);

#endif
