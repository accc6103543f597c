/*
 * A shipment: the batches that wait, one of each subject, and what the study database said to them.
 */
#include <string.h>

#include "gateway/ledger/refusals.h"
#include "service/batch.h"
#include "service/courier_parts.h"

static const char where[] = "service.courier";

enum {
    ROWS_MAX = 5000, /* of a shipment; more only where one subject has more */
    BATCHES_MAX = 512,
};

/* ---- collecting ------------------------------------------------------------------------------------------------ */

static bool is_collected(const struct courier *c, int64_t subject)
{
    for (size_t i = 0; i < c->shipment.count; i++)
        if (c->subjects[i] == subject)
            return true;
    return false;
}

static enum gw_status add_batch(struct courier *c, struct gw_ledger *ledger, const struct gw_outbox_line *line,
                                size_t *rows, struct gw_error *err)
{
    char now[GW_INSTANT_BYTES];
    struct gw_batch *batch = &c->batches[c->shipment.count];
    const char *stamp;
    enum gw_status rc;

    gw_instant_print(c->settings.clock->utc(c->settings.clock->ctx), now);
    stamp = gw_arena_copy(&c->arena, now, strlen(now));
    if (!stamp)
        return gw_fail(err, GW_ENOMEM, where, "a shipment needs more memory than allowed");
    rc = batch_make(ledger, &c->arena, line, line->from_revision, GW_LATEST, stamp, batch, err);
    if (rc != GW_OK)
        return rc;
    c->subjects[c->shipment.count++] = line->subject;
    *rows += batch->difference->count;
    return GW_OK;
}

/* The first line of a subject begins where the database stands: those before it have their receipts. */
static enum gw_status collect(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    struct courier *c = ctx;
    struct gw_outbox_line line = {0};
    size_t rows = 0;
    enum gw_status rc = gw_outbox_size(ledger, c->settings.study, &c->news.waits, err);

    while (rc == GW_OK && rows < ROWS_MAX && c->shipment.count < BATCHES_MAX) {
        rc = gw_outbox_next(ledger, &c->arena, line.number, &line, err);
        if (rc != GW_OK || line.number == 0)
            break;
        if (strcmp(line.study, c->settings.study) == 0 && !is_collected(c, line.subject) &&
            !courier_is_held(c, line.subject))
            rc = add_batch(c, ledger, &line, &rows, err);
    }
    return rc;
}

static void on_delivered(void *ctx, const struct gw_error *failure);

static void on_collected(void *ctx, const struct gw_error *failure)
{
    struct courier *c = ctx;

    if (!courier_step_done(c, failure))
        return;
    if (c->shipment.count == 0) {
        c->news.failures = 0;
        courier_tell(c, COURIER_IDLE);
        if (c->again)
            courier_next_step(c);
        else if (c->news.held > 0)
            courier_look_again(c);
        else
            courier_await_inspection(c);
        return;
    }
    c->busy = true;
    c->settings.remote->deliver(c->settings.remote, &c->shipment, on_delivered, c);
}

void courier_collect(struct courier *c)
{
    struct gw_error failure;

    gw_arena_clear(&c->arena);
    c->again = false;
    c->batches = gw_arena_alloc(&c->arena, BATCHES_MAX * sizeof *c->batches);
    c->subjects = gw_arena_alloc(&c->arena, BATCHES_MAX * sizeof *c->subjects);
    c->receipts = gw_arena_alloc(&c->arena, BATCHES_MAX * sizeof *c->receipts);
    c->shipment = (struct gw_shipment){.batches = c->batches, .receipts = c->receipts, .arena = &c->arena};
    if (c->batches && c->subjects && c->receipts) {
        courier_submit(c, collect, on_collected);
        return;
    }
    gw_fail(&failure, GW_ENOMEM, where, "a shipment needs more memory than allowed");
    courier_fail(c, &failure);
}

/* ---- receipts -------------------------------------------------------------------------------------------------- */

struct settling { /* of one batch's receipt */
    const struct gw_batch *batch;
    const struct gw_refusals *refusals; /* of the whole shipment */
    int64_t subject;
    bool changed;
};

static bool is_refused(const struct settling *s, const struct gw_change *change)
{
    return gw_refusal_find(s->refusals->list, s->refusals->count, s->batch->subject_key, change->table,
                           change->row->row_id);
}

