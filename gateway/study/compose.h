/*
 * Values that no laboratory wrote but others of the same sample give. Private to the study room.
 */
#ifndef STUDY_COMPOSE_H
#define STUDY_COMPOSE_H

#include "study/engine.h"

#define COMPOSE_MOST_INPUTS 3

struct composed { /* how a datum was made */
    const struct gw_composition *rule;
    size_t inputs[COMPOSE_MOST_INPUTS]; /* places in the engine's list of data; the first is the base */
    size_t count;
};

/* All parts it was made from are evidence. */
void composed_cite(struct engine *e, const struct datum *datum);

#endif
