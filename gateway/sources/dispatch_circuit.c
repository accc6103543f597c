/*
 * What an endpoint and its queries are worth asking: circuits, refusals, and what is stopped with its reason.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sources/dispatching.h"

static const char where[] = "sources.dispatcher";

static int64_t now_utc(const struct gw_dispatcher *d)
{
    return d->clock->utc(d->clock->ctx);
}

/* Not for the certificate's sake, which is probed. */
bool circuit_is_stopped(const struct gw_circuit *circuit)
{
    return circuit->state == GW_CIRCUIT_STOPPED && !circuit->until;
}

bool dispatcher_is_stopped(const struct gw_dispatcher *dispatcher)
{
    return circuit_is_stopped(&dispatcher->circuit);
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
void dispatcher_stop_all(struct gw_dispatcher *d)
{
    struct gw_error err;

    gw_fail(&err, GW_EDENIED, where, "the endpoint is stopped: %.340s", d->circuit.reason);
    turnstile_fail_parked(d, GW_TROUBLE_DENIED, &err);
    dispatcher_end_waiting(d, item_is_any, item_end_stopped);
}

void dispatcher_note(struct gw_dispatcher *dispatcher, const struct gw_setback *setback, enum gw_status status)
{
    const struct gw_instant now = {now_utc(dispatcher), dispatcher_now_ms(dispatcher)};
    const uint32_t epoch = dispatcher->circuit.epoch;
    const uint64_t until = dispatcher->circuit.until_ms;
    const unsigned attempts = dispatcher->circuit.attempts;
    unsigned alerts;

    if (dispatcher_is_stopped(dispatcher))
        return;
    alerts = gw_circuit_fail(&dispatcher->circuit, setback, now, dispatcher->dice(dispatcher->ctx));
    if (dispatcher->circuit.attempts > attempts)
        patience_note(dispatcher, status, now.ms);
    if (!alerts && epoch == dispatcher->circuit.epoch && until == dispatcher->circuit.until_ms)
        return;
    tell_changed(dispatcher, NULL, alerts);
    if (dispatcher_is_stopped(dispatcher))
        dispatcher_stop_all(dispatcher);
}

void dispatcher_succeeded(struct gw_dispatcher *dispatcher, uint32_t epoch)
{
    dispatcher->refusals = 0;
    if (!gw_circuit_succeed(&dispatcher->circuit, epoch))
        return;
    dispatcher->failures = 0;
    tell_changed(dispatcher, NULL, 0);
}

static bool is_of_stopped_query(const struct item *item, const void *ctx)
{
    (void)ctx;
    return circuit_is_stopped(&item->query->circuit);
}

static void stop_query(struct gw_dispatcher *d, struct query *query, enum gw_trouble trouble, const char *reason)
{
    query->circuit.trouble = trouble;
    gw_circuit_stop(&query->circuit, reason, "casement", now_utc(d));
    tell_changed(d, query, GW_ALERT_STOPPED);
    dispatcher_end_waiting(d, is_of_stopped_query, item_end_stopped);
}

static void stop_refused(struct gw_dispatcher *d, struct query *query, const char *text)
{
    char reason[400];

    snprintf(reason, sizeof(reason), "refused %u times, last: %.340s", query->refusals, text);
    stop_query(d, query, GW_TROUBLE_REFUSED, reason);
}

static void stop_endpoint(struct gw_dispatcher *d, const char *text)
{
    char reason[400];

    snprintf(reason, sizeof(reason), "%u requests refused in a row, last: %.340s", d->refusals, text);
    d->circuit.trouble = GW_TROUBLE_REFUSED;
    gw_circuit_stop(&d->circuit, reason, "casement", now_utc(d));
    tell_changed(d, NULL, GW_ALERT_STOPPED);
    dispatcher_stop_all(d);
}

/* What is refused may be one patient's record, a type that is not given to us, or everything. */
void dispatcher_refused(struct gw_dispatcher *d, struct query *query, const struct gw_error *failure)
{
    if (dispatcher_is_stopped(d) || circuit_is_stopped(&query->circuit))
        return;
    d->refusals++;
    if (++query->refusals >= GW_DISPATCH_QUERY_REFUSALS)
        stop_refused(d, query, failure->text);
    if (d->refusals >= GW_DISPATCH_REFUSALS)
        stop_endpoint(d, failure->text);
}

void dispatcher_ungranted(struct gw_dispatcher *d, struct query *query, const struct gw_error *failure)
{
    if (!dispatcher_is_stopped(d) && !circuit_is_stopped(&query->circuit))
        stop_query(d, query, GW_TROUBLE_UNGRANTED, failure->text);
}

void dispatcher_review(struct gw_dispatcher *d)
{
    const enum gw_circuit_state before = d->circuit.state;
    const unsigned alerts = gw_circuit_review(&d->circuit, now_utc(d));

    if (alerts || before != d->circuit.state)
        tell_changed(d, NULL, alerts);
}

/* ---- queries --------------------------------------------------------------------------------------------------- */

struct query *dispatcher_query(struct gw_dispatcher *d, const char *name)
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

enum gw_status gw_dispatcher_restore(struct gw_dispatcher *dispatcher, const char *query,
                                     const struct gw_circuit *circuit, struct gw_error *err)
{
    struct query *known = dispatcher_query(dispatcher, query);

    if (!known)
        return gw_fail(err, GW_ENOMEM, where, "no memory for the requests of an endpoint");
    known->circuit = *circuit;
    return GW_OK;
}

/* ---- by an operator -------------------------------------------------------------------------------------------- */

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
    dispatcher->failures = 0;
    resume(dispatcher, NULL);
    for (struct query *query = dispatcher->queries; query; query = query->next) {
        query->refusals = 0;
        resume(dispatcher, query);
    }
    pool_want_turn(dispatcher);
}
