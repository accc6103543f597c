/*
 * Memory that is given back all at once: one page of results, one subject's derivation.
 *
 * Blocks grow by doubling up to 1 MiB; nothing is freed singly. The limit counts bytes handed out since the last clear:
 * past it gw_arena_alloc answers NULL, which callers report as GW_ENOMEM. Not shared between threads.
 */
#ifndef GATEWAY_CORE_ARENA_H
#define GATEWAY_CORE_ARENA_H

#include <stddef.h>

struct gw_arena_block;

struct gw_arena {
    struct gw_arena_block *blocks; /* newest first */
    size_t used;                   /* bytes handed out since the last clear */
    size_t limit;
};

#define GW_ARENA_INIT(limit_bytes)                                                                                     \
    {                                                                                                                  \
        NULL, 0, (limit_bytes)                                                                                         \
    }

/* Zero-filled memory aligned to 16 bytes, or NULL at the limit. */
void *gw_arena_alloc(struct gw_arena *arena, size_t size);

/* The same, not zero-filled: for texts and other bytes that are written at once. */
void *gw_arena_raw(struct gw_arena *arena, size_t size);

/* A NUL-terminated copy; NULL at the limit. */
char *gw_arena_copy(struct gw_arena *arena, const char *bytes, size_t length);
char *gw_arena_print(struct gw_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Texts, one or more, one behind the other with a separator between them, as an id has them: NULL is empty. */
char *gw_arena_join(struct gw_arena *arena, char separator, const char *const *texts, size_t count);

/* Everything handed out is void from here on; the largest block is kept for reuse. */
void gw_arena_clear(struct gw_arena *arena);
void gw_arena_release(struct gw_arena *arena);

/*
 * A list that grows inside an arena. The old storage stays in the arena until it is cleared, so pointers into it remain
 * readable but no longer belong to the list.
 *
 *      struct item *item = GW_ARENA_PUSH(arena, list->items, list->count, list->capacity);
 *
 * Gives a zero-filled element, or NULL at the limit.
 */
void *gw_arena_push(struct gw_arena *arena, void **items, size_t *count, size_t *capacity, size_t size);
#define GW_ARENA_PUSH(arena, items, count, capacity)                                                                   \
    ((__typeof__(items))gw_arena_push((arena), (void **)&(items), &(count), &(capacity), sizeof *(items)))

#endif
