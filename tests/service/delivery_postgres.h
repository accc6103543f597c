/*
 * The bench of a delivery into a real PostgreSQL: a schema laid for the study, and questions to it.
 */
#ifndef SERVICE_DELIVERY_POSTGRES_H
#define SERVICE_DELIVERY_POSTGRES_H

#include "service/delivery_bench.h"
#include "support/postgres.h"

static inline void lay(struct bench *b)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);

    cr_assert(gw_sink_postgres_print(&b->study.postgres, out, &b->err) == GW_OK, "%s", b->err.text);
    fclose(out);
    cluster_exec(text);
    free(text);
}

static inline void set_up(struct bench *b, const char *schema)
{
    bench_open(b);
    b->study.sink_kind = "postgres";
    b->study.postgres = (struct gw_postgres_target){.connection = cluster_settings(),
                                                    .schema = schema,
                                                    .study = "lendex-rrmm",
                                                    .installation = "t",
                                                    .purpose = "production"};
    lay(b);
}

static inline bool says(struct bench *b, const char *sql, const char *wanted)
{
    return cluster_says(gw_arena_print(&b->arena, "SET search_path TO %s; %s", b->study.postgres.schema, sql), wanted);
}

static inline void exec(struct bench *b, const char *sql)
{
    cluster_exec(gw_arena_print(&b->arena, "SET search_path TO %s; %s", b->study.postgres.schema, sql));
}

#define VALUE                                                                                                          \
    "SELECT string_agg(value_num::text, ',') FROM observations WHERE status <> 'withdrawn' AND window_id = 'T30-01'"
#define OPEN(code)                                                                                                     \
    "SELECT count(*) FROM exceptions WHERE status <> 'withdrawn' AND state = 'open' AND code = '" code "'"

#endif
