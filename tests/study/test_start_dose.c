/*
 * The starting dose: every cell of the table, and every bound at, below and above. Day 1 is 2024-01-15.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>

#include "support/doses.h"

static struct subject s;

static void start(void)
{
    subject_init(&s);
    subject_ask(&s, "EXPDOSE;CONCORD");
    subject_trust_roster(&s);
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(start_dose, .init = start, .fini = stop);

/* A man of 68: his clearance is his weight through his creatinine, (140 - 68) x kg / (72 x mg/dL). */
static void add_kidneys(const char *kilograms, const char *creatinine, bool dialysis)
{
    subject_add_patient(&s, "male", "1956-01-15");
    subject_add_value(&s, "w", "29463-7", "2024-01-15", kilograms, "kg");
    subject_add_value(&s, "c", "2160-0", "2024-01-15", creatinine, "mg/dL");
    if (dialysis)
        subject_add_condition(&s, "d", "Z99.2", "2023-06-01", NULL);
}

static void add_counts(const char *anc, const char *platelets)
{
    subject_add_value(&s, "anc", "751-8", "2024-01-15", anc, "10*9/L");
    subject_add_value(&s, "plt", "777-3", "2024-01-15", platelets, "10*9/L");
}

/* Clearances on both sides of each bound. */
static const struct {
    const char *what, *kilograms, *creatinine;
    bool dialysis;
    const char *high, *low; /* expected with enough cells, and with too few */
} kidneys[] = {
    {"well above 50", "80", "1.0", false, "25 mg daily", "15 mg daily"},
    {"just above 50", "50.001", "1.0", false, "25 mg daily", "15 mg daily"},
    {"exactly 50", "50", "1.0", false, "25 mg daily", "15 mg daily"},
    {"just below 50", "49.999", "1.0", false, "10 mg daily", "15 mg every other day"},
    {"just above 30", "60.001", "2.0", false, "10 mg daily", "15 mg every other day"},
    {"exactly 30", "60", "2.0", false, "10 mg daily", "15 mg every other day"},
    {"just below 30", "59.999", "2.0", false, "15 mg every other day", "5 mg daily"},
    {"far below 30", "60", "6.0", false, "15 mg every other day", "5 mg daily"},
    {"just below 30, on dialysis", "59.999", "2.0", true, "5 mg daily", "5 mg every other day"},
    {"far below 30, on dialysis", "60", "6.0", true, "5 mg daily", "5 mg every other day"},
    {"exactly 30, with evidence of dialysis", "60", "2.0", true, "!DIALYSIS_CONFLICT", "!DIALYSIS_CONFLICT"},
    {"above 50, with evidence of dialysis", "80", "1.0", true, "!DIALYSIS_CONFLICT", "!DIALYSIS_CONFLICT"},
};

static const struct {
    const char *anc, *platelets;
    bool low;
} counts[] = {
    {"3.0", "200", false},   {"1.001", "50.1", false}, {"1.0", "50", false},  {"1.00", "50.1", false},
    {"1.1", "50.0", false},  {"0.999", "200", true},   {"3.0", "49.9", true}, {"0.999", "49.9", true},
    {"1.0", "49.999", true}, {"0.9999", "50", true},   {"0.2", "10", true},   {">1.0", ">50", false},
    {"<1.0", "200", true},   {"3.0", "<50", true},
};

/* "25 mg daily" of a text, or the reason. */
static void expect_dose(const char *what, const char *wanted)
{
    const struct gw_row_derived *row = subject_parameter(&s, "EXPDOSE", NULL, NULL);

    if (wanted[0] == '!') {
        subject_expect_parameter(&s, "EXPDOSE", NULL, NULL, wanted);
        expect_text(what, subject_row(&s)->expected_start_dose, "NOT_ASSESSABLE");
        return;
    }
    expect_text(what, row ? row->text : NULL, wanted);
    expect_text(what, subject_row(&s)->expected_start_dose, wanted);
    cr_expect(row && row->value && strtol(row->value, NULL, 10) == strtol(wanted, NULL, 10), "%s", what);
}

Test(start_dose, is_that_of_its_cell)
{
    for (size_t i = 0; i < sizeof kidneys / sizeof *kidneys; i++)
        for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
            stop();
            start();
            add_kidneys(kidneys[i].kilograms, kidneys[i].creatinine, kidneys[i].dialysis);
            add_counts(counts[k].anc, counts[k].platelets);
            subject_derive(&s);
            cr_log_info("%s, ANC %s, platelets %s", kidneys[i].what, counts[k].anc, counts[k].platelets);
            expect_dose(kidneys[i].what, counts[k].low ? kidneys[i].low : kidneys[i].high);
        }
}

