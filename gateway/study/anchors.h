/*
 * The anchors in parts: first_dose.c and end_of_treatment.c find theirs, anchors.c the others. Private to the study
 * room.
 */
#ifndef STUDY_ANCHORS_H
#define STUDY_ANCHORS_H

#include "study/engine.h"

void find_first_dose(struct engine *e);
void find_end_of_treatment(struct engine *e); /* after the first dose and death */

/* What people decided about them (anchor_decisions.c), each after its search. */
void decide_first_dose(struct engine *e);
void decide_end_of_treatment(struct engine *e);

void anchor_cite(struct engine *e, size_t fact, const char *rule); /* it is evidence for an anchor: "d1" or "eot" */

#endif
