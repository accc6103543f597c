/*
 * A bulk export as a chain of steps.
 *
 *      recall ──> choose ──> ask ──> answer ──> poll ──> status ──> list ──> load ──> loaded ──> dismiss ──> forget ──>
 * end ↑        │          ↑        │         │        ↑          │ │        └ again    └─ wait ─┘         └─ page ─┼─>
 * poll   └ stale: poll └────────── the job is lost: anew ──────────────┘
 *
 * Each box is a function below, in that order; it returns the step to run next. What goes on (a request, a note, a
 * wait, the loading) is counted in `waiting`, and run() is the only loop.
 */
#include "gateway/sources/bulk.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/core/date.h"
#include "sources/bulk_ask.h"
#include "sources/bulk_job.h"
#include "sources/bulk_load.h"
#include "sources/bulk_manifest.h"
#include "sources/bulk_wait.h"

static const char where[] = "sources.bulk";
static const char job_space[] = "bulk";

enum { ARENA_MAX_BYTES = 512 << 20, BODY_MAX_BYTES = 16 << 20, PAGES_MAX = 1000, RENEWALS_MAX = 5, AHEAD_MAX_S = 300 };

enum step { RECALL, CHOOSE, ASK, ANSWER, POLL, STATUS, LIST, LOAD, LOADED, DISMISS, FORGET, END };

static const char *const step_names[] = {"recall", "choose", "ask",    "answer",  "poll",   "status",
                                         "list",   "load",   "loaded", "dismiss", "forget", "end"};

enum space { JOBS, MARKS, FILES, SPACES };

struct changes { /* notes to be written together */
    struct gw_note_change *list;
    size_t count, capacity;
};

struct gw_bulk {
    uv_loop_t *loop;
    uv_timer_t timer;            /* of waits, and carries the start and the end out to the loop */
    struct gw_bulk_settings own; /* the caller's, with a clock in any case */
    const struct gw_bulk_settings *settings;
    const struct gw_clock *clock;
    gw_bulk_done done;
    void *ctx;

    enum step step;
    unsigned waiting; /* operations under way */
    bool pausing, in_flight, cancelled;
    uint64_t call;
    struct gw_error err;

    struct gw_arena arena; /* of all that is known about the job */
    const char *spaces[SPACES];
    struct gw_ledger_notes notes[SPACES];
    struct changes changes;

    struct bulk_job job;
    struct bulk_mark *marks; /* of each type, as in settings */
    struct bulk_files files;

    struct gw_text url; /* being asked */
    struct gw_text body;
    struct gw_http_response response;
    struct gw_error transfer; /* status GW_OK: an answer came */
    unsigned tries;           /* of this step that failed in passing, in a row */
    unsigned polls;           /* that found the job under way, in a row */
    unsigned renewals;

    struct gw_id_set *pages; /* manifests asked for in this listing */
    struct bulk_entry *listed;
    size_t listed_count, listed_capacity;
    const char *as_of; /* of this listing */
    bool requires_token, ahead;

    struct bulk_load *load;
    bool stale;
    char progress[128];
    struct gw_bulk_type *types;
    struct gw_bulk_result result;
};

static void run(struct gw_bulk *b);

static int64_t now_of(const struct gw_bulk *b)
{
    return b->clock->utc(b->clock->ctx);
}

static enum step no_memory(struct gw_bulk *b)
{
    gw_fail(&b->err, GW_ENOMEM, where, "no memory for the export of %s", b->settings->intake->endpoint);
    return END;
}

/* ---- operations ---- */

static void on_timer(uv_timer_t *timer)
{
    struct gw_bulk *b = timer->data;

    b->pausing = false;
    b->waiting--;
    run(b);
}

static enum step wait_then(struct gw_bulk *b, uint64_t ms, enum step then)
{
    b->pausing = true;
    b->waiting++;
    gw_clock_start(b->clock, &b->timer, on_timer, ms);
    return then;
}

static void on_answer(void *ctx, const struct gw_error *failure)
{
    struct gw_bulk *b = ctx;

    assert(b->in_flight); /* exactly once, and never inside the call that started it */
    b->in_flight = false;
    b->waiting--;
    if (failure)
        b->transfer = *failure;
    run(b);
}

