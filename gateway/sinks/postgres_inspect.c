/*
 * PostgreSQL as a study database: rows that are not as we wrote them, and refusals that a batch left.
 */
#include <string.h>

#include "sinks/postgres_remote.h"

/* table_name, subject_key, row_id, kind, reason. */
void postgres_on_refusals(void *ctx, const PGresult *result)
{
    struct postgres *p = ctx;

    for (int i = 0; i < PQntuples(result); i++) {
        const enum gw_table_id table = gw_table_named(PQgetvalue(result, i, 0));
        struct gw_refusal *refusal;

        if (table == GW_TABLE_COUNT) /* of another release */
            continue;
        refusal = GW_ARENA_PUSH(p->answers, p->refusals->list, p->refusals->count, p->refusals->capacity);
        p->no_memory |= !refusal;
        if (!refusal)
            return;
        *refusal = (struct gw_refusal){.kind = strcmp(PQgetvalue(result, i, 3), "rejected") == 0 ? GW_REFUSAL_REJECTED
                                                                                                 : GW_REFUSAL_TOUCHED,
                                       .table = table,
                                       .subject_key = postgres_keep(p, result, i, 1),
                                       .row_id = postgres_keep(p, result, i, 2),
                                       .reason = postgres_keep(p, result, i, 4),
                                       .stands = ""};
    }
}

/* ---- what is there --------------------------------------------------------------------------------------------- */

/* table_name, subject_key, row_id, digest, what is there. */
static void on_touched(void *ctx, const PGresult *result)
{
    struct postgres *p = ctx;

    for (int i = 0; i < PQntuples(result); i++) {
        struct gw_refusal *refusal =
            GW_ARENA_PUSH(p->answers, p->refusals->list, p->refusals->count, p->refusals->capacity);

        p->no_memory |= !refusal;
        if (!refusal)
            return;
        *refusal = (struct gw_refusal){.kind = GW_REFUSAL_TOUCHED,
                                       .table = gw_table_named(PQgetvalue(result, i, 0)),
                                       .subject_key = postgres_keep(p, result, i, 1),
                                       .row_id = postgres_keep(p, result, i, 2),
                                       .reason = "",
                                       .stands = postgres_keep(p, result, i, 3),
                                       .theirs = postgres_keep(p, result, i, 4)};
    }
}

static struct gw_refusal *find_refusal(const struct gw_refusals *refusals, enum gw_table_id table,
                                       const char *subject_key, const char *row_id)
{
    for (size_t i = 0; i < refusals->count; i++) {
        struct gw_refusal *refusal = &refusals->list[i];

        if (refusal->table == table && strcmp(refusal->row_id, row_id) == 0 &&
            strcmp(refusal->subject_key, subject_key) == 0)
            return refusal;
    }
    return NULL;
}

static void on_looked(void *ctx, const PGresult *result)
{
    struct postgres *p = ctx;

    for (int i = 0; i < PQntuples(result); i++) {
        struct gw_refusal *refusal = find_refusal(p->refusals, gw_table_named(PQgetvalue(result, i, 0)),
                                                  PQgetvalue(result, i, 1), PQgetvalue(result, i, 2));

        if (!refusal)
            continue;
        refusal->stands = postgres_keep(p, result, i, 3);
        refusal->theirs = postgres_keep(p, result, i, 4);
    }
}

/* What stands where rows were left alone: asked after COMMIT, of few rows and seldom. */
bool postgres_look(struct postgres *p)
{
    struct gw_text *keys = &p->head[HEAD_KEYS];
    bool tables[GW_TABLE_COUNT] = {false}, any = false;

    array_begin(keys);
    for (size_t i = 0; i < p->refusals->count; i++) {
        const struct gw_refusal *refusal = &p->refusals->list[i];

        if (refusal->kind != GW_REFUSAL_TOUCHED)
            continue;
        array_add(keys, refusal->subject_key);
        any = tables[refusal->table] = true;
    }
    array_end(keys);
    p->no_memory |= keys->failed;
    if (!any || p->no_memory)
        return false;
    p->head_values[HEAD_KEYS] = keys->at;
    p->statement_count = 0;
    for (int t = 0; t < GW_TABLE_COUNT; t++)
        if (tables[t])
            postgres_add_statement(p, p->find_touched[t].at, p->head_values, 1, on_looked);
    postgres_run(p, postgres_on_answered);
    return true;
}

static void ask_touched(struct postgres *p)
{
    static const char *const all[] = {NULL};

    p->statement_count = 0;
    for (int t = 0; t < GW_TABLE_COUNT; t++)
        postgres_add_statement(p, p->find_touched[t].at, all, 1, on_touched);
    postgres_run(p, postgres_on_answered);
}

void postgres_inspect(struct gw_remote *remote, struct gw_arena *arena, struct gw_refusals *out, gw_remote_done done,
                      void *ctx)
{
    struct postgres *p = (struct postgres *)remote;

    *out = (struct gw_refusals){0};
    p->refusals = out;
    postgres_begin(p, arena, done, ctx, ask_touched);
}

/* ---- rows that should be there --------------------------------------------------------------------------------- */

static void ask_missing(struct postgres *p)
{
    bool failed = false;

    p->statement_count = 0;
    for (int t = 0; t < GW_TABLE_COUNT; t++) {
        if (p->expected[t][EXPECTED_KEYS].length <= 1)
            continue;
        for (int k = 0; k < EXPECTED_COUNT; k++) {
            array_end(&p->expected[t][k]);
            failed |= p->expected[t][k].failed;
            p->expected_values[t][k] = p->expected[t][k].at;
        }
        postgres_add_statement(p, p->find_missing[t].at, p->expected_values[t], EXPECTED_COUNT, postgres_on_refusals);
    }
    p->no_memory |= failed;
    if (failed || p->statement_count == 0)
        postgres_end(p, NULL);
    else
        postgres_run(p, postgres_on_answered);
}

/* count is not 0: a call is never answered from within. */
void postgres_missing(struct gw_remote *remote, const struct gw_expected *rows, size_t count, struct gw_arena *arena,
                      struct gw_refusals *out, gw_remote_done done, void *ctx)
{
    struct postgres *p = (struct postgres *)remote;

    *out = (struct gw_refusals){0};
    p->refusals = out;
    for (int t = 0; t < GW_TABLE_COUNT; t++)
        for (int k = 0; k < EXPECTED_COUNT; k++)
            array_begin(&p->expected[t][k]);
    for (size_t i = 0; i < count; i++) {
        array_add(&p->expected[rows[i].table][EXPECTED_KEYS], rows[i].subject_key);
        array_add(&p->expected[rows[i].table][EXPECTED_ROWS], rows[i].row_id);
    }
    postgres_begin(p, arena, done, ctx, ask_missing);
}
