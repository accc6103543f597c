/*
 * A cohort retrieved through faults of every kind, sync after sync until all is quiet: the study database is that of a
 * hospital without faults, to the byte, and at no commit on the way is a part unaccounted for.
 *
 * Each seed is another schedule. A few of them run always, two hundred with GATEWAY_TEST_LONG (scripts/test --long).
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <dirent.h>
#include <sys/stat.h>

#include "gateway/service/sync.h"
#include "gateway/sinks/export.h"
#include "service/fake_faulty_hospital.h"
#include "support/every_commit.h"
#include "support/scratch.h"

#define COHORT SOURCE_DIR "/fixtures/cohort-small"
#define BASE   "https://fhir.madrid.example/r4"

enum { SEEDS_SHORT = 8, SEEDS_LONG = 200, SYNCS_MOST = 12, WORST_PER_MILLE = 256, COMMITS_LEAST = 50 };

struct gateway {
    struct scratch scratch;
    struct gw_arena arena;
    struct gw_config_study study;
    struct gw_config_endpoint endpoint;
    struct gw_config config;
    struct faulty_hospital hospital;
};

static struct gw_arena fixtures = GW_ARENA_INIT(64u << 20);
static struct faulty_record records[FAULTY_RECORDS];
static size_t record_count;

/* ---- what the hospital has: the latest version of each record -------------------------------------------------- */

static const char *text_behind(const char *line, const char *words)
{
    const char *at = strstr(line, words);

    cr_assert(at != NULL, "%s", line);
    at += strlen(words);
    return gw_arena_copy(&fixtures, at, strcspn(at, "\""));
}

static void add_record(const char *line)
{
    const struct faulty_record record = {text_behind(line, "\"resourceType\":\""), text_behind(line, "\"id\":\""),
                                         text_behind(line, "\"lastUpdated\":\""), line};

    for (size_t i = 0; i < record_count; i++)
        if (strcmp(records[i].type, record.type) == 0 && strcmp(records[i].id, record.id) == 0) {
            records[i] = record;
            return;
        }
    cr_assert(lt(sz, record_count, FAULTY_RECORDS));
    records[record_count++] = record;
}

static void read_file(const char *path)
{
    struct gw_text text = GW_TEXT_INIT(16u << 20);

    cr_assert(eq(int, gw_text_read_file(&text, path, NULL), GW_OK), "%s", path);
    for (const char *at = text.at; *at;) {
        const size_t length = strcspn(at, "\n");

        if (length > 0 && at[length - 1] == '}') /* one line of the fixture is cut, which no server sends */
            add_record(gw_arena_copy(&fixtures, at, length));
        at += length + (at[length] == '\n');
    }
    gw_text_release(&text);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void read_delivery(const char *folder)
{
    struct dirent **entries = NULL;
    const int count = scandir(folder, &entries, NULL, by_name);

    cr_assert(gt(int, count, 2), "%s", folder);
    for (int i = 0; i < count; i++) {
        if (*entries[i]->d_name != '.')
            read_file(gw_arena_print(&fixtures, "%s/%s", folder, entries[i]->d_name));
        free(entries[i]);
    }
    free(entries);
}

static void read_cohort(void)
{
    read_delivery(COHORT "/madrid/delivery-1");
    read_delivery(COHORT "/madrid/delivery-2");
    cr_assert(gt(sz, record_count, 300));
}

/* ---- one gateway ------------------------------------------------------------------------------------------------ */

static void gateway_open(struct gateway *g, uint64_t seed)
{
    memset(g, 0, sizeof *g);
    g->arena = (struct gw_arena)GW_ARENA_INIT(64u << 20);
    scratch_init_in_memory(&g->scratch);
    faulty_open(&g->hospital, BASE);
    memcpy(g->hospital.records, records, sizeof records);
    g->hospital.count = record_count;
    g->hospital.seed = seed;
    g->study = (struct gw_config_study){.id = "lendex-rrmm",
                                        .package = SOURCE_DIR "/mappings/studies/lendex-rrmm",
                                        .enrolment = COHORT "/roster.csv",
                                        .sink_kind = "sqlite",
                                        .sink_path = gw_arena_print(&g->arena, "%s/study.db", g->scratch.folder)};
    g->endpoint = (struct gw_config_endpoint){.id = "madrid",
                                              .site = "madrid",
                                              .base = BASE,
                                              .site_profile = SOURCE_DIR "/mappings/sites/madrid.json",
                                              .auth_kind = "none",
                                              .page_size = 7,
                                              .concurrent = 3};
    g->config = (struct gw_config){.path = "casement.json",
                                   .schedule = gw_schedule_default,
                                   .installation = "t",
                                   .state = gw_arena_print(&g->arena, "%s/state", g->scratch.folder),
                                   .pseudonym_key = gw_arena_print(&g->arena, "%s/pseudonym.key", g->scratch.folder),
                                   .studies = &g->study,
                                   .study_count = 1,
                                   .endpoints = &g->endpoint,
                                   .endpoint_count = 1};
}

static void gateway_close(struct gateway *g)
{
    every_commit_expect(gw_arena_print(&g->arena, "%s/ledger.db", g->config.state), COMMITS_LEAST);
    faulty_close(&g->hospital);
    gw_arena_release(&g->arena);
    scratch_release(&g->scratch);
}

/* true: all of it came. */
static bool sync_once(struct gateway *g, unsigned per_mille)
{
    const struct gw_sync_options options = {
        .config = &g->config, .as_of = gw_day_of(2026, 6, 30), .world = &g->hospital.world};
    struct gw_sync_result result = {0};
    struct gw_error err = {0};

    g->hospital.per_mille = per_mille;
    cr_assert(eq(int, gw_sync_run(&g->arena, &options, &result, &err), GW_OK), "%s", err.text);
    cr_assert(eq(sz, result.endpoint_count, 1));
    cr_expect(eq(i64, result.equation.in, result.equation.sum));
    return result.endpoints[0].failure.status == GW_OK;
}

static char *dump(struct gateway *g)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    struct gw_error err = {0};

    cr_assert(eq(int, gw_export_dump(g->study.sink_path, out, &err), GW_OK), "%s", err.text);
    fclose(out);
    return text;
}

