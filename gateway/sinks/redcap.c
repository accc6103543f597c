/*
 * REDCap as a study database: shipments, subject by subject.
 *
 *      ask receipt ──> take it back ──> [table: read what is there ──> import in pieces] ... ──> write receipt ──> next
 *                                                     │  a line is not taken: halves, until it is known which
 */
#include "gateway/sinks/redcap.h"

#include <stdlib.h>
#include <string.h>

#include "sinks/pieces.h"
#include "sinks/redcap_fields.h"
#include "sinks/redcap_rows.h"
#include "sinks/redcap_wire.h"

static const char where[] = "sinks.redcap";

enum {
    SETTINGS_MAX_BYTES = 1 << 20,
    WORK_MAX_BYTES = 512 << 20,
    IMPORT_MAX_BYTES = 32 << 20,
    REFUSALS_MAX_BYTES = 60000, /* what one field of REDCap holds is a little more */
    LINES_MAX = 200,            /* of an import */
    SUBJECTS_MAX = 10,          /* of an inspection's question */
};

struct line { /* of an import */
    enum gw_table_id table;
    const char *row_id;
    const char *text;
};

struct redcap {
    struct gw_remote remote; /* first: the remote is the database */
    struct gw_arena arena;   /* of the target's texts */
    struct gw_redcap_target target;
    struct wire wire;
    bool known; /* it is the study's own project, laid out as it should be */
    struct gw_arena event_arena;
    struct events events;
    void (*next)(struct redcap *r); /* once that is known */
    gw_remote_done done;
    void *ctx;
    struct gw_arena *answers; /* the caller's */
    bool no_memory;           /* for an answer */

    struct gw_stands *stands;
    struct gw_refusals *refusals;
    struct gw_stands inspected;
    size_t from;

    struct gw_shipment *shipment;
    size_t batch;
    size_t refusals_before; /* this batch */
    int table;
    struct gw_arena work; /* of one table's lines */
    struct line *lines;
    size_t line_count, line_capacity;
    size_t sent; /* lines that were cut into pieces so far */
    struct pieces pieces;
    struct piece piece;

    void (*closed)(void *ctx);
    void *closed_ctx;
};

/* ---- calls ----------------------------------------------------------------------------------------------------- */

static void end(struct redcap *r, const struct gw_error *failure)
{
    const gw_remote_done done = r->done;
    struct gw_error full;

    if (!failure && r->no_memory) {
        gw_fail(&full, GW_ENOMEM, where, "REDCap's answer needs more memory than allowed");
        failure = &full;
    }
    r->known &= !failure;
    r->done = NULL;
    r->shipment = NULL;
    done(r->ctx, failure);
}

static void fail(struct redcap *r, enum gw_status status, const char *text)
{
    struct gw_error failure;

    gw_fail(&failure, status, where, "%s: %s", r->target.url, text);
    end(r, &failure);
}

/* What is asked of every project is refused where it is laid out in another way. */
static void end_asking(struct redcap *r, const struct gw_error *failure)
{
    if (failure->status == GW_EINPUT)
        fail(r, GW_ECONFIG,
             "the project does not have what is asked for; lay it out by the dictionary that casement "
             "export --format redcap-dictionary prints");
    else
        end(r, failure);
}

static char *keep(struct redcap *r, const char *text)
{
    char *copy = gw_arena_copy(r->answers, text, strlen(text));

    r->no_memory |= !copy;
    return copy;
}

/* ---- the project ----------------------------------------------------------------------------------------------- */

/* "NI, no information | UNK, unknown" */
static bool has_code(const char *codes, const char *code)
{
    const size_t length = strlen(code);

    while (*codes) {
        codes += strspn(codes, " \t\r\n|");
        if (strncmp(codes, code, length) == 0 && strchr(" ,", codes[length]) && codes[length])
            return true;
        codes += strcspn(codes, "|\n");
    }
    return false;
}