static enum step ask_web(struct gw_bulk *b, const struct gw_session_request *request, enum step then)
{
    struct gw_web *web = b->settings->web;

    gw_http_response_clear(&b->response);
    b->transfer = (struct gw_error){.status = GW_OK};
    if (web->ask(web, request, &b->response, on_answer, b, &b->call, &b->err) != GW_OK)
        return END;
    b->in_flight = true;
    b->waiting++;
    b->result.requests++;
    return then;
}

static void on_noted(void *ctx, const struct gw_error *failure)
{
    struct gw_bulk *b = ctx;

    b->waiting--;
    b->changes = (struct changes){NULL, 0, 0};
    if (failure && b->err.status == GW_OK)
        b->err = *failure;
    run(b);
}

static bool change(struct gw_bulk *b, enum space space, const char *name, const struct gw_text *text)
{
    struct gw_note_change *slot = GW_ARENA_PUSH(&b->arena, b->changes.list, b->changes.count, b->changes.capacity);

    if (!slot || (text && text->failed))
        return false;
    *slot = (struct gw_note_change){b->spaces[space], gw_arena_copy(&b->arena, name, strlen(name)),
                                    text ? gw_arena_copy(&b->arena, text->at, text->length) : NULL};
    return slot->name && (slot->text || !text);
}

static bool change_job(struct gw_bulk *b)
{
    struct gw_text text = GW_TEXT_INIT(GW_NOTE_MAX_BYTES);
    bool fine;

    bulk_job_print(&b->job, &text);
    fine = change(b, JOBS, b->settings->intake->endpoint, &text);
    gw_text_release(&text);
    return fine;
}

static bool forget_files(struct gw_bulk *b)
{
    char name[16];
    bool fine = true;

    for (size_t i = 0; fine && i < b->files.count; i++) {
        bulk_file_name(i, name);
        fine = change(b, FILES, name, NULL);
    }
    b->files.count = 0;
    b->as_of = NULL;
    bulk_clean_spool(b->settings, NULL, NULL); /* what cannot be deleted now is deleted before the next download */
    return fine;
}

/* What was gathered, in one step; fine: nothing was left out for want of memory. */
static enum step write_notes(struct gw_bulk *b, bool fine, enum step then)
{
    struct gw_notebook *notebook = b->settings->notebook;

    if (!fine)
        return no_memory(b);
    if (notebook->save(notebook, b->changes.list, b->changes.count, on_noted, b, &b->err) != GW_OK)
        return END;
    b->waiting++;
    return then;
}

/* ---- what a failure means ---- */

/* Types of a job that failed for good are left alone until they are due again. */
static enum step give_up(struct gw_bulk *b, const struct gw_error *failure)
{
    struct gw_text text = GW_TEXT_INIT(GW_NOTE_MAX_BYTES);
    bool fine = forget_files(b) && change(b, JOBS, b->settings->intake->endpoint, NULL);

    for (size_t i = 0; fine && i < b->settings->type_count; i++) {
        const enum gw_resource type = b->settings->types[i];

        if (!b->job.types.of[type] && !b->job.refused.of[type])
            continue;
        fine = bulk_mark_end(&b->arena, &b->job, type, false, now_of(b), &b->marks[i], &b->err) == GW_OK;
        gw_text_clear(&text);
        bulk_mark_print(&b->marks[i], &text);
        fine = fine && change(b, MARKS, gw_resource_name(type), &text);
    }
    gw_text_release(&text);
    if (write_notes(b, fine, END) == END && b->err.status == GW_OK)
        b->err = *failure; /* told once the notes are written */
    return END;
}

/* The server lost the job, or did not finish it: once more, and not for ever. */
static enum step start_anew(struct gw_bulk *b, const char *reason)
{
    struct gw_error failure;

