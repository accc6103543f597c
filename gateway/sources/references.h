/*
 * Medications that the records of a walk refer to, each once, in order of appearance: by id, or by an identifier of
 * theirs.
 */
#ifndef SOURCES_REFERENCES_H
#define SOURCES_REFERENCES_H

#include "gateway/sources/pull.h"

#define REFERENCE_BY_IDENTIFIER '?' /* before "system|value", where others are ids */

struct references {
    struct gw_id_set *known;
    char **list;
    size_t count, capacity;
    size_t next; /* to be read */
};

bool references_init(struct references *references); /* false: out of memory */
void references_release(struct references *references);
void references_clear(struct references *references);
bool references_add(struct references *references, const struct gw_keep_reference *reference); /* false: no memory */

/* The first that is to be read and was not had yet; NULL: none. It stays the next one until references_take. */
const char *references_next(struct references *references, const struct gw_id_set *had);
void references_take(struct references *references);
size_t references_left(const struct references *references);

/* Its address, appended: a read, or a search of `count` a page. arena: of what the search needs. false: no memory. */
bool references_url(struct gw_arena *arena, const char *reference, const char *base, unsigned count, int fhir_version,
                    struct gw_text *url);

#endif
