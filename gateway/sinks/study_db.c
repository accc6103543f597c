/*
 * The embedded study database as a sink.
 *
 *      receipts (study, subject_key) -> revision: where each subject stands. A batch moves it from one revision to the
 * next in the transaction that changes the rows, so that rows and receipt are never apart.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/sinks/sink.h"
#include "sinks/database.h"

static const char where[] = "sinks.study_db";

enum { SQL_MAX_BYTES = 64 * 1024, FILE_MODE = 0600, CHECKPOINT_PAGES = 1000 };

enum sentence { FIND_RECEIPT, SET_RECEIPT, BEGIN, COMMIT, ROLLBACK, STEP, STEP_DONE, STEP_UNDO, SENTENCE_COUNT };

static const char *const sentences[SENTENCE_COUNT] = {
    [FIND_RECEIPT] = "SELECT revision FROM receipts WHERE study = ?1 AND subject_key = ?2",
    [SET_RECEIPT] =
        "INSERT OR REPLACE INTO receipts (study, subject_key, revision, applied_at) VALUES (?1, ?2, ?3, ?4)",
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [STEP] = "SAVEPOINT step",
    [STEP_DONE] = "RELEASE step",
    [STEP_UNDO] = "ROLLBACK TO step",
};

struct study_db {
    struct gw_sink sink; /* first: the sink is the database */
    struct database database;
    bool in_transaction;
    bool built; /* no journal: what fails cannot be taken back, and breaks it */
    char *study;
    sqlite3_stmt *sentences[SENTENCE_COUNT];
    sqlite3_stmt *inserts[GW_TABLE_COUNT];
};

static enum gw_status say(struct study_db *s, enum sentence sentence, struct gw_error *err)
{
    bool row;

    return database_step(&s->database, s->sentences[sentence], &row, err);
}

/* ---- transactions ---- */

static enum gw_status begin(struct gw_sink *sink, struct gw_error *err)
{
    struct study_db *s = (struct study_db *)sink;

    assert(!s->in_transaction);
    const enum gw_status rc = say(s, BEGIN, err);
    s->in_transaction = rc == GW_OK;
    return rc;
}

static void roll_back(struct study_db *s)
{
    s->in_transaction = false;
    s->database.broken |= s->built;
    if (!s->built && !sqlite3_get_autocommit(s->database.db)) { /* some failures have rolled back by themselves */
        sqlite3_step(s->sentences[ROLLBACK]);
        sqlite3_reset(s->sentences[ROLLBACK]);
    }
}

static enum gw_status commit(struct gw_sink *sink, struct gw_error *err)
{
    struct study_db *s = (struct study_db *)sink;
    enum gw_status rc;

    assert(s->in_transaction);
    rc = say(s, COMMIT, err);
    if (rc == GW_OK)
        s->in_transaction = false;
    else
        roll_back(s);
    return rc;
}

/* ---- batches ---- */

static enum gw_status revision_of(struct gw_sink *sink, const char *subject_key, int64_t *revision,
                                  struct gw_error *err)
{
    struct study_db *s = (struct study_db *)sink;
    sqlite3_stmt *find = s->sentences[FIND_RECEIPT];
    bool row;

    sqlite3_bind_text(find, 1, s->study, -1, SQLITE_STATIC);
    sqlite3_bind_text(find, 2, subject_key, -1, SQLITE_STATIC);
    const enum gw_status rc = database_step(&s->database, find, &row, err);
    if (rc != GW_OK)
        return rc;
    *revision = row ? sqlite3_column_int64(find, 0) : 0;
    sqlite3_reset(find);
    return GW_OK;
}

/* Add, change and withdraw are one sentence: a withdrawn row is replaced by its tombstone, which may come back to life.
 */
static enum gw_status apply_changes(struct study_db *s, const struct gw_difference *difference, struct gw_error *err)
{
    for (size_t i = 0; i < difference->count; i++) {
        const struct gw_change *change = &difference->changes[i];
        sqlite3_stmt *insert = s->inserts[change->table];
        bool row;

        row_bind(gw_table_of(change->table), change->row, insert);
        const enum gw_status rc = database_step(&s->database, insert, &row, err);
        if (rc != GW_OK)
            return rc;
    }
    return GW_OK;
}

static enum gw_status write_receipt(struct study_db *s, const struct gw_batch *batch, struct gw_error *err)
{
    sqlite3_stmt *set = s->sentences[SET_RECEIPT];

    sqlite3_bind_text(set, 1, s->study, -1, SQLITE_STATIC);
    sqlite3_bind_text(set, 2, batch->subject_key, -1, SQLITE_STATIC);
    sqlite3_bind_int64(set, 3, batch->to_revision);
    sqlite3_bind_text(set, 4, batch->applied_at, -1, SQLITE_STATIC);
    return say(s, SET_RECEIPT, err);
}

