/*
 * The ledger's thread and its queue.
 *
 *      loop:    submit ──> queue                                    answered ──> done, done, ...
 *                            │ (lock, wake)                            ^ (lock, async)
 *      thread:               └──> begin ──> job in a savepoint, ... ──> commit
 *
 * wake is posted once a job and once to stop; who takes several jobs at once finds it posted with none there, and waits
 * again. A semaphore, because glibc 2.36's condition variables may lose a wake-up (its bug 25847).
 *
 * The loop alone touches pending and stopping's callbacks; what both sides touch lies under the lock.
 */
#include "gateway/ledger/writer.h"

#include <assert.h>
#include <stdlib.h>

#include "ledger/store.h"

enum { BATCH_ENTRIES = 1000, BATCH_NANOSECONDS = 200 * 1000 * 1000 };

struct job {
    struct job *next;
    size_t entries;
    bool alone; /* outside any transaction of ours */
    gw_writer_run run;
    gw_writer_done done;
    void *ctx;
    enum gw_status status;
    struct gw_error err;
};

struct queue {
    struct job *first;
    struct job **end;
};

struct gw_writer {
    uv_async_t async; /* data: the writer */
    uv_thread_t thread;
    uv_mutex_t lock;
    uv_sem_t wake;
    struct gw_ledger *ledger;

    /* Under the lock. */
    struct queue submitted;
    struct queue answered;
    bool stopping;
    bool ended;

    /* The loop's. */
    size_t jobs;    /* submitted and not answered */
    size_t pending; /* their entries */
    void (*closed)(void *ctx);
    void *closed_ctx;
};

static void queue_init(struct queue *queue)
{
    queue->first = NULL;
    queue->end = &queue->first;
}

static void queue_add(struct queue *queue, struct job *job)
{
    job->next = NULL;
    *queue->end = job;
    queue->end = &job->next;
}

static struct job *queue_take(struct queue *queue)
{
    struct job *job = queue->first;

    if (job && !(queue->first = job->next))
        queue->end = &queue->first;
    return job;
}

/* ---- the thread ---- */

/* The first to be submitted, waited for; NULL: stopping, and none is left. */
static struct job *take_first(struct gw_writer *writer)
{
    struct job *job;
    bool ends;

    do {
        uv_sem_wait(&writer->wake);
        uv_mutex_lock(&writer->lock);
        job = queue_take(&writer->submitted);
        ends = writer->stopping;
        uv_mutex_unlock(&writer->lock);
    } while (!job && !ends);
    return job;
}

/* Another for the same transaction; NULL: none is there, or the next one stands alone. */
static struct job *take_another(struct gw_writer *writer)
{
    uv_mutex_lock(&writer->lock);
    const struct job *first = writer->submitted.first;
    struct job *job = first && !first->alone ? queue_take(&writer->submitted) : NULL;
    uv_mutex_unlock(&writer->lock);
    return job;
}

static void answer(struct gw_writer *writer, struct queue *batch, bool ended)
{
    uv_mutex_lock(&writer->lock);
    for (struct job *job; (job = queue_take(batch));)
        queue_add(&writer->answered, job);
    writer->ended = ended;
    uv_mutex_unlock(&writer->lock);
    uv_async_send(&writer->async);
}

/* A job's own failure takes back the job alone. */
static void run_job(struct gw_writer *writer, struct job *job)
{
    struct step step;

    job->status = step_begin(writer->ledger, &step, &job->err);
    if (job->status == GW_OK)
        job->status = step_end(writer->ledger, &step, job->run(writer->ledger, job->ctx, &job->err), &job->err);
}

/* Nothing of the batch is durable: every job that has no reason of its own fails with that of the commit. */
static void fail_batch(struct queue *batch, const struct gw_error *err)
{
    for (struct job *job = batch->first; job; job = job->next)
        if (job->status == GW_OK) {
            job->status = err->status;
            job->err = *err;
        }
}

static void run_batch(struct gw_writer *writer, struct job *job, struct queue *batch)
{
    const uint64_t begun = uv_hrtime();
    struct gw_error err = {.status = GW_OK};
    size_t entries = 0;
    enum gw_status rc = gw_ledger_begin(writer->ledger, &err);

    for (; job; job = take_another(writer)) {
        job->status = GW_OK;
        queue_add(batch, job);
        if (rc == GW_OK)
            run_job(writer, job);
        entries += job->entries;
        if (rc != GW_OK || entries >= BATCH_ENTRIES || uv_hrtime() - begun >= BATCH_NANOSECONDS)
            break;
    }
    if (rc == GW_OK)
        rc = gw_ledger_commit(writer->ledger, &err);
    else
        gw_ledger_rollback(writer->ledger);
    if (rc != GW_OK)
        fail_batch(batch, &err);
}

static void run_alone(struct gw_writer *writer, struct job *job, struct queue *batch)
{
    queue_add(batch, job);
    job->status = job->run(writer->ledger, job->ctx, &job->err);
    if (job->status != GW_OK)
        gw_ledger_rollback(writer->ledger);
}

