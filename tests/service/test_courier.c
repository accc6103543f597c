/*
 * From the outbox to a real PostgreSQL over a wire that breaks, and back with the receipts: whatever happens in
 * between, the tables end as they would have without it, and no batch is there twice or missing.
 */
#include "service/courier.h"

#include "gateway/ledger/refusals.h"
#include "gateway/sinks/postgres.h"
#include "ledger/book.h"
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
    bool writer_stopped, courier_stopped;
    size_t told;
};

static void on_news(void *ctx, const struct courier_news *news)
{
    struct bench *b = ctx;

    (void)news;
    b->told++;
}

static void lay(struct bench *b)
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

static void set_up(struct bench *b, const char *schema)
{
    *b = (struct bench){.book = book_new()};
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
static void settle(struct bench *b, int subject, int revision)
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

static void settle_all(struct bench *b, int revision)
{
    for (int s = 0; s < SUBJECTS; s++)
        settle(b, s, revision);
}

static void start(struct bench *b)
{
    struct courier_settings settings = {.loop = &b->loop,
                                        .clock = &gw_system_clock,
                                        .study = "lendex",
                                        .inspect_s = 1000000,
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

static void on_courier_stopped(void *ctx)
{
    ((struct bench *)ctx)->courier_stopped = true;
}

static void on_writer_stopped(void *ctx)
{
    ((struct bench *)ctx)->writer_stopped = true;
}

static void stop(struct bench *b)
{
    courier_stop(b->courier, on_courier_stopped, b);
    while (!b->courier_stopped)
        uv_run(&b->loop, UV_RUN_ONCE);
    gw_writer_stop(b->writer, on_writer_stopped, b);
    while (!b->writer_stopped)
        uv_run(&b->loop, UV_RUN_ONCE);
}

static bool is_idle(const struct bench *b)
{
    return courier_news(b->courier)->state == COURIER_IDLE;
}

static void deliver_all(struct bench *b)
{
    start(b);
    while (!is_idle(b) && courier_news(b->courier)->state != COURIER_STOPPED)
        uv_run(&b->loop, UV_RUN_ONCE);
    cr_expect(is_idle(b), "%s", courier_news(b->courier)->reason.text);
    stop(b);
}

static void tear_down(struct bench *b)
{
    fake_wire_close(b->wire);
    uv_run(&b->loop, UV_RUN_DEFAULT);
    cr_expect(uv_loop_close(&b->loop) == 0, "the loop holds nothing of it");
    book_free(b->book);
}

static bool says(struct bench *b, const char *sql, const char *wanted)
{
    char text[2000];

    snprintf(text, sizeof text, "SET search_path TO %s; %s", b->schema, sql);
    return cluster_says(text, wanted);
}

static void exec(struct bench *b, const char *sql)
{
    char text[2000];

    snprintf(text, sizeof text, "SET search_path TO %s; %s", b->schema, sql);
    cluster_exec(text);
}

/* What the tables must say, worked out from settle() above. */
static const char *wanted_rows(struct bench *b, int subject, int revision)
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

static void expect_tables(struct bench *b, int revision, const char *name)
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

static void expect_delivered(struct bench *b)
{
    struct gw_outbox outbox;

    BOOK_OK(b->book, gw_outbox_list(b->book->ledger, &b->book->arena, true, &outbox, &b->book->err));
    cr_expect(outbox.count == 0, "%zu lines wait", outbox.count);
}

Test(courier, empties_the_outbox)
{
    struct bench b;

    set_up(&b, "empties");
    settle_all(&b, 1);
    deliver_all(&b);
    expect_tables(&b, 1, "first");
    settle_all(&b, 2);
    settle(&b, 3, 3); /* two revisions of one subject are one batch */
    settle(&b, 3, 2);
    deliver_all(&b);
    expect_tables(&b, 2, "second");
    expect_delivered(&b);
    deliver_all(&b);
    cr_expect(says(&b, "SELECT count(*) FROM batches", "12"));
    tear_down(&b);
}

Test(courier, is_woken_while_it_is_idle)
{
    struct bench b;

    set_up(&b, "woken");
    settle_all(&b, 1);
    start(&b);
    while (!is_idle(&b))
        uv_run(&b.loop, UV_RUN_ONCE);
    stop(&b); /* the ledger is the test's for a moment */
    settle_all(&b, 2);
    start(&b);
    courier_wake(b.courier);
    courier_wake(b.courier);
    while (!is_idle(&b))
        uv_run(&b.loop, UV_RUN_ONCE);
    expect_tables(&b, 2, "");
    courier_wake(b.courier);
    cr_expect(!is_idle(&b));
    while (!is_idle(&b))
        uv_run(&b.loop, UV_RUN_ONCE);
    stop(&b);
    tear_down(&b);
}

Test(courier, d1_survives_a_wire_that_breaks_around_the_commit)
{
    static const struct {
        const char *name;
        enum fake_wire_break how;
    } cases[] = {{"d1_before_commit", FAKE_WIRE_BEFORE_COMMIT},
                 {"d1_after_commit", FAKE_WIRE_AFTER_COMMIT},
                 {"d1_first_byte", FAKE_WIRE_FIRST_BYTE}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench b;

        set_up(&b, cases[i].name);
        settle_all(&b, 1);
        fake_wire_break(b.wire, cases[i].how, 0);
        deliver_all(&b);
        cr_expect(fake_wire_breaks(b.wire) == 1, "%s", cases[i].name);
        expect_tables(&b, 1, cases[i].name);
        expect_delivered(&b);
        tear_down(&b);
    }
}

/* 40 points here, 500 where there is time for them; half of them of what is sent, half of what is answered. */
Test(courier, d1_survives_a_wire_that_breaks_anywhere, .timeout = 600)
{
    const int points = getenv("GATEWAY_TEST_LONG") ? 500 : 40;
    uint64_t seed = 42;
    struct bench b;
    size_t breaks = 0;

    set_up(&b, "d1_anywhere");
    for (int i = 1; i <= points; i++) {
        const bool answers = i % 2 == 0;

        settle_all(&b, i);
        fake_wire_break(b.wire, answers ? FAKE_WIRE_AT_ANSWER : FAKE_WIRE_AT_BYTE,
                        1 + chance_next(&seed) % (answers ? 2500 : 40000));
        deliver_all(&b);
        breaks = fake_wire_breaks(b.wire);
        expect_tables(&b, i, "after a break");
        if (i % 20 == 0) { /* a wire keeps count of all its connections */
            fake_wire_close(b.wire);
            uv_run(&b.loop, UV_RUN_DEFAULT);
            b.wire = fake_wire_open(&b.loop, cluster_port());
            b.target.connection.port = fake_wire_port(b.wire);
        }
    }
    cr_expect(breaks > 0);
    expect_delivered(&b);
    tear_down(&b);
}

Test(courier, d2_sends_again_what_a_restored_database_has_lost)
{
    struct bench b;

    set_up(&b, "d2");
    settle_all(&b, 1);
    deliver_all(&b);
    exec(&b, "CREATE TABLE old_rows AS SELECT * FROM observations; CREATE TABLE old_receipts AS SELECT * FROM receipts;"
             "CREATE TABLE old_batches AS SELECT * FROM batches");
    settle_all(&b, 2);
    deliver_all(&b);
    settle_all(&b, 3);
    deliver_all(&b);
    expect_tables(&b, 3, "before");
    exec(&b, "TRUNCATE observations, receipts, batches; INSERT INTO observations SELECT * FROM old_rows;"
             "INSERT INTO receipts SELECT * FROM old_receipts; INSERT INTO batches SELECT * FROM old_batches");
    deliver_all(&b); /* nothing new was settled */
    expect_tables(&b, 3, "after a snapshot was restored");
    exec(&b, "TRUNCATE observations, receipts, batches");
    deliver_all(&b);
    expect_tables(&b, 3, "after all of it was lost");
    expect_delivered(&b);
    tear_down(&b);
}

Test(courier, d3_tries_again_after_serialization_failures_and_deadlocks)
{
    struct bench b;

    set_up(&b, "d3");
    exec(&b,
         "CREATE SEQUENCE tries; CREATE FUNCTION sometimes() RETURNS trigger LANGUAGE plpgsql AS "
         "$$ DECLARE n bigint := nextval('tries'); BEGIN "
         "IF n <= 3 THEN RAISE 'no' USING ERRCODE = CASE n WHEN 1 THEN '40001' WHEN 2 THEN '40P01' ELSE '55P03' END;"
         "END IF; RETURN NEW; END $$;"
         "CREATE TRIGGER sometimes BEFORE INSERT ON receipts FOR EACH STATEMENT EXECUTE FUNCTION sometimes()");
    settle_all(&b, 1);
    deliver_all(&b);
    expect_tables(&b, 1, "");
    cr_expect(says(&b, "SELECT last_value FROM tries", "4"));
    expect_delivered(&b);
    tear_down(&b);
}

Test(courier, d4_keeps_what_is_refused_and_tells_it)
{
    struct bench b;
    struct gw_refusals refusals;
    int64_t marked = GW_NOBODY;

    set_up(&b, "d4");
    exec(&b, "ALTER TABLE observations ADD CHECK (NOT (row_id = 'o7' AND subject_key = 'ES-002'))");
    settle_all(&b, 1);
    deliver_all(&b);
    cr_expect(says(&b, "SELECT count(*) FROM observations", gw_arena_print(&b.book->arena, "%d", SUBJECTS * 7 - 1)));
    expect_delivered(&b);
    BOOK_OK(b.book,
            gw_ledger_refusals(b.book->ledger, &b.book->arena, b.subjects[2], "ES-002", &refusals, &b.book->err));
    cr_assert(refusals.count == 1);
    cr_expect(refusals.list[0].kind == GW_REFUSAL_REJECTED && refusals.list[0].table == GW_TABLE_observations);
    cr_expect_str_eq(refusals.list[0].row_id, "o7");
    BOOK_OK(b.book, gw_ledger_next_dirty(b.book->ledger, b.subjects[1], &marked, &b.book->err));
    cr_expect(marked == b.subjects[2], "who has a refused row is derived again, and so a person is told");
    exec(&b, "ALTER TABLE observations DROP CONSTRAINT observations_check");
    settle_all(&b, 2);
    deliver_all(&b);
    expect_tables(&b, 2, "a change of a row that was refused adds it");
    BOOK_OK(b.book,
            gw_ledger_refusals(b.book->ledger, &b.book->arena, b.subjects[2], "ES-002", &refusals, &b.book->err));
    cr_expect(refusals.count == 0);
    tear_down(&b);
}

Test(courier, d5_stops_alone_and_says_why)
{
    struct bench b;

    set_up(&b, "d5");
    exec(&b, "ALTER TABLE observations DROP COLUMN unit");
    settle_all(&b, 1);
    start(&b);
    while (courier_news(b.courier)->state != COURIER_STOPPED)
        uv_run(&b.loop, UV_RUN_ONCE);
    cr_expect(courier_news(b.courier)->reason.status == GW_ECONFIG);
    cr_expect(courier_news(b.courier)->waits.lines == SUBJECTS);
    cr_expect(courier_news(b.courier)->waits.bytes > 0);
    stop(&b);
    tear_down(&b);
}

Test(courier, d6_waits_for_a_database_that_is_slow)
{
    struct bench b;

    set_up(&b, "d6");
    fake_wire_delay(b.wire, 100);
    settle_all(&b, 1);
    deliver_all(&b);
    expect_tables(&b, 1, "");
    expect_delivered(&b);
    tear_down(&b);
}

Test(courier, d7_finds_rows_that_were_changed_by_hand_and_forgets_those_that_were_put_right)
{
    struct bench b;
    struct gw_refusals refusals;

    set_up(&b, "d7");
    settle_all(&b, 1);
    deliver_all(&b);
    for (int right = 0; right < 2; right++) {
        exec(&b, right ? "UPDATE observations SET value_num = 1.1 WHERE row_id = 'o1' AND subject_key = 'ES-004'"
                       : "UPDATE observations SET value_num = 9.9 WHERE row_id = 'o1' AND subject_key = 'ES-004'");
        deliver_all(&b); /* a courier looks when it begins */
        BOOK_OK(b.book,
                gw_ledger_refusals(b.book->ledger, &b.book->arena, b.subjects[4], "ES-004", &refusals, &b.book->err));
        cr_expect(refusals.count == (right ? 0 : 1), "%zu", refusals.count);
    }
    tear_down(&b);
}

Test(courier, refuses_a_ledger_that_is_older_than_the_database)
{
    struct bench b;

    set_up(&b, "older");
    settle_all(&b, 1);
    deliver_all(&b);
    exec(&b, "UPDATE receipts SET revision = 5 WHERE subject_key = 'ES-001'");
    start(&b);
    while (courier_news(b.courier)->state != COURIER_STOPPED)
        uv_run(&b.loop, UV_RUN_ONCE);
    cr_expect(courier_news(b.courier)->reason.status == GW_ECONFIG);
    cr_expect(strstr(courier_news(b.courier)->reason.text, "older"));
    stop(&b);
    tear_down(&b);
}

Test(courier, stops_at_any_moment)
{
    struct bench b;

    set_up(&b, "stops");
    settle_all(&b, 1);
    for (int steps = 0; steps < 60; steps++) {
        start(&b);
        for (int i = 0; i < steps; i++)
            uv_run(&b.loop, UV_RUN_NOWAIT);
        stop(&b);
        settle_all(&b, 2 + steps);
    }
    deliver_all(&b);
    expect_tables(&b, 61, "");
    tear_down(&b);
}
