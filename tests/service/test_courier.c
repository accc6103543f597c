/*
 * From the outbox to a real PostgreSQL over a wire that breaks, and back with the receipts: whatever happens in
 * between, the tables end as they would have without it, and no batch is there twice or missing.
 */
#include "gateway/service/delivery_state.h"
#include "service/courier_bench.h"

/* What `casement status` says of it. */
static struct gw_delivery_state state_of(struct bench *b)
{
    struct gw_delivery_state state;

    BOOK_OK(b->book, gw_delivery_state(b->book->ledger, &b->book->arena, "lendex", &state, &b->book->err));
    return state;
}

Test(courier, empties_the_outbox)
{
    struct bench b;

    set_up(&b, "empties");
    settle_all(&b, 1);
    cr_expect(state_of(&b).state == NULL, "nobody has tried");
    cr_expect(state_of(&b).counts.waiting == SUBJECTS && state_of(&b).counts.bytes > 0);
    cr_expect_str_eq(state_of(&b).counts.oldest, "2024-12-31T10:00:00Z");
    deliver_all(&b);
    cr_expect_str_eq(state_of(&b).state, "running");
    cr_expect_str_eq(state_of(&b).reason, "");
    cr_expect(state_of(&b).counts.waiting == 0 && state_of(&b).counts.delivered == SUBJECTS);
    cr_expect_str_eq(state_of(&b).counts.oldest, "");
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

/* D7: a study that is over gets no more rows, and people go on typing. */
Test(courier, finds_what_was_typed_though_nothing_is_to_be_delivered)
{
    struct bench b;
    uint64_t began;

    set_up(&b, "typed_later");
    b.inspect_s = 1;
    settle_all(&b, 1);
    start(&b);
    while (!is_idle(&b))
        uv_run(&b.loop, UV_RUN_ONCE);
    cr_expect(!courier_news(b.courier)->marked);
    exec(&b, "UPDATE observations SET value_num = 7.7 WHERE subject_key = 'ES-002' AND row_id = 'o1'");
    began = uv_hrtime();
    while (!courier_news(b.courier)->marked && uv_hrtime() - began < 60000000000u)
        uv_run(&b.loop, UV_RUN_NOWAIT);
    stop(&b);
    cr_expect(book_sql(b.book, "SELECT count(*) FROM refusals WHERE touched = 1 AND row_id = 'o1'") == 1);
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

/* Rejected when it first comes, or touched by a person before it changes: o7 of ES-002. */
static void refuse_something(struct bench *b, bool touched)
{
    if (!touched) {
        exec(b, "ALTER TABLE observations ADD CHECK (NOT (row_id = 'o7' AND subject_key = 'ES-002'))");
        return;
    }
    settle(b, 2, 6); /* o7 is there, as 6.7 */
    deliver_all(b);
    exec(b, "UPDATE observations SET value_num = 9.9 WHERE row_id = 'o7' AND subject_key = 'ES-002'");
}

/* What the answer would have said is heard all the same: of which row, and that a person is to be told. */
Test(courier, d1_hears_of_refusals_when_the_answer_to_the_commit_was_lost)
{
    static const struct {
        const char *name;
        enum fake_wire_break how;
        bool touched;
        const char *batches;
    } cases[] = {{"d1_answered_rejected", FAKE_WIRE_WHOLE, false, "1 1"},
                 {"d1_answered_touched", FAKE_WIRE_WHOLE, true, "2 2"},
                 {"d1_lost_rejected", FAKE_WIRE_AFTER_COMMIT, false, "1 1"},
                 {"d1_lost_touched", FAKE_WIRE_AFTER_COMMIT, true, "2 2"},
                 {"d1_cut_rejected", FAKE_WIRE_FIRST_BYTE, false, "1 1"},
                 {"d1_cut_touched", FAKE_WIRE_FIRST_BYTE, true, "2 2"}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench b;
        struct gw_refusals refusals;
        int64_t marked = GW_NOBODY;

        set_up(&b, cases[i].name);
        b.inspect_s = 0; /* the weekly look would find what was touched */
        refuse_something(&b, cases[i].touched);
        settle(&b, 2, 1);
        fake_wire_break(b.wire, cases[i].how, cases[i].touched ? 0 : 1); /* the first is taken back with its row */
        deliver_all(&b);
        cr_expect(fake_wire_breaks(b.wire) == (cases[i].how != FAKE_WIRE_WHOLE), "%s", cases[i].name);
        expect_delivered(&b);
        BOOK_OK(b.book,
                gw_ledger_refusals(b.book->ledger, &b.book->arena, b.subjects[2], "ES-002", &refusals, &b.book->err));
        cr_assert(refusals.count == 1, "%s: %zu", cases[i].name, refusals.count);
        cr_expect(refusals.list[0].kind == (cases[i].touched ? GW_REFUSAL_TOUCHED : GW_REFUSAL_REJECTED));
        cr_expect_str_eq(refusals.list[0].row_id, "o7", "%s", cases[i].name);
        cr_expect(!cases[i].touched || strlen(refusals.list[0].stands) == 32, "%s: %s", cases[i].name,
                  refusals.list[0].stands);
        BOOK_OK(b.book, gw_ledger_next_dirty(b.book->ledger, 0, &marked, &b.book->err));
        cr_expect(marked == b.subjects[2], "%s: a person is told", cases[i].name);
        cr_expect(says(&b, "SELECT max(to_revision) || ' ' || count(*) FROM batches", cases[i].batches),
                  "%s: nothing is sent twice", cases[i].name);
        tear_down(&b);
    }
}

/* A row that was rejected before is taken by a batch whose answer is lost: it is there, and can be withdrawn. */
Test(courier, d1_hears_of_rows_that_were_taken_when_the_answer_to_the_commit_was_lost)
{
    struct bench b;
    struct gw_refusals refusals;

    set_up(&b, "d1_taken");
    refuse_something(&b, false);
    settle(&b, 2, 1);
    deliver_all(&b);
    exec(&b, "ALTER TABLE observations DROP CONSTRAINT observations_check");
    settle(&b, 2, 2);
    fake_wire_break(b.wire, FAKE_WIRE_AFTER_COMMIT, 0);
    deliver_all(&b);
    BOOK_OK(b.book,
            gw_ledger_refusals(b.book->ledger, &b.book->arena, b.subjects[2], "ES-002", &refusals, &b.book->err));
    cr_expect(fake_wire_breaks(b.wire) == 1 && refusals.count == 0);
    settle(&b, 2, 3); /* without o7 */
    deliver_all(&b);
    cr_expect(says(&b, "SELECT status FROM observations WHERE row_id = 'o7'", "withdrawn"));
    tear_down(&b);
}

/* 40 points here, 500 where there is time for them; half of them of what is sent, half of what is answered. */
Test(courier, d1_survives_a_wire_that_breaks_anywhere, .timeout = 3600)
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
    cr_expect(state_of(&b).counts.refused == 1);
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
    cr_expect_str_eq(state_of(&b).state, "stopped");
    cr_expect(strlen(state_of(&b).reason) > 0 && strlen(state_of(&b).since) == 20);
    cr_expect(strcmp(state_of(&b).next, state_of(&b).since) > 0, "it is tried again in five minutes");
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

Test(courier, d7_finds_rows_that_were_deleted_by_hand_and_forgets_those_that_are_back)
{
    struct bench b;
    struct gw_refusals refusals;

    set_up(&b, "d7_deleted");
    settle_all(&b, 1);
    deliver_all(&b);
    exec(&b, "CREATE TABLE kept AS SELECT * FROM observations;"
             "DELETE FROM observations WHERE row_id IN ('o1', 'o2') AND subject_key = 'ES-004'");
    for (int back = 0; back < 2; back++) {
        if (back)
            exec(&b, "INSERT INTO observations SELECT * FROM kept WHERE row_id = 'o1' AND subject_key = 'ES-004'");
        deliver_all(&b);
        BOOK_OK(b.book,
                gw_ledger_refusals(b.book->ledger, &b.book->arena, b.subjects[4], "ES-004", &refusals, &b.book->err));
        cr_assert(refusals.count == (back ? 1 : 2), "%zu", refusals.count);
        cr_expect_str_eq(refusals.list[refusals.count - 1].row_id, "o2");
        cr_expect(refusals.list[0].kind == GW_REFUSAL_TOUCHED);
        cr_expect_str_eq(refusals.list[0].reason, "missing");
    }
    for (int s = 0; s < SUBJECTS; s++) {
        BOOK_OK(b.book, gw_ledger_refusals(b.book->ledger, &b.book->arena, b.subjects[s], "", &refusals, &b.book->err));
        cr_expect(refusals.count == (s == 4), "nobody else's row is missing");
    }
    tear_down(&b);
}

/* Of the third subject so many rows, all of them rejected; of the others none. */
static void expect_rejected(struct bench *b, size_t count)
{
    struct gw_refusals refusals;

    for (int s = 0; s < SUBJECTS; s++) {
        BOOK_OK(b->book,
                gw_ledger_refusals(b->book->ledger, &b->book->arena, b->subjects[s], "", &refusals, &b->book->err));
        cr_expect(refusals.count == (s == 2 ? count : 0), "%d: %zu", s, refusals.count);
        cr_expect(refusals.count == 0 || refusals.list[0].kind == GW_REFUSAL_REJECTED);
    }
}

/* What was withdrawn, what was refused, and what is not sent yet is not looked for. */
Test(courier, d7_misses_no_row_that_should_not_be_there)
{
    struct bench b;

    set_up(&b, "d7_absent");
    exec(&b, "ALTER TABLE observations ADD CHECK (NOT (row_id = 'o7' AND subject_key = 'ES-002'))");
    settle_all(&b, 1);
    deliver_all(&b);
    settle_all(&b, 2);
    deliver_all(&b);
    expect_rejected(&b, 1);
    exec(&b, "DELETE FROM observations WHERE status = 'withdrawn'");
    deliver_all(&b); /* looks again */
    expect_rejected(&b, 1);
    settle_all(&b, 3);
    deliver_all(&b);        /* looks before it sends: o1 of revision 3 is not there yet, and o2 still is */
    expect_rejected(&b, 0); /* o7 is withdrawn */
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
