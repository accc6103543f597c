/*
 * A study package, a site's profile and decisions with one member changed: each is taken, or refused with its place and
 * a sentence; the lint says first what the loader says. None ends otherwise.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "gateway/core/text.h"
#include "support/chart.h"
#include "support/lineage.h"
#include "support/refusal.h"
#include "support/scratch.h"
#include "support/vary.h"
#include "support/whole.h"

static struct scratch scratch;
static struct subject subject;
static const struct gw_tables *tables;
static struct gw_arena shared = GW_ARENA_INIT((size_t)64 << 20);
static size_t taken, refused;

static void start(void)
{
    scratch_init(&scratch);
    taken = refused = 0;
}

static void stop(void)
{
    scratch_release(&scratch);
    gw_arena_release(&shared);
}

TestSuite(variations_settings, .init = start, .fini = stop, .timeout = 240);

/* "path:line: what": what is wrong stands behind its place. */
static void expect_place(const struct gw_error *err, const char *path, const char *json)
{
    const size_t length = strlen(path);

    cr_expect(strncmp(err->text, path, length) == 0 && err->text[length] == ':', "%s: %s", err->text, json);
}

/* The text of a settings file without its comments. */
static char *read_settings(const char *path)
{
    struct gw_text text = GW_TEXT_INIT((size_t)1 << 20);
    char *kept, *out;

    cr_assert(gw_text_read_file(&text, path, NULL) == GW_OK, "%s", path);
    kept = out = gw_arena_alloc(&shared, text.length + 1);
    cr_assert(kept != NULL);
    for (const char *at = text.at; *at; at++) {
        if (strncmp(at, "  // ", 5) == 0 || (at[0] == '/' && at[1] == '/' && at[-1] == ' ' && at[2] == ' '))
            at += strcspn(at, "\n");
        *out++ = *at;
    }
    gw_text_release(&text);
    return kept;
}

/* ---- packages ---- */

static void expect_lint(const char *json, const struct gw_error *err, bool loaded)
{
    struct gw_arena arena = GW_ARENA_INIT((size_t)64 << 20);
    struct gw_text text = GW_TEXT_INIT((size_t)4 << 20);
    const size_t count = gw_study_lint(&arena, scratch.folder, SOURCE_DIR "/mappings/common", NULL, 0, &text);

    if (!loaded) {
        cr_expect(gt(sz, count, 0), "%s", json);
        cr_expect(strncmp(text.at, err->text, strlen(err->text)) == 0, "%s is not first: %.200s", err->text, text.at);
    }
    gw_text_release(&text);
    gw_arena_release(&arena);
}

/* What a package says that was taken, can be worked with. */
static void derive_by(struct gw_arena *arena, const struct gw_study *study, const char *json)
{
    struct gw_subject_input input = subject_input(&subject);
    struct gw_derived derived;
    struct gw_error err;

    input.study = study;
    cr_assert(gw_derive(arena, &input, &derived, &err) == GW_OK, "%s: %s", err.text, json);
    if (taken % 32 == 0)
        lineage_check(&derived.rows, &subject.rules);
}

static void load_package(const char *json, void *context)
{
    struct gw_arena arena = GW_ARENA_INIT((size_t)64 << 20);
    const char *path = scratch_write(&scratch, "study.json", json);
    const struct gw_study *study = NULL;
    struct gw_error err = {.status = GW_OK};
    const enum gw_status rc = gw_study_load(&arena, scratch.folder, &study, &err);

    (void)context;
    cr_assert(rc == GW_OK || rc == GW_ECONFIG, "%d %s: %s", rc, err.text, json);
    cr_expect(eq(int, rc == GW_OK, study != NULL));
    if (rc != GW_OK)
        expect_place(&err, path, json);
    if (rc == GW_OK)
        derive_by(&arena, study, json);
    if ((taken + refused) % 64 == 0)
        expect_lint(json, &err, rc == GW_OK);
    taken += rc == GW_OK;
    refused += rc != GW_OK;
    gw_arena_release(&arena);
}

static void vary_package(const char *path)
{
    vary_json(read_settings(path), vary_settings, vary_setting_count, load_package, NULL);
    cr_expect(gt(sz, refused, 1000), "%zu refused", refused);
    cr_expect(gt(sz, taken, 100), "%zu taken", taken);
}

