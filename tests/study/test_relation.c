/*
 * Events and the study drug: where in treatment they began, what was done with it then, who holds it responsible.
 * Days are counted from the first dose; 21 days of lenalidomide of every 28 make a cycle.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "support/chart.h"
#include "support/doses.h"
#include "support/subject.h"

#define LENALIDOMIDE "L04AX04"
#define USUAL        "S 0..20 25;S 28..48 25;S 56..76 25"

static struct subject s;

static void start(void)
{
    subject_init(&s);
    subject_add_monthly_visits(&s, 8);
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(relation, .init = start, .fini = stop, .timeout = 120);

/* ---- at the onset ---- */

static const struct {
    const char *name;
    int onset;
    int since, cycle, level; /* -1: none */
} onsets[] = {
    {"on a day of a dose", 10, 0, 1, 1},
    {"on the last day of doses", 20, 0, 1, 1},
    {"in the days of rest", 24, 4, 1, 1},
    {"on the last day of rest", 27, 7, 1, 1},
    {"on the first day of the next cycle", 28, 0, 2, 1},
    {"in the third", 60, 0, 3, 1},
};

Test(relation, counts_from_the_last_dose_and_names_the_cycle)
{
    for (size_t i = 0; i < sizeof onsets / sizeof *onsets; i++) {
        const struct gw_row_ae_episodes *row;

        stop();
        start();
        doses_add(&s, LENALIDOMIDE, USUAL);
        subject_add_lab(&s, "low", "751-8", subject_date(&s, onsets[i].onset), "0.7");
        subject_add_lab(&s, "back", "751-8", subject_date(&s, onsets[i].onset + 9), "2.5");
        subject_derive(&s);
        row = subject_episode(&s, 0);
        cr_assert(row != NULL, "%s", onsets[i].name);
        cr_expect(eq(int, row->days_since_last_dose, onsets[i].since), "%s", onsets[i].name);
        cr_expect(eq(int, row->cycle_no, onsets[i].cycle), "%s", onsets[i].name);
        cr_expect(eq(int, row->dose_level_at_onset, onsets[i].level), "%s", onsets[i].name);
        cr_expect(eq(int, row->dose_number, GW_NULL_INTEGER), "%s: cycles count, not doses", onsets[i].name);
    }
}

Test(relation, says_nothing_of_a_drug_that_nobody_recorded)
{
    subject_add_lab(&s, "low", "751-8", subject_date(&s, 10), "0.7");
    subject_derive(&s);
    cr_expect(eq(int, subject_episode(&s, 0)->days_since_last_dose, GW_NULL_INTEGER));
    expect_text("action", subject_episode(&s, 0)->action_taken, "");
}

/* ---- what was done ---- */

static const struct {
    const char *name, *doses;
    int worst; /* day of a count of grade 3 */
    int end;   /* of treatment by the roster; 0: none */
    int horizon;
    const char *action;
} actions[] = {
    {"as before", USUAL, 10, 0, 0, "none"},
    {"the fourteen days are not over", USUAL, 20, 0, 33, ""},
    {"they are over", USUAL, 20, 0, 34, "none"},
    {"a lower dose fourteen days later", "S 0..20 25;S 28..48 15", 14, 0, 0, "reduced"},
    {"a lower dose fifteen days later", "S 0..20 25;S 28..48 15", 13, 0, 0, "none"},
    {"a higher dose", "S 0..20 15;S 28..48 25", 20, 0, 0, "none"},
    {"a cycle a week late", "S 0..20 25;S 35..55 25", 14, 0, 0, "delayed cycle"},
    {"planned fifteen days later, and a week late", "S 0..20 25;S 35..55 25", 13, 0, 0, "none"},
    {"a cycle six days late", "S 0..20 25;S 34..54 25", 14, 0, 0, "none"},
    {"late and lower", "S 0..20 25;S 35..55 15", 22, 0, 0, "delayed cycle"},
    {"four days without", "S 0..5 25;S 10..20 25", 3, 0, 0, "interrupted"},
    {"two days without", "S 0..5 25;S 8..20 25", 3, 0, 0, "none"},
    {"stopped", "S 0..20 25", 15, 20, 0, "withdrawn"},
    {"stopped fourteen days later", "S 0..20 25", 6, 20, 0, "withdrawn"},
    {"stopped fifteen days later", "S 0..20 25", 5, 20, 0, "none"},
    {"stopped before", "S 0..20 25", 22, 20, 0, ""},
};

