/*
 * Two frailty scores at every cut-off. Day 1 is 2024-01-15.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "support/scratch.h"
#include "support/subject.h"

static struct subject s;

static void start(void)
{
    subject_init(&s);
    subject_ask(&s, "FRAILIMW;FRAILSIM");
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(frailty, .init = start, .fini = stop);

/* Birthdays that make a subject so old on day 1. */
static const struct {
    int age;
    const char *born;
} births[] = {{75, "1948-01-16"}, {76, "1948-01-15"}, {80, "1943-01-16"}, {81, "1943-01-15"}};

static void add_comorbidity(int index)
{
    subject_add_condition(&s, "mm", "C90.00", "2020-05-01", NULL);
    if (index >= 1)
        subject_add_condition(&s, "mi", "I21.4", "2020-05-01", NULL);
    if (index >= 2)
        subject_add_condition(&s, "chf", "I50.9", "2020-05-01", NULL);
}

/* ---- the simplified score ---- */

static const struct {
    int birth; /* of births */
    int charlson, ecog;
    const char *score, *group;
} simplified[] = {
    {0, 1, 0, "0", "NONFRAIL"}, {0, 1, 1, "1", "NONFRAIL"}, {0, 1, 2, "2", "FRAIL"},    {0, 2, 0, "1", "NONFRAIL"},
    {0, 2, 1, "2", "FRAIL"},    {0, 2, 2, "3", "FRAIL"},    {1, 1, 0, "1", "NONFRAIL"}, {1, 1, 1, "2", "FRAIL"},
    {1, 1, 2, "3", "FRAIL"},    {1, 2, 0, "2", "FRAIL"},    {1, 2, 1, "3", "FRAIL"},    {1, 2, 2, "4", "FRAIL"},
    {2, 1, 0, "1", "NONFRAIL"}, {2, 1, 1, "2", "FRAIL"},    {2, 1, 2, "3", "FRAIL"},    {2, 2, 0, "2", "FRAIL"},
    {2, 2, 1, "3", "FRAIL"},    {2, 2, 2, "4", "FRAIL"},    {3, 1, 0, "2", "FRAIL"},    {3, 1, 1, "3", "FRAIL"},
    {3, 1, 2, "4", "FRAIL"},    {3, 2, 0, "3", "FRAIL"},    {3, 2, 1, "4", "FRAIL"},    {3, 2, 2, "5", "FRAIL"},
    {0, 0, 0, "0", "NONFRAIL"}, {0, 0, 5, "2", "FRAIL"},
};

Test(frailty, simplified_takes_age_charlson_and_ecog)
{
    char ecog[4];

    for (size_t i = 0; i < sizeof simplified / sizeof *simplified; i++) {
        stop();
        start();
        snprintf(ecog, sizeof ecog, "%d", simplified[i].ecog);
        subject_add_patient(&s, "male", births[simplified[i].birth].born);
        add_comorbidity(simplified[i].charlson);
        subject_add_value(&s, "ecog", "89247-1", "2024-01-10", ecog, "{score}");
        subject_derive(&s);
        cr_log_info("age %d, Charlson %d, ECOG %d", births[simplified[i].birth].age, simplified[i].charlson,
                    simplified[i].ecog);
        subject_expect_parameter(&s, "FRAILSIM", NULL, NULL, simplified[i].score);
        subject_expect_parameter(&s, "FRAILIMW", NULL, NULL, "!NO_ADL_IADL");
        expect_text("group", subject_parameter(&s, "FRAILSIM", NULL, NULL)->text, simplified[i].group);
        expect_text("summary", subject_row(&s)->frailty_group, simplified[i].group);
        expect_text("method", subject_row(&s)->frailty_method, "SIMPLIFIED");
        cr_expect(eq(int, subject_row(&s)->frailty_score, simplified[i].score[0] - '0'));
        cr_expect(eq(int, subject_row(&s)->ecog, simplified[i].ecog));
        cr_expect(eq(int, subject_row(&s)->charlson, simplified[i].charlson));
    }
}

/* ---- what is missing ---- */

