/*
 * Seriousness out of routine data: evidence, not a verdict. A stay in hospital for the very diagnosis of an event makes
 * it serious; a stay that only lies near its onset, intensive care or a vasopressor ask a person.
 *
 * Traps: a stay that the study drug's first doses ask for, or that was for treatment, is not one for the event unless
 * the event began in it and it lasted longer than planned. Observation and emergency are no admission.
 *
 * Source: ICH E2A; mappings/RULES.md 12.
 */
#include "study/seriousness.h"

#include <string.h>

#include "study/decided.h"
#include "study/event_decisions.h"
#include "study/exposure.h"

#define HOURS_A_DAY 24

/* ---- what a stay was for ---- */

static bool names_fact(const struct engine *e, const struct gw_fact *encounter, const struct gw_reference *reference,
                       size_t fact)
{
    size_t index;

    return reference->kind == GW_REFERENCE_LITERAL && gw_same(reference->type, "Condition") &&
           engine_find(e, GW_CONDITION, encounter->endpoint, reference->id, &index) && index == fact;
}

static bool reasons_name(const struct engine *e, const struct gw_fact *encounter, const struct gw_reasons *reasons,
                         size_t fact)
{
    for (size_t i = 0; i < reasons->reference_count; i++)
        if (names_fact(e, encounter, &reasons->references[i], fact))
            return true;
    return false;
}

/* A diagnosis or reason of the stay refers to the Condition. */
static bool is_for(const struct engine *e, const struct gw_fact *encounter, size_t condition)
{
    if (reasons_name(e, encounter, &encounter->encounter.reasons, condition))
        return true;
    for (size_t i = 0; i < encounter->encounter.diagnosis_count; i++)
        if (reasons_name(e, encounter, &encounter->encounter.diagnoses[i].conditions, condition))
            return true;
    return false;
}

static bool name_treatment(const struct engine *e, const struct gw_concept *concepts, size_t count)
{
    for (size_t c = 0; c < count; c++)
        for (size_t i = 0; i < concepts[c].count; i++)
            if (gw_rules_planned(e->in->rules, &concepts[c].codings[i]))
                return true;
    return false;
}

/* Its reasons, types or the diagnoses it names say so. */
static bool is_for_treatment(const struct engine *e, const struct gw_fact *fact)
{
    const struct gw_encounter *encounter = &fact->encounter;

    if (name_treatment(e, encounter->types, encounter->type_count) ||
        name_treatment(e, encounter->reasons.concepts, encounter->reasons.concept_count))
        return true;
    for (size_t i = 0; i < encounter->diagnosis_count; i++)
        for (size_t j = 0; j < encounter->diagnoses[i].conditions.reference_count; j++) {
            const struct gw_reference *ref = &encounter->diagnoses[i].conditions.references[j];
            const struct gw_fact *condition;
            size_t index;

            condition = ref->kind == GW_REFERENCE_LITERAL
                            ? engine_find(e, GW_CONDITION, fact->endpoint, ref->id, &index)
                            : NULL;
            if (condition && name_treatment(e, &condition->condition.code, 1))
                return true;
        }
    return false;
}

/* ---- planned ---- */

struct plan {
    bool planned;
    bool by_person; /* who was asked about this event: planned as it was, whenever it ended */
    gw_day until;   /* GW_NO_DAY: it is not told until when */
};

/* The day of a dose of the study drug by its number; GW_NO_DAY: none. */
static gw_day dose_day(const struct engine *e, int number)
{
    const struct exposure *list;
    int doses = 0;

    for (size_t d = 0; d < e->in->study->d1_drug_count; d++) {
        const size_t count = exposures_of(e, e->in->study->d1_drugs[d], &list);

        for (size_t i = 0; i < count; i++) {
            const int until = doses_until(e, e->in->study->d1_drugs[d],
                                          list[i].last < e->in->horizon ? list[i].last : e->in->horizon);
            const int every = list[i].every > 0 ? list[i].every : 1;

            if (until >= number)
                return list[i].first + (number - doses - 1) * every;
            doses = until;
        }
        doses = 0;
    }
    return GW_NO_DAY;
}

