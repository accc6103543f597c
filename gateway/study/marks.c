/*
 * A mark is of the round in which its fact was seen last, so that nothing needs to be wiped between two rounds.
 */
#include "study/marks.h"

void marks_begin(struct engine *e)
{
    if (!e->fact_marks)
        e->fact_marks = gw_arena_alloc(e->arena, (e->in->fact_count + 1) * sizeof *e->fact_marks);
    e->failed |= !e->fact_marks;
    e->mark_round++;
}

int marks_see(struct engine *e, size_t fact)
{
    struct fact_mark *mark = e->fact_marks ? &e->fact_marks[fact] : NULL;

    if (!mark)
        return 0;
    if (mark->round != e->mark_round)
        *mark = (struct fact_mark){.round = e->mark_round};
    return mark->seen++;
}

void marks_note(struct engine *e, size_t **list, size_t *count, size_t *capacity, size_t fact)
{
    size_t *slot;

    if (marks_see(e, fact) > 0)
        return;
    slot = gw_arena_push(e->arena, (void **)list, count, capacity, sizeof **list);
    if (slot)
        *slot = fact;
    else
        e->failed = true;
}
