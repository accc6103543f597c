/*
 * The endpoint profile as a file.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "gateway/core/json.h"
#include "gateway/sources/profile.h"
#include "support/scratch.h"

static struct scratch scratch;

static void open_scratch(void)
{
    scratch_init(&scratch);
}

static void close_scratch(void)
{
    scratch_release(&scratch);
}

TestSuite(profile, .init = open_scratch, .fini = close_scratch);

Test(profile, is_the_cautious_one_where_nothing_was_checked)
{
    struct gw_profile profile = {.page_size = 7};
    struct gw_error err = {0};

    cr_assert(gw_profile_load(scratch.folder, "hm-ehr", &profile, &err) == GW_OK, "%s", err.text);
    cr_expect(profile.reads[GW_MEDICATION_ADMINISTRATION] && profile.reads[GW_CONDITION]);
    cr_expect(!profile.last_updated && !profile.includes && profile.page_size == 0);
    cr_expect(gw_profile_release(&profile) == 4);
}

Test(profile, comes_back_as_it_was_saved)
{
    struct gw_profile saved = {.checked = "2026-11-20T20:00:00Z",
                               .software = "Hospital \"FHIR\"",
                               .software_version = "9.1",
                               .fhir_version = "5.0.0",
                               .token_url = "https://login.example.org/token",
                               .reads = {[GW_PATIENT] = true, [GW_OBSERVATION] = true},
                               .issuer = "https://login.example.org",
                               .undated = {[GW_ENCOUNTER] = true, [GW_DIAGNOSTIC_REPORT] = true},
                               .page_size = 50,
                               .codes_max = 7,
                               .query_max = 1024,
                               .post = GW_POST_ALWAYS,
                               .last_updated_by_day = true,
                               .one_range = true,
                               .sorts = true,
                               .mixes_patients = true,
                               .token_life_s = 300,
                               .observations = GW_OBSERVATIONS_CODE,
                               .last_updated = true,
                               .includes = true};
    struct gw_profile loaded = {0};
    struct gw_error err = {0};
    struct stat about;

    cr_assert(gw_profile_save(&saved, scratch_path(&scratch, "endpoints"), "hm-ehr", &err) == GW_OK, "%s", err.text);
    cr_assert(gw_profile_load(scratch_path(&scratch, "endpoints"), "hm-ehr", &loaded, &err) == GW_OK, "%s", err.text);
    cr_expect(memcmp(&saved, &loaded, sizeof(saved)) == 0);
    cr_expect(gw_profile_release(&loaded) == 5);
    cr_assert(stat(scratch_path(&scratch, "endpoints/hm-ehr.json"), &about) == 0);
    cr_expect((about.st_mode & 0777) == 0600);
}

/* As this tool wrote them before it knew of versions. */
Test(profile, of_the_first_version_means_what_it_meant)
{
    struct gw_profile profile = {.page_size = 7};
    struct gw_error err = {0};

    scratch_write(&scratch, "x.json",
                  "{\"endpoint\": \"x\", \"checked\": \"2026-01-01T00:00:00Z\", \"fhir_version\": \"4.0.1\","
                  "\"reads\": [\"Patient\"], \"page_size\": 0, \"observations\": \"code\","
                  "\"last_updated\": true, \"includes\": false, \"token_url\": null}");
    cr_assert(gw_profile_load(scratch.folder, "x", &profile, &err) == GW_OK, "%s", err.text);
    cr_expect(profile.reads[GW_PATIENT] && !profile.reads[GW_OBSERVATION] && profile.last_updated);
    cr_expect(profile.observations == GW_OBSERVATIONS_CODE && profile.page_size == 0);
    cr_expect(!profile.undated[GW_OBSERVATION] && !profile.last_updated_by_day && !profile.one_range);
    cr_expect(profile.post == GW_POST_NEVER && !profile.sorts && profile.codes_max == 0 && profile.query_max == 0);
}

