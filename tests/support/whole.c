#include "support/whole.h"

#include <criterion/criterion.h>

#include "support/doses.h"

static const char profile[] =
    "{\"id\":\"madrid\",\"zone\":\"Europe/Madrid\",\"contacts\":\"encounters\",\"questionnaires\":["
    "{\"questionnaire\":\"urn:q:katz\",\"instrument\":\"KATZ-ADL\",\"items\":[{\"link\":\"t\",\"item\":0}]},"
    "{\"questionnaire\":\"urn:q:lawton\",\"instrument\":\"LAWTON-IADL\",\"items\":[{\"link\":\"t\",\"item\":0}]},"
    "{\"questionnaire\":\"urn:q:c30\",\"instrument\":\"QLQ-C30\",\"items\":[{\"link\":\"q1\",\"item\":1},"
    "{\"link\":\"q2\",\"item\":2},{\"link\":\"q3\",\"item\":3},{\"link\":\"q8\",\"item\":8},"
    "{\"link\":\"q29\",\"item\":29},{\"link\":\"q30\",\"item\":30}]}],"
    "\"ranges\":[{\"concept\":\"PLT\",\"sex\":null,\"low\":\"150\",\"high\":\"400\",\"unit\":\"10*9/L\"}]}";

void whole_shorten(struct subject *s, int windows)
{
    struct gw_study *study = subject_study(s);
    struct gw_window_rule *rules = gw_arena_alloc(&s->arena, study->window_count * sizeof *rules);

    cr_assert(rules != NULL);
    for (size_t i = 0; i < study->window_count; i++) {
        rules[i] = study->windows[i];
        if (rules[i].count > windows)
            rules[i].count = windows;
    }
    study->windows = rules;
}

void whole_init(struct subject *s, struct scratch *scratch)
{
    subject_init(s);
    scratch_init(scratch);
    subject_set_profile(s, scratch, profile);
    whole_shorten(s, 4);
    subject_trust_roster(s); /* no conflict blocks the subject */
}

void whole_release(struct subject *s, struct scratch *scratch)
{
    subject_release(s);
    scratch_release(scratch);
}

void whole_add_course(struct subject *s)
{
    static const char *const visits[] = {"2024-01-15", "2024-02-14", "2024-03-15",
                                         "2024-04-14", "2024-05-14", "2024-07-13"};
    static const struct {
        const char *id, *loinc, *day, *value;
    } counts[] = {
        {"anc0", "751-8", "2024-01-15", "3.0"}, {"anc1", "751-8", "2024-02-13", "0.9"},
        {"anc2", "751-8", "2024-02-16", "0.4"}, {"anc3", "751-8", "2024-03-14", "2.4"},
        {"anc4", "751-8", "2024-03-15", "2.4"}, {"anc5", "751-8", "2024-05-20", "1.1"},
        {"plt0", "777-3", "2024-01-14", "160"}, {"plt1", "777-3", "2024-02-14", "25"},
        {"plt2", "777-3", "2024-03-14", "180"}, {"plt3", "777-3", "2024-04-14", "<50"},
    };

    subject_add_patient(s, "female", "1946-03-01");
    for (size_t i = 0; i < sizeof visits / sizeof *visits; i++)
        subject_add_visit(s, gw_arena_print(&s->arena, "visit%zu", i), visits[i]);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        subject_add_value(s, counts[i].id, counts[i].loinc, counts[i].day, counts[i].value, "10*9/L");
    doses_add(s, "L04AX04", "D 0 21x25/21; D 35 21x15/21; S 70..90 15; S 98..110 10; A 3 15; N 42");
    doses_add(s, "H02AB02", "S 0..27 40 weekly; S 35..110 20 weekly");
    doses_add(s, "B01AC06", "S -5..120 100");
    doses_add(s, "B01AB05", "S 130..160 80 bid");
    doses_add(s, "J01EE01", "S 0..60 480");
    doses_add(s, "L03AA02", "A 33 0.3; A 34 0.3");
}

static void answer(struct subject *s, const char *id, const char *questionnaire, const char *day, const char *items)
{
    subject_add(s,
                "{'resourceType':'QuestionnaireResponse','id':'%s','status':'completed','subject':{'reference':"
                "'Patient/p1'},'questionnaire':'urn:q:%s','authored':'%s','item':[%s]}",
                id, questionnaire, day, items);
}

