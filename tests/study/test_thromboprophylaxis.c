/*
 * The level of thromboembolic risk and what was given against it, each bound at its edge. Day 1 is 2024-01-15; days of
 * drugs count from it. The first four cycles are 112 days, of which 80 % are 90.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "support/doses.h"

#define DEX     "H02AB02"
#define HEPARIN "B01AB05" /* enoxaparin */
#define ASPIRIN "B01AC06"
#define VKA     "B01AA03" /* warfarin */

static struct subject s;

static void start(void)
{
    subject_init(&s);
    subject_ask(&s, "VTELEVEL;VTECONC");
    subject_trust_roster(&s);
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(thromboprophylaxis, .init = start, .fini = stop);

/* A subject without any risk, but for what is given; NULL: that it lacks. */
struct base {
    const char *born, *ecog, *kilograms, *centimetres, *platelets, *creatinine, *dex;
    bool listed;
};

static const struct base healthy = {"1964-01-15", "0", "70", "170", "200", "1.0", "S 0..27 40 weekly", true};

static void begin(const struct base *base)
{
    stop();
    start();
    subject_add_patient(&s, "male", base->born);
    if (base->ecog)
        subject_add_value(&s, "ecog", "89247-1", "2024-01-15", base->ecog, "{score}");
    if (base->kilograms)
        subject_add_value(&s, "kg", "29463-7", "2024-01-15", base->kilograms, "kg");
    if (base->centimetres)
        subject_add_value(&s, "cm", "8302-2", "2024-01-15", base->centimetres, "cm");
    if (base->platelets)
        subject_add_value(&s, "plt", "777-3", "2024-01-15", base->platelets, "10*9/L");
    if (base->creatinine)
        subject_add_value(&s, "c", "2160-0", "2024-01-15", base->creatinine, "mg/dL");
    if (base->dex)
        doses_add(&s, DEX, base->dex);
    subject_add_visit(&s, "v30", "2024-02-14"); /* drugs are known as far as assessments told of them */
    subject_add_visit(&s, "v120", "2024-05-14");
    if (base->listed)
        subject_add_condition(&s, "mm", "C90.00", "2020-05-01", NULL);
}

static void expect_level(const char *what, const char *level, const char *factors)
{
    const struct gw_row_derived *row = subject_parameter(&s, "VTELEVEL", NULL, NULL);

    cr_log_info("%s", what);
    subject_expect_parameter(&s, "VTELEVEL", NULL, NULL, level);
    if (factors)
        expect_text(what, row ? row->text : NULL, factors);
}

/* ---- diagnoses ---- */

static const struct {
    const char *what;
    const char *code, *onset, *end;
    const char *platelets;
    const char *level, *factors, *state;
} diagnoses[] = {
    {"none", "I10", "2015-01-01", NULL, "200", "3", "", "derived"},
    {"a clot 183 days before", "I82.401", "2023-07-16", NULL, "200", "1", "RECENT_VTE", "derived"},
    {"a clot 184 days before", "I82.401", "2023-07-15", NULL, "200", "2", "VTE_HISTORY", "derived"},
    {"a clot the day before", "I26.99", "2024-01-14", NULL, "200", "1", "RECENT_VTE", "derived"},
    {"a clot on day 1", "I26.99", "2024-01-15", NULL, "200", "3", "", "derived"},
    {"a clot of a month on both sides of that bound", "I82.401", "2023-07", NULL, "200", "1", "RECENT_VTE",
     "unconfirmed"},
    {"a clot at an unusual site", "I82.3", "2023-12-01", NULL, "200", "1", "RECENT_VTE", "unconfirmed"},
    {"a recent clot and few platelets", "I82.401", "2023-12-01", NULL, "20", "1", "RECENT_VTE", "derived"},
    {"history of a clot, told on day 1", "Z86.718", "2024-01-15", NULL, "200", "2", "VTE_HISTORY", "derived"},
    {"history of a clot, told later", "Z86.718", "2024-01-16", NULL, "200", "3", "", "derived"},
    {"confined to bed", "Z74.01", "2024-01-02", NULL, "200", "1", "IMMOBILISATION", "derived"},
    {"confined to bed until day 1", "Z74.01", "2024-01-02", "2024-01-15", "200", "1", "IMMOBILISATION", "derived"},
    {"confined to bed until the day before", "Z74.01", "2024-01-02", "2024-01-14", "200", "3", "", "derived"},
    {"confined to bed from the day after", "Z74.01", "2024-01-16", NULL, "200", "3", "", "derived"},
    {"kidney disease", "N18.3", "2020-01-01", NULL, "200", "2", "COMORBIDITY", "derived"},
    {"lung disease", "J44.9", "2020-01-01", NULL, "200", "2", "COMORBIDITY", "derived"},
    {"heart failure", "I50.9", "2020-01-01", NULL, "200", "2", "COMORBIDITY", "derived"},
    {"an old infarction", "I25.2", "2020-01-01", NULL, "200", "2", "COMORBIDITY", "derived"},
    {"a stroke long ago", "I63.9", "2015-01-01", "2015-02-01", "200", "2", "COMORBIDITY", "derived"},
    {"a stroke on day 1", "I63.9", "2024-01-15", NULL, "200", "3", "", "derived"},
    {"pneumonia that goes on", "J18.9", "2024-01-10", NULL, "200", "2", "COMORBIDITY", "derived"},
    {"pneumonia until day 1", "J18.9", "2024-01-10", "2024-01-15", "200", "2", "COMORBIDITY", "derived"},
    {"pneumonia until the day before", "J18.9", "2024-01-10", "2024-01-14", "200", "3", "", "derived"},
    {"thrombophilia", "D68.51", "2010-01-01", NULL, "200", "2", "THROMBOPHILIA", "derived"},
    {"a risk and 100 platelets", "N18.3", "2020-01-01", NULL, "100", "2", "COMORBIDITY", "derived"},
    {"a risk and fewer", "N18.3", "2020-01-01", NULL, "99.9", "3", "COMORBIDITY", "derived"},
    {"obesity by its code, against a measured index of 24", "E66.9", "2020-01-01", NULL, "200", "3", "", "derived"},
};

Test(thromboprophylaxis, level_goes_by_diagnoses)
{
    for (size_t i = 0; i < sizeof diagnoses / sizeof *diagnoses; i++) {
        struct base base = healthy;

        base.platelets = diagnoses[i].platelets;
        begin(&base);
        subject_add_condition(&s, "d", diagnoses[i].code, diagnoses[i].onset, diagnoses[i].end);
        subject_derive(&s);
        expect_level(diagnoses[i].what, diagnoses[i].level, diagnoses[i].factors);
        expect_text(diagnoses[i].what, subject_parameter(&s, "VTELEVEL", NULL, NULL)->state, diagnoses[i].state);
    }
}

/* ---- age, scores, body, drugs ---- */

static const struct {
    const char *what;
    struct base base;
    const char *level, *factors;
} others[] = {
    {"nothing", {"1964-01-15", "0", "70", "170", "200", "1.0", "S 0..27 40 weekly", true}, "3", ""},
    {"75 years", {"1949-01-15", "0", "70", "170", "200", "1.0", "S 0..27 40 weekly", true}, "2", "AGE"},
    {"74 years", {"1949-01-16", "0", "70", "170", "200", "1.0", "S 0..27 40 weekly", true}, "3", ""},
    {"74 or 75 years", {"1949", "0", "70", "170", "200", "1.0", "S 0..27 40 weekly", true}, "!AGE_AMBIGUOUS", NULL},
    {"74 or 75, and another risk", {"1949", "2", "70", "170", "200", "1.0", "S 0..27 40 weekly", true}, "2", "ECOG"},
    {"ECOG 2", {"1964-01-15", "2", "70", "170", "200", "1.0", "S 0..27 40 weekly", true}, "2", "ECOG"},
    {"ECOG 1", {"1964-01-15", "1", "70", "170", "200", "1.0", "S 0..27 40 weekly", true}, "3", ""},
    {"no ECOG", {"1964-01-15", NULL, "70", "170", "200", "1.0", "S 0..27 40 weekly", true}, "!NO_ECOG", NULL},
    {"no ECOG and few platelets", {"1964-01-15", NULL, "70", "170", "99", "1.0", "S 0..27 40 weekly", true}, "3", ""},
    {"an index of exactly 30", {"1964-01-15", "0", "86.7", "170", "200", "1.0", "S 0..27 40 weekly", true}, "2", "BMI"},
    {"an index just below", {"1964-01-15", "0", "86.69", "170", "200", "1.0", "S 0..27 40 weekly", true}, "3", ""},
    {"no height", {"1964-01-15", "0", "70", NULL, "200", "1.0", "S 0..27 40 weekly", true}, "!NO_BMI", NULL},
    {"480 mg of dexamethasone",
     {"1964-01-15", "0", "70", "170", "200", "1.0", "S 0..3 40; S 8..11 40; S 16..19 40", true},
     "1",
     "HIGH_DEXAMETHASONE"},
    {"479 mg",
     {"1964-01-15", "0", "70", "170", "200", "1.0", "S 0..3 40; S 8..11 40; S 16..18 40; S 19..19 39", true},
     "3",
     ""},
    {"480 mg, some of it after 28 days",
     {"1964-01-15", "0", "70", "170", "200", "1.0", "S 0..3 40; S 8..11 40; S 25..28 40", true},
     "3",
     ""},
    {"no dexamethasone told",
     {"1964-01-15", "0", "70", "170", "200", "1.0", NULL, true},
     "!NO_DEXAMETHASONE_DOSE",
     NULL},
    {"no problem list",
     {"1964-01-15", "0", "70", "170", "200", "1.0", "S 0..27 40 weekly", false},
     "!NO_PROBLEM_LIST",
     NULL},
    {"no platelets and a risk",
     {"1964-01-15", "2", "70", "170", NULL, "1.0", "S 0..27 40 weekly", true},
     "!NO_BASELINE_PLATELETS",
     NULL},
    {"no platelets and no risk", {"1964-01-15", "0", "70", "170", NULL, "1.0", "S 0..27 40 weekly", true}, "3", ""},
    {"two risks", {"1949-01-15", "3", "70", "170", "200", "1.0", "S 0..27 40 weekly", true}, "2", "AGE;ECOG"},
};

Test(thromboprophylaxis, level_goes_by_age_scores_body_and_dexamethasone)
{
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        begin(&others[i].base);
        subject_derive(&s);
        expect_level(others[i].what, others[i].level, others[i].factors);
        cr_expect(eq(sz, subject_items(&s, "AGE_AMBIGUOUS"), strcmp(others[i].level, "!AGE_AMBIGUOUS") == 0), "%s",
                  others[i].what);
    }
}

