/*
 * Values by concept: what looks for one kind of value among tens of thousands finds them together, in the order of the
 * list. Made once, when the last of them is there.
 */
#include <string.h>

#include "study/engine.h"

/* concept_first[c] becomes the number of values of the concepts before c. */
static void count(struct engine *e, size_t concepts)
{
    for (size_t i = 0; i < e->data_count; i++)
        if (e->data[i].code.lab)
            e->concept_first[e->data[i].code.lab->concept_number + 1]++;
    for (size_t c = 0; c < concepts; c++)
        e->concept_first[c + 1] += e->concept_first[c];
}

void stage_index(struct engine *e)
{
    const size_t concepts = gw_tables_concepts(e->in->tables);
    size_t *next = gw_arena_alloc(e->arena, (concepts + 1) * sizeof *next);

    e->concept_first = gw_arena_alloc(e->arena, (concepts + 1) * sizeof *e->concept_first);
    e->by_concept = gw_arena_raw(e->arena, (e->data_count + 1) * sizeof *e->by_concept);
    if (!next || !e->concept_first || !e->by_concept) {
        e->failed = true;
        return;
    }
    count(e, concepts);
    memcpy(next, e->concept_first, concepts * sizeof *next);
    for (size_t i = 0; i < e->data_count; i++)
        if (e->data[i].code.lab)
            e->by_concept[next[e->data[i].code.lab->concept_number]++] = &e->data[i];
}

struct values engine_values(const struct engine *e, const char *concept)
{
    const int number = gw_tables_concept(e->in->tables, concept);

    if (number < 0)
        return (struct values){NULL, 0};
    return (struct values){&e->by_concept[e->concept_first[number]],
                           e->concept_first[number + 1] - e->concept_first[number]};
}
