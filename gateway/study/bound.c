/*
 * "<5" lies below 5 and below 6, and may lie on either side of 4.
 */
#include "study/bound.h"

bool bound_exact(const struct datum *datum)
{
    return datum->measured && datum->value->measure.value_num && !datum->value->measure.comparator;
}

enum side bound_side(const struct engine *e, const struct datum *datum, const struct gw_decimal *bound)
{
    const struct gw_ratio wanted = gw_ratio_of(*bound);
    const char *comparator = datum->value->measure.comparator;
    int order;

    if (!datum->measured || !datum->value->measure.value_num)
        return SIDE_UNKNOWN;
    order = gw_ratio_compare(e->arena, &datum->value->measure.canonical, &wanted);
    if (!comparator)
        return order < 0 ? SIDE_BELOW : order > 0 ? SIDE_ABOVE : SIDE_AT;
    if (comparator[0] == '<')
        return order < 0 || (order == 0 && !comparator[1]) ? SIDE_BELOW : SIDE_UNKNOWN;
    if (comparator[0] == '>')
        return order > 0 || (order == 0 && !comparator[1]) ? SIDE_ABOVE : SIDE_UNKNOWN;
    return SIDE_UNKNOWN;
}

bool bound_below(const struct engine *e, const struct datum *datum, const struct gw_decimal *bound)
{
    return bound_side(e, datum, bound) == SIDE_BELOW;
}

bool bound_above(const struct engine *e, const struct datum *datum, const struct gw_decimal *bound)
{
    return bound_side(e, datum, bound) == SIDE_ABOVE;
}

bool bound_reaches(const struct engine *e, const struct datum *datum, const struct gw_decimal *bound)
{
    const struct gw_ratio wanted = gw_ratio_of(*bound);
    const struct gw_measure *measure = &datum->value->measure;

    return datum->measured && measure->value_num && (!measure->comparator || measure->comparator[0] == '>') &&
           gw_ratio_compare(e->arena, &measure->canonical, &wanted) >= 0;
}
