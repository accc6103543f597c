/*
 * All requests of one endpoint.
 *
 *      queued ──> pull under way ──> ended ──> done
 *         └── later ──<──┘ it failed in passing
 *
 * A pull is started only when its first page may be asked for, so that what waits is a small record. Whoever is told of
 * an end is told from dispatcher_settle().
 */
#include "gateway/sources/dispatcher.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/core/digest.h"
#include "sources/dispatching.h"
#include "sources/totals.h"

static const char where[] = "sources.dispatcher";

uint64_t dispatcher_now_ms(const struct gw_dispatcher *dispatcher)
{
    return dispatcher->clock->monotonic_ms(dispatcher->clock->ctx);
}

static int64_t now_utc(const struct gw_dispatcher *d)
{
    return d->clock->utc(d->clock->ctx);
}

/* ---- lists of items -------------------------------------------------------------------------------------------- */

static void append(struct items *items, struct item *item)
{
    item->next = NULL;
    *(items->first ? &items->last->next : &items->first) = item;
    items->last = item;
    items->count++;
}

static struct item *take_first(struct items *items)
{
    struct item *item = items->first;

    if (!item)
        return NULL;
    items->first = item->next;
    items->count--;
    return item;
}

/* The first that matches, taken out; NULL: none. */
static struct item *take_matching(struct items *items, bool (*matches)(const struct item *item, const void *ctx),
                                  const void *ctx)
{
    struct item *before = NULL, *item = items->first;

    for (; item && !matches(item, ctx); item = item->next)
        before = item;
    if (!item)
        return NULL;
    *(before ? &before->next : &items->first) = item->next;
    if (items->last == item)
        items->last = before;
    items->count--;
    return item;
}

static void insert_by_time(struct items *items, struct item *item)
{
    struct item **at = &items->first;

    while (*at && (*at)->not_before_ms <= item->not_before_ms)
        at = &(*at)->next;
    item->next = *at;
    *at = item;
    if (!item->next)
        items->last = item;
    items->count++;
}

/* ---- the ends of requests -------------------------------------------------------------------------------------- */

static void end_item(struct gw_dispatcher *d, struct item *item, const struct gw_error *failure)
{
    if (failure)
        item->failure = *failure;
    append(&d->ended, item);
    pool_want_settle(d);
}

static bool is_stopped(const struct gw_circuit *circuit)
{
    return circuit->state == GW_CIRCUIT_STOPPED && !circuit->until;
}

bool dispatcher_is_stopped(const struct gw_dispatcher *dispatcher)
{
    return is_stopped(&dispatcher->circuit);
}

static void end_cancelled(struct gw_dispatcher *d, struct item *item)
{
    struct gw_error err;

    gw_fail(&err, GW_ECANCELED, where, "%s: cancelled before it was asked", gw_request_name(item->request));
    item->total.trouble = GW_TROUBLE_OURS;
    end_item(d, item, &err);
}

static void end_stopped(struct gw_dispatcher *d, struct item *item)
{
    const bool whole = dispatcher_is_stopped(d);
    const struct gw_circuit *circuit = whole ? &d->circuit : &item->query->circuit;
    struct gw_error err;

    gw_fail(&err, GW_EDENIED, where, "%s: not asked, %s is stopped: %.300s", gw_request_name(item->request),
            whole ? "the endpoint" : "this query", circuit->reason);
    item->total.trouble = whole ? circuit->trouble : GW_TROUBLE_REFUSED;
    end_item(d, item, &err);
}

static bool is_of_stopped_query(const struct item *item, const void *ctx)
{
    (void)ctx;
    return is_stopped(&item->query->circuit);
}

static bool is_any(const struct item *item, const void *ctx)
{
    (void)item;
    (void)ctx;
    return true;
}

