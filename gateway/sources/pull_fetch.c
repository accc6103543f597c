/*
 * Asking for a page, and judging what came: another try with less, a walk begun again, or a page to be read.
 */
#include <assert.h>

#include "sources/pull_parts.h"
#include "sources/verdict.h"

static const char where[] = "sources.pull";

enum { HALVED_FROM = 100 };

/* ---- fetch ---- */

static void on_fetched(void *ctx, const struct gw_error *failure)
{
    struct gw_pull *p = ctx;

    assert(p->in_flight); /* exactly once, and never inside the call that started it */
    p->in_flight = false;
    p->waiting--;
    if (failure)
        p->answers[p->flying].failure = *failure;
    pull_run(p);
}

static const struct gw_http_header form_header = {"Content-Type", GW_SEARCH_FORM};

enum step pull_start_fetch(struct gw_pull *p, unsigned which, enum step then)
{
    struct gw_web *web = p->settings->web;
    struct answer *answer = &p->answers[which];
    struct gw_session_request request = {.url = answer->url.at,
                                         .types = p->medication ? gw_resource_name(GW_MEDICATION)
                                                                : gw_resource_name(p->request->search.type),
                                         .max_bytes = GW_PULL_PAGE_BYTES};

    if (answer->post) {
        request.method = "POST";
        request.headers = &form_header;
        request.header_count = 1;
        request.body = (struct gw_slice){p->query.at, p->query.length};
    }
    gw_http_response_clear(&answer->response);
    answer->failure = (struct gw_error){.status = GW_OK};
    if (web->ask(web, &request, &answer->response, on_fetched, p, &p->call, &p->err) != GW_OK) {
        p->result.trouble = answer->response.trouble;
        return END;
    }
    p->flying = which;
    p->in_flight = true;
    p->waiting++;
    p->result.requests++;
    return then;
}

enum step pull_fetch(struct gw_pull *p)
{
    return pull_start_fetch(p, p->current, JUDGE);
}

static void print_search(struct gw_pull *p, struct gw_text *url)
{
    struct gw_search search = p->request->search;

    search.count = p->count;
    search.low = p->slice.low;
    search.high = p->slice.high;
    gw_search_url(&search, gw_gate_base(p->settings->web->gate), url);
    gw_search_query(&search, &p->query);
}

/* The request's first URL, at the start and whenever the walk starts again. Its next links are followed by GET. */
enum step pull_begin(struct gw_pull *p)
{
    const struct gw_search *search = &p->request->search;
    struct gw_text *url = &pull_answer(p)->url;

    if (slice_is_part(&p->slice))
        walk_slice(&p->walk);
    else
        walk_restart(&p->walk);
    p->medication = NULL;
    gw_text_clear(url);
    gw_text_clear(&p->query);
    pull_answer(p)->post = search->post;
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
enum step pull_ask_for_less(struct gw_pull *p)
{
    const unsigned count = p->count ? p->count : HALVED_FROM;

    if (p->medication || p->request->read || count <= 1) {
        gw_fail(&p->err, GW_ENOMEM, where, "%s: one resource is larger than the cap of %u MiB for a page",
                gw_request_name(p->request), GW_PULL_PAGE_BYTES >> 20);
        p->result.trouble = GW_TROUBLE_TOO_LARGE;
        return END;
    }
    p->count = count / 2;
    return pull_begin(p);
}

/* A paging session of the server ended while we walked. */
static enum step start_again(struct gw_pull *p, int status)
{
    if (p->restarts++ < GW_PULL_RESTARTS_MAX || (!p->request->read && slice_halve(&p->slice)))
        return pull_begin(p);
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
    pull_no_memory(&p->err);
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

enum step pull_judge(struct gw_pull *p)
{
    const struct answer *answer = pull_answer(p);
    const int status = answer->response.status;

    if (answer->failure.status == GW_ENOMEM)
        return pull_ask_for_less(p);
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
