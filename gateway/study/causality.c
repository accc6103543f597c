/*
 * causality.csv: what a physician's assessment in an AdverseEvent means for relatedness.
 *
 * Source: mappings/RULES.md 12.
 */
#include "study/rules_parts.h"
#include "study/sheet.h"

enum { SYSTEM, CODE, RELATEDNESS, COLUMNS };
static const char *const columns[COLUMNS] = {"system", "code", "relatedness"};

void causality_read(struct gw_arena *arena, const char *dir, struct gw_rules *out, struct gw_findings *findings)
{
    static const char *const words[] = {"related", "not related", "unassessed"};
    struct gw_relatedness_code *rows = NULL, *kept;
    size_t capacity = 0;
    struct sheet sheet;

    if (!sheet_open(&sheet, arena, dir, "causality.csv", columns, COLUMNS, findings))
        return;
    while (sheet_next(&sheet)) {
        const int word = sheet_choice(&sheet, RELATEDNESS, words, 3);

        if (word < 0)
            continue;
        if (!(kept = GW_ARENA_PUSH(arena, rows, out->causality_count, capacity))) {
            sheet_no_memory(&sheet);
            return;
        }
        *kept = (struct gw_relatedness_code){sheet_text(&sheet, SYSTEM), sheet_text(&sheet, CODE), words[word]};
        out->causality = rows;
    }
}

const char *gw_rules_causality(const struct gw_rules *rules, const struct gw_coding *coding)
{
    for (size_t i = 0; i < rules->causality_count; i++)
        if (gw_same(rules->causality[i].code, coding->code) && gw_same(rules->causality[i].system, coding->system))
            return rules->causality[i].relatedness;
    return NULL;
}
