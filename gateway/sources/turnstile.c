/*
 * The turnstile before an endpoint: every request of it passes here, one at a time.
 *
 *      ask ──> parked ──> flying ──> ended ──> done
 *                └────<─────┘ failed in passing, up to eight times
 *
 * A walk's page is asked for again with the same bytes. Guests get what came: they know better what may be repeated.
 */
#include <stdlib.h>
#include <string.h>

#include "sources/dispatching.h"
#include "sources/verdict.h"

static const char where[] = "sources.dispatcher";

enum { COPIES_MAX = 256 * 1024 };

/* ---- an ask ends ----------------------------------------------------------------------------------------------- */

static void ask_free(struct ask *ask)
{
    gw_arena_release(&ask->arena);
    free(ask);
}

static void unlink_ask(struct ask *ask)
{
    struct ask **at = &ask->dispatcher->asks;

    while (*at != ask)
        at = &(*at)->next;
    *at = ask->next;
}

static void append_ask(struct ask *ask)
{
    struct ask **at = &ask->dispatcher->asks;

    while (*at)
        at = &(*at)->next;
    *at = ask;
    ask->next = NULL;
}

/* From the loop only. */
static void tell(struct ask *ask)
{
    const gw_http_done done = ask->done;
    void *const ctx = ask->ctx;
    const struct gw_error failure = ask->failure;

    unlink_ask(ask);
    if (ask->chain && failure.status == GW_OK)
        chain_answered(ask->chain);
    ask_free(ask);
    done(ctx, failure.status == GW_OK ? NULL : &failure);
}

static void end_later(struct ask *ask)
{
    ask->state = ASK_ENDED;
    pool_want_settle(ask->dispatcher);
}

bool turnstile_settle(struct gw_dispatcher *dispatcher)
{
    for (struct ask *ask = dispatcher->asks; ask; ask = ask->next)
        if (ask->state == ASK_ENDED) {
            tell(ask);
            return true;
        }
    return false;
}

/* ---- what came ------------------------------------------------------------------------------------------------- */

static enum gw_trouble trouble_of(const struct ask *ask, const struct gw_error *failure)
{
    const struct gw_http_response *response = ask->response;
    const enum gw_trouble trouble = gw_http_trouble(response, failure);
    const bool may_be_empty = !ask->chain && response->body.length == 0; /* of a search never */

    if (trouble == GW_TROUBLE_NONE && response->status == 200 && !ask->request.sink && !may_be_empty &&
        !verdict_is_fhir(response))
        return GW_TROUBLE_NOT_FHIR;
    return trouble;
}

/* Truncations of one request that is asked again are counted even while others succeed. */
static unsigned equal_cuts(struct ask *ask, enum gw_trouble trouble)
{
    struct item *item = ask->chain ? ask->chain->item : NULL;
    const uint64_t bytes = ask->response->body.length;

    if (!item || trouble != GW_TROUBLE_CUT)
        return 0;
    item->equal = item->equal > 0 && item->cut_at == bytes ? item->equal + 1 : 1;
    item->cut_at = bytes;
    return item->equal == GW_EQUAL_CUTS ? GW_EQUAL_CUTS : 0;
}

static void note(struct ask *ask, enum gw_trouble trouble, const struct gw_error *failure)
{
    const struct gw_http_response *response = ask->response;
    struct gw_error said = {.status = GW_OK};
    struct gw_setback setback = {.trouble = trouble,
                                 .retry_after_s = response->retry_after_s,
                                 .retry_longer = response->retry_longer,
                                 .cut_at = response->body.length,
                                 .equal = equal_cuts(ask, trouble),
                                 .epoch = ask->epoch};
    struct gw_arena arena = GW_ARENA_INIT(COPIES_MAX);

    if (!failure && verdict_on(&arena, response, ask->request.url, &said) == GW_OK)
        gw_http_verdict(response, ask->request.url, &said);
    gw_arena_release(&arena);
    setback.text = failure ? failure->text : said.text;
    dispatcher_note(ask->dispatcher, &setback, failure ? failure->status : said.status);
}

/* At the end of the line, so that another request is the next probe; who says "slow down" means them all. */
static void park_again(struct ask *ask, enum gw_trouble trouble)
{
    struct gw_dispatcher *d = ask->dispatcher;

    ask->state = ASK_PARKED;
    ask->not_before_ms = 0;
    if (trouble != GW_TROUBLE_BUSY)
        ask->not_before_ms = dispatcher_now_ms(d) + dispatcher_backoff_ms(d, GW_BACKOFF_TRANSIENT, ask->tries);
    unlink_ask(ask);
    append_ask(ask);
    d->repeated++;
}

static bool may_repeat(struct ask *ask, enum gw_trouble trouble)
{
    const struct gw_dispatcher *d = ask->dispatcher;

    return ask->chain && gw_trouble_passes(trouble) && !ask->cancelled && !d->stopping && !dispatcher_is_stopped(d) &&
           !patience_ends(d) && ++ask->tries < (d->patience_ms ? GW_DISPATCH_PATIENT_TRIES : GW_DISPATCH_PAGE_TRIES);
}

static void on_answer(void *ctx, const struct gw_error *failure)
{
    struct ask *ask = ctx;
    struct gw_dispatcher *d = ask->dispatcher;
    const enum gw_trouble trouble = trouble_of(ask, failure);

    pool_land(ask);
    d->flying--;
    pool_want_turn(d);
    if (d->stopping)
        pool_want_settle(d);
    if (trouble == GW_TROUBLE_NONE)
        dispatcher_succeeded(d, ask->epoch);
    else
        note(ask, trouble, failure);
    if (may_repeat(ask, trouble)) {
        park_again(ask, trouble);
        return;
    }
    if (failure)
        ask->failure = *failure;
    tell(ask);
}

