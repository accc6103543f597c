/*
 * Antibiotic prophylaxis in the first three cycles, 84 days of which 80 % are 68.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/doses.h"

static struct subject s;

static void start(void)
{
    subject_init(&s);
    subject_ask(&s, "ABXPROPH");
    subject_trust_roster(&s);
    subject_add_patient(&s, "male", "1954-01-15");
    subject_add_visit(&s, "v90", "2024-04-14"); /* the assessment that tells of all of the three cycles */
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(antibiotic_prophylaxis, .init = start, .fini = stop);

static const struct {
    const char *what;
    struct {
        const char *atc, *records;
    } drugs[2];
    const char *days, *text, *state;
} cases[] = {
    {"nothing", {{NULL, NULL}}, "0", "NONE", "derived"},
    {"levofloxacin on 68 days", {{"J01MA12", "S 0..67 500"}}, "68", "GIVEN", "derived"},
    {"on 67", {{"J01MA12", "S 0..66 500"}}, "67", "PARTIAL", "derived"},
    {"before and after the three cycles", {{"J01MA12", "S -20..-1 500; S 84..120 500"}}, "0", "NONE", "derived"},
    {"three days a week all along", {{"J01EE01", "S 0..83 960 3/wk"}}, "84", "GIVEN", "derived"},
    {"one drug after the other", {{"J01MA12", "S 0..39 500"}, {"J01EE01", "S 40..83 480"}}, "84", "GIVEN", "derived"},
    {"two drugs on the same days",
     {{"J01MA12", "S 0..39 500"}, {"J01EE01", "S 0..39 480"}},
     "40",
     "PARTIAL",
     "derived"},
    {"a drug for treatment", {{"J01CA04", "S 0..83 500"}}, "0", "NONE", "derived"},
    {"a drug that is not in the list", {{"J05AB01", "S 0..83 400 bid"}}, "0", "NONE", "derived"},
    {"ordered alone", {{"J01MA12", "R 0..83 500"}}, "84", "GIVEN", "unconfirmed"},
    {"as needed, on days that nobody knows", {{"J01MA12", "S 0..83 500 prn"}}, "0", "NONE", "derived"},
};

Test(antibiotic_prophylaxis, counts_the_days_of_the_first_cycles)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct gw_row_derived *row;

        stop();
        start();
        for (int k = 0; k < 2 && cases[i].drugs[k].atc; k++)
            doses_add(&s, cases[i].drugs[k].atc, cases[i].drugs[k].records);
        subject_derive(&s);
        cr_log_info("%s", cases[i].what);
        subject_expect_parameter(&s, "ABXPROPH", NULL, NULL, cases[i].days);
        row = subject_parameter(&s, "ABXPROPH", NULL, NULL);
        expect_text(cases[i].what, row ? row->text : NULL, cases[i].text);
        expect_text(cases[i].what, row ? row->state : NULL, cases[i].state);
    }
}

Test(antibiotic_prophylaxis, waits_for_the_cycles_to_be_over)
{
    doses_add(&s, "J01MA12", "S 0.. 500");
    s.horizon = s.line.first_dose + 82;
    subject_derive(&s);
    subject_expect_parameter(&s, "ABXPROPH", NULL, NULL, "!PERIOD_NOT_OVER");
    s.horizon++;
    subject_derive(&s);
    subject_expect_parameter(&s, "ABXPROPH", NULL, NULL, "!AWAITS_ASSESSMENT");
    s.horizon = s.line.first_dose + 90;
    subject_derive(&s);
    subject_expect_parameter(&s, "ABXPROPH", NULL, NULL, "84");
}

Test(antibiotic_prophylaxis, goes_by_the_cycles_there_were)
{
    subject_add_visit(&s, "e", "2024-05-07");                                       /* two days after the last dose */
    doses_add(&s, "L04AX04", "S 0..20 25; S 28..48 25; S 63..83 25; S 91..111 25"); /* the third cycle a week late */
    doses_add(&s, "J01MA12", "S 0.. 500");
    subject_derive(&s);
    subject_expect_parameter(&s, "ABXPROPH", NULL, NULL, "91");
}
