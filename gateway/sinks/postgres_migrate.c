/*
 * Whose database it is, and laying it.
 *
 *      lock ──> what is there? ──> whose is it? ──> what is missing ──> comments, views ──> COMMIT
 *
 * The target's row is laid once, by a person who runs `casement db migrate`; from then on a gateway that is configured
 * for another study, another installation or another purpose is refused before it writes a row.
 *
 * There is no list of steps from release to release: what a table lacks of the columns of rows.def is added. Two who
 * migrate at once take turns; the second finds nothing to do.
 */
#include "sinks/postgres_migrate.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sinks/postgres_catalogue.h"
#include "sinks/postgres_session.h"
#include "sinks/postgres_sql.h"

static const char where[] = "sinks.postgres";

enum { SQL_MAX_BYTES = 1024 * 1024 };

const char target_question[] = "SELECT study, installation, purpose, (SELECT max(release) FROM releases) FROM target";

enum target_column { TARGET_STUDY, TARGET_INSTALLATION, TARGET_PURPOSE, TARGET_RELEASE };

static enum gw_status compare(const struct gw_postgres_target *target, const PGresult *answer,
                              enum target_column column, const char *what, const char *ours, struct gw_error *err)
{
    const char *theirs = PQgetvalue(answer, 0, column);

    if (strcmp(theirs, ours) == 0)
        return GW_OK;
    return gw_fail(err, GW_ECONFIG, where,
                   "schema %s of database %s is laid for the %s \"%.60s\", not for \"%.60s\": name the right database, "
                   "schema or purpose in the sink",
                   target->schema, target->connection.database, what, theirs, ours);
}

static enum gw_status check_identity(const struct gw_postgres_target *target, const PGresult *answer,
                                     struct gw_error *err)
{
    enum gw_status rc = compare(target, answer, TARGET_STUDY, "study", target->study, err);

    if (rc == GW_OK)
        rc = compare(target, answer, TARGET_INSTALLATION, "installation", target->installation, err);
    return rc == GW_OK ? compare(target, answer, TARGET_PURPOSE, "purpose", target->purpose, err) : rc;
}

enum gw_status target_check(const struct gw_postgres_target *target, const PGresult *answer, struct gw_error *err)
{
    enum gw_status rc;

    if (PQntuples(answer) != 1)
        return gw_fail(err, GW_ECONFIG, where, "schema %s of database %s says not whose it is: run casement db migrate",
                       target->schema, target->connection.database);
    rc = check_identity(target, answer, err);
    if (rc == GW_OK && atoi(PQgetvalue(answer, 0, TARGET_RELEASE)) != SCHEMA_RELEASE)
        rc =
            gw_fail(err, GW_ECONFIG, where,
                    "schema %s of database %s is of release %.10s and this Casement writes %d: run casement db migrate",
                    target->schema, target->connection.database, PQgetvalue(answer, 0, TARGET_RELEASE), SCHEMA_RELEASE);
    return rc;
}

/* ---- what is there --------------------------------------------------------------------------------------------- */

struct found {
    const struct gw_postgres_target *target;
    bool schema;
    bool own[SQL_OWN_TABLES]; /* as sql_own_tables */
    bool tables[GW_TABLE_COUNT];
    bool row_types[GW_TABLE_COUNT];
    bool columns[GW_TABLE_COUNT][SQL_COLUMNS_MAX];
    int release; /* 0: none */
    struct gw_error strange;
};

/* Two who lay one schema at once, whatever their roles. */
static const char lock_schema[] = "SELECT pg_advisory_xact_lock(hashtextextended('casement schema ' || $1, 0))";

static const char ask_schema[] = "SELECT FROM pg_namespace WHERE nspname = $1";

/* Not information_schema: that hides what the role has no right to. */
static const char ask_columns[] =
    "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_class c"
    " JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid"
    " WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'c') AND a.attnum > 0 AND NOT a.attisdropped";

static void on_schema(void *ctx, const PGresult *answer)
{
    ((struct found *)ctx)->schema = PQntuples(answer) > 0;
}

