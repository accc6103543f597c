/*
 * Which date, which window, through the whole of derive(): zones, bounds, fallbacks, the study's choices.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "support/subject.h"

#define ANC "751-8"

static struct subject s;
static struct gw_study study; /* a copy that a test may change */

static void start_at(const char *package, const char *site)
{
    subject_init_at(&s, package, site);
    study = *s.study;
    s.study = &study;
    subject_add_patient(&s, "female", "1950-03-01");
}

static void start(void)
{
    start_at("lendex-rrmm", "madrid");
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(place, .init = start, .fini = stop);

/* An ANC with members of its own: date, specimen, status. */
static void add_anc(const char *id, const char *members)
{
    subject_add(&s,
                "{'resourceType':'Observation','id':'%s','status':'final','subject':{'reference':'Patient/p1'},"
                "'code':{'coding':[{'system':'http://loinc.org','code':'" ANC "'}]},"
                "'valueQuantity':{'value':2.1,'system':'http://unitsofmeasure.org','code':'10*9/L'},%s}",
                id, members);
}

/* T30-01 is 9 to 19 February; D1 is 15 January. */
static const struct {
    const char *site, *effective;
    bool inside;
    int elapsed;
} zones[] = {
    {"madrid", "2024-02-19T22:59:59Z", true, 35},          {"madrid", "2024-02-19T23:00:00Z", false, 0},
    {"madrid", "2024-02-08T23:00:00Z", true, 25},          {"madrid", "2024-02-08T22:59:59Z", false, 0},
    {"essen", "2024-02-19T23:30:00Z", false, 0},           {"boston", "2024-02-20T04:59:59Z", true, 35},
    {"boston", "2024-02-20T05:00:00Z", false, 0},          {"boston", "2024-02-09T04:59:59Z", false, 0},
    {"busan", "2024-02-19T14:59:59Z", true, 35},           {"busan", "2024-02-19T15:00:00Z", false, 0},
    {"busan", "2024-02-08T15:00:00Z", true, 25},           {"madrid", "2024-02-20T08:30:00+10:00", true, 35},
    {"boston", "2024-02-09T13:00:00.000+09:00", false, 0},
};

Test(place, s15_goes_by_the_calendar_of_the_site)
{
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
        const struct gw_row_observations *row;

        stop();
        start_at("lendex-rrmm", zones[i].site);
        subject_add_visit(&s, "e", "2024-02-14");
        subject_add_lab(&s, "v", ANC, zones[i].effective, "2.0");
        subject_derive(&s);
        row = subject_observation(&s, "v", "T30-01");
        cr_expect(eq(int, row != NULL, zones[i].inside), "%s %s", zones[i].site, zones[i].effective);
        if (row)
            cr_expect(eq(int, row->elapsed, zones[i].elapsed), "%s %s", zones[i].site, zones[i].effective);
    }
}

static const struct {
    const char *name, *members, *state, *start, *end;
} dates[] = {
    {"a period that straddles the last day is judged by its start",
     "'effectivePeriod':{'start':'2024-02-19T20:00:00+01:00','end':'2024-02-20T20:00:00+01:00'}", "delivered",
     "2024-02-19T20:00:00+01:00", "2024-02-20T20:00:00+01:00"},
    {"a period that only ends in a window is outside", "'effectivePeriod':{'start':'2024-02-08','end':'2024-02-10'}",
     "outside_window BETWEEN_WINDOWS", NULL, NULL},
    {"an instant", "'effectiveInstant':'2024-02-14T10:00:00.123+01:00'", "delivered", "2024-02-14T10:00:00.123+01:00",
     ""},
    {"the one event of a timing", "'effectiveTiming':{'event':['2024-02-14']}", "delivered", "2024-02-14", ""},
    {"two events of a timing, and the specimen",
     "'effectiveTiming':{'event':['2024-02-14','2024-02-15']},'specimen':{'reference':'Specimen/sp'}", "delivered",
     "2024-02-13", ""},
    {"effective before the specimen's collection",
     "'effectiveDateTime':'2024-02-14','specimen':{'reference':'Specimen/sp'}", "delivered", "2024-02-14", ""},
    {"the specimen's collection before issue", "'issued':'2024-02-25T10:00:00Z','specimen':{'reference':'Specimen/sp'}",
     "delivered", "2024-02-13", ""},
    {"a specimen in error says nothing", "'issued':'2024-02-15T10:00:00Z','specimen':{'reference':'Specimen/wrong'}",
     "delivered", "2024-02-15T10:00:00Z", ""},
    {"an issue outside the windows asks nobody", "'issued':'2024-02-25T10:00:00Z'", "outside_window BETWEEN_WINDOWS",
     NULL, NULL},
    {"a year asks where it touches a window", "'effectiveDateTime':'2024'", "held PARTIAL_DATE", NULL, NULL},
    {"a year before the study does not", "'effectiveDateTime':'2022'", "outside_window OUT_OF_WINDOW_PARTIAL", NULL,
     NULL},
    {"a time without an offset outside asks nobody", "'effectiveDateTime':'2024-02-25T10:00:00'",
     "outside_window BETWEEN_WINDOWS", NULL, NULL},
    {"one that could be inside asks", "'effectiveDateTime':'2024-02-20T01:00:00'", "held TIME_WITHOUT_OFFSET", NULL,
     NULL},
    {"no date that can be read", "'effectiveDateTime':'14.02.2024'", "held DATE_MISSING", NULL, NULL},
};

