/*
 * Which weight a clearance is worked out with where several could be, and a creatinine that says nothing.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/subject.h"

#define CREATININE "2160-0"
#define WEIGHT     "29463-7"

static struct subject s;

/* A man of 70 who is seen on 14 April, in T90-01, which takes 30 March to 29 April. */
static void start(void)
{
    subject_init(&s);
    subject_ask(&s, "CRCLCG");
    subject_add_patient(&s, "male", "1954-01-15");
    subject_add_visit(&s, "e3", "2024-04-14");
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(clearance, .init = start, .fini = stop);

/* At 1.0 mg/dL: (140 - 70) x 70 / 72 = 68.1, with 80 kg 77.8. */
static const struct {
    const char *name;
    const char *seventy, *eighty; /* days of these weights */
    const char *clearance;
} weights[] = {
    {"before rather than after", "2024-04-01", "2024-04-20", "68.1"},
    {"before rather than after, told the other way round", "2024-04-20", "2024-04-01", "77.8"},
    {"the later of two before", "2024-04-01", "2024-04-10", "77.8"},
    {"the later of two before, told the other way round", "2024-04-10", "2024-04-01", "68.1"},
    {"the earlier of two after", "2024-04-16", "2024-04-20", "68.1"},
    {"two of one day: the smaller id", "2024-04-10", "2024-04-10", "68.1"},
    {"that of the very day", "2024-04-14", "2024-04-13", "68.1"},
};

Test(clearance, takes_the_latest_weight_before_else_the_nearest_after_among_those_of_windows)
{
    for (size_t i = 0; i < sizeof weights / sizeof *weights; i++) {
        stop();
        start();
        subject_add_value(&s, "c", CREATININE, "2024-04-14", "1.0", "mg/dL");
        subject_add_value(&s, "w70", WEIGHT, weights[i].seventy, "70", "kg");
        subject_add_value(&s, "w80", WEIGHT, weights[i].eighty, "80", "kg");
        subject_derive(&s);
        cr_log_info("%s", weights[i].name);
        subject_expect_parameter(&s, "CRCLCG", "T90-01", NULL, weights[i].clearance);
    }
}

/* A person took the value for possible; a clearance is none that could be told. */
Test(clearance, is_none_of_a_creatinine_of_nothing)
{
    subject_add_value(&s, "c", CREATININE, "2024-04-14", "0", "mg/dL");
    subject_add_value(&s, "w70", WEIGHT, "2024-04-14", "70", "kg");
    subject_decide(&s, "value", "Observation/c", "{'accept':true}");
    subject_derive(&s);
    subject_expect(&s, "c", "delivered");
    subject_expect_parameter(&s, "CRCLCG", "T90-01", NULL, "!CREATININE_NOT_EXACT");
}

Test(clearance, is_none_of_a_creatinine_below_a_bound)
{
    subject_add_value(&s, "c", CREATININE, "2024-04-14", "<0.5", "mg/dL");
    subject_add_value(&s, "w70", WEIGHT, "2024-04-14", "70", "kg");
    subject_derive(&s);
    subject_expect_parameter(&s, "CRCLCG", "T90-01", NULL, "!CREATININE_NOT_EXACT");
}
