/*
 * The canonical dump: one subject after the other, their rows by table and rank. Two databases hold the same when their
 * dumps are the same bytes.
 *
 * Left out is what depends on the way there and not on what is known: stamps, withdrawn rows, exceptions born of a
 * delivery, and provenance (a new version of a resource that changes no row is not delivered, so which version a row
 * names depends on when it was pulled).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gateway/core/csv.h"
#include "gateway/sinks/export.h"
#include "gateway/study/derive.h"
#include "sinks/database.h"
#include "sinks/ranks.h"

static const char where[] = "sinks.dump";

enum { SQL_MAX_BYTES = 64 * 1024, LINE_MAX_BYTES = 64 * 1024 * 1024, SUBJECT_MAX_BYTES = 512 * 1024 * 1024 };

struct dump {
    struct database database;
    sqlite3_stmt *select[GW_TABLE_COUNT];
    struct gw_arena arena; /* of one subject */
    struct gw_text text;
    FILE *out;
    struct gw_error *err;
};

static bool is_dumped(const struct gw_table *table, const struct gw_row *row)
{
    return table->id != GW_TABLE_exceptions || !gw_item_is_history(((const struct gw_row_exceptions *)row)->code);
}

static enum gw_status write_out(struct dump *dump)
{
    if (dump->text.failed)
        return database_no_memory(dump->err);
    if (fwrite(dump->text.at, 1, dump->text.length, dump->out) != dump->text.length)
        return gw_fail(dump->err, GW_EIO, where, "the dump cannot be written: %s", strerror(errno));
    gw_text_clear(&dump->text);
    return GW_OK;
}

/* ---- reading one subject ---- */

static enum gw_status read_table(struct dump *dump, const struct gw_table *table, const char *subject_key,
                                 struct gw_rows *rows)
{
    sqlite3_stmt *select = dump->select[table->id];
    enum gw_status rc;
    bool row;

    sqlite3_bind_text(select, 1, subject_key, -1, SQLITE_STATIC);
    while ((rc = database_step(&dump->database, select, &row, dump->err)) == GW_OK && row) {
        struct gw_row_list *list = &rows->tables[table->id];
        if (!row_load(table, select, rows, &dump->arena)) {
            sqlite3_reset(select);
            return database_no_memory(dump->err);
        }
        if (!is_dumped(table, list->rows[list->count - 1]))
            list->count--;
    }
    return rc;
}

static void print_rows(struct dump *dump, struct ranks *ranks, const struct gw_rows *rows, const struct gw_table *table)
{
    for (size_t i = 0; i < rows->tables[table->id].count; i++) {
        const struct gw_row *row = rows->tables[table->id].rows[i];
        gw_csv_field(&dump->text, table->name, true, false);
        gw_text_print(&dump->text, ",%zu", i + 1);
        for (size_t c = 1; c < table->column_count; c++)
            if (!table->columns[c].stamp)
                gw_csv_field(&dump->text, ranks_cell(ranks, table, row, c), false, false);
        gw_csv_end(&dump->text);
    }
}

static enum gw_status dump_subject(struct dump *dump, const char *subject_key)
{
    struct gw_rows rows = {0};
    struct ranks ranks;
    enum gw_status rc = GW_OK;

    for (int t = 0; rc == GW_OK && t < GW_TABLE_COUNT; t++)
        rc = read_table(dump, gw_table_of((enum gw_table_id)t), subject_key, &rows);
    if (rc != GW_OK)
        return rc;
    ranks_make(&ranks, &dump->arena, &rows);
    for (int t = 0; !ranks.failed && t < GW_TABLE_COUNT; t++)
        if (t != GW_TABLE_provenance)
            print_rows(dump, &ranks, &rows, gw_table_of((enum gw_table_id)t));
    gw_arena_clear(&dump->arena);
    return ranks.failed ? database_no_memory(dump->err) : write_out(dump);
}

/* ---- the whole ---- */

static void print_header(struct dump *dump, const struct gw_table *table)
{
    gw_csv_field(&dump->text, table->name, true, false);
    for (size_t i = 0; i < table->column_count; i++)
        if (!table->columns[i].stamp)
            gw_csv_field(&dump->text, table->columns[i].name, false, false);
    gw_csv_end(&dump->text);
}

static enum gw_status prepare(struct dump *dump)
{
    struct gw_text sql = GW_TEXT_INIT(SQL_MAX_BYTES);
    enum gw_status rc = GW_OK;

    for (int t = 0; rc == GW_OK && t < GW_TABLE_COUNT; t++) {
        const struct gw_table *table = gw_table_of((enum gw_table_id)t);
        gw_text_clear(&sql);
        table_print_select(table, "WHERE subject_key = ?1 AND status <> 'withdrawn' ORDER BY row_id", &sql);
        rc = sql.failed ? database_no_memory(dump->err)
                        : database_prepare(&dump->database, sql.at, &dump->select[t], dump->err);
        if (t != GW_TABLE_provenance)
            print_header(dump, table);
    }
    gw_text_release(&sql);
    return rc == GW_OK ? write_out(dump) : rc;
}

static enum gw_status dump_subjects(struct dump *dump)
{
    sqlite3_stmt *subjects = NULL;
    enum gw_status rc = database_prepare(&dump->database, "SELECT subject_key FROM receipts ORDER BY subject_key",
                                         &subjects, dump->err);
    bool row;

    while (rc == GW_OK && (rc = database_step(&dump->database, subjects, &row, dump->err)) == GW_OK && row)
        rc = dump_subject(dump, (const char *)sqlite3_column_text(subjects, 0));
    sqlite3_finalize(subjects);
    return rc;
}

enum gw_status gw_export_dump(const char *database, FILE *out, struct gw_error *err)
{
    struct dump dump = {
        .arena = GW_ARENA_INIT(SUBJECT_MAX_BYTES), .text = GW_TEXT_INIT(LINE_MAX_BYTES), .out = out, .err = err};
    enum gw_status rc = database_open_read(&dump.database, database, err);

    if (rc == GW_OK)
        rc = prepare(&dump);
    if (rc == GW_OK)
        rc = dump_subjects(&dump);
    if (rc == GW_OK && fflush(out) != 0)
        rc = gw_fail(err, GW_EIO, where, "the dump cannot be written: %s", strerror(errno));
    for (int t = 0; t < GW_TABLE_COUNT; t++)
        sqlite3_finalize(dump.select[t]);
    database_close(&dump.database);
    gw_arena_release(&dump.arena);
    gw_text_release(&dump.text);
    return rc;
}
