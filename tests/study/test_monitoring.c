/*
 * Monitoring gaps: every bound, at and one day beyond. Days count from day 1, 2024-01-15; counts are due every 14 days
 * up to day 83 and every 28 from then on, 7 days later is no gap yet.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>

#include "support/subject.h"

#define ANC "751-8"
#define PLT "777-3"
#define TSH "3016-3"

static struct subject s;

static void start(void)
{
    subject_init(&s);
    subject_ask(&s, "MONGAP_C;MONGAP_R;MONGAP_L;MONGAP_T");
    subject_add_patient(&s, "male", "1954-01-15");
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(monitoring, .init = start, .fini = stop);

static void again(void)
{
    stop();
    start();
}

static void add_test(const char *loinc, int elapsed)
{
    subject_add_lab(&s, gw_arena_print(&s.arena, "%s.%d", loinc, elapsed), loinc, subject_date(&s, elapsed), "3.0");
}

#define END 9999

static const struct {
    const char *what;
    int days[10]; /* with END behind the last */
    int horizon;
    const char *gaps;
    int first; /* the day the first gap began; END: none */
} counts[] = {
    {"every two weeks, then every four", {0, 14, 28, 42, 56, 70, 84, 112, END}, 140, "0", END},
    {"each as late as may be", {21, 42, 63, 84, 119, END}, 154, "0", END},
    {"the first a day late", {22, END}, 22, "1", 0},
    {"one in the middle a day late", {14, 36, 50, END}, 60, "1", 14},
    {"the last of the early ones a day late", {21, 42, 62, 83, 105, END}, 120, "1", 83},
    {"from the first late day on every four weeks", {21, 42, 63, 84, 119, END}, 119, "0", END},
    {"a day more than that", {21, 42, 63, 84, 120, END}, 120, "1", 84},
    {"the next is not due yet", {0, END}, 21, "0", END},
    {"the next did not come", {0, END}, 22, "1", 0},
    {"nothing but a result before day 1", {-3, END}, 22, "1", 0},
    {"that is no test of day 0", {-14, 18, END}, 30, "0", END},
    {"two gaps", {30, 60, END}, 70, "2", 0},
    {"twice on a day", {14, 14, 28, END}, 40, "0", END},
};

Test(monitoring, counts_tests_that_came_late)
{
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        again();
        s.horizon = s.line.first_dose + counts[i].horizon;
        for (int k = 0; counts[i].days[k] != END; k++)
            add_test(ANC, counts[i].days[k]);
        subject_derive(&s);
        cr_log_info("%s", counts[i].what);
        subject_expect_parameter(&s, "MONGAP_C", NULL, NULL, counts[i].gaps);
        expect_text(counts[i].what, subject_parameter(&s, "MONGAP_C", NULL, NULL)->date,
                    counts[i].first != END ? subject_date(&s, counts[i].first) : "");
        expect_text(counts[i].what, subject_parameter(&s, "MONGAP_C", NULL, NULL)->text, "ANC");
        subject_expect_parameter(&s, "MONGAP_T", NULL, NULL, "!NO_RESULTS");
    }
}

static const struct {
    const char *what;
    const char *end_of_treatment, *withdrawn, *death;
    const char *gaps;
} ends[] = {
    {"none", NULL, NULL, NULL, "1"},
    {"treatment ended when the next was due", "2024-02-05", NULL, NULL, "0"},
    {"treatment ended a day later", "2024-02-06", NULL, NULL, "1"},
    {"withdrawn when the next was due", NULL, "2024-02-05", NULL, "0"},
    {"died when the next was due", NULL, NULL, "2024-02-05", "0"},
    {"died a day later", NULL, NULL, "2024-02-06", "1"},
};

Test(monitoring, asks_for_nothing_after_the_end)
{
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        again();
        if (ends[i].end_of_treatment)
            s.line.end_of_treatment = subject_day(ends[i].end_of_treatment);
        if (ends[i].withdrawn)
            s.line.withdrawn = subject_day(ends[i].withdrawn);
        if (ends[i].death)
            subject_add(&s, "{'resourceType':'Patient','id':'p1','meta':{'versionId':'2'},'deceasedDateTime':'%s'}",
                        ends[i].death);
        s.facts[s.count - 1].delivery = 1;
        add_test(ANC, 0);
        subject_derive(&s);
        cr_log_info("%s", ends[i].what);
        subject_expect_parameter(&s, "MONGAP_C", NULL, NULL, ends[i].gaps);
    }
}

