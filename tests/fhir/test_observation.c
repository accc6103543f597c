/*
 * Observations: values, parts, ranges, dates.
 */
#include "fhir/facts.h"

static const char *const kinds[] = {"none", "quantity", "concept", "string", "boolean", "integer", "other"};

static const struct {
    const char *name;
    const char *value;
    enum gw_value_kind kind;
    const char *element;
    const char *text; /* the quantity's value or the string */
} values[] = {
    {"none", "'note':[]", GW_VALUE_NONE, NULL, NULL},
    {"quantity", "'valueQuantity':{'value':1.20,'unit':'x10*9/L'}", GW_VALUE_QUANTITY, "valueQuantity", "1.20"},
    {"a quantity in exponent form", "'valueQuantity':{'value':1e400}", GW_VALUE_QUANTITY, "valueQuantity", "1e400"},
    {"a quantity without a number", "'valueQuantity':{'unit':'g'}", GW_VALUE_QUANTITY, "valueQuantity", NULL},
    {"concept", "'valueCodeableConcept':{'text':'positive'}", GW_VALUE_CONCEPT, "valueCodeableConcept", NULL},
    {"string", "'valueString':'<0.1'", GW_VALUE_STRING, "valueString", "<0.1"},
    {"an empty string", "'valueString':''", GW_VALUE_NONE, "valueString", NULL},
    {"true", "'valueBoolean':true", GW_VALUE_BOOLEAN, "valueBoolean", "true"},
    {"false", "'valueBoolean':false", GW_VALUE_BOOLEAN, "valueBoolean", "false"},
    {"integer", "'valueInteger':-3", GW_VALUE_INTEGER, "valueInteger", "-3"},
    {"range", "'valueRange':{'low':{'value':1}}", GW_VALUE_OTHER, "valueRange", NULL},
    {"ratio", "'valueRatio':{}", GW_VALUE_OTHER, "valueRatio", NULL},
    {"sampled data", "'valueSampledData':{'data':'1 2'}", GW_VALUE_OTHER, "valueSampledData", NULL},
    {"time", "'valueTime':'10:00:00'", GW_VALUE_OTHER, "valueTime", NULL},
    {"dateTime", "'valueDateTime':'2024-02-14'", GW_VALUE_OTHER, "valueDateTime", NULL},
    {"period", "'valuePeriod':{'start':'2024'}", GW_VALUE_OTHER, "valuePeriod", NULL},
    {"attachment (R5)", "'valueAttachment':{}", GW_VALUE_OTHER, "valueAttachment", NULL},
    {"a null value", "'valueQuantity':null", GW_VALUE_NONE, NULL, NULL},
    {"an extension instead", "'_valueString':{'extension':[{'url':'urn:x','valueCode':'masked'}]}", GW_VALUE_NONE, NULL,
     NULL},
};

Test(observation, s12_reads_every_kind_of_value)
{
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct reading reading;
        const struct gw_observed *got;

        reading_with(&reading, "Observation", values[i].value);
        cr_assert(eq(int, reading.rc, GW_OK), "%s: %s", values[i].name, reading.err.text);
        cr_assert(eq(sz, reading.fact.part_count, 1), "%s", values[i].name);
        got = reading.fact.observation.parts;
        cr_expect(eq(int, got->component, -1));
        cr_expect(eq(str, (char *)kinds[got->kind], (char *)kinds[values[i].kind]), "%s", values[i].name);
        EXPECT_TEXT(got->value_name, values[i].element, "%s", values[i].name);
        EXPECT_TEXT(got->kind == GW_VALUE_QUANTITY ? got->quantity.value : got->string, values[i].text, "%s",
                    values[i].name);
        reading_release(&reading);
    }
}