    gw_fail(&failure, GW_EPROTO, where,
            "%s: the export %s, %u times; ask who runs the server what ends its exports, or for smaller groups",
            b->settings->intake->endpoint, reason, b->job.restarts + 1);
    if (b->job.restarts >= GW_BULK_RESTARTS_MAX)
        return give_up(b, &failure);
    b->job.restarts++;
    b->job.state = BULK_ASKING;
    b->job.status_url = b->job.as_of = NULL;
    b->job.asked = now_of(b);
    b->tries = b->polls = 0;
    return write_notes(b, forget_files(b) && change_job(b), ASK);
}

/* Busy, away, or something that may pass: the same step after a wait. The job stays for another call after that. */
static enum step try_again(struct gw_bulk *b, const struct gw_error *failure, enum step then)
{
    const bool throttled = b->response.status == 429 || b->response.status == 503;

    b->result.retry_after_s = b->response.retry_after_s;
    if (++b->tries >= GW_BULK_TRIES_MAX) {
        b->err = *failure;
        b->err.status = GW_ERETRY;
        return END;
    }
    return wait_then(b, bulk_wait_ms(b->tries, throttled, b->response.retry_after_s), then);
}

static bool may_pass(const struct gw_bulk *b)
{
    return b->transfer.status == GW_ERETRY || b->response.incomplete;
}

static enum step end_with(struct gw_bulk *b, const struct gw_error *failure)
{
    b->err = *failure;
    return END;
}

/* ---- recall ---- */

static enum step recall(struct gw_bulk *b)
{
    struct gw_notebook *notebook = b->settings->notebook;

    if (notebook->load(notebook, &b->arena, b->spaces, SPACES, b->notes, on_noted, b, &b->err) != GW_OK)
        return END;
    b->waiting++;
    return CHOOSE;
}

/* ---- choose ---- */

static const char *note_of(const struct gw_ledger_notes *notes, const char *name)
{
    for (size_t i = 0; i < notes->count; i++)
        if (strcmp(notes->list[i].name, name) == 0)
            return notes->list[i].text;
    return NULL;
}

/* Files are numbered without gaps, and written together with the job that has them. */
static bool read_files(struct gw_bulk *b)
{
    const struct gw_ledger_notes *notes = &b->notes[FILES];
    char name[16];

    b->files.list = gw_arena_alloc(&b->arena, (notes->count + 1) * sizeof *b->files.list);
    b->files.renewed = gw_arena_alloc(&b->arena, notes->count + 1);
    b->files.count = notes->count;
    if (!b->files.list || !b->files.renewed)
        return false;
    for (size_t i = 0; i < notes->count; i++) {
        bulk_file_name(i, name);
        if (strcmp(notes->list[i].name, name) != 0 ||
            !bulk_file_read(&b->arena, notes->list[i].text, &b->files.list[i]))
            return false;
    }
    return true;
}

/* A note that cannot be read (damaged, or of another release) is none: the worst is an export more. */
static void read_marks(struct gw_bulk *b)
{
    for (size_t i = 0; i < b->settings->type_count; i++) {
        const char *text = note_of(&b->notes[MARKS], gw_resource_name(b->settings->types[i]));

        if (!text || !bulk_mark_read(&b->arena, text, &b->marks[i]))
            b->marks[i] = (struct bulk_mark){0};
    }
}

/* Of a job that is over or cannot be read. */
static bool forget_noted(struct gw_bulk *b)
{
    bool fine = true;

    for (size_t i = 0; fine && i < b->notes[FILES].count; i++)
        fine = change(b, FILES, b->notes[FILES].list[i].name, NULL);
    b->files.count = 0;
    return fine;
}

static enum step go_on(struct gw_bulk *b)
{
    static const enum step next[] = {
        [BULK_ASKING] = ASK, [BULK_WAITING] = POLL, [BULK_LOADING] = LOAD, [BULK_ENDING] = DISMISS};

    b->result.resumed = true;
    return next[b->job.state];
}

static enum step choose(struct gw_bulk *b)
{
    const char *text = note_of(&b->notes[JOBS], b->settings->intake->endpoint);
    bool due;

    read_marks(b);
    if (read_files(b) && text && bulk_job_read(&b->arena, text, &b->job))
        return go_on(b);
    if (!b->files.list)
        return no_memory(b);
    if (bulk_choose(&b->arena, b->settings, b->marks, now_of(b), &b->job, &due, &b->result.wait_s, &b->err) != GW_OK)
        return END;
    b->result.idle = !due;
    if (!due)
        return END;
    b->job.asked = now_of(b);
    return write_notes(b, forget_noted(b) && change_job(b), ASK);
}

