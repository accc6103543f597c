/*
 * What a person will probably decide, with the reason: for a number without a unit, the unit that the subject's other
 * results of the same code came with.
 */
#include <string.h>

#include "gateway/core/json.h"
#include "study/engine.h"

#define MAX_SUGGESTION_BYTES 512

static bool same_coding(const struct gw_coding *a, const struct gw_coding *b)
{
    return a == b || (a && b && gw_same(a->code, b->code) && gw_same(a->system, b->system));
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
    for (size_t i = 0; i < e->data_count && !e->failed; i++) {
        const struct datum *datum = &e->data[i];
        struct unit_use *use = datum->measured && datum->measure.unit_code
                                   ? use_of(e, datum->code.source, datum->measure.unit_code)
                                   : NULL;

        if (use)
            use->count++;
    }
}

const char *engine_suggest_unit(struct engine *e, const struct datum *datum)
{
    const struct unit_use *best = NULL;
    size_t total = 0;
    struct gw_text json = GW_TEXT_INIT(MAX_SUGGESTION_BYTES);
    const char *suggestion;

    if (!e->units_counted)
        count_units(e);
    for (size_t i = 0; i < e->unit_use_count; i++) {
        const struct unit_use *use = &e->unit_uses[i];

        if (!same_coding(use->coding, datum->code.source))
            continue;
        total += use->count;
        if (!best || use->count > best->count || (use->count == best->count && strcmp(use->unit, best->unit) < 0))
            best = use;
    }
    if (!best)
        return "";
    gw_text_add(&json, "{\"unit\":");
    gw_json_quote(&json, best->unit);
    gw_text_print(&json, ",\"because\":\"%zu of %zu others\"}", best->count, total);
    suggestion = json.failed ? "" : gw_arena_copy(e->arena, json.at, json.length);
    gw_text_release(&json);
    return suggestion;
}
