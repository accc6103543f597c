/*
 * Diagnoses and drugs under codes of the hospital's own, which its profile maps, and codes that are none.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/doses.h"
#include "support/scratch.h"
#include "support/subject.h"

#define CM    "http://hl7.org/fhir/sid/icd-10-cm"
#define LOCAL "urn:hm:dx"

#define MAP(source, target, elements)                                                                                  \
    "{\"source\": \"" source "\", \"target\": \"" target "\", \"element\": [" elements "]}"
#define TO(from, to) "{\"code\": \"" from "\", \"target\": [{\"code\": \"" to "\", \"equivalence\": \"equivalent\"}]}"

static const char profile[] =
    "{\"id\": \"madrid\", \"zone\": \"Europe/Madrid\", \"contacts\": \"encounters\", \"codes\": [{\"resourceType\": "
    "\"ConceptMap\", \"group\": [" MAP(
        LOCAL, CM,
        TO("HF", "I50.9") ", " TO("DIAL", "Z99.2") ", " TO(
            "PNEU", "J18.9")) ", " MAP("urn:hm:rx", "http://www.whocc.no/atc",
                                       TO("PPI", "A02BC01") ", " TO("REV", "L04AX04") ", " TO(
                                           "ODD", "A02 <b>")) ", " MAP("urn:hm:rxn",
                                                                       "http://www.nlm.nih.gov/research/umls/rxnorm",
                                                                       TO("OME", "7646")) "]}]}";

static struct subject s;
static struct scratch scratch;

static void start(void)
{
    struct gw_error err;

    subject_init(&s);
    scratch_init(&scratch);
    gw_site_close(s.site);
    cr_assert(gw_site_load(&s.arena, scratch_write(&scratch, "madrid.json", profile), s.tables, &s.site, &err) == GW_OK,
              "%s", err.text);
    subject_add_patient(&s, "male", "1954-01-15");
    subject_add_visits(&s, 11);
}

static void stop(void)
{
    subject_release(&s);
    scratch_release(&scratch);
}

TestSuite(codings, .init = start, .fini = stop);

static void again(void)
{
    stop();
    start();
}

static void add_diagnosis(const char *onset, const char *codings)
{
    subject_add(&s,
                "{'resourceType':'Condition','id':'c','subject':{'reference':'Patient/p1'},'verificationStatus':{"
                "'coding':[{'code':'confirmed'}]},'onsetDateTime':'%s','code':{'coding':[%s]}}",
                onset, codings);
}

#define OWN(code) "{'system':'" LOCAL "','code':'" code "'}"
#define ICD(code) "{'system':'" CM "','code':'" code "'}"
#define LONG      "I50.999999999999999999999999999999999999999999999999999999999999"

static const struct {
    const char *name, *codings, *index, *groups;
} comorbidities[] = {
    {"a local code that is mapped", OWN("HF"), "1", "chf"},
    {"one that nobody mapped", OWN("XX"), "!NO_ICD_CODES", ""},
    {"that one beside a code of the classification", OWN("XX") "," ICD("I50.9"), "1", "chf"},
    {"two codes of one diagnosis: the first that has a group", ICD("I50.9") "," ICD("J44.9"), "1", "chf"},
    {"none of a group before one that has one", ICD("I10") "," ICD("J44.9"), "1", "cpd"},
    {"a code longer than any", ICD(LONG), "0", ""},
    {"a code of dots alone", ICD(".."), "0", ""},
    {"a system without a code", "{'system':'" CM "','display':'heart failure'}", "0", ""},
};

Test(codings, of_a_hospital_count_as_what_they_are_mapped_to)
{
    for (size_t i = 0; i < sizeof comorbidities / sizeof *comorbidities; i++) {
        const struct gw_row_derived *row;

        again();
        subject_ask(&s, "CHARLSON");
        add_diagnosis("2020-05-01", comorbidities[i].codings);
        subject_derive(&s);
        cr_log_info("%s", comorbidities[i].name);
        row = subject_parameter(&s, "CHARLSON", NULL, NULL);
        cr_assert(row != NULL);
        expect_text(comorbidities[i].name, row->reason ? gw_arena_print(&s.arena, "!%s", row->reason) : row->value,
                    comorbidities[i].index);
        expect_text(comorbidities[i].name, row->text, comorbidities[i].groups);
    }
}

static const struct {
    const char *name, *codings, *group;
} dialyses[] = {
    {"a local code of dialysis", OWN("DIAL"), "<30 dialysis"},
    {"another local code", OWN("HF"), "<30"},
    {"a code of dialysis", ICD("Z99.2"), "<30 dialysis"},
    {"a code longer than any", ICD("Z99.2999999999999999999999999999999999999999999999999999999999"), "<30"},
};

/* 70 years, 80 kg, 6.0 mg/dL: 70 x 80 / 72 / 6 = 13 mL/min. */
Test(codings, of_a_hospital_tell_of_dialysis)
{
    for (size_t i = 0; i < sizeof dialyses / sizeof *dialyses; i++) {
        again();
        subject_ask(&s, "RENALGRP");
        subject_add_value(&s, "w", "29463-7", "2024-01-15", "80", "kg");
        subject_add_value(&s, "c", "2160-0", "2024-01-15", "6.0", "mg/dL");
        add_diagnosis("2023-06-01", dialyses[i].codings);
        subject_derive(&s);
        cr_log_info("%s", dialyses[i].name);
        subject_expect_parameter(&s, "RENALGRP", "BASELINE", "dosing", dialyses[i].group);
    }
}

