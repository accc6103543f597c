/*
 * The service on a clock that stands still: what it asks and when, what it delivers, how it goes on after a restart,
 * what it does about a hospital that fails.
 */
#include <signal.h>

#include "gateway/ledger/decisions.h"
#include "gateway/ledger/report.h"
#include "gateway/service/decide.h"
#include "service/run_bench.h"

Test(run, delivers_what_is_there_when_it_starts)
{
    struct bench b;

    set_up(&b, 1, 1);
    add_visit_with_count(&b.world.places[0], "p0", "2026-11-19", "1.20");
    start(&b);
    pass(&b, 2 * HOUR_MS);
    stop(&b);
    cr_expect_str_eq(cell(&b, VALUE), "1.20");
    tear_down(&b);
}

Test(run, finds_a_routine_visit_and_its_late_results_by_itself)
{
    struct bench b;

    set_up(&b, 1, 1);
    add_visit(&b.world.places[0], "p0", "2026-11-23", 3 * DAY_MS);
    add_count(&b.world.places[0], "p0", "2026-11-23", "1", "final", "1.20", 4 * DAY_MS);
    add_count(&b.world.places[0], "p0", "2026-11-23", "2", "amended", "1.25", 9 * DAY_MS);
    start(&b);
    pass(&b, 2 * DAY_MS);
    cr_expect_str_eq(cell(&b, VALUE), "");
    pass(&b, 4 * DAY_MS);
    cr_expect_str_eq(cell(&b, VALUE), "1.20");
    pass(&b, 16 * DAY_MS);
    cr_expect_str_eq(cell(&b, VALUE), "1.25");
    cr_expect_str_eq(cell(&b, "SELECT state FROM windows WHERE window_id = 'T30-01'"), "collected");
    tear_down(&b);
}

/* Nothing is asked twice for nothing: the next start knows what the last one did. */
Test(run, goes_on_after_a_restart_where_it_was)
{
    struct bench b;
    struct fake_place *place;

    set_up(&b, 1, 1);
    place = &b.world.places[0];
    add_visit_with_count(place, "p0", "2026-11-19", "1.20");
    start(&b);
    pass(&b, 2 * HOUR_MS);
    stop(&b);
    const size_t requests = place->requests;

    start(&b);
    pass(&b, HOUR_MS);
    cr_expect(place->requests - requests <= 2, "metadata, and perhaps one thing that fell due; %zu",
              place->requests - requests);
    add_visit(place, "p0", "2026-12-23", 33 * DAY_MS);
    pass(&b, 35 * DAY_MS);
    cr_expect_str_eq(cell(&b, "SELECT group_concat(contact_date) FROM windows WHERE contact_date IS NOT NULL"),
                     "2026-11-19,2026-12-23");
    tear_down(&b);
}

Test(run, stops_asking_about_a_subject_within_a_minute_of_a_withdrawal)
{
    struct bench b;
    struct fake_place *place;

    set_up(&b, 1, 1);
    place = &b.world.places[0];
    add_visit(place, "p0", "2026-11-19", 0);
    start(&b);
    pass(&b, 2 * HOUR_MS);
    place->listen = true;
    write_roster(&b, 1, 1, "2026-11-20");
    pass(&b, 60000);
    gw_text_clear(&place->urls);
    pass(&b, 10 * DAY_MS);
    cr_expect(strstr(place->urls.at ? place->urls.at : "", "p0") == NULL, "%s", place->urls.at);
    cr_expect_str_eq(cell(&b, "SELECT withdrawal_date FROM subjects"), "2026-11-20");
    tear_down(&b);
}

/* The roster may name a day to come: what was foreseen on the day before is not asked on the day itself. */
Test(run, asks_nothing_from_the_day_of_a_withdrawal_on_that_was_announced)
{
    enum { MIDNIGHT_H = 61 }; /* of the 23rd, in Madrid */
    struct bench b;
    struct fake_place *place;

    set_up(&b, 1, 1);
    place = &b.world.places[0];
    write_roster(&b, 1, 1, "2026-11-23");
    place->listen = true;
    start(&b);
    pass(&b, HOUR_MS);
    gw_text_clear(&place->urls);
    pass(&b, (MIDNIGHT_H - 1) * HOUR_MS);
    cr_expect(strstr(place->urls.at, "p0") != NULL, "until then contacts are looked for");
    gw_text_clear(&place->urls);
    pass(&b, 10 * DAY_MS);
    cr_expect(strstr(place->urls.at ? place->urls.at : "", "p0") == NULL, "%s", place->urls.at);
    tear_down(&b);
}

