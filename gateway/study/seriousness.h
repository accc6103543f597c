/*
 * Evidence that an event was serious. Private to the study room.
 */
#ifndef STUDY_SERIOUSNESS_H
#define STUDY_SERIOUSNESS_H

#include "study/episode.h"
#include "study/intensive.h"
#include "study/stays.h"

/* Cites what speaks for it; sets what is certain, and asks about the rest. */
void seriousness_weigh(struct engine *e, struct episode *episode, const struct stays *stays,
                       const struct intensives *intensives);

#endif
