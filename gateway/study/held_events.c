/*
 * Events of a signed window: with all that is told of them, or not at all.
 */
#include "study/held.h"

#include <string.h>

/* ---- events: with all that is told of them, or not at all ---- */

static const enum gw_table_id children[] = {GW_TABLE_ae_evidence, GW_TABLE_ae_grades};

enum { CHILDREN = sizeof children / sizeof *children };

static struct run told_of(const struct gw_rows *rows, size_t child, const char *id)
{
    return former_run(&rows->tables[children[child]], id, '|');
}

static bool event_source_gone(struct holding *h, const struct gw_rows *rows, const char *id)
{
    if (hold_source_gone(h, rows, GW_TABLE_ae_episodes, id))
        return true;
    for (size_t c = 0; c < CHILDREN; c++) {
        const struct run told = told_of(rows, c, id);

        for (size_t i = 0; i < told.count; i++)
            if (hold_may_not_wait(h, rows, children[c], told.rows[i]))
                return true;
    }
    return false;
}

/* The same grade of the day, or the same evidence; in which role follows from what came later. */
static bool says_the_same(enum gw_table_id table, const struct gw_row *a, const struct gw_row *b)
{
    const struct gw_row_ae_evidence *x = (const struct gw_row_ae_evidence *)a, *y = (const void *)b;

    if (table == GW_TABLE_ae_grades)
        return gw_row_equal(table, a, b);
    return gw_same(x->ae_id, y->ae_id) && gw_same(x->source_hash, y->source_hash) && gw_same(x->date, y->date) &&
           x->grade_at == y->grade_at && gw_same(x->value_num, y->value_num);
}

static const char *date_of(enum gw_table_id table, const struct gw_row *row)
{
    return table == GW_TABLE_ae_evidence ? ((const struct gw_row_ae_evidence *)row)->date
                                         : ((const struct gw_row_ae_grades *)row)->date;
}

/* All that one side tells of the days up to the end of the window stands on the other. */
static bool all_stand(const struct gw_rows *one, const struct gw_rows *other, const char *id, gw_day last)
{
    for (size_t c = 0; c < CHILDREN; c++) {
        const struct run told = told_of(one, c, id), list = told_of(other, c, id);

        for (size_t i = 0; i < told.count; i++) {
            bool found = hold_is_after(date_of(children[c], told.rows[i]), last);

            for (size_t k = 0; k < list.count && !found; k++)
                found = says_the_same(children[c], told.rows[i], list.rows[k]);
            if (!found)
                return false;
        }
    }
    return true;
}

static bool event_goes_on(const struct signature *signature, const struct gw_row *was, const struct gw_rows *rows,
                          const struct gw_row *is)
{
    return was && is && hold_goes_on(GW_TABLE_ae_episodes, was, is, signature->last) &&
           all_stand(signature->rows, rows, was->row_id, signature->last) &&
           all_stand(rows, signature->rows, was->row_id, signature->last);
}

static void withhold_children(struct holding *h, struct signature *signature, const struct withheld *event)
{
    for (size_t c = 0; c < CHILDREN && !h->e->failed; c++) {
        const struct run is = told_of(&h->e->rows, c, event->row_id);
        const struct run stands = event->stands ? told_of(event->of, c, event->row_id) : (struct run){0};

        for (size_t i = 0; i < stands.count; i++)
            hold_withhold(h, signature,
                          (struct withheld){.table = children[c],
                                            .row_id = stands.rows[i]->row_id,
                                            .stands = stands.rows[i],
                                            .of = event->of,
                                            .is = gw_rows_find(&h->e->rows, children[c], stands.rows[i]->row_id)});
        for (size_t i = 0; i < is.count; i++)
            if (!(event->stands && gw_rows_find(event->of, children[c], is.rows[i]->row_id)))
                hold_withhold(
                    h, signature,
                    (struct withheld){
                        .table = children[c], .row_id = is.rows[i]->row_id, .of = event->of, .is = is.rows[i]});
    }
}

static void consider_event(struct holding *h, struct signature *signature, const struct gw_row *was,
                           const struct gw_row *is)
{
    const struct gw_row *former = was ? gw_rows_find(h->previous, GW_TABLE_ae_episodes, was->row_id) : NULL;
    struct withheld event;
    bool gone;

    if (event_goes_on(signature, was, &h->e->rows, is))
        return;
    if (was && (hold_may_not_wait(h, signature->rows, GW_TABLE_ae_episodes, was) ||
                event_source_gone(h, signature->rows, was->row_id)))
        return;
    event = hold_standing(h, signature, GW_TABLE_ae_episodes, was, is);
    gone = event.stands && event.of == h->previous && event_source_gone(h, h->previous, event.row_id);
    if (!was && gone)
        return;
    if (was && (gone || !event_goes_on(signature, was, h->previous, former))) {
        event.stands = was;
        event.of = signature->rows;
    }
    hold_withhold(h, signature, event);
    withhold_children(h, signature, &event);
}

