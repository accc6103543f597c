/*
 * Renal function on the day of a creatinine: clearance, dialysis, and the groups they make. Private to the study room.
 */
#ifndef STUDY_RENAL_H
#define STUDY_RENAL_H

#include "study/clearance.h"

struct renal {
    struct clearance clearance;         /* by the study's formula */
    bool dialysis;                      /* evidence says so, or a person */
    bool conflict;                      /* evidence says so, though nobody on dialysis clears so much */
    const struct gw_decision *decision; /* about dialysis; NULL: none */
    struct inputs inputs;               /* of the clearance, and the evidence of dialysis */
};

/* creatinine NULL: there is none. Raises DIALYSIS_CONFLICT. Needs the study's group `renal`. */
void renal_on(struct engine *e, const struct datum *creatinine, const struct gw_window *window, struct renal *out);

/* Why renal function as it steers doses is not known; NULL: it is. */
const char *renal_reason(const struct renal *renal);

/* -1 below the cut at both ends of the clearance, 1 at it or above at both, 0: the age decides. */
int renal_side(const struct engine *e, const struct renal *renal, const struct gw_decimal *cut);

#endif
