/*
 * Exposures: what the records of a drug at home, put together day by day, make of doses, holes and changes. Days count
 * from the first dose; the subject was seen on days 0, 30 and 60, and the data reach to day 70.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "support/doses.h"

#define LEN "L04AX04"
#define DEX "H02AB02"

static struct subject s;

static void start(void)
{
    doses_init(&s);
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(exposure, .init = start, .fini = stop);

/* ---- histories ---- */

static const struct {
    const char *name;
    const char *records; /* of lenalidomide */
    const char *rows;
    const char *cycles;
    const char *items; /* codes, each once */
} histories[] = {
    /* one record */
    {"a pack of a cycle", "D 0 21x25/21", "0..20 25 QD dispensed L1 start", "1@0 525 100", ""},
    {"a pack for 28 days: 21 of dose, 7 of rest", "D 0 21x25/28", "0..20 25 QD dispensed L1 start", "1@0 525 100", ""},
    {"eleven capsules for 21 days: every other day", "D 0 11x15/21", "0..20 15 QOD dispensed L2 start",
     "1@0 165 31.428571", ""},
    {"eleven capsules for 22 days", "D 0 11x15/22", "0..20 15 QOD dispensed L2 start", "1@0 165 31.428571", ""},
    {"two capsules a day", "D 0 42x5/21", "0..20 5 BID dispensed L3 start", "1@0 210 40", ""},
    {"fifty capsules for 21 days: nobody knows how many a day", "D 0 50x5/21", "0..20 - QD dispensed start", "1@0",
     "DOSE_MISSING"},
    {"a pack with an instruction, its strength unknown", "D 0 /21 25", "0..20 25 QD dispensed L1 start", "1@0 525 100",
     ""},
    {"quantity, strength and dose decide before the days of supply", "D 0 42x5/42 10", "0..20 10 QD dispensed L3 start",
     "1@0 210 40", ""},
    {"by quantity and dose, every other day", "D 0 11x15/28 15 qod", "0..20 15 QOD dispensed L2 start",
     "1@0 165 31.428571", ""},
    {"a pack of which nobody knows the strength", "D 0 21/21", "0..20 - QD dispensed start", "1@0", "DOSE_MISSING"},
    {"a pack of which nobody knows anything", "D 0", "0..27 - QD dispensed start", "1@0", "DOSE_MISSING"},
    {"capsules whose number of days nobody wrote: one a day", "D 0 21x25", "0..20 25 QD dispensed L1 start",
     "1@0 525 100", ""},
    {"handed over two days before the first dose", "D -2 21x25/21", "0..20 25 QD dispensed L1 start", "1@0 525 100",
     ""},
    {"five days before", "D -5 21x25/21", "0..20 25 QD dispensed L1 start", "1@0 525 100", ""},
    {"one day before, every other day: from the first dose on", "D -1 11x15/21 15 qod",
     "0..20 15 QOD dispensed L2 start", "1@0 165 31.428571", ""},
    {"three days before, eleven capsules for 21 days", "D -3 11x15/21", "0..20 15 QOD dispensed L2 start",
     "1@0 165 31.428571", ""},
    {"a pack to be taken on 21 of 28 days", "D 0 21x25/28 25 21/28", "0..20 25 QD dispensed L1 start", "1@0 525 100",
     ""},
    {"the same, its quantity not told", "D 0 /28 25 21/28", "0..20 25 QD dispensed L1 start", "1@0 525 100", ""},
    {"capsules for two cycles", "D 0 42x25/56 25 21/28", "0..20 25 QD dispensed L1 start; 28..48 25 QD dispensed L1",
     "1@0 525 100; 2@28 525 100", ""},
    {"capsules for two cycles, handed over two days before the first dose: both from that dose on",
     "D -2 42x25/56 25 21/28", "0..20 25 QD dispensed L1 start; 28..48 25 QD dispensed L1", "1@0 525 100; 2@28 525 100",
     ""},
    {"capsules for two cycles, replaced in the first: of the second none is left",
     "D 0 42x25/56 25 21/28; D 10 21x15/21",
     "0..9 25 QD dispensed L1 start; 10..30 15 QD dispensed L2 step_down; 31..48 0 - dispensed interrupted",
     "1@0 520 99.047619; 2@28 45 8.571429", ""},
    {"capsules for two cycles, replaced in the rest between", "D 0 42x25/56 25 21/28; D 28 21x15/21",
     "0..20 25 QD dispensed L1 start; 28..48 15 QD dispensed L2 step_down", "1@0 525 100; 2@28 315 60", ""},
    {"capsules for two cycles, stopped in the rest between", "D 0 42x25/56 25 21/28; S 21..22 25 !",
     "0..20 25 QD dispensed L1 start; 21..22 25 QD stated L1", "1@0 575 109.523810", ""},
    {"capsules for a cycle and a half", "D 0 30x25 25 21/28",
     "0..20 25 QD dispensed L1 start; 28..36 25 QD dispensed L1; 37..48 0 - dispensed interrupted",
     "1@0 525 100; 2@28 225 42.857143", ""},
    {"stated for 21 days", "S 0..20 25", "0..20 25 QD stated L1 start", "1@0 525 100", ""},
    {"stated to begin earlier: cut at the first dose", "S -5..20 25", "0..20 25 QD stated L1 start", "1@0 525 100", ""},
    {"stated every other day", "S 0..20 15 qod", "0..20 15 QOD stated L2 start", "1@0 165 31.428571", ""},
    {"stated without a rhythm: daily, as the study gives it", "S 0..20 25 none", "0..20 25 QD stated L1 start",
     "1@0 525 100", ""},
    {"three days a week", "S 0..20 25 3/wk", "0..20 25 TIS stated L1 start", "1@0 225 42.857143", ""},
    {"21 days of 28", "S 0..48 25 21/28", "0..20 25 QD stated L1 start; 28..48 25 QD stated L1",
     "1@0 525 100; 2@28 525 100", ""},
    {"it goes on", "S 0.. 25", "0.. 25 QD stated L1 start", "1@0 700 133.333333; 2@28 700 133.333333; 3@56", ""},
    {"ended after the last visit", "S 0..62 25", "0.. 25 QD stated L1 start",
     "1@0 700 133.333333; 2@28 700 133.333333; 3@56", ""},
    {"ended on the day of the last visit", "S 0..60 25", "0..60 25 QD stated L1 start",
     "1@0 700 133.333333; 2@28 700 133.333333; 3@56", ""},
    {"a gram is a thousand mg", "S 0..20 0.025g", "0..20 25 QD stated L1 start", "1@0 525 100", ""},
    {"micrograms", "S 0..20 25000ug", "0..20 25.000 QD stated L1 start", "1@0 525 100", ""},
    {"two capsules of 5 mg", "S 0..20 2cap*5", "0..20 10 QD stated L3 start", "1@0 210 40", ""},
    {"capsules of no known strength", "S 0..20 1cap", "0..20 1 QD stated start", "1@0", "DOSE_MISSING"},
    {"digits stay as written", "S 0..20 25.0", "0..20 25.0 QD stated L1 start", "1@0 525 100", ""},
    {"ordered and nothing else", "R 0.. 25", "0.. 25 QD intended L1 start", "", ""},
    {"given once, and nothing for 70 days: treatment may have ended", "A 0 25", "0..0 25 ONCE administered L1 start",
     "1@0 25 4.761905", "EOT_UNCONFIRMED"},

    /* the ladder */
    {"a dose between two steps", "D 0 21x20/21", "0..20 20 QD dispensed start", "1@0 420 80", "DOSE_OFF_LADDER"},
    {"seven and a half", "D 0 21x7.5/21", "0..20 7.5 QD dispensed start", "1@0 157.5 30", "DOSE_OFF_LADDER"},
    {"the last step", "D 0 21x5/21", "0..20 5 QD dispensed L4 start", "1@0 105 20", ""},
    {"one step down", "D 0 21x25/21; D 28 21x15/21",
     "0..20 25 QD dispensed L1 start; 28..48 15 QD dispensed L2 step_down", "1@0 525 100; 2@28 315 60", ""},
    {"two steps down", "D 0 21x25/21; D 28 21x10/21",
     "0..20 25 QD dispensed L1 start; 28..48 10 QD dispensed L3 step_down", "1@0 525 100; 2@28 210 40", ""},
    {"a step up", "D 0 21x10/21; D 28 21x15/21", "0..20 10 QD dispensed L3 start; 28..48 15 QD dispensed L2 step_up",
     "1@0 210 40; 2@28 315 60", ""},
    {"from daily to every other day", "D 0 21x15/21; D 28 11x15/21",
     "0..20 15 QD dispensed L2 start; 28..48 15 QOD dispensed L2 step_down", "1@0 315 60; 2@28 165 31.428571", ""},
    {"from 15 every other day to 10 daily, as the table allows", "D 0 11x15/21; D 28 21x10/21",
     "0..20 15 QOD dispensed L2 start; 28..48 10 QD dispensed L3 step_up", "1@0 165 31.428571; 2@28 210 40", ""},

    /* cycles */
    {"the next pack on time", "D 0 21x25/21; D 28 21x25/21",
     "0..20 25 QD dispensed L1 start; 28..48 25 QD dispensed L1", "1@0 525 100; 2@28 525 100", ""},
    {"the next pack a week late", "D 0 21x25/21; D 35 21x25/21",
     "0..20 25 QD dispensed L1 start; 35..55 25 QD dispensed L1", "1@0 525 100; 2@35 +7", ""},
    {"the next pack before the rest is over", "D 0 21x25/21; D 25 21x25/21",
     "0..20 25 QD dispensed L1 start; 25..45 25 QD dispensed L1", "1@0 525 100; 2@25 -3 525 100", ""},
    {"four days of rest: no new cycle before it is due", "S 0..20 25; S 25..48 25",
     "0..20 25 QD stated L1 start; 25..48 25 QD stated L1", "1@0 600 114.285714; 2@28 525 100", ""},
    {"five days of rest", "S 0..20 25; S 26..46 25", "0..20 25 QD stated L1 start; 26..46 25 QD stated L1",
     "1@0 525 100; 2@26 -2 525 100", ""},
    {"a pack within an unbroken statement sets the cycle", "S 0..60 25; D 0 21x25/21; D 30 21x25/21",
     "0..60 25 QD stated L1 start", "1@0 750 142.857143; 2@30 +2 700 133.333333; 3@58", ""},

    /* holes */
    {"a day without: nothing", "S 0..9 25; S 11..20 25", "0..20 25 QD stated L1 start", "1@0 500 95.238095", ""},
    {"two days without: two rows, no interruption", "S 0..9 25; S 12..20 25",
     "0..9 25 QD stated L1 start; 12..20 25 QD stated L1", "1@0 475 90.476190", ""},
    {"three days without: an interruption", "S 0..9 25; S 13..20 25",
     "0..9 25 QD stated L1 start; 10..12 0 - stated interrupted; 13..20 25 QD stated L1 restart", "1@0 450 85.714286",
     ""},
    {"five days without within a cycle: a new one", "S 0..9 25; S 15..35 25",
     "0..9 25 QD stated L1 start; 10..14 0 - stated interrupted; 15..35 25 QD stated L1 restart",
     "1@0 250 47.619048; 2@15 -13 525 100", ""},
    {"three days before the rest", "S 0..17 25; S 28..48 25",
     "0..17 25 QD stated L1 start; 18..20 0 - stated interrupted; 28..48 25 QD stated L1 restart",
     "1@0 450 85.714286; 2@28 525 100", ""},
    {"two days before the rest", "S 0..18 25; S 28..48 25", "0..18 25 QD stated L1 start; 28..48 25 QD stated L1",
     "1@0 475 90.476190; 2@28 525 100", ""},
    {"interrupted, then less", "S 0..9 25; S 13..20 15",
     "0..9 25 QD stated L1 start; 10..12 0 - stated interrupted; 13..20 15 QD stated L2 step_down", "1@0 370 70.476190",
     ""},
    {"not given for a day", "S 0..20 25; N 5", "0..20 25 QD stated L1 start", "1@0 500 95.238095", ""},
    {"not taken for three days", "D 0 21x25/21; T 8..10",
     "0..7 25 QD dispensed L1 start; 8..10 0 - dispensed interrupted; 11..20 25 QD dispensed L1 restart",
     "1@0 450 85.714286", ""},
    {"not given is no word against given", "A 0 25; N 0; S 1..20 25",
     "0..0 25 ONCE administered L1 start; 1..20 25 QD stated L1", "1@0 525 100", ""},
    {"every other day", "A 0 15; A 2 15; A 4 15; A 6 15; A 8 15; A 10 15; A 12 15; A 14 15; A 16 15; A 18 15; A 20 15",
     "0..20 15 QOD administered L2 start", "1@0 165 31.428571", ""},
    {"every other day, two days without once",
     "A 0 15; A 2 15; A 4 15; A 7 15; A 9 15; A 11 15; A 13 15; A 15 15; A 17 15; A 19 15",
     "0..19 15 QOD administered L2 start", "1@0 150 28.571429", ""},
    {"every other day, three days without once",
     "A 0 15; A 2 15; A 4 15; A 8 15; A 10 15; A 12 15; A 14 15; A 16 15; A 18 15; A 20 15",
     "0..4 15 QOD administered L2 start; 5..7 0 - administered interrupted; 8..20 15 QOD administered L2 restart",
     "1@0 150 28.571429", ""},

    /* several kinds of record */
    {"given in hospital at another dose", "S 0..20 25; A 3 15",
     "0..2 25 QD stated L1 start; 3..3 15 ONCE administered L2 step_down; 4..20 25 QD stated L1 step_up",
     "1@0 515 98.095238", ""},
    {"given in hospital at the same dose", "S 0..20 25; A 3 25",
     "0..2 25 QD stated L1 start; 3..3 25 ONCE administered L1; 4..20 25 QD stated L1", "1@0 525 100", ""},
    {"a pack fills what nobody stated", "S 0..9 25; D 0 21x25/21",
     "0..9 25 QD stated L1 start; 10..20 25 QD dispensed L1", "1@0 525 100", ""},
    {"a stop cuts the pack", "S 0..14 25 !; D 0 21x25/21", "0..14 25 QD stated L1 start; 15..20 0 - stated interrupted",
     "1@0 375 71.428571", ""},
    {"an order beside a pack counts for nothing", "R 0.. 25; D 0 21x25/21", "0..20 25 QD dispensed L1 start",
     "1@0 525 100", ""},
    {"the next pack cuts the former", "D 0 28x25/28; D 21 21x15/21",
     "0..20 25 QD dispensed L1 start; 21..41 15 QD dispensed L2 step_down", "1@0 525 100; 2@21 -7 315 60", ""},
    {"a pack fetched early", "D 0 21x25/21; D 18 21x25/21",
     "0..38 25 QD dispensed L1 start; 39..48 0 - dispensed interrupted", "1@0 700 133.333333; 2@28 275 52.380952", ""},
    {"the same pack told twice", "D 0 21x25/21; D 0 21x25/21", "0..20 25 QD dispensed L1 start", "1@0 525 100", ""},
    {"two packs of different doses on one day", "D 0 21x25/21; D 0 21x15/21", "0..20 - - dispensed start", "1@0",
     "DOSE_CONFLICT"},
    {"two statements that contradict each other for some days", "S 0..20 25; S 15..20 15",
     "0..14 25 QD stated L1 start; 15..20 - - stated", "1@0", "DOSE_CONFLICT"},
    {"one of two statements knows no dose", "S 0..20; S 0..20 25", "0..20 25 QD stated L1 start", "1@0 525 100", ""},
    {"twice a day in hospital", "A 0T08 10; A 0T20 15; S 1..20 25",
     "0..0 25 ONCE administered L1 start; 1..20 25 QD stated L1", "1@0 525 100", ""},
    {"three times a day in hospital", "A 0T08 10; A 0T14 10; A 0T20 5; S 1..20 25",
     "0..0 25 ONCE administered L1 start; 1..20 25 QD stated L1", "1@0 525 100", ""},
    {"twice the same", "A 0T08 5; A 0T20 5; S 1..20 10", "0..0 5 BID administered L3 start; 1..20 10 QD stated L3",
     "1@0 210 40", ""},
    {"one of two statements does not know how often", "S 0..20 15 1-2; S 0..20 15 qod", "0..20 15 QOD stated L2 start",
     "1@0 165 31.428571", ""},
    {"the same administration told twice", "A 0T08 25; A 0T08 25; S 1..20 25",
     "0..0 25 ONCE administered L1 start; 1..20 25 QD stated L1", "1@0 525 100", ""},
    {"two on a day without times", "A 0 10; A 0 15; S 1..20 25", "0..0 - - administered start; 1..20 25 QD stated L1",
     "1@0", "DOSE_CONFLICT"},
    {"of an earlier line", "S -100..-50 25; D 0 21x25/21", "0..20 25 QD dispensed L1 start", "1@0 525 100", ""},
    {"after the last visit", "D 0 21x25/21; D 28 21x25/21; D 61 21x25/21",
     "0..20 25 QD dispensed L1 start; 28..48 25 QD dispensed L1", "1@0 525 100; 2@28 525 100", ""},
};

