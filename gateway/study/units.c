/*
 * Units of quantities.
 *
 * Source: UCUM; mappings/README.md, how they meet, 2.
 */
#include "study/units.h"

#include <stdlib.h>
#include <string.h>

#include "study/tables_parts.h"

#define MAX_SPELLING 64
#define MAX_PLACES   1000 /* digits, and power of ten, of what a laboratory can have measured */

static const char blanks[] = " \t\r\n";

struct meaning {
    bool written;
    const struct gw_unit_factor *factor; /* accepted by the row */
    bool known;                          /* some unit, of this row or another */
};

static bool is_written(const char *text)
{
    return text && text[strspn(text, blanks)];
}

/* Of what is written. False: no spelling is so long. */
static bool trim(const char *text, char out[MAX_SPELLING])
{
    size_t length;

    text += strspn(text, blanks);
    length = strlen(text);
    while (strchr(blanks, text[length - 1]))
        length--;
    if (length >= MAX_SPELLING)
        return false;
    memcpy(out, text, length);
    out[length] = '\0';
    return true;
}

static struct meaning meaning_of(const struct gw_tables *tables, const struct gw_site *site, const struct gw_lab *lab,
                                 const char *text)
{
    char spelling[MAX_SPELLING];
    struct meaning meaning = {.written = is_written(text)};
    const char *alias;

    if (!meaning.written || !trim(text, spelling))
        return meaning;
    meaning.factor = factor_of(lab, spelling);
    alias = meaning.factor ? NULL : gw_site_unit_alias(site, spelling);
    if (!meaning.factor && !alias)
        alias = gw_tables_unit_alias(tables, spelling);
    if (alias)
        meaning.factor = factor_of(lab, alias);
    meaning.known = meaning.factor || alias || labs_know_unit(&tables->labs, spelling);
    return meaning;
}

bool unit_known(const struct gw_tables *tables, const struct gw_site *site, const struct gw_lab *lab, const char *text)
{
    return meaning_of(tables, site, lab, text).known;
}

static bool same_ratio(const struct gw_ratio *a, const struct gw_ratio *b)
{
    struct gw_arena spare = GW_ARENA_INIT((size_t)1 << 20);
    const int order = gw_ratio_compare(&spare, a, b);

    gw_arena_release(&spare);
    return order == 0;
}

static bool same_conversion(const struct gw_unit_factor *a, const struct gw_unit_factor *b)
{
    return a == b || (same_ratio(&a->scale, &b->scale) && same_ratio(&a->offset, &b->offset));
}

/* Both are written. */
static enum unit_verdict of_both(const struct meaning *code, const struct meaning *text, bool ucum,
                                 const struct gw_unit_factor **out)
{
    *out = code->factor;
    if (code->factor && text->factor)
        return same_conversion(code->factor, text->factor) ? UNIT_OK : UNIT_CONFLICT;
    if (code->factor)
        return text->known ? UNIT_CONFLICT : UNIT_OK;
    if (!text->factor)
        return UNIT_UNKNOWN;
    if (code->known)
        return UNIT_CONFLICT;
    if (ucum) /* a code that claims to be UCUM and is not: the text might hide what is wrong */
        return UNIT_UNKNOWN;
    *out = text->factor;
    return UNIT_OK;
}

enum unit_verdict unit_of(const struct gw_tables *tables, const struct gw_site *site, const struct gw_lab *lab,
                          const struct gw_quantity *quantity, const struct gw_unit_factor **out)
{
    const struct meaning code = meaning_of(tables, site, lab, quantity->code);
    const struct meaning text = meaning_of(tables, site, lab, quantity->unit);

    *out = NULL;
    if (!code.written && !text.written)
        return UNIT_MISSING;
    if (code.written && text.written)
        return of_both(&code, &text, gw_same(quantity->system, GW_SYSTEM_UCUM), out);
    *out = code.written ? code.factor : text.factor;
    return *out ? UNIT_OK : UNIT_UNKNOWN;
}

bool unit_written(const struct gw_quantity *quantity)
{
    return is_written(quantity->unit) || is_written(quantity->code);
}

enum gw_status unit_number(struct gw_arena *arena, const char *text, struct gw_decimal *out)
{
    const enum gw_status rc = gw_decimal_parse(arena, text, strlen(text), out, NULL);

    if (rc != GW_OK)
        return rc;
    return out->count <= MAX_PLACES && abs(out->exponent) <= MAX_PLACES ? GW_OK : GW_EINPUT;
}

bool unit_convert(struct gw_arena *arena, const struct gw_unit_factor *factor, const struct gw_ratio *value,
                  struct gw_ratio *out)
{
    return gw_ratio_multiply(arena, value, &factor->scale, out) &&
           (!factor->affine || gw_ratio_add(arena, out, &factor->offset, out));
}

static struct gw_ratio negative(const struct gw_ratio *ratio)
{
    struct gw_ratio out = *ratio;

    out.numerator.negative = !out.numerator.negative; /* of a long number */
    out.numerator.coefficient = -out.numerator.coefficient;
    return out;
}

bool unit_revert(struct gw_arena *arena, const struct gw_unit_factor *factor, const struct gw_ratio *canonical,
                 struct gw_ratio *out)
{
    const struct gw_ratio inverse = {factor->scale.denominator, factor->scale.numerator};
    const struct gw_ratio back = negative(&factor->offset);

    *out = *canonical;
    return (!factor->affine || gw_ratio_add(arena, out, &back, out)) && gw_ratio_multiply(arena, out, &inverse, out);
}

const char *unit_print(struct gw_arena *arena, const struct gw_unit_factor *factor, const struct gw_decimal *source,
                       const struct gw_ratio *canonical)
{
    return factor->affine ? gw_ratio_print(arena, canonical) : gw_ratio_print_product(arena, source, &factor->scale);
}
