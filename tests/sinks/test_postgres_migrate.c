/*
 * Laying a PostgreSQL study database, and bringing it to this release.
 */
#include <pthread.h>

#include "sinks/remote_desk.h"

/* Everything there is in the test's schema, as one text: columns, comments, views, rights. */
static const char everything[] =
    "SELECT md5(string_agg(line, E'\\n' ORDER BY line)) FROM ("
    " SELECT concat_ws('|', c.relname, c.relkind, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod),"
    " a.attnotnull, col_description(c.oid, a.attnum), obj_description(c.oid), CASE WHEN c.relkind = 'v' THEN"
    " pg_get_viewdef(c.oid) END) AS line FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
    " WHERE c.relnamespace = current_schema()::regnamespace AND a.attnum > 0) everything";

static enum gw_status migrate(struct remote_desk *desk, struct gw_migration_result *out)
{
    return gw_sink_postgres_migrate(&desk->target, out, &desk->failure);
}

static bool says_same(struct remote_desk *desk, const char *other)
{
    char sql[1200];

    snprintf(sql, sizeof sql, "SELECT (%s) = (SELECT seen FROM public.%s)", everything, other);
    return remote_desk_says(desk, sql, "t");
}

static void remember(struct remote_desk *desk, const char *name)
{
    char sql[1200];

    snprintf(sql, sizeof sql, "CREATE TABLE public.%s AS SELECT (%s) AS seen", name, everything);
    remote_desk_exec(desk, sql);
}

Test(postgres_migrate, lays_what_it_prints_and_nothing_again)
{
    struct remote_desk printed, laid;
    struct gw_migration_result result;

    remote_desk_init(&printed, "printed");
    remember(&printed, "printed_schema");
    remote_desk_prepare(&laid, "laid");
    cr_assert(migrate(&laid, &result) == GW_OK, "%s", laid.failure.text);
    cr_expect(result.from == 0 && result.to == 2 && result.tables == GW_TABLE_COUNT && result.columns == 0);
    cr_expect(remote_desk_says(&laid, "SELECT count(*) FROM receipts", "0"));
    cr_expect(remote_desk_says(&laid, "SELECT study || ' ' || installation || ' ' || purpose FROM target",
                               "lendex hm production"));
    for (int again = 0; again < 2; again++) {
        cr_assert(migrate(&laid, &result) == GW_OK, "%s", laid.failure.text);
        cr_expect(result.from == 2 && result.to == 2 && result.tables == 0 && result.columns == 0);
    }
    cr_expect(remote_desk_says(&laid, "SELECT count(*) FROM releases", "1"));
    remote_desk_exec(&printed, "DROP SCHEMA printed CASCADE; ALTER SCHEMA laid RENAME TO printed");
    cr_expect(says_same(&printed, "printed_schema"), "one text, whoever sends it");
    remote_desk_release(&printed);
    remote_desk_release(&laid);
}

Test(postgres_migrate, lays_into_a_schema_that_somebody_made_for_it)
{
    struct remote_desk desk;
    struct gw_migration_result result;

    remote_desk_prepare(&desk, "made");
    cluster_exec("CREATE SCHEMA made; CREATE TABLE made.notes (text text)");
    cr_expect(migrate(&desk, &result) == GW_OK, "%s", desk.failure.text);
    cr_expect(remote_desk_says(&desk, "SELECT count(*) FROM notes, target", "0"));
    remote_desk_release(&desk);
}

static struct gw_refusals inspect(struct remote_desk *desk)
{
    struct gw_refusals found = {0};

    desk->calls = 0;
    desk->remote->inspect(desk->remote, &desk->arena, &found, remote_desk_on_done, desk);
    cr_assert(remote_desk_wait(desk) == GW_OK, "%s", desk->failure.text);
    return found;
}

/* As a release before this one left it: without some columns and a table, digests of the columns it knew. */
static const char older[] =
    "ALTER TABLE observations DROP COLUMN method, DROP COLUMN range_low; DROP VIEW open_exceptions;"
    "DROP TABLE exceptions; DROP TYPE windows_row; DELETE FROM releases; INSERT INTO releases VALUES (0);"
    "DO $$ BEGIN EXECUTE format('UPDATE observations AS t SET written = md5(ROW(%s)::text)',"
    " (SELECT string_agg('t.' || quote_ident(attname), ',' ORDER BY attnum) FROM pg_attribute"
    " WHERE attrelid = 'observations'::regclass AND attnum > 0 AND NOT attisdropped AND attname <> 'written')); END $$;"
    "UPDATE observations SET unit = 'by hand' WHERE row_id = 'o1'";

