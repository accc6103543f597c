/*
 * Signs that repeat: which results and procedures are one candidate, which are none. Days are counted from the first
 * dose; candidates are told by study day, which is one more, those of a
 * single day without an end.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/chart.h"
#include "support/doses.h"

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

TestSuite(sign_runs, .init = start, .fini = stop, .timeout = 120);

static const char *day_text(int day)
{
    char text[11];

    gw_day_print(s.line.first_dose + day, text);
    return gw_arena_print(&s.arena, "%s", text);
}

/* ---- results ---- */

#define SCT            "http://snomed.info/sct"
#define INTERPRETATION "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"

/* An organism (+) or probable skin flora (?) in blood on a day; what stands behind is an interpretation: "30+NEG". */
static void add_culture(const char *told)
{
    char *rest;
    const int day = (int)strtol(told, &rest, 10);
    const char *code = *rest == '+' ? "112283007" : "60875001";
    const char *said = "";

    for (const char *at = rest + 1; *at && *at != ' '; at += 3 + (at[3] == ','))
        said = gw_arena_print(&s.arena, "%s%s{'coding':[{'system':'" INTERPRETATION "','code':'%.3s'}]}", said,
                              *said ? "," : "", at);
    subject_add(&s,
                "{'resourceType':'Observation','id':'b%zu','status':'final','subject':{'reference':'Patient/p1'},"
                "'code':{'coding':[{'system':'http://loinc.org','code':'600-7'}]},'effectiveDateTime':'%s',"
                "'interpretation':[%s],'valueCodeableConcept':{'coding':[{'system':'" SCT "','code':'%s'}]}}",
                s.count, day_text(day), said, code);
}

static void add_cultures(const char *told)
{
    for (; *told; told += strcspn(told, " ") + (told[strcspn(told, " ")] == ' '))
        add_culture(told);
}

static void add_infusion(int first, int last, const char *route)
{
    subject_add(&s,
                "{'resourceType':'MedicationStatement','id':'m','status':'completed',"
                "'subject':{'reference':'Patient/p1'},'effectivePeriod':{'start':'%s','end':'%s'},"
                "'medicationCodeableConcept':{'coding':[{'system':'http://www.whocc.no/atc','code':'J01CR05'}]},"
                "'dosage':[{'timing':{'repeat':{'frequency':3,'period':1,'periodUnit':'d'}},"
                "'route':{'coding':[{'system':'" SCT "','code':'%s'}]},"
                "'doseAndRate':[{'doseQuantity':{'value':4500,'unit':'mg'}}]}]}",
                day_text(first), day_text(last), route);
}

#define IV   "47625008"
#define ORAL "26643006"

static const struct {
    const char *name, *cultures, *candidates;
} results[] = {
    {"14 days apart they are one", "30+ 44+", "d31 g? end d45 dose none"},
    {"15 days apart they are two", "30+ 45+", "d31 g? end ? dose none | d46 g? end ? dose none"},
    {"each within 14 days of the one before", "30+ 44+ 58+", "d31 g? end d59 dose none"},
    {"skin flora is another kind", "30+ 32?", "d31 g? end ? dose none | d33 g? end ? dose none"},
    {"skin flora between parts nothing", "30+ 32? 34+", "d31 g? end d35 dose none | d33 g? end ? dose none"},
    {"before day 1", "-2+", "none"},
    {"called negative", "30+NEG", "none"},
    {"called positive and negative", "30+POS,NEG", "none"},
    {"called negative and indeterminate: the first that names a side", "30+NEG,IND", "none"},
    {"called indeterminate it is of the other kind", "30+ 32+IND", "d31 g? end ? dose none | d33 g? end ? dose none"},
    {"called positive", "30+POS", "d31 g? end ? dose none"},
};

Test(sign_runs, are_one_candidate_of_results_of_one_kind_close_to_each_other)
{
    for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
        stop();
        start();
        add_cultures(results[i].cultures);
        subject_derive(&s);
        expect_text(results[i].name, chart_items(&s, "AE_CANDIDATE"), results[i].candidates);
    }
}

/* A week of piperacillin from day 40: cultures from day 37 to day 49 are certain by it. */
static const struct {
    const char *name, *cultures, *route, *onset, *end, *candidates;
} treated[] = {
    {"by vein", "38+", IV, "2024-02-22", "", "none"},
    {"by mouth it proves nothing", "38+", ORAL, "", "", "d39 g? end ? dose none | d41 g2 end d47 dose none"},
    {"one long before stays a candidate", "29+ 38+", IV, "2024-02-22", "", "d30 g? end ? dose none"},
};

