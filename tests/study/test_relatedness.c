/*
 * Whose opinion of a pneumonia (day 30 to 40) counts: which drug an AdverseEvent suspects, in which words, when it was,
 * and what it says it resulted in. Days are counted from the first dose.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "support/doses.h"

static struct subject s;

static void start(void)
{
    subject_init(&s);
    subject_add_monthly_visits(&s, 8);
    subject_add_condition(&s, "c", "J18.9", "2024-02-14", "2024-02-24");
    subject_add(&s, "{'resourceType':'Medication','id':'len','code':{'coding':[{'system':'http://www.whocc.no/atc',"
                    "'code':'L04AX04'}]}}");
    subject_add(&s, "{'resourceType':'Medication','id':'acv','code':{'coding':[{'system':'http://www.whocc.no/atc',"
                    "'code':'J05AB01'}]}}");
    subject_add(&s, "{'resourceType':'MedicationStatement','id':'st','status':'active','subject':{'reference':"
                    "'Patient/p1'},'effectiveDateTime':'2024-01-15','medicationReference':{'reference':"
                    "'Medication/len'}}");
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(relatedness, .init = start, .fini = stop, .timeout = 120);

#define OPINION                                                                                                        \
    "{'resourceType':'AdverseEvent','id':'%s','actuality':'actual','subject':{'reference':'Patient/p1'},"              \
    "'suspectEntity':[{%s,'causality':[%s]}],%s}"
#define WORD(word)                                                                                                     \
    "{'assessment':{'coding':[{'system':'http://terminology.hl7.org/CodeSystem/adverse-event-causality-assess',"       \
    "'code':'" word "'}]}}"
#define OF(reference)     "'instance':{'reference':'" reference "'}"
#define DRUG(atc)         "'instanceCodeableConcept':{'coding':[{'system':'http://www.whocc.no/atc','code':'" atc "'}]}"
#define RESULT(reference) "'resultingCondition':[{'reference':'" reference "'}]"
#define EVENT(code)       "'event':{'coding':[{'system':'http://hl7.org/fhir/sid/icd-10-cm','code':'" code "'}]}"

static const struct {
    const char *name, *suspect, *words, *more, *relatedness;
} opinions[] = {
    /* the suspect */
    {"a record of the drug", OF("MedicationStatement/st"), WORD("Certain"), RESULT("Condition/c"), "related"},
    {"the drug by its Medication", OF("Medication/len"), WORD("Certain"), RESULT("Condition/c"), "related"},
    {"another Medication", OF("Medication/acv"), WORD("Certain"), RESULT("Condition/c"), "unassessed"},
    {"the drug by its code", DRUG("L04AX04"), WORD("Certain"), RESULT("Condition/c"), "related"},
    {"the other drug of day 1", DRUG("H02AB02"), WORD("Certain"), RESULT("Condition/c"), "related"},
    {"another drug by its code", DRUG("J05AB01"), WORD("Certain"), RESULT("Condition/c"), "unassessed"},
    {"a drug of no row", DRUG("Z99ZZ99"), WORD("Certain"), RESULT("Condition/c"), "unassessed"},
    {"what is no drug", OF("Condition/c"), WORD("Certain"), RESULT("Condition/c"), "unassessed"},
    {"an identifier alone", "'instance':{'identifier':{'system':'urn:x','value':'1'}}", WORD("Certain"),
     RESULT("Condition/c"), "unassessed"},

    /* the words */
    {"the worst of two", OF("MedicationStatement/st"), WORD("Certain") "," WORD("Unlikely"), RESULT("Condition/c"),
     "related"},
    {"in the other order", OF("MedicationStatement/st"), WORD("Unlikely") "," WORD("Certain"), RESULT("Condition/c"),
     "related"},
    {"a word of no list beside it", OF("MedicationStatement/st"), WORD("Maybe") "," WORD("Unlikely"),
     RESULT("Condition/c"), "not related"},
    {"no word", OF("MedicationStatement/st"), "{'author':{'reference':'Practitioner/1'}}", RESULT("Condition/c"),
     "unassessed"},

    /* the event */
    {"a result told by an identifier alone", OF("MedicationStatement/st"), WORD("Certain"),
     "'resultingCondition':[{'identifier':{'system':'urn:x','value':'c'}}]", "unassessed"},
    {"a result that is not there, and the event", OF("MedicationStatement/st"), WORD("Certain"),
     "'resultingCondition':[{'reference':'Condition/none'},{'reference':'Condition/c'}]", "related"},
    {"its category, on a day of it", OF("MedicationStatement/st"), WORD("Certain"),
     EVENT("J15.9") ",'date':'2024-02-20'", "related"},
    {"its category, from a day of it", OF("MedicationStatement/st"), WORD("Certain"),
     EVENT("J15.9") ",'occurrencePeriod':{'start':'2024-02-20','end':'2024-02-22'}", "related"},
    {"its category, found on a day of it", OF("MedicationStatement/st"), WORD("Certain"),
     EVENT("J15.9") ",'detected':'2024-02-20'", "related"},
    {"its category, written down on a day of it", OF("MedicationStatement/st"), WORD("Certain"),
     EVENT("J15.9") ",'recordedDate':'2024-02-20'", "related"},
    {"its category, on no day", OF("MedicationStatement/st"), WORD("Certain"), EVENT("J15.9"), "unassessed"},
    {"its category, some day of the month", OF("MedicationStatement/st"), WORD("Certain"),
     EVENT("J15.9") ",'date':'2024-02'", "unassessed"},
    {"a category that the study does not ask for", OF("MedicationStatement/st"), WORD("Certain"),
     EVENT("D89.831") ",'date':'2024-02-20'", "unassessed"},
    {"a code of no category", OF("MedicationStatement/st"), WORD("Certain"), EVENT("Z00.0") ",'date':'2024-02-20'",
     "unassessed"},
    {"no code", OF("MedicationStatement/st"), WORD("Certain"), "'date':'2024-02-20'", "unassessed"},
};

