/*
 * PostgreSQL as a study database: what it has of a subject, as far as it is ours, and what the batch that brought it
 * there was refused.
 */
#include "sinks/postgres_remote.h"

static void on_revision(void *ctx, const PGresult *result)
{
    struct postgres *p = ctx;

    if (PQntuples(result) == 1)
        p->recalled->revision = postgres_number_of(result, 0, 0);
}

static void on_rows(void *ctx, const PGresult *result)
{
    struct postgres *p = ctx;

    if (PQntuples(result) == 0)
        return;
    const struct gw_table *table = gw_table_of(gw_table_named(PQgetvalue(result, 0, 0)));
    p->no_memory |= !rows_take(&p->recalled->rows, p->answers, table, result, 1);
}

static const char ask_refusals[] =
    "SELECT f.table_name, f.subject_key, f.row_id, f.kind, f.reason FROM refusals f JOIN receipts r ON r.subject_key ="
    " f.subject_key AND r.revision = f.revision WHERE f.subject_key = $1 ORDER BY 1, 3";

static void on_recalled(void *ctx, const struct gw_error *failure)
{
    struct postgres *p = ctx;

    gw_rows_sort(&p->recalled->rows);
    if (failure || !postgres_look(p))
        postgres_end(p, failure);
}

/* The rows as of the revision: one transaction sees both. */
static void ask_rows(struct postgres *p)
{
    p->statement_count = 0;
    postgres_add_statement(p, "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY", NULL, 0, NULL);
    postgres_add_statement(p, "SELECT revision FROM receipts WHERE subject_key = $1", p->recalled_key, 1, on_revision);
    for (int t = 0; t < GW_TABLE_COUNT; t++)
        postgres_add_statement(p, p->recall_rows[t].at, p->recalled_key, 1, on_rows);
    postgres_add_statement(p, ask_refusals, p->recalled_key, 1, postgres_on_refusals);
    postgres_add_statement(p, "COMMIT", NULL, 0, NULL);
    postgres_run(p, on_recalled);
}

void postgres_recall(struct gw_remote *remote, const char *subject_key, struct gw_arena *arena, struct gw_recalled *out,
                     gw_remote_done done, void *ctx)
{
    struct postgres *p = (struct postgres *)remote;

    *out = (struct gw_recalled){.revision = 0};
    p->recalled = out;
    p->refusals = &out->refusals;
    p->recalled_key[0] = subject_key;
    postgres_begin(p, arena, done, ctx, ask_rows);
}
