/*
 * Retention of the running service: a study that closes under it, and orders that are noted beside it. The purge goes
 * on piece by piece between all other work, and where a kill ended it. Rows L7, O2.
 */
#include "gateway/ledger/notes.h"
#include "gateway/service/order.h"
#include "gateway/service/purge.h"
#include "service/run_bench.h"
#include "service/run_parts.h"
#include "support/every_commit.h"

TestSuite(run_retention, .timeout = 300);

enum { MANY = 1100, PIECE = 1000 };

/* ---- a look into the ledger ---- */

static int64_t number(struct bench *b, const char *query)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;

    cr_assert(sqlite3_open_v2(scratch_path(&b->scratch, "state/ledger.db"), &db, SQLITE_OPEN_READONLY, NULL) ==
              SQLITE_OK);
    cr_assert(sqlite3_busy_timeout(db, 30000) == SQLITE_OK);
    cr_assert(sqlite3_prepare_v2(db, query, -1, &statement, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
    cr_assert(sqlite3_step(statement) == SQLITE_ROW, "%s", sqlite3_errmsg(db));
    const int64_t answer = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return answer;
}

#define KEPT(key)                                                                                                      \
    "SELECT count(*) FROM entries e JOIN subjects s ON s.number = e.subject WHERE s.subject_key = '" key "'"
#define ACTS(name) "SELECT count(*) FROM audit WHERE text LIKE '%\"act\":\"" name "\"%'"
#define ENDED      "SELECT count(*) FROM tombstones WHERE ended IS NOT NULL"

/* ---- a study that closes ---- */

#define SECOND                                                                                                         \
    ",{\"id\":\"example-hip\",\"package\":\"" SOURCE_DIR                                                               \
    "/mappings/studies/example-hip\",\"enrolment\":\"hip.csv\",\"sink\":{\"kind\":\"sqlite\",\"path\":\"other.db\"}}"

/* p0 is in both studies, with more results in the one than a piece of a purge takes. */
static void set_up_two_studies(struct bench *b)
{
    struct gw_text endpoint = GW_TEXT_INIT(4096);

    set_up(b, 1, 1);
    scratch_write(&b->scratch, "hip.csv", HEADER "h0,example-hip,p0,X-1," D1 ",," D1 ",,,\n");
    gw_text_add(&endpoint, "{\"id\":\"e0\",\"site\":\"h0\",\"base\":\"https://fhir-0.example.org/r4\",\"site_profile\":"
                           "\"h0.json\",\"auth\":{\"kind\":\"none\"},\"concurrent\":4}");
    configure(b, FROM_FILE, SECOND, endpoint.at);
    gw_text_release(&endpoint);
    add_visit_with_count(&b->world.places[0], "p0", "2026-11-19", "1.20");
    for (int i = 0; i < MANY; i++)
        fake_place_add(
            &b->world.places[0], 0,
            "{\"resourceType\":\"Observation\",\"id\":\"more-%d\",\"status\":\"final\","
            "\"meta\":{\"versionId\":\"1\"},\"category\":[{\"coding\":[{\"code\":\"laboratory\"}]}],"
            "\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"718-7\"}]},"
            "\"subject\":{\"reference\":\"Patient/p0\"},\"effectiveDateTime\":\"2026-11-%02dT09:30:00+01:00\","
            "\"valueQuantity\":{\"value\":12.1,\"unit\":\"g/dL\",\"system\":\"http://unitsofmeasure.org\","
            "\"code\":\"g/dL\"}}",
            i, 10 + i % 9);
}

/* Its last day was the day before yesterday: due at once. */
static void close_study(struct bench *b)
{
    reword(b, "\"installation\":\"t\"", "\"installation\":\"t\",\"retain\":{\"purge_days\":1}");
    reword(b, "\"enrolment\":\"roster.csv\"", "\"closed\":\"2026-11-19\",\"enrolment\":\"roster.csv\"");
}

/* Jobs of others that end while the purge is at it. */
struct beside {
    struct bench *b;
    uv_timer_t timer;
    size_t ended, between; /* of all; of them those that ended with the purge begun and not done */
};

static enum gw_status read_a_note(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    struct gw_arena arena = GW_ARENA_INIT(4096);
    const char *text;
    const enum gw_status rc = gw_ledger_note(ledger, &arena, "service", "starts", &text, err);

    (void)ctx;
    gw_arena_release(&arena);
    return rc;
}

static void submit_beside(struct beside *beside);

static void on_read(void *ctx, const struct gw_error *failure)
{
    struct beside *beside = ctx;

    cr_assert(failure == NULL);
    beside->ended++;
    beside->between += beside->b->run->purging;
    if (beside->ended < MANY / PIECE + 1)
        submit_beside(beside);
}

static void submit_beside(struct beside *beside)
{
    struct gw_error failure;

    cr_assert(gw_writer_submit(beside->b->run->writer, 1, read_a_note, on_read, beside, &failure) == GW_OK);
}

Test(run_retention, L7_purges_a_study_that_closes_under_it_once_in_pieces_between_other_work)
{
    struct bench b;

    set_up_two_studies(&b);
    start(&b);
    pass(&b, 4 * HOUR_MS);
    cr_assert_gt(number(&b, KEPT("S-0-0")), MANY);
    cr_assert_gt(number(&b, KEPT("X-1")), 0);
    cr_expect_str_eq(cell(&b, VALUE), "1.20");
    pass(&b, DAY_MS);
    close_study(&b);
    pass(&b, 60000); /* the reload */
    cr_expect(gw_run_counts(b.run).reloads == 1, "%s", b.lines.at);

    struct beside beside = {.b = &b};
    while (!b.run->purging && number(&b, ENDED) == 0)
        fake_time_run(&b.world.time, b.world.time.now_ms + 15000, NULL, NULL);
    cr_assert(b.run->purging, "it is seen at work");
    submit_beside(&beside);
    pass(&b, HOUR_MS);
    cr_expect(beside.ended == MANY / PIECE + 1 && beside.between == beside.ended,
              "others' jobs ended between its pieces: %zu of %zu", beside.between, beside.ended);
    cr_expect(number(&b, KEPT("S-0-0")) == 0 && number(&b, ENDED) == 1);
    cr_expect(number(&b, KEPT("X-1")) > 0, "the study that runs keeps its own");
    cr_expect(number(&b, ACTS("purge")) == 1 && number(&b, ACTS("sweep")) == 1);
    cr_expect_str_eq(cell(&b, VALUE), "1.20", "what was delivered stays");

    add_visit(&b.world.places[0], "p0", "2026-11-22", b.world.time.now_ms);
    pass(&b, 2 * DAY_MS);
    cr_expect(number(&b, KEPT("S-0-0")) == 0, "nothing of it comes in again");
    cr_expect(number(&b, ACTS("purge")) == 1 && number(&b, ACTS("sweep")) == 1, "once");
    cr_expect(number(&b, "SELECT count(*) FROM entries WHERE logical_id = 'visit-p0-2026-11-22'") == 1,
              "and the other study is asked for as ever");
    tear_down(&b);
}

/* ---- a kill in the middle ---- */

/* What a kill leaves: some pieces of it done. */
static void break_off(struct bench *b)
{
    struct gw_ledger *ledger = NULL;
    struct gw_error err;
    bool more;

    cr_assert(gw_ledger_open(scratch_path(&b->scratch, "state/ledger.db"), &ledger, &err) == GW_OK, "%s", err.text);
    cr_assert(gw_ledger_purge_begin(ledger, 1, "the study closed", &err) == GW_OK, "%s", err.text);
    cr_assert(gw_ledger_purge_piece(ledger, &(struct gw_purge_notes){NULL, 0, NULL}, &more, &err) == GW_OK);
    cr_assert(more);
    gw_ledger_close(ledger);
}

Test(run_retention, K20_goes_on_where_a_kill_ended_it_during_retention)
{
    struct bench b;

    set_up_two_studies(&b);
    start(&b);
    pass(&b, 3 * HOUR_MS);
    stop(&b);
    break_off(&b);
    cr_assert(number(&b, KEPT("S-0-0")) >= MANY - PIECE && number(&b, ENDED) == 0);
    start(&b);
    pass(&b, HOUR_MS);
    cr_expect(number(&b, KEPT("S-0-0")) == 0 && number(&b, ENDED) == 1);
    cr_expect(number(&b, ACTS("purge")) == 1);
    cr_expect_str_eq(cell(&b, VALUE), "1.20");
    tear_down(&b);
}

/* ---- an order ---- */

static void write_officer(struct bench *b)
{
    struct gw_text pem = GW_TEXT_INIT(4096);
    struct gw_signature_key *key = NULL;

    cr_assert(gw_signature_key_keep(scratch_path(&b->scratch, "officer.key"), &key, NULL) == GW_OK);
    cr_assert(gw_signature_key_public(key, &pem, NULL) == GW_OK);
    scratch_write(&b->scratch, "officer.pem", pem.at);
    reword(b, "\"installation\":\"t\"", "\"installation\":\"t\",\"retain\":{\"order_key\":\"officer.pem\"}");
    gw_signature_key_free(key);
    gw_text_release(&pem);
}

/* Somebody with a command, beside the service. */
static void hand_in(struct bench *b)
{
    struct gw_arena arena = GW_ARENA_INIT(64u << 20);
    struct gw_text line = GW_TEXT_INIT(GW_ORDER_LINE_MAX);
    struct gw_purge_applied applied;
    struct gw_config config;
    struct gw_ledger *ledger = NULL;
    struct gw_purge_order order;
    struct gw_error err = {0};
    char key[600];
    const int64_t now = b->world.time.clock.utc(b->world.time.clock.ctx);

    snprintf(key, sizeof key, "%s", scratch_path(&b->scratch, "officer.key"));
    cr_assert(gw_config_load(&arena, b->config, &config, &err) == GW_OK, "%s", err.text);
    cr_assert(gw_ledger_join(scratch_path(&b->scratch, "state/ledger.db"), &ledger, &err) == GW_OK, "%s", err.text);
    const struct gw_order_request request = {.config = &config,
                                             .study = "lendex-rrmm",
                                             .subject = "S-0-0",
                                             .withdraw = true,
                                             .reason = "the wrong patient",
                                             .by = "dpo",
                                             .key = key,
                                             .now = now};
    cr_assert(gw_order_make(ledger, &arena, &request, &line, &order, &err) == GW_OK, "%s", err.text);
    cr_assert(gw_purge_apply(ledger, "", &arena, &config, &line, now, true, "it1", &applied, &err) == GW_OK, "%s",
              err.text);
    cr_expect(applied.answer == GW_ORDER_NOTED);
    gw_ledger_close(ledger);
    gw_text_release(&line);
    gw_arena_release(&arena);
}

Test(run_retention, O2_carries_an_order_out_within_a_minute_and_asks_for_the_subject_no_more)
{
    struct bench b;

    every_commit_watch();
    set_up(&b, 1, 2);
    write_officer(&b);
    b.world.places[0].listen = true;
    add_visit_with_count(&b.world.places[0], "p0", "2026-11-19", "1.20");
    add_visit_with_count(&b.world.places[0], "p1", "2026-11-19", "0.90");
    start(&b);
    pass(&b, 3 * HOUR_MS);
    cr_expect_str_eq(cell(&b, VALUE), "1.20,0.90");
    hand_in(&b);
    cr_expect(number(&b, KEPT("S-0-0")) > 0 && number(&b, ENDED) == 0, "noted");
    pass(&b, 60000);
    cr_expect(number(&b, KEPT("S-0-0")) == 0 && number(&b, ENDED) == 1, "%s", b.lines.at);
    cr_expect_str_eq(cell(&b, VALUE), "0.90", "its rows are withdrawn");
    cr_expect(number(&b, ACTS("order")) == 1 && number(&b, ACTS("purge")) == 1);
    gw_text_clear(&b.world.places[0].urls);
    pass(&b, 2 * DAY_MS);
    cr_expect(strstr(b.world.places[0].urls.at, "p1") && !strstr(b.world.places[0].urls.at, "p0"), "%s",
              b.world.places[0].urls.at);
    cr_expect(gw_run_counts(b.run).subjects == 1);
    cr_expect(number(&b, "SELECT count(*) FROM outbox WHERE receipt IS NULL") == 0);
    stop(&b);
    every_commit_expect(scratch_path(&b.scratch, "state/ledger.db"), 10);
    tear_down(&b);
}

/* Noted, and the service ends before it looks: the next one begins the order before anybody is enrolled. */
Test(run_retention, O2_carries_an_order_out_within_a_minute_that_was_noted_beside_a_service_before_it)
{
    struct bench b;

    set_up(&b, 1, 1);
    write_officer(&b);
    b.world.places[0].listen = true;
    add_visit_with_count(&b.world.places[0], "p0", "2026-11-19", "1.20");
    start(&b);
    pass(&b, 3 * HOUR_MS);
    cr_expect_str_eq(cell(&b, VALUE), "1.20");
    hand_in(&b);
    stop(&b);
    cr_assert(number(&b, ACTS("order")) == 1 && number(&b, ENDED) == 0, "noted, and nothing gone");
    gw_text_clear(&b.world.places[0].urls);
    start(&b);
    pass(&b, 60000);
    cr_expect(number(&b, KEPT("S-0-0")) == 0 && number(&b, ENDED) == 1, "%s", b.lines.at);
    cr_expect_str_eq(cell(&b, VALUE), "", "its rows are withdrawn, though nobody else is derived");
    cr_expect(number(&b, "SELECT count(*) FROM outbox WHERE receipt IS NULL") == 0);
    cr_expect(strstr(b.world.places[0].urls.at, "p0") == NULL, "%s", b.world.places[0].urls.at);
    stop(&b);
    tear_down(&b);
}
