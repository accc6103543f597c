/*
 * What waits because an investigator signed its window: what the study database has, what is known now, and what a
 * person can do.
 */
#include <string.h>

#include "study/explain_parts.h"
#include "study/sheet.h"

const struct gw_held_row *telling_held(const struct telling *t, enum gw_table_id table, const char *row_id)
{
    const struct gw_derived *derived = t->in->derived;

    for (size_t i = 0; i < derived->held_count; i++) {
        const struct gw_held_row *held = &derived->held[i];
        const struct gw_row *row = held->stands ? held->stands : held->is;

        if (held->table == table && strcmp(row->row_id, row_id) == 0)
            return held;
    }
    return NULL;
}

const struct gw_held_row *telling_held_new(const struct telling *t, const char *row_id)
{
    const struct gw_held_row *held = NULL;

    for (int table = 0; !held && table < GW_TABLE_COUNT; table++)
        held = telling_held(t, (enum gw_table_id)table, row_id);
    return held && !held->stands ? held : NULL;
}

bool telling_asks(const struct gw_held_row *held, const struct gw_item *item)
{
    return held && strcmp(item->code, "SIGNED_CHANGED") == 0 && sheet_list_has(item->window_ids, ';', held->window);
}

static const struct gw_item *question(const struct telling *t, const struct gw_held_row *held)
{
    for (size_t i = 0; i < t->in->derived->item_count; i++)
        if (telling_asks(held, &t->in->derived->items[i]))
            return &t->in->derived->items[i];
    return NULL;
}

/* "value_num 5.9 (stands: 5.1), anl01 empty (stands: Y)" */
static const char *differences(struct telling *t, const struct gw_held_row *held)
{
    const struct gw_table *table = gw_table_of(held->table);
    const char *list = "";

    for (size_t c = 0; c < table->column_count; c++) {
        char a[12], b[12];
        const char *was = gw_row_cell(table, held->stands, c, a), *is = gw_row_cell(table, held->is, c, b);

        if (!table->columns[c].stamp && !gw_same(was, is))
            list = tell_with(t, list,
                             tell_text(t, "%s %s (stands: %s)", table->columns[c].name, tell_or(is, "empty"),
                                       tell_or(was, "empty")));
    }
    return list;
}

void tell_waiting(struct telling *t, const struct gw_held_row *held)
{
    const struct gw_item *item = question(t, held);

    if (!held->stands)
        tell(t, "held", "The study database does not have it: it is new in window %s, which is signed.", held->window);
    else if (!held->is)
        tell(t, "held", "It stands because window %s is signed: by what is known now it would be gone.", held->window);
    else
        tell(t, "held", "It stands because window %s is signed: by what is known now it would say %s.", held->window,
             differences(t, held));
    if (item)
        tell(t, "held", "That waits for a person: casement exceptions decide %s accept, or keep.", item->id);
    else
        tell(t, "held", "A person decided to keep the window as it was signed.");
}
