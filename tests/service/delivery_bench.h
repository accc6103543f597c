/*
 * For the suites of a sync whose study database is elsewhere: a made-up hospital, a configuration that names it, and a
 * study whose sink the suite names.
 */
#ifndef SERVICE_DELIVERY_BENCH_H
#define SERVICE_DELIVERY_BENCH_H

#include <criterion/criterion.h>

#include "gateway/service/sync.h"
#include "service/fake_hospital.h"

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
    const struct gw_refetch *again; /* the syncs ask for it again; NULL: they go on */
    struct gw_sync_result result;
    struct gw_error err;
};

static inline const char *bench_path(struct bench *b, const char *name)
{
    return gw_arena_print(&b->arena, "%s/%s", b->scratch.folder, name);
}

/* The study has no sink yet. */
static inline void bench_open(struct bench *b)
{
    *b = (struct bench){.arena = GW_ARENA_INIT(64u << 20)};
    scratch_init_in_memory(&b->scratch);
    scratch_write(&b->scratch, "roster.csv", ROSTER);
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
                                        .enrolment = bench_path(b, "roster.csv")};
    b->config = (struct gw_config){.path = "casement.json",
                                   .installation = "t",
                                   .state = bench_path(b, "state"),
                                   .pseudonym_key = bench_path(b, "pseudonym.key"),
                                   .schedule = gw_schedule_default,
                                   .studies = &b->study,
                                   .study_count = 1,
                                   .endpoints = &b->endpoint,
                                   .endpoint_count = 1};
}

static inline void bench_close(struct bench *b)
{
    fake_server_free(b->hospital.server);
    gw_arena_release(&b->arena);
    scratch_release(&b->scratch);
}

/* The failure of the delivery; the hospital's is none. */
static inline const struct gw_error *bench_sync(struct bench *b)
{
    const struct gw_sync_options options = {.config = &b->config, .again = b->again, .as_of = gw_day_of(2024, 2, 28)};

    cr_assert(gw_sync_run(&b->arena, &options, &b->result, &b->err) == GW_OK, "%s", b->err.text);
    cr_assert(b->result.endpoints[0].failure.status == GW_OK, "%s", b->result.endpoints[0].failure.text);
    cr_assert(b->result.delivery_count == 1);
    cr_expect(b->result.equation.in == b->result.equation.sum);
    cr_expect_str_eq(b->result.deliveries[0].study, "lendex-rrmm");
    return &b->result.deliveries[0].failure;
}

#endif
