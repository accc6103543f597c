/*
 * One result, weight or birthday a step over an edge, and every cell of every table that is another then.
 *
 * Expected by hand from the rules: mappings/RULES.md 13 and the formulas that it cites. Of a man of 80 years and 72 kg
 * the clearance is 60 mL/min over the creatinine in mg/dL.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/contrast.h"
#include "support/whole.h"

#define VISITS "V 30; V 60; V 90; "
#define TAKEN  "L04AX04 S 0..20 25; L04AX04 S 28..48 25; "
#define COUNTS "anc=Q ANC 0 3.0; plt=Q PLT 0 150; "
#define MAN    "P male 1944-01-15; kg=Q KG 0 72; " COUNTS VISITS TAKEN "heart=C I50.9 -400..; "

static void start_for(struct subject *s, int days)
{
    subject_init(s);
    subject_trust_roster(s);
    whole_shorten(s, 5);
    s->horizon = s->line.first_dose + days;
}

static void start_days(struct subject *s)
{
    start_for(s, 100);
}

static void start_year(struct subject *s)
{
    start_for(s, 370);
}

static const struct contrast_case kidneys[] = {
    {"a clearance of 50, and one below it", MAN, "crea=Q CREAT 0 1.2", "crea=Q CREAT 0 1.21",
     "observations crea@BASELINE value_num: 106.08 -> 106.964\n"
     "observations crea@BASELINE source_value: 1.2 -> 1.21\n"
     "derived CRCLCG|BASELINE value: 50.0 -> 49.6\n"
     "derived EGFRMDRD|BASELINE value: 58.3 -> 57.7\n"
     "derived RENALGRP|BASELINE|dosing text: >=50 -> 30-<50\n"
     "derived EXPDOSE value: 25 -> 10\n"
     "derived EXPDOSE text: 25 mg daily -> 10 mg daily\n"
     "derived CONCORD text: CONCORDANT -> HIGHER\n"
     "derived RDIEXP value: 100 -> 250\n"
     "subjects renal_group50: >=50 -> 30-<50\n"
     "subjects expected_start_dose: 25 mg daily -> 10 mg daily\n"
     "subjects concordance: CONCORDANT -> HIGHER\n"},
    {"a clearance of 60, and one below it", MAN, "crea=Q CREAT 0 1.0", "crea=Q CREAT 0 1.01",
     "observations crea@BASELINE value_num: 88.4 -> 89.284\n"
     "observations crea@BASELINE source_value: 1.0 -> 1.01\n"
     "derived CRCLCG|BASELINE value: 60.0 -> 59.4\n"
     "derived EGFRMDRD|BASELINE value: 71.9 -> 71.1\n"
     "derived RENALGRP|BASELINE|analysis text: >=60 -> 30-<60\n"
     "subjects renal_group60: >=60 -> 30-<60\n"},
    {"a creatinine of 177 umol/L, and one above it", MAN, "crea=Q CREATU 0 177", "crea=Q CREATU 0 177.1",
     "observations crea@BASELINE value_num: 177 -> 177.1\n"
     "observations crea@BASELINE source_value: 177 -> 177.1\n"
     "derived CRCLCG|BASELINE value: 30.0 -> 29.9\n"
     "derived EGFRMDRD|BASELINE value: 32.3 -> 32.2\n"
     "subjects renal_failure_177: nothing -> Y\n"},
    /* the printed 30.0 is 29.97: the group goes by what is exact */
    {"a clearance of 30, and one below it", MAN, "crea=Q CREAT 0 2.0", "crea=Q CREAT 0 2.001",
     "observations crea@BASELINE value_num: 176.8 -> 176.8884\n"
     "observations crea@BASELINE source_value: 2.0 -> 2.001\n"
     "derived RENALGRP|BASELINE|dosing text: 30-<50 -> <30\n"
     "derived RENALGRP|BASELINE|analysis text: 30-<60 -> <30\n"
     "derived EXPDOSE value: 10 -> 15\n"
     "derived EXPDOSE text: 10 mg daily -> 15 mg every other day\n"
     "derived RDIEXP value: 250 -> 318.181818\n"
     "subjects renal_group50: 30-<50 -> <30\n"
     "subjects renal_group60: 30-<60 -> <30\n"
     "subjects expected_start_dose: 10 mg daily -> 15 mg every other day\n"},
    {"a neutrophil count of 1.0, and one below it",
     "P male 1944-01-15; kg=Q KG 0 72; plt=Q PLT 0 150; " VISITS TAKEN "crea=Q CREAT 0 1.0; ", "anc=Q ANC 0 1.0",
     "anc=Q ANC 0 0.99",
     "observations anc@BASELINE value_num: 1.0 -> 0.99\n"
     "observations anc@BASELINE source_value: 1.0 -> 0.99\n"
     "observations anc@BASELINE grade: 2 -> 3\n"
     "derived EXPDOSE value: 25 -> 15\n"
     "derived EXPDOSE text: 25 mg daily -> 15 mg daily\n"
     "derived CONCORD text: CONCORDANT -> HIGHER\n"
     "derived RDIEXP value: 100 -> 166.666667\n"
     "subjects expected_start_dose: 25 mg daily -> 15 mg daily\n"
     "subjects concordance: CONCORDANT -> HIGHER\n"},
    {"a weight 90 days before, and 91", "P male 1944-01-15; " COUNTS VISITS TAKEN "crea=Q CREAT 0 1.2; ",
     "kg=Q KG -90 72", "kg=Q KG -91 72",
     "derived CRCLCG|BASELINE value: 50.0 -> nothing\n"
     "derived CRCLCG|BASELINE state: derived -> not_assessable\n"
     "derived CRCLCG|BASELINE reason: nothing -> NO_WEIGHT\n"
     "derived RENALGRP|BASELINE|dosing text: >=50 -> nothing\n"
     "derived RENALGRP|BASELINE|dosing state: derived -> not_assessable\n"
     "derived RENALGRP|BASELINE|dosing reason: nothing -> NO_WEIGHT\n"
     "derived RENALGRP|BASELINE|analysis text: 30-<60 -> nothing\n"
     "derived RENALGRP|BASELINE|analysis state: derived -> not_assessable\n"
     "derived RENALGRP|BASELINE|analysis reason: nothing -> NO_WEIGHT\n"
     "derived RENALRSP inputs: crea@BASELINE -> nothing\n"
     "derived RENALRSP reason: NO_LATER_GROUP -> NO_BASELINE_GROUP\n"
     "derived EXPDOSE value: 25 -> nothing\n"
     "derived EXPDOSE text: 25 mg daily -> nothing\n"
     "derived EXPDOSE inputs: anc@BASELINE;crea@BASELINE;plt@BASELINE -> crea@BASELINE\n"
     "derived EXPDOSE state: derived -> not_assessable\n"
     "derived EXPDOSE reason: nothing -> NO_WEIGHT\n"
     "derived CONCORD text: CONCORDANT -> nothing\n"
     "derived CONCORD date: d0 -> nothing\n"
     "derived CONCORD inputs: anc@BASELINE;crea@BASELINE;lenalidomide d0;plt@BASELINE -> crea@BASELINE\n"
     "derived CONCORD state: derived -> not_assessable\n"
     "derived CONCORD reason: nothing -> NO_WEIGHT\n"
     "derived RDIEXP value: 100 -> nothing\n"
     "derived RDIEXP state: derived -> not_assessable\n"
     "derived RDIEXP reason: nothing -> NO_WEIGHT\n"
     "subjects renal_group50: >=50 -> NOT_ASSESSABLE\n"
     "subjects renal_group60: 30-<60 -> NOT_ASSESSABLE\n"
     "subjects expected_start_dose: 25 mg daily -> NOT_ASSESSABLE\n"
     "subjects concordance: CONCORDANT -> NOT_ASSESSABLE\n"
     "part kg: evidence -> outside_window BEFORE_BASELINE\n"},
};

