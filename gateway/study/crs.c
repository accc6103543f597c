/*
 * Cytokine release syndrome by the ASTCT scale, as candidates: fever after a dose of the study drug, graded by the
 * worse of blood pressure and oxygen. A person confirms cause and grade; death of it, grade 5, is a person's alone.
 *
 * After one of the first doses fever is enough; after a later one, when every day is near one, it needs a second sign.
 *
 * Source: ASTCT 2019 (Lee, Biol Blood Marrow Transplant 25:625); mappings/RULES.md 12.
 */
#include <string.h>

#include "gateway/core/json.h"
#include "study/bound.h"
#include "study/crs_parts.h"
#include "study/syndrome.h"

/* ---- which runs are candidates ---- */

/* A person said so of the sign, as one of this category. */
static bool is_decided(struct engine *e, const struct crs_sign *sign, enum gw_decision_member member)
{
    const struct gw_decision *decision = decided_event(e, GW_DECIDE_EVENT, sign->fact, sign->part, CRS_CATEGORY);

    return decided_says(decision, member) && decided_is_of(decision, CRS_CATEGORY);
}

static bool was_treated(const struct crs_history *h, const struct crs_run *run)
{
    const struct moment span = {h->signs[run->onset].moment.first, run->end_at};

    for (size_t i = 0; i < h->givens.count; i++)
        if (strcmp(h->givens.list[i].drug->role, "CRS_TREATMENT") == 0 && moments_meet(h->givens.list[i].span, span))
            return true;
    return false;
}

static bool was_coded(const struct engine *e, const struct episodes *episodes, const struct crs_history *h,
                      const struct crs_run *run)
{
    const int slack = e->in->study->combine_days;

    for (size_t i = 0; i < episodes->candidate_count; i++) {
        const struct episode *coded = &episodes->candidates[i].episode;

        if (episodes->candidates[i].item) /* of signs */
            continue;
        if (strcmp(coded->category, CRS_CATEGORY) == 0 && !coded->subcategory &&
            coded->onset <= moment_day(e, run->end_at) + slack && coded->end >= h->signs[run->onset].day - slack)
            return true;
    }
    return false;
}

/* After a later dose, when every day is near one, fever alone says little. */
static bool is_candidate(struct engine *e, const struct episodes *episodes, const struct crs_history *h,
                         const struct crs_run *run)
{
    if (crs_is_after_dose(h, &h->signs[run->onset], (size_t)h->rules->doses) || was_treated(h, run) ||
        was_coded(e, episodes, h, run))
        return true;
    for (size_t i = 0; i < h->count; i++)
        if (h->signs[i].grade > CRS_FEVER || (h->signs[i].grade > 0 && is_decided(e, &h->signs[i], GW_SET_CONFIRM)))
            return true;
    return false;
}

static bool is_refused(struct engine *e, const struct crs_history *h)
{
    for (size_t i = 0; i < h->count; i++)
        if (h->signs[i].grade > 0 && is_decided(e, &h->signs[i], GW_SET_REFUSE))
            return true;
    return false;
}

/* ---- evidence ---- */

static void cite(struct engine *e, struct episode *episode, const struct crs_sign *sign)
{
    const struct datum *datum = sign->datum;
    const char *role = episode->evidence_count == 0       ? "onset"
                       : sign->grade > episode->max_grade ? "worst"
                                                          : "supporting";

    episode_cite(e, episode,
                 (struct episode_evidence){.fact = sign->fact,
                                           .part = sign->part,
                                           .kind = sign->given     ? "drug"
                                                   : sign->support ? sign->support->kind
                                                                   : "vital",
                                           .concept = crs_concept(sign),
                                           .role = role,
                                           .day = sign->day,
                                           .grade = sign->grade,
                                           .value = datum ? datum->value->measure.value_num : NULL,
                                           .in_window = datum && datum->placed_count > 0,
                                           .datum = datum,
                                           .rules = "crs"});
}

/* Of each day and kind, and of each drug, the first of a grade: the chart of a week has hundreds. And what decisions
 * name. */
