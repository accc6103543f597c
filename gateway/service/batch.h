/*
 * What is to be said to a study database about one subject: the difference between the rows it has and those of a
 * revision, and the rows that a person decided to send all the same. On the ledger's thread. Private to the service
 * room.
 */
#ifndef SERVICE_BATCH_H
#define SERVICE_BATCH_H

#include "gateway/ledger/settle.h"
#include "gateway/sinks/sink.h"

/*
 * from: the revision at which the database stands. Rows that it refused are not among those it has. to: GW_LATEST, or
 * that of a batch sent before. When they are the same there is nothing to send. GW_EINPUT: the ledger has no such
 * revision.
 */
enum gw_status batch_make(struct gw_ledger *ledger, struct gw_arena *arena, const struct gw_outbox_line *line,
                          int64_t from, int64_t to, const char *now, struct gw_batch *out, struct gw_error *err);

#endif
