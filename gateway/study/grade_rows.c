/*
 * ctcae-lab-grades.csv: the bounds that make a grade, of one version of the scale.
 *
 * Kept are the rows whose basis is ABS, LLN, ULN or BASE and that need no concomitant medication: 156 of CTCAE 5.0, of
 * which 152 are marked machine_gradable Y. The other four (chronic kidney disease: it needs persistence) are kept so
 * that they can be shown, and are never applied.
 *
 * Source: NCI CTCAE 5.0; mappings/RULES.md 8.
 */
#include <string.h>

#include "study/sheet.h"
#include "study/tables_parts.h"

enum {
    CONCEPT,
    VERSION,
    TERM,
    DIRECTION,
    GRADE,
    LOW,
    LOW_INCL,
    HIGH,
    HIGH_INCL,
    UNIT,
    BASIS,
    RULE,
    NEEDS,
    MACHINE,
    COLUMNS
};
static const char *const columns[COLUMNS] = {"concept", "ctcae_version", "ctcae_term", "direction",       "grade",
                                             "low",     "low_incl",      "high",       "high_incl",       "unit",
                                             "basis",   "baseline_rule", "needs",      "machine_gradable"};

static const struct {
    const char *name;
    enum gw_baseline_rule rule;
} baseline_rules[] = {
    {"none", GW_BASELINE_NONE},
    {"any", GW_BASELINE_NONE},
    {"baseline normal", GW_BASELINE_NORMAL},
    {"baseline abnormal (> ULN)", GW_BASELINE_ABNORMAL},
    {"baseline known", GW_BASELINE_KNOWN},
};

/* Composites (febrile neutropenia, CRS), clinical rows and rows that need the medication are no matter of one value. */
static bool is_kept(const struct sheet *sheet)
{
    static const char *const bases[] = {"ABS", "LLN", "ULN", "BASE"};

    if (sheet_list_has(sheet_text(sheet, NEEDS), '+', "CM"))
        return false;
    for (size_t i = 0; i < sizeof bases / sizeof bases[0]; i++)
        if (sheet_is(sheet, BASIS, bases[i]))
            return true;
    return false;
}

/* "ULN", "ULN+20", "LLN": the limit and what is added to it. */
static bool read_limit(struct sheet *sheet, int column, struct gw_bound *out)
{
    const char *const text = sheet_text(sheet, column);
    const char *const sum = text + 3;

    out->kind = text[0] == 'L' ? GW_BOUND_LLN : GW_BOUND_ULN;
    out->value = gw_decimal_from_int(0);
    if (!*sum)
        return true;
    if (*sum == '+' && gw_decimal_parse(sheet->arena, sum + 1, strlen(sum + 1), &out->value, NULL) == GW_OK)
        return true;
    sheet_finding(sheet, "the bound \"%s\" is not read; write LLN, ULN or ULN+20", text);
    return false;
}

static bool read_bound(struct sheet *sheet, int column, int inclusive, struct gw_bound *out)
{
    const char *const text = sheet_text(sheet, column);
    static const char *const yes_no[] = {"N", "Y"};
    int choice;

    if (!*text)
        return true;
    choice = sheet_choice(sheet, inclusive, yes_no, 2);
    if (choice < 0)
        return false;
    out->inclusive = choice == 1;
    if (strncmp(text, "LLN", 3) == 0 || strncmp(text, "ULN", 3) == 0)
        return read_limit(sheet, column, out);
    out->kind = GW_BOUND_VALUE;
    return sheet_decimal(sheet, column, &out->value);
}

static bool read_rule(struct sheet *sheet, struct gw_grade_row *row)
{
    const size_t count = sizeof baseline_rules / sizeof baseline_rules[0];

    for (size_t i = 0; i < count; i++) {
        row->baseline = baseline_rules[i].rule;
        if (sheet_is(sheet, RULE, baseline_rules[i].name))
            return true;
    }
    sheet_finding(sheet,
                  "baseline_rule is \"%s\"; use none, any, baseline normal, baseline abnormal (> ULN) or "
                  "baseline known",
                  sheet_text(sheet, RULE));
    return false;
}

