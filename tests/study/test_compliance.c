/*
 * Visit compliance: the state of each window on every day of a subject's course.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "support/subject.h"

static struct subject s;

/* Day 1 on 15 January 2024; treatment ends on 10 May, elapsed 116. Seen four times. */
static void start(void)
{
    subject_init(&s);
    subject_add_patient(&s, "female", "1950-03-01");
    s.line.end_of_treatment = subject_day("2024-05-10");
    subject_add_visit(&s, "e1", "2024-02-12");
    subject_add_visit(&s, "e2", "2024-03-25"); /* between windows of the first grid, before the second's */
    subject_add_visit(&s, "e3", "2024-04-14");
    subject_add_visit(&s, "e4", "2024-05-12");
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(compliance, .init = start, .fini = stop, .timeout = 120);

/* A contact dated the day after the horizon counts, as a value does; later ones are FUTURE_DATE. */
static const struct {
    const char *window, *opens, *seen, *closes; /* first day, day from which the contact is known, last day */
    const char *after;                          /* over without a contact */
    const char *truncated_by;
} courses[] = {
    {"BASELINE", "2024-01-01", "2024-01-01", "2024-01-15", NULL, ""},
    {"T30-01", "2024-02-09", "2024-02-11", "2024-02-19", NULL, ""},
    {"T30-02", "2024-03-10", NULL, "2024-03-20", "missed", ""},
    {"T30-03", "2024-04-09", "2024-04-13", "2024-04-19", NULL, ""},
    {"T30-04", "2024-05-09", NULL, "2024-05-09", "truncated", "EOT"},
    {"T90-01", "2024-03-30", "2024-04-13", "2024-04-29", NULL, ""},
    {"EOT", "2024-05-10", "2024-05-11", "2024-05-15", NULL, ""},
    {"FU", "2024-07-24", NULL, "2024-08-23", "missed", ""},
};

#define COURSES (sizeof courses / sizeof courses[0])

static const char *wanted_state(size_t i, gw_day horizon)
{
    if (horizon < subject_day(courses[i].opens))
        return "future";
    if (courses[i].seen && horizon >= subject_day(courses[i].seen))
        return "collected";
    return horizon <= subject_day(courses[i].closes) ? "open" : courses[i].after;
}

Test(compliance, changes_on_the_days_the_schedule_says_and_on_no_other)
{
    struct gw_text before = GW_TEXT_INIT(4 << 20), now = GW_TEXT_INIT(4 << 20);
    gw_day promised = GW_DAY_MIN;
    size_t steps = 0;

    for (s.horizon = subject_day("2023-12-20"); s.horizon <= subject_day("2024-10-01"); s.horizon++) {
        char day[11];

        gw_day_print(s.horizon, day);
        subject_derive(&s);
        cr_expect(eq(sz, s.derived.rows.tables[GW_TABLE_windows].count, COURSES), "%s", day);
        for (size_t i = 0; i < COURSES; i++) {
            const struct gw_row_windows *row = subject_window(&s, courses[i].window);

            cr_assert(row != NULL, "%s on %s", courses[i].window, day);
            expect_text(gw_arena_print(&s.arena, "%s on %s", courses[i].window, day), row->state,
                        wanted_state(i, s.horizon));
            expect_text(courses[i].window, row->truncation_reason, courses[i].truncated_by);
        }
        gw_text_clear(&now);
        gw_rows_write(&s.derived.rows, &now);
        if (promised != GW_DAY_MIN && (promised == GW_NO_DAY || s.horizon < promised))
            cr_expect(strcmp(before.at, now.at) == 0, "the rows changed on %s, not told", day);
        steps += promised == s.horizon && strcmp(before.at, now.at) != 0;
        gw_text_clear(&before);
        gw_text_append(&before, now.at, now.length);
        promised = s.derived.next_day;
    }
    /* each window opens (BASELINE with a contact at once), four are seen, four close unseen; some on one day */
    cr_expect(gt(sz, steps, 12));
    cr_expect(eq(int, promised, GW_NO_DAY), "nothing more will change");
    gw_text_release(&before);
    gw_text_release(&now);
}

static const struct {
    const char *name, *visit, *death, *withdrawn;
    const char *state, *truncated_by;
} cuts[] = {
    /* T30-02, 10 to 20 March, on 31 December */
    {"missed", NULL, NULL, NULL, "missed", ""},
    {"collected", "2024-03-20", NULL, NULL, "collected", ""},
    {"cut by death, not seen before", NULL, "2024-03-14", NULL, "truncated", "DEATH"},
    {"cut by death, seen before", "2024-03-10", "2024-03-14", NULL, "collected", "DEATH"},
    {"a visit after death", "2024-03-15", "2024-03-14", NULL, "truncated", "DEATH"},
    {"cut by withdrawal", NULL, NULL, "2024-03-10", "truncated", "WITHDRAWAL"},
    {"a visit on the day of withdrawal", "2024-03-10", NULL, "2024-03-10", "collected", "WITHDRAWAL"},
    {"death on its last day cuts nothing", NULL, "2024-03-20", NULL, "missed", ""},
    {"nothing left of it", NULL, "2024-03-09", NULL, "none", ""},
};

Test(compliance, tells_a_window_cut_short_from_one_missed)
{
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        const struct gw_row_windows *row;

        stop();
        subject_init(&s);
        subject_add_patient(&s, "female", "1950-03-01");
        s.facts[0].patient.deceased = cuts[i].death != NULL;
        s.facts[0].patient.deceased_date = cuts[i].death;
        if (cuts[i].withdrawn)
            s.line.withdrawn = subject_day(cuts[i].withdrawn);
        if (cuts[i].visit)
            subject_add_visit(&s, "e", cuts[i].visit);
        subject_derive(&s);
        row = subject_window(&s, "T30-02");
        expect_text(cuts[i].name, row ? row->state : "none", cuts[i].state);
        expect_text(cuts[i].name, row ? row->truncation_reason : "", cuts[i].truncated_by);
    }
}
