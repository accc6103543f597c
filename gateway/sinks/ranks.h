/*
 * Ids of one subject replaced by ranks, so that what depends on a pseudonym key no longer shows.
 */
#ifndef SINKS_RANKS_H
#define SINKS_RANKS_H

#include "gateway/study/rows.h"

struct rank_slot {
    const char *id; /* NULL: free */
    const char *as; /* "observations#3" */
};

struct rank_reference {
    const char *id;
    const char *row; /* what the row says that refers to it */
};

struct ranks {
    struct gw_arena *arena;
    struct rank_reference *references; /* by id */
    size_t reference_count, reference_capacity;
    struct rank_slot *slots; /* open addressing, never more than half full */
    size_t capacity;         /* a power of two */
    bool failed;             /* the arena's limit */
};

/*
 * Put the rows of every table in the order of their content (ids aside, but for those known by then; then by
 * what refers to them, then by the facts they came from) and give every id in them its rank. Provenance orders, and is
 * no part of the result.
 */
void ranks_make(struct ranks *ranks, struct gw_arena *arena, struct gw_rows *rows);

/* A cell as it is printed: ids and lists of ids replaced. "" when empty; NULL at the arena's limit. */
const char *ranks_cell(struct ranks *ranks, const struct gw_table *table, const struct gw_row *row, size_t column);

#endif
