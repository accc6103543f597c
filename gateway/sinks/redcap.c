/*
 * REDCap as a study database: what calls have in common, where subjects stand, what was changed by hand.
 */
#include "gateway/sinks/redcap.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "sinks/redcap_parts.h"
#include "sinks/remote_done.h"

static const char where[] = "sinks.redcap";

enum {
    SETTINGS_MAX_BYTES = 1 << 20,
    WORK_MAX_BYTES = 512 << 20,
    SUBJECTS_MAX = 10, /* of an inspection's question */
};

/* ---- calls ----------------------------------------------------------------------------------------------------- */

void redcap_end(struct redcap *r, const struct gw_error *failure)
{
    r->known &= !failure;
    r->shipment = NULL;
    remote_done(&r->done, r->ctx, where, failure, r->no_memory);
}

void redcap_fail(struct redcap *r, enum gw_status status, const char *format, ...)
{
    struct gw_error failure;
    char text[320];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    gw_fail(&failure, status, where, "%s: %s", r->target.url, text);
    redcap_end(r, &failure);
}

void redcap_end_asking(struct redcap *r, const struct gw_error *failure)
{
    if (failure->status == GW_EINPUT)
        redcap_fail(r, GW_ECONFIG, "the project does not have what is asked for; " REDCAP_LAY_OUT);
    else
        redcap_end(r, failure);
}

void redcap_begin(struct redcap *r, struct gw_arena *answers, gw_remote_done done, void *ctx,
                  void (*next)(struct redcap *r))
{
    r->done = done;
    r->ctx = ctx;
    r->answers = answers;
    r->no_memory = false;
    r->next = next;
    if (r->known)
        next(r);
    else
        redcap_ask_project(r);
}

static char *keep(struct redcap *r, const char *text)
{
    char *copy = gw_arena_copy(r->answers, text, strlen(text));

    r->no_memory |= !copy;
    return copy;
}

void redcap_refuse(struct redcap *r, enum gw_refusal_kind kind, int table, const char *subject_key, const char *row_id,
                   const char *reason)
{
    struct gw_refusal *refusal =
        GW_ARENA_PUSH(r->answers, r->refusals->list, r->refusals->count, r->refusals->capacity);

    if (refusal)
        *refusal = (struct gw_refusal){.kind = kind,
                                       .table = (enum gw_table_id)table,
                                       .subject_key = keep(r, subject_key),
                                       .row_id = keep(r, row_id),
                                       .reason = keep(r, reason),
                                       .stands = ""};
    r->no_memory |= !refusal;
}

void redcap_stands(struct redcap *r, const char *digest)
{
    if (!r->no_memory)
        r->refusals->list[r->refusals->count - 1].stands = keep(r, digest);
}

void redcap_refuse_held(struct redcap *r, const struct gw_table *table, const char *subject_key,
                        const struct held *held)
{
    struct gw_text theirs = GW_TEXT_INIT(HELD_MAX_BYTES);
    char digest[HELD_DIGEST_TEXT];

    redcap_refuse(r, GW_REFUSAL_TOUCHED, table->id, subject_key, held->row_id, "");
    held_print(&theirs, table, held->line);
    r->no_memory |= theirs.failed || !held_digest(table, held->line, digest);
    if (!r->no_memory)
        r->refusals->list[r->refusals->count - 1].theirs = keep(r, theirs.at);
    redcap_stands(r, r->no_memory ? "" : digest);
    gw_text_release(&theirs);
}

/* ---- where subjects stand -------------------------------------------------------------------------------------- */

static void form_export(struct redcap *r)
{
    wire_form(&r->wire, "record");
    wire_add(&r->wire, "action", "export");
    wire_add(&r->wire, "type", "flat");
    wire_add(&r->wire, "rawOrLabel", "raw");
}

void redcap_form_receipts(struct redcap *r)
{
    static const char *const fields[] = {REDCAP_RECORD, REDCAP_STUDY, REDCAP_SITE, REDCAP_REVISION, REDCAP_REFUSALS};

    form_export(r);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        wire_add_item(&r->wire, "fields", i, fields[i]);
    wire_add_item(&r->wire, "events", 0, events_find(&r->events, REDCAP_SUBJECT)->name);
}