static void on_events(void *ctx, const cJSON *answer, const struct gw_error *failure)
{
    struct redcap *r = ctx;

    if (failure) {
        end_asking(r, failure);
        return;
    }
    gw_arena_clear(&r->event_arena);
    r->events = (struct events){0};
    GW_JSON_EACH (item, answer) {
        const char *label = wire_text(item, "event_name"), *name = wire_text(item, "unique_event_name");
        struct event *event = GW_ARENA_PUSH(&r->event_arena, r->events.list, r->events.count, r->events.capacity);

        if (event)
            *event = (struct event){gw_arena_copy(&r->event_arena, label, strlen(label)),
                                    gw_arena_copy(&r->event_arena, name, strlen(name)), 0};
        if (!event || !event->window || !event->name) {
            fail(r, GW_ENOMEM, "the project has more events than there is memory for");
            return;
        }
    }
    r->known = events_find(&r->events, REDCAP_SUBJECT) != NULL;
    if (r->known)
        r->next(r);
    else
        fail(r, GW_ECONFIG, "the project has no event called " REDCAP_SUBJECT);
}

static void on_project(void *ctx, const cJSON *answer, const struct gw_error *failure)
{
    struct redcap *r = ctx;
    const bool production = strcmp(wire_text(answer, "in_production"), "1") == 0;

    if (failure) {
        end_asking(r, failure);
    } else if (production != r->target.production) {
        fail(r, GW_ECONFIG,
             production ? "the project is in production status and this study's data are not for production"
                        : "the project is not in production status: these data are for production");
    } else if (strcmp(wire_text(answer, "is_longitudinal"), "1") != 0) {
        fail(r, GW_ECONFIG, "the project is not longitudinal; a window is an event");
    } else if (!has_code(wire_text(answer, "missing_data_codes"), REDCAP_NOTHING)) {
        fail(r, GW_ECONFIG,
             "the project has no missing data code " REDCAP_NOTHING "; add \"" REDCAP_NOTHING
             ", no information\" to its missing data codes");
    } else {
        wire_form(&r->wire, "event");
        wire_send(&r->wire, on_events, r);
    }
}

static void begin(struct redcap *r, struct gw_arena *answers, gw_remote_done done, void *ctx,
                  void (*next)(struct redcap *r))
{
    r->done = done;
    r->ctx = ctx;
    r->answers = answers;
    r->no_memory = false;
    r->next = next;
    if (r->known) {
        next(r);
        return;
    }
    wire_form(&r->wire, "project");
    wire_send(&r->wire, on_project, r);
}

/* ---- where subjects stand -------------------------------------------------------------------------------------- */

static void form_export(struct redcap *r)
{
    wire_form(&r->wire, "record");
    wire_add(&r->wire, "action", "export");
    wire_add(&r->wire, "type", "flat");
    wire_add(&r->wire, "rawOrLabel", "raw");
}

static void form_receipts(struct redcap *r)
{
    static const char *const fields[] = {REDCAP_RECORD, REDCAP_STUDY, REDCAP_SITE, REDCAP_REVISION, REDCAP_REFUSALS};

    form_export(r);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        wire_add_item(&r->wire, "fields", i, fields[i]);
    wire_add_item(&r->wire, "events", 0, events_find(&r->events, REDCAP_SUBJECT)->name);
}

/* A receipt of this study: a record without one is a person's, or has not got that far. */
static bool is_receipt(const cJSON *line)
{
    return !*wire_text(line, "redcap_repeat_instrument") && *wire_text(line, REDCAP_REVISION);
}

static bool is_strange(const struct redcap *r, const cJSON *line)
{
    return strcmp(wire_text(line, REDCAP_STUDY), r->target.study) != 0 ||
           strcmp(wire_text(line, REDCAP_SITE), r->target.installation) != 0;
}

static int64_t revision_of(const cJSON *line)
{
    return strtoll(wire_text(line, REDCAP_REVISION), NULL, 10);
}

static void refuse_strange(struct redcap *r)
{
    fail(r, GW_ECONFIG, "the project holds another study or another installation's data: check url and token");
}