Test(thromboprophylaxis, level_goes_by_a_reported_index_or_a_code_without_height)
{
    static const struct {
        const char *index, *code, *level;
    } bodies[] = {{"30", NULL, "2"}, {"29.9", NULL, "3"}, {"29.9", "E66.9", "3"}, {NULL, "E66.9", "2"}};
    struct base base = healthy;

    base.centimetres = NULL;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        begin(&base);
        if (bodies[i].index)
            subject_add_value(&s, "bmi", "39156-5", "2024-01-15", bodies[i].index, "kg/m2");
        if (bodies[i].code)
            subject_add_condition(&s, "d", bodies[i].code, "2020-01-01", NULL);
        subject_derive(&s);
        expect_level(bodies[i].index ? bodies[i].index : bodies[i].code, bodies[i].level, NULL);
    }
}

Test(thromboprophylaxis, level_goes_by_erythropoietin)
{
    static const struct {
        const char *what, *records, *level;
    } courses[] = {
        {"until day 1", "S -30..0 4000[iU]", "2"},
        {"until the first day of the baseline", "S -60..-14 4000[iU]", "2"},
        {"until the day before that", "S -60..-15 4000[iU]", "3"},
        {"from the day after day 1", "S 1..30 4000[iU]", "3"},
        {"at hand", "D -20 30x4000/30", "2"},
        {"ordered, and nobody saw it given", "R -30..0 4000[iU]", "3"},
        {"ordered and given", "R -30..0 4000[iU]; A -3 4000[iU]", "2"},
    };
    const struct gw_row_derived *row;

    for (size_t i = 0; i < sizeof courses / sizeof *courses; i++) {
        begin(&healthy);
        doses_add(&s, "B03XA01", courses[i].records);
        subject_derive(&s);
        expect_level(courses[i].what, courses[i].level, courses[i].level[0] == '2' ? "ERYTHROPOIETIN" : "");
        row = subject_parameter(&s, "VTELEVEL", NULL, NULL);
        expect_text(courses[i].what, row->state,
                    courses[i].records[0] == 'R' && courses[i].level[0] == '3' ? "unconfirmed" : "derived");
    }
}

