/*
 * Encounters: contacts, stays, and what they were for.
 */
#include "fhir/facts.h"

Test(encounter, has_a_class_a_time_and_reasons)
{
    struct reading reading;
    const struct gw_encounter *got = &reading.fact.encounter;

    reading_with(&reading, "Encounter",
                 "'status':'finished','class':{'system':'" GW_SYSTEM_V3_ACT_CODE "','code':'IMP'},"
                 "'period':{'start':'2024-02-14'},'reasonCode':[{'text':'fever'},{'text':'cough'}]");
    cr_assert(eq(int, reading.rc, GW_OK), "%s", reading.err.text);
    EXPECT_TEXT(got->class_code.system, GW_SYSTEM_V3_ACT_CODE, "class");
    EXPECT_TEXT(got->class_code.code, "IMP", "class");
    EXPECT_TEXT(got->period.start, "2024-02-14", "period");
    EXPECT_TEXT(got->period.end, NULL, "period");
    cr_expect(eq(sz, got->reasons.concept_count, 2));
    EXPECT_TEXT(got->reasons.concepts[1].text, "cough", "reason");
    reading_release(&reading);
}

static const struct {
    const char *name;
    const char *members;
} stays[] = {
    {"R4",
     "'class':{'code':'IMP'},'type':[{'text':'ward'},{'text':'surgery'}],"
     "'diagnosis':[{'condition':{'reference':'Condition/c-1'},'use':{'text':'AD'},'rank':1},"
     "{'condition':{'reference':'Procedure/p-1'}}],"
     "'hospitalization':{'admitSource':7,'dischargeDisposition':{'text':'home'}},"
     "'location':[{'location':{'reference':'Location/icu'},'status':'completed','physicalType':{'text':'bed'},"
     "'period':{'start':'2024-02-14','end':'2024-02-16'}},{'location':{'reference':'Location/w'},'status':'planned'}]"},
    {"R5",
     "'class':[{'coding':[{'code':'IMP'}]}],'type':[{'text':'ward'},{'text':'surgery'}],"
     "'diagnosis':[{'condition':[{'reference':{'reference':'Condition/c-1'}}],'use':[{'text':'AD'}]},"
     "{'condition':[{'reference':{'reference':'Procedure/p-1'}}]}],"
     "'admission':{'dischargeDisposition':{'text':'home'}},"
     "'location':[{'location':{'reference':'Location/icu'},'status':'completed','form':{'text':'bed'},"
     "'period':{'start':'2024-02-14','end':'2024-02-16'}},{'location':{'reference':'Location/w'},'status':'planned'}]"},
};

Test(encounter, of_a_stay_tells_diagnoses_places_and_how_it_ended)
{
    for (size_t i = 0; i < sizeof(stays) / sizeof(stays[0]); i++) {
        const char *name = stays[i].name;
        struct reading reading;
        const struct gw_encounter *got = &reading.fact.encounter;

        reading_with(&reading, "Encounter", stays[i].members);
        cr_assert(eq(int, reading.rc, GW_OK), "%s: %s", name, reading.err.text);
        EXPECT_TEXT(got->class_code.code, "IMP", "%s", name);
        cr_assert(got->type_count == 2 && got->diagnosis_count == 2 && got->location_count == 2, "%s", name);
        EXPECT_TEXT(got->types[1].text, "surgery", "%s", name);
        cr_assert(got->diagnoses[0].conditions.reference_count == 1 && got->diagnoses[0].use_count == 1, "%s", name);
        EXPECT_TEXT(got->diagnoses[0].conditions.references[0].id, "c-1", "%s", name);
        EXPECT_TEXT(got->diagnoses[0].uses[0].text, "AD", "%s", name);
        cr_expect(eq(sz, got->diagnoses[0].conditions.concept_count, 0), "%s", name);
        EXPECT_TEXT(got->diagnoses[1].conditions.references[0].type, "Procedure", "%s", name);
        cr_expect(eq(sz, got->diagnoses[1].use_count, 0), "%s", name);
        EXPECT_TEXT(got->discharge_disposition.text, "home", "%s", name);
        EXPECT_TEXT(got->locations[0].location.id, "icu", "%s", name);
        EXPECT_TEXT(got->locations[0].form.text, "bed", "%s", name);
        EXPECT_TEXT(got->locations[0].period.end, "2024-02-16", "%s", name);
        EXPECT_TEXT(got->locations[1].status, "planned", "%s", name);
        EXPECT_TEXT(got->locations[1].period.start, NULL, "%s", name);
        reading_release(&reading);
    }
}