Test(exposure, is_made_of_the_best_evidence_for_each_day)
{
    for (size_t i = 0; i < sizeof histories / sizeof histories[0]; i++) {
        stop();
        start();
        doses_add(&s, LEN, histories[i].records);
        subject_derive(&s);
        expect_text(histories[i].name, doses_rows(&s, "lenalidomide"), histories[i].rows);
        expect_text(histories[i].name, doses_cycles(&s), histories[i].cycles);
        expect_text(histories[i].name, subject_item_codes(&s), histories[i].items);
    }
}

/* ---- where days are cut ---- */

static void add_deceased(int day)
{
    s.facts[0].patient.deceased = true;
    s.facts[0].patient.deceased_date = subject_date(&s, day);
}

static const struct {
    const char *name;
    const char *records;
    int end, death, withdrawn, cap_months; /* -1: none */
    const char *rows;
} cuts[] = {
    {"the end of treatment by the roster", "S 0..40 25", 33, -1, -1, 36,
     "0..33 25 QD stated L1 start; 34.. 0 - stated end"},
    {"on its very day", "S 0..33 25", 33, -1, -1, 36, "0..33 25 QD stated L1 start; 34.. 0 - stated end"},
    {"an end that nobody saw yet: so far an interruption", "S 0..40 25", 65, -1, -1, 36,
     "0..40 25 QD stated L1 start; 41..48 0 - stated interrupted"},
    {"death", "S 0.. 25", -1, 31, -1, 36, "0.. 25 QD stated L1 start"},
    {"death on the day of a visit", "S 0.. 25", -1, 30, -1, 36, "0..30 25 QD stated L1 start"},
    {"withdrawal", "S 0.. 25; S 31.. 15", -1, -1, 30, 36, "0..30 25 QD stated L1 start"},
    {"a cap of one month: 15 February, day 31", "S 0.. 25; S 32.. 15", -1, -1, -1, 1, "0.. 25 QD stated L1 start"},
};

