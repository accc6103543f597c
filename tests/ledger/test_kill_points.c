/*
 * Kill points K16 to K20: a kill at the beginning and at the end of every sentence that the ledger says to SQLite while
 * a decision is taken, the trail appended to, a checkpoint signed, an old ledger migrated, a subject purged. After each
 * of them the ledger opens, the trail is sound and tells of what is there and of nothing else, the equation holds, and
 * the same work done again comes to its end.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gateway/ledger/purge.h"
#include "ledger/trail.h"

/* A kill is no power cut: what the kernel was told stays, on a disk or in memory. */
static void in_memory(void)
{
    if (access("/dev/shm", W_OK | X_OK) == 0)
        setenv("TMPDIR", "/dev/shm", 1);
}

TestSuite(kill_points, .init = in_memory, .timeout = 600);

/* ---- a kill at one point ---- */

static int points_left; /* of this process; 0: it is not to be killed */

static int on_point(unsigned type, void *ctx, void *statement, void *text)
{
    (void)type, (void)ctx, (void)statement, (void)text;
    if (points_left > 0 && --points_left == 0)
        kill(getpid(), SIGKILL);
    return 0;
}

static int on_opened(sqlite3 *db, const char **message, const struct sqlite3_api_routines *routines)
{
    (void)message, (void)routines;
    return sqlite3_trace_v2(db, SQLITE_TRACE_STMT | SQLITE_TRACE_PROFILE, on_point, NULL);
}

typedef void (*work_done)(struct gw_ledger *ledger);

static void must(enum gw_status rc)
{
    if (rc != GW_OK)
        _exit(1);
}

static void do_work(const char *path, work_done work)
{
    struct gw_ledger *ledger;

    must(gw_ledger_open(path, &ledger, NULL));
    must(gw_audit_note(ledger, &(struct gw_audit_act){.act = GW_AUDIT_START, .what = "casement run"}, NULL));
    work(ledger);
    gw_ledger_close(ledger);
}

/* True: it was killed at this point; false: it came to its end before. */
static bool is_killed_at(int point, const char *path, work_done work)
{
    const pid_t child = fork();
    int status;

    if (child == 0) {
        points_left = point;
        sqlite3_auto_extension((void (*)(void))on_opened);
        do_work(path, work);
        _exit(0);
    }
    cr_assert(waitpid(child, &status, 0) == child);
    cr_assert(WIFSIGNALED(status) || WEXITSTATUS(status) == 0, "point %d: %d", point, status);
    return WIFSIGNALED(status);
}

/* ---- the ledger before the work, and a copy for each point ---- */

static const char *const files[] = {"ledger.db", "audit.key", "audit.checkpoints"};

static void copy_file(const char *from, const char *to)
{
    struct gw_text bytes = GW_TEXT_INIT(64u << 20);

    cr_assert(gw_text_read_file(&bytes, from, NULL) == GW_OK, "%s", from);
    cr_assert(gw_text_write_file(to, 0600, bytes.at, bytes.length, NULL) == GW_OK, "%s", to);
    gw_text_release(&bytes);
}

/* Files of the trail's folder aside (".0"), and back; what a kill left of a log goes. */
static void copy_files(struct trail *t, bool back)
{
    char here[700], aside[700];

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(here, sizeof here, "%s/%s", t->book->scratch.folder, files[i]);
        snprintf(aside, sizeof aside, "%s/%s.0", t->book->scratch.folder, files[i]);
        copy_file(back ? aside : here, back ? here : aside);
    }
    snprintf(here, sizeof here, "%s-wal", t->book->path);
    unlink(here);
    snprintf(here, sizeof here, "%s-shm", t->book->path);
    unlink(here);
}

/* Delivered and decided about, with two results; closed. */
static struct trail prepared(void)
{
    struct trail t = trail_new();
    struct gw_decision decision = trail_decision();
    const int64_t subject = book_enrol(t.book, "ES-017");

    for (int i = 0; i < 2; i++)
        book_add(t.book, subject, "Observation", i ? "o-1" : "o-2", "1", "1.2");
    book_keep(t.book);
    trail_settle(t.book, subject, "1.2");
    BOOK_OK(t.book, gw_outbox_delivered(t.book->ledger, subject, 1, "r-1", &t.book->err));
    BOOK_OK(t.book, gw_ledger_decide(t.book->ledger, &decision, &t.book->err));
    gw_ledger_close(t.book->ledger);
    t.book->ledger = NULL;
    return t;
}

