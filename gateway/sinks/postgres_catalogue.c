/*
 * Comments, views and rights of a PostgreSQL study database.
 *
 * What the columns of rows.def mean is told by the study room; the views are in postgres_views.def, each column with
 * its meaning. Laying them again is harmless: comments are replaced, and so are views, which only ever gain columns.
 */
#include "sinks/postgres_catalogue.h"

#include <string.h>

#include "gateway/study/meanings.h"
#include "sinks/postgres_sql.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* ---- comments -------------------------------------------------------------------------------------------------- */

/* Columns of our own tables, and the one that every table of rows has. */
static const struct {
    const char *table, *column, *meaning;
} own_columns[] = {
    {"target", "one", "True: there is one row"},
    {"target", "study", "The study"},
    {"target", "installation", "The gateway that delivers here"},
    {"target", "purpose", "What it is for: production, staging"},
    {"releases", "release", "The release of the schema"},
    {"releases", "made_at", "When it was laid"},
    {"receipts", "subject_key", "The subject's number in the study"},
    {"receipts", "from_revision", "The revision that the last batch began at"},
    {"receipts", "revision", "The revision whose rows are here"},
    {"receipts", "shipment", "The shipment that brought it"},
    {"receipts", "applied_at", "When Casement sent it, UTC"},
    {"batches", "subject_key", "The subject's number in the study"},
    {"batches", "from_revision", "The revision the batch began at"},
    {"batches", "to_revision", "The revision it ended at"},
    {"batches", "shipment", "The shipment that brought it"},
    {"batches", "applied_at", "When Casement sent it, UTC"},
    {"batches", "delivered_at", "When it was written, by this server's clock"},
    {"refusals", "subject_key", "The subject's number in the study"},
    {"refusals", "revision", "The revision of the batch"},
    {"refusals", "table_name", "The table of the row"},
    {"refusals", "row_id", "The row that was not written"},
    {"refusals", "kind", "rejected (a rule here does not take it) or touched (a person had changed the row)"},
    {"refusals", "reason", "The SQLSTATE of a rejection"},
    {"changes", "subject_key", "The subject's number in the study"},
    {"changes", "revision", "The revision of the batch"},
    {"changes", "table_name", "The table of the row"},
    {"changes", "row_id", "The row"},
    {"changes", "kind", "added (or back after it was withdrawn), changed or withdrawn"},
    {"cuts", "name", "The name that was given to it"},
    {"cuts", "taken_at", "When it was taken, UTC"},
    {"cut_subjects", "cut", "The cut"},
    {"cut_subjects", "subject_key", "The subject's number in the study"},
    {"cut_subjects", "revision", "The revision that was taken out"},
};

static const char written[] =
    "Digest of the row as Casement wrote it: where it is not the row's own, a person changed the row";

static void comment_on_column(struct gw_text *out, const char *table, const char *column, const char *text)
{
    gw_text_add(out, "COMMENT ON COLUMN ");
    sql_name(out, table);
    gw_text_add(out, ".");
    sql_name(out, column);
    gw_text_add(out, " IS ");
    sql_literal(out, text);
    gw_text_add(out, ";\n");
}

static void comment_on(struct gw_text *out, const char *what, const char *name, const char *text)
{
    gw_text_print(out, "COMMENT ON %s ", what);
    sql_name(out, name);
    gw_text_add(out, " IS ");
    sql_literal(out, text);
    gw_text_add(out, ";\n");
}

static void comment_on_rows(struct gw_text *out, const struct gw_table *table)
{
    comment_on(out, "TABLE", table->name, gw_table_meaning(table->id));
    for (size_t i = 0; i < table->column_count; i++) {
        const char *column = table->columns[i].name, *meaning = gw_column_meaning(table, column);

        if (meaning)
            comment_on_column(out, table->name, column, meaning);
    }
    comment_on_column(out, table->name, "written", written);
}

