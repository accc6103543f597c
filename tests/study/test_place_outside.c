/*
 * Values that no window takes and nobody is asked about, and panels: what becomes of them. Death is 2024-02-10, day 26;
 * the assessment of day 30 would have been open from day 25 to day 35.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

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

TestSuite(place_outside, .init = start, .fini = stop);

#define HEIGHT "8302-2" /* of the baseline alone */
#define ANC    "751-8"

static void add(const char *id, const char *code, const char *more)
{
    subject_add(&s,
                "{'resourceType':'Observation','id':'%s','status':'final','subject':{'reference':'Patient/p1'},"
                "'category':[{'coding':[{'system':'http://terminology.hl7.org/CodeSystem/observation-category',"
                "'code':'%s'}]}],'code':{'coding':[%s]}%s}",
                id, more[0] == '!' ? "imaging" : "laboratory", code, more + (more[0] == '!'));
}

#define LOINC(code) "{'system':'http://loinc.org','code':'" code "'}"
#define LOCAL       "{'system':'urn:lab','code':'X'}"
#define VALUE       ",'valueQuantity':{'value':2.1,'system':'http://unitsofmeasure.org','code':'10*9/L'}"

static const struct {
    const char *what, *code, *more, *state;
    size_t items;
} dead[] = {
    {"a count after death", LOINC(ANC), ",'effectiveDateTime':'2024-02-14'" VALUE, "held AFTER_DEATH", 1},
    {"a height after death", LOINC(HEIGHT), ",'effectiveDateTime':'2024-02-14'" VALUE, "outside_window AFTER_DEATH", 0},
    {"a count long after death", LOINC(ANC), ",'effectiveDateTime':'2024-02-25'" VALUE,
     "outside_window BETWEEN_WINDOWS", 0},
};

Test(place_outside, ask_about_values_after_death_only_where_a_window_would_have_taken_them)
{
    for (size_t i = 0; i < sizeof dead / sizeof *dead; i++) {
        stop();
        start();
        subject_add(&s, "{'resourceType':'Patient','id':'p1','deceasedDateTime':'2024-02-10'}");
        add("v", dead[i].code, dead[i].more);
        subject_derive(&s);
        subject_expect(&s, "v", dead[i].state);
        cr_expect(eq(sz, s.derived.item_count, dead[i].items), "%s", dead[i].what);
    }
}

static const struct {
    const char *what, *code, *more, *state;
    size_t items;
} dates[] = {
    {"a count of some day of a month", LOINC(ANC), ",'effectiveDateTime':'2024-02'" VALUE, "held PARTIAL_DATE", 1},
    {"a height of that month", LOINC(HEIGHT), ",'effectiveDateTime':'2024-02'" VALUE, "outside_window PARTIAL_DATE", 0},
    {"a height of the month of day 1", LOINC(HEIGHT), ",'effectiveDateTime':'2024-01'" VALUE, "held PARTIAL_DATE", 1},
    {"a code of no row, at no time", LOINC("99999-9"), VALUE, "not_in_scope NOT_LISTED", 0},
    {"a local code of a category that is not read, at no time", LOCAL, "!" VALUE, "not_in_scope CATEGORY_NOT_READ", 0},
    {"a count at no time", LOINC(ANC), VALUE, "held DATE_MISSING", 1},
    {"a count without an offset", LOINC(ANC), ",'effectiveDateTime':'2024-02-14T10:00:00'" VALUE,
     "held TIME_WITHOUT_OFFSET", 1},
    {"a code of no row without an offset", LOINC("99999-9"), ",'effectiveDateTime':'2024-02-14T10:00:00'" VALUE,
     "not_in_scope NOT_LISTED", 0},
    {"a count without an offset on a day of no window", LOINC(ANC), ",'effectiveDateTime':'2024-03-01T10:00:00'" VALUE,
     "outside_window BETWEEN_WINDOWS", 0},
};

Test(place_outside, ask_about_dates_only_where_a_window_could_take_the_value)
{
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
        stop();
        start();
        subject_add_visit(&s, "e", "2024-02-14");
        add("v", dates[i].code, dates[i].more);
        subject_derive(&s);
        cr_log_info("%s", dates[i].what);
        subject_expect(&s, "v", dates[i].state);
        cr_expect(eq(sz, s.derived.item_count, dates[i].items), "%s", dates[i].what);
    }
}

/* Members tell what a panel would: its own value is not read, its components are. */
Test(place_outside, leave_the_value_of_a_panel_to_its_members)
{
    subject_add_visit(&s, "e", "2024-02-14");
    add("p", LOINC(ANC),
        ",'effectiveDateTime':'2024-02-14','hasMember':[{'reference':'Observation/m'}]" VALUE
        ",'component':[{'code':{'coding':[{'system':'http://loinc.org','code':'777-3'}]},"
        "'valueQuantity':{'value':150,'system':'http://unitsofmeasure.org','code':'10*9/L'}}]");
    subject_derive(&s);
    for (int part = 0; part < 2; part++) {
        const bool own = s.facts[1].observation.parts[part].component < 0;

        subject_expect_part(&s, "p", part, own ? "not_in_scope PANEL" : "delivered");
    }
}