Test(edges_parameters, change_what_a_creatinine_or_a_weight_changes)
{
    contrast_check(kidneys, sizeof kidneys / sizeof *kidneys, start_days);
}

/* 72 kg, 0.8 mg/dL: the clearance is (140 - age) x 1.25; 20 mg of dexamethasone a week are 80 mg in 28 days */
#define AGED                                                                                                           \
    "kg=Q KG 0 72; crea=Q CREAT 0 0.8; ecog=Q ECOG 0 0; " COUNTS VISITS TAKEN                                          \
    "heart=C I50.9 -400..; H02AB02 S 0..90 20 weekly; "
#define BORN(date) "P male " date "; " AGED

static const struct contrast_case ages[] = {
    {"64 years, and 65", "", BORN("1959-01-16"), BORN("1959-01-15"),
     "subjects age_at_d1: 64 -> 65\n"
     "derived CRCLCG|BASELINE value: 95.0 -> 93.8\n"
     "derived EGFRMDRD|BASELINE value: 97.3 -> 97.0\n"
     "derived DEXCLASS||cycle-1 value: 320 -> 160\n"
     "derived DEXCLASS||cycle-2 value: 320 -> 160\n"},
    {"74 years, and 75", "", BORN("1949-01-16"), BORN("1949-01-15"),
     "subjects age_at_d1: 74 -> 75\n"
     "derived CRCLCG|BASELINE value: 82.5 -> 81.2\n"
     "derived EGFRMDRD|BASELINE value: 94.5 -> 94.2\n"
     "derived VTELEVEL text: COMORBIDITY -> AGE;COMORBIDITY\n"},
    {"75 years, and 76", "", BORN("1948-01-16"), BORN("1948-01-15"),
     "subjects age_at_d1: 75 -> 76\n"
     "subjects frailty_score: 0 -> 1\n"
     "derived FRAILSIM value: 0 -> 1\n"
     "derived CRCLCG|BASELINE value: 81.2 -> 80.0\n"
     "derived EGFRMDRD|BASELINE value: 94.2 -> 94.0\n"
     "derived DEXCLASS||cycle-1 value: 160 -> 80\n"
     "derived DEXCLASS||cycle-1 text: LOWER -> CONCORDANT\n"
     "derived DEXCLASS||cycle-2 value: 160 -> 80\n"
     "derived DEXCLASS||cycle-2 text: LOWER -> CONCORDANT\n"},
    {"80 years, and 81", "", BORN("1943-01-16"), BORN("1943-01-15"),
     "subjects age_at_d1: 80 -> 81\n"
     "subjects frailty_score: 1 -> 2\n"
     "subjects frailty_group: NONFRAIL -> FRAIL\n"
     "derived FRAILSIM value: 1 -> 2\n"
     "derived FRAILSIM text: NONFRAIL -> FRAIL\n"
     "derived CRCLCG|BASELINE value: 75.0 -> 73.8\n"
     "derived EGFRMDRD|BASELINE value: 93.0 -> 92.8\n"},
    {"an ECOG of 1, and of 2", BORN("1950-01-15"), "late=Q ECOG 0T10:00 1", "late=Q ECOG 0T10:00 2",
     "observations late@BASELINE value_num: 1 -> 2\n"
     "observations late@BASELINE source_value: 1 -> 2\n"
     "subjects ecog: 1 -> 2\n"
     "subjects frailty_score: 1 -> 2\n"
     "subjects frailty_group: NONFRAIL -> FRAIL\n"
     "derived FRAILSIM value: 1 -> 2\n"
     "derived FRAILSIM text: NONFRAIL -> FRAIL\n"
     "derived VTELEVEL text: COMORBIDITY -> COMORBIDITY;ECOG\n"},
};

