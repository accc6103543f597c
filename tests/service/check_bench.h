/*
 * For the suites of a check: a made-up hospital, a configuration that names it, and the lines of one run.
 */
#ifndef SERVICE_CHECK_BENCH_H
#define SERVICE_CHECK_BENCH_H

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "gateway/service/check.h"
#include "gateway/sources/profile.h"
#include "service/fake_hospital.h"

#define HEADER "site,study,patient,subject,recruited,end_of_treatment,first_dose,withdrawn,mrn_system,mrn\n"
#define MADRID "madrid,lendex-rrmm,p1,S-1,2024-01-18,,2024-01-15,,,\n"

/* Changed before the count that fake_hospital.h makes, and after it in the list. */
#define WEIGHT                                                                                                         \
    "{\"resourceType\":\"Observation\",\"id\":\"weight-p1\",\"status\":\"final\","                                     \
    "\"meta\":{\"versionId\":\"1\",\"lastUpdated\":\"2024-02-10T08:00:00Z\"},"                                         \
    "\"category\":[{\"coding\":[{\"code\":\"vital-signs\"}]}],"                                                        \
    "\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"29463-7\"}]},"                                  \
    "\"subject\":{\"reference\":\"Patient/p1\"},\"effectiveDateTime\":\"2024-02-10T09:30:00+01:00\"}"

enum { LINES_MAX = 96 };

struct bench {
    struct scratch scratch;
    struct gw_arena arena;
    struct fake_hospital hospital;
    struct gw_config_study study;
    struct gw_config_endpoint endpoint;
    struct gw_config config;
    struct gw_check_line lines[LINES_MAX];
    size_t count;
    struct gw_error first;
};

static inline const char *bench_path(struct bench *b, const char *name)
{
    return gw_arena_print(&b->arena, "%s/%s", b->scratch.folder, name);
}

static inline void bench_open(struct bench *b)
{
    *b = (struct bench){.arena = GW_ARENA_INIT(64u << 20)};
    scratch_init(&b->scratch);
    scratch_write(&b->scratch, "roster.csv", HEADER MADRID);
    fake_hospital_open(&b->hospital);
    fake_hospital_add(&b->hospital, FAKE_PATIENT("p1"));
    fake_hospital_add(&b->hospital, FAKE_VISIT("p1"));
    fake_hospital_add(&b->hospital, FAKE_COUNT("p1", "5", "final", "1.20"));
    fake_hospital_add(&b->hospital, WEIGHT);
    b->study = (struct gw_config_study){.id = "lendex-rrmm",
                                        .package = SOURCE_DIR "/mappings/studies/lendex-rrmm",
                                        .enrolment = bench_path(b, "roster.csv"),
                                        .sink_kind = "sqlite",
                                        .sink_path = bench_path(b, "study.db")};
    b->endpoint = (struct gw_config_endpoint){.id = "hm",
                                              .site = "madrid",
                                              .base = fake_server_base(b->hospital.server),
                                              .site_profile = SOURCE_DIR "/mappings/sites/madrid.json",
                                              .auth_kind = "none"};
    b->config = (struct gw_config){.path = "casement.json",
                                   .schedule = gw_schedule_default,
                                   .installation = "t",
                                   .state = bench_path(b, "state"),
                                   .pseudonym_key = bench_path(b, "pseudonym.key"),
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

static inline void bench_take(void *ctx, const struct gw_check_line *line)
{
    struct bench *b = ctx;

    cr_assert(lt(sz, b->count, LINES_MAX));
    b->lines[b->count++] = *line;
}

static inline enum gw_status bench_run(struct bench *b)
{
    b->count = 0;
    return gw_check_run(&b->arena, &b->config, &(struct gw_check_options){0}, bench_take, b, &b->first);
}

/* The worst line of a subject; NULL: none. */
static inline const struct gw_check_line *bench_line(const struct bench *b, const char *what)
{
    const struct gw_check_line *found = NULL;

    for (size_t i = 0; i < b->count; i++)
        if (gw_same(b->lines[i].what, what) && (!found || b->lines[i].verdict == GW_CHECK_FAIL))
            found = &b->lines[i];
    return found;
}

static inline void bench_expect(const struct bench *b, const char *what, enum gw_check_verdict verdict,
                                const char *says)
{
    const struct gw_check_line *line = bench_line(b, what);

    cr_assert(ne(ptr, (void *)(uintptr_t)line, NULL), "no line of %s", what);
    cr_expect(eq(int, line->verdict, verdict), "%s: %s", what, line->text);
    cr_expect(ne(ptr, strstr(line->text, says), NULL), "%s: %s", what, line->text);
}

static inline struct gw_profile bench_profile(struct bench *b)
{
    struct gw_profile profile;
    struct gw_error err;

    cr_assert(eq(int, gw_profile_load(bench_path(b, "state/endpoints"), "hm", &profile, &err), GW_OK), "%s", err.text);
    return profile;
}

/* These quirks and no others; what it holds stays. */
static inline void bench_quirk(struct bench *b, const struct fake_hospital *with)
{
    struct fake_hospital hospital = *with;

    hospital.server = b->hospital.server;
    hospital.count = b->hospital.count;
    memcpy(hospital.resources, b->hospital.resources, sizeof hospital.resources);
    b->hospital = hospital;
}

#endif