/* Of all that waits what matches ends. */
static void end_waiting(struct gw_dispatcher *d, bool (*matches)(const struct item *item, const void *ctx),
                        void (*end)(struct gw_dispatcher *d, struct item *item))
{
    struct item *item;

    for (int urgency = 0; urgency < GW_URGENCY_COUNT; urgency++)
        while ((item = take_matching(&d->queued[urgency], matches, NULL)))
            end(d, item);
    while ((item = take_matching(&d->later, matches, NULL)))
        end(d, item);
}

/* ---- circuits -------------------------------------------------------------------------------------------------- */

static uint32_t system_dice(void *ctx)
{
    uint32_t dice = 0;

    (void)ctx;
    gw_random(&dice, sizeof(dice), NULL);
    return dice;
}

uint64_t dispatcher_backoff_ms(const struct gw_dispatcher *dispatcher, enum gw_backoff class, unsigned attempt)
{
    return gw_backoff_wait_ms(class, attempt, 0, dispatcher->dice(dispatcher->ctx));
}

static void tell_changed(struct gw_dispatcher *d, const struct query *query, unsigned alerts)
{
    if (d->changed)
        d->changed(d->ctx, query ? query->name : NULL, query ? &query->circuit : &d->circuit, alerts);
}

/* All that waits learns that the endpoint is stopped. */
static void stop_all(struct gw_dispatcher *d)
{
    turnstile_refuse_parked(d);
    end_waiting(d, is_any, end_stopped);
}

void dispatcher_note(struct gw_dispatcher *dispatcher, const struct gw_setback *setback)
{
    const struct gw_instant now = {now_utc(dispatcher), dispatcher_now_ms(dispatcher)};
    const uint32_t epoch = dispatcher->circuit.epoch;
    const uint64_t until = dispatcher->circuit.until_ms;
    unsigned alerts;

    if (dispatcher_is_stopped(dispatcher))
        return;
    alerts = gw_circuit_fail(&dispatcher->circuit, setback, now, dispatcher->dice(dispatcher->ctx));
    if (!alerts && epoch == dispatcher->circuit.epoch && until == dispatcher->circuit.until_ms)
        return;
    tell_changed(dispatcher, NULL, alerts);
    if (dispatcher_is_stopped(dispatcher))
        stop_all(dispatcher);
}

void dispatcher_succeeded(struct gw_dispatcher *dispatcher, uint32_t epoch)
{
    dispatcher->refusals = 0;
    if (gw_circuit_succeed(&dispatcher->circuit, epoch))
        tell_changed(dispatcher, NULL, 0);
}

static void stop_query(struct gw_dispatcher *d, struct query *query, const char *text)
{
    char reason[400];

    snprintf(reason, sizeof(reason), "refused %u times, last: %.340s", query->refusals, text);
    query->circuit.trouble = GW_TROUBLE_REFUSED;
    gw_circuit_stop(&query->circuit, reason, "casement", now_utc(d));
    tell_changed(d, query, GW_ALERT_STOPPED);
    end_waiting(d, is_of_stopped_query, end_stopped);
}

static void stop_endpoint(struct gw_dispatcher *d, const char *text)
{
    char reason[400];

    snprintf(reason, sizeof(reason), "%u requests refused in a row, last: %.340s", d->refusals, text);
    d->circuit.trouble = GW_TROUBLE_REFUSED;
    gw_circuit_stop(&d->circuit, reason, "casement", now_utc(d));
    tell_changed(d, NULL, GW_ALERT_STOPPED);
    stop_all(d);
}

/* What is refused may be one patient's record, a type that is not given to us, or everything. */
static void count_refusal(struct gw_dispatcher *d, struct query *query, const struct gw_error *failure)
{
    if (dispatcher_is_stopped(d) || is_stopped(&query->circuit))
        return;
    d->refusals++;
    if (++query->refusals >= GW_DISPATCH_QUERY_REFUSALS)
        stop_query(d, query, failure->text);
    if (d->refusals >= GW_DISPATCH_REFUSALS)
        stop_endpoint(d, failure->text);
}

