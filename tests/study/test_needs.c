/*
 * What a study has a use for.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "gateway/study/package.h"
#include "gateway/study/tables.h"

#define TEXTS(...) ((const char *const[]){__VA_ARGS__, NULL})

static const struct {
    const char *name;
    const char *const *categories;
    const char *const *derived;
    bool events, answers, reports;
} cases[] = {
    {"no events, no parameters", TEXTS(NULL), TEXTS(NULL), false, false, false},
    {"some events", TEXTS("NEUTROPENIA"), TEXTS(NULL), true, false, false},
    {"thromboembolism is seen on images", TEXTS("NEUTROPENIA", "THROMBOEMBOLISM"), TEXTS(NULL), true, false, true},
    {"ICANS is scored by answers", TEXTS("ICANS"), TEXTS(NULL), true, true, false},
    {"so are frailty by IMWG", TEXTS(NULL), TEXTS("CRCLCG", "FRAILIMW"), false, true, false},
    {"and quality of life", TEXTS(NULL), TEXTS("QLGLOBAL"), false, true, false},
    {"simplified frailty is not", TEXTS(NULL), TEXTS("FRAILSIM"), false, false, false},
};

static size_t count_of(const char *const *texts)
{
    size_t count = 0;

    while (texts[count])
        count++;
    return count;
}

Test(needs, are_told_by_categories_and_parameters)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct gw_study study = {.categories = cases[i].categories,
                                       .category_count = count_of(cases[i].categories),
                                       .derived = cases[i].derived,
                                       .derived_count = count_of(cases[i].derived)};

        cr_expect(eq(int, gw_study_reads(&study, GW_ADVERSE_EVENT), cases[i].events), "%s", cases[i].name);
        cr_expect(eq(int, gw_study_reads(&study, GW_QUESTIONNAIRE_RESPONSE), cases[i].answers), "%s", cases[i].name);
        cr_expect(eq(int, gw_study_reads(&study, GW_DIAGNOSTIC_REPORT), cases[i].reports), "%s", cases[i].name);
        cr_expect(gw_study_reads(&study, GW_OBSERVATION), "%s: every study reads results", cases[i].name);
    }
}

static const struct {
    const char *concept;
    bool on, looks_back;
} rows[] = {{"WEIGHT", true, true}, {"HEIGHT", true, true}, {"ANC", true, false}, {"WEIGHT", false, false}};

Test(needs, reach_back_for_weight_and_height_where_the_package_has_a_history)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct gw_study study = {.history = {.on = rows[i].on, .weight_days = 90}};
        const struct gw_lab lab = {.concept = rows[i].concept};

        cr_expect(eq(int, gw_study_looks_back(&study, &lab), rows[i].looks_back), "%s", rows[i].concept);
    }
}
