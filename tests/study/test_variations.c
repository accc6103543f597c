/*
 * One record of a subject told in other words, each in turn: a member left out, another status, a comparator, a coarser
 * date, a period for a date, an unknown code. What holds whatever it says stands in support/vary_subject.h.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/chart.h"
#include "support/doses.h"
#include "support/vary_subject.h"
#include "support/whole.h"

static struct subject s;
static struct scratch scratch;

TestSuite(variations, .timeout = 240);

/* What records of drugs can say of doses, rates, rounds and products. */
static void add_dosages(void)
{
    static const char *const dosages[] = {
        "'timing':{'repeat':{'boundsPeriod':{'start':'2024-01-15','end':'2024-01-20'},'frequency':1,'frequencyMax':1,"
        "'period':1,'periodMax':1,'periodUnit':'d'}},'doseAndRate':[{'doseQuantity':{'value':10,'unit':'mg'}}]},"
        "{'timing':{'repeat':{'boundsPeriod':{'start':'2024-01-21','end':'2024-01-28'},'frequency':1,'period':1,"
        "'periodUnit':'d'}},'doseAndRate':[{'doseQuantity':{'value':15,'unit':'mg'}}]",
        "'sequence':1,'timing':{'repeat':{'boundsDuration':{'value':7,'code':'d'},'frequency':1,'period':1,"
        "'periodUnit':'d'}},'doseAndRate':[{'doseQuantity':{'value':10,'unit':'mg'}}]},{'sequence':2,'timing':{"
        "'repeat':{'frequency':1,'period':12,'periodUnit':'h'}},'doseAndRate':[{'doseQuantity':{'value':5,'unit':"
        "'mg'}}]",
        "'timing':{'event':['2024-02-15','2024-02-18','2024-02-20']},'doseAndRate':[{'doseQuantity':{'value':25,"
        "'unit':'mg','code':'mg','system':'http://unitsofmeasure.org'}}]",
        "'timing':{'repeat':{'frequency':21,'period':28,'periodUnit':'d'}},'route':{'coding':[{'system':"
        "'http://snomed.info/sct','code':'26643006'}]},'doseAndRate':[{'doseQuantity':{'value':2,'unit':'{capsule}'}}]",
        "'timing':{'repeat':{'dayOfWeek':['mon','thu'],'timeOfDay':['08:00:00']}},'asNeededBoolean':false,"
        "'doseAndRate':[{'doseQuantity':{'value':1,'unit':'tablet'}}]",
        "'timing':{'code':{'coding':[{'code':'QOD'}]}},'doseAndRate':[{'doseRange':{'low':{'value':1,'unit':'mg'},"
        "'high':{'value':2,'unit':'mg'}}}]",
        "'timing':{'repeat':{'frequency':2,'period':1,'periodUnit':'d'}},'doseAndRate':[{'doseQuantity':{'value':4,"
        "'unit':'mg'}}]},{'timing':{'repeat':{'frequency':1,'period':1,'periodUnit':'d'}},'doseAndRate':[{"
        "'doseQuantity':{'value':2,'unit':'mg'}}]",
    };
    static const char *const types[] = {"MedicationStatement", "MedicationRequest"};

    for (size_t i = 0; i < sizeof dosages / sizeof *dosages; i++)
        for (size_t k = 0; k < sizeof types / sizeof *types; k++)
            subject_add(
                &s,
                "{'resourceType':'%s','id':'do%zu%zu','status':'completed','subject':{'reference':'Patient/p1'},"
                "'%s':'2024-01-15','effectivePeriod':{'start':'2024-01-15','end':'2024-03-11'},"
                "'medicationReference':{'reference':'Medication/product'},'%s':[{%s}]}",
                types[k], i, k, k ? "authoredOn" : "dateAsserted", k ? "dosageInstruction" : "dosage", dosages[i]);
    subject_add(&s, "{'resourceType':'Medication','id':'product','code':{'coding':[{'system':"
                    "'http://www.whocc.no/atc','code':'L04AX04'}]},'ingredient':[{'itemCodeableConcept':{'coding':[{"
                    "'system':'http://www.whocc.no/atc','code':'L04AX04'}]},'strength':{'numerator':{'value':5,"
                    "'unit':'mg','code':'mg'},'denominator':{'value':1,'unit':'tablet'}}}]}");
    subject_add(&s, "{'resourceType':'MedicationAdministration','id':'drip','status':'completed','subject':{"
                    "'reference':'Patient/p1'},'medicationReference':{'reference':'Medication/product'},"
                    "'effectivePeriod':{'start':'2024-01-30T09:00:00+01:00','end':'2024-01-30T11:30:00+01:00'},"
                    "'dosage':{'rateQuantity':{'value':4,'unit':'mg/h','code':'mg/h'}}}");
    subject_add(&s, "{'resourceType':'MedicationDispense','id':'handed','status':'completed','subject':{'reference':"
                    "'Patient/p1'},'medicationReference':{'reference':'Medication/product'},'whenHandedOver':"
                    "'2024-03-20','quantity':{'value':21,'unit':'tablet'},'daysSupply':{'value':21,'unit':'d'},"
                    "'dosageInstruction':[{'timing':{'repeat':{'frequency':1,'period':1,'periodUnit':'d'}},"
                    "'doseAndRate':[{'doseQuantity':{'value':5,'unit':'mg'}}]}]}");
}