static void note_column(struct found *found, const struct gw_table *table, const char *name, const char *type)
{
    assert(table->column_count <= SQL_COLUMNS_MAX);
    for (size_t i = 0; i < table->column_count; i++) {
        if (strcmp(table->columns[i].name, name) != 0)
            continue;
        found->columns[table->id][i] = true;
        if (strcmp(sql_type(table->columns[i].type), type) != 0)
            gw_fail(&found->strange, GW_ECONFIG, where,
                    "column %s of table %s in schema %s is %.40s and not %s: Casement did not lay it so; put it back, "
                    "or name another schema",
                    name, table->name, found->target->schema, type, sql_type(table->columns[i].type));
    }
}

static bool is_row_type(const struct gw_table *table, const char *name)
{
    const size_t length = strlen(table->name);

    return strncmp(name, table->name, length) == 0 && strcmp(name + length, SQL_ROW_TYPE_END) == 0;
}

static void on_columns(void *ctx, const PGresult *answer)
{
    struct found *found = ctx;

    for (int i = 0; i < PQntuples(answer); i++) {
        const char *name = PQgetvalue(answer, i, 0);

        for (size_t o = 0; o < SQL_OWN_TABLES; o++)
            found->own[o] |= strcmp(sql_own_tables[o].name, name) == 0;
        for (int t = 0; t < GW_TABLE_COUNT; t++) {
            const struct gw_table *table = gw_table_of((enum gw_table_id)t);

            found->row_types[t] |= is_row_type(table, name);
            if (strcmp(table->name, name) != 0)
                continue;
            found->tables[t] = true;
            note_column(found, table, PQgetvalue(answer, i, 1), PQgetvalue(answer, i, 2));
        }
    }
}

static void on_identity(void *ctx, const PGresult *answer)
{
    struct found *found = ctx;

    if (PQntuples(answer) != 1) {
        gw_fail(
            &found->strange, GW_ECONFIG, where,
            "schema %s of database %s has lost the row that says whose it is: put it back into table target, or name "
            "another schema",
            found->target->schema, found->target->connection.database);
        return;
    }
    found->release = atoi(PQgetvalue(answer, 0, TARGET_RELEASE));
    if (check_identity(found->target, answer, &found->strange) == GW_OK && found->release > SCHEMA_RELEASE)
        gw_fail(
            &found->strange, GW_ECONFIG, where,
            "schema %s of database %s was laid by a newer Casement (release %d, this one knows %d): install that one",
            found->target->schema, found->target->connection.database, found->release, SCHEMA_RELEASE);
}

/* Nobody's tables become ours because they bear our names. */
static enum gw_status check_nobody(const struct found *found, struct gw_error *err)
{
    bool any = false;

    for (size_t o = 0; o < SQL_OWN_TABLES; o++)
        any |= found->own[o];
    for (int t = 0; t < GW_TABLE_COUNT; t++)
        any |= found->tables[t];
    if (!any)
        return GW_OK;
    return gw_fail(
        err, GW_ECONFIG, where,
        "schema %s of database %s has tables with names of ours and says not whose it is: name another schema",
        found->target->schema, found->target->connection.database);
}

static enum gw_status look(struct session *session, struct found *found, struct gw_error *err)
{
    const char *const schema[] = {found->target->schema};
    const struct gw_postgres_statement looks[] = {
        {"BEGIN", NULL, 0, NULL, NULL},
        {lock_schema, schema, 1, NULL, NULL},
        {ask_schema, schema, 1, on_schema, found},
        {ask_columns, schema, 1, on_columns, found},
    };
    enum gw_status rc = session_run(session, looks, sizeof looks / sizeof *looks, err);

    if (rc == GW_OK && !(found->own[0] && found->own[1]))
        return check_nobody(found, err);
    if (rc == GW_OK)
        rc = session_ask(session, (struct gw_postgres_statement){target_question, NULL, 0, on_identity, found}, err);
    if (rc == GW_OK && found->strange.status != GW_OK)
        *err = found->strange;
    return rc == GW_OK ? found->strange.status : rc;
}

/* ---- laying ---------------------------------------------------------------------------------------------------- */

static void print_identity(struct gw_text *out, const struct gw_postgres_target *target)
{
    gw_text_add(out, "INSERT INTO target (study, installation, purpose) VALUES (");
    sql_literal(out, target->study);
    gw_text_add(out, ", ");
    sql_literal(out, target->installation);
    gw_text_add(out, ", ");
    sql_literal(out, target->purpose);
    gw_text_add(out, ");\n");
}

