/*
 * Signed windows and a study database on a real PostgreSQL: what waits does not leave, what a person accepted does, and
 * what somebody typed there is met as ever, whatever was signed.
 *
 * T30-01 has a count of 1.20; it takes values up to 19 February, and all is read up to the 28th.
 */
#include "gateway/ledger/report.h"
#include "gateway/service/decide.h"
#include "gateway/service/preview.h"
#include "gateway/service/sign.h"
#include "service/delivery_postgres.h"

#define TYPED "UPDATE observations SET value_num = 9.99 WHERE window_id = 'T30-01' AND concept = 'ANC'"

static void sync_well(struct bench *b)
{
    cr_assert(bench_sync(b)->status == GW_OK, "%s", b->result.deliveries[0].failure.text);
    cr_expect(b->result.deliveries[0].waiting == 0);
}

static void amend(struct bench *b, const char *resource)
{
    fake_hospital_add(&b->hospital, resource);
    sync_well(b);
}

static struct gw_ledger *open_ledger(struct bench *b)
{
    struct gw_ledger *ledger = NULL;

    cr_assert(gw_ledger_open(bench_path(b, "state/ledger.db"), &ledger, &b->err) == GW_OK, "%s", b->err.text);
    return ledger;
}

static void sign(struct bench *b)
{
    struct gw_sign_window window = {.subject = "S-1", .window = "T30-01"};
    struct gw_sign_request request = {.ledger = open_ledger(b),
                                      .ledger_path = bench_path(b, "state/ledger.db"),
                                      .config = &b->config,
                                      .windows = {&window, 1},
                                      .by = "inv1",
                                      .reason = "read"};
    struct gw_sign_result result;
    const enum gw_status rc = gw_sign_run(&b->arena, &request, &result, &b->err);

    gw_ledger_close(request.ledger);
    cr_assert(rc == GW_OK, "%s", b->err.text);
    cr_assert(result.signed_now == 1);
}

static void decide(struct bench *b, const char *code, const char *answer)
{
    struct gw_decide_request request = {.ledger = open_ledger(b),
                                        .ledger_path = bench_path(b, "state/ledger.db"),
                                        .config = &b->config,
                                        .by = "inv1",
                                        .reason = "by telephone",
                                        .assignments = &answer,
                                        .assignment_count = 1};
    struct gw_decide_result result;
    struct gw_ledger_items items;
    enum gw_status rc;

    cr_assert(gw_ledger_items(request.ledger, &b->arena, NULL, true, &items, &b->err) == GW_OK);
    for (size_t i = 0; i < items.count && !request.selector; i++)
        if (strcmp(items.list[i].code, code) == 0)
            request.selector = items.list[i].id;
    cr_assert(request.selector != NULL, "no %s is open", code);
    rc = gw_decide_run(&b->arena, &request, &result, &b->err);
    gw_ledger_close(request.ledger);
    cr_assert(rc == GW_OK, "%s", b->err.text);
    sync_well(b);
}

static void expect_open(struct bench *b, const char *signed_changed, const char *target_changed)
{
    cr_expect(says(b, OPEN("SIGNED_CHANGED"), signed_changed));
    cr_expect(says(b, OPEN("TARGET_CHANGED"), target_changed));
}

Test(signing_postgres, holds_a_correction_until_it_is_accepted)
{
    struct bench b;

    set_up(&b, "signed_accepted");
    sync_well(&b);
    sign(&b);
    amend(&b, FAKE_COUNT("p1", "6", "amended", "1.40"));
    cr_expect(says(&b, VALUE, "1.20"));
    expect_open(&b, "1", "0");
    sync_well(&b);
    cr_expect(b.result.deliveries[0].batches == 0, "nothing flows twice");
    decide(&b, "SIGNED_CHANGED", "accept");
    cr_expect(says(&b, VALUE, "1.40"));
    expect_open(&b, "0", "0");
    cr_expect(says(&b, OPEN("CORRECTION_AFTER_PUSH"), "1"));
    bench_close(&b);
}

Test(signing_postgres, lets_what_was_withdrawn_leave_at_once)
{
    struct bench b;

    set_up(&b, "signed_withdrawn");
    sync_well(&b);
    sign(&b);
    amend(&b, FAKE_COUNT("p1", "6", "entered-in-error", "1.20"));
    cr_expect(says(&b, VALUE, ""));
    expect_open(&b, "0", "0");
    bench_close(&b);
}