Test(exposure, is_cut_by_what_ends_the_study_for_a_subject)
{
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        stop();
        start();
        subject_study(&s)->cap_months = cuts[i].cap_months;
        if (cuts[i].end >= 0)
            s.line.end_of_treatment = s.line.first_dose + cuts[i].end;
        if (cuts[i].end >= 0 && cuts[i].end < 60)
            subject_add_visit_after(&s, cuts[i].end + 3);
        if (cuts[i].death >= 0)
            add_deceased(cuts[i].death);
        if (cuts[i].withdrawn >= 0)
            s.line.withdrawn = s.line.first_dose + cuts[i].withdrawn;
        doses_add(&s, LEN, cuts[i].records);
        subject_derive(&s);
        expect_text(cuts[i].name, doses_rows(&s, "lenalidomide"), cuts[i].rows);
    }
}

/* The last visit, of day 60, falls into the hole of days 58 to 69. */
Test(exposure, tells_no_end_of_an_interruption_before_somebody_saw_it)
{
    doses_add(&s, LEN, "S 0..20 25; S 28..48 25; S 56..57 25; S 70..90 25");
    subject_derive(&s);
    expect_text("under way", doses_rows(&s, "lenalidomide"),
                "0..20 25 QD stated L1 start; 28..48 25 QD stated L1; 56..57 25 QD stated L1; "
                "58.. 0 - stated interrupted");
    subject_add_visit_after(&s, 86);
    s.horizon = s.line.first_dose + 90;
    subject_derive(&s);
    expect_text("over", doses_rows(&s, "lenalidomide"),
                "0..20 25 QD stated L1 start; 28..48 25 QD stated L1; 56..57 25 QD stated L1; "
                "58..69 0 - stated interrupted; 70.. 25 QD stated L1 restart");
}

