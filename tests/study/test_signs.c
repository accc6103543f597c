/*
 * Signs of events: drugs, transfusions, cultures. Days are counted from the first dose; histories as in
 * support/doses.h.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "support/doses.h"
#include "support/subject.h"

static struct subject s;

static void start(void)
{
    subject_init(&s);
    subject_add_monthly_visits(&s, 8); /* a normal neutrophil count on day 0 */
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(signs, .init = start, .fini = stop, .timeout = 120);

static void add_diagnosis(const char *id, const char *code, int first, int last, const char *status)
{
    subject_add_condition_as(&s, id, status, code, subject_date(&s, first), subject_date(&s, last));
}

static void add_infusion(const char *id, const char *atc, int first, int last, const char *route)
{
    subject_add(&s,
                "{'resourceType':'MedicationStatement','id':'%s','status':'completed',"
                "'subject':{'reference':'Patient/p1'},'effectivePeriod':{'start':'%s','end':'%s'},"
                "'medicationCodeableConcept':{'coding':[{'system':'http://www.whocc.no/atc','code':'%s'}]},"
                "'dosage':[{'timing':{'repeat':{'frequency':3,'period':1,'periodUnit':'d'}},"
                "'route':{'coding':[{'system':'http://snomed.info/sct','code':'%s'}]},"
                "'doseAndRate':[{'doseQuantity':{'value':1000,'unit':'mg'}}]}]}",
                id, subject_date(&s, first), subject_date(&s, last), atc, route);
}

#define IV           "47625008"
#define ORAL         "26643006"
#define PIPERACILLIN "J01CR05"
#define AMOXICILLIN  "J01CA04"

/* Candidates of a category, and their days: "GASTROINTESTINAL/DIARRHOEA@10" joined by blanks. */
static const char *candidates(void)
{
    const char *text = "";

    for (size_t i = 0; i < s.derived.item_count; i++) {
        const char *context = s.derived.items[i].context;
        char category[40] = "", day[11] = "";

        if (strcmp(s.derived.items[i].code, "AE_CANDIDATE") != 0)
            continue;
        sscanf(strstr(context, "\"category\":\""), "\"category\":\"%39[^\"]", category);
        sscanf(strstr(context, "\"onset\":\""), "\"onset\":\"%10[^\"]", day);
        text = gw_arena_print(&s.arena, "%s%s%s@%d", text, *text ? " " : "", category,
                              subject_day(day) - s.line.first_dose);
    }
    return text;
}

static const char *sorted_candidates(void)
{
    const char *text = candidates();
    const char *blank = strchr(text, ' ');

    if (!blank || strcmp(text, blank + 1) < 0)
        return text;
    return gw_arena_print(&s.arena, "%s %.*s", blank + 1, (int)(blank - text), text);
}

/* ---- drugs ---- */

static const struct {
    const char *name, *atc, *records, *candidates;
} starts[] = {
    {"loperamide", "A07DA03", "S 10..15 4", "GASTROINTESTINAL@10"},
    {"ondansetron", "A04AA01", "S 10..15 8", "GASTROINTESTINAL@10"},
    {"lactulose", "A06AD11", "S 10..15 10", "GASTROINTESTINAL@10"},
    {"the day after day 1", "A07DA03", "S 1..5 4", "GASTROINTESTINAL@1"},
    {"on day 1", "A07DA03", "S 0..5 4", ""},
    {"before day 1", "A07DA03", "S -20..5 4", ""},
    {"before day 1, going on", "A07DA03", "S -20..2 4;S 5..9 4", ""},
    {"seven days later it goes on", "A07DA03", "S 10..12 4;S 19..20 4", "GASTROINTESTINAL@10"},
    {"eight days later it starts again", "A07DA03", "S 10..12 4;S 20..21 4", "GASTROINTESTINAL@10 GASTROINTESTINAL@20"},
    {"not taken", "A07DA03", "T 10..12", ""},
    {"a thrombopoietin agonist", "B02BX05", "S 40..60 50", "THROMBOCYTOPENIA@40"},
    {"platelets", "B05AX02", "A 40 1", "THROMBOCYTOPENIA@40"},
    {"red cells", "B05AX01", "A 40 1", "ANAEMIA@40"},
    {"darbepoetin", "B03XA02", "A 40 0.5", "ANAEMIA@40"},
    {"levothyroxine", "H03AA01", "S 40.. 0.05", "THYROID@40"},
    {"enoxaparin to prevent", "B01AB05", "S 10..30 40", ""},
    {"enoxaparin to treat", "B01AB05", "S 10..30 80 bid", "THROMBOEMBOLISM@10"},
    {"aspirin", "B01AC06", "S 10..30 100", ""},
    {"aciclovir to prevent", "J05AB01", "S 10..30 400 bid", ""},
    {"aciclovir to treat", "J05AB01", "S 10..17 800 5/d", "INFECTION@10"},
    {"sulfamethoxazole three days a week", "J01EE01", "S 10..90 960 3/wk", ""},
    {"sulfamethoxazole daily", "J01EE01", "S 0..90 480", ""},
    {"a drug of no role", "C10AA05", "S 10..90 20", ""},
};

