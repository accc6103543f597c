/*
 * Cycles, their dexamethasone, and the dose intensity they add up to. Days count from the first dose; the subject was
 * seen on days 0, 30 and 65, and the data reach to day 70.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "support/doses.h"

#define LEN "L04AX04"
#define DEX "H02AB02"

static struct subject s;

static void start(void)
{
    subject_init(&s);
    subject_trust_roster(&s);
    s.horizon = s.line.first_dose + 70;
    subject_add_patient(&s, "male", "1950-03-01");
    subject_add_visit_after(&s, 30);
    subject_add_visit_after(&s, 65);
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(cycles, .init = start, .fini = stop);

/* "88.888889", its text in brackets, or the reason why it is not assessable. */
static const char *parameter(const char *name)
{
    const struct gw_row_list *list = &s.derived.rows.tables[GW_TABLE_derived];

    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_derived *row = (const struct gw_row_derived *)list->rows[i];

        if (!gw_same(row->param, name))
            continue;
        if (row->reason)
            return row->reason;
        return row->text ? gw_arena_print(&s.arena, "%s (%s)", row->value, row->text) : row->value;
    }
    return "no row";
}

static const struct {
    const char *name;
    const char *records; /* of lenalidomide */
    int horizon;
    int end; /* by the roster, with a visit two days later; -1: none */
    const char *cycles, *standard;
} histories[] = {
    {"a week's delay in 63 days", "D 0 21x25/21; D 35 21x25/21; D 63 21x25/21", 70, -1,
     "1@0 525 100; 2@35 +7 525 100; 3@63", "88.888889"},
    {"six days late", "D 0 21x25/21; D 34 21x25/21", 70, -1, "1@0 525 100; 2@34 +6 525 100", "90.322581"},
    {"on time", "D 0 21x25/21; D 28 21x25/21; D 56 21x25/21", 70, -1, "1@0 525 100; 2@28 525 100; 3@56", "100"},
    {"one cycle, its rest over", "D 0 21x25/21", 70, -1, "1@0 525 100", "100"},
    {"one cycle, its rest still to come", "D 0 21x25/21", 27, -1, "1@0", "FIRST_CYCLE_NOT_OVER"},
    {"the second not seen yet", "D 0 21x25/21; D 38 21x25/21", 63, -1, "1@0 525 100", "100"},
    {"ended with the last capsule", "D 0 21x25/21", 70, 20, "1@0 525 100", "133.333333"},
    {"ended within the second cycle", "D 0 21x25/21; D 28 21x25/21", 70, 34, "1@0 525 100; 2@28 175 33.333333",
     "106.666667"},
    {"half the dose", "D 0 21x25/21; D 28 21x10/21; D 56 21x10/21", 70, -1, "1@0 525 100; 2@28 210 40; 3@56", "70"},
    {"a dose nobody knows", "D 0 21x25/21; D 28 21/21; D 56 21x10/21", 70, -1, "1@0 525 100; 2@28; 3@56",
     "DOSE_UNKNOWN"},
    {"only ordered", "R 0.. 25", 70, -1, "", "NO_EXPOSURE"},
};

Test(cycles, add_up_to_the_intensity_of_the_doses)
{
    for (size_t i = 0; i < sizeof histories / sizeof histories[0]; i++) {
        stop();
        start();
        s.horizon = s.line.first_dose + histories[i].horizon;
        if (histories[i].end >= 0) {
            s.line.end_of_treatment = s.line.first_dose + histories[i].end;
            subject_add_visit_after(&s, histories[i].end + 2);
        }
        doses_add(&s, LEN, histories[i].records);
        subject_derive(&s);
        expect_text(histories[i].name, doses_cycles(&s), histories[i].cycles);
        expect_text(histories[i].name, parameter("RDISTD"), histories[i].standard);
    }
}

static void add_value(const char *id, const char *loinc, const char *value, const char *unit)
{
    subject_add(&s,
                "{'resourceType':'Observation','id':'%s','status':'final','subject':{'reference':'Patient/p1'},"
                "'code':{'coding':[{'system':'http://loinc.org','code':'%s'}]},'effectiveDateTime':'%s',"
                "'valueQuantity':{'value':%s,'unit':'%s','system':'http://unitsofmeasure.org','code':'%s'}}",
                id, loinc, subject_date(&s, 0), value, unit, unit);
}

/* A man of 73 years and 80 kg with a creatinine of 2.0 mg/dL clears 37.2 mL/min: 10 mg daily, 210 mg a cycle. */
Test(cycles, compare_with_the_starting_dose_that_kidneys_and_counts_ask_for)
{
    add_value("creatinine", "2160-0", "2.0", "mg/dL");
    add_value("weight", "29463-7", "80", "kg");
    add_value("neutrophils", "751-8", "3.0", "10*9/L");
    add_value("platelets", "777-3", "200", "10*9/L");
    doses_add(&s, LEN, "D 0 21x10/21; D 28 21x15/21; D 56 21x15/21");
    subject_derive(&s);
    expect_text("planned", parameter("EXPDOSE"), "10 (10 mg daily)");
    expect_text("315 + 210 of 1050 mg", parameter("RDISTD"), "50");
    expect_text("of 420 mg", parameter("RDIEXP"), "125");
    subject_study(&s)->exposure.plan = GW_PLAN_FIGURE1;
    subject_derive(&s);
    expect_text("a study that plans by the table", doses_cycles(&s), "1@0 210 100; 2@28 315 150; 3@56");
}

