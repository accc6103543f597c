/*
 * Courses: what one drug record says of when its drug was begun, until when it was taken or at hand, and when it was
 * stopped. What the end of treatment is found from. Private to the study room.
 */
#ifndef STUDY_COURSES_H
#define STUDY_COURSES_H

#include "study/engine.h"

enum course_of {
    COURSE_TREATMENT, /* the drug whose end is the end of treatment */
    COURSE_COMPANION, /* another drug that starts day 1 */
    COURSE_LINE,      /* another line of treatment of the disease */
};

struct course {
    size_t fact;
    enum course_of of;
    enum gw_evidence_rank rank;
    gw_day begun;   /* GW_DAY_MIN: not told. Of an order, when it was written */
    gw_day until;   /* last day taken or at hand; GW_DAY_MAX: goes on; GW_NO_DAY: shows nothing, as an order */
    gw_day handed;  /* the same of a dispense, whatever others say of a stop */
    gw_day stopped; /* ended with a reason, on this day; GW_NO_DAY: not so */
};

struct courses { /* by begun, then key of the fact */
    struct course *list;
    size_t count, capacity;
};

/* Of every record that counts, names one of these drugs and began by the horizon. */
void courses_gather(struct engine *e, struct courses *out);

static inline bool course_is_use(const struct course *course) /* an order alone is no use */
{
    return course->until != GW_NO_DAY;
}

#endif
