/*
 * What the study database has: where every subject stands there, and which rows are not as they were written.
 */
#include <stdlib.h>
#include <string.h>

#include "gateway/ledger/refusals.h"
#include "service/courier_parts.h"

/* ---- where the subjects stand ---------------------------------------------------------------------------------- */

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct gw_stand *)a)->subject_key, ((const struct gw_stand *)b)->subject_key);
}

static enum gw_status reconcile(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    struct courier *c = ctx;
    struct gw_ledger_subjects subjects = {0};
    enum gw_status rc = gw_ledger_subjects(ledger, &c->standing, &subjects, err);

    if (rc == GW_OK && c->found.count > 0)
        qsort(c->found.list, c->found.count, sizeof *c->found.list, by_key);
    for (size_t i = 0; rc == GW_OK && i < subjects.count; i++) {
        bool known = true;
        const struct gw_ledger_subject *subject = &subjects.list[i];
        const struct gw_stand wanted = {.subject_key = subject->subject_key};
        const struct gw_stand *stand =
            c->found.count ? bsearch(&wanted, c->found.list, c->found.count, sizeof wanted, by_key) : NULL;

        if (strcmp(subject->study, c->settings.study) != 0)
            continue;
        if (stand)
            rc = courier_part_astray(c, ledger, subject, stand, &known, err);
        if (rc == GW_OK && (!stand || known))
            rc = gw_outbox_reconcile(ledger, subject->number, stand ? stand->revision : 0, err);
    }
    return rc;
}

static void on_reconciled(void *ctx, const struct gw_error *failure)
{
    struct courier *c = ctx;

    if (courier_step_done(c, failure))
        courier_recall(c);
}

static void on_stands(void *ctx, const struct gw_error *failure)
{
    struct courier *c = ctx;

    if (courier_step_done(c, failure))
        courier_submit(c, reconcile, on_reconciled);
}

static enum gw_status measure(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    struct courier *c = ctx;

    return gw_outbox_size(ledger, c->settings.study, &c->news.waits, err);
}

static void on_measured(void *ctx, const struct gw_error *failure)
{
    struct courier *c = ctx;

    if (!courier_step_done(c, failure))
        return;
    c->busy = true;
    gw_arena_clear(&c->standing);
    c->astray = NULL;
    c->held = NULL;
    c->astray_count = c->astray_capacity = c->astray_at = c->news.held = c->held_capacity = 0;
    c->settings.remote->stand(c->settings.remote, &c->standing, &c->found, on_stands, c);
}

void courier_ask_stands(struct courier *c)
{
    courier_submit(c, measure, on_measured);
}

/* ---- what was changed there by hand ---------------------------------------------------------------------------- */

static bool is_found(const struct courier *c, const char *subject_key, const struct gw_refusal *row)
{
    return gw_refusal_find(c->touched.list, c->touched.count, subject_key, row->table, row->row_id);
}

/* Rows that are as they were written again; those that are missing are looked for next (courier_missing.c). */
static enum gw_status forget_touched(struct courier *c, struct gw_ledger *ledger,
                                     const struct gw_ledger_subject *subject, bool *changed, struct gw_error *err)
{
    struct gw_refusals known = {0};
    enum gw_status rc = gw_ledger_refusals(ledger, &c->arena, subject->number, subject->subject_key, &known, err);

    for (size_t i = 0; rc == GW_OK && i < known.count; i++) {
        const struct gw_refusal *row = &known.list[i];

        if (row->kind != GW_REFUSAL_TOUCHED || *row->reason || is_found(c, subject->subject_key, row))
            continue;
        rc = gw_ledger_accept(ledger, subject->number, row->table, row->row_id, 0, err);
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
        rc = gw_ledger_refuse(ledger, subject->number, &c->touched.list[i], false, err);
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

    if (courier_step_done(c, failure))
        courier_find_missing(c);
}

void courier_end_inspection(struct courier *c)
{
    c->inspected = (int64_t)c->settings.clock->monotonic_ms(c->settings.clock->ctx);
    courier_next_step(c);
}

static void on_inspected(void *ctx, const struct gw_error *failure)
{
    struct courier *c = ctx;

    if (courier_step_done(c, failure))
        courier_submit(c, note_touched, on_noted);
}

/* Until then; 0: it is due. */
static int64_t inspection_waits_ms(const struct courier *c)
{
    const int64_t now = (int64_t)c->settings.clock->monotonic_ms(c->settings.clock->ctx);
    const int64_t due = c->inspected + c->settings.inspect_s * 1000;

    return c->inspected == 0 || due <= now ? 0 : due - now;
}

bool courier_inspection_is_due(const struct courier *c)
{
    return c->settings.inspect_s > 0 && inspection_waits_ms(c) == 0;
}

void courier_await_inspection(struct courier *c)
{
    if (c->settings.inspect_s > 0)
        gw_clock_start(c->settings.clock, &c->timer, courier_on_timer, (uint64_t)inspection_waits_ms(c));
}

void courier_inspect(struct courier *c)
{
    c->busy = true;
    c->looked = 0;
    gw_arena_clear(&c->arena);
    c->settings.remote->inspect(c->settings.remote, &c->arena, &c->touched, on_inspected, c);
}
