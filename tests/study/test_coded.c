/*
 * Diagnoses: which become events, which candidates, which nothing; how they meet each other and the counts.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "support/subject.h"

#define ANC "751-8"
#define CM  "http://hl7.org/fhir/sid/icd-10-cm"
#define WHO "http://hl7.org/fhir/sid/icd-10"
#define GM  "http://fhir.de/CodeSystem/bfarm/icd-10-gm"
#define SCT "http://snomed.info/sct"

static struct subject s;
static struct gw_study study;

static void start(void)
{
    subject_init(&s);
    study = *s.study;
    s.study = &study;
    subject_add_monthly_visits(&s, 10);
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(coded, .init = start, .fini = stop);

static void add(const char *id, const char *members)
{
    subject_add(&s, "{'resourceType':'Condition','id':'%s','subject':{'reference':'Patient/p1'},%s}", id, members);
}

static void add_coded(const char *id, const char *system, const char *code, const char *onset, const char *end)
{
    subject_add(&s,
                "{'resourceType':'Condition','id':'%s','subject':{'reference':'Patient/p1'},"
                "'verificationStatus':{'coding':[{'code':'confirmed'}]},'onsetDateTime':'%s',%s%s%s"
                "'code':{'coding':[{'system':'%s','code':'%s'}]}}",
                id, onset, end ? "'abatementDateTime':'" : "", end ? end : "", end ? "'," : "", system, code);
}

/* ---- which code is which event ---- */

static const struct {
    const char *name, *system, *code;
    const char *category, *subcategory, *state;
} codes[] = {
    {"neutropenia", CM, "D70.1", "NEUTROPENIA", "", "evidence"},
    {"without its dot, in small letters", CM, "d701", "NEUTROPENIA", "", "evidence"},
    {"thrombocytopenia", WHO, "D69.5", "THROMBOCYTOPENIA", "", "evidence"},
    {"an infection", CM, "J18.9", "INFECTION", "PNEUMONIA", "evidence"},
    {"a gastrointestinal event", CM, "K52.1", "GASTROINTESTINAL", "DIARRHOEA", "evidence"},
    {"a thrombosis", CM, "I26.93", "THROMBOEMBOLISM", "VTE_PE", "evidence"},
    {"a longer row goes before a shorter", CM, "I26.90", NULL, NULL, "held AE_CANDIDATE"},
    {"fever with neutropenia is a candidate", CM, "R50.81", NULL, NULL, "held AE_CANDIDATE"},
    {"a German code in its own row", GM, "D70.3", "NEUTROPENIA", "", "evidence"},
    {"a German code in WHO's row", GM, "J18.9", "INFECTION", "PNEUMONIA", "evidence"},
    {"with its mark", GM, "J17.0*", NULL, NULL, "held AE_CANDIDATE"},
    {"what the German rows leave out on purpose is not WHO's either", GM, "D70.0", NULL, NULL, "held AE_CANDIDATE"},
    {"heparin-induced: another cause", GM, "D69.52", NULL, NULL, "held AE_CANDIDATE"},
    {"SNOMED exactly", SCT, "62315008", "GASTROINTESTINAL", "DIARRHOEA", "evidence"},
    {"a row that is not verified", SCT, "165517008", NULL, NULL, "held CODE_UNVERIFIED"},
    {"the same code of another system", SCT, "D70.1", NULL, NULL, "held AE_CANDIDATE"},
    {"a diagnosis of the reported events", CM, "G62.0", "NEUROPATHY", "", "evidence"},
    {"a diagnosis of another study", CM, "D89.831", NULL, NULL, "not_in_scope NOT_DERIVED"},
    {"in no row", CM, "S72.0", NULL, NULL, "held AE_CANDIDATE"},
};

