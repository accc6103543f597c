/*
 * Clearance, filtration and renal groups. Day 1 is 2024-01-15. Expected values were worked out from the equations.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>

#include "support/subject.h"

#define CREATININE "2160-0"
#define WEIGHT     "29463-7"
#define ALL        "CRCLCG;EGFRMDRD;RENALGRP;RENALRSP"

static struct subject s;

static void start(void)
{
    subject_init(&s);
    subject_ask(&s, ALL);
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(renal, .init = start, .fini = stop);

static void again(void)
{
    stop();
    start();
}

/* A subject with a baseline: 70 years old, 80 kg. */
static void begin(const char *creatinine_mg)
{
    subject_add_patient(&s, "male", "1954-01-15");
    subject_add_value(&s, "w", WEIGHT, "2024-01-15", "80", "kg");
    subject_add_value(&s, "c", CREATININE, "2024-01-15", creatinine_mg, "mg/dL");
}

static const struct {
    const char *what;
    const char *gender, *born, *kilograms, *creatinine, *unit;
    const char *clearance, *filtration, *dosing, *analysis;
} values[] = {
    {"a man of 70", "male", "1954-01-15", "80", "1.0", "mg/dL", "77.8", "73.9", ">=50", ">=60"},
    {"a woman of 70", "female", "1954-01-15", "80", "1.0", "mg/dL", "66.1", "54.8", ">=50", ">=60"},
    {"a man of 75 at the limit of renal failure", "male", "1949-01-15", "70", "177", "umol/L", "31.6", "32.7", "30-<50",
     "30-<60"},
    {"a day before the birthday: 69, (140 - 69) * 80 / 72", "male", "1954-01-16", "80", "1.0", "mg/dL", "78.9", "74.1",
     ">=50", ">=60"},
    /* 68 years: 72 * weight / 72 / creatinine */
    {"exactly 60", "male", "1956-01-15", "60", "1.0", "mg/dL", "60.0", "74.3", ">=50", ">=60"},
    {"60.0 as printed, but below: 60 / 1.0001", "male", "1956-01-15", "60", "1.0001", "mg/dL", "60.0", "74.3", ">=50",
     "30-<60"},
    {"exactly 50", "male", "1956-01-15", "50", "1.0", "mg/dL", "50.0", "74.3", ">=50", "30-<60"},
    {"50.0 as printed, but below: 50 / 1.0001", "male", "1956-01-15", "50", "1.0001", "mg/dL", "50.0", "74.3", "30-<50",
     "30-<60"},
    {"exactly 30", "male", "1956-01-15", "60", "2.0", "mg/dL", "30.0", "33.4", "30-<50", "30-<60"},
    {"30.0 as printed, but below: 60 / 2.0001", "male", "1956-01-15", "60", "2.0001", "mg/dL", "30.0", "33.4", "<30",
     "<30"},
    {"below a tie: 48.2 / 1.6 = 30.125", "male", "1956-01-15", "48.2", "1.6", "mg/dL", "30.1", "43.2", "30-<50",
     "30-<60"},
    {"a tie: 43.25", "male", "1956-01-15", "86.5", "2.0", "mg/dL", "43.2", "33.4", "30-<50", "30-<60"},
};

Test(renal, is_told_by_both_equations_and_both_groupings)
{
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        again();
        subject_add_patient(&s, values[i].gender, values[i].born);
        subject_add_value(&s, "w", WEIGHT, "2024-01-15", values[i].kilograms, "kg");
        subject_add_value(&s, "c", CREATININE, "2024-01-15", values[i].creatinine, values[i].unit);
        subject_derive(&s);
        cr_log_info("%s", values[i].what);
        subject_expect_parameter(&s, "CRCLCG", "BASELINE", NULL, values[i].clearance);
        subject_expect_parameter(&s, "EGFRMDRD", "BASELINE", NULL, values[i].filtration);
        subject_expect_parameter(&s, "RENALGRP", "BASELINE", "dosing", values[i].dosing);
        subject_expect_parameter(&s, "RENALGRP", "BASELINE", "analysis", values[i].analysis);
    }
}

