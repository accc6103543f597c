/*
 * Grades: the worked examples, the rules around limits, baseline and comparators, and every bound of the table at, just
 * below and just above in every accepted unit against a second, small implementation on 128-bit integers.
 */
#include "lab.h"

#include <stdlib.h>

#include "gateway/core/csv.h"

static struct bench bench;

static void prepare(void)
{
    bench_init(&bench, "{\"id\": \"hm\", \"zone\": \"Europe/Madrid\", \"contacts\": \"none\"}");
}

static void release(void)
{
    bench_release(&bench);
}

TestSuite(grade, .init = prepare, .fini = release, .timeout = 300);

static struct gw_ratio ratio(const char *text)
{
    struct gw_ratio out;

    cr_assert(eq(int, gw_ratio_parse(&bench.arena, text, &out, NULL), GW_OK), "%s", text);
    return out;
}

/* Limits in the canonical unit of the row, as a laboratory would print them beside the value. */
static struct gw_limits limits_of(const struct gw_lab *lab, struct gw_observed *observed,
                                  const struct gw_measure *measure, const char *low, const char *high)
{
    const struct gw_reference_range range = {.low = {.value = low, .system = GW_SYSTEM_UCUM, .code = lab->unit},
                                             .high = {.value = high, .system = GW_SYSTEM_UCUM, .code = lab->unit}};
    struct gw_limits limits;

    observed->ranges = &range;
    observed->range_count = 1;
    cr_assert(
        eq(int, gw_limits_read(&bench.arena, bench.tables, bench.site, lab, observed, measure, NULL, -1, &limits, NULL),
           GW_OK));
    return limits;
}

/* "10/5..40": a value of 10 with limits 5 and 40. */
static struct gw_baseline baseline_of(const char *value, const char *low, const char *high)
{
    struct gw_baseline baseline = {.known = value != NULL};

    if (!value)
        return baseline;
    baseline.value = ratio(value);
    baseline.limits.verdict = low || high ? GW_RANGE_FOUND : GW_RANGE_MISSING;
    baseline.limits.has_low = low != NULL;
    baseline.limits.has_high = high != NULL;
    if (low)
        baseline.limits.low = ratio(low);
    if (high)
        baseline.limits.high = ratio(high);
    return baseline;
}

struct asked {
    const char *loinc;
    const char *comparator;
    const char *value;
    const char *unit;
    const char *low; /* limits, canonical; NULL: none */
    const char *high;
    const char *base; /* baseline, canonical; NULL: none */
    enum gw_direction direction;
};

static struct gw_grade grade_of(const struct asked *asked)
{
    const struct gw_lab *lab = gw_tables_lab(bench.tables, asked->loinc);
    struct gw_observed observed = in_ucum(asked->value, asked->unit);
    const struct gw_baseline baseline = baseline_of(asked->base, asked->low, asked->high);
    struct gw_measure measure;
    struct gw_limits limits;
    struct gw_grade grade;

    cr_assert(lab != NULL, "%s", asked->loinc);
    observed.quantity.comparator = asked->comparator;
    measure = measured(&bench, lab, &observed);
    cr_assert(measure.value_num != NULL, "%s in %s", asked->loinc, asked->unit);
    limits = limits_of(lab, &observed, &measure, asked->low, asked->high);
    cr_assert(eq(
        int,
        gw_grade_value(&bench.arena, bench.tables, lab, &measure, &limits, &baseline, asked->direction, &grade, NULL),
        GW_OK));
    return grade;
}

#define ANC "751-8"
#define PLT "777-3"
#define HGB "718-7"
#define ALT "1742-6"
#define K   "2823-3"
#define CA  "29265-6"
#define MG  "19123-9"

