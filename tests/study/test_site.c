/*
 * A hospital's profile: what it answers, and what its loader refuses.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>

#include "gateway/core/text.h"
#include "gateway/study/site.h"
#include "support/scratch.h"

static struct gw_arena arena = GW_ARENA_INIT((size_t)64 << 20);
static const struct gw_tables *tables;
static struct scratch scratch;

static void prepare(void)
{
    cr_assert(eq(int, gw_tables_load(&arena, SOURCE_DIR "/mappings/common", "000", "CTCAE 5.0", &tables, NULL), GW_OK));
    scratch_init(&scratch);
}

static void release(void)
{
    scratch_release(&scratch);
    gw_arena_release(&arena);
}

TestSuite(site, .init = prepare, .fini = release);

static const char whole[] =
    "{\"id\": \"hm\", \"name\": \"made up\", \"zone\": \"Europe/Madrid\", \"contacts\": \"inferred\",\n"
    " \"time_without_offset\": \"site\",\n"
    " \"unit_aliases\": [{\"text\": \"mil/ml\", \"code\": \"/uL\"}, {\"text\": \"G\", \"code\": \"10*9/L\"}],\n"
    " \"unit_missing\": [{\"system\": \"urn:hm:lab\", \"code\": \"ANC-K\", \"unit\": \"10*9/L\"}],\n"
    " \"ranges\": [\n"
    "  {\"concept\": \"ANC\", \"sex\": null, \"age\": [18, null], \"low\": \"1.5\", \"high\": \"7.5\", \"unit\": "
    "\"10*9/L\"},\n"
    "  {\"concept\": \"HGB\", \"sex\": \"female\", \"low\": \"12.0\", \"high\": \"16\", \"unit\": \"g/dL\"},\n"
    "  {\"concept\": \"HGB\", \"sex\": \"male\", \"age\": [0, 64], \"low\": 13, \"unit\": \"g/dL\"}],\n"
    " \"codes\": [{\"resourceType\": \"ConceptMap\", \"status\": \"active\", \"group\": [\n"
    "   {\"source\": \"urn:hm:lab\", \"target\": \"http://loinc.org\", \"element\": [\n"
    "     {\"code\": \"PLT\", \"target\": [{\"code\": \"777-3\", \"equivalence\": \"equivalent\"}]},\n"
    "     {\"code\": \"ANC-K\", \"target\": [{\"code\": \"751-8\", \"relationship\": \"equivalent\"}]},\n"
    "     {\"code\": \"OLD\", \"target\": [{\"equivalence\": \"unmatched\"}]}]},\n"
    "   {\"source\": \"urn:hm:drug\", \"target\": \"http://www.whocc.no/atc\", \"element\": [\n"
    "     {\"code\": \"7\", \"target\": [{\"code\": \"L04AX04\", \"equivalence\": \"equal\"}]}]},\n"
    "   {\"source\": \"urn:hm:dx\", \"target\": \"http://hl7.org/fhir/sid/icd-10-cm\",\n"
    "    \"unmapped\": {\"mode\": \"provided\"}}]}]}\n";

static const struct gw_site *load(const char *text)
{
    const struct gw_site *site = NULL;
    struct gw_error err = {.status = GW_OK};

    cr_assert(eq(int, gw_site_load(&arena, scratch_write(&scratch, "hm.json", text), tables, &site, &err), GW_OK), "%s",
              err.text);
    return site;
}

Test(site, says_who_it_is)
{
    const struct gw_site *site = load(whole);

    cr_expect(gw_same(gw_site_id(site), "hm"));
    cr_expect(gw_same(gw_site_rule(site), "site:hm"));
    cr_expect(gw_same(gw_zone_name(gw_site_zone(site)), "Europe/Madrid"));
    cr_expect(gw_site_contacts(site) == GW_CONTACTS_INFERRED);
    cr_expect(gw_site_assumes_zone(site));
    gw_site_close(site);
}

Test(site, s15_refuses_times_without_offset_unless_it_says_otherwise)
{
    const struct gw_site *site = load("{\"id\": \"x\", \"zone\": \"Asia/Seoul\", \"contacts\": \"none\"}");

    cr_expect(gw_site_assumes_zone(site) == false);
    cr_expect(gw_site_contacts(site) == GW_CONTACTS_NONE);
    cr_expect(gw_site_range_of(site, "ANC", "male", 70) == NULL);
    cr_expect(gw_site_unit_alias(site, "K/uL") == NULL);
    gw_site_close(site);
}

Test(site, s13_knows_its_spellings_and_missing_units)
{
    const struct gw_site *site = load(whole);
    const struct gw_coding known = {"urn:hm:lab", "ANC-K", NULL}, other = {"urn:hm:other", "ANC-K", NULL};

    cr_expect(gw_same(gw_site_unit_alias(site, "mil/ml"), "/uL"));
    cr_expect(gw_same(gw_site_unit_alias(site, " G "), "10*9/L"));
    cr_expect(gw_site_unit_alias(site, "g") == NULL);
    cr_expect(gw_site_unit_alias(site, NULL) == NULL);
    cr_expect(gw_same(gw_site_missing_unit(site, &known), "10*9/L"));
    cr_expect(gw_site_missing_unit(site, &other) == NULL);
    cr_expect(gw_site_missing_unit(site, NULL) == NULL);
    gw_site_close(site);
}

static const struct {
    const char *system;
    const char *code;
    const char *target_system;
    const char *target; /* NULL: not mapped */
} codes[] = {
    {"urn:hm:lab", "PLT", GW_SYSTEM_LOINC, "777-3"},
    {"urn:hm:lab", "ANC-K", GW_SYSTEM_LOINC, "751-8"},
    {"urn:hm:drug", "7", GW_SYSTEM_ATC, "L04AX04"},
    {"urn:hm:lab", "OLD", NULL, NULL},
    {"urn:hm:lab", "plt", NULL, NULL},
    {"urn:hm:other", "PLT", NULL, NULL},
    {NULL, "PLT", NULL, NULL},
    {"urn:hm:lab", NULL, NULL, NULL},
};

