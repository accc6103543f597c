/*
 * A day of 200 hospitals: the service does what the schedule says, and nothing else.
 *
 * Each hospital has two subjects of the same first dose, the first doses lie 0 to 39 days back: every day of a month is
 * somebody's today, so that windows open, close and settle in the night between, baselines are swept, contacts are
 * looked for every 6, 12 and 18 hours, and half of the subjects are left alone. What is expected of a hospital in an
 * hour is worked out beforehand from service/schedule (what, when) and service/errand (how many requests): the run only
 * has to agree.
 */
#include <malloc.h>
#include <time.h>

#include "service/errand.h"
#include "service/run_bench.h"
#include "service/setup.h"

enum {
    HOSPITALS = 200,
    PATIENTS = 2,
    DEAD = 7,    /* refuses all day */
    HANGING = 8, /* answers in ten days */
    MONTH = 40,  /* days over which first doses are spread */
    HOURS = 24,
    HOUR_S = 3600,
    SEEN_MAX = 1024,
    ERRANDS_MAX = 12, /* of a subject in a day */
    TAKES_S = 4,      /* an errand from its first request to its last */
    CPU_MOST_S = 60
};

#define SCATTER  2654435761u /* of subject numbers over the hour: run_watch.c */
#define CONTACTS "SELECT count(*) FROM windows WHERE window_id = 'T30-01' AND contact_date = '2026-11-20'"
#define RESULTS(window)                                                                                                \
    "SELECT count(*) FROM observations WHERE window_id = '" window "' AND value_num = '1.20' AND status <> "           \
    "'withdrawn'"
#define LATE_MS                                                                                                        \
    (13 * HOUR_MS) /* the site's midnight: results come after all that the day asks, before the night does */

/* ---- what the schedule says ---- */

struct foreseen {
    int64_t at; /* seconds from the start */
    enum gw_errand_kind kind;
};

struct course { /* of one subject */
    struct gw_schedule_window windows[3];
    struct gw_schedule_subject subject;
    struct gw_schedule_done done;
    int64_t visible; /* UTC, from when on the server shows today's visit; GW_NEVER: there is none */
    bool read;       /* it was */
    struct foreseen errands[ERRANDS_MAX];
    size_t count;
};

static const int64_t start_utc = 1795168800; /* 2026-11-20T10:00:00Z */
static struct gw_zone *zone;
static size_t sizes[GW_ERRAND_LEARN + 1]; /* requests of an errand */

static gw_day today(void)
{
    return gw_day_of(2026, 11, 20);
}

static gw_day first_dose(size_t hospital)
{
    return today() - (gw_day)(hospital % MONTH);
}

/* The first of two patients comes today: it can be seen from one of the first twelve hours on. */
static uint64_t visit_ms(size_t hospital)
{
    return hospital % 12 * HOUR_MS;
}

/* The windows that a day 0 to 40 days after a first dose can have to do with; each by hand from the protocol. */
static void begin_course(struct course *c, size_t hospital, size_t patient, uint32_t number)
{
    const gw_day d1 = first_dose(hospital);

    *c = (struct course){.windows = {{d1 - 14, d1, d1, false, GW_NO_DAY, "BASELINE"},
                                     {d1 + 25, d1 + 35, d1 + 30, true, GW_NO_DAY, "T30-01"},
                                     {d1 + 55, d1 + 65, d1 + 60, true, GW_NO_DAY, "T30-02"}},
                         .done = GW_SCHEDULE_NOTHING_DONE,
                         .visible = patient == 0 ? start_utc + (int64_t)(visit_ms(hospital) / 1000) : GW_NEVER,
                         .subject = {.zone = zone,
                                     .window_count = 3,
                                     .low = d1 - 14,
                                     .high = d1 + 36 * 31,
                                     .withdrawn = GW_NO_DAY,
                                     .next_day = GW_NO_DAY,
                                     .enrolled = start_utc,
                                     .spread = number}};
    c->subject.windows = c->windows;
}

/* A search's days are a day wider than the errand's: a server reads a date without a zone in its own. */
static void see_visit(struct course *c, const struct gw_errand *errand, int64_t now)
{
    struct gw_schedule_window *window = &c->windows[1];
    const bool there = c->visible != GW_NEVER && now >= c->visible;

    if (errand->kind == GW_ERRAND_PROBE && there && !c->read && today() >= errand->low - 1) {
        c->done.hint = now;
        c->done.hinted_from = errand->low;
        c->read = true;
    } else if (errand->kind >= GW_ERRAND_SWEEP && there) {
        c->read = true;
        if (today() >= window->low && today() <= window->high)
            window->contact = today();
    }
}

static void foresee(struct course *c)
{
    for (int64_t now = start_utc; now < start_utc + HOURS * HOUR_S;) {
        struct gw_errand errand;

        gw_schedule_next(&gw_schedule_default, &c->subject, &c->done, now, &errand);
        if (errand.due > now) {
            now = errand.due;
            continue;
        }
        cr_assert(errand.kind != GW_ERRAND_NONE && c->count < ERRANDS_MAX);
        c->errands[c->count++] = (struct foreseen){now - start_utc, errand.kind};
        gw_schedule_did(&c->done, &errand, now);
        see_visit(c, &errand, now);
        now++;
    }
}

