/*
 * Corrections of every kind through ledger, pass and study database: what was delivered before, what came, and what
 * leaves in one batch of the subject, with its reason and its lineage. Each case was worked out by hand.
 *
 * The subject was seen on 2024-02-14 (T30-01, 02-09 to 02-19) with neutrophils of 0.7 (below 1.0, not below 0.5: grade
 * 3) and on 2024-03-15 (T30-02) with 2.5 (normal, grade 0): one episode of neutropenia, over in March.
 */
#include "gateway/service/replay.h"
#include "service/pass_bench.h"

static struct pass_bench b;

static void begin(void)
{
    bench_open(&b, 1);
    add_patient(&b, 0);
    add_visit(&b, 0, "2024-02-14");
    add_visit(&b, 0, "2024-03-15");
    add_count(&b, 0, &(struct count){"low", "2024-02-14", "final", "0.7", 1});
    add_count(&b, 0, &(struct count){"well", "2024-03-15", "final", "2.5", 1});
    bench_deliver(&b);
    bench_derive(&b);
    cr_assert(eq(sz, b.result.batches, 1));
}

static void end(void)
{
    bench_close(&b);
}

TestSuite(corrections, .init = begin, .fini = end);

/* ---- what stands ---- */

#define STANDS                                                                                                         \
    "SELECT coalesce((SELECT group_concat(w || ' ' || v || ' ' || g, '; ') FROM (SELECT window_id AS w, value_num AS " \
    "v, coalesce(grade, '-') AS g FROM observations WHERE status <> 'withdrawn' ORDER BY window_id, "                  \
    "effective_start)), 'none') || "                                                                                   \
    "' | ' || coalesce((SELECT group_concat(e, '; ') FROM (SELECT category || ' ' || max_grade AS e FROM ae_episodes " \
    "WHERE status <> 'withdrawn' ORDER BY onset)), 'none') || ' | ' || coalesce((SELECT group_concat(c, '; ') FROM "   \
    "(SELECT code AS c FROM exceptions WHERE status <> 'withdrawn' AND state = 'open' AND code IN "                    \
    "('CORRECTION_AFTER_PUSH', 'WITHDRAWN_AFTER_PUSH', 'ANCHOR_MOVED') ORDER BY code)), 'none')"

static void expect_stands(const char *name, const char *wanted)
{
    cr_expect(eq(str, (char *)bench_cell(&b, STANDS), (char *)wanted), "%s", name);
}

/* Of every active value there is a line of lineage from the very version that says it. */
static void expect_lineage(const char *name)
{
    cr_expect(eq(str,
                 (char *)bench_cell(&b, "SELECT count(*) FROM observations o WHERE o.status <> 'withdrawn' AND NOT "
                                        "EXISTS (SELECT 1 FROM provenance p WHERE p.status <> 'withdrawn' AND "
                                        "p.of_row = o.row_id AND p.content_sha256 IS NOT NULL AND p.rule_ids <> '')"),
                 (char *)"0"),
              "%s: a value without lineage", name);
    cr_expect(
        eq(str,
           (char *)bench_cell(&b, "SELECT count(*) FROM provenance p WHERE p.status <> 'withdrawn' AND p.\"table\""
                                  " = 'observations' AND NOT EXISTS (SELECT 1 FROM observations o WHERE o.row_id "
                                  "= p.of_row AND o.status <> 'withdrawn')"),
           (char *)"0"),
        "%s: lineage of what is gone", name);
}

/* ---- a source changes its mind ---- */

