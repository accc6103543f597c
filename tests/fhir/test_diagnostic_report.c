/*
 * Reports: what was asked, what it found, what was concluded in codes.
 */
#include "fhir/facts.h"

Test(diagnostic_report, tells_what_was_found_in_codes_and_references)
{
    struct reading reading;
    const struct gw_diagnostic_report *got = &reading.fact.diagnostic_report;

    reading_with(&reading, "DiagnosticReport",
                 "'status':'final','identifier':[{'value':'17'}],'category':[{'text':'RAD'},{'text':'CT'}],"
                 "'code':{'coding':[{'system':'urn:oid:2.16.840.1.113883.6.1','code':'24627-2'}]},"
                 "'encounter':{'reference':'Encounter/e-1'},'effectiveDateTime':'2024-02-14',"
                 "'issued':'2024-02-15T10:00:00Z','result':[{'reference':'Observation/o-1'},{'reference':'#o'}],"
                 "'conclusion':7,'conclusionCode':[{'coding':[{'code':'59282003'}]},{'text':'embolism'}]");
    cr_assert(eq(int, reading.rc, GW_OK), "%s", reading.err.text);
    cr_expect(eq(int, reading.fact.type, GW_DIAGNOSTIC_REPORT));
    cr_assert(got->category_count == 2 && got->result_count == 2 && got->conclusion_count == 2);
    EXPECT_TEXT(got->categories[1].text, "CT", "category");
    EXPECT_TEXT(got->code.codings[0].system, GW_SYSTEM_LOINC, "code");
    EXPECT_TEXT(got->encounter.id, "e-1", "encounter");
    EXPECT_TEXT(got->effective.date, "2024-02-14", "effective");
    EXPECT_TEXT(got->issued, "2024-02-15T10:00:00Z", "issued");
    EXPECT_TEXT(got->results[0].id, "o-1", "result");
    cr_expect(eq(int, got->results[1].kind, GW_REFERENCE_CONTAINED));
    EXPECT_TEXT(got->conclusions[0].codings[0].code, "59282003", "conclusion");
    EXPECT_TEXT(got->conclusions[1].text, "embolism", "conclusion");
    reading_release(&reading);
}

static const struct {
    const char *members;
    const char *text;
} refusals[] = {
    {"'category':{'text':'RAD'}", "category: an array is wanted"},
    {"'code':'CT'", "code: an object is wanted"},
    {"'encounter':[]", "encounter: an object is wanted"},
    {"'effectivePeriod':'2024'", "effectivePeriod: an object is wanted"},
    {"'issued':1", "issued: a string is wanted"},
    {"'result':{}", "result: an array is wanted"},
    {"'result':[{},'o']", "result[1]: an object is wanted"},
    {"'conclusionCode':[{'coding':{}}]", "conclusionCode[0].coding: an array is wanted"},
    {"'conclusionCode':'x'", "conclusionCode: an array is wanted"},
};

Test(diagnostic_report, with_an_element_of_a_wrong_type_is_refused_with_its_path)
{
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct reading reading;
        char text[200];

        snprintf(text, sizeof(text), "DiagnosticReport.%s", refusals[i].text);
        reading_with(&reading, "DiagnosticReport", refusals[i].members);
        cr_expect(eq(int, reading.rc, GW_EINPUT), "%s", refusals[i].members);
        cr_expect(eq(str, reading.err.text, text));
        reading_release(&reading);
    }
}
