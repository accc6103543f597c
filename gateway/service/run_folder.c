/*
 * A folder that a hospital puts files into, at work.
 *
 * A file says nothing of what is not in it. The day on which it came is the day up to which its hospital's subjects are
 * known: whoever delivers by files delivers what there is.
 */
#include <stdlib.h>

#include "service/people.h"
#include "service/run_parts.h"

enum { AGAIN_MS = 300000 }; /* a folder that was away: a file server comes back */

struct intray {
    struct hospital *hospital;
    uv_timer_t timer;
    struct people people;
    struct gw_folder_settings settings;
    struct gw_folder *folder; /* NULL: it has ended */
    int64_t as_of;            /* UTC, of the file at hand */
    struct read_mark *marks;  /* of all its subjects */
    size_t mark_count;
    gw_writer_done noted; /* the folder's */
    void *noted_ctx;
};

static enum gw_status mark_job(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    const struct intray *intray = ctx;
    enum gw_status rc = GW_OK;

    for (size_t i = 0; rc == GW_OK && i < intray->mark_count; i++)
        rc = watch_mark_read(&intray->marks[i], ledger, intray->as_of, err);
    return rc;
}

static void on_marked(void *ctx, const struct gw_error *failure)
{
    struct intray *intray = ctx;

    for (size_t i = 0; !failure && i < intray->mark_count; i++)
        watch_was_read(&intray->marks[i], intray->as_of);
    intray->noted(intray->noted_ctx, failure);
}

static void list_marks(struct intray *intray)
{
    const struct generation *generation = intray->hospital->generation;

    intray->mark_count = 0;
    for (size_t i = 0; i < generation->watch_count; i++)
        if (generation->watches[i].hospital == intray->hospital)
            intray->marks[intray->mark_count++] = watch_mark(&generation->watches[i]);
}

/* Also when the generation closes: the file will not come again. */
static enum gw_status mark(void *ctx, gw_writer_done done, void *done_ctx, struct gw_error *err)
{
    struct intray *intray = ctx;
    struct gw_run *run = intray->hospital->run;

    list_marks(intray);
    intray->as_of = run_now(run);
    intray->noted = done;
    intray->noted_ctx = done_ctx;
    return gw_writer_submit(run->writer, 1, mark_job, on_marked, intray, err);
}

/* Its name is the hospital's choice and may tell of a patient: the log counts it and no more. */
static void on_file(void *ctx, const struct gw_folder_file *file)
{
    const struct intray *intray = ctx;

    gw_log(intray->hospital->run->log, file->failed ? GW_LOG_WARNING : GW_LOG_INFO,
           file->failed ? "file.failed" : "file.done", GW_LOG_TEXT("endpoint", intray->hospital->endpoint->config->id),
           GW_LOG_NUMBER("entries", (int64_t)file->entries), GW_LOG_NUMBER("new", (int64_t)file->fresh),
           GW_LOG_NUMBER("invalid", (int64_t)file->invalid));
}

static void on_purged(void *ctx, size_t removed, size_t left)
{
    const struct intray *intray = ctx;

    gw_log(intray->hospital->run->log, left ? GW_LOG_WARNING : GW_LOG_INFO, "folder.purged",
           GW_LOG_TEXT("endpoint", intray->hospital->endpoint->config->id), GW_LOG_NUMBER("removed", (int64_t)removed),
           GW_LOG_NUMBER("left", (int64_t)left));
}

static void on_again(uv_timer_t *timer);

static void on_ended(void *ctx, const struct gw_error *failure)
{
    struct intray *intray = ctx;
    struct hospital *hospital = intray->hospital;

    intray->folder = NULL;
    if (failure)
        gw_log(hospital->run->log, GW_LOG_ERROR, "folder.ended",
               GW_LOG_TEXT("endpoint", hospital->endpoint->config->id), GW_LOG_TEXT("reason", failure->text));
    run_fail(hospital->run, failure);
    if (!hospital->generation->closing)
        gw_clock_start(hospital->run->world->clock, &intray->timer, on_again, AGAIN_MS);
    generation_part_closed(hospital->generation);
}

static enum gw_status look(struct intray *intray, struct gw_error *err)
{
    const enum gw_status rc =
        gw_folder_start(intray->hospital->run->world->loop, &intray->settings, on_ended, intray, &intray->folder, err);

    intray->hospital->generation->open += rc == GW_OK;
    return rc;
}

static void on_again(uv_timer_t *timer)
{
    struct intray *intray = timer->data;
    struct gw_error failure;

    if (look(intray, &failure) != GW_OK)
        gw_clock_start(intray->hospital->run->world->clock, timer, on_again, AGAIN_MS);
}

static void set_up(struct intray *intray)
{
    struct gw_run *run = intray->hospital->run;
    const struct gw_config_folder *folder = intray->hospital->endpoint->folder;

    intray->settings = (struct gw_folder_settings){.store = &run->store.store,
                                                   .deliveries = &run->deliveries.deliveries,
                                                   .intake = &intray->people.intake,
                                                   .clock = run->world->clock,
                                                   .path = folder->path,
                                                   .quiet_s = folder->quiet_seconds,
                                                   .by_record_number = intray->people.enrolment.by_record_number,
                                                   .done_days = folder->done_days,
                                                   .read = mark,
                                                   .purged = on_purged,
                                                   .ended = on_file,
                                                   .ctx = intray};
}

enum gw_status intray_start(struct hospital *hospital, size_t endpoint, struct gw_error *err)
{
    struct intray *intray = calloc(1, sizeof *intray);
    enum gw_status rc;

    if (!intray)
        return gw_fail(err, GW_ENOMEM, "service.run", "no memory for a folder");
    intray->hospital = hospital;
    intray->marks = calloc(hospital->generation->watch_count + 1, sizeof *intray->marks);
    rc = intray->marks ? people_open(&intray->people, &hospital->generation->setup, endpoint, err)
                       : gw_fail(err, GW_ENOMEM, "service.run", "no memory for a folder");
    set_up(intray);
    if (rc == GW_OK)
        rc = look(intray, err);
    if (rc != GW_OK) {
        intray_free(intray);
        return rc;
    }
    uv_timer_init(hospital->run->world->loop, &intray->timer);
    intray->timer.data = intray;
    hospital->intray = intray;
    hospital->generation->open++;
    return GW_OK;
}

static void on_closed(uv_handle_t *handle)
{
    generation_part_closed(((struct intray *)handle->data)->hospital->generation);
}

void intray_close(struct intray *intray)
{
    gw_clock_stop(intray->hospital->run->world->clock, &intray->timer);
    uv_close((uv_handle_t *)&intray->timer, on_closed);
    if (intray->folder)
        gw_folder_stop(intray->folder);
}

void intray_free(struct intray *intray)
{
    if (!intray)
        return;
    people_release(&intray->people);
    free(intray->marks);
    free(intray);
}

bool intray_at_work(const struct intray *intray)
{
    return intray && intray->folder && gw_folder_at_work(intray->folder);
}
