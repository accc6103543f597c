/*
 * The two signals of febrile neutropenia, and how an event of them ends. Private to the study room.
 */
#ifndef STUDY_FEBRILE_PARTS_H
#define STUDY_FEBRILE_PARTS_H

#include "study/episode.h"
#include "study/timeline.h"

enum level { BELOW, ABOVE, UNCLEAR };

struct signal { /* a temperature or a count */
    struct moment moment;
    const struct datum *datum;
    enum level level; /* of a temperature: below `sustained` or not; of a count: below `anc` or not */
    bool single;      /* a temperature above `single` */
};

struct series { /* in order of time */
    struct signal *list;
    size_t count;
};

/* The place of the first count after a fever, behind the latest one up to it; anc->count: none. */
size_t febrile_first_after(const struct series *anc, const struct signal *fever);

/*
 * The end of an event that began with the temperature at place `from`, and its outcome. Gives the last day of fevers
 * that belong to it.
 */
gw_day febrile_close(struct engine *e, struct episode *episode, const struct series *temp, const struct series *anc,
                     size_t from, const struct stays *stays);

void febrile_cite(struct engine *e, struct episode *episode, const struct signal *reading, const char *role);

#endif
