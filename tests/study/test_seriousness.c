/*
 * Seriousness: stays in hospital that speak for it, and the traps that do not. The event is a pneumonia of 2024-02-20.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "support/doses.h"
#include "support/subject.h"

static struct subject s;

static void start(void)
{
    subject_init(&s);
    subject_add_monthly_visits(&s, 8);
    subject_add(&s, "{'resourceType':'Condition','id':'c','subject':{'reference':'Patient/p1'},"
                    "'verificationStatus':{'coding':[{'code':'confirmed'}]},'onsetDateTime':'2024-02-20',"
                    "'abatementDateTime':'2024-03-01',"
                    "'code':{'coding':[{'system':'http://hl7.org/fhir/sid/icd-10-cm','code':'J18.9'}]}}");
    subject_add(&s, "{'resourceType':'Condition','id':'other','subject':{'reference':'Patient/p1'},"
                    "'onsetDateTime':'2010-01-01','code':{'coding':[{'system':"
                    "'http://hl7.org/fhir/sid/icd-10-cm','code':'I10'}]}}");
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(seriousness, .init = start, .fini = stop);

static void add_stay(const char *status, const char *class, const char *first, const char *last, const char *more)
{
    subject_add(&s,
                "{'resourceType':'Encounter','id':'stay','status':'%s','class':{'code':'%s'},"
                "'subject':{'reference':'Patient/p1'},'period':{'start':'%s'%s%s%s}%s}",
                status, class, first, last ? ",'end':'" : "", last ? last : "", last ? "'" : "", more);
}

#define OWN     ",'diagnosis':[{'condition':{'reference':'Condition/c'}}]"
#define OTHERS  ",'diagnosis':[{'condition':{'reference':'Condition/other'}}]"
#define REASON  ",'reasonReference':[{'reference':'Condition/c'}]"
#define CHEMO   ",'reasonCode':[{'coding':[{'system':'http://hl7.org/fhir/sid/icd-10-cm','code':'Z51.11'}]}]"
#define PLANNED ",'plannedStartDate':'2024-02-18','plannedEndDate':'2024-02-22'"
#define ICU                                                                                                            \
    ",'location':[{'location':{'reference':'Location/1'},'physicalType':{'coding':["                                   \
    "{'system':'http://terminology.hl7.org/CodeSystem/v3-RoleCode','code':'ICU'}]}}]"

enum verdict { NO, ASKED, SERIOUS };

static const struct {
    const char *name, *status, *class, *first, *last, *more;
    enum verdict verdict;
} stays[] = {
    {"a stay for the diagnosis", "finished", "IMP", "2024-02-20", "2024-02-28", OWN, SERIOUS},
    {"a stay with the diagnosis as its reason", "finished", "IMP", "2024-02-20", "2024-02-28", REASON, SERIOUS},
    {"a stay for another diagnosis", "finished", "IMP", "2024-02-20", "2024-02-28", OTHERS, ASKED},
    {"a stay for the diagnosis weeks later", "finished", "IMP", "2024-03-20", "2024-03-25", OWN, NO},
    {"a stay that says nothing", "finished", "IMP", "2024-02-20", "2024-02-28", "", ASKED},
    {"it ended the day before", "finished", "IMP", "2024-02-10", "2024-02-19", "", ASKED},
    {"it ended two days before", "finished", "IMP", "2024-02-10", "2024-02-18", "", NO},
    {"it began on day 7", "finished", "IMP", "2024-02-27", "2024-03-01", "", ASKED},
    {"it began on day 8", "finished", "IMP", "2024-02-28", "2024-03-01", "", NO},
    {"it goes on", "in-progress", "IMP", "2024-02-21", NULL, "", ASKED},
    {"acute", "finished", "ACUTE", "2024-02-20", "2024-02-28", "", ASKED},
    {"not acute", "finished", "NONAC", "2024-02-20", "2024-02-28", "", ASKED},
    {"observation is no admission", "finished", "OBSENC", "2024-02-20", "2024-02-21", "", NO},
    {"observation for the diagnosis is none either", "finished", "OBSENC", "2024-02-20", "2024-02-21", OWN, NO},
    {"nor is an emergency", "finished", "EMER", "2024-02-20", "2024-02-21", OWN, NO},
    {"nor a day in hospital", "finished", "SS", "2024-02-20", "2024-02-20", OWN, NO},
    {"nor a visit", "finished", "AMB", "2024-02-20", "2024-02-20", OWN, NO},
    {"a stay that was planned and never was", "planned", "IMP", "2024-02-20", "2024-02-28", OWN, NO},
    {"a cancelled one", "cancelled", "IMP", "2024-02-20", "2024-02-28", OWN, NO},
    {"for chemotherapy, the next day", "finished", "IMP", "2024-02-21", "2024-02-25", CHEMO, NO},
    {"for chemotherapy, the same day", "finished", "IMP", "2024-02-20", "2024-02-25", CHEMO, NO},
    {"it began in a stay for chemotherapy", "finished", "IMP", "2024-02-18", "2024-02-25", CHEMO, ASKED},
    {"it began after a stay for chemotherapy", "finished", "IMP", "2024-02-18", "2024-02-19", CHEMO, NO},
    {"it began in a planned stay that lasted longer", "finished", "IMP", "2024-02-18", "2024-02-23", PLANNED, ASKED},
    {"it began in a planned stay that ended as planned", "finished", "IMP", "2024-02-18", "2024-02-22", PLANNED, NO},
    {"intensive care", "finished", "IMP", "2024-02-20", "2024-02-28", ICU, ASKED},
    {"for the diagnosis, on the last day of the event", "finished", "IMP", "2024-03-01", "2024-03-09", OWN, SERIOUS},
    {"for the diagnosis, a week after the event", "finished", "IMP", "2024-03-08", "2024-03-12", REASON, SERIOUS},
    {"for the diagnosis, later", "finished", "IMP", "2024-03-09", "2024-03-12", OWN, NO},
    {"for chemotherapy, and the diagnosis beside it", "finished", "IMP", "2024-02-29", "2024-03-02", CHEMO OWN, NO},
    {"for the diagnosis, over before it began", "finished", "IMP", "2024-02-10", "2024-02-15", OWN, NO},
};

static size_t cited(void)
{
    const struct gw_row_list *list = &s.derived.rows.tables[GW_TABLE_ae_evidence];
    size_t count = 0;

    for (size_t i = 0; i < list->count; i++)
        count += strcmp(((const struct gw_row_ae_evidence *)list->rows[i])->kind, "encounter") == 0;
    return count;
}

Test(seriousness, is_evidence_of_stays_near_the_onset)
{
    for (size_t i = 0; i < sizeof stays / sizeof *stays; i++) {
        const struct gw_row_ae_episodes *row;

        stop();
        start();
        add_stay(stays[i].status, stays[i].class, stays[i].first, stays[i].last, stays[i].more);
        subject_derive(&s);
        row = subject_episode(&s, 0);
        cr_assert(row != NULL);
        cr_expect(eq(int, row->serious, stays[i].verdict == SERIOUS), "%s", stays[i].name);
        cr_expect(eq(int, row->serious_hospital, stays[i].verdict == SERIOUS), "%s", stays[i].name);
        expect_text(stays[i].name, row->seriousness_origin, stays[i].verdict == SERIOUS ? "evidence" : "");
        cr_expect(eq(sz, subject_items(&s, "AE_SERIOUS_EVIDENCE"), stays[i].verdict == ASKED), "%s", stays[i].name);
        cr_expect(eq(sz, cited(), stays[i].verdict != NO), "%s: the stay is named", stays[i].name);
    }
}

Test(seriousness, never_says_life_threatening_by_itself)
{
    add_stay("finished", "IMP", "2024-02-20", "2024-02-28", ICU);
    subject_derive(&s);
    cr_expect(eq(int, subject_episode(&s, 0)->serious_life, false));
    cr_expect(strstr(subject_item(&s, "AE_SERIOUS_EVIDENCE")->context, "intensive care") != NULL);
}

Test(seriousness, asks_about_danger_to_life_where_the_admission_is_certain)
{
    add_stay("finished", "IMP", "2024-02-20", "2024-02-28", OWN ICU);
    subject_derive(&s);
    cr_expect(eq(int, subject_episode(&s, 0)->serious_hospital, true));
    cr_expect(eq(int, subject_episode(&s, 0)->serious_life, false));
    cr_assert(eq(sz, subject_items(&s, "AE_SERIOUS_EVIDENCE"), 1));
    subject_decide(&s, "seriousness", "Condition/c", "{'serious':true,'criteria':['hospital','life']}");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "AE_SERIOUS_EVIDENCE"), 0));
    cr_expect(eq(int, subject_episode(&s, 0)->serious_life, true));
}

/* Written down after the stay in which it was found, without an onset. */
Test(seriousness, is_certain_by_a_stay_whose_diagnosis_was_recorded_later)
{
    const struct gw_row_ae_episodes *row;

    subject_add(&s, "{'resourceType':'Condition','id':'late','subject':{'reference':'Patient/p1'},"
                    "'recordedDate':'2024-05-20','code':{'coding':[{'system':"
                    "'http://hl7.org/fhir/sid/icd-10-cm','code':'K52.1'}]}}");
    add_stay("finished", "IMP", "2024-05-02", "2024-05-09", ",'reasonReference':[{'reference':'Condition/late'}]");
    subject_derive(&s);
    cr_assert(eq(sz, s.derived.rows.tables[GW_TABLE_ae_episodes].count, 2));
    row = subject_episode(&s, strcmp(subject_episode(&s, 0)->category, "GASTROINTESTINAL") == 0 ? 0 : 1);
    cr_expect(eq(int, row->serious_hospital, true));
    s.facts[s.count - 1].encounter.period.end = "2024-01-14"; /* of before day 1 */
    s.facts[s.count - 1].encounter.period.start = "2024-01-10";
    subject_derive(&s);
    row = subject_episode(&s, strcmp(subject_episode(&s, 0)->category, "GASTROINTESTINAL") == 0 ? 0 : 1);
    cr_expect(eq(int, row->serious_hospital, false));
}