void redcap_form_table(struct redcap *r, int table)
{
    form_export(r);
    wire_add_item(&r->wire, "fields", 0, REDCAP_RECORD);
    wire_add_item(&r->wire, "forms", 0, gw_table_of((enum gw_table_id)table)->name);
}

bool redcap_is_receipt(const cJSON *line)
{
    return !*wire_text(line, "redcap_repeat_instrument") && *wire_text(line, REDCAP_REVISION);
}

bool redcap_is_strange(const struct redcap *r, const cJSON *line)
{
    return strcmp(wire_text(line, REDCAP_STUDY), r->target.study) != 0 ||
           strcmp(wire_text(line, REDCAP_SITE), r->target.installation) != 0;
}

int64_t redcap_revision_of(const cJSON *line)
{
    return strtoll(wire_text(line, REDCAP_REVISION), NULL, 10);
}

void redcap_refuse_strange(struct redcap *r)
{
    redcap_fail(r, GW_ECONFIG, "the project holds another study or another installation's data: check url and token");
}

static void on_stands(void *ctx, const cJSON *answer, const struct gw_error *failure)
{
    struct redcap *r = ctx;

    if (failure) {
        redcap_end_asking(r, failure);
        return;
    }
    GW_JSON_EACH (line, answer) {
        struct gw_stand *stand;

        if (!redcap_is_receipt(line))
            continue;
        if (redcap_is_strange(r, line)) {
            redcap_refuse_strange(r);
            return;
        }
        stand = GW_ARENA_PUSH(r->answers, r->stands->list, r->stands->count, r->stands->capacity);
        if (stand)
            *stand = (struct gw_stand){.subject_key = keep(r, wire_text(line, REDCAP_RECORD)),
                                       .revision = redcap_revision_of(line)};
        r->no_memory |= !stand;
    }
    if (r->next)
        r->next(r);
    else
        redcap_end(r, NULL);
}

static void ask_stands(struct redcap *r)
{
    r->next = NULL;
    redcap_form_receipts(r);
    wire_send(&r->wire, on_stands, r);
}

static void stand(struct gw_remote *remote, struct gw_arena *arena, struct gw_stands *out, gw_remote_done done,
                  void *ctx)
{
    struct redcap *r = (struct redcap *)remote;

    *out = (struct gw_stands){0};
    r->stands = out;
    redcap_begin(r, arena, done, ctx, ask_stands);
}
/* ---- what was changed by hand ---------------------------------------------------------------------------------- */

static void inspect_next(struct redcap *r);

static void on_inspected(void *ctx, const cJSON *answer, const struct gw_error *failure)
{
    struct redcap *r = ctx;
    const struct gw_table *table = gw_table_of((enum gw_table_id)r->table);
    struct helds helds;

    if (failure) {
        redcap_end_asking(r, failure);
        return;
    }
    gw_arena_clear(&r->work);
    r->no_memory |= !held_read(&r->work, table, answer, &helds);
    for (size_t i = 0; !r->no_memory && i < helds.count; i++)
        if (!held_is_ours(table, helds.list[i].line))
            redcap_refuse_held(r, table, wire_text(helds.list[i].line, REDCAP_RECORD), &helds.list[i]);
    inspect_next(r);
}

static void inspect_next(struct redcap *r)
{
    if (++r->table == GW_TABLE_COUNT) {
        r->table = 0;
        r->from += SUBJECTS_MAX;
    }
    if (r->no_memory || r->from >= r->inspected.count) {
        redcap_end(r, NULL);
        return;
    }
    redcap_form_table(r, r->table);
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
    redcap_form_receipts(r);
    wire_send(&r->wire, on_stands, r);
}

static void inspect(struct gw_remote *remote, struct gw_arena *arena, struct gw_refusals *out, gw_remote_done done,
                    void *ctx)
{
    struct redcap *r = (struct redcap *)remote;

    *out = (struct gw_refusals){0};
    r->refusals = out;
    redcap_begin(r, arena, done, ctx, begin_inspection);
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
    r->remote = (struct gw_remote){.stand = stand,
                                   .deliver = redcap_deliver,
                                   .inspect = inspect,
                                   .examine = redcap_examine,
                                   .close = close_remote};
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
