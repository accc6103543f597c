/*
 * Where a temperature was measured stands in the lineage of the event that it is evidence of: by codes alone.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "support/subject.h"

static struct subject s;

static void start(void)
{
    subject_init(&s);
    subject_add_monthly_visits(&s, 3);
    subject_add_lab(&s, "low", "751-8", "2024-03-15T08:00:00+01:00", "0.4");
    subject_add_lab(&s, "back", "751-8", "2024-03-25T08:00:00+01:00", "1.8");
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(event_rows, .init = start, .fini = stop);

static const char *transformation_of(const char *code)
{
    const struct gw_row_list *const list = &s.derived.rows.tables[GW_TABLE_provenance];

    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_provenance *const line = (const struct gw_row_provenance *)list->rows[i];

        if (strcmp(line->table, "ae_evidence") == 0 && line->transformation &&
            strstr(line->transformation, code) == line->transformation)
            return line->transformation;
    }
    return "none";
}

static const struct {
    const char *name, *site, *told;
} sites[] = {
    {"no site", "", "8310-5"},
    {"a coded one", ",'bodySite':{'coding':[{'system':'http://snomed.info/sct','code':'123851003'}]}",
     "8310-5;123851003"},
    {"words alone", ",'bodySite':{'text':'mouth'}", "8310-5"},
    {"words in the place of a code", ",'bodySite':{'coding':[{'system':'urn:hm','code':'mouth of Mrs X'}]}", "8310-5"},
    {"a coding without a code", ",'bodySite':{'coding':[{'system':'urn:hm','display':'mouth'}]}", "8310-5"},
};

Test(event_rows, name_the_site_of_a_temperature_by_its_code)
{
    for (size_t i = 0; i < sizeof sites / sizeof *sites; i++) {
        stop();
        start();
        subject_add(&s,
                    "{'resourceType':'Observation','id':'fever','status':'final','subject':{'reference':'Patient/p1'},"
                    "'code':{'coding':[{'system':'http://loinc.org','code':'8310-5'}]},'effectiveDateTime':"
                    "'2024-03-15T10:00:00+01:00','valueQuantity':{'value':39,'system':'http://unitsofmeasure.org',"
                    "'code':'Cel'}%s}",
                    sites[i].site);
        subject_derive(&s);
        cr_expect(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), 2), "%s", sites[i].name);
        expect_text(sites[i].name, transformation_of("8310-5"), sites[i].told);
    }
}
