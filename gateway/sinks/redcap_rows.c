/*
 * Rows as REDCap holds them: found by their row_id, compared by the digest that we wrote with them.
 *
 * Which instance a row has is known from REDCap alone, where the row's own id stands in it: so neither a restored
 * ledger nor a second run shifts one. A tombstone keeps its instance.
 */
#include "sinks/redcap_rows.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/core/digest.h"
#include "sinks/redcap_fields.h"
#include "sinks/redcap_wire.h"

enum { CELL_BYTES = 16, CONTENT_MAX_BYTES = 4 << 20, DIGEST_BYTES = (HELD_DIGEST_TEXT - 1) / 2 };

struct event *events_find(const struct events *events, const char *window)
{
    for (size_t i = 0; i < events->count; i++)
        if (strcmp(events->list[i].window, window) == 0)
            return &events->list[i];
    return NULL;
}

/* ---- digests --------------------------------------------------------------------------------------------------- */

/* REDCap may trim a text and write its line ends in its own way: neither counts. Nothing, said or not, is the same. */
static void add_content(struct gw_text *content, const char *cell)
{
    static const char blanks[] = " \t\r\n";
    size_t length;

    cell = cell && strcmp(cell, REDCAP_NOTHING) != 0 ? cell + strspn(cell, blanks) : "";
    length = strlen(cell);
    while (length > 0 && strchr(blanks, cell[length - 1]))
        length--;
    for (size_t i = 0; i < length; i++)
        if (cell[i] != '\r')
            gw_text_append(content, cell + i, 1);
    gw_text_append(content, "\x1f", 1);
}

static bool make_digest(struct gw_text *content, char out[HELD_DIGEST_TEXT])
{
    const bool fine = !content->failed;
    uint8_t bytes[GW_SHA256_BYTES];

    gw_sha256(content->at, content->length, bytes);
    gw_hex(bytes, DIGEST_BYTES, out);
    gw_text_release(content);
    return fine;
}

static bool digest_of_row(const struct gw_table *table, const struct gw_row *row, char out[HELD_DIGEST_TEXT])
{
    struct gw_text content = GW_TEXT_INIT(CONTENT_MAX_BYTES);
    char buffer[CELL_BYTES];

    for (size_t i = 0; i < table->column_count; i++)
        if (redcap_is_field(table, i))
            add_content(&content, gw_row_cell(table, row, i, buffer));
    return make_digest(&content, out);
}

static const char *held_cell(const struct gw_table *table, const cJSON *line, const char *column)
{
    char name[REDCAP_FIELD_BYTES];

    return wire_text(line, redcap_field(table, column, name));
}

bool held_digest(const struct gw_table *table, const cJSON *line, char out[HELD_DIGEST_TEXT])
{
    struct gw_text content = GW_TEXT_INIT(CONTENT_MAX_BYTES);

    for (size_t i = 0; i < table->column_count; i++)
        if (redcap_is_field(table, i))
            add_content(&content, held_cell(table, line, table->columns[i].name));
    return make_digest(&content, out);
}

void held_print(struct gw_text *out, const struct gw_table *table, const cJSON *line)
{
    const char *before = "{";

    for (size_t i = 0; i < table->column_count; i++) {
        const char *cell = redcap_is_field(table, i) ? held_cell(table, line, table->columns[i].name) : "";

        if (!*cell || strcmp(cell, REDCAP_NOTHING) == 0)
            continue;
        gw_text_print(out, "%s\"%s\":", before, table->columns[i].name);
        gw_json_quote(out, cell);
        before = ",";
    }
    gw_text_add(out, *before == '{' ? "{}" : "}");
}

bool held_is_ours(const struct gw_table *table, const cJSON *line)
{
    char digest[HELD_DIGEST_TEXT];

    return held_digest(table, line, digest) && strcmp(held_cell(table, line, REDCAP_WRITTEN), digest) == 0;
}

