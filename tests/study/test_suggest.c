/*
 * Suggestions for a person: which row a local code means, which unit a number is in; and how alike names are.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "study/similarity.h"
#include "support/subject.h"

static struct subject s;

static void start(void)
{
    subject_init(&s);
    subject_add_patient(&s, "female", "1950-03-01");
    subject_add_visit(&s, "e1", "2024-02-14");
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(suggest, .init = start, .fini = stop);

/* ---- names: 200 * common / sum of both, by words or by runs of three letters, whichever is more ---- */

static const struct {
    const char *a, *b;
    int alike;
} names[] = {
    {"Neutrophils", "neutrophils", 100},
    {"  Neutrophils, ", "NEUTROPHILS", 100},
    {"absolute neutrophils", "neutrophils absolute", 100}, /* words, in any order */
    {"Hemoglobina", "Hemoglobin", 85},                     /* 9 runs of 11 and 10 */
    {"H\303\251moglobine", "Hemoglobin", 85},              /* an accent is none */
    {"NEUTR\303\223FILOS", "Neutrophils", 45},             /* 5 runs of 11 and 11 */
    {"ANC-K", "ANC", 75},                                  /* 3 runs of 5 and 3 */
    {"Sodio", "Platelets", 0},
    {"", "Platelets", 0},
    {"", "", 0},
    {"\303 Neutrophils", "Neutrophils", 100}, /* half a letter is none */
    /* 60 letters are looked at, and 20 words */
    {"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefgh of another",
     "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefgh", 100},
    {"a b c d e f g h i j k l m n o p q r s t u v w x y", "t s r q p o n m l k j i h g f e d c b a", 100},
    {"\346\261\211", "Platelets", 0}, /* neither letters nor digits here */
    {NULL, "Platelets", 0},
};

Test(suggest, compares_names_by_words_and_by_runs_of_letters)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        cr_expect(eq(int, name_similarity(names[i].a, names[i].b), names[i].alike), "%s, %s", names[i].a, names[i].b);
        cr_expect(eq(int, name_similarity(names[i].b, names[i].a), names[i].alike), "%s, %s", names[i].b, names[i].a);
    }
}

/* ---- codes ---- */

static void add(const char *id, const char *coding, const char *day, const char *quantity)
{
    subject_add(&s,
                "{'resourceType':'Observation','id':'%s','status':'final','subject':{'reference':'Patient/p1'},"
                "'code':{'coding':[%s]},'effectiveDateTime':'%s','valueQuantity':{%s}}",
                id, coding, day, quantity);
}

static const char *suggestion(const char *code)
{
    const struct gw_item *item;

    subject_derive(&s);
    item = subject_item(&s, code);
    cr_assert(item != NULL, "%s is not raised", code);
    return item->suggestion;
}

#define LOCAL "{'system':'urn:lab','code':'NEU','display':'Neutr\303\263filos'}"
#define ANC   "{'system':'http://loinc.org','code':'751-8'}"

Test(suggest, names_the_row_that_name_unit_and_values_speak_for)
{
    add("a", LOCAL, "2024-02-14", "'value':2.1,'unit':'10*9/L'");
    add("b", LOCAL, "2024-02-15", "'value':2.4,'unit':'10*9/L'");
    add("own", ANC, "2024-02-16", "'value':2.0,'unit':'10*9/L'");
    /* NEU and the test code NEUT: 2 runs of 3 and 4, 57; 0.6 * 57 + 20 + 10 + 10 */
    expect_text("suggestion", suggestion("CODE_UNKNOWN"),
                "{\"loinc\":\"751-8\",\"because\":\"ANC is 57 % like \\\"NEU\\\"; 2 of 2 units fit; 2 of 2 values "
                "plausible; 2 of 2 near the subject's own\",\"score\":\"74\"}");
}

/* A row of the tables, to be made another for one test. */
static struct gw_lab *row_of(const char *loinc)
{
    return (struct gw_lab *)gw_tables_lab(s.tables, loinc);
}

#define NAMED(name) "{'system':'urn:lab','code':'" name "'}"
#define WHOLE       "10*9/L"

