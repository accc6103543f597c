/*
 * Questionnaires: which are read, where they lie, what they score.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "support/scratch.h"
#include "support/subject.h"

#define C30 "urn:hm:q:c30"

static struct subject s;
static struct scratch scratch;
static unsigned serial;

/* A site whose questionnaire C30 is the QLQ-C30 with links q1 .. q30, and MY20 has coded answers. */
static const char *profile(void)
{
    static char text[8192];

    snprintf(text, sizeof text,
             "{\"id\":\"madrid\",\"zone\":\"Europe/Madrid\",\"contacts\":\"encounters\",\"questionnaires\":["
             "{\"questionnaire\":\"" C30 "\",\"instrument\":\"QLQ-C30\",\"items\":[");
    for (int k = 1; k <= 30; k++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s{\"link\":\"q%d\",\"item\":%d}", k > 1 ? "," : "",
                 k, k);
    snprintf(
        text + strlen(text), sizeof text - strlen(text),
        "]},{\"questionnaire\":\"urn:hm:q:my20\",\"instrument\":\"QLQ-MY20\",\"items\":[{\"link\":\"a\",\"item\":47}],"
        "\"answers\":[{\"system\":\"urn:hm:a\",\"code\":\"much\",\"value\":4}]}]}");
    return text;
}

static void start(void)
{
    subject_init(&s);
    scratch_init(&scratch);
    serial = 0;
    subject_set_profile(&s, &scratch, profile());
    subject_add_monthly_visits(&s, 10);
}

static void stop(void)
{
    subject_release(&s);
    scratch_release(&scratch);
}

TestSuite(forms, .init = start, .fini = stop);

/* "q1=2 q2=3" on a day of the study (elapsed); the id is f0, f1 ... */
static void answer(const char *questionnaire, const char *authored, const char *answers)
{
    char items[4096] = "", link[16], value[64];
    int used;

    for (const char *at = answers; sscanf(at, " %15[^=]=%63s%n", link, value, &used) == 2; at += used)
        snprintf(items + strlen(items), sizeof items - strlen(items), "%s{'linkId':'%s','answer':[{%s}]}",
                 *items ? "," : "", link,
                 value[0] == '{'
                     ? "'valueCoding':{'system':'urn:hm:a','code':'much'}"
                     : gw_arena_print(&s.arena, "'%s':%s%s%s", value[0] == '"' ? "valueString" : "valueInteger",
                                      value[0] == '"' ? "'" : "", value[0] == '"' ? value + 1 : value,
                                      value[0] == '"' ? "'" : ""));
    subject_add(&s,
                "{'resourceType':'QuestionnaireResponse','id':'f%u','status':'completed',"
                "'subject':{'reference':'Patient/p1'},'questionnaire':'%s','authored':'%s','item':[%s]}",
                serial++, questionnaire, authored, items);
}

static const struct gw_row_derived *score(const char *param, const char *window)
{
    const struct gw_row_list *list = &s.derived.rows.tables[GW_TABLE_derived];

    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_derived *row = (const struct gw_row_derived *)list->rows[i];

        if (gw_same(row->param, param) && gw_same(row->window_id, window))
            return row;
    }
    return NULL;
}

static const struct {
    const char *name, *answers, *param, *value;
} scores[] = {
    {"global, both best", "q29=7 q30=7", "QLQL", "100"},
    {"global, (5 + 6) / 2 is 5.5: 4.5 of 6", "q29=5 q30=6", "QLQL", "75"},
    {"global, one of two is half", "q29=4", "QLQL", "50"},
    {"a function at its best", "q1=1 q2=1 q3=1 q4=1 q5=1", "QLPF", "100"},
    {"a function at its worst", "q1=4 q2=4 q3=4 q4=4 q5=4", "QLPF", "0"},
    {"1 2 1 2 2: mean 1.6, 1 - 0.2", "q1=1 q2=2 q3=1 q4=2 q5=2", "QLPF", "80"},
    {"three of five: mean 2, 1 - 1/3", "q1=2 q2=2 q5=2", "QLPF", "66.666667"},
    {"two of five are less than half", "q1=2 q2=2", "QLPF", NULL},
    {"a symptom: 2 3 4 is 3, 2/3", "q10=2 q12=3 q18=4", "QLFA", "66.666667"},
    {"two of three: 1.5, 1/6", "q10=1 q12=2", "QLFA", "16.666667"},
    {"one of three is less than half", "q10=1", "QLFA", NULL},
    {"a single item", "q8=3", "QLDY", "66.666667"},
    {"cognitive functioning has items 20 and 25", "q20=1 q25=2 q21=4", "QLCF", "83.333333"},
    {"emotional functioning 21 to 24", "q21=1 q22=2 q23=3 q24=4", "QLEF", "50"},
    {"an answer out of range is none", "q8=5", "QLDY", NULL},
};

Test(forms, score_the_scales_of_the_c30)
{
    for (size_t i = 0; i < sizeof scores / sizeof *scores; i++) {
        stop();
        start();
        answer(C30, "2024-04-14", scores[i].answers);
        subject_derive(&s);
        const struct gw_row_derived *row = score(scores[i].param, "T90-01");

        cr_expect(row ? gw_same(row->value, scores[i].value) : !scores[i].value, "%s: %s", scores[i].name,
                  row ? row->value : "none");
    }
}

