/*
 * The end of treatment: which records tell it, which deny it, and what a person is asked.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "support/subject.h"

#define ANC "751-8"
#define LEN "L04AX04"
#define DEX "H02AB02"
#define POM "L04AX06"

static struct subject s;
static struct gw_study study;

/* First dose on 15 January 2024, which the roster alone tells. */
static void start(void)
{
    subject_init(&s);
    study = *s.study;
    for (int r = 0; r < GW_RANK_COUNT; r++)
        study.d1_evidence[r] = r == GW_RANK_ROSTER;
    s.study = &study;
    subject_add(&s, "{'resourceType':'Patient','id':'p1','gender':'female','birthDate':'1950-03-01'}");
}

/* Seen every month for a year. */
static void add_visits(void)
{
    char id[16], day[11];

    for (int k = 1; k <= 11; k++) {
        snprintf(id, sizeof id, "e%d", k);
        gw_day_print(s.line.first_dose + 30 * k, day);
        subject_add_visit(&s, id, day);
    }
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(end_of_treatment, .init = start, .fini = stop);

static const struct gw_row_subjects *subject(void)
{
    return (const struct gw_row_subjects *)s.derived.rows.tables[GW_TABLE_subjects].rows[0];
}

/* ---- records ---- */

#define CODED(drug)    "'medicationCodeableConcept':{'coding':[{'system':'http://www.whocc.no/atc','code':'" drug "'}]}"
#define OF(type, id)   "{'resourceType':'" type "','id':'" id "','subject':{'reference':'Patient/p1'},"
#define SPAN(from, to) "'start':'" from "','end':'" to "'"
#define REASON         ",'statusReason':[{'text':'progression'}]"
#define AMOUNT         "{'value':10,'unit':'mg'}"
#define DAILY                                                                                                          \
    "[{'timing':{'repeat':{'frequency':1,'period':1,'periodUnit':'d'}},'doseAndRate':[{'doseQuantity':" AMOUNT "}]}]"
#define STATED(id, status, drug, period, more)                                                                         \
    OF("MedicationStatement", id)                                                                                      \
    "'status':'" status "','effectivePeriod':{" period "},'dosage':" DAILY "," CODED(drug) more "}"
#define STATEMENT(status, period, more) STATED("st", status, LEN, period, more)
#define DISPENSE(id, day, drug)         /* of 28 days */                                                               \
    OF("MedicationDispense", id)                                                                                       \
    "'status':'completed','whenHandedOver':'" day "','daysSupply':{'value':28},'dosageInstruction':" DAILY             \
    "," CODED(drug) "}"
#define GIVEN(id, status, day, drug)                                                                                   \
    OF("MedicationAdministration", id)                                                                                 \
    "'status':'" status "','effectiveDateTime':'" day "','dosage':{'dose':" AMOUNT "}," CODED(drug) "}"
#define ORDER(id, status, written, end, drug, more)                                                                    \
    OF("MedicationRequest", id)                                                                                        \
    "'status':'" status "','intent':'order','authoredOn':'" written                                                    \
    "','dispenseRequest':{'validityPeriod':{'end':'" end "'}},'dosageInstruction':" DAILY "," CODED(drug) more "}"

/* ---- which end ---- */

static const struct {
    const char *name, *resources[3], *roster, *death, *horizon;
    const char *eot, *status, *reason, *items;
} ends[] = {
    {"nothing is known", {NULL}, NULL, NULL, NULL, "", "none", "", ""},
    {"the roster", {NULL}, "2024-06-01", NULL, NULL, "2024-06-01", "confirmed", "ROSTER", ""},
    {"a statement stopped with a reason",
     {STATEMENT("stopped", SPAN("2024-01-15", "2024-06-01"), REASON)},
     NULL,
     NULL,
     NULL,
     "2024-06-01",
     "confirmed",
     "STATED_STOP",
     ""},
    {"stopped without one: the supply ends",
     {STATEMENT("stopped", SPAN("2024-01-15", "2024-06-01"), "")},
     NULL,
     NULL,
     NULL,
     "2024-06-01",
     "provisional",
     "NO_SUPPLY",
     "EOT_UNCONFIRMED"},
    {"one that goes on", {STATEMENT("active", "'start':'2024-01-15'", "")}, NULL, NULL, NULL, "", "none", "", ""},
    {"on hold since nobody knows when",
     {STATEMENT("on-hold", "'start':'2024-01-15'", "")},
     NULL,
     NULL,
     NULL,
     "2024-01-15",
     "provisional",
     "NO_SUPPLY",
     "EOT_UNCONFIRMED"},
    {"stopped on a day nobody wrote down",
     {STATEMENT("stopped", "'start':'2024-01-15'", REASON)},
     NULL,
     NULL,
     NULL,
     "2024-01-15",
     "provisional",
     "NO_SUPPLY",
     "EOT_UNCONFIRMED"},
    {"a pack handed over a week before the first dose lasts from that dose on",
     {DISPENSE("p", "2024-01-08", LEN)},
     NULL,
     NULL,
     NULL,
     "2024-02-11",
     "provisional",
     "NO_SUPPLY",
     "EOT_UNCONFIRMED"},
    {"one handed over eight days before lasts from that day on",
     {DISPENSE("p", "2024-01-07", LEN)},
     NULL,
     NULL,
     NULL,
     "2024-02-03",
     "provisional",
     "NO_SUPPLY",
     "EOT_UNCONFIRMED"},
    {"days of supply told in weeks",
     {OF("MedicationDispense", "p") "'status':'completed','whenHandedOver':'2024-01-15','daysSupply':{'value':6,"
                                    "'unit':'weeks','code':'wk'},'dosageInstruction':" DAILY "," CODED(LEN) "}"},
     NULL,
     NULL,
     NULL,
     "2024-02-25",
     "provisional",
     "NO_SUPPLY",
     "EOT_UNCONFIRMED"},
    {"a month as the end is none",
     {STATEMENT("stopped", SPAN("2024-01-15", "2024-06"), REASON)},
     NULL,
     NULL,
     NULL,
     "",
     "none",
     "",
     ""},
    {"a stop that is still to come",
     {STATEMENT("completed", SPAN("2024-01-15", "2024-06-01"), REASON)},
     NULL,
     NULL,
     "2024-05-31",
     "",
     "none",
     "",
     ""},

    {"the other drug was never supplied again",
     {DISPENSE("d", "2024-01-15", DEX)},
     NULL,
     NULL,
     NULL,
     "",
     "none",
     "",
     ""},
    {"the other drug stops while this one goes on",
     {STATED("dex", "stopped", DEX, SPAN("2024-01-15", "2024-03-01"), REASON),
      STATEMENT("active", "'start':'2024-01-15'", "")},
     NULL,
     NULL,
     NULL,
     "",
     "none",
     "",
     ""},
    {"another dose from the next day on",
     {STATEMENT("stopped", SPAN("2024-01-15", "2024-06-01"), REASON),
      STATED("lower", "active", LEN, "'start':'2024-06-02'", "")},
     NULL,
     NULL,
     NULL,
     "",
     "none",
     "",
     ""},
    {"another dose stated since before",
     {STATEMENT("stopped", SPAN("2024-01-15", "2024-06-01"), REASON),
      STATED("lower", "active", LEN, "'start':'2024-05-20'", "")},
     NULL,
     NULL,
     NULL,
     "",
     "none",
     "",
     ""},
    {"taken again 56 days later: a pause",
     {STATEMENT("stopped", SPAN("2024-01-15", "2024-06-01"), REASON), DISPENSE("d", "2024-07-27", LEN)},
     NULL,
     NULL,
     "2024-08-01",
     "",
     "none",
     "",
     ""},
    {"57 days later: a restart",
     {STATEMENT("stopped", SPAN("2024-01-15", "2024-06-01"), REASON), DISPENSE("d", "2024-07-28", LEN)},
     NULL,
     NULL,
     "2024-08-01",
     "2024-06-01",
     "confirmed",
     "STATED_STOP",
     "RESTART_AFTER_EOT"},
    {"a restart that is still to come",
     {STATEMENT("stopped", SPAN("2024-01-15", "2024-06-01"), REASON), DISPENSE("d", "2024-07-28", LEN)},
     NULL,
     NULL,
     "2024-07-27",
     "2024-06-01",
     "confirmed",
     "STATED_STOP",
     ""},

    {"an order stopped with a reason",
     {ORDER("o", "stopped", "2024-01-15", "2024-06-01", LEN, REASON)},
     NULL,
     NULL,
     NULL,
     "2024-06-01",
     "provisional",
     "ORDER_STOPPED",
     "EOT_UNCONFIRMED"},
    {"without one", {ORDER("o", "stopped", "2024-01-15", "2024-06-01", LEN, "")}, NULL, NULL, NULL, "", "none", "", ""},
    {"an order stopped, another goes on",
     {ORDER("o", "stopped", "2024-01-15", "2024-06-01", LEN, REASON),
      ORDER("o2", "active", "2024-06-01", "2024-12-01", LEN, "")},
     NULL,
     NULL,
     NULL,
     "",
     "none",
     "",
     ""},
    {"an order stopped, the use goes on",
     {ORDER("o", "stopped", "2024-01-15", "2024-06-01", LEN, REASON), STATEMENT("active", "'start':'2024-01-15'", "")},
     NULL,
     NULL,
     NULL,
     "",
     "none",
     "",
     ""},
    {"an order stopped, supplied again months later",
     {ORDER("o", "stopped", "2024-01-15", "2024-06-01", LEN, REASON), DISPENSE("d", "2024-12-10", LEN)},
     NULL,
     NULL,
     NULL,
     "",
     "none",
     "",
     ""},
    {"an order and a statement stopped: the statement",
     {ORDER("o", "stopped", "2024-01-15", "2024-06-03", LEN, REASON),
      STATEMENT("stopped", SPAN("2024-01-15", "2024-06-01"), REASON)},
     NULL,
     NULL,
     NULL,
     "2024-06-01",
     "confirmed",
     "STATED_STOP",
     ""},

    {"another line after the supply ended",
     {DISPENSE("d", "2024-01-15", LEN), DISPENSE("n", "2024-03-01", POM)},
     NULL,
     NULL,
     NULL,
     "2024-02-11",
     "confirmed",
     "NEW_LINE",
     ""},
    {"and dexamethasone with it",
     {DISPENSE("d", "2024-01-15", LEN), DISPENSE("n", "2024-03-01", POM), DISPENSE("x", "2024-03-01", DEX)},
     NULL,
     NULL,
     NULL,
     "2024-02-11",
     "confirmed",
     "NEW_LINE",
     ""},
    {"dexamethasone before it, after the end",
     {DISPENSE("d", "2024-01-15", LEN), DISPENSE("n", "2024-03-01", POM), DISPENSE("x", "2024-02-29", DEX)},
     NULL,
     NULL,
     NULL,
     "2024-02-11",
     "confirmed",
     "NEW_LINE",
     "RESTART_AFTER_EOT"},
    {"another line while supply is left",
     {DISPENSE("d", "2024-01-15", LEN), DISPENSE("n", "2024-02-11", POM)},
     NULL,
     NULL,
     NULL,
     "2024-02-10",
     "provisional",
     "NEW_LINE",
     "EOT_UNCONFIRMED"},
    {"another line, the last dose known to nobody",
     {DISPENSE("n", "2024-03-01", POM)},
     NULL,
     NULL,
     NULL,
     "2024-02-29",
     "provisional",
     "NEW_LINE",
     "EOT_UNCONFIRMED"},
    {"another line while this one is supplied on",
     {DISPENSE("d", "2024-01-15", LEN), DISPENSE("n", "2024-02-01", POM), DISPENSE("d2", "2024-02-12", LEN)},
     NULL,
     NULL,
     "2024-03-31",
     "",
     "none",
     "",
     "REGIMEN_OVERLAP"},
    {"another line while this one is stated to go on",
     {STATEMENT("active", "'start':'2024-01-15'", ""), DISPENSE("n", "2024-01-16", POM)},
     NULL,
     NULL,
     NULL,
     "",
     "none",
     "",
     "REGIMEN_OVERLAP"},
    {"another drug of the line from day 1 on",
     {STATEMENT("active", "'start':'2024-01-15'", ""), DISPENSE("n", "2024-01-15", POM)},
     NULL,
     NULL,
     NULL,
     "",
     "none",
     "",
     ""},
    {"another line before the roster's end",
     {DISPENSE("n", "2024-05-31", POM)},
     "2024-06-01",
     NULL,
     NULL,
     "2024-06-01",
     "confirmed",
     "ROSTER",
     "REGIMEN_OVERLAP"},
    {"another line on the roster's end",
     {DISPENSE("n", "2024-06-01", POM)},
     "2024-06-01",
     NULL,
     NULL,
     "2024-06-01",
     "confirmed",
     "ROSTER",
     ""},
    {"another line that is only ordered",
     {DISPENSE("d", "2024-01-15", LEN), ORDER("n", "active", "2024-02-20", "2024-08-20", POM, "")},
     NULL,
     NULL,
     "2024-04-07",
     "",
     "none",
     "",
     ""},
    {"another line that is still to come",
     {STATEMENT("active", "'start':'2024-01-15'", ""), DISPENSE("n", "2024-03-01", POM)},
     NULL,
     NULL,
     "2024-02-29",
     "",
     "none",
     "",
     ""},

    {"death after the supply ended",
     {DISPENSE("d", "2024-01-15", LEN)},
     NULL,
     "2024-03-01",
     NULL,
     "2024-02-11",
     "confirmed",
     "DEATH",
     ""},
    {"death before it ended",
     {DISPENSE("d", "2024-01-15", LEN)},
     NULL,
     "2024-02-01",
     NULL,
     "2024-02-01",
     "confirmed",
     "DEATH",
     ""},
    {"death while the use goes on",
     {STATEMENT("active", "'start':'2024-01-15'", "")},
     NULL,
     "2024-03-01",
     NULL,
     "2024-03-01",
     "confirmed",
     "DEATH",
     ""},
    {"a stop written down the day after death",
     {STATEMENT("stopped", SPAN("2024-01-15", "2024-03-02"), REASON)},
     NULL,
     "2024-03-01",
     NULL,
     "2024-03-01",
     "confirmed",
     "DEATH",
     ""},
    {"death 56 days after the supply ended",
     {DISPENSE("d", "2024-01-15", LEN)},
     NULL,
     "2024-04-07",
     NULL,
     "2024-02-11",
     "confirmed",
     "DEATH",
     ""},
    {"57 days after: over before, for a reason nobody told",
     {DISPENSE("d", "2024-01-15", LEN)},
     NULL,
     "2024-04-08",
     NULL,
     "2024-02-11",
     "provisional",
     "NO_SUPPLY",
     "EOT_UNCONFIRMED"},
    {"death, the last dose known to nobody", {NULL}, NULL, "2024-03-01", NULL, "", "none", "", ""},

    {"a dose the day after the roster's end",
     {GIVEN("a", "completed", "2024-06-02", LEN)},
     "2024-06-01",
     NULL,
     NULL,
     "2024-06-01",
     "confirmed",
     "ROSTER",
     "RESTART_AFTER_EOT"},
    {"on the roster's end",
     {GIVEN("a", "completed", "2024-06-01", LEN)},
     "2024-06-01",
     NULL,
     NULL,
     "2024-06-01",
     "confirmed",
     "ROSTER",
     ""},
    {"the other drug after it",
     {DISPENSE("x", "2024-06-02", DEX)},
     "2024-06-01",
     NULL,
     NULL,
     "2024-06-01",
     "confirmed",
     "ROSTER",
     "RESTART_AFTER_EOT"},
    {"a dose after it that was not given",
     {GIVEN("a", "not-done", "2024-06-20", LEN), STATED("n", "not-taken", LEN, "'start':'2024-06-21'", "")},
     "2024-06-01",
     NULL,
     NULL,
     "2024-06-01",
     "confirmed",
     "ROSTER",
     ""},
    {"an order after it",
     {ORDER("o", "active", "2024-06-20", "2024-08-20", LEN, "")},
     "2024-06-01",
     NULL,
     NULL,
     "2024-06-01",
     "confirmed",
     "ROSTER",
     ""},
    {"what was not taken covers nothing",
     {DISPENSE("d", "2024-01-15", LEN), STATEMENT("not-taken", SPAN("2024-02-12", "2024-12-31"), "")},
     NULL,
     NULL,
     NULL,
     "2024-02-11",
     "provisional",
     "NO_SUPPLY",
     "EOT_UNCONFIRMED"},

    {"a statement seven days after the roster's end",
     {STATEMENT("stopped", SPAN("2024-01-15", "2024-06-08"), REASON)},
     "2024-06-01",
     NULL,
     NULL,
     "2024-06-01",
     "confirmed",
     "ROSTER",
     ""},
    {"eight",
     {STATEMENT("stopped", SPAN("2024-01-15", "2024-06-09"), REASON)},
     "2024-06-01",
     NULL,
     NULL,
     "2024-06-01",
     "confirmed",
     "ROSTER",
     "EOT_COMPONENTS_DIFFER"},
    {"an order eight days after",
     {ORDER("o", "stopped", "2024-01-15", "2024-06-09", LEN, REASON)},
     "2024-06-01",
     NULL,
     NULL,
     "2024-06-01",
     "confirmed",
     "ROSTER",
     "EOT_COMPONENTS_DIFFER"},
    {"supply until seven days after it",
     {DISPENSE("d", "2024-05-12", LEN)},
     "2024-06-01",
     NULL,
     NULL,
     "2024-06-01",
     "confirmed",
     "ROSTER",
     ""},
    {"eight days",
     {DISPENSE("d", "2024-05-13", LEN)},
     "2024-06-01",
     NULL,
     NULL,
     "2024-06-01",
     "confirmed",
     "ROSTER",
     "EOT_COMPONENTS_DIFFER"},
    {"supply and statement on either side, eight days apart",
     {DISPENSE("d", "2024-05-01", LEN), STATEMENT("stopped", SPAN("2024-01-15", "2024-06-05"), REASON)},
     "2024-06-01",
     NULL,
     NULL,
     "2024-06-01",
     "confirmed",
     "ROSTER",
     "EOT_COMPONENTS_DIFFER"},
    {"seven",
     {DISPENSE("d", "2024-05-01", LEN), STATEMENT("stopped", SPAN("2024-01-15", "2024-06-04"), REASON)},
     "2024-06-01",
     NULL,
     NULL,
     "2024-06-01",
     "confirmed",
     "ROSTER",
     ""},
    {"a statement, and supply until eight days after it",
     {DISPENSE("d", "2024-05-13", LEN), STATEMENT("stopped", SPAN("2024-01-15", "2024-06-01"), REASON)},
     NULL,
     NULL,
     NULL,
     "2024-06-01",
     "confirmed",
     "STATED_STOP",
     "EOT_COMPONENTS_DIFFER"},
};

static void set_death(const char *day)
{
    s.facts[0].patient.deceased = day != NULL;
    s.facts[0].patient.deceased_date = day;
}

static const char *items(void)
{
    const char *codes = "";

    for (size_t i = 0; i < s.derived.item_count; i++)
        codes = gw_arena_print(&s.arena, "%s%s%s", codes, *codes ? ";" : "", s.derived.items[i].code);
    return codes;
}

Test(end_of_treatment, is_what_the_records_say)
{
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        stop();
        start();
        for (size_t r = 0; r < 3 && ends[i].resources[r]; r++)
            subject_add(&s, "%s", ends[i].resources[r]);
        if (ends[i].roster)
            s.line.end_of_treatment = subject_day(ends[i].roster);
        if (ends[i].horizon)
            s.horizon = subject_day(ends[i].horizon);
        set_death(ends[i].death);
        subject_derive(&s);
        expect_text(ends[i].name, subject()->eot, ends[i].eot);
        expect_text(ends[i].name, subject()->eot_status, ends[i].status);
        expect_text(ends[i].name, subject()->eot_reason, ends[i].reason);
        expect_text(ends[i].name, items(), ends[i].items);
    }
}

