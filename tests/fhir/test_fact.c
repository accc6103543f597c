/*
 * What all resources have in common: types, identity, modifiers, systems, and the refusals.
 */
#include "fhir/facts.h"

Test(fact, knows_the_types_by_name)
{
    cr_expect(eq(int, gw_resource_of(NULL), GW_RESOURCE_OTHER));
    cr_expect(eq(int, gw_resource_of(""), GW_RESOURCE_OTHER));
    cr_expect(eq(int, gw_resource_of("observation"), GW_RESOURCE_OTHER));
    cr_expect(eq(int, gw_resource_of("Observations"), GW_RESOURCE_OTHER));
    for (int type = GW_RESOURCE_OTHER + 1; type < GW_RESOURCE_COUNT; type++)
        cr_expect(eq(int, gw_resource_of(gw_resource_name(type)), type), "%s", gw_resource_name(type));
}

Test(fact, of_a_type_that_is_not_read_is_named_and_no_more)
{
    struct reading reading;

    reading_of(&reading, "{'resourceType':'Claim','id':'c-1','meta':{'versionId':'3'},'status':7,'subject':false}");
    cr_assert(eq(int, reading.rc, GW_OK), "%s", reading.err.text);
    cr_expect(eq(int, reading.fact.type, GW_RESOURCE_OTHER));
    EXPECT_TEXT(reading.fact.type_name, "Claim", "type");
    EXPECT_TEXT(reading.fact.id, "c-1", "id");
    EXPECT_TEXT(reading.fact.version_id, "3", "version");
    cr_expect(eq(sz, reading.fact.part_count, 1));
    reading_release(&reading);
    reading_of(&reading, "{'resourceType':'Claim','id':'not an id'}");
    cr_assert(eq(int, reading.rc, GW_OK), "%s", reading.err.text);
    EXPECT_TEXT(reading.fact.id, NULL, "an id that is none");
    reading_release(&reading);
}

static const struct {
    const char *name;
    const char *resource;
    const char *text;
} refusals[] = {
    {"an array", "[]", "a resource is wanted: a JSON object"},
    {"a number", "1", "a resource is wanted: a JSON object"},
    {"no type", "{}", "resourceType: missing; is this FHIR?"},
    {"a type that is no string", "{'resourceType':['Observation']}", "resourceType: missing; is this FHIR?"},
    {"an empty id", "{'resourceType':'Observation','id':''}",
     "Observation.id: an id of 1 to 64 letters, digits, - and . is wanted"},
    {"an id with a blank", "{'resourceType':'Observation','id':'a b'}",
     "Observation.id: an id of 1 to 64 letters, digits, - and . is wanted"},
    {"an id that is a number", "{'resourceType':'Patient','id':7}",
     "Patient.id: an id of 1 to 64 letters, digits, - and . is wanted"},
    {"an id of 65 characters",
     "{'resourceType':'Patient','id':'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'}",
     "Patient.id: an id of 1 to 64 letters, digits, - and . is wanted"},
    {"components that are no array", "{'resourceType':'Observation','component':{'code':{}}}",
     "Observation.component: an array is wanted"},
    {"a component that is no object", "{'resourceType':'Observation','component':[{},'x']}",
     "Observation.component[1]: an object is wanted"},
    {"a category that is no array", "{'resourceType':'Observation','category':{'text':'x'}}",
     "Observation.category: an array is wanted"},
    {"a number in quotes", "{'resourceType':'Observation','valueQuantity':{'value':'1,2'}}",
     "Observation.valueQuantity.value: a number is wanted"},
    {"a number in quotes in a component",
     "{'resourceType':'Observation','component':[{},{},{'valueQuantity':{'value':'120'}}]}",
     "Observation.component[2].valueQuantity.value: a number is wanted"},
    {"a range in quotes", "{'resourceType':'Observation','referenceRange':[{'high':{'value':'7'}}]}",
     "Observation.referenceRange[0].high.value: a number is wanted"},
    {"a quantity that is a number", "{'resourceType':'Observation','valueQuantity':1.2}",
     "Observation.valueQuantity: an object is wanted"},
    {"a concept that is a string", "{'resourceType':'Observation','code':'718'}",
     "Observation.code: an object is wanted"},
    {"a code that is a number", "{'resourceType':'Observation','code':{'coding':[{'code':718}]}}",
     "Observation.code.coding[0].code: a string is wanted"},
    {"a string that is a number", "{'resourceType':'Observation','valueString':1}",
     "Observation.valueString: a string is wanted"},
    {"a boolean in quotes", "{'resourceType':'Observation','valueBoolean':'true'}",
     "Observation.valueBoolean: true or false is wanted"},
    {"an integer with a fraction", "{'resourceType':'Observation','valueInteger':1.5}",
     "Observation.valueInteger: a whole number is wanted"},
    {"a device that is a text", "{'resourceType':'Observation','device':'thermometer'}",
     "Observation.device: an object is wanted"},
    {"a source that is no array", "{'resourceType':'Observation','derivedFrom':{'reference':'Observation/1'}}",
     "Observation.derivedFrom: an array is wanted"},
    {"two values", "{'resourceType':'Observation','valueInteger':1,'valueString':'1'}",
     "Observation.valueString: the only value is wanted, there are several"},
    {"two dates", "{'resourceType':'Observation','effectiveDateTime':'2024','effectivePeriod':{'start':'2024'}}",
     "Observation.effectivePeriod: the only date is wanted, there are several"},
    {"a date that is a number", "{'resourceType':'Observation','effectiveDateTime':2024}",
     "Observation.effectiveDateTime: a string is wanted"},
    {"a choice that spells a name is not repeated",
     "{'resourceType':'Observation','valueInteger':1,'valueAna María 17':'x'}",
     "Observation.?: the only value is wanted, there are several"},
    {"a status that is a number", "{'resourceType':'Observation','status':1}",
     "Observation.status: a string is wanted"},
    {"a prohibition in quotes", "{'resourceType':'MedicationRequest','doNotPerform':'true'}",
     "MedicationRequest.doNotPerform: true or false is wanted"},
    {"a dose in quotes", "{'resourceType':'MedicationAdministration','dosage':{'dose':{'value':'25'}}}",
     "MedicationAdministration.dosage.dose.value: a number is wanted"},
    {"a dose deep in quotes",
     "{'resourceType':'MedicationRequest','dosageInstruction':[{'doseAndRate':[{'doseQuantity':{'value':'25'}}]}]}",
     "MedicationRequest.dosageInstruction[0].doseAndRate[0].doseQuantity.value: a number is wanted"},
    {"a contained dose form in quotes",
     "{'resourceType':'MedicationAdministration','contained':[{'resourceType':'Medication','id':'m','code':'x'}],"
     "'medicationReference':{'reference':'#m'}}",
     "MedicationAdministration.contained[0].code: an object is wanted"},
    {"a death that is a word", "{'resourceType':'Patient','id':'1','deceasedBoolean':'yes'}",
     "Patient.deceasedBoolean: true or false is wanted"},
    {"a verification that is a word (another FHIR)", "{'resourceType':'Condition','verificationStatus':'confirmed'}",
     "Condition.verificationStatus: an object is wanted"},
};

