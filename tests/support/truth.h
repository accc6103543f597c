/*
 * Planted truth beside what `map` wrote for one hospital: tables of both by name and key, and the parts of a cohort
 * (scripts/cohort.d/README.md). Rows are looked for both ways, and what was compared is counted.
 */
#ifndef SUPPORT_TRUTH_H
#define SUPPORT_TRUTH_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/core/arena.h"
#include "gateway/core/csv.h"

extern struct gw_arena truth_arena; /* of all that is loaded and printed here; the caller releases it */
extern const char *truth_site;      /* the hospital in question */

struct truth_table {
    struct gw_csv csv;
    struct truth_row {
        const char *key;
        const char **fields;
    } * rows; /* by key */
    size_t count;
};

typedef const char *truth_key(const struct truth_table *t, const char **fields); /* NULL: leave the row out */

struct truth_table truth_load(const char *path, truth_key *key);
const char *truth_field(const struct truth_table *t, const char **fields, const char *name); /* fails: no such column */
const char **truth_find(const struct truth_table *t, const char *key);                       /* NULL: none */

const char *truth_row_key(const struct truth_table *t, const char **fields); /* row_id */

/* Fail unless they are the same text; counted in truth_compared. */
void truth_expect(const char *key, const char *what, const char *got, const char *wanted);
extern size_t truth_compared;

/* What was compared, by name. */
void truth_count(const char *name);
size_t truth_counted(const char *name);
void truth_print_counts(void);

struct truth_run { /* what map wrote for the hospital */
    const char *out;
    struct truth_table parts, observations, items, events;
    struct truth_table sources; /* parts by the id that the study has of their resource */
};

struct truth_run truth_read(const char *out, const char *study);

/*
 * One kind of row. The truth's columns are those of the product's table, but for `subject`, which is its subject_key;
 * what else it calls otherwise `cell` finds.
 */
struct truth_kind {
    const char *name;    /* in expected-<name>-1.csv */
    const char *output;  /* "study/windows.csv" */
    const char *keys[6]; /* columns that tell its rows apart, beside the subject; NULL ends them */
    bool (*takes)(const struct truth_table *t, const char **fields); /* rows of the output; NULL: all */
    /* What the output says in a column of the truth; wanted NULL: of a key. NULL: its own column of that name. */
    const char *(*cell)(const struct truth_run *run, const struct truth_table *output, const char **fields,
                        const char *column, const char *wanted);
    const char *count_by; /* a column of the output whose words are counted apart; NULL: the kind is counted */
    const char *lenient;  /* a column that is compared only where the truth fills it; NULL: none */
};

/* Every row of the hospital's subjects in FOLDER/expected-<name>-<number>.csv, and no other. */
void truth_check_kind(const struct truth_run *run, const struct truth_kind *kind, const char *folder, size_t number);

/* A cell of ae_episodes or what hangs on it: `parent` is category and onset of the event it belongs to, `source` is
 * "Observation/o-1". */
const char *truth_event_cell(const struct truth_run *run, const struct truth_table *output, const char **fields,
                             const char *column, const char *wanted);

/* Every part of the hospital that the truth tells, and no other: state, reason, rows of its values, exceptions. */
void truth_check_parts(const struct truth_run *run, const char *path);

#endif