static const struct {
    const char *name, *members;
    enum gw_status status;
    unsigned page_size, codes_max, query_max;
    enum gw_post post;
} members[] = {
    {"a member nobody knows", "\"colour\": \"green\", \"page_size\": 50", GW_OK, 50, 0, 0, GW_POST_NEVER},
    {"numbers out of their range", "\"page_size\": 10001, \"codes_max\": -1, \"query_max\": 16385", GW_OK, 0, 0, 0,
     GW_POST_NEVER},
    {"numbers at its ends", "\"page_size\": 10000, \"codes_max\": 1, \"query_max\": 16384", GW_OK, 10000, 1, 16384,
     GW_POST_NEVER},
    {"another word", "\"post\": \"sometimes\"", GW_OK, 0, 0, 0, GW_POST_NEVER},
    {"a word", "\"post\": \"needed\"", GW_OK, 0, 0, 0, GW_POST_NEEDED},
    {"this version", "\"version\": 2", GW_OK, 0, 0, 0, GW_POST_NEVER},
    {"a later release's", "\"version\": 3", GW_ECONFIG, 7, 0, 0, GW_POST_NEVER},
};

Test(profile, passes_over_what_it_does_not_know_but_for_a_later_version)
{
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        struct gw_profile profile = {.page_size = 7};
        struct gw_error err = {0};
        char text[300];

        snprintf(text, sizeof text, "{\"reads\": [], \"observations\": \"category\", %s}", members[i].members);
        scratch_write(&scratch, "x.json", text);
        cr_assert(gw_profile_load(scratch.folder, "x", &profile, &err) == members[i].status, "%s", members[i].name);
        cr_expect(profile.page_size == members[i].page_size && profile.codes_max == members[i].codes_max &&
                      profile.query_max == members[i].query_max && profile.post == members[i].post,
                  "%s", members[i].name);
        cr_expect(members[i].status == GW_OK || strstr(err.text, "version 3"), "%s", err.text);
    }
}

static const struct {
    const char *version;
    bool mixes;
    enum gw_status status;
    const char *says;
} uses[] = {
    {"", false, GW_OK, NULL},
    {"4.0.1", false, GW_OK, NULL},
    {"4.3.0", false, GW_OK, NULL},
    {"5.0.0", false, GW_OK, NULL},
    {"3.0.2", false, GW_EPROTO, "FHIR version 3.0.2"},
    {"6.0.0-ballot3", false, GW_EPROTO, "FHIR version 6.0.0-ballot3"},
    {"40", false, GW_EPROTO, "FHIR version 40"},
    {"4.0.1", true, GW_EPROTO, "patients are kept apart"},
};

Test(profile, says_whether_the_endpoint_may_be_asked)
{
    for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
        struct gw_profile profile = gw_profile_default;
        struct gw_error err = {0};

        snprintf(profile.fhir_version, sizeof profile.fhir_version, "%s", uses[i].version);
        profile.mixes_patients = uses[i].mixes;
        cr_expect(gw_profile_usable(&profile, &err) == uses[i].status, "%s", uses[i].version);
        cr_expect(!uses[i].says || strstr(err.text, uses[i].says), "%s", err.text);
    }
}

Test(profile, refuses_a_damaged_file_and_names_it)
{
    static const char *const damaged[] = {"", "{", "[]", "{\"reads\": []}",
                                          "{\"reads\": \"all\", \"observations\": \"code\"}"};
    struct gw_profile profile = {.page_size = 7};

    for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
        struct gw_error err = {0};

        scratch_write(&scratch, "x.json", damaged[i]);
        cr_expect(gw_profile_load(scratch.folder, "x", &profile, &err) == GW_ECONFIG, "%s", damaged[i]);
        cr_expect(strstr(err.text, "x.json"), "%s", err.text);
        cr_expect(profile.page_size == 7, "changed by a failure");
    }
}

Test(profile, says_what_to_do_when_it_cannot_be_saved)
{
    struct gw_error err = {0};

    cr_expect(gw_profile_save(&gw_profile_default, scratch_path(&scratch, "no/such"), "x", &err) == GW_ECREATE);
    cr_expect(strstr(err.text, "parent"), "%s", err.text);
}

Test(profile, learns_what_a_server_claims_and_believes_no_more)
{
    struct gw_capability claims = {.software = "Server", .fhir_version = "4.0.1", .reads = {[GW_PATIENT] = true}};
    struct gw_profile profile = gw_profile_default;

    claims.claims[GW_OBSERVATION] = GW_CLAIM_LAST_UPDATED;
    claims.includes_medication[GW_MEDICATION_REQUEST] = true;
    gw_profile_learn(&profile, &claims);
    cr_expect_str_eq(profile.software, "Server");
    cr_expect_str_eq(profile.software_version, "");
    cr_expect(profile.reads[GW_PATIENT] && !profile.reads[GW_OBSERVATION]);
    cr_expect(!profile.last_updated && !profile.includes);
}
