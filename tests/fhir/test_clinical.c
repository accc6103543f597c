/*
 * Patients, conditions, procedures, specimens.
 */
#include "fhir/facts.h"

static const struct {
    const char *name;
    const char *members;
    bool deceased;
    const char *deceased_date;
    bool inactive;
    const char *replaced_by;
} patients[] = {
    {"alive", "'active':true,'deceasedBoolean':false", false, NULL, false, NULL},
    {"nothing said", "'gender':null", false, NULL, false, NULL},
    {"dead", "'deceasedBoolean':true", true, NULL, false, NULL},
    {"dead since", "'deceasedDateTime':'2024-03'", true, "2024-03", false, NULL},
    {"inactive", "'active':false", false, NULL, true, NULL},
    {"merged",
     "'active':false,'link':[{'other':{'reference':'Patient/old'},'type':'replaces'},"
     "{'other':{'reference':'Patient/new/_history/2'},'type':'replaced-by'}]",
     false, NULL, true, "new"},
    {"seen also as", "'link':[{'type':'seealso','other':{'reference':'Patient/x'}}]", false, NULL, false, NULL},
};

Test(clinical, patient)
{
    for (size_t i = 0; i < sizeof(patients) / sizeof(patients[0]); i++) {
        struct reading reading;
        const struct gw_patient *got = &reading.fact.patient;

        reading_with(&reading, "Patient", patients[i].members);
        cr_assert(eq(int, reading.rc, GW_OK), "%s: %s", patients[i].name, reading.err.text);
        cr_expect(eq(int, got->deceased, patients[i].deceased), "%s", patients[i].name);
        EXPECT_TEXT(got->deceased_date, patients[i].deceased_date, "%s", patients[i].name);
        cr_expect(eq(int, got->inactive, patients[i].inactive), "%s", patients[i].name);
        EXPECT_TEXT(got->replaced_by, patients[i].replaced_by, "%s", patients[i].name);
        EXPECT_TEXT(reading.fact.subject.id, "r-1", "a patient is its own subject");
        reading_release(&reading);
    }
}

Test(clinical, patient_in_figures)
{
    struct reading reading;

    reading_of(&reading, "{'resourceType':'Patient','id':'p','gender':'female','birthDate':'1950-02',"
                         "'identifier':[{'system':'urn:mrn','value':'1'},{'value':'2'}],"
                         "'_deceasedDateTime':{'extension':[]},'name':[{'family':'Made-Up'}]}");
    cr_assert(eq(int, reading.rc, GW_OK), "%s", reading.err.text);
    EXPECT_TEXT(reading.fact.patient.gender, "female", "gender");
    EXPECT_TEXT(reading.fact.patient.birth_date, "1950-02", "birth");
    cr_expect(eq(sz, reading.fact.identifier_count, 2));
    EXPECT_TEXT(reading.fact.identifiers[1].system, NULL, "a number without a system");
    EXPECT_TEXT(reading.fact.subject.type, "Patient", "subject");
    reading_release(&reading);
}

Test(clinical, condition)
{
    struct reading reading;
    const struct gw_condition *got = &reading.fact.condition;

    reading_with(&reading, "Condition",
                 "'clinicalStatus':{'coding':[{'code':'resolved'}]},'category':[{'text':'problem'}],"
                 "'severity':{'coding':[{'system':'" GW_SYSTEM_SNOMED "','code':'24484000'}]},"
                 "'code':{'coding':[{'system':'urn:oid:2.16.840.1.113883.6.90','code':'x'}]},"
                 "'encounter':{'reference':'Encounter/1'},'onsetAge':{'value':61,'code':'a'},"
                 "'abatementDateTime':'2024-03','recordedDate':'2024-01-02'");
    cr_assert(eq(int, reading.rc, GW_OK), "%s", reading.err.text);
    EXPECT_TEXT(got->clinical_status.codings[0].code, "resolved", "clinical status");
    EXPECT_TEXT(got->categories[0].text, "problem", "category");
    EXPECT_TEXT(got->severity.codings[0].code, "24484000", "severity");
    EXPECT_TEXT(got->code.codings[0].system, GW_SYSTEM_ICD10_CM, "code");
    EXPECT_TEXT(got->encounter.id, "1", "encounter");
    cr_expect(eq(int, got->onset.kind, GW_EFFECTIVE_OTHER));
    EXPECT_TEXT(got->onset.other, "onsetAge", "onset");
    EXPECT_TEXT(got->abatement.date, "2024-03", "abatement");
    EXPECT_TEXT(got->recorded_date, "2024-01-02", "recorded");
    reading_release(&reading);
}

