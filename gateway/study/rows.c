/*
 * Rows of the study database, by their descriptors. All that depends on a column's name is generated from rows.def; all
 * that depends on its type is here.
 */
#include "gateway/study/rows.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define GW_TABLE(table) static const struct gw_column columns_##table[] = {
#define GW_COLUMN(table, column, type, values, stamp, cdisc)                                                           \
    {#column, GW_COLUMN_##type, values, stamp, cdisc, offsetof(struct gw_row_##table, column)},
#define GW_TABLE_END(table)                                                                                            \
    }                                                                                                                  \
    ;
#include "gateway/study/rows.def"
#undef GW_TABLE
#undef GW_COLUMN
#undef GW_TABLE_END

static const struct gw_table tables[GW_TABLE_COUNT] = {
#define GW_TABLE(table)                                                                                                \
    {GW_TABLE_##table, #table, columns_##table, sizeof columns_##table / sizeof columns_##table[0],                    \
     sizeof(struct gw_row_##table)},
#define GW_COLUMN(table, column, type, values, stamp, cdisc)
#define GW_TABLE_END(table)
#include "gateway/study/rows.def"
#undef GW_TABLE
#undef GW_COLUMN
#undef GW_TABLE_END
};

const struct gw_table *gw_table_of(enum gw_table_id id)
{
    assert(id < GW_TABLE_COUNT);
    return &tables[id];
}

enum gw_table_id gw_table_named(const char *name)
{
    int id = 0;

    while (id < GW_TABLE_COUNT && !gw_same(tables[id].name, name))
        id++;
    return (enum gw_table_id)id;
}

static void *cell(const struct gw_row *row, const struct gw_column *column)
{
    return (char *)row + column->offset;
}

static const char *cell_text(const struct gw_row *row, const struct gw_column *column)
{
    return *(const char **)cell(row, column);
}

struct gw_row *gw_rows_add(struct gw_rows *rows, struct gw_arena *arena, enum gw_table_id id)
{
    const struct gw_table *table = gw_table_of(id);
    struct gw_row_list *list = &rows->tables[id];
    struct gw_row *row = gw_arena_alloc(arena, table->row_size);
    struct gw_row **slot = row ? GW_ARENA_PUSH(arena, list->rows, list->count, list->capacity) : NULL;

    if (!slot)
        return NULL;
    for (size_t i = 0; i < table->column_count; i++)
        if (table->columns[i].type == GW_COLUMN_integer)
            *(int32_t *)cell(row, &table->columns[i]) = GW_NULL_INTEGER;
    *slot = row;
    return row;
}

static int by_row_id(const void *a, const void *b)
{
    return strcmp((*(struct gw_row *const *)a)->row_id, (*(struct gw_row *const *)b)->row_id);
}

void gw_rows_sort(struct gw_rows *rows)
{
    for (int t = 0; t < GW_TABLE_COUNT; t++) {
        struct gw_row_list *list = &rows->tables[t];

        if (list->count < 2)
            continue;
        qsort(list->rows, list->count, sizeof(struct gw_row *), by_row_id);
        for (size_t i = 1; i < list->count; i++)
            assert(strcmp(list->rows[i - 1]->row_id, list->rows[i]->row_id) != 0);
    }
}

struct gw_row *gw_rows_find(const struct gw_rows *rows, enum gw_table_id table, const char *row_id)
{
    const struct gw_row_list *list = &rows->tables[table];
    const struct gw_row key = {.row_id = row_id};
    const struct gw_row *wanted = &key;
    struct gw_row **found;

    if (list->count == 0)
        return NULL;
    found = bsearch(&wanted, list->rows, list->count, sizeof(struct gw_row *), by_row_id);
    return found ? *found : NULL;
}

static bool cell_equal(const struct gw_column *column, const struct gw_row *a, const struct gw_row *b)
{
    switch (column->type) {
    case GW_COLUMN_integer:
        return *(int32_t *)cell(a, column) == *(int32_t *)cell(b, column);
    case GW_COLUMN_boolean:
        return *(bool *)cell(a, column) == *(bool *)cell(b, column);
    default:
        return gw_same(cell_text(a, column), cell_text(b, column));
    }
}

bool gw_row_equal(enum gw_table_id id, const struct gw_row *a, const struct gw_row *b)
{
    const struct gw_table *table = gw_table_of(id);

    for (size_t i = 0; i < table->column_count; i++)
        if (!table->columns[i].stamp && !cell_equal(&table->columns[i], a, b))
            return false;
    return true;
}

/* Written from the end of the twelve bytes, then moved to where callers know it; printf would cost more than the row.
 */
static const char *print_integer(int32_t integer, char *buffer)
{
    char *at = buffer + 11;
    uint32_t left = integer < 0 ? 0u - (uint32_t)integer : (uint32_t)integer;

    *at = '\0';
    do {
        *--at = (char)('0' + left % 10);
    } while ((left /= 10) > 0);
    if (integer < 0)
        *--at = '-';
    return memmove(buffer, at, (size_t)(buffer + 12 - at));
}

const char *gw_row_cell(const struct gw_table *table, const struct gw_row *row, size_t index, char *buffer)
{
    const struct gw_column *column = &table->columns[index];
    int32_t integer;

    switch (column->type) {
    case GW_COLUMN_integer:
        integer = *(int32_t *)cell(row, column);
        if (integer == GW_NULL_INTEGER)
            return NULL;
        return print_integer(integer, buffer);
    case GW_COLUMN_boolean:
        return *(bool *)cell(row, column) ? "Y" : NULL;
    default:
        return cell_text(row, column);
    }
}

/* ---- text form ---- */

static void write_escaped(struct gw_text *out, const char *value)
{
    const char *start = value, *p = value;

    for (; *p; p++) {
        if (*p > '\n' && *p != '\\') /* nearly every character of nearly every cell */
            continue;
        const char *escape = *p == '\t' ? "\\t" : *p == '\n' ? "\\n" : *p == '\\' ? "\\\\" : NULL;
        if (!escape)
            continue;
        gw_text_append(out, start, (size_t)(p - start));
        gw_text_append(out, escape, 2);
        start = p + 1;
    }
    gw_text_append(out, start, (size_t)(p - start));
}

static void write_row(const struct gw_table *table, const struct gw_row *row, struct gw_text *out)
{
    char buffer[12];

    gw_text_add(out, table->name);
    for (size_t i = 0; i < table->column_count; i++) {
        const char *value = gw_row_cell(table, row, i, buffer);

        gw_text_append(out, "\t", 1);
        if (value)
            write_escaped(out, value);
    }
    gw_text_append(out, "\n", 1);
}

void gw_rows_write(const struct gw_rows *rows, struct gw_text *out)
{
    for (int t = 0; t < GW_TABLE_COUNT; t++)
        for (size_t i = 0; i < rows->tables[t].count; i++)
            write_row(&tables[t], rows->tables[t].rows[i], out);
}

static const struct gw_table *table_named(const char *name)
{
    for (int t = 0; t < GW_TABLE_COUNT; t++)
        if (strcmp(tables[t].name, name) == 0)
            return &tables[t];
    return NULL;
}

/* Undo the escapes of one field in place. */
static void unescape(char *field)
{
    char *to = strchr(field, '\\');

    for (const char *from = to; from && *from; from++) {
        if (*from == '\\' && from[1]) {
            from++;
            *to++ = *from == 't' ? '\t' : *from == 'n' ? '\n' : *from;
        } else {
            *to++ = *from;
        }
    }
    if (to)
        *to = '\0';
}

static void read_cell(struct gw_row *row, const struct gw_column *column, char *value)
{
    if (*value == '\0')
        return;
    switch (column->type) {
    case GW_COLUMN_integer:
        *(int32_t *)cell(row, column) = (int32_t)strtol(value, NULL, 10);
        break;
    case GW_COLUMN_boolean:
        *(bool *)cell(row, column) = true;
        break;
    default:
        unescape(value);
        *(const char **)cell(row, column) = value;
    }
}

/* One line without its newline; the fields are cut apart in place. */
static enum gw_status read_line(struct gw_arena *arena, char *line, struct gw_rows *out, struct gw_error *err)
{
    char *rest = line;
    const struct gw_table *table = table_named(strsep(&rest, "\t"));
    struct gw_row *row;

    if (!table)
        return GW_OK;
    row = gw_rows_add(out, arena, table->id);
    if (!row)
        return gw_fail(err, GW_ENOMEM, "study.rows", "the rows of one subject need more memory than allowed");
    for (size_t i = 0; i < table->column_count && rest; i++)
        read_cell(row, &table->columns[i], strsep(&rest, "\t"));
    return GW_OK;
}

enum gw_status gw_rows_read(struct gw_arena *arena, const char *text, size_t length, struct gw_rows *out,
                            struct gw_error *err)
{
    char *copy = gw_arena_copy(arena, text, length);
    enum gw_status rc = GW_OK;

    if (!copy)
        return gw_fail(err, GW_ENOMEM, "study.rows", "the rows of one subject need more memory than allowed");
    *out = (struct gw_rows){0};
    for (char *line = strsep(&copy, "\n"); line && rc == GW_OK; line = strsep(&copy, "\n"))
        if (*line)
            rc = read_line(arena, line, out, err);
    return rc;
}
