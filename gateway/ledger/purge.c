/*
 * The end of keeping, piece by piece.
 *
 *      entries, 1,000 a piece ──> pages and door, a range a piece ──> the rest of the subject, its row in the trail
 *
 * Pages and door lie by arrival, without an index by subject: they are looked through in ranges. Each piece counts what
 * it takes into `purged` in the same transaction, so that the equation holds at every commit.
 */
#include "gateway/ledger/purge.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "gateway/ledger/notes.h"
#include "ledger/closings.h"
#include "ledger/store.h"

enum { PIECE_ENTRIES = 1000, PIECE_PAGES = 5000, PIECE_DOOR = 50000, NOTE_ARENA = 4096 };

static const char where[] = "ledger.purge";
static const char space[] = "purge", sweep_note[] = "sweep", due[] = "due", cut[] = "cut"; /* of notes */

/* ---- the beginning ---- */

static enum gw_status begin(struct gw_ledger *ledger, int64_t subject, const char *why, struct gw_error *err)
{
    static const uint8_t nothing[GW_SHA256_BYTES];
    struct gw_arena arena = GW_ARENA_INIT(ledger->arena.limit);
    char at[GW_AUDIT_TIME_MAX];
    enum gw_status rc = ledger_index_subject(ledger, &arena, subject, err); /* what was only appended is counted too */

    gw_arena_release(&arena);
    if (rc == GW_OK)
        rc = ledger_run(ledger, ledger_bind(ledger, STATEMENT_PURGE_MARK, subject), err);
    if (rc != GW_OK || sqlite3_changes(ledger->db) == 0)
        return rc;
    gw_instant_print(time(NULL), at);
    rc = ledger_run(ledger, ledger_bind(ledger, STATEMENT_TOMBSTONE_ADD, subject, why, at, nothing, sizeof nothing),
                    err);
    return rc == GW_OK ? ledger_run(ledger, ledger_bind(ledger, STATEMENT_DIRTY_CLEAR, subject), err) : rc;
}

enum gw_status gw_ledger_purge_begin(struct gw_ledger *ledger, int64_t subject, const char *why, struct gw_error *err)
{
    struct step step;
    const enum gw_status rc = step_begin(ledger, &step, err);

    return rc == GW_OK ? step_end(ledger, &step, begin(ledger, subject, why, err), err) : rc;
}

/* ---- entries ---- */

struct purging {
    struct gw_ledger *ledger;
    struct gw_error *err;
    int64_t subject;
    uint8_t digest[GW_SHA256_BYTES];
    int64_t scanned_pages, scanned_door;
    bool worked; /* something of it was left */
};

static enum gw_status count(struct purging *p, const char *kind, int state, int64_t versions, int64_t parts)
{
    return ledger_run(p->ledger,
                      ledger_bind(p->ledger, STATEMENT_PURGED_ADD, p->subject, kind, (int64_t)state, versions, parts),
                      p->err);
}

/* The version counts with its first part. */
static enum gw_status count_entry(struct purging *p, const char *kind, int64_t part_count, const char *parts)
{
    int64_t versions = 1;
    enum gw_status rc = parts ? GW_OK : count(p, kind, GW_STATE_HELD, versions, part_count);

    for (; rc == GW_OK && parts; parts = strchr(parts, '\n')) {
        parts += *parts == '\n';
        rc = count(p, kind, part_state(parts), versions, 1);
        versions = 0;
    }
    return rc;
}

struct doomed { /* an entry */
    uint8_t id[KEY_BYTES];
    char version[VERSION_TEXT_MAX + 1];
};

static enum gw_status take_entry(struct purging *p, sqlite3_stmt *row, struct doomed *out)
{
    uint8_t both[2 * GW_SHA256_BYTES];

    if (sqlite3_column_bytes(row, 0) != KEY_BYTES || sqlite3_column_bytes(row, 5) != GW_SHA256_BYTES)
        return gw_fail(p->err, GW_EIO, where, "the ledger is damaged: restore the file from its backup");
    memcpy(out->id, sqlite3_column_blob(row, 0), KEY_BYTES);
    snprintf(out->version, sizeof out->version, "%s", (const char *)sqlite3_column_text(row, 1));
    memcpy(both, p->digest, GW_SHA256_BYTES);
    memcpy(both + GW_SHA256_BYTES, sqlite3_column_blob(row, 5), GW_SHA256_BYTES);
    gw_sha256(both, sizeof both, p->digest);
    return count_entry(p, (const char *)sqlite3_column_text(row, 2), sqlite3_column_int64(row, 3),
                       (const char *)sqlite3_column_text(row, 4));
}