static int64_t ask(struct trail *t, const char *query)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;

    cr_assert(sqlite3_open(t->book->path, &db) == SQLITE_OK);
    cr_assert(sqlite3_prepare_v2(db, query, -1, &statement, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
    cr_assert(sqlite3_step(statement) == SQLITE_ROW);
    const int64_t answer = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return answer;
}

static void expect_sound(struct trail *t, int point, const char *when, bool ended)
{
    const struct gw_audit_verdict verdict = trail_verify(t);

    cr_assert(verdict.first_bad == 0, "point %d, %s: row %lld: %s", point, when, (long long)verdict.first_bad,
              verdict.what);
    cr_assert(verdict.differences == 0, "point %d, %s: %s", point, when, verdict.named[0]);
    cr_assert(!ended || verdict.covered == verdict.rows, "point %d, %s: not all is signed", point, when);
}

/* told, done: questions whose answers are the same number, whatever was killed; told NULL: none. once: what done
 * answers of a work that came to its end. Gives how many points there were. */
static int kill_at_each_point(struct trail *t, work_done work, const char *told, const char *done, int64_t once)
{
    int point = 1;

    copy_files(t, false);
    for (bool killed = true; killed; point++) {
        copy_files(t, true);
        killed = is_killed_at(point, t->book->path, work);
        book_open(t->book);
        book_balanced(t->book, 2);
        gw_ledger_close(t->book->ledger);
        t->book->ledger = NULL;
        expect_sound(t, point, "after the kill", false);
        cr_assert(!told || ask(t, told) == ask(t, done), "point %d: the trail tells of %lld, and %lld are there", point,
                  (long long)ask(t, told), (long long)ask(t, done));
        cr_assert(killed || ask(t, done) == once, "it comes to its end");
        cr_assert(point < 2000);
        do_work(t->book->path, work);
        expect_sound(t, point, "after the same work again", true);
    }
    book_open(t->book);
    return point - 2;
}

#define ACTS(name) "SELECT count(*) FROM audit WHERE text LIKE '%\"act\":\"" name "\"%'"

/* ---- the works ---- */

static void decide(struct gw_ledger *ledger)
{
    struct gw_decision decision = trail_decision();

    must(gw_ledger_decide(ledger, &decision, NULL));
}

Test(kill_points, K16_during_a_decision_leave_it_whole_or_not_at_all)
{
    struct trail t = prepared();
    const int points = kill_at_each_point(&t, decide, ACTS("decision"), "SELECT count(*) FROM decisions", 2);

    cr_expect(points > 10, "%d", points);
    book_free(t.book);
}

static void append(struct gw_ledger *ledger)
{
    must(gw_ledger_begin(ledger, NULL));
    for (int i = 0; i < 3; i++)
        must(gw_audit_change(
            ledger, i == 1 ? "a" : "b",
            &(struct gw_audit_act){.act = GW_AUDIT_PACKAGE, .what = "a package", .new_hash = i == 1 ? "01" : "02"},
            NULL));
    must(gw_ledger_commit(ledger, NULL));
}

/* Two things that changed, each with its row: both or none, and never a row twice. */
Test(kill_points, K17_during_an_append_leave_the_trail_with_its_acts)
{
    struct trail t = prepared();
    const int points =
        kill_at_each_point(&t, append, ACTS("package"), "SELECT count(*) FROM notes WHERE space = 'audit'", 2);

    cr_expect(points > 10, "%d", points);
    book_free(t.book);
}

static void sign(struct gw_ledger *ledger)
{
    struct gw_audit_point point;

    must(gw_audit_checkpoint(ledger, &point, NULL));
}

/* The ledger has the checkpoint before the file does: between the two lies one of the points. */
Test(kill_points, K18_during_the_signing_of_a_checkpoint_raise_no_alarm)
{
    struct trail t = prepared();
    const int points = kill_at_each_point(&t, sign, NULL, "SELECT count(*) FROM audit_points", 2);

    cr_expect(points > 10, "%d", points);
    book_free(t.book);
}

/* Without what all migrations brought: as the first release laid it. */
static void make_old(struct trail *t)
{
    static const char without[] =
        "ALTER TABLE subjects DROP COLUMN purged; DROP TABLE tombstones; DROP TABLE purged;"
        "ALTER TABLE outbox DROP COLUMN at; DROP TABLE refusals; DROP TABLE audit; DROP TABLE audit_points;"
        "ALTER TABLE revisions DROP COLUMN about; DROP TABLE owners; DROP TABLE notes; DROP TABLE decisions;"
        "ALTER TABLE items DROP COLUMN resolution; UPDATE meta SET value = 1 WHERE name = 'schema'";
    sqlite3 *db;

    cr_assert(sqlite3_open(t->book->path, &db) == SQLITE_OK);
    cr_assert(sqlite3_exec(db, without, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
    sqlite3_close(db);
    unlink(t->shipped);
    copy_file("/dev/null", t->shipped);
}

static void nothing(struct gw_ledger *ledger)
{
    (void)ledger;
}

Test(kill_points, K19_during_a_migration_lose_nothing_and_begin_the_trail_once)
{
    struct trail t = prepared();
    struct gw_rows rows;
    int64_t revision;

    make_old(&t);
    const int points = kill_at_each_point(&t, nothing, ACTS("adoption"),
                                          "SELECT value = 8 FROM meta WHERE name = "
                                          "'schema'",
                                          1);
    cr_expect(points > 40, "%d", points);
    BOOK_OK(t.book, gw_ledger_rows(t.book->ledger, &t.book->arena, 1, GW_LATEST, &rows, &revision, &t.book->err));
    cr_expect(revision == 1 && rows.tables[GW_TABLE_observations].count == 1, "what was delivered is there");
    cr_expect(book_facts(t.book, 1).count == 2);
    book_free(t.book);
}

static void purge(struct gw_ledger *ledger)
{
    bool more = true;

    must(gw_ledger_purge_begin(ledger, 1, "the study closed", NULL));
    while (more)
        must(gw_ledger_purge_piece(ledger, &(struct gw_purge_notes){NULL, 0, NULL}, &more, NULL));
    must(gw_ledger_sweep(ledger, NULL));
}

Test(kill_points, K20_during_retention_are_gone_on_from)
{
    struct trail t = prepared();
    const int points =
        kill_at_each_point(&t, purge, ACTS("purge"), "SELECT count(*) FROM tombstones WHERE ended IS NOT NULL", 1);

    cr_expect(points > 40, "%d", points);
    cr_expect(ask(&t, "SELECT count(*) FROM entries") == 0 && ask(&t, "SELECT count(*) FROM pages") == 0);
    book_free(t.book);
}