static enum gw_status apply_here(struct study_db *s, const struct gw_batch *batch, struct gw_receipt *receipt,
                                 struct gw_error *err)
{
    enum gw_status rc = revision_of(&s->sink, batch->subject_key, &receipt->revision, err);

    if (rc != GW_OK || receipt->revision != batch->from_revision)
        return rc;
    rc = apply_changes(s, batch->difference, err);
    if (rc == GW_OK)
        rc = write_receipt(s, batch, err);
    if (rc == GW_OK)
        *receipt = (struct gw_receipt){.applied = true, .revision = batch->to_revision};
    return rc;
}

static enum gw_status begin_step(struct study_db *s, struct gw_error *err)
{
    return s->built ? GW_OK : say(s, STEP, err);
}

static enum gw_status end_step(struct study_db *s, struct gw_error *err)
{
    return s->built ? GW_OK : say(s, STEP_DONE, err);
}

static enum gw_status undo_step(struct study_db *s, enum gw_status rc)
{
    s->database.broken |= s->built;
    if (s->database.broken)
        return rc;
    say(s, STEP_UNDO, NULL);
    say(s, STEP_DONE, NULL);
    return rc;
}

static enum gw_status apply(struct gw_sink *sink, const struct gw_batch *batch, struct gw_receipt *out,
                            struct gw_error *err)
{
    struct study_db *s = (struct study_db *)sink;
    struct gw_receipt receipt = {.applied = false};
    const bool own = !s->in_transaction;
    enum gw_status rc;

    if (strcmp(batch->study, s->study) != 0)
        return gw_fail(err, GW_ECONFIG, where, "a batch of study %s came to the database of study %s; check the sinks",
                       batch->study, s->study);
    rc = own ? begin(sink, err) : begin_step(s, err);
    if (rc != GW_OK)
        return rc;
    rc = apply_here(s, batch, &receipt, err);
    if (rc == GW_OK)
        rc = own ? commit(sink, err) : end_step(s, err);
    else if (own)
        roll_back(s);
    else
        rc = undo_step(s, rc);
    if (rc == GW_OK)
        *out = receipt;
    return rc;
}

static void close_sink(struct gw_sink *sink)
{
    struct study_db *s = (struct study_db *)sink;

    for (int i = 0; i < SENTENCE_COUNT; i++)
        sqlite3_finalize(s->sentences[i]);
    for (int i = 0; i < GW_TABLE_COUNT; i++)
        sqlite3_finalize(s->inserts[i]);
    database_close(&s->database);
    free(s->study);
    free(s);
}

/* ---- opening ---- */

static const char settings[] = "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                               "PRAGMA cache_size = -16384; PRAGMA trusted_schema = OFF; PRAGMA busy_timeout = 2000;"
                               "BEGIN IMMEDIATE; COMMIT;";

static const char build_settings[] = "PRAGMA page_size = 32768; PRAGMA locking_mode = EXCLUSIVE;"
                                     "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
                                     "PRAGMA cache_size = -8192; PRAGMA trusted_schema = OFF;"
                                     "BEGIN EXCLUSIVE; COMMIT;";

static enum gw_status lay_tables(struct study_db *s, struct gw_error *err)
{
    struct gw_text sql = GW_TEXT_INIT(SQL_MAX_BYTES);
    enum gw_status rc;

    gw_text_add(&sql, "BEGIN IMMEDIATE; CREATE TABLE target (study TEXT PRIMARY KEY) WITHOUT ROWID;"
                      "CREATE TABLE receipts (study TEXT, subject_key TEXT, revision INTEGER NOT NULL, applied_at TEXT,"
                      " PRIMARY KEY (study, subject_key)) WITHOUT ROWID;");
    for (int i = 0; i < GW_TABLE_COUNT; i++)
        table_print_create(gw_table_of((enum gw_table_id)i), &sql);
    char *last = sqlite3_mprintf("INSERT INTO target VALUES (%Q); COMMIT;", s->study);
    gw_text_add(&sql, last);
    rc = sql.failed || !last ? database_no_memory(err) : database_exec(&s->database, sql.at, err);
    sqlite3_free(last);
    gw_text_release(&sql);
    return rc;
}

static enum gw_status number_of(struct study_db *s, const char *sql, const char *text, int64_t *out,
                                struct gw_error *err)
{
    sqlite3_stmt *statement = NULL;
    bool row;

    *out = 0;
    if (sqlite3_prepare_v2(s->database.db, sql, -1, &statement, NULL) != SQLITE_OK)
        return (sqlite3_errcode(s->database.db) & 0xff) == SQLITE_ERROR ? GW_OK : database_failure(&s->database, err);
    if (text)
        sqlite3_bind_text(statement, 1, text, -1, SQLITE_STATIC);
    const enum gw_status rc = database_step(&s->database, statement, &row, err);
    if (rc == GW_OK && row)
        *out = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return rc;
}

