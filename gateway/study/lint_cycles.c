/*
 * Rules that lead back to themselves: spellings of spellings, codes of codes, parameters of parameters.
 *
 * A walk in depth without recursion. What is still open on the way down and is met again closes a cycle; what was left
 * for good is never entered again, so that each edge is looked at once.
 */
#include <stdlib.h>
#include <string.h>

#include "study/lint_parts.h"

enum state { NEW, OPEN, DONE };

struct step { /* a node by its first edge, and which of its edges comes next */
    size_t node;
    size_t next;
};

struct walk {
    struct lint *l;
    const char *path;
    const struct lint_edge *edges; /* sorted by from */
    size_t count;
    enum state *states; /* by first edge */
    struct step *steps;
    size_t depth;
    lint_tell_cycle *tell;
    bool failed;
};

static int by_ends(const void *a, const void *b)
{
    const struct lint_edge *x = a, *y = b;
    const int order = strcmp(x->from, y->from);

    return order ? order : strcmp(x->to, y->to);
}

/* The first edge that leaves a thing; count: none does. */
static size_t node_of(const struct walk *w, const char *name)
{
    size_t low = 0, high = w->count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (strcmp(w->edges[middle].from, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < w->count && strcmp(w->edges[low].from, name) == 0 ? low : w->count;
}

static void tell(struct walk *w, size_t node, const struct lint_edge *closing)
{
    const char *way = "";
    size_t at = w->depth;

    while (w->steps[at - 1].node != node)
        at--;
    for (; at <= w->depth && way; at++)
        way = gw_arena_print(w->l->arena, "%s%s -> ", way, w->edges[w->steps[at - 1].node].from);
    way = way ? gw_arena_print(w->l->arena, "%s%s", way, closing->to) : NULL;
    if (way)
        w->tell(w->l, w->path, way, closing);
    else
        w->failed = true;
}

static void enter(struct walk *w, size_t node)
{
    w->states[node] = OPEN;
    w->steps[w->depth++] = (struct step){node, node};
}

static void walk_from(struct walk *w, size_t start)
{
    enter(w, start);
    while (w->depth > 0 && !w->failed) {
        struct step *const top = &w->steps[w->depth - 1];
        const struct lint_edge *const edge = &w->edges[top->next];
        size_t node;

        if (top->next == w->count || strcmp(edge->from, w->edges[top->node].from) != 0) {
            w->states[top->node] = DONE;
            w->depth--;
            continue;
        }
        top->next++;
        node = node_of(w, edge->to);
        if (node < w->count && w->states[node] == OPEN)
            tell(w, node, edge);
        else if (node < w->count && w->states[node] == NEW)
            enter(w, node);
    }
}

bool lint_cycles(struct lint *l, const char *path, struct lint_edge *edges, size_t count, lint_tell_cycle *told)
{
    struct walk w = {.l = l, .path = path, .edges = edges, .count = count, .tell = told};

    if (count == 0)
        return true;
    qsort(edges, count, sizeof *edges, by_ends);
    w.states = gw_arena_alloc(l->arena, count * sizeof *w.states);
    w.steps = gw_arena_alloc(l->arena, count * sizeof *w.steps);
    if (!w.states || !w.steps)
        return false;
    for (size_t i = 0; i < count && !w.failed; i++)
        if ((i == 0 || strcmp(edges[i - 1].from, edges[i].from) != 0) && w.states[i] == NEW)
            walk_from(&w, i);
    return !w.failed;
}
