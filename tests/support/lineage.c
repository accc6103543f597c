#include "support/lineage.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static void expect_rule(const struct gw_rules *rules, const char *id, const char *of)
{
    cr_expect(gw_rules_text(rules, id) != NULL,
              "%s: the rule id \"%s\" is not in mappings/common/rule-texts.csv: state the rule in its section of "
              "mappings/RULES.md, name the id in that section's line \"Rule ids:\", and give the table a line "
              "\"%s,<section>,<one sentence>\" (mappings/README.md, Adding a rule id)",
              of, id, id);
}

static void expect_rules(const struct gw_rules *rules, const struct gw_row_provenance *line)
{
    char copy[1024], last[256] = "", *rest = copy, *id;

    cr_assert(line->rule_ids && *line->rule_ids, "%s names no rule", line->row_id);
    snprintf(copy, sizeof copy, "%s", line->rule_ids);
    while ((id = strsep(&rest, ";"))) {
        expect_rule(rules, id, line->row_id);
        cr_expect(strcmp(last, id) < 0, "%s: the rules \"%s\" are not in order: make them with engine_rules",
                  line->row_id, line->rule_ids);
        snprintf(last, sizeof last, "%s", id);
    }
}

static bool has_line(const struct gw_rows *rows, const char *table, const char *row_id)
{
    const struct gw_row_list *lines = &rows->tables[GW_TABLE_provenance];

    for (size_t i = 0; i < lines->count; i++) {
        const struct gw_row_provenance *line = (const struct gw_row_provenance *)lines->rows[i];

        if (strcmp(line->of_row, row_id) == 0 && strcmp(line->table, table) == 0)
            return true;
    }
    return false;
}

static bool has_row(const struct gw_rows *rows, const struct gw_row_provenance *line)
{
    const enum gw_table_id table = gw_table_named(line->table);

    return table < GW_TABLE_COUNT && gw_rows_find(rows, table, line->of_row) != NULL;
}

static bool is_keyed(const char *cell, char letter)
{
    return !cell || (cell[0] == letter && strlen(cell) == 21 && strspn(cell + 1, "0123456789abcdef") == 20);
}

/* What is the source's own leaves under the study's key, or as a day. */
static void expect_keyed(const struct gw_row_provenance *line)
{
    cr_expect(is_keyed(line->source_hash, 'h'), "%s: %s", line->row_id, line->source_hash);
    cr_expect(is_keyed(line->version_id, 'v'), "%s: %s", line->row_id, line->version_id);
    cr_expect(is_keyed(line->content_sha256, 'b'), "%s: %s", line->row_id, line->content_sha256);
    cr_expect(!line->last_updated || strlen(line->last_updated) == 10, "%s: %s", line->row_id, line->last_updated);
}

static void check_lines(const struct gw_rows *rows, const struct gw_rules *rules)
{
    const struct gw_row_list *lines = &rows->tables[GW_TABLE_provenance];

    for (size_t i = 0; i < lines->count; i++) {
        const struct gw_row_provenance *line = (const struct gw_row_provenance *)lines->rows[i];

        expect_rules(rules, line);
        cr_expect(line->role && *line->role, "%s has no role", line->row_id);
        cr_expect(has_row(rows, line), "%s is of no row", line->row_id);
        expect_keyed(line);
        cr_expect(!line->source_hash == !line->content_sha256, "%s names a source without its bytes", line->row_id);
    }
}

void lineage_check(const struct gw_rows *rows, const struct gw_rules *rules)
{
    check_lines(rows, rules);
    for (int t = 0; t < GW_TABLE_COUNT; t++) {
        const struct gw_table *table = gw_table_of((enum gw_table_id)t);

        for (size_t i = 0; t != GW_TABLE_provenance && i < rows->tables[t].count; i++)
            cr_expect(
                has_line(rows, table->name, rows->tables[t].rows[i]->row_id),
                "%s %s has no line of provenance: give it one with engine_provenance, or, where no fact told it, with "
                "engine_provenance_of_rules (gateway/study/lineage.c)",
                table->name, rows->tables[t].rows[i]->row_id);
    }
    for (size_t i = 0; i < rows->tables[GW_TABLE_derived].count; i++) {
        const struct gw_row_derived *row = (const struct gw_row_derived *)rows->tables[GW_TABLE_derived].rows[i];

        cr_expect(row->rule_id != NULL, "%s names no rule", row->row_id);
        cr_expect(!row->reason || gw_rules_reason(rules, row->reason),
                  "%s: the reason \"%s\" has no sentence in mappings/common/reason-texts.csv", row->row_id,
                  row->reason);
        if (row->rule_id)
            expect_rule(rules, row->rule_id, row->row_id);
    }
}
