/*
 * Why a value is missing: the sentences that a data manager reads, and which of the reasons stands.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "support/explained.h"

#define ANC       "751-8"
#define PNEUMONIA "{'coding':[{'system':'http://hl7.org/fhir/sid/icd-10-cm','code':'J18.9'}]}"

static struct subject s;
static struct explained e;

static void start(void)
{
    subject_init(&s);
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(explain_missing, .init = start, .fini = stop);

static void expect_missing(const char *concept, const char *window, const char *code, const char *text)
{
    explained_missing(&e, concept, window);
    expect_text("the answer", e.told.answer, code);
    cr_expect(eq(str, (char *)explained_sentences(&e), (char *)text));
}

Test(explain_missing, says_that_a_value_is_not_missing)
{
    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add_lab(&s, "v", ANC, "2024-02-14", "3.0");
    subject_add(&s,
                "{'resourceType':'Observation','id':'p','status':'preliminary','subject':{'reference':'Patient/p1'},"
                "'code':{'coding':[{'system':'http://loinc.org','code':'777-3'}]},'effectiveDateTime':'2024-02-14',"
                "'valueQuantity':{'value':90,'unit':'10*9/L'}}");
    explained_derive(&e, &s);
    explained_missing(&e, "ANC", "T30-01");
    expect_text("answer", e.told.answer, "PRESENT");
    expect_text("first", e.told.sentences[0].text,
                gw_arena_print(&s.arena, "It is not missing: there is 1 row of ANC in T30-01; row %s stands for it.",
                               subject_observation(&s, "v", "T30-01")->row_id));
    explained_missing(&e, "PLT", "T30-01");
    expect_text("answer", e.told.answer, "PRELIMINARY");
    cr_expect(strstr(explained_sentences(&e), "It is preliminary: kept, never flagged or graded.") != NULL);
}

Test(explain_missing, says_that_there_is_no_first_dose)
{
    s.line.first_dose = GW_NO_DAY;
    subject_add_visit(&s, "e1", "2024-02-14");
    explained_derive(&e, &s);
    expect_missing("ANC", "T30-01", "NO_FIRST_DOSE",
                   gw_arena_print(&s.arena,
                                  "Day 1 of subject ES-001 is not known, so there are no windows.\n"
                                  "Exception %s asks (ANCHOR_MISSING: D1 unclear, or moved by >14 days); a person can: "
                                  "set D1; confirm the move.\n"
                                  "A first dose on the roster or in the drug records would open them.\n",
                                  subject_item(&s, "ANCHOR_MISSING")->id));
}

static const struct {
    const char *name;
    const char *end, *withdrawn; /* on the roster */
    const char *window;
    const char *because;
} no_windows[] = {
    {"no end of treatment", NULL, NULL, "EOT",
     "Window EOT follows the end of treatment, which is not known up to 2024-12-31."},
    {"ended before", "2024-03-01", NULL, "T30-02",
     "There is no window T30-02: treatment ended on 2024-03-01, before it would begin on 2024-03-10."},
    {"withdrawn before", NULL, "2024-03-01", "T30-02",
     "Nothing is left of window T30-02: the withdrawal of consent came before it."},
    {"ended after the study's span", "2027-03-01", NULL, "FU",
     "There is no window FU: it would lie after the end of the study's span on 2027-01-15."},
};

Test(explain_missing, says_that_there_is_no_such_window)
{
    for (size_t i = 0; i < sizeof no_windows / sizeof *no_windows; i++) {
        subject_release(&s);
        subject_init(&s);
        subject_add_visit(&s, "e1", "2024-02-14");
        s.line.end_of_treatment = no_windows[i].end ? subject_day(no_windows[i].end) : GW_NO_DAY;
        s.line.withdrawn = no_windows[i].withdrawn ? subject_day(no_windows[i].withdrawn) : GW_NO_DAY;
        explained_derive(&e, &s);
        expect_missing("ANC", no_windows[i].window, "NO_WINDOW",
                       gw_arena_print(&s.arena,
                                      "%s\nOnly another first dose, end of treatment, death or withdrawal would give "
                                      "it days.\n",
                                      no_windows[i].because));
    }
}

Test(explain_missing, says_that_the_study_does_not_take_it_there)
{
    subject_add_visit(&s, "e1", "2024-02-14");
    explained_derive(&e, &s);
    expect_missing("URATE", "T30-01", "NOT_PLANNED",
                   "The study lendex-rrmm takes no URATE in window T30-01: it is of another data group.\n"
                   "Only another plan of the study would take it there.\n");
}

Test(explain_missing, says_that_a_window_lies_ahead)
{
    s.horizon = subject_day("2024-02-01");
    subject_add_visit(&s, "e1", "2024-01-20");
    explained_derive(&e, &s);
    expect_missing("ANC", "T30-01", "FUTURE",
                   "Window T30-01 lies ahead: it takes 2024-02-09 to 2024-02-19, and data are known up to 2024-02-01.\n"
                   "Wait for the window, then for a routine contact in it.\n");
}

