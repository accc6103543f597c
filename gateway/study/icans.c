/*
 * Immune effector cell-associated neurotoxicity by the ASTCT scale, as candidates: points of the ICE questionnaire
 * below full marks. A person confirms each; 0 points of who cannot be aroused is grade 4, and consciousness, seizures,
 * movement and pressure can raise any grade: a person's too.
 *
 * An episode runs from the first answers below full marks to the first with them. A low Glasgow coma score and coded
 * neurological signs join one that is near; alone they are candidates without a grade.
 *
 * Source: ASTCT 2019 (Lee, Biol Blood Marrow Transplant 25:625); mappings/RULES.md 12.
 */
#include <stdlib.h>
#include <string.h>

#include "study/bound.h"
#include "study/forms.h"
#include "study/syndrome.h"

#define CATEGORY "ICANS"
#define SCALE    "ICE"

static bool lies_in(struct engine *e, const struct gw_ratio *value, const struct gw_ice_step *step)
{
    const struct gw_ratio low = gw_ratio_of(gw_decimal_from_int(step->low)),
                          high = gw_ratio_of(gw_decimal_from_int(step->high));

    return gw_ratio_compare(e->arena, value, &low) >= 0 && gw_ratio_compare(e->arena, value, &high) <= 0;
}

/* 0: full marks; -1: the form tells no points. */
static int grade_of(struct engine *e, const struct form *form)
{
    const struct gw_icans_rules *rules = &e->in->study->events.icans;
    const struct form_score *score = form_score(form, SCALE);

    for (size_t i = 0; score && i < rules->steps.count; i++)
        if (lies_in(e, &score->value, &rules->steps.items[i]))
            return rules->steps.items[i].grade;
    return score ? 0 : -1;
}

/* ---- answers ---- */

static bool is_usable(const struct engine *e, const struct form *form)
{
    return form->when.first == form->when.last && form->when.first >= e->anchors.d1 &&
           !episode_precedes_dose(e, &form->when) && form->when.first <= episode_known_until(e) &&
           e->in->facts[form->fact].standing == GW_ACCEPTED;
}

static void cite_form(struct engine *e, struct episode *episode, const struct form *form, int grade, const char *role)
{
    episode_cite(e, episode,
                 (struct episode_evidence){.fact = form->fact,
                                           .part = form->part,
                                           .kind = "vital",
                                           .concept = SCALE,
                                           .role = role,
                                           .day = form->when.first,
                                           .grade = grade > 0 ? grade : -1,
                                           .value = gw_ratio_print(e->arena, &form_score(form, SCALE)->value),
                                           .in_window = true,
                                           .rules = engine_rules(e, (const char *[]){"icans", form->rules}, 2)});
}

static void take(struct engine *e, struct episode *episode, const struct form *form, int grade)
{
    const bool first = episode->evidence_count == 0, worse = grade > episode->max_grade;

    cite_form(e, episode, form, grade, first ? "onset" : worse ? "worst" : "supporting");
    if (worse) {
        episode->max_grade = grade;
        episode->max_day = form->when.first;
    }
    episode_note_grade(e, episode, form->when.first, grade);
}

static void leave_open(struct engine *e, struct episode *episode, gw_day last, int grade)
{
    const gw_day unknown_from = last + e->in->study->no_value_days + 1;

    episode->end = GW_NO_DAY;
    episode->ongoing = episode_known_until(e) < unknown_from;
    episode->outcome = !episode->ongoing ? "unknown" : grade < episode->max_grade ? "recovering" : "not recovered";
    if (episode->ongoing && unknown_from <= episode_closing_day(e))
        engine_next_day(e, episode->changes_on = unknown_from);
}

/* ---- the proposal ---- */

struct told { /* what all proposals of one subject go by */
    struct syndrome syndrome;
    struct givens givens;
    struct doses_given doses;
};

static void describe(struct engine *e, const struct episodes *episodes, const struct told *told,
                     struct candidate *candidate, struct moment onset)
{
    struct gw_text json = GW_TEXT_INIT(4096);
    struct episode *episode = &candidate->episode;
    const struct dose_relation relation = dose_before(&told->doses, episode->onset, onset);
    const gw_day last = episode->ongoing ? episode_known_until(e) : syndrome_last_day(episode);

