/*
 * One dose, hand-over or companion drug a day over an edge, and every cell of every table that is another then.
 *
 * Expected by hand from the rules: mappings/RULES.md 2, 5 and 14. Lenalidomide is planned at 525 mg in 28 days; a
 * percentage has six decimals. The subject was seen on days 30, 60 and 90, the data reach to day 100, and treatment
 * goes on.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/contrast.h"
#include "support/whole.h"

#define BASE  "P male 1950-03-01; V 30; V 60; V 90; "
#define TAKE  "L04AX04 S "
#define GO_ON TAKE "0..20 25; " TAKE "28..48 25; " TAKE "56..76 25; "

static void start_one(struct subject *s)
{
    subject_init(s);
    subject_trust_roster(s);
    whole_shorten(s, 3);
    s->horizon = s->line.first_dose + 100;
}

static const struct contrast_case doses[] = {
    {"the second of three cycles begins a day late", BASE TAKE "0..20 25; " TAKE "56..76 25; ", TAKE "28..48 25",
     TAKE "29..49 25",
     "exposures lenalidomide 25 d28 start: d28 -> d29\n"
     "exposures lenalidomide 25 d28 end: d48 -> d49\n"
     "cycles 2 start: d28 -> d29\n"
     "cycles 2 delay_days: 0 -> 1\n"
     "cycles 3 delay_days: 0 -> -1\n"
     "derived DEXCLASS||cycle-2 date: d28 -> d29\n"},
    /* 24 x 25 and 21 x 25 in 28 + 28 days; 21 x 25 and 23 x 25 in 26 + 28 */
    {"a gap of five days begins a cycle, one of four does not", BASE TAKE "0..20 25; ", TAKE "25..48 25",
     TAKE "26..48 25",
     "exposures lenalidomide 25 d25 start: d25 -> d26\n"
     "exposures lenalidomide 25 d25 cycle_no: 1 -> 2\n"
     "exposures lenalidomide 25 d25 cycle_day: 26 -> 1\n"
     "cycles 1 actual_mg: 600 -> 525\n"
     "cycles 1 rdi: 114.285714 -> 100\n"
     "cycles 2 start: d28 -> d26\n"
     "cycles 2 delay_days: 0 -> -2\n"
     "cycles 2 actual_mg: 525 -> 575\n"
     "cycles 2 rdi: 100 -> 109.523810\n"
     "derived DEXCLASS||cycle-2 date: d28 -> d26\n"
     "derived RDISTD value: 107.142857 -> 108.641975\n"
     "derived RDISTD date: d55 -> d53\n"
     "derived RDIEXP date: d55 -> d53\n"},
    /* 19 x 25 or 18 x 25 in the first cycle, 525 in the second */
    {"a hole of three days is an interruption, one of two is none", BASE TAKE "0..9 25; " TAKE "28..48 25; ",
     TAKE "12..20 25", TAKE "13..20 25",
     "+exposures lenalidomide 0 d10\n"
     "exposures lenalidomide 25 d12 start: d12 -> d13\n"
     "exposures lenalidomide 25 d12 cycle_day: 13 -> 14\n"
     "exposures lenalidomide 25 d12 change_type: nothing -> restart\n"
     "cycles 1 actual_mg: 475 -> 450\n"
     "cycles 1 rdi: 90.476190 -> 85.714286\n"
     "derived RDISTD value: 95.238095 -> 92.857143\n"},
    /* 20 x 25 or 19 x 25 */
    {"a day without is the same course, two are not", BASE TAKE "0..9 25; " TAKE "28..48 25; ", TAKE "11..20 25",
     TAKE "12..20 25",
     "exposures lenalidomide 25 d0 end: d20 -> d9\n"
     "exposures lenalidomide 25 d0 source_hashes: d4;d6 -> d4\n"
     "+exposures lenalidomide 25 d12\n"
     "cycles 1 actual_mg: 500 -> 475\n"
     "cycles 1 rdi: 95.238095 -> 90.476190\n"
     "derived RDISTD value: 97.619048 -> 95.238095\n"},
    /* 525 + 315 in 58 or 59 days */
    {"what begins on the day of the visit is told there, the day after at the next", BASE TAKE "0..20 25; ",
     TAKE "30..50 15", TAKE "31..51 15",
     "exposures lenalidomide 15 d30 start: d30 -> d31\n"
     "exposures lenalidomide 15 d30 end: d50 -> d51\n"
     "exposures lenalidomide 15 d30 reported_window: T30-01 -> T30-02\n"
     "cycles 2 start: d30 -> d31\n"
     "cycles 2 delay_days: 2 -> 3\n"
     "derived DEXCLASS||cycle-2 date: d30 -> d31\n"
     "derived RDISTD value: 77.241379 -> 75.932203\n"
     "derived RDISTD date: d57 -> d58\n"
     "derived RDIEXP date: d57 -> d58\n"},
    /* with the end the visits of days 60 and 90 lie in no window: the last that is told is that of day 30 */
    {"56 days without are treatment, 57 are its end", BASE TAKE "0..20 25; ", TAKE "28..44 25", TAKE "28..43 25",
     "subjects eot: nothing -> d43\n"
     "subjects eot_status: none -> provisional\n"
     "subjects eot_reason: nothing -> NO_SUPPLY\n"
     "-windows T30-02\n"
     "-windows T30-03\n"
     "-windows T90-01\n"
     "-windows T90-02\n"
     "-windows T90-03\n"
     "+windows EOT\n"
     "+windows FU\n"
     "+exceptions EOT_UNCONFIRMED d5\n"
     "exposures lenalidomide 25 d28 end: d44 -> nothing\n"
     "-exposures lenalidomide 0 d45\n"
     "cycles 2 actual_mg: 425 -> nothing\n"
     "cycles 2 rdi: 80.952381 -> nothing\n"
     "-derived DEXCLASS||cycle-2\n"
     "derived RDISTD value: 90.476190 -> 100\n"
     "derived RDISTD date: d55 -> d27\n"
     "derived RDISTD state: derived -> unconfirmed\n"
     "derived RDIEXP date: d55 -> d27\n"
     "derived ABXPROPH value: 0 -> nothing\n"
     "derived ABXPROPH text: NONE -> nothing\n"
     "derived ABXPROPH date: d83 -> d43\n"
     "derived ABXPROPH state: derived -> not_assessable\n"
     "derived ABXPROPH reason: nothing -> AWAITS_ASSESSMENT\n"
     "derived OS value: 90 -> 30\n"
     "derived OS date: d90 -> d30\n"
     "derived SPM value: 90 -> 30\n"
     "derived SPM date: d90 -> d30\n"
     "part d2: evidence -> outside_window BETWEEN_WINDOWS\n"
     "part d3: evidence -> outside_window BETWEEN_WINDOWS\n"},
};

