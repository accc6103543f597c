/*
 * A service under test: its files in a folder of its own, made-up hospitals, a log to look into, time that passes when
 * it is told to.
 */
#ifndef SERVICE_RUN_BENCH_H
#define SERVICE_RUN_BENCH_H

#include <criterion/criterion.h>
#include <sqlite3.h>

#include "gateway/core/text.h"
#include "gateway/service/run.h"
#include "support/fake_world.h"
#include "support/scratch.h"

#define PACKAGE SOURCE_DIR "/mappings/studies/lendex-rrmm"
#define HEADER  "site,study,patient,subject,recruited,end_of_treatment,first_dose,withdrawn,mrn_system,mrn\n"
#define VALUE   "SELECT group_concat(value_num) FROM observations WHERE status <> 'withdrawn' AND window_id = 'T30-01'"
#define HOUR_MS 3600000ull
#define DAY_MS  (24 * HOUR_MS)

/* The clock starts on 2026-11-20 at 10:00 UTC. The first dose was on 2026-10-25: T30-01 is 11-19 to 11-29. */
#define D1 "2026-10-25"

struct bench {
    struct scratch scratch;
    struct fake_world world;
    struct gw_log log;
    struct gw_text lines; /* of the log */
    char config[600];
    struct gw_run *run;
    bool ended, overdue;
    bool signals; /* it heeds those of the process */
    struct gw_error failure;
};

/* ---- what a hospital has ---- */

static inline void add_patient(struct fake_place *place, const char *id)
{
    fake_place_add(place, 0,
                   "{\"resourceType\":\"Patient\",\"id\":\"%s\",\"gender\":\"male\",\"birthDate\":\"1950-02-03\","
                   "\"meta\":{\"versionId\":\"1\",\"lastUpdated\":\"2026-10-01T08:00:00Z\"},"
                   "\"identifier\":[{\"system\":\"urn:mrn\",\"value\":\"mrn-%s\"}]}",
                   id, id);
}

static inline void add_visit(struct fake_place *place, const char *id, const char *day, uint64_t from_ms)
{
    fake_place_add(place, from_ms,
                   "{\"resourceType\":\"Encounter\",\"id\":\"visit-%s-%s\",\"status\":\"finished\","
                   "\"class\":{\"system\":\"http://terminology.hl7.org/CodeSystem/v3-ActCode\",\"code\":\"AMB\"},"
                   "\"subject\":{\"reference\":\"Patient/%s\"},"
                   "\"period\":{\"start\":\"%sT09:00:00+01:00\",\"end\":\"%sT10:00:00+01:00\"}}",
                   id, day, id, day, day);
}

static inline void add_count(struct fake_place *place, const char *id, const char *day, const char *version,
                             const char *status, const char *value, uint64_t from_ms)
{
    fake_place_add(place, from_ms,
                   "{\"resourceType\":\"Observation\",\"id\":\"anc-%s\",\"status\":\"%s\","
                   "\"meta\":{\"versionId\":\"%s\"},\"category\":[{\"coding\":[{\"code\":\"laboratory\"}]}],"
                   "\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"751-8\"}]},"
                   "\"subject\":{\"reference\":\"Patient/%s\"},\"effectiveDateTime\":\"%sT09:30:00+01:00\","
                   "\"valueQuantity\":{\"value\":%s,\"unit\":\"10*9/L\",\"system\":\"http://unitsofmeasure.org\","
                   "\"code\":\"10*9/L\"}}",
                   id, status, version, id, day, value);
}

/* A visit and a neutrophil count of that day, there from the beginning. */
static inline void add_visit_with_count(struct fake_place *place, const char *id, const char *day, const char *value)
{
    add_visit(place, id, day, 0);
    add_count(place, id, day, "1", "final", value, 0);
}

/* ---- the bench ---- */

static inline void write_line(void *ctx, const char *line, size_t length)
{
    gw_text_append(ctx, line, length);
}

#define FROM_FILE "\"roster.csv\""

/* The enrolment of the study, studies behind it, the endpoints: each as JSON. */
static inline void configure(struct bench *b, const char *enrolment, const char *more_studies, const char *endpoints)
{
    struct gw_text text = GW_TEXT_INIT(1u << 20);

    gw_text_print(&text,
                  "{\"installation\":\"t\",\"state\":\"state\",\"pseudonym_key\":\"pseudonym.key\",\"fourEyes\":false,"
                  "\"studies\":[{\"id\":\"lendex-rrmm\",\"package\":\"%s\",\"enrolment\":%s,"
                  "\"sink\":{\"kind\":\"sqlite\",\"path\":\"study.db\"}}%s],\"endpoints\":[%s]}\n",
                  PACKAGE, enrolment, more_studies, endpoints);
    scratch_write(&b->scratch, "casement.json", text.at);
    gw_text_release(&text);
}

static inline void write_config(struct bench *b, size_t hospitals, unsigned concurrent, const char *more)
{
    struct gw_text text = GW_TEXT_INIT(1u << 20);

    for (size_t i = 0; i < hospitals; i++)
        gw_text_print(&text,
                      "%s{\"id\":\"e%zu\",\"site\":\"h%zu\",\"base\":\"https://fhir-%zu.example.org/r4\","
                      "\"site_profile\":\"h%zu.json\",\"auth\":{\"kind\":\"none\"},\"concurrent\":%u%s}",
                      i ? "," : "", i, i, i, i, concurrent, more);
    configure(b, FROM_FILE, "", text.at);
    gw_text_release(&text);
}

