/*
 * A sync with made-up hospitals: what came is derived once all of it came, and nothing is done twice.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/ledger/report.h"
#include "gateway/service/certificate.h"
#include "gateway/service/decide.h"
#include "gateway/service/savings.h"
#include "gateway/service/sync.h"
#include "service/agenda.h"
#include "service/fake_hospital.h"
#include "support/fake_disk.h"

#define PACKAGE SOURCE_DIR "/mappings/studies/lendex-rrmm"
#define HEADER  "site,study,patient,subject,recruited,end_of_treatment,first_dose,withdrawn,mrn_system,mrn\n"
#define MADRID  "madrid,lendex-rrmm,p1,S-1,2024-01-18,,2024-01-15,,,\n"
#define ESSEN   "essen,lendex-rrmm,p2,S-2,2024-01-18,,2024-01-15,,,\n"

struct bench {
    struct scratch scratch;
    struct gw_arena arena;
    struct fake_hospital hospitals[2];
    struct gw_config_study study;
    struct gw_config_endpoint endpoints[2];
    struct gw_config config;
    struct gw_sync_options options;
    struct gw_sync_result result;
    struct gw_error err;
};

static const char *path_of(struct bench *b, const char *name)
{
    return gw_arena_print(&b->arena, "%s/%s", b->scratch.folder, name);
}

static void set_up_endpoint(struct bench *b, size_t i, const char *id, const char *site)
{
    fake_hospital_open(&b->hospitals[i]);
    b->endpoints[i] = (struct gw_config_endpoint){
        .id = id,
        .site = site,
        .base = fake_server_base(b->hospitals[i].server),
        .site_profile = gw_arena_print(&b->arena, "%s/mappings/sites/%s.json", SOURCE_DIR, site),
        .auth_kind = "none",
        .page_size = 50,
        .concurrent = 2,
    };
}

static void set_up(struct bench *b, const char *roster, size_t endpoints, const char *second_site)
{
    *b = (struct bench){.arena = GW_ARENA_INIT(64u << 20)};
    scratch_init(&b->scratch);
    scratch_write(&b->scratch, "roster.csv", roster);
    set_up_endpoint(b, 0, "first", "madrid");
    if (endpoints > 1)
        set_up_endpoint(b, 1, "second", second_site);
    fake_hospital_add(&b->hospitals[0], FAKE_PATIENT("p1"));
    fake_hospital_add(&b->hospitals[0], FAKE_VISIT("p1"));
    fake_hospital_add(&b->hospitals[0], FAKE_COUNT("p1", "5", "final", "1.20"));
    b->study = (struct gw_config_study){.id = "lendex-rrmm",
                                        .package = PACKAGE,
                                        .enrolment = path_of(b, "roster.csv"),
                                        .sink_kind = "sqlite",
                                        .sink_path = path_of(b, "study.db")};
    b->config = (struct gw_config){.path = "casement.json",
                                   .schedule = gw_schedule_default,
                                   .installation = "t",
                                   .state = path_of(b, "state"),
                                   .pseudonym_key = path_of(b, "pseudonym.key"),
                                   .studies = &b->study,
                                   .study_count = 1,
                                   .endpoints = b->endpoints,
                                   .endpoint_count = endpoints};
    b->options = (struct gw_sync_options){.config = &b->config, .as_of = gw_day_of(2024, 2, 28)};
}

static void tear_down(struct bench *b)
{
    for (size_t i = 0; i < b->config.endpoint_count; i++)
        fake_server_free(b->hospitals[i].server);
    gw_arena_release(&b->arena);
    scratch_release(&b->scratch);
}

static enum gw_status run(struct bench *b)
{
    b->err = (struct gw_error){0};
    const enum gw_status rc = gw_sync_run(&b->arena, &b->options, &b->result, &b->err);

    if (rc == GW_OK)
        cr_expect(eq(i64, b->result.equation.in, b->result.equation.sum), "every part is in one state");
    return rc;
}

static void run_fine(struct bench *b)
{
    cr_assert(eq(int, run(b), GW_OK), "%s", b->err.text);
    cr_assert(gt(sz, b->result.endpoint_count, 0));
    for (size_t i = 0; i < b->result.endpoint_count; i++)
        cr_assert(eq(int, b->result.endpoints[i].failure.status, GW_OK), "%s", b->result.endpoints[i].failure.text);
}

/* The first cell of the answer as text; "" when there is none. */
static const char *ask(struct bench *b, const char *query)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    const char *cell = "";

    cr_assert(eq(int, sqlite3_open_v2(b->study.sink_path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK));
    cr_assert(eq(int, sqlite3_prepare_v2(db, query, -1, &statement, NULL), SQLITE_OK), "%s", sqlite3_errmsg(db));
    if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_text(statement, 0))
        cell = gw_arena_print(&b->arena, "%s", (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return cell;
}

static void expect_cell(struct bench *b, const char *query, const char *wanted, const char *name)
{
    const char *got = ask(b, query);

    cr_expect(gw_same(got, wanted), "%s: wanted %s, got %s", name, wanted, got);
}

#define VALUE         "SELECT group_concat(value_num) FROM observations WHERE status <> 'withdrawn' AND window_id = 'T30-01'"
#define STATE(window) "SELECT state FROM windows WHERE window_id = '" window "' AND status <> 'withdrawn'"
#define SUBJECTS      "SELECT group_concat(subject_key) FROM (SELECT subject_key FROM subjects ORDER BY 1)"

Test(sync, brings_home_what_a_hospital_has_of_the_roster)
{
    struct bench b;

    set_up(&b, HEADER MADRID, 1, NULL);
    run_fine(&b);
    expect_cell(&b, VALUE, "1.20", "");
    expect_cell(&b, STATE("T30-01"), "collected", "");
    cr_expect(eq(sz, b.result.endpoints[0].fresh, 3));
    cr_expect(eq(i64, b.result.equation.waiting, 0));
    tear_down(&b);
}

/* The default profile of an endpoint leaves out what few servers have; its CapabilityStatement says that this one has
 * it. */
Test(sync, asks_a_hospital_that_was_never_checked_for_all_that_it_offers)
{
    struct bench b;

    set_up(&b, HEADER MADRID, 1, NULL);
    fake_hospital_add(&b.hospitals[0], FAKE_EVENT("p1"));
    run_fine(&b);
    cr_expect(eq(sz, b.result.endpoints[0].fresh, 4));
    tear_down(&b);
}

Test(sync, writes_nothing_when_nothing_is_new)
{
    struct bench b;

    set_up(&b, HEADER MADRID, 1, NULL);
    run_fine(&b);
    cr_expect(gt(sz, b.result.pass.added, 0));
    run_fine(&b);
    cr_expect(eq(sz, b.result.pass.subjects, 0), "nobody is derived again");
    cr_expect(eq(sz, b.result.endpoints[0].fresh, 0));
    cr_expect(eq(sz, b.result.endpoints[0].repeats, 3));
    tear_down(&b);
}

Test(sync, s11_pushes_the_difference_that_a_correction_makes)
{
    struct bench b;

    set_up(&b, HEADER MADRID, 1, NULL);
    run_fine(&b);
    b.hospitals[0].resources[2] = FAKE_COUNT("p1", "6", "corrected", "0.90");
    run_fine(&b);
    expect_cell(&b, VALUE, "0.90", "");
    b.hospitals[0].resources[2] = FAKE_COUNT("p1", "7", "entered-in-error", "0.90");
    run_fine(&b);
    expect_cell(&b, VALUE, "", "");
    cr_expect(gt(sz, b.result.pass.withdrawn, 0));
    tear_down(&b);
}

Test(sync, finds_a_patient_by_record_number)
{
    struct bench b;

    set_up(&b, HEADER "madrid,lendex-rrmm,,S-1,2024-01-18,,2024-01-15,,urn:mrn,mrn-p1\n", 1, NULL);
    run_fine(&b);
    expect_cell(&b, VALUE, "1.20", "");
    tear_down(&b);
}

Test(sync, says_of_a_patient_who_is_not_found_that_this_is_so)
{
    struct bench b;

    set_up(&b, HEADER "madrid,lendex-rrmm,,S-1,2024-01-18,,2024-01-15,,urn:mrn,unknown\n", 1, NULL);
    run_fine(&b);
    cr_expect(eq(sz, b.result.pass.blocked, 1));
    cr_expect(eq(i64, b.result.equation.open_items, 1));
    tear_down(&b);
}

static const struct {
    const char *name;
    struct fake_hospital faults;
    enum gw_status status;
    bool came; /* something, before it failed */
} failures[] = {
    {"a type outside the scope", {.refused = "Observation"}, GW_EDENIED, true},
    {"half a Bundle", {.garbled = "Observation"}, GW_EPROTO, true},
    {"a login page", {.html = "Encounter"}, GW_EPROTO, true},
    {"no doses", {.refused = "MedicationDispense"}, GW_EDENIED, true},
    {"nothing said of itself", {.refused = "metadata"}, GW_EDENIED, false},
    {"a login page before everything", {.html = "metadata"}, GW_EPROTO, false},
    {"FHIR of another age", {.fhir_version = "3.0.2"}, GW_EPROTO, false},
};

Test(sync, lets_a_failing_endpoint_delay_only_itself)
{
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        struct bench b;

        set_up(&b, HEADER MADRID ESSEN, 2, "essen");
        fake_hospital_add(&b.hospitals[1], FAKE_PATIENT("p2"));
        fake_hospital_add(&b.hospitals[1], FAKE_COUNT("p2", "5", "final", "1.20"));
        b.hospitals[1].refused = failures[i].faults.refused;
        b.hospitals[1].garbled = failures[i].faults.garbled;
        b.hospitals[1].html = failures[i].faults.html;
        b.hospitals[1].fhir_version = failures[i].faults.fhir_version;
        cr_assert(eq(int, run(&b), GW_OK), "%s: %s", failures[i].name, b.err.text);
        cr_expect(eq(int, b.result.endpoints[0].failure.status, GW_OK), "%s", failures[i].name);
        cr_expect(eq(int, b.result.endpoints[1].failure.status, failures[i].status), "%s", failures[i].name);
        expect_cell(&b, SUBJECTS, "S-1", failures[i].name);
        cr_expect(eq(int, b.result.equation.waiting > 0, failures[i].came), "%s: what came is kept", failures[i].name);
        b.hospitals[1].refused = b.hospitals[1].garbled = b.hospitals[1].html = b.hospitals[1].fhir_version = NULL;
        run_fine(&b);
        expect_cell(&b, SUBJECTS, "S-1,S-2", failures[i].name);
        cr_expect(eq(i64, b.result.equation.waiting, 0), "%s", failures[i].name);
        tear_down(&b);
    }
}

