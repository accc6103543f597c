/*
 * What a person decided between two syncs.
 */
#include "service/sync_bench.h"

#include "gateway/service/decide.h"

#define NO_UNIT                                                                                                        \
    "{\"resourceType\":\"Observation\",\"id\":\"bare\",\"meta\":{\"versionId\":\"1\",\"lastUpdated\":"                 \
    "\"2024-02-14T12:00:00Z\"},\"status\":\"final\",\"category\":[{\"coding\":[{\"system\":"                           \
    "\"http://terminology.hl7.org/CodeSystem/observation-category\",\"code\":\"laboratory\"}]}],"                      \
    "\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"777-3\"}]},\"subject\":{\"reference\":"         \
    "\"Patient/p1\"},\"effectiveDateTime\":\"2024-02-14\",\"valueQuantity\":{\"value\":210}}"
#define PLATELETS "SELECT group_concat(value_num) FROM observations WHERE status <> 'withdrawn' AND concept = 'PLT'"

static void decide_unit(struct bench *b, bool mark, struct gw_decide_result *out)
{
    const char *const assignments[] = {"unit=10*9/L"};
    struct gw_decide_request request = {.ledger_path = path_of(b, "state/ledger.db"),
                                        .config = &b->config,
                                        .selector = "UNIT_MISSING|madrid|http://loinc.org|777-3||",
                                        .assignments = assignments,
                                        .assignment_count = 1,
                                        .by = "dm1",
                                        .reason = "lab manual"};

    cr_assert(eq(int, gw_ledger_open(request.ledger_path, &request.ledger, &b->err), GW_OK), "%s", b->err.text);
    if (mark)
        cr_assert(eq(int, gw_ledger_mark(request.ledger, 1, &b->err), GW_OK));
    cr_assert(eq(int, gw_decide_run(&b->arena, &request, out, &b->err), GW_OK), "%s", b->err.text);
    gw_ledger_close(request.ledger);
}

Test(sync_decisions, delivers_what_a_person_decided_at_once_and_finds_nothing_new_afterwards)
{
    struct gw_decide_result decided;
    struct bench b;

    set_up(&b, HEADER MADRID, 1, NULL);
    fake_hospital_add(&b.hospitals[0], NO_UNIT);
    run_fine(&b);
    expect_cell(&b, PLATELETS, "", "it waits for its unit");
    decide_unit(&b, false, &decided);
    cr_expect(not(decided.waits), "fourEyes is off");
    cr_expect(eq(sz, decided.pass.subjects, 1));
    cr_expect(eq(sz, decided.held_back, 0));
    expect_cell(&b, PLATELETS, "210", "delivered by the decision");
    run_fine(&b);
    cr_expect(eq(sz, b.result.pass.subjects, 0), "nothing left to derive");
    expect_cell(&b, PLATELETS, "210", "and it stays");
    tear_down(&b);
}

/* The first dose of the one subject, as a person found it in a letter. */
static void decide_first_dose(struct bench *b, const char *date, struct gw_decide_result *out)
{
    const char *const assignments[] = {gw_arena_print(&b->arena, "date=%s", date)};
    struct gw_decide_request request = {.ledger_path = path_of(b, "state/ledger.db"),
                                        .config = &b->config,
                                        .assignments = assignments,
                                        .assignment_count = 1,
                                        .by = "dm1",
                                        .reason = "letter"};
    struct gw_ledger_items items;

    cr_assert(eq(int, gw_ledger_open(request.ledger_path, &request.ledger, &b->err), GW_OK), "%s", b->err.text);
    cr_assert(eq(int, gw_ledger_items(request.ledger, &b->arena, NULL, true, &items, &b->err), GW_OK));
    cr_assert(eq(sz, items.count, 1));
    request.selector = items.list[0].id;
    cr_assert(eq(int, gw_decide_run(&b->arena, &request, out, &b->err), GW_OK), "%s", b->err.text);
    gw_ledger_close(request.ledger);
}

Test(sync_decisions, asks_for_the_days_of_a_first_dose_that_a_person_set)
{
    struct gw_decide_result decided;
    struct bench b;

    set_up(&b, HEADER "madrid,lendex-rrmm,p1,S-1,,,,,,\n", 1, NULL);
    run_fine(&b);
    expect_cell(&b, VALUE, "", "no first dose");
    decide_first_dose(&b, "2024-01-15", &decided);
    cr_expect(eq(sz, decided.held_back, 1), "these days were never asked for");
    cr_expect(eq(sz, decided.pass.subjects, 0));
    expect_cell(&b, STATE("T30-01"), "", "nothing is said of them");
    b.hospitals[0].refused = "Observation";
    cr_assert(eq(int, run(&b), GW_OK), "%s", b.err.text);
    expect_cell(&b, STATE("T30-01"), "", "nor while they cannot be read");
    b.hospitals[0].refused = NULL;
    run_fine(&b);
    expect_cell(&b, VALUE, "1.20", "searched for by the next sync");
    tear_down(&b);
}

Test(sync_decisions, leaves_a_decision_about_a_subject_that_waits_for_more_to_the_next_sync)
{
    struct gw_decide_result decided;
    struct bench b;

    set_up(&b, HEADER MADRID, 1, NULL);
    fake_hospital_add(&b.hospitals[0], NO_UNIT);
    run_fine(&b);
    decide_unit(&b, true, &decided);
    cr_expect(eq(sz, decided.pass.subjects, 0));
    cr_expect(eq(sz, decided.held_back, 1));
    expect_cell(&b, PLATELETS, "", "not yet");
    run_fine(&b);
    expect_cell(&b, PLATELETS, "210", "by the sync");
    tear_down(&b);
}

Test(sync_decisions, lets_a_decision_on_a_cause_wait_where_four_eyes_are_wanted)
{
    struct gw_decide_result decided;
    struct bench b;

    set_up(&b, HEADER MADRID, 1, NULL);
    b.config.four_eyes = true;
    fake_hospital_add(&b.hospitals[0], NO_UNIT);
    run_fine(&b);
    decide_unit(&b, false, &decided);
    cr_expect(decided.waits);
    run_fine(&b);
    expect_cell(&b, PLATELETS, "", "nobody approved it");
    tear_down(&b);
}
