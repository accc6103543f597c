/*
 * A ledger that was restored from a copy stands behind its study database: the courier goes on from what is there, and
 * in the end the database says what is known (row O3, and D2 from the other side).
 */
#include "gateway/ledger/notes.h"
#include "ledger/trail.h"
#include "service/courier_bench.h"

static void copy_ledger(struct bench *b, const char *from, const char *to)
{
    const char *const from_path = gw_arena_print(&b->book->arena, "%s", scratch_path(&b->book->scratch, from)),
                      *const to_path = gw_arena_print(&b->book->arena, "%s", scratch_path(&b->book->scratch, to)),
                      *const command = gw_arena_print(&b->book->arena, "rm -f '%s-wal' '%s-shm' && cp '%s' '%s'",
                                                      to_path, to_path, from_path, to_path);

    cr_assert(system(command) == 0);
}

static void back_up(struct bench *b)
{
    gw_ledger_close(b->book->ledger); /* all of it is in the one file */
    copy_ledger(b, "ledger.db", "copy.db");
    book_open(b->book);
}

static void restore(struct bench *b)
{
    gw_ledger_close(b->book->ledger);
    copy_ledger(b, "copy.db", "ledger.db");
    book_open(b->book);
}

static const char *dump(struct bench *b)
{
    char text[400];
    PGconn *conn = cluster_open();
    PGresult *result;
    const char *out;

    snprintf(text, sizeof text,
             "SET search_path TO %s; SELECT string_agg(subject_key || row_id || '=' || value_num, ' ' ORDER BY"
             " subject_key, row_id) FROM observations WHERE status = 'active'",
             b->schema);
    result = PQexec(conn, text);
    out = gw_arena_print(&b->book->arena, "%s", PQgetvalue(result, 0, 0));
    PQclear(result);
    PQfinish(conn);
    return out;
}

/* Copied at revision 2; after that three more were delivered, and the copy put back. `again`: how many were derived
 * anew before the courier came. */
static void lose_three(struct bench *b, const char *schema, int again)
{
    set_up(b, schema);
    for (int revision = 1; revision <= 2; revision++) {
        settle_all(b, revision);
        deliver_all(b);
    }
    back_up(b);
    for (int revision = 3; revision <= 5; revision++) {
        settle_all(b, revision);
        deliver_all(b);
    }
    restore(b);
    for (int i = 0; i < again; i++)
        settle_all(b, 10 + i);
}

/* What was taken over stands in the trail, and the ledger is as the trail tells. */
static void expect_trail(struct bench *b)
{
    struct trail trail = {.book = b->book};
    struct gw_audit_verdict verdict;

    snprintf(trail.key, sizeof trail.key, "%s/audit.key", b->book->scratch.folder);
    snprintf(trail.shipped, sizeof trail.shipped, "%s/none",
             b->book->scratch.folder); /* they know that it was restored */
    verdict = trail_verify(&trail);
    cr_expect(verdict.first_bad == 0, "%s", verdict.what);
    cr_expect(verdict.differences == 0, "%s", verdict.named[0]);
}

Test(courier_restored, o3_goes_on_from_what_the_database_has_when_the_ledger_was_restored)
{
    static const struct {
        const char *name;
        int again; /* revisions made since, before and beyond those that the database knows */
    } cases[] = {{"o3_none", 0}, {"o3_one", 1}, {"o3_two", 2}, {"o3_same_number", 3}, {"o3_more", 5}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench b;
        const int last = cases[i].again ? 9 + cases[i].again : 2;

        lose_three(&b, cases[i].name, cases[i].again);
        deliver_all(&b);
        expect_tables(&b, last, cases[i].name);
        expect_delivered(&b);
        settle_all(&b, 20); /* and on as ever */
        deliver_all(&b);
        expect_tables(&b, 20, cases[i].name);
        expect_delivered(&b);
        expect_trail(&b);
        cr_expect(says(&b, "SELECT count(*) FROM refusals", "0"), "%s", cases[i].name);
        tear_down(&b);
    }
}