/* Its first requests were answered before a later one failed: the rest is still owed. */
Test(sync, derives_no_subject_before_the_last_of_its_requests)
{
    struct bench b;

    set_up(&b, HEADER MADRID "madrid,lendex-rrmm,p2,S-2,2024-01-18,,2024-01-15,,,\n", 1, NULL);
    fake_hospital_add(&b.hospitals[0], FAKE_PATIENT("p2"));
    b.hospitals[0].refused = "Condition";
    cr_assert(eq(int, run(&b), GW_OK), "%s", b.err.text);
    cr_expect(eq(int, b.result.endpoints[0].failure.status, GW_EDENIED));
    expect_cell(&b, SUBJECTS, "", "half of the answers");
    b.hospitals[0].refused = NULL;
    run_fine(&b);
    expect_cell(&b, SUBJECTS, "S-1,S-2", "all answers");
    expect_cell(&b, STATE("T30-01") " AND subject_key = 'S-1'", "collected", "");
    tear_down(&b);
}

Test(sync, b4_leaves_a_closed_record_to_its_patient_and_reads_the_others)
{
    struct bench b;

    set_up(&b, HEADER MADRID "madrid,lendex-rrmm,p2,S-2,2024-01-18,,2024-01-15,,,\n", 1, NULL);
    fake_hospital_add(&b.hospitals[0], FAKE_PATIENT("p2"));
    b.hospitals[0].refused_patient = "p2";
    cr_assert(eq(int, run(&b), GW_OK), "%s", b.err.text);
    cr_expect(eq(int, b.result.endpoints[0].failure.status, GW_EDENIED));
    expect_cell(&b, SUBJECTS, "S-1", "all of its answers");
    b.hospitals[0].refused_patient = NULL;
    run_fine(&b);
    expect_cell(&b, SUBJECTS, "S-1,S-2", "all answers");
    tear_down(&b);
}

