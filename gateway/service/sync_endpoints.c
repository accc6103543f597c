/*
 * The endpoints of one sync: their dispatchers, and what is asked before any subject is asked about.
 */
#include <stdio.h>

#include "gateway/net/backoff.h"
#include "service/circuits.h"
#include "service/roster_fetch.h"
#include "service/sync_parts.h"

static const char where[] = "service.sync";

/* ---- failures ---- */

static void on_closed(void *ctx)
{
    ((struct sync *)ctx)->open--;
}

static void stop(struct sync_endpoint *at)
{
    struct gw_dispatcher *dispatcher = at->dispatcher;

    at->dispatcher = NULL;
    if (dispatcher)
        gw_dispatcher_stop(dispatcher, on_closed, at->sync);
}

static void stop_all(struct sync *s)
{
    for (size_t e = 0; e < s->setup.endpoint_count; e++)
        stop(&s->endpoints[e]);
}

/* With our disk all ends. */
static void disk_failed(void *ctx, const struct gw_error *failure)
{
    struct sync *s = ctx;

    if (failure->status != GW_EIO || s->disk.status != GW_OK)
        return;
    s->disk = *failure;
    stop_all(s);
}

/* Of what the endpoint suffers from its reason is told, and not which request that kept from being asked. */
static void tell(struct sync_endpoint *endpoint, enum gw_trouble trouble, const struct gw_error *failure)
{
    const struct gw_circuit *circuit = endpoint->dispatcher ? gw_dispatcher_circuit(endpoint->dispatcher) : NULL;
    struct gw_error *told = &endpoint->told->failure;

    *told = *failure;
    if (circuit && circuit->state != GW_CIRCUIT_RUNNING && circuit->trouble == trouble)
        snprintf(told->text, sizeof told->text, "%s", circuit->reason);
}

void sync_failed(struct sync_endpoint *endpoint, enum gw_trouble trouble, const struct gw_error *failure)
{
    if (!failure)
        return;
    if (endpoint->told->failure.status == GW_OK)
        tell(endpoint, trouble, failure);
    disk_failed(endpoint->sync, failure);
}

/* ---- dispatchers ---- */

static void on_changed(void *ctx, const char *query, const struct gw_circuit *circuit, unsigned alerts)
{
    struct sync_endpoint *at = ctx;

    (void)alerts; /* who started the sync is told what failed */
    if (at->sync->writer)
        circuits_keep(at->sync->writer, at->endpoint, query, circuit, disk_failed, at->sync);
}

/* Whoever runs a sync has put it right, or hears of it again. What passes by itself is still waited for. */
static bool wants_a_person(const struct gw_circuit *circuit)
{
    const enum gw_backoff class = gw_backoff_of(circuit->trouble);

    return circuit->state == GW_CIRCUIT_STOPPED || class == GW_BACKOFF_CONFIGURATION || class == GW_BACKOFF_AUTH;
}

/* Whether it is granted now the token says, before anything is asked. */
static void forget_ungranted(struct circuits *circuits)
{
    for (size_t i = 0; i < circuits->query_count; i++)
        if (circuits->queries[i].circuit.trouble == GW_TROUBLE_UNGRANTED)
            circuits->queries[i].circuit = (struct gw_circuit){0};
}

static enum gw_status open_endpoint(struct sync_endpoint *at, struct gw_error *err)
{
    struct sync *s = at->sync;
    const struct gw_dispatcher_options options = {
        .settings = &at->settings, .patience_ms = SYNC_PATIENCE_MS, .changed = on_changed, .ctx = at};
    struct circuits circuits;
    struct gw_error failure;
    enum gw_status rc =
        circuits_read(&circuits, &s->setup.arena, s->ledger, at->endpoint, s->setup.world->clock, false, err);

    if (rc != GW_OK)
        return rc;
    if (wants_a_person(&circuits.endpoint))
        circuits.endpoint = (struct gw_circuit){0};
    forget_ungranted(&circuits);
    at->settings = at->endpoint->settings;
    at->settings.store = &s->store.store;
    at->settings.delivery = s->delivery;
    if (circuits_dispatcher(&circuits, at->endpoint, s->pool, &options, &at->dispatcher, &failure) != GW_OK)
        sync_failed(at, GW_TROUBLE_NONE, &failure);
    s->open += at->dispatcher != NULL;
    return GW_OK;
}

enum gw_status sync_open_endpoints(struct sync *s, struct gw_error *err)
{
    enum gw_status rc = gw_dispatch_pool_new(s->setup.world->loop, s->setup.world->clock, NULL, &s->pool, err);

