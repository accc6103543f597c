/*
 * What an order withdraws leaves a study database that is elsewhere by the ordinary difference, with the next sync. Row
 * O2.
 */
#include "gateway/ledger/settle.h"
#include "gateway/service/purge.h"
#include "service/delivery_postgres.h"

TestSuite(order_delivery, .timeout = 300);

#define NOW INT64_C(1795262400) /* 2026-11-21T12:00:00Z */

static struct gw_ledger *open_ledger(struct bench *b)
{
    struct gw_ledger *ledger = NULL;

    cr_assert(gw_ledger_open(bench_path(b, "state/ledger.db"), &ledger, &b->err) == GW_OK, "%s", b->err.text);
    return ledger;
}

/* By an officer whose key is made here. */
static void order_withdrawal(struct bench *b)
{
    struct gw_text line = GW_TEXT_INIT(GW_ORDER_LINE_MAX), pem = GW_TEXT_INIT(4096);
    struct gw_signature_key *key = NULL;
    struct gw_ledger *ledger = open_ledger(b);
    struct gw_purge_applied applied;
    struct gw_purge_order order;
    const struct gw_order_request request = {.config = &b->config,
                                             .study = "lendex-rrmm",
                                             .subject = "S-1",
                                             .withdraw = true,
                                             .reason = "consent withdrawn",
                                             .by = "dpo",
                                             .key = bench_path(b, "officer.key"),
                                             .now = NOW};

    cr_assert(gw_signature_key_keep(request.key, &key, &b->err) == GW_OK, "%s", b->err.text);
    cr_assert(gw_signature_key_public(key, &pem, &b->err) == GW_OK);
    gw_signature_key_free(key);
    scratch_write(&b->scratch, "officer.pem", pem.at);
    b->config.order_key = bench_path(b, "officer.pem");
    cr_assert(gw_order_make(ledger, &b->arena, &request, &line, &order, &b->err) == GW_OK, "%s", b->err.text);
    cr_assert(gw_purge_apply(ledger, bench_path(b, "state/ledger.db"), &b->arena, &b->config, &line, NOW, false, "it1",
                             &applied, &b->err) == GW_OK,
              "%s", b->err.text);
    cr_expect(applied.pass.batches == 0, "its database is elsewhere: nothing is said to it here");
    gw_ledger_close(ledger);
    gw_text_release(&line);
    gw_text_release(&pem);
}

static struct gw_delivery_counts count(struct bench *b)
{
    struct gw_ledger *ledger = open_ledger(b);
    struct gw_delivery_counts counts = {0};

    cr_assert(gw_delivery_counts(ledger, &b->arena, "lendex-rrmm", &counts, &b->err) == GW_OK, "%s", b->err.text);
    gw_ledger_close(ledger);
    return counts;
}

Test(order_delivery, O2_withdraws_the_rows_of_a_purged_subject_with_the_next_sync)
{
    struct bench b;

    set_up(&b, "ordered");
    cr_assert(bench_sync(&b)->status == GW_OK, "%s", bench_sync(&b)->text);
    cr_expect(says(&b, VALUE, "1.20"));
    order_withdrawal(&b);
    cr_expect(says(&b, VALUE, "1.20") && count(&b).waiting == 1, "it waits in the outbox");
    cr_assert(bench_sync(&b)->status == GW_OK, "%s", b.result.deliveries[0].failure.text);
    cr_expect(b.result.endpoints[0].requests == 0, "nothing is asked");
    cr_expect(says(&b, "SELECT count(*) FROM observations WHERE status <> 'withdrawn' OR value_num IS NOT NULL", "0"),
              "of a withdrawn row no value stays");
    cr_expect(says(&b, "SELECT count(*) FROM subjects WHERE status <> 'withdrawn'", "0"));
    cr_expect(count(&b).waiting == 0 && count(&b).refused == 0);
    bench_close(&b);
}

Test(order_delivery, leaves_alone_what_a_person_typed_and_counts_it)
{
    struct bench b;

    set_up(&b, "typed");
    cr_assert(bench_sync(&b)->status == GW_OK, "%s", b.result.deliveries[0].failure.text);
    exec(&b, "UPDATE observations SET value_num = 9.99 WHERE window_id = 'T30-01'");
    order_withdrawal(&b);
    cr_assert(bench_sync(&b)->status == GW_OK, "%s", b.result.deliveries[0].failure.text);
    cr_expect(says(&b, VALUE, "9.99"), "never an overwrite");
    cr_expect(says(&b, "SELECT count(*) FROM subjects WHERE status <> 'withdrawn'", "0"), "the others are withdrawn");
    cr_expect(count(&b).refused > 0 && count(&b).waiting == 0, "and casement status counts it");
    bench_close(&b);
}
