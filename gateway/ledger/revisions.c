/*
 * Rows of a revision read back, and the outbox.
 */
#include <assert.h>
#include <string.h>

#include "gateway/ledger/adopt.h"
#include "gateway/ledger/settle.h"
#include "ledger/store.h"

static const char where[] = "ledger.revisions";

enum { ROWS_MAX_BYTES = 1024 * 1024 * 1024, ABOUT_MAX_BYTES = 1024, ZSTD_LEVEL = 1 };

/* ---- rows ---- */

enum gw_status revision_pack(struct gw_ledger *ledger, const struct gw_rows *rows, struct gw_text *text, size_t *length,
                             struct gw_error *err)
{
    gw_text_clear(text);
    gw_rows_write(rows, text);
    if (text->failed || !bytes_reserve(&ledger->packed, ZSTD_compressBound(text->length)))
        return ledger_no_memory(err, "the rows of one subject");
    *length = ZSTD_compressCCtx(ledger->compressor, ledger->packed.at, ledger->packed.capacity, text->at, text->length,
                                ZSTD_LEVEL);
    return ZSTD_isError(*length) ? ledger_no_memory(err, "the rows of one subject") : GW_OK;
}

enum gw_status revision_put(struct gw_ledger *ledger, int64_t subject, int64_t revision, const struct gw_rows *rows,
                            const char *rest, char hash[2 * GW_SHA256_BYTES + 1], struct gw_error *err)
{
    struct gw_text text = GW_TEXT_INIT(ROWS_MAX_BYTES), about = GW_TEXT_INIT(ABOUT_MAX_BYTES);
    uint8_t digest[GW_SHA256_BYTES];
    size_t length = 0;
    enum gw_status rc = revision_pack(ledger, rows, &text, &length, err);

    if (rc == GW_OK) {
        gw_sha256(text.at, text.length, digest);
        gw_hex(digest, sizeof digest, hash);
        gw_text_print(&about, "%s %s", hash, rest);
        rc = about.failed ? ledger_no_memory(err, "the rows of one subject")
                          : ledger_run(ledger,
                                       ledger_bind(ledger, STATEMENT_REVISION_PUT, subject, revision,
                                                   (int64_t)text.length, ledger->packed.at, length, about.at),
                                       err);
    }
    gw_text_release(&about);
    gw_text_release(&text);
    return rc;
}

static enum gw_status unpack(struct gw_ledger *ledger, struct gw_arena *arena, sqlite3_stmt *row, struct gw_rows *out,
                             struct gw_error *err)
{
    const size_t length = (size_t)sqlite3_column_int64(row, 0);
    const void *packed = sqlite3_column_blob(row, 1);
    const size_t packed_length = (size_t)sqlite3_column_bytes(row, 1);
    char *text = gw_arena_raw(arena, length + 1);

    if (!text)
        return ledger_no_memory(err, "the rows of one subject");
    if (ZSTD_decompressDCtx(ledger->decompressor, text, length, packed, packed_length) != length) {
        ledger->broken = true;
        return gw_fail(err, GW_EIO, where,
                       "the ledger is damaged: a revision cannot be unpacked; restore the file from its backup");
    }
    text[length] = '\0';
    return gw_rows_read(arena, text, length, out, err);
}

static enum gw_status latest(struct gw_ledger *ledger, int64_t subject, int64_t *revision, struct gw_error *err)
{
    return ledger_number(ledger, ledger_bind(ledger, STATEMENT_SUBJECT_STAND, subject), 0, revision, err);
}

/* statement: REVISION_GET, or another that finds its rows by subject and revision. */
static enum gw_status rows_by(struct gw_ledger *ledger, struct gw_arena *arena, enum statement_id statement,
                              int64_t subject, int64_t revision, struct gw_rows *out, struct gw_error *err)
{
    struct gw_rows rows = {0};
    enum gw_status rc = GW_OK;
    bool row = false;

    if (revision > 0) {
        sqlite3_stmt *get = ledger_bind(ledger, statement, subject, revision);
        rc = ledger_step(ledger, get, &row, err);
        if (rc == GW_OK && !row)
            return gw_fail(err, GW_EINPUT, where, "there is no revision %lld of this subject", (long long)revision);
        if (rc == GW_OK) {
            rc = unpack(ledger, arena, get, &rows, err);
            sqlite3_reset(get);
        }
    }
    if (rc != GW_OK)
        return rc;
    gw_rows_sort(&rows);
    *out = rows;
    return GW_OK;
}

