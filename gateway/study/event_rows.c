/*
 * An event that falls to a collected assessment becomes rows: the episode, its evidence, its grade changes.
 *
 * An event between windows is collected at the next collected assessment, with its true onset.
 * Source: mappings/RULES.md 12.
 */
#include <stdlib.h>
#include <string.h>

#include "study/border.h"
#include "study/compose.h"
#include "study/event_decisions.h"
#include "study/exposure.h"
#include "study/order.h"
#include "study/relation.h"

/* ---- rows ---- */

static int by_key(const void *x, const void *y, void *context)
{
    const struct engine *e = context;
    const struct episode_evidence *a = x, *b = y;
    const int order = strcmp(e->versions[a->fact].key, e->versions[b->fact].key);

    return order_then(order, a->part - b->part);
}

/* At birth an episode is named by its category and its smallest evidence fact; identify() keeps older names. */
static const char *birth_name(struct engine *e, const struct episode *episode)
{
    const struct episode_evidence *smallest = &episode->evidence[0];
    const char *parts[5] = {e->in->roster->subject, episode->category, NULL, NULL, episode->branch};

    for (size_t i = 1; i < episode->evidence_count; i++)
        if (by_key(&episode->evidence[i], smallest, e) < 0)
            smallest = &episode->evidence[i];
    parts[2] = e->versions[smallest->fact].key;
    parts[3] = gw_arena_print(e->arena, "%d", smallest->part);
    return parts[3] ? gw_hmac_id(e->in->key, e->arena, 'a', parts, episode->branch ? 5 : 4) : NULL;
}

static int32_t or_null(int grade)
{
    return grade < 0 ? GW_NULL_INTEGER : grade;
}

static bool emergent(const struct engine *e, const struct episode *episode)
{
    return e->anchors.eot == GW_NO_DAY || episode->onset <= e->anchors.eot + e->in->study->treatment_emergent_days;
}

static void emit_episode(struct engine *e, const struct episodes *episodes, const struct episode *episode)
{
    struct gw_row_ae_episodes *row =
        (struct gw_row_ae_episodes *)engine_row(e, GW_TABLE_ae_episodes, episode->id, "active");

    if (!row)
        return;
    row->ae_id = episode->id;
    row->category = episode->category;
    row->subcategory = episode->subcategory;
    row->term = episode->term;
    row->onset = engine_date(e, episode->onset);
    row->end = engine_date(e, episode->end);
    row->ongoing = episode->ongoing;
    row->onset_study_day = gw_study_day(e->anchors.d1, episode->onset);
    row->teae = emergent(e, episode);
    row->assessed_window = episode->window->id;
    row->baseline_grade = or_null(episode->baseline_grade);
    row->outcome = episode->outcome;
    row->days_since_first_dose = gw_elapsed(e->anchors.d1, episode->onset);
    row->serious_death = gw_same(episode->outcome, "fatal"); /* which only a person says */
    row->serious = episode->serious || row->serious_death;
    row->serious_hospital = episode->serious_hospital;
    row->seriousness_origin = row->serious_death ? "human" : episode->serious ? "evidence" : NULL;
    row->relatedness = episode->relatedness ? episode->relatedness : "unassessed";
    row->relatedness_by = episode->relatedness ? "site" : NULL;
    relation_fill(e, episode, row);
    row->treatment_given = episode->treated;
    row->parent_ae = episode->parent ? episodes->list[episode->parent - 1].id : NULL;
    row->certainty = episode->confirmed ? "confirmed" : "certain";
    row->exception_id = episode->asked_by;
    if (episode->max_grade >= 0) {
        row->max_grade = episode->max_grade;
        row->max_grade_date = engine_date(e, episode->max_day);
        row->scale = episode->scale ? episode->scale : e->in->study->grade_scale;
    }
    decide_episode_row(episode, row);
}

static const char *evidence_rules(const struct episode_evidence *evidence)
{
    return evidence->rules ? evidence->rules : "episodes";
}

/* With evidence "none" the study gets no pointer to what no window took. */
static bool may_be_named(const struct engine *e, const struct episode_evidence *evidence)
{
    return e->in->study->evidence_values != GW_VALUES_NONE || evidence->in_window;
}