Test(relation, says_what_was_done_with_the_drug_within_fourteen_days)
{
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        const struct gw_row_ae_episodes *row;

        stop();
        start();
        subject_add_visit(&s, "seen", subject_date(&s, 25)); /* in the window of day 30 */
        doses_add(&s, LENALIDOMIDE, actions[i].doses);
        subject_add_lab(&s, "low", "751-8", subject_date(&s, actions[i].worst), "0.7");
        subject_add_lab(&s, "back", "751-8", subject_date(&s, actions[i].worst + 9), "2.5");
        if (actions[i].end) {
            s.line.end_of_treatment = s.line.first_dose + actions[i].end;
            subject_add_visit(&s, "eot", subject_date(&s, actions[i].end + 4));
        }
        if (actions[i].horizon)
            s.horizon = s.line.first_dose + actions[i].horizon;
        subject_derive(&s);
        row = subject_episode(&s, 0);
        cr_assert(row != NULL, "%s", actions[i].name);
        expect_text(actions[i].name, row->action_taken, actions[i].action);
    }
}

/* Elranatamab on elapsed days 0, 3, 7, 14 and 21, and no more; planned are 28 and 35 too. */
static const struct {
    const char *name;
    int worst, horizon;
    const char *action;
} missed[] = {
    {"all of the next fourteen days were given", 7, 100, "none"},
    {"planned on the fourteenth day, and not given", 14, 100, "interrupted"},
    {"planned on the fifteenth", 13, 100, "none"},
    {"planned on the day itself", 28, 100, "interrupted"},
    {"when doses had stopped before", 29, 100, "none"},
    {"it may yet be given", 14, 29, ""},
    {"two days later it was not", 14, 30, "interrupted"},
};

Test(relation, calls_a_planned_dose_that_was_not_given_an_interruption)
{
    for (size_t i = 0; i < sizeof missed / sizeof *missed; i++) {
        stop();
        subject_init_at(&s, "elranatamab-rrmm", "busan");
        chart_add_doses(&s);
        subject_add_lab(&s, "low", "751-8", subject_date(&s, missed[i].worst), "0.7");
        subject_add_lab(&s, "back", "751-8", subject_date(&s, missed[i].worst + 9), "2.5");
        s.horizon = s.line.first_dose + missed[i].horizon;
        subject_derive(&s);
        expect_text(missed[i].name, subject_episode(&s, 0)->action_taken, missed[i].action);
        if (*missed[i].action == '\0')
            cr_expect(eq(i32, s.derived.next_day, s.line.first_dose + 30), "%s", missed[i].name);
    }
}

Test(relation, counts_the_days_from_the_highest_grade)
{
    doses_add(&s, LENALIDOMIDE, "S 0..20 25;S 28..48 15");
    subject_add_lab(&s, "low", "751-8", subject_date(&s, 5), "1.2");
    subject_add_lab(&s, "lower", "751-8", subject_date(&s, 18), "0.3");
    subject_add_lab(&s, "back", "751-8", subject_date(&s, 30), "2.5");
    subject_derive(&s);
    expect_text("18 + 10", subject_episode(&s, 0)->action_taken, "reduced");
}

/* ---- relatedness ---- */

#define ASSESS "http://terminology.hl7.org/CodeSystem/adverse-event-causality-assess"

