/*
 * Why a row is here: what it says, the records and rules it came from, what a person was asked about it, which package
 * made it.
 */
#include <stdlib.h>
#include <string.h>

#include "study/explain_parts.h"
#include "study/lineage.h"
#include "study/sheet.h"

enum { MOST_SOURCES_TOLD = 3, MOST_ITEMS_TOLD = 3 };

const struct gw_window *telling_window(const struct telling *t, const char *id)
{
    const struct gw_windows *windows = &t->in->derived->windows;

    for (size_t i = 0; id && i < windows->count; i++)
        if (strcmp(windows->list[i].id, id) == 0)
            return &windows->list[i];
    return NULL;
}

const struct gw_row_windows *telling_window_row(const struct telling *t, const char *id)
{
    const struct gw_row_list *list = &t->in->derived->rows.tables[GW_TABLE_windows];

    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_windows *row = (const struct gw_row_windows *)list->rows[i];

        if (gw_same(row->window_id, id))
            return row;
    }
    return NULL;
}

enum gw_status telling_end(struct telling *t, struct gw_error *err)
{
    return t->failed ? gw_fail(err, GW_ENOMEM, "study.explain", "the explanation needs more memory than allowed")
                     : GW_OK;
}

/* ---- sources ---- */

static const struct gw_fact *fact_of(struct telling *t, const struct gw_row_provenance *line)
{
    struct engine *e = t->in->derived->engine;

    for (size_t i = 0; line->source_hash && line->content_sha256 && i < e->in->fact_count; i++)
        if (gw_same(engine_hash(e, i), line->source_hash) && lineage_is_of(e, i, line->content_sha256))
            return &t->in->subject->facts[i];
    t->failed |= e->failed;
    return NULL;
}

static void add_rule(struct telling *t, const char *id)
{
    struct gw_explanation *out = t->out;
    struct gw_explain_rule *slot;

    for (size_t i = 0; i < out->rule_count; i++)
        if (strcmp(out->rules[i].id, id) == 0)
            return;
    slot = GW_ARENA_PUSH(t->arena, out->rules, out->rule_count, out->rule_capacity);
    t->failed |= !slot;
    if (slot)
        *slot = (struct gw_explain_rule){id, gw_rules_text(t->in->subject->rules, id)};
}

static void add_rules(struct telling *t, const char *ids)
{
    char *rest = ids ? gw_arena_copy(t->arena, ids, strlen(ids)) : NULL;

    t->failed |= ids && !rest;
    while (rest)
        add_rule(t, strsep(&rest, ";"));
}

/* A stamp: only what was delivered has it. */
static bool came_late(const struct telling *t, const struct gw_row_provenance *line)
{
    const struct gw_rows *rows = t->in->delivered ? t->in->delivered : t->in->former;
    const struct gw_row_provenance *delivered =
        rows ? (const struct gw_row_provenance *)gw_rows_find(rows, GW_TABLE_provenance, line->row_id) : NULL;

    return delivered && delivered->late_flag && gw_same(delivered->content_sha256, line->content_sha256);
}

static void add_source(struct telling *t, const struct gw_row_provenance *line)
{
    struct gw_explanation *out = t->out;
    struct gw_explain_source *slot = GW_ARENA_PUSH(t->arena, out->sources, out->source_count, out->source_capacity);

    t->failed |= !slot;
    if (slot)
        *slot = (struct gw_explain_source){line->role, fact_of(t, line), line, came_late(t, line)};
    add_rules(t, line->rule_ids);
}

/* The value first: its lines stand in order of role, and who reads wants to know that one. */
static void gather_sources(struct telling *t, const char *table, const char *row_id, const struct gw_rows *rows)
{
    const struct gw_row_list *lines = &rows->tables[GW_TABLE_provenance];

    for (int values = 1; values >= 0; values--)
        for (size_t i = 0; i < lines->count; i++) {
            const struct gw_row_provenance *line = (const struct gw_row_provenance *)lines->rows[i];

            if (gw_same(line->of_row, row_id) && gw_same(line->table, table) &&
                gw_same(line->role, "value") == (values == 1))
                add_source(t, line);
        }
}

