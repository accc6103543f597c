/*
 * Intensive care: who lay in it, was ventilated or got a vasopressor, and when. Private to the study room.
 */
#ifndef STUDY_INTENSIVE_H
#define STUDY_INTENSIVE_H

#include "study/episode.h"

struct intensive {
    gw_day first, last; /* GW_DAY_MAX: no end is told */
    size_t fact;
    const char *kind; /* encounter, procedure, drug */
    const char *concept;
};

struct intensives {
    struct intensive *list; /* in order of the first day, then of key */
    size_t count, capacity;
};

struct intensives intensive_find(struct engine *e);

#endif
