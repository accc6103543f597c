/*
 * Adverse events: what the sources of evidence find, put together. Laboratory and other episodes of one category that
 * overlap become one.
 *
 * Source: mappings/RULES.md 12.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "study/episode.h"
#include "study/event_decisions.h"
#include "study/infections.h"
#include "study/relatedness.h"
#include "study/seriousness.h"
#include "study/syndrome.h"

struct episode *episode_add(struct engine *e, struct episodes *episodes)
{
    struct episode *episode = GW_ARENA_PUSH(e->arena, episodes->list, episodes->count, episodes->capacity);

    e->failed |= !episode;
    return episode;
}

/* What told of the highest grade does so no more once there is a higher one. */
static void outgrow(struct episode *episode)
{
    for (size_t i = 0; i < episode->evidence_count; i++)
        if (strcmp(episode->evidence[i].role, "worst") == 0)
            episode->evidence[i].role = "supporting";
}

void episode_cite(struct engine *e, struct episode *episode, struct episode_evidence evidence)
{
    struct episode_evidence *slot;

    if (strcmp(evidence.role, "worst") == 0)
        outgrow(episode);
    slot = GW_ARENA_PUSH(e->arena, episode->evidence, episode->evidence_count, episode->evidence_capacity);
    if (slot)
        *slot = evidence;
    else
        e->failed = true;
}

struct episode_evidence evidence_of_datum(const struct datum *datum, const char *kind, const char *role)
{
    return (struct episode_evidence){.fact = datum->fact,
                                     .part = datum->part,
                                     .kind = kind,
                                     .concept = datum->code.lab->concept,
                                     .role = role,
                                     .day = datum->when.first,
                                     .grade = -1,
                                     .value = datum->value->measure.value_num,
                                     .in_window = datum->placed_count > 0,
                                     .datum = datum};
}

struct item_about episode_about(const struct episode *episode, const char *note)
{
    const struct episode_evidence *first = &episode->evidence[0];

    return (struct item_about){.has_fact = true,
                               .fact = first->fact,
                               .part = first->part,
                               .day = episode->onset,
                               .rule = episode->category,
                               .note = note};
}

/* Of two grades of one day the worse holds. */
static void note_worse(struct episode *episode, int grade)
{
    struct episode_grade *last = &episode->grades[episode->grade_count - 1];

    if (grade <= last->grade)
        return;
    *last = (struct episode_grade){last->day, grade, episode->evidence_count - 1};
    if (episode->grade_count > 1 && last[-1].grade == grade)
        episode->grade_count--;
}

void episode_note_grade(struct engine *e, struct episode *episode, gw_day day, int grade)
{
    const struct episode_grade *last = episode->grade_count > 0 ? &episode->grades[episode->grade_count - 1] : NULL;
    struct episode_grade *slot;

    if (last && last->day == day) {
        note_worse(episode, grade);
        return;
    }
    if (last && last->grade == grade)
        return;
    slot = GW_ARENA_PUSH(e->arena, episode->grades, episode->grade_count, episode->grade_capacity);
    if (slot)
        *slot = (struct episode_grade){day, grade, episode->evidence_count - 1};
    else
        e->failed = true;
}

/* ---- which evidence the study asks for ---- */

/* By a person: "episodes:NEUTROPENIA". */
static bool switched_off(const struct engine *e, const char *category)
{
    char rule[120];

    if (e->decided_count == 0)
        return false;
    snprintf(rule, sizeof rule, "episodes:%s", category);
    return decided_rule_off(e, rule);
}

