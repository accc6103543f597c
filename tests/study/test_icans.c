/*
 * ICANS out of ICE scores, diagnoses and coma scores. Doses were given at 10:00 of days 1, 4, 8, 15 and 22;
 * expectations are worked out by hand from the ASTCT scale: 7 to 9 points are grade 1, 3 to 6 grade 2, 0 to 2 grade 3.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "support/chart.h"
#include "support/scratch.h"

static struct subject s;
static struct scratch scratch;

static void start(void)
{
    chart_init(&s, &scratch);
}

static void stop(void)
{
    chart_release(&s, &scratch);
}

TestSuite(icans, .init = start, .fini = stop);

static const struct {
    const char *name, *chart, *asked;
} histories[] = {
    {"full marks", "d2 14:00 I 10", "none"},
    {"before the first dose", "d1 09:00 I 8;d1 14:00 I 10", "none"},
    {"after it", "d1 10:00 I 8;d1 14:00 I 10", "d1 g1 end d1 dose 1"},
    {"a coma score before the first dose", "d1 09:00 G 13", "none"},
    {"9 points", "d2 14:00 I 9;d3 14:00 I 10", "d2 g1 end d3 dose 1"},
    {"7 points", "d2 14:00 I 7;d3 14:00 I 10", "d2 g1 end d3 dose 1"},
    {"6 points", "d2 14:00 I 6;d3 14:00 I 10", "d2 g2 end d3 dose 1"},
    {"3 points", "d2 14:00 I 3;d3 14:00 I 10", "d2 g2 end d3 dose 1"},
    {"2 points", "d2 14:00 I 2;d3 14:00 I 10", "d2 g3 end d3 dose 1"},
    {"0 points: grade 4 of who cannot be aroused is a person's", "d2 14:00 I 0;d3 14:00 I 10", "d2 g3 end d3 dose 1"},
    {"the worst of its course", "d2 08:00 I 8;d2 20:00 I 5;d3 08:00 I 9;d4 08:00 I 10", "d2 g2 end d4 dose 1"},
    {"two, with full marks between them", "d2 I 8;d3 I 10;d9 I 5;d10 I 10",
     "d2 g1 end d3 dose 1 | d9 g2 end d10 dose 3"},
    {"no full marks 56 days later, and then worse: two", "d2 I 8;d59 I 5;d60 I 10",
     "d2 g1 end ? dose 1 | d59 g2 end d60 dose 5"},
    {"56 days apart are one", "d2 I 8;d58 I 5;d59 I 10", "d2 g2 end d59 dose 1"},
    {"before the third dose it is of the second", "d8 09:00 I 8;d9 I 10", "d8 g1 end d9 dose 2"},
    {"on the day of a dose it is of that dose", "d8 I 8;d9 I 10", "d8 g1 end d9 dose 3"},
    {"a code without answers has its own grade", "d2 C G92.03 d5", "d2 g3 end d5 dose 1"},
    {"a code without a grade", "d2 C G92.00 d5", "d2 g? end d5 dose 1"},
    {"beside answers it is one, graded by them", "d2 I 8;d3 I 10;d2 C G92.03", "d2 g1 end d3 dose 1"},
    {"eight days after it is another", "d2 I 8;d3 I 10;d11 C G92.01 d12",
     "d2 g1 end d3 dose 1 | d11 g1 end d12 dose 3"},
    {"a low coma score has no grade", "d2 14:00 G 13", "d2 g? end ? dose 1"},
    {"15 is full consciousness", "d2 14:00 G 15", "none"},
    {"a coma score beside answers joins them", "d2 I 8;d3 I 10;d2 14:00 G 13", "d2 g1 end d3 dose 1"},
    {"two coma scores a week apart are one", "d2 G 13;d9 G 14", "d2 g? end ? dose 1"},
    {"two coma scores eight days apart are two", "d2 G 13;d10 G 14", "d2 g? end ? dose 1 | d10 g? end ? dose 3"},
    {"a seizure alone is a candidate like others", "d2 C R56.9", "none"},
};

Test(icans, is_asked_about_by_its_points)
{
    for (size_t i = 0; i < sizeof histories / sizeof *histories; i++) {
        stop();
        start();
        chart_add(&s, histories[i].chart);
        subject_derive(&s);
        expect_text(histories[i].name, chart_items(&s, "ICANS_REVIEW"), histories[i].asked);
        cr_expect(eq(sz, s.derived.rows.tables[GW_TABLE_ae_episodes].count, 0), "%s", histories[i].name);
    }
}

static const struct {
    const char *name, *chart;
    size_t other; /* AE_CANDIDATE */
} signs[] = {
    {"encephalopathy", "d2 C G93.40", 1},
    {"a seizure", "d2 C R56.9", 1},
    {"aphasia", "d2 C R47.01", 1},
    {"aphasia beside answers is evidence of theirs", "d2 C R47.01;d2 I 5;d3 I 10", 0},
};

