/*
 * What a check finds of servers that differ: each probe where it works, where it does not and where nothing decides,
 * and what the endpoint's profile says afterwards.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <time.h>

#include "gateway/service/check.h"
#include "gateway/sources/profile.h"
#include "service/check_bench.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Since when and how exactly, of what by date, and so on, in the order of the struct. */
static const char *print_profile(const struct gw_profile *p, char out[300])
{
    static const char *const posts[] = {"get", "post-needed", "post"};

    snprintf(out, 300, "%s%s%s%s %s%s %s codes %u page %u", p->last_updated ? "since" : "all",
             p->last_updated && p->last_updated_by_day ? "-by-day" : "", p->undated[GW_OBSERVATION] ? "" : " O",
             p->undated[GW_ENCOUNTER] ? "" : " E", p->one_range ? "apart" : "together", p->sorts ? " sorted" : "",
             posts[p->post], p->codes_max, p->page_size);
    return out;
}

#define GOOD "since O E together sorted post-needed codes 100 page 0"

static const struct {
    const char *name;
    struct fake_hospital with; /* its quirks alone */
    const char *what;
    enum gw_check_verdict verdict;
    const char *says;
    const char *profile;
} cases[] = {
    {"nothing unusual", {.count = 0}, "_lastUpdated", GW_CHECK_OK, "honoured", GOOD},
    {"exact to the second", {.count = 0}, "precision", GW_CHECK_OK, "exact to the second", GOOD},
    {"the patient is kept apart", {.count = 0}, "patient", GW_CHECK_OK, "that patient alone", GOOD},
    {"by date", {.count = 0}, "date", GW_CHECK_OK, "Observations are found by date", GOOD},
    {"both ranges", {.count = 0}, "together", GW_CHECK_OK, "can stand in one search", GOOD},
    {"_count", {.count = 0}, "_count", GW_CHECK_OK, "obeyed", GOOD},
    {"page size", {.count = 0}, "page size", GW_CHECK_OK, "pages of 100 are taken", GOOD},
    {"_sort", {.count = 0}, "_sort", GW_CHECK_OK, "is obeyed", GOOD},
    {"next links", {.count = 0}, "next links", GW_CHECK_OK, "longer was not tried", GOOD},
    {"POST", {.count = 0}, "POST", GW_CHECK_OK, "answers as one by GET", GOOD},
    {"lists", {.count = 0}, "lists", GW_CHECK_OK, "takes 100 codes", GOOD},
    {"history", {.count = 0}, "_history", GW_CHECK_OK, "can be read", GOOD},
    {"deletions cannot be tried", {.count = 0}, "deletions", GW_CHECK_SKIPPED, "nothing may be deleted", GOOD},
    {"no bulk export", {.count = 0}, "bulk export", GW_CHECK_OK, "not offered", GOOD},
    {"an unknown parameter answered with nothing", {.count = 0}, "parameters", GW_CHECK_NOTE, "with nothing", GOOD},

    {"_lastUpdated ignored",
     {.ignores = "_lastUpdated"},
     "_lastUpdated",
     GW_CHECK_NOTE,
     "not honoured: ignored",
     "all O E together sorted post-needed codes 100 page 0"},
    {"_lastUpdated refused",
     {.forbids = "_lastUpdated"},
     "_lastUpdated",
     GW_CHECK_NOTE,
     "not honoured: refused",
     "all O E together sorted post-needed codes 100 page 0"},
    {"where _lastUpdated does not work, its company is not tried",
     {.forbids = "_lastUpdated"},
     "together",
     GW_CHECK_SKIPPED,
     "one of them does not work",
     "all O E together sorted post-needed codes 100 page 0"},
    {"_lastUpdated by days",
     {.by_day = true},
     "precision",
     GW_CHECK_NOTE,
     "not exact",
     "since-by-day O E together sorted post-needed codes 100 page 0"},
    {"dates ignored",
     {.ignores = "date"},
     "date",
     GW_CHECK_NOTE,
     "is ignored",
     "since together sorted post-needed codes 100 page 0"},
    {"dates refused",
     {.forbids = "date"},
     "date",
     GW_CHECK_NOTE,
     "is refused",
     "since together sorted post-needed codes 100 page 0"},
    {"S8: a date and _lastUpdated not together",
     {.one_range = true},
     "together",
     GW_CHECK_NOTE,
     "do not act together",
     "since O E apart sorted post-needed codes 100 page 0"},
    {"a category is demanded",
     {.demands_category = true},
     "category",
     GW_CHECK_NOTE,
     "demanded",
     "since O E together post-needed codes 100 page 0"},
    {"an unknown parameter refused", {.forbids = "casement-probe"}, "parameters", GW_CHECK_OK, "refused", GOOD},
    {"an unknown parameter ignored, and told",
     {.ignores = "casement-probe", .self_drops = true},
     "parameters",
     GW_CHECK_NOTE,
     "left out of the self link; asked to be strict, the server ignores it",
     GOOD},
    {"an unknown parameter ignored, but not when strict",
     {.ignores = "casement-probe", .answers = "strict"},
     "parameters",
     GW_CHECK_NOTE,
     "silently; asked to be strict, the server refuses it",
     GOOD},
    {"_count ignored", {.ignores = "_count"}, "_count", GW_CHECK_NOTE, "2 on a page that was to hold one", GOOD},
    {"without pages no next link is tried",
     {.ignores = "_count"},
     "next links",
     GW_CHECK_SKIPPED,
     "no search here has a second page",
     GOOD},
    {"a largest page",
     {.count_max = 30},
     "page size",
     GW_CHECK_NOTE,
     "pages of 20 are taken, larger ones refused",
     "since O E together sorted post-needed codes 100 page 20"},
    {"_sort ignored",
     {.ignores = "_sort"},
     "_sort",
     GW_CHECK_NOTE,
     "not obeyed",
     "since O E together post-needed codes 100 page 0"},
    {"_sort refused",
     {.forbids = "_sort"},
     "_sort",
     GW_CHECK_NOTE,
     "refused",
     "since O E together post-needed codes 100 page 0"},
    {"links that die", {.links_live = 1}, "next links", GW_CHECK_NOTE, "dead 0 s after its first use", GOOD},
    {"no POST",
     {.forbids_post = true},
     "POST",
     GW_CHECK_NOTE,
     "do not work",
     "since O E together sorted get codes 100 page 0"},
    {"POST that answers otherwise",
     {.post_is_odd = true},
     "POST",
     GW_CHECK_NOTE,
     "do not work",
     "since O E together sorted get codes 100 page 0"},
    {"no GET",
     {.forbids_get = true},
     "POST",
     GW_CHECK_NOTE,
     "but by POST",
     "since O E together sorted post codes 100 page 0"},
    {"S9: URLs of 2,000 bytes",
     {.query_max = 2000},
     "lists",
     GW_CHECK_OK,
     "takes 30 codes",
     "since O E together sorted post-needed codes 30 page 0"},
    {"ten codes at most",
     {.codes_max = 10},
     "lists",
     GW_CHECK_NOTE,
     "10 codes, and not 30",
     "since O E together sorted post-needed codes 10 page 0"},
    {"one code at a time",
     {.codes_max = 1},
     "lists",
     GW_CHECK_NOTE,
     "1 codes, and not 30",
     "since O E together sorted post-needed codes 1 page 0"},
    {"no former versions", {.without_history = true}, "_history", GW_CHECK_NOTE, "cannot be read", GOOD},
    {"bulk export and subscriptions",
     {.claims = "\"operation\":[{\"name\":\"export\"}],"},
     "bulk export",
     GW_CHECK_OK,
     "offered, says the statement",
     GOOD},
    {"throttled for a moment",
     {.busy = 1, .busy_for = "Retry-After: 1\r\n"},
     "429",
     GW_CHECK_NOTE,
     "it answered 429, Retry-After: 1",
     GOOD},
};

