/*
 * Grades of infections. Private to the study room.
 */
#ifndef STUDY_INFECTIONS_H
#define STUDY_INFECTIONS_H

#include "study/intensive.h"

/* The highest grade that its treatment proves, where nothing else graded it; its days and its rises. */
void infection_grade(struct engine *e, struct episode *episode, const struct intensives *intensives);

#endif