static void on_stands(void *ctx, const cJSON *answer, const struct gw_error *failure)
{
    struct redcap *r = ctx;

    if (failure) {
        end_asking(r, failure);
        return;
    }
    GW_JSON_EACH (line, answer) {
        struct gw_stand *stand;

        if (!is_receipt(line))
            continue;
        if (is_strange(r, line)) {
            refuse_strange(r);
            return;
        }
        stand = GW_ARENA_PUSH(r->answers, r->stands->list, r->stands->count, r->stands->capacity);
        if (stand)
            *stand = (struct gw_stand){keep(r, wire_text(line, REDCAP_RECORD)), revision_of(line)};
        r->no_memory |= !stand;
    }
    if (r->next)
        r->next(r);
    else
        end(r, NULL);
}

static void ask_stands(struct redcap *r)
{
    r->next = NULL;
    form_receipts(r);
    wire_send(&r->wire, on_stands, r);
}

static void stand(struct gw_remote *remote, struct gw_arena *arena, struct gw_stands *out, gw_remote_done done,
                  void *ctx)
{
    struct redcap *r = (struct redcap *)remote;

    *out = (struct gw_stands){0};
    r->stands = out;
    begin(r, arena, done, ctx, ask_stands);
}

/* ---- refusals -------------------------------------------------------------------------------------------------- */

static void refuse(struct redcap *r, enum gw_refusal_kind kind, int table, const char *subject_key, const char *row_id,
                   const char *reason)
{
    struct gw_refusal *refusal =
        GW_ARENA_PUSH(r->answers, r->refusals->list, r->refusals->count, r->refusals->capacity);

    if (refusal)
        *refusal =
            (struct gw_refusal){kind, (enum gw_table_id)table, keep(r, subject_key), keep(r, row_id), keep(r, reason)};
    r->no_memory |= !refusal;
}

static const struct gw_batch *batch_of(const struct redcap *r)
{
    return &r->shipment->batches[r->batch];
}

/* [["touched","observations","o1@T30-01","missing"],...], kept with the receipt: a batch sent again names them again.
 */
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
        gw_text_add(out, "]");
    }
    gw_text_add(out, "]");
}

static const char *item_text(const cJSON *list, int index)
{
    const cJSON *item = cJSON_GetArrayItem(list, index);

    return cJSON_IsString(item) ? item->valuestring : "";
}

static int table_named(const char *name)
{
    int t = 0;

    while (t < GW_TABLE_COUNT && strcmp(gw_table_of((enum gw_table_id)t)->name, name) != 0)
        t++;
    return t;
}

