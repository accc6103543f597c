/*
 * A check of made-up hospitals: each line says what was found, and the profile remembers what a server does.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sys/stat.h>

#include "service/check_bench.h"

Test(check, finds_nothing_to_fail_for_in_a_good_hospital)
{
    struct gw_profile profile;
    struct bench b;

    bench_open(&b);
    cr_assert(eq(int, bench_run(&b), GW_OK), "%s", b.first.text);
    bench_expect(&b, "metadata", GW_CHECK_OK, "Made up 1, FHIR 4.0.1");
    bench_expect(&b, "retention", GW_CHECK_OK, "runs: its facts go");
    bench_expect(&b, "site", GW_CHECK_OK, "Europe/Madrid");
    bench_expect(&b, "Patient", GW_CHECK_OK, "found");
    bench_expect(&b, "Observation", GW_CHECK_OK, "answered");
    bench_expect(&b, "MedicationRequest", GW_CHECK_NOTE, "not offer");
    bench_expect(&b, "category", GW_CHECK_OK, "by category");
    bench_expect(&b, "_lastUpdated", GW_CHECK_OK, "honoured");
    profile = bench_profile(&b);
    cr_expect(gw_same(profile.software, "Made up"));
    cr_expect(profile.last_updated);
    cr_expect(not(profile.reads[GW_MEDICATION_REQUEST]));
    bench_close(&b);
}

Test(check, asks_for_what_few_servers_have_where_a_study_has_a_use_for_it)
{
    struct bench b;

    bench_open(&b);
    cr_assert(eq(int, bench_run(&b), GW_OK), "%s", b.first.text);
    bench_expect(&b, "AdverseEvent", GW_CHECK_OK, "answered");
    bench_expect(&b, "DiagnosticReport", GW_CHECK_OK, "answered");
    bench_expect(&b, "QuestionnaireResponse", GW_CHECK_NOTE, "does not offer this type");
    cr_expect(bench_profile(&b).reads[GW_ADVERSE_EVENT]);
    bench_close(&b);
}

Test(check, goes_on_without_what_few_servers_have_where_it_is_refused)
{
    struct bench b;

    bench_open(&b);
    b.hospital.refused = "AdverseEvent";
    cr_assert(eq(int, bench_run(&b), GW_OK), "%s", b.first.text);
    bench_expect(&b, "AdverseEvent", GW_CHECK_NOTE, "system/AdverseEvent.rs");
    bench_expect(&b, "category", GW_CHECK_OK, "by category");
    cr_expect(not(bench_profile(&b).reads[GW_ADVERSE_EVENT]));
    cr_expect(bench_profile(&b).reads[GW_DIAGNOSTIC_REPORT]);
    bench_close(&b);
}

Test(check, s8_trusts_no_parameter_that_a_server_ignores)
{
    struct bench b;

    bench_open(&b);
    b.hospital.ignores_last_updated = true;
    cr_assert(eq(int, bench_run(&b), GW_OK), "%s", b.first.text);
    bench_expect(&b, "_lastUpdated", GW_CHECK_NOTE, "not honoured");
    bench_expect(&b, "parameters", GW_CHECK_NOTE, "ignored silently");
    cr_expect(not(bench_profile(&b).last_updated));
    bench_close(&b);
}

Test(check, asks_by_code_where_results_have_no_category)
{
    struct bench b;

    bench_open(&b);
    b.hospital.count = 3;
    b.hospital.resources[2] =
        "{\"resourceType\":\"Observation\",\"id\":\"o\",\"status\":\"final\",\"code\":{\"text\":\"x\"},"
        "\"subject\":{\"reference\":\"Patient/p1\"}}";
    cr_assert(eq(int, bench_run(&b), GW_OK), "%s", b.first.text);
    bench_expect(&b, "category", GW_CHECK_NOTE, "by code");
    cr_expect(eq(int, bench_profile(&b).observations, GW_OBSERVATIONS_CODE));
    bench_close(&b);
}

static void an_old_server(struct bench *b)
{
    b->hospital.fhir_version = "3.0.2";
}

static void a_scope_too_few(struct bench *b)
{
    b->hospital.refused = "Condition";
}

static void a_login_page(struct bench *b)
{
    b->hospital.html = "Observation";
}

static void half_a_page(struct bench *b)
{
    b->hospital.garbled = "Encounter";
}

static void nobody_there(struct bench *b)
{
    b->endpoint.base = "http://127.0.0.1:1/fhir";
}

static void an_unknown_name(struct bench *b)
{
    b->endpoint.base = "https://fhir.no-such-hospital.invalid/r4";
}

static void another_study(struct bench *b)
{
    b->study.package = "/nowhere";
}

static void an_open_key(struct bench *b)
{
    scratch_write(&b->scratch, "pseudonym.key", "0123456789012345678901234567890123456789");
    chmod(b->config.pseudonym_key, 0644);
}

static void a_bad_roster(struct bench *b)
{
    scratch_write(&b->scratch, "roster.csv", HEADER "madrid,lendex-rrmm,,,2024-01-18,,,,,\n");
}

static void an_unknown_kind(struct bench *b)
{
    b->endpoint.auth_kind = "password";
}

static void a_profile_of_another_site(struct bench *b)
{
    b->endpoint.site = "elsewhere";
}

static void no_key_of_orders(struct bench *b)
{
    b->config.order_key = "/nowhere/officer.pem";
}

static void a_promise_not_kept(struct bench *b)
{
    b->config.retain_windows = true;
}

static const struct {
    const char *name;
    void (*spoil)(struct bench *b);
    const char *what;
    enum gw_status status;
    const char *says;
} faults[] = {
    {"an unsupported version", an_old_server, "metadata", GW_EPROTO, "3.0.2"},
    {"a type outside the scope", a_scope_too_few, "Condition", GW_EDENIED, "403"},
    {"a login page", a_login_page, "Observation", GW_EPROTO, "text/html"},
    {"half a Bundle", half_a_page, "Encounter", GW_EPROTO, "ends early"},
    {"nobody listens", nobody_there, "address", GW_ERETRY, "takes no connection"},
    {"an unknown name", an_unknown_name, "address", GW_ERETRY, "fhir.no-such-hospital.invalid"},
    {"no package", another_study, "study", GW_ECONFIG, "/nowhere"},
    {"a pseudonym key open to others", an_open_key, "pseudonym key", GW_ECONFIG, "chmod"},
    {"a roster line without a subject", a_bad_roster, "roster", GW_ECONFIG, "roster.csv:2"},
    {"a profile of another site", a_profile_of_another_site, "site", GW_ECONFIG, "of site elsewhere"},
    {"a key of orders that is not there", no_key_of_orders, "order key", GW_ENOINPUT, "/nowhere/officer.pem"},
    {"a retention that is not kept", a_promise_not_kept, "configuration", GW_ECONFIG, "retain"},
    {"an unknown kind of auth", an_unknown_kind, "settings", GW_ECONFIG, "smart-backend"},
};

Test(check, says_what_is_wrong_and_goes_on_with_the_rest)
{
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct bench b;

        bench_open(&b);
        faults[i].spoil(&b);
        cr_expect(eq(int, bench_run(&b), faults[i].status), "%s: %s", faults[i].name, b.first.text);
        bench_expect(&b, faults[i].what, GW_CHECK_FAIL, faults[i].says);
        cr_expect(eq(int, bench_line(&b, faults[i].what)->status, faults[i].status), "%s", faults[i].name);
        bench_expect(&b, "state", GW_CHECK_OK, "");
        bench_close(&b);
    }
}
