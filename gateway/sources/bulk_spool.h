/*
 * What the files of an export are called: in the notes of the ledger, and in the spool folder between download and
 * reading. Private to the bulk*.c files.
 */
#ifndef SOURCES_BULK_SPOOL_H
#define SOURCES_BULK_SPOOL_H

#include "gateway/sources/bulk.h"
#include "sources/bulk_job.h"

enum { BULK_PATH_BYTES = 4096 };

struct bulk_files {
    struct bulk_file *list;
    size_t count;
    bool *renewed; /* of each: its address was asked for again already */
};

/* The space of an endpoint's files and marks among the notes: "bulk.file.hm-ehr"; in the arena, NULL: out of memory. */
const char *bulk_space(struct gw_arena *arena, const char *kind, const char *endpoint);
void bulk_file_name(size_t index, char out[16]); /* of its note: "000003" */

void bulk_spool_path(const struct gw_bulk_settings *settings, const struct bulk_file *file, size_t index,
                     char out[BULK_PATH_BYTES]);

/* Delete all that is in the spool folder, or all but what the files say is spooled (files NULL: all). */
enum gw_status bulk_clean_spool(const struct gw_bulk_settings *settings, const struct bulk_files *files,
                                struct gw_error *err);

#endif