/* ---- weight ---- */

static const struct {
    const char *what;
    const char *days[3];   /* of weights of 70, 80 and 90 kg; NULL: none */
    const char *clearance; /* 70 x weight / 72 */
} weights[] = {
    {"on the day", {"2024-01-15"}, "68.1"},
    {"90 days before", {"2023-10-17"}, "68.1"},
    {"91 days before", {"2023-10-16"}, "!NO_WEIGHT"},
    {"30 days after", {"2024-02-14"}, "68.1"},
    {"31 days after", {"2024-02-15"}, "!NO_WEIGHT"},
    {"the latest before", {"2023-12-01", "2024-01-02"}, "77.8"},
    {"the latest before, whatever the order told", {"2024-01-02", "2023-12-01"}, "68.1"},
    {"before rather than after", {"2023-10-20", "2024-01-16"}, "68.1"},
    {"the nearest after", {"2024-02-10", "2024-01-20", "2024-02-01"}, "77.8"},
    {"a month says no day", {"2023-12"}, "!NO_WEIGHT"},
};

Test(renal, takes_the_latest_weight_before_else_the_nearest_after)
{
    static const char *const kilograms[] = {"70", "80", "90"};

    for (size_t i = 0; i < sizeof weights / sizeof *weights; i++) {
        again();
        subject_add_patient(&s, "male", "1954-01-15");
        subject_add_value(&s, "c", CREATININE, "2024-01-15", "1.0", "mg/dL");
        for (int k = 0; k < 3 && weights[i].days[k]; k++)
            subject_add_value(&s, kilograms[k], WEIGHT, weights[i].days[k], kilograms[k], "kg");
        subject_derive(&s);
        cr_log_info("%s", weights[i].what);
        subject_expect_parameter(&s, "CRCLCG", "BASELINE", NULL, weights[i].clearance);
    }
}

Test(renal, looks_between_windows_only_where_no_window_has_a_weight)
{
    subject_add_patient(&s, "male", "1954-01-15");
    subject_add_visit(&s, "e", "2024-04-14");
    subject_add_value(&s, "c", CREATININE, "2024-04-14", "1.0", "mg/dL"); /* 90 days after day 1 */
    subject_add_value(&s, "old", WEIGHT, "2024-01-15", "70", "kg");
    subject_add_value(&s, "between", WEIGHT, "2024-03-25", "80", "kg"); /* day 70: in no window of weights */
    subject_derive(&s);
    subject_expect_parameter(&s, "CRCLCG", "T90-01", NULL, "68.1");
    subject_expect(&s, "between", "outside_window BETWEEN_WINDOWS");
    subject_expect(&s, "old", "delivered");
    s.facts[3].standing = GW_WITHDRAWN;
    subject_derive(&s);
    subject_expect_parameter(&s, "CRCLCG", "T90-01", NULL, "77.8");
    subject_expect(&s, "between", "evidence");
}

Test(renal, leaves_a_weight_alone_that_says_no_number)
{
    subject_add_patient(&s, "male", "1954-01-15");
    subject_add_value(&s, "c", CREATININE, "2024-01-15", "1.0", "mg/dL");
    subject_add_value(&s, "a", WEIGHT, "2023-12-03", ">80", "kg");
    subject_add_value(&s, "b", WEIGHT, "2023-12-02", "80", "stone");
    subject_add_value(&s, "d", WEIGHT, "2023-12-01", "8000", "kg");
    subject_derive(&s);
    subject_expect_parameter(&s, "CRCLCG", "BASELINE", NULL, "!NO_WEIGHT");
    cr_expect(eq(sz, subject_items(&s, "UNIT_UNKNOWN"), 0), "nobody is asked about what no window could take");
}

/* ---- what is missing ---- */