static void add_disease(struct subject *s)
{
    static const struct {
        const char *day, *serum, *urine, *kappa, *lambda;
    } days[] = {
        {"2024-01-14", "32", "900", "300", "10"}, {"2024-04-14", "14", "300", "120", "11"},
        {"2024-05-14", "12", "150", "90", "11"},  {"2024-07-13", "2", "40", "20", "12"},
        {"2024-10-10", "3", "45", "21", "12"},    {"2025-01-08", "30", "700", "250", "12"},
    };

    for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
        subject_add_value(s, gw_arena_print(&s->arena, "serum%zu", i), "33358-3", days[i].day, days[i].serum, "g/L");
        subject_add_value(s, gw_arena_print(&s->arena, "urine%zu", i), "42482-0", days[i].day, days[i].urine,
                          "mg/(24.h)");
        subject_add_value(s, gw_arena_print(&s->arena, "kappa%zu", i), "36916-5", days[i].day, days[i].kappa, "mg/L");
        subject_add_value(s, gw_arena_print(&s->arena, "lambda%zu", i), "33944-0", days[i].day, days[i].lambda, "mg/L");
    }
    subject_add_value(s, "marrow", "11118-7", "2024-01-10", "40", "%");
}

static void add_body(struct subject *s)
{
    subject_add_value(s, "kg", "29463-7", "2024-01-15", "70", "kg");
    subject_add_value(s, "cm", "8302-2", "2024-01-15", "170", "cm");
    subject_add_value(s, "crea0", "2160-0", "2024-01-15", "1.9", "mg/dL");
    subject_add_value(s, "crea1", "2160-0", "2024-04-14", "1.1", "mg/dL");
    subject_add_value(s, "ecog", "89247-1", "2024-01-15", "1", "{score}");
    subject_add_value(s, "wbc", "6690-2", "2024-03-20", "2.0", "10*9/L");
    subject_add_value(s, "neutrophils", "770-8", "2024-03-20", "40", "%");
    subject_add_value(s, "calcium", "17861-6", "2024-04-14", "10.9", "mg/dL");
    subject_add_value(s, "albumin", "1751-7", "2024-04-14", "3.1", "g/dL");
    subject_add_value(s, "tsh", "3016-3", "2024-04-14", "9.0", "m[IU]/L");
    answer(s, "adl", "katz", "2024-01-15", "{'linkId':'t','answer':[{'valueInteger':5}]}");
    answer(s, "iadl", "lawton", "2024-01-15", "{'linkId':'t','answer':[{'valueInteger':7}]}");
    answer(s, "life0", "c30", "2024-01-15",
           "{'linkId':'q29','answer':[{'valueInteger':5}]},{'linkId':'q30','answer':[{'valueInteger':6}]},"
           "{'linkId':'q8','answer':[{'valueInteger':2}]}");
    answer(s, "life1", "c30", "2024-04-14",
           "{'linkId':'q29','answer':[{'valueInteger':3}]},{'linkId':'q30','answer':[{'valueInteger':3}]},"
           "{'linkId':'q8','answer':[{'valueInteger':9}]}");
}

void whole_add_parameters(struct subject *s)
{
    s->horizon = subject_day("2025-03-31");
    add_disease(s);
    add_body(s);
    subject_add_condition(s, "myeloma", "C90.00", "2019-05-01", NULL);
    subject_add_condition(s, "heart", "I50.9", "2020-05-01", NULL);
    subject_add_condition(s, "sugar", "E11.9", "2020-05-01", NULL);
    subject_add_condition(s, "sugar2", "E11.21", "2021-05-01", NULL);
    subject_add_condition(s, "clot", "I82.402", "2023-11-01", NULL);
    doses_add(s, "L01XG01", "S -700..-500 2");
    doses_add(s, "L01AA03", "S -690..-500 9");
    doses_add(s, "L01FC01", "S -300..-100 16");
}

#define STAY                                                                                                           \
    "{'resourceType':'Encounter','id':'%s','status':'finished','class':{'code':'IMP'},'subject':{'reference':"         \
    "'Patient/p1'},'period':{'start':'%s','end':'%s'}%s}"
#define ICU                                                                                                            \
    ",'location':[{'location':{'reference':'Location/1'},'physicalType':{'coding':["                                   \
    "{'system':'http://terminology.hl7.org/CodeSystem/v3-RoleCode','code':'ICU'}]}}],"                                 \
    "'diagnosis':[{'condition':{'reference':'Condition/pneumonia'}}]"
