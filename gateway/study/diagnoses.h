/*
 * How a Condition is read. Private to the study room.
 */
#ifndef STUDY_DIAGNOSES_H
#define STUDY_DIAGNOSES_H

#include "study/engine.h"

/* When it began: onset, or where there is none recordedDate. NULL: told in no date (onsetAge, onsetString ...). */
const char *diagnosis_start_text(const struct gw_condition *condition);
/* When it ended: abatement, else the end of its onset's period; NULL: not told. */
const char *diagnosis_end_text(const struct gw_condition *condition);

/* Its clinicalStatus says that it ended, whether or not the day is told. */
bool diagnosis_is_over(const struct gw_condition *condition);

/* The row of a coding, of the hospital's own by its map; NULL: it stands in none. */
const struct gw_condition_row *diagnosis_row(const struct gw_subject_input *in, const struct gw_coding *coding);

/* A coding of it stands in a row of a category of the study's tables; of OTHER: none stands in any row. */
bool diagnosis_is_of(const struct gw_subject_input *in, const struct gw_concept *code, const char *category);

enum gw_date_verdict diagnosis_read_day(const struct engine *e, const char *text, struct gw_when *when);

/*
 * It surely began by `last` and had not ended before `first`. Without an end it goes on, unless its clinicalStatus says
 * that it is over: then it held on the days of its start alone.
 */
bool diagnosis_holds(const struct engine *e, const struct diagnosis *diagnosis, gw_day first, gw_day last);

#endif
