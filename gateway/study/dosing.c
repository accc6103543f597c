/*
 * The tables of doses, read from CSV and asked. Source: mappings/RULES.md 14.
 */
#include "gateway/study/dosing.h"

#include <string.h>
#include <strings.h>

#include "study/sheet.h"
#include "study/tables_parts.h"

/* ---- units ---- */

enum { UNIT, KIND, FACTOR, UNIT_COLUMNS };
static const char *const unit_columns[UNIT_COLUMNS] = {"unit", "kind", "factor"};

static bool read_unit(struct sheet *sheet, struct gw_dose_unit *unit)
{
    static const char *const kinds[] = {"mass", "activity", "volume", "count"};
    const int kind = sheet_choice(sheet, KIND, kinds, 4);

    if (kind < 0)
        return false;
    unit->text = sheet_text(sheet, UNIT);
    unit->kind = (enum gw_dose_kind)kind;
    if (*unit->text && gw_ratio_parse(sheet->arena, sheet_text(sheet, FACTOR), &unit->factor, NULL) == GW_OK)
        return true;
    sheet_finding(sheet, "a unit needs a text and a factor such as 1/1000; fill them in");
    return false;
}

static void units_read(struct gw_arena *arena, const char *dir, struct gw_dosing *out, struct gw_findings *findings)
{
    struct gw_dose_unit *rows = NULL, row, *kept;
    size_t capacity = 0;
    struct sheet sheet;

    if (!sheet_open(&sheet, arena, dir, "dose-units.csv", unit_columns, UNIT_COLUMNS, findings))
        return;
    while (sheet_next(&sheet)) {
        if (!read_unit(&sheet, &row))
            continue;
        if (!(kept = GW_ARENA_PUSH(arena, rows, out->unit_count, capacity))) {
            sheet_no_memory(&sheet);
            return;
        }
        *kept = row;
        out->units = rows;
    }
}

/* ---- products ---- */

enum { SUBSTANCE, SYSTEM, CODE, STRENGTH, STRENGTH_UNIT, PRODUCT_COLUMNS };
static const char *const product_columns[PRODUCT_COLUMNS] = {"substance", "system", "code", "strength", "unit"};

static bool read_product(struct sheet *sheet, const struct gw_dosing *dosing, struct gw_drug_product *product)
{
    product->substance = sheet_text(sheet, SUBSTANCE);
    product->system = sheet_text(sheet, SYSTEM);
    product->code = sheet_text(sheet, CODE);
    product->unit = sheet_text(sheet, STRENGTH_UNIT);
    if (!sheet_decimal(sheet, STRENGTH, &product->strength))
        return false;
    if (*product->substance && *product->system && *product->code && gw_dose_unit_find(dosing, product->unit))
        return true;
    sheet_finding(sheet, "a product needs substance, system, code, and a strength in a unit of dose-units.csv");
    return false;
}

static void products_read(struct gw_arena *arena, const char *dir, struct gw_dosing *out, struct gw_findings *findings)
{
    struct gw_drug_product *rows = NULL, row, *kept;
    size_t capacity = 0;
    struct sheet sheet;

    if (!sheet_open(&sheet, arena, dir, "drug-products.csv", product_columns, PRODUCT_COLUMNS, findings))
        return;
    while (sheet_next(&sheet)) {
        if (!read_product(&sheet, out, &row))
            continue;
        if (!(kept = GW_ARENA_PUSH(arena, rows, out->product_count, capacity))) {
            sheet_no_memory(&sheet);
            return;
        }
        *kept = row;
        out->products = rows;
    }
}

/* ---- routes ---- */

enum { ROUTE_SYSTEM, ROUTE_CODE, ROUTE, SYSTEMIC, ROUTE_COLUMNS };
static const char *const route_columns[ROUTE_COLUMNS] = {"system", "code", "route", "systemic"};

static bool read_route(struct sheet *sheet, struct gw_drug_route *route)
{
    static const char *const answers[] = {"N", "Y"};
    const int systemic = sheet_choice(sheet, SYSTEMIC, answers, 2);

    if (systemic < 0)
        return false;
    route->system = sheet_text_or_null(sheet, ROUTE_SYSTEM);
    route->code = sheet_text(sheet, ROUTE_CODE);
    route->route = sheet_text(sheet, ROUTE);
    route->systemic = systemic;
    if (*route->code && *route->route)
        return true;
    sheet_finding(sheet, "a route needs a code or word, and the route it means; fill them in");
    return false;
}

static void routes_read(struct gw_arena *arena, const char *dir, struct gw_dosing *out, struct gw_findings *findings)
{
    struct gw_drug_route *rows = NULL, row, *kept;
    size_t capacity = 0;
    struct sheet sheet;

    if (!sheet_open(&sheet, arena, dir, "drug-routes.csv", route_columns, ROUTE_COLUMNS, findings))
        return;
    while (sheet_next(&sheet)) {
        if (!read_route(&sheet, &row))
            continue;
        if (!(kept = GW_ARENA_PUSH(arena, rows, out->route_count, capacity))) {
            sheet_no_memory(&sheet);
            return;
        }
        *kept = row;
        out->routes = rows;
    }
}

/* ---- patterns ---- */

enum { DRUG, PURPOSE, LOW, HIGH, DOSE_UNIT, TIMES, DAYS, BY, UNTIL, PATTERN_COLUMNS };
static const char *const pattern_columns[PATTERN_COLUMNS] = {
    "substance", "purpose", "dose_low", "dose_high", "unit", "times_per_day", "days_per_week", "route", "until_cycle"};

