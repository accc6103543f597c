/*
 * The derivations that sdtm.def names, and the lines a domain takes. Private to sdtm.
 */
#ifndef SINKS_SDTM_VALUES_H
#define SINKS_SDTM_VALUES_H

#include "sinks/sdtm.h"

/* What a concept or parameter is called in SDTM; NULL: sdtm_tests.def does not know it. */
struct sdtm_test {
    const char *concept, *domain, *code, *name, *category;
};
const struct sdtm_test *sdtm_test_of(const char *concept);

sdtm_derivation value_domain, value_standing, value_yes, value_years, value_sex, value_always, value_occurred,
    value_day_of_elapsed, value_study_day, value_original, value_standard, value_number, value_test_code,
    value_test_name, value_test_category, value_baseline, value_upper, value_mood, value_first_dose, value_ongoing,
    value_action, value_outcome, value_grade_code, value_grade_name, value_not_done, value_derived,
    value_assessment_day, value_related_domain, value_related_variable, value_related_value, value_relation;

void take_DM(struct sdtm_subject *subject);
void take_SV(struct sdtm_subject *subject);
void take_LB(struct sdtm_subject *subject);
void take_VS(struct sdtm_subject *subject);
void take_EX(struct sdtm_subject *subject);
void take_EC(struct sdtm_subject *subject);
void take_CM(struct sdtm_subject *subject);
void take_AE(struct sdtm_subject *subject);
void take_FACE(struct sdtm_subject *subject);
void take_RS(struct sdtm_subject *subject);
void take_QS(struct sdtm_subject *subject);
void take_RELREC(struct sdtm_subject *subject);

#endif
