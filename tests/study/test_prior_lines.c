/*
 * Lines of treatment before the first dose, by drug records alone. Days count from the first dose.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/doses.h"

#define BORTEZOMIB "L01XG01"
#define MELPHALAN  "L01AA03"
#define DARA       "L01FC01" /* daratumumab */

static struct subject s;

static void start(void)
{
    subject_init(&s);
    subject_ask(&s, "PRIORLIN");
    subject_trust_roster(&s);
    subject_add_patient(&s, "male", "1954-01-15");
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(prior_lines, .init = start, .fini = stop);

static const struct {
    const char *what;
    struct {
        const char *atc, *records;
    } drugs[3];
    const char *lines, *text;
} cases[] = {
    {"one drug", {{BORTEZOMIB, "S -400..-200 2"}}, "1", "bortezomib"},
    {"two together", {{BORTEZOMIB, "S -400..-200 2"}, {MELPHALAN, "S -400..-200 9"}}, "1", "bortezomib;melphalan"},
    {"the second 28 days later",
     {{BORTEZOMIB, "S -400..-200 2"}, {MELPHALAN, "S -372..-200 9"}},
     "1",
     "bortezomib;melphalan"},
    {"the second 29 days later",
     {{BORTEZOMIB, "S -400..-200 2"}, {MELPHALAN, "S -371..-200 9"}},
     "!LINES_UNCLEAR",
     NULL},
    {"90 days apart", {{BORTEZOMIB, "S -400..-300 2"}, {DARA, "S -210..-100 16"}}, "!LINES_UNCLEAR", NULL},
    {"91 days apart", {{BORTEZOMIB, "S -400..-300 2"}, {DARA, "S -209..-100 16"}}, "2", "bortezomib;daratumumab"},
    {"the same drug again within the gap", {{BORTEZOMIB, "S -400..-300 2; S -280..-200 2"}}, "1", "bortezomib"},
    {"the same drug after a long pause", {{BORTEZOMIB, "S -900..-800 2; S -400..-300 2"}}, "2", "bortezomib"},
    {"three lines",
     {{BORTEZOMIB, "S -900..-800 2"}, {MELPHALAN, "S -600..-500 9"}, {DARA, "S -300..-200 16"}},
     "3",
     "bortezomib;melphalan;daratumumab"},
    {"begun with the study's drugs", {{DARA, "S 0..100 16"}}, "!NO_PRIOR_DRUGS", NULL},
    {"begun the day before", {{DARA, "S -1..100 16"}}, "1", "daratumumab"},
    {"ordered alone", {{BORTEZOMIB, "R -400..-200 2"}}, "!NO_PRIOR_DRUGS", NULL},
    {"a drug of another kind", {{"J05AB01", "S -400..-200 400"}}, "!NO_PRIOR_DRUGS", NULL},
    {"nothing told", {{NULL, NULL}}, "!NO_PRIOR_DRUGS", NULL},
};

Test(prior_lines, are_counted_where_records_show_them_clearly)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct gw_row_subjects *subject;
        const struct gw_row_derived *row;
        bool known = cases[i].lines[0] != '!';

        stop();
        start();
        for (int k = 0; k < 3 && cases[i].drugs[k].atc; k++)
            doses_add(&s, cases[i].drugs[k].atc, cases[i].drugs[k].records);
        subject_derive(&s);
        cr_log_info("%s", cases[i].what);
        subject_expect_parameter(&s, "PRIORLIN", NULL, NULL, cases[i].lines);
        row = subject_parameter(&s, "PRIORLIN", NULL, NULL);
        expect_text(cases[i].what, row ? row->text : NULL, known ? cases[i].text : "");
        expect_text(cases[i].what, row ? row->state : NULL, known ? "unconfirmed" : "not_assessable");
        subject = subject_row(&s);
        cr_expect(eq(int, subject->prior_lines, known ? cases[i].lines[0] - '0' : GW_NULL_INTEGER), "%s",
                  cases[i].what);
    }
}
