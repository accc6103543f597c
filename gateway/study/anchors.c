/*
 * The anchors of one subject: first dose (D1), end of treatment (EOT), death, withdrawal; and what stands against
 * counting from them. Source: mappings/RULES.md 2.
 */
#include "study/anchors.h"

#include <stdlib.h>

#include "study/order.h"

#include "study/fact_decisions.h"

void anchor_cite(struct engine *e, size_t fact, const char *rule)
{
    struct anchor_fact *slot;

    for (size_t i = 0; i < e->anchor_fact_count; i++) {
        if (e->anchor_facts[i].fact != fact)
            continue; /* one statement may tell the first dose and the end */
        e->anchor_facts[i].rules = engine_rules(e, (const char *[]){e->anchor_facts[i].rules, rule}, 2);
        return;
    }
    slot = GW_ARENA_PUSH(e->arena, e->anchor_facts, e->anchor_fact_count, e->anchor_fact_capacity);
    if (slot)
        *slot = (struct anchor_fact){fact, rule};
    else
        e->failed = true;
    engine_part(e, fact, 0)->cited = true;
}

/* ---- death, withdrawal, recruitment ---- */

/* A day to come says nothing yet; one further off than tomorrow is a slip. */
static void await_death(struct engine *e, gw_day day)
{
    const struct item_about about = {.has_fact = true,
                                     .fact = e->person_index,
                                     .day = day,
                                     .rule = "deceased",
                                     .note = "the death is dated after the last day searched"};

    engine_next_day(e, day);
    if (day > e->in->horizon + 1)
        engine_raise(e, "FUTURE_DATE", &about);
}

static void find_death(struct engine *e)
{
    const struct item_about about = {.has_fact = true,
                                     .fact = e->person_index,
                                     .day = GW_NO_DAY,
                                     .rule = "deceased",
                                     .note = "deceased without a date"};
    struct gw_when when;

    e->anchors.death = GW_NO_DAY;
    if (!e->person || !e->person->patient.deceased)
        return;
    if (!e->person->patient.deceased_date ||
        gw_when_read(e->person->patient.deceased_date, gw_site_zone(e->in->site), true, &when) != GW_DATE_OK)
        engine_raise(e, "DATE_MISSING", &about);
    else if (when.first > e->in->horizon)
        await_death(e, when.first);
    else
        e->anchors.death = when.last;
}

static void check_recruitment(struct engine *e)
{
    const gw_day recruited = e->in->roster->recruited;
    struct item_about about = {.day = recruited};
    int elapsed;

    if (recruited == GW_NO_DAY || e->anchors.d1 == GW_NO_DAY)
        return;
    elapsed = gw_elapsed(e->anchors.d1, recruited);
    if (elapsed >= e->in->study->recruit_low && elapsed <= e->in->study->recruit_high)
        return;
    about.note = gw_arena_print(e->arena, "recruited on study day %d", gw_study_day(e->anchors.d1, recruited));
    e->failed |= !about.note;
    engine_raise(e, "RECRUITMENT_OUT_OF_WINDOW", &about);
}

static void nothing_known(struct engine *e)
{
    e->anchors = (struct gw_anchors){GW_NO_DAY, GW_NO_DAY, GW_NO_DAY, GW_NO_DAY, GW_NO_DAY};
    e->first_dose_utc = -1;
    e->eot_status = "none";
}

/* A roster line whose patient was not found anywhere: nothing else can be said of the subject. */
static void nobody_found(struct engine *e)
{
    nothing_known(e);
    engine_raise(e, "SUBJECT_UNMATCHED",
                 &(struct item_about){.day = GW_NO_DAY, .note = "no record of this roster line's patient was found"});
}

static void check_consent(struct engine *e)
{
    if (e->in->roster->consent_missing)
        engine_raise(
            e, "CONSENT_MISSING",
            &(struct item_about){.day = GW_NO_DAY, .note = "the roster holds no day of consent: write it there"});
}

/* ---- merged patients ---- */

static int by_patient(const void *a, const void *b)
{
    const struct gw_linked *x = a, *y = b;

    return order_then(order_texts(x->endpoint, y->endpoint), order_texts(x->patient, y->patient));
}

