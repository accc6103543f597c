/*
 * Rows that the study database did not take, or that a person changed there: what stands between the rows of a revision
 * and what is there. A refusal stands until the row was written after all, or is as it was written again.
 *
 * On the ledger's thread, as all of the ledger.
 */
#ifndef GATEWAY_LEDGER_REFUSALS_H
#define GATEWAY_LEDGER_REFUSALS_H

#include "gateway/ledger/ledger.h"

/* Those of a subject, by table name and row; subject_key is borrowed by them. */
enum gw_status gw_ledger_refusals(struct gw_ledger *ledger, struct gw_arena *arena, int64_t subject,
                                  const char *subject_key, struct gw_refusals *out, struct gw_error *err);

/* One of them; a former one of the same row is replaced. */
enum gw_status gw_ledger_refuse(struct gw_ledger *ledger, int64_t subject, const struct gw_refusal *refusal,
                                struct gw_error *err);

/* The row was written: nothing stands against it. */
enum gw_status gw_ledger_accept(struct gw_ledger *ledger, int64_t subject, enum gw_table_id table, const char *row_id,
                                struct gw_error *err);

#endif
