/*
 * Patients, encounters, conditions, procedures, specimens.
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

Test(clinical, encounter)
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

Test(clinical, condition)
{
    struct reading reading;
    const struct gw_condition *got = &reading.fact.condition;

    reading_with(&reading, "Condition",
                 "'clinicalStatus':{'coding':[{'code':'resolved'}]},'category':[{'text':'problem'}],"
                 "'code':{'coding':[{'system':'urn:oid:2.16.840.1.113883.6.90','code':'x'}]},"
                 "'encounter':{'reference':'Encounter/1'},'onsetAge':{'value':61,'code':'a'},"
                 "'abatementDateTime':'2024-03','recordedDate':'2024-01-02'");
    cr_assert(eq(int, reading.rc, GW_OK), "%s", reading.err.text);
    EXPECT_TEXT(got->clinical_status.codings[0].code, "resolved", "clinical status");
    EXPECT_TEXT(got->categories[0].text, "problem", "category");
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

Test(clinical, specimen)
{
    struct reading reading;

    reading_with(&reading, "Specimen", "'type':{'text':'blood'},'collection':{'collectedDateTime':'2024-02-14'}");
    cr_assert(eq(int, reading.rc, GW_OK), "%s", reading.err.text);
    EXPECT_TEXT(reading.fact.specimen.type.text, "blood", "type");
    EXPECT_TEXT(reading.fact.specimen.collected.date, "2024-02-14", "collected");
    reading_release(&reading);
}
