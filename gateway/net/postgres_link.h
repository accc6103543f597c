/*
 * What the parts of a PostgreSQL connection share. Private to postgres*.c.
 */
#ifndef NET_POSTGRES_LINK_H
#define NET_POSTGRES_LINK_H

#include "gateway/core/arena.h"
#include "gateway/core/text.h"
#include "gateway/net/postgres.h"

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

/* ---- postgres_link.c */

void link_begin(struct gw_postgres *p, gw_postgres_done done, void *ctx, uint64_t limit_ms);
void link_limit(struct gw_postgres *p, uint64_t limit_ms); /* another one, from now on */
void link_finish(struct gw_postgres *p);                   /* done is called, with the failure that was noted */
void link_lose(struct gw_postgres *p, const char *what);   /* the same; the connection is given up */
void link_drop(struct gw_postgres *p);
bool link_pick_up(struct gw_postgres *p); /* poll what libpq's socket is now */
void link_watch(struct gw_postgres *p, int events, uv_poll_cb on_wire);

/* ---- postgres_failure.c: the first failure of a call is the one that is kept */

void link_note_result(struct gw_postgres *p, const PGresult *result);
void link_note_away(struct gw_postgres *p, const char *what);
void link_note_refusal(struct gw_postgres *p); /* of a dial */

/* ---- postgres.c */

bool link_is_folder(const char *hosts);
void link_release_when_closed(struct gw_postgres *p);

#endif
