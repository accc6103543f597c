/*
 * Bulk exports of an endpoint that offers them: one after the other, for as long as the service runs.
 *
 *      wait ──> delivery ──> sources/bulk ──> what is complete now is marked as read ──> derive ──> wait
 *
 * An export that is complete for everybody is a reconciliation of everybody, as of its transactionTime: the schedule
 * then asks for nothing that came with it.
 */
#include <stdlib.h>
#include <string.h>

#include "service/people.h"
#include "service/run_parts.h"
#include "sources/instant.h"

enum { AGAIN_FIRST_S = 60, AGAIN_LAST_S = 3600 };

struct exporter {
    struct hospital *hospital;
    uv_timer_t timer;
    struct people people;
    struct gw_bulk_settings settings;
    struct gw_bulk_member *members;
    struct read_mark *marks; /* of those whose patient was known when it began */
    size_t mark_count;
    enum gw_resource types[GW_RESOURCE_COUNT];
    char *spool;
    struct gw_bulk *bulk; /* NULL: waiting */
    bool busy;            /* with a job of the ledger's thread */
    unsigned failures;
    int64_t complete; /* UTC, of the export that has just ended; 0: it was not complete */
};

static const struct gw_clock *clock_of(const struct exporter *x)
{
    return x->hospital->run->world->clock;
}

static struct generation *generation_of(const struct exporter *x)
{
    return x->hospital->generation;
}

static void on_due(uv_timer_t *timer);

static void wait(struct exporter *x, int64_t seconds)
{
    if (!generation_of(x)->closing)
        gw_clock_start(clock_of(x), &x->timer, on_due, (uint64_t)(seconds > 0 ? seconds : 1) * 1000);
}

static void wait_after_failure(struct exporter *x, int32_t retry_after_s)
{
    const int64_t doubled = (int64_t)AGAIN_FIRST_S << (x->failures < 6 ? x->failures : 6);
    const int64_t wait_s = doubled < AGAIN_LAST_S ? doubled : AGAIN_LAST_S;

    x->failures++;
    wait(x, retry_after_s > wait_s ? retry_after_s : wait_s);
}

/* A job of the ledger's thread that the generation waits for. */
static bool do_job(struct exporter *x, gw_writer_run job, gw_writer_done done)
{
    struct gw_error failure;

    x->busy = gw_writer_submit(x->hospital->run->writer, 1, job, done, x, &failure) == GW_OK;
    generation_of(x)->open += x->busy;
    return x->busy;
}

static bool job_failed(struct exporter *x, const struct gw_error *failure)
{
    x->busy = false;
    run_fail(x->hospital->run, failure);
    return failure != NULL;
}

/* ---- what came is marked as read ---- */

static enum gw_status mark_job(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    const struct exporter *x = ctx;
    enum gw_status rc = GW_OK;

    for (size_t i = 0; rc == GW_OK && i < x->mark_count; i++)
        rc = watch_mark_read(&x->marks[i], ledger, x->complete, err);
    return rc;
}

static void on_marked(void *ctx, const struct gw_error *failure)
{
    struct exporter *x = ctx;

    if (!job_failed(x, failure))
        for (size_t i = 0; i < x->mark_count; i++)
            watch_was_read(&x->marks[i], x->complete);
    generation_part_closed(generation_of(x));
}

/* ---- one export ---- */

/* The time up to which every type is complete; 0: one of them is not. */
static int64_t completeness(const struct gw_bulk_result *result)
{
    int64_t least = INT64_MAX;

    for (size_t i = 0; i < result->type_count; i++) {
        int64_t instant;

        if (result->types[i].refused)
            continue; /* the server has none of it */
        if (!gw_instant_read(result->types[i].as_of, &instant))
            return 0;
        least = instant / NANOSECONDS < least ? instant / NANOSECONDS : least;
    }
    return least == INT64_MAX ? 0 : least;
}

static void tell(const struct exporter *x, const struct gw_bulk_result *result, const struct gw_error *failure)
{
    const bool fine = !failure && !result->partial;

    gw_log(x->hospital->run->log, fine ? GW_LOG_INFO : GW_LOG_WARNING, failure ? "export.failed" : "export.done",
           GW_LOG_TEXT("endpoint", x->hospital->endpoint->config->id), GW_LOG_NUMBER("files", (int64_t)result->files),
           GW_LOG_NUMBER("lost", (int64_t)result->lost), GW_LOG_NUMBER("bytes", (int64_t)result->bytes),
           GW_LOG_NUMBER("entries", (int64_t)result->entries), GW_LOG_NUMBER("new", (int64_t)result->fresh),
           GW_LOG_NUMBER("invalid", (int64_t)result->invalid), GW_LOG_NUMBER("outcomes", (int64_t)result->outcomes),
           GW_LOG_NUMBER("partial", result->partial), GW_LOG_TEXT("note", *result->note ? result->note : NULL),
           GW_LOG_TEXT("reason", failure ? failure->text : NULL));
}

static void on_exported(void *ctx, const struct gw_bulk_result *result, const struct gw_error *failure)
{
    struct exporter *x = ctx;
    struct generation *generation = generation_of(x);

    x->bulk = NULL;
    x->complete = 0;
    if ((failure && failure->status != GW_ECANCELED) || (!failure && !result->idle))
        tell(x, result, failure);
    run_fail(x->hospital->run, failure);
    if (failure) {
        wait_after_failure(x, result->retry_after_s);
    } else {
        x->failures = 0;
        x->complete = result->idle || result->partial ? 0 : completeness(result);
        if (x->complete && !generation->closing)
            do_job(x, mark_job, on_marked);
        wait(x, result->wait_s);
    }
    generation_part_closed(generation);
}

