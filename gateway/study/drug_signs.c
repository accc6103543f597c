/*
 * Drugs as signs of an event: the start of one that is given against it, after day 1. What prevents is none; a growth
 * factor is one only where no count was taken, since a count speaks for itself; an antiinfective only without a
 * diagnosis of infection near it, for which it is treatment.
 *
 * Source: mappings/RULES.md 12.
 */
#include <stdlib.h>
#include <string.h>

#include "study/episode.h"
#include "study/exposure.h"
#include "study/order.h"

/* ---- days on which something was known ---- */

struct days {
    gw_day *list; /* sorted */
    size_t count;
};

static int by_day(const void *x, const void *y)
{
    const gw_day a = *(const gw_day *)x, b = *(const gw_day *)y;

    return ORDER(a, b);
}

static struct days days_of_concept(struct engine *e, const char *concept)
{
    const struct values values = engine_values(e, concept);
    struct days days = {.list = gw_arena_raw(e->arena, (values.count + 1) * sizeof *days.list)};

    e->failed |= !days.list;
    for (size_t i = 0; i < values.count && !e->failed; i++)
        if (values.list[i]->measured && values.list[i]->dated)
            days.list[days.count++] = values.list[i]->when.first;
    if (days.count > 1)
        qsort(days.list, days.count, sizeof *days.list, by_day);
    return days;
}

static struct days days_of_diagnoses(struct engine *e, const char *category)
{
    struct days days = {.list = gw_arena_alloc(e->arena, (e->diagnosis_count + 1) * sizeof *days.list)};

    e->failed |= !days.list;
    for (size_t i = 0; i < e->diagnosis_count && !e->failed; i++)
        if (e->diagnoses[i].dated && e->diagnoses[i].row && strcmp(e->diagnoses[i].row->category, category) == 0)
            days.list[days.count++] = e->diagnoses[i].start.first;
    if (days.count > 1)
        qsort(days.list, days.count, sizeof *days.list, by_day);
    return days;
}

static bool any_within(const struct days *days, gw_day first, gw_day last)
{
    size_t low = 0, high = days->count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (days->list[middle] < first)
            low = middle + 1;
        else
            high = middle;
    }
    return low < days->count && days->list[low] <= last;
}

/* ---- starts ---- */

static bool is_of(const struct gw_ae_evidence *row, const struct exposure *x)
{
    if (!x->drug || x->study_drug || x->fact_count == 0 || x->purpose == GW_PURPOSE_FLUSH)
        return false;
    if (row->treatment && x->purpose != GW_PURPOSE_TREATMENT)
        return false;
    return strcmp(row->key, row->kind == GW_AE_DRUG ? x->drug->substance : x->drug->role) == 0;
}

/* It goes on from the use before it, of the same substance. */
static bool follows(const struct engine *e, const struct gw_ae_evidence *row, size_t index)
{
    const struct exposure *x = &e->exposures[index];

    return index > 0 && strcmp(x[-1].substance, x->substance) == 0 && is_of(row, &x[-1]) &&
           x->first - x[-1].last <= e->in->study->combine_days;
}

static int grade_of(const struct engine *e, const struct gw_ae_evidence *row, const struct exposure *x)
{
    const struct gw_infection_rules *rules = &e->in->study->events.infection;

    if (!rules->on || strcmp(row->category, "INFECTION") != 0)
        return -1;
    return gw_same(x->route, "INTRAVENOUS") ? rules->iv_grade : gw_same(x->route, "ORAL") ? rules->oral_grade : -1;
}

static void cite(struct engine *e, struct episode *episode, const struct gw_ae_evidence *row, const struct exposure *x)
{
    episode_cite(e, episode,
                 (struct episode_evidence){.fact = x->facts[0],
                                           .kind = "drug",
                                           .concept = x->substance,
                                           .role = x->first == episode->onset ? "onset" : "supporting",
                                           .day = x->first,
                                           .grade = grade_of(e, row, x),
                                           .rules = "signs"});
}

static const struct gw_coding *coding_of(const struct exposure *x)
{
    return x->stretch_count > 0 ? x->stretches[0].use->coding : NULL;
}

static struct candidate *begin(struct engine *e, struct episodes *episodes, const struct gw_ae_evidence *row,
                               const struct exposure *x, bool answered)
{
    struct candidate *candidate =
        candidate_add(e, episodes, row->category, x->first, "a drug against it was started: a person decides");

    if (!candidate)
        return NULL;
    candidate->coding = coding_of(x);
    candidate->quiet = answered;
    candidate->episode.subcategory = row->subcategory;
    candidate->episode.term = row->term;
    candidate->episode.treated = true;
    return candidate;
}

/* What makes the start say nothing by itself. */
static bool is_answered(const struct engine *e, const struct gw_ae_evidence *row, const struct days *days, gw_day start)
{
    const struct gw_event_criteria *rules = &e->in->study->events;

    if (!row->unless)
        return false;
    if (strcmp(row->unless, "diagnosis") == 0)
        return any_within(days, start - rules->infection.no_diagnosis_days, start + rules->infection.no_diagnosis_days);
    return any_within(days, start - rules->gcsf_anc_days, start);
}

static void find_starts(struct engine *e, struct episodes *episodes, const struct gw_ae_evidence *row)
{
    const struct days days = !row->unless                            ? (struct days){.count = 0}
                             : strcmp(row->unless, "diagnosis") == 0 ? days_of_diagnoses(e, row->category)
                                                                     : days_of_concept(e, row->unless);
    struct candidate *run = NULL;

    for (size_t i = 0; i < e->exposure_count && !e->failed; i++) {
        const struct exposure *x = &e->exposures[i];

        if (!is_of(row, x))
            continue;
        if (!follows(e, row, i))
            run = x->first > e->anchors.d1 && x->first <= episode_known_until(e)
                      ? begin(e, episodes, row, x, is_answered(e, row, &days, x->first))
                      : NULL;
        if (!run)
            continue;
        run->episode.end = x->last < e->in->horizon ? x->last : e->in->horizon;
        run->ending = x->last < e->in->horizon ? END_SEEN : END_OPEN;
        cite(e, &run->episode, row, x);
    }
}

void drug_signs(struct engine *e, struct episodes *episodes)
{
    for (size_t i = 0; i < e->in->rules->evidence_count && !e->failed; i++) {
        const struct gw_ae_evidence *row = &e->in->rules->evidence[i];

        if ((row->kind == GW_AE_DRUG || row->kind == GW_AE_DRUG_ROLE) && engine_category_on(e, row->category))
            find_starts(e, episodes, row);
    }
}
