/*
 * One pull: every page of one search, from the first request to the last commit.
 *
 *      fetch ──> judge ──> parse ──> keep ──> next ──> end
 *        ├──<── begin ──<────┘         └─ fetch of the next page, meanwhile
 *        └───────── another page, or a Medication referred to ─────┘
 *
 * Each box is a function below, in that order; it returns the step to run next. fetch and keep start operations and
 * park: on_fetched() and on_kept() are their only callbacks and run() the only loop. While a page is committed the next
 * one is fetched already, into the other of two answers; it is parsed when both are done, so that one tree is in
 * memory.
 */
#include "gateway/sources/pull.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sources/page.h"
#include "sources/verdict.h"
#include "sources/walk.h"

static const char where[] = "sources.pull";

enum { TREE_MAX_BYTES = 192 << 20, PAGE_MAX_BYTES = 32 << 20, FORM_MAX_BYTES = 256 << 10, HALVED_FROM = 100 };

enum step { FETCH, JUDGE, PARSE, KEEP, NEXT, END };

static const char *const step_names[] = {"fetch", "judge", "parse", "keep", "next", "end"};

struct answer {
    struct gw_http_response response;
    struct gw_text url;
    bool post;               /* the pull's form goes with it */
    struct gw_error failure; /* status GW_OK: a whole answer came */
};

struct gw_pull {
    uv_timer_t timer; /* carries the start and the end out to the loop */
    const struct gw_pull_settings *settings;
    const struct gw_request *request;
    gw_pull_done done;
    void *ctx;

    enum step step;
    unsigned waiting; /* operations under way */
    bool cancelled;
    struct gw_error err;

    struct answer answers[2];
    unsigned current; /* the answer at hand */
    unsigned flying;  /* the answer a request is under way for */
    bool in_flight;
    uint64_t call;
    const char *medication; /* read by its id; NULL: a page of the search */

    struct gw_arena arena; /* of the page at hand: what the ledger is given, apart from the bytes */
    struct page page;
    struct walk walk;
    struct gw_id_set *own_seen; /* when the settings bring none */
    struct gw_id_set *seen;
    size_t next_reference;
    size_t reads;
    unsigned count; /* _count of this walk */
    unsigned restarts;
    int slice_days;       /* 0: all days in one walk */
    gw_day low, high;     /* of the walk at hand */
    struct gw_text query; /* of the walk's first URL, or its form */

    struct gw_keep_page batch;
    struct gw_keep_answer kept;
    char watermark[INSTANT_BYTES];
    char *source; /* "https://fhir.example.org/r4/" */
    char *broken; /* "https://fhir.example.org/r4/Observation" */
    struct gw_pull_result result;
};

static void on_fetched(void *ctx, const struct gw_error *failure);
static void on_kept(void *ctx, const struct gw_error *failure);

static enum gw_status no_memory(struct gw_error *err)
{
    return gw_fail(err, GW_ENOMEM, where, "no memory for what a search has brought so far");
}

static struct answer *answer_of(struct gw_pull *p)
{
    return &p->answers[p->current];
}

/* ---- fetch ---- */

static const struct gw_http_header form_header = {"Content-Type", GW_SEARCH_FORM};

static enum step start_fetch(struct gw_pull *p, unsigned which, enum step then)
{
    struct gw_web *web = p->settings->web;
    struct answer *answer = &p->answers[which];
    struct gw_session_request request = {.url = answer->url.at, .max_bytes = GW_PULL_PAGE_BYTES};

    if (answer->post) {
        request.method = "POST";
        request.headers = &form_header;
        request.header_count = 1;
        request.body = (struct gw_slice){p->query.at, p->query.length};
    }
    gw_http_response_clear(&answer->response);
    answer->failure = (struct gw_error){.status = GW_OK};
    if (web->ask(web, &request, &answer->response, on_fetched, p, &p->call, &p->err) != GW_OK)
        return END;
    p->flying = which;
    p->in_flight = true;
    p->waiting++;
    p->result.requests++;
    return then;
}

static enum step fetch(struct gw_pull *p)
{
    return start_fetch(p, p->current, JUDGE);
}

static void print_search(struct gw_pull *p, struct gw_text *url)
{
    struct gw_search search = p->request->search;

    search.count = p->count;
    search.low = p->low;
    search.high = p->high;
    gw_search_url(&search, gw_gate_base(p->settings->web->gate), url);
    gw_search_query(&search, &p->query);
}

/* The request's first URL, at the start and whenever the walk starts again. Its next links are followed by GET. */
static enum step begin(struct gw_pull *p)
{
    const struct gw_search *search = &p->request->search;
    struct gw_text *url = &answer_of(p)->url;

