/*
 * Episodes out of coded diagnoses: a confirmed Condition whose row is certain evidence of a category of the study.
 *
 * Conditions of the same category and subcategory whose dates meet or lie at most condition_merge_days apart are one
 * episode. Supporting and exception rows make a candidate for a person, which is no row until confirmed. Conditions
 * that began before D1 are history. Source: mappings/RULES.md 12.
 */
#include <stdlib.h>
#include <string.h>

#include "study/border.h"
#include "study/decided.h"
#include "study/diagnoses.h"
#include "study/episode.h"
#include "study/order.h"

struct occurrence { /* a diagnosis that is an event of this study */
    size_t fact;
    const struct gw_condition_row *row;
    const struct gw_coding *coding;
    gw_day onset;
    gw_day end;        /* GW_NO_DAY: not abated */
    gw_day changes_on; /* an end that lies after the horizon; GW_NO_DAY: none */
    bool over;         /* it ended on a day that nobody told */
};

static bool in_use(const struct engine *e, const struct gw_condition_row *row)
{
    return row && engine_category_on(e, row->category);
}

/* What stands against the record as such is the same cause whatever event it would make. */
static bool about_record(const char *code)
{
    return strcmp(code, "STATUS_UNKNOWN") == 0 || strcmp(code, "MODIFIER_EXTENSION") == 0 ||
           strcmp(code, "TIME_WITHOUT_OFFSET") == 0;
}

static struct item_about about_occurrence(const struct occurrence *d, const char *code)
{
    return (struct item_about){.has_fact = true,
                               .fact = d->fact,
                               .coding = d->coding,
                               .day = d->onset,
                               .rule = about_record(code) ? NULL : d->row->category};
}

static void raise(struct engine *e, const struct occurrence *d, const char *code, const char *note)
{
    struct item_about about = about_occurrence(d, code);

    about.note = note;
    engine_raise(e, code, &about);
}

static void raise_future(struct engine *e, const struct occurrence *d)
{
    raise(e, d, "FUTURE_DATE", "the onset lies after the last day searched");
    engine_next_day(e, d->onset - 1);
}

/* The days after D1 in which the study reports events: to the end of its last window. */
static bool in_event_period(const struct engine *e, gw_day first, gw_day last)
{
    return last >= e->anchors.d1 && first <= e->windows.span_high;
}

bool engine_lives_and_consents(const struct engine *e, gw_day day)
{
    return (e->anchors.death == GW_NO_DAY || day <= e->anchors.death) &&
           (e->anchors.withdrawn == GW_NO_DAY || day <= e->anchors.withdrawn);
}

static const char *outside_reason(struct engine *e, const struct gw_when *when)
{
    if (when->last < e->anchors.d1)
        return e->in->study->reason_before;
    return gw_place_reason(&e->windows, gw_window_place(&e->windows, 0, when->first, when->last).place);
}

/* The days an onset can mean, a day wider on both sides where its time has no offset. */
static enum gw_date_verdict read_start(const struct engine *e, const struct occurrence *d, struct gw_when *when)
{
    const char *text = diagnosis_start_text(&e->in->facts[d->fact].condition);
    const enum gw_date_verdict verdict = diagnosis_read_day(e, text, when);

    if (verdict != GW_DATE_WITHOUT_OFFSET || gw_when_read(text, gw_site_zone(e->in->site), true, when) != GW_DATE_OK)
        return verdict;
    when->first--;
    when->last++;
    return verdict;
}