Test(cycles, do_not_compare_with_a_starting_dose_nobody_can_tell)
{
    doses_add(&s, LEN, "D 0 21x10/21");
    subject_derive(&s);
    cr_expect(strcmp(parameter("RDIEXP"), parameter("EXPDOSE")) == 0, "%s", parameter("RDIEXP"));
    cr_expect(strncmp(parameter("RDIEXP"), "NO_", 3) == 0, "%s", parameter("RDIEXP"));
}

static const struct {
    const char *name;
    const char *dexamethasone;
    const char *cycles, *class;
} schedules[] = {
    {"weekly, 40 mg", "S 0.. 40 weekly", "1@0 525 100 dex 200 LOW; 2@35 +7", "200 (LOW)"},
    {"weekly, 20 mg", "S 0..27 20 weekly", "1@0 525 100 dex 80 LOW_OLD; 2@35 +7", "80 (LOW_OLD)"},
    {"three times four days", "S 0..3 40; S 8..11 40; S 16..19 40", "1@0 525 100 dex 480 HIGH; 2@35 +7", "480 (HIGH)"},
    {"four days and six", "S 0..3 40; S 14..19 40", "1@0 525 100 dex 400 ALT; 2@35 +7", "400 (ALT)"},
    {"four days twice", "A 0 40; A 1 40; A 2 40; A 3 40; S 14..17 40", "1@0 525 100 dex 320 STD_YOUNG; 2@35 +7",
     "320 (STD_YOUNG)"},
    {"three doses", "A 0 40; A 7 40; A 14 40", "1@0 525 100 dex 120 -; 2@35 +7", "120 (OTHER)"},
    {"given on a day on which it was stated too", "S 0..21 40 weekly; A 7 20", "1@0 525 100 dex 140 -; 2@35 +7",
     "140 (OTHER)"},
    {"ordered alone", "R 0.. 40 weekly", "1@0 525 100; 2@35 +7", "NO_DEXAMETHASONE"},
    {"how often, nobody knows", "S 0..27 40 none", "1@0 525 100; 2@35 +7", "DOSE_UNKNOWN"},
    {"how much, nobody knows", "S 0..27 1cap weekly", "1@0 525 100; 2@35 +7", "DOSE_UNKNOWN"},
    {"none", NULL, "1@0 525 100; 2@35 +7", "NO_DEXAMETHASONE"},
};

Test(cycles, have_the_class_of_their_dexamethasone)
{
    for (size_t i = 0; i < sizeof schedules / sizeof schedules[0]; i++) {
        stop();
        start();
        s.horizon = s.line.first_dose + 60;
        doses_add(&s, LEN, "D 0 21x25/21; D 35 21x25/21");
        if (schedules[i].dexamethasone)
            doses_add(&s, DEX, schedules[i].dexamethasone);
        subject_add_visit_after(&s, 55);
        subject_derive(&s);
        expect_text(schedules[i].name, doses_cycles(&s), schedules[i].cycles);
        expect_text(schedules[i].name, parameter("DEXCLASS"), schedules[i].class);
    }
}

/* "1 160 CONCORDANT; ..": of each cycle what the age is expected to get, and how that compares, or why not. */
static const char *by_age(void)
{
    const struct gw_row_list *list = &s.derived.rows.tables[GW_TABLE_derived];
    const char *all = "";

    for (int number = 1; number <= 9; number++)
        for (size_t i = 0; i < list->count; i++) {
            const struct gw_row_derived *row = (const struct gw_row_derived *)list->rows[i];
            const char *of = gw_arena_print(&s.arena, "cycle-%d", number);

            if (!gw_same(row->rule_id, "dexamethasone-age") || !strstr(row->row_id, of))
                continue;
            all = gw_arena_print(&s.arena, "%s%s%d %s%s%s", all, *all ? "; " : "", number, row->value ? row->value : "",
                                 row->value ? " " : "", row->reason ? row->reason : row->text);
        }
    return all;
}