Test(observation, reads_a_laboratory_result_whole)
{
    struct reading reading;
    const struct gw_observation *got = &reading.fact.observation;
    const struct gw_reference_range *range;

    reading_with(&reading, "Observation",
                 "'meta':{'versionId':'2','lastUpdated':'2024-02-14T09:00:00Z'},'status':'final',"
                 "'identifier':[{'system':'urn:lab','value':'A-1'}],"
                 "'category':[{'coding':[{'system':'urn:c','code':'laboratory'}]},{'text':'Hämatologie'}],"
                 "'code':{'coding':[{'system':'urn:oid:2.16.840.1.113883.6.1','code':'1-2','display':'ANC'},"
                 "{'system':'urn:hm:lab','code':'ANC-K'}],'text':'Neutrophils'},"
                 "'encounter':{'reference':'Encounter/e-1'},'effectiveDateTime':'2024-02-14T08:30:00+01:00',"
                 "'issued':'2024-02-14T10:00:00Z',"
                 "'valueQuantity':{'value':1.50,'comparator':'<','unit':'10*9/L','system':'http://unitsofmeasure.org/',"
                 "'code':'10*9/L'},"
                 "'interpretation':[{'coding':[{'code':'L'}]}],'bodySite':{'text':'arm'},'method':{'text':'m'},"
                 "'specimen':{'reference':'Specimen/s-1'},'device':{'reference':'Device/d-1'},"
                 "'derivedFrom':[{'reference':'QuestionnaireResponse/q-1'},{'reference':'Observation/o-9'}],"
                 "'referenceRange':[{'low':{'value':1.8},'high':{'value':7.50,'unit':'10*9/L'},"
                 "'type':{'coding':[{'code':'normal'}]},'appliesTo':[{'text':'F'},{'text':'adult'}],"
                 "'age':{'low':{'value':18,'code':'a'}},'text':'1.8-7.5'},{'text':'see report'}],"
                 "'hasMember':[{'reference':'Observation/o-2'},{'reference':'urn:uuid:3'}]");
    cr_assert(eq(int, reading.rc, GW_OK), "%s", reading.err.text);
    EXPECT_TEXT(reading.fact.version_id, "2", "version");
    EXPECT_TEXT(reading.fact.last_updated, "2024-02-14T09:00:00Z", "last updated");
    EXPECT_TEXT(reading.fact.identifiers[0].value, "A-1", "identifier");
    cr_expect(eq(sz, got->category_count, 2));
    EXPECT_TEXT(got->categories[1].text, "Hämatologie", "category");
    cr_expect(eq(sz, got->code.count, 2));
    EXPECT_TEXT(got->code.codings[0].system, GW_SYSTEM_LOINC, "the OID form becomes the URL");
    EXPECT_TEXT(got->code.codings[0].display, "ANC", "display");
    EXPECT_TEXT(gw_concept_in(&got->code, "urn:hm:lab")->code, "ANC-K", "local code");
    cr_expect(gw_concept_in(&got->code, GW_SYSTEM_SNOMED) == NULL);
    EXPECT_TEXT(got->encounter.id, "e-1", "encounter");
    EXPECT_TEXT(got->effective.date, "2024-02-14T08:30:00+01:00", "effective");
    EXPECT_TEXT(got->issued, "2024-02-14T10:00:00Z", "issued");
    EXPECT_TEXT(got->parts[0].code.text, "Neutrophils", "the part carries the code");
    EXPECT_TEXT(got->parts[0].quantity.value, "1.50", "the zero stays");
    EXPECT_TEXT(got->parts[0].quantity.comparator, "<", "comparator");
    EXPECT_TEXT(got->parts[0].quantity.system, GW_SYSTEM_UCUM, "the slash some servers add goes");
    EXPECT_TEXT(got->parts[0].quantity.code, "10*9/L", "code");
    EXPECT_TEXT(got->parts[0].interpretations[0].codings[0].code, "L", "interpretation");
    EXPECT_TEXT(got->body_site.text, "arm", "body site");
    EXPECT_TEXT(got->method.text, "m", "method");
    EXPECT_TEXT(got->specimen.id, "s-1", "specimen");
    EXPECT_TEXT(got->device.id, "d-1", "device");
    cr_assert(eq(sz, got->derived_from_count, 2));
    EXPECT_TEXT(got->derived_from[0].type, "QuestionnaireResponse", "derived from");
    EXPECT_TEXT(got->derived_from[1].id, "o-9", "derived from");
    cr_assert(eq(sz, got->parts[0].range_count, 2));
    range = got->parts[0].ranges;
    EXPECT_TEXT(range->low.value, "1.8", "low");
    EXPECT_TEXT(range->high.value, "7.50", "high");
    EXPECT_TEXT(range->type.codings[0].code, "normal", "type");
    cr_expect(eq(sz, range->applies_to_count, 2));
    EXPECT_TEXT(range->applies_to[1].text, "adult", "applies to");
    EXPECT_TEXT(range->age_low.value, "18", "age");
    cr_expect(range->age_high.value == NULL);
    EXPECT_TEXT(range[1].text, "see report", "a text alone");
    cr_expect(range[1].low.value == NULL && range[1].high.value == NULL);
    cr_assert(eq(sz, got->member_count, 2));
    EXPECT_TEXT(got->members[0].id, "o-2", "member");
    EXPECT_TEXT(got->members[1].id, "urn:uuid:3", "member");
    reading_release(&reading);
}

