/*
 * A pull under way, with what it holds: pages in hand, its way through the turnstile, and what its end means.
 */
#include <stddef.h>
#include <stdlib.h>

#include "sources/dispatching.h"
#include "sources/totals.h"

static const char where[] = "sources.dispatcher";

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
static bool goes_on_later(const struct gw_dispatcher *d, struct item *item, enum gw_trouble trouble)
{
    if (trouble == GW_TROUBLE_DAMAGED)
        return ++item->damaged < GW_DISPATCH_DAMAGED_TRIES;
    return d->patience_ms == 0 && gw_trouble_passes(trouble);
}

static void put_off(struct gw_dispatcher *d, struct item *item)
{
    item->tries++;
    item->not_before_ms = dispatcher_now_ms(d) + dispatcher_backoff_ms(d, GW_BACKOFF_TRANSIENT, item->tries);
    items_insert(&d->later, item);
    d->repeated++;
}

static void take_failure(struct gw_dispatcher *d, struct item *item, const struct gw_error *failure)
{
    const enum gw_trouble trouble = item->total.trouble;
    const bool over = item->cancelled || d->stopping;

    if (trouble == GW_TROUBLE_REFUSED && !over)
        dispatcher_refused(d, item->query, failure);
    if (trouble == GW_TROUBLE_UNGRANTED && !over)
        dispatcher_ungranted(d, item->query, failure);
    if (trouble == GW_TROUBLE_LEAK)
        dispatcher_note(d, &(struct gw_setback){.trouble = trouble, .text = failure->text}, failure->status);
    if (!over && !dispatcher_is_stopped(d) && !circuit_is_stopped(&item->query->circuit) &&
        goes_on_later(d, item, trouble))
        put_off(d, item);
    else
        item_end(d, item, failure);
}

static void on_pulled(void *ctx, const struct gw_pull_result *result, const struct gw_error *failure)
{
    struct chain *chain = ctx;
    struct gw_dispatcher *d = chain->face.dispatcher;
    struct item *item = chain->item;
    struct gw_pull_result sums = *result;

    sums.requests = chain->requests; /* the pull knows of one a page */
    drop_chain(chain);
    totals_add_try(&item->total, &sums);
    if (failure) {
        take_failure(d, item, failure);
        return;
    }
    item->query->refusals = 0;
    item_end(d, item, NULL);
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

void chain_start(struct gw_dispatcher *d, struct item *item)
{
    struct chain *chain = new_chain(d, item);
    struct gw_error err;

    if (!chain) {
        gw_fail(&err, GW_ENOMEM, where, "no memory for a search");
        item_end(d, item, &err);
        return;
    }
    if (gw_pull_start(pool_loop(d->pool), &chain->settings, item->request, on_pulled, chain, &chain->pull, &err) ==
        GW_OK)
        return;
    drop_chain(chain);
    item_end(d, item, &err);
}
