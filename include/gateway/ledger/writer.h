/*
 * The ledger's own thread, for callers on a libuv loop.
 *
 *      submit ──> queue ──> begin ──> job, job, ... ──> commit ──> done, done, ... (on the loop)
 *
 * Jobs run in order of submission, inside a transaction that is committed when 1,000 entries are gathered, when the
 * queue is empty, or after 200 ms. A job that fails takes back only itself; its done gets the failure. When the commit
 * fails, or any job meets GW_EIO, every job from there on fails with GW_EIO. A thread of its own, not one of libuv's
 * shared four: a burst of other work would delay commits.
 */
#ifndef GATEWAY_LEDGER_WRITER_H
#define GATEWAY_LEDGER_WRITER_H

#include <uv.h>

#include "gateway/ledger/ledger.h"

struct gw_writer;

/* Runs on the ledger's thread; the ledger is its alone meanwhile. It neither begins nor commits. */
typedef enum gw_status (*gw_writer_run)(struct gw_ledger *ledger, void *ctx, struct gw_error *err);

/* Called once on the loop, after the commit. failure is NULL when the job is durable. */
typedef void (*gw_writer_done)(void *ctx, const struct gw_error *failure);

/* From here on the ledger is the writer's until `closed`. GW_ENOMEM: no thread, no memory. */
enum gw_status gw_writer_start(uv_loop_t *loop, struct gw_ledger *ledger, struct gw_writer **out, struct gw_error *err);

/* Refused (a status, no callback): GW_ECANCELED when it is stopping, GW_ENOMEM. entries: weight for the group commit.
 */
enum gw_status gw_writer_submit(struct gw_writer *writer, size_t entries, gw_writer_run run, gw_writer_done done,
                                void *ctx, struct gw_error *err);

/* The same for a job that stands alone: what came before it is committed, and it begins and commits by itself. */
enum gw_status gw_writer_submit_alone(struct gw_writer *writer, gw_writer_run run, gw_writer_done done, void *ctx,
                                      struct gw_error *err);

/* Entries submitted and not yet answered: what a puller looks at before it fetches more. */
size_t gw_writer_pending(const struct gw_writer *writer);
size_t gw_writer_jobs(const struct gw_writer *writer); /* submitted and not yet answered */

/* Finish what was submitted, then end: closed(ctx) is called once on the loop, after the last done; the ledger is the
 * caller's again, the writer gone. */
void gw_writer_stop(struct gw_writer *writer, void (*closed)(void *ctx), void *ctx);

#endif