Test(check_probes, s8_s9_tell_what_works_and_what_does_not)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct gw_profile profile;
        struct bench b;
        char text[300];

        bench_open(&b);
        bench_quirk(&b, &cases[i].with);
        cr_expect(bench_run(&b) == GW_OK, "%s: %s", cases[i].name, b.first.text);
        bench_expect(&b, cases[i].what, cases[i].verdict, cases[i].says);
        profile = bench_profile(&b);
        cr_expect_str_eq(print_profile(&profile, text), cases[i].profile, "%s", cases[i].name);
        cr_expect(fake_server_requests(b.hospital.server) <= GW_CHECK_REQUESTS, "%s: %u requests", cases[i].name,
                  fake_server_requests(b.hospital.server));
        bench_close(&b);
    }
}

#define ANOTHERS                                                                                                       \
    "{\"resourceType\":\"Observation\",\"id\":\"o-p2\",\"status\":\"final\",\"code\":{\"text\":\"x\"},"                \
    "\"subject\":{\"reference\":\"Patient/p2\"}}"

/* Privacy: a server that shows other patients is asked nothing more, whether there are others to be shown or not. */
static const struct {
    const char *name;
    const char *more; /* a resource it has besides */
    unsigned requests;
} leaks[] = {
    {"S8: another patient's data", ANOTHERS, 5}, /* metadata, Patient, whether it has results, Encounter, Observation */
    {"S8: the one patient's, asked for nobody's", NULL, 11}, /* and five other types, and the probe */
};

