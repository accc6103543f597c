/*
 * What the protocol leaves open, set one way and the other: each choice changes what it names, on the day it names.
 * The end of treatment, contacts, places and episodes try theirs in their own suites.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "support/subject.h"

#define WBC "6690-2"
#define LEN "L04AX04"
#define DEX "H02AB02"

static struct subject s;
static struct gw_study study;
static struct gw_window_rule rules[16];

static void start(void)
{
    subject_init(&s);
    study = *s.study;
    cr_assert(le(sz, study.window_count, 16));
    memcpy(rules, study.windows, study.window_count * sizeof rules[0]);
    study.windows = rules;
    s.study = &study;
    subject_add_patient(&s, "female", "1950-03-01");
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(choices, .init = start, .fini = stop);

/* ---- placing ---- */

Test(choices, the_baseline_looks_back_as_far_as_the_study_says)
{
    subject_add_lab(&s, "near", WBC, "2024-01-01", "5.0");
    subject_add_lab(&s, "far", WBC, "2023-12-31", "5.1");
    subject_derive(&s);
    subject_expect(&s, "near", "delivered");
    subject_expect(&s, "far", "outside_window BEFORE_BASELINE");
    cr_assert(gw_same(rules[0].id, "BASELINE"));
    rules[0].low = -15;
    subject_derive(&s);
    subject_expect(&s, "far", "delivered");
}

static const struct {
    const char *name, *day, *elapsed, *study_day;
} edges[] = {
    {"day 24", "2024-02-08", "outside_window BETWEEN_WINDOWS", "delivered"},
    {"day 25", "2024-02-09", "delivered", "delivered"},
    {"day 34", "2024-02-18", "delivered", "delivered"},
    {"day 35", "2024-02-19", "delivered", "outside_window BETWEEN_WINDOWS"},
    {"day 0 stays the baseline's", "2024-01-15", "delivered", "delivered"},
    {"day 1 is between windows", "2024-01-16", "outside_window BETWEEN_WINDOWS", "outside_window BETWEEN_WINDOWS"},
};

Test(choices, a_target_is_an_elapsed_day_or_a_study_day)
{
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        stop();
        start();
        subject_add_visit(&s, "e", "2024-02-12");
        subject_add_lab(&s, "v", WBC, edges[i].day, "5.0");
        subject_derive(&s);
        expect_text(edges[i].name, subject_state(&s, "v"), edges[i].elapsed);
        study.day_basis_study_day = true;
        subject_derive(&s);
        expect_text(edges[i].name, subject_state(&s, "v"), edges[i].study_day);
    }
}

Test(choices, the_cap_cuts_the_follow_up_or_does_not)
{
    s.horizon = subject_day("2028-01-01");
    s.line.end_of_treatment = subject_day("2027-01-10"); /* the cap is the 15th, the follow-up's target 10 April */
    subject_add_visit(&s, "e", "2027-04-10");
    subject_add_lab(&s, "v", WBC, "2027-04-10", "5.0");
    subject_derive(&s);
    subject_expect(&s, "v", "delivered");
    study.cap_applies_to_follow_up = true;
    subject_derive(&s);
    subject_expect(&s, "v", "outside_window AFTER_36_MONTHS");
    cr_expect(subject_window(&s, "FU") == NULL);
    cr_expect(eq(int, subject_window(&s, "EOT")->high, 1096), "the last day under the cap");
}

Test(choices, of_two_values_as_close_the_later_or_the_earlier_counts)
{
    subject_add_visit(&s, "e", "2024-02-14");
    subject_add_lab(&s, "before", WBC, "2024-02-13", "5.0");
    subject_add_lab(&s, "after", WBC, "2024-02-15", "5.1");
    subject_derive(&s);
    cr_expect(eq(int, subject_observation(&s, "after", "T30-01")->anl01, 1));
    cr_expect(eq(int, subject_observation(&s, "before", "T30-01")->anl01, 0));
    study.tie_later = false;
    subject_derive(&s);
    cr_expect(eq(int, subject_observation(&s, "after", "T30-01")->anl01, 0));
    cr_expect(eq(int, subject_observation(&s, "before", "T30-01")->anl01, 1));
    cr_expect(eq(int, subject_observation(&s, "after", "T30-01")->anl03, 1), "the last is the last");
}