/* ---- ask ---- */

static enum step ask(struct gw_bulk *b)
{
    static const struct gw_http_header headers[] = {{"Prefer", "respond-async"},
                                                    {"Content-Type", "application/fhir+json"}};
    struct gw_session_request request = {.headers = headers, .header_count = 1};

    if (bulk_request(b->settings, &b->job, &b->url, &b->body, &b->err) != GW_OK)
        return END;
    request.url = b->url.at;
    if (b->body.length) {
        request.method = "POST";
        request.header_count = 2;
        request.body = (struct gw_slice){b->body.at, b->body.length};
    }
    return ask_web(b, &request, ANSWER);
}

/* ---- answer ---- */

/* A server that lacks a type answers 400 and names it: what it has is wanted all the same. */
static enum step leave_out(struct gw_bulk *b)
{
    const struct gw_slice text = {b->response.body.at, b->response.body.length};
    const enum gw_resource type = bulk_refused_type(&b->job.types, text);
    struct gw_error failure;

    if (type == GW_RESOURCE_OTHER && b->job.since) { /* not offered, or not liked: everything, then */
        b->job.since = NULL;
        b->job.scope = BULK_ALL;
        return write_notes(b, change_job(b), ASK);
    }
    if (type != GW_RESOURCE_OTHER) {
        b->job.types.of[type] = false;
        b->job.refused.of[type] = true;
        if (bulk_has_type(&b->job.types))
            return write_notes(b, change_job(b), ASK);
    }
    gw_fail(&failure, GW_EPROTO, where,
            "%s: refuses the export (status 400)%s: check \"bulk\" in the configuration, and with the vendor which "
            "level and parameters are offered",
            b->settings->intake->endpoint,
            type == GW_RESOURCE_OTHER ? " and names no type that it lacks"
                                      : ": it lacks every type that was asked for");
    return give_up(b, &failure);
}

static enum step accepted(struct gw_bulk *b)
{
    const char *base = b->url.at;
    struct gw_text status = GW_TEXT_INIT(GW_URL_MAX);
    struct gw_error failure;
    enum gw_status rc;

    if (b->response.content_location.length == 0)
        rc = gw_fail(&failure, GW_EPROTO, where,
                     "%s: took the export and did not say where its status is (no Content-Location); report it to the "
                     "vendor",
                     b->settings->intake->endpoint);
    else
        rc = gw_gate_resolve(b->settings->web->gate, base, b->response.content_location.at, &status, &failure);
    if (rc == GW_OK)
        b->job.status_url = gw_arena_copy(&b->arena, status.at, status.length);
    gw_text_release(&status);
    if (rc != GW_OK)
        return give_up(b, &failure);
    if (!b->job.status_url)
        return no_memory(b);
    b->job.state = BULK_WAITING;
    b->tries = 0;
    return write_notes(b, change_job(b), POLL);
}

static enum step answer(struct gw_bulk *b)
{
    struct gw_error failure;
    enum gw_status rc;

    if (b->transfer.status != GW_OK)
        return may_pass(b) ? try_again(b, &b->transfer, ASK) : end_with(b, &b->transfer);
    if (b->response.status == 202)
        return accepted(b);
    if (b->response.status == 400)
        return leave_out(b);
    rc = gw_http_verdict(&b->response, b->url.at, &failure);
    if (rc == GW_ERETRY)
        return try_again(b, &failure, ASK);
    if (rc == GW_EDENIED)
        return end_with(b, &failure);
    if (rc == GW_OK)
        gw_fail(&failure, GW_EPROTO, where,
                "%s: answered the request for an export with status %d instead of 202; does it offer $export at this "
                "level?",
                b->settings->intake->endpoint, b->response.status);
    return give_up(b, &failure);
}

/* ---- poll ---- */

