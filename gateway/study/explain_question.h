/*
 * One question about a missing value, and the reasons that may answer it. Private to the explain*.c files.
 *
 * A reason is a function: true when it holds, and then it has told the answer.
 */
#ifndef STUDY_EXPLAIN_QUESTION_H
#define STUDY_EXPLAIN_QUESTION_H

#include "study/explain_parts.h"

struct question {
    struct telling *t;
    const char *concept;
    const char *window_id;                /* NULL: of the subject as a whole, which only a parameter can be */
    bool parameter, category, laboratory; /* what the concept is: one of them */
    gw_groups groups;                     /* in which the study takes it */
    bool baseline_only;
    const struct gw_window *window;   /* NULL: not built */
    const struct gw_row_windows *row; /* of it; NULL: nothing is left of it */
};

/* ---- explain_question.c ---- */

/* What kind of thing the concept is, and its window. GW_EUSAGE: there is none of that name. */
enum gw_status question_read(struct question *q, struct gw_error *err);

void question_answer(struct question *q, const char *code);
const char *question_days(struct question *q); /* "2024-02-09 to 2024-02-19" */
gw_day question_horizon(const struct question *q);
void question_add_items(struct question *q, const struct gw_part_state *part); /* those of a part */
void question_add_blocking(struct question *q); /* the items that hold the whole subject */
bool question_is_of(const struct question *q, const struct gw_part_state *part); /* a value of the concept */
bool question_is_in(const struct question *q, const struct gw_part_state *part); /* dated so that it may lie in it */
/* The window as it would be for a subject whom nothing cuts short; NULL: the study has none of that name. */
const struct gw_window *question_uncut(struct question *q);

bool question_is_present(struct question *q); /* a reason: there is a row */

/* ---- explain_recorded.c: reasons, in no order ---- */

bool question_is_held(struct question *q);
bool question_is_held_without_date(struct question *q);
bool question_is_withdrawn(struct question *q);
bool question_is_without_value(struct question *q);
bool question_is_left_out(struct question *q);
bool question_is_unmapped(struct question *q);

/* ---- explain_events.c ---- */

bool question_is_candidate(struct question *q);
bool question_is_diagnosed(struct question *q);

#endif
