/*
 * The baseline: the value that grades, events and response are held against. A study with a window before treatment has
 * it there; elranatamab's weeks begin with day 1, and the latest value of the 28 days before it stands in no row.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/subject.h"

#define ANC     "751-8"
#define WBC     "6690-2"
#define PERCENT "770-8" /* neutrophils among leukocytes */
#define SERUM_M "33358-3"

static struct subject s;

/* Day 1 is 15 January 2024; the first dose was given at ten. */
static void start(void)
{
    subject_init_at(&s, "elranatamab-rrmm", "madrid");
    subject_add_patient(&s, "male", "1950-03-01");
    subject_add(&s, "{'resourceType':'MedicationAdministration','id':'dose','status':'completed',"
                    "'subject':{'reference':'Patient/p1'},'effectiveDateTime':'2024-01-15T10:00:00+01:00',"
                    "'medicationCodeableConcept':{'coding':[{'system':'http://www.whocc.no/atc','code':'L01FX32'}]},"
                    "'dosage':{'dose':{'value':12,'system':'http://unitsofmeasure.org','code':'mg'}}}");
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(baseline, .init = start, .fini = stop);

/* ---- which value it is ---- */

static const struct {
    const char *name;
    const char *values[2][2]; /* when, ANC */
    const char *episode;      /* of an ANC of 0.9, grade 3, in week 2: its grade at baseline; "": none known */
    const char *first;        /* state of the first value */
} choices[] = {
    {"28 days before", {{"2023-12-18", "1.4"}}, "2", "evidence"},
    {"29 days before", {{"2023-12-17", "1.4"}}, "", "outside_window BEFORE_FIRST_DOSE"},
    {"the day before, above the limit", {{"2024-01-14", "2.4"}}, "0", "evidence"},
    {"the later of two", {{"2024-01-02", "2.4"}, {"2024-01-12", "1.2"}}, "2", "outside_window BEFORE_FIRST_DOSE"},
    {"the earlier of two", {{"2024-01-12", "1.2"}, {"2024-01-02", "2.4"}}, "2", "evidence"},
    {"day 1, no time told", {{"2024-01-12", "2.4"}, {"2024-01-15", "1.2"}}, "2", "outside_window BEFORE_FIRST_DOSE"},
    {"day 1, before the dose",
     {{"2024-01-12", "2.4"}, {"2024-01-15T09:59:00+01:00", "1.2"}},
     "2",
     "outside_window BEFORE_FIRST_DOSE"},
    {"day 1, after the dose: the one before",
     {{"2024-01-12", "2.4"}, {"2024-01-15T10:01:00+01:00", "2.6"}},
     "0",
     "evidence"},
    {"a month, no day told", {{"2024-01", "1.4"}}, "", "held PARTIAL_DATE"},
    {"none", {{NULL}}, "", NULL},
};

static const char *baseline_grade(void)
{
    const struct gw_row_list *list = &s.derived.rows.tables[GW_TABLE_ae_episodes];

    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_ae_episodes *row = (const struct gw_row_ae_episodes *)list->rows[i];

        if (gw_same(row->category, "NEUTROPENIA") && row->baseline_grade != GW_NULL_INTEGER)
            return gw_arena_print(&s.arena, "%d", (int)row->baseline_grade);
        if (gw_same(row->category, "NEUTROPENIA"))
            return "";
    }
    return "no event";
}

Test(baseline, of_a_study_without_a_window_for_it_is_the_latest_value_known_before_the_first_dose)
{
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
        stop();
        start();
        for (size_t v = 0; v < 2 && choices[i].values[v][0]; v++)
            subject_add_lab(&s, v == 0 ? "first" : "second", ANC, choices[i].values[v][0], choices[i].values[v][1]);
        subject_add_lab(&s, "low", ANC, "2024-01-24", "0.9");
        subject_derive(&s);
        expect_text(choices[i].name, baseline_grade(), choices[i].episode);
        if (choices[i].first)
            expect_text(choices[i].name, subject_state(&s, "first"), choices[i].first);
    }
}

static const char *const refused[][2] = {
    {"preliminary", "'status':'preliminary'"},
    {"entered in error", "'status':'entered-in-error'"},
    {"of no known status", "'status':'unknown'"},
    {"with a modifier", "'status':'final','modifierExtension':[{'url':'urn:x','valueBoolean':true}]"},
};

Test(baseline, is_no_value_that_does_not_stand)
{
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        stop();
        start();
        subject_add(&s,
                    "{'resourceType':'Observation','id':'first',%s,'subject':{'reference':'Patient/p1'},"
                    "'code':{'coding':[{'system':'http://loinc.org','code':'" ANC "'}]},"
                    "'effectiveDateTime':'2024-01-12','valueQuantity':{'value':1.4,"
                    "'system':'http://unitsofmeasure.org','code':'10*9/L'}}",
                    refused[i][1]);
        subject_add_lab(&s, "low", ANC, "2024-01-24", "0.9");
        subject_derive(&s);
        expect_text(refused[i][0], baseline_grade(), "");
        cr_expect(eq(sz, s.derived.item_count, 1), "%s: nobody is asked but about the event", refused[i][0]);
        cr_expect(eq(sz, subject_items(&s, "AE_RELATEDNESS"), 1), "%s", refused[i][0]);
    }
}