Test(coded, diagnoses_are_events_as_the_rows_say)
{
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        stop();
        start();
        add_coded("c", codes[i].system, codes[i].code, "2024-02-20", "2024-02-25");
        subject_derive(&s);
        expect_text(codes[i].name, subject_state(&s, "c"), codes[i].state);
        cr_expect(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), codes[i].category != NULL), "%s", codes[i].name);
        if (!codes[i].category || subject_count(&s, GW_TABLE_ae_episodes) == 0)
            continue;
        expect_text(codes[i].name, subject_episode(&s, 0)->category, codes[i].category);
        expect_text(codes[i].name, subject_episode(&s, 0)->subcategory, codes[i].subcategory);
        cr_expect(eq(sz, subject_items(&s, "AE_GRADE_HUMAN"), 1), "%s", codes[i].name);
    }
}

Test(coded, diagnoses_with_several_codes_go_by_the_one_the_study_asks_for)
{
    add("c", "'verificationStatus':{'coding':[{'code':'confirmed'}]},'onsetDateTime':'2024-02-20',"
             "'code':{'coding':[{'system':'urn:local','code':'7'},{'system':'" CM "','code':'D89.831'},"
             "{'system':'" CM "','code':'J18.9'}]}");
    subject_derive(&s);
    cr_assert(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), 1));
    expect_text("category", subject_episode(&s, 0)->category, "INFECTION");
}

/* A row of many codes names none of them. */
Test(coded, diagnoses_of_a_row_of_many_codes_are_named_by_their_own)
{
    add_coded("c", CM, "I82.402", "2024-02-20", NULL);
    subject_derive(&s);
    cr_assert(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), 1));
    expect_text("term", subject_episode(&s, 0)->term, "I82.402");
}

/* ---- when ---- */

#define PNEUMONIA   "'code':{'coding':[{'system':'" CM "','code':'J18.9'}]}"
#define CONFIRMED   "'verificationStatus':{'coding':[{'code':'confirmed'}]}," PNEUMONIA
#define PROVISIONAL "'verificationStatus':{'coding':[{'code':'provisional'}]}," PNEUMONIA

static const struct {
    const char *name, *members, *state, *onset, *end;
    size_t items; /* beside the grade */
} times[] = {
    {"on day 1", CONFIRMED ",'onsetDateTime':'2024-01-15'", "evidence", "2024-01-15", "", 0},
    {"the day before", CONFIRMED ",'onsetDateTime':'2024-01-14'", "outside_window BEFORE_BASELINE", NULL, NULL, 0},
    {"the night before in UTC", CONFIRMED ",'onsetDateTime':'2024-01-14T23:30:00Z'", "evidence", "2024-01-15", "", 0},
    {"a period", CONFIRMED ",'onsetPeriod':{'start':'2024-02-20','end':'2024-02-24'}", "evidence", "2024-02-20",
     "2024-02-24", 0},
    {"an abatement goes before the period's end",
     CONFIRMED ",'onsetPeriod':{'start':'2024-02-20','end':'2024-02-24'},'abatementDateTime':'2024-02-22'", "evidence",
     "2024-02-20", "2024-02-22", 0},
    {"an abatement before the onset is none",
     CONFIRMED ",'onsetDateTime':'2024-02-20','abatementDateTime':'2024-02-19'", "evidence", "2024-02-20", "", 0},
    {"an abatement to come is none yet", CONFIRMED ",'onsetDateTime':'2024-02-20','abatementDateTime':'2025-01-01'",
     "evidence", "2024-02-20", "", 0},
    {"recorded, no onset", CONFIRMED ",'recordedDate':'2024-02-20'", "evidence", "2024-02-20", "", 0},
    {"an age as onset", CONFIRMED ",'onsetAge':{'value':74},'recordedDate':'2024-02-20'", "held DATE_MISSING", NULL,
     NULL, 1},
    {"no date", CONFIRMED, "held DATE_MISSING", NULL, NULL, 1},
    {"a month", CONFIRMED ",'onsetDateTime':'2024-02'", "held PARTIAL_DATE", NULL, NULL, 1},
    {"a year long ago asks nobody", CONFIRMED ",'onsetDateTime':'2019'", "outside_window BEFORE_BASELINE", NULL, NULL,
     0},
    {"a time without an offset", CONFIRMED ",'onsetDateTime':'2024-02-20T10:00:00'", "held TIME_WITHOUT_OFFSET", NULL,
     NULL, 1},
    {"one of long ago asks nobody", CONFIRMED ",'onsetDateTime':'2019-02-20T10:00:00'",
     "outside_window BEFORE_BASELINE", NULL, NULL, 0},
    {"to come", CONFIRMED ",'onsetDateTime':'2025-01-02'", "held FUTURE_DATE", NULL, NULL, 1},
    {"after the cap", CONFIRMED ",'onsetDateTime':'2027-02-01'", "outside_window AFTER_36_MONTHS", NULL, NULL, 0},
    {"not confirmed", PROVISIONAL ",'onsetDateTime':'2024-02-20'", "held AE_CANDIDATE", NULL, NULL, 1},
    {"not confirmed, long ago", PROVISIONAL ",'onsetDateTime':'2019-02-20'", "outside_window BEFORE_BASELINE", NULL,
     NULL, 0},
    {"refuted", "'verificationStatus':{'coding':[{'code':'refuted'}]}," PNEUMONIA ",'onsetDateTime':'2024-02-20'",
     "not_in_scope STATUS_REFUSED", NULL, NULL, 0},
    {"after the last visit so far", CONFIRMED ",'onsetDateTime':'2024-11-20'", "outside_window AWAITS_ASSESSMENT", NULL,
     NULL, 0},
};

