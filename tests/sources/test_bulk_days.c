/*
 * An endpoint's exports from day to day: what each asks for, and from when on. Row S19 of the fault matrix.
 */
#include "sources/bulk_replies.h"

static struct fake_bulk fake;

Test(bulk_days, s19_asks_the_next_day_for_what_changed)
{
    static const struct bulk_reply replies[] = {
        ACCEPTED,
        {"GET /job/1", 200, MANIFEST(BOTH, "")},
        P_FILE,
        O_FILE,
        {"GET /Group/g/$export?_type=Patient,Observation&_since=2026-11-20T10:00:01%2B00:00", 202,
         .location = BASE "/job/2"},
        {"GET /job/2", 200, MANIFEST_AS_OF(T2, OF("Observation", BASE "/f/o9"), "")},
        {"GET /f/o9", 200, OBSERVATION("o9", "p1") "\n"},
        {0}};

    fake_bulk_play(&fake, replies);
    fake_bulk_run(&fake);
    cr_expect(fake.result.idle && fake.result.wait_s == 24 * 3600 && fake.asked.length == 0, "asked before its time");
    fake_time_run(&fake.time, DAY_MS, NULL, NULL);
    fake_bulk_run(&fake);
    cr_expect_str_eq(fake_bulk_outcome(&fake), "Observation/o1 Observation/o3 Observation/o9 Patient/p1 | " T2 " " T2);
    cr_expect(strstr(fake.asked.at, "_since=2026-11-20T10:00:01%2B00:00\n"), "%s", fake.asked.at);
    fake_bulk_release(&fake);
}

Test(bulk_days, s19_asks_for_everything_where_a_since_is_refused)
{
    static const struct bulk_reply replies[] = {
        ACCEPTED,
        {"GET /job/1", 200, MANIFEST(BOTH, "")},
        P_FILE,
        O_FILE,
        {"GET /Group/g/$export?_type=Patient,Observation&_since=2026-11-20T10:00:01%2B00:00", 400,
         OUTCOME("error", "invalid", "_since is in the future")},
        {0}};

    fake_bulk_play(&fake, replies);
    fake_time_run(&fake.time, DAY_MS, NULL, NULL);
    fake_bulk_run(&fake);
    cr_expect(fake.failure.status == GW_OK, "%s", fake.failure.text);
    cr_expect(strstr(fake.asked.at, "%2B00:00\n" KICK "\nGET /job/1\n"), "%s", fake.asked.at);
    cr_expect_str_eq(fake_bulk_outcome(&fake), ALL_FACTS " | " T1 " " T1);
    fake_bulk_release(&fake);
}

Test(bulk_days, s19_believes_no_transaction_time_in_the_future)
{
    static const struct {
        const char *manifest;
        const char *outcome;
    } times[] = {
        {MANIFEST_AS_OF("2026-11-20T10:05:00Z", OF("Patient", BASE "/f/p"), ""),
         "Patient/p1 | 2026-11-20T10:05:00Z 2026-11-20T10:05:00Z"}, /* five minutes: clocks differ */
        {MANIFEST_AS_OF("2026-11-20T10:05:01Z", OF("Patient", BASE "/f/p"), ""), "Patient/p1 | - -"},
        {MANIFEST_AS_OF("2020-01-01T00:00:00Z", OF("Patient", BASE "/f/p"), ""),
         "Patient/p1 | 2020-01-01T00:00:00Z 2020-01-01T00:00:00Z"}, /* long ago: the next export begins there */
    };

    for (size_t i = 0; i < COUNT(times); i++) {
        const struct bulk_reply replies[] = {ACCEPTED, {"GET /job/1", 200, times[i].manifest}, P_FILE, {0}};

        fake_bulk_play(&fake, replies);
        cr_expect_str_eq(fake_bulk_outcome(&fake), times[i].outcome);
        fake_bulk_release(&fake);
    }
}

Test(bulk_days, s19_asks_for_everything_of_whom_a_since_would_leave_out)
{
    static const struct bulk_reply replies[] = {ACCEPTED, {"GET /job/1", 200, MANIFEST(BOTH, "")}, P_FILE, O_FILE, {0}};

    fake_bulk_play(&fake, replies);
    cr_expect_str_eq(fake_bulk_outcome(&fake), ALL_FACTS " | " T1 " " T1);
    fake.settings.member_count = 2; /* p2 was enrolled meanwhile */
    fake_bulk_run(&fake);
    cr_expect_str_eq(fake_bulk_outcome(&fake), ALL_FACTS " | - -", "complete for one of two is not complete");
    fake_time_run(&fake.time, DAY_MS, NULL, NULL);
    memset(fake.used, 0, sizeof fake.used);
    fake_bulk_run(&fake);
    cr_expect(strstr(fake.asked.at, KICK "\n"), "%s", fake.asked.at);
    cr_expect_str_eq(fake_bulk_outcome(&fake), ALL_FACTS " | " T1 " " T1);
    fake_bulk_release(&fake);
}

Test(bulk_days, names_the_enrolled_where_the_server_takes_names)
{
    static const struct bulk_reply replies[] = {{"POST /Group/g/$export", 202, .location = BASE "/job/1"},
                                                {"GET /job/1", 200, MANIFEST(BOTH, "")},
                                                P_FILE,
                                                O_FILE,
                                                {0}};

    fake_bulk_init(&fake, replies);
    fake.settings.by_patient = true;
    fake_bulk_run(&fake);
    cr_expect(strstr(fake.bodies.at, "\"valueReference\":{\"reference\":\"Patient/p1\"}"), "%s", fake.bodies.at);
    cr_expect_str_eq(fake_bulk_outcome(&fake), ALL_FACTS " | " T1 " " T1);
    fake.settings.member_count = 2;
    memset(fake.used, 0, sizeof fake.used);
    fake_bulk_run(&fake);
    cr_expect(strstr(fake.bodies.at, "Patient/p2") && !strstr(fake.bodies.at, "Patient/p1") &&
                  !strstr(fake.bodies.at, "_since"),
              "%s", fake.bodies.at);
    cr_expect_str_eq(fake_bulk_outcome(&fake), ALL_FACTS " | " T1 " " T1);
    fake_bulk_release(&fake);
}
