/*
 * PostgreSQL on the loop.
 *
 *      resolve ──> dial ──> (polling) ──> ready ──> run: write ⇄ read ──> ready
 *
 * libpq closes its socket whenever it likes, and libuv ends the process when a descriptor it polls is closed first. So
 * the loop polls a duplicate of its own, which is closed in the close callback and nowhere else; a new one is made
 * after each step of the dialling, in which libpq may have moved on to another socket.
 */
#include "gateway/net/postgres.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netdb.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/core/arena.h"
#include "gateway/core/text.h"

static const char where[] = "net.postgres";

enum {
    CONNECT_S = 10,
    STATEMENT_MS = 60000,
    DEADLINE_SPARE_MS = 10000, /* the server's own limit comes first */
    SETTINGS_MAX_BYTES = 64 * 1024,
    PASSWORD_MAX_BYTES = 4096,
    PARAMETER_MAX = 24,
    ADDRESSES_MAX_BYTES = 4096,
};

struct wire { /* what the loop polls: a duplicate of libpq's descriptor */
    uv_poll_t poll;
    int fd;
};

enum state { AWAY, RESOLVING, DIALLING, READY, RUNNING };

struct gw_postgres {
    uv_loop_t *loop;
    const struct gw_clock *clock;
    struct gw_arena arena; /* of the settings */
    struct gw_postgres_settings settings;
    char *password;
    struct gw_text addresses; /* of the hosts, as far as they were resolved */
    const char *next_host;
    uv_getaddrinfo_t resolving;
    uv_timer_t deadline;
    enum state state;
    PGconn *conn;
    struct wire *wire;
    const struct gw_postgres_statement *statements;
    size_t count, at; /* at: whose answers are awaited */
    bool taking_back; /* what was left open */
    bool holding;     /* what a run leaves open on purpose */
    struct gw_error failure;
    char sqlstate[6];
    gw_postgres_done done;
    void *ctx;
    bool closing, timer_closed, resolver_busy;
    void (*closed)(void *ctx);
    void *closed_ctx;
};

/* ---- the descriptor -------------------------------------------------------------------------------------------- */

static void on_wire_closed(uv_handle_t *handle)
{
    struct wire *wire = (struct wire *)handle;

    close(wire->fd);
    free(wire);
}

static void hang_up(struct gw_postgres *p)
{
    if (p->wire)
        uv_close((uv_handle_t *)&p->wire->poll, on_wire_closed);
    p->wire = NULL;
}

static bool pick_up(struct gw_postgres *p)
{
    struct wire *wire = calloc(1, sizeof *wire);

    hang_up(p);
    if (!wire)
        return false;
    wire->fd = dup(PQsocket(p->conn));
    if (wire->fd < 0 || uv_poll_init(p->loop, &wire->poll, wire->fd) != 0) {
        if (wire->fd >= 0)
            close(wire->fd);
        free(wire);
        return false;
    }
    wire->poll.data = p;
    p->wire = wire;
    return true;
}

/* ---- failures -------------------------------------------------------------------------------------------------- */

/* Is it one of these states, or of these classes? Their list has a space between any two. */
static bool is_among(const char *sqlstate, const char *list)
{
    while (*list) {
        const size_t length = strcspn(list, " ");

        if (strncmp(sqlstate, list, length) == 0)
            return true;
        list += length + strspn(list + length, " ");
    }
    return false;
}

static enum gw_status status_of(const char *sqlstate)
{
    if (is_among(sqlstate, "08 40 53 55P03 57014 57P 25006 25P03 58"))
        return GW_ERETRY;
    if (is_among(sqlstate, "28 42501"))
        return GW_EDENIED;
    return is_among(sqlstate, "22 23") ? GW_EINPUT : GW_ECONFIG;
}

static const char *advice(enum gw_status status)
{
    switch (status) {
    case GW_ERETRY:
        return "it is tried again";
    case GW_EDENIED:
        return "check the user, its password and what it is granted";
    case GW_EINPUT:
        return "it refuses a value";
    default:
        return "run casement db migrate, or check which database this is";
    }
}

static const char *field_of(const PGresult *result, int field)
{
    const char *text = PQresultErrorField(result, field);

    return text ? text : "";
}