/* Other words at the first place in casement.json where these are. */
static inline void reword(struct bench *b, const char *from, const char *to)
{
    struct gw_text before = GW_TEXT_INIT(1u << 20), after = GW_TEXT_INIT(1u << 20);
    const char *at;

    cr_assert(gw_text_read_file(&before, b->config, NULL) == GW_OK);
    at = strstr(before.at, from);
    cr_assert(at != NULL, "%s", from);
    gw_text_append(&after, before.at, (size_t)(at - before.at));
    gw_text_print(&after, "%s%s", to, at + strlen(from));
    scratch_write(&b->scratch, "casement.json", after.at);
    gw_text_release(&before);
    gw_text_release(&after);
}

/* A hospital in the zone of Madrid, whose contacts are Encounters. */
static inline void write_site(struct bench *b, size_t i)
{
    char name[40], text[200];

    snprintf(name, sizeof name, "h%zu.json", i);
    snprintf(text, sizeof text, "{\"id\":\"h%zu\",\"zone\":\"Europe/Madrid\",\"contacts\":\"encounters\"}\n", i);
    scratch_write(&b->scratch, name, text);
}

/* Each hospital has so many patients of the study, all with the same first dose. */
static inline void write_roster(struct bench *b, size_t hospitals, size_t patients, const char *withdrawn)
{
    struct gw_text text = GW_TEXT_INIT(1u << 20);

    gw_text_add(&text, HEADER);
    for (size_t i = 0; i < hospitals; i++)
        for (size_t k = 0; k < patients; k++)
            gw_text_print(&text, "h%zu,lendex-rrmm,p%zu,S-%zu-%zu,%s,,%s,%s,,\n", i, k, i, k, D1, D1,
                          k == 0 ? withdrawn : "");
    scratch_write(&b->scratch, "roster.csv", text.at);
    gw_text_release(&text);
}

static inline void set_up(struct bench *b, size_t hospitals, size_t patients)
{
    *b = (struct bench){.lines = GW_TEXT_INIT(64u << 20)};
    scratch_init_in_memory(&b->scratch);
    fake_world_open(&b->world, hospitals);
    b->log = (struct gw_log){.write = write_line, .ctx = &b->lines, .least = GW_LOG_DEBUG};
    gw_log_open(&b->log, b->world.time.clock.utc, b->world.time.clock.monotonic_ms, &b->world.time);
    snprintf(b->config, sizeof b->config, "%s/casement.json", b->scratch.folder);
    write_config(b, hospitals, 4, "");
    write_roster(b, hospitals, patients, "");
    for (size_t i = 0; i < hospitals; i++) {
        write_site(b, i);
        for (size_t k = 0; k < patients; k++) {
            char id[24];

            snprintf(id, sizeof id, "p%zu", k);
            add_patient(&b->world.places[i], id);
        }
    }
}

static inline void on_ended(void *ctx, const struct gw_error *failure)
{
    struct bench *b = ctx;

    b->ended = true;
    b->run = NULL;
    if (failure)
        b->failure = *failure;
}

static inline void on_overdue(void *ctx, const struct gw_error *failure)
{
    struct bench *b = ctx;

    cr_assert(!b->ended && failure == NULL);
    b->overdue = true;
}

static inline bool busy(void *ctx)
{
    const struct bench *b = ctx;

    return b->run && gw_run_counts(b->run).jobs > 0;
}

static inline void pass(struct bench *b, uint64_t ms)
{
    fake_time_run(&b->world.time, b->world.time.now_ms + ms, busy, b);
}

/* Time goes on although the ledger's thread is at work. */
static inline void pass_beside(struct bench *b, uint64_t ms)
{
    fake_time_run(&b->world.time, b->world.time.now_ms + ms, NULL, NULL);
}

static inline void start(struct bench *b)
{
    struct gw_error failure = {0};

    const struct gw_run_options options = {
        .config = b->config, .world = &b->world.world, .log = &b->log, .signals = b->signals, .overdue = on_overdue};

    b->ended = b->overdue = false;
    cr_assert(gw_run_start(&options, on_ended, b, &b->run, &failure) == GW_OK, "%s", failure.text);
}

static inline void stop(struct bench *b)
{
    const uint64_t now = b->world.time.now_ms;

    gw_run_stop(b->run);
    pass(b, 10000);
    cr_assert(b->ended, "it ends within ten seconds (%llu)", (unsigned long long)now);
    cr_assert(b->failure.status == GW_OK, "%s", b->failure.text);
}

static inline void tear_down(struct bench *b)
{
    if (b->run)
        stop(b);
    fake_world_close(&b->world);
    gw_text_release(&b->lines);
    scratch_release(&b->scratch);
}

static inline const char *cell(struct bench *b, const char *query)
{
    static char text[400];
    char other[200];
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;

    *text = '\0';
    cr_assert(sqlite3_open_v2(scratch_path(&b->scratch, "study.db"), &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK);
    snprintf(other, sizeof other, "ATTACH '%s/other.db' AS other", b->scratch.folder);
    cr_assert(sqlite3_exec(db, other, NULL, NULL, NULL) == SQLITE_OK || !strstr(query, "other."));
    cr_assert(sqlite3_prepare_v2(db, query, -1, &statement, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
    if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_text(statement, 0))
        snprintf(text, sizeof text, "%s", (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return text;
}

#endif
