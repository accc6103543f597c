/*
 * REDCap as a study database: shipments, subject by subject.
 *
 *      ask receipt ──> take it back ──> [table: read what is there ──> import in pieces] ... ──> write receipt ──> next
 *                                                     │  a line is not taken: halves, until it is known which
 */
#include <stdlib.h>
#include <string.h>

#include "sinks/redcap_parts.h"

enum {
    IMPORT_MAX_BYTES = 32 << 20,
    REFUSALS_MAX_BYTES = 60000, /* what one field of REDCap holds is a little more */
    LINES_MAX = 200,            /* of an import */
};

/* ---- refusals -------------------------------------------------------------------------------------------------- */

static const struct gw_batch *batch_of(const struct redcap *r)
{
    return &r->shipment->batches[r->batch];
}

/* [["touched","observations","o1@T30-01","missing",""],...], kept with the receipt: a batch sent again names them
 * again, but for what is there, which is not for everybody who reads the project. */
static void print_refusals(struct redcap *r, struct gw_text *out)
{
    gw_text_add(out, "[");
    for (size_t i = r->refusals_before; i < r->refusals->count; i++) {
        const struct gw_refusal *refusal = &r->refusals->list[i];

        gw_text_print(out, "%s[\"%s\",\"%s\",", i > r->refusals_before ? "," : "",
                      refusal->kind == GW_REFUSAL_TOUCHED ? "touched" : "rejected", gw_table_of(refusal->table)->name);
        gw_json_quote(out, refusal->row_id);
        gw_text_add(out, ",");
        gw_json_quote(out, refusal->reason);
        gw_text_add(out, ",");
        gw_json_quote(out, refusal->stands);
        gw_text_add(out, "]");
    }
    gw_text_add(out, "]");
}

static const char *item_text(const cJSON *list, int index)
{
    const cJSON *item = cJSON_GetArrayItem(list, index);

    return cJSON_IsString(item) ? item->valuestring : "";
}

static void repeat_refusals(struct redcap *r, const char *text)
{
    const cJSON *list = NULL;

    gw_arena_clear(&r->work);
    if (gw_json_parse(&r->work, text, strlen(text), NULL, &list, NULL, NULL) != GW_OK)
        return; /* NI: there are none */
    GW_JSON_EACH (item, list) {
        const enum gw_table_id table = gw_table_named(item_text(item, 1));

        if (table == GW_TABLE_COUNT)
            continue;
        redcap_refuse(r, strcmp(item_text(item, 0), "touched") == 0 ? GW_REFUSAL_TOUCHED : GW_REFUSAL_REJECTED, table,
                      batch_of(r)->subject_key, item_text(item, 2), item_text(item, 3));
        redcap_stands(r, item_text(item, 4));
    }
}

/* ---- imports --------------------------------------------------------------------------------------------------- */

static void send_import(struct redcap *r, struct gw_text *data, wire_done done)
{
    wire_form(&r->wire, "record");
    wire_add(&r->wire, "action", "import");
    wire_add(&r->wire, "type", "flat");
    wire_add(&r->wire, "overwriteBehavior", "normal");
    wire_add(&r->wire, "forceAutoNumber", "False");
    wire_add(&r->wire, "dateFormat", "YMD");
    wire_add(&r->wire, "returnContent", "count");
    wire_add(&r->wire, "data", data->at);
    r->wire.form.failed |= data->failed;
    gw_text_release(data);
    wire_send(&r->wire, done, r);
}

/* Records, of which an import of ours has one; a server that counts lines is believed too. */
static bool count_is_right(struct redcap *r, const cJSON *answer, size_t lines)
{
    const long count = strtol(wire_text(answer, "count"), NULL, 10);

    if (count == 1 || (count > 0 && (size_t)count == lines))
        return true;
    redcap_fail(r, GW_EPROTO, "an import was answered with a count that is not that of what was sent");
    return false;
}