Test(place, s15_knows_which_date_is_the_clinical_one)
{
    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        const struct gw_row_observations *row;

        stop();
        start();
        subject_add_visit(&s, "e", "2024-02-14");
        subject_add(&s, "{'resourceType':'Specimen','id':'sp','subject':{'reference':'Patient/p1'},"
                        "'collection':{'collectedDateTime':'2024-02-13'}}");
        subject_add(&s, "{'resourceType':'Specimen','id':'wrong','status':'entered-in-error',"
                        "'subject':{'reference':'Patient/p1'},'collection':{'collectedDateTime':'2024-02-13'}}");
        add_anc("v", dates[i].members);
        subject_derive(&s);
        expect_text(dates[i].name, subject_state(&s, "v"), dates[i].state);
        row = subject_observation(&s, "v", "T30-01");
        if (dates[i].start && row) {
            expect_text(dates[i].name, row->effective_start, dates[i].start);
            expect_text(dates[i].name, row->effective_end, dates[i].end);
        }
        expect_text(dates[i].name, subject_state(&s, "sp"),
                    dates[i].start && strcmp(dates[i].start, "2024-02-13") == 0 ? "evidence"
                                                                                : "not_in_scope NOT_DERIVED");
        cr_expect(eq(sz, subject_items(&s, "DATE_FROM_ISSUED"), dates[i].start && strstr(dates[i].members, "wrong")),
                  "%s", dates[i].name);
    }
}

Test(place, s15_keeps_a_month_that_one_window_holds_and_names_the_windows_another_touches)
{
    const struct gw_row_observations *row;

    s.line.first_dose = subject_day("2024-01-16"); /* T90-01 is 31 March to 30 April */
    subject_add_visit(&s, "e", "2024-04-15");
    add_anc("april", "'effectiveDateTime':'2024-04'");
    add_anc("march", "'effectiveDateTime':'2024-03'");
    subject_derive(&s);
    row = subject_observation(&s, "april", "T90-01");
    cr_assert(row != NULL);
    expect_text("date", row->effective_start, "2024-04");
    expect_text("precision", row->date_precision, "month");
    cr_expect(eq(int, row->elapsed, GW_NULL_INTEGER));
    cr_expect(eq(int, row->anl01 + row->anl02 + row->anl03, 0), "a partial date is never flagged");
    subject_expect(&s, "march", "held PARTIAL_DATE");
    expect_text("windows", subject_item(&s, "PARTIAL_DATE")->window_ids, "T30-02;T90-01");
}

Test(place, takes_laboratory_values_at_90_days_alone_where_the_study_says_so)
{
    study.labs_at_g30 = false;
    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add_visit(&s, "e3", "2024-04-14");
    subject_add_lab(&s, "v1", ANC, "2024-02-14", "2.0");
    subject_add_lab(&s, "v3", ANC, "2024-04-14", "2.0");
    subject_derive(&s);
    subject_expect(&s, "v1", "outside_window BETWEEN_WINDOWS");
    cr_expect(subject_observation(&s, "v3", "T90-01") != NULL);
    cr_expect(subject_observation(&s, "v3", "T30-03") == NULL);
}

Test(place, begins_a_day_earlier_where_targets_are_study_days)
{
    study.day_basis_study_day = true;
    subject_add_visit(&s, "e", "2024-02-13");
    subject_add_lab(&s, "first", ANC, "2024-02-08", "2.0");
    subject_add_lab(&s, "past", ANC, "2024-02-19", "2.0");
    subject_add_lab(&s, "one", ANC, "2024-01-15", "2.0");
    subject_derive(&s);
    subject_expect(&s, "first", "delivered");
    subject_expect(&s, "past", "outside_window BETWEEN_WINDOWS");
    cr_expect(subject_observation(&s, "one", "BASELINE") != NULL, "day 1 does not move");
    cr_expect(eq(int, subject_window(&s, "T30-01")->target_elapsed, 29));
    cr_expect(eq(int, subject_window(&s, "BASELINE")->low, -14));
}

/* ---- baseline ---- */

static void add_dose(const char *id, const char *effective)
{
    subject_add(&s,
                "{'resourceType':'MedicationAdministration','id':'%s','status':'completed',"
                "'subject':{'reference':'Patient/p1'},'effectiveDateTime':'%s',"
                "'medicationCodeableConcept':{'coding':[{'system':'http://www.whocc.no/atc','code':'L04AX04'}]}}",
                id, effective);
}

