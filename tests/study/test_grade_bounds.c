/*
 * Every bound of the grading table at, just below and just above in every accepted unit, against a second, small
 * implementation on 128-bit integers.
 */
#include "lab.h"

#include <stdlib.h>

#include "gateway/core/csv.h"

static struct bench bench; /* the tables of another, and an arena that is cleared after each row */

TestSuite(grade, .timeout = 300);

typedef __int128 wide;

struct q { /* d > 0 */
    wide n, d;
};

static struct q reduce(struct q a)
{
    wide x = a.n < 0 ? -a.n : a.n, y = a.d;

    while (y) {
        const wide rest = x % y;
        x = y;
        y = rest;
    }
    return x ? (struct q){a.n / x, a.d / x} : (struct q){0, 1};
}

static struct q decimal(const char *text)
{
    struct q out = {0, 1};
    const bool minus = *text == '-';
    bool point = false;

    for (text += minus; *text && *text != '/'; text++) {
        if (*text == '.') {
            point = true;
            continue;
        }
        out.n = out.n * 10 + (*text - '0');
        out.d *= point ? 10 : 1;
    }
    if (*text == '/') {
        const struct q below = decimal(text + 1);
        out = (struct q){out.n * below.d, out.d * below.n};
    }
    out.n = minus ? -out.n : out.n;
    return reduce(out);
}

static struct q times(struct q a, struct q b)
{
    return reduce((struct q){a.n * b.n, a.d * b.d});
}

static struct q plus(struct q a, struct q b)
{
    return reduce((struct q){a.n * b.d + b.n * a.d, a.d * b.d});
}

static struct q over(struct q a, struct q b)
{
    return reduce(b.n < 0 ? (struct q){-a.n * b.d, a.d * -b.n} : (struct q){a.n * b.d, a.d * b.n});
}

static int compare(struct q a, struct q b)
{
    const wide left = a.n * b.d, right = b.n * a.d;

    return left < right ? -1 : left > right;
}

enum { CONCEPT, VERSION, DIRECTION, GRADE, LOW, LOW_INCL, HIGH, HIGH_INCL, UNIT, BASIS, RULE, NEEDS, MACHINE };
static const char *const names[] = {"concept",       "ctcae_version", "direction",       "grade", "low",
                                    "low_incl",      "high",          "high_incl",       "unit",  "basis",
                                    "baseline_rule", "needs",         "machine_gradable"};

static struct gw_csv grades;
static int column[sizeof names / sizeof names[0]];

static const char *cell(size_t row, int name)
{
    return grades.records[row].fields[column[name]];
}

static bool is_row(size_t row, const char *concept, const char *direction)
{
    return strcmp(cell(row, VERSION), "5.0") == 0 && strcmp(cell(row, CONCEPT), concept) == 0 &&
           strcmp(cell(row, DIRECTION), direction) == 0 && strcmp(cell(row, MACHINE), "Y") == 0 &&
           strcmp(cell(row, BASIS), "COMPOSITE") != 0 && strcmp(cell(row, BASIS), "CLINICAL") != 0 &&
           !strstr(cell(row, NEEDS), "CM");
}

/* The world of one case, everything canonical. */
struct world {
    const struct gw_lab *lab;
    struct q scale; /* of the unit the value is in; affine units are Fahrenheit and kelvin */
    struct q shift;
    const char *unit;
    bool has_limits;
    struct q low, high;
    int base; /* 0 unknown, 1 normal, 2 abnormal */
    struct q base_value;
};

static struct q canonical(const struct world *w, struct q value)
{
    return plus(times(value, w->scale), w->shift);
}

static struct q reverted(const struct world *w, struct q value)
{
    return over(plus(value, (struct q){-w->shift.n, w->shift.d}), w->scale);
}

/* -1: the bound is not known in this world. */
static int bound(const struct world *w, size_t row, int name, bool family, struct q *out)
{
    const char *text = cell(row, name), *unit = cell(row, UNIT);
    struct q limit;

    if (!*text)
        return 0;
    if (text[0] == 'L' || text[0] == 'U') {
        limit = text[0] == 'L' ? w->low : w->high;
        *out = family ? reverted(w, limit) : limit;
        if (text[3] == '+')
            *out = plus(*out, decimal(text + 4));
        return w->has_limits ? 1 : -1;
    }
    *out = decimal(text);
    if (strcmp(unit, "xULN") == 0)
        *out = times(*out, w->high);
    else if (strcmp(unit, "xLLN") == 0)
        *out = times(*out, w->low);
    else if (strcmp(unit, "xBASE") == 0)
        *out = times(*out, w->base_value);
    else
        return 1;
    return strcmp(unit, "xBASE") == 0 || w->has_limits ? 1 : -1;
}

