/*
 * Study databases that are elsewhere, and how much may wait for them.
 *
 * A database that is away stops nothing but its own deliveries, until the outbox has grown to its bound: then nothing
 * more is asked of the hospitals before some of it has left. What is kept then would only wait too.
 */
#include "service/remote.h"
#include "service/run_parts.h"

enum {
    OUTBOX_LINES = 1000000,
    INSPECT_S = 7 * 24 * 3600, /* between looks for rows that were changed by hand */
};
#define OUTBOX_BYTES (2ll << 30)

static bool is_full(const struct delivery *delivery)
{
    const struct gw_outbox_size *waits = &courier_news(delivery->courier)->waits;

    return waits->lines >= OUTBOX_LINES || waits->bytes >= OUTBOX_BYTES;
}

static bool hold_back(const struct generation *generation)
{
    for (size_t i = 0; i < generation->delivery_count; i++)
        if (generation->deliveries[i].courier && is_full(&generation->deliveries[i]))
            return true;
    return false;
}

/* Each change of state once; what is tried again says so once. */
static void log_state(struct delivery *delivery, const struct courier_news *news)
{
    struct gw_log *log = delivery->generation->run->log;
    const char *study = delivery->study->config->id;

    if (news->state == delivery->told || (news->state == COURIER_IDLE && delivery->told == COURIER_WORKING) ||
        (news->state == COURIER_WORKING && delivery->told == COURIER_IDLE)) {
        delivery->told = news->state;
        return;
    }
    delivery->told = news->state;
    if (news->state == COURIER_AWAY || news->state == COURIER_STOPPED)
        gw_log(log, news->state == COURIER_AWAY ? GW_LOG_WARNING : GW_LOG_ERROR,
               news->state == COURIER_AWAY ? "delivery.away" : "delivery.stopped", GW_LOG_TEXT("study", study),
               GW_LOG_TEXT("reason", news->reason.text), GW_LOG_NUMBER("waiting", news->waits.lines));
    else
        gw_log(log, GW_LOG_INFO, "delivery.resumed", GW_LOG_TEXT("study", study),
               GW_LOG_NUMBER("waiting", news->waits.lines));
}

/* The ledger was restored from a copy, or an answer of the database was lost. */
static void log_recalled(struct delivery *delivery, const struct courier_news *news)
{
    if (news->recalled <= delivery->recalled && news->held == delivery->held)
        return;
    delivery->recalled = news->recalled;
    delivery->held = news->held;
    gw_log(delivery->generation->run->log, GW_LOG_WARNING, "delivery.recalled",
           GW_LOG_TEXT("study", delivery->study->config->id), GW_LOG_NUMBER("subjects", news->recalled),
           GW_LOG_NUMBER("held", news->held),
           GW_LOG_TEXT("reason",
                       "the study database has what this ledger has not (a restored copy?): the difference is "
                       "made from what is there, once a subject was read again; look whether decisions made "
                       "since that copy are lost"));
}

static void on_news(void *ctx, const struct courier_news *news)
{
    struct delivery *delivery = ctx;
    struct generation *generation = delivery->generation;
    const bool held_back = generation->held_back;
    struct gw_metrics *metrics = &generation->run->door.metrics;

    metrics->delivered_batches += news->batches - delivery->counted_batches;
    metrics->refused_rows += news->refused - delivery->counted_refused;
    metrics->delivery_failures[GW_DELIVERY_AWAY] += news->state == COURIER_AWAY;
    metrics->delivery_failures[GW_DELIVERY_STOPPED] += news->state == COURIER_STOPPED;
    delivery->counted_batches = news->batches;
    delivery->counted_refused = news->refused;
    log_state(delivery, news);
    log_recalled(delivery, news);
    generation->held_back = hold_back(generation);
    if (generation->held_back != held_back)
        gw_log(generation->run->log, held_back ? GW_LOG_INFO : GW_LOG_ERROR,
               held_back ? "outbox.relieved" : "outbox.full", GW_LOG_TEXT("study", delivery->study->config->id),
               GW_LOG_NUMBER("waiting", news->waits.lines), GW_LOG_NUMBER("bytes", news->waits.bytes));
    for (size_t i = 0; held_back && !generation->held_back && i < generation->hospital_count; i++)
        hospital_pump(&generation->hospitals[i]);
}

static enum gw_status start(struct delivery *delivery, struct gw_error *err)
{
    const struct gw_run *run = delivery->generation->run;
    struct courier_settings settings = {.loop = run->world->loop,
                                        .clock = run->world->clock,
                                        .writer = run->writer,
                                        .inspect_s = INSPECT_S,
                                        .tell = on_news,
                                        .ctx = delivery};

    return remote_start_courier(delivery->study->config, &settings, &delivery->courier, err);
}

/* One that cannot begin (a password that cannot be read) is told; the outbox keeps what is for it. */
static void start_or_tell(struct delivery *delivery)
{
    struct courier_news news = {.state = COURIER_STOPPED};

    if (start(delivery, &news.reason) == GW_OK)
        delivery->generation->open++;
    else
        log_state(delivery, &news);
}

void couriers_start(struct generation *generation)
{
    struct setup *setup = &generation->setup;

    for (size_t i = 0; i < setup->study_count; i++) {
        struct delivery *delivery = &generation->deliveries[generation->delivery_count];

        if (setup->studies[i].sink)
            continue;
        *delivery = (struct delivery){.generation = generation, .study = &setup->studies[i], .told = COURIER_WORKING};
        generation->delivery_count++;
        start_or_tell(delivery);
    }
}

void couriers_wake(struct generation *generation)
{
    for (size_t i = 0; i < generation->delivery_count; i++)
        if (generation->deliveries[i].courier)
            courier_wake(generation->deliveries[i].courier);
}

static void on_stopped(void *ctx)
{
    struct delivery *delivery = ctx;

    delivery->courier = NULL;
    generation_part_closed(delivery->generation);
}

void couriers_close(struct generation *generation)
{
    for (size_t i = 0; i < generation->delivery_count; i++)
        if (generation->deliveries[i].courier)
            courier_stop(generation->deliveries[i].courier, on_stopped, &generation->deliveries[i]);
}
