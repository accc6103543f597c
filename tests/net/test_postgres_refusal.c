/*
 * A server that refuses to be dialled: what each refusal means, in whatever language the server tells it. One test: its
 * suite restarts the server.
 */
#include "gateway/net/postgres.h"

#include "net/caller.h"

static void append(const char *name, const char *text)
{
    char path[300];
    FILE *file;

    snprintf(path, sizeof path, "%s/data/%s", cluster_host(), name);
    file = fopen(path, "a");
    cr_assert(file != NULL, "%s", path);
    fputs(text, file);
    fclose(file);
}

static const char *password_file(void)
{
    static char path[300];
    FILE *file;

    snprintf(path, sizeof path, "%s/password", cluster_folder());
    file = fopen(path, "w");
    cr_assert(file != NULL);
    fputs("not this one\n", file);
    fclose(file);
    chmod(path, 0600);
    return path;
}

/* Roles and databases of which each is refused for a reason of its own; pg_hba.conf is read from the top. */
static void prepare(void)
{
    char path[300];

    cluster_exec("CREATE ROLE locked LOGIN PASSWORD 'secret'");
    cluster_exec("CREATE ROLE crowded LOGIN CONNECTION LIMIT 0");
    cluster_exec("CREATE ROLE stranger LOGIN");
    cluster_exec("CREATE ROLE excluded LOGIN");
    cluster_exec("CREATE DATABASE private");
    cluster_exec("REVOKE CONNECT ON DATABASE private FROM PUBLIC");
    cluster_exec("CREATE DATABASE resting ALLOW_CONNECTIONS false");
    cluster_do("kill");
    snprintf(path, sizeof path, "%s/data/pg_hba.conf", cluster_host());
    cr_assert(truncate(path, 0) == 0);
    append("pg_hba.conf", "local all locked scram-sha-256\n"
                          "local all casement,crowded,excluded,nobody trust\n");
    append("postgresql.conf", "lc_messages = 'C.UTF-8'\n"); /* which the variable LANGUAGE then decides */
}

static void expect_refusals(const char *language)
{
    static const struct {
        const char *name, *database, *user, *state;
        bool password;
        enum gw_status status;
    } cases[] = {
        {"a wrong password", "postgres", "locked", "28P01", true, GW_EDENIED},
        {"no password", "postgres", "locked", "", false, GW_EDENIED},
        {"nobody of this name", "postgres", "nobody", "28000", false, GW_EDENIED},
        {"no line of pg_hba.conf", "postgres", "stranger", "28000", false, GW_EDENIED},
        {"a database that may not be entered", "private", "excluded", "42501", false, GW_EDENIED},
        {"no database of this name", "nothing", "casement", "3D000", false, GW_ECONFIG},
        {"a database that takes none", "resting", "casement", "55000", false, GW_ECONFIG},
        {"too many", "postgres", "crowded", "53300", false, GW_ERETRY},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gw_postgres_settings settings = cluster_settings();
        struct caller caller;

        settings.database = cases[i].database;
        settings.user = cases[i].user;
        settings.password = cases[i].password ? password_file() : NULL;
        open_with(&caller, &settings);
        cr_expect(dial(&caller) == cases[i].status, "%s, %s: %s", language, cases[i].name, caller.failure.text);
        cr_expect_str_eq(gw_postgres_sqlstate(caller.postgres), cases[i].state, "%s, %s: %s", language, cases[i].name,
                         gw_postgres_sqlstate(caller.postgres));
        cr_expect(strstr(caller.failure.text, cases[i].state), "%s: %s", cases[i].name, caller.failure.text);
        close_all(&caller);
    }
}

/* Is what the server says in this language? */
static bool speaks(const char *word)
{
    PGconn *conn = cluster_open();
    PGresult *result = PQexec(conn, "SELECT 1/0");
    const bool found = strstr(PQresultErrorMessage(result), word) != NULL;

    PQclear(result);
    PQfinish(conn);
    return found;
}

/* A standby without hot standby is one that is starting up for ever. */
static void expect_start_up(void)
{
    struct caller caller;
    const struct gw_postgres_settings settings = cluster_settings();

    cluster_do("kill");
    append("postgresql.conf", "hot_standby = off\n");
    append("standby.signal", "");
    cluster_do("start");
    open_with(&caller, &settings);
    cr_expect(dial(&caller) == GW_ERETRY, "%s", caller.failure.text);
    cr_expect_str_eq(gw_postgres_sqlstate(caller.postgres), "57P03");
    close_all(&caller);
}

Test(postgres_refusal, is_told_by_its_state_in_any_language)
{
    prepare();
    cluster_do("start");
    cr_expect(speaks("division by zero"));
    expect_refusals("English");
    cluster_do("kill");
    setenv("LANGUAGE", "de", 1);
    cluster_do("start");
    if (speaks("Division durch Null"))
        expect_refusals("German");
    else
        fprintf(stderr, "this PostgreSQL has no German messages: not tried in another language\n");
    expect_start_up();
}
