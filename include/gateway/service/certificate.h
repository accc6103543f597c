/*
 * The certificate of completeness: up to when each type of resource was read for each window of a subject, by how many
 * pages and entries, and what is missing. Stays on the hospital's side.
 *
 *      settled   read after the window's days and the time in which late results are waited for
 *      read      read after the window's last day
 *      open      the window was not over when it was read last
 *      gap       a search failed, and none has succeeded since
 *
 * Built from what the pulls of each endpoint reported, kept as notes of the ledger: space "readings", name "17 hm-ehr"
 * (a subject's number and an endpoint, or a merged patient's chart there). Where several searches read a type the
 * earliest one counts. A server's own total is shown and never believed.
 */
#ifndef GATEWAY_SERVICE_CERTIFICATE_H
#define GATEWAY_SERVICE_CERTIFICATE_H

#include "gateway/ledger/notes.h"
#include "gateway/service/schedule.h"

struct gw_reading {    /* a search about a subject, as last asked */
    const char *query; /* gw_request_name: "Observation?category=laboratory" */
    gw_day low, high;  /* GW_NO_DAY: without bounds */
    bool part;         /* of the last days of the span, not of all of it */
    bool changes;      /* of what changed since the reading before alone: its numbers are added to those */
    int64_t as_of;     /* when it began, of the last that succeeded; GW_NEVER: none did */
    int64_t pages, entries;
    int64_t total;   /* as the server said; -1: it did not */
    const char *gap; /* why one failed since, in a few words without a patient's data; NULL: none */
};

struct gw_readings {
    struct gw_reading *list; /* by query, the whole before the part */
    size_t count;
};

/*
 * What an errand's searches at one endpoint, or of one chart, brought joins what is known: one that failed leaves that
 * and a gap. On the ledger's thread, in the caller's transaction.
 */
enum gw_status gw_readings_keep(struct gw_ledger *ledger, struct gw_arena *arena, int64_t subject, const char *endpoint,
                                const struct gw_readings *more, struct gw_error *err);
/* Of all endpoints of a subject, one after the other. */
enum gw_status gw_readings_of(struct gw_ledger *ledger, struct gw_arena *arena, int64_t subject,
                              struct gw_readings *out, struct gw_error *err);

enum gw_certified { GW_CERTIFIED_SETTLED, GW_CERTIFIED_READ, GW_CERTIFIED_OPEN, GW_CERTIFIED_GAP };
const char *gw_certified_name(enum gw_certified certified); /* "settled" ... */

struct gw_certificate_line {
    const struct gw_schedule_window *window;
    const char *type;
    enum gw_certified certified;
    int64_t as_of; /* GW_NEVER */
    int64_t pages, entries;
    int64_t total;   /* -1: some search has none */
    const char *gap; /* the first search's; NULL: none */
};

struct gw_certificate {
    struct gw_certificate_line *list; /* by window as they lie, then by type */
    size_t count;
};

/* Of the windows that began before the latest reading. Pure. GW_OK or GW_ENOMEM. */
enum gw_status gw_certificate_build(struct gw_arena *arena, const struct gw_schedule_policy *policy,
                                    const struct gw_schedule_subject *subject, const struct gw_readings *readings,
                                    struct gw_certificate *out, struct gw_error *err);

/* Of what the ledger remembers of a subject. */
enum gw_status gw_certificate_of(struct gw_ledger *ledger, struct gw_arena *arena,
                                 const struct gw_schedule_policy *policy, const struct gw_zone *zone, int64_t subject,
                                 struct gw_certificate *out, struct gw_error *err);

#endif