/* ---- sending --------------------------------------------------------------------------------------------------- */

struct ask *turnstile_ready(struct gw_dispatcher *dispatcher, uint64_t now_ms, uint64_t *next_ms)
{
    for (struct ask *ask = dispatcher->asks; ask; ask = ask->next) {
        if (ask->state != ASK_PARKED)
            continue;
        if (ask->not_before_ms <= now_ms)
            return ask;
        if (ask->not_before_ms < *next_ms)
            *next_ms = ask->not_before_ms;
    }
    return NULL;
}

uint64_t turnstile_wait_ms(const struct gw_dispatcher *dispatcher, uint64_t now_ms)
{
    const uint64_t circuit = gw_circuit_wait_ms(&dispatcher->circuit, now_ms);
    const uint64_t rate = gw_rate_wait_ms(&dispatcher->rate, now_ms);

    return circuit > rate ? circuit : rate;
}

/* What was sent before the last failure may hang for long and proves nothing. */
bool turnstile_is_probing(const struct gw_dispatcher *dispatcher)
{
    for (const struct ask *ask = dispatcher->asks; ask; ask = ask->next)
        if (ask->state == ASK_FLYING && ask->epoch == dispatcher->circuit.epoch)
            return true;
    return false;
}

void turnstile_send(struct ask *ask)
{
    struct gw_dispatcher *d = ask->dispatcher;
    struct gw_web *web = d->settings->web;

    ask->sent_ms = dispatcher_now_ms(d);
    ask->epoch = d->circuit.epoch;
    gw_http_response_clear(ask->response);
    if (web->ask(web, &ask->request, ask->response, on_answer, ask, &ask->call, &ask->failure) != GW_OK) {
        if (ask->failure.status == GW_EPROTO) /* an address that leads elsewhere: of this request, not the endpoint */
            ask->response->trouble = GW_TROUBLE_REFUSED;
        end_later(ask);
        return;
    }
    gw_rate_take(&d->rate, ask->sent_ms);
    ask->state = ASK_FLYING;
    d->flying++;
    d->sent++;
    if (ask->chain)
        ask->chain->requests++;
    pool_fly(ask);
}

/* ---- asked from outside ---------------------------------------------------------------------------------------- */

static bool copy_request(struct ask *ask, const struct gw_session_request *from)
{
    return from->header_count <= ASK_HEADERS_MAX &&
           gw_session_request_copy(&ask->arena, from, ask->headers, &ask->request);
}

static enum gw_status face_ask(struct gw_web *web, const struct gw_session_request *request,
                               struct gw_http_response *response, gw_http_done done, void *ctx, uint64_t *call,
                               struct gw_error *err)
{
    struct face *face = (struct face *)web;
    struct gw_dispatcher *d = face->dispatcher;
    struct ask *ask;

    if (d->stopping)
        return gw_fail(err, GW_ECANCELED, where, "no more requests: shutting down");
    ask = calloc(1, sizeof(*ask));
    if (!ask)
        return gw_fail(err, GW_ENOMEM, where, "no memory for a request");
    ask->arena = (struct gw_arena)GW_ARENA_INIT(COPIES_MAX + request->body.length);
    if (!copy_request(ask, request)) {
        ask_free(ask);
        return gw_fail(err, GW_ENOMEM, where, "no memory for a request");
    }
    ask->dispatcher = d;
    ask->chain = face->chain;
    ask->id = ++d->last_id;
    ask->response = response;
    ask->done = done;
    ask->ctx = ctx;
    gw_http_response_clear(response);
    append_ask(ask);
    if (call)
        *call = ask->id;
    if (face->chain)
        chain_asks(face->chain);
    pool_want_turn(d);
    return GW_OK;
}

static void cancel(struct ask *ask)
{
    struct gw_web *web = ask->dispatcher->settings->web;

    ask->cancelled = true;
    if (ask->state == ASK_FLYING)
        web->cancel(web, ask->call);
    if (ask->state != ASK_PARKED)
        return;
    gw_fail(&ask->failure, GW_ECANCELED, where, "cancelled before it was sent");
    end_later(ask);
}

static void face_cancel(struct gw_web *web, uint64_t call)
{
    const struct face *face = (const struct face *)web;

    for (struct ask *ask = face->dispatcher->asks; ask; ask = ask->next)
        if (ask->id == call)
            cancel(ask);
}

void turnstile_open(struct face *face, struct gw_dispatcher *dispatcher, struct chain *chain)
{
    *face = (struct face){{face_ask, face_cancel, dispatcher->settings->web->gate}, dispatcher, chain};
}

void turnstile_cancel_all(struct gw_dispatcher *dispatcher)
{
    for (struct ask *ask = dispatcher->asks; ask; ask = ask->next)
        cancel(ask);
}

void turnstile_fail_parked(struct gw_dispatcher *dispatcher, enum gw_trouble trouble, const struct gw_error *failure)
{
    for (struct ask *ask = dispatcher->asks; ask; ask = ask->next) {
        if (ask->state != ASK_PARKED)
            continue;
        gw_http_response_clear(ask->response);
        ask->response->trouble = trouble;
        ask->failure = *failure;
        end_later(ask);
    }
}
