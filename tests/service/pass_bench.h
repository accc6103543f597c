/*
 * The pass under test: a ledger, a study database and a roster in a folder of their own, and deliveries of records as
 * texts. Study lendex-rrmm at madrid; everybody's first dose was on 2024-01-15.
 */
#ifndef SERVICE_PASS_BENCH_H
#define SERVICE_PASS_BENCH_H

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/ledger/decisions.h"
#include "gateway/ledger/report.h"
#include "gateway/service/pass.h"
#include "gateway/sinks/export.h"
#include "gateway/sources/files.h"
#include "service/enrolment.h"
#include "support/scratch.h"

#define PACKAGE SOURCE_DIR "/mappings/studies/lendex-rrmm"
#define MADRID  SOURCE_DIR "/mappings/sites/madrid.json"
#define HEADER  "site,study,patient,subject,recruited,end_of_treatment,first_dose,withdrawn,mrn_system,mrn\n"

struct pass_bench {
    struct scratch scratch;
    struct gw_arena arena;
    struct gw_protocol protocol;
    const struct gw_site *site;
    struct gw_roster roster;
    struct gw_hmac *key;
    struct gw_ledger *ledger;
    struct gw_sink *sink;
    struct enrolment enrolment;
    struct gw_intake intake;
    struct gw_text records; /* of the next delivery, one a line */
    int64_t delivery;
    int64_t read_at;              /* when what is delivered next is read, seconds UTC */
    struct gw_pass_result result; /* of the last pass */
};

static struct gw_error err;

static inline void fine(enum gw_status rc)
{
    cr_assert(rc == GW_OK, "%s", err.text);
}

static inline const char *bench_path(struct pass_bench *b, const char *name)
{
    return gw_arena_print(&b->arena, "%s/%s", b->scratch.folder, name);
}

/* Patients p0 ... are the subjects S-000 ... */
static inline void bench_write_roster(struct pass_bench *b, size_t subjects)
{
    struct gw_text text = GW_TEXT_INIT(1u << 20);

    gw_text_add(&text, HEADER);
    for (size_t i = 0; i < subjects; i++)
        gw_text_print(&text, "madrid,lendex-rrmm,p%zu,S-%03zu,2024-01-18,,2024-01-15,,,\n", i, i);
    scratch_put(&b->scratch, "roster.csv", text.at, text.length);
    gw_text_release(&text);
}

static inline void bench_open(struct pass_bench *b, size_t subjects)
{
    static const char key[] = "a key of the tests, made up by us";

    *b = (struct pass_bench){
        .arena = GW_ARENA_INIT(256u << 20), .records = GW_TEXT_INIT(16u << 20), .read_at = 1782820800};
    scratch_init(&b->scratch);
    bench_write_roster(b, subjects);
    fine(gw_protocol_load(&b->arena, PACKAGE, &b->protocol, &err));
    fine(gw_site_load(&b->arena, MADRID, b->protocol.tables, &b->site, &err));
    fine(gw_roster_load(&b->arena, bench_path(b, "roster.csv"), "lendex-rrmm", "madrid", &b->roster, &err));
    b->key = gw_hmac_new(key, strlen(key));
    fine(gw_ledger_open(bench_path(b, "ledger.db"), &b->ledger, &err));
    fine(gw_sink_sqlite_open(bench_path(b, "study.db"), "lendex-rrmm", &b->sink, &err));
    fine(enrolment_open(&b->enrolment, &b->arena, b->ledger, &b->roster, b->site, "lendex-rrmm", "madrid",
                        gw_day_of(2024, 12, 31), &err));
    b->intake = (struct gw_intake){.endpoint = "madrid",
                                   .site = "madrid",
                                   .key = b->key,
                                   .whose = enrolment_whose,
                                   .invalid_blocks = "R",
                                   .deleted_blocks = "-",
                                   .ctx = &b->enrolment};
}

static inline void bench_close(struct pass_bench *b)
{
    b->sink->close(b->sink);
    gw_ledger_close(b->ledger);
    gw_hmac_free(b->key);
    gw_site_close(b->site);
    gw_text_release(&b->records);
    gw_arena_release(&b->arena);
    scratch_release(&b->scratch);
}

/* ---- what the hospital tells ---- */

static inline enum gw_status bench_keep(void *ctx, struct gw_keep_entry *entries, size_t count, struct gw_error *e)
{
    struct pass_bench *b = ctx;
    const struct gw_keep_page page = {
        .delivery = b->delivery, .fetched_at = b->read_at, .entries = entries, .count = count};
    struct gw_keep_answer answer;

    return gw_ledger_keep(b->ledger, &page, &answer, e);
}

