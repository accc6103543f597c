/*
 * One pull: every page of one search, from the first request to the last commit.
 *
 *      fetch ──> judge ──> parse ──> keep ──> next ──> end
 *        ├──<── begin ──<────┘         └─ fetch of the next page, meanwhile
 *        └───────── another page, or a Medication referred to ─────┘
 *
 * Each box is a function, the first two in pull_fetch.c; it returns the step to run next. fetch and keep start
 * operations and park: on_fetched() and on_kept() are their only callbacks and pull_run() the only loop. While a page
 * is committed the next one is fetched already, into the other of two answers; it is parsed when both are done, so that
 * one tree is in memory.
 */
#include "gateway/sources/pull.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sources/pull_parts.h"

static const char where[] = "sources.pull";

enum { TREE_MAX_BYTES = 192 << 20, PAGE_MAX_BYTES = 32 << 20, FORM_MAX_BYTES = 256 << 10 };

static const char *const step_names[] = {"fetch", "judge", "parse", "keep", "next", "end"};

static void on_kept(void *ctx, const struct gw_error *failure);

enum gw_status pull_no_memory(struct gw_error *err)
{
    return gw_fail(err, GW_ENOMEM, where, "no memory for what a search has brought so far");
}

struct answer *pull_answer(struct gw_pull *p)
{
    return &p->answers[p->current];
}

/* ---- parse ---- */

static void note_page(struct gw_pull *p)
{
    struct gw_pull_result *result = &p->result;

    result->notes += p->page.notes;
    if (p->page.note)
        snprintf(result->note, sizeof(result->note), "%s", p->page.note);
    result->incomplete = result->incomplete || p->page.incomplete;
    result->patients += p->page.patients;
    if (p->page.patient)
        snprintf(result->patient, sizeof(result->patient), "%s", p->page.patient);
}

/* The other answer gets the URL of the next page. */
static enum gw_status prepare_next(struct gw_pull *p)
{
    struct answer *next = &p->answers[1 - p->current];
    struct gw_text *url = &next->url;
    enum gw_status rc = gw_gate_resolve(p->settings->web->gate, pull_answer(p)->url.at, p->page.next, url, &p->err);

    next->post = false;
    if (rc == GW_OK)
        return walk_visit(&p->walk, url->at, &p->err);
    p->result.trouble = GW_TROUBLE_REFUSED;
    return rc;
}

static bool remember_shared(struct gw_pull *p)
{
    for (size_t i = 0; i < p->page.count; i++) {
        const struct gw_keep_entry *entry = &p->page.entries[i];

        if (entry->mode == GW_KEEP_SHARED && !gw_id_set_add(p->seen, entry->id))
            return false;
    }
    return true;
}

static enum step take_page(struct gw_pull *p)
{
    enum gw_status rc = GW_OK;

    note_page(p);
    if (p->medication && p->page.count == 0)
        p->result.unresolved++;
    if (!p->medication)
        rc = walk_page(&p->walk, p->page.entries, p->page.count, pull_answer(p)->response.date, p->page.next, &p->err);
    if (rc == GW_OK && p->page.next)
        rc = prepare_next(p);
    if (rc == GW_OK && (!remember_shared(p) || (p->medication && !gw_id_set_add(p->seen, p->medication))))
        rc = pull_no_memory(&p->err);
    return rc == GW_OK ? KEEP : END;
}

static enum step parse(struct gw_pull *p)
{
    const struct gw_text *body = &pull_answer(p)->response.body;
    const struct page_asked asked = {.request = p->request,
                                     .settings = p->settings,
                                     .source = p->source,
                                     .broken = p->broken,
                                     .query = p->walk.pages == 0 && !p->request->read ? p->query.at : NULL,
                                     .entries_before = p->walk.entries,
                                     .medication = p->medication};

    struct gw_arena tree = GW_ARENA_INIT(TREE_MAX_BYTES); /* gone before another pull parses */
    enum gw_status rc;