Test(exposure, tells_why_the_treatment_ended)
{
    const struct gw_row_exposures *row = NULL;

    s.line.end_of_treatment = s.line.first_dose + 33;
    subject_add_visit_after(&s, 35);
    doses_add(&s, LEN, "S 0..33 25");
    subject_derive(&s);
    for (size_t i = 0; i < s.derived.rows.tables[GW_TABLE_exposures].count; i++) {
        row = (const struct gw_row_exposures *)s.derived.rows.tables[GW_TABLE_exposures].rows[i];
        if (gw_same(row->change_type, "end"))
            break;
    }
    cr_assert(row != NULL);
    expect_text("change", row->change_type, "end");
    expect_text("reason", row->change_reason, "ROSTER");
    expect_text("window", row->reported_window, "EOT");
    cr_expect(eq(int, row->cycle_day == GW_NULL_INTEGER ? 0 : row->cycle_day, 0), "%d", row->cycle_day);
}

/* ---- what becomes of each record ---- */

static const struct {
    const char *name;
    const char *records;
    const char *first, *second; /* states */
} states[] = {
    {"an order beside a pack", "D 0 21x25/21; R 0.. 25", "delivered", "evidence"},
    {"a pack under a statement", "S 0..20 25; D 0 21x25/21", "delivered", "evidence"},
    {"two that say the same", "S 0..20 25; S 0..20 25", "delivered", "delivered"},
    {"a dose that was not given, in an interruption", "D 0 21x25/21; T 8..10", "delivered", "evidence"},
    {"a dose that was not given after another kind of word for it", "S 0..20 25; T 25..26", "delivered",
     "not_in_scope STATUS_REFUSED"},
    {"of an earlier line", "D 0 21x25/21; S -100..-50 25", "delivered", "outside_window BEFORE_BASELINE"},
    {"not assessed yet", "D 0 21x25/21; D 61 21x25/21", "delivered", "outside_window AWAITS_ASSESSMENT"},
    {"still to come", "D 0 21x25/21; D 71 21x25/21", "delivered", "outside_window AWAITS_ASSESSMENT"},
    {"in the future", "D 0 21x25/21; D 75 21x25/21", "delivered", "held FUTURE_DATE"},
    {"without a dose: the row waits for it, not for the record", "D 0 21x25/21; D 28 21/21", "delivered", "delivered"},
};

