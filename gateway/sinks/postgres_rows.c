/*
 * Rows as an array of records, and other arrays.
 */
#include "sinks/postgres_rows.h"

#include <stdlib.h>
#include <string.h>

static const char where[] = "sinks.postgres";

enum { SQL_MAX_BYTES = 64 * 1024, ARRAY_MAX_BYTES = 256 * 1024 * 1024, CELL_BYTES = 16 };

/* ---- arrays ---------------------------------------------------------------------------------------------------- */

void array_begin(struct gw_text *array)
{
    gw_text_clear(array);
    gw_text_append(array, "{", 1);
}

static void add_escaped(struct gw_text *array, const char *text, const char *quote, const char *backslash)
{
    for (;;) {
        const size_t plain = strcspn(text, "\"\\");

        gw_text_append(array, text, plain);
        text += plain;
        if (!*text)
            return;
        gw_text_add(array, *text == '"' ? quote : backslash);
        text++;
    }
}

static void add_quoted(struct gw_text *array, const char *text)
{
    gw_text_append(array, "\"", 1);
    add_escaped(array, text, "\\\"", "\\\\");
    gw_text_append(array, "\"", 1);
}

void array_add(struct gw_text *array, const char *element)
{
    if (array->length > 1)
        gw_text_append(array, ",", 1);
    if (element)
        add_quoted(array, element);
    else
        gw_text_append(array, "NULL", 4);
}

void array_end(struct gw_text *array)
{
    gw_text_append(array, "}", 1);
}

/* ---- rows ------------------------------------------------------------------------------------------------------ */

/* As record_in reads it, within an element of an array: what is quoted for the one is quoted for the other again. */
static void add_quoted_field(struct gw_text *array, const char *text)
{
    gw_text_append(array, "\\\"", 2);
    add_escaped(array, text, "\\\"\\\"", "\\\\\\\\");
    gw_text_append(array, "\\\"", 2);
}

/* Nothing between two commas is a null. */
static void add_field(struct gw_text *array, const char *cell)
{
    const size_t plain = strcspn(cell, "\"\\(), \t\n\v\f\r");

    if (plain > 0 && cell[plain] == '\0')
        gw_text_append(array, cell, plain);
    else
        add_quoted_field(array, cell);
}

static void add_row(struct gw_text *array, const struct gw_table *table, const struct gw_row *row)
{
    char buffer[CELL_BYTES];

    gw_text_add(array, array->length > 1 ? ",\"(" : "\"(");
    for (size_t i = 0; i < table->column_count; i++) {
        const char *cell = gw_row_cell(table, row, i, buffer);

        if (i > 0)
            gw_text_append(array, ",", 1);
        if (cell)
            add_field(array, cell);
    }
    gw_text_append(array, ")\"", 2);
}

/* Of a subject of whom nothing is there, nothing is to be written over. */
static enum sql_write kind_of(const struct gw_change *change, bool fresh)
{
    if (change->over && !fresh)
        return SQL_FORCED;
    return change->kind != GW_CHANGE_ADD ? SQL_CHANGES : fresh ? SQL_FRESH : SQL_ADDS;
}

void writing_add(struct writing *w, const struct gw_change *change, bool fresh)
{
    const enum sql_write kind = kind_of(change, fresh);

    if (w->count[change->table][kind]++ == 0)
        array_begin(&w->rows[change->table][kind]);
    add_row(&w->rows[change->table][kind], gw_table_of(change->table), change->row);
    if (kind == SQL_FORCED)
        array_add(&w->over[change->table], change->over);
}

void writing_clear(struct writing *w)
{
    memset(w->count, 0, sizeof w->count);
    for (int t = 0; t < GW_TABLE_COUNT; t++)
        array_begin(&w->over[t]);
}

static bool end_arrays(struct writing *w, int table, int kind, const char *shipment)
{
    struct gw_text *rows = &w->rows[table][kind], *over = &w->over[table];

    array_end(rows);
    if (kind == SQL_FORCED)
        array_end(over);
    w->values[table][kind][SQL_VALUE_ROWS] = rows->at;
    w->values[table][kind][SQL_VALUE_SHIPMENT] = shipment;
    w->values[table][kind][SQL_VALUE_OVER] = over->at;
    return !rows->failed && !over->failed;
}

