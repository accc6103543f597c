/*
 * Files in: NDJSON, NDJSON.gz, single resources and Bundles, from files and folders, in bounded memory.
 *
 * How a file is read is decided by its first bytes, not by its name: a Bundle whole (up to 64 MiB), a first line that
 * is a JSON value as lines, anything else as one resource. Lines are read where they lie, one parsed tree at a time.
 *
 * A line that cannot be read, or is longer than 2 MiB, is held (RESOURCE_INVALID) and the next one read. A Bundle or
 * gzip file that cannot be read to its end counts not at all: a .gz is inflated once for its checksum before anything
 * of it is handed on. A file refused does not stop the others.
 */
#ifndef GATEWAY_SOURCES_FILES_H
#define GATEWAY_SOURCES_FILES_H

#include "gateway/sources/intake.h"

#define GW_FILES_LINE_MAX     (2u << 20)
#define GW_FILES_BUNDLE_MAX   (64u << 20)
#define GW_FILES_PAGE_ENTRIES 1000u
#define GW_FILES_PAGE_BYTES   (3u << 19) /* 1.5 MiB of raw bytes */

struct gw_files {
    const struct gw_intake *intake;

    /*
     * A page of entries for gw_ledger_keep, valid during the call: one for each subject whose it is, so that it may be
     * a few longer than GW_FILES_PAGE_ENTRIES. A failure ends the reading with it.
     */
    enum gw_status (*page)(void *ctx, struct gw_keep_entry *entries, size_t count, struct gw_error *err);
    /* A file that counts not at all: GW_EINPUT, GW_ENOMEM (over a limit) or GW_ENOINPUT. May be NULL. */
    void (*refused)(void *ctx, const char *path, const struct gw_error *failure);
    /* An entry that is held: "obs.ndjson:15" and why, never its text. May be NULL. */
    void (*invalid)(void *ctx, const char *place, const char *reason);
    void *ctx;

    /* What other readers than `map` want of it; all may be NULL or false. */
    const char *base; /* the source of what could be read: "https://fhir.example.org/r4/", as a search has it */
    bool bundles;     /* it is NDJSON whose lines may be Bundles: what a bulk export says was deleted */
    void (*met)(void *ctx, const struct gw_entry *entry); /* each entry that is JSON, before the door */
};

struct gw_files_answer {   /* added up from call to call */
    size_t files;          /* read to their end */
    size_t refused;        /* counted not at all */
    size_t skipped;        /* in folders: of other names than *.json, *.ndjson, *.jsonl, each also with .gz */
    size_t entries;        /* handed on, the held ones too; one that is of two subjects is one */
    size_t invalid;        /* of these held at the door */
    struct gw_error first; /* of the files refused; status GW_OK: none */
};

/*
 * Read one input. A file's source is its name without folders ("obs.ndjson:12"); a folder's files are taken in order of
 * name, those of folders inside it too, each with its path below the input ("2024/obs.ndjson:12"). Bundle entries have
 * their index, from 1, where lines have their line. An input that is not there or no regular file, or an empty folder,
 * counts as a file refused (GW_ENOINPUT). GW_OK also when files were refused; else the page callback's failure, or
 * GW_ENOMEM.
 */
enum gw_status gw_files_read(const struct gw_files *files, const char *path, struct gw_files_answer *answer,
                             struct gw_error *err);

#endif
