/*
 * Decisions about a subject: its anchors, its enrolment, which patients it is, its drug records.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "support/subject.h"

static struct subject s;

static void start(void)
{
    subject_init(&s);
    subject_add_patient(&s, "female", "1950-03-01");
    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add_lab(&s, "v", "751-8", "2024-02-14", "2.1");
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(decided_subject, .init = start, .fini = stop);

static const struct gw_row_subjects *person(void)
{
    const struct gw_row_list *list = &s.derived.rows.tables[GW_TABLE_subjects];

    return list->count ? (const struct gw_row_subjects *)list->rows[0] : NULL;
}

static void add_use(const char *type, const char *id, const char *members)
{
    subject_add(&s,
                "{'resourceType':'%s','id':'%s','subject':{'reference':'Patient/p1'},"
                "'medicationCodeableConcept':{'coding':[{'system':'http://www.whocc.no/atc','code':'L04AX04'}]},%s}",
                type, id, members);
}

/* ---- D1 ---- */

Test(decided_subject, has_the_first_dose_that_a_person_set)
{
    s.line.first_dose = GW_NO_DAY;
    subject_derive(&s);
    cr_expect(s.derived.blocked);
    cr_expect(eq(sz, subject_items(&s, "ANCHOR_MISSING"), 1));
    subject_decide(&s, "anchor", "", "{'anchor':'D1','date':'2024-01-15'}");
    subject_derive(&s);
    cr_expect(not(s.derived.blocked));
    cr_expect(eq(sz, s.derived.item_count, 0));
    expect_text("d1", person()->d1, "2024-01-15");
    expect_text("status", person()->d1_status, "confirmed");
    subject_expect(&s, "v", "delivered");
}

Test(decided_subject, settles_a_conflict_by_confirming_or_by_setting)
{
    static const struct {
        const char *set, *d1, *value; /* and the state of a value 30 days after 15 January */
    } answers[] = {
        {"{'anchor':'D1','confirm':true}", "2024-01-15", "delivered"},
        {"{'anchor':'D1','date':'2024-01-20'}", "2024-01-20", "delivered"},
        {"{'anchor':'D1','date':'2024-02-01'}", "2024-02-01", "outside_window BETWEEN_WINDOWS"},
    };

    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        stop();
        start();
        add_use("MedicationStatement", "m", "'status':'active','effectivePeriod':{'start':'2024-01-20'}");
        subject_derive(&s);
        cr_expect(eq(sz, subject_items(&s, "ANCHOR_CONFLICT"), 1));
        subject_expect(&s, "v", "held ANCHOR_CONFLICT");
        subject_decide(&s, "anchor", "", answers[i].set);
        subject_derive(&s);
        cr_expect(eq(sz, subject_items(&s, "ANCHOR_CONFLICT"), 0));
        expect_text("d1", person()->d1, answers[i].d1);
        expect_text("status", person()->d1_status, "confirmed");
        subject_expect(&s, "v", answers[i].value);
    }
}

Test(decided_subject, lets_a_date_of_the_first_dose_wait_for_a_second_person)
{
    s.line.first_dose = GW_NO_DAY;
    subject_decide_json(&s, "{'n':1,'at':'2024-12-01T10:00:00Z','by':'dm1','reason':'r','kind':'anchor',"
                            "'scope':'study:lendex-rrmm','match':{'subject':'ES-001'},"
                            "'set':{'anchor':'D1','date':'2024-01-15'}}");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "ANCHOR_MISSING"), 1));
    subject_decide_json(&s, "{'n':2,'at':'2024-12-01T10:00:00Z','by':'dm2','reason':'r','kind':'approve',"
                            "'scope':'study:lendex-rrmm','match':null,'set':{'decision':1}}");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "ANCHOR_MISSING"), 0));
}

/* ---- EOT ---- */

/* Supply to 10 April 2024 (28 days from 14 March), then nothing: provisional end, asked about on the dispense. */
static void add_supply(void)
{
    add_use("MedicationDispense", "d1", "'status':'completed','whenHandedOver':'2024-03-14'");
}

static const struct {
    const char *match, *set;
    const char *eot, *status, *reason;
} ends[] = {
    {"MedicationDispense/d1", "{'anchor':'EOT','confirm':true}", "2024-04-10", "confirmed", "NO_SUPPLY"},
    {"MedicationDispense/d1", "{'anchor':'EOT','date':'2024-04-02'}", "2024-04-02", "confirmed", "DECISION"},
    {"MedicationDispense/d1", "{'anchor':'EOT','reject':true}", "", "none", ""},
    {"", "{'anchor':'EOT','date':'2024-04-03'}", "2024-04-03", "confirmed", "DECISION"},
};

