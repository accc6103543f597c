/*
 * Why a row is here, why a value is missing: the sentences that a data manager reads.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "gateway/study/explain.h"
#include "support/subject.h"

#define ANC       "751-8"
#define PNEUMONIA "{'coding':[{'system':'http://hl7.org/fhir/sid/icd-10-cm','code':'J18.9'}]}"

static struct subject s;
static struct gw_subject_input input;
static struct gw_explain_input in;
static struct gw_explanation told;

static void start(void)
{
    subject_init(&s);
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(explain, .init = start, .fini = stop);

static void prepare(void)
{
    subject_derive(&s);
    input = (struct gw_subject_input){.study = s.study,
                                      .tables = s.tables,
                                      .rules = &s.rules,
                                      .site = s.site,
                                      .roster = &s.line,
                                      .facts = s.facts,
                                      .fact_count = s.count,
                                      .horizon = s.horizon,
                                      .decisions = s.decisions,
                                      .decision_count = s.decision_count,
                                      .key = s.key};
    in.subject = &input;
    in.derived = &s.derived;
    in.rule_set = "lendex-rrmm 1.0.0 3f2a9c10";
}

static const char *sentences(void)
{
    const char *text = "";

    for (size_t i = 0; i < told.sentence_count; i++)
        text = gw_arena_print(&s.arena, "%s%s\n", text, told.sentences[i].text);
    return text;
}

static void explain_row(const char *row_id)
{
    struct gw_error err;
    bool found;

    cr_assert(gw_explain_row(&s.arena, &in, row_id, &found, &told, &err) == GW_OK, "%s", err.text);
    cr_assert(found, "%s", row_id);
}

static void expect_missing(const char *concept, const char *window, const char *code, const char *text)
{
    struct gw_error err;

    cr_assert(gw_explain_missing(&s.arena, &in, concept, window, &told, &err) == GW_OK, "%s", err.text);
    expect_text("the answer", told.answer, code);
    cr_expect(eq(str, (char *)sentences(), (char *)text));
}

/* ---- rows ------------------------------------------------------------------------------------------------------ */

Test(explain, tells_of_a_value_what_it_says_and_where_from)
{
    const struct gw_row_observations *row;

    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add(&s,
                "{'resourceType':'Observation','id':'v','status':'final','subject':{'reference':'Patient/p1'},"
                "'meta':{'versionId':'2','lastUpdated':'2024-02-13T08:00:00Z'},"
                "'code':{'coding':[{'system':'http://loinc.org','code':'" ANC "'}]},'effectiveDateTime':'2024-02-12',"
                "'valueQuantity':{'value':400,'unit':'/uL','system':'http://unitsofmeasure.org','code':'/uL'},"
                "'referenceRange':[{'low':{'value':1500,'unit':'/uL'},'high':{'value':7500,'unit':'/uL'}}]}");
    prepare();
    row = subject_observation(&s, "v", "T30-01");
    cr_assert(row != NULL);
    explain_row(row->row_id);
    expect_text("the answer", told.answer, "PRESENT");
    cr_expect(eq(
        str, (char *)sentences(),
        (char *)"ANC of subject ES-001 in window T30-01 is 0.400 10*9/L, dated 2024-02-12 (study day 29).\n"
                "The source wrote 400 /uL under http://loinc.org|751-8; x 1/1000 gives 0.400 10*9/L.\n"
                "Window T30-01 is centred on 2024-02-14, 30 days after day 1 (2024-01-15), and takes 2024-02-09 to "
                "2024-02-19; the value lies 2 days before the target.\n"
                "Its state is collected: an encounter on 2024-02-14 is the routine contact closest to its target.\n"
                "Of the values of ANC in T30-01 it is the closest to the target (anl01), worst (anl02), last (anl03).\n"
                "It is grade 4 of CTCAE 5.0 (Neutrophil count decreased, too low): the table gives that grade below "
                "0.5 10*9/L.\n"
                "The reference limits are 1.500 to 7.500, of the result itself.\n"
                "The value came from Observation/v version 2 of madrid, last updated 2024-02-13T08:00:00Z, read in "
                "delivery 0 from test.\n"
                "No exception and no decision touches it.\n"
                "It was derived by the package lendex-rrmm 1.0.0 3f2a9c10, with what is known up to 2024-12-31.\n"));
    cr_assert(eq(sz, told.rule_count, 5));
    expect_text("rule", told.rules[0].id, "CTCAE 5.0:ANC:4");
    expect_text("its section", told.rules[0].text->section, "8 Limits and grades");
    cr_assert(eq(sz, told.source_count, 1));
    cr_expect(told.sources[0].fact == &s.facts[s.count - 1]);
}

