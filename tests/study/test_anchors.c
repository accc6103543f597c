/*
 * First dose: what the records say of it, and where they contradict each other.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "records.h"
#include "support/subject.h"

#define ANC "751-8"
#define LEN "L04AX04"
#define DEX "H02AB02"

static struct subject s;

/* Seen every month for a year. */
static void start(void)
{
    subject_init(&s);
    subject_add_patient(&s, "female", "1950-03-01");
    subject_add_visits(&s, 11);
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(anchors, .init = start, .fini = stop);

static void add_dose(const char *id, const char *status, const char *effective)
{
    subject_add(&s,
                "{'resourceType':'MedicationAdministration','id':'%s','status':'%s',"
                "'subject':{'reference':'Patient/p1'},'effectiveDateTime':'%s',"
                "'medicationCodeableConcept':{'coding':[{'system':'http://www.whocc.no/atc','code':'" LEN "'}]}}",
                id, status, effective);
}

Test(anchors, ask_nothing_about_doses_of_an_earlier_line)
{
    add_dose("offset", "completed", "2021-05-03T08:00:00");
    add_dose("status", "unknown", "2021-05-03");
    subject_add(&s, "{'resourceType':'MedicationAdministration','id':'lost','status':'completed',"
                    "'subject':{'reference':'Patient/p1'},'effectiveDateTime':'2021-05-03',"
                    "'medicationReference':{'reference':'Medication/77'}}");
    subject_derive(&s);
    cr_expect(eq(sz, s.derived.item_count, 0));
    add_dose("offset", "completed", "2024-01-15T08:00:00");
    add_dose("status", "unknown", "2024-01-15");
    s.facts[s.count - 1].delivery = s.facts[s.count - 2].delivery = 1;
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "TIME_WITHOUT_OFFSET"), 1));
    cr_expect(eq(sz, subject_items(&s, "STATUS_UNKNOWN"), 1));
}

static const struct {
    const char *name, *one, *other;
    bool conflict;
} doses[] = {
    {"a dispense seven days before the roster's day", DISPENSE("d", "2024-01-08", LEN), NULL, false},
    {"eight days before", DISPENSE("d", "2024-01-07", LEN), NULL, true},
    {"the other drug seven days later", DISPENSE("d", "2024-01-15", LEN), DISPENSE("x", "2024-01-22", DEX), false},
    {"eight days later", DISPENSE("d", "2024-01-15", LEN), DISPENSE("x", "2024-01-23", DEX), true},
};

Test(anchors, contradict_each_other_beyond_the_days_allowed)
{
    for (size_t i = 0; i < sizeof doses / sizeof doses[0]; i++) {
        stop();
        start();
        s.horizon = subject_day("2024-02-01");
        subject_add(&s, "%s", doses[i].one);
        if (doses[i].other)
            subject_add(&s, "%s", doses[i].other);
        subject_derive(&s);
        cr_expect(eq(sz, subject_items(&s, "ANCHOR_CONFLICT"), doses[i].conflict), "%s", doses[i].name);
        expect_text(doses[i].name, subject_row(&s)->d1_status, doses[i].conflict ? "conflict" : "confirmed");
    }
}

Test(anchors, follow_a_medication_by_its_identifier_whatever_came_first)
{
    static const char medication[] =
        "{'resourceType':'Medication','id':'%s','identifier':[{'system':'urn:shelf','value':'7'}],"
        "'code':{'coding':[{'system':'http://www.whocc.no/atc','code':'%s'}]}}";

    for (int turned = 0; turned < 2; turned++) {
        stop();
        start();
        s.line.first_dose = GW_NO_DAY;
        subject_add(&s, medication, turned ? "m2" : "m1", turned ? "A01AA01" : LEN);
        subject_add(&s, medication, turned ? "m1" : "m2", turned ? LEN : "A01AA01");
        subject_add(&s, "{'resourceType':'MedicationAdministration','id':'a','status':'completed',"
                        "'subject':{'reference':'Patient/p1'},'effectiveDateTime':'2024-01-20',"
                        "'medicationReference':{'identifier':{'system':'urn:shelf','value':'7'}}}");
        subject_derive(&s);
        subject_expect(&s, "a", "delivered");
        expect_text("the smaller key", subject_row(&s)->d1, "2024-01-20");
    }
    s.count--;
    subject_add(&s, "{'resourceType':'MedicationAdministration','id':'a','status':'completed',"
                    "'subject':{'reference':'Patient/p1'},'effectiveDateTime':'2024-01-20',"
                    "'medicationReference':{'identifier':{'system':'urn:other','value':'7'}}}");
    subject_derive(&s);
    subject_expect(&s, "a", "held ANCHOR_MISSING");
    cr_expect(eq(sz, subject_items(&s, "MEDICATION_UNRESOLVED"), 1));
}

