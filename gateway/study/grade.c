/*
 * The grade of one value in one direction.
 *
 * A grade row is an interval on the scale of the value. Its ends may be numbers, limits of the laboratory, or multiples
 * of a limit or of the baseline; an end whose limit is not known leaves the row undecided. The grade is the highest of
 * the rows the value lies in; an undecided row that could make it higher leaves the value not graded, and when all such
 * rows are of grade 1 the answer is "0 or 1".
 *
 * CTCAE prints some bounds in two units that do not convert exactly. A value reported in the unit of such a second set
 * is compared with that set, as reported; everything else in the canonical unit. All of it is exact.
 *
 * Source: NCI CTCAE 5.0; mappings/RULES.md 8.
 */
#include <string.h>

#include "gateway/study/measure.h"

enum fit { OUTSIDE, INSIDE, UNDECIDED };

struct judging {
    struct gw_arena *arena;
    const struct gw_grade_row *rows; /* of the concept, both directions */
    size_t count;
    enum gw_direction direction;
    const char *unit;           /* that absolute bounds are in */
    bool canonical;             /* multiples of limits and baseline are rows too */
    const struct gw_ratio *low; /* limits in that unit; NULL: not known */
    const struct gw_ratio *high;
    const struct gw_ratio *baseline;                                     /* NULL: not known */
    enum { BASELINE_UNKNOWN, BASELINE_NORMAL, BASELINE_ABNORMAL } state; /* against its own limits */
    bool no_memory;
};

/* What one exact value would be. */
struct opinion {
    int grade;
    const struct gw_grade_row *row;
    int undecided; /* highest grade that an undecided row could make of it; 0: none above `grade` */
    bool duration; /* it depends on how long it lasted */
};

/* ---- rows ---- */

static bool is_of_scale(const struct judging *j, const struct gw_grade_row *row, enum gw_direction direction)
{
    return row->machine && row->direction == direction &&
           (row->multiples ? j->canonical : strcmp(row->unit, j->unit) == 0);
}

static bool holds(const struct judging *j, const struct gw_grade_row *row)
{
    switch (row->baseline) {
    case GW_BASELINE_NORMAL:
        return j->state != BASELINE_ABNORMAL;
    case GW_BASELINE_ABNORMAL:
        return j->state == BASELINE_ABNORMAL;
    case GW_BASELINE_KNOWN:
        return j->baseline != NULL;
    default:
        return true;
    }
}

/* ---- bounds ---- */

enum edge { NO_EDGE, EDGE, EDGE_UNKNOWN };

static const struct gw_ratio *base_of(const struct judging *j, const struct gw_grade_row *row)
{
    return row->basis == GW_BASIS_BASE ? j->baseline : row->basis == GW_BASIS_LLN ? j->low : j->high;
}

static enum edge edge_of(struct judging *j, const struct gw_grade_row *row, const struct gw_bound *bound,
                         struct gw_ratio *out)
{
    const struct gw_ratio number = gw_ratio_of(bound->value);
    const struct gw_ratio *base;
    bool done;

    if (bound->kind == GW_BOUND_NONE)
        return NO_EDGE;
    *out = number;
    if (bound->kind == GW_BOUND_VALUE && !row->multiples)
        return EDGE;
    base = bound->kind == GW_BOUND_VALUE ? base_of(j, row) : bound->kind == GW_BOUND_LLN ? j->low : j->high;
    if (!base)
        return EDGE_UNKNOWN;
    done = bound->kind == GW_BOUND_VALUE ? gw_ratio_multiply(j->arena, base, &number, out)
                                         : gw_ratio_add(j->arena, base, &number, out);
    j->no_memory = j->no_memory || !done;
    return EDGE;
}

static enum fit fit_of(struct judging *j, const struct gw_grade_row *row, const struct gw_ratio *value)
{
    struct gw_ratio end;
    enum edge low, high;

