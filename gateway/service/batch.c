/*
 * A subject's batch, made anew from the ledger whenever it is sent.
 */
#include "service/batch.h"

#include <string.h>

#include "gateway/ledger/refusals.h"

static const struct gw_refusal *rejected_row(const struct gw_refusals *refusals, const struct gw_change *change)
{
    for (size_t i = 0; i < refusals->count; i++)
        if (refusals->list[i].kind == GW_REFUSAL_REJECTED && refusals->list[i].table == change->table &&
            strcmp(refusals->list[i].row_id, change->row->row_id) == 0)
            return &refusals->list[i];
    return NULL;
}

/* What was rejected is not there: a change of it adds it, and its withdrawal is nothing to do. */
static void without_rejected(struct gw_difference *difference, const struct gw_refusals *refusals)
{
    size_t kept = 0;

    for (size_t i = 0; refusals->count > 0 && i < difference->count; i++) {
        struct gw_change *change = &difference->changes[i];
        const bool absent = rejected_row(refusals, change) != NULL;

        if (absent && change->kind == GW_CHANGE_WITHDRAW)
            continue;
        difference->changes[kept] = *change;
        if (absent)
            difference->changes[kept].kind = GW_CHANGE_ADD;
        kept++;
    }
    if (refusals->count > 0)
        difference->count = kept;
}

enum gw_status batch_make(struct gw_ledger *ledger, struct gw_arena *arena, const struct gw_outbox_line *line,
                          int64_t from, const char *now, struct gw_batch *out, struct gw_error *err)
{
    struct gw_difference *difference = gw_arena_alloc(arena, sizeof *difference);
    struct gw_refusals refusals = {0};
    struct gw_rows old = {0}, new = {0};
    int64_t number = 0, to = 0;
    enum gw_status rc = gw_ledger_rows(ledger, arena, line->subject, from, &old, &number, err);

    if (!difference)
        return gw_fail(err, GW_ENOMEM, "service.batch", "the changes of one subject need more memory than allowed");
    if (rc == GW_OK)
        rc = gw_ledger_rows(ledger, arena, line->subject, GW_LATEST, &new, &to, err);
    if (rc == GW_OK && from != to)
        rc = gw_difference(arena, &old, &new, difference, err);
    if (rc == GW_OK)
        rc = gw_ledger_refusals(ledger, arena, line->subject, line->subject_key, &refusals, err);
    if (rc != GW_OK)
        return rc;
    without_rejected(difference, &refusals);
    *out = (struct gw_batch){.study = line->study,
                             .subject_key = line->subject_key,
                             .from_revision = from,
                             .to_revision = to,
                             .difference = difference,
                             .applied_at = now};
    return GW_OK;
}
