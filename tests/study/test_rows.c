/*
 * The one list of columns, and what is generated from it.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "gateway/core/csv.h"
#include "gateway/study/rows.h"

static struct gw_arena arena = GW_ARENA_INIT(16 << 20);

static const char *type_name(const struct gw_column *column, char *buffer, size_t size)
{
    static const char *const names[] = {"id", "text", "enum", "date", "datetime", "decimal", "list", "int", "bool"};

    if (column->type != GW_COLUMN_enumerated)
        return names[column->type];
    snprintf(buffer, size, "enum(%s)", column->values);
    return buffer;
}

Test(rows, are_the_columns_of_the_reference_table_in_its_order)
{
    static const char *const names[] = {"table", "column", "type", "key_or_stamp", "cdisc"};
    struct gw_error err;
    struct gw_csv csv;
    int at[5];
    size_t line = 0;

    cr_assert(gw_csv_load(&arena, SOURCE_DIR "/mappings/common/columns.csv", 1 << 20, &csv, &err) == GW_OK, "%s",
              err.text);
    cr_assert(gw_csv_columns(&csv, names, 5, at, &err) == GW_OK, "%s", err.text);
    for (int t = 0; t < GW_TABLE_COUNT; t++) {
        const struct gw_table *table = gw_table_of((enum gw_table_id)t);

        for (size_t c = 0; c < table->column_count; c++, line++) {
            const struct gw_column *column = &table->columns[c];
            char buffer[128];

            cr_assert(lt(sz, line, csv.count));
            const char **f = csv.records[line].fields;

            cr_expect(eq(str, (char *)table->name, (char *)f[at[0]]));
            cr_expect(eq(str, (char *)column->name, (char *)f[at[1]]));
            cr_expect(eq(str, (char *)type_name(column, buffer, sizeof buffer), (char *)f[at[2]]));
            cr_expect(eq(int, column->stamp, strcmp(f[at[3]], "stamp") == 0), "%s", column->name);
            cr_expect(eq(str, (char *)column->cdisc, (char *)f[at[4]]));
        }
    }
    cr_expect(eq(sz, line, csv.count));
    gw_arena_release(&arena);
}

static struct gw_row_observations *add(struct gw_rows *rows, const char *id, const char *text)
{
    struct gw_row_observations *row = (struct gw_row_observations *)gw_rows_add(rows, &arena, GW_TABLE_observations);

    row->row_id = id;
    row->subject_key = "ES-001";
    row->value_text = text;
    row->grade = 3;
    row->anl01 = true;
    return row;
}

Test(rows, read_back_equal_to_what_was_written)
{
    struct gw_rows rows = {0}, back;
    struct gw_text text = GW_TEXT_INIT(1 << 16), again = GW_TEXT_INIT(1 << 16);
    struct gw_error err;

    add(&rows, "o2@T30-01", "tab\there, line\nthere, back\\slash, \\t as written, \001 too");
    add(&rows, "o1@T30-01", NULL)->mapped_at = "2026-11-20T20:00:00Z";
    gw_rows_sort(&rows);
    gw_rows_write(&rows, &text);
    cr_assert(gw_rows_read(&arena, text.at, text.length, &back, &err) == GW_OK);
    cr_assert(eq(sz, back.tables[GW_TABLE_observations].count, 2));
    for (size_t i = 0; i < 2; i++)
        cr_expect(gw_row_equal(GW_TABLE_observations, rows.tables[GW_TABLE_observations].rows[i],
                               back.tables[GW_TABLE_observations].rows[i]));
    gw_rows_write(&back, &again);
    cr_expect(eq(str, text.at, again.at), "stamps too");
    gw_text_release(&text);
    gw_text_release(&again);
    gw_arena_release(&arena);
}

Test(rows, of_an_older_release_read_as_far_as_they_go)
{
    static const char old[] = "observations\to1\tES-001\nnosuchtable\tx\nsubjects\tES-001\tES-001\n";
    struct gw_rows rows;
    struct gw_error err;

    cr_assert(gw_rows_read(&arena, old, sizeof old - 1, &rows, &err) == GW_OK);
    cr_assert(eq(sz, rows.tables[GW_TABLE_observations].count, 1));
    cr_expect(rows.tables[GW_TABLE_observations].rows[0]->study == NULL);
    cr_expect(
        eq(int, ((struct gw_row_observations *)rows.tables[GW_TABLE_observations].rows[0])->grade, GW_NULL_INTEGER));
    cr_expect(eq(sz, rows.tables[GW_TABLE_subjects].count, 1));
    gw_arena_release(&arena);
}

Test(rows, keep_a_backslash_that_escapes_nothing)
{
    static const char hand[] = "observations\to1\\\tES-001\\x\n";
    struct gw_rows rows;
    struct gw_error err;

    cr_assert(gw_rows_read(&arena, hand, sizeof hand - 1, &rows, &err) == GW_OK);
    cr_assert(eq(sz, rows.tables[GW_TABLE_observations].count, 1));
    cr_expect(eq(str, (char *)rows.tables[GW_TABLE_observations].rows[0]->row_id, (char *)"o1\\"),
              "at the end of a cell");
    cr_expect(eq(str, (char *)rows.tables[GW_TABLE_observations].rows[0]->subject_key, (char *)"ES-001x"));
    gw_arena_release(&arena);
}

Test(rows, are_equal_whatever_their_stamps)
{
    struct gw_rows rows = {0};
    struct gw_row_observations *a = add(&rows, "o1@T30-01", "x"), *b = add(&rows, "o1@T30-01", "x");

    b->row_version = 7;
    b->mapped_at = "2026-11-20T20:00:00Z";
    cr_expect(gw_row_equal(GW_TABLE_observations, (struct gw_row *)a, (struct gw_row *)b));
    b->grade = 2;
    cr_expect(not(gw_row_equal(GW_TABLE_observations, (struct gw_row *)a, (struct gw_row *)b)));
    gw_arena_release(&arena);
}

/* Who prints a cell into a buffer of its own must be able to tell by the pointer that it has to copy it. */
Test(rows, print_integers_at_the_start_of_the_callers_buffer)
{
    static const struct {
        int32_t integer;
        const char *text;
    } cells[] = {{0, "0"}, {-1, "-1"}, {7, "7"}, {INT32_MAX, "2147483647"}, {INT32_MIN + 1, "-2147483647"}};
    const struct gw_table *table = gw_table_of(GW_TABLE_observations);
    struct gw_rows rows = {0};
    struct gw_row_observations *row = add(&rows, "o1@T30-01", "x");
    char buffer[12];
    size_t grade = 0;

    while (strcmp(table->columns[grade].name, "grade") != 0)
        grade++;
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
        const char *cell;

        row->grade = cells[i].integer;
        cell = gw_row_cell(table, (struct gw_row *)row, grade, buffer);
        cr_expect(eq(ptr, (void *)cell, buffer));
        cr_expect(eq(str, (char *)cell, (char *)cells[i].text));
    }
    gw_arena_release(&arena);
}
