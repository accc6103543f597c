/*
 * What the audit trail tells of a configuration: study packages, site profiles and lines of the roster that are not
 * what they were, and the service's start and end. Private to the service room.
 */
#ifndef SERVICE_AUDITED_H
#define SERVICE_AUDITED_H

#include "gateway/ledger/ledger.h"
#include "gateway/service/protocol.h"
#include "gateway/study/site.h"

struct setup;

/* With the ledger of the setup, as steps of one transaction: what changed since it was opened last. */
enum gw_status audited_setup(struct setup *setup, struct gw_error *err);

/* A package or a profile in use; its digest is of all that steers a derivation by it. */
enum gw_status audited_package(struct gw_ledger *ledger, const struct gw_protocol *protocol, const char *digest,
                               struct gw_error *err);
enum gw_status audited_profile(struct gw_ledger *ledger, const struct gw_protocol *protocol, const char *id,
                               const struct gw_site *site, const char *digest, struct gw_error *err);

/* "start" or "end" of a command that changes data. */
enum gw_status audited_work(struct gw_ledger *ledger, const char *act, const char *command, const char *reason,
                            struct gw_error *err);

#endif
