/*
 * What people decide about day 1 and the end of treatment, where it has something to hold on to and where it has not;
 * and the days that a subject itself has: death, recruitment, another id.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/doses.h"
#include "support/subject.h"

static struct subject s;

static void start(void)
{
    subject_init(&s);
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(anchor_decisions, .init = start, .fini = stop);

/* Nobody knows a first dose: there is nothing to confirm, and no treatment that could end. */
static const char *const held[] = {"{'anchor':'D1','confirm':true}", "{'anchor':'EOT','date':'2024-06-01'}",
                                   "{'anchor':'EOT','confirm':true}", "{'anchor':'EOT','reject':true}"};

Test(anchor_decisions, do_nothing_before_a_first_dose_is_known)
{
    for (size_t i = 0; i < sizeof held / sizeof *held; i++) {
        stop();
        start();
        s.line.first_dose = GW_NO_DAY;
        subject_add_monthly_visits(&s, 3);
        subject_decide(&s, "anchor", "", held[i]);
        subject_derive(&s);
        cr_expect(eq(sz, subject_count(&s, GW_TABLE_subjects), 0), "%s", held[i]);
        cr_expect(eq(sz, subject_count(&s, GW_TABLE_windows), 0), "%s", held[i]);
        cr_expect(eq(sz, subject_items(&s, "ANCHOR_MISSING"), 1), "%s", held[i]);
    }
}

Test(anchor_decisions, give_day_1_where_nothing_else_tells_it)
{
    s.line.first_dose = GW_NO_DAY;
    subject_add_monthly_visits(&s, 3);
    subject_decide(&s, "anchor", "", "{'anchor':'D1','date':'2024-01-15'}");
    subject_derive(&s);
    expect_text("day 1", subject_row(&s)->d1, "2024-01-15");
    expect_text("status", subject_row(&s)->d1_status, "confirmed");
    cr_expect(eq(sz, subject_items(&s, "ANCHOR_MISSING"), 0));
}

/* The roster's end stands; what is rejected is what the records say against it. */
Test(anchor_decisions, reject_what_contradicts_the_end_that_the_roster_names)
{
    s.line.end_of_treatment = subject_day("2024-06-01");
    subject_add_monthly_visits(&s, 8);
    doses_add(&s, "L04AX04", "S 0..60 25!");
    subject_decide(&s, "anchor", "", "{'anchor':'EOT','reject':true}");
    subject_derive(&s);
    expect_text("end", subject_row(&s)->eot, "2024-06-01");
    expect_text("status", subject_row(&s)->eot_status, "confirmed");
}

Test(anchor_decisions, reject_an_end_that_was_inferred)
{
    subject_add_monthly_visits(&s, 8);
    doses_add(&s, "L04AX04", "S 0..60 25!");
    subject_derive(&s);
    cr_assert(subject_row(&s)->eot != NULL);
    subject_decide(&s, "anchor", "", "{'anchor':'EOT','reject':true}");
    subject_derive(&s);
    expect_text("end", subject_row(&s)->eot, "");
    expect_text("status", subject_row(&s)->eot_status, "none");
}

/* ---- the subject's own days ---- */

static const struct {
    const char *deceased;
    size_t asked;
} deaths[] = {
    {"'deceasedDateTime':'2024-06-01'", 0}, {"'deceasedBoolean':false", 0},   {"'deceasedBoolean':true", 1},
    {"'deceasedDateTime':'2024-06-31'", 1}, {"'deceasedDateTime':'June'", 1},
};

Test(anchor_decisions, are_asked_for_where_a_death_has_no_day)
{
    for (size_t i = 0; i < sizeof deaths / sizeof *deaths; i++) {
        stop();
        start();
        subject_add(&s, "{'resourceType':'Patient','id':'p1','birthDate':'1950-03-01',%s}", deaths[i].deceased);
        subject_add_visit(&s, "e1", "2024-02-14");
        subject_derive(&s);
        cr_expect(eq(sz, subject_items(&s, "DATE_MISSING"), deaths[i].asked), "%s", deaths[i].deceased);
    }
}

Test(anchor_decisions, hold_no_recruitment_against_a_day_1_that_nobody_knows)
{
    s.line.recruited = subject_day("2020-01-01");
    subject_add_monthly_visits(&s, 1);
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "RECRUITMENT_OUT_OF_WINDOW"), 1));
    s.line.first_dose = GW_NO_DAY;
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "RECRUITMENT_OUT_OF_WINDOW"), 0));
}

#define REPLACED                                                                                                       \
    "{'resourceType':'Patient','id':'p1','link':[{'other':{'reference':'Patient/p2'},'type':'replaced-by'}]}"

/* What comes under the other id would be missed, unless that is the subject's too or somebody says so. */
Test(anchor_decisions, s16_link_the_id_that_a_patient_was_merged_into)
{
    subject_add(&s, REPLACED);
    subject_add_visit(&s, "e1", "2024-02-14");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "SUBJECT_MERGE"), 1));
    subject_decide(&s, "patient", "", "{'link':'p3'}");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "SUBJECT_MERGE"), 1), "another id");
    subject_decide(&s, "patient", "", "{'link':'p2'}");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "SUBJECT_MERGE"), 0));
}

Test(anchor_decisions, s16_ask_no_more_once_the_merge_was_taken_back)
{
    subject_add(&s, REPLACED);
    subject_add(&s, "{'resourceType':'Patient','id':'p1','birthDate':'1950-03-01','meta':{'versionId':'2'}}");
    s.facts[s.count - 1].delivery = 1;
    subject_add_visit(&s, "e1", "2024-02-14");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "SUBJECT_MERGE"), 0));
}

static void expect_linked(size_t count)
{
    cr_assert(eq(sz, s.derived.linked_count, count));
    if (count == 0)
        return;
    cr_expect(gw_same(s.derived.linked[0].patient, "p2"));
    cr_expect(gw_same(s.derived.linked[0].endpoint, s.facts[0].endpoint));
}

Test(anchor_decisions, s16_name_the_patient_whose_records_are_to_be_asked_for)
{
    subject_add(&s, REPLACED);
    subject_add_visit(&s, "e1", "2024-02-14");
    subject_derive(&s);
    expect_linked(0);
    subject_decide(&s, "patient", "", "{'link':'p2'}");
    subject_derive(&s);
    expect_linked(1);
    subject_add(&s, "{'resourceType':'Patient','id':'p2','birthDate':'1950-03-01'}");
    subject_derive(&s);
    expect_linked(1);
    cr_expect(eq(sz, subject_items(&s, "SUBJECT_MERGE"), 0));
    subject_turn(&s);
    subject_derive(&s);
    expect_linked(1);
}

/* What came under the other id may be another person's again. */
Test(anchor_decisions, s16_ask_whose_a_linked_patient_is_once_the_merge_was_taken_back)
{
    subject_add(&s, REPLACED);
    subject_add(&s, "{'resourceType':'Patient','id':'p2','birthDate':'1950-03-01'}");
    subject_add_visit(&s, "e1", "2024-02-14");
    subject_decide(&s, "patient", "", "{'link':'p2'}");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "SUBJECT_MERGE"), 0));
    subject_add(&s, "{'resourceType':'Patient','id':'p1','birthDate':'1950-03-01','meta':{'versionId':'2'}}");
    s.facts[s.count - 1].delivery = 1;
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "SUBJECT_MERGE"), 1));
    cr_expect(s.derived.blocked);
    expect_linked(0);
    subject_decide(&s, "patient", "", "{'unlink':'p2'}");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "SUBJECT_MERGE"), 0));
    cr_expect(not(s.derived.blocked));
    expect_linked(0);
}
