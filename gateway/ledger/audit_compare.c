/*
 * The ledger against its trail: every decision, revision and receipt was told when it came, and what was told is there.
 *
 *      rows of the trail ──> told (a scratch database) ──┬── decisions: the digest of each line
 *                                                        ├── revisions: the digest of the rows, unpacked
 *                                                        └── outbox: its receipt, and where the last row says it stands
 *
 * Told is kept in a temporary file of SQLite's own, so that a trail of any length needs no more memory than a short
 * one. Purges take neither decisions nor revisions nor receipts away.
 */
#include "ledger/audit_compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "gateway/core/text.h"
#include "ledger/store.h"

static const char where[] = "ledger.audit";

enum { KEY_MAX_BYTES = 1024, ROWS_MAX_BYTES = 1024 * 1024 * 1024 };

static const char scratch_tables[] =
    "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN;"
    "CREATE TABLE told (key TEXT NOT NULL, n INTEGER NOT NULL, what TEXT NOT NULL, seen INTEGER NOT NULL DEFAULT 0);"
    "CREATE INDEX told_key ON told (key, seen);"
    "CREATE TABLE stands (study TEXT, subject TEXT, revision INTEGER NOT NULL, PRIMARY KEY (study, subject))"
    " WITHOUT ROWID;";

struct audit_compare {
    sqlite3 *db; /* the ledger's, for reading */
    sqlite3 *scratch;
    ZSTD_DCtx *unpacker;
    int64_t untold; /* revisions from before there was a trail, as it says itself */
    struct gw_audit_verdict *verdict;
};

/* ---- findings ---- */

static void name(struct audit_compare *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void name(struct audit_compare *c, const char *format, ...)
{
    struct gw_audit_verdict *verdict = c->verdict;
    va_list values;

    if (verdict->differences++ >= GW_AUDIT_NAMED)
        return;
    va_start(values, format);
    vsnprintf(verdict->named[verdict->differences - 1], sizeof verdict->named[0], format, values);
    va_end(values);
}

static enum gw_status failed(sqlite3 *db, struct gw_error *err)
{
    return gw_fail(err, GW_EINPUT, where, "the ledger cannot be held against its audit trail: %s", sqlite3_errmsg(db));
}

static const char *text_of(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);

    return text ? text : "";
}

/* ---- what was told ---- */

struct audit_compare *audit_compare_new(sqlite3 *db, struct gw_audit_verdict *verdict)
{
    struct audit_compare *c = calloc(1, sizeof *c);

    if (!c)
        return NULL;
    c->db = db;
    c->verdict = verdict;
    c->unpacker = ZSTD_createDCtx();
    if (c->unpacker && sqlite3_open("", &c->scratch) == SQLITE_OK &&
        sqlite3_exec(c->scratch, scratch_tables, NULL, NULL, NULL) == SQLITE_OK)
        return c;
    audit_compare_free(c);
    return NULL;
}

void audit_compare_free(struct audit_compare *c)
{
    if (!c)
        return;
    sqlite3_close(c->scratch);
    ZSTD_freeDCtx(c->unpacker);
    free(c);
}

static bool put(struct audit_compare *c, const char *sql, const char *a, const char *b, int64_t n, const char *what)
{
    sqlite3_stmt *add = NULL;
    const bool fine =
        sqlite3_prepare_v2(c->scratch, sql, -1, &add, NULL) == SQLITE_OK &&
        sqlite3_bind_text(add, 1, a, -1, SQLITE_STATIC) == SQLITE_OK &&
        sqlite3_bind_text(add, 2, b, -1, SQLITE_STATIC) == SQLITE_OK && sqlite3_bind_int64(add, 3, n) == SQLITE_OK &&
        (!what || sqlite3_bind_text(add, 4, what, -1, SQLITE_STATIC) == SQLITE_OK) && sqlite3_step(add) == SQLITE_DONE;

    sqlite3_finalize(add);
    return fine;
}

