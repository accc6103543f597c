/*
 * Signed windows along the whole way: kept in the ledger, held in the study database, and the same in a database made
 * anew from the ledger.
 */
#include "gateway/service/replay.h"
#include "gateway/study/seal.h"
#include "service/pass_bench.h"

static struct pass_bench b;

/* A count of grade 3 in T30-01 (0.7 of a range that begins at 1.5), a normal one in T30-02. */
static void start(void)
{
    bench_open(&b, 1);
    add_patient(&b, 0);
    add_visit(&b, 0, "2024-02-14");
    add_visit(&b, 0, "2024-03-15");
    add_count(&b, 0, &(struct count){"low", "2024-02-14", "final", "0.7", 1});
    add_count(&b, 0, &(struct count){"well", "2024-03-15", "final", "2.5", 1});
    bench_deliver(&b);
    bench_derive(&b);
}

static void stop(void)
{
    bench_close(&b);
}

TestSuite(signing, .init = start, .fini = stop);

static void decide(const char *kind, const char *set)
{
    const char *json = gw_arena_print(
        &b.arena,
        "{\"n\":1,\"at\":\"2026-07-01T10:00:00Z\",\"by\":\"inv1\",\"reason\":\"read\",\"kind\":\"%s\",\"scope\":"
        "\"study:lendex-rrmm\",\"match\":{\"subject\":\"S-000\"},\"set\":%s}",
        kind, set);
    struct gw_decision decision;

    fine(gw_decision_read(&b.arena, (struct gw_slice){json, strlen(json)}, &decision, &err));
    decision.n = 0;
    fine(gw_ledger_decide(b.ledger, &decision, &err));
    bench_derive(&b);
}

static void sign(const char *window)
{
    char seal[GW_SEAL_BYTES];
    struct gw_rows rows;
    int64_t revision;
    size_t count;

    fine(gw_ledger_rows(b.ledger, &b.arena, b.enrolment.subjects[0].number, GW_LATEST, &rows, &revision, &err));
    fine(gw_window_seal(&rows, window, seal, &count, &err));
    decide("sign", gw_arena_print(&b.arena, "{\"window\":\"%s\",\"revision\":%lld,\"seal\":\"%s\"}", window,
                                  (long long)revision, seal));
}

static const char *value(void)
{
    return bench_cell(&b, "SELECT group_concat(value_num || ' ' || grade, '; ') FROM (SELECT * FROM observations WHERE "
                          "status <> 'withdrawn' AND window_id = 'T30-01' ORDER BY value_num)");
}

static const char *event(void)
{
    return bench_cell(&b, "SELECT group_concat(category || ' ' || max_grade, '; ') FROM ae_episodes WHERE status <> "
                          "'withdrawn'");
}

static void expect(const char *what, const char *got, const char *wanted)
{
    cr_expect(strcmp(got, wanted) == 0, "%s is %s, wanted %s", what, got, wanted);
}

static size_t open_items(const char *code)
{
    struct gw_ledger_items items;
    size_t count = 0;

    fine(gw_ledger_items(b.ledger, &b.arena, NULL, true, &items, &err));
    for (size_t i = 0; i < items.count; i++)
        count += strcmp(items.list[i].code, code) == 0;
    return count;
}

static void amend(const char *status, const char *number, unsigned version)
{
    add_count(&b, 0, &(struct count){"low", "2024-02-14", status, number, version});
    bench_deliver(&b);
    bench_derive(&b);
}

/* The latest revision, in a file of its own: the dump of what the pass delivered to. */
static void expect_rebuilt(const char *what)
{
    const char *path = gw_arena_print(&b.arena, "%s/rebuilt-%s.db", b.scratch.folder, what);
    struct gw_rebuild_result result;
    char *one, *other;

    fine(gw_replay_rebuild(b.ledger, NULL, path, &result, &err));
    one = bench_dump(bench_path(&b, "study.db"));
    other = bench_dump(path);
    cr_expect(strcmp(one, other) == 0, "%s: the rebuilt database differs", what);
    free(one);
    free(other);
}

static const char *change_asked(void)
{
    struct gw_ledger_items items;

    fine(gw_ledger_items(b.ledger, &b.arena, NULL, true, &items, &err));
    for (size_t i = 0; i < items.count; i++)
        if (strcmp(items.list[i].code, "SIGNED_CHANGED") == 0)
            return strrchr(items.list[i].fingerprint, '|') + 1;
    cr_assert(false, "nothing is asked");
    return "";
}

static void answer(const char *how)
{
    decide("signed",
           gw_arena_print(&b.arena, "{\"%s\":true,\"window\":\"T30-01\",\"of\":\"%s\"}", how, change_asked()));
}

Test(signing, changes_no_row_by_itself)
{
    sign("T30-01");
    cr_expect(eq(sz, b.result.batches, 0));
    cr_expect(eq(sz, open_items("SIGNED_CHANGED"), 0));
}

Test(signing, holds_value_grade_and_event_until_the_change_is_accepted)
{
    sign("T30-01");
    amend("amended", "0.4", 2);
    expect("value", value(), "0.7 3");
    expect("event", event(), "NEUTROPENIA 3");
    cr_expect(eq(sz, open_items("SIGNED_CHANGED"), 1));
    cr_expect(eq(sz, open_items("CORRECTION_AFTER_PUSH"), 0), "nothing was corrected in the study");
    expect("study", bench_cell(&b, "SELECT state FROM exceptions WHERE code = 'SIGNED_CHANGED'"), "open");
    expect_rebuilt("held");
    fine(gw_ledger_mark(b.ledger, b.enrolment.subjects[0].number, &err));
    bench_derive(&b);
    cr_expect(eq(sz, b.result.batches, 0), "the same again changes nothing");
    answer("accept");
    expect("value", value(), "0.4 4");
    expect("event", event(), "NEUTROPENIA 4");
    cr_expect(eq(sz, open_items("SIGNED_CHANGED"), 0));
    cr_expect(eq(sz, open_items("CORRECTION_AFTER_PUSH"), 1));
    expect("study", bench_cell(&b, "SELECT state FROM exceptions WHERE code = 'SIGNED_CHANGED'"), "resolved");
    expect_rebuilt("accepted");
}

Test(signing, lets_a_withdrawal_leave_at_once)
{
    sign("T30-01");
    amend("entered-in-error", "0.7", 2);
    expect("value", value(), "");
    expect("event", event(), "");
    cr_expect(eq(sz, open_items("WITHDRAWN_AFTER_PUSH"), 1));
    cr_expect(eq(sz, open_items("SIGNED_CHANGED"), 0));
}

/* A second amendment is another question; the first one again is not. */
Test(signing, asks_again_only_about_another_change_than_the_one_kept)
{
    sign("T30-01");
    amend("amended", "0.4", 2);
    answer("keep");
    expect("value", value(), "0.7 3");
    cr_expect(eq(sz, open_items("SIGNED_CHANGED"), 0));
    amend("amended", "0.3", 3);
    expect("value", value(), "0.7 3");
    cr_expect(eq(sz, open_items("SIGNED_CHANGED"), 1));
    amend("amended", "0.4", 4);
    cr_expect(eq(sz, open_items("SIGNED_CHANGED"), 0));
    expect_rebuilt("kept");
}

Test(signing, follows_what_is_not_signed)
{
    sign("T30-02");
    amend("amended", "0.4", 2);
    expect("value", value(), "0.4 4");
    cr_expect(eq(sz, open_items("SIGNED_CHANGED"), 0));
}
