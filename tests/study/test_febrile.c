/*
 * Febrile neutropenia out of two signals. Times are minutes from a fever at noon of 2024-02-20 (UTC); expectations are
 * worked out by hand from the rule: fever above 38.3, or at 38.0 for more than an hour; neutrophils below 1.0 within
 * 24 hours.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "support/subject.h"

#define H       60
#define D       (24 * H)
#define UNTIMED 1000000 /* added to a time: only its day is told */

static struct subject s;

static void start(void)
{
    subject_init(&s);
    subject_add_monthly_visits(&s, 8); /* 2024-02-14, 2024-03-15 ...; a normal count on 2024-01-15 */
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(febrile, .init = start, .fini = stop);

static const char *time_text(int minutes)
{
    const bool untimed = minutes > UNTIMED / 2;
    const int at = (untimed ? minutes - UNTIMED : minutes) + 12 * H + 10000 * D;
    char day[11];

    gw_day_print(subject_day("2024-02-20") + at / D - 10000, day);
    return untimed ? gw_arena_print(&s.arena, "%s", day)
                   : gw_arena_print(&s.arena, "%sT%02d:%02d:00Z", day, at % D / H, at % H);
}

struct sign {
    int at;
    const char *value; /* "<0.9" with a comparator; NULL: no more */
};

static void add(const char *id, const char *loinc, const struct sign *sign, const char *unit, const char *status)
{
    const size_t marks = strspn(sign->value, "<>=");

    subject_add(&s,
                "{'resourceType':'Observation','id':'%s','status':'%s','subject':{'reference':'Patient/p1'},"
                "'code':{'coding':[{'system':'http://loinc.org','code':'%s'}]},'effectiveDateTime':'%s',"
                "'valueQuantity':{'value':%s,%s%.*s%s'system':'http://unitsofmeasure.org','code':'%s'}}",
                id, status, loinc, time_text(sign->at), sign->value + marks, marks ? "'comparator':'" : "", (int)marks,
                sign->value, marks ? "'," : "", unit);
}

static void add_signs(const struct sign *temps, const struct sign *counts)
{
    static const char *const names[] = {"0", "1", "2", "3", "4", "5"};

    for (size_t i = 0; i < 6 && temps[i].value; i++)
        add(gw_arena_print(&s.arena, "t%s", names[i]), "8310-5", &temps[i], "Cel", "final");
    for (size_t i = 0; i < 6 && counts[i].value; i++)
        add(gw_arena_print(&s.arena, "n%s", names[i]), "751-8", &counts[i], "10*9/L", "final");
}

static const struct gw_row_ae_episodes *episode_of(const char *category)
{
    const struct gw_row_list *list = &s.derived.rows.tables[GW_TABLE_ae_episodes];

    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_ae_episodes *row = (const struct gw_row_ae_episodes *)list->rows[i];

        if (strcmp(row->category, category) == 0)
            return row;
    }
    return NULL;
}

static size_t febrile_rows(void)
{
    const struct gw_row_list *list = &s.derived.rows.tables[GW_TABLE_ae_episodes];
    size_t count = 0;

    for (size_t i = 0; i < list->count; i++)
        count += strcmp(((const struct gw_row_ae_episodes *)list->rows[i])->category, "FEBRILE_NEUTROPENIA") == 0;
    return count;
}

static size_t febrile_candidates(void)
{
    size_t count = 0;

    for (size_t i = 0; i < s.derived.item_count; i++)
        count += strcmp(s.derived.items[i].code, "AE_CANDIDATE") == 0 &&
                 strstr(s.derived.items[i].context, "\"category\":\"FEBRILE_NEUTROPENIA\"") != NULL;
    return count;
}

/* ---- is it one ---- */

enum verdict { NONE, CANDIDATE, EVENT };

