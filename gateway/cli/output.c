/*
 * Tables on libsmartcols, JSON on cJSON's builder and printer.
 */
#include "cli/output.h"

#include <inttypes.h>
#include <langinfo.h>
#include <libsmartcols/libsmartcols.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "gateway/core/json.h"

void output_init(struct output *output, FILE *stream)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    const bool able = term && strcmp(term, "dumb") != 0;

    output->out = stream;
    output->terminal = isatty(fileno(stream)) == 1;
    output->rules = output->terminal && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    output->colour = output->terminal && able && (!no_color || !*no_color);
}

int output_failed(const struct gw_error *failure)
{
    fflush(stdout); /* what was found so far comes first where both go to one place */
    fprintf(stderr, "casement: %s\n", failure->text);
    return gw_exit_code(failure->status);
}

int output_wrong(const char *format, ...)
{
    char text[sizeof((struct gw_error *)0)->text];
    struct gw_error failure;
    va_list list;

    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    gw_fail(&failure, GW_EUSAGE, "cli", "%s", text);
    return output_failed(&failure);
}

void output_no_memory(void)
{
    fprintf(stderr, "casement: there is not enough memory to print the result\n");
    exit(gw_exit_code(GW_ENOMEM));
}

static void *have(void *memory)
{
    if (!memory)
        output_no_memory();
    return memory;
}

const char *plural(int64_t count, const char *one, const char *many)
{
    return count == 1 ? one : many;
}

void output_text(const struct output *output, const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        const bool c1 = at[0] == 0xC2 && at[1] >= 0x80 && at[1] <= 0x9F;

        fputc(c1 || *at < 0x20 || *at == 0x7F ? ' ' : *at, output->out);
        at += c1; /* its second byte */
    }
}

/* ---- marks ----------------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *coloured;
} marks[] = {
    [MARK_OK] = {"ok", "\033[32mok\033[0m"},
    [MARK_NOTE] = {"note", "note"},
    [MARK_FAIL] = {"FAIL", "\033[31;1mFAIL\033[0m"},
    [MARK_SKIPPED] = {"skipped", "skipped"},
};

const char *output_mark(const struct output *output, enum mark mark)
{
    return output->colour ? marks[mark].coloured : marks[mark].name;
}

const char *output_mark_name(enum mark mark)
{
    return marks[mark].name;
}

/* ---- tables ---------------------------------------------------------------------------------------------------- */

struct table {
    const struct output *output;
    struct libscols_table *scols;
    struct libscols_line *line;
    size_t columns;
    size_t next; /* column of the next cell */
};

struct table *table_new(const struct output *output, const struct column *columns, size_t count)
{
    struct table *table = have(calloc(1, sizeof *table));

    table->output = output;
    table->columns = count;
    table->scols = have(scols_new_table());
    scols_table_set_termforce(table->scols, SCOLS_TERMFORCE_NEVER); /* a cell is never cut to fit */
    scols_table_set_column_separator(table->scols, output->rules ? " │ " : "  ");
    for (size_t i = 0; i < count; i++)
        have(scols_table_new_column(table->scols, columns[i].title, 0, columns[i].right ? SCOLS_FL_RIGHT : 0));
    return table;
}

void table_text(struct table *table, const char *text)
{
    if (table->next == 0)
        table->line = have(scols_table_new_line(table->scols, NULL));
    if (scols_line_set_data(table->line, table->next, text ? text : "") != 0)
        output_no_memory();
    table->next = (table->next + 1) % table->columns;
}

void table_number(struct table *table, int64_t number)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRId64, number);
    table_text(table, text);
}

/* The rule below the headings: a crossing under each separator, a line under all else. */
static void print_rule(FILE *out, const char *headings, size_t length)
{
    mbstate_t state = {0};

    for (size_t i = 0; i < length;) {
        wchar_t character;
        const size_t bytes = mbrtowc(&character, headings + i, length - i, &state);

        if (bytes == 0 || bytes > length - i)
            break;
        fputs(character == L'│' ? "┼" : "─", out);
        i += bytes;
    }
    fputc('\n', out);
}

/* One line as it was laid out, without the blanks that only fill the last column. */
static void print_line(FILE *out, const char *line, size_t length)
{
    while (length > 0 && line[length - 1] == ' ')
        length--;
    fwrite(line, 1, length, out);
    fputc('\n', out);
}

static void print_lines(const struct table *table, const char *text)
{
    for (const char *at = text; *at;) {
        const size_t length = strcspn(at, "\n");

        print_line(table->output->out, at, length);
        if (at == text && table->output->rules)
            print_rule(table->output->out, at, length);
        at += length + (at[length] == '\n');
    }
}

void table_print(struct table *table)
{
    char *text = NULL;

    if (scols_table_get_nlines(table->scols) > 0) {
        if (scols_print_table_to_string(table->scols, &text) != 0)
            output_no_memory();
        print_lines(table, text);
    }
    free(text);
    scols_unref_table(table->scols);
    free(table);
}

/* ---- JSON ------------------------------------------------------------------------------------------------------ */

void output_json(const struct output *output, cJSON *tree)
{
    char *text = have(cJSON_Print(tree));

    fprintf(output->out, "%s\n", text);
    cJSON_free(text);
    cJSON_Delete(tree);
}

void output_json_raw(cJSON *object, const char *name, const char *text)
{
    if (text && *text)
        cJSON_AddRawToObject(object, name, text);
    else
        cJSON_AddNullToObject(object, name);
}
