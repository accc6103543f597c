/*
 * What stands beside a value in its row: method and body site by their codes, never by words.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/subject.h"

static struct subject s;

static void start(void)
{
    subject_init(&s);
    subject_add_visit(&s, "e1", "2024-02-14");
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(observation_rows, .init = start, .fini = stop);

static const struct {
    const char *name, *concept, *told;
} concepts[] = {
    {"a code", "{'coding':[{'system':'http://snomed.info/sct','code':'123851003','display':'mouth'}]}", "123851003"},
    {"words alone", "{'text':'mouth of Mrs X'}", ""},
    {"words in the place of a code", "{'coding':[{'system':'urn:hm','code':'mouth of Mrs X'}]}", ""},
    {"a coding without a code", "{'coding':[{'system':'urn:hm','display':'mouth'}]}", ""},
    {"nothing", "{}", ""},
};

Test(observation_rows, tell_method_and_site_by_their_codes)
{
    for (size_t i = 0; i < sizeof concepts / sizeof *concepts; i++) {
        const struct gw_row_observations *row;

        stop();
        start();
        subject_add(&s,
                    "{'resourceType':'Observation','id':'v','status':'final','subject':{'reference':'Patient/p1'},"
                    "'code':{'coding':[{'system':'http://loinc.org','code':'751-8'}]},'effectiveDateTime':'2024-02-14',"
                    "'valueQuantity':{'value':3,'system':'http://unitsofmeasure.org','code':'10*9/L'},'method':%s,"
                    "'bodySite':%s,'interpretation':[{'coding':[{'code':'<'}]}]}",
                    concepts[i].concept, concepts[i].concept);
        subject_derive(&s);
        row = subject_observation(&s, "v", "T30-01");
        cr_assert(row != NULL, "%s", concepts[i].name);
        expect_text(concepts[i].name, row->method, concepts[i].told);
        expect_text(concepts[i].name, row->site_of_measure, concepts[i].told);
        expect_text(concepts[i].name, row->interpretation, "<");
    }
}