Test(signs, are_starts_of_drugs_against_an_event)
{
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        stop();
        start();
        doses_add(&s, starts[i].atc, starts[i].records);
        subject_derive(&s);
        expect_text(starts[i].name, sorted_candidates(), starts[i].candidates);
        cr_expect(eq(sz, s.derived.rows.tables[GW_TABLE_ae_episodes].count, 0), "%s", starts[i].name);
    }
}

/* A growth factor on day 30. */
static const struct {
    const char *name;
    int day; /* of a count; -1: none but day 0's */
    const char *value;
    const char *candidates;
} factors[] = {
    {"no count", -1, NULL, "NEUTROPENIA@30"},
    {"a normal count eight days before", 22, "2.0", "NEUTROPENIA@30"},
    {"a normal count seven days before", 23, "2.0", ""},
    {"a normal count on the day", 30, "2.0", ""},
    {"a normal count the day after", 31, "2.0", "NEUTROPENIA@30"},
    {"a low count: the event is certain", 29, "0.4", ""},
};

Test(signs, are_growth_factors_that_no_count_explains)
{
    for (size_t i = 0; i < sizeof factors / sizeof *factors; i++) {
        const struct gw_row_ae_episodes *row;

        stop();
        start();
        doses_add(&s, "L03AA02", "A 30 0.3");
        if (factors[i].day >= 0)
            subject_add_lab(&s, "n", "751-8", subject_date(&s, factors[i].day), factors[i].value);
        subject_derive(&s);
        expect_text(factors[i].name, candidates(), factors[i].candidates);
        row = subject_episode(&s, 0);
        if (row)
            cr_expect(eq(int, row->treatment_given, true), "%s", factors[i].name);
    }
}

Test(signs, join_the_event_they_are_against)
{
    const struct gw_row_ae_episodes *row;

    add_diagnosis("c", "K52.1", 12, 16, "confirmed");
    doses_add(&s, "A07DA03", "S 10..15 4");
    subject_derive(&s);
    row = subject_episode(&s, 0);
    cr_assert(row != NULL);
    expect_text("no candidate", candidates(), "");
    cr_expect(eq(int, row->treatment_given, true));
    expect_text("its onset stays", row->onset, subject_date(&s, 12));
}

/* The count was low on day 30, back on day 35 and low again on day 40: two events, of which the second is treated. */
Test(signs, join_the_nearest_event)
{
    static const struct {
        int day;
        const char *value;
    } counts[] = {{30, "0.8"}, {35, "2.0"}, {40, "0.4"}, {45, "2.0"}};
    const char *ids[] = {"n0", "n1", "n2", "n3"};

    for (size_t i = 0; i < 4; i++)
        subject_add_lab(&s, ids[i], "751-8", subject_date(&s, counts[i].day), counts[i].value);
    doses_add(&s, "L03AA02", "A 41 0.3");
    subject_derive(&s);
    cr_assert(eq(sz, s.derived.rows.tables[GW_TABLE_ae_episodes].count, 2));
    for (size_t i = 0; i < 2; i++) {
        const struct gw_row_ae_episodes *row = subject_episode(&s, i);

        cr_expect(eq(int, row->treatment_given, strcmp(row->onset, subject_date(&s, 40)) == 0), "%s", row->onset);
    }
}

Test(signs, of_another_kind_do_not_join)
{
    add_diagnosis("c", "K59.00", 12, 16, "confirmed"); /* constipation */
    doses_add(&s, "A07DA03", "S 10..15 4");
    subject_derive(&s);
    expect_text("loperamide", candidates(), "GASTROINTESTINAL@10");
    cr_expect(eq(int, subject_episode(&s, 0)->treatment_given, false));
}

/* ---- infections ---- */

