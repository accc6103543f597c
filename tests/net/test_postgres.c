/*
 * A connection to a real PostgreSQL: runs, what each failure means, and its end at any time.
 */
#include "gateway/net/postgres.h"

#include "net/caller.h"

Test(postgres, runs_statements_in_order_and_tells_their_answers)
{
    struct caller caller;

    open_here(&caller);
    cr_expect(RUN(&caller, "CREATE TEMP TABLE t (n integer)", "INSERT INTO t VALUES (1), (2)",
                  "SELECT n FROM t ORDER BY n") == GW_OK,
              "%s", caller.failure.text);
    cr_expect_str_eq(caller.cells, "2;");
    cr_expect(RUN(&caller, "SELECT sum(n) FROM t", "SELECT 'b'") == GW_OK);
    cr_expect_str_eq(caller.cells, "3;b;");
    cr_expect(RUN(&caller, "SHOW timezone", "SHOW datestyle", "SHOW application_name") == GW_OK);
    cr_expect_str_eq(caller.cells, "UTC;ISO, MDY;casement;");
    close_all(&caller);
}

Test(postgres, says_what_a_failure_means_and_never_quotes_a_value)
{
    static const struct {
        const char *state;
        enum gw_status status;
    } cases[] = {
        {"22003", GW_EINPUT},  {"22P02", GW_EINPUT},  {"23505", GW_EINPUT},  {"23514", GW_EINPUT},
        {"40001", GW_ERETRY},  {"40P01", GW_ERETRY},  {"55P03", GW_ERETRY},  {"57014", GW_ERETRY},
        {"53100", GW_ERETRY},  {"25006", GW_ERETRY},  {"57P01", GW_ERETRY},  {"58030", GW_ERETRY},
        {"42501", GW_EDENIED}, {"28P01", GW_EDENIED}, {"42P01", GW_ECONFIG}, {"42703", GW_ECONFIG},
        {"XX000", GW_ECONFIG},
    };
    struct caller caller;

    open_here(&caller);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char sql[200];

        snprintf(sql, sizeof sql, "DO $$ BEGIN RAISE 'Ms. Example said 1.2' USING ERRCODE = '%s'; END $$",
                 cases[i].state);
        cr_expect(RUN(&caller, sql) == cases[i].status, "%s: %s", cases[i].state, caller.failure.text);
        cr_expect_str_eq(gw_postgres_sqlstate(caller.postgres), cases[i].state);
        cr_expect(strstr(caller.failure.text, cases[i].state));
        cr_expect(!strstr(caller.failure.text, "Example"), "%s", caller.failure.text);
        cr_expect(RUN(&caller, "SELECT 1") == GW_OK, "%s: the connection serves on", cases[i].state);
    }
    close_all(&caller);
}

Test(postgres, tells_the_first_failure_of_a_run_and_takes_the_run_back)
{
    struct caller caller;

    open_here(&caller);
    cluster_exec("CREATE TABLE kept (n integer PRIMARY KEY)");
    cr_expect(RUN(&caller, "BEGIN", "INSERT INTO kept VALUES (1)", "INSERT INTO kept VALUES (1)", "SELECT 1/0",
                  "COMMIT") == GW_EINPUT);
    cr_expect_str_eq(gw_postgres_sqlstate(caller.postgres), "23505");
    cr_expect(strstr(caller.failure.text, "kept"));
    cr_expect(cluster_says("SELECT count(*) FROM kept", "0"));
    cr_expect(RUN(&caller, "INSERT INTO kept VALUES (1)") == GW_OK);
    close_all(&caller);
}

Test(postgres, takes_back_a_transaction_that_was_left_open)
{
    struct caller caller;

    open_here(&caller);
    cluster_exec("CREATE TABLE left_open (n integer)");
    cr_expect(RUN(&caller, "BEGIN", "INSERT INTO left_open VALUES (1)") == GW_OK);
    cr_expect(gw_postgres_connected(caller.postgres));
    cr_expect(RUN(&caller, "SELECT count(*) FROM left_open") == GW_OK);
    cr_expect_str_eq(caller.cells, "0;");
    close_all(&caller);
}

Test(postgres, tells_what_keeps_it_from_connecting)
{
    struct gw_postgres_settings settings = cluster_settings();
    static const struct {
        const char *host, *database, *user;
        enum gw_status status;
    } cases[] = {
        {"/nowhere", "postgres", "casement", GW_ERETRY},
        {NULL, "nothing", "casement", GW_ECONFIG},
        {NULL, "postgres", "nobody", GW_EDENIED},
        {"127.0.0.1", "postgres", "casement", GW_ECONFIG},
        {"no-such-host.invalid", "postgres", "x", GW_ERETRY},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gw_postgres_settings one = settings;
        struct caller caller;

        one.host = cases[i].host ? cases[i].host : settings.host;
        one.database = cases[i].database;
        one.user = cases[i].user;
        open_with(&caller, &one); /* 127.0.0.1: this server has no TLS, and without it nothing is said */
        cr_expect(dial(&caller) == cases[i].status, "%zu: %s", i, caller.failure.text);
        cr_expect(RUN(&caller, "SELECT 1") == GW_ERETRY);
        close_all(&caller);
    }
}

