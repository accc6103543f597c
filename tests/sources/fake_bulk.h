/*
 * A bulk server, a ledger and a day that passes in a millisecond. Every operation ends later, from the loop; any one of
 * them can be refused at the door, fail, be the moment of a cancellation, or the last one of a process that is killed.
 * Notes, facts and the spool folder outlive the chain, as they outlive a process.
 */
#ifndef SOURCES_TEST_FAKE_BULK_H
#define SOURCES_TEST_FAKE_BULK_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/sources/bulk.h"
#include "support/fake_time.h"
#include "support/scratch.h"

#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define BASE         "https://fhir.example.org/r4"
#define DAY_MS       86400000ull

struct bulk_reply {
    const char *ask; /* "GET /job/1", below BASE or whole; NULL ends a list */
    int status;      /* 0: the failure below */
    const char *body;
    const char *type;     /* NULL: what fits */
    const char *location; /* Content-Location of a 202, Location of a 3xx */
    int32_t retry_after_s;
    const char *progress;
    int export_status;
    enum gw_status failure;
    enum gw_trouble trouble; /* with a failure, whose text is the body */
    bool incomplete;
};

enum bulk_fault { NO_FAULT, AT_THE_DOOR, LATER, CANCEL, KILLED_BEFORE, KILLED_AFTER };

struct fake_note {
    char *space, *name, *text;
};

struct fake_bulk {
    uv_loop_t loop;
    struct gw_web web;
    struct gw_store store;
    struct gw_notebook notebook;
    struct fake_time time;
    struct scratch scratch;
    struct gw_gate *gate;
    struct gw_intake intake;
    struct gw_bulk_settings settings;
    const struct bulk_reply *replies;
    bool used[128];

    struct gw_text asked;  /* "GET /job/1 token", a line each */
    struct gw_text bodies; /* of requests, a line each */
    struct gw_text at;     /* seconds since the start, of each request */
    char *facts[256];      /* "Observation/o-1", sorted, each once */
    size_t fact_count;
    int not_enrolled, deleted, told, outcomes, invalid; /* parts at the door, items of deletions */
    struct fake_note notes[64];
    size_t note_count;

    struct gw_bulk *bulk;
    uint64_t calls;
    struct fake_op *flying;
    unsigned now, largest; /* requests under way at once */
    unsigned operations;
    enum bulk_fault fault;
    unsigned fault_at;
    bool dead;
    bool any_source; /* the server is another one */

    int ended;
    struct gw_bulk_result result;
    struct gw_bulk_type types[8];
    struct gw_error failure;
};

struct fake_op {
    uv_timer_t timer;
    struct fake_bulk *fake;
    struct fake_op *next;
    unsigned number;
    uint64_t call;
    bool cancelled, told;
    void (*effect)(struct fake_op *op, struct gw_error *failure);
    void (*done)(void *ctx, const struct gw_error *failure);
    void *ctx;

    char *ask;
    gw_http_sink sink;
    void *sink_ctx;
    struct gw_http_response *response;
    const struct gw_keep_page *page;
    struct gw_keep_answer *answer;
    const struct gw_note_change *changes;
    struct gw_arena *arena;
    const char *const *spaces;
    struct gw_ledger_notes *lists;
    size_t count;
};

#define FAKE_OF(port, member) ((struct fake_bulk *)((char *)(port)-offsetof(struct fake_bulk, member)))

/* ---- operations ---- */

static inline void op_gone(uv_handle_t *handle)
{
    struct fake_op *op = handle->data;

    free(op->ask);
    free(op);
}

static inline void op_end(uv_timer_t *timer)
{
    struct fake_op *op = timer->data, **at = &op->fake->flying;
    struct fake_bulk *fake = op->fake;
    struct gw_error failure = {.status = GW_OK};
    const bool here = fake->fault_at == op->number;

    if (fake->fault == CANCEL && here && !op->told) {
        op->told = true;
        uv_timer_start(&op->timer, op_end, 0, 0);
        gw_bulk_cancel(fake->bulk);
        return;
    }
    fake->dead = fake->dead || (fake->fault == KILLED_BEFORE && here);
    if (fake->dead)
        gw_fail(&failure, GW_EIO, "test", "killed");
    else if (op->cancelled)
        gw_fail(&failure, GW_ECANCELED, "test", "cancelled");
    else if (fake->fault == LATER && here)
        gw_fail(&failure, op->response ? GW_EDENIED : GW_EIO, "test", "as the test says");
    else
        op->effect(op, &failure);
    fake->dead = fake->dead || (fake->fault == KILLED_AFTER && here);
    while (*at != op)
        at = &(*at)->next;
    *at = op->next;
    fake->now -= op->response != NULL;
    uv_close((uv_handle_t *)&op->timer, op_gone);
    op->done(op->ctx, failure.status == GW_OK ? NULL : &failure);
}