bool engine_category_on(const struct engine *e, const char *category)
{
    return gw_is_among(e->in->study->categories, e->in->study->category_count, category) && !switched_off(e, category);
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

/* ---- from when, until when ---- */

bool episode_precedes_dose(const struct engine *e, const struct gw_when *when)
{
    return when->first == e->anchors.d1 && when->precision == GW_PRECISION_SECOND && e->first_dose_utc >= 0 &&
           when->utc < e->first_dose_utc;
}

gw_day episode_closing_day(const struct engine *e)
{
    return gw_day_earlier(gw_day_earlier(e->windows.span_high, e->anchors.death), e->anchors.withdrawn);
}

gw_day episode_known_until(const struct engine *e)
{
    return gw_day_earlier(e->in->horizon, episode_closing_day(e));
}

/* ---- one category, two kinds of evidence ---- */

/* What was the onset is one no more where the episode begins earlier. */
static void move_onset(struct episode *episode, gw_day onset)
{
    episode->onset = onset;
    for (size_t i = 0; i < episode->evidence_count; i++)
        if (strcmp(episode->evidence[i].role, "onset") == 0 && episode->evidence[i].day != onset)
            episode->evidence[i].role = episode->evidence[i].day == episode->max_day ? "worst" : "supporting";
}

/* The laboratory episode keeps its course; an earlier coded onset within combine_days sets its start earlier. */
static void absorb(struct engine *e, struct episode *lab, const struct episode *coded)
{
    if (coded->onset < lab->onset && lab->onset - coded->onset <= e->in->study->combine_days)
        move_onset(lab, coded->onset);
    lab->coded = true;
    lab->treated |= coded->treated;
    lab->subcategory = lab->subcategory ? lab->subcategory : coded->subcategory;
    for (size_t i = 0; i < coded->evidence_count; i++) {
        struct episode_evidence evidence = coded->evidence[i];

        if (evidence.day != lab->onset)
            evidence.role = "supporting";
        episode_cite(e, lab, evidence);
    }
}

static const struct episode_kind any = {NULL, NULL};

/* A diagnosis that nobody closed may have been over long before the next low count: its onset alone is told. */
static gw_day told_until(const struct episode *coded)
{
    return coded->coded && coded->ongoing ? coded->onset : episode_last_day(coded);
}

static void combine(struct engine *e, struct episodes *episodes, size_t labs)
{
    const struct shelf shelf = shelf_of(e, episodes->list, labs);
    size_t kept = labs;

    for (size_t c = labs; c < episodes->count && !e->failed; c++) {
        const struct episode *other = &episodes->list[c];
        struct episode *host =
            shelf_find(&shelf, other->category, any, other->onset, told_until(other), e->in->study->combine_days);

        if (host)
            absorb(e, host, other);
        else
            episodes->list[kept++] = *other;
    }
    episodes->count = kept;
}

/* ---- events that belong together ---- */

/* Fever belongs to the low count it came with, an infection to the fever it was found in. */
static void link_parents(struct engine *e, struct episodes *episodes)
{
    static const struct {
        const char *child, *parent;
    } links[] = {{"FEBRILE_NEUTROPENIA", "NEUTROPENIA"}, {"INFECTION", "FEBRILE_NEUTROPENIA"}};
    const struct shelf shelf = shelf_of(e, episodes->list, episodes->count);

    for (size_t i = 0; i < episodes->count && !e->failed; i++)
        for (size_t l = 0; l < sizeof links / sizeof *links; l++) {
            struct episode *episode = &episodes->list[i];
            const struct episode *parent;

            if (strcmp(episode->category, links[l].child) != 0)
                continue;
            parent = shelf_find(&shelf, links[l].parent, any, episode->onset, episode_last_day(episode),
                                e->in->study->combine_days);
            episode->parent = parent ? (size_t)(parent - episodes->list) + 1 : 0;
        }
}

/* ---- the stage ---- */

struct ground { /* what the sources and the weighing of events go by, each read once */
    struct stays stays;
    struct intensives intensives;
    struct givens givens;
    struct doses_given doses;
};

static void read_ground(struct engine *e, struct ground *ground, struct episodes *episodes)
{
    *ground = (struct ground){.stays = stays_read(e), .intensives = intensive_find(e)};
    if (e->in->study->events.crs.on || e->in->study->events.icans.on) {
        ground->givens = givens_read(e);
        ground->doses = doses_read(e, &ground->givens);
    }
    episodes->stays = &ground->stays;
    episodes->givens = &ground->givens;
    episodes->doses = &ground->doses;
}

static void find_episodes(struct engine *e, const struct ground *ground, struct episodes *episodes)
{
    static episode_source *const others[] = {coded_episodes, febrile_episodes, result_signs,
                                             drug_signs,     crs_episodes,     icans_episodes};
    size_t labs;

    lab_episodes(e, episodes);
    labs = episodes->count;
    for (size_t i = 0; i < sizeof others / sizeof *others && !e->failed; i++)
        others[i](e, episodes);
    if (!e->failed)
        combine(e, episodes, labs);
    if (!e->failed)
        candidates_settle(e, episodes, &ground->intensives);
    for (size_t i = 0; i < episodes->count && !e->failed; i++)
        infection_grade(e, &episodes->list[i], &ground->intensives);
}

/* What people decided, and which belong together: from here on there are no others. */
static void settle_episodes(struct engine *e, struct episodes *episodes)
{
    decide_merges(e, episodes);
    for (size_t i = 0; i < episodes->count && !e->failed; i++)
        decide_episode(e, &episodes->list[i]);
    if (!e->failed)
        link_parents(e, episodes);
    if (!e->failed)
        syndromes_finish(e, episodes);
}

static void emit_episodes(struct engine *e, const struct ground *ground, struct episodes *episodes)
{
    struct opinions opinions;

    for (size_t i = 0; i < episodes->count && !e->failed; i++)
        episode_name(e, &episodes->list[i]);
    for (size_t i = 0; i < episodes->count && !e->failed; i++)
        seriousness_weigh(e, &episodes->list[i], &ground->stays, &ground->intensives);
    opinions = opinions_read(e);
    for (size_t i = 0; i < episodes->count && !e->failed; i++)
        relatedness_take(e, &episodes->list[i], &opinions);
    for (size_t i = 0; i < episodes->count && !e->failed; i++)
        episode_emit(e, episodes, &episodes->list[i]);
}

void stage_events(struct engine *e)
{
    struct episodes episodes = {0};
    struct ground ground;

    if (e->anchors.d1 == GW_NO_DAY)
        return;
    read_ground(e, &ground, &episodes);
    find_episodes(e, &ground, &episodes);
    settle_episodes(e, &episodes);
    emit_episodes(e, &ground, &episodes);
}
