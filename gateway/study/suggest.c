/*
 * Which unit a number was probably measured in: that of the subject's other results of the same code, if the number is
 * plausible in it; else the only unit of its row in which it is plausible. Source: mappings/RULES.md 15.
 */
#include <stdio.h>
#include <string.h>

#include "gateway/core/json.h"
#include "study/engine.h"

#define MAX_SUGGESTION_BYTES 512

static bool same_coding(const struct gw_coding *a, const struct gw_coding *b)
{
    return gw_same(a->code, b->code) && gw_same(a->system, b->system);
}

static struct unit_use *use_of(struct engine *e, const struct gw_coding *coding, const char *unit)
{
    struct unit_use *use;

    for (size_t i = 0; i < e->unit_use_count; i++)
        if (same_coding(e->unit_uses[i].coding, coding) && gw_same(e->unit_uses[i].unit, unit))
            return &e->unit_uses[i];
    use = GW_ARENA_PUSH(e->arena, e->unit_uses, e->unit_use_count, e->unit_use_capacity);
    if (!use) {
        e->failed = true;
        return NULL;
    }
    use->coding = coding;
    use->unit = unit;
    return use;
}

/* Count once which units the subject's usable results came with: few codes, few units each. */
static void count_units(struct engine *e)
{
    e->units_counted = true;
    for (size_t i = 0; i < e->data_count; i++) {
        const struct datum *datum = &e->data[i];
        struct unit_use *use = datum->measured && datum->value->measure.unit_code
                                   ? use_of(e, datum->code.source, datum->value->measure.unit_code)
                                   : NULL;

        if (use)
            use->count++;
    }
}

/* ---- units ---- */

static const char *in_words(struct engine *e, const char *unit, const char *because)
{
    struct gw_text json = GW_TEXT_INIT(MAX_SUGGESTION_BYTES);
    const char *text;

    gw_text_add(&json, "{\"unit\":");
    gw_json_quote(&json, unit);
    gw_text_add(&json, ",\"because\":");
    gw_json_quote(&json, because);
    gw_text_add(&json, "}");
    text = gw_arena_copy(e->arena, json.at, json.length);
    e->failed |= json.failed | !text;
    gw_text_release(&json);
    return text;
}

/* The value read in a unit of its row lies in the plausible range. */
static bool plausible_in(struct engine *e, const struct datum *datum, const char *unit)
{
    struct gw_observed observed = *datum->observed;
    struct gw_measure measure;

    observed.quantity.unit = NULL;
    observed.quantity.system = GW_SYSTEM_UCUM;
    observed.quantity.code = unit;
    e->failed |= gw_measure_read(e->arena, e->in->tables, e->in->site, datum->code.lab, datum->code.source, &observed,
                                 &measure, e->err) != GW_OK;
    return measure.verdict == GW_VALUE_OK;
}

/* The one conversion of the row by which the value is plausible; units of equal factors are one, the first is named. */
static const char *only_plausible(struct engine *e, const struct datum *datum)
{
    const struct gw_lab *lab = datum->code.lab;
    const struct gw_unit_factor *found = NULL;

    for (size_t i = 0; lab->has_plausible && i < lab->factor_count; i++) {
        if (found && strcmp(found->shown, lab->factors[i].shown) == 0)
            continue;
        if (!plausible_in(e, datum, lab->factors[i].unit))
            continue;
        if (found)
            return NULL;
        found = &lab->factors[i];
    }
    return found ? found->unit : NULL;
}

static const struct unit_use *most_used(const struct engine *e, const struct datum *datum, size_t *total)
{
    const struct unit_use *best = NULL;

    *total = 0;
    for (size_t i = 0; i < e->unit_use_count; i++) {
        const struct unit_use *use = &e->unit_uses[i];

        if (!same_coding(use->coding, datum->code.source))
            continue;
        *total += use->count;
        if (!best || use->count > best->count || (use->count == best->count && strcmp(use->unit, best->unit) < 0))
            best = use;
    }
    return best;
}

const char *engine_suggest_unit(struct engine *e, const struct datum *datum)
{
    const struct unit_use *best;
    const char *unit;
    char because[64];
    size_t total;

    if (!e->units_counted)
        count_units(e);
    if (datum->observed->kind != GW_VALUE_QUANTITY)
        return "";
    best = most_used(e, datum, &total);
    if (best && plausible_in(e, datum, best->unit)) {
        snprintf(because, sizeof because, "%zu of %zu others", best->count, total);
        return in_words(e, best->unit, because);
    }
    unit = only_plausible(e, datum);
    return unit ? in_words(e, unit, "the only unit in which this value is plausible") : "";
}
