/*
 * On how many days of a period drugs were taken. Private to the study room.
 */
#ifndef STUDY_COVERAGE_H
#define STUDY_COVERAGE_H

#include "study/exposure.h"
#include "study/parameters.h"

struct period { /* the first so many cycles, as far as the subject was treated */
    gw_day first;
    gw_day last;
    const char *reason; /* why its days cannot be judged yet; NULL: an assessment told of all */
};

struct period first_cycles(struct engine *e, int cycles);

typedef bool coverage_fn(const struct engine *e, const struct exposure *exposure, void *context);

struct coverage {
    struct inputs *inputs; /* where the exposures are noted; NULL: nowhere */
    int days;              /* of the period, on which one of them was taken, possessed or ordered */
    bool intended;         /* some of these days by an order alone */
};

/* Days of the period on which an exposure that `counts` was there, each once. */
void coverage_of(struct engine *e, const struct period *period, coverage_fn *counts, void *context,
                 struct coverage *out);

/* The days are so many percent of the period or more. */
bool coverage_reaches(const struct period *period, int days, int percent);

#endif
