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

#include "study/episode.h"
#include "study/order.h"
#include "study/stays.h"
#include "study/uses.h"

#define CATEGORY       "FEBRILE_NEUTROPENIA"
#define TERM           "Febrile neutropenia"
#define HOUR           ((int64_t)3600)
#define DAY            (24 * HOUR)
#define MOST_RUN_APART DAY /* readings farther apart say nothing of the time between them */

/* ---- the two series ---- */

enum level { BELOW, ABOVE, UNCLEAR };

struct reading { /* every instant it can mean */
    int64_t first, last;
    const struct datum *datum;
    enum level level; /* of a temperature: below `sustained` or not; of a count: below `anc` or not */
    bool single;      /* a temperature above `single` */
};

struct series {
    struct reading *list;
    size_t count;
};

static bool is_timed(const struct reading *reading)
{
    return reading->first == reading->last;
}

static bool says_something(const struct datum *datum)
{
    return datum_tells(datum) && datum->value->measure.value_num;
}

static int by_time(const void *x, const void *y, void *context)
{
    const struct engine *e = context;
    const struct reading *a = x, *b = y;
    const int order = order_then(ORDER(a->first, b->first), ORDER(a->last, b->last));

    if (order != 0)
        return order;
    return order_then(strcmp(e->versions[a->datum->fact].key, e->versions[b->datum->fact].key),
                      a->datum->part - b->datum->part);
}

static struct series gather(struct engine *e, const char *concept)
{
    const struct values values = engine_values(e, concept);
    struct series series = {.list = gw_arena_raw(e->arena, (values.count + 1) * sizeof *series.list)};

    e->failed |= !series.list;
    for (size_t i = 0; i < values.count && !e->failed; i++) {
        const struct datum *datum = values.list[i];
        const bool timed = datum->when.precision == GW_PRECISION_SECOND;

        if (!says_something(datum) || datum->when.first > episode_known_until(e))
            continue;
        series.list[series.count++] =
            (struct reading){.first = datum->when.utc, .last = datum->when.utc + (timed ? 0 : DAY - 1), .datum = datum};
    }
    if (series.count > 1)
        qsort_r(series.list, series.count, sizeof *series.list, by_time, e);
    return series;
}

static int compare(struct engine *e, const struct datum *datum, const struct gw_decimal *bound)
{
    const struct gw_ratio limit = gw_ratio_of(*bound);

    return gw_ratio_compare(e->arena, &datum->value->measure.canonical, &limit);
}

/* Every value that it can mean is below the bound, or none is; else unclear. */
static enum level level_of(struct engine *e, const struct datum *datum, const struct gw_decimal *bound)
{
    const char *comparator = datum->value->measure.comparator;
    const int order = compare(e, datum, bound);

    if (!comparator)
        return order < 0 ? BELOW : ABOVE;
    if (comparator[0] == '<' && (order < 0 || (order == 0 && comparator[1] == '\0')))
        return BELOW;
    return comparator[0] == '>' && order >= 0 ? ABOVE : UNCLEAR;
}

/* Every value that it can mean is above the bound. */
static bool is_above(struct engine *e, const struct datum *datum, const struct gw_decimal *bound)
{
    const char *comparator = datum->value->measure.comparator;
    const int order = compare(e, datum, bound);

    return comparator ? comparator[0] == '>' && (order > 0 || (order == 0 && comparator[1] == '\0')) : order > 0;
}

static struct series temperatures(struct engine *e)
{
    const struct gw_febrile_rules *rules = &e->in->study->events.febrile;
    struct series series = gather(e, "TEMP");
    size_t kept = 0;

    for (size_t i = 0; i < series.count && !e->failed; i++) {
        struct reading reading = series.list[i];

        reading.level = level_of(e, reading.datum, &rules->sustained);
        reading.single = is_above(e, reading.datum, &rules->single);
        if (reading.level != UNCLEAR)
            series.list[kept++] = reading;
    }
    series.count = kept;
    return series;
}

static struct series counts(struct engine *e)
{
    const struct gw_febrile_rules *rules = &e->in->study->events.febrile;
    struct series series = gather(e, "ANC");

    for (size_t i = 0; i < series.count; i++)
        series.list[i].level = level_of(e, series.list[i].datum, &rules->anc);
    return series;
}

/* ---- fever ---- */

struct fever { /* the moment at which the readings make one */
    const struct reading *reading;
    const struct reading *since; /* the earlier reading of a sustained one; NULL: a single one */
    bool doubtful;               /* days without a time cannot show how long it lasted */
};

struct run { /* of readings that are not below `sustained` */
    const struct reading *first, *last;
    bool doubtful;
    const struct reading *untimed_low; /* the last day with a reading below, no time told */
};

