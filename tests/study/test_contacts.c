/*
 * Whether routine care brought the subject in: which encounters open which windows, and when they are assessed.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "support/subject.h"

#define ANC "751-8"

static struct subject s;
static struct gw_study study;

static void start_at(const char *site)
{
    subject_init_at(&s, "lendex-rrmm", site);
    study = *s.study;
    s.study = &study;
    subject_add_patient(&s, "female", "1950-03-01");
}

static void start(void)
{
    start_at("madrid");
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(contacts, .init = start, .fini = stop);

static void add_encounter(const char *id, const char *status, const char *class, const char *period)
{
    subject_add(&s,
                "{'resourceType':'Encounter','id':'%s','status':'%s','class':{'code':'%s'},"
                "'subject':{'reference':'Patient/p1'},'period':{%s}}",
                id, status, class, period);
}

/* T30-01 is 9 to 19 February, its target the 14th; the value of the 13th goes with it. */
static const struct {
    const char *name, *status, *class, *period, *horizon;
    const char *contact, *state, *encounter;
} visits[] = {
    {"a visit", "finished", "AMB", "'start':'2024-02-12','end':'2024-02-12'", NULL, "2024-02-12", "collected",
     "evidence"},
    {"late in the evening of the day before, in UTC", "finished", "AMB",
     "'start':'2024-02-08T23:30:00Z','end':'2024-02-08T23:45:00Z'", NULL, "2024-02-09", "collected", "evidence"},
    {"a stay over the whole window", "finished", "IMP", "'start':'2024-02-01','end':'2024-03-01'", NULL, "2024-02-14",
     "collected", "evidence"},
    {"a stay that ends on its first day", "finished", "IMP", "'start':'2024-02-01','end':'2024-02-09'", NULL,
     "2024-02-09", "collected", "evidence"},
    {"a stay that begins on its last day", "finished", "IMP", "'start':'2024-02-19','end':'2024-02-29'", NULL,
     "2024-02-19", "collected", "evidence"},
    {"a stay that goes on, before the target", "in-progress", "IMP", "'start':'2024-02-01'", "2024-02-11", "2024-02-11",
     "collected", "evidence"},
    {"a planned end is no contact yet", "in-progress", "IMP", "'start':'2024-02-01','end':'2024-02-20'", "2024-02-11",
     "2024-02-11", "collected", "evidence"},
    {"an end that is a month", "finished", "IMP", "'start':'2024-02-01','end':'2024-02'", NULL, "2024-02-14",
     "collected", "evidence"},
    {"at home", "finished", "HH", "'start':'2024-02-12'", NULL, "", "missed", "not_in_scope CLASS_NOT_READ"},
    {"by telephone", "finished", "VR", "'start':'2024-02-12'", NULL, "", "missed", "not_in_scope CLASS_NOT_READ"},
    {"planned", "planned", "AMB", "'start':'2024-02-12'", NULL, "", "missed", "not_in_scope STATUS_REFUSED"},
    {"a status nobody knows", "unknown", "AMB", "'start':'2024-02-12'", NULL, "", "missed", "held STATUS_UNKNOWN"},
    {"without a period", "finished", "AMB", "'end':'2024-02-12'", NULL, "", "missed", "not_in_scope NO_PERIOD"},
    {"a time without an offset", "finished", "AMB", "'start':'2024-02-12T10:00:00','end':'2024-02-12T11:00:00'", NULL,
     "", "missed", "held TIME_WITHOUT_OFFSET"},
    {"a time without an offset that no window could use", "finished", "AMB",
     "'start':'2024-02-25T10:00:00',"
     "'end':'2024-02-25T11:00:00'",
     NULL, "", "missed", "outside_window BETWEEN_WINDOWS"},
    {"between windows", "finished", "AMB", "'start':'2024-02-20','end':'2024-03-09'", NULL, "", "missed",
     "outside_window BETWEEN_WINDOWS"},
    {"dated in the future", "finished", "AMB", "'start':'2024-02-14','end':'2024-02-14'", "2024-02-12", "", "open",
     "held FUTURE_DATE"},
};

Test(contacts, open_the_windows_they_meet)
{
    for (size_t i = 0; i < sizeof visits / sizeof visits[0]; i++) {
        stop();
        start();
        if (visits[i].horizon)
            s.horizon = subject_day(visits[i].horizon);
        add_encounter("e", visits[i].status, visits[i].class, visits[i].period);
        subject_add_lab(&s, "v", ANC, "2024-02-10", "2.0");
        subject_derive(&s);
        expect_text(visits[i].name, subject_window(&s, "T30-01")->state, visits[i].state);
        expect_text(visits[i].name, subject_window(&s, "T30-01")->contact_date, visits[i].contact);
        expect_text(visits[i].name, subject_state(&s, "e"), visits[i].encounter);
        expect_text(visits[i].name, subject_state(&s, "v"),
                    *visits[i].contact ? "delivered" : "outside_window NO_CONTACT");
    }
}