static const char *role_text(struct telling *t, const char *role)
{
    static const struct {
        const char *role, *words;
    } roles[] = {
        {"value", "The value came from"},
        {"date", "Its date came from"},
        {"baseline", "Its grade compares with the baseline of"},
        {"person", "Sex, age and death came from"},
        {"anchor", "The anchors were found from"},
        {"contact", "The contact was told by"},
        {"grade", "The grade came from"},
        {"about", "It is about"},
        {"onset", "The onset was told by"},
        {"worst", "The highest grade was told by"},
        {"recovery", "The recovery was told by"},
        {"input", "It was made from"},
    };

    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        if (strcmp(roles[i].role, role) == 0)
            return roles[i].words;
    return tell_text(t, "It came (%s) from", role);
}

static void tell_source(struct telling *t, const struct gw_explain_source *source)
{
    const struct gw_fact *fact = source->fact;

    if (fact)
        tell(t, "source", "%s %s%s%s, read in delivery %lld from %s.", role_text(t, source->role),
             tell_resource(t, fact), fact->last_updated ? ", last updated " : "",
             fact->last_updated ? fact->last_updated : "", (long long)fact->delivery,
             tell_or(fact->source, "no named place"));
    else if (strcmp(source->role, "roster") == 0)
        tell(t, "source", "The roster line of the subject tells what it rests on beside records.");
    else if (source->lineage->source_hash)
        tell(t, "source", "%s %s %s, whose bytes are no longer in the ledger.", role_text(t, source->role),
             source->lineage->resource_type, source->lineage->source_hash);
    else
        tell(t, "source",
             "No record is named as its source (%s): it rests on rules, other rows, or what no window took.",
             source->role);
}

static void tell_sources(struct telling *t)
{
    const struct gw_explanation *out = t->out;

    for (size_t i = 0; i < out->source_count && i < MOST_SOURCES_TOLD; i++) {
        tell_source(t, &out->sources[i]);
        if (out->sources[i].late && out->sources[i].fact)
            tell(t, "late", "%s came late: it was first read on %s, when its window was known to be over.",
                 tell_resource(t, out->sources[i].fact), tell_moment(t, out->sources[i].fact->fetched_at));
    }
    if (out->source_count > MOST_SOURCES_TOLD)
        tell(t, "source", "%s more came into it; --json names all.",
             tell_count(t, out->source_count - MOST_SOURCES_TOLD, "record", "records"));
}

/* ---- items ---- */

void telling_add_item(struct telling *t, const struct gw_item *item)
{
    struct gw_explanation *out = t->out;
    const struct gw_item **slot;

    for (size_t i = 0; i < out->item_count; i++)
        if (out->items[i] == item)
            return;
    slot = GW_ARENA_PUSH(t->arena, out->items, out->item_count, out->item_capacity);
    t->failed |= !slot;
    if (slot)
        *slot = item;
}

static bool is_source(const struct telling *t, const struct gw_item *item)
{
    for (size_t i = 0; item->has_fact && i < t->out->source_count; i++)
        if (t->out->sources[i].fact == &t->in->subject->facts[item->fact])
            return true;
    return false;
}

/* What a person was asked that touches the row: about its records, its window, the subject. */
static bool touches(const struct telling *t, enum gw_table_id table, const struct gw_row *row,
                    const struct gw_item *item)
{
    if (table == GW_TABLE_exceptions)
        return strcmp(item->id, row->row_id) == 0;
    if (telling_asks(telling_held(t, table, row->row_id), item))
        return true;
    if (table == GW_TABLE_windows)
        return sheet_list_has(item->window_ids, ';', ((const struct gw_row_windows *)row)->window_id);
    if (is_source(t, item))
        return true;
    return table == GW_TABLE_subjects && !item->has_fact && !*item->window_ids;
}