Test(end_of_treatment, does_not_depend_on_the_order_of_records)
{
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (!ends[i].resources[1])
            continue;
        stop();
        start();
        for (size_t r = 3; r-- > 0;)
            if (ends[i].resources[r])
                subject_add(&s, "%s", ends[i].resources[r]);
        if (ends[i].roster)
            s.line.end_of_treatment = subject_day(ends[i].roster);
        if (ends[i].horizon)
            s.horizon = subject_day(ends[i].horizon);
        set_death(ends[i].death);
        subject_derive(&s);
        expect_text(ends[i].name, subject()->eot, ends[i].eot);
        expect_text(ends[i].name, items(), ends[i].items);
    }
}

/* ---- the choices of the study ---- */

Test(end_of_treatment, goes_by_the_drug_the_study_names)
{
    subject_add(&s, STATED("dex", "stopped", DEX, SPAN("2024-01-15", "2024-03-01"), REASON));
    subject_add(&s, STATEMENT("active", "'start':'2024-01-15'", ""));
    subject_derive(&s);
    expect_text("lenalidomide", subject()->eot, "");
    study.eot_drug = "dexamethasone";
    subject_derive(&s);
    expect_text("dexamethasone", subject()->eot, "2024-03-01");
    study.eot_drug = NULL;
    subject_derive(&s);
    expect_text("none", subject()->eot, "");
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

    subject_add(&s, DISPENSE("d", "2024-01-15", LEN));
    for (size_t i = 0; i < sizeof gaps / sizeof gaps[0]; i++) {
        study.eot_gap_days = gaps[i].gap;
        s.horizon = subject_day(gaps[i].horizon);
        subject_derive(&s);
        expect_text(gaps[i].horizon, subject()->eot_status, gaps[i].status);
    }
}

