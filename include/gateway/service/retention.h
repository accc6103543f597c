/*
 * What is kept of studies that have closed, until when, and the end of it.
 */
#ifndef GATEWAY_SERVICE_RETENTION_H
#define GATEWAY_SERVICE_RETENTION_H

#include "gateway/ledger/ledger.h"
#include "gateway/service/config.h"

/* The first day on which the facts of a study's subjects go: purge_days after its last, one at least. GW_NO_DAY: it
 * runs.
 */
gw_day gw_retention_due(const struct gw_config *config, const struct gw_config_study *study);

/* What was begun, to its end, and the file written anew. Not within a transaction. */
enum gw_status gw_retention_finish(struct gw_ledger *ledger, struct gw_error *err);

/* All that is due at this instant (seconds UTC), and the file written anew. Not within a transaction. */
enum gw_status gw_retention_run(struct gw_ledger *ledger, const struct gw_config *config, int64_t now,
                                struct gw_error *err);

#endif