static const struct {
    const char *what;
    const char *anc, *platelets;
    const char *wanted;
} gaps[] = {
    {"no neutrophils", NULL, "200", "!NO_BASELINE_ANC"},
    {"no platelets", "3.0", NULL, "!NO_BASELINE_PLATELETS"},
    {"no platelets, though the neutrophils are low", "0.5", NULL, "!NO_BASELINE_PLATELETS"},
    {"neutrophils on either side", "<1.5", "200", "!ANC_NOT_EXACT"},
    {"platelets on either side", "3.0", ">40", "!PLATELETS_NOT_EXACT"},
};

Test(start_dose, needs_every_input)
{
    for (size_t i = 0; i < sizeof gaps / sizeof *gaps; i++) {
        stop();
        start();
        add_kidneys("80", "1.0", false);
        if (gaps[i].anc)
            subject_add_value(&s, "anc", "751-8", "2024-01-15", gaps[i].anc, "10*9/L");
        if (gaps[i].platelets)
            subject_add_value(&s, "plt", "777-3", "2024-01-15", gaps[i].platelets, "10*9/L");
        subject_derive(&s);
        expect_dose(gaps[i].what, gaps[i].wanted);
    }
}

Test(start_dose, needs_renal_function)
{
    subject_add_patient(&s, "male", "1956-01-15");
    add_counts("3.0", "200");
    subject_derive(&s);
    expect_dose("no creatinine", "!NO_CREATININE");
    subject_add_value(&s, "c", "2160-0", "2024-01-15", "1.0", "mg/dL");
    subject_derive(&s);
    expect_dose("no weight", "!NO_WEIGHT");
}

Test(start_dose, goes_by_the_baseline_alone)
{
    add_kidneys("80", "1.0", false);
    subject_add_value(&s, "far", "751-8", "2024-01-01", "0.5", "10*9/L");
    subject_add_value(&s, "near", "751-8", "2024-01-14", "3.0", "10*9/L");
    subject_add_value(&s, "later", "751-8", "2024-01-16", "0.5", "10*9/L");
    subject_add_value(&s, "plt", "777-3", "2024-01-10", "200", "10*9/L");
    subject_derive(&s);
    expect_dose("the nearest to day 1", "25 mg daily");
    subject_add_value(&s, "same", "751-8", "2024-01-15", "0.9", "10*9/L");
    subject_derive(&s);
    expect_dose("that of day 1", "15 mg daily");
}

Test(start_dose, calls_exactly_the_bound_low_where_the_study_says_so)
{
    subject_study(&s)->start_dose.equal_is_cytopenic = true;
    add_kidneys("80", "1.0", false);
    add_counts("1.0", "200");
    subject_derive(&s);
    expect_dose("exactly 1.0", "15 mg daily");
}

Test(start_dose, is_told_with_two_ages_in_one_cell_only)
{
    subject_add_patient(&s, "male", "1956");
    subject_add_value(&s, "w", "29463-7", "2024-01-15", "50.2", "kg"); /* 67 or 68: 50.9 or 50.2 */
    subject_add_value(&s, "c", "2160-0", "2024-01-15", "1.0", "mg/dL");
    add_counts("3.0", "200");
    subject_derive(&s);
    expect_dose("both above 50", "25 mg daily");
    subject_add_value(&s, "w", "29463-7", "2024-01-15", "49.8", "kg"); /* 50.5 or 49.8 */
    s.facts[s.count - 1].version_id = "2";
    s.facts[s.count - 1].delivery = 1;
    subject_derive(&s);
    expect_dose("on both sides of 50", "!AGE_AMBIGUOUS");
    cr_expect(eq(sz, subject_items(&s, "AGE_AMBIGUOUS"), 1));
}

Test(start_dose, takes_the_rows_for_dialysis_where_a_person_says_so)
{
    add_kidneys("80", "1.0", true);
    add_counts("3.0", "200");
    subject_decide(&s, "dialysis", "", "{'dialysis':true}");
    subject_derive(&s);
    expect_dose("on dialysis, a person says", "5 mg daily");
    subject_decide(&s, "dialysis", "", "{'dialysis':false}");
    subject_derive(&s);
    expect_dose("not on dialysis, a person says", "25 mg daily");
}

/* ---- what treatment began with ---- */

