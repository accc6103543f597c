/*
 * Decisions about adverse events, by any of their evidence: candidates, grades, seriousness, relatedness, merging.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "support/lineage.h"
#include "support/subject.h"

#define ICD "http://hl7.org/fhir/sid/icd-10-cm"

static struct subject s;

/* Monthly visits to June 2024; c: neutropenia by code, certain; b: the same, not confirmed, so a candidate. */
static void start(void)
{
    subject_init(&s);
    subject_add_monthly_visits(&s, 5);
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(decided_events, .init = start, .fini = stop);

static void add_condition(const char *id, const char *verification, const char *onset, const char *end)
{
    subject_add(&s,
                "{'resourceType':'Condition','id':'%s','subject':{'reference':'Patient/p1'},'verificationStatus':{"
                "'coding':[{'code':'%s'}]},'onsetDateTime':'%s','abatementDateTime':'%s','code':{'coding':["
                "{'system':'" ICD "','code':'D70.1'}]}}",
                id, verification, onset, end);
}

/* ---- candidates ---- */

Test(decided_events, makes_an_event_of_a_candidate_that_a_person_confirmed)
{
    const struct gw_row_ae_episodes *row;

    add_condition("c", "provisional", "2024-02-20", "2024-03-01");
    subject_derive(&s);
    cr_expect(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), 0));
    cr_expect(eq(sz, subject_items(&s, "AE_CANDIDATE"), 1));
    subject_decide(&s, "event", "Condition/c", "{'confirm':true,'onset':'2024-02-18','grade':2}");
    subject_derive(&s);
    cr_expect(eq(sz, s.derived.item_count, 0));
    cr_assert(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), 1));
    row = subject_episode(&s, 0);
    expect_text("category", row->category, "NEUTROPENIA");
    expect_text("onset", row->onset, "2024-02-18");
    expect_text("end", row->end, "2024-03-01");
    expect_text("certainty", row->certainty, "confirmed");
    expect_text("scale", row->scale, "CTCAE 5.0");
    cr_expect(eq(int, row->max_grade, 2));
    subject_expect(&s, "c", "evidence");
}

/* Day 1 is 15 January; the last visit, and the last day searched, is 14 May. */
Test(decided_events, asks_again_where_a_person_gave_an_onset_that_no_event_can_have)
{
    static const struct {
        const char *onset, *note; /* NULL: it is an event */
    } cases[] = {
        {"2024-01-14", "decision 1 has an onset before the first dose: give another, or refuse the event"},
        {"2024-01-15", NULL},
        {"2024-05-14", NULL},
        {"2024-05-15",
         "decision 1 has an onset after the last day of which anything is known: give another, or refuse the event"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct gw_item *item;

        stop();
        start();
        s.horizon = subject_day("2024-05-14");
        add_condition("c", "provisional", "2024-02-20", "2024-03-01");
        subject_decide(&s, "event", "Condition/c",
                       gw_arena_print(&s.arena, "{'confirm':true,'onset':'%s'}", cases[i].onset));
        subject_derive(&s);
        item = subject_item(&s, "AE_CANDIDATE");
        cr_expect(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), cases[i].note ? 0 : 1), "%s", cases[i].onset);
        cr_expect(eq(int, item != NULL, cases[i].note != NULL), "%s", cases[i].onset);
        if (item && cases[i].note)
            cr_expect(strstr(item->context, cases[i].note) != NULL, "%s: %s", cases[i].onset, item->context);
    }
}

Test(decided_events, leaves_a_candidate_alone_that_a_person_refused)
{
    add_condition("c", "provisional", "2024-02-20", "2024-03-01");
    subject_decide(&s, "event", "Condition/c", "{'refuse':true}");
    subject_derive(&s);
    cr_expect(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), 0));
    cr_expect(eq(sz, s.derived.item_count, 0));
    subject_expect(&s, "c", "not_in_scope NO_EVENT");
}