/* ---- which evidence ---- */

#define SINCE(status, day) STATED("st", status, LEN, "'start':'" day "'", "")
#define ORDERED(day)                                                                                                   \
    OF("MedicationRequest", "o") "'status':'active','intent':'order','authoredOn':'" day "'," CODED(LEN) "}"

static const struct {
    const char *name, *roster, *one, *other;
    const char *d1, *status, *item;
} firsts[] = {
    {"the roster alone", "2024-01-15", NULL, NULL, "2024-01-15", "confirmed", NULL},
    {"roster and administration agree", "2024-01-15", GIVEN("a", "completed", "2024-01-15", LEN), NULL, "2024-01-15",
     "confirmed", NULL},
    {"an administration one day after the roster's", "2024-01-15", GIVEN("a", "completed", "2024-01-16", LEN), NULL,
     "2024-01-15", "conflict", "ANCHOR_CONFLICT"},
    {"a statement one day before the roster's", "2024-01-15", SINCE("active", "2024-01-14"), NULL, "2024-01-15",
     "conflict", "ANCHOR_CONFLICT"},
    {"administration and statement agree", NULL, GIVEN("a", "completed", "2024-01-16", LEN),
     SINCE("active", "2024-01-16"), "2024-01-16", "confirmed", NULL},
    {"and disagree: the administration's day", NULL, GIVEN("a", "completed", "2024-01-16", LEN),
     SINCE("active", "2024-01-15"), "2024-01-16", "conflict", "ANCHOR_CONFLICT"},
    {"a statement", NULL, SINCE("active", "2024-01-15"), NULL, "2024-01-15", "confirmed", NULL},
    {"the earlier of the two drugs", NULL, GIVEN("a", "completed", "2024-01-15", LEN),
     GIVEN("b", "completed", "2024-01-12", DEX), "2024-01-12", "confirmed", NULL},
    {"a dispense", NULL, DISPENSE("d", "2024-01-10", LEN), NULL, "2024-01-10", "provisional", NULL},
    {"an order", NULL, ORDERED("2024-01-08"), NULL, "2024-01-08", "provisional", NULL},
    {"an order of days ahead: on none before it begins", NULL,
     OF("MedicationRequest", "o") "'status':'active','intent':'order','authoredOn':'2024-01-08','dispenseRequest':{"
                                  "'validityPeriod':{'start':'2024-01-12'}}," CODED(LEN) "}",
     NULL, "2024-01-12", "provisional", NULL},
    {"an order whose instruction begins later", NULL,
     OF("MedicationRequest", "o") "'status':'active','intent':'order','authoredOn':'2024-01-08','dosageInstruction':[{"
                                  "'timing':{'repeat':{'boundsPeriod':{'start':'2024-01-10'},'frequency':1,'period':1,"
                                  "'periodUnit':'d'}}}]," CODED(LEN) "}",
     NULL, "2024-01-10", "provisional", NULL},
    {"an order that begins after the last day searched", NULL,
     OF("MedicationRequest", "o") "'status':'active','intent':'order','authoredOn':'2024-01-08','dispenseRequest':{"
                                  "'validityPeriod':{'start':'2024-02-01'}}," CODED(LEN) "}",
     NULL, "", "", "ANCHOR_MISSING"},
    {"a dispense seven days after the order", NULL, DISPENSE("d", "2024-01-10", LEN), ORDERED("2024-01-03"),
     "2024-01-10", "provisional", NULL},
    {"eight", NULL, DISPENSE("d", "2024-01-10", LEN), ORDERED("2024-01-02"), "2024-01-10", "conflict",
     "ANCHOR_CONFLICT"},
    {"a dose that was not given", NULL, GIVEN("a", "not-done", "2024-01-15", LEN), NULL, "", "", "ANCHOR_MISSING"},
    {"a drug that was not taken", NULL, SINCE("not-taken", "2024-01-15"), NULL, "", "", "ANCHOR_MISSING"},
    {"a dose not given before one that was", NULL, GIVEN("a", "not-done", "2024-01-15", LEN),
     GIVEN("b", "completed", "2024-01-16", LEN), "2024-01-16", "confirmed", NULL},
    {"a dose of the last day searched", NULL, GIVEN("a", "completed", "2024-01-31", LEN), NULL, "2024-01-31",
     "confirmed", NULL},
    {"a dose of the day after", NULL, GIVEN("a", "completed", "2024-02-01", LEN), NULL, "", "", "ANCHOR_MISSING"},
    {"a dose of the day after beside a dispense", NULL, GIVEN("a", "completed", "2024-02-01", LEN),
     DISPENSE("d", "2024-01-20", LEN), "2024-01-20", "provisional", NULL},
    {"a month", NULL, SINCE("active", "2024-01"), NULL, "", "", "ANCHOR_MISSING"},
};