Test(encounter, has_a_planned_end_and_a_diagnosis_in_codes)
{
    struct reading reading;
    const struct gw_encounter *got = &reading.fact.encounter;

    reading_with(&reading, "Encounter",
                 "'plannedStartDate':'2024-02-14','plannedEndDate':'2024-02-16T10:00:00Z',"
                 "'diagnosis':[{'condition':[{'concept':{'text':'fever'}},{'concept':{'text':'cough'}}]}],"
                 "'reasonReference':[{'reference':'Condition/c-1'}]");
    cr_assert(eq(int, reading.rc, GW_OK), "%s", reading.err.text);
    EXPECT_TEXT(got->planned_start, "2024-02-14", "start");
    EXPECT_TEXT(got->planned_end, "2024-02-16T10:00:00Z", "end");
    cr_assert(eq(sz, got->diagnoses[0].conditions.concept_count, 2));
    EXPECT_TEXT(got->diagnoses[0].conditions.concepts[1].text, "cough", "diagnosis");
    cr_assert(eq(sz, got->reasons.reference_count, 1));
    EXPECT_TEXT(got->reasons.references[0].id, "c-1", "reason");
    reading_release(&reading);
}

static const struct {
    const char *members;
    const char *text;
} refusals[] = {
    {"'type':{'text':'ward'}", "type: an array is wanted"},
    {"'type':['ward']", "type[0]: an object is wanted"},
    {"'plannedEndDate':20240214", "plannedEndDate: a string is wanted"},
    {"'plannedStartDate':[]", "plannedStartDate: a string is wanted"},
    {"'reasonReference':{}", "reasonReference: an array is wanted"},
    {"'reason':[{'value':[{'reference':'Condition/1'}]}]", "reason[0].value[0].reference: an object is wanted"},
    {"'diagnosis':{}", "diagnosis: an array is wanted"},
    {"'diagnosis':[{'condition':'c'}]", "diagnosis[0].condition: an object, or an array of them, is wanted"},
    {"'diagnosis':[{'condition':{'reference':1}}]", "diagnosis[0].condition.reference: a string is wanted"},
    {"'diagnosis':[{},{'use':'AD'}]", "diagnosis[1].use: an object, or an array of them, is wanted"},
    {"'hospitalization':[]", "hospitalization: an object is wanted"},
    {"'admission':{'dischargeDisposition':'home'}", "admission.dischargeDisposition: an object is wanted"},
    {"'location':{}", "location: an array is wanted"},
    {"'location':[{'location':'Location/1'}]", "location[0].location: an object is wanted"},
    {"'location':[{'status':1}]", "location[0].status: a string is wanted"},
    {"'location':[{'physicalType':'bd'}]", "location[0].physicalType: an object is wanted"},
    {"'location':[{'form':'bd'}]", "location[0].form: an object is wanted"},
    {"'location':[{'period':'2024'}]", "location[0].period: an object is wanted"},
};

Test(encounter, with_an_element_of_a_wrong_type_is_refused_with_its_path)
{
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct reading reading;
        char text[200];

        snprintf(text, sizeof(text), "Encounter.%s", refusals[i].text);
        reading_with(&reading, "Encounter", refusals[i].members);
        cr_expect(eq(int, reading.rc, GW_EINPUT), "%s", refusals[i].members);
        cr_expect(eq(str, reading.err.text, text));
        reading_release(&reading);
    }
}
