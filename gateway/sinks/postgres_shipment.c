/*
 * PostgreSQL as a study database: shipments.
 *
 *      deliver ──> [piece of batches] ──run──> fine: receipts
 *                        │  a value is refused
 *                        ├── a row is there already: once more, each looked for before it is added
 *                        ├── several batches: halves, each a piece of its own
 *                        └── one batch: its rows are tried, halved and tried again (and taken back), until it is known
 *                            which are refused; then it is written without them
 *
 * A run is one transaction: the receipts are moved first, for subjects that stand where the batch begins; rows are
 * written for those whose receipt bears this shipment; and what came of it is asked before COMMIT. When the answer to
 * COMMIT is lost, the same batch asked again is found to be there, with its refusals.
 */
#include <openssl/rand.h>
#include <string.h>

#include "sinks/postgres_remote.h"

static const char where[] = "sinks.postgres";

/* ---- one transaction ------------------------------------------------------------------------------------------- */

static const char move_receipts[] =
    "INSERT INTO receipts AS r (subject_key, from_revision, revision, shipment, applied_at)"
    " SELECT b.key, b.low, b.high, $4, b.at FROM unnest($1::text[], $2::bigint[], $3::bigint[], $5::text[])"
    " AS b (key, high, low, at)"
    " WHERE b.low = 0 OR EXISTS (SELECT FROM receipts x WHERE x.subject_key = b.key AND x.revision = b.low)"
    " ORDER BY b.key"
    " ON CONFLICT (subject_key) DO UPDATE SET from_revision = excluded.from_revision, revision = excluded.revision,"
    " shipment = excluded.shipment, applied_at = excluded.applied_at WHERE r.revision = excluded.from_revision";

static const char note_batches[] =
    "INSERT INTO batches (subject_key, from_revision, to_revision, shipment, applied_at)"
    " SELECT subject_key, from_revision, revision, shipment, applied_at FROM receipts WHERE shipment = $1";

static const char note_rejected[] =
    "INSERT INTO refusals (subject_key, revision, table_name, row_id, kind, reason)"
    " SELECT r.subject_key, r.revision, b.t, b.id, 'rejected', b.why"
    " FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS b (key, t, id, why)"
    " JOIN receipts r ON r.subject_key = b.key AND r.shipment = $5";

static const char ask_receipts[] =
    "SELECT coalesce(r.revision, 0) FROM unnest($1::text[]) WITH ORDINALITY AS b (key, i)"
    " LEFT JOIN receipts r ON r.subject_key = b.key ORDER BY b.i";

/* Those of batches that are there, by this shipment or an earlier one whose answer was lost. */
static const char ask_refusals[] =
    "SELECT f.table_name, f.subject_key, f.row_id, f.kind, f.reason FROM refusals f"
    " JOIN unnest($1::text[], $2::bigint[]) AS b (key, high) ON f.subject_key = b.key AND f.revision = b.high"
    " ORDER BY 2, 1, 3";

static const struct gw_batch *batch_of(const struct postgres *p, size_t i)
{
    return &p->shipment->batches[p->piece.first + i];
}

static bool make_id(struct postgres *p)
{
    unsigned char bytes[SHIPMENT_BYTES];

    if (RAND_bytes(bytes, sizeof bytes) != 1)
        return false;
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(p->id + 2 * i, 3, "%02x", bytes[i]);
    return true;
}

static void print_head(struct postgres *p)
{
    char number[24];

    for (int h = 0; h < HEAD_COUNT; h++)
        array_begin(&p->head[h]);
    for (size_t i = 0; i < p->piece.count; i++) {
        const struct gw_batch *batch = batch_of(p, i);

        array_add(&p->head[HEAD_KEYS], batch->subject_key);
        snprintf(number, sizeof number, "%lld", (long long)batch->from_revision);
        array_add(&p->head[HEAD_FROM], number);
        snprintf(number, sizeof number, "%lld", (long long)batch->to_revision);
        array_add(&p->head[HEAD_TO], number);
        array_add(&p->head[HEAD_APPLIED_AT], batch->applied_at);
    }
    for (int h = 0; h < HEAD_COUNT; h++) {
        array_end(&p->head[h]);
        p->head_values[h] = p->head[h].at;
    }
    p->head_values[HEAD_SHIPMENT] = p->id;
    p->id_value[0] = p->id;
}

