/*
 * Counting by name. Names are few (codes, categories, states): they are looked up one by one.
 */
#include "cli/tally.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/core/csv.h"

#define FILE_MAX_BYTES ((size_t)256 << 20)

void tally_add(struct tally *tally, const char *name, int64_t count)
{
    struct tally_line *line = tally->lines;

    while (line < tally->lines + tally->count && strcmp(line->name, name) != 0)
        line++;
    if (!line || line == tally->lines + tally->count) {
        line = GW_ARENA_PUSH(tally->arena, tally->lines, tally->count, tally->capacity);
        if (!line)
            output_no_memory();
        line->name = name;
    }
    line->count += count;
}

static int compare_lines(const void *a, const void *b)
{
    const struct tally_line *left = a, *right = b;

    if (left->count != right->count)
        return left->count < right->count ? 1 : -1;
    return strcmp(left->name, right->name);
}

void tally_sort(struct tally *tally)
{
    if (tally->count > 1)
        qsort(tally->lines, tally->count, sizeof *tally->lines, compare_lines);
}

void tally_print(const struct tally *tally, const struct output *output, const char *names, const char *counts,
                 size_t limit)
{
    const struct column columns[] = {{names, false}, {counts, true}};
    const size_t shown = limit && limit < tally->count ? limit : tally->count;
    struct table *table = table_new(output, columns, 2);

    for (size_t i = 0; i < shown; i++) {
        table_text(table, tally->lines[i].name);
        table_number(table, tally->lines[i].count);
    }
    table_print(table);
    if (shown < tally->count)
        fprintf(output->out, "... and %zu more\n", tally->count - shown);
}

cJSON *tally_json(const struct tally *tally)
{
    cJSON *object = cJSON_CreateObject();

    for (size_t i = 0; i < tally->count; i++)
        cJSON_AddNumberToObject(object, tally->lines[i].name, (double)tally->lines[i].count);
    return object;
}

enum gw_status tally_read_csv(struct tally *tally, const char *path, const char *column, struct gw_error *err)
{
    struct gw_csv csv;
    int index;
    enum gw_status rc = gw_csv_load(tally->arena, path, FILE_MAX_BYTES, &csv, err);

    if (rc == GW_OK)
        rc = gw_csv_columns(&csv, &column, 1, &index, err);
    for (size_t i = 0; rc == GW_OK && i < csv.count; i++)
        tally_add(tally, csv.records[i].fields[index], 1);
    return rc;
}
