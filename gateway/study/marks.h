/*
 * Facts each once, without a walk through those that were seen: one mark for each fact of the subject. Private to the
 * study room.
 */
#ifndef STUDY_MARKS_H
#define STUDY_MARKS_H

#include "study/engine.h"

/* From here on no fact was seen. One round ends where the next begins. */
void marks_begin(struct engine *e);

/* How often the fact was seen in this round before now. */
int marks_see(struct engine *e, size_t fact);

/* Put a fact at the end of a list unless it was seen in this round. Out of memory: noted in e. */
void marks_note(struct engine *e, size_t **list, size_t *count, size_t *capacity, size_t fact);

#endif
