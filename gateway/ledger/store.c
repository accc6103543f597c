/*
 * The ledger's file: opening it for this process alone, its statements, and the step that takes effect whole or not at
 * all.
 *
 * Disk failures stop the ledger for good: after a failed fsync the kernel may have dropped the pages, and a later
 * success would be a lie (SQLite reports success again after one failed fdatasync).
 */
#include "ledger/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "ledger/schema.h"

static const char where[] = "ledger.store";

enum { CALL_ARENA_LIMIT = 256 * 1024 * 1024, FILE_MODE = 0600, CHECKPOINT_PAGES = 1000 };

static const struct {
    const char *types;
    const char *sql;
} sentences[STATEMENT_COUNT] = {
#define STATEMENT(name, types, sql) {types, sql},
#include "ledger/statements.def"
#undef STATEMENT
};

enum gw_status ledger_no_memory(struct gw_error *err, const char *what)
{
    return gw_fail(err, GW_ENOMEM, where, "no memory for %s; give the process more or make pages smaller", what);
}

enum gw_status ledger_failure(struct gw_ledger *ledger, struct gw_error *err)
{
    const int code = sqlite3_extended_errcode(ledger->db);

    switch (code & 0xff) {
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG:
        return ledger_no_memory(err, "a statement of the ledger");
    case SQLITE_BUSY:
        return gw_fail(err, GW_EBUSY, where, "another process keeps the ledger to itself; try again");
    case SQLITE_FULL:
        ledger->broken = true;
        return gw_fail(err, GW_EIO, where, "cannot write the ledger: the disk is full; make room and start again");
    default: /* errmsg may quote a value of a broken constraint's row, errstr names the kind of failure only */
        ledger->broken = true;
        return gw_fail(err, GW_EIO, where,
                       "the ledger's disk or file failed: %s (SQLite %d); check the disk and start again",
                       sqlite3_errstr(code), code);
    }
}

static enum gw_status refuse_broken(struct gw_error *err)
{
    return gw_fail(err, GW_EIO, where, "the ledger's disk failed before; stop and start again");
}

/* ---- statements ---- */

static void bind_all(sqlite3_stmt *statement, const char *types, va_list values)
{
    for (int i = 1; *types; i++, types++) {
        if (*types == 'i') {
            sqlite3_bind_int64(statement, i, va_arg(values, int64_t));
        } else if (*types == 't') {
            sqlite3_bind_text(statement, i, va_arg(values, const char *), -1, SQLITE_STATIC);
        } else {
            const void *at = va_arg(values, const void *);
            sqlite3_bind_blob64(statement, i, at, va_arg(values, size_t), SQLITE_STATIC);
        }
    }
}

sqlite3_stmt *ledger_bind(struct gw_ledger *ledger, enum statement_id id, ...)
{
    sqlite3_stmt **statement = &ledger->statements[id];
    va_list values;

    if (!*statement)
        sqlite3_prepare_v3(ledger->db, sentences[id].sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
    if (!*statement)
        return NULL;
    sqlite3_reset(*statement); /* a reader may have left early */
    va_start(values, id);
    bind_all(*statement, sentences[id].types, values);
    va_end(values);
    return *statement;
}

enum gw_status ledger_step(struct gw_ledger *ledger, sqlite3_stmt *statement, bool *row, struct gw_error *err)
{
    *row = false;
    if (ledger->broken)
        return refuse_broken(err);
    const int answer = statement ? sqlite3_step(statement) : SQLITE_ERROR;
    if (answer == SQLITE_ROW) {
        *row = true;
        return GW_OK;
    }
    enum gw_status rc = answer == SQLITE_DONE ? GW_OK : ledger_failure(ledger, err);
    sqlite3_reset(statement);
    return rc;
}

enum gw_status ledger_run(struct gw_ledger *ledger, sqlite3_stmt *statement, struct gw_error *err)
{
    bool row;
    enum gw_status rc = ledger_step(ledger, statement, &row, err);

    assert(rc != GW_OK || !row);
    return rc;
}

enum gw_status ledger_number(struct gw_ledger *ledger, sqlite3_stmt *statement, int64_t otherwise, int64_t *out,
                             struct gw_error *err)
{
    bool row;
    enum gw_status rc = ledger_step(ledger, statement, &row, err);

    if (rc != GW_OK)
        return rc;
    *out = row && sqlite3_column_type(statement, 0) != SQLITE_NULL ? sqlite3_column_int64(statement, 0) : otherwise;
    sqlite3_reset(statement);
    return GW_OK;
}

char *ledger_text(struct gw_arena *arena, sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);

    return text ? gw_arena_copy(arena, text, (size_t)sqlite3_column_bytes(row, column)) : NULL;
}

