/*
 * CRS and ICANS as proposals to a person: the dose they follow, what was given against them, the diagnosis beside them.
 *
 * Source: ASTCT 2019; mappings/RULES.md 12.
 */
#include "study/syndrome.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/core/json.h"
#include "study/diagnoses.h"

#define PREMEDICATION   "PREMEDICATION_OR_ANTIPYRETIC" /* role */
#define MOST_TREATMENTS 32

struct candidate *syndrome_propose(struct engine *e, struct episodes *episodes, const struct syndrome *syndrome,
                                   gw_day onset)
{
    struct candidate *candidate = candidate_add(e, episodes, syndrome->category, onset, syndrome->note);

    if (!candidate)
        return NULL;
    candidate->item = syndrome->item;
    candidate->alone = true;
    candidate->episode.term = syndrome->term;
    candidate->episode.scale = syndrome->scale;
    return candidate;
}

/* ---- treatment ---- */

static void cite_drug(struct engine *e, struct episode *episode, const struct syndrome *syndrome,
                      const struct given *given)
{
    episode_cite(e, episode,
                 (struct episode_evidence){.fact = given->fact,
                                           .kind = "drug",
                                           .concept = given->drug->substance,
                                           .role = "supporting",
                                           .day = given->day,
                                           .grade = -1,
                                           .rules = syndrome->rule});
}

struct names {
    const char *list[MOST_TREATMENTS];
    size_t count;
};

/* True: it was not there. */
static bool add_name(struct names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->list[i], name) == 0)
            return false;
    if (names->count < MOST_TREATMENTS)
        names->list[names->count++] = name;
    return true;
}

/* Of the drugs that prepare for a dose one of the day of a later dose, which was not told to be given after it. */
static bool prepares(const struct doses_given *doses, const struct given *given, gw_day onset)
{
    if (strcmp(given->drug->role, PREMEDICATION) != 0)
        return false;
    for (size_t i = 0; i < doses->count; i++) {
        const struct dose_given *dose = &doses->list[i];
        const bool told = given->timed && moment_is_timed(dose->moment);

        if (dose->day == given->day && dose->day > onset && (!told || given->span.first < dose->moment.first))
            return true;
    }
    return false;
}

void syndrome_tell_treatment(struct engine *e, struct episode *episode, const struct syndrome *syndrome,
                             const struct givens *givens, const struct doses_given *doses, struct moment span,
                             const char *also, struct gw_text *json)
{
    struct names names = {.count = 0};

    for (size_t i = 0; i < givens->count && givens->list[i].span.first <= span.last && !e->failed; i++) {
        const struct given *given = &givens->list[i];

        if (given->span.first < span.first && given->day < episode->onset)
            continue; /* begun before: premedication, or for something else */
        if (prepares(doses, given, episode->onset))
            continue;
        if (moments_meet(given->span, span) && given_is_of(given, syndrome->treatments) &&
            add_name(&names, given->drug->substance))
            cite_drug(e, episode, syndrome, given);
    }
    if (also)
        add_name(&names, also);
    episode->treated |= names.count > 0;
    gw_text_add(json, ",\"treatment\":[");
    for (size_t i = 0; i < names.count; i++) {
        gw_text_add(json, i ? "," : "");
        gw_json_quote(json, names.list[i]);
    }
    gw_text_add(json, "]");
}

/* ---- the dose ---- */

static void tell_amount(const struct engine *e, const struct dose_given *dose, struct gw_text *json)
{
    const struct gw_quantity *amount = dose->given ? &e->in->facts[dose->given->fact].use.dose : NULL;

    if (!amount || !amount->value || !gw_same(amount->code, "mg"))
        return;
    gw_text_add(json, ",\"dose_mg\":");
    gw_json_quote(json, amount->value);
}

static void relate(struct episode *episode, const struct dose_relation *relation)
{
    episode->dose_number = relation->number;
    episode->days_since_dose = relation->days;
    episode->dosed_for = episode->onset;
}

void syndrome_tell_dose(struct engine *e, struct episode *episode, const struct doses_given *doses, struct moment onset,
                        struct gw_text *json)
{
    const struct dose_relation relation = dose_before(doses, episode->onset, onset);
    char day[11];

    relate(episode, &relation);
    gw_text_print(json, ",\"days_since_first_dose\":%d", gw_elapsed(e->anchors.d1, episode->onset));
    assert(relation.number > 0); /* day 1 is a dose, and what comes before it is no event */
    gw_day_print(relation.dose->day, day);
    gw_text_print(json, ",\"dose_number\":%d,\"dose_day\":\"%s\",\"days_since_dose\":%d", relation.number, day,
                  relation.days);
    tell_amount(e, relation.dose, json);
    if (relation.hours >= 0)
        gw_text_print(json, ",\"hours_since_dose\":%lld", (long long)relation.hours);
    if (relation.same_day)
        gw_text_add(json, ",\"flag\":\"SAME_DAY\"");
}

