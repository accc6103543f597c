/*
 * Rows of before and the sources they name, as these are now. Private to the study room.
 */
#ifndef STUDY_FORMER_H
#define STUDY_FORMER_H

#include "study/engine.h"

struct source { /* of a row of before, as it is now */
    const char *hash;
    size_t fact;
    const char **rows; /* of before, that are others now or gone */
    size_t row_count, row_capacity;
};

struct sources { /* by hash; made when the first is looked for */
    struct source *list;
    size_t count;
};

/* The newest version of the resource that a line of provenance names; NULL: the subject has it no more. */
struct source *former_source(struct engine *e, struct sources *sources, const char *hash);

/* The version of the resource of fact `newest` that a line of provenance names, by its index; fact_count: no longer
 * kept. */
size_t former_version(struct engine *e, size_t newest, const char *content);

/* The subject's row; NULL: none. */
const struct gw_row_subjects *former_subject(const struct gw_rows *rows);

/* D1, end of treatment, death and withdrawal are the same days. */
bool former_same_anchors(const struct gw_row_subjects *was, const struct gw_row_subjects *is);

struct run { /* of rows, one after the other */
    struct gw_row **rows;
    size_t count;
};

/* Of sorted rows those whose id is this one, a letter and more: the lines of a row by '|', the rows of a value by '@',
 * evidence and grades of an event by '|'. */
struct run former_run(const struct gw_row_list *list, const char *id, char letter);

/* The lines of provenance among `rows` (sorted) whose of_row this is; other tables may have a row of the same id. */
static inline struct run former_lines(const struct gw_rows *rows, const char *of_row)
{
    return former_run(&rows->tables[GW_TABLE_provenance], of_row, '|');
}

/* Copies of a row, and of the lineage of a row among `rows` (sorted), put behind those of the engine. */
void former_keep(struct engine *e, enum gw_table_id table, const struct gw_row *row);
void former_keep_lines(struct engine *e, const struct gw_rows *rows, const char *table, const char *of_row);

#endif
