/*
 * Items: what waits for a person. Raised and changed, listed singly and by cause.
 */
#include "ledger/items.h"

#include <stdlib.h>
#include <string.h>

enum { SOURCE_MAX_BYTES = 64 * 1024 };

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

enum gw_status ledger_item(struct gw_ledger *ledger, int64_t subject, const struct gw_item *item,
                           const struct item_place *place, int64_t at, struct gw_error *err)
{
    return ledger_run(ledger,
                      ledger_bind(ledger, STATEMENT_ITEM_SET, subject, item->id, item->code, item->fingerprint,
                                  item->blocks, or_empty(item->context), or_empty(item->suggestion),
                                  or_empty(item->window_ids), place->kind, place->logical_id, place->version_id,
                                  place->source, place->line, (int64_t)place->component, at),
                      err);
}

/* ---- items of no subject ---- */

static bool is_raised(const struct gw_item *items, size_t count, const char *id)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(items[i].id, id) == 0)
            return true;
    return false;
}

/* Listed before anything is changed: a table is not read and written at one time. */
static enum gw_status list_gone(struct gw_ledger *ledger, const char *beginning, const struct gw_item *items,
                                size_t count, const char ***gone, size_t *gone_count, struct gw_error *err)
{
    sqlite3_stmt *open = ledger_bind(ledger, STATEMENT_ITEMS_RAISED, beginning);
    size_t capacity = 0;
    enum gw_status rc;
    bool row;

    while ((rc = ledger_step(ledger, open, &row, err)) == GW_OK && row) {
        const char **slot;

        if (is_raised(items, count, (const char *)sqlite3_column_text(open, 0)))
            continue;
        slot = GW_ARENA_PUSH(&ledger->arena, *gone, *gone_count, capacity);
        if (!slot || !(*slot = ledger_text(&ledger->arena, open, 0))) {
            sqlite3_reset(open);
            return ledger_no_memory(err, "the items of no subject");
        }
    }
    return rc;
}

enum gw_status gw_ledger_raise(struct gw_ledger *ledger, const char *beginning, const struct gw_item *items,
                               size_t count, int64_t at, struct gw_error *err)
{
    const struct item_place nowhere = {.component = -1};
    const char **gone = NULL;
    size_t gone_count = 0;
    struct step step;
    enum gw_status rc = step_begin(ledger, &step, err);

    if (rc != GW_OK)
        return rc;
    rc = list_gone(ledger, beginning, items, count, &gone, &gone_count, err);
    for (size_t i = 0; rc == GW_OK && i < gone_count; i++)
        rc = ledger_run(ledger, ledger_bind(ledger, STATEMENT_ITEM_CLOSE, (int64_t)GW_NOBODY, gone[i], at, NULL), err);
    for (size_t i = 0; rc == GW_OK && i < count; i++)
        rc = ledger_item(ledger, GW_NOBODY, &items[i], &nowhere, at, err);
    return step_end(ledger, &step, rc, err);
}

/* ---- single items ---- */

static const char *print_source(struct gw_arena *arena, sqlite3_stmt *row)
{
    struct gw_text text = GW_TEXT_INIT(SOURCE_MAX_BYTES);

    ledger_source(&text, (const char *)sqlite3_column_text(row, 5), sqlite3_column_int64(row, 6),
                  (const char *)sqlite3_column_text(row, 7), (const char *)sqlite3_column_text(row, 8));
    const char *source = text.failed ? NULL : gw_arena_copy(arena, text.at, text.length);
    gw_text_release(&text);
    return source;
}

bool item_read(struct gw_arena *arena, sqlite3_stmt *row, struct gw_ledger_item *out)
{
    const int component = sqlite3_column_int(row, 10);

    *out = (struct gw_ledger_item){
        .source = print_source(arena, row),
        .part = component < 0 ? "" : gw_arena_print(arena, "component[%d]", component),
        .first_seen = sqlite3_column_int64(row, 16),
        .last_seen = sqlite3_column_int64(row, 17),
    };
    const struct {
        int column;
        const char **text;
    } texts[] = {
        {0, &out->id},          {1, &out->code},          {2, &out->fingerprint}, {3, &out->subject_key},
        {4, &out->endpoint},    {7, &out->resource_type}, {8, &out->resource_id}, {9, &out->version_id},
        {11, &out->blocks},     {12, &out->state},        {13, &out->context},    {14, &out->suggestion},
        {15, &out->window_ids}, {18, &out->resolution},
    };
    bool whole = out->source && out->part;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        *texts[i].text = ledger_text(arena, row, texts[i].column);
        whole = whole && *texts[i].text;
    }
    return whole;
}