Test(forms, read_coded_answers_by_the_profile)
{
    answer("urn:hm:q:my20|2.1", "2024-04-14", "a={}");
    subject_derive(&s);
    cr_assert(score("QLBI", "T90-01") != NULL);
    cr_expect(gw_same(score("QLBI", "T90-01")->value, "0"));
}

/* The first dose was given at ten. */
Test(forms, of_day_1_are_a_baseline_unless_filled_in_after_the_first_dose)
{
    static const struct {
        const char *authored, *state;
    } times[] = {{"2024-01-15T09:59:00+01:00", "evidence"},
                 {"2024-01-15T10:01:00+01:00", "outside_window BETWEEN_WINDOWS"},
                 {"2024-01-15", "evidence"}};

    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        stop();
        start();
        subject_add(&s, "{'resourceType':'MedicationAdministration','id':'dose','status':'completed','subject':{"
                        "'reference':'Patient/p1'},'effectiveDateTime':'2024-01-15T10:00:00+01:00','dosage':{'dose':{"
                        "'value':25,'unit':'mg'}},'medicationCodeableConcept':{'coding':[{'system':"
                        "'http://www.whocc.no/atc','code':'L04AX04'}]}}");
        answer(C30, times[i].authored, "q8=3");
        subject_derive(&s);
        expect_text(times[i].authored, subject_state(&s, "f0"), times[i].state);
        cr_expect(eq(int, score("QLDY", "BASELINE") != NULL, i != 1), "%s", times[i].authored);
    }
}

Test(forms, tell_a_change_of_more_than_five_points)
{
    answer(C30, "2024-01-15", "q29=4 q30=4 q10=2 q12=2 q18=2 q1=1 q2=1 q3=1 q4=1 q5=1");
    answer(C30, "2024-04-14", "q29=5 q30=4 q10=3 q12=2 q18=2 q1=1 q2=1 q3=1 q4=1 q5=1");
    subject_derive(&s);
    cr_expect(gw_same(score("QLQL", "T90-01")->text, "IMPROVED")); /* 50 to 58.3 */
    cr_expect(gw_same(score("QLFA", "T90-01")->text, "WORSENED")); /* a symptom, 33.3 to 44.4 */
    cr_expect(gw_same(score("QLPF", "T90-01")->text, "UNCHANGED"));
    cr_expect(score("QLQL", "BASELINE")->text == NULL);
}

Test(forms, take_the_form_closest_to_the_target_the_later_of_two)
{
    answer(C30, "2024-04-10", "q8=1"); /* 4 days before the target */
    answer(C30, "2024-04-17", "q8=2"); /* 3 days after */
    answer(C30, "2024-04-11", "q8=4"); /* 3 days before */
    subject_derive(&s);
    cr_expect(gw_same(score("QLDY", "T90-01")->value, "33.333333"));
    cr_expect(gw_same(score("QLDY", "T90-01")->date, "2024-04-17"));
}

Test(forms, lie_in_windows_like_values)
{
    answer(C30, "2024-04-14", "q8=1");
    answer(C30, "2024-03-01", "q8=1");
    answer(C30, "2024-04", "q8=1");
    answer("urn:hm:q:other", "2024-04-14", "q8=1");
    answer("urn:hm:q:other", "2024-03-01", "q8=1");
    answer(C30, "2024-04-14T10:00:00", "q8=1");
    answer(C30, "2024-03-01T10:00:00", "q8=1"); /* T90-01 takes 30 March to 29 April: no offset brings it there */
    answer(C30, "2024-03-29T10:00:00", "q8=1"); /* one may */
    answer(C30, "2025-01-02", "q8=1");          /* two days after the horizon, in T90-04 */
    answer(C30, "2025-03-01", "q8=1");
    subject_derive(&s);
    subject_expect(&s, "f0", "evidence");
    subject_expect(&s, "f1", "outside_window BETWEEN_WINDOWS");
    subject_expect(&s, "f2", "held PARTIAL_DATE");
    subject_expect(&s, "f3", "held CODE_UNKNOWN");
    subject_expect(&s, "f4", "outside_window BETWEEN_WINDOWS");
    subject_expect(&s, "f5", "held TIME_WITHOUT_OFFSET");
    subject_expect(&s, "f6", "outside_window BETWEEN_WINDOWS");
    subject_expect(&s, "f7", "held TIME_WITHOUT_OFFSET");
    subject_expect(&s, "f8", "held FUTURE_DATE");
    subject_expect(&s, "f9", "outside_window BETWEEN_WINDOWS");
    cr_expect(le(int, s.derived.next_day, s.horizon + 1), "the day on which it is no slip any more");
}

Test(forms, ask_about_an_answer_that_is_no_number)
{
    answer(C30, "2024-04-14", "q8=\"often q13=2");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "VALUE_TYPE"), 1));
    cr_expect(score("QLDY", "T90-01") == NULL);
    cr_expect(score("QLAP", "T90-01") != NULL);
}

Test(forms, leave_alone_a_questionnaire_that_a_person_ignores)
{
    answer("urn:hm:q:other", "2024-04-14", "q8=1");
    subject_decide(&s, "code", "CODE_UNKNOWN|madrid|questionnaire|urn:hm:q:other||", "{'ignore':true}");
    subject_derive(&s);
    subject_expect(&s, "f0", "not_in_scope IGNORED");
    cr_expect(eq(sz, subject_items(&s, "CODE_UNKNOWN"), 0));
}