static const struct {
    const char *what;
    const char *patient; /* NULL: none */
    const char *creatinine;
    const char *clearance, *filtration, *analysis;
} gaps[] = {
    {"no creatinine", "'gender':'male','birthDate':'1954-01-15'", NULL, "!NO_CREATININE", "!NO_CREATININE",
     "!NO_CREATININE"},
    {"a creatinine below a limit", "'gender':'male','birthDate':'1954-01-15'", "<1.0", "!CREATININE_NOT_EXACT",
     "!CREATININE_NOT_EXACT", "!CREATININE_NOT_EXACT"},
    {"no patient", NULL, "1.0", "!NO_SEX", "!NO_SEX", "!NO_SEX"},
    {"no sex", "'birthDate':'1954-01-15'", "1.0", "!NO_SEX", "!NO_SEX", "!NO_SEX"},
    {"another sex", "'gender':'other','birthDate':'1954-01-15'", "1.0", "!NO_SEX", "!NO_SEX", "!NO_SEX"},
    {"no birth date", "'gender':'male'", "1.0", "!NO_BIRTH_DATE", "!NO_BIRTH_DATE", "!NO_BIRTH_DATE"},
    {"born after the result", "'gender':'male','birthDate':'2024-01-16'", "1.0", "!NO_BIRTH_DATE", "!NO_BIRTH_DATE",
     "!NO_BIRTH_DATE"},
    {"born before anybody alive", "'gender':'male','birthDate':'1890-01-01'", "1.0", "!NO_BIRTH_DATE", "!NO_BIRTH_DATE",
     "!NO_BIRTH_DATE"},
    /* 69 or 70: 71 x 80 / 72 = 78.9 or 77.8 */
    {"a year of birth, one group", "'gender':'male','birthDate':'1954'", "1.0", "!PARTIAL_BIRTH_DATE",
     "!PARTIAL_BIRTH_DATE", ">=60"},
    {"a month of birth that is over", "'gender':'male','birthDate':'1953-12'", "1.0", "77.8", "73.9", ">=60"},
    /* 69 or 70: 78.889 / 1.3 = 60.7 or 77.778 / 1.3 = 59.8 */
    {"a year of birth, two groups", "'gender':'male','birthDate':'1954'", "1.3", "!PARTIAL_BIRTH_DATE",
     "!PARTIAL_BIRTH_DATE", "!AGE_AMBIGUOUS"},
};

Test(renal, says_what_was_missing)
{
    for (size_t i = 0; i < sizeof gaps / sizeof *gaps; i++) {
        again();
        if (gaps[i].patient)
            subject_add(&s, "{'resourceType':'Patient','id':'p1',%s}", gaps[i].patient);
        subject_add_value(&s, "w", WEIGHT, "2024-01-15", "80", "kg");
        if (gaps[i].creatinine)
            subject_add_value(&s, "c", CREATININE, "2024-01-15", gaps[i].creatinine, "mg/dL");
        subject_derive(&s);
        cr_log_info("%s", gaps[i].what);
        subject_expect_parameter(&s, "CRCLCG", "BASELINE", NULL, gaps[i].clearance);
        subject_expect_parameter(&s, "EGFRMDRD", "BASELINE", NULL, gaps[i].filtration);
        subject_expect_parameter(&s, "RENALGRP", "BASELINE", "analysis", gaps[i].analysis);
        cr_expect(eq(sz, subject_items(&s, "AGE_AMBIGUOUS"), i == sizeof gaps / sizeof *gaps - 1), "%s", gaps[i].what);
    }
}

Test(renal, says_of_two_things_missing_the_one_that_comes_first)
{
    subject_add_patient(&s, "male", "1954");
    subject_add_value(&s, "c", CREATININE, "2024-01-15", "1.0", "mg/dL");
    subject_derive(&s);
    subject_expect_parameter(&s, "CRCLCG", "BASELINE", NULL, "!PARTIAL_BIRTH_DATE");
    subject_expect_parameter(&s, "RENALGRP", "BASELINE", "analysis", "!NO_WEIGHT");
    s.facts[0].patient.birth_date = "1954-01-15";
    subject_derive(&s);
    subject_expect_parameter(&s, "CRCLCG", "BASELINE", NULL, "!NO_WEIGHT");
}

