/*
 * Unit factors: exact ratios from a unit a laboratory may report to the canonical unit of its row.
 *
 * A factor is a decimal or a ratio ("10*3/uL=1", "/uL=1/1000", "L/d=25/36") or, for temperatures, affine in one of two
 * spellings: "affine:x-273.15" and "affine:(x-32)*5/9".
 *
 * Source: mappings/common/loinc-labs.csv, column accepted_units.
 */
#include <string.h>

#include "study/tables_parts.h"

static const char affine_mark[] = "affine:";

struct reading {
    struct gw_arena *arena;
    const char *reason;
};

static bool refuse(struct reading *r, const char *reason)
{
    r->reason = reason;
    return false;
}

static bool read_ratio(struct reading *r, const char *text, struct gw_ratio *out)
{
    if (gw_ratio_parse(r->arena, text, out, NULL) == GW_OK)
        return true;
    return refuse(r, "write a factor as a decimal or a ratio: 88.4, 1/1000, 25/36");
}

/* "-32" or "+32" as it stands after x. */
static bool read_shift(struct reading *r, const char *text, struct gw_ratio *out)
{
    if (*text == '+')
        text++;
    else if (*text != '-')
        return refuse(r, "write an affine unit as affine:x-273.15 or affine:(x-32)*5/9");
    return read_ratio(r, text, out);
}

/* "(x-32)*5/9": canonical = x * 5/9 + (-32 * 5/9). */
static bool read_scaled_shift(struct reading *r, const char *text, struct gw_unit_factor *out)
{
    const char *const close = strchr(text, ')');
    struct gw_ratio shift;
    char *inner;

    if (strncmp(text, "(x", 2) != 0 || !close || close[1] != '*')
        return refuse(r, "write an affine unit as affine:x-273.15 or affine:(x-32)*5/9");
    inner = gw_arena_copy(r->arena, text + 2, (size_t)(close - text - 2));
    if (!inner || !read_shift(r, inner, &shift) || !read_ratio(r, close + 2, &out->scale))
        return false;
    if (!gw_ratio_multiply(r->arena, &shift, &out->scale, &out->offset))
        return refuse(r, "the factor is out of range");
    out->shown = gw_arena_print(r->arena, "(x %c %s) * %s", inner[0], inner + 1, close + 2);
    return out->shown != NULL;
}

static bool read_affine(struct reading *r, const char *text, struct gw_unit_factor *out)
{
    out->affine = true;
    if (*text == '(')
        return read_scaled_shift(r, text, out);
    out->scale = gw_ratio_of(gw_decimal_from_int(1));
    if (*text != 'x' || !read_shift(r, text + 1, &out->offset))
        return refuse(r, "write an affine unit as affine:x-273.15 or affine:(x-32)*5/9");
    out->shown = gw_arena_print(r->arena, "x %c %s", text[1], text + 2);
    return out->shown != NULL;
}

static bool read_scale(struct reading *r, const char *text, struct gw_unit_factor *out)
{
    const struct gw_ratio one = gw_ratio_of(gw_decimal_from_int(1));

    out->offset = gw_ratio_of(gw_decimal_from_int(0));
    if (!read_ratio(r, text, &out->scale))
        return false;
    if (gw_decimal_sign(&out->scale.numerator) <= 0)
        return refuse(r, "a factor is greater than 0");
    out->shown = gw_ratio_compare(r->arena, &out->scale, &one) == 0 ? "" : gw_arena_print(r->arena, "x %s", text);
    return out->shown != NULL;
}

static bool read_factor(struct reading *r, const char *text, size_t length, struct gw_unit_factor *out)
{
    char *const copy = gw_arena_copy(r->arena, text, length);
    char *const equals = copy ? strchr(copy, '=') : NULL;

    if (!equals || equals == copy)
        return refuse(r, "write each accepted unit as unit=factor, joined by |");
    *equals = '\0';
    out->unit = copy;
    if (strncmp(equals + 1, affine_mark, strlen(affine_mark)) == 0)
        return read_affine(r, equals + 1 + strlen(affine_mark), out);
    return read_scale(r, equals + 1, out);
}

static bool repeats(struct reading *r, const struct gw_unit_factor *list, size_t count, const char *unit)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].unit, unit) == 0)
            return !refuse(r, "a unit is accepted twice; keep one");
    return false;
}

bool factors_read(struct gw_arena *arena, const char *text, struct gw_unit_factor **out, size_t *count,
                  const char **reason)
{
    struct reading r = {arena, "the memory set for the tables is used up"};
    struct gw_unit_factor *list = NULL, *item;
    size_t held = 0, capacity = 0;

    for (const char *at = text; *at;) {
        const char *const end = strchrnul(at, '|');
        struct gw_unit_factor factor = {.unit = NULL};

        *reason = r.reason;
        if (!read_factor(&r, at, (size_t)(end - at), &factor) || repeats(&r, list, held, factor.unit) ||
            !(item = GW_ARENA_PUSH(arena, list, held, capacity))) {
            *reason = r.reason;
            return false;
        }
        *item = factor;
        at = *end ? end + 1 : end;
    }
    *out = list;
    *count = held;
    return true;
}

const struct gw_unit_factor *factor_of(const struct gw_lab *lab, const char *unit)
{
    for (size_t i = 0; unit && i < lab->factor_count; i++)
        if (strcmp(lab->factors[i].unit, unit) == 0)
            return &lab->factors[i];
    return NULL;
}