Test(edges_parameters, change_what_a_birthday_changes)
{
    contrast_check(ages, sizeof ages / sizeof *ages, start_days);
}

#define DISEASE "P male 1950-03-01; V 90; V 180; V 270; V 360; L04AX04 S 0..360 25; m0=Q SERUM 0 40; "

#define PROGRESSED_LATER                                                                                               \
    "derived TTP value: 270 -> 360\n"                                                                                  \
    "derived TTP text: EVENT -> CENSORED\n"                                                                            \
    "derived TTP date: d270 -> d360\n"                                                                                 \
    "derived TTP state: derived -> unconfirmed\n"                                                                      \
    "derived PFS value: 270 -> 360\n"                                                                                  \
    "derived PFS text: EVENT -> CENSORED\n"                                                                            \
    "derived PFS date: d270 -> d360\n"                                                                                 \
    "derived PFS state: derived -> unconfirmed\n"                                                                      \
    "derived DOR value: 180 -> 270\n"                                                                                  \
    "derived DOR text: EVENT -> CENSORED\n"                                                                            \
    "derived DOR date: d270 -> d360\n"                                                                                 \
    "derived DOR state: derived -> unconfirmed\n"                                                                      \
    "+exceptions RESPONSE_UNCONFIRMED PD\n"
#define MEASURED(id, day, was, is)                                                                                     \
    "observations " id "@" day " value_num: " was " -> " is "\n"                                                       \
    "observations " id "@" day " source_value: " was " -> " is "\n"