Test(renal, takes_the_age_that_a_person_told)
{
    int64_t n;

    subject_add_patient(&s, "male", "1954");
    subject_add_value(&s, "w", WEIGHT, "2024-01-15", "80", "kg");
    subject_add_value(&s, "c", CREATININE, "2024-01-15", "1.3", "mg/dL");
    n = subject_decide(&s, "age", "", "{'age':70}");
    subject_derive(&s);
    cr_expect(eq(i64, n, 1));
    subject_expect_parameter(&s, "CRCLCG", "BASELINE", NULL, "59.8");
    subject_expect_parameter(&s, "RENALGRP", "BASELINE", "analysis", "30-<60");
    cr_expect(eq(sz, subject_items(&s, "AGE_AMBIGUOUS"), 0));
}

/* ---- windows ---- */

Test(renal, is_told_for_each_window_with_a_creatinine)
{
    begin("1.0");
    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add_visit(&s, "e3", "2024-04-14");
    subject_add_value(&s, "near", CREATININE, "2024-02-14", "2.0", "mg/dL");
    subject_add_value(&s, "far", CREATININE, "2024-02-11", "4.0", "mg/dL");
    subject_add_value(&s, "both", CREATININE, "2024-04-14", "1.6", "mg/dL");
    subject_add_value(&s, "between", CREATININE, "2024-03-01", "8.0", "mg/dL");
    subject_derive(&s);
    subject_expect_parameter(&s, "CRCLCG", "BASELINE", NULL, "77.8");
    subject_expect_parameter(&s, "CRCLCG", "T30-01", NULL, "38.9"); /* the closest one to the target */
    subject_expect_parameter(&s, "CRCLCG", "T30-03", NULL, "48.6");
    subject_expect_parameter(&s, "CRCLCG", "T90-01", NULL, "48.6");
    cr_expect(subject_parameter(&s, "CRCLCG", "T30-02", NULL) == NULL, "no creatinine, no row");
    expect_text("date", subject_parameter(&s, "CRCLCG", "T30-01", NULL)->date, "2024-02-14");
}

/* Row ids as the inputs list them: in order of text. */
static const char *rows_of(const char *a, const char *a_window, const char *b, const char *b_window)
{
    const char *one = subject_observation(&s, a, a_window)->row_id,
               *other = subject_observation(&s, b, b_window)->row_id;

    return strcmp(one, other) < 0 ? gw_arena_print(&s.arena, "%s;%s", one, other)
                                  : gw_arena_print(&s.arena, "%s;%s", other, one);
}

Test(renal, names_the_rows_it_was_made_from)
{
    const struct gw_row_derived *row;

    begin("1.0");
    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add_visit(&s, "e3", "2024-04-14");
    subject_add_value(&s, "c1", CREATININE, "2024-02-14", "2.0", "mg/dL");
    subject_add_value(&s, "c3", CREATININE, "2024-04-14", "1.6", "mg/dL");
    subject_add_value(&s, "w3", WEIGHT, "2024-04-14", "80", "kg");
    subject_add_lab(&s, "anc", "751-8", "2024-02-14", "3.0");
    subject_derive(&s);
    row = subject_parameter(&s, "CRCLCG", "BASELINE", NULL);
    cr_assert(row != NULL, "no row");
    expect_text("baseline", row->inputs, rows_of("c", "BASELINE", "w", "BASELINE"));
    expect_text("rule", row->rule_id, "crcl-cg");
    expect_text("state", row->state, "derived");
    expect_text("a month", subject_parameter(&s, "CRCLCG", "T30-01", NULL)->inputs,
                rows_of("c1", "T30-01", "w", "BASELINE"));
    expect_text("three months", subject_parameter(&s, "CRCLCG", "T30-03", NULL)->inputs,
                rows_of("c3", "T30-03", "w3", "T90-01"));
    expect_text("three months, the other grid", subject_parameter(&s, "CRCLCG", "T90-01", NULL)->inputs,
                rows_of("c3", "T90-01", "w3", "T90-01"));
}