    syndrome_tell_dose(e, episode, &told->doses, onset, &json);
    syndrome_tell_treatment(e, episode, &told->syndrome, &told->givens, &told->doses,
                            (struct moment){moment_after_dose(&relation, onset), moment_day_end(e, last)}, NULL, &json);
    syndrome_tell_course(e, episodes, candidate, &json);
}

/* From a form below full marks to the first with them. Gives the place of the form behind it. */
static size_t follow(struct engine *e, struct episodes *episodes, const struct told *told, size_t first)
{
    struct candidate *candidate = syndrome_propose(e, episodes, &told->syndrome, e->forms[first].when.first);
    struct moment onset = moment_of(e, &e->forms[first].when, NULL);
    gw_day last = e->forms[first].when.first;
    int grade = -1;
    size_t i = first;

    for (; candidate && i < e->form_count && !e->failed; i++) {
        const struct form *form = &e->forms[i];
        const int now = is_usable(e, form) ? grade_of(e, form) : -1;

        if (now < 0)
            continue;
        if (form->when.first - last > e->in->study->no_value_days)
            break;
        if (now == 0) {
            candidate->episode.end = form->when.first;
            candidate->episode.outcome = "recovered";
            cite_form(e, &candidate->episode, form, 0, "recovery");
            describe(e, episodes, told, candidate, onset);
            return i + 1;
        }
        take(e, &candidate->episode, form, grade = now);
        last = form->when.first;
    }
    if (!candidate || e->failed)
        return e->form_count;
    leave_open(e, &candidate->episode, last, grade);
    describe(e, episodes, told, candidate, onset);
    return i;
}

/* ---- Glasgow coma scores ---- */

static struct candidate *near(const struct engine *e, struct episodes *episodes, const struct told *told, gw_day day)
{
    const int slack = e->in->study->combine_days;

    for (size_t i = 0; i < episodes->candidate_count; i++) {
        struct candidate *candidate = &episodes->candidates[i];

        if (candidate->item && strcmp(candidate->item, told->syndrome.item) == 0 &&
            candidate->episode.onset - slack <= day && day <= syndrome_last_day(&candidate->episode) + slack)
            return candidate;
    }
    return NULL;
}

static void cite_score(struct engine *e, struct episode *episode, const struct datum *datum)
{
    struct episode_evidence evidence =
        evidence_of_datum(datum, "vital", episode->evidence_count == 0 ? "onset" : "supporting");

    evidence.rules = "icans";
    episode_cite(e, episode, evidence);
}

static void take_scores(struct engine *e, struct episodes *episodes, const struct told *told)
{
    const struct readings scores = readings_of(e, "GCS", e->anchors.d1);

    for (size_t i = 0; i < scores.count; i++) {
        const struct reading *score = &scores.list[i];
        struct candidate *candidate;

        if (episode_precedes_dose(e, &score->datum->when) ||
            !bound_below(e, score->datum, &e->in->study->events.icans.gcs))
            continue;
        candidate = near(e, episodes, told, score->datum->when.first);
        if (candidate) {
            cite_score(e, &candidate->episode, score->datum);
            continue;
        }
        candidate = syndrome_propose(e, episodes, &told->syndrome, score->datum->when.first);
        if (!candidate)
            return;
        candidate->coding = score->datum->code.source;
        candidate->episode.end = GW_NO_DAY;
        cite_score(e, &candidate->episode, score->datum);
        describe(e, episodes, told, candidate, score->moment);
    }
}

void icans_episodes(struct engine *e, struct episodes *episodes)
{
    const struct gw_icans_rules *rules = &e->in->study->events.icans;
    struct told told = {.syndrome = {CATEGORY, "Immune effector cell-associated neurotoxicity syndrome", "ICANS_REVIEW",
                                     "icans", rules->scale, "a person confirms the cause and the grade",
                                     &rules->treatments}};

    if (!rules->on || !engine_category_on(e, CATEGORY))
        return;
    told.givens = *episodes->givens;
    told.doses = *episodes->doses;
    for (size_t i = 0; i < e->form_count && !e->failed;)
        i = is_usable(e, &e->forms[i]) && grade_of(e, &e->forms[i]) > 0 ? follow(e, episodes, &told, i) : i + 1;
    if (!e->failed)
        syndrome_join_coded(e, episodes, &told.syndrome, &told.givens, &told.doses);
    if (!e->failed)
        take_scores(e, episodes, &told);
}