Test(thromboprophylaxis, level_waits_for_the_first_28_days)
{
    begin(&healthy);
    s.horizon = s.line.first_dose + 26;
    subject_derive(&s);
    expect_level("day 27", "!PERIOD_NOT_OVER", NULL);
    cr_expect(le(int, s.derived.next_day, s.line.first_dose + 27));
    s.horizon++;
    subject_derive(&s);
    expect_level("day 28, which nobody told of yet", "!AWAITS_ASSESSMENT", NULL);
    s.horizon = s.line.first_dose + 30;
    subject_derive(&s);
    expect_level("at the next assessment", "3", "");
}

Test(thromboprophylaxis, level_of_much_dexamethasone_is_known_as_soon_as_it_was_told)
{
    struct base base = healthy;

    base.dex = "S 0..11 40"; /* 480 mg by day 11 */
    begin(&base);
    s.horizon = s.line.first_dose + 28;
    subject_derive(&s);
    expect_level("before the first assessment", "!AWAITS_ASSESSMENT", NULL);
    s.horizon++;
    subject_derive(&s);
    expect_level("at it", "1", "HIGH_DEXAMETHASONE");
}

Test(thromboprophylaxis, level_leaves_a_diagnosis_that_is_not_confirmed_to_a_person)
{
    begin(&healthy);
    subject_add(&s, "{'resourceType':'Condition','id':'d','subject':{'reference':'Patient/p1'},"
                    "'verificationStatus':{'coding':[{'code':'provisional'}]},'onsetDateTime':'2023-12-01',"
                    "'code':{'coding':[{'system':'http://hl7.org/fhir/sid/icd-10-cm','code':'I82.401'}]}}");
    subject_derive(&s);
    expect_level("a clot suspected", "3", "");
    expect_text("state", subject_parameter(&s, "VTELEVEL", NULL, NULL)->state, "unconfirmed");
}

