/*
 * The courier: from the outbox to the study database and back with the receipts.
 */
#include "service/courier.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/ledger/refusals.h"
#include "gateway/net/backoff.h"
#include "service/batch.h"

static const char where[] = "service.courier";

enum {
    ROWS_MAX = 5000, /* of a shipment; more only where one subject has more */
    BATCHES_MAX = 512,
    SHIPMENT_MEMORY = 1024 * 1024 * 1024,
    STOPPED_MS = 5 * 60 * 1000, /* before a database that wants a person is asked again */
};

struct parcel { /* what the ledger must know of a batch beside it */
    int64_t subject;
    struct gw_outbox_line line;
};

struct courier {
    struct courier_settings settings;
    struct courier_news news;
    uv_timer_t timer;
    bool busy;         /* a job or a call is under way */
    bool again;        /* woken meanwhile */
    bool stands;       /* it is known where every subject stands */
    int64_t inspected; /* monotonic ms; 0: not yet */
    struct gw_arena arena;
    struct gw_stands found;
    struct gw_batch *batches;
    struct parcel *parcels;
    struct gw_shipment shipment;
    struct gw_receipt *receipts;
    struct gw_refusals touched; /* of an inspection */
    bool stopping, timer_closed, remote_closed;
    void (*closed)(void *ctx);
    void *closed_ctx;
};

/* ---- states ---------------------------------------------------------------------------------------------------- */

static void on_timer(uv_timer_t *timer);
static void go_on(struct courier *c);
static void close_parts(struct courier *c);

static void tell(struct courier *c, enum courier_state state)
{
    c->news.state = state;
    if (c->settings.tell && !c->stopping)
        c->settings.tell(c->settings.ctx, &c->news);
}

static void wait(struct courier *c, uint64_t wait_ms)
{
    gw_clock_start(c->settings.clock, &c->timer, on_timer, wait_ms);
}

static uint32_t dice(void)
{
    uint32_t value = 0;

    RAND_bytes((unsigned char *)&value, sizeof value);
    return value;
}

static void fail(struct courier *c, const struct gw_error *failure)
{
    const bool passes = failure->status == GW_ERETRY;

    c->news.reason = *failure;
    c->stands = false;
    c->news.failures++;
    wait(c, passes ? gw_backoff_wait_ms(GW_BACKOFF_DATABASE, c->news.failures, 0, dice()) : STOPPED_MS);
    tell(c, passes ? COURIER_AWAY : COURIER_STOPPED);
}

/* The end of every step: true when there is to be another. */
static bool step_done(struct courier *c, const struct gw_error *failure)
{
    c->busy = false;
    if (c->stopping)
        close_parts(c);
    else if (failure)
        fail(c, failure);
    return !c->stopping && !failure;
}

static void submit(struct courier *c, gw_writer_run job, gw_writer_done done)
{
    struct gw_error failure;

    c->busy = true;
    if (gw_writer_submit(c->settings.writer, 1, job, done, c, &failure) != GW_OK)
        step_done(c, &failure);
}

static void next_step(struct courier *c)
{
    if (!c->busy && !c->stopping)
        go_on(c);
}

/* ---- where the subjects stand ---------------------------------------------------------------------------------- */

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct gw_stand *)a)->subject_key, ((const struct gw_stand *)b)->subject_key);
}

static enum gw_status reconcile(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    struct courier *c = ctx;
    struct gw_ledger_subjects subjects = {0};
    enum gw_status rc = gw_ledger_subjects(ledger, &c->arena, &subjects, err);

    if (rc == GW_OK && c->found.count > 0)
        qsort(c->found.list, c->found.count, sizeof *c->found.list, by_key);
    for (size_t i = 0; rc == GW_OK && i < subjects.count; i++) {
        const struct gw_ledger_subject *subject = &subjects.list[i];
        const struct gw_stand wanted = {.subject_key = subject->subject_key};
        const struct gw_stand *stand =
            c->found.count ? bsearch(&wanted, c->found.list, c->found.count, sizeof wanted, by_key) : NULL;

        if (strcmp(subject->study, c->settings.study) != 0)
            continue;
        if (stand && stand->revision > subject->revision)
            return gw_fail(err, GW_ECONFIG, where,
                           "the study database of %s has revision %lld of a subject whose ledger ends at %lld: this "
                           "ledger is older than the database (a restored copy?); put the newer one back",
                           c->settings.study, (long long)stand->revision, (long long)subject->revision);
        rc = gw_outbox_stands(ledger, subject->number, stand ? stand->revision : 0, "reconciled", err);
    }
    return rc == GW_OK ? gw_outbox_size(ledger, c->settings.study, &c->news.waits, err) : rc;
}