    gw_arena_clear(&p->arena);
    rc = page_read(&p->arena, &tree, &asked, (struct gw_slice){body->at, body->length}, &p->page, &p->err);
    gw_arena_release(&tree);
    if (rc == GW_ENOMEM) {
        p->err.status = GW_OK;
        return pull_ask_for_less(p);
    }
    if (p->page.leak)
        p->result.trouble = GW_TROUBLE_LEAK;
    return rc == GW_OK ? take_page(p) : END;
}

/* ---- keep ---- */

/* The next Medication to be read by itself; NULL when there is none left or enough were read. */
static const char *next_medication(struct gw_pull *p)
{
    const char *next = p->request->resolve ? references_next(&p->walk.references, p->seen) : NULL;

    return p->reads < GW_PULL_READS_MAX ? next : NULL;
}

/* Facts and cursor in one transaction: the cursor with the last page of the walk, and with it only; none of a slice. */
static void fill_batch(struct gw_pull *p)
{
    const struct gw_clock *clock = p->settings->clock ? p->settings->clock : &gw_system_clock;

    p->batch = (struct gw_keep_page){.delivery = p->settings->delivery,
                                     .fetched_at = clock->utc(clock->ctx),
                                     .entries = p->page.entries,
                                     .count = p->page.count};
    p->kept = (struct gw_keep_answer){0};
    if (p->request->again || p->page.next || slice_has_more(&p->slice) || next_medication(p))
        return;
    walk_watermark(&p->walk, p->request->watermark, p->watermark);
    p->batch.cursor = &p->request->cursor;
    p->batch.watermark = p->watermark;
}

static enum step keep(struct gw_pull *p)
{
    struct gw_store *store = p->settings->store;

    fill_batch(p);
    if (store->keep(store, &p->batch, &p->kept, on_kept, p, &p->err) != GW_OK)
        return END;
    p->waiting++;
    return p->page.next ? pull_start_fetch(p, 1 - p->current, NEXT) : NEXT;
}

/* ---- next ---- */

static void count_page(struct gw_pull *p)
{
    struct gw_pull_result *result = &p->result;

    result->pages++;
    result->entries += p->page.count;
    result->fresh += p->kept.fresh;
    result->repeats += p->kept.repeats;
    result->conflicts += p->kept.conflicts;
    result->door += p->kept.door;
}

static enum step read_medication(struct gw_pull *p, const char *reference)
{
    struct answer *answer = pull_answer(p);

    p->medication = reference;
    answer->post = false;
    references_take(&p->walk.references);
    p->reads++;
    gw_text_clear(&answer->url);
    if (references_url(&p->arena, reference, gw_gate_base(p->settings->web->gate), p->count,
                       p->request->search.fhir_version, &answer->url))
        return FETCH;
    gw_fail(&p->err, GW_ENOMEM, where, "%s: no memory for the address of a Medication", gw_request_name(p->request));
    return END;
}

static enum step next(struct gw_pull *p)
{
    const bool goes_on = p->page.next;
    const char *id;

    count_page(p);
    gw_arena_clear(&p->arena);
    gw_http_response_clear(&pull_answer(p)->response);
    p->page = (struct page){0};
    if (goes_on) {
        p->current = 1 - p->current;
        return JUDGE;
    }
    if (slice_has_more(&p->slice)) {
        slice_next(&p->slice);
        return pull_begin(p);
    }
    id = next_medication(p);
    if (id)
        return read_medication(p, id);
    if (p->request->resolve)
        p->result.unresolved += references_left(&p->walk.references);
    return END;
}

/* ---- the loop of steps ---- */

static void drop(struct gw_pull *p)
{
    for (int i = 0; i < 2; i++) {
        gw_http_response_release(&p->answers[i].response);
        gw_text_release(&p->answers[i].url);
    }
    gw_text_release(&p->query);
    gw_arena_release(&p->arena);
    walk_release(&p->walk);
    gw_id_set_free(p->own_seen);
    free(p->source);
    free(p->broken);
    free(p);
}

/* Where nothing more precise was noted the status says it; our own ends are never the endpoint's. */
static void close_books(struct gw_pull *p)
{
    const enum gw_trouble plain = gw_trouble_of_failure(p->err.status);

    if (p->result.trouble == GW_TROUBLE_NONE || p->err.status == GW_ECANCELED || p->err.status == GW_EIO)
        p->result.trouble = plain;
}

