/*
 * A ledger with six subjects, a study database on a real PostgreSQL, a courier between them, and a wire that breaks
 * when it is told to. What the tables must say is worked out from settle().
 */
#ifndef SERVICE_COURIER_BENCH_H
#define SERVICE_COURIER_BENCH_H

#include "gateway/ledger/refusals.h"
#include "gateway/sinks/postgres.h"
#include "ledger/book.h"
#include "service/courier.h"
#include "support/chance.h"
#include "support/fake_wire.h"
#include "support/postgres.h"

enum { SUBJECTS = 6, ROWS = 8 };

struct bench {
    struct book *book;
    int64_t subjects[SUBJECTS];
    uv_loop_t loop;
    struct gw_writer *writer;
    struct fake_wire *wire;
    struct gw_postgres_target target;
    struct courier *courier;
    char schema[64];
    int64_t inspect_s;
    bool writer_stopped, courier_stopped;
    size_t told;
};

static inline void on_news(void *ctx, const struct courier_news *news)
{
    struct bench *b = ctx;

    (void)news;
    b->told++;
}

static inline void lay(struct bench *b)
{
    struct gw_error err;
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);

    cr_assert(gw_sink_postgres_print(&b->target, out, &err) == GW_OK, "%s", err.text);
    fclose(out);
    cluster_exec(text);
    free(text);
}

static inline void set_up(struct bench *b, const char *schema)
{
    *b = (struct bench){.book = book_new(), .inspect_s = 1000000};
    uv_loop_init(&b->loop);
    b->wire = fake_wire_open(&b->loop, cluster_port());
    snprintf(b->schema, sizeof b->schema, "%s", schema);
    b->target = (struct gw_postgres_target){.connection = cluster_settings(),
                                            .schema = b->schema,
                                            .study = "lendex",
                                            .installation = "hm",
                                            .purpose = "production"};
    lay(b);
    b->target.connection.host = "127.0.0.1";
    b->target.connection.port = fake_wire_port(b->wire);
    b->target.connection.plain = true;
    for (int i = 0; i < SUBJECTS; i++)
        b->subjects[i] = book_enrol(b->book, gw_arena_print(&b->book->arena, "ES-%03d", i));
}

/* A new revision of a subject: some of its rows are other ones than before. */
static inline void settle(struct bench *b, int subject, int revision)
{
    struct gw_kept_facts facts = book_facts(b->book, b->subjects[subject]);
    const struct gw_derived derived = book_derive(b->book, &facts, GW_STATE_HELD);
    struct gw_rows rows = {0};

    for (int r = 0; r < ROWS; r++) {
        struct gw_row_observations *row;

        if ((r + revision) % 5 == 0)
            continue; /* withdrawn, if it was there */
        book_row(b->book, &rows, gw_arena_print(&b->book->arena, "o%d", r),
                 gw_arena_print(&b->book->arena, "%d.%d", r < 3 ? 1 : revision, r));
        row = (struct gw_row_observations *)rows.tables[GW_TABLE_observations]
                  .rows[rows.tables[GW_TABLE_observations].count - 1];
        row->subject_key = gw_arena_print(&b->book->arena, "ES-%03d", subject);
    }
    book_settle(b->book, &facts, &derived, &rows, "2024-12-31T10:00:00Z");
}

static inline void settle_all(struct bench *b, int revision)
{
    for (int s = 0; s < SUBJECTS; s++)
        settle(b, s, revision);
}

static inline void start(struct bench *b)
{
    struct courier_settings settings = {.loop = &b->loop,
                                        .clock = &gw_system_clock,
                                        .study = "lendex",
                                        .inspect_s = b->inspect_s,
                                        .tell = on_news,
                                        .ctx = b};
    struct gw_error err;

    cr_assert(gw_writer_start(&b->loop, b->book->ledger, &b->writer, &err) == GW_OK);
    settings.writer = b->writer;
    cr_assert(gw_sink_postgres_open(&b->loop, &gw_system_clock, &b->target, &settings.remote, &err) == GW_OK, "%s",
              err.text);
    cr_assert(courier_start(&settings, &b->courier, &err) == GW_OK);
    b->writer_stopped = b->courier_stopped = false;
}