/* 0..4; -1 "0 or 1"; -2 not gradable */
static int second_opinion(const struct world *w, const char *direction, struct q source, bool *other_side)
{
    const struct q value = canonical(w, source);
    bool family = false, duration = false, normal_rows = false, abnormal_rows = false;
    int best = 0, undecided = 0;

    for (size_t i = 0; i < grades.count; i++)
        family = family || (is_row(i, w->lab->concept, direction) && strcmp(cell(i, UNIT), w->unit) == 0 &&
                            strcmp(w->unit, w->lab->unit) != 0);
    for (size_t i = 0; i < grades.count; i++) {
        const char *unit = cell(i, UNIT), *rule = cell(i, RULE);
        struct q low, high;
        int below, above;

        if (!is_row(i, w->lab->concept, direction))
            continue;
        if (family ? strcmp(unit, w->unit) != 0 : unit[0] != 'x' && strcmp(unit, w->lab->unit) != 0)
            continue;
        normal_rows = normal_rows || strcmp(rule, "baseline normal") == 0;
        abnormal_rows = abnormal_rows || strncmp(rule, "baseline abnormal", 17) == 0;
        if ((strcmp(rule, "baseline normal") == 0 && w->base == 2) ||
            (strncmp(rule, "baseline abnormal", 17) == 0 && w->base != 2) ||
            (strcmp(rule, "baseline known") == 0 && w->base == 0))
            continue;
        below = bound(w, i, LOW, family, &low);
        above = bound(w, i, HIGH, family, &high);
        if (below == 1 && compare(family ? source : value, low) < (cell(i, LOW_INCL)[0] == 'Y' ? 0 : 1))
            continue;
        if (above == 1 && compare(family ? source : value, high) > (cell(i, HIGH_INCL)[0] == 'Y' ? 0 : -1))
            continue;
        if (below == -1 || above == -1)
            undecided = atoi(cell(i, GRADE)) > undecided ? atoi(cell(i, GRADE)) : undecided;
        else if (strstr(cell(i, NEEDS), "duration"))
            duration = true;
        else if (atoi(cell(i, GRADE)) > best)
            best = atoi(cell(i, GRADE));
        if (below != -1 && above != -1 && strcmp(cell(i, BASIS), "ABS") == 0)
            *other_side = true;
    }
    if (duration)
        return -2;
    if (undecided > best)
        return undecided == 1 ? -1 : -2;
    if (best == 0 && w->base == 2 && normal_rows && !abnormal_rows)
        return -2;
    return best;
}

static const char *print(struct q value, wide places)
{
    const wide scaled = value.n * places / value.d;
    const wide positive = scaled < 0 ? -scaled : scaled;

    return gw_arena_print(&bench.arena, "%s%lld.%08lld", scaled < 0 ? "-" : "", (long long)(positive / places),
                          (long long)(positive % places));
}

static size_t compared_cases;

static void compare_one(const struct world *w, enum gw_direction direction, const char *text)
{
    const char *const name = direction == GW_LOW ? "LOW" : "HIGH";
    const char *const opposite = direction == GW_LOW ? "HIGH" : "LOW";
    struct gw_observed observed = in_ucum(text, w->unit);
    const struct gw_measure measure = measured(&bench, w->lab, &observed);
    const char *low = w->has_limits ? print(w->low, 100000000) : NULL;
    const char *high = w->has_limits ? print(w->high, 100000000) : NULL;
    const struct gw_limits limits = limits_of(&bench, w->lab, &observed, &measure, low, high);
    const struct gw_baseline baseline = baseline_of(&bench, w->base ? print(w->base_value, 100000000) : NULL,
                                                    print(w->low, 100000000), print(w->high, 100000000));
    bool other = false, own = false;
    int wanted = second_opinion(w, name, decimal(text), &own);
    struct gw_grade got;

    second_opinion(w, opposite, decimal(text), &other);
    if ((wanted == -1 || wanted == -2) && other && !w->has_limits)
        wanted = -3; /* far on the other side: 0, unless the scales of both sides differ */
    cr_assert(
        eq(int, gw_grade_value(&bench.arena, bench.tables, w->lab, &measure, &limits, &baseline, direction, &got, NULL),
           GW_OK));
    compared_cases++;
    if (wanted == -3)
        cr_expect(got.graded ? got.grade == 0 : got.range_wanted, "%s %s %s %s", w->lab->concept, name, text, w->unit);
    else if (wanted < 0)
        cr_expect(got.graded == false && (wanted == -1) == (got.flag == GW_GRADE_UNKNOWN01), "%s %s %s %s: %d",
                  w->lab->concept, name, text, w->unit, got.grade);
    else
        cr_expect(got.graded && got.grade == wanted, "%s %s %s %s (limits %d, base %d): %d, second opinion %d",
                  w->lab->concept, name, text, w->unit, w->has_limits, w->base, got.graded ? got.grade : -9, wanted);
}

