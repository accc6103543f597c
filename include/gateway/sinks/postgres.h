/*
 * PostgreSQL as a study database: one schema a study, one table for each of rows.def.
 *
 *      target     whose data these are: study, installation, purpose; one row, laid by casement db migrate
 *      releases   which migrations were made, and when
 *      receipts   where each subject stands, and by which shipment
 *      batches    every batch ever applied: from_revision of one is to_revision of the one before
 *      refusals   rows of a batch that were not written, and why
 *      <table>    the columns of rows.def, and `written`: a digest of the row as we wrote it
 *
 * A row whose digest is not its own was changed by a person. Decimals are numeric, integers and booleans themselves;
 * dates are texts, because a date may be a month or a year.
 */
#ifndef GATEWAY_SINKS_POSTGRES_H
#define GATEWAY_SINKS_POSTGRES_H

#include <stdio.h>

#include "gateway/net/postgres.h"
#include "gateway/sinks/remote.h"

struct gw_postgres_target {
    struct gw_postgres_settings connection;
    const char *schema;
    const char *study;
    const char *installation;
    const char *purpose; /* "production", "staging", ...: must be the target's own */
};

/* Nothing is asked yet. Texts are copied. */
enum gw_status gw_sink_postgres_open(uv_loop_t *loop, const struct gw_clock *clock,
                                     const struct gw_postgres_target *target, struct gw_remote **out,
                                     struct gw_error *err);

struct gw_migration_result {
    unsigned from, to; /* release of the schema; 0: there was none */
};

/*
 * Lay the schema, its tables and views, or bring them to this release, in one transaction. Runs a loop of its own.
 * GW_ECONFIG: the schema holds another study, or was laid by a newer release.
 */
enum gw_status gw_sink_postgres_migrate(const struct gw_postgres_target *target, struct gw_migration_result *out,
                                        struct gw_error *err);
/* The sentences that would be sent to a database that has nothing yet, for a person who wants to read or run them. */
enum gw_status gw_sink_postgres_print(const struct gw_postgres_target *target, FILE *out, struct gw_error *err);

/* What the database holds at one instant, as a study.db at path (which must not exist): what exports read. */
enum gw_status gw_sink_postgres_snapshot(const struct gw_postgres_target *target, const char *path,
                                         struct gw_error *err);

#endif