Test(site, maps_local_codes_by_system_and_code)
{
    const struct gw_site *site = load(whole);

    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        const struct gw_coding local = {codes[i].system, codes[i].code, NULL};
        const struct gw_coding *got = gw_site_target(site, &local);

        cr_expect(gw_same(got ? got->code : NULL, codes[i].target), "row %zu", i);
        cr_expect(gw_same(got ? got->system : NULL, codes[i].target_system), "row %zu", i);
    }
    gw_site_close(site);
}

Test(site, reads_a_national_translation_as_the_system_it_translates)
{
    const struct gw_site *site = load(whole);

    cr_expect(gw_same(gw_site_system(site, "urn:hm:dx"), GW_SYSTEM_ICD10_CM));
    cr_expect(gw_same(gw_site_system(site, GW_SYSTEM_SNOMED), GW_SYSTEM_SNOMED));
    cr_expect(gw_site_system(site, NULL) == NULL);
    gw_site_close(site);
}

static const struct {
    const char *concept;
    const char *sex;
    int age;
    const char *low; /* canonical; NULL: no range */
    const char *high;
} ranges[] = {
    {"ANC", "male", 70, "1.5", "7.5"}, {"ANC", NULL, 18, "1.5", "7.5"},     {"ANC", NULL, 17, NULL, NULL},
    {"ANC", "male", -1, NULL, NULL},   {"HGB", "female", -1, "120", "160"}, {"HGB", "female", 3, "120", "160"},
    {"HGB", "male", 64, "130", NULL},  {"HGB", "male", 65, NULL, NULL},     {"HGB", NULL, 40, NULL, NULL},
    {"PLT", "male", 40, NULL, NULL},
};

Test(site, gives_the_range_for_concept_sex_and_age)
{
    const struct gw_site *site = load(whole);

    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        const struct gw_site_range *got = gw_site_range_of(site, ranges[i].concept, ranges[i].sex, ranges[i].age);
        struct gw_ratio wanted;

        cr_expect(eq(int, got != NULL, ranges[i].low != NULL), "row %zu", i);
        if (!got || !ranges[i].low)
            continue;
        cr_assert(eq(int, gw_ratio_parse(&arena, ranges[i].low, &wanted, NULL), GW_OK));
        cr_expect(eq(int, gw_ratio_compare(&arena, &got->low, &wanted), 0), "row %zu", i);
        cr_expect(eq(int, got->has_high, ranges[i].high != NULL), "row %zu", i);
    }
    gw_site_close(site);
}