static void add_opinion(const char *id, const char *suspect, const char *verdict, const char *more)
{
    subject_add(&s,
                "{'resourceType':'AdverseEvent','id':'%s','actuality':'actual','subject':{'reference':'Patient/p1'},"
                "'suspectEntity':[{'instance':{'reference':'%s'},'causality':[{'assessment':{'coding':["
                "{'system':'" ASSESS "','code':'%s'}]}}]}],%s}",
                id, suspect, verdict, more);
}

#define OF_IT      "'resultingCondition':[{'reference':'Condition/c'}]"
#define OF_OTHER   "'resultingCondition':[{'reference':'Condition/x'}]"
#define BY_CODE    "'event':{'coding':[{'system':'http://hl7.org/fhir/sid/icd-10-cm','code':'J15.9'}]},'date':'%s'"
#define OTHER_CODE "'event':{'coding':[{'system':'http://hl7.org/fhir/sid/icd-10-cm','code':'K52.1'}]},'date':'%s'"

static const struct {
    const char *name, *suspect, *verdict, *more;
    int day; /* of `more`, where it has one */
    const char *relatedness;
} opinions[] = {
    {"certain", "MedicationStatement/d%zu", "Certain", OF_IT, 0, "related"},
    {"probable", "MedicationStatement/d%zu", "Probably-Likely", OF_IT, 0, "related"},
    {"possible", "MedicationStatement/d%zu", "Possible", OF_IT, 0, "related"},
    {"unlikely", "MedicationStatement/d%zu", "Unlikely", OF_IT, 0, "not related"},
    {"to be classified", "MedicationStatement/d%zu", "Conditional-Classified", OF_IT, 0, "unassessed"},
    {"cannot be classified", "MedicationStatement/d%zu", "Unassessable-Unclassifiable", OF_IT, 0, "unassessed"},
    {"a word of no list", "MedicationStatement/d%zu", "Maybe", OF_IT, 0, "unassessed"},
    {"another event", "MedicationStatement/d%zu", "Certain", OF_OTHER, 0, "unassessed"},
    {"another drug", "MedicationStatement/other", "Certain", OF_IT, 0, "unassessed"},
    {"a drug that is not there", "MedicationStatement/none", "Certain", OF_IT, 0, "unassessed"},
    {"the same category, a week before", "MedicationStatement/d%zu", "Certain", BY_CODE, 23, "related"},
    {"the same category, eight days before", "MedicationStatement/d%zu", "Certain", BY_CODE, 22, "unassessed"},
    {"the same category, a week after", "MedicationStatement/d%zu", "Certain", BY_CODE, 47, "related"},
    {"the same category, eight days after", "MedicationStatement/d%zu", "Certain", BY_CODE, 48, "unassessed"},
    {"another category", "MedicationStatement/d%zu", "Certain", OTHER_CODE, 30, "unassessed"},
};

/* A count of 0.4 with a fever: evidence of a neutropenia and of a febrile one. */
Test(relation, is_said_of_the_event_that_is_meant_where_a_result_is_evidence_of_two)
{
    doses_add(&s, LENALIDOMIDE, USUAL);
    subject_add_lab(&s, "anc", "751-8", "2024-02-20T08:00:00+01:00", "0.4");
    subject_add_value(&s, "fever", "8310-5", "2024-02-20T10:00:00+01:00", "39.0", "Cel");
    add_opinion("ae", gw_arena_print(&s.arena, "MedicationStatement/%s", s.facts[s.count - 3].id), "Certain",
                "'resultingCondition':[{'reference':'Observation/anc'}],'event':{'coding':[{'system':"
                "'http://hl7.org/fhir/sid/icd-10-cm','code':'D70.1'}]}");
    subject_derive(&s);
    cr_assert(eq(sz, s.derived.rows.tables[GW_TABLE_ae_episodes].count, 2));
    for (size_t i = 0; i < 2; i++)
        expect_text(subject_episode(&s, i)->category, subject_episode(&s, i)->relatedness,
                    strcmp(subject_episode(&s, i)->category, "NEUTROPENIA") == 0 ? "related" : "unassessed");
}

