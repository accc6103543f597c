/*
 * The equation: what came in against where it stands, each side counted by itself.
 */
#include <string.h>

#include "ledger/store.h"

static bool add(struct gw_equation *equation, int state, int64_t parts)
{
    if (state < 0 || state >= GW_STATE_COUNT)
        return false;
    equation->states[state] += parts;
    equation->sum += parts;
    return true;
}

static enum gw_status damaged(struct gw_ledger *ledger, struct gw_error *err)
{
    ledger->broken = true;
    return gw_fail(err, GW_EIO, "ledger.equation",
                   "the ledger is damaged: a part has no known state; restore the file from its backup");
}

/* One line a part; none yet: the parts are held until the subject is derived. */
static bool add_entry(struct gw_equation *equation, int64_t part_count, const char *parts)
{
    if (!parts) {
        equation->waiting += part_count;
        return add(equation, GW_STATE_HELD, part_count);
    }
    for (; parts; parts = strchr(parts, '\n')) {
        parts += *parts == '\n';
        if (!add(equation, part_state(parts), 1))
            return false;
    }
    return true;
}

static enum gw_status count_entries(struct gw_ledger *ledger, struct gw_equation *equation, struct gw_error *err)
{
    sqlite3_stmt *statement = ledger_bind(ledger, STATEMENT_COUNT_ENTRIES);
    enum gw_status rc;
    bool row;

    while ((rc = ledger_step(ledger, statement, &row, err)) == GW_OK && row) {
        if (!add_entry(equation, sqlite3_column_int64(statement, 0), (const char *)sqlite3_column_text(statement, 1))) {
            sqlite3_reset(statement);
            return damaged(ledger, err);
        }
    }
    return rc;
}

static enum gw_status count_pending(struct gw_ledger *ledger, struct gw_equation *equation, struct gw_error *err)
{
    int64_t parts = 0;
    enum gw_status rc = ledger_number(ledger, ledger_bind(ledger, STATEMENT_COUNT_PENDING), 0, &parts, err);

    equation->waiting += parts;
    add(equation, GW_STATE_HELD, parts);
    return rc;
}

/* Rows of state and parts. */
static enum gw_status count_grouped(struct gw_ledger *ledger, enum statement_id id, struct gw_equation *equation,
                                    struct gw_error *err)
{
    sqlite3_stmt *statement = ledger_bind(ledger, id);
    enum gw_status rc;
    bool row;

    while ((rc = ledger_step(ledger, statement, &row, err)) == GW_OK && row) {
        if (!add(equation, sqlite3_column_int(statement, 0), sqlite3_column_int64(statement, 1))) {
            sqlite3_reset(statement);
            return damaged(ledger, err);
        }
    }
    return rc;
}

/* What went is counted as it stood. */
static enum gw_status count_purged(struct gw_ledger *ledger, struct gw_equation *equation, struct gw_error *err)
{
    const int64_t before = equation->sum;
    const enum gw_status rc = count_grouped(ledger, STATEMENT_COUNT_PURGED, equation, err);

    equation->purged = equation->sum - before;
    return rc;
}

enum gw_status gw_ledger_equation(struct gw_ledger *ledger, struct gw_equation *out, struct gw_error *err)
{
    struct gw_equation equation = {0};
    enum gw_status rc = ledger_number(ledger, ledger_bind(ledger, STATEMENT_COUNT_IN), 0, &equation.in, err);
    bool row;

    if (rc == GW_OK)
        rc = count_entries(ledger, &equation, err);
    if (rc == GW_OK)
        rc = count_pending(ledger, &equation, err);
    if (rc == GW_OK)
        rc = count_grouped(ledger, STATEMENT_COUNT_DOOR, &equation, err);
    if (rc == GW_OK)
        rc = count_purged(ledger, &equation, err);
    if (rc != GW_OK)
        return rc;
    sqlite3_stmt *rest = ledger_bind(ledger, STATEMENT_COUNT_REST);
    rc = ledger_step(ledger, rest, &row, err);
    if (rc != GW_OK)
        return rc;
    equation.open_items = sqlite3_column_int64(rest, 0);
    equation.blocked_subjects = sqlite3_column_int64(rest, 1);
    equation.dirty_subjects = sqlite3_column_int64(rest, 2);
    equation.pending = sqlite3_column_int64(rest, 3);
    sqlite3_reset(rest);
    *out = equation;
    return GW_OK;
}