/* Own counts of 751-8 and 26499-4; what is told of the local code ANC: 100 % like the concept, 60 points. */
static const struct {
    const char *what, *own, *other, *value;
    const char *because, *score;
} weights[] = {
    {"the name alone", NULL, NULL, "'value':2.1", "", "60"},
    {"a unit that fits", NULL, NULL, "'value':2.1,'unit':'10*9/L'", "; 1 of 1 units fit; 1 of 1 values plausible",
     "90"},
    {"a value that is not plausible", NULL, NULL, "'value':2500,'unit':'10*9/L'",
     "; 1 of 1 units fit; 0 of 1 values plausible", "80"},
    {"half of the lowest of its own", "4.0", NULL, "'value':2.0,'unit':'10*9/L'",
     "; 1 of 1 units fit; 1 of 1 values plausible; 1 of 1 near the subject's own", "100"},
    {"less than half of it", "4.0", NULL, "'value':1.9,'unit':'10*9/L'",
     "; 1 of 1 units fit; 1 of 1 values plausible; 0 of 1 near the subject's own", "90"},
    {"twice the highest of its own", "4.0", NULL, "'value':8.0,'unit':'10*9/L'",
     "; 1 of 1 units fit; 1 of 1 values plausible; 1 of 1 near the subject's own", "100"},
    {"more than twice it", "4.0", NULL, "'value':8.1,'unit':'10*9/L'",
     "; 1 of 1 units fit; 1 of 1 values plausible; 0 of 1 near the subject's own", "90"},
    {"twice the highest under another code of the concept", "4.0", "6.0", "'value':12,'unit':'10*9/L'",
     "; 1 of 1 units fit; 1 of 1 values plausible; 1 of 1 near the subject's own", "100"},
    {"half of the lowest under another code", "4.0", "2.0", "'value':1.0,'unit':'10*9/L'",
     "; 1 of 1 units fit; 1 of 1 values plausible; 1 of 1 near the subject's own", "100"},
    {"between both", "2.0", "4.0", "'value':3.0,'unit':'10*9/L'",
     "; 1 of 1 units fit; 1 of 1 values plausible; 1 of 1 near the subject's own", "100"},
};

Test(suggest, weighs_name_unit_and_values)
{
    for (size_t i = 0; i < sizeof weights / sizeof *weights; i++) {
        stop();
        start();
        add("a", NAMED("ANC"), "2024-02-14", weights[i].value);
        if (weights[i].own)
            subject_add_value(&s, "o1", "751-8", "2024-02-15", weights[i].own, WHOLE);
        if (weights[i].other)
            subject_add_value(&s, "o2", "26499-4", "2024-02-15", weights[i].other, WHOLE);
        expect_text(weights[i].what, suggestion("CODE_UNKNOWN"),
                    gw_arena_print(&s.arena,
                                   "{\"loinc\":\"751-8\",\"because\":\"ANC is 100 %% like \\\"ANC\\\"%s\","
                                   "\"score\":\"%s\"}",
                                   weights[i].because, weights[i].score));
    }
}

Test(suggest, weighs_numbers_with_units_and_no_words)
{
    subject_add(&s, "{'resourceType':'Observation','id':'w','status':'final','subject':{'reference':'Patient/p1'},"
                    "'code':{'coding':[" NAMED("ANC") "]},'effectiveDateTime':'2024-02-14','valueString':'few'}");
    add("a", NAMED("ANC"), "2024-02-15", "'value':2.1,'unit':'10*9/L'");
    expect_text("suggestion", suggestion("CODE_UNKNOWN"),
                "{\"loinc\":\"751-8\",\"because\":\"ANC is 100 % like \\\"ANC\\\"; 1 of 1 units fit; 1 of 1 values "
                "plausible\",\"score\":\"90\"}");
}

/* Kappa and lambda are as much like it: the one in whose range the value lies. */
Test(suggest, names_of_rows_alike_in_name_the_one_whose_values_are_near)
{
    static const struct {
        const char *kappa, *lambda, *like;
    } chains[] = {{"500", "10", "\"FLC_K is 85 %"}, {"10", "500", "\"FLC_L is 85 %"}};

    for (size_t i = 0; i < sizeof chains / sizeof *chains; i++) {
        stop();
        start();
        add("a", "{'system':'urn:lab','code':'X1','display':'Light chains, free'}", "2024-02-14",
            "'value':450,'unit':'mg/L'");
        subject_add_value(&s, "k", "36916-5", "2024-01-15", chains[i].kappa, "mg/L");
        subject_add_value(&s, "l", "33944-0", "2024-01-15", chains[i].lambda, "mg/L");
        cr_expect(strstr(suggestion("CODE_UNKNOWN"), chains[i].like) != NULL, "%s: %s", chains[i].like,
                  suggestion("CODE_UNKNOWN"));
    }
}