/* The study drug asks for a stay of some hours after a dose. */
static struct plan planned_by_dose(const struct engine *e, const struct hospital_stay *stay)
{
    const struct gw_seriousness_rules *rules = &e->in->study->events.seriousness;
    struct plan plan = {.until = GW_NO_DAY};

    for (size_t i = 0; i < rules->planned_stays.count; i++) {
        const struct gw_planned_stay *planned = &rules->planned_stays.items[i];
        const gw_day day = dose_day(e, planned->dose);
        const gw_day until = day + (planned->hours + HOURS_A_DAY - 1) / HOURS_A_DAY;

        if (day == GW_NO_DAY || stay->last < day || stay->first > until ||
            (stay->first < day - rules->before_days && !(plan.planned && stay->last > day)))
            continue;
        plan.planned = true;
        plan.until = plan.until == GW_NO_DAY || until > plan.until ? until : plan.until;
    }
    return plan;
}

static bool says_planned(const struct gw_decision *decision)
{
    return strcmp(decision->set[GW_SET_PLANNED], "true") == 0;
}

/* By a person about this very stay, else (answer) about the stays of the event. */
static struct plan plan_of(struct engine *e, const struct hospital_stay *stay, const struct gw_decision *answer)
{
    const struct gw_fact *fact = &e->in->facts[stay->fact];
    const struct gw_decision *decision = decided_fact(e, GW_DECIDE_STAY, stay->fact, 0);
    struct plan plan = planned_by_dose(e, stay);
    struct gw_when end;

    if (!decision && answer)
        return (struct plan){.planned = says_planned(answer), .by_person = true, .until = GW_NO_DAY};
    if (decision)
        plan = (struct plan){.planned = says_planned(decision), .until = GW_NO_DAY};
    else if (!plan.planned)
        plan = (struct plan){.planned = is_for_treatment(e, fact), .until = GW_NO_DAY};
    if (plan.until == GW_NO_DAY && fact->encounter.planned_end &&
        gw_when_read(fact->encounter.planned_end, gw_site_zone(e->in->site), true, &end) == GW_DATE_OK) {
        plan.planned |= fact->encounter.planned_start != NULL;
        plan.until = end.last;
    }
    return plan;
}

/* ---- one episode ---- */

struct evidence_of {                  /* what speaks for seriousness */
    bool admitted_for;                /* a stay names the event's own diagnosis */
    const char *note;                 /* what a person is asked about; NULL: nothing */
    const char *intensive;            /* the same about danger to life */
    const struct gw_decision *answer; /* about its stays; NULL: nobody was asked */
};

static void cite(struct engine *e, struct episode *episode, size_t fact, const char *kind, const char *concept,
                 gw_day day)
{
    episode_cite(e, episode,
                 (struct episode_evidence){.fact = fact,
                                           .kind = kind,
                                           .concept = concept,
                                           .role = "supporting",
                                           .day = day,
                                           .grade = -1,
                                           .rules = "seriousness"});
}

/* A planned stay speaks for nothing, unless the event began in it and it lasted longer. */
static const char *what_it_says(const struct episode *episode, const struct hospital_stay *stay,
                                const struct plan *plan)
{
    if (!plan->planned)
        return "a stay in hospital lies near its onset";
    if (plan->by_person || episode->onset <= stay->first || episode->onset > stay->last)
        return NULL;
    if (plan->until == GW_NO_DAY)
        return "it began in a planned stay whose planned end is not known";
    return stay->last > plan->until ? "it began in a planned stay that lasted longer" : NULL;
}

/* It names a diagnosis of the event. One without an onset may be written down after the stay that it was made in. */
static bool is_for_event(const struct engine *e, const struct episode *episode, const struct hospital_stay *stay)
{
    const struct gw_fact *encounter = &e->in->facts[stay->fact];
    const gw_day first = episode->onset - e->in->study->events.seriousness.before_days;

    for (size_t i = 0; i < episode->evidence_count; i++) {
        const size_t fact = episode->evidence[i].fact;

        if (e->in->facts[fact].type == GW_CONDITION && is_for(e, encounter, fact) &&
            (stay->last >= first || e->in->facts[fact].condition.onset.kind == GW_EFFECTIVE_NONE))
            return true;
    }
    return false;
}

