/*
 * A study database on a real PostgreSQL, a schema for each test, and shipments to it.
 */
#ifndef SINKS_REMOTE_DESK_H
#define SINKS_REMOTE_DESK_H

#include "gateway/sinks/postgres.h"
#include "sinks/made_rows.h"
#include "support/postgres.h"

struct remote_desk {
    uv_loop_t loop;
    struct gw_postgres_target target;
    char schema[64];
    struct gw_remote *remote;
    struct gw_arena arena;
    struct gw_error failure;
    size_t calls;
    struct gw_receipt receipts[600];
    struct gw_shipment shipment; /* the last one */
};

static inline void remote_desk_on_done(void *ctx, const struct gw_error *failure)
{
    struct remote_desk *desk = ctx;

    desk->calls++;
    desk->failure = failure ? *failure : (struct gw_error){0};
}

static inline enum gw_status remote_desk_wait(struct remote_desk *desk)
{
    while (desk->calls == 0)
        uv_run(&desk->loop, UV_RUN_ONCE);
    return desk->failure.status;
}

/* The schema's sentences, as casement db migrate would send them. */
static inline void remote_desk_lay(struct remote_desk *desk)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);

    cr_assert(gw_sink_postgres_print(&desk->target, out, &desk->failure) == GW_OK, "%s", desk->failure.text);
    fclose(out);
    cluster_exec(text);
    free(text);
}

static inline void remote_desk_open(struct remote_desk *desk)
{
    cr_assert(gw_sink_postgres_open(&desk->loop, &gw_system_clock, &desk->target, &desk->remote, &desk->failure) ==
                  GW_OK,
              "%s", desk->failure.text);
}

/* schema: the test's own; nothing is laid, nothing is open. */
static inline void remote_desk_prepare(struct remote_desk *desk, const char *schema)
{
    *desk = (struct remote_desk){.arena = GW_ARENA_INIT((size_t)1 << 30)};
    uv_loop_init(&desk->loop);
    snprintf(desk->schema, sizeof desk->schema, "%s", schema);
    desk->target = (struct gw_postgres_target){.connection = cluster_settings(),
                                               .schema = desk->schema,
                                               .study = "lendex",
                                               .installation = "hm",
                                               .purpose = "production"};
}

static inline void remote_desk_init(struct remote_desk *desk, const char *schema)
{
    remote_desk_prepare(desk, schema);
    remote_desk_lay(desk);
    remote_desk_open(desk);
}

static inline void remote_desk_close(struct remote_desk *desk)
{
    if (!desk->remote)
        return;
    desk->remote->close(desk->remote, NULL, NULL);
    uv_run(&desk->loop, UV_RUN_DEFAULT);
    desk->remote = NULL;
}

static inline void remote_desk_release(struct remote_desk *desk)
{
    remote_desk_close(desk);
    cr_expect(uv_loop_close(&desk->loop) == 0, "the loop holds nothing of it");
    gw_arena_release(&desk->arena);
}

/* Does the first cell of a sentence about the test's schema say this? */
static inline bool remote_desk_says(struct remote_desk *desk, const char *sql, const char *wanted)
{
    char text[2000];

    snprintf(text, sizeof text, "SET search_path TO %s; %s", desk->schema, sql);
    return cluster_says(text, wanted);
}

static inline void remote_desk_exec(struct remote_desk *desk, const char *sql)
{
    char text[2000];

    snprintf(text, sizeof text, "SET search_path TO %s; %s", desk->schema, sql);
    cluster_exec(text);
}

static inline struct gw_row *remote_desk_row(struct remote_desk *desk, struct gw_rows *rows, enum gw_table_id table,
                                             const char *subject, const char *row_id)
{
    return made_row(&desk->arena, rows, table, subject, row_id);
}

static inline struct gw_row_observations *remote_desk_observation(struct remote_desk *desk, struct gw_rows *rows,
                                                                  const char *subject, const char *row_id,
                                                                  const char *value)
{
    return made_observation(&desk->arena, rows, subject, row_id, value);
}

static inline struct gw_batch remote_desk_batch(struct remote_desk *desk, const char *subject, struct gw_rows *previous,
                                                struct gw_rows *next, int64_t from)
{
    return made_batch(&desk->arena, subject, previous, next, from);
}

static inline enum gw_status remote_desk_send(struct remote_desk *desk, const struct gw_batch *batches, size_t count)
{
    desk->calls = 0;
    desk->shipment =
        (struct gw_shipment){.batches = batches, .count = count, .receipts = desk->receipts, .arena = &desk->arena};
    desk->remote->deliver(desk->remote, &desk->shipment, remote_desk_on_done, desk);
    return remote_desk_wait(desk);
}

static inline enum gw_status remote_desk_send_one(struct remote_desk *desk, struct gw_batch batch)
{
    return remote_desk_send(desk, &batch, 1);
}

#endif
