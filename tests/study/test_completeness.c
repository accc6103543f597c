/*
 * Whether a subject was observed as long as planned. The schedule of elranatamab has 364 days, 15 January 2024 to 12
 * January 2025; who was seen at most 28 days before its last day, from 15 December on, was followed to the end.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "support/subject.h"

static struct subject s;

static void start(void)
{
    subject_init_at(&s, "elranatamab-rrmm", "madrid");
    subject_add_patient(&s, "male", "1950-03-01");
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(completeness, .init = start, .fini = stop);

static const struct {
    const char *name;
    const char *seen, *death, *withdrawn, *horizon; /* NULL: not */
    const char *expected, *date;
} courses[] = {
    {"seen on the last day", "2025-01-12", NULL, NULL, "2025-06-01", "364 COMPLETE", "2025-01-12"},
    {"seen 28 days before it", "2024-12-15", NULL, NULL, "2025-06-01", "364 COMPLETE", "2025-01-12"},
    {"seen 29 days before it", "2024-12-14", NULL, NULL, "2025-06-01", "335 INCOMPLETE", "2024-12-14"},
    {"seen after it only", "2025-01-13", NULL, NULL, "2025-06-01", "!NO_CONTACT", "2024-01-15"},
    {"on the last day itself", "2025-01-12", NULL, NULL, "2025-01-12", "364 COMPLETE", "2025-01-12"},
    {"the day before", "2025-01-11", NULL, NULL, "2025-01-11", "363 ONGOING", "2025-01-11"},
    {"half way", "2024-06-03", NULL, NULL, "2024-06-30", "141 ONGOING", "2024-06-03"},
    {"seen on day 1 alone", "2024-01-15", NULL, NULL, "2025-06-01", "1 INCOMPLETE", "2024-01-15"},
    {"death", "2024-06-03", "2024-06-10", NULL, "2025-06-01", "148 DIED", "2024-06-10"},
    {"death on the last day", "2024-06-03", "2025-01-12", NULL, "2025-06-01", "364 DIED", "2025-01-12"},
    {"death after the schedule", "2024-06-03", "2025-01-13", NULL, "2025-06-01", "141 INCOMPLETE", "2024-06-03"},
    {"withdrawal", "2024-06-03", NULL, "2024-06-10", "2025-06-01", "148 WITHDRAWN", "2024-06-10"},
    {"withdrawal, then death", "2024-06-03", "2024-07-01", "2024-06-10", "2025-06-01", "148 WITHDRAWN", "2024-06-10"},
    {"never seen", NULL, NULL, NULL, "2025-06-01", "!NO_CONTACT", "2024-01-15"},
};

Test(completeness, is_told_by_the_last_contact_death_or_withdrawal)
{
    for (size_t i = 0; i < sizeof courses / sizeof courses[0]; i++) {
        const struct gw_row_derived *row;

        stop();
        start();
        s.horizon = subject_day(courses[i].horizon);
        s.facts[0].patient.deceased = courses[i].death != NULL;
        s.facts[0].patient.deceased_date = courses[i].death;
        if (courses[i].withdrawn)
            s.line.withdrawn = subject_day(courses[i].withdrawn);
        if (courses[i].seen)
            subject_add_visit(&s, "v", courses[i].seen);
        subject_derive(&s);
        row = subject_parameter(&s, "COMPLETE", NULL, NULL);
        cr_assert(row != NULL, "%s", courses[i].name);
        expect_text(courses[i].name,
                    row->reason ? gw_arena_print(&s.arena, "!%s", row->reason)
                                : gw_arena_print(&s.arena, "%s %s", row->value, row->text),
                    courses[i].expected);
        expect_text(courses[i].name, row->date, courses[i].date);
    }
}

Test(completeness, is_judged_again_on_the_last_planned_day)
{
    s.horizon = subject_day("2025-01-10");
    subject_add_visit(&s, "v", "2025-01-08");
    subject_derive(&s);
    cr_expect(eq(int, s.derived.next_day, subject_day("2025-01-12")));
}

Test(completeness, is_no_parameter_of_a_study_that_does_not_ask)
{
    subject_study(&s)->completeness.on = false;
    subject_add_visit(&s, "v", "2025-01-08");
    subject_derive(&s);
    cr_expect(subject_parameter(&s, "COMPLETE", NULL, NULL) == NULL);
}