static void weigh_stay(struct engine *e, struct episode *episode, const struct hospital_stay *stay, bool near,
                       struct evidence_of *found)
{
    const struct gw_fact *fact = &e->in->facts[stay->fact];
    const bool own_diagnosis = is_for_event(e, episode, stay);
    struct plan plan;
    const char *note;

    if (!near && !own_diagnosis)
        return;
    plan = plan_of(e, stay, found->answer);
    note = near ? what_it_says(episode, stay, &plan) : NULL;
    if (!note && !(own_diagnosis && !plan.planned))
        return;
    found->admitted_for |= own_diagnosis && !plan.planned;
    found->note = found->note ? found->note : note;
    cite(e, episode, stay->fact, "encounter", fact->encounter.class_code.code, stay->first);
}

/* Intensive care, ventilation or a vasopressor about the onset: its life may have been in danger. */
static void weigh_intensive(struct engine *e, struct episode *episode, const struct intensives *intensives,
                            gw_day first, gw_day last, struct evidence_of *found)
{
    for (size_t i = 0; i < intensives->count && intensives->list[i].first <= last && !e->failed; i++) {
        const struct intensive *intensive = &intensives->list[i];

        if (intensive->last < first)
            continue;
        found->intensive = "intensive care, ventilation or a vasopressor about its onset";
        cite(e, episode, intensive->fact, intensive->kind, intensive->concept,
             intensive->first > first ? intensive->first : first);
    }
}

/* Unless a person has said already. */
static void ask(struct engine *e, const struct episode *episode, const char *note)
{
    ask_about_episode(e, episode, episode->decided.seriousness, "AE_SERIOUS_EVIDENCE", note);
}

/* Whether its stays were planned, as a person said by any evidence that is no stay itself, or for the cause. */
static const struct gw_decision *find_answer(struct engine *e, const struct episode *episode)
{
    const struct item_about about = episode_about(episode, NULL);
    const struct gw_decision *found = NULL;

    for (size_t i = 0; e->decided_count > 0 && i < episode->evidence_count; i++) {
        const struct episode_evidence *evidence = &episode->evidence[i];
        const struct gw_decision *other =
            e->in->facts[evidence->fact].type == GW_ENCOUNTER
                ? NULL
                : decided_event(e, GW_DECIDE_STAY, evidence->fact, evidence->part, episode->category);

        found = decided_later(found, other);
    }
    return found ? found : decided_find(e, GW_DECIDE_STAY, "AE_SERIOUS_EVIDENCE", &about);
}

void seriousness_weigh(struct engine *e, struct episode *episode, const struct stays *stays,
                       const struct intensives *intensives)
{
    const struct gw_seriousness_rules *rules = &e->in->study->events.seriousness;
    const gw_day first = episode->onset - rules->before_days, last = episode->onset + rules->after_days;
    const gw_day end = episode_last_day(episode),
                 until = end < GW_DAY_MAX - rules->after_days ? end + rules->after_days : end;
    struct evidence_of found = {.answer = find_answer(e, episode)};

    if (!rules->on || !episode->id)
        return;
    for (size_t i = stays_from(stays, e->anchors.d1); i < stays->count && stays->list[i].first <= until && !e->failed;
         i++)
        weigh_stay(e, episode, &stays->list[i], stays->list[i].last >= first && stays->list[i].first <= last, &found);
    weigh_intensive(e, episode, intensives, first, last, &found);
    if (found.answer && says_planned(found.answer))
        decide_episode_item(e, episode, found.answer, "AE_SERIOUS_EVIDENCE");
    if (found.admitted_for)
        episode->serious = episode->serious_hospital = true;
    if (found.intensive)
        ask(e, episode, found.intensive);
    else if (found.note && !found.admitted_for)
        ask(e, episode, found.note);
}