static bool is_told(struct engine *e, const struct crs_history *h, size_t sign)
{
    if (decided_event(e, GW_DECIDE_EVENT, h->signs[sign].fact, h->signs[sign].part, CRS_CATEGORY))
        return false;
    for (size_t i = sign; i-- > 0 && h->signs[i].day == h->signs[sign].day;)
        if (h->signs[i].kind == h->signs[sign].kind && h->signs[i].grade == h->signs[sign].grade &&
            strcmp(crs_concept(&h->signs[i]), crs_concept(&h->signs[sign])) == 0)
            return true;
    return false;
}

/* The worst of each day, as long as its signs last. */
static void note_grades(struct engine *e, const struct crs_history *h, struct episode *episode, gw_day last)
{
    for (gw_day day = episode->onset; day <= last && !e->failed; day++) {
        int worst = 0;

        for (size_t i = 0; i < h->count; i++)
            if (h->signs[i].grade > worst && h->signs[i].day <= day && moment_day(e, h->signs[i].moment.last) >= day)
                worst = h->signs[i].grade;
        if (worst > 0)
            episode_note_grade(e, episode, day, worst);
    }
}

/* A change of grade is told by the first evidence of that grade of its day or before. */
static void name_grades(struct episode *episode)
{
    for (size_t g = 0; g < episode->grade_count; g++)
        for (size_t i = episode->evidence_count; i-- > 0;)
            if (episode->evidence[i].grade == episode->grades[g].grade &&
                episode->evidence[i].day <= episode->grades[g].day)
                episode->grades[g].evidence = i;
}

static void cite_signs(struct engine *e, const struct crs_history *h, struct episode *episode,
                       const struct crs_run *run)
{
    cite(e, episode, &h->signs[run->onset]);
    episode->max_grade = CRS_FEVER;
    episode->max_day = episode->onset;
    for (size_t i = 0; i < h->count && !e->failed; i++) {
        const struct crs_sign *sign = &h->signs[i];

        if (sign->grade == 0 || i == run->onset || is_told(e, h, i))
            continue;
        cite(e, episode, sign);
        if (sign->grade > episode->max_grade) {
            episode->max_grade = sign->grade;
            episode->max_day = sign->day > episode->onset ? sign->day : episode->onset;
        }
    }
}

/* ---- its end ---- */

/* After the last fever; what is read later than no_value_days says nothing of it any more. */
static const struct reading *first_cool(struct engine *e, const struct crs_history *h, const struct crs_run *run)
{
    const struct crs_sign *fever = &h->signs[run->last_fever];
    const gw_day latest = moment_day(e, run->end_at) + e->in->study->no_value_days;

    for (size_t i = 0; i < h->temperatures.count; i++) {
        const struct reading *reading = &h->temperatures.list[i];

        if (reading->moment.first > fever->moment.last && reading->datum->when.first <= latest &&
            bound_below(e, reading->datum, &h->rules->temperature))
            return reading;
    }
    return NULL;
}

static void cite_recovery(struct engine *e, struct episode *episode, const struct reading *cool)
{
    struct episode_evidence evidence = evidence_of_datum(cool->datum, "vital", "recovery");

    evidence.rules = "crs";
    episode_cite(e, episode, evidence);
}

/* Over when its hours are past and a temperature was read that was none; what nobody read again is not known. */
static void find_end(struct engine *e, const struct crs_history *h, const struct crs_run *run, struct episode *episode)
{
    const gw_day ends = moment_day(e, run->end_at);
    const struct reading *cool = first_cool(e, h, run);
    const gw_day unknown_from = ends + e->in->study->no_value_days;

    episode->end = GW_NO_DAY;
    if (cool && cool->datum->when.first > ends)
        episode->end = cool->datum->when.first;
    else if (cool)
        episode->end = ends;
    if (episode->end != GW_NO_DAY && episode->end <= episode_known_until(e)) {
        episode->outcome = "recovered";
        cite_recovery(e, episode, cool);
        return;
    }
    episode->ongoing = episode_known_until(e) < unknown_from;
    episode->outcome = episode->ongoing ? "not recovered" : "unknown";
    episode->changes_on = episode->end != GW_NO_DAY ? episode->end : unknown_from;
    episode->end = GW_NO_DAY;
    if (episode->ongoing && episode->changes_on <= episode_closing_day(e))
        engine_next_day(e, episode->changes_on);
    else
        episode->changes_on = GW_NO_DAY;
}

/* ---- the proposal ---- */