Test(renal, makes_rows_of_what_was_asked_alone)
{
    begin("1.0");
    subject_ask(&s, "RENALRSP");
    subject_derive(&s);
    cr_expect(eq(sz, s.derived.rows.tables[GW_TABLE_derived].count, 1));
    subject_expect_parameter(&s, "RENALRSP", NULL, NULL, "!NO_LATER_GROUP");
}

/* ---- dialysis ---- */

static const struct {
    const char *what;
    const char *code, *onset, *end;
    const char *creatinine; /* 77.8 / it */
    const char *dosing;
} dialyses[] = {
    {"dependence on dialysis", "Z99.2", "2023-06-01", NULL, "6.0", "<30 dialysis"},
    {"end-stage disease", "N18.6", "2023-06-01", NULL, "6.0", "<30 dialysis"},
    {"another stage", "N18.5", "2023-06-01", NULL, "6.0", "<30"},
    {"begun 30 days after", "Z99.2", "2024-02-14", NULL, "6.0", "<30 dialysis"},
    {"begun 31 days after", "Z99.2", "2024-02-15", NULL, "6.0", "<30"},
    {"over 30 days before", "Z99.2", "2023-06-01", "2023-12-16", "6.0", "<30 dialysis"},
    {"over 31 days before", "Z99.2", "2023-06-01", "2023-12-15", "6.0", "<30"},
    {"beside a clearance of 30 and above", "Z99.2", "2023-06-01", NULL, "2.5", "!DIALYSIS_CONFLICT"},
    {"over before a clearance of 30 and above", "Z99.2", "2023-06-01", "2023-12-15", "2.5", "30-<50"},
};

Test(renal, weighs_dialysis_within_thirty_days)
{
    for (size_t i = 0; i < sizeof dialyses / sizeof *dialyses; i++) {
        again();
        begin(dialyses[i].creatinine);
        subject_add_condition(&s, "d", dialyses[i].code, dialyses[i].onset, dialyses[i].end);
        subject_derive(&s);
        cr_log_info("%s", dialyses[i].what);
        subject_expect_parameter(&s, "RENALGRP", "BASELINE", "dosing", dialyses[i].dosing);
        subject_expect_parameter(&s, "RENALGRP", "BASELINE", "analysis", i < 7 ? "<30" : "30-<60");
        cr_expect(eq(sz, subject_items(&s, "DIALYSIS_CONFLICT"), i == 7), "%s", dialyses[i].what);
    }
}

static const struct {
    const char *what;
    const char *record; /* PROCEDURE or STAY, and its members */
    const char *dosing;
} sessions[] = {
    {"a session that day", "'Procedure','status':'completed',%s,'performedDateTime':'2024-01-15'", "<30 dialysis"},
    {"30 days before", "'Procedure','status':'completed',%s,'performedDateTime':'2023-12-16'", "<30 dialysis"},
    {"31 days before", "'Procedure','status':'completed',%s,'performedDateTime':'2023-12-15'", "<30"},
    {"30 days after", "'Procedure','status':'completed',%s,'performedDateTime':'2024-02-14'", "<30 dialysis"},
    {"31 days after", "'Procedure','status':'completed',%s,'performedDateTime':'2024-02-15'", "<30"},
    {"a course that goes on",
     "'Procedure','status':'completed',%s,'performedPeriod':{'start':'2023-01-01','end':"
     "'2024-03-01'}",
     "<30 dialysis"},
    {"a course long over",
     "'Procedure','status':'completed',%s,'performedPeriod':{'start':'2023-01-01','end':"
     "'2023-03-01'}",
     "<30"},
    {"a month that lies within", "'Procedure','status':'completed',%s,'performedDateTime':'2024-01'", "<30 dialysis"},
    {"without a date", "'Procedure','status':'completed',%s,'performedString':'often'", "<30"},
    {"not done", "'Procedure','status':'not-done',%s,'performedDateTime':'2024-01-15'", "<30"},
    {"planned", "'Procedure','status':'preparation',%s,'performedDateTime':'2024-01-15'", "<30"},
};