static bool is_refused(const struct postgres *p, size_t change)
{
    return p->refused && p->refused[change] != NULL;
}

/* The rows of the piece: of a batch that is searched those that are tried, of one that was searched the rest. */
static void add_rows(struct postgres *p)
{
    writing_clear(p->writing);
    for (size_t i = 0; i < p->piece.count; i++) {
        const struct gw_difference *difference = batch_of(p, i)->difference;
        const size_t first = p->searching ? p->tried.first : 0,
                     last = p->searching ? p->tried.first + p->tried.count : difference->count;

        for (size_t c = first; c < last; c++)
            if (!is_refused(p, c))
                writing_add(p->writing, &difference->changes[c], batch_of(p, i)->from_revision == 0 && !p->careful);
    }
}

static void print_rejected(struct postgres *p)
{
    const struct gw_difference *difference = batch_of(p, 0)->difference;

    for (int r = 0; r < REJECTED_COUNT; r++)
        array_begin(&p->rejected[r]);
    for (size_t c = 0; c < difference->count; c++) {
        const struct gw_change *change = &difference->changes[c];

        if (!is_refused(p, c))
            continue;
        array_add(&p->rejected[REJECTED_KEYS], change->row->subject_key);
        array_add(&p->rejected[REJECTED_TABLES], gw_table_of(change->table)->name);
        array_add(&p->rejected[REJECTED_ROWS], change->row->row_id);
        array_add(&p->rejected[REJECTED_REASONS], p->refused[c]);
    }
    for (int r = 0; r < REJECTED_COUNT; r++) {
        array_end(&p->rejected[r]);
        p->rejected_values[r] = p->rejected[r].at;
    }
}

static void on_receipts(void *ctx, const PGresult *result)
{
    struct postgres *p = ctx;

    for (size_t i = 0; i < p->piece.count && (int)i < PQntuples(result); i++) {
        const int64_t revision = postgres_number_of(result, (int)i, 0);

        p->shipment->receipts[p->piece.first + i] =
            (struct gw_receipt){.applied = revision == batch_of(p, i)->to_revision, .revision = revision};
    }
}

static bool any_failed(const struct postgres *p)
{
    bool failed = false;

    for (int h = 0; h < HEAD_COUNT; h++)
        failed |= p->head[h].failed;
    for (int r = 0; r < REJECTED_COUNT; r++)
        failed |= p->rejected[r].failed;
    return failed;
}

static void send_piece(struct postgres *p);
static void on_piece(void *ctx, const struct gw_error *failure);

static enum gw_status print_run(struct postgres *p, struct gw_error *err)
{
    struct gw_postgres_statement rows[SQL_WRITE_COUNT * GW_TABLE_COUNT];
    size_t count = 0;
    enum gw_status rc;

    p->refusals_before = p->refusals->count;
    if (!make_id(p))
        return gw_fail(err, GW_ERETRY, where, "no random number is to be had");
    print_head(p);
    add_rows(p);
    rc = writing_statements(p->writing, p->id, rows, &count, err);
    if (rc != GW_OK)
        return rc;
    p->statement_count = 0;
    postgres_add_statement(p, "BEGIN", NULL, 0, NULL);
    postgres_add_statement(p, move_receipts, p->head_values, HEAD_COUNT, NULL);
    for (size_t i = 0; i < count; i++)
        p->statements[p->statement_count++] = rows[i];
    if (p->searching) {
        postgres_add_statement(p, "ROLLBACK", NULL, 0, NULL);
        return GW_OK;
    }
    if (p->refused) {
        print_rejected(p);
        p->rejected_values[REJECTED_COUNT] = p->id;
        postgres_add_statement(p, note_rejected, p->rejected_values, REJECTED_COUNT + 1, NULL);
    }
    postgres_add_statement(p, note_batches, p->id_value, 1, NULL);
    postgres_add_statement(p, ask_receipts, p->head_values, 1, on_receipts);
    postgres_add_statement(p, ask_refusals, p->head_values, 2, postgres_on_refusals);
    postgres_add_statement(p, "COMMIT", NULL, 0, NULL);
    return any_failed(p) ? gw_fail(err, GW_ENOMEM, where, "a shipment needs more memory than allowed") : GW_OK;
}