/* Limits by age and sex, components, specimens, values that others make. */
static void add_results(void)
{
    subject_add(&s, "{'resourceType':'Observation','id':'ranges','status':'final','subject':{'reference':'Patient/p1'},"
                    "'code':{'coding':[{'system':'http://loinc.org','code':'718-7'}]},'effectiveDateTime':'2024-02-14',"
                    "'valueQuantity':{'value':9.1,'unit':'g/dL','code':'g/dL','system':'http://unitsofmeasure.org'},"
                    "'referenceRange':[{'low':{'value':12,'unit':'g/dL'},'high':{'value':16,'unit':'g/dL'},"
                    "'appliesTo':[{'coding':[{'code':'female'}]}],'age':{'low':{'value':18,'code':'a'},'high':{'value':"
                    "120,'unit':'a'}}},{'low':{'value':13,'unit':'g/dL'},'high':{'value':17,'unit':'g/dL'},'appliesTo':"
                    "[{'coding':[{'code':'male'}]}]},{'text':'12 - 16'}]}");
    subject_add(&s, "{'resourceType':'Specimen','id':'tube','subject':{'reference':'Patient/p1'},'collection':{"
                    "'collectedDateTime':'2024-03-14T08:00:00+01:00'}}");
    subject_add(&s, "{'resourceType':'Observation','id':'white','status':'final','subject':{'reference':'Patient/p1'},"
                    "'code':{'coding':[{'system':'http://loinc.org','code':'6690-2'}]},'effectiveDateTime':"
                    "'2024-04-14T08:00:00Z','specimen':{'reference':'Specimen/tube'},'valueQuantity':{'value':2.0,"
                    "'unit':'10*9/L'},'interpretation':[{'coding':[{'code':'L'}]}]}");
    subject_add(&s, "{'resourceType':'Observation','id':'share','status':'final','subject':{'reference':'Patient/p1'},"
                    "'code':{'coding':[{'system':'http://loinc.org','code':'770-8'}]},'effectiveDateTime':"
                    "'2024-04-14T08:00:00Z','specimen':{'reference':'Specimen/tube'},'valueQuantity':{'value':40,"
                    "'unit':'%%'}}");
    subject_add(&s, "{'resourceType':'Observation','id':'pressure','status':'final','subject':{'reference':'Patient/p1'"
                    "},'code':{'coding':[{'system':'http://loinc.org','code':'85354-9'}]},'effectivePeriod':{'start':"
                    "'2024-02-14T08:00:00Z','end':'2024-02-14T09:00:00Z'},'component':[{'code':{'coding':[{'system':"
                    "'http://loinc.org','code':'8480-6'}]},'valueQuantity':{'value':84,'unit':'mmHg'}},{'code':{"
                    "'coding':[{'system':'http://loinc.org','code':'29463-7'}]},'valueQuantity':{'value':70,'unit':'kg'"
                    "}}]}");
    subject_add(&s, "{'resourceType':'Observation','id':'thyroid','status':'final','subject':{'reference':'Patient/p1'"
                    "},'code':{'coding':[{'system':'http://loinc.org','code':'3016-3'}]},'effectiveDateTime':"
                    "'2024-02-14','valueQuantity':{'value':9.0,'unit':'m[IU]/L'},'referenceRange':[{'low':{'value':0.4,"
                    "'unit':'m[IU]/L'},'high':{'value':4.0,'unit':'m[IU]/L'}}]}");
    subject_add(&s, "{'resourceType':'Observation','id':'culture','status':'final','subject':{'reference':'Patient/p1'"
                    "},'code':{'coding':[{'system':'http://loinc.org','code':'600-7'}]},'effectiveDateTime':"
                    "'2024-03-02','interpretation':[{'coding':[{'code':'POS'}]}],'valueCodeableConcept':{'coding':[{"
                    "'system':'http://snomed.info/sct','code':'10828004'}]}}");
}

