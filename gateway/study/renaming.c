/*
 * The rows under other names: ids of episodes and drugs stand in rows of their own, in those that point to them, and in
 * lists of row ids.
 */
#include <stdlib.h>
#include <string.h>

#include "study/identify.h"
#include "study/order.h"

/* `text` is the id, or begins with it and a bar. */
static int compare_name(const char *text, const char *id)
{
    const size_t length = strcspn(text, "|");
    const int order = strncmp(text, id, length);

    return order ? order : id[length] ? -1 : 0;
}

size_t names_find(const struct names *names, const char *text)
{
    size_t low = 0, high = names->count;

    while (text && low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = compare_name(text, names->list[middle].id);

        if (order == 0)
            return names->list[middle].thing;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return names->count;
}

static const char *renamed(struct renaming *r, const char *text)
{
    const size_t thing = names_find(r->names, text);
    const char *copy = text;

    if (thing < r->names->count && compare_name(text, r->ids[thing]) != 0)
        copy = gw_arena_print(r->arena, "%s%s", r->ids[thing], text + strcspn(text, "|"));
    r->failed |= text && !copy;
    return copy;
}

static void rename_episodes(struct renaming *r, struct gw_rows *rows)
{
    struct gw_row_list *list = &rows->tables[GW_TABLE_ae_episodes];

    for (size_t i = 0; i < list->count; i++) {
        struct gw_row_ae_episodes *row = (struct gw_row_ae_episodes *)list->rows[i];

        row->ae_id = renamed(r, row->ae_id);
        row->row_id = renamed(r, row->row_id);
        row->parent_ae = renamed(r, row->parent_ae);
    }
}

static void rename_parts(struct renaming *r, struct gw_rows *rows)
{
    struct gw_row_list *list = &rows->tables[GW_TABLE_ae_evidence];

    for (size_t i = 0; i < list->count; i++) {
        struct gw_row_ae_evidence *row = (struct gw_row_ae_evidence *)list->rows[i];

        row->ae_id = renamed(r, row->ae_id);
        row->row_id = renamed(r, row->row_id);
    }
    list = &rows->tables[GW_TABLE_ae_grades];
    for (size_t i = 0; i < list->count; i++) {
        struct gw_row_ae_grades *row = (struct gw_row_ae_grades *)list->rows[i];

        row->ae_id = renamed(r, row->ae_id);
        row->row_id = renamed(r, row->row_id);
    }
}

static void rename_drugs(struct renaming *r, struct gw_rows *rows)
{
    struct gw_row_list *list = &rows->tables[r->kind->table];

    for (size_t i = 0; i < list->count; i++) {
        struct gw_row_exposures *exposure = (struct gw_row_exposures *)list->rows[i];
        struct gw_row_conmeds *conmed = (struct gw_row_conmeds *)list->rows[i];

        list->rows[i]->row_id = renamed(r, list->rows[i]->row_id);
        if (r->kind->table == GW_TABLE_exposures)
            exposure->exp_id = list->rows[i]->row_id;
        else
            conmed->cm_id = list->rows[i]->row_id;
    }
}

static bool is_of_kind(const struct kind *kind, const char *table)
{
    return kind->drug ? gw_same(table, gw_table_of(kind->table)->name) : strncmp(table, "ae_", 3) == 0;
}

static void rename_provenance(struct renaming *r, struct gw_rows *rows)
{
    struct gw_row_list *list = &rows->tables[GW_TABLE_provenance];

    for (size_t i = 0; i < list->count; i++) {
        struct gw_row_provenance *row = (struct gw_row_provenance *)list->rows[i];
        const char *of_row = is_of_kind(r->kind, row->table) ? renamed(r, row->of_row) : row->of_row;

        if (of_row == row->of_row)
            continue;
        row->of_row = of_row;
        row->row_id = gw_arena_join(r->arena, '|', (const char *const[]){of_row, row->role, row->source_hash}, 3);
        r->failed |= !row->row_id;
    }
}

static size_t entries_of(const char *list)
{
    size_t count = 1;

    for (; *list; list++)
        count += *list == ';';
    return count;
}

/* "e1;e2": each by its name, in order again. */
static const char *renamed_list(struct renaming *r, const char *list)
{
    const size_t count = entries_of(list);
    char *rest = gw_arena_copy(r->arena, list, strlen(list));
    const char **entries = gw_arena_alloc(r->arena, count * sizeof *entries);
    const char *joined;

    if (!rest || !entries) {
        r->failed = true;
        return list;
    }
    for (size_t i = 0; i < count; i++)
        entries[i] = renamed(r, strsep(&rest, ";"));
    if (r->failed)
        return list;
    qsort(entries, count, sizeof *entries, order_text_items);
    joined = gw_arena_join(r->arena, ';', entries, count);
    r->failed |= !joined;
    return joined;
}

static void rename_list(struct renaming *r, const char **list)
{
    if (*list)
        *list = renamed_list(r, *list);
}

/* Lists of row ids, where rows of any kind may stand. */
static void rename_lists(struct renaming *r, struct gw_rows *rows)
{
    struct gw_row_list *list = &rows->tables[GW_TABLE_derived];

    for (size_t i = 0; i < list->count; i++) {
        struct gw_row_derived *row = (struct gw_row_derived *)list->rows[i];

        rename_list(r, &row->inputs);
    }
    list = &rows->tables[GW_TABLE_exceptions];
    for (size_t i = 0; i < list->count; i++) {
        struct gw_row_exceptions *row = (struct gw_row_exceptions *)list->rows[i];

        rename_list(r, &row->of_rows);
    }
}

void renaming_apply(struct renaming *r, struct gw_rows *rows, struct gw_part_state *parts, size_t part_count)
{
    if (r->kind->drug) {
        rename_drugs(r, rows);
    } else {
        rename_episodes(r, rows);
        rename_parts(r, rows);
    }
    rename_provenance(r, rows);
    rename_lists(r, rows);
    for (size_t i = 0; i < part_count; i++)
        if (*parts[i].rows)
            parts[i].rows = renamed_list(r, parts[i].rows);
}