Test(seriousness, leaves_a_stay_that_a_person_called_planned)
{
    add_stay("finished", "IMP", "2024-02-20", "2024-02-28", "");
    subject_decide(&s, "stay", "Encounter/stay", "{'planned':true}");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "AE_SERIOUS_EVIDENCE"), 0));
}

Test(seriousness, leaves_the_stays_of_an_event_that_a_person_called_planned)
{
    add_stay("finished", "IMP", "2024-02-18", "2024-02-28", OWN);
    subject_decide(&s, "stay", "Condition/c", "{'of':'INFECTION','planned':true}");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "AE_SERIOUS_EVIDENCE"), 0));
    cr_expect(eq(int, subject_episode(&s, 0)->serious, false));
    subject_decide(&s, "stay", "Condition/c", "{'planned':false}");
    subject_derive(&s);
    cr_expect(eq(int, subject_episode(&s, 0)->serious_hospital, true));
}

Test(seriousness, follows_a_rule_about_the_stays_of_a_kind_of_event)
{
    add_stay("finished", "IMP", "2024-02-20", "2024-02-28", "");
    subject_decide(&s, "stay", "AE_SERIOUS_EVIDENCE|madrid||||INFECTION", "{'planned':true}");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "AE_SERIOUS_EVIDENCE"), 0));
    subject_decide(&s, "stay", "Encounter/stay", "{'planned':false}");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "AE_SERIOUS_EVIDENCE"), 1), "of this very stay something else was said");
}

