/*
 * Blocks from the heap, handed out from front to back and given back together.
 */
#include "core/arena_block.h"

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BLOCK = 4096, LARGEST_BLOCK = 1 << 20, FIRST_ITEMS = 8, SMALL_TEXT = 256 };

static struct gw_arena_block *block_new(size_t size)
{
    struct gw_arena_block *block;

    if (size > SIZE_MAX - sizeof *block)
        return NULL;
    block = malloc(sizeof *block + size);
    if (!block)
        return NULL;
    block->older = NULL;
    block->size = size;
    block->used = 0;
    arena_hide(block->bytes, size);
    return block;
}

static void block_free(struct gw_arena_block *block)
{
    arena_reveal(block->bytes, block->size);
    free(block);
}

/*
 * A block with room for size bytes becomes the newest. A piece larger than the usual block gets one of its own, and
 * what is left of the present block is lost with at most half of its room: blocks double.
 */
static bool grow(struct gw_arena *arena, size_t size)
{
    size_t usual = FIRST_BLOCK;

    if (arena->blocks)
        usual = arena->blocks->size < LARGEST_BLOCK / 2 ? 2 * arena->blocks->size : LARGEST_BLOCK;
    struct gw_arena_block *block = block_new(size > usual ? size : usual);
    if (!block)
        return false;
    block->older = arena->blocks;
    arena->blocks = block;
    return true;
}

void *arena_take_slowly(struct gw_arena *arena, size_t size, size_t align)
{
    if (size > arena->limit - arena->used || !grow(arena, size))
        return NULL;
    return arena_take(arena, size, align);
}

void *gw_arena_raw(struct gw_arena *arena, size_t size)
{
    return arena_take(arena, size ? size : 1, ARENA_ALIGN);
}

void *gw_arena_alloc(struct gw_arena *arena, size_t size)
{
    void *piece = gw_arena_raw(arena, size);

    return piece ? memset(piece, 0, size ? size : 1) : NULL;
}

char *gw_arena_copy(struct gw_arena *arena, const char *bytes, size_t length)
{
    char *copy = length < SIZE_MAX ? arena_take(arena, length + 1, 1) : NULL;

    if (!copy)
        return NULL;
    if (length)
        memcpy(copy, bytes, length);
    copy[length] = '\0';
    return copy;
}

char *gw_arena_print(struct gw_arena *arena, const char *format, ...)
{
    char small[SMALL_TEXT];
    va_list args;

    va_start(args, format);
    const int length = vsnprintf(small, sizeof small, format, args);
    va_end(args);
    if (length < 0)
        return NULL;
    if ((size_t)length < sizeof small) /* nearly always: formatted once */
        return gw_arena_copy(arena, small, (size_t)length);
    char *text = arena_take(arena, (size_t)length + 1, 1);
    if (!text)
        return NULL;
    va_start(args, format);
    vsnprintf(text, (size_t)length + 1, format, args);
    va_end(args);
    return text;
}

char *gw_arena_join(struct gw_arena *arena, char separator, const char *const *texts, size_t count)
{
    size_t total = 0;

    assert(count > 0);
    for (size_t i = 0; i < count; i++)
        total += (texts[i] ? strlen(texts[i]) : 0) + 1;
    char *const joined = arena_take(arena, total, 1);
    char *at = joined;
    for (size_t i = 0; joined && i < count; i++) {
        at = stpcpy(at, texts[i] ? texts[i] : "");
        *at++ = i + 1 < count ? separator : '\0';
    }
    return joined;
}

void gw_arena_clear(struct gw_arena *arena)
{
    struct gw_arena_block *kept = NULL;

    while (arena->blocks) {
        struct gw_arena_block *block = arena->blocks;
        arena->blocks = block->older;
        if (!kept || block->size > kept->size) {
            struct gw_arena_block *smaller = kept;
            kept = block;
            block = smaller;
        }
        if (block)
            block_free(block);
    }
    if (kept) {
        kept->older = NULL;
        kept->used = 0;
        arena_hide(kept->bytes, kept->size);
    }
    arena->blocks = kept;
    arena->used = 0;
}

void gw_arena_release(struct gw_arena *arena)
{
    gw_arena_clear(arena);
    if (arena->blocks)
        block_free(arena->blocks);
    arena->blocks = NULL;
}

void *gw_arena_push(struct gw_arena *arena, void **items, size_t *count, size_t *capacity, size_t size)
{
    unsigned char *list;

    memcpy(&list, items, sizeof list); /* the caller's pointer is of another type: no access through void * */
    if (*count == *capacity) {
        const size_t wider = *capacity ? 2 * *capacity : FIRST_ITEMS;
        if (wider > SIZE_MAX / 2 / size)
            return NULL;
        unsigned char *longer = gw_arena_raw(arena, wider * size);
        if (!longer)
            return NULL;
        if (*count)
            memcpy(longer, list, *count * size);
        memcpy(items, &longer, sizeof longer);
        list = longer;
        *capacity = wider;
    }
    return memset(list + (*count)++ * size, 0, size);
}