static const struct correction {
    const char *name;
    struct count count;
    const char *stands;
    size_t batches;
} corrections[] = {
    {"amended to a worse value: 0.4 is below 0.5, grade 4",
     {"low", "2024-02-14", "amended", "0.4", 2},
     "T30-01 0.4 4; T30-02 2.5 0 | NEUTROPENIA 4 | CORRECTION_AFTER_PUSH",
     1},
    {"corrected to a normal value: grade 0, no episode",
     {"low", "2024-02-14", "corrected", "3.1", 2},
     "T30-01 3.1 0; T30-02 2.5 0 | none | CORRECTION_AFTER_PUSH",
     1},
    {"entered in error: value, grade and episode go",
     {"low", "2024-02-14", "entered-in-error", "0.7", 2},
     "T30-02 2.5 0 | none | WITHDRAWN_AFTER_PUSH",
     1},
    {"cancelled: the same",
     {"low", "2024-02-14", "cancelled", "0.7", 2},
     "T30-02 2.5 0 | none | WITHDRAWN_AFTER_PUSH",
     1},
    {"it was measured a month later: the value moves into the next window, and with it the episode",
     {"low", "2024-03-13", "corrected", "0.7", 2},
     "T30-02 0.7 3; T30-02 2.5 0 | NEUTROPENIA 3 | CORRECTION_AFTER_PUSH",
     1},
    {"it was measured between the windows: the value goes, what it proves stays",
     {"low", "2024-02-27", "corrected", "0.7", 2},
     "T30-02 2.5 0 | NEUTROPENIA 3 | CORRECTION_AFTER_PUSH",
     1},
    {"an older version comes late: nothing leaves",
     {"low", "2024-02-14", "entered-in-error", "9.9", 0},
     "T30-01 0.7 3; T30-02 2.5 0 | NEUTROPENIA 3 | none",
     0},
    {"the same again under another version: nothing leaves",
     {"low", "2024-02-14", "final", "0.7", 2},
     "T30-01 0.7 3; T30-02 2.5 0 | NEUTROPENIA 3 | none",
     0},
};

Test(corrections, leave_as_one_batch_with_reason_and_lineage)
{
    for (size_t i = 0; i < sizeof corrections / sizeof *corrections; i++) {
        const struct correction *c = &corrections[i];

        if (i > 0)
            begin();
        add_count(&b, 0, &c->count);
        bench_deliver(&b);
        bench_derive(&b);
        cr_expect(eq(sz, b.result.batches, c->batches), "%s", c->name);
        expect_stands(c->name, c->stands);
        expect_lineage(c->name);
        if (i + 1 < sizeof corrections / sizeof *corrections)
            end();
    }
}

/* A record that a server no longer has was no less true when it was read: a person hears of it (S7). */
Test(corrections, take_nothing_back_for_a_deletion_and_tell_a_person)
{
    struct gw_ledger_items items;

    gw_text_add(&b.records, "{\"resourceType\":\"Bundle\",\"type\":\"history\",\"entry\":[{\"request\":{\"method\":"
                            "\"DELETE\",\"url\":\"Observation/low-0\"}}]}\n");
    bench_deliver(&b);
    bench_derive(&b);
    cr_expect(eq(sz, b.result.batches, 0));
    expect_stands("deleted", "T30-01 0.7 3; T30-02 2.5 0 | NEUTROPENIA 3 | none");
    fine(gw_ledger_items(b.ledger, &b.arena, "SOURCE_DELETED|madrid||||Observation", true, &items, &err));
    cr_expect(eq(sz, items.count, 1));
}

/* Told of all it has but one: what vanished stays. */
Test(corrections, take_nothing_back_for_what_vanished)
{
    add_patient(&b, 0);
    add_visit(&b, 0, "2024-02-14");
    add_visit(&b, 0, "2024-03-15");
    add_count(&b, 0, &(struct count){"well", "2024-03-15", "final", "2.5", 1});
    bench_deliver(&b);
    bench_derive(&b);
    cr_expect(eq(sz, b.result.batches, 0));
    expect_stands("vanished", "T30-01 0.7 3; T30-02 2.5 0 | NEUTROPENIA 3 | none");
}

/* ---- what the study says ---- */

static void mark(void)
{
    fine(gw_ledger_mark(b.ledger, b.enrolment.subjects[0].number, &err));
}

/*
 * First dose on 01-25: T30-01 is 02-19 to 02-29, T30-02 03-20 to 03-30. Both values and both visits lie between them;
 * without a visit in a window no event is collected. Ten days: no question.
 */
Test(corrections, move_every_window_with_the_anchor)
{
    b.roster.lines[0].first_dose = gw_day_of(2024, 1, 25);
    b.roster.lines[0].recruited = gw_day_of(2024, 1, 25);
    mark();
    bench_derive(&b);
    cr_expect(eq(sz, b.result.batches, 1));
    expect_stands("moved", "none | none | none");
    expect_lineage("moved");
    cr_expect(eq(str, (char *)bench_cell(&b, "SELECT d1 FROM subjects"), (char *)"2024-01-25"));
}

