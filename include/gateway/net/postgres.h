/*
 * A connection to PostgreSQL, polled on the loop: libpq's asynchronous calls in pipeline mode.
 *
 *      connect ──> run [statement, statement, ..., sync] ──> answers in order ──> done ──> run ...
 *                        └── what it meets is a failure of the run; the connection may be gone then: connect again
 *
 * One run at a time. Names are resolved on the loop's threads, never on the loop. Sessions are read-write, UTF-8, UTC,
 * with ISO dates, under the name "casement"; the PG* variables of the environment decide nothing that is set here.
 *
 * Failures, by SQLSTATE (PostgreSQL manual, appendix A), of a refused dial too, whatever language the server speaks:
 *      GW_ERETRY   connection, shutdown, serialization, deadlock, lock or statement time-out, read-only, resources
 *      GW_EINPUT   a value that the database refuses (classes 22, 23): some row of the run is at fault
 *      GW_EDENIED  user, password, privilege
 *      GW_ECONFIG  anything else that a statement met: tables that are not ours, TLS, our settings
 * Texts name the SQLSTATE and the objects concerned, never the server's own message, which may quote values.
 */
#ifndef GATEWAY_NET_POSTGRES_H
#define GATEWAY_NET_POSTGRES_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <uv.h>

#include "gateway/core/error.h"
#include "gateway/net/clock.h"

struct gw_postgres_settings { /* texts are copied */
    const char *host;         /* name, address, or the folder of a socket; several of a kind, separated by commas */
    unsigned port;            /* 0: 5432 */
    const char *database;
    const char *user;
    const char *password; /* file of mode 0600; NULL: none is needed (peer, certificate) */
    const char *ca;       /* file; NULL: the system's */
    const char *cert;     /* ours, with key; NULL: none */
    const char *key;
    const char *schema;    /* tables are looked for there: a plain name; NULL: the role's own way */
    bool plain;            /* no TLS: only a socket or a loopback address may say so */
    unsigned connect_s;    /* 0: 10 */
    unsigned statement_ms; /* 0: 60 000; a lock is waited for a third of it */
};

/* Folders of sockets and loopback addresses alone: where a plain connection may go. */
bool gw_postgres_is_here(const char *hosts);

struct gw_postgres;

/* NULL: it went well. */
typedef void (*gw_postgres_done)(void *ctx, const struct gw_error *failure);

struct gw_postgres_statement {
    const char *sql;
    const char *const *values; /* parameters as text; NULL elements are nulls */
    int count;
    void (*answer)(void *ctx, const PGresult *result); /* may be NULL; called only for what succeeded */
    void *ctx;
};

/* GW_ECONFIG: the password's file, or plain for a host elsewhere. Nothing is asked yet. */
enum gw_status gw_postgres_new(uv_loop_t *loop, const struct gw_clock *clock,
                               const struct gw_postgres_settings *settings, struct gw_postgres **out,
                               struct gw_error *err);

/* Give up the connection there may be, and make one. done is called later. */
void gw_postgres_connect(struct gw_postgres *postgres, gw_postgres_done done, void *ctx);
bool gw_postgres_connected(const struct gw_postgres *postgres);

/* From now on a transaction may stretch over several runs: what one leaves open without a failure is left open. */
void gw_postgres_hold(struct gw_postgres *postgres);

/*
 * Send them all, then wait for all answers. A transaction that the run leaves open, by a failure or otherwise, is taken
 * back before done (but see gw_postgres_hold). The statements and their texts are the caller's until done; done is
 * called later.
 */
void gw_postgres_run(struct gw_postgres *postgres, const struct gw_postgres_statement *statements, size_t count,
                     gw_postgres_done done, void *ctx);

/* The SQLSTATE of the last failure, of a run or of a dial; "" where it had none. */
const char *gw_postgres_sqlstate(const struct gw_postgres *postgres);

/* After a failure: a key, or what else may be there once, was there already. */
bool gw_postgres_met_double(const struct gw_postgres *postgres);

/* After a failure that passes (GW_ERETRY): the same server is worth asking again, because what it met was a
 * serialization failure or a time-out. After others it may not be the one to write to any more: connect anew. */
bool gw_postgres_serves_on(const struct gw_postgres *postgres);

/* A done that is owed is called first, with GW_ECANCELED; closed later, when the loop holds nothing of it. */
void gw_postgres_close(struct gw_postgres *postgres, void (*closed)(void *ctx), void *ctx);

#endif