    if (p->slice_days > 0)
        walk_slice(&p->walk);
    else
        walk_restart(&p->walk);
    p->medication = NULL;
    gw_text_clear(url);
    gw_text_clear(&p->query);
    answer_of(p)->post = search->post;
    if (p->request->read)
        gw_read_url(gw_gate_base(p->settings->web->gate), gw_resource_name(search->type), search->patient, url);
    else
        print_search(p, url);
    if (url->failed || p->query.failed) {
        gw_fail(&p->err, GW_ENOMEM, where, "%s: its URL is longer than %u bytes", gw_request_name(p->request),
                GW_URL_MAX);
        return END;
    }
    return walk_visit(&p->walk, url->at, &p->err) == GW_OK ? FETCH : END;
}

/* ---- judge ---- */

/* Its next pages would be as large: the walk starts again with smaller ones. What was kept is met as a repeat. */
static enum step ask_for_less(struct gw_pull *p)
{
    const unsigned count = p->count ? p->count : HALVED_FROM;

    if (p->medication || p->request->read || count <= 1) {
        gw_fail(&p->err, GW_ENOMEM, where, "%s: one resource is larger than the cap of %u MiB for a page",
                gw_request_name(p->request), GW_PULL_PAGE_BYTES >> 20);
        p->result.trouble = GW_TROUBLE_TOO_LARGE;
        return END;
    }
    p->count = count / 2;
    return begin(p);
}

static void set_slice(struct gw_pull *p, gw_day low)
{
    const gw_day last = p->request->search.high;

    p->low = low;
    p->high = last - low < p->slice_days ? last : low + p->slice_days - 1;
}

/* Fewer days, fewer pages: the walk may be over before the server forgets it. false: it is one day already. */
static bool halve_days(struct gw_pull *p)
{
    const struct gw_search *search = &p->request->search;
    const int days = p->low == GW_NO_DAY || p->high == GW_NO_DAY ? 1 : p->high - p->low + 1;

    if (p->request->read || search->low == GW_NO_DAY || days <= 1)
        return false;
    p->slice_days = (days + 1) / 2;
    set_slice(p, p->low);
    return true;
}

/* Days that were not walked yet, behind those of the walk that ended. */
static bool more_days(const struct gw_pull *p)
{
    return p->slice_days > 0 && p->high < p->request->search.high;
}

/* A paging session of the server ended while we walked. */
static enum step start_again(struct gw_pull *p, int status)
{
    if (p->restarts++ < GW_PULL_RESTARTS_MAX || halve_days(p))
        return begin(p);
    gw_fail(&p->err, GW_ERETRY, where,
            "%s: the endpoint forgot its own next link (status %d) in the middle of the search, %u times; ask for a "
            "longer life of paging sessions or set a larger page_size",
            gw_request_name(p->request), status, p->restarts);
    return END;
}

/* Nothing to keep; derivation says what depends on it. The other searches of this sync need not ask again. */
static enum step not_there(struct gw_pull *p)
{
    p->result.unresolved++;
    p->page = (struct page){0};
    if (gw_id_set_add(p->seen, p->medication))
        return KEEP;
    no_memory(&p->err);
    return END;
}

static enum step gone(struct gw_pull *p, int status)
{
    if (p->medication)
        return not_there(p);
    if (p->request->read)
        return END; /* no such patient: result.patients says so */
    return start_again(p, status);
}

static enum step judge(struct gw_pull *p)
{
    const struct answer *answer = answer_of(p);
    const int status = answer->response.status;

    if (answer->failure.status == GW_ENOMEM)
        return ask_for_less(p);
    if (answer->failure.status != GW_OK) {
        p->err = answer->failure;
        p->result.cut_short = answer->response.incomplete;
        p->result.trouble = gw_http_trouble(&answer->response, &answer->failure);
        return END;
    }
    if ((status == 404 || status == 410) && (p->medication || p->request->read || p->walk.pages > 0))
        return gone(p, status);
    p->result.retry_after_s = answer->response.retry_after_s;
    gw_arena_clear(&p->arena);
    if (verdict_on(&p->arena, &answer->response, answer->url.at, &p->err) == GW_OK)
        return PARSE;
    p->result.trouble = gw_http_trouble(&answer->response, NULL);
    if (p->result.trouble == GW_TROUBLE_NONE)
        p->result.trouble = GW_TROUBLE_NOT_FHIR;
    return END;
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
    enum gw_status rc = gw_gate_resolve(p->settings->web->gate, answer_of(p)->url.at, p->page.next, url, &p->err);

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
        rc = walk_page(&p->walk, p->page.entries, p->page.count, answer_of(p)->response.date, p->page.next, &p->err);
    if (rc == GW_OK && p->page.next)
        rc = prepare_next(p);
    if (rc == GW_OK && (!remember_shared(p) || (p->medication && !gw_id_set_add(p->seen, p->medication))))
        rc = no_memory(&p->err);
    return rc == GW_OK ? KEEP : END;
}

