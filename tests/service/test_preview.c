/*
 * What a plan says is what a replay does, and a plan leaves no trace.
 *
 * S-1 was seen on 2024-02-14, the target of T30-01, with neutrophils of 1.20.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/ledger/decisions.h"
#include "gateway/service/cuts.h"
#include "gateway/service/preview.h"
#include "gateway/service/replay.h"
#include "gateway/service/sign.h"
#include "gateway/service/sync.h"
#include "gateway/sinks/export.h"
#include "service/fake_hospital.h"

#define HEADER "site,study,patient,subject,recruited,end_of_treatment,first_dose,withdrawn,mrn_system,mrn\n"
#define MADRID "madrid,lendex-rrmm,p1,S-1,2024-01-18,,2024-01-15,,,\n"

static struct scratch scratch;
static struct gw_arena arena = GW_ARENA_INIT((size_t)1 << 30);
static struct fake_hospital hospital;
static struct gw_config_study study;
static struct gw_config_endpoint endpoint;
static struct gw_config config;
static struct gw_preview preview;
static struct gw_error err;

static void fine(enum gw_status rc)
{
    cr_assert(rc == GW_OK, "%s", err.text);
}

static const char *path_of(const char *name)
{
    return gw_arena_print(&arena, "%s/%s", scratch.folder, name);
}

/* The study as it is, with other words in its package: both must be there. */
static const char *package_with(const char *words, const char *others)
{
    static const char *const folders[] = {"m", "m/studies", "m/studies/lendex-rrmm"};
    struct gw_text text = GW_TEXT_INIT(1u << 20), changed = GW_TEXT_INIT(1u << 20);
    const char *at;

    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        cr_assert(eq(int, mkdir(path_of(folders[i]), 0700), 0));
    cr_assert(eq(int, symlink(SOURCE_DIR "/mappings/common", path_of("m/common")), 0));
    fine(gw_text_read_file(&text, SOURCE_DIR "/mappings/studies/lendex-rrmm/study.json", &err));
    at = strstr(text.at, words);
    cr_assert(at != NULL, "%s", words);
    gw_text_append(&changed, text.at, (size_t)(at - text.at));
    gw_text_add(&changed, others);
    gw_text_add(&changed, at + strlen(words));
    scratch_put(&scratch, "m/studies/lendex-rrmm/study.json", changed.at, changed.length);
    gw_text_release(&text);
    gw_text_release(&changed);
    return path_of("m/studies/lendex-rrmm");
}

static void begin(void)
{
    const struct gw_sync_options options = {.config = &config, .as_of = gw_day_of(2024, 2, 28)};
    struct gw_sync_result result;

    scratch_init(&scratch);
    scratch_write(&scratch, "roster.csv", HEADER MADRID);
    fake_hospital_open(&hospital);
    endpoint = (struct gw_config_endpoint){.id = "ward",
                                           .site = "madrid",
                                           .base = fake_server_base(hospital.server),
                                           .site_profile = SOURCE_DIR "/mappings/sites/madrid.json",
                                           .auth_kind = "none",
                                           .page_size = 50,
                                           .concurrent = 2};
    fake_hospital_add(&hospital, FAKE_PATIENT("p1"));
    fake_hospital_add(&hospital, FAKE_VISIT("p1"));
    fake_hospital_add(&hospital, FAKE_COUNT("p1", "5", "final", "1.20"));
    study = (struct gw_config_study){.id = "lendex-rrmm",
                                     .package = SOURCE_DIR "/mappings/studies/lendex-rrmm",
                                     .enrolment = path_of("roster.csv"),
                                     .sink_kind = "sqlite",
                                     .sink_path = path_of("study.db")};
    config = (struct gw_config){.path = "casement.json",
                                .installation = "t",
                                .state = path_of("state"),
                                .pseudonym_key = path_of("pseudonym.key"),
                                .studies = &study,
                                .study_count = 1,
                                .endpoints = &endpoint,
                                .endpoint_count = 1};
    fine(gw_sync_run(&arena, &options, &result, &err));
}

static void end(void)
{
    fake_server_free(hospital.server);
    gw_arena_release(&arena);
    scratch_release(&scratch);
}

TestSuite(preview, .init = begin, .fini = end);

/* ---- plan and replay ---- */

static enum gw_status plan(struct gw_preview_query query)
{
    enum gw_status rc;

    query.ledger_path = path_of("state/ledger.db");
    query.config = &config;
    fine(gw_ledger_join(query.ledger_path, &query.ledger, &err));
    rc = gw_preview_run(&arena, &query, &preview, &err);
    gw_ledger_close(query.ledger);
    return rc;
}

static enum gw_status replay(struct gw_replay_request request, struct gw_replay_result *result)
{
    enum gw_status rc;

