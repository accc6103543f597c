/*
 * Whose database it is, and laying it.
 *
 * The target's row is laid once, by a person who runs `casement db migrate`; from then on a gateway that is configured
 * for another study, another installation or another purpose is refused before it writes a row.
 */
#include "sinks/postgres_migrate.h"

#include <stdlib.h>
#include <string.h>

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

enum gw_status target_check(const struct gw_postgres_target *target, const PGresult *answer, struct gw_error *err)
{
    enum gw_status rc;

    if (PQntuples(answer) != 1)
        return gw_fail(err, GW_ECONFIG, where, "schema %s of database %s says not whose it is: run casement db migrate",
                       target->schema, target->connection.database);
    rc = compare(target, answer, TARGET_STUDY, "study", target->study, err);
    if (rc == GW_OK)
        rc = compare(target, answer, TARGET_INSTALLATION, "installation", target->installation, err);
    if (rc == GW_OK)
        rc = compare(target, answer, TARGET_PURPOSE, "purpose", target->purpose, err);
    if (rc == GW_OK && atoi(PQgetvalue(answer, 0, TARGET_RELEASE)) != SCHEMA_RELEASE)
        rc =
            gw_fail(err, GW_ECONFIG, where,
                    "schema %s of database %s is of release %.10s and this Casement writes %d: run casement db migrate",
                    target->schema, target->connection.database, PQgetvalue(answer, 0, TARGET_RELEASE), SCHEMA_RELEASE);
    return rc;
}

/* ---- laying ---------------------------------------------------------------------------------------------------- */

static void print_identity(struct gw_text *out, const struct gw_postgres_target *target)
{
    gw_text_add(out,
                "CREATE TABLE target (one boolean PRIMARY KEY DEFAULT true CHECK (one), study text NOT NULL,"
                " installation text NOT NULL, purpose text NOT NULL);\n"
                "CREATE TABLE releases (release integer PRIMARY KEY, made_at timestamptz NOT NULL DEFAULT now());\n"
                "INSERT INTO target (study, installation, purpose) VALUES (");
    sql_literal(out, target->study);
    gw_text_add(out, ", ");
    sql_literal(out, target->installation);
    gw_text_add(out, ", ");
    sql_literal(out, target->purpose);
    gw_text_print(out, ");\nINSERT INTO releases (release) VALUES (%d);\n", SCHEMA_RELEASE);
}

static void print_all(struct gw_text *out, const struct gw_postgres_target *target)
{
    gw_text_add(out, "CREATE SCHEMA ");
    sql_name(out, target->schema);
    gw_text_add(out, ";\nSET LOCAL search_path TO ");
    sql_name(out, target->schema);
    gw_text_add(out, ";\n");
    print_identity(out, target);
    sql_create_tables(out);
}

enum gw_status gw_sink_postgres_print(const struct gw_postgres_target *target, FILE *out, struct gw_error *err)
{
    struct gw_text sql = GW_TEXT_INIT(SQL_MAX_BYTES);
    enum gw_status rc = GW_OK;

    gw_text_add(&sql, "BEGIN;\n");
    print_all(&sql, target);
    gw_text_add(&sql, "COMMIT;\n");
    if (sql.failed)
        rc = gw_fail(err, GW_ENOMEM, where, "no memory for the study database's statements");
    else if (fwrite(sql.at, 1, sql.length, out) != sql.length || fflush(out) != 0)
        rc = gw_fail(err, GW_EIO, where, "the statements cannot be written");
    gw_text_release(&sql);
    return rc;
}