Test(fact, is_refused_with_the_path_of_the_element)
{
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct reading reading;
        struct gw_fact before;

        memset(&before, 0x5A, sizeof(before));
        reading_of(&reading, refusals[i].resource);
        cr_expect(eq(int, reading.rc, GW_EINPUT), "%s", refusals[i].name);
        cr_expect(eq(str, reading.err.text, (char *)refusals[i].text), "%s", refusals[i].name);
        reading.fact = before;
        gw_fact_read(&reading.arena, reading.tree, &reading.fact, NULL);
        cr_expect(memcmp(&reading.fact, &before, sizeof(before)) == 0, "%s: touched", refusals[i].name);
        reading_release(&reading);
    }
}

Test(fact, passes_over_what_decides_nothing)
{
    struct reading reading;

    reading_with(&reading, "Observation",
                 "'note':'no array','text':7,'code':{'coding':[{'code':'a','display':5}],'text':[]},'performer':1,"
                 "'extension':'x','bodyStructure':null,'value':1,'values':2");
    cr_assert(eq(int, reading.rc, GW_OK), "%s", reading.err.text);
    cr_expect(eq(int, reading.fact.observation.parts[0].kind, GW_VALUE_NONE));
    EXPECT_TEXT(reading.fact.observation.code.codings[0].display, NULL, "a display that is none");
    EXPECT_TEXT(reading.fact.observation.code.text, NULL, "a text that is none");
    reading_release(&reading);
}

#define EXTENSION "'modifierExtension':[{'url':'urn:not','valueBoolean':true}]"

static const struct {
    const char *name;
    const char *type;
    const char *members;
    bool modified;
} modifiers[] = {
    {"none", "Observation", "'extension':[{'url':'urn:x'}]", false},
    {"on the resource", "Observation", EXTENSION, true},
    {"an empty array", "Observation", "'modifierExtension':[]", false},
    {"null", "Observation", "'modifierExtension':null", false},
    {"not even an array", "Observation", "'modifierExtension':'x'", true},
    {"implicit rules", "Observation", "'implicitRules':'urn:rules'", true},
    {"on a component", "Observation", "'component':[{'code':{}},{" EXTENSION "}]", true},
    {"on a reference range", "Observation", "'referenceRange':[{" EXTENSION "}]", true},
    {"on a dosage", "MedicationAdministration", "'dosage':{" EXTENSION "}", true},
    {"on an instruction", "MedicationRequest", "'dosageInstruction':[{'text':'x'},{" EXTENSION "}]", true},
    {"on an instruction's timing", "MedicationRequest", "'dosageInstruction':[{'timing':{" EXTENSION "}}]", true},
    {"on a contained Medication", "MedicationAdministration",
     "'medicationReference':{'reference':'#m'},'contained':[{'resourceType':'Medication','id':'m'," EXTENSION "}]",
     true},
    {"implicit rules of a contained Medication", "MedicationAdministration",
     "'medicationReference':{'reference':'#m'},"
     "'contained':[{'resourceType':'Medication','id':'m','implicitRules':'urn:r'}]",
     true},
    {"on a contained resource that is not used", "MedicationAdministration",
     "'medicationReference':{'reference':'#m'},'contained':[{'resourceType':'Medication','id':'n'," EXTENSION "},"
     "{'resourceType':'Medication','id':'m'}]",
     false},
    {"on an ingredient", "Medication", "'ingredient':[{" EXTENSION "}]", true},
    {"on an element that is not read", "Observation", "'performer':[{" EXTENSION "}]", false},
    {"on a Patient's link", "Patient", "'link':[{" EXTENSION "}]", true},
};