/* A pneumonia from day 30 to 40, lenalidomide, and another drug. */
static const char *tell(void)
{
    const size_t first = s.count;

    doses_add(&s, LENALIDOMIDE, USUAL);
    subject_add(&s, "{'resourceType':'MedicationStatement','id':'other','status':'active',"
                    "'subject':{'reference':'Patient/p1'},'effectiveDateTime':'2024-01-20',"
                    "'medicationCodeableConcept':{'coding':[{'system':'http://www.whocc.no/atc','code':'C10AA05'}]}}");
    subject_add(&s,
                "{'resourceType':'Condition','id':'c','subject':{'reference':'Patient/p1'},"
                "'verificationStatus':{'coding':[{'code':'confirmed'}]},'onsetDateTime':'%s','abatementDateTime':'%s',"
                "'code':{'coding':[{'system':'http://hl7.org/fhir/sid/icd-10-cm','code':'J18.9'}]}}",
                subject_date(&s, 30), subject_date(&s, 40));
    return gw_arena_print(&s.arena, "MedicationStatement/%s", s.facts[first].id);
}

Test(relation, is_what_the_hospital_said_and_no_more)
{
    for (size_t i = 0; i < sizeof opinions / sizeof *opinions; i++) {
        const char *lenalidomide;

        stop();
        start();
        lenalidomide = tell();
        add_opinion("ae", strchr(opinions[i].suspect, '%') ? lenalidomide : opinions[i].suspect, opinions[i].verdict,
                    opinions[i].day ? gw_arena_print(&s.arena, "%.*s'%s'",
                                                     (int)(strstr(opinions[i].more, "'%s'") - opinions[i].more),
                                                     opinions[i].more, subject_date(&s, opinions[i].day))
                                    : opinions[i].more);
        subject_derive(&s);
        expect_text(opinions[i].name, subject_episode_of(&s, "INFECTION")->relatedness, opinions[i].relatedness);
    }
}

Test(relation, is_unassessed_where_nobody_said)
{
    tell();
    subject_derive(&s);
    expect_text("relatedness", subject_episode_of(&s, "INFECTION")->relatedness, "unassessed");
    expect_text("by", subject_episode_of(&s, "INFECTION")->relatedness_by, "");
}

Test(relation, is_the_worst_that_was_said)
{
    const char *lenalidomide = tell();

    add_opinion("a1", lenalidomide, "Possible", OF_IT);
    add_opinion("a2", lenalidomide, "Unlikely", OF_IT);
    subject_derive(&s);
    expect_text("relatedness", subject_episode_of(&s, "INFECTION")->relatedness, "related");
    expect_text("by", subject_episode_of(&s, "INFECTION")->relatedness_by, "site");
}

Test(relation, is_what_a_person_here_said_before_all)
{
    add_opinion("a1", tell(), "Possible", OF_IT);
    subject_decide(&s, "relatedness", "Condition/c", "{'relatedness':'not related'}");
    subject_derive(&s);
    expect_text("relatedness", subject_episode_of(&s, "INFECTION")->relatedness, "not related");
    expect_text("by", subject_episode_of(&s, "INFECTION")->relatedness_by, "dm1");
}

Test(relation, is_asked_for_where_the_study_wants_it)
{
    struct gw_study study = *s.study;
    const char *lenalidomide;

    s.study = &study;
    study.events.relatedness = true;
    lenalidomide = tell();
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "AE_RELATEDNESS"), 1));
    add_opinion("a1", lenalidomide, "Unlikely", OF_IT);
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "AE_RELATEDNESS"), 0), "the hospital said");
    s.count--;
    subject_decide(&s, "relatedness", "Condition/c", "{'relatedness':'related'}");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "AE_RELATEDNESS"), 0), "a person said");
}
