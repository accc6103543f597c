/*
 * difference(): what must change in the study database so that it says what is known now.
 */
#include <stdlib.h>
#include <string.h>

#include "study/lineage.h"

static enum gw_status no_memory(struct gw_error *err)
{
    return gw_fail(err, GW_ENOMEM, "study.difference", "the changes of one subject need more memory than allowed");
}

/* Key cells and status; all else empty, so that a withdrawn value leaves the study. */
static struct gw_row *tombstone(struct gw_arena *arena, enum gw_table_id table, const struct gw_row *old)
{
    struct gw_rows rows = {0};
    struct gw_row *row = gw_rows_add(&rows, arena, table);

    if (!row)
        return NULL;
    *row = *old;
    row->status = "withdrawn";
    return row;
}

static bool push(struct gw_arena *arena, struct gw_difference *out, size_t *capacity, enum gw_change_kind kind,
                 enum gw_table_id table, struct gw_row *row)
{
    struct gw_change *change = row ? GW_ARENA_PUSH(arena, out->changes, out->count, *capacity) : NULL;

    if (!change)
        return false;
    *change = (struct gw_change){.kind = kind, .table = table, .row = row};
    out->added += kind == GW_CHANGE_ADD;
    out->updated += kind == GW_CHANGE_UPDATE;
    out->withdrawn += kind == GW_CHANGE_WITHDRAW;
    return true;
}

static bool compare_table(struct gw_arena *arena, enum gw_table_id table, const struct gw_row_list *old,
                          const struct gw_row_list *new, struct gw_difference *out, size_t *capacity)
{
    bool ok = true;

    for (size_t o = 0, n = 0; ok && (o < old->count || n < new->count);) {
        const int order = o == old->count   ? 1
                          : n == new->count ? -1
                                            : strcmp(old->rows[o]->row_id, new->rows[n]->row_id);

        if (order < 0) {
            ok = push(arena, out, capacity, GW_CHANGE_WITHDRAW, table, tombstone(arena, table, old->rows[o++]));
        } else if (order > 0) {
            ok = push(arena, out, capacity, GW_CHANGE_ADD, table, new->rows[n++]);
        } else if (!gw_row_equal(table, old->rows[o], new->rows[n])) {
            ok = push(arena, out, capacity, GW_CHANGE_UPDATE, table, new->rows[n]);
            o++, n++;
        } else {
            out->unchanged++;
            o++, n++;
        }
    }
    return ok;
}

static int by_row(const void *a, const void *b)
{
    const struct gw_change *wanted = a, *change = b;

    if (wanted->table != change->table)
        return wanted->table < change->table ? -1 : 1;
    return strcmp(wanted->row->row_id, change->row->row_id);
}

const struct gw_change *gw_difference_find(const struct gw_difference *difference, enum gw_table_id table,
                                           const char *row_id)
{
    struct gw_row row = {.row_id = row_id};
    const struct gw_change wanted = {.table = table, .row = &row};

    return difference->count
               ? bsearch(&wanted, difference->changes, difference->count, sizeof *difference->changes, by_row)
               : NULL;
}

const struct gw_refusal *gw_refusal_find(const struct gw_refusal *list, size_t count, const char *subject_key,
                                         enum gw_table_id table, const char *row_id)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].table == table && strcmp(list[i].row_id, row_id) == 0 &&
            (!subject_key || strcmp(list[i].subject_key, subject_key) == 0))
            return &list[i];
    return NULL;
}

static bool only_provenance(const struct gw_difference *difference)
{
    for (size_t i = 0; i < difference->count; i++)
        if (difference->changes[i].table != GW_TABLE_provenance)
            return false;
    return true;
}

/* As an older release wrote it: what joins studies does not stay there because nothing else changed. */
static bool any_plain(const struct gw_row_list *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        if (lineage_is_plain((const struct gw_row_provenance *)lines->rows[i]))
            return true;
    return false;
}

enum gw_status gw_difference(struct gw_arena *arena, const struct gw_rows *previous, const struct gw_rows *next,
                             struct gw_difference *out, struct gw_error *err)
{
    size_t capacity = 0;

    *out = (struct gw_difference){0};
    for (int t = 0; t < GW_TABLE_COUNT; t++)
        if (!compare_table(arena, (enum gw_table_id)t, &previous->tables[t], &next->tables[t], out, &capacity))
            return no_memory(err);
    if (only_provenance(out) && !any_plain(&previous->tables[GW_TABLE_provenance]))
        *out = (struct gw_difference){.unchanged = out->unchanged};
    return GW_OK;
}