static void begin_listing(struct gw_bulk *b)
{
    gw_id_set_clear(b->pages);
    b->listed = NULL;
    b->listed_count = b->listed_capacity = 0;
    b->as_of = NULL;
    gw_text_clear(&b->url);
    gw_text_add(&b->url, b->job.status_url);
}

/* The status URL, or in the middle of a listing the manifest's next page. */
static enum step poll(struct gw_bulk *b)
{
    struct gw_session_request request = {.accept = "application/json", .max_bytes = GW_BULK_MANIFEST_BYTES};

    if (!b->as_of)
        begin_listing(b);
    request.url = b->url.at;
    return ask_web(b, &request, STATUS);
}

/* ---- status ---- */

static void show_progress(struct gw_bulk *b)
{
    size_t length = 0;

    for (const char *at = b->response.x_progress; *at && length < sizeof b->progress - 1; at++)
        b->progress[length++] = isprint((unsigned char)*at) ? *at : '?';
    b->progress[length] = '\0';
}

static enum step wait_for_job(struct gw_bulk *b)
{
    const int64_t age = now_of(b) - b->job.asked;
    unsigned wait_s = GW_BULK_POLL_FIRST_S << (b->polls < 7 ? b->polls : 7);

    show_progress(b);
    if (age > GW_BULK_JOB_S)
        return start_anew(b, "was under way for three days without an end");
    b->tries = 0;
    b->polls++;
    wait_s = wait_s < GW_BULK_POLL_MAX_S ? wait_s : GW_BULK_POLL_MAX_S;
    if (b->response.retry_after_s > 0)
        wait_s = (unsigned)b->response.retry_after_s;
    return wait_then(b, wait_s * 1000ull, POLL);
}

static enum step job_failed(struct gw_bulk *b, const struct gw_error *failure)
{
    if (b->response.status == 500 && b->tries + 1 >= GW_BULK_TRIES_MAX)
        return start_anew(b, "failed at the server (status 500)");
    return try_again(b, failure, POLL);
}

/* With separate-export-status a 200 says that we may ask, and a header how the job stands. */
static enum step status(struct gw_bulk *b)
{
    struct gw_error failure;
    enum gw_status rc;

    if (b->transfer.status != GW_OK)
        return may_pass(b) ? try_again(b, &b->transfer, POLL) : end_with(b, &b->transfer);
    if (b->response.status == 200 && b->response.export_status)
        b->response.status = b->response.export_status;
    if (b->response.status == 202)
        return wait_for_job(b);
    if (b->response.status == 200)
        return LIST;
    if (b->response.status == 404 || b->response.status == 410)
        return start_anew(b, "was forgotten by the server");
    rc = gw_http_verdict(&b->response, b->url.at, &failure);
    if (rc == GW_ERETRY)
        return job_failed(b, &failure);
    if (rc == GW_EDENIED)
        return end_with(b, &failure);
    return give_up(b, &failure);
}

/* ---- list ---- */

/* What was not asked for is not fetched: a server may ignore _type. */
static bool is_wanted(const struct gw_bulk *b, const struct bulk_entry *entry)
{
    return entry->kind != BULK_OUTPUT || !entry->type || b->job.types.of[gw_resource_of(entry->type)];
}

static bool append(struct gw_bulk *b, const struct bulk_manifest *manifest)
{
    for (size_t i = 0; i < manifest->count; i++) {
        struct bulk_entry *slot;

        if (!is_wanted(b, &manifest->entries[i]))
            continue;
        slot = GW_ARENA_PUSH(&b->arena, b->listed, b->listed_count, b->listed_capacity);
        if (!slot)
            return false;
        *slot = manifest->entries[i];
    }
    return true;
}

/* Patients, other data, deletions, remarks; each in the manifest's order. */
static int rank_of(const struct bulk_entry *entry)
{
    if (entry->kind == BULK_OUTPUT)
        return gw_same(entry->type, "Patient") ? 0 : 1;
    return entry->kind == BULK_DELETED ? 2 : 3;
}

