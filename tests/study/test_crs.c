/*
 * Cytokine release syndrome out of charts. Doses were given at 10:00 of days 1, 4, 8, 15 and 22; expectations are
 * worked out by hand from the ASTCT scale and the rules of mappings/RULES.md 12, at their bounds and beside them.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "support/chart.h"

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

TestSuite(crs, .init = start, .fini = stop);

struct history {
    const char *name, *chart, *asked;
};

static void expect_asked(const struct history *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        stop();
        start();
        chart_add(&s, list[i].chart);
        subject_derive(&s);
        expect_text(list[i].name, chart_items(&s, "CRS_REVIEW"), list[i].asked);
        cr_expect(eq(sz, s.derived.rows.tables[GW_TABLE_ae_episodes].count, 0), "%s: no row before a person spoke",
                  list[i].name);
    }
}

#define EXPECT_ASKED(list) expect_asked((list), sizeof(list) / sizeof *(list))

/* ---- fever ---- */

#define COOL ";d3 08:00 T 36.8"

static const struct history fevers[] = {
    {"the day after the first dose: 24 hours later it is over", "d2 14:00 T 38.5" COOL, "d2 g1 end d3 dose 1"},
    {"38.0 is one", "d2 14:00 T 38.0" COOL, "d2 g1 end d3 dose 1"},
    {"37.9 is none", "d2 14:00 T 37.9" COOL, "none"},
    {"100.4 degrees Fahrenheit are 38.0", "d2 14:00 TF 100.4" COOL, "d2 g1 end d3 dose 1"},
    {"100.3 are less", "d2 14:00 TF 100.3" COOL, "none"},
    {"an hour before the first dose", "d1 09:00 T 38.5;d1 20:00 T 36.8", "none"},
    {"at the time of the first dose", "d1 10:00 T 38.5;d1 20:00 T 36.8", "d1 g1 end d2 dose 1"},
    {"on the day of the first dose, no time told", "d1 T 38.5;d2 T 36.8", "d1 g1 end d2 dose 1"},
    {"before the third dose it is of the second", "d8 09:00 T 38.5;d9 08:00 T 36.8", "d8 g1 end d9 dose 2"},
    {"after it, of the third", "d8 11:00 T 38.5;d9 08:00 T 36.8", "d8 g1 end d9 dose 3"},
    {"seven days after the fourth", "d22 09:00 T 38.5;d23 08:00 T 36.8", "d22 g1 end d23 dose 4"},
    {"the same after the fifth: still near the fourth", "d22 11:00 T 38.5;d23 08:00 T 36.8", "d22 g1 end d23 dose 5"},
    {"eight days after the fourth, one after the fifth", "d23 11:00 T 38.5;d24 08:00 T 36.8", "none"},
    {"the same with low blood pressure", "d23 11:00 T 38.5;d23 11:00 S 85;d24 08:00 T 36.8", "d23 g2 end d24 dose 5"},
    {"the same with tocilizumab", "d23 11:00 T 38.5;d23 12:00 A L04AC07;d24 08:00 T 36.8", "d23 g1 end d24 dose 5"},
    {"the same with a steroid, which is no sign", "d23 11:00 T 38.5;d23 12:00 A H02AB04;d24 08:00 T 36.8", "none"},
    {"the same with the diagnosis", "d23 11:00 T 38.5;d23 C D89.831;d24 08:00 T 36.8", "d23 g1 end d24 dose 5"},
    {"seven days after the fifth, with a sign", "d29 11:00 T 38.5;d29 11:00 O 88;d30 08:00 T 36.8",
     "d29 g2 end d30 dose 5"},
    {"eight days after it", "d30 11:00 T 38.5;d30 11:00 O 88;d31 08:00 T 36.8", "none"},
    {"low blood pressure without fever", "d2 14:00 S 80;d2 14:00 T 37.0", "none"},
};

Test(crs, begins_with_a_fever_after_a_dose)
{
    EXPECT_ASKED(fevers);
}

/* ---- blood pressure ---- */