    low = edge_of(j, row, &row->low, &end);
    if (low == EDGE && gw_ratio_compare(j->arena, value, &end) < (row->low.inclusive ? 0 : 1))
        return OUTSIDE;
    high = edge_of(j, row, &row->high, &end);
    if (high == EDGE && gw_ratio_compare(j->arena, value, &end) > (row->high.inclusive ? 0 : -1))
        return OUTSIDE;
    return low == EDGE_UNKNOWN || high == EDGE_UNKNOWN ? UNDECIDED : INSIDE;
}

/* ---- one exact value ---- */

/* A value that an absolute bound puts on the other side cannot be beyond a limit on this one. */
static bool is_on_the_other_side(struct judging *j, const struct gw_ratio *value)
{
    const enum gw_direction other = j->direction == GW_LOW ? GW_HIGH : GW_LOW;

    for (size_t i = 0; i < j->count; i++) {
        const struct gw_grade_row *row = &j->rows[i];

        if (is_of_scale(j, row, other) && row->basis == GW_BASIS_ABS && fit_of(j, row, value) == INSIDE)
            return true;
    }
    return false;
}

static struct opinion judge(struct judging *j, const struct gw_ratio *value)
{
    struct opinion opinion = {.grade = 0};

    for (size_t i = 0; i < j->count; i++) {
        const struct gw_grade_row *row = &j->rows[i];
        const bool asked = is_of_scale(j, row, j->direction) && holds(j, row);
        const enum fit fit = asked ? fit_of(j, row, value) : OUTSIDE;

        if (fit == INSIDE && row->needs_duration) {
            opinion.duration = true;
        } else if (fit == INSIDE && row->grade > opinion.grade) {
            opinion.grade = row->grade;
            opinion.row = row;
        } else if (fit == UNDECIDED && row->grade > opinion.undecided) {
            opinion.undecided = row->grade;
        }
    }
    if (opinion.undecided <= opinion.grade || is_on_the_other_side(j, value))
        opinion.undecided = 0;
    return opinion;
}

/* ---- a comparator: every possible value must be the same ---- */

struct points { /* where the opinion may change, sorted */
    struct gw_ratio *at;
    size_t count;
};

/* Each once: a gap between equal points would be no gap. */
static void insert(struct judging *j, struct points *points, const struct gw_ratio *value)
{
    size_t place = points->count;

    for (size_t i = 0; i < points->count; i++)
        if (gw_ratio_compare(j->arena, &points->at[i], value) == 0)
            return;
    while (place > 0 && gw_ratio_compare(j->arena, &points->at[place - 1], value) > 0) {
        points->at[place] = points->at[place - 1];
        place--;
    }
    points->at[place] = *value;
    points->count++;
}

static bool collect(struct judging *j, const struct gw_ratio *value, struct points *points)
{
    struct gw_ratio end;

    points->count = 0;
    points->at = gw_arena_alloc(j->arena, (2 * j->count + 1) * sizeof *points->at);
    if (!points->at)
        return false;
    insert(j, points, value);
    for (size_t i = 0; i < j->count; i++) {
        const struct gw_grade_row *row = &j->rows[i];

        if (!row->machine || (row->multiples ? !j->canonical : strcmp(row->unit, j->unit) != 0))
            continue;
        if (edge_of(j, row, &row->low, &end) == EDGE)
            insert(j, points, &end);
        if (edge_of(j, row, &row->high, &end) == EDGE)
            insert(j, points, &end);
    }
    return !j->no_memory;
}

static bool same_opinion(const struct opinion *a, const struct opinion *b)
{
    return a->grade == b->grade && a->undecided == b->undecided && a->duration == b->duration;
}

/* The value halfway between two, or one beyond an end (the other is NULL). */
static bool between(struct gw_arena *arena, const struct gw_ratio *a, const struct gw_ratio *b, struct gw_ratio *out)
{
    const struct gw_ratio half = {gw_decimal_from_int(1), gw_decimal_from_int(2)};
    const struct gw_ratio step = gw_ratio_of(gw_decimal_from_int(a ? 1 : -1));

    if (!a || !b)
        return gw_ratio_add(arena, a ? a : b, &step, out);
    return gw_ratio_add(arena, a, b, out) && gw_ratio_multiply(arena, out, &half, out);
}

struct agreement {
    bool any;
    bool broken;
    struct opinion opinion;
};