static inline struct fake_op *op_start(struct fake_bulk *fake, void (*effect)(struct fake_op *, struct gw_error *),
                                       void (*done)(void *, const struct gw_error *), void *ctx, struct gw_error *err)
{
    struct fake_op *op;

    if (++fake->operations == fake->fault_at && fake->fault == AT_THE_DOOR) {
        gw_fail(err, GW_EPROTO, "test", "refused at the door");
        return NULL;
    }
    op = calloc(1, sizeof *op);
    *op = (struct fake_op){
        .fake = fake, .number = fake->operations, .effect = effect, .done = done, .ctx = ctx, .next = fake->flying};
    fake->flying = op;
    uv_timer_init(&fake->loop, &op->timer);
    op->timer.data = op;
    uv_timer_start(&op->timer, op_end, 0, 0);
    return op;
}

/* ---- the server ---- */

static inline const struct bulk_reply *reply_to(struct fake_bulk *fake, const char *ask)
{
    const struct bulk_reply *last = NULL;

    for (size_t i = 0; fake->replies[i].ask; i++) {
        if (strcmp(fake->replies[i].ask, ask) != 0)
            continue;
        last = &fake->replies[i];
        if (!fake->used[i]) {
            fake->used[i] = true;
            break;
        }
    }
    return last;
}

static inline void answer_web(struct fake_op *op, struct gw_error *failure)
{
    const struct bulk_reply *reply = reply_to(op->fake, op->ask);
    struct gw_http_response *response = op->response;
    const char *body = reply && reply->body ? reply->body : "";
    const size_t half = strlen(body) / 2;

    if (!reply && strncmp(op->ask, "DELETE", 6) == 0) {
        response->status = 202;
        return;
    }
    cr_assert(reply, "nobody answers %s", op->ask);
    response->status = reply->status;
    response->retry_after_s = reply->retry_after_s;
    response->export_status = reply->export_status;
    snprintf(response->x_progress, sizeof response->x_progress, "%s", reply->progress ? reply->progress : "");
    snprintf(response->content_type, sizeof response->content_type, "%s",
             reply->type ? reply->type
             : op->sink  ? "application/fhir+ndjson"
                         : "application/json");
    gw_text_add(&response->location, reply->location);
    gw_text_add(&response->content_location, reply->location);
    if (!op->sink || reply->status >= 300)
        gw_text_add(&response->body, body);
    else if (*body && (op->sink(op->sink_ctx, body, half ? half : 1, failure) != GW_OK ||
                       op->sink(op->sink_ctx, body + (half ? half : 1), strlen(body) - (half ? half : 1), failure)))
        return;
    response->incomplete = reply->incomplete;
    if (reply->status == 0 || reply->incomplete)
        gw_fail(failure, reply->incomplete ? GW_EPROTO : reply->failure, "test", "%s",
                reply->trouble ? body : "as the test says");
    response->trouble = reply->trouble;
}

static inline enum gw_status fake_ask(struct gw_web *web, const struct gw_session_request *request,
                                      struct gw_http_response *response, gw_http_done done, void *ctx, uint64_t *call,
                                      struct gw_error *err)
{
    struct fake_bulk *fake = FAKE_OF(web, web);
    struct fake_op *op = op_start(fake, answer_web, done, ctx, err);
    struct gw_text ask = GW_TEXT_INIT(65536);
    const bool below = strncmp(request->url, BASE, strlen(BASE)) == 0;

