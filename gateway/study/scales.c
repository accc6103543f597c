/*
 * instruments.csv: which items of a questionnaire make which scale. Item numbers and scoring only: the texts of most
 * questionnaires are somebody's. Source: mappings/RULES.md 13.
 */
#include <stdlib.h>
#include <string.h>

#include "study/rules_parts.h"
#include "study/sheet.h"

enum { LAST_ITEM = 999 };

enum { INSTRUMENT, SCALE, KIND, ITEMS, LOW, HIGH, GROUP, COLUMNS };
static const char *const columns[COLUMNS] = {"instrument", "scale", "kind", "items", "low", "high", "data_group"};
static const char *const kinds[] = {"function", "symptom", "global", "sum", "total"};

/* "6-7", "10|12|18", "8" */
static bool read_items(struct sheet *sheet, struct gw_scale *scale)
{
    const char *at = sheet_text(sheet, ITEMS);

    while (*at >= '0' && *at <= '9') {
        char *end;
        const long first = strtol(at, &end, 10), last = *end == '-' ? strtol(end + 1, &end, 10) : first;

        if (last < first || last > LAST_ITEM || last - first >= GW_SCALE_MAX_ITEMS - (long)scale->item_count)
            break;
        for (long k = first; k <= last; k++)
            scale->items[scale->item_count++] = (int)k;
        at = *end == '|' ? end + 1 : end;
    }
    if (*at == '\0' && scale->item_count > 0)
        return true;
    sheet_finding(sheet, "\"%s\" is no list of items; write them as 1-5 or 10|12|18, at most %d, the last %d",
                  sheet_text(sheet, ITEMS), GW_SCALE_MAX_ITEMS, LAST_ITEM);
    return false;
}

static bool read_scale(struct sheet *sheet, struct gw_scale *scale)
{
    const int kind = sheet_choice(sheet, KIND, kinds, sizeof kinds / sizeof *kinds);

    *scale = (struct gw_scale){.instrument = sheet_text(sheet, INSTRUMENT),
                               .name = sheet_text(sheet, SCALE),
                               .kind = (enum gw_scale_kind)kind,
                               .low = sheet_number(sheet, LOW),
                               .high = sheet_number(sheet, HIGH),
                               .data_group = sheet_text(sheet, GROUP)};
    if (kind < 0 || scale->low < 0 || scale->high < 0 || !read_items(sheet, scale))
        return false;
    if (scale->low < scale->high)
        return true;
    sheet_finding(sheet, "answers run from %d to %d; make low smaller than high", scale->low, scale->high);
    return false;
}

void scales_read(struct gw_arena *arena, const char *dir, struct gw_rules *out, struct gw_findings *findings)
{
    struct gw_scale *rows = NULL, *slot, scale;
    struct sheet sheet;
    size_t capacity = 0;

    out->scale_count = 0;
    if (!sheet_open(&sheet, arena, dir, "instruments.csv", columns, COLUMNS, findings))
        return;
    while (sheet_next(&sheet)) {
        if (!read_scale(&sheet, &scale))
            continue;
        if (!(slot = GW_ARENA_PUSH(arena, rows, out->scale_count, capacity))) {
            sheet_no_memory(&sheet);
            return;
        }
        *slot = scale;
    }
    out->scales = rows;
}

const struct gw_scale *gw_rules_total(const struct gw_rules *rules, const char *scale)
{
    for (size_t i = 0; scale && i < rules->scale_count; i++)
        if (rules->scales[i].kind == GW_SCALE_TOTAL && strcmp(rules->scales[i].name, scale) == 0)
            return &rules->scales[i];
    return NULL;
}
