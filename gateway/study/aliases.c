/*
 * unit-aliases.csv: spellings of units that laboratories use and UCUM does not know, or knows as something else (K/uL
 * is kelvin per microlitre, G/L is gauss per litre).
 *
 * An alias is a spelling, not a conversion: it names one UCUM code that some laboratory row accepts. It is asked only
 * when the spelling itself is no accepted unit of the row at hand.
 */
#include <stdlib.h>
#include <string.h>

#include "study/order.h"
#include "study/sheet.h"
#include "study/tables_parts.h"

enum { TEXT, CODE, COLUMNS };
static const char *const columns[COLUMNS] = {"text", "code"};

int alias_order(const void *a, const void *b)
{
    const struct unit_alias *const x = a, *const y = b;
    const int order = strcmp(x->text, y->text);

    return order_then(order, ORDER(x->line, y->line));
}

static int compare(const char *text, size_t length, const char *other)
{
    const int order = strncmp(text, other, length);

    return order != 0 ? order : other[length] ? -1 : 0;
}

const char *alias_find(const struct unit_alias *rows, size_t count, const char *text)
{
    size_t low = 0, high = count, length;

    text += strspn(text, " \t");
    length = strlen(text);
    while (length > 0 && strchr(" \t", text[length - 1]))
        length--;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = compare(text, length, rows[middle].text);

        if (order == 0)
            return rows[middle].code;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

static bool check(struct sheet *sheet, const struct lab_rows *labs, const struct unit_alias *alias)
{
    if (!*alias->text || strpbrk(alias->text, "\t\n") || alias->text[0] == ' ') {
        sheet_finding(sheet, "an alias has no text, or blanks at its start; write the spelling alone");
        return false;
    }
    if (labs_know_unit(labs, alias->code))
        return true;
    sheet_finding(sheet, "\"%s\" is meant as \"%s\", which no laboratory row accepts; correct the code", alias->text,
                  alias->code);
    return false;
}

static void report_repeats(struct sheet *sheet, const struct unit_aliases *table)
{
    for (size_t i = 1; i < table->count; i++)
        if (strcmp(table->rows[i - 1].text, table->rows[i].text) == 0)
            gw_findings_add(sheet->findings, sheet->csv.path, table->rows[i].line,
                            "\"%s\" is meant as \"%s\" and as \"%s\"; keep one", table->rows[i].text,
                            table->rows[i - 1].code, table->rows[i].code);
}

void aliases_read(struct gw_arena *arena, const char *dir, const struct lab_rows *labs, struct unit_aliases *out,
                  struct gw_findings *findings)
{
    struct sheet sheet;
    struct unit_alias *rows = NULL, *kept;
    size_t capacity = 0;

    *out = (struct unit_aliases){.count = 0};
    if (!sheet_open(&sheet, arena, dir, "unit-aliases.csv", columns, COLUMNS, findings))
        return;
    out->path = sheet.csv.path;
    while (sheet_next(&sheet)) {
        const struct unit_alias alias = {sheet_text(&sheet, TEXT), sheet_text(&sheet, CODE), sheet.row->line};

        if (!check(&sheet, labs, &alias))
            continue;
        if (!(kept = GW_ARENA_PUSH(arena, rows, out->count, capacity))) {
            sheet_no_memory(&sheet);
            return;
        }
        *kept = alias;
    }
    if (out->count)
        qsort(rows, out->count, sizeof *rows, alias_order);
    out->rows = rows;
    report_repeats(&sheet, out);
}
