/*
 * PostgreSQL as a study database: one schema a study, one table for each of rows.def.
 *
 *      target     whose data these are: study, installation, purpose; one row, laid by casement db migrate
 *      releases   which migrations were made, and when
 *      receipts   where each subject stands, and by which shipment
 *      batches    every batch ever applied: from_revision of one is to_revision of the one before
 *      refusals   rows of a batch that were not written, and why
 *      changes    rows that were added, changed or withdrawn after a subject's first batch
 *      cuts       what was taken out by name, and in cut_subjects where each subject stood
 *      <table>    the columns of rows.def, and `written`: a digest of the row as we wrote it
 *      <table>_row   a type of the same columns, in which rows arrive; nothing is kept in it
 *
 * A row whose digest is not its own was changed by a person. Decimals are numeric, integers and booleans themselves;
 * dates are texts, because a date may be a month or a year.
 */
#ifndef GATEWAY_SINKS_POSTGRES_H
#define GATEWAY_SINKS_POSTGRES_H

#include <stdio.h>

#include "gateway/net/postgres.h"
#include "gateway/sinks/export.h"
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
    unsigned from, to;      /* release of the schema; 0: there was none */
    size_t tables, columns; /* that were not there; columns of new tables are not counted */
};

/*
 * Lay the schema, its tables, comments and views, or bring them to this release, in one transaction; again is harmless,
 * and two at once take turns. Runs a loop of its own. A row that is as we wrote it stays so when its table gains
 * columns, and one that a person touched stays touched. GW_ECONFIG: the schema is another study's, installation's or
 * purpose's, or nobody's, or was laid by a newer release; GW_EDENIED: the user may not.
 */
enum gw_status gw_sink_postgres_migrate(const struct gw_postgres_target *target, struct gw_migration_result *out,
                                        struct gw_error *err);
/*
 * The sentences that would be sent to a database that has nothing yet, for a person who wants to read or run them; and
 * what the sink's user must be granted when the tables are another's.
 */
enum gw_status gw_sink_postgres_print(const struct gw_postgres_target *target, FILE *out, struct gw_error *err);

/*
 * What the database holds at one instant, as a study.db at path (which must not exist): what exports read. Runs a loop
 * of its own; memory is bounded by the largest subject. The file is not synced. GW_ECONFIG as for a delivery;
 * GW_ECREATE.
 */
enum gw_status gw_sink_postgres_snapshot(const struct gw_postgres_target *target, const char *path,
                                         struct gw_error *err);

/*
 * Note a cut there, so that view changes_since_cut tells what was corrected or withdrawn since. Once more under the
 * same name is the same cut as it is now: that a cut is never moved, the caller sees to. Runs a loop of its own.
 * GW_ECONFIG as for a delivery.
 */
enum gw_status gw_sink_postgres_cut(const struct gw_postgres_target *target, const char *name, const char *taken_at,
                                    const struct gw_export_receipts *receipts, struct gw_error *err);

#endif