static const struct {
    const char *name;
    struct sign temps[6], counts[6];
    enum verdict verdict;
} cases[] = {
    /* the bound of the single temperature */
    {"38.4", {{0, "38.4"}}, {{0, "0.9"}}, EVENT},
    {"38.3 is not above it", {{0, "38.3"}}, {{0, "0.9"}}, NONE},
    {"38.31", {{0, "38.31"}}, {{0, "0.9"}}, EVENT},
    {"no fever", {{0, "36.8"}}, {{0, "0.1"}}, NONE},
    {"above 38.0 may be 38.2", {{0, ">38.0"}}, {{0, "0.9"}}, NONE},
    {"above 38.3", {{0, ">38.3"}}, {{0, "0.9"}}, EVENT},
    {"38.3 or more may be 38.3", {{0, ">=38.3"}}, {{0, "0.9"}}, NONE},
    {"above 38.0 twice", {{0, ">38.0"}, {61, ">38.0"}}, {{0, "0.9"}}, EVENT},
    {"below 39 says nothing", {{0, "<39.0"}}, {{0, "0.9"}}, NONE},
    {"below 38.0 between", {{0, "38.2"}, {30, "<38.0"}, {90, "38.2"}}, {{0, "0.9"}}, NONE},
    /* the bound of the count */
    {"1.0 is not below it", {{0, "39.0"}}, {{0, "1.0"}}, NONE},
    {"0.999", {{0, "39.0"}}, {{0, "0.999"}}, EVENT},
    {"none", {{0, "39.0"}}, {{0, "0"}}, EVENT},
    {"below 1.0", {{0, "39.0"}}, {{0, "<1.0"}}, EVENT},
    {"1.0 or less: a person looks", {{0, "39.0"}}, {{0, "<=1.0"}}, CANDIDATE},
    {"below 1.1: a person looks", {{0, "39.0"}}, {{0, "<1.1"}}, CANDIDATE},
    {"above 0.5: a person looks", {{0, "39.0"}}, {{0, ">0.5"}}, CANDIDATE},
    {"above 1.0", {{0, "39.0"}}, {{0, ">1.0"}}, NONE},
    {"below 1.5 a day ago, then low", {{0, "39.0"}}, {{-D, "<1.5"}, {-1, "0.9"}}, EVENT},
    {"low a day ago, then below 1.5", {{0, "39.0"}}, {{-D, "0.9"}, {-1, "<1.5"}}, CANDIDATE},
    {"below 1.5 two days ago", {{0, "39.0"}}, {{-2 * D, "<1.5"}}, NONE},
    {"below 1.5 soon after", {{0, "39.0"}}, {{H, "<1.5"}}, CANDIDATE},
    {"no count", {{0, "39.0"}}, {{0, NULL}}, NONE},
    /* the count before */
    {"24 hours before", {{0, "39.0"}}, {{-D, "0.9"}}, EVENT},
    {"a minute earlier", {{0, "39.0"}}, {{-D - 1, "0.9"}}, CANDIDATE},
    {"72 hours before", {{0, "39.0"}}, {{-3 * D, "0.9"}}, CANDIDATE},
    {"a minute more", {{0, "39.0"}}, {{-3 * D - 1, "0.9"}}, NONE},
    {"a normal one 30 hours before", {{0, "39.0"}}, {{-30 * H, "1.4"}}, NONE},
    {"the latest decides", {{0, "39.0"}}, {{-30 * H, "0.5"}, {-10 * H, "1.2"}}, NONE},
    {"the latest decides the other way", {{0, "39.0"}}, {{-30 * H, "1.5"}, {-10 * H, "0.9"}}, EVENT},
    /* the count after */
    {"24 hours after", {{0, "39.0"}}, {{D, "0.9"}}, EVENT},
    {"a minute later", {{0, "39.0"}}, {{D + 1, "0.9"}}, NONE},
    {"the first after decides", {{0, "39.0"}}, {{2 * H, "1.1"}, {4 * H, "0.9"}}, NONE},
    {"an old low one and a normal one after", {{0, "39.0"}}, {{-30 * H, "0.5"}, {10 * H, "1.2"}}, NONE},
    {"an old low one and a low one after", {{0, "39.0"}}, {{-30 * H, "0.5"}, {10 * H, "0.5"}}, EVENT},
    {"an old normal one and a low one after", {{0, "39.0"}}, {{-30 * H, "1.5"}, {10 * H, "0.5"}}, EVENT},
    {"normal before, low after: a person looks", {{0, "39.0"}}, {{-10 * H, "1.2"}, {10 * H, "0.5"}}, CANDIDATE},
    {"normal before, low much later", {{0, "39.0"}}, {{-10 * H, "1.2"}, {D + 1, "0.5"}}, NONE},
    /* sustained */
    {"38.0 for 61 minutes", {{0, "38.0"}, {61, "38.0"}}, {{0, "0.9"}}, EVENT},
    {"38.0 for an hour", {{0, "38.0"}, {60, "38.0"}}, {{0, "0.9"}}, NONE},
    {"38.0 once", {{0, "38.0"}}, {{0, "0.9"}}, NONE},
    {"37.9 for two hours", {{0, "37.9"}, {120, "37.9"}}, {{0, "0.9"}}, NONE},
    {"37.9 between", {{0, "38.2"}, {30, "37.9"}, {90, "38.2"}}, {{0, "0.9"}}, NONE},
    {"38.0 between", {{0, "38.2"}, {30, "38.0"}, {90, "38.2"}}, {{0, "0.9"}}, EVENT},
    {"the last two long enough", {{0, "38.2"}, {30, "37.9"}, {90, "38.2"}, {151, "38.1"}}, {{0, "0.9"}}, EVENT},
    {"a day apart", {{0, "38.1"}, {D, "38.1"}}, {{12 * H, "0.9"}}, EVENT},
    {"more than a day apart", {{0, "38.1"}, {D + 1, "38.1"}}, {{12 * H, "0.9"}}, NONE},
    /* days without a time */
    {"one day, both signs", {{UNTIMED, "38.4"}}, {{UNTIMED, "0.9"}}, EVENT},
    {"a time and a day, the same", {{0, "38.4"}}, {{UNTIMED, "0.9"}}, EVENT},
    {"the day before may be longer ago", {{0, "38.4"}}, {{UNTIMED - D, "0.9"}}, CANDIDATE},
    {"the day after may be later", {{0, "38.4"}}, {{UNTIMED + D, "0.9"}}, CANDIDATE},
    {"two days after is later", {{0, "38.4"}}, {{UNTIMED + 2 * D, "0.9"}}, NONE},
    {"38.1 twice a day, no times", {{UNTIMED, "38.1"}, {UNTIMED, "38.2"}}, {{UNTIMED, "0.9"}}, CANDIDATE},
    {"38.1 once, no time", {{UNTIMED, "38.1"}}, {{UNTIMED, "0.9"}}, NONE},
    {"38.1 at a time and one without", {{0, "38.1"}, {UNTIMED, "38.1"}}, {{0, "0.9"}}, CANDIDATE},
};

