/*
 * What of a signed window would change and may not flow, table by table.
 */
#include "study/held.h"

#include <string.h>

#include "gateway/study/seal.h"

/* A value of the same concept in the window went with its source: which of those that stay is flagged follows. */
static bool only_flags_follow(struct holding *h, const struct signature *signature, const struct gw_row *was,
                              const struct gw_row *is)
{
    const struct gw_row_list *list = &signature->rows->tables[GW_TABLE_observations];
    struct gw_row_observations as = *(const struct gw_row_observations *)was;
    const struct gw_row_observations *now = (const struct gw_row_observations *)is;

    as.anl01 = now->anl01;
    as.anl02 = now->anl02;
    as.anl03 = now->anl03;
    if (!gw_row_equal(GW_TABLE_observations, (const struct gw_row *)&as, is))
        return false;
    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_observations *other = (const struct gw_row_observations *)list->rows[i];

        if (gw_same(other->window_id, signature->window) && gw_same(other->concept, as.concept) &&
            hold_may_not_wait(h, signature->rows, GW_TABLE_observations, list->rows[i]))
            return true;
    }
    return false;
}

/* As delivered last, where that is what was signed, or how it went on; else as signed. */
struct withheld hold_standing(const struct holding *h, const struct signature *signature, enum gw_table_id table,
                              const struct gw_row *was, const struct gw_row *is)
{
    const char *row_id = was ? was->row_id : is->row_id;
    const struct gw_row *former = gw_rows_find(h->previous, table, row_id);
    struct withheld out = {.table = table, .row_id = row_id, .is = is};
    bool as_former;

    if (was)
        as_former = former && hold_goes_on(table, was, former, signature->last);
    else /* new in the window: as it was in another, or not at all */
        as_former = former && !gw_same(gw_window_of(h->previous, table, former), signature->window);
    out.stands = as_former ? former : was;
    out.of = as_former ? h->previous : signature->rows;
    return out;
}

/* A window that ends where the subject's consent did. */
static bool is_cut_by_withdrawal(enum gw_table_id table, const struct gw_row *is)
{
    return table == GW_TABLE_windows && is &&
           gw_same(((const struct gw_row_windows *)is)->truncation_reason, "WITHDRAWAL");
}

static void consider(struct holding *h, struct signature *signature, enum gw_table_id table, const struct gw_row *was,
                     const struct gw_row *is)
{
    struct withheld row;

    if (was && is && hold_goes_on(table, was, is, signature->last))
        return;
    if (was && (hold_may_not_wait(h, signature->rows, table, was) || is_cut_by_withdrawal(table, is)))
        return;
    if (was && is && table == GW_TABLE_observations && only_flags_follow(h, signature, was, is))
        return;
    row = hold_standing(h, signature, table, was, is);
    if (row.stands && row.of == h->previous && hold_source_gone(h, h->previous, table, row.row_id)) {
        if (!was)
            return;
        row.stands = was;
        row.of = signature->rows;
    }
    hold_withhold(h, signature, row);
}

bool hold_is_in(const struct gw_rows *rows, enum gw_table_id table, const struct gw_row *row, const char *window)
{
    return row && gw_same(gw_window_of(rows, table, row), window);
}

static void consider_table(struct holding *h, struct signature *signature, enum gw_table_id table)
{
    const struct gw_row_list *was = &signature->rows->tables[table], *is = &h->e->rows.tables[table];

    for (size_t i = 0; i < was->count && !h->e->failed; i++)
        if (hold_is_in(signature->rows, table, was->rows[i], signature->window))
            consider(h, signature, table, was->rows[i], gw_rows_find(&h->e->rows, table, was->rows[i]->row_id));
    for (size_t i = 0; i < is->count && !h->e->failed; i++)
        if (hold_is_in(&h->e->rows, table, is->rows[i], signature->window) &&
            !hold_is_in(signature->rows, table, gw_rows_find(signature->rows, table, is->rows[i]->row_id),
                        signature->window))
            consider(h, signature, table, NULL, is->rows[i]);
}

/* ---- all of a window ---- */

/* Collected once, and no more since its contact was withdrawn, or lies behind the subject's own withdrawal. */
static bool is_closed_for_good(struct holding *h, const struct gw_rows *rows, const struct gw_row *was)
{
    const struct gw_row_windows *is =
        (const struct gw_row_windows *)gw_rows_find(&h->e->rows, GW_TABLE_windows, was->row_id);

    if (!gw_same(((const struct gw_row_windows *)was)->state, "collected") || (is && gw_same(is->state, "collected")))
        return false;
    return (is && gw_same(is->truncation_reason, "WITHDRAWAL")) || hold_may_not_wait(h, rows, GW_TABLE_windows, was);
}

