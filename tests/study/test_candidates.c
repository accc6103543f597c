/*
 * Candidates: what supports an event joins one that is certain, and asks a person where none is. Diagnoses of no table,
 * second malignancies.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "support/subject.h"

#define ANC "751-8"
#define PLT "777-3"
#define CM  "http://hl7.org/fhir/sid/icd-10-cm"

static struct subject s;

static void start(void)
{
    subject_init(&s);
    subject_add_monthly_visits(&s, 8); /* first dose 2024-01-15 */
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(candidates, .init = start, .fini = stop);

static void add(const char *id, const char *code, const char *members)
{
    subject_add(&s,
                "{'resourceType':'Condition','id':'%s','subject':{'reference':'Patient/p1'},"
                "'code':{'coding':[{'system':'" CM "','code':'%s'}]},%s}",
                id, code, members);
}

#define CONFIRMED   "'verificationStatus':{'coding':[{'code':'confirmed'}]},"
#define PROVISIONAL "'verificationStatus':{'coding':[{'code':'provisional'}]},"

/* ---- any other diagnosis ---- */

static const struct {
    const char *name, *code, *members, *state;
} others[] = {
    {"new since day 1", "S72.0", CONFIRMED "'onsetDateTime':'2024-02-20'", "held AE_CANDIDATE"},
    {"the day after day 1", "S72.0", CONFIRMED "'onsetDateTime':'2024-01-16'", "held AE_CANDIDATE"},
    {"on day 1", "S72.0", CONFIRMED "'onsetDateTime':'2024-01-15'", "not_in_scope NOT_LISTED"},
    {"before day 1", "S72.0", CONFIRMED "'onsetDateTime':'2019-05-01'", "not_in_scope NOT_LISTED"},
    {"before, though told after", "S72.0", CONFIRMED "'onsetDateTime':'2019','recordedDate':'2024-02-20'",
     "not_in_scope NOT_LISTED"},
    {"first told after day 1", "S72.0", CONFIRMED "'recordedDate':'2024-02-20'", "held AE_CANDIDATE"},
    {"without a status it is confirmed", "S72.0", "'onsetDateTime':'2024-02-20'", "held AE_CANDIDATE"},
    {"not confirmed", "S72.0", PROVISIONAL "'onsetDateTime':'2024-02-20'", "not_in_scope NOT_LISTED"},
    {"of the problem list", "S72.0",
     CONFIRMED "'onsetDateTime':'2024-02-20','category':[{'coding':[{'code':'problem-list-item'}]}]",
     "not_in_scope NOT_LISTED"},
    {"of an encounter", "S72.0",
     CONFIRMED "'onsetDateTime':'2024-02-20','category':[{'coding':[{'code':'encounter-diagnosis'}]}]",
     "held AE_CANDIDATE"},
    {"a day that cannot be told", "S72.0", CONFIRMED "'onsetDateTime':'2024-02'", "held PARTIAL_DATE"},
    {"no date at all", "S72.0", CONFIRMED "'onsetAge':{'value':70}", "not_in_scope NOT_LISTED"},
    {"listed for another study", "D89.831", CONFIRMED "'onsetDateTime':'2024-02-20'", "not_in_scope NOT_DERIVED"},
    {"a risk is no event", "J44.9", CONFIRMED "'onsetDateTime':'2024-02-20'", "not_in_scope NOT_DERIVED"},
    {"the index disease", "C90.00", CONFIRMED "'onsetDateTime':'2024-02-20'", "not_in_scope NOT_DERIVED"},
};

Test(candidates, are_diagnoses_of_no_table_that_are_new)
{
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        stop();
        start();
        add("c", others[i].code, others[i].members);
        subject_derive(&s);
        expect_text(others[i].name, subject_state(&s, "c"), others[i].state);
        cr_expect(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), 0), "%s: no row before a person spoke",
                  others[i].name);
    }
}

Test(candidates, of_no_table_are_left_alone_where_the_study_does_not_ask)
{
    struct gw_study study = *s.study;

    s.study = &study;
    study.category_count = 6; /* the six of special interest */
    add("c", "S72.0", CONFIRMED "'onsetDateTime':'2024-02-20'");
    subject_derive(&s);
    subject_expect(&s, "c", "not_in_scope NOT_LISTED");
}

/* ---- second malignancies ---- */

