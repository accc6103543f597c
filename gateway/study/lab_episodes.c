/*
 * Episodes out of graded laboratory values (and, without a grade, of values beyond their reference limits): onset at
 * the first value above baseline, end at the first one back.
 *
 * One value per day, the worst. A single normal value between two abnormal ones at most lab_merge_days apart does not
 * end an episode; no value for no_value_days leaves its outcome unknown. A value whose grade is not known (0 or 1, no
 * limit) says nothing: it neither opens nor closes. Source: mappings/RULES.md 12.
 */
#include <stdlib.h>
#include <string.h>

#include "study/episode.h"
#include "study/order.h"

struct point { /* one day */
    gw_day day;
    int grade;
    const struct datum *datum;
};

struct series {
    struct point *points;
    size_t count;
    int baseline; /* 0 where none is known */
    bool baseline_known;
};

static const struct gw_grade *grade_of(const struct datum *datum, enum gw_direction direction)
{
    return direction == GW_LOW ? &datum->value->low : &datum->value->high;
}

/* How bad a value is: its grade; beyond a reference limit 1, within it 0. False: it says nothing. */
static bool level_of(struct engine *e, const struct datum *datum, const struct gw_ae_evidence *event, int *level)
{
    const struct gw_limits *limits = &datum->value->limits;
    const struct gw_grade *grade = grade_of(datum, event->direction);
    const bool low = event->direction == GW_LOW;

    if (event->kind == GW_AE_LAB) {
        *level = grade->grade;
        return datum->graded && grade->graded;
    }
    if (limits->verdict != GW_RANGE_FOUND || !(low ? limits->has_low : limits->has_high) ||
        datum->value->measure.comparator)
        return false;
    *level = low ? gw_ratio_compare(e->arena, &datum->value->measure.canonical, &limits->low) < 0
                 : gw_ratio_compare(e->arena, &datum->value->measure.canonical, &limits->high) > 0;
    return true;
}

/* Taken on day 1 before the first dose, or before the value that is the baseline: it tells of before treatment. */
static bool precedes_treatment(const struct engine *e, const struct datum *datum, const struct datum *baseline)
{
    return episode_precedes_dose(e, &datum->when) ||
           (datum->when.first == e->anchors.d1 && datum->when.precision == GW_PRECISION_SECOND && baseline &&
            baseline->when.precision == GW_PRECISION_SECOND && datum->when.utc < baseline->when.utc);
}

static bool says_something(const struct engine *e, const struct datum *datum, const struct datum *baseline)
{
    return datum_tells(datum) && datum->when.first >= e->anchors.d1 && datum != baseline &&
           !precedes_treatment(e, datum, baseline);
}

static int by_day_then_worst(const void *x, const void *y)
{
    const struct point *a = x, *b = y;

    if (a->day != b->day)
        return ORDER(a->day, b->day);
    if (a->grade != b->grade)
        return ORDER(b->grade, a->grade);
    return strcmp(a->datum->obs_id, b->datum->obs_id);
}

/* Values of one concept as days in order, the worst of each day. */
static struct series gather(struct engine *e, const struct gw_ae_evidence *event)
{
    const struct values values = engine_values(e, event->key);
    struct series series = {.points = gw_arena_raw(e->arena, (values.count + 1) * sizeof(struct point))};
    const struct datum *baseline = engine_baseline(e, event->key);
    size_t kept = 0;

    e->failed |= !series.points;
    for (size_t i = 0; i < values.count && !e->failed; i++) {
        struct datum *datum = values.list[i];
        int level;

        if (!says_something(e, datum, baseline) || !level_of(e, datum, event, &level))
            continue;
        if (!datum->obs_id)
            engine_name_datum(e, datum);
        series.points[series.count++] = (struct point){datum->when.first, level, datum};
    }
    if (series.count > 1)
        qsort(series.points, series.count, sizeof *series.points, by_day_then_worst);
    for (size_t i = 0; i < series.count; i++)
        if (kept == 0 || series.points[kept - 1].day != series.points[i].day)
            series.points[kept++] = series.points[i];
    series.count = kept;
    series.baseline_known = baseline && level_of(e, baseline, event, &series.baseline);
    if (!series.baseline_known)
        series.baseline = 0;
    return series;
}

/* A value between windows tells its grade only where the study lets it, one beyond a limit none at all. */
static bool tells_grade(const struct engine *e, const struct gw_ae_evidence *event, const struct point *point)
{
    return event->kind == GW_AE_LAB &&
           (e->in->study->between_windows == GW_BETWEEN_GRADE || point->datum->placed_count > 0);
}

