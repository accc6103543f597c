/*
 * The starting dose that the study's table asks for. Private to the study room.
 */
#ifndef STUDY_START_DOSE_H
#define STUDY_START_DOSE_H

#include "study/engine.h"

/* The row that fits the subject at baseline; NULL: not assessable, EXPDOSE says why. */
const struct gw_start_dose *start_dose_expected(struct engine *e);

#endif
