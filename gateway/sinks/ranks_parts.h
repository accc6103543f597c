/*
 * What the files of the ranks share.
 */
#ifndef SINKS_RANKS_PARTS_H
#define SINKS_RANKS_PARTS_H

#include <string.h>

#include "sinks/ranks.h"

enum { RANKS_KEY_MAX_BYTES = 16 * 1024 * 1024 };

struct ranked {
    struct gw_row *row;
    const char *content;
    const char *referred; /* what the rows say that refer to it */
    const char *owner;    /* the id that it shares with rows of its table, as the windows of one value do; "" none */
    const char *family;   /* what these say, and what refers to them */
    const char *facts;    /* hashes of the bytes it came from */
};

/* An id that is replaced: of this column, in a row. */
static inline bool is_id(const struct gw_column *column)
{
    return column->type == GW_COLUMN_id && !column->stamp && strcmp(column->name, "subject_key") != 0;
}

static inline const char *id_cell(const struct gw_row *row, const struct gw_column *column)
{
    return *(const gw_cell_id *)((const char *)row + column->offset);
}

/* What an id is replaced by; NULL: not known yet. */
const char *ranks_known(const struct ranks *ranks, const char *id);

/* Fills in owner and family of rows whose content and references are known; their order is another then. */
void ranks_families(struct ranks *ranks, const struct gw_table *table, struct ranked *ranked, size_t count);

#endif