static bool make_files(struct gw_bulk *b)
{
    b->files.list = gw_arena_alloc(&b->arena, (b->listed_count + 1) * sizeof *b->files.list);
    b->files.renewed = gw_arena_alloc(&b->arena, b->listed_count + 1);
    b->files.count = 0;
    if (!b->files.list || !b->files.renewed)
        return false;
    for (int rank = 0; rank <= 3; rank++)
        for (size_t i = 0; i < b->listed_count; i++)
            if (rank_of(&b->listed[i]) == rank)
                b->files.list[b->files.count++] = (struct bulk_file){.kind = b->listed[i].kind,
                                                                     .type = b->listed[i].type,
                                                                     .url = b->listed[i].url,
                                                                     .count = b->listed[i].count,
                                                                     .lines = -1};
    return true;
}

static enum step list_first(struct gw_bulk *b)
{
    char name[16];
    bool fine = make_files(b);

    b->job.state = BULK_LOADING;
    b->job.as_of = b->as_of;
    b->job.requires_token = b->requires_token;
    b->job.ahead = b->ahead;
    fine = fine && change_job(b);
    for (size_t i = 0; fine && i < b->files.count; i++) {
        struct gw_text text = GW_TEXT_INIT(GW_NOTE_MAX_BYTES);

        bulk_file_print(&b->files.list[i], &text);
        bulk_file_name(i, name);
        fine = change(b, FILES, name, &text);
        gw_text_release(&text);
    }
    return write_notes(b, fine, LOAD);
}

/* The same files under new addresses: anything else is another export than the one we are loading. */
static enum step list_again(struct gw_bulk *b)
{
    const struct bulk_files known = b->files;
    bool same;

    if (!make_files(b))
        return no_memory(b);
    same = b->files.count == known.count && gw_same(b->as_of, b->job.as_of);
    for (size_t i = 0; same && i < known.count; i++)
        same = b->files.list[i].kind == known.list[i].kind && gw_same(b->files.list[i].type, known.list[i].type) &&
               b->files.list[i].count == known.list[i].count;
    for (size_t i = 0; same && i < known.count; i++)
        known.list[i].url = b->files.list[i].url;
    b->files = known;
    return same ? LOAD : start_anew(b, "changed its list of files while they were loaded");
}

static enum step next_page(struct gw_bulk *b, const char *link)
{
    struct gw_text url = GW_TEXT_INIT(GW_URL_MAX);
    enum gw_status rc = gw_gate_resolve(b->settings->web->gate, b->url.at, link, &url, &b->err);

    gw_text_release(&b->url);
    b->url = url;
    return rc == GW_OK ? POLL : END;
}

/* By the server's own clock, where it tells the time: what comes to be until then would be missed the next day. */
static bool is_ahead(const struct gw_bulk *b, const char *instant)
{
    const int64_t now = b->response.date ? b->response.date : now_of(b);
    int64_t nanoseconds;

    return gw_instant_read(instant, &nanoseconds) && nanoseconds / 1000000000 > now + AHEAD_MAX_S;
}

/* One page of the manifest. Pages of one export are as of one instant, and none comes twice. */
static enum step take_page(struct gw_bulk *b, const struct bulk_manifest *manifest)
{
    b->tries = b->polls = 0;
    if (b->as_of && !gw_same(b->as_of, manifest->transaction_time))
        return start_anew(b, "changed while its list of files was read");
    if (gw_id_set_has(b->pages, b->url.at) || gw_id_set_count(b->pages) >= PAGES_MAX)
        return start_anew(b, "has a list of files that leads back to itself");
    b->as_of = manifest->transaction_time;
    b->ahead = is_ahead(b, manifest->transaction_time);
    b->requires_token = manifest->requires_token;
    if (!gw_id_set_add(b->pages, b->url.at) || !append(b, manifest))
        return no_memory(b);
    if (manifest->next)
        return next_page(b, manifest->next);
    if (b->job.state == BULK_WAITING)
        return list_first(b);
    return list_again(b);
}

static enum step list(struct gw_bulk *b)
{
    const struct gw_slice text = {b->response.body.at, b->response.body.length};
    struct bulk_manifest manifest = {0};
    struct gw_error failure;
    const enum gw_status rc = bulk_manifest_read(&b->arena, text, &manifest, &failure);