static void send_receipt(struct redcap *r, int64_t revision, wire_done done)
{
    const struct gw_batch *batch = batch_of(r);
    struct gw_text data = GW_TEXT_INIT(2 * REFUSALS_MAX_BYTES + 4096), refusals = GW_TEXT_INIT(REFUSALS_MAX_BYTES);

    gw_text_add(&data, "[{\"" REDCAP_RECORD "\":");
    gw_json_quote(&data, batch->subject_key);
    gw_text_print(&data,
                  ",\"redcap_event_name\":\"%s\",\"redcap_repeat_instrument\":\"\",\"redcap_repeat_instance\":"
                  "\"\",\"" REDCAP_STUDY "\":",
                  events_find(&r->events, REDCAP_SUBJECT)->name);
    gw_json_quote(&data, r->target.study);
    gw_text_add(&data, ",\"" REDCAP_SITE "\":");
    gw_json_quote(&data, r->target.installation);
    gw_text_print(&data, ",\"" REDCAP_REVISION "\":\"%lld\",\"" REDCAP_REFUSALS "\":", (long long)revision);
    if (r->refusals->count > r->refusals_before)
        print_refusals(r, &refusals);
    gw_json_quote(&data, refusals.length ? refusals.at : REDCAP_NOTHING);
    gw_text_add(&data, "}]");
    if (refusals.failed) {
        gw_text_release(&data);
        redcap_fail(r, GW_ECONFIG,
                    "more rows of a subject are refused than a receipt can name; is the project laid out by the "
                    "dictionary of this release, with its windows as events?");
    } else {
        send_import(r, &data, done);
    }
    gw_text_release(&refusals);
}

static void next_table(struct redcap *r);
static void ask_receipt(struct redcap *r);

static void end_receipt(struct redcap *r, const struct gw_error *failure)
{
    if (failure->status == GW_EINPUT)
        redcap_fail(r, GW_ECONFIG, "the form " REDCAP_INSTRUMENT " of a subject takes no receipt; is it locked?");
    else
        redcap_end(r, failure);
}

static void on_receipt_written(void *ctx, const cJSON *answer, const struct gw_error *failure)
{
    struct redcap *r = ctx;

    if (failure) {
        end_receipt(r, failure);
    } else if (count_is_right(r, answer, 1)) {
        r->shipment->receipts[r->batch] = (struct gw_receipt){true, batch_of(r)->to_revision};
        r->batch++;
        ask_receipt(r);
    }
}

static void on_taken_back(void *ctx, const cJSON *answer, const struct gw_error *failure)
{
    struct redcap *r = ctx;

    if (failure)
        end_receipt(r, failure);
    else if (count_is_right(r, answer, 1))
        next_table(r);
}

/* ---- lines ----------------------------------------------------------------------------------------------------- */

static void send_piece(struct redcap *r);

static void on_imported(void *ctx, const cJSON *answer, const struct gw_error *failure)
{
    struct redcap *r = ctx;
    const struct line *line = &r->lines[r->piece.first];

    if (failure && failure->status == GW_EINPUT) {
        if (r->piece.count > 1)
            pieces_push_halves(&r->pieces, r->piece);
        else
            redcap_refuse(r, GW_REFUSAL_REJECTED, line->table, batch_of(r)->subject_key, line->row_id, r->wire.refusal);
        send_piece(r);
    } else if (failure) {
        redcap_end(r, failure);
    } else if (count_is_right(r, answer, r->piece.count)) {
        send_piece(r);
    }
}

static void send_piece(struct redcap *r)
{
    struct gw_text data = GW_TEXT_INIT(IMPORT_MAX_BYTES);

    if (r->pieces.count == 0 && r->sent < r->line_count) {
        const size_t left = r->line_count - r->sent, count = left < LINES_MAX ? left : LINES_MAX;

        pieces_push(&r->pieces, r->sent, count);
        r->sent += count;
    }
    if (r->pieces.count == 0) {
        next_table(r);
        return;
    }
    r->piece = r->pieces.list[--r->pieces.count];
    for (size_t i = 0; i < r->piece.count; i++) {
        gw_text_add(&data, i ? "," : "[");
        gw_text_add(&data, r->lines[r->piece.first + i].text);
    }
    gw_text_add(&data, "]");
    send_import(r, &data, on_imported);
}

