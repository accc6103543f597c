/*
 * An endpoint at work: its metadata once, then whatever is due, at most so many errands at a time.
 */
#include "service/run_parts.h"

enum { LEARN_FIRST_MS = 1000, LEARN_LAST_MS = 300000 };

/* ---- circuits ---- */

static void on_keep_failed(void *ctx, const struct gw_error *failure)
{
    run_fail(ctx, failure);
}

static void on_changed(void *ctx, const char *query, const struct gw_circuit *circuit, unsigned alerts)
{
    struct hospital *hospital = ctx;
    struct gw_run *run = hospital->run;
    const bool well = circuit->state == GW_CIRCUIT_RUNNING;

    gw_log(run->log,
           alerts ? GW_LOG_ERROR
           : well ? GW_LOG_INFO
                  : GW_LOG_WARNING,
           "circuit", GW_LOG_TEXT("endpoint", hospital->endpoint->config->id), GW_LOG_TEXT("query", query),
           GW_LOG_TEXT("state", gw_circuit_state_name(circuit->state)),
           GW_LOG_TEXT("class", gw_backoff_name(gw_backoff_of(circuit->trouble))),
           GW_LOG_TEXT("trouble", gw_trouble_name(circuit->trouble)), GW_LOG_NUMBER("attempt", circuit->attempts),
           GW_LOG_NUMBER("wait_s", circuit->until > run_now(run) ? circuit->until - run_now(run) : 0),
           GW_LOG_TEXT("reason", well ? NULL : circuit->reason));
    for (unsigned bit = 0; bit < GW_ALERT_COUNT; bit++)
        if (alerts & (1u << bit))
            gw_log(run->log, GW_LOG_ERROR, "alert", GW_LOG_TEXT("endpoint", hospital->endpoint->config->id),
                   GW_LOG_TEXT("alert", gw_alert_name((enum gw_alert)(1u << bit))));
    circuits_keep(run->writer, hospital->endpoint, query, circuit, on_keep_failed, run);
}

/* ---- opening ---- */

enum gw_status hospital_open(struct hospital *hospital, struct gw_error *err)
{
    struct gw_run *run = hospital->run;

    hospital->last_ready = &hospital->first_ready;
    hospital->settings = hospital->endpoint->settings;
    hospital->settings.store = &run->store.store;
    meter_init(&hospital->meter, hospital);
    hospital->settings.web = &hospital->meter.web;
    hospital->settings.seen = NULL; /* a Medication may change in years: each search looks again */
    return circuits_read(&hospital->circuits, &hospital->generation->arena, run->ledger, hospital->endpoint,
                         run->world->clock, run->resume, err);
}

static enum gw_status open_dispatcher(struct hospital *hospital, struct gw_error *err)
{
    const struct gw_dispatcher_options options = {
        .settings = &hospital->settings, .changed = on_changed, .ctx = hospital};

    return circuits_dispatcher(&hospital->circuits, hospital->endpoint, hospital->run->pool, &options,
                               &hospital->dispatcher, err);
}

/* ---- metadata ---- */

static void learn(struct hospital *hospital);

static void on_learn_again(uv_timer_t *timer)
{
    learn(timer->data);
}

static void learn_later(struct hospital *hospital, const struct gw_error *failure)
{
    const unsigned doublings = hospital->learn_failures < 9 ? hospital->learn_failures : 9;
    const uint64_t wait = (uint64_t)LEARN_FIRST_MS << doublings;

    hospital->learn_failures++;
    gw_log(hospital->run->log, GW_LOG_WARNING, "metadata.failed",
           GW_LOG_TEXT("endpoint", hospital->endpoint->config->id), GW_LOG_NUMBER("attempt", hospital->learn_failures),
           GW_LOG_TEXT("reason", failure->text));
    gw_clock_start(hospital->run->world->clock, &hospital->timer, on_learn_again,
                   wait < LEARN_LAST_MS ? wait : LEARN_LAST_MS);
}

