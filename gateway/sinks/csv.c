/*
 * The study folder's CSV files, out of the study database: one a table, row by row.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/core/csv.h"
#include "gateway/sinks/export.h"
#include "sinks/database.h"

static const char where[] = "sinks.csv";

enum { SQL_MAX_BYTES = 64 * 1024, LINE_MAX_BYTES = 64 * 1024 * 1024, FLUSH_BYTES = 64 * 1024, FILE_MODE = 0600 };

struct csv {
    struct database database;
    struct gw_text text;
    char *path;
    int fd;
    struct gw_error *err;
};

static enum gw_status write_failed(struct csv *csv)
{
    return gw_fail(csv->err, GW_EIO, where, "%s: cannot be written: %s", csv->path, strerror(errno));
}

static enum gw_status flush(struct csv *csv, size_t threshold)
{
    const char *at = csv->text.at;

    if (csv->text.failed)
        return database_no_memory(csv->err);
    if (csv->text.length < threshold)
        return GW_OK;
    for (size_t left = csv->text.length; left > 0;) {
        const ssize_t written = write(csv->fd, at, left);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return write_failed(csv);
        at += written;
        left -= (size_t)written;
    }
    gw_text_clear(&csv->text);
    return GW_OK;
}

/* Numbers are the study's own; a text may be anything a laboratory wrote. */
static bool is_number(enum gw_column_type type)
{
    return type == GW_COLUMN_decimal || type == GW_COLUMN_integer || type == GW_COLUMN_boolean;
}

static void print_header(struct csv *csv, const struct gw_table *table)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (!table->columns[i].stamp)
            gw_csv_field(&csv->text, table->columns[i].name, i == 0, false);
    gw_csv_end(&csv->text);
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
        gw_csv_field(&csv->text, value, i == 0, !is_number(column->type));
    }
    gw_csv_end(&csv->text);
}

static enum gw_status print_rows(struct csv *csv, const struct gw_table *table, sqlite3_stmt *statement)
{
    enum gw_status rc;
    bool row;

    print_header(csv, table);
    while ((rc = database_step(&csv->database, statement, &row, csv->err)) == GW_OK && row) {
        print_row(csv, table, statement);
        rc = flush(csv, FLUSH_BYTES);
        if (rc != GW_OK)
            return rc;
    }
    return rc == GW_OK ? flush(csv, 0) : rc;
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
    enum gw_status rc;

    if (asprintf(&csv->path, "%s/%s.csv", dir, table->name) < 0)
        return database_no_memory(csv->err);
    gw_text_clear(&csv->text);
    csv->fd = open(csv->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
    if (csv->fd < 0)
        rc = gw_fail(csv->err, GW_ECREATE, where, "%s: cannot be created: %s", csv->path, strerror(errno));
    else
        rc = print_table(csv, table);
    if (csv->fd >= 0 && close(csv->fd) != 0 && rc == GW_OK)
        rc = write_failed(csv);
    free(csv->path);
    return rc;
}

enum gw_status gw_export_csv(const char *database, const char *dir, struct gw_error *err)
{
    struct csv csv = {.text = GW_TEXT_INIT(LINE_MAX_BYTES), .fd = -1, .err = err};
    enum gw_status rc = database_open_read(&csv.database, database, err);

    for (int i = 0; rc == GW_OK && i < GW_TABLE_COUNT; i++)
        rc = write_table(&csv, dir, gw_table_of((enum gw_table_id)i));
    database_close(&csv.database);
    gw_text_release(&csv.text);
    return rc;
}