/* ---- transactions and steps ---- */

enum gw_status gw_ledger_begin(struct gw_ledger *ledger, struct gw_error *err)
{
    assert(!ledger->in_transaction);
    enum gw_status rc = ledger_run(ledger, ledger_bind(ledger, STATEMENT_BEGIN), err);
    ledger->in_transaction = rc == GW_OK;
    return rc;
}

enum gw_status gw_ledger_commit(struct gw_ledger *ledger, struct gw_error *err)
{
    assert(ledger->in_transaction);
    enum gw_status rc = ledger_run(ledger, ledger_bind(ledger, STATEMENT_COMMIT), err);
    if (rc == GW_OK)
        ledger->in_transaction = false;
    else
        gw_ledger_rollback(ledger);
    if (rc == GW_OK)
        audit_committed(ledger);
    return rc;
}

void gw_ledger_rollback(struct gw_ledger *ledger)
{
    memset(ledger->names, 0, sizeof ledger->names);
    ledger->decisions_read = false;
    if (!ledger->in_transaction)
        return;
    ledger->in_transaction = false;
    if (ledger->built) {
        ledger->broken = true;
        return;
    }
    if (!sqlite3_get_autocommit(ledger->db)) /* some failures have rolled back by themselves */
        sqlite3_step(ledger_bind(ledger, STATEMENT_ROLLBACK));
    sqlite3_reset(ledger->statements[STATEMENT_ROLLBACK]);
}

enum gw_status step_begin(struct gw_ledger *ledger, struct step *step, struct gw_error *err)
{
    gw_arena_clear(&ledger->arena);
    step->own = !ledger->in_transaction;
    if (step->own)
        return gw_ledger_begin(ledger, err);
    if (ledger->built)
        return GW_OK;
    return ledger_run(ledger, ledger_bind(ledger, STATEMENT_STEP), err);
}

/* Back to where the step began; the transaction around it lives on, unless the disk failed. */
static void step_undo(struct gw_ledger *ledger)
{
    memset(ledger->names, 0, sizeof ledger->names);
    ledger->decisions_read = false;
    ledger->broken |= ledger->built;
    if (ledger->broken)
        return;
    sqlite3_step(ledger_bind(ledger, STATEMENT_STEP_UNDO));
    sqlite3_reset(ledger->statements[STATEMENT_STEP_UNDO]);
    sqlite3_step(ledger_bind(ledger, STATEMENT_STEP_DONE));
    sqlite3_reset(ledger->statements[STATEMENT_STEP_DONE]);
}

enum gw_status step_end(struct gw_ledger *ledger, const struct step *step, enum gw_status rc, struct gw_error *err)
{
    if (rc == GW_OK && step->own)
        return gw_ledger_commit(ledger, err);
    if (rc == GW_OK)
        return ledger->built ? GW_OK : ledger_run(ledger, ledger_bind(ledger, STATEMENT_STEP_DONE), err);
    if (step->own)
        gw_ledger_rollback(ledger);
    else
        step_undo(ledger);
    return rc;
}

/* ---- opening ---- */

/* SQLite would make the file by the umask; patient data want an owner. Its side files take the mode of the file. */
static enum gw_status make_file(struct gw_ledger *ledger, const char *path, struct gw_error *err)
{
    ledger->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
    if (ledger->fd < 0)
        return gw_fail(err, GW_ECREATE, where, "%s: cannot be opened or created: %s", path, strerror(errno));
    return GW_OK;
}

/* Kept until the ledger is closed: to close any descriptor of the file earlier would drop SQLite's locks on it. */
static enum gw_status hold_file(const struct gw_ledger *ledger, const char *path, struct gw_error *err)
{
    if (flock(ledger->fd, LOCK_EX | LOCK_NB) == 0)
        return GW_OK;
    if (errno == EWOULDBLOCK)
        return gw_fail(err, GW_EBUSY, where, "%s: another instance holds the ledger; stop it first", path);
    return gw_fail(err, GW_EIO, where, "%s: cannot be locked: %s", path, strerror(errno));
}

static enum gw_status opening_failed(struct gw_ledger *ledger, const char *path, struct gw_error *err)
{
    const int code = sqlite3_extended_errcode(ledger->db);

    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return gw_fail(err, GW_EBUSY, where, "%s: another instance holds the ledger; stop it first", path);
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
        return gw_fail(err, GW_ECREATE, where, "%s: cannot be written; check the folder and its owner", path);
    case SQLITE_NOTADB:
        return gw_fail(err, GW_ECONFIG, where, "%s: is no ledger; name another file or move it away", path);
    default:
        return ledger_failure(ledger, err);
    }
}

