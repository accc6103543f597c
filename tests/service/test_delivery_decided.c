/*
 * What a person decides about rows that a real PostgreSQL refused or that were changed there: it leaves with the next
 * delivery, once, and over nothing but what was decided about.
 */
#include "gateway/ledger/refusals.h"
#include "gateway/ledger/report.h"
#include "gateway/service/decide.h"
#include "gateway/sinks/export.h"
#include "service/delivery_postgres.h"

#define STATES(code)                                                                                                   \
    "SELECT coalesce(string_agg(state || coalesce(' ' || resolution, ''), ',' ORDER BY state, resolution), '') "       \
    "FROM exceptions WHERE status <> 'withdrawn' AND code = '" code "'"
#define TYPE(value) "UPDATE observations SET value_num = " value " WHERE window_id = 'T30-01' AND concept = 'ANC'"

/* A second value of that day, in a row of its own. */
#define FAKE_PLATELETS(version, value)                                                                                 \
    "{\"resourceType\":\"Observation\",\"id\":\"plt\",\"status\":\"final\","                                           \
    "\"meta\":{\"versionId\":\"" version "\",\"lastUpdated\":\"2024-02-1" version "T08:00:00Z\"},"                     \
    "\"category\":[{\"coding\":[{\"code\":\"laboratory\"}]}],"                                                         \
    "\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"777-3\"}]},"                                    \
    "\"subject\":{\"reference\":\"Patient/p1\"},\"effectiveDateTime\":\"2024-02-14T09:30:00+01:00\","                  \
    "\"valueQuantity\":{\"value\":" value ",\"unit\":\"10*9/L\",\"system\":\"http://unitsofmeasure.org\","             \
    "\"code\":\"10*9/L\"}}"

static void close_ledger(struct gw_decide_request *request)
{
    gw_ledger_close(request->ledger);
    request->ledger = NULL;
}

static struct gw_decide_request open_ledger(struct bench *b)
{
    struct gw_decide_request request = {
        .ledger_path = bench_path(b, "state/ledger.db"), .config = &b->config, .by = "dm1", .reason = "by telephone"};

    cr_assert(gw_ledger_open(request.ledger_path, &request.ledger, &b->err) == GW_OK, "%s", b->err.text);
    return request;
}

/* The open exception of a code whose context says this. */
static const char *item_about(struct bench *b, struct gw_ledger *ledger, const char *code, const char *says)
{
    struct gw_ledger_items items;

    cr_assert(gw_ledger_items(ledger, &b->arena, NULL, true, &items, &b->err) == GW_OK);
    for (size_t i = 0; i < items.count; i++)
        if (strcmp(items.list[i].code, code) == 0 && strstr(items.list[i].context, says))
            return items.list[i].id;
    cr_assert(false, "no open %s says %s", code, says);
    return NULL;
}

static int64_t decide(struct bench *b, const char *code, const char *about, const char *answer)
{
    struct gw_decide_request request = open_ledger(b);
    struct gw_decide_result result;
    enum gw_status rc;

    request.selector = item_about(b, request.ledger, code, about);
    request.assignments = &answer;
    request.assignment_count = 1;
    rc = gw_decide_run(&b->arena, &request, &result, &b->err);
    close_ledger(&request);
    cr_assert(rc == GW_OK, "%s", b->err.text);
    cr_expect(!result.waits, "one row is no rule");
    cr_expect(result.sent == (strcmp(answer, "keep_theirs") != 0), "%zu", result.sent);
    cr_expect(result.unanswered == 0);
    return result.decision.n;
}

static void undo(struct bench *b, int64_t n)
{
    struct gw_decide_request request = open_ledger(b);
    struct gw_decide_result result;

    request.undoes = n;
    cr_assert(gw_decide_run(&b->arena, &request, &result, &b->err) == GW_OK, "%s", b->err.text);
    close_ledger(&request);
}

static void deliver(struct bench *b)
{
    cr_assert(bench_sync(b)->status == GW_OK, "%s", b->result.deliveries[0].failure.text);
}

/* 9.99 typed over 1.20, and then the source says 1.40. */
static void type_and_amend(struct bench *b, const char *schema)
{
    set_up(b, schema);
    deliver(b);
    exec(b, TYPE("9.99"));
    fake_hospital_add(&b->hospital, FAKE_COUNT("p1", "6", "amended", "1.40"));
    deliver(b);
    cr_assert(says(b, VALUE, "9.99"));
    cr_assert(says(b, STATES("TARGET_CHANGED"), "open"));
}

