/*
 * The clinical tables put together, and asked.
 */
#include <string.h>

#include "study/tables_parts.h"

struct gw_tables *tables_read(struct gw_arena *arena, const char *dir, const char *studies, const char *scale,
                              struct gw_findings *findings)
{
    struct gw_tables *const tables = gw_arena_alloc(arena, sizeof *tables);

    if (!tables)
        return NULL;
    labs_read(arena, dir, &tables->labs, findings);
    grades_read(arena, dir, scale, &tables->grades, findings);
    conditions_read(arena, dir, studies, &tables->conditions, findings);
    drugs_read(arena, dir, studies, &tables->drugs, findings);
    comorbidities_read(arena, dir, &tables->comorbidities, findings);
    procedures_read(arena, dir, &tables->procedures, findings);
    aliases_read(arena, dir, &tables->labs, &tables->aliases, findings);
    return tables;
}

enum gw_status gw_tables_load(struct gw_arena *arena, const char *dir, const char *tables_study,
                              const char *grade_scale, const struct gw_tables **out, struct gw_error *err)
{
    struct gw_findings findings = {.out = NULL};
    const char *const studies = gw_arena_copy(arena, tables_study, strlen(tables_study));
    const char *const scale = gw_arena_copy(arena, grade_scale, strlen(grade_scale));
    const struct gw_tables *const tables = studies && scale ? tables_read(arena, dir, studies, scale, &findings) : NULL;
    enum gw_status rc;

    if (!tables)
        return gw_fail(err, GW_ENOMEM, "study.tables", "%s: the tables do not fit the memory set for them", dir);
    rc = gw_findings_close(&findings, arena, dir, err);
    if (rc == GW_OK)
        *out = tables;
    return rc;
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
