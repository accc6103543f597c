/*
 * Adverse events as a site reports them.
 */
#include "fhir/facts.h"

static const struct {
    const char *name;
    const char *members;
    const char *severity; /* R5 has none */
} events[] = {
    {"R4",
     "'identifier':{'system':'urn:ae','value':'17'},'actuality':'actual','category':[{'text':'product-use'}],"
     "'event':{'coding':[{'system':'" GW_SYSTEM_SNOMED "','code':'304386008'}]},"
     "'encounter':{'reference':'Encounter/e-1'},'date':'2024-02-14T09:00:00Z','detected':'2024-02-15',"
     "'recordedDate':'2024-02-16','resultingCondition':[{'reference':'Condition/c-1'}],"
     "'seriousness':{'text':'serious'},'severity':{'text':'severe'},'outcome':{'text':'resolved'},"
     "'suspectEntity':[{'instance':{'reference':'MedicationAdministration/a-1'},'causality':["
     "{'assessment':{'text':'probable'},'productRelatedness':'dose','author':7},{'assessment':{'text':'certain'}}]},"
     "{'instance':{'reference':'Medication/m-1'}}]",
     "severe"},
    {"R5",
     "'identifier':[{'system':'urn:ae','value':'17'}],'status':'completed','actuality':'actual',"
     "'category':[{'text':'product-use'}],'code':{'coding':[{'system':'" GW_SYSTEM_SNOMED "','code':'304386008'}]},"
     "'encounter':{'reference':'Encounter/e-1'},'occurrenceDateTime':'2024-02-14T09:00:00Z','detected':'2024-02-15',"
     "'recordedDate':'2024-02-16','resultingEffect':[{'reference':'Condition/c-1'}],"
     "'seriousness':{'text':'serious'},'outcome':[{'text':'resolved'}],"
     "'suspectEntity':[{'instanceReference':{'reference':'MedicationAdministration/a-1'},'causality':["
     "{'entityRelatedness':{'text':'probable'},'productRelatedness':'dose'},"
     "{'entityRelatedness':{'text':'certain'}}]},{'instanceReference':{'reference':'Medication/m-1'}}]",
     NULL},
};

static void expect_suspects(const struct gw_adverse_event *got, const char *name)
{
    const struct gw_suspect *first = got->suspects;

    cr_assert(got->suspect_count == 2 && first->causality_count == 2, "%s", name);
    EXPECT_TEXT(first->instance.type, "MedicationAdministration", "%s", name);
    EXPECT_TEXT(first->instance.id, "a-1", "%s", name);
    EXPECT_TEXT(first->causalities[0].assessment.text, "probable", "%s", name);
    EXPECT_TEXT(first->causalities[0].product_relatedness, "dose", "%s", name);
    EXPECT_TEXT(first->causalities[1].assessment.text, "certain", "%s", name);
    EXPECT_TEXT(got->suspects[1].instance.id, "m-1", "%s", name);
    cr_expect(eq(sz, got->suspects[1].causality_count, 0), "nobody judged: %s", name);
}

Test(adverse_event, tells_what_happened_when_and_what_was_suspected)
{
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        const char *name = events[i].name;
        struct reading reading;
        const struct gw_adverse_event *got = &reading.fact.adverse_event;

        reading_with(&reading, "AdverseEvent", events[i].members);
        cr_assert(eq(int, reading.rc, GW_OK), "%s: %s", name, reading.err.text);
        cr_expect(eq(int, reading.fact.type, GW_ADVERSE_EVENT));
        cr_expect(eq(int, reading.fact.standing, GW_ACCEPTED), "%s", name);
        cr_assert(eq(sz, reading.fact.identifier_count, 1), "%s", name);
        EXPECT_TEXT(reading.fact.identifiers[0].value, "17", "%s", name);
        EXPECT_TEXT(got->actuality, "actual", "%s", name);
        EXPECT_TEXT(got->categories[0].text, "product-use", "%s", name);
        EXPECT_TEXT(got->code.codings[0].code, "304386008", "%s", name);
        EXPECT_TEXT(got->encounter.id, "e-1", "%s", name);
        cr_expect(eq(int, got->effective.kind, GW_EFFECTIVE_DATE), "%s", name);
        EXPECT_TEXT(got->effective.date, "2024-02-14T09:00:00Z", "%s", name);
        EXPECT_TEXT(got->detected, "2024-02-15", "%s", name);
        EXPECT_TEXT(got->recorded_date, "2024-02-16", "%s", name);
        cr_assert(got->result_count == 1 && got->outcome_count == 1, "%s", name);
        EXPECT_TEXT(got->results[0].id, "c-1", "%s", name);
        EXPECT_TEXT(got->seriousness.text, "serious", "%s", name);
        EXPECT_TEXT(got->severity.text, events[i].severity, "%s", name);
        EXPECT_TEXT(got->outcomes[0].text, "resolved", "%s", name);
        expect_suspects(got, name);
        reading_release(&reading);
    }
}

