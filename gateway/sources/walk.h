/*
 * What one walk through the pages of a search remembers: where it was, what it met, how far the server's clock stands.
 * No loop, no I/O.
 */
#ifndef SOURCES_WALK_H
#define SOURCES_WALK_H

#include "gateway/sources/pull.h"
#include "sources/instant.h"
#include "sources/references.h"

struct walk {
    struct gw_id_set *urls;
    struct gw_id_set *ids; /* "Observation/o-1" */
    struct references references;
    size_t pages;
    size_t entries;
    unsigned barren;      /* pages in a row without a new id */
    int64_t server_date;  /* of the first answer, UTC seconds; 0: it gave none */
    int64_t last_updated; /* greatest seen, nanoseconds; INT64_MIN: none */
};

enum gw_status walk_init(struct walk *walk, struct gw_error *err);
void walk_release(struct walk *walk);
void walk_restart(struct walk *walk);

/* Another part of the same search begins: its pages are its own, references and stamps are those of all parts. */
void walk_slice(struct walk *walk);

/* About to ask this URL: GW_EPROTO when this walk asked it before. */
enum gw_status walk_visit(struct walk *walk, const char *url, struct gw_error *err);

/*
 * Count a page. date: of its answer; goes_on: it has a next link. GW_EPROTO when it goes on and is the second in a row
 * without a new id, or one too many.
 */
enum gw_status walk_page(struct walk *walk, const struct gw_keep_entry *entries, size_t count, int64_t date,
                         bool goes_on, struct gw_error *err);

/* The watermark to keep with the cursor, never before `known` (NULL or "": none). "" when there is none. */
void walk_watermark(const struct walk *walk, const char *known, char out[INSTANT_BYTES]);

#endif