#define FEVER "d2 14:00 T 38.5;"
#define USUAL "d1 12:00 S 140;d1 16:00 S 140;d1 20:00 S 140;"
#define WARM  "d2 16:00 T 37.0;"

static const struct history pressures[] = {
    {"89", FEVER "d2 14:00 S 89" COOL, "d2 g2 end d3 dose 1"},
    {"90", FEVER "d2 14:00 S 90" COOL, "d2 g1 end d3 dose 1"},
    {"98 is 30 % under 140", FEVER USUAL "d2 14:00 S 98" COOL, "d2 g2 end d3 dose 1"},
    {"99 is not", FEVER USUAL "d2 14:00 S 99" COOL, "d2 g1 end d3 dose 1"},
    {"of 98, 130, 150 and 160 the median is 140",
     FEVER "d1 12:00 S 130;d1 16:00 S 150;d1 20:00 S 160;d2 14:00 S 98" COOL, "d2 g2 end d3 dose 1"},
    {"of 98, 129, 150 and 160 it is 139.5", FEVER "d1 12:00 S 129;d1 16:00 S 150;d1 20:00 S 160;d2 14:00 S 98" COOL,
     "d2 g1 end d3 dose 1"},
    {"after the fever is gone", FEVER WARM "d2 20:00 S 85" COOL, "d2 g1 end d3 dose 1"},
    {"after an antipyretic it needs none", FEVER WARM "d2 15:00 A N02BE01;d2 20:00 S 85" COOL, "d2 g2 end d3 dose 1"},
    {"after dexamethasone too", FEVER WARM "d2 15:00 A H02AB02;d2 20:00 S 85" COOL, "d2 g2 end d3 dose 1"},
    {"after tocilizumab too", FEVER WARM "d2 15:00 A L04AC07;d2 20:00 S 85" COOL, "d2 g2 end d3 dose 1"},
    {"an antihistamine lowers no fever", FEVER WARM "d2 15:00 A R06AA02;d2 20:00 S 85" COOL, "d2 g1 end d3 dose 1"},
    {"what was given before the fever", FEVER WARM "d2 12:00 A N02BE01;d2 20:00 S 85" COOL, "d2 g1 end d3 dose 1"},
    {"what was given after the pressure", FEVER WARM "d2 21:00 A N02BE01;d2 20:00 S 85" COOL, "d2 g1 end d3 dose 1"},
    {"when it is over it counts no more", FEVER "d2 15:00 A N02BE01;d3 14:00 S 85" COOL, "d2 g1 end d3 dose 1"},
    {"a minute before it does", FEVER "d2 15:00 A N02BE01;d3 13:59 S 85" COOL, "d2 g2 end d3 dose 1"},
};

Test(crs, is_graded_by_blood_pressure)
{
    EXPECT_ASKED(pressures);
}

/* The vasopressor runs to 01:00 of day 3, so that it is over at 01:00 of day 4. */
static const struct history vasopressors[] = {
    {"one", FEVER "d2 15:00 R C01CA03 10" COOL, "d2 g3 end d4 dose 1"},
    {"one with vasopressin", FEVER "d2 15:00 R C01CA03 10;d2 16:00 R H01BA01 5" COOL, "d2 g3 end d4 dose 1"},
    {"vasopressin alone counts as one", FEVER "d2 15:00 R H01BA01 10" COOL, "d2 g3 end d4 dose 1"},
    {"two", FEVER "d2 15:00 R C01CA03 10;d2 16:00 R C01CA06 5" COOL, "d2 g4 end d4 dose 1"},
    {"two and vasopressin", FEVER "d2 15:00 R C01CA03 10;d2 16:00 R C01CA06 5;d2 16:00 R H01BA01 5" COOL,
     "d2 g4 end d4 dose 1"},
    {"one after the other", FEVER "d2 15:00 R C01CA03 4;d2 20:00 R C01CA06 5" COOL, "d2 g3 end d4 dose 1"},
    {"the same one twice", FEVER "d2 15:00 R C01CA03 10;d2 16:00 R C01CA03 5" COOL, "d2 g3 end d4 dose 1"},
    {"at once, without a rate", FEVER "d2 15:00 A C01CA03" COOL, "d2 g1 end d3 dose 1"},
    {"inhaled", FEVER "d2 15:00 RQ C01CA24 10" COOL, "d2 g1 end d3 dose 1"},
    {"at a rate, no end told: to the end of its day", FEVER "d2 15:00 R C01CA03" COOL, "d2 g3 end d3 dose 1"},
    {"begun before the fever and going on", FEVER "d2 12:00 R C01CA03 13" COOL, "d2 g3 end d4 dose 1"},
    {"over before the fever", FEVER "d2 10:00 R C01CA03 3" COOL, "d2 g1 end d3 dose 1"},
    {"24 hours after the fever it is of something else", FEVER "d3 14:00 R C01CA03 3" COOL, "d2 g1 end d3 dose 1"},
};

