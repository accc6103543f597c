/*
 * When a study database knows revisions that this ledger does not: the ledger was restored from a copy, and goes on
 * from what the database has. See also gw_outbox_stands, for a database that was restored from one.
 *
 * On the ledger's thread, as all of the ledger.
 */
#ifndef GATEWAY_LEDGER_ADOPT_H
#define GATEWAY_LEDGER_ADOPT_H

#include "gateway/ledger/ledger.h"

enum gw_revision_known {                     /* of a study database that names a revision of a subject */
                         GW_REVISION_KNOWN,  /* it was delivered, as far as the ledger knows */
                         GW_REVISION_UNSURE, /* the ledger has one of this number and no receipt for it: the answer was
                                              * lost, or the number came to be twice. Or it has a newer one, and none of
                                              * this number
                                              */
                         GW_REVISION_AHEAD,  /* the ledger's last is older */
};
enum gw_status gw_ledger_knows(struct gw_ledger *ledger, int64_t subject, int64_t revision, enum gw_revision_known *out,
                               struct gw_error *err);

/* Where the database stands as far as the ledger knows: where what waits begins. */
enum gw_status gw_ledger_delivered(struct gw_ledger *ledger, int64_t subject, int64_t *revision, struct gw_error *err);

/* The rows that the database has at this revision, sorted: those of the ledger's own, but where others were adopted. */
enum gw_status gw_ledger_rows_there(struct gw_ledger *ledger, struct gw_arena *arena, int64_t subject, int64_t revision,
                                    struct gw_rows *out, struct gw_error *err);

/*
 * The database stands at this revision, and these rows of ours are there, sorted. Where they are those of the ledger's
 * own revision, but for those that the batch was refused, nothing was lost but a receipt. Otherwise (*adopted) they are
 * what is delivered from, the newest rows wait behind them under a number that the database has not seen, and the trail
 * has a line. In one transaction.
 */
enum gw_status gw_ledger_adopt(struct gw_ledger *ledger, struct gw_arena *arena, int64_t subject, int64_t revision,
                               const struct gw_rows *there, const struct gw_refusals *refused, bool *adopted,
                               struct gw_error *err);

#endif
