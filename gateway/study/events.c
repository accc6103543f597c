/*
 * Adverse events: laboratory and coded episodes of one category that overlap become one, and each that falls to a
 * collected assessment becomes rows: the episode, its evidence, its grade changes.
 *
 * An event between windows is collected at the next collected assessment, with its true onset.
 * Source: mappings/RULES.md 12.
 */
#include <stdlib.h>
#include <string.h>

#include "study/compose.h"
#include "study/episode.h"

struct episode *episode_add(struct engine *e, struct episodes *episodes)
{
    struct episode *episode = GW_ARENA_PUSH(e->arena, episodes->list, episodes->count, episodes->capacity);

    e->failed |= !episode;
    return episode;
}

void episode_cite(struct engine *e, struct episode *episode, struct episode_evidence evidence)
{
    struct episode_evidence *slot =
        GW_ARENA_PUSH(e->arena, episode->evidence, episode->evidence_count, episode->evidence_capacity);

    if (slot)
        *slot = evidence;
    else
        e->failed = true;
}

void episode_note_grade(struct engine *e, struct episode *episode, gw_day day, int grade)
{
    struct episode_grade *slot;

    if (episode->grade_count > 0 && episode->grades[episode->grade_count - 1].grade == grade)
        return;
    slot = GW_ARENA_PUSH(e->arena, episode->grades, episode->grade_count, episode->grade_capacity);
    if (slot)
        *slot = (struct episode_grade){day, grade};
    else
        e->failed = true;
}

/* ---- which evidence the study asks for ---- */

bool engine_category_on(const struct engine *e, const char *category)
{
    for (size_t i = 0; i < e->in->study->category_count; i++)
        if (strcmp(e->in->study->categories[i], category) == 0)
            return true;
    return false;
}

static bool is_event_concept(const struct engine *e, const char *concept)
{
    for (size_t i = 0; i < e->in->rules->evidence_count; i++) {
        const struct gw_ae_evidence *row = &e->in->rules->evidence[i];

        if (row->kind <= GW_AE_OBSERVATION && strcmp(row->key, concept) == 0 && engine_category_on(e, row->category))
            return true;
    }
    return false;
}

bool engine_dates_events(const struct engine *e, const char *concept)
{
    if (is_event_concept(e, concept))
        return true;
    for (size_t i = 0; i < e->in->rules->composition_count; i++) {
        const struct gw_composition *rule = &e->in->rules->compositions[i];

        if ((gw_same(rule->base, concept) || gw_same(rule->first, concept) || gw_same(rule->second, concept)) &&
            is_event_concept(e, rule->concept))
            return true;
    }
    return false;
}

/* ---- one category, two kinds of evidence ---- */

static gw_day last_day(const struct episode *episode)
{
    return episode->end != GW_NO_DAY ? episode->end : GW_DAY_MAX;
}

static bool overlap(const struct engine *e, const struct episode *a, const struct episode *b)
{
    const int slack = e->in->study->combine_days;

    return strcmp(a->category, b->category) == 0 && a->onset <= last_day(b) + slack && b->onset <= last_day(a) + slack;
}

/* The laboratory episode keeps its course; an earlier coded onset within combine_days sets its start earlier. */
static void absorb(struct engine *e, struct episode *lab, const struct episode *coded)
{
    if (coded->onset < lab->onset && lab->onset - coded->onset <= e->in->study->combine_days)
        lab->onset = coded->onset;
    lab->coded = true;
    lab->subcategory = lab->subcategory ? lab->subcategory : coded->subcategory;
    for (size_t i = 0; i < coded->evidence_count; i++) {
        struct episode_evidence evidence = coded->evidence[i];

        if (evidence.day != lab->onset)
            evidence.role = "supporting";
        episode_cite(e, lab, evidence);
    }
}