    if (!op)
        return GW_EPROTO;
    cr_expect(gw_gate_check(fake->gate, request->url, NULL, NULL) == GW_OK, "not through the gate: %s", request->url);
    gw_text_print(&ask, "%s %s", request->method ? request->method : "GET",
                  below ? request->url + strlen(BASE) : request->url);
    op->ask = strdup(ask.at);
    gw_text_print(&fake->asked, "%s%s\n", ask.at, request->without_token ? " open" : "");
    gw_text_print(&fake->bodies, "%.*s\n", (int)request->body.length, request->body.at ? request->body.at : "");
    gw_text_print(&fake->at, "%llu ", (unsigned long long)(fake->time.now_ms / 1000));
    gw_text_release(&ask);
    op->response = response;
    op->sink = request->sink;
    op->sink_ctx = request->sink_ctx;
    op->call = *call = ++fake->calls;
    fake->largest = ++fake->now > fake->largest ? fake->now : fake->largest;
    return GW_OK;
}

static inline void fake_cancel(struct gw_web *web, uint64_t call)
{
    for (struct fake_op *op = FAKE_OF(web, web)->flying; op; op = op->next)
        op->cancelled = op->cancelled || (op->response && op->call == call);
}

/* ---- the ledger ---- */

static inline int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static inline void keep_fact(struct fake_bulk *fake, const struct gw_keep_entry *entry)
{
    char name[256];

    snprintf(name, sizeof name, "%s/%s", entry->type, entry->id);
    for (size_t i = 0; i < fake->fact_count; i++)
        if (strcmp(fake->facts[i], name) == 0)
            return;
    cr_assert(fake->fact_count < COUNT(fake->facts));
    cr_expect(fake->any_source || strcmp(entry->source, BASE "/") == 0, "%s", entry->source);
    fake->facts[fake->fact_count++] = strdup(name);
    qsort(fake->facts, fake->fact_count, sizeof *fake->facts, by_text);
}

static inline void keep_all(struct fake_op *op, struct gw_error *failure)
{
    struct fake_bulk *fake = op->fake;

    (void)failure;
    for (size_t i = 0; i < op->page->count; i++) {
        const struct gw_keep_entry *entry = &op->page->entries[i];
        const char *reason = entry->reason ? entry->reason : "";

        op->answer->door += entry->mode == GW_KEEP_DOOR;
        op->answer->fresh += entry->mode != GW_KEEP_DOOR;
        if (entry->mode != GW_KEEP_DOOR)
            keep_fact(fake, entry);
        if (strcmp(reason, "NOT_ENROLLED") == 0) {
            cr_expect(!entry->id, "of people who are not enrolled nothing is kept");
            fake->not_enrolled += (int)entry->part_count;
        }
        fake->deleted += strcmp(reason, "DELETED") == 0;
        fake->outcomes += strcmp(reason, "OperationOutcome") == 0;
        fake->invalid += strcmp(reason, "RESOURCE_INVALID") == 0;
        fake->told += entry->item && strcmp(entry->item->code, "SOURCE_DELETED") == 0 && entry->item_if_kept;
    }
}

static inline enum gw_status fake_keep(struct gw_store *store, const struct gw_keep_page *page,
                                       struct gw_keep_answer *answer, gw_writer_done done, void *ctx,
                                       struct gw_error *err)
{
    struct fake_op *op = op_start(FAKE_OF(store, store), keep_all, done, ctx, err);

    if (!op)
        return GW_EPROTO;
    cr_expect(page->delivery == 5 && page->fetched_at > 0);
    op->page = page;
    op->answer = answer;
    return GW_OK;
}

static inline struct fake_note *find_note(struct fake_bulk *fake, const char *space, const char *name)
{
    for (size_t i = 0; i < fake->note_count; i++)
        if (strcmp(fake->notes[i].space, space) == 0 && strcmp(fake->notes[i].name, name) == 0)
            return &fake->notes[i];
    return NULL;
}

static inline void drop_note(struct fake_bulk *fake, struct fake_note *note)
{
    free(note->space);
    free(note->name);
    free(note->text);
    memmove(note, note + 1, (size_t)(fake->notes + --fake->note_count - note) * sizeof *note);
}

static inline void put_note(struct fake_bulk *fake, const char *space, const char *name, const char *text)
{
    struct fake_note *note = find_note(fake, space, name);

    if (note)
        drop_note(fake, note);
    if (!text)
        return;
    cr_assert(fake->note_count < COUNT(fake->notes));
    fake->notes[fake->note_count++] = (struct fake_note){strdup(space), strdup(name), strdup(text)};
}

