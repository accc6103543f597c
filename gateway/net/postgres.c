/*
 * PostgreSQL on the loop: settings, the beginning and the end.
 *
 *      resolve ──> dial ──> (polling) ──> ready ──> run: write ⇄ read ──> ready
 *      └────── postgres_dial.c ─────┘           └── postgres_run.c ──┘
 */
#include "gateway/net/postgres.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "net/postgres_link.h"

static const char where[] = "net.postgres";

enum {
    CONNECT_S = 10,
    STATEMENT_MS = 60000,
    SETTINGS_MAX_BYTES = 64 * 1024,
    PASSWORD_MAX_BYTES = 4096,
    ADDRESSES_MAX_BYTES = 4096,
};

void gw_postgres_hold(struct gw_postgres *p)
{
    p->holding = true;
}

bool gw_postgres_connected(const struct gw_postgres *p)
{
    return p->state == READY || p->state == RUNNING;
}

/* ---- hosts ----------------------------------------------------------------------------------------------------- */

static bool is_folder(const char *host, size_t length)
{
    return length > 0 && *host == '/';
}

static bool is_here(const char *host, size_t length)
{
    static const char *const loopback[] = {"127.0.0.1", "::1", "localhost"};

    for (size_t i = 0; i < sizeof loopback / sizeof *loopback; i++)
        if (length == strlen(loopback[i]) && memcmp(host, loopback[i], length) == 0)
            return true;
    return is_folder(host, length);
}

static size_t count_hosts(const char *hosts, bool (*is)(const char *host, size_t length))
{
    size_t count = 0;

    for (;;) {
        const size_t length = strcspn(hosts, ",");

        count += !is || is(hosts, length);
        hosts += length;
        if (!*hosts++)
            return count;
    }
}

bool link_is_folder(const char *hosts)
{
    return count_hosts(hosts, is_folder) > 0;
}

bool gw_postgres_is_here(const char *hosts)
{
    return count_hosts(hosts, is_here) == count_hosts(hosts, NULL);
}

static enum gw_status check_hosts(const struct gw_postgres_settings *s, struct gw_error *err)
{
    const size_t folders = count_hosts(s->host, is_folder);

    if (folders > 0 && folders < count_hosts(s->host, NULL))
        return gw_fail(err, GW_ECONFIG, where,
                       "the study database's hosts %s are sockets and others in one list: name one kind", s->host);
    if (s->plain && !gw_postgres_is_here(s->host))
        return gw_fail(err, GW_ECONFIG, where,
                       "the study database at %s is elsewhere: plain connections go to this machine alone; use TLS",
                       s->host);
    return GW_OK;
}

/* ---- the beginning and the end --------------------------------------------------------------------------------- */

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
    enum gw_status rc;

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
    rc = check_hosts(s, err);
    return rc == GW_OK && s->password ? read_password(p, err) : rc;
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

void link_release_when_closed(struct gw_postgres *p)
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
    link_release_when_closed(p);
}

void gw_postgres_close(struct gw_postgres *p, void (*closed)(void *ctx), void *ctx)
{
    p->closing = true;
    p->closed = closed;
    p->closed_ctx = ctx;
    if (p->resolver_busy)
        uv_cancel((uv_req_t *)&p->resolving);
    link_drop(p);
    if (p->done) {
        p->failure = (struct gw_error){0};
        gw_fail(&p->failure, GW_ECANCELED, where, "the study database's connection was closed");
        link_finish(p);
    }
    gw_clock_stop(p->clock, &p->deadline);
    uv_close((uv_handle_t *)&p->deadline, on_timer_closed);
}