static const struct {
    const char *what;
    struct asked asked;
    int grade; /* -1: not graded */
} worked[] = {
    {"0.5 is grade 3", {ANC, NULL, "0.5", "10*9/L", "1.5", NULL, NULL, GW_LOW}, 3},
    {"0.499 is grade 4", {ANC, NULL, "0.499", "10*9/L", "1.5", NULL, NULL, GW_LOW}, 4},
    {"1.0 is grade 2", {ANC, NULL, "1.0", "10*9/L", "1.5", NULL, NULL, GW_LOW}, 2},
    {"1.0 10*3/uL", {ANC, NULL, "1.0", "10*3/uL", "1.5", NULL, NULL, GW_LOW}, 2},
    {"1000 /uL agrees with it", {ANC, NULL, "1000", "/uL", "1.5", NULL, NULL, GW_LOW}, 2},
    {"999 /uL does not", {ANC, NULL, "999", "/uL", "1.5", NULL, NULL, GW_LOW}, 3},
    {"1.5 is not below 1.5", {ANC, NULL, "1.5", "10*9/L", "1.8", NULL, NULL, GW_LOW}, 1},
    {"at the lower limit", {ANC, NULL, "1.8", "10*9/L", "1.8", NULL, NULL, GW_LOW}, 0},
    {"platelets 50", {PLT, NULL, "50", "10*9/L", "150", NULL, NULL, GW_LOW}, 2},
    {"platelets 25", {PLT, NULL, "25", "10*9/L", "150", NULL, NULL, GW_LOW}, 3},
    {"platelets 24.9", {PLT, NULL, "24.9", "10*9/L", "150", NULL, NULL, GW_LOW}, 4},
    {"platelets of 50 thousand", {PLT, NULL, "50000", "/mm3", "150", NULL, NULL, GW_LOW}, 2},
    {"haemoglobin 100 g/L", {HGB, NULL, "100", "g/L", "120", NULL, NULL, GW_LOW}, 1},
    {"haemoglobin 80 g/L", {HGB, NULL, "80", "g/L", "120", NULL, NULL, GW_LOW}, 2},
    {"haemoglobin 9.9 g/dL", {HGB, NULL, "9.9", "g/dL", "120", NULL, NULL, GW_LOW}, 2},
    {"haemoglobin 7.9 g/dL", {HGB, NULL, "7.9", "g/dL", "120", NULL, NULL, GW_LOW}, 3},
    {"ALT three times the limit", {ALT, NULL, "120", "U/L", NULL, "40", NULL, GW_HIGH}, 1},
    {"ALT just above it", {ALT, NULL, "120.1", "U/L", NULL, "40", NULL, GW_HIGH}, 2},
    {"ALT in microkatal", {ALT, NULL, "2", "ukat/L", NULL, "40", NULL, GW_HIGH}, 1},

    {"calcium 8.0 mg/dL is grade 1", {CA, NULL, "8.0", "mg/dL", "2.2", "2.6", NULL, GW_LOW}, 1},
    {"the same in mmol/L is grade 2", {CA, NULL, "1.996", "mmol/L", "2.2", "2.6", NULL, GW_LOW}, 2},
    {"magnesium 3.0 mg/dL is grade 1", {MG, NULL, "3.0", "mg/dL", "0.7", "1.0", NULL, GW_HIGH}, 1},
    {"the same in mmol/L is grade 3", {MG, NULL, "1.234", "mmol/L", "0.7", "1.0", NULL, GW_HIGH}, 3},
    {"haemoglobin 6.2 mmol/L is grade 1", {HGB, NULL, "6.2", "mmol/L", "120", NULL, NULL, GW_LOW}, 1},
    {"the same in g/L is grade 2", {HGB, NULL, "99.9", "g/L", "120", NULL, NULL, GW_LOW}, 2},
    {"magnesium in meq/L is compared in mmol/L", {MG, NULL, "2.468", "meq/L", "0.7", "1.0", NULL, GW_HIGH}, 3},
    {"haemoglobin in mmol/L, upwards: the only set", {HGB, NULL, "11", "mmol/L", "120", "160", NULL, GW_HIGH}, 1},
    {"limits follow the unit of the report", {MG, NULL, "1.7", "mg/dL", "0.7", "1.0", NULL, GW_LOW}, 1},
    {"and so does the end of grade 1", {MG, NULL, "1.71", "mg/dL", "0.7", "1.0", NULL, GW_LOW}, 0},

    {"a normal baseline", {ALT, NULL, "125", "U/L", NULL, "40", "30", GW_HIGH}, 2},
    {"an abnormal baseline", {ALT, NULL, "125", "U/L", NULL, "40", "80", GW_HIGH}, 1},
    {"below one and a half of an abnormal baseline", {ALT, NULL, "119", "U/L", NULL, "40", "80", GW_HIGH}, 0},
    {"a baseline at the limit is normal", {ALT, NULL, "60", "U/L", NULL, "40", "40", GW_HIGH}, 1},
    {"creatinine by its baseline, the worse", {"14682-9", NULL, "80", "umol/L", NULL, "90", "50", GW_HIGH}, 2},
    {"creatinine by its limit, the worse", {"14682-9", NULL, "280", "umol/L", NULL, "90", "100", GW_HIGH}, 3},
    {"fibrinogen by the limit", {"3255-7", NULL, "1.2", "g/L", "2.0", NULL, "2.5", GW_LOW}, 2},
    {"fibrinogen under 0.5 g/L", {"3255-7", NULL, "49", "mg/dL", "2.0", NULL, "2.5", GW_LOW}, 4},
    {"fibrinogen with an abnormal baseline", {"3255-7", NULL, "1.2", "g/L", "2.0", NULL, "1.8", GW_LOW}, -1},

    {"fever", {"8310-5", NULL, "38.0", "Cel", NULL, NULL, NULL, GW_HIGH}, 1},
    {"fever in Fahrenheit", {"8310-5", NULL, "104", "[degF]", NULL, NULL, NULL, GW_HIGH}, 2},
    {"no fever", {"8310-5", NULL, "37.9", "Cel", NULL, NULL, NULL, GW_HIGH}, 0},
    {"above 40 its duration decides", {"8310-5", NULL, "40.1", "Cel", NULL, NULL, NULL, GW_HIGH}, -1},
    {"sodium 129", {"2951-2", NULL, "129", "mmol/L", "135", "145", NULL, GW_LOW}, 2},
    {"potassium 2.9 has no grade 2", {K, NULL, "2.9", "mmol/L", "3.5", "5.1", NULL, GW_LOW}, 3},
};

