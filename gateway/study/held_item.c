/*
 * What a person is asked about a signed window that would change: each row with its cells, was and is, and why.
 *
 * The cause of the item names the digest of the change, so that an answer is about this change and no other: what is
 * kept as signed is asked about again once the source says something else. What is accepted ends the signature.
 */
#include <stdio.h>
#include <string.h>

#include "gateway/core/json.h"
#include "gateway/study/seal.h"
#include "study/decided.h"
#include "study/held.h"

enum { CHANGES_MAX_BYTES = 5000, CONTENT_MAX_BYTES = 64 * 1024 * 1024, DIGEST_LETTERS = 16, NAMES = 3 };

static const char code[] = "SIGNED_CHANGED";

/* ---- the change in words ---- */

/* Columns that say which row it is, for a person. */
static const char *const names[GW_TABLE_COUNT][NAMES] = {
    [GW_TABLE_windows] = {"state", "target_date", "contact_date"},
    [GW_TABLE_observations] = {"concept", "value_num", "effective_start"},
    [GW_TABLE_exposures] = {"drug", "dose", "start"},
    [GW_TABLE_conmeds] = {"substance", "dose", "start"},
    [GW_TABLE_derived] = {"param", "value", "text"},
    [GW_TABLE_ae_episodes] = {"category", "max_grade", "onset"},
    [GW_TABLE_ae_evidence] = {"kind", "concept", "date"},
    [GW_TABLE_ae_grades] = {"object", "grade", "date"},
};

static void add_member(struct gw_text *json, const char *name, const char *value)
{
    gw_text_add(json, json->at[json->length - 1] == '{' ? "" : ",");
    gw_json_quote(json, name);
    gw_text_add(json, ":");
    gw_json_quote(json, value ? value : "");
}

static const char *in_short(struct engine *e, enum gw_table_id id, const struct gw_row *row)
{
    const struct gw_table *table = gw_table_of(id);
    const char *text = "";
    char buffer[12];

    for (int n = 0; row && n < NAMES && names[id][n]; n++)
        for (size_t c = 0; c < table->column_count && text; c++) {
            const char *cell =
                strcmp(table->columns[c].name, names[id][n]) == 0 ? gw_row_cell(table, row, c, buffer) : NULL;

            if (cell && *cell)
                text = gw_arena_print(e->arena, "%s%s%s", text, *text ? " " : "", cell);
        }
    e->failed |= !text;
    return text ? text : "";
}

static void begin_change(struct gw_text *json, const struct withheld *withheld)
{
    gw_text_add(json, json->length > 1 ? ",{" : "{");
    add_member(json, "table", gw_table_of(withheld->table)->name);
    add_member(json, "row", withheld->row_id);
    add_member(json, "why", withheld->why ? withheld->why : "follows");
}

/* A row that comes or goes is told in short, one that changes by its cells. */
static void add_change(struct engine *e, struct gw_text *json, const struct withheld *withheld)
{
    const struct gw_table *table = gw_table_of(withheld->table);

    begin_change(json, withheld);
    if (!withheld->stands || !withheld->is) {
        add_member(json, "was", in_short(e, withheld->table, withheld->stands));
        add_member(json, "is", in_short(e, withheld->table, withheld->is));
    } else {
        add_member(json, "of", in_short(e, withheld->table, withheld->stands));
        gw_text_add(json, ",\"cells\":[");
        for (size_t c = 0; c < table->column_count; c++) {
            char a[12], b[12];
            const char *was = gw_row_cell(table, withheld->stands, c, a);
            const char *is = gw_row_cell(table, withheld->is, c, b);

            if (table->columns[c].stamp || gw_same(was, is))
                continue;
            gw_text_add(json, json->at[json->length - 1] == '[' ? "{" : ",{");
            add_member(json, "column", table->columns[c].name);
            add_member(json, "was", was);
            add_member(json, "is", is);
            gw_text_add(json, "}");
        }
        gw_text_add(json, "]");
    }
    gw_text_add(json, "}");
}

