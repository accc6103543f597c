/*
 * The rows a subject has in the study database, and everything that follows from their columns: structs, descriptors,
 * comparison, text form. The one list of columns is rows.def.
 *
 * A cell is NULL, GW_NULL_INTEGER or false when it is empty. Texts are borrowed from the arena the row was made in.
 */
#ifndef GATEWAY_STUDY_ROWS_H
#define GATEWAY_STUDY_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/core/arena.h"
#include "gateway/core/error.h"
#include "gateway/core/text.h"

#define GW_NULL_INTEGER INT32_MIN

typedef const char *gw_cell_id;
typedef const char *gw_cell_text;
typedef const char *gw_cell_enumerated;
typedef const char *gw_cell_date;
typedef const char *gw_cell_datetime;
typedef const char *gw_cell_decimal;
typedef const char *gw_cell_list; /* sorted, joined by ";" */
typedef int32_t gw_cell_integer;
typedef bool gw_cell_boolean;

enum gw_column_type {
    GW_COLUMN_id,
    GW_COLUMN_text,
    GW_COLUMN_enumerated,
    GW_COLUMN_date,
    GW_COLUMN_datetime,
    GW_COLUMN_decimal,
    GW_COLUMN_list,
    GW_COLUMN_integer,
    GW_COLUMN_boolean,
};

#define GW_TABLE(table)                                      struct gw_row_##table {
#define GW_COLUMN(table, column, type, values, stamp, cdisc) gw_cell_##type column;
#define GW_TABLE_END(table)                                                                                            \
    }                                                                                                                  \
    ;
#include "gateway/study/rows.def"
#undef GW_TABLE
#undef GW_COLUMN
#undef GW_TABLE_END

enum gw_table_id {
#define GW_TABLE(table) GW_TABLE_##table,
#define GW_COLUMN(table, column, type, values, stamp, cdisc)
#define GW_TABLE_END(table)
#include "gateway/study/rows.def"
#undef GW_TABLE
#undef GW_COLUMN
#undef GW_TABLE_END
    GW_TABLE_COUNT
};

struct gw_column {
    const char *name;
    enum gw_column_type type;
    const char *values; /* "active|provisional|withdrawn", else "" */
    bool stamp;
    const char *cdisc; /* "" where there is none */
    size_t offset;     /* in the row's struct */
};

#define GW_KEY_COLUMNS 5

struct gw_table {
    enum gw_table_id id;
    const char *name;
    const struct gw_column *columns; /* the first GW_KEY_COLUMNS are row_id, subject_key, study, site, status in all */
    size_t column_count;
    size_t row_size;
};

const struct gw_table *gw_table_of(enum gw_table_id id);
enum gw_table_id gw_table_named(const char *name); /* GW_TABLE_COUNT: none; of another release perhaps */

/* Every table begins with these cells, so any row can be read as one. */
struct gw_row {
    gw_cell_id row_id;
    gw_cell_id subject_key;
    gw_cell_text study;
    gw_cell_text site;
    gw_cell_enumerated status;
};

struct gw_row_list {
    struct gw_row **rows;
    size_t count;
    size_t capacity;
};

/* All rows of one subject. */
struct gw_rows {
    struct gw_row_list tables[GW_TABLE_COUNT];
};

/* A new row, its integers null and its other cells empty. NULL: the arena's limit. */
struct gw_row *gw_rows_add(struct gw_rows *rows, struct gw_arena *arena, enum gw_table_id table);

/* Sort each table by row_id. Two rows of one id are a defect of the derivation (asserted). */
void gw_rows_sort(struct gw_rows *rows);
struct gw_row *gw_rows_find(const struct gw_rows *rows, enum gw_table_id table, const char *row_id); /* sorted rows */

/* Equal in every cell that is no stamp. */
bool gw_row_equal(enum gw_table_id table, const struct gw_row *a, const struct gw_row *b);

/* A cell as text: integers printed, booleans "Y"; NULL when empty. buffer holds at least 12 bytes. */
const char *gw_row_cell(const struct gw_table *table, const struct gw_row *row, size_t column, char *buffer);

/*
 * The rows as text, for the ledger's record of what was delivered: one line a row, table name first, cells separated by
 * tabs, empty as nothing, backslash escapes for tab, newline and backslash. Stamps included. Reads back to equal rows;
 * a line of an unknown table or with cells missing at its end (an older release) reads as far as it goes.
 */
void gw_rows_write(const struct gw_rows *rows, struct gw_text *out);
enum gw_status gw_rows_read(struct gw_arena *arena, const char *text, size_t length, struct gw_rows *out,
                            struct gw_error *err);

#endif
