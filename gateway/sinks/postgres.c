/*
 * PostgreSQL as a study database: its calls, and the connection they are carried on.
 *
 *      stand, deliver (postgres_shipment.c), inspect, missing (postgres_inspect.c), recall (postgres_recall.c)
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sinks/postgres_migrate.h"
#include "sinks/postgres_remote.h"
#include "sinks/remote_done.h"

static const char where[] = "sinks.postgres";

enum {
    SETTINGS_MAX_BYTES = 16 * 1024,
    SQL_MAX_BYTES = 64 * 1024,
    HEAD_MAX_BYTES = 64 * 1024 * 1024,
};

/* ---- calls ----------------------------------------------------------------------------------------------------- */

void postgres_end(struct postgres *p, const struct gw_error *failure)
{
    p->known &= !failure || failure->status != GW_ERETRY || gw_postgres_serves_on(p->connection);
    p->shipment = NULL;
    remote_done(&p->done, p->ctx, where, failure, p->no_memory);
}

void postgres_run(struct postgres *p, gw_postgres_done done)
{
    gw_postgres_run(p->connection, p->statements, p->statement_count, done, p);
}

void postgres_add_statement(struct postgres *p, const char *sql, const char *const *values, int count,
                            void (*answer)(void *, const PGresult *))
{
    assert(p->statement_count < POSTGRES_STATEMENTS_MAX);
    p->statements[p->statement_count++] = (struct gw_postgres_statement){sql, values, count, answer, p};
}

char *postgres_keep(struct postgres *p, const PGresult *result, int row, int column)
{
    char *text = gw_arena_copy(p->answers, PQgetvalue(result, row, column), (size_t)PQgetlength(result, row, column));

    p->no_memory |= !text;
    return text;
}

int64_t postgres_number_of(const PGresult *result, int row, int column)
{
    return strtoll(PQgetvalue(result, row, column), NULL, 10);
}

/* ---- connecting ------------------------------------------------------------------------------------------------ */

static void on_target(void *ctx, const PGresult *result)
{
    struct postgres *p = ctx;

    p->strange = (struct gw_error){0};
    target_check(&p->target, result, &p->strange);
}

static void on_verified(void *ctx, const struct gw_error *failure)
{
    struct postgres *p = ctx;

    if (failure) {
        postgres_end(p, failure);
        return;
    }
    p->known = p->strange.status == GW_OK;
    if (p->known)
        p->next(p);
    else
        postgres_end(p, &p->strange);
}

static void on_connected(void *ctx, const struct gw_error *failure)
{
    struct postgres *p = ctx;

    if (failure) {
        postgres_end(p, failure);
        return;
    }
    p->statement_count = 0;
    postgres_add_statement(p, target_question, NULL, 0, on_target);
    postgres_run(p, on_verified);
}

void postgres_begin(struct postgres *p, struct gw_arena *answers, gw_remote_done done, void *ctx,
                    void (*next)(struct postgres *p))
{
    assert(!p->done);
    p->done = done;
    p->ctx = ctx;
    p->answers = answers;
    p->no_memory = false;
    p->next = next;
    if (p->known && gw_postgres_connected(p->connection)) {
        next(p);
    } else {
        p->known = false;
        gw_postgres_connect(p->connection, on_connected, p);
    }
}

void postgres_on_answered(void *ctx, const struct gw_error *failure)
{
    postgres_end(ctx, failure);
}

/* ---- where subjects stand -------------------------------------------------------------------------------------- */

static void on_stands(void *ctx, const PGresult *result)
{
    struct postgres *p = ctx;

    for (int i = 0; i < PQntuples(result); i++) {
        struct gw_stand *stand = GW_ARENA_PUSH(p->answers, p->stands->list, p->stands->count, p->stands->capacity);

        if (stand)
            *stand = (struct gw_stand){.subject_key = postgres_keep(p, result, i, 0),
                                       .revision = postgres_number_of(result, i, 1),
                                       .applied_at = postgres_keep(p, result, i, 2)};
        p->no_memory |= !stand;
    }
}

static void ask_stands(struct postgres *p)
{
    p->statement_count = 0;
    postgres_add_statement(p, "SELECT subject_key, revision, applied_at FROM receipts ORDER BY 1", NULL, 0, on_stands);
    postgres_run(p, postgres_on_answered);
}

static void stand(struct gw_remote *remote, struct gw_arena *arena, struct gw_stands *out, gw_remote_done done,
                  void *ctx)
{
    struct postgres *p = (struct postgres *)remote;

    *out = (struct gw_stands){0};
    p->stands = out;
    postgres_begin(p, arena, done, ctx, ask_stands);
}

