/*
 * A bulk export as a chain of steps.
 *
 *      recall ──> choose ──> ask ──> answer ──> poll ──> status ──> list ──> load ──> loaded
 *                              ↑                 ↑         │         │                  │
 *                              │                 ├── wait ─┘         │                  │
 *                              │                 ├── another page ───┤                  │
 *                              │                 └── stale addresses │ ─────────────────┤
 *                              └── the job is lost: anew ────────────┘                  ↓
 *                                                             end <── forget <── dismiss
 *
 * Each box is a function, in that order here or in bulk_kickoff.c and bulk_listing.c; it returns the step to run next.
 * What goes on (a request, a note, a wait, the loading) is counted in `waiting`, and bulk_run() is the only loop.
 */
#include "gateway/sources/bulk.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sources/bulk_ask.h"
#include "sources/bulk_parts.h"
#include "sources/bulk_wait.h"

static const char where[] = "sources.bulk";
static const char job_space[] = "bulk";

enum { ARENA_MAX_BYTES = 512 << 20, BODY_MAX_BYTES = 16 << 20, RENEWALS_MAX = 5 };

static const char *const step_names[] = {"recall", "choose", "ask",    "answer",  "poll",   "status",
                                         "list",   "load",   "loaded", "dismiss", "forget", "end"};

int64_t bulk_now(const struct gw_bulk *b)
{
    return b->clock->utc(b->clock->ctx);
}

enum step bulk_no_memory(struct gw_bulk *b)
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
    bulk_run(b);
}

enum step bulk_wait_then(struct gw_bulk *b, uint64_t ms, enum step then)
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
    bulk_run(b);
}

enum step bulk_ask_web(struct gw_bulk *b, const struct gw_session_request *request, enum step then)
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

/* ---- what a failure means ---- */

static bool is_whole(const struct gw_bulk *b, enum gw_resource type)
{
    if (b->job.ahead)
        return false;
    for (size_t i = 0; i < b->files.count; i++)
        if (b->files.list[i].all || b->files.list[i].flawed.of[type])
            return false;
    return true;
}

/* The job is over: how far each of its types was had. */
static bool end_types(struct gw_bulk *b, bool given_up)
{
    struct gw_text text = GW_TEXT_INIT(GW_NOTE_MAX_BYTES);
    bool fine = true;

    for (size_t i = 0; fine && i < b->settings->type_count; i++) {
        const enum gw_resource type = b->settings->types[i];
        const bool whole = !given_up && !b->job.ungranted.of[type] && is_whole(b, type);

        if (!b->job.types.of[type] && !b->job.refused.of[type] && !b->job.ungranted.of[type])
            continue;
        b->result.partial = b->result.partial || !(whole || given_up);
        fine = bulk_mark_end(&b->arena, &b->job, type, whole, bulk_now(b), &b->marks[i], &b->err) == GW_OK;
        gw_text_clear(&text);
        bulk_mark_print(&b->marks[i], &text);
        fine = fine && bulk_change(b, MARKS, gw_resource_name(type), &text);
    }
    gw_text_release(&text);
    return fine;
}

/* Types of a job that failed for good are left alone until they are due again. */
enum step bulk_give_up(struct gw_bulk *b, const struct gw_error *failure)
{
    const bool fine =
        bulk_forget_files(b) && bulk_change(b, JOBS, b->settings->intake->endpoint, NULL) && end_types(b, true);

    if (bulk_write_notes(b, fine, END) == END && b->err.status == GW_OK)
        b->err = *failure; /* told once the notes are written */
    return END;
}

/* The server lost the job, or did not finish it: once more, and not for ever. */
enum step bulk_start_anew(struct gw_bulk *b, const char *reason)
{
    struct gw_error failure;

    gw_fail(&failure, GW_EPROTO, where,
            "%s: the export %s, %u times; ask who runs the server what ends its exports, or for smaller groups",
            b->settings->intake->endpoint, reason, b->job.restarts + 1);
    if (b->job.restarts >= GW_BULK_RESTARTS_MAX)
        return bulk_give_up(b, &failure);
    b->job.restarts++;
    b->job.state = BULK_ASKING;
    b->job.status_url = b->job.as_of = NULL;
    b->job.asked = bulk_now(b);
    b->tries = b->polls = 0;
    return bulk_write_notes(b, bulk_forget_files(b) && bulk_change_job(b), ASK);
}