Test(decided_events, merges_a_candidate_with_the_event_of_another_record)
{
    add_condition("a", "confirmed", "2024-02-20", "2024-03-01");
    add_condition("b", "provisional", "2024-04-20", "2024-05-01");
    subject_decide(&s, "event", "Condition/b",
                   "{'merge_with':{'endpoint':'madrid','type':'Condition','id':'a','part':''}}");
    subject_derive(&s);
    cr_assert(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), 1));
    expect_text("onset", subject_episode(&s, 0)->onset, "2024-02-20");
    expect_text("end", subject_episode(&s, 0)->end, "2024-05-01");
    expect_text("certainty", subject_episode(&s, 0)->certainty, "certain");
    subject_expect(&s, "a", "evidence");
    subject_expect(&s, "b", "evidence");
}

/* ---- what a person says of an event ---- */

Test(decided_events, takes_grade_seriousness_relatedness_action_and_outcome_from_a_person)
{
    const struct gw_row_ae_episodes *row;

    add_condition("c", "confirmed", "2024-02-20", "2024-03-01");
    subject_derive(&s);
    cr_assert(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), 1));
    cr_expect(eq(sz, subject_items(&s, "AE_GRADE_HUMAN"), 1));
    cr_expect(subject_episode(&s, 0)->max_grade == GW_NULL_INTEGER);
    subject_decide(&s, "grade", "Condition/c", "{'grade':3,'scale':'CTCAE 5.0'}");
    subject_decide(&s, "seriousness", "Condition/c", "{'serious':true,'criteria':['hospital','other']}");
    subject_decide(&s, "relatedness", "Condition/c", "{'relatedness':'related'}");
    subject_decide(&s, "action_taken", "Condition/c", "{'action_taken':'interrupted'}");
    subject_decide(&s, "outcome", "Condition/c", "{'outcome':'recovered with sequelae'}");
    subject_derive(&s);
    row = subject_episode(&s, 0);
    cr_expect(eq(int, row->max_grade, 3));
    expect_text("day of the grade", row->max_grade_date, "2024-02-20");
    cr_expect(row->serious && row->serious_hospital && row->serious_other);
    cr_expect(not(row->serious_death || row->serious_life || row->serious_disability || row->serious_anomaly));
    expect_text("origin", row->seriousness_origin, "human");
    expect_text("relatedness", row->relatedness, "related");
    expect_text("by", row->relatedness_by, "dm1");
    expect_text("action", row->action_taken, "interrupted");
    expect_text("outcome", row->outcome, "recovered with sequelae");
    expect_text("certainty", row->certainty, "certain");
    expect_text("rules", subject_rules(&s, row->row_id),
                "conditions;decision:1;decision:2;decision:3;decision:4;decision:5;episodes");
    cr_expect(eq(sz, s.derived.item_count, 0));
    cr_expect(eq(sz, s.derived.rows.tables[GW_TABLE_ae_grades].count, 1));
}

Test(decided_events, follows_the_later_of_two_grades_whichever_way_they_were_given)
{
    add_condition("c", "provisional", "2024-02-20", "2024-03-01");
    subject_decide(&s, "grade", "Condition/c", "{'grade':3}");
    subject_decide(&s, "event", "Condition/c", "{'confirm':true,'grade':2}");
    subject_derive(&s);
    cr_expect(eq(int, subject_episode(&s, 0)->max_grade, 2));
    subject_decide(&s, "grade", "Condition/c", "{'grade':4}");
    subject_derive(&s);
    cr_expect(eq(int, subject_episode(&s, 0)->max_grade, 4));
}