static void ask(struct judging *j, const struct gw_ratio *value, struct agreement *agreement)
{
    const struct opinion opinion = judge(j, value);

    if (agreement->any && !same_opinion(&agreement->opinion, &opinion))
        agreement->broken = true;
    agreement->any = true;
    agreement->opinion = opinion;
}

/* Between two points the opinion is one: each point, each gap and the open end of the side is asked. */
static bool ask_side(struct judging *j, const struct gw_ratio *value, bool below, bool inclusive,
                     struct agreement *agreement)
{
    struct points points;
    struct gw_ratio middle;

    if (!collect(j, value, &points))
        return false;
    if (inclusive)
        ask(j, value, agreement);
    for (size_t i = 0; i < points.count; i++) {
        const struct gw_ratio *const point = &points.at[i];
        const struct gw_ratio *const next = i + 1 < points.count ? &points.at[i + 1] : NULL;
        const struct gw_ratio *const previous = i > 0 ? &points.at[i - 1] : NULL;
        const int order = gw_ratio_compare(j->arena, point, value);

        if (below ? order > 0 : order < 0)
            continue;
        if (!between(j->arena, below ? previous : point, below ? point : next, &middle))
            return false;
        ask(j, &middle, agreement);
        if (order != 0)
            ask(j, point, agreement);
    }
    return !j->no_memory;
}

static bool judge_compared(struct judging *j, const struct gw_measure *measure, const struct gw_ratio *value,
                           struct agreement *agreement)
{
    const char *const comparator = measure->comparator;
    const bool below = comparator && comparator[0] == '<', above = comparator && comparator[0] == '>';

    *agreement = (struct agreement){.any = false};
    if (!comparator)
        ask(j, value, agreement);
    else if (!below && !above) /* "ad": sufficient to reach, whatever it is */
        agreement->broken = true;
    else
        return ask_side(j, value, below, comparator[1] == '=', agreement);
    return !j->no_memory;
}

/* ---- the scale ---- */

/* A second set of rows in the unit of the report, of this direction. */
static bool has_family(const struct gw_grade_row *rows, size_t count, enum gw_direction direction, const char *unit)
{
    for (size_t i = 0; unit && i < count; i++)
        if (rows[i].machine && rows[i].direction == direction && strcmp(rows[i].unit, unit) == 0)
            return true;
    return false;
}

static void set_limits(struct judging *j, const struct gw_limits *limits)
{
    if (!limits || limits->verdict != GW_RANGE_FOUND)
        return;
    if (limits->has_low)
        j->low = j->canonical ? &limits->low : &limits->source_low;
    if (limits->has_high)
        j->high = j->canonical ? &limits->high : &limits->source_high;
}

static void set_baseline(struct judging *j, const struct gw_baseline *baseline)
{
    const struct gw_limits *limits = &baseline->limits;
    bool abnormal;

    if (!baseline->known)
        return;
    j->baseline = &baseline->value;
    if (limits->verdict != GW_RANGE_FOUND || !(j->direction == GW_LOW ? limits->has_low : limits->has_high))
        return;
    abnormal = j->direction == GW_LOW ? gw_ratio_compare(j->arena, j->baseline, &limits->low) < 0
                                      : gw_ratio_compare(j->arena, j->baseline, &limits->high) > 0;
    j->state = abnormal ? BASELINE_ABNORMAL : BASELINE_NORMAL;
}

/* The first row of this direction and scale, whatever its baseline rule; NULL: the tables do not grade it. */
static const struct gw_grade_row *first_row(const struct judging *j)
{
    for (size_t i = 0; i < j->count; i++)
        if (is_of_scale(j, &j->rows[i], j->direction))
            return &j->rows[i];
    return NULL;
}

static bool waits_for_baseline(const struct judging *j)
{
    for (size_t i = 0; i < j->count; i++) {
        if (!is_of_scale(j, &j->rows[i], j->direction))
            continue;
        if (j->rows[i].baseline == GW_BASELINE_KNOWN
                ? !j->baseline
                : j->rows[i].baseline != GW_BASELINE_NONE && j->state == BASELINE_UNKNOWN)
            return true;
    }
    return false;
}