Test(explain, tells_of_a_window_why_it_lies_where_it_lies)
{
    subject_add_visit(&s, "e1", "2024-02-12");
    s.line.end_of_treatment = subject_day("2024-02-16");
    prepare();
    explain_row("ES-001@T30-01");
    cr_expect(
        eq(str, (char *)sentences(),
           (char *)"Window T30-01 of subject ES-001 (group G30) is collected.\n"
                   "Window T30-01 is centred on 2024-02-14, 30 days after day 1 (2024-01-15), and takes 2024-02-09 to "
                   "2024-02-15.\n"
                   "It would have gone on to 2024-02-19; the end of treatment cut it.\n"
                   "Its state is collected: an encounter on 2024-02-12 is the routine contact closest to its target.\n"
                   "The contact was told by Encounter/e1 of madrid, read in delivery 0 from test.\n"
                   "The roster line of the subject tells what it rests on beside records.\n"
                   "No exception and no decision touches it.\n"
                   "It was derived by the package lendex-rrmm 1.0.0 3f2a9c10, with what is known up to 2024-12-31.\n"));
}

Test(explain, tells_of_an_event_its_course_and_its_evidence)
{
    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add_lab(&s, "low", ANC, "2024-01-25", "0.4");
    subject_add_lab(&s, "well", ANC, "2024-02-14", "3.0");
    prepare();
    explain_row(subject_episode(&s, 0)->row_id);
    cr_expect(
        eq(str, (char *)sentences(),
           (char *)"Subject ES-001 had an event of category NEUTROPENIA (Neutrophil count decreased); it is certain.\n"
                   "It began on 2024-01-25 (study day 11) and ended on 2024-02-14; outcome recovered.\n"
                   "Its highest grade is 4 of CTCAE 5.0, on 2024-01-25.\n"
                   "It stands on 2 pieces of evidence (lab).\n"
                   "It is collected at T30-01, the first collected assessment that did not end before the onset.\n"
                   "Window T30-01 is centred on 2024-02-14, 30 days after day 1 (2024-01-15), and takes 2024-02-09 to "
                   "2024-02-19.\n"
                   "Its state is collected: an encounter on 2024-02-14 is the routine contact closest to its target.\n"
                   "The onset was told by Observation/low of madrid, read in delivery 0 from test.\n"
                   "The recovery was told by Observation/well of madrid, read in delivery 0 from test.\n"
                   "No exception and no decision touches it.\n"
                   "It was derived by the package lendex-rrmm 1.0.0 3f2a9c10, with what is known up to 2024-12-31.\n"));
}

static void add_parameter(const char *window, const char *value, const char *reason)
{
    struct gw_row_derived *row = (struct gw_row_derived *)gw_rows_add(&s.derived.rows, &s.arena, GW_TABLE_derived);
    struct gw_row_provenance *line =
        (struct gw_row_provenance *)gw_rows_add(&s.derived.rows, &s.arena, GW_TABLE_provenance);

    row->row_id = gw_arena_print(&s.arena, "ES-001|CRCLCG|%s", window);
    row->subject_key = "ES-001";
    row->param = "CRCLCG";
    row->window_id = window;
    row->rule_id = "baseline";
    row->inputs = reason ? NULL : "o1@BASELINE;o2@BASELINE";
    row->value = value;
    row->reason = reason;
    row->state = reason ? "not_assessable" : "unconfirmed";
    line->row_id = gw_arena_print(&s.arena, "%s|input|", row->row_id);
    line->table = "derived";
    line->of_row = row->row_id;
    line->role = "input";
    line->rule_ids = "baseline";
    gw_rows_sort(&s.derived.rows);
}

