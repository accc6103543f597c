/*
 * What waits at an endpoint: lists of requests submitted, and their ends.
 *
 * An end is noted here; whoever submitted it is told from dispatcher_settle().
 */
#include "sources/dispatching.h"

static const char where[] = "sources.dispatcher";

/* ---- lists ----------------------------------------------------------------------------------------------------- */

void items_append(struct items *items, struct item *item)
{
    item->next = NULL;
    *(items->first ? &items->last->next : &items->first) = item;
    items->last = item;
    items->count++;
}

struct item *items_take_first(struct items *items)
{
    struct item *item = items->first;

    if (!item)
        return NULL;
    items->first = item->next;
    items->count--;
    return item;
}

/* The first that matches, taken out; NULL: none. */
struct item *items_take(struct items *items, item_matches matches, const void *ctx)
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

void items_insert(struct items *items, struct item *item)
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

/* ---- ends ------------------------------------------------------------------------------------------------------ */

void item_end(struct gw_dispatcher *d, struct item *item, const struct gw_error *failure)
{
    if (failure)
        item->failure = *failure;
    items_append(&d->ended, item);
    pool_want_settle(d);
}

void item_end_cancelled(struct gw_dispatcher *d, struct item *item)
{
    struct gw_error err;

    gw_fail(&err, GW_ECANCELED, where, "%s: cancelled before it was asked", gw_request_name(item->request));
    item->total.trouble = GW_TROUBLE_OURS;
    item_end(d, item, &err);
}

void item_end_stopped(struct gw_dispatcher *d, struct item *item)
{
    const bool whole = dispatcher_is_stopped(d);
    const struct gw_circuit *circuit = whole ? &d->circuit : &item->query->circuit;
    struct gw_error err;

    gw_fail(&err, GW_EDENIED, where, "%s: not asked, %s is stopped: %.300s", gw_request_name(item->request),
            whole ? "the endpoint" : "this query", circuit->reason);
    item->total.trouble = circuit->trouble;
    item_end(d, item, &err);
}

bool item_is_any(const struct item *item, const void *ctx)
{
    (void)item;
    (void)ctx;
    return true;
}

/* Of all that waits what matches ends. */
void dispatcher_end_waiting(struct gw_dispatcher *d, item_matches matches,
                            void (*end)(struct gw_dispatcher *d, struct item *item))
{
    struct item *item;

    for (int urgency = 0; urgency < GW_URGENCY_COUNT; urgency++)
        while ((item = items_take(&d->queued[urgency], matches, NULL)))
            end(d, item);
    while ((item = items_take(&d->later, matches, NULL)))
        end(d, item);
}