Test(coded, diagnoses_count_from_day_1_to_the_last_window)
{
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        stop();
        start();
        add("c", times[i].members);
        subject_derive(&s);
        expect_text(times[i].name, subject_state(&s, "c"), times[i].state);
        cr_expect(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), times[i].onset != NULL), "%s", times[i].name);
        cr_expect(eq(sz, s.derived.item_count - subject_items(&s, "AE_GRADE_HUMAN"), times[i].items), "%s",
                  times[i].name);
        if (!times[i].onset || subject_count(&s, GW_TABLE_ae_episodes) == 0)
            continue;
        expect_text(times[i].name, subject_episode(&s, 0)->onset, times[i].onset);
        expect_text(times[i].name, subject_episode(&s, 0)->end, times[i].end);
        cr_expect(eq(int, subject_episode(&s, 0)->ongoing, *times[i].end == '\0'), "%s", times[i].name);
    }
}

Test(coded, diagnoses_that_end_where_nobody_looks_any_more_stay_open)
{
    add_coded("c", CM, "J18.9", "2024-02-20", "2024-03-20");
    s.line.withdrawn = subject_day("2024-03-19");
    subject_derive(&s);
    expect_text("after withdrawal", subject_episode(&s, 0)->end, "");
    s.line.withdrawn = subject_day("2024-03-20");
    subject_derive(&s);
    expect_text("on its day", subject_episode(&s, 0)->end, "2024-03-20");
    s.line.withdrawn = GW_NO_DAY;
    s.facts[0].patient.deceased = true;
    s.facts[0].patient.deceased_date = "2024-03-16";
    subject_derive(&s);
    expect_text("after death", subject_episode(&s, 0)->end, "");
}

/* Onset 2024-02-20, what is known up to 2024-12-31. */
static const struct {
    const char *name, *members;
    bool ongoing;
    const char *outcome;
} lapses[] = {
    {"nobody says", "", true, "not recovered"},
    {"active", "'clinicalStatus':{'coding':[{'code':'active'}]},", true, "not recovered"},
    {"recurrence", "'clinicalStatus':{'coding':[{'code':'recurrence'}]},", true, "not recovered"},
    {"resolved", "'clinicalStatus':{'coding':[{'code':'resolved'}]},", false, "recovered"},
    {"inactive", "'clinicalStatus':{'coding':[{'code':'inactive'}]},", false, "recovered"},
    {"remission", "'clinicalStatus':{'coding':[{'code':'remission'}]},", false, "recovered"},
    {"abated in words", "'abatementString':'in spring',", false, "recovered"},
    {"abated in a month", "'abatementDateTime':'2024-03',", false, "recovered"},
    {"abated in the month of its onset", "'abatementDateTime':'2024-02',", false, "recovered"},
    {"in the month that ends today", "'abatementDateTime':'2024-12',", false, "recovered"},
    {"in a year that goes on", "'abatementDateTime':'2025',", true, "not recovered"},
    {"resolved before it began", "'abatementDateTime':'2024-02-19',", true, "not recovered"},
};