Test(monitoring, goes_by_the_concept_with_most_gaps)
{
    s.horizon = s.line.first_dose + 40;
    for (int day = 0; day <= 40; day += 10)
        add_test(ANC, day);
    add_test(PLT, 0);
    add_test(PLT, 35);
    subject_derive(&s);
    subject_expect_parameter(&s, "MONGAP_C", NULL, NULL, "1");
    expect_text("concept", subject_parameter(&s, "MONGAP_C", NULL, NULL)->text, "PLT");
}

Test(monitoring, has_a_rhythm_of_its_own_for_each_set)
{
    s.horizon = s.line.first_dose + 105;
    subject_add_value(&s, "tsh", TSH, "2024-01-15", "2.0", "m[IU]/L");
    subject_add_value(&s, "creatinine", "2160-0", "2024-01-15", "1.0", "mg/dL");
    subject_add_value(&s, "alt", "1742-6", "2024-01-15", "20", "U/L");
    subject_derive(&s);
    subject_expect_parameter(&s, "MONGAP_T", NULL, NULL, "0");
    subject_expect_parameter(&s, "MONGAP_R", NULL, NULL, "1");
    subject_expect_parameter(&s, "MONGAP_L", NULL, NULL, "1");
    s.horizon++;
    subject_derive(&s);
    subject_expect_parameter(&s, "MONGAP_T", NULL, NULL, "1");
}

Test(monitoring, takes_results_that_cannot_be_used_as_tests_done)
{
    s.horizon = s.line.first_dose + 40;
    add_test(ANC, 0);
    subject_add_visit(&s, "e", "2024-02-10");
    subject_add_value(&s, "odd", ANC, "2024-02-10", "3.0", "furlong"); /* day 26, in T30-01 */
    subject_add_value(&s, "gone", ANC, "2024-02-02", "3.0", "10*9/L");
    s.facts[s.count - 1].standing = GW_WITHDRAWN;
    subject_derive(&s);
    subject_expect(&s, "odd", "held UNIT_UNKNOWN");
    subject_expect_parameter(&s, "MONGAP_C", NULL, NULL, "1");
    subject_add_value(&s, "between", ANC, "2024-02-03", "3.0", "furlong"); /* day 19 */
    subject_derive(&s);
    subject_expect_parameter(&s, "MONGAP_C", NULL, NULL, "0");
    subject_expect(&s, "between", "outside_window BETWEEN_WINDOWS");
    subject_study(&s)->between_windows = GW_BETWEEN_NONE;
    subject_derive(&s);
    subject_expect_parameter(&s, "MONGAP_C", NULL, NULL, "1");
}

Test(monitoring, names_the_collected_results_around_its_gaps)
{
    const struct gw_row_derived *row;

    s.horizon = s.line.first_dose + 40;
    add_test(ANC, 0);
    add_test(ANC, 2); /* between windows: its day counts */
    add_test(ANC, 30);
    subject_add_visit(&s, "e", "2024-02-14");
    subject_derive(&s);
    subject_expect_parameter(&s, "MONGAP_C", NULL, NULL, "1");
    row = subject_parameter(&s, "MONGAP_C", NULL, NULL);
    expect_text("date", row ? row->date : NULL, "2024-01-17");
    expect_text("inputs", row ? row->inputs : NULL, subject_observation(&s, "751-8.30", "T30-01")->row_id);
    subject_expect(&s, "751-8.2", "outside_window BETWEEN_WINDOWS");
}

Test(monitoring, says_on_which_day_its_answer_changes)
{
    s.horizon = s.line.first_dose + 10;
    add_test(ANC, 0);
    subject_derive(&s);
    cr_expect(le(int, s.derived.next_day, s.line.first_dose + 22));
    s.horizon = s.line.first_dose + 21;
    subject_derive(&s);
    cr_expect(eq(int, s.derived.next_day, s.line.first_dose + 22));
}
