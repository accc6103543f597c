/*
 * One explanation in the making. Private to the explain*.c files.
 */
#ifndef STUDY_EXPLAIN_PARTS_H
#define STUDY_EXPLAIN_PARTS_H

#include "gateway/study/explain.h"

struct telling {
    struct gw_arena *arena;
    const struct gw_explain_input *in;
    struct gw_explanation *out;
    bool failed; /* out of memory */
};

/* ---- explain_text.c: words ---- */

/* A sentence of a topic. */
void tell(struct telling *t, const char *topic, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* A text in the arena; "" when memory ended, which is noted. */
const char *tell_text(struct telling *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *tell_or(const char *text, const char *other); /* where there is no text, the other */
const char *tell_day(struct telling *t, gw_day day);
const char *tell_moment(struct telling *t, int64_t utc_seconds); /* "2024-03-20 at 08:15 (Europe/Madrid)" */
const char *tell_count(struct telling *t, size_t count, const char *one, const char *many); /* "1 result" */
const char *tell_with(struct telling *t, const char *list, const char *word); /* "a" and "b": "a, b"; "" begins one */
const char *tell_distance(struct telling *t, int days);                       /* "on", "3 days before", "1 day after" */
const char *tell_resource(struct telling *t, const struct gw_fact *fact);
const char *tell_bounds(struct telling *t, const struct gw_grade_row *row); /* "at least 0.5 and below 1.0 10*9/L" */
const char *tell_cells(struct telling *t, const struct gw_table *table, const struct gw_row *row);

/* ---- explain_row.c: what a row of its table says ---- */

/* The sentences of one row, beside its sources, items, package and rules. */
void tell_row(struct telling *t, enum gw_table_id table, const struct gw_row *row);
/* Where a window lies and why, what opened it. `days` from its target for what lies in it; NULL: nothing does. */
void tell_window(struct telling *t, const char *window_id, const int *days);

/* ---- explain_held.c: what waits because its window is signed ---- */

/* The row as it stands and as it would be; NULL: it does not wait. */
const struct gw_held_row *telling_held(const struct telling *t, enum gw_table_id table, const char *row_id);
const struct gw_held_row *telling_held_new(const struct telling *t,
                                           const char *row_id); /* of any table; not there yet */
bool telling_asks(const struct gw_held_row *held,
                  const struct gw_item *item); /* it is the question; held may be NULL */
void tell_waiting(struct telling *t, const struct gw_held_row *held);

/* ---- explain_delivery.c: whether the study database has it ---- */

/* Of a row as it was settled last, with its stamps. */
void tell_delivery(struct telling *t, const struct gw_table *table, const struct gw_row *row);
/* Of a row that is gone since the former revision. */
void tell_withdrawal(struct telling *t);

/* ---- explain.c ---- */

const struct gw_window *telling_window(const struct telling *t, const char *id); /* NULL: not built */
const struct gw_row_windows *telling_window_row(const struct telling *t, const char *id);
void tell_items(struct telling *t); /* a sentence for each of out->items, the first few */
void telling_add_item(struct telling *t, const struct gw_item *item);
/* Everything of a row that is there: what it says, its sources, items, package and rules. */
void tell_all_of_row(struct telling *t, enum gw_table_id table, const struct gw_row *row);
bool telling_same_resource(const struct gw_fact *a, const struct gw_fact *b); /* two versions of one */
enum gw_status telling_end(struct telling *t, struct gw_error *err);

#endif
