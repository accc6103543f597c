/*
 * One file of an export into the spool folder.
 *
 *      ask ──> judge ──> settle ──> end
 *       ↑        ├ 3xx, up to three times
 *       └─ wait ─┴ busy, away, cut short; shorter than its count, or cut in its last line
 *
 * Bytes go to <path>.part; settling (a thread of libuv's) looks at the last line, syncs, renames and syncs the folder:
 * a file of the final name is whole. What is left of .part after a crash is nobody's.
 */
#ifndef SOURCES_BULK_FETCH_H
#define SOURCES_BULK_FETCH_H

#include "gateway/sources/bulk.h"

struct fetch_order { /* texts are copied, settings borrowed */
    const struct gw_bulk_settings *settings;
    const char *described; /* "file 3 (Observation)" for messages */
    const char *request;   /* the URL of the manifest: what relative links mean */
    const char *url;       /* as the manifest has it */
    bool with_token;
    int64_t count; /* that the manifest promises; -1 */
    const char *path;
};

struct fetch_answer {
    size_t requests;
    uint64_t bytes;
    int64_t lines; /* that are not blank; -1: packed, not counted */
    bool cut;      /* the last one is no whole resource */
    bool gone;     /* not there, or no longer to be had: nothing is spooled */
    int32_t retry_after_s;
};

struct fetch;

/* failure NULL: spooled, or gone. */
typedef void (*fetch_done)(void *ctx, const struct fetch_answer *answer, const struct gw_error *failure);

enum gw_status fetch_start(uv_loop_t *loop, const struct fetch_order *order, fetch_done done, void *ctx,
                           struct fetch **out, struct gw_error *err);
void fetch_cancel(struct fetch *fetch);
void fetch_hurry(struct fetch *fetch); /* no further try: one that waits ends with why it waits */
bool fetch_at_work(const struct fetch *fetch);
uint64_t fetch_bytes(const struct fetch *fetch); /* so far */

#endif