Test(suggest, names_no_row_that_is_not_verified)
{
    row_of("751-8")->verified = false;
    add("a", NAMED("ANC"), "2024-02-14", "'value':2.1,'unit':'10*9/L'");
    cr_expect(strstr(suggestion("CODE_UNKNOWN"), "26499-4") != NULL, "the next of the concept");
}

Test(suggest, says_nothing_where_the_name_or_the_unit_speaks_against_it)
{
    static const struct {
        const char *coding, *quantity;
    } cases[] = {
        {"{'system':'urn:lab','code':'X77','display':'Varios'}", "'value':2.1,'unit':'10*9/L'"},
        {LOCAL, "'value':2.1,'unit':'mm[Hg]'"},
        {"{'system':'urn:lab'}", "'value':2.1,'unit':'10*9/L'"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        stop();
        start();
        add("a", cases[i].coding, "2024-02-14", cases[i].quantity);
        expect_text(cases[i].coding, suggestion("CODE_UNKNOWN"), "");
    }
}

Test(suggest, is_taken_by_a_decision_and_by_nothing_else)
{
    add("a", LOCAL, "2024-02-14", "'value':2.1,'unit':'10*9/L'");
    cr_expect(strlen(suggestion("CODE_UNKNOWN")) > 0);
    subject_expect(&s, "a", "held CODE_UNKNOWN");
}

/* ---- units ---- */

#define HGB "{'system':'http://loinc.org','code':'718-7'}"

/* Plausible: ANC 0 to 100 10*9/L, of which /uL and 10*6/L are a thousandth; haemoglobin 10 to 250 g/L. */
static const struct {
    const char *name, *coding, *quantity, *item, *suggestion;
} units[] = {
    {"of the others", ANC, "'value':2.2", "UNIT_MISSING", "{\"unit\":\"10*9/L\",\"because\":\"2 of 2 others\"}"},
    {"of the others, for an unknown one", ANC, "'value':2.2,'unit':'x10E3'", "UNIT_UNKNOWN",
     "{\"unit\":\"10*9/L\",\"because\":\"2 of 2 others\"}"},
    {"not of the others, where the number is none", ANC, "'value':2200", "UNIT_MISSING",
     "{\"unit\":\"10*6/L\",\"because\":\"the only unit in which this value is plausible\"}"},
    {"132 is g/L", HGB, "'value':132", "UNIT_MISSING",
     "{\"unit\":\"g/L\",\"because\":\"the only unit in which this value is plausible\"}"},
    {"13.2 may be g/L or g/dL", HGB, "'value':13.2", "UNIT_MISSING", ""},
    {"8.0 may be g/dL or mmol/L", HGB, "'value':8.0", "UNIT_MISSING", ""},
    {"5000 is none", HGB, "'value':5000", "UNIT_MISSING", ""},
};

Test(suggest, names_the_unit_of_the_others_or_the_only_plausible_one)
{
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        stop();
        start();
        add("a", ANC, "2024-02-13", "'value':2.1,'unit':'10*9/L'");
        add("b", ANC, "2024-02-15", "'value':2.3,'unit':'10*9/L'");
        add("v", units[i].coding, "2024-02-14", units[i].quantity);
        expect_text(units[i].name, suggestion(units[i].item), units[i].suggestion);
    }
}

/* The hospital's own code of the same letters came in cells a microlitre; LOINC's in 10*9/L. */
Test(suggest, names_the_unit_of_the_same_code_of_the_same_system)
{
    static const char local[] = "{'system':'urn:lab','code':'751-8'}";

    subject_decide(&s, "code", "CODE_UNKNOWN|madrid|urn:lab|751-8||", "{'loinc':'751-8'}");
    add("a", ANC, "2024-02-13", "'value':2.1,'unit':'10*9/L'");
    add("b", local, "2024-02-14", "'value':2.1,'unit':'10*3/uL'");
    add("c", local, "2024-02-15", "'value':2.1,'unit':'10*3/uL'");
    add("v", ANC, "2024-02-15", "'value':2.2");
    expect_text("LOINC's", suggestion("UNIT_MISSING"), "{\"unit\":\"10*9/L\",\"because\":\"1 of 1 others\"}");
}

Test(suggest, names_no_unit_by_a_range_that_is_not_known)
{
    row_of("718-7")->has_plausible = false;
    add("v", HGB, "2024-02-14", "'value':132");
    expect_text("any unit would do", suggestion("UNIT_MISSING"), "");
}