Test(grade, agrees_with_the_worked_examples)
{
    for (size_t i = 0; i < sizeof worked / sizeof worked[0]; i++) {
        const struct gw_grade got = grade_of(&worked[i].asked);

        cr_expect(got.applies, "%s", worked[i].what);
        cr_expect(eq(int, got.graded ? got.grade : -1, worked[i].grade), "%s", worked[i].what);
        cr_expect(eq(int, got.row != NULL, got.graded && got.grade > 0), "%s", worked[i].what);
        cr_expect(got.comparator_ambiguous == false && got.range_wanted == false, "%s", worked[i].what);
    }
}

static const struct {
    const char *what;
    struct asked asked;
    bool graded;
    int grade;
    enum gw_grade_flag flag;
    bool range_wanted;
} open_ends[] = {
    {"no lower limit: 0 or 1",
     {ANC, NULL, "1.6", "10*9/L", NULL, NULL, NULL, GW_LOW},
     false,
     0,
     GW_GRADE_UNKNOWN01,
     true},
    {"no lower limit: at the bound still 0 or 1",
     {ANC, NULL, "1.5", "10*9/L", NULL, NULL, NULL, GW_LOW},
     false,
     0,
     GW_GRADE_UNKNOWN01,
     true},
    {"no lower limit: the absolute bound decides",
     {ANC, NULL, "1.4", "10*9/L", NULL, NULL, NULL, GW_LOW},
     true,
     2,
     GW_GRADE_EXACT,
     false},
    {"only an upper limit is no help",
     {ANC, NULL, "1.6", "10*9/L", NULL, "7.5", NULL, GW_LOW},
     false,
     0,
     GW_GRADE_UNKNOWN01,
     true},
    {"no upper limit: 0 or 1",
     {K, NULL, "5.2", "mmol/L", NULL, NULL, NULL, GW_HIGH},
     false,
     0,
     GW_GRADE_UNKNOWN01,
     true},
    {"no upper limit: the absolute bound decides",
     {K, NULL, "5.6", "mmol/L", NULL, NULL, NULL, GW_HIGH},
     true,
     2,
     GW_GRADE_EXACT,
     false},
    {"what is far too low is not too high",
     {K, NULL, "2.4", "mmol/L", NULL, NULL, NULL, GW_HIGH},
     true,
     0,
     GW_GRADE_EXACT,
     false},
    {"multiples of an unknown limit",
     {ALT, NULL, "500", "U/L", NULL, NULL, NULL, GW_HIGH},
     false,
     0,
     GW_GRADE_PROVISIONAL,
     true},
    {"haemoglobin high without limit",
     {HGB, NULL, "170", "g/L", NULL, NULL, NULL, GW_HIGH},
     false,
     0,
     GW_GRADE_EXACT,
     true},
    {"the only grade there is",
     {"2532-0", NULL, "500", "U/L", NULL, NULL, NULL, GW_HIGH},
     false,
     0,
     GW_GRADE_UNKNOWN01,
     true},
    {"by the limit until the baseline is known",
     {ALT, NULL, "120", "U/L", NULL, "40", NULL, GW_HIGH},
     true,
     1,
     GW_GRADE_PROVISIONAL,
     false},
    {"grade 0 until the baseline is known",
     {ALT, NULL, "30", "U/L", NULL, "40", NULL, GW_HIGH},
     true,
     0,
     GW_GRADE_PROVISIONAL,
     false},
    {"creatinine until the baseline is known",
     {"14682-9", NULL, "80", "umol/L", NULL, "90", NULL, GW_HIGH},
     true,
     0,
     GW_GRADE_PROVISIONAL,
     false},
    {"the baseline is known", {ALT, NULL, "120", "U/L", NULL, "40", "30", GW_HIGH}, true, 1, GW_GRADE_EXACT, false},
    {"platelets need no baseline",
     {PLT, NULL, "120", "10*9/L", "150", NULL, NULL, GW_LOW},
     true,
     1,
     GW_GRADE_EXACT,
     false},
};

