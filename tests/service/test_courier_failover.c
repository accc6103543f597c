/*
 * A pair of PostgreSQL servers, one following the other: the first dies with what the second has not got (row D2). One
 * test: its suite kills its servers.
 */
#include "service/courier_bench.h"

static void follow(void)
{
    setenv("SUPPORT_POSTGRES_SERVER", "standby", 1);
    cluster_do("follow");
    unsetenv("SUPPORT_POSTGRES_SERVER");
}

static void be_asked(const char *name)
{
    setenv("SUPPORT_POSTGRES_SERVER", name, 1);
}

static void wait_until(struct bench *b, const char *sql, const char *wanted)
{
    PGconn *conn = cluster_open();
    char text[400];

    snprintf(text, sizeof text, "SELECT coalesce((SELECT (%s)::text), '')", sql);
    for (int tries = 0; tries < 400; tries++) {
        PGresult *result = PQexec(conn, text);
        const bool there = PQntuples(result) == 1 && strcmp(PQgetvalue(result, 0, 0), wanted) == 0;

        PQclear(result);
        if (there)
            break;
        usleep(50000);
    }
    PQfinish(conn);
    cr_assert(says(b, sql, wanted));
}

/* From here on the standby gets nothing more; the first server does not know that it is alone. */
static void cut_off(struct bench *b)
{
    be_asked("standby");
    wait_until(b, "SELECT count(*) FROM pair.batches", "6");
    cluster_exec("ALTER SYSTEM SET primary_conninfo = ''");
    cluster_exec("SELECT pg_reload_conf()");
    be_asked("cluster");
    wait_until(b, "SELECT count(*) FROM pg_stat_replication", "0");
}

static void run_until_idle(struct bench *b)
{
    while (!is_idle(b) && courier_news(b->courier)->state != COURIER_STOPPED)
        uv_run(&b->loop, UV_RUN_ONCE);
    cr_expect(is_idle(b), "%s", courier_news(b->courier)->reason.text);
}

static void touch(const char *name)
{
    char path[300];
    FILE *file;

    snprintf(path, sizeof path, "%s/data/%s", cluster_host(), name);
    file = fopen(path, "w");
    cr_assert(file != NULL, "%s", path);
    fclose(file);
}

Test(courier_failover, d2_sends_again_what_the_second_server_has_not_got, .timeout = 300)
{
    char hosts[400];
    struct bench b;

    set_up(&b, "pair");
    snprintf(hosts, sizeof hosts, "%s/cluster,%s/standby", cluster_folder(), cluster_folder());
    b.target.connection.host = hosts;
    b.target.connection.port = cluster_port();
    settle_all(&b, 1);
    follow();
    deliver_all(&b);
    cut_off(&b);

    settle_all(&b, 2); /* the first server's alone, with receipts */
    deliver_all(&b);
    settle_all(&b, 3); /* on its way when the server dies */
    start(&b);
    for (int i = 0; i < 12; i++)
        uv_run(&b.loop, UV_RUN_NOWAIT);
    cluster_do("kill");
    while (courier_news(b.courier)->failures < 2) /* only the second is there, and it is not written to */
        uv_run(&b.loop, UV_RUN_ONCE);
    cr_expect(!is_idle(&b));
    be_asked("standby");
    cr_expect(says(&b, "SELECT count(*) FROM batches", "6"), "all of revision 1 and nothing else");
    cluster_do("promote");
    run_until_idle(&b);
    stop(&b);
    expect_tables(&b, 3, "the second server");
    expect_delivered(&b);

    be_asked("cluster"); /* the first comes back, to be read from: it is named first, and passed over */
    touch("standby.signal");
    cluster_do("start");
    settle_all(&b, 4);
    deliver_all(&b);
    be_asked("standby");
    expect_tables(&b, 4, "with the first as a standby");
    expect_delivered(&b);
    cluster_do("stop");
    be_asked("cluster");
    tear_down(&b);
}
