/*
 * Which signatures hold, and what of their windows would change that may not.
 */
#include "study/held.h"

#include <string.h>

#include "gateway/study/seal.h"
#include "study/decided.h"

/* ---- which hold ---- */

static const struct gw_rows *signed_rows(const struct engine *e, const struct gw_decision *decision)
{
    for (size_t i = 0; i < e->in->signature_count; i++)
        if (e->in->signatures[i].decision == decision->n)
            return &e->in->signatures[i].rows;
    return NULL;
}

/* The rows of a revision of this number in another ledger are others. */
static bool is_what_was_signed(struct engine *e, const struct gw_rows *rows, const struct gw_decision *decision)
{
    char seal[GW_SEAL_BYTES];
    struct gw_error ignored;
    size_t count;

    if (gw_window_seal(rows, decision->set[GW_SET_WINDOW], seal, &count, &ignored) != GW_OK) {
        e->failed = true;
        return false;
    }
    return strcmp(seal, decision->set[GW_SET_SEAL]) == 0;
}

static gw_day last_day(const struct gw_rows *rows, const char *window)
{
    const struct gw_row_list *list = &rows->tables[GW_TABLE_windows];

    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_windows *row = (const struct gw_row_windows *)list->rows[i];
        const gw_day target = hold_day(row->target_date);

        if (gw_same(row->window_id, window) && target != GW_NO_DAY)
            return target + (row->high - row->target_elapsed);
    }
    return GW_NO_DAY;
}

/* What was accepted since ended it; the answer stays told. */
static bool is_void(struct engine *e, const struct gw_decision *decision)
{
    const char *window = decision->set[GW_SET_WINDOW], *which = decided_assessment(e, window, "");
    const struct gw_decision *accepted = decided_subject(e, GW_DECIDE_SIGNED, which);

    if (!accepted || accepted->n < decision->n)
        return false;
    decided_note(e, accepted, "SIGNED_CHANGED",
                 &(struct item_about){.windows = window, .rule = accepted->set[GW_SET_OF], .day = GW_NO_DAY});
    return true;
}

static void find_signatures(struct holding *h)
{
    struct engine *e = h->e;
    size_t capacity = 0;

    for (size_t i = 0; i < e->in->decision_count && !e->failed; i++) {
        const struct gw_decision *decision = &e->in->decisions[i];
        struct signature *slot;

        if (decision->kind != GW_DECIDE_SIGN ||
            decided_subject(e, GW_DECIDE_SIGN, decision->set[GW_SET_WINDOW]) != decision || is_void(e, decision))
            continue;
        slot = GW_ARENA_PUSH(e->arena, h->signatures, h->count, capacity);
        e->failed |= !slot;
        if (!slot)
            return;
        *slot = (struct signature){.decision = decision,
                                   .window = decision->set[GW_SET_WINDOW],
                                   .rows = signed_rows(e, decision),
                                   .last = GW_NO_DAY};
        if (slot->rows && !is_what_was_signed(e, slot->rows, decision))
            slot->rows = NULL;
        if (slot->rows)
            slot->last = last_day(slot->rows, slot->window);
    }
}

/* For who wants to count them. */
static void list_held(struct holding *h, struct gw_derived *out)
{
    size_t capacity = 0;

    for (size_t s = 0; s < h->count; s++)
        for (size_t i = 0; i < h->signatures[s].count && !h->e->failed; i++) {
            const struct withheld *withheld = &h->signatures[s].list[i];
            struct gw_held_row *slot = GW_ARENA_PUSH(h->e->arena, out->held, out->held_count, capacity);

            h->e->failed |= !slot;
            if (slot)
                *slot = (struct gw_held_row){h->signatures[s].window, withheld->table, withheld->stands, withheld->is};
        }
}

void hold_signed(struct engine *e, const struct gw_rows *previous, struct gw_derived *out)
{
    struct holding h = {.e = e, .previous = previous};

    if (!(e->decided_kinds >> GW_DECIDE_SIGN & 1) || !former_subject(&e->rows))
        return; /* nothing signed; or a subject without rows: it takes no part any more, or has no first dose */
    find_signatures(&h);
    if (h.count > 0 && !e->failed)
        hold_find(&h);
    if (h.count > 0 && !e->failed)
        hold_put_back(&h);
    if (h.count > 0 && !e->failed)
        hold_flag(&h);
    list_held(&h, out);
    for (size_t i = 0; i < h.count && !e->failed; i++)
        hold_ask(&h, &h.signatures[i]);
}
