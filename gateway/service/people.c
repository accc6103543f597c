/*
 * The people of one site, for an intake of their own.
 */
#include "service/people.h"

#include <string.h>

#include "gateway/service/pseudonym.h"

enum { PEOPLE_MEMORY = 256 * 1024 * 1024 };

static const struct setup_link *link_at(const struct setup_subject *subject, size_t endpoint)
{
    for (size_t l = 0; l < subject->link_count; l++)
        if (subject->links[l].endpoint == endpoint)
            return &subject->links[l];
    return NULL;
}

/* A patient merged with another is the subject's too. */
static bool know_links(struct enrolment *e, const struct setup_subject *subject, size_t endpoint)
{
    bool fine = true;

    for (size_t l = 0; fine && l < subject->link_count; l++)
        if (subject->links[l].endpoint == endpoint && subject->links[l].patient)
            fine = enrolment_know(e, subject->links[l].patient, subject->number);
    return fine;
}

static enum gw_status list_subjects(struct enrolment *e, struct gw_arena *arena, const struct setup *setup,
                                    size_t endpoint, struct gw_error *err)
{
    enum gw_status rc = enrolment_new(e, arena, setup->subject_count, err);

    for (size_t i = 0; rc == GW_OK && i < setup->subject_count; i++) {
        const struct setup_subject *subject = &setup->subjects[i];
        const struct setup_link *link = link_at(subject, endpoint);

        if (link)
            rc = enrolment_add(e, &(struct gw_enrolled){.number = subject->number, .line = subject->line},
                               link->patient, err);
    }
    enrolment_sort(e);
    for (size_t i = 0; rc == GW_OK && i < setup->subject_count; i++)
        if (!know_links(e, &setup->subjects[i], endpoint))
            rc = gw_fail(err, GW_ENOMEM, "service.people", "the roster needs more memory than allowed");
    return rc;
}

enum gw_status people_open(struct people *people, const struct setup *setup, size_t endpoint, struct gw_error *err)
{
    const struct setup_endpoint *of = &setup->endpoints[endpoint];
    const struct gw_item_class *deleted = gw_rules_class(&setup->studies[0].protocol.rules, "SOURCE_DELETED");
    enum gw_status rc;

    *people = (struct people){.arena = GW_ARENA_INIT(PEOPLE_MEMORY)};
    rc = gw_pseudonym_open(setup->config->pseudonym_key, setup->studies[0].config->id, &people->key, err);
    if (rc == GW_OK)
        rc = list_subjects(&people->enrolment, &people->arena, setup, endpoint, err);
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
