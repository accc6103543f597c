/*
 * Febrile neutropenia out of two signals: fever, and a neutrophil count below the bound near it.
 *
 * Fever is one temperature above `single`, or two at `sustained` or above more than sustained_minutes and at most a day
 * apart with none below between them. The count that goes with it is the latest one up to the fever if it is recent
 * enough, else the first soon after. What days without a time, an older count or counts that disagree leave open is a
 * candidate. The event lasts until the temperature stayed below `sustained` for end_hours and the count is back,
 * or until discharge or death. One that began before treatment is none of its events. The site of measurement is kept
 * as it was coded; nothing is corrected for it.
 *
 * Source: NCI CTCAE 5.0; mappings/RULES.md 12.
 */
#include <stdlib.h>
#include <string.h>

#include "study/bound.h"
#include "study/febrile_parts.h"
#include "study/order.h"
#include "study/uses.h"

#define CATEGORY       "FEBRILE_NEUTROPENIA"
#define TERM           "Febrile neutropenia"
#define MOST_RUN_APART (24 * HOUR_SECONDS) /* readings farther apart say nothing of the time between them */

/* ---- the two series ---- */

/* Below the bound whatever the value means, or at it and above; else unclear. */
static enum level level_of(const struct engine *e, const struct datum *datum, const struct gw_decimal *bound)
{
    return bound_below(e, datum, bound) ? BELOW : bound_reaches(e, datum, bound) ? ABOVE : UNCLEAR;
}

/* All of them, from before treatment too. */
static struct series gather(struct engine *e, const char *concept, const struct gw_decimal *bound)
{
    const struct readings readings = readings_of(e, concept, GW_DAY_MIN);
    struct series series = {.list = gw_arena_raw(e->arena, (readings.count + 1) * sizeof *series.list)};

    e->failed |= !series.list;
    for (size_t i = 0; i < readings.count && !e->failed; i++)
        series.list[series.count++] = (struct signal){.moment = readings.list[i].moment,
                                                      .datum = readings.list[i].datum,
                                                      .level = level_of(e, readings.list[i].datum, bound)};
    return series;
}

static struct series temperatures(struct engine *e)
{
    const struct gw_febrile_rules *rules = &e->in->study->events.febrile;
    struct series series = gather(e, "TEMP", &rules->sustained);
    size_t kept = 0;

    for (size_t i = 0; i < series.count; i++) {
        struct signal reading = series.list[i];

        reading.single = bound_above(e, reading.datum, &rules->single);
        if (reading.level != UNCLEAR)
            series.list[kept++] = reading;
    }
    series.count = kept;
    return series;
}

/* ---- fever ---- */

struct fever { /* the moment at which the readings make one */
    const struct signal *reading;
    const struct signal *since; /* the earlier reading of a sustained one; NULL: a single one */
    bool doubtful;              /* days without a time cannot show how long it lasted */
};

struct run { /* of readings that are not below `sustained` */
    const struct signal *first, *last;
    bool doubtful;
    const struct signal *untimed_low; /* the last day with a reading below, no time told */
};

static void follow(struct run *run, const struct signal *reading)
{
    if (reading->level == BELOW) {
        run->first = NULL;
        run->untimed_low = moment_is_timed(reading->moment) ? run->untimed_low : reading;
        return;
    }
    if (!run->first || reading->moment.first - run->last->moment.last > MOST_RUN_APART) {
        run->first = reading;
        run->doubtful = false;
    }
    run->last = reading;
    run->doubtful |= !moment_is_timed(reading->moment) ||
                     (run->untimed_low && run->untimed_low->moment.last >= reading->moment.first);
}

/* True: with this reading there is a fever. */
static bool find_fever(const struct engine *e, const struct run *run, const struct signal *reading, struct fever *fever)
{
    const int64_t least = (int64_t)e->in->study->events.febrile.sustained_minutes * 60;

    *fever = (struct fever){.reading = reading};
    if (reading->single)
        return true;
    if (reading->level == BELOW || run->first == reading)
        return false;
    fever->since = run->first;
    fever->doubtful = run->doubtful;
    return fever->doubtful ? reading->moment.last - run->first->moment.first > least
                           : reading->moment.first - run->first->moment.first > least;
}

/* ---- the count that goes with a fever ---- */

enum finding { NEUTROPENIC, OPEN, NOT_NEUTROPENIC };