/* As many as a context has room for; how many there are stands in the note. One that is too long is left out. */
static const char *changes_text(struct engine *e, const struct signature *signature)
{
    struct gw_text json = GW_TEXT_INIT(CONTENT_MAX_BYTES);
    const char *text;
    size_t whole = 1;

    gw_text_add(&json, "[");
    for (size_t i = 0; i < signature->count && json.length < CHANGES_MAX_BYTES && !json.failed; i++) {
        add_change(e, &json, &signature->list[i]);
        if (json.length < CHANGES_MAX_BYTES)
            whole = json.length;
    }
    text = json.failed ? NULL : gw_arena_print(e->arena, "%.*s]", (int)whole, json.at);
    gw_text_release(&json);
    e->failed |= !text;
    return text;
}

/* Of the rows as they would be. */
static const char *digest_of(struct engine *e, const struct signature *signature)
{
    struct gw_text text = GW_TEXT_INIT(CONTENT_MAX_BYTES);
    uint8_t digest[GW_SHA256_BYTES];
    char hex[2 * GW_SHA256_BYTES + 1];

    for (size_t i = 0; i < signature->count; i++)
        if (signature->list[i].is)
            gw_seal_row(&text, signature->list[i].table, signature->list[i].is);
        else
            gw_text_print(&text, "%s\t%s\n", gw_table_of(signature->list[i].table)->name, signature->list[i].row_id);
    e->failed |= text.failed;
    gw_sha256(text.at, text.length, digest);
    gw_hex(digest, sizeof digest, hex);
    gw_text_release(&text);
    return gw_arena_copy(e->arena, hex, DIGEST_LETTERS);
}

static const char *row_list(struct engine *e, const struct signature *signature)
{
    const char **list = gw_arena_alloc(e->arena, (signature->count + 1) * sizeof *list);

    e->failed |= !list;
    for (size_t i = 0; i < signature->count && list; i++)
        list[i] = signature->list[i].row_id;
    return list ? engine_join(e, list, signature->count) : NULL;
}

/* ---- the question ---- */

static void attach(struct engine *e, struct signature *signature, const struct item_about *about)
{
    const char *print = engine_fingerprint(e, code, about);
    const char *id = print ? engine_item_id(e, print, about) : NULL;

    e->failed |= !id;
    for (size_t i = 0; i < signature->part_count && !e->failed; i++) {
        struct part *part = signature->parts[i];
        const char **slot;

        if (part->item_count && strcmp(part->items[part->item_count - 1], id) == 0)
            continue;
        slot = GW_ARENA_PUSH(e->arena, part->items, part->item_count, part->item_capacity);
        e->failed |= !slot;
        if (slot)
            *slot = id;
    }
}

/* The signature is of rows that are not here: nothing can be held to it. */
static void ask_unknown(struct engine *e, const struct signature *signature)
{
    engine_raise(e, code,
                 &(struct item_about){.windows = signature->window,
                                      .rule = "unknown",
                                      .day = GW_NO_DAY,
                                      .note = "what was signed is not in this ledger, so nothing is held as it was"});
}

void hold_ask(struct holding *h, struct signature *signature)
{
    struct engine *e = h->e;
    struct item_about about = {.windows = signature->window, .day = GW_NO_DAY};
    const struct gw_decision *kept;
    const char *changes;

    if (!signature->rows) {
        ask_unknown(e, signature);
        return;
    }
    if (signature->count == 0)
        return;
    about.rule = digest_of(e, signature);
    about.rows = row_list(e, signature);
    changes = changes_text(e, signature);
    about.details = changes ? gw_arena_print(e->arena, ",\"changes\":%s", changes) : NULL;
    about.note =
        gw_arena_print(e->arena, "%zu %s signed by %s would change", signature->count,
                       signature->count == 1 ? "row of the window" : "rows of the window", signature->decision->by);
    e->failed |= !about.rule || !about.details || !about.note;
    if (e->failed)
        return;
    kept = decided_subject(e, GW_DECIDE_SIGNED, decided_assessment(e, signature->window, about.rule));
    if (decided_says(kept, GW_SET_KEEP) && kept->n > signature->decision->n) {
        decided_note(e, kept, code, &about);
        return;
    }
    engine_raise(e, code, &about);
    attach(e, signature, &about);
}
