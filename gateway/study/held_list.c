/*
 * The list of what is withheld, each row once: a row that leaves one signed window for another is of the first.
 */
#include <string.h>

#include "study/held.h"

enum { FIRST_CAPACITY = 64 };

struct withheld_name {
    const char *row_id; /* NULL: free */
    enum gw_table_id table;
};

/* FNV-1a; where one begins that has no place yet is the next free one. */
static size_t place_of(const struct holding *h, enum gw_table_id table, const char *row_id)
{
    uint64_t hash = UINT64_C(14695981039346656037) ^ (uint64_t)table;
    size_t place;

    for (const char *at = row_id; *at; at++)
        hash = (hash ^ (unsigned char)*at) * UINT64_C(1099511628211);
    for (place = (size_t)hash & (h->name_capacity - 1); h->names[place].row_id;
         place = (place + 1) & (h->name_capacity - 1))
        if (h->names[place].table == table && strcmp(h->names[place].row_id, row_id) == 0)
            break;
    return place;
}

static bool grow(struct holding *h)
{
    const struct withheld_name *former = h->names;
    const size_t count = h->name_capacity;

    h->name_capacity = count ? 2 * count : FIRST_CAPACITY;
    h->names = gw_arena_alloc(h->e->arena, h->name_capacity * sizeof *h->names);
    if (!h->names) {
        h->e->failed = true;
        h->name_capacity = 0; /* nothing is looked for any more */
    }
    for (size_t i = 0; h->names && i < count; i++)
        if (former[i].row_id)
            h->names[place_of(h, former[i].table, former[i].row_id)] = former[i];
    return h->names;
}

/* False: it was there. */
static bool add_name(struct holding *h, enum gw_table_id table, const char *row_id)
{
    size_t place;

    if (2 * h->name_count >= h->name_capacity && !grow(h))
        return false;
    place = place_of(h, table, row_id);
    if (h->names[place].row_id)
        return false;
    h->names[place] = (struct withheld_name){row_id, table};
    h->name_count++;
    return true;
}

void hold_withhold(struct holding *h, struct signature *signature, struct withheld withheld)
{
    struct withheld *slot;

    if (h->e->failed || (!withheld.stands && !withheld.is) ||
        (withheld.stands && withheld.is && gw_row_equal(withheld.table, withheld.stands, withheld.is)) ||
        !add_name(h, withheld.table, withheld.row_id))
        return;
    slot = GW_ARENA_PUSH(h->e->arena, signature->list, signature->count, signature->capacity);
    h->e->failed |= !slot;
    if (slot)
        *slot = withheld;
}

const struct withheld *hold_withheld(const struct holding *h, enum gw_table_id table, const char *row_id)
{
    if (h->name_capacity == 0 || !h->names[place_of(h, table, row_id)].row_id)
        return NULL;
    for (size_t s = 0; s < h->count; s++)
        for (size_t i = 0; i < h->signatures[s].count; i++)
            if (h->signatures[s].list[i].table == table && strcmp(h->signatures[s].list[i].row_id, row_id) == 0)
                return &h->signatures[s].list[i];
    return NULL;
}
