/*
 * Files being read, in parts. Private to the files*.c files.
 *
 *      files.c        inputs: folders, what a file is by its name and its first bytes
 *      files_page.c   what fills a page: lines, or the entries of a whole file
 */
#ifndef SOURCES_FILES_PARTS_H
#define SOURCES_FILES_PARTS_H

#include "gateway/sources/files.h"
#include "sources/lines.h"

struct reading {
    const struct gw_files *files;
    struct gw_files_answer *answer;
    struct gw_error *err;

    struct lines lines;
    struct gw_arena tree; /* of the line at hand */
    struct gw_arena text; /* of the page's entries */
    struct gw_keep_entry *entries;
    size_t count, capacity;
    size_t bytes;
    const char *source; /* name of the file at hand, in messages and ledger */
};

/* A failure of the file itself comes back in *failure, one that ends everything as the status. */
enum gw_status files_read_lines(struct reading *r, struct gw_error *failure);

/* is_bundle: by its looks; else it is one resource, unless it turns out to be a Bundle. */
enum gw_status files_read_whole(struct reading *r, bool is_bundle, struct gw_error *failure);

#endif
