/*
 * What a purge would take of subjects: counted as the purge itself counts, in a transaction that is taken back, because
 * what was only appended gets its index rows first.
 */
#include <stdio.h>
#include <string.h>

#include "gateway/ledger/purge.h"
#include "ledger/store.h"

struct looking {
    struct gw_ledger *ledger;
    struct gw_arena *arena;
    struct gw_purge_view *list;
    size_t count;
    struct gw_error *err;
};

/* ---- versions ---- */

static struct gw_purge_kind *kind_of(struct looking *k, struct gw_purge_view *view, const char *type, size_t *capacity)
{
    size_t at = 0;
    struct gw_purge_kind *added;
    char *name;

    while (at < view->kind_count && strcmp(view->kinds[at].type, type) < 0)
        at++;
    if (at < view->kind_count && strcmp(view->kinds[at].type, type) == 0)
        return &view->kinds[at];
    added = GW_ARENA_PUSH(k->arena, view->kinds, view->kind_count, *capacity);
    name = gw_arena_copy(k->arena, type, strlen(type));
    if (!added || !name)
        return NULL;
    memmove(&view->kinds[at + 1], &view->kinds[at], (view->kind_count - at - 1) * sizeof *view->kinds);
    view->kinds[at] = (struct gw_purge_kind){.type = name};
    return &view->kinds[at];
}

static enum gw_status add_version(struct looking *k, struct gw_purge_view *view, sqlite3_stmt *row, size_t *capacity,
                                  struct gw_sha256_sum *sum)
{
    struct gw_purge_kind *kind = kind_of(k, view, (const char *)sqlite3_column_text(row, 0), capacity);

    if (!kind)
        return ledger_no_memory(k->err, "the kinds of one subject");
    kind->versions++;
    kind->parts += sqlite3_column_int64(row, 1);
    view->versions++;
    view->parts += sqlite3_column_int64(row, 1);
    for (int column = 2; column <= 4; column++) {
        gw_sha256_add(sum, sqlite3_column_blob(row, column), (size_t)sqlite3_column_bytes(row, column));
        gw_sha256_add(sum, "", 1); /* keys and digests have one length, and a version text ends here */
    }
    return GW_OK;
}

static enum gw_status look_at_versions(struct looking *k, struct gw_purge_view *view)
{
    struct gw_sha256_sum *sum = gw_sha256_begin();
    sqlite3_stmt *rows = ledger_bind(k->ledger, STATEMENT_LOOK_VERSIONS, view->subject);
    enum gw_status rc = sum ? GW_OK : ledger_no_memory(k->err, "a digest");
    uint8_t digest[GW_SHA256_BYTES] = {0};
    size_t capacity = 0;
    bool row;

    while (rc == GW_OK && (rc = ledger_step(k->ledger, rows, &row, k->err)) == GW_OK && row)
        rc = add_version(k, view, rows, &capacity, sum);
    sqlite3_reset(rows);
    gw_sha256_end(sum, digest);
    gw_hex(digest, sizeof digest, view->facts);
    return rc;
}

/* ---- the rest ---- */

static enum gw_status look_at_rest(struct looking *k, struct gw_purge_view *view)
{
    sqlite3_stmt *rest = ledger_bind(k->ledger, STATEMENT_LOOK_REST, view->subject);
    int64_t *const into[] = {&view->items,     &view->open_items, &view->cursors, &view->patients,
                             &view->revisions, &view->receipts,   &view->waiting};
    bool row = false;
    const enum gw_status rc = ledger_step(k->ledger, rest, &row, k->err);

    for (size_t i = 0; rc == GW_OK && row && i < sizeof into / sizeof into[0]; i++)
        *into[i] = sqlite3_column_int64(rest, (int)i);
    if (row)
        sqlite3_reset(rest);
    return rc;
}

static enum gw_status count_notes(struct looking *k, enum statement_id statement, const char *space,
                                  struct gw_purge_view *view)
{
    int64_t count = 0;
    const enum gw_status rc =
        ledger_number(k->ledger, ledger_bind(k->ledger, statement, space, view->subject), 0, &count, k->err);

    view->notes += count;
    return rc;
}

static enum gw_status look_at_notes(struct looking *k, const struct gw_purge_notes *notes, struct gw_purge_view *view)
{
    enum gw_status rc = GW_OK;

    for (size_t i = 0; rc == GW_OK && i < notes->subject_space_count; i++)
        rc = count_notes(k, STATEMENT_NOTES_COUNT, notes->subject_spaces[i], view);
    return rc == GW_OK && notes->patient_space
               ? count_notes(k, STATEMENT_PATIENT_NOTES_COUNT, notes->patient_space, view)
               : rc;
}

static enum gw_status look_at(struct looking *k, const struct gw_purge_notes *notes, struct gw_purge_view *view)
{
    struct gw_arena scratch = GW_ARENA_INIT(k->ledger->arena.limit);
    enum gw_status rc = ledger_index_subject(k->ledger, &scratch, view->subject, k->err);

    gw_arena_release(&scratch);
    if (rc == GW_OK)
        rc = look_at_versions(k, view);
    if (rc == GW_OK)
        rc = look_at_rest(k, view);
    return rc == GW_OK ? look_at_notes(k, notes, view) : rc;
}

/* ---- what lies by arrival: once for all subjects ---- */

static struct gw_purge_view *view_of(struct looking *k, int64_t subject)
{
    for (size_t i = 0; i < k->count; i++)
        if (k->list[i].subject == subject)
            return &k->list[i];
    return NULL;
}

static enum gw_status look_by_arrival(struct looking *k, enum statement_id statement)
{
    sqlite3_stmt *rows = ledger_bind(k->ledger, statement);
    enum gw_status rc;
    bool row;

    while ((rc = ledger_step(k->ledger, rows, &row, k->err)) == GW_OK && row) {
        struct gw_purge_view *view = view_of(k, sqlite3_column_int64(rows, 0));

        if (view && statement == STATEMENT_LOOK_PAGES) {
            view->pages = sqlite3_column_int64(rows, 1);
            view->bytes = sqlite3_column_int64(rows, 2);
        } else if (view) {
            view->door_versions = sqlite3_column_int64(rows, 1);
            view->door_parts = sqlite3_column_int64(rows, 2);
        }
    }
    return rc;
}

enum gw_status gw_ledger_purge_look(struct gw_ledger *ledger, struct gw_arena *arena,
                                    const struct gw_purge_notes *notes, struct gw_purge_view *out, size_t count,
                                    struct gw_error *err)
{
    struct looking k = {ledger, arena, out, count, err};
    enum gw_status rc = gw_ledger_begin(ledger, err);

    for (size_t i = 0; rc == GW_OK && i < count; i++) {
        out[i] = (struct gw_purge_view){.subject = out[i].subject};
        rc = look_at(&k, notes, &out[i]);
    }
    if (rc == GW_OK)
        rc = look_by_arrival(&k, STATEMENT_LOOK_PAGES);
    if (rc == GW_OK)
        rc = look_by_arrival(&k, STATEMENT_LOOK_DOOR);
    gw_ledger_rollback(ledger);
    return rc;
}