#define DIALYSIS_CODE "'code':{'coding':[{'system':'http://snomed.info/sct','code':'302497006'}]}"

Test(renal, takes_a_dialysis_that_was_done)
{
    for (size_t i = 0; i < sizeof sessions / sizeof *sessions; i++) {
        const char *at = strstr(sessions[i].record, "%s");

        again();
        begin("6.0");
        subject_add(&s, "{'id':'d','subject':{'reference':'Patient/p1'},'resourceType':%.*s" DIALYSIS_CODE "%s}",
                    (int)(at - sessions[i].record), sessions[i].record, at + 2);
        subject_derive(&s);
        cr_log_info("%s", sessions[i].what);
        subject_expect_parameter(&s, "RENALGRP", "BASELINE", "dosing", sessions[i].dosing);
    }
}

Test(renal, takes_a_stay_for_dialysis)
{
    begin("6.0");
    subject_add(&s, "{'resourceType':'Encounter','id':'d','status':'finished','class':{'code':'AMB'},"
                    "'subject':{'reference':'Patient/p1'},'period':{'start':'2024-01-10','end':'2024-01-10'},"
                    "'type':[{'coding':[{'system':'http://snomed.info/sct','code':'302497006'}]}]}");
    subject_derive(&s);
    subject_expect_parameter(&s, "RENALGRP", "BASELINE", "dosing", "<30 dialysis");
    subject_expect(&s, "d", "evidence");
}

Test(renal, takes_what_a_person_says_about_dialysis)
{
    begin("2.5");
    subject_add_condition(&s, "d", "Z99.2", "2023-06-01", NULL);
    subject_decide(&s, "dialysis", "Condition/d", "{'dialysis':false}");
    subject_derive(&s);
    subject_expect_parameter(&s, "RENALGRP", "BASELINE", "dosing", "30-<50");
    cr_expect(eq(sz, subject_items(&s, "DIALYSIS_CONFLICT"), 0));
    subject_decide(&s, "dialysis", "Condition/d", "{'dialysis':true}");
    subject_derive(&s);
    subject_expect_parameter(&s, "RENALGRP", "BASELINE", "dosing", "<30 dialysis");
    subject_expect_parameter(&s, "RENALGRP", "BASELINE", "analysis", "30-<60");
}

/* ---- other cuts and formulas ---- */

Test(renal, puts_exactly_60_lower_where_the_study_says_so)
{
    struct gw_study *study = subject_study(&s);

    study->renal.analysis_cut_inclusive = false;
    subject_add_patient(&s, "male", "1956-01-15");
    subject_add_value(&s, "w", WEIGHT, "2024-01-15", "60", "kg");
    subject_add_value(&s, "c", CREATININE, "2024-01-15", "1.0", "mg/dL");
    subject_derive(&s);
    subject_expect_parameter(&s, "RENALGRP", "BASELINE", "analysis", "30-60");
}

Test(renal, goes_by_filtration_where_the_study_says_so)
{
    struct gw_study *study = subject_study(&s);

    study->renal.formula = GW_CLEARANCE_MDRD;
    subject_add_patient(&s, "male", "1956-01-15");
    subject_add_value(&s, "c", CREATININE, "2024-01-15", "2.0", "mg/dL"); /* 33.4, and no weight */
    subject_derive(&s);
    subject_expect_parameter(&s, "CRCLCG", "BASELINE", NULL, "!NO_WEIGHT");
    subject_expect_parameter(&s, "RENALGRP", "BASELINE", "dosing", "30-<50");
}

/* ---- response, summary ---- */