Test(postgres, refuses_plain_connections_to_elsewhere)
{
    struct gw_postgres_settings settings = cluster_settings();
    struct gw_postgres *postgres;
    struct gw_error err;
    uv_loop_t loop;

    uv_loop_init(&loop);
    settings.plain = true;
    settings.host = "db.example.org";
    cr_expect(gw_postgres_new(&loop, &gw_system_clock, &settings, &postgres, &err) == GW_ECONFIG);
    cr_expect(uv_loop_close(&loop) == 0);
}

Test(postgres, names_hosts_of_one_kind_and_goes_plain_to_this_machine_alone)
{
    static const struct {
        const char *hosts;
        bool plain;
        enum gw_status status;
    } cases[] = {
        {"/run/one,/run/two", true, GW_OK},
        {"127.0.0.1,::1,localhost", true, GW_OK},
        {"127.0.0.1,db.example.org", true, GW_ECONFIG},
        {"db.example.org,127.0.0.1", true, GW_ECONFIG},
        {"/run/one,db.example.org", true, GW_ECONFIG},
        {"/run/one,db.example.org", false, GW_ECONFIG}, /* which would be dialled without TLS */
        {"db.example.org,/run/one", false, GW_ECONFIG},
        {"one.example.org,two.example.org", false, GW_OK},
        {"127.0.0.10", true, GW_ECONFIG},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gw_postgres_settings settings = cluster_settings();
        struct caller caller;
        struct gw_error err;
        enum gw_status rc;

        settings.host = cases[i].hosts;
        settings.plain = cases[i].plain;
        caller = (struct caller){.calls = 0};
        uv_loop_init(&caller.loop);
        rc = gw_postgres_new(&caller.loop, &gw_system_clock, &settings, &caller.postgres, &err);
        cr_expect(rc == cases[i].status, "%s", cases[i].hosts);
        if (rc == GW_OK)
            close_all(&caller);
        else
            cr_expect(uv_loop_close(&caller.loop) == 0);
    }
}

Test(postgres, ends_a_statement_that_takes_too_long)
{
    struct gw_postgres_settings settings = cluster_settings();
    struct caller caller;

    settings.statement_ms = 50;
    open_with(&caller, &settings);
    cr_expect(dial(&caller) == GW_OK);
    cr_expect(RUN(&caller, "SELECT pg_sleep(20)") == GW_ERETRY);
    cr_expect_str_eq(gw_postgres_sqlstate(caller.postgres), "57014");
    close_all(&caller);
}

Test(postgres, closes_in_the_middle_of_anything)
{
    const struct gw_postgres_statement slow = {.sql = "SELECT pg_sleep(20)"};
    struct caller caller;

    open_here(&caller);
    caller.calls = 0;
    gw_postgres_run(caller.postgres, &slow, 1, on_done, &caller);
    close_all(&caller);
    cr_expect(caller.calls == 1 && caller.failure.status == GW_ECANCELED);
    for (int steps = 0; steps < 12; steps++) { /* of dialling */
        const struct gw_postgres_settings settings = cluster_settings();

        open_with(&caller, &settings);
        gw_postgres_connect(caller.postgres, on_done, &caller);
        for (int i = 0; i < steps && caller.calls == 0; i++)
            uv_run(&caller.loop, UV_RUN_NOWAIT);
        const size_t before = caller.calls;
        close_all(&caller);
        cr_expect(caller.calls == 1, "%d", steps);
        cr_expect(before == 1 || caller.failure.status == GW_ECANCELED);
    }
}

Test(postgres, carries_more_than_a_socket_takes_at_once)
{
    struct caller caller;
    char *large = malloc(8 << 20);
    const char *values[] = {large};
    const struct gw_postgres_statement statements[] = {
        {.sql = "SELECT length($1)", .values = values, .count = 1, .answer = on_answer, .ctx = &caller},
        {.sql = "SELECT length(repeat('x', 9000000))", .answer = on_answer, .ctx = &caller},
    };

    memset(large, 'a', (8 << 20) - 1);
    large[(8 << 20) - 1] = '\0';
    open_here(&caller);
    caller.calls = 0;
    gw_postgres_run(caller.postgres, statements, 2, on_done, &caller);
    wait(&caller);
    cr_expect(caller.failure.status == GW_OK, "%s", caller.failure.text);
    cr_expect_str_eq(caller.cells, "8388607;9000000;");
    close_all(&caller);
    free(large);
}
