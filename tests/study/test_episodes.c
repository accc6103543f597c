/*
 * Adverse-event episodes: out of counts, out of diagnoses, out of both.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "support/subject.h"

#define ANC "751-8"

static struct subject s;

/* A treated subject seen every month; the baseline ANC is normal. */
static void start(void)
{
    subject_init(&s);
    subject_add_monthly_visits(&s, 8);
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(episodes, .init = start, .fini = stop);

struct count {
    const char *day, *value;
};

/* ANC histories; horizon 2024-12-31 unless the row names another. */
static const struct {
    const char *name;
    struct count counts[8];
    const char *horizon;
    size_t episodes;
    const char *onset, *end, *outcome;
    int max_grade;
    bool ongoing;
} histories[] = {
    {"all normal", {{"2024-02-14", "2.0"}, {"2024-03-15", "1.5"}}, NULL, 0, NULL, NULL, NULL, 0, false},
    {"one dip",
     {{"2024-02-14", "0.9"}, {"2024-02-21", "1.8"}},
     NULL,
     1,
     "2024-02-14",
     "2024-02-21",
     "recovered",
     3,
     false},
    {"worse, then better, then over",
     {{"2024-02-14", "1.2"}, {"2024-02-18", "0.4"}, {"2024-02-22", "1.4"}, {"2024-02-28", "1.6"}},
     NULL,
     1,
     "2024-02-14",
     "2024-02-28",
     "recovered",
     4,
     false},
    {"one normal value within 7 days does not end it",
     {{"2024-02-14", "1.2"}, {"2024-02-17", "1.9"}, {"2024-02-21", "0.9"}, {"2024-02-28", "2.0"}},
     NULL,
     1,
     "2024-02-14",
     "2024-02-28",
     "recovered",
     3,
     false},
    {"8 days apart are two episodes",
     {{"2024-02-14", "1.2"}, {"2024-02-18", "1.9"}, {"2024-02-22", "0.9"}, {"2024-02-28", "2.0"}},
     NULL,
     2,
     NULL,
     NULL,
     NULL,
     0,
     false},
    {"still low at the horizon", {{"2024-12-20", "0.7"}}, "2024-12-31", 0, NULL, NULL, NULL, 0, false},
    {"no value for 56 days: unknown", {{"2024-02-14", "0.7"}}, "2024-04-11", 1, "2024-02-14", "", "unknown", 3, false},
    {"open on day 56", {{"2024-02-14", "0.7"}}, "2024-04-10", 1, "2024-02-14", "", "not recovered", 3, true},
    {"between windows, collected at the next assessment",
     {{"2024-02-25", "0.7"}, {"2024-03-03", "2.0"}},
     NULL,
     1,
     "2024-02-25",
     "2024-03-03",
     "recovered",
     3,
     false},
};

Test(episodes, follow_the_histories_of_a_count)
{
    for (size_t h = 0; h < sizeof histories / sizeof histories[0]; h++) {
        char id[16];

        stop();
        start();
        for (size_t i = 0; i < 8 && histories[h].counts[i].day; i++) {
            snprintf(id, sizeof id, "v%zu", i);
            subject_add_lab(&s, id, ANC, histories[h].counts[i].day, histories[h].counts[i].value);
        }
        if (histories[h].horizon)
            s.horizon = subject_day(histories[h].horizon);
        subject_derive(&s);
        cr_expect(eq(sz, s.derived.rows.tables[GW_TABLE_ae_episodes].count, histories[h].episodes), "%s",
                  histories[h].name);
        const struct gw_row_ae_episodes *row = subject_episode(&s, 0);

        if (!histories[h].onset || !row)
            continue;
        expect_text(histories[h].name, row->category, "NEUTROPENIA");
        expect_text(histories[h].name, row->onset, histories[h].onset);
        expect_text(histories[h].name, row->end, histories[h].end);
        expect_text(histories[h].name, row->outcome, histories[h].outcome);
        cr_expect(eq(int, row->max_grade, histories[h].max_grade), "%s", histories[h].name);
        cr_expect(eq(int, row->ongoing, histories[h].ongoing), "%s", histories[h].name);
    }
}

Test(episodes, measure_against_the_baseline_grade)
{
    s.count--; /* another baseline */
    subject_add_lab(&s, "base", ANC, "2024-01-15", "1.2");
    subject_add_lab(&s, "same", ANC, "2024-02-14", "1.1");
    subject_derive(&s);
    cr_expect(eq(sz, s.derived.rows.tables[GW_TABLE_ae_episodes].count, 0));
    subject_add_lab(&s, "worse", ANC, "2024-03-15", "0.8");
    subject_derive(&s);
    cr_assert(eq(sz, s.derived.rows.tables[GW_TABLE_ae_episodes].count, 1));
    cr_expect(eq(int, subject_episode(&s, 0)->baseline_grade, 2));
    expect_text("onset", subject_episode(&s, 0)->onset, "2024-03-15");
}

/* On day 1 only what was taken after the first dose, or on no known time, can be an event. */
static const struct {
    const char *name, *baseline, *other; /* times of day of a normal count and of one of 0.8 */
    bool dosed;                          /* the first dose is known to be of 12:00 */
    size_t episodes;
} first_days[] = {
    {"before the baseline", "T09:00:00+01:00", "T08:00:00+01:00", true, 0},
    {"before the baseline, no dose timed", "T09:00:00+01:00", "T08:00:00+01:00", false, 0},
    {"after the first dose", "T09:00:00+01:00", "T12:00:01+01:00", true, 1},
    {"before the first dose", "", "T11:59:59+01:00", true, 0},
};

Test(episodes, of_day_1_begin_after_the_first_dose)
{
    for (size_t i = 0; i < sizeof first_days / sizeof *first_days; i++) {
        char base[40], low[40];

        stop();
        start();
        s.count--; /* another baseline */
        if (first_days[i].dosed)
            subject_add(&s, "{'resourceType':'MedicationAdministration','id':'dose','status':'completed','subject':{"
                            "'reference':'Patient/p1'},'medicationCodeableConcept':{'coding':[{'system':"
                            "'http://www.whocc.no/atc','code':'L04AX04'}]},'effectiveDateTime':"
                            "'2024-01-15T12:00:00+01:00','dosage':{'dose':{'value':25,'unit':'mg','code':'mg',"
                            "'system':'http://unitsofmeasure.org'}}}");
        snprintf(base, sizeof base, "2024-01-%s%s", *first_days[i].baseline ? "15" : "14", first_days[i].baseline);
        snprintf(low, sizeof low, "2024-01-15%s", first_days[i].other);
        subject_add_lab(&s, "base", ANC, base, "2.0");
        subject_add_lab(&s, "low", ANC, low, "0.8");
        subject_add_lab(&s, "back", ANC, "2024-01-22", "2.0");
        subject_derive(&s);
        cr_expect(eq(sz, s.derived.rows.tables[GW_TABLE_ae_episodes].count, first_days[i].episodes), "%s",
                  first_days[i].name);
    }
}

Test(episodes, say_which_values_they_stand_on_without_the_values)
{
    const struct gw_row_list *evidence = &s.derived.rows.tables[GW_TABLE_ae_evidence];

    subject_add_lab(&s, "low", ANC, "2024-02-25", "0.7");
    subject_add_lab(&s, "back", ANC, "2024-03-03", "2.0");
    subject_derive(&s);
    cr_assert(eq(sz, evidence->count, 2));
    for (size_t i = 0; i < evidence->count; i++) {
        const struct gw_row_ae_evidence *row = (const struct gw_row_ae_evidence *)evidence->rows[i];

        cr_expect(row->value_num == NULL);
    }
    expect_text("between windows", subject_state(&s, "low"), "evidence");
    expect_text("between windows", subject_state(&s, "back"), "evidence");
    expect_text("assessed", subject_episode(&s, 0)->assessed_window, "T30-02");
    cr_expect(eq(sz, s.derived.rows.tables[GW_TABLE_ae_grades].count, 1));
}

Test(episodes, are_collected_by_a_contact_on_or_after_their_onset)
{
    subject_add_lab(&s, "low", ANC, "2024-02-17", "0.7"); /* in the window of 14 February, after its only visit */
    subject_add_lab(&s, "back", ANC, "2024-02-19", "2.0");
    subject_derive(&s);
    expect_text("assessed", subject_episode(&s, 0)->assessed_window, "T30-02");
}

Test(episodes, end_with_the_life_of_the_subject)
{
    s.facts[0].patient.deceased = true;
    s.facts[0].patient.deceased_date = "2024-03-16";
    subject_add_lab(&s, "low", ANC, "2024-02-25", "0.9");
    subject_add_lab(&s, "after", ANC, "2024-03-24", "0.1");
    subject_derive(&s);
    cr_expect(eq(int, subject_episode(&s, 0)->max_grade, 3));
    expect_text("dated after death", subject_state(&s, "after"), "outside_window BETWEEN_WINDOWS");
}

Test(episodes, take_from_between_the_windows_only_what_the_study_allows)
{
    struct gw_study study = *s.study;
    const struct gw_row_ae_evidence *row;

    s.study = &study;
    subject_add_lab(&s, "visit", ANC, "2024-02-14", "1.2");
    subject_add_lab(&s, "low", ANC, "2024-02-25", "0.4");
    subject_add_lab(&s, "back", ANC, "2024-03-03", "2.0");
    study.evidence_values = GW_VALUES_VALUE;
    subject_derive(&s);
    cr_expect(eq(int, subject_episode(&s, 0)->max_grade, 4));
    for (size_t i = 0; i < s.derived.rows.tables[GW_TABLE_ae_evidence].count; i++) {
        row = (const struct gw_row_ae_evidence *)s.derived.rows.tables[GW_TABLE_ae_evidence].rows[i];
        expect_text(row->date, row->value_num, strcmp(row->date, "2024-02-14") == 0 ? "1.2" : "");
    }
    study.evidence_values = GW_VALUES_NONE;
    study.between_windows = GW_BETWEEN_DATES;
    subject_derive(&s);
    cr_expect(eq(int, subject_episode(&s, 0)->max_grade, 2), "a value between windows dates, it does not grade");
    expect_text("end", subject_episode(&s, 0)->end, "2024-03-03");
    cr_expect(eq(sz, s.derived.rows.tables[GW_TABLE_ae_evidence].count, 0));
    study.between_windows = GW_BETWEEN_NONE;
    subject_derive(&s);
    expect_text("outcome", subject_episode(&s, 0)->outcome, "unknown");
}

Test(episodes, come_from_confirmed_diagnoses_and_ask_for_their_grade)
{
    const struct gw_row_ae_episodes *row;

    subject_add_condition_as(&s, "c1", "confirmed", "I82.40", "2024-02-20", "2024-03-01");
    subject_derive(&s);
    row = subject_episode(&s, 0);
    cr_assert(row != NULL);
    expect_text("category", row->category, "THROMBOEMBOLISM");
    expect_text("onset", row->onset, "2024-02-20");
    expect_text("end", row->end, "2024-03-01");
    expect_text("assessed", row->assessed_window, "T30-02");
    cr_expect(eq(int, row->max_grade, GW_NULL_INTEGER));
    cr_expect(eq(sz, subject_items(&s, "AE_GRADE_HUMAN"), 1));
    expect_text("state", subject_state(&s, "c1"), "evidence");
}

Test(episodes, wait_for_a_person_where_the_diagnosis_is_unconfirmed)
{
    subject_add_condition_as(&s, "c1", "provisional", "I82.40", "2024-02-20", NULL);
    subject_derive(&s);
    cr_expect(eq(sz, s.derived.rows.tables[GW_TABLE_ae_episodes].count, 0));
    cr_expect(eq(sz, subject_items(&s, "AE_CANDIDATE"), 1));
    expect_text("state", subject_state(&s, "c1"), "held AE_CANDIDATE");
}

Test(episodes, merge_diagnoses_at_most_14_days_apart_and_keep_others_apart)
{
    subject_add_condition_as(&s, "c1", "confirmed", "I82.40", "2024-02-20", "2024-02-25");
    subject_add_condition_as(&s, "c2", "confirmed", "I82.40", "2024-03-10", "2024-03-12");
    subject_derive(&s);
    cr_expect(eq(sz, s.derived.rows.tables[GW_TABLE_ae_episodes].count, 1), "14 days");
    subject_add_condition_as(&s, "c3", "confirmed", "I82.40", "2024-03-27", "2024-03-30");
    subject_derive(&s);
    cr_expect(eq(sz, s.derived.rows.tables[GW_TABLE_ae_episodes].count, 2), "15 days");
}

Test(episodes, join_a_count_and_a_diagnosis_of_one_category)
{
    const struct gw_row_ae_episodes *row;

    subject_add_lab(&s, "low", ANC, "2024-02-14", "0.7");
    subject_add_lab(&s, "back", ANC, "2024-02-22", "2.0");
    subject_add_condition_as(&s, "c1", "confirmed", "D70.1", "2024-02-12", "2024-02-20");
    subject_derive(&s);
    cr_assert(eq(sz, s.derived.rows.tables[GW_TABLE_ae_episodes].count, 1));
    row = subject_episode(&s, 0);
    expect_text("onset", row->onset, "2024-02-12");
    cr_expect(eq(int, row->max_grade, 3));
    cr_expect(eq(sz, s.derived.rows.tables[GW_TABLE_ae_evidence].count, 3));
}

/* ---- identity ---- */

static const char *only_id(void)
{
    return subject_episode(&s, 0)->ae_id;
}

Test(episodes, keep_their_id_when_an_earlier_value_turns_up)
{
    struct gw_rows before;
    struct gw_error err;
    const char *id;

    subject_add_lab(&s, "m", ANC, "2024-02-14", "0.7");
    subject_add_lab(&s, "z", ANC, "2024-02-22", "2.0");
    subject_derive(&s);
    before = s.derived.rows;
    id = only_id();
    subject_add_lab(&s, "a", ANC, "2024-02-12", "0.9"); /* smaller evidence: another id at birth */
    subject_derive(&s);
    cr_expect(strcmp(only_id(), id) != 0, "the case shows nothing if both births agree");
    cr_assert(gw_identify(&s.arena, &before, &s.derived.rows, &err) == GW_OK);
    expect_text("id", only_id(), id);
    cr_expect(eq(sz, subject_count(&s, GW_TABLE_ae_evidence), 3));
    for (size_t i = 0; i < subject_count(&s, GW_TABLE_ae_evidence); i++) {
        const struct gw_row_ae_evidence *row =
            (const struct gw_row_ae_evidence *)s.derived.rows.tables[GW_TABLE_ae_evidence].rows[i];

        expect_text("evidence", row->ae_id, id);
        cr_expect(strncmp(row->row_id, id, strlen(id)) == 0);
    }
}

Test(episodes, differ_only_in_what_changed)
{
    struct gw_rows before;
    struct gw_difference difference;
    struct gw_error err;

    subject_ask(&s, "");
    subject_add_lab(&s, "low", ANC, "2024-02-14", "0.7");
    subject_derive(&s);
    before = s.derived.rows;
    subject_derive(&s);
    cr_assert(gw_difference(&s.arena, &before, &s.derived.rows, &difference, &err) == GW_OK);
    cr_expect(eq(sz, difference.count, 0), "nothing new");
    s.count--; /* the result is gone: one row of each grid that took it, its episode, evidence and grade */
    subject_derive(&s);
    cr_assert(gw_difference(&s.arena, &before, &s.derived.rows, &difference, &err) == GW_OK);
    cr_expect(eq(sz, difference.added, 0));
    cr_expect(eq(sz, difference.updated, 0));
    for (size_t i = 0; i < difference.count; i++) {
        const struct gw_row *row = difference.changes[i].row;

        expect_text("status", row->status, "withdrawn");
        if (difference.changes[i].table == GW_TABLE_observations)
            expect_text("a withdrawn value leaves the study", ((const struct gw_row_observations *)row)->value_num, "");
    }
    cr_expect(gt(sz, difference.withdrawn, 3));
}

/* ---- outside a range ---- */

static const struct {
    const char *what, *value, *range, *subcategory; /* NULL: no event */
} hormones[] = {
    {"above", "9.0", "'low':{'value':0.4},'high':{'value':4.0}", "TSH_HIGH"},
    {"exactly the upper limit", "4.0", "'low':{'value':0.4},'high':{'value':4.0}", NULL},
    {"below", "0.1", "'low':{'value':0.4},'high':{'value':4.0}", "TSH_LOW"},
    {"exactly the lower limit", "0.4", "'low':{'value':0.4},'high':{'value':4.0}", NULL},
    {"above a range that is open there", "9.0", "'low':{'value':0.4}", NULL},
    {"below a range that is open there", "0.1", "'high':{'value':4.0}", NULL},
    {"less than a bound above the lower limit", "1.0,'comparator':'<'", "'low':{'value':0.4},'high':{'value':4.0}",
     NULL},
    {"no range that can be read", "9.0", "'text':'normal'", NULL},
};

Test(episodes, of_the_thyroid_begin_outside_the_reference_range)
{
    for (size_t i = 0; i < sizeof hormones / sizeof *hormones; i++) {
        const struct gw_row_ae_episodes *row;

        stop();
        start();
        subject_add(&s,
                    "{'resourceType':'Observation','id':'tsh','status':'final','subject':{'reference':'Patient/p1'},"
                    "'code':{'coding':[{'system':'http://loinc.org','code':'3016-3'}]},'effectiveDateTime':"
                    "'2024-04-14','valueQuantity':{'value':%s,'unit':'m[IU]/L'},'referenceRange':[{%s}]}",
                    hormones[i].value, hormones[i].range);
        subject_derive(&s);
        row = subject_episode(&s, 0);
        cr_expect(eq(int, row != NULL, hormones[i].subcategory != NULL), "%s", hormones[i].what);
        if (row) {
            expect_text(hormones[i].what, row->category, "THYROID");
            expect_text(hormones[i].what, row->subcategory, hormones[i].subcategory);
        }
    }
}

/* ---- the worst ---- */

static const struct {
    const char *id, *day, *value, *role;
} rising[] = {
    {"a", "2024-02-14", "1.4", "onset"},      {"b", "2024-02-18", "1.1", "supporting"},
    {"c", "2024-02-22", "0.7", "supporting"}, {"d", "2024-02-26", "0.3", "worst"},
    {"e", "2024-03-01", "0.3", "supporting"}, {"f", "2024-03-05", "2.0", "recovery"},
};

Test(episodes, have_one_value_of_their_highest_grade)
{
    for (size_t i = 0; i < sizeof rising / sizeof *rising; i++)
        subject_add_lab(&s, rising[i].id, ANC, rising[i].day, rising[i].value);
    subject_derive(&s);
    cr_assert(eq(sz, s.derived.rows.tables[GW_TABLE_ae_evidence].count, sizeof rising / sizeof *rising));
    for (size_t i = 0; i < sizeof rising / sizeof *rising; i++) {
        const struct gw_row_ae_evidence *row =
            (const struct gw_row_ae_evidence *)s.derived.rows.tables[GW_TABLE_ae_evidence].rows[i];

        for (size_t r = 0; r < sizeof rising / sizeof *rising; r++)
            if (gw_same(row->date, rising[r].day))
                expect_text(rising[r].day, row->role, rising[r].role);
    }
}