Test(end_of_treatment, is_asked_about_beyond_the_days_the_study_allows)
{
    s.line.end_of_treatment = subject_day("2024-06-01");
    subject_add(&s, STATEMENT("stopped", SPAN("2024-01-15", "2024-06-04"), REASON));
    subject_derive(&s);
    expect_text("seven", items(), "");
    study.eot_spread_days = 2;
    subject_derive(&s);
    expect_text("two", items(), "EOT_COMPONENTS_DIFFER");
}

/* ---- what follows ---- */

Test(end_of_treatment, is_not_inferred_from_silence_after_withdrawal)
{
    subject_add(&s, DISPENSE("d", "2024-01-15", LEN));
    s.line.withdrawn = subject_day("2024-04-07"); /* 56 days after the last day covered */
    subject_derive(&s);
    expect_text("withdrawn", subject()->eot_status, "none");
    s.line.withdrawn = subject_day("2024-04-08");
    subject_derive(&s);
    expect_text("withdrawn a day later", subject()->eot_status, "provisional");
    subject_add(&s, DISPENSE("d2", "2024-04-09", LEN));
    subject_derive(&s);
    expect_text("what came after withdrawal is not looked at", subject()->eot, "2024-02-11");
}

Test(end_of_treatment, closes_the_windows_and_opens_them_again_when_it_is_denied)
{
    add_visits();
    subject_add(&s, DISPENSE("d1", "2024-01-15", LEN));
    subject_add_lab(&s, "v", ANC, "2024-04-14", "2.0");
    s.horizon = subject_day("2024-04-20");
    subject_derive(&s);
    expect_text("eot", subject()->eot_status, "provisional");
    expect_text("the end", subject_window(&s, "EOT")->target_date, "2024-02-11");
    cr_expect(eq(int, subject_window(&s, "T30-01")->high, 26), "the day before the end");
    expect_text("cut", subject_window(&s, "T30-01")->truncation_reason, "EOT");
    cr_expect(subject_window(&s, "T30-03") == NULL);
    subject_expect(&s, "v", "outside_window BETWEEN_WINDOWS");
    subject_add(&s, DISPENSE("d2", "2024-02-12", LEN));
    subject_add(&s, DISPENSE("d3", "2024-03-20", LEN)); /* late, the supply goes on */
    subject_derive(&s);
    expect_text("denied", subject()->eot_status, "none");
    cr_expect(subject_window(&s, "EOT") == NULL);
    subject_expect(&s, "v", "delivered");
    cr_expect(eq(sz, subject_items(&s, "EOT_UNCONFIRMED"), 0));
}

