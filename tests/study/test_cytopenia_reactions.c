/*
 * Reactions to low counts, each bound and each day at its edge. Days count from the first dose, 2024-01-15.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/doses.h"

#define LEN  "L04AX04"
#define GCSF "L03AA02"

static struct subject s;

static void start(void)
{
    subject_init(&s);
    subject_ask(&s, "CYTOACT");
    subject_trust_roster(&s);
    s.horizon = s.line.first_dose + 66;
    subject_add_patient(&s, "male", "1954-01-15");
    subject_add_visit(&s, "e1", "2024-02-14"); /* cycles are known up to the last assessment */
    subject_add_visit(&s, "e2", "2024-03-15");
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(cytopenia_reactions, .init = start, .fini = stop);

/* "10 0.4; 12 0.3": values of a count by day. */
static void add_counts(const char *loinc, const char *text)
{
    char copy[256], *rest = copy, *one;

    snprintf(copy, sizeof copy, "%s", text);
    while ((one = strsep(&rest, ";"))) {
        char id[32], day[11], *value;
        const long elapsed = strtol(one, &value, 10);

        gw_day_print(s.line.first_dose + (gw_day)elapsed, day);
        snprintf(id, sizeof id, "%s.%ld", loinc, elapsed);
        subject_add_value(&s, id, loinc, day, value + strspn(value, " "), "10*9/L");
    }
}

/* "start@28 DELAYED; neutrophils@10 !NO_EXPOSURE", in order of text; a "?" behind what is unconfirmed. */
static const char *reactions(void)
{
    const struct gw_row_list *list = &s.derived.rows.tables[GW_TABLE_derived];
    const char *text = "";

    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_derived *row = (const struct gw_row_derived *)list->rows[i];

        cr_assert(strncmp(row->rule_id, "cytopenia-", 10) == 0);
        text = gw_arena_print(&s.arena, "%s%s%s@%d %s%s%s", text, *text ? "; " : "", row->rule_id + 10,
                              subject_day(row->date) - s.line.first_dose, row->reason ? "!" : "",
                              row->reason ? row->reason : row->text, strcmp(row->state, "unconfirmed") ? "" : "?");
    }
    return text;
}

static const struct {
    const char *what;
    const char *doses; /* of lenalidomide */
    const char *anc, *platelets, *factor;
    const char *wanted;
} cases[] = {
    {"good counts", "S 0..20 25; S 28..48 25", "10 3.0; 28 3.0", "10 200", NULL, ""},

    /* a cycle due on day 28 */
    {"begun with 0.9", "S 0..20 25; S 28..48 25", "28 0.9", NULL, NULL, "restart@28 NOT_REDUCED; start@28 NOT_DELAYED"},
    {"begun with 1.0", "S 0..20 25; S 28..48 25", "28 1.0", NULL, NULL, ""},
    {"a count three days old", "S 0..20 25; S 28..48 25", "25 0.9", NULL, NULL,
     "restart@28 NOT_REDUCED; start@28 NOT_DELAYED"},
    {"a count four days old", "S 0..20 25; S 28..48 25", "24 0.9", NULL, NULL, ""},
    {"the latest counts", "S 0..20 25; S 28..48 25", "26 0.9; 28 1.2", NULL, NULL, ""},
    {"the lowest of a day counts", "S 0..20 25; S 28..48 25", "28 1.2; 28 0.9", NULL, NULL,
     "restart@28 NOT_REDUCED; start@28 NOT_DELAYED"},
    {"begun six days late", "S 0..20 25; S 34..54 25", "28 0.9; 34 2.0", NULL, NULL, "start@28 NOT_DELAYED"},
    {"begun seven days late", "S 0..20 25; S 35..55 25", "28 0.9; 35 2.0", NULL, NULL, "start@28 DELAYED"},
    {"begun in a lower dose", "S 0..20 25; S 28..48 15", "28 0.9", NULL, NULL,
     "restart@28 REDUCED; start@28 NOT_DELAYED"},
    {"from packs", "D 0 21x25/21; D 28 21x25/21", "28 0.9", NULL, NULL,
     "restart@28 NOT_REDUCED?; start@28 NOT_DELAYED?"},

    /* neutrophils below 0.5 on day 10 */
    {"stopped, and a growth factor on the third day", "S 0..10 25", "10 0.4", NULL, "A 13 5",
     "neutrophils@10 CONCORDANT"},
    {"a growth factor on the fourth", "S 0..10 25", "10 0.4", NULL, "A 14 5", "neutrophils@10 NO_GCSF"},
    {"one the day before", "S 0..10 25", "10 0.4", NULL, "A 9 5", "neutrophils@10 NO_GCSF"},
    {"stopped on the second day", "S 0..12 25", "10 0.4", NULL, "A 10 5", "neutrophils@10 CONCORDANT"},
    {"still taken on the third", "S 0..13 25", "10 0.4", NULL, "A 10 5", "neutrophils@10 NOT_STOPPED"},
    {"nothing done", "S 0..20 25", "10 0.4", NULL, NULL, "neutrophils@10 NO_REACTION"},
    {"exactly 0.5", "S 0..20 25", "10 0.5", NULL, NULL, ""},
    {"several days are one event", "S 0..20 25", "10 0.4; 12 0.3; 14 0.49", NULL, NULL, "neutrophils@10 NO_REACTION"},
    {"recovered between", "S 0..20 25", "10 0.4; 12 0.6; 14 0.4", NULL, NULL,
     "neutrophils@10 NO_REACTION; neutrophils@14 NO_REACTION"},
    {"at hand is not seen taken", "D 0 21x25/21", "10 0.4", NULL, NULL, "neutrophils@10 NO_REACTION?"},
    {"no doses known", NULL, "10 0.4", NULL, NULL, "neutrophils@10 !NO_EXPOSURE"},
    {"before the first dose", "S 0..20 25", "-1 0.4; 10 2.0", NULL, NULL, ""},

    /* taken up again on day 20 */
    {"with 0.9", "S 0..10 25; S 20..40 25", "20 0.9", NULL, NULL, "restart@20 NOT_REDUCED"},
    {"with 0.9, in a lower dose", "S 0..10 25; S 20..40 15", "20 0.9", NULL, NULL, "restart@20 REDUCED"},
    {"with 1.0", "S 0..10 25; S 20..40 25", "20 1.0", NULL, NULL, ""},
    {"without a count", "S 0..10 25; S 20..40 25", "16 0.9", NULL, NULL, ""},

    /* platelets below 30 on day 10 */
    {"stopped", "S 0..12 25", NULL, "10 29", NULL, "platelets@10 CONCORDANT"},
    {"reduced on the third day", "S 0..12 25; S 13..20 15", NULL, "10 29.9", NULL, "platelets@10 CONCORDANT"},
    {"reduced on the fourth", "S 0..13 25; S 14..20 15", NULL, "10 29.9", NULL, "platelets@10 NO_REACTION"},
    {"raised", "S 0..12 15; S 13..20 25", NULL, "10 29", NULL, "platelets@10 NO_REACTION"},
    {"nothing done", "S 0..20 25", NULL, "10 29", NULL, "platelets@10 NO_REACTION"},
    {"exactly 30", "S 0..20 25", NULL, "10 30", NULL, ""},
};

