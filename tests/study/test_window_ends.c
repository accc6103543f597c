/*
 * Where windows lie and end: by study day, by the earlier of death and withdrawal, and after death by what would have
 * ended them in life. Day 1 is 2024-01-15.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/subject.h"

static struct subject s;

static void start(void)
{
    subject_init(&s);
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(window_ends, .init = start, .fini = stop);

/* In days from the first dose: "25..35", "none". */
static const char *days_of(const char *window)
{
    const struct gw_row_windows *row = subject_window(&s, window);

    return row ? gw_arena_print(&s.arena, "%d..%d", row->low, row->high) : "none";
}

/* Day 30 after day 1 is 2024-02-14, study day 30 the day before; treatment ends on 2024-06-20. */
static const struct {
    const char *window, *elapsed, *study_day;
} bases[] = {
    {"BASELINE", "-14..0", "-14..0"}, {"T30-01", "25..35", "24..34"}, {"T90-01", "75..105", "74..104"},
    {"EOT", "157..162", "157..162"},  {"FU", "232..262", "232..262"},
};

Test(window_ends, move_by_study_day_where_they_repeat_from_day_1)
{
    for (int basis = 0; basis < 2; basis++) {
        stop();
        start();
        subject_add_patient(&s, "male", "1950-03-01");
        subject_study(&s)->day_basis_study_day = basis;
        s.line.end_of_treatment = subject_day("2024-06-20");
        subject_derive(&s);
        for (size_t i = 0; i < sizeof bases / sizeof *bases; i++)
            expect_text(bases[i].window, days_of(bases[i].window), basis ? bases[i].study_day : bases[i].elapsed);
    }
}

static const struct {
    const char *what, *death, *withdrawn, *days;
} ends[] = {
    {"neither", NULL, NULL, "25..35"},
    {"death alone", "2024-02-12", NULL, "25..28"},
    {"withdrawal alone", NULL, "2024-02-11", "25..27"},
    {"death first", "2024-02-10", "2024-02-11", "25..26"},
    {"withdrawal first", "2024-02-12", "2024-02-11", "25..27"},
    {"both on one day", "2024-02-12", "2024-02-12", "25..28"},
    {"death before it", "2024-02-08", NULL, "none"},
};

Test(window_ends, are_the_earlier_of_death_and_withdrawal)
{
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        stop();
        start();
        if (ends[i].death)
            subject_add(&s, "{'resourceType':'Patient','id':'p1','deceasedDateTime':'%s'}", ends[i].death);
        else
            subject_add_patient(&s, "male", "1950-03-01");
        if (ends[i].withdrawn)
            s.line.withdrawn = subject_day(ends[i].withdrawn);
        subject_derive(&s);
        expect_text(ends[i].what, days_of("T30-01"), ends[i].days);
    }
}

/*
 * The cap of 6 months is 2024-07-15. Treatment ended on 2024-04-10, so that follow-up is 2024-06-24 to 07-24, and death
 * is 2024-07-01: what a window would have taken but for death asks a person.
 */
static const struct {
    const char *day;
    bool cut; /* the cap ends follow-up too */
    const char *state;
} afterwards[] = {
    {"2024-07-10", false, "held AFTER_DEATH"},
    {"2024-07-10", true, "held AFTER_DEATH"},
    {"2024-07-20", false, "held AFTER_DEATH"},
    {"2024-07-20", true, "outside_window AFTER_36_MONTHS"},
};

Test(window_ends, would_have_been_those_of_the_cap)
{
    for (size_t i = 0; i < sizeof afterwards / sizeof *afterwards; i++) {
        struct gw_study *study;

        stop();
        start();
        study = subject_study(&s);
        study->cap_months = 6;
        study->cap_applies_to_follow_up = afterwards[i].cut;
        s.line.end_of_treatment = subject_day("2024-04-10");
        subject_add(&s, "{'resourceType':'Patient','id':'p1','deceasedDateTime':'2024-07-01'}");
        subject_add_lab(&s, "v", "751-8", afterwards[i].day, "2.1");
        subject_derive(&s);
        cr_log_info("%s", afterwards[i].day);
        subject_expect(&s, "v", afterwards[i].state);
    }
}