/* The day of onset, or what stands in its way. False: the Condition makes no event here. */
static bool read_onset(struct engine *e, struct occurrence *d)
{
    struct gw_when when;
    const enum gw_date_verdict verdict = read_start(e, d, &when);

    d->onset = GW_NO_DAY;
    if (verdict != GW_DATE_MALFORMED && !in_event_period(e, when.first, when.last)) {
        engine_end_fact(e, d->fact, GW_STATE_OUTSIDE_WINDOW, outside_reason(e, &when));
        return false;
    }
    if (verdict == GW_DATE_OK)
        d->onset = when.first;
    if (verdict == GW_DATE_WITHOUT_OFFSET)
        raise(e, d, "TIME_WITHOUT_OFFSET", "a time of day without an offset is not valid FHIR");
    else if (verdict != GW_DATE_OK)
        raise(e, d, "DATE_MISSING", "no onset or record date");
    else if (when.first != when.last)
        raise(e, d, "PARTIAL_DATE", "the onset is a partial date");
    else if (when.first > e->in->horizon + 1)
        raise_future(e, d);
    else if (e->anchors.death != GW_NO_DAY && when.first > e->anchors.death)
        raise(e, d, "AFTER_DEATH", "dated after the day of death");
    else if (!engine_lives_and_consents(e, when.first))
        engine_end_fact(e, d->fact, GW_STATE_OUTSIDE_WINDOW, "AFTER_WITHDRAWAL");
    else
        return true;
    return false;
}

/* Its status says so, or an abatement that names no day of its own: after a withdrawal nobody learns of it. */
static bool is_over(const struct engine *e, const struct gw_condition *condition, const struct gw_when *month)
{
    return e->anchors.withdrawn == GW_NO_DAY &&
           (diagnosis_is_over(condition) || condition->abatement.other || (month && month->last <= e->in->horizon));
}

/* What ends after the last window, after death or withdrawal is collected by nobody: the event stays open. */
static void read_end(struct engine *e, struct occurrence *d)
{
    const struct gw_condition *condition = &e->in->facts[d->fact].condition;
    struct gw_when when;
    const bool read = diagnosis_read_day(e, diagnosis_end_text(condition), &when) == GW_DATE_OK;
    const bool partial = read && when.first != when.last && when.last >= d->onset;

    d->end = d->changes_on = GW_NO_DAY;
    d->over = (!read || partial) && is_over(e, condition, partial ? &when : NULL);
    if (partial && !d->over && e->anchors.withdrawn == GW_NO_DAY)
        d->changes_on = when.last; /* by then it is over, whichever of these days it was */
    if (!read || when.first != when.last || when.first < d->onset || when.first > e->windows.span_high ||
        !engine_lives_and_consents(e, when.first))
        return;
    if (when.first <= e->in->horizon)
        d->end = when.first;
    else
        d->changes_on = when.first;
}

/* A person vouches for the row of its code. */
static bool enabled(struct engine *e, const struct occurrence *d)
{
    const struct item_about about = about_occurrence(d, "CODE_UNVERIFIED");
    const struct gw_decision *decision = decided_find(e, GW_DECIDE_CODE, "CODE_UNVERIFIED", &about);

    if (!decided_says(decision, GW_SET_ENABLE))
        return false;
    decided_note(e, decision, "CODE_UNVERIFIED", &about);
    return true;
}

/* A row of many codes has no term of its own: "(4 codes below, e.g. ...)". The code says which of them it was. */
static const char *term_of(const struct occurrence *d)
{
    return d->row->term && d->row->term[0] == '(' ? border_code(d->coding->code) : d->row->term;
}

/* ---- candidates ---- */

static const char *concept_of(const struct occurrence *d)
{
    return d->coding ? d->coding->code : NULL;
}

/* Not an event by itself: it supports one, or a person decides. */
static void propose(struct engine *e, struct episodes *episodes, const struct occurrence *d, bool alone)
{
    struct candidate *candidate =
        candidate_add(e, episodes, d->row->category, d->onset, "supporting evidence only: a person decides");

    if (!candidate)
        return;
    candidate->coding = d->coding;
    candidate->alone = alone;
    candidate->episode.subcategory = d->row->subcategory;
    candidate->episode.term = term_of(d);
    if (strcmp(d->row->category, GW_CATEGORY_OTHER) == 0) {
        candidate->episode.diagnosis = concept_of(d);
        candidate->alone |= !candidate->episode.diagnosis;
    }
    candidate->episode.coded = true;
    candidate->ending = d->end != GW_NO_DAY ? END_TOLD : d->over ? END_LAPSED : END_OPEN;
    candidate->episode.end = d->end != GW_NO_DAY ? d->end : d->onset;
    candidate->episode.outcome = candidate->ending == END_OPEN ? "unknown" : "recovered";
    candidate->episode.changes_on = d->changes_on;
    episode_cite(e, &candidate->episode,
                 (struct episode_evidence){.fact = d->fact,
                                           .kind = "condition",
                                           .concept = concept_of(d),
                                           .day = d->onset,
                                           .grade = -1,
                                           .rules = "conditions;episodes",
                                           .role = "onset"});
}

