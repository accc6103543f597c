/*
 * The roster in use: subjects with their numbers in the ledger, and whose patient an id or a record number is. One
 * patient may be several subjects, of a study each. Private to the service room.
 */
#ifndef SERVICE_ENROLMENT_H
#define SERVICE_ENROLMENT_H

#include "gateway/service/pass.h"

struct enrolment {
    struct gw_enrolled *subjects; /* by number */
    size_t count;
    struct enrolment_name *names; /* sorted */
    size_t name_count, name_capacity;
    int64_t *found;        /* the answer to the last question */
    bool by_record_number; /* some line has no patient id */
    struct gw_arena *arena;
};

/* The last day anything can be known of at a site: the day asked for, never later than its own today. */
gw_day enrolment_horizon(const struct gw_zone *zone, int64_t now, gw_day as_of);

/* Enrol each line of one site's roster at the endpoint. Subjects come out sorted by number. */
enum gw_status enrolment_open(struct enrolment *enrolment, struct gw_arena *arena, struct gw_ledger *ledger,
                              const struct gw_roster *roster, const struct gw_site *site, const char *study,
                              const char *endpoint, gw_day horizon, struct gw_error *err);

/* An enrolment of nobody yet: at most so many subjects are added, and sorted before anything is asked. GW_ENOMEM. */
enum gw_status enrolment_new(struct enrolment *enrolment, struct gw_arena *arena, size_t most, struct gw_error *err);
enum gw_status enrolment_add(struct enrolment *enrolment, const struct gw_enrolled *subject, const char *patient,
                             struct gw_error *err);
void enrolment_sort(struct enrolment *enrolment);

/* From here on this id is the subject's too. false: out of memory. */
bool enrolment_know(struct enrolment *enrolment, const char *patient, int64_t number);

/* The subjects of a patient id, and, of roster lines with a record number only, those of one of the identifiers (and
 * the id is remembered then). The shape of gw_intake_whose. */
size_t enrolment_whose(void *ctx, const char *patient, const struct gw_identifier *identifiers, size_t identifier_count,
                       const int64_t **subjects);

#endif
