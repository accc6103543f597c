/*
 * Units: one concept has one canonical unit, a spelling means one unit, and no spelling stands for what is a unit
 * itself.
 *
 * Source: mappings/RULES.md 7; mappings/README.md, "How they meet".
 */
#include <string.h>

#include "study/lint_parts.h"

static const struct gw_lab *first_of(const struct lab_rows *labs, const char *concept)
{
    const struct gw_lab *row = labs->rows;

    while (strcmp(row->concept, concept) != 0)
        row++;
    return row;
}

static void check_canonical(struct lint *l)
{
    const struct lab_rows *const labs = &l->tables->labs;

    for (size_t i = 0; i < labs->count; i++) {
        const struct gw_lab *const row = &labs->rows[i], *const first = first_of(labs, row->concept);

        if (!gw_same(row->unit, first->unit))
            gw_findings_add(&l->findings, labs->path, row->line,
                            "%s of %s is canonical in %s, but in %s for %s in line %u; write one unit for the concept",
                            row->loinc, row->concept, row->unit ? row->unit : "(coded)",
                            first->unit ? first->unit : "(coded)", first->loinc, first->line);
    }
}

static void tell_cycle(struct lint *l, const char *path, const char *way, const struct lint_edge *closing)
{
    gw_findings_add(&l->findings, path, closing->line,
                    "spellings stand for each other: %s; let each name a unit of loinc-labs.csv", way);
}

void lint_aliases(struct lint *l, const char *path, const struct unit_alias *rows, size_t count)
{
    struct lint_edge *const edges = gw_arena_alloc(l->arena, (count + 1) * sizeof *edges);
    size_t edge_count = 0;

    if (!edges) {
        gw_findings_no_memory(&l->findings, path);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].text, rows[i].code) == 0) {
            gw_findings_add(&l->findings, path, rows[i].line, "\"%s\" stands for itself; leave it out", rows[i].text);
            continue;
        }
        if (labs_know_unit(&l->tables->labs, rows[i].text))
            gw_findings_add(
                &l->findings, path, rows[i].line,
                "\"%s\" is meant as \"%s\", but is a unit that loinc-labs.csv accepts; leave it out, or take "
                "it from accepted_units",
                rows[i].text, rows[i].code);
        edges[edge_count++] = (struct lint_edge){rows[i].text, rows[i].code, rows[i].line};
    }
    if (!lint_cycles(l, path, edges, edge_count, tell_cycle))
        gw_findings_no_memory(&l->findings, path);
}

void lint_units(struct lint *l)
{
    check_canonical(l);
    lint_aliases(l, l->tables->aliases.path, l->tables->aliases.rows, l->tables->aliases.count);
}