Test(seriousness, of_danger_to_life_is_asked_about_in_a_planned_stay_too)
{
    add_stay("finished", "IMP", "2024-02-20", "2024-02-28", ICU);
    subject_decide(&s, "stay", "Condition/c", "{'planned':true}");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "AE_SERIOUS_EVIDENCE"), 1));
}

Test(seriousness, does_not_change_the_name_of_an_event)
{
    const char *id;

    subject_add_lab(&s, "low", "751-8", "2024-02-20", "0.3"); /* an Observation: an Encounter comes before it */
    subject_derive(&s);
    id = subject_episode_of(&s, "NEUTROPENIA")->ae_id;
    add_stay("finished", "IMP", "2024-02-20", "2024-02-28", "");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "AE_SERIOUS_EVIDENCE"), 2), "of the pneumonia and of the count");
    expect_text("id", subject_episode_of(&s, "NEUTROPENIA")->ae_id, id);
}

Test(seriousness, is_not_weighed_where_the_study_has_no_rules_for_it)
{
    struct gw_study study = *s.study;

    s.study = &study;
    study.events.seriousness.on = false;
    add_stay("finished", "IMP", "2024-02-20", "2024-02-28", OWN);
    subject_derive(&s);
    cr_expect(eq(int, subject_episode(&s, 0)->serious, false));
}