static enum finding find_count(const struct engine *e, const struct series *anc, const struct signal *fever,
                               const struct signal **count)
{
    const struct gw_febrile_rules *rules = &e->in->study->events.febrile;
    const int64_t recent = rules->anc_before_hours * HOUR_SECONDS, soon = rules->anc_after_hours * HOUR_SECONDS;
    const size_t next = febrile_first_after(anc, fever);
    const struct signal *before = next > 0 ? &anc->list[next - 1] : NULL;
    const struct signal *after = next < anc->count ? &anc->list[next] : NULL;
    const bool before_decides = before && fever->moment.last - before->moment.first <= recent;
    const bool after_decides = after && after->moment.last - fever->moment.first <= soon;

    *count = before_decides || !after_decides ? before : after;
    if (before_decides ? before->level == UNCLEAR : after_decides && after->level == UNCLEAR)
        return OPEN; /* below the bound or not: a person looks */
    if (before_decides && before->level == BELOW)
        return NEUTROPENIC;
    if (before_decides) { /* the count fell within the hours after: a person looks */
        *count = after_decides && after->level == BELOW ? after : before;
        return *count == after ? OPEN : NOT_NEUTROPENIC;
    }
    if (after_decides)
        return after->level == BELOW ? NEUTROPENIC : NOT_NEUTROPENIC;
    if (before && before->level == BELOW &&
        fever->moment.first - before->moment.last <= rules->anc_candidate_hours * HOUR_SECONDS)
        return OPEN;
    *count = after;
    return after && after->level == BELOW && after->moment.first - fever->moment.last <= soon ? OPEN : NOT_NEUTROPENIC;
}

/* ---- evidence ---- */

void febrile_cite(struct engine *e, struct episode *episode, const struct signal *reading, const char *role)
{
    const struct datum *datum = reading->datum;
    const char *kind = strcmp(datum->code.lab->concept, "TEMP") == 0 ? "vital" : "lab";
    struct episode_evidence evidence = evidence_of_datum(datum, kind, role);

    evidence.rules = engine_rules(e, (const char *[]){"febrile", datum->code.rule}, 2);
    episode_cite(e, episode, evidence);
}

static void cite_fever(struct engine *e, struct episode *episode, const struct fever *fever, const struct signal *count,
                       const char *role)
{
    if (fever->since)
        febrile_cite(e, episode, fever->since, fever->since->datum->when.first == episode->onset ? role : "supporting");
    febrile_cite(e, episode, fever->reading, role);
    if (count)
        febrile_cite(e, episode, count, count->datum->when.first == episode->onset ? role : "supporting");
}

/* ---- antipyretics ---- */

struct relief {
    int64_t at;
    gw_day day;
    size_t fact;
};

struct reliefs {
    struct relief *list;
    size_t count, capacity;
};

static int by_moment(const void *x, const void *y)
{
    const struct relief *a = x, *b = y;

    return order_then(ORDER(a->at, b->at), ORDER(a->fact, b->fact));
}

static void add_relief(struct engine *e, size_t index, struct reliefs *reliefs)
{
    const struct gw_effective *effective = &e->in->facts[index].use.effective;
    const char *text = effective->kind == GW_EFFECTIVE_PERIOD ? effective->period.start : effective->date;
    const struct gw_drug_row *drug = engine_drug(e, &e->in->facts[index]);
    struct gw_when when;
    struct relief *relief;

    if (!drug || strcmp(drug->role, "PREMEDICATION_OR_ANTIPYRETIC") != 0 || !text ||
        gw_when_read(text, gw_site_zone(e->in->site), gw_site_assumes_zone(e->in->site), &when) != GW_DATE_OK ||
        when.precision != GW_PRECISION_SECOND)
        return;
    relief = GW_ARENA_PUSH(e->arena, reliefs->list, reliefs->count, reliefs->capacity);
    e->failed |= !relief;
    if (relief)
        *relief = (struct relief){when.utc, when.first, index};
}

/* Administrations at a time of drugs that lower a fever, in order. */
static struct reliefs find_reliefs(struct engine *e)
{
    struct reliefs reliefs = {.count = 0};

    for (size_t i = 0; i < e->in->fact_count; i++)
        if (e->in->facts[i].type == GW_MEDICATION_ADMINISTRATION && use_counts(e, i))
            add_relief(e, i, &reliefs);
    if (reliefs.count > 1)
        qsort(reliefs.list, reliefs.count, sizeof *reliefs.list, by_moment);
    return reliefs;
}

