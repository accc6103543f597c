/*
 * procedures.csv: which procedure, device or place means something to a derivation: dialysis, transfusion, transplant,
 * ventilation, oxygen, intensive care.
 *
 * A code system may go by several names, joined by ";". Codes are compared without regard to case, since OPS writes
 * small letters and ICD-10-PCS large ones. An exact row comes before a prefix, a longer prefix before a shorter one.
 *
 * Source: mappings/RULES.md 6.
 */
#include <string.h>
#include <strings.h>

#include "study/sheet.h"
#include "study/tables_parts.h"

enum { KIND, DEVICE, SYSTEM, CODE, MATCH, TERM, VERIFIED, COLUMNS };
static const char *const columns[COLUMNS] = {"kind", "device", "system", "code", "match", "term", "verified"};

static const char *const kinds[GW_PROCEDURE_KINDS] = {
    [GW_DIALYSIS] = "DIALYSIS",
    [GW_TRANSFUSION_RBC] = "TRANSFUSION_RBC",
    [GW_TRANSFUSION_PLATELETS] = "TRANSFUSION_PLATELETS",
    [GW_STEM_CELL_TRANSPLANT] = "STEM_CELL_TRANSPLANT",
    [GW_VENTILATION] = "VENTILATION",
    [GW_NONINVASIVE_VENTILATION] = "NONINVASIVE_VENTILATION",
    [GW_OXYGEN] = "OXYGEN",
    [GW_ICU] = "ICU",
};

static const char *const devices[] = {"NASAL", "HIGH_FLOW", "MASK", "VENTURI"};

const char *gw_procedure_kind_name(enum gw_procedure_kind kind)
{
    return kinds[kind];
}

static bool is_number(const char *code)
{
    return strspn(code, "0123456789") == strlen(code);
}

static bool check_row(struct sheet *sheet, const struct gw_procedure_row *row)
{
    if (!*row->code || !*row->systems)
        sheet_finding(sheet, "a row needs system and code; fill them in");
    else if (row->prefix && is_number(row->code))
        sheet_finding(sheet, "%s matches by prefix, but the start of a number means nothing; use exact", row->code);
    else if (row->device != GW_DEVICE_UNKNOWN && row->kind != GW_OXYGEN)
        sheet_finding(sheet, "a device tells how oxygen is given; leave it empty for %s", kinds[row->kind]);
    else
        return true;
    return false;
}

/* A code of two kinds would be whichever row comes first. */
static bool is_repeated(struct sheet *sheet, const struct procedure_rows *table, const struct gw_procedure_row *row)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct gw_procedure_row *const other = &table->rows[i];

        if (other->prefix != row->prefix || strcasecmp(other->code, row->code) != 0 ||
            !sheet_lists_meet(other->systems, row->systems, ';'))
            continue;
        sheet_finding(sheet, "%s has a row already, line %u (%s); keep one", row->code, other->line,
                      kinds[other->kind]);
        return true;
    }
    return false;
}

/* Empty: not said. -1 with a finding. */
static int read_device(struct sheet *sheet)
{
    const int named = *sheet_text(sheet, DEVICE) ? sheet_choice(sheet, DEVICE, devices, 4) : 0;

    return *sheet_text(sheet, DEVICE) && named >= 0 ? GW_DEVICE_NASAL + named : named;
}

static bool read_row(struct sheet *sheet, struct gw_procedure_row *row)
{
    static const char *const matches[] = {"exact", "prefix"};
    const int kind = sheet_choice(sheet, KIND, kinds, GW_PROCEDURE_KINDS);
    const int device = read_device(sheet);
    const int match = sheet_choice(sheet, MATCH, matches, 2);

    if (kind < 0 || device < 0 || match < 0)
        return false;
    row->kind = (enum gw_procedure_kind)kind;
    row->device = (enum gw_oxygen_device)device;
    row->systems = sheet_text(sheet, SYSTEM);
    row->code = sheet_text(sheet, CODE);
    row->prefix = match == 1;
    row->term = sheet_text(sheet, TERM);
    row->verified = sheet_text(sheet, VERIFIED)[0] == 'Y';
    row->line = sheet->row->line;
    return check_row(sheet, row);
}

void procedures_read(struct gw_arena *arena, const char *dir, struct procedure_rows *out, struct gw_findings *findings)
{
    struct sheet sheet;
    struct gw_procedure_row *rows = NULL, *kept;
    size_t capacity = 0;

    *out = (struct procedure_rows){.count = 0};
    if (!sheet_open(&sheet, arena, dir, "procedures.csv", columns, COLUMNS, findings))
        return;
    out->path = sheet.csv.path;
    while (sheet_next(&sheet)) {
        struct gw_procedure_row row = {.code = NULL};

        if (!read_row(&sheet, &row) || is_repeated(&sheet, out, &row))
            continue;
        if (!(kept = GW_ARENA_PUSH(arena, rows, out->count, capacity))) {
            sheet_no_memory(&sheet);
            return;
        }
        *kept = row;
        out->rows = rows;
    }
}

/* How well a row fits: 0 not at all; an exact one best, a longer prefix better. */
static size_t fit(const struct gw_procedure_row *row, const char *code)
{
    const size_t length = strlen(row->code);

    if (!row->prefix)
        return strcasecmp(row->code, code) == 0 ? SIZE_MAX : 0;
    return strncasecmp(row->code, code, length) == 0 ? length : 0;
}

const struct gw_procedure_row *gw_tables_procedure(const struct gw_tables *tables, const struct gw_coding *coding)
{
    const struct procedure_rows *const table = &tables->procedures;
    const struct gw_procedure_row *found = NULL;
    size_t best = 0;

    for (size_t i = 0; coding->system && coding->code && i < table->count; i++) {
        const struct gw_procedure_row *const row = &table->rows[i];
        const size_t quality = fit(row, coding->code);

        if (quality > best && sheet_list_has(row->systems, ';', coding->system)) {
            best = quality;
            found = row;
        }
    }
    return found;
}

const struct gw_procedure_row *gw_tables_procedure_of(const struct gw_tables *tables, const struct gw_concept *concept)
{
    const struct gw_procedure_row *unverified = NULL;

    for (size_t i = 0; i < concept->count; i++) {
        const struct gw_procedure_row *const row = gw_tables_procedure(tables, &concept->codings[i]);

        if (row && row->verified)
            return row;
        if (!unverified)
            unverified = row;
    }
    return unverified;
}