static bool is_excluded(const struct engine *e, const struct gw_condition *condition)
{
    const struct gw_texts *excluded = &e->in->study->events.other_exclude;

    for (size_t c = 0; c < condition->category_count; c++)
        for (size_t i = 0; i < condition->categories[c].count; i++)
            if (gw_is_among(excluded->items, excluded->count, condition->categories[c].codings[i].code))
                return true;
    return false;
}

/* A confirmed diagnosis of no table, new since day 1: the study collects events at large. */
static bool is_other(const struct engine *e, const struct diagnosis *diagnosis)
{
    return !diagnosis->listed && diagnosis->confirmed && diagnosis->dated && diagnosis->start.last > e->anchors.d1 &&
           engine_category_on(e, GW_CATEGORY_OTHER) && !is_excluded(e, &e->in->facts[diagnosis->fact].condition);
}

/* ---- second malignancies ---- */

#define FAMILY 3 /* characters of an ICD code that name its kind */

struct history { /* codes of what was diagnosed by day 1, sorted */
    const struct gw_coding **codes;
    size_t count;
};

static int by_family(const void *x, const void *y)
{
    const struct gw_coding *const a = *(const struct gw_coding *const *)x, *const b =
                                                                               *(const struct gw_coding *const *)y;
    const int order = strncasecmp(a->code, b->code, FAMILY);

    return order_then(order, order_texts(a->system, b->system));
}

static struct history read_history(struct engine *e)
{
    struct history history = {.codes = gw_arena_alloc(e->arena, (e->diagnosis_count + 1) * sizeof *history.codes)};

    e->failed |= !history.codes;
    for (size_t i = 0; i < e->diagnosis_count && !e->failed; i++) {
        const struct diagnosis *d = &e->diagnoses[i];

        if (d->dated && d->start.first <= e->anchors.d1 && d->confirmed && d->coding && d->coding->code)
            history.codes[history.count++] = d->coding;
    }
    if (history.count > 1)
        qsort(history.codes, history.count, sizeof *history.codes, by_family);
    return history;
}

/* A malignancy is a second one only if it is new: first told after day 1, and none of its kind by then. */
static bool is_old_malignancy(const struct engine *e, const struct history *history, const struct occurrence *d)
{
    if (!gw_same(e->in->study->spm.category, d->row->category))
        return false;
    return d->onset <= e->anchors.d1 ||
           (d->coding && d->coding->code && history->count > 0 &&
            bsearch(&d->coding, history->codes, history->count, sizeof *history->codes, by_family));
}

/* A Condition of a category of this study that is certain evidence; all others end here with their reason. */
static bool diagnose(struct engine *e, struct episodes *episodes, const struct history *history,
                     const struct diagnosis *diagnosis, struct occurrence *d)
{
    static const struct gw_condition_row other = {
        .category = GW_CATEGORY_OTHER, .evidence = GW_EVIDENCE_SUPPORTING, .in_study = true, .verified = true};
    const size_t index = diagnosis->fact;
    const struct gw_fact *fact = &e->in->facts[index];

    *d = (struct occurrence){.fact = index, .row = diagnosis->row, .coding = diagnosis->coding, .onset = GW_NO_DAY};
    if (is_other(e, diagnosis))
        d->row = &other;
    if (!in_use(e, d->row)) {
        engine_end_fact(e, index, GW_STATE_NOT_IN_SCOPE, diagnosis->listed ? "NOT_DERIVED" : "NOT_LISTED");
        return false;
    }
    if (!read_onset(e, d))
        return false;
    read_end(e, d);
    if (fact->modifier_extension)
        raise(e, d, "MODIFIER_EXTENSION", "carries a modifier that is not understood");
    else if (fact->standing == GW_UNDECIDED)
        raise(e, d, "STATUS_UNKNOWN", "the verification status is unknown");
    else if (!d->row->verified && !enabled(e, d))
        raise(e, d, "CODE_UNVERIFIED", "the row of this code is not verified");
    else if (d->row->evidence == GW_EVIDENCE_CERTAIN && fact->standing == GW_ACCEPTED)
        return true;
    else if (d->row->evidence == GW_EVIDENCE_HISTORY || is_old_malignancy(e, history, d))
        engine_end_fact(e, index, GW_STATE_NOT_IN_SCOPE, "HISTORY");
    else
        propose(e, episodes, d, d->row->evidence == GW_EVIDENCE_EXCEPTION);
    return false;
}

