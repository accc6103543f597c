/*
 * Days part by part.
 */
#include "sources/slice.h"

static void set(struct slice *slice, gw_day low)
{
    slice->low = low;
    slice->high = slice->last - low < slice->days ? slice->last : low + slice->days - 1;
}

bool slice_is_part(const struct slice *slice)
{
    return slice->days > 0;
}

bool slice_halve(struct slice *slice)
{
    const bool bounded = slice->first != GW_NO_DAY && slice->last != GW_NO_DAY;
    const int days = bounded ? slice->high - slice->low + 1 : 1;

    if (days <= 1)
        return false;
    slice->days = (days + 1) / 2;
    set(slice, slice->low);
    return true;
}

bool slice_has_more(const struct slice *slice)
{
    return slice->days > 0 && slice->high < slice->last;
}

void slice_next(struct slice *slice)
{
    set(slice, slice->high + 1);
}