static void gather_items(struct telling *t, enum gw_table_id table, const struct gw_row *row)
{
    for (size_t i = 0; i < t->in->derived->item_count; i++)
        if (touches(t, table, row, &t->in->derived->items[i]))
            telling_add_item(t, &t->in->derived->items[i]);
}

static void tell_item(struct telling *t, const struct gw_item *item)
{
    const struct gw_item_class *class = gw_rules_class(t->in->subject->rules, item->code);

    tell(t, "items", "Exception %s asks (%s: %s); a person can: %s.", item->id, item->code,
         class ? class->cause : "unknown to this release", class ? class->resolutions : "nothing");
}

void tell_items(struct telling *t)
{
    const struct gw_explanation *out = t->out;

    for (size_t i = 0; i < out->item_count && i < MOST_ITEMS_TOLD; i++)
        tell_item(t, out->items[i]);
    if (out->item_count > MOST_ITEMS_TOLD)
        tell(t, "items", "%s more; --json names all.",
             tell_count(t, out->item_count - MOST_ITEMS_TOLD, "exception", "exceptions"));
}

/* ---- decisions ---- */

static const struct gw_decision *decision_of(const struct telling *t, const char *rule_id)
{
    static const char prefix[] = "decision:";
    const struct gw_subject_input *subject = t->in->subject;
    const long long number =
        strncmp(rule_id, prefix, sizeof prefix - 1) == 0 ? strtoll(rule_id + sizeof prefix - 1, NULL, 10) : 0;

    for (size_t i = 0; number > 0 && i < subject->decision_count; i++)
        if (subject->decisions[i].n == number)
            return &subject->decisions[i];
    return NULL;
}

/* What a person decided for it, by the rules it names. False: nothing. */
static bool tell_decisions(struct telling *t)
{
    bool any = false;

    for (size_t i = 0; i < t->out->rule_count; i++) {
        const struct gw_decision *decision = decision_of(t, t->out->rules[i].id);

        if (!decision)
            continue;
        any = true;
        tell(t, "decisions", "Decision %lld (%s) of %s on %s made it so: %s.", (long long)decision->n,
             gw_decision_kind_name(decision->kind), decision->by, decision->at, decision->reason);
    }
    return any;
}

/* ---- the package and what was delivered ---- */

static void tell_package(struct telling *t, const struct gw_table *table, const struct gw_row *row)
{
    const struct gw_row *delivered = t->in->delivered ? gw_rows_find(t->in->delivered, table->id, row->row_id) : NULL;

    if (t->in->rule_set)
        tell(t, "package", "It was derived by the package %s, with what is known up to %s.", t->in->rule_set,
             tell_day(t, t->in->subject->horizon));
    if (delivered)
        tell_delivery(t, table, delivered);
    if (delivered && !gw_row_equal(table->id, delivered, row))
        tell(t, "package", "What was delivered says something else: the next pass delivers the change.");
    else if (t->in->delivered && !delivered && t->in->derived->blocked)
        tell(t, "package", "It was not delivered: an exception of the subject holds everything back.");
    else if (t->in->delivered && !delivered)
        tell(t, "package", "It was not delivered yet: the next pass does it.");
}

void tell_all_of_row(struct telling *t, enum gw_table_id id, const struct gw_row *row)
{
    const struct gw_held_row *held = telling_held(t, id, row->row_id);
    const struct gw_table *table = gw_table_of(id);

    t->out->table = table;
    t->out->row = row;
    gather_sources(t, table->name, row->row_id, &t->in->derived->rows);
    gather_items(t, id, row);
    tell_row(t, id, row);
    if (held)
        tell_waiting(t, held);
    tell_sources(t);
    tell_items(t);
    if (!tell_decisions(t) && t->out->item_count == 0)
        tell(t, "items", "No exception and no decision touches it.");
    tell_package(t, table, row);
}

/* ---- a row by its id ---- */

static struct gw_row *find_row(const struct gw_rows *rows, const char *row_id, enum gw_table_id *table)
{
    struct gw_row *row = NULL;

    for (int i = 0; rows && !row && i < GW_TABLE_COUNT; i++) {
        *table = (enum gw_table_id)i;
        row = gw_rows_find(rows, *table, row_id);
    }
    return row;
}