    request.ledger_path = path_of("state/ledger.db");
    request.config = &config;
    request.by = "dm1";
    request.reason = "protocol 1.1";
    fine(gw_ledger_open(request.ledger_path, &request.ledger, &err));
    rc = gw_replay_run(&arena, &request, result, &err);
    gw_ledger_close(request.ledger);
    return rc;
}

static const struct gw_replay_request all = {.from = GW_NO_DAY, .to = GW_NO_DAY};

static const struct gw_preview_line *line_of(const char *window, const char *table)
{
    for (size_t i = 0; i < preview.line_count; i++)
        if (strcmp(preview.lines[i].window, window) == 0 && strcmp(preview.lines[i].table, table) == 0)
            return &preview.lines[i];
    return NULL;
}

static char *dump(void)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);

    fine(gw_export_dump(path_of("study.db"), out, &err));
    fclose(out);
    return text;
}

/* ---- cases ---- */

Test(preview, tells_nothing_where_nothing_is_another)
{
    fine(plan((struct gw_preview_query){.package = study.package}));
    cr_expect(eq(sz, preview.subjects, 1));
    cr_expect(eq(sz, preview.touched, 0));
    cr_expect(eq(sz, preview.line_count, 0));
    cr_expect(eq(sz, preview.item_count, 0));
}

/* Windows that begin a day after the target: the value of the target leaves T30-01. */
Test(preview, tells_by_window_and_table_what_a_package_changes)
{
    const char *package =
        package_with("\"every\": 30, \"count\": 36, \"low\": -5", "\"every\": 30, \"count\": 36, \"low\": 1");
    char *was = dump(), *is;
    const struct gw_preview_line *line;
    struct gw_replay_result result;
    size_t planned = 0;

    fine(plan((struct gw_preview_query){.package = package}));
    cr_expect(eq(sz, preview.touched, 1));
    line = line_of("T30-01", "observations");
    cr_assert(line != NULL);
    cr_expect(eq(sz, line->added, 0));
    cr_expect(eq(sz, line->changed, 0));
    cr_expect(eq(sz, line->withdrawn, 1));
    cr_expect(gt(sz, line->values, 5), "its value, unit, code, date, days and flags");
    line = line_of("T30-01", "windows");
    cr_assert(line != NULL);
    cr_expect(eq(sz, line->changed, 1));

    is = dump();
    cr_expect(eq(str, is, was), "nothing was delivered");
    free(is);
    fine(replay(all, &result)); /* what is configured is as it was */
    cr_expect(eq(sz, result.chosen, 1));
    cr_expect(eq(sz, result.pass.subjects, 1));
    cr_expect(eq(sz, result.pass.batches, 0), "nothing was left behind either");

    study.package = package;
    fine(replay(all, &result));
    cr_expect(eq(sz, result.pass.batches, 1));
    is = dump();
    cr_expect(ne(str, is, was));
    free(is);
    free(was);
    for (size_t i = 0; i < preview.line_count; i++)
        planned += preview.lines[i].changed;
    cr_expect(gt(sz, planned, 0));
    fine(plan((struct gw_preview_query){.package = package}));
    cr_expect(eq(sz, preview.line_count, 0), "what was planned is done");
}

static void sign_and_export(void)
{
    struct gw_sign_window window = {.subject = "S-1", .window = "T30-01"};
    struct gw_sign_request request = {.ledger_path = path_of("state/ledger.db"),
                                      .config = &config,
                                      .windows = {&window, 1},
                                      .by = "inv",
                                      .reason = "read"};
    struct gw_cut cut = {.name = "first", .study = study.id, .at = "2024-03-01T08:00:00Z", .by = "dm1"};
    struct gw_sign_result result;

    fine(gw_ledger_open(request.ledger_path, &request.ledger, &err));
    fine(gw_sign_run(&arena, &request, &result, &err));
    cr_assert(eq(sz, result.signed_now, 1));
    fine(gw_export_read_receipts(path_of("study.db"), &arena, study.id, &cut.receipts, &err));
    cr_assert(eq(sz, cut.receipts.count, 1));
    fine(gw_cut_keep(request.ledger, &arena, &cut, &err));
    gw_ledger_close(request.ledger);
}

/* T30-01 is signed, T30-02 exported alone: of its row one cell, low, is another (55, then 61). */
Test(preview, counts_what_was_signed_and_what_was_exported)
{
    const char *package =
        package_with("\"every\": 30, \"count\": 36, \"low\": -5", "\"every\": 30, \"count\": 36, \"low\": 1");
    const struct gw_preview_line *line;

    sign_and_export();
    fine(plan((struct gw_preview_query){.package = package}));
    cr_assert(preview.cut != NULL);
    cr_expect(eq(str, (char *)preview.cut, (char *)"first"));
    line = line_of("T30-01", "observations");
    cr_assert(line != NULL);
    cr_expect(eq(sz, line->withdrawn, 0), "it stays");
    cr_expect(eq(sz, line->values, 0));
    cr_expect(gt(sz, line->signed_values, 5));
    cr_expect(eq(sz, line->exported, 0));
    line = line_of("T30-02", "windows");
    cr_assert(line != NULL);
    cr_expect(eq(sz, line->changed, 1));
    cr_expect(eq(sz, line->values, 1));
    cr_expect(eq(sz, line->signed_values, 0));
    cr_expect(eq(sz, line->exported, 1));
}