    for (size_t e = 0; rc == GW_OK && e < s->setup.endpoint_count; e++) {
        s->endpoints[e].sync = s;
        s->endpoints[e].endpoint = &s->setup.endpoints[e];
        if (s->endpoints[e].told)
            rc = open_endpoint(&s->endpoints[e], err);
    }
    return rc;
}

void sync_close_endpoints(struct sync *s)
{
    if (!s->pool)
        return;
    stop_all(s);
    while (s->open > 0)
        uv_run(s->setup.world->loop, UV_RUN_ONCE);
    gw_dispatch_pool_free(s->pool);
    s->pool = NULL;
}

/* ---- while the writer has the ledger ---- */

static void on_writer_stopped(void *ctx)
{
    ((struct sync *)ctx)->writer = NULL;
}

enum gw_status sync_begin_asking(struct sync *s, struct gw_error *err)
{
    const enum gw_status rc = gw_writer_start(s->setup.world->loop, s->ledger, &s->writer, err);

    if (rc == GW_OK)
        gw_store_writer_init(&s->store, s->writer);
    return rc;
}

enum gw_status sync_end_asking(struct sync *s, struct gw_error *err)
{
    while (s->waiting > 0)
        uv_run(s->setup.world->loop, UV_RUN_ONCE);
    gw_writer_stop(s->writer, on_writer_stopped, s);
    while (s->writer)
        uv_run(s->setup.world->loop, UV_RUN_ONCE);
    if (s->disk.status != GW_OK)
        *err = s->disk;
    return s->disk.status;
}

/* ---- metadata ---- */

static void on_learnt(void *ctx, const struct gw_error *failure)
{
    struct sync_endpoint *at = ctx;

    at->sync->waiting--;
    sync_failed(at, GW_TROUBLE_NONE, failure);
    if (failure)
        stop(at);
}

static void learn(struct sync_endpoint *at)
{
    struct gw_error failure;

    at->sync->waiting++;
    if (learn_start(&at->learning, at->endpoint, gw_dispatcher_web(at->dispatcher), on_learnt, at, &failure) != GW_OK)
        on_learnt(at, &failure);
}

enum gw_status sync_learn(struct sync *s, struct gw_error *err)
{
    const enum gw_status rc = sync_begin_asking(s, err);

    if (rc != GW_OK)
        return rc;
    for (size_t e = 0; e < s->setup.endpoint_count; e++)
        if (s->endpoints[e].dispatcher && learn_needed(s->endpoints[e].endpoint))
            learn(&s->endpoints[e]);
    return sync_end_asking(s, err);
}

/* ---- rosters that hospitals keep ---- */

struct fetching {
    struct sync_endpoint *at; /* the endpoint that keeps it */
    bool *changed;
};

static void on_fetched(void *ctx, bool changed, const struct gw_error *failure)
{
    struct fetching *fetching = ctx;

    fetching->at->sync->waiting--;
    *fetching->changed |= changed;
    sync_failed(fetching->at, GW_TROUBLE_NONE, failure);
}

static enum gw_status fetch(struct sync *s, size_t study, struct fetching *fetching, struct gw_error *err)
{
    struct gw_error failure;
    size_t e = 0;
    const enum gw_status rc = roster_endpoint(&s->setup, s->setup.studies[study].config, &e, err);

    fetching->at = &s->endpoints[e];
    if (rc != GW_OK || !fetching->at->dispatcher)
        return rc;
    s->waiting++;
    if (roster_fetch_start(&s->setup, study, gw_dispatcher_web(fetching->at->dispatcher), on_fetched, fetching,
                           &failure) != GW_OK)
        on_fetched(fetching, false, &failure);
    return GW_OK;
}

enum gw_status sync_fetch_rosters(struct sync *s, bool *changed, struct gw_error *err)
{
    struct fetching *all = gw_arena_alloc(s->results, (s->setup.study_count + 1) * sizeof *all);
    struct gw_error late;
    enum gw_status rc = all ? sync_begin_asking(s, err) : gw_fail(err, GW_ENOMEM, where, "no memory for the rosters");

    *changed = false;
    if (rc != GW_OK)
        return rc;
    for (size_t i = 0; rc == GW_OK && i < s->setup.study_count; i++) {
        all[i].changed = changed;
        if (roster_is_fetched(s->setup.studies[i].config))
            rc = fetch(s, i, &all[i], err);
    }
    if (sync_end_asking(s, rc == GW_OK ? err : &late) != GW_OK && rc == GW_OK)
        rc = err->status;
    return rc;
}