Test(crs, is_graded_by_vasopressors)
{
    EXPECT_ASKED(vasopressors);
}

/* ---- oxygen ---- */

static const struct {
    const char *name, *chart;
    int grade;
    size_t devices; /* questions about them */
} oxygen[] = {
    {"saturation 89", "d2 14:00 O 89", 2, 0},
    {"saturation 90", "d2 14:00 O 90", 1, 0},
    {"2 L/min by nasal cannula", "d2 14:00 FN 2", 2, 0},
    {"6 L/min", "d2 14:00 FN 6", 2, 0},
    {"6.1 L/min", "d2 14:00 FN 6.1", 3, 0},
    {"a mask", "d2 14:00 FM 4", 3, 0},
    {"a Venturi mask", "d2 14:00 FV 4", 3, 0},
    {"a high flow cannula", "d2 14:00 FH 5", 3, 0},
    {"none", "d2 14:00 F 0", 1, 0},
    {"2 L/min of nobody knows what is at least 2", "d2 14:00 F 2", 2, 1},
    {"10 L/min of nobody knows what is at least 3", "d2 14:00 F 10", 3, 1},
    {"two of them are one question", "d2 14:00 F 2;d2 15:00 F 10", 3, 1},
    {"air", "d2 14:00 X 21", 1, 0},
    {"more than air", "d2 14:00 X 28", 2, 1},
    {"oxygen as a procedure", "d2 14:00 P 57485005", 2, 1},
    {"by nasal cannula as a procedure", "d2 14:00 P 371907003", 2, 0},
    {"a procedure tells the device of a flow", "d2 13:00 P 371908008 5;d2 14:00 F 2", 3, 0},
    {"positive pressure", "d2 14:00 P 47545007", 4, 0},
    {"a ventilator", "d2 14:00 P 243147009", 4, 0},
    {"under a ventilator no device is asked for", "d2 14:00 P 243147009;d2 15:00 P 57485005", 4, 0},
    {"no more than before the dose", "d1 09:00 FN 2;d2 14:00 FN 2", 1, 0},
    {"more than before the dose", "d1 09:00 FN 2;d2 14:00 FN 3", 2, 0},
    {"the worse of both columns", "d2 14:00 S 85;d2 14:00 FM 4", 3, 0},
    {"the worse of both columns, the other one", "d2 14:00 R C01CA03 1;d2 14:00 FN 4", 3, 0},
};

Test(crs, is_graded_by_oxygen)
{
    for (size_t i = 0; i < sizeof oxygen / sizeof *oxygen; i++) {
        stop();
        start();
        chart_add(&s, gw_arena_print(&s.arena, FEVER "%s;d2 16:00 T 38.1;d4 08:00 T 36.8", oxygen[i].chart));
        subject_derive(&s);
        cr_assert(eq(sz, subject_items(&s, "CRS_REVIEW"), 1), "%s", oxygen[i].name);
        cr_expect(strstr(subject_item(&s, "CRS_REVIEW")->context,
                         gw_arena_print(&s.arena, ",\"grade\":%d,", oxygen[i].grade)) != NULL,
                  "%s: %s", oxygen[i].name, subject_item(&s, "CRS_REVIEW")->context);
        cr_expect(eq(sz, subject_items(&s, "O2_DEVICE_UNKNOWN"), oxygen[i].devices), "%s", oxygen[i].name);
    }
}