Test(grade, says_what_a_missing_limit_or_baseline_leaves_open)
{
    for (size_t i = 0; i < sizeof open_ends / sizeof open_ends[0]; i++) {
        const struct gw_grade got = grade_of(&open_ends[i].asked);

        cr_expect(got.graded == open_ends[i].graded, "%s", open_ends[i].what);
        cr_expect(eq(int, got.grade, open_ends[i].grade), "%s", open_ends[i].what);
        cr_expect(got.flag == open_ends[i].flag, "%s: flag %d", open_ends[i].what, (int)got.flag);
        cr_expect(got.range_wanted == open_ends[i].range_wanted, "%s", open_ends[i].what);
        cr_expect(got.term != NULL, "%s", open_ends[i].what);
    }
}

Test(grade, knows_a_baseline_whose_limits_are_unknown_only_as_a_number)
{
    const struct gw_lab *lab = gw_tables_lab(bench.tables, ALT);
    struct gw_observed observed = in_ucum("120", "U/L");
    const struct gw_measure measure = measured(&bench, lab, &observed);
    const struct gw_limits limits = limits_of(lab, &observed, &measure, NULL, "40");
    const struct gw_baseline baseline = baseline_of("80", NULL, NULL);
    struct gw_grade got;

    cr_assert(eq(int,
                 gw_grade_value(&bench.arena, bench.tables, lab, &measure, &limits, &baseline, GW_HIGH, &got, NULL),
                 GW_OK));
    cr_expect(got.graded && got.grade == 1 && got.flag == GW_GRADE_PROVISIONAL);
    cr_assert(
        eq(int, gw_grade_value(&bench.arena, bench.tables, lab, &measure, NULL, NULL, GW_HIGH, &got, NULL), GW_OK));
    cr_expect(got.graded == false && got.range_wanted);
}