Test(choices, a_contact_is_of_the_classes_the_study_names)
{
    static const char *const home[] = {"HH"};

    subject_add_visit(&s, "clinic", "2024-02-14");
    subject_add(&s, "{'resourceType':'Encounter','id':'home','status':'finished','class':{'code':'HH'},"
                    "'subject':{'reference':'Patient/p1'},'period':{'start':'2024-03-15','end':'2024-03-15'}}");
    subject_derive(&s);
    expect_text("clinic", subject_window(&s, "T30-01")->state, "collected");
    expect_text("home", subject_window(&s, "T30-02")->state, "missed");
    study.contact_classes = home;
    study.contact_class_count = 1;
    subject_derive(&s);
    expect_text("clinic", subject_window(&s, "T30-01")->state, "missed");
    expect_text("home", subject_window(&s, "T30-02")->state, "collected");
}

/* ---- first dose ---- */

static void add_dispense(const char *id, const char *day, const char *drug)
{
    subject_add(&s,
                "{'resourceType':'MedicationDispense','id':'%s','status':'completed',"
                "'subject':{'reference':'Patient/p1'},'whenHandedOver':'%s','daysSupply':{'value':28},"
                "'medicationCodeableConcept':{'coding':[{'system':'http://www.whocc.no/atc','code':'%s'}]}}",
                id, day, drug);
}

static void expect_conflict(const char *name, bool wanted)
{
    s.horizon = subject_day("2024-02-01");
    subject_derive(&s);
    cr_expect(eq(int, subject_item(&s, "ANCHOR_CONFLICT") != NULL, wanted), "%s", name);
}

Test(choices, the_first_doses_of_the_drugs_lie_as_far_apart_as_the_study_allows)
{
    add_dispense("l", "2024-01-15", LEN);
    add_dispense("d", "2024-01-18", DEX);
    expect_conflict("three days, seven allowed", false);
    study.first_dose_spread_days = 3;
    expect_conflict("three days, three allowed", false);
    study.first_dose_spread_days = 2;
    expect_conflict("three days, two allowed", true);
}

Test(choices, a_dispense_lies_as_far_from_the_first_dose_as_the_study_allows)
{
    add_dispense("l", "2024-01-12", LEN);
    expect_conflict("three days, seven allowed", false);
    study.dispense_spread_days = 3;
    expect_conflict("three days, three allowed", false);
    study.dispense_spread_days = 2;
    expect_conflict("three days, two allowed", true);
}

Test(choices, what_was_handed_over_long_before_is_of_an_earlier_line)
{
    s.line.first_dose = GW_NO_DAY;
    s.line.recruited = subject_day("2024-02-12");
    add_dispense("l", "2024-01-15", LEN);
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "ANCHOR_MISSING"), 0), "28 days before recruitment");
    study.earlier_line_days = 27;
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "ANCHOR_MISSING"), 1), "one more than the study says");
}

Test(choices, the_first_dose_comes_from_the_evidence_the_study_names)
{
    s.line.first_dose = GW_NO_DAY;
    add_dispense("l", "2024-01-12", LEN);
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "ANCHOR_MISSING"), 0));
    study.d1_evidence[GW_RANK_DISPENSE] = false;
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "ANCHOR_MISSING"), 1));
}

static const struct {
    const char *name;
    int elapsed, high;
    bool asks;
} recruitments[] = {
    {"the day before the first dose", -1, 14, true},
    {"on it", 0, 14, false},
    {"day 15", 14, 14, false},
    {"day 16", 15, 14, true},
    {"where four weeks are allowed", 28, 28, false},
    {"and a day", 29, 28, true},
};

Test(choices, recruitment_is_open_for_the_days_the_study_names)
{
    for (size_t i = 0; i < sizeof recruitments / sizeof recruitments[0]; i++) {
        s.line.recruited = s.line.first_dose + recruitments[i].elapsed;
        study.recruit_high = recruitments[i].high;
        subject_derive(&s);
        cr_expect(eq(sz, subject_items(&s, "RECRUITMENT_OUT_OF_WINDOW"), recruitments[i].asks), "%s",
                  recruitments[i].name);
        cr_expect(eq(int, s.derived.blocked, recruitments[i].asks), "%s", recruitments[i].name);
    }
}
