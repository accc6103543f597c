/*
 * A sink: a study database that takes the difference of one subject at a time.
 *
 * A batch is applied with its receipt in one transaction, and only when the sink stands exactly at from_revision.
 * Otherwise nothing happens and the receipt names the revision the sink stands at, from which the caller computes the
 * difference anew. So a batch may be sent twice, or after a crash, without harm.
 */
#ifndef GATEWAY_SINKS_SINK_H
#define GATEWAY_SINKS_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/core/error.h"
#include "gateway/study/derive.h"

struct gw_batch {
    const char *study;
    const char *subject_key;
    int64_t from_revision;
    int64_t to_revision;
    const struct gw_difference *difference; /* its rows carry their stamps */
    const char *applied_at;                 /* a stamp for the receipt: 2026-11-20T20:00:00Z */
};

struct gw_receipt {
    bool applied;
    int64_t revision; /* at which the sink stands now; 0: it knows no row of the subject */
};

struct gw_sink {
    /* The revision a subject stands at; 0: unknown. */
    enum gw_status (*revision_of)(struct gw_sink *sink, const char *subject_key, int64_t *revision,
                                  struct gw_error *err);
    /* Several batches in one commit; a batch that fails takes back only itself. Without them each commits alone. */
    enum gw_status (*begin)(struct gw_sink *sink, struct gw_error *err);
    enum gw_status (*commit)(struct gw_sink *sink, struct gw_error *err);
    enum gw_status (*apply)(struct gw_sink *sink, const struct gw_batch *batch, struct gw_receipt *out,
                            struct gw_error *err);
    void (*close)(struct gw_sink *sink); /* what is not committed is taken back */
};

/*
 * study.db: one table for each of rows.def, keyed (subject_key, row_id); withdrawn rows stay as tombstones. synchronous
 * = FULL, mode 0600. GW_ECONFIG: the file is another study's, or no study database; GW_EBUSY; GW_ECREATE. GW_EIO as for
 * the ledger: nothing but GW_EIO from there on.
 */
enum gw_status gw_sink_sqlite_open(const char *path, const char *study, struct gw_sink **out, struct gw_error *err);

/* The same for a file that nobody sees before it is done; see gw_ledger_build. */
enum gw_status gw_sink_sqlite_build(const char *path, const char *study, struct gw_sink **out, struct gw_error *err);

#endif