/* ---- what was given ---- */

enum { FIRST, SECOND, THIRD };

static const struct {
    const char *what;
    int level;
    const char *platelets, *creatinine; /* 70 kg at 60: 77.8 / creatinine; NULL: none */
    struct {
        const char *atc, *records;
    } drugs[2];
    const char *wanted, *state;
} given[] = {
    {"heparin on 90 of 112 days", FIRST, "200", "1.0", {{HEPARIN, "S 0..89 40"}}, "CONCORDANT", "derived"},
    {"on 89", FIRST, "200", "1.0", {{HEPARIN, "S 0..88 40"}}, "NONE", "derived"},
    {"the days before day 1 do not count", FIRST, "200", "1.0", {{HEPARIN, "S -10..88 40"}}, "NONE", "derived"},
    {"in two courses", FIRST, "200", "1.0", {{HEPARIN, "S 0..49 40; S 60..99 40"}}, "CONCORDANT", "derived"},
    {"of two kinds",
     FIRST,
     "200",
     "1.0",
     {{HEPARIN, "S 0..49 40"}, {"B01AB04", "S 50..111 5000[iU]"}},
     "CONCORDANT",
     "derived"},
    {"in a treatment dose", FIRST, "200", "1.0", {{HEPARIN, "S 0..111 80"}}, "TREATMENT_DOSE", "derived"},
    {"40 twice a day", FIRST, "200", "1.0", {{HEPARIN, "S 0..111 40 bid"}}, "TREATMENT_DOSE", "derived"},
    {"treatment, then prophylaxis",
     FIRST,
     "200",
     "1.0",
     {{HEPARIN, "S 0..59 80; S 60..111 40"}},
     "TREATMENT_DOSE",
     "derived"},
    {"aspirin instead", FIRST, "200", "1.0", {{ASPIRIN, "S 0..111 100"}}, "OTHER_DRUG", "derived"},
    {"warfarin instead", FIRST, "200", "1.0", {{VKA, "S 0..111 5"}}, "OTHER_DRUG", "derived"},
    {"apixaban instead", FIRST, "200", "1.0", {{"B01AF02", "S 0..111 2.5 bid"}}, "OTHER_DRUG", "derived"},
    {"nothing", FIRST, "200", "1.0", {{NULL, NULL}}, "NONE", "derived"},
    {"ordered alone", FIRST, "200", "1.0", {{HEPARIN, "R 0..111 40"}}, "CONCORDANT", "unconfirmed"},
    {"warfarin with a clearance below 30", FIRST, "200", "2.6", {{VKA, "S 0..111 5"}}, "CONCORDANT", "derived"},
    {"warfarin with one of 30", FIRST, "200", "2.5925", {{VKA, "S 0..111 5"}}, "OTHER_DRUG", "derived"},
    {"heparin with a clearance below 30", FIRST, "200", "2.6", {{HEPARIN, "S 0..111 40"}}, "OTHER_DRUG", "derived"},
    {"warfarin with platelets below 50", FIRST, "49.9", "1.0", {{VKA, "S 0..111 5"}}, "CONCORDANT", "unconfirmed"},
    {"warfarin with 50", FIRST, "50", "1.0", {{VKA, "S 0..111 5"}}, "OTHER_DRUG", "derived"},
    {"heparin, the kidneys not known",
     FIRST,
     "200",
     NULL,
     {{HEPARIN, "S 0..111 40"}},
     "!NO_RENAL_FUNCTION",
     "not_assessable"},
    {"nothing, the kidneys not known", FIRST, "200", NULL, {{NULL, NULL}}, "NONE", "derived"},
    {"aspirin 100", SECOND, "200", "1.0", {{ASPIRIN, "S 0..111 100"}}, "CONCORDANT", "derived"},
    {"aspirin 75", SECOND, "200", "1.0", {{ASPIRIN, "S 0..111 75"}}, "CONCORDANT", "derived"},
    {"aspirin 300", SECOND, "200", "1.0", {{ASPIRIN, "S 0..111 300"}}, "TREATMENT_DOSE", "derived"},
    {"heparin where aspirin is expected", SECOND, "200", "1.0", {{HEPARIN, "S 0..111 40"}}, "OTHER_DRUG", "derived"},
    {"nothing where aspirin is expected", SECOND, "200", "1.0", {{NULL, NULL}}, "NONE", "derived"},
    {"nothing where nothing is", THIRD, "200", "1.0", {{NULL, NULL}}, "CONCORDANT", "derived"},
    {"aspirin where nothing is", THIRD, "200", "1.0", {{ASPIRIN, "S 0..111 100"}}, "OTHER_DRUG", "derived"},
    {"aspirin for a while", THIRD, "200", "1.0", {{ASPIRIN, "S 0..88 100"}}, "CONCORDANT", "derived"},
    {"heparin in a treatment dose where nothing is",
     THIRD,
     "200",
     "1.0",
     {{HEPARIN, "S 0..111 80"}},
     "TREATMENT_DOSE",
     "derived"},
};

