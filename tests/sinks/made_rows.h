/*
 * Made-up rows of a study and the batch between two states of a subject, whatever database they are for.
 */
#ifndef SINKS_MADE_ROWS_H
#define SINKS_MADE_ROWS_H

#include <criterion/criterion.h>

#include "gateway/sinks/sink.h"

static inline struct gw_row *made_row(struct gw_arena *arena, struct gw_rows *rows, enum gw_table_id table,
                                      const char *subject, const char *row_id)
{
    struct gw_row *row = gw_rows_add(rows, arena, table);

    row->row_id = row_id;
    row->subject_key = subject;
    row->study = "lendex";
    row->site = "hm";
    row->status = "active";
    return row;
}

static inline struct gw_row_observations *made_observation(struct gw_arena *arena, struct gw_rows *rows,
                                                           const char *subject, const char *row_id, const char *value)
{
    struct gw_row_observations *row =
        (struct gw_row_observations *)made_row(arena, rows, GW_TABLE_observations, subject, row_id);

    row->value_num = value;
    row->concept = "ANC";
    row->row_version = 1;
    return row;
}

/* From one revision to the next. The difference is the arena's. */
static inline struct gw_batch made_batch(struct gw_arena *arena, const char *subject, struct gw_rows *previous,
                                         struct gw_rows *next, int64_t from)
{
    struct gw_difference *difference = gw_arena_alloc(arena, sizeof *difference);
    struct gw_error err;

    gw_rows_sort(previous);
    gw_rows_sort(next);
    cr_assert(gw_difference(arena, previous, next, difference, &err) == GW_OK, "%s", err.text);
    return (struct gw_batch){.study = "lendex",
                             .subject_key = subject,
                             .from_revision = from,
                             .to_revision = from + 1,
                             .difference = difference,
                             .applied_at = "2024-12-31T10:00:00Z"};
}

#endif