/* ---- as the service does ---- */

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

Test(sync, writes_down_what_proves_that_a_subject_was_read)
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

Test(sync, counts_what_it_sends_and_what_polling_would_have_sent_since_the_last)
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

/* Whatever of it fails, the sync ends, and the next one goes on. */
Test(sync, l2_ends_with_our_disk)
{
    struct bench b;

    fake_disk_install();
    for (int at = 40; at <= 160; at += 40) {
        set_up(&b, HEADER MADRID, 1, NULL);
        fake_disk_fail(at, SQLITE_IOERR);
        cr_expect(eq(int, run(&b), GW_EIO), "at %d: %s", at, b.err.text);
        cr_expect(fake_disk.failed);
        fake_disk_heal();
        run_fine(&b);
        expect_cell(&b, VALUE, "1.20", "");
        tear_down(&b);
    }
}

#define THREE                                                                                                          \
    HEADER MADRID "madrid,lendex-rrmm,p2,S-2,2024-01-18,,2024-01-15,,,\n"                                              \
                  "madrid,lendex-rrmm,p3,S-3,2024-01-18,,2024-01-15,,,\n"

/* Three refusals stop a type: it is not asked for again until a check went well. */
Test(sync, b4_heeds_what_is_stopped_until_a_check_went_well)
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

