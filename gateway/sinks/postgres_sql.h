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
#define SQL_COLUMNS_MAX 64 /* of any table */
/* One of the tables of rows.def, and one of those that are ours: identity, receipts, changes. Each ends ";\n". */
void sql_create_table(struct gw_text *out, const struct gw_table *table);

struct sql_own_table {
    const char *name;
    const char *definition;
    const char *rights; /* what a role needs that does no more than deliver */
    const char *meaning;
};

#define SQL_OWN_TABLES 8
extern const struct sql_own_table sql_own_tables[SQL_OWN_TABLES];
void sql_create_own_table(struct gw_text *out, const struct sql_own_table *table);

/*
 * Columns that a table of an older release lacks; then the digests of its rows that nobody touched, which stand for
 * the row without them. there: of each column.
 */
void sql_add_columns(struct gw_text *out, const struct gw_table *table, const bool *there);

/*
 * The type in which rows of a table arrive, for their columns in declared order: those of the table itself may stand in
 * another, behind columns of an earlier release. Each sentence ends ";\n".
 */
void sql_create_row_type(struct gw_text *out, const struct gw_table *table);
void sql_drop_row_type(struct gw_text *out, const struct gw_table *table);
#define SQL_ROW_TYPE_END "_row"
void sql_row_type(struct gw_text *out, const struct gw_table *table); /* its name: the table's, and that */

/*
 * Rows of one table out of an array of them. A row is written only for a subject whose receipt bears the shipment. A
 * row that is not as we wrote it, or that should be there and is not, is left alone and noted as a refusal. What
 * becomes of the others is noted in changes, but for those of SQL_FRESH.
 */
enum sql_value { /* of the sentence, in order: $1, ... */
                 SQL_VALUE_ROWS,
                 SQL_VALUE_SHIPMENT,
                 SQL_VALUE_OVER, /* of SQL_FORCED alone */
                 SQL_VALUE_COUNT,
};
enum sql_write {
    SQL_FRESH,   /* of a subject of whom nothing is there: at a third of the cost */
    SQL_ADDS,    /* new rows, and tombstones that come back; a tombstone takes away what there is, if anything */
    SQL_CHANGES, /* of rows that are there, withdrawals too */
    SQL_FORCED,  /* the same over what a person typed, if its digest is the one at the row's place in a second array */
};
#define SQL_WRITE_COUNT (SQL_FORCED + 1)
void sql_write_rows(struct gw_text *out, const struct gw_table *table, enum sql_write what);
/* Rows that are not as we wrote them, of the subjects $1 (null: of all): table, subject_key, row_id, digest, and what
 * is there as a JSON object. */
void sql_find_touched(struct gw_text *out, const struct gw_table *table);
/* Of rows out of two arrays, subject_key and row_id, those that are not there, as refusals: table, subject_key, row_id,
 * kind, reason. */
void sql_find_missing(struct gw_text *out, const struct gw_table *table);
/* Behind the table's name all columns, in declared order, of the rows of subject $1 that are as we wrote them; no
 * tombstones. */
void sql_select_ours(struct gw_text *out, const struct gw_table *table);
/* All columns, in declared order, of the rows of subject $1, by row id. */
void sql_select_rows(struct gw_text *out, const struct gw_table *table);

#endif
