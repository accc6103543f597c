/*
 * What a sync did, for `casement sync` and for `casement replay --refetch`.
 */
#ifndef CLI_SYNCED_H
#define CLI_SYNCED_H

#include "gateway/service/sync.h"

/* On standard output, failures of endpoints and deliveries on standard error; gives the exit status. */
int synced_print(const struct gw_sync_result *result, bool json);

#endif