static inline void on_courier_stopped(void *ctx)
{
    ((struct bench *)ctx)->courier_stopped = true;
}

static inline void on_writer_stopped(void *ctx)
{
    ((struct bench *)ctx)->writer_stopped = true;
}

static inline void stop(struct bench *b)
{
    courier_stop(b->courier, on_courier_stopped, b);
    while (!b->courier_stopped)
        uv_run(&b->loop, UV_RUN_ONCE);
    gw_writer_stop(b->writer, on_writer_stopped, b);
    while (!b->writer_stopped)
        uv_run(&b->loop, UV_RUN_ONCE);
}

static inline bool is_idle(const struct bench *b)
{
    return courier_news(b->courier)->state == COURIER_IDLE;
}

static inline void deliver_all(struct bench *b)
{
    start(b);
    while (!is_idle(b) && courier_news(b->courier)->state != COURIER_STOPPED)
        uv_run(&b->loop, UV_RUN_ONCE);
    cr_expect(is_idle(b), "%s", courier_news(b->courier)->reason.text);
    stop(b);
}

static inline void tear_down(struct bench *b)
{
    fake_wire_close(b->wire);
    uv_run(&b->loop, UV_RUN_DEFAULT);
    cr_expect(uv_loop_close(&b->loop) == 0, "the loop holds nothing of it");
    book_free(b->book);
}

static inline bool says(struct bench *b, const char *sql, const char *wanted)
{
    char text[2000];

    snprintf(text, sizeof text, "SET search_path TO %s; %s", b->schema, sql);
    return cluster_says(text, wanted);
}

static inline void exec(struct bench *b, const char *sql)
{
    char text[2000];

    snprintf(text, sizeof text, "SET search_path TO %s; %s", b->schema, sql);
    cluster_exec(text);
}

/* What the tables must say, worked out from settle() above. */
static inline const char *wanted_rows(struct bench *b, int subject, int revision)
{
    struct gw_text text = GW_TEXT_INIT(4096);
    const char *out;

    for (int r = 0; r < ROWS; r++)
        if ((r + revision) % 5 != 0)
            gw_text_print(&text, "%so%d=%d.%d", text.length ? " " : "", r, r < 3 ? 1 : revision, r);
    (void)subject;
    out = gw_arena_print(&b->book->arena, "%s", text.at);
    gw_text_release(&text);
    return out;
}

static inline void expect_tables(struct bench *b, int revision, const char *name)
{
    for (int s = 0; s < SUBJECTS; s++) {
        char sql[300];

        snprintf(sql, sizeof sql,
                 "SELECT string_agg(row_id || '=' || value_num, ' ' ORDER BY row_id) FROM observations"
                 " WHERE subject_key = 'ES-%03d' AND status = 'active'",
                 s);
        cr_expect(says(b, sql, wanted_rows(b, s, revision)), "%s: subject %d", name, s);
    }
    /* Without gap or double: every batch begins where the one before it ended, the first at nothing. */
    cr_expect(says(b,
                   "SELECT count(*) FROM (SELECT from_revision, lag(to_revision, 1, 0::bigint) OVER"
                   " (PARTITION BY subject_key ORDER BY to_revision) AS before FROM batches) x"
                   " WHERE from_revision <> before",
                   "0"),
              "%s", name);
    cr_expect(says(b,
                   "SELECT count(*) FROM receipts r WHERE revision <> (SELECT max(to_revision) FROM batches b "
                   "WHERE b.subject_key = r.subject_key)",
                   "0"),
              "%s", name);
}

static inline void expect_delivered(struct bench *b)
{
    struct gw_outbox outbox;

    BOOK_OK(b->book, gw_outbox_list(b->book->ledger, &b->book->arena, true, &outbox, &b->book->err));
    cr_expect(outbox.count == 0, "%zu lines wait", outbox.count);
}

#endif
