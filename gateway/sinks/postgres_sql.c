/*
 * The sentences of a PostgreSQL study database.
 *
 * Rows travel as one array of records a table, so that a shipment of ten thousand rows is a sentence a table. Not as
 * one array a column: the server takes those apart one by one, at more than what reading the cells costs.
 */
#include "sinks/postgres_sql.h"

#include <string.h>

void sql_name(struct gw_text *out, const char *name)
{
    gw_text_add(out, "\"");
    for (; *name; name++)
        gw_text_append(out, *name == '"' ? "\"\"" : name, *name == '"' ? 2 : 1);
    gw_text_add(out, "\"");
}

void sql_literal(struct gw_text *out, const char *text)
{
    gw_text_add(out, "'");
    for (; *text; text++)
        gw_text_append(out, *text == '\'' ? "''" : text, *text == '\'' ? 2 : 1);
    gw_text_add(out, "'");
}

const char *sql_type(enum gw_column_type type)
{
    switch (type) {
    case GW_COLUMN_integer:
        return "integer";
    case GW_COLUMN_boolean:
        return "boolean";
    case GW_COLUMN_decimal:
        return "numeric";
    default:
        return "text";
    }
}

/* ---- tables ---------------------------------------------------------------------------------------------------- */

const struct sql_own_table sql_own_tables[SQL_OWN_TABLES] = {
    {"target",
     "one boolean PRIMARY KEY DEFAULT true CHECK (one), study text NOT NULL, installation text NOT NULL,"
     " purpose text NOT NULL",
     "SELECT", "Whose data these are, one row: a gateway of another study, installation or purpose is refused"},
    {"releases", "release integer PRIMARY KEY, made_at timestamptz NOT NULL DEFAULT now()", "SELECT",
     "The releases of this schema, and when each was laid"},
    {"receipts",
     "subject_key text PRIMARY KEY, from_revision bigint NOT NULL, revision bigint NOT NULL, shipment text NOT NULL,"
     " applied_at text NOT NULL",
     "SELECT, INSERT, UPDATE", "Where each subject stands: the revision whose rows are here, and the shipment"},
    {"batches",
     "subject_key text, from_revision bigint NOT NULL, to_revision bigint, shipment text NOT NULL, applied_at text NOT "
     "NULL, delivered_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (subject_key, to_revision)",
     "SELECT, INSERT", "Every batch that was ever applied, without gap: each begins where the one before ended"},
    {"refusals",
     "subject_key text, revision bigint, table_name text, row_id text, kind text NOT NULL, reason text NOT NULL "
     "DEFAULT "
     "'', PRIMARY KEY (subject_key, revision, table_name, row_id)",
     "SELECT, INSERT", "Rows of a batch that were not written: rejected by a rule here, or touched by a person"},
    {"changes",
     "subject_key text, revision bigint, table_name text, row_id text, kind text NOT NULL, PRIMARY KEY (subject_key, "
     "revision, table_name, row_id)",
     "SELECT, INSERT",
     "What became of rows after a subject's first batch; rows of tables provenance and exceptions are left out"},
    {"cuts", "name text PRIMARY KEY, taken_at text NOT NULL", "SELECT, INSERT, UPDATE",
     "Cuts: what was taken out of here by casement export --cut"},
    {"cut_subjects", "cut text, subject_key text, revision bigint NOT NULL, PRIMARY KEY (cut, subject_key)",
     "SELECT, INSERT, UPDATE", "Where each subject stood at a cut"},
};

void sql_create_own_table(struct gw_text *out, const struct sql_own_table *table)
{
    gw_text_print(out, "CREATE TABLE %s (%s);\n", table->name, table->definition);
}

void sql_create_table(struct gw_text *out, const struct gw_table *table)
{
    gw_text_add(out, "CREATE TABLE ");
    sql_name(out, table->name);
    gw_text_add(out, " (");
    for (size_t i = 0; i < table->column_count; i++) {
        sql_name(out, table->columns[i].name);
        gw_text_print(out, " %s, ", sql_type(table->columns[i].type));
    }
    gw_text_add(out, "written text NOT NULL, PRIMARY KEY (subject_key, row_id));\n");
}

void sql_row_type(struct gw_text *out, const struct gw_table *table)
{
    gw_text_add(out, table->name);
    gw_text_add(out, SQL_ROW_TYPE_END);
}

void sql_drop_row_type(struct gw_text *out, const struct gw_table *table)
{
    gw_text_add(out, "DROP TYPE ");
    sql_row_type(out, table);
    gw_text_add(out, ";\n");
}

void sql_create_row_type(struct gw_text *out, const struct gw_table *table)
{
    gw_text_add(out, "CREATE TYPE ");
    sql_row_type(out, table);
    for (size_t i = 0; i < table->column_count; i++) {
        gw_text_add(out, i ? ", " : " AS (");
        sql_name(out, table->columns[i].name);
        gw_text_print(out, " %s", sql_type(table->columns[i].type));
    }
    gw_text_add(out, ");\nCOMMENT ON TYPE ");
    sql_row_type(out, table);
    gw_text_print(out, " IS 'A row of %s as it arrives';\n", table->name);
}

