/*
 * Days of one drug that follow each other in one dose and rhythm, put together to exposures.
 *
 * Single doses that follow each other make a rhythm; a gap that the dose or its rhythm explains ends no run. Source:
 * mappings/RULES.md 14.
 */
#include "study/exposure.h"
#include "study/marks.h"

struct merging {
    struct engine *e;
    bool study_drug;
    gw_day seen; /* what nobody has collected yet is no part of a row */
    bool single; /* each administration stands for itself */
};

/* Days without drug that still make no gap between two stretches of one dose. */
static int tolerance(const struct merging *m, const struct stretch *last, const struct stretch *next, int apart)
{
    const struct gw_exposure_rules *rules = &m->e->in->study->exposure;
    const bool alternate = (last->rhythm.every == 2 && next->rhythm.every == 2) ||
                           (last->rhythm.every == 0 && next->rhythm.every == 0 && apart == 2);

    if (alternate && rules->on)
        return rules->alternate_day_tolerance_days;
    return rules->drug_gap_days + (next->rhythm.every > 1 ? next->rhythm.every - 1 : 0);
}

/* apart: days between the doses before, where they were single and two days apart; else 0. */
static bool continues(const struct merging *m, const struct stretch *last, const struct stretch *next, int apart)
{
    if (last->last == GW_DAY_MAX || last->rank != next->rank || last->conflict != next->conflict ||
        !rhythm_equal(&last->rhythm, &next->rhythm) || !dose_equal(m->e, &last->dose, &next->dose) ||
        last->use->route != next->use->route || (m->single && next->rhythm.every == 0))
        return false;
    return next->first - last->until - 1 <= tolerance(m, last, next, apart);
}

/* Single doses that follow each other are daily, or alternate where each lies two days after the one before. */
static struct rhythm rhythm_of_doses(const struct stretch *list, size_t count)
{
    struct rhythm rhythm = list[0].rhythm;
    bool alternate = count > 1;

    if (rhythm.every != 0 || count == 1)
        return rhythm;
    for (size_t i = 1; i < count; i++)
        alternate &= list[i].first - list[i - 1].first > 1;
    rhythm.every = alternate ? 2 : 1;
    return rhythm;
}

/* Of the stretches seen; of one that nobody saw yet, all the same. */
static size_t seen_of(const struct merging *m, const struct stretch *list, size_t count)
{
    size_t seen = 1;

    while (seen < count && list[seen].first <= m->seen)
        seen++;
    return seen;
}

/* The records of the stretches, those that decided them before those of less weight. */
static void gather_facts(struct engine *e, const struct stretch *list, size_t count, struct exposure *out)
{
    size_t *facts = NULL, *others = NULL;
    size_t fact_capacity = 0, other_capacity = 0;

    marks_begin(e);
    for (size_t i = 0; i < count && !e->failed; i++)
        for (size_t k = 0; k < list[i].fact_count; k++)
            marks_note(e, &facts, &out->fact_count, &fact_capacity, list[i].facts[k]);
    for (size_t i = 0; i < count && !e->failed; i++)
        for (size_t k = 0; k < list[i].other_count; k++)
            marks_note(e, &others, &out->other_count, &other_capacity, list[i].others[k]);
    out->facts = facts;
    out->others = others;
}

/* An infusion that goes on to the day on which the next one begins ends on the day before. */
static gw_day last_day(const struct stretch *list, size_t count, const struct stretch *next)
{
    const struct stretch *last = &list[count - 1];

    return next && last->until >= next->first ? next->first - 1 : last->until;
}

static void add_exposure(struct merging *m, const struct stretch *list, size_t count, const struct stretch *next)
{
    const struct stretch *first = &list[0], *last = &list[count - 1];
    const size_t seen = seen_of(m, list, count);
    struct exposure *out = GW_ARENA_PUSH(m->e->arena, m->e->exposures, m->e->exposure_count, m->e->exposure_capacity);

    if (!out) {
        m->e->failed = true;
        return;
    }
    *out = (struct exposure){.substance = first->use->substance,
                             .drug = first->use->drug,
                             .first = first->first,
                             .last = last_day(list, count, next),
                             .rhythm = rhythm_of_doses(list, count),
                             .has_dose = first->dose.known,
                             .rank = first->rank,
                             .stretches = list,
                             .stretch_count = count,
                             .study_drug = m->study_drug,
                             .route = first->use->route ? first->use->route->route : NULL};
    out->every = out->rhythm.known ? out->rhythm.every : 1;
    if (out->has_dose) {
        out->dose = first->daily;
        out->dose_text = first->dose.text;
        out->unit = gw_dose_base_unit(first->dose.kind);
    }
    out->provisional = true;
    for (size_t i = 0; i < seen; i++)
        out->provisional &= list[i].use->provisional;
    out->stopped = last->use->stopped && last->use->last == last->last;
    gather_facts(m->e, list, seen, out);
}

/* Days on which it was not taken are a gap like any other. */
static size_t positive_only(const struct stretches *stretches, struct stretch *out)
{
    size_t count = 0;

    for (size_t i = 0; i < stretches->count; i++)
        if (!stretches->list[i].negative)
            out[count++] = stretches->list[i];
    return count;
}

void days_merge(struct engine *e, const struct stretches *stretches, bool study_drug, gw_day seen)
{
    struct merging m = {e, study_drug, seen, study_drug && e->in->study->schedule.on};
    struct stretch *list = gw_arena_alloc(e->arena, (stretches->count + 1) * sizeof *list);
    const size_t all = list ? positive_only(stretches, list) : 0;

    e->failed |= !list;
    for (size_t i = 0, count; i < all && !e->failed; i += count) {
        int apart = 0;

        for (count = 1; i + count < all; count++) {
            const struct stretch *last = &list[i + count - 1], *next = &list[i + count];

            if (!continues(&m, last, next, apart))
                break;
            apart = next->first - last->first == 2 && (apart == 2 || count == 1) ? 2 : 0;
        }
        add_exposure(&m, &list[i], count, i + count < all ? &list[i + count] : NULL);
    }
}
