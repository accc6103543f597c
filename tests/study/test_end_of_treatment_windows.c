/*
 * What an end of treatment closes and opens: the windows before it, on it and after it.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "records.h"
#include "support/subject.h"

#define ANC "751-8"
#define LEN "L04AX04"

static struct subject s;

/* First dose on 15 January 2024, which the roster alone tells. */
static void start(void)
{
    subject_init(&s);
    subject_trust_roster(&s);
    subject_add_patient(&s, "female", "1950-03-01");
    subject_add_visits(&s, 11);
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(end_of_treatment_windows, .init = start, .fini = stop);

Test(end_of_treatment_windows, closes_the_windows_and_opens_them_again_when_it_is_denied)
{
    subject_add(&s, DISPENSE("d1", "2024-01-15", LEN));
    subject_add_lab(&s, "v", ANC, "2024-04-14", "2.0");
    s.horizon = subject_day("2024-04-20");
    subject_derive(&s);
    expect_text("eot", subject_row(&s)->eot_status, "provisional");
    expect_text("the end", subject_window(&s, "EOT")->target_date, "2024-02-11");
    cr_expect(eq(int, subject_window(&s, "T30-01")->high, 26), "the day before the end");
    expect_text("cut", subject_window(&s, "T30-01")->truncation_reason, "EOT");
    cr_expect(subject_window(&s, "T30-03") == NULL);
    subject_expect(&s, "v", "outside_window BETWEEN_WINDOWS");
    subject_add(&s, DISPENSE("d2", "2024-02-12", LEN));
    subject_add(&s, DISPENSE("d3", "2024-03-20", LEN)); /* late, the supply goes on */
    subject_derive(&s);
    expect_text("denied", subject_row(&s)->eot_status, "none");
    cr_expect(subject_window(&s, "EOT") == NULL);
    subject_expect(&s, "v", "delivered");
    cr_expect(eq(sz, subject_items(&s, "EOT_UNCONFIRMED"), 0));
}

Test(end_of_treatment_windows, keeps_its_follow_up_when_treatment_starts_again)
{
    s.line.end_of_treatment = subject_day("2024-04-12");
    subject_add(&s, DISPENSE("again", "2024-06-26", LEN));
    subject_add_lab(&s, "v", ANC, "2024-07-11", "2.0");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "RESTART_AFTER_EOT"), 1));
    expect_text("follow-up", subject_window(&s, "FU")->state, "collected");
    subject_expect(&s, "v", "delivered");
    cr_expect(subject_window(&s, "T30-05") == NULL, "no treatment window comes back");
    cr_expect(eq(int, s.derived.blocked, 0));
}

Test(end_of_treatment_windows, takes_the_days_after_it)
{
    s.line.end_of_treatment = subject_day("2024-04-12");
    subject_add_lab(&s, "before", ANC, "2024-04-11", "2.0");
    subject_add_lab(&s, "on", ANC, "2024-04-12", "2.0");
    subject_add_lab(&s, "last", ANC, "2024-04-17", "2.0");
    subject_add_lab(&s, "past", ANC, "2024-04-18", "2.0");
    subject_add_lab(&s, "follow-up", ANC, "2024-07-26", "2.0");
    subject_add_visit(&s, "fu", "2024-07-11");
    subject_add_visit(&s, "b", "2024-04-10");
    subject_derive(&s);
    cr_expect(subject_observation(&s, "before", "T30-03") != NULL);
    cr_expect(subject_observation(&s, "on", "EOT") != NULL);
    cr_expect(subject_observation(&s, "on", "T30-03") == NULL);
    cr_expect(subject_observation(&s, "last", "EOT") != NULL);
    subject_expect(&s, "past", "outside_window BETWEEN_WINDOWS");
    cr_expect(subject_observation(&s, "follow-up", "FU") != NULL);
    expect_text("both grids", subject_window(&s, "EOT")->data_group, "both");
}

/* ---- a study whose schedule does not end with treatment ---- */

#define ELRA "L01FX32"

Test(end_of_treatment_windows, leaves_the_weeks_of_a_continuous_study_open_unless_its_package_closes_them)
{
    struct gw_window_rule weeks;
    struct gw_study *study;

    stop();
    subject_init_at(&s, "elranatamab-rrmm", "madrid");
    study = subject_study(&s);
    subject_add_patient(&s, "female", "1950-03-01");
    subject_add(&s, STATED("st", "stopped", ELRA, SPAN("2024-01-15", "2024-03-01"), REASON));
    subject_add_lab(&s, "v", ANC, "2024-03-15", "2.0");
    subject_derive(&s);
    expect_text("no end", subject_row(&s)->eot, "");
    subject_expect(&s, "v", "delivered");
    cr_expect(subject_window(&s, "W52") != NULL);
    weeks = study->windows[0];
    weeks.until_eot = true;
    study->windows = &weeks;
    study->eot_drug = "elranatamab";
    study->eot_gap_days = 56;
    subject_derive(&s);
    expect_text("end", subject_row(&s)->eot, "2024-03-01");
    subject_expect(&s, "v", "outside_window BETWEEN_WINDOWS");
    cr_expect(subject_window(&s, "W08") == NULL, "begins on 4 March, elapsed 49");
    cr_expect(eq(int, subject_window(&s, "W07")->high, 45), "the day before the end");
    expect_text("cut", subject_window(&s, "W07")->truncation_reason, "EOT");
}
