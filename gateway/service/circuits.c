/*
 * An endpoint's circuits in the ledger.
 */
#include "service/circuits.h"

#include <stdlib.h>
#include <string.h>

#include "sources/instant.h"

/* ---- reading ---- */

struct reading {
    const struct setup_endpoint *endpoint;
    struct gw_instant now;
    bool resume;
};

static bool is_resumed(const struct reading *r, const struct gw_circuit *circuit)
{
    int64_t checked;

    if (circuit->state != GW_CIRCUIT_STOPPED)
        return false;
    return r->resume ||
           (gw_instant_read(r->endpoint->profile.checked, &checked) && checked / NANOSECONDS > circuit->when);
}

/* A note that cannot be read is of another release: the circuit starts anew. */
static void restore(const struct reading *r, const char *text, struct gw_circuit *out)
{
    struct gw_error failure;

    *out = (struct gw_circuit){0};
    if (!text || gw_circuit_read(out, text, r->now, &failure) != GW_OK || is_resumed(r, out))
        *out = (struct gw_circuit){0};
}

static enum gw_status no_memory(struct gw_error *err)
{
    return gw_fail(err, GW_ENOMEM, "service.circuits", "no memory for the state of an endpoint");
}

/* Theirs are named "<endpoint> <query>". */
static enum gw_status read_queries(struct circuits *out, struct gw_arena *arena, struct gw_ledger *ledger,
                                   const struct reading *r, struct gw_error *err)
{
    const char *prefix = gw_arena_print(arena, "%s ", r->endpoint->config->id);
    struct gw_ledger_notes notes = {0};
    size_t capacity = 0;
    enum gw_status rc =
        prefix ? gw_ledger_notes_under(ledger, arena, GW_CIRCUIT_SPACE, prefix, &notes, err) : no_memory(err);

    for (size_t i = 0; rc == GW_OK && i < notes.count; i++) {
        struct query_circuit *slot = GW_ARENA_PUSH(arena, out->queries, out->query_count, capacity);

        if (!slot)
            return no_memory(err);
        slot->query = notes.list[i].name + strlen(prefix);
        restore(r, notes.list[i].text, &slot->circuit);
    }
    return rc;
}

enum gw_status circuits_read(struct circuits *out, struct gw_arena *arena, struct gw_ledger *ledger,
                             const struct setup_endpoint *endpoint, const struct gw_clock *clock, bool resume,
                             struct gw_error *err)
{
    const struct reading r = {endpoint, {clock->utc(clock->ctx), clock->monotonic_ms(clock->ctx)}, resume};
    const char *text = NULL;
    const enum gw_status rc = gw_ledger_note(ledger, arena, GW_CIRCUIT_SPACE, endpoint->config->id, &text, err);

    *out = (struct circuits){0};
    if (rc != GW_OK)
        return rc;
    restore(&r, text, &out->endpoint);
    return read_queries(out, arena, ledger, &r, err);
}

enum gw_status circuits_dispatcher(const struct circuits *circuits, const struct setup_endpoint *endpoint,
                                   struct gw_dispatch_pool *pool, const struct gw_dispatcher_options *options,
                                   struct gw_dispatcher **out, struct gw_error *err)
{
    struct gw_dispatcher_options limited = *options;
    enum gw_status rc;

    if (!endpoint->web) {
        *err = endpoint->failure;
        return err->status;
    }
    limited.concurrent = endpoint->config->concurrent;
    limited.requests_per_minute = endpoint->config->requests_per_minute;
    limited.circuit = &circuits->endpoint;
    rc = gw_dispatcher_new(pool, &limited, out, err);
    for (size_t i = 0; rc == GW_OK && i < circuits->query_count; i++)
        rc = gw_dispatcher_restore(*out, circuits->queries[i].query, &circuits->queries[i].circuit, err);
    return rc;
}

/* ---- writing ---- */

struct keeping { /* a circuit on its way to the ledger */
    char name[256];
    struct gw_text text;
    void (*failed)(void *ctx, const struct gw_error *failure);
    void *ctx;
};

static void release(struct keeping *k)
{
    gw_text_release(&k->text);
    free(k);
}

static enum gw_status keep_job(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    const struct keeping *k = ctx;

    return gw_ledger_note_put(ledger, GW_CIRCUIT_SPACE, k->name, k->text.at, err);
}

static void on_kept(void *ctx, const struct gw_error *failure)
{
    struct keeping *k = ctx;

    if (failure)
        k->failed(k->ctx, failure);
    release(k);
}

void circuits_keep(struct gw_writer *writer, const struct setup_endpoint *endpoint, const char *query,
                   const struct gw_circuit *circuit, void (*failed)(void *ctx, const struct gw_error *failure),
                   void *ctx)
{
    struct keeping *k = calloc(1, sizeof *k);
    struct gw_error failure;

    if (!k)
        return;
    *k = (struct keeping){.text = GW_TEXT_INIT(4096), .failed = failed, .ctx = ctx};
    snprintf(k->name, sizeof k->name, "%s%s%s", endpoint->config->id, query ? " " : "", query ? query : "");
    gw_circuit_print(circuit, &k->text);
    if (k->text.failed || gw_writer_submit(writer, 1, keep_job, on_kept, k, &failure) != GW_OK)
        release(k);
}
