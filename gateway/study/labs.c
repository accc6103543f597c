/*
 * loinc-labs.csv: a row for each LOINC code, never for a bare concept, because accepted units belong to the code
 * (mg/dL of urea is not mg/dL of urea nitrogen).
 *
 * Source: mappings/RULES.md 6.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "study/order.h"
#include "study/sheet.h"
#include "study/tables_parts.h"

enum { CONCEPT, TESTCD, LOINC, NAME, CANONICAL, ACCEPTED, LOW, HIGH, GROUP, PREFERENCE, VERIFIED, COLUMNS };
static const char *const columns[COLUMNS] = {"concept",        "sdtm_testcd",    "loinc",         "loinc_name",
                                             "ucum_canonical", "accepted_units", "plausible_low", "plausible_high",
                                             "data_group",     "preference",     "verified"};

static const char coded[] = "(coded)"; /* canonical unit of a qualitative row */

/* Luhn over the digits before the hyphen, from the right, the last of them doubled. */
bool loinc_check_digit(const char *code)
{
    const size_t length = strspn(code, "0123456789");
    int sum = 0;

    if (length == 0 || length > 7 || code[length] != '-' || !isdigit((unsigned char)code[length + 1]) ||
        code[length + 2])
        return false;
    for (size_t i = 0; i < length; i++) {
        const int digit = code[length - 1 - i] - '0';
        const int weighed = i % 2 == 0 ? digit * 2 : digit;

        sum += weighed > 9 ? weighed - 9 : weighed;
    }
    return (10 - sum % 10) % 10 == code[length + 1] - '0';
}

/* A study's group names are a capital and digits; two of them joined by + mean both grids. */
static bool is_group_name(const char *text, size_t length)
{
    return length > 1 && isupper((unsigned char)text[0]) && strspn(text + 1, "0123456789") >= length - 1;
}

static bool read_group(struct sheet *sheet, struct gw_lab *lab)
{
    static const struct {
        const char *name;
        enum gw_lab_group group;
    } special[] = {{"baseline", GW_LAB_BASELINE}, {"AE-evidence", GW_LAB_EVIDENCE}, {"optional", GW_LAB_OPTIONAL}};
    const char *const text = sheet_text(sheet, GROUP);
    const char *const plus = strchr(text, '+');

    lab->data_group = text;
    for (size_t i = 0; i < sizeof special / sizeof special[0]; i++) {
        lab->group = special[i].group;
        if (strcmp(text, special[i].name) == 0)
            return true;
    }
    lab->group = plus ? GW_LAB_G30_G90 : GW_LAB_G90;
    if (plus ? is_group_name(text, (size_t)(plus - text)) && is_group_name(plus + 1, strlen(plus + 1))
             : is_group_name(text, strlen(text)))
        return true;
    sheet_finding(sheet, "data_group is \"%s\"; name one group, two joined by +, baseline, AE-evidence or optional",
                  text);
    return false;
}

static bool read_units(struct sheet *sheet, struct gw_lab *lab)
{
    struct gw_unit_factor *factors = NULL;
    const char *reason = NULL;

    if (sheet_is(sheet, CANONICAL, coded)) {
        if (sheet_is(sheet, ACCEPTED, ""))
            return true;
        sheet_finding(sheet, "%s is coded but accepts units; empty accepted_units", lab->loinc);
        return false;
    }
    lab->unit = sheet_text(sheet, CANONICAL);
    if (!factors_read(sheet->arena, sheet_text(sheet, ACCEPTED), &factors, &lab->factor_count, &reason)) {
        sheet_finding(sheet, "accepted_units of %s: %s", lab->loinc, reason);
        return false;
    }
    lab->factors = factors;
    if (factor_of(lab, lab->unit) && !*factor_of(lab, lab->unit)->shown)
        return true;
    sheet_finding(sheet, "accepted_units of %s: the canonical unit %s must be accepted with factor 1", lab->loinc,
                  lab->unit);
    return false;
}

static bool read_plausible(struct sheet *sheet, struct gw_lab *lab)
{
    const bool low = !sheet_is(sheet, LOW, ""), high = !sheet_is(sheet, HIGH, "");

    if (!low && !high)
        return true;
    lab->has_plausible = true;
    if (!sheet_decimal(sheet, LOW, &lab->plausible_low) || !sheet_decimal(sheet, HIGH, &lab->plausible_high))
        return false;
    if (gw_decimal_compare(&lab->plausible_low, &lab->plausible_high) < 0)
        return true;
    sheet_finding(sheet, "plausible_low of %s is not below plausible_high; swap them", lab->loinc);
    return false;
}