Test(variations_settings, of_a_package_by_windows_are_taken_or_refused)
{
    struct scratch folder;

    whole_init(&subject, &folder);
    whole_add_course(&subject);
    whole_add_parameters(&subject);
    whole_add_events(&subject);
    vary_package(SOURCE_DIR "/mappings/studies/lendex-rrmm/study.json");
    whole_release(&subject, &folder);
}

Test(variations_settings, of_a_package_without_gaps_are_taken_or_refused)
{
    subject_init_at(&subject, "elranatamab-rrmm", "busan");
    chart_add_doses(&subject);
    chart_add(&subject, "d1 12:00 S 140;d2 14:00 T 38.5;d2 15:00 S 84;d2 16:00 O 88;d2 17:00 FM 8;d2 18:30 A L04AC07;"
                        "d3 08:00 T 36.8;d9 14:00 G 13;d9 C R47.01;d10 C G92.03 d12;d20 C J18.9 d25");
    subject.horizon = subject_day("2024-03-30");
    vary_package(SOURCE_DIR "/mappings/studies/elranatamab-rrmm/study.json");
    subject_release(&subject);
}

/* ---- profiles ---- */

static const char profile[] =
    "{\"id\":\"hm\",\"name\":\"made up\",\"zone\":\"Europe/Madrid\",\"contacts\":\"inferred\","
    "\"time_without_offset\":\"site\","
    "\"unit_aliases\":[{\"text\":\"mil/ml\",\"code\":\"/uL\"},{\"text\":\"G\",\"code\":\"10*9/L\"}],"
    "\"unit_missing\":[{\"system\":\"urn:hm:lab\",\"code\":\"ANC-K\",\"unit\":\"10*9/L\"}],"
    "\"ranges\":[{\"concept\":\"ANC\",\"sex\":null,\"age\":[18,null],\"low\":\"1.5\",\"high\":\"7.5\",\"unit\":"
    "\"10*9/L\"},{\"concept\":\"HGB\",\"sex\":\"female\",\"low\":\"12.0\",\"high\":\"16\",\"unit\":\"g/dL\"},"
    "{\"concept\":\"HGB\",\"sex\":\"male\",\"age\":[0,64],\"low\":13,\"unit\":\"g/dL\"},"
    "{\"concept\":\"HGB\",\"sex\":\"male\",\"age\":[65,120],\"low\":12,\"unit\":\"g/dL\"}],"
    "\"codes\":[{\"resourceType\":\"ConceptMap\",\"group\":[{\"source\":\"urn:hm:lab\",\"target\":\"http://loinc.org\","
    "\"element\":[{\"code\":\"A\",\"target\":[{\"code\":\"751-8\",\"equivalence\":\"equivalent\"}]},"
    "{\"code\":\"B\",\"target\":[{\"code\":\"777-3\",\"relationship\":\"equivalent\"}]}],"
    "\"unmapped\":{\"mode\":\"provided\"}}]}],"
    "\"questionnaires\":[{\"questionnaire\":\"urn:q:my20\",\"instrument\":\"QLQ-MY20\",\"items\":[{\"link\":\"a\","
    "\"item\":47},{\"link\":\"b\",\"item\":48}],\"answers\":[{\"system\":\"urn:hm:a\",\"code\":\"much\",\"value\":4},"
    "{\"system\":\"urn:hm:a\",\"code\":\"bit\",\"value\":2}]}]}";

static void load_profile(const char *json, void *context)
{
    struct gw_arena arena = GW_ARENA_INIT((size_t)16 << 20);
    const char *path = scratch_write(&scratch, "hm.json", json);
    const struct gw_site *site = NULL;
    struct gw_error err = {.status = GW_OK};
    const enum gw_status rc = gw_site_load(&arena, path, tables, &site, &err);

    (void)context;
    cr_assert(rc == GW_OK || rc == GW_ECONFIG, "%d %s: %s", rc, err.text, json);
    if (rc == GW_OK)
        gw_site_close(site);
    else
        expect_place(&err, path, json);
    taken += rc == GW_OK;
    refused += rc != GW_OK;
    gw_arena_release(&arena);
}

