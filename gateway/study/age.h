/*
 * How old the subject was on a day, as far as the birth date tells. Private to the study room.
 *
 * Some hospitals give the year or the month of birth alone: then a day has two possible ages, and what depends on which
 * of them it was is asked (AGE_AMBIGUOUS). Source: mappings/RULES.md 13.
 */
#ifndef STUDY_AGE_H
#define STUDY_AGE_H

#include "study/engine.h"

struct age { /* completed years, the least and the most possible */
    int low;
    int high;
    const struct gw_decision *decision; /* that told how old the subject was on day 1; NULL: none */
};

/* Completed years; -1: unknown, or more than one possible. */
int engine_age(const struct engine *e, gw_day day);

/* False: no birth date, or one that cannot be that of a living adult or child on that day. */
bool age_on(struct engine *e, gw_day day, struct age *out);

/* Ask which it was: what is derived differs between the two possible ages. */
void age_ask(struct engine *e);

#endif
