/*
 * PostgreSQL as a study database: whether it could take rows. Its schema says whose it is and is laid by casement db
 * migrate, so that windows are no matter here; a person who granted too little is found before the first row.
 */
#include "sinks/postgres_remote.h"

static const char where[] = "sinks.postgres";

/* What cannot be had of this schema's tables: no right to one of these, or no such table. */
static const char ask_lacking[] = "SELECT c.name FROM (VALUES "
#define GW_TABLE(table) "('" #table "'),"
#define GW_COLUMN(table, column, type, values, stamp, cdisc)
#define GW_TABLE_END(table)
#include "gateway/study/rows.def"
#undef GW_TABLE
#undef GW_COLUMN
#undef GW_TABLE_END
                                  "('receipts')) AS c (name) WHERE to_regclass(c.name) IS NULL"
                                  " OR NOT has_table_privilege(to_regclass(c.name), 'SELECT')"
                                  " OR NOT has_table_privilege(to_regclass(c.name), 'INSERT')"
                                  " OR NOT has_table_privilege(to_regclass(c.name), 'UPDATE') ORDER BY 1";

static void on_lacking(void *ctx, const PGresult *result)
{
    struct postgres *p = ctx;

    p->strange = (struct gw_error){0};
    if (PQntuples(result) > 0)
        gw_fail(&p->strange, GW_EDENIED, where,
                "%s may not read and write %s of schema %s (one of %d tables): run the GRANTs that casement db migrate "
                "--print writes",
                p->target.connection.user, PQgetvalue(result, 0, 0), p->target.schema, PQntuples(result));
}

static void on_examined(void *ctx, const struct gw_error *failure)
{
    struct postgres *p = ctx;

    postgres_end(p, failure || p->strange.status == GW_OK ? failure : &p->strange);
}

static void ask_rights(struct postgres *p)
{
    p->statement_count = 0;
    postgres_add_statement(p, ask_lacking, NULL, 0, on_lacking);
    postgres_run(p, on_examined);
}

void postgres_examine(struct gw_remote *remote, const char *const *windows, size_t count, gw_remote_done done,
                      void *ctx)
{
    (void)windows;
    (void)count;
    postgres_begin((struct postgres *)remote, NULL, done, ctx, ask_rights);
}
