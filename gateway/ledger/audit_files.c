/*
 * The trail from the files alone: the ledger is opened for reading, without its own code, beside whoever uses it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "gateway/ledger/audit.h"
#include "ledger/audit_compare.h"
#include "ledger/schema.h"

enum { FILE_MAX_BYTES = 1 << 30, ROW_ARENA = 1 << 20, BUSY_MS = 30000 };

static const char where[] = "ledger.audit";

/* ---- reading the ledger ---- */

static enum gw_status open_ledger(const char *path, sqlite3 **db, struct gw_error *err)
{
    *db = NULL;
    if (access(path, F_OK) != 0)
        return gw_fail(err, GW_ENOINPUT, where, "%s: is not there", path);
    if (sqlite3_open_v2(path, db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK &&
        sqlite3_busy_timeout(*db, BUSY_MS) == SQLITE_OK && sqlite3_exec(*db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK)
        return GW_OK;
    return gw_fail(err, GW_ENOINPUT, where, "%s: cannot be read as a ledger", path);
}

static enum gw_status no_trail(const char *path, sqlite3 *db, struct gw_error *err)
{
    return gw_fail(err, GW_EINPUT, where, "%s: the audit trail cannot be read: %s", path, sqlite3_errmsg(db));
}

/* All rows; `each` gets the statement: n, text, sha256. */
static enum gw_status walk(const char *path, sqlite3 *db, bool (*each)(void *ctx, sqlite3_stmt *row), void *ctx,
                           struct gw_error *err)
{
    sqlite3_stmt *rows = NULL;
    int answer = sqlite3_prepare_v2(db, "SELECT n, text, sha256 FROM audit ORDER BY n", -1, &rows, NULL);

    if (answer == SQLITE_OK)
        while ((answer = sqlite3_step(rows)) == SQLITE_ROW && each(ctx, rows))
            continue;
    const enum gw_status rc = answer == SQLITE_DONE || answer == SQLITE_ROW ? GW_OK : no_trail(path, db, err);
    sqlite3_finalize(rows);
    return rc;
}

/* ---- checkpoints ---- */

struct points {
    struct gw_audit_point *list;
    size_t count;
    size_t capacity;
};

static enum gw_status add_point(struct points *points, const struct gw_audit_point *point, struct gw_error *err)
{
    if (points->count == points->capacity) {
        const size_t capacity = points->capacity ? 2 * points->capacity : 64;
        struct gw_audit_point *list = realloc(points->list, capacity * sizeof *list);

        if (!list)
            return gw_fail(err, GW_ENOMEM, where, "no memory for the checkpoints");
        points->list = list;
        points->capacity = capacity;
    }
    points->list[points->count++] = *point;
    return GW_OK;
}

static int by_count(const void *a, const void *b)
{
    const struct gw_audit_point *one = a, *other = b;

    if (one->count != other->count)
        return one->count < other->count ? -1 : 1;
    return strcmp(one->head, other->head);
}

/* One of the ledger and one of the file that say the same are one. */
static void merge(struct points *points)
{
    size_t kept = 0;

    if (points->count == 0)
        return;
    qsort(points->list, points->count, sizeof *points->list, by_count);
    for (size_t i = 1; i < points->count; i++) {
        struct gw_audit_point *last = &points->list[kept], *next = &points->list[i];

        if (by_count(last, next) == 0) {
            last->stored |= next->stored;
            last->shipped |= next->shipped;
        } else {
            points->list[++kept] = *next;
        }
    }
    points->count = kept + 1;
}

static void find(struct gw_audit_verdict *verdict, int64_t at, const char *what)
{
    if (verdict->first_bad != 0)
        return;
    verdict->first_bad = verdict->last_bad = at;
    snprintf(verdict->what, sizeof verdict->what, "%s", what);
}

static enum gw_status read_line(struct points *points, const char *line, size_t length,
                                const struct gw_signature_key *key, struct gw_audit_verdict *verdict,
                                struct gw_error *err)
{
    struct gw_audit_point point;
    const enum gw_status rc = gw_audit_point_read(line, length, key, &point, NULL);

    if (rc == GW_EINPUT) {
        verdict->torn++;
        return GW_OK;
    }
    if (rc == GW_EDENIED) {
        find(verdict, point.count, "a checkpoint of it in the file outside was not signed with this key");
        return GW_OK;
    }
    point.shipped = true;
    return add_point(points, &point, err);
}

static enum gw_status read_shipped(struct points *points, const char *path, const struct gw_signature_key *key,
                                   struct gw_audit_verdict *verdict, struct gw_error *err)
{
    struct gw_text file = GW_TEXT_INIT(FILE_MAX_BYTES);
    enum gw_status rc;

    if (!path || access(path, F_OK) != 0)
        return GW_OK;
    rc = gw_text_read_file(&file, path, err);
    for (size_t i = 0, length; rc == GW_OK && i < file.length; i += length + 1) {
        const char *end = memchr(file.at + i, '\n', file.length - i);

        length = end ? (size_t)(end - file.at) - i : file.length - i;
        if (length > 0)
            rc = read_line(points, file.at + i, length, key, verdict, err);
    }
    gw_text_release(&file);
    return rc;
}

static enum gw_status read_stored(struct points *points, const char *path, sqlite3 *db,
                                  const struct gw_signature_key *key, struct gw_audit_verdict *verdict,
                                  struct gw_error *err)
{
    sqlite3_stmt *rows = NULL;
    enum gw_status rc = GW_OK;
    int answer = sqlite3_prepare_v2(db, "SELECT count, text FROM audit_points ORDER BY count", -1, &rows, NULL);

    while (answer != SQLITE_ERROR && rc == GW_OK && (answer = sqlite3_step(rows)) == SQLITE_ROW) {
        const int64_t count = sqlite3_column_int64(rows, 0);
        const char *text = (const char *)sqlite3_column_text(rows, 1);
        struct gw_audit_point point;

        if (!text || gw_audit_point_read(text, strlen(text), key, &point, NULL) != GW_OK || point.count != count) {
            find(verdict, count, "its checkpoint in the ledger was changed, or not signed with this key");
            continue;
        }
        point.stored = true;
        rc = add_point(points, &point, err);
    }
    if (rc == GW_OK && answer != SQLITE_DONE)
        rc = no_trail(path, db, err);
    sqlite3_finalize(rows);
    return rc;
}

/* ---- triggers ---- */

static void check_triggers(sqlite3 *db, struct gw_audit_verdict *verdict)
{
    static const char *const triggers[] = {LEDGER_AUDIT_UNCHANGED, LEDGER_AUDIT_KEPT, LEDGER_AUDIT_ORDERED,
                                           LEDGER_POINTS_UNCHANGED, LEDGER_POINTS_KEPT};

    for (size_t i = 0; i < sizeof triggers / sizeof triggers[0]; i++) {
        sqlite3_stmt *found = NULL;
        bool there = sqlite3_prepare_v2(db, "SELECT 1 FROM sqlite_schema WHERE type = 'trigger' AND sql = ?1", -1,
                                        &found, NULL) == SQLITE_OK &&
                     sqlite3_bind_text(found, 1, triggers[i], -1, SQLITE_STATIC) == SQLITE_OK &&
                     sqlite3_step(found) == SQLITE_ROW;

        sqlite3_finalize(found);
        if (!there)
            find(verdict, 1, "a trigger that keeps the trail from being changed was taken away");
    }
}

/* ---- both ---- */

struct verifying {
    struct gw_audit_verifier verifier;
    struct gw_arena arena;
};

static bool verify_row(void *ctx, sqlite3_stmt *row)
{
    struct verifying *v = ctx;
    const void *hash = sqlite3_column_blob(row, 2);
    const size_t hash_length = (size_t)sqlite3_column_bytes(row, 2);
    const char *text = (const char *)sqlite3_column_text(row, 1);

    gw_arena_clear(&v->arena);
    gw_audit_verify_row(&v->verifier, &v->arena, sqlite3_column_int64(row, 0), text ? text : "",
                        (size_t)sqlite3_column_bytes(row, 1), hash ? hash : "", hash_length);
    return true;
}

/* The chain's finding names a row; what the rest found stands where the chain found nothing. */
static void conclude(struct gw_audit_verdict *out, const struct gw_audit_verdict *chain)
{
    const struct gw_audit_verdict other = *out;

    *out = *chain;
    out->torn = other.torn;
    if (chain->first_bad == 0 && other.first_bad != 0) {
        out->first_bad = other.first_bad;
        out->last_bad = other.last_bad;
        memcpy(out->what, other.what, sizeof out->what);
    }
}

static enum gw_status verify(const char *path, sqlite3 *db, struct points *points, const struct gw_signature_key *key,
                             struct gw_audit_verdict *out, struct gw_error *err)
{
    struct verifying v = {.arena = GW_ARENA_INIT(ROW_ARENA)};
    enum gw_status rc;

    check_triggers(db, out);
    rc = read_stored(points, path, db, key, out, err);
    merge(points);
    gw_audit_verify_begin(&v.verifier, points->list, points->count);
    if (rc == GW_OK)
        rc = walk(path, db, verify_row, &v, err);
    gw_audit_verify_end(&v.verifier);
    conclude(out, &v.verifier.verdict);
    gw_arena_release(&v.arena);
    return rc;
}

/* ---- the ledger against the trail ---- */

struct noting {
    struct gw_arena arena;
    struct audit_compare *compare;
    bool fine;
};

static bool note_row(void *ctx, sqlite3_stmt *row)
{
    struct noting *noting = ctx;
    const char *text = (const char *)sqlite3_column_text(row, 1);
    struct gw_audit_row read;

    gw_arena_clear(&noting->arena);
    return gw_audit_read(&noting->arena, text ? text : "", (size_t)sqlite3_column_bytes(row, 1), &read, NULL) ==
               GW_OK &&
           (noting->fine = audit_compare_row(noting->compare, &read));
}

/* Of a trail that is sound: what it tells is true then, and the ledger must be as it tells. */
static enum gw_status compare(const char *path, sqlite3 *db, struct gw_audit_verdict *out, struct gw_error *err)
{
    struct noting noting = {.arena = GW_ARENA_INIT(ROW_ARENA), .compare = audit_compare_new(db, out), .fine = true};
    enum gw_status rc = noting.compare ? walk(path, db, note_row, &noting, err) : GW_ENOMEM;

    if (rc == GW_ENOMEM || !noting.fine)
        rc = gw_fail(err, GW_ENOMEM, where, "no room to hold the ledger against its trail (SQLITE_TMPDIR, or /tmp)");
    if (rc == GW_OK)
        rc = audit_compare_end(noting.compare, err);
    audit_compare_free(noting.compare);
    gw_arena_release(&noting.arena);
    return rc;
}

/* The file first: what is appended to it while the ledger is read counts rows that are read too. */
enum gw_status gw_audit_verify(const char *ledger, const char *checkpoints, const char *key_path,
                               struct gw_audit_verdict *out, struct gw_error *err)
{
    struct gw_audit_verdict verdict = {.rows = 0};
    struct gw_signature_key *key = NULL;
    struct points points = {NULL, 0, 0};
    sqlite3 *db = NULL;
    enum gw_status rc = gw_signature_key_read(key_path, &key, err);

    if (rc == GW_OK)
        rc = read_shipped(&points, checkpoints, key, &verdict, err);
    if (rc == GW_OK)
        rc = open_ledger(ledger, &db, err);
    if (rc == GW_OK)
        rc = verify(ledger, db, &points, key, &verdict, err);
    if (rc == GW_OK && verdict.first_bad == 0)
        rc = compare(ledger, db, &verdict, err);
    sqlite3_close(db);
    free(points.list);
    gw_signature_key_free(key);
    if (rc == GW_OK)
        *out = verdict;
    return rc;
}

struct showing {
    struct gw_arena arena;
    gw_audit_each each;
    void *ctx;
    struct gw_error *err;
    enum gw_status rc;
};

static bool show_row(void *ctx, sqlite3_stmt *row)
{
    struct showing *s = ctx;
    const char *text = (const char *)sqlite3_column_text(row, 1);
    struct gw_audit_row read;

    gw_arena_clear(&s->arena);
    if (gw_audit_read(&s->arena, text ? text : "", (size_t)sqlite3_column_bytes(row, 1), &read, NULL) == GW_OK)
        return s->each(s->ctx, &read);
    s->rc = gw_fail(s->err, GW_EINPUT, where, "row %lld of the audit trail cannot be read: casement audit verify",
                    (long long)sqlite3_column_int64(row, 0));
    return false;
}

enum gw_status gw_audit_rows(const char *ledger, gw_audit_each each, void *ctx, struct gw_error *err)
{
    struct showing s = {.arena = GW_ARENA_INIT(ROW_ARENA), .each = each, .ctx = ctx, .err = err};
    sqlite3 *db = NULL;
    enum gw_status rc = open_ledger(ledger, &db, err);

    if (rc == GW_OK)
        rc = walk(ledger, db, show_row, &s, err);
    sqlite3_close(db);
    gw_arena_release(&s.arena);
    return rc == GW_OK ? s.rc : rc;
}
