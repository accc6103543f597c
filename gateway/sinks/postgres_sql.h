/*
 * The sentences of a PostgreSQL study database, made from the column descriptors: there is no second list of columns.
 */
#ifndef SINKS_POSTGRES_SQL_H
#define SINKS_POSTGRES_SQL_H

#include "gateway/core/text.h"
#include "gateway/study/rows.h"

/* "name", its quotes doubled. Appended, as all that follows. */
void sql_name(struct gw_text *out, const char *name);
/* 'text', for identity rows alone: values of study data are always parameters. */
void sql_literal(struct gw_text *out, const char *text);

const char *sql_type(enum gw_column_type type);
/* Tables of one release of the schema: all of rows.def, and ours. */
void sql_create_tables(struct gw_text *out);

/*
 * Rows of one table out of arrays, $1 .. $n one a column in declared order; $n+1 is the shipment. A row is written only
 * for a subject whose receipt bears the shipment. adds: new rows and tombstones that come back; else rows that are
 * there. A row that is not as we wrote it, or not there, is left alone and noted as a refusal.
 */
void sql_write_rows(struct gw_text *out, const struct gw_table *table, bool adds);
/* Rows that are not as we wrote them: table, subject_key, row_id. */
void sql_find_touched(struct gw_text *out, const struct gw_table *table);
/* All columns, in declared order, of all rows, by subject and row id. */
void sql_select_rows(struct gw_text *out, const struct gw_table *table);

#endif