static void add_linked(struct engine *e, const char *endpoint, const char *patient)
{
    const struct gw_linked linked = {endpoint, patient};
    struct gw_linked *slot;

    for (size_t i = 0; i < e->linked_count; i++)
        if (by_patient(&e->linked[i], &linked) == 0)
            return;
    slot = GW_ARENA_PUSH(e->arena, e->linked, e->linked_count, e->linked_capacity);
    if (slot)
        *slot = linked;
    e->failed |= !slot;
}

/* A person said that the other id is the subject's too: what stands under it is asked for. */
static bool linked(struct engine *e, const struct item_about *about)
{
    const struct gw_fact *fact = &e->in->facts[about->fact];
    const struct gw_decision *decision = decided_subject(e, GW_DECIDE_PATIENT, fact->patient.replaced_by);

    if (!decided_says(decision, GW_SET_LINK))
        return false;
    decided_note(e, decision, "SUBJECT_MERGE", about);
    add_linked(e, fact->endpoint, fact->patient.replaced_by);
    return true;
}

static bool is_patient(const struct engine *e, size_t index)
{
    const struct gw_fact *fact = &e->in->facts[index];

    return fact->type == GW_PATIENT && e->versions[index].current && fact->standing == GW_ACCEPTED;
}

/* What is recorded from now on stands under the other id, and nobody would miss it: a person says whose it is. */
static void check_merge(struct engine *e, size_t index)
{
    const struct gw_fact *fact = &e->in->facts[index];
    const struct item_about about = {.has_fact = true,
                                     .fact = index,
                                     .day = GW_NO_DAY,
                                     .note =
                                         "this patient was merged into another, who is not on the roster: link that "
                                         "one, or name it there"};
    size_t other;

    if (!fact->patient.replaced_by || linked(e, &about))
        return;
    if (!engine_find(e, GW_PATIENT, fact->endpoint, fact->patient.replaced_by, &other))
        engine_raise(e, "SUBJECT_MERGE", &about);
}

static bool was_merged_into(const struct engine *e, const struct gw_fact *fact)
{
    for (size_t i = 0; i < e->in->fact_count; i++)
        if (is_patient(e, i) && gw_same(e->in->facts[i].endpoint, fact->endpoint) &&
            gw_same(e->in->facts[i].patient.replaced_by, fact->id))
            return true;
    return false;
}

/* Linked because of a merge that the hospital took back: its records may be another person's. */
static void check_unmerge(struct engine *e, size_t index)
{
    const struct gw_fact *fact = &e->in->facts[index];

    if (decided_says(decided_subject(e, GW_DECIDE_PATIENT, fact->id), GW_SET_LINK) && !was_merged_into(e, fact))
        engine_raise(e, "SUBJECT_MERGE",
                     &(struct item_about){.has_fact = true,
                                          .fact = index,
                                          .day = GW_NO_DAY,
                                          .note = "the hospital took back the merge for which this patient was linked: "
                                                  "unlink it, or stop"});
}

static void check_merges(struct engine *e)
{
    for (size_t i = 0; i < e->in->fact_count; i++)
        if (is_patient(e, i)) {
            check_merge(e, i);
            check_unmerge(e, i);
        }
    if (e->linked_count > 1)
        qsort(e->linked, e->linked_count, sizeof *e->linked, by_patient);
}

void stage_anchors(struct engine *e)
{
    if (e->in->fact_count == 0) {
        nobody_found(e);
        return;
    }
    if (decide_excluded(e)) {
        nothing_known(e);
        decided_answers(e, "RECRUITMENT_OUT_OF_WINDOW", &(struct item_about){.day = e->in->roster->recruited});
        return;
    }
    check_consent(e);
    check_merges(e);
    find_first_dose(e);
    decide_first_dose(e);
    find_death(e);
    e->anchors.withdrawn = e->in->roster->withdrawn;
    find_end_of_treatment(e);
    e->anchors.cap = gw_anchors_cap(e->in->study, e->anchors.d1);
    check_recruitment(e);
}
