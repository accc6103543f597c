/*
 * Changes of a shipment as arrays of rows, one a table and kind, and the statements that carry them.
 *
 *      writing_clear ──> writing_add (a change, a refusal) ... ──> writing_statements ──> gw_postgres_run
 */
#ifndef SINKS_POSTGRES_ROWS_H
#define SINKS_POSTGRES_ROWS_H

#include "gateway/net/postgres.h"
#include "gateway/study/derive.h"
#include "sinks/postgres_sql.h"

struct writing {
    char *sql[GW_TABLE_COUNT][SQL_WRITE_COUNT];
    struct gw_text rows[GW_TABLE_COUNT][SQL_WRITE_COUNT];
    struct gw_text over[GW_TABLE_COUNT];
    const char *values[GW_TABLE_COUNT][SQL_WRITE_COUNT][SQL_VALUE_COUNT];
    size_t count[GW_TABLE_COUNT][SQL_WRITE_COUNT];
};

enum gw_status writing_new(struct writing **out, struct gw_error *err);
void writing_free(struct writing *writing); /* NULL is nothing */

void writing_clear(struct writing *writing);
void writing_add(struct writing *writing, const struct gw_change *change,
                 bool fresh); /* nothing is there of the subject */
/* Adds first, as the tables are declared; at most SQL_WRITE_COUNT * GW_TABLE_COUNT. Returns how many; GW_ENOMEM: too
 * much at once. */
enum gw_status writing_statements(struct writing *writing, const char *shipment, struct gw_postgres_statement *out,
                                  size_t *count, struct gw_error *err);

/* An answer of all columns of a table, in declared order from column `first` on, as rows. False: no memory. */
bool rows_take(struct gw_rows *rows, struct gw_arena *arena, const struct gw_table *table, const PGresult *answer,
               int first);

/* An array literal, element by element: array_begin, array_add ..., array_end. NULL is a null. */
void array_begin(struct gw_text *array);
void array_add(struct gw_text *array, const char *element);
void array_end(struct gw_text *array);

#endif
