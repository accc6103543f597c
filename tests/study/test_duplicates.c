/*
 * Two results of one code and time: what makes them one, or one for a person to look at, and what does not.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/subject.h"

#define ANC "{'system':'http://loinc.org','code':'751-8'}"
#define IFE "{'system':'http://loinc.org','code':'25700-6'}"

#define NUMBER(n)     "'valueQuantity':{'value':" n ",'system':'http://unitsofmeasure.org','code':'10*9/L'}"
#define CONCEPT(code) "'valueCodeableConcept':{'coding':[{'system':'http://snomed.info/sct','code':'" code "'}]}"
#define SPECIMEN(id)  ",'specimen':{'reference':'Specimen/" id "'}"

static struct subject s;

static void start(void)
{
    subject_init(&s);
    subject_add_visit(&s, "e3", "2024-04-14");
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(duplicates, .init = start, .fini = stop);

static void add(const char *id, const char *code, const char *rest)
{
    subject_add(&s,
                "{'resourceType':'Observation','id':'%s','status':'final','subject':{'reference':'Patient/p1'},"
                "'category':[{'coding':[{'code':'laboratory'}]}],'code':{'coding':[%s]},"
                "'effectiveDateTime':'2024-04-14T08:00:00+02:00',%s}",
                id, code, rest);
}

static const struct {
    const char *name, *code, *one, *other;
    const char *state; /* of the second */
    size_t asked;
} pairs[] = {
    {"the same number", ANC, NUMBER("2.0"), NUMBER("2.0"), "held DUPLICATE_SUSPECT", 1},
    {"another number", ANC, NUMBER("2.0"), NUMBER("2.1"), "delivered", 0},
    {"the same number and specimen", ANC, NUMBER("2.0") SPECIMEN("a"), NUMBER("2.0") SPECIMEN("a"),
     "unchanged DUPLICATE", 0},
    {"the same number of two specimens", ANC, NUMBER("2.0") SPECIMEN("a"), NUMBER("2.0") SPECIMEN("b"),
     "held DUPLICATE_SUSPECT", 1},
    {"a number and a text of it", ANC, NUMBER("2.0"), "'valueString':'2.0'", "held VALUE_TYPE", 0},
    {"a number and a code, of one specimen", ANC, NUMBER("2.0") SPECIMEN("a"), CONCEPT("260385009") SPECIMEN("a"),
     "held VALUE_TYPE", 0},
    {"the same answer", IFE, CONCEPT("260385009"), CONCEPT("260385009"), "held DUPLICATE_SUSPECT", 1},
    {"another answer", IFE, CONCEPT("260385009"), CONCEPT("10828004"), "delivered", 0},
    {"two intervals, which are no values", ANC, "'valueRange':{'low':{'value':1}}", "'valueRange':{'low':{'value':1}}",
     "held VALUE_TYPE", 0},
    {"a local code that nobody mapped", "{'system':'urn:hm:lab','code':'K'}", NUMBER("2.0"), NUMBER("2.0"),
     "held DUPLICATE_SUSPECT", 1},
};

Test(duplicates, are_told_from_results_that_differ)
{
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        stop();
        start();
        add("v1", pairs[i].code, pairs[i].one);
        add("v2", pairs[i].code, pairs[i].other);
        subject_derive(&s);
        expect_text(pairs[i].name, subject_state(&s, "v2"), pairs[i].state);
        cr_expect(eq(sz, subject_items(&s, "DUPLICATE_SUSPECT"), pairs[i].asked), "%s", pairs[i].name);
    }
}

/* Specimen/a of one endpoint is not Specimen/a of another. */
Test(duplicates, of_two_endpoints_share_no_specimen)
{
    add("v1", ANC, NUMBER("2.0") SPECIMEN("a"));
    add("v2", ANC, NUMBER("2.0") SPECIMEN("a"));
    s.facts[s.count - 1].endpoint = "elsewhere";
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "DUPLICATE_SUSPECT"), 1));
}