Test(variations, of_doses_are_told_apart_and_never_break)
{
    whole_init(&s, &scratch);
    subject_add_patient(&s, "female", "1946-03-01");
    subject_add_visit(&s, "visit", "2024-02-14");
    add_dosages();
    cr_expect(gt(sz, vary_subject(&s), 500));
    whole_release(&s, &scratch);
}

Test(variations, of_results_are_told_apart_and_never_break)
{
    whole_init(&s, &scratch);
    whole_add_course(&s);
    add_results();
    cr_expect(gt(sz, vary_subject(&s), 500));
    whole_release(&s, &scratch);
}

/* ---- the roster and the day up to which all is known ---- */

static gw_day day_or_none(const char *text)
{
    return text ? subject_day(text) : GW_NO_DAY;
}

Test(variations, of_the_roster_and_of_what_is_known_never_break)
{
    static const char *const days[] = {NULL, "2023-12-01", "2024-01-15", "2024-02-10", "2024-04-20", "2025-02-01"};
    static const size_t count = sizeof days / sizeof *days;

    whole_init(&s, &scratch);
    whole_add_course(&s);
    whole_add_parameters(&s);
    whole_add_events(&s);
    subject_derive(&s);
    cr_assert(gt(sz, s.derived.part_count, 50));
    for (size_t i = 0; i < count * count * count; i++) {
        s.line.end_of_treatment = day_or_none(days[i % count]);
        s.line.withdrawn = day_or_none(days[i / count % count]);
        s.horizon = subject_day(days[i / count / count] ? days[i / count / count] : "2024-06-30");
        s.line.first_dose = i % 5 == 4 ? GW_NO_DAY : subject_day("2024-01-15");
        subject_study(&s)->d1_evidence[GW_RANK_DISPENSE] = i % 5 >= 3;
        s.facts[0].patient.deceased = i % 7 >= 5;
        s.facts[0].patient.deceased_date = i % 7 == 6 ? "2024-05-01" : NULL;
        vary_check(&s, "roster", i);
    }
    whole_release(&s, &scratch);
}

/* The same results told twice: by identifier, by specimen, by what they say. */
static void add_twins(void)
{
#define TWIN(id, head, tail)                                                                                           \
    "{'resourceType':'Observation','id':'" id "','status':'final',"                                                    \
    "'meta':{'lastUpdated':'2024-02-14T1" head ":00:00Z'},'subject':{'reference':'Patient/p1'},"                       \
    "'identifier':[{'system':'urn:lab','value':'n1'}],'specimen':{'reference':'Specimen/tube'},'code':{'coding':[{"    \
    "'system':'http://loinc.org','code':" tail "}"
#define NUMBER "'751-8'}]},'effectiveDateTime':'2024-02-14T08:00:00Z','valueQuantity':{'value':1.2,'unit':'10*9/L'}"
#define CULTURE                                                                                                        \
    "'600-7'}]},'effectiveDateTime':'2024-02-14','valueCodeableConcept':{'coding':[{'system':"                         \
    "'http://snomed.info/sct','code':'10828004'}]}"
#define WORD "'718-7'}]},'effectiveDateTime':'2024-02-14','valueString':'11.2'"
    subject_add(&s, "%s", TWIN("n1", "0", NUMBER));
    subject_add(&s, "%s", TWIN("n2", "1", NUMBER));
    subject_add(&s, "%s", TWIN("n3", "1", NUMBER));
    subject_add(&s, "%s", TWIN("c1", "0", CULTURE));
    subject_add(&s, "%s", TWIN("c2", "1", CULTURE));
    subject_add(&s, "%s", TWIN("w1", "0", WORD));
    subject_add(&s, "%s", TWIN("w2", "1", WORD));
#undef TWIN
#undef NUMBER
#undef CULTURE
#undef WORD
    subject_add(&s, "{'resourceType':'Specimen','id':'tube','subject':{'reference':'Patient/p1'},'collection':{"
                    "'collectedDateTime':'2024-02-14T08:00:00+01:00'}}");
}

