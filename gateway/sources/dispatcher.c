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

#include <stdlib.h>

#include "gateway/core/digest.h"
#include "sources/dispatching.h"

static const char where[] = "sources.dispatcher";

uint64_t dispatcher_now_ms(const struct gw_dispatcher *dispatcher)
{
    return dispatcher->clock->monotonic_ms(dispatcher->clock->ctx);
}

/* ---- a turn ---------------------------------------------------------------------------------------------------- */

static void on_timer(uv_timer_t *timer)
{
    pool_want_turn(timer->data);
}

static void promote(struct gw_dispatcher *d, uint64_t now_ms)
{
    while (d->later.first && d->later.first->not_before_ms <= now_ms) {
        struct item *item = items_take_first(&d->later);

        items_append(&d->queued[item->urgency], item);
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

/* Whether it is the endpoint that fails or the page is seen sooner by asking something else. */
static bool is_poor_probe(const struct gw_dispatcher *d, const struct ask *ask)
{
    return d->circuit.state != GW_CIRCUIT_RUNNING && ask->tries > 0;
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
        dispatcher_stop_all(d);
        return false;
    }
    if (patience_ends(d)) {
        dispatcher_give_up(d);
        return false;
    }
    dispatcher_review(d);
    promote(d, now);
    ask = turnstile_ready(d, now, &next);
    queue = !ask || is_poor_probe(d, ask) ? next_queue(d) : NULL;
    ask = queue ? NULL : ask;
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
        chain_start(d, items_take_first(queue));
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
        struct item *item = items_take_first(&dispatcher->ended);

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

enum gw_status gw_dispatcher_submit(struct gw_dispatcher *dispatcher, const struct gw_request *request,
                                    enum gw_urgency urgency, gw_dispatch_done done, void *ctx, uint64_t *ticket,
                                    struct gw_error *err)
{
    struct query *query;
    struct item *item;

    if (dispatcher->stopping)
        return gw_fail(err, GW_ECANCELED, where, "no more requests: shutting down");
    query = dispatcher_query(dispatcher, gw_request_name(request));
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
    if (dispatcher_is_stopped(dispatcher) || circuit_is_stopped(&query->circuit)) {
        item_end_stopped(dispatcher, item);
        return GW_OK;
    }
    items_append(&dispatcher->queued[urgency], item);
    pool_want_turn(dispatcher);
    return GW_OK;
}

static bool has_ticket(const struct item *item, const void *ctx)
{
    return item->ticket == *(const uint64_t *)ctx;
}

void gw_dispatcher_cancel(struct gw_dispatcher *dispatcher, uint64_t ticket)
{
    struct item *item = items_take(&dispatcher->later, has_ticket, &ticket);

    for (int urgency = 0; !item && urgency < GW_URGENCY_COUNT; urgency++)
        item = items_take(&dispatcher->queued[urgency], has_ticket, &ticket);
    if (item) {
        item_end_cancelled(dispatcher, item);
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

static uint32_t system_dice(void *ctx)
{
    uint32_t dice = 0;

    (void)ctx;
    gw_random(&dice, sizeof(dice), NULL);
    return dice;
}

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
    d->patience_ms = options->patience_ms;
    gw_fail(&d->last_failure, GW_ERETRY, where, "%s", d->circuit.reason);
    gw_rate_init(&d->rate, options->requests_per_minute, 0, dispatcher_now_ms(d));
    turnstile_open(&d->guest, d, NULL);
    uv_timer_init(pool_loop(pool), &d->timer);
    d->timer.data = d;
    *out = d;
    return GW_OK;
}

void gw_dispatcher_stop(struct gw_dispatcher *dispatcher, void (*closed)(void *ctx), void *ctx)
{
    dispatcher->stopping = true;
    dispatcher->closed = closed;
    dispatcher->closed_ctx = ctx;
    dispatcher_end_waiting(dispatcher, item_is_any, item_end_cancelled);
    for (struct chain *chain = dispatcher->chains; chain; chain = chain->next)
        gw_pull_cancel(chain->pull);
    turnstile_cancel_all(dispatcher);
    pool_want_settle(dispatcher);
}
