/*
 * References, as servers write them.
 */
#include "fhir/facts.h"

static const char *const kinds[] = {"none", "contained", "literal", "logical"};

static const struct {
    const char *name;
    const char *reference; /* members of the Reference */
    enum gw_reference_kind kind;
    const char *type;
    const char *id;
    const char *version;
    const char *base;
    const char *identifier;
} cases[] = {
    {"relative", "'reference':'Encounter/e.1-2'", GW_REFERENCE_LITERAL, "Encounter", "e.1-2", NULL, NULL, NULL},
    {"versioned", "'reference':'Encounter/1/_history/3'", GW_REFERENCE_LITERAL, "Encounter", "1", "3", NULL, NULL},
    {"absolute", "'reference':'https://ehr.example/fhir/r4/Encounter/1'", GW_REFERENCE_LITERAL, "Encounter", "1", NULL,
     "https://ehr.example/fhir/r4", NULL},
    {"absolute and versioned", "'reference':'http://h:8080/Encounter/1/_history/a-2'", GW_REFERENCE_LITERAL,
     "Encounter", "1", "a-2", "http://h:8080", NULL},
    {"from the host's root", "'reference':'/Encounter/1'", GW_REFERENCE_LITERAL, "Encounter", "1", NULL, NULL, NULL},
    {"urn:uuid", "'reference':'urn:uuid:6a0b1c2d-0000-4000-8000-000000000001'", GW_REFERENCE_LITERAL, NULL,
     "urn:uuid:6a0b1c2d-0000-4000-8000-000000000001", NULL, NULL, NULL},
    {"urn:uuid with a type", "'reference':'urn:uuid:1','type':'Encounter'", GW_REFERENCE_LITERAL, "Encounter",
     "urn:uuid:1", NULL, NULL, NULL},
    {"urn:oid", "'reference':'urn:oid:1.2.3'", GW_REFERENCE_LITERAL, NULL, "urn:oid:1.2.3", NULL, NULL, NULL},
    {"contained", "'reference':'#enc'", GW_REFERENCE_CONTAINED, NULL, "enc", NULL, NULL, NULL},
    {"the container", "'reference':'#'", GW_REFERENCE_CONTAINED, NULL, "", NULL, NULL, NULL},
    {"logical", "'type':'Encounter','identifier':{'system':'urn:s','value':'77'}", GW_REFERENCE_LOGICAL, "Encounter",
     NULL, NULL, NULL, "77"},
    {"literal with an identifier beside", "'reference':'Encounter/1','identifier':{'value':'77'}", GW_REFERENCE_LITERAL,
     "Encounter", "1", NULL, NULL, "77"},
    {"junk with an identifier beside", "'reference':'see chart','identifier':{'value':'77'}", GW_REFERENCE_LOGICAL,
     NULL, NULL, NULL, NULL, "77"},
    {"an id alone", "'reference':'17'", GW_REFERENCE_LITERAL, NULL, NULL, NULL, NULL, NULL},
    {"a type alone", "'reference':'Encounter/'", GW_REFERENCE_LITERAL, NULL, NULL, NULL, NULL, NULL},
    {"a search", "'reference':'Encounter?identifier=urn:s|77'", GW_REFERENCE_LITERAL, NULL, NULL, NULL, NULL, NULL},
    {"a type in small letters", "'reference':'encounter/1'", GW_REFERENCE_LITERAL, NULL, NULL, NULL, NULL, NULL},
    {"an id with a blank", "'reference':'Encounter/1 2'", GW_REFERENCE_LITERAL, NULL, NULL, NULL, NULL, NULL},
    {"an id of 65 characters",
     "'reference':'Encounter/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'", GW_REFERENCE_LITERAL,
     NULL, NULL, NULL, NULL, NULL},
    {"a history without a version", "'reference':'Encounter/1/_history/'", GW_REFERENCE_LITERAL, "Encounter", "1", NULL,
     NULL, NULL},
    {"a display alone", "'display':'the visit'", GW_REFERENCE_NONE, NULL, NULL, NULL, NULL, NULL},
    {"nothing", "'reference':''", GW_REFERENCE_NONE, NULL, NULL, NULL, NULL, NULL},
};

Test(reference, is_taken_apart)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct reading reading;
        char members[300];
        const struct gw_reference *got = &reading.fact.observation.encounter;

        snprintf(members, sizeof(members), "'encounter':{%s}", cases[i].reference);
        reading_with(&reading, "Observation", members);
        cr_assert(eq(int, reading.rc, GW_OK), "%s: %s", cases[i].name, reading.err.text);
        cr_expect(eq(str, (char *)kinds[got->kind], (char *)kinds[cases[i].kind]), "%s", cases[i].name);
        EXPECT_TEXT(got->type, cases[i].type, "type: %s", cases[i].name);
        EXPECT_TEXT(got->id, cases[i].id, "id: %s", cases[i].name);
        EXPECT_TEXT(got->version, cases[i].version, "version: %s", cases[i].name);
        EXPECT_TEXT(got->base, cases[i].base, "base: %s", cases[i].name);
        EXPECT_TEXT(got->identifier.value, cases[i].identifier, "identifier: %s", cases[i].name);
        reading_release(&reading);
    }
}

static const struct {
    const char *name;
    const char *resource;
    enum gw_status rc;
    const char *text; /* of the error, or the subject's id */
} subjects[] = {
    {"a patient", "{'resourceType':'Observation','subject':{'reference':'Patient/7'}}", GW_OK, "7"},
    {"by the name of patient", "{'resourceType':'Procedure','patient':{'reference':'Patient/7'}}", GW_OK, "7"},
    {"by identifier", "{'resourceType':'Observation','subject':{'identifier':{'value':'7'}}}", GW_OK, NULL},
    {"a group is read too", "{'resourceType':'Observation','subject':{'reference':'Group/7'}}", GW_OK, "7"},
    {"a Patient is its own", "{'resourceType':'Patient','id':'7'}", GW_OK, "7"},
    {"a Specimen may have none", "{'resourceType':'Specimen','id':'7'}", GW_OK, NULL},
    {"a Medication has none", "{'resourceType':'Medication','id':'7'}", GW_OK, NULL},
    {"missing", "{'resourceType':'Observation'}", GW_EINPUT, "Observation.subject: a reference to a patient is wanted"},
    {"of a display only", "{'resourceType':'Condition','subject':{'display':'Ana'}}", GW_EINPUT,
     "Condition.subject: a reference to a patient is wanted"},
    {"of free text", "{'resourceType':'Encounter','subject':{'reference':'Ana'}}", GW_EINPUT,
     "Encounter.subject: a reference of the form Patient/id, or an identifier, is wanted"},
    {"a string", "{'resourceType':'Encounter','subject':'Patient/1'}", GW_EINPUT,
     "Encounter.subject: an object is wanted"},
    {"a Patient without id", "{'resourceType':'Patient'}", GW_EINPUT,
     "Patient.id: a Patient without an id cannot be found again"},
};

Test(reference, to_the_subject_is_wanted_where_it_is_needed)
{
    for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
        struct reading reading;

        reading_of(&reading, subjects[i].resource);
        cr_expect(eq(int, reading.rc, subjects[i].rc), "%s", subjects[i].name);
        EXPECT_TEXT(reading.rc == GW_OK ? reading.fact.subject.id : reading.err.text, subjects[i].text, "%s",
                    subjects[i].name);
        reading_release(&reading);
    }
}
