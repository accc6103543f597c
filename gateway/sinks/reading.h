/*
 * The study database read one subject after the other, from one snapshot of it. Private to the sinks.
 *
 *      open ──> next subject ──> load a table, another one ... ──> next subject ──> end
 *        └────────────────────── again from the first ───────────────────┘
 *
 * What is loaded lives until the next subject, so that memory is bounded by the largest one.
 */
#ifndef SINKS_READING_H
#define SINKS_READING_H

#include "sinks/database.h"

struct reading {
    struct database database;
    sqlite3_stmt *subjects, *select[GW_TABLE_COUNT];
    const char *subject_key; /* of the subject at hand; NULL: none */
    struct gw_arena arena;   /* of the subject at hand */
    struct gw_rows rows;     /* what was loaded of it, by row_id */
    bool loaded[GW_TABLE_COUNT];
    struct gw_error *err;
};

/* GW_ENOINPUT, GW_ECONFIG, GW_EBUSY as database_open_read. Close it after a failure too. */
enum gw_status reading_open(struct reading *reading, const char *path, struct gw_error *err);
void reading_close(struct reading *reading);

/* The next subject; its subject_key is NULL behind the last one, and the one after that is the first again. */
enum gw_status reading_next(struct reading *reading);

/* The subject's rows of a table that are not withdrawn; a table that was loaded before is not read again. */
enum gw_status reading_load(struct reading *reading, enum gw_table_id table);

#endif
