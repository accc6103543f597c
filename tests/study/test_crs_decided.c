/*
 * Cytokine release syndrome after a person spoke of it: the event, its evidence and its grades by day, whether it is
 * serious. Doses were given at 10:00 of days 1, 4, 8, 15 and 22.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "support/chart.h"
#include "support/refusal.h"

#define FEVER "d2 14:00 T 38.5;"
#define COOL  ";d3 08:00 T 36.8"
#define WORSE FEVER "d2 15:00 S 85;d2 15:30 A L04AC07;d2 18:00 R C01CA03 2;d3 08:00 T 36.8"

static struct subject s;

static void start(void)
{
    subject_init_at(&s, "elranatamab-rrmm", "busan");
    chart_add_doses(&s);
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(crs_decided, .init = start, .fini = stop);

static const struct gw_row_ae_episodes *confirm(const char *evidence, const char *set)
{
    chart_add(&s, WORSE);
    subject_decide(&s, "event", evidence, set);
    subject_derive(&s);
    cr_assert(eq(sz, s.derived.rows.tables[GW_TABLE_ae_episodes].count, 1));
    cr_expect(eq(sz, subject_items(&s, "CRS_REVIEW"), 0));
    return subject_episode(&s, 0);
}

Test(crs_decided, is_an_event_when_a_person_confirms_it)
{
    const struct gw_row_ae_episodes *row = confirm("Observation/e0", "{'confirm':true}");

    expect_text("category", row->category, "CRS");
    expect_text("term", row->term, "Cytokine release syndrome");
    expect_text("certainty", row->certainty, "confirmed");
    expect_text("onset", row->onset, "2024-01-16");
    expect_text("end", row->end, "2024-01-17");
    expect_text("outcome", row->outcome, "recovered");
    expect_text("scale", row->scale, "ASTCT 2019");
    expect_text("window", row->assessed_window, "W01");
    cr_expect(eq(i32, row->max_grade, 3));
    cr_expect(eq(i32, row->onset_study_day, 2));
    cr_expect(eq(i32, row->days_since_first_dose, 1));
    cr_expect(eq(i32, row->days_since_last_dose, 1));
    cr_expect(eq(i32, row->dose_number, 1));
    cr_expect(row->treatment_given);
    subject_expect(&s, "e0", "delivered"); /* a continuous study takes every value */
    subject_expect(&s, "e3", "delivered"); /* as concomitant medication */
}

Test(crs_decided, cites_its_evidence_by_role)
{
    static const struct {
        const char *concept, *kind, *role;
    } wanted[] = {{"TEMP", "vital", "onset"},
                  {"SBP", "vital", "supporting"},
                  {"norepinephrine", "drug", "worst"},
                  {"tocilizumab", "drug", "supporting"},
                  {"TEMP", "vital", "recovery"}};
    const struct gw_row_list *list = &s.derived.rows.tables[GW_TABLE_ae_evidence];

    confirm("Observation/e0", "{'confirm':true}");
    for (size_t w = 0; w < sizeof wanted / sizeof *wanted; w++) {
        size_t found = 0;

        for (size_t i = 0; i < list->count; i++) {
            const struct gw_row_ae_evidence *row = (const struct gw_row_ae_evidence *)list->rows[i];

            found += gw_same(row->concept, wanted[w].concept) && gw_same(row->kind, wanted[w].kind) &&
                     gw_same(row->role, wanted[w].role);
        }
        cr_expect(eq(sz, found, 1), "%s as %s", wanted[w].concept, wanted[w].role);
    }
}

Test(crs_decided, is_an_event_by_a_decision_on_any_of_its_evidence)
{
    const struct gw_row_ae_episodes *row =
        confirm("Observation/e1", "{'confirm':true,'onset':'2024-01-18','term':'CRS after dose 2','grade':2}");

    expect_text("onset", row->onset, "2024-01-18");
    expect_text("term", row->term, "CRS after dose 2");
    cr_expect(eq(i32, row->dose_number, 2), "dated otherwise it follows another dose");
    cr_expect(eq(i32, row->days_since_last_dose, 0));
    cr_expect(eq(i32, row->max_grade, 2));
    expect_text("scale", row->scale, "ASTCT 2019");
}

Test(crs_decided, can_be_grade_5_by_a_person_alone)
{
    cr_expect(eq(i32, confirm("Observation/e0", "{'confirm':true,'grade':5}")->max_grade, 5));
}

Test(crs_decided, is_none_when_a_person_refuses_it)
{
    chart_add(&s, WORSE);
    subject_decide(&s, "event", "Observation/e1", "{'refuse':true}");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "CRS_REVIEW"), 0));
    cr_expect(eq(sz, s.derived.rows.tables[GW_TABLE_ae_episodes].count, 0));
}

