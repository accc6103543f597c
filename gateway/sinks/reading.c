/*
 * One subject after the other out of one snapshot of the study database.
 */
#include "sinks/reading.h"

enum { SQL_MAX_BYTES = 64 * 1024, SUBJECT_MAX_BYTES = 512 * 1024 * 1024 };

static enum gw_status prepare(struct reading *reading)
{
    struct gw_text sql = GW_TEXT_INIT(SQL_MAX_BYTES);
    enum gw_status rc = database_prepare(&reading->database, "SELECT subject_key FROM receipts ORDER BY subject_key",
                                         &reading->subjects, reading->err);

    for (int t = 0; rc == GW_OK && t < GW_TABLE_COUNT; t++) {
        gw_text_clear(&sql);
        table_print_select(gw_table_of((enum gw_table_id)t),
                           "WHERE subject_key = ?1 AND status <> 'withdrawn' ORDER BY row_id", &sql);
        rc = sql.failed ? database_no_memory(reading->err)
                        : database_prepare(&reading->database, sql.at, &reading->select[t], reading->err);
    }
    gw_text_release(&sql);
    return rc;
}

enum gw_status reading_open(struct reading *reading, const char *path, struct gw_error *err)
{
    enum gw_status rc;

    *reading = (struct reading){.arena = GW_ARENA_INIT(SUBJECT_MAX_BYTES), .err = err};
    rc = database_open_read(&reading->database, path, err);
    if (rc == GW_OK)
        rc = database_exec(&reading->database, "BEGIN", err);
    return rc == GW_OK ? prepare(reading) : rc;
}

void reading_close(struct reading *reading)
{
    for (int t = 0; t < GW_TABLE_COUNT; t++)
        sqlite3_finalize(reading->select[t]);
    sqlite3_finalize(reading->subjects);
    database_close(&reading->database);
    gw_arena_release(&reading->arena);
}

enum gw_status reading_next(struct reading *reading)
{
    enum gw_status rc;
    bool row;

    gw_arena_clear(&reading->arena);
    reading->rows = (struct gw_rows){0};
    reading->subject_key = NULL;
    for (int t = 0; t < GW_TABLE_COUNT; t++)
        reading->loaded[t] = false;
    rc = database_step(&reading->database, reading->subjects, &row, reading->err);
    if (rc != GW_OK || !row)
        return rc;
    reading->subject_key = gw_arena_copy(&reading->arena, (const char *)sqlite3_column_text(reading->subjects, 0),
                                         (size_t)sqlite3_column_bytes(reading->subjects, 0));
    return reading->subject_key ? GW_OK : database_no_memory(reading->err);
}

enum gw_status reading_load(struct reading *reading, enum gw_table_id table)
{
    sqlite3_stmt *select = reading->select[table];
    enum gw_status rc;
    bool row;

    if (reading->loaded[table])
        return GW_OK;
    reading->loaded[table] = true;
    sqlite3_bind_text(select, 1, reading->subject_key, -1, SQLITE_STATIC);
    while ((rc = database_step(&reading->database, select, &row, reading->err)) == GW_OK && row) {
        if (row_load(gw_table_of(table), select, &reading->rows, &reading->arena))
            continue;
        sqlite3_reset(select);
        return database_no_memory(reading->err);
    }
    return rc;
}