/* Others may read and note decisions beside the one instance: the lock of the instance is the file's own (flock). */
static const char settings[] = "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                               "PRAGMA cache_size = -16384; PRAGMA foreign_keys = OFF; PRAGMA trusted_schema = OFF;";

/* A file written once, in key order, takes large pages: fewer of them to split and to write. */
static const char build_settings[] =
    "PRAGMA page_size = 32768; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
    "PRAGMA cache_size = -8192; PRAGMA foreign_keys = OFF; PRAGMA trusted_schema = OFF;"
    "BEGIN EXCLUSIVE; COMMIT;";

static enum gw_status schema_of(struct gw_ledger *ledger, int64_t *tables, int64_t *schema, struct gw_error *err)
{
    sqlite3_stmt *statement = NULL;
    enum gw_status rc;

    sqlite3_prepare_v2(ledger->db, "SELECT count(*) FROM sqlite_schema", -1, &statement, NULL);
    rc = ledger_number(ledger, statement, 0, tables, err);
    sqlite3_finalize(statement);
    if (rc != GW_OK || *tables == 0)
        return rc;
    statement = NULL;
    *schema = 0;
    if (sqlite3_prepare_v2(ledger->db, "SELECT value FROM meta WHERE name = 'schema'", -1, &statement, NULL) ==
        SQLITE_OK)
        rc = ledger_number(ledger, statement, 0, schema, err);
    sqlite3_finalize(statement);
    return rc;
}

static enum gw_status lay_tables(struct gw_ledger *ledger, struct gw_error *err)
{
    char *sql = sqlite3_mprintf("BEGIN IMMEDIATE;%s INSERT INTO meta VALUES ('schema', %d); COMMIT;", ledger_schema,
                                LEDGER_SCHEMA);
    if (!sql)
        return ledger_no_memory(err, "the tables");
    const int answer = sqlite3_exec(ledger->db, sql, NULL, NULL, NULL);
    sqlite3_free(sql);
    return answer == SQLITE_OK ? GW_OK : ledger_failure(ledger, err);
}

/* Each in a transaction of its own, so that a crash leaves one schema or the other. */
static enum gw_status migrate(struct gw_ledger *ledger, int64_t schema, struct gw_error *err)
{
    for (; schema < LEDGER_SCHEMA; schema++) {
        char *sql = sqlite3_mprintf("BEGIN IMMEDIATE;%s UPDATE meta SET value = %lld WHERE name = 'schema'; COMMIT;",
                                    ledger_migrations[schema - 1], (long long)schema + 1);
        if (!sql)
            return ledger_no_memory(err, "the tables");
        const int answer = sqlite3_exec(ledger->db, sql, NULL, NULL, NULL);
        sqlite3_free(sql);
        if (answer != SQLITE_OK)
            return ledger_failure(ledger, err);
    }
    return GW_OK;
}

static enum gw_status check_schema(struct gw_ledger *ledger, const char *path, struct gw_error *err)
{
    int64_t tables = 0, schema = 0;
    enum gw_status rc = schema_of(ledger, &tables, &schema, err);

    if (rc != GW_OK)
        return rc;
    if (tables == 0)
        return lay_tables(ledger, err);
    if (schema < 1)
        return gw_fail(err, GW_ECONFIG, where, "%s: is no ledger; name another file or move it away", path);
    if (schema > LEDGER_SCHEMA)
        return gw_fail(err, GW_ECONFIG, where,
                       "%s: written by a newer release (schema %lld, this one knows %d); install that release", path,
                       (long long)schema, LEDGER_SCHEMA);
    return migrate(ledger, schema, err);
}

/*
 * Copying the log back into the file. SQLite's own would swallow a failed fsync and try again later, and the second try
 * may succeed without the pages the kernel dropped. Here the commit stands (the log has it) and the ledger stops.
 */
