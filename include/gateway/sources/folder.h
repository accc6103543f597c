/*
 * A watched folder: the hospital puts files in, and sees what became of them.
 *
 *      incoming/ ──> work/ ──> (ledger) ──> done/
 *                                  └──────> failed/<name> and failed/<name>.error: one line, what, where, what to do
 *
 * NDJSON, NDJSON.gz, Bundles and single resources, whatever gw_files_read takes. A file is taken when its name is no
 * temporary one (leading dot, .part, .tmp and the like) and it was still for quiet_s, or when it came by a rename from
 * a temporary name: write "x.ndjson.part", rename it to "x.ndjson". Older files are taken first; folders inside
 * incoming/ are left alone. Moves are renames, so the four folders lie on one file system; they are made when missing.
 *
 * Where the roster knows people by record number alone, their Patients tell the ids: files with "patient" in their
 * names are taken before others that are whole, and within a file the Patients are looked for first. What came before
 * any file told a person's id has ended at the door as NOT_ENROLLED: hand it over again.
 *
 * Each file is a delivery. What a crash left in work/ is read again from its start, which the ledger meets as repeats:
 * nothing is lost and nothing counts twice in a study. A file whose name is in done/ or failed/ already gets "~2", "~3"
 * behind it. Lines that cannot be read are held for a person, and the file is done; a Bundle or .gz that cannot be read
 * to its end counts not at all, and has failed. What is in done/ is removed done_days after it came there, looked at
 * once an hour; what is in failed/ stays until a person removes it.
 *
 * The folder is looked at by a thread of libuv's every look_s, so that a file server that hangs holds up nobody else.
 */
#ifndef GATEWAY_SOURCES_FOLDER_H
#define GATEWAY_SOURCES_FOLDER_H

#include "gateway/sources/files.h"
#include "gateway/sources/pull.h"

/* Opens a delivery: the ledger's writer, or a test's fake. done as with struct gw_store; *delivery is filled by then.
 */
struct gw_deliveries {
    enum gw_status (*open)(struct gw_deliveries *deliveries, const char *source, const char *as_of, int64_t *delivery,
                           gw_writer_done done, void *ctx, struct gw_error *err);
};

struct gw_deliveries_writer {
    struct gw_deliveries deliveries; /* first */
    struct gw_writer *writer;
};
void gw_deliveries_writer_init(struct gw_deliveries_writer *deliveries, struct gw_writer *writer);

struct gw_folder_file { /* texts are valid during the call */
    const char *name;   /* the hospital's choice: it may tell of a patient, and belongs into no log */
    bool failed;
    const struct gw_error *failure; /* of a file that failed, else NULL */
    size_t entries, invalid, fresh, repeats, conflicts, door;
};

/* Borrowed until the end. */
struct gw_folder_settings {
    struct gw_store *store;
    struct gw_deliveries *deliveries;
    const struct gw_intake *intake; /* used on a thread of its own: its key and whose are for nobody else */
    const struct gw_clock *clock;   /* NULL: gw_system_clock */
    const char *path;
    unsigned quiet_s;      /* 0: 5 */
    unsigned look_s;       /* 0: 5 */
    bool by_record_number; /* the roster has people without an id here: each file is read for its Patients first */

    unsigned done_days; /* 0: files stay in done/ */

    /*
     * One file was read to its end and all of it is in the ledger: write down what follows from that, and call done
     * with the last two. The file is in work/ meanwhile, so that after a crash it is read, and this called, again. May
     * be NULL. Refused with a status and no callback, or a failure: the watching ends with it.
     */
    enum gw_status (*read)(void *ctx, gw_writer_done done, void *done_ctx, struct gw_error *err);

    /* Old files of done/ were removed, or could not be. May be NULL. */
    void (*purged)(void *ctx, size_t removed, size_t left);

    /* One file was moved to done/ or failed/. May be NULL. */
    void (*ended)(void *ctx, const struct gw_folder_file *file);
    void *ctx;
};

struct gw_folder;

/* The end, once, from the loop: after gw_folder_stop with failure NULL, or by itself with GW_EIO (ours: the ledger) or
 * GW_ECREATE, GW_ECONFIG (the folders cannot be made, or read). What is in work/ is read by the next start. */
typedef void (*gw_folder_done)(void *ctx, const struct gw_error *failure);

enum gw_status gw_folder_start(uv_loop_t *loop, const struct gw_folder_settings *settings, gw_folder_done done,
                               void *ctx, struct gw_folder **out, struct gw_error *err);
void gw_folder_stop(struct gw_folder *folder);
/* A thread is at work: on a virtual clock no time may pass meanwhile. */
bool gw_folder_at_work(const struct gw_folder *folder);

#endif