static const struct {
    const char *what;
    const char *born; /* NULL: no birth date */
    bool listed;
    const char *ecog;
    const char *on;
    const char *wanted;
} gaps[] = {
    {"no birth date", NULL, true, "1", "2024-01-10", "!NO_BIRTH_DATE"},
    {"no problem list", "1954-01-15", false, "1", "2024-01-10", "!NO_PROBLEM_LIST"},
    {"no performance status", "1954-01-15", true, NULL, NULL, "!NO_ECOG"},
    {"one before the baseline", "1954-01-15", true, "1", "2023-12-31", "!NO_ECOG"},
    {"one of the first day of the baseline", "1954-01-15", true, "1", "2024-01-01", "1"},
    {"one after day 1", "1954-01-15", true, "1", "2024-01-16", "!NO_ECOG"},
    {"one that is no whole number", "1954-01-15", true, "1.5", "2024-01-10", "!NO_ECOG"},
    {"one above a limit", "1954-01-15", true, ">1", "2024-01-10", "!NO_ECOG"},
    {"a year of birth, the same points: 69 or 70", "1954", true, "1", "2024-01-10", "1"},
    {"a year of birth, 75 or 76", "1948", true, "1", "2024-01-10", "!AGE_AMBIGUOUS"},
    {"a year of birth, 80 or 81", "1943", true, "1", "2024-01-10", "!AGE_AMBIGUOUS"},
    {"a year of birth, 76 or 77", "1947", true, "1", "2024-01-10", "2"},
};

Test(frailty, says_what_was_missing)
{
    for (size_t i = 0; i < sizeof gaps / sizeof *gaps; i++) {
        const bool ambiguous = strcmp(gaps[i].wanted, "!AGE_AMBIGUOUS") == 0;

        stop();
        start();
        if (gaps[i].born)
            subject_add_patient(&s, "male", gaps[i].born);
        else
            subject_add(&s, "{'resourceType':'Patient','id':'p1','gender':'male'}");
        if (gaps[i].listed)
            add_comorbidity(1);
        if (gaps[i].ecog)
            subject_add_value(&s, "ecog", "89247-1", gaps[i].on, gaps[i].ecog, "{score}");
        subject_derive(&s);
        cr_log_info("%s", gaps[i].what);
        subject_expect_parameter(&s, "FRAILSIM", NULL, NULL, gaps[i].wanted);
        cr_expect(eq(sz, subject_items(&s, "AGE_AMBIGUOUS"), ambiguous), "%s", gaps[i].what);
        if (gaps[i].wanted[0] == '!') {
            expect_text(gaps[i].what, subject_row(&s)->frailty_group, "NOT_ASSESSABLE");
            expect_text(gaps[i].what, subject_row(&s)->frailty_method, "");
            cr_expect(eq(int, subject_row(&s)->frailty_score, GW_NULL_INTEGER));
        }
    }
}

Test(frailty, takes_the_age_that_a_person_told)
{
    subject_add_patient(&s, "male", "1948");
    add_comorbidity(1);
    subject_add_value(&s, "ecog", "89247-1", "2024-01-10", "0", "{score}");
    subject_decide(&s, "age", "", "{'age':76}");
    subject_derive(&s);
    subject_expect_parameter(&s, "FRAILSIM", NULL, NULL, "1");
    cr_expect(eq(sz, subject_items(&s, "AGE_AMBIGUOUS"), 0));
}

Test(frailty, asks_nobody_when_it_is_not_wanted)
{
    subject_ask(&s, "CHARLSON");
    subject_add_patient(&s, "male", "1948");
    add_comorbidity(1);
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "AGE_AMBIGUOUS"), 0));
    expect_text("group", subject_row(&s)->frailty_group, "");
}

/* ---- the score of the IMWG: at a hospital with questionnaires that hold the totals ---- */

static const char profile[] =
    "{\"id\":\"madrid\",\"zone\":\"Europe/Madrid\",\"contacts\":\"encounters\",\"questionnaires\":["
    "{\"questionnaire\":\"urn:hm:q:katz\",\"instrument\":\"KATZ-ADL\",\"items\":[{\"link\":\"t\",\"item\":0}]},"
    "{\"questionnaire\":\"urn:hm:q:lawton\",\"instrument\":\"LAWTON-IADL\",\"items\":[{\"link\":\"t\",\"item\":0}]}]}";