Test(sync, derives_a_subject_of_two_endpoints_when_both_were_read)
{
    struct bench b;

    set_up(&b, HEADER MADRID, 2, "madrid");
    fake_hospital_add(&b.hospitals[1], FAKE_PATIENT("p1"));
    b.hospitals[1].refused = "Condition";
    cr_assert(eq(int, run(&b), GW_OK), "%s", b.err.text);
    expect_cell(&b, SUBJECTS, "", "");
    b.hospitals[1].refused = NULL;
    b.options.endpoint = "second";
    run_fine(&b);
    cr_expect(eq(sz, b.result.endpoint_count, 1));
    expect_cell(&b, SUBJECTS, "S-1", "the first was read up to this day already");
    b.options.as_of++;
    run_fine(&b);
    cr_expect(eq(sz, b.result.pass.subjects, 0), "the first was not read up to this day");
    tear_down(&b);
}

Test(sync, keeps_the_studies_of_one_patient_apart)
{
    struct gw_config_study studies[2];
    struct bench b;

    set_up(&b, HEADER MADRID, 1, NULL);
    scratch_write(&b.scratch, "other.csv", HEADER "madrid,elranatamab-rrmm,p1,S-1,2024-01-15,,2024-01-15,,,\n");
    studies[0] = b.study;
    studies[1] = (struct gw_config_study){.id = "elranatamab-rrmm",
                                          .package = SOURCE_DIR "/mappings/studies/elranatamab-rrmm",
                                          .enrolment = path_of(&b, "other.csv"),
                                          .sink_kind = "sqlite",
                                          .sink_path = path_of(&b, "other.db")};
    b.config.studies = studies;
    b.config.study_count = 2;
    run_fine(&b);
    cr_expect(eq(sz, b.result.pass.subjects, 2));
    expect_cell(&b, "SELECT group_concat(DISTINCT study) FROM windows", "lendex-rrmm", "the first study");
    b.study.sink_path = studies[1].sink_path;
    expect_cell(&b, "SELECT group_concat(DISTINCT study) FROM windows", "elranatamab-rrmm", "the second study");
    run_fine(&b);
    cr_expect(eq(sz, b.result.pass.subjects, 0));
    tear_down(&b);
}

Test(sync, derives_again_when_a_day_has_come_and_only_then)
{
    struct bench b;

    set_up(&b, HEADER MADRID, 1, NULL);
    run_fine(&b);
    expect_cell(&b, STATE("T30-02"), "future", "");
    b.options.as_of++;
    run_fine(&b);
    cr_expect(eq(sz, b.result.pass.subjects, 0), "nothing changes on that day");
    b.options.as_of = gw_day_of(2024, 4, 1);
    run_fine(&b);
    expect_cell(&b, STATE("T30-02"), "missed", "");
    cr_expect(eq(sz, b.result.endpoints[0].fresh, 0), "without any new fact");
    tear_down(&b);
}

Test(sync, takes_no_day_after_today_as_known)
{
    struct bench b;

    set_up(&b, HEADER MADRID, 1, NULL);
    b.options.as_of = gw_day_of(9000, 1, 1);
    run_fine(&b);
    b.study.sink_path = path_of(&b, "state/ledger.db");
    expect_cell(&b, "SELECT count(*) FROM deliveries WHERE as_of < '9000'", "1", "the delivery");
    expect_cell(&b, "SELECT count(*) FROM deliveries WHERE as_of >= '9000'", "0", "the day asked for");
    tear_down(&b);
}

Test(sync, derives_again_when_the_roster_changed)
{
    struct bench b;

    set_up(&b, HEADER MADRID, 1, NULL);
    run_fine(&b);
    scratch_write(&b.scratch, "roster.csv", HEADER "madrid,lendex-rrmm,p1,S-1,2024-01-18,,2024-01-15,2024-02-20,,\n");
    run_fine(&b);
    cr_expect(eq(sz, b.result.pass.subjects, 1));
    expect_cell(&b, "SELECT withdrawal_date FROM subjects", "2024-02-20", "");
    tear_down(&b);
}

