/*
 * What others may ask of the running service: is it alive, does work get done, the numbers.
 *
 * Numbers of the ledger are read on its own thread now and then, not when somebody asks: they cost a look at every
 * entry.
 */
#include <stdlib.h>

#include "service/run_parts.h"

/* ---- gauges of the loop's thread ---- */

static bool can_be_worked_on(const struct hospital *hospital)
{
    const struct gw_clock *clock = hospital->run->world->clock;

    return hospital->dispatcher && hospital->learnt &&
           gw_circuit_wait_ms(gw_dispatcher_circuit(hospital->dispatcher), clock->monotonic_ms(clock->ctx)) == 0;
}

static void refresh_endpoint(const struct hospital *hospital, struct gw_metrics_endpoint *numbers)
{
    static const enum gw_metrics_circuit states[] = {[GW_CIRCUIT_RUNNING] = GW_METRICS_RUNNING,
                                                     [GW_CIRCUIT_BACKOFF] = GW_METRICS_BACKOFF,
                                                     [GW_CIRCUIT_DEGRADED] = GW_METRICS_DEGRADED,
                                                     [GW_CIRCUIT_STOPPED] = GW_METRICS_STOPPED};
    const int64_t now = run_now(hospital->run);
    const struct gw_circuit *circuit;

    numbers->due = hospital->ready + hospital->under_way;
    numbers->last_success_s = (uint64_t)hospital->last_success;
    numbers->lag_ms = hospital->first_ready && now > hospital->first_ready->next.due
                          ? (uint64_t)(now - hospital->first_ready->next.due) * 1000
                          : 0;
    if (hospital->upkeep)
        gw_door_count(hospital->upkeep, numbers);
    if (!hospital->dispatcher)
        return;
    circuit = gw_dispatcher_circuit(hospital->dispatcher);
    gw_metrics_set_circuit(numbers, states[circuit->state]);
    numbers->backoff_left_ms = circuit->until > now ? (uint64_t)(circuit->until - now) * 1000 : 0;
    numbers->in_flight = gw_dispatcher_counts(hospital->dispatcher).flying;
}

static void refresh(void *ctx)
{
    struct gw_run *run = ctx;
    struct gw_metrics *metrics = &run->door.metrics;

    for (size_t i = 0; run->generation && i < run->generation->hospital_count; i++) {
        const struct hospital *hospital = &run->generation->hospitals[i];
        struct gw_metrics_endpoint *numbers = gw_metrics_endpoint(metrics, hospital->endpoint->config->id);

        if (numbers)
            refresh_endpoint(hospital, numbers);
    }
    metrics->reloads = run->counts.reloads;
    metrics->subjects[GW_SUBJECTS_FOLLOWED] = run->generation ? run->generation->setup.subject_count : 0;
    metrics->listener_connections = run->door.listener ? gw_listener_connections(run->door.listener) : 0;
    gw_metrics_look_at_process(metrics);
}

void run_door_due(struct gw_run *run)
{
    const struct gw_clock *clock = run->world->clock;
    size_t due = 0;

    for (size_t i = 0; run->generation && i < run->generation->hospital_count; i++)
        if (can_be_worked_on(&run->generation->hospitals[i]))
            due += run->generation->hospitals[i].ready + run->generation->hospitals[i].under_way;
    gw_readiness_due(&run->door.health.readiness, due, clock->monotonic_ms(clock->ctx));
}

/* ---- numbers of the ledger ---- */

struct numbers {
    struct gw_run *run;
    struct gw_equation equation;
};

static enum gw_status read_numbers(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    return gw_ledger_equation(ledger, &((struct numbers *)ctx)->equation, err);
}

