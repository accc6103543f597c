/*
 * Supporting evidence: it joins an event of its category that it meets; where none is there, a person decides about the
 * event it proposes, and no row speaks of it until then. What a person confirmed is an event like any other.
 *
 * Source: mappings/RULES.md 12.
 */
#include <stdlib.h>
#include <string.h>

#include "gateway/core/json.h"
#include "study/decided.h"
#include "study/event_decisions.h"
#include "study/infections.h"
#include "study/order.h"

#define MAX_EVIDENCE_BYTES 4096

/* ---- the shelf ---- */

gw_day episode_last_day(const struct episode *episode)
{
    gw_day last = episode->onset;

    if (episode->end != GW_NO_DAY)
        return episode->end;
    if (episode->ongoing)
        return GW_DAY_MAX;
    for (size_t i = 0; i < episode->evidence_count; i++) /* nothing is known of it since */
        if (episode->evidence[i].day > last)
            last = episode->evidence[i].day;
    return last;
}

static int by_category_then_onset(const void *x, const void *y)
{
    const struct episode *const a = *(struct episode *const *)x, *const b = *(struct episode *const *)y;
    int order = strcmp(a->category, b->category);

    if (order == 0)
        order = ORDER(a->onset, b->onset);
    return order_then(order, ORDER(a, b));
}

struct shelf shelf_of(struct engine *e, struct episode *list, size_t count)
{
    struct shelf shelf = {.list = gw_arena_alloc(e->arena, (count + 1) * sizeof *shelf.list),
                          .reach = gw_arena_alloc(e->arena, (count + 1) * sizeof *shelf.reach),
                          .count = count};

    e->failed |= !shelf.list || !shelf.reach;
    if (e->failed)
        return (struct shelf){.count = 0};
    for (size_t i = 0; i < count; i++)
        shelf.list[i] = &list[i];
    if (count > 1)
        qsort(shelf.list, count, sizeof *shelf.list, by_category_then_onset);
    for (size_t i = 0; i < count; i++) {
        const bool follows = i > 0 && strcmp(shelf.list[i - 1]->category, shelf.list[i]->category) == 0;

        shelf.reach[i] = episode_last_day(shelf.list[i]);
        if (follows && shelf.reach[i - 1] > shelf.reach[i])
            shelf.reach[i] = shelf.reach[i - 1];
    }
    return shelf;
}