/* ---- how many requests ---- */

static void count_requests(struct bench *b)
{
    struct gw_arena arena = GW_ARENA_INIT(64u << 20);
    struct gw_config config;
    struct setup setup;
    struct gw_error failure = {0};
    struct gw_requests requests;

    cr_assert(gw_config_load(&arena, b->config, &config, &failure) == GW_OK, "%s", failure.text);
    cr_assert(setup_load(&setup, &config, NULL, true, &b->world.world, &failure) == GW_OK, "%s", failure.text);
    const struct gw_wanted wanted = setup_wanted(&setup.studies[0], setup.endpoints[0].config);
    const struct gw_span span = {
        .subject = 1, .patient = "p0", .anchored = true, .low = today() - 40, .high = today() + 1000};

    for (int kind = GW_ERRAND_PROBE; kind <= GW_ERRAND_LEARN; kind++) {
        const struct gw_errand errand = {(enum gw_errand_kind)kind, 0, today() - 10, today() + 10};

        cr_assert(errand_plan(&arena, &gw_profile_default, &wanted, &span, &errand, GW_STAGE_ANCHOR | GW_STAGE_SPAN,
                              false, &requests, &failure) == GW_OK);
        sizes[kind] = requests.count;
    }
    setup_close(&setup);
    gw_arena_release(&arena);
}

/* ---- what a hospital saw ---- */

struct seen {
    uint64_t at_ms[SEEN_MAX];
    size_t count;
};

static struct seen seen[HOSPITALS];

static const struct fake_answer *note(struct fake_place *place, const char *url)
{
    static const struct fake_answer refused = {.failure = GW_ERETRY};
    struct seen *s = &seen[place->number];

    (void)url;
    cr_assert(s->count < SEEN_MAX, "hospital %u is stormed", place->number);
    s->at_ms[s->count++] = place->world->time.now_ms;
    return place->number == DEAD ? &refused : NULL;
}

static size_t seen_between(const struct seen *s, uint64_t from_ms, uint64_t until_ms)
{
    size_t count = 0;

    for (size_t i = 0; i < s->count; i++)
        count += s->at_ms[i] >= from_ms && s->at_ms[i] < until_ms;
    return count;
}

static bool is_well(size_t hospital)
{
    return hospital != DEAD && hospital != HANGING;
}

/* ---- the day ---- */

static void write_first_doses(struct bench *b)
{
    struct gw_text text = GW_TEXT_INIT(1u << 20);

    gw_text_add(&text, HEADER);
    for (size_t i = 0; i < HOSPITALS; i++)
        for (size_t k = 0; k < PATIENTS; k++) {
            char day[11];

            gw_day_print(first_dose(i), day);
            gw_text_print(&text, "h%zu,lendex-rrmm,p%zu,S-%zu-%zu,%s,,%s,,,\n", i, k, i, k, day, day);
        }
    scratch_write(&b->scratch, "roster.csv", text.at);
    gw_text_release(&text);
}

static void open_day(struct bench *b)
{
    set_up(b, HOSPITALS, PATIENTS);
    b->log.least = GW_LOG_WARNING; /* its lines are kept in memory, which is measured */
    write_first_doses(b);
    for (size_t i = 0; i < HOSPITALS; i++) {
        b->world.places[i].fault = note;
        add_visit(&b->world.places[i], "p0", "2026-11-20", visit_ms(i));
        add_count(&b->world.places[i], "p0", "2026-11-20", "1", "final", "1.20", LATE_MS);
    }
    b->world.places[HANGING].latency_ms = 10 * DAY_MS;
}

/* An errand that begins within TAKES_S before a full hour may end in the next one: both numbers are right. */
static void expect_hours(size_t hospital, const struct course courses[PATIENTS])
{
    size_t least[HOURS] = {1}, most[HOURS] = {1}; /* its metadata, at the start */

    for (size_t k = 0; k < PATIENTS; k++)
        for (size_t e = 0; e < courses[k].count; e++) {
            const struct foreseen *errand = &courses[k].errands[e];
            const size_t hour = (size_t)(errand->at / HOUR_S), last = (size_t)((errand->at + TAKES_S) / HOUR_S);

            least[hour] += hour == last ? sizes[errand->kind] : 0;
            most[hour] += sizes[errand->kind];
            if (hour != last && last < HOURS)
                most[last] += sizes[errand->kind];
        }
    for (size_t hour = 0; hour < HOURS; hour++) {
        const size_t got = seen_between(&seen[hospital], hour * HOUR_MS, (hour + 1) * HOUR_MS);

        cr_expect(got >= least[hour] && got <= most[hour], "hospital %zu (day %zu), hour %zu: %zu requests, not %zu",
                  hospital, hospital % MONTH, hour, got, most[hour]);
    }
}

