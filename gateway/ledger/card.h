/*
 * A card: what the ledger knows of one version of a resource, as it lies before the raw bytes in a page's blob.
 *
 *      card ──> appended with the page (keep.c) ──> indexed when its subject is read (index.c)
 *
 * Fixed fields in the machine's own byte order, then id, version, lastUpdated, the keys of its references, the raw
 * bytes and a NUL.
 */
#ifndef LEDGER_CARD_H
#define LEDGER_CARD_H

#include "ledger/store.h"

struct card {
    uint8_t key[KEY_BYTES]; /* of (endpoint, type, id) */
    uint8_t sha256[GW_SHA256_BYTES];
    int64_t kind;
    int64_t source;
    uint32_t line;
    uint32_t part_count;
    uint32_t flags;
    uint32_t reference_count;
    uint32_t id_length;
    uint32_t version_length;
    uint32_t last_updated_length; /* with its NUL as the two above; 0: none */
    uint32_t raw_length;
};

/* A card with the texts it stands before. Borrowed from the blob or the entry. */
struct carded {
    struct card card;
    const char *id;
    const char *version; /* as in entries.version */
    const char *last_updated;
    const uint8_t *references; /* reference_count keys */
    struct gw_slice raw;
    size_t offset; /* of raw in the blob */
};

/* Append to a blob; fills in offset. False: no memory. */
bool card_write(struct bytes *blob, struct carded *carded);
/* Read the one at *offset and move it to the next; false: damaged. */
bool card_read(const char *blob, size_t length, size_t *offset, struct carded *out);

/* A page's blob, unpacked. */
struct page {
    int64_t number;
    int64_t delivery;
    int64_t fetched_at;
    char *bytes;
    size_t length;
};

/*
 * The facts of a subject that has no index row yet, out of the cards of its pages: sorted as the rows will be, and
 * written when they are settled (fresh.c). *unique is false, and nothing added, where a version came more than once:
 * index_version tells repeats from conflicts.
 */
enum gw_status fresh_facts(struct gw_ledger *ledger, struct gw_arena *arena, const struct page *pages, size_t count,
                           struct gw_kept_facts *facts, bool *unique, struct gw_error *err);

enum gw_status ledger_damaged(struct gw_ledger *ledger, struct gw_error *err);

/* Where a version was read. */
struct reading_place {
    int64_t subject;
    int64_t page;
    int64_t delivery;
};

/* Its links alone. */
enum gw_status index_links(struct gw_ledger *ledger, int64_t subject, const struct carded *carded,
                           struct gw_error *err);

/*
 * Give a version its index row, with its links. A known version with the same bytes becomes a repeat (a row of state
 * unchanged), one with other bytes is kept beside it and flagged.
 */
enum gw_status index_version(struct gw_ledger *ledger, const struct reading_place *place, const struct carded *carded,
                             enum gw_kept_as *kept_as, struct gw_error *err);

/*
 * A known version came again with the same bytes: a row of state unchanged. *reordered: it is now the newest of
 * versions that only their deliveries order.
 */
enum gw_status index_repeat(struct gw_ledger *ledger, const struct reading_place *place, const struct carded *carded,
                            bool *reordered, struct gw_error *err);

/* Whether this version is indexed, and with the same bytes (under its versionId or beside it). */
enum gw_status index_find(struct gw_ledger *ledger, int64_t subject, const struct carded *carded, bool *found,
                          bool *same, struct gw_error *err);

#endif
