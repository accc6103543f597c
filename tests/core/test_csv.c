/*
 * CSV tables: what is read, what is refused and where, and what is written.
 */
#include "gateway/core/csv.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "support/scratch.h"

struct table {
    struct scratch scratch;
    struct gw_arena arena;
    struct gw_csv csv;
    struct gw_error err;
};

static enum gw_status load(struct table *t, const char *bytes, size_t length)
{
    memset(t, 0, sizeof *t);
    t->arena.limit = 1 << 20;
    scratch_init(&t->scratch);
    return gw_csv_load(&t->arena, scratch_put(&t->scratch, "t.csv", bytes, length), 1 << 20, &t->csv, &t->err);
}

static void unload(struct table *t)
{
    gw_arena_release(&t->arena);
    scratch_release(&t->scratch);
}

/* All records on one line: their line numbers, and the fields between bars. */
static void render(const struct gw_csv *csv, char *out, size_t room)
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < csv->count; i++) {
        used += (size_t)snprintf(out + used, room - used, "%u", csv->records[i].line);
        for (size_t j = 0; j < csv->columns; j++)
            used += (size_t)snprintf(out + used, room - used, "|%s", csv->records[i].fields[j]);
        used += (size_t)snprintf(out + used, room - used, "; ");
    }
}

static const struct {
    const char *name;
    const char *text;
    const char *expected;
} tables[] = {
    {"plain", "a,b\n1,2\n3,4\n", "2|1|2; 3|3|4; "},
    {"no line end at the end", "a,b\n1,2", "2|1|2; "},
    {"CRLF", "a,b\r\n1,2\r\n3,4\r\n", "2|1|2; 3|3|4; "},
    {"a byte order mark",
     "\xEF\xBB\xBF"
     "a,b\n1,2\n",
     "2|1|2; "},
    {"a header alone", "a,b\n", ""},
    {"empty fields", "a,b,c\n,,\n,x,\n", "2|||; 3||x|; "},
    {"quoted fields", "a,b\n\"1,5\",\"say \"\"no\"\"\"\n\"\",\"\"\n", "2|1,5|say \"no\"; 3||; "},
    {"a field over several lines", "a,b\n\"x\ny\r\nz\",2\n3,4\n", "2|x\ny\r\nz|2; 5|3|4; "},
    {"a lone carriage return in quotes", "a,b\n\"x\ry\",2\n3,4\n", "2|x\ry|2; 3|3|4; "},
    {"blanks belong to the field", "a,b\n 1 ,\t2 \n", "2| 1 |\t2 ; "},
    {"empty lines are no records", "a,b\n\n1,2\n\n\n3,4\n\n", "3|1|2; 6|3|4; "},
    {"outside ASCII", "a,b\nM\xC3\xBCnchen,\xE2\x82\xAC\n", "2|M\xC3\xBCnchen|\xE2\x82\xAC; "},
    {"one column", "a\n1\n\"\"\n", "2|1; 3|; "},
    {"quoted names", "\"a\",\"b\"\n1,2\n", "2|1|2; "},
};

Test(csv, reads_a_table_with_line_numbers)
{
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        struct table t;
        char got[200];
        cr_expect(eq(int, load(&t, tables[i].text, strlen(tables[i].text)), GW_OK), "%s: %s", tables[i].name,
                  t.err.text);
        render(&t.csv, got, sizeof got);
        cr_expect(eq(str, got, (char *)tables[i].expected), "%s", tables[i].name);
        cr_expect(eq(int, gw_csv_column(&t.csv, "a"), 0), "%s", tables[i].name);
        unload(&t);
    }
}

static const struct {
    const char *name;
    const char *text;
    size_t length; /* 0: up to the NUL */
    const char *says;
} refusals[] = {
    {"too few fields", "a,b\n1,2\n3\n", 0, "t.csv:3: 1 fields where the header has 2"},
    {"too many fields", "a,b\n1,2,3\n", 0, "t.csv:2: 3 fields"},
    {"too many, many lines", "a,b\n\"x\ny\",2,3\n", 0, "t.csv:2: 3 fields"},
    {"too few at the end", "a,b\n1,2\n3", 0, "t.csv:3: 1 fields"},
    {"a stray quote in a field", "a,b\n1,2\"\n", 0, "t.csv:2: a stray quote"},
    {"text after a quoted field", "a,b\n\"1\"x,2\n", 0, "t.csv:2: a stray quote"},
    {"a blank before a quote", "a,b\n1, \"2\"\n", 0, "t.csv:2: a stray quote"},
    {"a quote never closed", "a,b\n1,2\n3,\"4\n5,6\n", 0, "t.csv:3: a quote is opened here"},
    {"not UTF-8", "a,b\n1,2\nM\xFCnchen,2\n", 0, "t.csv:3: not UTF-8"},
    {"half a character at the end", "a,b\n1,\xE2\x82", 0, "t.csv:2: not UTF-8"},
    {"a NUL", "a,b\n1,\0002\n", 8, "t.csv:2: not UTF-8"},
    {"UTF-16",
     "\xFF\xFE"
     "a\0,\0",
     6, "t.csv:1: not UTF-8"},
    {"line ends of another age", "a,b\r1,2\r", 0, "t.csv:1: a carriage return without a line feed"},
    {"a lone carriage return", "a,b\n1,2\r3,4\n", 0, "t.csv:2: a carriage return without a line feed"},
    {"a carriage return at the end", "a,b\n1,2\r", 0, "t.csv:2: a carriage return without a line feed"},
    {"a repeated column", "a,b,a\n1,2,3\n", 0, "t.csv:1: two columns are named a"},
    {"a column without a name", "a,,c\n1,2,3\n", 0, "t.csv:1: column 2 has no name"},
    {"an empty file", "", 0, "t.csv:1: no header line"},
    {"only a mark", "\xEF\xBB\xBF", 0, "t.csv:1: no header line"},
    {"only empty lines", "\n\n", 0, "t.csv:1: no header line"},
};

