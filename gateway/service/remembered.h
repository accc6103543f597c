/*
 * What a sync must know of the one before it, kept among the ledger's cursors. Private to the service room.
 *
 *      (endpoint, subject, "horizon")   the last day up to which every needed search of the subject at this endpoint
 *                                       succeeded: "2026-06-30"
 *      ("", subject, "derived")         horizon and digest of all that steered the last derivation beside the facts:
 *                                       "2026-06-30 5f0c..."; another digest (a new release, table, package, site
 *                                       profile or roster line) means that the subject is derived again
 *      ("", nobody, "site")             of a map: the file an input of the derivation stood in, behind its digest:
 *                                       "5f0c... /data/mappings/sites/hm.json"; so "package", "enrolment", "key"; and
 *                                       "as_of" its horizon
 */
#ifndef SERVICE_REMEMBERED_H
#define SERVICE_REMEMBERED_H

#include "gateway/core/date.h"
#include "gateway/ledger/ledger.h"

enum { DERIVED_DIGITS = 32 };

struct derived_before {
    gw_day horizon; /* GW_NO_DAY: never derived */
    char digest[DERIVED_DIGITS + 1];
};

/* *day: GW_NO_DAY when never. */
enum gw_status remembered_horizon(struct gw_ledger *ledger, struct gw_arena *arena, const char *endpoint,
                                  int64_t subject, gw_day *day, struct gw_error *err);
enum gw_status remember_horizon(struct gw_ledger *ledger, const char *endpoint, int64_t subject, gw_day day,
                                struct gw_error *err);

/* The same, unless it is as far already: it never goes back. */
enum gw_status remember_horizon_reached(struct gw_ledger *ledger, struct gw_arena *arena, const char *endpoint,
                                        int64_t subject, gw_day day, struct gw_error *err);

enum gw_status remembered_derivation(struct gw_ledger *ledger, struct gw_arena *arena, int64_t subject,
                                     struct derived_before *out, struct gw_error *err);
enum gw_status remember_derivation(struct gw_ledger *ledger, int64_t subject, const struct derived_before *derived,
                                   struct gw_error *err);

/* What a map was made with. out->path: NULL when nothing was remembered under this name. */
struct remembered_input {
    const char *path;
    char digest[DERIVED_DIGITS + 1]; /* "": not asked */
};
enum gw_status remembered_input(struct gw_ledger *ledger, struct gw_arena *arena, const char *name,
                                struct remembered_input *out, struct gw_error *err);
enum gw_status remember_input(struct gw_ledger *ledger, const char *name, const char *path, const char *digest,
                              struct gw_error *err);

#endif