Test(edges_exposure, change_what_a_dose_a_day_later_changes)
{
    contrast_check(doses, sizeof doses / sizeof *doses, start_one);
}

static const struct contrast_case companions[] = {
    {"what ended before the first window is none", BASE GO_ON, "J05AB01 S -30..-14 400 bid",
     "J05AB01 S -30..-15 400 bid",
     "-conmeds aciclovir\n"
     "part d7: delivered -> outside_window BEFORE_BASELINE\n"},
    {"a start on day 1 crosses, one before it does not", BASE GO_ON, "J05AB01 S 0..10 400 bid",
     "J05AB01 S -1..10 400 bid",
     "conmeds aciclovir d0 start: d0 -> nothing\n"
     "conmeds aciclovir d0 start_rel: nothing -> BEFORE\n"},
    {"what begins on the day of the visit is told there, the day after at the next", BASE GO_ON,
     "J05AB01 S 30..40 400 bid", "J05AB01 S 31..40 400 bid",
     "conmeds aciclovir d30 start: d30 -> d31\n"
     "conmeds aciclovir d30 reported_window: T30-01 -> T30-02\n"},
    {"an end after the last visit is not told yet", BASE GO_ON, "J05AB01 S 70..90 400 bid", "J05AB01 S 70..91 400 bid",
     "conmeds aciclovir d70 end: d90 -> nothing\n"
     "conmeds aciclovir d70 ongoing: nothing -> Y\n"},
};

Test(edges_exposure, change_what_a_companion_drug_a_day_later_changes)
{
    contrast_check(companions, sizeof companions / sizeof *companions, start_one);
}
