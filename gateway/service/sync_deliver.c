/*
 * The end of a sync where study databases are elsewhere: their couriers run until nothing waits, or the database has
 * been away for too long. What is refused there is derived once more, so that a person hears of it in the same sync.
 */
#include "service/remote.h"
#include "service/sync_parts.h"

enum { TRIES = 8 }; /* of a database that is away: some twenty seconds */

struct sync_delivery {
    struct sync *sync;
    const struct setup_study *study;
    struct courier *courier; /* NULL: it could not begin, or has stopped */
    struct gw_sync_delivery *told;
    bool marked;
};

static void on_news(void *ctx, const struct courier_news *news)
{
    struct sync_delivery *delivery = ctx;

    delivery->marked |= news->marked;
}

static enum gw_status start(struct sync_delivery *delivery, struct gw_error *err)
{
    const struct sync *s = delivery->sync;
    struct courier_settings settings = {.loop = s->setup.world->loop,
                                        .clock = s->setup.world->clock,
                                        .writer = s->writer,
                                        .tell = on_news,
                                        .ctx = delivery};

    return remote_start_courier(delivery->study->config, &settings, &delivery->courier, err);
}

static bool is_done(const struct sync_delivery *delivery)
{
    const struct courier_news *news = delivery->courier ? courier_news(delivery->courier) : NULL;

    return !news || news->state == COURIER_IDLE || news->state == COURIER_STOPPED ||
           (news->state == COURIER_AWAY && news->failures >= TRIES);
}

static bool all_done(const struct sync_delivery *deliveries, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!is_done(&deliveries[i]))
            return false;
    return true;
}

static void on_stopped(void *ctx)
{
    struct sync_delivery *delivery = ctx;

    delivery->courier = NULL;
    delivery->sync->waiting--;
}

static void conclude(struct sync_delivery *delivery)
{
    const struct courier_news *news = courier_news(delivery->courier);

    delivery->told->batches += news->batches;
    delivery->told->rows += news->rows;
    delivery->told->refused += news->refused;
    delivery->told->recalled += news->recalled;
    delivery->told->held = news->held;
    delivery->told->waiting = news->waits.lines;
    delivery->told->failure =
        news->state == COURIER_AWAY || news->state == COURIER_STOPPED ? news->reason : (struct gw_error){0};
    delivery->sync->waiting++;
    courier_stop(delivery->courier, on_stopped, delivery);
}

static enum gw_status carry(struct sync *s, struct sync_delivery *deliveries, size_t count, struct gw_error *err)
{
    uv_loop_t *loop = s->setup.world->loop;
    enum gw_status rc = sync_begin_asking(s, err);

    if (rc != GW_OK)
        return rc;
    for (size_t i = 0; i < count; i++) {
        deliveries[i].marked = false;
        start(&deliveries[i], &deliveries[i].told->failure);
    }
    while (!all_done(deliveries, count))
        uv_run(loop, UV_RUN_ONCE);
    for (size_t i = 0; i < count; i++)
        if (deliveries[i].courier)
            conclude(&deliveries[i]);
    return sync_end_asking(s, err);
}

static size_t list_deliveries(struct sync *s, struct sync_delivery *out)
{
    size_t count = 0;

    for (size_t i = 0; i < s->setup.study_count; i++) {
        if (s->setup.studies[i].sink)
            continue;
        out[count] =
            (struct sync_delivery){.sync = s, .study = &s->setup.studies[i], .told = &s->result->deliveries[count]};
        out[count].told->study = s->setup.studies[i].config->id;
        count++;
    }
    return count;
}

/* What waits for a database whose courier could not begin: nobody else counted it. */
static enum gw_status count_waiting(struct sync *s, struct gw_error *err)
{
    enum gw_status rc = GW_OK;

    for (size_t i = 0; rc == GW_OK && i < s->result->delivery_count; i++) {
        struct gw_sync_delivery *told = &s->result->deliveries[i];
        struct gw_outbox_size size = {0};

        if (told->failure.status == GW_OK)
            continue;
        rc = gw_outbox_size(s->ledger, told->study, &size, err);
        told->waiting = size.lines;
    }
    return rc;
}

enum gw_status sync_deliver(struct sync *s, bool *marked, struct gw_error *err)
{
    const size_t most = s->setup.study_count;
    struct sync_delivery *deliveries = gw_arena_alloc(s->results, most * sizeof *deliveries);
    enum gw_status rc = GW_OK;

    *marked = false;
    if (!s->result->deliveries)
        s->result->deliveries = gw_arena_alloc(s->results, most * sizeof *s->result->deliveries);
    if (!deliveries || !s->result->deliveries)
        return gw_fail(err, GW_ENOMEM, "service.sync", "the study databases need more memory than allowed");
    s->result->delivery_count = list_deliveries(s, deliveries);
    if (s->result->delivery_count > 0)
        rc = carry(s, deliveries, s->result->delivery_count, err);
    if (rc == GW_OK)
        rc = count_waiting(s, err);
    for (size_t i = 0; i < s->result->delivery_count; i++)
        *marked |= deliveries[i].marked;
    return rc;
}
