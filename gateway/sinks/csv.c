/*
 * The study folder's CSV files, out of the study database: one a table, row by row, and define.csv, which says what
 * each of their columns means.
 */
#include <stdio.h>

#include "gateway/core/csv.h"
#include "gateway/sinks/export.h"
#include "gateway/study/meanings.h"
#include "sinks/folder_export.h"

enum { SQL_MAX_BYTES = 64 * 1024 };

struct csv {
    struct database *database;
    struct text_file *file;
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
            gw_csv_field(&csv->file->text, table->columns[i].name, i == 0, false);
    gw_csv_end(&csv->file->text);
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
        gw_csv_field(&csv->file->text, value, i == 0, !is_number(column->type));
    }
    gw_csv_end(&csv->file->text);
}

static enum gw_status print_rows(struct csv *csv, const struct gw_table *table, sqlite3_stmt *statement)
{
    enum gw_status rc;
    bool row;

    print_header(csv, table);
    while ((rc = database_step(csv->database, statement, &row, csv->err)) == GW_OK && row) {
        print_row(csv, table, statement);
        rc = text_file_flush_some(csv->file);
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
    rc = sql.failed ? database_no_memory(csv->err) : database_prepare(csv->database, sql.at, &statement, csv->err);
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
    rc = text_file_open(csv->file, dir, name);
    if (rc == GW_OK)
        rc = print_table(csv, table);
    return rc == GW_OK ? text_file_close(csv->file) : rc;
}

/* ---- what the columns mean ---- */

static void define_column(struct gw_text *out, const struct gw_table *table, const struct gw_column *column)
{
    static const char *const types[] = {[GW_COLUMN_id] = "id",
                                        [GW_COLUMN_text] = "text",
                                        [GW_COLUMN_enumerated] = "one of values",
                                        [GW_COLUMN_date] = "date",
                                        [GW_COLUMN_datetime] = "datetime",
                                        [GW_COLUMN_decimal] = "decimal",
                                        [GW_COLUMN_list] = "list by semicolons",
                                        [GW_COLUMN_integer] = "integer",
                                        [GW_COLUMN_boolean] = "Y or empty"};

    gw_csv_field(out, table->name, true, false);
    gw_csv_field(out, column->name, false, false);
    gw_csv_field(out, gw_column_meaning(table, column->name), false, false);
    gw_csv_field(out, types[column->type], false, false);
    gw_csv_field(out, column->values, false, false);
    gw_csv_field(out, column == table->columns ? "key" : NULL, false, false);
    gw_csv_field(out, column->cdisc, false, false);
    gw_csv_end(out);
}

static void define_table(struct gw_text *out, const struct gw_table *table)
{
    gw_csv_field(out, table->name, true, false);
    gw_csv_field(out, NULL, false, false);
    gw_csv_field(out, gw_table_meaning(table->id), false, false);
    gw_text_add(out, ",,,,");
    gw_csv_end(out);
    for (size_t i = 0; i < table->column_count; i++)
        if (!table->columns[i].stamp)
            define_column(out, table, &table->columns[i]);
}

static enum gw_status write_definition(struct csv *csv, const char *dir)
{
    const enum gw_status rc = text_file_open(csv->file, dir, "define.csv");

    if (rc != GW_OK)
        return rc;
    gw_text_add(&csv->file->text, "table,column,meaning,type,values,key,cdisc\n");
    for (int i = 0; i < GW_TABLE_COUNT; i++)
        define_table(&csv->file->text, gw_table_of((enum gw_table_id)i));
    return text_file_close(csv->file);
}

/* ---- the folder ---- */

static enum gw_status write_tables(struct csv *csv, const char *dir)
{
    enum gw_status rc = GW_OK;

    for (int i = 0; rc == GW_OK && i < GW_TABLE_COUNT; i++)
        rc = write_table(csv, dir, gw_table_of((enum gw_table_id)i));
    return rc == GW_OK ? write_definition(csv, dir) : rc;
}

enum gw_status gw_export_csv(const char *path, const char *dir, struct gw_error *err)
{
    struct database database = {0};
    struct text_file file;
    struct csv csv = {&database, &file, err};
    enum gw_status rc = database_open_read(&database, path, err);

    text_file_init(&file, err);
    if (rc == GW_OK)
        rc = database_exec(&database, "BEGIN", err); /* all tables of one moment */
    if (rc == GW_OK)
        rc = write_tables(&csv, dir);
    database_close(&database);
    text_file_release(&file);
    return rc;
}

static enum gw_status write_all(struct folder_export *x)
{
    struct csv csv = {&x->reading.database, &x->file, x->err};

    return write_tables(&csv, x->folder.part);
}

static const char *const files[] = {"*.csv", NULL}, *const none[] = {NULL};

const struct folder_format format_csv = {
    .name = "csv",
    .write = write_all,
    .kind = {.maker = "casement export --format csv", .mark = "observations.csv", .holds = files, .inner = none}};
