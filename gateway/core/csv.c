/*
 * CSV tables in and lines out. libcsv knows the quoting; the line numbers, the shape of the table and its encoding are
 * checked here.
 *
 * libcsv reports no positions, so it is fed one line of the file at a time: a record starts on the line that was being
 * fed when the one before it had ended.
 */
#include "gateway/core/csv.h"

#include <csv.h>
#include <stdint.h>
#include <string.h>

#include "core/utf8.h"

static const char where[] = "core.csv";

#define NO_LENGTH SIZE_MAX

struct reading {
    struct gw_arena *arena;
    struct gw_csv csv;
    struct gw_error *err;
    enum gw_status status;
    unsigned line;  /* being fed */
    unsigned start; /* of the record being read */
    const char **fields;
    size_t count;    /* fields of the record so far */
    size_t capacity; /* of fields */
    size_t kept;     /* capacity of csv.records */
};

static enum gw_status no_memory(struct reading *r)
{
    return gw_fail(r->err, GW_ENOMEM, where, "%s: the table does not fit the memory set for it", r->csv.path);
}

/* Counts only, never a value: a roster is a table too. */
static enum gw_status wrong_count(struct reading *r)
{
    return gw_fail(r->err, GW_ECONFIG, where, "%s:%u: %zu fields where the header has %zu; check commas and quotes",
                   r->csv.path, r->start, r->count, r->csv.columns);
}

static void on_field(void *bytes, size_t length, void *ctx)
{
    struct reading *r = ctx;

    if (r->status != GW_OK)
        return;
    const char **field = GW_ARENA_PUSH(r->arena, r->fields, r->count, r->capacity);
    if (!field || !(*field = gw_arena_copy(r->arena, bytes, length)))
        r->status = no_memory(r);
}

static enum gw_status check_header(struct reading *r)
{
    for (size_t i = 0; i < r->csv.columns; i++) {
        if (!r->csv.header[i][0])
            return gw_fail(r->err, GW_ECONFIG, where, "%s:%u: column %zu has no name", r->csv.path, r->start, i + 1);
        for (size_t j = 0; j < i; j++)
            if (gw_same(r->csv.header[i], r->csv.header[j]))
                return gw_fail(r->err, GW_ECONFIG, where, "%s:%u: two columns are named %s", r->csv.path, r->start,
                               r->csv.header[i]);
    }
    return GW_OK;
}

static enum gw_status keep_record(struct reading *r)
{
    if (r->count != r->csv.columns)
        return wrong_count(r);
    struct gw_csv_record *record = GW_ARENA_PUSH(r->arena, r->csv.records, r->csv.count, r->kept);
    if (!record)
        return no_memory(r);
    record->line = r->start;
    record->fields = r->fields;
    return GW_OK;
}

/* The first record is the header; each following one gets a list of exactly as many fields. */
static void on_record(int terminator, void *ctx)
{
    struct reading *r = ctx;

    (void)terminator;
    if (r->status != GW_OK)
        return;
    if (!r->csv.header) {
        r->csv.header = r->fields;
        r->csv.columns = r->count;
        r->status = check_header(r);
    } else {
        r->status = keep_record(r);
    }
    r->count = 0;
    r->capacity = r->csv.columns;
    r->fields = gw_arena_raw(r->arena, r->csv.columns * sizeof *r->fields);
    if (!r->fields && r->status == GW_OK)
        r->status = no_memory(r);
}

/* What follows the next line feed, or a carriage return that stands alone. */
static const char *line_end(const char *at, const char *end)
{
    for (; at < end; at++)
        if (*at == '\n' || (*at == '\r' && (at + 1 == end || at[1] != '\n')))
            return at + 1;
    return end;
}

static enum gw_status check_bytes(struct reading *r, const char *at, const char *end)
{
    const unsigned char *p = (const unsigned char *)at;
    size_t length;

    for (; p < (const unsigned char *)end; p += length) {
        length = *p ? utf8_length(p, (const unsigned char *)end) : 0;
        if (!length)
            return gw_fail(r->err, GW_ECONFIG, where, "%s:%u: not UTF-8 text; save the file as UTF-8", r->csv.path,
                           r->line);
    }
    return GW_OK;
}

static enum gw_status bad_quote(struct reading *r)
{
    return gw_fail(r->err, GW_ECONFIG, where,
                   "%s:%u: a stray quote; put the whole field in quotes and double those inside it", r->csv.path,
                   r->line);
}

static void feed_line(struct reading *r, struct csv_parser *parser, const char *at, const char *end)
{
    r->status = check_bytes(r, at, end);
    if (r->status != GW_OK)
        return;
    const size_t taken = csv_parse(parser, at, (size_t)(end - at), on_field, on_record, r);
    if (r->status != GW_OK)
        return;
    if (taken != (size_t)(end - at))
        r->status = csv_error(parser) == CSV_EPARSE ? bad_quote(r) : no_memory(r);
    else if (end[-1] == '\r' && !parser->quoted)
        r->status = gw_fail(r->err, GW_ECONFIG, where,
                            "%s:%u: a carriage return without a line feed; save the file with LF or CRLF line ends",
                            r->csv.path, r->line);
}

/* libcsv would trim blanks, which RFC 4180 counts as part of the field. */
static int no_blank(unsigned char c)
{
    (void)c;
    return 0;
}