/* As after a check: what is known is asked for changes only, so that a cursor that moved too early would lose. */
static void write_profile(struct gateway *g)
{
    struct gw_profile profile = gw_profile_default;
    const char *folder = gw_arena_print(&g->arena, "%s/endpoints", g->config.state);
    struct gw_error err = {0};

    snprintf(profile.checked, sizeof profile.checked, "2026-11-20T09:00:00Z");
    profile.last_updated = true;
    profile.reads[GW_QUESTIONNAIRE_RESPONSE] = true;
    cr_assert(eq(int, mkdir(g->config.state, 0700), 0));
    cr_assert(eq(int, gw_profile_save(&profile, folder, "madrid", &err), GW_OK), "%s", err.text);
    g->hospital.since = true;
}

/* The weather clears, sync by sync; with the last one it is fine. Every second hospital tells what changed. */
static char *retrieved(uint64_t seed, struct gateway *g)
{
    unsigned per_mille = seed ? WORST_PER_MILLE : 0;
    unsigned syncs = 0;

    gateway_open(g, seed);
    if (seed % 2 == 1)
        write_profile(g);
    for (; per_mille > 0; per_mille /= 2, syncs++)
        sync_once(g, per_mille);
    cr_assert(sync_once(g, 0), "a hospital without faults was not read");
    cr_assert(lt(uint, syncs, SYNCS_MOST));
    return dump(g);
}

static void compare(uint64_t seed, const char *got, const char *wanted)
{
    size_t at = 0;

    while (got[at] && got[at] == wanted[at])
        at++;
    cr_expect(got[at] == wanted[at], "seed %llu: another dump from byte %zu on: %.200s", (unsigned long long)seed, at,
              got + at);
}

Test(fault_schedules, n3_n5_n8_s1_s3_s4_s7_end_in_what_a_hospital_without_faults_gives, .timeout = 3600)
{
    const unsigned seeds = getenv("GATEWAY_TEST_LONG") ? SEEDS_LONG : SEEDS_SHORT;
    size_t happened[MISHAPS] = {0};
    static struct gateway g;
    char *wanted;

    every_commit_watch();
    read_cohort();
    wanted = retrieved(0, &g);
    cr_assert(gt(sz, strlen(wanted), 50000));
    gateway_close(&g);
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        char *got = retrieved(seed, &g);

        compare(seed, got, wanted);
        for (int i = 0; i < MISHAPS; i++)
            happened[i] += g.hospital.mishaps[i];
        cr_expect(eq(int, g.hospital.changes > 0, g.hospital.since), "seed %llu", (unsigned long long)seed);
        free(got);
        gateway_close(&g);
    }
    for (int i = 0; i < MISHAPS; i++)
        cr_expect(gt(sz, happened[i], 0), "mishap %d never happened", i);
    free(wanted);
    gw_arena_release(&fixtures);
}