static void expect_related(const char *what, const char *wanted)
{
    subject_derive(&s);
    expect_text(what, subject_episode_of(&s, "INFECTION")->relatedness, wanted);
}

Test(relatedness, is_an_opinion_of_a_study_drug_and_of_this_event)
{
    for (size_t i = 0; i < sizeof opinions / sizeof *opinions; i++) {
        stop();
        start();
        subject_add(&s, OPINION, "ae", opinions[i].suspect, opinions[i].words, opinions[i].more);
        expect_related(opinions[i].name, opinions[i].relatedness);
    }
}

Test(relatedness, is_the_worst_of_several_opinions_in_any_order)
{
    for (int i = 0; i < 2; i++) {
        stop();
        start();
        subject_add(&s, OPINION, i ? "a1" : "a2", OF("Medication/len"), WORD("Certain"), RESULT("Condition/c"));
        subject_add(&s, OPINION, i ? "a2" : "a1", OF("Medication/len"), WORD("Unlikely"), RESULT("Condition/c"));
        expect_related(i ? "the worse first" : "the worse last", "related");
    }
}

Test(relatedness, is_that_of_the_current_version)
{
    subject_add(&s, OPINION, "ae", OF("Medication/len"), WORD("Certain"), RESULT("Condition/c"));
    subject_add(&s, OPINION, "ae", OF("Medication/len"), WORD("Unlikely"), RESULT("Condition/c"));
    s.facts[s.count - 1].delivery = 1;
    expect_related("corrected", "not related");
}

Test(relatedness, is_not_read_from_what_is_not_understood)
{
    subject_add(&s, OPINION, "ae", OF("Medication/len"), WORD("Certain"),
                RESULT("Condition/c") ",'modifierExtension':[{'url':'urn:x','valueBoolean':true}]");
    expect_related("modified", "unassessed");
}

/* An Observation that is the evidence of one event alone needs no code beside it. */
Test(relatedness, is_said_of_the_event_of_a_result)
{
    const struct gw_row_ae_episodes *row;

    subject_add_lab(&s, "low", "777-3", "2024-03-15", "40");
    subject_add(&s, OPINION, "ae", OF("Medication/len"), WORD("Certain"), RESULT("Observation/low"));
    subject_derive(&s);
    for (size_t i = 0; (row = subject_episode(&s, i)); i++)
        expect_text(row->category, row->relatedness,
                    strcmp(row->category, "THROMBOCYTOPENIA") == 0 ? "related" : "unassessed");
    cr_expect(eq(sz, s.derived.rows.tables[GW_TABLE_ae_episodes].count, 2));
}