static int number_or_zero(struct sheet *sheet, int column)
{
    return sheet_is(sheet, column, "") ? 0 : sheet_number(sheet, column);
}

static bool read_doses(struct sheet *sheet, struct gw_drug_pattern *pattern)
{
    pattern->has_low = !sheet_is(sheet, LOW, "");
    pattern->has_high = !sheet_is(sheet, HIGH, "");
    pattern->unit = sheet_text_or_null(sheet, DOSE_UNIT);
    if ((pattern->has_low && !sheet_decimal(sheet, LOW, &pattern->low)) ||
        (pattern->has_high && !sheet_decimal(sheet, HIGH, &pattern->high)))
        return false;
    if ((pattern->has_low || pattern->has_high) == (pattern->unit != NULL))
        return true;
    sheet_finding(sheet, "a dose needs its unit, mg or [iU], and a unit its dose");
    return false;
}

static bool read_pattern(struct sheet *sheet, struct gw_drug_pattern *pattern)
{
    static const char *const purposes[] = {"prophylaxis", "treatment", "flush"};
    const int purpose = sheet_choice(sheet, PURPOSE, purposes, 3);

    if (purpose < 0 || !read_doses(sheet, pattern))
        return false;
    pattern->substance = sheet_text(sheet, DRUG);
    pattern->purpose = (enum gw_purpose)(purpose + 1);
    pattern->times_per_day = number_or_zero(sheet, TIMES);
    pattern->days_per_week = number_or_zero(sheet, DAYS);
    pattern->route = sheet_text_or_null(sheet, BY);
    pattern->until_cycle = number_or_zero(sheet, UNTIL);
    return pattern->times_per_day >= 0 && pattern->days_per_week >= 0 && pattern->until_cycle >= 0;
}

static void patterns_read(struct gw_arena *arena, const char *dir, struct gw_dosing *out, struct gw_findings *findings)
{
    struct gw_drug_pattern *rows = NULL, row, *kept;
    size_t capacity = 0;
    struct sheet sheet;

    if (!sheet_open(&sheet, arena, dir, "drug-patterns.csv", pattern_columns, PATTERN_COLUMNS, findings))
        return;
    while (sheet_next(&sheet)) {
        row = (struct gw_drug_pattern){.substance = NULL};
        if (!read_pattern(&sheet, &row))
            continue;
        if (!(kept = GW_ARENA_PUSH(arena, rows, out->pattern_count, capacity))) {
            sheet_no_memory(&sheet);
            return;
        }
        *kept = row;
        out->patterns = rows;
    }
}

void dosing_read(struct gw_arena *arena, const char *dir, struct gw_dosing *out, struct gw_findings *findings)
{
    *out = (struct gw_dosing){.units = NULL};
    units_read(arena, dir, out, findings);
    products_read(arena, dir, out, findings);
    routes_read(arena, dir, out, findings);
    patterns_read(arena, dir, out, findings);
}

/* ---- asked ---- */

const char *gw_dose_base_unit(enum gw_dose_kind kind)
{
    static const char *const units[] = {"mg", "[iU]", "mL", "{unit}"};

    return units[kind];
}

const struct gw_dose_unit *gw_dose_unit_find(const struct gw_dosing *dosing, const char *text)
{
    for (size_t i = 0; text && i < dosing->unit_count; i++)
        if (strcmp(dosing->units[i].text, text) == 0)
            return &dosing->units[i];
    return NULL;
}

const struct gw_drug_product *gw_drug_product_find(const struct gw_dosing *dosing, const struct gw_coding *coding)
{
    for (size_t i = 0; i < dosing->product_count; i++)
        if (gw_same(dosing->products[i].code, coding->code) && gw_same(dosing->products[i].system, coding->system))
            return &dosing->products[i];
    return NULL;
}

static const struct gw_drug_route *by_word(const struct gw_dosing *dosing, const char *word)
{
    for (size_t i = 0; word && i < dosing->route_count; i++)
        if (!dosing->routes[i].system && strcasecmp(dosing->routes[i].code, word) == 0)
            return &dosing->routes[i];
    return NULL;
}

static const struct gw_drug_route *by_coding(const struct gw_dosing *dosing, const struct gw_coding *coding)
{
    for (size_t i = 0; coding->system && coding->code && i < dosing->route_count; i++)
        if (gw_same(dosing->routes[i].system, coding->system) && strcmp(dosing->routes[i].code, coding->code) == 0)
            return &dosing->routes[i];
    return NULL;
}

const struct gw_drug_route *gw_drug_route_find(const struct gw_dosing *dosing, const struct gw_concept *route)
{
    const struct gw_drug_route *found = NULL;

    for (size_t i = 0; !found && i < route->count; i++)
        found = by_coding(dosing, &route->codings[i]);
    for (size_t i = 0; !found && i < route->count; i++)
        found = by_word(dosing, route->codings[i].display);
    return found ? found : by_word(dosing, route->text);
}

const struct gw_drug_route *gw_drug_route_implied(const struct gw_dosing *dosing, const struct gw_coding *drug)
{
    for (size_t i = 0; gw_same(drug->system, GW_SYSTEM_ATC) && drug->code && i < dosing->route_count; i++)
        if (gw_same(dosing->routes[i].system, GW_SYSTEM_ATC) &&
            strncmp(drug->code, dosing->routes[i].code, strlen(dosing->routes[i].code)) == 0)
            return &dosing->routes[i];
    return NULL;
}