Test(courier_restored, o3_tells_of_how_many_subjects_it_was_so)
{
    struct bench b;

    lose_three(&b, "o3_told", 1);
    start(&b);
    while (!is_idle(&b))
        uv_run(&b.loop, UV_RUN_ONCE);
    cr_expect(courier_news(b.courier)->recalled == SUBJECTS, "%zu", courier_news(b.courier)->recalled);
    cr_expect(courier_news(b.courier)->held == 0);
    stop(&b);
    start(&b);
    while (!is_idle(&b))
        uv_run(&b.loop, UV_RUN_ONCE);
    cr_expect(courier_news(b.courier)->recalled == 0, "once");
    stop(&b);
    tear_down(&b);
}

/* Enrolled anew in a ledger that lost everything: nothing is known of them yet, and that is no news for the database.
 */
Test(courier_restored, o3_takes_nothing_back_of_subjects_that_were_not_read_yet)
{
    struct bench b;
    const char *before;

    set_up(&b, "o3_empty");
    back_up(&b);
    settle_all(&b, 1);
    deliver_all(&b);
    before = dump(&b);
    restore(&b);
    start(&b);
    while (!is_idle(&b))
        uv_run(&b.loop, UV_RUN_ONCE);
    cr_expect(courier_news(b.courier)->held == SUBJECTS, "%zu", courier_news(b.courier)->held);
    stop(&b);
    cr_expect_str_eq(dump(&b), before);
    settle_all(&b, 2);
    deliver_all(&b);
    expect_tables(&b, 2, "o3_empty");
    tear_down(&b);
}

Test(courier_restored, o3_keeps_what_a_person_typed)
{
    struct bench b;
    struct gw_refusals refusals;

    lose_three(&b, "o3_typed", 1);
    exec(&b, "UPDATE observations SET value_num = 9.9 WHERE row_id = 'o3' AND subject_key = 'ES-001';"
             "INSERT INTO observations (subject_key, row_id, status, value_num, written)"
             " VALUES ('ES-001', 'typed', 'active', 7, '')");
    deliver_all(&b);
    cr_expect(says(&b, "SELECT value_num FROM observations WHERE row_id = 'o3' AND subject_key = 'ES-001'", "9.9"));
    cr_expect(says(&b, "SELECT value_num FROM observations WHERE row_id = 'typed'", "7"));
    cr_expect(says(&b, "SELECT value_num FROM observations WHERE row_id = 'o3' AND subject_key = 'ES-002'", "10.3"));
    BOOK_OK(b.book,
            gw_ledger_refusals(b.book->ledger, &b.book->arena, b.subjects[1], "ES-001", &refusals, &b.book->err));
    cr_assert(refusals.count >= 1);
    cr_expect_str_eq(refusals.list[0].row_id, "o3");
    cr_expect(refusals.list[0].kind == GW_REFUSAL_TOUCHED);
    expect_delivered(&b);
    tear_down(&b);
}

/* Between the copy and its return a row was taken that had been refused before: it is there, and can be withdrawn. */
Test(courier_restored, o3_forgets_refusals_that_are_no_more)
{
    struct bench b;

    set_up(&b, "o3_refused");
    exec(&b, "ALTER TABLE observations ADD CHECK (NOT (row_id = 'o7' AND subject_key = 'ES-002'))");
    settle_all(&b, 1);
    deliver_all(&b);
    back_up(&b);
    exec(&b, "ALTER TABLE observations DROP CONSTRAINT observations_check");
    settle_all(&b, 2);
    deliver_all(&b);
    restore(&b);
    settle_all(&b, 3); /* o7 is withdrawn */
    settle_all(&b, 8);
    deliver_all(&b);
    expect_tables(&b, 8, "");
    tear_down(&b);
}

/* The service's note of what was asked when: see service/agenda.h. */
static void note_asked(struct bench *b, const char *when)
{
    for (int s = 0; s < SUBJECTS; s++)
        BOOK_OK(b->book,
                gw_ledger_note_put(b->book->ledger, "schedule",
                                   gw_arena_print(&b->book->arena, "%lld hm-ehr", (long long)b->subjects[s]),
                                   gw_arena_print(&b->book->arena, "%s %s %s %s - - - -", when, when, when, when),
                                   &b->book->err));
}

