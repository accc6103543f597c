/*
 * The last stage: every part gets its single state, every item its row, and the whole is put in order.
 *
 * delivered beats evidence beats held: a value that stands in one window's row is delivered even if another grid waits.
 * A subject-blocking item holds every part that would otherwise have been used or left out for its place.
 */
#include <stdlib.h>
#include <string.h>

#include "study/fact_decisions.h"
#include "study/order.h"

const char *gw_state_name(enum gw_state state)
{
    static const char *const names[GW_STATE_COUNT] = {"delivered",    "evidence",       "unchanged", "superseded",
                                                      "not_in_scope", "outside_window", "held",      "retracted"};

    return names[state];
}

/* Nothing is asked about a record that is none any more. */
static bool is_replaced(const struct part *part)
{
    return part->final && (part->state == GW_STATE_SUPERSEDED || part->state == GW_STATE_RETRACTED);
}

static void settle_part(const struct engine *e, struct part *part)
{
    if (e->blocked && !is_replaced(part)) {
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
    } else if (part->waits_for) {
        part->state = GW_STATE_HELD;
        part->reason = part->waits_for;
    } else if (!part->final) {
        part->state = GW_STATE_NOT_IN_SCOPE;
        part->reason = "NOT_DERIVED"; /* nothing uses it */
    }
}

const char *engine_join(struct engine *e, const char **list, size_t count)
{
    const char *joined;

    if (count == 0)
        return "";
    if (count == 1)
        return list[0];
    qsort(list, count, sizeof *list, order_text_items);
    joined = gw_arena_join(e->arena, ';', list, count);
    e->failed |= !joined;
    return joined;
}

/* What the values among them are of, and when. */
static void tell_values(const struct engine *e, struct gw_derived *out)
{
    for (size_t i = 0; i < e->data_count; i++) {
        const struct datum *datum = &e->data[i];
        struct gw_part_state *part = &out->parts[e->first_part[datum->fact] + (size_t)datum->part];

        part->concept = datum->code.lab ? datum->code.lab->concept : NULL;
        if (!datum->dated)
            continue;
        part->first = datum->when.first;
        part->last = datum->when.last;
    }
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
            .reason = part->reason,
            .rows = part->state == GW_STATE_DELIVERED ? engine_join(e, part->rows, part->row_count) : "",
            .items = engine_join(e, part->items, part->item_count),
            .first = GW_NO_DAY,
            .last = GW_NO_DAY};
    }
    out->part_count = e->part_count;
    tell_values(e, out);
}

static int by_item_id(const void *a, const void *b)
{
    return strcmp(((const struct gw_item *)a)->id, ((const struct gw_item *)b)->id);
}

static void item_lineage(struct engine *e, const char *id, const struct part *part, const char *rules)
{
    if (part && (part->row_count > 0 || part->cited))
        engine_provenance(e, "exceptions", id, part->fact, "about", rules, NULL);
    else /* of what no window took the study sees no pointer */
        engine_provenance_of_rules(e, "exceptions", id, "about", rules);
}

/* The study sees that an item is open and what it touches, never its clinical text. */
static void emit_item(struct engine *e, const struct gw_item *item)
{
    struct gw_row_exceptions *row = (struct gw_row_exceptions *)engine_row(e, GW_TABLE_exceptions, item->id, "active");
    const struct part *part = item->has_fact ? engine_part(e, item->fact, item->part) : NULL;

    if (!row)
        return;
    row->code = item->code;
    row->of_rows = item->rows                ? item->rows
                   : part && part->row_count ? engine_join(e, part->rows, part->row_count)
                                             : NULL;
    row->blocks = item->blocks;
    row->state = item->decision ? "in_review" : "open";
    row->resolution = item->decision ? gw_arena_print(e->arena, "decision:%lld", (long long)item->decision) : NULL;
    e->failed |= item->decision && !row->resolution;
    item_lineage(e, item->id, part, engine_rules(e, (const char *const[]){"items", row->resolution}, 2));
}

/* ---- what decisions answered ---- */

struct settled_item {
    const char *id;
    const struct answered *answered;
};

/* By item, the latest decision first. */
static int by_settled_item(const void *a, const void *b)
{
    const struct settled_item *x = a, *y = b;
    const int order = strcmp(x->id, y->id);

    if (order != 0)
        return order;
    return ORDER(y->answered->decision, x->answered->decision);
}

static bool is_raised(const struct engine *e, const char *id)
{
    const struct gw_item wanted = {.id = id};

    return e->item_count && bsearch(&wanted, e->items, e->item_count, sizeof *e->items, by_item_id);
}