static void add_line(struct redcap *r, const struct gw_table *table, const struct gw_row *row, const struct held *place,
                     const cJSON *held)
{
    struct line *line = GW_ARENA_PUSH(&r->work, r->lines, r->line_count, r->line_capacity);
    struct gw_text text = GW_TEXT_INIT(IMPORT_MAX_BYTES);

    row_print(&text, table, row, place, held);
    if (line)
        *line = (struct line){table->id, gw_arena_copy(&r->work, row->row_id, strlen(row->row_id)),
                              gw_arena_copy(&r->work, text.at, text.length)};
    r->no_memory |= !line || !line->row_id || !line->text || text.failed;
    gw_text_release(&text);
}

/* The window of a row, in tables that have one; else "". */
static const char *window_of(const struct gw_table *table, const struct gw_row *row, char *buffer)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (strcmp(table->columns[i].name, "window_id") == 0) {
            const char *cell = gw_row_cell(table, row, i, buffer);

            return cell && *cell ? cell : REDCAP_SUBJECT;
        }
    return REDCAP_SUBJECT;
}

static void add_new(struct redcap *r, const struct gw_table *table, const struct gw_row *row)
{
    char buffer[16];
    struct event *event = events_find(&r->events, window_of(table, row, buffer));

    if (event)
        add_line(r, table, row, &(struct held){.event = event->name, .instance = ++event->last}, NULL);
    else
        redcap_refuse(r, GW_REFUSAL_REJECTED, table->id, row->subject_key, row->row_id, "no event of this window");
}

/* A person decided to write over just this. */
static bool held_is_decided(const struct gw_table *table, const cJSON *line, const char *over)
{
    char digest[HELD_DIGEST_TEXT];

    return over && held_digest(table, line, digest) && strcmp(digest, over) == 0;
}

static void add_change(struct redcap *r, const struct gw_change *change, const struct helds *helds)
{
    const struct gw_table *table = gw_table_of(change->table);
    const struct held *held = held_find(helds, change->row->row_id);

    if (held && !held_is_ours(table, held->line) && !held_is_decided(table, held->line, change->over))
        redcap_refuse_held(r, table, change->row->subject_key, held);
    else if (held && (change->over || !held_is(table, held->line, change->row)))
        add_line(r, table, change->row, held, held->line);
    else if (!held && change->kind == GW_CHANGE_ADD && !gw_same(change->row->status, "withdrawn"))
        add_new(r, table, change->row);
    else if (!held && change->kind != GW_CHANGE_ADD)
        redcap_refuse(r, GW_REFUSAL_TOUCHED, table->id, change->row->subject_key, change->row->row_id, "missing");
}

/* A batch from 0 is the whole subject: what it does not have was written before a crash, and is of no revision. */
static void withdraw_others(struct redcap *r, const struct gw_table *table, const struct helds *helds)
{
    const struct gw_batch *batch = batch_of(r);

    for (size_t i = 0; batch->from_revision == 0 && i < helds->count; i++) {
        const struct held *held = &helds->list[i];
        struct gw_rows rows = {0};
        struct gw_row *row;
        char name[REDCAP_FIELD_BYTES];

        if (held_is_withdrawn(table, held->line) || gw_difference_find(batch->difference, table->id, held->row_id))
            continue;
        if (!held_is_ours(table, held->line)) {
            redcap_refuse_held(r, table, batch->subject_key, held);
            continue;
        }
        row = gw_rows_add(&rows, &r->work, table->id);
        r->no_memory |= !row;
        if (!row)
            return;
        row->row_id = held->row_id;
        row->subject_key = batch->subject_key;
        row->study = wire_text(held->line, redcap_field(table, "study", name));
        row->site = wire_text(held->line, redcap_field(table, "site", name));
        row->status = "withdrawn";
        add_line(r, table, row, held, held->line);
    }
}

