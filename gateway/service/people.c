/*
 * The people of one site, for an intake of their own.
 */
#include "service/people.h"

#include <string.h>

#include "gateway/service/pseudonym.h"

enum { PEOPLE_MEMORY = 256 * 1024 * 1024 };

/* A patient merged with another is the subject's too. */
static bool add_links(struct enrolment *e, const struct setup_subject *subject, size_t endpoint)
{
    bool here = false, fine = true;

    for (size_t l = 0; fine && l < subject->link_count; l++) {
        const struct setup_link *link = &subject->links[l];

        if (link->endpoint != endpoint)
            continue;
        here = true;
        e->by_record_number |= !link->patient;
        fine = !link->patient || enrolment_know(e, link->patient, subject->number);
    }
    if (here)
        e->subjects[e->count++] =
            (struct gw_enrolled){.number = subject->number, .line = subject->line, .site = subject->site->site};
    return fine;
}

static enum gw_status list_subjects(struct people *people, const struct setup *setup, size_t endpoint,
                                    struct gw_error *err)
{
    struct enrolment *e = &people->enrolment;
    bool fine = true;

    e->arena = &people->arena;
    e->subjects = gw_arena_alloc(&people->arena, (setup->subject_count + 1) * sizeof *e->subjects);
    if (!e->subjects)
        return gw_fail(err, GW_ENOMEM, "service.people", "the roster needs more memory than allowed");
    for (size_t i = 0; fine && i < setup->subject_count; i++)
        fine = add_links(e, &setup->subjects[i], endpoint);
    return fine ? GW_OK : gw_fail(err, GW_ENOMEM, "service.people", "the roster needs more memory than allowed");
}

enum gw_status people_open(struct people *people, const struct setup *setup, size_t endpoint, struct gw_error *err)
{
    const struct setup_endpoint *of = &setup->endpoints[endpoint];
    const struct gw_item_class *deleted = gw_rules_class(&setup->studies[0].protocol.rules, "SOURCE_DELETED");
    enum gw_status rc;

    *people = (struct people){.arena = GW_ARENA_INIT(PEOPLE_MEMORY)};
    rc = gw_pseudonym_open(setup->config->pseudonym_key, setup->studies[0].config->id, &people->key, err);
    if (rc == GW_OK)
        rc = list_subjects(people, setup, endpoint, err);
    people->intake = (struct gw_intake){.endpoint = of->config->id,
                                        .site = of->config->site,
                                        .invalid_blocks = of->settings.invalid_blocks,
                                        .deleted_blocks = deleted ? deleted->blocks : NULL,
                                        .key = people->key,
                                        .whose = enrolment_whose,
                                        .ctx = &people->enrolment};
    return rc;
}

void people_release(struct people *people)
{
    gw_hmac_free(people->key);
    gw_arena_release(&people->arena);
}

bool people_know(struct people *people, const char *patient, int64_t number)
{
    return enrolment_know(&people->enrolment, patient, number);
}