Test(coded, diagnoses_that_are_over_on_no_known_day_have_no_end_and_do_not_go_on)
{
    for (size_t i = 0; i < sizeof lapses / sizeof lapses[0]; i++) {
        char members[400];

        stop();
        start();
        snprintf(members, sizeof members, "%s'onsetDateTime':'2024-02-20'," CONFIRMED, lapses[i].members);
        add("c", members);
        subject_derive(&s);
        cr_assert(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), 1), "%s", lapses[i].name);
        expect_text(lapses[i].name, subject_episode(&s, 0)->end, "");
        cr_expect(eq(int, subject_episode(&s, 0)->ongoing, lapses[i].ongoing), "%s", lapses[i].name);
        expect_text(lapses[i].name, subject_episode(&s, 0)->outcome, lapses[i].outcome);
    }
}

Test(coded, diagnoses_that_are_over_are_met_by_the_next_within_14_days_of_what_is_known)
{
    add("c1", "'clinicalStatus':{'coding':[{'code':'resolved'}]},'onsetDateTime':'2024-02-20'," CONFIRMED);
    add_coded("c2", CM, "J18.9", "2024-03-06", "2024-03-08");
    subject_derive(&s);
    cr_assert(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), 2),
              "15 days after its onset, the last day that is known of it");
    stop();
    start();
    add("c1", "'clinicalStatus':{'coding':[{'code':'resolved'}]},'onsetDateTime':'2024-02-20'," CONFIRMED);
    add_coded("c2", CM, "J18.9", "2024-03-05", "2024-03-08");
    subject_derive(&s);
    cr_assert(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), 1));
    expect_text("end", subject_episode(&s, 0)->end, "2024-03-08");
    cr_expect(eq(int, subject_episode(&s, 0)->ongoing, false));
}

Test(coded, diagnoses_that_are_over_stay_open_after_a_withdrawal)
{
    add("c", "'clinicalStatus':{'coding':[{'code':'resolved'}]},'onsetDateTime':'2024-02-20'," CONFIRMED);
    s.line.withdrawn = subject_day("2024-03-19");
    subject_derive(&s);
    cr_expect(eq(int, subject_episode(&s, 0)->ongoing, true));
}

/* ---- together ---- */

static const struct {
    const char *name;
    const char *code, *onset, *end; /* beside I82.40 from 20 to 25 February */
    size_t episodes;
} neighbours[] = {
    {"14 days after its end", "I82.40", "2024-03-10", "2024-03-12", 1},
    {"15 days", "I82.40", "2024-03-11", "2024-03-12", 2},
    {"within it", "I82.40", "2024-02-21", "2024-02-22", 1},
    {"before it, open", "I82.40", "2024-02-01", NULL, 1},
    {"another code of the subcategory", "I80.10", "2024-02-26", "2024-02-27", 1},
    {"another subcategory", "I26.99", "2024-02-21", "2024-02-22", 2},
    {"another category", "J18.9", "2024-02-21", "2024-02-22", 2},
};

Test(coded, diagnoses_of_one_kind_are_one_event_within_14_days)
{
    for (size_t i = 0; i < sizeof neighbours / sizeof neighbours[0]; i++) {
        stop();
        start();
        add_coded("c1", CM, "I82.40", "2024-02-20", "2024-02-25");
        add_coded("c2", CM, neighbours[i].code, neighbours[i].onset, neighbours[i].end);
        subject_derive(&s);
        cr_expect(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), neighbours[i].episodes), "%s", neighbours[i].name);
    }
}

