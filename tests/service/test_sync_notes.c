/*
 * What a sync writes down and goes by the next time, as the service does: readings, savings, what is stopped.
 */
#include "service/sync_bench.h"

#include <errno.h>
#include <sys/stat.h>

#include "gateway/service/certificate.h"
#include "gateway/service/savings.h"
#include "service/agenda.h"

static struct gw_ledger *ledger_of(struct bench *b)
{
    struct gw_ledger *ledger = NULL;

    cr_assert(eq(int, gw_ledger_open(path_of(b, "state/ledger.db"), &ledger, &b->err), GW_OK), "%s", b->err.text);
    return ledger;
}

static int64_t subject_1(struct bench *b, struct gw_ledger *ledger)
{
    int64_t number = GW_NOBODY;

    cr_assert(eq(int, gw_ledger_patient(ledger, "lendex-rrmm", "first", "p1", &number, &b->err), GW_OK));
    cr_assert(ne(i64, number, GW_NOBODY));
    return number;
}

static const struct gw_reading *reading_of(struct bench *b, const char *query)
{
    struct gw_ledger *ledger = ledger_of(b);
    struct gw_readings readings = {0};
    const struct gw_reading *found = NULL;

    cr_assert(eq(int, gw_readings_of(ledger, &b->arena, subject_1(b, ledger), &readings, &b->err), GW_OK));
    gw_ledger_close(ledger);
    for (size_t i = 0; i < readings.count; i++)
        if (gw_same(readings.list[i].query, query))
            found = &readings.list[i];
    cr_assert(ne(ptr, (void *)(uintptr_t)found, NULL), "%s", query);
    return found;
}

Test(sync_notes, writes_down_what_proves_that_a_subject_was_read)
{
    struct bench b;

    set_up(&b, HEADER MADRID, 1, NULL);
    b.hospitals[0].refused = "Condition";
    cr_assert(eq(int, run(&b), GW_OK), "%s", b.err.text);
    cr_expect(eq(i64, reading_of(&b, "Encounter")->entries, 1));
    cr_expect(gt(i64, reading_of(&b, "Encounter")->as_of, 0));
    cr_expect(eq(i64, reading_of(&b, "Condition")->as_of, GW_NEVER));
    cr_expect(ne(ptr, strstr(reading_of(&b, "Condition")->gap, "403"), NULL), "%s", reading_of(&b, "Condition")->gap);
    b.hospitals[0].refused = NULL;
    run_fine(&b);
    cr_expect(gt(i64, reading_of(&b, "Condition")->as_of, 0));
    cr_expect(eq(int, reading_of(&b, "Condition")->gap == NULL, 1));
    tear_down(&b);
}

/* As if the sync before had been a day ago: a poller would have asked every six hours, four times. */
static void a_day_ago(struct bench *b)
{
    struct gw_ledger *ledger = ledger_of(b);
    struct gw_schedule_done done;
    const int64_t number = subject_1(b, ledger);

    cr_assert(eq(int, agenda_done(ledger, &b->arena, number, "first", &done, &b->err), GW_OK));
    cr_assert(gt(i64, done.whole, 0), "all of it was read, and the service need not read it again");
    done.whole = done.full = done.drugs = done.probe = done.full - 86400;
    cr_assert(eq(int, gw_ledger_begin(ledger, &b->err), GW_OK));
    cr_assert(eq(int, agenda_keep_done(ledger, number, "first", &done, &b->err), GW_OK));
    cr_assert(eq(int, gw_ledger_commit(ledger, &b->err), GW_OK));
    gw_ledger_close(ledger);
}

Test(sync_notes, counts_what_it_sends_and_what_polling_would_have_sent_since_the_last)
{
    struct gw_savings savings;
    struct gw_ledger *ledger;
    struct bench b;
    size_t first, second;

    set_up(&b, HEADER MADRID, 1, NULL);
    run_fine(&b);
    first = b.result.endpoints[0].requests;
    a_day_ago(&b);
    run_fine(&b);
    second = b.result.endpoints[0].requests;
    ledger = ledger_of(&b);
    cr_assert(eq(int, gw_savings(ledger, &b.arena, "first", &savings, &b.err), GW_OK));
    gw_ledger_close(ledger);
    cr_expect(gt(sz, second, 0));
    cr_expect(eq(i64, savings.sent, (int64_t)(first + second)));
    cr_expect(ge(i64, savings.plain, 4 * (int64_t)second));
    cr_expect(le(i64, savings.plain, 5 * (int64_t)second), "a sixth hour may have struck meanwhile");
    tear_down(&b);
}

#define THREE                                                                                                          \
    HEADER MADRID "madrid,lendex-rrmm,p2,S-2,2024-01-18,,2024-01-15,,,\n"                                              \
                  "madrid,lendex-rrmm,p3,S-3,2024-01-18,,2024-01-15,,,\n"

/* Three refusals stop a type: it is not asked for again until a check went well. */
Test(sync_notes, b4_heeds_what_is_stopped_until_a_check_went_well)
{
    struct gw_profile profile = gw_profile_default;
    struct bench b;

    set_up(&b, THREE, 1, NULL);
    fake_hospital_add(&b.hospitals[0], FAKE_PATIENT("p2"));
    fake_hospital_add(&b.hospitals[0], FAKE_PATIENT("p3"));
    b.hospitals[0].refused = "Condition";
    cr_assert(eq(int, run(&b), GW_OK), "%s", b.err.text);
    cr_expect(ne(ptr, strstr(b.result.endpoints[0].failure.text, "403"), NULL), "%s",
              b.result.endpoints[0].failure.text);
    b.hospitals[0].refused = NULL;
    cr_assert(eq(int, run(&b), GW_OK), "%s", b.err.text);
    cr_expect(eq(int, b.result.endpoints[0].failure.status, GW_EDENIED));
    cr_expect(ne(ptr, strstr(b.result.endpoints[0].failure.text, "this query is stopped: refused 3 times"), NULL), "%s",
              b.result.endpoints[0].failure.text);
    cr_expect(gt(sz, b.result.endpoints[0].requests, 0), "the other types are asked for");
    snprintf(profile.checked, sizeof profile.checked, "2100-01-01T00:00:00Z");
    cr_assert(mkdir(path_of(&b, "state/endpoints"), 0700) == 0 || errno == EEXIST);
    cr_assert(eq(int, gw_profile_save(&profile, path_of(&b, "state/endpoints"), "first", &b.err), GW_OK));
    run_fine(&b);
    expect_cell(&b, SUBJECTS, "S-1,S-2,S-3", "");
    tear_down(&b);
}