static void answer(const char *questionnaire, const char *authored, const char *total)
{
    subject_add(&s,
                "{'resourceType':'QuestionnaireResponse','id':'%s','status':'completed','subject':{'reference':"
                "'Patient/p1'},'questionnaire':'urn:hm:q:%s','authored':'%s','item':[{'linkId':'t','answer':["
                "{'valueInteger':%s}]}]}",
                questionnaire, questionnaire, authored, total);
}

/* A subject of that hospital. */
static void begin_imwg(struct scratch *scratch)
{
    stop();
    start();
    subject_set_profile(&s, scratch, profile);
}

static const struct {
    int birth, charlson;
    const char *adl, *iadl, *score, *group;
} imwg[] = {
    {0, 1, "5", "6", "0", "FIT"},          {0, 1, "4", "6", "1", "INTERMEDIATE"}, {0, 1, "5", "5", "1", "INTERMEDIATE"},
    {0, 1, "4", "5", "2", "FRAIL"},        {0, 2, "5", "6", "1", "INTERMEDIATE"}, {0, 2, "4", "6", "2", "FRAIL"},
    {0, 2, "5", "5", "2", "FRAIL"},        {0, 2, "4", "5", "3", "FRAIL"},        {1, 1, "5", "6", "1", "INTERMEDIATE"},
    {1, 1, "4", "6", "2", "FRAIL"},        {1, 1, "5", "5", "2", "FRAIL"},        {1, 2, "5", "6", "2", "FRAIL"},
    {2, 1, "5", "6", "1", "INTERMEDIATE"}, {2, 2, "4", "5", "4", "FRAIL"},        {3, 1, "5", "6", "2", "FRAIL"},
    {3, 2, "5", "6", "3", "FRAIL"},        {3, 1, "4", "6", "3", "FRAIL"},        {3, 2, "4", "5", "5", "FRAIL"},
    {0, 0, "6", "8", "0", "FIT"},          {0, 0, "0", "0", "2", "FRAIL"},
};

Test(frailty, imwg_takes_age_charlson_and_daily_living)
{
    struct scratch scratch;

    scratch_init(&scratch);
    for (size_t i = 0; i < sizeof imwg / sizeof *imwg; i++) {
        begin_imwg(&scratch);
        subject_add_patient(&s, "male", births[imwg[i].birth].born);
        add_comorbidity(imwg[i].charlson);
        answer("katz", "2024-01-10", imwg[i].adl);
        answer("lawton", "2024-01-10", imwg[i].iadl);
        subject_derive(&s);
        cr_log_info("age %d, Charlson %d, ADL %s, IADL %s", births[imwg[i].birth].age, imwg[i].charlson, imwg[i].adl,
                    imwg[i].iadl);
        subject_expect_parameter(&s, "FRAILIMW", NULL, NULL, imwg[i].score);
        subject_expect_parameter(&s, "FRAILSIM", NULL, NULL, "!NO_ECOG");
        expect_text("group", subject_row(&s)->frailty_group, imwg[i].group);
        expect_text("method", subject_row(&s)->frailty_method, "IMWG");
        cr_expect(eq(int, subject_row(&s)->frailty_score, imwg[i].score[0] - '0'));
    }
    scratch_release(&scratch);
}

Test(frailty, imwg_needs_both_scores_at_baseline)
{
    struct scratch scratch;

    scratch_init(&scratch);
    begin_imwg(&scratch);
    subject_add_patient(&s, "male", births[0].born);
    add_comorbidity(1);
    subject_add_value(&s, "ecog", "89247-1", "2024-01-10", "2", "{score}");
    answer("katz", "2024-01-10", "6");
    answer("lawton", "2024-01-16", "8");
    subject_derive(&s);
    subject_expect_parameter(&s, "FRAILIMW", NULL, NULL, "!NO_ADL_IADL");
    expect_text("method", subject_row(&s)->frailty_method, "SIMPLIFIED");
    answer("lawton", "2024-01-02", "8");
    s.facts[s.count - 1].id = "earlier";
    subject_derive(&s);
    subject_expect_parameter(&s, "FRAILIMW", NULL, NULL, "0");
    subject_expect_parameter(&s, "FRAILSIM", NULL, NULL, "2");
    expect_text("method", subject_row(&s)->frailty_method, "IMWG");
    expect_text("group", subject_row(&s)->frailty_group, "FIT");
    scratch_release(&scratch);
}
