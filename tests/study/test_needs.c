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
    bool history, renal, looks_back;
} rows[] = {{"WEIGHT", true, true, true},
            {"WEIGHT", true, false, false}, /* no clearance asks for it */
            {"WEIGHT", false, true, false},
            {"HEIGHT", true, true, false},
            {"ANC", true, true, false}};

Test(needs, reach_back_for_the_weights_of_a_clearance)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct gw_study study = {.history = {.on = rows[i].history, .weight_days = 90},
                                       .renal = {.on = rows[i].renal}};
        const struct gw_lab lab = {.concept = rows[i].concept};

        cr_expect(eq(int, gw_study_looks_back(&study, &lab), rows[i].looks_back), "%s", rows[i].concept);
    }
}

static const struct {
    const char *name;
    struct gw_window_rule window;
    bool history;
    int days;
} studies[] = {
    {"weeks from day 1", {.from = GW_ANCHOR_D1, .grid = true, .every = 7, .high = 6}, true, 28},
    {"a visit after day 1", {.from = GW_ANCHOR_D1, .target = 7, .low = -2, .high = 2}, true, 28},
    {"no history", {.from = GW_ANCHOR_D1, .grid = true, .every = 7, .high = 6}, false, 0},
    {"two weeks before day 1", {.from = GW_ANCHOR_D1, .low = -14}, true, 0},
    {"day 1 alone", {.from = GW_ANCHOR_D1}, true, 0},
};

Test(needs, reach_back_for_a_baseline_where_no_window_before_treatment_takes_it)
{
    for (size_t i = 0; i < sizeof studies / sizeof studies[0]; i++) {
        const struct gw_study study = {.windows = &studies[i].window,
                                       .window_count = 1,
                                       .history = {.on = studies[i].history, .baseline_days = 28}};

        cr_expect(eq(int, gw_study_baseline_days(&study), studies[i].days), "%s", studies[i].name);
    }
}
