/*
 * The service on a clock that stands still: what it asks and when, what it delivers, how it goes on after a restart, a
 * changed roster, a hospital that fails.
 */
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/ledger/decisions.h"
#include "gateway/ledger/report.h"
#include "gateway/net/jwk.h"
#include "gateway/service/decide.h"
#include "gateway/sources/hints.h"
#include "service/run_bench.h"
#include "service/setup.h"

#define VALUE "SELECT group_concat(value_num) FROM observations WHERE status <> 'withdrawn' AND window_id = 'T30-01'"

/* ---- */

Test(run, delivers_what_is_there_when_it_starts)
{
    struct bench b;

    set_up(&b, 1, 1);
    add_visit(&b.world.places[0], "p0", "2026-11-19", 0);
    add_count(&b.world.places[0], "p0", "2026-11-19", "1", "final", "1.20", 0);
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
    add_visit(place, "p0", "2026-11-19", 0);
    add_count(place, "p0", "2026-11-19", "1", "final", "1.20", 0);
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

Test(run, keeps_what_it_has_when_a_changed_file_is_wrong)
{
    struct bench b;

    set_up(&b, 1, 1);
    start(&b);
    pass(&b, HOUR_MS);
    scratch_write(&b.scratch, "roster.csv", HEADER "h0,lendex-rrmm,p0,S-0-0,2026-13-45,,,,,\n");
    pass(&b, 60000);
    cr_expect(strstr(b.lines.at, "reload.refused") && strstr(b.lines.at, "roster.csv:2"), "%s", b.lines.at);
    add_visit(&b.world.places[0], "p0", "2026-11-21", 0);
    add_count(&b.world.places[0], "p0", "2026-11-21", "1", "final", "1.20", 0);
    pass(&b, 3 * DAY_MS);
    cr_expect_str_eq(cell(&b, VALUE), "1.20");
    tear_down(&b);
}

Test(run, takes_up_a_subject_that_comes_onto_the_roster)
{
    struct bench b;

    set_up(&b, 1, 1);
    add_patient(&b.world.places[0], "p1");
    add_visit(&b.world.places[0], "p1", "2026-11-19", 0);
    add_count(&b.world.places[0], "p1", "2026-11-19", "1", "final", "0.90", 0);
    start(&b);
    pass(&b, HOUR_MS);
    cr_expect_str_eq(cell(&b, VALUE), "");
    write_roster(&b, 1, 2, "");
    pass(&b, 3 * HOUR_MS);
    cr_expect(strstr(b.lines.at, "\"1 added\""), "%s", b.lines.at);
    cr_expect_str_eq(cell(&b, VALUE), "0.90");
    tear_down(&b);
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

/* The command line notes a decision beside the service that holds the ledger. */
Test(run, derives_what_a_person_decides_meanwhile)
{
    struct bench b;
    struct gw_ledger *beside = NULL;
    struct gw_error failure = {0};
    struct gw_decision decision = {.at = "2026-11-21T10:00:00Z",
                                   .by = "dm1",
                                   .approved_by = "dm1",
                                   .reason = "as the chart says",
                                   .kind = GW_DECIDE_ANCHOR,
                                   .scope = "study:lendex-rrmm",
                                   .match = {.subject = "S-0-0"},
                                   .set = {[GW_SET_DATE] = "2026-10-24", [GW_SET_ANCHOR] = "D1"}};

    set_up(&b, 1, 1);
    add_visit(&b.world.places[0], "p0", "2026-11-19", 0);
    start(&b);
    pass(&b, 2 * HOUR_MS);
    cr_expect_str_eq(cell(&b, "SELECT d1 FROM subjects"), D1);
    cr_assert(gw_ledger_join(scratch_path(&b.scratch, "state/ledger.db"), &beside, &failure) == GW_OK, "%s",
              failure.text);
    cr_assert(gw_ledger_decide(beside, &decision, &failure) == GW_OK, "%s", failure.text);
    gw_ledger_close(beside);
    pass(&b, 60000);
    cr_expect_str_eq(cell(&b, "SELECT d1 FROM subjects"), "2026-10-24");
    decide_beside(&b, NULL, NULL, decision.n);
    pass(&b, 60000);
    cr_expect_str_eq(cell(&b, "SELECT d1 FROM subjects"), D1, "also the second within ten minutes");
    tear_down(&b);
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
Test(run, leaves_patients_alone_between_windows, .timeout = 120)
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
        add_visit(&b.world.places[i], "p0", "2026-11-19", 0);
        add_count(&b.world.places[i], "p0", "2026-11-19", "1", "final", i ? "1.20" : "0.40", 0);
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
    add_visit(place, "p0", "2026-11-19", 0);
    add_count(place, "p0", "2026-11-19", "1", "final", "1.20", 0);
    place->fault = lack_administrations;
    place->listen = true;
    b.signals = true;
    start(&b);
    pass(&b, 2 * HOUR_MS);
    asked = strstr(place->urls.at, "/MedicationAdministration?");
    cr_expect(asked && !strstr(asked + 1, "/MedicationAdministration?"), "once: %s", place->urls.at);
    cr_expect(strstr(place->urls.at, "/Observation?") != NULL, "the others go on: %s", place->urls.at);
    cr_expect(strstr(b.lines.at, "\"query\":\"MedicationAdministration") &&
                  strstr(b.lines.at, "\"trouble\":\"ungranted\""),
              "%s", b.lines.at);
    cr_expect_str_eq(cell(&b, VALUE), "", "nobody knows yet what is missing");
    /* At once, after 15, 30 and 60 minutes more: ten searches each, and the one that was refused. */
    cr_expect(place->searches == 4 * 10 + 1, "%zu searches in two hours", place->searches);
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

/* ---- other ways in ---- */

#define HOOK                                                                                                           \
    ",\"notifications\":{\"kind\":\"topic\",\"topic\":\"http://t.example/results\",\"secret\":\"ring\",\"callback\":"  \
    "\"https://casement.example/in\"}"

/* An endpoint that rings us, and the door it rings at. */
static void write_hooked(struct bench *b, size_t hospitals)
{
    write_config(b, hospitals, 4, HOOK);
    reword(b, "\"installation\":\"t\"", "\"installation\":\"t\",\"listen\":\"127.0.0.1:0\"");
    scratch_write(&b->scratch, "ring", "0123456789abcdef\n");
    cr_assert(chmod(scratch_path(&b->scratch, "ring"), 0600) == 0);
}

Test(run, takes_what_a_bulk_export_brings_and_asks_for_nothing_that_came_with_it)
{
    struct bench b;
    struct fake_place *place;

    set_up(&b, 1, 2);
    place = &b.world.places[0];
    place->exports = true;
    place->listen = true;
    write_config(&b, 1, 4, ",\"bulk\":{\"level\":\"patient\",\"every_hours\":24}");
    add_visit(place, "p0", "2026-11-19", 0);
    add_count(place, "p0", "2026-11-19", "1", "final", "1.20", 0);
    add_visit(place, "stranger", "2026-11-19", 0);
    start(&b);
    pass(&b, 3 * HOUR_MS);
    cr_expect_str_eq(cell(&b, VALUE), "1.20");
    cr_expect(place->exported == 1);
    add_count(place, "p1", "2026-11-20", "1", "final", "0.80", 4 * HOUR_MS);
    add_visit(place, "p1", "2026-11-20", 4 * HOUR_MS);
    gw_text_clear(&place->urls);
    pass(&b, 25 * HOUR_MS);
    cr_expect(place->exported == 2, "once a day, and not %zu times", place->exported - 1);
    cr_expect_str_eq(cell(&b, "SELECT group_concat(value_num) FROM (SELECT value_num FROM observations ORDER BY 1)"),
                     "0.80,1.20");
    tear_down(&b);
}

/* A site that delivers by files alone. */
static void write_folder_config(struct bench *b)
{
    struct gw_text config = GW_TEXT_INIT(1u << 16);

    gw_text_print(
        &config,
        "{\"installation\":\"t\",\"state\":\"state\",\"pseudonym_key\":\"pseudonym.key\",\"fourEyes\":false,"
        "\"studies\":[{\"id\":\"lendex-rrmm\",\"package\":\"%s\",\"enrolment\":\"roster.csv\","
        "\"sink\":{\"kind\":\"sqlite\",\"path\":\"study.db\"}}],\"endpoints\":[{\"id\":\"drop\",\"kind\":\"files\","
        "\"site\":\"h0\",\"folder\":\"drop\",\"site_profile\":\"h0.json\",\"done_days\":36500}]}",
        PACKAGE);
    scratch_write(&b->scratch, "casement.json", config.at);
    gw_text_release(&config);
}

/* All that the first hospital has. */
static void put_file(struct bench *b, const char *name)
{
    struct gw_text lines = GW_TEXT_INIT(1u << 20);

    for (size_t i = 0; i < b->world.places[0].count; i++)
        gw_text_print(&lines, "%s\n", b->world.places[0].resources[i].json);
    scratch_write(&b->scratch, name, lines.at);
    gw_text_release(&lines);
}

/* Nobody is asked, and what the site puts into the folder is delivered. */
Test(run, takes_what_a_hospital_puts_into_its_folder)
{
    struct bench b;

    set_up(&b, 1, 1);
    write_folder_config(&b);
    add_visit(&b.world.places[0], "p0", "2026-11-19", 0);
    add_count(&b.world.places[0], "p0", "2026-11-19", "1", "final", "1.20", 0);
    start(&b);
    pass(&b, 60000);
    cr_expect(strstr(b.lines.at, "folder.ended") != NULL, "it is not there yet, and that is told: %s", b.lines.at);
    cr_assert(mkdir(scratch_path(&b.scratch, "drop"), 0700) == 0);
    pass(&b, HOUR_MS);
    put_file(&b, "drop/incoming/x.ndjson");
    pass(&b, HOUR_MS);
    cr_expect_str_eq(cell(&b, VALUE), "1.20");
    cr_expect(access(scratch_path(&b.scratch, "drop/done/x.ndjson"), F_OK) == 0);
    cr_expect(b.world.places[0].requests == 0);
    tear_down(&b);
}

static void change_ledger(struct bench *b, const char *statement)
{
    sqlite3 *db = NULL;

    cr_assert(sqlite3_open(scratch_path(&b->scratch, "state/ledger.db"), &db) == SQLITE_OK);
    cr_assert(sqlite3_exec(db, statement, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

/* The second file holds nothing new, but that the window is over: no fact marks the subject, and there is no memory. */
Test(run, derives_later_what_could_not_be_derived_though_nothing_marks_it)
{
    static const char state[] = "SELECT state FROM windows WHERE window_id = 'T30-01'";
    struct bench b;

    set_up(&b, 1, 1);
    write_folder_config(&b);
    cr_assert(mkdir(scratch_path(&b.scratch, "drop"), 0700) == 0);
    start(&b);
    pass(&b, HOUR_MS);
    put_file(&b, "drop/incoming/x.ndjson");
    pass(&b, HOUR_MS);
    stop(&b);
    b.world.time.start_utc += (int64_t)26 * 86400;
    start(&b);
    pass(&b, HOUR_MS);
    cr_assert_str_eq(cell(&b, state), "open");
    change_ledger(&b, "CREATE TRIGGER full BEFORE INSERT ON notes WHEN new.space = 'requests' BEGIN SELECT "
                      "zeroblob(2000000000); END");
    put_file(&b, "drop/incoming/y.ndjson");
    pass(&b, 5 * 60000);
    cr_expect(strstr(b.lines.at, "errand.failed") != NULL, "%s", b.lines.at);
    change_ledger(&b, "DROP TRIGGER full");
    pass(&b, 15 * 60000);
    cr_expect_str_eq(cell(&b, state), "missed");
    tear_down(&b);
}

/* ---- one patient in two studies ---- */

/* The other study knows the patient by record number alone. */
static void write_two_studies(struct bench *b, const char *endpoint)
{
    struct gw_text config = GW_TEXT_INIT(1u << 16);

    gw_text_print(&config,
                  "{\"installation\":\"t\",\"state\":\"state\",\"pseudonym_key\":\"pseudonym.key\",\"fourEyes\":false,"
                  "\"studies\":[{\"id\":\"lendex-rrmm\",\"package\":\"%s\",\"enrolment\":\"roster.csv\","
                  "\"sink\":{\"kind\":\"sqlite\",\"path\":\"study.db\"}},"
                  "{\"id\":\"elranatamab-rrmm\",\"package\":\"%s\",\"enrolment\":\"other.csv\","
                  "\"sink\":{\"kind\":\"sqlite\",\"path\":\"other.db\"}}],\"endpoints\":[%s]}",
                  PACKAGE, SOURCE_DIR "/mappings/studies/elranatamab-rrmm", endpoint);
    scratch_write(&b->scratch, "casement.json", config.at);
    scratch_write(&b->scratch, "other.csv", HEADER "h0,elranatamab-rrmm,,T-1," D1 ",," D1 ",,urn:mrn,mrn-p0\n");
    gw_text_release(&config);
}

static const char other_values[] = "SELECT value_num FROM other.observations WHERE value_num IS NOT NULL LIMIT 1";

Test(run, takes_from_a_folder_what_is_of_one_patient_in_two_studies_for_both)
{
    struct bench b;
    struct gw_text lines = GW_TEXT_INIT(1u << 20);

    set_up(&b, 1, 1);
    write_two_studies(&b, "{\"id\":\"drop\",\"kind\":\"files\",\"site\":\"h0\",\"folder\":\"drop\","
                          "\"site_profile\":\"h0.json\"}");
    cr_assert(mkdir(scratch_path(&b.scratch, "drop"), 0700) == 0);
    add_visit(&b.world.places[0], "p0", "2026-11-19", 0);
    add_count(&b.world.places[0], "p0", "2026-11-19", "1", "final", "1.20", 0);
    for (size_t i = b.world.places[0].count; i-- > 0;) /* the Patient last: it is looked for before anything is read */
        gw_text_print(&lines, "%s\n", b.world.places[0].resources[i].json);
    start(&b);
    pass(&b, 60000);
    scratch_write(&b.scratch, "drop/incoming/x.ndjson", lines.at);
    pass(&b, HOUR_MS);
    cr_expect_str_eq(cell(&b, VALUE), "1.20");
    cr_expect_str_eq(cell(&b, other_values), "1.20");
    gw_text_release(&lines);
    tear_down(&b);
}

Test(run, takes_from_an_export_what_is_of_one_patient_in_two_studies_for_both)
{
    struct bench b;

    set_up(&b, 1, 1);
    b.world.places[0].exports = true;
    write_two_studies(&b, "{\"id\":\"e0\",\"site\":\"h0\",\"base\":\"https://fhir-0.example.org/r4\","
                          "\"site_profile\":\"h0.json\",\"auth\":{\"kind\":\"none\"},"
                          "\"bulk\":{\"level\":\"patient\",\"every_hours\":24}}");
    start(&b);
    pass(&b, 3 * HOUR_MS);
    add_visit(&b.world.places[0], "p0", "2026-11-19", 4 * HOUR_MS);
    add_count(&b.world.places[0], "p0", "2026-11-19", "1", "final", "1.20", 4 * HOUR_MS);
    b.world.places[0].listen = true;
    pass(&b, 23 * HOUR_MS);
    cr_expect(b.world.places[0].exported == 2);
    cr_expect_str_eq(cell(&b, VALUE), "1.20");
    cr_expect_str_eq(cell(&b, other_values), "1.20");
    tear_down(&b);
}

static void write_kept_roster(struct bench *b)
{
    struct gw_text config = GW_TEXT_INIT(1u << 16);

    gw_text_print(
        &config,
        "{\"installation\":\"t\",\"state\":\"state\",\"pseudonym_key\":\"pseudonym.key\",\"fourEyes\":false,"
        "\"studies\":[{\"id\":\"lendex-rrmm\",\"package\":\"%s\",\"enrolment\":{\"endpoint\":\"e0\","
        "\"research_study\":\"rs1\"},\"sink\":{\"kind\":\"sqlite\",\"path\":\"study.db\"}}],\"endpoints\":[{\"id\":"
        "\"e0\",\"site\":\"h0\",\"base\":\"https://fhir-0.example.org/r4\",\"site_profile\":\"h0.json\",\"auth\":"
        "{\"kind\":\"none\"}}]}",
        PACKAGE);
    scratch_write(&b->scratch, "casement.json", config.at);
    gw_text_release(&config);
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;

    for (const char *at = text; (at = strstr(at, part)); at++)
        count++;
    return count;
}

/* The hospital keeps the roster as ResearchSubjects: who is enrolled is asked about, who withdraws is not any more. */
Test(run, goes_by_the_research_subjects_of_a_hospital)
{
    struct bench b;
    struct fake_place *place;

    set_up(&b, 1, 1);
    place = &b.world.places[0];
    write_kept_roster(&b);
    for (unsigned k = 0; k < 2; k++)
        fake_place_add(
            place, k * 2 * DAY_MS,
            "{\"resourceType\":\"ResearchSubject\",\"id\":\"r1\",\"status\":\"%s\",\"identifier\":[{\"value\":"
            "\"S-77\"}],\"study\":{\"reference\":\"ResearchStudy/rs1\"},\"individual\":{\"reference\":"
            "\"Patient/p0\"},\"period\":{\"start\":\"2026-10-25\"%s}}",
            k ? "withdrawn" : "on-study", k ? ",\"end\":\"2026-11-22\"" : "");
    fake_place_add(
        place, 0,
        "{\"resourceType\":\"MedicationAdministration\",\"id\":\"m1\",\"status\":\"completed\",\"subject\":"
        "{\"reference\":\"Patient/p0\"},\"effectiveDateTime\":\"2026-10-25T09:00:00+01:00\","
        "\"medicationCodeableConcept\":{\"coding\":[{\"system\":\"http://www.whocc.no/atc\",\"code\":\"L04AX04\"}]}}");
    add_visit(place, "p0", "2026-11-19", 0);
    add_count(place, "p0", "2026-11-19", "1", "final", "1.20", 0);
    start(&b);
    pass(&b, DAY_MS);
    cr_expect_str_eq(cell(&b, "SELECT subject_key FROM subjects"), "S-77");
    cr_expect_str_eq(cell(&b, VALUE), "1.20");
    pass(&b, DAY_MS + 10 * 60000);
    cr_expect_str_eq(cell(&b, "SELECT withdrawal_date FROM subjects"), "2026-11-22");
    place->listen = true;
    pass(&b, 20 * DAY_MS);
    cr_expect(strstr(place->urls.at ? place->urls.at : "", "p0") == NULL, "%s", place->urls.at);
    tear_down(&b);
}

static const struct fake_answer *lead_back(struct fake_place *place, const char *url)
{
    static const struct fake_answer circle = {
        .status = 200,
        .body = "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"link\":[{\"relation\":\"next\",\"url\":"
                "\"https://fhir-0.example.org/r4/ResearchSubject?page=2\"}]}"};

    (void)place;
    return strstr(url, "/ResearchSubject?") ? &circle : NULL;
}

/* Two pages a look and no third: the second one leads to itself. */
Test(run, s6_walks_through_no_roster_in_a_circle)
{
    struct bench b;
    struct fake_place *place;

    set_up(&b, 1, 1);
    place = &b.world.places[0];
    place->fault = lead_back;
    place->listen = true;
    write_kept_roster(&b);
    start(&b);
    pass(&b, 60000);
    cr_expect(strstr(b.lines.at, "leads back to itself") != NULL, "%s", b.lines.at);
    cr_expect(count_of(place->urls.at, "/ResearchSubject?study=") == count_of(place->urls.at, "?page=2"), "%s",
              place->urls.at);
    tear_down(&b);
}

/* A hint is kept beside what it is about until somebody has looked: also over a restart. */
Test(run, looks_again_where_a_hospital_hinted)
{
    struct bench b;
    struct gw_ledger *beside = NULL;
    struct gw_error failure = {0};
    const struct gw_hint hint = {.number = GW_NOTIFY_NO_NUMBER, .type = "Observation", .id = "anc-p0", .patient = "p0"};

    set_up(&b, 1, 1);
    add_visit(&b.world.places[0], "p0", "2026-11-19", 0);
    start(&b);
    pass(&b, 2 * HOUR_MS);
    stop(&b);
    add_count(&b.world.places[0], "p0", "2026-11-19", "1", "final", "1.20", 0);
    cr_assert(gw_ledger_join(scratch_path(&b.scratch, "state/ledger.db"), &beside, &failure) == GW_OK, "%s",
              failure.text);
    cr_assert(gw_hint_put(beside, "e0", &hint, 1795168800, &failure) == GW_OK, "%s", failure.text);
    gw_ledger_close(beside);
    start(&b);
    pass(&b, 60000);
    cr_expect_str_eq(cell(&b, VALUE), "1.20");
    tear_down(&b);
}

/* ---- what goes wrong here ---- */

static bool move(struct bench *b, const char *from, const char *to)
{
    char source[600];

    snprintf(source, sizeof source, "%s", scratch_path(&b->scratch, from));
    return rename(source, scratch_path(&b->scratch, to)) == 0;
}

static size_t ways_opened;

static enum gw_status (*open_really)(const struct gw_world *world, const struct gw_endpoint *endpoint,
                                     struct gw_web **out, struct gw_error *err);
static struct bench *opening;

/* Somebody replaces the roster while a changed one is being taken up. */
static enum gw_status open_and_replace(const struct gw_world *world, const struct gw_endpoint *endpoint,
                                       struct gw_web **out, struct gw_error *err)
{
    if (++ways_opened == 2)
        write_roster(opening, 1, 1, "2026-11-20");
    return open_really(world, endpoint, out, err);
}

Test(run, sees_a_file_that_changes_while_another_change_is_taken_up)
{
    struct bench b;

    set_up(&b, 1, 1);
    opening = &b;
    open_really = b.world.world.open;
    b.world.world.open = open_and_replace;
    add_patient(&b.world.places[0], "p1");
    add_visit(&b.world.places[0], "p0", "2026-11-19", 0);
    start(&b);
    pass(&b, 2 * HOUR_MS);
    write_roster(&b, 1, 2, "");
    pass(&b, HOUR_MS);
    cr_expect(gw_run_counts(b.run).reloads == 2);
    cr_expect_str_eq(cell(&b, "SELECT max(withdrawal_date) FROM subjects"), "2026-11-20");
    tear_down(&b);
}

/* A context of libcrypto serves one thread: ids made by two at once would be wrong, and for ever. */
Test(run, hashes_on_the_loop_with_another_key_object_than_on_the_thread_of_the_ledger)
{
    struct bench b;
    struct gw_arena arena = GW_ARENA_INIT(64u << 20);
    struct gw_config config;
    struct setup setup;
    struct gw_ledger *ledger = NULL;
    struct gw_error failure = {0};

    set_up(&b, 2, 1);
    cr_assert(gw_config_load(&arena, b.config, &config, &failure) == GW_OK, "%s", failure.text);
    cr_assert(setup_load(&setup, &config, NULL, true, &b.world.world, &failure) == GW_OK, "%s", failure.text);
    cr_assert(setup_ledger(&config, &ledger, &failure) == GW_OK, "%s", failure.text);
    cr_assert(setup_open(&setup, ledger, &failure) == GW_OK, "%s", failure.text);
    for (size_t e = 0; e < setup.endpoint_count; e++)
        cr_expect(setup.endpoints[e].settings.key && setup.endpoints[e].settings.key != setup.studies[0].key);
    setup_close(&setup);
    gw_ledger_close(ledger);
    gw_arena_release(&arena);
    tear_down(&b);
}

/* A key or a file system that is away for a while is no reason to stop what runs for years. */
Test(run, goes_on_without_a_key_that_went_away_after_it_was_read)
{
    struct bench b;

    set_up(&b, 1, 1);
    add_patient(&b.world.places[0], "p1");
    start(&b);
    pass(&b, HOUR_MS);
    cr_assert(move(&b, "pseudonym.key", "away.key"));
    write_roster(&b, 1, 2, "");
    pass(&b, HOUR_MS);
    cr_assert(!b.ended && gw_run_counts(b.run).reloads == 0 && gw_run_counts(b.run).subjects == 1);
    cr_expect(strstr(b.lines.at, "reload.refused") && strstr(b.lines.at, "put it back"), "%s", b.lines.at);
    add_visit(&b.world.places[0], "p0", "2026-11-20", 0);
    add_count(&b.world.places[0], "p0", "2026-11-20", "1", "final", "1.20", 0);
    pass(&b, 2 * DAY_MS);
    cr_expect_str_eq(cell(&b, VALUE), "1.20");
    tear_down(&b);
}

Test(run, tries_again_when_a_study_cannot_be_reached_after_a_change)
{
    struct bench b;

    set_up(&b, 1, 1);
    add_patient(&b.world.places[0], "p1");
    add_visit(&b.world.places[0], "p1", "2026-11-19", 0);
    add_count(&b.world.places[0], "p1", "2026-11-19", "1", "final", "0.90", 0);
    start(&b);
    pass(&b, HOUR_MS);
    cr_assert(move(&b, "study.db", "away.db"));
    cr_assert(mkdir(scratch_path(&b.scratch, "study.db"), 0700) == 0);
    write_roster(&b, 1, 2, "");
    pass(&b, HOUR_MS);
    cr_assert(!b.ended, "%s", b.failure.text);
    cr_expect(strstr(b.lines.at, "work.refused") != NULL, "%s", b.lines.at);
    cr_assert(rmdir(scratch_path(&b.scratch, "study.db")) == 0);
    cr_assert(move(&b, "away.db", "study.db"));
    pass(&b, 3 * HOUR_MS);
    cr_expect_str_eq(cell(&b, VALUE), "0.90");
    tear_down(&b);
}

Test(run, ends_when_told_to_while_it_waits_for_a_study)
{
    struct bench b;

    set_up(&b, 1, 1);
    start(&b);
    pass(&b, HOUR_MS);
    cr_assert(move(&b, "study.db", "away.db"));
    cr_assert(mkdir(scratch_path(&b.scratch, "study.db"), 0700) == 0);
    gw_run_reload(b.run);
    pass(&b, HOUR_MS);
    cr_assert(!b.ended);
    stop(&b);
    cr_assert(rmdir(scratch_path(&b.scratch, "study.db")) == 0);
    tear_down(&b);
}

/* A configuration whose endpoint wants tokens: this key, and more behind it. */
static void write_keyed_config(struct bench *b, const char *key, const char *more)
{
    char auth[300];

    snprintf(auth, sizeof auth, "{\"client_id\":\"c\",\"scopes\":[\"system/*.rs\"],\"key\":\"%s\"%s}", key, more);
    reword(b, "{\"kind\":\"none\"}", auth);
}

static void write_key(struct bench *b, const char *name, mode_t mode)
{
    struct gw_jwk *key = NULL;

    cr_assert(gw_jwk_generate(GW_JWK_ES384, 0, &key, NULL) == GW_OK);
    cr_assert(gw_jwk_save(key, scratch_path(&b->scratch, name), NULL) == GW_OK);
    cr_assert(chmod(scratch_path(&b->scratch, name), mode) == 0);
    gw_jwk_free(key);
}

Test(run, a4_does_not_start_with_a_key_that_others_may_read)
{
    struct bench b;
    struct gw_error failure = {0};

    set_up(&b, 1, 1);
    write_key(&b, "new.jwk", 0644);
    write_keyed_config(&b, "new.jwk", "");
    const struct gw_run_options options = {.config = b.config, .world = &b.world.world, .log = &b.log};

    cr_expect(gw_run_start(&options, on_ended, &b, &b.run, &failure) == GW_ECONFIG, "%s", failure.text);
    cr_expect(strstr(failure.text, "new.jwk: open to others (mode 0644)") && !b.run, "%s", failure.text);
    tear_down(&b);
}

Test(run, a4_takes_up_a_changed_key_and_loses_nothing)
{
    struct bench b;

    set_up(&b, 1, 1);
    write_key(&b, "old.jwk", 0600);
    write_key(&b, "new.jwk", 0640);
    write_keyed_config(&b, "old.jwk", "");
    start(&b);
    pass(&b, HOUR_MS);
    write_config(&b, 1, 4, "");
    write_keyed_config(&b, "new.jwk", ",\"previous_key\":\"old.jwk\"");
    pass(&b, 60000);
    cr_expect(strstr(b.lines.at, "reload.refused") && strstr(b.lines.at, "new.jwk: open to others"), "%s", b.lines.at);
    cr_expect(gw_run_counts(b.run).reloads == 0);
    add_visit(&b.world.places[0], "p0", "2026-11-21", 0);
    add_count(&b.world.places[0], "p0", "2026-11-21", "1", "final", "1.20", 0);
    pass(&b, 3 * DAY_MS);
    cr_expect_str_eq(cell(&b, VALUE), "1.20", "the old one keeps running");
    cr_assert(chmod(scratch_path(&b.scratch, "new.jwk"), 0600) == 0);
    add_count(&b.world.places[0], "p0", "2026-11-21", "2", "amended", "1.25", b.world.time.now_ms);
    gw_run_reload(b.run); /* as SIGHUP does */
    cr_expect(gw_run_counts(b.run).reloads == 1, "%s", b.lines.at);
    pass(&b, 9 * DAY_MS);
    cr_expect_str_eq(cell(&b, VALUE), "1.25");
    tear_down(&b);
}

/* What the service stands on. A key that was moved is the same key. */
static const struct {
    const char *from, *to;
    const char *key;     /* written to another.key; NULL: the one in use */
    const char *refusal; /* NULL: taken up */
} changes[] = {
    {"\"state\":\"state\"", "\"state\":\"statx\"", NULL, "another ledger"},
    {"\"installation\":\"t\"", "\"installation\":\"t\",\"listen\":\"127.0.0.1:8490\"", NULL,
     "\\\"listen\\\" is another address than the service started with"},
    {"pseudonym.key", "another.key", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n",
     "another pseudonym key than the service started with"},
    {"pseudonym.key", "another.key", NULL, NULL},
    {"\"installation\":\"t\"", "\"installation\":\"u\"", NULL, NULL},
};

Test(run, refuses_in_words_what_it_cannot_change_while_it_runs)
{
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct bench b;
        struct gw_text key = GW_TEXT_INIT(4096);

        set_up(&b, 1, 1);
        start(&b);
        pass(&b, HOUR_MS);
        cr_assert(gw_text_read_file(&key, scratch_path(&b.scratch, "pseudonym.key"), NULL) == GW_OK);
        scratch_write(&b.scratch, "another.key", changes[i].key ? changes[i].key : key.at);
        cr_assert(chmod(scratch_path(&b.scratch, "another.key"), 0600) == 0);
        reword(&b, changes[i].from, changes[i].to);
        pass(&b, HOUR_MS);
        cr_expect(gw_run_counts(b.run).reloads == (changes[i].refusal ? 0 : 1), "%zu: %s", i, b.lines.at);
        if (changes[i].refusal)
            cr_expect(strstr(b.lines.at, changes[i].refusal) != NULL, "%zu: %s", i, b.lines.at);
        gw_text_release(&key);
        tear_down(&b);
    }
}

/* Hospitals call us by a name that is let in: another one would find the door shut, and nobody would know. */
Test(run, refuses_a_callback_by_another_name_once_it_listens)
{
    struct bench b;

    set_up(&b, 1, 1);
    write_hooked(&b, 1);
    start(&b);
    pass(&b, HOUR_MS);
    reword(&b, "casement.example/in", "casement.example/inside");
    pass(&b, 60000);
    cr_expect(gw_run_counts(b.run).reloads == 1, "%s", b.lines.at);
    reword(&b, "casement.example", "door.example");
    pass(&b, 60000);
    cr_expect(gw_run_counts(b.run).reloads == 1);
    cr_expect(strstr(b.lines.at, "a callback is at door.example") != NULL, "%s", b.lines.at);
    tear_down(&b);
}

static const struct fake_answer *refuse_searches(struct fake_place *place, const char *url)
{
    static const struct fake_answer refused = {.status = 403};

    (void)place;
    return strchr(url, '?') ? &refused : NULL;
}

/* What is stopped is tried again with the reload that an operator asked for, and with no later one. */
Test(run, resumes_with_a_reload_that_was_asked_for_and_not_with_one_that_was_refused)
{
    enum { PATIENTS = 4 };
    struct bench b;
    size_t searches;

    set_up(&b, 1, PATIENTS);
    b.signals = true;
    b.world.places[0].fault = refuse_searches;
    start(&b);
    pass(&b, 2 * HOUR_MS);
    cr_assert(strstr(b.lines.at, "this query is stopped") != NULL, "%s", b.lines.at);
    searches = b.world.places[0].searches;
    scratch_write(&b.scratch, "roster.csv", "nonsense\n");
    cr_assert(raise(SIGHUP) == 0);
    pass(&b, 1000);
    cr_expect(strstr(b.lines.at, "reload.refused") != NULL);
    write_roster(&b, 1, PATIENTS, "");
    pass(&b, HOUR_MS);
    cr_expect(gw_run_counts(b.run).reloads == 1);
    cr_expect(b.world.places[0].searches == searches, "%zu searches that nobody asked for",
              b.world.places[0].searches - searches);
    cr_assert(raise(SIGHUP) == 0);
    pass(&b, HOUR_MS);
    cr_expect(b.world.places[0].searches > searches);
    tear_down(&b);
}

/* Two endpoints of one site: each learns the windows while the other may be in the middle of an errand. */
Test(run, reads_a_subject_at_two_endpoints_that_take_their_time)
{
    struct bench b;

    set_up(&b, 2, 1);
    write_roster(&b, 1, 1, "");
    reword(&b, "\"site\":\"h1\"", "\"site\":\"h0\"");
    reword(&b, "h1.json", "h0.json");
    b.world.places[0].latency_ms = 700;
    b.world.places[1].latency_ms = 1900;
    add_visit(&b.world.places[0], "p0", "2026-11-19", 0);
    add_count(&b.world.places[1], "p0", "2026-11-19", "1", "final", "1.20", 0);
    start(&b);
    pass(&b, 3 * DAY_MS);
    cr_expect_str_eq(cell(&b, VALUE), "1.20");
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

/* A subscription that was to be caught up with, of an endpoint that has none any more. */
Test(run, looks_at_everybody_for_a_hint_of_a_subscription_that_is_gone)
{
    struct bench b;
    struct gw_ledger *beside = NULL;
    struct gw_error failure = {0};
    const struct gw_hint hint = {.number = GW_NOTIFY_NO_NUMBER};

    set_up(&b, 1, 1);
    add_visit(&b.world.places[0], "p0", "2026-11-19", 0);
    start(&b);
    pass(&b, 2 * HOUR_MS);
    stop(&b);
    add_count(&b.world.places[0], "p0", "2026-11-19", "1", "final", "1.20", 0);
    cr_assert(gw_ledger_join(scratch_path(&b.scratch, "state/ledger.db"), &beside, &failure) == GW_OK);
    cr_assert(gw_hint_put(beside, "e0", &hint, 1795168800, &failure) == GW_OK, "%s", failure.text);
    gw_ledger_close(beside);
    start(&b);
    pass(&b, 60000);
    cr_expect_str_eq(cell(&b, VALUE), "1.20");
    tear_down(&b);
}

/* Of the events 2 to 5 nothing was heard: the hospital's subjects are to be looked at, and there are none to ask about.
 */
#define GAP                                                                                                            \
    "{\"phase\":\"active\",\"id\":\"s1\",\"form\":\"\",\"counted\":true,\"last\":1,\"known\":5,\"ahead\":\"0\","       \
    "\"no_events\":true,\"no_status\":true}"

static const char *const rosters_to_ask_nobody_about[] = {
    HEADER "h1,lendex-rrmm,p0,S-1-0," D1 ",," D1 ",,,\n",
    HEADER "h0,lendex-rrmm,p0,S-0-0," D1 ",," D1 ",2026-11-01,,\n",
};

static void note_beside(struct bench *b, const char *space, const char *name, const char *text)
{
    struct gw_ledger *beside = NULL;
    struct gw_error failure = {0};

    cr_assert(gw_ledger_join(scratch_path(&b->scratch, "state/ledger.db"), &beside, &failure) == GW_OK, "%s",
              failure.text);
    cr_assert(gw_ledger_note_put(beside, space, name, text, &failure) == GW_OK, "%s", failure.text);
    gw_ledger_close(beside);
}

static bool has_note(struct bench *b, const char *space, const char *name, const char *wanted)
{
    struct gw_ledger *beside = NULL;
    struct gw_error failure = {0};
    struct gw_arena arena = GW_ARENA_INIT(1u << 20);
    const char *text = NULL;
    bool found;

    cr_assert(gw_ledger_join(scratch_path(&b->scratch, "state/ledger.db"), &beside, &failure) == GW_OK);
    cr_assert(gw_ledger_note(beside, &arena, space, name, &text, &failure) == GW_OK);
    found = text && strstr(text, wanted);
    gw_ledger_close(beside);
    gw_arena_release(&arena);
    return found;
}

Test(run, s20_has_caught_up_where_nobody_is_to_be_asked_about)
{
    for (size_t i = 0; i < sizeof rosters_to_ask_nobody_about / sizeof rosters_to_ask_nobody_about[0]; i++) {
        struct bench b;

        set_up(&b, 2, 1);
        write_hooked(&b, 2);
        scratch_write(&b.scratch, "roster.csv", rosters_to_ask_nobody_about[i]);
        fake_place_add(&b.world.places[0], 0,
                       "{\"resourceType\":\"Subscription\",\"id\":\"s1\",\"status\":\"active\"}");
        start(&b);
        stop(&b);
        note_beside(&b, "subscription", "e0", GAP);
        start(&b);
        pass(&b, HOUR_MS);
        cr_expect(has_note(&b, "subscription", "e0", "\"last\":5,\"known\":5"), "%zu: %s", i, b.lines.at);
        tear_down(&b);
    }
}

/* ---- a day of 200 hospitals ---- */

Test(run, p6_takes_a_day_of_200_hospitals_as_the_schedule_says, .timeout = 120)
{
    enum { HOSPITALS = 200, DEAD = 7, HANGING = 8 };
    struct bench b;
    size_t most = 0;

    set_up(&b, HOSPITALS, 2);
    b.world.places[DEAD].fault = away_for_a_day;
    b.world.places[HANGING].latency_ms = 10 * DAY_MS;
    for (size_t i = 0; i < HOSPITALS; i++) {
        add_visit(&b.world.places[i], "p0", "2026-11-20", i % 12 * HOUR_MS);
        add_count(&b.world.places[i], "p0", "2026-11-20", "1", "final", "1.20", i % 12 * HOUR_MS);
    }
    start(&b);
    pass(&b, DAY_MS);
    for (size_t i = 0; i < HOSPITALS; i++) {
        most = b.world.places[i].requests > most ? b.world.places[i].requests : most;
        cr_expect(b.world.places[i].most_at_once <= 4, "hospital %zu had %zu requests at once", i,
                  b.world.places[i].most_at_once);
    }
    cr_expect_str_eq(cell(&b, "SELECT count(*) FROM observations WHERE window_id = 'T30-01' AND value_num = '1.20'"),
                     "198", "a visit of each healthy hospital was found within the day");
    const struct gw_run_counts counts = gw_run_counts(b.run);
    cr_log_info("%llu requests, a plain poller %llu; at most %zu of one hospital\n", (unsigned long long)counts.sent,
                (unsigned long long)counts.plain, most);
    cr_expect(counts.sent < counts.plain, "%llu sent, %llu without a schedule", (unsigned long long)counts.sent,
              (unsigned long long)counts.plain);
    tear_down(&b);
}