static enum gw_status drop_entry(struct purging *p, const struct doomed *entry)
{
    struct gw_ledger *l = p->ledger;
    const enum gw_status rc = ledger_run(
        l, ledger_bind(l, STATEMENT_ENTRY_DROP, p->subject, entry->id, (size_t)KEY_BYTES, entry->version), p->err);

    return rc == GW_OK
               ? ledger_run(l, ledger_bind(l, STATEMENT_OWNER_DROP, entry->id, (size_t)KEY_BYTES, p->subject), p->err)
               : rc;
}

static enum gw_status purge_entries(struct purging *p)
{
    struct gw_ledger *l = p->ledger;
    struct doomed *list = gw_arena_alloc(&l->arena, PIECE_ENTRIES * sizeof *list);
    sqlite3_stmt *rows = ledger_bind(l, STATEMENT_PURGE_ENTRIES, p->subject, (int64_t)PIECE_ENTRIES);
    size_t taken = 0;
    enum gw_status rc = list ? GW_OK : ledger_no_memory(p->err, "a piece of a purge");
    bool row;

    while (rc == GW_OK && (rc = ledger_step(l, rows, &row, p->err)) == GW_OK && row)
        rc = take_entry(p, rows, &list[taken++]);
    sqlite3_reset(rows);
    for (size_t i = 0; rc == GW_OK && i < taken; i++)
        rc = drop_entry(p, &list[i]);
    p->worked = taken > 0;
    if (rc != GW_OK || taken == 0)
        return rc;
    return ledger_run(l, ledger_bind(l, STATEMENT_TOMBSTONE_DIGEST, p->subject, p->digest, sizeof p->digest), p->err);
}

/* ---- what lies by arrival ---- */

static enum gw_status count_door(struct purging *p, int64_t low, int64_t high)
{
    sqlite3_stmt *rows = ledger_bind(p->ledger, STATEMENT_DOOR_COUNT, p->subject, low, high);
    enum gw_status rc;
    bool row;

    while ((rc = ledger_step(p->ledger, rows, &row, p->err)) == GW_OK && row) {
        rc = count(p, (const char *)sqlite3_column_text(rows, 0), sqlite3_column_int(rows, 1),
                   sqlite3_column_int64(rows, 2), sqlite3_column_int64(rows, 3));
        if (rc != GW_OK) {
            sqlite3_reset(rows);
            break;
        }
    }
    return rc;
}

static enum gw_status scan(struct purging *p)
{
    struct gw_ledger *l = p->ledger;
    const int64_t page = p->scanned_pages + PIECE_PAGES, door = p->scanned_door + PIECE_DOOR;
    int64_t last_page = 0, last_door = 0;
    enum gw_status rc = ledger_number(l, ledger_bind(l, STATEMENT_PAGE_LAST), 0, &last_page, p->err);

    if (rc == GW_OK)
        rc = ledger_number(l, ledger_bind(l, STATEMENT_DOOR_LAST), 0, &last_door, p->err);
    p->worked = p->scanned_pages < last_page || p->scanned_door < last_door;
    if (rc != GW_OK || !p->worked)
        return rc;
    rc = ledger_run(l, ledger_bind(l, STATEMENT_PAGES_DROP, p->subject, p->scanned_pages, page), p->err);
    if (rc == GW_OK)
        rc = count_door(p, p->scanned_door, door);
    if (rc == GW_OK)
        rc = ledger_run(l, ledger_bind(l, STATEMENT_DOOR_DROP, p->subject, p->scanned_door, door), p->err);
    if (rc == GW_OK)
        rc = ledger_run(l, ledger_bind(l, STATEMENT_TOMBSTONE_SCANNED, p->subject, page, door), p->err);
    return rc;
}

/* ---- the rest, and the end of one ---- */

static enum gw_status drop_notes(struct purging *p, const struct gw_purge_notes *notes)
{
    struct gw_ledger *l = p->ledger;
    enum gw_status rc = ledger_run(l, ledger_bind(l, STATEMENT_NOTES_DROP, CLOSINGS_SPACE, p->subject), p->err);