Test(variations_settings, of_a_profile_are_taken_or_refused)
{
    cr_assert(
        eq(int, gw_tables_load(&shared, SOURCE_DIR "/mappings/common", "000", "CTCAE 5.0", &tables, NULL), GW_OK));
    vary_json(profile, vary_settings, vary_setting_count, load_profile, NULL);
    cr_expect(gt(sz, refused, 300), "%zu refused", refused);
    cr_expect(gt(sz, taken, 30), "%zu taken", taken);
}

/* ---- decisions ---- */

static void read_decision(const char *json, void *context)
{
    struct gw_arena arena = GW_ARENA_INIT((size_t)1 << 20);
    struct gw_decision decision, again;
    struct gw_text text = GW_TEXT_INIT((size_t)1 << 16);
    struct gw_error err = {.status = GW_OK};
    const enum gw_status rc = gw_decision_read(&arena, (struct gw_slice){json, strlen(json)}, &decision, &err);

    (void)context;
    cr_assert(rc == GW_OK || (rc == GW_EINPUT && *err.text), "%d %s: %s", rc, err.text, json);
    if (rc == GW_OK) {
        gw_decision_print(&text, &decision);
        cr_assert(gw_decision_read(&arena, (struct gw_slice){text.at, text.length}, &again, &err) == GW_OK, "%s: %s",
                  err.text, text.at);
    }
    taken += rc == GW_OK;
    refused += rc != GW_OK;
    gw_text_release(&text);
    gw_arena_release(&arena);
}

#define DECISION(kind, scope, match, set)                                                                              \
    "{\"n\":7,\"at\":\"2026-11-20T20:00:00Z\",\"by\":\"dm1\",\"reason\":\"as told\",\"kind\":\"" kind                  \
    "\",\"scope\":\"" scope "\",\"match\":" match ",\"set\":" set ",\"approved_by\":\"dm2\",\"undoes\":null}"
#define CAUSE "{\"fingerprint\":\"UNIT_MISSING|hm|urn:hm:lab|ANC-K||\"}"
#define EVIDENCE                                                                                                       \
    "{\"subject\":\"S1\",\"endpoint\":\"hm\",\"type\":\"Observation\",\"id\":\"v\",\"part\":\"component[0]\"}"

Test(variations_settings, of_decisions_are_taken_or_refused)
{
    static const char *const decisions[] = {
        DECISION("unit", "site:hm", CAUSE, "{\"unit\":\"10*9/L\"}"),
        DECISION("range", "site:hm", EVIDENCE, "{\"unit\":\"10*9/L\",\"low\":\"1.5\",\"high\":\"7.5\"}"),
        DECISION("event", "study:s", EVIDENCE,
                 "{\"confirm\":true,\"onset\":\"2024-02-18\",\"end\":\"2024-02-20\",\"grade\":3,\"category\":\"X\"}"),
        DECISION("event", "study:s", EVIDENCE,
                 "{\"merge_with\":{\"endpoint\":\"hm\",\"type\":\"Condition\",\"id\":\"a\",\"part\":\"\"}}"),
        DECISION("seriousness", "study:s", EVIDENCE, "{\"serious\":true,\"criteria\":[\"death\",\"other\"]}"),
        DECISION("anchor", "study:s", "{\"subject\":\"S1\"}", "{\"anchor\":\"EOT\",\"date\":\"2024-06-01\"}"),
        DECISION("age", "study:s", "{\"subject\":\"S1\"}", "{\"age\":77}"),
        DECISION("rule", "study:s", "null", "{\"rule\":\"signs\",\"off\":true}"),
        DECISION("approve", "study:s", "null", "{\"decision\":5}"),
        DECISION("relatedness", "study:s", EVIDENCE, "{\"relatedness\":\"related\"}"),
    };

    for (size_t i = 0; i < sizeof decisions / sizeof *decisions; i++) {
        read_decision(decisions[i], NULL);
        vary_json(decisions[i], vary_settings, vary_setting_count, read_decision, NULL);
    }
    cr_expect(gt(sz, refused, 500), "%zu refused", refused);
    cr_expect(gt(sz, taken, 50), "%zu taken", taken);
}
