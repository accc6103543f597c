/*
 * What one record says of a dose: how much at once, and on which days. Private to the study room.
 *
 * Amounts are exact, in the base unit of their kind. Source: mappings/RULES.md 14.
 */
#ifndef STUDY_DOSE_H
#define STUDY_DOSE_H

#include "study/engine.h"

struct intake { /* of one intake */
    bool known;
    enum gw_dose_kind kind;
    struct gw_ratio amount;
    const char *text; /* the amount as the study sees it */
    const char *how;  /* what was done to get it, for provenance: "x 25 mg a unit"; NULL: a change of unit at most */
};

/*
 * Days of doses as rounds: `every` days long, bit i of `days` set where day i of the round has a dose. Bits reach over
 * one week or, in a longer round, over its first day alone.
 */
struct rhythm {
    bool known;
    int every;     /* 1 daily, 2 every other day, 7 weekly; 0: a single day */
    unsigned days; /* 1: the first day of a round; a daily rhythm has 1 too */
    int times;     /* intakes on a day of doses */
    int block;     /* not 0: so many days in a row at the start of a long round, then rest */
    bool weekdays; /* its days are named: they do not move with the day it begins on */
    bool as_needed;
};

extern const struct rhythm rhythm_once, rhythm_daily;

/* The amount of a quantity; a count of the product is multiplied by its strength where that is known. */
void dose_read(struct engine *e, const struct gw_fact *fact, const struct gw_drug_row *row,
               const struct gw_quantity *quantity, struct intake *out);

/* An amount in figures; NULL: out of memory, noted, now or before. */
const char *dose_print(struct engine *e, const struct gw_ratio *amount);

/* So many times the dose and so many times another of its kind, as one. */
void dose_add(struct engine *e, struct intake *dose, int times, const struct intake *other, int other_times);

/* Rate times the duration of an administration, in seconds. */
void dose_of_rate(struct engine *e, const struct gw_fact *fact, const struct gw_drug_row *row, int64_t seconds,
                  struct intake *out);

/* How much of the drug one unit of the product holds; false: not known. */
bool dose_of_unit(struct engine *e, const struct gw_fact *fact, const struct gw_drug_row *row, struct intake *out);

/* A whole number of units of time as days: 3 wk is 21; 0: none, or no whole days. */
int dose_days(const struct gw_quantity *duration);

/* The days that hold a duration, one only begun included; at least so long is no bound. 0: none told. */
int bound_days(const struct gw_quantity *duration);

/* So many doses in all, of a range the most; 0: not told. */
int dose_count(const struct gw_schedule *schedule);

/* The last of so many days of doses, from a day on. */
gw_day rhythm_end(const struct rhythm *rhythm, gw_day first, int days);

/* When doses are due; weekdays count from the day given. On which days one is taken as needed nobody knows. */
struct rhythm rhythm_read(const struct gw_schedule *schedule, gw_day first);

bool dose_equal(struct engine *e, const struct intake *a, const struct intake *b); /* two unknown ones are */
bool rhythm_equal(const struct rhythm *a, const struct rhythm *b);

/* A dose is due on a day; the rounds count from `from`. */
bool rhythm_takes(const struct rhythm *rhythm, gw_day from, gw_day day);
/* Days of doses from `first` to `last`, both included; the latest of them, or GW_NO_DAY. */
int rhythm_count(const struct rhythm *rhythm, gw_day from, gw_day first, gw_day last);
gw_day rhythm_latest(const struct rhythm *rhythm, gw_day from, gw_day first, gw_day last);

/* CDISC's word for it: QD, BID, QOD, QS ...; NULL: it has none. */
const char *rhythm_name(const struct rhythm *rhythm);

#endif