static int on_commit(void *ctx, sqlite3 *db, const char *name, int pages)
{
    struct gw_ledger *ledger = ctx;

    int code = SQLITE_OK;

    if (pages >= CHECKPOINT_PAGES)
        code = sqlite3_wal_checkpoint_v2(db, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    ledger->broken |= code != SQLITE_OK && code != SQLITE_BUSY; /* busy: another process does it */
    return SQLITE_OK;
}

static enum gw_status open_file(struct gw_ledger *ledger, const char *path, bool alone, struct gw_error *err)
{
    enum gw_status rc = make_file(ledger, path, err);

    if (rc == GW_OK && alone)
        rc = hold_file(ledger, path, err);
    if (rc != GW_OK)
        return rc;
    if (sqlite3_open_v2(path, &ledger->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK ||
        sqlite3_busy_timeout(ledger->db, GW_LEDGER_PATIENCE_MS) != SQLITE_OK ||
        sqlite3_exec(ledger->db, ledger->built ? build_settings : settings, NULL, NULL, NULL) != SQLITE_OK)
        return ledger->db ? opening_failed(ledger, path, err) : ledger_no_memory(err, "the ledger");
    sqlite3_wal_hook(ledger->db, on_commit, ledger);
    rc = check_schema(ledger, path, err);
    if (rc != GW_OK)
        return rc;
    return ledger_number(ledger, ledger_bind(ledger, STATEMENT_LAST_PAGE), 0, &ledger->last_page, err);
}

/*
 * SQLite counts its memory under a lock at each allocation unless it is told not to before it starts. A later call, or
 * one of a program that has used SQLite already, changes nothing.
 */
static void count_no_memory(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static enum gw_status open_ledger(const char *path, bool built, bool alone, struct gw_ledger **out,
                                  struct gw_error *err)
{
    count_no_memory();
    struct gw_ledger *ledger = calloc(1, sizeof *ledger);
    enum gw_status rc = GW_OK;

    if (!ledger)
        return ledger_no_memory(err, "the ledger");
    ledger->built = built;
    ledger->fd = -1;
    ledger->arena.limit = CALL_ARENA_LIMIT;
    ledger->kept.limit = CALL_ARENA_LIMIT;
    ledger->compressor = ZSTD_createCCtx();
    ledger->decompressor = ZSTD_createDCtx();
    if (!ledger->compressor || !ledger->decompressor)
        rc = ledger_no_memory(err, "the ledger");
    else
        rc = open_file(ledger, path, alone, err);
    if (rc == GW_OK)
        rc = audit_open(ledger, path, err);
    if (rc == GW_OK && !built)
        rc = audit_adopt(ledger, err);
    if (rc == GW_OK)
        *out = ledger;
    else
        gw_ledger_close(ledger);
    return rc;
}

enum gw_status gw_ledger_open(const char *path, struct gw_ledger **out, struct gw_error *err)
{
    return open_ledger(path, false, true, out, err);
}

enum gw_status gw_ledger_join(const char *path, struct gw_ledger **out, struct gw_error *err)
{
    return open_ledger(path, false, false, out, err);
}

enum gw_status gw_ledger_build(const char *path, struct gw_ledger **out, struct gw_error *err)
{
    return open_ledger(path, true, true, out, err);
}

void gw_ledger_set_patience(struct gw_ledger *ledger, unsigned ms)
{
    sqlite3_busy_timeout(ledger->db, (int)ms);
}

void gw_ledger_close(struct gw_ledger *ledger)
{
    if (!ledger)
        return;
    audit_close(ledger);
    for (size_t i = 0; i < STATEMENT_COUNT; i++)
        sqlite3_finalize(ledger->statements[i]);
    sqlite3_close(ledger->db);
    if (ledger->fd >= 0)
        close(ledger->fd);
    ZSTD_freeCCtx(ledger->compressor);
    ZSTD_freeDCtx(ledger->decompressor);
    gw_arena_release(&ledger->arena);
    gw_arena_release(&ledger->kept);
    free(ledger->plain.at);
    free(ledger->packed.at);
    free(ledger->touched.list);
    free(ledger->order.list);
    free(ledger);
}

/* ---- memory used again ---- */

bool bytes_reserve(struct bytes *bytes, size_t capacity)
{
    if (capacity <= bytes->capacity)
        return true;
    if (capacity < 2 * bytes->capacity)
        capacity = 2 * bytes->capacity;
    char *at = realloc(bytes->at, capacity);
    if (!at)
        return false;
    bytes->at = at;
    bytes->capacity = capacity;
    return true;
}

bool numbers_add(struct numbers *numbers, int64_t number)
{
    if (numbers->count == numbers->capacity) {
        const size_t capacity = numbers->capacity ? 2 * numbers->capacity : 256;
        int64_t *list = realloc(numbers->list, capacity * sizeof *list);
        if (!list)
            return false;
        numbers->list = list;
        numbers->capacity = capacity;
    }
    numbers->list[numbers->count++] = number;
    return true;
}
