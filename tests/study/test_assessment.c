/*
 * The assessment that reports an event: which one, and how far back it looks.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "support/subject.h"

static struct subject s;
static struct gw_study study;

static void start(void)
{
    subject_init(&s);
    study = *s.study;
    s.study = &study;
    subject_add_patient(&s, "female", "1950-03-01");
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(assessment, .init = start, .fini = stop);

/*
 * T30-01 is 9 to 19 February (target the 14th), T30-02 10 to 20 March (the 15th), T30-03 9 to 19 April (the 14th).
 * Expected: the window, or why there is none, first looking back to the last collected one, then to the last target.
 */
static const struct {
    const char *name, *visits[3], *end_of_treatment, *onset;
    const char *collected, *target;
} reports[] = {
    {"on the day of the visit", {"2024-02-14", "2024-03-15"}, NULL, "2024-02-14", "T30-01", "T30-01"},
    {"the day after", {"2024-02-14", "2024-03-15"}, NULL, "2024-02-15", "T30-02", "T30-02"},
    {"after the visit, before the target", {"2024-02-10", "2024-03-15"}, NULL, "2024-02-12", "T30-02", "T30-02"},
    {"on day 1", {"2024-02-14"}, NULL, "2024-01-15", "T30-01", "T30-01"},
    {"after the last visit", {"2024-02-14"}, NULL, "2024-02-15", "AWAITS_ASSESSMENT", "AWAITS_ASSESSMENT"},
    {"one missed, the day after the last collected",
     {"2024-02-14", "2024-04-14"},
     NULL,
     "2024-02-15",
     "T30-03",
     "NO_CONTACT"},
    {"one missed, on its target", {"2024-02-14", "2024-04-14"}, NULL, "2024-03-15", "T30-03", "NO_CONTACT"},
    {"the day after its target", {"2024-02-14", "2024-04-14"}, NULL, "2024-03-16", "T30-03", "T30-03"},
    {"two missed, before the first", {"2024-04-14"}, NULL, "2024-01-20", "T30-03", "NO_CONTACT"},
    {"two missed, after the first's target", {"2024-04-14"}, NULL, "2024-03-01", "T30-03", "NO_CONTACT"},
    {"missed, and none after it yet", {NULL}, NULL, "2024-01-20", "AWAITS_ASSESSMENT", "AWAITS_ASSESSMENT"},
    {"the end of treatment reports, on the target missed",
     {"2024-03-03"},
     "2024-03-01",
     "2024-02-14",
     "EOT",
     "NO_CONTACT"},
    {"the day after it", {"2024-03-03"}, "2024-03-01", "2024-02-15", "EOT", "EOT"},
};

static void expect_report(const char *name, const char *wanted)
{
    const struct gw_row_ae_episodes *episode = subject_episode(&s, 0);

    if (episode)
        expect_text(name, episode->assessed_window, wanted);
    else
        expect_text(name, subject_state(&s, "c"), gw_arena_print(&s.arena, "outside_window %s", wanted));
}

static void add_event(const char *onset)
{
    subject_add(&s,
                "{'resourceType':'Condition','id':'c','subject':{'reference':'Patient/p1'},"
                "'verificationStatus':{'coding':[{'code':'confirmed'}]},'onsetDateTime':'%s',"
                "'code':{'coding':[{'system':'http://hl7.org/fhir/sid/icd-10-cm','code':'I82.40'}]}}",
                onset);
}

Test(assessment, reports_what_happened_since_the_last_one_or_since_the_last_target)
{
    for (size_t i = 0; i < sizeof reports / sizeof reports[0]; i++) {
        stop();
        start();
        for (size_t v = 0; v < 3 && reports[i].visits[v]; v++)
            subject_add_visit(&s, gw_arena_print(&s.arena, "e%zu", v), reports[i].visits[v]);
        if (reports[i].end_of_treatment)
            s.line.end_of_treatment = subject_day(reports[i].end_of_treatment);
        add_event(reports[i].onset);
        subject_derive(&s);
        expect_report(reports[i].name, reports[i].collected);
        study.event_lookback_last_collected = false;
        subject_derive(&s);
        expect_report(reports[i].name, reports[i].target);
    }
}

Test(assessment, sees_the_whole_window_where_no_contact_is_required)
{
    study.require_contact = false;
    subject_add_visit(&s, "e", "2024-02-10");
    add_event("2024-02-19");
    subject_derive(&s);
    expect_report("its last day", "T30-01");
    s.count--;
    add_event("2024-02-20");
    subject_derive(&s);
    expect_report("the day after", "T30-02");
}