enum gw_status gw_ledger_rows(struct gw_ledger *ledger, struct gw_arena *arena, int64_t subject, int64_t revision,
                              struct gw_rows *out, int64_t *number, struct gw_error *err)
{
    enum gw_status rc = GW_OK;

    if (revision == GW_LATEST)
        rc = latest(ledger, subject, &revision, err);
    if (rc == GW_OK)
        rc = rows_by(ledger, arena, STATEMENT_REVISION_GET, subject, revision, out, err);
    if (rc == GW_OK)
        *number = revision;
    return rc;
}

enum gw_status gw_ledger_rows_there(struct gw_ledger *ledger, struct gw_arena *arena, int64_t subject, int64_t revision,
                                    struct gw_rows *out, struct gw_error *err)
{
    return rows_by(ledger, arena, STATEMENT_REVISION_THERE, subject, revision, out, err);
}

/* ---- outbox ---- */

static bool read_line(struct gw_arena *arena, sqlite3_stmt *row, struct gw_outbox_line *line)
{
    *line = (struct gw_outbox_line){
        .number = sqlite3_column_int64(row, 0),
        .subject = sqlite3_column_int64(row, 1),
        .study = ledger_text(arena, row, 2),
        .subject_key = ledger_text(arena, row, 3),
        .from_revision = sqlite3_column_int64(row, 4),
        .to_revision = sqlite3_column_int64(row, 5),
        .receipt = ledger_text(arena, row, 6),
    };
    return line->study && line->subject_key && (line->receipt || sqlite3_column_type(row, 6) == SQLITE_NULL);
}

enum gw_status gw_outbox_next(struct gw_ledger *ledger, struct gw_arena *arena, int64_t after,
                              struct gw_outbox_line *out, struct gw_error *err)
{
    sqlite3_stmt *statement = ledger_bind(ledger, STATEMENT_OUTBOX_NEXT, after);
    struct gw_outbox_line line = {0};
    bool row;
    enum gw_status rc = ledger_step(ledger, statement, &row, err);

    if (rc != GW_OK)
        return rc;
    const bool whole = !row || read_line(arena, statement, &line);
    if (row)
        sqlite3_reset(statement);
    if (!whole)
        return ledger_no_memory(err, "the outbox");
    *out = line;
    return GW_OK;
}

enum gw_status gw_outbox_delivered(struct gw_ledger *ledger, int64_t subject, int64_t revision, const char *receipt,
                                   struct gw_error *err)
{
    struct step step;
    enum gw_status rc = step_begin(ledger, &step, err);

    assert(receipt);
    if (rc != GW_OK)
        return rc;
    rc = ledger_run(ledger, ledger_bind(ledger, STATEMENT_OUTBOX_DONE, subject, revision, receipt), err);
    if (rc == GW_OK && sqlite3_changes(ledger->db) > 0)
        rc = audit_delivery(ledger, subject, revision, receipt, err);
    return step_end(ledger, &step, rc, err);
}

/* Lines behind the revision wait again, those up to it have this receipt; the first that waits begins at it, wherever
 * that is: the difference is made from there. */
static enum gw_status stand(struct gw_ledger *ledger, int64_t subject, int64_t revision, const char *receipt,
                            int64_t *again, int64_t *found, struct gw_error *err)
{
    enum gw_status rc = ledger_run(ledger, ledger_bind(ledger, STATEMENT_OUTBOX_AGAIN, subject, revision), err);

    *again = rc == GW_OK ? sqlite3_changes(ledger->db) : 0;
    if (rc == GW_OK)
        rc = ledger_run(ledger, ledger_bind(ledger, STATEMENT_OUTBOX_DONE, subject, revision, receipt), err);
    *found = rc == GW_OK ? sqlite3_changes(ledger->db) : 0;
    return rc == GW_OK ? ledger_run(ledger, ledger_bind(ledger, STATEMENT_OUTBOX_FROM, subject, revision), err) : rc;
}

static enum gw_status note_stand(struct gw_ledger *ledger, int64_t subject, int64_t revision, const char *receipt,
                                 struct gw_error *err)
{
    int64_t again, found;
    enum gw_status rc = stand(ledger, subject, revision, receipt, &again, &found, err);