Test(exposure, settles_every_record)
{
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        stop();
        start();
        doses_add(&s, LEN, states[i].records);
        subject_derive(&s);
        expect_text(states[i].name, subject_state(&s, "d3"), states[i].first);
        expect_text(states[i].name, subject_state(&s, "d4"), states[i].second);
    }
}

static const struct {
    const char *name;
    const char *record; /* beside a pack on day 0; %s: its members */
    const char *state;
    const char *items;
} doubtful[] = {
    {"a status that says nothing",
     "'resourceType':'MedicationStatement','status':'unknown','effectiveDateTime':'2024-02-14'", "held STATUS_UNKNOWN",
     "STATUS_UNKNOWN"},
    {"before the first window nobody is asked",
     "'resourceType':'MedicationStatement','status':'unknown','effectiveDateTime':'2022-02-14'",
     "outside_window BEFORE_BASELINE", ""},
    {"entered in error",
     "'resourceType':'MedicationStatement','status':'entered-in-error','effectiveDateTime':'2024-02-14'", "retracted",
     ""},
    {"a draft", "'resourceType':'MedicationRequest','status':'draft','intent':'order','authoredOn':'2024-02-14'",
     "not_in_scope STATUS_REFUSED", ""},
    {"a proposal", "'resourceType':'MedicationRequest','status':'active','intent':'proposal','authoredOn':'2024-02-14'",
     "not_in_scope STATUS_REFUSED", ""},
    {"a dispense declined", "'resourceType':'MedicationDispense','status':'declined','whenHandedOver':'2024-02-14'",
     "not_in_scope STATUS_REFUSED", ""},
    {"a dose on hold", "'resourceType':'MedicationAdministration','status':'on-hold','effectiveDateTime':'2024-02-14'",
     "not_in_scope STATUS_REFUSED", ""},
    {"a dose stopped, and nobody knows how much was given",
     "'resourceType':'MedicationAdministration','status':'stopped','effectiveDateTime':'2024-02-14'",
     "held DOSE_MISSING", "DOSE_MISSING"},
    {"no date", "'resourceType':'MedicationDispense','status':'completed'", "held DATE_MISSING", "DATE_MISSING"},
    {"a month", "'resourceType':'MedicationDispense','status':'completed','whenHandedOver':'2024-02'",
     "held PARTIAL_DATE", "PARTIAL_DATE"},
    {"a time without an offset",
     "'resourceType':'MedicationDispense','status':'completed','whenHandedOver':'2024-02-14T10:00:00'",
     "held TIME_WITHOUT_OFFSET", "TIME_WITHOUT_OFFSET"},
    {"an extension that changes what it means",
     "'resourceType':'MedicationDispense','status':'completed','whenHandedOver':'2024-02-14',"
     "'modifierExtension':[{'url':'urn:x','valueBoolean':true}]",
     "held MODIFIER_EXTENSION", "MODIFIER_EXTENSION"},
};

