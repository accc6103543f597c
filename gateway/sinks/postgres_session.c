/*
 * A study database for a command that waits.
 */
#include "sinks/postgres_session.h"

#include <stdlib.h>
#include <string.h>

static const char where[] = "sinks.postgres";

enum { STATEMENT_MS = 30 * 60 * 1000 }; /* a large table may be rewritten, or held by a statistician for a while */

static void on_done(void *ctx, const struct gw_error *failure)
{
    struct session *session = ctx;

    session->answered = true;
    session->failure = failure ? *failure : (struct gw_error){0};
}

static enum gw_status wait_for(struct session *session, struct gw_error *err)
{
    while (!session->answered)
        uv_run(&session->loop, UV_RUN_ONCE);
    session->answered = false;
    if (session->failure.status != GW_OK)
        *err = session->failure;
    return session->failure.status;
}

enum gw_status session_open(struct session *session, const struct gw_postgres_target *target, struct gw_error *err)
{
    struct gw_postgres_settings settings = target->connection;
    enum gw_status rc;

    *session = (struct session){.answered = false};
    if (uv_loop_init(&session->loop) != 0)
        return gw_fail(err, GW_ENOMEM, where, "no memory for the study database's connection");
    settings.schema = target->schema;
    settings.statement_ms = settings.statement_ms ? settings.statement_ms : STATEMENT_MS;
    rc = gw_postgres_new(&session->loop, &gw_system_clock, &settings, &session->connection, err);
    if (rc != GW_OK) {
        uv_loop_close(&session->loop);
        return rc;
    }
    gw_postgres_hold(session->connection);
    gw_postgres_connect(session->connection, on_done, session);
    return wait_for(session, err);
}

enum gw_status session_run(struct session *session, const struct gw_postgres_statement *statements, size_t count,
                           struct gw_error *err)
{
    gw_postgres_run(session->connection, statements, count, on_done, session);
    return wait_for(session, err);
}

enum gw_status session_ask(struct session *session, struct gw_postgres_statement statement, struct gw_error *err)
{
    return session_run(session, &statement, 1, err);
}

static size_t count_sentences(const char *script)
{
    size_t count = 0;

    for (; (script = strstr(script, ";\n")); script += 2)
        count++;
    return count;
}

enum gw_status session_script(struct session *session, const char *script, struct gw_error *err)
{
    const size_t count = count_sentences(script);
    char *text = strdup(script), *at = text;
    struct gw_postgres_statement *statements = calloc(count + 1, sizeof *statements);
    enum gw_status rc =
        text && statements ? GW_OK : gw_fail(err, GW_ENOMEM, where, "no memory for the study database's statements");

    for (size_t i = 0; rc == GW_OK && i < count; i++) {
        char *end = strstr(at, ";\n");

        *end = '\0';
        statements[i].sql = at;
        at = end + 2;
    }
    if (rc == GW_OK && count > 0)
        rc = session_run(session, statements, count, err);
    free(statements);
    free(text);
    return rc;
}

void session_close(struct session *session)
{
    if (!session->connection)
        return;
    gw_postgres_close(session->connection, NULL, NULL);
    uv_run(&session->loop, UV_RUN_DEFAULT);
    uv_loop_close(&session->loop);
    session->connection = NULL;
}