/* A line of provenance is explained by the row it belongs to. */
static struct gw_row *row_behind(const struct gw_rows *rows, struct gw_row *row, enum gw_table_id *table)
{
    const struct gw_row_provenance *line = (const struct gw_row_provenance *)row;

    return row && *table == GW_TABLE_provenance ? find_row(rows, line->of_row, table) : row;
}

bool telling_same_resource(const struct gw_fact *a, const struct gw_fact *b)
{
    return a->type == b->type && gw_same(a->id, b->id) && gw_same(a->endpoint, b->endpoint);
}

/* How a record that a row stood on ended since, by its version that counts now. */
static void tell_what_became(struct telling *t, const struct gw_fact *fact)
{
    const struct gw_derived *derived = t->in->derived;

    for (size_t p = 0; p < derived->part_count; p++) {
        const struct gw_part_state *part = &derived->parts[p];
        const struct gw_fact *now = &t->in->subject->facts[part->fact];

        if (part->part == 0 && part->state != GW_STATE_SUPERSEDED && telling_same_resource(now, fact))
            tell(t, "because", "%s is now %s%s%s.", tell_resource(t, now), gw_state_name(part->state),
                 *part->reason ? ", " : "", part->reason);
    }
}

static void tell_gone(struct telling *t, enum gw_table_id id, const struct gw_row *row, const struct gw_rows *rows)
{
    const struct gw_table *table = gw_table_of(id);
    const bool still = rows == t->in->delivered;

    t->out->answer = still ? "TO_BE_WITHDRAWN" : "WITHDRAWN";
    t->out->table = table;
    t->out->row = row;
    gather_sources(t, table->name, row->row_id, rows);
    if (still)
        tell(t, "says", "Row %s of the table %s was delivered and is no longer derived: the next pass withdraws it.",
             row->row_id, table->name);
    else
        tell(t, "says", "Row %s of the table %s was withdrawn after revision %lld.", row->row_id, table->name,
             (long long)t->in->former_revision);
    tell(t, "says", "It said: %s.", tell_cells(t, table, row));
    if (still)
        tell_delivery(t, table, row);
    else
        tell_withdrawal(t);
    tell_sources(t);
    for (size_t i = 0; i < t->out->source_count && i < MOST_SOURCES_TOLD; i++)
        if (t->out->sources[i].fact)
            tell_what_became(t, t->out->sources[i].fact);
}

static void tell_new(struct telling *t, const struct gw_held_row *held)
{
    t->out->answer = "HELD";
    t->out->table = gw_table_of(held->table);
    t->out->row = held->is;
    gather_items(t, held->table, held->is);
    tell_row(t, held->table, held->is);
    tell_waiting(t, held);
    tell_items(t);
}

enum gw_status gw_explain_row(struct gw_arena *arena, const struct gw_explain_input *in, const char *row_id,
                              bool *found, struct gw_explanation *out, struct gw_error *err)
{
    struct telling t = {arena, in, out, false};
    const struct gw_rows *const all[] = {&in->derived->rows, in->delivered, in->former};
    const struct gw_held_row *held = telling_held_new(&t, row_id);
    struct gw_row *row = NULL;
    enum gw_table_id table;

    *out = (struct gw_explanation){.answer = "PRESENT", .subject = in->subject->roster->subject};
    *found = held;
    if (held) {
        tell_new(&t, held);
        return telling_end(&t, err);
    }
    for (size_t i = 0; !row && i < sizeof all / sizeof *all; i++) {
        row = row_behind(all[i], find_row(all[i], row_id, &table), &table);
        if (row && i == 0)
            tell_all_of_row(&t, table, row);
        else if (row)
            tell_gone(&t, table, row, all[i]);
    }
    *found = row != NULL;
    if (row && strcmp(out->answer, "PRESENT") == 0 && in->delivered && !gw_rows_find(in->delivered, table, row->row_id))
        out->answer = "NOT_DELIVERED";
    return telling_end(&t, err);
}
