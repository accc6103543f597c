/*
 * Which of several values of a concept in a window is meant, whether they are at hand as data or as rows that stand.
 * Private to the study room. Source: mappings/RULES.md 9.
 */
#ifndef STUDY_FLAGS_H
#define STUDY_FLAGS_H

#include "study/engine.h"

struct contender { /* a final value of a whole day */
    const struct gw_when *when;
    int distance;                 /* from the target, in days */
    int grade;                    /* -1: none */
    enum gw_direction direction;  /* of the grade */
    const struct gw_ratio *value; /* NULL: no number */
    const char *last_updated;     /* NULL: not told */
    const char *key;              /* endpoint|type|id */
    int part;
};

/* Whether a stands before b: closer to the target (anl01), worse (anl02), later (anl03). An order, whatever they are.
 */
typedef bool flag_order(const struct engine *e, const struct contender *a, const struct contender *b);
flag_order flag_closer, flag_worse, flag_last;

#endif
