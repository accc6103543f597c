/*
 * What studies need of an endpoint and it does not have: ENDPOINT_VERSION and ENDPOINT_CAPABILITY, from the profile
 * that a check wrote to the queue of exceptions and out of it again.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "gateway/ledger/report.h"
#include "gateway/service/sync.h"
#include "service/check_bench.h"
#include "service/shortfalls.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define ALL                                                                                                            \
    {                                                                                                                  \
        [GW_PATIENT] = true, [GW_OBSERVATION] = true, [GW_MEDICATION_ADMINISTRATION] = true                            \
    }

static const struct {
    const char *name;
    struct gw_profile profile;
    const char *expected; /* "CODE what\n" each */
} cases[] = {
    {"never checked", {.fhir_version = "3.0.2"}, ""},
    {"all that is needed", {.checked = "x", .fhir_version = "4.0.1", .reads = ALL}, ""},
    {"R5", {.checked = "x", .fhir_version = "5.0.0", .reads = ALL}, ""},
    {"an old release, whatever it offers", {.checked = "x", .fhir_version = "3.0.2"}, "ENDPOINT_VERSION FHIR\n"},
    {"no Observations",
     {.checked = "x", .reads = {[GW_PATIENT] = true, [GW_MEDICATION_REQUEST] = true}},
     "ENDPOINT_CAPABILITY Observation\n"},
    {"orders will do for drugs",
     {.checked = "x", .reads = {[GW_PATIENT] = true, [GW_OBSERVATION] = true, [GW_MEDICATION_REQUEST] = true}},
     ""},
    {"no drugs at all",
     {.checked = "x", .reads = {[GW_PATIENT] = true, [GW_OBSERVATION] = true, [GW_MEDICATION] = true}},
     "ENDPOINT_CAPABILITY MedicationAdministration\n"},
    {"tokens of 4 s", {.checked = "x", .reads = ALL, .token_life_s = 4}, "ENDPOINT_CAPABILITY token\n"},
    {"tokens of 5 s", {.checked = "x", .reads = ALL, .token_life_s = 5}, ""},
    {"a life that nobody knows", {.checked = "x", .reads = ALL, .token_life_s = 0}, ""},
    {"patients not kept apart",
     {.checked = "x", .reads = ALL, .mixes_patients = true},
     "ENDPOINT_CAPABILITY patient\n"},
    {"nothing at all",
     {.checked = "x", .mixes_patients = true, .token_life_s = 1},
     "ENDPOINT_CAPABILITY patient\nENDPOINT_CAPABILITY Patient\nENDPOINT_CAPABILITY Observation\n"
     "ENDPOINT_CAPABILITY MedicationAdministration\nENDPOINT_CAPABILITY token\n"},
};

Test(shortfalls, are_what_the_profile_lacks)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct shortfall list[SHORTFALLS_MAX];
        const size_t count = shortfalls_of(&cases[i].profile, list);
        char text[500] = "";

        for (size_t n = 0; n < count; n++)
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s %s\n", list[n].code, list[n].what);
        cr_expect_str_eq(text, cases[i].expected, "%s", cases[i].name);
    }
}

/* ---- through a check and a sync ---- */

static enum gw_status sync_all(struct bench *b, struct gw_error *failure)
{
    const struct gw_sync_options options = {.config = &b->config, .as_of = gw_day_of(2024, 2, 28)};
    struct gw_sync_result result;
    struct gw_error err = {0};

    cr_assert(gw_sync_run(&b->arena, &options, &result, &err) == GW_OK, "%s", err.text);
    cr_assert(result.endpoint_count == 1);
    *failure = result.endpoints[0].failure;
    return failure->status;
}