static void on_reconciled(void *ctx, const struct gw_error *failure)
{
    struct courier *c = ctx;

    c->stands = !failure;
    if (step_done(c, failure))
        next_step(c);
}

static void on_stands(void *ctx, const struct gw_error *failure)
{
    struct courier *c = ctx;

    if (step_done(c, failure))
        submit(c, reconcile, on_reconciled);
}

static enum gw_status measure(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    struct courier *c = ctx;

    return gw_outbox_size(ledger, c->settings.study, &c->news.waits, err);
}

static void ask_stands(void *ctx, const struct gw_error *failure)
{
    struct courier *c = ctx;

    if (!step_done(c, failure))
        return;
    c->busy = true;
    gw_arena_clear(&c->arena);
    c->settings.remote->stand(c->settings.remote, &c->arena, &c->found, on_stands, c);
}

/* ---- what was changed there by hand ---------------------------------------------------------------------------- */

static bool is_found(const struct courier *c, const char *subject_key, const struct gw_refusal *row)
{
    for (size_t i = 0; i < c->touched.count; i++)
        if (c->touched.list[i].table == row->table && strcmp(c->touched.list[i].row_id, row->row_id) == 0 &&
            strcmp(c->touched.list[i].subject_key, subject_key) == 0)
            return true;
    return false;
}

/* Rows that are as they were written again; those that are missing are not looked for, and stay. */
static enum gw_status forget_touched(struct courier *c, struct gw_ledger *ledger,
                                     const struct gw_ledger_subject *subject, bool *changed, struct gw_error *err)
{
    struct gw_refusals known = {0};
    enum gw_status rc = gw_ledger_refusals(ledger, &c->arena, subject->number, subject->subject_key, &known, err);

    for (size_t i = 0; rc == GW_OK && i < known.count; i++) {
        const struct gw_refusal *row = &known.list[i];

        if (row->kind != GW_REFUSAL_TOUCHED || *row->reason || is_found(c, subject->subject_key, row))
            continue;
        rc = gw_ledger_accept(ledger, subject->number, row->table, row->row_id, err);
        *changed = true;
    }
    return rc;
}

static enum gw_status note_of_subject(struct courier *c, struct gw_ledger *ledger,
                                      const struct gw_ledger_subject *subject, struct gw_error *err)
{
    bool changed = false;
    enum gw_status rc = forget_touched(c, ledger, subject, &changed, err);

    for (size_t i = 0; rc == GW_OK && i < c->touched.count; i++) {
        if (strcmp(c->touched.list[i].subject_key, subject->subject_key) != 0)
            continue;
        rc = gw_ledger_refuse(ledger, subject->number, &c->touched.list[i], err);
        changed = true;
    }
    if (rc == GW_OK && changed)
        rc = gw_ledger_mark(ledger, subject->number, err);
    c->news.marked |= changed;
    return rc;
}

static enum gw_status note_touched(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    struct courier *c = ctx;
    struct gw_ledger_subjects subjects = {0};
    enum gw_status rc = gw_ledger_subjects(ledger, &c->arena, &subjects, err);

    for (size_t i = 0; rc == GW_OK && i < subjects.count; i++)
        if (strcmp(subjects.list[i].study, c->settings.study) == 0)
            rc = note_of_subject(c, ledger, &subjects.list[i], err);
    return rc;
}

static void on_noted(void *ctx, const struct gw_error *failure)
{
    struct courier *c = ctx;

    c->inspected = failure ? 0 : (int64_t)c->settings.clock->monotonic_ms(c->settings.clock->ctx);
    if (step_done(c, failure))
        next_step(c);
}