static bool window_gone(struct holding *h, const struct signature *signature)
{
    const struct gw_row_list *list = &signature->rows->tables[GW_TABLE_windows];

    for (size_t i = 0; i < list->count; i++)
        if (gw_same(((const struct gw_row_windows *)list->rows[i])->window_id, signature->window) &&
            is_closed_for_good(h, signature->rows, list->rows[i]))
            return true;
    return false;
}

/* It left the window for others: it stands in this one, not in those where it did not when this was signed. */
static void keep_from_others(struct holding *h, struct signature *signature, const struct withheld *left)
{
    const struct run rows = former_run(&h->e->rows.tables[GW_TABLE_observations],
                                       ((const struct gw_row_observations *)left->stands)->obs_id, '@');

    for (size_t i = 0; i < rows.count; i++)
        if (!gw_rows_find(signature->rows, GW_TABLE_observations, rows.rows[i]->row_id))
            hold_withhold(h, signature,
                          (struct withheld){.table = GW_TABLE_observations,
                                            .row_id = rows.rows[i]->row_id,
                                            .of = signature->rows,
                                            .is = rows.rows[i]});
}

static bool has_window(const struct gw_rows *rows, const char *window)
{
    const struct gw_row_list *list = &rows->tables[GW_TABLE_windows];

    for (size_t i = 0; i < list->count; i++)
        if (gw_same(((const struct gw_row_windows *)list->rows[i])->window_id, window))
            return true;
    return false;
}

/* It would come into the window from others that there still are: it stands where it was delivered last. */
static void keep_in_others(struct holding *h, struct signature *signature, const struct withheld *came)
{
    const struct run rows = former_run(&h->previous->tables[GW_TABLE_observations],
                                       ((const struct gw_row_observations *)came->is)->obs_id, '@');

    for (size_t i = 0; i < rows.count; i++) {
        const struct gw_row_observations *row = (const struct gw_row_observations *)rows.rows[i];

        if (!gw_same(row->window_id, signature->window) && has_window(&h->e->rows, row->window_id) &&
            !gw_rows_find(&h->e->rows, GW_TABLE_observations, row->row_id) &&
            !hold_may_not_wait(h, h->previous, GW_TABLE_observations, rows.rows[i]))
            hold_withhold(
                h, signature,
                (struct withheld){
                    .table = GW_TABLE_observations, .row_id = row->row_id, .stands = rows.rows[i], .of = h->previous});
    }
}

/* A value that would leave a signed window for another, or come into it, stands in one of them, not in both. */
static void withhold_moved(struct holding *h, struct signature *signature)
{
    for (size_t i = 0; i < signature->count && !h->e->failed; i++) {
        const struct withheld row = signature->list[i];

        if (row.table != GW_TABLE_observations)
            continue;
        if (!row.is && hold_is_in(row.of, row.table, row.stands, signature->window))
            keep_from_others(h, signature, &row);
        if (!row.stands && hold_is_in(&h->e->rows, row.table, row.is, signature->window))
            keep_in_others(h, signature, &row);
    }
}

static void give_reasons(struct holding *h, struct signature *signature)
{
    bool told = false;

    for (size_t i = 0; i < signature->count && !h->e->failed; i++) {
        signature->list[i].why = hold_reason(h, signature, &signature->list[i]);
        told |= signature->list[i].why != NULL;
    }
    for (size_t i = 0; i < signature->count && !told; i++)
        signature->list[i].why = "new package";
}

void hold_find(struct holding *h)
{
    static const enum gw_table_id tables[] = {GW_TABLE_windows, GW_TABLE_observations, GW_TABLE_exposures,
                                              GW_TABLE_conmeds, GW_TABLE_derived};

    for (size_t s = 0; s < h->count && !h->e->failed; s++) {
        struct signature *signature = &h->signatures[s];

        if (!signature->rows || window_gone(h, signature))
            continue;
        for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
            consider_table(h, signature, tables[t]);
        hold_events(h, signature);
        withhold_moved(h, signature);
    }
    hold_parents(h);
    for (size_t s = 0; s < h->count && !h->e->failed; s++)
        give_reasons(h, &h->signatures[s]);
}