/* ---- one pull -------------------------------------------------------------------------------------------------- */

static void release_pages(struct chain *chain)
{
    if (chain->held > 0)
        pool_hold(chain->face.dispatcher->pool, -(int)chain->held);
    chain->held = 0;
}

void chain_asks(struct chain *chain)
{
    if (!chain->asked)
        chain->face.dispatcher->starting--;
    chain->asked = true;
    if (!chain->keeping) /* what came before was looked at and is gone */
        release_pages(chain);
}

void chain_answered(struct chain *chain)
{
    chain->held++;
    pool_hold(chain->face.dispatcher->pool, 1);
}

static void on_kept(void *ctx, const struct gw_error *failure)
{
    struct chain *chain = ctx;

    chain->keeping = false;
    if (chain->held > 0) {
        chain->held--;
        pool_hold(chain->face.dispatcher->pool, -1);
    }
    chain->kept(chain->kept_ctx, failure);
}

static enum gw_status keep_page(struct gw_store *store, const struct gw_keep_page *page, struct gw_keep_answer *answer,
                                gw_writer_done done, void *ctx, struct gw_error *err)
{
    struct chain *chain = (struct chain *)((char *)store - offsetof(struct chain, store));
    struct gw_store *real = chain->face.dispatcher->settings->store;
    const enum gw_status rc = real->keep(real, page, answer, on_kept, chain, err);

    chain->kept = done;
    chain->kept_ctx = ctx;
    chain->keeping = rc == GW_OK;
    return rc;
}

static void drop_chain(struct chain *chain)
{
    struct gw_dispatcher *d = chain->face.dispatcher;
    struct chain **at = &d->chains;

    while (*at != chain)
        at = &(*at)->next;
    *at = chain->next;
    d->chain_count--;
    if (!chain->asked)
        d->starting--;
    release_pages(chain);
    free(chain);
    pool_want_turn(d);
    if (d->stopping)
        pool_want_settle(d);
}

/* It may succeed another time: then it waits by itself, while others are asked. */
static bool goes_on_later(struct item *item, enum gw_trouble trouble)
{
    if (trouble == GW_TROUBLE_DAMAGED)
        return ++item->damaged < GW_DISPATCH_DAMAGED_TRIES;
    return gw_trouble_passes(trouble);
}

static void put_off(struct gw_dispatcher *d, struct item *item)
{
    item->tries++;
    item->not_before_ms = dispatcher_now_ms(d) + dispatcher_backoff_ms(d, GW_BACKOFF_TRANSIENT, item->tries);
    insert_by_time(&d->later, item);
    d->repeated++;
}

static void take_failure(struct gw_dispatcher *d, struct item *item, const struct gw_error *failure)
{
    const enum gw_trouble trouble = item->total.trouble;
    const bool over = item->cancelled || d->stopping;

    if (trouble == GW_TROUBLE_REFUSED && !over)
        count_refusal(d, item->query, failure);
    if (trouble == GW_TROUBLE_LEAK)
        dispatcher_note(d, &(struct gw_setback){.trouble = trouble, .text = failure->text});
    if (!over && !dispatcher_is_stopped(d) && !is_stopped(&item->query->circuit) && goes_on_later(item, trouble))
        put_off(d, item);
    else
        end_item(d, item, failure);
}

static void on_pulled(void *ctx, const struct gw_pull_result *result, const struct gw_error *failure)
{
    struct chain *chain = ctx;
    struct gw_dispatcher *d = chain->face.dispatcher;
    struct item *item = chain->item;

    drop_chain(chain);
    totals_add_try(&item->total, result);
    if (failure) {
        take_failure(d, item, failure);
        return;
    }
    item->query->refusals = 0;
    end_item(d, item, NULL);
}

static struct chain *new_chain(struct gw_dispatcher *d, struct item *item)
{
    struct chain *chain = calloc(1, sizeof(*chain));