static void on_closed(uv_handle_t *handle)
{
    struct gw_pull *p = handle->data;

    close_books(p);
    p->done(p->ctx, &p->result, p->err.status == GW_OK ? NULL : &p->err);
    drop(p);
}

void pull_run(struct gw_pull *p)
{
    static enum step (*const steps[])(struct gw_pull *) = {pull_fetch, pull_judge, parse, keep, next};

    while (p->waiting == 0) {
        if (p->cancelled && p->step != END && p->err.status == GW_OK)
            gw_fail(&p->err, GW_ECANCELED, where, "cancelled before %s", step_names[p->step]);
        if (p->step == END || p->err.status != GW_OK) {
            uv_close((uv_handle_t *)&p->timer, on_closed); /* which tells the owner, then frees p */
            return;
        }
        p->step = steps[p->step](p);
    }
}

static void on_kept(void *ctx, const struct gw_error *failure)
{
    struct gw_pull *p = ctx;

    p->waiting--;
    if (failure && p->err.status == GW_OK)
        p->err = *failure;
    if (failure && p->in_flight)
        p->settings->web->cancel(p->settings->web, p->call);
    pull_run(p);
}

/* ---- lifetime ---- */

static void on_start(uv_timer_t *timer)
{
    struct gw_pull *p = timer->data;

    p->step = pull_begin(p);
    pull_run(p);
}

static char *join(const char *base, const char *type)
{
    const size_t size = strlen(base) + strlen(type) + 2;
    char *text = malloc(size);

    if (text)
        snprintf(text, size, "%s/%s", base, type);
    return text;
}

static enum gw_status prepare(struct gw_pull *p, struct gw_error *err)
{
    const char *base = gw_gate_base(p->settings->web->gate);

    if (walk_init(&p->walk, err) != GW_OK)
        return GW_ENOMEM;
    p->source = join(base, "");
    p->broken = join(base, gw_resource_name(p->request->search.type));
    p->own_seen = p->settings->seen ? NULL : gw_id_set_new();
    p->seen = p->settings->seen ? p->settings->seen : p->own_seen;
    if (!p->source || !p->broken || !p->seen)
        return gw_fail(err, GW_ENOMEM, where, "no memory for a search");
    return GW_OK;
}

enum gw_status gw_pull_start(uv_loop_t *loop, const struct gw_pull_settings *settings, const struct gw_request *request,
                             gw_pull_done done, void *ctx, struct gw_pull **out, struct gw_error *err)
{
    struct gw_pull *p = calloc(1, sizeof(*p));
    enum gw_status rc;

    if (!p)
        return gw_fail(err, GW_ENOMEM, where, "no memory for a search");
    p->settings = settings;
    p->request = request;
    p->done = done;
    p->ctx = ctx;
    p->count = request->search.count;
    p->slice = (struct slice){.first = request->search.low,
                              .last = request->search.high,
                              .low = request->search.low,
                              .high = request->search.high};
    p->arena = (struct gw_arena)GW_ARENA_INIT(PAGE_MAX_BYTES);
    p->query = (struct gw_text)GW_TEXT_INIT(FORM_MAX_BYTES);
    for (int i = 0; i < 2; i++) {
        p->answers[i].response = (struct gw_http_response)GW_HTTP_RESPONSE_INIT;
        p->answers[i].url = (struct gw_text)GW_TEXT_INIT(GW_URL_MAX);
    }
    rc = prepare(p, err);
    if (rc != GW_OK) {
        drop(p);
        return rc;
    }
    uv_timer_init(loop, &p->timer);
    p->timer.data = p;
    uv_timer_start(&p->timer, on_start, 0, 0);
    *out = p;
    return GW_OK;
}

void gw_pull_cancel(struct gw_pull *pull)
{
    pull->cancelled = true;
    if (pull->in_flight)
        pull->settings->web->cancel(pull->settings->web, pull->call);
}
