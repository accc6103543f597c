/*
 * The parts of the clinical tables: each is read by its own file, tables.c puts them together.
 */
#ifndef STUDY_TABLES_PARTS_H
#define STUDY_TABLES_PARTS_H

#include "gateway/core/findings.h"
#include "gateway/study/dosing.h"
#include "gateway/study/tables.h"

struct lab_rows {
    const char *path;
    const struct gw_lab *rows; /* file order */
    size_t count;
    const struct gw_lab **by_code; /* sorted by LOINC code */
    const char **units;            /* every accepted unit of any row, sorted, once each */
    size_t unit_count;
    const char **concepts; /* sorted, once each: the place is the concept's number */
    size_t concept_count;
};

struct grade_rows {
    const char *path;
    const struct gw_grade_row *rows; /* the rows of one concept together, concepts in order of first appearance */
    size_t count;
};

struct condition_rows {
    const char *path;
    const struct gw_condition_row *rows; /* file order */
    size_t count;
};

struct drug_rows {
    const struct gw_drug_row *rows; /* of this study, file order */
    size_t count;
};

struct comorbidity_rows {
    const struct gw_comorbidity *rows; /* file order */
    size_t count;
};

struct procedure_rows {
    const char *path;
    const struct gw_procedure_row *rows; /* file order */
    size_t count;
};

struct unit_aliases {
    const char *path;
    const struct unit_alias *rows; /* sorted by text */
    size_t count;
};

struct unit_alias {
    const char *text;
    const char *code;
    unsigned line; /* in its file */
};

struct gw_tables {
    struct lab_rows labs;
    struct grade_rows grades;
    struct condition_rows conditions;
    struct drug_rows drugs;
    struct comorbidity_rows comorbidities;
    struct procedure_rows procedures;
    struct unit_aliases aliases;
    struct gw_dosing dosing;
};

/* Each reads its file of `dir` into its part; what is wrong becomes findings, and the rows that are right are kept. */
void labs_read(struct gw_arena *arena, const char *dir, struct lab_rows *out, struct gw_findings *findings);
void grades_read(struct gw_arena *arena, const char *dir, const char *scale, struct grade_rows *out,
                 struct gw_findings *findings);
void conditions_read(struct gw_arena *arena, const char *dir, const char *studies, struct condition_rows *out,
                     struct gw_findings *findings);
void drugs_read(struct gw_arena *arena, const char *dir, const char *studies, struct drug_rows *out,
                struct gw_findings *findings);
void comorbidities_read(struct gw_arena *arena, const char *dir, struct comorbidity_rows *out,
                        struct gw_findings *findings);
void procedures_read(struct gw_arena *arena, const char *dir, struct procedure_rows *out, struct gw_findings *findings);
void dosing_read(struct gw_arena *arena, const char *dir, struct gw_dosing *out, struct gw_findings *findings);
void aliases_read(struct gw_arena *arena, const char *dir, const struct lab_rows *labs, struct unit_aliases *out,
                  struct gw_findings *findings);

struct table_choice {              /* whose rows */
    const char *studies;           /* of the drugs: tables_study */
    const char *condition_studies; /* of the diagnoses: ae.tables_study, else the same */
    const char *scale;
};

/* All of them. NULL: the arena is used up, which is a finding. */
struct gw_tables *tables_read(struct gw_arena *arena, const char *dir, const struct table_choice *choice,
                              struct gw_findings *findings);

const struct gw_lab *labs_find(const struct lab_rows *labs, const char *loinc);
int labs_concept(const struct lab_rows *labs, const char *concept); /* its number; -1: none */
bool labs_know_unit(const struct lab_rows *labs, const char *unit); /* some row accepts it */

/* The alias of a text in a sorted list, blanks around the text aside; NULL: none. */
const char *alias_find(const struct unit_alias *rows, size_t count, const char *text);
int alias_order(const void *a, const void *b); /* for qsort */

/* True when the digit after the hyphen is the check digit of what stands before it. */
bool loinc_check_digit(const char *code);

/* Read "10*9/L=1|10*3/uL=1|K=affine:x-273.15". False: *reason says what is wrong, in words for the file's author. */
bool factors_read(struct gw_arena *arena, const char *text, struct gw_unit_factor **out, size_t *count,
                  const char **reason);
const struct gw_unit_factor *factor_of(const struct gw_lab *lab, const char *unit); /* NULL: not accepted */

#endif
