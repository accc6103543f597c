/*
 * Tables, marks and JSON as programs and files get them: no rules, no colours, nothing cut.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "cli/progress.h"
#include "cli/tally.h"

static char *text;
static size_t size;

static struct output start(bool terminal)
{
    struct output output = {
        .out = open_memstream(&text, &size), .terminal = terminal, .rules = terminal, .colour = terminal};

    setlocale(LC_CTYPE, "C.UTF-8");
    return output;
}

static const char *finish(struct output *output)
{
    fclose(output->out);
    return text;
}

static void fill(struct table *table)
{
    table_text(table, "delivered");
    table_number(table, 7);
    table_text(table, NULL);
    table_text(table, "Überschuß");
    table_number(table, 12345);
    table_text(table, "x");
}

static const struct column columns[] = {{"STATE", false}, {"PARTS", true}, {"NOTE", false}};

Test(output, is_plain_columns_in_a_file)
{
    struct output output = start(false);
    struct table *table = table_new(&output, columns, 3);

    fill(table);
    table_print(table);
    cr_expect(eq(str, (char *)finish(&output),
                 (char *)"STATE      PARTS  NOTE\n"
                         "delivered      7\n"
                         "Überschuß  12345  x\n"));
    free(text);
}

Test(output, has_rules_on_a_terminal)
{
    struct output output = start(true);
    struct table *table = table_new(&output, columns, 3);

    fill(table);
    table_print(table);
    cr_expect(eq(str, (char *)finish(&output),
                 (char *)"STATE     │ PARTS │ NOTE\n"
                         "──────────┼───────┼─────\n"
                         "delivered │     7 │\n"
                         "Überschuß │ 12345 │ x\n"));
    free(text);
}

Test(output, prints_nothing_for_an_empty_table)
{
    struct output output = start(false);

    table_print(table_new(&output, columns, 3));
    cr_expect(eq(str, (char *)finish(&output), (char *)""));
    free(text);
}

Test(output, shows_control_characters_in_cells_as_codes)
{
    struct output output = start(true);
    struct table *table = table_new(&output, columns, 1);

    table_text(table, "\033[31mUNIT");
    table_print(table);
    cr_expect(strstr(finish(&output), "\033") == NULL, "%s", text);
    cr_expect(strstr(text, "\\x1b[31mUNIT") != NULL, "%s", text);
    free(text);
}

Test(output, never_cuts_a_long_cell)
{
    struct output output = start(false);
    struct table *table = table_new(&output, columns, 3);
    char *longest = calloc(1, 1001);

    memset(longest, 'f', 1000);
    table_text(table, longest);
    table_number(table, 1);
    table_text(table, longest);
    table_print(table);
    cr_expect(gt(sz, strlen(finish(&output)), 2 * 1000 + 10));
    free(longest);
    free(text);
}

Test(output, colours_marks_on_a_terminal_only)
{
    struct output plain = start(false);

    cr_expect(eq(str, (char *)output_mark(&plain, MARK_FAIL), (char *)"FAIL"));
    cr_expect(eq(str, (char *)output_mark(&plain, MARK_OK), (char *)"ok"));
    plain.colour = true;
    cr_expect(eq(str, (char *)output_mark(&plain, MARK_FAIL), (char *)"\033[31;1mFAIL\033[0m"));
    cr_expect(eq(str, (char *)output_mark(&plain, MARK_NOTE), (char *)"note"));
    finish(&plain);
    free(text);
}

Test(output, sees_that_a_file_is_no_terminal)
{
    FILE *file = tmpfile();
    struct output output;

    setenv("TERM", "xterm", 1);
    output_init(&output, file);
    cr_expect(output.terminal == false && !output.rules && !output.colour);
    fclose(file);
}

Test(output, puts_an_items_json_into_json)
{
    struct output output = start(false);
    cJSON *root = cJSON_CreateObject();

    cJSON_AddNumberToObject(root, "values", 214);
    output_json_raw(root, "context", "{\"value\":\"1.20\"}");
    output_json_raw(root, "suggestion", "");
    output_json(&output, root);
    cr_expect(
        eq(str, (char *)finish(&output),
           (char *)"{\n\t\"values\":\t214,\n\t\"context\":\t{\"value\":\"1.20\"},\n\t\"suggestion\":\tnull\n}\n"));
    free(text);
}

Test(output, lets_no_text_command_the_terminal)
{
    struct output output = start(true);

    output_text(&output, "a\033[31mb\xC2\x9B"
                         "c\nd\x7F"
                         "é");
    cr_expect(eq(str, (char *)finish(&output), (char *)"a [31mb c d é"));
    free(text);
}

/* ---- tallies ---------------------------------------------------------------------------------------------------- */

Test(output, counts_by_name_the_most_first)
{
    struct output output = start(false);
    struct gw_arena arena = GW_ARENA_INIT(1 << 20);
    struct tally tally = {.arena = &arena};

    tally_add(&tally, "UNIT_MISSING", 2);
    tally_add(&tally, "CODE_UNMAPPED", 1);
    tally_add(&tally, "DATE_PARTIAL", 2);
    tally_add(&tally, "CODE_UNMAPPED", 4);
    tally_sort(&tally);
    tally_print(&tally, &output, "CODE", "VALUES", 2);
    cr_expect(eq(str, (char *)finish(&output),
                 (char *)"CODE           VALUES\nCODE_UNMAPPED       5\nDATE_PARTIAL        2\n... and 1 more\n"));
    gw_arena_release(&arena);
    free(text);
}

/* ---- progress --------------------------------------------------------------------------------------------------- */

static const struct {
    size_t done, of;
    const char *line;
} steps[] = {
    {0, 24, "reading  [                        ]  0 of 24"},
    {12, 24, "reading  [############            ]  12 of 24"},
    {24, 24, "reading  [########################]  24 of 24"},
    {30, 24, "reading  [########################]  30 of 24"},
    {7, 0, "reading  7"},
};

Test(output, draws_progress_in_one_line)
{
    char line[120];

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        progress_line(line, sizeof line, "reading", steps[i].done, steps[i].of);
        cr_expect(eq(str, line, (char *)steps[i].line));
    }
}