#define SYSTOLIC  "{'code':{'text':'systolic'},'valueQuantity':{'value':120}}"
#define DIASTOLIC "{'code':{'text':'diastolic'},'dataAbsentReason':{'text':'not done'}}"

static const struct {
    const char *name;
    const char *members;
    const char *parts; /* component index and kind of each */
} parts[] = {
    {"own value", "'valueInteger':1", "-1 integer;"},
    {"nothing at all", "", "-1 none;"},
    {"an absent reason", "'dataAbsentReason':{'text':'x'}", "-1 none absent;"},
    {"an absent reason beside a value", "'valueInteger':1,'dataAbsentReason':{}", "-1 integer absent;"},
    {"components", "'component':[" SYSTOLIC "," DIASTOLIC "]", "0 quantity;1 none absent;"},
    {"components and an own value", "'component':[" SYSTOLIC "],'valueString':'x'", "-1 string;0 quantity;"},
    {"components and an own absent reason", "'dataAbsentReason':{'text':'x'},'component':[" SYSTOLIC "]",
     "-1 none absent;0 quantity;"},
    {"no component in the array", "'component':[]", "-1 none;"},
    {"a panel", "'hasMember':[{'reference':'Observation/1'}]", "-1 none;"},
    {"a panel with components", "'hasMember':[{'reference':'Observation/1'}],'component':[" SYSTOLIC "]",
     "0 quantity;"},
};

Test(observation, has_a_part_for_each_thing_observed)
{
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        struct reading reading;
        char got[200] = "";
        size_t used = 0;

        reading_with(&reading, "Observation", parts[i].members);
        cr_assert(eq(int, reading.rc, GW_OK), "%s: %s", parts[i].name, reading.err.text);
        cr_expect(eq(sz, reading.fact.part_count, reading.fact.observation.part_count));
        for (size_t k = 0; k < reading.fact.part_count; k++) {
            const struct gw_observed *part = &reading.fact.observation.parts[k];

            used += (size_t)snprintf(got + used, sizeof(got) - used, "%d %s%s;", part->component, kinds[part->kind],
                                     part->has_absent_reason ? " absent" : "");
        }
        cr_expect(eq(str, got, (char *)parts[i].parts), "%s", parts[i].name);
        reading_release(&reading);
    }
}

Test(observation, gives_a_component_its_own_code_range_and_interpretation)
{
    struct reading reading;
    const struct gw_observed *part;

    reading_with(&reading, "Observation",
                 "'code':{'text':'panel'},'interpretation':[{'text':'own'}],'component':[{'code':{'text':'a'}},"
                 "{'code':{'text':'b'},'valueCodeableConcept':{'coding':[{'code':'x'}]},"
                 "'interpretation':[{'text':'high'}],'referenceRange':[{'low':{'value':9}}]}]");
    cr_assert(eq(int, reading.rc, GW_OK), "%s", reading.err.text);
    part = &reading.fact.observation.parts[1];
    cr_expect(eq(int, part->component, 1));
    EXPECT_TEXT(part->code.text, "b", "code");
    EXPECT_TEXT(part->concept.codings[0].code, "x", "value");
    EXPECT_TEXT(part->interpretations[0].text, "high", "interpretation");
    EXPECT_TEXT(part->ranges[0].low.value, "9", "range");
    cr_expect(eq(sz, reading.fact.observation.parts[0].interpretation_count, 0));
    reading_release(&reading);
}

