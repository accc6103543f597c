/*
 * First dose and end of treatment: what the records say of them, and what moves when they say otherwise.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "support/subject.h"

#define ANC "751-8"
#define LEN "L04AX04"
#define DEX "H02AB02"

static struct subject s;

/* Seen every month for a year. */
static void start(void)
{
    char id[16], day[11];

    subject_init(&s);
    subject_add(&s, "{'resourceType':'Patient','id':'p1','gender':'female','birthDate':'1950-03-01'}");
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

TestSuite(anchors, .init = start, .fini = stop);

static const struct gw_row_subjects *subject(void)
{
    return (const struct gw_row_subjects *)s.derived.rows.tables[GW_TABLE_subjects].rows[0];
}

/* ---- end of treatment ---- */

#define STATEMENT(status, period, more)                                                                                \
    "{'resourceType':'MedicationStatement','id':'st','status':'" status "','subject':{'reference':'Patient/p1'},"      \
    "'effectivePeriod':{" period "},"                                                                                  \
    "'medicationCodeableConcept':{'coding':[{'system':'http://www.whocc.no/atc','code':'" LEN "'}]}" more "}"
#define DISPENSE(id, day, drug)                                                                                        \
    "{'resourceType':'MedicationDispense','id':'" id "','status':'completed','subject':{'reference':'Patient/p1'},"    \
    "'whenHandedOver':'" day "','daysSupply':{'value':28},"                                                            \
    "'medicationCodeableConcept':{'coding':[{'system':'http://www.whocc.no/atc','code':'" drug "'}]}}"
#define REASON ",'statusReason':[{'text':'progression'}]"

static const struct {
    const char *name, *resource, *roster;
    const char *eot, *status, *reason, *item;
} ends[] = {
    {"nothing is known", NULL, NULL, "", "none", "", NULL},
    {"the roster", NULL, "2024-06-01", "2024-06-01", "confirmed", "ROSTER", NULL},
    {"stopped with a reason", STATEMENT("stopped", "'start':'2024-01-15','end':'2024-06-01'", REASON), NULL,
     "2024-06-01", "confirmed", "STATED_STOP", NULL},
    {"stopped without one: the supply ends", STATEMENT("stopped", "'start':'2024-01-15','end':'2024-06-01'", ""), NULL,
     "2024-06-01", "provisional", "NO_SUPPLY", "EOT_UNCONFIRMED"},
    {"one that goes on", STATEMENT("active", "'start':'2024-01-15'", ""), NULL, "", "none", "", NULL},
    {"on hold since nobody knows when", STATEMENT("on-hold", "'start':'2024-01-15'", ""), NULL, "2024-01-15",
     "provisional", "NO_SUPPLY", "EOT_UNCONFIRMED"},
    {"stopped on a day nobody wrote down", STATEMENT("stopped", "'start':'2024-01-15'", REASON), NULL, "2024-01-15",
     "provisional", "NO_SUPPLY", "EOT_UNCONFIRMED"},
    {"seven days beside the roster", STATEMENT("stopped", "'start':'2024-01-15','end':'2024-06-08'", REASON),
     "2024-06-01", "2024-06-01", "confirmed", "ROSTER", NULL},
    {"eight", STATEMENT("stopped", "'start':'2024-01-15','end':'2024-06-09'", REASON), "2024-06-01", "2024-06-01",
     "confirmed", "ROSTER", "EOT_COMPONENTS_DIFFER"},
    {"the other drug ends", DISPENSE("d", "2024-01-15", DEX), NULL, "", "none", "", NULL},
    {"a month as the end is none", STATEMENT("stopped", "'start':'2024-01-15','end':'2024-06'", REASON), NULL, "",
     "none", "", NULL},
};

Test(anchors, end_treatment_as_the_records_say)
{
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        stop();
        start();
        if (ends[i].resource)
            subject_add(&s, "%s", ends[i].resource);
        if (ends[i].roster)
            s.line.end_of_treatment = subject_day(ends[i].roster);
        subject_derive(&s);
        expect_text(ends[i].name, subject()->eot, ends[i].eot);
        expect_text(ends[i].name, subject()->eot_status, ends[i].status);
        expect_text(ends[i].name, subject()->eot_reason, ends[i].reason);
        cr_expect(eq(sz, s.derived.item_count, ends[i].item != NULL), "%s", ends[i].name);
        cr_expect(eq(int, ends[i].item && !subject_item(&s, ends[i].item), 0), "%s", ends[i].name);
    }
}