#define T30_01                                                                                                         \
    "Window T30-01 is centred on 2024-02-14, 30 days after day 1 (2024-01-15), and takes 2024-02-09 to 2024-02-19.\n"
#define COLLECTED "Its state is collected: an encounter on 2024-02-14 is the routine contact closest to its target.\n"
#define CONTACT_WOULD                                                                                                  \
    "An encounter of the site in these days would collect it, or a profile that says how else a contact shows.\n"

Test(explain_missing, says_that_nobody_came)
{
    subject_add_lab(&s, "v", ANC, "2024-02-14", "3.0");
    explained_derive(&e, &s);
    expect_missing("ANC", "T30-01", "NO_CONTACT",
                   T30_01 "Its state is missed: no routine contact up to 2024-02-19.\n"
                          "No routine contact lies in 2024-02-09 to 2024-02-19, so it was not collected and takes "
                          "nothing.\n"
                          "1 result of ANC dated in it is therefore left out.\n" CONTACT_WOULD);
    s.horizon = subject_day("2024-02-12");
    explained_derive(&e, &s);
    expect_missing("ANC", "T30-01", "OPEN",
                   T30_01 "Its state is open: no routine contact up to 2024-02-12.\n"
                          "The window is still open on 2024-02-12, and no routine contact lies in it so far.\n"
                          "1 result of ANC dated in it is therefore left out.\n" CONTACT_WOULD);
}

Test(explain_missing, says_that_an_exception_holds_it)
{
    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add(&s, "{'resourceType':'Observation','id':'v','status':'final','subject':{'reference':'Patient/p1'},"
                    "'code':{'coding':[{'system':'http://loinc.org','code':'" ANC "'}]},"
                    "'effectiveDateTime':'2024-02-14','valueQuantity':{'value':2.4}}");
    explained_derive(&e, &s);
    expect_missing("ANC", "T30-01", "HELD",
                   gw_arena_print(&s.arena,
                                  "1 result of ANC dated in T30-01 is held by an exception until a person decides.\n"
                                  "Exception %s asks (UNIT_MISSING: number without unit); a person can: set unit; "
                                  "ignore.\n"
                                  "Decide it: casement exceptions show %s.\n",
                                  subject_item(&s, "UNIT_MISSING")->id, subject_item(&s, "UNIT_MISSING")->id));
}

Test(explain_missing, says_that_the_source_withdrew_it)
{
    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add_lab(&s, "v", ANC, "2024-02-14", "3.0");
    subject_add(&s, "{'resourceType':'Observation','id':'v','status':'entered-in-error','meta':{'versionId':'2'},"
                    "'subject':{'reference':'Patient/p1'},'code':{'text':'gone'}}");
    s.facts[s.count - 1].delivery = 1;
    explained_derive(&e, &s);
    expect_missing("ANC", "T30-01", "WITHDRAWN",
                   "The source withdrew 1 result of ANC in T30-01 (entered in error, or cancelled).\n"
                   "A corrected version from the source would bring it back.\n");
}

Test(explain_missing, says_that_it_was_recorded_without_a_value)
{
    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add(&s, "{'resourceType':'Observation','id':'v','status':'final','subject':{'reference':'Patient/p1'},"
                    "'code':{'coding':[{'system':'http://loinc.org','code':'" ANC "'}]},"
                    "'effectiveDateTime':'2024-02-14','dataAbsentReason':{'text':'clotted'}}");
    explained_derive(&e, &s);
    expect_missing("ANC", "T30-01", "NO_VALUE",
                   "1 result of ANC in T30-01 is recorded without a value that counts (none yet, or of a refused "
                   "status).\nA final result from the source would fill it.\n");
}

Test(explain_missing, says_that_day_one_came_after_the_first_dose)
{
    subject_add(&s, "{'resourceType':'MedicationAdministration','id':'m','status':'completed',"
                    "'subject':{'reference':'Patient/p1'},'effectiveDateTime':'2024-01-15T09:00:00+01:00',"
                    "'medicationCodeableConcept':{'coding':[{'system':'http://www.whocc.no/atc','code':'L04AX04'}]}}");
    subject_add_lab(&s, "v", ANC, "2024-01-15T12:00:00+01:00", "3.0");
    explained_derive(&e, &s);
    expect_missing("ANC", "BASELINE", "LEFT_OUT",
                   "1 result of ANC dated in BASELINE was not taken: BETWEEN_WINDOWS.\n"
                   "On day 1 a value timed after the first dose is no baseline.\n"
                   "Only a correction by the source, or of what a person decided about it, would bring it in.\n");
}