    if (!chain)
        return NULL;
    turnstile_open(&chain->face, d, chain);
    chain->store = (struct gw_store){keep_page};
    chain->settings = *d->settings;
    chain->settings.web = &chain->face.web;
    chain->settings.store = &chain->store;
    chain->item = item;
    chain->next = d->chains;
    d->chains = chain;
    d->chain_count++;
    d->starting++;
    return chain;
}

static void start_pull(struct gw_dispatcher *d, struct item *item)
{
    struct chain *chain = new_chain(d, item);
    struct gw_error err;

    if (!chain) {
        gw_fail(&err, GW_ENOMEM, where, "no memory for a search");
        end_item(d, item, &err);
        return;
    }
    if (gw_pull_start(pool_loop(d->pool), &chain->settings, item->request, on_pulled, chain, &chain->pull, &err) ==
        GW_OK)
        return;
    drop_chain(chain);
    end_item(d, item, &err);
}

/* ---- a turn ---------------------------------------------------------------------------------------------------- */

static void on_timer(uv_timer_t *timer)
{
    pool_want_turn(timer->data);
}

static void promote(struct gw_dispatcher *d, uint64_t now_ms)
{
    while (d->later.first && d->later.first->not_before_ms <= now_ms) {
        struct item *item = take_first(&d->later);

        append(&d->queued[item->urgency], item);
    }
}

static struct items *next_queue(struct gw_dispatcher *d)
{
    if (d->chain_count >= d->concurrent || d->starting > 0)
        return NULL;
    for (int urgency = 0; urgency < GW_URGENCY_COUNT; urgency++)
        if (d->queued[urgency].first)
            return &d->queued[urgency];
    return NULL;
}

static void wake_at(struct gw_dispatcher *d, uint64_t now_ms, uint64_t when_ms)
{
    if (when_ms == UINT64_MAX)
        return;
    gw_clock_start(d->clock, &d->timer, on_timer, when_ms > now_ms ? when_ms - now_ms : 0);
}

/* Never more than it takes at once, and one at a time while it fails. */
static bool is_full(const struct gw_dispatcher *d)
{
    return d->flying >= d->concurrent || (d->circuit.state != GW_CIRCUIT_RUNNING && turnstile_is_probing(d));
}

static void review(struct gw_dispatcher *d)
{
    const enum gw_circuit_state before = d->circuit.state;
    const unsigned alerts = gw_circuit_review(&d->circuit, now_utc(d));

    if (alerts || before != d->circuit.state)
        tell_changed(d, NULL, alerts);
}

bool dispatcher_turn(struct gw_dispatcher *dispatcher)
{
    struct gw_dispatcher *d = dispatcher;
    const uint64_t now = dispatcher_now_ms(d);
    uint64_t next = UINT64_MAX, wait;
    struct items *queue;
    struct ask *ask;

    if (d->stopping)
        return false;
    if (dispatcher_is_stopped(d)) {
        stop_all(d);
        return false;
    }
    review(d);
    promote(d, now);
    ask = turnstile_ready(d, now, &next);
    queue = ask ? NULL : next_queue(d);
    if (!ask && !queue) {
        if (d->later.first && d->later.first->not_before_ms < next)
            next = d->later.first->not_before_ms;
        wake_at(d, now, next);
        return false;
    }
    if (is_full(d))
        return false; /* the end of a transfer wakes it */
    wait = turnstile_wait_ms(d, now);
    if (wait > 0) {
        wake_at(d, now, now + wait);
        return false;
    }
    if (ask)
        turnstile_send(ask);
    else
        start_pull(d, take_first(queue));
    return ask != NULL;
}

static void on_closed(uv_handle_t *handle)
{
    struct gw_dispatcher *d = handle->data;
    void (*closed)(void *ctx) = d->closed;
    void *const ctx = d->closed_ctx;

    while (d->queries) {
        struct query *query = d->queries;

        d->queries = query->next;
        free(query->name);
        free(query);
    }
    free(d);
    closed(ctx);
}