    if (rc == GW_OK)
        return take_page(b, &manifest);
    if (rc == GW_ENOMEM)
        return no_memory(b);
    b->as_of = NULL;
    return try_again(b, &failure, POLL); /* a proxy's page with status 200, or a body cut by it: it may pass */
}

/* ---- load ---- */

static void on_loaded(void *ctx, bool stale, const struct gw_error *failure)
{
    struct gw_bulk *b = ctx;

    b->load = NULL;
    b->stale = stale;
    b->waiting--;
    if (failure && b->err.status == GW_OK)
        b->err = *failure;
    run(b);
}

static enum step load(struct gw_bulk *b)
{
    b->as_of = NULL;
    if (bulk_load_start(b->loop, b->settings, &b->job, &b->files, b->renewals < RENEWALS_MAX, &b->result, on_loaded, b,
                        &b->load, &b->err) != GW_OK)
        return END;
    b->waiting++;
    return LOADED;
}

/* ---- loaded ---- */

static bool is_whole(const struct gw_bulk *b, enum gw_resource type)
{
    if (b->job.ahead)
        return false;
    for (size_t i = 0; i < b->files.count; i++)
        if (b->files.list[i].all || b->files.list[i].flawed.of[type])
            return false;
    return true;
}

/* Marks move, files are forgotten, and the job is at its end: one step, so that a restart sees either. */
static enum step loaded(struct gw_bulk *b)
{
    struct gw_text text = GW_TEXT_INIT(GW_NOTE_MAX_BYTES);
    bool fine = true;

    if (b->stale) {
        b->renewals++;
        return POLL;
    }
    for (size_t i = 0; fine && i < b->settings->type_count; i++) {
        const enum gw_resource type = b->settings->types[i];
        const bool whole = is_whole(b, type);

        if (!b->job.types.of[type] && !b->job.refused.of[type])
            continue;
        b->result.partial = b->result.partial || !whole;
        fine = bulk_mark_end(&b->arena, &b->job, type, whole, now_of(b), &b->marks[i], &b->err) == GW_OK;
        gw_text_clear(&text);
        bulk_mark_print(&b->marks[i], &text);
        fine = fine && change(b, MARKS, gw_resource_name(type), &text);
    }
    gw_text_release(&text);
    b->job.state = BULK_ENDING;
    return write_notes(b, fine && forget_files(b) && change_job(b), DISMISS);
}

/* ---- dismiss, forget ---- */

/* Out of courtesy: whatever the server answers, it is over for us. */
static enum step dismiss(struct gw_bulk *b)
{
    const struct gw_session_request request = {.method = "DELETE", .url = b->job.status_url};
    const enum step then = ask_web(b, &request, FORGET);

    b->err = (struct gw_error){.status = GW_OK};
    return then == FORGET ? then : FORGET;
}

static enum step forget(struct gw_bulk *b)
{
    struct bulk_job next;
    bool due;

    if (bulk_choose(&b->arena, b->settings, b->marks, now_of(b), &next, &due, &b->result.wait_s, &b->err) != GW_OK)
        return END;
    return write_notes(b, change(b, JOBS, b->settings->intake->endpoint, NULL), END);
}

/* ---- the loop of steps ---- */

static void drop(struct gw_bulk *b)
{
    gw_text_release(&b->url);
    gw_text_release(&b->body);
    gw_http_response_release(&b->response);
    gw_arena_release(&b->arena);
    gw_id_set_free(b->pages);
    free(b->marks);
    free(b->types);
    free(b);
}

static void fill_types(struct gw_bulk *b)
{
    for (size_t i = 0; i < b->settings->type_count; i++) {
        b->types[i].type = b->settings->types[i];
        b->types[i].refused = b->marks[i].refused;
        if (b->marks[i].as_of && bulk_covers_all(b->settings, &b->marks[i]))
            snprintf(b->types[i].as_of, sizeof b->types[i].as_of, "%s", b->marks[i].as_of);
    }
    b->result.types = b->types;
    b->result.type_count = b->settings->type_count;
}

static void on_closed(uv_handle_t *handle)
{
    struct gw_bulk *b = handle->data;

    fill_types(b);
    b->done(b->ctx, &b->result, b->err.status == GW_OK ? NULL : &b->err);
    drop(b);
}

