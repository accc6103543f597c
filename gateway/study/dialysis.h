/*
 * Whether the subject was on dialysis around a day. Private to the study room.
 */
#ifndef STUDY_DIALYSIS_H
#define STUDY_DIALYSIS_H

#include "study/parameters.h"

struct dialysis {
    bool evidence; /* some record says so */
    size_t fact;   /* the first of them */
    int part;
};

/*
 * Evidence within `days` of a day, before or after: a confirmed diagnosis of end-stage disease or dependence on
 * dialysis that held then. Each record is added to the inputs. Source: mappings/RULES.md 13.
 */
struct dialysis dialysis_around(struct engine *e, gw_day day, int days, struct inputs *inputs);

#endif
