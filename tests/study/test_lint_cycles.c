/*
 * Rules that lead back to themselves.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdio.h>
#include <string.h>

#include "study/lint_parts.h"

static struct gw_arena arena = GW_ARENA_INIT((size_t)1 << 20);
static char told[400];

static void release(void)
{
    gw_arena_release(&arena);
}

TestSuite(lint_cycles, .fini = release);

static void tell(struct lint *l, const char *path, const char *way, const struct lint_edge *closing)
{
    (void)l;
    snprintf(told + strlen(told), sizeof told - strlen(told), "%s%s (%s:%u)", *told ? "; " : "", way, path,
             closing->line);
}

/* An edge is two letters, the line its place: "ab bc" is a -> b in line 1 and b -> c in line 2. */
static const struct {
    const char *what;
    const char *edges;
    const char *told;
} cases[] = {
    {"nothing", "", ""},
    {"one rule", "ab", ""},
    {"a chain", "ab bc cd", ""},
    {"a thing made of itself", "aa", "a -> a (f:1)"},
    {"there and back", "ab ba", "a -> b -> a (f:2)"},
    {"a way round behind a chain", "ab bc cd db", "b -> c -> d -> b (f:4)"},
    {"two ways that meet are no way round", "ab ac bd cd", ""},
    {"two ways round apart", "ab ba cd dc", "a -> b -> a (f:2); c -> d -> c (f:4)"},
    {"a way round entered from outside is told once", "xb yb bc cb", "b -> c -> b (f:4)"},
    {"two ways round through one thing", "ab ba ac ca", "a -> b -> a (f:2); a -> c -> a (f:4)"},
    {"the order of the rules does not matter", "ca ab bc", "a -> b -> c -> a (f:1)"},
};

Test(lint_cycles, are_told_with_the_rule_that_closes_them)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lint l = {.arena = &arena};
        struct lint_edge edges[8];
        size_t count = 0;

        for (const char *at = cases[i].edges; *at; at += at[2] ? 3 : 2) {
            const char *const from = gw_arena_copy(&arena, at, 1), *const to = gw_arena_copy(&arena, at + 1, 1);

            edges[count] = (struct lint_edge){from, to, (unsigned)count + 1};
            count++;
        }
        *told = '\0';
        cr_expect(lint_cycles(&l, "f", edges, count, tell), "%s", cases[i].what);
        cr_expect(strcmp(told, cases[i].told) == 0, "%s: %s", cases[i].what, told);
        gw_arena_clear(&arena);
    }
}

Test(lint_cycles, are_not_called_absent_when_memory_ends)
{
    bool whole = false;
    size_t cut_short = 0;

    for (size_t limit = 0; !whole; limit++) {
        struct gw_arena small = GW_ARENA_INIT(limit);
        struct lint l = {.arena = &small};
        struct lint_edge edges[] = {{"a", "b", 1}, {"b", "a", 2}, {"c", "a", 3}};

        *told = '\0';
        whole = lint_cycles(&l, "f", edges, 3, tell);
        cut_short += !whole;
        cr_expect(eq(int, strcmp(told, "a -> b -> a (f:2)") == 0, whole), "%zu bytes: %s", limit, told);
        gw_arena_release(&small);
    }
    cr_expect(gt(sz, cut_short, 20));
}
