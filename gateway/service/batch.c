/*
 * A subject's batch, made anew from the ledger whenever it is sent.
 *
 *      rows that the database has, and those of the latest revision ──> difference
 *          ──> with what it did not take before as it may be there ──> with what a person decided to send all the same
 */
#include "service/batch.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/ledger/adopt.h"
#include "gateway/ledger/refusals.h"

static enum gw_status no_memory(struct gw_error *err)
{
    return gw_fail(err, GW_ENOMEM, "service.batch", "the changes of one subject need more memory than allowed");
}

/* ---- what was refused ---- */

static bool is_rejected(const struct gw_refusals *refusals, const struct gw_change *change)
{
    const struct gw_refusal *refusal =
        gw_refusal_find(refusals->list, refusals->count, NULL, change->table, change->row->row_id);

    return refusal && refusal->kind == GW_REFUSAL_REJECTED;
}

/* What was rejected is not there, or there as it was before that: so a change adds it where it is not, and a withdrawal
 * takes away what there is. */
static void expect_rejected(struct gw_difference *difference, const struct gw_refusals *refusals)
{
    for (size_t i = 0; refusals->count > 0 && i < difference->count; i++)
        if (is_rejected(refusals, &difference->changes[i]))
            difference->changes[i].kind = GW_CHANGE_ADD;
}

/* ---- what was decided ---- */

/* Of a row that was withdrawn in an earlier batch: key cells and status, as gw_difference would make it. */
static struct gw_row *tombstone(struct gw_arena *arena, const struct gw_ledger_subject *subject,
                                const struct gw_refusal *refusal)
{
    struct gw_rows rows = {0};
    struct gw_row *row = gw_rows_add(&rows, arena, refusal->table);

    if (!row)
        return NULL;
    row->row_id = refusal->row_id;
    row->subject_key = subject->subject_key;
    row->study = subject->study;
    row->site = subject->site;
    row->status = "withdrawn";
    return row;
}

/* The row as it is by now, whether or not it changed. */
static bool make_change(struct gw_arena *arena, const struct gw_ledger_subject *subject, const struct gw_rows *new,
                        const struct gw_refusal *refusal, struct gw_change *out)
{
    struct gw_row *row = gw_rows_find(new, refusal->table, refusal->row_id);

    *out = (struct gw_change){.kind = row ? GW_CHANGE_UPDATE : GW_CHANGE_WITHDRAW,
                              .table = refusal->table,
                              .row = row ? row : tombstone(arena, subject, refusal)};
    return out->row != NULL;
}

/* Over what was decided about and nothing else; what is not there is added. */
static void decide(struct gw_change *change, const struct gw_refusal *refusal)
{
    change->decision = refusal->answer;
    if (refusal->kind == GW_REFUSAL_TOUCHED && *refusal->stands)
        change->over = refusal->stands;
    else if (change->kind == GW_CHANGE_UPDATE)
        change->kind = GW_CHANGE_ADD;
}

static int by_row(const void *a, const void *b)
{
    const struct gw_change *x = a, *y = b;

    if (x->table != y->table)
        return x->table < y->table ? -1 : 1;
    return strcmp(x->row->row_id, y->row->row_id);
}

static enum gw_status with_decided(struct gw_ledger *ledger, struct gw_arena *arena, int64_t number,
                                   const struct gw_refusals *refusals, const struct gw_rows *new,
                                   struct gw_difference *difference, struct gw_error *err)
{
    struct gw_change *all = gw_arena_alloc(arena, (difference->count + refusals->count + 1) * sizeof *all);
    size_t count = difference->count;
    struct gw_ledger_subject subject;
    enum gw_status rc = gw_ledger_subject(ledger, arena, number, &subject, err);

    if (rc != GW_OK || !all)
        return rc == GW_OK ? no_memory(err) : rc;
    if (count > 0)
        memcpy(all, difference->changes, count * sizeof *all);
    for (size_t i = 0; i < refusals->count; i++) {
        const struct gw_refusal *refusal = &refusals->list[i];
        const struct gw_change *found = gw_difference_find(difference, refusal->table, refusal->row_id);
        struct gw_change *change = found ? &all[found - difference->changes] : &all[count];

        if (refusal->answer == 0)
            continue;
        if (!found && !make_change(arena, &subject, new, refusal, &all[count++]))
            return no_memory(err);
        decide(change, refusal);
    }
    qsort(all, count, sizeof *all, by_row);
    difference->changes = all;
    difference->count = count;
    return GW_OK;
}

static bool any_answered(const struct gw_refusals *refusals)
{
    for (size_t i = 0; i < refusals->count; i++)
        if (refusals->list[i].answer != 0)
            return true;
    return false;
}

/* ---- the batch ---- */

enum gw_status batch_make(struct gw_ledger *ledger, struct gw_arena *arena, const struct gw_outbox_line *line,
                          int64_t from, int64_t to, const char *now, struct gw_batch *out, struct gw_error *err)
{
    struct gw_difference *difference = gw_arena_alloc(arena, sizeof *difference);
    struct gw_refusals refusals = {0};
    struct gw_rows old = {0}, new = {0};
    enum gw_status rc = gw_ledger_rows_there(ledger, arena, line->subject, from, &old, err);

    if (!difference)
        return no_memory(err);
    if (rc == GW_OK)
        rc = gw_ledger_rows(ledger, arena, line->subject, to, &new, &to, err);
    if (rc == GW_OK && from != to)
        rc = gw_difference(arena, &old, &new, difference, err);
    if (rc == GW_OK)
        rc = gw_ledger_refusals(ledger, arena, line->subject, line->subject_key, &refusals, err);
    if (rc != GW_OK)
        return rc;
    expect_rejected(difference, &refusals);
    if (from != to && any_answered(&refusals))
        rc = with_decided(ledger, arena, line->subject, &refusals, &new, difference, err);
    *out = (struct gw_batch){.study = line->study,
                             .subject_key = line->subject_key,
                             .from_revision = from,
                             .to_revision = to,
                             .difference = difference,
                             .applied_at = now};
    return rc;
}