Test(courier_restored, o3_waits_until_a_subject_was_asked_about_again)
{
    struct bench b;
    const char *before;

    lose_three(&b, "o3_waits", 0);
    note_asked(&b, "2024-01-01T00:00:00Z");
    before = dump(&b);
    for (int tries = 0; tries < 2; tries++) {
        start(&b);
        while (!is_idle(&b))
            uv_run(&b.loop, UV_RUN_ONCE);
        cr_expect(courier_news(b.courier)->held == SUBJECTS, "%zu", courier_news(b.courier)->held);
        stop(&b);
        cr_expect_str_eq(dump(&b), before, "what the database knows is not taken back");
        settle(&b, 2, 11); /* something came of one of them, but not yet all */
    }
    settle_all(&b, 12);
    note_asked(&b, "2200-01-01T00:00:00Z");
    deliver_all(&b);
    expect_tables(&b, 12, "all was asked");
    expect_delivered(&b);
    tear_down(&b);
}

/* As it was at any moment: what is copied, delivered, put back, derived and delivered again ends as if nothing was. */
Test(courier_restored, o3_ends_equal_whenever_the_copy_was_made, .timeout = 300)
{
    uint64_t seed = 7;
    struct bench b;

    set_up(&b, "o3_any");
    for (int i = 1; i <= 12; i++) {
        settle_all(&b, i);
        if (chance_next(&seed) % 3)
            deliver_all(&b);
        if (i % 4 == 1)
            back_up(&b);
        if (i % 4 == 0) {
            restore(&b);
            for (unsigned more = chance_next(&seed) % 5; more > 0; more--)
                settle(&b, (int)(chance_next(&seed) % SUBJECTS), 30 + (int)more);
        }
    }
    settle_all(&b, 50);
    deliver_all(&b);
    expect_tables(&b, 50, "");
    expect_delivered(&b);
    tear_down(&b);
}

static void keep_snapshot(struct bench *b, int revision)
{
    exec(b, gw_arena_print(&b->book->arena,
                           "CREATE TABLE rows_%d AS TABLE observations; CREATE TABLE receipts_%d AS TABLE receipts;"
                           "CREATE TABLE batches_%d AS TABLE batches",
                           revision, revision, revision));
}

static void restore_snapshot(struct bench *b, int revision)
{
    exec(b, gw_arena_print(&b->book->arena,
                           "TRUNCATE observations, receipts, batches; INSERT INTO observations TABLE rows_%d;"
                           "INSERT INTO receipts TABLE receipts_%d; INSERT INTO batches TABLE batches_%d",
                           revision, revision, revision));
}

/*
 * First the ledger was restored from its copy of revision 2 and went on from the database's 5, then the database from
 * its own of an earlier one: where the ledger has no revision of that number (4), or another (3), no batch begins.
 */
Test(courier_restored, d2_goes_on_from_a_snapshot_that_no_batch_of_the_ledger_begins_at, .timeout = 300)
{
    struct bench b;

    set_up(&b, "d2_gap");
    for (int revision = 1; revision <= 5; revision++) {
        settle_all(&b, revision);
        deliver_all(&b);
        keep_snapshot(&b, revision);
        if (revision == 2)
            back_up(&b);
    }
    restore(&b);
    settle_all(&b, 10); /* its 3, which becomes 6 */
    deliver_all(&b);
    expect_tables(&b, 10, "after the ledger was restored");
    for (int revision = 5; revision >= 1; revision--) {
        restore_snapshot(&b, revision);
        start(&b);
        while (!is_idle(&b) && courier_news(b.courier)->failures == 0)
            uv_run(&b.loop, UV_RUN_ONCE);
        cr_expect(is_idle(&b), "%d: %s", revision, courier_news(b.courier)->reason.text);
        stop(&b);
        expect_tables(&b, 10, gw_arena_print(&b.book->arena, "after the snapshot of %d", revision));
        expect_delivered(&b);
        expect_trail(&b);
        cr_expect(says(&b, "SELECT count(*) FROM refusals", "0"), "%d", revision);
    }
    tear_down(&b);
}
