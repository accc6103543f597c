/*
 * Whoever runs statements over a connection of net/postgres.h and waits for what comes of it.
 */
#ifndef NET_CALLER_H
#define NET_CALLER_H

#include "support/postgres.h"

struct caller {
    uv_loop_t loop;
    struct gw_postgres *postgres;
    struct gw_error failure;
    size_t calls; /* of done */
    char cells[400];
    bool closed;
};

static inline void on_done(void *ctx, const struct gw_error *failure)
{
    struct caller *caller = ctx;

    caller->calls++;
    caller->failure = failure ? *failure : (struct gw_error){0};
}

static inline void on_answer(void *ctx, const PGresult *result)
{
    struct caller *caller = ctx;
    const size_t length = strlen(caller->cells);

    for (int i = 0; i < PQntuples(result); i++)
        snprintf(caller->cells + length, sizeof caller->cells - length, "%s;", PQgetvalue(result, i, 0));
}

static inline void wait(struct caller *caller)
{
    while (caller->calls == 0)
        uv_run(&caller->loop, UV_RUN_ONCE);
}

static inline enum gw_status dial(struct caller *caller)
{
    caller->calls = 0;
    gw_postgres_connect(caller->postgres, on_done, caller);
    cr_assert(caller->calls == 0, "never from within");
    wait(caller);
    return caller->failure.status;
}

static inline void open_with(struct caller *caller, const struct gw_postgres_settings *settings)
{
    struct gw_error err;

    *caller = (struct caller){.calls = 0};
    uv_loop_init(&caller->loop);
    cr_assert(gw_postgres_new(&caller->loop, &gw_system_clock, settings, &caller->postgres, &err) == GW_OK, "%s",
              err.text);
}

static inline void open_here(struct caller *caller)
{
    const struct gw_postgres_settings settings = cluster_settings();

    open_with(caller, &settings);
    cr_assert(dial(caller) == GW_OK, "%s", caller->failure.text);
}

static inline enum gw_status run(struct caller *caller, const char *const *sentences)
{
    struct gw_postgres_statement statements[8];
    size_t count = 0;

    for (; sentences[count]; count++)
        statements[count] = (struct gw_postgres_statement){.sql = sentences[count], .answer = on_answer, .ctx = caller};
    caller->calls = 0;
    caller->cells[0] = '\0';
    gw_postgres_run(caller->postgres, statements, count, on_done, caller);
    cr_assert(caller->calls == 0, "never from within");
    wait(caller);
    return caller->failure.status;
}

#define RUN(caller, ...) run(caller, (const char *const[]){__VA_ARGS__, NULL})

static inline void on_closed(void *ctx)
{
    ((struct caller *)ctx)->closed = true;
}

static inline void close_all(struct caller *caller)
{
    gw_postgres_close(caller->postgres, on_closed, caller);
    uv_run(&caller->loop, UV_RUN_DEFAULT);
    cr_expect(caller->closed);
    cr_expect(uv_loop_close(&caller->loop) == 0, "the loop holds nothing of it");
}

#endif
