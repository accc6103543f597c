/*
 * Whose database it is, and laying it.
 */
#ifndef SINKS_POSTGRES_MIGRATE_H
#define SINKS_POSTGRES_MIGRATE_H

#include "gateway/sinks/postgres.h"

#define SCHEMA_RELEASE 2

/* Asked on every connection: study, installation, purpose, release. */
extern const char target_question[];
/* GW_ECONFIG: another study's, another installation's, staging where production is meant, or another release. */
enum gw_status target_check(const struct gw_postgres_target *target, const PGresult *answer, struct gw_error *err);

#endif