Test(explain_missing, says_that_a_code_is_not_mapped)
{
    static const char local[] =
        "{'resourceType':'Observation','id':'%s','status':'final','subject':{'reference':'Patient/p1'},"
        "'category':[{'coding':[{'code':'laboratory'}]}],'code':{'coding':[{'system':'urn:hm:lab','code':'ANC-K'}]},"
        "'effectiveDateTime':'2024-02-14','valueQuantity':{'value':%s,'unit':'10*9/L'}}";

    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add(&s, local, "v1", "2.4");
    explained_derive(&e, &s);
    expect_missing(
        "ANC", "T30-01", "UNMAPPED",
        gw_arena_print(&s.arena,
                       "1 result in T30-01 carries a code that no table or site map names (urn:hm:lab|ANC-K): any of "
                       "them may be ANC.\n"
                       "Exception %s asks (CODE_UNKNOWN: no mapped coding); a person can: map to a LOINC code; ignore; "
                       "ask site.\n"
                       "Map the code to a LOINC code in the site's profile, or decide it: casement exceptions show "
                       "%s.\n",
                       subject_item(&s, "CODE_UNKNOWN")->id, subject_item(&s, "CODE_UNKNOWN")->id));
    subject_add(&s, local, "v2", "2.5");
    explained_derive(&e, &s);
    explained_missing(&e, "ANC", "T30-01");
    cr_expect(strstr(explained_sentences(&e), "2 results in T30-01 carry a code that no table or site map names "
                                              "(urn:hm:lab|ANC-K): ") != NULL,
              "%s", explained_sentences(&e));
}

Test(explain_missing, says_that_it_was_not_fetched)
{
    const struct gw_explain_reach reach[] = {{"hm-ehr", GW_NO_DAY}, {"hm-lab", subject_day("2024-02-20")}};

    subject_add_visit(&s, "e1", "2024-02-14");
    s.horizon = subject_day("2024-02-15");
    explained_derive(&e, &s);
    expect_missing("ANC", "T30-01", "NOT_FETCHED",
                   "The sources were read only to 2024-02-15; window T30-01 takes 2024-02-09 to 2024-02-19.\n"
                   "casement sync, once the window is over and its results are written, reads the rest.\n");
    s.horizon = subject_day("2024-12-31");
    explained_derive(&e, &s);
    e.in.reach = reach;
    e.in.reach_count = 2;
    expect_missing("ANC", "T30-01", "NOT_FETCHED",
                   "hm-ehr was never read to its end for this subject.\n"
                   "casement sync, once the window is over and its results are written, reads the rest.\n");
}

/* 2024-02-20 is one day past the end; the value is not e.told. */
Test(explain_missing, says_that_it_lies_outside_by_so_many_days)
{
    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add_lab(&s, "v1", ANC, "2024-02-20", "0.7");
    subject_add_lab(&s, "v2", ANC, "2024-02-06", "0.7");
    explained_derive(&e, &s);
    expect_missing("ANC", "T30-01", "OUTSIDE_WINDOW",
                   T30_01 COLLECTED
                   "No result of ANC lies in it. 2 results near it lie in no window; the nearest is 1 day past the end "
                   "of it.\n"
                   "Nothing is collected outside the windows; only another first dose or plan would move them.\n");
}

Test(explain_missing, says_that_it_was_not_done)
{
    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add_lab(&s, "base", ANC, "2024-01-15", "3.0");
    explained_derive(&e, &s);
    expect_missing("ANC", "T30-01", "NOT_DONE",
                   T30_01 COLLECTED
                   "Nothing of ANC was recorded in these days, in all that was read up to 2024-12-31; other windows "
                   "have 1 result.\n"
                   "Only a record that comes late would fill it.\n");
}

Test(explain_missing, says_that_an_event_waits_for_a_person)
{
    subject_add_visit(&s, "e1", "2024-03-15");
    subject_add(&s, "{'resourceType':'Condition','id':'c','subject':{'reference':'Patient/p1'},"
                    "'verificationStatus':{'coding':[{'code':'provisional'}]},'onsetDateTime':'2024-03-01','code':"
                    "{'coding':[{'system':'http://hl7.org/fhir/sid/icd-10-cm','code':'I82.40'}]}}");
    explained_derive(&e, &s);
    cr_assert(subject_item(&s, "AE_CANDIDATE") != NULL);
    explained_missing(&e, "THROMBOEMBOLISM", "T30-02");
    expect_text("answer", e.told.answer, "HELD");
    expect_text("why", e.told.sentences[0].text,
                "1 candidate of THROMBOEMBOLISM waits for a person: it is no event until it is confirmed.");
}