static bool tell(struct audit_compare *c, const char *key, const struct gw_audit_row *row)
{
    return put(c, "INSERT INTO told (key, n, what) VALUES (?1, ?3, ?2)", key, row->what, row->n, NULL);
}

static bool stand(struct audit_compare *c, const struct gw_audit_row *row, int64_t revision)
{
    return put(c,
               "INSERT INTO stands (study, subject, revision) VALUES (?1, ?2, ?3) "
               "ON CONFLICT DO UPDATE SET revision = excluded.revision",
               row->study, row->subject, revision, NULL);
}

static const char *decision_key(const char *hash, char out[KEY_MAX_BYTES])
{
    snprintf(out, KEY_MAX_BYTES, "decision|%s", hash);
    return out;
}

static const char *subject_key(const char *kind, const char *study, const char *subject, const char *what,
                               char out[KEY_MAX_BYTES])
{
    snprintf(out, KEY_MAX_BYTES, "%s|%s|%s|%s", kind, study, subject, what);
    return out;
}

static bool tell_stand(struct audit_compare *c, const struct gw_audit_row *row, const char *receipt, int64_t revision)
{
    char key[KEY_MAX_BYTES];

    return tell(c, subject_key("receipt", row->study, row->subject, receipt, key), row) && stand(c, row, revision);
}

static bool is(const struct gw_audit_row *row, enum gw_audit_kind kind)
{
    return strcmp(row->act, gw_audit_name(kind)) == 0;
}

static bool tell_delivery(struct audit_compare *c, const struct gw_audit_row *row)
{
    const char *receipt = strstr(row->what, ", receipt ");
    long long revision;

    if (is(row, GW_AUDIT_DELIVERY))
        return !receipt || sscanf(row->what, "revision %lld", &revision) != 1 ||
               tell_stand(c, row, receipt + strlen(", receipt "), revision);
    return sscanf(row->what, AUDIT_RECONCILIATION_WHAT, &revision) != 1 ||
           tell_stand(c, row, OUTBOX_RECONCILED, revision);
}

bool audit_compare_row(struct audit_compare *c, const struct gw_audit_row *row)
{
    char key[KEY_MAX_BYTES];
    long long untold;

    if (is(row, GW_AUDIT_DECISION) || is(row, GW_AUDIT_APPROVAL) || is(row, GW_AUDIT_UNDO))
        return tell(c, decision_key(row->new_hash, key), row);
    if (is(row, GW_AUDIT_REVISION))
        return tell(c, subject_key("revision", row->study, row->subject, row->new_hash, key), row);
    if (is(row, GW_AUDIT_RECALL))
        return tell(c, subject_key("recall", row->study, row->subject, row->new_hash, key), row);
    if (is(row, GW_AUDIT_DELIVERY) || is(row, GW_AUDIT_RECONCILIATION))
        return tell_delivery(c, row);
    if (is(row, GW_AUDIT_ADOPTION) && sscanf(row->what, AUDIT_ADOPTION_WHAT, &untold) == 1)
        c->untold += untold;
    return true;
}

/* ---- what is there ---- */

/* One that was told so, and not met before. once false: met or not. */
static bool was_told(struct audit_compare *c, const char *key, bool once)
{
    sqlite3_stmt *find = NULL;
    bool found = sqlite3_prepare_v2(c->scratch,
                                    once ? "UPDATE told SET seen = 1 WHERE rowid = (SELECT rowid FROM told "
                                           "WHERE key = ?1 AND seen = 0 LIMIT 1) RETURNING n"
                                         : "SELECT n FROM told WHERE key = ?1 LIMIT 1",
                                    -1, &find, NULL) == SQLITE_OK &&
                 sqlite3_bind_text(find, 1, key, -1, SQLITE_STATIC) == SQLITE_OK && sqlite3_step(find) == SQLITE_ROW;

    sqlite3_finalize(find);
    return found;
}