void catalogue_comments(struct gw_text *out)
{
    for (int t = 0; t < GW_TABLE_COUNT; t++)
        comment_on_rows(out, gw_table_of((enum gw_table_id)t));
    for (size_t i = 0; i < SQL_OWN_TABLES; i++)
        comment_on(out, "TABLE", sql_own_tables[i].name, sql_own_tables[i].meaning);
    for (size_t i = 0; i < COUNT(own_columns); i++)
        comment_on_column(out, own_columns[i].table, own_columns[i].column, own_columns[i].meaning);
}

/* ---- views ----------------------------------------------------------------------------------------------------- */

static const struct view {
    const char *name, *meaning, *from;
} views[] = {
#define VIEW(name, meaning, from) {#name, meaning, from},
#define VIEW_COLUMN(view, name, expression, meaning)
#include "sinks/postgres_views.def"
#undef VIEW
#undef VIEW_COLUMN
};

static const struct view_column {
    const char *view, *name, *expression, *meaning;
} view_columns[] = {
#define VIEW(name, meaning, from)
#define VIEW_COLUMN(view, name, expression, meaning) {#view, #name, expression, meaning},
#include "sinks/postgres_views.def"
#undef VIEW
#undef VIEW_COLUMN
};

static bool is_of(const struct view_column *column, const struct view *view)
{
    return strcmp(column->view, view->name) == 0;
}

static void create_view(struct gw_text *out, const struct view *view)
{
    const char *before = "SELECT ";

    gw_text_print(out, "CREATE OR REPLACE VIEW %s AS ", view->name);
    for (size_t i = 0; i < COUNT(view_columns); i++) {
        if (!is_of(&view_columns[i], view))
            continue;
        gw_text_print(out, "%s%s AS ", before, view_columns[i].expression);
        sql_name(out, view_columns[i].name);
        before = ", ";
    }
    gw_text_print(out, " %s;\n", view->from);
}

void catalogue_views(struct gw_text *out)
{
    for (size_t i = 0; i < COUNT(views); i++) {
        create_view(out, &views[i]);
        comment_on(out, "VIEW", views[i].name, views[i].meaning);
    }
    for (size_t i = 0; i < COUNT(view_columns); i++)
        comment_on_column(out, view_columns[i].view, view_columns[i].name, view_columns[i].meaning);
}

/* ---- rights ---------------------------------------------------------------------------------------------------- */

static void grant(struct gw_text *out, const char *rights, const char *schema, const char *table, const char *user)
{
    gw_text_print(out, "GRANT %s ON ", rights);
    sql_name(out, schema);
    gw_text_add(out, ".");
    sql_name(out, table);
    gw_text_add(out, " TO ");
    sql_name(out, user);
    gw_text_add(out, ";\n");
}

static void grant_row_type(struct gw_text *out, const char *schema, const struct gw_table *table, const char *user)
{
    gw_text_add(out, "GRANT USAGE ON TYPE ");
    sql_name(out, schema);
    gw_text_add(out, ".");
    sql_row_type(out, table);
    gw_text_add(out, " TO ");
    sql_name(out, user);
    gw_text_add(out, ";\n");
}

void catalogue_grants(struct gw_text *out, const char *schema, const char *user)
{
    gw_text_add(out, "GRANT USAGE ON SCHEMA ");
    sql_name(out, schema);
    gw_text_add(out, " TO ");
    sql_name(out, user);
    gw_text_add(out, ";\n");
    for (size_t i = 0; i < SQL_OWN_TABLES; i++)
        grant(out, sql_own_tables[i].rights, schema, sql_own_tables[i].name, user);
    for (int t = 0; t < GW_TABLE_COUNT; t++) {
        grant(out, "SELECT, INSERT, UPDATE", schema, gw_table_of((enum gw_table_id)t)->name, user);
        grant_row_type(out, schema, gw_table_of((enum gw_table_id)t), user);
    }
}