Test(sync, leaves_a_state_folder_alone_that_another_instance_holds)
{
    struct gw_ledger *ledger = NULL;
    struct bench b;

    set_up(&b, HEADER MADRID, 1, NULL);
    run_fine(&b);
    cr_assert(eq(int, gw_ledger_open(path_of(&b, "state/ledger.db"), &ledger, &b.err), GW_OK), "%s", b.err.text);
    cr_expect(eq(int, run(&b), GW_EBUSY));
    gw_ledger_close(ledger);
    run_fine(&b);
    tear_down(&b);
}

Test(sync, makes_a_pseudonym_key_for_a_new_ledger_and_for_no_other)
{
    struct bench b;

    set_up(&b, HEADER MADRID, 1, NULL);
    run_fine(&b);
    cr_assert(eq(int, unlink(b.config.pseudonym_key), 0));
    cr_expect(eq(int, run(&b), GW_ECONFIG));
    cr_expect(ne(int, access(b.config.pseudonym_key, F_OK), 0));
    tear_down(&b);
}

static void name_no_endpoint(struct bench *b)
{
    b->options.endpoint = "third";
}

static void name_no_package(struct bench *b)
{
    b->study.package = "/nowhere";
}

static void name_another_study(struct bench *b)
{
    b->study.id = "elranatamab-rrmm";
}

static void name_another_site(struct bench *b)
{
    b->endpoints[0].site_profile = SOURCE_DIR "/mappings/sites/essen.json";
}

static void name_no_sink(struct bench *b)
{
    b->study.sink_kind = "abacus";
}

static void name_no_state(struct bench *b)
{
    b->config.state = "/nowhere/at/all";
}

static void promise_windows_only(struct bench *b)
{
    b->config.retain_windows = true;
}

static void have_no_endpoint(struct bench *b)
{
    b->config.endpoint_count = 0;
    fake_server_free(b->hospitals[0].server);
}

static const struct {
    const char *name;
    void (*spoil)(struct bench *b);
    enum gw_status status;
    const char *says;
} refusals[] = {
    {"an endpoint that is not there", name_no_endpoint, GW_EUSAGE, "first"},
    {"a package that is not there", name_no_package, GW_ECONFIG, "/nowhere"},
    {"the package of another study", name_another_study, GW_ECONFIG, "lendex-rrmm"},
    {"the profile of another site", name_another_site, GW_ECONFIG, "essen"},
    {"an unknown kind of sink", name_no_sink, GW_ECONFIG, "abacus"},
    {"a state folder that cannot be made", name_no_state, GW_ECREATE, "/nowhere"},
    {"a retention that is not kept", promise_windows_only, GW_ECONFIG, "retain"},
    {"no endpoint", have_no_endpoint, GW_ECONFIG, "casement.json"},
};

Test(sync, refuses_settings_before_it_asks_anybody)
{
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        struct bench b;

        set_up(&b, HEADER MADRID, 1, NULL);
        refusals[i].spoil(&b);
        cr_expect(eq(int, run(&b), refusals[i].status), "%s: %s", refusals[i].name, b.err.text);
        cr_expect(ne(ptr, strstr(b.err.text, refusals[i].says), NULL), "%s: %s", refusals[i].name, b.err.text);
        if (b.config.endpoint_count > 0)
            cr_expect(eq(u32, fake_server_requests(b.hospitals[0].server), 0), "%s", refusals[i].name);
        tear_down(&b);
    }
}

/* ---- between two syncs ---- */

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

Test(sync, delivers_what_a_person_decided_at_once_and_finds_nothing_new_afterwards)
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

/* Results of the roster's line without a first dose; the person finds it in a letter. */
Test(sync, asks_for_the_days_of_a_first_dose_that_a_person_set)
{
    static const char *const assignments[] = {"date=2024-01-15"};
    struct gw_decide_request request = {
        .assignments = assignments, .assignment_count = 1, .by = "dm1", .reason = "letter"};
    struct gw_decide_result decided;
    struct gw_ledger_items items;
    struct bench b;

    set_up(&b, HEADER "madrid,lendex-rrmm,p1,S-1,,,,,,\n", 1, NULL);
    run_fine(&b);
    expect_cell(&b, VALUE, "", "no first dose");
    request.ledger_path = path_of(&b, "state/ledger.db");
    request.config = &b.config;
    cr_assert(eq(int, gw_ledger_open(request.ledger_path, &request.ledger, &b.err), GW_OK), "%s", b.err.text);
    cr_assert(eq(int, gw_ledger_items(request.ledger, &b.arena, NULL, true, &items, &b.err), GW_OK));
    cr_assert(eq(sz, items.count, 1));
    request.selector = items.list[0].id;
    cr_assert(eq(int, gw_decide_run(&b.arena, &request, &decided, &b.err), GW_OK), "%s", b.err.text);
    gw_ledger_close(request.ledger);
    run_fine(&b);
    expect_cell(&b, VALUE, "1.20", "searched for by the next sync");
    tear_down(&b);
}