/* The row waits for an investigator and was changed by another hand: each asks once, and nothing is written over. */
Test(signing_postgres, asks_once_for_the_source_and_once_for_the_hand)
{
    struct bench b;

    set_up(&b, "signed_typed");
    sync_well(&b);
    sign(&b);
    exec(&b, TYPED);
    amend(&b, FAKE_COUNT("p1", "6", "amended", "1.40"));
    cr_expect(says(&b, VALUE, "9.99"));
    cr_expect(says(&b, OPEN("SIGNED_CHANGED"), "1"));
    decide(&b, "SIGNED_CHANGED", "accept");
    cr_expect(says(&b, VALUE, "9.99"), "what was accepted is no leave to write over a hand");
    expect_open(&b, "0", "1");
    sync_well(&b);
    cr_expect(b.result.deliveries[0].batches == 0);
    expect_open(&b, "0", "1");
    decide(&b, "TARGET_CHANGED", "restore_ours");
    cr_expect(says(&b, VALUE, "1.40"));
    expect_open(&b, "0", "0");
    bench_close(&b);
}

/* Ours comes back as it was signed, not as the source says by now. */
Test(signing_postgres, restores_what_was_signed)
{
    struct bench b;

    set_up(&b, "signed_restored");
    sync_well(&b);
    exec(&b, TYPED);
    amend(&b, FAKE_COUNT("p1", "6", "amended", "1.40"));
    expect_open(&b, "0", "1");
    sign(&b);
    amend(&b, FAKE_COUNT("p1", "7", "amended", "1.60"));
    cr_expect(says(&b, VALUE, "9.99"));
    expect_open(&b, "1", "1");
    decide(&b, "TARGET_CHANGED", "restore_ours");
    cr_expect(says(&b, VALUE, "1.40"), "1.60 waits");
    expect_open(&b, "1", "0");
    decide(&b, "SIGNED_CHANGED", "accept");
    cr_expect(says(&b, VALUE, "1.60"));
    expect_open(&b, "0", "0");
    bench_close(&b);
}

/* Theirs was kept beside 1.40. What waits is no other value of ours, so nothing is asked again until it flows. */
Test(signing_postgres, keeps_theirs_while_ours_waits)
{
    struct bench b;

    set_up(&b, "signed_kept");
    sync_well(&b);
    exec(&b, TYPED);
    amend(&b, FAKE_COUNT("p1", "6", "amended", "1.40"));
    decide(&b, "TARGET_CHANGED", "keep_theirs");
    expect_open(&b, "0", "0");
    sign(&b);
    amend(&b, FAKE_COUNT("p1", "7", "amended", "1.60"));
    cr_expect(says(&b, VALUE, "9.99"));
    expect_open(&b, "1", "0");
    decide(&b, "SIGNED_CHANGED", "accept");
    cr_expect(says(&b, VALUE, "9.99"));
    expect_open(&b, "0", "1");
    bench_close(&b);
}

/* Of the row value_num, source_value and result_status; none of them is counted as one that would be written. */
Test(signing_postgres, counts_in_a_plan_what_waits)
{
    struct gw_preview_query query = {0};
    struct gw_preview preview;
    size_t signed_values = 0, values = 0;
    struct bench b;

    set_up(&b, "signed_plan");
    sync_well(&b);
    sign(&b);
    amend(&b, FAKE_COUNT("p1", "6", "amended", "1.40"));
    query = (struct gw_preview_query){
        .ledger = open_ledger(&b), .ledger_path = bench_path(&b, "state/ledger.db"), .config = &b.config};
    cr_assert(gw_preview_run(&b.arena, &query, &preview, &b.err) == GW_OK, "%s", b.err.text);
    gw_ledger_close(query.ledger);
    for (size_t i = 0; i < preview.line_count; i++)
        if (strcmp(preview.lines[i].window, "T30-01") == 0 && strcmp(preview.lines[i].table, "observations") == 0) {
            signed_values += preview.lines[i].signed_values;
            values += preview.lines[i].values;
        }
    cr_expect(signed_values == 3, "%zu", signed_values);
    cr_expect(values == 0, "%zu", values);
    cr_expect(says(&b, VALUE, "1.20"));
    bench_close(&b);
}