Test(thromboprophylaxis, is_compared_with_what_the_level_asks_for)
{
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        struct base base = healthy;

        base.platelets = given[i].platelets;
        base.creatinine = given[i].creatinine;
        base.ecog = given[i].level == SECOND ? "2" : "0";
        begin(&base);
        if (given[i].level == FIRST)
            subject_add_condition(&s, "d", "I82.401", "2023-12-01", NULL);
        for (int k = 0; k < 2 && given[i].drugs[k].atc; k++)
            doses_add(&s, given[i].drugs[k].atc, given[i].drugs[k].records);
        subject_derive(&s);
        cr_log_info("%s", given[i].what);
        subject_expect_parameter(&s, "VTECONC", NULL, NULL, given[i].wanted);
        expect_text(given[i].what, subject_parameter(&s, "VTECONC", NULL, NULL)->state, given[i].state);
    }
}

Test(thromboprophylaxis, needs_a_dose_where_it_decides)
{
    begin(&healthy);
    subject_add_condition(&s, "d", "I82.401", "2023-12-01", NULL);
    doses_add(&s, HEPARIN, "S 0..111 1cap");
    subject_derive(&s);
    subject_expect_parameter(&s, "VTECONC", NULL, NULL, "!DOSE_NOT_KNOWN");
}

Test(thromboprophylaxis, is_not_judged_without_a_level_or_before_its_cycles_are_over)
{
    begin(&healthy);
    doses_add(&s, ASPIRIN, "S 0.. 100");
    s.horizon = s.line.first_dose + 110;
    subject_derive(&s);
    subject_expect_parameter(&s, "VTECONC", NULL, NULL, "!PERIOD_NOT_OVER");
    s.horizon++;
    subject_derive(&s);
    subject_expect_parameter(&s, "VTECONC", NULL, NULL, "!AWAITS_ASSESSMENT");
    s.horizon = s.line.first_dose + 120;
    subject_derive(&s);
    subject_expect_parameter(&s, "VTECONC", NULL, NULL, "OTHER_DRUG");
    begin(&(struct base){"1964-01-15", NULL, "70", "170", "200", "1.0", "S 0..27 40 weekly", true});
    subject_derive(&s);
    subject_expect_parameter(&s, "VTECONC", NULL, NULL, "!NO_ECOG");
}

Test(thromboprophylaxis, counts_the_days_of_treatment_alone)
{
    begin(&healthy);
    subject_add_condition(&s, "d", "I82.401", "2023-12-01", NULL);
    subject_add_visit(&s, "v12", "2024-01-27");
    s.line.end_of_treatment = s.line.first_dose + 9; /* ten days: eight are 80 % */
    doses_add(&s, HEPARIN, "S 0..7 40");
    subject_derive(&s);
    subject_expect_parameter(&s, "VTECONC", NULL, NULL, "CONCORDANT");
    s.line.end_of_treatment++;
    subject_derive(&s);
    subject_expect_parameter(&s, "VTECONC", NULL, NULL, "NONE");
}