static void cite_point(struct engine *e, struct episode *episode, const struct gw_ae_evidence *event,
                       const struct point *point, const char *role)
{
    const char *const rules[] = {
        "episodes", point->datum->code.rule,
        tells_grade(e, event, point) ? engine_grade_rule(e, grade_of(point->datum, event->direction)) : NULL};

    struct episode_evidence evidence = evidence_of_datum(point->datum, "lab", role);

    evidence.grade = tells_grade(e, event, point) ? point->grade : -1;
    evidence.rules = engine_rules(e, rules, sizeof rules / sizeof *rules);
    episode_cite(e, episode, evidence);
}

static struct episode *open_episode(struct engine *e, struct episodes *episodes, const struct gw_ae_evidence *event,
                                    const struct series *series, const struct point *point)
{
    struct episode *episode = episode_add(e, episodes);

    if (!episode)
        return NULL;
    episode->category = event->category;
    episode->subcategory = episode->branch = event->subcategory;
    episode->term = event->term ? event->term : grade_of(point->datum, event->direction)->term;
    episode->onset = point->day;
    episode->end = episode->changes_on = GW_NO_DAY;
    episode->from_lab = true;
    episode->baseline_grade = series->baseline_known && event->kind == GW_AE_LAB ? series->baseline : -1;
    episode->baseline = episode->baseline_grade >= 0 ? engine_baseline(e, event->key) : NULL;
    episode->max_grade = -1;
    return episode;
}

static void take(struct engine *e, struct episode *episode, const struct gw_ae_evidence *event,
                 const struct point *point)
{
    const char *role = point->day == episode->onset ? "onset" : "supporting";
    const bool grades = tells_grade(e, event, point);

    if (grades && point->grade > episode->max_grade) {
        episode->max_grade = point->grade;
        episode->max_day = point->day;
        role = point->day == episode->onset ? "onset" : "worst";
    }
    cite_point(e, episode, event, point, role);
    if (grades)
        episode_note_grade(e, episode, point->day, point->grade);
}

/* True when the normal value at i stands between two abnormal ones close enough to be one episode. */
static bool bridged(const struct engine *e, const struct series *series, size_t i)
{
    return i > 0 && i + 1 < series->count && series->points[i + 1].grade > series->baseline &&
           series->points[i - 1].grade > series->baseline &&
           series->points[i + 1].day - series->points[i - 1].day <= e->in->study->lab_merge_days;
}

static void leave_open(struct engine *e, struct episode *episode, const struct point *last)
{
    const gw_day changes_on = last->day + e->in->study->no_value_days + 1;

    if (episode_known_until(e) >= changes_on) {
        episode->outcome = "unknown";
        return;
    }
    episode->ongoing = true;
    episode->outcome = last->grade < episode->max_grade ? "recovering" : "not recovered";
    if (changes_on <= episode_closing_day(e))
        episode->changes_on = changes_on;
}

static void walk(struct engine *e, struct episodes *episodes, const struct gw_ae_evidence *event,
                 const struct series *series)
{
    struct episode *open = NULL;

    for (size_t i = 0; i < series->count && !e->failed; i++) {
        const struct point *point = &series->points[i];
        const bool abnormal = point->grade > series->baseline;

        if (open && point->day - series->points[i - 1].day > e->in->study->no_value_days) {
            open->outcome = "unknown";
            open = NULL;
        }
        if (!open && abnormal)
            open = open_episode(e, episodes, event, series, point);
        if (!open)
            continue;
        if (abnormal || bridged(e, series, i)) {
            take(e, open, event, point);
            continue;
        }
        open->end = point->day;
        open->outcome = "recovered";
        cite_point(e, open, event, point, "recovery");
        open = NULL;
    }
    if (open && !e->failed)
        leave_open(e, open, &series->points[series->count - 1]);
}

void lab_episodes(struct engine *e, struct episodes *episodes)
{
    for (size_t i = 0; i < e->in->rules->evidence_count && !e->failed; i++) {
        const struct gw_ae_evidence *event = &e->in->rules->evidence[i];
        struct series series;

        if ((event->kind != GW_AE_LAB && event->kind != GW_AE_RANGE) || !engine_category_on(e, event->category))
            continue;
        series = gather(e, event);
        if (!e->failed)
            walk(e, episodes, event, &series);
    }
}