Test(explain, tells_of_a_parameter_what_it_was_made_from_or_why_it_cannot_be)
{
    subject_ask(&s, "");
    subject_add_visit(&s, "e1", "2024-02-14");
    subject_study(&s)->derived_count = 0;
    prepare();
    add_parameter("BASELINE", "53.1", NULL);
    add_parameter("T90-01", NULL, "WEIGHT_MISSING");
    explain_row("ES-001|CRCLCG|BASELINE");
    cr_expect(strncmp(sentences(),
                      "CRCLCG of subject ES-001 in window BASELINE is 53.1.\n"
                      "It is unconfirmed: it rests on something that a person has yet to confirm.\n"
                      "It was made from these rows: o1@BASELINE;o2@BASELINE.\n"
                      "Window BASELINE is centred on 2024-01-15, on day 1 (2024-01-15), and takes 2024-01-01 to "
                      "2024-01-15.\n",
                      283) == 0,
              "%s", sentences());
    explain_row("ES-001|CRCLCG|T90-01");
    expect_text("why", told.sentences[0].text,
                "CRCLCG of subject ES-001 in window T90-01 cannot be assessed: WEIGHT_MISSING.");
}

/* A table of which nothing special is known: its cells, by their columns. */
Test(explain, tells_of_any_other_row_what_its_columns_say)
{
    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add_lab(&s, "low", ANC, "2024-02-14", "0.4");
    prepare();
    explain_row(s.derived.rows.tables[GW_TABLE_ae_grades].rows[0]->row_id);
    expect_text("what it says", told.sentences[0].text,
                gw_arena_print(&s.arena,
                               "Row %s of the table ae_grades, of subject ES-001, says: ae_id %s, date 2024-02-14, "
                               "grade 4, object Neutrophil count decreased.",
                               told.row->row_id, subject_episode(&s, 0)->row_id));
}

Test(explain, explains_something_of_every_row_there_is)
{
    size_t rows = 0;

    subject_add_monthly_visits(&s, 6);
    subject_add_lab(&s, "low", ANC, "2024-02-14", "0.4");
    subject_add_lab(&s, "month", ANC, "2024-02", "0.4");
    subject_add(&s, "{'resourceType':'Condition','id':'c2','subject':{'reference':'Patient/p1'},"
                    "'onsetDateTime':'2024-03-01','code':{'coding':["
                    "{'system':'http://hl7.org/fhir/sid/icd-10-cm','code':'I82.40'}]}}");
    prepare();
    for (int table = 0; table < GW_TABLE_COUNT; table++)
        for (size_t i = 0; i < s.derived.rows.tables[table].count; i++, rows++) {
            explain_row(s.derived.rows.tables[table].rows[i]->row_id);
            cr_expect(told.sentence_count >= 4 && told.sentence_count <= 14, "%s: %s",
                      s.derived.rows.tables[table].rows[i]->row_id, sentences());
            cr_expect(gt(sz, told.source_count, 0), "%s", s.derived.rows.tables[table].rows[i]->row_id);
            cr_expect(gt(sz, told.rule_count, 0), "%s", s.derived.rows.tables[table].rows[i]->row_id);
            for (size_t r = 0; r < told.rule_count; r++)
                cr_expect(told.rules[r].text != NULL, "%s", told.rules[r].id);
        }
    cr_expect(gt(sz, rows, 100));
}

