/*
 * The ledger's thread: order, group commits, a job's own failure, a failing disk, and an end that leaves no handle.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gateway/ledger/writer.h"
#include "ledger/book.h"

enum { JOBS = 40 };

struct bench {
    struct book *book;
    uv_loop_t loop;
    struct gw_writer *writer;
    uv_thread_t loop_thread;
    int ran[JOBS], ran_count;
    int answered[JOBS], answered_count;
    enum gw_status status[JOBS];
    int closed;
    int resubmit; /* jobs submitted from within done */
};

struct task {
    struct bench *bench;
    int number;
    enum gw_status result;
    const char *watermark;
};

static enum gw_status run(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    struct task *task = ctx;
    struct bench *bench = task->bench;
    const uv_thread_t self = uv_thread_self();
    const struct gw_cursor cursor = {"hm-ehr", task->number, "q", "", ""};

    cr_assert(!uv_thread_equal(&self, &bench->loop_thread), "the ledger has a thread of its own");
    bench->ran[bench->ran_count++] = task->number;
    enum gw_status rc = gw_ledger_move(ledger, &cursor, task->watermark, err);
    if (rc == GW_OK && task->result != GW_OK)
        return gw_fail(err, task->result, "test", "job %d fails", task->number);
    return rc;
}

static void submit(struct bench *bench, struct task *task, size_t entries);

static void done(void *ctx, const struct gw_error *failure)
{
    struct task *task = ctx;
    struct bench *bench = task->bench;
    const uv_thread_t self = uv_thread_self();

    cr_assert(uv_thread_equal(&self, &bench->loop_thread), "answers come on the loop");
    bench->answered[bench->answered_count++] = task->number;
    bench->status[task->number] = failure ? failure->status : GW_OK;
    if (bench->resubmit > 0) {
        bench->resubmit--;
        task->number += 20;
        submit(bench, task, 1);
    }
}

static void closed(void *ctx)
{
    ((struct bench *)ctx)->closed++;
}

static void submit(struct bench *bench, struct task *task, size_t entries)
{
    task->bench = bench;
    if (!task->watermark)
        task->watermark = "t1";
    BOOK_OK(bench->book, gw_writer_submit(bench->writer, entries, run, done, task, &bench->book->err));
}

static void bench_init(struct bench *bench)
{
    *bench = (struct bench){.book = book_new(), .loop_thread = uv_thread_self()};
    cr_assert(uv_loop_init(&bench->loop) == 0);
    BOOK_OK(bench->book, gw_writer_start(&bench->loop, bench->book->ledger, &bench->writer, &bench->book->err));
}

static void bench_release(struct bench *bench)
{
    if (!bench->closed) {
        gw_writer_stop(bench->writer, closed, bench);
        uv_run(&bench->loop, UV_RUN_DEFAULT);
    }
    cr_expect(bench->closed == 1);
    cr_expect(uv_loop_close(&bench->loop) == 0, "a handle is left");
    book_free(bench->book);
}

static bool moved(struct bench *bench, int number)
{
    const struct gw_cursor cursor = {"hm-ehr", number, "q", "", ""};
    const char *watermark;

    BOOK_OK(bench->book,
            gw_ledger_cursor(bench->book->ledger, &bench->book->arena, &cursor, &watermark, &bench->book->err));
    return watermark != NULL;
}

Test(writer, runs_jobs_in_order_and_answers_in_order)
{
    struct bench bench;
    struct task tasks[JOBS];

    bench_init(&bench);
    for (int i = 0; i < JOBS; i++) {
        tasks[i] = (struct task){.number = i};
        submit(&bench, &tasks[i], 300);
    }
    cr_expect(gw_writer_pending(bench.writer) == 300 * JOBS);
    uv_run(&bench.loop, UV_RUN_DEFAULT); /* ends although the writer lives: it is idle */
    cr_expect(gw_writer_pending(bench.writer) == 0);
    cr_assert(bench.ran_count == JOBS && bench.answered_count == JOBS);
    for (int i = 0; i < JOBS; i++)
        cr_expect(bench.ran[i] == i && bench.answered[i] == i && bench.status[i] == GW_OK);
    gw_writer_stop(bench.writer, closed, &bench);
    uv_run(&bench.loop, UV_RUN_DEFAULT);
    for (int i = 0; i < JOBS; i++)
        cr_expect(moved(&bench, i), "job %d is durable", i);
    bench_release(&bench);
}