/* Kidneys and counts that make each of the six doses. */
static const struct cell {
    const char *kilograms, *creatinine;
    bool dialysis;
    const char *anc;
} daily_25 = {"80", "1.0", false, "3.0"}, daily_15 = {"80", "1.0", false, "0.5"},
  daily_10 = {"40", "1.0", false, "3.0"}, other_15 = {"60", "3.0", false, "3.0"}, daily_5 = {"60", "3.0", true, "3.0"},
  other_5 = {"60", "3.0", true, "0.5"};

static const struct {
    const char *what;
    const struct cell *cell;
    const char *records; /* of lenalidomide */
    const char *wanted;
} beginnings[] = {
    {"25 daily as expected", &daily_25, "S 0..20 25", "CONCORDANT"},
    {"25.0 is 25", &daily_25, "S 0..20 25.0", "CONCORDANT"},
    {"21 days of 28", &daily_25, "S 0..48 25 21/28", "CONCORDANT"},
    {"a pack for a cycle", &daily_25, "D 0 21x25/21", "CONCORDANT"},
    {"two capsules of 12.5", &daily_25, "S 0..20 2cap*12.5", "CONCORDANT"},
    {"reduced later", &daily_25, "S 0..6 25; S 7..20 15", "CONCORDANT"},
    {"15 where 25 is expected", &daily_25, "S 0..20 15", "LOWER"},
    {"raised later", &daily_25, "S 0..6 15; S 7..20 25", "LOWER"},
    {"25 every other day: 275 of 525", &daily_25, "S 0..20 25 qod", "LOWER"},
    {"25 on three days a week", &daily_25, "S 0..20 25 3/wk", "OTHER_SCHEDULE"},
    {"25 a week", &daily_25, "S 0..20 25 weekly", "OTHER_SCHEDULE"},
    {"15 daily as expected", &daily_15, "S 0..20 15", "CONCORDANT"},
    {"25 where 15 is expected", &daily_15, "S 0..20 25", "HIGHER"},
    {"10 where 15 is expected", &daily_15, "S 0..20 10", "LOWER"},
    {"25 every other day: 275 of 315", &daily_15, "S 0..20 25 qod", "LOWER"},
    {"10 daily as expected", &daily_10, "S 0..20 10", "CONCORDANT"},
    {"15 where 10 is expected", &daily_10, "S 0..20 15", "HIGHER"},
    {"15 every other day: 165 of 210", &daily_10, "S 0..20 15 qod", "LOWER"},
    {"25 every other day: 275 of 210", &daily_10, "S 0..20 25 qod", "HIGHER"},
    {"15 every other day as expected", &other_15, "S 0..20 15 qod", "CONCORDANT"},
    {"11 capsules for 21 days", &other_15, "D 0 11x15/21", "CONCORDANT"},
    {"15 daily: 315 of 165", &other_15, "S 0..20 15", "HIGHER"},
    {"10 daily: 210 of 165", &other_15, "S 0..20 10", "HIGHER"},
    {"5 daily: 105 of 165", &other_15, "S 0..20 5", "LOWER"},
    {"10 every other day: 110 of 165", &other_15, "S 0..20 10 qod", "LOWER"},
    {"5 daily as expected", &daily_5, "S 0..20 5", "CONCORDANT"},
    {"10 every other day: 110 of 105", &daily_5, "S 0..20 10 qod", "HIGHER"},
    {"5 every other day: 55 of 105", &daily_5, "S 0..20 5 qod", "LOWER"},
    {"5 every other day as expected", &other_5, "S 0..20 5 qod", "CONCORDANT"},
    {"5 daily: 105 of 55", &other_5, "S 0..20 5", "HIGHER"},
    {"2.5 daily: 52.5 of 55", &other_5, "S 0..20 2.5", "LOWER"},
    {"nothing told", &daily_25, "", "!NO_EXPOSURE"},
    {"capsules of no known strength", &daily_25, "S 0..20 1cap", "!DOSE_NOT_KNOWN"},
    {"one dose in hospital, then a pack", &daily_25, "A 0 25; D 1 20x25/20", "CONCORDANT"},
    {"one dose in hospital, then a pack for alternate days", &other_15, "A 0 15; D 2 10x15/20", "CONCORDANT"},
    {"one dose in hospital, a lower one at home", &daily_25, "A 0 25; D 1 20x15/20", "CONCORDANT"},
    {"one dose, and the next cycle", &daily_25, "A 0 25; D 28 21x25/21", "!SCHEDULE_NOT_KNOWN"},
    {"once or twice a day: a choice is no rhythm", &daily_25, "S 0..20 25 1-2", "!SCHEDULE_NOT_KNOWN"},
    {"one dose, and nothing says how it went on", &daily_25, "A 0 25", "!SCHEDULE_NOT_KNOWN"},
};