Test(anchors, infer_no_end_from_silence_after_withdrawal_or_death)
{
    subject_add(&s, DISPENSE("d", "2024-01-15", LEN));
    s.line.withdrawn = subject_day("2024-04-07"); /* 56 days after the last day covered */
    subject_derive(&s);
    expect_text("withdrawn", subject()->eot_status, "none");
    s.line.withdrawn = subject_day("2024-04-08");
    subject_derive(&s);
    expect_text("withdrawn a day later", subject()->eot_status, "provisional");
    s.line.withdrawn = GW_NO_DAY;
    s.facts[0].patient.deceased = true;
    s.facts[0].patient.deceased_date = "2024-03-01";
    subject_derive(&s);
    expect_text("dead", subject()->eot_status, "none");
}

Test(anchors, close_the_windows_at_an_end_and_open_them_again_when_it_is_denied)
{
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

Test(anchors, give_the_days_after_an_end_to_the_end)
{
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

/* ---- first dose ---- */

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
        expect_text(doses[i].name, subject()->d1_status, doses[i].conflict ? "conflict" : "confirmed");
    }
}

/* Cases W058 to W060: a value that stays, one that moves in, one that falls out when D1 moves by five days. */
Test(anchors, move_add_and_withdraw_rows_when_the_first_dose_moves)
{
    struct gw_rows before;
    struct gw_difference difference;
    struct gw_error err;
    size_t moved_in = 0, fell_out = 0, stayed = 0;

    subject_add_lab(&s, "stays", ANC, "2024-02-15", "2.0");
    subject_add_lab(&s, "falls-out", ANC, "2024-02-10", "2.0");
    subject_add_lab(&s, "moves-in", ANC, "2024-02-22", "2.0");
    subject_add_visit(&s, "e", "2024-02-19");
    subject_derive(&s);
    before = s.derived.rows;
    subject_expect(&s, "falls-out", "delivered");
    subject_expect(&s, "moves-in", "outside_window BETWEEN_WINDOWS");
    s.line.first_dose += 5;
    subject_derive(&s);
    subject_expect(&s, "falls-out", "outside_window BETWEEN_WINDOWS");
    subject_expect(&s, "moves-in", "delivered");
    cr_assert(gw_difference(&s.arena, &before, &s.derived.rows, &difference, &err) == GW_OK);
    for (size_t i = 0; i < difference.count; i++) {
        if (difference.changes[i].table != GW_TABLE_observations)
            continue;
        moved_in += difference.changes[i].kind == GW_CHANGE_ADD;
        fell_out += difference.changes[i].kind == GW_CHANGE_WITHDRAW;
        stayed += difference.changes[i].kind == GW_CHANGE_UPDATE; /* another elapsed, another distance */
    }
    cr_expect(eq(sz, moved_in, 1));
    cr_expect(eq(sz, fell_out, 1));
    cr_expect(eq(sz, stayed, 1));
    cr_expect(eq(int, subject_observation(&s, "stays", "T30-01")->target_diff, -4));
    s.line.first_dose -= 5;
    subject_derive(&s);
    cr_assert(gw_difference(&s.arena, &before, &s.derived.rows, &difference, &err) == GW_OK);
    cr_expect(eq(sz, difference.count, 0), "back again: nothing to say");
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
        subject_expect(&s, "a", "evidence");
        expect_text("the smaller key", subject()->d1, "2024-01-20");
    }
    s.count--;
    subject_add(&s, "{'resourceType':'MedicationAdministration','id':'a','status':'completed',"
                    "'subject':{'reference':'Patient/p1'},'effectiveDateTime':'2024-01-20',"
                    "'medicationReference':{'identifier':{'system':'urn:other','value':'7'}}}");
    subject_derive(&s);
    subject_expect(&s, "a", "held ANCHOR_MISSING");
    cr_expect(eq(sz, subject_items(&s, "MEDICATION_UNRESOLVED"), 1));
}