/* ---- merging ---- */

static int by_category_then_onset(const void *x, const void *y, void *context)
{
    const struct engine *e = context;
    const struct occurrence *a = x, *b = y;
    int order = strcmp(a->row->category, b->row->category);

    if (order == 0)
        order = order_texts(a->row->subcategory, b->row->subcategory);
    if (order == 0)
        order = ORDER(a->onset, b->onset);
    return order_then(order, strcmp(e->versions[a->fact].key, e->versions[b->fact].key));
}

static gw_day reach(const struct episode *episode)
{
    return episode->end != GW_NO_DAY ? episode->end : episode->onset;
}

static bool joins(const struct engine *e, const struct episode *episode, const struct occurrence *d)
{
    return episode && strcmp(episode->category, d->row->category) == 0 &&
           gw_same(episode->subcategory, d->row->subcategory) &&
           (episode->ongoing || d->onset - reach(episode) <= e->in->study->condition_merge_days);
}

static struct episode *begin(struct engine *e, struct episodes *episodes, const struct occurrence *d)
{
    struct episode *episode = episode_add(e, episodes);

    if (!episode)
        return NULL;
    episode->category = d->row->category;
    episode->subcategory = d->row->subcategory;
    episode->term = term_of(d);
    episode->onset = d->onset;
    episode->end = d->onset;
    episode->changes_on = GW_NO_DAY;
    episode->max_grade = episode->baseline_grade = -1;
    episode->coded = true;
    return episode;
}

static void include(struct engine *e, struct episode *episode, const struct occurrence *d)
{
    const gw_day known = d->end != GW_NO_DAY ? d->end : d->onset;

    if (d->changes_on != GW_NO_DAY && (episode->changes_on == GW_NO_DAY || d->changes_on < episode->changes_on))
        episode->changes_on = d->changes_on;
    if (d->end == GW_NO_DAY && !d->over)
        episode->ongoing = true;
    if (known >= episode->end) {
        episode->end = known;
        episode->lapsed = d->over;
    }
    episode->outcome = episode->ongoing ? "not recovered" : "recovered";
    episode_cite(e, episode,
                 (struct episode_evidence){.fact = d->fact,
                                           .kind = "condition",
                                           .concept = concept_of(d),
                                           .day = d->onset,
                                           .grade = -1,
                                           .rules = "conditions;episodes",
                                           .role = d->onset == episode->onset ? "onset" : "supporting"});
}

void coded_episodes(struct engine *e, struct episodes *episodes)
{
    struct occurrence *list = gw_arena_alloc(e->arena, (e->diagnosis_count + 1) * sizeof *list);
    const struct history history = read_history(e);
    struct episode *last = NULL;
    size_t count = 0;

    e->failed |= !list;
    for (size_t i = 0; i < e->diagnosis_count && !e->failed; i++)
        if (diagnose(e, episodes, &history, &e->diagnoses[i], &list[count]))
            count++;
    if (count > 1)
        qsort_r(list, count, sizeof *list, by_category_then_onset, e);
    for (size_t i = 0; i < count && !e->failed; i++) {
        if (!joins(e, last, &list[i]))
            last = begin(e, episodes, &list[i]);
        if (last)
            include(e, last, &list[i]);
    }
    for (size_t i = 0; i < episodes->count; i++)
        if (episodes->list[i].coded && (episodes->list[i].ongoing || episodes->list[i].lapsed))
            episodes->list[i].end = GW_NO_DAY;
}
