/*
 * The Charlson index on day 1 (2024-01-15). Weights: Charlson 1987.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/subject.h"

static struct subject s;

static void start(void)
{
    subject_init(&s);
    subject_ask(&s, "CHARLSON");
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(charlson, .init = start, .fini = stop);

static void again(void)
{
    stop();
    start();
}

static const struct {
    const char *what;
    const char *codes[5];
    const char *index, *groups;
} cases[] = {
    {"the index disease alone", {"C90.00"}, "0", ""},
    {"a disease of no group", {"I10"}, "0", ""},
    {"infarction", {"I21.4"}, "1", "mi"},
    {"heart failure", {"I50.9"}, "1", "chf"},
    {"vascular disease", {"I70.0"}, "1", "pvd"},
    {"stroke", {"I63.9"}, "1", "cevd"},
    {"dementia", {"G30.9"}, "1", "dementia"},
    {"lung disease", {"J44.9"}, "1", "cpd"},
    {"rheumatic disease", {"M05.9"}, "1", "rheumd"},
    {"ulcer", {"K26.9"}, "1", "pud"},
    {"mild liver disease", {"K70.3"}, "1", "mld"},
    {"diabetes", {"E11.9"}, "1", "diab"},
    {"diabetes with complications", {"E11.21"}, "2", "diabwc"},
    {"hemiplegia", {"G81.90"}, "2", "hp"},
    {"renal disease", {"N18.3"}, "2", "rend"},
    {"cancer", {"C50.9"}, "2", "canc"},
    {"severe liver disease", {"K72.10"}, "3", "msld"},
    {"metastases", {"C78.0"}, "6", "metacanc"},
    {"HIV", {"B20"}, "6", "aids"},
    {"a group counts once", {"I21.4", "I22.0", "I25.2"}, "1", "mi"},
    {"groups add up", {"I50.9", "J44.9", "N18.3", "C90.00"}, "4", "chf;cpd;rend"},
    {"severe liver disease over mild", {"K70.3", "K72.10"}, "3", "msld"},
    {"complicated diabetes over simple", {"E11.9", "E11.21"}, "2", "diabwc"},
    {"metastases over cancer", {"C50.9", "C79.5"}, "6", "metacanc"},
    {"all three, and one beside", {"K70.3", "K72.10", "C50.9", "C79.5", "I50.9"}, "10", "chf;metacanc;msld"},
};

Test(charlson, adds_up_the_groups_each_once)
{
    static const char *const ids[] = {"c1", "c2", "c3", "c4", "c5"};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct gw_row_derived *row;

        again();
        for (int k = 0; k < 5 && cases[i].codes[k]; k++)
            subject_add_condition(&s, ids[k], cases[i].codes[k], "2020-05-01", NULL);
        subject_derive(&s);
        subject_expect_parameter(&s, "CHARLSON", NULL, NULL, cases[i].index);
        row = subject_parameter(&s, "CHARLSON", NULL, NULL);
        expect_text(cases[i].what, row ? row->text : NULL, cases[i].groups);
        expect_text(cases[i].what, row ? row->state : NULL, "derived");
    }
}

static const struct {
    const char *what;
    const char *condition; /* beside C90.00 of 2020 */
    const char *index, *state;
} dates[] = {
    {"on day 1", "'onsetDateTime':'2024-01-15'", "1", "derived"},
    {"the day after", "'onsetDateTime':'2024-01-16'", "0", "derived"},
    {"recorded on day 1", "'recordedDate':'2024-01-15'", "1", "derived"},
    {"recorded the day after", "'recordedDate':'2024-01-16'", "0", "derived"},
    {"begun before, recorded after", "'onsetDateTime':'2019','recordedDate':'2024-03-01'", "1", "derived"},
    {"over long before", "'onsetDateTime':'2015-01-01','abatementDateTime':'2016-01-01'", "1", "derived"},
    {"the month of day 1", "'onsetDateTime':'2024-01'", "0", "unconfirmed"},
    {"the month before", "'onsetDateTime':'2023-12'", "1", "derived"},
    {"no date", "'abatementString':'long ago'", "0", "unconfirmed"},
    {"told in years of age", "'onsetAge':{'value':60}", "0", "unconfirmed"},
    {"not confirmed", "'onsetDateTime':'2020-01-01','verificationStatus':{'coding':[{'code':'provisional'}]}", "0",
     "derived"},
    {"refuted", "'onsetDateTime':'2020-01-01','verificationStatus':{'coding':[{'code':'refuted'}]}", "0", "derived"},
};

Test(charlson, counts_what_had_begun_by_day_one)
{
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
        const struct gw_row_derived *row;

        again();
        subject_add_condition(&s, "mm", "C90.00", "2020-05-01", NULL);
        subject_add(&s,
                    "{'resourceType':'Condition','id':'c','subject':{'reference':'Patient/p1'},%s,'code':{'coding':["
                    "{'system':'http://hl7.org/fhir/sid/icd-10','code':'I50.0'}]}}",
                    dates[i].condition);
        subject_derive(&s);
        cr_log_info("%s", dates[i].what);
        subject_expect_parameter(&s, "CHARLSON", NULL, NULL, dates[i].index);
        row = subject_parameter(&s, "CHARLSON", NULL, NULL);
        expect_text(dates[i].what, row ? row->state : NULL, dates[i].state);
    }
}

Test(charlson, is_not_zero_where_there_is_no_problem_list)
{
    subject_add_patient(&s, "male", "1954-01-15");
    subject_derive(&s);
    subject_expect_parameter(&s, "CHARLSON", NULL, NULL, "!NO_PROBLEM_LIST");
    subject_add(&s, "{'resourceType':'Condition','id':'t','subject':{'reference':'Patient/p1'},"
                    "'onsetDateTime':'2020-01-01','code':{'coding':["
                    "{'system':'http://snomed.info/sct','code':'42343007'}],'text':'heart failure'}}");
    subject_derive(&s);
    subject_expect_parameter(&s, "CHARLSON", NULL, NULL, "!NO_ICD_CODES");
    subject_add_condition(&s, "mm", "C90.00", "2020-05-01", NULL);
    subject_derive(&s);
    subject_expect_parameter(&s, "CHARLSON", NULL, NULL, "0");
}

Test(charlson, leaves_out_what_the_study_excludes)
{
    static const char *const kidneys[] = {"N18"};

    subject_study(&s)->charlson.exclude = (struct gw_texts){kidneys, 1};
    subject_add_condition(&s, "a", "N18.3", "2020-05-01", NULL);
    subject_add_condition(&s, "b", "N19", "2020-05-01", NULL);
    subject_derive(&s);
    subject_expect_parameter(&s, "CHARLSON", NULL, NULL, "2");
    s.facts[1].standing = GW_WITHDRAWN;
    subject_derive(&s);
    subject_expect_parameter(&s, "CHARLSON", NULL, NULL, "0");
}

Test(charlson, reads_a_national_translation_and_cites_what_it_counts)
{
    subject_release(&s);
    subject_init_at(&s, "lendex-rrmm", "essen");
    subject_ask(&s, "CHARLSON");
    subject_add(&s, "{'resourceType':'Condition','id':'c','subject':{'reference':'Patient/p1'},"
                    "'recordedDate':'2020-01-01','code':{'coding':["
                    "{'system':'http://fhir.de/CodeSystem/bfarm/icd-10-gm','code':'E11.20+'}]}}");
    subject_derive(&s);
    subject_expect_parameter(&s, "CHARLSON", NULL, NULL, "2");
    subject_expect(&s, "c", "evidence");
    cr_expect(eq(int, subject_row(&s)->charlson, 2));
}