static const struct {
    const char *name, *before, *code, *onset, *state;
} malignancies[] = {
    {"a new one", NULL, "C50.911", "2024-03-01", "held AE_CANDIDATE"},
    {"the day after day 1", NULL, "C50.911", "2024-01-16", "held AE_CANDIDATE"},
    {"told on day 1", NULL, "C50.911", "2024-01-15", "not_in_scope HISTORY"},
    {"of a kind that was there before", "C50.112", "C50.911", "2024-03-01", "not_in_scope HISTORY"},
    {"of another kind", "C61", "C50.911", "2024-03-01", "held AE_CANDIDATE"},
    {"leukaemia after another cancer", "C50.112", "C92.00", "2024-03-01", "held AE_CANDIDATE"},
    {"myelodysplasia", NULL, "D46.9", "2024-03-01", "held AE_CANDIDATE"},
    {"polycythaemia", NULL, "D45", "2024-03-01", "held AE_CANDIDATE"},
    {"skin, counted apart", NULL, "C44.91", "2024-03-01", "held AE_CANDIDATE"},
    {"deposits: a person tells whether of the myeloma", NULL, "C79.51", "2024-03-01", "held AE_CANDIDATE"},
    {"the myeloma itself", NULL, "C90.00", "2024-03-01", "not_in_scope NOT_DERIVED"},
    {"its precursor", NULL, "D47.2", "2024-03-01", "not_in_scope NOT_DERIVED"},
};

Test(candidates, are_malignancies_that_are_new)
{
    for (size_t i = 0; i < sizeof malignancies / sizeof *malignancies; i++) {
        stop();
        start();
        subject_study(&s)->derived_count = 0; /* a comorbidity index would read it too */
        if (malignancies[i].before)
            add("b", malignancies[i].before, CONFIRMED "'onsetDateTime':'2015-04-01'");
        subject_add(&s,
                    "{'resourceType':'Condition','id':'c','subject':{'reference':'Patient/p1'}," CONFIRMED
                    "'onsetDateTime':'%s','code':{'coding':[{'system':'" CM "','code':'%s'}]}}",
                    malignancies[i].onset, malignancies[i].code);
        subject_derive(&s);
        expect_text(malignancies[i].name, subject_state(&s, "c"), malignancies[i].state);
        cr_expect(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), 0), "%s", malignancies[i].name);
    }
}

/* ---- beside a certain event ---- */

/* Counts low on 14 February, normal on the 20th: an event from the 14th to the 20th. */
static const struct {
    const char *name, *concept, *code, *members, *state;
} beside[] = {
    {"within it", ANC, "D61.810", CONFIRMED "'onsetDateTime':'2024-02-16'", "evidence"},
    {"a week after it", ANC, "D61.810", CONFIRMED "'onsetDateTime':'2024-02-27'", "evidence"},
    {"eight days after it", ANC, "D61.810", CONFIRMED "'onsetDateTime':'2024-02-28'", "held AE_CANDIDATE"},
    {"a week before it", ANC, "D61.810", CONFIRMED "'onsetDateTime':'2024-02-07'", "evidence"},
    {"eight days before it", ANC, "D61.810", CONFIRMED "'onsetDateTime':'2024-02-06'", "held AE_CANDIDATE"},
    {"not confirmed", ANC, "D70.1", PROVISIONAL "'onsetDateTime':'2024-02-16'", "evidence"},
    {"not confirmed, of another category", PLT, "D70.1", PROVISIONAL "'onsetDateTime':'2024-02-16'",
     "held AE_CANDIDATE"},
    {"another cause is always a person's", PLT, "D75.82", CONFIRMED "'onsetDateTime':'2024-02-16'",
     "held AE_CANDIDATE"},
};

Test(candidates, join_a_certain_event_of_their_category)
{
    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) {
        stop();
        start();
        subject_add_lab(&s, "low", beside[i].concept, "2024-02-14", "0.7");
        subject_add_lab(&s, "back", beside[i].concept, "2024-02-20", strcmp(beside[i].concept, ANC) ? "200" : "2.0");
        add("c", beside[i].code, beside[i].members);
        subject_derive(&s);
        expect_text(beside[i].name, subject_state(&s, "c"), beside[i].state);
        cr_assert(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), 1), "%s", beside[i].name);
        expect_text("its onset is that of the count", subject_episode(&s, 0)->onset, "2024-02-14");
    }
}

Test(candidates, carry_the_whole_proposal)
{
    add("c", "I82.890", CONFIRMED "'onsetDateTime':'2024-02-20','abatementDateTime':'2024-02-25'");
    subject_derive(&s);
    subject_expect_context(&s, "AE_CANDIDATE", "\"category\":\"THROMBOEMBOLISM\"");
    subject_expect_context(&s, "AE_CANDIDATE", "\"subcategory\":\"VTE_OTHER\"");
    subject_expect_context(&s, "AE_CANDIDATE", "\"onset\":\"2024-02-20\",\"end\":\"2024-02-25\"");
    subject_expect_context(&s, "AE_CANDIDATE",
                           "\"evidence\":[{\"kind\":\"condition\",\"concept\":\"I82.890\","
                           "\"date\":\"2024-02-20\"}]");
}

