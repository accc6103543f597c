/*
 * charlson-icd10.csv: which diagnosis counts for which group of the Charlson comorbidity index, with its weight.
 *
 * Codes are three-character ranges (C81-C85) or prefixes without their dot, of any kind of ICD-10; the longest match
 * wins, a range last. Source: mappings/RULES.md 13; Quan 2005, Charlson 1987.
 */
#include <string.h>

#include "study/icd.h"
#include "study/sheet.h"
#include "study/tables_parts.h"

enum { GROUP, NAME, WEIGHT, CODE, COLUMNS };
static const char *const columns[COLUMNS] = {"group", "name", "weight_charlson_1987", "icd10_prefix_without_dot"};

static bool is_range(const char *code)
{
    return strlen(code) == 7 && code[3] == '-';
}

static bool read_row(struct sheet *sheet, struct gw_comorbidity *row)
{
    char normal[ICD_MAX_CODE];

    row->group = sheet_text(sheet, GROUP);
    row->name = sheet_text(sheet, NAME);
    row->code = sheet_text(sheet, CODE);
    row->weight = sheet_number(sheet, WEIGHT);
    if (row->weight < 0)
        return false;
    if (!*row->group || !icd_normalise(row->code, true, normal) || strcmp(normal, row->code) != 0) {
        sheet_finding(sheet, "a comorbidity needs a group and a code in capitals without its dot, as I252 or C81-C85");
        return false;
    }
    if (!is_range(row->code) || strncmp(row->code, row->code + 4, 3) < 0)
        return true;
    sheet_finding(sheet, "\"%s\" is no range; write the first and last three characters, as C81-C85", row->code);
    return false;
}

void comorbidities_read(struct gw_arena *arena, const char *dir, struct comorbidity_rows *out,
                        struct gw_findings *findings)
{
    struct sheet sheet;
    struct gw_comorbidity *rows = NULL, *kept;
    size_t capacity = 0;

    *out = (struct comorbidity_rows){.count = 0};
    if (!sheet_open(&sheet, arena, dir, "charlson-icd10.csv", columns, COLUMNS, findings))
        return;
    while (sheet_next(&sheet)) {
        struct gw_comorbidity row = {.group = NULL};

        if (!read_row(&sheet, &row))
            continue;
        if (!(kept = GW_ARENA_PUSH(arena, rows, out->count, capacity))) {
            sheet_no_memory(&sheet);
            return;
        }
        *kept = row;
        out->rows = rows;
    }
}

/* How well a row fits: 0 not at all; a longer prefix is better, a range worse than any. */
static size_t fit(const struct gw_comorbidity *row, const char *code)
{
    const size_t length = strlen(row->code);

    if (is_range(row->code))
        return strncmp(code, row->code, 3) >= 0 && strncmp(code, row->code + 4, 3) <= 0;
    return strncmp(row->code, code, length) == 0 ? 1 + length : 0;
}

const struct gw_comorbidity *gw_tables_comorbidity(const struct gw_tables *tables, const struct gw_coding *coding)
{
    const struct comorbidity_rows *table = &tables->comorbidities;
    const struct gw_comorbidity *found = NULL;
    char normal[ICD_MAX_CODE];
    size_t longest = 0;

    if (!icd_is_system(coding->system) || !coding->code || !icd_normalise(coding->code, true, normal))
        return NULL;
    for (size_t i = 0; i < table->count; i++) {
        const size_t length = fit(&table->rows[i], normal);

        if (length <= longest)
            continue;
        longest = length;
        found = &table->rows[i];
    }
    return found;
}