static const struct {
    const char *name, *window, *condition, *answer, *because;
} diagnosed[] = {
    {"after the last contact", "T30-01", "'onsetDateTime':'2024-02-16','code':" PNEUMONIA, "AWAITS_ASSESSMENT",
     "1 diagnosis of INFECTION, begun on 2024-02-16, waits for the next assessment: none that was collected saw the "
     "subject since."},
    {"refuted", "T30-01",
     "'verificationStatus':{'coding':[{'code':'refuted'}]},'onsetDateTime':'2024-02-10','code':" PNEUMONIA, "LEFT_OUT",
     "1 diagnosis of INFECTION, begun on 2024-02-10, counts for nothing: STATUS_REFUSED."},
    {"held", "T30-01", "'onsetDateTime':'2024-02','code':" PNEUMONIA, "HELD",
     "1 diagnosis of INFECTION, begun on 2024-02-01, is held by an exception until a person decides."},
    {"before day 1", "T30-01", "'onsetDateTime':'2024-01-10','code':" PNEUMONIA, "LEFT_OUT",
     "1 diagnosis of INFECTION, begun on 2024-01-10, counts for nothing: BEFORE_BASELINE."},
    {"of another category", "T30-01",
     "'onsetDateTime':'2024-02-16','code':{'coding':[{'system':'http://hl7.org/fhir/sid/icd-10-cm','code':'K52.1'}]}",
     "NOT_DONE", NULL},
    {"after the window", "T30-01", "'onsetDateTime':'2024-03-01','code':" PNEUMONIA, "NOT_DONE", NULL},
};

Test(explain_missing, says_what_became_of_a_diagnosis)
{
    for (size_t i = 0; i < sizeof diagnosed / sizeof *diagnosed; i++) {
        stop();
        start();
        subject_add_visit(&s, "e1", "2024-02-14");
        subject_add(&s, "{'resourceType':'Condition','id':'c','subject':{'reference':'Patient/p1'},%s}",
                    diagnosed[i].condition);
        explained_derive(&e, &s);
        explained_missing(&e, "INFECTION", diagnosed[i].window);
        expect_text(diagnosed[i].name, e.told.answer, diagnosed[i].answer);
        if (diagnosed[i].because)
            expect_text(diagnosed[i].name, e.told.sentences[0].text, diagnosed[i].because);
    }
}

/* A candidate of later is no reason for an earlier window, nor is a question about another thing a candidate. */
Test(explain_missing, takes_no_other_question_for_a_candidate)
{
    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add_visit(&s, "e2", "2024-03-15");
    subject_add(
        &s,
        "{'resourceType':'Condition','id':'c','subject':{'reference':'Patient/p1'},"
        "'verificationStatus':{'coding':[{'code':'provisional'}]},'onsetDateTime':'2024-03-01','code':" PNEUMONIA "}");
    explained_derive(&e, &s);
    explained_missing(&e, "INFECTION", "T30-01");
    expect_text("earlier", e.told.answer, "NOT_DONE");
    subject_add(&s, "{'resourceType':'Condition','id':'d','subject':{'reference':'Patient/p1'},"
                    "'onsetDateTime':'2024-02-10','code':" PNEUMONIA "}");
    subject_add(&s, "{'resourceType':'Encounter','id':'stay','status':'finished','class':{'code':'IMP'},'subject':{"
                    "'reference':'Patient/p1'},'period':{'start':'2024-02-10','end':'2024-02-12'}}");
    explained_derive(&e, &s);
    cr_assert(subject_item(&s, "AE_SERIOUS_EVIDENCE") != NULL);
    explained_missing(&e, "INFECTION", "T30-03");
    cr_expect(strcmp(e.told.answer, "HELD") != 0, "its seriousness is asked about, not whether it is one");
}

/* ---- what is asked wrongly -------------------------------------------------------------------------------------- */

Test(explain_missing, refuses_what_does_not_exist)
{
    struct gw_error err;

    explained_derive(&e, &s);
    cr_expect(gw_explain_missing(&s.arena, &e.in, "ANCC", "T30-01", &e.told, &err) == GW_EUSAGE);
    expect_text("concept", err.text,
                "there is no concept \"ANCC\"; write ANC: name one of loinc-labs.csv, a derived parameter or an event "
                "category of the study");
    cr_expect(gw_explain_missing(&s.arena, &e.in, "ANC", "T30-37", &e.told, &err) == GW_EUSAGE);
    cr_expect(strncmp(err.text, "the study lendex-rrmm has no window \"T30-37\"; write T30-", 52) == 0, "%s", err.text);
}

Test(explain_missing, asks_for_a_window)
{
    struct gw_error err;

    subject_add_visit(&s, "e1", "2024-02-14");
    explained_derive(&e, &s);
    cr_expect(gw_explain_missing(&s.arena, &e.in, "ANC", NULL, &e.told, &err) == GW_EUSAGE);
    expect_text("no window", err.text, "ANC has values in windows: say which window is meant");
}