static const struct {
    const char *name;
    int diagnosis; /* day of a pneumonia of 10 days; -1: none */
    const char *status;
    const char *drug, *route;
    int first, last;
    const char *candidates;
    int grade, grade_day; /* -1: none */
} infections[] = {
    {"no treatment", 30, "confirmed", NULL, NULL, 0, 0, "", -1, -1},
    {"an oral antiinfective", 30, "confirmed", AMOXICILLIN, ORAL, 31, 38, "", 2, 31},
    {"an intravenous one", 30, "confirmed", PIPERACILLIN, IV, 32, 38, "", 3, 32},
    {"begun before", 30, "confirmed", PIPERACILLIN, IV, 28, 38, "", 3, 30},
    {"a week after it", 30, "confirmed", PIPERACILLIN, IV, 47, 50, "", -1, -1},
    {"eight days after it", 30, "confirmed", PIPERACILLIN, IV, 48, 50, "INFECTION@48", -1, -1},
    {"without a diagnosis", -1, NULL, PIPERACILLIN, IV, 30, 38, "INFECTION@30", -1, -1},
    {"three days before an unconfirmed one", 33, "provisional", PIPERACILLIN, IV, 30, 38, "INFECTION@33", -1, -1},
    {"four days before an unconfirmed one", 34, "provisional", PIPERACILLIN, IV, 30, 38, "INFECTION@30 INFECTION@34",
     -1, -1},
};

Test(signs, grade_infections_by_their_treatment)
{
    for (size_t i = 0; i < sizeof infections / sizeof *infections; i++) {
        const struct gw_row_ae_episodes *row;

        stop();
        start();
        if (infections[i].diagnosis >= 0)
            add_diagnosis("c", "J18.9", infections[i].diagnosis, infections[i].diagnosis + 10, infections[i].status);
        if (infections[i].drug)
            add_infusion("m", infections[i].drug, infections[i].first, infections[i].last, infections[i].route);
        subject_derive(&s);
        expect_text(infections[i].name, sorted_candidates(), infections[i].candidates);
        row = subject_episode(&s, 0);
        cr_expect(eq(int, row != NULL, infections[i].diagnosis >= 0 && infections[i].status[0] == 'c'), "%s",
                  infections[i].name);
        if (!row)
            continue;
        cr_expect(eq(int, row->max_grade, infections[i].grade < 0 ? GW_NULL_INTEGER : infections[i].grade), "%s",
                  infections[i].name);
        if (infections[i].grade >= 0)
            expect_text(infections[i].name, row->max_grade_date, subject_date(&s, infections[i].grade_day));
        cr_expect(eq(sz, subject_items(&s, "AE_GRADE_HUMAN"), infections[i].grade < 0), "%s", infections[i].name);
        cr_expect(eq(int, row->treatment_given, infections[i].drug &&*infections[i].candidates == '\0'), "%s",
                  infections[i].name);
    }
}

Test(signs, grades_rise_with_the_treatment)
{
    const struct gw_row_list *grades = &s.derived.rows.tables[GW_TABLE_ae_grades];

    add_diagnosis("c", "J18.9", 30, 45, "confirmed");
    add_infusion("m1", AMOXICILLIN, 30, 33, ORAL);
    add_infusion("m2", PIPERACILLIN, 34, 44, IV);
    subject_add(&s,
                "{'resourceType':'Procedure','id':'v','status':'completed','subject':{'reference':'Patient/p1'},"
                "'performedDateTime':'%s','code':{'coding':[{'system':'http://snomed.info/sct','code':'40617009'}]}}",
                subject_date(&s, 36)); /* artificial respiration */
    subject_derive(&s);
    cr_assert(eq(sz, grades->count, 3));
    for (size_t i = 0; i < 3; i++)
        cr_expect(eq(int, ((const struct gw_row_ae_grades *)grades->rows[i])->grade, 2 + (int)i));
    cr_expect(eq(int, subject_episode(&s, 0)->max_grade, 4));
    cr_expect(eq(sz, subject_items(&s, "AE_SERIOUS_EVIDENCE"), 1), "ventilated six days after its onset");
}

Test(signs, of_treatment_begun_on_one_day_the_stronger_grades)
{
    const struct gw_row_list *grades = &s.derived.rows.tables[GW_TABLE_ae_grades];

    add_diagnosis("c", "J18.9", 30, 45, "confirmed");
    add_infusion("m1", AMOXICILLIN, 31, 33, ORAL);
    add_infusion("m2", PIPERACILLIN, 31, 44, IV);
    subject_derive(&s);
    cr_assert(eq(sz, grades->count, 1));
    cr_expect(eq(int, ((const struct gw_row_ae_grades *)grades->rows[0])->grade, 3));
    expect_text("day of the worst", subject_episode(&s, 0)->max_grade_date, subject_date(&s, 31));
}

/* ---- cultures ---- */

static void add_culture(const char *id, int day, const char *system, const char *code)
{
    subject_add(&s,
                "{'resourceType':'Observation','id':'%s','status':'final','subject':{'reference':'Patient/p1'},"
                "'code':{'coding':[{'system':'http://loinc.org','code':'600-7'}]},'effectiveDateTime':'%s',"
                "'valueCodeableConcept':{'coding':[{'system':'%s','code':'%s'}]}}",
                id, subject_date(&s, day), system, code);
}

#define SCT "http://snomed.info/sct"

