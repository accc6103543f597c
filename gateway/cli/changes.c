/*
 * casement changes: what became another, came or went since a cut of an export.
 */
#include <string.h>

#include "cli/commands.h"
#include "cli/report.h"
#include "gateway/service/cuts.h"

#define ARENA_BYTES ((size_t)2 << 30)

struct changes {
    struct gw_arena arena;
    struct gw_ledger *ledger;
    struct gw_cut cut;
    struct gw_cut_changes changes;
    struct output output;
};

static const char *word_of(enum gw_change_kind kind)
{
    return kind == GW_CHANGE_ADD ? "added" : kind == GW_CHANGE_UPDATE ? "changed" : "withdrawn";
}

/* The next cell from *column on that is another; false: no more. */
static bool next_cell(const struct gw_cut_change *change, size_t *column, const char **was, const char **is,
                      char buffers[2][12])
{
    const struct gw_table *table = gw_table_of(change->table);

    for (; *column < table->column_count; ++*column) {
        *was = gw_row_cell(table, change->was, *column, buffers[0]);
        *is = gw_row_cell(table, change->is, *column, buffers[1]);
        if (!table->columns[*column].stamp && !gw_same(*was, *is))
            return true;
    }
    return false;
}

/* ---- for people ------------------------------------------------------------------------------------------------ */

/* "value_num 0.7 > 0.4, grade 3 > 4" */
static const char *cells_of(struct changes *c, const struct gw_cut_change *change)
{
    const struct gw_table *table = gw_table_of(change->table);
    const char *all = "", *was, *is;
    char buffers[2][12];

    if (change->kind != GW_CHANGE_UPDATE)
        return "";
    for (size_t column = 0; all && next_cell(change, &column, &was, &is, buffers); column++)
        all = gw_arena_print(&c->arena, "%s%s%s %s > %s", all, *all ? ", " : "", table->columns[column].name,
                             was ? was : "nothing", is ? is : "nothing");
    if (!all)
        output_no_memory();
    return all;
}

static void print_people(struct changes *c)
{
    static const struct column columns[] = {{"SUBJECT", false}, {"WINDOW", false}, {"TABLE", false},
                                            {"ROW", false},     {"WHAT", false},   {"CELLS", false}};
    struct table *table = table_new(&c->output, columns, sizeof columns / sizeof columns[0]);

    for (size_t i = 0; i < c->changes.count; i++) {
        const struct gw_cut_change *change = &c->changes.list[i];

        table_text(table, change->subject);
        table_text(table, change->window);
        table_text(table, gw_table_of(change->table)->name);
        table_text(table, (change->is ? change->is : change->was)->row_id);
        table_text(table, word_of(change->kind));
        table_text(table, cells_of(c, change));
    }
    table_print(table);
    fprintf(c->output.out, "%zu %s of %zu %s changed since cut %s of %s\n", c->changes.count,
            plural((int64_t)c->changes.count, "row", "rows"), c->changes.subjects,
            plural((int64_t)c->changes.subjects, "subject", "subjects"), c->cut.name, c->cut.at);
}

/* ---- for programs ---------------------------------------------------------------------------------------------- */

static void add_cells(cJSON *object, const struct gw_cut_change *change)
{
    const struct gw_table *table = gw_table_of(change->table);
    cJSON *list = cJSON_AddArrayToObject(object, "cells");
    const char *was, *is;
    char buffers[2][12];

    for (size_t column = 0; next_cell(change, &column, &was, &is, buffers); column++) {
        cJSON *cell = cJSON_CreateObject();

        cJSON_AddStringToObject(cell, "column", table->columns[column].name);
        cJSON_AddStringToObject(cell, "was", was ? was : "");
        cJSON_AddStringToObject(cell, "is", is ? is : "");
        cJSON_AddItemToArray(list, cell);
    }
}

static void print_json(struct changes *c)
{
    cJSON *root = cJSON_CreateObject(), *object = cJSON_AddObjectToObject(root, "cut"), *list;

    cJSON_AddStringToObject(object, "name", c->cut.name);
    cJSON_AddStringToObject(object, "study", c->cut.study);
    cJSON_AddStringToObject(object, "at", c->cut.at);
    cJSON_AddStringToObject(object, "by", c->cut.by);
    list = cJSON_AddArrayToObject(root, "changes");
    for (size_t i = 0; i < c->changes.count; i++) {
        const struct gw_cut_change *change = &c->changes.list[i];

        object = cJSON_CreateObject();
        cJSON_AddStringToObject(object, "subject", change->subject);
        cJSON_AddStringToObject(object, "window", change->window);
        cJSON_AddStringToObject(object, "table", gw_table_of(change->table)->name);
        cJSON_AddStringToObject(object, "row", (change->is ? change->is : change->was)->row_id);
        cJSON_AddStringToObject(object, "what", word_of(change->kind));
        if (change->kind == GW_CHANGE_UPDATE)
            add_cells(object, change);
        cJSON_AddItemToArray(list, object);
    }
    output_json(&c->output, root);
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

static enum gw_status compare(struct changes *c, const struct arguments *arguments, struct gw_error *err)
{
    const struct gw_config_study *study = NULL;
    const char *path = NULL;
    struct gw_config config;
    enum gw_status rc = report_ledger_of(arguments, &c->arena, &config, &path, err);

    if (rc == GW_OK)
        rc = report_study(&config, arguments->values[OPTION_STUDY_ID], &study, err);
    if (rc == GW_OK)
        rc = report_open(path, &c->ledger, err);
    if (rc == GW_OK)
        rc = gw_cut_find(c->ledger, &c->arena, study->id, arguments->values[OPTION_CUT], &c->cut, err);
    if (rc == GW_OK && !c->cut.name)
        rc = gw_fail(err, GW_EUSAGE, "cli.changes", "study %s has no cut: casement export --cut NAME makes one",
                     study->id);
    return rc == GW_OK
               ? gw_cut_compare(c->ledger, &c->arena, &c->cut, arguments->values[OPTION_SUBJECT], &c->changes, err)
               : rc;
}

int changes_command(const struct arguments *arguments)
{
    struct changes c = {.arena = GW_ARENA_INIT(ARENA_BYTES)};
    struct gw_error failure;
    const enum gw_status rc = compare(&c, arguments, &failure);

    gw_ledger_close(c.ledger);
    output_init(&c.output, stdout);
    if (rc == GW_OK)
        (arguments_has(arguments, OPTION_JSON) ? print_json : print_people)(&c);
    gw_arena_release(&c.arena);
    return rc == GW_OK ? 0 : output_failed(&failure);
}