Test(variations, of_twins_are_told_apart_and_never_break)
{
    whole_init(&s, &scratch);
    subject_add_patient(&s, "female", "1946-03-01");
    subject_add_visit(&s, "visit", "2024-02-14");
    add_twins();
    cr_expect(gt(sz, vary_subject(&s), 300));
    whole_release(&s, &scratch);
}

/* What speaks for a clot to come, for a response and for reactions to low counts. */
static void add_risks(void)
{
    static const struct {
        const char *code, *onset;
    } diagnoses[] = {{"I82.402", "2023-11-01"}, {"Z86.718", "2023-12-01"}, {"I21.4", "2023-12-20"},
                     {"J18.9", "2024-01-10"},   {"E66.9", "2020-01-01"},   {"D68.51", "2019-01-01"},
                     {"C90.30", "2024-03-01"},  {"N18.6", "2023-06-01"},   {"I50.9", "2020-01-01"}};

    for (size_t i = 0; i < sizeof diagnoses / sizeof *diagnoses; i++)
        subject_add_condition(&s, gw_arena_print(&s.arena, "risk%zu", i), diagnoses[i].code, diagnoses[i].onset, NULL);
    doses_add(&s, "B03XA01", "S -20..30 4000");
    doses_add(&s, "B01AB05", "S 0..100 40; S 101..120 80 bid");
    doses_add(&s, "B01AA03", "S 30..60 5");
    doses_add(&s, "H02AB02", "S 0..3 40; S 8..11 40; S 16..19 40");
    doses_add(&s, "L03AA02", "A 31 0.3");
    subject_add_value(&s, "kg", "29463-7", "2024-01-15", "101", "kg");
    subject_add_value(&s, "cm", "8302-2", "2024-01-15", "170", "cm");
    subject_add_value(&s, "crea", "2160-0", "2024-01-15", "1.1", "mg/dL");
    subject_add_value(&s, "ecog", "89247-1", "2024-01-15", "2", "{score}");
    subject_add_value(&s, "plt", "777-3", "2024-01-15", "120", "10*9/L");
    subject_add_value(&s, "tsh", "3016-3", "2024-04-14", "9.0", "m[IU]/L");
    subject_add_value(&s, "fixed", "25700-6", "2024-04-14", "1", "1");
}

Test(variations, of_risks_are_told_apart_and_never_break)
{
    whole_init(&s, &scratch);
    subject_add_patient(&s, "female", "1946-03-01");
    subject_add_visit(&s, "visit", "2024-02-14");
    add_risks();
    cr_expect(gt(sz, vary_subject(&s), 300));
    whole_release(&s, &scratch);
}

