/*
 * history(): what must be said of a change of rows that were delivered: D1 moved far, a source was corrected, a source
 * was withdrawn.
 *
 * All of it follows from the rows of before, with their provenance, and from the derivation at hand; no clock and no
 * sink is asked. Such items are no part of what is known (the same facts in another order of deliveries have others),
 * so they stand in no canonical dump, and the next derivation keeps them instead of closing them.
 *
 * Source: mappings/RULES.md 10.
 */
#include <stdlib.h>
#include <string.h>

#include "study/decided.h"
#include "study/diagnoses.h"
#include "study/former.h"
#include "study/held.h"
#include "study/lineage.h"
#include "study/refused.h"

bool gw_item_is_history(const char *code)
{
    static const char *const codes[] = {"ANCHOR_MOVED",  "CORRECTION_AFTER_PUSH", "WITHDRAWN_AFTER_PUSH",
                                        "PUSH_REJECTED", "TARGET_CHANGED",        "SIGNED_CHANGED"};

    return gw_is_among(codes, sizeof codes / sizeof *codes, code);
}

/* ---- anchors ---- */

static gw_day day_or_none(const char *text)
{
    gw_day day = GW_NO_DAY;

    return text && gw_day_parse(text, &day) ? day : GW_NO_DAY;
}

static int32_t anchor_version(const struct gw_row_subjects *was, const struct gw_row_subjects *is)
{
    const int32_t former = was && was->anchor_version != GW_NULL_INTEGER ? was->anchor_version : 0;

    return former_same_anchors(was, is) && former > 0 ? former : former + 1;
}

static bool later(const char *a, const char *b)
{
    int64_t x, y;

    return a && b && gw_instant_read(a, &x) && gw_instant_read(b, &y) && x > y;
}

/* A person set that very day, or confirmed D1 since the rows of before were made. */
static const struct gw_decision *confirmation(struct engine *e, const struct gw_row_subjects *was, gw_day day)
{
    const struct gw_decision *decision = decided_subject(e, GW_DECIDE_ANCHOR, "D1");

    if (decided_day(decision, GW_SET_DATE) == day ||
        (decided_says(decision, GW_SET_CONFIRM) && later(decision->at, was->mapped_at)))
        return decision;
    return NULL;
}

static void compare_anchors(struct engine *e, const struct gw_row_subjects *was, const struct gw_row_subjects *is)
{
    const gw_day from = day_or_none(was ? was->d1 : NULL), to = day_or_none(is ? is->d1 : NULL);
    struct item_about about = {.day = to};
    const struct gw_decision *confirmed;

    if (from == GW_NO_DAY || to == GW_NO_DAY || gw_days_apart(from, to) <= e->in->study->anchor_move_days)
        return;
    about.rule = gw_arena_print(e->arena, "%s>%s", was->d1, is->d1); /* each move is a question of its own */
    about.note = gw_arena_print(e->arena, "the first dose moves by %d days, from %s to %s", gw_days_apart(from, to),
                                was->d1, is->d1);
    if (!about.rule || !about.note) {
        e->failed = true;
        return;
    }
    confirmed = confirmation(e, was, to);
    if (confirmed)
        decided_note(e, confirmed, "ANCHOR_MOVED", &about);
    else
        engine_raise(e, "ANCHOR_MOVED", &about);
}

/* ---- sources ---- */

/* The row of before is another now, or gone. */
static bool row_changed(const struct gw_rows *previous, const struct gw_rows *next,
                        const struct gw_row_provenance *line)
{
    const enum gw_table_id table = gw_table_named(line->table);
    const struct gw_row *was, *is;

    if (table == GW_TABLE_COUNT || table == GW_TABLE_exceptions)
        return false;
    was = gw_rows_find(previous, table, line->of_row);
    is = gw_rows_find(next, table, line->of_row);
    return was && !(is && gw_row_equal(table, was, is));
}

static void note_row(struct engine *e, struct source *source, const char *row)
{
    const char **slot;

    if (source->row_count && strcmp(source->rows[source->row_count - 1], row) == 0)
        return; /* lines are in order of their rows: of several roles one after the other */
    slot = GW_ARENA_PUSH(e->arena, source->rows, source->row_count, source->row_capacity);
    if (slot)
        *slot = row;
    else
        e->failed = true;
}

/* The part of the fact that one of the rows stands for, where it still has one. */
static int part_of_row(struct engine *e, const struct source *source)
{
    const size_t parts = e->in->facts[source->fact].part_count;

    for (size_t p = 0; p < parts; p++) {
        const struct part *part = engine_part(e, source->fact, (int)p);

        for (size_t i = 0; i < part->row_count; i++)
            for (size_t r = 0; r < source->row_count; r++)
                if (strcmp(part->rows[i], source->rows[r]) == 0)
                    return (int)p;
    }
    return 0;
}