Test(exposure, asks_about_a_record_only_where_a_day_of_it_would_count)
{
    for (size_t i = 0; i < sizeof doubtful / sizeof doubtful[0]; i++) {
        stop();
        start();
        doses_add(&s, LEN, "D 0 21x25/21");
        subject_add(&s,
                    "{%s,'id':'x','subject':{'reference':'Patient/p1'},'medicationCodeableConcept':{'coding':["
                    "{'system':'http://www.whocc.no/atc','code':'L04AX04'}]}}",
                    doubtful[i].record);
        subject_derive(&s);
        expect_text(doubtful[i].name, subject_state(&s, "x"), doubtful[i].state);
        expect_text(doubtful[i].name, subject_item_codes(&s), doubtful[i].items);
    }
}

Test(exposure, asks_for_a_medication_that_is_not_there)
{
    subject_add(&s, "{'resourceType':'MedicationDispense','id':'x','status':'completed','whenHandedOver':'2024-02-14',"
                    "'subject':{'reference':'Patient/p1'},'medicationReference':{'reference':'Medication/none'}}");
    subject_add(&s,
                "{'resourceType':'MedicationDispense','id':'old','status':'completed','whenHandedOver':'2022-02-14',"
                "'subject':{'reference':'Patient/p1'},'medicationReference':{'reference':'Medication/none'}}");
    subject_derive(&s);
    subject_expect(&s, "x", "held MEDICATION_UNRESOLVED");
    subject_expect(&s, "old", "outside_window BEFORE_BASELINE");
    cr_expect(eq(sz, s.derived.item_count, 1));
}

