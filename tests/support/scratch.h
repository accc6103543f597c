/*
 * A folder of a test's own.
 *
 *      struct scratch scratch;
 *      scratch_init(&scratch);
 *      ... scratch_write(&scratch, "a.csv", "x,y\n") ...
 *      scratch_release(&scratch);
 */
#ifndef SUPPORT_SCRATCH_H
#define SUPPORT_SCRATCH_H

#include <stddef.h>

struct scratch {
    char folder[64];
    char path[256]; /* what scratch_path answered last */
};

void scratch_init(struct scratch *scratch);    /* aborts when there is no room for it */
/* Where nothing is waited for a disk, if there is such a place: for tests that are about something else. */
void scratch_init_in_memory(struct scratch *scratch);
void scratch_release(struct scratch *scratch); /* with all that is in it */

/* The path of a name in the folder, valid until the next call. */
const char *scratch_path(struct scratch *scratch, const char *name);

/* A file with these bytes (or this text), and its path. */
const char *scratch_put(struct scratch *scratch, const char *name, const void *bytes, size_t length);
const char *scratch_write(struct scratch *scratch, const char *name, const char *text);

/* How many entries the folder has. */
size_t scratch_count(const struct scratch *scratch);

#endif
