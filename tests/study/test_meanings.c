/*
 * Every table and column says what it means, and nothing is said of what is not there.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "gateway/study/meanings.h"

#define TEXT_MAX 140

static bool is_sentence(const char *text)
{
    return text && strlen(text) > 3 && strlen(text) <= TEXT_MAX && !strchr(text, ';') && text[strlen(text) - 1] != '.';
}

Test(meanings, are_told_of_every_table_and_column)
{
    for (int t = 0; t < GW_TABLE_COUNT; t++) {
        const struct gw_table *table = gw_table_of((enum gw_table_id)t);

        cr_expect(gw_table_meaning(table->id) && strlen(gw_table_meaning(table->id)) > 10, "%s", table->name);
        for (size_t c = 0; c < table->column_count; c++)
            cr_expect(is_sentence(gw_column_meaning(table, table->columns[c].name)), "%s.%s: %s", table->name,
                      table->columns[c].name, gw_column_meaning(table, table->columns[c].name));
    }
}

static bool has_column(const struct gw_table *table, const char *column)
{
    for (size_t c = 0; c < table->column_count; c++)
        if (strcmp(table->columns[c].name, column) == 0)
            return true;
    return false;
}

/* A meaning is used when its table has the column; one for every table when some table leaves it to that. */
static bool is_used(const char *name, const char *column, const char *text)
{
    for (int t = 0; t < GW_TABLE_COUNT; t++) {
        const struct gw_table *table = gw_table_of((enum gw_table_id)t);

        if ((strcmp(name, "every") == 0 || strcmp(name, table->name) == 0) && has_column(table, column) &&
            strcmp(gw_column_meaning(table, column), text) == 0)
            return true;
    }
    return false;
}

Test(meanings, are_told_of_nothing_else)
{
    static const struct {
        const char *table, *column, *text;
    } told[] = {
#define GW_TABLE_MEANING(table, text)
#define GW_MEANING(table, column, text) {#table, #column, text},
#include "gateway/study/meanings.def"
#undef GW_TABLE_MEANING
#undef GW_MEANING
    };

    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        cr_expect(is_used(told[i].table, told[i].column, told[i].text), "%s.%s", told[i].table, told[i].column);
}
