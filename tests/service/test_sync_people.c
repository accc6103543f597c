/*
 * Who a subject is, from sync to sync: consent withdrawn, results in the wrong chart, patients merged and unmerged.
 */
#include "service/sync_bench.h"

#include "gateway/service/decide.h"

/* ---- who leaves ---- */

#define WITHDRAWAL "SELECT withdrawal_date FROM subjects WHERE subject_key = 'S-1' AND status <> 'withdrawn'"

Test(sync_people, S16_asks_nothing_about_a_patient_from_the_day_consent_was_withdrawn)
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

Test(sync_people, asks_about_a_patient_until_the_day_of_withdrawal)
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

Test(sync_people, reads_once_up_to_the_withdrawal_whoever_was_never_read)
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

Test(sync_people, calls_no_window_missed_that_was_not_read_to_its_end_before_the_withdrawal)
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

Test(sync_people, leaves_what_was_delivered_of_a_subject_who_is_no_longer_on_the_roster)
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

Test(sync_people, S16_lets_a_result_go_that_a_later_version_gives_to_another_subject)
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
Test(sync_people, S16_leaves_a_result_to_a_patient_who_is_two_subjects)
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
Test(sync_people, S16_asks_for_both_patients_once_a_person_linked_the_one_they_were_merged_into)
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
Test(sync_people, goes_by_the_research_subjects_of_a_hospital)
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
