/*
 * The age of a subject whose birth date is partial, as a person told it.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/subject.h"

static struct subject s;

static void start(void)
{
    subject_init(&s);
    subject_ask(&s, "CRCLCG;RENALGRP");
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(age, .init = start, .fini = stop);

/*
 * Born in 1954: 70 on day 1, 2024-01-15, up to a birthday of 15 January, else 69. A man of 80 kg with a creatinine of
 * 1.3 mg/dL: (140 - 69) x 80 / (72 x 1.3) = 60.7, (140 - 70) x 80 / (72 x 1.3) = 59.8.
 */
static const struct {
    const char *told, *clearance, *group;
    size_t asked;
} ages[] = {
    {"69", "60.7", ">=60", 0},
    {"70", "59.8", "30-<60", 0},
    {"68", "!PARTIAL_BIRTH_DATE", "!AGE_AMBIGUOUS", 1}, /* no day of 1954 makes him as old */
    {"71", "!PARTIAL_BIRTH_DATE", "!AGE_AMBIGUOUS", 1},
    {"40", "!PARTIAL_BIRTH_DATE", "!AGE_AMBIGUOUS", 1},
};

Test(age, is_taken_from_a_person_where_the_birth_date_allows_it)
{
    for (size_t i = 0; i < sizeof ages / sizeof *ages; i++) {
        stop();
        start();
        subject_add_patient(&s, "male", "1954");
        subject_add_value(&s, "w", "29463-7", "2024-01-15", "80", "kg");
        subject_add_value(&s, "c", "2160-0", "2024-01-15", "1.3", "mg/dL");
        subject_decide(&s, "age", "", gw_arena_print(&s.arena, "{'age':%s}", ages[i].told));
        subject_derive(&s);
        cr_log_info("%s", ages[i].told);
        subject_expect_parameter(&s, "CRCLCG", "BASELINE", NULL, ages[i].clearance);
        subject_expect_parameter(&s, "RENALGRP", "BASELINE", "analysis", ages[i].group);
        cr_expect(eq(sz, subject_items(&s, "AGE_AMBIGUOUS"), ages[i].asked), "%s", ages[i].told);
    }
}

/* The day of birth is known: nobody's word changes it. */
Test(age, of_a_whole_birth_date_is_not_told_by_anybody)
{
    subject_add_patient(&s, "male", "1954-01-15");
    subject_add_value(&s, "w", "29463-7", "2024-01-15", "80", "kg");
    subject_add_value(&s, "c", "2160-0", "2024-01-15", "1.3", "mg/dL");
    subject_decide(&s, "age", "", "{'age':69}");
    subject_derive(&s);
    subject_expect_parameter(&s, "CRCLCG", "BASELINE", NULL, "59.8");
}
