/*
 * ae-evidence.csv: what, besides a listed diagnosis, is evidence of which adverse event, and how strong; and
 * coded-answers.csv: which coded answers of a culture or test say that nothing was found, or something that asks for a
 * person.
 *
 * certain: an event of its own. supporting: a candidate for a person, unless it stands beside an event that is certain.
 *
 * Source: mappings/RULES.md 12.
 */
#include <string.h>

#include "study/rules_parts.h"
#include "study/sheet.h"

enum { CATEGORY, SUBCATEGORY, KIND, KEY, DIRECTION, CLASS, UNLESS, WITH, DAYS, PURPOSE, TERM, COLUMNS };
static const char *const columns[COLUMNS] = {"category", "subcategory", "kind", "key",     "direction", "class",
                                             "unless",   "with",        "days", "purpose", "term"};

static bool read_direction(struct sheet *sheet, struct gw_ae_evidence *row)
{
    static const char *const directions[] = {"LOW", "HIGH"};
    int direction;

    if (row->kind != GW_AE_LAB && row->kind != GW_AE_RANGE && row->kind != GW_AE_VITAL)
        return true;
    direction = sheet_choice(sheet, DIRECTION, directions, 2);
    row->direction = direction == 1 ? GW_HIGH : GW_LOW;
    return direction >= 0;
}

static bool read_row(struct sheet *sheet, struct gw_ae_evidence *row)
{
    static const char *const kinds[] = {"lab",       "range", "vital",     "observation",
                                        "drug_role", "drug",  "procedure", "condition"};
    static const char *const classes[] = {"C", "S"};
    const int kind = sheet_choice(sheet, KIND, kinds, sizeof kinds / sizeof *kinds);
    const int class = sheet_choice(sheet, CLASS, classes, 2);

    if (kind < 0 || class < 0)
        return false;
    row->kind = (enum gw_evidence_kind)kind;
    row->evidence = class == 0 ? GW_EVIDENCE_CERTAIN : GW_EVIDENCE_SUPPORTING;
    row->category = sheet_text(sheet, CATEGORY);
    row->subcategory = sheet_text_or_null(sheet, SUBCATEGORY);
    row->key = sheet_text(sheet, KEY);
    row->unless = sheet_text_or_null(sheet, UNLESS);
    row->with = sheet_text_or_null(sheet, WITH);
    row->term = sheet_text_or_null(sheet, TERM);
    row->treatment = sheet_is(sheet, PURPOSE, "treatment");
    row->line = sheet->row->line;
    row->days = *sheet_text(sheet, DAYS) ? sheet_number(sheet, DAYS) : -1;
    if (*row->category && *row->key)
        return read_direction(sheet, row);
    sheet_finding(sheet, "evidence needs a category and a key; fill them in");
    return false;
}

void evidence_read(struct gw_arena *arena, const char *dir, struct gw_rules *out, struct gw_findings *findings)
{
    struct gw_ae_evidence *rows = NULL, *kept;
    size_t capacity = 0;
    struct sheet sheet;

    if (!sheet_open(&sheet, arena, dir, "ae-evidence.csv", columns, COLUMNS, findings))
        return;
    while (sheet_next(&sheet)) {
        struct gw_ae_evidence row = {.category = NULL};

        if (!read_row(&sheet, &row))
            continue;
        if (!(kept = GW_ARENA_PUSH(arena, rows, out->evidence_count, capacity))) {
            sheet_no_memory(&sheet);
            return;
        }
        *kept = row;
        out->evidence = rows;
    }
}

/* ---- answers ---- */

enum { SYSTEM, CODE, MEANING, ANSWER_COLUMNS };
static const char *const answer_columns[ANSWER_COLUMNS] = {"system", "code", "meaning"};

static bool read_answer(struct sheet *sheet, struct gw_coded_answer *row)
{
    static const char *const meanings[] = {"positive", "negative", "contaminant"};
    const int meaning = sheet_choice(sheet, MEANING, meanings, 3);

    row->system = sheet_text_or_null(sheet, SYSTEM);
    row->code = sheet_text(sheet, CODE);
    row->meaning = (enum gw_answer)meaning;
    return meaning >= 0;
}

void answers_read(struct gw_arena *arena, const char *dir, struct gw_rules *out, struct gw_findings *findings)
{
    struct gw_coded_answer *rows = NULL, *kept;
    size_t capacity = 0;
    struct sheet sheet;

    if (!sheet_open(&sheet, arena, dir, "coded-answers.csv", answer_columns, ANSWER_COLUMNS, findings))
        return;
    while (sheet_next(&sheet)) {
        struct gw_coded_answer row;

        if (!read_answer(&sheet, &row))
            continue;
        if (!(kept = GW_ARENA_PUSH(arena, rows, out->answer_count, capacity))) {
            sheet_no_memory(&sheet);
            return;
        }
        *kept = row;
        out->answers = rows;
    }
}

enum gw_answer gw_rules_answer(const struct gw_rules *rules, const struct gw_concept *answer)
{
    for (size_t i = 0; i < answer->count; i++)
        for (size_t j = 0; j < rules->answer_count; j++)
            if (gw_same(rules->answers[j].code, answer->codings[i].code) &&
                gw_same(rules->answers[j].system, answer->codings[i].system))
                return rules->answers[j].meaning;
    return GW_ANSWER_POSITIVE;
}