/* The first dose was on 15 January 2024. */
static const struct {
    const char *name;
    const char *born; /* NULL: nobody told */
    const char *dexamethasone;
    const char *expected; /* by cycle */
    bool asked;
} ages[] = {
    {"64 on day 1, 65 the day after: 320 in four cycles, then 160", "1959-01-16", "S 0.. 40 weekly",
     "1 320 LOWER; 2 320 LOWER; 3 320 LOWER; 4 320 LOWER; 5 160 CONCORDANT", false},
    {"64, given so", "1959-01-16", "S 0..3 40; S 14..17 40; S 28..31 40; S 42..45 40",
     "1 320 CONCORDANT; 2 320 CONCORDANT; 3 NO_DEXAMETHASONE; 4 NO_DEXAMETHASONE; 5 NO_DEXAMETHASONE", false},
    {"65 on day 1: 160 from the start", "1959-01-15", "S 0.. 40 weekly",
     "1 160 CONCORDANT; 2 160 CONCORDANT; 3 160 CONCORDANT; 4 160 CONCORDANT; 5 160 CONCORDANT", false},
    {"75 until after day 1", "1948-01-16", "S 0..27 20 weekly",
     "1 160 LOWER; 2 NO_DEXAMETHASONE; 3 NO_DEXAMETHASONE; 4 NO_DEXAMETHASONE; 5 NO_DEXAMETHASONE", false},
    {"76 on day 1: 80", "1948-01-15", "S 0..27 20 weekly; S 28..55 40 weekly",
     "1 80 CONCORDANT; 2 80 HIGHER; 3 NO_DEXAMETHASONE; 4 NO_DEXAMETHASONE; 5 NO_DEXAMETHASONE", false},
    {"64 or 65: the first four cycles depend on it, the fifth does not", "1959", "S 0.. 40 weekly",
     "1 AGE_AMBIGUOUS; 2 AGE_AMBIGUOUS; 3 AGE_AMBIGUOUS; 4 AGE_AMBIGUOUS; 5 160 CONCORDANT", true},
    {"72 or 73: it is the same", "1951", "S 0.. 40 weekly",
     "1 160 CONCORDANT; 2 160 CONCORDANT; 3 160 CONCORDANT; 4 160 CONCORDANT; 5 160 CONCORDANT", false},
    {"no birth date", NULL, "S 0.. 40 weekly",
     "1 NO_BIRTH_DATE; 2 NO_BIRTH_DATE; 3 NO_BIRTH_DATE; 4 NO_BIRTH_DATE; 5 NO_BIRTH_DATE", false},
};

Test(cycles, have_the_dexamethasone_that_the_age_is_expected_to_get_or_not)
{
    for (size_t i = 0; i < sizeof ages / sizeof ages[0]; i++) {
        stop();
        start();
        s.count = 0;
        s.horizon = s.line.first_dose + 145;
        if (ages[i].born)
            subject_add_patient(&s, "male", ages[i].born);
        else
            subject_add(&s, "{'resourceType':'Patient','id':'p1','gender':'male'}");
        subject_add_visit_after(&s, 30);
        subject_add_visit_after(&s, 145);
        doses_add(&s, LEN, "D 0 21x25/21; D 28 21x25/21; D 56 21x25/21; D 84 21x25/21; D 112 21x25/21; D 140 21x25/21");
        doses_add(&s, DEX, ages[i].dexamethasone);
        subject_derive(&s);
        expect_text(ages[i].name, by_age(), ages[i].expected);
        cr_expect(eq(sz, subject_items(&s, "AGE_AMBIGUOUS"), ages[i].asked), "%s", ages[i].name);
    }
}

Test(cycles, without_a_plan_for_an_age_expect_nothing_of_its_dexamethasone)
{
    subject_study(&s)->dexamethasone.expected.count = 1; /* up to 64; the subject is 73 */
    doses_add(&s, LEN, "D 0 21x25/21; D 28 21x25/21");
    doses_add(&s, DEX, "S 0.. 40 weekly");
    subject_derive(&s);
    expect_text("no row", by_age(), "1 NO_ROW; 2 NO_ROW");
}

/* ---- metamorphic ---- */

static const char medley[] = "S 0..9 25; D 0 21x25/21; A 12 15; N 14; D 29 21x15/21; S 35..36 10; D 57 11x15/22";

static const char *picture(void)
{
    subject_derive(&s);
    return gw_arena_print(&s.arena, "%s | %s | %s", doses_rows(&s, "lenalidomide"), doses_cycles(&s),
                          parameter("RDISTD"));
}

Test(cycles, move_with_the_calendar)
{
    char before[2048];

    doses_add(&s, LEN, medley);
    snprintf(before, sizeof before, "%s", picture());
    cr_assert(gt(sz, strlen(before), 100), "%s", before);
    for (int days = 1; days < 400; days += 57) {
        stop();
        start();
        s.count = 0;
        s.line.first_dose += days;
        s.horizon = s.line.first_dose + 70;
        subject_add_visit_after(&s, 30);
        subject_add_visit_after(&s, 65);
        doses_add(&s, LEN, medley);
        expect_text("some days later", picture(), before);
    }
}

Test(cycles, are_the_same_in_any_order_and_delivery_of_the_records)
{
    const char *before;
    struct gw_fact fact;

    doses_add(&s, LEN, medley);
    before = picture();
    for (size_t turn = 1; turn < s.count; turn++) {
        fact = s.facts[0];
        memmove(s.facts, s.facts + 1, (s.count - 1) * sizeof *s.facts);
        s.facts[s.count - 1] = fact;
        s.facts[turn].delivery = (int64_t)(turn % 3);
        expect_text("turned round", picture(), before);
    }
}