Test(sign_runs, are_certain_where_a_drug_by_vein_is_near)
{
    for (size_t i = 0; i < sizeof treated / sizeof *treated; i++) {
        const struct gw_row_ae_episodes *row;

        stop();
        start();
        doses_add(&s, "A02BC01", "S 0.. 20"); /* of no row: no role either */
        add_cultures(treated[i].cultures);
        add_infusion(40, 46, treated[i].route);
        subject_derive(&s);
        row = subject_episode(&s, 0);
        expect_text(treated[i].name, chart_items(&s, "AE_CANDIDATE"), treated[i].candidates);
        expect_text(treated[i].name, row ? row->onset : NULL, treated[i].onset);
        expect_text(treated[i].name, row ? row->end : NULL, treated[i].end);
    }
}

/* A study without windows keeps the result itself too. */
Test(sign_runs, ask_about_results_that_have_a_row_of_their_own)
{
    stop();
    subject_init_at(&s, "elranatamab-rrmm", "busan");
    chart_add_doses(&s);
    add_culture("10+");
    subject_derive(&s);
    expect_text("candidate", chart_items(&s, "AE_CANDIDATE"), "d11 g? end ? dose none");
    cr_expect(eq(sz, s.derived.rows.tables[GW_TABLE_observations].count, 1));
}

/* ---- procedures ---- */

#define TRANSFUSION                                                                                                    \
    "{'resourceType':'Procedure','id':'%s','subject':{'reference':'Patient/p1'},"                                      \
    "'code':{'coding':[{'system':'" SCT "','code':'116863004'}]},%s}"

static const struct {
    const char *name;
    const char *told[3];
    const char *candidates;
} transfusions[] = {
    {"one", {"'status':'completed','performedDateTime':'2024-02-24'"}, "d41 g? end ? dose none"},
    {"14 days apart they are one",
     {"'status':'completed','performedDateTime':'2024-02-24'", "'status':'completed','performedDateTime':'2024-03-09'"},
     "d41 g? end d55 dose none"},
    {"15 days apart they are two",
     {"'status':'completed','performedDateTime':'2024-02-24'", "'status':'completed','performedDateTime':'2024-03-10'"},
     "d41 g? end ? dose none | d56 g? end ? dose none"},
    {"over a period: its beginning",
     {"'status':'completed','performedPeriod':{'start':'2024-02-24','end':'2024-02-26'}"},
     "d41 g? end ? dose none"},
    {"on day 1", {"'status':'completed','performedDateTime':'2024-01-15'"}, "none"},
    {"under way", {"'status':'in-progress','performedDateTime':'2024-02-24'"}, "none"},
    {"after the last day known", {"'status':'completed','performedDateTime':'2025-01-01'"}, "none"},
    {"of no day", {"'status':'completed','performedDateTime':'2024-02'"}, "none"},
    {"with what is not understood",
     {"'status':'completed','performedDateTime':'2024-02-24','modifierExtension':[{'url':'urn:x','valueBoolean':true}"
      "]"},
     "none"},
};

Test(sign_runs, are_one_candidate_of_procedures_close_to_each_other)
{
    for (size_t i = 0; i < sizeof transfusions / sizeof *transfusions; i++) {
        static const char *const ids[] = {"t0", "t1", "t2"};

        stop();
        start();
        for (size_t k = 0; transfusions[i].told[k]; k++)
            subject_add(&s, TRANSFUSION, ids[k], transfusions[i].told[k]);
        subject_derive(&s);
        expect_text(transfusions[i].name, chart_items(&s, "AE_CANDIDATE"), transfusions[i].candidates);
    }
}

Test(sign_runs, go_by_the_current_version_of_a_procedure)
{
    subject_add(&s, TRANSFUSION, "t", "'status':'completed','performedDateTime':'2024-02-24'");
    subject_add(&s, TRANSFUSION, "t", "'status':'completed','performedDateTime':'2024-05-04'");
    s.facts[s.count - 1].delivery = 1;
    subject_derive(&s);
    expect_text("corrected", chart_items(&s, "AE_CANDIDATE"), "d111 g? end ? dose none");
}