/* Busy, away, or something that may pass: the same step after a wait. The job stays for another call after that. */
enum step bulk_try_again(struct gw_bulk *b, const struct gw_error *failure, enum step then)
{
    const bool throttled = b->response.status == 429 || b->response.status == 503;

    b->result.retry_after_s = b->response.retry_after_s;
    if (++b->tries >= GW_BULK_TRIES_MAX) {
        b->err = *failure;
        b->err.status = GW_ERETRY;
        return END;
    }
    return bulk_wait_then(b, bulk_wait_ms(b->tries, throttled, b->response.retry_after_s), then);
}

bool bulk_may_pass(const struct gw_bulk *b)
{
    return b->transfer.status == GW_ERETRY || b->response.incomplete;
}

enum step bulk_end_with(struct gw_bulk *b, const struct gw_error *failure)
{
    b->err = *failure;
    return END;
}

/* ---- recall ---- */

static enum step recall(struct gw_bulk *b)
{
    struct gw_notebook *notebook = b->settings->notebook;

    if (notebook->load(notebook, &b->arena, b->spaces, SPACES, b->notes, bulk_on_noted, b, &b->err) != GW_OK)
        return END;
    b->waiting++;
    return CHOOSE;
}

/* ---- choose ---- */

static enum step go_on(struct gw_bulk *b)
{
    static const enum step next[] = {
        [BULK_ASKING] = ASK, [BULK_WAITING] = POLL, [BULK_LOADING] = LOAD, [BULK_ENDING] = DISMISS};

    b->result.resumed = true;
    return next[b->job.state];
}

static enum step choose(struct gw_bulk *b)
{
    const char *text = bulk_note_of(&b->notes[JOBS], b->settings->intake->endpoint);
    bool due;

    bulk_read_marks(b);
    if (bulk_read_files(b) && text && bulk_job_read(&b->arena, text, &b->job))
        return go_on(b);
    if (!b->files.list)
        return bulk_no_memory(b);
    if (bulk_choose(&b->arena, b->settings, b->marks, bulk_now(b), &b->job, &due, &b->result.wait_s, &b->err) != GW_OK)
        return END;
    b->result.idle = !due;
    if (!due)
        return END;
    b->job.asked = bulk_now(b);
    return bulk_write_notes(b, bulk_forget_noted(b) && bulk_change_job(b), ASK);
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
    bulk_run(b);
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

/* Marks move, files are forgotten, and the job is at its end: one step, so that a restart sees either. */
static enum step loaded(struct gw_bulk *b)
{
    bool fine;

    if (b->stale) {
        b->renewals++;
        return POLL;
    }
    fine = end_types(b, false);
    b->job.state = BULK_ENDING;
    return bulk_write_notes(b, fine && bulk_forget_files(b) && bulk_change_job(b), DISMISS);
}

/* ---- dismiss, forget ---- */

/* Out of courtesy: whatever the server answers, it is over for us. */
static enum step dismiss(struct gw_bulk *b)
{
    const struct gw_session_request request = {.method = "DELETE", .url = b->job.status_url};
    const enum step then = bulk_ask_web(b, &request, FORGET);

    b->err = (struct gw_error){.status = GW_OK};
    return then == FORGET ? then : FORGET;
}

static enum step forget(struct gw_bulk *b)
{
    struct bulk_job next;
    bool due;

    if (bulk_choose(&b->arena, b->settings, b->marks, bulk_now(b), &next, &due, &b->result.wait_s, &b->err) != GW_OK)
        return END;
    return bulk_write_notes(b, bulk_change(b, JOBS, b->settings->intake->endpoint, NULL), END);
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

void bulk_run(struct gw_bulk *b)
{
    static enum step (*const steps[])(struct gw_bulk *) = {
        recall, choose, bulk_ask, bulk_answer, bulk_poll, bulk_status, bulk_list, load, loaded, dismiss, forget};

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