static void run(struct gw_bulk *b)
{
    static enum step (*const steps[])(struct gw_bulk *) = {recall, choose, ask,    answer,  poll,  status,
                                                           list,   load,   loaded, dismiss, forget};

    while (b->waiting == 0) {
        if (b->cancelled && b->step != END && b->err.status == GW_OK)
            gw_fail(&b->err, GW_ECANCELED, where, "%s: the export was cancelled before its step \"%s\"",
                    b->settings->intake->endpoint, step_names[b->step]);
        if (b->step == END || b->err.status != GW_OK) {
            uv_close((uv_handle_t *)&b->timer, on_closed);
            return;
        }
        b->step = steps[b->step](b);
    }
}

/* ---- lifetime ---- */

static enum gw_status prepare(struct gw_bulk *b, struct gw_error *err)
{
    const char *endpoint = b->settings->intake->endpoint;

    b->arena = (struct gw_arena)GW_ARENA_INIT(ARENA_MAX_BYTES);
    b->url = (struct gw_text)GW_TEXT_INIT(GW_URL_MAX);
    b->body = (struct gw_text)GW_TEXT_INIT(BODY_MAX_BYTES);
    b->response = (struct gw_http_response)GW_HTTP_RESPONSE_INIT;
    b->pages = gw_id_set_new();
    b->marks = calloc(b->settings->type_count + 1, sizeof *b->marks);
    b->types = calloc(b->settings->type_count + 1, sizeof *b->types);
    b->spaces[JOBS] = job_space;
    b->spaces[MARKS] = bulk_space(&b->arena, "mark", endpoint);
    b->spaces[FILES] = bulk_space(&b->arena, "file", endpoint);
    if (!b->pages || !b->marks || !b->types || !b->spaces[MARKS] || !b->spaces[FILES])
        return gw_fail(err, GW_ENOMEM, where, "no memory for the export of %s", endpoint);
    return GW_OK;
}

enum gw_status gw_bulk_start(uv_loop_t *loop, const struct gw_bulk_settings *settings, gw_bulk_done done, void *ctx,
                             struct gw_bulk **out, struct gw_error *err)
{
    struct gw_bulk *b = calloc(1, sizeof *b);
    enum gw_status rc;

    if (!b)
        return gw_fail(err, GW_ENOMEM, where, "no memory for the export of %s", settings->intake->endpoint);
    b->loop = loop;
    b->clock = settings->clock ? settings->clock : &gw_system_clock;
    b->own = *settings;
    b->own.clock = b->clock;
    b->settings = &b->own;
    b->done = done;
    b->ctx = ctx;
    rc = prepare(b, err);
    if (rc != GW_OK) {
        drop(b);
        return rc;
    }
    uv_timer_init(loop, &b->timer);
    b->timer.data = b;
    b->waiting = 1;
    uv_timer_start(&b->timer, on_timer, 0, 0);
    *out = b;
    return GW_OK;
}

void gw_bulk_cancel(struct gw_bulk *bulk)
{
    bulk->cancelled = true;
    if (bulk->in_flight)
        bulk->settings->web->cancel(bulk->settings->web, bulk->call);
    if (bulk->load)
        bulk_load_cancel(bulk->load);
    if (!bulk->pausing)
        return;
    gw_clock_stop(bulk->clock, &bulk->timer);
    uv_timer_start(&bulk->timer, on_timer, 0, 0);
}

void gw_bulk_look(const struct gw_bulk *bulk, struct gw_bulk_view *out)
{
    *out = (struct gw_bulk_view){.step = step_names[bulk->step],
                                 .files = bulk->files.count,
                                 .bytes = bulk->result.bytes + (bulk->load ? bulk_load_bytes(bulk->load) : 0),
                                 .polls = bulk->polls};
    memcpy(out->progress, bulk->progress, sizeof out->progress);
    for (size_t i = 0; i < bulk->files.count; i++)
        out->read += bulk->files.list[i].progress == BULK_READ;
}

bool gw_bulk_at_work(const struct gw_bulk *bulk)
{
    return bulk->load && bulk_load_at_work(bulk->load);
}
