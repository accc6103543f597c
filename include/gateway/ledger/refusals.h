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

/*
 * One of them. A former one of the same row that says another thing is replaced, and what was decided about that one is
 * not about this one; so is any when the row was tried because a person said so: that is done then. Of a subject that
 * is purged it is kept without what is there.
 */
enum gw_status gw_ledger_refuse(struct gw_ledger *ledger, int64_t subject, const struct gw_refusal *refusal, bool tried,
                                struct gw_error *err);

/* What follows of decisions, in the transaction that settles the revision they lead to. */
enum gw_status gw_ledger_answer(struct gw_ledger *ledger, int64_t subject, const struct gw_refusal_answer *answer,
                                struct gw_error *err);

/* The row was written: nothing stands against it. decision: by which it was sent; 0: none. */
enum gw_status gw_ledger_accept(struct gw_ledger *ledger, int64_t subject, enum gw_table_id table, const char *row_id,
                                int64_t decision, struct gw_error *err);

#endif
