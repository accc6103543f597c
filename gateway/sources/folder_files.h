/*
 * The four folders of a watched folder, as a thread sees them: incoming/, work/, done/, failed/. No loop, no ledger.
 *
 * path: the watched folder, short enough (folder_fits). A failure of the file system is GW_ECREATE with what to do.
 */
#ifndef SOURCES_FOLDER_FILES_H
#define SOURCES_FOLDER_FILES_H

#include "gateway/core/error.h"
#include "sources/sightings.h"

#define FOLDER_PATH_BYTES 4096
#define FOLDER_PATH_MOST  (FOLDER_PATH_BYTES - 3 * 255) /* of the watched folder's: names follow */

bool folder_fits(const char *path);

/* A file in one of them: the three names with a slash between. */
void folder_path(const char *path, const char *folder, const char *name, char out[FOLDER_PATH_BYTES]);

enum gw_status folder_make(const char *path, struct gw_error *err); /* those that are missing */

/* The regular files of one of them, added. GW_ENOMEM too. */
enum gw_status folder_list(const char *path, const char *folder, struct sightings *out, struct gw_error *err);

/* From incoming/ to work/. GW_ERETRY: somebody took it back. */
enum gw_status folder_take(const char *path, const char *name, struct gw_error *err);

/* From work/ to done/, or with a failure to failed/ beside a file that says why. No file takes another's place. */
enum gw_status folder_put(const char *path, const char *name, const struct gw_error *failure, struct gw_error *err);

/* What became of old files. */
struct folder_purge {
    size_t removed;
    size_t left; /* that could not be */
};

/* Remove what was put into done/ before an instant, UTC seconds. failed/ is for people, and is never touched. */
void folder_purge(const char *path, int64_t before, struct folder_purge *out);

#endif