Test(explain, names_the_exceptions_that_touch_a_row)
{
    subject_add_visit(&s, "e1", "2024-03-15");
    subject_add(&s, "{'resourceType':'Condition','id':'c2','subject':{'reference':'Patient/p1'},"
                    "'onsetDateTime':'2024-03-01','code':{'coding':["
                    "{'system':'http://hl7.org/fhir/sid/icd-10-cm','code':'I82.40'}]}}");
    prepare();
    cr_assert(subject_item(&s, "AE_GRADE_HUMAN") != NULL);
    explain_row(subject_episode(&s, 0)->row_id);
    cr_assert(eq(sz, told.item_count, 1));
    expect_text("item", told.items[0]->id, subject_item(&s, "AE_GRADE_HUMAN")->id);
    cr_expect(strstr(sentences(), gw_arena_print(&s.arena, "Exception %s asks (AE_GRADE_HUMAN: ", told.items[0]->id)) !=
              NULL);
}

Test(explain, names_the_decision_that_made_it_so)
{
    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add(&s, "{'resourceType':'Observation','id':'v','status':'final','subject':{'reference':'Patient/p1'},"
                    "'code':{'coding':[{'system':'http://loinc.org','code':'" ANC "'}]},"
                    "'effectiveDateTime':'2024-02-14','valueQuantity':{'value':2.4}}");
    subject_decide_json(&s, "{'n':7,'at':'2026-11-20T20:00:00Z','by':'dm1','reason':'lab manual p. 3','kind':'unit',"
                            "'scope':'site:madrid','match':{'fingerprint':'UNIT_MISSING|madrid|http://loinc.org|" ANC
                            "||'},'set':{'unit':'10*9/L'},'approved_by':'dm2','undoes':null}");
    prepare();
    cr_assert(subject_observation(&s, "v", "T30-01") != NULL);
    explain_row(subject_observation(&s, "v", "T30-01")->row_id);
    cr_expect(strstr(sentences(),
                     "\nDecision 7 (unit) of dm1 on 2026-11-20T20:00:00Z made it so: lab manual p. 3.\n") != NULL,
              "%s", sentences());
}

/* ---- what was delivered ---------------------------------------------------------------------------------------- */

Test(explain, tells_how_a_row_stands_to_what_was_delivered)
{
    struct gw_rows delivered, none = {0};
    const char *id;

    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add_lab(&s, "v", ANC, "2024-02-14", "3.0");
    prepare();
    delivered = s.derived.rows;
    id = subject_observation(&s, "v", "T30-01")->row_id;
    in.delivered = &none;
    explain_row(id);
    expect_text("not delivered", told.answer, "NOT_DELIVERED");
    cr_expect(strstr(sentences(), "It was not delivered yet: the next pass does it.") != NULL);
    in.delivered = &delivered;
    explain_row(id);
    expect_text("delivered", told.answer, "PRESENT");

    subject_add(&s, "{'resourceType':'Observation','id':'v','status':'entered-in-error','meta':{'versionId':'2'},"
                    "'subject':{'reference':'Patient/p1'},'code':{'text':'gone'}}");
    s.facts[s.count - 1].delivery = 1;
    prepare();
    explain_row(id);
    expect_text("to be withdrawn", told.answer, "TO_BE_WITHDRAWN");
    cr_expect(strstr(sentences(), "Observation/v version 2 of madrid is now retracted.") != NULL, "%s", sentences());
    in.delivered = &none;
    in.former = &delivered;
    in.former_revision = 3;
    explain_row(id);
    expect_text("withdrawn", told.answer, "WITHDRAWN");
    cr_expect(strstr(sentences(), "was withdrawn after revision 3.\nIt said: ") != NULL, "%s", sentences());
}

Test(explain, finds_nothing_under_an_id_that_is_none)
{
    struct gw_error err;
    bool found = true;

    prepare();
    cr_assert(gw_explain_row(&s.arena, &in, "o0123456789@T30-01", &found, &told, &err) == GW_OK);
    cr_expect(not(found));
    cr_expect(eq(sz, told.sentence_count, 0));
}

