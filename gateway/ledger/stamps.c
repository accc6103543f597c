/*
 * Stamps: what the ledger writes on a row when it is delivered. A row that did not change keeps those it has, so that a
 * new rule set or a new clock reading pushes nothing.
 */
#include <string.h>

#include "ledger/store.h"

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

void stamp_rows(struct gw_settlement *settlement, int64_t revision)
{
    const struct gw_difference *difference = settlement->difference;

    keep_stamps(settlement->previous, settlement->next);
    for (size_t i = 0; i < difference->count; i++) {
        const struct gw_change *change = &difference->changes[i];
        put_stamp(change->table, change->row, &settlement->stamp, revision);
        struct gw_row *row = change->kind == GW_CHANGE_WITHDRAW
                                 ? NULL
                                 : gw_rows_find(settlement->next, change->table, change->row->row_id);
        if (row && row != change->row)
            put_stamp(change->table, row, &settlement->stamp, revision);
    }
}