static enum step parse(struct gw_pull *p)
{
    const struct gw_text *body = &answer_of(p)->response.body;
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
        return ask_for_less(p);
    }
    if (p->page.leak)
        p->result.trouble = GW_TROUBLE_LEAK;
    return rc == GW_OK ? take_page(p) : END;
}

/* ---- keep ---- */

/* The next Medication to be read by itself; NULL when there is none left or enough were read. */
static const char *next_medication(struct gw_pull *p)
{
    struct walk *walk = &p->walk;

    if (!p->request->resolve)
        return NULL;
    while (p->next_reference < walk->reference_count && gw_id_set_has(p->seen, walk->references[p->next_reference]))
        p->next_reference++;
    if (p->next_reference == walk->reference_count || p->reads >= GW_PULL_READS_MAX)
        return NULL;
    return walk->references[p->next_reference];
}

/* Facts and cursor in one transaction: the cursor with the last page of the walk, and with it only. */
static void fill_batch(struct gw_pull *p)
{
    const struct gw_clock *clock = p->settings->clock ? p->settings->clock : &gw_system_clock;

    p->batch = (struct gw_keep_page){.delivery = p->settings->delivery,
                                     .fetched_at = clock->utc(clock->ctx),
                                     .entries = p->page.entries,
                                     .count = p->page.count};
    p->kept = (struct gw_keep_answer){0};
    if (p->page.next || more_days(p) || next_medication(p))
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
    return p->page.next ? start_fetch(p, 1 - p->current, NEXT) : NEXT;
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

/* A logical reference: its Medication has that identifier. */
static bool search_medication(struct gw_pull *p, const char *name, struct gw_text *url)
{
    const char *bar = strchr(name, '|');
    struct gw_search search = {.type = GW_MEDICATION,
                               .low = GW_NO_DAY,
                               .high = GW_NO_DAY,
                               .count = p->count,
                               .fhir_version = p->request->search.fhir_version};

    search.identifier.value = bar + 1;
    if (bar > name)
        search.identifier.system = gw_arena_copy(&p->arena, name, (size_t)(bar - name));
    gw_search_url(&search, gw_gate_base(p->settings->web->gate), url);
    return bar == name || search.identifier.system;
}

static enum step read_medication(struct gw_pull *p, const char *id)
{
    struct gw_text *url = &answer_of(p)->url;
    bool fine = true;

    p->medication = id;
    answer_of(p)->post = false;
    p->next_reference++;
    p->reads++;
    gw_text_clear(url);
    if (*id == WALK_BY_IDENTIFIER)
        fine = search_medication(p, id + 1, url);
    else
        gw_read_url(gw_gate_base(p->settings->web->gate), "Medication", id, url);
    if (fine && !url->failed)
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
    gw_http_response_clear(&answer_of(p)->response);
    p->page = (struct page){0};
    if (goes_on) {
        p->current = 1 - p->current;
        return JUDGE;
    }
    if (more_days(p)) {
        set_slice(p, p->high + 1);
        return begin(p);
    }
    id = next_medication(p);
    if (id)
        return read_medication(p, id);
    if (p->request->resolve)
        p->result.unresolved += p->walk.reference_count - p->next_reference;
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

static void run(struct gw_pull *p)
{
    static enum step (*const steps[])(struct gw_pull *) = {fetch, judge, parse, keep, next};

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

static void on_fetched(void *ctx, const struct gw_error *failure)
{
    struct gw_pull *p = ctx;

    assert(p->in_flight); /* exactly once, and never inside the call that started it */
    p->in_flight = false;
    p->waiting--;
    if (failure)
        p->answers[p->flying].failure = *failure;
    run(p);
}

static void on_kept(void *ctx, const struct gw_error *failure)
{
    struct gw_pull *p = ctx;

    p->waiting--;
    if (failure && p->err.status == GW_OK)
        p->err = *failure;
    if (failure && p->in_flight)
        p->settings->web->cancel(p->settings->web, p->call);
    run(p);
}

/* ---- lifetime ---- */

static void on_start(uv_timer_t *timer)
{
    struct gw_pull *p = timer->data;

    p->step = begin(p);
    run(p);
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
    p->low = request->search.low;
    p->high = request->search.high;
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