/* ---- why missing ----------------------------------------------------------------------------------------------- */

Test(explain, says_that_a_value_is_not_missing)
{
    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add_lab(&s, "v", ANC, "2024-02-14", "3.0");
    subject_add(&s,
                "{'resourceType':'Observation','id':'p','status':'preliminary','subject':{'reference':'Patient/p1'},"
                "'code':{'coding':[{'system':'http://loinc.org','code':'777-3'}]},'effectiveDateTime':'2024-02-14',"
                "'valueQuantity':{'value':90,'unit':'10*9/L'}}");
    prepare();
    cr_assert(gw_explain_missing(&s.arena, &in, "ANC", "T30-01", &told, NULL) == GW_OK);
    expect_text("answer", told.answer, "PRESENT");
    expect_text("first", told.sentences[0].text,
                gw_arena_print(&s.arena, "It is not missing: there is 1 row of ANC in T30-01; row %s stands for it.",
                               subject_observation(&s, "v", "T30-01")->row_id));
    cr_assert(gw_explain_missing(&s.arena, &in, "PLT", "T30-01", &told, NULL) == GW_OK);
    expect_text("answer", told.answer, "PRELIMINARY");
    cr_expect(strstr(sentences(), "It is preliminary: kept, never flagged or graded.") != NULL);
}

