/*
 * Whose is this patient.
 */
#include "service/enrolment.h"

#include <stdlib.h>
#include <string.h>

struct enrolment_patient {
    const char *id;
    int64_t number;
};

static int by_number(const void *a, const void *b)
{
    const struct gw_enrolled *x = a, *y = b;

    return x->number < y->number ? -1 : x->number > y->number;
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct enrolment_patient *)a)->id, ((const struct enrolment_patient *)b)->id);
}

static bool know(struct enrolment *e, const char *id, int64_t number)
{
    struct enrolment_patient *patient = GW_ARENA_PUSH(e->arena, e->patients, e->patient_count, e->patient_capacity);

    if (!patient)
        return false;
    *patient = (struct enrolment_patient){id, number};
    return true;
}

enum gw_status enrolment_open(struct enrolment *e, struct gw_arena *arena, struct gw_ledger *ledger,
                              const struct gw_roster *roster, const struct gw_site *site, const char *study,
                              const char *endpoint, gw_day horizon, struct gw_error *err)
{
    enum gw_status rc = GW_OK;

    *e = (struct enrolment){.arena = arena, .count = roster->count};
    e->subjects = gw_arena_alloc(arena, (roster->count + 1) * sizeof *e->subjects);
    if (!e->subjects)
        return gw_fail(err, GW_ENOMEM, "service.enrolment", "the roster needs more memory than allowed");
    for (size_t i = 0; rc == GW_OK && i < roster->count; i++) {
        const struct gw_roster_line *line = &roster->lines[i];
        struct gw_enrolled *subject = &e->subjects[i];

        *subject = (struct gw_enrolled){.line = line, .site = site, .horizon = horizon};
        rc = gw_ledger_enrol(ledger, study, gw_site_id(site), line->subject, endpoint, line->patient, &subject->number,
                             err);
        if (rc == GW_OK && line->patient && !know(e, line->patient, subject->number))
            rc = gw_fail(err, GW_ENOMEM, "service.enrolment", "the roster needs more memory than allowed");
        e->by_record_number |= !line->patient;
    }
    qsort(e->subjects, e->count, sizeof *e->subjects, by_number);
    if (e->patient_count > 1)
        qsort(e->patients, e->patient_count, sizeof *e->patients, by_id);
    return rc;
}

static const struct enrolment_patient *known(const struct enrolment *e, const char *id)
{
    const struct enrolment_patient key = {.id = id};

    return id && e->patient_count ? bsearch(&key, e->patients, e->patient_count, sizeof key, by_id) : NULL;
}

static const struct gw_enrolled *by_identifier(const struct enrolment *e, const struct gw_identifier *identifiers,
                                               size_t count)
{
    for (size_t s = 0; s < e->count; s++)
        for (size_t i = 0; i < count; i++)
            if (e->subjects[s].line->mrn && gw_same(identifiers[i].value, e->subjects[s].line->mrn) &&
                gw_same(identifiers[i].system, e->subjects[s].line->mrn_system))
                return &e->subjects[s];
    return NULL;
}

bool enrolment_know(struct enrolment *e, const char *patient, int64_t number)
{
    const char *id = known(e, patient) ? patient : gw_arena_copy(e->arena, patient, strlen(patient));

    if (id == patient)
        return true;
    if (!id || !know(e, id, number))
        return false;
    qsort(e->patients, e->patient_count, sizeof *e->patients, by_id);
    return true;
}

gw_day enrolment_horizon(const struct gw_zone *zone, int64_t now, gw_day as_of)
{
    const gw_day today = gw_zone_day_at(zone, now);

    return as_of != GW_NO_DAY && as_of < today ? as_of : today;
}

int64_t enrolment_whose(void *ctx, const char *patient, const struct gw_identifier *identifiers, size_t count)
{
    struct enrolment *e = ctx;
    const struct enrolment_patient *found = known(e, patient);
    const struct gw_enrolled *subject;

    if (found)
        return found->number;
    subject = e->by_record_number ? by_identifier(e, identifiers, count) : NULL;
    if (!subject)
        return GW_NOBODY;
    if (patient)
        enrolment_know(e, patient, subject->number); /* without memory for it the next one is found the same way */
    return subject->number;
}