/* It finds what was submitted before it committed, and may begin and commit as it likes. */
static enum gw_status run_alone(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    struct task *task = ctx;
    enum gw_status rc = gw_ledger_begin(ledger, err);

    if (rc == GW_OK)
        rc = run(ledger, ctx, err);
    if (rc == GW_OK)
        rc = gw_ledger_commit(ledger, err);
    if (task->number == 3)
        return gw_fail(err, GW_EINPUT, "test", "after its commit");
    return rc;
}

static void submit_alone(struct bench *bench, struct task *task)
{
    task->bench = bench;
    task->watermark = "t1";
    BOOK_OK(bench->book, gw_writer_submit_alone(bench->writer, run_alone, done, task, &bench->book->err));
}

Test(writer, runs_a_job_that_stands_alone_between_the_others)
{
    struct bench bench;
    struct task tasks[6];

    bench_init(&bench);
    for (int i = 0; i < 6; i++) {
        tasks[i] = (struct task){.number = i, .result = i == 4 ? GW_EINPUT : GW_OK};
        if (i == 1 || i == 3 || i == 4)
            submit_alone(&bench, &tasks[i]);
        else
            submit(&bench, &tasks[i], 1);
    }
    cr_expect(gw_writer_jobs(bench.writer) == 6);
    uv_run(&bench.loop, UV_RUN_DEFAULT);
    cr_expect(gw_writer_jobs(bench.writer) == 0);
    cr_assert(bench.answered_count == 6);
    for (int i = 0; i < 6; i++)
        cr_expect(bench.answered[i] == i && (bench.status[i] == GW_OK) == (i != 3 && i != 4), "job %d", i);
    gw_writer_stop(bench.writer, closed, &bench);
    uv_run(&bench.loop, UV_RUN_DEFAULT);
    for (int i = 0; i < 6; i++)
        cr_expect(moved(&bench, i) == (i != 4), "job %d: what it did not commit is taken back", i);
    bench_release(&bench);
}

Test(writer, takes_back_only_the_job_that_failed)
{
    struct bench bench;
    struct task tasks[5];

    bench_init(&bench);
    for (int i = 0; i < 5; i++) {
        tasks[i] = (struct task){.number = i, .result = i == 2 ? GW_EINPUT : GW_OK};
        submit(&bench, &tasks[i], 1);
    }
    uv_run(&bench.loop, UV_RUN_DEFAULT);
    gw_writer_stop(bench.writer, closed, &bench);
    uv_run(&bench.loop, UV_RUN_DEFAULT);
    for (int i = 0; i < 5; i++) {
        cr_expect(bench.status[i] == (i == 2 ? GW_EINPUT : GW_OK));
        cr_expect(moved(&bench, i) == (i != 2));
    }
    bench_release(&bench);
}

Test(writer, finishes_what_was_submitted_before_it_stops)
{
    struct bench bench;
    struct task tasks[JOBS], late = {.number = 1};

    bench_init(&bench);
    for (int i = 0; i < JOBS; i++) {
        tasks[i] = (struct task){.number = i};
        submit(&bench, &tasks[i], 100);
    }
    gw_writer_stop(bench.writer, closed, &bench);
    cr_expect(gw_writer_submit(bench.writer, 1, run, done, &late, &bench.book->err) == GW_ECANCELED);
    uv_run(&bench.loop, UV_RUN_DEFAULT);
    cr_expect(bench.answered_count == JOBS && bench.closed == 1);
    cr_expect(moved(&bench, JOBS - 1));
    bench_release(&bench);
}

Test(writer, takes_jobs_from_within_an_answer)
{
    struct bench bench;
    struct task tasks[10];

    bench_init(&bench);
    bench.resubmit = 10;
    for (int i = 0; i < 10; i++) {
        tasks[i] = (struct task){.number = i};
        submit(&bench, &tasks[i], 1);
    }
    uv_run(&bench.loop, UV_RUN_DEFAULT);
    cr_expect(bench.answered_count == 20);
    bench_release(&bench);
}