static void follow(struct run *run, const struct reading *reading)
{
    if (reading->level == BELOW) {
        run->first = NULL;
        run->untimed_low = is_timed(reading) ? run->untimed_low : reading;
        return;
    }
    if (!run->first || reading->first - run->last->last > MOST_RUN_APART) {
        run->first = reading;
        run->doubtful = false;
    }
    run->last = reading;
    run->doubtful |= !is_timed(reading) || (run->untimed_low && run->untimed_low->last >= reading->first);
}

/* True: with this reading there is a fever. */
static bool find_fever(const struct engine *e, const struct run *run, const struct reading *reading,
                       struct fever *fever)
{
    const int64_t least = (int64_t)e->in->study->events.febrile.sustained_minutes * 60;

    *fever = (struct fever){.reading = reading};
    if (reading->single)
        return true;
    if (reading->level == BELOW || run->first == reading)
        return false;
    fever->since = run->first;
    fever->doubtful = run->doubtful;
    return fever->doubtful ? reading->last - run->first->first > least : reading->first - run->first->first > least;
}

/* ---- the count that goes with a fever ---- */

enum finding { NEUTROPENIC, OPEN, NOT_NEUTROPENIC };

/* The places of the latest count up to the fever, and of the first after it; series.count: none. */
static size_t first_after(const struct series *anc, const struct reading *fever)
{
    size_t low = 0, high = anc->count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (anc->list[middle].first <= fever->last)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static enum finding find_count(const struct engine *e, const struct series *anc, const struct reading *fever,
                               const struct reading **count)
{
    const struct gw_febrile_rules *rules = &e->in->study->events.febrile;
    const int64_t recent = rules->anc_before_hours * HOUR, soon = rules->anc_after_hours * HOUR;
    const size_t next = first_after(anc, fever);
    const struct reading *before = next > 0 ? &anc->list[next - 1] : NULL;
    const struct reading *after = next < anc->count ? &anc->list[next] : NULL;
    const bool before_decides = before && fever->last - before->first <= recent;
    const bool after_decides = after && after->last - fever->first <= soon;

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
    if (before && before->level == BELOW && fever->first - before->last <= rules->anc_candidate_hours * HOUR)
        return OPEN;
    *count = after;
    return after && after->level == BELOW && after->first - fever->last <= soon ? OPEN : NOT_NEUTROPENIC;
}

/* ---- evidence ---- */

static void cite(struct engine *e, struct episode *episode, const struct reading *reading, const char *role)
{
    const struct datum *datum = reading->datum;
    const bool temperature = strcmp(datum->code.lab->concept, "TEMP") == 0;

    episode_cite(e, episode,
                 (struct episode_evidence){.fact = datum->fact,
                                           .part = datum->part,
                                           .kind = temperature ? "vital" : "lab",
                                           .concept = datum->code.lab->concept,
                                           .role = role,
                                           .day = datum->when.first,
                                           .grade = -1,
                                           .value = datum->value->measure.value_num,
                                           .in_window = datum->placed_count > 0,
                                           .datum = datum,
                                           .rules = engine_rules(e, (const char *[]){"febrile", datum->code.rule}, 2)});
}

static void cite_fever(struct engine *e, struct episode *episode, const struct fever *fever,
                       const struct reading *count, const char *role)
{
    if (fever->since)
        cite(e, episode, fever->since, fever->since->datum->when.first == episode->onset ? role : "supporting");
    cite(e, episode, fever->reading, role);
    if (count)
        cite(e, episode, count, count->datum->when.first == episode->onset ? role : "supporting");
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
                         const struct reading *fever)
{
    const int64_t since = fever->first - e->in->study->events.febrile.antipyretic_hours * HOUR;
    size_t low = 0, high = reliefs->count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (reliefs->list[middle].at < since)
            low = middle + 1;
        else
            high = middle;
    }
    for (; is_timed(fever) && low < reliefs->count && reliefs->list[low].at <= fever->first; low++)
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

/* ---- the end ---- */

struct ending {
    gw_day day;                                /* GW_NO_DAY: none */
    const struct reading *temperature, *count; /* that show it; NULL: discharge or death ended it */
    const struct reading *last_temperature;    /* up to it */
    gw_day lost_on; /* nothing was read for no_value_days after this day; GW_NO_DAY: not so */
};

struct course {         /* what was read since the onset */
    int64_t cool_since; /* all readings from here on below `sustained`; INT64_MAX: the last one was not */
    const struct reading *cool, *count;
};

static bool is_over(const struct engine *e, const struct course *course)
{
    const int64_t least = e->in->study->events.febrile.end_hours * HOUR;

    return course->cool && course->cool_since != INT64_MAX && course->cool->first - course->cool_since >= least &&
           course->count && course->count->level == ABOVE;
}

/* The first moment at which both signals are back; *last: the place after the last temperature looked at. */
static struct ending find_recovery(const struct engine *e, const struct series *temp, const struct series *anc,
                                   size_t from, gw_day until)
{
    struct course course = {.cool_since = INT64_MAX};
    struct ending ending = {.day = GW_NO_DAY, .lost_on = GW_NO_DAY};
    gw_day seen = temp->list[from].datum->when.first;
    size_t t = from + 1, a = first_after(anc, &temp->list[from]);

    while (t < temp->count || a < anc->count) {
        const bool temperature = a == anc->count || (t < temp->count && temp->list[t].first <= anc->list[a].first);
        const struct reading *reading = temperature ? &temp->list[t++] : &anc->list[a++];

        if (reading->datum->when.first > until)
            break;
        if (reading->datum->when.first - seen > e->in->study->no_value_days) {
            ending.lost_on = seen;
            break;
        }
        seen = reading->datum->when.first;
        if (!temperature && reading->level != UNCLEAR)
            course.count = reading;
        if (temperature) {
            ending.last_temperature = reading;
            if (reading->level == ABOVE)
                course.cool_since = INT64_MAX;
            else if (course.cool_since == INT64_MAX)
                course.cool_since = reading->last;
            course.cool = reading;
        }
        if (!is_over(e, &course))
            continue;
        ending.day = reading->datum->when.first;
        ending.temperature = course.cool;
        ending.count = course.count;
        break;
    }
    return ending;
}

/*
 * The first discharge from a stay that the onset falls in or that begins soon after it. Who is in another stay that day
 * was not sent home.
 */
static gw_day find_discharge(const struct engine *e, const struct stays *stays, gw_day onset)
{
    const gw_day soon = onset + e->in->study->events.seriousness.after_days;
    gw_day discharge = GW_DAY_MAX;
    size_t from = stays_from(stays, onset);

    for (size_t i = from; i < stays->count && stays->list[i].first <= soon; i++)
        if (stays->list[i].last >= onset && stays->list[i].last < discharge)
            discharge = stays->list[i].last;
    for (size_t i = from; i < stays->count && stays->list[i].first <= discharge; i++)
        if (stays->list[i].last > discharge)
            discharge = stays->list[i].last;
    return discharge;
}

/* Gives the last day of fevers that belong to it. */
static gw_day close_episode(struct engine *e, struct episode *episode, const struct series *temp,
                            const struct series *anc, size_t from, const struct stays *stays)
{
    const gw_day death = e->anchors.death != GW_NO_DAY ? e->anchors.death : GW_DAY_MAX;
    const gw_day discharge = find_discharge(e, stays, episode->onset), known = episode_known_until(e);
    const gw_day until = discharge < death ? discharge : death;
    const struct ending ending = find_recovery(e, temp, anc, from, until);
    gw_day quiet;

    if (ending.day != GW_NO_DAY) {
        episode->end = ending.day;
        episode->outcome = "recovered";
        cite(e, episode, ending.temperature, "recovery");
        cite(e, episode, ending.count, "recovery");
        return ending.day;
    }
    if (until <= known) {
        const bool cool = ending.last_temperature && ending.last_temperature->level == BELOW;

        episode->end = until;
        episode->outcome = until == death ? "not recovered" : cool ? "recovered" : "unknown";
        return until;
    }
    if (ending.lost_on != GW_NO_DAY) {
        episode->outcome = "unknown";
        return ending.lost_on;
    }
    quiet = (ending.last_temperature ? ending.last_temperature : &temp->list[from])->datum->when.first +
            e->in->study->no_value_days + 1;
    episode->ongoing = known < quiet;
    episode->outcome = episode->ongoing ? "not recovered" : "unknown";
    if (episode->ongoing && quiet <= episode_closing_day(e))
        episode->changes_on = quiet;
    if (until != GW_DAY_MAX && (episode->changes_on == GW_NO_DAY || until < episode->changes_on))
        episode->changes_on = until;
    return GW_DAY_MAX;
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
                  const struct reading *count)
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
    walk->open_until = close_episode(e, episode, &walk->temp, &walk->anc, from, walk->stays);
    if (precedes_treatment(e, fever))
        episodes->count--;
}

/* Fevers in doubt that follow each other are one question. */
static void propose(struct engine *e, struct episodes *episodes, struct walk *walk, const struct fever *fever,
                    const struct reading *count)
{
    const gw_day day = fever->reading->datum->when.first;
    const bool follows = walk->asked && fever->reading->first <= walk->quiet_from;

    walk->quiet_from = fever->reading->last + e->in->study->events.febrile.end_hours * HOUR;
    if (precedes_treatment(e, fever))
        return;
    if (follows) {
        walk->asked->episode.end = day;
        cite(e, &walk->asked->episode, fever->reading, "supporting");
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
        cite(e, &walk->asked->episode, fever->since, "supporting");
}

static bool is_within(const struct walk *walk, const struct reading *reading)
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
    walk.anc = counts(e);
    if (e->failed || walk.temp.count == 0 || walk.anc.count == 0)
        return;
    walk.reliefs = find_reliefs(e);
    walk.stays = episodes->stays;
    for (size_t i = 0; i < walk.temp.count && !e->failed; i++) {
        const struct reading *reading = &walk.temp.list[i], *count;
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