/* The command line notes a decision beside the service that holds the ledger. */
static void set_anchor_beside(struct bench *b, const char *anchor, const char *date)
{
    struct gw_ledger *beside = NULL;
    struct gw_error failure = {0};
    struct gw_decision decision = {.at = "2026-11-21T10:00:00Z",
                                   .by = "dm1",
                                   .approved_by = "dm1",
                                   .reason = "as the chart says",
                                   .kind = GW_DECIDE_ANCHOR,
                                   .scope = "study:lendex-rrmm",
                                   .match = {.subject = "S-0-0"},
                                   .set = {[GW_SET_DATE] = date, [GW_SET_ANCHOR] = anchor}};

    cr_assert(gw_ledger_join(scratch_path(&b->scratch, "state/ledger.db"), &beside, &failure) == GW_OK, "%s",
              failure.text);
    cr_assert(gw_ledger_decide(beside, &decision, &failure) == GW_OK, "%s", failure.text);
    gw_ledger_close(beside);
}

Test(run, derives_what_a_person_decides_meanwhile)
{
    struct bench b;

    set_up(&b, 1, 1);
    add_visit(&b.world.places[0], "p0", "2026-11-19", 0);
    start(&b);
    pass(&b, 2 * HOUR_MS);
    cr_expect_str_eq(cell(&b, "SELECT d1 FROM subjects"), D1);
    set_anchor_beside(&b, "D1", "2026-10-24");
    pass(&b, 60000);
    cr_expect_str_eq(cell(&b, "SELECT d1 FROM subjects"), "2026-10-24");
    tear_down(&b);
}

#define MISSED "SELECT count(*) FROM windows WHERE status <> 'withdrawn' AND state = 'missed'"

static const struct fake_answer *always_away(struct fake_place *place, const char *url)
{
    static const struct fake_answer away = {.failure = GW_ERETRY, .trouble = GW_TROUBLE_AWAY};

    (void)place;
    (void)url;
    return &away;
}

/*
 * A decision takes windows into the study over days that nobody was asked for. As long as the hospital is away they
 * are not called missed, and what was said before stands; then it is asked about them at once.
 */
static const struct {
    const char *name, *first_dose, *end_of_treatment, *visit;
    const char *anchor, *date;
    const char *state, *before, *after; /* of the window that the visit lies in then */
    const char *anchors_before, *anchors_after;
} lengthened[] = {
    /* T30-01 is 09-19 to 09-29 then. */
    {"the first dose was two months earlier", "2026-10-25", "", "2026-09-24", "D1", "2026-08-25",
     "SELECT state FROM windows WHERE status <> 'withdrawn' AND window_id = 'T30-01'", "open", "collected",
     "2026-10-25", "2026-08-25"},
    /* What was asked for ended on 06-14, with the follow-up; T30-06 is 07-04 to 07-14. */
    {"the treatment went on for half a year", "2026-01-10", "2026-03-01", "2026-07-09", "EOT", "2026-09-01",
     "SELECT state FROM windows WHERE status <> 'withdrawn' AND window_id = 'T30-06'", "", "collected", "2026-03-01",
     "2026-09-01"},
};

