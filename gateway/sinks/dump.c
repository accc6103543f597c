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
#include "sinks/ranks.h"
#include "sinks/reading.h"

static const char where[] = "sinks.dump";

enum { LINE_MAX_BYTES = 64 * 1024 * 1024 };

struct dump {
    struct reading reading;
    struct gw_text text;
    FILE *out;
    struct gw_error *err;
};

static enum gw_status write_out(struct dump *dump)
{
    if (dump->text.failed)
        return database_no_memory(dump->err);
    if (fwrite(dump->text.at, 1, dump->text.length, dump->out) != dump->text.length)
        return gw_fail(dump->err, GW_EIO, where, "the dump cannot be written: %s", strerror(errno));
    gw_text_clear(&dump->text);
    return GW_OK;
}

/* Those that came of the way to what is known. */
static void drop_history(struct gw_row_list *exceptions)
{
    size_t kept = 0;

    for (size_t i = 0; i < exceptions->count; i++)
        if (!gw_item_is_history(((const struct gw_row_exceptions *)exceptions->rows[i])->code))
            exceptions->rows[kept++] = exceptions->rows[i];
    exceptions->count = kept;
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

static enum gw_status dump_subject(struct dump *dump)
{
    struct reading *reading = &dump->reading;
    struct ranks ranks;
    enum gw_status rc = GW_OK;

    for (int t = 0; rc == GW_OK && t < GW_TABLE_COUNT; t++)
        rc = reading_load(reading, (enum gw_table_id)t);
    if (rc != GW_OK)
        return rc;
    drop_history(&reading->rows.tables[GW_TABLE_exceptions]);
    ranks_make(&ranks, &reading->arena, &reading->rows);
    for (int t = 0; !ranks.failed && t < GW_TABLE_COUNT; t++)
        if (t != GW_TABLE_provenance)
            print_rows(dump, &ranks, &reading->rows, gw_table_of((enum gw_table_id)t));
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

static enum gw_status dump_all(struct dump *dump)
{
    enum gw_status rc;

    for (int t = 0; t < GW_TABLE_COUNT; t++)
        if (t != GW_TABLE_provenance)
            print_header(dump, gw_table_of((enum gw_table_id)t));
    rc = write_out(dump);
    while (rc == GW_OK && (rc = reading_next(&dump->reading)) == GW_OK && dump->reading.subject_key)
        rc = dump_subject(dump);
    return rc;
}

enum gw_status gw_export_dump(const char *database, FILE *out, struct gw_error *err)
{
    struct dump dump = {.text = GW_TEXT_INIT(LINE_MAX_BYTES), .out = out, .err = err};
    enum gw_status rc = reading_open(&dump.reading, database, err);

    if (rc == GW_OK)
        rc = dump_all(&dump);
    if (rc == GW_OK && fflush(out) != 0)
        rc = gw_fail(err, GW_EIO, where, "the dump cannot be written: %s", strerror(errno));
    reading_close(&dump.reading);
    gw_text_release(&dump.text);
    return rc;
}