static bool is_quiet(const struct gw_dispatcher *d)
{
    return d->stopping && !d->asks && !d->chains && !d->ended.first && !d->in_settle;
}

/* Those that ended until now; what an end causes is told in another turn. */
void dispatcher_settle(struct gw_dispatcher *dispatcher)
{
    size_t count = dispatcher->ended.count;

    while (turnstile_settle(dispatcher))
        ;
    while (count-- > 0) {
        struct item *item = take_first(&dispatcher->ended);

        item->done(item->ctx, &item->total, item->failure.status == GW_OK ? NULL : &item->failure);
        free(item);
    }
    if (!is_quiet(dispatcher))
        return;
    pool_forget(dispatcher);
    gw_clock_stop(dispatcher->clock, &dispatcher->timer);
    if (!uv_is_closing((uv_handle_t *)&dispatcher->timer))
        uv_close((uv_handle_t *)&dispatcher->timer, on_closed);
}

/* ---- asked for by others --------------------------------------------------------------------------------------- */

static struct query *query_named(struct gw_dispatcher *d, const char *name)
{
    struct query *query = d->queries;

    while (query && strcmp(query->name, name) != 0)
        query = query->next;
    if (query)
        return query;
    query = calloc(1, sizeof(*query));
    if (!query)
        return NULL;
    query->name = strdup(name);
    if (!query->name) {
        free(query);
        return NULL;
    }
    query->next = d->queries;
    d->queries = query;
    return query;
}

enum gw_status gw_dispatcher_submit(struct gw_dispatcher *dispatcher, const struct gw_request *request,
                                    enum gw_urgency urgency, gw_dispatch_done done, void *ctx, uint64_t *ticket,
                                    struct gw_error *err)
{
    struct query *query;
    struct item *item;

    if (dispatcher->stopping)
        return gw_fail(err, GW_ECANCELED, where, "no more requests: shutting down");
    query = query_named(dispatcher, gw_request_name(request));
    item = query ? calloc(1, sizeof(*item)) : NULL;
    if (!item)
        return gw_fail(err, GW_ENOMEM, where, "no memory for a request");
    *item = (struct item){.query = query,
                          .request = request,
                          .urgency = urgency,
                          .done = done,
                          .ctx = ctx,
                          .ticket = ++dispatcher->last_id};
    if (ticket)
        *ticket = item->ticket;
    if (dispatcher_is_stopped(dispatcher) || is_stopped(&query->circuit)) {
        end_stopped(dispatcher, item);
        return GW_OK;
    }
    append(&dispatcher->queued[urgency], item);
    pool_want_turn(dispatcher);
    return GW_OK;
}

static bool has_ticket(const struct item *item, const void *ctx)
{
    return item->ticket == *(const uint64_t *)ctx;
}

void gw_dispatcher_cancel(struct gw_dispatcher *dispatcher, uint64_t ticket)
{
    struct item *item = take_matching(&dispatcher->later, has_ticket, &ticket);

    for (int urgency = 0; !item && urgency < GW_URGENCY_COUNT; urgency++)
        item = take_matching(&dispatcher->queued[urgency], has_ticket, &ticket);
    if (item) {
        end_cancelled(dispatcher, item);
        return;
    }
    for (struct chain *chain = dispatcher->chains; chain; chain = chain->next)
        if (chain->item->ticket == ticket && !chain->item->cancelled) {
            chain->item->cancelled = true;
            gw_pull_cancel(chain->pull);
            return;
        }
}

struct gw_web *gw_dispatcher_web(struct gw_dispatcher *dispatcher)
{
    return &dispatcher->guest.web;
}

