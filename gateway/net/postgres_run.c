/*
 * A run: statements sent in one go, and their answers in order.
 */
#include <assert.h>

#include "net/postgres_link.h"

enum { DEADLINE_SPARE_MS = 10000 }; /* the server's own limit comes first */

static void take_result(struct gw_postgres *p, const PGresult *result)
{
    const ExecStatusType status = PQresultStatus(result);
    const struct gw_postgres_statement *statement = &p->statements[p->at];

    if (status == PGRES_FATAL_ERROR)
        link_note_result(p, result);
    else if ((status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) && statement->answer)
        statement->answer(statement->ctx, result);
}

/* A transaction that a failure or a statement left open must not swallow the next run. True: its end is on its way. */
static bool take_back(struct gw_postgres *p)
{
    const PGTransactionStatusType status = PQtransactionStatus(p->conn);

    if (status == PQTRANS_IDLE || (status == PQTRANS_INTRANS && p->holding))
        return false;
    if (p->taking_back || !PQsendQueryParams(p->conn, "ROLLBACK", 0, NULL, NULL, NULL, NULL, 0) ||
        !PQpipelineSync(p->conn)) {
        link_drop(p);
        return false;
    }
    p->taking_back = true;
    return true;
}

/* All that has come. NULL stands between the answers of two statements, a sync behind the last. */
static void take_results(struct gw_postgres *p)
{
    while (p->state == RUNNING && !PQisBusy(p->conn)) {
        PGresult *result = PQgetResult(p->conn);
        const bool sync = result && PQresultStatus(result) == PGRES_PIPELINE_SYNC;

        if (!result && PQstatus(p->conn) == CONNECTION_BAD) {
            link_lose(p, "went away");
            return;
        }
        if (result && !sync && p->at < p->count)
            take_result(p, result);
        p->at += !result;
        PQclear(result);
        if (sync && !take_back(p)) {
            link_finish(p);
            return;
        }
    }
}

static void go_on(uv_poll_t *poll, int status, int polled)
{
    struct gw_postgres *p = poll->data;
    const int events = status < 0 ? UV_READABLE : polled;

    if ((events & UV_READABLE) && !PQconsumeInput(p->conn)) {
        take_results(p); /* the server may have said why */
        if (p->state == RUNNING)
            link_lose(p, "went away");
        return;
    }
    take_results(p);
    if (p->state != RUNNING)
        return;
    const int unsent = PQflush(p->conn);
    if (unsent < 0)
        link_lose(p, "went away");
    else
        link_watch(p, unsent ? UV_READABLE | UV_WRITABLE : UV_READABLE, go_on);
}

static bool send_all(struct gw_postgres *p)
{
    for (size_t i = 0; i < p->count; i++) {
        const struct gw_postgres_statement *statement = &p->statements[i];

        if (!PQsendQueryParams(p->conn, statement->sql, statement->count, NULL, statement->values, NULL, NULL, 0))
            return false;
    }
    return PQpipelineSync(p->conn);
}

/* Never from within the caller: what cannot even be sent is told on the loop. */
static void lose_soon(uv_timer_t *timer)
{
    link_lose(timer->data, "went away");
}

void gw_postgres_run(struct gw_postgres *p, const struct gw_postgres_statement *statements, size_t count,
                     gw_postgres_done done, void *ctx)
{
    const unsigned limit_ms = p->settings.statement_ms + DEADLINE_SPARE_MS;

    assert(count > 0 && (p->state == READY || p->state == AWAY));
    link_begin(p, done, ctx, limit_ms);
    p->statements = statements;
    p->count = count;
    p->at = 0;
    p->taking_back = false;
    if (p->state == READY && send_all(p) && PQflush(p->conn) >= 0) {
        p->state = RUNNING;
        link_watch(p, UV_READABLE | UV_WRITABLE, go_on);
    } else {
        gw_clock_start(p->clock, &p->deadline, lose_soon, 0);
    }
}
