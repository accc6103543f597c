/*
 * The end of treatment: which records tell it, which deny it, and what a person is asked.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "records.h"
#include "support/subject.h"

#define LEN "L04AX04"
#define DEX "H02AB02"
#define POM "L04AX06"

#define QD "'frequency':1,'period':1,'periodUnit':'d'"
/* Capsules of 25 mg. */
#define CAPSULES(id, day, number, days, rhythm)                                                                        \
    OF("MedicationDispense", id)                                                                                       \
    "'status':'completed','whenHandedOver':'" day "','quantity':{'value':" number ",'unit':'capsule'},'daysSupply':{"  \
    "'value':" days ",'code':'d'},'dosageInstruction':[{'timing':{'repeat':{" rhythm                                   \
    "}},'doseAndRate':[{'doseQuantity':{'value':25,'unit':'mg'}}]}],'contained':[{'resourceType':"                     \
    "'Medication','id':'m','code':{'coding':[{'system':'http://www.whocc.no/atc','code':'L04AX04'}]},'ingredient':[{"  \
    "'itemCodeableConcept':{'coding':[{'system':'http://www.whocc.no/atc','code':'L04AX04'}]},'strength':{"            \
    "'numerator':{'value':25,'unit':'mg'},'denominator':{'value':1,'unit':'capsule'}}}]}],'medicationReference':{"     \
    "'reference':'#m'}}"
#define STATEMENT(status, period, more) STATED("st", status, LEN, period, more)

static struct subject s;