Test(end_of_treatment, keeps_its_follow_up_when_treatment_starts_again)
{
    add_visits();
    s.line.end_of_treatment = subject_day("2024-04-12");
    subject_add(&s, DISPENSE("again", "2024-06-26", LEN));
    subject_add_lab(&s, "v", ANC, "2024-07-11", "2.0");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "RESTART_AFTER_EOT"), 1));
    expect_text("follow-up", subject_window(&s, "FU")->state, "collected");
    subject_expect(&s, "v", "delivered");
    cr_expect(subject_window(&s, "T30-05") == NULL, "no treatment window comes back");
    cr_expect(eq(int, s.derived.blocked, 0));
}

Test(end_of_treatment, takes_the_days_after_it)
{
    add_visits();
    s.line.end_of_treatment = subject_day("2024-04-12");
    subject_add_lab(&s, "before", ANC, "2024-04-11", "2.0");
    subject_add_lab(&s, "on", ANC, "2024-04-12", "2.0");
    subject_add_lab(&s, "last", ANC, "2024-04-17", "2.0");
    subject_add_lab(&s, "past", ANC, "2024-04-18", "2.0");
    subject_add_lab(&s, "follow-up", ANC, "2024-07-26", "2.0");
    subject_add_visit(&s, "fu", "2024-07-11");
    subject_add_visit(&s, "b", "2024-04-10");
    subject_derive(&s);
    cr_expect(subject_observation(&s, "before", "T30-03") != NULL);
    cr_expect(subject_observation(&s, "on", "EOT") != NULL);
    cr_expect(subject_observation(&s, "on", "T30-03") == NULL);
    cr_expect(subject_observation(&s, "last", "EOT") != NULL);
    subject_expect(&s, "past", "outside_window BETWEEN_WINDOWS");
    cr_expect(subject_observation(&s, "follow-up", "FU") != NULL);
    expect_text("both grids", subject_window(&s, "EOT")->data_group, "both");
}