    for (size_t i = 0; rc == GW_OK && i < notes->subject_space_count; i++)
        rc = ledger_run(l, ledger_bind(l, STATEMENT_NOTES_DROP, notes->subject_spaces[i], p->subject), p->err);
    if (rc == GW_OK && notes->patient_space)
        rc = ledger_run(l, ledger_bind(l, STATEMENT_PATIENT_NOTES_DROP, notes->patient_space, p->subject), p->err);
    return rc;
}

static enum gw_status drop_rest(struct purging *p)
{
    static const enum statement_id drops[] = {
        STATEMENT_TOMBSTONE_ITEMS, STATEMENT_ITEMS_DROP,    STATEMENT_SHARED_DROP, STATEMENT_LINKS_DROP,
        STATEMENT_CURSORS_DROP,    STATEMENT_PATIENTS_DROP, STATEMENT_DIRTY_CLEAR, STATEMENT_REFUSALS_BLANK};
    enum gw_status rc = GW_OK;

    for (size_t i = 0; rc == GW_OK && i < sizeof drops / sizeof drops[0]; i++)
        rc = ledger_run(p->ledger, ledger_bind(p->ledger, drops[i], p->subject), p->err);
    return rc;
}

static bool read_tombstone(struct gw_arena *arena, sqlite3_stmt *row, struct gw_tombstone *out)
{
    *out = (struct gw_tombstone){
        .subject = sqlite3_column_int64(row, 0),
        .study = ledger_text(arena, row, 1),
        .site = ledger_text(arena, row, 2),
        .subject_key = ledger_text(arena, row, 3),
        .why = ledger_text(arena, row, 4),
        .begun = ledger_text(arena, row, 5),
        .ended = ledger_text(arena, row, 6),
        .versions = sqlite3_column_int64(row, 7),
        .parts = sqlite3_column_int64(row, 8),
        .items = sqlite3_column_int64(row, 9),
    };
    return out->study && out->site && out->subject_key && out->why && out->begun &&
           (out->ended || sqlite3_column_type(row, 6) == SQLITE_NULL);
}

enum gw_status gw_ledger_tombstones(struct gw_ledger *ledger, struct gw_arena *arena, struct gw_tombstones *out,
                                    struct gw_error *err)
{
    sqlite3_stmt *rows = ledger_bind(ledger, STATEMENT_TOMBSTONES);
    struct gw_tombstones all = {NULL, 0};
    size_t capacity = 0;
    enum gw_status rc;
    bool row;

    while ((rc = ledger_step(ledger, rows, &row, err)) == GW_OK && row) {
        struct gw_tombstone *stone = GW_ARENA_PUSH(arena, all.list, all.count, capacity);

        if (!stone || !read_tombstone(arena, rows, stone)) {
            sqlite3_reset(rows);
            return ledger_no_memory(err, "the tombstones");
        }
    }
    if (rc == GW_OK)
        *out = all;
    return rc;
}

static enum gw_status audit_end(struct purging *p)
{
    struct gw_tombstones all = {NULL, 0};
    char what[200], digest[2 * GW_SHA256_BYTES + 1];
    enum gw_status rc = gw_ledger_tombstones(p->ledger, &p->ledger->arena, &all, p->err);

    gw_hex(p->digest, sizeof p->digest, digest);
    for (size_t i = 0; rc == GW_OK && i < all.count; i++) {
        const struct gw_tombstone *stone = &all.list[i];

        if (stone->subject != p->subject)
            continue;
        snprintf(what, sizeof what,
                 "%" PRId64 " versions with %" PRId64 " parts and %" PRId64
                 " exceptions; revisions, receipts and the trail stay",
                 stone->versions, stone->parts, stone->items);
        rc = audit_append(p->ledger,
                          &(struct gw_audit_act){.act = GW_AUDIT_PURGE,
                                                 .study = stone->study,
                                                 .site = stone->site,
                                                 .subject = stone->subject_key,
                                                 .what = what,
                                                 .new_hash = digest,
                                                 .reason = stone->why},
                          p->err);
    }
    return rc;
}

static enum gw_status finish(struct purging *p, const struct gw_purge_notes *notes)
{
    char at[GW_AUDIT_TIME_MAX];
    enum gw_status rc = drop_notes(p, notes);

    if (rc == GW_OK)
        rc = drop_rest(p);
    gw_instant_print(time(NULL), at);
    if (rc == GW_OK)
        rc = ledger_run(p->ledger, ledger_bind(p->ledger, STATEMENT_TOMBSTONE_END, p->subject, at), p->err);
    if (rc == GW_OK)
        rc = audit_end(p);
    return rc == GW_OK ? gw_ledger_note_put(p->ledger, space, sweep_note, due, p->err) : rc;
}

