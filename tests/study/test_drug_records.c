/*
 * How much of a drug one record tells, and on which days: rates, strengths, supplies, dosages beside each other. Days
 * count from the first dose, 2024-01-15; rows as in support/doses.h.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/doses.h"

static struct subject s;

static void start(void)
{
    subject_init(&s);
    subject_trust_roster(&s);
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(drug_records, .init = start, .fini = stop);

struct record {
    const char *what, *members, *rows;
};

#define ATC               "'medicationCodeableConcept':{'coding':[{'system':'http://www.whocc.no/atc','code':'L04AX04'}]}"
#define PERIOD(a, b)      "'effectivePeriod':{'start':'2024-01-15T" a "+01:00','end':'2024-01-15T" b "+01:00'}"
#define RATE(value, unit) ATC ",'dosage':{'rateQuantity':{'value':" value ",'code':'" unit "'}}"
#define DAILY             "'timing':{'repeat':{'frequency':1,'period':1,'periodUnit':'d'}}"
#define DOSE(value, unit) "'doseAndRate':[{'doseQuantity':{'value':" value ",'unit':'" unit "'}}]"

static void expect_rows(const struct record *records, size_t count, const char *type, int horizon)
{
    for (size_t i = 0; i < count; i++) {
        stop();
        start();
        s.horizon = s.line.first_dose + horizon;
        subject_add_visit(&s, "visit", "2024-02-14"); /* day 30: what was given until then is known */
        subject_add(&s, "{'resourceType':'Medication','id':'two','ingredient':[{'itemCodeableConcept':{'coding':[{"
                        "'system':'http://www.whocc.no/atc','code':'H02AB02'}]},'strength':{'numerator':{'value':4,"
                        "'unit':'mg'},'denominator':{'value':1,'unit':'tablet'}}},{'itemCodeableConcept':{'coding':[{"
                        "'system':'http://www.whocc.no/atc','code':'L04AX04'}]},'strength':{'numerator':{'value':10,"
                        "'unit':'mg'},'denominator':{'value':1,'unit':'tablet'}}}],'code':{'coding':[{'system':"
                        "'http://www.whocc.no/atc','code':'L04AX04'}]}}");
        subject_add(&s, "{'resourceType':'Medication','id':'liquid','code':{'coding':[{'system':"
                        "'http://www.whocc.no/atc','code':'L04AX04'}]},'ingredient':[{'itemCodeableConcept':{'text':"
                        "'it'},'strength':{'numerator':{'value':10,'unit':'mg'},'denominator':{'value':2,'unit':"
                        "'mL'}}}]}");
        subject_add(&s, "{'resourceType':'Medication','id':'nothing','code':{'coding':[{'system':"
                        "'http://www.whocc.no/atc','code':'L04AX04'}]},'ingredient':[{'itemCodeableConcept':{'text':"
                        "'it'},'strength':{'numerator':{'value':10,'unit':'mg'},'denominator':{'value':0,'unit':"
                        "'tablet'}}}]}");
        subject_add(&s, "{'resourceType':'%s','id':'r','subject':{'reference':'Patient/p1'},%s}", type,
                    records[i].members);
        subject_derive(&s);
        expect_text(records[i].what, doses_rows(&s, "lenalidomide"), records[i].rows);
    }
}

/* Nobody has seen by the horizon that it ended. */
#define EXPECT_ROWS(records, type, horizon) expect_rows(records, sizeof records / sizeof *records, type, horizon)
#define GIVEN(what, time, more, rows)                                                                                  \
    {                                                                                                                  \
        what, "'status':'completed'," time "," more, rows                                                              \
    }

