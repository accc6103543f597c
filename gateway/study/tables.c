/*
 * The clinical tables put together, and asked.
 */
#include <string.h>

#include "gateway/study/package.h"
#include "study/tables_parts.h"

struct gw_tables *tables_read(struct gw_arena *arena, const char *dir, const struct table_choice *choice,
                              struct gw_findings *findings)
{
    struct gw_tables *const tables = gw_arena_alloc(arena, sizeof *tables);

    if (!tables) {
        gw_findings_no_memory(findings, dir);
        return NULL;
    }
    labs_read(arena, dir, &tables->labs, findings);
    grades_read(arena, dir, choice->scale, &tables->grades, findings);
    conditions_read(arena, dir, choice->condition_studies, &tables->conditions, findings);
    drugs_read(arena, dir, choice->studies, &tables->drugs, findings);
    comorbidities_read(arena, dir, &tables->comorbidities, findings);
    procedures_read(arena, dir, &tables->procedures, findings);
    aliases_read(arena, dir, &tables->labs, &tables->aliases, findings);
    dosing_read(arena, dir, &tables->dosing, findings);
    return tables;
}

static enum gw_status load(struct gw_arena *arena, const char *dir, const struct table_choice *choice,
                           const struct gw_tables **out, struct gw_error *err)
{
    struct gw_findings findings = {.out = NULL};
    const struct gw_tables *const tables = tables_read(arena, dir, choice, &findings);
    const enum gw_status rc = gw_findings_close(&findings, arena, dir, err);

    if (rc == GW_OK)
        *out = tables;
    return rc;
}

enum gw_status gw_tables_load(struct gw_arena *arena, const char *dir, const char *tables_study,
                              const char *grade_scale, const struct gw_tables **out, struct gw_error *err)
{
    const char *const scale = gw_arena_copy(arena, grade_scale, strlen(grade_scale)); /* each of its rows names it */

    if (!scale)
        return gw_fail(err, GW_ENOMEM, "study.tables", "%s: the tables do not fit the memory set for them", dir);
    return load(arena, dir, &(const struct table_choice){tables_study, tables_study, scale}, out, err);
}

enum gw_status gw_tables_load_for(struct gw_arena *arena, const char *dir, const struct gw_study *study,
                                  const struct gw_tables **out, struct gw_error *err)
{
    const struct table_choice choice = {study->tables_study, study->condition_tables_study, study->grade_scale};

    return load(arena, dir, &choice, out, err);
}

const struct gw_lab *gw_tables_lab(const struct gw_tables *tables, const char *loinc)
{
    return labs_find(&tables->labs, loinc);
}

size_t gw_tables_labs(const struct gw_tables *tables, const struct gw_lab **rows)
{
    *rows = tables->labs.rows;
    return tables->labs.count;
}

size_t gw_tables_concepts(const struct gw_tables *tables)
{
    return tables->labs.concept_count;
}

int gw_tables_concept(const struct gw_tables *tables, const char *concept)
{
    return labs_concept(&tables->labs, concept);
}

size_t gw_tables_grades(const struct gw_tables *tables, const struct gw_grade_row **rows)
{
    *rows = tables->grades.rows;
    return tables->grades.count;
}

size_t gw_tables_grades_of(const struct gw_tables *tables, const char *concept, const struct gw_grade_row **rows)
{
    const struct gw_grade_row *row = tables->grades.rows, *const end = row + tables->grades.count;

    while (row < end && strcmp(row->concept, concept) != 0)
        row += row->together;
    *rows = row;
    return row < end ? row->together : 0;
}

const char *gw_tables_unit_alias(const struct gw_tables *tables, const char *text)
{
    return text ? alias_find(tables->aliases.rows, tables->aliases.count, text) : NULL;
}

const struct gw_dosing *gw_tables_dosing(const struct gw_tables *tables)
{
    return &tables->dosing;
}