Test(sync, leaves_a_decision_about_a_subject_that_waits_for_more_to_the_next_sync)
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

Test(sync, lets_a_decision_on_a_cause_wait_where_four_eyes_are_wanted)
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

/* ---- who leaves ---- */

#define WITHDRAWAL "SELECT withdrawal_date FROM subjects WHERE subject_key = 'S-1' AND status <> 'withdrawn'"

Test(sync, S16_asks_nothing_about_a_patient_from_the_day_consent_was_withdrawn)
{
    struct bench b;

    set_up(&b, HEADER MADRID, 1, NULL);
    run_fine(&b);
    scratch_write(&b.scratch, "roster.csv", HEADER "madrid,lendex-rrmm,p1,S-1,2024-01-18,,2024-01-15,2024-02-20,,\n");
    run_fine(&b);
    cr_expect(eq(sz, b.result.endpoints[0].requests, 0));
    expect_cell(&b, WITHDRAWAL, "2024-02-20", "the study is told");
    expect_cell(&b, VALUE, "1.20", "what was collected stays");
    tear_down(&b);
}

Test(sync, asks_about_a_patient_until_the_day_of_withdrawal)
{
    struct bench b;

    set_up(&b, HEADER "madrid,lendex-rrmm,p1,S-1,2024-01-18,,2024-01-15,2024-02-20,,\n", 1, NULL);
    b.options.as_of = gw_day_of(2024, 2, 19);
    run_fine(&b);
    run_fine(&b);
    cr_expect(gt(sz, b.result.endpoints[0].requests, 0));
    b.options.as_of = gw_day_of(2024, 2, 20);
    run_fine(&b);
    cr_expect(eq(sz, b.result.endpoints[0].requests, 0));
    tear_down(&b);
}

Test(sync, reads_once_up_to_the_withdrawal_whoever_was_never_read)
{
    struct bench b;

    set_up(&b, HEADER "madrid,lendex-rrmm,p1,S-1,2024-01-18,,2024-01-15,2024-02-20,,\n", 1, NULL);
    run_fine(&b);
    cr_expect(gt(sz, b.result.endpoints[0].requests, 0));
    expect_cell(&b, VALUE, "1.20", "until then it may be collected");
    expect_cell(&b, WITHDRAWAL, "2024-02-20", "");
    run_fine(&b);
    cr_expect(eq(sz, b.result.endpoints[0].requests, 0));
    tear_down(&b);
}

Test(sync, calls_no_window_missed_that_was_not_read_to_its_end_before_the_withdrawal)
{
    static const struct {
        gw_day read;
        const char *state;
    } cases[] = {{19764, "open"} /* 2024-02-11 */, {19774, "missed"} /* 2024-02-21 */};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench b;

        set_up(&b, HEADER MADRID, 1, NULL);
        b.hospitals[0].count = 1; /* nobody came */
        b.options.as_of = cases[i].read;
        run_fine(&b);
        scratch_write(&b.scratch, "roster.csv",
                      HEADER "madrid,lendex-rrmm,p1,S-1,2024-01-18,,2024-01-15,2024-02-21,,\n");
        b.options.as_of = gw_day_of(2024, 2, 28);
        run_fine(&b);
        expect_cell(&b, STATE("T30-01"), cases[i].state, "");
        tear_down(&b);
    }
}

Test(sync, leaves_what_was_delivered_of_a_subject_who_is_no_longer_on_the_roster)
{
    struct bench b;

    set_up(&b, HEADER MADRID, 1, NULL);
    fake_hospital_add(&b.hospitals[0], FAKE_PATIENT("p2"));
    run_fine(&b);
    scratch_write(&b.scratch, "roster.csv", HEADER "madrid,lendex-rrmm,p2,S-2,2024-01-18,,2024-01-15,,,\n");
    run_fine(&b);
    expect_cell(&b, SUBJECTS, "S-1,S-2", "");
    expect_cell(&b, VALUE, "1.20", "");
    scratch_write(&b.scratch, "roster.csv", HEADER);
    run_fine(&b);
    cr_expect(eq(sz, b.result.endpoints[0].requests, 0));
    expect_cell(&b, SUBJECTS, "S-1,S-2", "");
    tear_down(&b);
}

/* ---- a result in the wrong chart ---- */

