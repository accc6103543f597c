/*
 * What the site's physician thought of an event. Private to the study room.
 */
#ifndef STUDY_RELATEDNESS_H
#define STUDY_RELATEDNESS_H

#include "study/episode.h"

struct opinion { /* of one AdverseEvent that names the study drug */
    size_t fact;
    gw_day day;           /* GW_NO_DAY: none is told */
    const char *category; /* of its code; NULL: of no row */
    const char *relatedness;
};

struct opinions {
    struct opinion *list; /* in order of key */
    size_t count, capacity;
};

struct opinions opinions_read(struct engine *e);

/* Relatedness by what an AdverseEvent says that results in the event's evidence, or is of its category and days. */
void relatedness_take(struct engine *e, struct episode *episode, const struct opinions *opinions);

#endif