/* By more than two weeks it waits for a person, and what was delivered stays as it was. */
Test(corrections, keep_what_was_delivered_while_a_far_move_waits)
{
    b.roster.lines[0].first_dose = gw_day_of(2024, 2, 5);
    b.roster.lines[0].recruited = gw_day_of(2024, 2, 5);
    mark();
    bench_derive(&b);
    cr_expect(eq(sz, b.result.batches, 0));
    cr_expect(eq(sz, b.result.blocked, 1));
    expect_stands("waits", "T30-01 0.7 3; T30-02 2.5 0 | NEUTROPENIA 3 | none");
}

/* ---- what people say ---- */

static void decide(const char *json)
{
    const char *text = gw_arena_print(&b.arena, "%s", json);
    struct gw_decision decision;

    fine(gw_decision_read(&b.arena, (struct gw_slice){text, strlen(text)}, &decision, &err));
    fine(gw_ledger_decide(b.ledger, &decision, &err));
    bench_derive(&b);
    cr_expect(eq(sz, b.result.batches, 1));
}

/* A count without a unit waits; the rule that gives it one is switched on, and off again: its value comes and goes. */
Test(corrections, withdraw_what_a_rule_gave_once_it_is_switched_off)
{
    static const char head[] = "\"at\":\"2024-06-01T08:00:00Z\",\"by\":\"dm1\",\"approved_by\":\"dm2\",\"scope\":"
                               "\"site:madrid\"";
    static const char before[] = "T30-01 0.7 3; T30-02 2.5 0 | NEUTROPENIA 3 | none";

    gw_text_add(
        &b.records,
        "{\"resourceType\":\"Observation\",\"id\":\"bare\",\"status\":\"final\",\"meta\":{\"versionId\":\"1\","
        "\"lastUpdated\":\"2024-04-01T08:00:00Z\"},\"category\":[{\"coding\":[{\"code\":\"laboratory\"}]}],"
        "\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"751-8\"}]},\"subject\":{\"reference\":"
        "\"Patient/p0\"},\"effectiveDateTime\":\"2024-02-15T09:30:00+01:00\",\"valueQuantity\":{\"value\":0.9}}\n");
    bench_deliver(&b);
    bench_derive(&b);
    expect_stands("it waits", before);
    decide(gw_arena_print(
        &b.arena,
        "{\"n\":1,%s,\"reason\":\"lab manual\",\"kind\":\"unit\",\"match\":{\"fingerprint\":"
        "\"UNIT_MISSING|madrid|http://loinc.org|751-8||\"},\"set\":{\"unit\":\"10*9/L\"},\"undoes\":null}",
        head));
    expect_stands("switched on", "T30-01 0.7 3; T30-01 0.9 3; T30-02 2.5 0 | NEUTROPENIA 3 | none");
    expect_lineage("switched on");
    decide(gw_arena_print(&b.arena,
                          "{\"n\":2,%s,\"reason\":\"another laboratory\",\"kind\":\"undo\",\"match\":null,\"set\":{},"
                          "\"undoes\":1}",
                          head));
    expect_stands("switched off", before);
    expect_lineage("switched off");
}

/* ---- the ledger alone ---- */

static void expect_rebuilt(const char *name)
{
    const char *path = bench_path(&b, name);
    struct gw_rebuild_result result;
    char *was = bench_dump(bench_path(&b, "study.db")), *is;

    fine(gw_replay_rebuild(b.ledger, "lendex-rrmm", path, &result, &err));
    is = bench_dump(path);
    cr_expect(eq(sz, result.subjects, 1));
    cr_expect(gt(sz, strlen(was), 2000));
    cr_expect(eq(str, is, was));
    free(was);
    free(is);
}

Test(corrections, P10_are_rebuilt_from_the_ledger_byte_for_byte)
{
    struct gw_rebuild_result result;

    expect_rebuilt("before.db");
    add_count(&b, 0, &(struct count){"low", "2024-02-14", "entered-in-error", "0.7", 2});
    add_count(&b, 0, &(struct count){"more", "2024-03-17", "final", "0.3", 1});
    bench_deliver(&b);
    bench_derive(&b);
    expect_rebuilt("after.db");
    cr_expect(eq(int, gw_replay_rebuild(b.ledger, NULL, bench_path(&b, "after.db"), &result, &err), GW_ECREATE));
    cr_expect(eq(int, gw_replay_rebuild(b.ledger, "another", bench_path(&b, "new.db"), &result, &err), GW_EUSAGE));
}
