/*
 * Results of a hospital that are the points of a scale: which values say how many, and what stands against a record.
 *
 * The scores are those of Katz and Lawton at baseline: with 73 years, no comorbidity of a group and all of Lawton's,
 * more than 4 points of Katz make a frailty of 0, 4 and fewer one of 1 (Palumbo 2015).
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/scratch.h"
#include "support/subject.h"

static const char profile[] = "{\"id\":\"madrid\",\"zone\":\"Europe/Madrid\",\"contacts\":\"encounters\",\"scores\":["
                              "{\"system\":\"urn:hm:lab\",\"code\":\"KATZ\",\"scale\":\"ADL\"},"
                              "{\"system\":\"urn:hm:lab\",\"code\":\"LAWTON\",\"scale\":\"IADL\"}]}";

static struct subject s;
static struct scratch scratch;

static void add_points(const char *id, const char *codings, const char *status, const char *rest)
{
    subject_add(
        &s,
        "{'resourceType':'Observation','id':'%s','status':'%s','subject':{'reference':'Patient/p1'},"
        "'category':[{'coding':[{'code':'survey'}]}],'code':{'coding':[%s]},'effectiveDateTime':'2024-01-10'%s}",
        id, status, codings, rest);
}

#define KATZ   "{'system':'urn:hm:lab','code':'KATZ'}"
#define LAWTON "{'system':'urn:hm:lab','code':'LAWTON'}"

static void start(void)
{
    subject_init(&s);
    scratch_init(&scratch);
    subject_set_profile(&s, &scratch, profile);
    subject_ask(&s, "CHARLSON;FRAILIMW");
    subject_add_patient(&s, "male", "1950-03-01");
    subject_add_visit(&s, "e0", "2024-01-10");
    subject_add_condition(&s, "pressure", "I10", "2020-01-01", NULL);
    add_points("lawton", LAWTON, "final", ",'valueInteger':8");
}

static void stop(void)
{
    subject_release(&s);
    scratch_release(&scratch);
}

TestSuite(form_points, .init = start, .fini = stop);

static const struct {
    const char *name, *codings, *status, *rest;
    const char *score, *state;
} points[] = {
    {"a whole number", KATZ, "final", ",'valueInteger':6", "0", "evidence"},
    {"fewer of them", KATZ, "final", ",'valueInteger':4", "1", "evidence"},
    {"a quantity without a unit", KATZ, "final", ",'valueQuantity':{'value':4}", "1", "evidence"},
    {"of unit 1", KATZ, "final", ",'valueQuantity':{'value':4,'code':'1'}", "1", "evidence"},
    {"of points", KATZ, "final", ",'valueQuantity':{'value':4,'code':'{score}'}", "1", "evidence"},
    {"with a decimal of nothing", KATZ, "final", ",'valueQuantity':{'value':4.0}", "1", "evidence"},
    {"beside a code that nobody mapped", "{'system':'urn:hm:lab','code':'X'}," KATZ, "final", ",'valueInteger':4", "1",
     "evidence"},
    {"of two codes that are mapped, the first", KATZ "," LAWTON, "final", ",'valueInteger':4", "1", "evidence"},
    {"a unit", KATZ, "final", ",'valueQuantity':{'value':4,'code':'mg'}", "!NO_ADL_IADL", "held VALUE_TYPE"},
    {"a comparator", KATZ, "final", ",'valueQuantity':{'value':4,'comparator':'<'}", "!NO_ADL_IADL", "held VALUE_TYPE"},
    {"half a point", KATZ, "final", ",'valueQuantity':{'value':4.5}", "!NO_ADL_IADL", "held VALUE_TYPE"},
    {"more than the scale has", KATZ, "final", ",'valueInteger':7", "!NO_ADL_IADL", "held VALUE_TYPE"},
    {"more digits than any has", KATZ, "final", ",'valueInteger':1000", "!NO_ADL_IADL", "held VALUE_TYPE"},
    {"less than nothing", KATZ, "final", ",'valueInteger':-1", "!NO_ADL_IADL", "held VALUE_TYPE"},
    {"words", KATZ, "final", ",'valueString':'four'", "!NO_ADL_IADL", "held VALUE_TYPE"},
    {"a modifier", KATZ, "final", ",'valueInteger':6,'modifierExtension':[{'url':'urn:x','valueBoolean':true}]",
     "!NO_ADL_IADL", "held MODIFIER_EXTENSION"},
    {"of no status", KATZ, "unknown", ",'valueInteger':6", "!NO_ADL_IADL", "held STATUS_UNKNOWN"},
    {"a code that nobody mapped", "{'system':'urn:hm:lab','code':'X'}", "final", ",'valueInteger':6", "!NO_ADL_IADL",
     "held CODE_UNKNOWN"},
};

Test(form_points, are_whole_numbers_of_their_scale)
{
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        stop();
        start();
        add_points("katz", points[i].codings, points[i].status, points[i].rest);
        subject_derive(&s);
        cr_log_info("%s", points[i].name);
        subject_expect_parameter(&s, "FRAILIMW", NULL, NULL, points[i].score);
        expect_text(points[i].name, subject_state(&s, "katz"), points[i].state);
    }
}

Test(form_points, are_told_by_a_person_where_the_record_does_not)
{
    add_points("katz", KATZ, "final", ",'valueString':'four'");
    subject_decide(&s, "value", "Observation/katz", "{'value':'4'}");
    subject_derive(&s);
    subject_expect_parameter(&s, "FRAILIMW", NULL, NULL, "1");
    subject_expect(&s, "katz", "evidence");
    stop();
    start();
    add_points("katz", KATZ, "final", ",'valueString':'four'");
    subject_decide(&s, "value", "Observation/katz", "{'value':'40'}"); /* no points of the scale either */
    subject_derive(&s);
    subject_expect_parameter(&s, "FRAILIMW", NULL, NULL, "!NO_ADL_IADL");
    subject_expect(&s, "katz", "held VALUE_TYPE");
}
