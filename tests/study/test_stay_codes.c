/*
 * Which codes of a stay say that it was planned: exact ones and beginnings, in any case, with or without their dots.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "gateway/core/text.h"
#include "gateway/study/rules.h"
#include "gateway/study/tables.h"

static struct gw_arena arena = GW_ARENA_INIT((size_t)16 << 20);

static void stop(void)
{
    gw_arena_release(&arena);
}

TestSuite(stay_codes, .fini = stop);

static const struct {
    const char *what, *system, *code;
    bool planned;
} cases[] = {
    {"a beginning", GW_SYSTEM_ICD10_CM, "Z51.11", true},
    {"the beginning itself", GW_SYSTEM_ICD10_CM, "Z51.1", true},
    {"without its dot", GW_SYSTEM_ICD10_CM, "Z5111", true},
    {"with another dot", GW_SYSTEM_ICD10_CM, "Z.51.1.", true},
    {"in small letters", GW_SYSTEM_ICD10_CM, "z51.0", true},
    {"less than the beginning", GW_SYSTEM_ICD10_CM, "Z51", false},
    {"another digit", GW_SYSTEM_ICD10_CM, "Z51.5", false},
    {"another letter", GW_SYSTEM_ICD10_CM, "Y51.1", false},
    {"of a system that has no such row", GW_SYSTEM_ICD10_CM, "Z51.2", false},
    {"of the system that has it", "http://hl7.org/fhir/sid/icd-10", "Z51.2", true},
    {"an exact one", GW_SYSTEM_SNOMED, "367336001", true},
    {"an exact one that goes on", GW_SYSTEM_SNOMED, "3673360019", false},
    {"nothing", GW_SYSTEM_SNOMED, "", false},
    {"no code", GW_SYSTEM_SNOMED, NULL, false},
    {"no system", NULL, "367336001", false},
};

Test(stay_codes, say_that_a_stay_was_planned)
{
    struct gw_rules rules;
    struct gw_error err;

    cr_assert(gw_rules_load(&arena, SOURCE_DIR "/mappings/common", &rules, &err) == GW_OK, "%s", err.text);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct gw_coding coding = {cases[i].system, cases[i].code, NULL};

        cr_expect(gw_rules_planned(&rules, &coding) == cases[i].planned, "%s", cases[i].what);
    }
}