static const struct {
    const char *device;
    int grade;
} told[] = {{"NASAL", 2}, {"MASK", 3}, {"VENTURI", 3}, {"NONINVASIVE_VENTILATION", 4}, {"cannot be told", 2}};

Test(crs, takes_a_persons_word_for_the_device)
{
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        stop();
        start();
        chart_add(&s, FEVER "d2 14:00 F 2;d2 15:00 F 4" COOL);
        subject_decide(&s, "device", "Observation/e1", gw_arena_print(&s.arena, "{'device':'%s'}", told[i].device));
        subject_derive(&s);
        cr_expect(eq(sz, subject_items(&s, "O2_DEVICE_UNKNOWN"), 0), "%s", told[i].device);
        expect_text(told[i].device, chart_items(&s, "CRS_REVIEW"),
                    gw_arena_print(&s.arena, "d2 g%d end d3 dose 1", told[i].grade));
    }
}

/* Whatever the device, the grade is told. */
Test(crs, asks_for_no_device_where_a_person_gave_the_grade)
{
    chart_add(&s, FEVER "d2 14:00 F 2" COOL);
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "O2_DEVICE_UNKNOWN"), 1));
    subject_decide(&s, "event", "Observation/e0", "{'confirm':true}");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "O2_DEVICE_UNKNOWN"), 1), "confirmed, the grade still hangs on it");
    subject_decide(&s, "grade", "Observation/e0", "{'of':'CRS','grade':3}");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "O2_DEVICE_UNKNOWN"), 0));
    cr_assert(eq(sz, s.derived.rows.tables[GW_TABLE_ae_episodes].count, 1));
    cr_expect(eq(i32, subject_episode(&s, 0)->max_grade, 3));
}

/* ---- its end ---- */

static const struct history ends[] = {
    {"a fever 23:59 hours later is of it", FEVER "d3 02:00 T 36.9;d3 13:59 T 38.2;d4 20:00 T 36.8",
     "d2 g1 end d4 dose 1"},
    {"24 hours later it is another", FEVER "d3 02:00 T 36.9;d3 14:00 T 38.2;d4 20:00 T 36.8",
     "d2 g1 end d3 dose 1 | d3 g1 end d4 dose 1"},
    {"unless none was lower between them", FEVER "d3 14:00 T 38.2;d4 20:00 T 36.8", "d2 g1 end d4 dose 1"},
    {"nobody read again", "d2 14:00 T 38.5", "d2 g1 end ? dose 1"},
    {"read again only later", FEVER "d6 08:00 T 36.8", "d2 g1 end d6 dose 1"},
    {"read again 56 days after its hours", FEVER "d59 08:00 T 36.8", "d2 g1 end d59 dose 1"},
    {"read again only after that", FEVER "d60 08:00 T 36.8", "d2 g1 end ? dose 1"},
    {"nobody read again before a fever that is none of its kind", FEVER "d23 11:00 T 38.5;d24 08:00 T 36.8",
     "d2 g1 end d24 dose 1"},
    {"oxygen keeps it open", FEVER "d3 08:00 FN 2;d3 08:00 T 36.8;d4 20:00 T 36.8", "d2 g1 end d4 dose 1"},
    {"low blood pressure does not", FEVER "d3 08:00 S 80;d3 08:00 T 36.8;d4 20:00 T 36.8", "d2 g1 end d3 dose 1"},
};

Test(crs, ends_when_fever_vasopressors_and_oxygen_are_gone)
{
    EXPECT_ASKED(ends);
}

Test(crs, goes_on_until_its_hours_are_past)
{
    chart_add(&s, "d2 14:00 T 38.5;d2 20:00 T 36.8");
    s.horizon = subject_day("2024-01-16");
    subject_derive(&s);
    expect_text("on the day of the fever", chart_items(&s, "CRS_REVIEW"), "d2 g1 ongoing dose 1");
    cr_expect(eq(i32, s.derived.next_day, subject_day("2024-01-17")));
    s.horizon = subject_day("2024-01-17");
    subject_derive(&s);
    expect_text("the day after", chart_items(&s, "CRS_REVIEW"), "d2 g1 end d3 dose 1");
}