/* 09:00 to 11:30 is two hours and a half. */
static const struct record rates[] = {
    GIVEN("milligrams an hour", PERIOD("09:00:00", "11:30:00"), RATE("4", "mg/h"),
          "0..0 10 ONCE administered L3 start"),
    GIVEN("milligrams a minute", PERIOD("09:00:00", "11:30:00"), RATE("0.1", "mg/min"),
          "0..0 15 ONCE administered L2 start"),
    GIVEN("micrograms a second", PERIOD("09:00:00", "09:10:00"), RATE("25", "ug/s"),
          "0..0 15 ONCE administered L2 start"),
    GIVEN("milligrams a day", PERIOD("09:00:00", "21:00:00"), RATE("50", "mg/d"), "0..0 25 ONCE administered L1 start"),
    GIVEN("milligrams in eight hours", PERIOD("09:00:00", "13:00:00"), RATE("30", "mg/(8.h)"),
          "0..0 15 ONCE administered L2 start"),
    GIVEN("the unit in words of the record alone", PERIOD("09:00:00", "10:00:00"),
          ATC ",'dosage':{'rateQuantity':{'value':10,'unit':'mg/h'}}", "0..0 10 ONCE administered L3 start"),
    GIVEN("milligrams a week", PERIOD("09:00:00", "11:30:00"), RATE("4", "mg/wk"), "0..0 - ONCE administered start"),
    GIVEN("no unit of time", PERIOD("09:00:00", "11:30:00"), RATE("4", "mg"), "0..0 - ONCE administered start"),
    GIVEN("nothing above", PERIOD("09:00:00", "11:30:00"), RATE("4", "/h"), "0..0 - ONCE administered start"),
    GIVEN("no unit of mass", PERIOD("09:00:00", "11:30:00"), RATE("4", "puff/h"), "0..0 - ONCE administered start"),
    GIVEN("in no hours", PERIOD("09:00:00", "11:30:00"), RATE("4", "mg/(0.h)"), "0..0 - ONCE administered start"),
    GIVEN("a unit that never ends", PERIOD("09:00:00", "11:30:00"),
          RATE("4", "mg/hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh"), "0..0 - ONCE administered start"),
    GIVEN("less than a rate", PERIOD("09:00:00", "11:30:00"),
          ATC ",'dosage':{'rateQuantity':{'value':4,'comparator':'<','code':'mg/h'}}",
          "0..0 - ONCE administered start"),
    GIVEN("in no time", PERIOD("09:00:00", "09:00:00"), RATE("4", "mg/h"), "0..0 - ONCE administered start"),
    GIVEN("nobody says until when", "'effectivePeriod':{'start':'2024-01-15T09:00:00+01:00'}", RATE("4", "mg/h"),
          "0..0 - ONCE administered start"),
    GIVEN("until a day", "'effectivePeriod':{'start':'2024-01-15T09:00:00+01:00','end':'2024-01-15'}",
          RATE("4", "mg/h"), "0..0 - ONCE administered start"),
    GIVEN("millilitres of a known strength: 2 x 2.5 x 5", PERIOD("09:00:00", "11:30:00"),
          "'medicationReference':{'reference':'Medication/liquid'},'dosage':{'rateQuantity':{'value':2,'code':'mL/h'}}",
          "0..0 25 ONCE administered L1 start"),
};

#define OVER(from, to) "'effectivePeriod':{'start':'2024-01-" from "+01:00','end':'2024-01-" to "+01:00'}"

/* 2.5 mg an hour: 22:00 to 04:00 is six hours, 15 mg. The dose is that of its first day. */
#define NONE_FROM(day) "; " day "..20 0 - administered interrupted"

static const struct record nights[] = {
    GIVEN("past midnight", OVER("15T22:00:00", "16T04:00:00"), RATE("2.5", "mg/h"),
          "0..1 15 ONCE administered L2 start" NONE_FROM("2")),
    GIVEN("to the stroke of it", OVER("15T20:00:00", "16T00:00:00"), RATE("2.5", "mg/h"),
          "0..0 10 ONCE administered L3 start" NONE_FROM("1")),
    GIVEN("over three days", OVER("15T12:00:00", "17T12:00:00"), ATC ",'dosage':{'dose':{'value':25,'unit':'mg'}}",
          "0..2 25 ONCE administered L1 start" NONE_FROM("3")),
    GIVEN("to a day told without a time", "'effectivePeriod':{'start':'2024-01-15T22:00:00+01:00','end':'2024-01-16'}",
          ATC ",'dosage':{'dose':{'value':25,'unit':'mg'}}", "0..1 25 ONCE administered L1 start" NONE_FROM("2")),
    GIVEN("that ends before it begins", OVER("15T22:00:00", "14T04:00:00"),
          ATC ",'dosage':{'dose':{'value':25,'unit':'mg'}}", "0..0 25 ONCE administered L1 start" NONE_FROM("1")),
};