/* The first of the category that reaches the day, or one behind them all. */
static size_t first_reaching(const struct shelf *shelf, const char *category, gw_day day)
{
    size_t low = 0, high = shelf->count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(shelf->list[middle]->category, category);

        if (order < 0 || (order == 0 && shelf->reach[middle] < day))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Days between an episode and some days; 0: they meet. */
static int64_t days_between(const struct episode *episode, gw_day first, gw_day last)
{
    const gw_day end = episode_last_day(episode);

    return end < first ? (int64_t)first - end : episode->onset > last ? (int64_t)episode->onset - last : 0;
}

static bool may_be_same(const char *a, const char *b)
{
    return !a || !b || strcmp(a, b) == 0;
}

struct episode *shelf_find(const struct shelf *shelf, const char *category, struct episode_kind kind, gw_day first,
                           gw_day last, int slack)
{
    struct episode *found = NULL;
    int64_t least = slack + (int64_t)1;

    for (size_t i = first_reaching(shelf, category, first - slack); i < shelf->count && least > 0; i++) {
        struct episode *episode = shelf->list[i];
        const int64_t days = days_between(episode, first, last);

        if (strcmp(episode->category, category) != 0 || (last != GW_DAY_MAX && episode->onset > last + slack))
            break;
        if (days >= least || !may_be_same(episode->subcategory, kind.subcategory) ||
            !may_be_same(episode->diagnosis, kind.diagnosis))
            continue;
        found = episode;
        least = days;
    }
    return found;
}

/* ---- proposals ---- */

struct candidate *candidate_add(struct engine *e, struct episodes *episodes, const char *category, gw_day onset,
                                const char *note)
{
    struct candidate *candidate =
        GW_ARENA_PUSH(e->arena, episodes->candidates, episodes->candidate_count, episodes->candidate_capacity);

    if (!candidate) {
        e->failed = true;
        return NULL;
    }
    candidate->note = note;
    candidate->episode = (struct episode){.category = category,
                                          .onset = onset,
                                          .end = onset,
                                          .changes_on = GW_NO_DAY,
                                          .outcome = "unknown",
                                          .max_grade = -1,
                                          .baseline_grade = -1};
    return candidate;
}

/* What the proposal rests on, as a JSON list: kind, concept and day of each. */
static const char *list_evidence(struct engine *e, const struct episode *episode)
{
    struct gw_text json = GW_TEXT_INIT(MAX_EVIDENCE_BYTES);
    const char *text;
    char day[11];

    for (size_t i = 0; i < episode->evidence_count && i < 20; i++) {
        const struct episode_evidence *evidence = &episode->evidence[i];

        gw_day_print(evidence->day, day);
        gw_text_print(&json, "%s{\"kind\":\"%s\",\"concept\":", i ? "," : "[", evidence->kind);
        gw_json_quote(&json, evidence->concept ? evidence->concept : "");
        gw_text_print(&json, ",\"date\":\"%s\"}", day);
    }
    gw_text_add(&json, "]");
    text = json.failed ? "[]" : gw_arena_copy(e->arena, json.at, json.length);
    gw_text_release(&json);
    e->failed |= !text;
    return text;
}

/* The end that the proposal shows; GW_NO_DAY: none. */
static gw_day proposed_end(const struct candidate *candidate)
{
    const struct episode *episode = &candidate->episode;
    const bool seen = candidate->ending == END_SEEN && episode->end != episode->onset;

    if (candidate->item) /* of a syndrome: its course is told */
        return episode->end;
    return seen || candidate->ending == END_TOLD ? episode->end : GW_NO_DAY;
}

static const char *item_of(const struct candidate *candidate)
{
    return candidate->item ? candidate->item : "AE_CANDIDATE";
}

static void ask(struct engine *e, const struct candidate *candidate, struct item_about about)
{
    const struct episode *episode = &candidate->episode;
    const struct item_proposal proposal = {.category = episode->category,
                                           .subcategory = episode->subcategory,
                                           .term = episode->term,
                                           .onset = episode->onset,
                                           .end = proposed_end(candidate),
                                           .grade = episode->max_grade,
                                           .evidence = list_evidence(e, episode),
                                           .details = candidate->details};

    about.note = candidate->note;
    about.proposal = &proposal;
    if (episode->changes_on != GW_NO_DAY)
        engine_next_day(e, episode->changes_on);
    if (!e->failed)
        engine_raise(e, item_of(candidate), &about);
    for (size_t i = 1; i < episode->evidence_count && !e->failed; i++) {
        struct part *part = engine_part(e, episode->evidence[i].fact, episode->evidence[i].part);

        part->waits_for = part->waits_for ? part->waits_for : item_of(candidate); /* for the same answer */
    }
}

/* ---- what becomes of them ---- */

static void join(struct engine *e, struct episode *host, const struct episode *guest)
{
    host->treated |= guest->treated;
    for (size_t i = 0; i < guest->evidence_count; i++) {
        struct episode_evidence evidence = guest->evidence[i];

        evidence.role = "supporting";
        episode_cite(e, host, evidence);
    }
}

/* Evidence may support two events of different kinds: what a person said of the other kind is not about this one. */
static bool concerns(const struct candidate *candidate, const struct gw_decision *decision)
{
    return decision && (!candidate->item || decided_is_of(decision, candidate->episode.category));
}

/* Some event or other candidate has the evidence that a merge names: it may have been withdrawn since. */
static bool has_host(const struct engine *e, const struct episodes *episodes, const struct candidate *guest,
                     const struct gw_decision *decision)
{
    for (size_t i = 0; i < episodes->count; i++)
        if (decision_names(e, decision, &episodes->list[i]))
            return true;
    for (size_t i = 0; i < episodes->candidate_count; i++)
        if (&episodes->candidates[i] != guest && decision_names(e, decision, &episodes->candidates[i].episode))
            return true;
    return false;
}

static const struct gw_decision *decision_about(struct engine *e, const struct episodes *episodes,
                                                const struct candidate *candidate)
{
    const struct episode *episode = &candidate->episode;
    const struct gw_decision *found = NULL;

    for (size_t i = 0; e->decided_count > 0 && i < episode->evidence_count; i++) {
        const struct gw_decision *other =
            decided_event(e, GW_DECIDE_EVENT, episode->evidence[i].fact, episode->evidence[i].part, episode->category);

        if (concerns(candidate, other))
            found = decided_later(found, other);
    }
    return decided_says(found, GW_SET_MERGE_WITH) && !has_host(e, episodes, candidate, found) ? NULL : found;
}

/* As proposed: an end that nobody told is none. A diagnosis that nobody closed goes on, like those that are certain. */
static void settle_end(struct candidate *candidate)
{
    struct episode *episode = &candidate->episode;

    if (candidate->item)
        return;
    episode->end = proposed_end(candidate);
    episode->ongoing = candidate->ending == END_OPEN && episode->coded;
    if (episode->ongoing)
        episode->outcome = "not recovered";
}

static void take(struct episode *episode, const struct gw_decision *decision)
{
    if (decided_says(decision, GW_SET_CATEGORY)) {
        episode->asked_as = episode->category;
        episode->category = decision->set[GW_SET_CATEGORY];
    }
    if (decided_says(decision, GW_SET_SUBCATEGORY))
        episode->subcategory = decision->set[GW_SET_SUBCATEGORY];
    if (decided_says(decision, GW_SET_TERM))
        episode->term = decision->set[GW_SET_TERM];
    if (decided_says(decision, GW_SET_ONSET))
        episode->onset = decided_day(decision, GW_SET_ONSET);
    if (decided_says(decision, GW_SET_END) && decided_day(decision, GW_SET_END) >= episode->onset) {
        episode->end = decided_day(decision, GW_SET_END);
        episode->outcome = episode->ongoing ? "unknown" : episode->outcome;
        episode->ongoing = false;
    }
    episode->confirmed = true;
}

/* What a person dated before the first dose, or ahead of all that is known, is no event: the question stays. */
static bool is_misdated(struct engine *e, struct candidate *candidate, const struct gw_decision *decision)
{
    const gw_day onset = decided_says(decision, GW_SET_CONFIRM) ? decided_day(decision, GW_SET_ONSET) : GW_NO_DAY;
    const bool early = onset != GW_NO_DAY && onset < e->anchors.d1;

    if (onset == GW_NO_DAY || (!early && onset <= episode_known_until(e)))
        return false;
    if (!early)
        engine_next_day(e, onset);
    candidate->note = gw_arena_print(e->arena, "decision %lld has an onset %s: give another, or refuse the event",
                                     (long long)decision->n,
                                     early ? "before the first dose" : "after the last day of which anything is known");
    e->failed |= !candidate->note;
    return true;
}

static const char *item_id(struct engine *e, const struct candidate *candidate, const struct item_about *about)
{
    const char *print = engine_fingerprint(e, item_of(candidate), about);
    const char *id = print ? engine_item_id(e, print, about) : NULL;

    e->failed |= !id;
    return id;
}

/* A person said that it is an event, of this category and these days unless they said otherwise; or that it is none. */
static bool decided(struct engine *e, const struct episodes *episodes, struct candidate *candidate,
                    const struct item_about *about)
{
    const struct gw_decision *decision = decision_about(e, episodes, candidate);

    if (decided_says(decision, GW_SET_REFUSE)) {
        decided_note(e, decision, item_of(candidate), about);
        engine_part(e, about->fact, about->part)->final = false; /* outside of windows too it is answered */
        engine_end_part(e, engine_part(e, about->fact, about->part), GW_STATE_NOT_IN_SCOPE, "NO_EVENT");
        return true;
    }
    if ((!decided_says(decision, GW_SET_CONFIRM) && !decided_says(decision, GW_SET_MERGE_WITH)) ||
        is_misdated(e, candidate, decision))
        return false;
    decided_note(e, decision, item_of(candidate), about);
    if (decided_says(decision, GW_SET_CONFIRM))
        settle_end(candidate);
    candidate->episode.asked_by = item_id(e, candidate, about);
    take(&candidate->episode, decision);
    return true;
}

static struct item_about about_candidate(const struct candidate *candidate)
{
    struct item_about about = episode_about(&candidate->episode, NULL);

    about.coding = candidate->coding;
    return about;
}

/* The event it joins; NULL: none. */
static struct episode *host_of(const struct engine *e, const struct shelf *shelf, const struct candidate *candidate)
{
    const struct episode *episode = &candidate->episode;

    if (candidate->alone)
        return NULL;
    return shelf_find(shelf, episode->category, (struct episode_kind){episode->subcategory, episode->diagnosis},
                      episode->onset, episode_last_day(episode), e->in->study->combine_days);
}

/*
 * Those that stand where no event is: certain ones and those that a person confirmed are events from now on, those that
 * a person refused are gone.
 */
static void promote(struct engine *e, struct episodes *episodes)
{
    const struct shelf shelf = shelf_of(e, episodes->list, episodes->count);
    const size_t count = episodes->candidate_count;
    struct episode *promoted = gw_arena_alloc(e->arena, (count + 1) * sizeof *promoted);
    size_t kept = 0, firm = 0;

    e->failed |= !promoted;
    for (size_t i = 0; i < count && !e->failed; i++) {
        struct candidate *candidate = &episodes->candidates[i];
        const struct item_about about = about_candidate(candidate);

        if (host_of(e, &shelf, candidate) || !(candidate->certain || decided(e, episodes, candidate, &about)))
            episodes->candidates[kept++] = *candidate;
        else if (candidate->certain || candidate->episode.confirmed)
            promoted[firm++] = candidate->episode;
    }
    episodes->candidate_count = kept;
    for (size_t i = 0; i < firm && !e->failed; i++) {
        struct episode *episode = episode_add(e, episodes);

        if (episode)
            *episode = promoted[i];
    }
}

void candidates_settle(struct engine *e, struct episodes *episodes, const struct intensives *intensives)
{
    struct shelf shelf;

    promote(e, episodes);
    shelf = shelf_of(e, episodes->list, episodes->count);
    for (size_t i = 0; i < episodes->candidate_count && !e->failed; i++) {
        struct candidate *candidate = &episodes->candidates[i];
        struct episode *host = host_of(e, &shelf, candidate);

        if (host) {
            join(e, host, &candidate->episode);
        } else if (!candidate->quiet) {
            infection_grade(e, &candidate->episode, intensives); /* what its treatment proves is part of the question */
            ask(e, candidate, about_candidate(candidate));
        }
    }
}
