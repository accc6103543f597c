/*
 * The assessments of the disease: what was measured of it, day by day, in collected windows. Private to the study room.
 */
#ifndef STUDY_ASSESSMENTS_H
#define STUDY_ASSESSMENTS_H

#include "study/parameters.h"
#include "study/response.h"

struct assessment {
    gw_day day;
    const struct gw_window *window;
    struct disease disease;
    struct inputs inputs;
    enum response response; /* of this assessment alone */
};

struct assessments {
    struct disease baseline;
    struct inputs baseline_inputs;
    bool has_baseline; /* any value of it */
    struct measurable measurable;
    struct assessment *list; /* after D1, by day; those after a new line of treatment left out */
    size_t count;
};

/* Gather and assess. Out of memory: noted in e. */
void assessments_gather(struct engine *e, struct assessments *out);

#endif