/* ---- people ---- */

Test(exposure, takes_the_dose_that_a_person_tells)
{
    doses_add(&s, LEN, "D 0 21/21");
    subject_derive(&s);
    expect_text("nobody knows", doses_rows(&s, "lenalidomide"), "0..20 - QD dispensed start");
    cr_expect(eq(sz, subject_items(&s, "DOSE_MISSING"), 1));
    subject_decide(&s, "dose", "MedicationDispense/d3", "{'dose':'15'}");
    subject_derive(&s);
    expect_text("fifteen", doses_rows(&s, "lenalidomide"), "0..20 15 QD dispensed L2 start");
    expect_text("and its cycle", doses_cycles(&s), "1@0 315 60");
    cr_expect(eq(sz, subject_items(&s, "DOSE_MISSING"), 0));
}

Test(exposure, lets_a_person_settle_a_contradiction)
{
    doses_add(&s, LEN, "S 0..20 25; S 0..20 15");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "DOSE_CONFLICT"), 1));
    subject_decide(&s, "dose", "MedicationStatement/d4", "{'dose':'15'}");
    subject_derive(&s);
    expect_text("the second", doses_rows(&s, "lenalidomide"), "0..20 15 QD stated L2 start");
    cr_expect(eq(sz, subject_items(&s, "DOSE_CONFLICT"), 0));
}