#define MOVED(version, patient)                                                                                        \
    "{\"resourceType\":\"Observation\",\"id\":\"anc-p1\",\"status\":\"final\",\"meta\":{\"versionId\":\"" version      \
    "\",\"lastUpdated\":\"2024-02-2" version "T08:00:00Z\"},\"category\":[{\"coding\":[{\"code\":\"laboratory\"}]}],"  \
    "\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"751-8\"}]},\"subject\":{\"reference\":"         \
    "\"Patient/" patient "\"},\"effectiveDateTime\":\"2024-02-14T09:30:00+01:00\",\"valueQuantity\":{\"value\":1.20,"  \
    "\"unit\":\"10*9/L\",\"system\":\"http://unitsofmeasure.org\",\"code\":\"10*9/L\"}}"

#define HOLDERS                                                                                                        \
    "SELECT group_concat(subject_key) FROM (SELECT subject_key FROM observations WHERE status <> 'withdrawn' AND "     \
    "window_id = 'T30-01' ORDER BY 1)"

/* Its two subjects are patients p1 and p2 of one hospital; the count is p1's. */
static void set_up_charts(struct bench *b, const char *count)
{
    set_up(b, HEADER MADRID "madrid,lendex-rrmm,p2,S-2,2024-01-18,,2024-01-15,,,\n", 1, NULL);
    fake_hospital_add(&b->hospitals[0], FAKE_PATIENT("p2"));
    fake_hospital_add(&b->hospitals[0], FAKE_VISIT("p2"));
    b->hospitals[0].resources[2] = count;
}

Test(sync, S16_lets_a_result_go_that_a_later_version_gives_to_another_subject)
{
    static const struct {
        const char *name, *first, *second;
    } servers[] = {{"versions are numbers", MOVED("1", "p1"), MOVED("2", "p2")},
                   {"versions are none", MOVED("a1", "p1"), MOVED("b2", "p2")}};

    for (size_t i = 0; i < sizeof servers / sizeof *servers; i++) {
        struct bench b;

        set_up_charts(&b, servers[i].first);
        run_fine(&b);
        expect_cell(&b, HOLDERS, "S-1", servers[i].name);
        b.hospitals[0].resources[2] = servers[i].second;
        run_fine(&b);
        expect_cell(&b, HOLDERS, "S-2", servers[i].name);
        b.hospitals[0].resources[2] = MOVED("3", "p1");
        run_fine(&b);
        expect_cell(&b, HOLDERS, "S-1", "and it comes back");
        run_fine(&b);
        cr_expect(eq(sz, b.result.pass.added + b.result.pass.changed + b.result.pass.withdrawn, 0), "nothing is new");
        tear_down(&b);
    }
}

/* Two studies of one hospital may both have a patient: a result is both subjects'. */
Test(sync, S16_leaves_a_result_to_a_patient_who_is_two_subjects)
{
    struct bench b;
    struct gw_config_study studies[2];

    set_up(&b, HEADER MADRID, 1, NULL);
    studies[0] = studies[1] = b.study;
    scratch_write(&b.scratch, "other.csv", HEADER "madrid,elranatamab-rrmm,p1,E-1,2024-01-18,,2024-01-15,,,\n");
    studies[1].id = "elranatamab-rrmm";
    studies[1].package = SOURCE_DIR "/mappings/studies/elranatamab-rrmm";
    studies[1].enrolment = path_of(&b, "other.csv");
    studies[1].sink_path = path_of(&b, "other.db");
    b.config.studies = studies;
    b.config.study_count = 2;
    b.hospitals[0].resources[2] = MOVED("2", "p1");
    run_fine(&b);
    b.hospitals[0].resources[2] = MOVED("3", "p1");
    run_fine(&b);
    expect_cell(&b, HOLDERS, "S-1", "the first study");
    b.study.sink_path = studies[1].sink_path;
    expect_cell(&b, "SELECT group_concat(DISTINCT subject_key) FROM observations WHERE status <> 'withdrawn'", "E-1",
                "the second");
    tear_down(&b);
}

/* ---- merged patients ---- */

#define MERGED                                                                                                         \
    "{\"resourceType\":\"Patient\",\"id\":\"p1\",\"gender\":\"male\",\"birthDate\":\"1950-02-03\","                    \
    "\"meta\":{\"versionId\":\"2\",\"lastUpdated\":\"2024-02-16T08:00:00Z\"},\"active\":false,"                        \
    "\"link\":[{\"other\":{\"reference\":\"Patient/p2\"},\"type\":\"replaced-by\"}]}"
