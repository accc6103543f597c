/*
 * Memory given back all at once, within its limit.
 */
#include "gateway/core/arena.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdint.h>
#include <string.h>

Test(arena, hands_out_aligned_zeroes)
{
    struct gw_arena arena = GW_ARENA_INIT(1 << 20);

    for (size_t size = 0; size < 300; size++) {
        unsigned char *piece = gw_arena_alloc(&arena, size);
        cr_assert(piece != NULL, "%zu bytes", size);
        cr_expect(eq(sz, (uintptr_t)piece % 16, 0), "%zu bytes", size);
        for (size_t i = 0; i < size; i++)
            cr_assert(piece[i] == 0, "byte %zu of %zu", i, size);
        memset(piece, 0xAA, size);
    }
    gw_arena_release(&arena);
}

Test(arena, zeroes_what_was_used_before_a_clear)
{
    struct gw_arena arena = GW_ARENA_INIT(4096);
    unsigned char *first = gw_arena_raw(&arena, 64);

    memset(first, 0xAA, 64);
    gw_arena_clear(&arena);
    unsigned char *again = gw_arena_alloc(&arena, 64);
    cr_assert(eq(ptr, again, first), "the block is reused, else this test tells nothing");
    for (size_t i = 0; i < 64; i++)
        cr_expect(again[i] == 0);
    gw_arena_release(&arena);
}

Test(arena, stops_exactly_at_the_limit)
{
    struct gw_arena arena = GW_ARENA_INIT(100);

    cr_expect(gw_arena_alloc(&arena, 101) == NULL);
    cr_expect(gw_arena_alloc(&arena, SIZE_MAX) == NULL);
    cr_expect(gw_arena_copy(&arena, "", SIZE_MAX) == NULL);
    cr_expect(eq(sz, arena.used, 0), "what was refused counts for nothing");
    cr_expect(gw_arena_alloc(&arena, 60) != NULL);
    cr_expect(gw_arena_alloc(&arena, 41) == NULL);
    cr_expect(gw_arena_alloc(&arena, 40) != NULL);
    cr_expect(gw_arena_alloc(&arena, 1) == NULL);
    cr_expect(eq(sz, arena.used, 100));
    gw_arena_clear(&arena);
    cr_expect(gw_arena_alloc(&arena, 100) != NULL, "a clear begins anew");
    gw_arena_release(&arena);
}

Test(arena, copies_and_prints_texts)
{
    struct gw_arena arena = GW_ARENA_INIT(4096);

    cr_expect(eq(str, gw_arena_copy(&arena, "abcdef", 3), (char *)"abc"));
    cr_expect(eq(str, gw_arena_copy(&arena, NULL, 0), (char *)""));
    cr_expect(eq(str, gw_arena_print(&arena, "%s-%02d", "T30", 1), (char *)"T30-01"));
    cr_expect(eq(sz, arena.used, 4 + 1 + 7));
    arena.limit = arena.used + 4;
    cr_expect(gw_arena_print(&arena, "%s", "abcd") == NULL);
    cr_expect(gw_arena_print(&arena, "%s", "abc") != NULL);
    gw_arena_release(&arena);
}

Test(arena, prints_texts_of_any_length)
{
    struct gw_arena arena = GW_ARENA_INIT(1 << 20);

    for (int length = 250; length < 262; length++) {
        const char *text = gw_arena_print(&arena, "%0*d", length, 7);
        cr_assert(text != NULL);
        cr_expect(strlen(text) == (size_t)length && text[length - 1] == '7' && text[0] == '0', "%d", length);
    }
    gw_arena_release(&arena);
}

