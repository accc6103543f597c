/*
 * What a stay in hospital was for, and until when it was planned: which stays speak for a serious event, and which do
 * not. The event is a pneumonia of 2024-02-20.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/doses.h"

static struct subject s;

static void start(void)
{
    subject_init(&s);
    subject_add_monthly_visits(&s, 8);
    subject_add_condition(&s, "c", "J18.9", "2024-02-20", "2024-03-01");
    subject_add_condition(&s, "chemo", "Z51.11", "2024-02-18", "2024-02-25");
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(stay_reasons, .init = start, .fini = stop);

static void add_stay(const char *first, const char *last, const char *more)
{
    subject_add(&s,
                "{'resourceType':'Encounter','id':'stay','status':'finished','class':{'code':'IMP'},"
                "'subject':{'reference':'Patient/p1'},'period':{'start':'%s','end':'%s'}%s}",
                first, last, more);
}

enum verdict { NO, ASKED, SERIOUS };

static void expect_verdict(const char *name, enum verdict verdict)
{
    subject_derive(&s);
    cr_assert(subject_episode(&s, 0) != NULL, "%s", name);
    cr_expect(eq(int, subject_episode(&s, 0)->serious_hospital, verdict == SERIOUS), "%s", name);
    cr_expect(eq(sz, subject_items(&s, "AE_SERIOUS_EVIDENCE"), verdict == ASKED), "%s", name);
}

#define SCT            "http://snomed.info/sct"
#define DIAGNOSIS(ref) ",'diagnosis':[{'condition':{" ref "}}]"
#define TO(id)         "'reference':'" id "'"
#define TYPE(code)     ",'type':[{'coding':[{'system':'" SCT "','code':'" code "'}]}]"
#define PLAN(members)  "," members

static const struct {
    const char *name, *first, *last, *more;
    enum verdict verdict;
} stays[] = {
    /* whom it names */
    {"its own diagnosis", "2024-02-20", "2024-02-28", DIAGNOSIS(TO("Condition/c")), SERIOUS},
    {"a diagnosis that is not there", "2024-02-20", "2024-02-28", DIAGNOSIS(TO("Condition/none")), ASKED},
    {"a procedure of the same id", "2024-02-20", "2024-02-28", DIAGNOSIS(TO("Procedure/c")), ASKED},
    {"an identifier alone", "2024-02-20", "2024-02-28", DIAGNOSIS("'identifier':{'system':'urn:x','value':'c'}"),
     ASKED},

    /* for treatment: no sign of what began on its first day */
    {"of a type for chemotherapy", "2024-02-20", "2024-02-28", TYPE("367336001"), NO},
    {"of another type", "2024-02-20", "2024-02-28", TYPE("310361003"), ASKED},
    {"for a diagnosis that is treatment", "2024-02-20", "2024-02-28", DIAGNOSIS(TO("Condition/chemo")), NO},

    /* until when it was planned: what began in it later */
    {"it ended as planned", "2024-02-18", "2024-02-22",
     PLAN("'plannedStartDate':'2024-02-18','plannedEndDate':'2024-02-22'"), NO},
    {"it lasted longer", "2024-02-18", "2024-02-23",
     PLAN("'plannedStartDate':'2024-02-18','plannedEndDate':'2024-02-22'"), ASKED},
    {"it lasted longer already when the event began", "2024-02-18", "2024-02-25",
     PLAN("'plannedStartDate':'2024-02-18','plannedEndDate':'2024-02-19'"), ASKED},
    {"it lasted longer, and names the event", "2024-02-18", "2024-02-25",
     PLAN("'plannedStartDate':'2024-02-18','plannedEndDate':'2024-02-22'") DIAGNOSIS(TO("Condition/c")), ASKED},
    {"an end alone is no plan", "2024-02-20", "2024-02-22", PLAN("'plannedEndDate':'2024-02-22'"), ASKED},
    {"a month is no end of a plan that anything ends before", "2024-02-18", "2024-02-22",
     PLAN("'plannedStartDate':'2024-02-18','plannedEndDate':'2024-02'"), NO},
    {"a planned end that is no date", "2024-02-18", "2024-02-22",
     PLAN("'plannedStartDate':'2024-02-18','plannedEndDate':'soon'"), ASKED},
    {"no plan to go by", "2024-02-18", "2024-02-22", TYPE("367336001"), ASKED},
};

Test(stay_reasons, tell_a_stay_for_the_event_from_one_that_was_planned)
{
    for (size_t i = 0; i < sizeof stays / sizeof *stays; i++) {
        stop();
        start();
        add_stay(stays[i].first, stays[i].last, stays[i].more);
        expect_verdict(stays[i].name, stays[i].verdict);
    }
}

/* The study of elranatamab asks for 48 hours after the first dose and 24 after the second. */
static const struct {
    const char *name, *doses;
    int onset, first, last; /* days after the first dose */
    enum verdict verdict;
} step_ups[] = {
    {"no second dose was given", "A 0 12", 6, 5, 6, ASKED},
    {"admitted two days before the second", "A 0 12;A 5 32", 6, 3, 7, ASKED},
    {"from the first to the very day of the second", "A 0 12;A 5 32", 2, 0, 5, ASKED},
    {"the second on the next day asks for no longer", "A 0 12;A 1 32", 1, 0, 2, NO},
    {"and it lasted longer", "A 0 12;A 1 32", 1, 0, 3, ASKED},
    {"what began after the planned days of a longer stay", "A 0 12;A 5 32", 4, 0, 5, ASKED},
};

Test(stay_reasons, are_the_doses_that_ask_for_a_stay)
{
    for (size_t i = 0; i < sizeof step_ups / sizeof *step_ups; i++) {
        char first[11], last[11], onset[11];

        stop();
        subject_init_at(&s, "elranatamab-rrmm", "madrid");
        gw_day_print(s.line.first_dose + step_ups[i].first, first);
        gw_day_print(s.line.first_dose + step_ups[i].last, last);
        gw_day_print(s.line.first_dose + step_ups[i].onset, onset);
        doses_add(&s, "L01FX32", step_ups[i].doses);
        subject_add_condition(&s, "c", "J18.9", onset, NULL);
        add_stay(first, last, "");
        expect_verdict(step_ups[i].name, step_ups[i].verdict);
    }
}
