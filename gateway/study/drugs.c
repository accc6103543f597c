/*
 * medications.csv: which drug has which role in this study. The same drug is study drug in one study and an earlier
 * line in another, so only the rows of one study are kept.
 *
 * Source: mappings/RULES.md 6.
 */
#include <string.h>

#include "study/sheet.h"
#include "study/tables_parts.h"

enum { SUBSTANCE, ROLE, STUDY, ATC, RXNORM, RXNORM_VERIFIED, COLUMNS };
static const char *const columns[COLUMNS] = {"substance",         "role",           "study", "atc",
                                             "rxnorm_ingredient", "rxnorm_verified"};

static bool is_repeated(struct sheet *sheet, const struct drug_rows *table, const struct gw_drug_row *row)
{
    for (size_t i = 0; i < table->count; i++) {
        if (!gw_same(table->rows[i].atc, row->atc))
            continue;
        sheet_finding(sheet, "%s has a row for this study already (%s); keep one", row->atc, table->rows[i].substance);
        return true;
    }
    return false;
}

static bool read_row(struct sheet *sheet, struct gw_drug_row *row)
{
    row->substance = sheet_text(sheet, SUBSTANCE);
    row->role = sheet_text(sheet, ROLE);
    row->atc = sheet_text(sheet, ATC);
    row->rxnorm = sheet_text(sheet, RXNORM_VERIFIED)[0] == 'Y' ? sheet_text_or_null(sheet, RXNORM) : NULL;
    if (*row->substance && *row->role && *row->atc)
        return true;
    sheet_finding(sheet, "a drug needs substance, role and atc; fill them in");
    return false;
}

void drugs_read(struct gw_arena *arena, const char *dir, const char *study, struct drug_rows *out,
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

        if (!sheet_list_has(sheet_text(&sheet, STUDY), ';', study) || !read_row(&sheet, &row) ||
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

const struct gw_drug_row *gw_tables_drug(const struct gw_tables *tables, const struct gw_concept *medication)
{
    const struct gw_drug_row *row = by_code(&tables->drugs, medication, GW_SYSTEM_RXNORM);

    return row ? row : by_code(&tables->drugs, medication, GW_SYSTEM_ATC);
}
