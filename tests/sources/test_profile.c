/*
 * The endpoint profile as a file.
 */
#include <criterion/criterion.h>
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
                               .page_size = 50,
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

    claims.last_updated[GW_OBSERVATION] = true;
    claims.includes_medication[GW_MEDICATION_REQUEST] = true;
    gw_profile_learn(&profile, &claims);
    cr_expect_str_eq(profile.software, "Server");
    cr_expect_str_eq(profile.software_version, "");
    cr_expect(profile.reads[GW_PATIENT] && !profile.reads[GW_OBSERVATION]);
    cr_expect(!profile.last_updated && !profile.includes);
}
