/*
 * What an arena is made of, for the JSON reader, whose time goes into taking items: the common case without a call.
 *
 * In sanitizer builds the part of a block that was not handed out is poisoned, and a gap is left behind each piece, so
 * that an overrun inside the arena shows.
 */
#ifndef CORE_ARENA_BLOCK_H
#define CORE_ARENA_BLOCK_H

#include <stddef.h>

#include "gateway/core/arena.h"

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_POISONED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISONED 1
#endif
#endif

#ifdef ARENA_POISONED
#include <sanitizer/asan_interface.h>
#define ARENA_GAP           16
#define arena_hide(at, n)   ASAN_POISON_MEMORY_REGION((at), (n))
#define arena_reveal(at, n) ASAN_UNPOISON_MEMORY_REGION((at), (n))
#else
#define ARENA_GAP           0
#define arena_hide(at, n)   ((void)(at), (void)(n))
#define arena_reveal(at, n) ((void)(at), (void)(n))
#endif

#define ARENA_ALIGN 16

struct gw_arena_block {
    struct gw_arena_block *older;
    size_t size; /* of bytes */
    size_t used;
    _Alignas(ARENA_ALIGN) unsigned char bytes[];
};

/* When the newest block has no room; NULL at the limit. align is 1 or ARENA_ALIGN. */
void *arena_take_slowly(struct gw_arena *arena, size_t size, size_t align);

static inline void *arena_take(struct gw_arena *arena, size_t size, size_t align)
{
    struct gw_arena_block *block = arena->blocks;

    if (block && size <= arena->limit - arena->used) {
        const size_t start = (block->used + align - 1) & ~(align - 1);
        if (start <= block->size && size <= block->size - start) {
            block->used = start + size + ARENA_GAP; /* may pass size: then the block is full */
            arena->used += size;
            arena_reveal(block->bytes + start, size);
            return block->bytes + start;
        }
    }
    return arena_take_slowly(arena, size, align);
}

#endif