/* Nothing stands any more against a row that was refused before and is there now. */
static enum gw_status accept_rows(struct settling *s, struct gw_ledger *ledger, const struct gw_refusals *before,
                                  struct gw_error *err)
{
    enum gw_status rc = GW_OK;

    for (size_t i = 0; rc == GW_OK && i < before->count; i++) {
        const struct gw_refusal *was = &before->list[i];
        const struct gw_change *change = gw_difference_find(s->batch->difference, was->table, was->row_id);

        if (!change || is_refused(s, change))
            continue;
        rc = gw_ledger_accept(ledger, s->subject, was->table, was->row_id, change->decision, err);
        s->changed = true;
    }
    return rc;
}

static enum gw_status refuse_rows(struct settling *s, struct gw_ledger *ledger, uint64_t *refused, struct gw_error *err)
{
    enum gw_status rc = GW_OK;

    for (size_t i = 0; rc == GW_OK && i < s->refusals->count; i++) {
        const struct gw_refusal *refusal = &s->refusals->list[i];
        const struct gw_change *change;

        if (strcmp(refusal->subject_key, s->batch->subject_key) != 0)
            continue;
        change = gw_difference_find(s->batch->difference, refusal->table, refusal->row_id);
        rc = gw_ledger_refuse(ledger, s->subject, refusal, change && change->decision, err);
        ++*refused;
        s->changed |= refusal->table != GW_TABLE_exceptions && refusal->table != GW_TABLE_provenance;
    }
    return rc;
}

/* What was written is accepted, but for what the receipt refuses; a person hears of both. */
enum gw_status courier_settle(struct courier *c, struct gw_ledger *ledger, int64_t subject,
                              const struct gw_batch *batch, const struct gw_refusals *refusals, struct gw_error *err)
{
    struct settling s = {.batch = batch, .refusals = refusals, .subject = subject};
    struct gw_refusals before = {0};
    enum gw_status rc = gw_ledger_refusals(ledger, &c->arena, s.subject, s.batch->subject_key, &before, err);

    if (rc == GW_OK)
        rc = accept_rows(&s, ledger, &before, err);
    if (rc == GW_OK)
        rc = refuse_rows(&s, ledger, &c->news.refused, err);
    if (rc == GW_OK && s.changed)
        rc = gw_ledger_mark(ledger, s.subject, err);
    c->news.marked |= s.changed;
    return rc;
}

static enum gw_status keep_receipts(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    struct courier *c = ctx;
    enum gw_status rc = GW_OK;

    for (size_t i = 0; rc == GW_OK && i < c->shipment.count; i++) {
        const struct gw_receipt *receipt = &c->receipts[i];

        rc = gw_outbox_stands(ledger, c->subjects[i], receipt->revision, c->batches[i].applied_at, err);
        if (rc == GW_OK && receipt->applied)
            rc = courier_settle(c, ledger, c->subjects[i], &c->batches[i], &c->shipment.refusals, err);
        c->news.batches += receipt->applied;
        c->news.rows += receipt->applied ? c->batches[i].difference->count : 0;
    }
    return rc == GW_OK ? gw_outbox_size(ledger, c->settings.study, &c->news.waits, err) : rc;
}

/* A subject that stands elsewhere than the ledger believed is reconciled with all the others. */
static size_t count_applied(const struct courier *c)
{
    size_t count = 0;

    for (size_t i = 0; i < c->shipment.count; i++)
        count += c->receipts[i].applied;
    return count;
}

/* Nothing was, twice: it stands where no batch begins, and asking again at once would go on for ever. */
static void wait_for_a_stand(struct courier *c)
{
    struct gw_error failure;

    gw_fail(&failure, GW_ERETRY, "service.courier",
            "the study database stands at revisions from which this ledger has no batch: was it restored?");
    courier_fail(c, &failure);
}

static void on_kept(void *ctx, const struct gw_error *failure)
{
    struct courier *c = ctx;
    size_t applied;

    if (!courier_step_done(c, failure))
        return;
    applied = count_applied(c);
    c->fruitless = applied > 0 ? 0 : c->fruitless + 1;
    c->stands = applied == c->shipment.count;
    if (c->fruitless > 1) {
        wait_for_a_stand(c);
        return;
    }
    c->news.failures = 0;
    courier_tell(c, COURIER_WORKING);
    c->news.marked = false;
    courier_next_step(c);
}

static void on_delivered(void *ctx, const struct gw_error *failure)
{
    struct courier *c = ctx;

    if (courier_step_done(c, failure))
        courier_submit(c, keep_receipts, on_kept);
}
