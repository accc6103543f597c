/*
 * CSV files: RFC 4180 over libcsv. UTF-8, header line first.
 */
#ifndef GATEWAY_CORE_CSV_H
#define GATEWAY_CORE_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/core/arena.h"
#include "gateway/core/error.h"
#include "gateway/core/text.h"

struct gw_csv_record {
    unsigned line;       /* of its first character, 1-based */
    const char **fields; /* one for each header column; "" where empty */
};

struct gw_csv {
    const char *path;
    const char **header;
    size_t columns;
    struct gw_csv_record *records;
    size_t count;
};

/*
 * The whole file in the arena. LF or CRLF; a byte order mark is skipped. GW_ECONFIG "path:line: ..." for a wrong number
 * of fields, a stray quote, invalid UTF-8, a repeated or empty column name; GW_ECONFIG when it is not there.
 */
enum gw_status gw_csv_load(struct gw_arena *arena, const char *path, size_t max_bytes, struct gw_csv *out,
                           struct gw_error *err);

/* The index of a column, or -1. */
int gw_csv_column(const struct gw_csv *csv, const char *name);

/* Every name must be a column, in any order: fills index[]. GW_ECONFIG names the first that is missing. */
enum gw_status gw_csv_columns(const struct gw_csv *csv, const char *const *names, size_t count, int *index,
                              struct gw_error *err);

/* Append one field (quoted where RFC 4180 needs it). guard: a text that a spreadsheet would run gets a leading '. */
void gw_csv_field(struct gw_text *out, const char *value, bool first, bool guard);
void gw_csv_end(struct gw_text *out);

#endif