Test(icans, leaves_signs_to_a_person)
{
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        stop();
        start();
        chart_add(&s, signs[i].chart);
        subject_derive(&s);
        cr_expect(eq(sz, subject_items(&s, "AE_CANDIDATE"), signs[i].other), "%s", signs[i].name);
    }
}

static void expect_context(const char *part)
{
    subject_expect_context(&s, "ICANS_REVIEW", part);
}

Test(icans, proposes_all_that_a_person_needs)
{
    chart_add(&s, "d2 14:00 I 5;d2 16:00 A H02AB02;d2 17:00 A N03AX14;d3 14:00 I 10");
    subject_derive(&s);
    expect_context("\"category\":\"ICANS\"");
    expect_context("\"dose_number\":1,\"dose_day\":\"2024-01-15\",\"days_since_dose\":1,\"dose_mg\":\"12\","
                   "\"hours_since_dose\":28");
    expect_context("\"treatment\":[\"dexamethasone\",\"levetiracetam\"]");
    expect_context("\"scale\":\"ASTCT 2019\"");
    expect_context("\"concurrent_crs\":false");
}

static const struct {
    const char *name, *crs;
    bool concurrent;
} neighbours[] = {
    {"in its days", "d2 14:00 T 38.5;d3 08:00 T 36.8", true},
    {"ended the day it began", "d1 20:00 T 38.5;d2 08:00 T 36.8", true},
    {"ended the day before", "d1 T 36.8", false},
    {"began the day it ended", "d4 11:00 T 38.5;d5 08:00 T 36.8", true},
    {"began the day after", "d5 11:00 T 38.5;d6 08:00 T 36.8", false},
};

Test(icans, tells_whether_crs_was_there_too)
{
    for (size_t i = 0; i < sizeof neighbours / sizeof *neighbours; i++) {
        stop();
        start();
        chart_add(&s, gw_arena_print(&s.arena, "d2 I 5;d4 I 10;%s", neighbours[i].crs));
        subject_derive(&s);
        expect_context(neighbours[i].concurrent ? "\"concurrent_crs\":true" : "\"concurrent_crs\":false");
    }
}

Test(icans, is_the_child_of_the_crs_that_a_person_confirmed_too)
{
    const struct gw_row_ae_episodes *icans, *crs;

    chart_add(&s, "d2 14:00 T 38.5;d3 08:00 T 36.8;d2 20:00 I 5;d4 I 10");
    subject_decide(&s, "event", "Observation/e0", "{'confirm':true}");
    subject_decide(&s, "event", "QuestionnaireResponse/e2", "{'confirm':true}");
    subject_derive(&s);
    cr_assert(eq(sz, s.derived.rows.tables[GW_TABLE_ae_episodes].count, 2));
    icans = subject_episode(&s, gw_same(subject_episode(&s, 0)->category, "ICANS") ? 0 : 1);
    crs = subject_episode(&s, icans == subject_episode(&s, 0) ? 1 : 0);
    expect_text("its parent", icans->parent_ae, crs->ae_id);
    expect_text("the parent's parent", crs->parent_ae, "");
    expect_text("certainty", icans->certainty, "confirmed");
    expect_text("scale", icans->scale, "ASTCT 2019");
    expect_text("end", icans->end, "2024-01-18");
    cr_expect(eq(i32, icans->max_grade, 2));
    cr_expect(eq(i32, icans->dose_number, 1));
    cr_expect(eq(i32, icans->days_since_last_dose, 1));
}

