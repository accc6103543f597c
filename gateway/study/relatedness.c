/*
 * Relatedness is never derived: a person at the hospital said it in an AdverseEvent, or a person here does.
 *
 * An AdverseEvent speaks of an event when it results in a Condition or Observation that is its evidence (of one that is
 * evidence of several events, of that of its code); else when its code is of the same category and it is dated within
 * combine_days of it. It must suspect a drug of the study. Of several the worst holds. Source: mappings/RULES.md 12.
 */
#include "study/relatedness.h"

#include <stdlib.h>
#include <string.h>

#include "study/diagnoses.h"
#include "study/event_decisions.h"
#include "study/timeline.h"
#include "study/uses.h"

static const char *const said[] = {"unassessed", "not related", "related"}; /* rising */

static int rank_of(const char *relatedness)
{
    for (int i = 2; i > 0; i--)
        if (gw_same(said[i], relatedness))
            return i;
    return 0;
}

/* ---- whom it suspects ---- */

static bool is_study_drug(const struct engine *e, const struct gw_drug_row *drug)
{
    return drug && gw_is_among(e->in->study->d1_drugs, e->in->study->d1_drug_count, drug->substance);
}

static bool suspects_study_drug(const struct engine *e, const struct gw_fact *fact, const struct gw_suspect *suspect)
{
    const struct gw_reference *ref = &suspect->instance;
    const enum gw_resource type = gw_resource_of(ref->type);
    const struct gw_fact *found;
    size_t index;

    if (suspect->concept.count > 0)
        return is_study_drug(e, gw_tables_drug(e->in->tables, &suspect->concept));
    if (ref->kind != GW_REFERENCE_LITERAL || !(found = engine_find(e, type, fact->endpoint, ref->id, &index)))
        return false;
    if (type == GW_MEDICATION)
        return is_study_drug(e, gw_tables_drug(e->in->tables, &found->medication.code));
    return use_rank(type) != GW_RANK_COUNT && is_study_drug(e, engine_drug(e, found));
}

/* ---- what it says ---- */

static const char *opinion_of(const struct engine *e, const struct gw_suspect *suspect)
{
    int best = -1;

    for (size_t c = 0; c < suspect->causality_count; c++) {
        const struct gw_concept *assessment = &suspect->causalities[c].assessment;

        for (size_t i = 0; i < assessment->count; i++) {
            const char *relatedness = gw_rules_causality(e->in->rules, &assessment->codings[i]);

            if (relatedness && rank_of(relatedness) > best)
                best = rank_of(relatedness);
        }
    }
    return best < 0 ? NULL : said[best];
}

static const char *category_of(const struct engine *e, const struct gw_concept *code)
{
    for (size_t i = 0; i < code->count; i++) {
        const struct gw_condition_row *row = diagnosis_row(e->in, &code->codings[i]);

        if (row && engine_category_on(e, row->category))
            return row->category;
    }
    return NULL;
}

static gw_day day_of(const struct engine *e, const struct gw_adverse_event *event)
{
    const struct gw_effective *effective = &event->effective;
    const char *text = effective->kind == GW_EFFECTIVE_PERIOD ? effective->period.start
                       : effective->kind == GW_EFFECTIVE_DATE ? effective->date
                       : event->detected                      ? event->detected
                                                              : event->recorded_date;
    struct gw_when when;

    return moment_read_day(e, text, &when) ? when.first : GW_NO_DAY;
}

static int by_key(const void *x, const void *y, void *context)
{
    const struct engine *e = context;

    return strcmp(e->versions[((const struct opinion *)x)->fact].key,
                  e->versions[((const struct opinion *)y)->fact].key);
}

static void read_event(struct engine *e, size_t index, struct opinions *out)
{
    const struct gw_fact *fact = &e->in->facts[index];
    const struct gw_adverse_event *event = &fact->adverse_event;
    struct opinion *slot;

    for (size_t i = 0; i < event->suspect_count; i++) {
        const char *relatedness =
            suspects_study_drug(e, fact, &event->suspects[i]) ? opinion_of(e, &event->suspects[i]) : NULL;

        if (!relatedness)
            continue;
        slot = GW_ARENA_PUSH(e->arena, out->list, out->count, out->capacity);
        e->failed |= !slot;
        if (slot)
            *slot = (struct opinion){index, day_of(e, event), category_of(e, &event->code), relatedness};
    }
}

struct opinions opinions_read(struct engine *e)
{
    struct opinions out = {.count = 0};

    for (size_t i = 0; i < e->in->fact_count && !e->failed; i++) {
        const struct gw_fact *fact = &e->in->facts[i];

        if (fact->type == GW_ADVERSE_EVENT && e->versions[i].current && fact->standing == GW_ACCEPTED &&
            !fact->modifier_extension)
            read_event(e, i, &out);
    }
    if (out.count > 1)
        qsort_r(out.list, out.count, sizeof *out.list, by_key, e);
    return out;
}

/* ---- whether it is this event ---- */

/* An Observation may be evidence of several events: the code of the AdverseEvent tells which. */
static bool is_meant(const struct engine *e, const struct opinion *opinion, const struct episode *episode,
                     size_t result)
{
    return e->in->facts[result].type != GW_OBSERVATION || !opinion->category ||
           strcmp(opinion->category, episode->category) == 0;
}

static bool results_in(const struct engine *e, const struct opinion *opinion, const struct episode *episode)
{
    const struct gw_fact *fact = &e->in->facts[opinion->fact];
    const struct gw_adverse_event *event = &fact->adverse_event;

    for (size_t r = 0; r < event->result_count; r++) {
        const struct gw_reference *ref = &event->results[r];
        size_t index;

        if (ref->kind != GW_REFERENCE_LITERAL ||
            !engine_find(e, gw_resource_of(ref->type), fact->endpoint, ref->id, &index))
            continue;
        for (size_t i = 0; i < episode->evidence_count; i++)
            if (episode->evidence[i].fact == index)
                return is_meant(e, opinion, episode, index);
    }
    return false;
}

static bool is_about(const struct engine *e, const struct opinion *opinion, const struct episode *episode)
{
    const struct gw_fact *fact = &e->in->facts[opinion->fact];
    const int slack = e->in->study->combine_days;
    const gw_day last = episode_last_day(episode);

    if (fact->adverse_event.result_count > 0)
        return results_in(e, opinion, episode);
    return opinion->category && strcmp(opinion->category, episode->category) == 0 && opinion->day != GW_NO_DAY &&
           opinion->day >= episode->onset - slack && (last == GW_DAY_MAX || opinion->day <= last + slack);
}

void relatedness_take(struct engine *e, struct episode *episode, const struct opinions *opinions)
{
    for (size_t i = 0; i < opinions->count; i++) {
        const struct opinion *opinion = &opinions->list[i];

        if (!is_about(e, opinion, episode))
            continue;
        if (!episode->relatedness || rank_of(opinion->relatedness) > rank_of(episode->relatedness))
            episode->relatedness = opinion->relatedness;
        episode_cite(e, episode,
                     (struct episode_evidence){.fact = opinion->fact,
                                               .kind = "condition",
                                               .concept = "AdverseEvent",
                                               .role = "supporting",
                                               .day = opinion->day != GW_NO_DAY ? opinion->day : episode->onset,
                                               .grade = -1,
                                               .rules = "relatedness"});
    }
    if (e->in->study->events.relatedness && episode->id && !episode->relatedness)
        ask_about_episode(e, episode, episode->decided.relatedness, "AE_RELATEDNESS",
                          "whether the study drug caused it is the physician's to say");
}
