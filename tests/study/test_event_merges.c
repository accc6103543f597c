/*
 * Events that a person says are one: what is left of both.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "support/subject.h"

static struct subject s;

static void start(void)
{
    subject_init(&s);
    subject_add_monthly_visits(&s, 5);
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(event_merges, .init = start, .fini = stop);

static void merge(const char *guest, const char *type, const char *id)
{
    subject_decide(
        &s, "event", guest,
        gw_arena_print(&s.arena, "{'merge_with':{'endpoint':'madrid','type':'%s','id':'%s','part':''}}", type, id));
}

/* The grades of all events, as "2024-02-20 3; ...". */
static const char *grades(void)
{
    const struct gw_row_list *const list = &s.derived.rows.tables[GW_TABLE_ae_grades];
    const char *text = "";

    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_ae_grades *const row = (const struct gw_row_ae_grades *)list->rows[i];

        text = gw_arena_print(&s.arena, "%s%s%s %d", text, *text ? "; " : "", row->date, row->grade);
    }
    return text;
}

/* A neutropenia of grade 3 from 20 February to 1 March, and platelets that are said to have fallen with it. */
static const struct {
    const char *name, *day, *platelets;
    int highest;
    const char *on, *grades;
} merged[] = {
    {"the guest was worse, on the same day", "2024-02-20", "20", 4, "2024-02-20", "2024-02-20 4"},
    {"the guest was worse, later", "2024-02-25", "20", 4, "2024-02-25", "2024-02-20 3; 2024-02-25 4"},
    {"the guest was no worse, on the same day", "2024-02-20", "40", 3, "2024-02-20", "2024-02-20 3"},
    {"the guest was no worse, later", "2024-02-25", "40", 3, "2024-02-20", "2024-02-20 3"},
};

Test(event_merges, have_the_highest_grade_of_both_and_the_course_that_shows_it)
{
    for (size_t i = 0; i < sizeof merged / sizeof *merged; i++) {
        stop();
        start();
        subject_add_lab(&s, "low", "751-8", "2024-02-20", "0.9");
        subject_add_lab(&s, "back", "751-8", "2024-03-01", "1.8");
        subject_add_lab(&s, "few", "777-3", merged[i].day, merged[i].platelets);
        subject_add_lab(&s, "many", "777-3", "2024-03-02", "300");
        merge("Observation/few", "Observation", "low");
        subject_derive(&s);
        cr_assert(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), 1), "%s", merged[i].name);
        expect_text(merged[i].name, subject_episode(&s, 0)->category, "NEUTROPENIA");
        cr_expect(eq(int, subject_episode(&s, 0)->max_grade, merged[i].highest), "%s", merged[i].name);
        expect_text(merged[i].name, subject_episode(&s, 0)->max_grade_date, merged[i].on);
        expect_text(merged[i].name, grades(), merged[i].grades);
        expect_text(merged[i].name, subject_episode(&s, 0)->end, "2024-03-02");
    }
}

Test(event_merges, go_on_where_the_guest_does)
{
    subject_add_condition(&s, "host", "D70.1", "2024-02-20", "2024-03-01");
    subject_add_condition(&s, "guest", "J18.9", "2024-02-25", NULL);
    merge("Condition/guest", "Condition", "host");
    subject_derive(&s);
    cr_assert(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), 1));
    cr_expect(subject_episode(&s, 0)->ongoing);
    expect_text("end", subject_episode(&s, 0)->end, "");
}

/* The values tell when the neutropenia was over: 1.8 on 1 March. */
Test(event_merges, end_by_values_where_the_host_is_one_of_values)
{
    subject_add_lab(&s, "low", "751-8", "2024-02-20", "0.9");
    subject_add_lab(&s, "back", "751-8", "2024-03-01", "1.8");
    subject_add_condition(&s, "guest", "J18.9", "2024-02-25", NULL);
    merge("Condition/guest", "Observation", "low");
    subject_derive(&s);
    cr_assert(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), 1));
    expect_text("category", subject_episode(&s, 0)->category, "NEUTROPENIA");
    cr_expect(not(subject_episode(&s, 0)->ongoing));
    expect_text("end", subject_episode(&s, 0)->end, "2024-03-01");
}

/* The count is evidence of a neutropenia and of a febrile one; the infection becomes part of one of them. */
Test(event_merges, join_one_of_two_that_a_record_is_evidence_of)
{
    subject_add_lab(&s, "low", "751-8", "2024-03-15T08:00:00+01:00", "0.4");
    subject_add_lab(&s, "back", "751-8", "2024-03-25T08:00:00+01:00", "1.8");
    subject_add_value(&s, "fever", "8310-5", "2024-03-15T10:00:00+01:00", "39.0", "Cel");
    subject_add_condition(&s, "guest", "J18.9", "2024-03-20", "2024-03-22");
    subject_derive(&s);
    cr_assert(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), 3));
    merge("Condition/guest", "Observation", "low");
    subject_derive(&s);
    cr_assert(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), 2));
    for (size_t i = 0; i < 2; i++)
        cr_expect(strcmp(subject_episode(&s, i)->category, "INFECTION") != 0);
    subject_expect(&s, "guest", "evidence");
}

Test(event_merges, leave_an_event_alone_that_is_to_be_one_with_itself)
{
    subject_add_condition(&s, "host", "D70.1", "2024-02-20", "2024-03-01");
    merge("Condition/host", "Condition", "host");
    subject_derive(&s);
    cr_expect(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), 1));
}