/* ---- rows ------------------------------------------------------------------------------------------------------ */

/* t."a", t."b", ... */
static void columns(struct gw_text *out, const struct gw_table *table, const char *of)
{
    for (size_t i = 0; i < table->column_count; i++) {
        gw_text_print(out, "%s%s", i ? ", " : "", of);
        sql_name(out, table->columns[i].name);
    }
}

/* The same digest of a row that arrives and of one that is there: both are records of the same columns. */
static void digest(struct gw_text *out, const struct gw_table *table, const char *of)
{
    gw_text_add(out, "md5(ROW(");
    columns(out, table, of);
    gw_text_add(out, ")::text)");
}

/* The digest as an older release made it: of the columns it had, in the same order. */
static void former_digest(struct gw_text *out, const struct gw_table *table, const bool *there)
{
    const char *before = "";

    gw_text_add(out, "md5(ROW(");
    for (size_t i = 0; i < table->column_count; i++) {
        if (!there[i])
            continue;
        gw_text_print(out, "%st.", before);
        sql_name(out, table->columns[i].name);
        before = ", ";
    }
    gw_text_add(out, ")::text)");
}

void sql_add_columns(struct gw_text *out, const struct gw_table *table, const bool *there)
{
    const char *before = " ";

    gw_text_add(out, "ALTER TABLE ");
    sql_name(out, table->name);
    for (size_t i = 0; i < table->column_count; i++) {
        if (there[i])
            continue;
        gw_text_print(out, "%sADD COLUMN ", before);
        sql_name(out, table->columns[i].name);
        gw_text_print(out, " %s", sql_type(table->columns[i].type));
        before = ", ";
    }
    gw_text_add(out, ";\nUPDATE ");
    sql_name(out, table->name);
    gw_text_add(out, " AS t SET written = ");
    digest(out, table, "t.");
    gw_text_add(out, " WHERE t.written = ");
    former_digest(out, table, there);
    gw_text_add(out, ";\n");
}

static void from_array(struct gw_text *out, const struct gw_table *table, bool over)
{
    gw_text_add(out, " FROM unnest($1::");
    sql_row_type(out, table);
    gw_text_add(out, over ? "[], $3::text[]) AS a (" : "[]) AS a (");
    columns(out, table, "");
    gw_text_print(out, "%s) JOIN receipts r ON r.subject_key = a.subject_key AND r.shipment = $2",
                  over ? ", stands" : "");
}

static void arrived(struct gw_text *out, const struct gw_table *table, bool over)
{
    gw_text_add(out, "WITH n AS (SELECT a.*, r.revision AS of_revision");
    from_array(out, table, over);
    gw_text_add(out, "), ");
}

static void insert_rows(struct gw_text *out, const struct gw_table *table, const char *from)
{
    gw_text_add(out, "INSERT INTO ");
    sql_name(out, table->name);
    gw_text_add(out, " (");
    columns(out, table, "");
    gw_text_add(out, ", written) SELECT ");
    columns(out, table, from);
    gw_text_add(out, ", ");
    digest(out, table, from);
}

static void assignments(struct gw_text *out, const struct gw_table *table, const char *from)
{
    for (size_t i = 0; i < table->column_count; i++) {
        sql_name(out, table->columns[i].name);
        gw_text_print(out, " = %s", from);
        sql_name(out, table->columns[i].name);
        gw_text_add(out, ", ");
    }
}

static void same_key(struct gw_text *out, const char *a)
{
    gw_text_print(out, "%s.subject_key = n.subject_key AND %s.row_id = n.row_id", a, a);
}

/* Is the row of n in the table, as x, and so? */
static void exists(struct gw_text *out, const struct gw_table *table, const char *so)
{
    gw_text_add(out, "EXISTS (SELECT FROM ");
    sql_name(out, table->name);
    gw_text_add(out, " x WHERE ");
    same_key(out, "x");
    gw_text_print(out, "%s)", so);
}

/* "old" of those that are there: what was written, if nobody touched it; or what a person decided to write over. */
static void change_rows(struct gw_text *out, const struct gw_table *table, bool over)
{
    gw_text_add(out, "old AS (UPDATE ");
    sql_name(out, table->name);
    gw_text_add(out, " AS t SET ");
    assignments(out, table, "n.");
    gw_text_add(out, "written = ");
    digest(out, table, "n.");
    gw_text_add(out, " FROM n WHERE ");
    same_key(out, "t");
    gw_text_add(out, over ? " AND (n.stands = " : " AND t.written = ");
    digest(out, table, "t.");
    if (over) {
        gw_text_add(out, " OR t.written = ");
        digest(out, table, "t.");
        gw_text_add(out, ")");
    }
    gw_text_add(out, " RETURNING t.subject_key, t.row_id)");
}

