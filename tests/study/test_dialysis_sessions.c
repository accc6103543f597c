/*
 * Which sessions of dialysis lie near a creatinine of 2024-01-15 (30 days to either side): single days, periods with
 * and without an end, codes that are not verified. His clearance is 10 mL/min, so that dialysis tells the dosing group.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/subject.h"

static struct subject s;

static void start(void)
{
    subject_init(&s);
    subject_add_patient(&s, "male", "1956-01-15");
    subject_add_value(&s, "w", "29463-7", "2024-01-15", "60", "kg");
    subject_add_value(&s, "c", "2160-0", "2024-01-15", "6.0", "mg/dL");
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(dialysis_sessions, .init = start, .fini = stop);

#define SCT  "'code':{'coding':[{'system':'http://snomed.info/sct','code':'302497006'}]}"
#define OPS  "'code':{'coding':[{'system':'http://fhir.de/CodeSystem/bfarm/ops','code':'8-85a.0'}]}" /* not verified */
#define DONE "'resourceType':'Procedure','status':'completed',"

static const struct {
    const char *what, *session;
    const char *group;
} sessions[] = {
    {"thirty days before", DONE SCT ",'performedDateTime':'2023-12-16'", "<30 dialysis"},
    {"thirty-one days before", DONE SCT ",'performedDateTime':'2023-12-15'", "<30"},
    {"thirty days after", DONE SCT ",'performedDateTime':'2024-02-14'", "<30 dialysis"},
    {"thirty-one days after", DONE SCT ",'performedDateTime':'2024-02-15'", "<30"},
    {"some day of the month", DONE SCT ",'performedDateTime':'2024-01'", "<30 dialysis"},
    {"some day of a month that is not all near", DONE SCT ",'performedDateTime':'2024-02'", "<30"},
    {"from long before until near", DONE SCT ",'performedPeriod':{'start':'2023-06-01','end':'2024-01-10'}",
     "<30 dialysis"},
    {"from long before until too long before", DONE SCT ",'performedPeriod':{'start':'2023-06-01','end':'2023-12-15'}",
     "<30"},
    {"from long before, without an end: that day alone", DONE SCT ",'performedPeriod':{'start':'2023-06-01'}", "<30"},
    {"from near, without an end", DONE SCT ",'performedPeriod':{'start':'2024-01-10'}", "<30 dialysis"},
    {"until near, without a beginning", DONE SCT ",'performedPeriod':{'end':'2024-01-10'}", "<30"},
    {"from near, until what is no date",
     DONE SCT ",'performedPeriod':{'start':'2024-01-10','end':'2024-01-10T09:00:00'}", "<30 dialysis"},
    {"in words", DONE SCT ",'performedString':'last week'", "<30"},
    {"of a row that is not verified", DONE OPS ",'performedDateTime':'2024-01-10'", "<30"},
};

Test(dialysis_sessions, tell_the_dosing_group_where_they_are_near)
{
    for (size_t i = 0; i < sizeof sessions / sizeof *sessions; i++) {
        stop();
        start();
        subject_add(&s, "{'id':'d','subject':{'reference':'Patient/p1'},%s}", sessions[i].session);
        subject_derive(&s);
        cr_log_info("%s", sessions[i].what);
        subject_expect_parameter(&s, "RENALGRP", "BASELINE", "dosing", sessions[i].group);
    }
}

Test(dialysis_sessions, are_all_named)
{
    subject_add(&s, "{'id':'d1','subject':{'reference':'Patient/p1'}," DONE SCT ",'performedDateTime':'2024-01-10'}");
    subject_add(&s, "{'id':'d2','subject':{'reference':'Patient/p1'}," DONE SCT ",'performedDateTime':'2024-01-12'}");
    subject_derive(&s);
    subject_expect_parameter(&s, "RENALGRP", "BASELINE", "dosing", "<30 dialysis");
    subject_expect(&s, "d1", "evidence");
    subject_expect(&s, "d2", "evidence");
}
