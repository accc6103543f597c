/*
 * Values and grades through the whole of derive(): parts, units, limits of a site, the subject's own baseline, flags.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "support/subject.h"

static struct subject s;

static void start_at(const char *package, const char *site)
{
    subject_init_at(&s, package, site);
    subject_add_patient(&s, "female", "1950-03-01");
    subject_add_visit(&s, "e", "2024-04-14"); /* in T30-03 and T90-01, the target of both */
}

static void start(void)
{
    start_at("lendex-rrmm", "madrid");
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(values, .init = start, .fini = stop);

/* A final value; the range is high alone, in the unit of the value. */
static void add(const char *id, const char *loinc, const char *day, const char *value, const char *unit,
                const char *low, const char *high)
{
    subject_add(&s,
                "{'resourceType':'Observation','id':'%s','status':'final','subject':{'reference':'Patient/p1'},"
                "'code':{'coding':[{'system':'http://loinc.org','code':'%s'}]},'effectiveDateTime':'%s',"
                "'valueQuantity':{'value':%s,'system':'http://unitsofmeasure.org','code':'%s'},"
                "'referenceRange':[{'low':{'value':%s,'system':'http://unitsofmeasure.org','code':'%s'},"
                "'high':{'value':%s,'system':'http://unitsofmeasure.org','code':'%s'}}]}",
                id, loinc, day, value, unit, low, unit, high, unit);
}

/* ---- the subject's own baseline: ALT, limit 40 U/L ---- */

static const struct {
    const char *name, *baseline, *value;
    int grade;
    const char *flag;
} liver[] = {
    {"three times the limit, baseline normal", "40", "120", 1, "exact"},
    {"just above it", "40", "120.1", 2, "exact"},
    {"three times an abnormal baseline", "80", "240", 1, "exact"},
    {"just above that", "80", "240.1", 2, "exact"},
    {"above the limit, not yet 1.5 times an abnormal baseline", "80", "119.9", 0, "exact"},
    {"1.5 times it", "80", "120", 1, "exact"},
    {"no baseline: by the limit, for the time being", NULL, "240", 3, "provisional"},
};

Test(values, are_graded_against_an_abnormal_baseline_where_the_term_says_so)
{
    for (size_t i = 0; i < sizeof liver / sizeof liver[0]; i++) {
        const struct gw_row_observations *row;

        stop();
        start();
        if (liver[i].baseline)
            add("b", "1742-6", "2024-01-10", liver[i].baseline, "U/L", "5", "40");
        add("older", "1742-6", "2024-01-03", "400", "U/L", "5", "40"); /* the closest is the baseline */
        if (!liver[i].baseline)
            s.count--;
        add("v", "1742-6", "2024-04-14", liver[i].value, "U/L", "5", "40");
        subject_derive(&s);
        row = subject_observation(&s, "v", "T90-01");
        cr_assert(row != NULL, "%s", liver[i].name);
        cr_expect(eq(int, row->grade, liver[i].grade), "%s", liver[i].name);
        expect_text(liver[i].name, row->grade_flag, liver[i].flag);
    }
}

/* ---- one value, two units ---- */

static const struct {
    const char *name, *loinc, *value, *unit, *low, *high, *canonical;
    int grade;
} families[] = {
    {"haemoglobin 99.9 g/L", "718-7", "99.9", "g/L", "120", "160", "99.9", 2},
    {"haemoglobin 9.99 g/dL keeps its digits", "718-7", "9.99", "g/dL", "12", "16", "99.9", 2},
    {"haemoglobin 6.2 mmol/L by the bound printed in mmol/L", "718-7", "6.2", "mmol/L", "7.5", "9.9", "99.9099", 1},
    {"neutrophils 1200 per microlitre", "751-8", "1200", "/uL", "1500", "7500", "1.200", 2},
};

Test(values, are_graded_in_the_unit_they_were_reported_in)
{
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        const struct gw_row_observations *row;

        stop();
        start();
        add("v", families[i].loinc, "2024-04-14", families[i].value, families[i].unit, families[i].low,
            families[i].high);
        subject_derive(&s);
        row = subject_observation(&s, "v", "T90-01");
        cr_assert(row != NULL, "%s", families[i].name);
        cr_expect(eq(int, row->grade, families[i].grade), "%s", families[i].name);
        expect_text(families[i].name, row->value_num, families[i].canonical);
        expect_text(families[i].name, row->source_value, families[i].value);
        expect_text(families[i].name, row->source_unit, families[i].unit);
    }
}