Test(contacts, date_the_assessment_by_the_one_closest_to_the_target_of_two_the_later)
{
    subject_add_visit(&s, "e1", "2024-02-10");
    subject_add_visit(&s, "e2", "2024-02-18");
    subject_add_visit(&s, "e3", "2024-03-11");
    subject_add_visit(&s, "e4", "2024-03-14");
    subject_derive(&s);
    expect_text("a tie", subject_window(&s, "T30-01")->contact_date, "2024-02-18");
    expect_text("the closest", subject_window(&s, "T30-02")->contact_date, "2024-03-14");
    expect_text("kind", subject_window(&s, "T30-02")->contact_kind, "encounter");
}

Test(contacts, of_one_stay_open_every_window_it_spans)
{
    add_encounter("e", "finished", "IMP", "'start':'2024-02-12','end':'2024-04-02'");
    subject_derive(&s);
    expect_text("first", subject_window(&s, "T30-01")->contact_date, "2024-02-14");
    expect_text("second", subject_window(&s, "T30-02")->contact_date, "2024-03-15");
    expect_text("90 days, not at its target", subject_window(&s, "T90-01")->contact_date, "2024-04-02");
    expect_text("third", subject_window(&s, "T30-03")->state, "missed");
}

Test(contacts, are_not_asked_for_by_the_baseline)
{
    subject_add_lab(&s, "v", ANC, "2024-01-10", "2.0");
    subject_derive(&s);
    subject_expect(&s, "v", "delivered");
    expect_text("state", subject_window(&s, "BASELINE")->state, "collected");
}

Test(contacts, are_not_required_where_the_study_takes_any_day)
{
    study.require_contact = false;
    subject_add_lab(&s, "v", ANC, "2024-02-14", "2.0");
    subject_derive(&s);
    subject_expect(&s, "v", "delivered");
    expect_text("state", subject_window(&s, "T30-02")->state, "collected");
    expect_text("contact", subject_window(&s, "T30-01")->contact_date, "");
    cr_expect(eq(sz, s.derived.item_count, 0));
}

static const char *site_with_inferred_contacts(void)
{
    static const char *const sites[] = {"boston", "busan", "essen"};

    for (size_t i = 0; i < sizeof sites / sizeof sites[0]; i++) {
        stop();
        start_at(sites[i]);
        if (gw_site_contacts(s.site) == GW_CONTACTS_INFERRED)
            return sites[i];
    }
    return NULL;
}

Test(contacts, are_inferred_from_what_was_done_where_a_hospital_has_no_encounters)
{
    static const struct {
        const char *name, *resource, *contact;
    } deeds[] = {
        {"a final result of any code",
         "{'resourceType':'Observation','id':'d','status':'final','subject':{'reference':'Patient/p1'},"
         "'code':{'text':'x'},'category':[{'coding':[{'code':'imaging'}]}],'effectiveDateTime':'2024-02-12'}",
         "2024-02-12"},
        {"a preliminary one",
         "{'resourceType':'Observation','id':'d','status':'preliminary','subject':{'reference':'Patient/p1'},"
         "'code':{'text':'x'},'effectiveDateTime':'2024-02-12'}",
         ""},
        {"a month",
         "{'resourceType':'Observation','id':'d','status':'final','subject':{'reference':'Patient/p1'},"
         "'code':{'text':'x'},'effectiveDateTime':'2024-02'}",
         ""},
        {"an administration",
         "{'resourceType':'MedicationAdministration','id':'d','status':'completed',"
         "'subject':{'reference':'Patient/p1'},'medicationCodeableConcept':{'text':'x'},"
         "'effectivePeriod':{'start':'2024-02-12T08:00:00Z','end':'2024-02-12T09:00:00Z'}}",
         "2024-02-12"},
        {"one that goes on",
         "{'resourceType':'MedicationAdministration','id':'d','status':'in-progress',"
         "'subject':{'reference':'Patient/p1'},'medicationCodeableConcept':{'text':'x'},"
         "'effectiveDateTime':'2024-02-12'}",
         ""},
        {"a prescription",
         "{'resourceType':'MedicationRequest','id':'d','status':'active','intent':'order',"
         "'subject':{'reference':'Patient/p1'},'medicationCodeableConcept':{'text':'x'},'authoredOn':'2024-02-12'}",
         ""},
    };

    for (size_t i = 0; i < sizeof deeds / sizeof deeds[0]; i++) {
        cr_assert(site_with_inferred_contacts() != NULL, "no site of the tree infers contacts");
        subject_add(&s, "%s", deeds[i].resource);
        subject_derive(&s);
        expect_text(deeds[i].name, subject_window(&s, "T30-01")->contact_date, deeds[i].contact);
        expect_text(deeds[i].name, subject_window(&s, "T30-01")->contact_kind, *deeds[i].contact ? "inferred" : "");
    }
}
