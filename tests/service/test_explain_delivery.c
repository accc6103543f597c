/*
 * Of every value a person can hear whether the study database has it: by the receipt of its batch, and by what that
 * database said of the row itself.
 */
#include "gateway/service/explain.h"
#include "service/delivery_postgres.h"

static struct gw_explanation told;

/* The value in the window, by the question for it. */
static void ask(struct bench *b)
{
    struct gw_explain_query query = {.ledger_path = bench_path(b, "state/ledger.db"),
                                     .config = &b->config,
                                     .subject = "S-1",
                                     .concept = "ANC",
                                     .window = "T30-01"};
    enum gw_status rc;

    cr_assert(gw_ledger_open(query.ledger_path, &query.ledger, &b->err) == GW_OK, "%s", b->err.text);
    rc = gw_explain_ask(&b->arena, &query, &told, &b->err);
    gw_ledger_close(query.ledger);
    cr_assert(rc == GW_OK, "%s", b->err.text);
    cr_assert(told.row, "%s", told.answer);
}

static bool tells(const char *text)
{
    for (size_t i = 0; i < told.sentence_count; i++)
        if (strcmp(told.sentences[i].topic, "delivery") == 0)
            return strstr(told.sentences[i].text, text) != NULL;
    return false;
}

Test(explain_delivery, tells_what_waits_and_then_its_receipt)
{
    struct bench b;

    set_up(&b, "explain_waits");
    b.study.postgres.purpose = "staging";
    bench_sync(&b);
    ask(&b);
    cr_expect(tells("has not got it yet: the batch waits in the outbox"));
    cr_expect(told.receipt == NULL);
    b.study.postgres.purpose = "production";
    bench_sync(&b);
    ask(&b);
    cr_expect(tells("The study database has it: receipt "));
    cr_expect(tells(", for revisions 1 to 1."));
    cr_assert(told.receipt != NULL);
    cr_expect(tells(told.receipt));
    bench_close(&b);
}

Test(explain_delivery, tells_of_a_later_change_that_waits)
{
    struct bench b;

    set_up(&b, "explain_later");
    bench_sync(&b);
    b.study.postgres.purpose = "staging";
    fake_hospital_add(&b.hospital, FAKE_COUNT("p1", "6", "amended", "1.40"));
    bench_sync(&b);
    ask(&b);
    cr_expect(tells("has not got it yet"), "an earlier batch is there, the one that changed the value is not");
    cr_expect(told.receipt == NULL);
    bench_close(&b);
}

Test(explain_delivery, tells_what_was_refused)
{
    struct bench b;

    set_up(&b, "explain_refused");
    exec(&b, "ALTER TABLE observations ADD CONSTRAINT small CHECK (value_num < 1)");
    bench_sync(&b);
    ask(&b);
    cr_expect(tells("refused this row"));
    cr_expect(tells("PUSH_REJECTED"));
    cr_expect(told.receipt == NULL, "the batch has a receipt, the value has none");
    bench_close(&b);
}

Test(explain_delivery, tells_what_a_person_changed_there)
{
    struct bench b;

    set_up(&b, "explain_touched");
    bench_sync(&b);
    exec(&b, "UPDATE observations SET value_num = 9.99 WHERE window_id = 'T30-01'");
    fake_hospital_add(&b.hospital, FAKE_COUNT("p1", "6", "amended", "1.40"));
    bench_sync(&b);
    ask(&b);
    cr_expect(tells("somebody changed it there"));
    cr_expect(told.receipt == NULL);
    bench_close(&b);
}

Test(explain_delivery, tells_what_a_person_took_away_there)
{
    struct bench b;

    set_up(&b, "explain_missing");
    bench_sync(&b);
    exec(&b, "DELETE FROM observations WHERE window_id = 'T30-01'");
    fake_hospital_add(&b.hospital, FAKE_COUNT("p1", "6", "amended", "1.40"));
    bench_sync(&b);
    ask(&b);
    cr_expect(tells("somebody took it away there"));
    bench_close(&b);
}