Test(run, calls_no_window_missed_over_days_that_a_decision_added_and_nobody_was_asked_for)
{
    for (size_t i = 0; i < sizeof lengthened / sizeof lengthened[0]; i++) {
        const char *anchor =
            strcmp(lengthened[i].anchor, "D1") == 0 ? "SELECT d1 FROM subjects" : "SELECT eot FROM subjects";
        struct bench b;
        struct fake_place *place;
        char roster[400], missed[40];

        set_up(&b, 1, 1);
        snprintf(roster, sizeof roster, HEADER "h0,lendex-rrmm,p0,S-0-0,,%s,%s,,,\n", lengthened[i].end_of_treatment,
                 lengthened[i].first_dose);
        scratch_write(&b.scratch, "roster.csv", roster);
        place = &b.world.places[0];
        add_visit(place, "p0", lengthened[i].visit, 0);
        add_count(place, "p0", lengthened[i].visit, "1", "final", "1.20", 0);
        start(&b);
        pass(&b, 2 * HOUR_MS);
        cr_expect_str_eq(cell(&b, anchor), lengthened[i].anchors_before, "%s", lengthened[i].name);
        snprintf(missed, sizeof missed, "%s", cell(&b, MISSED));
        place->fault = always_away;
        set_anchor_beside(&b, lengthened[i].anchor, lengthened[i].date);
        pass(&b, HOUR_MS);
        cr_expect_str_eq(cell(&b, MISSED), missed, "%s", lengthened[i].name);
        cr_expect_str_eq(cell(&b, lengthened[i].state), lengthened[i].before, "%s", lengthened[i].name);
        cr_expect_str_eq(cell(&b, anchor), lengthened[i].anchors_before, "%s", lengthened[i].name);
        place->fault = NULL;
        pass(&b, 2 * HOUR_MS);
        cr_expect_str_eq(cell(&b, lengthened[i].state), lengthened[i].after, "%s", lengthened[i].name);
        cr_expect_str_eq(cell(&b, anchor), lengthened[i].anchors_after, "%s", lengthened[i].name);
        tear_down(&b);
    }
}

static int64_t decide_beside(struct bench *b, const char *code, const char *answer, int64_t undoes)
{
    struct gw_arena arena = GW_ARENA_INIT(256u << 20);
    struct gw_config config;
    struct gw_decide_result result;
    struct gw_error failure = {0};
    struct gw_decide_request request = {.ledger_path = scratch_path(&b->scratch, "state/ledger.db"),
                                        .config = &config,
                                        .beside = true,
                                        .assignments = &answer,
                                        .assignment_count = answer != NULL,
                                        .undoes = undoes,
                                        .by = "dm1",
                                        .reason = "asked the ward"};
    struct gw_ledger_items items;

    cr_assert(gw_config_load(&arena, b->config, &config, &failure) == GW_OK, "%s", failure.text);
    cr_assert(gw_ledger_join(request.ledger_path, &request.ledger, &failure) == GW_OK, "%s", failure.text);
    cr_assert(gw_ledger_items(request.ledger, &arena, NULL, true, &items, &failure) == GW_OK, "%s", failure.text);
    for (size_t i = 0; i < items.count; i++)
        if (gw_same(items.list[i].code, code))
            request.selector = items.list[i].id;
    cr_assert(gw_decide_run(&arena, &request, &result, &failure) == GW_OK, "%s", failure.text);
    gw_ledger_close(request.ledger);
    gw_arena_release(&arena);
    return result.decision.n;
}

/* p0 was merged into p9, under whom the count of the visit stands. */
Test(run, s16_asks_about_a_linked_patient_within_a_minute_and_no_more_once_it_is_unlinked)
{
    struct bench b;
    struct fake_place *place;
    int64_t decision;

    set_up(&b, 1, 1);
    place = &b.world.places[0];
    fake_place_replace(place, "p0", 0,
                       "{\"resourceType\":\"Patient\",\"id\":\"p0\",\"gender\":\"male\",\"birthDate\":\"1950-02-03\","
                       "\"meta\":{\"versionId\":\"2\",\"lastUpdated\":\"2026-11-18T08:00:00Z\"},\"active\":false,"
                       "\"link\":[{\"other\":{\"reference\":\"Patient/p9\"},\"type\":\"replaced-by\"}]}");
    add_patient(place, "p9");
    add_visit(place, "p0", "2026-11-19", 0);
    add_count(place, "p9", "2026-11-19", "1", "final", "1.20", 0);
    place->listen = true;
    start(&b);
    pass(&b, 2 * HOUR_MS);
    cr_expect(!strstr(place->urls.at, "p9"), "whose p9 is nobody knows yet: %s", place->urls.at);
    decision = decide_beside(&b, "SUBJECT_MERGE", "link=p9", 0);
    pass(&b, 60000);
    cr_expect(strstr(place->urls.at, "patient=p9") != NULL, "%s", place->urls.at);
    cr_expect_str_eq(cell(&b, VALUE), "1.20");
    cr_expect(gw_run_counts(b.run).subjects == 2 && gw_run_counts(b.run).reloads == 1);
    decide_beside(&b, NULL, NULL, decision);
    pass(&b, 60000);
    cr_expect(gw_run_counts(b.run).subjects == 1 && gw_run_counts(b.run).reloads == 2);
    gw_text_clear(&place->urls);
    pass(&b, 10 * DAY_MS);
    cr_expect(!strstr(place->urls.at, "p9"), "%s", place->urls.at);
    cr_expect(gw_run_counts(b.run).reloads == 2, "and that is that");
    tear_down(&b);
}