bool held_is(const struct gw_table *table, const cJSON *line, const struct gw_row *row)
{
    char wanted[HELD_DIGEST_TEXT];

    return digest_of_row(table, row, wanted) && strcmp(held_cell(table, line, REDCAP_WRITTEN), wanted) == 0;
}

bool held_is_withdrawn(const struct gw_table *table, const cJSON *line)
{
    return strcmp(held_cell(table, line, "status"), "withdrawn") == 0;
}

/* ---- what is there --------------------------------------------------------------------------------------------- */

static bool is_instance(const struct gw_table *table, const cJSON *line)
{
    return strcmp(wire_text(line, "redcap_repeat_instrument"), table->name) == 0;
}

static long instance_of(const cJSON *line)
{
    return strtol(wire_text(line, "redcap_repeat_instance"), NULL, 10);
}

static int by_row_id(const void *a, const void *b)
{
    return strcmp(((const struct held *)a)->row_id, ((const struct held *)b)->row_id);
}

bool held_read(struct gw_arena *arena, const struct gw_table *table, const cJSON *answer, struct helds *out)
{
    *out = (struct helds){0};
    GW_JSON_EACH (line, answer) {
        const char *row_id = held_cell(table, line, "row_id");
        struct held *held;

        if (!is_instance(table, line) || !*row_id)
            continue;
        held = GW_ARENA_PUSH(arena, out->list, out->count, out->capacity);
        if (!held)
            return false;
        *held = (struct held){row_id, wire_text(line, "redcap_event_name"), instance_of(line), line};
    }
    if (out->count > 0)
        qsort(out->list, out->count, sizeof *out->list, by_row_id);
    return true;
}

const struct held *held_find(const struct helds *helds, const char *row_id)
{
    const struct held wanted = {.row_id = row_id};

    return helds->count ? bsearch(&wanted, helds->list, helds->count, sizeof wanted, by_row_id) : NULL;
}

void events_count(const struct events *events, const struct gw_table *table, const cJSON *answer)
{
    for (size_t i = 0; i < events->count; i++)
        events->list[i].last = 0;
    GW_JSON_EACH (line, answer)
        for (size_t i = 0; is_instance(table, line) && i < events->count; i++)
            if (strcmp(events->list[i].name, wire_text(line, "redcap_event_name")) == 0 &&
                instance_of(line) > events->list[i].last)
                events->list[i].last = instance_of(line);
}

/* ---- lines of an import ---------------------------------------------------------------------------------------- */

static void print_member(struct gw_text *out, const char *name, const char *value)
{
    gw_text_print(out, ",\"%s\":", name);
    gw_json_quote(out, value);
}

static void print_cell(struct gw_text *out, const struct gw_table *table, const struct gw_row *row, size_t column,
                       const cJSON *held)
{
    char name[REDCAP_FIELD_BYTES], buffer[CELL_BYTES];
    const char *cell = gw_row_cell(table, row, column, buffer);

    redcap_field(table, table->columns[column].name, name);
    if (cell && *cell)
        print_member(out, name, cell);
    else if (held && *wire_text(held, name))
        print_member(out, name, REDCAP_NOTHING);
}

void row_print(struct gw_text *out, const struct gw_table *table, const struct gw_row *row, const struct held *place,
               const cJSON *held)
{
    char name[REDCAP_FIELD_BYTES], digest[HELD_DIGEST_TEXT];

    gw_text_add(out, "{\"" REDCAP_RECORD "\":");
    gw_json_quote(out, row->subject_key);
    print_member(out, "redcap_event_name", place->event);
    print_member(out, "redcap_repeat_instrument", table->name);
    gw_text_print(out, ",\"redcap_repeat_instance\":%ld", place->instance);
    for (size_t i = 0; i < table->column_count; i++)
        if (redcap_is_field(table, i))
            print_cell(out, table, row, i, held);
    out->failed |= !digest_of_row(table, row, digest);
    print_member(out, redcap_field(table, REDCAP_WRITTEN, name), digest);
    gw_text_add(out, "}");
}