#define SAID                                                                                                           \
    "{'resourceType':'AdverseEvent','id':'%s','actuality':'actual','subject':{'reference':'Patient/p1'},"              \
    "'suspectEntity':[{'instance':{'reference':'MedicationStatement/d2'},'causality':[{'assessment':{"                 \
    "'coding':[{'system':'http://terminology.hl7.org/CodeSystem/adverse-event-causality-assess','code':'%s'}]}}]}],"   \
    "%s}"
#define CULTURE                                                                                                        \
    "{'resourceType':'Observation','id':'%s','status':'final','subject':{'reference':'Patient/p1'},'code':{"           \
    "'coding':[{'system':'http://loinc.org','code':'%s'}]},'effectiveDateTime':'%s','valueCodeableConcept':{"          \
    "'coding':[{'system':'http://snomed.info/sct','code':'%s'}]}}"
#define PROCEDURE                                                                                                      \
    "{'resourceType':'Procedure','id':'%s','status':'completed','subject':{'reference':'Patient/p1'},'code':{"         \
    "'coding':[{'system':'http://snomed.info/sct','code':'%s'}]},'performedDateTime':'%s'}"

static void add_signs(struct subject *s)
{
    subject_add(s, CULTURE, "blood", "600-7", "2024-03-02", "10828004");
    subject_add(s, CULTURE, "blood2", "600-7", "2024-03-05", "10828004");
    subject_add(s, PROCEDURE, "platelets", "12719002", "2024-02-15");
    subject_add(s, PROCEDURE, "cells", "116863004", "2024-02-15");
    subject_add(s, PROCEDURE, "dialysis", "302497006", "2024-04-20");
    doses_add(s, "A07DA03", "S 10..15 4");
    doses_add(s, "J01CR05", "A 47 4000; A 48 4000");
    doses_add(s, "H03AA01", "S 100.. 0.05");
    subject_add(s, SAID, "said1", "Possible", "'resultingCondition':[{'reference':'Condition/pneumonia'}]");
    subject_add(s, SAID, "said2", "Unlikely",
                "'event':{'coding':[{'system':'http://hl7.org/fhir/sid/icd-10-cm','code':'B02.9'}]},"
                "'date':'2024-04-11'");
}

void whole_add_events(struct subject *s)
{
    subject_study(s)->events.relatedness = true;
    subject_add_condition(s, "pneumonia", "J18.9", "2024-02-20", "2024-03-01");
    subject_add_condition(s, "again", "J15.9", "2024-02-25", "2024-03-04");
    subject_add_condition(s, "shingles", "B02.9", "2024-04-10", "2024-04-20");
    subject_add_condition(s, "thrombus", "I82.401", "2024-05-10", NULL);
    subject_add_condition(s, "fracture", "S72.001A", "2024-05-01", NULL);
    subject_add_condition(s, "tumour", "C18.9", "2024-05-15", NULL);
    subject_add_condition(s, "rash", "L27.0", "2024-03-10", "2024-03-12");
    subject_add_condition(s, "neutropenia", "D70.1", "2024-02-15", "2024-02-20");
    subject_add(s, STAY, "stay1", "2024-02-20", "2024-02-28", ICU);
    subject_add(s, STAY, "stay2", "2024-04-11", "2024-04-15", "");
    subject_add_value(s, "fever", "8310-5", "2024-02-16T12:00:00Z", "38.9", "Cel");
    subject_add_value(s, "warm", "8310-5", "2024-02-18T12:00:00Z", "36.9", "Cel");
    add_signs(s);
}