static enum gw_status open_delivery(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    struct exporter *x = ctx;
    char day[11];

    gw_day_print(gw_zone_day_at(gw_site_zone(generation_of(x)->setup.sites[0].site), run_now(x->hospital->run)), day);
    return gw_ledger_deliver(ledger, "bulk", day, &x->settings.delivery, err);
}

/* Patients who were found since are asked for too. */
static void list_members(struct exporter *x)
{
    const struct generation *generation = generation_of(x);
    size_t count = 0;

    x->mark_count = 0;
    for (size_t i = 0; i < generation->watch_count; i++) {
        struct watch *watch = &generation->watches[i];

        if (watch->hospital != x->hospital)
            continue;
        x->members[count++] = (struct gw_bulk_member){watch->subject->number, watch->patient};
        if (watch->patient && people_know(&x->people, watch->patient, watch->subject->number))
            x->marks[x->mark_count++] = watch_mark(watch);
    }
    x->settings.members = x->members;
    x->settings.member_count = count;
}

static void on_delivery(void *ctx, const struct gw_error *failure)
{
    struct exporter *x = ctx;
    struct generation *generation = generation_of(x);
    struct gw_error refused;

    if (job_failed(x, failure)) {
        wait_after_failure(x, 0);
    } else if (!generation->closing) {
        list_members(x);
        if (gw_bulk_start(x->hospital->run->world->loop, &x->settings, on_exported, x, &x->bulk, &refused) == GW_OK)
            generation->open++;
        else
            wait_after_failure(x, 0);
    }
    generation_part_closed(generation);
}

static void on_due(uv_timer_t *timer)
{
    struct exporter *x = timer->data;

    if (x->busy)
        wait(x, 0); /* the last one is still being marked */
    else if (!do_job(x, open_delivery, on_delivery))
        wait_after_failure(x, 0);
}

/* ---- its life ---- */

static bool is_wanted(const struct setup *setup, const struct setup_endpoint *endpoint, enum gw_resource type)
{
    for (size_t i = 0; endpoint->profile.reads[type] && i < setup->study_count; i++)
        if (gw_study_reads(setup->studies[i].protocol.study, type))
            return true;
    return false;
}

static void set_up(struct exporter *x)
{
    struct hospital *hospital = x->hospital;
    const struct gw_config_endpoint *config = hospital->endpoint->config;

    for (int type = GW_RESOURCE_OTHER + 1; type < GW_RESOURCE_COUNT; type++)
        if (is_wanted(&hospital->generation->setup, hospital->endpoint, (enum gw_resource)type))
            x->types[x->settings.type_count++] = (enum gw_resource)type;
    x->settings.web = gw_dispatcher_web(hospital->dispatcher);
    x->settings.store = &hospital->run->store.store;
    x->settings.notebook = &hospital->run->notebook.notebook;
    x->settings.intake = &x->people.intake;
    x->settings.clock = clock_of(x);
    x->settings.spool = x->spool;
    x->settings.level = config->bulk_level;
    x->settings.group = config->bulk_group;
    x->settings.by_patient = config->bulk_by_patient;
    x->settings.every_hours = config->bulk_hours;
    x->settings.types = x->types;
}

static enum gw_status allocate(struct exporter *x, size_t endpoint, struct gw_error *err)
{
    const struct generation *generation = generation_of(x);
    struct gw_text spool = GW_TEXT_INIT(4096);

    gw_text_print(&spool, "%s/spool-%s", generation->config.state, x->hospital->endpoint->config->id);
    x->spool = spool.failed ? NULL : strdup(spool.at);
    gw_text_release(&spool);
    x->members = calloc(generation->watch_count + 1, sizeof *x->members);
    x->marks = calloc(generation->watch_count + 1, sizeof *x->marks);
    if (!x->spool || !x->members || !x->marks)
        return gw_fail(err, GW_ENOMEM, "service.run", "no memory for the export of an endpoint");
    return people_open(&x->people, &generation->setup, endpoint, err);
}

static void release(struct exporter *x)
{
    people_release(&x->people);
    free(x->members);
    free(x->marks);
    free(x->spool);
    free(x);
}

enum gw_status export_start(struct hospital *hospital, size_t endpoint, struct gw_error *err)
{
    struct exporter *x = calloc(1, sizeof *x);
    enum gw_status rc;

    if (!x)
        return gw_fail(err, GW_ENOMEM, "service.run", "no memory for the export of an endpoint");
    x->hospital = hospital;
    rc = allocate(x, endpoint, err);
    if (rc != GW_OK) {
        release(x);
        return rc;
    }
    set_up(x);
    uv_timer_init(hospital->run->world->loop, &x->timer);
    x->timer.data = x;
    hospital->export = x;
    hospital->generation->open++;
    wait(x, 0);
    return GW_OK;
}

static void on_closed(uv_handle_t *handle)
{
    generation_part_closed(generation_of(handle->data));
}

void export_close(struct exporter *x)
{
    gw_clock_stop(clock_of(x), &x->timer);
    if (x->bulk)
        gw_bulk_cancel(x->bulk);
    uv_close((uv_handle_t *)&x->timer, on_closed);
}

void export_free(struct exporter *x)
{
    if (x)
        release(x);
}

bool export_at_work(const struct exporter *x)
{
    return x && x->bulk && gw_bulk_at_work(x->bulk);
}
