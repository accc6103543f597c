/*
 * Second primary malignancy: what a rate per patient-years is made from. A subject counts once, by the first that a
 * person confirmed; those the package counts apart do not. Source: mappings/RULES.md 13.
 */
#include <string.h>

#include "study/parameters.h"

static bool counted_apart(const struct engine *e, const char *subcategory)
{
    const struct gw_texts *apart = &e->in->study->spm.apart;

    return gw_is_among(apart->items, apart->count, subcategory);
}

/* The first confirmed one by onset; NULL: none. */
static const struct gw_row_ae_episodes *first_confirmed(const struct engine *e)
{
    const struct gw_row_list *list = &e->rows.tables[GW_TABLE_ae_episodes];
    const struct gw_row_ae_episodes *first = NULL;

    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_ae_episodes *row = (const struct gw_row_ae_episodes *)list->rows[i];

        if (strcmp(row->category, e->in->study->spm.category) == 0 && gw_same(row->certainty, "confirmed") &&
            !counted_apart(e, row->subcategory) && (!first || strcmp(row->onset, first->onset) < 0))
            first = row;
    }
    return first;
}

/* A candidate that waits for a person: its fingerprint ends in the category. */
static bool awaits_a_person(const struct engine *e)
{
    for (size_t i = 0; i < e->item_count; i++) {
        const char *rule = strrchr(e->items[i].fingerprint, '|') + 1;

        if (strcmp(e->items[i].code, "AE_CANDIDATE") == 0 && strcmp(rule, e->in->study->spm.category) == 0)
            return true;
    }
    return false;
}

void derive_spm(struct engine *e)
{
    const struct gw_row_ae_episodes *event;
    const gw_day contact = engine_last_contact(e);
    struct parameter p = {.name = "SPM", .text = "CENSORED", .date = contact, .rule = "spm"};

    if (!e->in->study->spm.on)
        return;
    event = first_confirmed(e);
    if (event) {
        p.text = "EVENT";
        gw_day_parse(event->onset, &p.date); /* a day that the engine wrote */
        inputs_add_row(e, &p.inputs, event->row_id);
    }
    p.unconfirmed = !event && awaits_a_person(e);
    p.value = gw_arena_print(e->arena, "%d", p.date - e->anchors.d1);
    e->failed |= !p.value;
    inputs_add_row(e, &p.inputs, e->subject_row->row_id);
    parameter_add(e, &p);
}