Test(febrile, takes_fever_and_a_low_count_near_it)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        stop();
        start();
        add_signs(cases[i].temps, cases[i].counts);
        subject_derive(&s);
        cr_expect(eq(sz, febrile_rows(), cases[i].verdict == EVENT), "%s", cases[i].name);
        cr_expect(eq(sz, febrile_candidates(), cases[i].verdict == CANDIDATE), "%s", cases[i].name);
    }
}

/* What began before the first dose is no event of the treatment, nor is a fever that goes on in it. */
static const struct {
    const char *name, *count, *fever, *later; /* another fever; NULL: none */
    size_t events;
} early[] = {
    {"before day 1", "2024-01-12T08:00:00+01:00", "2024-01-12T10:00:00+01:00", NULL, 0},
    {"the night before", "2024-01-14T20:00:00+01:00", "2024-01-14T23:59:59+01:00", NULL, 0},
    {"on day 1", "2024-01-15T08:00:00+01:00", "2024-01-15T10:00:00+01:00", NULL, 1},
    {"it goes on after day 1", "2024-01-14T20:00:00+01:00", "2024-01-14T23:00:00+01:00", "2024-01-16T08:00:00+01:00",
     0},
    {"in doubt before day 1", "2024-01-10T20:00:00+01:00", "2024-01-12T23:00:00+01:00", NULL, 0},
};

Test(febrile, is_no_event_where_it_began_before_treatment)
{
    for (size_t i = 0; i < sizeof early / sizeof *early; i++) {
        stop();
        start();
        subject_add_value(&s, "n", "751-8", early[i].count, "0.4", "10*9/L");
        subject_add_value(&s, "t", "8310-5", early[i].fever, "39.0", "Cel");
        if (early[i].later)
            subject_add_value(&s, "t2", "8310-5", early[i].later, "39.0", "Cel");
        subject_derive(&s);
        cr_expect(eq(sz, febrile_rows(), early[i].events), "%s", early[i].name);
        cr_expect(eq(sz, febrile_candidates(), 0), "%s", early[i].name);
    }
}