/* ---- what it does ---- */

Test(baseline, keeps_what_was_there_before_treatment_from_being_an_event)
{
    subject_add_lab(&s, "first", ANC, "2024-01-12", "1.2");
    subject_add_lab(&s, "same", ANC, "2024-01-24", "1.1"); /* grade 2 again */
    subject_derive(&s);
    expect_text("as before", baseline_grade(), "no event");
    subject_add_lab(&s, "low", ANC, "2024-01-31", "0.9");
    subject_derive(&s);
    expect_text("worse", baseline_grade(), "2");
    expect_text("onset", subject_episode(&s, 0)->onset, "2024-01-31");
}

Test(baseline, makes_no_row_and_tells_no_value)
{
    struct gw_text rows = GW_TEXT_INIT(1 << 20);

    subject_add_lab(&s, "first", ANC, "2024-01-12", "1.237");
    subject_add_lab(&s, "low", ANC, "2024-01-24", "0.9");
    subject_derive(&s);
    expect_text("it is used", baseline_grade(), "2");
    gw_rows_write(&s.derived.rows, &rows);
    cr_expect(strstr(rows.at, "1.237") == NULL, "%s", rows.at);
    cr_expect(strstr(rows.at, "2024-01-12") == NULL, "%s", rows.at);
    gw_text_release(&rows);
}

Test(baseline, asks_nobody_about_a_code_or_unit_of_before)
{
    subject_add_value(&s, "strange", "99999-9", "2024-01-12", "1.4", "10*9/L");
    subject_add_value(&s, "unit", ANC, "2024-01-12", "1.4", "[lb_av]");
    subject_add_value(&s, "much", ANC, "2024-01-13", "140000", "10*9/L");
    subject_add_lab(&s, "low", ANC, "2024-01-24", "0.9");
    subject_derive(&s);
    expect_text("none can be used", baseline_grade(), "");
    cr_expect(eq(sz, s.derived.item_count, 1), "nobody is asked but about the event");
    cr_expect(eq(sz, subject_items(&s, "AE_RELATEDNESS"), 1));
    subject_expect(&s, "unit", "outside_window BEFORE_FIRST_DOSE");
}

Test(baseline, may_be_worked_out_of_other_values)
{
    subject_add_value(&s, "wbc", WBC, "2024-01-12T08:00:00+01:00", "2.4", "10*9/L");
    subject_add_value(&s, "percent", PERCENT, "2024-01-12T08:00:00+01:00", "50", "%");
    subject_add_lab(&s, "low", ANC, "2024-01-24", "0.9");
    subject_derive(&s);
    expect_text("1.2 is grade 2", baseline_grade(), "2");
}

static const struct {
    const char *name, *day, *value;
    const char *best; /* after 20 g/L in two weeks */
} diseases[] = {
    {"40 g/L ten days before", "2024-01-05", "40", "PR"},
    {"on day 1", "2024-01-15", "40", "PR"},
    {"28 g/L", "2024-01-05", "28", "MR"},
    {"too long before", "2023-12-17", "40", "!NO_BASELINE_DISEASE"},
};

Test(baseline, of_the_disease_is_what_a_response_is_measured_from)
{
    for (size_t i = 0; i < sizeof diseases / sizeof diseases[0]; i++) {
        stop();
        start();
        subject_add_value(&s, "first", SERUM_M, diseases[i].day, diseases[i].value, "g/L");
        subject_add_value(&s, "m1", SERUM_M, "2024-03-11", "20", "g/L");
        subject_add_value(&s, "m2", SERUM_M, "2024-03-18", "20", "g/L");
        subject_derive(&s);
        subject_expect_parameter(&s, "BOR", NULL, NULL, diseases[i].best);
    }
}

/* ---- a window for it ---- */

Test(baseline, is_no_visit_after_the_first_dose)
{
    stop();
    subject_init_at(&s, "example-hip", "madrid");
    subject_add_patient(&s, "male", "1950-03-01");
    subject_add_visit(&s, "w1", "2024-01-22");
    subject_add_visit(&s, "w4", "2024-02-12");
    subject_add_value(&s, "p1", "777-3", "2024-01-22", "40", "10*9/L");
    subject_add_value(&s, "p4", "777-3", "2024-02-12", "40", "10*9/L");
    subject_derive(&s);
    cr_assert(eq(sz, s.derived.rows.tables[GW_TABLE_ae_episodes].count, 1));
    expect_text("low since the first visit", subject_episode(&s, 0)->onset, "2024-01-22");
    cr_expect(subject_episode(&s, 0)->baseline_grade == GW_NULL_INTEGER);
}
