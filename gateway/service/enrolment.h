/*
 * The roster in use: subjects with their numbers in the ledger, and whose patient an id or a record number is.
 * Private to the service room.
 */
#ifndef SERVICE_ENROLMENT_H
#define SERVICE_ENROLMENT_H

#include "gateway/service/pass.h"

struct enrolment {
    struct gw_enrolled *subjects; /* by number */
    size_t count;
    struct enrolment_patient *patients; /* by id */
    size_t patient_count, patient_capacity;
    bool by_record_number; /* some line has no patient id */
    struct gw_arena *arena;
};

/* The last day anything can be known of at a site: the day asked for, never later than its own today. */
gw_day enrolment_horizon(const struct gw_zone *zone, int64_t now, gw_day as_of);

/* Enrol each line of one site's roster at the endpoint. Subjects come out sorted by number. */
enum gw_status enrolment_open(struct enrolment *enrolment, struct gw_arena *arena, struct gw_ledger *ledger,
                              const struct gw_roster *roster, const struct gw_site *site, const char *study,
                              const char *endpoint, gw_day horizon, struct gw_error *err);

/* From here on this id is the subject's. false: out of memory. */
bool enrolment_know(struct enrolment *enrolment, const char *patient, int64_t number);

/* The subject of a patient id, or, for a roster line with a record number only, of one of the identifiers (and the id
 * is remembered then). GW_NOBODY: not enrolled. The shape of gw_intake_whose. */
int64_t enrolment_whose(void *ctx, const char *patient, const struct gw_identifier *identifiers, size_t count);

#endif
