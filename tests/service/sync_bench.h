/*
 * A sync under test: one or two made-up hospitals, a roster, study lendex-rrmm, and a look into its study database.
 */
#ifndef SERVICE_SYNC_BENCH_H
#define SERVICE_SYNC_BENCH_H

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sqlite3.h>

#include "gateway/ledger/report.h"
#include "gateway/service/sync.h"
#include "service/fake_hospital.h"

#define PACKAGE SOURCE_DIR "/mappings/studies/lendex-rrmm"
#define HEADER  "site,study,patient,subject,recruited,end_of_treatment,first_dose,withdrawn,mrn_system,mrn\n"
#define MADRID  "madrid,lendex-rrmm,p1,S-1,2024-01-18,,2024-01-15,,,\n"
#define ESSEN   "essen,lendex-rrmm,p2,S-2,2024-01-18,,2024-01-15,,,\n"

struct bench {
    struct scratch scratch;
    struct gw_arena arena;
    struct fake_hospital hospitals[2];
    struct gw_config_study study;
    struct gw_config_endpoint endpoints[2];
    struct gw_config config;
    struct gw_sync_options options;
    struct gw_sync_result result;
    struct gw_error err;
};

static inline const char *path_of(struct bench *b, const char *name)
{
    return gw_arena_print(&b->arena, "%s/%s", b->scratch.folder, name);
}

static inline void set_up_endpoint(struct bench *b, size_t i, const char *id, const char *site)
{
    fake_hospital_open(&b->hospitals[i]);
    b->endpoints[i] = (struct gw_config_endpoint){
        .id = id,
        .site = site,
        .base = fake_server_base(b->hospitals[i].server),
        .site_profile = gw_arena_print(&b->arena, "%s/mappings/sites/%s.json", SOURCE_DIR, site),
        .auth_kind = "none",
        .page_size = 50,
        .concurrent = 2,
    };
}

static inline void set_up(struct bench *b, const char *roster, size_t endpoints, const char *second_site)
{
    *b = (struct bench){.arena = GW_ARENA_INIT(64u << 20)};
    scratch_init(&b->scratch);
    scratch_write(&b->scratch, "roster.csv", roster);
    set_up_endpoint(b, 0, "first", "madrid");
    if (endpoints > 1)
        set_up_endpoint(b, 1, "second", second_site);
    fake_hospital_add(&b->hospitals[0], FAKE_PATIENT("p1"));
    fake_hospital_add(&b->hospitals[0], FAKE_VISIT("p1"));
    fake_hospital_add(&b->hospitals[0], FAKE_COUNT("p1", "5", "final", "1.20"));
    b->study = (struct gw_config_study){.id = "lendex-rrmm",
                                        .package = PACKAGE,
                                        .enrolment = path_of(b, "roster.csv"),
                                        .sink_kind = "sqlite",
                                        .sink_path = path_of(b, "study.db")};
    b->config = (struct gw_config){.path = "casement.json",
                                   .schedule = gw_schedule_default,
                                   .installation = "t",
                                   .state = path_of(b, "state"),
                                   .pseudonym_key = path_of(b, "pseudonym.key"),
                                   .studies = &b->study,
                                   .study_count = 1,
                                   .endpoints = b->endpoints,
                                   .endpoint_count = endpoints};
    b->options = (struct gw_sync_options){.config = &b->config, .as_of = gw_day_of(2024, 2, 28)};
}

static inline void tear_down(struct bench *b)
{
    for (size_t i = 0; i < b->config.endpoint_count; i++)
        fake_server_free(b->hospitals[i].server);
    gw_arena_release(&b->arena);
    scratch_release(&b->scratch);
}

static inline enum gw_status run(struct bench *b)
{
    b->err = (struct gw_error){0};
    const enum gw_status rc = gw_sync_run(&b->arena, &b->options, &b->result, &b->err);

    if (rc == GW_OK)
        cr_expect(eq(i64, b->result.equation.in, b->result.equation.sum), "every part is in one state");
    return rc;
}

static inline void run_fine(struct bench *b)
{
    cr_assert(eq(int, run(b), GW_OK), "%s", b->err.text);
    cr_assert(gt(sz, b->result.endpoint_count, 0));
    for (size_t i = 0; i < b->result.endpoint_count; i++)
        cr_assert(eq(int, b->result.endpoints[i].failure.status, GW_OK), "%s", b->result.endpoints[i].failure.text);
}

/* The first cell of the answer as text; "" when there is none. */
static inline const char *ask(struct bench *b, const char *query)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    const char *cell = "";

    cr_assert(eq(int, sqlite3_open_v2(b->study.sink_path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK));
    cr_assert(eq(int, sqlite3_prepare_v2(db, query, -1, &statement, NULL), SQLITE_OK), "%s", sqlite3_errmsg(db));
    if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_text(statement, 0))
        cell = gw_arena_print(&b->arena, "%s", (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return cell;
}

static inline void expect_cell(struct bench *b, const char *query, const char *wanted, const char *name)
{
    const char *got = ask(b, query);

    cr_expect(gw_same(got, wanted), "%s: wanted %s, got %s", name, wanted, got);
}

#define VALUE         "SELECT group_concat(value_num) FROM observations WHERE status <> 'withdrawn' AND window_id = 'T30-01'"
#define STATE(window) "SELECT state FROM windows WHERE window_id = '" window "' AND status <> 'withdrawn'"
#define SUBJECTS      "SELECT group_concat(subject_key) FROM (SELECT subject_key FROM subjects ORDER BY 1)"

#endif
