/*
 * Whose is this patient.
 */
#include "service/enrolment.h"

#include <stdlib.h>
#include <string.h>

/* Under which one subject is found: a patient's id at the endpoint, or, until that is known, a record number. */
struct enrolment_name {
    const char *system; /* of a record number; "": it is an id */
    const char *value;
    int64_t number;
};

static int by_number(const void *a, const void *b)
{
    const struct gw_enrolled *x = a, *y = b;

    return x->number < y->number ? -1 : x->number > y->number;
}

static int by_name(const void *a, const void *b)
{
    const struct enrolment_name *x = a, *y = b;
    const int values = strcmp(x->value, y->value);
    const int systems = values ? values : strcmp(x->system, y->system);

    return systems ? systems : (x->number > y->number) - (x->number < y->number);
}

/* Where it stands, or would. */
static size_t place_of(const struct enrolment *e, const struct enrolment_name *wanted)
{
    size_t low = 0, high = e->name_count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (by_name(&e->names[middle], wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* ---- the roster ---- */

static enum gw_status no_memory(struct gw_error *err)
{
    return gw_fail(err, GW_ENOMEM, "service.enrolment", "the roster needs more memory than allowed");
}

enum gw_status enrolment_new(struct enrolment *e, struct gw_arena *arena, size_t most, struct gw_error *err)
{
    *e = (struct enrolment){.arena = arena};
    e->subjects = gw_arena_alloc(arena, (most + 1) * sizeof *e->subjects);
    e->found = gw_arena_alloc(arena, (most + 1) * sizeof *e->found);
    return e->subjects && e->found ? GW_OK : no_memory(err);
}

enum gw_status enrolment_add(struct enrolment *e, const struct gw_enrolled *subject, const char *patient,
                             struct gw_error *err)
{
    const struct gw_roster_line *line = subject->line;
    const struct enrolment_name names[] = {{"", patient, subject->number},
                                           {line->mrn_system, line->mrn, subject->number}};

    e->subjects[e->count++] = *subject;
    e->by_record_number |= !patient;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct enrolment_name *name;

        if (!names[i].value || !names[i].system)
            continue;
        name = GW_ARENA_PUSH(e->arena, e->names, e->name_count, e->name_capacity);
        if (!name)
            return no_memory(err);
        *name = names[i];
    }
    return GW_OK;
}

void enrolment_sort(struct enrolment *e)
{
    if (e->count > 1)
        qsort(e->subjects, e->count, sizeof *e->subjects, by_number);
    if (e->name_count > 1)
        qsort(e->names, e->name_count, sizeof *e->names, by_name);
}

enum gw_status enrolment_open(struct enrolment *e, struct gw_arena *arena, struct gw_ledger *ledger,
                              const struct gw_roster *roster, const struct gw_site *site, const char *study,
                              const char *endpoint, gw_day horizon, struct gw_error *err)
{
    enum gw_status rc = enrolment_new(e, arena, roster->count, err);

    for (size_t i = 0; rc == GW_OK && i < roster->count; i++) {
        const struct gw_roster_line *line = &roster->lines[i];
        struct gw_enrolled subject = {.line = line, .site = site, .horizon = horizon};

        rc = gw_ledger_enrol(ledger, study, gw_site_id(site), line->subject, endpoint, line->patient, &subject.number,
                             err);
        if (rc == GW_OK)
            rc = enrolment_add(e, &subject, line->patient, err);
    }
    enrolment_sort(e);
    return rc;
}

gw_day enrolment_horizon(const struct gw_zone *zone, int64_t now, gw_day as_of)
{
    const gw_day today = gw_zone_day_at(zone, now);

    return as_of != GW_NO_DAY && as_of < today ? as_of : today;
}

/* ---- questions ---- */

bool enrolment_know(struct enrolment *e, const char *patient, int64_t number)
{
    struct enrolment_name wanted = {"", patient, number};
    const size_t at = place_of(e, &wanted);

    if (at < e->name_count && by_name(&e->names[at], &wanted) == 0)
        return true;
    wanted.value = gw_arena_copy(e->arena, patient, strlen(patient));
    if (!wanted.value || !GW_ARENA_PUSH(e->arena, e->names, e->name_count, e->name_capacity))
        return false;
    memmove(&e->names[at + 1], &e->names[at], (e->name_count - 1 - at) * sizeof *e->names);
    e->names[at] = wanted;
    return true;
}

/* One who is known by his id and by his record number is one. */
static size_t add_found(struct enrolment *e, size_t count, int64_t number)
{
    for (size_t i = 0; i < count; i++)
        if (e->found[i] == number)
            return count;
    e->found[count] = number;
    return count + 1;
}

/* Whoever has the name joins those found so far; gives how many there are. */
static size_t find(struct enrolment *e, const char *system, const char *value, size_t count)
{
    const struct enrolment_name first = {system, value, INT64_MIN};

    for (size_t at = place_of(e, &first);
         at < e->name_count && strcmp(e->names[at].value, value) == 0 && strcmp(e->names[at].system, system) == 0; at++)
        count = add_found(e, count, e->names[at].number);
    return count;
}

size_t enrolment_whose(void *ctx, const char *patient, const struct gw_identifier *identifiers, size_t identifier_count,
                       const int64_t **subjects)
{
    struct enrolment *e = ctx;
    const size_t known = patient ? find(e, "", patient, 0) : 0;
    size_t count = known;

    for (size_t i = 0; e->by_record_number && i < identifier_count; i++)
        if (identifiers[i].system && *identifiers[i].system && identifiers[i].value)
            count = find(e, identifiers[i].system, identifiers[i].value, count);
    for (size_t i = known; patient && i < count; i++)
        enrolment_know(e, patient, e->found[i]); /* without memory for it the next one is found the same way */
    *subjects = e->found;
    return count;
}