/* ---- the course ---- */

gw_day syndrome_last_day(const struct episode *episode)
{
    gw_day last = episode->onset;

    if (episode->end != GW_NO_DAY || episode->ongoing)
        return episode_last_day(episode);
    for (size_t i = 0; i < episode->evidence_count; i++)
        if (episode->evidence[i].day > last)
            last = episode->evidence[i].day;
    return last;
}

/* Signs or a code of CRS, by a candidate of its own, were there in its days. */
static bool had_crs(const struct episodes *episodes, const struct episode *icans)
{
    for (size_t i = 0; i < episodes->candidate_count; i++) {
        const struct candidate *crs = &episodes->candidates[i];

        if (crs->item && strcmp(crs->episode.category, "CRS") == 0 && crs->episode.onset <= syndrome_last_day(icans) &&
            icans->onset <= syndrome_last_day(&crs->episode))
            return true;
    }
    return false;
}

static bool died_in_it(const struct engine *e, const struct episode *episode)
{
    return e->anchors.death != GW_NO_DAY && e->anchors.death >= episode->onset &&
           (episode->end == GW_NO_DAY || e->anchors.death <= episode->end);
}

void syndrome_tell_course(struct engine *e, const struct episodes *episodes, struct candidate *candidate,
                          struct gw_text *json)
{
    const struct episode *episode = &candidate->episode;

    gw_text_add(json, ",\"scale\":");
    gw_json_quote(json, episode->scale);
    gw_text_print(json, ",\"ongoing\":%s", episode->ongoing ? "true" : "false");
    if (episode->end != GW_NO_DAY)
        gw_text_print(json, ",\"duration_days\":%d", episode->end - episode->onset);
    if (strcmp(episode->category, "ICANS") == 0)
        gw_text_print(json, ",\"concurrent_crs\":%s", had_crs(episodes, episode) ? "true" : "false");
    if (died_in_it(e, episode))
        gw_text_add(json, ",\"death\":\"the subject died in it: whether of it, grade 5, a person says\"");
    candidate->details = json->failed ? "" : gw_arena_copy(e->arena, json->at, json->length);
    e->failed |= !candidate->details;
    gw_text_release(json);
}

/* ---- coded diagnoses ---- */

/* "Cytokine release syndrome, grade 2" is 2; -1: the code tells no grade. */
static int grade_of_term(const char *term)
{
    static const char words[] = ", grade ";
    const char *at = strstr(term, words);

    return at && isdigit((unsigned char)at[strlen(words)]) ? atoi(at + strlen(words)) : -1;
}

/* Days between two events; 0: they meet. */
static int days_between(const struct episode *a, const struct episode *b)
{
    const gw_day a_last = syndrome_last_day(a);

    if (b->end < a->onset)
        return a->onset - b->end;
    return b->onset > a_last ? b->onset - a_last : 0;
}

/* The nearest one that is near; of two as near the one whose onset is nearer. */
static struct candidate *find_host(const struct engine *e, struct episodes *episodes, const struct syndrome *syndrome,
                                   const struct episode *coded)
{
    struct candidate *found = NULL;
    int least = e->in->study->combine_days + 1, onsets = 0;

    for (size_t i = 0; i < episodes->candidate_count; i++) {
        struct candidate *host = &episodes->candidates[i];
        const int days = days_between(&host->episode, coded);
        const int apart = gw_days_apart(host->episode.onset, coded->onset);

        if (!host->item || strcmp(host->item, syndrome->item) != 0 || days > least ||
            (days == least && (!found || apart >= onsets)))
            continue;
        found = host;
        least = days;
        onsets = apart;
    }
    return found;
}

static void add_details(struct engine *e, struct candidate *candidate, const char *more)
{
    candidate->details = gw_arena_print(e->arena, "%s%s", candidate->details ? candidate->details : "", more);
    e->failed |= !candidate->details;
}

/* The grade in a code beside that of the signs: a person sees where they differ. */
static void join(struct engine *e, struct candidate *host, const struct episode *coded)
{
    const int grade = coded->subcategory ? -1 : grade_of_term(coded->term);
    const char *more = grade < 0 ? "" : gw_arena_print(e->arena, ",\"coded_grade\":%d", grade);

    host->episode.coded = true;
    for (size_t i = 0; i < coded->evidence_count; i++) {
        struct episode_evidence evidence = coded->evidence[i];

        evidence.role = "supporting";
        evidence.grade = grade;
        episode_cite(e, &host->episode, evidence);
    }
    e->failed |= !more;
    if (more)
        add_details(e, host, more);
    if (grade >= 0 && host->episode.max_grade >= 0 && grade != host->episode.max_grade)
        add_details(e, host, ",\"mismatch\":\"the code has another grade than the signs\"");
}