Test(decided_events, holds_by_the_evidence_when_the_episode_gets_another_id)
{
    const char *id;

    add_condition("c", "confirmed", "2024-02-20", "2024-03-01");
    subject_decide(&s, "relatedness", "Condition/c", "{'relatedness':'not related'}");
    subject_derive(&s);
    id = gw_arena_copy(&s.arena, subject_episode(&s, 0)->ae_id, strlen(subject_episode(&s, 0)->ae_id));
    add_condition("a", "confirmed", "2024-02-18", "2024-03-05");
    subject_derive(&s);
    cr_assert(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), 1));
    cr_expect(strcmp(subject_episode(&s, 0)->ae_id, id) != 0, "born with another smallest evidence");
    expect_text("relatedness", subject_episode(&s, 0)->relatedness, "not related");
}

/* ---- one record, several events ---- */

static const struct gw_row_ae_episodes *episode_of(const char *category)
{
    for (size_t i = 0; subject_episode(&s, i); i++)
        if (strcmp(subject_episode(&s, i)->category, category) == 0)
            return subject_episode(&s, i);
    cr_fatal("no event of %s", category);
}

/* A count of 0.4 and a fever two hours later: two events, and the count is evidence of both. */
static void add_febrile_neutropenia(void)
{
    subject_add_lab(&s, "anc", "751-8", "2024-03-15T08:00:00+01:00", "0.4");
    subject_add_lab(&s, "back", "751-8", "2024-03-25T08:00:00+01:00", "1.8");
    subject_add_value(&s, "fever", "8310-5", "2024-03-15T10:00:00+01:00", "39.0", "Cel");
}

Test(decided_events, are_told_apart_where_one_record_is_evidence_of_two)
{
    add_febrile_neutropenia();
    subject_decide(&s, "seriousness", "Observation/anc",
                   "{'of':'FEBRILE_NEUTROPENIA','serious':true,'criteria':['hospital']}");
    subject_decide(&s, "seriousness", "Observation/anc", "{'of':'NEUTROPENIA','serious':false}");
    subject_decide(&s, "relatedness", "Observation/anc", "{'of':'NEUTROPENIA','relatedness':'related'}");
    subject_decide(&s, "outcome", "Observation/anc", "{'of':'FEBRILE_NEUTROPENIA','outcome':'fatal'}");
    subject_decide(&s, "grade", "Observation/anc", "{'of':'FEBRILE_NEUTROPENIA','grade':5}");
    subject_derive(&s);
    cr_expect(eq(int, episode_of("FEBRILE_NEUTROPENIA")->serious, true));
    cr_expect(eq(int, episode_of("NEUTROPENIA")->serious, false));
    expect_text("origin", episode_of("NEUTROPENIA")->seriousness_origin, "human");
    expect_text("relatedness", episode_of("NEUTROPENIA")->relatedness, "related");
    expect_text("relatedness", episode_of("FEBRILE_NEUTROPENIA")->relatedness, "unassessed");
    expect_text("outcome", episode_of("NEUTROPENIA")->outcome, "recovered");
    expect_text("outcome", episode_of("FEBRILE_NEUTROPENIA")->outcome, "fatal");
    cr_expect(eq(int, episode_of("FEBRILE_NEUTROPENIA")->max_grade, 5));
    cr_expect(eq(int, episode_of("NEUTROPENIA")->max_grade, 4));
}

Test(decided_events, of_no_category_by_name_are_all_that_the_record_is_evidence_of)
{
    add_febrile_neutropenia();
    subject_decide(&s, "relatedness", "Observation/anc", "{'of':'NEUTROPENIA','relatedness':'related'}");
    subject_decide(&s, "relatedness", "Observation/anc", "{'relatedness':'not related'}");
    subject_derive(&s);
    expect_text("the later holds", episode_of("NEUTROPENIA")->relatedness, "not related");
    expect_text("of the other too", episode_of("FEBRILE_NEUTROPENIA")->relatedness, "not related");
    subject_decide(&s, "relatedness", "Observation/anc", "{'of':'NEUTROPENIA','relatedness':'related'}");
    subject_derive(&s);
    expect_text("of this one by name", episode_of("NEUTROPENIA")->relatedness, "related");
    expect_text("as before", episode_of("FEBRILE_NEUTROPENIA")->relatedness, "not related");
}