Test(anchors, take_the_first_dose_from_the_best_evidence_and_say_how_sure_it_is)
{
    for (size_t i = 0; i < sizeof firsts / sizeof firsts[0]; i++) {
        const bool found = *firsts[i].d1;

        stop();
        start();
        s.line.first_dose = firsts[i].roster ? subject_day(firsts[i].roster) : GW_NO_DAY;
        s.horizon = subject_day("2024-01-31");
        if (firsts[i].one)
            subject_add(&s, "%s", firsts[i].one);
        if (firsts[i].other)
            subject_add(&s, "%s", firsts[i].other);
        subject_derive(&s);
        cr_assert(eq(sz, s.derived.rows.tables[GW_TABLE_subjects].count, found), "%s", firsts[i].name);
        expect_text(firsts[i].name, found ? subject_row(&s)->d1 : "", firsts[i].d1);
        expect_text(firsts[i].name, found ? subject_row(&s)->d1_status : "", firsts[i].status);
        cr_expect(eq(int, s.derived.blocked, firsts[i].item != NULL), "%s", firsts[i].name);
        cr_expect(firsts[i].item == NULL || subject_item(&s, firsts[i].item), "%s", firsts[i].name);
    }
}

Test(anchors, take_the_first_dose_from_each_kind_of_evidence)
{
    static const struct {
        const char *type, *member, *status;
    } ranks[] = {
        {"MedicationDispense", "whenHandedOver", "provisional"},
        {"MedicationStatement", "effectiveDateTime", "confirmed"},
        {"MedicationAdministration", "effectiveDateTime", "confirmed"},
    };
    const struct gw_row_subjects *row;

    for (size_t i = 0; i < 3; i++) {
        stop();
        start();
        s.line.first_dose = GW_NO_DAY;
        subject_add_drug(&s, ranks[i].type, "d", LEN, gw_arena_print(&s.arena, "'%s':'2024-01-20'", ranks[i].member));
        subject_derive(&s);
        row = subject_row(&s);
        expect_text("d1", row->d1, "2024-01-20");
        expect_text(ranks[i].type, row->d1_status, ranks[i].status);
        subject_expect(&s, "d", "delivered");
    }
}

Test(anchors, hold_everything_of_a_subject_whose_first_dose_is_told_in_two_ways)
{
    subject_add_lab(&s, "v", ANC, "2024-02-14", "2.0");
    subject_add_drug(&s, "MedicationStatement", "d", LEN, "'effectiveDateTime':'2024-01-20'");
    subject_derive(&s);
    cr_expect(s.derived.blocked);
    cr_expect(eq(sz, subject_items(&s, "ANCHOR_CONFLICT"), 1));
    subject_expect(&s, "v", "held ANCHOR_CONFLICT");
    subject_expect(&s, "e1", "held ANCHOR_CONFLICT");
}

Test(anchors, of_both_ends_can_be_told_by_one_statement)
{
    const struct gw_row_subjects *row;

    s.line.first_dose = GW_NO_DAY;
    subject_add(&s, "{'resourceType':'MedicationStatement','id':'d','status':'stopped',"
                    "'subject':{'reference':'Patient/p1'},'statusReason':[{'text':'progression'}],"
                    "'effectivePeriod':{'start':'2024-01-20','end':'2024-05-02'},"
                    "'medicationCodeableConcept':{'coding':[{'system':'http://www.whocc.no/atc','code':'L04AX04'}]}}");
    subject_derive(&s);
    row = subject_row(&s);
    expect_text("d1", row->d1, "2024-01-20");
    expect_text("eot", row->eot, "2024-05-02");
    expect_text("eot status", row->eot_status, "confirmed");
    expect_text("window", subject_window(&s, "EOT")->target_date, "2024-05-02");
}

Test(anchors, count_a_stopped_administration_only_when_some_of_it_was_given)
{
    static const char stopped[] =
        "{'resourceType':'MedicationAdministration','id':'a','status':'stopped',"
        "'subject':{'reference':'Patient/p1'},'effectiveDateTime':'2024-01-20',%s"
        "'medicationCodeableConcept':{'coding':[{'system':'http://www.whocc.no/atc','code':'L04AX04'}]}}";

    s.line.first_dose = GW_NO_DAY;
    subject_add(&s, stopped, "");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "ANCHOR_MISSING"), 1));
    s.count--;
    subject_add(&s, stopped, "'dosage':{'dose':{'value':10,'unit':'mg'}},");
    subject_derive(&s);
    subject_expect(&s, "a", "delivered");
}

