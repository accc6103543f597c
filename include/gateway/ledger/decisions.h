/*
 * Decisions of people in the ledger: appended, read, never changed. The ledger itself refuses to change or delete one.
 */
#ifndef GATEWAY_LEDGER_DECISIONS_H
#define GATEWAY_LEDGER_DECISIONS_H

#include "gateway/ledger/ledger.h"
#include "gateway/study/decision.h"

/*
 * Append one. n 0: the next number, which is put in; any other must lie above the last. The subjects of its scope (of
 * an undo or an approval: of the decision it is about) are marked to be derived. GW_EINPUT: not in order, or about a
 * decision that is not there.
 */
enum gw_status gw_ledger_decide(struct gw_ledger *ledger, struct gw_decision *decision, struct gw_error *err);

/* All, by n. Borrowed from the ledger until one is added. GW_ECONFIG: one that this release cannot read. */
enum gw_status gw_ledger_decisions(struct gw_ledger *ledger, struct gw_decisions *out, struct gw_error *err);

/* Those a derivation of the subject needs: its own and those about no subject. The list is in the arena. */
enum gw_status gw_ledger_decisions_of(struct gw_ledger *ledger, struct gw_arena *arena, const char *subject_key,
                                      struct gw_decisions *out, struct gw_error *err);

/*
 * Whether the record that a decision is about is there and was not withdrawn, as its subject was last derived; one that
 * is about a cause or a subject always is.
 */
enum gw_status gw_ledger_decision_holds(struct gw_ledger *ledger, const struct gw_decision *decision, bool *out,
                                        struct gw_error *err);

const struct gw_decision *gw_decisions_find(const struct gw_decisions *decisions, int64_t n); /* NULL: none */
/* The decision that an undo or an approval is about in the end; any other is its own. NULL: it is not there. */
const struct gw_decision *gw_decisions_root(const struct gw_decisions *decisions, const struct gw_decision *decision);

#endif
