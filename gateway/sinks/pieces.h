/*
 * Halves of halves: to find what of a shipment is refused while all else goes through. Private to the sinks.
 */
#ifndef SINKS_PIECES_H
#define SINKS_PIECES_H

#include <assert.h>
#include <stddef.h>

struct piece {
    size_t first, count;
};

struct pieces {
    struct piece list[64]; /* as deep as the logarithm of what there is */
    size_t count;
};

static inline void pieces_push(struct pieces *pieces, size_t first, size_t count)
{
    assert(pieces->count < sizeof pieces->list / sizeof *pieces->list);
    if (count > 0)
        pieces->list[pieces->count++] = (struct piece){first, count};
}

static inline void pieces_push_halves(struct pieces *pieces, struct piece piece)
{
    pieces_push(pieces, piece.first + piece.count / 2, piece.count - piece.count / 2);
    pieces_push(pieces, piece.first, piece.count / 2);
}

#endif