static const struct {
    const char *what;
    const char *text; /* after the head */
    const char *says;
} refusals[] = {
    {"an unknown key", "\"unit_alias\": []}", "hm.json:2: unknown key \"unit_alias\"; write \"unit_aliases\""},
    {"an unknown key far from any", "\"colour\": []}", "leave it out"},
    {"a unit no row accepts", "\"unit_aliases\": [{\"text\": \"x\", \"code\": \"furlong\"}]}", "furlong"},
    {"an alias without its code", "\"unit_aliases\": [{\"text\": \"x\"}]}", "\"code\" is missing"},
    {"a spelling twice",
     "\"unit_aliases\": [{\"text\": \"x\", \"code\": \"/uL\"}, {\"text\": \"x\", \"code\": \"g/L\"}]}",
     "as \"/uL\" and as \"g/L\"; keep one"},
    {"a list that is none", "\"ranges\": {}}", "\"ranges\" is no list"},
    {"a range of nothing", "\"ranges\": [{\"concept\": \"ANC\", \"unit\": \"10*9/L\"}]}", "neither low nor high"},
    {"a range upside down",
     "\"ranges\": [{\"concept\": \"ANC\", \"unit\": \"10*9/L\", \"low\": \"7\", \"high\": \"1\"}]}", "swap"},
    {"a range of an unknown concept", "\"ranges\": [{\"concept\": \"XYZ\", \"unit\": \"g/L\", \"low\": \"7\"}]}",
     "XYZ"},
    {"a range in a foreign unit", "\"ranges\": [{\"concept\": \"ANC\", \"unit\": \"g/L\", \"low\": \"7\"}]}",
     "canonical unit"},
    {"a range in a unit of two meanings", "\"ranges\": [{\"concept\": \"UREA\", \"unit\": \"mg/dL\", \"low\": \"7\"}]}",
     "canonical unit"},
    {"a limit that is no number", "\"ranges\": [{\"concept\": \"ANC\", \"unit\": \"10*9/L\", \"low\": \"1,5\"}]}",
     "no decimal"},
    {"ages upside down",
     "\"ranges\": [{\"concept\": \"ANC\", \"unit\": \"10*9/L\", \"low\": \"1\", \"age\": [70, 18]}]}", "\"age\""},
    {"two ranges for one person",
     "\"ranges\": [{\"concept\": \"ANC\", \"unit\": \"10*9/L\", \"low\": \"1\", \"age\": [18, 70]},"
     "{\"concept\": \"ANC\", \"unit\": \"10*9/L\", \"low\": \"2\", \"sex\": \"male\", \"age\": [70, null]}]}",
     "two ranges of ANC"},
    {"something that is no map", "\"codes\": [{\"resourceType\": \"ValueSet\"}]}", "ConceptMap"},
    {"a map that widens",
     "\"codes\": [{\"resourceType\": \"ConceptMap\", \"group\": [{\"source\": \"a\", \"target\": \"b\", \"element\": "
     "[{\"code\": \"c\", \"target\": [{\"code\": \"d\", \"equivalence\": \"wider\"}]}]}]}]}",
     "\"wider\" does not say"},
    {"a LOINC misprint",
     "\"codes\": [{\"resourceType\": \"ConceptMap\", \"group\": [{\"source\": \"a\", \"target\": \"http://loinc.org\", "
     "\"element\": [{\"code\": \"c\", \"target\": [{\"code\": \"3150-6\", \"equivalence\": \"equal\"}]}]}]}]}",
     "check digit"},
    {"one code to two",
     "\"codes\": [{\"resourceType\": \"ConceptMap\", \"group\": [{\"source\": \"a\", \"target\": \"b\", \"element\": "
     "[{\"code\": \"c\", \"target\": [{\"code\": \"d\", \"equivalence\": \"equal\"}, {\"code\": \"e\", "
     "\"equivalence\": \"equal\"}]}]}]}]}",
     "two codes"},
    {"a code twice",
     "\"codes\": [{\"resourceType\": \"ConceptMap\", \"group\": [{\"source\": \"a\", \"target\": \"b\", \"element\": "
     "[{\"code\": \"c\", \"target\": [{\"code\": \"d\", \"equivalence\": \"equal\"}]}, {\"code\": \"c\", \"target\": "
     "[{\"code\": \"e\", \"equivalence\": \"equal\"}]}]}]}]}",
     "mapped to d and to e; keep one"},
};