static void cite_reliefs(struct engine *e, struct episode *episode, const struct reliefs *reliefs,
                         const struct signal *fever)
{
    const int64_t since = fever->moment.first - e->in->study->events.febrile.antipyretic_hours * HOUR_SECONDS;
    size_t low = 0, high = reliefs->count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (reliefs->list[middle].at < since)
            low = middle + 1;
        else
            high = middle;
    }
    for (; moment_is_timed(fever->moment) && low < reliefs->count && reliefs->list[low].at <= fever->moment.first;
         low++)
        episode_cite(
            e, episode,
            (struct episode_evidence){.fact = reliefs->list[low].fact,
                                      .kind = "drug",
                                      .concept = engine_drug(e, &e->in->facts[reliefs->list[low].fact])->substance,
                                      .role = "supporting",
                                      .day = reliefs->list[low].day,
                                      .grade = -1,
                                      .rules = "febrile"});
}

/* ---- the walk ---- */

struct walk {
    struct series temp, anc;
    struct reliefs reliefs;
    const struct stays *stays;
    bool open;               /* there is an event, */
    gw_day open_until;       /* whose fevers are those up to this day */
    int64_t quiet_from;      /* the last candidate takes fevers up to here */
    struct candidate *asked; /* the last candidate; NULL: none yet */
};

/* Begun before treatment: what was there is no event of it, and fevers that belong to it begin none. */
static bool precedes_treatment(const struct engine *e, const struct fever *fever)
{
    const struct gw_when *when = &fever->reading->datum->when;

    return when->first < e->anchors.d1 || episode_precedes_dose(e, when);
}

static void begin(struct engine *e, struct episodes *episodes, struct walk *walk, const struct fever *fever,
                  const struct signal *count)
{
    const int grade = e->in->study->events.febrile.grade;
    struct episode *episode = episode_add(e, episodes);
    const size_t from = (size_t)(fever->reading - walk->temp.list);

    if (!episode)
        return;
    episode->category = CATEGORY;
    episode->term = TERM;
    episode->onset = fever->reading->datum->when.first;
    episode->end = episode->changes_on = GW_NO_DAY;
    episode->baseline_grade = -1;
    episode->max_grade = grade;
    episode->max_day = episode->onset;
    cite_fever(e, episode, fever, count, "onset");
    episode_note_grade(e, episode, episode->onset, grade);
    cite_reliefs(e, episode, &walk->reliefs, fever->reading);
    walk->open = true;
    walk->open_until = febrile_close(e, episode, &walk->temp, &walk->anc, from, walk->stays);
    if (precedes_treatment(e, fever))
        episodes->count--;
}

/* Fevers in doubt that follow each other are one question. */
static void propose(struct engine *e, struct episodes *episodes, struct walk *walk, const struct fever *fever,
                    const struct signal *count)
{
    const gw_day day = fever->reading->datum->when.first;
    const bool follows = walk->asked && fever->reading->moment.first <= walk->quiet_from;

    walk->quiet_from = fever->reading->moment.last + e->in->study->events.febrile.end_hours * HOUR_SECONDS;
    if (precedes_treatment(e, fever))
        return;
    if (follows) {
        walk->asked->episode.end = day;
        febrile_cite(e, &walk->asked->episode, fever->reading, "supporting");
        return;
    }
    walk->asked = candidate_add(e, episodes, CATEGORY, day,
                                "fever and a low count that the times leave in doubt: a person decides");
    if (!walk->asked)
        return;
    walk->asked->coding = fever->reading->datum->code.source;
    walk->asked->episode.term = TERM;
    cite_fever(e, &walk->asked->episode, &(struct fever){.reading = fever->reading}, count, "onset");
    if (fever->since)
        febrile_cite(e, &walk->asked->episode, fever->since, "supporting");
}

static bool is_within(const struct walk *walk, const struct signal *reading)
{
    return walk->open && reading->datum->when.first <= walk->open_until;
}

void febrile_episodes(struct engine *e, struct episodes *episodes)
{
    struct run run = {.first = NULL};
    struct walk walk = {.open = false};

    if (!e->in->study->events.febrile.on || !engine_category_on(e, CATEGORY))
        return;
    walk.temp = temperatures(e);
    walk.anc = gather(e, "ANC", &e->in->study->events.febrile.anc);
    if (e->failed || walk.temp.count == 0 || walk.anc.count == 0)
        return;
    walk.reliefs = find_reliefs(e);
    walk.stays = episodes->stays;
    for (size_t i = 0; i < walk.temp.count && !e->failed; i++) {
        const struct signal *reading = &walk.temp.list[i], *count;
        struct fever fever;
        enum finding finding;

        follow(&run, reading);
        if (is_within(&walk, reading) || !find_fever(e, &run, reading, &fever))
            continue;
        finding = find_count(e, &walk.anc, reading, &count);
        if (finding == NEUTROPENIC && !fever.doubtful)
            begin(e, episodes, &walk, &fever, count);
        else if (finding != NOT_NEUTROPENIC)
            propose(e, episodes, &walk, &fever, count);
    }
}
