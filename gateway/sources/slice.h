/*
 * The days of a search, walked at once or part by part: fewer days are fewer pages, and the walk may be over before the
 * server forgets it. Pure.
 */
#ifndef SOURCES_SLICE_H
#define SOURCES_SLICE_H

#include <stdbool.h>

#include "gateway/core/date.h"

struct slice {
    gw_day first, last; /* of the search; GW_NO_DAY: no bound */
    gw_day low, high;   /* of the walk at hand */
    int days;           /* of each part; 0: all days in one walk */
};

bool slice_is_part(const struct slice *slice);
bool slice_halve(struct slice *slice); /* false: it is one day already, or the search has no bounds */
bool slice_has_more(const struct slice *slice);
void slice_next(struct slice *slice); /* there are more */

#endif