Test(decided_events, that_got_another_category_are_known_by_both)
{
    add_condition("c", "provisional", "2024-02-20", "2024-03-01");
    subject_decide(&s, "event", "Condition/c", "{'of':'NEUTROPENIA','confirm':true,'category':'INFECTION'}");
    subject_decide(&s, "relatedness", "Condition/c", "{'of':'INFECTION','relatedness':'related'}");
    subject_decide(&s, "grade", "Condition/c", "{'of':'NEUTROPENIA','grade':2}");
    subject_derive(&s);
    cr_assert(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), 1));
    expect_text("relatedness", episode_of("INFECTION")->relatedness, "related");
    cr_expect(eq(int, episode_of("INFECTION")->max_grade, 2));
    cr_expect(eq(sz, s.derived.item_count, 0));
}

/* The grade of one value, which a comparator left open, is not that of the event. */
Test(decided_events, keep_their_highest_grade_where_a_person_graded_a_single_value)
{
    subject_add_value(&s, "open", "751-8", "2024-02-14", "<1.5", "10*9/L");
    subject_add_lab(&s, "low", "751-8", "2024-02-20", "0.3");
    subject_add_lab(&s, "back", "751-8", "2024-02-25", "1.8");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "COMPARATOR_AMBIGUOUS"), 1));
    subject_decide(&s, "grade", "Observation/open", "{'grade':2}");
    subject_derive(&s);
    cr_expect(eq(sz, s.derived.item_count, 0));
    cr_expect(eq(int, subject_observation(&s, "open", "T30-01")->grade, 2));
    cr_assert(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), 1));
    expect_text("onset", subject_episode(&s, 0)->onset, "2024-02-14");
    cr_expect(eq(int, subject_episode(&s, 0)->max_grade, 4));
    subject_decide(&s, "grade", "Observation/low", "{'grade':3}");
    subject_derive(&s);
    cr_expect(eq(int, subject_episode(&s, 0)->max_grade, 3), "this one is the event's");
}

/* ---- merges ---- */

#define WITH(type, id) "{'merge_with':{'endpoint':'madrid','type':'" type "','id':'" id "','part':''}}"

Test(decided_events, merges_with_one_event_even_if_the_record_named_belongs_to_two)
{
    add_febrile_neutropenia();
    add_condition("b", "provisional", "2024-05-01", "2024-05-05");
    subject_decide(&s, "event", "Condition/b", WITH("Observation", "anc"));
    subject_derive(&s);
    cr_assert(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), 2));
    expect_text("end", episode_of("NEUTROPENIA")->end, "2024-05-05");
    expect_text("end", episode_of("FEBRILE_NEUTROPENIA")->end, "");
}

Test(decided_events, asks_again_where_what_it_was_merged_with_is_gone)
{
    add_condition("a", "confirmed", "2024-02-20", "2024-03-01");
    add_condition("b", "provisional", "2024-04-20", "2024-05-01");
    subject_decide(&s, "event", "Condition/b", WITH("Condition", "a"));
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "AE_CANDIDATE"), 0));
    s.delivery++;
    subject_add(&s, "{'resourceType':'Condition','id':'a','meta':{'versionId':'2','lastUpdated':"
                    "'2024-06-01T00:00:00Z'},'subject':{'reference':'Patient/p1'},'verificationStatus':{'coding':["
                    "{'code':'entered-in-error'}]}}");
    subject_derive(&s);
    cr_expect(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), 0));
    cr_expect(eq(sz, subject_items(&s, "AE_CANDIDATE"), 1));
    subject_expect(&s, "b", "held AE_CANDIDATE");
}

