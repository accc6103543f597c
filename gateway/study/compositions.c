/*
 * compositions.csv: values that a laboratory left to be worked out of others, in the order in which they are tried.
 *
 * share: base x (first + second) / 100; sum: base + first; linear: base + slope x (reference - first). `unit` names the
 * unit in which the base must have been reported, and the result is in it; empty: the canonical units.
 *
 * Source: mappings/RULES.md 7.
 */
#include "study/rules_parts.h"
#include "study/sheet.h"

enum { CONCEPT, KIND, BASE, FIRST, SECOND, UNIT, SLOPE, REFERENCE, METHOD, COLUMNS };
static const char *const columns[COLUMNS] = {"concept", "kind",  "base",      "first", "second",
                                             "unit",    "slope", "reference", "method"};

static bool read_line(struct sheet *sheet, struct gw_composition *row)
{
    struct gw_decimal slope, reference;

    if (!row->first) {
        sheet_finding(sheet, "a linear rule needs its first term; name a concept");
        return false;
    }
    if (!sheet_decimal(sheet, SLOPE, &slope) || !sheet_decimal(sheet, REFERENCE, &reference))
        return false;
    row->slope = gw_ratio_of(slope);
    row->reference = gw_ratio_of(reference);
    return true;
}

static bool read_row(struct sheet *sheet, struct gw_composition *row)
{
    static const char *const kinds[] = {"share", "sum", "linear"};
    const int kind = sheet_choice(sheet, KIND, kinds, 3);

    if (kind < 0)
        return false;
    row->kind = (enum gw_composition_kind)kind;
    row->concept = sheet_text(sheet, CONCEPT);
    row->base = sheet_text(sheet, BASE);
    row->first = sheet_text_or_null(sheet, FIRST);
    row->second = sheet_text_or_null(sheet, SECOND);
    row->unit = sheet_text_or_null(sheet, UNIT);
    row->method = sheet_text(sheet, METHOD);
    if (!*row->concept || !*row->base || !*row->method || (row->kind == GW_COMPOSE_SHARE && !row->first)) {
        sheet_finding(sheet, "a composed value needs concept, base and method, a share its first term; fill them in");
        return false;
    }
    return row->kind != GW_COMPOSE_LINEAR || read_line(sheet, row);
}

void compositions_read(struct gw_arena *arena, const char *dir, struct gw_rules *out, struct gw_findings *findings)
{
    struct gw_composition *rows = NULL, *kept;
    size_t capacity = 0;
    struct sheet sheet;

    if (!sheet_open(&sheet, arena, dir, "compositions.csv", columns, COLUMNS, findings))
        return;
    while (sheet_next(&sheet)) {
        struct gw_composition row = {.concept = NULL};

        if (!read_row(&sheet, &row))
            continue;
        if (!(kept = GW_ARENA_PUSH(arena, rows, out->composition_count, capacity))) {
            sheet_no_memory(&sheet);
            return;
        }
        *kept = row;
        out->compositions = rows;
    }
}