/* "state fingerprint", of the one item of these codes. */
static void expect_item(struct bench *b, const char *expected)
{
    struct gw_ledger *ledger;
    struct gw_ledger_items items;
    struct gw_error err;
    char text[300] = "";

    cr_assert(gw_ledger_open(bench_path(b, "state/ledger.db"), &ledger, &err) == GW_OK, "%s", err.text);
    cr_assert(gw_ledger_items(ledger, &b->arena, NULL, false, &items, &err) == GW_OK, "%s", err.text);
    for (size_t i = 0; i < items.count; i++) {
        if (strncmp(items.list[i].code, "ENDPOINT_", 9) != 0)
            continue;
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s %s\n", items.list[i].state,
                 items.list[i].fingerprint);
        cr_expect_str_eq(items.list[i].blocks, "E");
        cr_expect_str_eq(items.list[i].subject_key, "");
        cr_expect(strstr(items.list[i].context, "\"endpoint\":\"hm\"") != NULL, "%s", items.list[i].context);
    }
    gw_ledger_close(ledger);
    cr_expect_str_eq(text, expected);
}

/* The hospital offers it now: a check sees that, the next sync goes through and the item is closed. */
static void expect_closed(struct bench *b, const char *expected)
{
    struct gw_error failure;

    cr_expect(bench_run(b) == GW_OK, "%s", b->first.text);
    cr_expect(sync_all(b, &failure) == GW_OK, "%s", failure.text);
    expect_item(b, expected);
}

Test(shortfalls, of_an_old_release_are_told_and_nothing_is_asked_until_a_check_sees_another)
{
    struct gw_error failure;
    struct bench b;
    unsigned asked;

    bench_open(&b);
    b.hospital.fhir_version = "3.0.2";
    cr_expect(bench_run(&b) == GW_EPROTO);
    asked = fake_server_requests(b.hospital.server);
    cr_expect(sync_all(&b, &failure) == GW_EPROTO);
    cr_expect(strstr(failure.text, "FHIR version 3.0.2") != NULL, "%s", failure.text);
    cr_expect(fake_server_requests(b.hospital.server) == asked, "it was asked all the same");
    expect_item(&b, "open ENDPOINT_VERSION|madrid|hm|FHIR||\n");

    b.hospital.fhir_version = NULL;
    expect_closed(&b, "auto_closed ENDPOINT_VERSION|madrid|hm|FHIR||\n");
    bench_close(&b);
}

Test(shortfalls, of_what_is_not_offered_are_told_while_the_rest_is_read)
{
    struct gw_error failure;
    struct bench b;

    bench_open(&b);
    b.hospital.hides = "MedicationAdministration";
    cr_expect(bench_run(&b) == GW_OK, "%s", b.first.text);
    cr_expect(sync_all(&b, &failure) == GW_OK, "%s", failure.text);
    expect_item(&b, "open ENDPOINT_CAPABILITY|madrid|hm|MedicationAdministration||\n");
    cr_expect(sync_all(&b, &failure) == GW_OK, "once more: it is one item still");
    expect_item(&b, "open ENDPOINT_CAPABILITY|madrid|hm|MedicationAdministration||\n");

    b.hospital.hides = NULL;
    expect_closed(&b, "auto_closed ENDPOINT_CAPABILITY|madrid|hm|MedicationAdministration||\n");
    bench_close(&b);
}

Test(shortfalls, stop_an_endpoint_that_does_not_keep_patients_apart)
{
    struct gw_error failure;
    struct bench b;

    bench_open(&b);
    b.hospital.ignores = "patient";
    cr_expect(bench_run(&b) == GW_EPROTO);
    cr_expect(sync_all(&b, &failure) == GW_EPROTO);
    cr_expect(strstr(failure.text, "another patient") != NULL, "%s", failure.text);
    expect_item(&b, "open ENDPOINT_CAPABILITY|madrid|hm|patient||\n");

    b.hospital.ignores = NULL;
    expect_closed(&b, "auto_closed ENDPOINT_CAPABILITY|madrid|hm|patient||\n");
    bench_close(&b);
}
