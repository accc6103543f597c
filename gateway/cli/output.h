/*
 * What a command prints: tables, one JSON value, marks, and the line of a failure.
 *
 * On a terminal tables have rules and marks have colours (NO_COLOR switches these off); anywhere else they are plain
 * columns, the same bytes whatever the width. Results go to standard output, failures and progress to standard error.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cjson/cJSON.h>

#include "gateway/core/error.h"

struct output {
    FILE *out;
    bool terminal;
    bool rules;  /* a terminal that shows UTF-8 */
    bool colour; /* a terminal, and nobody said NO_COLOR */
};

void output_init(struct output *output, FILE *stream);

/* "casement: <text>" on stderr; gives the exit status of this failure. */
int output_failed(const struct gw_error *failure);

/* The same for a command line that is wrong: what, and where to read how it goes. */
int output_wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));

enum mark { MARK_OK, MARK_NOTE, MARK_FAIL, MARK_SKIPPED };
const char *output_mark(const struct output *output, enum mark mark); /* with its colour where there are colours */
const char *output_mark_name(enum mark mark);                         /* "ok", "note", "FAIL", "skipped" */

/* ---- tables: cells from left to right, line by line ---- */

struct column {
    const char *title;
    bool right; /* numbers */
};

struct table;
struct table *table_new(const struct output *output, const struct column *columns, size_t count);
void table_text(struct table *table, const char *text); /* NULL is empty */
void table_number(struct table *table, int64_t number);
void table_print(struct table *table); /* and free it; a table without lines prints nothing */

/* ---- JSON ---- */

/* Print a tree made with cJSON's builder and delete it. */
void output_json(const struct output *output, cJSON *tree);

/* A member with the text as it stands where that is one JSON value (an item's context), null where it is empty. */
void output_json_raw(cJSON *object, const char *name, const char *text);

/* A text that came from a hospital: control characters, which a terminal would obey, become spaces. */
void output_text(const struct output *output, const char *text);

/* "1 row", "2 rows": what is counted, in its number. Gives one of the two words. */
const char *plural(int64_t count, const char *one, const char *many);

/* There is no memory for what is to be printed: one line, and the end. */
_Noreturn void output_no_memory(void);

#endif
