/*
 * A sync whose study database is a real PostgreSQL: what a hospital has ends there, what a person changed there is left
 * alone and told, and a database that is away or refuses costs its own deliveries alone.
 */
#include <criterion/criterion.h>

#include "gateway/ledger/report.h"
#include "gateway/service/sync.h"
#include "service/fake_hospital.h"
#include "support/postgres.h"

#define ROSTER                                                                                                         \
    "site,study,patient,subject,recruited,end_of_treatment,first_dose,withdrawn,mrn_system,mrn\n"                      \
    "madrid,lendex-rrmm,p1,S-1,2024-01-18,,2024-01-15,,,\n"

struct bench {
    struct scratch scratch;
    struct gw_arena arena;
    struct fake_hospital hospital;
    struct gw_config_study study;
    struct gw_config_endpoint endpoint;
    struct gw_config config;
    struct gw_sync_result result;
    struct gw_error err;
    char schema[64];
};

static const char *path_of(struct bench *b, const char *name)
{
    return gw_arena_print(&b->arena, "%s/%s", b->scratch.folder, name);
}

static void lay(struct bench *b)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);

    cr_assert(gw_sink_postgres_print(&b->study.postgres, out, &b->err) == GW_OK, "%s", b->err.text);
    fclose(out);
    cluster_exec(text);
    free(text);
}

static void set_up(struct bench *b, const char *schema)
{
    *b = (struct bench){.arena = GW_ARENA_INIT(64u << 20)};
    scratch_init(&b->scratch);
    scratch_write(&b->scratch, "roster.csv", ROSTER);
    snprintf(b->schema, sizeof b->schema, "%s", schema);
    fake_hospital_open(&b->hospital);
    fake_hospital_add(&b->hospital, FAKE_PATIENT("p1"));
    fake_hospital_add(&b->hospital, FAKE_VISIT("p1"));
    fake_hospital_add(&b->hospital, FAKE_COUNT("p1", "5", "final", "1.20"));
    b->endpoint = (struct gw_config_endpoint){.id = "first",
                                              .site = "madrid",
                                              .base = fake_server_base(b->hospital.server),
                                              .site_profile = SOURCE_DIR "/mappings/sites/madrid.json",
                                              .auth_kind = "none",
                                              .page_size = 50,
                                              .concurrent = 2};
    b->study = (struct gw_config_study){.id = "lendex-rrmm",
                                        .package = SOURCE_DIR "/mappings/studies/lendex-rrmm",
                                        .enrolment = path_of(b, "roster.csv"),
                                        .sink_kind = "postgres",
                                        .postgres = {.connection = cluster_settings(),
                                                     .schema = b->schema,
                                                     .study = "lendex-rrmm",
                                                     .installation = "t",
                                                     .purpose = "production"}};
    b->config = (struct gw_config){.path = "casement.json",
                                   .installation = "t",
                                   .state = path_of(b, "state"),
                                   .pseudonym_key = path_of(b, "pseudonym.key"),
                                   .schedule = gw_schedule_default,
                                   .studies = &b->study,
                                   .study_count = 1,
                                   .endpoints = &b->endpoint,
                                   .endpoint_count = 1};
    lay(b);
}

static void tear_down(struct bench *b)
{
    fake_server_free(b->hospital.server);
    gw_arena_release(&b->arena);
    scratch_release(&b->scratch);
}

/* The failure of the delivery; the hospital's is none. */
static const struct gw_error *sync_once(struct bench *b)
{
    const struct gw_sync_options options = {.config = &b->config, .as_of = gw_day_of(2024, 2, 28)};

    cr_assert(gw_sync_run(&b->arena, &options, &b->result, &b->err) == GW_OK, "%s", b->err.text);
    cr_assert(b->result.endpoints[0].failure.status == GW_OK, "%s", b->result.endpoints[0].failure.text);
    cr_assert(b->result.delivery_count == 1);
    cr_expect(b->result.equation.in == b->result.equation.sum);
    cr_expect_str_eq(b->result.deliveries[0].study, "lendex-rrmm");
    return &b->result.deliveries[0].failure;
}

static bool says(struct bench *b, const char *sql, const char *wanted)
{
    return cluster_says(gw_arena_print(&b->arena, "SET search_path TO %s; %s", b->schema, sql), wanted);
}

