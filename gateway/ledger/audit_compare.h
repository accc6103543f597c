/*
 * Holding a ledger's decisions, revisions and receipts against its trail. Private to the verification.
 */
#ifndef LEDGER_AUDIT_COMPARE_H
#define LEDGER_AUDIT_COMPARE_H

#include <sqlite3.h>

#include "gateway/ledger/audit.h"

struct audit_compare;

/* What differs goes into the verdict. NULL: no memory. */
struct audit_compare *audit_compare_new(sqlite3 *db, struct gw_audit_verdict *verdict);
void audit_compare_free(struct audit_compare *compare); /* NULL does nothing */

/* Every row of the trail, in order; false: it cannot be noted. */
bool audit_compare_row(struct audit_compare *compare, const struct gw_audit_row *row);
enum gw_status audit_compare_end(struct audit_compare *compare, struct gw_error *err);

#endif
