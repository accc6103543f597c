/*
 * ae-evidence.csv against the tables it names: categories, concepts with grades, drugs and their roles, procedures.
 *
 * Source: mappings/RULES.md 12.
 */
#include <string.h>

#include "study/lint_parts.h"
#include "study/sheet.h"

enum { SUBSTANCE, ROLE, COLUMNS };
static const char *const columns[COLUMNS] = {"substance", "role"};

struct names {
    const char **items;
    size_t count;
    size_t capacity;
};

struct known { /* the names a row of evidence may use, of all studies */
    struct names categories, concepts, substances, roles, procedures;
    bool failed;
};

static void add(struct lint *l, struct known *known, struct names *names, const char *name)
{
    const char **slot;

    if (gw_is_among(names->items, names->count, name))
        return;
    slot = GW_ARENA_PUSH(l->arena, names->items, names->count, names->capacity);
    if (slot)
        *slot = name;
    else
        known->failed = true;
}

/* The rows of every study: evidence is shared, though a package takes only its own drugs. */
static void read_drugs(struct lint *l, struct known *known)
{
    struct gw_findings told_already = {.out = NULL};
    struct sheet sheet;

    if (!sheet_open(&sheet, l->arena, l->common, "medications.csv", columns, COLUMNS, &told_already))
        return;
    while (sheet_next(&sheet)) {
        add(l, known, &known->substances, sheet_text(&sheet, SUBSTANCE));
        add(l, known, &known->roles, sheet_text(&sheet, ROLE));
    }
}

static void read_known(struct lint *l, struct known *known)
{
    const struct gw_tables *const tables = l->tables;

    add(l, known, &known->categories, GW_CATEGORY_OTHER);
    for (size_t i = 0; i < tables->conditions.count; i++)
        add(l, known, &known->categories, tables->conditions.rows[i].category);
    for (size_t i = 0; i < tables->labs.count; i++)
        add(l, known, &known->concepts, tables->labs.rows[i].concept);
    for (size_t i = 0; i < tables->procedures.count; i++)
        add(l, known, &known->procedures, gw_procedure_kind_name(tables->procedures.rows[i].kind));
    read_drugs(l, known);
}

static const char *path_of(struct lint *l)
{
    return gw_arena_print(l->arena, "%s/ae-evidence.csv", l->common);
}

static void check_name(struct lint *l, const struct gw_ae_evidence *row, const struct names *names, const char *name,
                       const char *what)
{
    const char *const path = path_of(l);

    if (path && !gw_is_among(names->items, names->count, name))
        gw_findings_add(&l->findings, path, row->line, "\"%s\" is no %s; %s", name, what,
                        lint_advice(l, name, names->items, names->count, "name one, or take the row out"));
}

static void check_grades(struct lint *l, const struct gw_ae_evidence *row)
{
    const char *const path = path_of(l);
    const struct gw_grade_row *grades;
    const size_t count = gw_tables_grades_of(l->tables, row->key, &grades);

    for (size_t i = 0; i < count; i++)
        if (grades[i].direction == row->direction)
            return;
    if (path && l->tables->grades.count > 0)
        gw_findings_add(&l->findings, path, row->line,
                        "%s has no grade in direction %s in ctcae-lab-grades.csv; correct the direction, or make it of "
                        "kind range",
                        row->key, row->direction == GW_LOW ? "LOW" : "HIGH");
}

static void check_key(struct lint *l, const struct known *known, const struct gw_ae_evidence *row)
{
    switch (row->kind) {
    case GW_AE_LAB:
    case GW_AE_RANGE:
    case GW_AE_VITAL:
    case GW_AE_OBSERVATION:
        check_name(l, row, &known->concepts, row->key, "concept of loinc-labs.csv");
        if (row->kind == GW_AE_LAB && gw_is_among(known->concepts.items, known->concepts.count, row->key))
            check_grades(l, row);
        return;
    case GW_AE_DRUG_ROLE:
        check_name(l, row, &known->roles, row->key, "role of medications.csv");
        return;
    case GW_AE_DRUG:
        check_name(l, row, &known->substances, row->key, "substance of medications.csv");
        return;
    case GW_AE_PROCEDURE:
        check_name(l, row, &known->procedures, row->key, "category of procedures.csv");
        return;
    case GW_AE_CONDITION:
        return;
    }
}

void lint_evidence(struct lint *l)
{
    struct known known = {.failed = false};

    read_known(l, &known);
    for (size_t i = 0; i < l->rules.evidence_count && !known.failed; i++) {
        const struct gw_ae_evidence *const row = &l->rules.evidence[i];

        check_name(l, row, &known.categories, row->category, "category of ae-conditions.csv");
        check_key(l, &known, row);
        if (row->unless && strcmp(row->unless, "diagnosis") != 0)
            check_name(l, row, &known.concepts, row->unless, "concept of loinc-labs.csv");
        if (row->with)
            check_name(l, row, &known.roles, row->with, "role of medications.csv");
    }
    if (known.failed)
        gw_findings_no_memory(&l->findings, l->common);
}