static void on_inspected(void *ctx, const struct gw_error *failure)
{
    struct courier *c = ctx;

    if (step_done(c, failure))
        submit(c, note_touched, on_noted);
}

static bool inspection_is_due(const struct courier *c)
{
    const int64_t now = (int64_t)c->settings.clock->monotonic_ms(c->settings.clock->ctx);

    return c->settings.inspect_s > 0 && (c->inspected == 0 || now - c->inspected >= c->settings.inspect_s * 1000);
}

static void inspect(struct courier *c)
{
    c->busy = true;
    gw_arena_clear(&c->arena);
    c->settings.remote->inspect(c->settings.remote, &c->arena, &c->touched, on_inspected, c);
}

/* ---- collecting ------------------------------------------------------------------------------------------------ */

static bool is_collected(const struct courier *c, int64_t subject)
{
    for (size_t i = 0; i < c->shipment.count; i++)
        if (c->parcels[i].subject == subject)
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
    rc = batch_make(ledger, &c->arena, line, line->from_revision, stamp, batch, err);
    if (rc != GW_OK)
        return rc;
    c->parcels[c->shipment.count++] = (struct parcel){line->subject, *line};
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
        if (strcmp(line.study, c->settings.study) == 0 && !is_collected(c, line.subject))
            rc = add_batch(c, ledger, &line, &rows, err);
    }
    return rc;
}

static void on_delivered(void *ctx, const struct gw_error *failure);

static void on_collected(void *ctx, const struct gw_error *failure)
{
    struct courier *c = ctx;

    if (!step_done(c, failure))
        return;
    if (c->shipment.count == 0) {
        c->news.failures = 0;
        tell(c, COURIER_IDLE);
        if (c->again)
            next_step(c);
        return;
    }
    c->busy = true;
    c->settings.remote->deliver(c->settings.remote, &c->shipment, on_delivered, c);
}

static void begin_collecting(struct courier *c)
{
    struct gw_error failure;

    gw_arena_clear(&c->arena);
    c->again = false;
    c->batches = gw_arena_alloc(&c->arena, BATCHES_MAX * sizeof *c->batches);
    c->parcels = gw_arena_alloc(&c->arena, BATCHES_MAX * sizeof *c->parcels);
    c->receipts = gw_arena_alloc(&c->arena, BATCHES_MAX * sizeof *c->receipts);
    c->shipment = (struct gw_shipment){.batches = c->batches, .receipts = c->receipts, .arena = &c->arena};
    if (c->batches && c->parcels && c->receipts) {
        submit(c, collect, on_collected);
        return;
    }
    gw_fail(&failure, GW_ENOMEM, where, "a shipment needs more memory than allowed");
    fail(c, &failure);
}

/* ---- receipts -------------------------------------------------------------------------------------------------- */

/* What was written is accepted, but for what the receipt refuses; a person hears of both. */
static enum gw_status settle_refusals(struct courier *c, struct gw_ledger *ledger, size_t i, struct gw_error *err)
{
    const struct gw_batch *batch = &c->batches[i];
    const int64_t subject = c->parcels[i].subject;
    struct gw_refusals before = {0};
    bool changed = false;
    enum gw_status rc = gw_ledger_refusals(ledger, &c->arena, subject, batch->subject_key, &before, err);

    for (size_t r = 0; rc == GW_OK && before.count > 0 && r < batch->difference->count; r++) {
        const struct gw_change *change = &batch->difference->changes[r];

        rc = gw_ledger_accept(ledger, subject, change->table, change->row->row_id, err);
        changed = true;
    }
    for (size_t r = 0; rc == GW_OK && r < c->shipment.refusals.count; r++) {
        const struct gw_refusal *refusal = &c->shipment.refusals.list[r];

        if (strcmp(refusal->subject_key, batch->subject_key) != 0)
            continue;
        rc = gw_ledger_refuse(ledger, subject, refusal, err);
        c->news.refused++;
        changed |= refusal->table != GW_TABLE_exceptions && refusal->table != GW_TABLE_provenance;
    }
    if (rc == GW_OK && changed)
        rc = gw_ledger_mark(ledger, subject, err);
    c->news.marked |= changed;
    return rc;
}

