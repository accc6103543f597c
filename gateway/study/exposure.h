/*
 * What a subject took, day by day, and the cycles it makes. Private to the study room.
 *
 * An exposure is a run of days on which one substance was taken, possessed or intended in one dose and rhythm by the
 * best evidence there is. Days of one substance never overlap. Source: mappings/RULES.md 14.
 */
#ifndef STUDY_EXPOSURE_H
#define STUDY_EXPOSURE_H

#include "study/engine.h"

struct exposure {
    const char *substance;          /* as medications.csv names it; else the coding's display or code */
    const struct gw_drug_row *drug; /* NULL: in no row, a concomitant drug without a role */
    gw_day first;
    gw_day last; /* GW_DAY_MAX: goes on beyond the horizon */
    int every;   /* days from one dose to the next: 1 daily, 2 every other day, 7 weekly; 0: once */
    bool has_dose;
    struct gw_ratio dose; /* of one day on which it is taken, in `unit` */
    const char *unit;     /* "mg"; NULL without a dose */
    const char *route;    /* code or text; NULL */
    enum gw_evidence_rank rank;
    const size_t *facts; /* the records it rests on */
    size_t fact_count;
    const char *row_id; /* of its row in `exposures` or `conmeds`; NULL: it makes none */
};

struct cycle {
    int number; /* 1 .. */
    gw_day start;
    gw_day next; /* start of the next one, else the day after the last day that counts */
    struct gw_ratio planned_mg;
    struct gw_ratio actual_mg;
    int delay_days;         /* of this start against the former's planned next */
    struct gw_ratio dex_mg; /* total in the cycle */
    const char *dex_class;  /* HIGH ...; NULL: none fits */
    const char *row_id;
};

/* The exposures of a substance, contiguous, in order of days; the count of them. */
size_t exposures_of(const struct engine *e, const char *substance, const struct exposure **list);

/* The exposure that covers a day; NULL: none. */
const struct exposure *exposure_on(const struct engine *e, const char *substance, gw_day day);

/* The last day of a dose at or before a day; GW_NO_DAY: none. */
gw_day last_dose_day(const struct engine *e, const char *substance, gw_day day);

/* Doses of a substance at or before a day (elranatamab's dose_number); 0: none. */
int doses_until(const struct engine *e, const char *substance, gw_day day);

/* The cycle a day lies in; NULL: none. */
const struct cycle *cycle_on(const struct engine *e, gw_day day);

#endif
