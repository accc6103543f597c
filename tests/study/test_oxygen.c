/*
 * How oxygen was given, as procedures, the devices they used and results with coded components tell it. A fever of day
 * 2 after the first dose asks; the grade is that of the device: nasal cannula 2, mask 3, positive pressure 4.
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
    chart_add(&s, "d2 14:00 T 38.5;d2 16:00 T 38.1;d4 08:00 T 36.8");
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(oxygen, .init = start, .fini = stop);

#define SCT        "http://snomed.info/sct"
#define CODE(code) "'code':{'coding':[{'system':'" SCT "','code':'" code "'}]}"
#define USED(code) "'usedCode':[{'coding':[{'system':'" SCT "','code':'" code "'}]}]"
#define AT         "'status':'completed','performedDateTime':'2024-01-16T15:00:00+09:00'"
#define THERAPY    "57485005" /* oxygen, however given */
#define NASAL      "336623009"
#define MASK       "336602003"
#define TUBE       "26412008"
#define TENT       "426294006"
#define APPENDIX   "80146002" /* of no row */

static void add_procedure(const char *id, const char *told)
{
    subject_add(&s, "{'resourceType':'Procedure','id':'%s','subject':{'reference':'Patient/p1'},%s}", id, told);
}

/* The one question about the fever: its grade, and how often the device is asked for. */
static void expect_grade(const char *what, int grade, size_t devices)
{
    subject_derive(&s);
    cr_assert(eq(sz, subject_items(&s, "CRS_REVIEW"), 1), "%s", what);
    cr_expect(strstr(subject_item(&s, "CRS_REVIEW")->context, gw_arena_print(&s.arena, ",\"grade\":%d,", grade)) !=
                  NULL,
              "%s: %s", what, subject_item(&s, "CRS_REVIEW")->context);
    cr_expect(eq(sz, subject_items(&s, "O2_DEVICE_UNKNOWN"), devices), "%s", what);
}

static const struct {
    const char *name, *procedure;
    int grade;
    size_t devices;
} procedures[] = {
    {"oxygen, no device", AT "," CODE(THERAPY), 2, 1},
    {"by a cannula", AT "," CODE(THERAPY) "," USED(NASAL), 2, 0},
    {"by a mask", AT "," CODE(THERAPY) "," USED(MASK), 3, 0},
    {"by a device that tells nothing", AT "," CODE(THERAPY) "," USED(TENT), 2, 1},
    {"by a tube", AT "," CODE(THERAPY) "," USED(TUBE), 4, 0},
    {"a mask that another procedure used", AT "," CODE(APPENDIX) "," USED(MASK), 3, 0},
    {"another device of another procedure", AT "," CODE(APPENDIX) "," USED(APPENDIX), 1, 0},
    {"a procedure without a code", AT "," USED(MASK), 3, 0},
    {"its code and its device: the code's", AT "," CODE("371908008") "," USED(NASAL), 3, 0},
    {"under way",
     "'status':'in-progress','performedPeriod':{'start':'2024-01-16T15:00:00+09:00'}," CODE(THERAPY) "," USED(MASK), 3,
     0},
    {"not done", "'status':'not-done','performedDateTime':'2024-01-16'," CODE(THERAPY), 1, 0},
    {"with what is not understood", AT "," CODE(THERAPY) ",'modifierExtension':[{'url':'urn:x','valueBoolean':true}]",
     1, 0},
    {"of no whole day", "'status':'completed','performedDateTime':'2024-01'," CODE(THERAPY), 1, 0},
    {"before the first dose", "'status':'completed','performedDateTime':'2024-01-13'," CODE(THERAPY), 1, 0},
};

Test(oxygen, is_told_by_procedures_and_the_devices_they_used)
{
    for (size_t i = 0; i < sizeof procedures / sizeof *procedures; i++) {
        stop();
        start();
        add_procedure("p", procedures[i].procedure);
        expect_grade(procedures[i].name, procedures[i].grade, procedures[i].devices);
    }
}