static void on_held(void *ctx, const cJSON *answer, const struct gw_error *failure)
{
    struct redcap *r = ctx;
    const struct gw_table *table = gw_table_of((enum gw_table_id)r->table);
    struct helds helds;

    if (failure) {
        redcap_end_asking(r, failure);
        return;
    }
    gw_arena_clear(&r->work);
    r->lines = NULL;
    r->line_count = r->line_capacity = r->sent = r->pieces.count = 0;
    events_count(&r->events, table, answer);
    r->no_memory |= !held_read(&r->work, table, answer, &helds);
    for (size_t i = 0; !r->no_memory && i < batch_of(r)->difference->count; i++)
        if (batch_of(r)->difference->changes[i].table == table->id)
            add_change(r, &batch_of(r)->difference->changes[i], &helds);
    if (!r->no_memory)
        withdraw_others(r, table, &helds);
    if (r->no_memory)
        redcap_end(r, NULL);
    else
        send_piece(r);
}

static bool has_changes(const struct gw_batch *batch, int table)
{
    for (size_t i = 0; i < batch->difference->count; i++)
        if ((int)batch->difference->changes[i].table == table)
            return true;
    return batch->from_revision == 0;
}

static void next_table(struct redcap *r)
{
    const struct gw_batch *batch = batch_of(r);

    do
        r->table++;
    while (r->table < GW_TABLE_COUNT && !has_changes(batch, r->table));
    if (r->table == GW_TABLE_COUNT) {
        send_receipt(r, batch->to_revision, on_receipt_written);
        return;
    }
    redcap_form_table(r, r->table);
    wire_add_item(&r->wire, "records", 0, batch->subject_key);
    wire_send(&r->wire, on_held, r);
}

/* ---- batches --------------------------------------------------------------------------------------------------- */

static void begin_batch(struct redcap *r)
{
    r->table = -1;
    r->refusals_before = r->refusals->count;
    send_receipt(r, 0, on_taken_back);
}

static void skip_batch(struct redcap *r, int64_t revision, const char *refusals)
{
    const bool applied = revision > 0 && revision == batch_of(r)->to_revision;

    r->shipment->receipts[r->batch] = (struct gw_receipt){applied, revision};
    if (applied)
        repeat_refusals(r, refusals);
    r->batch++;
    ask_receipt(r);
}

static void on_receipt(void *ctx, const cJSON *answer, const struct gw_error *failure)
{
    struct redcap *r = ctx;
    const cJSON *receipt = NULL;

    if (failure) {
        redcap_end_asking(r, failure);
        return;
    }
    GW_JSON_EACH (line, answer)
        if (redcap_is_receipt(line))
            receipt = line;
    if (receipt && redcap_is_strange(r, receipt))
        redcap_refuse_strange(r);
    else if ((receipt ? redcap_revision_of(receipt) : 0) == batch_of(r)->from_revision)
        begin_batch(r);
    else
        skip_batch(r, receipt ? redcap_revision_of(receipt) : 0, receipt ? wire_text(receipt, REDCAP_REFUSALS) : "");
}

static void ask_receipt(struct redcap *r)
{
    if (r->no_memory || r->batch == r->shipment->count) {
        redcap_end(r, NULL);
        return;
    }
    redcap_form_receipts(r);
    wire_add_item(&r->wire, "records", 0, batch_of(r)->subject_key);
    wire_send(&r->wire, on_receipt, r);
}

void redcap_deliver(struct gw_remote *remote, struct gw_shipment *shipment, gw_remote_done done, void *ctx)
{
    struct redcap *r = (struct redcap *)remote;

    r->shipment = shipment;
    r->batch = 0;
    r->refusals = &shipment->refusals;
    *r->refusals = (struct gw_refusals){0};
    memset(shipment->receipts, 0, shipment->count * sizeof *shipment->receipts);
    redcap_begin(r, shipment->arena, done, ctx, ask_receipt);
}