static void episode_lineage(struct engine *e, const struct episode *episode,
                            const struct episode_evidence *const *sorted)
{
    const struct episode_evidence *named = NULL;

    for (size_t i = 0; i < episode->evidence_count && !e->failed; i++) {
        const struct episode_evidence *evidence = sorted[i];

        if (!may_be_named(e, evidence) ||
            (named && named->fact == evidence->fact && strcmp(named->role, evidence->role) == 0))
            continue; /* two parts of one resource */
        engine_provenance(e, "ae_episodes", episode->id, evidence->fact, evidence->role,
                          engine_rules(e, (const char *const[]){evidence_rules(evidence), episode->decided.rules}, 2),
                          NULL);
        named = evidence;
    }
    if (!named)
        engine_provenance_of_rules(e, "ae_episodes", episode->id, "evidence", "episodes");
}

/* What its onset was held against. */
static void baseline_lineage(struct engine *e, const struct episode *episode)
{
    const struct datum *baseline = episode->baseline;

    if (!baseline || (e->in->study->evidence_values == GW_VALUES_NONE && baseline->placed_count == 0))
        return;
    engine_provenance(e, "ae_episodes", episode->id, baseline->fact, "baseline",
                      engine_rules(e, (const char *const[]){"baseline", baseline->code.rule}, 2), NULL);
    engine_part(e, baseline->fact, baseline->part)->cited = true;
}

static void grade_lineage(struct engine *e, const struct episode *episode, const struct episode_grade *grade,
                          const char *id)
{
    const struct episode_evidence *evidence = &episode->evidence[grade->evidence];

    if (may_be_named(e, evidence))
        engine_provenance(e, "ae_grades", id, evidence->fact, "grade", evidence_rules(evidence), NULL);
    else
        engine_provenance_of_rules(e, "ae_grades", id, "grade", "episodes");
}

/* Where a sign was measured, as its code and its body site say. */
static const char *measured_at(struct engine *e, const struct episode_evidence *evidence)
{
    const struct datum *datum = evidence->datum;
    const char *parts[2], *text;

    if (!datum || strcmp(evidence->kind, "vital") != 0)
        return NULL;
    parts[0] = datum->code.source ? border_code(datum->code.source->code) : NULL;
    parts[1] = border_first_code(&datum->source->observation.body_site, 1);
    text = gw_arena_join(e->arena, ';', parts, parts[1] ? 2 : 1);
    e->failed |= !text;
    return text;
}

/* Of drugs, laboratory values and signs the name in our tables; else a code of the source's. */
static const char *concept_of(const struct episode_evidence *evidence)
{
    static const char *const ours[] = {"drug", "lab", "vital"};

    return gw_is_among(ours, sizeof ours / sizeof *ours, evidence->kind) ? evidence->concept
                                                                         : border_code(evidence->concept);
}

static void emit_pointer(struct engine *e, const struct episode_evidence *evidence, const char *ae_id)
{
    const char *hash = engine_hash(e, evidence->fact);
    const char *id = gw_arena_print(e->arena, "%s|%s|%d|%s", ae_id, hash, evidence->part, evidence->role);
    struct gw_row_ae_evidence *row = (struct gw_row_ae_evidence *)engine_row(e, GW_TABLE_ae_evidence, id, "active");

    if (!row)
        return;
    row->ae_id = ae_id;
    row->kind = evidence->kind;
    row->concept = concept_of(evidence);
    row->source_hash = hash;
    row->date = engine_date(e, evidence->day);
    row->grade_at = or_null(evidence->grade);
    row->role = evidence->role;
    if (e->in->study->evidence_values == GW_VALUES_VALUE && evidence->in_window)
        row->value_num = evidence->value; /* what lies between windows stays in the hospital */
    engine_provenance(e, "ae_evidence", id, evidence->fact, evidence->role, evidence_rules(evidence),
                      measured_at(e, evidence));
}

