/*
 * How long a pack lasts that was handed over: one measure for exposures and for the end of treatment. Private to the
 * study room.
 */
#ifndef STUDY_SUPPLY_H
#define STUDY_SUPPLY_H

#include "study/uses.h"

/* Days by which the dispense of a study drug is moved: its first capsule is the one of day 1. */
int supply_shift(const struct engine *e, const struct use *use);

/* The last day of a dispense, or of one of its cycles, moved so, up to the next pack: before its first day nothing is
 * left of it. `use` is one of the engine's. */
gw_day supply_handed(const struct engine *e, const struct use *use);

/* The same, up to the day on which another record says that the drug was stopped. */
gw_day supply_last(const struct engine *e, const struct use *use);

#endif
