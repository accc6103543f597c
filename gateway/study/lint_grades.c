/*
 * The grades among themselves: for each concept, direction, baseline rule and unit the bounds of its grades lie one
 * behind the other without hole and without overlap, and the worst has no end.
 *
 * Bounds of one kind are compared exactly; a limit of the laboratory and a number cannot be, and do not meet. A grade
 * may have no row (CTCAE tells grade 2 of a low potassium by symptoms): the next one then begins where the former ends.
 *
 * Source: NCI CTCAE 5.0; mappings/RULES.md 8.
 */
#include <string.h>

#include "study/lint_parts.h"

static const char *direction_of(const struct gw_grade_row *row)
{
    return row->direction == GW_LOW ? "LOW" : "HIGH";
}

/* The bound towards the worse grades, and the one towards the better. */
static const struct gw_bound *end_of(const struct gw_grade_row *row)
{
    return row->direction == GW_LOW ? &row->low : &row->high;
}

static const struct gw_bound *start_of(const struct gw_grade_row *row)
{
    return row->direction == GW_LOW ? &row->high : &row->low;
}

static bool one_ladder(const struct gw_grade_row *a, const struct gw_grade_row *b)
{
    return a->direction == b->direction && a->baseline == b->baseline && strcmp(a->unit, b->unit) == 0 &&
           strcmp(a->concept, b->concept) == 0;
}

/* The next worse row of the same ladder; grades may be left out, as grade 2 of hypokalaemia is. */
static const struct gw_grade_row *next_worse(const struct grade_rows *table, const struct gw_grade_row *row)
{
    const struct gw_grade_row *next = NULL;

    for (size_t i = 0; i < table->count; i++) {
        const struct gw_grade_row *other = &table->rows[i];

        if (one_ladder(row, other) && other->grade > row->grade && (!next || other->grade < next->grade))
            next = other;
    }
    return next;
}

static const struct gw_grade_row *same_grade(const struct grade_rows *table, const struct gw_grade_row *row)
{
    for (const struct gw_grade_row *other = table->rows; other < row; other++)
        if (one_ladder(row, other) && other->grade == row->grade)
            return other;
    return NULL;
}

/* A grade ends exactly where the next worse begins, and the bound itself is in one of them. */
static void check_step(struct lint *l, const struct gw_grade_row *row, const struct gw_grade_row *worse)
{
    const struct gw_bound *end = end_of(row), *start = start_of(worse);
    const int order = gw_decimal_compare(&end->value, &start->value);
    const char *what = NULL;

    if (end->kind == GW_BOUND_NONE || start->kind == GW_BOUND_NONE)
        what = "overlap: one has no bound towards the other";
    else if (end->kind != start->kind)
        what = "do not meet: one is bounded by a limit, the other by a number";
    else if (order != 0)
        what = (row->direction == GW_LOW) == (order > 0) ? "leave a gap" : "overlap";
    else if (end->inclusive == start->inclusive)
        what = end->inclusive ? "overlap: both hold the bound" : "leave a gap: neither holds the bound";
    if (what)
        gw_findings_add(&l->findings, l->tables->grades.path, worse->line,
                        "grades %d and %d of %s (%s, %s) %s; let the bounds meet, one of them with incl Y", row->grade,
                        worse->grade, row->concept, direction_of(row), row->unit, what);
}

static void check_worst(struct lint *l, const struct gw_grade_row *row)
{
    if (end_of(row)->kind != GW_BOUND_NONE)
        gw_findings_add(
            &l->findings, l->tables->grades.path, row->line,
            "grade %d is the worst of %s (%s, %s) and ends, so that what is worse has no grade; leave its %s "
            "bound empty, or add the next grade",
            row->grade, row->concept, direction_of(row), row->unit, row->direction == GW_LOW ? "low" : "high");
}

static void check_empty(struct lint *l, const struct gw_grade_row *row)
{
    const int order = gw_decimal_compare(&row->low.value, &row->high.value);

    if (row->low.kind == GW_BOUND_NONE || row->low.kind != row->high.kind)
        return;
    if (order > 0 || (order == 0 && !(row->low.inclusive && row->high.inclusive)))
        gw_findings_add(&l->findings, l->tables->grades.path, row->line,
                        "grade %d of %s (%s, %s) holds no value: low is not below high; swap the bounds", row->grade,
                        row->concept, direction_of(row), row->unit);
}

/* What holds for a normal baseline only leaves those with another one without a grade. */
static void check_baseline(struct lint *l, const struct gw_grade_row *row)
{
    const struct grade_rows *const table = &l->tables->grades;

    if (row->baseline != GW_BASELINE_NORMAL && row->baseline != GW_BASELINE_ABNORMAL)
        return;
    for (size_t i = 0; i < table->count; i++) {
        const struct gw_grade_row *const other = &table->rows[i];

        if (other->direction == row->direction && other->grade == row->grade && other->baseline != row->baseline &&
            strcmp(other->concept, row->concept) == 0)
            return;
    }
    gw_findings_note(&l->findings, table->path, row->line,
                     "grade %d of %s (%s) has a row for %s baseline only: it is not given for another", row->grade,
                     row->concept, direction_of(row), row->baseline == GW_BASELINE_NORMAL ? "a normal" : "an abnormal");
}

static void check_row(struct lint *l, const struct gw_grade_row *row)
{
    const struct gw_grade_row *const worse = next_worse(&l->tables->grades, row);

    check_empty(l, row);
    check_baseline(l, row);
    if (!worse)
        check_worst(l, row);
    else if (!(row->needs_duration && worse->needs_duration)) /* those that a duration tells apart share their bounds */
        check_step(l, row, worse);
}

void lint_grades(struct lint *l)
{
    const struct grade_rows *const table = &l->tables->grades;

    for (size_t i = 0; i < table->count; i++) {
        const struct gw_grade_row *const row = &table->rows[i], *const twin = same_grade(table, row);

        if (twin)
            gw_findings_add(&l->findings, table->path, row->line,
                            "grade %d of %s (%s, %s) has a row already, line %u; keep one", row->grade, row->concept,
                            direction_of(row), row->unit, twin->line);
        else
            check_row(l, row);
    }
}