static void show_numbers(struct gw_run *run, const struct gw_equation *equation)
{
    static const enum gw_metrics_parts parts[] = {[GW_STATE_DELIVERED] = GW_PARTS_DELIVERED,
                                                  [GW_STATE_EVIDENCE] = GW_PARTS_EVIDENCE,
                                                  [GW_STATE_UNCHANGED] = GW_PARTS_UNCHANGED,
                                                  [GW_STATE_SUPERSEDED] = GW_PARTS_SUPERSEDED,
                                                  [GW_STATE_NOT_IN_SCOPE] = GW_PARTS_NOT_IN_SCOPE,
                                                  [GW_STATE_OUTSIDE_WINDOW] = GW_PARTS_OUTSIDE_WINDOW,
                                                  [GW_STATE_HELD] = GW_PARTS_HELD,
                                                  [GW_STATE_RETRACTED] = GW_PARTS_RETRACTED};
    struct gw_metrics *metrics = &run->door.metrics;

    metrics->parts_read = (uint64_t)equation->in;
    for (int state = 0; state < GW_STATE_COUNT; state++)
        metrics->parts[parts[state]] = (uint64_t)equation->states[state];
    metrics->outbox_pending = (uint64_t)equation->pending;
    metrics->subjects[GW_SUBJECTS_BLOCKED] = (uint64_t)equation->blocked_subjects;
}

static void on_numbers(void *ctx, const struct gw_error *failure)
{
    struct numbers *numbers = ctx;

    run_fail(numbers->run, failure);
    if (!failure && numbers->equation.sum != numbers->equation.in)
        gw_log(numbers->run->log, GW_LOG_ERROR, "ledger.unbalanced", GW_LOG_NUMBER("read", numbers->equation.in),
               GW_LOG_NUMBER("accounted", numbers->equation.sum));
    if (!failure)
        show_numbers(numbers->run, &numbers->equation);
    free(numbers);
}

void run_door_count(struct gw_run *run)
{
    struct numbers *numbers = run->writer && !run->writer_stopping ? calloc(1, sizeof *numbers) : NULL;
    struct gw_error failure;

    if (!numbers)
        return;
    numbers->run = run;
    if (gw_writer_submit(run->writer, 1, read_numbers, on_numbers, numbers, &failure) != GW_OK)
        free(numbers);
}

/* ---- the listener ---- */

enum gw_status run_door_open(struct gw_run *run, struct gw_error *err)
{
    const struct gw_clock *clock = run->world->clock;
    struct door *door = &run->door;
    enum gw_status rc;

    door->metrics = (struct gw_metrics)GW_METRICS_INIT;
    door->metrics.started_s = (uint64_t)run_now(run);
    door->health = (struct gw_health){.readiness = {.since_ms = clock->monotonic_ms(clock->ctx)},
                                      .metrics = &door->metrics,
                                      .clock = clock,
                                      .refresh = refresh,
                                      .ctx = run};
    rc = gw_doorbell_new(clock, &door->bell, err);
    return rc == GW_OK ? gw_door_open(run->world->loop, &run->generation->config, &door->health, door->bell,
                                      &door->listener, err)
                       : rc;
}

/* What an endpoint was counted for stays when a changed configuration keeps it. */
enum gw_status run_door_name(struct gw_run *run, struct gw_error *err)
{
    const struct setup *setup = &run->generation->setup;
    const char **ids = calloc(setup->endpoint_count + 1, sizeof *ids);
    enum gw_status rc;

    if (!ids)
        return gw_fail(err, GW_ENOMEM, "service.run", "no memory for the numbers of the endpoints");
    for (size_t i = 0; i < setup->endpoint_count; i++)
        ids[i] = setup->endpoints[i].config->id;
    rc = gw_metrics_set_endpoints(&run->door.metrics, ids, setup->endpoint_count, err);
    run->door.health.readiness.started = rc == GW_OK;
    free(ids);
    return rc;
}

void run_door_close(struct gw_run *run, void (*closed)(void *ctx), void *ctx)
{
    run->door.health.readiness.stopping = true;
    gw_listener_stop(run->door.listener, GW_DOOR_DRAIN_MS, closed, ctx);
    run->door.listener = NULL;
}

void run_door_release(struct gw_run *run)
{
    gw_doorbell_free(run->door.bell);
    gw_metrics_release(&run->door.metrics);
}