Test(febrile, is_of_grade_three_and_belongs_to_the_neutropenia)
{
    const struct gw_row_ae_episodes *row, *neutropenia;

    add_signs((struct sign[6]){{0, "39.0"}}, (struct sign[6]){{-2 * H, "0.4"}});
    subject_derive(&s);
    row = episode_of("FEBRILE_NEUTROPENIA");
    neutropenia = episode_of("NEUTROPENIA");
    cr_assert(row && neutropenia);
    cr_expect(eq(int, row->max_grade, 3));
    expect_text("scale", row->scale, "CTCAE 5.0");
    expect_text("onset", row->onset, "2024-02-20");
    expect_text("parent", row->parent_ae, neutropenia->ae_id);
    cr_expect(eq(int, neutropenia->max_grade, 4), "the neutropenia stays what it is");
    subject_expect(&s, "t0", "evidence");
    subject_expect(&s, "n0", "evidence");
    cr_expect(eq(sz, subject_items(&s, "AE_GRADE_HUMAN"), 0));
}

/* A neutropenia that was over five days before is near too; the one of the day is nearer. */
Test(febrile, belongs_to_the_nearest_neutropenia)
{
    const struct gw_row_list *list = &s.derived.rows.tables[GW_TABLE_ae_episodes];
    const struct gw_row_ae_episodes *parent = NULL;

    add_signs((struct sign[6]){{0, "39.0"}}, (struct sign[6]){{-10 * D, "0.8"}, {-2 * H, "0.4"}});
    subject_add_lab(&s, "back", "751-8", "2024-02-15", "2.5");
    subject_add_lab(&s, "again", "751-8", "2024-02-25", "2.5");
    subject_derive(&s);
    cr_assert(eq(sz, list->count, 3));
    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_ae_episodes *row = (const struct gw_row_ae_episodes *)list->rows[i];

        if (gw_same(row->ae_id, episode_of("FEBRILE_NEUTROPENIA")->parent_ae))
            parent = row;
    }
    cr_assert(parent != NULL);
    expect_text("category", parent->category, "NEUTROPENIA");
    expect_text("onset", parent->onset, "2024-02-20");
}

Test(febrile, reads_fahrenheit_exactly)
{
    add("f", "8331-1", &(struct sign){0, "100.9"}, "[degF]", "final"); /* 38.28 Cel */
    add("n", "751-8", &(struct sign){0, "0.5"}, "10*9/L", "final");
    subject_derive(&s);
    cr_expect(eq(sz, febrile_rows(), 0));
    add("g", "8331-1", &(struct sign){H, "101.0"}, "[degF]", "final"); /* 38.33 Cel */
    subject_derive(&s);
    cr_expect(eq(sz, febrile_rows(), 1));
}

Test(febrile, waits_for_a_final_reading)
{
    add("t", "8310-5", &(struct sign){0, "39.5"}, "Cel", "preliminary");
    add("n", "751-8", &(struct sign){0, "0.5"}, "10*9/L", "final");
    subject_derive(&s);
    cr_expect(eq(sz, febrile_rows() + febrile_candidates(), 0));
}

Test(febrile, is_not_looked_for_where_the_study_does_not_ask)
{
    struct gw_study study = *s.study;

    s.study = &study;
    study.events.febrile.on = false;
    add_signs((struct sign[6]){{0, "39.0"}}, (struct sign[6]){{0, "0.4"}});
    subject_derive(&s);
    cr_expect(eq(sz, febrile_rows(), 0));
}

/* ---- its end ---- */

