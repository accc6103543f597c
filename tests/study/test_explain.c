/*
 * Why a row is here: the sentences that a data manager reads.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "support/explained.h"

#define ANC "751-8"

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

TestSuite(explain, .init = start, .fini = stop);

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
    explained_derive(&e, &s);
    row = subject_observation(&s, "v", "T30-01");
    cr_assert(row != NULL);
    explained_row(&e, row->row_id);
    expect_text("the answer", e.told.answer, "PRESENT");
    cr_expect(eq(
        str, (char *)explained_sentences(&e),
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
    cr_assert(eq(sz, e.told.rule_count, 5));
    expect_text("rule", e.told.rules[0].id, "CTCAE 5.0:ANC:4");
    expect_text("its section", e.told.rules[0].text->section, "8 Limits and grades");
    cr_assert(eq(sz, e.told.source_count, 1));
    cr_expect(e.told.sources[0].fact == &s.facts[s.count - 1]);
}

Test(explain, tells_of_a_window_why_it_lies_where_it_lies)
{
    subject_add_visit(&s, "e1", "2024-02-12");
    s.line.end_of_treatment = subject_day("2024-02-16");
    explained_derive(&e, &s);
    explained_row(&e, "ES-001@T30-01");
    cr_expect(
        eq(str, (char *)explained_sentences(&e),
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
    explained_derive(&e, &s);
    explained_row(&e, subject_episode(&s, 0)->row_id);
    cr_expect(
        eq(str, (char *)explained_sentences(&e),
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
    explained_derive(&e, &s);
    add_parameter("BASELINE", "53.1", NULL);
    add_parameter("T90-01", NULL, "NO_WEIGHT");
    add_parameter("T90-02", NULL, "WEIGHT_MISSING");
    explained_row(&e, "ES-001|CRCLCG|BASELINE");
    cr_expect(strncmp(explained_sentences(&e),
                      "CRCLCG of subject ES-001 in window BASELINE is 53.1.\n"
                      "It is unconfirmed: it rests on something that a person has yet to confirm.\n"
                      "It was made from these rows: o1@BASELINE;o2@BASELINE.\n"
                      "Window BASELINE is centred on 2024-01-15, on day 1 (2024-01-15), and takes 2024-01-01 to "
                      "2024-01-15.\n",
                      283) == 0,
              "%s", explained_sentences(&e));
    explained_row(&e, "ES-001|CRCLCG|T90-01");
    expect_text("why", e.told.sentences[0].text,
                "CRCLCG of subject ES-001 in window T90-01 cannot be assessed: NO_WEIGHT.");
    expect_text("what that means", e.told.sentences[1].text, "No weight lies near enough to the creatinine.");
    explained_row(&e, "ES-001|CRCLCG|T90-02");
    expect_text("a reason of another release", e.told.sentences[1].text,
                "This release has no sentence for that reason.");
}

/* A table of which nothing special is known: its cells, by their columns. */
Test(explain, tells_of_any_other_row_what_its_columns_say)
{
    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add_lab(&s, "low", ANC, "2024-02-14", "0.4");
    explained_derive(&e, &s);
    explained_row(&e, s.derived.rows.tables[GW_TABLE_ae_grades].rows[0]->row_id);
    expect_text("what it says", e.told.sentences[0].text,
                gw_arena_print(&s.arena,
                               "Row %s of the table ae_grades, of subject ES-001, says: ae_id %s, date 2024-02-14, "
                               "grade 4, object Neutrophil count decreased.",
                               e.told.row->row_id, subject_episode(&s, 0)->row_id));
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
    explained_derive(&e, &s);
    for (int table = 0; table < GW_TABLE_COUNT; table++)
        for (size_t i = 0; i < s.derived.rows.tables[table].count; i++, rows++) {
            explained_row(&e, s.derived.rows.tables[table].rows[i]->row_id);
            cr_expect(e.told.sentence_count >= 4 && e.told.sentence_count <= 14, "%s: %s",
                      s.derived.rows.tables[table].rows[i]->row_id, explained_sentences(&e));
            cr_expect(gt(sz, e.told.source_count, 0), "%s", s.derived.rows.tables[table].rows[i]->row_id);
            cr_expect(gt(sz, e.told.rule_count, 0), "%s", s.derived.rows.tables[table].rows[i]->row_id);
            for (size_t r = 0; r < e.told.rule_count; r++)
                cr_expect(e.told.rules[r].text != NULL, "%s", e.told.rules[r].id);
        }
    cr_expect(gt(sz, rows, 100));
}