/* ---- diagnoses ---- */

static const struct history diagnoses[] = {
    {"a code without signs has its own grade", "d2 C D89.832 d5", "d2 g2 end d5 dose 1"},
    {"nobody closed it", "d2 C D89.832", "d2 g2 end ? dose 1"},
    {"a code without a grade", "d2 C D89.839 d5", "d2 g? end d5 dose 1"},
    {"beside signs it is one candidate, graded by them", FEVER "d2 C D89.832" COOL, "d2 g1 end d3 dose 1"},
    {"seven days after it too", FEVER "d10 C D89.831" COOL, "d2 g1 end d3 dose 1"},
    {"eight days after it is another", FEVER "d11 C D89.831 d12" COOL, "d2 g1 end d3 dose 1 | d11 g1 end d12 dose 3"},
    {"two codes near each other are one", "d2 C D89.831;d3 C D89.832", "d2 g1 end ? dose 1"},
    {"a sign alone is none", "d2 C I95.9", "none"},
};

Test(crs, is_told_by_diagnoses)
{
    EXPECT_ASKED(diagnoses);
}

Test(crs, shows_where_a_code_and_the_signs_differ)
{
    chart_add(&s, FEVER "d2 C D89.832" COOL);
    subject_derive(&s);
    cr_assert(eq(sz, subject_items(&s, "AE_CANDIDATE"), 0));
    cr_expect(strstr(subject_item(&s, "CRS_REVIEW")->context, "\"coded_grade\":2,\"mismatch\":") != NULL);
}

Test(crs, leaves_a_coded_sign_alone_to_the_other_candidates)
{
    chart_add(&s, "d2 C I95.9");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "AE_CANDIDATE"), 1));
    chart_add(&s, FEVER "d3 08:00 T 36.8");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "AE_CANDIDATE"), 0), "beside a fever it is evidence of the same");
    cr_expect(eq(sz, subject_items(&s, "CRS_REVIEW"), 1));
}

/* ---- the proposal ---- */

static void expect_context(const char *part)
{
    subject_expect_context(&s, "CRS_REVIEW", part);
}

Test(crs, proposes_all_that_a_person_needs)
{
    chart_add(&s, FEVER "d2 15:00 S 85;d2 15:00 FM 4;d2 16:00 A L04AC07;d2 17:00 A H02AB02;d2 18:00 R C01CA03 2" COOL);
    subject_derive(&s);
    expect_context("\"category\":\"CRS\"");
    expect_context("\"onset\":\"2024-01-16\",\"end\":\"2024-01-17\",\"grade\":3");
    expect_context("\"onset_time\":\"14:00\"");
    expect_context("\"dose_number\":1,\"dose_day\":\"2024-01-15\",\"days_since_dose\":1,\"dose_mg\":\"12\","
                   "\"hours_since_dose\":28");
    expect_context("\"hypotension\":{\"grade\":3,\"concept\":\"norepinephrine\",\"date\":\"2024-01-16\"}");
    expect_context("\"hypoxia\":{\"grade\":3,\"concept\":\"O2FLOW\",\"value\":\"4\",\"date\":\"2024-01-16\"}");
    expect_context("\"treatment\":[\"tocilizumab\",\"dexamethasone\",\"norepinephrine\",\"oxygen\"]");
    expect_context("\"scale\":\"ASTCT 2019\"");
    expect_context("\"duration_days\":1");
    expect_context("{\"kind\":\"vital\",\"concept\":\"SBP\",\"date\":\"2024-01-16\"}");
}

Test(crs, marks_a_day_that_does_not_tell_which_came_first)
{
    chart_add(&s, "d4 T 38.5;d5 T 36.8");
    subject_derive(&s);
    expect_context("\"dose_number\":2");
    expect_context("\"flag\":\"SAME_DAY\"");
}

