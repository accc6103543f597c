/*
 * How long is kept what is kept: a study has a last day ("closed"), and retain.purge_days after it the facts of its
 * subjects go. What was delivered is the study's and stays. Private to the service room, but for what purge.h of it
 * says.
 *
 *      last day          the day after it ... nothing is asked for any more; no window is missed after it
 *      + purge_days      what is kept of its subjects is purged, piece by piece (gateway/ledger/purge.h)
 */
#ifndef SERVICE_RETENTION_H
#define SERVICE_RETENTION_H

#include "gateway/ledger/ledger.h"
#include "gateway/ledger/purge.h"
#include "gateway/service/config.h"

gw_day retention_closed(const struct gw_config_study *study); /* its last day; GW_NO_DAY: it runs */

extern const struct gw_purge_notes retention_notes; /* what other rooms note of a subject */

/* Begin what is due or ordered, then one piece of what was begun. *more: it was not the last; *ordered: so many orders
 * were begun. Not within a transaction. */
enum gw_status retention_piece(struct gw_ledger *ledger, const struct gw_config *config, int64_t now, bool *more,
                               size_t *ordered, struct gw_error *err);

/* The last days of the studies and the key of orders, in the trail where they changed. */
enum gw_status retention_audit(struct gw_ledger *ledger, const struct gw_config *config, struct gw_error *err);

#endif