Test(decided_events, merges_grades_into_one_course)
{
    const struct gw_row_list *grades = &s.derived.rows.tables[GW_TABLE_ae_grades];

    subject_add_lab(&s, "low", "751-8", "2024-02-20", "1.2");
    subject_add_lab(&s, "back", "751-8", "2024-02-25", "2.0");
    subject_add_lab(&s, "lower", "751-8", "2024-03-20", "0.3");
    subject_add_lab(&s, "back2", "751-8", "2024-03-25", "2.0");
    subject_decide(&s, "event", "Observation/lower", WITH("Observation", "low"));
    subject_derive(&s);
    cr_assert(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), 1));
    cr_expect(eq(int, subject_episode(&s, 0)->max_grade, 4));
    cr_expect(eq(sz, grades->count, 2), "the highest grade has its row");
}

/* ---- rules ---- */

#define OFF(rule)                                                                                                      \
    "{'n':1,'at':'2024-12-01T10:00:00Z','by':'dm1','reason':'r','kind':'rule','scope':'study:lendex-rrmm',"            \
    "'match':null,'set':{'rule':'" rule "','off':true},'approved_by':'dm2'}"

Test(decided_events, leaves_out_a_category_and_a_grading_that_a_person_switched_off)
{
    subject_add_lab(&s, "v", "751-8", "2024-02-14", "0.7");
    subject_add_lab(&s, "w", "751-8", "2024-03-15", "3.1");
    add_condition("c", "confirmed", "2024-04-20", "2024-05-01");
    subject_derive(&s);
    cr_expect(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), 2));
    subject_decide_json(&s, OFF("CTCAE 5.0:ANC"));
    subject_derive(&s);
    cr_expect(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), 1));
    cr_expect(subject_observation(&s, "v", "T30-01")->grade == GW_NULL_INTEGER);
    s.decision_count = 0;
    subject_decide_json(&s, OFF("episodes:NEUTROPENIA"));
    subject_derive(&s);
    cr_expect(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), 0));
    cr_expect(eq(int, subject_observation(&s, "v", "T30-01")->grade, 3));
}

Test(decided_events, names_only_rules_that_are_stated)
{
    add_condition("c", "provisional", "2024-02-20", "2024-03-01");
    subject_decide(&s, "event", "Condition/c", "{'confirm':true,'grade':2}");
    subject_decide(&s, "anchor", "", "{'anchor':'D1','date':'2024-01-15'}");
    subject_decide(&s, "status", "STATUS_UNKNOWN|madrid||||", "{'accept':true}");
    subject_derive(&s);
    lineage_check(&s.derived.rows, &s.rules);
}

/* ---- how it went out ---- */

/* c goes on where nobody says otherwise; the subject died on 2024-04-02. */
static const struct {
    const char *outcome, *end;
    bool ongoing;
} outcomes[] = {
    {"recovered", "", false},       {"recovered with sequelae", "", false},
    {"fatal", "2024-04-02", false}, {"not recovered", "", true},
    {"recovering", "", true},       {"unknown", "", false},
};

Test(decided_events, go_on_no_more_where_a_person_says_that_they_are_over)
{
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) {
        stop();
        subject_init(&s);
        subject_add(&s, "{'resourceType':'Patient','id':'p1','gender':'male','birthDate':'1950-03-01',"
                        "'deceasedDateTime':'2024-04-02'}");
        subject_add_visits(&s, 2);
        subject_add_condition(&s, "c", "J18.9", "2024-02-20", NULL);
        subject_derive(&s);
        cr_assert(eq(int, episode_of("INFECTION")->ongoing, true));
        subject_decide(&s, "outcome", "Condition/c", gw_arena_print(&s.arena, "{'outcome':'%s'}", outcomes[i].outcome));
        subject_derive(&s);
        expect_text("outcome", episode_of("INFECTION")->outcome, outcomes[i].outcome);
        expect_text(outcomes[i].outcome, episode_of("INFECTION")->end, outcomes[i].end);
        cr_expect(eq(int, episode_of("INFECTION")->ongoing, outcomes[i].ongoing), "%s", outcomes[i].outcome);
    }
}