static void print_schema(struct gw_text *out, const struct gw_postgres_target *target)
{
    gw_text_add(out, "CREATE SCHEMA ");
    sql_name(out, target->schema);
    gw_text_add(out, ";\n");
}

static size_t missing_columns(const struct found *found, const struct gw_table *table)
{
    size_t count = 0;

    for (size_t i = 0; i < table->column_count; i++)
        count += !found->columns[table->id][i];
    return count;
}

/* Nothing is kept in it, and its columns have an order. */
static void print_row_type(struct gw_text *out, const struct found *found, const struct gw_table *table)
{
    if (found->row_types[table->id] && found->release == SCHEMA_RELEASE)
        return;
    if (found->row_types[table->id])
        sql_drop_row_type(out, table);
    sql_create_row_type(out, table);
}

/* What is missing; then what is laid anew each time. Nothing found is all of it. */
static void print_missing(struct gw_text *out, const struct found *found, struct gw_migration_result *result)
{
    for (size_t o = 0; o < SQL_OWN_TABLES; o++)
        if (!found->own[o])
            sql_create_own_table(out, &sql_own_tables[o]);
    if (!found->own[0])
        print_identity(out, found->target);
    if (found->release < SCHEMA_RELEASE)
        gw_text_print(out, "INSERT INTO releases (release) VALUES (%d);\n", SCHEMA_RELEASE);
    for (int t = 0; t < GW_TABLE_COUNT; t++) {
        const struct gw_table *table = gw_table_of((enum gw_table_id)t);
        const size_t columns = found->tables[t] ? missing_columns(found, table) : 0;

        if (!found->tables[t])
            sql_create_table(out, table);
        else if (columns > 0)
            sql_add_columns(out, table, found->columns[t]);
        result->tables += !found->tables[t];
        result->columns += columns;
        print_row_type(out, found, table);
    }
    catalogue_views(out);
    catalogue_comments(out);
}

static enum gw_status check_text(const struct gw_text *sql, struct gw_error *err)
{
    return sql->failed ? gw_fail(err, GW_ENOMEM, where, "no memory for the study database's statements") : GW_OK;
}

enum gw_status gw_sink_postgres_print(const struct gw_postgres_target *target, FILE *out, struct gw_error *err)
{
    struct gw_text sql = GW_TEXT_INIT(SQL_MAX_BYTES);
    const struct found nothing = {.target = target};
    struct gw_migration_result result = {0};
    enum gw_status rc;

    gw_text_add(&sql, "BEGIN;\n");
    print_schema(&sql, target);
    gw_text_add(&sql, "SET LOCAL search_path TO ");
    sql_name(&sql, target->schema);
    gw_text_add(&sql, ";\n");
    print_missing(&sql, &nothing, &result);
    gw_text_add(&sql, "COMMIT;\n");
    catalogue_grants(&sql, target->schema, target->connection.user);
    rc = check_text(&sql, err);
    if (rc == GW_OK && (fwrite(sql.at, 1, sql.length, out) != sql.length || fflush(out) != 0))
        rc = gw_fail(err, GW_EIO, where, "the statements cannot be written");
    gw_text_release(&sql);
    return rc;
}

static enum gw_status lay(struct session *session, const struct found *found, struct gw_migration_result *result,
                          struct gw_error *err)
{
    struct gw_text sql = GW_TEXT_INIT(SQL_MAX_BYTES);
    enum gw_status rc;

    if (!found->schema)
        print_schema(&sql, found->target);
    print_missing(&sql, found, result);
    gw_text_add(&sql, "COMMIT;\n");
    rc = check_text(&sql, err);
    if (rc == GW_OK)
        rc = session_script(session, sql.at, err);
    gw_text_release(&sql);
    return rc;
}

enum gw_status gw_sink_postgres_migrate(const struct gw_postgres_target *target, struct gw_migration_result *out,
                                        struct gw_error *err)
{
    struct found found = {.target = target};
    struct gw_migration_result result = {.to = SCHEMA_RELEASE};
    struct session session;
    enum gw_status rc = session_open(&session, target, err);

    if (rc == GW_OK)
        rc = look(&session, &found, err);
    result.from = (unsigned)found.release;
    if (rc == GW_OK)
        rc = lay(&session, &found, &result, err);
    session_close(&session);
    if (rc == GW_OK)
        *out = result;
    return rc;
}