Test(postgres_migrate, brings_an_older_release_to_this_one)
{
    struct remote_desk desk;
    struct gw_rows none = {0}, first = {0}, second = {0};
    struct gw_migration_result result;
    struct gw_refusals found;

    remote_desk_init(&desk, "older");
    for (int i = 0; i < 3; i++) {
        remote_desk_observation(&desk, &first, "ES-017", gw_arena_print(&desk.arena, "o%d", i), "1.20");
        remote_desk_observation(&desk, &second, "ES-017", gw_arena_print(&desk.arena, "o%d", i), "1.40")->method = "m";
    }
    cr_assert(remote_desk_send_one(&desk, remote_desk_batch(&desk, "ES-017", &none, &first, 0)) == GW_OK, "%s",
              desk.failure.text);
    remote_desk_close(&desk);
    remote_desk_exec(&desk, older);
    remote_desk_open(&desk);
    cr_expect(remote_desk_send_one(&desk, remote_desk_batch(&desk, "ES-017", &first, &second, 1)) == GW_ECONFIG);
    cr_expect(strstr(desk.failure.text, "casement db migrate"), "%s", desk.failure.text);
    for (int again = 0; again < 2; again++) {
        cr_assert(migrate(&desk, &result) == GW_OK, "%s", desk.failure.text);
        cr_expect(result.from == (again ? 2 : 0) && result.to == 2);
        cr_expect(result.tables == (again ? 0 : 1) && result.columns == (again ? 0 : 2));
        found = inspect(&desk);
        cr_assert(found.count == 1, "%zu", found.count);
        cr_expect_str_eq(found.list[0].row_id, "o1", "what a person touched stays touched, the rest is ours");
    }
    cr_expect(remote_desk_send_one(&desk, remote_desk_batch(&desk, "ES-017", &first, &second, 1)) == GW_OK);
    cr_expect(desk.shipment.refusals.count == 1);
    cr_expect(remote_desk_says(&desk,
                               "SELECT string_agg(row_id || coalesce(method, '') || value_num, ' ' ORDER BY row_id)"
                               " FROM observations",
                               "o0m1.40 o1"
                               "1.20 o2m1.40"));
    remote_desk_release(&desk);
}

struct one_of_many {
    struct remote_desk *desk;
    struct gw_migration_result result;
    struct gw_error failure;
    enum gw_status rc;
};

static void *run_one(void *ctx)
{
    struct one_of_many *one = ctx;

    one->rc = gw_sink_postgres_migrate(&one->desk->target, &one->result, &one->failure);
    return NULL;
}

Test(postgres_migrate, takes_turns_with_others_that_migrate_at_once)
{
    struct one_of_many many[4];
    pthread_t threads[4];
    struct remote_desk desk;
    size_t laid = 0;

    remote_desk_prepare(&desk, "turns");
    for (size_t i = 0; i < 4; i++) {
        many[i] = (struct one_of_many){.desk = &desk};
        cr_assert(pthread_create(&threads[i], NULL, run_one, &many[i]) == 0);
    }
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        cr_expect(many[i].rc == GW_OK, "%s", many[i].failure.text);
        laid += many[i].result.from == 0;
    }
    cr_expect(laid == 1, "one lays it, the others find it: %zu", laid);
    cr_expect(remote_desk_says(&desk, "SELECT count(*) FROM releases, target", "1"));
    remote_desk_release(&desk);
}