static const struct {
    const char *what;
    struct asked asked;
    int grade; /* -1: ambiguous; -2: not graded for another reason */
} compared[] = {
    {"below 0.1 is grade 4", {ANC, "<", "0.1", "10*9/L", "1.5", NULL, NULL, GW_LOW}, 4},
    {"below 0.5 is grade 4", {ANC, "<", "0.5", "10*9/L", "1.5", NULL, NULL, GW_LOW}, 4},
    {"at most 0.5 is 3 or 4", {ANC, "<=", "0.5", "10*9/L", "1.5", NULL, NULL, GW_LOW}, -1},
    {"at most 0.4 is grade 4", {ANC, "<=", "0.4", "10*9/L", "1.5", NULL, NULL, GW_LOW}, 4},
    {"below 1.5 may be anything", {ANC, "<", "1.5", "10*9/L", "1.5", NULL, NULL, GW_LOW}, -1},
    {"above 1.8 is normal", {ANC, ">", "1.8", "10*9/L", "1.8", NULL, NULL, GW_LOW}, 0},
    {"at least 1.8 is normal", {ANC, ">=", "1.8", "10*9/L", "1.8", NULL, NULL, GW_LOW}, 0},
    {"at least 1.79 may be grade 1", {ANC, ">=", "1.79", "10*9/L", "1.8", NULL, NULL, GW_LOW}, -1},
    {"above 7.0 potassium is grade 4", {K, ">", "7.0", "mmol/L", "3.5", "5.1", NULL, GW_HIGH}, 4},
    {"at least 7.0 is 3 or 4", {K, ">=", "7.0", "mmol/L", "3.5", "5.1", NULL, GW_HIGH}, -1},
    {"above 6.99 is 3 or 4", {K, ">", "6.99", "mmol/L", "3.5", "5.1", NULL, GW_HIGH}, -1},
    {"above 7.5 without limits", {K, ">", "7.5", "mmol/L", NULL, NULL, NULL, GW_HIGH}, 4},
    {"below 5 potassium may be far too low or unknown", {K, "<", "5.0", "mmol/L", NULL, NULL, NULL, GW_HIGH}, -1},
    {"below 5 units of ALT", {ALT, "<", "5", "U/L", NULL, "40", "20", GW_HIGH}, 0},
    {"above 800 units of ALT", {ALT, ">", "800", "U/L", NULL, "40", "20", GW_HIGH}, 4},
    {"above 799 units of ALT", {ALT, ">", "799", "U/L", NULL, "40", "20", GW_HIGH}, -1},
    {"above 1 without a lower limit", {ANC, ">", "1.6", "10*9/L", NULL, NULL, NULL, GW_LOW}, -2},
    {"sufficient to reach a level", {ANC, "ad", "0.1", "10*9/L", "1.5", NULL, NULL, GW_LOW}, -1},
    {"below 0.7 mg/dL in its own family", {MG, "<", "0.7", "mg/dL", "0.7", "1.0", NULL, GW_LOW}, 4},
};

Test(grade, grades_a_comparator_only_when_every_possible_value_agrees)
{
    for (size_t i = 0; i < sizeof compared / sizeof compared[0]; i++) {
        const struct gw_grade got = grade_of(&compared[i].asked);

        cr_expect(got.comparator_ambiguous == (compared[i].grade == -1), "%s", compared[i].what);
        cr_expect(got.graded == (compared[i].grade >= 0), "%s", compared[i].what);
        if (compared[i].grade >= 0)
            cr_expect(eq(int, got.grade, compared[i].grade), "%s", compared[i].what);
    }
}

static const struct {
    const char *what;
    struct asked asked;
    bool flagged;
} cuts[] = {
    {"benign ethnic neutropenia", {ANC, NULL, "1.3", "10*9/L", "1.2", NULL, NULL, GW_LOW}, true},
    {"at the laboratory's limit", {ANC, NULL, "1.2", "10*9/L", "1.2", NULL, NULL, GW_LOW}, true},
    {"below the laboratory's limit too", {ANC, NULL, "1.1", "10*9/L", "1.2", NULL, NULL, GW_LOW}, false},
    {"potassium inside a generous limit", {K, NULL, "5.6", "mmol/L", "3.5", "5.8", NULL, GW_HIGH}, true},
    {"potassium beyond it", {K, NULL, "5.9", "mmol/L", "3.5", "5.8", NULL, GW_HIGH}, false},
    {"a comparator", {ANC, "<", "0.4", "10*9/L", "0.3", NULL, NULL, GW_LOW}, false},
    {"grade 0", {ANC, NULL, "5", "10*9/L", "1.2", NULL, NULL, GW_LOW}, false},
};

Test(grade, says_that_an_absolute_bound_won_over_the_laboratorys_limit)
{
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++)
        cr_expect(grade_of(&cuts[i].asked).lln_below_cut == cuts[i].flagged, "%s", cuts[i].what);
}