/* The first failure of a run is the one that matters: the others follow from it. */
static void note_result(struct gw_postgres *p, const PGresult *result)
{
    const char *sqlstate = field_of(result, PG_DIAG_SQLSTATE), *table = field_of(result, PG_DIAG_TABLE_NAME),
               *column = field_of(result, PG_DIAG_COLUMN_NAME), *constraint = field_of(result, PG_DIAG_CONSTRAINT_NAME);

    if (p->failure.status != GW_OK)
        return;
    snprintf(p->sqlstate, sizeof p->sqlstate, "%s", sqlstate);
    if (!*sqlstate) {
        gw_fail(&p->failure, GW_ERETRY, where, "the study database at %s went away; it is tried again",
                p->settings.host);
        return;
    }
    const enum gw_status status = status_of(sqlstate);
    gw_fail(&p->failure, status, where, "the study database %s at %s answered SQLSTATE %s%s%s%s%s%s%s: %s",
            p->settings.database, p->settings.host, sqlstate, *table ? ", table " : "", table,
            *column ? ", column " : "", column, *constraint ? ", constraint " : "", constraint, advice(status));
}

static void note_away(struct gw_postgres *p, const char *what)
{
    if (p->failure.status == GW_OK)
        gw_fail(&p->failure, GW_ERETRY, where, "the study database at %s %s; it is tried again", p->settings.host,
                what);
}

static void drop(struct gw_postgres *p)
{
    hang_up(p);
    if (p->conn)
        PQfinish(p->conn);
    p->conn = NULL;
    p->state = AWAY;
}

static void finish(struct gw_postgres *p)
{
    const gw_postgres_done done = p->done;
    const struct gw_error failure = p->failure;

    gw_clock_stop(p->clock, &p->deadline);
    p->done = NULL;
    p->statements = NULL;
    if (p->state == RUNNING)
        p->state = READY;
    if (done)
        done(p->ctx, failure.status == GW_OK ? NULL : &failure);
}

static void lose(struct gw_postgres *p, const char *what)
{
    note_away(p, what);
    drop(p);
    finish(p);
}

static void on_deadline(uv_timer_t *timer)
{
    struct gw_postgres *p = timer->data;

    if (p->state == RESOLVING)
        uv_cancel((uv_req_t *)&p->resolving);
    lose(p, p->state == RUNNING ? "does not answer in time" : "cannot be reached in time");
}

static void begin(struct gw_postgres *p, gw_postgres_done done, void *ctx, uint64_t limit_ms)
{
    assert(!p->done);
    p->done = done;
    p->ctx = ctx;
    p->failure = (struct gw_error){0};
    p->sqlstate[0] = '\0';
    gw_clock_start(p->clock, &p->deadline, on_deadline, limit_ms);
}

/* ---- running --------------------------------------------------------------------------------------------------- */

static void on_wire(uv_poll_t *poll, int status, int events);

static void watch(struct gw_postgres *p, int events)
{
    if (uv_poll_start(&p->wire->poll, events, on_wire) != 0)
        lose(p, "cannot be polled");
}

static void take_result(struct gw_postgres *p, const PGresult *result)
{
    const ExecStatusType status = PQresultStatus(result);
    const struct gw_postgres_statement *statement = &p->statements[p->at];

    if (status == PGRES_FATAL_ERROR)
        note_result(p, result);
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
        drop(p);
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
            lose(p, "went away");
            return;
        }
        if (result && !sync && p->at < p->count)
            take_result(p, result);
        p->at += !result;
        PQclear(result);
        if (sync && !take_back(p)) {
            finish(p);
            return;
        }
    }
}

static void go_on(struct gw_postgres *p, int events)
{
    if ((events & UV_READABLE) && !PQconsumeInput(p->conn)) {
        take_results(p); /* the server may have said why */
        if (p->state == RUNNING)
            lose(p, "went away");
        return;
    }
    take_results(p);
    if (p->state != RUNNING)
        return;
    const int unsent = PQflush(p->conn);
    if (unsent < 0)
        lose(p, "went away");
    else
        watch(p, unsent ? UV_READABLE | UV_WRITABLE : UV_READABLE);
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
    lose(timer->data, "went away");
}

