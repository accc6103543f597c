/*
 * Memory that ends within what is found one by one: signs of events, suggestions, what is told of a dose. Each subject
 * shows one of them and little else, so that a few bytes more each time meet every piece of it.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/chart.h"
#include "support/refusal.h"
#include "support/whole.h"

#define STEP 16

static struct subject s;

static void start(void)
{
    subject_init(&s);
    subject_study(&s)->derived_count = 0;
    whole_shorten(&s, 2);
    s.horizon = subject_day("2024-03-31");
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(memory_signs, .init = start, .fini = stop, .timeout = 120);

static void expect_items(const char *code, size_t count)
{
    cr_expect(gt(sz, refusal_sweep(refusal_derive, &s, STEP, 0), 500));
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, code), count), "the subject shows too little");
}

Test(memory_signs, end_with_a_sentence_in_cultures)
{
    subject_add_patient(&s, "male", "1950-03-01");
    for (int i = 0; i < 2; i++)
        subject_add(&s,
                    "{'resourceType':'Observation','id':'b%d','status':'final','subject':{'reference':'Patient/p1'},"
                    "'code':{'coding':[{'system':'http://loinc.org','code':'600-7'}]},'effectiveDateTime':'2024-02-%d',"
                    "'valueCodeableConcept':{'coding':[{'system':'http://snomed.info/sct','code':'112283007'}]}}",
                    i, 11 + 16 * i);
    expect_items("AE_CANDIDATE", 2);
}

Test(memory_signs, end_with_a_sentence_in_transfusions)
{
    subject_add_patient(&s, "male", "1950-03-01");
    for (int i = 0; i < 2; i++)
        subject_add(&s,
                    "{'resourceType':'Procedure','id':'t%d','status':'completed','subject':{'reference':'Patient/p1'},"
                    "'performedDateTime':'2024-02-%d','code':{'coding':[{'system':'http://snomed.info/sct','code':"
                    "'116863004'}]}}",
                    i, 11 + 16 * i);
    expect_items("AE_CANDIDATE", 2);
}

Test(memory_signs, end_with_a_sentence_in_suggestions)
{
    subject_add_visit(&s, "e", "2024-02-14");
    subject_add_patient(&s, "male", "1950-03-01");
    subject_add_value(&s, "own", "751-8", "2024-02-14", "2.10000000000000000000", "10*9/L");
    subject_add(&s, "{'resourceType':'Observation','id':'l','status':'final','subject':{'reference':'Patient/p1'},"
                    "'code':{'coding':[{'system':'urn:lab','code':'ANC'}]},'effectiveDateTime':'2024-02-14',"
                    "'valueQuantity':{'value':2.20000000000000000000,'unit':'10*9/L'}}");
    subject_add(&s, "{'resourceType':'Observation','id':'u','status':'final','subject':{'reference':'Patient/p1'},"
                    "'code':{'coding':[{'system':'http://loinc.org','code':'751-8'}]},'effectiveDateTime':'2024-02-13',"
                    "'valueQuantity':{'value':2.30000000000000000000}}");
    expect_items("CODE_UNKNOWN", 1);
    expect_text("unit", subject_item(&s, "UNIT_MISSING")->suggestion,
                "{\"unit\":\"10*9/L\",\"because\":\"1 of 1 others\"}");
}

Test(memory_signs, end_with_a_sentence_in_a_syndrome)
{
    stop();
    subject_init_at(&s, "elranatamab-rrmm", "busan");
    subject_study(&s)->derived_count = 0;
    s.horizon = subject_day("2024-01-20");
    subject_add_patient(&s, "male", "1950-03-01");
    chart_add(&s, "d2 C D89.831 d5;d3 14:00 O 80");
    expect_items("CRS_REVIEW", 1);
}