void whole_add_questions(struct subject *s)
{
    subject_add_value(s, "twin", "751-8", "2024-03-15", "2.4", "10*9/L");
    subject_add_value(s, "month", "777-3", "2024-03", "150", "10*9/L");
    subject_add(s, "{'resourceType':'Observation','id':'local','status':'final','subject':{'reference':'Patient/p1'},"
                   "'code':{'coding':[{'system':'urn:lab','code':'NEU','display':'Neutrophils'}]},"
                   "'effectiveDateTime':'2024-02-16','valueQuantity':{'value':1.1,'unit':'10*9/L'}}");
    subject_add(s, "{'resourceType':'Observation','id':'bare','status':'final','subject':{'reference':'Patient/p1'},"
                   "'code':{'coding':[{'system':'http://loinc.org','code':'777-3'}]},"
                   "'effectiveDateTime':'2024-05-14','valueQuantity':{'value':170}}");
    subject_add(s, "{'resourceType':'Observation','id':'odd','status':'final','subject':{'reference':'Patient/p1'},"
                   "'code':{'coding':[{'system':'http://loinc.org','code':'718-7'}]},"
                   "'effectiveDateTime':'2024-05-14','valueQuantity':{'value':900,'unit':'g/dL'}}");
    subject_add(s, "{'resourceType':'Observation','id':'word','status':'final','subject':{'reference':'Patient/p1'},"
                   "'code':{'coding':[{'system':'http://loinc.org','code':'718-7'}]},"
                   "'effectiveDateTime':'2024-04-14','valueString':'clotted'}");
    subject_add(s, "{'resourceType':'Observation','id':'asked','status':'unknown','subject':{'reference':'Patient/p1'},"
                   "'code':{'coding':[{'system':'http://loinc.org','code':'718-7'}]},"
                   "'effectiveDateTime':'2024-03-14','valueQuantity':{'value':12,'unit':'g/dL'}}");
    subject_add(s, "{'resourceType':'Observation','id':'clock','status':'final','subject':{'reference':'Patient/p1'},"
                   "'code':{'coding':[{'system':'http://loinc.org','code':'718-7'}]},"
                   "'effectiveDateTime':'2024-02-14T10:00:00','valueQuantity':{'value':12,'unit':'g/dL'}}");
    subject_add(s, "{'resourceType':'Observation','id':'soon','status':'preliminary','subject':{'reference':"
                   "'Patient/p1'},'code':{'coding':[{'system':'http://loinc.org','code':'718-7'}]},"
                   "'effectiveDateTime':'2024-02-14','valueQuantity':{'value':12,'unit':'g/dL'}}");
    subject_add(s, "{'resourceType':'Observation','id':'gone','status':'entered-in-error','subject':{'reference':"
                   "'Patient/p1'},'code':{'coding':[{'system':'http://loinc.org','code':'2345-7'}]},"
                   "'effectiveDateTime':'2024-02-14','valueQuantity':{'value':12,'unit':'mg/dL'}}");
    subject_add(s, "{'resourceType':'Condition','id':'maybe','subject':{'reference':'Patient/p1'},"
                   "'verificationStatus':{'coding':[{'code':'provisional'}]},'onsetDateTime':'2024-06-01',"
                   "'code':{'coding':[{'system':'http://hl7.org/fhir/sid/icd-10-cm','code':'G62.0'}]}}");
}

void whole_add_decisions(struct subject *s)
{
    subject_decide(s, "code", "CODE_UNKNOWN|madrid|urn:lab|NEU||", "{'loinc':'751-8'}");
    subject_decide(s, "unit", "Observation/bare", "{'unit':'10*9/L'}");
    subject_decide(s, "value", "Observation/odd", "{'reject':true}");
    subject_decide(s, "value", "Observation/word", "{'value':'11.2'}");
    subject_decide(s, "place", "Observation/month", "{'date':'2024-03-14'}");
    subject_decide(s, "place", "Observation/clock", "{'zone':'site'}");
    subject_decide(s, "status", "Observation/asked", "{'accept':true}");
    subject_decide(s, "range", "Observation/anc1", "{'unit':'10*9/L','low':'1.5','high':'7.5'}");
    subject_decide(s, "duplicate", "Observation/twin", "{'keep':true}");
    subject_decide(s, "grade", "Condition/pneumonia", "{'grade':4}");
    subject_decide(s, "seriousness", "Condition/pneumonia", "{'serious':true,'criteria':['hospital','life']}");
    subject_decide(s, "seriousness", "Condition/shingles", "{'serious':false}");
    subject_decide(s, "relatedness", "Condition/rash", "{'relatedness':'related'}");
    subject_decide(s, "outcome", "Condition/shingles", "{'outcome':'recovered'}");
    subject_decide(s, "action_taken", "Condition/shingles", "{'action_taken':'none'}");
    subject_decide(s, "event", "Condition/maybe", "{'confirm':true,'onset':'2024-06-02','end':'2024-06-20','grade':2}");
    subject_decide(s, "event", "Condition/fracture", "{'refuse':true}");
    subject_decide(s, "event", "Observation/blood2",
                   "{'merge_with':{'endpoint':'madrid','type':'Condition','id':'shingles','part':''}}");
    subject_decide(s, "stay", "Encounter/stay2", "{'planned':true}");
    subject_decide(s, "anchor", "", "{'anchor':'EOT','date':'2024-06-20'}");
    subject_decide(s, "age", "", "{'age':77}");
    subject_decide(s, "contact", "Observation/anc5", "{'inferred':true}");
}
