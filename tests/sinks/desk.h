/*
 * A study database in a folder of its own, and batches made by the study room's own comparison.
 */
#ifndef SINKS_DESK_H
#define SINKS_DESK_H

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/sinks/export.h"
#include "gateway/sinks/sink.h"
#include "sinks/made_rows.h"
#include "support/scratch.h"

struct desk {
    struct scratch scratch;
    char path[300];
    struct gw_sink *sink;
    struct gw_arena arena;
    struct gw_error err;
};

#define DESK_OK(desk, call) cr_assert((call) == GW_OK, "%s", (desk)->err.text)

static inline void desk_open(struct desk *desk)
{
    DESK_OK(desk, gw_sink_sqlite_open(desk->path, "lendex", &desk->sink, &desk->err));
}

static inline void desk_init(struct desk *desk)
{
    *desk = (struct desk){.arena = GW_ARENA_INIT((size_t)1 << 28)};
    scratch_init(&desk->scratch);
    snprintf(desk->path, sizeof desk->path, "%s", scratch_path(&desk->scratch, "study.db"));
    desk_open(desk);
}

static inline void desk_close(struct desk *desk)
{
    if (desk->sink)
        desk->sink->close(desk->sink);
    desk->sink = NULL;
}

static inline void desk_release(struct desk *desk)
{
    desk_close(desk);
    gw_arena_release(&desk->arena);
    scratch_release(&desk->scratch);
}

/* The first cell of a sentence's first row, as text: "" for null, NULL for no row. In the desk's arena. */
static inline const char *desk_ask(struct desk *desk, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    const char *answer = NULL;

    cr_assert(sqlite3_open(desk->path, &db) == SQLITE_OK);
    cr_assert(sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
    if (sqlite3_step(statement) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(statement, 0);
        answer = gw_arena_print(&desk->arena, "%s", text ? text : "");
    }
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return answer;
}

static inline bool desk_says(struct desk *desk, const char *sql, const char *wanted)
{
    const char *answer = desk_ask(desk, sql);

    if (!gw_same(answer, wanted))
        fprintf(stderr, "%s: got %s, wanted %s\n", sql, answer ? answer : "no row", wanted ? wanted : "no row");
    return gw_same(answer, wanted);
}

static inline struct gw_row *desk_row(struct desk *desk, struct gw_rows *rows, enum gw_table_id table,
                                      const char *subject, const char *row_id)
{
    return made_row(&desk->arena, rows, table, subject, row_id);
}

static inline struct gw_row_observations *desk_observation(struct desk *desk, struct gw_rows *rows, const char *row_id,
                                                           const char *value)
{
    return made_observation(&desk->arena, rows, "ES-017", row_id, value);
}

static inline struct gw_receipt desk_apply(struct desk *desk, const char *subject, struct gw_rows *previous,
                                           struct gw_rows *next, int64_t from)
{
    const struct gw_batch batch = made_batch(&desk->arena, subject, previous, next, from);
    struct gw_receipt receipt;

    DESK_OK(desk, desk->sink->apply(desk->sink, &batch, &receipt, &desk->err));
    return receipt;
}

#endif