void hold_events(struct holding *h, struct signature *signature)
{
    const struct gw_row_list *was = &signature->rows->tables[GW_TABLE_ae_episodes],
                             *is = &h->e->rows.tables[GW_TABLE_ae_episodes];

    for (size_t i = 0; i < was->count && !h->e->failed; i++)
        if (hold_is_in(signature->rows, GW_TABLE_ae_episodes, was->rows[i], signature->window))
            consider_event(h, signature, was->rows[i],
                           gw_rows_find(&h->e->rows, GW_TABLE_ae_episodes, was->rows[i]->row_id));
    for (size_t i = 0; i < is->count && !h->e->failed; i++)
        if (hold_is_in(&h->e->rows, GW_TABLE_ae_episodes, is->rows[i], signature->window) &&
            !hold_is_in(signature->rows, GW_TABLE_ae_episodes,
                        gw_rows_find(signature->rows, GW_TABLE_ae_episodes, is->rows[i]->row_id), signature->window))
            consider_event(h, signature, NULL, is->rows[i]);
}

/* ---- events that are part of another ---- */

static bool stands(const struct holding *h, const char *id)
{
    const struct withheld *withheld = hold_withheld(h, GW_TABLE_ae_episodes, id);

    return withheld ? withheld->stands != NULL : gw_rows_find(&h->e->rows, GW_TABLE_ae_episodes, id) != NULL;
}

static const char *parent_of(const struct gw_row *event)
{
    return event ? ((const struct gw_row_ae_episodes *)event)->parent_ae : NULL;
}

/* It flows, with all that is told of it. */
static void release(struct signature *signature, const char *id)
{
    const size_t length = strlen(id);
    size_t kept = 0;

    for (size_t i = 0; i < signature->count; i++) {
        const struct withheld *row = &signature->list[i];
        bool is_its = row->table == GW_TABLE_ae_episodes && strcmp(row->row_id, id) == 0;

        for (size_t c = 0; c < CHILDREN; c++)
            is_its |= row->table == children[c] && strncmp(row->row_id, id, length) == 0 && row->row_id[length] == '|';
        if (!is_its)
            signature->list[kept++] = *row;
    }
    signature->count = kept;
}

/* A signed event whose parent went: that it did is no change that could wait. */
static void part_with_parent(struct holding *h, struct signature *signature, size_t index)
{
    struct withheld *event = &signature->list[index];
    struct gw_row_ae_episodes *alone = gw_arena_alloc(h->e->arena, sizeof *alone);

    h->e->failed |= !alone;
    if (!alone)
        return;
    *alone = *(const struct gw_row_ae_episodes *)event->stands;
    alone->parent_ae = NULL;
    event->stands = (const struct gw_row *)alone;
    if (event_goes_on(signature, event->stands, &h->e->rows, event->is))
        release(signature, event->row_id);
}

/* One that flows is part of the event it was part of before, while its own is held; of none if that one is gone. */
static void part_as_before(struct holding *h, struct gw_row_ae_episodes *event)
{
    const char *former = parent_of(gw_rows_find(h->previous, GW_TABLE_ae_episodes, event->row_id));

    event->parent_ae = former && stands(h, former) ? former : NULL;
}

void hold_parents(struct holding *h)
{
    const struct gw_row_list *list = &h->e->rows.tables[GW_TABLE_ae_episodes];

    for (size_t s = 0; s < h->count; s++)
        for (size_t i = h->signatures[s].count; i-- > 0 && !h->e->failed;) {
            const struct withheld *row = &h->signatures[s].list[i];
            const char *parent = row->table == GW_TABLE_ae_episodes ? parent_of(row->stands) : NULL;

            if (parent && !stands(h, parent))
                part_with_parent(h, &h->signatures[s], i);
        }
    for (size_t i = 0; i < list->count && !h->e->failed; i++) {
        const char *parent = parent_of(list->rows[i]);

        if (parent && !stands(h, parent) && !hold_withheld(h, GW_TABLE_ae_episodes, list->rows[i]->row_id))
            part_as_before(h, (struct gw_row_ae_episodes *)list->rows[i]);
    }
}