/* The bound in the unit of the value, at eight decimals: there, a step below and a step above. */
static void compare_around(const struct world *w, size_t row, int name)
{
    const enum gw_direction direction = cell(row, DIRECTION)[0] == 'L' ? GW_LOW : GW_HIGH;
    const bool family = strcmp(cell(row, UNIT), w->unit) == 0 && strcmp(w->unit, w->lab->unit) != 0;
    const struct q step = {1, 100000000};
    struct q at;

    if (bound(w, row, name, family, &at) == 0)
        return;
    if (!family)
        at = reverted(w, at);
    for (int i = -1; i <= 1; i++) {
        const struct q near = decimal(print(at, 100000000));
        const struct q moved = plus(near, (struct q){step.n * i, step.d});

        if (moved.n >= 0)
            compare_one(w, direction, print(moved, 100000000));
    }
}

/* Limits of a usual laboratory, in canonical units, outside every absolute bound of the concept. */
static const struct {
    const char *concept;
    const char *low;
    const char *high;
} usual[] = {
    {"HGB", "120", "160"}, {"PLT", "150", "400"}, {"NA", "135", "145"},      {"GLUC", "4", "400"},
    {"ALB", "35", "400"},  {"K", "3.5", "5.1"},   {"CA_CORR", "2.2", "2.6"}, {"CA_ION", "1.1", "1.3"},
    {"MG", "0.7", "1"},    {"WBC", "4", "400"},   {"LYMPH", "1", "400"},     {"", "1.8", "400"},
};

static void find_limits(const char *concept, struct q *low, struct q *high)
{
    size_t i = 0;

    while (*usual[i].concept && strcmp(usual[i].concept, concept) != 0)
        i++;
    *low = decimal(usual[i].low);
    *high = decimal(usual[i].high);
}

static void compare_row(const struct gw_lab *lab, const struct gw_unit_factor *factor, size_t row)
{
    const bool fahrenheit = strcmp(factor->unit, "[degF]") == 0, kelvin = strcmp(factor->unit, "K") == 0;
    const char *text = gw_ratio_print(&bench.arena, &factor->scale);
    struct world w = {.lab = lab, .unit = factor->unit, .shift = {0, 1}};

    w.scale = fahrenheit ? (struct q){5, 9} : decimal(text);
    if (strcmp(factor->unit, "kPa") == 0)
        return;
    if (fahrenheit)
        w.shift = (struct q){-160, 9};
    if (kelvin)
        w.shift = decimal("-273.15");
    find_limits(lab->concept, &w.low, &w.high);
    for (int limits = 0; limits < 2; limits++) {
        for (w.base = 0; w.base < 3; w.base++) {
            const bool low_side = cell(row, DIRECTION)[0] == 'L';

            w.has_limits = limits == 1;
            w.base_value = w.base != 2 ? (low_side ? w.low : w.high)
                                       : times(low_side ? w.low : w.high, decimal(low_side ? "0.75" : "1.25"));
            if (w.base && !w.has_limits)
                continue; /* a baseline is judged by its own limits, which are those of the world */
            compare_around(&w, row, LOW);
            compare_around(&w, row, HIGH);
        }
    }
    gw_arena_clear(&bench.arena);
}

Test(grade, agrees_with_a_second_implementation_at_every_bound)
{
    static struct gw_arena own = GW_ARENA_INIT((size_t)64 << 20);
    static struct bench tables;
    const struct gw_lab *rows;
    size_t count, graded = 0;

    cr_assert(eq(int,
                 gw_csv_load(&own, SOURCE_DIR "/mappings/common/ctcae-lab-grades.csv", (size_t)1 << 20, &grades, NULL),
                 GW_OK));
    cr_assert(eq(int, gw_csv_columns(&grades, names, sizeof names / sizeof names[0], column, NULL), GW_OK));
    bench_init(&tables, "{\"id\": \"hm\", \"zone\": \"Europe/Madrid\", \"contacts\": \"none\"}");
    bench = (struct bench){.arena = GW_ARENA_INIT((size_t)256 << 20), .tables = tables.tables, .site = tables.site};
    count = gw_tables_labs(bench.tables, &rows);
    for (size_t i = 0; i < grades.count; i++) {
        bool first = true;

        if (!is_row(i, cell(i, CONCEPT), "LOW") && !is_row(i, cell(i, CONCEPT), "HIGH"))
            continue;
        graded++;
        for (size_t j = 0; j < count; j++) {
            if (!first || strcmp(rows[j].concept, cell(i, CONCEPT)) != 0)
                continue;
            first = false; /* the rows of a graded concept accept the same units */
            for (size_t k = 0; k < rows[j].factor_count; k++)
                compare_row(&rows[j], &rows[j].factors[k], i);
        }
        cr_expect(first == false, "no laboratory row for %s", cell(i, CONCEPT));
    }
    cr_expect(eq(sz, graded, 152));
    cr_expect(compared_cases > 10000, "%zu cases", compared_cases);
    gw_arena_release(&bench.arena);
    bench_release(&tables);
    gw_arena_release(&own);
}