/* An ANC of 0.7 from 10 to 20 March, and neutropenia as a diagnosis. */
static const struct {
    const char *name, *onset, *end;
    size_t episodes;
    const char *starts; /* the joint onset */
} joints[] = {
    {"within", "2024-03-12", "2024-03-14", 1, "2024-03-10"},
    {"7 days before: the onset is the diagnosis's", "2024-03-03", "2024-03-12", 1, "2024-03-03"},
    {"8 days before, overlapping: the count's", "2024-03-02", "2024-03-12", 1, "2024-03-10"},
    {"over 7 days before", "2024-02-25", "2024-03-03", 1, "2024-03-10"},
    {"over 8 days before", "2024-02-25", "2024-03-02", 2, NULL},
    {"7 days after", "2024-03-27", "2024-03-28", 1, "2024-03-10"},
    {"8 days after", "2024-03-28", "2024-03-29", 2, NULL},
    {"open since long: what was then is told by nobody", "2024-02-01", NULL, 2, NULL},
    {"open since 8 days before", "2024-03-02", NULL, 2, NULL},
    {"open since 7 days before", "2024-03-03", NULL, 1, "2024-03-03"},
    {"open since a day of it", "2024-03-15", NULL, 1, "2024-03-10"},
    {"open since 7 days after", "2024-03-27", NULL, 1, "2024-03-10"},
};

Test(coded, diagnoses_and_counts_of_one_category_are_one_event_within_7_days)
{
    for (size_t i = 0; i < sizeof joints / sizeof joints[0]; i++) {
        stop();
        start();
        subject_add_lab(&s, "low", ANC, "2024-03-10", "0.7");
        subject_add_lab(&s, "back", ANC, "2024-03-20", "2.0");
        add_coded("c", CM, "D70.1", joints[i].onset, joints[i].end);
        subject_derive(&s);
        cr_expect(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), joints[i].episodes), "%s", joints[i].name);
        if (joints[i].starts)
            expect_text(joints[i].name, subject_episode(&s, 0)->onset, joints[i].starts);
        cr_expect(eq(sz, subject_items(&s, "AE_GRADE_HUMAN"), joints[i].episodes - 1), "%s", joints[i].name);
    }
}

Test(coded, a_value_between_windows_keeps_its_grade_where_it_may_only_date)
{
    const struct gw_row_list *evidence = &s.derived.rows.tables[GW_TABLE_ae_evidence];

    study.between_windows = GW_BETWEEN_DATES;
    subject_add_lab(&s, "low", ANC, "2024-02-25", "0.4");
    subject_add_lab(&s, "back", ANC, "2024-03-03", "2.0");
    subject_derive(&s);
    cr_assert(eq(sz, evidence->count, 2));
    for (size_t i = 0; i < evidence->count; i++)
        cr_expect(eq(int, ((const struct gw_row_ae_evidence *)evidence->rows[i])->grade_at, GW_NULL_INTEGER));
    cr_expect(eq(sz, s.derived.rows.tables[GW_TABLE_ae_grades].count, 0));
}

/* ---- the same event through what is learnt later ---- */

Test(coded, events_keep_their_id_when_a_baseline_turns_up_that_changes_them)
{
    struct gw_rows before;
    struct gw_error err;
    const char *id;

    s.count--; /* no baseline */
    subject_add_lab(&s, "a", ANC, "2024-02-14", "1.2");
    subject_add_lab(&s, "b", ANC, "2024-02-20", "0.7");
    subject_add_lab(&s, "c", ANC, "2024-02-28", "2.0");
    subject_derive(&s);
    before = s.derived.rows;
    id = subject_episode(&s, 0)->ae_id;
    expect_text("onset", subject_episode(&s, 0)->onset, "2024-02-14");
    cr_expect(eq(int, subject_episode(&s, 0)->baseline_grade, GW_NULL_INTEGER));
    subject_add_lab(&s, "base", ANC, "2024-01-12", "1.3"); /* grade 2 before treatment */
    subject_derive(&s);
    cr_assert(gw_identify(&s.arena, &before, &s.derived.rows, &err) == GW_OK);
    expect_text("onset", subject_episode(&s, 0)->onset, "2024-02-20");
    expect_text("id", subject_episode(&s, 0)->ae_id, id);
    cr_expect(eq(int, subject_episode(&s, 0)->baseline_grade, 2));
}
