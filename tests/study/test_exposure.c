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
static struct gw_study study;

static void visit(int day)
{
    char id[16], text[11];

    snprintf(id, sizeof id, "v%d", day);
    gw_day_print(s.line.first_dose + day, text);
    subject_add_visit(&s, id, text);
}

static void start(void)
{
    subject_init(&s);
    study = *s.study;
    for (int r = 0; r < GW_RANK_COUNT; r++)
        study.d1_evidence[r] = r == GW_RANK_ROSTER;
    s.study = &study;
    s.horizon = s.line.first_dose + 70;
    subject_add(&s, "{'resourceType':'Patient','id':'p1','gender':'male','birthDate':'1950-03-01'}");
    visit(30);
    visit(60);
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
    {"a stop cuts the pack", "S 0..9 25 !; D 0 21x25/21", "0..9 25 QD stated L1 start; 10..20 0 - stated interrupted",
     "1@0 250 47.619048", ""},
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
    {"the same administration told twice", "A 0T08 25; A 0T08 25; S 1..20 25",
     "0..0 25 ONCE administered L1 start; 1..20 25 QD stated L1", "1@0 525 100", ""},
    {"two on a day without times", "A 0 10; A 0 15; S 1..20 25", "0..0 - - administered start; 1..20 25 QD stated L1",
     "1@0", "DOSE_CONFLICT"},
    {"of an earlier line", "S -100..-50 25; D 0 21x25/21", "0..20 25 QD dispensed L1 start", "1@0 525 100", ""},
    {"after the last visit", "D 0 21x25/21; D 28 21x25/21; D 61 21x25/21",
     "0..20 25 QD dispensed L1 start; 28..48 25 QD dispensed L1", "1@0 525 100; 2@28 525 100", ""},
};

static const char *codes_of_items(void)
{
    struct gw_text out = GW_TEXT_INIT(4096);
    const char *copy;

    for (size_t i = 0; i < s.derived.item_count; i++)
        if (!strstr(out.at, s.derived.items[i].code))
            gw_text_print(&out, "%s%s", out.length ? ";" : "", s.derived.items[i].code);
    copy = gw_arena_copy(&s.arena, out.at, out.length);
    gw_text_release(&out);
    return copy;
}

Test(exposure, is_made_of_the_best_evidence_for_each_day)
{
    for (size_t i = 0; i < sizeof histories / sizeof histories[0]; i++) {
        stop();
        start();
        doses_add(&s, LEN, histories[i].records);
        subject_derive(&s);
        expect_text(histories[i].name, doses_rows(&s, "lenalidomide"), histories[i].rows);
        expect_text(histories[i].name, doses_cycles(&s), histories[i].cycles);
        expect_text(histories[i].name, codes_of_items(), histories[i].items);
    }
}
