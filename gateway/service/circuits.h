/*
 * The circuits of an endpoint from one start to the next: notes of the ledger (net/circuit.h), and a dispatcher that
 * goes on from them. Private to the service room.
 */
#ifndef SERVICE_CIRCUITS_H
#define SERVICE_CIRCUITS_H

#include "gateway/ledger/writer.h"
#include "gateway/sources/dispatcher.h"
#include "service/setup.h"

struct query_circuit {
    const char *query;
    struct gw_circuit circuit;
};

struct circuits {
    struct gw_circuit endpoint;
    struct query_circuit *queries;
    size_t query_count;
};

/*
 * As they were left. What is stopped is tried again where a check of the endpoint went well since, or `resume`: an
 * operator asked for all to be read again. In the caller's ledger; out lies in the arena.
 */
enum gw_status circuits_read(struct circuits *out, struct gw_arena *arena, struct gw_ledger *ledger,
                             const struct setup_endpoint *endpoint, const struct gw_clock *clock, bool resume,
                             struct gw_error *err);

/*
 * The dispatcher of an endpoint, as its configuration limits it; options bring the rest. An endpoint that could not be
 * opened fails as it did then.
 */
enum gw_status circuits_dispatcher(const struct circuits *circuits, const struct setup_endpoint *endpoint,
                                   struct gw_dispatch_pool *pool, const struct gw_dispatcher_options *options,
                                   struct gw_dispatcher **out, struct gw_error *err);

/*
 * Written down by a job. failed: the ledger's failure, from the loop. What cannot be written for want of memory is
 * known again only until the next restart: no reason to stop.
 */
void circuits_keep(struct gw_writer *writer, const struct setup_endpoint *endpoint, const char *query,
                   const struct gw_circuit *circuit, void (*failed)(void *ctx, const struct gw_error *failure),
                   void *ctx);

#endif
