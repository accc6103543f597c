/*
 * Renal function estimated from one creatinine. Private to the study room.
 */
#ifndef STUDY_CLEARANCE_H
#define STUDY_CLEARANCE_H

#include "study/age.h"
#include "study/parameters.h"

struct clearance {
    const char *reason; /* why it is not known: of the closed list of mappings/RULES.md 13; NULL: it is */
    struct age age;
    struct gw_ratio low, high; /* at the most and the least age possible; equal where the age is known */
    struct inputs inputs;
};

/* mL/min by Cockcroft and Gault; creatinine NULL: there is none. window: whose rows are named as inputs. */
void clearance_by_cg(struct engine *e, const struct datum *creatinine, const struct gw_window *window,
                     struct clearance *out);

/* mL/min per 1.73 m2 by the four-variable MDRD equation, to 6 decimals. */
void clearance_by_mdrd(struct engine *e, const struct datum *creatinine, const struct gw_window *window,
                       struct clearance *out);

/* By the formula that the study's renal groups go by. */
void clearance_of_study(struct engine *e, const struct datum *creatinine, const struct gw_window *window,
                        struct clearance *out);

#endif
