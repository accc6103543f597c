/*
 * Rows that say the same, told apart by the other rows of their value: it may be named elsewhere.
 */
#include <stdlib.h>
#include <string.h>

#include "sinks/ranks_parts.h"

static int by_owner(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    int order = strcmp(x->owner, y->owner);

    if (!order)
        order = strcmp(x->content, y->content);
    return order ? order : strcmp(x->referred, y->referred);
}

static const char *owner_of(const struct ranks *ranks, const struct gw_table *table, const struct gw_row *row)
{
    for (size_t i = 1; i < table->column_count; i++) {
        const char *id = is_id(&table->columns[i]) ? id_cell(row, &table->columns[i]) : NULL;

        if (id && *id && !ranks_known(ranks, id))
            return id;
    }
    return "";
}

static const char *family_text(struct ranks *ranks, const struct ranked *first, size_t count)
{
    struct gw_text text = GW_TEXT_INIT(RANKS_KEY_MAX_BYTES);

    for (size_t i = 0; i < count; i++) {
        gw_text_add(&text, first[i].content);
        gw_text_append(&text, "\x1d", 1);
        gw_text_add(&text, first[i].referred);
        gw_text_append(&text, "\x1d", 1);
    }
    const char *all = gw_arena_copy(ranks->arena, text.at, text.length);
    ranks->failed = ranks->failed || text.failed || !all;
    gw_text_release(&text);
    return all;
}

void ranks_families(struct ranks *ranks, const struct gw_table *table, struct ranked *ranked, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ranked[i].owner = owner_of(ranks, table, ranked[i].row);
    if (count > 1)
        qsort(ranked, count, sizeof *ranked, by_owner);
    for (size_t first = 0, end; first < count && !ranks->failed; first = end) {
        const char *family;

        for (end = first + 1; end < count && strcmp(ranked[end].owner, ranked[first].owner) == 0;)
            end++;
        family = *ranked[first].owner ? family_text(ranks, &ranked[first], end - first) : "";
        for (size_t i = first; i < end; i++)
            ranked[i].family = family;
    }
}
