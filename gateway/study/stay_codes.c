/*
 * stay-codes.csv: reasons, types and diagnoses of a stay in hospital that say it was for planned treatment, which is no
 * sign of a serious event.
 *
 * Source: mappings/RULES.md 12.
 */
#include <ctype.h>
#include <string.h>

#include "study/rules_parts.h"
#include "study/sheet.h"

enum { SYSTEM, CODE, MATCH, COLUMNS };
static const char *const columns[COLUMNS] = {"system", "code", "match"};

static bool read_row(struct sheet *sheet, struct gw_stay_code *row)
{
    static const char *const matches[] = {"exact", "prefix"};
    const int match = sheet_choice(sheet, MATCH, matches, 2);

    row->system = sheet_text(sheet, SYSTEM);
    row->code = sheet_text(sheet, CODE);
    row->prefix = match == 1;
    return match >= 0;
}

void stay_codes_read(struct gw_arena *arena, const char *dir, struct gw_rules *out, struct gw_findings *findings)
{
    struct gw_stay_code *rows = NULL, *kept;
    size_t capacity = 0;
    struct sheet sheet;

    if (!sheet_open(&sheet, arena, dir, "stay-codes.csv", columns, COLUMNS, findings))
        return;
    while (sheet_next(&sheet)) {
        struct gw_stay_code row;

        if (!read_row(&sheet, &row))
            continue;
        if (!(kept = GW_ARENA_PUSH(arena, rows, out->stay_code_count, capacity))) {
            sheet_no_memory(&sheet);
            return;
        }
        *kept = row;
        out->stay_codes = rows;
    }
}

static const char *without_dots(const char *code)
{
    return code + strspn(code, ".");
}

/* ICD codes with or without their dot. */
static bool is_meant(const struct gw_stay_code *row, const char *code)
{
    const char *wanted = without_dots(row->code);

    for (code = without_dots(code); *wanted; wanted = without_dots(wanted + 1), code = without_dots(code + 1))
        if (toupper((unsigned char)*code) != toupper((unsigned char)*wanted))
            return false;
    return row->prefix || *code == '\0';
}

bool gw_rules_planned(const struct gw_rules *rules, const struct gw_coding *coding)
{
    for (size_t i = 0; coding->code && i < rules->stay_code_count; i++) {
        const struct gw_stay_code *row = &rules->stay_codes[i];

        if (gw_same(row->system, coding->system) && is_meant(row, coding->code))
            return true;
    }
    return false;
}