/* An abnormal baseline whose rows the table does not have (fibrinogen: percent of baseline) leaves the bounds alone. */
static bool lacks_rows_for_baseline(const struct judging *j)
{
    bool normal = false, abnormal = false;

    for (size_t i = 0; i < j->count; i++) {
        if (!is_of_scale(j, &j->rows[i], j->direction))
            continue;
        normal = normal || j->rows[i].baseline == GW_BASELINE_NORMAL;
        abnormal = abnormal || j->rows[i].baseline == GW_BASELINE_ABNORMAL;
    }
    return j->state == BASELINE_ABNORMAL && normal && !abnormal;
}

static bool is_within_limit(struct judging *j, const struct gw_ratio *value)
{
    if (j->direction == GW_LOW)
        return j->low && gw_ratio_compare(j->arena, value, j->low) >= 0;
    return j->high && gw_ratio_compare(j->arena, value, j->high) <= 0;
}

static void conclude(struct judging *j, const struct gw_ratio *value, const struct agreement *agreement, bool exact,
                     struct gw_grade *out)
{
    const struct opinion *const opinion = &agreement->opinion;

    out->comparator_ambiguous = agreement->broken;
    out->range_wanted = !agreement->broken && opinion->undecided > 0;
    out->flag = waits_for_baseline(j) ? GW_GRADE_PROVISIONAL : GW_GRADE_EXACT;
    if (agreement->broken || opinion->duration)
        return;
    if (opinion->undecided > 0) {
        if (opinion->undecided == 1)
            out->flag = GW_GRADE_UNKNOWN01;
        return;
    }
    if (!opinion->row && lacks_rows_for_baseline(j))
        return;
    out->graded = true;
    out->grade = opinion->grade;
    out->row = opinion->row;
    out->lln_below_cut = exact && opinion->row && opinion->row->basis == GW_BASIS_ABS && is_within_limit(j, value);
}

enum gw_status gw_grade_value(struct gw_arena *arena, const struct gw_tables *tables, const struct gw_lab *lab,
                              const struct gw_measure *measure, const struct gw_limits *limits,
                              const struct gw_baseline *baseline, enum gw_direction direction, struct gw_grade *out,
                              struct gw_error *err)
{
    struct judging j = {.arena = arena, .direction = direction, .unit = lab->unit, .canonical = true};
    const struct gw_ratio source = gw_ratio_of(measure->source), *value = &measure->canonical;
    struct agreement agreement;

    *out = (struct gw_grade){.direction = direction};
    j.count = lab->unit && measure->value_num ? gw_tables_grades_of(tables, lab->concept, &j.rows) : 0;
    if (measure->unit_code && j.count && strcmp(measure->unit_code, lab->unit) != 0 &&
        has_family(j.rows, j.count, direction, measure->unit_code)) {
        j.unit = measure->unit_code;
        j.canonical = false;
        value = &source;
    }
    if (j.count == 0 || !first_row(&j))
        return GW_OK;
    out->applies = true;
    out->term = first_row(&j)->term;
    set_limits(&j, limits);
    if (baseline)
        set_baseline(&j, baseline);
    if (!judge_compared(&j, measure, value, &agreement))
        return gw_fail(err, GW_ENOMEM, "study.grade", "a grade does not fit the memory set for its subject");
    conclude(&j, value, &agreement, !measure->comparator, out);
    return GW_OK;
}

static struct gw_grade neither(const struct gw_grade *low, const struct gw_grade *high)
{
    struct gw_grade none = *low;

    if (!low->applies)
        return *high;
    if (high->applies) /* no abnormality has no side */
        none.term = NULL;
    return none;
}

struct gw_grade gw_grade_worse(const struct gw_grade *low, const struct gw_grade *high)
{
    const int of_low = low->graded ? low->grade : 0, of_high = high->graded ? high->grade : 0;

    if (of_low > 0 || of_high > 0)
        return of_low >= of_high ? *low : *high;
    if (low->applies && !low->graded)
        return *low;
    if (high->applies && !high->graded)
        return *high;
    return neither(low, high);
}