Test(drug_records, of_infusions_end_on_their_last_day_and_count_once)
{
    EXPECT_ROWS(nights, "MedicationAdministration", 30);
    expect_rows(&nights[2], 1, "MedicationAdministration", 30);
    expect_text("25 mg of 525, on three days", doses_cycles(&s), "1@0 25 4.761905");
}

/* Two nights in a row: one row each, which share no day. */
Test(drug_records, of_infusions_that_follow_each_other_share_no_day)
{
    subject_add_visit(&s, "visit", "2024-02-14");
    subject_add(&s, "{'resourceType':'MedicationAdministration','id':'a','status':'completed','subject':{'reference':"
                    "'Patient/p1'}," OVER("15T22:00:00", "16T04:00:00") "," ATC
                                                                        ",'dosage':{'dose':{'value':25,'unit':'mg'}}}");
    subject_add(&s, "{'resourceType':'MedicationAdministration','id':'b','status':'completed','subject':{'reference':"
                    "'Patient/p1'}," OVER("16T22:00:00", "17T04:00:00") "," ATC
                                                                        ",'dosage':{'dose':{'value':15,'unit':'mg'}}}");
    s.horizon = s.line.first_dose + 30;
    subject_derive(&s);
    expect_text("rows", doses_rows(&s, "lenalidomide"),
                "0..0 25 ONCE administered L1 start; 1..2 15 ONCE administered L2 step_down; 3..20 0 - administered "
                "interrupted");
}

Test(drug_records, multiply_a_rate_by_its_time)
{
    EXPECT_ROWS(rates, "MedicationAdministration", 10);
}

#define OF(medication, dose)                                                                                           \
    "'medicationReference':{'reference':'Medication/" medication "'},'dosage':{'dose':{" dose "}}"
#define ON_DAY_0 "'effectiveDateTime':'2024-01-15'"

static const struct record strengths[] = {
    GIVEN("of two ingredients that which is the drug", ON_DAY_0, OF("two", "'value':1,'unit':'tablet'"),
          "0..0 10 ONCE administered L3 start"),
    GIVEN("ten in two millilitres, three of them", ON_DAY_0, OF("liquid", "'value':3,'unit':'mL'"),
          "0..0 15 ONCE administered L2 start"),
    GIVEN("a tablet of what is told by millilitres", ON_DAY_0, OF("liquid", "'value':1,'unit':'tablet'"),
          "0..0 1 ONCE administered start"),
    GIVEN("so much in no tablet", ON_DAY_0, OF("nothing", "'value':1,'unit':'tablet'"),
          "0..0 1 ONCE administered start"),
    GIVEN("a unit of no list", ON_DAY_0, OF("two", "'value':1,'unit':'spoon'"), "0..0 - ONCE administered start"),
    GIVEN("less than nothing", ON_DAY_0, OF("two", "'value':-1,'unit':'tablet'"), "0..0 - ONCE administered start"),
};

Test(drug_records, multiply_a_count_by_the_strength_of_the_product)
{
    EXPECT_ROWS(strengths, "MedicationAdministration", 10);
}

#define STATED(what, dosages, rows)                                                                                    \
    {                                                                                                                  \
        what,                                                                                                          \
            "'status':'completed','effectivePeriod':{'start':'2024-01-15','end':'2024-02-11'}," ATC                    \
            ",'dosage':[" dosages "]",                                                                                 \
            rows                                                                                                       \
    }