/* T30-01 is 11-19 to 11-29, T30-02 is 12-19 to 12-29: in between nobody comes, and nobody is asked about. */
Test(run, leaves_patients_alone_between_windows, .timeout = 500)
{
    enum { PATIENTS = 4 };
    struct bench b;
    struct fake_place *place;
    size_t before;

    set_up(&b, 1, PATIENTS);
    place = &b.world.places[0];
    for (unsigned k = 0; k < PATIENTS; k++) {
        char id[24];

        snprintf(id, sizeof id, "p%u", k);
        add_visit(place, id, "2026-11-22", 2 * DAY_MS);
        add_visit(place, id, "2026-12-22", 32 * DAY_MS);
    }
    start(&b);
    pass(&b, 24 * DAY_MS); /* T30-01 is settled on 12-13 */
    before = place->requests;
    pass(&b, 4 * DAY_MS);
    cr_expect(place->requests - before <= PATIENTS * 5, "the drugs once a week and no more: %zu",
              place->requests - before);
    pass(&b, 32 * DAY_MS);
    const struct gw_run_counts counts = gw_run_counts(b.run);
    cr_expect(4 * counts.sent < counts.plain, "%llu sent in two months, %llu by plain polling",
              (unsigned long long)counts.sent, (unsigned long long)counts.plain);
    cr_expect_str_eq(cell(&b, "SELECT count(*) FROM windows WHERE contact_date IN ('2026-11-22', '2026-12-22')"), "8");
    tear_down(&b);
}

/* ---- hospitals that fail ---- */

static const struct fake_answer *away_for_a_day(struct fake_place *place, const char *url)
{
    static const struct fake_answer refused = {.failure = GW_ERETRY};

    (void)url;
    return place->world->time.now_ms < DAY_MS ? &refused : NULL;
}

Test(run, waits_for_a_hospital_that_is_away_and_catches_up)
{
    struct bench b;
    struct fake_place *place;

    set_up(&b, 2, 1);
    place = &b.world.places[0];
    place->fault = away_for_a_day;
    for (size_t i = 0; i < 2; i++) {
        add_visit_with_count(&b.world.places[i], "p0", "2026-11-19", i ? "1.20" : "0.40");
    }
    start(&b);
    pass(&b, 2 * HOUR_MS);
    cr_expect_str_eq(cell(&b, VALUE), "1.20", "the other hospital is not delayed");
    pass(&b, 22 * HOUR_MS);
    cr_expect(place->requests < 500, "B1: it is not hammered (%zu requests in a day)", place->requests);
    pass(&b, 2 * HOUR_MS);
    cr_expect_str_eq(cell(&b, "SELECT group_concat(value_num) FROM (SELECT value_num FROM observations WHERE window_id "
                              "= 'T30-01' ORDER BY 1)"),
                     "0.40,1.20");
    tear_down(&b);
}

/* The way in refuses what the token lacks the scope for, before it is sent. */
static const struct fake_answer *lack_administrations(struct fake_place *place, const char *url)
{
    static const struct fake_answer ungranted = {.failure = GW_EDENIED, .trouble = GW_TROUBLE_UNGRANTED};

    return !place->ctx && strstr(url, "/MedicationAdministration?") ? &ungranted : NULL;
}

Test(run, a3_asks_for_the_other_types_where_the_token_lacks_one)
{
    struct bench b;
    struct fake_place *place;
    const char *asked;

    set_up(&b, 1, 1);
    place = &b.world.places[0];
    add_visit_with_count(place, "p0", "2026-11-19", "1.20");
    place->fault = lack_administrations;
    place->listen = true;
    b.signals = true;
    start(&b);
    pass(&b, 3 * HOUR_MS);
    asked = strstr(place->urls.at, "/MedicationAdministration?");
    cr_expect(asked && !strstr(asked + 1, "/MedicationAdministration?"), "once: %s", place->urls.at);
    cr_expect(strstr(place->urls.at, "/Observation?") != NULL, "the others go on: %s", place->urls.at);
    cr_expect(strstr(b.lines.at, "\"query\":\"MedicationAdministration") &&
                  strstr(b.lines.at, "\"trouble\":\"ungranted\""),
              "%s", b.lines.at);
    cr_expect_str_eq(cell(&b, VALUE), "", "nobody knows yet what is missing");
    /* Within the hour, after 15, 30 and 60 minutes more: ten searches each, and the one that was refused. */
    cr_expect(place->searches == 4 * 10 + 1, "%zu searches in three hours", place->searches);
    place->ctx = &b; /* granted, and the service told to try what it stopped */
    raise(SIGHUP);
    pass(&b, 2 * HOUR_MS);
    cr_expect_str_eq(cell(&b, VALUE), "1.20");
    tear_down(&b);
}

