/*
 * What an explanation says of values and windows that are not quite ordinary: inferred contacts, grades that wait for a
 * baseline, coded answers, values worked out of others, sources of two endpoints.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/explained.h"

static struct subject s;
static struct explained e;

static void start(void)
{
    subject_init(&s);
    subject_add_visit(&s, "e1", "2024-02-14");
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(explain_values, .init = start, .fini = stop);

static void explain_value(const char *id, const char *window)
{
    explained_derive(&e, &s);
    cr_assert(subject_observation(&s, id, window) != NULL, "%s is in no row of %s", id, window);
    explained_row(&e, subject_observation(&s, id, window)->row_id);
}

static void expect_words(const char *words)
{
    cr_expect(explained_says(&e, words), "%s: told\n%s", words, explained_sentences(&e));
}

Test(explain_values, tell_of_a_contact_that_was_inferred)
{
    stop();
    subject_init_at(&s, "lendex-rrmm", "busan");
    subject_add_lab(&s, "v", "751-8", "2024-02-14", "3.0");
    explained_derive(&e, &s);
    explained_row(&e, gw_arena_print(&s.arena, "%s@T30-01", s.line.subject));
    expect_words("Its state is collected: a record taken as a contact on 2024-02-14 is the routine contact closest to "
                 "its target.");
}

/* Creatinine is graded against the baseline too, and there is none: 2.1 mg/dL is 186 umol/L, twice a limit of 90. */
Test(explain_values, tell_of_a_grade_that_no_baseline_confirms)
{
    subject_add_visit(&s, "e3", "2024-04-14");
    subject_add(&s, "{'resourceType':'Observation','id':'c','status':'final','subject':{'reference':'Patient/p1'},"
                    "'code':{'coding':[{'system':'http://loinc.org','code':'2160-0'}]},'effectiveDateTime':"
                    "'2024-04-14','valueQuantity':{'value':2.1,'system':'http://unitsofmeasure.org','code':'mg/dL'},"
                    "'referenceRange':[{'low':{'value':0.5,'unit':'mg/dL'},'high':{'value':1.02,'unit':'mg/dL'}}]}");
    explain_value("c", "T90-01");
    expect_words("; provisional, since no baseline is known.");
}

Test(explain_values, tell_of_a_coded_answer_without_a_unit)
{
    subject_add_visit(&s, "e3", "2024-04-14");
    subject_add(&s, "{'resourceType':'Observation','id':'f','status':'final','subject':{'reference':'Patient/p1'},"
                    "'code':{'coding':[{'system':'http://loinc.org','code':'25700-6'}]},'effectiveDateTime':"
                    "'2024-04-14','valueCodeableConcept':{'coding':[{'system':'http://loinc.org','code':'LA6577-6',"
                    "'display':'Negative'}]}}");
    explain_value("f", "T90-01");
    expect_words("in window T90-01 is LA6577-6");
    expect_words(", dated 2024-04-14 (study day 91).");
    expect_words("; the value stands as written.");
}

/* 4.0 x 25 / 100 = 1; nobody wrote it. */
Test(explain_values, tell_of_a_value_worked_out_of_others)
{
    const struct gw_row_observations *row = NULL;

    subject_add_value(&s, "w", "6690-2", "2024-02-14T08:00:00+01:00", "4.0", "10*9/L");
    subject_add_value(&s, "p", "26511-6", "2024-02-14T08:00:00+01:00", "25", "%");
    explained_derive(&e, &s);
    for (size_t i = 0; i < subject_count(&s, GW_TABLE_observations); i++) {
        const struct gw_row_observations *one =
            (const struct gw_row_observations *)s.derived.rows.tables[GW_TABLE_observations].rows[i];

        row = one->derived_flag ? one : row;
    }
    cr_assert(row != NULL);
    explained_row(&e, row->row_id);
    expect_words("ANC of subject ES-001 in window T30-01 is 1 10*9/L, dated 2024-02-14");
    expect_words("The source wrote nothing under no system|no code");
}

/* The same id at two endpoints: two records, and each row names its own. */
Test(explain_values, tell_which_endpoint_they_came_from)
{
    subject_add_lab(&s, "v", "751-8", "2024-02-14", "3.0");
    subject_add_lab(&s, "x", "777-3", "2024-02-14", "150");
    s.facts[s.count - 1].endpoint = "elsewhere";
    explain_value("x", "T30-01");
    expect_words("The value came from Observation/x of elsewhere");
    explain_value("v", "T30-01");
    expect_words("The value came from Observation/v of madrid");
}

Test(explain_values, tell_that_they_are_preliminary)
{
    subject_add(&s, "{'resourceType':'Observation','id':'v','status':'preliminary','subject':{'reference':"
                    "'Patient/p1'},'code':{'coding':[{'system':'http://loinc.org','code':'751-8'}]},"
                    "'effectiveDateTime':'2024-02-14','valueQuantity':{'value':3,'system':"
                    "'http://unitsofmeasure.org','code':'10*9/L'}}");
    explain_value("v", "T30-01");
    expect_words("It is preliminary: kept, never flagged or graded.");
    explained_missing(&e, "ANC", "T30-01");
    expect_text("answer", e.told.answer, "PRELIMINARY");
}
