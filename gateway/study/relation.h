/*
 * Events and the study drug: how long after a dose they began, and what was done with it then. Private to the study
 * room.
 */
#ifndef STUDY_RELATION_H
#define STUDY_RELATION_H

#include "study/episode.h"

/* Days since the last dose, dose number, level, cycle, action taken: into the row of the episode. */
void relation_fill(struct engine *e, const struct episode *episode, struct gw_row_ae_episodes *row);

#endif
