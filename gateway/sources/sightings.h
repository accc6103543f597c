/*
 * When is a file whole that somebody else is writing? Pure: what was seen, and when, in; which of them are whole, out.
 *
 * A file counts when its name is no temporary one and its size and time were the same for so long (quiet), or when it
 * came by a rename from a temporary name in the same folder. Temporary: a leading dot, or an ending .part, .tmp,
 * .partial, .filepart, .crdownload, or '~'.
 */
#ifndef SOURCES_SIGHTINGS_H
#define SOURCES_SIGHTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sighting {
    const char *name; /* a copy, in a list */
    uint64_t inode;
    uint64_t size;
    int64_t modified_ns;
    uint64_t still_since_ms; /* of our monotonic clock: filled by sightings_update */
    bool whole;              /* likewise */
};

struct sightings {
    struct sighting *list; /* oldest modification first, then by name */
    size_t count, capacity;
};

bool sightings_add(struct sightings *sightings, const struct sighting *sighting); /* copies; false: out of memory */
void sightings_clear(struct sightings *sightings);
void sightings_release(struct sightings *sightings);

/* What is seen now, by what was seen before (may be empty); sorts it. */
void sightings_update(struct sightings *now, const struct sightings *before, uint64_t now_ms, uint64_t quiet_ms);

bool sighting_is_temporary(const char *name);

#endif
