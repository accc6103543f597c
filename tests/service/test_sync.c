/*
 * A sync with made-up hospitals: what came is derived once all of it came, and nothing is done twice.
 */
#include "service/sync_bench.h"

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

/* S-1 and S-2 at one hospital, which refuses something: then these subjects are delivered, and all once it does not. */
static void set_up_and_read_past_refusal(struct bench *b, const char *type, const char *patient, const char *delivered)
{
    set_up(b, HEADER MADRID "madrid,lendex-rrmm,p2,S-2,2024-01-18,,2024-01-15,,,\n", 1, NULL);
    fake_hospital_add(&b->hospitals[0], FAKE_PATIENT("p2"));
    b->hospitals[0].refused = type;
    b->hospitals[0].refused_patient = patient;
    cr_assert(eq(int, run(b), GW_OK), "%s", b->err.text);
    cr_expect(eq(int, b->result.endpoints[0].failure.status, GW_EDENIED));
    expect_cell(b, SUBJECTS, delivered, "what was not refused");
    b->hospitals[0].refused = b->hospitals[0].refused_patient = NULL;
    run_fine(b);
    expect_cell(b, SUBJECTS, "S-1,S-2", "all answers");
}

/* Its first requests were answered before a later one failed: the rest is still owed. */
Test(sync, derives_no_subject_before_the_last_of_its_requests)
{
    struct bench b;

    set_up_and_read_past_refusal(&b, "Condition", NULL, "");
    expect_cell(&b, STATE("T30-01") " AND subject_key = 'S-1'", "collected", "");
    tear_down(&b);
}

Test(sync, b4_leaves_a_closed_record_to_its_patient_and_reads_the_others)
{
    struct bench b;

    set_up_and_read_past_refusal(&b, NULL, "p2", "S-1");
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