enum gw_status gw_ledger_items(struct gw_ledger *ledger, struct gw_arena *arena, const char *selector, bool open_only,
                               struct gw_ledger_items *out, struct gw_error *err)
{
    sqlite3_stmt *statement =
        ledger_bind(ledger, STATEMENT_ITEMS, selector, (int64_t)open_only, (int64_t)(selector ? strlen(selector) : 0));
    struct gw_ledger_items items = {NULL, 0};
    size_t capacity = 0;
    enum gw_status rc;
    bool row;

    while ((rc = ledger_step(ledger, statement, &row, err)) == GW_OK && row) {
        struct gw_ledger_item *item = GW_ARENA_PUSH(arena, items.list, items.count, capacity);
        if (!item || !item_read(arena, statement, item)) {
            sqlite3_reset(statement);
            return ledger_no_memory(err, "the list of items");
        }
    }
    if (rc == GW_OK)
        *out = items;
    return rc;
}

/* ---- causes ---- */

struct counting {
    struct gw_arena *arena;
    struct gw_causes causes;
    size_t capacity;
    int64_t subject;      /* of the items at hand */
    const char **windows; /* of that subject, for this cause */
    size_t window_count;
    size_t window_capacity;
};

static bool is_known(const struct counting *c, const char *window, size_t length)
{
    for (size_t i = 0; i < c->window_count; i++)
        if (strlen(c->windows[i]) == length && memcmp(c->windows[i], window, length) == 0)
            return true;
    return false;
}

static bool count_windows(struct counting *c, struct gw_cause *cause, const char *ids)
{
    for (size_t length; *ids; ids += length + (ids[length] == ';')) {
        length = strcspn(ids, ";");
        if (length == 0 || is_known(c, ids, length))
            continue;
        const char **window = GW_ARENA_PUSH(c->arena, c->windows, c->window_count, c->window_capacity);
        if (!window || !(*window = gw_arena_copy(c->arena, ids, length)))
            return false;
        cause->windows++;
    }
    return true;
}

static bool count_item(struct counting *c, sqlite3_stmt *row)
{
    struct gw_cause *cause = c->causes.count ? &c->causes.list[c->causes.count - 1] : NULL;
    const int64_t subject = sqlite3_column_int64(row, 2);

    if (!cause || strcmp(cause->fingerprint, (const char *)sqlite3_column_text(row, 0)) != 0) {
        cause = GW_ARENA_PUSH(c->arena, c->causes.list, c->causes.count, c->capacity);
        if (!cause)
            return false;
        cause->fingerprint = ledger_text(c->arena, row, 0);
        cause->code = ledger_text(c->arena, row, 1);
        if (!cause->fingerprint || !cause->code)
            return false;
    }
    if (cause->values == 0 || subject != c->subject) {
        cause->subjects += subject != GW_NOBODY;
        c->subject = subject;
        c->window_count = 0;
    }
    cause->values++;
    return count_windows(c, cause, (const char *)sqlite3_column_text(row, 3));
}

static int by_values(const void *a, const void *b)
{
    const struct gw_cause *x = a, *y = b;

    if (x->values != y->values)
        return x->values > y->values ? -1 : 1;
    return strcmp(x->fingerprint, y->fingerprint);
}

enum gw_status gw_ledger_causes(struct gw_ledger *ledger, struct gw_arena *arena, struct gw_causes *out,
                                struct gw_error *err)
{
    sqlite3_stmt *statement = ledger_bind(ledger, STATEMENT_CAUSES);
    struct counting counting = {.arena = arena};
    enum gw_status rc;
    bool row;

    while ((rc = ledger_step(ledger, statement, &row, err)) == GW_OK && row) {
        if (!count_item(&counting, statement)) {
            sqlite3_reset(statement);
            return ledger_no_memory(err, "the list of causes");
        }
    }
    if (rc != GW_OK)
        return rc;
    if (counting.causes.count)
        qsort(counting.causes.list, counting.causes.count, sizeof *counting.causes.list, by_values);
    *out = counting.causes;
    return GW_OK;
}