Test(place, takes_day_1_for_baseline_up_to_the_first_dose)
{
    add_dose("dose", "2024-01-15T10:00:00+01:00");
    subject_add_lab(&s, "before-low", ANC, "2023-12-31", "2.0");
    subject_add_lab(&s, "low", ANC, "2024-01-01", "2.0");
    subject_add_lab(&s, "with", ANC, "2024-01-15T09:00:00Z", "2.1");
    subject_add_lab(&s, "after", ANC, "2024-01-15T09:00:01Z", "2.2");
    subject_add_lab(&s, "some-time", ANC, "2024-01-15", "2.3");
    subject_derive(&s);
    subject_expect(&s, "before-low", "outside_window BEFORE_BASELINE");
    subject_expect(&s, "low", "delivered");
    subject_expect(&s, "with", "delivered");
    subject_expect(&s, "after", "outside_window BETWEEN_WINDOWS");
    subject_expect(&s, "some-time", "delivered");
    cr_expect(subject_observation(&s, "with", "BASELINE")->anl01, "a stated time goes before none");
    cr_expect(subject_observation(&s, "low", "BASELINE")->anl01 == false);
}

/* ---- the bounds of a life in the study ---- */

Test(place, ends_with_death_withdrawal_and_the_cap)
{
    static const struct {
        const char *name, *death, *withdrawn, *day, *state;
    } bounds[] = {
        {"on the day of death", "2024-02-14", NULL, "2024-02-14", "delivered"},
        {"the day after, in what was the window", "2024-02-14", NULL, "2024-02-15", "held AFTER_DEATH"},
        {"after death, between windows", "2024-02-14", NULL, "2024-02-25", "outside_window BETWEEN_WINDOWS"},
        {"a month of death is its last day", "2024-02", NULL, "2024-02-18", "delivered"},
        {"on the day of withdrawal", NULL, "2024-02-14", "2024-02-14", "delivered"},
        {"the day after withdrawal", NULL, "2024-02-14", "2024-02-15", "outside_window AFTER_WITHDRAWAL"},
        {"long before", NULL, "2024-02-14", "2023-12-31", "outside_window BEFORE_BASELINE"},
        {"on the last day before the cap", NULL, NULL, "2027-01-04", "delivered"},
        {"after the cap", NULL, NULL, "2027-01-16", "outside_window AFTER_36_MONTHS"},
    };

    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        stop();
        start();
        s.horizon = subject_day("2027-12-31");
        s.facts[0].patient.deceased = bounds[i].death;
        s.facts[0].patient.deceased_date = bounds[i].death;
        s.line.withdrawn = bounds[i].withdrawn ? subject_day(bounds[i].withdrawn) : GW_NO_DAY;
        subject_add_visit(&s, "e1", "2024-02-14");
        subject_add_visit(&s, "e36", "2026-12-30");
        subject_add_lab(&s, "v", ANC, bounds[i].day, "2.0");
        subject_derive(&s);
        expect_text(bounds[i].name, subject_state(&s, "v"), bounds[i].state);
    }
}

/* ---- study 004 ---- */

Test(place, takes_every_day_of_52_weeks_in_a_continuous_study)
{
    static const struct {
        const char *day, *window, *state;
    } weeks[] = {
        {"2024-01-14", NULL, "outside_window BEFORE_FIRST_DOSE"},
        {"2024-01-15", "W01", "delivered"},
        {"2024-01-21", "W01", "delivered"},
        {"2024-01-22", "W02", "delivered"},
        {"2025-01-06", "W52", "delivered"},
        {"2025-01-12", "W52", "delivered"},
        {"2025-01-13", NULL, "outside_window AFTER_52_WEEKS"},
    };

    for (size_t i = 0; i < sizeof weeks / sizeof weeks[0]; i++) {
        stop();
        start_at("elranatamab-rrmm", "madrid");
        s.horizon = subject_day("2025-06-30");
        subject_add_lab(&s, "v", ANC, weeks[i].day, "0.4");
        subject_derive(&s);
        expect_text(weeks[i].day, subject_state(&s, "v"), weeks[i].state);
        cr_expect(eq(int, weeks[i].window &&subject_observation(&s, "v", weeks[i].window), weeks[i].window != NULL),
                  "%s", weeks[i].day);
        cr_expect(eq(sz, s.derived.rows.tables[GW_TABLE_windows].count, 52));
        cr_expect(eq(sz, s.derived.item_count, subject_items(&s, "AE_RELATEDNESS")), "nothing else is asked");
    }
    expect_text("group", subject_window(&s, "W01")->data_group, "ALL");
    expect_text("state", subject_window(&s, "W52")->state, "collected");
}
