/*
 * What people decided about results: their code, unit, value. Private to the study room.
 */
#ifndef STUDY_DATUM_DECISIONS_H
#define STUDY_DATUM_DECISIONS_H

#include "study/decided.h"

/* A mapping for a code that maps to nothing or to two things; a row enabled that is not verified. */
void decide_code(struct engine *e, struct datum *datum);

/* The unit, the meaning of a phrase, an implausible value taken or rejected: changes datum->value->measure. */
void decide_value(struct engine *e, struct datum *datum);

/* The item a verdict on a value makes, with its note; NULL: none. */
const char *value_item(enum gw_value_verdict verdict, const char **note);

#endif