Test(oxygen, is_told_by_the_current_version_of_a_procedure)
{
    add_procedure("p", AT "," CODE(THERAPY) "," USED(MASK));
    add_procedure("p", AT "," CODE(THERAPY) "," USED(NASAL));
    s.facts[s.count - 1].delivery = 1;
    expect_grade("corrected", 2, 0);
}

/* 2 L/min at 15:00. */
static void add_flow(const char *id, const char *more)
{
    subject_add(&s,
                "{'resourceType':'Observation','id':'%s','status':'final','subject':{'reference':'Patient/p1'},"
                "'code':{'coding':[{'system':'http://loinc.org','code':'3151-8'}]},%s"
                "'effectiveDateTime':'2024-01-16T15:00:00+09:00','valueQuantity':{'value':2,"
                "'system':'http://unitsofmeasure.org','code':'L/min'}}",
                id, more);
}

#define METHOD(code)     "'method':{'coding':[{'system':'" SCT "','code':'" code "'}]},"
#define COMPONENT(value) "'component':[{'code':{'coding':[{'system':'urn:x','code':'device'}]}," value "}],"
#define CODED(code)      "'valueCodeableConcept':{'coding':[{'system':'" SCT "','code':'" code "'}]}"

static const struct {
    const char *name, *more;
    int grade;
    size_t devices;
} flows[] = {
    {"nothing but the flow", "", 2, 1},
    {"a coded component", COMPONENT(CODED(MASK)), 3, 0},
    {"a component in words", COMPONENT("'valueString':'mask'"), 2, 1},
    {"a component of another kind", COMPONENT(CODED(APPENDIX)), 2, 1},
    {"its method before a component", METHOD(NASAL) COMPONENT(CODED(MASK)), 2, 0},
    {"a method that tells nothing, then a component", METHOD(TENT) COMPONENT(CODED(MASK)), 3, 0},
};

Test(oxygen, is_told_by_the_method_and_the_components_of_a_flow)
{
    for (size_t i = 0; i < sizeof flows / sizeof *flows; i++) {
        stop();
        start();
        add_flow("f", flows[i].more);
        expect_grade(flows[i].name, flows[i].grade, flows[i].devices);
    }
}

/* The flow is of 15:00; a procedure tells its device while it goes on. */
static const struct {
    const char *name, *first, *last, *device;
    int grade;
    size_t devices;
} masks[] = {
    {"on at the time", "14:30", "15:30", MASK, 3, 0},
    {"taken off at the time", "14:30", "15:00", MASK, 3, 0},
    {"taken off a minute before", "14:30", "14:59", MASK, 3, 1},
    {"put on later", "15:01", "15:30", MASK, 3, 1},
    {"another device there is no word for", "14:30", "15:30", TENT, 2, 1},
};

Test(oxygen, is_told_of_a_flow_by_a_procedure_going_on)
{
    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
        stop();
        start();
        add_flow("f", "");
        add_procedure("m", gw_arena_print(&s.arena,
                                          "'status':'completed','performedPeriod':{'start':'2024-01-16T%s:00+09:00',"
                                          "'end':'2024-01-16T%s:00+09:00'}," CODE(
                                              THERAPY) ","
                                                       "'usedCode':[{'coding':[{'system':'" SCT "','code':'%s'}]}]",
                                          masks[i].first, masks[i].last, masks[i].device));
        expect_grade(masks[i].name, masks[i].grade, masks[i].devices);
    }
}

Test(oxygen, of_a_row_that_is_not_verified_is_asked_about)
{
    add_procedure("v", AT ",'code':{'coding':[{'system':'http://www.ama-assn.org/go/cpt','code':'94002'}]}");
    expect_grade("a ventilator by CPT", 1, 0);
    cr_expect(eq(sz, subject_items(&s, "CODE_UNVERIFIED"), 1));
}