static void thread_main(void *arg)
{
    struct gw_writer *writer = arg;
    struct queue batch;

    queue_init(&batch);
    for (struct job *job; (job = take_first(writer));) {
        (job->alone ? run_alone : run_batch)(writer, job, &batch);
        answer(writer, &batch, false);
    }
    answer(writer, &batch, true);
}

/* ---- the loop ---- */

static void on_closed(uv_handle_t *handle)
{
    struct gw_writer *writer = handle->data;
    void (*closed)(void *) = writer->closed;
    void *ctx = writer->closed_ctx;

    uv_sem_destroy(&writer->wake);
    uv_mutex_destroy(&writer->lock);
    free(writer);
    closed(ctx);
}

/* Answer the jobs that were there when this began; one that submits another is answered by a later call. */
static void on_answered(uv_async_t *async)
{
    struct gw_writer *writer = async->data;

    uv_mutex_lock(&writer->lock);
    struct job *answered = writer->answered.first;
    queue_init(&writer->answered);
    const bool ended = writer->ended;
    uv_mutex_unlock(&writer->lock);

    for (struct job *job = answered, *next; job; job = next) {
        next = job->next;
        writer->jobs--;
        writer->pending -= job->entries;
        job->done(job->ctx, job->status == GW_OK ? NULL : &job->err);
        free(job);
    }
    if (ended) {
        uv_thread_join(&writer->thread);
        uv_close((uv_handle_t *)&writer->async, on_closed);
    } else if (writer->jobs == 0 && !writer->closed) {
        uv_unref((uv_handle_t *)&writer->async); /* an idle writer keeps no loop alive */
    }
}

static enum gw_status start_thread(struct gw_writer *writer, struct gw_error *err)
{
    if (uv_mutex_init(&writer->lock) != 0)
        return ledger_no_memory(err, "the ledger's thread");
    if (uv_sem_init(&writer->wake, 0) == 0) {
        if (uv_thread_create(&writer->thread, thread_main, writer) == 0)
            return GW_OK;
        uv_sem_destroy(&writer->wake);
    }
    uv_mutex_destroy(&writer->lock);
    return ledger_no_memory(err, "the ledger's thread");
}

static void on_refused(uv_handle_t *handle)
{
    free(handle->data);
}

enum gw_status gw_writer_start(uv_loop_t *loop, struct gw_ledger *ledger, struct gw_writer **out, struct gw_error *err)
{
    struct gw_writer *writer = calloc(1, sizeof *writer);

    if (!writer || uv_async_init(loop, &writer->async, on_answered) != 0) {
        free(writer);
        return ledger_no_memory(err, "the ledger's thread");
    }
    writer->async.data = writer;
    writer->ledger = ledger;
    queue_init(&writer->submitted);
    queue_init(&writer->answered);
    uv_unref((uv_handle_t *)&writer->async);
    const enum gw_status rc = start_thread(writer, err);
    if (rc != GW_OK) {
        uv_close((uv_handle_t *)&writer->async, on_refused);
        return rc;
    }
    *out = writer;
    return GW_OK;
}

static enum gw_status submit(struct gw_writer *writer, const struct job *what, struct gw_error *err)
{
    if (writer->closed)
        return gw_fail(err, GW_ECANCELED, "ledger.writer", "the ledger is closing; nothing more is kept");
    struct job *job = malloc(sizeof *job);
    if (!job)
        return ledger_no_memory(err, "a page to be kept");
    *job = *what;
    if (writer->jobs++ == 0)
        uv_ref((uv_handle_t *)&writer->async);
    writer->pending += job->entries;
    uv_mutex_lock(&writer->lock);
    queue_add(&writer->submitted, job);
    uv_mutex_unlock(&writer->lock);
    uv_sem_post(&writer->wake);
    return GW_OK;
}

enum gw_status gw_writer_submit(struct gw_writer *writer, size_t entries, gw_writer_run run, gw_writer_done done,
                                void *ctx, struct gw_error *err)
{
    const struct job job = {.entries = entries, .run = run, .done = done, .ctx = ctx};

    return submit(writer, &job, err);
}

enum gw_status gw_writer_submit_alone(struct gw_writer *writer, gw_writer_run run, gw_writer_done done, void *ctx,
                                      struct gw_error *err)
{
    const struct job job = {.alone = true, .run = run, .done = done, .ctx = ctx};

    return submit(writer, &job, err);
}

size_t gw_writer_pending(const struct gw_writer *writer)
{
    return writer->pending;
}

size_t gw_writer_jobs(const struct gw_writer *writer)
{
    return writer->jobs;
}

void gw_writer_stop(struct gw_writer *writer, void (*closed)(void *ctx), void *ctx)
{
    assert(!writer->closed && closed);
    writer->closed = closed;
    writer->closed_ctx = ctx;
    uv_ref((uv_handle_t *)&writer->async);
    uv_mutex_lock(&writer->lock);
    writer->stopping = true;
    uv_mutex_unlock(&writer->lock);
    uv_sem_post(&writer->wake);
}
