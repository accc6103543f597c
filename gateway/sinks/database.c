/*
 * The study database's file, and the way between rows of rows.def and rows of SQL. The tables are generated from the
 * column descriptors: there is no second list of columns.
 */
#include "sinks/database.h"

#include <string.h>
#include <unistd.h>

static const char where[] = "sinks.database";

enum gw_status database_no_memory(struct gw_error *err)
{
    return gw_fail(err, GW_ENOMEM, where, "no memory for the study database; give the process more");
}

enum gw_status database_failure(struct database *database, struct gw_error *err)
{
    const int code = sqlite3_extended_errcode(database->db);

    switch (code & 0xff) {
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG:
        return database_no_memory(err);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return gw_fail(err, GW_EBUSY, where, "another program holds the study database; close it and try again");
    case SQLITE_NOTADB:
        return gw_fail(err, GW_ECONFIG, where, "the file is no study database; name another or move it away");
    case SQLITE_FULL:
        database->broken = true;
        return gw_fail(err, GW_EIO, where, "cannot write the study database: the disk is full; make room, start again");
    default: /* errmsg may quote a value, errstr names the kind of failure only */
        database->broken = true;
        return gw_fail(err, GW_EIO, where,
                       "the study database's disk or file failed: %s (SQLite %d); check the disk and start again",
                       sqlite3_errstr(code), code);
    }
}

static enum gw_status refuse_broken(struct gw_error *err)
{
    return gw_fail(err, GW_EIO, where, "the study database's disk failed before; stop and start again");
}

enum gw_status database_prepare(struct database *database, const char *sql, sqlite3_stmt **out, struct gw_error *err)
{
    if (database->broken)
        return refuse_broken(err);
    if (sqlite3_prepare_v3(database->db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL) != SQLITE_OK)
        return database_failure(database, err);
    return GW_OK;
}

enum gw_status database_step(struct database *database, sqlite3_stmt *statement, bool *row, struct gw_error *err)
{
    *row = false;
    if (database->broken)
        return refuse_broken(err);
    const int answer = sqlite3_step(statement);
    if (answer == SQLITE_ROW) {
        *row = true;
        return GW_OK;
    }
    const enum gw_status rc = answer == SQLITE_DONE ? GW_OK : database_failure(database, err);
    sqlite3_reset(statement);
    return rc;
}

enum gw_status database_exec(struct database *database, const char *sql, struct gw_error *err)
{
    if (database->broken)
        return refuse_broken(err);
    return sqlite3_exec(database->db, sql, NULL, NULL, NULL) == SQLITE_OK ? GW_OK : database_failure(database, err);
}

enum gw_status database_open_read(struct database *database, const char *path, struct gw_error *err)
{
    if (access(path, R_OK) != 0)
        return gw_fail(err, GW_ENOINPUT, where, "%s: there is no study database to read; deliver something first",
                       path);
    if (sqlite3_open_v2(path, &database->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return database->db ? database_failure(database, err) : database_no_memory(err);
    sqlite3_stmt *target = NULL;
    if (sqlite3_prepare_v2(database->db, "SELECT study FROM target", -1, &target, NULL) != SQLITE_OK) {
        if ((sqlite3_errcode(database->db) & 0xff) == SQLITE_ERROR)
            return gw_fail(err, GW_ECONFIG, where, "%s: is no study database; name another file", path);
        return database_failure(database, err);
    }
    sqlite3_finalize(target);
    return GW_OK;
}

void database_close(struct database *database)
{
    sqlite3_close(database->db);
    database->db = NULL;
}

/* ---- tables and rows ---- */

static const char *sql_type(enum gw_column_type type)
{
    return type == GW_COLUMN_integer || type == GW_COLUMN_boolean ? "INTEGER" : "TEXT";
}

void table_print_create(const struct gw_table *table, struct gw_text *out)
{
    gw_text_print(out, "CREATE TABLE \"%s\" (", table->name);
    for (size_t i = 0; i < table->column_count; i++)
        gw_text_print(out, "\"%s\" %s, ", table->columns[i].name, sql_type(table->columns[i].type));
    gw_text_add(out, "PRIMARY KEY (subject_key, row_id)) WITHOUT ROWID;");
}

void table_print_insert(const struct gw_table *table, struct gw_text *out)
{
    gw_text_print(out, "INSERT OR REPLACE INTO \"%s\" (", table->name);
    for (size_t i = 0; i < table->column_count; i++)
        gw_text_print(out, "%s\"%s\"", i ? ", " : "", table->columns[i].name);
    gw_text_add(out, ") VALUES (");
    for (size_t i = 0; i < table->column_count; i++)
        gw_text_add(out, i ? ", ?" : "?");
    gw_text_add(out, ")");
}

void table_print_select(const struct gw_table *table, const char *rest, struct gw_text *out)
{
    gw_text_add(out, "SELECT ");
    for (size_t i = 0; i < table->column_count; i++)
        gw_text_print(out, "%s\"%s\"", i ? ", " : "", table->columns[i].name);
    gw_text_print(out, " FROM \"%s\" %s", table->name, rest);
}

/* Most cells of most rows are empty: those are cleared at once and cost no call each. */
void row_bind(const struct gw_table *table, const struct gw_row *row, sqlite3_stmt *statement)
{
    sqlite3_clear_bindings(statement);
    for (size_t i = 0; i < table->column_count; i++) {
        const void *cell = (const char *)row + table->columns[i].offset;
        const int parameter = (int)i + 1;

        if (table->columns[i].type == GW_COLUMN_integer) {
            if (*(const gw_cell_integer *)cell != GW_NULL_INTEGER)
                sqlite3_bind_int(statement, parameter, *(const gw_cell_integer *)cell);
        } else if (table->columns[i].type == GW_COLUMN_boolean) {
            if (*(const gw_cell_boolean *)cell)
                sqlite3_bind_int(statement, parameter, 1);
        } else if (*(const gw_cell_text *)cell) {
            sqlite3_bind_text(statement, parameter, *(const gw_cell_text *)cell, -1, SQLITE_STATIC);
        }
    }
}

static bool load_cell(const struct gw_column *column, sqlite3_stmt *statement, int i, void *cell,
                      struct gw_arena *arena)
{
    if (sqlite3_column_type(statement, i) == SQLITE_NULL)
        return true;
    if (column->type == GW_COLUMN_integer) {
        *(gw_cell_integer *)cell = sqlite3_column_int(statement, i);
    } else if (column->type == GW_COLUMN_boolean) {
        *(gw_cell_boolean *)cell = sqlite3_column_int(statement, i) != 0;
    } else {
        const char *text = (const char *)sqlite3_column_text(statement, i);
        *(gw_cell_text *)cell = gw_arena_copy(arena, text, (size_t)sqlite3_column_bytes(statement, i));
        return *(gw_cell_text *)cell != NULL;
    }
    return true;
}

bool row_load(const struct gw_table *table, sqlite3_stmt *statement, struct gw_rows *rows, struct gw_arena *arena)
{
    struct gw_row *row = gw_rows_add(rows, arena, table->id);

    if (!row)
        return false;
    for (size_t i = 0; i < table->column_count; i++)
        if (!load_cell(&table->columns[i], statement, (int)i, (char *)row + table->columns[i].offset, arena))
            return false;
    return true;
}