    if (rc == GW_OK && again > 0)
        rc = audit_reconciliation(ledger, subject, revision, again, 0, err);
    return rc == GW_OK && found > 0 ? audit_delivery(ledger, subject, revision, receipt, err) : rc;
}

enum gw_status gw_outbox_stands(struct gw_ledger *ledger, int64_t subject, int64_t revision, const char *receipt,
                                struct gw_error *err)
{
    struct step step;
    const enum gw_status rc = step_begin(ledger, &step, err);

    return rc == GW_OK ? step_end(ledger, &step, note_stand(ledger, subject, revision, receipt, err), err) : rc;
}

static enum gw_status reconcile(struct gw_ledger *ledger, int64_t subject, int64_t revision, struct gw_error *err)
{
    int64_t again, found;
    const enum gw_status rc = stand(ledger, subject, revision, OUTBOX_RECONCILED, &again, &found, err);

    return rc == GW_OK && again + found > 0 ? audit_reconciliation(ledger, subject, revision, again, found, err) : rc;
}

enum gw_status gw_outbox_reconcile(struct gw_ledger *ledger, int64_t subject, int64_t revision, struct gw_error *err)
{
    struct step step;
    const enum gw_status rc = step_begin(ledger, &step, err);

    return rc == GW_OK ? step_end(ledger, &step, reconcile(ledger, subject, revision, err), err) : rc;
}

enum gw_status gw_outbox_size(struct gw_ledger *ledger, const char *study, struct gw_outbox_size *out,
                              struct gw_error *err)
{
    sqlite3_stmt *statement = ledger_bind(ledger, STATEMENT_OUTBOX_COUNT, study);
    bool row;
    const enum gw_status rc = ledger_step(ledger, statement, &row, err);

    if (rc != GW_OK)
        return rc;
    *out = (struct gw_outbox_size){sqlite3_column_int64(statement, 0), sqlite3_column_int64(statement, 1)};
    sqlite3_reset(statement);
    return GW_OK;
}

enum gw_status gw_delivery_counts(struct gw_ledger *ledger, struct gw_arena *arena, const char *study,
                                  struct gw_delivery_counts *out, struct gw_error *err)
{
    sqlite3_stmt *statement = ledger_bind(ledger, STATEMENT_DELIVERY_COUNTS, study);
    bool row;
    const enum gw_status rc = ledger_step(ledger, statement, &row, err);

    if (rc != GW_OK)
        return rc;
    *out = (struct gw_delivery_counts){.waiting = sqlite3_column_int64(statement, 0),
                                       .bytes = sqlite3_column_int64(statement, 1),
                                       .oldest = ledger_text(arena, statement, 2),
                                       .delivered = sqlite3_column_int64(statement, 3),
                                       .refused = sqlite3_column_int64(statement, 4)};
    sqlite3_reset(statement);
    return out->oldest ? GW_OK : ledger_no_memory(err, "the counts of a delivery");
}

static enum gw_status read_lines(struct gw_ledger *ledger, struct gw_arena *arena, sqlite3_stmt *statement,
                                 struct gw_outbox *out, struct gw_error *err)
{
    struct gw_outbox outbox = {NULL, 0};
    size_t capacity = 0;
    enum gw_status rc;
    bool row;

    while ((rc = ledger_step(ledger, statement, &row, err)) == GW_OK && row) {
        struct gw_outbox_line *line = GW_ARENA_PUSH(arena, outbox.lines, outbox.count, capacity);
        if (!line || !read_line(arena, statement, line)) {
            sqlite3_reset(statement);
            return ledger_no_memory(err, "the outbox");
        }
    }
    if (rc == GW_OK)
        *out = outbox;
    return rc;
}

enum gw_status gw_outbox_list(struct gw_ledger *ledger, struct gw_arena *arena, bool pending_only,
                              struct gw_outbox *out, struct gw_error *err)
{
    return read_lines(ledger, arena, ledger_bind(ledger, STATEMENT_OUTBOX_LIST, (int64_t)pending_only), out, err);
}

enum gw_status gw_outbox_of(struct gw_ledger *ledger, struct gw_arena *arena, int64_t subject, struct gw_outbox *out,
                            struct gw_error *err)
{
    return read_lines(ledger, arena, ledger_bind(ledger, STATEMENT_OUTBOX_OF, subject), out, err);
}
