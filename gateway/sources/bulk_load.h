/*
 * The files of one job: downloads in parallel, reading one after the other, what became of each noted at once.
 *
 *      listed ──> download ──> spooled ──> read ──> (spool file deleted)
 *         └───────────┴──────────┴─> lost
 *
 * Files of Patients are read before all others: a roster with record numbers learns ids from them. A download starts
 * only while few files wait to be read, so that the spool folder stays small whatever the export is.
 */
#ifndef SOURCES_BULK_LOAD_H
#define SOURCES_BULK_LOAD_H

#include "gateway/sources/bulk.h"
#include "sources/bulk_spool.h"

#define BULK_DEFAULT_CONCURRENT 3u

struct bulk_load;

/* stale: addresses are over, files are left: a new manifest is needed. failure NULL otherwise: all are read or lost. */
typedef void (*bulk_load_done)(void *ctx, bool stale, const struct gw_error *failure);

/*
 * may_renew: the manifest may be asked for again. The job and the files are borrowed and the files' states move on;
 * result adds up as it goes. Spool files that no note speaks of are deleted first. GW_EIO, GW_ENOMEM at the door.
 */
enum gw_status bulk_load_start(uv_loop_t *loop, const struct gw_bulk_settings *settings, const struct bulk_job *job,
                               const struct bulk_files *files, bool may_renew, struct gw_bulk_result *result,
                               bulk_load_done done, void *ctx, struct bulk_load **out, struct gw_error *err);
void bulk_load_cancel(struct bulk_load *load);
bool bulk_load_at_work(const struct bulk_load *load);
uint64_t bulk_load_bytes(const struct bulk_load *load); /* of downloads under way */

#endif