static const struct record together[] = {
    STATED("two of the same", "{" DAILY "," DOSE("5", "mg") "},{" DAILY "," DOSE("5", "mg") "}",
           "0..27 5 BID stated L3 start"),
    STATED("two and one: 2 x 10 + 5",
           "{'timing':{'repeat':{'frequency':2,'period':1,'periodUnit':'d'}}," DOSE("10", "mg") "},{" DAILY
                                                                                                "," DOSE("5", "mg") "}",
           "0..27 25 QD stated L1 start"),
    STATED("daily and weekly do not add up",
           "{" DAILY "," DOSE("10", "mg") "},{'timing':{'repeat':{'frequency':1,'period':1,'periodUnit':'wk'}}," DOSE(
               "5", "mg") "}",
           "0..27 - - stated start"),
    STATED("one of them is not known", "{" DAILY "," DOSE("10", "mg") "},{" DAILY "}", "0..27 - QD stated start"),
    STATED("one is in other units", "{" DAILY "," DOSE("10", "mg") "},{" DAILY "," DOSE("5", "mL") "}",
           "0..27 - QD stated start"),
    STATED("each has its days",
           "{'timing':{'repeat':{'boundsPeriod':{'start':'2024-01-15','end':'2024-01-20'},'frequency':1,'period':1,"
           "'periodUnit':'d'}}," DOSE("10", "mg") "},{'timing':{'repeat':{'boundsPeriod':{'start':'2024-01-21'},'"
                                                  "frequency':1,'period':1,'periodUnit':'d'}}," DOSE("15", "mg") "}",
           "0..5 10 QD stated L3 start; 6..27 15 QD stated L2 step_up"),
    STATED("one has days and one has none: they add up",
           "{'timing':{'repeat':{'boundsPeriod':{'start':'2024-01-15','end':'2024-01-20'},'frequency':1,'period':1,"
           "'periodUnit':'d'}}," DOSE("10", "mg") "},{" DAILY "," DOSE("5", "mg") "}",
           "0..5 15 QD stated L2 start; 6..20 0 - stated interrupted"),
    STATED(
        "days that begin after the record's own",
        "{'timing':{'repeat':{'boundsPeriod':{'start':'2024-01-18'},'frequency':1,'period':1,'periodUnit':'d'}}," DOSE(
            "10", "mg") "}",
        "3..27 10 QD stated L3 start"),
    STATED("in sequence, without how long the first is",
           "{'sequence':1," DAILY "," DOSE("5", "mg") "},{'sequence':2," DAILY "," DOSE("10", "mg") "}",
           "0..27 15 QD stated L2 start"),
    STATED("the same number twice is no sequence",
           "{'sequence':1,'timing':{'repeat':{'boundsDuration':{'value':7,'code':'d'},'frequency':1,'period':1,"
           "'periodUnit':'d'}}," DOSE("10", "mg") "},{'sequence':1," DAILY "," DOSE("5", "mg") "}",
           "0..6 15 QD stated L2 start; 7..20 0 - stated interrupted"),
    STATED("two weeks of three, then again",
           "{'timing':{'repeat':{'frequency':14,'period':21,'periodUnit':'d'}}," DOSE("25", "mg") "}",
           "0..13 25 QD stated L1 start; 14..20 0 - stated interrupted; 21..27 25 QD stated L1 restart; "
           "28.. 0 - stated interrupted"),
};

Test(drug_records, add_up_what_is_taken_together_and_part_what_follows)
{
    EXPECT_ROWS(together, "MedicationStatement", 30);
}

#define HANDED(what, quantity, supply, dosage, rows)                                                                   \
    {                                                                                                                  \
        what,                                                                                                          \
            "'status':'completed','whenHandedOver':'2024-01-15','medicationCodeableConcept':{'coding':[{'system':"     \
            "'http://www.nlm.nih.gov/research/umls/rxnorm','code':'602910'}]}" quantity supply dosage,                 \
            rows                                                                                                       \
    }
#define UNITS(n)  ",'quantity':{'value':" n ",'unit':'{capsule}'}"
#define MG(n)     ",'quantity':{'value':" n ",'unit':'mg'}"
#define SUPPLY(n) ",'daysSupply':{'value':" n "}"
#define TAKE(n)   ",'dosageInstruction':[{" DAILY "," DOSE(n, "mg") "}]"

/* Of the 21 days that the plan has. */
#define REST(from) "; " from "..20 0 - dispensed interrupted"