#define LASTING "d3 14:00 T 38.5;d4 08:00 T 38.4;d4 12:00 T 38.3;d5 12:00 T 36.8;" /* dose 2 on d4 at 10:00 */

static const struct {
    const char *name, *chart, *treatment;
} premedicated[] = {
    {"before the dose of that day", "d4 09:00 A H02AB02;d4 T 38.5;d5 T 36.8", "[]"},
    {"with the dose", "d4 10:00 A H02AB02;d4 T 38.5;d5 T 36.8", "[\"dexamethasone\"]"},
    {"after it", "d4 12:00 A H02AB02;d4 T 38.5;d5 T 36.8", "[\"dexamethasone\"]"},
    {"of a diagnosis too", "d4 09:00 A H02AB02;d4 C D89.831 d5", "[]"},
    {"before the next dose, which was given all the same", LASTING "d4 09:00 A H02AB02", "[]"},
    {"on the day of the next dose, nobody knows when", LASTING "d4 A H02AB02", "[]"},
    {"after the next dose", LASTING "d4 10:30 A H02AB02", "[\"dexamethasone\"]"},
    {"on a day without a dose", LASTING "d3 20:00 A H02AB02", "[\"dexamethasone\"]"},
    {"what prepares for no dose", LASTING "d4 09:00 A L04AC07", "[\"tocilizumab\"]"},
};

Test(crs, is_not_treated_by_what_prepared_for_the_dose)
{
    for (size_t i = 0; i < sizeof premedicated / sizeof *premedicated; i++) {
        stop();
        start();
        chart_add(&s, premedicated[i].chart);
        subject_derive(&s);
        expect_context(gw_arena_print(&s.arena, "\"treatment\":%s", premedicated[i].treatment));
    }
}

Test(crs, is_not_relieved_by_what_prepared_for_the_dose)
{
    chart_add(&s, "d4 09:00 A H02AB02;d4 T 38.5;d4 11:00 T 36.8;d5 02:00 S 80;d5 08:00 T 36.8");
    subject_derive(&s);
    expect_text("premedicated", chart_items(&s, "CRS_REVIEW"), "d4 g1 end d5 dose 2");
}

/* Two fevers five days apart, and a code within a week of both. */
static const struct {
    const char *name, *code, *first, *second; /* the grade in the code, where it belongs */
} hosts[] = {
    {"on the day of the later", "d7 C D89.832", "", "2"},
    {"on the day of the earlier", "d2 C D89.832", "2", ""},
    {"nearer the end of the earlier", "d4 C D89.832", "2", ""},
    {"nearer the later", "d6 C D89.832", "", "2"},
    {"as near to both: the onset of the later is nearer", "d5 C D89.832", "", "2"},
};

static const char *coded_grade(const char *onset)
{
    for (size_t i = 0; i < s.derived.item_count; i++) {
        const struct gw_item *item = &s.derived.items[i];
        const char *found = strstr(item->context, "\"coded_grade\":");

        if (strcmp(item->code, "CRS_REVIEW") == 0 && strstr(item->context, onset))
            return found ? gw_arena_copy(&s.arena, found + strlen("\"coded_grade\":"), 1) : "";
    }
    return "no such question";
}

Test(crs, takes_the_code_that_is_nearest)
{
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        stop();
        start();
        chart_add(&s, gw_arena_print(&s.arena, "d2 14:00 T 38.5;d3 08:00 T 36.8;d7 14:00 T 38.5;d8 08:00 T 36.8;%s",
                                     hosts[i].code));
        subject_derive(&s);
        expect_text(hosts[i].name, coded_grade("\"onset\":\"2024-01-16\""), hosts[i].first);
        expect_text(hosts[i].name, coded_grade("\"onset\":\"2024-01-21\""), hosts[i].second);
    }
}

Test(crs, is_not_looked_for_where_the_study_does_not_ask)
{
    subject_study(&s)->events.crs.on = false;
    chart_add(&s, FEVER "d2 15:00 S 85;d2 15:30 A L04AC07;d2 18:00 R C01CA03 2;d3 08:00 T 36.8");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "CRS_REVIEW"), 0));
}