static void tell_column(const struct crs_history *h, const char *name, enum crs_kind sign_kind,
                        enum crs_kind support_kind, struct gw_text *json)
{
    const struct crs_sign *worst = NULL;
    char day[11];

    for (size_t i = 0; i < h->count; i++)
        if ((h->signs[i].kind == sign_kind || h->signs[i].kind == support_kind) &&
            h->signs[i].grade > (worst ? worst->grade : 0))
            worst = &h->signs[i];
    gw_text_print(json, ",\"%s\":", name);
    if (!worst) {
        gw_text_add(json, "null");
        return;
    }
    gw_day_print(worst->day, day);
    gw_text_print(json, "{\"grade\":%d,\"concept\":", worst->grade);
    gw_json_quote(json, crs_concept(worst));
    if (worst->datum) {
        gw_text_add(json, ",\"value\":");
        gw_json_quote(json, worst->datum->value->measure.value_num);
    }
    gw_text_print(json, ",\"date\":\"%s\"%s}", day, worst->vague ? ",\"device\":\"unknown\"" : "");
}

static void tell_onset(const struct crs_sign *fever, struct gw_text *json)
{
    const int second = fever->datum->when.second_of_day;

    if (second >= 0)
        gw_text_print(json, ",\"onset_time\":\"%02d:%02d\"", second / 3600, second / 60 % 60);
}

static bool had_oxygen(const struct crs_history *h)
{
    for (size_t i = 0; i < h->count; i++)
        if (h->signs[i].kind == OXYGEN && h->signs[i].grade > 0)
            return true;
    return false;
}

static void propose(struct engine *e, struct episodes *episodes, const struct crs_history *h, const struct crs_run *run)
{
    const struct syndrome syndrome = {
        CRS_CATEGORY,         "Cytokine release syndrome",
        "CRS_REVIEW",         "crs",
        h->rules->scale,      "fever after a dose: a person confirms the cause and the grade",
        &h->rules->treatments};
    const struct crs_sign *onset = &h->signs[run->onset];
    struct candidate *candidate = syndrome_propose(e, episodes, &syndrome, onset->day);
    struct gw_text json = GW_TEXT_INIT(4096);

    if (!candidate)
        return;
    candidate->coding = onset->datum->code.source;
    cite_signs(e, h, &candidate->episode, run);
    note_grades(e, h, &candidate->episode, moment_day(e, run->reach));
    name_grades(&candidate->episode);
    find_end(e, h, run, &candidate->episode);
    tell_onset(onset, &json);
    syndrome_tell_dose(e, &candidate->episode, &h->doses, onset->moment, &json);
    tell_column(h, "hypotension", HYPOTENSION, VASOPRESSOR, &json);
    tell_column(h, "hypoxia", HYPOXIA, OXYGEN, &json);
    syndrome_tell_treatment(e, &candidate->episode, &syndrome, &h->givens, &h->doses,
                            (struct moment){moment_after_dose(&run->dose, onset->moment), run->end_at - 1},
                            had_oxygen(h) ? "oxygen" : NULL, &json);
    syndrome_tell_course(e, episodes, candidate, &json);
    if (!is_refused(e, h))
        crs_ask_for_device(e, h);
}

/* ---- all of them ---- */

void crs_episodes(struct engine *e, struct episodes *episodes)
{
    const struct gw_crs_rules *rules = &e->in->study->events.crs;
    const struct syndrome coded = {CRS_CATEGORY,      "Cytokine release syndrome",
                                   "CRS_REVIEW",      "crs",
                                   rules->scale,      "a coded diagnosis: a person confirms it",
                                   &rules->treatments};
    struct crs_history h;

    if (!rules->on || !engine_category_on(e, CRS_CATEGORY))
        return;
    h = crs_read(e, episodes);
    for (size_t i = 0; i < h.count && !e->failed; i++) {
        struct crs_run run;

        if (h.signs[i].kind != FEVER || !crs_is_after_dose(&h, &h.signs[i], h.doses.count))
            continue;
        run = crs_follow(e, &h, i);
        crs_grade(e, &h, &run);
        if (!e->failed && is_candidate(e, episodes, &h, &run))
            propose(e, episodes, &h, &run);
        i = run.last_fever;
    }
    if (!e->failed)
        syndrome_join_coded(e, episodes, &coded, &h.givens, &h.doses);
}
