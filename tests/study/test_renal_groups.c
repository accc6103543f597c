/*
 * Renal groups at their cuts, in both spellings; between two ages; and the best of several clearances.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/subject.h"

#define WEIGHT     "29463-7"
#define CREATININE "2160-0"

static struct subject s;

static void start(void)
{
    subject_init(&s);
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(renal_groups, .init = start, .fini = stop);

/* A man of 68: his clearance is his weight through his creatinine, (140 - 68) x kg / (72 x mg/dL). */
static void add_kidneys(const char *kilograms, const char *creatinine)
{
    subject_add_patient(&s, "male", "1956-01-15");
    subject_add_value(&s, "w", WEIGHT, "2024-01-15", kilograms, "kg");
    subject_add_value(&s, "c", CREATININE, "2024-01-15", creatinine, "mg/dL");
}

static const struct {
    const char *kilograms, *creatinine; /* of both the quotient is the clearance */
    const char *inclusive, *strict;     /* the analysis group where exactly 60 is above, and where it is below */
} cuts[] = {
    {"60.1", "1.0", ">=60", ">60"},       {"60", "1.0", ">=60", "30-60"},   {"59.9", "1.0", "30-<60", "30-60"},
    {"60.002", "2.0", "30-<60", "30-60"}, {"60", "2.0", "30-<60", "30-60"}, {"59.998", "2.0", "<30", "<30"},
};

Test(renal_groups, end_where_their_cuts_do)
{
    for (size_t i = 0; i < 2 * sizeof cuts / sizeof *cuts; i++) {
        const bool strict = i % 2;

        stop();
        start();
        subject_study(&s)->renal.analysis_cut_inclusive = !strict;
        add_kidneys(cuts[i / 2].kilograms, cuts[i / 2].creatinine);
        subject_derive(&s);
        cr_log_info("%s kg, %s mg/dL", cuts[i / 2].kilograms, cuts[i / 2].creatinine);
        subject_expect_parameter(&s, "RENALGRP", "BASELINE", "analysis",
                                 strict ? cuts[i / 2].strict : cuts[i / 2].inclusive);
    }
}

/* Born in 1954: 69 or 70 on day 1. Of 51.12 kg and 1.0 mg/dL the clearance is 50.41 or 49.7. */
Test(renal_groups, ask_for_the_age_where_it_decides_between_two_of_dosing)
{
    subject_add_patient(&s, "male", "1954");
    subject_add_value(&s, "w", WEIGHT, "2024-01-15", "51.12", "kg");
    subject_add_value(&s, "c", CREATININE, "2024-01-15", "1.0", "mg/dL");
    subject_derive(&s);
    subject_expect_parameter(&s, "RENALGRP", "BASELINE", "dosing", "!AGE_AMBIGUOUS");
    subject_expect_parameter(&s, "RENALGRP", "BASELINE", "analysis", "30-<60");
    cr_expect(eq(sz, subject_items(&s, "AGE_AMBIGUOUS"), 1));
}

/* Day 120 is in a window of 30 days, day 80 in one of 90 alone: they stand in another order than their days. */
Test(renal_groups, are_best_first_on_the_earlier_day)
{
    add_kidneys("80", "4.0");
    subject_add_visit(&s, "e1", "2024-04-04");
    subject_add_visit(&s, "e2", "2024-05-14");
    subject_add_value(&s, "c1", CREATININE, "2024-04-04", "1.0", "mg/dL");
    subject_add_value(&s, "c2", CREATININE, "2024-05-14", "1.0", "mg/dL");
    subject_derive(&s);
    subject_expect_parameter(&s, "RENALRSP", NULL, NULL, "2");
    expect_text("date of the best", subject_parameter(&s, "RENALRSP", NULL, NULL)->date, "2024-04-04");
}

Test(renal_groups, call_no_failure_without_a_creatinine)
{
    const struct gw_row_subjects *row;

    subject_add_patient(&s, "male", "1956-01-15");
    subject_derive(&s);
    row = (const struct gw_row_subjects *)s.derived.rows.tables[GW_TABLE_subjects].rows[0];
    cr_expect(ne(int, row->renal_failure_177, 1));
    subject_expect_parameter(&s, "RENALGRP", "BASELINE", "analysis", "!NO_CREATININE");
}
