/*
 * A check of made-up hospitals: each line says what was found, and the profile remembers what a server does.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sys/stat.h>

#include "gateway/service/check.h"
#include "gateway/sources/profile.h"
#include "service/fake_hospital.h"

#define HEADER "site,study,patient,subject,recruited,end_of_treatment,first_dose,withdrawn,mrn_system,mrn\n"
#define MADRID "madrid,lendex-rrmm,p1,S-1,2024-01-18,,2024-01-15,,,\n"

enum { LINES_MAX = 64 };

struct bench {
    struct scratch scratch;
    struct gw_arena arena;
    struct fake_hospital hospital;
    struct gw_config_study study;
    struct gw_config_endpoint endpoint;
    struct gw_config config;
    struct gw_check_line lines[LINES_MAX];
    size_t count;
    struct gw_error first;
};

static const char *path_of(struct bench *b, const char *name)
{
    return gw_arena_print(&b->arena, "%s/%s", b->scratch.folder, name);
}

static void set_up(struct bench *b)
{
    *b = (struct bench){.arena = GW_ARENA_INIT(64u << 20)};
    scratch_init(&b->scratch);
    scratch_write(&b->scratch, "roster.csv", HEADER MADRID);
    fake_hospital_open(&b->hospital);
    fake_hospital_add(&b->hospital, FAKE_PATIENT("p1"));
    fake_hospital_add(&b->hospital, FAKE_VISIT("p1"));
    fake_hospital_add(&b->hospital, FAKE_COUNT("p1", "5", "final", "1.20"));
    b->study = (struct gw_config_study){"lendex-rrmm", SOURCE_DIR "/mappings/studies/lendex-rrmm",
                                        path_of(b, "roster.csv"), "sqlite", path_of(b, "study.db")};
    b->endpoint = (struct gw_config_endpoint){.id = "hm",
                                              .site = "madrid",
                                              .base = fake_server_base(b->hospital.server),
                                              .site_profile = SOURCE_DIR "/mappings/sites/madrid.json",
                                              .auth_kind = "none"};
    b->config = (struct gw_config){.path = "casement.json",
                                   .installation = "t",
                                   .state = path_of(b, "state"),
                                   .pseudonym_key = path_of(b, "pseudonym.key"),
                                   .studies = &b->study,
                                   .study_count = 1,
                                   .endpoints = &b->endpoint,
                                   .endpoint_count = 1};
}

static void tear_down(struct bench *b)
{
    fake_server_free(b->hospital.server);
    gw_arena_release(&b->arena);
    scratch_release(&b->scratch);
}

static void take(void *ctx, const struct gw_check_line *line)
{
    struct bench *b = ctx;

    cr_assert(lt(sz, b->count, LINES_MAX));
    b->lines[b->count++] = *line;
}

static enum gw_status run(struct bench *b)
{
    b->count = 0;
    return gw_check_run(&b->arena, &b->config, NULL, take, b, &b->first);
}

/* The worst line of a subject; NULL: none. */
static const struct gw_check_line *line_of(const struct bench *b, const char *what)
{
    const struct gw_check_line *found = NULL;

    for (size_t i = 0; i < b->count; i++)
        if (gw_same(b->lines[i].what, what) && (!found || b->lines[i].verdict == GW_CHECK_FAIL))
            found = &b->lines[i];
    return found;
}

static void expect_line(const struct bench *b, const char *what, enum gw_check_verdict verdict, const char *says)
{
    const struct gw_check_line *line = line_of(b, what);

    cr_assert(ne(ptr, (void *)(uintptr_t)line, NULL), "no line of %s", what);
    cr_expect(eq(int, line->verdict, verdict), "%s: %s", what, line->text);
    cr_expect(ne(ptr, strstr(line->text, says), NULL), "%s: %s", what, line->text);
}

static struct gw_profile profile_of(struct bench *b)
{
    struct gw_profile profile;
    struct gw_error err;

    cr_assert(eq(int, gw_profile_load(path_of(b, "state/endpoints"), "hm", &profile, &err), GW_OK), "%s", err.text);
    return profile;
}

