/*
 * PostgreSQL as a study database: rows that are not as we wrote them, and refusals that a batch left.
 */
#include <string.h>

#include "sinks/postgres_remote.h"

/* table_name, subject_key, row_id; then kind and reason where there are five columns. */
void postgres_on_refusals(void *ctx, const PGresult *result)
{
    struct postgres *p = ctx;
    const bool told = PQnfields(result) == 5;

    for (int i = 0; i < PQntuples(result); i++) {
        const enum gw_table_id table = gw_table_named(PQgetvalue(result, i, 0));
        struct gw_refusal *refusal;

        if (table == GW_TABLE_COUNT) /* of another release */
            continue;
        refusal = GW_ARENA_PUSH(p->answers, p->refusals->list, p->refusals->count, p->refusals->capacity);
        p->no_memory |= !refusal;
        if (!refusal)
            return;
        *refusal =
            (struct gw_refusal){.kind = told && strcmp(PQgetvalue(result, i, 3), "rejected") == 0 ? GW_REFUSAL_REJECTED
                                                                                                  : GW_REFUSAL_TOUCHED,
                                .table = table,
                                .subject_key = postgres_keep(p, result, i, 1),
                                .row_id = postgres_keep(p, result, i, 2),
                                .reason = told ? postgres_keep(p, result, i, 4) : ""};
    }
}

static void ask_touched(struct postgres *p)
{
    p->statement_count = 0;
    for (int t = 0; t < GW_TABLE_COUNT; t++)
        postgres_add_statement(p, p->find_touched[t].at, NULL, 0, postgres_on_refusals);
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