Test(check_probes, s8_stop_where_patients_are_not_kept_apart)
{
    for (size_t i = 0; i < COUNT(leaks); i++) {
        struct bench b;

        bench_open(&b);
        b.hospital.ignores = "patient";
        if (leaks[i].more)
            fake_hospital_add(&b.hospital, leaks[i].more);
        cr_expect(bench_run(&b) == GW_EPROTO, "%s", leaks[i].name);
        bench_expect(&b, "patient", GW_CHECK_FAIL, "ignores the patient parameter");
        cr_expect(bench_line(&b, "_lastUpdated") == NULL, "%s: the probes go on", leaks[i].name);
        cr_expect(fake_server_requests(b.hospital.server) == leaks[i].requests, "%s: %u requests", leaks[i].name,
                  fake_server_requests(b.hospital.server));
        bench_close(&b);
    }
}

/* An answer of 500 decides nothing. */
static const struct {
    const char *breaks;
    const char *what;
} undecided[] = {{"_lastUpdated", "_lastUpdated"}, {"_sort", "_sort"},       {"date", "date"},
                 {"casement-probe", "parameters"}, {"category", "category"}, {"code", "lists"}};

Test(check_probes, say_what_was_not_decided_and_keep_what_was_known)
{
    for (size_t i = 0; i < COUNT(undecided); i++) {
        struct gw_profile profile;
        struct bench b;
        char text[300];

        bench_open(&b);
        cr_assert(bench_run(&b) == GW_OK, "%s", b.first.text);
        b.hospital.breaks = undecided[i].breaks;
        cr_expect(bench_run(&b) == GW_OK, "%s: %s", undecided[i].what, b.first.text);
        bench_expect(&b, undecided[i].what, GW_CHECK_SKIPPED, "not decided, because no answer came that tells");
        profile = bench_profile(&b);
        cr_expect_str_eq(print_profile(&profile, text), GOOD, "%s", undecided[i].what);
        bench_close(&b);
    }
}

Test(check_probes, try_anew_what_another_version_of_the_software_may_do_otherwise)
{
    struct gw_profile profile;
    struct bench b;
    char text[300];

    bench_open(&b);
    cr_assert(bench_run(&b) == GW_OK, "%s", b.first.text);
    b.hospital.software_version = "2";
    b.hospital.breaks = "_sort";
    cr_expect(bench_run(&b) == GW_OK, "%s", b.first.text);
    bench_expect(&b, "software", GW_CHECK_NOTE, "all is tried anew");
    profile = bench_profile(&b);
    cr_expect_str_eq(print_profile(&profile, text), "since O E together post-needed codes 100 page 0");
    bench_close(&b);
}

Test(check_probes, end_where_the_server_asks_for_a_long_pause)
{
    struct bench b;

    bench_open(&b);
    b.hospital.busy = 100;
    b.hospital.busy_for = "Retry-After: 3600\r\n";
    cr_expect(bench_run(&b) == GW_ERETRY);
    bench_expect(&b, "429", GW_CHECK_NOTE, "Retry-After: 3600");
    bench_expect(&b, "Patient", GW_CHECK_FAIL, "429");
    cr_expect(fake_server_requests(b.hospital.server) == 2, "%u", fake_server_requests(b.hospital.server));
    bench_close(&b);
}

