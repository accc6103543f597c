/*
 * Dialling: names first, on the loop's threads, then libpq's steps.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "net/postgres_link.h"

enum { PARAMETER_MAX = 24 };

static void be_ready(struct gw_postgres *p)
{
    if (PQsetnonblocking(p->conn, 1) != 0 || !PQenterPipelineMode(p->conn)) {
        link_lose(p, "cannot be used in pipeline mode");
        return;
    }
    p->state = READY;
    uv_poll_stop(&p->wire->poll);
    link_finish(p);
}

static void dial_on(uv_poll_t *poll, int status, int events)
{
    struct gw_postgres *p = poll->data;
    const PostgresPollingStatusType want = PQconnectPoll(p->conn);

    (void)status, (void)events;
    if (want == PGRES_POLLING_FAILED) {
        link_note_refusal(p);
        link_lose(p, "cannot be reached");
    } else if (!link_pick_up(p)) {
        link_lose(p, "cannot be polled");
    } else if (want == PGRES_POLLING_OK) {
        be_ready(p);
    } else {
        link_watch(p, want == PGRES_POLLING_READING ? UV_READABLE : UV_WRITABLE, dial_on);
    }
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
    say(&parameters, "sslmode", s->plain || link_is_folder(s->host) ? "disable" : "verify-full");
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
        link_lose(p, "cannot be reached");
        return;
    }
    PQsetErrorVerbosity(p->conn, PQERRORS_SQLSTATE); /* so that a refusal can be told in any language */
    p->state = DIALLING;
    if (link_pick_up(p))
        link_watch(p, UV_WRITABLE, dial_on);
    else
        link_lose(p, "cannot be polled");
}

/* ---- names ----------------------------------------------------------------------------------------------------- */

static void resolve_next(struct gw_postgres *p);

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
    struct gw_postgres *p = request->data;
    char text[INET6_ADDRSTRLEN];

    p->resolver_busy = false;
    if (p->closing) {
        uv_freeaddrinfo(list);
        link_release_when_closed(p);
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
        link_lose(p, "has a name that cannot be resolved");
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
        link_lose(p, "has a name that cannot be resolved");
}

static void begin_dialling(uv_timer_t *timer)
{
    struct gw_postgres *p = timer->data;

    link_limit(p, (uint64_t)p->settings.connect_s * 1000);
    if (p->resolver_busy) { /* the name asked for at an earlier try */
        link_lose(p, "has a name that cannot be resolved");
        return;
    }
    gw_text_clear(&p->addresses);
    p->next_host = link_is_folder(p->settings.host) ? "" : p->settings.host;
    resolve_next(p);
}

void gw_postgres_connect(struct gw_postgres *p, gw_postgres_done done, void *ctx)
{
    assert(p->state == READY || p->state == AWAY);
    link_drop(p);
    link_begin(p, done, ctx, 0);
    p->state = RESOLVING;
    gw_clock_start(p->clock, &p->deadline, begin_dialling, 0);
}