/* The records gathered, as one delivery. */
static inline void bench_deliver(struct pass_bench *b)
{
    const struct gw_files files = {.intake = &b->intake, .page = bench_keep, .ctx = b};
    struct gw_files_answer answer = {0};

    cr_assert(not(b->records.failed));
    scratch_put(&b->scratch, "delivery.ndjson", b->records.at, b->records.length);
    fine(gw_ledger_begin(b->ledger, &err));
    fine(gw_ledger_deliver(b->ledger, "test", "2024-12-31", &b->delivery, &err));
    fine(gw_files_read(&files, bench_path(b, "delivery.ndjson"), &answer, &err));
    fine(gw_ledger_commit(b->ledger, &err));
    cr_assert(eq(sz, answer.refused, 0), "%s", answer.first.text);
    gw_text_clear(&b->records);
}

static inline struct gw_pass bench_pass(struct pass_bench *b)
{
    return (struct gw_pass){.ledger = b->ledger,
                            .sink = b->sink,
                            .protocol = &b->protocol,
                            .key = b->key,
                            .author_approves = true,
                            .subjects = b->enrolment.subjects,
                            .subject_count = b->enrolment.count,
                            .now = "2026-06-30T20:00:00Z"};
}

/* Who is marked is derived and delivered. */
static inline void bench_derive(struct pass_bench *b)
{
    struct gw_pass pass = bench_pass(b);
    struct gw_equation equation;

    fine(gw_pass_run(&pass, &b->result, &err));
    fine(gw_ledger_equation(b->ledger, &equation, &err));
    cr_assert(eq(i64, equation.in, equation.sum));
    cr_assert(eq(i64, equation.waiting, 0));
}

static inline char *bench_dump(const char *database)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);

    fine(gw_export_dump(database, out, &err));
    fclose(out);
    return text;
}

/* The first cell of a query to the study database; "" for null, and where there is no line. */
static inline const char *bench_cell(struct pass_bench *b, const char *query)
{
    const char *text = "";
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;

    cr_assert(sqlite3_open_v2(bench_path(b, "study.db"), &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK);
    cr_assert(sqlite3_prepare_v2(db, query, -1, &statement, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
    if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_text(statement, 0))
        text = gw_arena_print(&b->arena, "%s", (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return text;
}

/* ---- records ---- */

static inline void add_patient(struct pass_bench *b, size_t subject)
{
    gw_text_print(&b->records,
                  "{\"resourceType\":\"Patient\",\"id\":\"p%zu\",\"gender\":\"male\",\"birthDate\":\"1950-02-03\","
                  "\"meta\":{\"versionId\":\"1\",\"lastUpdated\":\"2024-01-10T08:00:00Z\"}}\n",
                  subject);
}

static inline void add_visit(struct pass_bench *b, size_t subject, const char *day)
{
    gw_text_print(&b->records,
                  "{\"resourceType\":\"Encounter\",\"id\":\"visit-%zu-%s\",\"status\":\"finished\","
                  "\"meta\":{\"versionId\":\"1\",\"lastUpdated\":\"2024-03-20T08:00:00Z\"},"
                  "\"class\":{\"system\":\"http://terminology.hl7.org/CodeSystem/v3-ActCode\",\"code\":\"AMB\"},"
                  "\"subject\":{\"reference\":\"Patient/p%zu\"},"
                  "\"period\":{\"start\":\"%sT09:00:00+01:00\",\"end\":\"%sT10:00:00+01:00\"}}\n",
                  subject, day, subject, day, day);
}

struct count { /* neutrophils, of a range that begins at 1.5 */
    const char *id, *day, *status, *value;
    unsigned version; /* of that hour of 2024-04-01 */
};

static inline void add_count(struct pass_bench *b, size_t subject, const struct count *count)
{
    gw_text_print(&b->records,
                  "{\"resourceType\":\"Observation\",\"id\":\"%s-%zu\",\"status\":\"%s\","
                  "\"meta\":{\"versionId\":\"%u\",\"lastUpdated\":\"2024-04-01T%02u:00:00Z\"},"
                  "\"category\":[{\"coding\":[{\"code\":\"laboratory\"}]}],"
                  "\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"751-8\"}]},"
                  "\"subject\":{\"reference\":\"Patient/p%zu\"},\"effectiveDateTime\":\"%sT09:30:00+01:00\","
                  "\"referenceRange\":[{\"low\":{\"value\":1.5,\"system\":\"http://unitsofmeasure.org\",\"code\":"
                  "\"10*9/L\"}}],"
                  "\"valueQuantity\":{\"value\":%s,\"unit\":\"10*9/L\",\"system\":\"http://unitsofmeasure.org\","
                  "\"code\":\"10*9/L\"}}\n",
                  count->id, subject, count->status, count->version, count->version, subject, count->day, count->value);
}

#endif