static inline void save_all(struct fake_op *op, struct gw_error *failure)
{
    (void)failure;
    for (size_t i = 0; i < op->count; i++)
        put_note(op->fake, op->changes[i].space, op->changes[i].name, op->changes[i].text);
}

static inline enum gw_status fake_save(struct gw_notebook *notebook, const struct gw_note_change *changes, size_t count,
                                       gw_writer_done done, void *ctx, struct gw_error *err)
{
    struct fake_op *op = op_start(FAKE_OF(notebook, notebook), save_all, done, ctx, err);

    if (!op)
        return GW_EPROTO;
    op->changes = changes;
    op->count = count;
    return GW_OK;
}

static inline int by_name(const void *a, const void *b)
{
    return strcmp(((const struct gw_ledger_note *)a)->name, ((const struct gw_ledger_note *)b)->name);
}

static inline void load_all(struct fake_op *op, struct gw_error *failure)
{
    (void)failure;
    for (size_t s = 0; s < op->count; s++) {
        size_t capacity = 0;

        op->lists[s] = (struct gw_ledger_notes){NULL, 0};
        for (size_t i = 0; i < op->fake->note_count; i++) {
            const struct fake_note *note = &op->fake->notes[i];
            struct gw_ledger_note *slot;

            if (strcmp(note->space, op->spaces[s]) != 0)
                continue;
            slot = GW_ARENA_PUSH(op->arena, op->lists[s].list, op->lists[s].count, capacity);
            slot->name = gw_arena_copy(op->arena, note->name, strlen(note->name));
            slot->text = gw_arena_copy(op->arena, note->text, strlen(note->text));
        }
        if (op->lists[s].count)
            qsort(op->lists[s].list, op->lists[s].count, sizeof *op->lists[s].list, by_name);
    }
}

static inline enum gw_status fake_load(struct gw_notebook *notebook, struct gw_arena *arena, const char *const *spaces,
                                       size_t count, struct gw_ledger_notes *lists, gw_writer_done done, void *ctx,
                                       struct gw_error *err)
{
    struct fake_op *op = op_start(FAKE_OF(notebook, notebook), load_all, done, ctx, err);

    if (!op)
        return GW_EPROTO;
    op->arena = arena;
    op->spaces = spaces;
    op->lists = lists;
    op->count = count;
    return GW_OK;
}

/* ---- a hospital and a day ---- */

static inline size_t whose_patient(void *ctx, const char *patient, const struct gw_identifier *identifiers,
                                   size_t count, const int64_t **subjects)
{
    static const int64_t numbers[] = {17, 18};

    (void)ctx, (void)identifiers, (void)count;
    *subjects = &numbers[patient && strcmp(patient, "p2") == 0];
    return patient && (strcmp(patient, "p1") == 0 || strcmp(patient, "p2") == 0);
}

static const enum gw_resource fake_types[] = {GW_PATIENT, GW_OBSERVATION};
static const struct gw_bulk_member fake_members[] = {{17, "p1"}, {18, "p2"}};

static inline void fake_bulk_init(struct fake_bulk *fake, const struct bulk_reply *replies)
{
    static const char *const files[] = {"https://files.example.org"};
    struct gw_error err = {0};

    *fake = (struct fake_bulk){.asked = GW_TEXT_INIT(1 << 20),
                               .bodies = GW_TEXT_INIT(1 << 20),
                               .at = GW_TEXT_INIT(1 << 20),
                               .replies = replies};
    uv_loop_init(&fake->loop);
    fake_time_init(&fake->time, &fake->loop);
    scratch_init(&fake->scratch);
    cr_assert(gw_gate_new(BASE, files, 1, &fake->gate, &err) == GW_OK, "%s", err.text);
    fake->web = (struct gw_web){fake_ask, fake_cancel, fake->gate};
    fake->store = (struct gw_store){fake_keep};
    fake->notebook = (struct gw_notebook){fake_load, fake_save};
    fake->intake = (struct gw_intake){.endpoint = "hm-ehr",
                                      .site = "hm",
                                      .invalid_blocks = "R",
                                      .deleted_blocks = "-",
                                      .key = gw_hmac_new("key", 3),
                                      .whose = whose_patient};
    fake->settings = (struct gw_bulk_settings){.web = &fake->web,
                                               .store = &fake->store,
                                               .notebook = &fake->notebook,
                                               .intake = &fake->intake,
                                               .clock = &fake->time.clock,
                                               .delivery = 5,
                                               .spool = strdup(scratch_path(&fake->scratch, "spool")),
                                               .level = GW_BULK_GROUP,
                                               .group = "g",
                                               .concurrent = 2,
                                               .types = fake_types,
                                               .type_count = COUNT(fake_types),
                                               .members = fake_members,
                                               .member_count = 1};
}

