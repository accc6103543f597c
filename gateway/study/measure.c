/*
 * One observed value in the canonical unit of its row, exactly.
 *
 * Source: mappings/RULES.md 7.
 */
#include "gateway/study/measure.h"

#include <string.h>

#include "study/border.h"
#include "study/tables_parts.h"
#include "study/units.h"

static const char score[] = "{score}"; /* the one kind of row whose number may come without a unit */

static enum gw_status no_memory(struct gw_error *err)
{
    return gw_fail(err, GW_ENOMEM, "study.measure", "a value does not fit the memory set for its subject");
}

static bool is_plausible(struct gw_arena *arena, const struct gw_lab *lab, const struct gw_ratio *value)
{
    const struct gw_ratio low = gw_ratio_of(lab->plausible_low), high = gw_ratio_of(lab->plausible_high);

    return !lab->has_plausible ||
           (gw_ratio_compare(arena, value, &low) >= 0 && gw_ratio_compare(arena, value, &high) <= 0);
}

/* A number and its factor are known: the rest is arithmetic. */
static bool convert(struct gw_arena *arena, const struct gw_lab *lab, const struct gw_unit_factor *factor,
                    struct gw_measure *out)
{
    const struct gw_ratio source = gw_ratio_of(out->source);

    out->unit_code = factor->unit;
    out->transformation = factor->shown;
    if (!unit_convert(arena, factor, &source, &out->canonical))
        return false;
    out->value_num = unit_print(arena, factor, &out->source, &out->canonical);
    if (!out->value_num)
        return false;
    out->verdict = is_plausible(arena, lab, &out->canonical) ? GW_VALUE_OK : GW_VALUE_IMPLAUSIBLE;
    return true;
}

static enum gw_value_verdict verdict_of(enum unit_verdict unit)
{
    switch (unit) {
    case UNIT_MISSING:
        return GW_VALUE_UNIT_MISSING;
    case UNIT_CONFLICT:
        return GW_VALUE_UNIT_CONFLICT;
    case UNIT_UNKNOWN:
        return GW_VALUE_UNIT_UNKNOWN;
    default:
        return GW_VALUE_OK;
    }
}

static const struct gw_unit_factor *find_factor(const struct gw_tables *tables, const struct gw_site *site,
                                                const struct gw_lab *lab, const struct gw_coding *code,
                                                const struct gw_observed *observed, struct gw_measure *out)
{
    const struct gw_unit_factor *factor = NULL;
    enum unit_verdict unit;

    if (observed->kind == GW_VALUE_INTEGER) {
        factor = strcmp(lab->unit, score) == 0 ? factor_of(lab, score) : NULL;
        out->verdict = factor ? GW_VALUE_OK : GW_VALUE_UNIT_MISSING;
        return factor;
    }
    unit = unit_of(tables, site, lab, &observed->quantity, &factor);
    if (unit == UNIT_MISSING && gw_site_missing_unit(site, code)) {
        factor = factor_of(lab, gw_site_missing_unit(site, code));
        unit = factor ? UNIT_OK : UNIT_UNKNOWN;
    }
    out->verdict = verdict_of(unit);
    return unit == UNIT_OK ? factor : NULL;
}

static enum gw_status read_number(struct gw_arena *arena, const struct gw_tables *tables, const struct gw_site *site,
                                  const struct gw_lab *lab, const struct gw_coding *code,
                                  const struct gw_observed *observed, struct gw_measure *out, struct gw_error *err)
{
    const bool integer = observed->kind == GW_VALUE_INTEGER;
    const char *const text = integer ? observed->string : observed->quantity.value;
    const struct gw_unit_factor *factor;
    enum gw_status rc;

    if (!text)
        return GW_OK; /* a quantity without a value says nothing, whatever its unit */
    rc = unit_number(arena, text, &out->source);
    if (rc == GW_ENOMEM)
        return no_memory(err);
    out->verdict = GW_VALUE_TYPE;
    if (rc != GW_OK)
        return GW_OK;
    out->comparator = integer ? NULL : observed->quantity.comparator;
    factor = find_factor(tables, site, lab, code, observed, out);
    if (factor && !convert(arena, lab, factor, out))
        return no_memory(err);
    return GW_OK;
}

/* A coded answer, by its code. What is typed beside or instead of it is not read: it may say anything. */
static void read_answer(const struct gw_observed *observed, struct gw_measure *out)
{
    out->verdict = GW_VALUE_TYPE;
    for (size_t i = 0; i < observed->concept.count && out->verdict != GW_VALUE_OK; i++) {
        out->value_text = border_code(observed->concept.codings[i].code);
        out->verdict = out->value_text ? GW_VALUE_OK : GW_VALUE_TYPE;
    }
}

enum gw_status gw_measure_read(struct gw_arena *arena, const struct gw_tables *tables, const struct gw_site *site,
                               const struct gw_lab *lab, const struct gw_coding *code,
                               const struct gw_observed *observed, struct gw_measure *out, struct gw_error *err)
{
    *out = (struct gw_measure){.verdict = GW_VALUE_ABSENT, .unit = lab->unit, .transformation = ""};
    if (observed->kind == GW_VALUE_NONE)
        return GW_OK;
    if (lab->unit && (observed->kind == GW_VALUE_QUANTITY || observed->kind == GW_VALUE_INTEGER))
        return read_number(arena, tables, site, lab, code, observed, out, err);
    if (!lab->unit && observed->kind == GW_VALUE_CONCEPT)
        read_answer(observed, out);
    else
        out->verdict = GW_VALUE_TYPE;
    return GW_OK;
}