Test(postgres_migrate, refuses_what_is_not_its_own)
{
    static const struct {
        const char *name, *sql, *told;
    } cases[] = {
        {"m_study", "UPDATE target SET study = 'elranatamab'", "elranatamab"},
        {"m_installation", "UPDATE target SET installation = 'other'", "other"},
        {"m_purpose", "UPDATE target SET purpose = 'staging'", "staging"},
        {"m_newer", "INSERT INTO releases VALUES (99)", "release 99"},
        {"m_lost", "DELETE FROM target", "has lost the row"},
        {"m_nobody", "DROP TABLE target CASCADE", "says not whose it is"},
        {"m_type", "DROP VIEW dose_intensity; ALTER TABLE cycles ALTER rdi TYPE text", "column rdi of table cycles"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct remote_desk desk;
        struct gw_migration_result result = {.to = 77};

        remote_desk_init(&desk, cases[i].name);
        remote_desk_exec(&desk, cases[i].sql);
        remote_desk_exec(&desk, "DROP VIEW ae_listing");
        remember(&desk, cases[i].name);
        cr_expect(migrate(&desk, &result) == GW_ECONFIG, "%s", cases[i].name);
        cr_expect(strstr(desk.failure.text, cases[i].told), "%s: %s", cases[i].name, desk.failure.text);
        cr_expect(result.to == 77, "nothing is told of what was not done");
        cr_expect(says_same(&desk, cases[i].name), "%s: nothing is done to it", cases[i].name);
        remote_desk_release(&desk);
    }
}

Test(postgres_migrate, comments_on_every_table_view_and_column)
{
    static const char uncommented[] =
        "SELECT coalesce(string_agg(c.relname || coalesce('.' || a.attname, ''), ' '), 'none') FROM pg_class c"
        " LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
        " WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'v')"
        " AND (obj_description(c.oid, 'pg_class') IS NULL OR col_description(c.oid, a.attnum) IS NULL)";
    struct remote_desk desk;

    remote_desk_init(&desk, "comments");
    cr_expect(remote_desk_says(&desk, uncommented, "none"));
    cr_expect(remote_desk_says(&desk,
                               "SELECT count(*) FROM pg_class WHERE relkind = 'v' AND relnamespace = "
                               "current_schema()::regnamespace",
                               "7"));
    cr_expect(remote_desk_says(&desk,
                               "SELECT col_description('subjects'::regclass, attnum) FROM pg_attribute WHERE "
                               "attrelid = 'subjects'::regclass AND attname = 'd1'",
                               "First dose: day 1 of the study treatment"));
    remote_desk_release(&desk);
}

static bool may(struct remote_desk *desk, const char *sql)
{
    char text[400];
    PGconn *conn;
    PGresult *result;
    bool done;

    snprintf(text, sizeof text, "host=%s port=%u user=courier dbname=postgres options='-c search_path=%s'",
             cluster_host(), cluster_port(), desk->schema);
    conn = PQconnectdb(text);
    cr_assert(PQstatus(conn) == CONNECTION_OK, "%s", PQerrorMessage(conn));
    result = PQexec(conn, sql);
    done = PQresultStatus(result) == PGRES_COMMAND_OK || PQresultStatus(result) == PGRES_TUPLES_OK;
    cr_expect(done || strcmp(PQresultErrorField(result, PG_DIAG_SQLSTATE), "42501") == 0, "%s: %s", sql,
              PQerrorMessage(conn));
    PQclear(result);
    PQfinish(conn);
    return done;
}

Test(postgres_migrate, grants_a_service_what_it_needs_and_no_more)
{
    static const char *const forbidden[] = {
        "DELETE FROM observations",
        "TRUNCATE receipts",
        "UPDATE target SET purpose = 'mine'",
        "INSERT INTO releases VALUES (2)",
        "DELETE FROM batches",
        "UPDATE batches SET shipment = ''",
        "DELETE FROM refusals",
        "DELETE FROM changes",
        "UPDATE changes SET kind = 'added'",
        "DELETE FROM cuts",
        "ALTER TABLE observations DROP COLUMN unit",
        "CREATE TABLE more (x int)",
    };
    struct remote_desk desk;
    struct gw_rows none = {0}, first = {0}, second = {0};
    struct gw_migration_result result;

    cluster_exec("CREATE ROLE courier LOGIN");
    remote_desk_prepare(&desk, "least");
    desk.target.connection.user = "courier";
    remote_desk_lay(&desk);
    remote_desk_open(&desk);
    remote_desk_observation(&desk, &first, "ES-017", "o1", "1.20");
    cr_expect(remote_desk_send_one(&desk, remote_desk_batch(&desk, "ES-017", &none, &first, 0)) == GW_OK, "%s",
              desk.failure.text);
    remote_desk_observation(&desk, &second, "ES-017", "o1", "1.40");
    cr_expect(remote_desk_send_one(&desk, remote_desk_batch(&desk, "ES-017", &first, &second, 1)) == GW_OK, "%s",
              desk.failure.text);
    cr_expect(inspect(&desk).count == 0);
    for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++)
        cr_expect(!may(&desk, forbidden[i]), "%s", forbidden[i]);
    cr_expect(migrate(&desk, &result) == GW_EDENIED, "who delivers does not lay");
    remote_desk_release(&desk);
}

/* Whoever changes the tables makes a release of it, or those who run the one before would never hear of it. */
Test(postgres_migrate, calls_other_tables_another_release)
{
    struct remote_desk desk;

    remote_desk_init(&desk, "release");
    cr_expect(remote_desk_says(&desk, "SELECT max(release) FROM releases", "2"));
    cr_expect(remote_desk_says(&desk,
                               "SELECT count(*) || ' ' || md5(string_agg(c.relname || '.' || a.attname || ' ' ||"
                               " format_type(a.atttypid, -1), ',' ORDER BY c.relname COLLATE \"C\", a.attnum)) FROM"
                               " pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 WHERE"
                               " c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'",
                               "347 e87d92974c211c9ea1713a0c234452ac"));
    remote_desk_release(&desk);
}