typedef bool (*look)(struct audit_compare *c, sqlite3_stmt *row); /* false: no memory, or a damaged scratch */

static enum gw_status for_each(struct audit_compare *c, sqlite3 *db, const char *sql, look each, struct gw_error *err)
{
    sqlite3_stmt *rows = NULL;
    int answer = sqlite3_prepare_v2(db, sql, -1, &rows, NULL);

    if (answer == SQLITE_OK)
        while ((answer = sqlite3_step(rows)) == SQLITE_ROW && each(c, rows))
            continue;
    const enum gw_status rc = answer == SQLITE_DONE  ? GW_OK
                              : answer == SQLITE_ROW ? gw_fail(err, GW_ENOMEM, where, "no memory for a revision")
                                                     : failed(db, err);
    sqlite3_finalize(rows);
    return rc;
}

static void hex_of(const void *bytes, size_t length, char out[2 * GW_SHA256_BYTES + 1])
{
    uint8_t digest[GW_SHA256_BYTES];

    gw_sha256(bytes, length, digest);
    gw_hex(digest, sizeof digest, out);
}

static bool look_at_decision(struct audit_compare *c, sqlite3_stmt *row)
{
    char hash[2 * GW_SHA256_BYTES + 1], key[KEY_MAX_BYTES];
    const char *text = text_of(row, 1);

    hex_of(text, strlen(text), hash);
    if (!was_told(c, decision_key(hash, key), true))
        name(c, "decision %lld was changed or put in by hand: the trail does not know it as it is",
             (long long)sqlite3_column_int64(row, 0));
    return true;
}

/* The digest of a revision's rows; "": they cannot be unpacked. */
static bool digest_rows(struct audit_compare *c, sqlite3_stmt *row, char out[2 * GW_SHA256_BYTES + 1])
{
    const int64_t length = sqlite3_column_int64(row, 3);
    const void *packed = sqlite3_column_blob(row, 4);
    const size_t packed_length = (size_t)sqlite3_column_bytes(row, 4);
    char *text = length >= 0 && length <= ROWS_MAX_BYTES ? malloc((size_t)length + 1) : NULL;

    *out = '\0';
    if (!text)
        return length < 0 || length > ROWS_MAX_BYTES;
    if (packed && ZSTD_decompressDCtx(c->unpacker, text, (size_t)length, packed, packed_length) == (size_t)length)
        hex_of(text, (size_t)length, out);
    free(text);
    return true;
}

/* What a study database was found to have may be found otherwise later: the last is kept, all were told. */
static bool look_at_recalled(struct audit_compare *c, sqlite3_stmt *row)
{
    const char *study = text_of(row, 0), *subject = text_of(row, 1);
    char hash[2 * GW_SHA256_BYTES + 1], key[KEY_MAX_BYTES];

    if (!digest_rows(c, row, hash))
        return false;
    if (!was_told(c, subject_key("recall", study, subject, hash, key), false))
        name(c, "what the study database has of subject %.40s (%.40s) was changed or put in by hand", subject, study);
    return true;
}

static bool look_at_revision(struct audit_compare *c, sqlite3_stmt *row)
{
    const char *study = text_of(row, 0), *subject = text_of(row, 1);
    const long long revision = sqlite3_column_int64(row, 2);
    char hash[2 * GW_SHA256_BYTES + 1], key[KEY_MAX_BYTES];

    if (sqlite3_column_type(row, 5) == SQLITE_NULL && c->untold > 0) {
        c->untold--;
        return true;
    }
    if (!digest_rows(c, row, hash))
        return false;
    if (!was_told(c, subject_key("revision", study, subject, hash, key), true))
        name(c, "revision %lld of subject %.40s (%.40s) was changed or put in by hand: the trail tells of other rows",
             revision, subject, study);
    if (sqlite3_column_int(row, 6) == 0)
        name(c, "revision %lld of subject %.40s (%.40s) was taken out of the outbox", revision, subject, study);
    return true;
}