static inline void fake_bulk_done(void *ctx, const struct gw_bulk_result *result, const struct gw_error *failure)
{
    struct fake_bulk *fake = ctx;

    fake->ended++;
    fake->bulk = NULL;
    fake->result = *result;
    cr_assert(result->type_count <= COUNT(fake->types));
    if (result->type_count)
        memcpy(fake->types, result->types, result->type_count * sizeof *result->types);
    fake->failure = failure ? *failure : (struct gw_error){.status = GW_OK};
}

static inline bool fake_bulk_busy(void *ctx)
{
    const struct fake_bulk *fake = ctx;

    return fake->flying || (fake->bulk && gw_bulk_at_work(fake->bulk));
}

static inline void fake_bulk_start(struct fake_bulk *fake)
{
    struct gw_error err = {0};

    fake->ended = 0;
    fake->dead = false;
    gw_text_clear(&fake->asked);
    gw_text_clear(&fake->bodies);
    gw_text_clear(&fake->at);
    cr_assert(gw_bulk_start(&fake->loop, &fake->settings, fake_bulk_done, fake, &fake->bulk, &err) == GW_OK, "%s",
              err.text);
    cr_expect(fake->ended == 0, "ended inside the call that started it");
}

/* One call to its end, up to a month. */
static inline void fake_bulk_run(struct fake_bulk *fake)
{
    fake_bulk_start(fake);
    for (uint64_t until = fake->time.now_ms + 30 * DAY_MS; fake->ended == 0 && fake->time.now_ms < until;)
        fake_time_run(&fake->time, fake->time.count ? fake->time.waits[0].due_ms : fake->time.now_ms + 1,
                      fake_bulk_busy, fake);
    cr_assert(fake->ended == 1, "ended %d times", fake->ended);
}

static inline void fake_bulk_release(struct fake_bulk *fake)
{
    fake_time_run(&fake->time, fake->time.now_ms, fake_bulk_busy, fake);
    uv_run(&fake->loop, UV_RUN_DEFAULT);
    cr_expect(!fake->flying, "an operation was left");
    cr_expect(uv_loop_close(&fake->loop) == 0, "a handle was left in the loop");
    while (fake->note_count)
        drop_note(fake, fake->notes);
    for (size_t i = 0; i < fake->fact_count; i++)
        free(fake->facts[i]);
    free((void *)(uintptr_t)fake->settings.spool);
    gw_hmac_free(fake->intake.key);
    gw_gate_free(fake->gate);
    gw_text_release(&fake->asked);
    gw_text_release(&fake->bodies);
    gw_text_release(&fake->at);
    fake_time_release(&fake->time);
    scratch_release(&fake->scratch);
}

/* "Observation/o1 Patient/p1 | Patient 2026-..., Observation - | +2 -1", in static storage: facts, as of, not enrolled,
 * told deletions. */
static inline const char *fake_bulk_outcome(const struct fake_bulk *fake)
{
    static char out[2048];
    size_t at = 0;

    for (size_t i = 0; i < fake->fact_count; i++)
        at += (size_t)snprintf(out + at, sizeof out - at, "%s%s", i ? " " : "", fake->facts[i]);
    at += (size_t)snprintf(out + at, sizeof out - at, " |");
    for (size_t i = 0; i < fake->settings.type_count; i++)
        at += (size_t)snprintf(out + at, sizeof out - at, " %s",
                               fake->types[i].refused  ? "refused"
                               : *fake->types[i].as_of ? fake->types[i].as_of
                                                       : "-");
    return out;
}

#endif