static const struct {
    const char *what;
    const char *baseline, *later, *last; /* creatinine; NULL: none */
    const char *steps, *text, *date;
} responses[] = {
    {"one group better", "2.0", "1.0", NULL, "1", "30-<60 to >=60", "2024-02-14"},
    {"two groups better", "4.0", "1.0", NULL, "2", "<30 to >=60", "2024-02-14"},
    {"the same group", "1.0", "0.8", NULL, "0", ">=60 to >=60", "2024-02-14"},
    {"one group worse", "1.0", "2.0", NULL, "-1", ">=60 to 30-<60", "2024-02-14"},
    {"the best of two", "4.0", "3.0", "2.0", "1", "<30 to 30-<60", "2024-04-14"},
    {"the earlier of two best", "4.0", "2.0", "2.0", "1", "<30 to 30-<60", "2024-02-14"},
    {"nothing later", "1.0", NULL, NULL, "!NO_LATER_GROUP", NULL, NULL},
    {"no baseline", NULL, "1.0", NULL, "!NO_BASELINE_GROUP", NULL, NULL},
};

Test(renal, response_compares_the_best_with_the_baseline)
{
    for (size_t i = 0; i < sizeof responses / sizeof *responses; i++) {
        const struct gw_row_derived *row;

        again();
        subject_add_patient(&s, "male", "1954-01-15");
        subject_add_value(&s, "w", WEIGHT, "2024-01-15", "80", "kg");
        subject_add_visit(&s, "e1", "2024-02-14");
        subject_add_visit(&s, "e3", "2024-04-14");
        if (responses[i].baseline)
            subject_add_value(&s, "c0", CREATININE, "2024-01-15", responses[i].baseline, "mg/dL");
        if (responses[i].later)
            subject_add_value(&s, "c1", CREATININE, "2024-02-14", responses[i].later, "mg/dL");
        if (responses[i].last)
            subject_add_value(&s, "c3", CREATININE, "2024-04-14", responses[i].last, "mg/dL");
        subject_derive(&s);
        cr_log_info("%s", responses[i].what);
        subject_expect_parameter(&s, "RENALRSP", NULL, NULL, responses[i].steps);
        row = subject_parameter(&s, "RENALRSP", NULL, NULL);
        expect_text(responses[i].what, row ? row->text : NULL, responses[i].text ? responses[i].text : "");
        expect_text(responses[i].what, row ? row->date : NULL, responses[i].date ? responses[i].date : "");
    }
}

Test(renal, response_leaves_out_follow_up)
{
    begin("4.0");
    s.line.end_of_treatment = subject_day("2024-03-15");
    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add_visit(&s, "e2", "2024-06-13");
    subject_add_value(&s, "c1", CREATININE, "2024-02-14", "3.0", "mg/dL");
    subject_add_value(&s, "fu", CREATININE, "2024-06-13", "1.0", "mg/dL");
    subject_add_value(&s, "w2", WEIGHT, "2024-06-13", "80", "kg");
    subject_derive(&s);
    subject_expect_parameter(&s, "CRCLCG", "FU", NULL, "77.8");
    subject_expect_parameter(&s, "RENALRSP", NULL, NULL, "0");
}

static const struct {
    const char *creatinine; /* umol/L */
    bool failure;
} failures[] = {{"176", false}, {"177", false}, {"177.1", true}, {">177", true}, {">176", false}, {"<178", false}};

Test(renal, failure_is_a_creatinine_above_177)
{
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
        again();
        subject_add_patient(&s, "male", "1954-01-15");
        subject_add_value(&s, "c", CREATININE, "2024-01-15", failures[i].creatinine, "umol/L");
        subject_derive(&s);
        cr_expect(eq(int, subject_row(&s)->renal_failure_177, failures[i].failure), "%s", failures[i].creatinine);
    }
}

Test(renal, groups_at_baseline_stand_in_the_subject)
{
    begin("1.4"); /* 55.6 */
    subject_derive(&s);
    expect_text("dosing", subject_row(&s)->renal_group50, ">=50");
    expect_text("analysis", subject_row(&s)->renal_group60, "30-<60");
    s.facts[1].standing = GW_WITHDRAWN; /* the weight */
    subject_derive(&s);
    expect_text("dosing", subject_row(&s)->renal_group50, "NOT_ASSESSABLE");
    expect_text("analysis", subject_row(&s)->renal_group60, "NOT_ASSESSABLE");
    subject_ask(&s, "");
    subject_derive(&s);
    expect_text("not asked", subject_row(&s)->renal_group50, "");
}
