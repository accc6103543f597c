/*
 * What the audit trail tells of a configuration: study packages, site profiles and lines of the roster that are not
 * what they were, and the service's start and end. Private to the service room.
 */
#ifndef SERVICE_AUDITED_H
#define SERVICE_AUDITED_H

#include "gateway/ledger/audit.h"
#include "gateway/service/protocol.h"
#include "gateway/study/site.h"

struct setup;
struct setup_study;

/* With the ledger of the setup, as steps of one transaction: what changed since it was opened last. */
enum gw_status audited_setup(struct setup *setup, struct gw_error *err);

/* A package or a profile in use; its digest is of all that steers a derivation by it. */
enum gw_status audited_package(struct gw_ledger *ledger, const struct gw_protocol *protocol, const char *digest,
                               struct gw_error *err);
enum gw_status audited_profile(struct gw_ledger *ledger, const struct gw_protocol *protocol, const char *id,
                               const struct gw_site *site, const char *digest, struct gw_error *err);

/* Lines of a study's roster: new, changed (in which days), gone. Within the caller's transaction (audited_roster.c). */
enum gw_status audited_roster(struct setup *setup, const struct setup_study *study, struct gw_error *err);

/* Start or end of a command that changes data. */
enum gw_status audited_work(struct gw_ledger *ledger, enum gw_audit_kind act, const char *command, const char *reason,
                            struct gw_error *err);

#endif