/* ---- too low and too high ---- */

Test(values, of_one_grade_on_both_sides_are_not_compared_the_closer_is_the_worst)
{
    for (int turned = 0; turned < 2; turned++) {
        stop();
        start();
        for (int i = 0; i < 2; i++) {
            if (i == turned)
                add("low", "2823-3", "2024-04-13", "2.8", "mmol/L", "3.5", "5.1");
            else
                add("high", "2823-3", "2024-04-16", "6.5", "mmol/L", "3.5", "5.1");
        }
        subject_derive(&s);
        cr_expect(eq(int, subject_observation(&s, "low", "T90-01")->grade, 3));
        cr_expect(eq(int, subject_observation(&s, "high", "T90-01")->grade, 3));
        cr_expect(subject_observation(&s, "low", "T90-01")->anl02);
        cr_expect(subject_observation(&s, "high", "T90-01")->anl02 == false);
        expect_text("low", subject_observation(&s, "low", "T90-01")->grade_direction, "LOW");
        expect_text("high", subject_observation(&s, "high", "T90-01")->grade_direction, "HIGH");
    }
}

/* ---- parts ---- */

#define PRESSURE                                                                                                       \
    "{'resourceType':'Observation','id':'bp','status':'final','subject':{'reference':'Patient/p1'},"                   \
    "'code':{'coding':[{'system':'http://loinc.org','code':'85354-9'}]},'effectiveDateTime':'2024-01-20',"             \
    "'component':[{'code':{'coding':[{'system':'http://loinc.org','code':'8480-6'}]},"                                 \
    "'valueQuantity':{'value':118,'system':'http://unitsofmeasure.org','code':'mm[Hg]'}},"                             \
    "{'code':{'coding':[{'system':'http://loinc.org','code':'8462-4'}]},"                                              \
    "'dataAbsentReason':{'coding':[{'code':'masked'}]}}]}"

Test(values, of_components_are_parts_of_their_own)
{
    const struct gw_row_observations *row;

    stop();
    start_at("elranatamab-rrmm", "madrid");
    subject_add(&s, PRESSURE);
    subject_derive(&s);
    subject_expect_part(&s, "bp", 0, "delivered");
    subject_expect_part(&s, "bp", 1, "not_in_scope NO_VALUE");
    row = subject_observation(&s, "bp", "W01");
    cr_assert(row != NULL);
    expect_text("concept", row->concept, "SBP");
    expect_text("value", row->value_num, "118");
}

Test(values, of_a_panel_are_never_read)
{
    subject_add(&s, "{'resourceType':'Observation','id':'panel','status':'final','subject':{'reference':'Patient/p1'},"
                    "'code':{'coding':[{'system':'http://loinc.org','code':'751-8'}]},"
                    "'effectiveDateTime':'2024-04-14','hasMember':[{'reference':'Observation/m'}],"
                    "'valueQuantity':{'value':0.1,'system':'http://unitsofmeasure.org','code':'10*9/L'}}");
    subject_add_lab(&s, "m", "751-8", "2024-04-14", "2.0");
    subject_derive(&s);
    subject_expect(&s, "panel", "not_in_scope PANEL");
    subject_expect(&s, "m", "delivered");
    cr_expect(eq(sz, s.derived.item_count, 0));
}

/* ---- what the laboratory says of its own value ---- */