Test(icans, has_no_parent_where_crs_was_refused)
{
    chart_add(&s, "d2 14:00 T 38.5;d3 08:00 T 36.8;d2 20:00 I 5;d4 I 10");
    subject_decide(&s, "event", "Observation/e0", "{'refuse':true}");
    subject_decide(&s, "event", "QuestionnaireResponse/e2", "{'confirm':true}");
    subject_derive(&s);
    cr_assert(eq(sz, s.derived.rows.tables[GW_TABLE_ae_episodes].count, 1));
    expect_text("its parent", subject_episode(&s, 0)->parent_ae, "");
}

Test(icans, has_one_grade_a_day_the_worst)
{
    const struct gw_row_list *list = &s.derived.rows.tables[GW_TABLE_ae_grades];
    const char *grades = "";

    chart_add(&s, "d2 08:00 I 8;d2 20:00 I 5;d3 08:00 I 9;d3 20:00 I 6;d4 08:00 I 8;d5 08:00 I 10");
    subject_decide(&s, "event", "QuestionnaireResponse/e0", "{'confirm':true}");
    subject_derive(&s);
    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_ae_grades *row = (const struct gw_row_ae_grades *)list->rows[i];

        grades = gw_arena_print(&s.arena, "%s%s %d;", grades, row->date + 5, (int)row->grade);
    }
    expect_text("grades", grades, "01-16 2;01-18 1;");
}

Test(icans, can_be_raised_by_a_person)
{
    chart_add(&s, "d2 14:00 I 0;d4 I 10");
    subject_decide(&s, "event", "QuestionnaireResponse/e0", "{'confirm':true,'grade':4}");
    subject_derive(&s);
    cr_assert(eq(sz, s.derived.rows.tables[GW_TABLE_ae_episodes].count, 1));
    cr_expect(eq(i32, subject_episode(&s, 0)->max_grade, 4));
}

/* ---- points told as results: LOINC has no code for them ---- */

static void add_points(const char *id, const char *code, int day, const char *value)
{
    subject_add(&s,
                "{'resourceType':'Observation','id':'%s','status':'final','subject':{'reference':'Patient/p1'},"
                "'category':[{'coding':[{'code':'survey'}]}],'code':{'coding':[{'system':'urn:sm:obs','code':'%s'}]},"
                "'effectiveDateTime':'2024-01-%02dT14:00:00+09:00',%s}",
                id, code, day, value);
}

Test(icans, is_asked_about_by_results_that_the_hospital_says_are_points)
{
    add_points("a", "ICE-T", 16, "'valueInteger':6");
    add_points("b", "ICE-T", 17, "'valueQuantity':{'value':2.0,'code':'{score}','system':'http://unitsofmeasure.org'}");
    add_points("c", "ICE-T", 18, "'valueQuantity':{'value':10,'unit':'points'}");
    subject_derive(&s);
    expect_text("asked", chart_items(&s, "ICANS_REVIEW"), "d2 g3 end d4 dose 1");
    cr_expect(eq(sz, subject_items(&s, "CODE_UNKNOWN"), 0));
    subject_expect(&s, "a", "held ICANS_REVIEW");
    subject_decide(&s, "event", "Observation/b", "{'confirm':true}");
    subject_derive(&s);
    cr_expect(eq(int, subject_episode(&s, 0)->max_grade, 3));
    subject_expect(&s, "a", "evidence");
    subject_expect(&s, "c", "evidence");
}