Test(anchors, are_needed_for_windows)
{
    s.line.first_dose = GW_NO_DAY;
    subject_add_lab(&s, "v", ANC, "2024-02-14", "2.0");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "ANCHOR_MISSING"), 1));
    subject_expect(&s, "v", "held ANCHOR_MISSING");
    cr_expect(eq(sz, s.derived.rows.tables[GW_TABLE_windows].count, 0));
}

/* ---- whose they are ---- */

Test(anchors, say_that_a_roster_line_names_a_patient_of_whom_nothing_was_found)
{
    stop();
    subject_init(&s);
    subject_derive(&s);
    cr_expect(eq(int, s.derived.blocked, true));
    cr_expect(eq(sz, subject_items(&s, "SUBJECT_UNMATCHED"), 1));
    cr_expect(eq(sz, s.derived.rows.tables[GW_TABLE_subjects].count, 0));

    subject_add_patient(&s, "female", "1950-01-01");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "SUBJECT_UNMATCHED"), 0));
}

Test(anchors, let_nothing_leave_for_a_subject_of_whom_the_roster_wants_consent)
{
    subject_add_patient(&s, "female", "1950-01-01");
    subject_add_monthly_visits(&s, 2);
    s.line.consent_missing = true;
    subject_derive(&s);
    cr_expect(eq(int, s.derived.blocked, true));
    cr_expect(eq(sz, subject_items(&s, "CONSENT_MISSING"), 1));

    s.line.consent_missing = false;
    subject_derive(&s);
    cr_expect(eq(int, s.derived.blocked, false));
    cr_expect(eq(sz, subject_items(&s, "CONSENT_MISSING"), 0));
}

/* ---- death ---- */

/* T90-02 begins on day 165, 28 June. */
Test(anchors, are_not_cut_by_a_death_of_days_to_come)
{
    s.facts[0].patient.deceased = true;
    s.facts[0].patient.deceased_date = "2024-06-01";
    s.line.first_dose = subject_day("2024-01-15");
    s.horizon = subject_day("2024-05-31");
    subject_derive(&s);
    expect_text("death", subject_row(&s)->death_date, "");
    cr_assert(ne(ptr, (void *)subject_window(&s, "T90-02"), NULL));
    expect_text("window", subject_window(&s, "T90-02")->state, "future");
    cr_expect(eq(int, s.derived.next_day, s.horizon + 1));
    s.horizon++;
    subject_derive(&s);
    expect_text("death", subject_row(&s)->death_date, "2024-06-01");
    cr_expect(eq(ptr, (void *)subject_window(&s, "T90-02"), NULL));
}

/* Day 1 is 15 January; what is asked about the death is answered by its day, or by that there was none. */
static const struct {
    const char *name, *date, *set; /* NULL: no date; nothing decided */
    const char *death, *item;
} deaths[] = {
    {"without a date", NULL, NULL, "", "DATE_MISSING"},
    {"a person knows the day", NULL, "{'date':'2024-03-01'}", "2024-03-01", NULL},
    {"a person knows better", NULL, "{'drop':true}", "", NULL},
    {"a slip", "2042-03-01", NULL, "", "FUTURE_DATE"},
    {"a slip of which a person knows the day", "2042-03-01", "{'date':'2024-03-01'}", "2024-03-01", NULL},
    {"a slip of whom lives", "2042-03-01", "{'drop':true}", "", NULL},
};

Test(anchors, take_the_day_of_death_from_a_person_who_knows_it)
{
    for (size_t i = 0; i < sizeof deaths / sizeof *deaths; i++) {
        stop();
        start();
        s.line.first_dose = subject_day("2024-01-15");
        s.facts[0].patient.deceased = true;
        s.facts[0].patient.deceased_date = deaths[i].date;
        if (deaths[i].set)
            subject_decide(&s, "place", "Patient/p1", deaths[i].set);
        subject_derive(&s);
        expect_text(deaths[i].name, subject_row(&s)->death_date, deaths[i].death);
        expect_text(deaths[i].name, subject_row(&s)->sex, "female");
        cr_expect(eq(sz, s.derived.item_count, deaths[i].item != NULL), "%s", deaths[i].name);
        cr_expect(deaths[i].item == NULL || subject_item(&s, deaths[i].item), "%s", deaths[i].name);
    }
}