static int64_t stands_at(struct audit_compare *c, const char *study, const char *subject)
{
    sqlite3_stmt *find = NULL;
    int64_t revision = 0;

    if (sqlite3_prepare_v2(c->scratch, "SELECT revision FROM stands WHERE study = ?1 AND subject = ?2", -1, &find,
                           NULL) == SQLITE_OK &&
        sqlite3_bind_text(find, 1, study, -1, SQLITE_STATIC) == SQLITE_OK &&
        sqlite3_bind_text(find, 2, subject, -1, SQLITE_STATIC) == SQLITE_OK && sqlite3_step(find) == SQLITE_ROW)
        revision = sqlite3_column_int64(find, 0);
    sqlite3_finalize(find);
    return revision;
}

static bool look_at_receipt(struct audit_compare *c, sqlite3_stmt *row)
{
    const char *study = text_of(row, 0), *subject = text_of(row, 1), *receipt = text_of(row, 3);
    const int64_t revision = sqlite3_column_int64(row, 2), stands = stands_at(c, study, subject);
    const bool delivered = sqlite3_column_type(row, 3) != SQLITE_NULL;
    char key[KEY_MAX_BYTES];

    if (delivered && (revision > stands || !was_told(c, subject_key("receipt", study, subject, receipt, key), false)))
        name(c, "the receipt of revision %lld of subject %.40s (%.40s) was changed or put in by hand",
             (long long)revision, subject, study);
    else if (!delivered && revision <= stands)
        name(c, "the receipt of revision %lld of subject %.40s (%.40s) was taken out", (long long)revision, subject,
             study);
    return true;
}

/* Receipts are replaced when a study database was found to stand elsewhere. */
static bool look_at_missing(struct audit_compare *c, sqlite3_stmt *row)
{
    name(c, "row %lld of the trail tells of %s: the ledger no longer has it as it was",
         (long long)sqlite3_column_int64(row, 0), text_of(row, 1));
    return true;
}

enum gw_status audit_compare_end(struct audit_compare *c, struct gw_error *err)
{
    enum gw_status rc = for_each(c, c->db, "SELECT n, text FROM decisions ORDER BY n", look_at_decision, err);

    if (rc == GW_OK)
        rc = for_each(c, c->db,
                      "SELECT s.study, s.subject_key, r.revision, r.length, r.rows, r.about, EXISTS (SELECT 1 FROM "
                      "outbox o WHERE o.subject = r.subject AND o.to_revision = r.revision) FROM revisions r "
                      "LEFT JOIN subjects s ON s.number = r.subject WHERE r.revision > 0 "
                      "ORDER BY r.subject, r.revision",
                      look_at_revision, err);
    if (rc == GW_OK)
        rc = for_each(c, c->db,
                      "SELECT s.study, s.subject_key, r.revision, r.length, r.rows FROM revisions r "
                      "LEFT JOIN subjects s ON s.number = r.subject WHERE r.revision < 0",
                      look_at_recalled, err);
    if (rc == GW_OK)
        rc = for_each(c, c->db,
                      "SELECT s.study, s.subject_key, o.to_revision, o.receipt FROM outbox o "
                      "LEFT JOIN subjects s ON s.number = o.subject LEFT JOIN revisions r ON r.subject = o.subject "
                      "AND r.revision = o.to_revision WHERE r.about IS NOT NULL ORDER BY o.number",
                      look_at_receipt, err);
    if (rc == GW_OK)
        rc = for_each(c, c->scratch,
                      "SELECT n, what FROM told WHERE seen = 0 AND key NOT GLOB 'receipt|*' AND key NOT GLOB "
                      "'recall|*' ORDER BY n",
                      look_at_missing, err);
    return rc;
}
