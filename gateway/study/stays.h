/*
 * Stays in a hospital: Encounters of a class that is an admission. Private to the study room.
 */
#ifndef STUDY_STAYS_H
#define STUDY_STAYS_H

#include "study/engine.h"

struct hospital_stay {
    size_t fact;
    gw_day first;
    gw_day last; /* GW_DAY_MAX: not told */
};

struct stays {
    struct hospital_stay *list; /* in order of the first day, then of key */
    gw_day *reach;              /* the last day of any up to this place */
    size_t count;
};

/* The days of a period; one without a start is unusable. `assume`: a time without an offset is the site's. */
enum gw_date_verdict stay_days(const struct engine *e, const struct gw_period *period, bool assume, gw_day *first,
                               gw_day *last);

/* Those accepted, of the classes that seriousness goes by, begun up to the horizon. */
struct stays stays_read(struct engine *e);

/* The place of the first stay that lasts to a day or beyond it; the count: none. Later ones may begin after it. */
size_t stays_from(const struct stays *stays, gw_day day);

#endif