Test(adverse_event, may_name_a_suspect_by_a_concept_and_last_for_a_time)
{
    struct reading reading;
    const struct gw_adverse_event *got = &reading.fact.adverse_event;

    reading_with(&reading, "AdverseEvent",
                 "'actuality':'actual','occurrencePeriod':{'start':'2024-02-14','end':'2024-02-20'},"
                 "'outcome':[{'text':'a'},{'text':'b'}],'suspectEntity':[{'instanceCodeableConcept':{'text':'len'},"
                 "'causality':{'entityRelatedness':{'text':'related'}}}]");
    cr_assert(eq(int, reading.rc, GW_OK), "%s", reading.err.text);
    EXPECT_TEXT(got->effective.period.end, "2024-02-20", "period");
    cr_assert(eq(sz, got->outcome_count, 2));
    EXPECT_TEXT(got->outcomes[1].text, "b", "outcome");
    EXPECT_TEXT(got->suspects[0].concept.text, "len", "suspect");
    cr_expect(eq(int, got->suspects[0].instance.kind, GW_REFERENCE_NONE));
    cr_assert(eq(sz, got->suspects[0].causality_count, 1));
    EXPECT_TEXT(got->suspects[0].causalities[0].assessment.text, "related", "one causality (R5)");
    reading_release(&reading);
}

static const struct {
    const char *name;
    const char *members;
    enum gw_standing standing;
} standings[] = {
    {"R4, actual", "'actuality':'actual'", GW_ACCEPTED},
    {"R4, potential", "'actuality':'potential'", GW_REFUSED},
    {"R4, nothing said", "'event':{}", GW_UNDECIDED},
    {"R4, another word", "'actuality':'possible'", GW_UNDECIDED},
    {"R5, completed", "'actuality':'actual','status':'completed'", GW_ACCEPTED},
    {"R5, in progress", "'actuality':'actual','status':'in-progress'", GW_PROVISIONAL},
    {"R5, in error", "'actuality':'actual','status':'entered-in-error'", GW_WITHDRAWN},
    {"R5, potential, in error", "'actuality':'potential','status':'entered-in-error'", GW_WITHDRAWN},
    {"R5, potential", "'actuality':'potential','status':'completed'", GW_REFUSED},
    {"R5, unknown", "'actuality':'actual','status':'unknown'", GW_UNDECIDED},
    {"R5, unknown and potential", "'actuality':'potential','status':'unknown'", GW_REFUSED},
};

Test(adverse_event, stands_by_its_actuality_and_its_status)
{
    for (size_t i = 0; i < sizeof(standings) / sizeof(standings[0]); i++) {
        struct reading reading;

        reading_with(&reading, "AdverseEvent", standings[i].members);
        cr_assert(eq(int, reading.rc, GW_OK), "%s: %s", standings[i].name, reading.err.text);
        cr_expect(eq(int, reading.fact.standing, standings[i].standing), "%s", standings[i].name);
        reading_release(&reading);
    }
}

static const struct {
    const char *members;
    const char *text;
} refusals[] = {
    {"'identifier':'17'", "identifier: an object, or an array of them, is wanted"},
    {"'actuality':true", "actuality: a string is wanted"},
    {"'category':{}", "category: an array is wanted"},
    {"'event':'rash'", "event: an object is wanted"},
    {"'code':[]", "code: an object is wanted"},
    {"'encounter':'e'", "encounter: an object is wanted"},
    {"'date':20240214", "date: a string is wanted"},
    {"'date':'2024-02-14','occurrenceDateTime':'2024-02-15'",
     "occurrenceDateTime: the only date is wanted, there are several"},
    {"'detected':1", "detected: a string is wanted"},
    {"'recordedDate':[]", "recordedDate: a string is wanted"},
    {"'resultingCondition':{}", "resultingCondition: an array is wanted"},
    {"'resultingEffect':[1]", "resultingEffect[0]: an object is wanted"},
    {"'seriousness':'serious'", "seriousness: an object is wanted"},
    {"'severity':3", "severity: an object is wanted"},
    {"'outcome':'resolved'", "outcome: an object, or an array of them, is wanted"},
    {"'suspectEntity':{}", "suspectEntity: an array is wanted"},
    {"'suspectEntity':[{'instance':'m'}]", "suspectEntity[0].instance: an object is wanted"},
    {"'suspectEntity':[{'instanceReference':'m'}]", "suspectEntity[0].instanceReference: an object is wanted"},
    {"'suspectEntity':[{'instanceCodeableConcept':'m'}]",
     "suspectEntity[0].instanceCodeableConcept: an object is wanted"},
    {"'suspectEntity':[{'causality':'no'}]", "suspectEntity[0].causality: an object, or an array of them, is wanted"},
    {"'suspectEntity':[{'causality':[{},{'assessment':'no'}]}]",
     "suspectEntity[0].causality[1].assessment: an object is wanted"},
    {"'suspectEntity':[{'causality':[{'productRelatedness':{}}]}]",
     "suspectEntity[0].causality[0].productRelatedness: a string is wanted"},
};

Test(adverse_event, with_an_element_of_a_wrong_type_is_refused_with_its_path)
{
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct reading reading;
        char text[200];

        snprintf(text, sizeof(text), "AdverseEvent.%s", refusals[i].text);
        reading_with(&reading, "AdverseEvent", refusals[i].members);
        cr_expect(eq(int, reading.rc, GW_EINPUT), "%s", refusals[i].members);
        cr_expect(eq(str, reading.err.text, text));
        reading_release(&reading);
    }
}