static const struct {
    const char *name, *value;
} no_points[] = {
    {"a word", "'valueString':'confused'"},
    {"eleven", "'valueInteger':11"},
    {"a half", "'valueQuantity':{'value':7.5}"},
    {"a comparator", "'valueQuantity':{'value':7,'comparator':'<'}"},
    {"a share", "'valueQuantity':{'value':7,'code':'%','system':'http://unitsofmeasure.org'}"},
};

Test(icans, asks_about_a_result_that_is_no_number_of_points)
{
    for (size_t i = 0; i < sizeof no_points / sizeof *no_points; i++) {
        stop();
        start();
        add_points("a", "ICE-T", 16, no_points[i].value);
        subject_derive(&s);
        subject_expect(&s, "a", "held VALUE_TYPE");
        cr_expect(eq(sz, subject_items(&s, "ICANS_REVIEW"), 0), "%s", no_points[i].name);
        subject_decide(&s, "value", "Observation/a", "{'value':'7'}");
        subject_derive(&s);
        expect_text(no_points[i].name, chart_items(&s, "ICANS_REVIEW"), "d2 g1 end ? dose 1");
        cr_expect(eq(sz, subject_items(&s, "VALUE_TYPE"), 0), "%s", no_points[i].name);
    }
}

static const struct {
    const char *name, *items;
} blank_forms[] = {
    {"its own questions and no points", "{'linkId':'writing','answer':[{'valueInteger':0}]}"},
    {"points without an answer", "{'linkId':'ice'}"},
    {"a word for the points", "{'linkId':'ice','answer':[{'valueString':'none'}]}"},
    {"more points than there are", "{'linkId':'ice','answer':[{'valueInteger':11}]}"},
};

Test(icans, asks_about_a_form_that_tells_no_points)
{
    for (size_t i = 0; i < sizeof blank_forms / sizeof *blank_forms; i++) {
        stop();
        start();
        subject_add(&s,
                    "{'resourceType':'QuestionnaireResponse','id':'f','status':'completed','subject':{'reference':"
                    "'Patient/p1'},'questionnaire':'" CHART_ICE "','authored':'2024-01-16T14:00:00+09:00',"
                    "'item':[%s]}",
                    blank_forms[i].items);
        subject_derive(&s);
        subject_expect(&s, "f", "held VALUE_TYPE");
        subject_decide(&s, "value", "QuestionnaireResponse/f", "{'value':'0'}");
        subject_derive(&s);
        expect_text(blank_forms[i].name, chart_items(&s, "ICANS_REVIEW"), "d2 g3 end ? dose 1");
        subject_expect(&s, "f", "held ICANS_REVIEW");
    }
}

Test(icans, is_asked_about_by_results_that_a_person_says_are_points)
{
    add_points("a", "ICE-X", 16, "'valueInteger':8");
    subject_derive(&s);
    subject_expect(&s, "a", "held CODE_UNKNOWN");
    subject_decide(&s, "code", "CODE_UNKNOWN|busan|urn:sm:obs|ICE-X||", "{'score':'ICE'}");
    subject_derive(&s);
    expect_text("asked", chart_items(&s, "ICANS_REVIEW"), "d2 g1 end ? dose 1");
    cr_expect(eq(sz, subject_items(&s, "CODE_UNKNOWN"), 0));
    subject_expect(&s, "a", "held ICANS_REVIEW");
}

Test(icans, takes_no_points_of_full_marks_for_a_row)
{
    add_points("a", "ICE-T", 16, "'valueInteger':10");
    subject_derive(&s);
    subject_expect(&s, "a", "not_in_scope NOT_DERIVED");
    cr_expect(eq(sz, subject_items(&s, "ICANS_REVIEW"), 0));
}