Test(csv, refuses_a_broken_table_and_says_the_line)
{
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct table t;
        const size_t length = refusals[i].length ? refusals[i].length : strlen(refusals[i].text);
        cr_expect(eq(int, load(&t, refusals[i].text, length), GW_ECONFIG), "%s", refusals[i].name);
        cr_expect(strstr(t.err.text, refusals[i].says) != NULL, "%s: %s", refusals[i].name, t.err.text);
        cr_expect(t.csv.header == NULL, "%s: nothing comes out", refusals[i].name);
        unload(&t);
    }
}

Test(csv, says_when_the_file_is_not_there_or_too_large)
{
    struct table t;

    cr_assert(eq(int, load(&t, "a,b\n1,2\n", 8), GW_OK));
    cr_expect(eq(int, gw_csv_load(&t.arena, "/nowhere/t.csv", 100, &t.csv, &t.err), GW_ECONFIG));
    cr_expect(eq(int, t.err.status, GW_ECONFIG));
    cr_expect(eq(int, gw_csv_load(&t.arena, t.scratch.path, 7, &t.csv, &t.err), GW_ENOMEM));
    for (t.arena.limit = 1; t.arena.limit < 4096; t.arena.limit++) { /* wherever the memory ends, it is said */
        gw_arena_clear(&t.arena);
        const enum gw_status rc = gw_csv_load(&t.arena, t.scratch.path, 100, &t.csv, &t.err);
        if (rc == GW_OK)
            break;
        cr_assert(eq(int, rc, GW_ENOMEM), "limit %zu", t.arena.limit);
    }
    cr_expect(lt(sz, t.arena.limit, 4096));
    unload(&t);
}

Test(csv, finds_columns_in_any_order)
{
    static const char *const names[] = {"c", "a"};
    static const char *const missing[] = {"a", "x", "y"};
    struct table t;
    int index[3];

    cr_assert(eq(int, load(&t, "a,b,c\n", 6), GW_OK));
    cr_expect(eq(int, gw_csv_columns(&t.csv, names, 2, index, &t.err), GW_OK));
    cr_expect(eq(int, index[0], 2));
    cr_expect(eq(int, index[1], 0));
    cr_expect(eq(int, gw_csv_column(&t.csv, "A"), -1));
    cr_expect(eq(int, gw_csv_columns(&t.csv, missing, 3, index, &t.err), GW_ECONFIG));
    cr_expect(strstr(t.err.text, "t.csv:1: the column x is missing") != NULL, "%s", t.err.text);
    unload(&t);
}

static const struct {
    const char *value;
    bool guard;
    const char *expected;
} fields[] = {
    {"plain", true, "x,plain\n"},
    {NULL, true, "x,\n"},
    {"", true, "x,\n"},
    {"a,b", false, "x,\"a,b\"\n"},
    {"say \"no\"", false, "x,\"say \"\"no\"\"\"\n"},
    {"\"", false, "x,\"\"\"\"\n"},
    {"a\nb", false, "x,\"a\nb\"\n"},
    {"a\rb", false, "x,\"a\rb\"\n"},
    {"=1+1", true, "x,'=1+1\n"},
    {"+49", true, "x,'+49\n"},
    {"-1", true, "x,'-1\n"},
    {"@now", true, "x,'@now\n"},
    {"\t=1", true, "x,'\t=1\n"},
    {"\r=1", true, "x,\"'\r=1\"\n"},
    {"\n=1", true, "x,\"'\n=1\"\n"},
    {"=HYPERLINK(\"u\",\"v\")", true, "x,\"'=HYPERLINK(\"\"u\"\",\"\"v\"\")\"\n"},
    {"a=1", true, "x,a=1\n"},
    {"-1.20", false, "x,-1.20\n"},
    {"<0.5", true, "x,<0.5\n"},
};

Test(csv, writes_fields_quoted_and_guarded)
{
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        struct gw_text out = GW_TEXT_INIT(100);
        gw_csv_field(&out, "x", true, true);
        gw_csv_field(&out, fields[i].value, false, fields[i].guard);
        gw_csv_end(&out);
        cr_expect(eq(str, out.at, (char *)fields[i].expected), "%s", fields[i].value ? fields[i].value : "(null)");
        gw_text_release(&out);
    }
}

Test(csv, reads_back_what_it_wrote)
{
    struct gw_text out = GW_TEXT_INIT(1000);
    struct table t;

    gw_csv_field(&out, "name", true, false);
    gw_csv_end(&out);
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        gw_csv_field(&out, fields[i].value && fields[i].value[0] ? fields[i].value : "-", true, false);
        gw_csv_end(&out);
    }
    cr_assert(eq(int, load(&t, out.at, out.length), GW_OK), "%s", t.err.text);
    cr_assert(eq(sz, t.csv.count, sizeof(fields) / sizeof(fields[0])));
    for (size_t i = 0; i < t.csv.count; i++)
        if (fields[i].value && fields[i].value[0])
            cr_expect(eq(str, (char *)t.csv.records[i].fields[0], (char *)fields[i].value));
    unload(&t);
    gw_text_release(&out);
}
