/*
 * Decisions of people, kept for good: a line each, appended and never changed. Writing one marks the subjects whose
 * derivation it may change.
 */
#include "gateway/ledger/decisions.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/store.h"

static const char where[] = "ledger.decisions";

enum { DECISION_MAX_BYTES = 16 * 1024 };

/* ---- reading ---- */

static enum gw_status read_row(struct gw_ledger *ledger, sqlite3_stmt *row, struct gw_decision *out,
                               struct gw_error *err)
{
    const char *text = ledger_text(&ledger->kept, row, 0);
    struct gw_error failure;
    enum gw_status rc;

    if (!text)
        return ledger_no_memory(err, "the decisions");
    rc = gw_decision_read(&ledger->kept, (struct gw_slice){text, strlen(text)}, out, &failure);
    if (rc == GW_OK || rc == GW_ENOMEM)
        return rc == GW_OK ? GW_OK : ledger_no_memory(err, "the decisions");
    return gw_fail(err, GW_ECONFIG, where, "decision %lld of the ledger: %s; install the release that wrote it",
                   (long long)sqlite3_column_int64(row, 1), failure.text);
}

/* Read once, and again after one was added. */
static enum gw_status read_all(struct gw_ledger *ledger, struct gw_error *err)
{
    struct gw_decision *list = NULL, *slot;
    size_t count = 0, capacity = 0;
    sqlite3_stmt *all;
    enum gw_status rc;
    bool row;

    gw_arena_clear(&ledger->kept);
    all = ledger_bind(ledger, STATEMENT_DECISIONS);
    while ((rc = ledger_step(ledger, all, &row, err)) == GW_OK && row) {
        slot = GW_ARENA_PUSH(&ledger->kept, list, count, capacity);
        rc = slot ? read_row(ledger, all, slot, err) : ledger_no_memory(err, "the decisions");
        if (rc != GW_OK) {
            sqlite3_reset(all);
            return rc;
        }
    }
    if (rc != GW_OK)
        return rc;
    ledger->decisions = (struct gw_decisions){list, count};
    ledger->decisions_read = true;
    return GW_OK;
}

enum gw_status gw_ledger_decisions(struct gw_ledger *ledger, struct gw_decisions *out, struct gw_error *err)
{
    int64_t version = 0;
    enum gw_status rc = ledger_number(ledger, ledger_bind(ledger, STATEMENT_DATA_VERSION), 0, &version, err);

    if (rc == GW_OK && (!ledger->decisions_read || ledger->data_version != version))
        rc = read_all(ledger, err);
    ledger->data_version = version;
    if (rc == GW_OK)
        *out = ledger->decisions;
    return rc;
}

static bool is_of(const struct gw_decision *decision, const char *subject_key)
{
    return !decision->match.subject || strcmp(decision->match.subject, subject_key) == 0;
}

enum gw_status gw_ledger_decisions_of(struct gw_ledger *ledger, struct gw_arena *arena, const char *subject_key,
                                      struct gw_decisions *out, struct gw_error *err)
{
    struct gw_decisions all = {NULL, 0};
    struct gw_decision *list;
    size_t count = 0, kept = 0;
    const enum gw_status rc = gw_ledger_decisions(ledger, &all, err);

    if (rc != GW_OK)
        return rc;
    for (size_t i = 0; i < all.count; i++)
        count += is_of(&all.list[i], subject_key);
    if (!(list = gw_arena_alloc(arena, (count + 1) * sizeof *list)))
        return ledger_no_memory(err, "the decisions");
    for (size_t i = 0; i < all.count; i++)
        if (is_of(&all.list[i], subject_key))
            list[kept++] = all.list[i];
    *out = (struct gw_decisions){list, kept};
    return GW_OK;
}

/* ---- the records they are about ---- */

/* A line a part: some part stands neither withdrawn nor behind a later version. NULL: not derived yet. */
static bool any_stands(const char *parts)
{
    if (!parts)
        return true;
    for (; parts; parts = strchr(parts, '\n')) {
        parts += *parts == '\n';

        const int state = part_state(parts);

        if (state != GW_STATE_RETRACTED && state != GW_STATE_SUPERSEDED)
            return true;
    }
    return false;
}

enum gw_status gw_ledger_decision_holds(struct gw_ledger *ledger, const struct gw_decision *decision, bool *out,
                                        struct gw_error *err)
{
    const struct gw_decision_match *match = &decision->match;
    sqlite3_stmt *records;
    enum gw_status rc;
    bool row;