static void resume(struct gw_dispatcher *d, struct query *query)
{
    struct gw_circuit *circuit = query ? &query->circuit : &d->circuit;
    const bool was_open = circuit->state != GW_CIRCUIT_RUNNING;

    gw_circuit_resume(circuit);
    if (was_open)
        tell_changed(d, query, 0);
}

void gw_dispatcher_resume(struct gw_dispatcher *dispatcher)
{
    dispatcher->refusals = 0;
    resume(dispatcher, NULL);
    for (struct query *query = dispatcher->queries; query; query = query->next) {
        query->refusals = 0;
        resume(dispatcher, query);
    }
    pool_want_turn(dispatcher);
}

void gw_dispatcher_limit(struct gw_dispatcher *dispatcher, unsigned concurrent, unsigned requests_per_minute)
{
    dispatcher->concurrent = concurrent ? concurrent : GW_DISPATCH_CONCURRENT;
    if (requests_per_minute != dispatcher->rate.per_minute)
        gw_rate_init(&dispatcher->rate, requests_per_minute, 0, dispatcher_now_ms(dispatcher));
    pool_want_turn(dispatcher);
}

const struct gw_circuit *gw_dispatcher_circuit(const struct gw_dispatcher *dispatcher)
{
    return &dispatcher->circuit;
}

struct gw_dispatcher_counts gw_dispatcher_counts(const struct gw_dispatcher *dispatcher)
{
    struct gw_dispatcher_counts counts = {.later = dispatcher->later.count,
                                          .running = dispatcher->chain_count,
                                          .flying = dispatcher->flying,
                                          .sent = dispatcher->sent,
                                          .repeated = dispatcher->repeated};

    for (int urgency = 0; urgency < GW_URGENCY_COUNT; urgency++)
        counts.queued[urgency] = dispatcher->queued[urgency].count;
    for (const struct item *item = dispatcher->later.first; item; item = item->next)
        counts.queued[item->urgency]++;
    return counts;
}

/* ---- lifetime -------------------------------------------------------------------------------------------------- */

enum gw_status gw_dispatcher_new(struct gw_dispatch_pool *pool, const struct gw_dispatcher_options *options,
                                 struct gw_dispatcher **out, struct gw_error *err)
{
    struct gw_dispatcher *d = calloc(1, sizeof(*d));

    if (!d)
        return gw_fail(err, GW_ENOMEM, where, "no memory for the requests of an endpoint");
    d->pool = pool;
    d->clock = pool_clock(pool);
    d->settings = options->settings;
    d->concurrent = options->concurrent ? options->concurrent : GW_DISPATCH_CONCURRENT;
    d->dice = options->dice ? options->dice : system_dice;
    d->changed = options->changed;
    d->ctx = options->ctx;
    if (options->circuit)
        d->circuit = *options->circuit;
    gw_rate_init(&d->rate, options->requests_per_minute, 0, dispatcher_now_ms(d));
    turnstile_open(&d->guest, d, NULL);
    uv_timer_init(pool_loop(pool), &d->timer);
    d->timer.data = d;
    *out = d;
    return GW_OK;
}

enum gw_status gw_dispatcher_restore(struct gw_dispatcher *dispatcher, const char *query,
                                     const struct gw_circuit *circuit, struct gw_error *err)
{
    struct query *known = query_named(dispatcher, query);

    if (!known)
        return gw_fail(err, GW_ENOMEM, where, "no memory for the requests of an endpoint");
    known->circuit = *circuit;
    return GW_OK;
}

void gw_dispatcher_stop(struct gw_dispatcher *dispatcher, void (*closed)(void *ctx), void *ctx)
{
    dispatcher->stopping = true;
    dispatcher->closed = closed;
    dispatcher->closed_ctx = ctx;
    end_waiting(dispatcher, is_any, end_cancelled);
    for (struct chain *chain = dispatcher->chains; chain; chain = chain->next)
        gw_pull_cancel(chain->pull);
    turnstile_cancel_all(dispatcher);
    pool_want_settle(dispatcher);
}