static bool read_row(struct sheet *sheet, const char *scale, struct gw_grade_row *row)
{
    static const char *const directions[] = {"LOW", "HIGH"};
    static const char *const bases[] = {"ABS", "LLN", "ULN", "BASE"};
    const int direction = sheet_choice(sheet, DIRECTION, directions, 2);
    const int basis = sheet_choice(sheet, BASIS, bases, 4);

    row->concept = sheet_text(sheet, CONCEPT);
    row->scale = scale;
    row->term = sheet_text(sheet, TERM);
    row->grade = sheet_number(sheet, GRADE);
    row->unit = sheet_text(sheet, UNIT);
    row->multiples = row->unit[0] == 'x'; /* xULN, xLLN, xBASE */
    row->needs = sheet_text(sheet, NEEDS);
    row->needs_duration = strstr(row->needs, "duration") != NULL;
    row->machine = sheet_is(sheet, MACHINE, "Y");
    if (direction < 0 || basis < 0 || row->grade < 0 || !read_rule(sheet, row))
        return false;
    row->direction = direction == 0 ? GW_LOW : GW_HIGH;
    row->basis = (enum gw_grade_basis)basis;
    row->line = sheet->row->line;
    if (row->grade >= 1 && row->grade <= 4)
        return read_bound(sheet, LOW, LOW_INCL, &row->low) && read_bound(sheet, HIGH, HIGH_INCL, &row->high);
    sheet_finding(sheet, "grade is %d; a value alone makes grades 1 to 4", row->grade);
    return false;
}

/* Stable, by first appearance of the concept: n is small and this runs once. */
static void bring_together(struct gw_grade_row *rows, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        size_t place = i;

        while (place > 0 && strcmp(rows[place - 1].concept, rows[i].concept) != 0)
            place--;
        if (place == 0 || place == i)
            continue;
        const struct gw_grade_row moved = rows[i];
        memmove(&rows[place + 1], &rows[place], (i - place) * sizeof rows[0]);
        rows[place] = moved;
    }
}

static void count_together(struct gw_grade_row *rows, size_t count)
{
    for (size_t i = count; i-- > 0;)
        rows[i].together =
            i + 1 < count && strcmp(rows[i].concept, rows[i + 1].concept) == 0 ? rows[i + 1].together + 1 : 1;
}

void grades_read(struct gw_arena *arena, const char *dir, const char *scale, struct grade_rows *out,
                 struct gw_findings *findings)
{
    static const char family[] = "CTCAE ";
    const char *const version = strncmp(scale, family, strlen(family)) == 0 ? scale + strlen(family) : "";
    struct sheet sheet;
    struct gw_grade_row *rows = NULL, *kept;
    size_t capacity = 0;

    *out = (struct grade_rows){.count = 0};
    if (!sheet_open(&sheet, arena, dir, "ctcae-lab-grades.csv", columns, COLUMNS, findings))
        return;
    out->path = sheet.csv.path;
    while (sheet_next(&sheet)) {
        struct gw_grade_row row = {.concept = NULL};

        if (!sheet_is(&sheet, VERSION, version) || !is_kept(&sheet) || !read_row(&sheet, scale, &row))
            continue;
        if (!(kept = GW_ARENA_PUSH(arena, rows, out->count, capacity))) {
            sheet_no_memory(&sheet);
            return;
        }
        *kept = row;
    }
    if (out->count == 0)
        gw_findings_add(findings, sheet.csv.path, 0,
                        "no row grades by \"%s\"; set grade_scale to a version it holds, as "
                        "CTCAE 5.0",
                        scale);
    bring_together(rows, out->count);
    count_together(rows, out->count);
    out->rows = rows;
}
