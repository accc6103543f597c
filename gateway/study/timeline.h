/*
 * What happened to a subject in order of time: values of one concept, drugs given, doses of the study drug. Private to
 * the study room.
 *
 * For events that go by hours. Each record stands for the instants it can mean: one, or all of a day that was told
 * without a time. Source: mappings/RULES.md 12.
 */
#ifndef STUDY_TIMELINE_H
#define STUDY_TIMELINE_H

#include "study/engine.h"

#define HOUR_SECONDS ((int64_t)3600)

struct moment { /* seconds UTC, both ends included */
    int64_t first, last;
};

static inline bool moment_is_timed(struct moment moment)
{
    return moment.first == moment.last;
}

static inline bool moments_meet(struct moment a, struct moment b)
{
    return a.first <= b.last && b.first <= a.last;
}

/* From the first instant of one date to the last of another; NULL: it ended as it began. */
struct moment moment_of(const struct engine *e, const struct gw_when *start, const struct gw_when *end);
int64_t moment_day_end(const struct engine *e, gw_day day); /* its last second */
gw_day moment_day(const struct engine *e, int64_t utc);
/* The one day that a text means, in the way of the site; false: it means none, or several. */
bool moment_read_day(const struct engine *e, const char *text, struct gw_when *when);
/* The last second of which anything can be known of an event. */
int64_t moment_known_until(const struct engine *e);

/* ---- values ---- */

struct reading {
    struct moment moment;
    const struct datum *datum;
};

struct readings {
    struct reading *list;
    size_t count;
};

/* Usable values of a concept from a day to the last one that anything can be known of an event, in order of time. */
struct readings readings_of(struct engine *e, const char *concept, gw_day first);

/* ---- drugs ---- */

struct given { /* an administration or statement */
    struct moment span;
    gw_day day; /* on which it began */
    size_t fact;
    const struct gw_drug_row *drug;
    bool administered; /* else stated */
    bool timed;        /* its start */
    bool by_rate;      /* over a time, at a rate that is not 0, by no other way than into a vein */
    bool end_told;
};

struct givens {
    struct given *list;
    size_t count, capacity;
};

/* Of every drug of the table that acts in the whole body, in the same days. */
struct givens givens_read(struct engine *e);

/* The ATC code of its drug begins with one of these. */
bool given_is_of(const struct given *given, const struct gw_texts *atc);

/* ---- doses of the study drug, one a day ---- */

struct dose_given {
    gw_day day;
    struct moment moment;      /* all of the day if no time is told */
    const struct given *given; /* NULL: day 1, as the anchors know it */
};

struct doses_given {
    struct dose_given *list;
    size_t count;
};

struct doses_given doses_read(struct engine *e, const struct givens *givens);

struct dose_relation { /* of something to the latest dose at or before it */
    int number;        /* 0: there is none */
    const struct dose_given *dose;
    gw_day days;
    int64_t hours; /* whole ones; -1: a time is not told */
    bool same_day; /* on the day of the dose, and which came first is not told */
};

struct dose_relation dose_before(const struct doses_given *doses, gw_day day, struct moment moment);

/* When it began at the earliest: of what tells its day alone, not before the dose of that day. */
int64_t moment_after_dose(const struct dose_relation *relation, struct moment moment);

#endif
