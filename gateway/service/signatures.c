/*
 * Signatures read from the ledger. A signature that a later one replaced, or that was accepted away, is not read; of a
 * revision under which several windows were signed all are read at once, and nothing of its other windows is kept.
 */
#include "service/signatures.h"

#include <stdlib.h>

#include "gateway/ledger/settle.h"
#include "gateway/study/seal.h"

#define REVISION_MEMORY ((size_t)2 << 30)

struct reading {
    struct gw_pass *pass;
    struct gw_arena *arena, revision; /* what stays, what one revision needs */
    const struct gw_enrolled *subject;
    const struct gw_decision **holding;
    const char **windows;
    struct gw_signed_rows *list;
    size_t count, read;
};

static enum gw_status no_memory(struct gw_error *err)
{
    return gw_fail(err, GW_ENOMEM, "service.signatures", "what was signed needs more memory than allowed");
}

static enum gw_status find_holding(struct reading *r, const struct gw_decisions *decisions, struct gw_error *err)
{
    const char *study = r->pass->protocol->study->id, *subject = r->subject->line->subject;

    r->holding = gw_arena_alloc(r->arena, (decisions->count + 1) * sizeof *r->holding);
    r->windows = gw_arena_alloc(r->arena, (decisions->count + 1) * sizeof *r->windows);
    r->list = gw_arena_alloc(r->arena, (decisions->count + 1) * sizeof *r->list);
    if (!r->holding || !r->windows || !r->list)
        return no_memory(err);
    for (size_t i = 0; i < decisions->count; i++) {
        const struct gw_decision *d = &decisions->list[i];

        if (d->kind == GW_DECIDE_SIGN &&
            gw_window_signature(decisions->list, decisions->count, study, subject, d->set[GW_SET_WINDOW]) == d)
            r->holding[r->count++] = d;
    }
    return GW_OK;
}

/* All that name the revision of this one, which is the first of them. */
static enum gw_status read_revision(struct reading *r, size_t first, struct gw_error *err)
{
    const char *revision = r->holding[first]->set[GW_SET_REVISION];
    struct gw_rows whole, rows;
    size_t windows = 0;
    int64_t ignored;
    enum gw_status rc;

    for (size_t i = first; i < r->count; i++)
        if (gw_same(r->holding[i]->set[GW_SET_REVISION], revision))
            r->windows[windows++] = r->holding[i]->set[GW_SET_WINDOW];
    gw_arena_clear(&r->revision);
    rc = gw_ledger_rows(r->pass->ledger, &r->revision, r->subject->number, strtoll(revision, NULL, 10), &whole,
                        &ignored, err);
    if (rc == GW_EINPUT)
        return GW_OK;
    if (rc == GW_OK)
        rc = gw_window_rows(r->arena, &whole, r->windows, windows, &rows, err);
    for (size_t i = first; rc == GW_OK && i < r->count; i++)
        if (gw_same(r->holding[i]->set[GW_SET_REVISION], revision))
            r->list[r->read++] = (struct gw_signed_rows){r->holding[i]->n, rows};
    return rc;
}

static bool is_read(const struct reading *r, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (gw_same(r->holding[i]->set[GW_SET_REVISION], r->holding[index]->set[GW_SET_REVISION]))
            return true;
    return false;
}

enum gw_status signatures_read(struct gw_pass *pass, struct gw_arena *arena, const struct gw_enrolled *subject,
                               const struct gw_decisions *decisions, struct gw_subject_input *input,
                               struct gw_error *err)
{
    struct reading r = {.pass = pass, .arena = arena, .revision = GW_ARENA_INIT(REVISION_MEMORY), .subject = subject};
    enum gw_status rc = find_holding(&r, decisions, err);

    for (size_t i = 0; rc == GW_OK && i < r.count; i++)
        if (!is_read(&r, i))
            rc = read_revision(&r, i, err);
    gw_arena_release(&r.revision);
    input->signatures = r.list;
    input->signature_count = r.read;
    return rc;
}
