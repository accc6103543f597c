/*
 * Rows that somebody deleted in the study database, looked for a piece at a time: the rows of some subjects as they
 * were delivered, then which of them are not there. Memory is bounded by the largest subject.
 */
#include <string.h>

#include "gateway/ledger/adopt.h"
#include "gateway/ledger/refusals.h"
#include "service/courier_parts.h"

static const char where[] = "service.courier";

enum { ROWS_MAX = 5000 }; /* of a piece; more only where one subject has more */

/* ---- what should be there -------------------------------------------------------------------------------------- */

static enum gw_status expect(struct courier *c, const struct gw_refusals *known, const char *subject_key,
                             enum gw_table_id table, const struct gw_row *row, struct gw_error *err)
{
    const struct gw_refusal *refusal = gw_refusal_find(known->list, known->count, subject_key, table, row->row_id);
    struct gw_expected *expected;

    if (refusal && refusal->kind == GW_REFUSAL_REJECTED)
        return GW_OK;
    expected = GW_ARENA_PUSH(&c->arena, c->expected, c->expected_count, c->expected_capacity);
    if (!expected)
        return gw_fail(err, GW_ENOMEM, where, "an inspection needs more memory than allowed");
    *expected = (struct gw_expected){table, subject_key, row->row_id};
    return GW_OK;
}

static enum gw_status expect_subject(struct courier *c, struct gw_ledger *ledger,
                                     const struct gw_ledger_subject *subject, struct gw_error *err)
{
    struct gw_refusals known = {0};
    struct gw_rows rows = {0};
    int64_t revision = 0;
    enum gw_status rc = gw_ledger_delivered(ledger, subject->number, &revision, err);

    if (rc == GW_OK)
        rc = gw_ledger_rows_there(ledger, &c->arena, subject->number, revision, &rows, err);
    if (rc == GW_OK)
        rc = gw_ledger_refusals(ledger, &c->arena, subject->number, subject->subject_key, &known, err);
    for (int t = 0; t < GW_TABLE_COUNT; t++)
        for (size_t i = 0; rc == GW_OK && i < rows.tables[t].count; i++)
            rc = expect(c, &known, subject->subject_key, (enum gw_table_id)t, rows.tables[t].rows[i], err);
    return rc;
}

static bool is_ours(const struct courier *c, const struct gw_ledger_subject *subject)
{
    return strcmp(subject->study, c->settings.study) == 0 && !courier_is_held(c, subject->number);
}

static enum gw_status gather(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    struct courier *c = ctx;
    struct gw_ledger_subjects subjects = {0};
    enum gw_status rc = gw_ledger_subjects(ledger, &c->arena, &subjects, err);

    for (size_t i = 0; rc == GW_OK && i < subjects.count && c->expected_count < ROWS_MAX; i++) {
        if (subjects.list[i].number <= c->looked)
            continue;
        c->looked = subjects.list[i].number;
        if (is_ours(c, &subjects.list[i]))
            rc = expect_subject(c, ledger, &subjects.list[i], err);
    }
    return rc;
}

/* ---- what is not ----------------------------------------------------------------------------------------------- */

/* What is back again, and what is gone and was not known to be. Lines of one subject stand together. */
static enum gw_status note_subject(struct courier *c, struct gw_ledger *ledger, int64_t number, const char *subject_key,
                                   struct gw_error *err)
{
    struct gw_refusals known = {0};
    bool changed = false;
    enum gw_status rc = gw_ledger_refusals(ledger, &c->arena, number, subject_key, &known, err);

    for (size_t i = 0; rc == GW_OK && i < known.count; i++) {
        const struct gw_refusal *row = &known.list[i];

        if (row->kind != GW_REFUSAL_TOUCHED || !*row->reason ||
            gw_refusal_find(c->missing.list, c->missing.count, subject_key, row->table, row->row_id))
            continue;
        rc = gw_ledger_accept(ledger, number, row->table, row->row_id, 0, err);
        changed = true;
    }
    for (size_t i = 0; rc == GW_OK && i < c->missing.count; i++) {
        const struct gw_refusal *row = &c->missing.list[i];
        const struct gw_refusal *before =
            gw_refusal_find(known.list, known.count, subject_key, row->table, row->row_id);

        if (strcmp(row->subject_key, subject_key) != 0 || (before && *before->reason))
            continue;
        rc = gw_ledger_refuse(ledger, number, row, false, err);
        changed = true;
    }
    if (rc == GW_OK && changed)
        rc = gw_ledger_mark(ledger, number, err);
    c->news.marked |= changed;
    return rc;
}

static enum gw_status note_missing(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    struct courier *c = ctx;
    struct gw_ledger_subjects subjects = {0};
    const char *last = "";
    enum gw_status rc = gw_ledger_subjects(ledger, &c->arena, &subjects, err);

    for (size_t i = 0, s = 0; rc == GW_OK && i < c->expected_count; i++) {
        const char *key = c->expected[i].subject_key;

        if (strcmp(key, last) == 0)
            continue;
        last = key;
        while (s + 1 < subjects.count &&
               (strcmp(subjects.list[s].subject_key, key) != 0 || !is_ours(c, &subjects.list[s])))
            s++; /* by number, as they were gathered */
        rc = note_subject(c, ledger, subjects.list[s].number, key, err);
    }
    return rc;
}

/* ---- a piece after the other ----------------------------------------------------------------------------------- */

static void on_noted(void *ctx, const struct gw_error *failure)
{
    struct courier *c = ctx;

    if (courier_step_done(c, failure))
        courier_find_missing(c);
}

static void on_missing(void *ctx, const struct gw_error *failure)
{
    struct courier *c = ctx;

    if (courier_step_done(c, failure))
        courier_submit(c, note_missing, on_noted);
}

static void on_gathered(void *ctx, const struct gw_error *failure)
{
    struct courier *c = ctx;

    if (!courier_step_done(c, failure))
        return;
    if (c->expected_count == 0) {
        courier_end_inspection(c);
        return;
    }
    c->busy = true;
    c->settings.remote->missing(c->settings.remote, c->expected, c->expected_count, &c->arena, &c->missing, on_missing,
                                c);
}

void courier_find_missing(struct courier *c)
{
    gw_arena_clear(&c->arena);
    c->expected = NULL;
    c->expected_count = c->expected_capacity = 0;
    if (c->settings.remote->missing)
        courier_submit(c, gather, on_gathered);
    else
        courier_end_inspection(c);
}