static void on_learnt(void *ctx, const struct gw_error *failure)
{
    struct hospital *hospital = ctx;

    if (!hospital->generation->closing && failure) {
        learn_later(hospital, failure);
    } else if (!hospital->generation->closing) {
        hospital->learnt = true;
        hospital_pump(hospital);
    }
    generation_part_closed(hospital->generation);
}

static void learn(struct hospital *hospital)
{
    struct gw_error failure;

    if (learn_start(&hospital->learning, hospital->endpoint, gw_dispatcher_web(hospital->dispatcher), on_learnt,
                    hospital, &failure) == GW_OK)
        hospital->generation->open++;
    else
        learn_later(hospital, &failure);
}

void hospital_start(struct hospital *hospital)
{
    struct gw_error failure;

    const size_t endpoint = (size_t)(hospital->endpoint - hospital->generation->setup.endpoints);
    enum gw_status rc;

    if (hospital->endpoint->folder)
        rc = intray_start(hospital, endpoint, &failure);
    else
        rc = open_dispatcher(hospital, &failure);
    if (rc == GW_OK && hospital->endpoint->config->bulk)
        rc = export_start(hospital, endpoint, &failure);
    if (rc == GW_OK && (hospital->endpoint->config->notifications.kind || hospital->subscribed))
        rc = upkeep_open(hospital, &failure);
    if (rc != GW_OK)
        gw_log(hospital->run->log, GW_LOG_ERROR, "endpoint.closed",
               GW_LOG_TEXT("endpoint", hospital->endpoint->config->id), GW_LOG_TEXT("reason", failure.text));
    if (!hospital->dispatcher)
        return;
    hospital->learnt = !learn_needed(hospital->endpoint);
    if (!hospital->learnt)
        learn(hospital);
}

/* ---- at work ---- */

/* A derivation alone waits for no server, and so not behind those that do. */
void hospital_queue(struct hospital *hospital, struct watch *watch)
{
    struct watch **at = watch->next.kind == GW_ERRAND_NONE ? &hospital->first_ready : hospital->last_ready;

    watch->ready = true;
    watch->next_ready = *at;
    *at = watch;
    if (!watch->next_ready)
        hospital->last_ready = &watch->next_ready;
    hospital->ready++;
}

static struct watch *take_ready(struct hospital *hospital)
{
    struct watch *watch = hospital->first_ready;

    hospital->first_ready = watch->next_ready;
    if (!hospital->first_ready)
        hospital->last_ready = &hospital->first_ready;
    watch->ready = false;
    hospital->ready--;
    return watch;
}

static void begin_errand(struct watch *watch)
{
    struct hospital *hospital = watch->hospital;
    struct gw_error failure;

    hospital->under_way++;
    hospital->run->counts.under_way++;
    hospital->generation->open++;
    if (errand_start(watch, &failure) == GW_OK)
        return;
    hospital->under_way--; /* no memory: later */
    hospital->run->counts.under_way--;
    hospital->generation->open--;
    watch_failed(watch);
}

static bool may_begin(const struct hospital *hospital)
{
    const struct watch *first = hospital->first_ready;

    return first && !hospital->generation->closing && !hospital->generation->held_back &&
           (hospital->learnt || first->next.kind == GW_ERRAND_NONE);
}

void hospital_pump(struct hospital *hospital)
{
    const unsigned most = hospital->endpoint->config->concurrent;

    while (may_begin(hospital) && hospital->under_way < most)
        begin_errand(take_ready(hospital));
    run_door_due(hospital->run);
}

/* ---- closing ---- */

static void on_dispatcher_closed(void *ctx)
{
    struct hospital *hospital = ctx;

    hospital->dispatcher = NULL;
    generation_part_closed(hospital->generation);
}

void hospital_close(struct hospital *hospital)
{
    gw_clock_stop(hospital->run->world->clock, &hospital->timer);
    gw_upkeep_free(hospital->upkeep);
    hospital->upkeep = NULL;
    if (hospital->export)
        export_close(hospital->export);
    if (hospital->intray)
        intray_close(hospital->intray);
    if (!hospital->dispatcher)
        return;
    hospital->generation->open++;
    gw_dispatcher_stop(hospital->dispatcher, on_dispatcher_closed, hospital);
}
