/*
 * medications.csv: which drug has which role in this study. The same drug is study drug in one study and an earlier
 * line in another, so only the rows that tables_study names are kept, and they must agree.
 *
 * Source: mappings/RULES.md 6.
 */
#include <string.h>

#include "study/sheet.h"
#include "study/tables_parts.h"

enum { SUBSTANCE, ROLE, STUDY, ATC, RXNORM, RXNORM_VERIFIED, STRENGTHS, COLUMNS };
static const char *const columns[COLUMNS] = {"substance",       "role",     "study", "atc", "rxnorm_ingredient",
                                             "rxnorm_verified", "strengths"};

/* Rows that two studies hold each for itself are one where they agree. */
static bool is_repeated(struct sheet *sheet, const struct drug_rows *table, const struct gw_drug_row *row)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct gw_drug_row *const other = &table->rows[i];

        if (!gw_same(other->atc, row->atc))
            continue;
        if (!gw_same(other->role, row->role))
            sheet_finding(sheet,
                          "%s is %s for study %s and %s for study %s; leave one of them out of tables_study, or give "
                          "both one role",
                          row->atc, other->role, other->studies, row->role, row->studies);
        else if (sheet_lists_meet(other->studies, row->studies, ';'))
            sheet_finding(sheet, "%s has a row for this study already (%s); keep one", row->atc, other->substance);
        return true;
    }
    return false;
}

/* "650 mg" and no more: a list of strengths, or one with words, leaves open which it is. */
static void read_strength(struct sheet *sheet, struct gw_drug_row *row)
{
    const char *const text = sheet_text(sheet, STRENGTHS);
    const size_t digits = strspn(text, "0123456789.");

    if (digits == 0 || text[digits] != ' ' || strpbrk(text + digits + 1, " |;/"))
        return;
    row->has_strength = gw_decimal_parse(sheet->arena, text, digits, &row->strength, NULL) == GW_OK;
    row->strength_unit = text + digits + 1;
}

static bool read_row(struct sheet *sheet, struct gw_drug_row *row)
{
    row->substance = sheet_text(sheet, SUBSTANCE);
    row->role = sheet_text(sheet, ROLE);
    row->studies = sheet_text(sheet, STUDY);
    row->atc = sheet_text(sheet, ATC);
    row->rxnorm = sheet_text(sheet, RXNORM_VERIFIED)[0] == 'Y' ? sheet_text_or_null(sheet, RXNORM) : NULL;
    read_strength(sheet, row);
    if (*row->substance && *row->role && *row->atc)
        return true;
    sheet_finding(sheet, "a drug needs substance, role and atc; fill them in");
    return false;
}

void drugs_read(struct gw_arena *arena, const char *dir, const char *studies, struct drug_rows *out,
                struct gw_findings *findings)
{
    struct sheet sheet;
    struct gw_drug_row *rows = NULL, *kept;
    size_t capacity = 0;

    *out = (struct drug_rows){.count = 0};
    if (!sheet_open(&sheet, arena, dir, "medications.csv", columns, COLUMNS, findings))
        return;
    while (sheet_next(&sheet)) {
        struct gw_drug_row row = {.substance = NULL};

        if (!sheet_lists_meet(sheet_text(&sheet, STUDY), studies, ';') || !read_row(&sheet, &row) ||
            is_repeated(&sheet, out, &row))
            continue;
        if (!(kept = GW_ARENA_PUSH(arena, rows, out->count, capacity))) {
            sheet_no_memory(&sheet);
            return;
        }
        *kept = row;
        out->rows = rows;
    }
}

static const struct gw_drug_row *by_code(const struct drug_rows *table, const struct gw_concept *medication,
                                         const char *system)
{
    const bool rxnorm = strcmp(system, GW_SYSTEM_RXNORM) == 0;

    for (size_t i = 0; i < medication->count; i++) {
        const struct gw_coding *coding = &medication->codings[i];

        if (!coding->code || !gw_same(coding->system, system))
            continue;
        for (size_t j = 0; j < table->count; j++)
            if (gw_same(rxnorm ? table->rows[j].rxnorm : table->rows[j].atc, coding->code))
                return &table->rows[j];
    }
    return NULL;
}

static const struct gw_drug_row *by_product(const struct gw_tables *tables, const struct gw_concept *medication)
{
    for (size_t i = 0; i < medication->count; i++) {
        const struct gw_drug_product *product = gw_drug_product_find(&tables->dosing, &medication->codings[i]);

        for (size_t j = 0; product && j < tables->drugs.count; j++)
            if (strcmp(tables->drugs.rows[j].substance, product->substance) == 0)
                return &tables->drugs.rows[j];
    }
    return NULL;
}

const struct gw_drug_row *gw_tables_drug(const struct gw_tables *tables, const struct gw_concept *medication)
{
    const struct gw_drug_row *row = by_code(&tables->drugs, medication, GW_SYSTEM_RXNORM);

    if (!row)
        row = by_code(&tables->drugs, medication, GW_SYSTEM_ATC);
    return row ? row : by_product(tables, medication);
}