/* A fever of 39.0 at 0, a count of 0.5 two hours before; then what follows. */
static const struct {
    const char *name;
    struct sign temps[6], counts[6];
    const char *end, *outcome, *horizon;
} ends[] = {
    {"48 hours below 38.0 and the count back",
     {{0, "39.0"}, {D, "37.0"}, {3 * D, "36.9"}},
     {{-2 * H, "0.5"}, {60 * H, "1.2"}},
     "2024-02-23",
     "recovered",
     "2024-12-31"},
    {"a minute short of 48 hours",
     {{0, "39.0"}, {D, "37.0"}, {3 * D - 1, "36.9"}},
     {{-2 * H, "0.5"}, {60 * H, "1.2"}},
     "",
     "unknown",
     "2024-12-31"},
    {"the count comes back later",
     {{0, "39.0"}, {D, "37.0"}, {3 * D, "36.9"}},
     {{-2 * H, "0.5"}, {4 * D, "1.0"}},
     "2024-02-24",
     "recovered",
     "2024-12-31"},
    {"the count does not come back",
     {{0, "39.0"}, {D, "37.0"}, {3 * D, "36.9"}},
     {{-2 * H, "0.5"}, {4 * D, "0.99"}},
     "",
     "unknown",
     "2024-12-31"},
    {"the count falls again before the fever is over",
     {{0, "39.0"}, {D, "37.0"}, {3 * D, "36.9"}},
     {{-2 * H, "0.5"}, {D, "1.2"}, {2 * D, "0.8"}},
     "",
     "unknown",
     "2024-12-31"},
    {"a reading of 38.0 starts the 48 hours again",
     {{0, "39.0"}, {D, "37.0"}, {2 * D, "38.0"}, {60 * H, "37.0"}, {108 * H, "36.9"}},
     {{-2 * H, "0.5"}, {50 * H, "1.2"}},
     "2024-02-25",
     "recovered",
     "2024-12-31"},
    {"a second fever within it is no second event",
     {{0, "39.0"}, {D, "39.4"}, {2 * D, "37.0"}, {4 * D, "36.9"}},
     {{-2 * H, "0.5"}, {50 * H, "1.2"}},
     "2024-02-24",
     "recovered",
     "2024-12-31"},
    {"still open", {{0, "39.0"}, {D, "37.0"}}, {{-2 * H, "0.5"}}, "", "not recovered", "2024-03-20"},
    {"56 days after the last reading",
     {{0, "39.0"}, {D, "37.0"}},
     {{-2 * H, "0.5"}},
     "",
     "not recovered",
     "2024-04-17"},
    {"57 days after the last reading", {{0, "39.0"}, {D, "37.0"}}, {{-2 * H, "0.5"}}, "", "unknown", "2024-04-18"},
};

Test(febrile, ends_when_both_signs_are_back)
{
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        const struct gw_row_ae_episodes *row;

        stop();
        start();
        add_signs(ends[i].temps, ends[i].counts);
        s.horizon = subject_day(ends[i].horizon);
        subject_derive(&s);
        row = episode_of("FEBRILE_NEUTROPENIA");
        cr_assert(eq(sz, febrile_rows(), 1), "%s", ends[i].name);
        expect_text(ends[i].name, row->end, ends[i].end);
        expect_text(ends[i].name, row->outcome, ends[i].outcome);
        cr_expect(eq(int, row->ongoing, strcmp(ends[i].outcome, "not recovered") == 0), "%s", ends[i].name);
    }
}

static void add_stay(const char *id, const char *first, const char *last)
{
    subject_add(&s,
                "{'resourceType':'Encounter','id':'%s','status':'finished','class':{'code':'IMP'},"
                "'subject':{'reference':'Patient/p1'},'period':{'start':'%s','end':'%s'}}",
                id, first, last);
}

static const struct {
    const char *name, *first, *last, *death;
    const char *end, *outcome;
} stays[] = {
    {"discharged from the stay it fell in", "2024-02-18", "2024-02-25", NULL, "2024-02-25", "recovered"},
    {"admitted for it", "2024-02-20", "2024-02-26", NULL, "2024-02-26", "recovered"},
    {"admitted a week after", "2024-02-27", "2024-03-02", NULL, "2024-03-02", "recovered"},
    {"another stay, eight days after", "2024-02-28", "2024-03-02", NULL, "", "unknown"},
    {"discharged before it", "2024-02-10", "2024-02-19", NULL, "", "unknown"},
    {"death", NULL, NULL, "2024-03-16", "2024-03-16", "not recovered"},
    {"discharge before death", "2024-02-20", "2024-03-09", "2024-03-16", "2024-03-09", "recovered"},
};