/* First dose on 15 January 2024, which the roster alone tells. */
static void start(void)
{
    subject_init(&s);
    subject_trust_roster(&s);
    subject_add_patient(&s, "female", "1950-03-01");
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(end_of_treatment, .init = start, .fini = stop);

/* ---- which end ---- */

/* End: its day, how sure it is, why; then the codes of what a person is asked. */
static const struct end {
    const char *name, *resources[3], *roster, *death, *horizon;
    const char *end, *items;
} ends[] = {
    {"nothing is known", {NULL}, .end = "none"},
    {"the roster", {NULL}, .roster = "2024-06-01", .end = "2024-06-01 confirmed ROSTER"},
    {"a statement stopped with a reason",
     {STATEMENT("stopped", SPAN("2024-01-15", "2024-06-01"), REASON)},
     .end = "2024-06-01 confirmed STATED_STOP"},
    {"stopped without one: the supply ends",
     {STATEMENT("stopped", SPAN("2024-01-15", "2024-06-01"), "")},
     .end = "2024-06-01 provisional NO_SUPPLY",
     .items = "EOT_UNCONFIRMED"},
    {"one that goes on", {STATEMENT("active", "'start':'2024-01-15'", "")}, .end = "none"},
    {"on hold since nobody knows when",
     {STATEMENT("on-hold", "'start':'2024-01-15'", "")},
     .end = "2024-01-15 provisional NO_SUPPLY",
     .items = "EOT_UNCONFIRMED"},
    {"stopped on a day nobody wrote down",
     {STATEMENT("stopped", "'start':'2024-01-15'", REASON)},
     .end = "2024-01-15 provisional NO_SUPPLY",
     .items = "EOT_UNCONFIRMED"},
    {"a pack handed over a week before the first dose lasts from that dose on",
     {DISPENSE("p", "2024-01-08", LEN)},
     .end = "2024-02-11 provisional NO_SUPPLY",
     .items = "EOT_UNCONFIRMED"},
    {"one handed over eight days before lasts from that day on",
     {DISPENSE("p", "2024-01-07", LEN)},
     .end = "2024-02-03 provisional NO_SUPPLY",
     .items = "EOT_UNCONFIRMED"},
    {"21 capsules, one a day, said to be for 28 days: the last is taken on the 21st",
     {CAPSULES("p", "2024-01-15", "21", "28", QD)},
     .end = "2024-02-04 provisional NO_SUPPLY",
     .items = "EOT_UNCONFIRMED"},
    {"42 capsules on 21 of 28 days: to the end of the second cycle",
     {CAPSULES("p", "2024-01-15", "42", "42", "'frequency':21,'period':28,'periodUnit':'d'")},
     .end = "2024-03-03 provisional NO_SUPPLY",
     .items = "EOT_UNCONFIRMED"},
    {"a pack for two cycles that the next one replaced",
     {CAPSULES("p", "2024-01-15", "42", "42", "'frequency':21,'period':28,'periodUnit':'d'"),
      CAPSULES("q", "2024-01-25", "7", "7", QD)},
     .end = "2024-01-31 provisional NO_SUPPLY",
     .items = "EOT_UNCONFIRMED"},
    {"a pack of which a statement says that it was stopped, without why",
     {CAPSULES("p", "2024-01-15", "21", "21", QD), STATEMENT("stopped", SPAN("2024-01-15", "2024-01-24"), "")},
     .end = "2024-01-24 provisional NO_SUPPLY",
     .items = "EOT_UNCONFIRMED"},
    {"a statement that goes on, of fourteen doses",
     {OF("MedicationStatement",
         "st") "'status':'active','effectivePeriod':{'start':'2024-01-15'},'dosage':[{'timing':{"
               "'repeat':{'count':14,'frequency':1,'period':1,'periodUnit':'d'}},'doseAndRate':[{'doseQuantity':" AMOUNT
               "}]}]," CODED(LEN) "}"},
     .end = "2024-01-28 provisional NO_SUPPLY",
     .items = "EOT_UNCONFIRMED"},
    {"a statement that goes on, 21 days of 28",
     {OF("MedicationStatement",
         "st") "'status':'active','effectivePeriod':{'start':'2024-01-15'},'dosage':[{'timing':{"
               "'repeat':{'frequency':21,'period':28,'periodUnit':'d'}},'doseAndRate':[{'doseQuantity':" AMOUNT
               "}]}]," CODED(LEN) "}"},
     .end = "none"},
    {"days of supply told in weeks",
     {OF("MedicationDispense", "p") "'status':'completed','whenHandedOver':'2024-01-15','daysSupply':{'value':6,"
                                    "'unit':'weeks','code':'wk'},'dosageInstruction':" DAILY "," CODED(LEN) "}"},
     .end = "2024-02-25 provisional NO_SUPPLY",
     .items = "EOT_UNCONFIRMED"},
    {"a month as the end is none", {STATEMENT("stopped", SPAN("2024-01-15", "2024-06"), REASON)}, .end = "none"},
    {"a stop that is still to come",
     {STATEMENT("completed", SPAN("2024-01-15", "2024-06-01"), REASON)},
     .horizon = "2024-05-31",
     .end = "none"},

    {"the other drug was never supplied again", {DISPENSE("d", "2024-01-15", DEX)}, .end = "none"},
    {"the other drug stops while this one goes on",
     {STATED("dex", "stopped", DEX, SPAN("2024-01-15", "2024-03-01"), REASON),
      STATEMENT("active", "'start':'2024-01-15'", "")},
     .end = "none"},
    {"another dose from the next day on",
     {STATEMENT("stopped", SPAN("2024-01-15", "2024-06-01"), REASON),
      STATED("lower", "active", LEN, "'start':'2024-06-02'", "")},
     .end = "none"},
    {"another dose stated since before",
     {STATEMENT("stopped", SPAN("2024-01-15", "2024-06-01"), REASON),
      STATED("lower", "active", LEN, "'start':'2024-05-20'", "")},
     .end = "none"},
    {"taken again 56 days later: a pause",
     {STATEMENT("stopped", SPAN("2024-01-15", "2024-06-01"), REASON), DISPENSE("d", "2024-07-27", LEN)},
     .horizon = "2024-08-01",
     .end = "none"},
    {"57 days later: a restart",
     {STATEMENT("stopped", SPAN("2024-01-15", "2024-06-01"), REASON), DISPENSE("d", "2024-07-28", LEN)},
     .horizon = "2024-08-01",
     .end = "2024-06-01 confirmed STATED_STOP",
     .items = "RESTART_AFTER_EOT"},
    {"a restart that is still to come",
     {STATEMENT("stopped", SPAN("2024-01-15", "2024-06-01"), REASON), DISPENSE("d", "2024-07-28", LEN)},
     .horizon = "2024-07-27",
     .end = "2024-06-01 confirmed STATED_STOP"},

    {"an order stopped with a reason",
     {ORDER("o", "stopped", "2024-01-15", "2024-06-01", LEN, REASON)},
     .end = "2024-06-01 provisional ORDER_STOPPED",
     .items = "EOT_UNCONFIRMED"},
    {"without one", {ORDER("o", "stopped", "2024-01-15", "2024-06-01", LEN, "")}, .end = "none"},
    {"an order stopped, another goes on",
     {ORDER("o", "stopped", "2024-01-15", "2024-06-01", LEN, REASON),
      ORDER("o2", "active", "2024-06-01", "2024-12-01", LEN, "")},
     .end = "none"},
    {"an order stopped, the use goes on",
     {ORDER("o", "stopped", "2024-01-15", "2024-06-01", LEN, REASON), STATEMENT("active", "'start':'2024-01-15'", "")},
     .end = "none"},
    {"an order stopped, supplied again months later",
     {ORDER("o", "stopped", "2024-01-15", "2024-06-01", LEN, REASON), DISPENSE("d", "2024-12-10", LEN)},
     .end = "none"},
    {"an order and a statement stopped: the statement",
     {ORDER("o", "stopped", "2024-01-15", "2024-06-03", LEN, REASON),
      STATEMENT("stopped", SPAN("2024-01-15", "2024-06-01"), REASON)},
     .end = "2024-06-01 confirmed STATED_STOP"},

    {"two orders stopped: the other went on to its own end",
     {ORDER("o", "stopped", "2024-01-15", "2024-06-01", LEN, REASON),
      ORDER("o2", "stopped", "2024-01-20", "2024-05-01", LEN, REASON)},
     .end = "2024-06-01 provisional ORDER_STOPPED",
     .items = "EOT_UNCONFIRMED"},
    {"two statements stopped, one while the other went on",
     {STATED("a", "stopped", LEN, SPAN("2024-01-15", "2024-07-01"), REASON),
      STATED("b", "stopped", LEN, SPAN("2024-01-20", "2024-06-01"), REASON)},
     .end = "2024-07-01 confirmed STATED_STOP"},
    {"stopped twice, months apart: the first time",
     {STATED("a", "stopped", LEN, SPAN("2024-01-15", "2024-04-01"), REASON),
      STATED("b", "stopped", LEN, SPAN("2024-08-01", "2024-09-01"), REASON)},
     .end = "2024-04-01 confirmed STATED_STOP",
     .items = "RESTART_AFTER_EOT"},
    {"a stop of years before, and treatment that goes on",
     {STATED("a", "stopped", LEN, SPAN("2021-01-15", "2021-06-01"), REASON),
      STATEMENT("active", "'start':'2024-01-15'", "")},
     .end = "none"},

    {"another line, and one more after it",
     {DISPENSE("d", "2024-01-15", LEN), DISPENSE("n", "2024-03-01", POM), DISPENSE("n2", "2024-04-01", POM)},
     .end = "2024-02-11 confirmed NEW_LINE"},
    {"another line, while this one is ordered and nobody says that it is taken",
     {ORDER("o", "active", "2024-01-15", "2024-12-01", LEN, ""), DISPENSE("n", "2024-03-01", POM)},
     .end = "2024-02-29 provisional NEW_LINE",
     .items = "EOT_UNCONFIRMED"},
    {"another line after the supply ended",
     {DISPENSE("d", "2024-01-15", LEN), DISPENSE("n", "2024-03-01", POM)},
     .end = "2024-02-11 confirmed NEW_LINE"},
    {"and dexamethasone with it",
     {DISPENSE("d", "2024-01-15", LEN), DISPENSE("n", "2024-03-01", POM), DISPENSE("x", "2024-03-01", DEX)},
     .end = "2024-02-11 confirmed NEW_LINE"},
    {"dexamethasone before it, after the end",
     {DISPENSE("d", "2024-01-15", LEN), DISPENSE("n", "2024-03-01", POM), DISPENSE("x", "2024-02-29", DEX)},
     .end = "2024-02-11 confirmed NEW_LINE",
     .items = "RESTART_AFTER_EOT"},
    {"another line while supply is left",
     {DISPENSE("d", "2024-01-15", LEN), DISPENSE("n", "2024-02-11", POM)},
     .end = "2024-02-10 provisional NEW_LINE",
     .items = "EOT_UNCONFIRMED"},
    {"another line, the last dose known to nobody",
     {DISPENSE("n", "2024-03-01", POM)},
     .end = "2024-02-29 provisional NEW_LINE",
     .items = "EOT_UNCONFIRMED"},
    {"another line while this one is supplied on",
     {DISPENSE("d", "2024-01-15", LEN), DISPENSE("n", "2024-02-01", POM), DISPENSE("d2", "2024-02-12", LEN)},
     .horizon = "2024-03-31",
     .end = "none",
     .items = "REGIMEN_OVERLAP"},
    {"another line while this one is stated to go on",
     {STATEMENT("active", "'start':'2024-01-15'", ""), DISPENSE("n", "2024-01-16", POM)},
     .end = "none",
     .items = "REGIMEN_OVERLAP"},
    {"another drug of the line from day 1 on",
     {STATEMENT("active", "'start':'2024-01-15'", ""), DISPENSE("n", "2024-01-15", POM)},
     .end = "none"},
    {"another line before the roster's end",
     {DISPENSE("n", "2024-05-31", POM)},
     .roster = "2024-06-01",
     .end = "2024-06-01 confirmed ROSTER",
     .items = "REGIMEN_OVERLAP"},
    {"another line on the roster's end",
     {DISPENSE("n", "2024-06-01", POM)},
     .roster = "2024-06-01",
     .end = "2024-06-01 confirmed ROSTER"},
    {"another line that is only ordered",
     {DISPENSE("d", "2024-01-15", LEN), ORDER("n", "active", "2024-02-20", "2024-08-20", POM, "")},
     .horizon = "2024-04-07",
     .end = "none"},
    {"another line that is still to come",
     {STATEMENT("active", "'start':'2024-01-15'", ""), DISPENSE("n", "2024-03-01", POM)},
     .horizon = "2024-02-29",
     .end = "none"},

    {"death after the supply ended",
     {DISPENSE("d", "2024-01-15", LEN)},
     .death = "2024-03-01",
     .end = "2024-02-11 confirmed DEATH"},
    {"death before it ended",
     {DISPENSE("d", "2024-01-15", LEN)},
     .death = "2024-02-01",
     .end = "2024-02-01 confirmed DEATH"},
    {"death while the use goes on",
     {STATEMENT("active", "'start':'2024-01-15'", "")},
     .death = "2024-03-01",
     .end = "2024-03-01 confirmed DEATH"},
    {"a stop written down the day after death",
     {STATEMENT("stopped", SPAN("2024-01-15", "2024-03-02"), REASON)},
     .death = "2024-03-01",
     .end = "2024-03-01 confirmed DEATH"},
    {"death 56 days after the supply ended",
     {DISPENSE("d", "2024-01-15", LEN)},
     .death = "2024-04-07",
     .end = "2024-02-11 confirmed DEATH"},
    {"57 days after: over before, for a reason nobody told",
     {DISPENSE("d", "2024-01-15", LEN)},
     .death = "2024-04-08",
     .end = "2024-02-11 provisional NO_SUPPLY",
     .items = "EOT_UNCONFIRMED"},
    {"death on the last day searched",
     {STATEMENT("active", "'start':'2024-01-15'", "")},
     .death = "2024-03-01",
     .horizon = "2024-03-01",
     .end = "2024-03-01 confirmed DEATH"},
    {"death the day after: nothing is known of it yet",
     {STATEMENT("active", "'start':'2024-01-15'", "")},
     .death = "2024-03-02",
     .horizon = "2024-03-01",
     .end = "none"},
    {"death later than that",
     {STATEMENT("active", "'start':'2024-01-15'", "")},
     .death = "2024-03-03",
     .horizon = "2024-03-01",
     .end = "none",
     .items = "FUTURE_DATE"},
    {"death, the last dose known to nobody", {NULL}, .death = "2024-03-01", .end = "none"},

    {"a dose the day after the roster's end",
     {GIVEN("a", "completed", "2024-06-02", LEN)},
     .roster = "2024-06-01",
     .end = "2024-06-01 confirmed ROSTER",
     .items = "RESTART_AFTER_EOT"},
    {"on the roster's end",
     {GIVEN("a", "completed", "2024-06-01", LEN)},
     .roster = "2024-06-01",
     .end = "2024-06-01 confirmed ROSTER"},
    {"the other drug after it",
     {DISPENSE("x", "2024-06-02", DEX)},
     .roster = "2024-06-01",
     .end = "2024-06-01 confirmed ROSTER",
     .items = "RESTART_AFTER_EOT"},
    {"a dose after it that was not given",
     {GIVEN("a", "not-done", "2024-06-20", LEN), STATED("n", "not-taken", LEN, "'start':'2024-06-21'", "")},
     .roster = "2024-06-01",
     .end = "2024-06-01 confirmed ROSTER"},
    {"an order after it",
     {ORDER("o", "active", "2024-06-20", "2024-08-20", LEN, "")},
     .roster = "2024-06-01",
     .end = "2024-06-01 confirmed ROSTER"},
    {"what was not taken covers nothing",
     {DISPENSE("d", "2024-01-15", LEN), STATEMENT("not-taken", SPAN("2024-02-12", "2024-12-31"), "")},
     .end = "2024-02-11 provisional NO_SUPPLY",
     .items = "EOT_UNCONFIRMED"},

    {"a statement seven days after the roster's end",
     {STATEMENT("stopped", SPAN("2024-01-15", "2024-06-08"), REASON)},
     .roster = "2024-06-01",
     .end = "2024-06-01 confirmed ROSTER"},
    {"eight",
     {STATEMENT("stopped", SPAN("2024-01-15", "2024-06-09"), REASON)},
     .roster = "2024-06-01",
     .end = "2024-06-01 confirmed ROSTER",
     .items = "EOT_COMPONENTS_DIFFER"},
    {"an order eight days after",
     {ORDER("o", "stopped", "2024-01-15", "2024-06-09", LEN, REASON)},
     .roster = "2024-06-01",
     .end = "2024-06-01 confirmed ROSTER",
     .items = "EOT_COMPONENTS_DIFFER"},
    {"supply until seven days after it",
     {DISPENSE("d", "2024-05-12", LEN)},
     .roster = "2024-06-01",
     .end = "2024-06-01 confirmed ROSTER"},
    {"eight days",
     {DISPENSE("d", "2024-05-13", LEN)},
     .roster = "2024-06-01",
     .end = "2024-06-01 confirmed ROSTER",
     .items = "EOT_COMPONENTS_DIFFER"},
    {"supply and statement on either side, eight days apart",
     {DISPENSE("d", "2024-05-01", LEN), STATEMENT("stopped", SPAN("2024-01-15", "2024-06-05"), REASON)},
     .roster = "2024-06-01",
     .end = "2024-06-01 confirmed ROSTER",
     .items = "EOT_COMPONENTS_DIFFER"},
    {"seven",
     {DISPENSE("d", "2024-05-01", LEN), STATEMENT("stopped", SPAN("2024-01-15", "2024-06-04"), REASON)},
     .roster = "2024-06-01",
     .end = "2024-06-01 confirmed ROSTER"},
    {"a statement, and supply until eight days after it",
     {DISPENSE("d", "2024-05-13", LEN), STATEMENT("stopped", SPAN("2024-01-15", "2024-06-01"), REASON)},
     .end = "2024-06-01 confirmed STATED_STOP",
     .items = "EOT_COMPONENTS_DIFFER"},
};

static void set_death(const char *day)
{
    s.facts[0].patient.deceased = day != NULL;
    s.facts[0].patient.deceased_date = day;
}

static const char *told_end(void)
{
    const struct gw_row_subjects *row = subject_row(&s);

    if (!row->eot && !row->eot_reason)
        return row->eot_status;
    return gw_arena_print(&s.arena, "%s %s %s", row->eot ? row->eot : "?", row->eot_status,
                          row->eot_reason ? row->eot_reason : "?");
}

static void expect_end(const struct end *e)
{
    if (e->roster)
        s.line.end_of_treatment = subject_day(e->roster);
    if (e->horizon)
        s.horizon = subject_day(e->horizon);
    set_death(e->death);
    subject_derive(&s);
    expect_text(e->name, told_end(), e->end);
    expect_text(e->name, subject_item_codes(&s), e->items ? e->items : "");
}

Test(end_of_treatment, is_what_the_records_say)
{
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        stop();
        start();
        for (size_t r = 0; r < 3 && ends[i].resources[r]; r++)
            subject_add(&s, "%s", ends[i].resources[r]);
        expect_end(&ends[i]);
    }
}