static enum gw_status keep_receipts(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    struct courier *c = ctx;
    enum gw_status rc = GW_OK;

    for (size_t i = 0; rc == GW_OK && i < c->shipment.count; i++) {
        const struct gw_receipt *receipt = &c->receipts[i];

        rc = gw_outbox_stands(ledger, c->parcels[i].subject, receipt->revision, c->batches[i].applied_at, err);
        if (rc == GW_OK && receipt->applied)
            rc = settle_refusals(c, ledger, i, err);
        c->news.batches += receipt->applied;
        c->news.rows += receipt->applied ? c->batches[i].difference->count : 0;
    }
    return rc == GW_OK ? gw_outbox_size(ledger, c->settings.study, &c->news.waits, err) : rc;
}

/* A subject that stands elsewhere than the ledger believed is reconciled with all the others. */
static bool all_applied(const struct courier *c)
{
    for (size_t i = 0; i < c->shipment.count; i++)
        if (!c->receipts[i].applied)
            return false;
    return true;
}

static void on_kept(void *ctx, const struct gw_error *failure)
{
    struct courier *c = ctx;

    if (!step_done(c, failure))
        return;
    c->news.failures = 0;
    c->stands = all_applied(c);
    tell(c, COURIER_WORKING);
    c->news.marked = false;
    next_step(c);
}

static void on_delivered(void *ctx, const struct gw_error *failure)
{
    struct courier *c = ctx;

    if (step_done(c, failure))
        submit(c, keep_receipts, on_kept);
}

/* ---- steps ----------------------------------------------------------------------------------------------------- */

static void go_on(struct courier *c)
{
    if (!c->stands)
        submit(c, measure, ask_stands); /* how much waits, even if it stays away */
    else if (inspection_is_due(c))
        inspect(c);
    else
        begin_collecting(c);
}

static void on_timer(uv_timer_t *timer)
{
    next_step(timer->data);
}

void courier_wake(struct courier *c)
{
    c->again = true;
    if (!c->busy && c->news.state == COURIER_IDLE) {
        c->news.state = COURIER_WORKING;
        wait(c, 0);
    }
}

const struct courier_news *courier_news(const struct courier *c)
{
    return &c->news;
}

/* ---- the beginning and the end --------------------------------------------------------------------------------- */

enum gw_status courier_start(const struct courier_settings *settings, struct courier **out, struct gw_error *err)
{
    struct courier *c = calloc(1, sizeof *c);

    if (!c)
        return gw_fail(err, GW_ENOMEM, where, "no memory for the courier of %s", settings->study);
    c->settings = *settings;
    c->arena = (struct gw_arena)GW_ARENA_INIT(SHIPMENT_MEMORY);
    uv_timer_init(settings->loop, &c->timer);
    c->timer.data = c;
    wait(c, 0);
    *out = c;
    return GW_OK;
}

static void release_when_closed(struct courier *c)
{
    void (*const closed)(void *) = c->closed;
    void *const ctx = c->closed_ctx;

    if (!c->timer_closed || !c->remote_closed)
        return;
    gw_arena_release(&c->arena);
    free(c);
    closed(ctx);
}

static void on_remote_closed(void *ctx)
{
    struct courier *c = ctx;

    c->remote_closed = true;
    release_when_closed(c);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct courier *c = handle->data;

    c->timer_closed = true;
    release_when_closed(c);
}

static void close_parts(struct courier *c)
{
    uv_close((uv_handle_t *)&c->timer, on_timer_closed);
}

/* The remote first: a call that is under way ends with it, a job ends by itself, and then the parts close. */
void courier_stop(struct courier *c, void (*closed)(void *ctx), void *ctx)
{
    c->stopping = true;
    c->closed = closed;
    c->closed_ctx = ctx;
    gw_clock_stop(c->settings.clock, &c->timer);
    c->settings.remote->close(c->settings.remote, on_remote_closed, c);
    if (!c->busy && !uv_is_closing((uv_handle_t *)&c->timer))
        close_parts(c);
}
