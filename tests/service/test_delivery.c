/*
 * A sync whose study database is a real PostgreSQL: what a hospital has ends there, what a person changed there is left
 * alone and told, and a database that is away or refuses costs its own deliveries alone.
 */
#include "service/delivery_postgres.h"

Test(delivery, brings_what_a_hospital_has_to_a_study_database_that_is_elsewhere)
{
    struct bench b;

    set_up(&b, "brings");
    cr_expect(bench_sync(&b)->status == GW_OK, "%s", b.result.deliveries[0].failure.text);
    cr_expect(says(&b, VALUE, "1.20"));
    cr_expect(says(&b, "SELECT count(*) FROM subjects", "1"));
    cr_expect(b.result.deliveries[0].batches == 1 && b.result.deliveries[0].rows > 3);
    cr_expect(b.result.deliveries[0].waiting == 0 && b.result.deliveries[0].refused == 0);
    fake_hospital_add(&b.hospital, FAKE_COUNT("p1", "6", "amended", "1.40"));
    cr_expect(bench_sync(&b)->status == GW_OK);
    cr_expect(says(&b, VALUE, "1.40"), "an amendment flows as a difference");
    cr_expect(bench_sync(&b)->status == GW_OK);
    cr_expect(b.result.deliveries[0].batches == 0, "and nothing flows twice");
    bench_close(&b);
}

Test(delivery, brings_what_a_slice_asked_for_again_has_changed)
{
    const struct gw_refetch again = {
        .from = GW_NO_DAY, .to = GW_NO_DAY, .types = "Observation", .by = "dm1", .reason = "re-issued results"};
    struct bench b;

    set_up(&b, "again");
    cr_expect(bench_sync(&b)->status == GW_OK, "%s", b.result.deliveries[0].failure.text);
    b.again = &again;
    cr_expect(bench_sync(&b)->status == GW_OK);
    cr_expect(b.result.deliveries[0].batches == 0, "nothing changed");
    b.hospital.resources[2] = FAKE_COUNT("p1", "6", "amended", "1.40");
    cr_expect(bench_sync(&b)->status == GW_OK);
    cr_expect(says(&b, VALUE, "1.40"));
    cr_expect(b.result.deliveries[0].batches == 1);
    b.again = NULL;
    cr_expect(bench_sync(&b)->status == GW_OK);
    cr_expect(b.result.deliveries[0].batches == 0, "and the next sync has nothing left to bring");
    bench_close(&b);
}

Test(delivery, leaves_alone_what_a_person_changed_and_tells_it_once)
{
    struct bench b;

    set_up(&b, "touched");
    bench_sync(&b);
    exec(&b, "UPDATE observations SET value_num = 9.99 WHERE window_id = 'T30-01'");
    fake_hospital_add(&b.hospital, FAKE_COUNT("p1", "6", "amended", "1.40"));
    cr_expect(bench_sync(&b)->status == GW_OK);
    cr_expect(says(&b, VALUE, "9.99"));
    cr_expect(says(&b, OPEN("TARGET_CHANGED"), "1"), "told in the same sync");
    cr_expect(b.result.deliveries[0].refused >= 1);
    cr_expect(bench_sync(&b)->status == GW_OK);
    cr_expect(says(&b, OPEN("TARGET_CHANGED"), "1"));
    cr_expect(b.result.deliveries[0].batches == 0, "and not again and again");
    bench_close(&b);
}

Test(delivery, tells_what_the_database_refuses_until_it_takes_it)
{
    struct bench b;

    set_up(&b, "rejected");
    exec(&b, "ALTER TABLE observations ADD CONSTRAINT small CHECK (value_num < 1)");
    cr_expect(bench_sync(&b)->status == GW_OK);
    cr_expect(says(&b, "SELECT count(*) FROM observations WHERE value_num IS NOT NULL", "0"));
    cr_expect(says(&b, "SELECT count(*) FROM windows WHERE window_id = 'T30-01'", "1"), "the rest is there");
    cr_expect(says(&b, OPEN("PUSH_REJECTED"), "1"));
    exec(&b, "ALTER TABLE observations DROP CONSTRAINT small");
    fake_hospital_add(&b.hospital, FAKE_COUNT("p1", "6", "amended", "1.40"));
    cr_expect(bench_sync(&b)->status == GW_OK);
    cr_expect(says(&b, VALUE, "1.40"));
    cr_expect(says(&b, OPEN("PUSH_REJECTED"), "0"));
    bench_close(&b);
}

Test(delivery, keeps_in_the_outbox_what_cannot_be_delivered)
{
    struct bench b;

    set_up(&b, "keeps");
    b.study.postgres.purpose = "staging"; /* D8 */
    cr_expect(bench_sync(&b)->status == GW_ECONFIG);
    cr_expect(b.result.deliveries[0].waiting == 1);
    cr_expect(says(&b, "SELECT count(*) FROM subjects", "0"));
    b.study.postgres.purpose = "production";
    cr_expect(bench_sync(&b)->status == GW_OK, "%s", b.result.deliveries[0].failure.text);
    cr_expect(says(&b, VALUE, "1.20"));
    cr_expect(b.result.deliveries[0].waiting == 0);
    bench_close(&b);
}

#define ACTIVE "SELECT count(*) FROM observations WHERE status <> 'withdrawn' AND window_id = 'T30-01'"

/* The old version stays where the new one was refused: it goes with its record all the same. */
Test(delivery, takes_away_what_was_there_before_a_change_was_refused)
{
    struct bench b;

    set_up(&b, "refused_change");
    bench_sync(&b);
    exec(&b, "ALTER TABLE observations ADD CONSTRAINT small CHECK (value_num < 1.3)");
    fake_hospital_add(&b.hospital, FAKE_COUNT("p1", "6", "amended", "1.40"));
    cr_expect(bench_sync(&b)->status == GW_OK);
    cr_assert(says(&b, VALUE, "1.20") && says(&b, OPEN("PUSH_REJECTED"), "1"));
    fake_hospital_add(&b.hospital, FAKE_COUNT("p1", "7", "entered-in-error", "1.40"));
    cr_expect(bench_sync(&b)->status == GW_OK);
    cr_expect(says(&b, ACTIVE, "0"), "nothing of a retracted record stays");
    cr_expect(says(&b, OPEN("PUSH_REJECTED"), "0"));
    bench_close(&b);
}

/* And of what never was there nothing is missed. */
Test(delivery, misses_nothing_of_a_row_that_was_refused_and_is_withdrawn)
{
    struct bench b;

    set_up(&b, "refused_row");
    exec(&b, "ALTER TABLE observations ADD CONSTRAINT small CHECK (value_num < 1)");
    bench_sync(&b);
    cr_assert(says(&b, ACTIVE, "0") && says(&b, OPEN("PUSH_REJECTED"), "1"));
    fake_hospital_add(&b.hospital, FAKE_COUNT("p1", "7", "entered-in-error", "1.20"));
    cr_expect(bench_sync(&b)->status == GW_OK);
    cr_expect(says(&b, "SELECT count(*) FROM observations WHERE window_id = 'T30-01' AND concept = 'ANC'", "0"));
    cr_expect(says(&b, OPEN("PUSH_REJECTED"), "0") && says(&b, OPEN("TARGET_CHANGED"), "0"));
    cr_expect(b.result.deliveries[0].refused == 0);
    bench_close(&b);
}