Test(start_dose, is_compared_with_what_treatment_began_with)
{
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
        const struct cell *cell = beginnings[i].cell;
        const char *wanted = beginnings[i].wanted;

        stop();
        start();
        add_kidneys(cell->kilograms, cell->creatinine, cell->dialysis);
        add_counts(cell->anc, "200");
        if (*beginnings[i].records)
            doses_add(&s, "L04AX04", beginnings[i].records);
        subject_add_visit(&s, "v30", "2024-02-14");
        s.horizon = s.line.first_dose + 50;
        subject_derive(&s);
        cr_log_info("%s", beginnings[i].what);
        subject_expect_parameter(&s, "CONCORD", NULL, NULL, wanted);
        expect_text(beginnings[i].what, subject_row(&s)->concordance, wanted[0] == '!' ? "NOT_ASSESSABLE" : wanted);
    }
}

/* Of 22 treatment days 10 mg daily are 220 mg, and so are 11 doses of 20 mg on every other day. */
Test(start_dose, is_another_schedule_where_the_milligrams_are_the_same)
{
    struct gw_study *study = subject_study(&s);
    static struct gw_start_dose rows[16];

    cr_assert(lt(sz, study->start_dose.rows.count, sizeof rows / sizeof *rows));
    for (size_t i = 0; i < study->start_dose.rows.count; i++) {
        rows[i] = study->start_dose.rows.items[i];
        if (rows[i].dose.coefficient == 10)
            rows[i].mg_per_cycle = gw_decimal_from_int(220);
    }
    study->start_dose.rows.items = rows;
    study->exposure.treatment_days = 22;
    add_kidneys(daily_10.kilograms, daily_10.creatinine, false);
    add_counts(daily_10.anc, "200");
    doses_add(&s, "L04AX04", "S 0..21 20 qod");
    subject_add_visit(&s, "v30", "2024-02-14");
    s.horizon = s.line.first_dose + 50;
    subject_derive(&s);
    subject_expect_parameter(&s, "CONCORD", NULL, NULL, "OTHER_SCHEDULE");
}

Test(start_dose, is_not_compared_before_an_assessment_told_of_it)
{
    add_kidneys("80", "1.0", false);
    add_counts("3.0", "200");
    doses_add(&s, "L04AX04", "S 5..25 25"); /* day 1 was that of dexamethasone */
    subject_add_visit(&s, "v30", "2024-02-14");
    s.horizon = s.line.first_dose + 28;
    subject_derive(&s);
    subject_expect_parameter(&s, "CONCORD", NULL, NULL, "!AWAITS_ASSESSMENT");
    s.horizon++;
    subject_derive(&s);
    subject_expect_parameter(&s, "CONCORD", NULL, NULL, "CONCORDANT");
}

/* What follows in the first 28 days would tell how often. */
Test(start_dose, of_one_dose_waits_for_the_end_of_the_first_cycle)
{
    static const struct {
        int days;
        const char *reason;
    } horizons[] = {
        {26, "!PERIOD_NOT_OVER"}, {27, "!AWAITS_ASSESSMENT"}, {28, "!AWAITS_ASSESSMENT"}, {29, "!SCHEDULE_NOT_KNOWN"}};

    add_kidneys("80", "1.0", false);
    add_counts("3.0", "200");
    doses_add(&s, "L04AX04", "A 0 25");
    subject_add_visit(&s, "v30", "2024-02-14");
    for (size_t i = 0; i < sizeof horizons / sizeof *horizons; i++) {
        s.horizon = s.line.first_dose + horizons[i].days;
        subject_derive(&s);
        subject_expect_parameter(&s, "CONCORD", NULL, NULL, horizons[i].reason);
    }
}

Test(start_dose, is_not_compared_where_it_is_not_known)
{
    add_kidneys("80", "1.0", false);
    doses_add(&s, "L04AX04", "S 0..20 25");
    subject_derive(&s);
    subject_expect_parameter(&s, "CONCORD", NULL, NULL, "!NO_BASELINE_ANC");
}

Test(start_dose, by_orders_alone_is_unconfirmed)
{
    add_kidneys("80", "1.0", false);
    add_counts("3.0", "200");
    doses_add(&s, "L04AX04", "R 0.. 25");
    subject_derive(&s);
    subject_expect_parameter(&s, "CONCORD", NULL, NULL, "CONCORDANT");
    expect_text("state", subject_parameter(&s, "CONCORD", NULL, NULL)->state, "unconfirmed");
}
