/*
 * Retention: what is kept of a study that has closed goes when it is due, nothing is asked for it any more, and what
 * was delivered stays. And whose ledger it is: the key it was made with, and no two studies alike.
 */
#include "gateway/service/retention.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "gateway/ledger/audit.h"
#include "gateway/ledger/purge.h"
#include "service/sync_bench.h"

TestSuite(retention, .timeout = 300);

/* ---- days ---- */

static const struct {
    const char *name, *closed;
    int purge_days;
    gw_day due;
} days[] = {
    {"a study that runs", NULL, 90, GW_NO_DAY},
    {"ninety days after its last", "2024-02-20", 90, 19863}, /* 2024-05-20 */
    {"never on its last day", "2024-02-20", 0, 19774},       /* 2024-02-21 */
};

Test(retention, begins_so_many_days_after_the_last)
{
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
        const struct gw_config config = {.purge_days = days[i].purge_days};
        const struct gw_config_study study = {.closed = days[i].closed};

        cr_expect(eq(int, gw_retention_due(&config, &study), days[i].due), "%s", days[i].name);
    }
}

/* ---- a sync ---- */

static int64_t ask_ledger(struct bench *b, const char *query)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;

    cr_assert(sqlite3_open_v2(gw_arena_print(&b->arena, "%s/ledger.db", b->config.state), &db, SQLITE_OPEN_READONLY,
                              NULL) == SQLITE_OK);
    cr_assert(sqlite3_prepare_v2(db, query, -1, &statement, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
    cr_assert(sqlite3_step(statement) == SQLITE_ROW);
    const int64_t answer = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return answer;
}

static bool is_in(const char *path, const char *word)
{
    static char bytes[16 << 20];
    FILE *file = fopen(path, "rb");
    size_t length;

    cr_assert(file != NULL);
    length = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    cr_assert(length < sizeof bytes);
    return memmem(bytes, length, word, strlen(word)) != NULL;
}

static size_t files_with(struct bench *b, const char *word)
{
    DIR *folder = opendir(b->config.state);
    size_t count = 0;

    cr_assert(folder != NULL);
    for (const struct dirent *entry; (entry = readdir(folder));)
        if (entry->d_type == DT_REG)
            count += is_in(gw_arena_print(&b->arena, "%s/%s", b->config.state, entry->d_name), word);
    closedir(folder);
    return count;
}

#define ACTS(name) "SELECT count(*) FROM audit WHERE text LIKE '%\"act\":\"" name "\"%'"

Test(retention, asks_for_nothing_after_the_last_day_and_keeps_until_the_facts_are_due)
{
    struct bench b;

    set_up(&b, HEADER MADRID, 1, NULL);
    run_fine(&b);
    const size_t asked = b.result.endpoints[0].requests;
    cr_assert(gt(sz, asked, 0));
    b.study.closed = "2024-02-20";
    b.config.purge_days = 36500;
    fake_hospital_add(&b.hospitals[0], FAKE_COUNT("p1", "6", "amended", "9.90"));
    run_fine(&b);
    cr_expect(eq(sz, b.result.endpoints[0].requests, 0), "nothing is asked for");
    expect_cell(&b, VALUE, "1.20", "what was delivered before");
    expect_cell(&b, STATE("T60-01"), "", "no such window");
    cr_expect(ask_ledger(&b, "SELECT count(*) FROM entries") > 0, "and what was read is kept");
    cr_expect(eq(i64, ask_ledger(&b, ACTS("closing")), 2), "that it ran, and that it closed");
    cr_expect(eq(i64, ask_ledger(&b, ACTS("purge")), 0));
    tear_down(&b);
}

Test(retention, purges_what_is_due_and_leaves_what_was_delivered)
{
    struct gw_audit_verdict verdict = {0};
    struct bench b;

    set_up(&b, HEADER MADRID, 1, NULL);
    run_fine(&b);
    const int64_t in = b.result.equation.in;
    cr_assert(gt(sz, files_with(&b, "visit-p1"), 0), "a resource's id is there before");
    b.study.closed = "2024-02-20";
    for (int again = 0; again < 2; again++) {
        run_fine(&b); /* the equation is looked at */
        cr_expect(eq(i64, b.result.equation.in, in));
        cr_expect(eq(i64, b.result.equation.purged, in));
        cr_expect(eq(sz, files_with(&b, "visit-p1"), 0), "in no file of the state folder");
        cr_expect(eq(sz, b.result.endpoints[0].requests, 0));
        expect_cell(&b, VALUE, "1.20", "what was delivered stays");
        expect_cell(&b, "SELECT count(*) FROM subjects WHERE status <> 'withdrawn'", "1", "and its subject");
    }
    cr_expect(eq(i64, ask_ledger(&b, "SELECT count(*) FROM entries"), 0));
    cr_expect(eq(i64, ask_ledger(&b, "SELECT count(*) FROM pages"), 0));
    cr_expect(eq(i64, ask_ledger(&b, "SELECT count(*) FROM patients"), 0));
    cr_expect(eq(i64,
                 ask_ledger(&b, "SELECT count(*) FROM notes WHERE space IN ('windows','schedule','readings','closed')"),
                 0));
    cr_expect(eq(i64, ask_ledger(&b, ACTS("purge")), 1));
    cr_expect(eq(i64, ask_ledger(&b, ACTS("sweep")), 1));
    cr_assert(eq(int,
                 gw_audit_verify(gw_arena_print(&b.arena, "%s/ledger.db", b.config.state),
                                 gw_arena_print(&b.arena, "%s/audit.checkpoints", b.config.state),
                                 gw_arena_print(&b.arena, "%s/audit.key", b.config.state), &verdict, &b.err),
                 GW_OK));
    cr_expect(verdict.first_bad == 0 && verdict.differences == 0, "%s%s", verdict.what, verdict.named[0]);
    tear_down(&b);
}

/* ---- one patient in two studies ---- */

#define BOTH HEADER MADRID

static void add_study(struct bench *b, struct gw_config_study studies[2])
{
    studies[0] = b->study;
    studies[1] = b->study;
    studies[1].id = "example-hip";
    studies[1].package = SOURCE_DIR "/mappings/studies/example-hip";
    studies[1].sink_path = path_of(b, "other.db");
    b->config.studies = studies;
    b->config.study_count = 2;
}

Test(retention, keeps_a_patient_of_two_studies_for_the_one_that_runs)
{
    struct gw_config_study studies[2];
    struct bench b;

    set_up(&b, BOTH "madrid,example-hip,p1,X-1,2024-01-18,,2024-01-15,,,\n", 1, NULL);
    add_study(&b, studies);
    run_fine(&b);
    cr_assert(gt(i64,
                 ask_ledger(&b, "SELECT count(*) FROM entries e JOIN subjects s ON s.number = e.subject "
                                "WHERE s.study = 'lendex-rrmm'"),
                 0));
    studies[1].closed = "2024-02-20";
    run_fine(&b);
    cr_expect(gt(i64,
                 ask_ledger(&b, "SELECT count(*) FROM entries e JOIN subjects s ON s.number = e.subject "
                                "WHERE s.study = 'lendex-rrmm'"),
                 0),
              "the other study's facts stay");
    cr_expect(eq(i64,
                 ask_ledger(&b, "SELECT count(*) FROM entries e JOIN subjects s ON s.number = e.subject "
                                "WHERE s.study = 'example-hip'"),
                 0));
    cr_expect(gt(sz, b.result.endpoints[0].requests, 0), "and are asked for again");
    tear_down(&b);
}

/* Pseudonyms of a study database, whatever column they stand in. */
static const char *marks(struct bench *b, const char *in)
{
    return gw_arena_print(&b->arena,
                          "SELECT obs_id AS mark FROM %s.observations UNION SELECT row_id FROM %s.provenance "
                          "UNION SELECT source_hash FROM %s.provenance WHERE source_hash IS NOT NULL "
                          "UNION SELECT content_sha256 FROM %s.provenance WHERE content_sha256 IS NOT NULL "
                          "UNION SELECT version_id FROM %s.provenance WHERE version_id IS NOT NULL "
                          "UNION SELECT subject_key FROM %s.subjects",
                          in, in, in, in, in, in);
}

static int64_t count_marks(sqlite3 *db, const char *query)
{
    sqlite3_stmt *statement = NULL;

    cr_assert(sqlite3_prepare_v2(db, query, -1, &statement, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
    cr_assert(sqlite3_step(statement) == SQLITE_ROW);
    const int64_t count = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return count;
}

Test(retention, gives_one_patient_other_pseudonyms_in_each_study)
{
    struct gw_config_study studies[2];
    struct bench b;
    sqlite3 *db;

    set_up(&b, BOTH "madrid,example-hip,p1,X-1,2024-01-18,,2024-01-15,,,\n", 1, NULL);
    add_study(&b, studies);
    run_fine(&b);
    cr_assert(sqlite3_open(b.study.sink_path, &db) == SQLITE_OK);
    cr_assert(sqlite3_exec(db, gw_arena_print(&b.arena, "ATTACH '%s' AS other", studies[1].sink_path), NULL, NULL,
                           NULL) == SQLITE_OK);
    const char *one = marks(&b, "main"), *other = marks(&b, "other");
    cr_expect(count_marks(db, gw_arena_print(&b.arena, "SELECT count(*) FROM (%s)", one)) > 5);
    cr_expect(count_marks(db, gw_arena_print(&b.arena, "SELECT count(*) FROM (%s)", other)) > 2);
    cr_expect(count_marks(db, gw_arena_print(&b.arena,
                                             "SELECT count(*) FROM (SELECT mark FROM (%s) INTERSECT "
                                             "SELECT mark FROM (%s))",
                                             one, other)) == 0,
              "they have something in common");
    sqlite3_close(db);
    tear_down(&b);
}

/* ---- another key ---- */

Test(retention, refuses_another_pseudonym_key_than_the_ledger_was_made_with)
{
    struct bench b;

    set_up(&b, HEADER MADRID, 1, NULL);
    run_fine(&b);
    cr_expect(eq(i64, ask_ledger(&b, ACTS("key")), 1));
    scratch_write(&b.scratch, "pseudonym.key", "another key of thirty-two bytes at least, made up by us\n");
    cr_assert(chmod(b.config.pseudonym_key, 0600) == 0);
    fake_hospital_add(&b.hospitals[0], FAKE_COUNT("p1", "6", "amended", "9.90"));
    cr_expect(eq(int, run(&b), GW_ECONFIG));
    cr_expect(strstr(b.err.text, "another pseudonym key than the ledger was made with") != NULL, "%s", b.err.text);
    expect_cell(&b, VALUE, "1.20", "nothing was derived");
    tear_down(&b);
}