void gw_postgres_run(struct gw_postgres *p, const struct gw_postgres_statement *statements, size_t count,
                     gw_postgres_done done, void *ctx)
{
    const unsigned limit_ms = p->settings.statement_ms + DEADLINE_SPARE_MS;

    assert(count > 0 && (p->state == READY || p->state == AWAY));
    begin(p, done, ctx, limit_ms);
    p->statements = statements;
    p->count = count;
    p->at = 0;
    p->taking_back = false;
    if (p->state == READY && send_all(p) && PQflush(p->conn) >= 0) {
        p->state = RUNNING;
        watch(p, UV_READABLE | UV_WRITABLE);
    } else {
        gw_clock_start(p->clock, &p->deadline, lose_soon, 0);
    }
}

/* ---- dialling -------------------------------------------------------------------------------------------------- */

/* libpq tells of a refused dial in words alone: those that no waiting mends are told from those that pass. */
static void note_refusal(struct gw_postgres *p)
{
    static const char *const denied[] = {"authentication", "password", "no pg_hba.conf entry", "role \""};
    static const char *const wrong[] = {"does not exist", "SSL", "certificate"};
    const char *text = PQerrorMessage(p->conn);

    for (size_t i = 0; i < sizeof denied / sizeof *denied; i++)
        if (strstr(text, denied[i])) {
            gw_fail(&p->failure, GW_EDENIED, where, "the study database %s at %s refuses the user %s: %s",
                    p->settings.database, p->settings.host, p->settings.user, advice(GW_EDENIED));
            return;
        }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (strstr(text, wrong[i])) {
            gw_fail(&p->failure, GW_ECONFIG, where,
                    "the study database %s at %s cannot be used (%s): check its name, and \"ca\" and the certificate "
                    "that it shows",
                    p->settings.database, p->settings.host, wrong[i]);
            return;
        }
}

static void be_ready(struct gw_postgres *p)
{
    if (PQsetnonblocking(p->conn, 1) != 0 || !PQenterPipelineMode(p->conn)) {
        lose(p, "cannot be used in pipeline mode");
        return;
    }
    p->state = READY;
    uv_poll_stop(&p->wire->poll);
    finish(p);
}

static void dial_on(struct gw_postgres *p)
{
    const PostgresPollingStatusType want = PQconnectPoll(p->conn);

    if (want == PGRES_POLLING_FAILED) {
        note_refusal(p);
        lose(p, "cannot be reached");
    } else if (!pick_up(p)) {
        lose(p, "cannot be polled");
    } else if (want == PGRES_POLLING_OK) {
        be_ready(p);
    } else {
        watch(p, want == PGRES_POLLING_READING ? UV_READABLE : UV_WRITABLE);
    }
}

static void on_wire(uv_poll_t *poll, int status, int events)
{
    struct gw_postgres *p = poll->data;

    if (p->state == DIALLING)
        dial_on(p);
    else if (p->state == RUNNING)
        go_on(p, status < 0 ? UV_READABLE : events);
}

struct parameters {
    const char *names[PARAMETER_MAX], *values[PARAMETER_MAX];
    size_t count;
};

static void say(struct parameters *parameters, const char *name, const char *value)
{
    if (!value)
        return;
    assert(parameters->count + 1 < PARAMETER_MAX);
    parameters->names[parameters->count] = name;
    parameters->values[parameters->count++] = value;
}

static bool is_folder(const char *host)
{
    return *host == '/';
}