Test(site, refuses_what_it_cannot_mean)
{
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        const struct gw_site *site = NULL;
        struct gw_error err = {.status = GW_OK};
        const char *text = gw_arena_print(
            &arena, "{\"id\": \"hm\", \"zone\": \"Europe/Madrid\", \"contacts\": \"none\",\n%s", refusals[i].text);

        cr_expect(
            eq(int, gw_site_load(&arena, scratch_write(&scratch, "hm.json", text), tables, &site, &err), GW_ECONFIG),
            "%s", refusals[i].what);
        cr_expect(strstr(err.text, refusals[i].says) != NULL, "%s: %s", refusals[i].what, err.text);
        cr_expect(strstr(err.text, "hm.json:2: ") != NULL, "%s: %s", refusals[i].what, err.text);
        cr_expect(site == NULL, "%s", refusals[i].what);
    }
}

static const struct {
    const char *what;
    const char *text;
    const char *says;
} heads[] = {
    {"an unknown zone", "{\"id\": \"x\", \"zone\": \"Europe/Nowhere\", \"contacts\": \"none\"}", "Europe/Nowhere"},
    {"no zone", "{\"id\": \"x\", \"contacts\": \"none\"}", "\"zone\" is missing"},
    {"no word on contacts", "{\"id\": \"x\", \"zone\": \"Asia/Seoul\"}", "never guessed"},
    {"contacts of another kind", "{\"id\": \"x\", \"zone\": \"Asia/Seoul\", \"contacts\": \"some\"}", "\"inferred\""},
    {"no object", "[]", "no object"},
    {"no JSON", "{", "hm.json:1: "},
};

Test(site, refuses_a_profile_that_lacks_what_is_never_guessed)
{
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        const struct gw_site *site = NULL;
        struct gw_error err = {.status = GW_OK};

        cr_expect(eq(int, gw_site_load(&arena, scratch_write(&scratch, "hm.json", heads[i].text), tables, &site, &err),
                     GW_ECONFIG),
                  "%s", heads[i].what);
        cr_expect(strstr(err.text, heads[i].says) != NULL, "%s: %s", heads[i].what, err.text);
    }
}

Test(site, leaves_nothing_open_when_memory_ends)
{
    bool loaded = false;

    for (size_t limit = 0; !loaded && limit < 1000000; limit += 500 + limit / 8) {
        struct gw_arena small = GW_ARENA_INIT(limit);
        const struct gw_site *site = NULL;
        struct gw_error err = {.status = GW_OK};
        const enum gw_status rc = gw_site_load(&small, scratch_write(&scratch, "hm.json", whole), tables, &site, &err);

        loaded = rc == GW_OK;
        cr_expect(loaded || rc == GW_ENOMEM, "with %zu bytes: %s", limit, err.text);
        cr_expect(eq(int, site != NULL, loaded));
        gw_site_close(site);
        gw_arena_release(&small);
    }
    cr_expect(loaded);
}

static const char *const shipped[] = {"madrid", "essen", "boston", "busan"};

Test(site, loads_every_profile_of_the_repository)
{
    for (size_t i = 0; i < sizeof shipped / sizeof shipped[0]; i++) {
        const char *path = gw_arena_print(&arena, SOURCE_DIR "/mappings/sites/%s.json", shipped[i]);
        const struct gw_site *site = NULL;
        struct gw_error err = {.status = GW_OK};

        cr_expect(eq(int, gw_site_load(&arena, path, tables, &site, &err), GW_OK), "%s", err.text);
        if (!site)
            continue;
        cr_expect(gw_same(gw_site_id(site), shipped[i]), "%s", gw_site_id(site));
        gw_site_close(site);
    }
}
