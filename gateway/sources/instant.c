/*
 * Instants as FHIR writes them, in UTC: with a Z there is no + to be lost in a URL.
 */
#include "sources/instant.h"

#include <stdio.h>

#include "gateway/core/date.h"

enum { DAY_S = 86400 };

void instant_print(int64_t nanoseconds, char out[INSTANT_BYTES])
{
    int64_t seconds = nanoseconds / NANOSECONDS;
    int64_t rest = nanoseconds % NANOSECONDS;
    char day[11];

    if (rest < 0) {
        rest += NANOSECONDS;
        seconds--;
    }
    const int64_t days = (seconds >= 0 ? seconds : seconds - (DAY_S - 1)) / DAY_S;
    const int second = (int)(seconds - days * DAY_S);
    gw_day_print((gw_day)days, day);
    snprintf(out, INSTANT_BYTES, "%sT%02d:%02d:%02d.%03dZ", day, second / 3600, second / 60 % 60, second % 60,
             (int)(rest / 1000000));
}
