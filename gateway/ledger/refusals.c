/*
 * Rows that a study database did not take.
 */
#include "gateway/ledger/refusals.h"

#include <string.h>

#include "ledger/store.h"

static bool read_row(struct gw_arena *arena, sqlite3_stmt *row, const char *subject_key, struct gw_refusal *out)
{
    *out = (struct gw_refusal){
        .kind = sqlite3_column_int(row, 2) ? GW_REFUSAL_TOUCHED : GW_REFUSAL_REJECTED,
        .table = gw_table_named((const char *)sqlite3_column_text(row, 0)),
        .subject_key = subject_key,
        .row_id = ledger_text(arena, row, 1),
        .reason = ledger_text(arena, row, 3),
        .stands = ledger_text(arena, row, 4),
        .theirs = ledger_text(arena, row, 5),
        .decided = sqlite3_column_int64(row, 6),
        .answer = sqlite3_column_int64(row, 7),
    };
    return out->row_id && out->reason && out->stands && (out->theirs || sqlite3_column_type(row, 5) == SQLITE_NULL);
}

enum gw_status gw_ledger_refusals(struct gw_ledger *ledger, struct gw_arena *arena, int64_t subject,
                                  const char *subject_key, struct gw_refusals *out, struct gw_error *err)
{
    sqlite3_stmt *all = ledger_bind(ledger, STATEMENT_REFUSALS, subject);
    struct gw_refusals refusals = {0};
    enum gw_status rc;
    bool row;

    while ((rc = ledger_step(ledger, all, &row, err)) == GW_OK && row) {
        struct gw_refusal *slot = GW_ARENA_PUSH(arena, refusals.list, refusals.count, refusals.capacity);

        if (!slot || !read_row(arena, all, subject_key, slot)) {
            sqlite3_reset(all);
            return ledger_no_memory(err, "what the study database refused");
        }
        if (slot->table == GW_TABLE_COUNT) /* a table of another release */
            refusals.count--;
    }
    if (rc == GW_OK)
        *out = refusals;
    return rc;
}

static enum gw_status refuse(struct gw_ledger *ledger, int64_t subject, const struct gw_refusal *refusal, bool tried,
                             struct gw_error *err)
{
    const enum gw_status rc =
        ledger_run(ledger,
                   ledger_bind(ledger, STATEMENT_REFUSAL_PUT, subject, gw_table_of(refusal->table)->name,
                               refusal->row_id, (int64_t)(refusal->kind == GW_REFUSAL_TOUCHED), refusal->reason,
                               refusal->stands ? refusal->stands : "", refusal->theirs, (int64_t)tried),
                   err);

    return rc == GW_OK && sqlite3_changes(ledger->db) > 0 ? audit_refusal(ledger, subject, refusal, err) : rc;
}

enum gw_status gw_ledger_refuse(struct gw_ledger *ledger, int64_t subject, const struct gw_refusal *refusal, bool tried,
                                struct gw_error *err)
{
    struct step step;
    const enum gw_status rc = step_begin(ledger, &step, err);

    return rc == GW_OK ? step_end(ledger, &step, refuse(ledger, subject, refusal, tried, err), err) : rc;
}

enum gw_status gw_ledger_answer(struct gw_ledger *ledger, int64_t subject, const struct gw_refusal_answer *answer,
                                struct gw_error *err)
{
    return ledger_run(ledger,
                      ledger_bind(ledger, STATEMENT_REFUSAL_ANSWER, subject, gw_table_of(answer->table)->name,
                                  answer->row_id, answer->decision),
                      err);
}

static enum gw_status accept_row(struct gw_ledger *ledger, int64_t subject, enum gw_table_id table, const char *row_id,
                                 int64_t decision, struct gw_error *err)
{
    const enum gw_status rc =
        ledger_run(ledger, ledger_bind(ledger, STATEMENT_REFUSAL_DROP, subject, gw_table_of(table)->name, row_id), err);

    return rc == GW_OK && sqlite3_changes(ledger->db) > 0
               ? audit_acceptance(ledger, subject, table, row_id, decision, err)
               : rc;
}

enum gw_status gw_ledger_accept(struct gw_ledger *ledger, int64_t subject, enum gw_table_id table, const char *row_id,
                                int64_t decision, struct gw_error *err)
{
    struct step step;
    const enum gw_status rc = step_begin(ledger, &step, err);

    return rc == GW_OK ? step_end(ledger, &step, accept_row(ledger, subject, table, row_id, decision, err), err) : rc;
}
