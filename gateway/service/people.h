/*
 * Whose patient is this, for what comes without having been asked for one by one: bulk exports and files. Of one site
 * at one endpoint; used by one thread at a time. Private to the service room.
 *
 * A roster line with a record number only is known by its Patient, whose id is remembered from then on. What comes of
 * a patient who is in two studies is kept for the subject of each, as if each had asked for it.
 */
#ifndef SERVICE_PEOPLE_H
#define SERVICE_PEOPLE_H

#include "gateway/sources/intake.h"
#include "service/enrolment.h"
#include "service/setup.h"

struct people {
    struct enrolment enrolment;
    struct gw_hmac *key; /* of its own: keys are used by one thread */
    struct gw_intake intake;
    struct gw_arena arena;
};

/* endpoint: index into the setup's. GW_ENOMEM, or why the key cannot be read. */
enum gw_status people_open(struct people *people, const struct setup *setup, size_t endpoint, struct gw_error *err);
void people_release(struct people *people);

/* A patient's id that became known otherwise. No other thread may be at work with it. false: out of memory. */
bool people_know(struct people *people, const char *patient, int64_t number);

#endif
