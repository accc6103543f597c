/*
 * An injected drug given by a schedule of steps and phases: its exposures, its levels, and its intensity in doses given
 * of doses due. Days count from the first dose.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/doses.h"

static struct subject s;

static void start(void)
{
    subject_init_at(&s, "elranatamab-rrmm", "madrid");
    s.horizon = s.line.first_dose + 30;
    subject_add_patient(&s, "male", "1950-03-01");
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(exposure_of_a_schedule, .init = start, .fini = stop);

static const struct {
    const char *name;
    const char *records;
    int horizon;
    const char *rows, *intensity, *items;
} injections[] = {
    {"as planned", "A 0 12; A 3 32; A 7 76; A 14 76; A 21 76", 27,
     "0..0 12 ONCE administered L1 start; 3..3 32 ONCE administered L2 step_up; 7..7 76 ONCE administered L3 step_up; "
     "14..14 76 ONCE administered L3; 21..21 76 ONCE administered L3",
     "100 (5 of 5, 5 on schedule)", ""},
    {"one left out", "A 0 12; A 3 32; A 7 76; A 21 76", 27,
     "0..0 12 ONCE administered L1 start; 3..3 32 ONCE administered L2 step_up; 7..7 76 ONCE administered L3 step_up; "
     "21..21 76 ONCE administered L3",
     "80 (4 of 5, 4 on schedule)", ""},
    {"three days late", "A 0 12; A 3 32; A 10 76; A 17 76", 20,
     "0..0 12 ONCE administered L1 start; 3..3 32 ONCE administered L2 step_up; 10..10 76 ONCE administered L3 "
     "step_up; 17..17 76 ONCE administered L3",
     "75 (3 of 4, 2 on schedule)", ""},
    {"the second two days after the first, as the label allows", "A 0 12; A 2 32", 6,
     "0..0 12 ONCE administered L1 start; 2..2 32 ONCE administered L2 step_up", "100 (2 of 2, 2 on schedule)", ""},
    {"one day after it", "A 0 12; A 1 32", 6,
     "0..0 12 ONCE administered L1 start; 1..1 32 ONCE administered L2 step_up", "100 (2 of 2, 2 on schedule)",
     "DOSE_OFF_LADDER"},
    {"weekly doses five days apart", "A 0 12; A 3 32; A 7 76; A 12 76", 16,
     "0..0 12 ONCE administered L1 start; 3..3 32 ONCE administered L2 step_up; 7..7 76 ONCE administered L3 step_up; "
     "12..12 76 ONCE administered L3",
     "100 (4 of 4, 4 on schedule)", "DOSE_OFF_LADDER"},
    {"a dose that the schedule does not have", "A 0 12; A 3 44", 6,
     "0..0 12 ONCE administered L1 start; 3..3 44 ONCE administered step_up", "100 (2 of 2, 2 on schedule)",
     "DOSE_OFF_LADDER"},
    {"nothing due yet", "A 0 12", 1, "0..0 12 ONCE administered L1 start", "NO_DOSE_DUE", ""},
};

Test(exposure_of_a_schedule, is_counted_in_doses)
{
    for (size_t i = 0; i < sizeof injections / sizeof injections[0]; i++) {
        const struct gw_row_derived *row;

        stop();
        start();
        s.horizon = s.line.first_dose + injections[i].horizon;
        doses_add(&s, "L01FX32", injections[i].records);
        subject_derive(&s);
        expect_text(injections[i].name, doses_rows(&s, "elranatamab"), injections[i].rows);
        expect_text(injections[i].name, subject_item_codes(&s), injections[i].items);
        row = subject_parameter(&s, "RDISTD", NULL, NULL);
        cr_assert(row != NULL, "%s", injections[i].name);
        expect_text(injections[i].name,
                    row->reason ? row->reason : gw_arena_print(&s.arena, "%s (%s)", row->value, row->text),
                    injections[i].intensity);
    }
}

/* A study whose weekly doses are none of the step-up's. */
Test(exposure_of_a_schedule, has_the_levels_of_its_phases_behind_those_of_its_first_doses)
{
    struct gw_dose_phase phase;
    struct gw_study changed;

    changed = *s.study;
    phase = changed.schedule.phases.items[0];
    phase.mg = gw_decimal_from_int(44);
    changed.schedule.phases.items = &phase;
    changed.schedule.phases.count = 1;
    s.study = &changed;
    doses_add(&s, "L01FX32", "A 0 12; A 3 32; A 7 76; A 14 44");
    subject_derive(&s);
    expect_text(
        "levels", doses_rows(&s, "elranatamab"),
        "0..0 12 ONCE administered L1 start; 3..3 32 ONCE administered L2 step_up; 7..7 76 ONCE administered L3 "
        "step_up; 14..14 44 ONCE administered L4 step_down");
    expect_text("items", subject_item_codes(&s), "");
}

/* Three steps and 22 weekly doses to week 24. Then 12 every two weeks and the one of week 49, or 24 and 4 weekly ones.
 */
static const struct {
    const char *name;
    const char *serum; /* M protein on days 70 and 77, of 40 g/L before; NULL: not measured */
    const char *intensity;
} answers[] = {
    {"a response", "20", "0 of 38, 0 on schedule"},
    {"none", "30", "0 of 53, 0 on schedule"},
    {"not known", NULL, "0 of 25, 0 on schedule"},
};

Test(exposure_of_a_schedule, is_counted_by_the_phases_of_who_responds)
{
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        stop();
        start();
        s.horizon = s.line.first_dose + 400;
        subject_add_value(&s, "m0", "33358-3", "2024-01-10", "40", "g/L");
        if (answers[i].serum) {
            subject_add_value(&s, "m1", "33358-3", "2024-03-25", answers[i].serum, "g/L");
            subject_add_value(&s, "m2", "33358-3", "2024-04-01", answers[i].serum, "g/L");
        }
        subject_derive(&s);
        expect_text(answers[i].name, subject_parameter(&s, "RDISTD", NULL, NULL)->text, answers[i].intensity);
    }
}

Test(exposure_of_a_schedule, is_collected_in_its_week)
{
    doses_add(&s, "L01FX32", "A 0 12; A 3 32; A 7 76");
    subject_derive(&s);
    for (size_t i = 0; i < 3; i++) {
        const struct gw_row_exposures *row =
            (const struct gw_row_exposures *)s.derived.rows.tables[GW_TABLE_exposures].rows[i];

        expect_text(row->dose, row->reported_window, gw_same(row->dose, "76") ? "W02" : "W01");
    }
    cr_expect(eq(sz, s.derived.rows.tables[GW_TABLE_cycles].count, 0));
}