#define UNMERGED                                                                                                       \
    "{\"resourceType\":\"Patient\",\"id\":\"p1\",\"gender\":\"male\",\"birthDate\":\"1950-02-03\","                    \
    "\"meta\":{\"versionId\":\"3\",\"lastUpdated\":\"2024-02-17T08:00:00Z\"}}"

static void decide_merge(struct bench *b, const char *answer)
{
    struct gw_decide_request request = {.ledger_path = path_of(b, "state/ledger.db"),
                                        .config = &b->config,
                                        .selector = "SUBJECT_MERGE|madrid||||",
                                        .assignments = &answer,
                                        .assignment_count = 1,
                                        .by = "dm1",
                                        .reason = "asked the ward"};
    struct gw_ledger_items items;
    struct gw_decide_result decided;

    cr_assert(eq(int, gw_ledger_open(request.ledger_path, &request.ledger, &b->err), GW_OK), "%s", b->err.text);
    cr_assert(eq(int, gw_ledger_items(request.ledger, &b->arena, NULL, true, &items, &b->err), GW_OK));
    for (size_t i = 0; i < items.count; i++)
        if (gw_same(items.list[i].code, "SUBJECT_MERGE"))
            request.selector = items.list[i].id;
    cr_assert(eq(int, gw_decide_run(&b->arena, &request, &decided, &b->err), GW_OK), "%s", b->err.text);
    gw_ledger_close(request.ledger);
}

/* p1 was seen on 14 February; what was measured then stands under p2, into whom p1 was merged. */
Test(sync, S16_asks_for_both_patients_once_a_person_linked_the_one_they_were_merged_into)
{
    size_t alone;
    struct bench b;

    set_up(&b, HEADER MADRID, 1, NULL);
    b.hospitals[0].resources[0] = MERGED;
    b.hospitals[0].resources[2] = FAKE_COUNT("p2", "1", "final", "2.50");
    fake_hospital_add(&b.hospitals[0], FAKE_PATIENT("p2"));
    run_fine(&b);
    alone = b.result.endpoints[0].requests;
    expect_cell(&b, SUBJECTS, "", "nothing leaves until it is known whose p2 is");
    decide_merge(&b, "link=p2");
    expect_cell(&b, VALUE, "", "what stands under p2 was not asked for yet");
    run_fine(&b);
    cr_expect(eq(sz, b.result.endpoints[0].requests, 2 * alone));
    expect_cell(&b, VALUE, "2.50", "both are the subject");
    run_fine(&b);
    cr_expect(eq(sz, b.result.pass.subjects, 0), "nothing is new");
    b.hospitals[0].resources[0] = UNMERGED;
    run_fine(&b);
    cr_expect(eq(i64, b.result.equation.blocked_subjects, 1), "the hospital took the merge back");
    expect_cell(&b, VALUE, "2.50", "what was delivered stays until a person decides");
    run_fine(&b);
    cr_expect(eq(sz, b.result.endpoints[0].requests, alone), "p2 is not asked for any more");
    decide_merge(&b, "unlink=p2");
    run_fine(&b);
    expect_cell(&b, VALUE, "", "what is another's is withdrawn");
    cr_expect(eq(i64, b.result.equation.blocked_subjects, 0));
    tear_down(&b);
}

/* Who is enrolled is asked first; where that cannot be had, the roster of last time stays in use. */
Test(sync, goes_by_the_research_subjects_of_a_hospital)
{
    struct bench b;

    set_up(&b, HEADER, 1, NULL);
    b.study.enrolment = path_of(&b, "state/rosters/lendex-rrmm.csv");
    b.study.enrolment_endpoint = "first";
    b.study.enrolment_research_study = "rs1";
    fake_hospital_add(
        &b.hospitals[0],
        "{\"resourceType\":\"ResearchSubject\",\"id\":\"r1\",\"status\":\"on-study\",\"identifier\":[{\"value\":"
        "\"S-77\"}],\"study\":{\"reference\":\"ResearchStudy/rs1\"},\"individual\":{\"reference\":"
        "\"Patient/p1\"},\"period\":{\"start\":\"2024-01-18\"}}");
    run_fine(&b);
    cr_expect(gw_same(ask(&b, "SELECT count(*) FROM subjects"), "0"), "no first dose is known");
    cr_expect(eq(sz, b.result.pass.subjects, 1), "and yet the subject was read");
    b.hospitals[0].refused = "ResearchSubject";
    cr_assert(eq(int, run(&b), GW_OK), "%s", b.err.text);
    cr_expect(eq(int, b.result.endpoints[0].failure.status, GW_EDENIED), "%s", b.result.endpoints[0].failure.text);
    tear_down(&b);
}