static void combine(struct engine *e, struct episodes *episodes, size_t labs)
{
    size_t kept = labs;

    for (size_t c = labs; c < episodes->count; c++) {
        struct episode *host = NULL;

        for (size_t l = 0; l < labs && !host; l++)
            if (overlap(e, &episodes->list[l], &episodes->list[c]))
                host = &episodes->list[l];
        if (host)
            absorb(e, host, &episodes->list[c]);
        else
            episodes->list[kept++] = episodes->list[c];
    }
    episodes->count = kept;
}

/* ---- the assessment that collects it ---- */

/* The last day on which the window saw the subject: an onset after it is for the next one. */
static gw_day assessed_until(const struct engine *e, size_t window)
{
    const gw_day last = e->window_states[window].last_contact;

    return last != GW_NO_DAY ? last : e->windows.list[window].high;
}

/* Events belong to the study's first group. NULL: no collected assessment yet. */
static const struct gw_window *assessment(const struct engine *e, gw_day onset)
{
    for (size_t i = 0; i < e->windows.count; i++) {
        const struct gw_window *window = &e->windows.list[i];
        const bool assesses = window->rule->contact || e->in->study->continuous;

        if ((window->groups & 1) && assesses && gw_same(e->window_states[i].state, "collected") &&
            assessed_until(e, i) >= onset)
            return window;
    }
    return NULL;
}

/* ---- rows ---- */

static int by_key(const void *x, const void *y, void *context)
{
    const struct engine *e = context;
    const struct episode_evidence *a = x, *b = y;
    const int order = strcmp(e->versions[a->fact].key, e->versions[b->fact].key);

    return order ? order : a->part - b->part;
}

/* At birth an episode is named by its category and its smallest evidence fact; identify() keeps older names. */
static const char *birth_name(struct engine *e, const struct episode *episode)
{
    const struct episode_evidence *smallest = &episode->evidence[0];
    const char *parts[4] = {e->in->roster->subject, episode->category, NULL, NULL};

    for (size_t i = 1; i < episode->evidence_count; i++)
        if (by_key(&episode->evidence[i], smallest, e) < 0)
            smallest = &episode->evidence[i];
    parts[2] = e->versions[smallest->fact].key;
    parts[3] = gw_arena_print(e->arena, "%d", smallest->part);
    return parts[3] ? gw_hmac_id(e->in->key, e->arena, 'a', parts, 4) : NULL;
}

static int32_t or_null(int grade)
{
    return grade < 0 ? GW_NULL_INTEGER : grade;
}

static bool emergent(const struct engine *e, const struct episode *episode)
{
    return e->anchors.eot == GW_NO_DAY || episode->onset <= e->anchors.eot + e->in->study->treatment_emergent_days;
}

