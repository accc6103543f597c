/*
 * One record of a drug, read in parts. Private to the drug_*.c files that read it.
 */
#ifndef STUDY_USE_PARTS_H
#define STUDY_USE_PARTS_H

#include "study/uses.h"

/* ---- drug_uses.c: which drug, which days ---- */

enum gw_date_verdict use_read_when(const struct engine *e, const char *text, struct gw_when *when);

/* The last day a text can mean; GW_NO_DAY: none. */
gw_day use_end_of(const struct engine *e, const char *text);

/* It begins on a later day than it has said so far. */
void use_begin_later(const struct engine *e, struct use *use, const char *text);

void use_read_route(const struct engine *e, struct use *use, const struct gw_concept *route);

/* ---- drug_dosages.c: how often and how much ---- */

void use_add(struct engine *e, const struct use *use);

/* The same; of a rhythm with days in a row a stretch for each of its rounds. */
void use_add_course(struct engine *e, const struct use *use);

/* A drug given in cycles is taken daily unless something else is said; of others silence says nothing. */
bool use_is_daily_by_plan(const struct engine *e, const struct use *use);

/* Bounds of the schedule lie within the record's own days, and its doses are counted. */
void use_apply_bounds(const struct engine *e, struct use *use, const struct gw_schedule *schedule);

/* All dosages of a record as taken on the same days: their doses add up. */
void use_read_together(struct engine *e, struct use *use);

/* What the dosages of a record tell, each added. */
void use_add_dosages(struct engine *e, struct use *use);

/* ---- drug_dispenses.c ---- */

/* Quantity by strength over the dose of a day; else the days of supply; else what the plan says of such a dispense. */
void use_read_supply(struct engine *e, struct use *use);

#endif