#ifdef __SANITIZE_ADDRESS__
size_t __sanitizer_get_current_allocated_bytes(void); /* its header is not everywhere */
#endif

static size_t heap_in_use(void)
{
#ifdef __SANITIZE_ADDRESS__
    return __sanitizer_get_current_allocated_bytes();
#else
    const struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
#endif
}

/* Subjects are drawn out over an hour: no minute has twice its part, but the first with everybody's metadata. */
static void expect_no_storm(void)
{
    const size_t most = 2 * HOSPITALS * PATIENTS * sizes[GW_ERRAND_LEARN] / 60;

    for (uint64_t minute = 0; minute < HOURS * 60; minute++) {
        size_t count = 0;

        for (size_t i = 0; i < HOSPITALS; i++)
            count += seen_between(&seen[i], minute * 60000, (minute + 1) * 60000);
        cr_expect(count <= most + (minute == 0) * HOSPITALS, "minute %d has %zu requests", (int)minute, count);
    }
}

static size_t shared_seconds(const struct seen *a, const struct seen *b)
{
    size_t count = 0;

    for (size_t i = 1; i < a->count; i++) /* all are asked for their metadata when it starts */
        count += seen_between(b, a->at_ms[i] / 1000 * 1000, (a->at_ms[i] / 1000 + 1) * 1000) > 0;
    return count;
}

static void expect_no_lockstep(void)
{
    for (size_t i = 0; i < HOSPITALS; i++)
        for (size_t k = 0; k < i; k++)
            cr_expect(!is_well(i) || !is_well(k) || 2 * shared_seconds(&seen[i], &seen[k]) < seen[i].count,
                      "hospitals %zu and %zu are asked at the same time", i, k);
}

/* Who does not answer is tried all day, and no more than now and then. */
static void expect_failing_ones_tried(const struct bench *b)
{
    const struct seen *dead = &seen[DEAD];

    cr_expect(dead->at_ms[dead->count - 1] >= DAY_MS - 5 * 60000, "it was forgotten");
    for (uint64_t hour = 1; hour < HOURS; hour++) {
        const size_t count = seen_between(dead, hour * HOUR_MS, (hour + 1) * HOUR_MS);

        cr_expect(count >= 11 && count <= 13, "B1: every 300 s; hour %d has %zu requests", (int)hour, count);
    }
    cr_expect(b->world.places[HANGING].at_once == 1, "an answer is waited for");
}

static void expect_schedule(struct bench *b)
{
    for (size_t i = 0; i < HOSPITALS; i++) {
        struct course courses[PATIENTS];

        for (size_t k = 0; k < PATIENTS; k++) {
            begin_course(&courses[k], i, k, (uint32_t)(i * PATIENTS + k + 1) * SCATTER);
            foresee(&courses[k]);
        }
        if (is_well(i))
            expect_hours(i, courses);
        cr_expect(b->world.places[i].most_at_once <= 4, "hospital %zu had %zu requests at once", i,
                  b->world.places[i].most_at_once);
    }
}

Test(run_day, p6_takes_a_day_of_200_hospitals_as_the_schedule_says, .timeout = 500)
{
    struct bench b;
    struct gw_error err;
    size_t early, late;

    cr_assert(gw_zone_open("Europe/Madrid", &zone, &err) == GW_OK);
    open_day(&b);
    count_requests(&b);
    start(&b);
    pass(&b, 2 * HOUR_MS);
    early = heap_in_use();
    pass(&b, LATE_MS - 2 * HOUR_MS);
    cr_expect_str_eq(cell(&b, CONTACTS), "55", "of 5 hospitals of each of 11 days: found by what the day asked");
    cr_expect_str_eq(cell(&b, RESULTS("T30-01")), "0", "none was there then");
    pass(&b, 2 * HOUR_MS);
    cr_expect_str_eq(cell(&b, RESULTS("T30-01")), "55", "swept up in the night");
    cr_expect_str_eq(cell(&b, RESULTS("BASELINE")), "5");
    late = heap_in_use();
    pass(&b, DAY_MS - 15 * HOUR_MS);
    cr_expect(heap_in_use() < early + early / 10, "%zu bytes at two hours, %zu after a day", early, heap_in_use());
    cr_expect(heap_in_use() < late + late / 100, "%zu bytes, %zu although nothing new came", late, heap_in_use());
    cr_expect_str_eq(cell(&b, "SELECT count(*) FROM subjects"), "396", "nobody is forgotten");
    cr_expect_str_eq(cell(&b, "SELECT count(*) FROM observations"), "60", "what lies between windows is nobody's");
    expect_schedule(&b);
    expect_no_storm();
    expect_no_lockstep();
    expect_failing_ones_tried(&b);
    cr_expect(clock() / CLOCKS_PER_SEC < CPU_MOST_S);
    tear_down(&b);
    gw_zone_close(zone);
}
