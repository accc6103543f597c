/*
 * Counts by name: open exceptions by code, adverse events by category, windows by state.
 */
#ifndef CLI_TALLY_H
#define CLI_TALLY_H

#include "cli/output.h"
#include "gateway/core/arena.h"

struct tally_line {
    const char *name;
    int64_t count;
};

struct tally {
    struct gw_arena *arena;
    struct tally_line *lines;
    size_t count;
    size_t capacity;
};

/* Names are borrowed. */
void tally_add(struct tally *tally, const char *name, int64_t count);

/* The most first, then by name. */
void tally_sort(struct tally *tally);

/* The first lines (limit 0: all) under these headings, and a line that says how many more there are. */
void tally_print(const struct tally *tally, const struct output *output, const char *names, const char *counts,
                 size_t limit);
cJSON *tally_json(const struct tally *tally); /* an object, in the order of the lines */

/* One of our own CSV files by the values of a column. GW_EINPUT when it has no such column. */
enum gw_status tally_read_csv(struct tally *tally, const char *path, const char *column, struct gw_error *err);

#endif
