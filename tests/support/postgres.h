/*
 * A PostgreSQL cluster for a whole suite, and questions to it. A suite that includes this has one from before its first
 * test until behind its last. Tests of a suite run at the same time: each has a schema of its own, and only a suite of
 * one test may kill the server.
 *
 * Where PostgreSQL is not installed the suite fails: it is a package that the tests need.
 */
#ifndef SUPPORT_POSTGRES_H
#define SUPPORT_POSTGRES_H

#include <criterion/criterion.h>
#include <criterion/hooks.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/core/text.h"
#include "gateway/net/postgres.h"

#define CLUSTER_SCRIPT SOURCE_DIR "/tests/support/postgres.sh"

static inline const char *cluster_folder(void)
{
    const char *folder = getenv("SUPPORT_POSTGRES_FOLDER");

    cr_assert(folder != NULL, "the suite has no cluster");
    return folder;
}

/* The folder's name of the server that is asked: "cluster", until another has taken its place. */
static inline const char *cluster_name(void)
{
    const char *name = getenv("SUPPORT_POSTGRES_SERVER");

    return name ? name : "cluster";
}

static inline unsigned cluster_port(void)
{
    return (unsigned)atoi(getenv("SUPPORT_POSTGRES_PORT"));
}

static inline void cluster_do(const char *verb)
{
    char command[700];

    snprintf(command, sizeof command, CLUSTER_SCRIPT " %s '%s/%s' %u >/dev/null", verb, cluster_folder(),
             cluster_name(), cluster_port());
    if (system(command) != 0) {
        fprintf(stderr, "cannot %s a PostgreSQL cluster\n", verb);
        exit(1);
    }
}

/* The suite's own process; its children, the tests, inherit the names. */
static inline void cluster_begin(void)
{
    char folder[] = "/tmp/casement-test-pg-XXXXXX", port[8];

    if (!mkdtemp(folder))
        exit(1);
    snprintf(port, sizeof port, "%d", 20000 + getpid() % 12000);
    setenv("SUPPORT_POSTGRES_FOLDER", folder, 1);
    setenv("SUPPORT_POSTGRES_PORT", port, 1);
    cluster_do("start");
}

static inline void cluster_end(void)
{
    char command[200];

    cluster_do("stop");
    snprintf(command, sizeof command, "rm -rf '%s'", cluster_folder());
    if (system(command) != 0)
        fprintf(stderr, "%s: cannot be removed\n", cluster_folder());
}

ReportHook(PRE_ALL)(struct criterion_test_set *tests)
{
    (void)tests;
    cluster_begin();
}

ReportHook(POST_ALL)(struct criterion_global_stats *stats)
{
    (void)stats;
    cluster_end();
}

static inline const char *cluster_host(void)
{
    static char host[200];

    snprintf(host, sizeof host, "%s/%s", cluster_folder(), cluster_name());
    return host;
}

static inline PGconn *cluster_open(void)
{
    char text[400];
    PGconn *conn;

    snprintf(text, sizeof text, "host=%s port=%u user=casement dbname=postgres", cluster_host(), cluster_port());
    conn = PQconnectdb(text);
    cr_assert(PQstatus(conn) == CONNECTION_OK, "%s", PQerrorMessage(conn));
    return conn;
}

/* Sentences as another program would send them. */
static inline void cluster_exec(const char *sql)
{
    PGconn *conn = cluster_open();
    PGresult *result = PQexec(conn, sql);

    cr_assert(PQresultStatus(result) == PGRES_COMMAND_OK || PQresultStatus(result) == PGRES_TUPLES_OK, "%s: %s", sql,
              PQerrorMessage(conn));
    PQclear(result);
    PQfinish(conn);
}

/* Is the first cell of the first row this? NULL: there is no row. A null cell is "". */
static inline bool cluster_says(const char *sql, const char *wanted)
{
    PGconn *conn = cluster_open();
    PGresult *result = PQexec(conn, sql);
    const char *cell = PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : NULL;
    bool same;

    cr_assert(PQresultStatus(result) == PGRES_TUPLES_OK, "%s: %s", sql, PQerrorMessage(conn));
    same = gw_same(cell, wanted);
    if (!same)
        fprintf(stderr, "%s: got %s, wanted %s\n", sql, cell ? cell : "no row", wanted ? wanted : "no row");
    PQclear(result);
    PQfinish(conn);
    return same;
}

static inline struct gw_postgres_settings cluster_settings(void)
{
    return (struct gw_postgres_settings){
        .host = cluster_host(), .port = cluster_port(), .database = "postgres", .user = "casement"};
}

#endif
