/*
 * What the tables and columns of rows.def mean. The texts are in meanings.def.
 */
#include "gateway/study/meanings.h"

#include <string.h>

static const char *const tables[GW_TABLE_COUNT] = {
#define GW_TABLE_MEANING(table, text) [GW_TABLE_##table] = (text),
#define GW_MEANING(table, column, text)
#include "gateway/study/meanings.def"
#undef GW_TABLE_MEANING
#undef GW_MEANING
};

static const struct meaning {
    const char *table, *column, *text;
} columns[] = {
#define GW_TABLE_MEANING(table, text)
#define GW_MEANING(table, column, text) {#table, #column, text},
#include "gateway/study/meanings.def"
#undef GW_TABLE_MEANING
#undef GW_MEANING
};

const char *gw_table_meaning(enum gw_table_id table)
{
    return tables[table];
}

static const char *find(const char *table, const char *column)
{
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        if (strcmp(columns[i].table, table) == 0 && strcmp(columns[i].column, column) == 0)
            return columns[i].text;
    return NULL;
}

const char *gw_column_meaning(const struct gw_table *table, const char *column)
{
    const char *own = find(table->name, column);

    return own ? own : find("every", column);
}
