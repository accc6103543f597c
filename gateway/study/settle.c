/*
 * The last stage: every part gets its single state, every item its row, and the whole is put in order.
 *
 * delivered beats evidence beats held: a value that stands in one window's row is delivered even if another grid waits.
 * A subject-blocking item holds every part that would otherwise have been used or left out for its place.
 */
#include <stdlib.h>
#include <string.h>

#include "study/engine.h"

const char *gw_state_name(enum gw_state state)
{
    static const char *const names[GW_STATE_COUNT] = {"delivered",    "evidence",       "unchanged", "superseded",
                                                      "not_in_scope", "outside_window", "held",      "retracted"};

    return names[state];
}

/* What a resource is in no way part of yet. */
static const char *unused_reason(enum gw_resource type)
{
    switch (type) {
    case GW_MEDICATION_ADMINISTRATION:
    case GW_MEDICATION_REQUEST:
    case GW_MEDICATION_DISPENSE:
    case GW_MEDICATION_STATEMENT:
        return "EXPOSURE_NOT_DERIVED";
    default:
        return "NOT_DERIVED";
    }
}

static void settle_part(const struct engine *e, struct part *part)
{
    const bool frozen =
        e->blocked && !(part->final && (part->state == GW_STATE_SUPERSEDED || part->state == GW_STATE_RETRACTED));

    if (frozen) {
        part->state = GW_STATE_HELD;
        part->reason = e->blocked_by;
    } else if (part->row_count > 0) {
        part->state = GW_STATE_DELIVERED;
        part->reason = "";
    } else if (part->cited) {
        part->state = GW_STATE_EVIDENCE;
        part->reason = "";
    } else if (part->held) {
        part->state = GW_STATE_HELD;
        part->reason = part->held_by;
    } else if (!part->final && part->waits_for) {
        part->state = GW_STATE_HELD;
        part->reason = part->waits_for;
    } else if (!part->final) {
        part->state = GW_STATE_NOT_IN_SCOPE;
        part->reason = unused_reason(e->in->facts[part->fact].type);
    }
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *join(struct engine *e, const char **list, size_t count)
{
    struct gw_text text = GW_TEXT_INIT(64 * 1024);
    const char *joined;

    if (count == 0)
        return "";
    if (count == 1)
        return list[0];
    qsort(list, count, sizeof *list, by_text);
    for (size_t i = 0; i < count; i++)
        gw_text_print(&text, "%s%s", i ? ";" : "", list[i]);
    joined = text.failed ? NULL : gw_arena_copy(e->arena, text.at, text.length);
    gw_text_release(&text);
    e->failed |= !joined;
    return joined;
}

static void settle_parts(struct engine *e, struct gw_derived *out)
{
    out->parts = gw_arena_alloc(e->arena, (e->part_count + 1) * sizeof *out->parts);
    if (!out->parts) {
        e->failed = true;
        return;
    }
    for (size_t i = 0; i < e->part_count; i++) {
        struct part *part = &e->parts[i];

        settle_part(e, part);
        out->parts[i] = (struct gw_part_state){
            .fact = part->fact,
            .part = part->index,
            .state = part->state,
            .reason = part->reason ? part->reason : "",
            .rows = part->state == GW_STATE_DELIVERED ? join(e, part->rows, part->row_count) : "",
            .items = join(e, part->items, part->item_count)};
    }
    out->part_count = e->part_count;
}

static int by_item_id(const void *a, const void *b)
{
    return strcmp(((const struct gw_item *)a)->id, ((const struct gw_item *)b)->id);
}

/* The study sees that an item is open and what it touches, never its clinical text. */
static void emit_item(struct engine *e, const struct gw_item *item)
{
    struct gw_row_exceptions *row = (struct gw_row_exceptions *)engine_row(e, GW_TABLE_exceptions, item->id, "active");
    const struct part *part = item->has_fact ? engine_part(e, item->fact, item->part) : NULL;

    if (!row)
        return;
    row->code = item->code;
    row->of_rows = part && part->row_count ? join(e, part->rows, part->row_count) : NULL;
    row->blocks = item->blocks;
    row->state = "open";
    if (part && (part->row_count > 0 || part->cited))
        engine_provenance(e, "exceptions", item->id, item->fact, "about", "items", NULL);
    else /* of what no window took the study sees no pointer */
        engine_provenance_of_rules(e, "exceptions", item->id, "about", "items");
}

void stage_settle(struct engine *e, struct gw_derived *out)
{
    settle_parts(e, out);
    for (size_t i = 0; i < e->item_count; i++)
        emit_item(e, &e->items[i]);
    if (e->item_count > 1)
        qsort(e->items, e->item_count, sizeof *e->items, by_item_id);
    gw_rows_sort(&e->rows);
    out->rows = e->rows;
    out->items = e->items;
    out->item_count = e->item_count;
    out->blocked = e->blocked;
    out->next_day = e->next_day;
    out->windows = e->windows;
}