Test(febrile, ends_with_discharge_or_death)
{
    for (size_t i = 0; i < sizeof stays / sizeof *stays; i++) {
        const struct gw_row_ae_episodes *row;

        stop();
        start();
        if (stays[i].death) {
            s.facts[0].patient.deceased = true;
            s.facts[0].patient.deceased_date = stays[i].death;
        }
        add_signs((struct sign[6]){{0, "39.0"}, {D, "37.0"}}, (struct sign[6]){{-2 * H, "0.5"}});
        if (stays[i].first)
            add_stay("stay", stays[i].first, stays[i].last);
        subject_derive(&s);
        row = episode_of("FEBRILE_NEUTROPENIA");
        cr_assert(row != NULL, "%s", stays[i].name);
        expect_text(stays[i].name, row->end, stays[i].end);
        expect_text(stays[i].name, row->outcome, stays[i].outcome);
    }
}

Test(febrile, has_the_infection_that_was_found_as_its_child)
{
    const struct gw_row_ae_episodes *infection;

    add_signs((struct sign[6]){{0, "39.0"}}, (struct sign[6]){{-2 * H, "0.4"}});
    subject_add(&s, "{'resourceType':'Condition','id':'c','subject':{'reference':'Patient/p1'},"
                    "'verificationStatus':{'coding':[{'code':'confirmed'}]},'onsetDateTime':'2024-02-21',"
                    "'abatementDateTime':'2024-03-01',"
                    "'code':{'coding':[{'system':'http://hl7.org/fhir/sid/icd-10-cm','code':'J18.9'}]}}");
    subject_derive(&s);
    infection = episode_of("INFECTION");
    cr_assert(infection && episode_of("FEBRILE_NEUTROPENIA"));
    expect_text("parent", infection->parent_ae, episode_of("FEBRILE_NEUTROPENIA")->ae_id);
}

Test(febrile, takes_the_code_of_a_diagnosis_as_support)
{
    add_signs((struct sign[6]){{0, "39.0"}}, (struct sign[6]){{-2 * H, "0.4"}});
    subject_add(&s, "{'resourceType':'Condition','id':'c','subject':{'reference':'Patient/p1'},"
                    "'verificationStatus':{'coding':[{'code':'confirmed'}]},'onsetDateTime':'2024-02-21',"
                    "'code':{'coding':[{'system':'http://hl7.org/fhir/sid/icd-10-cm','code':'R50.81'}]}}");
    subject_derive(&s);
    cr_expect(eq(sz, febrile_rows(), 1));
    subject_expect(&s, "c", "evidence");
    cr_expect(eq(sz, subject_items(&s, "AE_CANDIDATE"), 0));
}

Test(febrile, asks_once_about_a_fever_in_doubt_however_often_it_was_measured)
{
    add_signs((struct sign[6]){{0, "39.0"}, {H, "38.9"}, {2 * H, "39.2"}, {40 * H, "38.6"}},
              (struct sign[6]){{-25 * H, "0.4"}});
    subject_derive(&s);
    cr_expect(eq(sz, febrile_candidates(), 1));
    cr_expect(eq(sz, febrile_rows(), 0));
}

Test(febrile, comes_again_after_it_ended)
{
    add_signs((struct sign[6]){{0, "39.0"}, {D, "37.0"}, {3 * D, "36.9"}, {20 * D, "38.9"}},
              (struct sign[6]){{-2 * H, "0.5"}, {60 * H, "1.2"}, {20 * D, "0.3"}});
    subject_derive(&s);
    cr_expect(eq(sz, febrile_rows(), 2));
}

Test(febrile, names_where_a_temperature_was_measured)
{
    const struct gw_row_list *lines = &s.derived.rows.tables[GW_TABLE_provenance];
    size_t found = 0;

    add("t", "8332-9", &(struct sign){0, "39.5"}, "Cel", "final");
    add("n", "751-8", &(struct sign){0, "0.5"}, "10*9/L", "final");
    subject_derive(&s);
    for (size_t i = 0; i < lines->count; i++) {
        const struct gw_row_provenance *line = (const struct gw_row_provenance *)lines->rows[i];

        found += strcmp(line->table, "ae_evidence") == 0 && gw_same(line->transformation, "8332-9");
    }
    cr_expect(eq(sz, found, 1), "rectal");
}