static void dial(struct gw_postgres *p)
{
    const struct gw_postgres_settings *s = &p->settings;
    struct parameters parameters = {.count = 0};
    char port[12], options[256];

    snprintf(port, sizeof port, "%u", s->port);
    snprintf(options, sizeof options,
             "-c DateStyle=ISO -c TimeZone=UTC -c extra_float_digits=1 -c standard_conforming_strings=on "
             "-c statement_timeout=%u -c lock_timeout=%u -c idle_in_transaction_session_timeout=%u%s%s",
             s->statement_ms, s->statement_ms / 3, 2 * s->statement_ms, s->schema ? " -c search_path=" : "",
             s->schema ? s->schema : "");
    say(&parameters, "host", s->host);
    say(&parameters, "hostaddr", p->addresses.length ? p->addresses.at : NULL);
    say(&parameters, "port", port);
    say(&parameters, "dbname", s->database);
    say(&parameters, "user", s->user);
    say(&parameters, "password", p->password ? p->password : "");
    say(&parameters, "passfile", "/nonexistent");
    say(&parameters, "sslmode", s->plain || is_folder(s->host) ? "disable" : "verify-full");
    say(&parameters, "sslrootcert", s->ca ? s->ca : "/etc/ssl/certs/ca-certificates.crt");
    say(&parameters, "sslcert", s->cert ? s->cert : "/nonexistent");
    say(&parameters, "sslkey", s->key);
    say(&parameters, "ssl_min_protocol_version", "TLSv1.2");
    say(&parameters, "gssencmode", "disable");
    say(&parameters, "target_session_attrs", "read-write");
    say(&parameters, "application_name", "casement");
    say(&parameters, "client_encoding", "UTF8");
    say(&parameters, "options", options);
    p->conn = PQconnectStartParams(parameters.names, parameters.values, 0);
    if (!p->conn || PQstatus(p->conn) == CONNECTION_BAD) {
        lose(p, "cannot be reached");
        return;
    }
    p->state = DIALLING;
    if (pick_up(p))
        watch(p, UV_WRITABLE);
    else
        lose(p, "cannot be polled");
}

/* ---- names ----------------------------------------------------------------------------------------------------- */

static void resolve_next(struct gw_postgres *p);

static void release_when_closed(struct gw_postgres *p);

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
    struct gw_postgres *p = request->data;
    char text[INET6_ADDRSTRLEN];

    p->resolver_busy = false;
    if (p->closing) {
        uv_freeaddrinfo(list);
        release_when_closed(p);
        return;
    }
    if (p->state == RESOLVING && status == 0 &&
        getnameinfo(list->ai_addr, list->ai_addrlen, text, sizeof text, NULL, 0, NI_NUMERICHOST) == 0) {
        gw_text_print(&p->addresses, "%s%s", p->addresses.length ? "," : "", text);
        uv_freeaddrinfo(list);
        resolve_next(p);
        return;
    }
    uv_freeaddrinfo(list);
    if (p->state == RESOLVING)
        lose(p, "has a name that cannot be resolved");
}

static void resolve_next(struct gw_postgres *p)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    char host[256];
    size_t length;

    if (!*p->next_host) {
        dial(p);
        return;
    }
    length = strcspn(p->next_host, ",");
    snprintf(host, sizeof host, "%.*s", (int)length, p->next_host);
    p->next_host += length + (p->next_host[length] == ',');
    p->resolving.data = p;
    p->resolver_busy = uv_getaddrinfo(p->loop, &p->resolving, on_resolved, host, NULL, &hints) == 0;
    if (!p->resolver_busy)
        lose(p, "has a name that cannot be resolved");
}

static void begin_dialling(uv_timer_t *timer)
{
    struct gw_postgres *p = timer->data;

    gw_clock_start(p->clock, &p->deadline, on_deadline, (uint64_t)p->settings.connect_s * 1000);
    if (p->resolver_busy) { /* the name asked for at an earlier try */
        lose(p, "has a name that cannot be resolved");
        return;
    }
    gw_text_clear(&p->addresses);
    p->next_host = is_folder(p->settings.host) ? "" : p->settings.host;
    resolve_next(p);
}

void gw_postgres_connect(struct gw_postgres *p, gw_postgres_done done, void *ctx)
{
    assert(p->state == READY || p->state == AWAY);
    drop(p);
    begin(p, done, ctx, 0);
    p->state = RESOLVING;
    gw_clock_start(p->clock, &p->deadline, begin_dialling, 0);
}

void gw_postgres_hold(struct gw_postgres *p)
{
    p->holding = true;
}

bool gw_postgres_connected(const struct gw_postgres *p)
{
    return p->state == READY || p->state == RUNNING;
}

const char *gw_postgres_sqlstate(const struct gw_postgres *p)
{
    return p->sqlstate;
}

bool gw_postgres_serves_on(const struct gw_postgres *p)
{
    return gw_postgres_connected(p) && is_among(p->sqlstate, "40 55P03 57014");
}

