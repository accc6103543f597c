/*
 * One file into the ledger while the loop goes on: it is read on a thread of its own, each page is kept through the
 * store, and the thread waits for it, so that one page is in memory.
 *
 *      thread:   read ──> page ──> wait ──> page ...
 *      loop:               └──> keep ──┘
 *
 * What comes from people who are not enrolled, or is of a type not read, becomes one entry a type and page: how many
 * there were, and nothing else of them.
 */
#ifndef SOURCES_FEED_H
#define SOURCES_FEED_H

#include "gateway/sources/files.h"
#include "gateway/sources/pull.h"
#include "sources/bulk_job.h"

enum feed_form {
    FEED_FILES,   /* whatever gw_files_read takes */
    FEED_DELETED, /* NDJSON of Bundles with requests to delete */
};

struct feed_settings { /* borrowed until done */
    struct gw_store *store;
    const struct gw_intake *intake; /* used on the thread */
    const struct gw_clock *clock;
    int64_t delivery;
    const char *base; /* source of what could be read ("https://fhir.example.org/r4/"); NULL: the file's name */
    const char *type; /* a type of which entries are expected: others are counted as mistyped; NULL: any */
    bool skim;        /* read it only so that `whose` hears of its people; nothing is kept, nothing counted */
    const struct bulk_types *wanted; /* types that an OperationOutcome may be about; NULL: it is only counted */
};

struct feed_answer {
    struct gw_files_answer files; /* entries as read, before those not enrolled are put together */
    size_t fresh, repeats, conflicts, door;
    size_t mistyped;
    size_t deletions;
    size_t outcomes;
    char note[128];           /* the last of them: "error processing" */
    bool all;                 /* one says that everything may be incomplete */
    struct bulk_types flawed; /* or these types */
};

struct feed;

typedef void (*feed_done)(void *ctx, const struct feed_answer *answer, const struct gw_error *failure);

/*
 * done once, later, from the loop. failure: of the store, the disk, memory or the file itself (answer->files.refused
 * counts it); GW_ECANCELED. GW_ENOMEM at the door.
 */
enum gw_status feed_start(uv_loop_t *loop, const struct feed_settings *settings, enum feed_form form, const char *path,
                          feed_done done, void *ctx, struct feed **out, struct gw_error *err);
void feed_cancel(struct feed *feed); /* pages kept stay */

#endif