/* ---- a study whose schedule does not end with treatment ---- */

#define ELRA "L01FX32"

static void start_weekly(void)
{
    stop();
    subject_init_at(&s, "elranatamab-rrmm", "madrid");
    study = *s.study;
    s.study = &study;
    subject_add(&s, "{'resourceType':'Patient','id':'p1','gender':'female','birthDate':'1950-03-01'}");
    subject_add(&s, STATED("st", "stopped", ELRA, SPAN("2024-01-15", "2024-03-01"), REASON));
    subject_add_lab(&s, "v", ANC, "2024-03-15", "2.0");
}

Test(end_of_treatment, leaves_the_weeks_of_a_continuous_study_open_unless_its_package_closes_them)
{
    struct gw_window_rule weeks;

    start_weekly();
    subject_derive(&s);
    expect_text("no end", subject()->eot, "");
    subject_expect(&s, "v", "delivered");
    cr_expect(subject_window(&s, "W52") != NULL);
    weeks = study.windows[0];
    weeks.until_eot = true;
    study.windows = &weeks;
    study.eot_drug = "elranatamab";
    study.eot_gap_days = 56;
    subject_derive(&s);
    expect_text("end", subject()->eot, "2024-03-01");
    subject_expect(&s, "v", "outside_window BETWEEN_WINDOWS");
    cr_expect(subject_window(&s, "W08") == NULL, "begins on 4 March, elapsed 49");
    cr_expect(eq(int, subject_window(&s, "W07")->high, 45), "the day before the end");
    expect_text("cut", subject_window(&s, "W07")->truncation_reason, "EOT");
}
