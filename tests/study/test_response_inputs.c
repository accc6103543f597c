/*
 * What responses and their times rest on: the values they name, assessments that say nothing, the cap of the study.
 *
 * Visits are at day 90, 180, 270 ... after the first dose of 2024-01-15: the middle of the 90-day windows.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "support/doses.h"

static struct subject s;

static void start(void)
{
    subject_init(&s);
    s.horizon = subject_day("2026-12-31");
    subject_add_patient(&s, "male", "1950-03-01");
    for (int k = 1; k <= 6; k++)
        subject_add_visit(&s, gw_arena_print(&s.arena, "e%d", k), subject_date(&s, 90 * k));
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(response_inputs, .init = start, .fini = stop);

static void add_serum(int day, const char *value)
{
    subject_add_value(&s, gw_arena_print(&s.arena, "s%d", day), "33358-3", subject_date(&s, day), value, "g/L");
}

static void add_urine(int day, const char *value)
{
    subject_add_value(&s, gw_arena_print(&s.arena, "u%d", day), "42482-0", subject_date(&s, day), value, "mg/(24.h)");
}

/* Both chains as components of one result. */
static void add_chains(int day, const char *kappa, const char *lambda)
{
    subject_add(
        &s,
        "{'resourceType':'Observation','id':'c%d','status':'final','subject':{'reference':'Patient/p1'},"
        "'code':{'coding':[{'system':'http://loinc.org','code':'98124-9'}]},'effectiveDateTime':'%s','component':["
        "{'code':{'coding':[{'system':'http://loinc.org','code':'36916-5'}]},'valueQuantity':{'value':%s,"
        "'system':'http://unitsofmeasure.org','code':'mg/L'}},"
        "{'code':{'coding':[{'system':'http://loinc.org','code':'33944-0'}]},'valueQuantity':{'value':%s,"
        "'system':'http://unitsofmeasure.org','code':'mg/L'}}]}",
        day, subject_date(&s, day), kappa, lambda);
}

/* Lines of provenance of a parameter's row that name one resource. */
static size_t lines_of(const char *param, const char *id)
{
    const struct gw_row_list *list = &s.derived.rows.tables[GW_TABLE_provenance];
    const struct gw_row_derived *row = subject_parameter(&s, param, NULL, NULL);
    const struct gw_row_observations *observation = subject_observation(&s, id, "BASELINE");
    const char *source = NULL;
    size_t count = 0;

    cr_assert(row && observation);
    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_provenance *line = (const struct gw_row_provenance *)list->rows[i];

        if (gw_same(line->of_row, observation->row_id) && gw_same(line->role, "value"))
            source = line->source_hash;
    }
    cr_assert(source != NULL);
    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_provenance *line = (const struct gw_row_provenance *)list->rows[i];

        count += gw_same(line->of_row, row->row_id) && gw_same(line->source_hash, source);
    }
    return count;
}

/* 510 - 10 falls to 260 - 10: by half. */
Test(response_inputs, name_both_chains_of_one_result_and_the_result_once)
{
    const struct gw_row_derived *best;
    size_t rows = 1;

    add_chains(0, "510", "10");
    add_chains(90, "260", "10");
    add_chains(180, "260", "10");
    subject_derive(&s);
    subject_expect_parameter(&s, "BOR", NULL, NULL, "PR");
    best = subject_parameter(&s, "BOR", NULL, NULL);
    for (const char *at = best->inputs; (at = strchr(at, ';')); at++)
        rows++;
    cr_expect(eq(sz, rows, 6), "%s", best->inputs);
    cr_expect(eq(sz, lines_of("BOR", "c0"), 1));
}

/* Urine that was measurable is missing on day 180: that day says neither PR nor its loss. */
Test(response_inputs, are_confirmed_over_an_assessment_that_says_nothing)
{
    add_serum(0, "40");
    add_urine(0, "5000");
    add_serum(90, "15");
    add_urine(90, "100");
    add_serum(180, "15");
    add_serum(270, "15");
    add_urine(270, "100");
    subject_derive(&s);
    subject_expect_parameter(&s, "BOR", NULL, NULL, "PR");
    subject_expect_parameter(&s, "TTR", NULL, NULL, "90");
    subject_expect_parameter(&s, "TTP", NULL, NULL, "270");
}

/* The cap of 6 months is 2024-07-15, day 182; treatment ends before it, and is followed up 90 days after its end. */
Test(response_inputs, are_censored_at_the_cap)
{
    subject_study(&s)->cap_months = 6;
    s.line.end_of_treatment = s.line.first_dose + 170;
    subject_add_visit(&s, "fu", subject_date(&s, 260));
    add_serum(0, "40");
    add_serum(90, "15");
    add_serum(260, "15");
    subject_derive(&s);
    subject_expect_parameter(&s, "BOR", NULL, NULL, "PR");
    subject_expect_parameter(&s, "TTP", NULL, NULL, "182");
    cr_expect(gw_same(subject_parameter(&s, "TTP", NULL, NULL)->text, "CENSORED"));
    subject_expect_parameter(&s, "DOR", NULL, NULL, "92");
}