Test(check, finds_nothing_to_fail_for_in_a_good_hospital)
{
    struct gw_profile profile;
    struct bench b;

    set_up(&b);
    cr_assert(eq(int, run(&b), GW_OK), "%s", b.first.text);
    expect_line(&b, "metadata", GW_CHECK_OK, "Made up 1, FHIR 4.0.1");
    expect_line(&b, "site", GW_CHECK_OK, "Europe/Madrid");
    expect_line(&b, "Patient", GW_CHECK_OK, "found");
    expect_line(&b, "Observation", GW_CHECK_OK, "answered");
    expect_line(&b, "MedicationRequest", GW_CHECK_NOTE, "not offer");
    expect_line(&b, "category", GW_CHECK_OK, "by category");
    expect_line(&b, "_lastUpdated", GW_CHECK_OK, "honoured");
    profile = profile_of(&b);
    cr_expect(gw_same(profile.software, "Made up"));
    cr_expect(profile.last_updated);
    cr_expect(not(profile.reads[GW_MEDICATION_REQUEST]));
    tear_down(&b);
}

Test(check, asks_for_what_few_servers_have_where_a_study_has_a_use_for_it)
{
    struct bench b;

    set_up(&b);
    cr_assert(eq(int, run(&b), GW_OK), "%s", b.first.text);
    expect_line(&b, "AdverseEvent", GW_CHECK_OK, "answered");
    expect_line(&b, "DiagnosticReport", GW_CHECK_OK, "answered");
    expect_line(&b, "QuestionnaireResponse", GW_CHECK_NOTE, "does not offer this type");
    cr_expect(profile_of(&b).reads[GW_ADVERSE_EVENT]);
    tear_down(&b);
}

Test(check, goes_on_without_what_few_servers_have_where_it_is_refused)
{
    struct bench b;

    set_up(&b);
    b.hospital.refused = "AdverseEvent";
    cr_assert(eq(int, run(&b), GW_OK), "%s", b.first.text);
    expect_line(&b, "AdverseEvent", GW_CHECK_NOTE, "system/AdverseEvent.rs");
    expect_line(&b, "category", GW_CHECK_OK, "by category");
    cr_expect(not(profile_of(&b).reads[GW_ADVERSE_EVENT]));
    cr_expect(profile_of(&b).reads[GW_DIAGNOSTIC_REPORT]);
    tear_down(&b);
}

Test(check, s8_trusts_no_parameter_that_a_server_ignores)
{
    struct bench b;

    set_up(&b);
    b.hospital.ignores_last_updated = true;
    cr_assert(eq(int, run(&b), GW_OK), "%s", b.first.text);
    expect_line(&b, "_lastUpdated", GW_CHECK_NOTE, "not honoured");
    expect_line(&b, "parameters", GW_CHECK_NOTE, "ignored silently");
    cr_expect(not(profile_of(&b).last_updated));
    tear_down(&b);
}

Test(check, asks_by_code_where_results_have_no_category)
{
    struct bench b;

    set_up(&b);
    b.hospital.resources[2] =
        "{\"resourceType\":\"Observation\",\"id\":\"o\",\"status\":\"final\",\"code\":{\"text\":\"x\"},"
        "\"subject\":{\"reference\":\"Patient/p1\"}}";
    cr_assert(eq(int, run(&b), GW_OK), "%s", b.first.text);
    expect_line(&b, "category", GW_CHECK_NOTE, "by code");
    cr_expect(eq(int, profile_of(&b).observations, GW_OBSERVATIONS_CODE));
    tear_down(&b);
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
    {"a retention that is not kept", a_promise_not_kept, "configuration", GW_ECONFIG, "retain"},
    {"an unknown kind of auth", an_unknown_kind, "settings", GW_ECONFIG, "smart-backend"},
};

Test(check, says_what_is_wrong_and_goes_on_with_the_rest)
{
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct bench b;

        set_up(&b);
        faults[i].spoil(&b);
        cr_expect(eq(int, run(&b), faults[i].status), "%s: %s", faults[i].name, b.first.text);
        expect_line(&b, faults[i].what, GW_CHECK_FAIL, faults[i].says);
        cr_expect(eq(int, line_of(&b, faults[i].what)->status, faults[i].status), "%s", faults[i].name);
        expect_line(&b, "state", GW_CHECK_OK, "");
        tear_down(&b);
    }
}