    *out = !match->id;
    if (*out)
        return GW_OK;
    records = ledger_bind(ledger, STATEMENT_RECORD_PARTS, match->subject, match->endpoint, match->type, match->id);
    while ((rc = ledger_step(ledger, records, &row, err)) == GW_OK && row)
        *out |= any_stands((const char *)sqlite3_column_text(records, 0));
    return rc;
}

/* ---- writing ---- */

const struct gw_decision *gw_decisions_find(const struct gw_decisions *decisions, int64_t n)
{
    size_t low = 0, high = decisions->count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (decisions->list[middle].n < n)
            low = middle + 1;
        else
            high = middle;
    }
    return low < decisions->count && decisions->list[low].n == n ? &decisions->list[low] : NULL;
}

const struct gw_decision *gw_decisions_root(const struct gw_decisions *decisions, const struct gw_decision *decision)
{
    while (decision && (decision->kind == GW_DECIDE_UNDO || decision->kind == GW_DECIDE_APPROVE))
        decision = gw_decisions_find(decisions, decision->kind == GW_DECIDE_UNDO
                                                    ? decision->undoes
                                                    : strtoll(decision->set[GW_SET_DECISION], NULL, 10));
    return decision;
}

static const char *after(const char *text, const char *prefix)
{
    const size_t length = strlen(prefix);

    return strncmp(text, prefix, length) == 0 ? text + length : NULL;
}

/* All of its scope: a rule reaches results that no item was raised for, such as those between two windows. */
static enum gw_status mark(struct gw_ledger *ledger, const struct gw_decision *decision, struct gw_error *err)
{
    return ledger_run(ledger,
                      ledger_bind(ledger, STATEMENT_DIRTY_SCOPE, after(decision->scope, "study:"),
                                  after(decision->scope, "site:"), after(decision->scope, "endpoint:"),
                                  decision->match.subject),
                      err);
}

static enum gw_status number(struct gw_ledger *ledger, struct gw_decision *decision, struct gw_error *err)
{
    const struct gw_decisions *all = &ledger->decisions;
    const int64_t last = all->count ? all->list[all->count - 1].n : 0;

    if (decision->n == 0)
        decision->n = last + 1;
    if (decision->n <= last)
        return gw_fail(err, GW_EINPUT, where, "n: there are decisions up to %lld already; a new one comes behind",
                       (long long)last);
    return gw_decision_check(decision, err);
}

static enum gw_status append(struct gw_ledger *ledger, struct gw_decision *decision, struct gw_error *err)
{
    struct gw_text text = GW_TEXT_INIT(DECISION_MAX_BYTES);
    const struct gw_decision *root = gw_decisions_root(&ledger->decisions, decision);
    enum gw_status rc = GW_OK;

    gw_decision_print(&text, decision);
    if (text.failed)
        rc = gw_fail(err, GW_EINPUT, where, "a decision has at most %d bytes; shorten the reason", DECISION_MAX_BYTES);
    else if (!root)
        rc = gw_fail(err, GW_EINPUT, where, "there is no such decision to undo or approve");
    if (rc == GW_OK)
        rc = ledger_run(ledger, ledger_bind(ledger, STATEMENT_DECISION_ADD, decision->n, text.at), err);
    if (rc == GW_OK)
        rc = mark(ledger, root, err);
    if (rc == GW_OK)
        rc = audit_decision(ledger, decision, root, text.at, err);
    gw_text_release(&text);
    return rc;
}

/* Numbered within the step: nobody else can take the number meanwhile. */
static enum gw_status decide(struct gw_ledger *ledger, struct gw_decision *decision, struct gw_error *err)
{
    struct gw_decisions all;
    enum gw_status rc = gw_ledger_decisions(ledger, &all, err);

    if (rc == GW_OK)
        rc = number(ledger, decision, err);
    if (rc == GW_OK)
        rc = append(ledger, decision, err);
    ledger->decisions_read = false;
    return rc;
}

enum gw_status gw_ledger_decide(struct gw_ledger *ledger, struct gw_decision *decision, struct gw_error *err)
{
    const int64_t n = decision->n;
    struct step step;
    enum gw_status rc = step_begin(ledger, &step, err);

    if (rc == GW_OK)
        rc = step_end(ledger, &step, decide(ledger, decision, err), err);
    if (rc != GW_OK)
        decision->n = n;
    return rc;
}