Test(delivery_decided, restores_ours_once)
{
    struct bench b;

    type_and_amend(&b, "restores");
    decide(&b, "TARGET_CHANGED", "value_num 9.99", "restore_ours");
    cr_expect(says(&b, VALUE, "9.99"), "nothing but a delivery writes there");
    deliver(&b);
    cr_expect(says(&b, VALUE, "1.40"));
    cr_expect(says(&b, STATES("TARGET_CHANGED"), "resolved decision:1"));
    deliver(&b);
    cr_expect(b.result.deliveries[0].batches == 0, "it is done");
    exec(&b, TYPE("9.99"));
    fake_hospital_add(&b.hospital, FAKE_COUNT("p1", "7", "amended", "1.50"));
    deliver(&b);
    cr_expect(says(&b, VALUE, "9.99"), "the same typed again is another case");
    cr_expect(says(&b, STATES("TARGET_CHANGED"), "open,resolved decision:1"));
    bench_close(&b);
}

Test(delivery_decided, writes_over_nothing_that_was_typed_after_the_decision)
{
    struct bench b;

    type_and_amend(&b, "typed_since");
    decide(&b, "TARGET_CHANGED", "9.99", "restore_ours");
    exec(&b, TYPE("8.88"));
    deliver(&b);
    cr_expect(says(&b, VALUE, "8.88"));
    cr_expect(says(&b, STATES("TARGET_CHANGED"), "open"), "asked anew, and nothing was resolved");
    decide(&b, "TARGET_CHANGED", "value_num 8.88", "restore_ours");
    deliver(&b);
    cr_expect(says(&b, VALUE, "1.40"));
    bench_close(&b);
}

Test(delivery_decided, keeps_theirs_while_ours_stays_what_it_was)
{
    struct bench b;

    type_and_amend(&b, "keeps_theirs");
    decide(&b, "TARGET_CHANGED", "9.99", "keep_theirs");
    deliver(&b);
    cr_expect(says(&b, VALUE, "9.99"));
    cr_expect(says(&b, STATES("TARGET_CHANGED"), "resolved decision:1"));
    fake_hospital_add(&b.hospital, FAKE_COUNT("p1", "7", "amended", "1.50"));
    deliver(&b);
    cr_expect(says(&b, VALUE, "9.99"));
    cr_expect(says(&b, STATES("TARGET_CHANGED"), "open,resolved decision:1"), "another value of ours is another case");
    decide(&b, "TARGET_CHANGED", "\"ours\":\"value_num 1.50", "restore_ours");
    deliver(&b);
    cr_expect(says(&b, VALUE, "1.50"));
    bench_close(&b);
}

Test(delivery_decided, takes_a_decision_back_before_the_row_has_left)
{
    struct bench b;

    type_and_amend(&b, "undone");
    undo(&b, decide(&b, "TARGET_CHANGED", "9.99", "restore_ours"));
    deliver(&b);
    cr_expect(says(&b, VALUE, "9.99"));
    cr_expect(says(&b, STATES("TARGET_CHANGED"), "open"));
    bench_close(&b);
}

Test(delivery_decided, sends_again_what_was_rejected_until_it_is_taken)
{
    struct bench b;

    set_up(&b, "resends");
    exec(&b, "ALTER TABLE observations ADD CONSTRAINT small CHECK (value_num < 1)");
    deliver(&b);
    cr_assert(says(&b, STATES("PUSH_REJECTED"), "open"));
    decide(&b, "PUSH_REJECTED", "value_num 1.20", "resend");
    deliver(&b);
    cr_expect(says(&b, STATES("PUSH_REJECTED"), "open"), "it was not taken again");
    exec(&b, "ALTER TABLE observations DROP CONSTRAINT small");
    deliver(&b);
    cr_expect(says(&b, "SELECT count(*) FROM observations WHERE value_num IS NOT NULL", "0"), "nobody said so");
    decide(&b, "PUSH_REJECTED", "value_num 1.20", "resend");
    deliver(&b);
    cr_expect(says(&b, VALUE, "1.20"));
    cr_expect(says(&b, STATES("PUSH_REJECTED"), "resolved decision:2"));
    bench_close(&b);
}

