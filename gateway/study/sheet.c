/*
 * Reading our CSV tables row by row.
 */
#include "study/sheet.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TABLE_MAX_BYTES ((size_t)4 << 20)

bool sheet_open(struct sheet *sheet, struct gw_arena *arena, const char *dir, const char *file,
                const char *const *names, size_t count, struct gw_findings *findings)
{
    struct gw_error failure = {.status = GW_OK};
    const char *path = gw_arena_print(arena, "%s/%s", dir, file);

    assert(count <= SHEET_MAX_COLUMNS);
    *sheet = (struct sheet){.arena = arena, .findings = findings};
    if (!path)
        return sheet_no_memory(sheet);
    if (gw_csv_load(arena, path, TABLE_MAX_BYTES, &sheet->csv, &failure) == GW_OK &&
        gw_csv_columns(&sheet->csv, names, count, sheet->index, &failure) == GW_OK)
        return true;
    gw_findings_failure(findings, &failure);
    return false;
}

bool sheet_next(struct sheet *sheet)
{
    const struct gw_csv_record *const end = sheet->csv.records + sheet->csv.count;

    if (sheet->csv.count == 0)
        return false;
    sheet->row = sheet->row ? sheet->row + 1 : sheet->csv.records;
    return sheet->row < end;
}

const char *sheet_text(const struct sheet *sheet, int column)
{
    return sheet->row->fields[sheet->index[column]];
}

const char *sheet_text_or_null(const struct sheet *sheet, int column)
{
    const char *text = sheet_text(sheet, column);

    return *text ? text : NULL;
}

bool sheet_is(const struct sheet *sheet, int column, const char *text)
{
    return strcmp(sheet_text(sheet, column), text) == 0;
}

static const char *column_name(const struct sheet *sheet, int column)
{
    return sheet->csv.header[sheet->index[column]];
}

int sheet_choice(struct sheet *sheet, int column, const char *const *choices, size_t count)
{
    char list[200] = "";

    for (size_t i = 0; i < count; i++)
        if (sheet_is(sheet, column, choices[i]))
            return (int)i;
    for (size_t i = 0; i < count; i++)
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", i ? ", " : "", choices[i]);
    sheet_finding(sheet, "%s is \"%s\"; use one of: %s", column_name(sheet, column), sheet_text(sheet, column), list);
    return -1;
}

int sheet_number(struct sheet *sheet, int column)
{
    const char *text = sheet_text(sheet, column);
    const size_t digits = strspn(text, "0123456789");
    int value = 0;

    if (digits == 0 || digits > 8 || text[digits]) {
        sheet_finding(sheet, "%s is \"%s\"; write a whole number", column_name(sheet, column), text);
        return -1;
    }
    for (size_t i = 0; i < digits; i++)
        value = value * 10 + (text[i] - '0');
    return value;
}

bool sheet_decimal(struct sheet *sheet, int column, struct gw_decimal *out)
{
    const char *text = sheet_text(sheet, column);

    if (gw_decimal_parse(sheet->arena, text, strlen(text), out, NULL) == GW_OK)
        return true;
    sheet_finding(sheet, "%s is \"%s\"; write a decimal such as 0.5", column_name(sheet, column), text);
    return false;
}

void sheet_finding(struct sheet *sheet, const char *format, ...)
{
    char message[300];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    gw_findings_add(sheet->findings, sheet->csv.path, sheet->row->line, "%s", message);
}

static bool list_holds(const char *list, char separator, const char *name, size_t length)
{
    while (*list) {
        const char *const end = strchrnul(list, separator);

        if ((size_t)(end - list) == length && memcmp(list, name, length) == 0)
            return true;
        list = *end ? end + 1 : end;
    }
    return false;
}

bool sheet_list_has(const char *list, char separator, const char *name)
{
    return list_holds(list, separator, name, strlen(name));
}

bool sheet_lists_meet(const char *list, const char *other, char separator)
{
    while (*list) {
        const char *const end = strchrnul(list, separator);

        if (list_holds(other, separator, list, (size_t)(end - list)))
            return true;
        list = *end ? end + 1 : end;
    }
    return false;
}

bool sheet_no_memory(struct sheet *sheet)
{
    struct gw_error failure = {.status = GW_OK};

    gw_fail(&failure, GW_ENOMEM, "study.tables", "the tables do not fit the memory set for them");
    gw_findings_failure(sheet->findings, &failure);
    return false;
}