Test(codings, of_a_hospital_make_events)
{
    add_diagnosis("2024-02-12", OWN("PNEU"));
    subject_derive(&s);
    cr_assert(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), 1));
    expect_text("category", subject_episode(&s, 0)->category, "INFECTION");
}

static void add_drug(const char *system, const char *code)
{
    subject_add(
        &s,
        "{'resourceType':'MedicationStatement','id':'m','status':'active','subject':{'reference':'Patient/p1'},"
        "'effectivePeriod':{'start':'%s'},'medicationCodeableConcept':{'coding':[{'system':'%s','code':'%s'}]}}",
        subject_date(&s, 3), system, code);
}

static const struct {
    const char *name, *system, *code, *rows, *state;
} drugs[] = {
    {"mapped to an ATC code in no row", "urn:hm:rx", "PPI", "A02BC01 3.. - - stated +", "delivered"},
    {"mapped to an RxNorm code", "urn:hm:rxn", "OME", "7646 3.. - - stated +", "delivered"},
    {"mapped to what is no code", "urn:hm:rx", "ODD", "", "held CODE_UNKNOWN"},
    {"not mapped", "urn:hm:rx", "X", "", "held CODE_UNKNOWN"},
    {"a code of more than sixteen letters", "http://www.whocc.no/atc", "A02BC01A02BC01A02", "", "held CODE_UNKNOWN"},
    {"a code of sixteen letters", "http://www.whocc.no/atc", "A02BC01A02BC01A0", "A02BC01A02BC01A0 3.. - - stated +",
     "delivered"},
};

Test(codings, of_a_hospital_name_drugs)
{
    for (size_t i = 0; i < sizeof drugs / sizeof *drugs; i++) {
        again();
        add_drug(drugs[i].system, drugs[i].code);
        subject_derive(&s);
        expect_text(drugs[i].name, doses_conmeds(&s), drugs[i].rows);
        subject_expect(&s, "m", drugs[i].state);
    }
}

/* What a person at the hospital thinks of a pneumonia (30 to 40 days after the first dose), in words of the hospital.
 */
static const struct {
    const char *name, *code, *relatedness;
} opinions[] = {
    {"a local code that is mapped", OWN("PNEU"), "related"},
    {"another", OWN("HF"), "unassessed"},
    {"one that nobody mapped", OWN("XX"), "unassessed"},
    {"a code of the classification", ICD("J15.9"), "related"},
};

Test(codings, of_an_opinion_tell_the_event_it_is_of)
{
    for (size_t i = 0; i < sizeof opinions / sizeof *opinions; i++) {
        again();
        add_diagnosis("2024-02-14", ICD("J18.9"));
        subject_add(&s,
                    "{'resourceType':'AdverseEvent','id':'ae','actuality':'actual','subject':{'reference':'Patient/p1'"
                    "},'suspectEntity':[{'instanceCodeableConcept':{'coding':[{'system':'http://www.whocc.no/atc',"
                    "'code':'L04AX04'}]},'causality':[{'assessment':{'coding':[{'system':'http://terminology.hl7.org/"
                    "CodeSystem/adverse-event-causality-assess','code':'Certain'}]}}]}],'event':{'coding':[%s]},"
                    "'date':'2024-02-14'}",
                    opinions[i].code);
        subject_derive(&s);
        expect_text(opinions[i].name, subject_episode_of(&s, "INFECTION")->relatedness, opinions[i].relatedness);
    }
}
