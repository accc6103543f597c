/*
 * The errands of a schedule as requests.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "service/errand.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static struct gw_arena arena = GW_ARENA_INIT(1 << 20);

static void release_arena(void)
{
    gw_arena_release(&arena);
}

TestSuite(errand, .fini = release_arena);

enum { BOTH = GW_STAGE_ANCHOR | GW_STAGE_SPAN };

struct asking {
    bool last_updated, by_codes, without_encounters, inferred;
};

/* One line a request: "query low..high". */
static const char *print_errand(enum gw_errand_kind kind, const struct asking *asking)
{
    static const char *const codes[] = {"http://loinc.org|751-8"}, *const before[] = {"http://loinc.org|29463-7"};
    static char lines[4096];
    struct gw_profile profile = gw_profile_default;
    const struct gw_wanted wanted = {
        .endpoint = "hm-ehr", .codes = codes, .code_count = 1, .before = {before, 1, 90}, .baseline_days = 5};
    const struct gw_span span = {
        .subject = 17, .patient = "p-1", .anchored = true, .low = gw_day_of(2024, 1, 1), .high = gw_day_of(2027, 4, 1)};
    const struct gw_errand errand = {kind, 0, gw_day_of(2024, 2, 9), gw_day_of(2024, 2, 19)};
    struct gw_requests requests;
    struct gw_error err = {0};
    size_t length = 0;

    profile.last_updated = asking->last_updated;
    profile.observations = asking->by_codes ? GW_OBSERVATIONS_CODE : GW_OBSERVATIONS_CATEGORY;
    profile.reads[GW_ENCOUNTER] = !asking->without_encounters;
    cr_assert(errand_plan(&arena, &profile, &wanted, &span, &errand, BOTH, asking->inferred, &requests, &err) == GW_OK,
              "%s", err.text);
    lines[0] = '\0';
    for (size_t i = 0; i < requests.count; i++) {
        const struct gw_request *r = &requests.list[i];

        length += (size_t)snprintf(lines + length, sizeof lines - length, "%s %s..%s\n", r->cursor.query, r->cursor.low,
                                   r->cursor.high);
    }
    return lines;
}

#define ANCHORS                                                                                                        \
    "Patient ..\nMedicationAdministration ..\nMedicationStatement ..\nMedicationDispense ..\nMedicationRequest ..\n"

static const char whole[] = ANCHORS "Encounter 2024-01-01..2027-04-01\n"
                                    "Observation?category=laboratory 2023-12-27..2027-04-01\n"
                                    "Observation?category=vital-signs 2023-12-27..2027-04-01\n"
                                    "Observation?category=survey 2023-12-27..2027-04-01\n"
                                    "Observation?code=%WEIGHT% 2023-10-03..2024-01-01\n"
                                    "Condition ..\nProcedure ..\n";
static const char narrow[] = ANCHORS "Encounter 2024-02-09..2024-02-19\n"
                                     "Observation?category=laboratory 2024-02-09..2024-02-19\n"
                                     "Observation?category=vital-signs 2024-02-09..2024-02-19\n"
                                     "Observation?category=survey 2024-02-09..2024-02-19\n"
                                     "Condition ..\nProcedure ..\n";

/* The hash of a list of codes is the plan's affair. */
static void forget_hash(char *lines)
{
    char *hash = strstr(lines, "?code=");

    if (!hash || !strstr(hash, " "))
        return;
    hash += strlen("?code=");
    memmove(hash + strlen("%WEIGHT%"), strstr(hash, " "), strlen(strstr(hash, " ")) + 1);
    memcpy(hash, "%WEIGHT%", strlen("%WEIGHT%"));
}

Test(errand, asks_for_what_it_needs_and_for_no_more)
{
    static const struct {
        const char *name;
        enum gw_errand_kind kind;
        struct asking asking;
        const char *requests;
    } cases[] = {
        {"learn", GW_ERRAND_LEARN, {0}, whole},
        {"reconcile", GW_ERRAND_RECONCILE, {.last_updated = true}, whole},
        {"pull of a server that tells of changes", GW_ERRAND_PULL, {.last_updated = true}, whole},
        {"sweep of one that does not", GW_ERRAND_SWEEP, {0}, narrow},
        {"drugs", GW_ERRAND_DRUGS, {0}, ANCHORS},
        {"probe", GW_ERRAND_PROBE, {.last_updated = true}, "Encounter 2024-02-09..2024-02-19\n"},
        {"probe where contacts are inferred",
         GW_ERRAND_PROBE,
         {.inferred = true},
         "Observation?category=laboratory 2024-02-09..2024-02-19\n"},
        {"probe of a server without Encounters",
         GW_ERRAND_PROBE,
         {.without_encounters = true},
         "Observation?category=laboratory 2024-02-09..2024-02-19\n"},
        {"probe by codes",
         GW_ERRAND_PROBE,
         {.inferred = true, .by_codes = true},
         "Observation?code=%WEIGHT% 2024-02-09..2024-02-19\n"},
        {"none", GW_ERRAND_NONE, {0}, ""},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char lines[4096];

        snprintf(lines, sizeof lines, "%s", print_errand(cases[i].kind, &cases[i].asking));
        forget_hash(lines);
        cr_expect_str_eq(lines, cases[i].requests, "%s:\n%s", cases[i].name, lines);
    }
}

Test(errand, goes_on_from_watermarks_unless_all_is_to_be_seen_again)
{
    cr_expect(errand_resumes(GW_ERRAND_PROBE) && errand_resumes(GW_ERRAND_DRUGS) && errand_resumes(GW_ERRAND_SWEEP) &&
              errand_resumes(GW_ERRAND_PULL));
    cr_expect(!errand_resumes(GW_ERRAND_RECONCILE) && !errand_resumes(GW_ERRAND_LEARN));
}
