/*
 * What the study database answered. Private to the study room.
 */
#ifndef STUDY_REFUSED_H
#define STUDY_REFUSED_H

#include "study/engine.h"

/* Items of refusals stand as long as these do, and are told of anew each time. */
bool refused_is_told(const char *code);

/* Tell each refusal of the input, unless a decision answers it; derived->answers says what follows of decisions. */
void refused_tell(struct engine *e, const struct gw_rows *previous, struct gw_derived *derived);

#endif