static bool same_codings(const struct gw_concept *a, const struct gw_concept *b)
{
    bool same = a->count == b->count;

    for (size_t i = 0; same && i < a->count; i++)
        same = gw_same(a->codings[i].system, b->codings[i].system) && gw_same(a->codings[i].code, b->codings[i].code);
    return same;
}

/* Another diagnosis, another onset, or one that is doubted now: not how it went on. */
static bool same_diagnosis(const struct gw_condition *a, const struct gw_condition *b)
{
    return same_codings(&a->code, &b->code) && gw_same(diagnosis_start_text(a), diagnosis_start_text(b)) &&
           gw_same(a->verification, b->verification);
}

/* It had not said its last word: to hear how it went on is no correction. */
static bool went_on(const struct gw_fact *was, const struct gw_fact *now)
{
    static const char *const open[] = {"in-progress", "arrived", "triaged", "onleave", "active", "recorded", "on-hold"};

    if (was->type == GW_CONDITION)
        return !diagnosis_end_text(&was->condition) && same_diagnosis(&was->condition, &now->condition);
    return gw_is_among(open, sizeof open / sizeof *open, was->status) || was->standing == GW_PROVISIONAL;
}

/* A source that is no longer what it was when the row was made, and the row neither. */
static void consider_line(struct engine *e, struct sources *sources, const struct gw_rows *previous,
                          const struct gw_row_provenance *line)
{
    struct source *source;
    const struct gw_fact *was;
    size_t version;

    if (!line->source_hash || !line->content_sha256 || !row_changed(previous, &e->rows, line))
        return;
    source = former_source(e, sources, line->source_hash);
    if (!source || lineage_is_of(e, source->fact, line->content_sha256))
        return;
    version = former_version(e, source->fact, line->content_sha256);
    was = version < e->in->fact_count ? &e->in->facts[version] : NULL;
    if (e->in->facts[source->fact].standing == GW_WITHDRAWN || !was || !went_on(was, &e->in->facts[source->fact]))
        note_row(e, source, line->of_row);
}

static void tell(struct engine *e, struct source *source)
{
    const bool withdrawn = e->in->facts[source->fact].standing == GW_WITHDRAWN;
    struct item_about about = {.has_fact = true, .fact = source->fact, .day = GW_NO_DAY};

    about.part = part_of_row(e, source);
    about.rows = engine_join(e, source->rows, source->row_count);
    about.note = withdrawn ? "the source withdrew what was delivered" : "the source corrected what was delivered";
    if (about.rows)
        engine_raise(e, withdrawn ? "WITHDRAWN_AFTER_PUSH" : "CORRECTION_AFTER_PUSH", &about);
}

static void compare_sources(struct engine *e, const struct gw_rows *previous)
{
    const struct gw_row_list *lines = &previous->tables[GW_TABLE_provenance];
    struct sources sources = {NULL, 0};

    for (size_t i = 0; i < lines->count && !e->failed; i++)
        consider_line(e, &sources, previous, (const struct gw_row_provenance *)lines->rows[i]);
    for (size_t i = 0; i < sources.count && !e->failed; i++)
        if (sources.list[i].row_count)
            tell(e, &sources.list[i]);
}

/* ---- what was told before ---- */

static void keep_former(struct engine *e, const struct gw_rows *previous, struct gw_derived *derived)
{
    const struct gw_row_list *former = &previous->tables[GW_TABLE_exceptions];
    size_t capacity = 0;

    for (size_t i = 0; i < former->count; i++) {
        const struct gw_row_exceptions *row = (const struct gw_row_exceptions *)former->rows[i];
        const char **slot;

        if (!gw_item_is_history(row->code) || refused_is_told(row->code) || gw_same(row->code, "SIGNED_CHANGED") ||
            gw_rows_find(&derived->rows, GW_TABLE_exceptions, row->row_id))
            continue;
        former_keep(e, GW_TABLE_exceptions, former->rows[i]);
        former_keep_lines(e, previous, "exceptions", row->row_id);
        if (!gw_same(row->state, "open"))
            continue;
        slot = GW_ARENA_PUSH(e->arena, derived->lasting, derived->lasting_count, capacity);
        if (slot)
            *slot = row->row_id;
        else
            e->failed = true;
    }
}

enum gw_status gw_history(const struct gw_rows *previous, struct gw_derived *derived, struct gw_error *err)
{
    struct engine *e = derived->engine;
    const struct gw_row_subjects *was = former_subject(previous), *is = former_subject(&derived->rows);
    const size_t items = e->item_count, answered = e->answered_count;

    e->rows = derived->rows; /* as gw_identify named them */
    derived->anchor_version = anchor_version(was, is);
    compare_anchors(e, was, is);
    hold_signed(e, previous, derived);
    compare_sources(e, previous);
    refused_tell(e, previous, derived);
    if (!e->failed)
        settle_from(e, items, answered, derived);
    if (!e->failed)
        keep_former(e, previous, derived);
    if (e->failed)
        return engine_out_of_memory(err);
    gw_rows_sort(&e->rows);
    derived->rows = e->rows;
    return GW_OK;
}