/* ---- a piece ---- */

static enum gw_status next_open(struct purging *p, bool *any)
{
    sqlite3_stmt *open = ledger_bind(p->ledger, STATEMENT_TOMBSTONE_OPEN);
    const enum gw_status rc = ledger_step(p->ledger, open, any, p->err);

    if (rc != GW_OK || !*any)
        return rc;
    p->subject = sqlite3_column_int64(open, 0);
    if (sqlite3_column_bytes(open, 1) == GW_SHA256_BYTES)
        memcpy(p->digest, sqlite3_column_blob(open, 1), GW_SHA256_BYTES);
    p->scanned_pages = sqlite3_column_int64(open, 2);
    p->scanned_door = sqlite3_column_int64(open, 3);
    sqlite3_reset(open);
    return GW_OK;
}

static enum gw_status purge_piece(struct gw_ledger *ledger, const struct gw_purge_notes *notes, bool *more,
                                  struct gw_error *err)
{
    struct purging p = {.ledger = ledger, .err = err};
    enum gw_status rc = next_open(&p, more);

    if (rc != GW_OK || !*more)
        return rc;
    rc = purge_entries(&p);
    if (rc == GW_OK && !p.worked)
        rc = scan(&p);
    if (rc == GW_OK && !p.worked)
        rc = finish(&p, notes);
    return rc == GW_OK ? next_open(&p, more) : rc;
}

/* Deleted bytes are overwritten where they lie. */
static enum gw_status overwrite(struct gw_ledger *ledger, struct gw_error *err)
{
    return sqlite3_exec(ledger->db, "PRAGMA secure_delete = ON", NULL, NULL, NULL) == SQLITE_OK
               ? GW_OK
               : ledger_failure(ledger, err);
}

enum gw_status gw_ledger_purge_piece(struct gw_ledger *ledger, const struct gw_purge_notes *notes, bool *more,
                                     struct gw_error *err)
{
    struct step step;
    enum gw_status rc = overwrite(ledger, err);

    *more = false;
    if (rc == GW_OK)
        rc = step_begin(ledger, &step, err);
    return rc == GW_OK ? step_end(ledger, &step, purge_piece(ledger, notes, more, err), err) : rc;
}

/* ---- the file anew ---- */

static enum gw_status end_sweep(struct gw_ledger *ledger, const char *next, struct gw_error *err)
{
    struct step step;
    enum gw_status rc = step_begin(ledger, &step, err);

    if (rc != GW_OK)
        return rc;
    rc = gw_ledger_note_put(ledger, space, sweep_note, next, err);
    if (rc == GW_OK && next)
        rc = audit_append(
            ledger,
            &(struct gw_audit_act){.act = GW_AUDIT_SWEEP,
                                   .what = "the ledger's file, so that no hole in it holds what was purged"},
            err);
    return step_end(ledger, &step, rc, err);
}

enum gw_status gw_ledger_sweep(struct gw_ledger *ledger, struct gw_error *err)
{
    struct gw_arena arena = GW_ARENA_INIT(NOTE_ARENA);
    const char *state = NULL;
    enum gw_status rc = gw_ledger_note(ledger, &arena, space, sweep_note, &state, err);
    int code = SQLITE_OK;

    if (rc == GW_OK && gw_same(state, due)) {
        code = sqlite3_exec(ledger->db, "VACUUM", NULL, NULL, NULL);
        rc = code == SQLITE_OK ? end_sweep(ledger, cut, err) : GW_OK;
    }
    if (rc == GW_OK && state && code == SQLITE_OK) {
        code = sqlite3_wal_checkpoint_v2(ledger->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
        rc = code == SQLITE_OK ? end_sweep(ledger, NULL, err) : GW_OK;
    }
    gw_arena_release(&arena);
    if (rc == GW_OK && code != SQLITE_OK && code != SQLITE_FULL && code != SQLITE_BUSY && code != SQLITE_LOCKED)
        rc = ledger_failure(ledger, err);
    return rc;
}

enum gw_status gw_ledger_is_purged(struct gw_ledger *ledger, const char *study, const char *subject_key, bool *purged,
                                   struct gw_error *err)
{
    int64_t number = 0;
    const enum gw_status rc =
        ledger_number(ledger, ledger_bind(ledger, STATEMENT_SUBJECT_PURGED_NAMED, study, subject_key), 0, &number, err);

    *purged = number != 0;
    return rc;
}