Test(run, ends_soon_although_a_hospital_hangs)
{
    struct bench b;

    set_up(&b, 1, 1);
    b.world.places[0].latency_ms = 10 * HOUR_MS;
    start(&b);
    pass(&b, HOUR_MS);
    stop(&b);
    cr_expect(b.world.time.now_ms <= HOUR_MS + 10000);
    tear_down(&b);
}

/* A job of the ledger's thread that takes its time: somebody else holds the file. */
Test(run, l9_is_overdue_after_eight_seconds_of_an_end)
{
    struct bench b;
    sqlite3 *other = NULL;

    set_up(&b, 1, 1);
    add_visit(&b.world.places[0], "p0", "2026-11-19", 0);
    start(&b);
    pass(&b, 2 * HOUR_MS);
    cr_assert(sqlite3_open(scratch_path(&b.scratch, "state/ledger.db"), &other) == SQLITE_OK);
    cr_assert(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK);
    pass_beside(&b, 15000); /* a look at what is marked */
    cr_assert(gw_run_counts(b.run).jobs > 0);
    gw_run_stop(b.run);
    pass_beside(&b, 7999);
    cr_expect(!b.overdue && !b.ended);
    pass_beside(&b, 1);
    cr_expect(b.overdue && !b.ended);
    cr_assert(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(other);
    pass(&b, 2000);
    cr_expect(b.ended, "whoever waits on sees the end");
    tear_down(&b);
}

Test(run, l9_is_not_overdue_when_nothing_is_left_to_do)
{
    struct bench b;

    set_up(&b, 1, 1);
    start(&b);
    pass(&b, HOUR_MS);
    stop(&b);
    pass(&b, HOUR_MS);
    cr_expect(!b.overdue);
    tear_down(&b);
}

/* Two endpoints of one site: each learns the windows while the other may be in the middle of an errand. */
Test(run, reads_a_subject_at_two_endpoints_that_take_their_time)
{
    struct bench b;
    struct gw_text text = GW_TEXT_INIT(1u << 20);
    char *site;

    set_up(&b, 2, 1);
    write_roster(&b, 1, 1, "");
    cr_assert(gw_text_read_file(&text, b.config, NULL) == GW_OK);
    site = strstr(text.at, "\"site\":\"h1\"");
    cr_assert(site != NULL);
    site[strlen("\"site\":\"h")] = '0';
    site = strstr(text.at, "h1.json");
    site[1] = '0';
    scratch_write(&b.scratch, "casement.json", text.at);
    b.world.places[0].latency_ms = 700;
    b.world.places[1].latency_ms = 1900;
    add_visit(&b.world.places[0], "p0", "2026-11-19", 0);
    add_count(&b.world.places[1], "p0", "2026-11-19", "1", "final", "1.20", 0);
    start(&b);
    pass(&b, 3 * DAY_MS);
    cr_expect_str_eq(cell(&b, VALUE), "1.20");
    gw_text_release(&text);
    tear_down(&b);
}

/* L10: a clock that was a year ahead for a morning. What was done then keeps nobody waiting for a year. */
Test(run, l10_reads_again_after_the_clock_went_back_by_a_year)
{
    enum { YEAR_S = 365 * 86400 };
    struct bench b;

    set_up(&b, 1, 1);
    add_visit(&b.world.places[0], "p0", "2026-11-19", 0);
    b.world.time.start_utc += YEAR_S;
    start(&b);
    pass(&b, 12 * HOUR_MS);
    b.world.time.start_utc -= YEAR_S;
    add_count(&b.world.places[0], "p0", "2026-11-19", "1", "final", "1.20", 0);
    pass(&b, 2 * DAY_MS);
    cr_expect_str_eq(cell(&b, VALUE), "1.20");
    tear_down(&b);
}