static bool read_lab(struct sheet *sheet, struct gw_lab *lab)
{
    lab->concept = sheet_text(sheet, CONCEPT);
    lab->testcd = sheet_text_or_null(sheet, TESTCD);
    lab->loinc = sheet_text(sheet, LOINC);
    lab->name = sheet_text(sheet, NAME);
    lab->verified = sheet_text(sheet, VERIFIED)[0] == 'Y';
    lab->preference = sheet_number(sheet, PREFERENCE);
    lab->line = sheet->row->line;
    if (!loinc_check_digit(lab->loinc)) {
        sheet_finding(sheet, "%s fails the LOINC check digit: a misprint; look the code up", lab->loinc);
        return false;
    }
    if (!*lab->concept) {
        sheet_finding(sheet, "%s has no concept; name one", lab->loinc);
        return false;
    }
    return lab->preference >= 0 && read_group(sheet, lab) && read_units(sheet, lab) && read_plausible(sheet, lab);
}

static bool is_repeated(struct sheet *sheet, const struct gw_lab *rows, size_t count, const char *loinc)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].loinc, loinc) != 0)
            continue;
        sheet_finding(sheet, "%s has a row already, for %s; keep one", loinc, rows[i].concept);
        return true;
    }
    return false;
}

static int by_code(const void *a, const void *b)
{
    return strcmp((*(const struct gw_lab *const *)a)->loinc, (*(const struct gw_lab *const *)b)->loinc);
}

static bool index_codes(struct gw_arena *arena, struct lab_rows *labs)
{
    labs->by_code = gw_arena_alloc(arena, (labs->count + 1) * sizeof *labs->by_code);
    if (!labs->by_code)
        return false;
    for (size_t i = 0; i < labs->count; i++)
        labs->by_code[i] = &labs->rows[i];
    qsort(labs->by_code, labs->count, sizeof *labs->by_code, by_code);
    return true;
}

/* Sorted texts, each once; the count of them. */
static size_t keep_distinct(const char **texts, size_t count)
{
    size_t kept = 0;

    qsort(texts, count, sizeof *texts, order_text_items);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || strcmp(texts[kept - 1], texts[i]) != 0)
            texts[kept++] = texts[i];
    return kept;
}

static bool number_concepts(struct gw_arena *arena, struct lab_rows *labs, struct gw_lab *rows)
{
    labs->concepts = gw_arena_alloc(arena, (labs->count + 1) * sizeof *labs->concepts);
    if (!labs->concepts)
        return false;
    for (size_t i = 0; i < labs->count; i++)
    labs->concepts[i] = rows[i].concept;
    labs->concept_count = keep_distinct(labs->concepts, labs->count);
    for (size_t i = 0; i < labs->count; i++)
        rows[i].concept_number = labs_concept(labs, rows[i].concept);
    return true;
}

static bool index_units(struct gw_arena *arena, struct lab_rows *labs)
{
    size_t all = 0;

    for (size_t i = 0; i < labs->count; i++)
        all += labs->rows[i].factor_count;
    labs->units = gw_arena_alloc(arena, (all + 1) * sizeof *labs->units);
    if (!labs->units)
        return false;
    all = 0;
    for (size_t i = 0; i < labs->count; i++)
        for (size_t j = 0; j < labs->rows[i].factor_count; j++)
            labs->units[all++] = labs->rows[i].factors[j].unit;
    labs->unit_count = keep_distinct(labs->units, all);
    return true;
}

void labs_read(struct gw_arena *arena, const char *dir, struct lab_rows *out, struct gw_findings *findings)
{
    struct sheet sheet;
    struct gw_lab *rows = NULL, *kept;
    size_t capacity = 0;

    *out = (struct lab_rows){.count = 0};
    if (!sheet_open(&sheet, arena, dir, "loinc-labs.csv", columns, COLUMNS, findings))
        return;
    out->path = sheet.csv.path;
    while (sheet_next(&sheet)) {
        struct gw_lab lab = {.concept = NULL};

        if (!read_lab(&sheet, &lab) || is_repeated(&sheet, rows, out->count, lab.loinc))
            continue;
        if (!(kept = GW_ARENA_PUSH(arena, rows, out->count, capacity))) {
            sheet_no_memory(&sheet);
            return;
        }
        *kept = lab;
    }
    out->rows = rows;
    if (!index_codes(arena, out) || !index_units(arena, out) || !number_concepts(arena, out, rows))
        sheet_no_memory(&sheet);
}

const struct gw_lab *labs_find(const struct lab_rows *labs, const char *loinc)
{
    size_t low = 0, high = labs->count;

    while (loinc && low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(loinc, labs->by_code[middle]->loinc);

        if (order == 0)
            return labs->by_code[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

int labs_concept(const struct lab_rows *labs, const char *concept)
{
    const char **found = labs->concept_count ? bsearch(&concept, labs->concepts, labs->concept_count,
                                                       sizeof *labs->concepts, order_text_items)
                                             : NULL;

    return found ? (int)(found - labs->concepts) : -1;
}

bool labs_know_unit(const struct lab_rows *labs, const char *unit)
{
    return labs->unit_count &&
           bsearch(&unit, labs->units, labs->unit_count, sizeof *labs->units, order_text_items) != NULL;
}