/* ---- its clock ---- */

static const struct {
    int ahead_s;
    enum gw_check_verdict verdict;
    const char *says;
} clocks[] = {{0, GW_CHECK_OK, "within a minute"},
              {50, GW_CHECK_OK, "within a minute"},
              {200, GW_CHECK_NOTE, "ahead of ours"},
              {-200, GW_CHECK_NOTE, "behind ours"},
              {400, GW_CHECK_FAIL, "more than five minutes"},
              {-400, GW_CHECK_FAIL, "more than five minutes"}};

Test(check_probes, a2_compare_the_clocks)
{
    for (size_t i = 0; i < COUNT(clocks); i++) {
        const time_t then = time(NULL) + clocks[i].ahead_s;
        char date[80];
        struct tm parts;
        struct bench b;

        gmtime_r(&then, &parts);
        strftime(date, sizeof date, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts);
        bench_open(&b);
        b.hospital.date = date;
        cr_expect(bench_run(&b) == (clocks[i].verdict == GW_CHECK_FAIL ? GW_ECONFIG : GW_OK), "%d s: %s",
                  clocks[i].ahead_s, b.first.text);
        bench_expect(&b, "clock", clocks[i].verdict, clocks[i].says);
        cr_expect(bench_line(&b, "_sort") != NULL, "it goes on all the same");
        bench_close(&b);
    }
}

/* ---- whom it asks about ---- */

#define LINE(patient, subject) "madrid,lendex-rrmm," patient "," subject ",2024-01-18,,2024-01-15,,,\n"

static const struct {
    const char *name;
    const char *lines;
    const char *what;
    enum gw_check_verdict verdict;
    const char *says;
} rosters[] = {
    {"the first has results", LINE("p1", "S-1") LINE("new", "S-2"), "_sort", GW_CHECK_OK, "obeyed"},
    {"the second has", LINE("new", "S-1") LINE("p1", "S-2"), "_sort", GW_CHECK_OK, "obeyed"},
    {"the first is not there, the second has", LINE("nowhere", "S-1") LINE("p1", "S-2"), "_sort", GW_CHECK_OK,
     "obeyed"},
    {"and is told", LINE("nowhere", "S-1") LINE("p1", "S-2"), "roster line", GW_CHECK_NOTE,
     "line 2 of the roster finds 0"},
    {"none of them has", LINE("new", "S-1"), "probes", GW_CHECK_SKIPPED, "none of the first 3 patients"},
    {"more than three are not looked at",
     LINE("new", "S-1") LINE("young", "S-2") LINE("fresh", "S-3") LINE("p1", "S-4"), "probes", GW_CHECK_SKIPPED,
     "none of the first 3 patients"},
    {"nobody of the site", "essen,lendex-rrmm,p1,S-1,2024-01-18,,2024-01-15,,,\n", "searches", GW_CHECK_SKIPPED,
     "no roster has a patient of site madrid"},
};

Test(check_probes, ask_about_a_patient_who_has_results_if_there_is_one)
{
    for (size_t i = 0; i < COUNT(rosters); i++) {
        struct bench b;

        bench_open(&b);
        fake_hospital_add(&b.hospital, FAKE_PATIENT("new"));
        fake_hospital_add(&b.hospital, FAKE_PATIENT("young"));
        fake_hospital_add(&b.hospital, FAKE_PATIENT("fresh"));
        scratch_write(&b.scratch, "roster.csv", gw_arena_print(&b.arena, "%s%s", HEADER, rosters[i].lines));
        cr_expect(bench_run(&b) == GW_OK, "%s: %s", rosters[i].name, b.first.text);
        bench_expect(&b, rosters[i].what, rosters[i].verdict, rosters[i].says);
        cr_expect(fake_server_requests(b.hospital.server) <= GW_CHECK_REQUESTS, "%s", rosters[i].name);
        bench_close(&b);
    }
}
