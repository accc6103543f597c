/*
 * Whether the study database has a row as it was settled last: by the receipt of its batch, and by what that database
 * said of the row itself. Source: mappings/RULES.md 10, 20.
 */
#include <stdlib.h>
#include <string.h>

#include "study/explain_parts.h"

static const char *stamp(const struct gw_table *table, const struct gw_row *row, const char *name, char *buffer)
{
    size_t i = 0;

    while (strcmp(table->columns[i].name, name) != 0) /* every table has it */
        i++;
    return gw_row_cell(table, row, i, buffer);
}

/* The newest that brought a revision; NULL: none is told of. */
static const struct gw_explain_batch *batch_of(const struct telling *t, int64_t revision)
{
    for (size_t i = t->in->batch_count; i-- > 0;)
        if (t->in->batches[i].from_revision < revision && revision <= t->in->batches[i].to_revision)
            return &t->in->batches[i];
    return NULL;
}

static void tell_batch(struct telling *t, int64_t revision, const char *what)
{
    const struct gw_explain_batch *batch = batch_of(t, revision);

    if (!batch)
        return;
    t->out->receipt = batch->receipt;
    if (batch->receipt)
        tell(t, "delivery", "The study database has %s: receipt %s, for revisions %lld to %lld.", what, batch->receipt,
             (long long)batch->from_revision + 1, (long long)batch->to_revision);
    else
        tell(t, "delivery", "The study database has not got %s yet: the batch waits in the outbox.", what);
}

static void tell_refusal(struct telling *t, const struct gw_refusal *refusal)
{
    t->out->receipt = NULL;
    if (refusal->kind == GW_REFUSAL_REJECTED)
        tell(t, "delivery", "The study database took its batch and refused this row (%s): see PUSH_REJECTED.",
             refusal->reason);
    else if (gw_same(refusal->reason, "missing"))
        tell(t, "delivery", "The study database had it, and somebody took it away there: see TARGET_CHANGED.");
    else
        tell(t, "delivery",
             "The study database has it as somebody changed it there, and not as above: see "
             "TARGET_CHANGED.");
}

void tell_delivery(struct telling *t, const struct gw_table *table, const struct gw_row *row)
{
    const struct gw_refusal *refusal =
        gw_refusal_find(t->in->subject->refusals, t->in->subject->refusal_count, NULL, table->id, row->row_id);
    char version[12], ignored[12];
    const char *revision = stamp(table, row, "row_version", version);

    if (!revision)
        return;
    tell(t, "package", "It was settled last in revision %s at %s, by %s.", revision,
         stamp(table, row, "mapped_at", ignored), stamp(table, row, "rule_set_version", ignored));
    if (refusal)
        tell_refusal(t, refusal);
    else
        tell_batch(t, strtoll(revision, NULL, 10), "it");
}

void tell_withdrawal(struct telling *t)
{
    tell_batch(t, t->in->former_revision + 1, "its withdrawal");
}
