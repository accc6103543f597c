/*
 * The study folder's CSV files, out of the study database: one a table, row by row.
 */
#include <stdio.h>

#include "gateway/core/csv.h"
#include "gateway/sinks/export.h"
#include "sinks/database.h"
#include "sinks/text_file.h"

enum { SQL_MAX_BYTES = 64 * 1024 };

struct csv {
    struct database database;
    struct text_file file;
    struct gw_error *err;
};

/* Numbers are the study's own; a text may be anything a laboratory wrote. */
static bool is_number(enum gw_column_type type)
{
    return type == GW_COLUMN_decimal || type == GW_COLUMN_integer || type == GW_COLUMN_boolean;
}

static void print_header(struct csv *csv, const struct gw_table *table)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (!table->columns[i].stamp)
            gw_csv_field(&csv->file.text, table->columns[i].name, i == 0, false);
    gw_csv_end(&csv->file.text);
}

static void print_row(struct csv *csv, const struct gw_table *table, sqlite3_stmt *row)
{
    for (size_t i = 0; i < table->column_count; i++) {
        const struct gw_column *column = &table->columns[i];
        const char *value = NULL;

        if (column->stamp)
            continue;
        if (sqlite3_column_type(row, (int)i) != SQLITE_NULL)
            value = column->type == GW_COLUMN_boolean ? "Y" : (const char *)sqlite3_column_text(row, (int)i);
        gw_csv_field(&csv->file.text, value, i == 0, !is_number(column->type));
    }
    gw_csv_end(&csv->file.text);
}

static enum gw_status print_rows(struct csv *csv, const struct gw_table *table, sqlite3_stmt *statement)
{
    enum gw_status rc;
    bool row;

    print_header(csv, table);
    while ((rc = database_step(&csv->database, statement, &row, csv->err)) == GW_OK && row) {
        print_row(csv, table, statement);
        rc = text_file_flush_some(&csv->file);
        if (rc != GW_OK)
            return rc;
    }
    return rc;
}

static enum gw_status print_table(struct csv *csv, const struct gw_table *table)
{
    struct gw_text sql = GW_TEXT_INIT(SQL_MAX_BYTES);
    sqlite3_stmt *statement = NULL;
    enum gw_status rc;

    table_print_select(table, "WHERE status <> 'withdrawn' ORDER BY subject_key, row_id", &sql);
    rc = sql.failed ? database_no_memory(csv->err) : database_prepare(&csv->database, sql.at, &statement, csv->err);
    if (rc == GW_OK)
        rc = print_rows(csv, table, statement);
    sqlite3_finalize(statement);
    gw_text_release(&sql);
    return rc;
}

static enum gw_status write_table(struct csv *csv, const char *dir, const struct gw_table *table)
{
    char name[64];
    enum gw_status rc;

    snprintf(name, sizeof name, "%s.csv", table->name);
    rc = text_file_open(&csv->file, dir, name);
    if (rc == GW_OK)
        rc = print_table(csv, table);
    return rc == GW_OK ? text_file_close(&csv->file) : rc;
}

enum gw_status gw_export_csv(const char *database, const char *dir, struct gw_error *err)
{
    struct csv csv = {.err = err};
    enum gw_status rc = database_open_read(&csv.database, database, err);

    text_file_init(&csv.file, err);
    for (int i = 0; rc == GW_OK && i < GW_TABLE_COUNT; i++)
        rc = write_table(&csv, dir, gw_table_of((enum gw_table_id)i));
    database_close(&csv.database);
    text_file_release(&csv.file);
    return rc;
}