Test(candidates, become_events_when_a_person_confirms_them)
{
    add("c", "S72.0", CONFIRMED "'onsetDateTime':'2024-02-20'");
    subject_decide(&s, "event", "Condition/c", "{'confirm':true,'term':'Hip fracture','onset':'2024-02-21'}");
    subject_derive(&s);
    cr_assert(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), 1));
    expect_text("category", subject_episode(&s, 0)->category, "OTHER");
    expect_text("term", subject_episode(&s, 0)->term, "Hip fracture");
    expect_text("onset", subject_episode(&s, 0)->onset, "2024-02-21");
    expect_text("certainty", subject_episode(&s, 0)->certainty, "confirmed");
    subject_expect(&s, "c", "evidence");
}

/* A fracture says nothing of a cataract: OTHER is a name for all that has none. */
Test(candidates, of_no_category_join_what_has_the_same_code_alone)
{
    add("c", "S72.0", CONFIRMED "'onsetDateTime':'2024-02-20'");
    add("again", "S72.0", CONFIRMED "'onsetDateTime':'2024-02-22'");
    add("eye", "H25.9", CONFIRMED "'onsetDateTime':'2024-02-22'");
    subject_decide(&s, "event", "Condition/c", "{'confirm':true}");
    subject_derive(&s);
    cr_expect(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), 1));
    subject_expect(&s, "again", "evidence");
    subject_expect(&s, "eye", "held AE_CANDIDATE");
}

Test(candidates, that_are_confirmed_name_the_question_that_was_answered)
{
    const struct gw_row_list *exceptions = &s.derived.rows.tables[GW_TABLE_exceptions];
    const char *asked;
    size_t found = 0;

    add("c", "S72.0", CONFIRMED "'onsetDateTime':'2024-02-20'");
    subject_derive(&s);
    asked = gw_arena_print(&s.arena, "%s", subject_item(&s, "AE_CANDIDATE")->id);
    subject_decide(&s, "event", "Condition/c", "{'confirm':true,'category':'INFECTION','end':'2024-02-19'}");
    subject_derive(&s);
    expect_text("exception", subject_episode(&s, 0)->exception_id, asked);
    expect_text("an end before its onset is none", subject_episode(&s, 0)->end, "");
    for (size_t i = 0; i < exceptions->count; i++)
        if (strcmp(exceptions->rows[i]->row_id, asked) == 0) {
            expect_text("it", ((const struct gw_row_exceptions *)exceptions->rows[i])->state, "resolved");
            found++;
        }
    cr_expect(eq(sz, found, 1));
}

static const struct {
    const char *name, *abated, *set, *end, *ongoing, *outcome;
} confirmed[] = {
    {"closed by the hospital", ",'abatementDateTime':'2024-02-25'", "{'confirm':true}", "2024-02-25", "", "recovered"},
    {"closed by nobody: it goes on", "", "{'confirm':true}", "", "Y", "not recovered"},
    {"closed by who confirmed it", "", "{'confirm':true,'end':'2024-02-28'}", "2024-02-28", "", "unknown"},
    {"closed on the day it began", ",'abatementDateTime':'2024-02-20'", "{'confirm':true}", "2024-02-20", "",
     "recovered"},
    {"over since nobody knows when", ",'clinicalStatus':{'coding':[{'code':'resolved'}]}", "{'confirm':true}", "", "",
     "recovered"},
    {"an end after the horizon is none yet", ",'abatementDateTime':'2025-02-25'", "{'confirm':true}", "", "Y",
     "not recovered"},
};

Test(candidates, end_where_somebody_said_so_once_they_are_confirmed)
{
    for (size_t i = 0; i < sizeof confirmed / sizeof *confirmed; i++) {
        const struct gw_row_ae_episodes *row;

        stop();
        start();
        add("c", "S72.0", gw_arena_print(&s.arena, CONFIRMED "'onsetDateTime':'2024-02-20'%s", confirmed[i].abated));
        subject_decide(&s, "event", "Condition/c", confirmed[i].set);
        subject_derive(&s);
        row = subject_episode(&s, 0);
        expect_text(confirmed[i].name, row->end, confirmed[i].end);
        expect_text(confirmed[i].name, row->ongoing ? "Y" : "", confirmed[i].ongoing);
        expect_text(confirmed[i].name, row->outcome, confirmed[i].outcome);
    }
}

Test(candidates, are_no_events_when_a_person_refuses_them)
{
    add("c", "S72.0", CONFIRMED "'onsetDateTime':'2024-02-20'");
    subject_decide(&s, "event", "Condition/c", "{'refuse':true}");
    subject_derive(&s);
    cr_expect(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), 0));
    subject_expect(&s, "c", "not_in_scope NO_EVENT");
}
