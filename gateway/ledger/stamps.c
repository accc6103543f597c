/*
 * Stamps: what the ledger writes on a row when it is delivered. A row that did not change keeps those it has, so that a
 * new rule set or a new clock reading pushes nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "gateway/study/seal.h"
#include "ledger/closings.h"
#include "ledger/store.h"

enum { DAY_BYTES = 11 };

static void copy_stamps(const struct gw_table *table, const struct gw_row *from, struct gw_row *to)
{
    for (size_t i = 0; i < table->column_count; i++) {
        const struct gw_column *column = &table->columns[i];
        if (!column->stamp)
            continue;
        const size_t end = i + 1 < table->column_count ? table->columns[i + 1].offset : table->row_size;
        memcpy((char *)to + column->offset, (const char *)from + column->offset, end - column->offset);
    }
}

/* Both lists are sorted by row id. Changed rows get theirs afterwards. */
static void keep_stamps(const struct gw_rows *previous, struct gw_rows *next)
{
    for (int t = 0; t < GW_TABLE_COUNT; t++) {
        const struct gw_row_list *old = &previous->tables[t];
        size_t i = 0;
        for (size_t j = 0; j < next->tables[t].count; j++) {
            struct gw_row *row = next->tables[t].rows[j];
            while (i < old->count && strcmp(old->rows[i]->row_id, row->row_id) < 0)
                i++;
            if (i < old->count && strcmp(old->rows[i]->row_id, row->row_id) == 0)
                copy_stamps(gw_table_of((enum gw_table_id)t), old->rows[i], row);
        }
    }
}

static void put_stamp(enum gw_table_id id, struct gw_row *row, const struct gw_stamp *stamp, int64_t revision)
{
    switch (id) {
#define GW_TABLE(table)                                                                                                \
    case GW_TABLE_##table: {                                                                                           \
        struct gw_row_##table *stamped = (struct gw_row_##table *)row;                                                 \
        stamped->row_version = (int32_t)revision;                                                                      \
        stamped->prov_id = stamp->prov_id ? stamp->prov_id : stamped->prov_id;                                         \
        stamped->rule_set_version = stamp->rule_set_version;                                                           \
        stamped->anchor_version = stamp->anchor_version;                                                               \
        stamped->mapped_at = stamp->mapped_at;                                                                         \
        break;                                                                                                         \
    }
#define GW_COLUMN(table, column, type, values, stamp, cdisc)
#define GW_TABLE_END(table)
#include "gateway/study/rows.def"
#undef GW_TABLE
#undef GW_COLUMN
#undef GW_TABLE_END
    case GW_TABLE_COUNT:
        break;
    }
}

/* ---- when a source was read ---- */

struct read { /* a version that provenance names */
    const char *content;
    int64_t at;
    const char *day; /* at the site; NULL: not told */
};

struct reads {
    struct read *list;
    size_t count;
};

static int by_content(const void *a, const void *b)
{
    return strcmp(((const struct read *)a)->content, ((const struct read *)b)->content);
}

static const char *day_of(const struct gw_settlement *settlement, int64_t at)
{
    char *text = gw_arena_raw(settlement->arena, DAY_BYTES);

    if (text)
        gw_day_print(gw_zone_day_at(settlement->zone, at), text);
    return text;
}

/* False: out of memory. */
static bool find_reads(const struct gw_settlement *settlement, struct reads *out)
{
    const struct gw_kept_facts *facts = settlement->facts;

    *out = (struct reads){NULL, 0};
    if (!settlement->arena)
        return true;
    out->list = gw_arena_alloc(settlement->arena, (facts->count + 1) * sizeof *out->list);
    for (size_t i = 0; out->list && i < facts->count; i++) {
        const int64_t at = facts->list[i].fetched_at;
        const struct read read = {gw_derived_content(settlement->derived, i), at, NULL};

        if (!read.content)
            continue;
        out->list[out->count] = read;
        if (!(out->list[out->count++].day = day_of(settlement, at)))
            return false;
    }
    if (out->count > 1)
        qsort(out->list, out->count, sizeof *out->list, by_content);
    return out->list;
}

/* The window of the row that a line is of. */
static const char *window_of(const struct gw_rows *rows, const struct gw_row_provenance *line)
{
    const enum gw_table_id table = gw_table_named(line->table);
    const struct gw_row *row = table < GW_TABLE_COUNT ? gw_rows_find(rows, table, line->of_row) : NULL;

    return row ? gw_window_of(rows, table, row) : NULL;
}

static void put_reading(const struct reads *reads, const struct closings *closings, const struct gw_rows *rows,
                        struct gw_row_provenance *line)
{
    const struct read wanted = {.content = line->content_sha256};
    const struct read *read =
        wanted.content && reads->count ? bsearch(&wanted, reads->list, reads->count, sizeof wanted, by_content) : NULL;

    if (!read)
        return;
    line->fetched_at = read->day;
    line->late_flag = closings_late(closings, window_of(rows, line), read->at);
}

/* ---- all of it ---- */

static void stamp_row(const struct gw_settlement *settlement, int64_t revision, const struct reads *reads,
                      const struct closings *closings, enum gw_table_id table, struct gw_row *row)
{
    put_stamp(table, row, &settlement->stamp, revision);
    if (table == GW_TABLE_provenance)
        put_reading(reads, closings, settlement->next, (struct gw_row_provenance *)row);
}

enum gw_status stamp_rows(struct gw_settlement *settlement, int64_t revision, const struct closings *closings,
                          struct gw_error *err)
{
    const struct gw_difference *difference = settlement->difference;
    struct reads reads;

    if (!find_reads(settlement, &reads))
        return ledger_no_memory(err, "the sources of a subject");
    keep_stamps(settlement->previous, settlement->next);
    for (size_t i = 0; i < difference->count; i++) {
        const struct gw_change *change = &difference->changes[i];
        struct gw_row *row = change->kind == GW_CHANGE_WITHDRAW
                                 ? NULL
                                 : gw_rows_find(settlement->next, change->table, change->row->row_id);

        stamp_row(settlement, revision, &reads, closings, change->table, change->row);
        if (row && row != change->row)
            stamp_row(settlement, revision, &reads, closings, change->table, row);
    }
    return GW_OK;
}