Test(explain, says_that_there_is_no_first_dose)
{
    s.line.first_dose = GW_NO_DAY;
    subject_add_visit(&s, "e1", "2024-02-14");
    prepare();
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

Test(explain, says_that_there_is_no_such_window)
{
    for (size_t i = 0; i < sizeof no_windows / sizeof *no_windows; i++) {
        subject_release(&s);
        subject_init(&s);
        subject_add_visit(&s, "e1", "2024-02-14");
        s.line.end_of_treatment = no_windows[i].end ? subject_day(no_windows[i].end) : GW_NO_DAY;
        s.line.withdrawn = no_windows[i].withdrawn ? subject_day(no_windows[i].withdrawn) : GW_NO_DAY;
        prepare();
        expect_missing("ANC", no_windows[i].window, "NO_WINDOW",
                       gw_arena_print(&s.arena,
                                      "%s\nOnly another first dose, end of treatment, death or withdrawal would give "
                                      "it days.\n",
                                      no_windows[i].because));
    }
}

Test(explain, says_that_the_study_does_not_take_it_there)
{
    subject_add_visit(&s, "e1", "2024-02-14");
    prepare();
    expect_missing("URATE", "T30-01", "NOT_PLANNED",
                   "The study lendex-rrmm takes no URATE in window T30-01: it is of another data group.\n"
                   "Only another plan of the study would take it there.\n");
}

Test(explain, says_that_a_window_lies_ahead)
{
    s.horizon = subject_day("2024-02-01");
    subject_add_visit(&s, "e1", "2024-01-20");
    prepare();
    expect_missing("ANC", "T30-01", "FUTURE",
                   "Window T30-01 lies ahead: it takes 2024-02-09 to 2024-02-19, and data are known up to 2024-02-01.\n"
                   "Wait for the window, then for a routine contact in it.\n");
}

#define T30_01                                                                                                         \
    "Window T30-01 is centred on 2024-02-14, 30 days after day 1 (2024-01-15), and takes 2024-02-09 to 2024-02-19.\n"
#define COLLECTED "Its state is collected: an encounter on 2024-02-14 is the routine contact closest to its target.\n"
#define CONTACT_WOULD                                                                                                  \
    "An encounter of the site in these days would collect it, or a profile that says how else a contact shows.\n"

Test(explain, says_that_nobody_came)
{
    subject_add_lab(&s, "v", ANC, "2024-02-14", "3.0");
    prepare();
    expect_missing("ANC", "T30-01", "NO_CONTACT",
                   T30_01 "Its state is missed: no routine contact up to 2024-02-19.\n"
                          "No routine contact lies in 2024-02-09 to 2024-02-19, so it was not collected and takes "
                          "nothing.\n"
                          "1 result of ANC dated in it is therefore left out.\n" CONTACT_WOULD);
    s.horizon = subject_day("2024-02-12");
    prepare();
    expect_missing("ANC", "T30-01", "OPEN",
                   T30_01 "Its state is open: no routine contact up to 2024-02-12.\n"
                          "The window is still open on 2024-02-12, and no routine contact lies in it so far.\n"
                          "1 result of ANC dated in it is therefore left out.\n" CONTACT_WOULD);
}

Test(explain, says_that_an_exception_holds_it)
{
    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add(&s, "{'resourceType':'Observation','id':'v','status':'final','subject':{'reference':'Patient/p1'},"
                    "'code':{'coding':[{'system':'http://loinc.org','code':'" ANC "'}]},"
                    "'effectiveDateTime':'2024-02-14','valueQuantity':{'value':2.4}}");
    prepare();
    expect_missing("ANC", "T30-01", "HELD",
                   gw_arena_print(&s.arena,
                                  "1 result of ANC dated in T30-01 is held by an exception until a person decides.\n"
                                  "Exception %s asks (UNIT_MISSING: number without unit); a person can: set unit; "
                                  "ignore.\n"
                                  "Decide it: casement exceptions show %s.\n",
                                  subject_item(&s, "UNIT_MISSING")->id, subject_item(&s, "UNIT_MISSING")->id));
}

Test(explain, says_that_the_source_withdrew_it)
{
    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add_lab(&s, "v", ANC, "2024-02-14", "3.0");
    subject_add(&s, "{'resourceType':'Observation','id':'v','status':'entered-in-error','meta':{'versionId':'2'},"
                    "'subject':{'reference':'Patient/p1'},'code':{'text':'gone'}}");
    s.facts[s.count - 1].delivery = 1;
    prepare();
    expect_missing("ANC", "T30-01", "WITHDRAWN",
                   "The source withdrew 1 result of ANC in T30-01 (entered in error, or cancelled).\n"
                   "A corrected version from the source would bring it back.\n");
}

Test(explain, says_that_it_was_recorded_without_a_value)
{
    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add(&s, "{'resourceType':'Observation','id':'v','status':'final','subject':{'reference':'Patient/p1'},"
                    "'code':{'coding':[{'system':'http://loinc.org','code':'" ANC "'}]},"
                    "'effectiveDateTime':'2024-02-14','dataAbsentReason':{'text':'clotted'}}");
    prepare();
    expect_missing("ANC", "T30-01", "NO_VALUE",
                   "1 result of ANC in T30-01 is recorded without a value that counts (none yet, or of a refused "
                   "status).\nA final result from the source would fill it.\n");
}

Test(explain, says_that_day_one_came_after_the_first_dose)
{
    subject_add(&s, "{'resourceType':'MedicationAdministration','id':'m','status':'completed',"
                    "'subject':{'reference':'Patient/p1'},'effectiveDateTime':'2024-01-15T09:00:00+01:00',"
                    "'medicationCodeableConcept':{'coding':[{'system':'http://www.whocc.no/atc','code':'L04AX04'}]}}");
    subject_add_lab(&s, "v", ANC, "2024-01-15T12:00:00+01:00", "3.0");
    prepare();
    expect_missing("ANC", "BASELINE", "LEFT_OUT",
                   "1 result of ANC dated in BASELINE was not taken: BETWEEN_WINDOWS.\n"
                   "On day 1 a value timed after the first dose is no baseline.\n"
                   "Only a correction by the source, or of what a person decided about it, would bring it in.\n");
}

Test(explain, says_that_a_code_is_not_mapped)
{
    static const char local[] =
        "{'resourceType':'Observation','id':'%s','status':'final','subject':{'reference':'Patient/p1'},"
        "'category':[{'coding':[{'code':'laboratory'}]}],'code':{'coding':[{'system':'urn:hm:lab','code':'ANC-K'}]},"
        "'effectiveDateTime':'2024-02-14','valueQuantity':{'value':%s,'unit':'10*9/L'}}";

    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add(&s, local, "v1", "2.4");
    prepare();
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
    prepare();
    cr_assert(gw_explain_missing(&s.arena, &in, "ANC", "T30-01", &told, NULL) == GW_OK);
    cr_expect(strstr(sentences(), "2 results in T30-01 carry a code that no table or site map names "
                                  "(urn:hm:lab|ANC-K): ") != NULL,
              "%s", sentences());
}

Test(explain, says_that_it_was_not_fetched)
{
    const struct gw_explain_reach reach[] = {{"hm-ehr", GW_NO_DAY}, {"hm-lab", subject_day("2024-02-20")}};

    subject_add_visit(&s, "e1", "2024-02-14");
    s.horizon = subject_day("2024-02-15");
    prepare();
    expect_missing("ANC", "T30-01", "NOT_FETCHED",
                   "The sources were read only to 2024-02-15; window T30-01 takes 2024-02-09 to 2024-02-19.\n"
                   "casement sync, once the window is over and its results are written, reads the rest.\n");
    s.horizon = subject_day("2024-12-31");
    prepare();
    in.reach = reach;
    in.reach_count = 2;
    expect_missing("ANC", "T30-01", "NOT_FETCHED",
                   "hm-ehr was never read to its end for this subject.\n"
                   "casement sync, once the window is over and its results are written, reads the rest.\n");
}

/* 2024-02-20 is one day past the end; the value is not told. */
Test(explain, says_that_it_lies_outside_by_so_many_days)
{
    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add_lab(&s, "v1", ANC, "2024-02-20", "0.7");
    subject_add_lab(&s, "v2", ANC, "2024-02-06", "0.7");
    prepare();
    expect_missing("ANC", "T30-01", "OUTSIDE_WINDOW",
                   T30_01 COLLECTED
                   "No result of ANC lies in it. 2 results near it lie in no window; the nearest is 1 day past the end "
                   "of it.\n"
                   "Nothing is collected outside the windows; only another first dose or plan would move them.\n");
}

Test(explain, says_that_it_was_not_done)
{
    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add_lab(&s, "base", ANC, "2024-01-15", "3.0");
    prepare();
    expect_missing("ANC", "T30-01", "NOT_DONE",
                   T30_01 COLLECTED
                   "Nothing of ANC was recorded in these days, in all that was read up to 2024-12-31; other windows "
                   "have 1 result.\n"
                   "Only a record that comes late would fill it.\n");
}

Test(explain, says_that_an_event_waits_for_a_person)
{
    subject_add_visit(&s, "e1", "2024-03-15");
    subject_add(&s, "{'resourceType':'Condition','id':'c','subject':{'reference':'Patient/p1'},"
                    "'verificationStatus':{'coding':[{'code':'provisional'}]},'onsetDateTime':'2024-03-01','code':"
                    "{'coding':[{'system':'http://hl7.org/fhir/sid/icd-10-cm','code':'I82.40'}]}}");
    prepare();
    cr_assert(subject_item(&s, "AE_CANDIDATE") != NULL);
    cr_assert(gw_explain_missing(&s.arena, &in, "THROMBOEMBOLISM", "T30-02", &told, NULL) == GW_OK);
    expect_text("answer", told.answer, "HELD");
    expect_text("why", told.sentences[0].text,
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

Test(explain, says_what_became_of_a_diagnosis)
{
    for (size_t i = 0; i < sizeof diagnosed / sizeof *diagnosed; i++) {
        stop();
        start();
        subject_add_visit(&s, "e1", "2024-02-14");
        subject_add(&s, "{'resourceType':'Condition','id':'c','subject':{'reference':'Patient/p1'},%s}",
                    diagnosed[i].condition);
        prepare();
        cr_assert(gw_explain_missing(&s.arena, &in, "INFECTION", diagnosed[i].window, &told, NULL) == GW_OK);
        expect_text(diagnosed[i].name, told.answer, diagnosed[i].answer);
        if (diagnosed[i].because)
            expect_text(diagnosed[i].name, told.sentences[0].text, diagnosed[i].because);
    }
}

/* A candidate of later is no reason for an earlier window, nor is a question about another thing a candidate. */
Test(explain, takes_no_other_question_for_a_candidate)
{
    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add_visit(&s, "e2", "2024-03-15");
    subject_add(
        &s,
        "{'resourceType':'Condition','id':'c','subject':{'reference':'Patient/p1'},"
        "'verificationStatus':{'coding':[{'code':'provisional'}]},'onsetDateTime':'2024-03-01','code':" PNEUMONIA "}");
    prepare();
    cr_assert(gw_explain_missing(&s.arena, &in, "INFECTION", "T30-01", &told, NULL) == GW_OK);
    expect_text("earlier", told.answer, "NOT_DONE");
    subject_add(&s, "{'resourceType':'Condition','id':'d','subject':{'reference':'Patient/p1'},"
                    "'onsetDateTime':'2024-02-10','code':" PNEUMONIA "}");
    subject_add(&s, "{'resourceType':'Encounter','id':'stay','status':'finished','class':{'code':'IMP'},'subject':{"
                    "'reference':'Patient/p1'},'period':{'start':'2024-02-10','end':'2024-02-12'}}");
    prepare();
    cr_assert(subject_item(&s, "AE_SERIOUS_EVIDENCE") != NULL);
    cr_assert(gw_explain_missing(&s.arena, &in, "INFECTION", "T30-03", &told, NULL) == GW_OK);
    cr_expect(strcmp(told.answer, "HELD") != 0, "its seriousness is asked about, not whether it is one");
}

/* ---- what is asked wrongly -------------------------------------------------------------------------------------- */

Test(explain, refuses_what_does_not_exist)
{
    struct gw_error err;

    prepare();
    cr_expect(gw_explain_missing(&s.arena, &in, "ANCC", "T30-01", &told, &err) == GW_EUSAGE);
    expect_text("concept", err.text,
                "there is no concept \"ANCC\"; write ANC: name one of loinc-labs.csv, a derived parameter or an event "
                "category of the study");
    cr_expect(gw_explain_missing(&s.arena, &in, "ANC", "T30-37", &told, &err) == GW_EUSAGE);
    cr_expect(strncmp(err.text, "the study lendex-rrmm has no window \"T30-37\"; write T30-", 52) == 0, "%s", err.text);
}

Test(explain, asks_for_a_window)
{
    struct gw_error err;

    subject_add_visit(&s, "e1", "2024-02-14");
    prepare();
    cr_expect(gw_explain_missing(&s.arena, &in, "ANC", NULL, &told, &err) == GW_EUSAGE);
    expect_text("no window", err.text, "ANC has values in windows: say which window is meant");
}

/* ---- memory ---------------------------------------------------------------------------------------------------- */

Test(explain, ends_where_memory_ends)
{
    size_t refused = 0;

    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add_lab(&s, "v", ANC, "2024-02-14", "0.4");
    prepare();
    for (size_t limit = 0;; limit += 96) {
        struct gw_arena arena = GW_ARENA_INIT(limit);
        struct gw_error err = {0};
        bool found;
        const enum gw_status row =
            gw_explain_row(&arena, &in, subject_observation(&s, "v", "T30-01")->row_id, &found, &told, &err);
        const enum gw_status missing = gw_explain_missing(&arena, &in, "PLT", "T30-01", &told, &err);

        cr_assert(row == GW_OK || row == GW_ENOMEM, "%s", err.text);
        cr_assert(missing == GW_OK || missing == GW_ENOMEM, "%s", err.text);
        refused += row == GW_ENOMEM;
        gw_arena_release(&arena);
        if (row == GW_OK && missing == GW_OK)
            break;
    }
    cr_expect(gt(sz, refused, 3));
}