/* Every table as this release knows it: a prepared sentence for each, or the file was laid by another release. */
static enum gw_status prepare_inserts(struct study_db *s, const char *path, struct gw_error *err)
{
    struct gw_text sql = GW_TEXT_INIT(SQL_MAX_BYTES);
    enum gw_status rc = GW_OK;

    for (int i = 0; rc == GW_OK && i < GW_TABLE_COUNT; i++) {
        gw_text_clear(&sql);
        table_print_insert(gw_table_of((enum gw_table_id)i), &sql);
        if (sql.failed)
            rc = database_no_memory(err);
        else if (sqlite3_prepare_v3(s->database.db, sql.at, -1, SQLITE_PREPARE_PERSISTENT, &s->inserts[i], NULL) !=
                 SQLITE_OK)
            rc = (sqlite3_errcode(s->database.db) & 0xff) == SQLITE_ERROR
                     ? gw_fail(err, GW_ECONFIG, where,
                               "%s: its tables are those of another release; use that one or deliver to a new file",
                               path)
                     : database_failure(&s->database, err);
    }
    gw_text_release(&sql);
    return rc;
}

static enum gw_status check_target(struct study_db *s, const char *path, struct gw_error *err)
{
    int64_t tables = 0, ours = 0, any = 0;
    enum gw_status rc = number_of(s, "SELECT count(*) FROM sqlite_schema", NULL, &tables, err);

    if (rc == GW_OK && tables == 0)
        return lay_tables(s, err);
    if (rc == GW_OK)
        rc = number_of(s, "SELECT count(*) FROM target", NULL, &any, err);
    if (rc == GW_OK)
        rc = number_of(s, "SELECT count(*) FROM target WHERE study = ?1", s->study, &ours, err);
    if (rc != GW_OK || ours == 1)
        return rc;
    if (any == 0)
        return gw_fail(err, GW_ECONFIG, where, "%s: is no study database; name another file or move it away", path);
    return gw_fail(err, GW_ECONFIG, where, "%s: holds another study's data, not those of %s; name another file", path,
                   s->study);
}

/*
 * Copying the log back into the file, by ourselves: SQLite's own would swallow a failed fsync and try again. A reader
 * in the way is no failure: the next commit tries again.
 */
static int on_commit(void *ctx, sqlite3 *db, const char *name, int pages)
{
    struct database *database = ctx;

    if (pages < CHECKPOINT_PAGES)
        return SQLITE_OK;
    const int code = sqlite3_wal_checkpoint_v2(db, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY && (code & 0xff) != SQLITE_LOCKED)
        database->broken = true;
    return SQLITE_OK;
}

static enum gw_status open_file(struct study_db *s, const char *path, const char *pragmas, struct gw_error *err)
{
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
    enum gw_status rc;

    if (fd < 0)
        return gw_fail(err, GW_ECREATE, where, "%s: cannot be opened or created: %s", path, strerror(errno));
    close(fd);
    if (sqlite3_open_v2(path, &s->database.db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return s->database.db ? database_failure(&s->database, err) : database_no_memory(err);
    rc = database_exec(&s->database, pragmas, err);
    sqlite3_wal_hook(s->database.db, on_commit, &s->database);
    if (rc == GW_OK)
        rc = check_target(s, path, err);
    if (rc == GW_OK)
        rc = prepare_inserts(s, path, err);
    for (int i = 0; rc == GW_OK && i < SENTENCE_COUNT; i++)
        rc = database_prepare(&s->database, sentences[i], &s->sentences[i], err);
    return rc;
}

static enum gw_status open_sink(const char *path, const char *study, bool built, struct gw_sink **out,
                                struct gw_error *err)
{
    struct study_db *s = calloc(1, sizeof *s);
    enum gw_status rc;

    if (!s)
        return database_no_memory(err);
    s->sink = (struct gw_sink){revision_of, begin, commit, apply, close_sink};
    s->built = built;
    s->study = strdup(study);
    rc = s->study ? open_file(s, path, built ? build_settings : settings, err) : database_no_memory(err);
    if (rc == GW_OK)
        *out = &s->sink;
    else
        close_sink(&s->sink);
    return rc;
}

enum gw_status gw_sink_sqlite_open(const char *path, const char *study, struct gw_sink **out, struct gw_error *err)
{
    return open_sink(path, study, false, out, err);
}

enum gw_status gw_sink_sqlite_build(const char *path, const char *study, struct gw_sink **out, struct gw_error *err)
{
    return open_sink(path, study, true, out, err);
}