static const struct {
    const char *type;
    const char *members;
    const char *date;
    const char *other;
} dates[] = {
    {"Procedure", "'performedDateTime':'2024-02-14'", "2024-02-14", NULL},
    {"Procedure", "'performedString':'last spring'", NULL, "performedString"},
    {"Procedure", "'occurrenceDateTime':'2024-02-14'", "2024-02-14", NULL},
    {"Procedure", "'performedAge':{'value':60}", NULL, "performedAge"},
};

Test(clinical, procedure)
{
    for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
        struct reading reading;

        reading_with(&reading, dates[i].type, dates[i].members);
        cr_assert(eq(int, reading.rc, GW_OK), "%s: %s", dates[i].members, reading.err.text);
        EXPECT_TEXT(reading.fact.procedure.performed.date, dates[i].date, "%s", dates[i].members);
        EXPECT_TEXT(reading.fact.procedure.performed.other, dates[i].other, "%s", dates[i].members);
        reading_release(&reading);
    }
}

static const struct {
    const char *name;
    const char *members;
} procedures[] = {
    {"R4", "'category':{'text':'treatment'},'encounter':{'reference':'Encounter/e-1'},"
           "'reasonCode':[{'text':'hypoxia'}],'reasonReference':[{'reference':'Condition/c-1'}],"
           "'usedCode':[{'text':'mask'}],'usedReference':[{'reference':'Device/d-1'}]"},
    {"R5", "'category':[{'text':'treatment'}],'encounter':{'reference':'Encounter/e-1'},"
           "'reason':[{'concept':{'text':'hypoxia'}},{'reference':{'reference':'Condition/c-1'}}],"
           "'used':[{'concept':{'text':'mask'},'reference':{'reference':'Device/d-1'}}]"},
};

Test(clinical, procedure_tells_why_where_and_with_what)
{
    for (size_t i = 0; i < sizeof(procedures) / sizeof(procedures[0]); i++) {
        struct reading reading;
        const struct gw_procedure *got = &reading.fact.procedure;

        reading_with(&reading, "Procedure", procedures[i].members);
        cr_assert(eq(int, reading.rc, GW_OK), "%s: %s", procedures[i].name, reading.err.text);
        cr_assert(got->category_count == 1 && got->reasons.concept_count == 1 && got->reasons.reference_count == 1 &&
                      got->used.concept_count == 1 && got->used.reference_count == 1,
                  "%s", procedures[i].name);
        EXPECT_TEXT(got->categories[0].text, "treatment", "%s", procedures[i].name);
        EXPECT_TEXT(got->encounter.id, "e-1", "%s", procedures[i].name);
        EXPECT_TEXT(got->reasons.concepts[0].text, "hypoxia", "%s", procedures[i].name);
        EXPECT_TEXT(got->reasons.references[0].id, "c-1", "%s", procedures[i].name);
        EXPECT_TEXT(got->used.concepts[0].text, "mask", "%s", procedures[i].name);
        EXPECT_TEXT(got->used.references[0].type, "Device", "%s", procedures[i].name);
        reading_release(&reading);
    }
}

static const struct {
    const char *type;
    const char *members;
    const char *text;
} refusals[] = {
    {"Condition", "'severity':'mild'", "severity: an object is wanted"},
    {"Procedure", "'category':'x'", "category: an object, or an array of them, is wanted"},
    {"Procedure", "'encounter':'e'", "encounter: an object is wanted"},
    {"Procedure", "'reasonCode':{}", "reasonCode: an array is wanted"},
    {"Procedure", "'reasonReference':[1]", "reasonReference[0]: an object is wanted"},
    {"Procedure", "'reason':{}", "reason: an array is wanted"},
    {"Procedure", "'usedCode':[{},'mask']", "usedCode[1]: an object is wanted"},
    {"Procedure", "'usedReference':{}", "usedReference: an array is wanted"},
    {"Procedure", "'used':[{'concept':'mask'}]", "used[0].concept: an object is wanted"},
};

Test(clinical, elements_of_a_wrong_type_are_refused_with_their_path)
{
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct reading reading;
        char text[200];

        snprintf(text, sizeof(text), "%s.%s", refusals[i].type, refusals[i].text);
        reading_with(&reading, refusals[i].type, refusals[i].members);
        cr_expect(eq(int, reading.rc, GW_EINPUT), "%s", refusals[i].members);
        cr_expect(eq(str, reading.err.text, text));
        reading_release(&reading);
    }
}

Test(clinical, specimen)
{
    struct reading reading;

    reading_with(&reading, "Specimen", "'type':{'text':'blood'},'collection':{'collectedDateTime':'2024-02-14'}");
    cr_assert(eq(int, reading.rc, GW_OK), "%s", reading.err.text);
    EXPECT_TEXT(reading.fact.specimen.type.text, "blood", "type");
    EXPECT_TEXT(reading.fact.specimen.collected.date, "2024-02-14", "collected");
    reading_release(&reading);
}