/* "new" of those that are not, tombstones aside. Not by ON CONFLICT, which costs half as much again; the receipt's lock
 * keeps others out.
 */
static void add_rows(struct gw_text *out, const struct gw_table *table)
{
    gw_text_add(out, ", new AS (");
    insert_rows(out, table, "n.");
    gw_text_add(out, " FROM n WHERE n.status <> 'withdrawn' AND NOT ");
    exists(out, table, "");
    gw_text_add(out, " RETURNING subject_key, row_id)");
}

/* What is told of since a cut: not lineage, and not what waits for a person. */
static bool is_noted(const struct gw_table *table)
{
    return table->id != GW_TABLE_provenance && table->id != GW_TABLE_exceptions;
}

/* x is the row as it was before the sentence. */
static void note_changes(struct gw_text *out, const struct gw_table *table, bool adds)
{
    gw_text_add(out, ", noted AS (INSERT INTO changes (subject_key, revision, table_name, row_id, kind)"
                     " SELECT n.subject_key, n.of_revision, ");
    sql_literal(out, table->name);
    gw_text_add(out, ", n.row_id, CASE WHEN n.status = 'withdrawn' THEN 'withdrawn' WHEN ");
    exists(out, table, " AND x.status <> 'withdrawn'");
    gw_text_add(out, " THEN 'changed' ELSE 'added' END FROM n JOIN (SELECT * FROM old");
    gw_text_add(out, adds ? " UNION ALL SELECT * FROM new) w ON " : ") w ON ");
    same_key(out, "w");
    gw_text_add(out, " ON CONFLICT DO NOTHING)");
}

static void note_refusals(struct gw_text *out, const struct gw_table *table, bool adds)
{
    gw_text_add(out, " INSERT INTO refusals (subject_key, revision, table_name, row_id, kind, reason)"
                     " SELECT n.subject_key, n.of_revision, ");
    sql_literal(out, table->name);
    gw_text_add(out, ", n.row_id, 'touched', CASE WHEN ");
    exists(out, table, "");
    gw_text_add(out, " THEN '' ELSE 'missing' END FROM n WHERE NOT EXISTS (SELECT FROM old WHERE ");
    same_key(out, "old");
    gw_text_add(out, ")");
    if (!adds)
        return;
    gw_text_add(out, " AND NOT EXISTS (SELECT FROM new WHERE ");
    same_key(out, "new");
    gw_text_add(out, ") AND (n.status <> 'withdrawn' OR ");
    exists(out, table, "");
    gw_text_add(out, ")");
}

void sql_write_rows(struct gw_text *out, const struct gw_table *table, enum sql_write what)
{
    if (what == SQL_FRESH) {
        insert_rows(out, table, "a.");
        from_array(out, table, false);
        return;
    }
    arrived(out, table, what == SQL_FORCED);
    change_rows(out, table, what == SQL_FORCED);
    if (what == SQL_ADDS)
        add_rows(out, table);
    if (is_noted(table))
        note_changes(out, table, what == SQL_ADDS);
    note_refusals(out, table, what == SQL_ADDS);
}

void sql_find_touched(struct gw_text *out, const struct gw_table *table)
{
    gw_text_add(out, "SELECT ");
    sql_literal(out, table->name);
    gw_text_add(out, ", t.subject_key, t.row_id, ");
    digest(out, table, "t.");
    gw_text_add(out, ", row_to_json(t)::text FROM ");
    sql_name(out, table->name);
    gw_text_add(out, " t WHERE ($1::text[] IS NULL OR t.subject_key = ANY ($1)) AND t.written <> ");
    digest(out, table, "t.");
    gw_text_add(out, " ORDER BY 2, 3");
}

void sql_find_missing(struct gw_text *out, const struct gw_table *table)
{
    gw_text_add(out, "SELECT ");
    sql_literal(out, table->name);
    gw_text_add(
        out,
        ", n.subject_key, n.row_id, 'touched', 'missing' FROM unnest($1::text[], $2::text[]) AS n (subject_key, row_id)"
        " WHERE NOT EXISTS (SELECT FROM ");
    sql_name(out, table->name);
    gw_text_add(out, " x WHERE ");
    same_key(out, "x");
    gw_text_add(out, ") ORDER BY 2, 3");
}

void sql_select_ours(struct gw_text *out, const struct gw_table *table)
{
    gw_text_add(out, "SELECT ");
    sql_literal(out, table->name);
    gw_text_add(out, ", ");
    columns(out, table, "t.");
    gw_text_add(out, " FROM ");
    sql_name(out, table->name);
    gw_text_add(out, " t WHERE t.subject_key = $1 AND t.status <> 'withdrawn' AND t.written = ");
    digest(out, table, "t.");
}

void sql_select_rows(struct gw_text *out, const struct gw_table *table)
{
    gw_text_add(out, "SELECT ");
    columns(out, table, "");
    gw_text_add(out, " FROM ");
    sql_name(out, table->name);
    gw_text_add(out, " WHERE subject_key = $1 ORDER BY row_id COLLATE \"C\"");
}