/* Of what lies outside all windows, or is of no concern, nobody would have been asked. */
static bool would_ask(struct engine *e, const struct item_about *about)
{
    static const char *const answered[] = {"DROPPED", "IGNORED", "NOT_LISTED", "NO_EVENT", "REJECTED"};
    const struct part *part = about->has_fact ? engine_part(e, about->fact, about->part) : NULL;

    if (!part || part->state == GW_STATE_DELIVERED || part->state == GW_STATE_EVIDENCE ||
        part->state == GW_STATE_HELD || part->state == GW_STATE_UNCHANGED)
        return true;
    return part->state == GW_STATE_NOT_IN_SCOPE &&
           gw_is_among(answered, sizeof answered / sizeof *answered, part->reason);
}

static size_t name_answered(struct engine *e, size_t from, struct settled_item *list)
{
    size_t count = 0;

    for (size_t i = from; i < e->answered_count && !e->failed; i++) {
        const struct answered *answered = &e->answered[i];
        const char *print = answered->item ? NULL : engine_fingerprint(e, answered->code, &answered->about);
        const char *id = print ? engine_item_id(e, print, &answered->about) : answered->item;

        e->failed |= !id;
        if (id && would_ask(e, &answered->about) && !is_raised(e, id))
            list[count++] = (struct settled_item){id, answered};
    }
    if (count > 1 && !e->failed)
        qsort(list, count, sizeof *list, by_settled_item);
    return count;
}

static void emit_resolved(struct engine *e, const struct settled_item *item)
{
    const struct answered *answered = item->answered;
    const struct part *part =
        answered->about.has_fact ? engine_part(e, answered->about.fact, answered->about.part) : NULL;
    struct gw_row_exceptions *row = (struct gw_row_exceptions *)engine_row(e, GW_TABLE_exceptions, item->id, "active");

    if (!row)
        return;
    row->code = answered->code;
    row->of_rows = answered->about.rows      ? answered->about.rows
                   : part && part->row_count ? engine_join(e, part->rows, part->row_count)
                                             : NULL;
    row->blocks = gw_rules_class(e->in->rules, answered->code)->blocks;
    row->state = "resolved";
    row->resolution = gw_arena_print(e->arena, "decision:%lld", (long long)answered->decision);
    e->failed |= !row->resolution;
    if (row->resolution)
        item_lineage(e, item->id, part, engine_rules(e, (const char *const[]){"items", row->resolution}, 2));
}

static int by_resolved_item(const void *a, const void *b)
{
    return strcmp(((const struct gw_resolution *)a)->item, ((const struct gw_resolution *)b)->item);
}

/* Those of items that an earlier settling found, if there was one. */
static size_t keep_resolutions(const struct gw_derived *out, struct gw_resolution *all)
{
    size_t count = 0;

    for (size_t i = 0; i < out->resolution_count; i++)
        if (out->resolutions[i].item)
            all[count++] = out->resolutions[i];
    return count;
}

/* An item that two decisions answer (a code mapped, then its row enabled) is the later one's. */
static void settle_answered(struct engine *e, size_t from, struct gw_derived *out)
{
    struct settled_item *list = gw_arena_alloc(e->arena, (e->answered_count + 1) * sizeof *list);
    struct gw_resolution *all = gw_arena_alloc(e->arena, (e->answered_count + e->in->fact_count + 1) * sizeof *all);
    size_t count, kept;

    if (!list || !all) {
        e->failed = true;
        return;
    }
    kept = keep_resolutions(out, all);
    count = name_answered(e, from, list);
    for (size_t i = 0; i < count && !e->failed; i++) {
        if (i > 0 && strcmp(list[i].id, list[i - 1].id) == 0)
            continue;
        all[kept++] = (struct gw_resolution){.item = list[i].id, .decision = list[i].answered->decision};
        emit_resolved(e, &list[i]);
    }
    if (kept > 1)
        qsort(all, kept, sizeof *all, by_resolved_item);
    for (size_t i = 0; e->fact_decisions && i < e->in->fact_count; i++)
        if (e->fact_decisions[i].decision && e->versions[i].current)
            all[kept++] = (struct gw_resolution){.fact = i, .decision = e->fact_decisions[i].decision};
    out->resolutions = all;
    out->resolution_count = kept;
}

void settle_from(struct engine *e, size_t items, size_t answered, struct gw_derived *out)
{
    settle_parts(e, out);
    for (size_t i = items; i < e->item_count && !e->failed; i++)
        emit_item(e, &e->items[i]);
    if (e->item_count > 1)
        qsort(e->items, e->item_count, sizeof *e->items, by_item_id);
    if (e->decided_count > 0 && !e->failed)
        settle_answered(e, answered, out);
    gw_rows_sort(&e->rows);
    out->rows = e->rows;
    out->items = e->items;
    out->item_count = e->item_count;
    out->blocked = e->blocked;
    out->next_day = e->next_day;
    out->windows = e->windows;
    out->linked = e->linked;
    out->linked_count = e->linked_count;
}

void stage_settle(struct engine *e, struct gw_derived *out)
{
    surround_items(e);
    settle_from(e, 0, 0, out);
}