/* ---- the beginning and the end --------------------------------------------------------------------------------- */

bool gw_postgres_is_here(const char *host)
{
    return is_folder(host) || strcmp(host, "127.0.0.1") == 0 || strcmp(host, "::1") == 0 ||
           strcmp(host, "localhost") == 0;
}

static enum gw_status read_password(struct gw_postgres *p, struct gw_error *err)
{
    struct gw_text text = GW_TEXT_INIT(PASSWORD_MAX_BYTES);
    enum gw_status rc = gw_text_read_secret(&text, p->settings.password, err);

    if (rc == GW_OK) {
        p->password = gw_arena_copy(&p->arena, text.at, strcspn(text.at, "\r\n"));
        OPENSSL_cleanse(text.at, text.length);
        rc = p->password ? GW_OK : gw_fail(err, GW_ENOMEM, where, "no memory for the study database's settings");
    }
    gw_text_release(&text);
    return rc;
}

static void release(struct gw_postgres *p)
{
    if (p->password)
        OPENSSL_cleanse(p->password, strlen(p->password));
    gw_text_release(&p->addresses);
    gw_arena_release(&p->arena);
    free(p);
}

static enum gw_status keep_settings(struct gw_postgres *p, const struct gw_postgres_settings *settings,
                                    struct gw_error *err)
{
    struct gw_postgres_settings *s = &p->settings;
    const char **const texts[] = {&s->host, &s->database, &s->user, &s->password,
                                  &s->ca,   &s->cert,     &s->key,  &s->schema};

    *s = *settings;
    s->port = s->port ? s->port : 5432;
    s->connect_s = s->connect_s ? s->connect_s : CONNECT_S;
    s->statement_ms = s->statement_ms ? s->statement_ms : STATEMENT_MS;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (!*texts[i])
            continue;
        *texts[i] = gw_arena_copy(&p->arena, *texts[i], strlen(*texts[i]));
        if (!*texts[i])
            return gw_fail(err, GW_ENOMEM, where, "no memory for the study database's settings");
    }
    if (s->plain && !gw_postgres_is_here(s->host))
        return gw_fail(err, GW_ECONFIG, where,
                       "the study database at %s is elsewhere: plain connections go to this machine alone; use TLS",
                       s->host);
    return s->password ? read_password(p, err) : GW_OK;
}

enum gw_status gw_postgres_new(uv_loop_t *loop, const struct gw_clock *clock,
                               const struct gw_postgres_settings *settings, struct gw_postgres **out,
                               struct gw_error *err)
{
    struct gw_postgres *p = calloc(1, sizeof *p);
    enum gw_status rc;

    if (!p)
        return gw_fail(err, GW_ENOMEM, where, "no memory for the study database's connection");
    *p = (struct gw_postgres){.loop = loop,
                              .clock = clock,
                              .arena = GW_ARENA_INIT(SETTINGS_MAX_BYTES),
                              .addresses = GW_TEXT_INIT(ADDRESSES_MAX_BYTES)};
    rc = keep_settings(p, settings, err);
    if (rc != GW_OK) {
        release(p);
        return rc;
    }
    uv_timer_init(loop, &p->deadline);
    p->deadline.data = p;
    *out = p;
    return GW_OK;
}

static void release_when_closed(struct gw_postgres *p)
{
    void (*const closed)(void *) = p->closed;
    void *const ctx = p->closed_ctx;

    if (!p->timer_closed || p->resolver_busy)
        return;
    release(p);
    if (closed)
        closed(ctx);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct gw_postgres *p = handle->data;

    p->timer_closed = true;
    release_when_closed(p);
}

void gw_postgres_close(struct gw_postgres *p, void (*closed)(void *ctx), void *ctx)
{
    p->closing = true;
    p->closed = closed;
    p->closed_ctx = ctx;
    if (p->resolver_busy)
        uv_cancel((uv_req_t *)&p->resolving);
    drop(p);
    if (p->done) {
        p->failure = (struct gw_error){0};
        gw_fail(&p->failure, GW_ECANCELED, where, "the study database's connection was closed");
        finish(p);
    }
    gw_clock_stop(p->clock, &p->deadline);
    uv_close((uv_handle_t *)&p->deadline, on_timer_closed);
}