/* Capsules of 10 mg. */
static const struct record supplies[] = {
    HANDED("as many as days", UNITS("21"), SUPPLY("21"), "", "0..20 10 QD dispensed L3 start"),
    HANDED("half as many", UNITS("14"), SUPPLY("28"), "", "0..26 10 QOD dispensed L3 start"),
    HANDED("half as many of an odd number", UNITS("11"), SUPPLY("21"), "", "0..20 10 QOD dispensed L3 start"),
    HANDED("twice as many", UNITS("42"), SUPPLY("21"), "", "0..20 10 BID dispensed start"),
    HANDED("fewer than days: so many days", UNITS("21"), SUPPLY("28"), "", "0..20 10 QD dispensed L3 start"),
    HANDED("one and a half a day: nobody knows how", UNITS("30"), SUPPLY("20"), "", "0..19 - QD dispensed start"),
    HANDED("so many and no days", UNITS("21"), "", "", "0..20 10 QD dispensed L3 start"),
    HANDED("days alone", "", SUPPLY("21"), "", "0..20 - QD dispensed start"),
    HANDED("neither: 28 days by the plan of the study", "", "", "", "0..27 - QD dispensed start"),
    HANDED("by what is to be taken: 210 / 10", MG("210"), "", TAKE("10"), "0..20 10 QD dispensed L3 start"),
    HANDED("it goes before the days told", MG("140"), SUPPLY("28"), TAKE("10"),
           "0..13 10 QD dispensed L3 start" REST("14")),
    HANDED("nothing to be taken", MG("140"), SUPPLY("7"), TAKE("0"), "0..6 0 QD dispensed start" REST("7")),
    HANDED("less than one dose", MG("5"), SUPPLY("7"), TAKE("10"), "0..6 10 QD dispensed L3 start" REST("7")),
    HANDED("the two are of different kinds", ",'quantity':{'value':5,'unit':'[iU]'}", SUPPLY("7"), TAKE("10"),
           "0..6 10 QD dispensed L3 start" REST("7")),
};

Test(drug_records, last_as_long_as_what_was_handed_over)
{
    EXPECT_ROWS(supplies, "MedicationDispense", 30);
}

/* ---- how many, and from when ---- */

#define TIMED(members) "{'timing':{'repeat':{" members "}}," DOSE("25", "mg") "}"
#define ORDERED(what, more, rows)                                                                                      \
    {                                                                                                                  \
        what, "'status':'active','intent':'order','authoredOn':'2024-01-15'," ATC "," more, rows                       \
    }
#define TO_TAKE(members) "'dosageInstruction':[" TIMED(members) "]"
#define EVERY_DAY        "'frequency':1,'period':1,'periodUnit':'d'"

static const struct record orders[] = {
    ORDERED("so many doses daily: 14", TO_TAKE(EVERY_DAY ",'count':14"), "0..13 25 QD intended L1 start"),
    ORDERED("one a day by the plan, so many doses", TO_TAKE("'count':5"), "0..4 25 QD intended L1 start"),
    ORDERED("two a day, 50 mg, which is no step; seven doses: the fourth day has the last",
            TO_TAKE("'frequency':2,'period':1,'periodUnit':'d','count':7"), "0..3 25 BID intended start"),
    ORDERED("every other day, eleven doses", TO_TAKE("'frequency':1,'period':2,'periodUnit':'d','count':11"),
            "0..20 25 QOD intended L1 start"),
    ORDERED("one dose", TO_TAKE("'count':1"), "0..0 25 ONCE intended L1 start"),
    ORDERED("ten to fourteen doses: at most fourteen days", TO_TAKE(EVERY_DAY ",'count':10,'countMax':14"),
            "0..13 25 QD intended L1 start"),
    ORDERED("for ten to fourteen days",
            TO_TAKE(EVERY_DAY ",'boundsRange':{'low':{'value':10,'code':'d'},'high':{'value':14,'code':'d'}}"),
            "0..13 25 QD intended L1 start"),
    ORDERED("for ten days or more", TO_TAKE(EVERY_DAY ",'boundsRange':{'low':{'value':10,'code':'d'}}"),
            "0.. 25 QD intended L1 start"),
    ORDERED("for 72 hours", TO_TAKE(EVERY_DAY ",'boundsDuration':{'value':72,'code':'h'}"),
            "0..2 25 QD intended L1 start"),
    ORDERED("the shorter of both", TO_TAKE(EVERY_DAY ",'count':21,'boundsDuration':{'value':2,'code':'wk'}"),
            "0..13 25 QD intended L1 start"),
    ORDERED("21 of 28 days, 24 doses", TO_TAKE("'frequency':21,'period':28,'periodUnit':'d','count':24"),
            "0..20 25 QD intended L1 start; 28..30 25 QD intended L1"),
    ORDERED("to begin ten days later",
            "'dispenseRequest':{'validityPeriod':{'start':'2024-01-25'}}," TO_TAKE(EVERY_DAY ",'count':14"),
            "10..23 25 QD intended L1 start"),
    ORDERED("to begin before it was written",
            "'dispenseRequest':{'validityPeriod':{'start':'2024-01-01'}}," TO_TAKE(EVERY_DAY ",'count':14"),
            "0..13 25 QD intended L1 start"),
    ORDERED("its instruction begins later", TO_TAKE(EVERY_DAY ",'count':14,'boundsPeriod':{'start':'2024-01-18'}"),
            "3..16 25 QD intended L1 start"),
    ORDERED("on Mondays from a Wednesday on: not on Wednesdays",
            TO_TAKE("'dayOfWeek':['mon'],'count':2,'boundsPeriod':{'start':'2024-01-17'}"),
            "2..14 25 QS intended L1 start"),
    ORDERED("seven, then so many of another dose",
            "'dosageInstruction':[{'sequence':1,'timing':{'repeat':{" EVERY_DAY ",'count':7}}," DOSE(
                "25", "mg") "},{'sequence':2,'timing':{'repeat':{" EVERY_DAY ",'count':3}}," DOSE("10", "mg") "}]",
            "0..6 25 QD intended L1 start; 7..9 10 QD intended L3 step_down"),
    ORDERED("two weekly ones, then others: when the third would be due",
            "'dosageInstruction':[{'sequence':1,'timing':{'repeat':{'frequency':1,'period':1,'periodUnit':'wk','count':"
            "2}}," DOSE("25", "mg") "},{'sequence':2,'timing':{'repeat':{" EVERY_DAY
                                    ",'count':3}}," DOSE("10", "mg") "}]",
            "0..7 25 QS intended L1 start; 14..16 10 QD intended L3 step_down"),
};