static void repeat_refusals(struct redcap *r, const char *text)
{
    const cJSON *list = NULL;

    gw_arena_clear(&r->work);
    if (gw_json_parse(&r->work, text, strlen(text), NULL, &list, NULL, NULL) != GW_OK)
        return; /* NI: there are none */
    GW_JSON_EACH (item, list) {
        const int table = table_named(item_text(item, 1));

        if (table < GW_TABLE_COUNT)
            refuse(r, strcmp(item_text(item, 0), "touched") == 0 ? GW_REFUSAL_TOUCHED : GW_REFUSAL_REJECTED, table,
                   batch_of(r)->subject_key, item_text(item, 2), item_text(item, 3));
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
    fail(r, GW_EPROTO, "an import was answered with a count that is not that of what was sent");
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
        fail(r, GW_ECONFIG,
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
        fail(r, GW_ECONFIG, "the form " REDCAP_INSTRUMENT " of a subject takes no receipt; is it locked?");
    else
        end(r, failure);
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
            refuse(r, GW_REFUSAL_REJECTED, line->table, batch_of(r)->subject_key, line->row_id, r->wire.refusal);
        send_piece(r);
    } else if (failure) {
        end(r, failure);
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
        refuse(r, GW_REFUSAL_REJECTED, table->id, row->subject_key, row->row_id, "no event of this window");
}

static void add_change(struct redcap *r, const struct gw_change *change, const struct helds *helds)
{
    const struct gw_table *table = gw_table_of(change->table);
    const struct held *held = held_find(helds, change->row->row_id);

    if (held && !held_is_ours(table, held->line))
        refuse(r, GW_REFUSAL_TOUCHED, table->id, change->row->subject_key, change->row->row_id, "");
    else if (held && !held_is(table, held->line, change->row))
        add_line(r, table, change->row, held, held->line);
    else if (!held && change->kind == GW_CHANGE_ADD)
        add_new(r, table, change->row);
    else if (!held)
        refuse(r, GW_REFUSAL_TOUCHED, table->id, change->row->subject_key, change->row->row_id, "missing");
}

/* Changes stand in table order, then by row_id. */
static int by_change(const void *key, const void *element)
{
    const struct gw_change *change = element;
    const struct line *wanted = key;

    if (wanted->table != change->table)
        return wanted->table < change->table ? -1 : 1;
    return strcmp(wanted->row_id, change->row->row_id);
}

static bool is_in_batch(const struct gw_batch *batch, enum gw_table_id table, const char *row_id)
{
    const struct line wanted = {.table = table, .row_id = row_id};
    const struct gw_difference *difference = batch->difference;

    return difference->count > 0 &&
           bsearch(&wanted, difference->changes, difference->count, sizeof *difference->changes, by_change) != NULL;
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

        if (held_is_withdrawn(table, held->line) || is_in_batch(batch, table->id, held->row_id))
            continue;
        if (!held_is_ours(table, held->line)) {
            refuse(r, GW_REFUSAL_TOUCHED, table->id, batch->subject_key, held->row_id, "");
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
        end_asking(r, failure);
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
        end(r, NULL);
    else
        send_piece(r);
}

static void form_table(struct redcap *r, int table)
{
    form_export(r);
    wire_add_item(&r->wire, "fields", 0, REDCAP_RECORD);
    wire_add_item(&r->wire, "forms", 0, gw_table_of((enum gw_table_id)table)->name);
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
    form_table(r, r->table);
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
        end_asking(r, failure);
        return;
    }
    GW_JSON_EACH (line, answer)
        if (is_receipt(line))
            receipt = line;
    if (receipt && is_strange(r, receipt))
        refuse_strange(r);
    else if ((receipt ? revision_of(receipt) : 0) == batch_of(r)->from_revision)
        begin_batch(r);
    else
        skip_batch(r, receipt ? revision_of(receipt) : 0, receipt ? wire_text(receipt, REDCAP_REFUSALS) : "");
}

static void ask_receipt(struct redcap *r)
{
    if (r->no_memory || r->batch == r->shipment->count) {
        end(r, NULL);
        return;
    }
    form_receipts(r);
    wire_add_item(&r->wire, "records", 0, batch_of(r)->subject_key);
    wire_send(&r->wire, on_receipt, r);
}

static void deliver(struct gw_remote *remote, struct gw_shipment *shipment, gw_remote_done done, void *ctx)
{
    struct redcap *r = (struct redcap *)remote;

    r->shipment = shipment;
    r->batch = 0;
    r->refusals = &shipment->refusals;
    *r->refusals = (struct gw_refusals){0};
    memset(shipment->receipts, 0, shipment->count * sizeof *shipment->receipts);
    begin(r, shipment->arena, done, ctx, ask_receipt);
}

/* ---- what was changed by hand ---------------------------------------------------------------------------------- */

static void inspect_next(struct redcap *r);

static void on_inspected(void *ctx, const cJSON *answer, const struct gw_error *failure)
{
    struct redcap *r = ctx;
    const struct gw_table *table = gw_table_of((enum gw_table_id)r->table);
    struct helds helds;

    if (failure) {
        end_asking(r, failure);
        return;
    }
    gw_arena_clear(&r->work);
    r->no_memory |= !held_read(&r->work, table, answer, &helds);
    for (size_t i = 0; !r->no_memory && i < helds.count; i++)
        if (!held_is_ours(table, helds.list[i].line))
            refuse(r, GW_REFUSAL_TOUCHED, table->id, wire_text(helds.list[i].line, REDCAP_RECORD), helds.list[i].row_id,
                   "");
    inspect_next(r);
}

static void inspect_next(struct redcap *r)
{
    if (++r->table == GW_TABLE_COUNT) {
        r->table = 0;
        r->from += SUBJECTS_MAX;
    }
    if (r->no_memory || r->from >= r->inspected.count) {
        end(r, NULL);
        return;
    }
    form_table(r, r->table);
    for (size_t i = 0; i < SUBJECTS_MAX && r->from + i < r->inspected.count; i++)
        wire_add_item(&r->wire, "records", i, r->inspected.list[r->from + i].subject_key);
    wire_send(&r->wire, on_inspected, r);
}

static void begin_inspection(struct redcap *r)
{
    r->table = -1;
    r->from = 0;
    r->inspected = (struct gw_stands){0};
    r->stands = &r->inspected;
    r->next = inspect_next;
    form_receipts(r);
    wire_send(&r->wire, on_stands, r);
}

static void inspect(struct gw_remote *remote, struct gw_arena *arena, struct gw_refusals *out, gw_remote_done done,
                    void *ctx)
{
    struct redcap *r = (struct redcap *)remote;

    *out = (struct gw_refusals){0};
    r->refusals = out;
    begin(r, arena, done, ctx, begin_inspection);
}

/* ---- the beginning and the end --------------------------------------------------------------------------------- */

static void release(struct redcap *r)
{
    wire_release(&r->wire);
    gw_arena_release(&r->arena);
    gw_arena_release(&r->event_arena);
    gw_arena_release(&r->work);
    free(r);
}

static void on_closed(uv_handle_t *handle)
{
    struct redcap *r = (struct redcap *)((char *)((struct wire *)handle->data) - offsetof(struct redcap, wire));
    void (*const closed)(void *) = r->closed;
    void *const closed_ctx = r->closed_ctx;

    release(r);
    if (closed)
        closed(closed_ctx);
}

static void close_remote(struct gw_remote *remote, void (*closed)(void *ctx), void *ctx)
{
    struct redcap *r = (struct redcap *)remote;

    r->closed = closed;
    r->closed_ctx = ctx;
    wire_close(&r->wire, on_closed);
}

static enum gw_status copy_target(struct redcap *r, const struct gw_redcap_target *target, struct gw_error *err)
{
    const char **const texts[] = {&r->target.url, &r->target.token_file, &r->target.ca, &r->target.study,
                                  &r->target.installation};

    r->target = *target;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (*texts[i])
            *texts[i] = gw_arena_copy(&r->arena, *texts[i], strlen(*texts[i]));
        if (!*texts[i] && texts[i] != &r->target.ca)
            return gw_fail(err, GW_ENOMEM, where, "no memory for the study database's settings");
    }
    return GW_OK;
}

enum gw_status gw_sink_redcap_open(uv_loop_t *loop, const struct gw_redcap_target *target, struct gw_remote **out,
                                   struct gw_error *err)
{
    struct redcap *r = calloc(1, sizeof *r);
    enum gw_status rc;

    if (!r)
        return gw_fail(err, GW_ENOMEM, where, "no memory for the study database");
    r->remote = (struct gw_remote){stand, deliver, inspect, close_remote};
    r->arena = r->event_arena = (struct gw_arena)GW_ARENA_INIT(SETTINGS_MAX_BYTES);
    r->work = (struct gw_arena)GW_ARENA_INIT(WORK_MAX_BYTES);
    rc = copy_target(r, target, err);
    if (rc == GW_OK)
        rc = wire_init(&r->wire, loop, r->target.url, r->target.token_file, r->target.ca, err);
    if (rc == GW_OK)
        *out = &r->remote;
    else
        release(r);
    return rc;
}