Test(arena, joins_texts)
{
    static const char *const texts[] = {"hm", NULL, "o-1", ""};
    struct gw_arena arena = GW_ARENA_INIT(9);

    cr_expect(eq(str, gw_arena_join(&arena, '|', texts, 4), (char *)"hm||o-1|"));
    cr_expect(gw_arena_join(&arena, '|', texts, 1) == NULL, "at the limit");
    gw_arena_release(&arena);

    arena = (struct gw_arena)GW_ARENA_INIT(64);
    cr_expect(eq(str, gw_arena_join(&arena, '|', texts, 1), (char *)"hm"));
    gw_arena_release(&arena);
}

Test(arena, keeps_every_piece_apart)
{
    enum { PIECES = 3000 };
    static unsigned char *pieces[PIECES];
    struct gw_arena arena = GW_ARENA_INIT(SIZE_MAX);

    for (size_t i = 0; i < PIECES; i++) { /* sizes around and far above a block */
        const size_t size = i % 500 == 499 ? 3 << 20 : i % 97 + 1;
        pieces[i] = gw_arena_raw(&arena, size);
        cr_assert(pieces[i] != NULL);
        memset(pieces[i], (int)(i & 0xFF), size);
    }
    for (size_t i = 0; i < PIECES; i++) {
        const size_t size = i % 500 == 499 ? 3 << 20 : i % 97 + 1;
        cr_assert(pieces[i][0] == (i & 0xFF) && pieces[i][size - 1] == (i & 0xFF), "piece %zu", i);
    }
    gw_arena_release(&arena);
}

Test(arena, can_be_cleared_and_released_at_any_time)
{
    struct gw_arena arena = GW_ARENA_INIT(1 << 20);

    gw_arena_clear(&arena);
    gw_arena_release(&arena);
    cr_expect(gw_arena_alloc(&arena, 10) != NULL);
    gw_arena_release(&arena);
    gw_arena_release(&arena);
    cr_expect(arena.blocks == NULL);
    cr_expect(eq(sz, arena.used, 0));
}

Test(arena, needs_no_new_block_for_the_same_work_again)
{
    struct gw_arena arena = GW_ARENA_INIT(SIZE_MAX);
    const struct gw_arena_block *settled = NULL;

    for (int page = 0; page < 20; page++) {
        for (int i = 0; i < 1000; i++)
            cr_assert(gw_arena_alloc(&arena, 100) != NULL);
        if (page == 10)
            settled = arena.blocks;
        if (page > 10)
            cr_expect(arena.blocks == settled, "page %d", page);
        gw_arena_clear(&arena);
    }
    gw_arena_release(&arena);
}

struct point {
    int x;
    char name[20];
};

Test(arena, grows_a_list_and_leaves_old_elements_readable)
{
    struct gw_arena arena = GW_ARENA_INIT(1 << 20);
    struct point *points = NULL;
    size_t count = 0;
    size_t capacity = 0;
    const struct point *first = NULL;

    for (int i = 0; i < 1000; i++) {
        struct point *point = GW_ARENA_PUSH(&arena, points, count, capacity);
        cr_assert(point != NULL);
        cr_assert(eq(int, point->x, 0));
        point->x = i + 1;
        if (i == 0)
            first = point;
    }
    cr_expect(eq(sz, count, 1000));
    cr_expect(eq(int, first->x, 1));
    for (int i = 0; i < 1000; i++)
        cr_assert(eq(int, points[i].x, i + 1));
    gw_arena_release(&arena);
}

Test(arena, leaves_a_list_as_it_is_at_the_limit)
{
    struct gw_arena arena = GW_ARENA_INIT(8 * sizeof(struct point));
    struct point *points = NULL;
    size_t count = 0;
    size_t capacity = 0;

    for (int i = 0; i < 8; i++) {
        const struct point *point = GW_ARENA_PUSH(&arena, points, count, capacity);
        cr_assert(point != NULL);
    }
    const struct point *before = points;
    const struct point *ninth = GW_ARENA_PUSH(&arena, points, count, capacity);
    cr_expect(ninth == NULL);
    cr_expect(eq(ptr, points, (void *)before));
    cr_expect(eq(sz, count, 8));
    gw_arena_release(&arena);
}
