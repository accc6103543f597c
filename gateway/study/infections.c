/*
 * The least grade that the treatment of an infection proves: an oral antiinfective, an intravenous one, intensive care
 * or a vasopressor. It grows with what was done; without any of it the grade is a person's.
 *
 * Source: NCI CTCAE 5.0; mappings/RULES.md 12.
 */
#include <stdlib.h>
#include <string.h>

#include "study/infections.h"
#include "study/order.h"

struct proof {
    gw_day day;
    int grade;
    size_t evidence;
};

static int by_day(const void *x, const void *y)
{
    const struct proof *a = x, *b = y;

    return order_then(ORDER(a->day, b->day), order_then(ORDER(b->grade, a->grade), ORDER(a->evidence, b->evidence)));
}

/* Intensive care while it lasted. */
static void cite_intensive(struct engine *e, struct episode *episode, const struct intensives *intensives)
{
    const gw_day last = episode_last_day(episode);

    for (size_t i = 0; i < intensives->count && intensives->list[i].first <= last; i++) {
        const struct intensive *found = &intensives->list[i];

        if (found->last < episode->onset)
            continue;
        episode_cite(e, episode,
                     (struct episode_evidence){.fact = found->fact,
                                               .kind = found->kind,
                                               .concept = found->concept,
                                               .role = "supporting",
                                               .day = found->first > episode->onset ? found->first : episode->onset,
                                               .grade = e->in->study->events.infection.intensive_grade,
                                               .rules = "treatment"});
    }
}

static void note_rises(struct engine *e, struct episode *episode, struct proof *proofs, size_t count)
{
    if (count > 1)
        qsort(proofs, count, sizeof *proofs, by_day);
    for (size_t i = 0; i < count; i++) {
        if (proofs[i].grade <= episode->max_grade)
            continue;
        episode->max_grade = proofs[i].grade;
        episode->max_day = proofs[i].day;
        episode_note_grade(e, episode, proofs[i].day, proofs[i].grade);
        if (!e->failed)
            episode->grades[episode->grade_count - 1].evidence = proofs[i].evidence;
    }
}

void infection_grade(struct engine *e, struct episode *episode, const struct intensives *intensives)
{
    struct proof *proofs;
    size_t count = 0;

    if (!e->in->study->events.infection.on || strcmp(episode->category, "INFECTION") != 0 || episode->max_grade >= 0)
        return;
    cite_intensive(e, episode, intensives);
    proofs = gw_arena_alloc(e->arena, (episode->evidence_count + 1) * sizeof *proofs);
    e->failed |= !proofs;
    for (size_t i = 0; i < episode->evidence_count && !e->failed; i++)
        if (episode->evidence[i].grade >= 0 && episode->evidence[i].day <= episode_last_day(episode))
            proofs[count++] =
                (struct proof){episode->evidence[i].day > episode->onset ? episode->evidence[i].day : episode->onset,
                               episode->evidence[i].grade, i};
    if (!e->failed)
        note_rises(e, episode, proofs, count);
}