Test(fact, tells_when_something_may_change_its_meaning)
{
    for (size_t i = 0; i < sizeof(modifiers) / sizeof(modifiers[0]); i++) {
        struct reading reading;

        reading_with(&reading, modifiers[i].type, modifiers[i].members);
        cr_assert(eq(int, reading.rc, GW_OK), "%s: %s", modifiers[i].name, reading.err.text);
        cr_expect(eq(int, reading.fact.modifier_extension, modifiers[i].modified), "%s", modifiers[i].name);
        reading_release(&reading);
    }
}

static const struct {
    const char *as_sent;
    const char *system;
} systems[] = {
    {"urn:oid:2.16.840.1.113883.6.1", GW_SYSTEM_LOINC},
    {"urn:oid:2.16.840.1.113883.6.8", GW_SYSTEM_UCUM},
    {"urn:oid:2.16.840.1.113883.6.88", GW_SYSTEM_RXNORM},
    {"urn:oid:2.16.840.1.113883.6.73", GW_SYSTEM_ATC},
    {"urn:oid:2.16.840.1.113883.6.90", GW_SYSTEM_ICD10_CM},
    {"urn:oid:2.16.840.1.113883.6.96", GW_SYSTEM_SNOMED},
    {"urn:oid:2.16.840.1.113883.6.9", "urn:oid:2.16.840.1.113883.6.9"},
    {"urn:oid:2.16.840.1.113883.6.1.1", "urn:oid:2.16.840.1.113883.6.1.1"},
    {"http://loinc.org", GW_SYSTEM_LOINC},
    {"http://loinc.org/", GW_SYSTEM_LOINC},
    {"http://unitsofmeasure.org/", GW_SYSTEM_UCUM},
    {"https://loinc.org", "https://loinc.org"},
    {"http://snomed.info/sct/", "http://snomed.info/sct/"},
    {"urn:hm:lab", "urn:hm:lab"},
    {"", NULL},
};

Test(fact, has_code_systems_in_one_form)
{
    for (size_t i = 0; i < sizeof(systems) / sizeof(systems[0]); i++) {
        struct reading reading;
        char members[300];

        snprintf(members, sizeof(members), "'code':{'coding':[{'system':'%s','code':'a'}]}", systems[i].as_sent);
        reading_with(&reading, "Observation", members);
        cr_assert(eq(int, reading.rc, GW_OK), "%s", reading.err.text);
        EXPECT_TEXT(reading.fact.observation.code.codings[0].system, systems[i].system, "%s", systems[i].as_sent);
        reading_release(&reading);
    }
}

/* At every limit up to the one that suffices: no crash, the status says what is wrong, *out is untouched. */
Test(fact, that_does_not_fit_the_arena_is_a_limit_not_bad_input)
{
    static const char resource[] =
        "{'resourceType':'MedicationRequest','subject':{'reference':'http://h/Patient/1/_history/2'},"
        "'contained':[{'resourceType':'Medication','id':'m','ingredient':[{'itemCodeableConcept':{'coding':[{}]}}]}],"
        "'medicationReference':{'reference':'#m'},'identifier':[{'value':'1'}],"
        "'reason':[{'concept':{'text':'x'}}],'statusReason':{'text':'y'},'partOf':[{'reference':'Procedure/1'}],"
        "'dosageInstruction':[{'timing':{'repeat':{'dayOfWeek':['mon']}},"
        "'doseAndRate':[{'rateRatio':{'numerator':{'value':1,'code':'mL'},"
        "'denominator':{'value':8,'code':'h'}}}]}]}";
    struct reading reading;
    size_t full, limit;
    enum gw_status rc = GW_ENOMEM;

    reading_of(&reading, resource);
    cr_assert(eq(int, reading.rc, GW_OK), "%s", reading.err.text);
    full = reading.arena.used;
    for (limit = full; rc != GW_OK; limit += 8) {
        reading.arena.limit = limit;
        reading.arena.used = full;
        reading.err.text[0] = '\0';
        rc = gw_fact_read(&reading.arena, reading.tree, &reading.fact, &reading.err);
        cr_assert(rc == GW_OK || rc == GW_ENOMEM, "%s", reading.err.text);
        cr_assert(limit < full + (1 << 16));
    }
    cr_expect(limit > full + 100, "the limit was met at all");
    EXPECT_TEXT(reading.fact.use.rate.code, "mL/(8.h)", "the rate");
    reading_release(&reading);
}