enum gw_status writing_statements(struct writing *w, const char *shipment, struct gw_postgres_statement *out,
                                  size_t *count, struct gw_error *err)
{
    bool fine = true;

    *count = 0;
    for (int kind = 0; kind < SQL_WRITE_COUNT; kind++)
        for (int t = 0; t < GW_TABLE_COUNT; t++) {
            if (w->count[t][kind] == 0)
                continue;
            fine &= end_arrays(w, t, kind, shipment);
            out[(*count)++] =
                (struct gw_postgres_statement){.sql = w->sql[t][kind],
                                               .values = w->values[t][kind],
                                               .count = kind == SQL_FORCED ? SQL_VALUE_COUNT : SQL_VALUE_OVER};
        }
    return fine ? GW_OK : gw_fail(err, GW_ENOMEM, where, "a shipment needs more memory than allowed");
}

/* ---- answers --------------------------------------------------------------------------------------------------- */

static bool read_cell(struct gw_arena *arena, const struct gw_column *column, const PGresult *answer, int row, int i,
                      void *cell)
{
    if (PQgetisnull(answer, row, i))
        return true;
    const char *text = PQgetvalue(answer, row, i);
    if (column->type == GW_COLUMN_integer) {
        *(gw_cell_integer *)cell = (gw_cell_integer)strtol(text, NULL, 10);
    } else if (column->type == GW_COLUMN_boolean) {
        *(gw_cell_boolean *)cell = *text == 't';
    } else {
        *(gw_cell_text *)cell = gw_arena_copy(arena, text, (size_t)PQgetlength(answer, row, i));
        return *(gw_cell_text *)cell != NULL;
    }
    return true;
}

bool rows_take(struct gw_rows *rows, struct gw_arena *arena, const struct gw_table *table, const PGresult *answer,
               int first)
{
    bool fine = true;

    for (int i = 0; fine && i < PQntuples(answer); i++) {
        struct gw_row *row = gw_rows_add(rows, arena, table->id);

        fine = row != NULL;
        for (size_t c = 0; fine && c < table->column_count; c++)
            fine =
                read_cell(arena, &table->columns[c], answer, i, first + (int)c, (char *)row + table->columns[c].offset);
    }
    return fine;
}

/* ---- the beginning and the end --------------------------------------------------------------------------------- */

static char *print_sql(const struct gw_table *table, enum sql_write kind)
{
    struct gw_text sql = GW_TEXT_INIT(SQL_MAX_BYTES);
    char *out;

    sql_write_rows(&sql, table, kind);
    out = sql.failed ? NULL : strdup(sql.at);
    gw_text_release(&sql);
    return out;
}

enum gw_status writing_new(struct writing **out, struct gw_error *err)
{
    struct writing *w = calloc(1, sizeof *w);
    bool fine = w != NULL;

    for (int t = 0; fine && t < GW_TABLE_COUNT; t++) {
        w->over[t] = (struct gw_text)GW_TEXT_INIT(ARRAY_MAX_BYTES);
        for (int kind = 0; kind < SQL_WRITE_COUNT; kind++) {
            w->sql[t][kind] = print_sql(gw_table_of((enum gw_table_id)t), (enum sql_write)kind);
            fine &= w->sql[t][kind] != NULL;
            w->rows[t][kind] = (struct gw_text)GW_TEXT_INIT(ARRAY_MAX_BYTES);
        }
    }
    if (!fine) {
        writing_free(w);
        return gw_fail(err, GW_ENOMEM, where, "no memory for the study database's statements");
    }
    *out = w;
    return GW_OK;
}

void writing_free(struct writing *w)
{
    if (!w)
        return;
    for (int t = 0; t < GW_TABLE_COUNT; t++) {
        gw_text_release(&w->over[t]);
        for (int kind = 0; kind < SQL_WRITE_COUNT; kind++) {
            free(w->sql[t][kind]);
            gw_text_release(&w->rows[t][kind]);
        }
    }
    free(w);
}