Test(end_of_treatment, does_not_depend_on_the_order_of_records)
{
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        stop();
        start();
        for (size_t r = 3; r-- > 0;)
            if (ends[i].resources[r])
                subject_add(&s, "%s", ends[i].resources[r]);
        expect_end(&ends[i]);
    }
}

/* ---- the choices of the study ---- */

Test(end_of_treatment, goes_by_the_drug_the_study_names)
{
    struct gw_study *study = subject_study(&s);

    subject_add(&s, STATED("dex", "stopped", DEX, SPAN("2024-01-15", "2024-03-01"), REASON));
    subject_add(&s, STATEMENT("active", "'start':'2024-01-15'", ""));
    subject_derive(&s);
    expect_text("lenalidomide", subject_row(&s)->eot, "");
    study->eot_drug = "dexamethasone";
    subject_derive(&s);
    expect_text("dexamethasone", subject_row(&s)->eot, "2024-03-01");
    study->eot_drug = NULL;
    subject_derive(&s);
    expect_text("none", subject_row(&s)->eot, "");
}

Test(end_of_treatment, is_inferred_after_as_many_days_of_silence_as_the_study_says)
{
    static const struct {
        int gap;
        const char *horizon, *status;
    } gaps[] = {
        {56, "2024-04-07", "none"},
        {56, "2024-04-08", "provisional"}, /* covered to 11 February */
        {28, "2024-03-10", "none"},
        {28, "2024-03-11", "provisional"},
    };
    struct gw_study *study = subject_study(&s);

    subject_add(&s, DISPENSE("d", "2024-01-15", LEN));
    for (size_t i = 0; i < sizeof gaps / sizeof gaps[0]; i++) {
        study->eot_gap_days = gaps[i].gap;
        s.horizon = subject_day(gaps[i].horizon);
        subject_derive(&s);
        expect_text(gaps[i].horizon, subject_row(&s)->eot_status, gaps[i].status);
    }
}