Test(seriousness, is_answered_by_a_person)
{
    add_stay("finished", "IMP", "2024-02-20", "2024-02-28", "");
    subject_decide(&s, "seriousness", "Condition/c", "{'serious':true,'criteria':['hospital']}");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "AE_SERIOUS_EVIDENCE"), 0));
    cr_expect(eq(int, subject_episode(&s, 0)->serious_hospital, true));
    expect_text("origin", subject_episode(&s, 0)->seriousness_origin, "human");
}

Test(seriousness, is_death_where_a_person_says_that_the_event_was_fatal)
{
    subject_decide(&s, "outcome", "Condition/c", "{'outcome':'fatal'}");
    subject_derive(&s);
    cr_expect(eq(int, subject_episode(&s, 0)->serious, true));
    cr_expect(eq(int, subject_episode(&s, 0)->serious_death, true));
    expect_text("origin", subject_episode(&s, 0)->seriousness_origin, "human");
}

/* ---- stays that the first doses ask for: 48 hours after the first, 24 after the second ---- */

static const struct {
    const char *name;
    int onset, first, last; /* days after the first dose, which the second follows on day 5 */
    enum verdict verdict;
} step_ups[] = {
    {"within 48 hours of the first dose", 1, 0, 2, NO},
    {"it lasted a day longer", 1, 0, 3, ASKED},
    {"admitted the day before", 1, -1, 2, NO},
    {"it began on the first day", 0, 0, 3, NO},
    {"within 24 hours of the second", 6, 5, 6, NO},
    {"it lasted longer than the second asks for", 6, 5, 8, ASKED},
    {"both doses in one stay", 2, 0, 6, NO},
    {"both doses in one stay that lasted longer", 2, 0, 7, ASKED},
    {"a stay after the third dose", 11, 10, 12, ASKED},
    {"a stay that began after the planned days", 7, 7, 9, ASKED},
};

Test(seriousness, leaves_the_stays_that_the_first_doses_ask_for)
{
    for (size_t i = 0; i < sizeof step_ups / sizeof *step_ups; i++) {
        const char *first, *last, *onset;

        stop();
        subject_init_at(&s, "elranatamab-rrmm", "madrid");
        first = subject_date(&s, step_ups[i].first);
        last = subject_date(&s, step_ups[i].last);
        onset = subject_date(&s, step_ups[i].onset);
        doses_add(&s, "L01FX32", "A 0 12;A 5 32;A 9 76;A 16 76");
        subject_add(&s,
                    "{'resourceType':'Condition','id':'c','subject':{'reference':'Patient/p1'},"
                    "'verificationStatus':{'coding':[{'code':'confirmed'}]},'onsetDateTime':'%s',"
                    "'code':{'coding':[{'system':'http://hl7.org/fhir/sid/icd-10-cm','code':'J18.9'}]}}",
                    onset);
        add_stay("finished", "IMP", first, last, "");
        subject_derive(&s);
        cr_assert(subject_episode(&s, 0) != NULL, "%s", step_ups[i].name);
        cr_expect(eq(sz, subject_items(&s, "AE_SERIOUS_EVIDENCE"), step_ups[i].verdict == ASKED), "%s",
                  step_ups[i].name);
    }
}