Test(explain, names_the_exceptions_that_touch_a_row)
{
    subject_add_visit(&s, "e1", "2024-03-15");
    subject_add(&s, "{'resourceType':'Condition','id':'c2','subject':{'reference':'Patient/p1'},"
                    "'onsetDateTime':'2024-03-01','code':{'coding':["
                    "{'system':'http://hl7.org/fhir/sid/icd-10-cm','code':'I82.40'}]}}");
    explained_derive(&e, &s);
    cr_assert(subject_item(&s, "AE_GRADE_HUMAN") != NULL);
    explained_row(&e, subject_episode(&s, 0)->row_id);
    cr_assert(eq(sz, e.told.item_count, 1));
    expect_text("item", e.told.items[0]->id, subject_item(&s, "AE_GRADE_HUMAN")->id);
    cr_expect(strstr(explained_sentences(&e),
                     gw_arena_print(&s.arena, "Exception %s asks (AE_GRADE_HUMAN: ", e.told.items[0]->id)) != NULL);
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
    explained_derive(&e, &s);
    cr_assert(subject_observation(&s, "v", "T30-01") != NULL);
    explained_row(&e, subject_observation(&s, "v", "T30-01")->row_id);
    cr_expect(strstr(explained_sentences(&e),
                     "\nDecision 7 (unit) of dm1 on 2026-11-20T20:00:00Z made it so: lab manual p. 3.\n") != NULL,
              "%s", explained_sentences(&e));
}

/* ---- what was delivered ---------------------------------------------------------------------------------------- */

Test(explain, tells_how_a_row_stands_to_what_was_delivered)
{
    struct gw_rows delivered, none = {0};
    const char *id;

    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add_lab(&s, "v", ANC, "2024-02-14", "3.0");
    explained_derive(&e, &s);
    delivered = s.derived.rows;
    id = subject_observation(&s, "v", "T30-01")->row_id;
    e.in.delivered = &none;
    explained_row(&e, id);
    expect_text("not delivered", e.told.answer, "NOT_DELIVERED");
    cr_expect(strstr(explained_sentences(&e), "It was not delivered yet: the next pass does it.") != NULL);
    e.in.delivered = &delivered;
    explained_row(&e, id);
    expect_text("delivered", e.told.answer, "PRESENT");

    subject_add(&s, "{'resourceType':'Observation','id':'v','status':'entered-in-error','meta':{'versionId':'2'},"
                    "'subject':{'reference':'Patient/p1'},'code':{'text':'gone'}}");
    s.facts[s.count - 1].delivery = 1;
    explained_derive(&e, &s);
    explained_row(&e, id);
    expect_text("to be withdrawn", e.told.answer, "TO_BE_WITHDRAWN");
    cr_expect(strstr(explained_sentences(&e), "Observation/v version 2 of madrid is now retracted.") != NULL, "%s",
              explained_sentences(&e));
    e.in.delivered = &none;
    e.in.former = &delivered;
    e.in.former_revision = 3;
    explained_row(&e, id);
    expect_text("withdrawn", e.told.answer, "WITHDRAWN");
    cr_expect(strstr(explained_sentences(&e), "was withdrawn after revision 3.\nIt said: ") != NULL, "%s",
              explained_sentences(&e));
}

Test(explain, finds_nothing_under_an_id_that_is_none)
{
    struct gw_error err;
    bool found = true;

    explained_derive(&e, &s);
    cr_assert(gw_explain_row(&s.arena, &e.in, "o0123456789@T30-01", &found, &e.told, &err) == GW_OK);
    cr_expect(not(found));
    cr_expect(eq(sz, e.told.sentence_count, 0));
}

/* ---- memory ---------------------------------------------------------------------------------------------------- */

Test(explain, ends_where_memory_ends)
{
    size_t refused = 0;

    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add_lab(&s, "v", ANC, "2024-02-14", "0.4");
    explained_derive(&e, &s);
    for (size_t limit = 0;; limit += 96) {
        struct gw_arena arena = GW_ARENA_INIT(limit);
        struct gw_error err = {0};
        bool found;
        const enum gw_status row =
            gw_explain_row(&arena, &e.in, subject_observation(&s, "v", "T30-01")->row_id, &found, &e.told, &err);
        const enum gw_status missing = gw_explain_missing(&arena, &e.in, "PLT", "T30-01", &e.told, &err);

        cr_assert(row == GW_OK || row == GW_ENOMEM, "%s", err.text);
        cr_assert(missing == GW_OK || missing == GW_ENOMEM, "%s", err.text);
        refused += row == GW_ENOMEM;
        gw_arena_release(&arena);
        if (row == GW_OK && missing == GW_OK)
            break;
    }
    cr_expect(gt(sz, refused, 3));
}
