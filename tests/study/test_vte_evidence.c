/*
 * What counts for the risk of a thromboembolism where a diagnosis is dated badly or told by a code of its history, and
 * what a dose that is not known leaves open. Day 1 is 2024-01-15.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/doses.h"

static struct subject s;

/* Someone of 60 without any risk, but for what a test adds. */
static void start(void)
{
    subject_init(&s);
    subject_ask(&s, "VTELEVEL;VTECONC");
    s.horizon = subject_day("2024-12-31");
    subject_add_patient(&s, "male", "1964-01-15");
    subject_add_value(&s, "ecog", "89247-1", "2024-01-15", "0", "{score}");
    subject_add_value(&s, "kg", "29463-7", "2024-01-15", "70", "kg");
    subject_add_value(&s, "cm", "8302-2", "2024-01-15", "170", "cm");
    subject_add_value(&s, "plt", "777-3", "2024-01-15", "200", "10*9/L");
    subject_add_value(&s, "c", "2160-0", "2024-01-15", "1.0", "mg/dL");
    doses_add(&s, "H02AB02", "S 0..27 40 weekly");
    subject_add_visit(&s, "v30", "2024-02-14");
    subject_add_visit(&s, "v120", "2024-05-14");
    subject_add_condition(&s, "mm", "C90.00", "2020-05-01", NULL);
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(vte_evidence, .init = start, .fini = stop);

static void expect_level(const char *what, const char *level, const char *factors, const char *state)
{
    const struct gw_row_derived *row;

    subject_derive(&s);
    cr_log_info("%s", what);
    subject_expect_parameter(&s, "VTELEVEL", NULL, NULL, level);
    row = subject_parameter(&s, "VTELEVEL", NULL, NULL);
    expect_text(what, row->text, factors);
    expect_text(what, row->state, state);
}

#define CONDITION(code, more)                                                                                          \
    "{'resourceType':'Condition','id':'d','subject':{'reference':'Patient/p1'},'code':{'coding':[{'system':"           \
    "'http://hl7.org/fhir/sid/icd-10-cm','code':'" code "'}]}" more "}"
#define STATUS(code) ",'verificationStatus':{'coding':[{'code':'" code "'}]}"

static const struct {
    const char *what, *condition, *level, *factors, *state;
} diagnoses[] = {
    /* a code of history tells of before, if it was told by day 1 */
    {"history told on day 1", CONDITION("Z86.718", ",'onsetDateTime':'2024-01-15'"), "2", "VTE_HISTORY", "derived"},
    {"history told the day after", CONDITION("Z86.718", ",'onsetDateTime':'2024-01-16'"), "3", "", "derived"},
    {"history told in a month that day 1 is in", CONDITION("Z86.718", ",'onsetDateTime':'2024-01'"), "3", "",
     "unconfirmed"},
    {"history told at no time", CONDITION("Z86.718", ""), "3", "", "unconfirmed"},
    {"history that nobody confirmed", CONDITION("Z86.718", ",'onsetDateTime':'2023-01-15'" STATUS("provisional")), "3",
     "", "unconfirmed"},

    /* a clot */
    {"a clot at no time", CONDITION("I82.401", ""), "3", "", "unconfirmed"},
    {"a clot of a month that day 1 is in", CONDITION("I82.401", ",'onsetDateTime':'2024-01'"), "3", "", "unconfirmed"},
    {"a clot of last month", CONDITION("I82.401", ",'onsetDateTime':'2023-12'"), "1", "RECENT_VTE", "derived"},
    {"a clot that nobody confirmed", CONDITION("I82.401", ",'onsetDateTime':'2023-12-01'" STATUS("provisional")), "3",
     "", "unconfirmed"},
    {"a clot in an artery", CONDITION("I74.3", ",'onsetDateTime':'2023-12-01'"), "2", "COMORBIDITY", "derived"},

    /* a risk */
    {"a risk at no time", CONDITION("N18.3", ""), "3", "", "unconfirmed"},
    {"a risk that nobody confirmed", CONDITION("N18.3", ",'onsetDateTime':'2020-01-01'" STATUS("differential")), "3",
     "", "unconfirmed"},
    {"an infection that nobody confirmed", CONDITION("J18.9", ",'onsetDateTime':'2024-01-10'" STATUS("provisional")),
     "3", "", "unconfirmed"},
};

Test(vte_evidence, counts_by_its_date_and_by_who_confirmed_it)
{
    for (size_t i = 0; i < sizeof diagnoses / sizeof *diagnoses; i++) {
        stop();
        start();
        subject_add(&s, "%s", diagnoses[i].condition);
        expect_level(diagnoses[i].what, diagnoses[i].level, diagnoses[i].factors, diagnoses[i].state);
    }
}

/* ---- what was given, where nothing is asked for: the level is 3 ---- */

static const struct {
    const char *what, *drug, *records, *wanted;
} givens[] = {
    {"nothing", NULL, NULL, "CONCORDANT"},
    {"aspirin", "B01AC06", "S 0..111 100", "OTHER_DRUG"},
    {"enoxaparin to prevent", "B01AB05", "S 0..111 40", "OTHER_DRUG"},
    {"enoxaparin to treat", "B01AB05", "S 0..111 80 bid", "TREATMENT_DOSE"},
    {"enoxaparin in a dose that nobody told", "B01AB05", "S 0..111", "!DOSE_NOT_KNOWN"},
    {"a drug of no class", "J05AB01", "S 0..111 400 bid", "CONCORDANT"},
    {"a drug of no row", "A02BC01", "S 0..111 20", "CONCORDANT"},
};

Test(vte_evidence, of_what_was_given_without_need)
{
    for (size_t i = 0; i < sizeof givens / sizeof *givens; i++) {
        stop();
        start();
        if (givens[i].drug)
            doses_add(&s, givens[i].drug, givens[i].records);
        doses_add(&s, "L04AX04", "S 0..20 25;S 28..48 25;S 56..76 25;S 84..104 25;S 112..132 25");
        subject_derive(&s);
        cr_log_info("%s", givens[i].what);
        subject_expect_parameter(&s, "VTELEVEL", NULL, NULL, "3");
        subject_expect_parameter(&s, "VTECONC", NULL, NULL, givens[i].wanted);
    }
}