/* A diagnosis that nobody closed says neither when it ended nor that it goes on. */
static void read_end(const struct engine *e, struct episode *episode)
{
    const struct gw_condition *condition = &e->in->facts[episode->evidence[0].fact].condition;

    if (episode->end == episode->onset && !diagnosis_end_text(condition))
        episode->end = GW_NO_DAY;
    else
        episode->outcome = "recovered";
}

static void become(struct engine *e, const struct episodes *episodes, struct candidate *candidate,
                   const struct syndrome *syndrome, const struct givens *givens, const struct doses_given *doses)
{
    struct gw_text json = GW_TEXT_INIT(4096);
    struct episode *episode = &candidate->episode;
    const struct moment onset = {moment_day_end(e, episode->onset - 1) + 1, moment_day_end(e, episode->onset)};
    const struct dose_relation relation = dose_before(doses, episode->onset, onset);
    const int grade = grade_of_term(episode->term);
    gw_day last;

    candidate->item = syndrome->item;
    candidate->note = syndrome->note;
    candidate->alone = true;
    read_end(e, episode);
    last = episode->end != GW_NO_DAY ? episode->end : episode->onset + e->in->study->combine_days;
    episode->scale = syndrome->scale;
    episode->term = syndrome->term;
    episode->max_grade = grade;
    episode->max_day = episode->onset;
    episode->evidence[0].grade = grade;
    if (grade >= 0)
        episode_note_grade(e, episode, episode->onset, grade);
    syndrome_tell_dose(e, episode, doses, onset, &json);
    syndrome_tell_treatment(e, episode, syndrome, givens, doses,
                            (struct moment){moment_after_dose(&relation, onset), moment_day_end(e, last)}, NULL, &json);
    syndrome_tell_course(e, episodes, candidate, &json);
}

static bool is_coded(const struct candidate *candidate, const struct syndrome *syndrome)
{
    return !candidate->item && strcmp(candidate->episode.category, syndrome->category) == 0;
}

void syndrome_join_coded(struct engine *e, struct episodes *episodes, const struct syndrome *syndrome,
                         const struct givens *givens, const struct doses_given *doses)
{
    size_t kept = 0;

    for (size_t i = 0; i < episodes->candidate_count && !e->failed; i++) /* a code of the syndrome, none near */
        if (is_coded(&episodes->candidates[i], syndrome) && !episodes->candidates[i].episode.subcategory &&
            !find_host(e, episodes, syndrome, &episodes->candidates[i].episode))
            become(e, episodes, &episodes->candidates[i], syndrome, givens, doses);
    for (size_t i = 0; i < episodes->candidate_count && !e->failed; i++) {
        struct candidate *candidate = &episodes->candidates[i];
        struct candidate *host =
            is_coded(candidate, syndrome) ? find_host(e, episodes, syndrome, &candidate->episode) : NULL;

        if (host)
            join(e, host, &candidate->episode);
        candidate->joined = host != NULL;
    }
    for (size_t i = 0; i < episodes->candidate_count; i++)
        if (!episodes->candidates[i].joined)
            episodes->candidates[kept++] = episodes->candidates[i];
    episodes->candidate_count = kept;
}

/* ---- confirmed ---- */

static size_t concurrent_crs(const struct episodes *episodes, const struct episode *icans)
{
    for (size_t i = 0; i < episodes->count; i++) {
        const struct episode *crs = &episodes->list[i];

        if (strcmp(crs->category, "CRS") == 0 && crs->onset <= syndrome_last_day(icans) &&
            icans->onset <= syndrome_last_day(crs))
            return i + 1;
    }
    return 0;
}

void syndromes_finish(struct engine *e, struct episodes *episodes)
{
    for (size_t i = 0; i < episodes->count; i++) {
        struct episode *episode = &episodes->list[i];
        struct dose_relation relation;

        if (strcmp(episode->category, "ICANS") == 0)
            episode->parent = concurrent_crs(episodes, episode);
        if (!episode->scale || episode->dosed_for == episode->onset)
            continue;
        relation =
            dose_before(episodes->doses, episode->onset,
                        (struct moment){moment_day_end(e, episode->onset - 1) + 1, moment_day_end(e, episode->onset)});
        relate(episode, &relation);
    }
}