static const struct {
    const char *name;
    const char *members;
    const char *kind;
    const char *first; /* the date, the period's start, or the element's name */
    const char *second;
} dates[] = {
    {"absent", "", "none", NULL, NULL},
    {"dateTime", "'effectiveDateTime':'2024-02'", "date", "2024-02", NULL},
    {"instant", "'effectiveInstant':'2024-02-14T08:00:00Z'", "date", "2024-02-14T08:00:00Z", NULL},
    {"period", "'effectivePeriod':{'start':'2024-02-14','end':'2024-02-15'}", "period", "2024-02-14", "2024-02-15"},
    {"a period that is open", "'effectivePeriod':{'end':'2024-02-15'}", "period", NULL, "2024-02-15"},
    {"a period of nothing", "'effectivePeriod':{}", "none", NULL, NULL},
    {"a timing of one event", "'effectiveTiming':{'event':['2024-02-14']}", "date", "2024-02-14", NULL},
    {"a timing of two events", "'effectiveTiming':{'event':['2024-02-14','2024-02-15']}", "other", "effectiveTiming",
     NULL},
    {"a timing of a pattern", "'effectiveTiming':{'repeat':{'frequency':1}}", "other", "effectiveTiming", NULL},
    {"a timing of an absent event", "'effectiveTiming':{'event':[null]}", "other", "effectiveTiming", NULL},
    {"an empty text", "'effectiveDateTime':''", "none", NULL, NULL},
    {"null", "'effectiveDateTime':null", "none", NULL, NULL},
    {"an absent reason instead", "'_effectiveDateTime':{'extension':[{'url':'urn:x','valueCode':'unknown'}]}", "none",
     NULL, NULL},
    {"not a date is a text still", "'effectiveDateTime':'gestern'", "date", "gestern", NULL},
};

Test(observation, s15_reads_when_it_was)
{
    static const char *const names[] = {"none", "date", "period", "other"};

    for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
        struct reading reading;
        const struct gw_effective *got = &reading.fact.observation.effective;

        reading_with(&reading, "Observation", dates[i].members);
        cr_assert(eq(int, reading.rc, GW_OK), "%s: %s", dates[i].name, reading.err.text);
        cr_expect(eq(str, (char *)names[got->kind], (char *)dates[i].kind), "%s", dates[i].name);
        EXPECT_TEXT(got->date    ? got->date
                    : got->other ? got->other
                                 : got->period.start,
                    dates[i].first, "%s", dates[i].name);
        EXPECT_TEXT(got->period.end, dates[i].second, "%s", dates[i].name);
        reading_release(&reading);
    }
}

static const struct {
    const char *comparator;
    bool known;
} comparators[] = {{"'<'", true},   {"'<='", true}, {"'>='", true},          {"'>'", true}, {"'ad'", true},
                   {"'=<'", false}, {"'='", false}, {"'see report'", false}, {"''", true},  {"1", false}};

Test(observation, s12_takes_no_text_for_a_comparator)
{
    for (size_t i = 0; i < sizeof(comparators) / sizeof(comparators[0]); i++) {
        char members[200];
        struct reading reading;

        snprintf(members, sizeof(members), "'valueQuantity':{'value':1.5,'comparator':%s}", comparators[i].comparator);
        reading_with(&reading, "Observation", members);
        cr_expect(eq(int, reading.rc, comparators[i].known ? GW_OK : GW_EINPUT), "%s", comparators[i].comparator);
        if (!comparators[i].known)
            EXPECT_TEXT(reading.err.text, "Observation.valueQuantity.comparator: <, <=, >=, > or ad is wanted", "%s",
                        comparators[i].comparator);
        reading_release(&reading);
    }
}