static void feed(struct reading *r, struct csv_parser *parser, const char *at, const char *end)
{
    while (at < end && r->status == GW_OK) {
        const char *next = line_end(at, end);
        if (!parser->quoted) /* else this line continues a quoted field */
            r->start = r->line;
        feed_line(r, parser, at, next);
        if (next[-1] == '\n')
            r->line++;
        at = next;
    }
    if (r->status != GW_OK)
        return;
    if (csv_fini(parser, on_field, on_record, r) != 0 && r->status == GW_OK)
        r->status = csv_error(parser) == CSV_EPARSE
                        ? gw_fail(r->err, GW_ECONFIG, where, "%s:%u: a quote is opened here and never closed",
                                  r->csv.path, r->start)
                        : no_memory(r);
}

static enum gw_status parse(struct reading *r, const struct gw_text *text)
{
    struct csv_parser parser;
    const bool mark = text->length >= 3 && memcmp(text->at, "\xEF\xBB\xBF", 3) == 0;

    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL) != 0)
        return gw_fail(r->err, GW_ECONFIG, where, "libcsv cannot be started; check its installation");
    csv_set_space_func(&parser, no_blank);
    feed(r, &parser, text->at + (mark ? 3 : 0), text->at + text->length);
    csv_free(&parser);
    if (r->status == GW_OK && !r->csv.header)
        return gw_fail(r->err, GW_ECONFIG, where, "%s:1: no header line; the file is empty", r->csv.path);
    return r->status;
}

enum gw_status gw_csv_load(struct gw_arena *arena, const char *path, size_t max_bytes, struct gw_csv *out,
                           struct gw_error *err)
{
    struct gw_text text = GW_TEXT_INIT(max_bytes);
    struct reading r = {.arena = arena, .err = err, .line = 1, .start = 1};
    enum gw_status rc = gw_text_read_file(&text, path, err);

    if (rc == GW_ENOINPUT) {
        rc = GW_ECONFIG; /* a table that the settings name is part of the settings */
        if (err)
            err->status = rc;
    }
    if (rc != GW_OK)
        goto done;
    r.csv.path = gw_arena_copy(arena, path, strlen(path));
    if (!r.csv.path) {
        rc = gw_fail(err, GW_ENOMEM, where, "%s: the table does not fit the memory set for it", path);
        goto done;
    }
    rc = parse(&r, &text);
    if (rc == GW_OK)
        *out = r.csv;
done:
    gw_text_release(&text);
    return rc;
}

int gw_csv_column(const struct gw_csv *csv, const char *name)
{
    for (size_t i = 0; i < csv->columns; i++)
        if (gw_same(csv->header[i], name))
            return (int)i;
    return -1;
}

enum gw_status gw_csv_columns(const struct gw_csv *csv, const char *const *names, size_t count, int *index,
                              struct gw_error *err)
{
    for (size_t i = 0; i < count; i++) {
        index[i] = gw_csv_column(csv, names[i]);
        if (index[i] < 0)
            return gw_fail(err, GW_ECONFIG, where, "%s:1: the column %s is missing; add it to the header", csv->path,
                           names[i]);
    }
    return GW_OK;
}

/* What a spreadsheet takes for the start of a formula (OWASP "CSV injection"), full-width forms of the signs too. */
static bool runs(const char *value)
{
    static const char *const wide[] = {"\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d", "\xef\xbc\xa0"}; /* = + - @ */

    if ((unsigned char)value[0] == 0xef)
        return gw_begins_as_any(wide, sizeof wide / sizeof *wide, value);
    return value[0] && value[0] <= '@' && strchr("=+-@\t\r\n", value[0]);
}

/*
 * How long it is when it wants no quotes, else NO_LENGTH. strpbrk sets up a table for each call, which costs more than
 * our short fields do; what wants quotes stands at or below the comma.
 */
static size_t plain_length(const char *value)
{
    const char *at = value;

    for (;; at++) {
        const unsigned char c = (unsigned char)*at;

        if (c > ',')
            continue;
        if (c == '\0')
            return (size_t)(at - value);
        if (c == '"' || c == ',' || c == '\r' || c == '\n')
            return NO_LENGTH;
    }
}

static void add_quoted(struct gw_text *out, const char *value, const char *apostrophe)
{
    gw_text_add(out, "\"");
    gw_text_add(out, apostrophe);
    for (const char *quote; (quote = strchr(value, '"')); value = quote + 1) {
        gw_text_append(out, value, (size_t)(quote - value) + 1);
        gw_text_add(out, "\"");
    }
    gw_text_add(out, value);
    gw_text_add(out, "\"");
}

void gw_csv_field(struct gw_text *out, const char *value, bool first, bool guard)
{
    if (!first)
        gw_text_append(out, ",", 1);
    if (!value || !*value)
        return;
    const char *apostrophe = guard && runs(value) ? "'" : "";
    const size_t length = plain_length(value);
    if (length == NO_LENGTH) {
        add_quoted(out, value, apostrophe);
        return;
    }
    if (*apostrophe)
        gw_text_append(out, apostrophe, 1);
    gw_text_append(out, value, length);
}

void gw_csv_end(struct gw_text *out)
{
    gw_text_add(out, "\n");
}
