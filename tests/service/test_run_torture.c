/*
 * The service stopped, and reloaded, at every instant of its first work, and through bad weather: what it delivers in
 * the end is what an undisturbed one does, to the byte of the canonical dump, and no commit on the way leaves a part
 * unaccounted for. The bench sees that every handle closes and every way to a hospital; the sanitizer that nothing
 * leaks.
 */
#include "gateway/sinks/export.h"
#include "service/run_bench.h"
#include "support/chance.h"
#include "support/every_commit.h"

enum {
    HOSPITALS = 2,
    PATIENTS = 2,
    FIRST_WORK_MS = 2000,
    STEP_MS = 80,
    SEEDS_SHORT = 40,
    SEEDS_LONG = 200,
    PER_MILLE = 300,
    COMMITS_LEAST = 20
};

#define WORK_MS    (3 * HOUR_MS)
#define WEATHER_MS HOUR_MS
#define CLEAR_MS   (8 * HOUR_MS)

struct weather { /* of one hospital */
    uint64_t state;
    size_t happened;
};

static const struct fake_answer *storm(struct fake_place *place, const char *url)
{
    static const struct fake_answer faults[] = {{.failure = GW_ERETRY},
                                                {.status = 429, .retry_after_s = 45},
                                                {.status = 500},
                                                {.status = 503, .type = "text/html", .body = "<html>back soon</html>"},
                                                {.status = 200, .incomplete = true, .body = "{\"resourceType\":\"Bu"}};
    struct weather *weather = place->ctx;

    (void)url;
    if (place->world->time.now_ms > WEATHER_MS || chance_next(&weather->state) % 1000 >= PER_MILLE)
        return NULL;
    weather->happened++;
    return &faults[chance_next(&weather->state) % (sizeof faults / sizeof faults[0])];
}

static void open_cohort(struct bench *b)
{
    set_up(b, HOSPITALS, PATIENTS);
    for (size_t i = 0; i < HOSPITALS; i++) {
        struct fake_place *place = &b->world.places[i];

        place->latency_ms = i ? 190 : 70;
        add_visit_with_count(place, "p0", "2026-11-19", i ? "1.20" : "0.40");
        add_visit(place, "p1", "2026-11-20", 0);
    }
}

static char *dump(struct bench *b)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    struct gw_error failure = {0};

    cr_assert(out && gw_export_dump(scratch_path(&b->scratch, "study.db"), out, &failure) == GW_OK, "%s", failure.text);
    fclose(out);
    return text;
}

/* Runs on until that time of the world, ends, and is compared. */
static void finish(struct bench *b, uint64_t until_ms, const char *wanted, const char *what, uint64_t which)
{
    char *got;
    size_t at = 0;

    pass(b, until_ms - b->world.time.now_ms);
    stop(b);
    every_commit_expect(scratch_path(&b->scratch, "state/ledger.db"), COMMITS_LEAST);
    got = dump(b);
    while (got[at] && got[at] == wanted[at])
        at++;
    cr_expect(got[at] == wanted[at], "%s %llu: another dump from byte %zu on: %.200s", what, (unsigned long long)which,
              at, got + at);
    free(got);
    tear_down(b);
}

static char *undisturbed(uint64_t until_ms)
{
    struct bench b;
    char *text;

    every_commit_watch();
    open_cohort(&b);
    start(&b);
    pass(&b, until_ms);
    stop(&b);
    every_commit_expect(scratch_path(&b.scratch, "state/ledger.db"), COMMITS_LEAST);
    text = dump(&b);
    cr_assert(strstr(text, "0.40") && strstr(text, "1.20"), "%s", text);
    tear_down(&b);
    return text;
}

Test(run_torture, may_be_stopped_at_any_instant_of_its_first_work, .timeout = 300)
{
    char *wanted = undisturbed(WORK_MS);

    for (uint64_t ms = 0; ms < FIRST_WORK_MS; ms += STEP_MS) {
        struct bench b;

        open_cohort(&b);
        start(&b);
        pass(&b, ms);
        stop(&b);
        start(&b);
        finish(&b, WORK_MS, wanted, "stopped at", ms);
    }
    free(wanted);
}

/* The second time while the first is still being taken up, or just after. */
Test(run_torture, may_be_reloaded_at_any_instant_of_its_first_work, .timeout = 300)
{
    char *wanted = undisturbed(WORK_MS);

    for (uint64_t ms = 0; ms < FIRST_WORK_MS; ms += STEP_MS) {
        struct bench b;

        open_cohort(&b);
        start(&b);
        pass(&b, ms);
        gw_run_reload(b.run);
        pass(&b, ms % 3);
        gw_run_reload(b.run);
        finish(&b, WORK_MS, wanted, "reloaded at", ms);
    }
    free(wanted);
}

Test(run_torture, n3_s1_s3_s7_delivers_after_bad_weather_what_it_would_have_delivered, .timeout = 3600)
{
    const unsigned seeds = getenv("GATEWAY_TEST_LONG") ? SEEDS_LONG : SEEDS_SHORT;
    char *wanted = undisturbed(CLEAR_MS);
    size_t happened = 0;

    for (uint64_t seed = 1; seed <= seeds; seed++) {
        struct weather weather[HOSPITALS];
        struct bench b;

        open_cohort(&b);
        for (size_t i = 0; i < HOSPITALS; i++) {
            weather[i] = (struct weather){.state = 2 * seed + i};
            b.world.places[i].ctx = &weather[i];
            b.world.places[i].fault = storm;
        }
        start(&b);
        finish(&b, CLEAR_MS, wanted, "seed", seed);
        for (size_t i = 0; i < HOSPITALS; i++)
            happened += weather[i].happened;
    }
    cr_expect(happened > 4 * seeds, "%zu faults", happened);
    free(wanted);
}