static void send_run(struct postgres *p)
{
    struct gw_error failure;

    if (print_run(p, &failure) == GW_OK)
        postgres_run(p, on_piece);
    else
        postgres_end(p, &failure);
}

/* ---- halves ---------------------------------------------------------------------------------------------------- */

static void try_next(struct postgres *p)
{
    p->searching = p->search.count > 0;
    if (p->searching)
        p->tried = p->search.list[--p->search.count];
    send_run(p);
}

static void begin_search(struct postgres *p)
{
    const size_t count = batch_of(p, 0)->difference->count;

    p->refused = gw_arena_alloc(p->answers, (count + 1) * sizeof *p->refused);
    if (!p->refused) {
        p->no_memory = true;
        postgres_end(p, NULL);
        return;
    }
    p->search.count = 0;
    pieces_push_halves(&p->search, (struct piece){0, count});
    try_next(p);
}

static const char *last_reason(struct postgres *p)
{
    const char *text = gw_arena_print(p->answers, "SQLSTATE %s", gw_postgres_sqlstate(p->connection));

    p->no_memory |= !text;
    return text ? text : "";
}

/* Each row alone is taken and all of them together are not: then none of them is. */
static void refuse_all(struct postgres *p)
{
    const char *why = last_reason(p);

    for (size_t c = 0; c < batch_of(p, 0)->difference->count; c++)
        p->refused[c] = p->refused[c] ? p->refused[c] : why;
    send_run(p);
}

static bool any_left(const struct postgres *p, size_t changes)
{
    for (size_t c = 0; p->refused && c < changes; c++)
        if (!p->refused[c])
            return true;
    return false;
}

/* Where nothing was thought to be, somebody may have put a row: then each is looked for before it is added. */
static bool is_there_already(const struct postgres *p)
{
    return !p->careful && gw_postgres_met_double(p->connection);
}

static void on_value_refused(struct postgres *p, const struct gw_error *failure)
{
    const size_t changes = p->piece.count == 1 ? batch_of(p, 0)->difference->count : 0;

    if (is_there_already(p)) {
        p->careful = true;
        send_run(p);
    } else if (p->searching && p->tried.count == 1) {
        p->refused[p->tried.first] = last_reason(p);
        try_next(p);
    } else if (p->searching) {
        pieces_push_halves(&p->search, p->tried);
        try_next(p);
    } else if (p->piece.count > 1) {
        pieces_push_halves(&p->pieces, p->piece);
        send_piece(p);
    } else if (!p->refused && changes > 0) {
        begin_search(p);
    } else if (any_left(p, changes)) {
        refuse_all(p);
    } else {
        postgres_end(p, failure); /* without a row of ours: their own rules refuse the receipt */
    }
}

static void on_piece(void *ctx, const struct gw_error *failure)
{
    struct postgres *p = ctx;

    if (failure) /* what was told before COMMIT is not so */
        p->refusals->count = p->refusals_before;
    if (failure && failure->status == GW_EINPUT)
        on_value_refused(p, failure);
    else if (failure)
        postgres_end(p, failure);
    else if (p->searching)
        try_next(p);
    else
        send_piece(p);
}

static void send_piece(struct postgres *p)
{
    p->searching = p->careful = false;
    p->refused = NULL;
    if (p->pieces.count == 0) {
        if (!postgres_look(p))
            postgres_end(p, NULL);
        return;
    }
    p->piece = p->pieces.list[--p->pieces.count];
    send_run(p);
}

static void send_shipment(struct postgres *p)
{
    p->pieces.count = 0;
    pieces_push(&p->pieces, 0, p->shipment->count);
    send_piece(p);
}

void postgres_deliver(struct gw_remote *remote, struct gw_shipment *shipment, gw_remote_done done, void *ctx)
{
    struct postgres *p = (struct postgres *)remote;

    p->shipment = shipment;
    p->refusals = &shipment->refusals;
    *p->refusals = (struct gw_refusals){0};
    memset(shipment->receipts, 0, shipment->count * sizeof *shipment->receipts);
    postgres_begin(p, shipment->arena, done, ctx, send_shipment);
}