static void emit_episode(struct engine *e, const struct episode *episode, const char *id,
                         const struct gw_window *window)
{
    struct gw_row_ae_episodes *row = (struct gw_row_ae_episodes *)engine_row(e, GW_TABLE_ae_episodes, id, "active");

    if (!row)
        return;
    row->ae_id = id;
    row->category = episode->category;
    row->subcategory = episode->subcategory;
    row->term = episode->term;
    row->onset = engine_date(e, episode->onset);
    row->end = engine_date(e, episode->end);
    row->ongoing = episode->ongoing;
    row->onset_study_day = gw_study_day(e->anchors.d1, episode->onset);
    row->teae = emergent(e, episode);
    row->assessed_window = window->id;
    row->baseline_grade = or_null(episode->baseline_grade);
    row->outcome = episode->outcome;
    row->days_since_first_dose = gw_elapsed(e->anchors.d1, episode->onset);
    row->certainty = "certain";
    if (episode->max_grade < 0)
        return;
    row->max_grade = episode->max_grade;
    row->max_grade_date = engine_date(e, episode->max_day);
    row->scale = e->in->study->grade_scale;
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

static bool named_before(const struct episode *episode, size_t index)
{
    const struct episode_evidence *evidence = &episode->evidence[index];

    for (size_t i = 0; i < index; i++)
        if (episode->evidence[i].fact == evidence->fact && strcmp(episode->evidence[i].role, evidence->role) == 0)
            return true; /* two parts of one resource */
    return false;
}

static void episode_lineage(struct engine *e, const struct episode *episode, const char *id)
{
    bool named = false;

    for (size_t i = 0; i < episode->evidence_count; i++) {
        const struct episode_evidence *evidence = &episode->evidence[i];

        if (!may_be_named(e, evidence) || named_before(episode, i))
            continue;
        engine_provenance(e, "ae_episodes", id, evidence->fact, evidence->role, evidence_rules(evidence), NULL);
        named = true;
    }
    if (!named)
        engine_provenance_of_rules(e, "ae_episodes", id, "evidence", "episodes");
}

/* The evidence that told the grade on that day. */
static void grade_lineage(struct engine *e, const struct episode *episode, const struct episode_grade *grade,
                          const char *id)
{
    for (size_t i = 0; i < episode->evidence_count; i++) {
        const struct episode_evidence *evidence = &episode->evidence[i];

        if (evidence->day != grade->day || evidence->grade != grade->grade || !may_be_named(e, evidence))
            continue;
        engine_provenance(e, "ae_grades", id, evidence->fact, "grade", evidence_rules(evidence), NULL);
        return;
    }
    engine_provenance_of_rules(e, "ae_grades", id, "grade", "episodes");
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
    row->concept = evidence->concept;
    row->source_hash = hash;
    row->date = engine_date(e, evidence->day);
    row->grade_at = or_null(evidence->grade);
    row->role = evidence->role;
    if (e->in->study->evidence_values == GW_VALUES_VALUE && evidence->in_window)
        row->value_num = evidence->value; /* what lies between windows stays in the hospital */
    engine_provenance(e, "ae_evidence", id, evidence->fact, evidence->role, evidence_rules(evidence), NULL);
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
    const struct episode_evidence *first = &episode->evidence[0];

    engine_raise(e, "AE_GRADE_HUMAN",
                 &(struct item_about){.has_fact = true,
                                      .fact = first->fact,
                                      .part = first->part,
                                      .day = episode->onset,
                                      .rule = episode->category,
                                      .note = "the grade of this event is clinical: a person gives it"});
}

/* Not collected yet: the diagnoses are told apart from those the study has no use for. */
static void await_assessment(struct engine *e, const struct episode *episode)
{
    for (size_t i = 0; i < episode->evidence_count; i++)
        if (e->in->facts[episode->evidence[i].fact].type == GW_CONDITION)
            engine_end_fact(e, episode->evidence[i].fact, GW_STATE_OUTSIDE_WINDOW, "AWAITS_ASSESSMENT");
}

static void emit(struct engine *e, const struct episode *episode)
{
    const struct gw_window *window = assessment(e, episode->onset);
    const char *id;

    if (!window)
        await_assessment(e, episode);
    if (!window || e->failed)
        return;
    if (episode->changes_on != GW_NO_DAY)
        engine_next_day(e, episode->changes_on);
    id = birth_name(e, episode);
    emit_episode(e, episode, id, window);
    episode_lineage(e, episode, id);
    for (size_t i = 0; i < episode->evidence_count && !e->failed; i++)
        emit_evidence(e, &episode->evidence[i], id);
    for (size_t i = 0; i < episode->grade_count && !e->failed; i++)
        emit_grade(e, episode, &episode->grades[i], id);
    if (episode->max_grade < 0)
        ask_for_grade(e, episode);
}

void stage_events(struct engine *e)
{
    struct episodes episodes = {0};
    size_t labs;

    if (e->anchors.d1 == GW_NO_DAY)
        return;
    lab_episodes(e, &episodes);
    labs = episodes.count;
    if (!e->failed)
        coded_episodes(e, &episodes);
    if (!e->failed)
        combine(e, &episodes, labs);
    for (size_t i = 0; i < episodes.count && !e->failed; i++)
        emit(e, &episodes.list[i]);
}