Test(cytopenia_reactions, are_told_of_each_event)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        stop();
        start();
        if (cases[i].doses)
            doses_add(&s, LEN, cases[i].doses);
        if (cases[i].anc)
            add_counts("751-8", cases[i].anc);
        if (cases[i].platelets)
            add_counts("777-3", cases[i].platelets);
        if (cases[i].factor)
            doses_add(&s, GCSF, cases[i].factor);
        subject_derive(&s);
        expect_text(cases[i].what, reactions(), cases[i].wanted);
    }
}

static const struct {
    const char *day, *wanted;
} transfusions[] = {
    {"2024-01-25", "platelets@10 CONCORDANT"},
    {"2024-01-28", "platelets@10 CONCORDANT"},
    {"2024-01-29", "platelets@10 NO_REACTION"},
    {"2024-01-24", "platelets@10 NO_REACTION"},
};

Test(cytopenia_reactions, take_a_transfusion_of_platelets)
{
    for (size_t i = 0; i < sizeof transfusions / sizeof *transfusions; i++) {
        stop();
        start();
        doses_add(&s, LEN, "S 0..20 25");
        add_counts("777-3", "10 20");
        subject_add(&s,
                    "{'resourceType':'Procedure','id':'t','status':'completed','subject':{'reference':'Patient/p1'},"
                    "'performedDateTime':'%s','code':{'coding':[{'system':'http://snomed.info/sct','code':"
                    "'12719002'}]}}",
                    transfusions[i].day);
        subject_derive(&s);
        expect_text(transfusions[i].day, reactions(), transfusions[i].wanted);
    }
}

Test(cytopenia_reactions, wait_until_an_assessment_told_of_the_days_after_an_event)
{
    doses_add(&s, LEN, "S 0..40 25");
    add_counts("751-8", "29 0.4"); /* in a window */
    s.horizon = s.line.first_dose + 31;
    subject_derive(&s);
    expect_text("two days on", reactions(), "neutrophils@29 !PERIOD_NOT_OVER");
    s.horizon++;
    subject_derive(&s);
    expect_text("three days on", reactions(), "neutrophils@29 !AWAITS_ASSESSMENT");
    s.horizon = s.line.first_dose + 60;
    subject_derive(&s);
    expect_text("at the next assessment", reactions(), "neutrophils@29 NO_REACTION");
}

Test(cytopenia_reactions, leave_a_count_between_windows_until_an_assessment_told_of_its_day)
{
    doses_add(&s, LEN, "S 0..40 25");
    add_counts("751-8", "10 0.4");
    s.horizon = s.line.first_dose + 28;
    subject_derive(&s);
    expect_text("before the assessment", reactions(), "");
    s.horizon++;
    subject_derive(&s);
    expect_text("at the assessment", reactions(), "neutrophils@10 NO_REACTION");
}