Test(decided_subject, confirms_moves_and_rejects_an_end_that_was_inferred)
{
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        stop();
        start();
        add_supply();
        subject_derive(&s);
        expect_text("inferred", person()->eot, "2024-04-10");
        expect_text("inferred", person()->eot_status, "provisional");
        cr_expect(eq(sz, subject_items(&s, "EOT_UNCONFIRMED"), 1));
        subject_decide(&s, "anchor", ends[i].match, ends[i].set);
        subject_derive(&s);
        cr_expect(eq(sz, subject_items(&s, "EOT_UNCONFIRMED"), 0), "%s", ends[i].set);
        expect_text(ends[i].set, person()->eot, ends[i].eot);
        expect_text(ends[i].set, person()->eot_status, ends[i].status);
        expect_text(ends[i].set, person()->eot_reason, ends[i].reason);
    }
}

Test(decided_subject, asks_anew_when_later_supply_moves_the_end_it_was_asked_about)
{
    add_supply();
    subject_decide(&s, "anchor", "MedicationDispense/d1", "{'anchor':'EOT','confirm':true}");
    add_use("MedicationDispense", "d2", "'status':'completed','whenHandedOver':'2024-05-02'");
    subject_derive(&s);
    expect_text("inferred", person()->eot, "2024-05-29");
    expect_text("inferred", person()->eot_status, "provisional");
    cr_expect(eq(sz, subject_items(&s, "EOT_UNCONFIRMED"), 1));
}

/* ---- enrolment ---- */

Test(decided_subject, takes_a_deviation_of_recruitment_as_one)
{
    s.line.recruited = subject_day("2024-02-10"); /* elapsed 26, allowed to 14 */
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "RECRUITMENT_OUT_OF_WINDOW"), 1));
    subject_expect(&s, "v", "held RECRUITMENT_OUT_OF_WINDOW");
    subject_decide(&s, "recruitment", "", "{'deviation':true}");
    subject_derive(&s);
    subject_expect(&s, "v", "delivered");
    cr_expect(eq(sz, s.derived.item_count, 0));
    cr_expect(eq(sz, s.derived.resolution_count, 1));
}

Test(decided_subject, leaves_an_excluded_subject_without_rows_and_asks_nothing_more)
{
    s.line.recruited = subject_day("2024-02-10");
    subject_decide(&s, "recruitment", "", "{'exclude':true}");
    subject_derive(&s);
    cr_expect(person() == NULL);
    cr_expect(eq(sz, s.derived.rows.tables[GW_TABLE_observations].count, 0));
    cr_expect(eq(sz, s.derived.item_count, 0));
    cr_expect(not(s.derived.blocked));
    subject_expect(&s, "v", "not_in_scope EXCLUDED");
}

Test(decided_subject, leaves_out_the_records_of_a_patient_that_is_another)
{
    subject_add(&s, "{'resourceType':'Observation','id':'w','status':'final','subject':{'reference':'Patient/p2'},"
                    "'code':{'coding':[{'system':'http://loinc.org','code':'751-8'}]},'effectiveDateTime':'2024-02-15',"
                    "'valueQuantity':{'value':0.3,'system':'http://unitsofmeasure.org','code':'10*9/L'}}");
    subject_derive(&s);
    subject_expect(&s, "w", "delivered");
    subject_decide(&s, "patient", "", "{'unlink':'p2'}");
    subject_derive(&s);
    subject_expect(&s, "w", "not_in_scope UNLINKED");
    subject_expect(&s, "v", "delivered");
    subject_decide(&s, "patient", "", "{'link':'p2'}");
    subject_derive(&s);
    subject_expect(&s, "w", "delivered");
}

/* ---- drugs ---- */

Test(decided_subject, knows_a_drug_by_the_code_a_person_gave_it)
{
    s.line.first_dose = GW_NO_DAY;
    subject_add(&s, "{'resourceType':'MedicationAdministration','id':'a','status':'completed',"
                    "'subject':{'reference':'Patient/p1'},'effectiveDateTime':'2024-01-15',"
                    "'medicationReference':{'reference':'Medication/none'}}");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "MEDICATION_UNRESOLVED"), 1));
    subject_decide(&s, "code", "MedicationAdministration/a", "{'atc':'L04AX04'}");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "MEDICATION_UNRESOLVED"), 0));
    expect_text("d1", person()->d1, "2024-01-15");
}