Test(end_of_treatment, is_inferred_where_nothing_covers_the_drug_and_is_asked_about)
{
    const struct gw_row_subjects *row;

    subject_add(&s, "{'resourceType':'MedicationDispense','id':'d','status':'completed',"
                    "'subject':{'reference':'Patient/p1'},'whenHandedOver':'2024-01-15','daysSupply':{'value':28},"
                    "'medicationCodeableConcept':{'coding':[{'system':'http://www.whocc.no/atc','code':'L04AX04'}]}}");
    s.horizon = subject_day("2024-04-07"); /* 56 days after 11 February, the last one covered */
    subject_derive(&s);
    row = subject_row(&s);
    expect_text("still covered", row->eot_status, "none");
    cr_expect(le(int, s.derived.next_day, subject_day("2024-04-08")));
    s.horizon = subject_day("2024-04-08");
    subject_derive(&s);
    row = subject_row(&s);
    expect_text("no longer", row->eot_status, "provisional");
    expect_text("the last day covered", row->eot, "2024-02-11");
    cr_expect(eq(sz, subject_items(&s, "EOT_UNCONFIRMED"), 1));
}

Test(end_of_treatment, is_asked_about_beyond_the_days_the_study_allows)
{
    struct gw_study *study = subject_study(&s);

    s.line.end_of_treatment = subject_day("2024-06-01");
    subject_add(&s, STATEMENT("stopped", SPAN("2024-01-15", "2024-06-04"), REASON));
    subject_derive(&s);
    expect_text("seven", subject_item_codes(&s), "");
    study->eot_spread_days = 2;
    subject_derive(&s);
    expect_text("two", subject_item_codes(&s), "EOT_COMPONENTS_DIFFER");
}

Test(end_of_treatment, is_not_inferred_from_silence_after_withdrawal)
{
    subject_add(&s, DISPENSE("d", "2024-01-15", LEN));
    s.line.withdrawn = subject_day("2024-04-07"); /* 56 days after the last day covered */
    subject_derive(&s);
    expect_text("withdrawn", subject_row(&s)->eot_status, "none");
    s.line.withdrawn = subject_day("2024-04-08");
    subject_derive(&s);
    expect_text("withdrawn a day later", subject_row(&s)->eot_status, "provisional");
    subject_add(&s, DISPENSE("d2", "2024-04-09", LEN));
    subject_derive(&s);
    expect_text("what came after withdrawal is not looked at", subject_row(&s)->eot, "2024-02-11");
}