/* The process ends after the derivation that the decision led to, and before the database was reached. */
Test(delivery_decided, carries_out_after_an_end_in_between)
{
    struct bench b;

    type_and_amend(&b, "between");
    decide(&b, "TARGET_CHANGED", "9.99", "restore_ours");
    b.study.postgres.purpose = "staging"; /* refused before a row is sent */
    cr_assert(bench_sync(&b)->status == GW_ECONFIG);
    cr_assert(b.result.deliveries[0].waiting == 1);
    b.study.postgres.purpose = "production";
    deliver(&b);
    cr_expect(says(&b, VALUE, "1.40"));
    cr_expect(says(&b, STATES("TARGET_CHANGED"), "resolved decision:1"));
    bench_close(&b);
}

Test(delivery_decided, tells_two_rows_of_one_subject_apart)
{
    struct bench b;

    set_up(&b, "two_rows");
    fake_hospital_add(&b.hospital, FAKE_PLATELETS("5", "200"));
    deliver(&b);
    exec(&b, TYPE("9.99"));
    exec(&b, "UPDATE observations SET value_num = 77 WHERE concept = 'PLT'");
    fake_hospital_add(&b.hospital, FAKE_COUNT("p1", "6", "amended", "1.40"));
    fake_hospital_add(&b.hospital, FAKE_PLATELETS("6", "210"));
    deliver(&b);
    cr_assert(says(&b, STATES("TARGET_CHANGED"), "open,open"));
    decide(&b, "TARGET_CHANGED", "value_num 9.99", "restore_ours");
    decide(&b, "TARGET_CHANGED", "value_num 77", "keep_theirs");
    deliver(&b);
    cr_expect(says(&b,
                   "SELECT string_agg(value_num::text, ' ' ORDER BY concept) FROM observations WHERE window_id = "
                   "'T30-01' AND status <> 'withdrawn'",
                   "1.40 77"));
    cr_expect(says(&b, STATES("TARGET_CHANGED"), "resolved decision:1,resolved decision:2"));
    bench_close(&b);
}

Test(delivery_decided, withdraws_over_theirs_what_was_withdrawn_since)
{
    struct bench b;

    type_and_amend(&b, "withdrawn_since");
    decide(&b, "TARGET_CHANGED", "9.99", "restore_ours");
    fake_hospital_add(&b.hospital, FAKE_COUNT("p1", "7", "entered-in-error", "1.40"));
    deliver(&b);
    cr_expect(says(&b, VALUE, ""), "ours, as it is by now, is nothing");
    cr_expect(says(&b, "SELECT count(*) FROM observations WHERE status <> 'withdrawn'", "0"));
    bench_close(&b);
}

Test(delivery_decided, puts_back_a_row_that_was_deleted)
{
    struct bench b;

    set_up(&b, "deleted");
    deliver(&b);
    exec(&b, "DELETE FROM observations WHERE window_id = 'T30-01'");
    fake_hospital_add(&b.hospital, FAKE_COUNT("p1", "6", "amended", "1.40"));
    deliver(&b);
    cr_assert(says(&b, STATES("TARGET_CHANGED"), "open"));
    decide(&b, "TARGET_CHANGED", "\"theirs\":\"deleted\"", "restore_ours");
    deliver(&b);
    cr_expect(says(&b, VALUE, "1.40"));
    bench_close(&b);
}

static const char *dump_of(struct bench *b)
{
    const char *path = bench_path(b, "snapshot.db");
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    const char *kept;

    cr_assert(gw_sink_postgres_snapshot(&b->study.postgres, path, &b->err) == GW_OK, "%s", b->err.text);
    cr_assert(gw_export_dump(path, out, &b->err) == GW_OK, "%s", b->err.text);
    fclose(out);
    kept = gw_arena_copy(&b->arena, text, length);
    free(text);
    return kept;
}

Test(delivery_decided, ends_as_if_nobody_had_typed_anything)
{
    struct bench typed, plain;
    const char *wanted;

    set_up(&plain, "metamorphic_plain");
    deliver(&plain);
    fake_hospital_add(&plain.hospital, FAKE_COUNT("p1", "6", "amended", "1.40"));
    deliver(&plain);
    wanted = dump_of(&plain);
    type_and_amend(&typed, "metamorphic_typed");
    cr_expect(strcmp(dump_of(&typed), wanted) != 0, "the dump tells them apart");
    remove(bench_path(&typed, "snapshot.db"));
    decide(&typed, "TARGET_CHANGED", "9.99", "restore_ours");
    deliver(&typed);
    cr_expect_str_eq(dump_of(&typed), wanted);
    bench_close(&typed);
    bench_close(&plain);
}