Test(crs_decided, asks_for_no_device_where_a_person_refused_it)
{
    chart_add(&s, FEVER "d2 15:00 T 38.5;d2 15:00 F 4" COOL);
    subject_decide(&s, "event", "Observation/e1", "{'refuse':true}");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "CRS_REVIEW"), 0));
    cr_expect(eq(sz, subject_items(&s, "O2_DEVICE_UNKNOWN"), 0));
}

Test(crs_decided, is_not_touched_by_what_a_person_said_of_another_kind_of_event)
{
    chart_add(&s, WORSE);
    subject_decide(&s, "event", "Observation/e0", "{'confirm':true,'category':'FEBRILE_NEUTROPENIA'}");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "CRS_REVIEW"), 1));
}

Test(crs_decided, is_not_refused_with_another_kind_of_event)
{
    chart_add(&s, WORSE);
    subject_decide(&s, "event", "Observation/e0", "{'refuse':true,'category':'FEBRILE_NEUTROPENIA'}");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "CRS_REVIEW"), 1));
}

Test(crs_decided, of_a_later_dose_needs_only_a_person)
{
    chart_add(&s, "d23 11:00 T 38.5;d24 08:00 T 36.8");
    subject_decide(&s, "event", "Observation/e0", "{'confirm':true,'category':'CRS'}");
    subject_derive(&s);
    cr_assert(eq(sz, s.derived.rows.tables[GW_TABLE_ae_episodes].count, 1));
    cr_expect(eq(i32, subject_episode(&s, 0)->dose_number, 5));
    cr_expect(eq(i32, subject_episode(&s, 0)->max_grade, 1));
}

Test(crs_decided, keeps_every_change_of_grade)
{
    const struct gw_row_list *list = &s.derived.rows.tables[GW_TABLE_ae_grades];
    char grades[64] = "";

    chart_add(&s, FEVER "d3 09:00 T 38.4;d3 09:00 FM 4;d4 08:00 T 38.2;d5 20:00 T 36.8");
    subject_decide(&s, "event", "Observation/e0", "{'confirm':true}");
    subject_derive(&s);
    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_ae_grades *row = (const struct gw_row_ae_grades *)list->rows[i];

        snprintf(grades + strlen(grades), sizeof grades - strlen(grades), "%s %d;", row->date + 5, (int)row->grade);
    }
    expect_text("grades", grades, "01-16 1;01-17 3;01-18 1;");
}

/* ---- seriousness ---- */

/* Fever on day 2 at 14:00. The first dose asks for a stay of 48 hours: days 1 to 3. */
static const struct {
    const char *name, *class, *first, *last;
    size_t asked;
} stays[] = {
    {"the stay that the first dose asks for", "IMP", "2024-01-15", "2024-01-17", 0},
    {"a day longer than it asks for", "IMP", "2024-01-15", "2024-01-18", 1},
    {"admitted later", "IMP", "2024-01-23", "2024-01-24", 1},
    {"eight days after the onset", "IMP", "2024-01-24", "2024-01-25", 0},
    {"an emergency visit is none", "EMER", "2024-01-23", "2024-01-23", 0},
};

Test(crs_decided, is_serious_by_a_stay_that_no_dose_asks_for)
{
    for (size_t i = 0; i < sizeof stays / sizeof *stays; i++) {
        stop();
        start();
        chart_add(&s, FEVER "d3 08:00 T 36.8");
        subject_add(&s,
                    "{'resourceType':'Encounter','id':'stay','status':'finished','class':{'code':'%s'},"
                    "'subject':{'reference':'Patient/p1'},'period':{'start':'%s','end':'%s'}}",
                    stays[i].class, stays[i].first, stays[i].last);
        subject_decide(&s, "event", "Observation/e0", "{'confirm':true}");
        subject_derive(&s);
        cr_expect(eq(sz, subject_items(&s, "AE_SERIOUS_EVIDENCE"), stays[i].asked), "%s", stays[i].name);
        cr_expect(subject_episode(&s, 0)->serious != true, "%s: a person says so", stays[i].name);
    }
}

/* ---- memory ---- */

#define STEP 96 /* bytes */

Test(crs_decided, ends_wherever_memory_does)
{
    chart_add(&s,
              FEVER "d2 14:30 F 4;d2 15:00 S 85;d2 15:30 A L04AC07;d2 18:00 R C01CA03 2;d3 08:00 T 36.8;d2 C D89.832;"
                    "d9 C D89.831;d3 G 13;d3 P 57485005");
    subject_decide(&s, "event", "Observation/e2", "{'confirm':true}");
    cr_expect(gt(sz, refusal_sweep(refusal_derive, &s, STEP, 0), 300));
    subject_derive(&s);
    cr_expect(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), 1));
}