/* from 40 g/L; the urine has too little to be followed */
static const struct contrast_case responses[] = {
    {"a fall of 25 %, and one of 24.9", DISEASE "m2=Q SERUM 180 28; ", "m1=Q SERUM 90 30", "m1=Q SERUM 90 30.04",
     MEASURED("m1", "T90-01", "30", "30.04") "derived BOR text: MR -> SD\n"
                                             "+exceptions RESPONSE_UNCONFIRMED MR\n"},
    {"a fall of 50 %, and one of 49.9", DISEASE "m2=Q SERUM 180 10; ", "m1=Q SERUM 90 20", "m1=Q SERUM 90 20.04",
     MEASURED("m1", "T90-01", "20", "20.04") "derived BOR text: PR -> MR\n"
                                             "derived ORR value: 1 -> 0\n"
                                             "derived ORR text: Y -> N\n"
                                             "derived ORR date: d90 -> nothing\n"
                                             "derived ORR state: derived -> unconfirmed\n"
                                             "derived TTR value: 90 -> nothing\n"
                                             "derived TTR date: d90 -> nothing\n"
                                             "derived TTR state: derived -> not_assessable\n"
                                             "derived TTR reason: nothing -> NO_RESPONSE\n"
                                             "derived DOR value: 90 -> nothing\n"
                                             "derived DOR text: CENSORED -> nothing\n"
                                             "derived DOR date: d180 -> nothing\n"
                                             "derived DOR state: derived -> not_assessable\n"
                                             "derived DOR reason: nothing -> NO_RESPONSE\n"
                                             "+exceptions RESPONSE_UNCONFIRMED PR\n"},
    {"a fall of 90 %, and one of 89.9", DISEASE "u0=Q URINE 0 50; m2=Q SERUM 180 3; ", "m1=Q SERUM 90 4",
     "m1=Q SERUM 90 4.04",
     MEASURED("m1", "T90-01", "4", "4.04") "derived BOR text: VGPR -> PR\n"
                                           "+exceptions RESPONSE_UNCONFIRMED VGPR\n"},
    {"a rise of 25 %, and one of 24.9", DISEASE "m1=Q SERUM 90 20; m2=Q SERUM 180 20; m4=Q SERUM 360 30; ",
     "m3=Q SERUM 270 25", "m3=Q SERUM 270 24.98", MEASURED("m3", "T90-03", "25", "24.98") PROGRESSED_LATER},
    {"a rise of 5 g/L, and one of 4.99", DISEASE "m1=Q SERUM 90 18; m2=Q SERUM 180 18; m4=Q SERUM 360 30; ",
     "m3=Q SERUM 270 23", "m3=Q SERUM 270 22.99", MEASURED("m3", "T90-03", "23", "22.99") PROGRESSED_LATER},
};

Test(edges_parameters, change_what_an_m_protein_changes)
{
    contrast_check(responses, sizeof responses / sizeof *responses, start_year);
}
