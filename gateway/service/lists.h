/*
 * The lists of a map's folder that people read: written when it is made, and again when a decision changed it. Private
 * to the service room.
 */
#ifndef SERVICE_LISTS_H
#define SERVICE_LISTS_H

#include "gateway/ledger/ledger.h"
#include "gateway/service/protocol.h"

struct lists {
    const char *folder; /* with hospital/ and study/ in it */
    struct gw_ledger *ledger;
    const struct gw_study *study;
    const char *as_of; /* YYYY-MM-DD */
};

/* The hospital's ledger.csv, exceptions.csv and summary.json; the study's CSVs, from a study.db that nobody has open.
 */
enum gw_status lists_write(const struct lists *lists, const struct gw_equation *equation, struct gw_arena *arena,
                           struct gw_error *err);

#endif