Test(values, contradicted_by_their_own_flag_are_delivered_and_told)
{
    subject_add_lab(&s, "v", "751-8", "2024-04-14", "2.0");
    s.count--;
    subject_add(&s, "{'resourceType':'Observation','id':'v','status':'final','subject':{'reference':'Patient/p1'},"
                    "'code':{'coding':[{'system':'http://loinc.org','code':'751-8'}]},"
                    "'effectiveDateTime':'2024-04-14','interpretation':[{'coding':[{'code':'H'}]}],"
                    "'referenceRange':[{'low':{'value':1.5,'system':'http://unitsofmeasure.org','code':'10*9/L'},"
                    "'high':{'value':7.5,'system':'http://unitsofmeasure.org','code':'10*9/L'}}],"
                    "'valueQuantity':{'value':2.0,'system':'http://unitsofmeasure.org','code':'10*9/L'}}");
    subject_derive(&s);
    subject_expect(&s, "v", "delivered");
    cr_expect(eq(sz, subject_items(&s, "INTERPRETATION_CONFLICT"), 1));
    cr_expect(eq(int, subject_observation(&s, "v", "T90-01")->grade, 0), "a flag grades nothing");
    expect_text("as told", subject_observation(&s, "v", "T90-01")->interpretation, "H");
}

/* ---- codes ---- */

static const struct {
    const char *name, *codings, *state;
} codings[] = {
    {"two rows of one concept",
     "{'system':'http://loinc.org','code':'751-8'},{'system':'http://loinc.org','code':'26499-4'}", "delivered"},
    {"two concepts", "{'system':'http://loinc.org','code':'751-8'},{'system':'http://loinc.org','code':'26515-7'}",
     "held CODE_CONFLICT"},
    {"one in a row, one in none",
     "{'system':'http://loinc.org','code':'72166-2'},{'system':'http://loinc.org','code':'751-8'}", "delivered"},
    {"one in a row, one of the hospital's",
     "{'system':'urn:lab','code':'K7'},{'system':'http://loinc.org','code':'751-8'}", "delivered"},
    {"the code of another system", "{'system':'urn:lab','code':'751-8'}", "held CODE_UNKNOWN"},
    {"LOINC by its OID", "{'system':'urn:oid:2.16.840.1.113883.6.1','code':'751-8'}", "delivered"},
};

Test(values, are_known_by_system_and_code)
{
    for (size_t i = 0; i < sizeof codings / sizeof codings[0]; i++) {
        stop();
        start();
        subject_add(&s,
                    "{'resourceType':'Observation','id':'v','status':'final','subject':{'reference':'Patient/p1'},"
                    "'code':{'coding':[%s]},'effectiveDateTime':'2024-04-14',"
                    "'valueQuantity':{'value':2.0,'system':'http://unitsofmeasure.org','code':'10*9/L'}}",
                    codings[i].codings);
        subject_derive(&s);
        expect_text(codings[i].name, subject_state(&s, "v"), codings[i].state);
    }
}

/* ---- limits that say nothing usable: platelets of 140, grade 1 below the laboratory's own limit ---- */

static const struct {
    const char *name, *ranges, *item, *flag;
} limits[] = {
    {"a limit of 150", "{'low':{'value':150,'system':'http://unitsofmeasure.org','code':'10*9/L'}}", NULL, "exact"},
    {"words", "{'text':'within the usual'}", "RANGE_TEXT_ONLY", "unknown01"},
    {"two that differ",
     "{'low':{'value':150,'system':'http://unitsofmeasure.org','code':'10*9/L'}},"
     "{'low':{'value':130,'system':'http://unitsofmeasure.org','code':'10*9/L'}}",
     "RANGE_AMBIGUOUS", "unknown01"},
};

Test(values, ask_for_the_limit_that_a_grade_needs_and_say_why_there_is_none)
{
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        stop();
        start();
        subject_add(&s,
                    "{'resourceType':'Observation','id':'v','status':'final','subject':{'reference':'Patient/p1'},"
                    "'code':{'coding':[{'system':'http://loinc.org','code':'777-3'}]},'effectiveDateTime':'2024-04-14',"
                    "'valueQuantity':{'value':140,'system':'http://unitsofmeasure.org','code':'10*9/L'},"
                    "'referenceRange':[%s]}",
                    limits[i].ranges);
        subject_derive(&s);
        expect_text(limits[i].name, subject_observation(&s, "v", "T30-03")->grade_flag, limits[i].flag);
        cr_expect(eq(sz, s.derived.item_count, limits[i].item != NULL), "%s", limits[i].name);
        if (limits[i].item)
            cr_expect(eq(sz, subject_items(&s, limits[i].item), 1), "%s", limits[i].name);
    }
}