static void exec(struct bench *b, const char *sql)
{
    cluster_exec(gw_arena_print(&b->arena, "SET search_path TO %s; %s", b->schema, sql));
}

#define VALUE                                                                                                          \
    "SELECT string_agg(value_num::text, ',') FROM observations WHERE status <> 'withdrawn' AND window_id = 'T30-01'"
#define OPEN(code)                                                                                                     \
    "SELECT count(*) FROM exceptions WHERE status <> 'withdrawn' AND state = 'open' AND code = '" code "'"

Test(delivery, brings_what_a_hospital_has_to_a_study_database_that_is_elsewhere)
{
    struct bench b;

    set_up(&b, "brings");
    cr_expect(sync_once(&b)->status == GW_OK, "%s", b.result.deliveries[0].failure.text);
    cr_expect(says(&b, VALUE, "1.20"));
    cr_expect(says(&b, "SELECT count(*) FROM subjects", "1"));
    cr_expect(b.result.deliveries[0].batches == 1 && b.result.deliveries[0].rows > 3);
    cr_expect(b.result.deliveries[0].waiting == 0 && b.result.deliveries[0].refused == 0);
    fake_hospital_add(&b.hospital, FAKE_COUNT("p1", "6", "amended", "1.40"));
    cr_expect(sync_once(&b)->status == GW_OK);
    cr_expect(says(&b, VALUE, "1.40"), "an amendment flows as a difference");
    cr_expect(sync_once(&b)->status == GW_OK);
    cr_expect(b.result.deliveries[0].batches == 0, "and nothing flows twice");
    tear_down(&b);
}

Test(delivery, leaves_alone_what_a_person_changed_and_tells_it_once)
{
    struct bench b;

    set_up(&b, "touched");
    sync_once(&b);
    exec(&b, "UPDATE observations SET value_num = 9.99 WHERE window_id = 'T30-01'");
    fake_hospital_add(&b.hospital, FAKE_COUNT("p1", "6", "amended", "1.40"));
    cr_expect(sync_once(&b)->status == GW_OK);
    cr_expect(says(&b, VALUE, "9.99"));
    cr_expect(says(&b, OPEN("TARGET_CHANGED"), "1"), "told in the same sync");
    cr_expect(b.result.deliveries[0].refused >= 1);
    cr_expect(sync_once(&b)->status == GW_OK);
    cr_expect(says(&b, OPEN("TARGET_CHANGED"), "1"));
    cr_expect(b.result.deliveries[0].batches == 0, "and not again and again");
    tear_down(&b);
}

Test(delivery, tells_what_the_database_refuses_until_it_takes_it)
{
    struct bench b;

    set_up(&b, "rejected");
    exec(&b, "ALTER TABLE observations ADD CONSTRAINT small CHECK (value_num < 1)");
    cr_expect(sync_once(&b)->status == GW_OK);
    cr_expect(says(&b, "SELECT count(*) FROM observations WHERE value_num IS NOT NULL", "0"));
    cr_expect(says(&b, "SELECT count(*) FROM windows WHERE window_id = 'T30-01'", "1"), "the rest is there");
    cr_expect(says(&b, OPEN("PUSH_REJECTED"), "1"));
    exec(&b, "ALTER TABLE observations DROP CONSTRAINT small");
    fake_hospital_add(&b.hospital, FAKE_COUNT("p1", "6", "amended", "1.40"));
    cr_expect(sync_once(&b)->status == GW_OK);
    cr_expect(says(&b, VALUE, "1.40"));
    cr_expect(says(&b, OPEN("PUSH_REJECTED"), "0"));
    tear_down(&b);
}

Test(delivery, keeps_in_the_outbox_what_cannot_be_delivered)
{
    struct bench b;

    set_up(&b, "keeps");
    b.study.postgres.purpose = "staging"; /* D8 */
    cr_expect(sync_once(&b)->status == GW_ECONFIG);
    cr_expect(b.result.deliveries[0].waiting == 1);
    cr_expect(says(&b, "SELECT count(*) FROM subjects", "0"));
    b.study.postgres.purpose = "production";
    cr_expect(sync_once(&b)->status == GW_OK, "%s", b.result.deliveries[0].failure.text);
    cr_expect(says(&b, VALUE, "1.20"));
    cr_expect(b.result.deliveries[0].waiting == 0);
    tear_down(&b);
}
