/*
 * A measured value against a bound, exactly; a comparator counts for all values it can mean. Private to the study room.
 */
#ifndef STUDY_BOUND_H
#define STUDY_BOUND_H

#include "study/engine.h"

enum side {
    SIDE_BELOW,
    SIDE_AT,
    SIDE_ABOVE,
    SIDE_UNKNOWN, /* no number, or a comparator that leaves it open */
};

/* The bound is in the canonical unit of the datum's concept. */
enum side bound_side(const struct engine *e, const struct datum *datum, const struct gw_decimal *bound);

/* Of a comparator every value that it can mean lies there. */
bool bound_below(const struct engine *e, const struct datum *datum, const struct gw_decimal *bound);
bool bound_reaches(const struct engine *e, const struct datum *datum, const struct gw_decimal *bound); /* or is at it */
bool bound_above(const struct engine *e, const struct datum *datum, const struct gw_decimal *bound);

/* A number as measured, without a comparator. */
bool bound_exact(const struct datum *datum);

#endif