/* Fevers and counts by the hour, what lowered them, a stay, and whom a physician suspects. */
static void add_fevers(void)
{
    static const struct {
        const char *id, *loinc, *when, *value, *unit;
    } values[] = {
        {"t1", "8310-5", "2024-02-20T08:00:00Z", "38.1", "Cel"},
        {"t2", "8310-5", "2024-02-20T09:30:00Z", "38.2", "Cel"},
        {"t3", "8310-5", "2024-02-20T10:00:00Z", "38.6", "Cel"},
        {"t4", "8310-5", "2024-02-22T10:00:00Z", "36.9", "Cel"},
        {"t5", "8310-5", "2024-02-25", "38.5", "Cel"},
        {"t6", "8310-5", "2024-03-10T10:00:00Z", "38.9", "Cel"},
        {"n1", "751-8", "2024-02-20T06:00:00Z", "0.8", "10*9/L"},
        {"n2", "751-8", "2024-02-20T20:00:00Z", "0.4", "10*9/L"},
        {"n3", "751-8", "2024-02-25T08:00:00Z", "<0.5", "10*9/L"},
        {"n4", "751-8", "2024-02-28", "1.8", "10*9/L"},
        {"n5", "751-8", "2024-03-11T09:00:00Z", ">=1.0", "10*9/L"},
    };
    static const char *const given[] = {"2024-02-20T07:00:00Z", "2024-02-20T09:00:00Z", "2024-02-20T09:00:00Z"};
    static const char *const suspects[] = {
        "'instanceCodeableConcept':{'coding':[{'system':'http://www.whocc.no/atc','code':'L04AX04'}]}",
        "'instance':{'reference':'Medication/capsule'}", "'instanceReference':{'reference':'Medication/capsule'}"};

    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        subject_add_value(&s, values[i].id, values[i].loinc, values[i].when, values[i].value, values[i].unit);
    for (size_t i = 0; i < sizeof given / sizeof *given; i++)
        subject_add(&s,
                    "{'resourceType':'MedicationAdministration','id':'relief%zu','status':'completed','subject':{"
                    "'reference':'Patient/p1'},'medicationCodeableConcept':{'coding':[{'system':"
                    "'http://www.whocc.no/atc','code':'N02BE01'}]},'effectiveDateTime':'%s'}",
                    i, given[i]);
    subject_add(&s, "{'resourceType':'Medication','id':'capsule','code':{'coding':[{'system':"
                    "'http://www.whocc.no/atc','code':'L04AX04'}]}}");
    for (size_t i = 0; i < sizeof suspects / sizeof *suspects; i++)
        subject_add(
            &s,
            "{'resourceType':'AdverseEvent','id':'said%zu','status':'completed','actuality':'actual','subject':{"
            "'reference':'Patient/p1'},'detected':'2024-02-21','recordedDate':'2024-02-22','event':{'coding':[{"
            "'system':'http://hl7.org/fhir/sid/icd-10-cm','code':'D70.1'}]},'suspectEntity':[{%s,'causality':[{"
            "'assessment':{'coding':[{'system':"
            "'http://terminology.hl7.org/CodeSystem/adverse-event-causality-assess','code':'Possible'}]}}]}]}",
            i, suspects[i]);
    subject_add(&s, "{'resourceType':'Encounter','id':'stay','status':'finished','class':{'code':'IMP'},'subject':{"
                    "'reference':'Patient/p1'},'period':{'start':'2024-02-20','end':'2024-02-24'}}");
}

Test(variations, of_fevers_are_told_apart_and_never_break)
{
    whole_init(&s, &scratch);
    subject_add_patient(&s, "female", "1946-03-01");
    subject_add_visit(&s, "visit", "2024-02-14");
    subject_add_visit(&s, "visit2", "2024-03-15");
    add_fevers();
    cr_expect(gt(sz, vary_subject(&s), 300));
    whole_release(&s, &scratch);
}

Test(variations, of_charts_are_told_apart_and_never_break)
{
    static const char *const charts[] = {
        "d1 12:00 S 140;d1 16:00 S 138;d1 20:00 S 142;d2 14:00 T 38.5;d2 15:00 TF 102.2;d2 15:00 S 84;d2 16:00 O 88;"
        "d2 16:30 FN 2;d2 17:00 FM 8;d2 17:30 X 40;d2 18:00 R C01CA03 10;d2 18:30 A L04AC07;d2 19:00 R H01BA01 2;"
        "d2 20:00 P 47545007 10;d3 08:00 T 36.8",
        "d2 14:00 T 38.5;d2 C D89.832 d5;d2 21:00 A N02BE01;d3 08:00 T 36.8;d9 14:00 T 39.0;d9 T 38.8;d9 15:00 FV 30;"
        "d9 18:00 FH 40;d11 10:00 T 36.5;d11 C D89.831 d12",
        "d2 08:00 I 8;d2 20:00 I 5;d3 08:00 I 10;d9 I 2;d9 14:00 G 13;d9 C R47.01;d10 C G92.03 d12;d11 A H02AB02;"
        "d12 I 10",
    };
    size_t told = 0;

    for (size_t i = 0; i < sizeof charts / sizeof *charts; i++) {
        chart_init(&s, &scratch);
        whole_shorten(&s, 4);
        s.horizon = subject_day("2024-03-30");
        chart_add(&s, charts[i]);
        told += vary_subject(&s);
        chart_release(&s, &scratch);
    }
    cr_expect(gt(sz, told, 500));
}

Test(variations, of_doses_and_parameters_are_told_apart_and_never_break)
{
    whole_init(&s, &scratch);
    whole_add_course(&s);
    whole_add_parameters(&s);
    cr_expect(gt(sz, vary_subject(&s), 1000));
    whole_release(&s, &scratch);
}

Test(variations, of_events_are_told_apart_and_never_break)
{
    whole_init(&s, &scratch);
    whole_add_course(&s);
    whole_add_events(&s);
    whole_add_questions(&s);
    whole_add_decisions(&s);
    cr_expect(gt(sz, vary_subject(&s), 1000));
    whole_release(&s, &scratch);
}