Test(grade, does_not_apply_where_the_tables_have_no_row)
{
    const struct asked calcium = {"17861-6", NULL, "2.3", "mmol/L", "2.2", "2.6", NULL, GW_LOW};
    const struct asked anc_high = {ANC, NULL, "20", "10*9/L", "1.5", "7.5", NULL, GW_HIGH};
    const struct asked clearance = {"2164-2", NULL, "20", "mL/min", "60", NULL, NULL, GW_LOW};

    cr_expect(grade_of(&calcium).applies == false); /* uncorrected */
    cr_expect(grade_of(&anc_high).applies == false);
    cr_expect(grade_of(&clearance).applies == false); /* chronic: a person */
}

static const struct {
    const char *what;
    struct asked low;
    enum gw_direction direction;
    int grade; /* -1: not graded */
    bool has_term;
} sides[] = {
    {"too low", {K, NULL, "2.9", "mmol/L", "3.5", "5.1", NULL, GW_LOW}, GW_LOW, 3, true},
    {"too high", {K, NULL, "6.1", "mmol/L", "3.5", "5.1", NULL, GW_LOW}, GW_HIGH, 3, true},
    {"neither has no side", {K, NULL, "4", "mmol/L", "3.5", "5.1", NULL, GW_LOW}, GW_LOW, 0, false},
    {"one side only", {ANC, NULL, "4", "10*9/L", "1.5", NULL, NULL, GW_LOW}, GW_LOW, 0, true},
    {"the other side only", {ALT, NULL, "20", "U/L", NULL, "40", NULL, GW_LOW}, GW_HIGH, 0, true},
    {"too low by an absolute bound, no limits", {K, NULL, "2.9", "mmol/L", NULL, NULL, NULL, GW_LOW}, GW_LOW, 3, true},
    {"no limits at all", {K, NULL, "4", "mmol/L", NULL, NULL, NULL, GW_LOW}, GW_LOW, -1, true},
    {"a lower limit only", {K, NULL, "4", "mmol/L", "3.5", NULL, NULL, GW_LOW}, GW_HIGH, -1, true},
};

Test(grade, shows_the_worse_of_both_sides)
{
    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++) {
        struct asked high = sides[i].low;
        struct gw_grade low_grade, high_grade, got;

        high.direction = GW_HIGH;
        low_grade = grade_of(&sides[i].low);
        high_grade = grade_of(&high);
        got = gw_grade_worse(&low_grade, &high_grade);
        cr_expect(got.applies, "%s", sides[i].what);
        cr_expect(got.direction == sides[i].direction, "%s", sides[i].what);
        cr_expect(eq(int, got.graded ? got.grade : -1, sides[i].grade), "%s", sides[i].what);
        cr_expect(eq(int, got.term != NULL, sides[i].has_term), "%s", sides[i].what);
    }
}

Test(grade, says_so_when_memory_ends)
{
    const struct gw_lab *lab = gw_tables_lab(bench.tables, ANC);
    struct gw_observed observed = in_ucum("1.2", "10*9/L");
    struct gw_arena none = GW_ARENA_INIT(0);
    struct gw_measure measure = measured(&bench, lab, &observed);
    struct gw_error err = {.status = GW_OK};
    struct gw_grade got;

    measure.comparator = "<";
    cr_expect(eq(int, gw_grade_value(&none, bench.tables, lab, &measure, NULL, NULL, GW_LOW, &got, &err), GW_ENOMEM));
    cr_expect(ne(sz, strlen(err.text), 0));
    gw_arena_release(&none);
}

/* ---- the whole table against a second implementation ---- */

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
    const struct gw_limits limits = limits_of(w->lab, &observed, &measure, low, high);
    const struct gw_baseline baseline = baseline_of(w->base ? print(w->base_value, 100000000) : NULL,
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
    gw_site_close(bench.site);
    bench.site = tables.site;
    bench.tables = tables.tables;
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
    bench.site = NULL;
    scratch_release(&tables.scratch);
    gw_site_close(tables.site);
    gw_arena_release(&tables.arena);
    gw_arena_release(&own);
}