/* The value came without a range; the profile has one. */
Test(preview, tries_a_profile_of_the_site_it_is_of)
{
    const char *other = scratch_write(
        &scratch, "other.json",
        "{\"id\": \"madrid\", \"zone\": \"Europe/Madrid\", \"contacts\": \"encounters\", \"ranges\": [{\"concept\": "
        "\"ANC\", \"sex\": null, \"age\": [18, null], \"low\": \"1.5\", \"high\": \"7.5\", \"unit\": \"10*9/L\"}]}\n");
    const struct gw_preview_line *line;

    fine(plan((struct gw_preview_query){.site = gw_arena_print(&arena, "%s", other)}));
    cr_expect(eq(sz, preview.touched, 1));
    line = line_of("T30-01", "observations");
    cr_assert(line != NULL);
    cr_expect(eq(sz, line->changed, 1));
    scratch_write(&scratch, "strange.json",
                  "{\"id\": \"nowhere\", \"zone\": \"Europe/Madrid\", \"contacts\": \"encounters\"}\n");
    cr_expect(eq(int, plan((struct gw_preview_query){.site = path_of("strange.json")}), GW_EUSAGE));
}

static void plan_first_dose(const char *day)
{
    struct gw_preview_query query = {.study = NULL};
    const char *text = gw_arena_print(
        &arena,
        "{\"n\":1,\"at\":\"2024-03-01T08:00:00Z\",\"by\":\"dm1\",\"reason\":\"wrong day\",\"kind\":\"anchor\","
        "\"scope\":\"study:lendex-rrmm\",\"match\":{\"subject\":\"S-1\"},\"set\":{\"anchor\":\"D1\",\"date\":\"%s\"},"
        "\"approved_by\":\"dm2\",\"undoes\":null}\n",
        day);

    fine(gw_decisions_load(&arena, scratch_write(&scratch, "decisions.jsonl", text), &query.decisions, &err));
    fine(plan(query));
}

/* Two days later: T30-01 is 02-11 to 02-21, the value stays in it and lies two days before its target. */
Test(preview, tries_a_decision_and_forgets_it)
{
    const struct gw_preview_line *line;
    struct gw_decisions none = {NULL, 0};
    struct gw_ledger *ledger;

    plan_first_dose("2024-01-17");
    cr_expect(eq(sz, preview.touched, 1));
    line = line_of("T30-01", "observations");
    cr_assert(line != NULL);
    cr_expect(eq(sz, line->changed, 1));
    cr_expect(eq(sz, line->withdrawn, 0));
    fine(gw_ledger_join(path_of("state/ledger.db"), &ledger, &err));
    fine(gw_ledger_decisions(ledger, &none, &err));
    cr_expect(eq(sz, none.count, 0));
    gw_ledger_close(ledger);
}

/* Recruited two days before that first dose: a question that blocks, so no row would leave. */
Test(preview, tells_who_would_be_blocked)
{
    bool opens = false;

    plan_first_dose("2024-01-20");
    cr_expect(eq(sz, preview.blocked, 1));
    cr_expect(eq(sz, preview.line_count, 0));
    for (size_t i = 0; i < preview.item_count; i++)
        opens |= preview.items[i].opens && strcmp(preview.items[i].code, "RECRUITMENT_OUT_OF_WINDOW") == 0;
    cr_expect(opens);
}

Test(preview, replays_whom_it_is_asked_for_and_no_other)
{
    struct gw_replay_request request = all;
    struct gw_replay_result result;

    request.subjects = "S-1,S-9";
    cr_expect(eq(int, replay(request, &result), GW_EUSAGE));
    request.subjects = "S-1";
    request.type = "Observation";
    fine(replay(request, &result));
    cr_expect(eq(sz, result.chosen, 1));
    request.type = "Condition";
    fine(replay(request, &result));
    cr_expect(eq(sz, result.chosen, 0));
    request = all;
    request.to = gw_day_of(2024, 1, 1); /* it was read today */
    fine(replay(request, &result));
    cr_expect(eq(sz, result.chosen, 0));
    request = all;
    request.from = gw_day_of(2024, 1, 1);
    fine(replay(request, &result));
    cr_expect(eq(sz, result.chosen, 1));
}