Test(writer, starts_and_stops_without_work)
{
    struct bench bench;

    bench_init(&bench);
    bench_release(&bench);
}

/* The thread is held until all is submitted, so that only the count of entries ends a batch. */
static enum gw_status wait_for_all(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    usleep(50 * 1000);
    return run(ledger, ctx, err);
}

static enum gw_status die(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    (void)ledger, (void)ctx, (void)err;
    raise(SIGKILL);
    return GW_OK;
}

static void die_in_the_tenth_job(struct bench *bench)
{
    static struct task tasks[10];

    bench->loop_thread = uv_thread_self();
    if (uv_loop_init(&bench->loop) != 0 || gw_ledger_open(bench->book->path, &bench->book->ledger, NULL) != GW_OK ||
        gw_writer_start(&bench->loop, bench->book->ledger, &bench->writer, NULL) != GW_OK)
        _exit(1);
    for (int i = 0; i < 10; i++) {
        tasks[i] = (struct task){.bench = bench, .number = i, .watermark = "t1"};
        gw_writer_submit(bench->writer, 500, i == 0 ? wait_for_all : i == 9 ? die : run, done, &tasks[i], NULL);
    }
    uv_run(&bench->loop, UV_RUN_DEFAULT);
}

Test(writer, commits_every_thousand_entries)
{
    static struct bench bench;
    int status;

    bench.book = book_new();
    gw_ledger_close(bench.book->ledger);
    bench.book->ledger = NULL;
    const pid_t child = fork();
    if (child == 0)
        die_in_the_tenth_job(&bench);
    cr_assert(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
    book_open(bench.book);
    for (int i = 0; i < 10; i++)
        cr_expect(moved(&bench, i) == (i < 8), "job %d", i);
    book_free(bench.book);
}

static enum gw_status break_disk(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    struct task *task = ctx;
    struct gw_arena arena = GW_ARENA_INIT(1 << 20);
    struct gw_rows rows;
    int64_t number;

    task->bench->ran_count++;
    const enum gw_status rc = gw_ledger_rows(ledger, &arena, task->number, 1, &rows, &number, err);
    gw_arena_release(&arena);
    return rc;
}

Test(writer, fails_everything_once_the_disk_has_failed)
{
    struct bench bench;
    struct task tasks[6];
    struct book *book;

    bench_init(&bench);
    gw_writer_stop(bench.writer, closed, &bench);
    uv_run(&bench.loop, UV_RUN_DEFAULT);
    book = bench.book;
    const int64_t subject = book_enrol(book, "ES-017");
    book_sql(book, "INSERT INTO revisions VALUES (1, 1, 100, x'00112233', NULL)"); /* not what we wrote */
    cr_assert(subject == 1);
    BOOK_OK(book, gw_writer_start(&bench.loop, book->ledger, &bench.writer, &book->err));
    bench.closed = 0;
    for (int i = 0; i < 6; i++) {
        tasks[i] = (struct task){.bench = &bench, .number = i == 2 ? 1 : i + 10, .watermark = "t1"};
        BOOK_OK(book, gw_writer_submit(bench.writer, 1, i == 2 ? break_disk : run, done, &tasks[i], &book->err));
    }
    uv_run(&bench.loop, UV_RUN_DEFAULT);
    cr_expect(bench.answered_count == 6);
    for (int i = 2; i < 6; i++)
        cr_expect(bench.status[tasks[i].number] == GW_EIO, "job %d: %d", i, bench.status[tasks[i].number]);
    gw_writer_stop(bench.writer, closed, &bench);
    uv_run(&bench.loop, UV_RUN_DEFAULT);
    book_reopen(book);
    for (int i = 0; i < 6; i++) /* what was answered well is there, whichever batch it was in */
        if (i != 2)
            cr_expect(moved(&bench, i + 10) == (bench.status[i + 10] == GW_OK), "job %d", i);
    bench_release(&bench);
}
