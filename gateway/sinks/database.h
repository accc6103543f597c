/*
 * The study database's file: opening it, running its statements, and the way between rows of rows.def and rows of SQL.
 */
#ifndef SINKS_DATABASE_H
#define SINKS_DATABASE_H

#include <sqlite3.h>

#include "gateway/core/text.h"
#include "gateway/study/rows.h"

struct database {
    sqlite3 *db;
    bool broken; /* the disk or the file failed: nothing more is tried */
};

enum gw_status database_no_memory(struct gw_error *err);
/* What SQLite's last answer means; I/O failures break the database. */
enum gw_status database_failure(struct database *database, struct gw_error *err);

enum gw_status database_prepare(struct database *database, const char *sql, sqlite3_stmt **out, struct gw_error *err);
/* One step: *row says whether there is one; without a row the statement is reset. */
enum gw_status database_step(struct database *database, sqlite3_stmt *statement, bool *row, struct gw_error *err);
enum gw_status database_exec(struct database *database, const char *sql, struct gw_error *err);

/* An existing study database, to read. GW_ENOINPUT: not there; GW_ECONFIG: no study database; GW_EBUSY. */
enum gw_status database_open_read(struct database *database, const char *path, struct gw_error *err);
void database_close(struct database *database);

/* CREATE TABLE of one table, and INSERT OR REPLACE with a parameter for each column. Appended to out. */
void table_print_create(const struct gw_table *table, struct gw_text *out);
void table_print_insert(const struct gw_table *table, struct gw_text *out);
/* SELECT of all columns, then " FROM table" and the rest as given ("WHERE ..."). */
void table_print_select(const struct gw_table *table, const char *rest, struct gw_text *out);

/* A row's cells as the parameters 1 .. column_count; borrowed until the statement is run. */
void row_bind(const struct gw_table *table, const struct gw_row *row, sqlite3_stmt *statement);
/* The columns of a selected row into a new row of `rows`, texts copied; false at the arena's limit. */
bool row_load(const struct gw_table *table, sqlite3_stmt *statement, struct gw_rows *rows, struct gw_arena *arena);

#endif
