/*
 * Doses as records write them, and instructions that say on which days: how much an exposure has of them. Days count
 * from the first dose; the subject was seen on days 0, 30 and 60, and the data reach to day 70.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/doses.h"

static struct subject s;

static void start(void)
{
    doses_init(&s);
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(exposure_doses, .init = start, .fini = stop);

static void add_given(const char *members)
{
    subject_add(&s,
                "{'resourceType':'MedicationAdministration','id':'g','status':'completed',"
                "'subject':{'reference':'Patient/p1'},%s}",
                members);
}

#define SINCE_NINE "'effectivePeriod':{'start':'2024-01-15T09:00:00+01:00','end':'2024-01-15T11:30:00+01:00'}"
#define ATC_CODE   "'medicationCodeableConcept':{'coding':[{'system':'http://www.whocc.no/atc','code':'L04AX04'}]}"

static const struct {
    const char *name, *members, *rows;
} spellings[] = {
    {"a product code with its strength",
     "'effectiveDateTime':'2024-01-15','medicationCodeableConcept':{'coding':[{'system':"
     "'http://www.nlm.nih.gov/research/umls/"
     "rxnorm','code':'643712'}]},'dosage':{'dose':{'value':1,'code':'{capsule}'}}",
     "0..0 15 ONCE administered L2 start"},
    {"a rate over its time",
     SINCE_NINE "," ATC_CODE
                ",'dosage':{'rateQuantity':{'value':4,'system':'http://unitsofmeasure.org','code':'mg/h'}}",
     "0..0 10 ONCE administered L3 start"},
    {"a dose wins over a rate",
     SINCE_NINE "," ATC_CODE ",'dosage':{'dose':{'value':15,'unit':'mg'},'rateQuantity':{'value':4,'code':'mg/h'}}",
     "0..0 15 ONCE administered L2 start"},
    {"a dose that is no number", "'effectiveDateTime':'2024-01-15'," ATC_CODE ",'dosage':{'text':'25 mg'}",
     "0..0 - ONCE administered start"},
    {"less than a dose",
     "'effectiveDateTime':'2024-01-15'," ATC_CODE ",'dosage':{'dose':{'value':25,'comparator':'<','unit':'mg'}}",
     "0..0 - ONCE administered start"},
    {"milligrams for each kilogram",
     "'effectiveDateTime':'2024-01-15'," ATC_CODE ",'dosage':{'dose':{'value':1,'unit':'mg/kg','code':'mg/kg'}}",
     "0..0 - ONCE administered start"},
    {"by an ingredient of a Medication apart",
     "'effectiveDateTime':'2024-01-15','medicationReference':{'reference':'Medication/m'},"
     "'dosage':{'dose':{'value':2,'unit':'tablet'}}",
     "0..0 10 ONCE administered L3 start"},
    {"for the eye",
     "'effectiveDateTime':'2024-01-15'," ATC_CODE
     ",'dosage':{'route':{'text':'ophthalmic'},'dose':{'value':25,'unit':'mg'}}",
     ""},
};

Test(exposure_doses, reads_doses_as_records_write_them)
{
    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
        stop();
        start();
        s.horizon = s.line.first_dose + 10;
        subject_add(&s,
                    "{'resourceType':'Medication','id':'m','code':{'text':'five'},'ingredient':[{"
                    "'itemCodeableConcept':{'coding':[{'system':'http://www.whocc.no/atc','code':'L04AX04'}]},"
                    "'strength':{'numerator':{'value':5,'unit':'mg'},'denominator':{'value':1,'unit':'tablet'}}}]}");
        add_given(spellings[i].members);
        subject_derive(&s);
        expect_text(spellings[i].name, doses_rows(&s, "lenalidomide"), spellings[i].rows);
    }
}

static const struct {
    const char *name, *dosages; /* of a statement from day 0 to day 27 */
    const char *rows;
} instructions[] = {
    {"a code says how often",
     "{'timing':{'code':{'coding':[{'code':'QOD'}]}},'doseAndRate':[{'doseQuantity':"
     "{'value':15,'unit':'mg'}}]}",
     "0..27 15 QOD stated L2 start"},
    {"every twelve hours",
     "{'timing':{'repeat':{'frequency':1,'period':12,'periodUnit':'h'}},'doseAndRate':["
     "{'doseQuantity':{'value':5,'unit':'mg'}}]}",
     "0..27 5 BID stated L3 start"},
    {"bounds cut",
     "{'timing':{'repeat':{'boundsDuration':{'value':3,'code':'wk'},'frequency':1,'period':1,"
     "'periodUnit':'d'}},'doseAndRate':[{'doseQuantity':{'value':25,'unit':'mg'}}]}",
     "0..20 25 QD stated L1 start"},
    {"on Mondays and Thursdays; day 0 is a Monday",
     "{'timing':{'repeat':{'dayOfWeek':['mon','thu']}},'doseAndRate':[{'doseQuantity':{'value':25,'unit':'mg'}}]}",
     "0..27 25 BIS stated L1 start"},
    {"ten in the morning and five at night add up",
     "{'timing':{'repeat':{'frequency':1,'period':1,'periodUnit':'d','when':['MORN']}},'doseAndRate':[{'doseQuantity':"
     "{'value':10,'unit':'mg'}}]},{'timing':{'repeat':{'frequency':1,'period':1,'periodUnit':'d','when':['HS']}},"
     "'doseAndRate':[{'doseQuantity':{'value':5,'unit':'mg'}}]}",
     "0..27 15 QD stated L2 start"},
    {"one after the other",
     "{'sequence':1,'timing':{'repeat':{'boundsDuration':{'value':7,'code':'d'},'frequency':1,'period':1,"
     "'periodUnit':'d'}},'doseAndRate':[{'doseQuantity':{'value':10,'unit':'mg'}}]},{'sequence':2,'timing':{'repeat':"
     "{'frequency':1,'period':1,'periodUnit':'d'}},'doseAndRate':[{'doseQuantity':{'value':15,'unit':'mg'}}]}",
     "0..6 10 QD stated L3 start; 7..27 15 QD stated L2 step_up"},
    {"on two days by name",
     "{'timing':{'event':['2024-01-15','2024-01-29']},'doseAndRate':[{'doseQuantity':{'value':25,'unit':'mg'}}]}",
     "0..0 25 ONCE stated L1 start; 1..13 0 - stated interrupted; 14..14 25 ONCE stated L1 restart; "
     "15..34 0 - stated interrupted"},
    {"once or twice",
     "{'timing':{'repeat':{'frequency':1,'frequencyMax':2,'period':1,'periodUnit':'d'}},"
     "'doseAndRate':[{'doseQuantity':{'value':25,'unit':'mg'}}]}",
     "0..27 25 - stated L1 start"},
};

Test(exposure_doses, follows_the_instruction)
{
    for (size_t i = 0; i < sizeof instructions / sizeof instructions[0]; i++) {
        stop();
        start();
        subject_add(
            &s,
            "{'resourceType':'MedicationStatement','id':'st','status':'completed',"
            "'subject':{'reference':'Patient/p1'},'effectivePeriod':{'start':'2024-01-15','end':'2024-02-11'}," ATC_CODE
            ",'dosage':[%s]}",
            instructions[i].dosages);
        subject_derive(&s);
        expect_text(instructions[i].name, doses_rows(&s, "lenalidomide"), instructions[i].rows);
    }
}
