/*
 * ae-conditions.csv: which diagnosis is which event.
 *
 * ICD codes are compared without their dot, in capitals, and without the marks of the German modification (+ * !). Of
 * the rows of one code system the longest match wins, an exact one before a prefix, a prefix before a range. Rows of
 * evidence class risk (VTE_RISK) answer another question and stand aside.
 *
 * Source: mappings/RULES.md 6.
 */
#include <string.h>

#include "study/icd.h"
#include "study/sheet.h"
#include "study/tables_parts.h"

enum { CATEGORY, SUBCATEGORY, SYSTEM, CODE, MATCH, TERM, CLASS, STUDY, VERIFIED, COLUMNS };
static const char *const columns[COLUMNS] = {"category", "subcategory",    "system", "code",    "match",
                                             "term",     "evidence_class", "study",  "verified"};

static bool check_code(struct sheet *sheet, const struct gw_condition_row *row)
{
    char normal[ICD_MAX_CODE];

    if (row->match == GW_MATCH_RANGE) {
        if (icd_is_system(row->system) && strlen(row->code) == 7 && row->code[3] == '-' &&
            strncmp(row->code, row->code + 4, 3) < 0)
            return true;
        sheet_finding(sheet, "\"%s\" is no range; write the first and last three characters, as A00-B99", row->code);
        return false;
    }
    if (row->match == GW_MATCH_PREFIX && !icd_is_system(row->system)) {
        sheet_finding(sheet, "%s matches by prefix, which only ICD systems do; use exact", row->code);
        return false;
    }
    if (icd_normalise(row->code, icd_is_system(row->system), normal))
        return true;
    sheet_finding(sheet, "\"%s\" is no code; write one", row->code);
    return false;
}

static bool read_row(struct sheet *sheet, const char *chosen, struct gw_condition_row *row)
{
    static const char *const matches[] = {"exact", "prefix", "range"};
    static const char *const classes[] = {"certain", "supporting", "exception", "history", "risk", "index"};
    const int match = sheet_choice(sheet, MATCH, matches, 3);
    const int evidence = sheet_choice(sheet, CLASS, classes, 6);

    if (match < 0 || evidence < 0)
        return false;
    row->category = sheet_text(sheet, CATEGORY);
    row->subcategory = sheet_text_or_null(sheet, SUBCATEGORY);
    row->system = sheet_text(sheet, SYSTEM);
    row->code = sheet_text(sheet, CODE);
    row->match = match == 0 ? GW_MATCH_EXACT : match == 1 ? GW_MATCH_PREFIX : GW_MATCH_RANGE;
    row->term = sheet_text(sheet, TERM);
    row->evidence = (enum gw_evidence_class)evidence;
    row->studies = sheet_text(sheet, STUDY);
    row->in_study = sheet_lists_meet(row->studies, chosen, ';') || strcmp(row->studies, "all") == 0;
    row->verified = sheet_text(sheet, VERIFIED)[0] == 'Y';
    row->line = sheet->row->line;
    return check_code(sheet, row);
}

void conditions_read(struct gw_arena *arena, const char *dir, const char *studies, struct condition_rows *out,
                     struct gw_findings *findings)
{
    struct sheet sheet;
    struct gw_condition_row *rows = NULL, *kept;
    size_t capacity = 0;

    *out = (struct condition_rows){.count = 0};
    if (!sheet_open(&sheet, arena, dir, "ae-conditions.csv", columns, COLUMNS, findings))
        return;
    out->path = sheet.csv.path;
    while (sheet_next(&sheet)) {
        struct gw_condition_row row = {.category = NULL};

        if (!read_row(&sheet, studies, &row))
            continue;
        if (!(kept = GW_ARENA_PUSH(arena, rows, out->count, capacity))) {
            sheet_no_memory(&sheet);
            return;
        }
        *kept = row;
    }
    out->rows = rows;
}

/* How well a row fits: 0 not at all; longer is better, exact best, a range worse than any prefix. */
static size_t fit(const struct gw_condition_row *row, bool icd, const char *code)
{
    char own[ICD_MAX_CODE];

    if (row->match == GW_MATCH_RANGE)
        return strncmp(code, row->code, 3) >= 0 && strncmp(code, row->code + 4, 3) <= 0 ? 1 : 0;
    if (!icd_normalise(row->code, icd, own))
        return 0;
    if (row->match == GW_MATCH_EXACT)
        return strcmp(own, code) == 0 ? 2 * ICD_MAX_CODE : 0;
    return strncmp(own, code, strlen(own)) == 0 ? 1 + strlen(own) : 0;
}

enum shelf { /* which rows are asked */
             THIS_STUDY,
             RISKS, /* of this study */
             ELSEWHERE,
};

static bool stands_on(const struct gw_condition_row *row, enum shelf shelf)
{
    const bool risk = row->evidence == GW_EVIDENCE_RISK;

    return shelf == RISKS ? risk && row->in_study : !risk && row->in_study == (shelf == THIS_STUDY);
}

static const struct gw_condition_row *best(const struct condition_rows *table, const char *system, const char *code,
                                           enum shelf shelf)
{
    const struct gw_condition_row *found = NULL;
    const bool icd = icd_is_system(system);
    size_t longest = 0;
    char normal[ICD_MAX_CODE];

    if (!code || !icd_normalise(code, icd, normal))
        return NULL;
    for (size_t i = 0; i < table->count; i++) {
        const struct gw_condition_row *row = &table->rows[i];
        size_t length;

        if (!stands_on(row, shelf) || !gw_same(row->system, system))
            continue;
        length = fit(row, icd, normal);
        if (length > longest) {
            longest = length;
            found = row;
        }
    }
    return found;
}

/* The German modification divides what the row holds together: of the parts it names only those are meant. */
static bool divided(const struct condition_rows *table, const struct gw_condition_row *row, enum shelf shelf)
{
    char whole[ICD_MAX_CODE], part[ICD_MAX_CODE];

    if (row->match != GW_MATCH_PREFIX || !icd_normalise(row->code, true, whole))
        return false;
    for (size_t i = 0; i < table->count; i++) {
        const struct gw_condition_row *other = &table->rows[i];

        if (stands_on(other, shelf) && gw_same(other->system, GW_SYSTEM_ICD10_GM) && other->match != GW_MATCH_RANGE &&
            icd_normalise(other->code, true, part) && strncmp(part, whole, strlen(whole)) == 0 &&
            strlen(part) > strlen(whole))
            return true;
    }
    return false;
}

static const struct gw_condition_row *look_up(const struct condition_rows *table, const struct gw_coding *coding,
                                              enum shelf shelf)
{
    const struct gw_condition_row *row = best(table, coding->system, coding->code, shelf);

    if (row || !gw_same(coding->system, GW_SYSTEM_ICD10_GM))
        return row;
    row = best(table, GW_SYSTEM_ICD10, coding->code, shelf); /* elsewhere it keeps WHO's meaning */
    return row && !divided(table, row, shelf) ? row : NULL;
}

const struct gw_condition_row *gw_tables_condition(const struct gw_tables *tables, const struct gw_coding *coding)
{
    return look_up(&tables->conditions, coding, THIS_STUDY);
}

const struct gw_condition_row *gw_tables_condition_elsewhere(const struct gw_tables *tables,
                                                             const struct gw_coding *coding)
{
    return gw_tables_condition(tables, coding) ? NULL : look_up(&tables->conditions, coding, ELSEWHERE);
}

const struct gw_condition_row *gw_tables_condition_risk(const struct gw_tables *tables, const struct gw_coding *coding)
{
    return look_up(&tables->conditions, coding, RISKS);
}