static void emit_evidence(struct engine *e, const struct episode_evidence *evidence, const char *ae_id)
{
    engine_part(e, evidence->fact, evidence->part)->cited = true;
    if (evidence->datum)
        composed_cite(e, evidence->datum);
    if (e->in->study->evidence_values != GW_VALUES_NONE)
        emit_pointer(e, evidence, ae_id);
}

static void emit_grade(struct engine *e, const struct episode *episode, const struct episode_grade *grade,
                       const char *ae_id)
{
    const char *date = engine_date(e, grade->day);
    const char *id = date ? gw_arena_print(e->arena, "%s|%s", ae_id, date) : NULL;
    struct gw_row_ae_grades *row = (struct gw_row_ae_grades *)engine_row(e, GW_TABLE_ae_grades, id, "active");

    if (!row)
        return;
    row->ae_id = ae_id;
    row->date = date;
    row->grade = grade->grade;
    row->object = episode->term;
    grade_lineage(e, episode, grade, id);
}

static void ask_for_grade(struct engine *e, const struct episode *episode)
{
    const struct item_about about = episode_about(episode, "the grade of this event is clinical: a person gives it");

    engine_raise(e, "AE_GRADE_HUMAN", &about);
}

/* Not collected, or not yet: the diagnoses are told apart from those the study has no use for. */
static void await_assessment(struct engine *e, const struct episode *episode)
{
    for (size_t i = 0; i < episode->evidence_count; i++)
        if (e->in->facts[episode->evidence[i].fact].type == GW_CONDITION)
            engine_end_fact(e, episode->evidence[i].fact, GW_STATE_OUTSIDE_WINDOW,
                            engine_unassessed(e, episode->onset));
}

/* By fact, role and part, so that what was cited twice lies together. */
static int by_place(const void *x, const void *y)
{
    const struct episode_evidence *const a = *(const struct episode_evidence *const *)x;
    const struct episode_evidence *const b = *(const struct episode_evidence *const *)y;
    int order = ORDER(a->fact, b->fact);

    if (order == 0)
        order = strcmp(a->role, b->role);
    if (order == 0)
        order = a->part - b->part;
    return order_then(order, ORDER(a, b));
}

static const struct episode_evidence *const *sort_evidence(struct engine *e, const struct episode *episode)
{
    const struct episode_evidence **sorted = gw_arena_alloc(e->arena, episode->evidence_count * sizeof *sorted);

    e->failed |= !sorted;
    for (size_t i = 0; sorted && i < episode->evidence_count; i++)
        sorted[i] = &episode->evidence[i];
    if (sorted && episode->evidence_count > 1)
        qsort(sorted, episode->evidence_count, sizeof *sorted, by_place);
    return sorted;
}

static bool is_repeated(const struct episode_evidence *const *sorted, size_t i)
{
    return i > 0 && sorted[i]->fact == sorted[i - 1]->fact && sorted[i]->part == sorted[i - 1]->part &&
           strcmp(sorted[i]->role, sorted[i - 1]->role) == 0;
}

void episode_name(struct engine *e, struct episode *episode)
{
    episode->window = engine_assessment(e, episode->onset);
    if (!episode->window) {
        await_assessment(e, episode);
        return;
    }
    episode->id = birth_name(e, episode);
    e->failed |= !episode->id;
}

void episode_emit(struct engine *e, const struct episodes *episodes, const struct episode *episode)
{
    const struct episode_evidence *const *sorted = episode->id ? sort_evidence(e, episode) : NULL;

    if (!sorted)
        return;
    if (episode->changes_on != GW_NO_DAY)
        engine_next_day(e, episode->changes_on);
    emit_episode(e, episodes, episode);
    episode_lineage(e, episode, sorted);
    baseline_lineage(e, episode);
    for (size_t i = 0; i < episode->evidence_count && !e->failed; i++)
        if (!is_repeated(sorted, i))
            emit_evidence(e, sorted[i], episode->id);
    for (size_t i = 0; i < episode->grade_count && !e->failed; i++)
        emit_grade(e, episode, &episode->grades[i], episode->id);
    if (episode->max_grade < 0)
        ask_for_grade(e, episode);
}