Test(drug_records, of_orders_begin_and_end_when_they_say)
{
    EXPECT_ROWS(orders, "MedicationRequest", 60);
}

static const struct record bounded_supplies[] = {
    HANDED("28 capsules of which 21 are to be taken", UNITS("28"), "",
           ",'dosageInstruction':[{'timing':{'repeat':{" EVERY_DAY ",'count':21}}," DOSE("10", "mg") "}]",
           "0..20 10 QD dispensed L3 start"),
    HANDED("to be taken for two weeks", UNITS("28"), "",
           ",'dosageInstruction':[{'timing':{'repeat':{" EVERY_DAY
           ",'boundsDuration':{'value':14,'code':'d'}}}," DOSE("10", "mg") "}]",
           "0..13 10 QD dispensed L3 start" REST("14")),
    HANDED("of an instruction that was over: the pack is there all the same", UNITS("21"), "",
           ",'dosageInstruction':[{'timing':{'repeat':{" EVERY_DAY
           ",'boundsPeriod':{'end':'2024-01-10'}}}," DOSE("10", "mg") "}]",
           "0..20 10 QD dispensed L3 start"),
};

Test(drug_records, of_packs_end_where_their_instruction_does)
{
    EXPECT_ROWS(bounded_supplies, "MedicationDispense", 30);
}

/* ---- as needed ---- */

static const struct record needed[] = {
    STATED("every day, if needed: on which nobody knows", "{'asNeededBoolean':true," DAILY "," DOSE("25", "mg") "}",
           "0..27 25 PRN stated L1 start"),
    STATED("for something", "{'asNeededCodeableConcept':{'text':'pain'}," DAILY "," DOSE("25", "mg") "}",
           "0..27 25 PRN stated L1 start"),
    STATED("anyhow", "{'asNeededBoolean':false," DAILY "," DOSE("25", "mg") "}", "0..27 25 QD stated L1 start"),
};

Test(drug_records, of_what_is_taken_as_needed_count_no_day_and_ask)
{
    EXPECT_ROWS(needed, "MedicationStatement", 30);
    expect_rows(&needed[0], 1, "MedicationStatement", 30);
    cr_expect(ne(ptr, (void *)subject_item(&s, "DOSE_MISSING"), NULL));
    expect_text("no cycle is made of it", doses_cycles(&s), "");
}
