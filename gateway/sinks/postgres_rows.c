/*
 * Rows as arrays. An element that is text is quoted; what follows the last cell of a column that is not empty is left
 * out, because unnest() fills it up with nulls.
 */
#include "sinks/postgres_rows.h"

#include <assert.h>
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

static void add_quoted(struct gw_text *array, const char *text)
{
    gw_text_append(array, "\"", 1);
    for (;;) {
        const size_t plain = strcspn(text, "\"\\");

        gw_text_append(array, text, plain);
        text += plain;
        if (!*text)
            break;
        gw_text_append(array, *text == '"' ? "\\\"" : "\\\\", 2);
        text++;
    }
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

/* ---- changes --------------------------------------------------------------------------------------------------- */

/* Nulls are written when a value comes behind them. */
static void add_cell(struct writing *w, const struct gw_change *change, enum sql_write kind, size_t column,
                     const char *cell)
{
    struct gw_text *array = &w->arrays[change->table][kind][column];
    size_t *given = &w->given[change->table][kind][column];

    if (!cell)
        return;
    for (; *given < w->rows[change->table][kind]; ++*given)
        array_add(array, NULL);
    array_add(array, cell);
    ++*given;
}

/* Of a subject of whom nothing is there, nothing is to be written over. */
static enum sql_write kind_of(const struct gw_change *change, bool fresh)
{
    if (change->over && !fresh)
        return SQL_FORCED;
    return change->kind != GW_CHANGE_ADD ? SQL_CHANGES : fresh ? SQL_FRESH : SQL_ADDS;
}

/* One a column; and of what is written over. */
static size_t arrays_of(size_t columns, enum sql_write kind)
{
    return columns + (kind == SQL_FORCED);
}

void writing_add(struct writing *w, const struct gw_change *change, bool fresh)
{
    const enum sql_write kind = kind_of(change, fresh);
    const struct gw_table *table = gw_table_of(change->table);
    const size_t columns = arrays_of(table->column_count, kind);
    char buffer[CELL_BYTES];

    if (w->rows[change->table][kind] == 0)
        for (size_t i = 0; i < columns; i++)
            array_begin(&w->arrays[change->table][kind][i]);
    for (size_t i = 0; i < table->column_count; i++)
        add_cell(w, change, kind, i, gw_row_cell(table, change->row, i, buffer));
    if (kind == SQL_FORCED)
        add_cell(w, change, kind, table->column_count, change->over);
    w->rows[change->table][kind]++;
}

void writing_clear(struct writing *w)
{
    memset(w->rows, 0, sizeof w->rows);
    memset(w->given, 0, sizeof w->given);
}

static bool end_arrays(struct writing *w, int table, int kind, size_t columns, const char *shipment)
{
    bool fine = true;

    for (size_t i = 0; i < arrays_of(columns, (enum sql_write)kind); i++) {
        struct gw_text *array = &w->arrays[table][kind][i];

        array_end(array);
        fine &= !array->failed;
        w->values[table][kind][i < columns ? i : i + 1] = array->at;
    }
    w->values[table][kind][columns] = shipment;
    return fine;
}

enum gw_status writing_statements(struct writing *w, const char *shipment, struct gw_postgres_statement *out,
                                  size_t *count, struct gw_error *err)
{
    bool fine = true;

    *count = 0;
    for (int kind = 0; kind < SQL_WRITE_COUNT; kind++)
        for (int t = 0; t < GW_TABLE_COUNT; t++) {
            const size_t columns = gw_table_of((enum gw_table_id)t)->column_count;

            if (w->rows[t][kind] == 0)
                continue;
            fine &= end_arrays(w, t, kind, columns, shipment);
            out[(*count)++] =
                (struct gw_postgres_statement){.sql = w->sql[t][kind],
                                               .values = w->values[t][kind],
                                               .count = (int)arrays_of(columns, (enum sql_write)kind) + 1};
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
        assert(gw_table_of((enum gw_table_id)t)->column_count + 1 < WRITING_COLUMNS_MAX);
        for (int kind = 0; kind < SQL_WRITE_COUNT; kind++) {
            w->sql[t][kind] = print_sql(gw_table_of((enum gw_table_id)t), (enum sql_write)kind);
            fine &= w->sql[t][kind] != NULL;
            for (size_t i = 0; i < WRITING_COLUMNS_MAX; i++)
                w->arrays[t][kind][i] = (struct gw_text)GW_TEXT_INIT(ARRAY_MAX_BYTES);
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
    for (int t = 0; t < GW_TABLE_COUNT; t++)
        for (int kind = 0; kind < SQL_WRITE_COUNT; kind++) {
            free(w->sql[t][kind]);
            for (size_t i = 0; i < WRITING_COLUMNS_MAX; i++)
                if (w->arrays[t][kind][i].max)
                    gw_text_release(&w->arrays[t][kind][i]);
        }
    free(w);
}