/* ---- the beginning and the end --------------------------------------------------------------------------------- */

static void release(struct postgres *p)
{
    for (int h = 0; h < HEAD_COUNT; h++)
        gw_text_release(&p->head[h]);
    for (int r = 0; r < REJECTED_COUNT; r++)
        gw_text_release(&p->rejected[r]);
    for (int t = 0; t < GW_TABLE_COUNT; t++) {
        gw_text_release(&p->find_touched[t]);
        gw_text_release(&p->find_missing[t]);
        gw_text_release(&p->recall_rows[t]);
        for (int k = 0; k < EXPECTED_COUNT; k++)
            gw_text_release(&p->expected[t][k]);
    }
    writing_free(p->writing);
    gw_arena_release(&p->arena);
    free(p);
}

static void on_closed(void *ctx)
{
    struct postgres *p = ctx;
    void (*const closed)(void *) = p->closed;
    void *const closed_ctx = p->closed_ctx;

    release(p);
    if (closed)
        closed(closed_ctx);
}

static void close_remote(struct gw_remote *remote, void (*closed)(void *ctx), void *ctx)
{
    struct postgres *p = (struct postgres *)remote;

    p->closed = closed;
    p->closed_ctx = ctx;
    gw_postgres_close(p->connection, on_closed, p);
}

static enum gw_status print_sentences(struct postgres *p, struct gw_error *err)
{
    bool fine = true;

    for (int h = 0; h < HEAD_COUNT; h++)
        p->head[h] = (struct gw_text)GW_TEXT_INIT(HEAD_MAX_BYTES);
    for (int r = 0; r < REJECTED_COUNT; r++)
        p->rejected[r] = (struct gw_text)GW_TEXT_INIT(HEAD_MAX_BYTES);
    for (int t = 0; t < GW_TABLE_COUNT; t++) {
        const struct gw_table *table = gw_table_of((enum gw_table_id)t);

        p->find_touched[t] = p->find_missing[t] = p->recall_rows[t] = (struct gw_text)GW_TEXT_INIT(SQL_MAX_BYTES);
        for (int k = 0; k < EXPECTED_COUNT; k++)
            p->expected[t][k] = (struct gw_text)GW_TEXT_INIT(HEAD_MAX_BYTES);
        sql_find_touched(&p->find_touched[t], table);
        sql_find_missing(&p->find_missing[t], table);
        sql_select_ours(&p->recall_rows[t], table);
        fine &= !p->find_touched[t].failed && !p->find_missing[t].failed && !p->recall_rows[t].failed;
    }
    return fine ? GW_OK : gw_fail(err, GW_ENOMEM, where, "no memory for the study database's statements");
}

static enum gw_status copy_target(struct postgres *p, const struct gw_postgres_target *target, struct gw_error *err)
{
    const char **const texts[] = {&p->target.schema, &p->target.study, &p->target.installation, &p->target.purpose};

    p->target = *target;
    p->target.connection.schema = target->schema;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        *texts[i] = gw_arena_copy(&p->arena, *texts[i], strlen(*texts[i]));
        if (!*texts[i])
            return gw_fail(err, GW_ENOMEM, where, "no memory for the study database's settings");
    }
    return GW_OK;
}

enum gw_status gw_sink_postgres_open(uv_loop_t *loop, const struct gw_clock *clock,
                                     const struct gw_postgres_target *target, struct gw_remote **out,
                                     struct gw_error *err)
{
    struct postgres *p = calloc(1, sizeof *p);
    enum gw_status rc;

    if (!p)
        return gw_fail(err, GW_ENOMEM, where, "no memory for the study database");
    p->remote = (struct gw_remote){.stand = stand,
                                   .deliver = postgres_deliver,
                                   .inspect = postgres_inspect,
                                   .examine = postgres_examine,
                                   .missing = postgres_missing,
                                   .recall = postgres_recall,
                                   .close = close_remote};
    p->arena = (struct gw_arena)GW_ARENA_INIT(SETTINGS_MAX_BYTES);
    rc = print_sentences(p, err);
    if (rc == GW_OK)
        rc = copy_target(p, target, err);
    if (rc == GW_OK)
        rc = writing_new(&p->writing, err);
    if (rc == GW_OK)
        rc = gw_postgres_new(loop, clock, &p->target.connection, &p->connection, err);
    if (rc == GW_OK)
        *out = &p->remote;
    else
        release(p);
    return rc;
}
