/*
 * A file that is written from a text buffer, a piece at a time. Private to the sinks.
 */
#ifndef SINKS_TEXT_FILE_H
#define SINKS_TEXT_FILE_H

#include "gateway/core/error.h"
#include "gateway/core/text.h"

struct text_file {
    struct gw_text text; /* what is appended here goes to the file with the next flush */
    char *path;
    int fd;
    struct gw_error *err;
};

void text_file_init(struct text_file *file, struct gw_error *err);
void text_file_release(struct text_file *file); /* closes what a failure left open */

/* DIR/NAME, new or emptied, mode 0600. GW_ECREATE. */
enum gw_status text_file_open(struct text_file *file, const char *dir, const char *name);
/* Once enough has gathered, or in any case. GW_EIO. */
enum gw_status text_file_flush_some(struct text_file *file);
enum gw_status text_file_flush(struct text_file *file);
/* These bytes in place of what was written (or gathered) from this offset on. */
enum gw_status text_file_patch(struct text_file *file, size_t offset, const char *bytes);
/* Everything written, and closed. */
enum gw_status text_file_close(struct text_file *file);

#endif