static const struct {
    const char *name, *code;
    int iv; /* day on which an intravenous antiinfective starts, for a week; -100: none */
    bool certain;
    const char *candidates;
} cultures[] = {
    {"an organism alone", "112283007", -100, false, "INFECTION@30"},
    {"nothing grew", "264868006", -100, false, ""},
    {"negative", "260385009", -100, false, ""},
    {"with an intravenous antiinfective", "112283007", 30, true, ""},
    {"three days later", "112283007", 33, true, ""},
    {"four days later", "112283007", 34, false, "INFECTION@30 INFECTION@34"},
    {"one that ended three days before", "112283007", 21, true, ""},
    {"one that ended four days before", "112283007", 20, false, "INFECTION@20 INFECTION@30"},
    {"probably the skin's", "60875001", 30, false, "INFECTION@30 INFECTION@30"},
};

Test(signs, are_positive_blood_cultures)
{
    for (size_t i = 0; i < sizeof cultures / sizeof *cultures; i++) {
        const struct gw_row_ae_episodes *row;

        stop();
        start();
        add_culture("b", 30, SCT, cultures[i].code);
        if (cultures[i].iv > -100)
            add_infusion("m", PIPERACILLIN, cultures[i].iv, cultures[i].iv + 6, IV);
        subject_derive(&s);
        row = subject_episode(&s, 0);
        expect_text(cultures[i].name, sorted_candidates(), cultures[i].candidates);
        cr_expect(eq(int, row != NULL, cultures[i].certain), "%s", cultures[i].name);
        if (!row)
            continue;
        expect_text(cultures[i].name, row->category, "INFECTION");
        expect_text(cultures[i].name, row->onset, subject_date(&s, 30));
        cr_expect(eq(int, row->max_grade, 3), "%s", cultures[i].name);
    }
}

Test(signs, that_repeat_are_one_event)
{
    add_culture("b1", 30, SCT, "112283007");
    add_culture("b2", 32, SCT, "112283007");
    add_culture("b3", 44, SCT, "112283007");
    add_infusion("m", PIPERACILLIN, 30, 50, IV);
    subject_derive(&s);
    cr_expect(eq(sz, s.derived.rows.tables[GW_TABLE_ae_episodes].count, 1));
    subject_expect(&s, "b3", "evidence");
}

Test(signs, join_the_infection_that_was_diagnosed)
{
    add_culture("b", 33, SCT, "112283007");
    add_diagnosis("c", "A41.51", 32, 45, "confirmed");
    subject_derive(&s);
    cr_expect(eq(sz, s.derived.rows.tables[GW_TABLE_ae_episodes].count, 1));
    expect_text("none", candidates(), "");
    subject_expect(&s, "b", "evidence");
}

/* Day 50 lies between the assessments of day 30 and day 60. */
Test(signs, between_windows_are_held_until_a_person_answered)
{
    const struct gw_row_list *exceptions = &s.derived.rows.tables[GW_TABLE_exceptions];

    add_culture("b", 50, SCT, "112283007");
    subject_derive(&s);
    subject_expect(&s, "b", "held AE_CANDIDATE");
    subject_decide(&s, "event", "Observation/b", "{'refuse':true}");
    subject_derive(&s);
    subject_expect(&s, "b", "not_in_scope NO_EVENT");
    cr_assert(eq(sz, exceptions->count, 1));
    expect_text("answered", ((const struct gw_row_exceptions *)exceptions->rows[0])->state, "resolved");
}

static const struct {
    const char *name, *drug, *route, *grade;
} proposals[] = {
    {"by mouth", AMOXICILLIN, ORAL, "\"grade\":2,"},
    {"by vein", PIPERACILLIN, IV, "\"grade\":3,"},
};

Test(signs, ask_with_the_grade_that_treatment_proves)
{
    for (size_t i = 0; i < sizeof proposals / sizeof *proposals; i++) {
        stop();
        start();
        add_infusion("m", proposals[i].drug, 40, 46, proposals[i].route);
        subject_derive(&s);
        cr_assert(eq(sz, s.derived.item_count, 1), "%s", proposals[i].name);
        cr_expect(strstr(s.derived.items[0].context, proposals[i].grade) != NULL, "%s: %s", proposals[i].name,
                  s.derived.items[0].context);
    }
}

/* ---- procedures ---- */

Test(signs, are_transfusions_told_as_procedures)
{
    subject_add(&s,
                "{'resourceType':'Procedure','id':'t','status':'completed','subject':{'reference':'Patient/p1'},"
                "'performedDateTime':'%s','code':{'coding':[{'system':'http://snomed.info/sct','code':'116863004'}]}}",
                subject_date(&s, 40));
    subject_derive(&s);
    expect_text("red cells", candidates(), "ANAEMIA@40");
    subject_expect(&s, "t", "held AE_CANDIDATE");
}
